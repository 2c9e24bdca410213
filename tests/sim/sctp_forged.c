/* SPDX-License-Identifier: MIT */
/* A peer that lies about what it has: acknowledgements of what was never sent, old ones again and again, windows that stay shut, chunks
 * that were not agreed on, numbers that jump ahead, requests to reset streams that repeat. The association may end; else it goes on as it
 * was. What we send and keep for it is bounded, and nothing is taken for delivered, or told, that is not. */
#include "sctp_rude.h"

enum { SACK_LEN = 16, RANGES_MAX = 250 };

/* A SACK; `ranges` gap blocks are pairs of offsets, `duplicates` TSNs follow. */
static void inject_sack(struct rude *r, uint32_t tsn, uint32_t window, const uint16_t (*ranges)[2], uint16_t range_count,
                        uint16_t duplicates)
{
    uint8_t chunk[SACK_LEN + 4 * RANGES_MAX] = {3};
    size_t len = SACK_LEN + 4 * (size_t)(range_count + duplicates);
    assert_true(len <= sizeof chunk);
    put_u16(chunk + 2, (uint16_t)len);
    put_u32(chunk + 4, tsn);
    put_u32(chunk + 8, window);
    put_u16(chunk + 12, range_count);
    put_u16(chunk + 14, duplicates);
    for (size_t i = 0; i < range_count; i++) {
        put_u16(chunk + SACK_LEN + 4 * i, ranges[i][0]);
        put_u16(chunk + SACK_LEN + 4 * i + 2, ranges[i][1]);
    }
    for (size_t i = 0; i < duplicates; i++)
        put_u32(chunk + SACK_LEN + 4 * (range_count + i), tsn - (uint32_t)i);
    inject(r, chunk, len);
}

static uint32_t open_ours(struct rude *r)
{
    const struct data_channel_options options = {.max_retransmits = -1, .max_packet_life_ms = -1, .id = CHANNEL_ID_NONE};
    uint32_t handle;
    assert_int_equal(data_channels_open(r->dc, r->now, &options, &handle, &r->out), RTC_OK);
    run(r, 20);
    return handle;
}

static int send_ours(struct rude *r, uint32_t handle, size_t len)
{
    static const uint8_t bytes[60000];
    return data_channels_send(r->dc, r->now, handle, false, slice_of(bytes, len), &r->out);
}

static uint64_t buffered(const struct rude *r, uint32_t handle)
{
    struct data_channel_info info;
    assert_true(data_channels_info(r->dc, handle, &info));
    return info.buffered;
}

/* An association that has a channel each way, and from here on a peer that is the test alone. What is under way is ours: `count` messages
 * of 1000 bytes. */
static struct rude *begin_under_way(uint32_t *handle, int count)
{
    struct rude *r = begin(0);
    say_open(r, 1, "theirs");
    run(r, 10);
    *handle = open_ours(r);
    r->mute = true;
    for (int i = 0; i < count; i++)
        assert_int_equal(send_ours(r, *handle, 1000), RTC_OK);
    run(r, 1);
    return r;
}

/* The association goes on: all that was sent arrives, in both directions. Or it is closed, and so is every channel. */
static void expect_sound(struct rude *r, const char *what)
{
    struct data_channel_info info;
    run(r, 1);
    if (data_channels_state(r->dc) == SCTP_CLOSED) {
        if (r->closed != r->opened + 1)
            fail_msg("%s: closed, but %u of %u channels", what, r->closed, r->opened + 1);
        return;
    }
    r->mute = false;
    run(r, 1000);
    r->our_ppid = 0;
    uint32_t before = r->messages;
    say(r, 1, PPID_STRING, "still there", 11);
    run(r, 100);
    if (data_channels_state(r->dc) == SCTP_CONNECTED && r->messages != before + 1)
        fail_msg("%s: nothing comes any more", what);
    if (data_channels_state(r->dc) == SCTP_CONNECTED && data_channels_info(r->dc, 1, &info) && info.buffered > 0)
        fail_msg("%s: nothing leaves any more", what);
}

