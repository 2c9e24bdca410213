/* SPDX-License-Identifier: MIT */
/* RTCRtpSender (webrtc-pc 5.2): parameters and what they do, sendEncodings of addTransceiver (5.1), capabilities, replaceTrack and
 * setStreams.
 */
#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

static rtc_rtp_sender *sender_of(struct scene *s, rtc_media_kind kind, rtc_rtp_encoding_parameters *const *encodings, size_t count)
{
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = encodings, .send_encoding_count = count};
    rtc_rtp_transceiver *t;
    assert_int_equal(rtc_peer_connection_add_transceiver(s->p.peer[0].pc, kind, NULL, &init, &t), RTC_OK);
    return rtc_rtp_transceiver_sender(t);
}

static int refused(struct scene *s, rtc_media_kind kind, rtc_rtp_encoding_parameters *const *encodings, size_t count)
{
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = encodings, .send_encoding_count = count};
    size_t before = rtc_peer_connection_transceiver_count(s->p.peer[0].pc);
    int error = rtc_peer_connection_add_transceiver(s->p.peer[0].pc, kind, NULL, &init, NULL);
    assert_int_equal(rtc_peer_connection_transceiver_count(s->p.peer[0].pc), before);
    return error;
}

static rtc_rtp_parameters *parameters_of(rtc_rtp_sender *sender)
{
    rtc_rtp_parameters *p;
    assert_int_equal(rtc_rtp_sender_get_parameters(sender, &p), RTC_OK);
    return p;
}

/* 5.2, create an RTCRtpSender: one encoding that says nothing but that it is active. */
static void defaults(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 1);
    for (int kind = RTC_MEDIA_AUDIO; kind <= RTC_MEDIA_VIDEO; kind++) {
        rtc_rtp_parameters *p = parameters_of(sender_of(&s, (rtc_media_kind)kind, NULL, 0));
        const rtc_rtp_encoding_parameters *e = p->encodings[0];
        assert_int_equal(p->encoding_count, 1);
        assert_true(!e->rid && !e->inactive && !e->has_max_bitrate && !e->has_max_framerate && !e->codec);
        assert_int_equal(e->has_scale_resolution_down_by, kind == RTC_MEDIA_VIDEO);
        assert_true(e->scale_resolution_down_by == (kind == RTC_MEDIA_VIDEO ? 1 : 0));
        assert_true(strlen(p->transaction_id) > 0 && strlen(p->rtcp_cname) > 0);
        assert_int_equal(p->codec_count + p->header_extension_count, 0); /* not negotiated yet */
        rtc_rtp_parameters_free(p);
    }
    scene_end(&s);
}

