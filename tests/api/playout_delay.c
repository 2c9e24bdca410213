/* SPDX-License-Identifier: MIT */
/* The header extension playout-delay: what a sender may ask for, when it is said, and that who receives keeps to it, together with
 * jitterBufferTarget (webrtc-pc 5.3). In virtual time. */
#include "renegotiate_scene.h"

#include <string.h>

#define PLAYOUT "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

static rtc_rtp_transceiver *transceiver(struct scene *s, int index)
{
    return rtc_peer_connection_transceiver(s->p.peer[index].pc, 0);
}

static void wish(struct scene *s, rtc_rtp_direction direction)
{
    rtc_rtp_capabilities *list;
    assert_int_equal(rtc_rtp_transceiver_get_header_extensions_to_negotiate(transceiver(s, 0), &list), RTC_OK);
    for (size_t i = 0; i < list->header_extension_count; i++)
        if (strcmp(list->header_extensions[i]->uri, PLAYOUT) == 0)
            list->header_extensions[i]->direction = direction;
    assert_int_equal(rtc_rtp_transceiver_set_header_extensions_to_negotiate(
                         transceiver(s, 0), (const rtc_rtp_header_extension *const *)list->header_extensions, list->header_extension_count),
                     RTC_OK);
    rtc_rtp_capabilities_free(list);
}

static void ask(struct scene *s, uint32_t min_ms, uint32_t max_ms)
{
    const rtc_playout_delay delay = {sizeof delay, min_ms, max_ms};
    assert_int_equal(rtc_rtp_sender_set_playout_delay(rtc_rtp_transceiver_sender(transceiver(s, 0)), &delay), RTC_OK);
}

/* ---- The setter ---- */

static void what_may_be_asked_for(void **state)
{
    static const rtc_playout_delay good[] = {{sizeof good[0], 0, 0}, {sizeof good[0], 100, 100}, {sizeof good[0], 0, 40950}};
    static const rtc_playout_delay bad[] = {{sizeof bad[0], 110, 100}, {sizeof bad[0], 0, 40951}, {sizeof bad[0], UINT32_MAX, UINT32_MAX}};
    struct scene s;
    rtc_playout_delay got = {.size = sizeof got, .min_ms = 77};
    rtc_rtp_transceiver *pictures, *sound;
    (void)state;
    scene_begin(&s, 1);
    assert_int_equal(rtc_peer_connection_add_transceiver(s.p.peer[0].pc, RTC_MEDIA_VIDEO, NULL, NULL, &pictures), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_transceiver(s.p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, NULL, &sound), RTC_OK);
    rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(pictures);
    assert_false(rtc_rtp_sender_playout_delay(sender, &got));
    assert_false(rtc_rtp_sender_playout_delay(NULL, &got));
    assert_int_equal(got.min_ms, 77);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(rtc_rtp_sender_set_playout_delay(sender, &good[i]), RTC_OK);
        assert_true(rtc_rtp_sender_playout_delay(sender, &got) && rtc_rtp_sender_playout_delay(sender, NULL));
        assert_memory_equal(&got, &good[i], sizeof got);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(rtc_rtp_sender_set_playout_delay(sender, &bad[i]), RTC_ERR_RANGE);
        assert_non_null(strstr(rtc_last_error(), "0 to 40950"));
        assert_true(rtc_rtp_sender_playout_delay(sender, &got) && got.max_ms == 40950);
    }
    assert_int_equal(rtc_rtp_sender_set_playout_delay(rtc_rtp_transceiver_sender(sound), &good[0]), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(rtc_rtp_sender_set_playout_delay(sender, NULL), RTC_OK);
    assert_false(rtc_rtp_sender_playout_delay(sender, &got));
    assert_int_equal(rtc_rtp_transceiver_stop(pictures), RTC_OK);
    assert_int_equal(rtc_rtp_sender_set_playout_delay(sender, &good[1]), RTC_OK);
    rtc_peer_connection_close(s.p.peer[0].pc);
    assert_int_equal(rtc_rtp_sender_set_playout_delay(sender, &good[2]), RTC_OK);
    scene_end(&s);
}

/* ---- What comes of it ---- */

struct held {
    double delay_s, target_s, own_s, count;
};

static struct held held_now(struct scene *s)
{
    struct held h = {0};
    rtc_stats_report *report;
    assert_int_equal(rtc_rtp_receiver_get_stats(rtc_rtp_transceiver_receiver(transceiver(s, 1)), &report), RTC_OK);
    const rtc_stats *stats = rtc_stats_report_find_type(report, "inbound-rtp");
    assert_non_null(stats);
    assert_true(rtc_stats_number(stats, "jitterBufferDelay", &h.delay_s) && rtc_stats_number(stats, "jitterBufferEmittedCount", &h.count));
    assert_true(rtc_stats_number(stats, "jitterBufferTargetDelay", &h.target_s));
    assert_true(rtc_stats_number(stats, "jitterBufferMinimumDelay", &h.own_s));
    rtc_stats_report_unref(report);
    return h;
}

