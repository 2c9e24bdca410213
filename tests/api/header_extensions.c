/* SPDX-License-Identifier: MIT */
/* RTP header extensions of a transceiver (webrtc-extensions, RTP header extension control), what two of them carry - how a picture is
 * turned, when it was captured - and their ids (RFC 8285). */
#include "renegotiate_scene.h"

#include "../scripted_media.h"

#include <stdlib.h>
#include <string.h>

#define MID "urn:ietf:params:rtp-hdrext:sdes:mid"
#define LEVEL "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
#define ORIENTATION "urn:3gpp:video-orientation"
#define PLAYOUT "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
#define CAPTURE "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"

static rtc_rtp_transceiver *transceiver(struct scene *s, int index)
{
    return rtc_peer_connection_transceiver(s->p.peer[index].pc, 0);
}

static rtc_rtp_capabilities *wanted(struct scene *s, int index)
{
    rtc_rtp_capabilities *list;
    assert_int_equal(rtc_rtp_transceiver_get_header_extensions_to_negotiate(transceiver(s, index), &list), RTC_OK);
    return list;
}

static rtc_rtp_header_extension *find(const rtc_rtp_capabilities *list, const char *uri)
{
    for (size_t i = 0; i < list->header_extension_count; i++)
        if (strcmp(list->header_extensions[i]->uri, uri) == 0)
            return list->header_extensions[i];
    return NULL;
}

static int set(struct scene *s, int index, const rtc_rtp_capabilities *list)
{
    return rtc_rtp_transceiver_set_header_extensions_to_negotiate(
        transceiver(s, index), (const rtc_rtp_header_extension *const *)list->header_extensions, list->header_extension_count);
}

static void wish(struct scene *s, int index, const char *uri, rtc_rtp_direction direction)
{
    rtc_rtp_capabilities *list = wanted(s, index);
    find(list, uri)->direction = direction;
    assert_int_equal(set(s, index, list), RTC_OK);
    rtc_rtp_capabilities_free(list);
}

static rtc_rtp_direction negotiated(struct scene *s, int index, const char *uri)
{
    rtc_rtp_capabilities *list;
    assert_int_equal(rtc_rtp_transceiver_get_negotiated_header_extensions(transceiver(s, index), &list), RTC_OK);
    rtc_rtp_direction direction = find(list, uri)->direction;
    rtc_rtp_capabilities_free(list);
    return direction;
}

/* Before anything is set or negotiated: what is offered, mid among it; what is only on request is stopped. */
static void at_the_beginning(void **state)
{
    struct scene s;
    (void)state;
    for (int kind = RTC_MEDIA_AUDIO; kind <= RTC_MEDIA_VIDEO; kind++) {
        scene_begin(&s, 1);
        (void)scene_add_track(&s, 0, (rtc_media_kind)kind, NULL);
        rtc_rtp_capabilities *list = wanted(&s, 0);
        assert_int_equal(list->codec_count, 0);
        assert_int_equal(find(list, MID)->direction, RTC_DIRECTION_SENDRECV);
        assert_int_equal(find(list, CAPTURE)->direction, RTC_DIRECTION_STOPPED);
        assert_true((find(list, PLAYOUT) != NULL) == (kind == RTC_MEDIA_VIDEO));
        assert_true(kind != RTC_MEDIA_VIDEO || find(list, PLAYOUT)->direction == RTC_DIRECTION_STOPPED);
        assert_true((find(list, LEVEL) != NULL) == (kind == RTC_MEDIA_AUDIO));
        assert_true((find(list, ORIENTATION) != NULL) == (kind == RTC_MEDIA_VIDEO));
        for (size_t i = 0; i < list->header_extension_count; i++)
            assert_int_equal(negotiated(&s, 0, list->header_extensions[i]->uri), RTC_DIRECTION_STOPPED);
        rtc_rtp_capabilities_free(list);
        scene_end(&s);
    }
}

/* The setter's steps; what is refused changes nothing. */
static void refusals(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 2);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    rtc_rtp_capabilities *list = wanted(&s, 0);
    rtc_rtp_header_extension *mid = find(list, MID), *first = list->header_extensions[0], kept = *first;
    mid->direction = RTC_DIRECTION_SENDONLY;
    assert_int_equal(set(&s, 0, list), RTC_ERR_INVALID_MODIFICATION);
    assert_non_null(strstr(rtc_last_error(), "always sendrecv"));
    mid->direction = RTC_DIRECTION_SENDRECV;
    first->uri = "";
    assert_int_equal(set(&s, 0, list), RTC_ERR_TYPE);
    first->uri = "urn:odd";
    assert_int_equal(set(&s, 0, list), RTC_ERR_INVALID_MODIFICATION);
    assert_non_null(strstr(rtc_last_error(), "urn:odd"));
    *first = kept;
    first->direction = (rtc_rtp_direction)9;
    assert_int_equal(set(&s, 0, list), RTC_ERR_TYPE);
    first->direction = RTC_DIRECTION_STOPPED;
    list->header_extension_count--;
    assert_int_equal(set(&s, 0, list), RTC_ERR_INVALID_MODIFICATION);
    list->header_extension_count++;
    rtc_rtp_capabilities *again = wanted(&s, 0);
    assert_int_equal(again->header_extensions[0]->direction, kept.direction);
    rtc_rtp_capabilities_free(again);
    rtc_peer_connection_close(s.p.peer[0].pc);
    rtc_rtp_capabilities_free(list);
    scene_end(&s);
}

