/* SPDX-License-Identifier: MIT */
/* RTCPeerConnection's half of the RTP media API (webrtc-pc 5.1): getSenders, getReceivers and getTransceivers, addTrack, removeTrack and
 * addTransceiver, step by step. Their sendEncodings are rtp_sender.c's, and what a stop makes of them rtp_transceiver.c's. */
#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

static rtc_peer_connection *pc_of(struct scene *s, int index)
{
    return s->p.peer[index].pc;
}

static rtc_rtp_transceiver *transceiver(struct scene *s, int index, size_t n)
{
    return rtc_peer_connection_transceiver(pc_of(s, index), n);
}

static size_t count(struct scene *s, int index)
{
    return rtc_peer_connection_transceiver_count(pc_of(s, index));
}

static rtc_media_stream_track *track_of(rtc_media_kind kind)
{
    rtc_media_source *source;
    rtc_media_stream_track *track;
    assert_int_equal(rtc_media_source_new(NULL, kind, NULL, NULL, NULL, &source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    rtc_media_source_unref(source);
    return track;
}

static rtc_rtp_transceiver *add(struct scene *s, int index, rtc_media_kind kind, rtc_rtp_direction direction)
{
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .has_direction = true, .direction = direction};
    rtc_rtp_transceiver *t;
    assert_int_equal(rtc_peer_connection_add_transceiver(pc_of(s, index), kind, NULL, &init, &t), RTC_OK);
    return t;
}

static void add_track(struct scene *s, int index, rtc_media_stream_track *track, rtc_rtp_sender **sender)
{
    assert_int_equal(rtc_peer_connection_add_track(pc_of(s, index), track, NULL, 0, sender), RTC_OK);
}

/* Events of the first peer that asked for a negotiation since this was called last. */
static int needed(struct scene *s)
{
    peer_run(&s->p, MS);
    int asked = peer_log_count(&s->log[0], "needed");
    scene_forget_logs(s);
    return asked;
}

/* How the sections of a description say which streams their track is in; the caller's. */
static char *streams_of(struct scene *s, int index)
{
    char *text = strdup(peer_description(&s->p, index)), *out = calloc(1, strlen(text) + 1);
    for (char *line = strstr(text, "a=msid:"); line; line = strstr(line + 1, "a=msid:")) {
        size_t len = strcspn(line + 7, " \r\n");
        strncat(strcat(out, out[0] ? " " : ""), line + 7, len);
    }
    free(text);
    return out;
}

/* ---- CollectTransceivers, CollectSenders, CollectReceivers ---- */

/* In the order in which they were added, by whatever call, or by an offer; each with one sender and one receiver for good. */
static void in_order(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    (void)state;
    scene_begin(&s, 1);
    assert_int_equal(count(&s, 0), 0);
    assert_null(transceiver(&s, 0, 0));
    rtc_rtp_transceiver *first = add(&s, 0, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, &sender);
    (void)add(&s, 1, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV); /* no offer's section takes what addTransceiver made */
    peer_exchange(&s.p, 0);
    assert_int_equal(count(&s, 0), 2);
    assert_ptr_equal(transceiver(&s, 0, 0), first);
    assert_ptr_equal(rtc_rtp_transceiver_sender(transceiver(&s, 0, 1)), sender);
    assert_ptr_equal(rtc_rtp_transceiver_sender(first), rtc_rtp_transceiver_sender(first));
    assert_ptr_not_equal(rtc_rtp_transceiver_receiver(first), rtc_rtp_transceiver_receiver(transceiver(&s, 0, 1)));
    assert_null(transceiver(&s, 0, 2));
    assert_int_equal(count(&s, 1), 3);
    assert_null(rtc_rtp_transceiver_mid(transceiver(&s, 1, 0)));
    assert_int_equal(rtc_rtp_transceiver_kind(transceiver(&s, 1, 1)), RTC_MEDIA_VIDEO); /* as in the offer */
    assert_int_equal(rtc_rtp_transceiver_kind(transceiver(&s, 1, 2)), RTC_MEDIA_AUDIO);
    scene_end(&s);
}

/* ---- addTrack ---- */

/* Steps 5 to 7: closed; a track that a sender has; else one is made, which sends and receives. */
static void a_track_is_added(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender = NULL, *again = NULL;
    (void)state;
    scene_begin(&s, 2);
    rtc_media_stream_track *track = track_of(RTC_MEDIA_AUDIO);
    add_track(&s, 0, track, &sender);
    assert_ptr_equal(rtc_rtp_sender_track(sender), track);
    assert_int_equal(needed(&s), 1);
    rtc_rtp_transceiver *t = transceiver(&s, 0, 0);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_SENDRECV);
    assert_false(rtc_rtp_transceiver_current_direction(t, NULL));
    assert_null(rtc_rtp_transceiver_mid(t));
    assert_null(rtc_rtp_sender_transport(sender));
    assert_true(rtc_media_stream_track_muted(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t))));
    assert_int_equal(rtc_peer_connection_add_track(pc_of(&s, 0), track, NULL, 0, &again), RTC_ERR_INVALID_ACCESS);
    assert_true(again == NULL && count(&s, 0) == 1);
    assert_int_equal(rtc_peer_connection_add_track(pc_of(&s, 1), track, NULL, 0, NULL), RTC_OK); /* of another connection it may be */
    rtc_media_stream_track_stop(track);
    rtc_media_stream_track *ended = track_of(RTC_MEDIA_VIDEO);
    rtc_media_stream_track_stop(ended);
    add_track(&s, 0, ended, NULL); /* nothing says that it must live */
    assert_int_equal(count(&s, 0), 2);
    rtc_peer_connection_close(pc_of(&s, 0));
    assert_int_equal(rtc_peer_connection_add_track(pc_of(&s, 0), track, NULL, 0, &again), RTC_ERR_INVALID_STATE);
    rtc_media_stream_track_unref(track);
    rtc_media_stream_track_unref(ended);
    scene_end(&s);
}

