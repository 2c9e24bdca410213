/* SPDX-License-Identifier: MIT */
/* RTCRtpTransceiver (webrtc-pc 5.4): its direction, stopping, codec preferences, and the m= sections that transceivers come to. */
#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

static rtc_rtp_transceiver *transceiver(struct scene *s, int index, size_t n)
{
    return rtc_peer_connection_transceiver(s->p.peer[index].pc, n);
}

static size_t count(struct scene *s, int index)
{
    return rtc_peer_connection_transceiver_count(s->p.peer[index].pc);
}

static rtc_rtp_transceiver *add(struct scene *s, int index, rtc_media_kind kind)
{
    rtc_rtp_transceiver *t;
    assert_int_equal(rtc_peer_connection_add_transceiver(s->p.peer[index].pc, kind, NULL, NULL, &t), RTC_OK);
    return t;
}

static bool ended(const rtc_rtp_transceiver *t)
{
    return rtc_media_stream_track_ready_state(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t))) == RTC_TRACK_ENDED;
}

static bool current(const rtc_rtp_transceiver *t, rtc_rtp_direction direction)
{
    rtc_rtp_direction is;
    return rtc_rtp_transceiver_current_direction(t, &is) && is == direction;
}

static char *create_offer(struct scene *s, int index)
{
    const char *text;
    assert_int_equal(rtc_peer_connection_create_offer(s->p.peer[index].pc, &text), RTC_OK);
    return strdup(text);
}

static void set_local(struct scene *s, int index, rtc_sdp_type type, const char *sdp)
{
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[index].pc, type, sdp), RTC_OK);
}

static void set_remote(struct scene *s, int index, rtc_sdp_type type)
{
    assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[index].pc, type, peer_description(&s->p, !index)), RTC_OK);
}

/* webrtc-pc 5.4.1, stop(): [[Stopping]] at once, [[Stopped]] when it was negotiated; the track ends in a task. */
static void stopping_then_stopped(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 1);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    (void)scene_add_track(&s, 1, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    scene_expect_frames(&s, 0, 0);
    scene_expect_frames(&s, 1, 0);
    scene_forget_logs(&s);
    rtc_rtp_transceiver *t = rtc_rtp_transceiver_ref(transceiver(&s, 0, 0)), *far = rtc_rtp_transceiver_ref(transceiver(&s, 1, 0));
    assert_int_equal(rtc_rtp_transceiver_stop(t), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_STOPPED);
    assert_true(current(t, RTC_DIRECTION_SENDRECV) && !ended(t) && count(&s, 0) == 1);
    assert_int_equal(rtc_rtp_transceiver_stop(t), RTC_OK);
    peer_run(&s.p, MS);
    assert_true(ended(t));
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_rtp_sender_replace_track(rtc_rtp_transceiver_sender(t), NULL), RTC_ERR_INVALID_STATE);
    scene_expect_no_frames(&s, 1, 0); /* it is silent before the peer knows why */
    set_local(&s, 0, RTC_SDP_OFFER, NULL);
    assert_int_equal(text_count(peer_description(&s.p, 0), "m=audio 0 "), 1);
    assert_true(current(t, RTC_DIRECTION_SENDRECV));
    set_remote(&s, 1, RTC_SDP_OFFER); /* rejects: the peer's stops at once, and leaves when it was answered */
    assert_true(current(far, RTC_DIRECTION_STOPPED) && rtc_rtp_transceiver_direction(far) == RTC_DIRECTION_STOPPED && !ended(far));
    assert_int_equal(count(&s, 1), 1);
    assert_non_null(rtc_rtp_transceiver_mid(far));
    peer_run(&s.p, MS);
    assert_true(ended(far));
    set_local(&s, 1, RTC_SDP_ANSWER, NULL);
    assert_int_equal(count(&s, 1), 0);
    assert_null(rtc_rtp_transceiver_mid(far));
    assert_true(current(t, RTC_DIRECTION_SENDRECV));
    set_remote(&s, 0, RTC_SDP_ANSWER);
    assert_int_equal(count(&s, 0), 0);
    assert_null(rtc_rtp_transceiver_mid(t));
    assert_true(current(t, RTC_DIRECTION_STOPPED));
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1); /* that it was asked for is all there is */
    rtc_rtp_transceiver_unref(t);
    rtc_rtp_transceiver_unref(far);
    scene_end(&s);
}

