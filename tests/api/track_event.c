/* SPDX-License-Identifier: MIT */
/* RTCTrackEvent, and what a connection does with the streams of what it receives (webrtc-pc 4.4.1.5: "process the addition/removal of a
 * remote track", "set the associated remote streams"; 5.7; 9.2): which objects there are, and what is told in which order. */
#include "media_track.h"
#include "renegotiate_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Peer 0 sends, peer 1 listens. */
struct call {
    struct scene s;
    rtc_media_stream *sent[2];   /* "one", "two" */
    rtc_media_stream *stream[4]; /* those of peer 1, in the order in which they were first seen; references */
    size_t stream_count;
    size_t last_count; /* streams of the last track event */
};

static const char *said(struct call *c)
{
    return c->s.log[1].text;
}

static size_t tracks_in(rtc_media_stream *stream)
{
    return rtc_media_stream_get_tracks(stream, (rtc_media_kind)0, NULL, 0);
}

static bool is_in(rtc_media_stream *stream, rtc_media_stream_track *track)
{
    rtc_media_stream_track *found = rtc_media_stream_get_track_by_id(stream, rtc_media_stream_track_id(track));
    rtc_media_stream_track_unref(found);
    return found == track;
}

static void say(struct call *c, const char *what, rtc_media_stream *stream)
{
    char word[64];
    (void)snprintf(word, sizeof word, "%s:%s", what, rtc_media_stream_id(stream));
    peer_log_add(&c->s.log[1], word);
}

static void on_add(void *user, rtc_media_stream *stream, rtc_media_stream_track *track)
{
    assert_true(is_in(stream, track));
    say(user, "add", stream);
}

static void on_remove(void *user, rtc_media_stream *stream, rtc_media_stream_track *track)
{
    assert_false(is_in(stream, track));
    say(user, "remove", stream);
}

static void notice(struct call *c, rtc_media_stream *stream)
{
    static const rtc_media_stream_callbacks callbacks = {sizeof callbacks, on_add, on_remove};
    rtc_media_stream_listener *listener;
    for (size_t i = 0; i < c->stream_count; i++)
        if (c->stream[i] == stream)
            return;
    assert_true(c->stream_count < 4);
    c->stream[c->stream_count++] = rtc_media_stream_ref(stream);
    assert_int_equal(rtc_media_stream_add_listener(stream, &callbacks, c, &listener), RTC_OK);
}

static void on_track(rtc_peer_connection *pc, void *user, const rtc_track_event *event)
{
    struct call *c = link_owner(user, struct call, s.log[1]);
    (void)pc;
    c->last_count = event->stream_count;
    for (size_t i = 0; i < event->stream_count; i++) {
        assert_string_equal(event->stream_ids[i], rtc_media_stream_id(event->streams[i]));
        assert_true(is_in(event->streams[i], event->track));
        notice(c, event->streams[i]);
    }
    peer_log_add(&c->s.log[1], "track");
}

