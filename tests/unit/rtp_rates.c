/* SPDX-License-Identifier: MIT */
/* What decides when and whether packets leave: the pacer, the circuit breakers, and the cache of sent packets. The rate is in rtp_rate.c.
 */
#include "rtp_test.h"

#include "rtp_breaker.h"
#include "rtp_pacer.h"
#include "rtp_packet.h"
#include "rtx_cache.h"
#include "writer.h"

enum { MS = 1000, SECOND = 1000000 };

/* ---- Pacer ---- */

static struct packet *sized(struct world *w, uint32_t ssrc, uint32_t len)
{
    struct packet *packet = packet_new(w->pool);
    assert_non_null(packet);
    memset(packet_data(packet), 0, len);
    put_u32(packet_data(packet) + 8, ssrc);
    packet->len = len;
    return packet;
}

static void push(struct world *w, struct rtp_pacer *p, rtc_time_t now, enum rtp_priority priority, uint32_t ssrc, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_true(rtp_pacer_push(p, now, priority, sized(w, ssrc, 1200)));
}

/* The SSRC of what leaves now; 0 for nothing. */
static uint32_t pop(struct rtp_pacer *p, rtc_time_t now)
{
    struct packet *packet = rtp_pacer_pop(p, now);
    uint32_t ssrc = packet ? rtp_ssrc(packet_slice(packet)) : 0;
    packet_free(packet);
    return ssrc;
}

static void an_idle_pacer_sleeps(void **state)
{
    (void)state;
    struct rtp_pacer p;
    rtp_pacer_init(&p, 1000000, 0);
    assert_true(rtp_pacer_deadline(&p) == RTC_TIME_NEVER);
    assert_null(rtp_pacer_pop(&p, 5 * SECOND));
    assert_true(rtp_pacer_deadline(&p) == RTC_TIME_NEVER);
    rtp_pacer_fini(&p);
}

static void audio_goes_first_and_at_once(void **state)
{
    (void)state;
    struct world w;
    struct rtp_pacer p;
    world_init(&w, NULL);
    rtp_pacer_init(&p, 1000000, 0);
    push(&w, &p, SECOND, RTP_PRIORITY_VIDEO, 3, 20);
    push(&w, &p, SECOND, RTP_PRIORITY_REPAIR, 2, 1);
    push(&w, &p, SECOND, RTP_PRIORITY_AUDIO, 1, 3);
    assert_true(rtp_pacer_deadline(&p) <= SECOND);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pop(&p, SECOND), 1);
    rtc_time_t next = rtp_pacer_deadline(&p); /* three packets in debt */
    assert_true(next > SECOND);
    assert_int_equal(pop(&p, next - 1), 0);
    assert_int_equal(pop(&p, next), 2);
    assert_int_equal(pop(&p, next + SECOND), 3);
    rtp_pacer_fini(&p);
    world_fini(&w);
}

/* 50 packets of a keyframe at 1 Mbit/s leave at 2.5 Mbit/s: 192 ms, evenly, no more than a small burst at once. */
static void a_keyframe_is_spread(void **state)
{
    (void)state;
    struct world w;
    struct rtp_pacer p;
    world_init(&w, NULL);
    rtp_pacer_init(&p, 1000000, 0);
    rtc_time_t now = SECOND;
    push(&w, &p, now, RTP_PRIORITY_VIDEO, 3, 50);
    size_t most = 0;
    size_t sent = 0;
    size_t wakes = 0;
    while (sent < 50) {
        size_t burst = 0;
        while (pop(&p, now) != 0)
            burst++;
        most = burst > most ? burst : most;
        sent += burst;
        wakes++;
        assert_true(sent == 50 || rtp_pacer_deadline(&p) > now); /* a loop that follows it does not spin */
        now = sent < 50 ? rtp_pacer_deadline(&p) : now;
    }
    assert_in_range(now - SECOND, 170 * MS, 200 * MS);
    assert_in_range(most, 1, 3);
    assert_in_range(wakes, 40, 50);
    rtp_pacer_fini(&p);
    world_fini(&w);
}

