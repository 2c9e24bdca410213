/* SPDX-License-Identifier: MIT */
/* What waits in a connection takes no more memory than rtc_limits says, whether it is the smallest item or the largest; and what is held up
 * for that is not lost. Memory is what the allocator gave out, for both peers together. */
#include "context.h"
#include "peer_scene.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIB = 1024, MIB = 1024 * KIB, WAITING = MIB, SENDING = MIB, LARGEST = 256 * KIB, MOST_CHANNELS = 100 };
/* Packets and events that are kept for reuse, buffers for reading, and one largest message that goes beyond a limit, at twice its size. */
enum { SLACK = 3 * MIB };

static atomic_llong live;

static void *count_alloc(void *user, size_t size)
{
    void *memory = malloc(size);
    (void)user;
    atomic_fetch_add(&live, (long long)malloc_usable_size(memory));
    return memory;
}

static void count_free(void *user, void *memory)
{
    (void)user;
    atomic_fetch_sub(&live, (long long)malloc_usable_size(memory));
    free(memory);
}

static void *count_realloc(void *user, void *old, size_t size)
{
    size_t before = malloc_usable_size(old);
    void *memory = realloc(old, size);
    (void)user;
    if (memory)
        atomic_fetch_add(&live, (long long)malloc_usable_size(memory) - (long long)before);
    return memory;
}

static const rtc_allocator counting = {count_alloc, count_realloc, count_free, NULL};

struct scene {
    struct sim_peers p;
    rtc_data_channel *channels[MOST_CHANNELS];
    rtc_data_channel *theirs[MOST_CHANNELS];
    size_t count, arrived, opened, closed;
    bool deaf; /* their channels get no callbacks */
    uint32_t next;
    uint64_t wrong;
    long long before;
};

static uint8_t bytes[LARGEST];

/* Messages of four bytes and more carry their number. */
static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct scene *s = user;
    uint32_t number = s->next++;
    (void)channel, (void)text;
    s->arrived++;
    s->wrong += len >= sizeof number && memcmp(data, &number, sizeof number) != 0;
}

static void on_close(rtc_data_channel *channel, void *user)
{
    struct scene *s = user;
    (void)channel;
    s->closed++;
}

static const rtc_data_channel_callbacks listening = {.size = sizeof listening, .on_message = on_message};
static const rtc_data_channel_callbacks watching = {.size = sizeof watching, .on_close = on_close};

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    struct scene *s = user;
    (void)pc;
    s->theirs[s->opened++] = rtc_data_channel_ref(channel);
    if (!s->deaf)
        rtc_data_channel_set_callbacks(channel, &listening, s);
}

static void begin(struct scene *s, uint64_t seed, size_t count, bool deaf)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    memset(s, 0, sizeof *s);
    s->deaf = deaf;
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&s->p, seed, &link, &counting, NULL));
    s->p.manual = true;
    rtc_limits *limits = (rtc_limits *)(uintptr_t)context_limits(s->p.context);
    limits->waiting_bytes = WAITING;
    limits->send_queue_bytes = SENDING;
    s->p.peer[1].extra = (rtc_peer_connection_callbacks){.size = sizeof s->p.peer[1].extra, .on_data_channel = on_channel};
    s->p.peer[1].extra_user = s;
    for (; s->count < count; s->count++) {
        assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "x", 1, NULL, &s->channels[s->count]), RTC_OK);
        rtc_data_channel_set_callbacks(s->channels[s->count], &watching, s);
    }
    peer_exchange(&s->p, 0);
    peer_connect(&s->p, SECOND);
    peer_run(&s->p, SECOND);
    assert_int_equal(s->opened, count);
    s->before = atomic_load(&live);
}

static void end(struct scene *s)
{
    for (size_t i = 0; i < MOST_CHANNELS; i++) {
        rtc_data_channel_unref(s->channels[i]);
        rtc_data_channel_unref(s->theirs[i]);
    }
    sim_peers_fini(&s->p);
}

static void expect_grown(const struct scene *s, long long most)
{
    long long grown = atomic_load(&live) - s->before;
    if (grown > most)
        fail_msg("memory grew by %lld bytes, the limit is %lld", grown, most);
}

