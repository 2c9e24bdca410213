/* SPDX-License-Identifier: MIT */
/* Permissions and channels (RFC 8656 sections 9 to 12) and the wrapping of what goes through them. A permission that is used is refreshed
 * before it ends; one that is not is forgotten, so the lists stay short. */
#include "turn_internal.h"

#include "writer.h"

static const rtc_time_t permission_refresh = 240 * TURN_SECOND; /* of 300 */
static const rtc_time_t channel_refresh = 240 * TURN_SECOND;    /* of 600; it refreshes the permission, too */
static const rtc_time_t denied_for = 30 * TURN_SECOND;          /* it is not asked for again: the server would only refuse once more */
static const rtc_time_t idle_most = 280 * TURN_SECOND;          /* unused for longer than a refresh, it is not refreshed any more */
static const rtc_time_t evictable = 30 * TURN_SECOND;           /* unused for so long, its place may be taken when there are too many */
/* An unused channel is bound for what is left of its 10 minutes, and apart from others for 5 more (RFC 8656 section 12). */
static const rtc_time_t channel_lasts = (600 + 300) * TURN_SECOND;

enum { LAST_CHANNEL = 0x4fff, CHANNEL_HEADER = 4, ATTRIBUTE_HEADER = 4 };

struct turn_permission *turn_find_permission(struct turn_client *t, const struct address *peer)
{
    for (size_t i = 0; i < t->permission_count; i++)
        if (t->permissions[i].grant != TURN_UNUSED && address_ip_eq(&t->permissions[i].peer, peer))
            return &t->permissions[i];
    return NULL;
}

/* Beyond the limit the one that was of no use for longest makes room, if that is long enough. */
static struct turn_permission *free_permission(struct turn_client *t, rtc_time_t now)
{
    struct turn_permission *oldest = NULL;
    for (size_t i = 0; i < t->permission_count; i++) {
        struct turn_permission *p = &t->permissions[i];
        if (p->grant == TURN_UNUSED)
            return p;
        oldest = !oldest || p->used < oldest->used ? p : oldest;
    }
    if (t->permission_count < TURN_PERMISSIONS_MAX)
        return &t->permissions[t->permission_count++];
    return oldest->used + evictable <= now ? oldest : NULL;
}

struct turn_permission *turn_want_permission(struct turn_client *t, const struct address *peer, rtc_time_t now)
{
    struct turn_permission *p = turn_find_permission(t, peer);
    if (!p && (p = free_permission(t, now)) != NULL) {
        *p = (struct turn_permission){.peer = *peer, .grant = TURN_ASKED, .due = RTC_TIME_NEVER};
        turn_request_start(t, &p->request, now);
    }
    if (p)
        p->used = now;
    return p;
}

struct turn_channel *turn_find_channel(struct turn_client *t, const struct address *peer)
{
    for (size_t i = 0; i < t->channel_count; i++)
        if (address_eq(&t->channels[i].peer, peer))
            return &t->channels[i];
    return NULL;
}

struct turn_channel *turn_find_number(struct turn_client *t, uint16_t number)
{
    for (size_t i = 0; i < t->channel_count; i++)
        if (t->channels[i].number == number)
            return &t->channels[i];
    return NULL;
}

static bool has_relayed(const struct turn_client *t, uint8_t family)
{
    for (size_t i = 0; i < t->relayed_count; i++)
        if (t->relayed[i].family == family)
            return true;
    return false;
}

static void ask_for_channel(struct turn_client *t, struct turn_channel *c, rtc_time_t now)
{
    c->grant = TURN_ASKED;
    c->due = RTC_TIME_NEVER;
    c->used = now;
    turn_request_start(t, &c->request, now);
}

/* A place for one more, its number given; NULL beyond the limits. */
static struct turn_channel *free_channel(struct turn_client *t, rtc_time_t now)
{
    if (t->next_channel > LAST_CHANNEL)
        return NULL;
    for (size_t i = 0; i < t->channel_count; i++) {
        struct turn_channel *c = &t->channels[i];
        if (c->grant != TURN_UNUSED || now < c->due)
            continue;
        *c = (struct turn_channel){.number = t->next_channel++};
        return c;
    }
    if (t->channel_count == TURN_CHANNELS_MAX)
        return NULL;
    t->channels[t->channel_count] = (struct turn_channel){.number = t->next_channel++};
    return &t->channels[t->channel_count++];
}