/* Step 7: which sender may be used again - one without a track, of the kind, not stopping, which never sent - and what becomes of the
 * direction of its transceiver (step 8). */
static void a_sender_is_used_again(void **state)
{
    static const struct {
        rtc_rtp_direction before, after;
    } cases[] = {{RTC_DIRECTION_RECVONLY, RTC_DIRECTION_SENDRECV},
                 {RTC_DIRECTION_INACTIVE, RTC_DIRECTION_SENDONLY},
                 {RTC_DIRECTION_SENDONLY, RTC_DIRECTION_SENDONLY},
                 {RTC_DIRECTION_SENDRECV, RTC_DIRECTION_SENDRECV}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        rtc_rtp_sender *sender;
        rtc_media_stream *stream;
        scene_begin(&s, 3);
        rtc_media_stream_track *track = track_of(RTC_MEDIA_VIDEO);
        assert_int_equal(rtc_media_stream_new(NULL, "s", &stream), RTC_OK);
        (void)add(&s, 0, RTC_MEDIA_AUDIO, cases[i].before); /* of another kind */
        rtc_rtp_transceiver *t = add(&s, 0, RTC_MEDIA_VIDEO, cases[i].before);
        assert_int_equal(rtc_rtp_sender_set_streams(rtc_rtp_transceiver_sender(t), &stream, 1), RTC_OK);
        add_track(&s, 0, track, &sender);
        assert_ptr_equal(sender, rtc_rtp_transceiver_sender(t));
        assert_int_equal(count(&s, 0), 2);
        assert_int_equal(rtc_rtp_transceiver_direction(t), cases[i].after);
        assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
        assert_int_equal(text_count(peer_description(&s.p, 0), "a=msid:s "), 0); /* the streams are those of this call */
        rtc_media_stream_unref(stream);
        rtc_media_stream_track_unref(track);
        scene_end(&s);
    }
}