/* Ahead of what was sent, by one and by more: RFC 9260 6.2.1 lets such a SACK be dropped or end the association. Never does it empty our
 * counts, nor free what was not sent. */
static void acknowledged_before_it_was_sent(void **state)
{
    (void)state;
    static const uint32_t ahead[] = {1, 2, 100, 0x7ffffff0u, 0x80000001u};
    for (size_t i = 0; i < sizeof ahead / sizeof ahead[0]; i++) {
        uint32_t handle;
        struct rude *r = begin_under_way(&handle, 40);
        uint64_t waits = buffered(r, handle);
        assert_true(waits > 10000);
        inject_sack(r, r->our_tsn + ahead[i], 1000000, NULL, 0, 0);
        if (data_channels_state(r->dc) == SCTP_CONNECTED)
            assert_int_equal(buffered(r, handle), waits);
        run(r, 1);
        expect_sound(r, "a cumulative TSN ahead");
        finish(r);
    }
}

/* Gap blocks beyond what was sent, backwards, one over the other, as many as a packet holds, and duplicates without end. */
static void gaps_that_are_none(void **state)
{
    (void)state;
    static uint16_t many[RANGES_MAX][2], same[RANGES_MAX][2];
    static const uint16_t beyond[][2] = {{2, 2}, {60000, 65535}}, backwards[][2] = {{9, 8}, {5, 2}, {1, 1}}, everything[][2] = {{1, 65535}},
                          zero[][2] = {{0, 0}};
    for (uint16_t i = 0; i < RANGES_MAX; i++) {
        many[i][0] = many[i][1] = (uint16_t)(2 + 2 * i);
        same[i][0] = 2;
        same[i][1] = 5;
    }
    const struct {
        const char *name;
        const uint16_t (*ranges)[2];
        uint16_t count, duplicates;
    } cases[] = {
        {"beyond", beyond, 2, 0},
        {"backwards", backwards, 3, 0},
        {"everything", everything, 1, 0},
        {"zero", zero, 1, 0},
        {"every second", many, RANGES_MAX, 0},
        {"the same", same, RANGES_MAX, 0},
        {"duplicates", NULL, 0, RANGES_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t handle;
        struct rude *r = begin_under_way(&handle, 40);
        for (int n = 0; n < 20; n++) {
            inject_sack(r, r->our_first, 1000000, cases[i].ranges, cases[i].count, cases[i].duplicates);
            run(r, 1);
        }
        expect_sound(r, cases[i].name);
        finish(r);
    }
}

/* What a thousand SACKs that say what is known already make us send: hardly more than none would. */
static void old_news(void **state)
{
    (void)state;
    static const uint16_t gap[][2] = {{2, 3}};
    uint64_t sent[3];
    for (int how = 0; how < 3; how++) { /* nothing; the same again; with a gap that asks for a retransmission */
        uint32_t handle;
        struct rude *r = begin_under_way(&handle, 40);
        uint64_t before = r->packets;
        for (int n = 0; n < 1000 && how > 0; n++) {
            inject_sack(r, r->our_first + (uint32_t)(n % 2), 1000000, how == 2 ? gap : NULL, how == 2, 0);
            if (n % 100 == 0)
                run(r, 1);
        }
        run(r, 90);
        sent[how] = r->packets - before;
        expect_sound(r, "old news");
        finish(r);
    }
    assert_in_range(sent[1], 0, sent[0] + 60);
    assert_in_range(sent[2], 0, sent[0] + 60);
}

/* A window that stays shut for ten minutes: what may wait is bounded, the probes are few, and all of it arrives when it opens. */
static void a_window_that_stays_shut(void **state)
{
    (void)state;
    uint32_t handle;
    struct rude *r = begin_under_way(&handle, 0);
    uint32_t accepted = 0, acked = 0, limit = context_limits(r->context)->send_queue_bytes;
    int error = RTC_OK;
    while (error == RTC_OK && accepted < 10000) {
        error = send_ours(r, handle, 60000);
        accepted += error == RTC_OK;
        run(r, 1);
        acked = r->our_tsn;
        inject_sack(r, acked, 0, NULL, 0, 0);
    }
    assert_int_equal(error, RTC_ERR_QUOTA_EXCEEDED);
    assert_in_range(buffered(r, handle), limit / 2, limit + 2 * 1024 * 1024);
    uint64_t before = r->packets;
    for (int second = 0; second < 600; second++) {
        run(r, 100);
        inject_sack(r, acked, 0, NULL, 0, 0); /* the probe has come, and found no room */
    }
    assert_int_equal(data_channels_state(r->dc), SCTP_CONNECTED);
    assert_in_range(r->packets - before, 10, 2 * 600);
    assert_int_equal(send_ours(r, handle, 60000), RTC_ERR_QUOTA_EXCEEDED);
    finish(r);
}

/* The application of a peer that reads nothing for ten minutes: nothing is lost. */
static void a_peer_that_reads_late(void **state)
{
    (void)state;
    struct rude *r = begin(0);
    int sent = say_until_full(r, 100);
    run(r, 60000);
    assert_int_equal(r->messages, 0);
    assert_int_equal(data_channels_state(r->dc), SCTP_CONNECTED);
    data_channels_set_room(r->dc, UINT64_MAX, UINT32_MAX);
    run(r, 2000);
    assert_int_equal(r->messages, sent);
    finish(r);
}

/* RFC 8260 was not agreed on: I-DATA and I-FORWARD-TSN bring nothing. */
static void interleaving_that_was_not_agreed_on(void **state)
{
    (void)state;
    for (int forward = 0; forward < 2; forward++) {
        uint32_t handle;
        struct rude *r = begin_under_way(&handle, 0);
        for (uint32_t i = 1; i <= 200 && data_channels_state(r->dc) == SCTP_CONNECTED; i++) {
            uint8_t chunk[24] = {forward ? 0xc2 : 0x40, forward ? 0 : 3, 0, forward ? 16 : 21};
            put_u32(chunk + 4, r->tsn + i);
            put_u16(chunk + 8, 1);
            put_u32(chunk + 12, i - 1);
            put_u32(chunk + 16, PPID_BINARY);
            inject(r, chunk, forward ? 16 : 24);
            if (i % 20 == 0)
                run(r, 1);
        }
        assert_int_equal(r->messages, 0);
        r->mute = false;
        expect_sound(r, forward ? "I-FORWARD-TSN" : "I-DATA");
        finish(r);
    }
}

/* FORWARD-TSN far ahead, again, backwards, with streams that are not, in the middle of a message. Whatever was skipped is gone; no half of
 * a message is told. */
static void numbers_that_jump(void **state)
{
    (void)state;
    static const uint32_t jumps[] = {0, 1, 1000, 0x7fffffffu, 0x80000000u, 0xffffff00u};
    for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
        uint32_t handle;
        struct rude *r = begin_under_way(&handle, 0);
        inject_data(r, 2, 1, 1, 'a'); /* the first part of one */
        run(r, 1);
        for (int n = 0; n < 50; n++) {
            uint8_t chunk[8 + 4 * 100] = {0xc0, 0, 1, 0x98};
            put_u32(chunk + 4, r->tsn + jumps[i]);
            for (uint16_t k = 0; k < 100; k++) {
                put_u16(chunk + 8 + 4 * k, (uint16_t)(k * 700));
                put_u16(chunk + 10 + 4 * k, (uint16_t)(k * 300));
            }
            inject(r, chunk, sizeof chunk);
        }
        run(r, 10);
        inject_data(r, 1, 1, 1, 'z'); /* its end, which fits nothing any more, unless nothing was skipped */
        run(r, 10);
        bool ahead = jumps[i] > 0 && jumps[i] < 0x80000000u;
        assert_in_range(r->messages, 0, ahead ? 0 : 1);
        if (data_channels_state(r->dc) == SCTP_CLOSED)
            assert_int_equal(r->closed, r->opened + 1);
        finish(r);
    }
}

