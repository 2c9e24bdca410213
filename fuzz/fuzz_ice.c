/* SPDX-License-Identifier: MIT */
/* The ICE agent: a script of steps, each a kind, a length and that many bytes. Datagrams are raw, or are given the integrity that makes the
 * agent believe them; responses are given the transaction of a request that the agent really sent. The deadline must always move on. */
#include "ice_script.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step {
    STEP_DATAGRAM,
    STEP_REQUEST,
    STEP_RESPONSE,
    STEP_TIME,
    STEP_CANDIDATE,
    STEP_RESULT,
    STEP_END,
    STEP_CREDENTIALS,
    STEP_NETWORK,
    STEPS
};

struct run {
    rtc_time_t now;
    struct ice_agent *agent;
    struct out out;
    uint32_t next_id;
    uint8_t transaction[STUN_TRANSACTION_LEN]; /* of the last request that was sent */
    struct path sent;
    uint32_t interfaces; /* the open request for the list of interfaces */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void note(struct run *run, const struct packet *p)
{
    struct stun_message m;
    require(stun_parse(packet_slice(p), &m) == RTC_OK);
    if (m.class != STUN_REQUEST)
        return;
    memcpy(run->transaction, m.transaction, sizeof run->transaction);
    run->sent = p->path;
}

static void answer(struct run *run, const struct request *r)
{
    const struct io_interface list[] = {{.address = address_ipv4(192, 0, 2, 1, 0)},
                                        {.address = {.family = ADDRESS_IPV6, .ip = {0x20, 1, 0xd}}}};
    struct io_result result = {.type = r->type, .id = r->id, .local = r->local};
    result.local.port = 5000;
    if (r->type == REQUEST_INTERFACES) {
        run->interfaces = r->id;
        result.interfaces = list;
        result.interface_count = 2;
    }
    if (r->type == REQUEST_INTERFACES || r->type == REQUEST_OPEN_UDP)
        require(ice_agent_result(run->agent, run->now, &result, &run->out));
}

static void drain(void *user)
{
    struct run *run = user;
    for (struct request *r; (r = out_pop_request(&run->out)) != NULL; out_free_request(&run->out, r))
        answer(run, r);
    for (struct packet *p; (p = packet_queue_pop(&run->out.tx)) != NULL; packet_free(p))
        note(run, p);
    for (struct event *e; (e = out_pop_event(&run->out)) != NULL;)
        out_free_event(&run->out, e);
}

static struct path from_peer(struct slice bytes)
{
    uint8_t choice = bytes.len ? bytes.data[bytes.len - 1] : 0;
    return (struct path){.socket = 2u + (choice & 1), .remote = address_ipv4(192, 0, 2, choice >> 4, 6000)};
}

static void datagram(struct run *run, struct slice bytes)
{
    struct path from = from_peer(bytes);
    ice_agent_input(run->agent, run->now, &from, bytes, &run->out);
}

static void believed(struct run *run, uint16_t type, const uint8_t *transaction, const char *key, struct slice attributes, struct path from)
{
    uint8_t bytes[SCRIPT_MESSAGE_MAX];
    size_t len = script_message(bytes, sizeof bytes, run->agent, type, transaction, key, attributes);
    ice_agent_input(run->agent, run->now, &from, slice_of(bytes, len), &run->out);
}

static void response(struct run *run, struct slice bytes)
{
    bool error = bytes.len > 0 && (bytes.data[bytes.len - 1] & 1);
    believed(run, error ? 0x0111 : 0x0101, run->transaction, SCRIPT_PASSWORD, bytes, run->sent);
}

static void result(struct run *run, struct slice bytes)
{
    struct reader r = reader_of(bytes);
    struct io_result io = {.id = reader_u8(&r) % 8u, .error = reader_u8(&r) & 1 ? RTC_ERR_NETWORK : RTC_OK};
    io.type = REQUEST_OPEN_UDP;
    io.local = address_ipv4(192, 0, 2, 1, 5000);
    (void)ice_agent_result(run->agent, run->now, &io, &run->out);
}

/* The list of interfaces changes: a bit for each of eight addresses, and a kind for all. */
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
        at->address = address_ipv4(192, 0, 2, (uint8_t)(1 + i), 0);
        at->type = kind % 9u;
        if (i % 2)
            at->address = (struct address){.family = ADDRESS_IPV6, .ip = {0x20, 1, 0xd, i > 1 ? i : 0}};
    }
    if (run->interfaces)
        require(ice_agent_result(run->agent, run->now, &io, &run->out));
}

static void take_step(struct run *run, enum step step, struct slice bytes)
{
    static const uint8_t transaction[STUN_TRANSACTION_LEN] = "fuzz";
    switch (step) {
    case STEP_DATAGRAM:
        datagram(run, bytes);
        break;
    case STEP_REQUEST:
        believed(run, 0x0001, transaction, ice_agent_credentials(run->agent)->password, bytes, from_peer(bytes));
        break;
    case STEP_RESPONSE:
        response(run, bytes);
        break;
    case STEP_TIME:
        script_time(run->agent, &run->now, bytes, &run->out, drain, run);
        break;
    case STEP_CANDIDATE:
        script_candidate(run->agent, run->now, bytes, &run->out);
        break;
    case STEP_RESULT:
        result(run, bytes);
        break;
    case STEP_END:
        ice_agent_end_of_remote_candidates(run->agent, run->now, &run->out);
        break;
    case STEP_NETWORK:
        network(run, bytes);
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
    struct ice_options options = {.next_request_id = &run.next_id, .servers = {{.host = "192.0.2.9", .port = 3478}}, .server_count = 1};
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
    ice_agent_free(run.agent);
    out_fini(&run.out);
    return 0;
}