/* 5.1, addTransceiver: rids, scales and ranges. */
static void send_encodings(void **state)
{
    struct scene s;
    rtc_rtp_encoding_parameters a = {.size = sizeof a, .rid = "foo"}, b = {.size = sizeof b, .rid = "bar"}, c[6], *two[] = {&a, &b},
                                *six[6];
    (void)state;
    scene_begin(&s, 2);
    rtc_rtp_parameters *p = parameters_of(sender_of(&s, RTC_MEDIA_VIDEO, two, 2));
    assert_int_equal(p->encoding_count, 2);
    assert_string_equal(p->encodings[1]->rid, "bar");
    assert_true(p->encodings[0]->scale_resolution_down_by == 2 && p->encodings[1]->scale_resolution_down_by == 1);
    rtc_rtp_parameters_free(p);
    b.scale_resolution_down_by = 3;
    p = parameters_of(sender_of(&s, RTC_MEDIA_VIDEO, two, 2));
    assert_true(p->encodings[0]->scale_resolution_down_by == 1 && p->encodings[1]->scale_resolution_down_by == 3);
    rtc_rtp_parameters_free(p);
    p = parameters_of(sender_of(&s, RTC_MEDIA_AUDIO, two, 2)); /* sound has one, and no scale, however wrong */
    assert_true(p->encoding_count == 1 && !p->encodings[0]->rid && !p->encodings[0]->has_scale_resolution_down_by);
    rtc_rtp_parameters_free(p);
    for (int i = 0; i < 6; i++) {
        static const char *const rids[] = {"0", "1", "2", "3", "4", "5"};
        c[i] = (rtc_rtp_encoding_parameters){.size = sizeof c[i], .rid = rids[i]};
        six[i] = &c[i];
    }
    p = parameters_of(sender_of(&s, RTC_MEDIA_VIDEO, six, 6)); /* more than can be sent are cut */
    assert_int_equal(p->encoding_count, 4);
    rtc_rtp_parameters_free(p);
    static const char *const wrong[] = {"", "!?", "foo-bar", "foo_bar", "aaaaaaaaaaaaaaaaa", "f\xc3\xb6"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        a.rid = wrong[i];
        assert_int_equal(refused(&s, RTC_MEDIA_VIDEO, two, 1), RTC_ERR_TYPE);
    }
    a.rid = "bar"; /* twice */
    assert_int_equal(refused(&s, RTC_MEDIA_VIDEO, two, 2), RTC_ERR_TYPE);
    a.rid = NULL; /* one of two has none */
    assert_int_equal(refused(&s, RTC_MEDIA_VIDEO, two, 2), RTC_ERR_TYPE);
    b.rid = NULL; /* both have none: they get some */
    p = parameters_of(sender_of(&s, RTC_MEDIA_VIDEO, two, 2));
    assert_true(strcmp(p->encodings[0]->rid, "0") == 0 && strcmp(p->encodings[1]->rid, "1") == 0);
    rtc_rtp_parameters_free(p);
    for (int i = -1; i < 2; i++) {
        a = (rtc_rtp_encoding_parameters){.size = sizeof a, .has_scale_resolution_down_by = true, .scale_resolution_down_by = i * 0.5};
        assert_int_equal(refused(&s, RTC_MEDIA_VIDEO, two, 1), RTC_ERR_RANGE);
    }
    a = (rtc_rtp_encoding_parameters){.size = sizeof a, .max_framerate = -1};
    assert_int_equal(refused(&s, RTC_MEDIA_VIDEO, two, 1), RTC_ERR_RANGE);
    const rtc_rtp_codec odd = {.size = sizeof odd, .mime_type = "video/odd", .clock_rate = 90000};
    a = (rtc_rtp_encoding_parameters){.size = sizeof a, .codec = &odd};
    assert_int_equal(refused(&s, RTC_MEDIA_VIDEO, two, 1), RTC_ERR_OPERATION);
    scene_end(&s);
}

/* 5.2, getParameters and setParameters: a transaction lasts until events are dispatched. */
static void transactions(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 3);
    rtc_rtp_sender *sender = sender_of(&s, RTC_MEDIA_VIDEO, NULL, 0);
    rtc_rtp_parameters *first = parameters_of(sender), *second = parameters_of(sender);
    assert_string_equal(first->transaction_id, second->transaction_id);
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, first), RTC_OK);
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, second), RTC_OK);
    peer_run(&s.p, MS);
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, first), RTC_ERR_INVALID_STATE);
    rtc_rtp_parameters *third = parameters_of(sender);
    assert_string_not_equal(first->transaction_id, third->transaction_id);
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, first), RTC_ERR_INVALID_MODIFICATION);
    third->transaction_id = NULL;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, third), RTC_ERR_TYPE);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0)), RTC_OK);
    rtc_rtp_parameters *stopped = parameters_of(sender);
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, stopped), RTC_ERR_INVALID_STATE);
    rtc_rtp_parameters_free(first);
    rtc_rtp_parameters_free(second);
    rtc_rtp_parameters_free(third);
    rtc_rtp_parameters_free(stopped);
    scene_end(&s);
}

/* 4.4.1.5: an answer of ours ends the transaction, one of the peer's does not. */
static void an_answer_ends_the_transaction(void **state)
{
    struct scene s;
    const char *sdp;
    (void)state;
    scene_begin(&s, 4);
    rtc_rtp_sender *sender[2] = {sender_of(&s, RTC_MEDIA_VIDEO, NULL, 0), NULL};
    assert_int_equal(rtc_peer_connection_create_offer(s.p.peer[0].pc, &sdp), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_OFFER, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    sender[1] = rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0));
    rtc_rtp_parameters *first = parameters_of(sender[0]), *second = parameters_of(sender[1]);
    assert_int_equal(rtc_peer_connection_create_answer(s.p.peer[1].pc, &sdp), RTC_OK);
    assert_int_equal(rtc_rtp_sender_set_parameters(sender[1], second), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[1].pc, RTC_SDP_ANSWER, NULL), RTC_OK);
    assert_int_equal(rtc_rtp_sender_set_parameters(sender[1], second), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    assert_int_not_equal(rtc_rtp_sender_set_parameters(sender[0], first), RTC_ERR_INVALID_STATE);
    rtc_rtp_parameters *again = parameters_of(sender[1]);
    assert_string_not_equal(again->transaction_id, second->transaction_id);
    assert_int_equal(rtc_rtp_sender_set_parameters(sender[1], again), RTC_OK);
    rtc_rtp_parameters_free(first);
    rtc_rtp_parameters_free(second);
    rtc_rtp_parameters_free(again);
    scene_end(&s);
}