/* Far more than the rate carries still leaves within the time limit. */
static void nothing_waits_for_ever(void **state)
{
    (void)state;
    struct world w;
    struct rtp_pacer p;
    world_init(&w, NULL);
    rtp_pacer_init(&p, 100000, 0);
    rtc_time_t now = SECOND;
    push(&w, &p, now, RTP_PRIORITY_VIDEO, 3, 400);
    size_t sent = 0;
    for (; rtp_pacer_deadline(&p) != RTC_TIME_NEVER; now = rtp_pacer_deadline(&p)) {
        while (pop(&p, now) != 0)
            sent++;
        if (rtp_pacer_deadline(&p) == RTC_TIME_NEVER)
            break;
    }
    assert_int_equal(sent, 400);
    assert_in_range(now - SECOND, 150 * MS, 500 * MS);
    rtp_pacer_fini(&p);
    world_fini(&w);
}

/* A loop that slept does not make up for it at once, and neither is what waited too long one burst. */
static void late_is_no_burst(void **state)
{
    (void)state;
    struct world w;
    struct rtp_pacer p;
    world_init(&w, NULL);
    rtp_pacer_init(&p, 100000, 0);
    rtc_time_t now = SECOND;
    push(&w, &p, now, RTP_PRIORITY_VIDEO, 3, 100);
    now += 300 * MS;
    size_t sent = 0, most = 0;
    for (; rtp_pacer_deadline(&p) != RTC_TIME_NEVER; now = rtp_pacer_deadline(&p) > now ? rtp_pacer_deadline(&p) : now) {
        size_t burst = 0;
        while (pop(&p, now) != 0)
            burst++;
        most = burst > most ? burst : most;
        sent += burst;
        if (rtp_pacer_deadline(&p) == RTC_TIME_NEVER)
            break;
    }
    assert_int_equal(sent, 100);
    assert_in_range(most, 1, 12);
    assert_in_range(now - SECOND, 340 * MS, 600 * MS);
    rtp_pacer_fini(&p);
    world_fini(&w);
}

/* Half a minute of sound on a path that takes a fifth of it: when the path is better, pictures do not wait until that is paid for. */
static void sound_makes_no_long_debt(void **state)
{
    (void)state;
    struct world w;
    struct rtp_pacer p;
    world_init(&w, NULL);
    rtp_pacer_init(&p, 8000, 0);
    rtp_pacer_set_rates(&p, 8000, 8000, SECOND);
    rtc_time_t now = SECOND;
    for (int i = 0; i < 1500; i++, now += 20 * MS) {
        assert_true(rtp_pacer_push(&p, now, RTP_PRIORITY_AUDIO, sized(&w, 1, 60)));
        assert_int_equal(pop(&p, now), 1);
        (void)rtp_pacer_left(&p, 38); /* what is around it */
    }
    rtp_pacer_set_rates(&p, 500000, 500000, SECOND);
    push(&w, &p, now, RTP_PRIORITY_VIDEO, 3, 1);
    assert_true(rtp_pacer_deadline(&p) <= now + 5 * MS);
    assert_int_equal(pop(&p, now + 5 * MS), 3);
    rtp_pacer_fini(&p);
    world_fini(&w);
}

