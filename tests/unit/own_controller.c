/* SPDX-License-Identifier: MIT */
/* A controller of the program's own: what it is told, and that nothing it says leaves the bounds. */
#include "own_controller.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "failing_memory.h"

enum { MS = 1000, SECOND = 1000000, MIN = 100000, START = 500000, MAX = 2000000 };

static const struct congestion_limits limits = {.min_bps = MIN, .start_bps = START, .max_bps = MAX};
static rtc_context *world;

/* Says what it is set to, and notes what it is told. */
static struct told {
    double target, pacing, window;
    rtc_congestion_probe probe;
    rtc_time_t next;
    int made, freed, ticks, results, lost, messages, paths, probes_asked;
    rtc_congestion_limits limits;
    rtc_congestion_result last;
    rtc_congestion_packet packet;
    bool refuses;
} told;

static void *make(void *user, const rtc_congestion_limits *l, rtc_time_t now)
{
    struct told *t = user;
    (void)now;
    t->limits = *l;
    t->made++;
    return t->refuses ? NULL : t;
}

static void release(void *c)
{
    ((struct told *)c)->freed++;
}

static void set_limits(void *c, rtc_time_t now, const rtc_congestion_limits *l)
{
    (void)now;
    ((struct told *)c)->limits = *l;
}

static void path_changed(void *c, rtc_time_t now, const rtc_congestion_limits *l)
{
    set_limits(c, now, l);
    ((struct told *)c)->paths++;
}

static void sent(void *c, const rtc_congestion_packet *p)
{
    ((struct told *)c)->packet = *p;
}

static void result(void *c, const rtc_congestion_result *r)
{
    struct told *t = c;
    t->last = *r;
    t->results++;
    t->lost += !r->received;
}

static void feedback(void *c, const rtc_congestion_feedback *f)
{
    struct told *t = c;
    assert_int_equal(f->results, t->results);
    t->messages++;
}

static rtc_time_t tick(void *c, rtc_time_t now)
{
    (void)now;
    ((struct told *)c)->ticks++;
    return ((struct told *)c)->next;
}

static void target(void *c, rtc_congestion_target *out)
{
    const struct told *t = c;
    assert_int_equal(out->size, sizeof *out);
    out->target_bps = t->target;
    out->pacing_bps = t->pacing;
    out->window = t->window;
}

static bool next_probe(void *c, rtc_time_t now, rtc_congestion_probe *out)
{
    (void)now;
    ((struct told *)c)->probes_asked++;
    *out = ((struct told *)c)->probe;
    return true;
}

static const rtc_congestion_controller whole = {sizeof whole, make,     release, set_limits, path_changed, sent,
                                                result,       feedback, tick,    target,     next_probe,   false};
static const rtc_congestion_controller least = {.size = sizeof least, .make = make, .target = target};
static const struct congestion_controller *table;

static struct congestion *begin(const rtc_congestion_controller *given)
{
    struct congestion *c = NULL;
    told = (struct told){.target = START};
    assert_int_equal(own_controller_new(world, given, &told, &table), RTC_OK);
    assert_int_equal(congestion_new(world, table, &limits, SECOND, &c), RTC_OK);
    return c;
}

static void end(struct congestion *c)
{
    congestion_free(c);
    own_controller_free(world, table);
}

/* So much later that nothing is held down any more. */
static rtc_time_t settle(struct congestion *c)
{
    congestion_tick(c, 60LL * SECOND);
    return 60LL * SECOND;
}

static void numbers_are_kept_within_bounds(void **state)
{
    (void)state;
    static const struct {
        double target, pacing, window;
        uint32_t want_target, want_pacing, want_window;
    } cases[] = {
        {1000000, 0, 0, 1000000, 1500000, 0},
        {1000000, 2000000, 9000.5, 1000000, 2000000, 9001},
        {1000000, 1000, -5, 1000000, 1000000, 0},
        {1000000, 1e12, 1e12, 1000000, 10000000, UINT32_MAX},
        {NAN, NAN, NAN, MIN, MIN * 3 / 2, 0},
        {-1e300, -1e300, -INFINITY, MIN, MIN * 3 / 2, 0},
        {INFINITY, INFINITY, INFINITY, MAX, MAX * 10, UINT32_MAX},
        {0, 0, 0.1, MIN, MIN * 3 / 2, 1},
    };
    struct congestion *c = begin(&whole);
    (void)settle(c);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        told.target = cases[i].target;
        told.pacing = cases[i].pacing;
        told.window = cases[i].window;
        const struct congestion_target t = congestion_target(c);
        assert_int_equal(t.target_bps, cases[i].want_target);
        assert_int_equal(t.pacing_bps, cases[i].want_pacing);
        assert_int_equal(t.window, cases[i].want_window);
    }
    end(c);
}

