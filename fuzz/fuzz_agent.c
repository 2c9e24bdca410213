/* SPDX-License-Identifier: MIT */
/* The ICE agent among servers and peers that play along, until they do not: STUN and TURN over UDP, TCP and TLS, names by multicast DNS,
 * candidates for TCP, lite agents, hidden addresses. fuzz_ice has single messages; here whole exchanges happen by themselves, and the
 * script says what the agent is, and what goes wrong: refusals, silence, bytes that changed, sockets that fail, networks that go. Reports
 * are asked for all the time. The deadline must always move on. */
#include "ice_report.h"
#include "ice_script.h"

#include "hash.h"
#include "writer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step {
    STEP_TIME,
    STEP_CANDIDATE,
    STEP_NETWORK,
    STEP_SERVER, /* how servers answer from now on */
    STEP_PEER,   /* how the peer does */
    STEP_SPOIL,  /* the next messages that arrive have other bytes */
    STEP_REFUSE, /* kinds of requests to the system that fail */
    STEP_STREAM, /* bytes on a stream, its end, or somebody who connects */
    STEP_ASK,    /* the peer sends a check */
    STEP_DATA,   /* and data leaves and comes */
    STEP_CHANGE, /* servers, the end of candidates, a lite peer, a generation that follows */
    STEP_DATAGRAM,
    STEPS
};
enum {
    ALLOCATE = 3,
    REFRESH = 4,
    SEND = 6,
    DATA = 7,
    CREATE_PERMISSION = 8,
    CHANNEL_BIND = 9,
    SERVER_PORT = 3478,
    PEER_PORT = 6000,
    SOCKETS = 64
};
enum { SERVER_GOOD, SERVER_SILENT, SERVER_STALE, SERVER_REFUSES, SERVER_FORGETS, SERVER_ELSEWHERE, SERVER_UNSIGNED, SERVER_MOODS };
enum { PEER_ANSWERS, PEER_SILENT, PEER_CONFLICTS, PEER_REFUSES, PEER_ELSEWHERE, PEER_MOODS };

static const char authority[] = "user:realm:secret";