/* One that never had a section gets none; it goes with the next exchange. */
static void stopped_before_it_is_offered(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 2);
    rtc_rtp_transceiver *t = rtc_rtp_transceiver_ref(add(&s, 0, RTC_MEDIA_AUDIO));
    (void)add(&s, 0, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_rtp_transceiver_stop(t), RTC_OK);
    assert_int_equal(count(&s, 0), 2);
    char *offer = create_offer(&s, 0);
    assert_int_equal(text_count(offer, "m="), 1);
    free(offer);
    peer_exchange(&s.p, 0);
    assert_int_equal(count(&s, 0), 1);
    assert_int_equal(rtc_rtp_transceiver_kind(transceiver(&s, 0, 0)), RTC_MEDIA_VIDEO);
    assert_true(current(t, RTC_DIRECTION_STOPPED));
    scene_forget_logs(&s);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
    rtc_rtp_transceiver_unref(t);
    scene_end(&s);
}

/* The offer was created before: its section is this transceiver's (RFC 9429 5.9), not a younger one's; the next offer rejects it. */
static void stopped_after_create_offer(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 3);
    rtc_rtp_transceiver *t = add(&s, 0, RTC_MEDIA_AUDIO);
    char *offer = create_offer(&s, 0);
    assert_int_equal(rtc_rtp_transceiver_stop(t), RTC_OK);
    rtc_rtp_transceiver *young = add(&s, 0, RTC_MEDIA_AUDIO);
    set_local(&s, 0, RTC_SDP_OFFER, offer);
    free(offer);
    assert_string_equal(rtc_rtp_transceiver_mid(t), "0");
    assert_null(rtc_rtp_transceiver_mid(young));
    set_remote(&s, 1, RTC_SDP_OFFER);
    set_local(&s, 1, RTC_SDP_ANSWER, NULL);
    scene_forget_logs(&s);
    set_remote(&s, 0, RTC_SDP_ANSWER);
    assert_true(current(t, RTC_DIRECTION_SENDONLY) && rtc_rtp_transceiver_direction(t) == RTC_DIRECTION_STOPPED);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    peer_exchange(&s.p, 0);
    assert_int_equal(count(&s, 0), 1);
    assert_ptr_equal(transceiver(&s, 0, 0), young);
    assert_int_equal(count(&s, 1), 1);
    scene_end(&s);
}

/* The answerer can not reject for having stopped: its section is inactive, and it asks for a negotiation of its own. */
static void stopped_by_the_answerer(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 4);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    (void)scene_add_track(&s, 1, RTC_MEDIA_AUDIO, NULL);
    set_local(&s, 0, RTC_SDP_OFFER, NULL);
    set_remote(&s, 1, RTC_SDP_OFFER);
    assert_int_equal(rtc_rtp_transceiver_stop(transceiver(&s, 1, 0)), RTC_OK);
    scene_forget_logs(&s);
    set_local(&s, 1, RTC_SDP_ANSWER, NULL);
    assert_int_equal(text_count(peer_description(&s.p, 1), "m=audio 0 "), 0);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=inactive"), 1);
    assert_true(current(transceiver(&s, 1, 0), RTC_DIRECTION_INACTIVE));
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[1], "needed"), 1);
    set_remote(&s, 0, RTC_SDP_ANSWER);
    assert_true(current(transceiver(&s, 0, 0), RTC_DIRECTION_INACTIVE));
    peer_exchange(&s.p, 1);
    assert_int_equal(count(&s, 0) + count(&s, 1), 0);
    scene_end(&s);
}