/* What may not be changed is refused, and nothing has changed then; what may is there when it is read again. */
static void changes(void **state)
{
    struct scene s;
    rtc_rtp_encoding_parameters a = {.size = sizeof a, .rid = "foo"}, b = {.size = sizeof b, .rid = "bar"}, *two[] = {&a, &b}, *turned[2];
    (void)state;
    scene_begin(&s, 4);
    rtc_rtp_sender *sender = sender_of(&s, RTC_MEDIA_VIDEO, two, 2);
    rtc_rtp_parameters *p = parameters_of(sender);
    rtc_rtp_parameters given = *p;
    given.encoding_count = 1;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, &given), RTC_ERR_INVALID_MODIFICATION);
    turned[0] = p->encodings[1];
    turned[1] = p->encodings[0];
    given = *p;
    given.encodings = turned;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, &given), RTC_ERR_INVALID_MODIFICATION);
    given = *p;
    given.rtcp_cname = "other";
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, &given), RTC_ERR_INVALID_MODIFICATION);
    given = *p;
    given.rtcp_reduced_size = true;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, &given), RTC_ERR_INVALID_MODIFICATION);
    p->encodings[0]->max_bitrate_bps = 77;
    p->encodings[1]->scale_resolution_down_by = 0.5;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, p), RTC_ERR_RANGE);
    rtc_rtp_parameters_free(p);
    p = parameters_of(sender);
    assert_false(p->encodings[0]->has_max_bitrate);
    p->encodings[0]->inactive = true;
    p->encodings[0]->max_bitrate_bps = 100000;
    p->encodings[0]->has_max_framerate = true;
    p->encodings[0]->priority = RTC_PRIORITY_HIGH;
    p->encodings[1]->scale_resolution_down_by = 0; /* left out: 1 */
    p->encodings[1]->has_scale_resolution_down_by = false;
    p->degradation_preference = RTC_DEGRADATION_MAINTAIN_RESOLUTION;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, p), RTC_OK);
    rtc_rtp_parameters_free(p);
    p = parameters_of(sender);
    assert_true(p->encodings[0]->inactive && p->encodings[0]->max_bitrate_bps == 100000 && p->encodings[0]->has_max_framerate);
    assert_true(p->encodings[0]->max_framerate == 0 && p->encodings[0]->priority == RTC_PRIORITY_HIGH);
    assert_true(p->encodings[1]->scale_resolution_down_by == 1 && !p->encodings[1]->inactive);
    assert_true(p->has_degradation_preference && p->degradation_preference == RTC_DEGRADATION_MAINTAIN_RESOLUTION);
    rtc_rtp_parameters_free(p);
    scene_end(&s);
}

static bool has_codec(const rtc_rtp_parameters *p, const char *mime_type)
{
    for (size_t i = 0; i < p->codec_count; i++)
        if (strcmp(p->codecs[i]->mime_type, mime_type) == 0)
            return p->codecs[i]->payload_type > 0;
    return false;
}

/* After a negotiation codecs, header extensions and reduced size are those that were agreed on, of sender and receiver. */
static void negotiated(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    (void)state;
    scene_begin(&s, 5);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, &sender);
    peer_exchange(&s.p, 0);
    rtc_rtp_parameters *sent = parameters_of(sender), *received;
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0));
    assert_int_equal(rtc_rtp_receiver_get_parameters(receiver, &received), RTC_OK);
    assert_true(has_codec(sent, "video/VP8") && has_codec(sent, "video/rtx") && has_codec(received, "video/VP8"));
    assert_true(sent->header_extension_count > 0 && received->header_extension_count == sent->header_extension_count);
    assert_true(sent->rtcp_reduced_size && received->rtcp_reduced_size && !received->transaction_id && received->encoding_count == 0);
    const rtc_rtp_codec *vp8 = sent->codecs[0];
    sent->encodings[0]->codec = vp8;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, sent), RTC_OK);
    sent->codecs[0]->clock_rate = 1;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, sent), RTC_ERR_INVALID_MODIFICATION);
    rtc_rtp_parameters_free(sent);
    sent = parameters_of(sender);
    assert_string_equal(sent->encodings[0]->codec->mime_type, "video/VP8");
    rtc_rtp_parameters_free(sent);
    rtc_rtp_parameters_free(received);
    scene_end(&s);
}