/* Whatever it says: at first the start, and twice as much after each second; the same after a breaker opened. */
static void a_beginning_is_held_down(void **state)
{
    (void)state;
    struct congestion *c = begin(&whole);
    told.target = 1e9;
    assert_int_equal(congestion_target(c).target_bps, START);
    congestion_tick(c, 2 * SECOND - 1);
    assert_int_equal(congestion_target(c).target_bps, START);
    congestion_tick(c, 2 * SECOND);
    assert_int_equal(congestion_target(c).target_bps, 2 * START);
    rtc_time_t now = settle(c);
    assert_int_equal(congestion_target(c).target_bps, MAX);
    const struct congestion_limits low = {.min_bps = MIN / 2, .start_bps = MIN / 2};
    congestion_set_limits(c, now, &low);
    congestion_path_changed(c, now);
    assert_int_equal(told.limits.start_bps, MIN / 2);
    assert_int_equal(told.paths, 1);
    congestion_set_limits(c, now, &limits);
    assert_int_equal(congestion_target(c).target_bps, MIN);
    congestion_tick(c, now + 2 * SECOND);
    assert_int_equal(congestion_target(c).target_bps, 2 * MIN);
    end(c);
}

static void what_the_peer_takes_holds(void **state)
{
    (void)state;
    struct congestion *c = begin(&whole);
    rtc_time_t now = settle(c);
    told.target = 1e9;
    congestion_remb(c, now, 300000);
    assert_int_equal(congestion_target(c).target_bps, 300000);
    congestion_tick(c, now + 10 * SECOND);
    assert_int_equal(congestion_target(c).target_bps, MAX);
    end(c);
}

/* Times that are past do not make the connection turn in a circle. */
static void ticks_have_a_distance(void **state)
{
    (void)state;
    struct congestion *c = begin(&whole);
    rtc_time_t now = settle(c);
    told.next = INT64_MIN;
    congestion_tick(c, now += SECOND);
    int before = told.ticks;
    assert_true(congestion_deadline(c) > now);
    congestion_tick(c, now);
    assert_int_equal(told.ticks, before);
    told.next = RTC_TIME_NEVER;
    congestion_tick(c, now += SECOND);
    assert_int_equal(told.ticks, before + 1);
    assert_true(congestion_deadline(c) == RTC_TIME_NEVER);
    end(c);
}

