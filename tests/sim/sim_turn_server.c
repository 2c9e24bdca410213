/* SPDX-License-Identifier: MIT */
/* See sim_turn_server.h. */
#include "sim_turn_server.h"

#include "hash.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>

enum { PORT = 3478, ALLOCATE = 3, REFRESH = 4, SEND = 6, DATA = 7, CREATE_PERMISSION = 8, CHANNEL_BIND = 9, FIRST_RELAY_PORT = 30000 };

static const uint8_t algorithms[] = {0, 2, 0, 0, 0, 1, 0, 0};

void sim_turn_init(struct sim_turn *turn, struct sim_network *net, struct packet_pool *pool, const char *ip4, const char *ip6)
{
    *turn = (struct sim_turn){.pool = pool, .ip4 = ip4, .ip6 = ip6, .next_port = FIRST_RELAY_PORT, .nonce = 1};
    turn->host = sim_host_new(net, NULL, NULL);
    if (ip4)
        sim_host_open(turn->host, 1, ip4, PORT);
    if (ip6)
        sim_host_open(turn->host, 2, ip6, PORT);
}

static struct slice key(const struct sim_turn *turn, uint8_t bytes[HASH_SHA256_LEN])
{
    struct slice text = slice_str("user:sim:secret");
    if (turn->sha256)
        (void)hash_sha256(text, bytes);
    else
        (void)hash_md5(text, bytes);
    return slice_of(bytes, turn->sha256 ? HASH_SHA256_LEN : HASH_MD5_LEN);
}

static struct slice nonce(const struct sim_turn *turn, char text[64])
{
    (void)snprintf(text, 64, "%s%u", turn->sha256 ? "obMatJos2gAAA" : "n", turn->nonce);
    return slice_str(text);
}

static void transmit(struct sim_turn *turn, rtc_time_t now, const struct path *path, const void *bytes, size_t len)
{
    struct packet *p = packet_copy(turn->pool, slice_of(bytes, len));
    if (!p)
        return;
    p->path = *path;
    sim_host_send(turn->host, now, p);
}

static void to_client(struct sim_turn *turn, rtc_time_t now, const struct path *path, const void *bytes, size_t len)
{
    turn->counters.largest = len > turn->counters.largest ? len : turn->counters.largest;
    transmit(turn, now, path, bytes, len);
}

/* The attributes of `m` are set by the caller. */
static void respond(struct sim_turn *turn, rtc_time_t now, const struct path *path, const struct stun_message *request, struct stun_message m, bool sign)
{
    uint8_t bytes[1500], secret[HASH_SHA256_LEN];
    m.method = request->method;
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    m.has |= sign && turn->sha256 ? STUN_HAS_INTEGRITY_SHA256 : 0;
    size_t len = stun_write(&m, sign ? key(turn, secret) : slice_of(NULL, 0), bytes, sizeof bytes);
    to_client(turn, now, path, bytes, len);
}

static void refuse(struct sim_turn *turn, rtc_time_t now, const struct path *path, const struct stun_message *request, uint16_t code)
{
    char text[64];
    struct stun_message m = {.class = STUN_ERROR, .has = STUN_HAS_ERROR, .error_code = code, .error_text = slice_str("refused by the script")};
    bool challenge = code == 401 || code == 438;
    if (challenge) {
        m.has |= STUN_HAS_REALM | STUN_HAS_NONCE;
        m.realm = slice_str("sim");
        m.nonce = nonce(turn, text);
    }
    if (challenge && turn->sha256) {
        m.has |= STUN_HAS_PASSWORD_ALGORITHMS;
        m.password_algorithms = slice_of(algorithms, sizeof algorithms);
    }
    if (code == 300) {
        m.has |= STUN_HAS_ALTERNATE;
        m.alternate = turn->alternate;
    }
    turn->counters.unauthorized += code == 401;
    turn->counters.stale += code == 438;
    turn->counters.refused++;
    bool bare = challenge || turn->unsigned_errors || (code == 437 && turn->unsigned_mismatch);
    respond(turn, now, path, request, m, !bare);
}