void turn_client_bind(struct turn_client *t, rtc_time_t now, const struct address *peer)
{
    struct turn_channel *c = turn_find_channel(t, peer);
    if (t->state != TURN_ALLOCATED || !has_relayed(t, peer->family) || (c && c->grant != TURN_UNUSED))
        return;
    if (!turn_want_permission(t, peer, now) || (!c && !(c = free_channel(t, now))))
        return;
    c->peer = *peer;
    ask_for_channel(t, c, now);
}

void turn_client_permit(struct turn_client *t, rtc_time_t now, const struct address *peer, struct out *out)
{
    if (t->state != TURN_ALLOCATED || !has_relayed(t, peer->family))
        return;
    (void)turn_want_permission(t, peer, now);
    turn_client_tick(t, now, out);
}

static void run_permission(struct turn_client *t, struct turn_permission *p, rtc_time_t now, struct out *out)
{
    struct stun_message m = {.method = TURN_CREATE_PERMISSION, .has = STUN_HAS_PEER, .turn = {.peer = p->peer}};
    if (p->grant == TURN_UNUSED)
        return;
    m.turn.peer.port = 0;
    if (now >= p->due && (p->grant == TURN_DENIED || now >= p->used + idle_most)) {
        p->grant = TURN_UNUSED;
        return;
    }
    if (now >= p->due) {
        p->due = RTC_TIME_NEVER;
        turn_request_start(t, &p->request, now);
    }
    if (!turn_request_run(t, &p->request, &m, now, out)) {
        p->grant = TURN_DENIED;
        p->due = now + denied_for;
    }
}

static void run_channel(struct turn_client *t, struct turn_channel *c, rtc_time_t now, struct out *out)
{
    struct stun_message m = {.method = TURN_CHANNEL_BIND, .has = STUN_HAS_PEER | STUN_HAS_CHANNEL};
    m.turn.peer = c->peer;
    m.turn.channel = c->number;
    if (c->grant == TURN_UNUSED)
        return;
    if (now >= c->due && now >= c->used + idle_most) {
        c->grant = TURN_UNUSED;
        c->usable = false;
        c->due = now + channel_lasts;
        return;
    }
    if (now >= c->due) {
        c->due = RTC_TIME_NEVER;
        turn_request_start(t, &c->request, now);
    }
    if (turn_request_run(t, &c->request, &m, now, out))
        return;
    c->usable = false;
    c->due = now + denied_for;
}

void turn_grants_run(struct turn_client *t, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < t->permission_count; i++)
        run_permission(t, &t->permissions[i], now, out);
    for (size_t i = 0; i < t->channel_count; i++)
        run_channel(t, &t->channels[i], now, out);
}

rtc_time_t turn_grants_deadline(const struct turn_client *t)
{
    rtc_time_t at = RTC_TIME_NEVER;
    for (size_t i = 0; i < t->permission_count; i++) {
        const struct turn_permission *p = &t->permissions[i];
        if (p->grant == TURN_UNUSED)
            continue;
        deadline_min(&at, NULL, p->due, TIMER_NONE);
        deadline_min(&at, NULL, turn_request_due(&p->request), TIMER_NONE);
    }
    for (size_t i = 0; i < t->channel_count; i++) {
        if (t->channels[i].grant == TURN_UNUSED)
            continue;
        deadline_min(&at, NULL, t->channels[i].due, TIMER_NONE);
        deadline_min(&at, NULL, turn_request_due(&t->channels[i].request), TIMER_NONE);
    }
    return at;
}

static void on_permission(struct turn_client *t, struct turn_permission *p, const struct stun_message *m, rtc_time_t now)
{
    enum turn_verdict verdict = turn_request_judge(t, &p->request, m, now);
    if (verdict == TURN_VERDICT_SUCCESS) {
        p->grant = TURN_GRANTED;
        p->due = now + permission_refresh;
    } else if (verdict == TURN_VERDICT_ERROR && !turn_is_lost(t, m)) {
        p->grant = TURN_DENIED;
        p->due = now + denied_for;
    }
}

static void on_channel(struct turn_client *t, struct turn_channel *c, const struct stun_message *m, rtc_time_t now)
{
    enum turn_verdict verdict = turn_request_judge(t, &c->request, m, now);
    if (verdict == TURN_VERDICT_SUCCESS) {
        c->grant = TURN_GRANTED;
        c->usable = true;
        c->due = now + channel_refresh;
    } else if (verdict == TURN_VERDICT_ERROR && !turn_is_lost(t, m)) {
        c->grant = TURN_DENIED;
        c->usable = false;
        c->due = now + denied_for;
    }
}