static void queues_are_bounded(void **state)
{
    (void)state;
    struct world w;
    struct rtp_pacer p;
    world_init(&w, NULL);
    rtp_pacer_init(&p, 1000000, 0);
    assert_true(rtp_pacer_has_room(&p, RTP_PACER_PACKETS_MAX));
    push(&w, &p, 0, RTP_PRIORITY_VIDEO, 3, RTP_PACER_PACKETS_MAX);
    rtp_pacer_set_target(&p, 100000000);
    assert_int_equal(pop(&p, SECOND), 3);
    push(&w, &p, SECOND, RTP_PRIORITY_VIDEO, 3, 1);
    push(&w, &p, SECOND, RTP_PRIORITY_REPAIR, 2, RTP_PACER_REPAIRS_MAX);
    assert_false(rtp_pacer_has_room(&p, 1));
    assert_false(rtp_pacer_push(&p, 0, RTP_PRIORITY_VIDEO, sized(&w, 3, 100)));
    assert_false(rtp_pacer_push(&p, 0, RTP_PRIORITY_REPAIR, sized(&w, 2, 100)));
    assert_int_equal(p.dropped, 2);
    assert_true(rtp_pacer_push(&p, 0, RTP_PRIORITY_AUDIO, sized(&w, 1, 100)));
    rtp_pacer_drop(&p, 3);
    assert_int_equal(p.queues[RTP_PRIORITY_VIDEO].count, 0);
    assert_int_equal(p.queues[RTP_PRIORITY_REPAIR].count, RTP_PACER_REPAIRS_MAX);
    assert_int_equal(p.queued_bytes, (uint64_t)RTP_PACER_REPAIRS_MAX * 1200);
    rtp_pacer_drop(&p, 0); /* of an SSRC that nobody has */
    assert_int_equal(p.queues[RTP_PRIORITY_REPAIR].count, RTP_PACER_REPAIRS_MAX);
    rtp_pacer_clear(&p);
    assert_int_equal(p.queued_bytes, 0);
    assert_true(rtp_pacer_deadline(&p) == RTC_TIME_NEVER);
    world_fini(&w);
}

/* Repairs get a part of the target: at most thirty percent of it for long, a third of a second's worth at once. */
static void repairs_are_within_the_rate(void **state)
{
    (void)state;
    struct world w;
    struct rtp_pacer p;
    world_init(&w, NULL);
    rtp_pacer_init(&p, 400000, 0);
    uint32_t taken = 0;
    for (rtc_time_t now = 0; now < 10 * SECOND; now += 5 * MS) {
        taken += rtp_pacer_push(&p, now, RTP_PRIORITY_REPAIR, sized(&w, 2, 1000));
        while (pop(&p, now) != 0)
            ;
    }
    assert_in_range(taken * 8, 1200 - 20, 1200 + 120 + 10); /* kbit: 120 a second and 120 at the start */
    assert_in_range(rtp_pacer_repair_rate(&p, 10 * SECOND), 110000, 130000);
    assert_int_equal(p.dropped, 2000 - taken);
    assert_in_range(rtp_pacer_repair_rate(&p, 12 * SECOND), 0, 1000);
    assert_true(rtp_pacer_push(&p, 12 * SECOND, RTP_PRIORITY_VIDEO, sized(&w, 3, 1000)));
    rtp_pacer_fini(&p);
    world_fini(&w);
}

/* ---- Breakers ---- */

struct peer {
    struct rtp_breaker breaker;
    rtc_time_t now;
    uint32_t highest;
};

/* A second of sending `packets`, evenly, and then a report (or none) of the loss. Returns the state after it. */
static enum rtp_breaker_reason second(struct peer *p, size_t packets, bool report, bool progress, uint8_t lost, rtc_time_t round_trip)
{
    for (size_t i = 0; i < packets; i++) {
        p->now += SECOND / (rtc_time_t)packets;
        rtp_breaker_sent(&p->breaker, p->now, 1200);
    }
    if (packets == 0)
        p->now += SECOND;
    if (progress)
        p->highest += (uint32_t)packets;
    const struct rtcp_report r = {.ssrc = 1, .fraction_lost = lost, .highest_sequence = p->highest};
    if (report)
        rtp_breaker_report(&p->breaker, p->now, &r, round_trip, 33 * MS);
    return rtp_breaker_tick(&p->breaker, p->now);
}

