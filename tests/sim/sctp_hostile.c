/* SPDX-License-Identifier: MIT */
/* Data channels against a peer that is an association alone and says what it likes: DCEP out of order, unknown identifiers, messages in
 * deprecated or absurd pieces, and chunks that no association would send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "assoc.h"
#include "context.h"
#include "crc32c.h"
#include "data_channels.h"
#include "dcep.h"
#include "usrsctp_time.h"
#include "writer.h"

struct rude {
    rtc_context *context;
    rtc_time_t now;
    struct data_channels *dc;
    struct out out; /* of dc */
    struct assoc *peer;
    struct out peer_out;
    bool peer_up;
    uint32_t handle; /* of the newest channel that the peer opened */
    uint32_t opened, closed, errors, messages, resets;
    struct packet_queue received;
    uint8_t header[12]; /* of the peer's last packet */
    uint32_t tsn;       /* of its last DATA chunk */
    uint32_t our_ppid;  /* of the last message that the peer got */
    bool no_answers;    /* the peer's answers to resets are lost */
    bool mute;          /* the peer hears and says nothing any more */
    bool hears_few;     /* the peer takes only ten streams, but sends on all */
};

static void on_event(struct rude *r, struct event *e)
{
    if (e->type == CHANNEL_EVENT_NEW) {
        r->handle = e->id;
        r->opened++;
    }
    r->closed += e->type == CHANNEL_EVENT_STATE && e->code == CHANNEL_CLOSED;
    r->errors += e->type == CHANNEL_EVENT_ERROR;
    if (e->type != CHANNEL_EVENT_MESSAGE)
        return;
    r->messages++;
    packet_queue_push(&r->received, e->packet);
    e->packet = NULL;
}

static void note_peer_packet(struct rude *r, struct slice p)
{
    memcpy(r->header, p.data, 12);
    if (p.len >= 20 && p.data[12] == 0)
        r->tsn = (uint32_t)p.data[16] << 24 | (uint32_t)p.data[17] << 16 | (uint32_t)p.data[18] << 8 | p.data[19];
}

/* Whether a RE-CONFIG chunk of the packet answers a request (RFC 6525 4.4). */
static bool has_answer(struct slice p)
{
    for (size_t at = 12; at + 6 <= p.len;) {
        size_t len = (size_t)p.data[at + 2] << 8 | p.data[at + 3];
        if (p.data[at] == 0x82 && p.data[at + 4] == 0 && p.data[at + 5] == 0x10)
            return true;
        at += len < 4 ? 4 : (len + 3) & ~(size_t)3;
    }
    return false;
}

/* INIT and INIT ACK: the maximum of inbound streams (RFC 9260 3.3.2). */
static void limit_inbound(struct packet *p)
{
    uint8_t *bytes = packet_data(p);
    if (p->len < 32 || (bytes[12] != 1 && bytes[12] != 2))
        return;
    put_u16(bytes + 26, 10);
    crc32c_packet_seal(bytes, p->len);
}

static void peer_events(struct rude *r)
{
    struct assoc_event e;
    while (assoc_next(r->peer, r->now, &e, &r->peer_out)) {
        r->peer_up = r->peer_up || e.type == ASSOC_UP;
        r->resets += e.type == ASSOC_RESET_INCOMING;
        if (e.type == ASSOC_DATA)
            r->our_ppid = e.ppid;
    }
}

/* Ten milliseconds. */
static void step(struct rude *r)
{
    r->now += 10000;
    sim_time_set(r->now);
    data_channels_tick(r->dc, r->now, &r->out);
    assoc_tick(r->peer, r->now, &r->peer_out);
    bool again = true;
    while (again) {
        again = false;
        for (struct packet *p; (p = packet_queue_pop(&r->out.tx)) != NULL; again = true) {
            if (!r->mute)
                (void)assoc_input(r->peer, r->now, packet_slice(p), &r->peer_out);
            packet_free(p);
        }
        peer_events(r);
        for (struct packet *p; (p = packet_queue_pop(&r->peer_out.tx)) != NULL; again = true) {
            note_peer_packet(r, packet_slice(p));
            if (r->hears_few)
                limit_inbound(p);
            if (!r->mute && !(r->no_answers && has_answer(packet_slice(p))))
                data_channels_input(r->dc, r->now, packet_slice(p), &r->out);
            packet_free(p);
        }
    }
    for (struct event *e; (e = out_pop_event(&r->out)) != NULL; out_free_event(&r->out, e))
        on_event(r, e);
}