static struct sim_turn_allocation *find(struct sim_turn *turn, rtc_time_t now, const struct address *client)
{
    for (size_t i = 0; i < 16; i++) {
        struct sim_turn_allocation *a = &turn->allocations[i];
        if (a->used && now < a->expires && address_eq(&a->client, client))
            return a;
    }
    return NULL;
}

void sim_turn_restart(struct sim_turn *turn)
{
    memset(turn->allocations, 0, sizeof turn->allocations);
    turn->nonce++;
}

unsigned sim_turn_allocated(const struct sim_turn *turn, rtc_time_t now)
{
    unsigned count = 0;
    for (size_t i = 0; i < 16; i++)
        count += turn->allocations[i].used && now < turn->allocations[i].expires;
    return count;
}

static bool is_permitted(const struct sim_turn_allocation *a, rtc_time_t now, const struct address *peer)
{
    for (size_t i = 0; i < a->permission_count; i++)
        if (address_ip_eq(&a->permitted[i], peer) && now < a->permitted_until[i])
            return true;
    return false;
}

/* False when there is no place for another one. */
static bool permit(struct sim_turn_allocation *a, rtc_time_t now, const struct address *peer)
{
    size_t i = 0;
    while (i < a->permission_count && !address_ip_eq(&a->permitted[i], peer))
        i++;
    if (i == 64)
        return false;
    a->permission_count += i == a->permission_count;
    a->permitted[i] = *peer;
    a->permitted_until[i] = now + 300 * (rtc_time_t)1000000;
    return true;
}

static void add_relayed(struct sim_turn *turn, struct sim_turn_allocation *a, const char *ip)
{
    struct address *to = &a->relayed[a->relayed_count++];
    if (!address_parse(slice_str(ip), turn->next_port++, to))
        abort();
    sim_host_open(turn->host, to->port, ip, to->port);
}

static struct sim_turn_allocation *unused(struct sim_turn *turn, rtc_time_t now)
{
    for (size_t i = 0; i < 16; i++)
        if (!turn->allocations[i].used || now >= turn->allocations[i].expires)
            return &turn->allocations[i];
    return NULL;
}

static uint32_t lifetime(const struct sim_turn *turn)
{
    return turn->lifetime ? turn->lifetime : 600;
}

static void answer_allocation(struct sim_turn *turn, rtc_time_t now, const struct sim_turn_allocation *a, const struct stun_message *request)
{
    struct stun_message m = {.class = STUN_SUCCESS, .has = STUN_HAS_XOR_MAPPED | STUN_HAS_LIFETIME, .mapped = a->client};
    m.turn.lifetime = lifetime(turn);
    for (size_t i = 0; i < a->relayed_count; i++)
        m.turn.relayed[m.turn.relayed_count++] = a->relayed[i];
    respond(turn, now, &a->path, request, m, true);
}

static void allocate(struct sim_turn *turn, rtc_time_t now, const struct path *path, const struct stun_message *m)
{
    bool six = m->turn.requested_family == ADDRESS_IPV6, both = m->turn.additional_family == ADDRESS_IPV6;
    struct sim_turn_allocation *a = find(turn, now, &path->remote);
    if (a) {
        answer_allocation(turn, now, a, m); /* a retransmission */
        return;
    }
    uint16_t code = turn->refuse_allocate;
    if (turn->mismatches > 0) {
        turn->mismatches--;
        code = 437;
    }
    if (!code && turn->alternate.family != ADDRESS_NONE)
        code = 300;
    if (!code && (six ? !turn->ip6 : !turn->ip4))
        code = 440;
    a = unused(turn, now);
    if (!code && !a)
        code = 486; /* allocations of clients that were forgotten take places, too */
    if (code) {
        refuse(turn, now, path, m, code);
        return;
    }
    *a = (struct sim_turn_allocation){.used = true, .client = path->remote, .path = *path, .expires = now + lifetime(turn) * (rtc_time_t)1000000};
    add_relayed(turn, a, six ? turn->ip6 : turn->ip4);
    if (both && turn->ip6)
        add_relayed(turn, a, turn->ip6);
    turn->counters.allocations++;
    answer_allocation(turn, now, a, m);
}