static void expect_alive(struct scene *s)
{
    for (int i = 0; i < 2; i++)
        assert_int_equal(rtc_peer_connection_connection_state(s->p.peer[i].pc), RTC_PEER_CONNECTION_CONNECTED);
}

/* Sends until the queue has been full for a while. Returns how many were taken. */
static size_t send_until_held_up(struct scene *s, size_t len)
{
    size_t sent = 0;
    for (int refused = 0; refused < 20;) {
        uint32_t number = (uint32_t)sent;
        memcpy(bytes, &number, sizeof number);
        int error = rtc_data_channel_send(s->channels[0], bytes, len);
        assert_true(error == RTC_OK || error == RTC_ERR_OPERATION);
        sent += error == RTC_OK;
        refused += error != RTC_OK;
        if (error || sent % 64 == 0)
            peer_run(&s->p, error ? 100 * MS : MS);
        assert_true(sent < 1000000);
    }
    return sent;
}

static const size_t sizes[] = {0, 1, 4, 1500, 1601, 16 * KIB, LARGEST};

/* The application is busy for a minute. Reliable messages wait where they are, some of them with the sender, and all come in the end. */
static void nobody_dispatches(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct scene s;
        begin(&s, 1 + i, 1, false);
        s.p.peer[1].busy = true;
        size_t sent = send_until_held_up(&s, sizes[i]);
        assert_int_equal(s.arrived, 0);
        expect_grown(&s, WAITING + SENDING + SLACK);
        peer_run(&s.p, 60 * SECOND);
        expect_alive(&s);
        s.p.peer[1].busy = false;
        peer_run(&s.p, 30 * SECOND);
        assert_int_equal(s.arrived, sent);
        assert_int_equal(s.wrong, 0);
        expect_grown(&s, SLACK);
        end(&s);
    }
}

/* Channels without callbacks are closed when what waits for them is too much; others go on. */
static void nobody_listens(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct scene s;
        begin(&s, 11 + i, MOST_CHANNELS, true);
        for (size_t n = 0; n < 20 * MOST_CHANNELS && s.closed < MOST_CHANNELS; n++) {
            (void)rtc_data_channel_send(s.channels[n % MOST_CHANNELS], bytes, sizes[i]);
            peer_run(&s.p, 2 * MS);
        }
        peer_run(&s.p, 10 * SECOND);
        expect_grown(&s, WAITING / 2 + SLACK);
        assert_true(s.closed > 0);
        expect_alive(&s);
        end(&s);
    }
}

/* What waits to be sent. */
static void nobody_receives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct scene s;
        size_t sent = 0;
        begin(&s, 21 + i, 1, false);
        sim_host_link(s.p.peer[1].host)->down = true;
        while (rtc_data_channel_send(s.channels[0], bytes, sizes[i]) == RTC_OK)
            assert_true(++sent < 1000000);
        assert_true(sent >= 3);
        expect_grown(&s, SENDING + SLACK);
        end(&s);
    }
}

/* As short and as long as a candidate can be. More than are kept are refused, and cost nothing. */
static void candidates_without_end(void **state)
{
    static const char *const forms[] = {
        "candidate:1 1 udp 1 10.%u.%u.9 9000 typ host",
        "candidate:12345678901234567890123456789012 1 udp 2130706431 fd00:1111:2222:3333:4444:5555:%x:%x 65535 typ relay raddr "
        "fd00:1111:2222:3333:4444:5555:6666:7777 rport 65535 generation 4294967295 network-id 4294967295 "
        "network-cost 4294967295",
        "candidate:1 1 udp 1 %08x-%04x-4333-8444-555555555555.local 9000 typ host",
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct scene s;
        char text[512];
        int error = RTC_OK;
        begin(&s, 41 + i, 1, false);
        for (unsigned n = 0; n < 3000; n++) {
            (void)snprintf(text, sizeof text, forms[i], n / 200, n % 200);
            rtc_ice_candidate_init init = {.size = sizeof init, .candidate = text, .sdp_mid = "0"};
            error = rtc_peer_connection_add_ice_candidate(s.p.peer[0].pc, &init);
            assert_true(error == RTC_OK || error == RTC_ERR_QUOTA_EXCEEDED);
            if (n % 100 == 0)
                peer_run(&s.p, 10 * MS);
        }
        assert_int_equal(error, RTC_ERR_QUOTA_EXCEEDED);
        expect_grown(&s, MIB);
        peer_run(&s.p, 10 * SECOND);
        expect_alive(&s);
        end(&s);
    }
}