static void run(struct rude *r, int steps)
{
    while (steps-- > 0)
        step(r);
}

static struct rude *begin_with(uint32_t max_message, bool hears_few)
{
    struct rude *r = calloc(1, sizeof *r);
    assert_non_null(r);
    assert_int_equal(rtc_context_new(NULL, &r->context), RTC_OK);
    r->hears_few = hears_few;
    context_seed(r->context, 1);
    sim_time_seed(300);
    r->now = 1000000;
    assert_int_equal(out_init(&r->out, r->context), RTC_OK);
    assert_int_equal(out_init(&r->peer_out, r->context), RTC_OK);
    struct data_channels_options options = {.max_message_bytes = max_message};
    struct assoc_options raw = {.local_port = 5000, .remote_port = 5000, .streams = 300, .mtu = 1150};
    assert_int_equal(data_channels_new(r->context, &options, &r->dc), RTC_OK);
    assert_int_equal(assoc_new(r->context, &raw, &r->peer), RTC_OK);
    assert_int_equal(data_channels_start(r->dc, r->now, true, 0, 1000, &r->out), RTC_OK);
    assert_int_equal(assoc_connect(r->peer, r->now, &r->peer_out), RTC_OK);
    for (int i = 0; i < 100 && !(r->peer_up && data_channels_state(r->dc) == SCTP_CONNECTED); i++)
        step(r);
    assert_true(r->peer_up);
    return r;
}

static struct rude *begin(uint32_t max_message)
{
    return begin_with(max_message, false);
}

static void finish(struct rude *r)
{
    data_channels_free(r->dc);
    assoc_free(r->peer);
    packet_queue_clear(&r->received);
    out_fini(&r->out);
    out_fini(&r->peer_out);
    rtc_context_unref(r->context);
    free(r);
}

static void say(struct rude *r, uint16_t stream, uint32_t ppid, const void *bytes, size_t len)
{
    struct assoc_message m = {.stream = stream, .ppid = ppid, .max_retransmits = -1, .life_ms = -1, .data = slice_of(bytes, len)};
    assert_int_equal(assoc_send(r->peer, r->now, &m, &r->peer_out), (int64_t)len);
}

static void say_open(struct rude *r, uint16_t stream, const char *label)
{
    struct dcep_open open = {.max_retransmits = -1, .max_packet_life_ms = -1, .label = slice_str(label)};
    uint8_t bytes[64];
    assert_true(dcep_write_open(&open, bytes, sizeof bytes));
    say(r, stream, PPID_DCEP, bytes, dcep_open_len(&open));
}

static const struct sctp_counters *counters(const struct rude *r)
{
    return data_channels_counters(r->dc);
}

static void test_open_and_data_together(void **state)
{
    (void)state;
    struct rude *r = begin(0);
    say_open(r, 1, "a");
    say(r, 1, PPID_STRING, "before the ACK", 14);
    run(r, 5);
    assert_int_equal(r->opened, 1);
    assert_int_equal(r->messages, 1);
    assert_int_equal(r->our_ppid, PPID_DCEP); /* the ACK */
    finish(r);
}

static void test_wrong_parity(void **state)
{
    (void)state;
    struct rude *r = begin(0);
    say_open(r, 2, "ours");
    say(r, 2, PPID_STRING, "lost", 4);
    run(r, 50);
    assert_int_equal(r->opened + r->messages, 0);
    assert_int_equal(counters(r)->malformed, 1);
    assert_int_equal(counters(r)->dropped, 1);
    assert_int_equal(r->resets, 1);
    uint16_t stream = 2;
    assert_true(assoc_reset_streams(r->peer, r->now, &stream, 1, &r->peer_out));
    run(r, 50);
    /* The id serves again once both sides have reset it. */
    struct data_channel_options options = {.max_retransmits = -1, .max_packet_life_ms = -1, .negotiated = true, .id = 2};
    uint32_t handle;
    assert_int_equal(data_channels_open(r->dc, r->now, &options, &handle, &r->out), RTC_OK);
    say(r, 2, PPID_BINARY, "x", 1);
    run(r, 5);
    assert_int_equal(r->messages, 1);
    finish(r);
}