static void set_inactive(rtc_rtp_sender *sender, bool inactive)
{
    rtc_rtp_parameters *p = parameters_of(sender);
    p->encodings[0]->inactive = inactive;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, p), RTC_OK);
    rtc_rtp_parameters_free(p);
}

/* active: nothing is sent, without a negotiation, until it is again; video goes on with a keyframe. */
static void inactive(void **state)
{
    (void)state;
    for (int kind = RTC_MEDIA_AUDIO; kind <= RTC_MEDIA_VIDEO; kind++) {
        struct scene s;
        rtc_rtp_sender *sender;
        scene_begin(&s, 6);
        (void)scene_add_track(&s, 0, (rtc_media_kind)kind, &sender);
        set_inactive(sender, true);
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, SECOND);
        scene_expect_no_frames(&s, 1, 0);
        set_inactive(sender, false);
        scene_expect_frames(&s, 1, 0);
        set_inactive(sender, true);
        peer_run(&s.p, SECOND);
        scene_expect_no_frames(&s, 1, 0);
        set_inactive(sender, false);
        peer_run(&s.p, SECOND / 2);
        scene_expect_frames(&s, 1, 0);
        assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
        scene_end(&s);
    }
}

/* webrtc-extensions 4.1 and 4.2: both sides or none, and all active encodings or none. */
static void extensions_of_encodings(void **state)
{
    struct scene s;
    rtc_rtp_encoding_parameters a = {.size = sizeof a, .has_scale_resolution_down_to = true}, b = {.size = sizeof b}, *two[] = {&a, &b};
    (void)state;
    scene_begin(&s, 9);
    assert_int_equal(refused(&s, RTC_MEDIA_VIDEO, two, 1), RTC_ERR_OPERATION);
    a.scale_resolution_down_to_max_width = 120;
    assert_int_equal(refused(&s, RTC_MEDIA_VIDEO, two, 1), RTC_ERR_OPERATION);
    a.scale_resolution_down_to_max_height = 60;
    assert_int_equal(refused(&s, RTC_MEDIA_VIDEO, two, 2), RTC_ERR_OPERATION);
    b.inactive = true;
    rtc_rtp_sender *sender = sender_of(&s, RTC_MEDIA_VIDEO, two, 2);
    rtc_rtp_parameters *p = parameters_of(sender);
    assert_int_equal(p->encodings[0]->scale_resolution_down_to_max_width, 120);
    assert_true(p->encodings[0]->has_scale_resolution_down_to && !p->encodings[1]->has_scale_resolution_down_to);
    p->encodings[1]->inactive = false;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, p), RTC_ERR_INVALID_MODIFICATION);
    p->encodings[0]->scale_resolution_down_to_max_width = 0;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, p), RTC_ERR_INVALID_MODIFICATION);
    p->encodings[0]->has_scale_resolution_down_to = false;
    p->encodings[0]->scale_resolution_down_to_max_height = 0;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, p), RTC_OK);
    rtc_rtp_parameters_free(p);
    a = (rtc_rtp_encoding_parameters){.size = sizeof a, .adaptive_ptime = true, .scale_resolution_down_to_max_width = 1};
    p = parameters_of(sender_of(&s, RTC_MEDIA_AUDIO, two, 1)); /* sound has no size, however wrong */
    assert_true(p->encodings[0]->adaptive_ptime && !p->encodings[0]->has_scale_resolution_down_to);
    rtc_rtp_parameters_free(p);
    scene_end(&s);
}