/* An offer that rejects is replaced by one that does not: what stopped stays so, and is rejected by us. */
static void stopping_is_not_undone(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 5);
    (void)add(&s, 0, RTC_MEDIA_AUDIO);
    (void)add(&s, 0, RTC_MEDIA_VIDEO);
    peer_exchange(&s.p, 0);
    char *before = strdup(peer_description(&s.p, 0));
    assert_int_equal(rtc_rtp_transceiver_stop(transceiver(&s, 0, 0)), RTC_OK);
    set_local(&s, 0, RTC_SDP_OFFER, NULL);
    set_remote(&s, 1, RTC_SDP_OFFER);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, before), RTC_OK);
    free(before);
    assert_true(current(transceiver(&s, 1, 0), RTC_DIRECTION_STOPPED));
    set_local(&s, 1, RTC_SDP_ANSWER, NULL);
    assert_int_equal(text_count(peer_description(&s.p, 1), "m=audio 0 "), 1);
    assert_int_equal(count(&s, 1), 1);
    scene_end(&s);
}

/* 5.1, addTrack: a track is refused while a sender that is not stopped has it; removeTrack is harmless on what stops. */
static void tracks_of_stopped_senders(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender, *again;
    (void)state;
    scene_begin(&s, 6);
    struct peer_pump *pump = scene_add_track(&s, 0, RTC_MEDIA_VIDEO, &sender);
    peer_exchange(&s.p, 0);
    rtc_rtp_transceiver *t = rtc_rtp_transceiver_ref(transceiver(&s, 0, 0));
    rtc_peer_connection *pc = s.p.peer[0].pc;
    assert_int_equal(rtc_rtp_transceiver_stop(t), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(pc, pump->track, NULL, 0, NULL), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(rtc_peer_connection_remove_track(pc, sender), RTC_OK);
    assert_ptr_equal(rtc_rtp_sender_track(sender), pump->track);
    peer_exchange(&s.p, 0);
    assert_int_equal(rtc_peer_connection_add_track(pc, pump->track, NULL, 0, &again), RTC_OK);
    assert_true(again != sender);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    scene_expect_frames(&s, 1, 0);
    rtc_rtp_transceiver_unref(t);
    scene_end(&s);
}

/* The closed check comes first; the transceiver itself is stopped by the close. */
static void closed(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 7);
    rtc_rtp_transceiver *t = rtc_rtp_transceiver_ref(add(&s, 0, RTC_MEDIA_AUDIO));
    rtc_peer_connection_close(s.p.peer[0].pc);
    assert_int_equal(rtc_rtp_transceiver_stop(t), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_STOPPED);
    assert_true(ended(t));
    rtc_rtp_transceiver_unref(t);
    scene_end(&s);
}

/* ---- m= sections (RFC 9429 5.2.2) ---- */

/* A source that has sent stays named in whatever direction, so that the peer's stream is the same one when it goes on. */
static void named_while_held(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 10);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    char *first = text_section(peer_description(&s.p, 0), 0);
    assert_int_equal(text_count(first, "a=ssrc-group:FID"), 1);
    const rtc_rtp_direction turns[] = {RTC_DIRECTION_INACTIVE, RTC_DIRECTION_RECVONLY, RTC_DIRECTION_SENDRECV};
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        assert_int_equal(rtc_rtp_transceiver_set_direction(transceiver(&s, 0, 0), turns[i]), RTC_OK);
        peer_exchange(&s.p, 0);
        char *section = text_section(peer_description(&s.p, 0), 0);
        const char *line = strstr(first, "a=ssrc:"), *same = strstr(section, "a=ssrc:");
        assert_non_null(same);
        assert_memory_equal(line, same, strcspn(line, " "));
        assert_int_equal(text_count(section, "a=msid:"), turns[i] == RTC_DIRECTION_SENDRECV);
        free(section);
    }
    free(first);
    scene_end(&s);
}

