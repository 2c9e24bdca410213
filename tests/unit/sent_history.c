/* SPDX-License-Identifier: MIT */
/* What feedback of numbers becomes: against what is written down here, and against a model that remembers everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "failing_memory.h"
#include "sent_history.h"

enum { MS = 1000, BYTES = 1000 };

static rtc_context *world;

static struct sent_history *new_history(void)
{
    struct sent_history *h = NULL;
    assert_int_equal(sent_history_new(world, &h), RTC_OK);
    return h;
}

/* So many packets, a millisecond apart. */
static void leave(struct sent_history *h, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sent_history_add(h, (rtc_time_t)sent_history_next(h) * MS, BYTES, 0);
}

static struct sent_history_told arrived(uint16_t number)
{
    return (struct sent_history_told){.number = number, .received = true, .arrived = number * MS + 77};
}

static struct sent_history_told missing(uint16_t number)
{
    return (struct sent_history_told){.number = number};
}

static struct congestion_feedback take(struct sent_history *h, rtc_time_t now, const struct sent_history_told *told, size_t count)
{
    struct congestion_feedback f;
    assert_int_equal(sent_history_take(h, now, told, count, &f), count);
    assert_int_equal(f.in_flight, sent_history_in_flight(h));
    assert_int_equal(f.now, now);
    return f;
}

static void what_arrived_and_what_did_not(void **state)
{
    (void)state;
    struct sent_history *h = new_history();
    sent_history_add(h, 10 * MS, 100, 0);
    sent_history_add(h, 11 * MS, 200, 3);
    sent_history_add(h, 12 * MS, 300, 0);
    sent_history_add(h, 13 * MS, 400, 0);
    assert_int_equal(sent_history_in_flight(h), 1000);
    struct sent_history_told told[] = {arrived(0), missing(1), arrived(2), missing(3)};
    told[2].ecn = CONGESTION_ECN_CE;
    struct congestion_feedback f = take(h, 62 * MS, told, 4);
    assert_int_equal(f.count, 3); /* the last may be under way */
    assert_int_equal(f.round_trip, 50 * MS);
    assert_int_equal(f.in_flight, 400);
    assert_int_equal(f.results[0].sent, 10 * MS);
    assert_int_equal(f.results[0].arrived, 77);
    assert_int_equal(f.results[0].bytes, 100);
    assert_true(f.results[1].arrived == RTC_TIME_NEVER);
    assert_int_equal(f.results[1].probe, 3);
    assert_int_equal(f.results[2].ecn, CONGESTION_ECN_CE);
    assert_int_equal(sent_history_ignored(h), 0);
    sent_history_free(h);
    sent_history_free(NULL);
}

static void nothing_is_told_twice(void **state)
{
    (void)state;
    struct sent_history *h = new_history();
    leave(h, 3);
    const struct sent_history_told told[] = {missing(0), arrived(1)}, late[] = {arrived(0), missing(1)},
                                   doubled[] = {arrived(2), arrived(2)};
    assert_int_equal(take(h, 50 * MS, told, 2).count, 2);
    assert_int_equal(take(h, 51 * MS, told, 2).count, 0);
    assert_int_equal(sent_history_ignored(h), 2);
    struct congestion_feedback f = take(h, 52 * MS, late, 2); /* what was missing may come */
    assert_true(f.results[0].was_missing);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.results[0].arrived, 77);
    assert_int_equal(take(h, 53 * MS, late, 2).count, 0);
    assert_int_equal(take(h, 54 * MS, doubled, 2).count, 1);
    assert_int_equal(sent_history_in_flight(h), 0);
    sent_history_free(h);
}