static void test_open_twice(void **state)
{
    (void)state;
    struct rude *r = begin(0);
    say_open(r, 3, "once");
    say_open(r, 3, "twice");
    run(r, 50);
    assert_int_equal(r->opened, 1);
    assert_int_equal(r->errors, 1);
    assert_int_equal(r->resets, 1);
    assert_int_equal(counters(r)->malformed, 1);
    struct data_channel_info info;
    assert_true(data_channels_info(r->dc, r->handle, &info));
    assert_int_equal(info.state, CHANNEL_CLOSING);
    uint16_t stream = 3;
    assert_true(assoc_reset_streams(r->peer, r->now, &stream, 1, &r->peer_out));
    run(r, 50);
    assert_int_equal(r->closed, 1);
    say_open(r, 3, "again");
    run(r, 50);
    assert_int_equal(r->opened, 2);
    finish(r);
}

/* The peer uses an id again before its answer to our reset has come: the new channel waits for that answer, others do not wait for it. */
static void test_used_again_before_the_answer(void **state)
{
    (void)state;
    struct rude *r = begin(0);
    say_open(r, 3, "other");
    run(r, 5);
    uint32_t other = r->handle;
    say_open(r, 1, "first");
    run(r, 5);
    r->no_answers = true;
    uint16_t stream = 1;
    assert_true(assoc_reset_streams(r->peer, r->now, &stream, 1, &r->peer_out));
    run(r, 5);
    assert_int_equal(r->resets, 1); /* the peer has seen ours */
    assert_int_equal(r->closed, 0); /* which we do not know */
    say(r, 1, PPID_STRING, "for nobody", 10);
    run(r, 5);
    assert_int_equal(r->messages, 0); /* the old channel's stream has ended */
    assert_int_equal(counters(r)->dropped, 1);
    say_open(r, 1, "second");
    run(r, 5);
    assert_int_equal(r->closed, 1);
    assert_int_equal(r->opened, 3);
    r->our_ppid = 0;
    assert_int_equal(data_channels_send(r->dc, r->now, r->handle, true, slice_str("waits"), &r->out), RTC_OK);
    assert_int_equal(data_channels_send(r->dc, r->now, other, false, slice_str("does not"), &r->out), RTC_OK);
    run(r, 2);
    assert_int_equal(r->our_ppid, PPID_BINARY);
    r->no_answers = false;
    run(r, 500); /* the reset is sent again, and answered */
    assert_int_equal(r->our_ppid, PPID_STRING);
    finish(r);
}

/* A stream that the peer can send on and we can not: there is no channel on it, and the others live and close as ever. */
static void test_one_way_stream(void **state)
{
    (void)state;
    struct rude *r = begin_with(0, true);
    assert_int_equal(data_channels_max(r->dc), 10);
    say_open(r, 101, "deaf");
    say(r, 101, PPID_STRING, "lost", 4);
    say_open(r, 3, "fine");
    run(r, 5);
    assert_int_equal(r->opened, 1);
    assert_int_equal(counters(r)->dropped, 2);
    data_channels_close_one(r->dc, r->now, r->handle, &r->out);
    run(r, 50);
    assert_int_equal(r->resets, 1);
    uint16_t stream = 3;
    assert_true(assoc_reset_streams(r->peer, r->now, &stream, 1, &r->peer_out));
    run(r, 50);
    assert_int_equal(r->closed, 1);
    assert_int_equal(r->errors, 0);
    finish(r);
}

static void test_bad_dcep(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\x03", 1},
        {"\x03\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00xx", 14},
        {"\x03\x00\x00\x00\x00\x00\x00\x00\x00\x01\xff\xffxx", 14},
        {"\x03\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 12},
        {"\x09", 1},
        {"\x02", 1},
        {"\x00", 1},
    };
    enum { COUNT = sizeof bad / sizeof bad[0] };
    struct rude *r = begin(0);
    for (size_t i = 0; i < COUNT; i++)
        say(r, (uint16_t)(2 * i + 1), PPID_DCEP, bad[i].bytes, bad[i].len);
    run(r, 50);
    assert_int_equal(counters(r)->malformed, COUNT);
    assert_int_equal(r->opened, 0);
    assert_int_equal(data_channels_state(r->dc), SCTP_CONNECTED);
    finish(r);
}