/* A rejected section keeps its place and its formats, and is used again by the next transceiver, of whatever kind, under another mid. */
static void recycled(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 10);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    assert_int_equal(rtc_rtp_transceiver_stop(transceiver(&s, 0, 0)), RTC_OK);
    peer_exchange(&s.p, 0);
    scene_expect_frames(&s, 1, 0); /* the transport was carried by the other one */
    peer_exchange(&s.p, 0);        /* nothing to put there: it stays */
    char *section = text_section(peer_description(&s.p, 0), 0);
    assert_int_equal(strncmp(section, "m=video 0 UDP/TLS/RTP/SAVPF 9", 29), 0);
    assert_int_equal(text_count(section, "a=rtpmap:") > 0 && text_count(section, " VP8/90000"), 1);
    assert_int_equal(text_count(section, "a=msid") + text_count(section, "a=ssrc"), 0);
    free(section);
    for (int i = 0; i < 2; i++) {
        rtc_media_kind kind = i == 1 ? RTC_MEDIA_VIDEO : RTC_MEDIA_AUDIO;
        struct peer_pump *pump = scene_add_track(&s, i % 2, kind, NULL); /* by either side */
        pump->next = s.p.now + 1;
        peer_exchange(&s.p, i % 2);
        assert_int_equal(text_count(peer_description(&s.p, 0), "m="), 2);
        assert_int_equal(text_count(peer_description(&s.p, 0), " 0 UDP/TLS/RTP/SAVPF"), 0);
        assert_int_equal(count(&s, 0), 2);
        rtc_rtp_transceiver *t = transceiver(&s, 0, 1);
        assert_int_equal(rtc_rtp_transceiver_kind(t), kind);
        assert_true(strcmp(rtc_rtp_transceiver_mid(t), "0") != 0 || i > 0);
        scene_expect_frames(&s, !(i % 2), 1);
        scene_expect_frames(&s, 1, 0);
        assert_int_equal(rtc_rtp_transceiver_stop(transceiver(&s, i % 2, 1)), RTC_OK);
        peer_exchange(&s.p, i % 2);
        assert_int_equal(count(&s, 0), 1);
    }
    scene_end(&s);
}

/* One that we rejected is free for both sides, and two are used in order; a third transceiver comes behind. */
static void recycled_in_order(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 11);
    for (int i = 0; i < 3; i++)
        (void)add(&s, 0, RTC_MEDIA_AUDIO);
    peer_exchange(&s.p, 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(rtc_rtp_transceiver_stop(transceiver(&s, 0, i)), RTC_OK);
    peer_exchange(&s.p, 0);
    rtc_rtp_transceiver *added[3];
    for (int i = 0; i < 3; i++)
        added[i] = add(&s, 1, i == 1 ? RTC_MEDIA_VIDEO : RTC_MEDIA_AUDIO);
    peer_exchange(&s.p, 1);
    char *video = text_section(peer_description(&s.p, 0), 1);
    assert_int_equal(strncmp(video, "m=video ", 8), 0);
    free(video);
    assert_int_equal(text_count(peer_description(&s.p, 1), "m="), 4);
    assert_int_equal(count(&s, 0), 4);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(rtc_rtp_transceiver_mid(added[i]), rtc_rtp_transceiver_mid(added[k]));
    scene_end(&s);
}

/* The answerer rejected it although it was offered: the offerer's next transceiver takes its place. */
static void recycled_after_the_answerer_rejected(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 12);
    (void)add(&s, 0, RTC_MEDIA_AUDIO);
    (void)add(&s, 0, RTC_MEDIA_VIDEO);
    char *offer = scene_gathered_offer(&s);
    scene_exchange_changed(&s, text_unknown_video(offer, "XYZ"));
    free(offer);
    assert_int_equal(count(&s, 0) + count(&s, 1), 2);
    (void)add(&s, 0, RTC_MEDIA_VIDEO);
    peer_exchange(&s.p, 0);
    assert_int_equal(text_count(peer_description(&s.p, 0), "m="), 2);
    assert_int_equal(count(&s, 0) + count(&s, 1), 4);
    scene_end(&s);
}

/* ---- Codec preferences (5.4.1) ---- */

