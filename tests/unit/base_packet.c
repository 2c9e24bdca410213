/* SPDX-License-Identifier: MIT */
/* Packets and their pool; the queues of struct out. */
#include "out.h"

#include "counting_allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct scene {
    struct counting_allocator counter;
    rtc_context *context;
};

static void begin(struct scene *s)
{
    memset(s, 0, sizeof *s);
    const rtc_allocator allocator = counting_allocator_of(&s->counter);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    assert_int_equal(rtc_context_new(&options, &s->context), RTC_OK);
}

static void end(struct scene *s)
{
    rtc_context_unref(s->context);
    assert_int_equal(s->counter.live, 0);
}

static void packets_are_recycled_clean(void **state)
{
    struct scene s;
    struct packet_pool *pool;
    (void)state;
    begin(&s);
    assert_int_equal(packet_pool_new(s.context, &pool), RTC_OK);
    struct packet *p = packet_new(pool);
    assert_int_equal(p->start, PACKET_HEADROOM);
    assert_int_equal(packet_tailroom(p), PACKET_CAPACITY - PACKET_HEADROOM);
    assert_true(packet_tailroom(p) >= 1500);
    p->len = 100;
    p->start = 0;
    p->flags = PACKET_TEXT;
    p->path.socket = 9;
    packet_free(p);
    long long calls = s.counter.calls;
    struct packet *again = packet_new(pool);
    assert_ptr_equal(again, p);
    assert_int_equal(s.counter.calls, calls);
    assert_int_equal(again->start, PACKET_HEADROOM);
    assert_int_equal(again->len, 0);
    assert_int_equal(again->flags, 0);
    assert_int_equal(again->path.socket, 0);
    packet_free(again);
    packet_free(NULL);
    packet_pool_unref(pool);
    end(&s);
}

static void packets_keep_their_pool(void **state)
{
    struct scene s;
    struct packet_pool *pool;
    (void)state;
    begin(&s);
    assert_int_equal(packet_pool_new(s.context, &pool), RTC_OK);
    struct packet *p = packet_copy(pool, slice_str("hello")), *big = packet_new_sized(pool, 100000);
    assert_true(slice_is(packet_slice(p), "hello"));
    assert_true(packet_tailroom(big) >= 100000);
    packet_pool_unref(pool);
    packet_free(big);
    packet_free(p);
    end(&s);
}

static void pool_is_bounded_and_trimmed(void **state)
{
    enum { MANY = 1500 };
    static struct packet *packets[MANY];
    struct scene s;
    struct packet_pool *pool;
    (void)state;
    begin(&s);
    assert_int_equal(packet_pool_new(s.context, &pool), RTC_OK);
    long long before = s.counter.live;
    for (int i = 0; i < MANY; i++)
        packets[i] = packet_new(pool);
    assert_int_equal(s.counter.live - before, MANY);
    for (int i = 0; i < MANY; i++)
        packet_free(packets[i]);
    assert_true(s.counter.live - before < MANY);
    packet_pool_trim(pool, 8);
    assert_int_equal(s.counter.live - before, 8);
    packet_pool_unref(pool);
    end(&s);
}

static void slices_share_a_block(void **state)
{
    struct scene s;
    struct packet_pool *pool;
    (void)state;
    begin(&s);
    assert_int_equal(packet_pool_new(s.context, &pool), RTC_OK);
    struct packet_block *block = packet_block_new(pool), *others[PACKET_BLOCKS_MAX];
    memcpy(block->bytes, "onetwothree", 11);
    struct packet *one = packet_in_block(pool, block, 0, 3), *two = packet_in_block(pool, block, 3, 3),
                  *three = packet_in_block(pool, block, 6, 5);
    assert_true(slice_is(packet_slice(two), "two"));
    assert_int_equal(packet_tailroom(two), 0); /* nobody writes into the next one */
    assert_true(packet_cost(two) < PACKET_CAPACITY);
    packet_block_unref(pool, block);
    for (size_t i = 1; i < PACKET_BLOCKS_MAX; i++)
        assert_non_null(others[i] = packet_block_new(pool));
    assert_null(packet_block_new(pool));
    packet_free(one);
    packet_free(three);
    assert_null(packet_block_new(pool)); /* one slice holds it */
    assert_true(slice_is(packet_slice(two), "two"));
    packet_free(two);
    block = packet_block_new(pool);
    memset(block->bytes, 'x', 2);
    two = packet_in_block(pool, block, 0, 2);
    packet_block_unref(pool, block);
    two->arrived = 5;
    two->ecn = ECN_CE;
    two->path.socket = 9;
    two = packet_keep(two); /* holds none any more */
    assert_true(slice_is(packet_slice(two), "xx"));
    assert_int_equal(two->arrived, 5);
    assert_int_equal(two->ecn, ECN_CE);
    assert_int_equal(two->path.socket, 9);
    assert_ptr_equal(packet_keep(two), two);
    packet_free(two);
    long long calls = s.counter.calls;
    block = packet_block_new(pool);
    one = packet_in_block(pool, block, 10, 2);
    assert_int_equal(s.counter.calls, calls); /* all of it is recycled */
    assert_int_equal(one->arrived, RTC_TIME_NEVER);
    for (size_t i = 1; i < PACKET_BLOCKS_MAX; i++)
        packet_block_unref(pool, others[i]);
    packet_pool_trim(pool, 0);
    packet_block_unref(pool, block);
    packet_pool_unref(pool);
    packet_data(one)[1] = 1; /* the slice keeps both */
    packet_free(one);
    end(&s);
}

