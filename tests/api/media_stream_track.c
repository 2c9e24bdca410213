/* SPDX-License-Identifier: MIT */
/* MediaStreamTrack (mediacapture-streams 4.3): states and events of local and of remote tracks, and of their clones. */
#include "renegotiate_scene.h"

#include <string.h>

struct heard {
    char text[256];
};

static void note(struct heard *h, const char *word)
{
    size_t len = strlen(h->text);
    assert_true(len + strlen(word) + 2 < sizeof h->text);
    (void)strcat(strcat(h->text, len > 0 ? " " : ""), word);
}

static void on_mute(void *user, rtc_media_stream_track *track)
{
    assert_true(rtc_media_stream_track_muted(track));
    note(user, "mute");
}

static void on_unmute(void *user, rtc_media_stream_track *track)
{
    assert_false(rtc_media_stream_track_muted(track));
    note(user, "unmute");
}

static void on_ended(void *user, rtc_media_stream_track *track)
{
    assert_int_equal(rtc_media_stream_track_ready_state(track), RTC_TRACK_ENDED);
    note(user, "ended");
}

static void listen(rtc_media_stream_track *track, struct heard *h)
{
    static const rtc_track_callbacks callbacks = {sizeof callbacks, on_mute, on_unmute, on_ended};
    rtc_track_listener *listener;
    *h = (struct heard){0};
    assert_int_equal(rtc_media_stream_track_add_listener(track, &callbacks, h, &listener), RTC_OK);
}

/* ---- Local tracks ---- */

struct local {
    rtc_media_source *source;
    rtc_media_stream_track *track, *clone;
    struct heard heard, also;
};