/* A message that was cut, or is read in parts: what is missing at the end of a part is lost as soon as a later one begins with more. */
static void what_was_missing_at_the_end_of_a_part(void **state)
{
    (void)state;
    struct sent_history *h = new_history();
    leave(h, 8);
    const struct sent_history_told first[] = {arrived(0), missing(1), missing(2)}, second[] = {missing(3), missing(4)},
                                   third[] = {arrived(6), missing(7)};
    assert_int_equal(take(h, 50 * MS, first, 3).count, 1);
    assert_int_equal(take(h, 50 * MS, second, 2).count, 0);
    struct congestion_feedback f = take(h, 50 * MS, third, 2);
    assert_int_equal(f.count, 5); /* of the fifth nobody spoke */
    for (int i = 0; i < 4; i++) {
        assert_int_equal(f.results[i].sent, (i + 1) * MS);
        assert_true(f.results[i].arrived == RTC_TIME_NEVER && !f.results[i].was_missing);
    }
    assert_int_equal(f.results[4].bytes_between, BYTES);
    assert_int_equal(f.in_flight, BYTES);
    const struct sent_history_told late[] = {arrived(3), arrived(5)};
    f = take(h, 51 * MS, late, 2);
    assert_int_equal(f.count, 2);
    assert_true(f.results[0].was_missing && !f.results[1].was_missing);
    sent_history_free(h);
}

/* More are lost at once than there is room for results: the rest follows. */
static void thousands_are_lost_at_once(void **state)
{
    (void)state;
    enum { LOST = 3000 };
    static struct sent_history_told told[LOST];
    struct sent_history *h = new_history();
    leave(h, LOST + 1);
    for (size_t i = 0; i < LOST; i++)
        told[i] = missing((uint16_t)i);
    assert_int_equal(take(h, 9000 * MS, told, LOST).count, 0);
    const struct sent_history_told last = arrived(LOST);
    size_t taken = 0, results = 0;
    for (struct congestion_feedback f; taken == 0; results += f.count) {
        taken = sent_history_take(h, 9001 * MS, &last, 1, &f);
        assert_true(f.count > 0 && f.count <= SENT_HISTORY_RESULTS_MAX);
        assert_int_equal(f.results[0].sent, (rtc_time_t)results * MS);
    }
    assert_int_equal(results, LOST + 1);
    assert_int_equal(sent_history_in_flight(h), 0);
    sent_history_free(h);
}

static void numbers_that_never_left(void **state)
{
    (void)state;
    struct sent_history *h = new_history();
    const struct sent_history_told none[] = {arrived(0)}, some[] = {arrived(65535), arrived(0), arrived(2), arrived(1), arrived(3)};
    assert_int_equal(take(h, 1, none, 1).count, 0);
    assert_int_equal(take(h, 1, none, 0).count, 0);
    leave(h, 3);
    struct congestion_feedback f = take(h, 50 * MS, some, 5); /* 1 after 2 is out of order */
    assert_int_equal(f.count, 2);
    assert_int_equal(sent_history_ignored(h), 4);
    assert_int_equal(f.in_flight, 0); /* 1 is given up */
    assert_int_equal(take(h, 51 * MS, &some[3], 1).count, 1);
    sent_history_free(h);
}

static void numbers_wrap(void **state)
{
    (void)state;
    struct sent_history *h = new_history();
    leave(h, 65534);
    sent_history_clear(h);
    leave(h, 5);
    assert_int_equal(sent_history_next(h), 65539);
    const struct sent_history_told told[] = {arrived(65533), arrived(65534), arrived(65535), missing(0), arrived(1), arrived(2)};
    struct congestion_feedback f = take(h, 70000 * MS, told, 6);
    assert_int_equal(f.count, 5);
    assert_int_equal(f.results[0].sent, 65534 * MS);
    assert_int_equal(f.results[4].sent, 65538 * MS);
    assert_int_equal(f.in_flight, 0);
    sent_history_free(h);
}

static void the_oldest_is_forgotten(void **state)
{
    (void)state;
    struct sent_history *h = new_history();
    sent_history_add_unnumbered(h, 50);
    leave(h, SENT_HISTORY_MAX + 2);
    assert_int_equal(sent_history_in_flight(h), SENT_HISTORY_MAX * BYTES);
    const struct sent_history_told told[] = {arrived(0), arrived(1), arrived(2)};
    struct congestion_feedback f = take(h, 9000 * MS, told, 3);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.results[0].bytes_between, 0);
    assert_int_equal(sent_history_ignored(h), 2);
    sent_history_free(h);
}

