/* SPDX-License-Identifier: MIT */
/* What changes after a connection is up: tracks and channels that come later, directions, rejected and un-bundled sections. */
#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

static void track_added_later(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 1);
    rtc_data_channel_unref(scene_channel(&s, 0));
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    char *before = strdup(peer_description(&s.p, 0));
    scene_forget_logs(&s);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, "needed");
    peer_exchange(&s.p, 0);
    peer_run(&s.p, 50 * MS);
    assert_string_equal(s.log[0].text, "needed signaling:have-local-offer signaling:stable"); /* nothing gathered, nothing connected anew */
    assert_true(strncmp(s.log[1].text, "signaling:have-remote-offer track signaling:stable", 50) == 0);
    const char *after = peer_description(&s.p, 0);
    assert_int_equal(text_count(after, "\nm="), 2);
    char *old_section = text_section(before, 0), *new_section = text_section(after, 0);
    assert_true(strncmp(new_section, "m=application", 13) == 0); /* the place of the old one */
    assert_non_null(strstr(after, "a=group:BUNDLE 0 1\r\n"));
    free(old_section);
    free(new_section);
    free(before);
    scene_expect_frames(&s, 1, 0);
    assert_int_equal(peer_log_count(&s.log[1], "unmuted"), 1);
    /* and one from the other side, offered by the other side */
    (void)scene_add_track(&s, 1, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 1);
    scene_expect_frames(&s, 0, 1);
    scene_expect_frames(&s, 1, 0);
    assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[0].pc), RTC_PEER_CONNECTION_CONNECTED);
    scene_end(&s);
}

static bool channel_arrived(struct sim_peers *p, void *user)
{
    (void)user;
    return p->peer[0].remote_channel || p->peer[1].remote_channel;
}

static void channel_added_later(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct scene s;
        scene_begin(&s, 2 + (uint64_t)who);
        (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, SECOND);
        assert_null(rtc_peer_connection_sctp(s.p.peer[0].pc));
        rtc_data_channel *channel = scene_channel(&s, who);
        assert_int_equal(rtc_data_channel_id(channel), -1);
        peer_run(&s.p, MS);
        assert_int_equal(peer_log_count(&s.log[who], "needed"), 1);
        peer_exchange(&s.p, who);
        assert_true(sim_peers_run(&s.p, s.p.now + SECOND, channel_arrived, NULL));
        assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
        assert_int_equal(rtc_sctp_transport_max_channels(rtc_peer_connection_sctp(s.p.peer[0].pc)), 256);
        assert_int_equal(rtc_sctp_transport_max_message_size(rtc_peer_connection_sctp(s.p.peer[0].pc)), 262144);
        scene_expect_frames(&s, 1, 0);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

static void removed_and_added_again(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    (void)state;
    scene_begin(&s, 4);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, &sender);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    scene_expect_frames(&s, 1, 0);
    assert_int_equal(scene_current_direction(&s, 0, 0), RTC_DIRECTION_SENDONLY);
    assert_int_equal(scene_current_direction(&s, 1, 0), RTC_DIRECTION_RECVONLY);
    scene_forget_logs(&s);
    assert_int_equal(rtc_peer_connection_remove_track(s.p.peer[0].pc, sender), RTC_OK);
    assert_int_equal(rtc_peer_connection_remove_track(s.p.peer[0].pc, sender), RTC_OK); /* once more is nothing */
    assert_null(rtc_rtp_sender_track(sender));
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, "needed");
    scene_expect_no_frames(&s, 1, 0);
    peer_exchange(&s.p, 0);
    assert_int_equal(scene_current_direction(&s, 0, 0), RTC_DIRECTION_INACTIVE);
    assert_int_equal(rtc_rtp_transceiver_direction(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0)), RTC_DIRECTION_RECVONLY);
    scene_forget_logs(&s);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[0].pc),
                     2); /* webrtc-pc 5.1: a sender that has sent is not taken again */
    peer_exchange(&s.p, 0);
    scene_expect_frames(&s, 1, rtc_peer_connection_transceiver_count(s.p.peer[1].pc) - 1);
    assert_int_equal(peer_log_count(&s.log[1], "track"), 1);
    scene_end(&s);
}