/* webrtc-extensions 4.3: as many as there are encodings, or none. What a keyframe takes is seen where encoders are (encodings.c). */
static void set_parameter_options(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 10);
    rtc_rtp_sender *sender = sender_of(&s, RTC_MEDIA_VIDEO, NULL, 0);
    rtc_rtp_parameters *p = parameters_of(sender);
    const rtc_encoding_options key = {.size = sizeof key, .key_frame = true}, unsized = {0}, *two[] = {&key, &key}, *bad[] = {&unsized};
    rtc_set_parameter_options options = {.size = sizeof options, .encoding_options = two, .encoding_option_count = 2};
    assert_int_equal(rtc_rtp_sender_set_parameters_with(sender, p, &options), RTC_ERR_INVALID_MODIFICATION);
    options.encoding_option_count = 1;
    assert_int_equal(rtc_rtp_sender_set_parameters_with(sender, p, &options), RTC_OK);
    options.encoding_options = bad;
    assert_int_equal(rtc_rtp_sender_set_parameters_with(sender, p, &options), RTC_ERR_TYPE);
    options.encoding_options = NULL;
    assert_int_equal(rtc_rtp_sender_set_parameters_with(sender, p, &options), RTC_ERR_TYPE);
    options.encoding_option_count = 0;
    assert_int_equal(rtc_rtp_sender_set_parameters_with(sender, p, &options), RTC_OK);
    assert_int_equal(rtc_rtp_sender_set_parameters_with(sender, p, NULL), RTC_OK);
    assert_int_equal(rtc_rtp_sender_set_parameters_with(NULL, p, NULL), RTC_ERR_TYPE);
    rtc_rtp_parameters_free(p);
    scene_end(&s);
}

/* A track that two senders send: each section has an a=msid of its own, which the peer takes. */
static void one_track_of_two_senders(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 11);
    struct peer_pump *pump = scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    assert_int_equal(rtc_peer_connection_add_transceiver(s.p.peer[0].pc, RTC_MEDIA_VIDEO, pump->track, NULL, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, MS);
    assert_int_equal(text_count(peer_description(&s.p, 0), "a=msid:"), 2);
    assert_int_equal(text_count(peer_description(&s.p, 0), rtc_media_stream_track_id(pump->track)), 1);
    assert_int_equal(peer_log_count(&s.log[1], "track"), 2);
    peer_connect(&s.p, 5 * SECOND);
    scene_expect_frames(&s, 1, 0);
    scene_expect_frames(&s, 1, 1);
    scene_end(&s);
}

/* 5.2, getCapabilities: codecs without numbers, repair among them, and header extensions. */
static void capabilities(void **state)
{
    (void)state;
    for (int kind = RTC_MEDIA_AUDIO; kind <= RTC_MEDIA_VIDEO; kind++) {
        rtc_rtp_capabilities *sent, *received;
        assert_int_equal(rtc_rtp_sender_get_capabilities(NULL, (rtc_media_kind)kind, &sent), RTC_OK);
        assert_int_equal(rtc_rtp_receiver_get_capabilities(NULL, (rtc_media_kind)kind, &received), RTC_OK);
        /* Some can only be received. */
        assert_true(sent->codec_count > 0 && sent->codec_count <= received->codec_count && sent->header_extension_count > 0);
        bool rtx = false;
        for (size_t i = 0; i < sent->codec_count; i++) {
            const rtc_rtp_codec *c = sent->codecs[i];
            assert_string_not_equal(c->mime_type, "video/flexfec-03"); /* an offer that sends has it on request alone */
            assert_int_equal(strncmp(c->mime_type, kind == RTC_MEDIA_AUDIO ? "audio/" : "video/", 6), 0);
            assert_true(c->clock_rate > 0 && c->payload_type == 0 && (c->channels > 0) == (kind == RTC_MEDIA_AUDIO));
            rtx = rtx || strcmp(c->mime_type, "video/rtx") == 0;
        }
        assert_int_equal(rtx, kind == RTC_MEDIA_VIDEO);
        rtc_rtp_capabilities_free(sent);
        rtc_rtp_capabilities_free(received);
    }
}

