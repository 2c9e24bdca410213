/* SPDX-License-Identifier: MIT */
/* RTCRtpReceiver (webrtc-pc 5.3): who was heard (5.3.1). */
#include "renegotiate_scene.h"

static const rtc_rtp_receiver *receiver_of(struct scene *s, int index)
{
    return rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s->p.peer[index].pc, 0));
}

static void nobody_before_media(void **state)
{
    struct scene s;
    rtc_rtp_source source = {.size = sizeof source};
    (void)state;
    scene_begin(&s, 1);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 0);
    assert_false(rtc_rtp_receiver_synchronization_source(receiver_of(&s, 1), 0, &source));
    assert_false(rtc_rtp_receiver_synchronization_source(NULL, 0, &source));
    assert_false(rtc_rtp_receiver_synchronization_source(receiver_of(&s, 1), 0, NULL));
    scene_end(&s);
}

/* One SSRC while there is media and for 10 seconds after it, with the time and the timestamp of the last frame. */
static void one_source(rtc_media_kind kind)
{
    struct scene s;
    rtc_rtp_source source = {.size = sizeof source}, later = {.size = sizeof later};
    scene_begin(&s, 2);
    struct peer_pump *pump = scene_add_track(&s, 0, kind, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 2 * SECOND);
    const rtc_rtp_receiver *receiver = receiver_of(&s, 1);
    assert_true(rtc_rtp_receiver_synchronization_source(receiver, 0, &source));
    assert_false(rtc_rtp_receiver_synchronization_source(receiver, 1, &source));
    assert_false(rtc_rtp_receiver_contributing_source(receiver, 0, &source));
    assert_true(source.source != 0 && s.p.now - source.timestamp_us < 100 * MS);
    peer_run(&s.p, SECOND);
    assert_true(rtc_rtp_receiver_synchronization_source(receiver, 0, &later));
    assert_int_equal(later.source, source.source);
    assert_true(later.timestamp_us > source.timestamp_us && later.rtp_timestamp != source.rtp_timestamp);
    assert_false(later.has_audio_level); /* who sends encoded frames does not know how loud they are */
    pump->running = false;
    peer_run(&s.p, 9 * SECOND);
    assert_true(rtc_rtp_receiver_synchronization_source(receiver, 0, &later));
    peer_run(&s.p, 2 * SECOND);
    assert_false(rtc_rtp_receiver_synchronization_source(receiver, 0, &later));
    scene_end(&s);
}

static void sound_that_is_heard(void **state)
{
    (void)state;
    one_source(RTC_MEDIA_AUDIO);
}

static void pictures_that_are_seen(void **state)
{
    (void)state;
    one_source(RTC_MEDIA_VIDEO);
}

/* A program that knows less of the struct gets what it knows. */
static void an_older_struct(void **state)
{
    struct scene s;
    struct {
        rtc_rtp_source source;
    } got = {.source = {.size = offsetof(rtc_rtp_source, source), .source = 77}};
    (void)state;
    scene_begin(&s, 3);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, SECOND);
    assert_true(rtc_rtp_receiver_synchronization_source(receiver_of(&s, 1), 0, &got.source));
    assert_true(got.source.timestamp_us > 0);
    assert_int_equal(got.source.source, 77);
    rtc_peer_connection_close(s.p.peer[1].pc);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_before_media),
        cmocka_unit_test(sound_that_is_heard),
        cmocka_unit_test(pictures_that_are_seen),
        cmocka_unit_test(an_older_struct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
