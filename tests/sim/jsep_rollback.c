/* SPDX-License-Identifier: MIT */
/* Rollback (webrtc-pc 4.4.1.5; RFC 9429 sections 4.1.10.2 and 5.7): in which states it may be, what it undoes and what it leaves, and the
 * one that a remote offer brings about by itself. */
#include "renegotiate_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int roll_back(rtc_peer_connection *pc, bool local)
{
    return local ? rtc_peer_connection_set_local_description(pc, RTC_SDP_ROLLBACK, NULL)
                 : rtc_peer_connection_set_remote_description(pc, RTC_SDP_ROLLBACK, NULL);
}

/* An offer of the peer's, which it has set or not; the caller's. */
static char *offer_of(struct scene *s, int index, bool set)
{
    const char *sdp;
    assert_int_equal(rtc_peer_connection_create_offer(s->p.peer[index].pc, &sdp), RTC_OK);
    char *copy = strdup(sdp);
    if (set)
        assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[index].pc, RTC_SDP_OFFER, copy), RTC_OK);
    return copy;
}

static void offer_to(struct scene *s, int index, const char *sdp)
{
    assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[index].pc, RTC_SDP_OFFER, sdp), RTC_OK);
}

static void add_transceiver(struct scene *s, int index, rtc_media_kind kind, rtc_rtp_direction direction)
{
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .has_direction = true, .direction = direction};
    assert_int_equal(rtc_peer_connection_add_transceiver(s->p.peer[index].pc, kind, NULL, &init, NULL), RTC_OK);
}

static const char *mid_of(struct scene *s, int index, size_t n)
{
    return rtc_rtp_transceiver_mid(rtc_peer_connection_transceiver(s->p.peer[index].pc, n));
}

/* Peer 0 answers, with its candidates. */
static void answer(struct scene *s)
{
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, SECOND);
    assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[1].pc, RTC_SDP_ANSWER, peer_description(&s->p, 0)), RTC_OK);
}

/* ---- States ---- */

static void where_it_may_be(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 1);
    rtc_peer_connection *a = s.p.peer[0].pc, *b = s.p.peer[1].pc;
    add_transceiver(&s, 0, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    for (int local = 0; local < 2; local++) {
        assert_int_equal(roll_back(a, local), RTC_ERR_INVALID_STATE);
        assert_non_null(strstr(rtc_peer_connection_last_error(a), "stable"));
    }
    char *offer = offer_of(&s, 0, true);
    offer_to(&s, 1, offer);
    assert_int_equal(roll_back(a, false), RTC_ERR_INVALID_STATE); /* it is the other side's offer that may be undone so */
    assert_int_equal(roll_back(b, true), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_ROLLBACK, "no SDP"), RTC_OK); /* the text is not looked at */
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_ROLLBACK, "no SDP"), RTC_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rtc_peer_connection_signaling_state(s.p.peer[i].pc), RTC_SIGNALING_STABLE);
        assert_null(rtc_peer_connection_local_description(s.p.peer[i].pc, NULL));
        assert_null(rtc_peer_connection_remote_description(s.p.peer[i].pc, NULL));
    }
    offer_to(&s, 1, offer);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(roll_back(b, true), RTC_ERR_INVALID_STATE); /* an answer is for good */
    assert_int_equal(roll_back(b, false), RTC_ERR_INVALID_STATE);
    rtc_peer_connection_close(a);
    assert_int_equal(roll_back(a, true), RTC_ERR_INVALID_STATE);
    free(offer);
    scene_end(&s);
}

/* ---- A local offer ---- */

static void a_local_offer(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 2);
    rtc_peer_connection *a = s.p.peer[0].pc;
    add_transceiver(&s, 0, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    peer_run(&s.p, MS);
    char *offer = offer_of(&s, 0, true);
    assert_string_equal(mid_of(&s, 0, 0), "0");
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_peer_connection_ice_gathering_state(a), RTC_ICE_GATHERING_COMPLETE);
    scene_forget_logs(&s);
    assert_int_equal(roll_back(a, true), RTC_OK);
    assert_int_equal(rtc_peer_connection_transceiver_count(a), 1);
    assert_null(rtc_rtp_transceiver_mid(rtc_peer_connection_transceiver(a, 0)));
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, "signaling:stable needed gathering:new");
    scene_forget_logs(&s);
    /* The offer may be set again, and everything is told again. */
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, offer), RTC_OK);
    assert_string_equal(mid_of(&s, 0, 0), "0");
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text,
                        "signaling:have-local-offer gathering:gathering candidate candidate candidate end gathering:complete null");
    free(offer);
    scene_end(&s);
}