/* On average of the next second's pictures: held for so long, which is what is aimed at. */
static void expect_held(struct scene *s, double from_s, double to_s)
{
    struct held before = held_now(s);
    peer_run(&s->p, SECOND);
    struct held after = held_now(s);
    double count = after.count - before.count, delay = (after.delay_s - before.delay_s) / count;
    assert_true(count > 25);
    if (delay < from_s || delay > to_s)
        fail_msg("held for %.3f s, not %.3f to %.3f", delay, from_s, to_s);
    double target = (after.target_s - before.target_s) / count;
    assert_true(target >= from_s && target <= to_s + 0.02);
    assert_true((after.own_s - before.own_s) / count < 0.1); /* without what anybody asks for */
}

static void begin_call(struct scene *s, uint64_t seed, bool asked)
{
    scene_begin(s, seed);
    (void)scene_add_track(s, 0, RTC_MEDIA_VIDEO, NULL);
    if (asked)
        wish(s, RTC_DIRECTION_SENDRECV);
    peer_exchange(&s->p, 0);
}

/* From the first picture on; another one, without negotiation; and none any more. */
static void it_is_kept_to(void **state)
{
    struct scene s;
    (void)state;
    begin_call(&s, 2, true);
    ask(&s, 300, 500);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 2 * SECOND);
    expect_held(&s, 0.27, 0.32);
    ask(&s, 600, 600);
    peer_run(&s.p, 2 * SECOND);
    expect_held(&s, 0.57, 0.62);
    assert_int_equal(rtc_rtp_sender_set_playout_delay(rtc_rtp_transceiver_sender(transceiver(&s, 0)), NULL), RTC_OK);
    peer_run(&s.p, 5 * SECOND);
    expect_held(&s, 0, 0.1);
    scene_end(&s);
}

/* Nobody asked for it to be negotiated: what is set is in vain. */
static void it_is_not_negotiated(void **state)
{
    struct scene s;
    (void)state;
    begin_call(&s, 3, false);
    ask(&s, 500, 500);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 3 * SECOND);
    expect_held(&s, 0, 0.1);
    scene_end(&s);
}

/* Negotiated away it holds no longer, and negotiated again it does. */
static void it_is_negotiated_away(void **state)
{
    struct scene s;
    (void)state;
    begin_call(&s, 4, true);
    ask(&s, 500, 500);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 3 * SECOND);
    expect_held(&s, 0.47, 0.52);
    wish(&s, RTC_DIRECTION_STOPPED);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, 5 * SECOND);
    expect_held(&s, 0, 0.1);
    wish(&s, RTC_DIRECTION_SENDRECV);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, 3 * SECOND);
    expect_held(&s, 0.47, 0.52);
    scene_end(&s);
}

static void set_target(struct scene *s, double target_ms)
{
    assert_int_equal(rtc_rtp_receiver_set_jitter_buffer_target_ms(rtc_rtp_transceiver_receiver(transceiver(s, 1)), &target_ms), RTC_OK);
}

/* The longer one holds; who shows the pictures may hold them for longer than their sender wants. */
static void beside_a_target(void **state)
{
    struct scene s;
    (void)state;
    begin_call(&s, 5, true);
    ask(&s, 200, 300);
    set_target(&s, 100);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 2 * SECOND);
    expect_held(&s, 0.17, 0.22);
    set_target(&s, 250);
    peer_run(&s.p, 2 * SECOND);
    expect_held(&s, 0.22, 0.27);
    set_target(&s, 700);
    peer_run(&s.p, 3 * SECOND);
    expect_held(&s, 0.67, 0.72);
    set_target(&s, 0);
    peer_run(&s.p, 4 * SECOND);
    expect_held(&s, 0.17, 0.22);
    scene_end(&s);
}

/* On a link that trembles: 0 to 0 is shown at once, whatever the network would want. */
static void at_once(void **state)
{
    struct scene s;
    (void)state;
    begin_call(&s, 6, true);
    peer_connect(&s.p, SECOND);
    for (int i = 0; i < 2; i++)
        sim_host_link(s.p.peer[i].host)->jitter_us = 60 * MS;
    peer_run(&s.p, 10 * SECOND);
    struct held before = held_now(&s);
    peer_run(&s.p, 3 * SECOND);
    struct held shaken = held_now(&s);
    assert_true((shaken.delay_s - before.delay_s) / (shaken.count - before.count) > 0.03);
    ask(&s, 0, 0);
    peer_run(&s.p, SECOND);
    before = held_now(&s);
    peer_run(&s.p, 3 * SECOND);
    struct held after = held_now(&s);
    double count = after.count - before.count;
    assert_true(count > 80 && after.target_s == before.target_s);
    double at_once_s = (after.delay_s - before.delay_s) / count, shaken_s = (shaken.delay_s - before.delay_s) / count;
    assert_true(at_once_s < 0.02 && shaken_s != at_once_s);
    assert_true(after.own_s > before.own_s); /* what it would have been: jitterBufferMinimumDelay */
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_be_asked_for), cmocka_unit_test(it_is_kept_to),   cmocka_unit_test(it_is_not_negotiated),
        cmocka_unit_test(it_is_negotiated_away), cmocka_unit_test(beside_a_target), cmocka_unit_test(at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