static void blocks_without_memory(void **state)
{
    struct scene s;
    struct packet_pool *pool;
    (void)state;
    begin(&s);
    assert_int_equal(packet_pool_new(s.context, &pool), RTC_OK);
    s.counter.fail_at = s.counter.calls + 1;
    assert_null(packet_block_new(pool));
    struct packet_block *block = packet_block_new(pool);
    s.counter.fail_at = s.counter.calls + 1;
    assert_null(packet_in_block(pool, block, 0, 1));
    packet_free(packet_in_block(pool, block, 0, 1));
    packet_block_unref(pool, block);
    packet_pool_unref(pool);
    end(&s);
}

static void queue_is_first_in_first_out(void **state)
{
    struct scene s;
    struct packet_pool *pool;
    struct packet_queue queue = {0};
    (void)state;
    begin(&s);
    assert_int_equal(packet_pool_new(s.context, &pool), RTC_OK);
    assert_null(packet_queue_pop(&queue));
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 5; i++) {
            struct packet *p = packet_new(pool);
            p->flags = i;
            packet_queue_push(&queue, p);
        }
        assert_int_equal(queue.count, 5);
        for (uint32_t i = 0; i < 5; i++) {
            struct packet *p = packet_queue_pop(&queue);
            assert_int_equal(p->flags, i);
            packet_free(p);
        }
        assert_null(packet_queue_pop(&queue));
        assert_int_equal(queue.count, 0);
    }
    packet_queue_push(&queue, packet_new(pool));
    packet_queue_clear(&queue);
    packet_pool_unref(pool);
    end(&s);
}

static int released;

struct some_event {
    struct event head;
    uint32_t number;
    struct packet *packet;
};

static void release(struct event *event)
{
    packet_free(((struct some_event *)event)->packet);
    released++;
}

static void out_owns_what_it_holds(void **state)
{
    struct scene s;
    struct out out;
    (void)state;
    begin(&s);
    released = 0;
    assert_int_equal(out_init(&out, s.context), RTC_OK);
    for (uint32_t i = 1; i <= 3; i++) {
        struct some_event *e = out_event(&out, EVENT_ICE);
        e->number = i;
        e->head.release = release;
        e->packet = out_packet(&out);
        assert_non_null(out_request(&out, REQUEST_RESOLVE, 10 + i));
        out_send(&out, out_packet(&out));
    }
    struct some_event *e = out_pop_event(&out);
    assert_int_equal(e->head.type, EVENT_ICE);
    assert_int_equal(e->number, 1);
    out_free_event(&out, e);
    assert_int_equal(released, 1);
    struct request *r = out_pop_request(&out);
    assert_int_equal(r->id, 11);
    out_free_request(&out, r);
    out_fini(&out);
    assert_int_equal(released, 3);
    end(&s);
}

static void steady_events_allocate_nothing(void **state)
{
    struct scene s;
    struct out out;
    (void)state;
    begin(&s);
    assert_int_equal(out_init(&out, s.context), RTC_OK);
    out_free_event(&out, out_event(&out, EVENT_ICE) ? out_pop_event(&out) : NULL);
    long long calls = s.counter.calls;
    for (int i = 0; i < 100; i++) {
        assert_non_null(out_event(&out, EVENT_ICE));
        out_free_event(&out, out_pop_event(&out));
    }
    assert_int_equal(s.counter.calls, calls);
    out_fini(&out);
    end(&s);
}

static void lost_events_are_remembered(void **state)
{
    struct scene s;
    struct out out;
    (void)state;
    begin(&s);
    assert_int_equal(out_init(&out, s.context), RTC_OK);
    s.counter.fail_at = s.counter.calls + 1;
    s.counter.fail_after = true;
    assert_null(out_packet(&out));
    assert_false(out.failed); /* packets may be lost */
    assert_null(out_event(&out, EVENT_ICE));
    assert_true(out.failed);
    out.failed = false;
    assert_null(out_request(&out, REQUEST_INTERFACES, 1));
    assert_true(out.failed);
    assert_null(out_pop_event(&out));
    assert_null(out_pop_request(&out));
    out_fini(&out);
    end(&s);
}

static void reasons_have_names(void **state)
{
    (void)state;
    for (int i = 0; i <= TIMER_EVENT; i++)
        assert_string_not_equal(timer_reason_name((enum timer_reason)i), "unknown");
    assert_string_equal(timer_reason_name((enum timer_reason)999), "unknown");
    rtc_time_t best = RTC_TIME_NEVER;
    enum timer_reason why = TIMER_NONE;
    deadline_min(&best, &why, 50, TIMER_SCTP);
    deadline_min(&best, &why, 50, TIMER_ICE_CHECK); /* the first of equals stays */
    deadline_min(&best, &why, 60, TIMER_RTP_PACE);
    assert_true(best == 50 && why == TIMER_SCTP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_recycled_clean),  cmocka_unit_test(packets_keep_their_pool),
        cmocka_unit_test(slices_share_a_block),        cmocka_unit_test(blocks_without_memory),
        cmocka_unit_test(pool_is_bounded_and_trimmed), cmocka_unit_test(queue_is_first_in_first_out),
        cmocka_unit_test(out_owns_what_it_holds),      cmocka_unit_test(steady_events_allocate_nothing),
        cmocka_unit_test(lost_events_are_remembered),  cmocka_unit_test(reasons_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
