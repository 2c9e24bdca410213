/* SPDX-License-Identifier: MIT */
/* Data channels over another engine than the library's own: the smallest that keeps the promises of assoc.h, over a network that loses
 * nothing. Channels open, carry, close and end over it as over any; and pieces of messages become whole ones for engines that need it. */
#include "assembly.h"
#include "assoc.h"
#include "context.h"
#include "data_channels.h"
#include "memory.h"
#include "reader.h"
#include "writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- The engine: a packet is one byte of what it is, then a message (stream, PPID, bytes) or the streams that are reset ---- */

enum kind { HELLO = 'h', MESSAGE = 'm', RESET = 'r', GOODBYE = 'g' };
enum { EVENTS = 16 };

struct plain {
    struct assoc base;
    rtc_context *context;
    struct assoc_event events[EVENTS]; /* not yet taken */
    uint16_t streams[ASSOC_RESET_MAX];
    unsigned first, count;
    uint16_t offered;
};

static unsigned made, freed;

static struct plain *plain(struct assoc *assoc)
{
    return (struct plain *)assoc;
}

static int create(rtc_context *context, const struct assoc_options *options, struct assoc **out)
{
    struct plain *p = memory_zeroed(context, sizeof *p);
    if (!p)
        return RTC_ERR_NO_MEMORY;
    p->context = context;
    p->offered = options->streams;
    made++;
    *out = &p->base;
    return RTC_OK;
}

static void destroy(struct assoc *assoc)
{
    struct plain *p = plain(assoc);
    freed++;
    for (; p->count > 0; p->count--, p->first++)
        if (p->events[p->first % EVENTS].type == ASSOC_MESSAGE)
            packet_free(p->events[p->first % EVENTS].message.packet);
    memory_free(p->context, p);
}

static void set_wake(struct assoc *assoc, void (*wake)(void *user), void *user)
{
    (void)assoc;
    (void)wake;
    (void)user;
}

static void tell(struct plain *p, struct assoc_event event)
{
    assert_true(p->count < EVENTS);
    p->events[(p->first + p->count++) % EVENTS] = event;
}

static struct packet *say(struct out *out, enum kind kind)
{
    struct packet *packet = packet_new(out->pool);
    assert_non_null(packet);
    packet_data(packet)[0] = (uint8_t)kind;
    packet->len = 1;
    out_send(out, packet);
    return packet;
}

static int connect_it(struct assoc *assoc, rtc_time_t now, struct out *out)
{
    (void)assoc;
    (void)now;
    (void)say(out, HELLO);
    return RTC_OK;
}

static void take_message(struct plain *p, struct reader *r, struct out *out)
{
    struct assoc_event e = {.type = ASSOC_MESSAGE};
    e.message.stream = reader_u16(r);
    e.message.ppid = reader_u32(r);
    e.message.packet = packet_copy(out->pool, reader_rest(r));
    assert_non_null(e.message.packet);
    tell(p, e);
}

static void take_reset(struct plain *p, struct reader *r)
{
    size_t count = 0;
    while (reader_left(r) > 0)
        p->streams[count++] = reader_u16(r);
    tell(p, (struct assoc_event){.type = ASSOC_RESET_INCOMING, .reset = {p->streams, count}});
}

static bool input(struct assoc *assoc, rtc_time_t now, struct slice packet, struct out *out)
{
    struct reader r = reader_of(packet);
    (void)now;
    switch (reader_u8(&r)) {
    case HELLO:
        tell(plain(assoc), (struct assoc_event){.type = ASSOC_UP, .up = {plain(assoc)->offered, plain(assoc)->offered}});
        return true;
    case MESSAGE:
        take_message(plain(assoc), &r, out);
        return true;
    case RESET:
        take_reset(plain(assoc), &r);
        return true;
    case GOODBYE:
        tell(plain(assoc), (struct assoc_event){.type = ASSOC_LOST, .lost = {true}});
        return true;
    default:
        return false;
    }
}

static void tick(struct assoc *assoc, rtc_time_t now, struct out *out)
{
    (void)assoc;
    (void)now;
    (void)out;
}

static rtc_time_t deadline(const struct assoc *assoc)
{
    (void)assoc;
    return RTC_TIME_NEVER;
}