static void directions_change(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 5);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    (void)scene_add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[1].pc), 1); /* the offer took the waiting track's transceiver */
    scene_expect_frames(&s, 0, 0);
    scene_expect_frames(&s, 1, 0);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0);
    scene_forget_logs(&s);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, ""); /* no change, nothing needed */
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_RECVONLY), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_STOPPED), RTC_ERR_TYPE);
    peer_exchange(&s.p, 0);
    assert_int_equal(scene_current_direction(&s, 0, 0), RTC_DIRECTION_RECVONLY);
    assert_int_equal(scene_current_direction(&s, 1, 0), RTC_DIRECTION_SENDONLY);
    peer_run(&s.p, 10 * MS);
    assert_true(rtc_media_stream_track_muted(peer_remote_track(&s.p, 1, 0))); /* at once, and not when it was silent for two seconds */
    assert_int_equal(peer_log_count(&s.log[1], "muted"), 1);
    scene_expect_frames(&s, 0, 0);
    scene_expect_no_frames(&s, 1, 0);
    assert_true(peer_log_count(&s.log[1], "muted") == 1);
    /* the other side takes it back; then both pause */
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
    peer_exchange(&s.p, 1);
    assert_int_equal(scene_current_direction(&s, 0, 0), RTC_DIRECTION_SENDRECV);
    scene_expect_frames(&s, 1, 0);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    peer_exchange(&s.p, 0);
    scene_expect_no_frames(&s, 0, 0);
    scene_expect_no_frames(&s, 1, 0);
    scene_end(&s);
}

/* webrtc-pc 4.4.1.5, setLocalDescription of an answer: what it does not want to receive is muted at once, and when a later exchange
 * receives again, the track is told again. Either side may offer the way back. */
static void answer_turns_receiving_off(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct scene s;
        scene_begin(&s, 20 + (uint64_t)who);
        (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, SECOND);
        scene_expect_frames(&s, 1, 0);
        scene_forget_logs(&s);
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
        peer_exchange(&s.p, 0);
        assert_true(rtc_media_stream_track_muted(peer_remote_track(&s.p, 1, 0)));
        peer_run(&s.p, 10 * MS);
        assert_int_equal(peer_log_count(&s.log[1], "muted"), 1);
        assert_int_equal(peer_log_count(&s.log[1], "track"), 0);
        scene_forget_logs(&s); /* without a pause: what the session heard last is not two seconds old */
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_RECVONLY), RTC_OK);
        peer_exchange(&s.p, who);
        peer_run(&s.p, 10 * MS);
        assert_int_equal(peer_log_count(&s.log[1], "track"), 1);
        scene_expect_frames(&s, 1, 0);
        assert_int_equal(peer_log_count(&s.log[1], "unmuted"), 1);
        scene_forget_logs(&s);
        peer_exchange(&s.p, 0); /* nothing changes: nothing is told */
        peer_run(&s.p, 10 * MS);
        assert_int_equal(peer_log_count(&s.log[1], "track") + peer_log_count(&s.log[1], "muted"), 0);
        scene_end(&s);
    }
}

/* An answer that only sends takes the peer's track away just as well, and the far side's goes on. */
static void answer_only_sends(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 26);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    (void)scene_add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    scene_expect_frames(&s, 1, 0);
    scene_forget_logs(&s);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDONLY), RTC_OK);
    peer_exchange(&s.p, 0);
    assert_true(rtc_media_stream_track_muted(peer_remote_track(&s.p, 1, 0)));
    peer_run(&s.p, 10 * MS);
    assert_int_equal(peer_log_count(&s.log[1], "muted"), 1);
    assert_int_equal(peer_log_count(&s.log[0], "muted") + peer_log_count(&s.log[0], "track"), 0);
    scene_expect_frames(&s, 0, 0);
    scene_end(&s);
}

