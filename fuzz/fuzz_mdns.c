/* SPDX-License-Identifier: MIT */
/* DNS messages, and multicast DNS: a script of steps. What was parsed must come back from what is written of it; the deadline must always
 * move on; nothing that is sent is over the largest datagram or malformed, and not more leaves than the limits allow. */
#include "dns_message.h"
#include "mdns.h"

#include "context.h"
#include "reader.h"

#include <crtc/base.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step { STEP_FROM_PEER, STEP_FROM_RESOLVER, STEP_TIME, STEP_ASK, STEP_PUBLISH, STEP_REFUSE, STEPS };

struct run {
    rtc_time_t now;
    struct mdns *mdns;
    struct out out;
    uint32_t next_id, last_socket;
    unsigned sent;
    bool refuses;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void round_trip(struct slice bytes)
{
    static struct dns_message first, second; /* large */
    static uint8_t written[1 << 14];
    if (dns_parse(bytes, &first) != RTC_OK)
        return;
    for (size_t i = 0; i < first.record_count; i++)
        require(strlen(first.records[i].name) <= DNS_NAME_MAX - 2);
    size_t len = dns_write(&first, written, sizeof written);
    require(len > 0 && dns_parse(slice_of(written, len), &second) == RTC_OK);
    require(second.question_count == first.question_count && second.record_count == first.record_count);
    for (size_t i = 0; i < first.question_count; i++)
        require(strcmp(first.questions[i].name, second.questions[i].name) == 0);
}

static void drain(struct run *run)
{
    static struct dns_message m;
    for (struct packet *p; (p = packet_queue_pop(&run->out.tx)) != NULL; packet_free(p)) {
        require(p->len <= PACKET_MTU && dns_parse(packet_slice(p), &m) == RTC_OK);
        run->sent++;
    }
    for (struct request *r; (r = out_pop_request(&run->out)) != NULL;) {
        struct io_result result = {.type = r->type, .id = r->id, .error = run->refuses ? RTC_ERR_NETWORK : RTC_OK, .local = r->local};
        run->last_socket = r->type == REQUEST_OPEN_UDP ? r->id : run->last_socket;
        bool answered = r->type != REQUEST_CLOSE;
        out_free_request(&run->out, r);
        if (answered)
            require(mdns_result(run->mdns, run->now, &result, &run->out));
    }
}

static void input(struct run *run, struct slice bytes, uint16_t port)
{
    struct path path = {.socket = run->last_socket, .remote = address_ipv4(192, 0, 2, 7, port)};
    if (run->last_socket)
        require(mdns_input(run->mdns, run->now, &path, bytes, &run->out));
    round_trip(bytes);
}

static void pass_time(struct run *run, struct slice bytes)
{
    struct reader r = reader_of(bytes);
    rtc_time_t end = run->now + (rtc_time_t)reader_u8(&r) * reader_u8(&r) * 1000;
    for (rtc_time_t at; (at = mdns_deadline(run->mdns)) <= end;) {
        run->now = at > run->now ? at : run->now;
        mdns_tick(run->mdns, run->now, &run->out);
        require(mdns_deadline(run->mdns) > run->now);
        drain(run);
    }
    run->now = end;
}

static void ask(struct run *run, struct slice bytes)
{
    char name[] = "00000000-0000-4000-8000-000000000000.local";
    struct address found;
    name[7] = (char)('0' + (bytes.len ? bytes.data[0] % 6 : 0));
    (void)mdns_ask(run->mdns, run->now, name);
    mdns_tick(run->mdns, run->now, &run->out);
    (void)mdns_lookup(run->mdns, name, &found);
}

static void take_step(struct run *run, enum step step, struct slice bytes)
{
    struct address own = address_ipv4(192, 0, 2, bytes.len ? bytes.data[0] % 40 : 0, 0);
    switch (step) {
    case STEP_FROM_PEER:
        input(run, bytes, MDNS_PORT);
        break;
    case STEP_FROM_RESOLVER:
        input(run, bytes, 50000);
        break;
    case STEP_TIME:
        pass_time(run, bytes);
        break;
    case STEP_ASK:
        ask(run, bytes);
        break;
    case STEP_PUBLISH:
        (void)mdns_publish(run->mdns, &own, 1);
        mdns_tick(run->mdns, run->now, &run->out);
        break;
    default:
        run->refuses = !run->refuses;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static rtc_context *context;
    struct run run = {.now = 1000000};
    struct reader r = reader_of(slice_of(data, size));
    struct address link = address_ipv4(192, 0, 2, 1, 0);
    if (!context)
        require(rtc_context_new(NULL, &context) == RTC_OK);
    context_seed(context, 1);
    require(out_init(&run.out, context) == RTC_OK && mdns_new(context, &run.next_id, 4, &run.mdns) == RTC_OK);
    mdns_add_link(run.mdns, &link, 1);
    unsigned steps = 0;
    for (; reader_left(&r) >= 3 && steps < 200; steps++) {
        enum step step = (enum step)(reader_u8(&r) % STEPS);
        size_t len = reader_u16(&r);
        take_step(&run, step, reader_bytes(&r, len < reader_left(&r) ? len : reader_left(&r)));
        drain(&run);
    }
    /* Four questions for each name, an answer or so for each question, some answers that waited. */
    require(run.sent <= 13 * steps + 64);
    mdns_close(run.mdns, &run.out);
    mdns_free(run.mdns);
    out_fini(&run.out);
    return 0;
}