/* The same step: a current direction that once said that it sends, though nothing was sent; and the oldest of several. */
static void a_sender_that_sent_is_not(void **state)
{
    struct scene s;
    rtc_rtp_sender *first, *second, *third;
    (void)state;
    scene_begin(&s, 4);
    rtc_media_stream_track *a = track_of(RTC_MEDIA_VIDEO), *b = track_of(RTC_MEDIA_VIDEO), *c = track_of(RTC_MEDIA_VIDEO);
    add_track(&s, 0, a, &first);
    peer_exchange(&s.p, 0);
    assert_int_equal(rtc_peer_connection_remove_track(pc_of(&s, 0), first), RTC_OK);
    peer_exchange(&s.p, 0);
    assert_int_equal(scene_current_direction(&s, 0, 0), RTC_DIRECTION_INACTIVE);
    rtc_rtp_transceiver *old = add(&s, 0, RTC_MEDIA_VIDEO, RTC_DIRECTION_RECVONLY);
    (void)add(&s, 0, RTC_MEDIA_VIDEO, RTC_DIRECTION_RECVONLY);
    add_track(&s, 0, b, &second);
    assert_ptr_equal(second, rtc_rtp_transceiver_sender(old));
    assert_int_equal(rtc_rtp_transceiver_stop(transceiver(&s, 0, 2)), RTC_OK); /* the other one is stopping: none is left */
    add_track(&s, 0, c, &third);
    assert_int_equal(count(&s, 0), 4);
    assert_ptr_equal(third, rtc_rtp_transceiver_sender(transceiver(&s, 0, 3)));
    /* The answerer's: what an offer made and only received has never sent. */
    rtc_media_stream_track *theirs = track_of(RTC_MEDIA_VIDEO);
    add_track(&s, 1, theirs, &first);
    assert_ptr_equal(first, rtc_rtp_transceiver_sender(transceiver(&s, 1, 0)));
    rtc_media_stream_track_unref(a);
    rtc_media_stream_track_unref(b);
    rtc_media_stream_track_unref(c);
    rtc_media_stream_track_unref(theirs);
    scene_end(&s);
}

/* [[AssociatedMediaStreamIds]]: each stream once, in order; those of the call that gave the sender its track. */
static void streams_of_a_track(void **state)
{
    struct scene s;
    rtc_media_stream *a, *b;
    (void)state;
    scene_begin(&s, 5);
    assert_int_equal(rtc_media_stream_new(NULL, "a", &a), RTC_OK);
    assert_int_equal(rtc_media_stream_new(NULL, "b", &b), RTC_OK);
    rtc_media_stream *const several[] = {b, a, b}, *const missing[] = {a, NULL};
    rtc_media_stream_track *track = track_of(RTC_MEDIA_AUDIO);
    assert_int_equal(rtc_peer_connection_add_track(pc_of(&s, 0), track, missing, 2, NULL), RTC_ERR_TYPE);
    assert_int_equal(count(&s, 0), 0);
    assert_int_equal(rtc_peer_connection_add_track(pc_of(&s, 0), track, several, 3, NULL), RTC_OK);
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .streams = several, .stream_count = 2};
    assert_int_equal(rtc_peer_connection_add_transceiver(pc_of(&s, 0), RTC_MEDIA_VIDEO, NULL, &init, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    char *said = streams_of(&s, 0);
    assert_string_equal(said, "b a b a");
    free(said);
    rtc_media_stream_unref(a);
    rtc_media_stream_unref(b);
    rtc_media_stream_track_unref(track);
    scene_end(&s);
}

/* ---- removeTrack ---- */

/* Steps 3 to 9: closed; a sender of another connection; one without a track, for which nothing happens. */
static void a_track_is_removed(void **state)
{
    static const struct {
        rtc_rtp_direction before, after;
    } cases[] = {{RTC_DIRECTION_SENDRECV, RTC_DIRECTION_RECVONLY},
                 {RTC_DIRECTION_SENDONLY, RTC_DIRECTION_INACTIVE},
                 {RTC_DIRECTION_RECVONLY, RTC_DIRECTION_RECVONLY},
                 {RTC_DIRECTION_INACTIVE, RTC_DIRECTION_INACTIVE}};
    struct scene s;
    rtc_rtp_sender *foreign;
    (void)state;
    scene_begin(&s, 6);
    rtc_media_stream_track *theirs = track_of(RTC_MEDIA_VIDEO);
    add_track(&s, 1, theirs, &foreign);
    assert_int_equal(rtc_peer_connection_remove_track(pc_of(&s, 0), foreign), RTC_ERR_INVALID_ACCESS);
    assert_ptr_equal(rtc_rtp_sender_track(foreign), theirs);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rtc_rtp_transceiver *t = add(&s, 0, RTC_MEDIA_VIDEO, cases[i].before);
        rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(t);
        rtc_media_stream_track *track = track_of(RTC_MEDIA_VIDEO);
        assert_int_equal(rtc_peer_connection_remove_track(pc_of(&s, 0), sender), RTC_OK);
        assert_int_equal(rtc_rtp_transceiver_direction(t), cases[i].before);
        assert_int_equal(rtc_rtp_sender_replace_track(sender, track), RTC_OK);
        assert_int_equal(rtc_peer_connection_remove_track(pc_of(&s, 0), sender), RTC_OK);
        assert_null(rtc_rtp_sender_track(sender));
        assert_int_equal(rtc_rtp_transceiver_direction(t), cases[i].after);
        assert_int_equal(count(&s, 0), i + 1); /* it stays in the list */
        rtc_media_stream_track_unref(track);
    }
    rtc_rtp_sender *last = rtc_rtp_transceiver_sender(transceiver(&s, 0, 0));
    rtc_rtp_sender_ref(last);
    rtc_peer_connection_close(pc_of(&s, 0));
    assert_int_equal(rtc_peer_connection_remove_track(pc_of(&s, 0), last), RTC_ERR_INVALID_STATE);
    rtc_rtp_sender_unref(last);
    rtc_media_stream_track_unref(theirs);
    scene_end(&s);
}

