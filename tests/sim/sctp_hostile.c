/* SPDX-License-Identifier: MIT */
/* Data channels against a peer that is an association alone and says what it likes: DCEP out of order, unknown identifiers, messages in
 * deprecated or absurd pieces, and chunks that no association would send. */
#include "sctp_rude.h"

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

/* The peer resets a stream while DATA from before it is missing, which then comes alone: all that came meanwhile is delivered, the reset
 * happens, and nobody needs to send more for it. */
static void test_reset_while_data_is_missing(void **state)
{
    (void)state;
    struct rude *r = begin(0);
    say_open(r, 1, "closes");
    say_open(r, 3, "stays");
    run(r, 5);
    r->lost = 1;
    say(r, 3, PPID_STRING, "lost once", 9);
    step(r);
    assert_int_equal(r->lost, 0);
    say(r, 3, PPID_STRING, "not lost", 8);
    step(r);
    uint16_t stream = 1;
    assert_true(assoc_reset_streams(r->peer, r->now, &stream, 1, &r->peer_out));
    step(r);
    say_open(r, 5, "later");
    step(r);
    assert_int_equal(r->messages, 0); /* it is missing still */
    assert_int_equal(r->closed, 0);
    run(r, 400);
    assert_int_equal(r->messages, 2);
    assert_int_equal(r->opened, 3);
    assert_int_equal(r->resets, 1); /* ours, in answer */
    assert_int_equal(r->closed, 1);
    run(r, 7000); /* longer than the peer would repeat what is not answered */
    assert_int_equal(data_channels_state(r->dc), SCTP_CONNECTED);
    assert_int_equal(r->closed, 1);
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
    int sent = say_until_full(r, 500);
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

static bool no_memory;

static void *may_alloc(void *user, size_t size)
{
    (void)user;
    return no_memory ? NULL : malloc(size);
}

static void *may_realloc(void *user, void *memory, size_t size)
{
    (void)user;
    return no_memory ? NULL : realloc(memory, size);
}

static void give_back(void *user, void *memory)
{
    (void)user;
    free(memory);
}

/* There is no memory when the peer opens a channel: it is refused, whatever its id, and so is the next one. */
static void test_refused_without_memory(void **state)
{
    (void)state;
    rtc_allocator allocator = {may_alloc, may_realloc, give_back, NULL};
    rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    struct rude *r = begin_in(&options, 0, false);
    assert_int_equal(data_channels_reserve_ids(r->dc), RTC_OK);
    say_open(r, 1, "there is some");
    run(r, 20);
    static const uint16_t streams[] = {251, 3, 251};
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        say_open(r, streams[i], "there is none");
        no_memory = true;
        run(r, 10);
        no_memory = false;
        run(r, 100);
        assert_int_equal(r->resets, i + 1);
        assert_true(assoc_reset_streams(r->peer, r->now, &streams[i], 1, &r->peer_out));
        run(r, 100);
    }
    assert_int_equal(r->opened, 1);
    finish(r);
}

/* What opens a channel is larger than a message may be: it is lost, and its channel refused. */
static void test_too_large_to_open(void **state)
{
    (void)state;
    static const char label[2000];
    static uint8_t bytes[sizeof label + 64];
    struct dcep_open open = {.max_retransmits = -1, .max_packet_life_ms = -1, .label = slice_of(label, sizeof label)};
    assert_true(dcep_write_open(&open, bytes, sizeof bytes));
    struct rude *r = begin(1000);
    say(r, 2, PPID_DCEP, bytes, dcep_open_len(&open)); /* of an id that is ours: it makes no channel either way */
    say(r, 3, PPID_BINARY, bytes, sizeof bytes);       /* opens nothing */
    run(r, 50);
    assert_int_equal(r->resets, 0);
    say(r, 1, PPID_DCEP, bytes, dcep_open_len(&open));
    run(r, 50);
    assert_int_equal(r->resets, 1);
    assert_int_equal(counters(r)->dropped, 3);
    assert_int_equal(r->opened, 0);
    finish(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_and_data_together),
        cmocka_unit_test(test_wrong_parity),
        cmocka_unit_test(test_open_twice),
        cmocka_unit_test(test_used_again_before_the_answer),
        cmocka_unit_test(test_reset_while_data_is_missing),
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
        cmocka_unit_test(test_refused_without_memory),
        cmocka_unit_test(test_too_large_to_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