static void a_healthy_stream_stays_closed(void **state)
{
    (void)state;
    struct peer p = {.now = SECOND};
    rtp_breaker_init(&p.breaker);
    for (int i = 0; i < 600; i++)
        assert_int_equal(second(&p, 150, true, true, i % 10 == 0 ? 26 : 0, 50 * MS), RTP_BREAKER_CLOSED);
}

static void no_reports_at_all(void **state)
{
    (void)state;
    struct peer p = {.now = SECOND};
    rtp_breaker_init(&p.breaker);
    assert_true(rtp_breaker_deadline(&p.breaker) == RTC_TIME_NEVER);
    for (int i = 0; i < 14; i++)
        assert_int_equal(second(&p, 50, false, false, 0, 0), RTP_BREAKER_CLOSED);
    assert_in_range(rtp_breaker_deadline(&p.breaker) - SECOND, 15 * SECOND, 15 * SECOND + 100 * MS);
    second(&p, 50, false, false, 0, 0);
    assert_int_equal(second(&p, 50, false, false, 0, 0), RTP_BREAKER_RTCP_TIMEOUT);
    assert_int_equal(second(&p, 50, true, true, 0, 0), RTP_BREAKER_RTCP_TIMEOUT); /* for good */
}

static void reports_that_stop(void **state)
{
    (void)state;
    struct peer p = {.now = SECOND};
    rtp_breaker_init(&p.breaker);
    for (int i = 0; i < 20; i++)
        assert_int_equal(second(&p, 50, true, true, 0, 10 * MS), RTP_BREAKER_CLOSED);
    for (int i = 0; i < 14; i++)
        assert_int_equal(second(&p, 50, false, true, 0, 0), RTP_BREAKER_CLOSED);
    assert_int_equal(second(&p, 50, false, true, 0, 0), RTP_BREAKER_RTCP_TIMEOUT);
}

/* Who sends nothing needs no reports. */
static void a_pause_is_no_timeout(void **state)
{
    (void)state;
    struct peer p = {.now = SECOND};
    rtp_breaker_init(&p.breaker);
    for (int i = 0; i < 5; i++)
        second(&p, 50, true, true, 0, 0);
    for (int i = 0; i < 60; i++)
        assert_int_equal(second(&p, 0, false, false, 0, 0), RTP_BREAKER_CLOSED);
    assert_true(rtp_breaker_deadline(&p.breaker) == RTC_TIME_NEVER);
    for (int i = 0; i < 10; i++)
        assert_int_equal(second(&p, 50, false, true, 0, 0), RTP_BREAKER_CLOSED);
    rtp_breaker_pause(&p.breaker);
    for (int i = 0; i < 10; i++)
        assert_int_equal(second(&p, 50, false, true, 0, 0), RTP_BREAKER_CLOSED);
}

static void nothing_arrives(void **state)
{
    (void)state;
    struct peer p = {.now = SECOND};
    rtp_breaker_init(&p.breaker);
    for (int i = 0; i < 20; i++)
        second(&p, 50, true, true, 0, 10 * MS);
    for (int i = 0; i < 3; i++) /* a few seconds are an outage */
        assert_int_equal(second(&p, 50, true, false, 0, 10 * MS), RTP_BREAKER_CLOSED);
    assert_int_equal(second(&p, 50, true, true, 0, 10 * MS), RTP_BREAKER_CLOSED);
    int seconds = 0;
    while (second(&p, 50, true, false, 0, 10 * MS) == RTP_BREAKER_CLOSED)
        seconds++;
    assert_int_equal(p.breaker.reason, RTP_BREAKER_MEDIA_TIMEOUT);
    assert_in_range(seconds, 4, 8);
}

