/* SPDX-License-Identifier: MIT */
/* What a remote track tells whoever listens to it, among the other events of its connection: mute, unmute and ended, as negotiation, media,
 * closing and stop() bring them about. */
#include "renegotiate_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_mute(void *user, rtc_media_stream_track *track)
{
    assert_true(rtc_media_stream_track_muted(track));
    peer_log_add(user, "track-mute");
}

static void on_unmute(void *user, rtc_media_stream_track *track)
{
    assert_false(rtc_media_stream_track_muted(track));
    peer_log_add(user, "track-unmute");
}

static void on_ended(void *user, rtc_media_stream_track *track)
{
    assert_int_equal(rtc_media_stream_track_ready_state(track), RTC_TRACK_ENDED);
    peer_log_add(user, "track-ended");
}

static const rtc_track_callbacks callbacks = {sizeof callbacks, on_mute, on_unmute, on_ended};

struct call {
    struct scene s;
    rtc_rtp_sender *sender;
    rtc_media_stream_track *track; /* of peer 1; a reference */
    rtc_track_listener *listener;
};

/* Listens before anything has come. */
static void begin(struct call *c)
{
    scene_begin(&c->s, 5);
    (void)scene_add_track(&c->s, 0, RTC_MEDIA_VIDEO, &c->sender);
    peer_exchange(&c->s.p, 0);
    c->track = rtc_media_stream_track_ref(peer_remote_track(&c->s.p, 1, 0));
    assert_int_equal(rtc_media_stream_track_add_listener(c->track, &callbacks, &c->s.log[1], &c->listener), RTC_OK);
    scene_forget_logs(&c->s);
    peer_connect(&c->s.p, SECOND);
    scene_expect_frames(&c->s, 1, 0);
}

static void end(struct call *c)
{
    scene_end(&c->s);
    rtc_media_stream_track_remove_listener(c->track, c->listener);
    rtc_media_stream_track_unref(c->track);
}

static const char *said(struct call *c)
{
    return c->s.log[1].text;
}

/* The connection's own callback first, for it is the older one; then the track's. */
static void media_comes_and_goes(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    assert_non_null(strstr(said(&c), "unmuted track-unmute"));
    assert_int_equal(peer_log_count(&c.s.log[1], "track-unmute"), 1);
    scene_forget_logs(&c.s);
    c.s.pumps.pump[0].running = false;
    peer_run(&c.s.p, 4 * SECOND);
    assert_string_equal(said(&c), "muted track-mute");
    scene_forget_logs(&c.s);
    c.s.pumps.pump[0].next = c.s.p.now + 1;
    c.s.pumps.pump[0].running = true;
    peer_run(&c.s.p, 1 * SECOND);
    assert_string_equal(said(&c), "unmuted track-unmute");
    end(&c);
}

/* removeTrack of the peer mutes it, and does not end it: it may come again (webrtc-pc 4.4.1.5). */
static void removal_mutes(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    scene_forget_logs(&c.s);
    assert_int_equal(rtc_peer_connection_remove_track(c.s.p.peer[0].pc, c.sender), RTC_OK);
    peer_exchange(&c.s.p, 0);
    peer_run(&c.s.p, SECOND);
    assert_string_equal(said(&c), "signaling:have-remote-offer muted track-mute signaling:stable");
    assert_int_equal(rtc_media_stream_track_ready_state(c.track), RTC_TRACK_LIVE);
    end(&c);
}