static void probes_are_kept_within_bounds(void **state)
{
    (void)state;
    struct congestion *c = begin(&whole);
    struct congestion_probe p;
    rtc_time_t now = settle(c);
    told.probe = (rtc_congestion_probe){.size = sizeof told.probe, .id = 9, .bps = INFINITY, .bytes = UINT32_MAX, .packets = UINT32_MAX};
    assert_true(congestion_next_probe(c, now, &p));
    assert_int_equal(p.id, 9);
    assert_int_equal(p.bps, MAX);
    assert_int_equal(p.bytes, MAX / 16);
    assert_int_equal(p.packets, 64);
    assert_false(congestion_next_probe(c, now + 99 * MS, &p)); /* it is not even asked */
    assert_int_equal(told.probes_asked, 1);
    static const rtc_congestion_probe bad[] = {{.id = 0, .bps = 1e6}, {.id = 256, .bps = 1e6}, {.id = 1, .bps = NAN}, {.id = 1, .bps = -1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        told.probe = bad[i];
        assert_false(congestion_next_probe(c, now += SECOND, &p));
    }
    assert_int_equal(told.probes_asked, 5);
    end(c);
}

static void it_is_told_of_packets(void **state)
{
    (void)state;
    struct congestion *c = begin(&whole);
    const struct congestion_packet packet = {.sent = 2 * SECOND, .bytes = 1200, .in_flight = 2400, .probe = 3, .limited = true};
    congestion_sent(c, &packet);
    assert_true(told.packet.sent == 2 * SECOND && told.packet.bytes == 1200 && told.packet.in_flight == 2400);
    assert_true(told.packet.probe == 3 && told.packet.limited);
    const struct congestion_result results[] = {
        {.sent = SECOND, .arrived = RTC_TIME_NEVER, .bytes = 100},
        {.sent = 2 * SECOND, .arrived = -7, .bytes = 1200, .bytes_between = 60, .probe = 3, .ecn = CONGESTION_ECN_CE}};
    const struct congestion_feedback f = {.now = 3 * SECOND, .results = results, .count = 2};
    congestion_feedback(c, &f);
    assert_true(told.results == 2 && told.lost == 1 && told.messages == 1);
    assert_true(told.last.received && told.last.arrived == -7 && told.last.bytes_between == 60 && told.last.probe == 3);
    assert_int_equal(told.last.ecn, RTC_ECN_CE);
    end(c);
    assert_true(told.made == 1 && told.freed == 1);
}

/* Two functions are enough: a constant rate. */
static void the_least_there_is(void **state)
{
    (void)state;
    struct congestion *c = begin(&least);
    struct congestion_probe p;
    const struct congestion_result one = {.sent = SECOND, .arrived = SECOND, .bytes = 100};
    const struct congestion_feedback f = {.now = 3 * SECOND, .results = &one, .count = 1};
    const struct congestion_packet packet = {.sent = SECOND, .bytes = 100};
    congestion_sent(c, &packet);
    congestion_feedback(c, &f);
    congestion_set_limits(c, SECOND, &limits);
    congestion_path_changed(c, SECOND);
    (void)settle(c);
    told.target = 700000;
    assert_int_equal(congestion_target(c).target_bps, 700000);
    assert_false(congestion_next_probe(c, 61LL * SECOND, &p));
    assert_true(congestion_deadline(c) == RTC_TIME_NEVER);
    end(c);
}

static void tables_that_are_refused(void **state)
{
    (void)state;
    const struct congestion_controller *none = NULL;
    const rtc_congestion_controller bad[] = {
        {.size = sizeof whole, .make = make}, {.size = sizeof whole, .target = target}, {.make = make}};
    static const char *const words[] = {"without target", "without make", "size"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(own_controller_new(world, &bad[i], NULL, &none), RTC_ERR_TYPE);
        assert_non_null(strstr(rtc_last_error(), words[i]));
        assert_null(none);
    }
    assert_null(own_controller_given(NULL));
}

/* Of memory that is out nothing stays, whether ours or theirs. */
static void memory_fails(void **state)
{
    (void)state;
    struct congestion *c = begin(&whole);
    congestion_free(c);
    c = NULL;
    told = (struct told){.refuses = true};
    assert_int_equal(congestion_new(world, table, &limits, SECOND, &c), RTC_ERR_NO_MEMORY);
    assert_null(c);
    assert_true(told.made == 1 && told.freed == 0);
    own_controller_free(world, table);
}

static int make_all(rtc_context *context, void *user)
{
    (void)user;
    const struct congestion_controller *made = NULL;
    struct congestion *c = NULL;
    told = (struct told){0};
    int error = own_controller_new(context, &whole, &told, &made);
    if (!error)
        error = congestion_new(context, made, &limits, 0, &c);
    congestion_free(c);
    own_controller_free(context, made);
    assert_int_equal(told.made, told.freed);
    return error;
}

static void memory_runs_out(void **state)
{
    (void)state;
    fail_each_allocation(make_all, NULL, 10);
}

/* ---- Additive increase, multiplicative decrease, by a program, over a path that loses what is beyond its rate --------------------- */

struct aimd {
    double bps;
    bool lost;
};

static void *aimd_make(void *user, const rtc_congestion_limits *l, rtc_time_t now)
{
    (void)now;
    *(struct aimd *)user = (struct aimd){.bps = l->start_bps};
    return user;
}

static void aimd_result(void *c, const rtc_congestion_result *r)
{
    struct aimd *a = c;
    a->lost = a->lost || !r->received;
}

static void aimd_feedback(void *c, const rtc_congestion_feedback *f)
{
    struct aimd *a = c;
    (void)f;
    a->bps = a->lost ? a->bps / 2 : a->bps + 20000;
    a->lost = false;
}

static void aimd_target(void *c, rtc_congestion_target *out)
{
    out->target_bps = ((const struct aimd *)c)->bps;
}

static void a_program_follows_the_path(void **state)
{
    (void)state;
    enum { PATH = 1000000, PACKETS = 20 };
    static const rtc_congestion_controller aimd = {
        .size = sizeof aimd, .make = aimd_make, .result = aimd_result, .feedback = aimd_feedback, .target = aimd_target};
    struct aimd mine;
    struct congestion *c = NULL;
    struct congestion_result results[PACKETS];
    double sum = 0;
    assert_int_equal(own_controller_new(world, &aimd, &mine, &table), RTC_OK);
    assert_int_equal(congestion_new(world, table, &limits, 0, &c), RTC_OK);
    for (rtc_time_t now = 100 * MS; now <= 60LL * SECOND; now += 100 * MS) {
        uint32_t rate = congestion_target(c).target_bps, bytes = rate / 8 / 10 / PACKETS;
        for (size_t i = 0; i < PACKETS; i++) {
            rtc_time_t left = now - 100 * MS + (rtc_time_t)i * 5 * MS;
            bool lost = (uint64_t)rate * (i + 1) / PACKETS > PATH;
            results[i] = (struct congestion_result){.sent = left, .arrived = lost ? RTC_TIME_NEVER : left + 20 * MS, .bytes = bytes};
        }
        const struct congestion_feedback f = {.now = now, .round_trip = 40 * MS, .results = results, .count = PACKETS};
        congestion_feedback(c, &f);
        congestion_tick(c, now);
        assert_in_range(congestion_target(c).target_bps, PATH * 4 / 10, PATH * 11 / 10);
        sum += congestion_target(c).target_bps;
    }
    assert_in_range((uint32_t)(sum / 600), PATH * 65 / 100, PATH * 85 / 100);
    end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_kept_within_bounds),
        cmocka_unit_test(a_beginning_is_held_down),
        cmocka_unit_test(what_the_peer_takes_holds),
        cmocka_unit_test(ticks_have_a_distance),
        cmocka_unit_test(probes_are_kept_within_bounds),
        cmocka_unit_test(it_is_told_of_packets),
        cmocka_unit_test(the_least_there_is),
        cmocka_unit_test(tables_that_are_refused),
        cmocka_unit_test(memory_fails),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(a_program_follows_the_path),
    };
    if (rtc_context_new(NULL, &world) != RTC_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_context_unref(world);
    return failed;
}