/* setStreams: negotiation is needed, and the peer's track moves; each stream counts once. */
static void streams(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    rtc_media_stream *a, *b;
    (void)state;
    scene_begin(&s, 8);
    assert_int_equal(rtc_media_stream_new(s.p.context, "a", &a), RTC_OK);
    assert_int_equal(rtc_media_stream_new(s.p.context, "b", &b), RTC_OK);
    rtc_media_stream *both[] = {a, b, a};
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, &sender);
    rtc_rtp_sender_ref(sender); /* it outlives its place in the connection */
    peer_exchange(&s.p, 0);
    peer_run(&s.p, MS);
    scene_forget_logs(&s);
    assert_int_equal(rtc_rtp_sender_set_streams(sender, both, 3), RTC_OK);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, MS);
    assert_int_equal(text_count(peer_description(&s.p, 0), "a=msid:a ") + text_count(peer_description(&s.p, 0), "a=msid:b "), 2);
    assert_int_equal(peer_log_count(&s.log[1], "track"), 1);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0)), RTC_OK);
    assert_int_equal(rtc_rtp_sender_set_streams(sender, both, 1), RTC_OK); /* of one that is stopped it is no error */
    peer_exchange(&s.p, 0);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[0].pc), 0);
    assert_int_equal(rtc_rtp_sender_set_streams(sender, both, 1), RTC_OK); /* nor of one that has left */
    rtc_rtp_sender_unref(sender);
    rtc_media_stream_unref(a);
    rtc_media_stream_unref(b);
    scene_end(&s);
}

/* 5.2, replaceTrack: the kind first, whatever the state; nothing is negotiated, and what the peer shows stays one track. */
static void replaced(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    (void)state;
    scene_begin(&s, 12);
    struct peer_pump *first = scene_add_track(&s, 0, RTC_MEDIA_VIDEO, &sender), *sound = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_AUDIO),
                     *second = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, sound->track), RTC_ERR_TYPE);
    assert_ptr_equal(rtc_rtp_sender_track(sender), first->track);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, second->track), RTC_OK); /* before anything is negotiated */
    assert_int_equal(rtc_rtp_sender_replace_track(sender, first->track), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    scene_expect_frames(&s, 1, 0);
    char *before = strdup(peer_description(&s.p, 0));
    scene_forget_logs(&s);
    second->next = s.p.now + 1;
    assert_int_equal(rtc_rtp_sender_replace_track(sender, second->track), RTC_OK);
    assert_ptr_equal(rtc_rtp_sender_track(sender), second->track);
    scene_expect_frames(&s, 1, 0);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, second->track), RTC_OK); /* the same: nothing happens */
    assert_int_equal(rtc_rtp_sender_replace_track(sender, NULL), RTC_OK);
    assert_null(rtc_rtp_sender_track(sender));
    peer_run(&s.p, 3 * SECOND);
    scene_expect_no_frames(&s, 1, 0);
    assert_true(rtc_media_stream_track_muted(peer_remote_track(&s.p, 1, 0)));
    assert_int_equal(scene_current_direction(&s, 0, 0), RTC_DIRECTION_SENDONLY); /* as it was */
    assert_int_equal(rtc_rtp_sender_replace_track(sender, first->track), RTC_OK);
    scene_expect_frames(&s, 1, 0);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
    assert_int_equal(peer_log_count(&s.log[1], "track"), 0);
    assert_string_equal(peer_description(&s.p, 0), before);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0)), RTC_OK);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, sound->track), RTC_ERR_TYPE);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, second->track), RTC_ERR_INVALID_STATE);
    free(before);
    scene_end(&s);
}

/* A track may be several senders', and those of several connections; a sender that does not send keeps what it is given for later. */
static void a_track_that_others_have(void **state)
{
    struct scene s;
    rtc_rtp_sender *first;
    (void)state;
    scene_begin(&s, 13);
    struct peer_pump *pump = scene_add_track(&s, 0, RTC_MEDIA_VIDEO, &first);
    rtc_rtp_sender *second = sender_of(&s, RTC_MEDIA_VIDEO, NULL, 0);
    assert_int_equal(rtc_rtp_sender_replace_track(second, pump->track), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_set_direction(rtc_peer_connection_transceiver(s.p.peer[0].pc, 1), RTC_DIRECTION_INACTIVE), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    scene_expect_frames(&s, 1, 0);
    scene_expect_no_frames(&s, 1, 1);
    assert_int_equal(rtc_rtp_sender_replace_track(first, NULL), RTC_OK);
    assert_ptr_equal(rtc_rtp_sender_track(second), pump->track);
    assert_int_equal(rtc_rtp_transceiver_set_direction(rtc_peer_connection_transceiver(s.p.peer[0].pc, 1), RTC_DIRECTION_SENDONLY), RTC_OK);
    peer_exchange(&s.p, 0);
    scene_expect_frames(&s, 1, 1);
    scene_end(&s);
}

/* getParameters: [[SendCodecs]] is what is negotiated for sending; nothing before. */
static void what_is_negotiated_for_sending(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    (void)state;
    scene_begin(&s, 14);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, &sender);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_OFFER, NULL), RTC_OK);
    rtc_rtp_parameters *p = parameters_of(sender);
    assert_int_equal(p->codec_count, 0); /* an offer negotiates nothing */
    rtc_rtp_parameters_free(p);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, MS);
    p = parameters_of(sender);
    assert_true(p->codec_count > 1);
    assert_string_equal(p->codecs[0]->mime_type, "video/VP8");
    assert_true(p->codecs[0]->payload_type > 0 && p->rtcp_reduced_size);
    assert_true(p->header_extension_count > 0);
    char *cname = strdup(p->rtcp_cname);
    rtc_rtp_parameters_free(p);
    p = parameters_of(sender_of(&s, RTC_MEDIA_AUDIO, NULL, 0));
    assert_string_equal(p->rtcp_cname, cname); /* the connection's */
    rtc_rtp_parameters_free(p);
    free(cname);
    scene_end(&s);
}