/* RE-CONFIG (RFC 6525): a request n times in one chunk and in n packets, requests ahead and behind, and answers to nothing. */
static size_t put_reset(uint8_t *at, uint32_t request, uint32_t response, uint32_t last_tsn, uint16_t stream)
{
    put_u16(at, 13);
    put_u16(at + 2, 18);
    put_u32(at + 4, request);
    put_u32(at + 8, response);
    put_u32(at + 12, last_tsn);
    put_u16(at + 16, stream);
    put_u16(at + 18, 0);
    return 20;
}

static void inject_reconfig(struct rude *r, const uint8_t *parameters, size_t len)
{
    uint8_t chunk[1100] = {0x82};
    put_u16(chunk + 2, (uint16_t)(4 + len));
    memcpy(chunk + 4, parameters, len);
    inject(r, chunk, 4 + len);
}

static void requests_that_repeat(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        uint32_t handle;
        struct rude *r = begin_under_way(&handle, 0);
        uint8_t parameters[1000];
        uint64_t before = r->packets;
        size_t len = 0;
        uint32_t requests = how == 0 ? 50 : 1;
        for (uint32_t i = 0; i < requests; i++)
            len += put_reset(parameters + len, r->first_tsn, 0, r->tsn, 1);
        for (int n = 0; n < 500; n++) {
            if (how >= 2) /* each time another number: far ahead, or behind */
                (void)put_reset(parameters, how == 2 ? r->first_tsn + 5 + (uint32_t)n : r->first_tsn - 5 - (uint32_t)n, 0, r->tsn, 1);
            inject_reconfig(r, parameters, len);
            if (n % 50 == 0)
                run(r, 1);
        }
        run(r, 100);
        assert_in_range(r->packets - before, 0, 700); /* an answer each, at most, and our own requests */
        assert_in_range(r->closed, 0, 2);
        r->mute = false;
        if (data_channels_state(r->dc) == SCTP_CONNECTED)
            run(r, 500);
        assert_int_equal(r->errors, 0);
        finish(r);
    }
}