/* One that was created before the peer's offer came and went. */
static void an_offer_from_before(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 3);
    add_transceiver(&s, 0, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    add_transceiver(&s, 0, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    add_transceiver(&s, 1, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    char *ours = offer_of(&s, 1, false), *theirs = offer_of(&s, 0, true);
    offer_to(&s, 1, theirs);
    assert_int_equal(roll_back(s.p.peer[1].pc, false), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[1].pc, RTC_SDP_OFFER, ours), RTC_OK);
    assert_string_equal(mid_of(&s, 1, 0), "0");
    free(ours);
    free(theirs);
    scene_end(&s);
}

static void a_restart(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 4);
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    scene_forget_logs(&s);
    assert_int_equal(rtc_peer_connection_restart_ice(s.p.peer[0].pc), RTC_OK);
    char *offer = offer_of(&s, 0, true);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_peer_connection_ice_gathering_state(s.p.peer[0].pc), RTC_ICE_GATHERING_COMPLETE);
    scene_forget_logs(&s);
    assert_int_equal(roll_back(s.p.peer[0].pc, true), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, "signaling:stable needed"); /* it is still wished for, and gathering stays complete */
    scene_expect_frames(&s, 1, 0);
    free(offer);
    scene_end(&s);
}

/* ---- A remote offer ---- */

static void transceivers_of_a_remote_offer(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 5);
    rtc_peer_connection *b = s.p.peer[1].pc;
    scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    char *offer = offer_of(&s, 0, true);
    /* made by the offer: it goes */
    offer_to(&s, 1, offer);
    peer_run(&s.p, MS);
    rtc_rtp_transceiver *made = rtc_rtp_transceiver_ref(rtc_peer_connection_transceiver(b, 0));
    assert_int_equal(roll_back(b, false), RTC_OK);
    assert_int_equal(rtc_peer_connection_transceiver_count(b), 0);
    assert_int_equal(rtc_rtp_transceiver_direction(made), RTC_DIRECTION_STOPPED);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[1].text, "signaling:have-remote-offer track signaling:stable");
    rtc_rtp_transceiver_unref(made);
    /* also with a track by replaceTrack */
    offer_to(&s, 1, offer);
    rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(b, 0));
    assert_int_equal(rtc_rtp_sender_replace_track(sender, s.pumps.pump[0].track), RTC_OK);
    assert_int_equal(roll_back(b, false), RTC_OK);
    assert_int_equal(rtc_peer_connection_transceiver_count(b), 0);
    /* addTrack made it the application's, whatever becomes of the track */
    offer_to(&s, 1, offer);
    scene_add_track(&s, 1, RTC_MEDIA_VIDEO, &sender);
    assert_int_equal(rtc_peer_connection_transceiver_count(b), 1);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, NULL), RTC_OK);
    assert_int_equal(roll_back(b, false), RTC_OK);
    assert_int_equal(rtc_peer_connection_transceiver_count(b), 1);
    assert_null(rtc_rtp_transceiver_mid(rtc_peer_connection_transceiver(b, 0)));
    /* and it is one of addTrack's: the offer takes it over, and has its track told, the next time, too */
    peer_run(&s.p, MS);
    scene_forget_logs(&s);
    offer_to(&s, 1, offer);
    assert_int_equal(rtc_peer_connection_transceiver_count(b), 1);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[1], "track"), 1);
    free(offer);
    scene_end(&s);
}