/* What is stopped is not offered, not answered, and offered again once it is not; other directions stand in the description. */
static void offers_and_answers(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 3);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    wish(&s, 0, ORIENTATION, RTC_DIRECTION_STOPPED);
    peer_exchange(&s.p, 0);
    assert_null(strstr(peer_description(&s.p, 0), ORIENTATION));
    assert_int_equal(negotiated(&s, 0, ORIENTATION), RTC_DIRECTION_STOPPED);
    assert_int_equal(negotiated(&s, 1, MID), RTC_DIRECTION_SENDRECV);
    peer_exchange(&s.p, 1); /* who did not stop it offers it, and is refused */
    assert_non_null(strstr(peer_description(&s.p, 1), ORIENTATION));
    assert_int_equal(negotiated(&s, 1, ORIENTATION), RTC_DIRECTION_STOPPED);
    wish(&s, 0, ORIENTATION, RTC_DIRECTION_SENDONLY);
    peer_exchange(&s.p, 0);
    assert_non_null(strstr(peer_description(&s.p, 0), "/sendonly " ORIENTATION));
    assert_int_equal(negotiated(&s, 0, ORIENTATION), RTC_DIRECTION_SENDONLY);
    assert_int_equal(negotiated(&s, 1, ORIENTATION), RTC_DIRECTION_RECVONLY);
    scene_end(&s);
}

/* What only the peer named had no meaning: another offer may give the id one. */
static void an_id_that_nobody_used(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 5);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    char *odd = text_replace(peer_description(&s.p, 0), LEVEL, "urn:x:nobody");
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, odd), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    peer_exchange(&s.p, 0);
    assert_int_equal(rtc_peer_connection_signaling_state(s.p.peer[1].pc), RTC_SIGNALING_STABLE);
    assert_int_equal(negotiated(&s, 1, LEVEL), RTC_DIRECTION_SENDRECV);
    free(odd);
    scene_end(&s);
}

/* RFC 8285 section 5: an id keeps its meaning. */
static void an_id_for_another(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 4);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 0);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    char *odd = text_replace(peer_description(&s.p, 0), LEVEL, "xyzzy"), *half = text_replace(odd, MID, LEVEL),
         *offer = text_replace(half, "xyzzy", MID);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, offer), RTC_ERR_INVALID_ACCESS);
    assert_non_null(strstr(rtc_last_error(), MID));
    assert_int_equal(rtc_peer_connection_signaling_state(s.p.peer[1].pc), RTC_SIGNALING_STABLE);
    free(odd);
    free(half);
    free(offer);
    scene_end(&s);
}

/* Ids over 14 without extmap-allow-mixed: every packet is in the two-byte form, and understood. */
static void two_byte_form(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 5);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    (void)scene_add_track(&s, 1, RTC_MEDIA_AUDIO, NULL);
    char *offer = scene_gathered_offer(&s), *plain = text_without_lines(offer, "a=extmap-allow-mixed"),
         *high = text_replace(plain, "a=extmap:4 ", "a=extmap:16 ");
    free(offer);
    free(plain);
    scene_exchange_changed(&s, high);
    assert_non_null(strstr(peer_description(&s.p, 1), "a=extmap:16 " MID));
    peer_connect(&s.p, SECOND);
    scene_expect_frames(&s, 0, 0);
    scene_expect_frames(&s, 1, 0);
    scene_end(&s);
}

/* ---- abs-capture-time ---- */

static bool capture_of(struct scene *s, rtc_rtp_source *out)
{
    *out = (rtc_rtp_source){.size = sizeof *out};
    assert_true(rtc_rtp_receiver_synchronization_source(rtc_rtp_transceiver_receiver(transceiver(s, 1)), 0, out));
    return out->has_capture_timestamp;
}

/* captureTimestamp and senderCaptureTimeOffset: when it was negotiated; they go on as the media do. */
static void captured(rtc_media_kind kind, bool asked)
{
    struct scene s;
    rtc_rtp_source one, other;
    scene_begin(&s, 6);
    (void)scene_add_track(&s, 0, kind, NULL);
    if (asked)
        wish(&s, 0, CAPTURE, RTC_DIRECTION_SENDRECV);
    peer_exchange(&s.p, 0);
    assert_int_equal(negotiated(&s, 1, CAPTURE), asked ? RTC_DIRECTION_SENDRECV : RTC_DIRECTION_STOPPED);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 2 * SECOND);
    assert_int_equal(capture_of(&s, &one), asked);
    assert_int_equal(one.has_sender_capture_time_offset, asked);
    assert_true(one.sender_capture_time_offset_ms == 0);
    peer_run(&s.p, SECOND);
    assert_int_equal(capture_of(&s, &other), asked);
    double passed = other.capture_timestamp_ms - one.capture_timestamp_ms, clock = kind == RTC_MEDIA_AUDIO ? 48 : 90,
           media = (double)(other.rtp_timestamp - one.rtp_timestamp) / clock;
    if (asked && (passed < media - 1 || passed > media + 1))
        fail_msg("%.3f ms of capture, %.3f ms of media", passed, media);
    scene_end(&s);
}

