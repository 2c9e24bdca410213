/* SPDX-License-Identifier: MIT */
/* MediaStream as a connection makes it of what the peer says (webrtc-pc 9.2, mediacapture-streams 4.2): its id and tracks, and what becomes
 * of it and of its clones. Which events come in which order is track_event.c's, a stream by itself api_media_stream.c's. */
#include "media_track.h"
#include "renegotiate_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Peer 0 sends, peer 1 listens. */
struct call {
    struct scene s;
    rtc_media_stream *sent[2];
    rtc_media_stream *stream[4]; /* of the track events of peer 1, as they came; references */
    size_t stream_count;
    char heard[256]; /* of stream[0] */
};

static void on_track(rtc_peer_connection *pc, void *user, const rtc_track_event *event)
{
    struct call *c = link_owner(user, struct call, s.log[1]);
    (void)pc;
    for (size_t i = 0; i < event->stream_count; i++)
        c->stream[c->stream_count++] = rtc_media_stream_ref(event->streams[i]);
}

static void begin(struct call *c, const char *first, const char *second)
{
    memset(c, 0, sizeof *c);
    scene_begin(&c->s, 12);
    c->s.p.peer[1].extra.on_track = on_track;
    assert_int_equal(rtc_media_stream_new(NULL, first, &c->sent[0]), RTC_OK);
    assert_int_equal(rtc_media_stream_new(NULL, second, &c->sent[1]), RTC_OK);
}

static void end(struct call *c)
{
    scene_end(&c->s);
    for (size_t i = 0; i < c->stream_count; i++)
        rtc_media_stream_unref(c->stream[i]);
    rtc_media_stream_unref(c->sent[0]);
    rtc_media_stream_unref(c->sent[1]);
}

static rtc_rtp_sender *add(struct call *c, rtc_media_kind kind, size_t first, size_t count)
{
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_rtp_sender *sender;
    assert_int_equal(rtc_media_source_new(NULL, kind, "at home", NULL, NULL, &source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(c->s.p.peer[0].pc, track, &c->sent[first], count, &sender), RTC_OK);
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(source);
    return sender;
}

static void exchange(struct call *c)
{
    peer_exchange(&c->s.p, 0);
    peer_run(&c->s.p, MS);
}

static rtc_media_stream_track *remote(struct call *c, size_t n)
{
    return peer_remote_track(&c->s.p, 1, n);
}

/* The n-th of its tracks; borrowed, for the connection holds it. */
static rtc_media_stream_track *track_at(rtc_media_stream *stream, rtc_media_kind kind, size_t n)
{
    rtc_media_stream_track *tracks[8] = {NULL};
    size_t count = rtc_media_stream_get_tracks(stream, kind, tracks, 8);
    for (size_t i = 0; i < count; i++)
        rtc_media_stream_track_unref(tracks[i]);
    return n < count ? tracks[n] : NULL;
}

static size_t tracks_in(rtc_media_stream *stream)
{
    return rtc_media_stream_get_tracks(stream, (rtc_media_kind)0, NULL, 0);
}

/* ---- Ids and tracks ---- */

/* The id is what the peer's a=msid says, to the longest that there is; a stream of that id which the program has is another object. */
static void its_id(void **state)
{
    static const char longest[] = "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789ABCDE+";
    struct call c;
    (void)state;
    begin(&c, longest, "{braces}");
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 2);
    exchange(&c);
    assert_int_equal(c.stream_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(rtc_media_stream_id(c.stream[i]), rtc_media_stream_id(c.sent[i]));
        assert_ptr_not_equal(c.stream[i], c.sent[i]);
        assert_int_equal(tracks_in(c.sent[i]), 0); /* addTrack puts nothing into streams */
        assert_ptr_equal(track_at(c.stream[i], RTC_MEDIA_AUDIO, 0), remote(&c, 0));
    }
    end(&c);
}

/* One object for an id, whichever sections name it, in whatever order; its tracks in the order in which they came. */
static void one_object_for_an_id(void **state)
{
    struct call c;
    (void)state;
    begin(&c, "one", "two");
    (void)add(&c, RTC_MEDIA_VIDEO, 0, 1);
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 2);
    (void)add(&c, RTC_MEDIA_VIDEO, 1, 1);
    exchange(&c);
    assert_int_equal(c.stream_count, 4);
    assert_ptr_equal(c.stream[0], c.stream[1]);
    assert_ptr_equal(c.stream[2], c.stream[3]);
    assert_int_equal(tracks_in(c.stream[0]), 2);
    assert_ptr_equal(track_at(c.stream[0], (rtc_media_kind)0, 0), remote(&c, 0));
    assert_ptr_equal(track_at(c.stream[0], (rtc_media_kind)0, 1), remote(&c, 1));
    assert_ptr_equal(track_at(c.stream[0], RTC_MEDIA_AUDIO, 0), remote(&c, 1));
    assert_null(track_at(c.stream[0], RTC_MEDIA_AUDIO, 1));
    assert_ptr_equal(track_at(c.stream[2], (rtc_media_kind)0, 1), remote(&c, 2));
    end(&c);
}