static void far_more_than_tcp(void **state)
{
    (void)state;
    struct peer p = {.now = SECOND};
    rtp_breaker_init(&p.breaker);
    for (int i = 0; i < 10; i++)
        second(&p, 50, true, true, 0, 300 * MS);
    /* 1200 / (0.3 x sqrt(2/3 x 0.3)) = 8.9 kB/s is TCP's; ten times that is 75 packets/s. */
    for (int i = 0; i < 20; i++)
        assert_int_equal(second(&p, 70, true, true, 77, 300 * MS), RTP_BREAKER_CLOSED);
    int seconds = 0;
    while (second(&p, 80, true, true, 77, 300 * MS) == RTP_BREAKER_CLOSED && seconds < 60)
        seconds++;
    assert_int_equal(p.breaker.reason, RTP_BREAKER_CONGESTION);
    assert_in_range(seconds, 4, 6);
    /* Whoever takes part in it but is not to blame does not stop. */
    rtp_breaker_init(&p.breaker);
    p.breaker.excused = true;
    for (int i = 0; i < 20; i++)
        assert_int_equal(second(&p, 80, true, true, 77, 300 * MS), RTP_BREAKER_CLOSED);
}

/* ---- Cache ---- */

static void put(struct world *w, struct rtx_cache *cache, rtc_time_t now, uint16_t sequence)
{
    struct packet *packet = sized(w, sequence, 1000);
    rtx_cache_put(cache, now, sequence, packet);
    packet_free(packet);
}

/* Whether it is there, with the right contents. */
static bool take(struct rtx_cache *cache, rtc_time_t now, uint16_t sequence)
{
    const struct packet *packet = rtx_cache_take(cache, now, sequence, 0, RTX_CACHE_AGE_US);
    if (packet)
        assert_int_equal(rtp_ssrc(packet_slice(packet)), sequence);
    return packet != NULL;
}

static void cached_packets_are_found(void **state)
{
    (void)state;
    struct world w;
    struct rtx_cache *cache = NULL;
    world_init(&w, NULL);
    assert_int_equal(rtx_cache_new(w.context, &cache), RTC_OK);
    assert_false(take(cache, 0, 0));
    for (uint32_t i = 65500; i < 65600; i++)
        put(&w, cache, 0, (uint16_t)i);
    for (uint32_t i = 65500; i < 65600; i++)
        assert_true(take(cache, 0, (uint16_t)i));
    assert_false(take(cache, 0, 65499));
    assert_false(take(cache, 0, 64));
    assert_false(take(cache, 0, (uint16_t)(65500 + RTX_CACHE_PACKETS)));
    assert_false(take(cache, RTX_CACHE_AGE_US + 1, 65500));
    put(&w, cache, RTX_CACHE_AGE_US + 1, 64);
    assert_false(take(cache, RTX_CACHE_AGE_US + 1, 65500));
    assert_true(take(cache, RTX_CACHE_AGE_US + 1, 64));
    rtx_cache_free(cache);
    world_fini(&w);
}

static void the_cache_is_bounded(void **state)
{
    (void)state;
    struct world w;
    struct rtx_cache *cache = NULL;
    world_init(&w, NULL);
    assert_int_equal(rtx_cache_new(w.context, &cache), RTC_OK);
    for (uint32_t i = 0; i < 70000; i++)
        put(&w, cache, 0, (uint16_t)i);
    size_t kept = 0;
    for (uint32_t i = 70000 - RTX_CACHE_PACKETS; i < 70000; i++)
        kept += take(cache, 0, (uint16_t)i);
    assert_int_equal(kept, RTX_CACHE_PACKETS);
    assert_false(take(cache, 0, (uint16_t)(70000 - RTX_CACHE_PACKETS - 1)));
    put(&w, cache, 0, (uint16_t)(70000 + 3)); /* a gap */
    assert_true(take(cache, 0, (uint16_t)(70000 + 3)));
    assert_false(take(cache, 0, (uint16_t)(70000 + 1)));
    put(&w, cache, 0, (uint16_t)(70000 + 30000)); /* a jump */
    assert_true(take(cache, 0, (uint16_t)(70000 + 30000)));
    assert_false(take(cache, 0, (uint16_t)(70000 + 3)));
    rtx_cache_clear(cache);
    assert_false(take(cache, 0, (uint16_t)(70000 + 30000)));
    rtx_cache_free(cache);
    world_fini(&w);
}