bool turn_grants_response(struct turn_client *t, const struct stun_message *m, rtc_time_t now)
{
    for (size_t i = 0; i < t->permission_count; i++) {
        if (t->permissions[i].grant == TURN_UNUSED || !turn_request_is(&t->permissions[i].request, m))
            continue;
        on_permission(t, &t->permissions[i], m, now);
        return true;
    }
    for (size_t i = 0; i < t->channel_count; i++) {
        if (!turn_request_is(&t->channels[i].request, m))
            continue;
        on_channel(t, &t->channels[i], m, now);
        return true;
    }
    return false;
}

/* In front of the packet's bytes; NULL when there is no room. */
static uint8_t *prepend(struct packet *p, size_t len)
{
    if (p->start < len)
        return NULL;
    p->start -= (uint32_t)len;
    p->len += (uint32_t)len;
    return packet_data(p);
}

static bool pad(struct packet *p)
{
    size_t padding = (size_t)(-p->len & 3u);
    if (packet_tailroom(p) < padding)
        return false;
    memset(packet_data(p) + p->len, 0, padding);
    p->len += (uint32_t)padding;
    return true;
}

/* Padded on a stream only (RFC 8656 section 12.5). */
static bool wrap_channel(struct turn_client *t, const struct turn_channel *c, struct packet *p)
{
    size_t len = p->len;
    uint8_t *header = prepend(p, CHANNEL_HEADER);
    if (!header)
        return false;
    put_u16(header, c->number);
    put_u16(header + 2, (uint16_t)len);
    return t->server.protocol != PATH_TCP || pad(p);
}

/* A Send indication whose DATA attribute comes last, so that its value is where the datagram already is. */
static bool wrap_indication(struct turn_client *t, const struct address *peer, struct packet *p)
{
    struct stun_message m = {.class = STUN_INDICATION, .method = TURN_SEND, .has = STUN_HAS_PEER, .turn = {.peer = *peer}};
    uint8_t bytes[STUN_HEADER_LEN + ATTRIBUTE_HEADER + 20 + ATTRIBUTE_HEADER];
    size_t data_len = p->len;
    context_random(t->context, m.transaction, sizeof m.transaction);
    size_t len = stun_write(&m, slice_of(NULL, 0), bytes, sizeof bytes);
    uint8_t *header = len > 0 && pad(p) ? prepend(p, len + ATTRIBUTE_HEADER) : NULL;
    if (!header)
        return false;
    memcpy(header, bytes, len);
    put_u16(header + 2, (uint16_t)(p->len - STUN_HEADER_LEN));
    put_u16(header + len, STUN_DATA);
    put_u16(header + len + 2, (uint16_t)data_len);
    return true;
}

/* The channel to send on to a peer, if there is one; one that was given up for want of use is asked for again. */
static const struct turn_channel *use_channel(struct turn_client *t, rtc_time_t now, const struct address *peer)
{
    struct turn_channel *c = turn_find_channel(t, peer);
    if (c && c->grant == TURN_UNUSED)
        ask_for_channel(t, c, now);
    if (c)
        c->used = now;
    return c && c->usable ? c : NULL;
}

bool turn_client_wrap(struct turn_client *t, rtc_time_t now, const struct address *peer, struct packet *packet)
{
    if (t->state != TURN_ALLOCATED || !has_relayed(t, peer->family) || packet->len > UINT16_MAX - TURN_INDICATION_OVERHEAD)
        return false;
    const struct turn_permission *p = turn_want_permission(t, peer, now);
    if (!p || p->grant == TURN_DENIED)
        return false;
    const struct turn_channel *c = use_channel(t, now, peer);
    if (!(c ? wrap_channel(t, c, packet) : wrap_indication(t, peer, packet)))
        return false;
    packet->path = t->server;
    t->asked = now < t->asked ? now : t->asked;
    return true;
}

uint32_t turn_client_overhead(const struct turn_client *t, const struct address *peer)
{
    const struct turn_channel *c = turn_find_channel((struct turn_client *)(uintptr_t)t, peer);
    bool usable = c && c->usable;
    return usable ? TURN_CHANNEL_OVERHEAD : TURN_INDICATION_OVERHEAD;
}