static bool next_event(struct assoc *assoc, rtc_time_t now, struct assoc_event *event, struct out *out)
{
    struct plain *p = plain(assoc);
    (void)now;
    (void)out;
    if (p->count == 0)
        return false;
    *event = p->events[p->first++ % EVENTS];
    p->count--;
    return true;
}

static int64_t send_message(struct assoc *assoc, rtc_time_t now, const struct assoc_message *m, struct out *out)
{
    struct packet *packet = say(out, MESSAGE);
    uint8_t *at = packet_data(packet);
    (void)assoc;
    (void)now;
    put_u16(at + 1, m->stream);
    put_u32(at + 3, m->ppid);
    memcpy(at + 7, m->data.data, m->data.len);
    packet->len = (uint32_t)(7 + m->data.len);
    return (int64_t)m->data.len;
}

static bool reset_streams(struct assoc *assoc, rtc_time_t now, const uint16_t *streams, size_t count, struct out *out)
{
    static uint16_t list[ASSOC_RESET_MAX];
    struct packet *packet = say(out, RESET);
    (void)now;
    for (size_t i = 0; i < count; i++, packet->len += 2)
        put_u16(packet_data(packet) + packet->len, list[i] = streams[i]);
    tell(plain(assoc), (struct assoc_event){.type = ASSOC_RESET_OUTGOING, .reset = {list, count}});
    return true;
}

static void abort_it(struct assoc *assoc, rtc_time_t now, struct out *out)
{
    (void)assoc;
    (void)now;
    (void)say(out, GOODBYE);
}

static void set_mtu(struct assoc *assoc, uint16_t mtu)
{
    (void)assoc;
    (void)mtu;
}

static uint32_t unsent(const struct assoc *assoc, uint16_t stream)
{
    (void)assoc;
    (void)stream;
    return 0;
}

static uint64_t nothing(const struct assoc *assoc)
{
    (void)assoc;
    return 0;
}

static const struct assoc_engine plain_engine = {
    .name = "plain",
    .create = create,
    .destroy = destroy,
    .set_wake = set_wake,
    .connect = connect_it,
    .input = input,
    .tick = tick,
    .deadline = deadline,
    .next = next_event,
    .send = send_message,
    .reset_streams = reset_streams,
    .abort = abort_it,
    .set_mtu = set_mtu,
    .unsent = unsent,
    .unsent_total = nothing,
    .retransmits = nothing,
};

/* ---- Two ends ---- */

struct end {
    struct data_channels *dc;
    struct out out;
    uint32_t peers; /* the channel that the peer opened */
    unsigned opened, closed, messages;
};

struct pair {
    rtc_context *context;
    rtc_time_t now;
    struct end end[2];
};

static void on_event(struct end *e, const struct sctp_event *event)
{
    if (event->head.type == CHANNEL_EVENT_NEW)
        e->peers = event->channel;
    e->opened += event->head.type == CHANNEL_EVENT_STATE && event->channel_state == CHANNEL_OPEN;
    e->closed += event->head.type == CHANNEL_EVENT_STATE && event->channel_state == CHANNEL_CLOSED;
    e->messages += event->head.type == CHANNEL_EVENT_MESSAGE && slice_is(packet_slice(event->message), "hello");
    assert_int_not_equal(event->head.type, CHANNEL_EVENT_ERROR);
}

static void carry(struct pair *p)
{
    for (bool again = true; again;) {
        again = false;
        p->now += 1000;
        for (int i = 0; i < 2; i++) {
            data_channels_tick(p->end[i].dc, p->now, &p->end[i].out);
            for (struct packet *packet; (packet = packet_queue_pop(&p->end[i].out.tx)) != NULL; packet_free(packet), again = true)
                data_channels_input(p->end[1 - i].dc, p->now, packet_slice(packet), &p->end[1 - i].out);
            for (struct sctp_event *event; (event = out_pop_event(&p->end[i].out)) != NULL; out_free_event(&p->end[i].out, event))
                on_event(&p->end[i], event);
        }
    }
}