/* The same by the peer's descriptions: its offer takes the track away before we answer, its answer does after we offered. */
static void peer_turns_sending_off(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct scene s;
        scene_begin(&s, 22 + (uint64_t)who);
        (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, SECOND);
        scene_expect_frames(&s, 1, 0);
        scene_forget_logs(&s);
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
        peer_exchange(&s.p, who);
        assert_true(rtc_media_stream_track_muted(peer_remote_track(&s.p, 1, 0)));
        peer_run(&s.p, 10 * MS);
        assert_int_equal(peer_log_count(&s.log[1], "muted"), 1);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDONLY), RTC_OK);
        scene_forget_logs(&s);
        peer_exchange(&s.p, who);
        peer_run(&s.p, 10 * MS);
        assert_int_equal(peer_log_count(&s.log[1], "track"), 1);
        scene_expect_frames(&s, 1, 0);
        scene_end(&s);
    }
}

/* webrtc-pc 4.7.3 step 5.5: an offer whose answer already says what is now wanted needs nothing. */
static void need_compares_with_both_descriptions(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 6);
    assert_int_equal(rtc_peer_connection_add_transceiver(s.p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
    peer_exchange(&s.p, 0); /* offered sendrecv, answered recvonly */
    peer_connect(&s.p, SECOND);
    scene_forget_logs(&s);
    assert_int_equal(rtc_rtp_transceiver_set_direction(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0), RTC_DIRECTION_SENDONLY), RTC_OK);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, "");
    assert_int_equal(rtc_rtp_transceiver_set_direction(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0), RTC_DIRECTION_RECVONLY), RTC_OK);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, "needed");
    scene_end(&s);
}

static void one_kind_only(void **state)
{
    (void)state;
    for (int kind = RTC_MEDIA_AUDIO; kind <= RTC_MEDIA_VIDEO; kind++) {
        struct scene s;
        scene_begin(&s, 7);
        (void)scene_add_track(&s, 0, (rtc_media_kind)kind, NULL);
        (void)scene_add_track(&s, 1, (rtc_media_kind)kind, NULL);
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, SECOND);
        assert_int_equal(text_count(peer_description(&s.p, 1), "\nm="), 1);
        scene_expect_frames(&s, 0, 0);
        scene_expect_frames(&s, 1, 0);
        scene_end(&s);
    }
}

/* A codec nobody here has: its section is rejected, the rest goes on, its transceiver is stopped and leaves the connection. */
static void rejected_section(void **state)
{
    (void)state;
    for (int first = 0; first < 2;
         first++) { /* the rejected section in the first place, which is the offer's tagged one, or in the second */
        struct scene s;
        scene_begin(&s, 8);
        (void)scene_add_track(&s, 0, first ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO, NULL);
        (void)scene_add_track(&s, 0, first ? RTC_MEDIA_VIDEO : RTC_MEDIA_AUDIO, NULL);
        rtc_data_channel *channel = scene_channel(&s, 0);
        char *offer = scene_gathered_offer(&s);
        size_t video = first ? 1 : 0;
        rtc_rtp_transceiver *t = rtc_rtp_transceiver_ref(rtc_peer_connection_transceiver(s.p.peer[0].pc, video));
        scene_exchange_changed(&s, text_unknown_video(offer, "XYZ"));
        free(offer);
        char *section = text_section(peer_description(&s.p, 1), (int)video);
        assert_true(strncmp(section, "m=video 0 ", 10) == 0);
        free(section);
        peer_connect(&s.p, SECOND);
        for (int i = 0; i < 2; i++)
            assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[i].pc), 1);
        assert_null(rtc_rtp_transceiver_mid(t));
        scene_expect_frames(&s, 1, 0);
        assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_STOPPED);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_rtp_sender_replace_track(rtc_rtp_transceiver_sender(t), NULL), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_media_stream_track_ready_state(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t))), RTC_TRACK_ENDED);
        assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
        scene_forget_logs(&s);
        peer_run(&s.p, MS);
        assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
        peer_exchange(&s.p, 0); /* and once more, with the rejected section in its place */
        scene_expect_frames(&s, 1, 0);
        rtc_rtp_transceiver_unref(t);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