static void test_ppids(void **state)
{
    (void)state;
    struct rude *r = begin(0);
    say_open(r, 1, "p");
    say(r, 1, 0, "none", 4);
    say(r, 1, 99, "unknown", 7);
    say(r, 1, 55, "unknown", 7);
    say(r, 5, PPID_STRING, "no channel", 10);
    run(r, 5);
    assert_int_equal(counters(r)->dropped, 4);
    assert_int_equal(r->messages, 0);
    say(r, 1, PPID_STRING_EMPTY, "\0", 1);
    say(r, 1, PPID_BINARY_EMPTY, "\0", 1);
    say(r, 1, PPID_BINARY_PARTIAL, "in ", 3);
    say(r, 1, PPID_BINARY_PARTIAL, "three ", 6);
    say(r, 1, PPID_BINARY, "parts", 5);
    say(r, 1, PPID_STRING, "whole", 5);
    run(r, 5);
    static const struct {
        const char *text;
        bool is_text;
    } wanted[] = {{"", true}, {"", false}, {"in three parts", false}, {"whole", true}};
    assert_int_equal(r->messages, 4);
    for (int i = 0; i < 4; i++) {
        struct packet *p = packet_queue_pop(&r->received);
        assert_true(slice_is(packet_slice(p), wanted[i].text));
        assert_int_equal((p->flags & PACKET_TEXT) != 0, wanted[i].is_text);
        packet_free(p);
    }
    finish(r);
}

/* Parts without end are bounded like any message. */
static void test_endless_parts(void **state)
{
    (void)state;
    struct rude *r = begin(1000);
    static const uint8_t part[100];
    say_open(r, 1, "endless");
    for (int i = 0; i < 11; i++)
        say(r, 1, PPID_STRING_PARTIAL, part, sizeof part);
    run(r, 50);
    assert_int_equal(r->errors, 1);
    assert_int_equal(r->messages, 0);
    assert_true(counters(r)->dropped >= 1);
    assert_int_equal(r->resets, 1);
    finish(r);
}

static void say_parts(struct rude *r, uint16_t stream)
{
    static const uint8_t part[50000];
    for (int i = 0; i < 4; i++) {
        say(r, stream, PPID_BINARY_PARTIAL, part, sizeof part);
        run(r, 200);
    }
}

/* Nor are parts on many channels: together they have a quarter of what may wait, here 256 KiB, and whose part finds no room is closed. */
static void test_endless_parts_everywhere(void **state)
{
    (void)state;
    struct rude *r = begin(0);
    ((rtc_limits *)(uintptr_t)context_limits(r->context))->waiting_bytes = 1024 * 1024;
    for (uint16_t stream = 1; stream < 41; stream += 2) {
        say_open(r, stream, "endless");
        run(r, 20);
        say_parts(r, stream);
    }
    assert_int_equal(r->opened, 20);
    assert_int_equal(r->errors, 19);
    say(r, 1, PPID_BINARY, "end", 3); /* the first has had its place all the while, and gives it back */
    run(r, 50);
    assert_int_equal(r->messages, 1);
    say_open(r, 101, "another");
    run(r, 20);
    say_parts(r, 101);
    assert_int_equal(r->errors, 19);
    finish(r);
}

/* What finds no room stays in the association, the peer's queue fills, and all of it comes when there is room again. */
static void test_room(void **state)
{
    (void)state;
    struct rude *r = begin(0);
    static const uint8_t bytes[50000];
    say_open(r, 1, "x");
    run(r, 20);
    data_channels_set_room(r->dc, 0, UINT32_MAX);
    int sent = 0;
    struct assoc_message m = {
        .stream = 1, .ppid = PPID_BINARY, .max_retransmits = -1, .life_ms = -1, .data = slice_of(bytes, sizeof bytes)};
    for (int refused = 0; refused < 3; run(r, 500))
        if (assoc_send(r->peer, r->now, &m, &r->peer_out) == (int64_t)sizeof bytes)
            assert_true(++sent < 100);
        else
            refused++;
    assert_int_equal(r->messages, 0);
    assert_true(data_channels_deadline(r->dc, NULL) > r->now - 1000);
    data_channels_set_room(r->dc, UINT64_MAX, 2);
    assert_true(data_channels_deadline(r->dc, NULL) <= r->now); /* it asks to be ticked */
    run(r, 1);
    assert_int_equal(r->messages, 2);
    data_channels_set_room(r->dc, 1, UINT32_MAX);
    run(r, 1);
    assert_int_equal(r->messages, 3); /* the one that goes beyond */
    data_channels_set_room(r->dc, UINT64_MAX, UINT32_MAX);
    run(r, 2000);
    assert_int_equal(r->messages, sent);
    finish(r);
}