static void begin(struct local *l)
{
    assert_int_equal(rtc_media_source_new(NULL, RTC_MEDIA_AUDIO, "a microphone", NULL, NULL, &l->source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(l->source, &l->track), RTC_OK);
    assert_int_equal(rtc_media_stream_track_clone(l->track, &l->clone), RTC_OK);
    listen(l->track, &l->heard);
    listen(l->clone, &l->also);
}

static void end(struct local *l)
{
    rtc_media_stream_track_unref(l->track);
    rtc_media_stream_track_unref(l->clone);
    rtc_media_source_unref(l->source);
}

/* 4.3.1: live, enabled, not muted; an id of its own, its source's label. */
static void as_it_is_made(void **state)
{
    struct local l;
    (void)state;
    begin(&l);
    assert_int_equal(rtc_media_stream_track_kind(l.track), RTC_MEDIA_AUDIO);
    assert_int_equal(strlen(rtc_media_stream_track_id(l.track)), 36);
    assert_string_not_equal(rtc_media_stream_track_id(l.track), rtc_media_stream_track_id(l.clone));
    assert_string_equal(rtc_media_stream_track_label(l.track), "a microphone");
    assert_true(rtc_media_stream_track_enabled(l.track) && !rtc_media_stream_track_muted(l.track));
    assert_int_equal(rtc_media_stream_track_ready_state(l.track), RTC_TRACK_LIVE);
    end(&l);
}

/* 4.3.1.1: muted with its source, each change told once; enabled is the application's, and each track's own. */
static void muted_and_disabled(void **state)
{
    struct local l;
    (void)state;
    begin(&l);
    rtc_media_source_set_muted(l.source, true);
    rtc_media_source_set_muted(l.source, true);
    assert_true(rtc_media_stream_track_muted(l.track) && rtc_media_stream_track_muted(l.clone));
    rtc_media_stream_track_set_enabled(l.track, false);
    assert_true(rtc_media_stream_track_enabled(l.clone));
    rtc_media_source_set_muted(l.source, false);
    assert_string_equal(l.heard.text, "mute unmute");
    assert_string_equal(l.also.text, "mute unmute");
    assert_false(rtc_media_stream_track_enabled(l.track));
    end(&l);
}

/* stop(): ends this one, for good, and is no event. */
static void stopped(void **state)
{
    struct local l;
    rtc_media_stream_track *later;
    (void)state;
    begin(&l);
    rtc_media_stream_track_stop(l.track);
    rtc_media_stream_track_stop(l.track);
    assert_int_equal(rtc_media_stream_track_ready_state(l.track), RTC_TRACK_ENDED);
    assert_int_equal(rtc_media_stream_track_ready_state(l.clone), RTC_TRACK_LIVE);
    assert_int_equal(rtc_media_stream_track_clone(l.track, &later), RTC_OK);
    assert_int_equal(rtc_media_stream_track_ready_state(later), RTC_TRACK_ENDED);
    rtc_media_source_end(l.source);
    assert_string_equal(l.heard.text, "");
    assert_string_equal(l.also.text, "ended");
    rtc_media_stream_track_unref(later);
    end(&l);
}

/* Its source ends: told once, and nothing after it. */
static void ended_with_its_source(void **state)
{
    struct local l;
    (void)state;
    begin(&l);
    rtc_media_source_end(l.source);
    rtc_media_source_end(l.source);
    rtc_media_source_set_muted(l.source, true);
    assert_string_equal(l.heard.text, "ended");
    assert_string_equal(l.also.text, "ended");
    end(&l);
}

/* ---- Remote tracks (webrtc-pc 5.3) ---- */

struct remote {
    struct scene s;
    rtc_media_stream_track *track, *clone; /* the second peer's */
    struct heard heard, also;
};

static void call(struct remote *r)
{
    scene_begin(&r->s, 9);
    (void)scene_add_track(&r->s, 0, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&r->s.p, 0);
    r->track = rtc_media_stream_track_ref(peer_remote_track(&r->s.p, 1, 0));
    assert_true(rtc_media_stream_track_muted(r->track)); /* nothing came yet */
    assert_int_equal(rtc_media_stream_track_clone(r->track, &r->clone), RTC_OK);
    listen(r->track, &r->heard);
    listen(r->clone, &r->also);
    peer_connect(&r->s.p, SECOND);
    peer_run(&r->s.p, SECOND);
    assert_string_equal(r->heard.text, "unmute");
    assert_false(rtc_media_stream_track_muted(r->track));
}

static void hang_up(struct remote *r, const char *heard)
{
    assert_string_equal(r->heard.text, heard);
    assert_string_equal(r->also.text, heard);
    rtc_media_stream_track_unref(r->track);
    rtc_media_stream_track_unref(r->clone);
    scene_end(&r->s);
}

static void direct(struct remote *r, rtc_rtp_direction direction)
{
    assert_int_equal(rtc_rtp_transceiver_set_direction(rtc_peer_connection_transceiver(r->s.p.peer[0].pc, 0), direction), RTC_OK);
}

/* A direction that does not send mutes it, and one that sends unmutes it once media come. */
static void muted_by_a_direction(void **state)
{
    struct remote r;
    (void)state;
    call(&r);
    direct(&r, RTC_DIRECTION_INACTIVE);
    peer_exchange(&r.s.p, 0);
    peer_run(&r.s.p, MS);
    assert_true(rtc_media_stream_track_muted(r.track));
    peer_run(&r.s.p, 3 * SECOND);
    assert_string_equal(r.heard.text, "unmute mute");
    direct(&r, RTC_DIRECTION_SENDRECV);
    peer_exchange(&r.s.p, 0);
    peer_run(&r.s.p, SECOND);
    hang_up(&r, "unmute mute unmute");
}

/* Nothing comes for a while, whatever was negotiated. */
static void muted_by_silence(void **state)
{
    struct remote r;
    (void)state;
    call(&r);
    r.s.pumps.pump[0].running = false;
    peer_run(&r.s.p, 3 * SECOND);
    assert_true(rtc_media_stream_track_muted(r.track));
    r.s.pumps.pump[0].running = true;
    peer_run(&r.s.p, SECOND);
    hang_up(&r, "unmute mute unmute");
}

/* An offer that mutes it is taken back: what goes on coming unmutes it. */
static void muted_and_rolled_back(void **state)
{
    struct remote r;
    (void)state;
    call(&r);
    direct(&r, RTC_DIRECTION_INACTIVE);
    assert_int_equal(rtc_peer_connection_set_local_description(r.s.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(r.s.p.peer[1].pc, RTC_SDP_OFFER, peer_description(&r.s.p, 0)), RTC_OK);
    peer_run(&r.s.p, MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(r.s.p.peer[1].pc, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(r.s.p.peer[0].pc, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    peer_run(&r.s.p, SECOND);
    assert_false(rtc_media_stream_track_muted(r.track));
    hang_up(&r, r.heard.text);
}

/* Its transceiver stops: it ends, with an event; so does a clone. */
static void ended_by_a_stop(void **state)
{
    struct remote r;
    (void)state;
    call(&r);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(r.s.p.peer[0].pc, 0)), RTC_OK);
    peer_exchange(&r.s.p, 0);
    peer_run(&r.s.p, 10 * MS);
    assert_int_equal(rtc_media_stream_track_ready_state(r.track), RTC_TRACK_ENDED);
    assert_int_equal(rtc_media_stream_track_ready_state(r.clone), RTC_TRACK_ENDED);
    assert_non_null(strstr(r.heard.text, "ended"));
    hang_up(&r, r.heard.text);
}

/* close(): it ends, and nobody is told. */
static void ended_by_closing(void **state)
{
    struct remote r;
    (void)state;
    call(&r);
    rtc_peer_connection_close(r.s.p.peer[1].pc);
    assert_int_equal(rtc_media_stream_track_ready_state(r.track), RTC_TRACK_ENDED);
    assert_int_equal(rtc_media_stream_track_ready_state(r.clone), RTC_TRACK_ENDED);
    peer_run(&r.s.p, 10 * MS);
    hang_up(&r, "unmute");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_is_made),         cmocka_unit_test(muted_and_disabled),   cmocka_unit_test(stopped),
        cmocka_unit_test(ended_with_its_source), cmocka_unit_test(muted_by_a_direction), cmocka_unit_test(muted_by_silence),
        cmocka_unit_test(muted_and_rolled_back), cmocka_unit_test(ended_by_a_stop),      cmocka_unit_test(ended_by_closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