/* 5.3, create an RTCRtpReceiver: the label of a remote track is "remote " and its kind, not the sender's; it is muted, live and enabled. */
static void its_tracks(void **state)
{
    struct call c;
    (void)state;
    begin(&c, "one", "two");
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)add(&c, RTC_MEDIA_VIDEO, 0, 1);
    exchange(&c);
    for (size_t i = 0; i < 2; i++) {
        rtc_media_stream_track *track = track_at(c.stream[0], (rtc_media_kind)0, i);
        assert_string_equal(rtc_media_stream_track_label(track), i == 0 ? "remote audio" : "remote video");
        assert_true(rtc_media_stream_track_muted(track) && rtc_media_stream_track_enabled(track));
        assert_int_equal(rtc_media_stream_track_ready_state(track), RTC_TRACK_LIVE);
        rtc_media_stream_track *found = rtc_media_stream_get_track_by_id(c.stream[0], rtc_media_stream_track_id(track));
        assert_ptr_equal(found, track);
        rtc_media_stream_track_unref(found);
    }
    assert_true(rtc_media_stream_active(c.stream[0])); /* muted tracks live */
    end(&c);
}

/* ---- What becomes of it ---- */

/* 4.2.1: inactive when nothing in it lives any more, active again when something does. */
static void active(void **state)
{
    struct call c;
    (void)state;
    begin(&c, "one", "two");
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)add(&c, RTC_MEDIA_VIDEO, 0, 1);
    exchange(&c);
    rtc_media_stream_track_stop(remote(&c, 0)); /* by the program */
    assert_true(rtc_media_stream_active(c.stream[0]));
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(c.s.p.peer[0].pc, 1)), RTC_OK);
    exchange(&c);
    assert_false(rtc_media_stream_active(c.stream[0]));
    assert_int_equal(tracks_in(c.stream[0]), 1); /* what the peer removed is gone, what the program stopped is not */
    (void)add(&c, RTC_MEDIA_VIDEO, 0, 1);
    exchange(&c);
    assert_ptr_equal(c.stream[c.stream_count - 1], c.stream[0]);
    assert_true(rtc_media_stream_active(c.stream[0]));
    end(&c);
}

static void note(struct call *c, const char *word, rtc_media_stream *stream)
{
    (void)strcat(strcat(c->heard, c->heard[0] ? " " : ""), word);
    assert_ptr_equal(stream, c->stream[0]);
}

static void on_add(void *user, rtc_media_stream *stream, rtc_media_stream_track *track)
{
    (void)track;
    note(user, "add", stream);
}

static void on_remove(void *user, rtc_media_stream *stream, rtc_media_stream_track *track)
{
    (void)track;
    note(user, "remove", stream);
}

static rtc_media_stream_listener *listen_to(struct call *c)
{
    static const rtc_media_stream_callbacks callbacks = {sizeof callbacks, on_add, on_remove};
    rtc_media_stream_listener *listener;
    assert_int_equal(rtc_media_stream_add_listener(c->stream[0], &callbacks, c, &listener), RTC_OK);
    return listener;
}

/* setStreams moves a track: out of one stream, into another, and the first is empty and stays. Each who listens is told; a listener that
 * was taken away is not. */
static void a_track_moves(void **state)
{
    struct call c;
    (void)state;
    begin(&c, "one", "two");
    rtc_rtp_sender *sender = add(&c, RTC_MEDIA_AUDIO, 0, 1);
    exchange(&c);
    rtc_media_stream_listener *first = listen_to(&c);
    (void)listen_to(&c);
    assert_int_equal(rtc_rtp_sender_set_streams(sender, &c.sent[1], 1), RTC_OK);
    exchange(&c);
    assert_string_equal(c.heard, "remove remove");
    assert_int_equal(tracks_in(c.stream[0]), 0);
    assert_false(rtc_media_stream_active(c.stream[0]));
    assert_string_equal(rtc_media_stream_id(c.stream[1]), "two");
    assert_ptr_equal(track_at(c.stream[1], RTC_MEDIA_AUDIO, 0), remote(&c, 0));
    rtc_media_stream_remove_listener(c.stream[0], first);
    assert_int_equal(rtc_rtp_sender_set_streams(sender, c.sent, 2), RTC_OK);
    exchange(&c);
    assert_string_equal(c.heard, "remove remove add");
    assert_int_equal(tracks_in(c.stream[0]), 1);
    assert_int_equal(tracks_in(c.stream[1]), 1);
    end(&c);
}