/* It asks for a negotiation once it is one that was negotiated, and its sender has left after a rollback. */
static void removed_and_negotiated(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender, *back;
    (void)state;
    scene_begin(&s, 7);
    rtc_media_stream_track *track = track_of(RTC_MEDIA_AUDIO);
    add_track(&s, 0, track, &sender);
    peer_exchange(&s.p, 0);
    (void)needed(&s);
    assert_int_equal(rtc_peer_connection_remove_track(pc_of(&s, 0), sender), RTC_OK);
    assert_int_equal(needed(&s), 1);
    assert_int_equal(rtc_peer_connection_remove_track(pc_of(&s, 0), sender), RTC_OK);
    assert_int_equal(needed(&s), 0);
    add_track(&s, 0, track, &back); /* not the same: that one has sent */
    assert_true(back != sender);
    (void)needed(&s);
    peer_exchange(&s.p, 0);
    assert_int_equal(scene_current_direction(&s, 0, 0), RTC_DIRECTION_INACTIVE);
    /* A sender of a transceiver that a rollback took away. */
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    (void)add(&s, 1, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 0), RTC_SDP_OFFER, peer_description(&s.p, 1)), RTC_OK);
    rtc_rtp_transceiver *gone = rtc_rtp_transceiver_ref(transceiver(&s, 0, count(&s, 0) - 1));
    assert_int_equal(rtc_rtp_transceiver_kind(gone), RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 0), RTC_SDP_ROLLBACK, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_remove_track(pc_of(&s, 0), rtc_rtp_transceiver_sender(gone)), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_stop(gone), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_direction(gone), RTC_DIRECTION_STOPPED);
    rtc_rtp_transceiver_unref(gone);
    rtc_media_stream_track_unref(track);
    scene_end(&s);
}

/* ---- addTransceiver ---- */

/* With a kind or a track; the track's kind counts. Every direction of the init, and sendrecv without. */
static void a_transceiver_is_added(void **state)
{
    static const rtc_rtp_direction directions[] = {RTC_DIRECTION_INACTIVE, RTC_DIRECTION_SENDONLY, RTC_DIRECTION_RECVONLY,
                                                   RTC_DIRECTION_SENDRECV};
    struct scene s;
    rtc_rtp_transceiver *t;
    (void)state;
    scene_begin(&s, 8);
    rtc_media_stream_track *track = track_of(RTC_MEDIA_VIDEO);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rtc_rtp_transceiver_direction(add(&s, 0, RTC_MEDIA_AUDIO, directions[i])), directions[i]);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc_of(&s, 0), RTC_MEDIA_AUDIO, NULL, NULL, &t), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_SENDRECV);
    assert_null(rtc_rtp_sender_track(rtc_rtp_transceiver_sender(t)));
    assert_int_equal(rtc_media_stream_track_kind(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t))), RTC_MEDIA_AUDIO);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc_of(&s, 0), RTC_MEDIA_AUDIO, track, NULL, &t), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_kind(t), RTC_MEDIA_VIDEO);
    assert_ptr_equal(rtc_rtp_sender_track(rtc_rtp_transceiver_sender(t)), track);
    /* Unlike addTrack: the track may be another sender's, and no sender is used again. */
    assert_int_equal(rtc_peer_connection_add_transceiver(pc_of(&s, 0), RTC_MEDIA_VIDEO, track, NULL, NULL), RTC_OK);
    assert_int_equal(count(&s, 0), 7);
    assert_int_equal(rtc_peer_connection_add_track(pc_of(&s, 0), track, NULL, 0, NULL), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(needed(&s), 1); /* told once */
    rtc_media_stream_track_unref(track);
    scene_end(&s);
}