/* Mids of the peer's that look like ours, offered after ours were given out to an offer that comes to nothing. */
static void mids_never_collide(void **state)
{
    struct scene s;
    char mids[6][16];
    size_t count = 0;
    (void)state;
    scene_begin(&s, 12);
    rtc_peer_connection *a = s.p.peer[0].pc;
    for (int i = 0; i < 2; i++)
        add_transceiver(&s, 0, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    for (int i = 0; i < 2; i++)
        add_transceiver(&s, 1, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    char *ours = offer_of(&s, 0, true), *theirs = offer_of(&s, 1, true);
    char *first = text_replace(theirs, "a=mid:0", "a=mid:2"), *shifted = text_replace(first, "BUNDLE 0 1", "BUNDLE 2 1");
    offer_to(&s, 0, shifted);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    add_transceiver(&s, 0, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    char *next = offer_of(&s, 0, true);
    for (const char *at = next; (at = strstr(at, "a=mid:")) != NULL; at++, count++) {
        assert_true(count < 6);
        assert_int_equal(sscanf(at, "a=mid:%15[^\r]", mids[count]), 1);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(mids[i], mids[count]);
    }
    assert_int_equal(count, 5);
    assert_string_equal(mids[0], "2");
    assert_string_equal(mids[1], "1");
    free(ours);
    free(theirs);
    free(first);
    free(shifted);
    free(next);
    scene_end(&s);
}

/* The track that an undone offer took away is told again, and the other way round. */
static void tracks_come_back(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 6);
    rtc_peer_connection *b = s.p.peer[1].pc;
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    char *offer = offer_of(&s, 0, true);
    scene_forget_logs(&s);
    offer_to(&s, 1, offer);
    assert_int_equal(roll_back(b, false), RTC_OK);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[1].text, "signaling:have-remote-offer muted signaling:stable track");
    assert_int_equal(scene_current_direction(&s, 1, 0), RTC_DIRECTION_RECVONLY);
    free(offer);
    scene_end(&s);
}

/* A candidate that came for an undone offer is not there any more. */
static void candidates_go_with_it(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 7);
    rtc_peer_connection *b = s.p.peer[1].pc;
    add_transceiver(&s, 0, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    char *offer = offer_of(&s, 0, true);
    const rtc_ice_candidate_init init = {
        .size = sizeof init, .candidate = "candidate:1 1 UDP 2130706431 10.0.0.77 4000 typ host", .sdp_mid = "0"};
    offer_to(&s, 1, offer);
    assert_int_equal(rtc_peer_connection_add_ice_candidate(b, &init), RTC_OK);
    assert_int_equal(roll_back(b, false), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_ice_candidate(b, &init), RTC_ERR_INVALID_STATE);
    offer_to(&s, 1, offer);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_null(strstr(rtc_peer_connection_explain(b), "10.0.0.77"));
    free(offer);
    scene_end(&s);
}

/* ---- By itself ---- */

static void implicit(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 8);
    rtc_peer_connection *a = s.p.peer[0].pc;
    add_transceiver(&s, 0, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDONLY);
    add_transceiver(&s, 1, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDONLY);
    peer_run(&s.p, MS);
    char *ours = offer_of(&s, 0, true), *theirs = offer_of(&s, 1, true);
    scene_forget_logs(&s);
    offer_to(&s, 0, theirs);
    assert_int_equal(rtc_peer_connection_signaling_state(a), RTC_SIGNALING_HAVE_REMOTE_OFFER);
    assert_int_equal(rtc_peer_connection_transceiver_count(a), 2);
    assert_null(mid_of(&s, 0, 0));
    assert_string_equal(mid_of(&s, 0, 1), "0");
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, MS);
    /* needed at last: the transceiver that lost its section */
    const char *const order = "signaling:have-local-offer gathering:gathering signaling:stable signaling:have-remote-offer track "
                              "gathering:new signaling:stable needed ";
    assert_int_equal(strncmp(s.log[0].text, order, strlen(order)), 0);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    assert_string_equal(mid_of(&s, 0, 0), "1"); /* the other's is taken */
    free(ours);
    free(theirs);
    scene_end(&s);
}

/* addTrack's transceiver is used for the peer's offer: nothing is left to negotiate. */
static void implicit_with_tracks(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 9);
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    scene_add_track(&s, 1, RTC_MEDIA_AUDIO, NULL);
    peer_run(&s.p, MS);
    char *ours = offer_of(&s, 0, true), *theirs = offer_of(&s, 1, true);
    scene_forget_logs(&s);
    offer_to(&s, 0, theirs);
    answer(&s);
    peer_connect(&s.p, 5 * SECOND);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
    scene_expect_frames(&s, 0, 0);
    scene_expect_frames(&s, 1, 0);
    free(ours);
    free(theirs);
    scene_end(&s);
}

/* Our offer is gone even if the peer's is refused (webrtc-pc: the rollback is a step of its own). */
static void implicit_before_a_bad_offer(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 10);
    rtc_peer_connection *a = s.p.peer[0].pc;
    add_transceiver(&s, 0, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    char *ours = offer_of(&s, 0, true);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_OFFER, "no SDP"), RTC_ERR_SYNTAX);
    assert_int_equal(rtc_peer_connection_signaling_state(a), RTC_SIGNALING_STABLE);
    assert_null(rtc_peer_connection_local_description(a, NULL));
    free(ours);
    scene_end(&s);
}

static void implicit_with_a_channel(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 11);
    rtc_data_channel *channel = scene_channel(&s, 0);
    add_transceiver(&s, 1, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    char *ours = offer_of(&s, 0, true), *theirs = offer_of(&s, 1, true);
    offer_to(&s, 0, theirs);
    answer(&s);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CONNECTING);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    rtc_data_channel_unref(channel);
    free(ours);
    free(theirs);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_it_may_be),
        cmocka_unit_test(a_local_offer),
        cmocka_unit_test(an_offer_from_before),
        cmocka_unit_test(a_restart),
        cmocka_unit_test(mids_never_collide),
        cmocka_unit_test(transceivers_of_a_remote_offer),
        cmocka_unit_test(tracks_come_back),
        cmocka_unit_test(candidates_go_with_it),
        cmocka_unit_test(implicit),
        cmocka_unit_test(implicit_with_tracks),
        cmocka_unit_test(implicit_before_a_bad_offer),
        cmocka_unit_test(implicit_with_a_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