static void succeed(struct sim_turn *turn, rtc_time_t now, const struct path *path, const struct stun_message *request)
{
    respond(turn, now, path, request, (struct stun_message){.class = STUN_SUCCESS}, true);
}

static void refresh(struct sim_turn *turn, rtc_time_t now, struct sim_turn_allocation *a, const struct stun_message *request)
{
    struct stun_message m = {.class = STUN_SUCCESS, .has = STUN_HAS_LIFETIME};
    if (turn->refuse_refresh && request->turn.lifetime > 0) {
        refuse(turn, now, &a->path, request, turn->refuse_refresh);
        return;
    }
    m.turn.lifetime = request->turn.lifetime ? lifetime(turn) : 0;
    a->expires = now + m.turn.lifetime * (rtc_time_t)1000000;
    turn->counters.refreshes++;
    if (m.turn.lifetime == 0) {
        turn->counters.deallocations++;
        a->used = false;
    }
    respond(turn, now, &a->path, request, m, true);
}

static void bind_channel(struct sim_turn *turn, rtc_time_t now, struct sim_turn_allocation *a, const struct stun_message *m)
{
    if (turn->refuse_bind) {
        refuse(turn, now, &a->path, m, turn->refuse_bind);
        return;
    }
    size_t i = 0;
    while (i < a->channel_count && a->channels[i] != m->turn.channel)
        i++;
    if (i == 32 || m->turn.channel < 0x4000 || m->turn.channel > 0x4fff || (i < a->channel_count && !address_eq(&a->bound[i], &m->turn.peer))) {
        refuse(turn, now, &a->path, m, 400);
        return;
    }
    if (!permit(a, now, &m->turn.peer)) {
        refuse(turn, now, &a->path, m, 508);
        return;
    }
    a->channel_count += i == a->channel_count;
    a->channels[i] = m->turn.channel;
    a->bound[i] = m->turn.peer;
    turn->counters.binds++;
    succeed(turn, now, &a->path, m);
}

/* 0, or the code to refuse a request with. */
static uint16_t judge(struct sim_turn *turn, const struct stun_message *m)
{
    uint8_t secret[HASH_SHA256_LEN];
    char text[64];
    struct slice k = key(turn, secret);
    if (!(m->has & (STUN_HAS_INTEGRITY | STUN_HAS_INTEGRITY_SHA256)))
        return 401;
    if (turn->stale_every && ++turn->requests % turn->stale_every == 0)
        turn->nonce++;
    if (!slice_eq(m->nonce, nonce(turn, text)))
        return 438;
    bool authentic = turn->sha256 ? stun_authentic_sha256(m, k) && slice_eq(m->password_algorithms, slice_of(algorithms, sizeof algorithms)) : stun_authentic(m, k);
    return authentic && slice_is(m->username, "user") && slice_is(m->realm, "sim") ? 0 : 401;
}

static void on_request(struct sim_turn *turn, rtc_time_t now, const struct path *path, const struct stun_message *m)
{
    if (m->method == STUN_BINDING) {
        respond(turn, now, path, m, (struct stun_message){.class = STUN_SUCCESS, .has = STUN_HAS_XOR_MAPPED, .mapped = path->remote}, false);
        return;
    }
    uint16_t code = judge(turn, m);
    struct sim_turn_allocation *a = turn->forgets ? NULL : find(turn, now, &path->remote);
    if (!code && m->method != ALLOCATE && !a)
        code = 437;
    if (code) {
        refuse(turn, now, path, m, code);
    } else if (m->method == ALLOCATE) {
        allocate(turn, now, path, m);
    } else if (m->method == REFRESH) {
        refresh(turn, now, a, m);
    } else if (m->method == CREATE_PERMISSION && !permit(a, now, &m->turn.peer)) {
        refuse(turn, now, path, m, 508);
    } else if (m->method == CREATE_PERMISSION) {
        turn->counters.permissions++;
        succeed(turn, now, path, m);
    } else if (m->method == CHANNEL_BIND) {
        bind_channel(turn, now, a, m);
    }
}