static void what_has_no_number_goes_with_the_next(void **state)
{
    (void)state;
    struct sent_history *h = new_history();
    leave(h, 1);
    sent_history_add_unnumbered(h, 70);
    sent_history_add_unnumbered(h, 80);
    assert_int_equal(sent_history_in_flight(h), BYTES);
    leave(h, 1);
    assert_int_equal(sent_history_in_flight(h), 2 * BYTES + 150);
    const struct sent_history_told told[] = {arrived(1)};
    struct congestion_feedback f = take(h, 50 * MS, told, 1);
    assert_int_equal(f.results[0].bytes_between, 150 + BYTES); /* and what nobody tells of */
    assert_int_equal(f.in_flight, 0);
    sent_history_add_unnumbered(h, UINT32_MAX);
    sent_history_add_unnumbered(h, UINT32_MAX);
    leave(h, 2);
    assert_int_equal(sent_history_in_flight(h), UINT32_MAX);
    sent_history_clear(h);
    assert_int_equal(sent_history_in_flight(h), 0);
    sent_history_free(h);
}

/* Messages of feedback overtake each other: what the first one to come leaves out is out of flight, and told when the other comes. */
static void feedback_is_reordered(void **state)
{
    (void)state;
    struct sent_history *h = new_history();
    leave(h, 6);
    const struct sent_history_told first[] = {arrived(0), missing(1), arrived(2)}, second[] = {arrived(3), arrived(4)};
    struct congestion_feedback f = take(h, 50 * MS, second, 2);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.results[0].bytes_between, 3 * BYTES);
    assert_int_equal(f.in_flight, BYTES);
    f = take(h, 51 * MS, first, 3);
    assert_int_equal(f.count, 3);
    assert_int_equal(f.results[0].bytes_between, 0);
    assert_int_equal(f.in_flight, BYTES);
    sent_history_free(h);
}

/* A message may tell of 65535 numbers. */
static void feedback_is_stretched(void **state)
{
    (void)state;
    struct sent_history *h = new_history();
    struct sent_history_told *told = calloc(65535, sizeof *told);
    assert_non_null(told);
    leave(h, SENT_HISTORY_MAX);
    for (size_t i = 0; i < 65535; i++)
        told[i] = arrived((uint16_t)i);
    size_t taken = 0, results = 0;
    for (struct congestion_feedback f; taken < 65535; results += f.count) {
        taken += sent_history_take(h, 9000 * MS, told + taken, 65535 - taken, &f);
        assert_true(f.count <= SENT_HISTORY_RESULTS_MAX);
    }
    assert_int_equal(results, SENT_HISTORY_MAX);
    assert_int_equal(sent_history_ignored(h), 65535 - SENT_HISTORY_MAX);
    assert_int_equal(sent_history_in_flight(h), 0);
    free(told);
    sent_history_free(h);
}

static void times_may_run_backwards(void **state)
{
    (void)state;
    struct sent_history *h = new_history();
    sent_history_add(h, INT64_MAX, BYTES, 0);
    sent_history_add(h, 0, BYTES, 0);
    struct sent_history_told told[] = {arrived(0), arrived(1)};
    told[0].arrived = INT64_MIN;
    struct congestion_feedback f = take(h, 0, told, 2);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.round_trip, 0);
    sent_history_free(h);
}

/* ---- The model ---- */

enum { PACKETS = 20000 };

struct model {
    rtc_time_t sent[PACKETS];
    uint32_t bytes[PACKETS];
    bool told_arrived[PACKETS], told_missing[PACKETS], flies[PACKETS], doubted[PACKETS];
    size_t count;
    size_t arrived_to;
    uint64_t seed;
};

static uint32_t dice(struct model *m, uint32_t sides)
{
    m->seed = m->seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(m->seed >> 33) % sides;
}

static size_t oldest(const struct model *m)
{
    return m->count > SENT_HISTORY_MAX ? m->count - SENT_HISTORY_MAX : 0;
}

static uint32_t flying(const struct model *m)
{
    uint32_t bytes = 0;
    for (size_t i = oldest(m); i < m->count; i++)
        bytes += m->flies[i] ? m->bytes[i] : 0;
    return bytes;
}

static void send_some(struct model *m, struct sent_history *h, rtc_time_t now)
{
    for (uint32_t i = dice(m, 40); i > 0 && m->count < PACKETS; i--, m->count++) {
        m->sent[m->count] = now;
        m->bytes[m->count] = 1 + dice(m, 1200);
        m->flies[m->count] = true;
        sent_history_add(h, now, m->bytes[m->count], 0);
    }
}