/* More streams than were agreed on (RFC 6525 4.5, 4.6), again and again, and numbers that begin anew (4.3). */
static void more_streams_without_end(void **state)
{
    (void)state;
    static const uint16_t types[] = {15, 17, 18}; /* SSN/TSN reset, add outgoing, add incoming */
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        uint32_t handle;
        struct rude *r = begin_under_way(&handle, 0);
        for (uint32_t n = 0; n < 300; n++) {
            uint8_t parameter[12];
            put_u16(parameter, types[i]);
            put_u16(parameter + 2, types[i] == 15 ? 8 : 12);
            put_u32(parameter + 4, r->first_tsn + n);
            put_u16(parameter + 8, 0xffff);
            put_u16(parameter + 10, 0);
            inject_reconfig(r, parameter, types[i] == 15 ? 8 : 12);
            if (n % 20 == 0)
                run(r, 1);
        }
        run(r, 20);
        assert_int_equal(data_channels_max(r->dc), 256);
        struct data_channel_info info;
        assert_true(data_channels_info(r->dc, handle, &info));
        finish(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledged_before_it_was_sent),
        cmocka_unit_test(gaps_that_are_none),
        cmocka_unit_test(old_news),
        cmocka_unit_test(a_window_that_stays_shut),
        cmocka_unit_test(a_peer_that_reads_late),
        cmocka_unit_test(interleaving_that_was_not_agreed_on),
        cmocka_unit_test(numbers_that_jump),
        cmocka_unit_test(requests_that_repeat),
        cmocka_unit_test(more_streams_without_end),
    };
    return cmocka_run_group_tests_name("sctp, forged", tests, NULL, NULL);
}