/* The smallest limits: one message at a time, whatever its size. */
static void one_at_a_time(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 31, 1, false);
    rtc_limits *limits = (rtc_limits *)(uintptr_t)context_limits(s.p.context);
    limits->waiting_bytes = 1;
    limits->event_queue = 1;
    for (uint32_t n = 0; n < 50; n++) {
        memcpy(bytes, &n, sizeof n);
        assert_int_equal(rtc_data_channel_send(s.channels[0], bytes, n % 10 == 0 ? LARGEST : sizeof n), RTC_OK);
        peer_run(&s.p, 50 * MS);
    }
    peer_run(&s.p, 10 * SECOND);
    assert_int_equal(s.arrived, 50);
    assert_int_equal(s.wrong, 0);
    expect_alive(&s);
    end(&s);
}

/* A message that is larger than the budget waits for a channel that nobody listens to: the others go on. */
static void a_large_message_is_forgotten(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 32, 2, true);
    rtc_limits *limits = (rtc_limits *)(uintptr_t)context_limits(s.p.context);
    limits->waiting_bytes = 64 * KIB;
    assert_int_equal(rtc_data_channel_set_callbacks(s.theirs[1], &listening, &s), RTC_OK);
    assert_int_equal(rtc_data_channel_send(s.channels[0], bytes, LARGEST), RTC_OK);
    peer_run(&s.p, SECOND);
    for (size_t n = 0; n < 100; n++) {
        memset(bytes, 0, 4);
        assert_int_equal(rtc_data_channel_send(s.channels[1], bytes, 3), RTC_OK);
        peer_run(&s.p, 10 * MS);
    }
    peer_run(&s.p, SECOND);
    assert_int_equal(s.arrived, 100);
    s.next = 0;
    assert_int_equal(rtc_data_channel_set_callbacks(s.theirs[0], &listening, &s), RTC_OK); /* it has waited */
    peer_run(&s.p, SECOND);
    assert_int_equal(s.arrived, 101);
    expect_alive(&s);
    end(&s);
}

/* Events that wait are counted whatever they weigh: the largest queue is bounded by their memory, a small one by their number. */
static void many_and_few_events(void **state)
{
    static const uint32_t limit[] = {1, 2, 1000, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof limit / sizeof limit[0]; i++) {
        struct scene s;
        begin(&s, 51 + i, 1, false);
        ((rtc_limits *)(uintptr_t)context_limits(s.p.context))->event_queue = limit[i];
        s.p.peer[1].busy = true;
        size_t sent = send_until_held_up(&s, 4);
        expect_grown(&s, WAITING + SENDING + SLACK);
        s.p.peer[1].busy = false;
        peer_run(&s.p, 30 * SECOND);
        assert_int_equal(s.arrived, sent);
        assert_int_equal(s.wrong, 0);
        expect_alive(&s);
        end(&s);
    }
}

/* What is smaller than the cost of any message lets none be sent, and says so. */
static void no_room_to_send(void **state)
{
    static const uint32_t limit[] = {1, 64, 65};
    (void)state;
    for (size_t i = 0; i < sizeof limit / sizeof limit[0]; i++) {
        struct scene s;
        begin(&s, 61 + i, 1, false);
        ((rtc_limits *)(uintptr_t)context_limits(s.p.context))->send_queue_bytes = limit[i];
        assert_int_equal(rtc_data_channel_send(s.channels[0], bytes, 2), RTC_ERR_TYPE);
        assert_int_equal(rtc_data_channel_send(s.channels[0], bytes, 1), limit[i] == 65 ? RTC_OK : RTC_ERR_TYPE);
        peer_run(&s.p, SECOND);
        assert_int_equal(s.arrived, limit[i] == 65);
        expect_alive(&s);
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_dispatches),      cmocka_unit_test(nobody_listens),  cmocka_unit_test(nobody_receives),
        cmocka_unit_test(candidates_without_end), cmocka_unit_test(one_at_a_time),   cmocka_unit_test(a_large_message_is_forgotten),
        cmocka_unit_test(many_and_few_events),    cmocka_unit_test(no_room_to_send),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
