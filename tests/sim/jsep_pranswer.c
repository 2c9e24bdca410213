/* SPDX-License-Identifier: MIT */
/* Provisional answers (webrtc-pc 4.3.1, 4.4.1.5; RFC 9429 section 4.1.10.1): in which states they may be, that they take effect, and that
 * the answer which follows has the last word. */
#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

static rtc_signaling_state state_of(const struct scene *s, int index)
{
    return rtc_peer_connection_signaling_state(s->p.peer[index].pc);
}

static void set_local(struct scene *s, int index, rtc_sdp_type type)
{
    int error = rtc_peer_connection_set_local_description(s->p.peer[index].pc, type, NULL);
    if (error)
        fail_msg("%s", rtc_peer_connection_last_error(s->p.peer[index].pc));
}

/* What the one has set last, with its candidates, is set by the other. */
static void carry(struct scene *s, int from, rtc_sdp_type type)
{
    peer_run(&s->p, 100 * MS);
    int error = rtc_peer_connection_set_remote_description(s->p.peer[1 - from].pc, type, peer_description(&s->p, from));
    if (error)
        fail_msg("%s", rtc_peer_connection_last_error(s->p.peer[1 - from].pc));
}

static void where_they_may_be(void **state)
{
    struct scene s;
    const char *sdp;
    (void)state;
    scene_begin(&s, 1);
    rtc_peer_connection *a = s.p.peer[0].pc, *b = s.p.peer[1].pc;
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    peer_run(&s.p, MS);
    scene_forget_logs(&s);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_PRANSWER, NULL), RTC_ERR_INVALID_STATE);
    set_local(&s, 0, RTC_SDP_OFFER);
    carry(&s, 0, RTC_SDP_OFFER);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_PRANSWER, peer_description(&s.p, 0)), RTC_ERR_INVALID_STATE);
    set_local(&s, 1, RTC_SDP_PRANSWER);
    carry(&s, 1, RTC_SDP_PRANSWER);
    assert_int_equal(state_of(&s, 0), RTC_SIGNALING_HAVE_REMOTE_PRANSWER);
    assert_int_equal(state_of(&s, 1), RTC_SIGNALING_HAVE_LOCAL_PRANSWER);
    rtc_sdp_type type;
    (void)rtc_peer_connection_local_description(b, &type);
    assert_int_equal(type, RTC_SDP_PRANSWER);
    (void)rtc_peer_connection_remote_description(a, &type);
    assert_int_equal(type, RTC_SDP_PRANSWER);
    /* No other offers, no way back; whoever answers may make answers. */
    for (int i = 0; i < 2; i++) {
        rtc_peer_connection *pc = s.p.peer[i].pc;
        assert_int_equal(rtc_peer_connection_create_offer(pc, &sdp), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_OFFER, NULL), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, "v=0\r\n"), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_ROLLBACK, NULL), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_peer_connection_set_remote_description(pc, RTC_SDP_ROLLBACK, NULL), RTC_ERR_INVALID_STATE);
    }
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_ERR_INVALID_STATE); /* it would be an offer */
    assert_int_equal(rtc_peer_connection_create_answer(a, &sdp), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_create_answer(b, &sdp), RTC_OK);
    set_local(&s, 1, RTC_SDP_PRANSWER); /* once more */
    carry(&s, 1, RTC_SDP_PRANSWER);
    set_local(&s, 1, RTC_SDP_NONE); /* it is an answer */
    carry(&s, 1, RTC_SDP_ANSWER);
    assert_int_equal(state_of(&s, 0), RTC_SIGNALING_STABLE);
    assert_int_equal(state_of(&s, 1), RTC_SIGNALING_STABLE);
    peer_run(&s.p, SECOND);
    assert_int_equal(peer_log_count(&s.log[0], "signaling:have-remote-pranswer"), 1);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
    assert_int_equal(peer_log_count(&s.log[1], "signaling:have-local-pranswer"), 1);
    assert_int_equal(peer_log_count(&s.log[1], "track"), 1);
    scene_end(&s);
}

/* Media flow before there is an answer, and go on when it comes. */
static void they_take_effect(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 2);
    scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    rtc_data_channel *channel = scene_channel(&s, 0);
    set_local(&s, 0, RTC_SDP_OFFER);
    carry(&s, 0, RTC_SDP_OFFER);
    set_local(&s, 1, RTC_SDP_PRANSWER);
    assert_int_equal(scene_current_direction(&s, 1, 0), RTC_DIRECTION_RECVONLY);
    carry(&s, 1, RTC_SDP_PRANSWER);
    assert_int_equal(scene_current_direction(&s, 0, 0), RTC_DIRECTION_SENDONLY);
    peer_connect(&s.p, 5 * SECOND);
    scene_expect_frames(&s, 1, 0);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    set_local(&s, 1, RTC_SDP_ANSWER);
    carry(&s, 1, RTC_SDP_ANSWER);
    scene_expect_frames(&s, 1, 0);
    /* The next exchange is like any other. */
    scene_add_track(&s, 1, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 1);
    scene_expect_frames(&s, 0, 1);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* What one rejects is not given up: the answer may accept it. */
static void nothing_is_given_up(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 3);
    rtc_peer_connection *a = s.p.peer[0].pc;
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL)->follows = true; /* a call begins with less than it makes by itself */
    set_local(&s, 0, RTC_SDP_OFFER);
    carry(&s, 0, RTC_SDP_OFFER);
    set_local(&s, 1, RTC_SDP_PRANSWER);
    peer_run(&s.p, 100 * MS);
    char *video = text_section(peer_description(&s.p, 1), 1);
    char *rejects = text_replace(peer_description(&s.p, 1), "m=video 9 ", "m=video 0 "),
         *ungrouped = text_replace(rejects, "a=group:BUNDLE 0 1", "a=group:BUNDLE 0");
    int error = rtc_peer_connection_set_remote_description(a, RTC_SDP_PRANSWER, ungrouped);
    if (error)
        fail_msg("%s", rtc_peer_connection_last_error(a));
    rtc_rtp_direction direction;
    assert_false(rtc_rtp_transceiver_current_direction(rtc_peer_connection_transceiver(a, 1), &direction));
    assert_int_equal(rtc_rtp_transceiver_direction(rtc_peer_connection_transceiver(a, 1)), RTC_DIRECTION_SENDRECV);
    set_local(&s, 1, RTC_SDP_ANSWER);
    carry(&s, 1, RTC_SDP_ANSWER);
    peer_connect(&s.p, 5 * SECOND);
    scene_expect_frames(&s, 1, 0);
    scene_expect_frames(&s, 1, 1);
    free(video);
    free(rejects);
    free(ungrouped);
    scene_end(&s);
}

/* An offer that restarts ICE, answered in two steps. */
static void a_restart(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 4);
    scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    assert_int_equal(rtc_peer_connection_restart_ice(s.p.peer[0].pc), RTC_OK);
    set_local(&s, 0, RTC_SDP_OFFER);
    carry(&s, 0, RTC_SDP_OFFER);
    set_local(&s, 1, RTC_SDP_PRANSWER);
    carry(&s, 1, RTC_SDP_PRANSWER);
    scene_expect_frames(&s, 1, 0);
    set_local(&s, 1, RTC_SDP_ANSWER);
    carry(&s, 1, RTC_SDP_ANSWER);
    scene_expect_frames(&s, 1, 0);
    scene_forget_logs(&s);
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, "");
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_they_may_be),
        cmocka_unit_test(they_take_effect),
        cmocka_unit_test(nothing_is_given_up),
        cmocka_unit_test(a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