static void to_peer(struct sim_turn *turn, rtc_time_t now, const struct sim_turn_allocation *a, const struct address *peer, struct slice data)
{
    for (size_t i = 0; i < a->relayed_count; i++) {
        if (a->relayed[i].family != peer->family)
            continue;
        struct path path = {.socket = a->relayed[i].port, .local = a->relayed[i], .remote = *peer};
        transmit(turn, now, &path, data.data, data.len);
    }
}

static void on_channel_data(struct sim_turn *turn, rtc_time_t now, const struct sim_turn_allocation *a, struct slice bytes)
{
    uint16_t number = (uint16_t)(bytes.data[0] << 8 | bytes.data[1]);
    size_t len = (size_t)(bytes.data[2] << 8 | bytes.data[3]);
    for (size_t i = 0; i < a->channel_count; i++) {
        if (a->channels[i] != number || len + 4 > bytes.len || !is_permitted(a, now, &a->bound[i]))
            continue;
        turn->counters.channel_in++;
        to_peer(turn, now, a, &a->bound[i], slice_of(bytes.data + 4, len));
    }
}

static void on_client(struct sim_turn *turn, rtc_time_t now, const struct packet *packet)
{
    struct stun_message m;
    struct slice bytes = packet_slice(packet);
    const struct sim_turn_allocation *a = find(turn, now, &packet->path.remote);
    turn->counters.largest = bytes.len > turn->counters.largest ? bytes.len : turn->counters.largest;
    if (bytes.len >= 4 && bytes.data[0] >= 0x40 && bytes.data[0] <= 0x4f) {
        if (a)
            on_channel_data(turn, now, a, bytes);
        return;
    }
    if (stun_parse(bytes, &m) != RTC_OK)
        return;
    if (m.class == STUN_REQUEST) {
        on_request(turn, now, &packet->path, &m);
    } else if (m.class == STUN_INDICATION && m.method == SEND && a && is_permitted(a, now, &m.turn.peer)) {
        turn->counters.sends++;
        to_peer(turn, now, a, &m.turn.peer, m.turn.data);
    }
}

/* To the client: by the channel of the peer if there is one, else as a Data indication. */
static void on_peer(struct sim_turn *turn, rtc_time_t now, const struct sim_turn_allocation *a, const struct packet *packet)
{
    uint8_t bytes[2048];
    struct slice data = packet_slice(packet);
    const struct address *peer = &packet->path.remote;
    if (!is_permitted(a, now, peer)) {
        turn->counters.peerless++;
        return;
    }
    for (size_t i = 0; i < a->channel_count; i++) {
        if (!address_eq(&a->bound[i], peer))
            continue;
        put_u16(bytes, a->channels[i]);
        put_u16(bytes + 2, (uint16_t)data.len);
        memcpy(bytes + 4, data.data, data.len);
        turn->counters.channel_out++;
        to_client(turn, now, &a->path, bytes, data.len + 4);
        return;
    }
    struct stun_message m = {.class = STUN_INDICATION, .method = DATA, .has = STUN_HAS_PEER | STUN_HAS_DATA, .turn = {.peer = *peer, .data = data}};
    turn->counters.datas++;
    to_client(turn, now, &a->path, bytes, stun_write(&m, slice_of(NULL, 0), bytes, sizeof bytes));
}

void sim_turn_serve(struct sim_turn *turn, rtc_time_t now, const struct packet *packet)
{
    if (turn->dead)
        return;
    if (turn->lose_first > 0) {
        turn->lose_first--;
        return;
    }
    if (packet->path.local.port == PORT) {
        on_client(turn, now, packet);
        return;
    }
    for (size_t i = 0; i < 16; i++) {
        const struct sim_turn_allocation *a = &turn->allocations[i];
        for (size_t k = 0; a->used && now < a->expires && k < a->relayed_count; k++)
            if (address_eq(&a->relayed[k], &packet->path.local))
                on_peer(turn, now, a, packet);
    }
}