static void begin(struct call *c)
{
    memset(c, 0, sizeof *c);
    scene_begin(&c->s, 7);
    c->s.p.peer[1].extra.on_track = on_track;
    assert_int_equal(rtc_media_stream_new(NULL, "one", &c->sent[0]), RTC_OK);
    assert_int_equal(rtc_media_stream_new(NULL, "two", &c->sent[1]), RTC_OK);
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
    assert_int_equal(rtc_media_source_new(NULL, kind, NULL, NULL, NULL, &source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(c->s.p.peer[0].pc, track, &c->sent[first], count, &sender), RTC_OK);
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(source);
    return sender;
}

/* An offer of peer 0, set by peer 1, and what that told. */
static const char *offer(struct call *c)
{
    peer_run(&c->s.p, MS);
    scene_forget_logs(&c->s);
    assert_int_equal(rtc_peer_connection_set_local_description(c->s.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(c->s.p.peer[1].pc, RTC_SDP_OFFER, peer_description(&c->s.p, 0)), RTC_OK);
    peer_run(&c->s.p, MS);
    return said(c);
}

static void answer(struct call *c)
{
    assert_int_equal(rtc_peer_connection_set_local_description(c->s.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(c->s.p.peer[0].pc, RTC_SDP_ANSWER, peer_description(&c->s.p, 1)), RTC_OK);
    peer_run(&c->s.p, MS);
}

static void no_stream(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 0);
    assert_string_equal(offer(&c), "signaling:have-remote-offer track");
    assert_int_equal(c.last_count, 0);
    end(&c);
}

/* Both tracks are in their stream before the first is told, and the stream is one object. */
static void two_tracks_of_one_stream(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)add(&c, RTC_MEDIA_VIDEO, 0, 1);
    assert_string_equal(offer(&c), "signaling:have-remote-offer track track");
    assert_int_equal(c.stream_count, 1);
    assert_string_equal(rtc_media_stream_id(c.stream[0]), "one");
    assert_int_equal(tracks_in(c.stream[0]), 2);
    assert_true(rtc_media_stream_active(c.stream[0]));
    answer(&c);
    end(&c);
}

/* A track that comes into a stream which is there is told by the stream, then by itself. */
static void one_more_track(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)offer(&c);
    answer(&c);
    (void)add(&c, RTC_MEDIA_VIDEO, 0, 2);
    assert_string_equal(offer(&c), "signaling:have-remote-offer add:one track");
    assert_int_equal(c.stream_count, 2);
    assert_int_equal(tracks_in(c.stream[0]), 2);
    assert_int_equal(tracks_in(c.stream[1]), 1);
    end(&c);
}

/* A peer that knows nothing of streams: all of its tracks are in one. */
static void no_word_of_streams(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)add(&c, RTC_MEDIA_VIDEO, 1, 1);
    assert_int_equal(rtc_peer_connection_set_local_description(c.s.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    char *bare = text_without_lines(peer_description(&c.s.p, 0), "a=msid:"), *barer = text_without_lines(bare, "a=ssrc:");
    assert_int_equal(rtc_peer_connection_set_remote_description(c.s.p.peer[1].pc, RTC_SDP_OFFER, barer), RTC_OK);
    peer_run(&c.s.p, MS);
    assert_int_equal(c.stream_count, 1);
    assert_string_equal(rtc_media_stream_id(c.stream[0]), "default");
    assert_int_equal(tracks_in(c.stream[0]), 2);
    free(bare);
    free(barer);
    end(&c);
}

/* removeTrack: muted, then out of its streams. The same again: the same stream. */
static void a_track_goes_and_comes_again(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    rtc_rtp_sender *sender = add(&c, RTC_MEDIA_AUDIO, 0, 2);
    rtc_media_stream_track *track = rtc_media_stream_track_ref(rtc_rtp_sender_track(sender));
    (void)offer(&c);
    answer(&c);
    media_track_set_muted(peer_remote_track(&c.s.p, 1, 0), false); /* as if media had come */
    assert_int_equal(rtc_peer_connection_remove_track(c.s.p.peer[0].pc, sender), RTC_OK);
    assert_string_equal(offer(&c), "signaling:have-remote-offer muted remove:one remove:two");
    assert_int_equal(tracks_in(c.stream[0]), 0);
    assert_false(rtc_media_stream_active(c.stream[0]));
    answer(&c);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(c.s.p.peer[0].pc, 0);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, track), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
    assert_string_equal(offer(&c), "signaling:have-remote-offer add:one add:two track");
    assert_int_equal(c.stream_count, 2);
    rtc_media_stream_track_unref(track);
    end(&c);
}

/* All that is muted and removed comes before all that is added. */
static void what_goes_before_what_comes(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    rtc_rtp_sender *sender = add(&c, RTC_MEDIA_VIDEO, 0, 1);
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)offer(&c);
    answer(&c);
    media_track_set_muted(peer_remote_track(&c.s.p, 1, 0), false);
    assert_int_equal(rtc_peer_connection_remove_track(c.s.p.peer[0].pc, sender), RTC_OK);
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 1);
    assert_string_equal(offer(&c), "signaling:have-remote-offer muted remove:one add:one track");
    end(&c);
}