/* What is not preferred is neither offered nor accepted; only what can be received may be, in any case of letters, and once. */
static void codec_preferences(void **state)
{
    struct scene s;
    rtc_rtp_capabilities *video;
    const rtc_rtp_codec *only[3];
    (void)state;
    scene_begin(&s, 20);
    rtc_rtp_transceiver *t = add(&s, 0, RTC_MEDIA_VIDEO), *sound = add(&s, 0, RTC_MEDIA_AUDIO);
    assert_int_equal(rtc_rtp_receiver_get_capabilities(NULL, RTC_MEDIA_VIDEO, &video), RTC_OK);
    rtc_rtp_codec vp8 = *video->codecs[0], other = vp8, *rtx = video->codecs[video->codec_count - 1];
    assert_string_equal(vp8.mime_type, "video/VP8");
    vp8.mime_type = "VIDEO/vp8";
    only[0] = only[1] = &vp8;
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(sound, only, 1), RTC_ERR_INVALID_MODIFICATION);
    for (int i = 0; i < 3; i++) {
        other = vp8;
        other.clock_rate += i == 0;
        other.channels = (uint16_t)(other.channels + (i == 1));
        other.sdp_fmtp_line = i == 2 ? "x=1" : other.sdp_fmtp_line;
        only[2] = &other;
        assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(t, only, 3), RTC_ERR_INVALID_MODIFICATION);
    }
    only[2] = rtx;
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(t, only + 2, 1), RTC_ERR_INVALID_MODIFICATION); /* nothing to send with */
    char *offer = create_offer(&s, 0);
    assert_true(text_count(offer, " rtx/90000") > 1); /* refused: nothing has changed */
    free(offer);
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(t, only, 2), RTC_OK); /* without retransmissions */
    offer = create_offer(&s, 0);
    assert_int_equal(text_count(offer, " VP8/90000"), 1);
    assert_int_equal(text_count(offer, " rtx/90000"), 0);
    free(offer);
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(t, only, 3), RTC_OK);
    offer = create_offer(&s, 0);
    assert_int_equal(text_count(offer, " rtx/90000"), 1);
    free(offer);
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(t, NULL, 0), RTC_OK);
    set_local(&s, 0, RTC_SDP_OFFER, NULL);
    set_remote(&s, 1, RTC_SDP_OFFER);
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(transceiver(&s, 1, 0), only, 1), RTC_OK);
    set_local(&s, 1, RTC_SDP_ANSWER, NULL);
    assert_int_equal(text_count(peer_description(&s.p, 1), " rtx/90000"), 0);
    set_remote(&s, 0, RTC_SDP_ANSWER);
    rtc_rtp_capabilities_free(video);
    scene_end(&s);
}

/* webrtc-pc 4.4.2, close(): the list stays, and all in it are stopped; senders that left are still this connection's (5.1, removeTrack). */
static void closed_and_gone(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender, *foreign;
    (void)state;
    scene_begin(&s, 20);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, &sender);
    (void)scene_add_track(&s, 1, RTC_MEDIA_AUDIO, &foreign);
    rtc_rtp_sender_ref(foreign); /* it leaves with `gone` */
    (void)add(&s, 0, RTC_MEDIA_VIDEO);
    peer_exchange(&s.p, 0);
    rtc_rtp_transceiver *gone = rtc_rtp_transceiver_ref(transceiver(&s, 0, 0));
    assert_int_equal(rtc_rtp_transceiver_stop(gone), RTC_OK);
    assert_int_equal(rtc_peer_connection_remove_track(s.p.peer[0].pc, sender), RTC_OK);
    assert_non_null(rtc_rtp_sender_track(sender)); /* nothing changed */
    peer_exchange(&s.p, 0);
    assert_int_equal(count(&s, 0), 1);
    assert_int_equal(rtc_peer_connection_remove_track(s.p.peer[0].pc, sender), RTC_OK);
    assert_int_equal(rtc_peer_connection_remove_track(s.p.peer[0].pc, foreign), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(rtc_rtp_transceiver_stop(gone), RTC_OK);
    assert_int_equal(rtc_rtp_sender_set_streams(sender, NULL, 0), RTC_OK);
    rtc_rtp_transceiver *left = transceiver(&s, 0, 0);
    rtc_peer_connection_close(s.p.peer[0].pc);
    assert_int_equal(count(&s, 0), 1);
    assert_ptr_equal(transceiver(&s, 0, 0), left);
    assert_null(transceiver(&s, 0, 1));
    assert_true(current(left, RTC_DIRECTION_STOPPED) && rtc_rtp_transceiver_direction(left) == RTC_DIRECTION_STOPPED && ended(left));
    assert_int_equal(rtc_rtp_transceiver_stop(left), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_rtp_transceiver_stop(gone), RTC_ERR_INVALID_STATE); /* the closed check comes first, for one that has left, too */
    assert_int_equal(rtc_rtp_sender_set_streams(sender, NULL, 0), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_remove_track(s.p.peer[0].pc, sender), RTC_ERR_INVALID_STATE);
    rtc_rtp_transceiver_unref(gone);
    rtc_rtp_sender_unref(foreign);
    scene_end(&s);
}

