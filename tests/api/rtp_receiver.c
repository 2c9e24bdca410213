/* SPDX-License-Identifier: MIT */
/* RTCRtpReceiver (webrtc-pc 5.3): its track, parameters and capabilities, who was heard (5.3.1), and how long it is held back
 * (jitterBufferTarget). */
#include "renegotiate_scene.h"

#include <math.h>
#include <string.h>

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

/* ---- jitterBufferTarget ---- */

static void set_target(struct scene *s, double target_ms)
{
    double got = -1;
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s->p.peer[1].pc, 0));
    assert_int_equal(rtc_rtp_receiver_set_jitter_buffer_target_ms(receiver, &target_ms), RTC_OK);
    assert_true(rtc_rtp_receiver_jitter_buffer_target_ms(receiver, &got) && got == target_ms);
}

/* The setter: null or 0 to 4000; what is refused changes nothing; stopped and closed receivers keep what they are told. */
static void target_is_kept(void **state)
{
    struct scene s;
    double got = 77, values[] = {500, 0, 0.5, 4000}, wrong[] = {4001, -1, -0.001, 1e9, (double)NAN, (double)INFINITY};
    rtc_rtp_transceiver *t;
    (void)state;
    scene_begin(&s, 4);
    assert_int_equal(rtc_peer_connection_add_transceiver(s.p.peer[1].pc, RTC_MEDIA_AUDIO, NULL, NULL, &t), RTC_OK);
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(t);
    assert_false(rtc_rtp_receiver_jitter_buffer_target_ms(receiver, &got));
    assert_false(rtc_rtp_receiver_jitter_buffer_target_ms(NULL, &got));
    assert_true(got == 77);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        set_target(&s, values[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(rtc_rtp_receiver_set_jitter_buffer_target_ms(receiver, &wrong[i]), RTC_ERR_RANGE);
        assert_non_null(strstr(rtc_last_error(), "0 to 4000"));
        assert_true(rtc_rtp_receiver_jitter_buffer_target_ms(receiver, &got) && got == 4000);
    }
    assert_int_equal(rtc_rtp_receiver_set_jitter_buffer_target_ms(receiver, NULL), RTC_OK);
    assert_false(rtc_rtp_receiver_jitter_buffer_target_ms(receiver, NULL));
    assert_int_equal(rtc_rtp_transceiver_stop(t), RTC_OK);
    set_target(&s, 100);
    rtc_peer_connection_close(s.p.peer[1].pc);
    assert_int_equal(rtc_rtp_receiver_set_jitter_buffer_target_ms(receiver, &values[0]), RTC_OK);
    scene_end(&s);
}

struct held {
    double delay_s, target_s, own_s, count;
};

static struct held held_now(struct scene *s)
{
    struct held h = {0};
    rtc_stats_report *report;
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s->p.peer[1].pc, 0));
    assert_int_equal(rtc_rtp_receiver_get_stats(receiver, &report), RTC_OK);
    const rtc_stats *stats = rtc_stats_report_find_type(report, "inbound-rtp");
    if (stats) {
        assert_true(rtc_stats_number(stats, "jitterBufferDelay", &h.delay_s) &&
                    rtc_stats_number(stats, "jitterBufferEmittedCount", &h.count));
        assert_true(rtc_stats_number(stats, "jitterBufferTargetDelay", &h.target_s));
        assert_true(rtc_stats_number(stats, "jitterBufferMinimumDelay", &h.own_s));
    }
    rtc_stats_report_unref(report);
    return h;
}

/* Of what was played in the next second, on average. */
static struct held held_for_a_second(struct scene *s)
{
    struct held before = held_now(s);
    peer_run(&s->p, SECOND);
    struct held after = held_now(s);
    double count = after.count - before.count;
    assert_true(count > 0);
    return (struct held){(after.delay_s - before.delay_s) / count, (after.target_s - before.target_s) / count,
                         (after.own_s - before.own_s) / count, count};
}

static void expect_held(struct scene *s, const struct peer_sink *sink, double from_s, double to_s)
{
    struct held h = held_for_a_second(s);
    if (h.delay_s < from_s || h.delay_s > to_s)
        fail_msg("held for %.3f s, not %.3f to %.3f", h.delay_s, from_s, to_s);
    assert_true((double)sink->latency / 1e6 > from_s);
    assert_true(h.own_s < 0.2); /* the network would want no more: jitterBufferMinimumDelay is without what the application asks for */
}

/* Playout goes to a higher target and comes back, and nothing is lost on the way. */
static void target_is_reached(rtc_media_kind kind)
{
    struct scene s;
    struct peer_sink sink;
    scene_begin(&s, 5);
    (void)scene_add_track(&s, 0, kind, NULL);
    peer_exchange(&s.p, 0);
    assert_int_equal(peer_sink_attach(&sink, &s.p, peer_remote_track(&s.p, 1, 0)), RTC_OK);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 3 * SECOND);
    expect_held(&s, &sink, 0, 0.1);
    set_target(&s, 1000);
    peer_run(&s.p, 4 * SECOND);
    expect_held(&s, &sink, 0.97, 1.02);
    set_target(&s, 4000);
    peer_run(&s.p, 8 * SECOND);
    expect_held(&s, &sink, 3.9, 4.02);
    set_target(&s, 0);
    peer_run(&s.p, 25 * SECOND);
    expect_held(&s, &sink, 0, 0.1);
    assert_true(sink.decodable == sink.frames && sink.out_of_order == 0);
    peer_sink_fini(&sink);
    scene_end(&s);
}