/* A provisional answer negotiates codecs, too. */
static void what_is_negotiated_provisionally(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender[2];
    (void)state;
    scene_begin(&s, 17);
    for (int i = 0; i < 2; i++)
        (void)scene_add_track(&s, i, RTC_MEDIA_VIDEO, &sender[i]);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_OFFER, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[1].pc, RTC_SDP_PRANSWER, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, RTC_SDP_PRANSWER, peer_description(&s.p, 1)), RTC_OK);
    for (int i = 0; i < 2; i++) {
        rtc_rtp_parameters *p = parameters_of(sender[i]);
        assert_true(has_codec(p, "video/VP8") && p->header_extension_count > 0 && p->rtcp_reduced_size);
        rtc_rtp_parameters_free(p);
    }
    scene_end(&s);
}

/* [[SendCodecs]]: what an answer takes and the offer did not have is sent, if it can be (RFC 9429 5.3.1). */
static void what_was_not_offered(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    rtc_rtp_capabilities *can;
    rtc_media_source *source;
    rtc_media_stream_track *track;
    (void)state;
    scene_begin(&s, 15);
    assert_int_equal(rtc_rtp_sender_get_capabilities(s.p.context, RTC_MEDIA_AUDIO, &can), RTC_OK);
    const rtc_rtp_codec *opus[] = {can->codecs[0]};
    assert_string_equal(opus[0]->mime_type, "audio/opus");
    assert_int_equal(rtc_media_source_new(s.p.context, RTC_MEDIA_AUDIO, NULL, NULL, NULL, &source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(s.p.peer[0].pc, track, NULL, 0, &sender), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0), opus, 1), RTC_OK);
    char *offer = scene_gathered_offer(&s), *other = text_replace(offer, "a=rtpmap:111 opus/48000/2", "a=rtpmap:111 PCMU/8000");
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, other), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=rtpmap:111 PCMU/8000"), 1);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    rtc_rtp_parameters *p = parameters_of(sender);
    assert_int_equal(p->codec_count, 1);
    assert_string_equal(p->codecs[0]->mime_type, "audio/PCMU");
    assert_int_equal(p->codecs[0]->payload_type, 111);
    rtc_rtp_parameters_free(p);
    assert_int_equal(scene_current_direction(&s, 0, 0), RTC_DIRECTION_SENDONLY);
    peer_connect(&s.p, 5 * SECOND);
    free(offer);
    free(other);
    rtc_rtp_capabilities_free(can);
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(source);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(send_encodings),
        cmocka_unit_test(transactions),
        cmocka_unit_test(an_answer_ends_the_transaction),
        cmocka_unit_test(changes),
        cmocka_unit_test(negotiated),
        cmocka_unit_test(inactive),
        cmocka_unit_test(capabilities),
        cmocka_unit_test(streams),
        cmocka_unit_test(extensions_of_encodings),
        cmocka_unit_test(set_parameter_options),
        cmocka_unit_test(one_track_of_two_senders),
        cmocka_unit_test(replaced),
        cmocka_unit_test(a_track_that_others_have),
        cmocka_unit_test(what_is_negotiated_for_sending),
        cmocka_unit_test(what_is_negotiated_provisionally),
        cmocka_unit_test(what_was_not_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