static void resends_keep_their_distance(void **state)
{
    (void)state;
    struct world w;
    struct rtx_cache *cache = NULL;
    world_init(&w, NULL);
    assert_int_equal(rtx_cache_new(w.context, &cache), RTC_OK);
    put(&w, cache, 0, 5);
    assert_non_null(rtx_cache_take(cache, 1 * MS, 5, 40 * MS, SECOND));
    assert_null(rtx_cache_take(cache, 40 * MS, 5, 40 * MS, SECOND));
    assert_non_null(rtx_cache_take(cache, 41 * MS, 5, 40 * MS, SECOND));
    for (int i = 2; i < RTX_CACHE_RESENDS_MAX; i++)
        assert_non_null(rtx_cache_take(cache, i * 50 * MS, 5, 40 * MS, SECOND));
    assert_null(rtx_cache_take(cache, 500 * MS, 5, 40 * MS, SECOND)); /* often enough */
    put(&w, cache, 500 * MS, 6);
    assert_non_null(rtx_cache_take(cache, 1500 * MS, 6, 0, SECOND));
    assert_null(rtx_cache_take(cache, 1501 * MS, 6, 0, SECOND)); /* it would come too late */
    rtx_cache_free(cache);
    world_fini(&w);
}

/* Steady use takes nothing from the allocator; no memory loses only the copy. */
static void the_cache_does_without_allocations(void **state)
{
    (void)state;
    struct world w;
    struct rtx_cache *cache = NULL;
    world_init(&w, NULL);
    w.allocations_left = 0;
    assert_int_equal(rtx_cache_new(w.context, &cache), RTC_ERR_NO_MEMORY);
    w.allocations_left = -1;
    assert_int_equal(rtx_cache_new(w.context, &cache), RTC_OK);
    for (uint32_t i = 0; i < RTX_CACHE_PACKETS; i++)
        put(&w, cache, 0, (uint16_t)i);
    struct packet *packet = sized(&w, 5000, 1000);
    w.allocations_left = 0;
    for (uint32_t i = RTX_CACHE_PACKETS; i < 5 * RTX_CACHE_PACKETS; i++)
        rtx_cache_put(cache, 0, (uint16_t)i, packet);
    assert_non_null(rtx_cache_take(cache, 0, (uint16_t)(5 * RTX_CACHE_PACKETS - 1), 0, SECOND));
    rtx_cache_clear(cache);
    packet_pool_trim(w.pool, 0);
    rtx_cache_put(cache, 0, 9, packet);
    assert_null(rtx_cache_take(cache, 0, 9, 0, SECOND));
    packet_free(packet);
    rtx_cache_free(cache);
    rtx_cache_free(NULL);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_pacer_sleeps),
        cmocka_unit_test(audio_goes_first_and_at_once),
        cmocka_unit_test(a_keyframe_is_spread),
        cmocka_unit_test(nothing_waits_for_ever),
        cmocka_unit_test(late_is_no_burst),
        cmocka_unit_test(sound_makes_no_long_debt),
        cmocka_unit_test(queues_are_bounded),
        cmocka_unit_test(repairs_are_within_the_rate),
        cmocka_unit_test(a_healthy_stream_stays_closed),
        cmocka_unit_test(no_reports_at_all),
        cmocka_unit_test(reports_that_stop),
        cmocka_unit_test(a_pause_is_no_timeout),
        cmocka_unit_test(nothing_arrives),
        cmocka_unit_test(far_more_than_tcp),
        cmocka_unit_test(cached_packets_are_found),
        cmocka_unit_test(the_cache_is_bounded),
        cmocka_unit_test(resends_keep_their_distance),
        cmocka_unit_test(the_cache_does_without_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