static void sound_is_held_back(void **state)
{
    (void)state;
    target_is_reached(RTC_MEDIA_AUDIO);
}

static void pictures_are_held_back(void **state)
{
    (void)state;
    target_is_reached(RTC_MEDIA_VIDEO);
}

/* Set before anything is negotiated it holds from the first frame on, and a new negotiation leaves it. */
static void target_from_the_beginning(rtc_media_kind kind)
{
    struct scene s;
    struct peer_sink sink;
    scene_begin(&s, 6);
    (void)scene_add_track(&s, 0, kind, NULL);
    (void)scene_add_track(&s, 1, kind, NULL);
    set_target(&s, 700);
    peer_exchange(&s.p, 0);
    assert_int_equal(peer_sink_attach(&sink, &s.p, peer_remote_track(&s.p, 1, 0)), RTC_OK);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 3 * SECOND);
    expect_held(&s, &sink, 0.65, 0.72);
    peer_exchange(&s.p, 0);
    expect_held(&s, &sink, 0.65, 0.72);
    peer_sink_fini(&sink);
    scene_end(&s);
}

static void sound_from_the_beginning(void **state)
{
    (void)state;
    target_from_the_beginning(RTC_MEDIA_AUDIO);
}

static void pictures_from_the_beginning(void **state)
{
    (void)state;
    target_from_the_beginning(RTC_MEDIA_VIDEO);
}

static rtc_rtp_parameters *parameters_of(struct scene *s, int index)
{
    rtc_rtp_parameters *p;
    assert_int_equal(
        rtc_rtp_receiver_get_parameters(rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s->p.peer[index].pc, 0)), &p), RTC_OK);
    return p;
}

static void expect_codecs(struct scene *s, int index, bool some)
{
    rtc_rtp_parameters *p = parameters_of(s, index);
    assert_int_equal(p->codec_count > 0, some);
    rtc_rtp_parameters_free(p);
}

/* 5.3, getParameters: codecs, extensions and rtcp of what is negotiated for receiving; nothing before, and none where nothing is received.
 */
static void parameters(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 20);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    expect_codecs(&s, 0, false);
    peer_exchange(&s.p, 0);
    rtc_rtp_parameters *p = parameters_of(&s, 1);
    assert_null(p->transaction_id);
    assert_int_equal(p->encoding_count, 0); /* those are a sender's */
    assert_string_equal(p->codecs[0]->mime_type, "video/VP8");
    assert_true(p->codecs[0]->payload_type > 0 && p->codecs[0]->clock_rate == 90000 && p->codecs[0]->channels == 0);
    assert_true(p->header_extension_count > 0 && p->rtcp_reduced_size);
    rtc_rtp_parameters_free(p);
    assert_int_equal(scene_current_direction(&s, 1, 0), RTC_DIRECTION_RECVONLY);
    expect_codecs(&s, 0, false); /* only sends */
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    peer_exchange(&s.p, 0);
    expect_codecs(&s, 1, false);
    p = parameters_of(&s, 1);
    assert_int_equal(p->header_extension_count, 0);
    rtc_rtp_parameters_free(p);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
    peer_exchange(&s.p, 0);
    expect_codecs(&s, 1, true);
    scene_end(&s);
}

/* 5.3: the track of a receiver is one object from the moment at which it is made, muted, and the program's own stop() is for good. */
static size_t codecs_of(struct scene *s, int index, size_t *extensions)
{
    rtc_rtp_parameters *p;
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s->p.peer[index].pc, 0));
    assert_int_equal(rtc_rtp_receiver_get_parameters(receiver, &p), RTC_OK);
    size_t count = p->codec_count;
    *extensions = p->header_extension_count;
    for (size_t i = 0; i < count; i++)
        assert_true(p->codecs[i]->payload_type > 0 || strcmp(p->codecs[i]->mime_type, "audio/PCMU") == 0);
    rtc_rtp_parameters_free(p);
    return count;
}

/* [[ReceiveCodecs]] (4.4.1.5): an offer negotiates nothing yet, whoever made it, as the web-platform-tests have it; what is agreed on
 * counts, even provisionally, and stays while an offer waits and when it is taken back. */