static void another_engine(void **state)
{
    static const struct data_channels_options defaults;
    const struct data_channel_options options = {
        .label = slice_str("over plain"), .max_retransmits = -1, .max_packet_life_ms = -1, .id = CHANNEL_ID_NONE};
    struct pair p = {.now = 1000000};
    uint32_t handle, second;
    (void)state;
    made = freed = 0;
    assert_int_equal(rtc_context_new(NULL, &p.context), RTC_OK);
    assert_ptr_equal(assoc_chosen(p.context), &assoc_usrsctp);
    assoc_choose(p.context, &plain_engine);
    assert_ptr_equal(assoc_chosen(p.context), &plain_engine);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(out_init(&p.end[i].out, p.context), RTC_OK);
        assert_int_equal(data_channels_new(p.context, &defaults, &p.end[i].dc), RTC_OK);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(data_channels_start(p.end[i].dc, p.now, i == 0, 0, 1000, &p.end[i].out), RTC_OK);
    carry(&p);
    assert_int_equal(data_channels_state(p.end[0].dc), SCTP_CONNECTED);
    assert_int_equal(made, 2);
    assert_int_equal(data_channels_open(p.end[0].dc, p.now, &options, &handle, &p.end[0].out), RTC_OK);
    assert_int_equal(data_channels_open(p.end[0].dc, p.now, &options, &second, &p.end[0].out), RTC_OK);
    carry(&p);
    assert_int_equal(p.end[0].opened, 2);
    for (int i = 0; i < 10; i++)
        assert_int_equal(data_channels_send(p.end[0].dc, p.now, second, true, slice_str("hello"), &p.end[0].out), RTC_OK);
    assert_int_equal(data_channels_send(p.end[1].dc, p.now, p.end[1].peers, true, slice_str("hello"), &p.end[1].out), RTC_OK);
    carry(&p);
    assert_int_equal(p.end[1].messages, 10);
    assert_int_equal(p.end[0].messages, 1);
    data_channels_close_one(p.end[0].dc, p.now, handle, &p.end[0].out);
    carry(&p);
    assert_int_equal(p.end[0].closed, 1);
    assert_int_equal(p.end[1].closed, 1);
    data_channels_close(p.end[1].dc, p.now, &p.end[1].out);
    carry(&p);
    assert_int_equal(p.end[0].closed, 2);
    for (int i = 0; i < 2; i++) {
        data_channels_free(p.end[i].dc);
        out_fini(&p.end[i].out);
    }
    assert_int_equal(freed, 2);
    rtc_context_unref(p.context);
}

/* ---- Pieces ---- */

static void pieces(void **state)
{
    static const uint8_t bytes[100] = {1, 2, 3};
    rtc_context *context;
    struct packet_pool *pool;
    struct packet *whole;
    struct assembly a = {.packet = NULL};
    (void)state;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    assert_int_equal(packet_pool_new(context, &pool), RTC_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(assembly_take(&a, 1, slice_of(bytes, 40), i == 2, 120, pool, &whole), RTC_OK);
        assert_int_equal(whole != NULL, i == 2);
    }
    assert_int_equal(whole->len, 120);
    assert_memory_equal(packet_data(whole) + 80, bytes, 40);
    packet_free(whole);
    /* One more byte than is taken: said once, and the rest goes with it. */
    assert_int_equal(assembly_take(&a, 1, slice_of(bytes, 100), false, 120, pool, &whole), RTC_OK);
    assert_int_equal(assembly_take(&a, 1, slice_of(bytes, 21), false, 120, pool, &whole), RTC_ERR_OPERATION);
    assert_int_equal(assembly_take(&a, 1, slice_of(bytes, 100), false, 120, pool, &whole), RTC_OK);
    assert_int_equal(assembly_take(&a, 1, slice_of(bytes, 1), true, 120, pool, &whole), RTC_OK);
    assert_null(whole);
    /* The next one is whole again; the rest of one that was given up is no part of another's, nor of one that it never came of. */
    assert_int_equal(assembly_take(&a, 1, slice_of(bytes, 3), false, 120, pool, &whole), RTC_OK);
    assembly_abandon(&a);
    assert_int_equal(assembly_take(&a, 2, slice_of(bytes, 5), false, 120, pool, &whole), RTC_OK);
    assert_int_equal(assembly_take(&a, 3, slice_of(bytes, 7), true, 120, pool, &whole), RTC_OK);
    assert_int_equal(whole->len, 7);
    packet_free(whole);
    assert_int_equal(assembly_take(&a, 3, slice_of(NULL, 0), true, 120, pool, &whole), RTC_OK);
    assert_int_equal(whole->len, 0);
    packet_free(whole);
    packet_pool_unref(pool);
    rtc_context_unref(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_engine),
        cmocka_unit_test(pieces),
    };
    return cmocka_run_group_tests_name("sctp engines", tests, NULL, NULL);
}