/* What each call says of a transceiver in each state, and that one which stopped, or left, takes nothing but what does nothing. */
enum { STOPPING, STOPPED, LEFT, CLOSED, STATES };

static rtc_rtp_transceiver *in_state(struct scene *s, int state)
{
    (void)scene_add_track(s, 0, RTC_MEDIA_VIDEO, NULL);
    (void)add(s, 0, RTC_MEDIA_AUDIO);
    peer_exchange(&s->p, 0);
    rtc_rtp_transceiver *t = rtc_rtp_transceiver_ref(transceiver(s, 0, 0));
    if (state == STOPPING)
        assert_int_equal(rtc_rtp_transceiver_stop(t), RTC_OK);
    if (state == CLOSED)
        rtc_peer_connection_close(s->p.peer[0].pc);
    if (state == STOPPED || state == LEFT) {
        assert_int_equal(rtc_rtp_transceiver_stop(transceiver(s, 1, 0)), RTC_OK);
        set_local(s, 1, RTC_SDP_OFFER, NULL);
        set_remote(s, 0, RTC_SDP_OFFER);
    }
    if (state == LEFT)
        set_local(s, 0, RTC_SDP_ANSWER, NULL);
    peer_run(&s->p, MS);
    scene_forget_logs(s);
    return t;
}

static void calls_on_stopped_ones(void **state)
{
    (void)state;
    for (int i = 0; i < STATES; i++) {
        struct scene s;
        scene_begin(&s, 30);
        rtc_rtp_transceiver *t = in_state(&s, i);
        rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(t);
        rtc_media_stream_track *track = rtc_rtp_sender_track(sender);
        rtc_rtp_parameters *parameters;
        rtc_rtp_capabilities *extensions;
        assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_STOPPED);
        assert_int_equal(rtc_rtp_transceiver_stop(t), i == CLOSED ? RTC_ERR_INVALID_STATE : RTC_OK);
        const rtc_rtp_direction directions[] = {RTC_DIRECTION_SENDRECV, RTC_DIRECTION_STOPPED, (rtc_rtp_direction)99};
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(rtc_rtp_transceiver_set_direction(t, directions[k]), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_rtp_sender_replace_track(sender, track), RTC_ERR_INVALID_STATE); /* even what changes nothing */
        assert_int_equal(rtc_rtp_sender_replace_track(sender, NULL), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_rtp_sender_get_parameters(sender, &parameters), RTC_OK);
        assert_int_equal(rtc_rtp_sender_set_parameters(sender, parameters), RTC_ERR_INVALID_STATE);
        rtc_rtp_parameters_free(parameters);
        assert_int_equal(rtc_rtp_sender_set_streams(sender, NULL, 0), i == CLOSED ? RTC_ERR_INVALID_STATE : RTC_OK);
        assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(t, NULL, 0), RTC_OK);
        assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(t, NULL, 1), RTC_ERR_TYPE);
        assert_int_equal(rtc_rtp_transceiver_get_header_extensions_to_negotiate(t, &extensions), RTC_OK);
        assert_int_equal(rtc_rtp_transceiver_set_header_extensions_to_negotiate(
                             t, (const rtc_rtp_header_extension *const *)extensions->header_extensions, extensions->header_extension_count),
                         RTC_OK);
        rtc_rtp_capabilities_free(extensions);
        assert_int_equal(rtc_rtp_receiver_set_jitter_buffer_target_ms(rtc_rtp_transceiver_receiver(t), &(double){20}), RTC_OK);
        assert_int_equal(rtc_rtp_receiver_request_keyframe(rtc_rtp_transceiver_receiver(t)), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_peer_connection_remove_track(s.p.peer[0].pc, sender), i == CLOSED ? RTC_ERR_INVALID_STATE : RTC_OK);
        assert_ptr_equal(rtc_rtp_sender_track(sender), track);
        peer_run(&s.p, MS);
        assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
        rtc_rtp_transceiver_unref(t);
        scene_end(&s);
    }
}