/* One that was sent ends: its streams say goodbye, and what that takes was made ready (apply_guard.c). */
static void a_section_that_is_sent_is_rejected(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 28);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    scene_expect_frames(&s, 1, 0);
    scene_expect_frames(&s, 1, 1);
    char *offer = scene_gathered_offer(&s);
    rtc_rtp_transceiver *gone[2];
    for (int i = 0; i < 2; i++)
        gone[i] = rtc_rtp_transceiver_ref(rtc_peer_connection_transceiver(s.p.peer[i].pc, 0));
    scene_exchange_changed(&s, text_unknown_video(offer, "XYZ"));
    free(offer);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rtc_rtp_transceiver_direction(gone[i]), RTC_DIRECTION_STOPPED);
        assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[i].pc), 1);
        rtc_rtp_transceiver_unref(gone[i]);
    }
    scene_expect_frames(&s, 1, 0);
    scene_end(&s);
}

static void everything_rejected(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 9);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    char *offer = scene_gathered_offer(&s);
    scene_exchange_changed(&s, text_unknown_video(offer, "XYZ"));
    free(offer);
    peer_run(&s.p, 60 * SECOND);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[0].pc), 0);
    assert_int_equal(rtc_peer_connection_signaling_state(s.p.peer[0].pc), RTC_SIGNALING_STABLE);
    assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[1].pc), RTC_PEER_CONNECTION_NEW);
    scene_end(&s);
}

/* The peer rejects data: nobody asks for it again and again. */
static void data_rejected(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 10);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    rtc_data_channel *channel = scene_channel(&s, 0);
    char *offer = scene_gathered_offer(&s);
    scene_exchange_changed(&s, text_replace(offer, "UDP/DTLS/SCTP webrtc-datachannel", "UDP/DTLS/SCTP something-else"));
    free(offer);
    peer_connect(&s.p, SECOND);
    scene_expect_frames(&s, 1, 0);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0); /* the exchange came before the first could run */
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    peer_exchange(&s.p, 0);
    assert_int_equal(text_count(peer_description(&s.p, 0), "m=application 0 "), 1);
    assert_int_equal(text_count(peer_description(&s.p, 0), "m=application"), 1);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* RFC 9429 5.10: a transceiver made by addTransceiver waits for its own offer, one made by addTrack may be taken by the peer's. */
static void who_takes_a_remote_section(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 14);
    assert_int_equal(rtc_peer_connection_add_transceiver(s.p.peer[1].pc, RTC_MEDIA_VIDEO, NULL, NULL, NULL), RTC_OK);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[1].pc), 2);
    assert_null(rtc_rtp_transceiver_mid(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0)));
    assert_string_equal(rtc_rtp_transceiver_mid(rtc_peer_connection_transceiver(s.p.peer[1].pc, 1)), "0");
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[1], "needed"), 2); /* before the peer's offer, and because that did not settle it */
    peer_exchange(&s.p, 1);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[0].pc), 2);
    assert_string_equal(rtc_rtp_transceiver_mid(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0)), "1");
    scene_end(&s);
}

/* webrtc-pc 5.1: addTrack takes a transceiver that only receives so far, and makes it send, too. */
static void a_track_for_a_receiving_transceiver(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 27);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_RECVONLY);
    (void)scene_add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_SENDRECV);
    peer_exchange(&s.p, 1);
    scene_expect_frames(&s, 0, 0);
    scene_end(&s);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(track_added_later),
        cmocka_unit_test(channel_added_later),
        cmocka_unit_test(removed_and_added_again),
        cmocka_unit_test(directions_change),
        cmocka_unit_test(answer_turns_receiving_off),
        cmocka_unit_test(answer_only_sends),
        cmocka_unit_test(peer_turns_sending_off),
        cmocka_unit_test(need_compares_with_both_descriptions),
        cmocka_unit_test(one_kind_only),
        cmocka_unit_test(rejected_section),
        cmocka_unit_test(a_section_that_is_sent_is_rejected),
        cmocka_unit_test(everything_rejected),
        cmocka_unit_test(data_rejected),
        cmocka_unit_test(who_takes_a_remote_section),
        cmocka_unit_test(a_track_for_a_receiving_transceiver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