struct run {
    rtc_time_t now;
    rtc_context *context;
    struct ice_agent *agent;
    struct ice_rules rules;
    struct out out;
    struct packet_queue arriving; /* what others sent */
    uint32_t next_id, interfaces, listener, last_tcp, channels_bound;
    uint32_t tcp[SOCKETS];
    size_t tcp_count;
    uint8_t server, peer, refused, nonce;
    struct address channel[4];
    struct slice spoils;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct slice server_key(uint8_t key[HASH_MD5_LEN])
{
    require(hash_md5(slice_str(authority), key));
    return slice_of(key, HASH_MD5_LEN);
}

static void arrive(struct run *run, const struct path *from, struct slice bytes)
{
    struct packet *p = run->arriving.count < 64 ? packet_copy(run->out.pool, bytes) : NULL;
    if (!p)
        return;
    for (size_t i = 0; i + 1 < run->spoils.len && i < 8; i += 2)
        if (run->spoils.data[i] < p->len)
            packet_data(p)[run->spoils.data[i]] ^= run->spoils.data[i + 1];
    run->spoils = slice_str("");
    p->path = *from;
    p->time = run->now;
    packet_queue_push(&run->arriving, p);
}

/* ---- Servers ---- */

static void fill_error(struct run *run, struct stun_message *m, uint16_t code)
{
    static const uint8_t nonces[][2] = {"a", "b", "c", "d"};
    m->class = STUN_ERROR;
    m->has |= STUN_HAS_ERROR | STUN_HAS_REALM | STUN_HAS_NONCE;
    m->error_code = code;
    m->error_text = slice_str("no");
    m->realm = slice_str("realm");
    m->nonce = slice_of(nonces[run->nonce % 4], 1);
}

static void fill_success(struct stun_message *m, const struct stun_message *request, const struct path *from)
{
    m->class = STUN_SUCCESS;
    m->has |= STUN_HAS_XOR_MAPPED | STUN_HAS_LIFETIME;
    m->mapped = from->local;
    m->mapped.ip[3] ^= 0x80; /* a NAT */
    m->turn.lifetime = request->has & STUN_HAS_LIFETIME && request->turn.lifetime == 0 ? 0 : 300;
    if (request->method != ALLOCATE)
        return;
    m->turn.relayed[m->turn.relayed_count++] = address_ipv4(198, 51, 100, 1, (uint16_t)(50000 + from->socket));
    if (request->turn.additional_family == ADDRESS_IPV6)
        m->turn.relayed[m->turn.relayed_count++] = (struct address){.family = ADDRESS_IPV6, .ip = {0x20, 1, 0xd, 1}, .port = 50001};
}

static void serve_request(struct run *run, const struct path *from, const struct stun_message *request)
{
    uint8_t key[HASH_MD5_LEN], bytes[512];
    bool known = request->has & (STUN_HAS_INTEGRITY | STUN_HAS_INTEGRITY_SHA256), turn = request->method != STUN_BINDING;
    struct stun_message m = {.method = request->method};
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    if (turn && !known)
        fill_error(run, &m, 401);
    else if (turn && run->server == SERVER_STALE && run->nonce++ % 2 == 0)
        fill_error(run, &m, 438);
    else if (run->server == SERVER_REFUSES)
        fill_error(run, &m, (uint16_t)(400 + run->nonce % 110));
    else if (turn && run->server == SERVER_FORGETS)
        fill_error(run, &m, 437);
    else if (turn && run->server == SERVER_ELSEWHERE && request->method == ALLOCATE)
        fill_error(run, &m, 300);
    else
        fill_success(&m, request, from);
    if (m.error_code == 300) {
        m.has |= STUN_HAS_ALTERNATE | STUN_HAS_ALTERNATE_DOMAIN;
        m.alternate = address_ipv4(192, 0, 2, (uint8_t)(10 + run->nonce % 3), SERVER_PORT);
        m.alternate_domain = slice_str("other.example");
    }
    if (turn && known && m.class == STUN_SUCCESS && request->method == CHANNEL_BIND)
        run->channel[request->turn.channel & 3] = request->turn.peer;
    bool sign = turn && known && run->server != SERVER_UNSIGNED;
    size_t len = stun_write(&m, sign ? server_key(key) : slice_str(""), bytes, sizeof bytes);
    if (len > 0)
        arrive(run, from, slice_of(bytes, len));
}

/* ---- The peer ---- */

static size_t answer_check(struct run *run, const struct stun_message *request, const struct address *seen, uint8_t *bytes, size_t capacity)
{
    struct stun_message m = {
        .class = STUN_SUCCESS, .method = STUN_BINDING, .has = STUN_HAS_XOR_MAPPED | STUN_HAS_FINGERPRINT, .mapped = *seen};
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    if (run->peer == PEER_ELSEWHERE)
        m.mapped.port++;
    if (run->peer == PEER_CONFLICTS || run->peer == PEER_REFUSES) {
        m.class = STUN_ERROR;
        m.has = STUN_HAS_ERROR;
        m.error_code = run->peer == PEER_CONFLICTS ? 487 : 500;
        run->peer = run->peer == PEER_CONFLICTS ? PEER_ANSWERS : run->peer;
    }
    return stun_write(&m, slice_str(SCRIPT_PASSWORD), bytes, capacity);
}

static size_t make_check(struct run *run, uint8_t choice, uint8_t *bytes, size_t capacity)
{
    char name[ICE_LOCAL_UFRAG_LEN + 8];
    struct stun_message m = {
        .method = STUN_BINDING, .has = STUN_HAS_USERNAME | STUN_HAS_PRIORITY | STUN_HAS_FINGERPRINT, .priority = 1u << 24};
    size_t own = strlen(ice_agent_local_ufrag(run->agent));
    memcpy(name, ice_agent_local_ufrag(run->agent), own);
    memcpy(name + own, ":peer", sizeof ":peer");
    m.username = slice_str(name);
    m.has |= choice & 1 ? STUN_HAS_CONTROLLING : STUN_HAS_CONTROLLED;
    m.has |= choice & 2 ? STUN_HAS_USE_CANDIDATE : 0;
    m.tie_breaker = choice & 4 ? UINT64_MAX : 1;
    m.transaction[0] = choice;
    return stun_write(&m, slice_str(ice_agent_credentials(run->agent)->password), bytes, capacity);
}

/* A packet for a peer, however it was sent, and the way its answer takes. */
static void peer_takes(struct run *run, const struct path *from, struct slice bytes, const struct address *peer, uint16_t channel)
{
    uint8_t answer[300], outer[400];
    struct stun_message m, wrapped = {.class = STUN_INDICATION, .method = DATA, .has = STUN_HAS_PEER | STUN_HAS_DATA};
    if (run->peer == PEER_SILENT || stun_parse(bytes, &m) != RTC_OK || m.class != STUN_REQUEST)
        return;
    size_t len = answer_check(run, &m, &from->local, answer + 4, sizeof answer - 4);
    if (len == 0)
        return;
    put_u16(answer, channel);
    put_u16(answer + 2, (uint16_t)len);
    if (channel) {
        arrive(run, from, slice_of(answer, 4 + ((len + 3) & ~(size_t)3)));
        return;
    }
    wrapped.turn.peer = *peer;
    wrapped.turn.data = slice_of(answer + 4, len);
    if (peer == &from->remote) /* over TCP its length goes before */
        arrive(run, from, from->protocol == PATH_TCP ? slice_of(answer + 2, len + 2) : slice_of(answer + 4, len));
    else if ((len = stun_write(&wrapped, slice_str(""), outer, sizeof outer)) > 0)
        arrive(run, from, slice_of(outer, len));
}

static void note(struct run *run, const struct packet *p)
{
    struct stun_message m;
    struct slice bytes = packet_slice(p);
    bool server = p->path.remote.port == SERVER_PORT;
    if (server && bytes.len >= 4 && bytes.data[0] >= 0x40 && bytes.data[0] < 0x50) {
        uint16_t channel = (uint16_t)(bytes.data[0] << 8 | bytes.data[1]);
        peer_takes(run, &p->path, slice_of(bytes.data + 4, bytes.len - 4), &run->channel[channel & 3], channel);
    } else if (server && stun_parse(bytes, &m) == RTC_OK && run->server != SERVER_SILENT) {
        if (m.class == STUN_REQUEST)
            serve_request(run, &p->path, &m);
        else if (m.method == SEND)
            peer_takes(run, &p->path, m.turn.data, &m.turn.peer, 0);
    } else if (!server) {
        size_t header = p->path.protocol == PATH_TCP && bytes.len > 2 ? 2 : 0;
        peer_takes(run, &p->path, slice_of(bytes.data + header, bytes.len - header), &p->path.remote, 0);
    }
}

/* ---- The system ---- */

static void answer(struct run *run, const struct request *r)
{
    const struct io_interface list[] = {{.address = address_ipv4(192, 0, 2, 1, 0), .prefix_length = 24, .index = 1},
                                        {.address = {.family = ADDRESS_IPV6, .ip = {0x20, 1, 0xd}}, .prefix_length = 64, .index = 1}};
    const struct address found = address_ipv4(192, 0, 2, 9, 0);
    struct io_result result = {.type = r->type, .id = r->id, .local = r->local};
    if (r->type == REQUEST_CLOSE)
        return;
    result.error = run->refused >> r->type & 1 ? RTC_ERR_NETWORK : RTC_OK;
    if (result.local.port == 0)
        result.local.port = (uint16_t)(5000 + r->id % 1000);
    if (address_is_any(&result.local))
        result.local = address_ipv4(192, 0, 2, 1, result.local.port);
    if (r->type == REQUEST_INTERFACES) {
        run->interfaces = r->id;
        result.interfaces = list;
        result.interface_count = 2;
    }
    result.addresses = &found;
    result.address_count = r->type == REQUEST_RESOLVE;
    run->listener = r->type == REQUEST_LISTEN_TCP ? r->id : run->listener;
    if (r->type == REQUEST_OPEN_TCP && run->tcp_count < SOCKETS)
        run->tcp[run->tcp_count++] = r->id;
    (void)ice_agent_result(run->agent, run->now, &result, &run->out);
}

static void take(struct run *run, struct packet *packet)
{
    struct packet_queue inner = {0};
    if (!ice_agent_unwrap(run->agent, run->now, packet, &inner, &run->out))
        packet_queue_push(&inner, packet);
    for (struct packet *p; (p = packet_queue_pop(&inner)) != NULL; packet_free(p)) {
        if (p->len > 0 && packet_data(p)[0] <= 3)
            (void)ice_agent_input(run->agent, run->now, &p->path, packet_slice(p), &run->out);
        else
            (void)ice_agent_receives(run->agent, run->now, &p->path, p->len);
    }
}

/* Like a transport, which gives everything that is sent its real path and form. */
static void drain(void *user)
{
    struct run *run = user;
    bool busy = true;
    for (int rounds = 0; busy && rounds < 50; rounds++) {
        busy = false;
        for (struct request *r; (r = out_pop_request(&run->out)) != NULL; busy = true) {
            struct request copy = *r;
            out_free_request(&run->out, r);
            answer(run, &copy);
        }
        for (struct packet *p; (p = packet_queue_pop(&run->out.tx)) != NULL; packet_free(p), busy = true)
            if (ice_agent_wrap(run->agent, run->now, p))
                note(run, p);
        for (struct event *e; (e = out_pop_event(&run->out)) != NULL;)
            out_free_event(&run->out, e);
        for (struct packet *p; (p = packet_queue_pop(&run->arriving)) != NULL; busy = true)
            take(run, p);
    }
}

/* ---- Steps ---- */

static void network(struct run *run, struct slice bytes)
{
    struct io_interface list[8];
    struct io_result io = {.type = REQUEST_INTERFACES, .id = run->interfaces, .interfaces = list};
    struct reader r = reader_of(bytes);
    uint8_t present = reader_u8(&r), kind = reader_u8(&r);
    memset(list, 0, sizeof list);
    for (uint8_t i = 0; i < 8; i++) {
        if (!(present & 1u << i))
            continue;
        struct io_interface *at = &list[io.interface_count++];
        at->address = address_ipv4(i == 6 ? 127 : 192, 0, i == 6 ? 0 : 2, (uint8_t)(1 + i), 0);
        at->type = kind % 9u;
        at->index = 1u + i / 2;
        at->prefix_length = kind & 31u;
        if (i % 2)
            at->address = (struct address){.family = ADDRESS_IPV6, .ip = {0x20, 1, 0xd, i > 1 ? i : 0}};
    }
    if (run->interfaces)
        (void)ice_agent_result(run->agent, run->now, &io, &run->out);
}

static void stream(struct run *run, struct slice bytes)
{
    uint8_t choice = bytes.len > 0 ? bytes.data[0] : 0;
    struct io_result io = {.type = REQUEST_LISTEN_TCP, .id = run->listener, .socket = ++run->next_id};
    struct path from = {.protocol = PATH_TCP, .local = address_ipv4(192, 0, 2, 1, 5000), .remote = address_ipv4(192, 0, 2, 7, PEER_PORT)};
    uint32_t socket = run->tcp_count > 0 ? run->tcp[choice % run->tcp_count] : run->last_tcp;
    if ((choice >> 6) == 0) { /* somebody connects */
        io.local = from.local;
        io.remote = from.remote;
        io.remote.port = (uint16_t)(PEER_PORT + choice);
        if (run->listener && ice_agent_result(run->agent, run->now, &io, &run->out) && run->tcp_count < SOCKETS)
            run->tcp[run->tcp_count++] = run->last_tcp = io.socket;
    } else if ((choice >> 6) == 1) { /* it ends */
        io = (struct io_result){.type = REQUEST_OPEN_TCP, .id = socket, .error = RTC_ERR_NETWORK};
        (void)ice_agent_result(run->agent, run->now, &io, &run->out);
    } else { /* a check, framed, or what the script has */
        uint8_t framed[400];
        size_t len = choice & 32 ? make_check(run, choice, framed + 2, sizeof framed - 2) : 0;
        put_u16(framed, (uint16_t)len);
        from.socket = socket;
        arrive(run, &from, len > 0 ? slice_of(framed, len + 2) : bytes);
    }
}

static struct path from_peer(uint8_t choice)
{
    return (struct path){.socket = 2u + (choice & 7),
                         .local = address_ipv4(192, 0, 2, 1, 5002),
                         .remote = address_ipv4(192, 0, 2, (uint8_t)(20 + (choice >> 5)), PEER_PORT)};
}

static void ask(struct run *run, struct slice bytes)
{
    uint8_t check[300], choice = bytes.len > 0 ? bytes.data[0] : 0;
    struct path from = from_peer(bytes.len > 1 ? bytes.data[1] : 0);
    size_t len = make_check(run, choice, check, sizeof check);
    ice_agent_contest(run->agent, choice & 8);
    if (len > 0)
        arrive(run, &from, slice_of(check, len));
}

static void data(struct run *run, struct slice bytes)
{
    const struct path *selected = ice_agent_selected(run->agent);
    struct packet *p = selected ? packet_copy(run->out.pool, bytes) : NULL;
    require(ice_agent_overhead(run->agent) <= 64);
    if (!p) {
        ice_agent_count_discarded(run->agent, bytes.len);
        return;
    }
    struct path path = p->path = *selected;
    ice_agent_count_sent(run->agent, run->now, p->len);
    if (ice_agent_wrap(run->agent, run->now, p))
        note(run, p);
    packet_free(p);
    arrive(run, &path, bytes);
}

/* A generation follows, which inherits names and is the one from now on. */
static void follow(struct run *run, const struct ice_options *options)
{
    struct ice_options o = *options;
    struct ice_agent *next;
    o.before = run->agent;
    o.generation = 2;
    require(ice_agent_new(run->context, &o, &next) == RTC_OK);
    ice_agent_close(run->agent, run->now, &run->out);
    ice_agent_close(run->agent, run->now, &run->out);
    ice_agent_free(run->agent);
    run->agent = next;
    run->tcp_count = 0;
    run->interfaces = run->listener = 0;
    (void)ice_agent_set_remote_credentials(run->agent, run->now, slice_str(SCRIPT_UFRAG), slice_str(SCRIPT_PASSWORD), &run->out);
    ice_agent_gather(run->agent, run->now, &run->out);
}

static void change(struct run *run, const struct ice_options *options, struct slice bytes)
{
    switch (bytes.len > 0 ? bytes.data[0] % 5 : 0) {
    case 0:
        ice_agent_end_of_remote_candidates(run->agent, run->now, &run->out);
        break;
    case 1:
        ice_agent_set_remote_lite(run->agent);
        break;
    case 2:
        (void)ice_agent_set_servers(run->agent, options->servers, options->server_count, options->relay_only);
        break;
    case 3:
        follow(run, options);
        break;
    default:
        ice_agent_close(run->agent, run->now, &run->out);
    }
}

/* Everything that can be asked can be asked at any time. */
static void report(struct run *run)
{
    struct ice_candidate c;
    struct ice_pair_report pair;
    struct ice_server_report server;
    struct ice_selected selected;
    const char *reason;
    enum timer_reason why;
    struct text text = text_new(run->context);
    for (size_t i = 0; ice_agent_local_candidate(run->agent, i, &c); i++)
        ice_candidate_print(&c, &text);
    for (size_t i = 0; ice_agent_remote_report(run->agent, i, &c); i++)
        ice_candidate_print(&c, &text);
    for (size_t i = 0; ice_agent_left_out_report(run->agent, i, &c, &reason); i++)
        require(reason[0]);
    for (size_t i = 0; ice_agent_pair_report(run->agent, run->now, i, &pair); i++)
        require(memchr(pair.reason, 0, sizeof pair.reason) != NULL);
    for (size_t i = 0; ice_agent_server_report(run->agent, i, &server); i++)
        require(server.url[0]);
    require(!ice_agent_selected(run->agent) || ice_agent_selected_info(run->agent, &selected));
    require(ice_agent_rtt_us(run->agent) >= 0);
    (void)ice_agent_name_failure(run->agent);
    (void)ice_agent_deadline(run->agent, &why);
    text_fini(&text);
}

static void take_step(struct run *run, enum step step, const struct ice_options *options, struct slice bytes)
{
    uint8_t first = bytes.len > 0 ? bytes.data[0] : 0;
    struct path from = from_peer(first);
    switch (step) {
    case STEP_TIME:
        script_time(run->agent, &run->now, bytes, &run->out, drain, run);
        break;
    case STEP_CANDIDATE:
        script_candidate(run->agent, run->now, bytes, &run->out);
        break;
    case STEP_NETWORK:
        network(run, bytes);
        break;
    case STEP_SERVER:
        run->server = first % SERVER_MOODS;
        run->nonce = bytes.len > 1 ? bytes.data[1] : run->nonce;
        break;
    case STEP_PEER:
        run->peer = first % PEER_MOODS;
        break;
    case STEP_SPOIL:
        run->spoils = bytes;
        break;
    case STEP_REFUSE:
        run->refused = first;
        break;
    case STEP_STREAM:
        stream(run, bytes);
        break;
    case STEP_ASK:
        ask(run, bytes);
        break;
    case STEP_DATA:
        data(run, bytes);
        break;
    case STEP_CHANGE:
        change(run, options, bytes);
        break;
    default:
        from.local.port = first & 128 ? 5353 : from.local.port;
        from.remote.port = first & 64 ? SERVER_PORT : first & 32 ? 5353 : PEER_PORT;
        arrive(run, &from, bytes);
    }
}

/* What the agent is. */
static void choose(struct run *run, struct reader *r, struct ice_options *o)
{
    uint8_t a = reader_u8(r), b = reader_u8(r);
    o->next_request_id = &run->next_id;
    o->controlling = a & 1;
    o->lite = (a & 0x0e) == 0x0e;
    o->hide_addresses = a & 16;
    o->relay_only = a & 32 && !o->lite;
    o->gather_once = a & 64;
    o->include_loopback = a & 128;
    o->tcp_policy = (enum ice_tcp_policy)(b & 3 ? (b & 3) - 1 : 0);
    o->server_count = o->lite ? 0 : 1u + (b >> 6 & 1);
    for (uint32_t i = 0; i < 2; i++) {
        o->servers[i] = (struct ice_server){.host = "192.0.2.9", .port = SERVER_PORT, .username = "user", .credential = "secret"};
        o->servers[i].kind = (uint8_t)((b >> 2) + i) % 4;
    }
    if (b & 16)
        memcpy(o->servers[0].host, "turn.example", sizeof "turn.example");
    o->port_min = b & 32 ? 5000 : 0;
    o->port_max = b & 32 ? 5999 : 0;
    if (b & 128) {
        require(ice_filters_add(&run->rules.deny, slice_str("2001:d03::/32")) == RTC_OK);
        require(ice_externals_add(&run->rules.externals, slice_str("192.0.2.1=203.0.113.1")) == RTC_OK);
        require(ice_filters_add(&run->rules.remote_allow, slice_str("127.0.0.0/8")) == RTC_OK);
        require(ice_filters_add(&run->rules.remote_deny, slice_str("198.18.0.0/15")) == RTC_OK);
        o->rules = &run->rules;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static rtc_context *context;
    static struct ice_options options; /* large */
    struct run run = {.now = 1000000};
    struct reader r = reader_of(slice_of(data, size));
    if (!context)
        require(rtc_context_new(NULL, &context) == RTC_OK);
    context_seed(context, 1);
    run.context = context;
    options = (struct ice_options){.generation = 1};
    choose(&run, &r, &options);
    require(out_init(&run.out, context) == RTC_OK && ice_agent_new(context, &options, &run.agent) == RTC_OK);
    (void)ice_agent_set_remote_credentials(run.agent, run.now, slice_str(SCRIPT_UFRAG), slice_str(SCRIPT_PASSWORD), &run.out);
    ice_agent_gather(run.agent, run.now, &run.out);
    drain(&run);
    unsigned step;
    struct slice bytes;
    for (unsigned steps = 0; steps < 100 && script_next(&r, STEPS, &step, &bytes); steps++) {
        take_step(&run, (enum step)step, &options, bytes);
        drain(&run);
        report(&run);
    }
    ice_agent_close(run.agent, run.now, &run.out);
    drain(&run);
    ice_agent_free(run.agent);
    packet_queue_clear(&run.arriving);
    out_fini(&run.out);
    return 0;
}