/* 5.4, create an RTCRtpTransceiver, and the setter of direction: what it was is nothing new; what is asked for is told once, and takes
 * effect with the answer. */
static void directions(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 31);
    rtc_rtp_transceiver *t = add(&s, 0, RTC_MEDIA_AUDIO);
    rtc_rtp_direction now;
    assert_null(rtc_rtp_transceiver_mid(t));
    assert_false(rtc_rtp_transceiver_current_direction(t, &now));
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_STOPPED), RTC_ERR_TYPE);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, (rtc_rtp_direction)-1), RTC_ERR_TYPE);
    peer_exchange(&s.p, 0);
    assert_true(current(t, RTC_DIRECTION_SENDONLY)); /* the peer has nothing to send */
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_SENDRECV);
    peer_run(&s.p, MS);
    scene_forget_logs(&s);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_RECVONLY), RTC_OK);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    assert_true(current(t, RTC_DIRECTION_SENDONLY));
    set_local(&s, 0, RTC_SDP_OFFER, NULL);
    assert_int_equal(text_count(peer_description(&s.p, 0), "a=recvonly"), 1);
    assert_true(current(t, RTC_DIRECTION_SENDONLY)); /* not by an offer */
    set_local(&s, 0, RTC_SDP_ROLLBACK, NULL);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_RECVONLY); /* what is wished is not rolled back */
    peer_exchange(&s.p, 0);
    assert_true(current(t, RTC_DIRECTION_INACTIVE));
    scene_end(&s);
}

/* A track that is set after the offer, and a wish that the answer did not know: negotiation is needed again when it is stable. */
static void a_wish_while_it_is_negotiated(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 32);
    rtc_rtp_transceiver *t = add(&s, 0, RTC_MEDIA_AUDIO);
    set_local(&s, 0, RTC_SDP_OFFER, NULL);
    peer_run(&s.p, MS);
    scene_forget_logs(&s);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
    set_remote(&s, 1, RTC_SDP_OFFER);
    set_local(&s, 1, RTC_SDP_ANSWER, NULL);
    set_remote(&s, 0, RTC_SDP_ANSWER);
    assert_true(current(t, RTC_DIRECTION_SENDONLY));
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopping_then_stopped),
        cmocka_unit_test(closed_and_gone),
        cmocka_unit_test(calls_on_stopped_ones),
        cmocka_unit_test(directions),
        cmocka_unit_test(a_wish_while_it_is_negotiated),
        cmocka_unit_test(stopped_before_it_is_offered),
        cmocka_unit_test(stopped_after_create_offer),
        cmocka_unit_test(stopped_by_the_answerer),
        cmocka_unit_test(stopping_is_not_undone),
        cmocka_unit_test(tracks_of_stopped_senders),
        cmocka_unit_test(closed),
        cmocka_unit_test(codec_preferences),
        cmocka_unit_test(named_while_held),
        cmocka_unit_test(recycled),
        cmocka_unit_test(recycled_in_order),
        cmocka_unit_test(recycled_after_the_answerer_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