static void when_it_was_captured(void **state)
{
    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        captured(RTC_MEDIA_AUDIO, asked);
        captured(RTC_MEDIA_VIDEO, asked);
    }
}

/* ---- video-orientation ---- */

struct turned {
    uint64_t frames;
    uint32_t rotation;
};

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    struct turned *t = user;
    t->frames++;
    t->rotation = rtc_encoded_frame_rotation(frame);
}

/* A picture that is to be turned so; how it arrives. */
static uint32_t send_turned(struct scene *s, rtc_media_source *source, const struct turned *seen, uint32_t serial, uint32_t rotation)
{
    rtc_encoded_frame *made = scripted_video(s->p.context, serial, s->p.now, serial == 0, 5000), *frame;
    const rtc_encoded_frame_options options = {.size = sizeof options,
                                               .kind = RTC_MEDIA_VIDEO,
                                               .codec = "VP8",
                                               .data = rtc_encoded_frame_data(made),
                                               .data_len = rtc_encoded_frame_len(made),
                                               .keyframe = serial == 0,
                                               .rtp_timestamp = rtc_encoded_frame_rtp_timestamp(made),
                                               .capture_time_us = s->p.now,
                                               .rotation = rotation};
    uint64_t before = seen->frames;
    assert_int_equal(rtc_encoded_frame_new(s->p.context, &options, &frame), RTC_OK);
    assert_int_equal(rtc_media_source_push_encoded(source, frame), RTC_OK);
    rtc_encoded_frame_unref(made);
    rtc_encoded_frame_unref(frame);
    peer_run(&s->p, 500 * MS);
    assert_int_equal(seen->frames, before + 1);
    return seen->rotation;
}

static void how_it_is_turned(void **state)
{
    static const uint32_t rotations[] = {0, 90, 90, 0, 270, 180, 0, 0};
    (void)state;
    for (int stopped = 0; stopped < 2; stopped++) {
        struct scene s;
        struct turned seen = {0};
        rtc_media_sink *sink;
        const rtc_media_sink_ops ops = {.size = sizeof ops, .on_encoded = on_encoded};
        scene_begin(&s, 7);
        struct peer_pump *pump = scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
        pump->running = false;
        if (stopped)
            wish(&s, 0, ORIENTATION, RTC_DIRECTION_STOPPED);
        peer_exchange(&s.p, 0);
        rtc_media_stream_track *track = peer_remote_track(&s.p, 1, 0);
        assert_int_equal(rtc_media_stream_track_add_sink(track, &ops, &seen, &sink), RTC_OK);
        peer_connect(&s.p, SECOND);
        for (uint32_t i = 0; i < sizeof rotations / sizeof rotations[0]; i++)
            assert_int_equal(send_turned(&s, pump->source, &seen, i, rotations[i]), stopped ? 0 : rotations[i]);
        rtc_media_stream_track_remove_sink(track, sink);
        scene_end(&s);
    }
}

/* Nobody says any more how pictures stand: what was said before holds no longer. */
static void how_it_is_turned_no_longer(void **state)
{
    struct scene s;
    struct turned seen = {0};
    rtc_media_sink *sink;
    const rtc_media_sink_ops ops = {.size = sizeof ops, .on_encoded = on_encoded};
    (void)state;
    scene_begin(&s, 8);
    struct peer_pump *pump = scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    pump->running = false;
    peer_exchange(&s.p, 0);
    assert_int_equal(rtc_media_stream_track_add_sink(peer_remote_track(&s.p, 1, 0), &ops, &seen, &sink), RTC_OK);
    peer_connect(&s.p, SECOND);
    assert_int_equal(send_turned(&s, pump->source, &seen, 0, 90), 90);
    wish(&s, 0, ORIENTATION, RTC_DIRECTION_STOPPED);
    peer_exchange(&s.p, 0);
    assert_int_equal(send_turned(&s, pump->source, &seen, 1, 90), 0);
    wish(&s, 0, ORIENTATION, RTC_DIRECTION_SENDRECV);
    peer_exchange(&s.p, 0);
    assert_int_equal(send_turned(&s, pump->source, &seen, 2, 90), 90);
    rtc_media_stream_track_remove_sink(peer_remote_track(&s.p, 1, 0), sink);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_the_beginning),       cmocka_unit_test(refusals),          cmocka_unit_test(offers_and_answers),
        cmocka_unit_test(an_id_that_nobody_used), cmocka_unit_test(an_id_for_another), cmocka_unit_test(two_byte_form),
        cmocka_unit_test(when_it_was_captured),   cmocka_unit_test(how_it_is_turned),  cmocka_unit_test(how_it_is_turned_no_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