/* What the program takes out of a stream of the connection, or puts into it, is not told again. */
static void the_program_was_first(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    rtc_rtp_sender *sender = add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)offer(&c);
    answer(&c);
    rtc_media_stream_remove_track(c.stream[0], peer_remote_track(&c.s.p, 1, 0));
    assert_int_equal(rtc_peer_connection_remove_track(c.s.p.peer[0].pc, sender), RTC_OK);
    assert_string_equal(offer(&c), "signaling:have-remote-offer");
    end(&c);
}

/* An offer that is taken back takes its tracks out again, and brings back those that it took. */
static void a_rollback(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    rtc_rtp_sender *sender = add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)offer(&c);
    answer(&c);
    assert_int_equal(rtc_peer_connection_remove_track(c.s.p.peer[0].pc, sender), RTC_OK);
    (void)add(&c, RTC_MEDIA_VIDEO, 1, 1);
    assert_string_equal(offer(&c), "signaling:have-remote-offer remove:one track");
    scene_forget_logs(&c.s);
    assert_int_equal(rtc_peer_connection_set_remote_description(c.s.p.peer[1].pc, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    assert_int_equal(tracks_in(c.stream[0]), 1);
    assert_int_equal(tracks_in(c.stream[1]), 0);
    peer_run(&c.s.p, MS);
    assert_string_equal(said(&c), "signaling:stable remove:two add:one track");
    end(&c);
}

/* A rejected section: muted, out of its stream, ended. */
static void a_transceiver_is_stopped(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)add(&c, RTC_MEDIA_VIDEO, 1, 1);
    (void)offer(&c);
    answer(&c);
    rtc_media_stream_track *track = rtc_media_stream_track_ref(peer_remote_track(&c.s.p, 1, 1));
    media_track_set_muted(track, false);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(c.s.p.peer[0].pc, 1)), RTC_OK);
    assert_string_equal(offer(&c), "signaling:have-remote-offer muted remove:two");
    assert_int_equal(rtc_media_stream_track_ready_state(track), RTC_TRACK_ENDED);
    answer(&c);
    rtc_media_stream_track_unref(track);
    end(&c);
}

/* Our answer does not want it: gone, though the peer offers it. */
static void an_answer_that_does_not_receive(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)offer(&c);
    scene_forget_logs(&c.s);
    assert_int_equal(rtc_rtp_transceiver_set_direction(rtc_peer_connection_transceiver(c.s.p.peer[1].pc, 0), RTC_DIRECTION_INACTIVE),
                     RTC_OK);
    answer(&c);
    assert_non_null(strstr(said(&c), "signaling:stable remove:one"));
    end(&c);
}

/* Closing tells nothing of streams, and leaves them as they are. */
static void closing(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    (void)add(&c, RTC_MEDIA_AUDIO, 0, 1);
    (void)offer(&c);
    scene_forget_logs(&c.s);
    rtc_peer_connection_close(c.s.p.peer[1].pc);
    peer_run(&c.s.p, MS);
    assert_string_equal(said(&c), "");
    assert_int_equal(tracks_in(c.stream[0]), 1);
    assert_false(rtc_media_stream_active(c.stream[0]));
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_stream),
        cmocka_unit_test(two_tracks_of_one_stream),
        cmocka_unit_test(no_word_of_streams),
        cmocka_unit_test(one_more_track),
        cmocka_unit_test(a_track_goes_and_comes_again),
        cmocka_unit_test(what_goes_before_what_comes),
        cmocka_unit_test(the_program_was_first),
        cmocka_unit_test(a_rollback),
        cmocka_unit_test(a_transceiver_is_stopped),
        cmocka_unit_test(an_answer_that_does_not_receive),
        cmocka_unit_test(closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