/* What is refused leaves nothing behind, and asks for nothing. */
static void refused(void **state)
{
    rtc_rtp_transceiver_init init = {.size = sizeof init}, bad_direction = init, sizeless = {0};
    struct scene s;
    rtc_rtp_transceiver *t = NULL;
    (void)state;
    scene_begin(&s, 9);
    bad_direction.direction = (rtc_rtp_direction)77;
    rtc_rtp_transceiver_init stopped = init;
    stopped.has_direction = true;
    stopped.direction = RTC_DIRECTION_STOPPED;
    rtc_peer_connection *pc = pc_of(&s, 0);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, (rtc_media_kind)9, NULL, NULL, &t), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &bad_direction, &t), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &stopped, &t), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &sizeless, &t), RTC_ERR_TYPE);
    assert_int_equal(count(&s, 0), 0);
    assert_null(t);
    assert_int_equal(needed(&s), 0);
    rtc_peer_connection_close(pc);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &init, &t), RTC_ERR_INVALID_STATE);
    scene_end(&s);
}

/* 5.1, "processing remote MediaStreamTracks" and 4.4.1.5: who takes a section of an offer. addTrack's transceivers do, in order and by
 * kind, if they have no section; others are made, and receive. */
static void who_takes_a_section(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    (void)state;
    scene_begin(&s, 10);
    rtc_media_stream_track *a = track_of(RTC_MEDIA_AUDIO), *v = track_of(RTC_MEDIA_VIDEO);
    (void)add(&s, 1, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV); /* never taken */
    add_track(&s, 1, v, &sender);
    rtc_rtp_transceiver *mine = transceiver(&s, 1, 1);
    (void)add(&s, 0, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    (void)add(&s, 0, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    (void)add(&s, 0, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDONLY);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 1), RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    assert_int_equal(count(&s, 1), 4);
    assert_string_equal(rtc_rtp_transceiver_mid(mine), "1");
    assert_int_equal(rtc_rtp_transceiver_direction(mine), RTC_DIRECTION_SENDRECV);
    assert_null(rtc_rtp_transceiver_mid(transceiver(&s, 1, 0)));
    assert_string_equal(rtc_rtp_transceiver_mid(transceiver(&s, 1, 2)), "0");
    assert_string_equal(rtc_rtp_transceiver_mid(transceiver(&s, 1, 3)), "2");
    for (size_t i = 2; i < 4; i++) {
        assert_int_equal(rtc_rtp_transceiver_direction(transceiver(&s, 1, i)), RTC_DIRECTION_RECVONLY);
        assert_false(rtc_rtp_transceiver_current_direction(transceiver(&s, 1, i), NULL));
    }
    add_track(&s, 1, a, &sender); /* into the first that is free and never sent: the application's own */
    assert_ptr_equal(sender, rtc_rtp_transceiver_sender(transceiver(&s, 1, 0)));
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(scene_current_direction(&s, 1, 1), RTC_DIRECTION_SENDRECV);
    assert_int_equal(scene_current_direction(&s, 1, 2), RTC_DIRECTION_RECVONLY);
    rtc_media_stream_track_unref(a);
    rtc_media_stream_track_unref(v);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(a_track_is_added),
        cmocka_unit_test(a_sender_is_used_again),
        cmocka_unit_test(a_sender_that_sent_is_not),
        cmocka_unit_test(streams_of_a_track),
        cmocka_unit_test(a_track_is_removed),
        cmocka_unit_test(removed_and_negotiated),
        cmocka_unit_test(a_transceiver_is_added),
        cmocka_unit_test(refused),
        cmocka_unit_test(who_takes_a_section),
    };
    return cmocka_run_group_tests_name("RTCPeerConnection, 5.1", tests, NULL, NULL);
}