static void test_too_large(void **state)
{
    (void)state;
    struct rude *r = begin(1000);
    static const uint8_t bytes[100000];
    say_open(r, 1, "exact");
    say_open(r, 3, "over");
    say(r, 1, PPID_BINARY, bytes, 1000);
    say(r, 3, PPID_BINARY, bytes, 1001);
    say(r, 3, PPID_BINARY, bytes, sizeof bytes);
    say(r, 1, PPID_BINARY, bytes, 999);
    run(r, 100);
    assert_int_equal(r->messages, 2);
    assert_int_equal(r->errors, 1);
    assert_int_equal(counters(r)->dropped, 2);
    finish(r);
}

/* RFC 8832 6: until the peer is known to know the channel, messages stay in order behind OPEN. */
static void test_ordered_until_acknowledged(void **state)
{
    (void)state;
    for (int acknowledge = 0; acknowledge < 2; acknowledge++) {
        struct rude *r = begin(0);
        struct data_channel_options options = {.unordered = true, .max_retransmits = -1, .max_packet_life_ms = -1, .id = CHANNEL_ID_NONE};
        uint32_t handle;
        assert_int_equal(data_channels_open(r->dc, r->now, &options, &handle, &r->out), RTC_OK);
        run(r, 5);
        if (acknowledge)
            say(r, 0, PPID_DCEP, "\x02", 1);
        run(r, 5);
        assert_int_equal(data_channels_send(r->dc, r->now, handle, true, slice_str("x"), &r->out), RTC_OK);
        struct packet *p = packet_queue_pop(&r->out.tx);
        assert_non_null(p);
        assert_int_equal(packet_data(p)[12], 0);
        assert_int_equal(packet_data(p)[13] & 4, acknowledge ? 4 : 0); /* the U bit */
        packet_free(p);
        finish(r);
    }
}

/* A packet of the peer's that its association knows nothing of. */
static void inject(struct rude *r, const void *chunks, size_t len)
{
    uint8_t packet[1200];
    memcpy(packet, r->header, 12);
    memcpy(packet + 12, chunks, len);
    crc32c_packet_seal(packet, 12 + len);
    data_channels_input(r->dc, r->now, slice_of(packet, 12 + len), &r->out);
}

static void inject_data(struct rude *r, uint8_t flags, uint16_t stream, uint16_t ssn, uint8_t byte)
{
    uint8_t chunk[20] = {0, flags, 0, 17};
    put_u32(chunk + 4, ++r->tsn);
    put_u16(chunk + 8, stream);
    put_u16(chunk + 10, ssn);
    put_u32(chunk + 12, PPID_BINARY);
    chunk[16] = byte;
    inject(r, chunk, sizeof chunk);
}

/* A message in pieces of one byte, up to the largest and one more. */
static void test_one_byte_fragments(void **state)
{
    (void)state;
    for (uint32_t extra = 0; extra < 2; extra++) {
        struct rude *r = begin(2000);
        say_open(r, 1, "crumbs");
        run(r, 10);
        r->mute = true;
        for (uint32_t i = 0; i < 2000 + extra; i++) {
            inject_data(r, (uint8_t)((i == 0 ? 2 : 0) | (i == 1999 + extra ? 1 : 0)), 1, 1, (uint8_t)i);
            if (i % 100 == 0)
                step(r);
        }
        run(r, 10);
        assert_int_equal(r->messages, !extra);
        assert_int_equal(r->errors, extra);
        if (!extra)
            assert_int_equal(r->received.head->len, 2000);
        finish(r);
    }
}