/* What the program does with it is not told, and what the peer removes afterwards is not told twice; a track of its own stays. */
static void the_programs_own(void **state)
{
    struct call c;
    rtc_media_source *source;
    rtc_media_stream_track *own;
    (void)state;
    begin(&c, "one", "two");
    rtc_rtp_sender *sender = add(&c, RTC_MEDIA_AUDIO, 0, 1);
    exchange(&c);
    (void)listen_to(&c);
    assert_int_equal(rtc_media_source_new(NULL, RTC_MEDIA_VIDEO, NULL, NULL, NULL, &source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(source, &own), RTC_OK);
    assert_int_equal(rtc_media_stream_add_track(c.stream[0], own), RTC_OK);
    peer_run(&c.s.p, MS);
    assert_string_equal(c.heard, "");
    assert_int_equal(rtc_peer_connection_remove_track(c.s.p.peer[0].pc, sender), RTC_OK);
    exchange(&c);
    assert_string_equal(c.heard, "remove");
    assert_ptr_equal(track_at(c.stream[0], (rtc_media_kind)0, 0), own);
    assert_int_equal(tracks_in(c.stream[0]), 1);
    rtc_media_stream_track_unref(own);
    rtc_media_source_unref(source);
    end(&c);
}

/* ---- Clones ---- */

/* clone(): another id, clones of the tracks, which are muted and end with theirs; tracks come and go without it. */
static void a_clone(void **state)
{
    struct call c;
    rtc_media_stream *clone;
    (void)state;
    begin(&c, "one", "two");
    rtc_rtp_sender *sender = add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)add(&c, RTC_MEDIA_VIDEO, 0, 1);
    exchange(&c);
    assert_int_equal(rtc_media_stream_clone(c.stream[0], &clone), RTC_OK);
    assert_string_not_equal(rtc_media_stream_id(clone), "one");
    rtc_media_stream_track *sound = track_at(clone, RTC_MEDIA_AUDIO, 0), *picture = track_at(clone, RTC_MEDIA_VIDEO, 0);
    assert_ptr_not_equal(sound, remote(&c, 0));
    assert_true(rtc_media_stream_track_muted(sound));
    media_track_set_muted(remote(&c, 0), false); /* as if media had come */
    assert_false(rtc_media_stream_track_muted(sound));
    assert_int_equal(rtc_peer_connection_remove_track(c.s.p.peer[0].pc, sender), RTC_OK);
    exchange(&c);
    assert_true(rtc_media_stream_track_muted(sound));
    assert_int_equal(tracks_in(c.stream[0]), 1);
    assert_int_equal(tracks_in(clone), 2);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(c.s.p.peer[0].pc, 1)), RTC_OK);
    exchange(&c);
    assert_int_equal(rtc_media_stream_track_ready_state(picture), RTC_TRACK_ENDED);
    assert_true(rtc_media_stream_active(clone));
    rtc_peer_connection_close(c.s.p.peer[1].pc);
    assert_false(rtc_media_stream_active(clone));
    assert_int_equal(tracks_in(clone), 2);
    rtc_media_stream_unref(clone);
    end(&c);
}

/* It outlives its connection, with its tracks, which have ended. */
static void it_outlives_its_connection(void **state)
{
    struct call c;
    (void)state;
    begin(&c, "one", "two");
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 1);
    exchange(&c);
    rtc_peer_connection_free(c.s.p.peer[1].pc);
    c.s.p.peer[1].pc = NULL;
    assert_string_equal(rtc_media_stream_id(c.stream[0]), "one");
    assert_int_equal(rtc_media_stream_track_ready_state(track_at(c.stream[0], RTC_MEDIA_AUDIO, 0)), RTC_TRACK_ENDED);
    assert_false(rtc_media_stream_active(c.stream[0]));
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_id),        cmocka_unit_test(one_object_for_an_id),
        cmocka_unit_test(its_tracks),    cmocka_unit_test(active),
        cmocka_unit_test(a_track_moves), cmocka_unit_test(the_programs_own),
        cmocka_unit_test(a_clone),       cmocka_unit_test(it_outlives_its_connection),
    };
    return cmocka_run_group_tests_name("MediaStream", tests, NULL, NULL);
}