/* Feedback of a stretch somewhere among what left lately, some of it before what the history keeps. */
static size_t make_feedback(struct model *m, struct sent_history_told *told, size_t *from)
{
    size_t reach = dice(m, 8) == 0 ? 6000 : 300, count = 1 + dice(m, 100);
    size_t back = 1 + dice(m, (uint32_t)(m->count < reach ? m->count : reach));
    *from = m->count - back;
    for (size_t i = 0; i < count; i++)
        told[i] = dice(m, 5) == 0 ? missing((uint16_t)(*from + i)) : arrived((uint16_t)(*from + i));
    return count;
}

static void is_result(const struct model *m, size_t i, bool received, const struct congestion_feedback *f, size_t at)
{
    assert_true(at < f->count);
    assert_int_equal(f->results[at].sent, m->sent[i]);
    assert_int_equal(f->results[at].bytes, m->bytes[i]);
    assert_int_equal(f->results[at].arrived == RTC_TIME_NEVER, !received);
}

/* What flies and is older than this one is lost if somebody said that it was missing, and else given up. */
static size_t settle_before(struct model *m, size_t number, const struct congestion_feedback *f, size_t found)
{
    for (size_t before = oldest(m); before < number; before++) {
        if (m->flies[before] && m->doubted[before]) {
            m->told_missing[before] = true;
            is_result(m, before, false, f, found++);
        }
        m->flies[before] = false;
    }
    return found;
}

static void expect(struct model *m, const struct sent_history_told *told, size_t from, size_t count, const struct congestion_feedback *f)
{
    size_t found = 0;
    for (size_t i = from; i < from + count && i < m->count; i++)
        if (i >= oldest(m) && told[i - from].received && i + 1 > m->arrived_to)
            m->arrived_to = i + 1;
    for (size_t i = from; i < from + count && i < m->count; i++) {
        bool received = told[i - from].received;
        if (i < oldest(m))
            continue;
        m->doubted[i] = i >= m->arrived_to;
        if (m->doubted[i])
            continue;
        found = settle_before(m, i, f, found);
        m->flies[i] = false;
        if (m->told_arrived[i] || (!received && m->told_missing[i]))
            continue;
        *(received ? &m->told_arrived[i] : &m->told_missing[i]) = true;
        is_result(m, i, received, f, found++);
    }
    assert_int_equal(f->count, found);
    assert_int_equal(f->in_flight, flying(m));
}

static void as_the_model_says(void **state)
{
    (void)state;
    static struct model m;
    static struct sent_history_told told[128];
    for (uint64_t seed = 1; seed <= 5; seed++) {
        m = (struct model){.seed = seed};
        struct sent_history *h = new_history();
        for (rtc_time_t now = MS; m.count < PACKETS; now += MS) {
            send_some(&m, h, now);
            if (m.count == 0 || dice(&m, 3) != 0)
                continue;
            size_t from, count = make_feedback(&m, told, &from);
            struct congestion_feedback f = take(h, now, told, count);
            expect(&m, told, from, count, &f);
        }
        sent_history_free(h);
    }
}

static int make_one(rtc_context *context, void *user)
{
    (void)user;
    struct sent_history *h = NULL;
    int error = sent_history_new(context, &h);
    sent_history_free(h);
    return error;
}

static void memory_runs_out(void **state)
{
    (void)state;
    fail_each_allocation(make_one, NULL, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_arrived_and_what_did_not),
        cmocka_unit_test(nothing_is_told_twice),
        cmocka_unit_test(what_was_missing_at_the_end_of_a_part),
        cmocka_unit_test(thousands_are_lost_at_once),
        cmocka_unit_test(numbers_that_never_left),
        cmocka_unit_test(numbers_wrap),
        cmocka_unit_test(the_oldest_is_forgotten),
        cmocka_unit_test(what_has_no_number_goes_with_the_next),
        cmocka_unit_test(feedback_is_reordered),
        cmocka_unit_test(feedback_is_stretched),
        cmocka_unit_test(times_may_run_backwards),
        cmocka_unit_test(as_the_model_says),
        cmocka_unit_test(memory_runs_out),
    };
    if (rtc_context_new(NULL, &world) != RTC_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_context_unref(world);
    return failed;
}