/* Chunks of every kind that say impossible things: the association may end, nothing else. */
static void test_absurd_chunks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *bytes;
        size_t len;
    } absurd[] = {
        {"length 0", "\x00\x03\x00\x00", 4},
        {"length 1", "\x00\x03\x00\x01", 4},
        {"length 3", "\x03\x00\x00\x03", 4},
        {"length past the end", "\x00\x03\xff\xff\x00\x00\x00\x00", 8},
        {"INIT without streams", "\x01\x00\x00\x14\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", 20},
        {"INIT with all streams", "\x01\x00\x00\x14\x00\x00\x00\x01\x00\x01\x00\x00\xff\xff\xff\xff\x00\x00\x00\x01", 20},
        {"INIT with a parameter past the end",
         "\x01\x00\x00\x18\x00\x00\x00\x01\x00\x01\x00\x00\x00\x01\x00\x01\x00\x00\x00\x01\x80\x08\xff\xff", 24},
        {"giant FORWARD-TSN", "\xc0\x00\x00\x08\x7f\xff\xff\xff", 8},
        {"FORWARD-TSN of streams that are not", "\xc0\x00\x00\x0c\x00\x00\x00\x01\xff\xff\xff\xff", 12},
        {"SACK with gaps out of order", "\x03\x00\x00\x18\x00\x00\x00\x01\x00\x00\x10\x00\x00\x02\x00\x00\x00\x09\x00\x08\x00\x03\x00\x02",
         24},
        {"SACK of everything", "\x03\x00\x00\x10\x7f\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00", 16},
        {"SACK that counts more gaps than it has", "\x03\x00\x00\x10\x00\x00\x00\x01\x00\x00\x10\x00\xff\xff\xff\xff", 16},
        {"RE-CONFIG beyond range", "\x82\x00\x00\x18\x00\x0d\x00\x14\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\xff\xff\xff\xfe", 24},
        {"RE-CONFIG answer to nothing", "\x82\x00\x00\x10\x00\x10\x00\x0c\x00\x00\x00\x07\x00\x00\x00\x01", 16},
        {"RE-CONFIG with a parameter of no length", "\x82\x00\x00\x08\x00\x0d\x00\x00", 8},
        {"COOKIE-ECHO of nothing", "\x0a\x00\x00\x04", 4},
        {"ERROR with a cause past the end", "\x09\x00\x00\x08\x00\x01\x00\xff", 8},
        {"ASCONF", "\xc1\x00\x00\x08\x00\x00\x00\x01", 8},
        {"I-DATA that was not announced", "\x40\x03\x00\x18\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x33xxxx", 24},
        {"DATA on a stream that is not", "\x00\x03\x00\x14\x00\x00\x00\x01\xff\xff\x00\x00\x00\x00\x00\x33xxxx", 20},
        {"DATA without bytes", "\x00\x03\x00\x10\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x33", 16},
    };
    for (size_t i = 0; i < sizeof absurd / sizeof absurd[0]; i++) {
        struct rude *r = begin(0);
        say_open(r, 1, "target");
        run(r, 10);
        uint8_t bytes[64];
        memcpy(bytes, absurd[i].bytes, absurd[i].len);
        for (int n = 0; n < 3; n++)
            inject(r, bytes, absurd[i].len);
        run(r, 100);
        enum sctp_state now = data_channels_state(r->dc);
        if (now == SCTP_CONNECTED) { /* then it still works */
            say(r, 1, PPID_STRING, "still there", 11);
            run(r, 100);
        }
        if (now != SCTP_CLOSED && r->messages != 1)
            fail_msg("%s: %u messages", absurd[i].name, r->messages);
        if (now == SCTP_CLOSED && r->closed != 1)
            fail_msg("%s: closed, but %u channels", absurd[i].name, r->closed);
        finish(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_and_data_together),
        cmocka_unit_test(test_wrong_parity),
        cmocka_unit_test(test_open_twice),
        cmocka_unit_test(test_used_again_before_the_answer),
        cmocka_unit_test(test_one_way_stream),
        cmocka_unit_test(test_bad_dcep),
        cmocka_unit_test(test_ppids),
        cmocka_unit_test(test_endless_parts),
        cmocka_unit_test(test_endless_parts_everywhere),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_ordered_until_acknowledged),
        cmocka_unit_test(test_one_byte_fragments),
        cmocka_unit_test(test_absurd_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