/* An answer that rejects its section, set but for what it tells. */
static void reject_section(struct call *c)
{
    assert_int_equal(rtc_peer_connection_set_local_description(c->s.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(c->s.p.peer[0].pc, RTC_SDP_OFFER, peer_description(&c->s.p, 1)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(c->s.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    char line[32];
    unsigned port = 0;
    assert_int_equal(sscanf(strstr(peer_description(&c->s.p, 0), "m=video "), "m=video %u", &port), 1);
    (void)snprintf(line, sizeof line, "m=video %u ", port);
    char *rejected = text_replace(peer_description(&c->s.p, 0), line, "m=video 0 ");
    char *again = text_replace(rejected, "a=group:BUNDLE 0\r\n", "");
    assert_int_equal(rtc_peer_connection_set_remote_description(c->s.p.peer[1].pc, RTC_SDP_ANSWER, again), RTC_OK);
    free(rejected);
    free(again);
    assert_int_equal(rtc_media_stream_track_ready_state(c->track), RTC_TRACK_LIVE);
}

/* Its section is rejected: the transceiver stops, and the track ends in a task of its own, which is told after the state. */
static void a_rejected_section_ends_it(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    scene_forget_logs(&c.s);
    reject_section(&c);
    peer_run(&c.s.p, 1000);
    assert_non_null(strstr(said(&c), "signaling:stable"));
    assert_non_null(strstr(said(&c), "track-ended"));
    assert_true(strstr(said(&c), "track-ended") > strstr(said(&c), "signaling:stable"));
    assert_int_equal(peer_log_count(&c.s.log[1], "track-ended"), 1);
    end(&c);
    assert_int_equal(peer_log_count(&c.s.log[1], "track-ended"), 1); /* closing says it no second time */
}

/* The connection closes before it said so: the track still does. */
static void closing_before_it_is_told(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    scene_forget_logs(&c.s);
    reject_section(&c);
    assert_int_equal(peer_log_count(&c.s.log[1], "track-ended"), 0);
    rtc_peer_connection_close(c.s.p.peer[1].pc);
    peer_run(&c.s.p, SECOND);
    assert_int_equal(peer_log_count(&c.s.log[1], "track-ended"), 1);
    end(&c);
}

static void close_it(rtc_peer_connection *pc, void *user, rtc_media_stream_track *track, bool muted)
{
    (void)track;
    assert_true(muted);
    peer_log_add(user, "closing");
    rtc_peer_connection_close(pc);
}

/* The connection's own callback closes it: no event of its tracks follows. */
static void closing_while_it_is_muted(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    scene_forget_logs(&c.s);
    c.s.p.peer[1].extra.on_track_mute = close_it;
    c.s.pumps.pump[0].running = false;
    peer_run(&c.s.p, 4 * SECOND);
    assert_string_equal(said(&c), "closing");
    assert_int_equal(rtc_media_stream_track_ready_state(c.track), RTC_TRACK_ENDED);
    end(&c);
}

/* No event of a closed connection follows, nor of its tracks, which have ended (decision 70). */
static void closing_ends_it_without_a_word(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    scene_forget_logs(&c.s);
    rtc_peer_connection_close(c.s.p.peer[1].pc);
    peer_run(&c.s.p, SECOND);
    assert_string_equal(said(&c), "");
    assert_int_equal(rtc_media_stream_track_ready_state(c.track), RTC_TRACK_ENDED);
    end(&c);
}

/* The peer closes: nothing comes any more, and what there is may not end by itself. */
static void a_peer_that_closes_mutes_it(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    scene_forget_logs(&c.s);
    rtc_peer_connection_close(c.s.p.peer[0].pc);
    peer_run(&c.s.p, SECOND);
    assert_int_equal(peer_log_count(&c.s.log[1], "track-mute"), 1);
    assert_int_equal(peer_log_count(&c.s.log[1], "track-ended"), 0);
    end(&c);
}

/* Who stops it knows, and hears nothing: not even when its source ends later. */
static void stopping_it_says_nothing(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    scene_forget_logs(&c.s);
    rtc_media_stream_track_stop(c.track);
    assert_int_equal(rtc_media_stream_track_ready_state(c.track), RTC_TRACK_ENDED);
    peer_run(&c.s.p, SECOND);
    rtc_peer_connection_close(c.s.p.peer[1].pc);
    peer_run(&c.s.p, SECOND);
    assert_int_equal(peer_log_count(&c.s.log[1], "track-ended"), 0);
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(media_comes_and_goes),        cmocka_unit_test(removal_mutes),
        cmocka_unit_test(a_rejected_section_ends_it),  cmocka_unit_test(closing_ends_it_without_a_word),
        cmocka_unit_test(a_peer_that_closes_mutes_it), cmocka_unit_test(stopping_it_says_nothing),
        cmocka_unit_test(closing_before_it_is_told),   cmocka_unit_test(closing_while_it_is_muted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
