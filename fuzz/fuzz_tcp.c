/* SPDX-License-Identifier: MIT */
/* The ICE agent over TCP: a script of steps, each a kind, a length and that many bytes. Connections are accepted, made and ended; streams
 * carry raw bytes, or framed Binding requests that the agent believes. The deadline must always move on, what the agent sends must be whole
 * frames, and what it holds is bounded. */
#include "ice_internal.h"
#include "ice_script.h"
#include "writer.h"

#include <crtc/transport.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step { STEP_ACCEPT, STEP_BYTES, STEP_REQUEST, STEP_RESULT, STEP_END, STEP_TIME, STEP_CANDIDATE, STEP_CREDENTIALS, STEPS };
enum { SOCKETS = 16 };

struct run {
    rtc_time_t now;
    struct ice_agent *agent;
    struct out out;
    uint32_t next_id, listener;
    uint32_t sockets[SOCKETS]; /* of connections, accepted or asked for, the newest ones */
    size_t socket_count, accepted;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void remember(struct run *run, uint32_t socket)
{
    run->sockets[run->socket_count++ % SOCKETS] = socket;
}

static uint32_t pick(const struct run *run, uint8_t choice)
{
    size_t n = run->socket_count < SOCKETS ? run->socket_count : SOCKETS;
    return n ? run->sockets[choice % n] : 12345;
}

static void answer(struct run *run, const struct request *r)
{
    const struct io_interface list[] = {{.address = address_ipv4(192, 0, 2, 1, 0)}};
    struct io_result result = {.type = r->type, .id = r->id, .local = r->local};
    result.local.port = 5000;
    if (r->type == REQUEST_INTERFACES) {
        result.interfaces = list;
        result.interface_count = 1;
    }
    if (r->type == REQUEST_LISTEN_TCP)
        run->listener = r->id;
    if (r->type == REQUEST_OPEN_TCP)
        remember(run, r->id);
    if (r->type == REQUEST_INTERFACES || r->type == REQUEST_OPEN_UDP || r->type == REQUEST_LISTEN_TCP)
        require(ice_agent_result(run->agent, run->now, &result, &run->out));
}

static void judge(const struct packet *p)
{
    struct stun_message m;
    struct slice s = packet_slice(p);
    if (p->path.protocol == PATH_TCP) {
        require(s.len > TCP_FRAMING_HEADER && (size_t)(s.data[0] << 8 | s.data[1]) == s.len - TCP_FRAMING_HEADER);
        s = slice_of(s.data + TCP_FRAMING_HEADER, s.len - TCP_FRAMING_HEADER);
    }
    require(stun_parse(s, &m) == RTC_OK);
}

static void drain(void *user)
{
    struct run *run = user;
    for (struct request *r; (r = out_pop_request(&run->out)) != NULL; out_free_request(&run->out, r))
        answer(run, r);
    for (struct packet *p; (p = packet_queue_pop(&run->out.tx)) != NULL; packet_free(p))
        judge(p);
    for (struct event *e; (e = out_pop_event(&run->out)) != NULL;)
        out_free_event(&run->out, e);
    const struct ice_tcp *t = &run->agent->tcp;
    require(t->strangers <= ICE_TCP_STRANGERS_MAX && t->accepted <= ICE_TCP_ACCEPTED_MAX && t->attempts <= ICE_TCP_ATTEMPTS_MAX &&
            t->connecting <= ICE_TCP_CONNECTING_MAX && t->strangers <= t->accepted && t->connection_count == t->accepted + t->attempts);
}

static void accept_one(struct run *run, uint8_t choice)
{
    struct io_result r = {.type = REQUEST_LISTEN_TCP, .id = run->listener, .local = address_ipv4(192, 0, 2, 1, 5000)};
    r.socket = RTC_ACCEPTED_SOCKET | (uint32_t)++run->accepted;
    r.remote = address_ipv4(203, 0, 113, choice, (uint16_t)(2000 + run->accepted));
    remember(run, r.socket);
    (void)ice_agent_result(run->agent, run->now, &r, &run->out);
}

static void stream(struct run *run, uint32_t socket, struct slice bytes)
{
    struct packet_queue inner = {0};
    struct packet *p = packet_copy(run->out.pool, bytes);
    require(p != NULL);
    p->path = (struct path){.socket = socket, .protocol = PATH_TCP};
    if (!ice_agent_unwrap(run->agent, run->now, p, &inner, &run->out))
        packet_free(p);
    for (struct packet *q; (q = packet_queue_pop(&inner)) != NULL; packet_free(q)) {
        require(q->len > 0 && q->path.protocol == PATH_UDP && q->path.socket == socket);
        (void)ice_agent_input(run->agent, run->now, &q->path, packet_slice(q), &run->out);
    }
}

/* A framed Binding request. */
static void believed(struct run *run, uint32_t socket, struct slice attributes)
{
    static const uint8_t transaction[STUN_TRANSACTION_LEN];
    uint8_t bytes[2 + SCRIPT_MESSAGE_MAX];
    size_t len =
        script_message(bytes + 2, sizeof bytes - 2, run->agent, 1, transaction, ice_agent_credentials(run->agent)->password, attributes);
    put_u16(bytes, (uint16_t)len);
    stream(run, socket, slice_of(bytes, len + 2));
}

static void result(struct run *run, uint32_t socket, bool ends)
{
    struct io_result io = {.type = REQUEST_OPEN_TCP, .id = socket, .error = ends ? RTC_ERR_NETWORK : RTC_OK};
    io.local = address_ipv4(192, 0, 2, 1, 6000);
    (void)ice_agent_result(run->agent, run->now, &io, &run->out);
}

static void take_step(struct run *run, enum step step, struct slice bytes)
{
    struct reader r = reader_of(bytes);
    uint8_t choice = step == STEP_CANDIDATE || step == STEP_TIME ? 0 : reader_u8(&r);
    struct slice rest = reader_bytes(&r, step == STEP_TIME ? 0 : reader_left(&r));
    switch (step) {
    case STEP_ACCEPT:
        accept_one(run, choice);
        break;
    case STEP_BYTES:
        stream(run, pick(run, choice), rest);
        break;
    case STEP_REQUEST:
        believed(run, pick(run, choice), rest);
        break;
    case STEP_RESULT:
    case STEP_END:
        result(run, pick(run, choice), step == STEP_END);
        break;
    case STEP_TIME:
        script_time(run->agent, &run->now, bytes, &run->out, drain, run);
        break;
    case STEP_CANDIDATE:
        script_candidate(run->agent, run->now, bytes, &run->out);
        break;
    default:
        (void)ice_agent_set_remote_credentials(run->agent, run->now, slice_str(SCRIPT_UFRAG), slice_str(SCRIPT_PASSWORD), &run->out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static rtc_context *context;
    struct run run = {.now = 1000000};
    struct reader r = reader_of(slice_of(data, size));
    struct ice_options options = {.next_request_id = &run.next_id};
    if (!context)
        require(rtc_context_new(NULL, &context) == RTC_OK);
    context_seed(context, 1);
    options.controlling = reader_u8(&r) & 1;
    require(out_init(&run.out, context) == RTC_OK && ice_agent_new(context, &options, &run.agent) == RTC_OK);
    ice_agent_gather(run.agent, run.now, &run.out);
    drain(&run);
    unsigned step;
    struct slice bytes;
    for (unsigned steps = 0; steps < 200 && script_next(&r, STEPS, &step, &bytes); steps++) {
        take_step(&run, (enum step)step, bytes);
        drain(&run);
    }
    ice_agent_close(run.agent, run.now, &run.out);
    ice_agent_free(run.agent);
    out_fini(&run.out);
    return 0;
}