static void what_is_agreed_on_may_be_received(void **state)
{
    struct scene s;
    size_t extensions, agreed;
    rtc_rtp_transceiver_init init = {.size = sizeof init, .direction = RTC_DIRECTION_RECVONLY};
    rtc_rtp_transceiver *t, *theirs;
    (void)state;
    scene_begin(&s, 21);
    rtc_peer_connection *pc = s.p.peer[0].pc;
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &init, &t), RTC_OK);
    (void)scene_add_track(&s, 1, RTC_MEDIA_AUDIO, NULL);
    assert_int_equal(codecs_of(&s, 0, &extensions), 0);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_OFFER, NULL), RTC_OK);
    assert_int_equal(codecs_of(&s, 0, &extensions), 0);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    assert_int_equal(codecs_of(&s, 0, &extensions), 0);
    assert_int_equal(extensions, 0);

    theirs = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
    rtc_rtp_capabilities *can;
    assert_int_equal(rtc_rtp_sender_get_capabilities(s.p.context, RTC_MEDIA_AUDIO, &can), RTC_OK);
    const rtc_rtp_codec *first[] = {can->codecs[0]};
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(theirs, first, 1), RTC_OK);
    rtc_rtp_capabilities_free(can);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_OFFER, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    assert_int_equal(codecs_of(&s, 1, &extensions), 0); /* the peer's offer agrees on nothing */
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[1].pc, RTC_SDP_PRANSWER, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc, RTC_SDP_PRANSWER, peer_description(&s.p, 1)), RTC_OK);
    agreed = codecs_of(&s, 0, &extensions);
    assert_true(agreed > 0 && extensions > 0);
    assert_int_equal(codecs_of(&s, 1, &extensions), 0); /* it receives nothing */
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[1].pc, RTC_SDP_ANSWER, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    assert_int_equal(codecs_of(&s, 0, &extensions), agreed);

    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_OFFER, NULL), RTC_OK);
    assert_int_equal(codecs_of(&s, 0, &extensions), agreed);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    assert_int_equal(codecs_of(&s, 0, &extensions), agreed);
    scene_end(&s);
}

static void its_track(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 21);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    rtc_rtp_transceiver *mine = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0);
    rtc_media_stream_track *unused = rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(mine));
    assert_true(rtc_media_stream_track_muted(unused));
    assert_null(rtc_rtp_receiver_transport(rtc_rtp_transceiver_receiver(mine)));
    peer_exchange(&s.p, 0);
    assert_ptr_equal(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(mine)), unused);
    assert_non_null(rtc_rtp_receiver_transport(rtc_rtp_transceiver_receiver(mine)));
    peer_connect(&s.p, 5 * SECOND);
    scene_expect_frames(&s, 1, 0);
    assert_true(rtc_media_stream_track_muted(unused)); /* nobody sends there */
    rtc_media_stream_track *track = peer_remote_track(&s.p, 1, 0);
    assert_false(rtc_media_stream_track_muted(track));
    rtc_media_stream_track_stop(track);
    struct peer_sink sink;
    assert_int_equal(peer_sink_attach(&sink, &s.p, track), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_int_equal(sink.frames, 0);
    peer_sink_fini(&sink);
    assert_int_equal(rtc_rtp_transceiver_direction(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0)), RTC_DIRECTION_RECVONLY);
    peer_exchange(&s.p, 0);
    assert_int_equal(rtc_media_stream_track_ready_state(track), RTC_TRACK_ENDED);
    scene_end(&s);
}

/* 5.3, getCapabilities: of a kind that is none nothing is said. */
static void capabilities(void **state)
{
    rtc_rtp_capabilities *can = NULL;
    (void)state;
    assert_int_equal(rtc_rtp_receiver_get_capabilities(NULL, (rtc_media_kind)7, &can), RTC_ERR_TYPE);
    assert_null(can);
    for (int kind = RTC_MEDIA_AUDIO; kind <= RTC_MEDIA_VIDEO; kind++) {
        assert_int_equal(rtc_rtp_receiver_get_capabilities(NULL, (rtc_media_kind)kind, &can), RTC_OK);
        for (size_t i = 0; i < can->codec_count; i++) /* each combination of type and parameters once */
            for (size_t k = 0; k < i; k++)
                assert_true(strcmp(can->codecs[i]->mime_type, can->codecs[k]->mime_type) != 0 ||
                            can->codecs[i]->clock_rate != can->codecs[k]->clock_rate ||
                            strcmp(can->codecs[i]->sdp_fmtp_line ? can->codecs[i]->sdp_fmtp_line : "",
                                   can->codecs[k]->sdp_fmtp_line ? can->codecs[k]->sdp_fmtp_line : "") != 0);
        for (size_t i = 0; i < can->header_extension_count; i++)
            assert_true(strlen(can->header_extensions[i]->uri) > 0);
        rtc_rtp_capabilities_free(can);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters),
        cmocka_unit_test(what_is_agreed_on_may_be_received),
        cmocka_unit_test(its_track),
        cmocka_unit_test(capabilities),
        cmocka_unit_test(nobody_before_media),
        cmocka_unit_test(sound_that_is_heard),
        cmocka_unit_test(pictures_that_are_seen),
        cmocka_unit_test(an_older_struct),
        cmocka_unit_test(target_is_kept),
        cmocka_unit_test(sound_is_held_back),
        cmocka_unit_test(pictures_are_held_back),
        cmocka_unit_test(sound_from_the_beginning),
        cmocka_unit_test(pictures_from_the_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
