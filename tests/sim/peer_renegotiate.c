/* SPDX-License-Identifier: MIT */
/* What changes after a connection is up: tracks and channels that come later, directions, rejected and un-bundled sections, replaced
 * tracks. */
#include "peer_pump.h"

#include "peer.h"
#include "send_pipeline.h"
#include "transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_pumps pumps;
    struct peer_log log[2];
};

static void begin(struct scene *s, uint64_t seed)
{
    peer_scene(&s->p, seed, true);
    peer_pumps_attach(&s->pumps, &s->p);
    for (int i = 0; i < 2; i++)
        peer_log_attach(&s->p.peer[i], &s->log[i]);
}

static void end(struct scene *s)
{
    sim_peers_fini(&s->p);
    peer_pumps_fini(&s->pumps);
}

static rtc_data_channel *make_channel(struct scene *s, int index)
{
    rtc_data_channel *channel;
    assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[index].pc, "chat", 4, NULL, &channel), RTC_OK);
    return channel;
}

/* Adds a scripted track; its transceiver is the newest. */
static struct peer_pump *add_track(struct scene *s, int index, rtc_media_kind kind, rtc_rtp_sender **sender)
{
    struct peer_pump *pump = peer_pump_new(&s->pumps, &s->p, kind);
    pump->next = s->p.now + 1;
    assert_int_equal(rtc_peer_connection_add_track(s->p.peer[index].pc, pump->track, NULL, 0, sender), RTC_OK);
    return pump;
}

static void forget_logs(struct scene *s)
{
    s->log[0].text[0] = s->log[1].text[0] = 0;
}

static rtc_rtp_direction current(struct scene *s, int index, size_t n)
{
    rtc_rtp_direction direction = RTC_DIRECTION_STOPPED;
    assert_true(rtc_rtp_transceiver_current_direction(rtc_peer_connection_transceiver(s->p.peer[index].pc, n), &direction));
    return direction;
}

/* Frames cross within a second. */
static void expect_frames(struct scene *s, int index, size_t n)
{
    struct peer_sink sink;
    assert_int_equal(peer_sink_attach(&sink, &s->p, peer_remote_track(&s->p, index, n)), RTC_OK);
    peer_run(&s->p, SECOND);
    assert_true(sink.decodable >= 20);
    assert_int_equal(sink.frames, sink.decodable);
    assert_false(rtc_media_stream_track_muted(sink.track));
    peer_sink_fini(&sink);
}

static void expect_no_frames(struct scene *s, int index, size_t n)
{
    struct peer_sink sink;
    peer_run(&s->p, 2500 * MS); /* what was on its way, and the two seconds after which a track counts as muted */
    assert_int_equal(peer_sink_attach(&sink, &s->p, peer_remote_track(&s->p, index, n)), RTC_OK);
    peer_run(&s->p, SECOND);
    assert_int_equal(sink.frames, 0);
    assert_true(rtc_media_stream_track_muted(sink.track));
    peer_sink_fini(&sink);
}

static void track_added_later(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1);
    rtc_data_channel_unref(make_channel(&s, 0));
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    char *before = strdup(peer_description(&s.p, 0));
    forget_logs(&s);
    (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
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
    expect_frames(&s, 1, 0);
    assert_int_equal(peer_log_count(&s.log[1], "unmuted"), 1);
    /* and one from the other side, offered by the other side */
    (void)add_track(&s, 1, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 1);
    expect_frames(&s, 0, 1);
    expect_frames(&s, 1, 0);
    assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[0].pc), RTC_PEER_CONNECTION_CONNECTED);
    end(&s);
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
        begin(&s, 2 + (uint64_t)who);
        (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, SECOND);
        assert_int_equal(rtc_peer_connection_max_channels(s.p.peer[0].pc), 0);
        rtc_data_channel *channel = make_channel(&s, who);
        assert_int_equal(rtc_data_channel_id(channel), -1);
        peer_run(&s.p, MS);
        assert_int_equal(peer_log_count(&s.log[who], "needed"), 1);
        peer_exchange(&s.p, who);
        assert_true(sim_peers_run(&s.p, s.p.now + SECOND, channel_arrived, NULL));
        assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
        assert_int_equal(rtc_peer_connection_max_channels(s.p.peer[0].pc), 256);
        assert_int_equal(rtc_peer_connection_max_message_size(s.p.peer[0].pc), 262144);
        expect_frames(&s, 1, 0);
        rtc_data_channel_unref(channel);
        end(&s);
    }
}

static void removed_and_added_again(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    (void)state;
    begin(&s, 4);
    (void)add_track(&s, 0, RTC_MEDIA_VIDEO, &sender);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    expect_frames(&s, 1, 0);
    assert_int_equal(current(&s, 0, 0), RTC_DIRECTION_SENDONLY);
    assert_int_equal(current(&s, 1, 0), RTC_DIRECTION_RECVONLY);
    forget_logs(&s);
    assert_int_equal(rtc_peer_connection_remove_track(s.p.peer[0].pc, sender), RTC_OK);
    assert_int_equal(rtc_peer_connection_remove_track(s.p.peer[0].pc, sender), RTC_OK); /* once more is nothing */
    assert_null(rtc_rtp_sender_track(sender));
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, "needed");
    expect_no_frames(&s, 1, 0);
    peer_exchange(&s.p, 0);
    assert_int_equal(current(&s, 0, 0), RTC_DIRECTION_INACTIVE);
    assert_int_equal(rtc_rtp_transceiver_direction(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0)), RTC_DIRECTION_RECVONLY);
    forget_logs(&s);
    (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[0].pc),
                     2); /* webrtc-pc 5.1: a sender that has sent is not taken again */
    peer_exchange(&s.p, 0);
    expect_frames(&s, 1, rtc_peer_connection_transceiver_count(s.p.peer[1].pc) - 1);
    assert_int_equal(peer_log_count(&s.log[1], "track"), 1);
    end(&s);
}

static void directions_change(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 5);
    (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    (void)add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[1].pc), 1); /* the offer took the waiting track's transceiver */
    expect_frames(&s, 0, 0);
    expect_frames(&s, 1, 0);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0);
    forget_logs(&s);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, ""); /* no change, nothing needed */
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_RECVONLY), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_STOPPED), RTC_ERR_TYPE);
    peer_exchange(&s.p, 0);
    assert_int_equal(current(&s, 0, 0), RTC_DIRECTION_RECVONLY);
    assert_int_equal(current(&s, 1, 0), RTC_DIRECTION_SENDONLY);
    peer_run(&s.p, 10 * MS);
    assert_true(rtc_media_stream_track_muted(peer_remote_track(&s.p, 1, 0))); /* at once, and not when it was silent for two seconds */
    assert_int_equal(peer_log_count(&s.log[1], "muted"), 1);
    expect_frames(&s, 0, 0);
    expect_no_frames(&s, 1, 0);
    assert_true(peer_log_count(&s.log[1], "muted") == 1);
    /* the other side takes it back; then both pause */
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
    peer_exchange(&s.p, 1);
    assert_int_equal(current(&s, 0, 0), RTC_DIRECTION_SENDRECV);
    expect_frames(&s, 1, 0);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    peer_exchange(&s.p, 0);
    expect_no_frames(&s, 0, 0);
    expect_no_frames(&s, 1, 0);
    end(&s);
}

/* webrtc-pc 4.4.1.5, setLocalDescription of an answer: what it does not want to receive is muted at once, and when a later exchange
 * receives again, the track is told again. Either side may offer the way back. */
static void answer_turns_receiving_off(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct scene s;
        begin(&s, 20 + (uint64_t)who);
        (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, SECOND);
        expect_frames(&s, 1, 0);
        forget_logs(&s);
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
        peer_exchange(&s.p, 0);
        assert_true(rtc_media_stream_track_muted(peer_remote_track(&s.p, 1, 0)));
        peer_run(&s.p, 10 * MS);
        assert_int_equal(peer_log_count(&s.log[1], "muted"), 1);
        assert_int_equal(peer_log_count(&s.log[1], "track"), 0);
        forget_logs(&s); /* without a pause: what the session heard last is not two seconds old */
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_RECVONLY), RTC_OK);
        peer_exchange(&s.p, who);
        peer_run(&s.p, 10 * MS);
        assert_int_equal(peer_log_count(&s.log[1], "track"), 1);
        expect_frames(&s, 1, 0);
        assert_int_equal(peer_log_count(&s.log[1], "unmuted"), 1);
        forget_logs(&s);
        peer_exchange(&s.p, 0); /* nothing changes: nothing is told */
        peer_run(&s.p, 10 * MS);
        assert_int_equal(peer_log_count(&s.log[1], "track") + peer_log_count(&s.log[1], "muted"), 0);
        end(&s);
    }
}

/* An answer that only sends takes the peer's track away just as well, and the far side's goes on. */
static void answer_only_sends(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 26);
    (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    (void)add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    expect_frames(&s, 1, 0);
    forget_logs(&s);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDONLY), RTC_OK);
    peer_exchange(&s.p, 0);
    assert_true(rtc_media_stream_track_muted(peer_remote_track(&s.p, 1, 0)));
    peer_run(&s.p, 10 * MS);
    assert_int_equal(peer_log_count(&s.log[1], "muted"), 1);
    assert_int_equal(peer_log_count(&s.log[0], "muted") + peer_log_count(&s.log[0], "track"), 0);
    expect_frames(&s, 0, 0);
    end(&s);
}

/* The same by the peer's descriptions: its offer takes the track away before we answer, its answer does after we offered. */
static void peer_turns_sending_off(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct scene s;
        begin(&s, 22 + (uint64_t)who);
        (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, SECOND);
        expect_frames(&s, 1, 0);
        forget_logs(&s);
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
        peer_exchange(&s.p, who);
        assert_true(rtc_media_stream_track_muted(peer_remote_track(&s.p, 1, 0)));
        peer_run(&s.p, 10 * MS);
        assert_int_equal(peer_log_count(&s.log[1], "muted"), 1);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDONLY), RTC_OK);
        forget_logs(&s);
        peer_exchange(&s.p, who);
        peer_run(&s.p, 10 * MS);
        assert_int_equal(peer_log_count(&s.log[1], "track"), 1);
        expect_frames(&s, 1, 0);
        end(&s);
    }
}

/* webrtc-pc 4.7.3 step 5.5: an offer whose answer already says what is now wanted needs nothing. */
static void need_compares_with_both_descriptions(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 6);
    assert_int_equal(rtc_peer_connection_add_transceiver(s.p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
    peer_exchange(&s.p, 0); /* offered sendrecv, answered recvonly */
    peer_connect(&s.p, SECOND);
    forget_logs(&s);
    assert_int_equal(rtc_rtp_transceiver_set_direction(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0), RTC_DIRECTION_SENDONLY), RTC_OK);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, "");
    assert_int_equal(rtc_rtp_transceiver_set_direction(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0), RTC_DIRECTION_RECVONLY), RTC_OK);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, "needed");
    end(&s);
}

static void one_kind_only(void **state)
{
    (void)state;
    for (int kind = RTC_MEDIA_AUDIO; kind <= RTC_MEDIA_VIDEO; kind++) {
        struct scene s;
        begin(&s, 7);
        (void)add_track(&s, 0, (rtc_media_kind)kind, NULL);
        (void)add_track(&s, 1, (rtc_media_kind)kind, NULL);
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, SECOND);
        assert_int_equal(text_count(peer_description(&s.p, 1), "\nm="), 1);
        expect_frames(&s, 0, 0);
        expect_frames(&s, 1, 0);
        end(&s);
    }
}

/* Hands a changed offer of peer 0 to peer 1, and its answer back. */
static void exchange_changed(struct scene *s, char *offer)
{
    assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[1].pc, RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, 100 * MS);
    int error = rtc_peer_connection_set_remote_description(s->p.peer[0].pc, RTC_SDP_ANSWER, peer_description(&s->p, 1));
    if (error)
        fail_msg("%s", rtc_peer_connection_last_error(s->p.peer[0].pc));
    free(offer);
}

static char *gathered_offer(struct scene *s)
{
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, 100 * MS);
    return strdup(peer_description(&s->p, 0));
}

/* A codec nobody here has: its section is rejected, the rest goes on, its transceiver is stopped. */
static void rejected_section(void **state)
{
    (void)state;
    for (int first = 0; first < 2;
         first++) { /* the rejected section in the first place, which is the offer's tagged one, or in the second */
        struct scene s;
        begin(&s, 8);
        (void)add_track(&s, 0, first ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO, NULL);
        (void)add_track(&s, 0, first ? RTC_MEDIA_VIDEO : RTC_MEDIA_AUDIO, NULL);
        rtc_data_channel *channel = make_channel(&s, 0);
        char *offer = gathered_offer(&s);
        exchange_changed(&s, text_replace(offer, "VP8/90000", "XYZ/90000"));
        free(offer);
        size_t video = first ? 1 : 0;
        char *section = text_section(peer_description(&s.p, 1), (int)video);
        assert_true(strncmp(section, "m=video 0 ", 10) == 0);
        free(section);
        peer_connect(&s.p, SECOND);
        expect_frames(&s, 1, 1 - video);
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[0].pc, video);
        assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_STOPPED);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_rtp_sender_replace_track(rtc_rtp_transceiver_sender(t), NULL), RTC_ERR_INVALID_STATE);
        assert_int_equal(rtc_media_stream_track_ready_state(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t))), RTC_TRACK_ENDED);
        assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
        forget_logs(&s);
        peer_run(&s.p, MS);
        assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
        peer_exchange(&s.p, 0); /* and once more, with the rejected section in its place */
        expect_frames(&s, 1, 1 - video);
        rtc_data_channel_unref(channel);
        end(&s);
    }
}

static void everything_rejected(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 9);
    (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    char *offer = gathered_offer(&s);
    exchange_changed(&s, text_replace(offer, "VP8/90000", "XYZ/90000"));
    free(offer);
    peer_run(&s.p, 60 * SECOND);
    assert_int_equal(rtc_rtp_transceiver_direction(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0)), RTC_DIRECTION_STOPPED);
    assert_int_equal(rtc_peer_connection_signaling_state(s.p.peer[0].pc), RTC_SIGNALING_STABLE);
    assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[1].pc), RTC_PEER_CONNECTION_NEW);
    end(&s);
}

/* The peer rejects data: nobody asks for it again and again. */
static void data_rejected(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 10);
    (void)add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    rtc_data_channel *channel = make_channel(&s, 0);
    char *offer = gathered_offer(&s);
    exchange_changed(&s, text_replace(offer, "UDP/DTLS/SCTP webrtc-datachannel", "UDP/DTLS/SCTP something-else"));
    free(offer);
    peer_connect(&s.p, SECOND);
    expect_frames(&s, 1, 0);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0); /* the exchange came before the first could run */
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    peer_exchange(&s.p, 0);
    assert_int_equal(text_count(peer_description(&s.p, 0), "m=application 0 "), 1);
    assert_int_equal(text_count(peer_description(&s.p, 0), "m=application"), 1);
    rtc_data_channel_unref(channel);
    end(&s);
}

/* A peer that does not bundle gets the first section, and a clear no for the others. */
static void unbundled_offer(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 11);
    (void)add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    char *offer = gathered_offer(&s), *no_group = text_without_lines(offer, "a=group:"),
         *no_only = text_without_lines(no_group, "a=bundle-only");
    char *with_port = text_replace(no_only, "m=video 0 ", "m=video 5002 ");
    free(offer);
    free(no_group);
    free(no_only);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, with_port), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    char *audio = text_section(peer_description(&s.p, 1), 0), *video = text_section(peer_description(&s.p, 1), 1);
    assert_true(strncmp(audio, "m=audio 0 ", 10) != 0 && strncmp(audio, "m=audio ", 8) == 0);
    assert_true(strncmp(video, "m=video 0 ", 10) == 0);
    free(audio);
    free(video);
    free(with_port);
    assert_int_equal(rtc_rtp_transceiver_direction(rtc_peer_connection_transceiver(s.p.peer[1].pc, 1)), RTC_DIRECTION_STOPPED);
    end(&s);
}

/* The peer's answer bundles nothing: one transport carries the first section, what is left of the others is a clear no. */
static void unbundled_answer(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 25);
    (void)add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    char *offer = gathered_offer(&s);
    assert_int_equal(text_count(offer, "bundle-only") + text_count(offer, "m=video 0"), 0);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, offer), RTC_OK);
    free(offer);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    char *answer = text_without_lines(peer_description(&s.p, 1), "a=group:");
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, RTC_SDP_ANSWER, answer), RTC_OK);
    free(answer);
    assert_int_equal(rtc_rtp_transceiver_direction(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0)), RTC_DIRECTION_SENDRECV);
    assert_int_equal(rtc_rtp_transceiver_direction(rtc_peer_connection_transceiver(s.p.peer[0].pc, 1)), RTC_DIRECTION_STOPPED);
    peer_connect(&s.p, s.p.now + SECOND);
    expect_frames(&s, 1, 0);
    char *again = gathered_offer(&s), *video = text_section(again, 1);
    assert_true(strncmp(video, "m=video 0 ", 10) == 0);
    free(video);
    free(again);
    end(&s);
}

static void replaced_track(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    (void)state;
    begin(&s, 12);
    struct peer_pump *first = add_track(&s, 0, RTC_MEDIA_VIDEO, &sender);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    expect_frames(&s, 1, 0);
    forget_logs(&s);
    struct peer_pump *second = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_VIDEO), *sound = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_AUDIO);
    second->next = sound->next = s.p.now + 1;
    second->serial = 100000;
    assert_int_equal(rtc_rtp_sender_replace_track(sender, sound->track), RTC_ERR_TYPE);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, second->track), RTC_OK);
    assert_ptr_equal(rtc_rtp_sender_track(sender), second->track);
    struct peer_sink sink;
    assert_int_equal(peer_sink_attach(&sink, &s.p, peer_remote_track(&s.p, 1, 0)), RTC_OK);
    peer_run(&s.p, 2 * SECOND);
    assert_true(sink.serial >= 100000 && sink.decodable >= 40);
    peer_sink_fini(&sink);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, NULL), RTC_OK);
    expect_no_frames(&s, 1, 0); /* after two seconds of nothing */
    assert_int_equal(rtc_rtp_sender_replace_track(sender, first->track), RTC_OK);
    expect_frames(&s, 1, 0);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
    assert_int_equal(peer_log_count(&s.log[1], "track"), 0);
    /* the same track twice is refused by addTrack */
    assert_int_equal(rtc_peer_connection_add_track(s.p.peer[0].pc, first->track, NULL, 0, NULL), RTC_ERR_INVALID_ACCESS);
    end(&s);
}

static struct {
    struct peer_pump *pumps[2];
    rtc_rtp_sender *sender;
    uint32_t pushed; /* by the one that is sent, when we looked last */
    unsigned replaced;
} swap;

/* A frame was pushed: it is encoded, and on its way to the stream. At this moment another track takes over. */
static void swap_tracks(struct sim_peers *p)
{
    uint32_t pushed = swap.pumps[swap.replaced % 2]->serial;
    (void)p;
    if (pushed < swap.pushed + 2 || swap.replaced == 40)
        return;
    const struct peer_pump *next = swap.pumps[++swap.replaced % 2];
    assert_int_equal(rtc_rtp_sender_replace_track(swap.sender, next->track), RTC_OK);
    swap.pushed = next->serial;
}

/* The stream goes on whoever produces for it: every frame that a pipeline took is sent or counted, every packet arrives under the next
 * number, and nobody asks for any. */
static void replaced_tracks_lose_nothing(void **state)
{
    struct scene s;
    struct rtp_outbound_stats sent;
    struct rtp_inbound_stats received;
    (void)state;
    begin(&s, 12);
    swap.pumps[0] = add_track(&s, 0, RTC_MEDIA_VIDEO, &swap.sender);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    swap.pumps[1] = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_VIDEO);
    swap.pumps[1]->next = s.p.now + 17 * MS;
    swap.pushed = swap.replaced = 0;
    s.pumps.on_step = swap_tracks;
    peer_run(&s.p, 5 * SECOND);
    assert_int_equal(swap.replaced, 40);
    swap.pumps[0]->running = swap.pumps[1]->running = false;
    peer_run(&s.p, SECOND);
    const rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0),
                              *other = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
    assert_true(rtp_session_outbound_stats(s.p.peer[0].pc->transport->rtp, t->sender.stream, &sent));
    assert_true(rtp_session_inbound_stats(s.p.peer[1].pc->transport->rtp, other->rtp_section, s.p.now, &received));
    struct send_pipeline_stats taken = t->sender.past;
    send_pipeline_sum(t->sender.pipeline, &taken);
    assert_int_equal(sent.frames_sent + taken.frames_dropped, taken.frames_in);
    assert_true(sent.frames_sent > 40);
    assert_int_equal(received.packets_received, sent.packets_sent);
    assert_int_equal(received.packets_lost, 0);
    assert_int_equal(received.nack_count, 0);
    assert_int_equal(received.frames_received, sent.frames_sent);
    end(&s);
}

/* Streams of a track arrive with their ids. */
struct streams {
    size_t count;
    char first[64];
};

static void note_streams(rtc_peer_connection *pc, void *user, const rtc_track_event *event)
{
    struct streams *streams = user;
    (void)pc;
    streams->count = event->stream_count;
    if (event->stream_count > 0)
        (void)strncpy(streams->first, event->stream_ids[0], sizeof streams->first - 1);
}

static void streams_of_a_track(void **state)
{
    struct scene s;
    struct streams seen = {0};
    rtc_media_stream *streams[5];
    (void)state;
    begin(&s, 13);
    s.p.peer[1].extra = (rtc_peer_connection_callbacks){.size = sizeof s.p.peer[1].extra, .on_track = note_streams};
    s.p.peer[1].extra_user = &seen;
    for (int i = 0; i < 5; i++)
        assert_int_equal(rtc_media_stream_new(s.p.context, i == 0 ? "camera" : NULL, &streams[i]), RTC_OK);
    struct peer_pump *pump = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_peer_connection_add_track(s.p.peer[0].pc, pump->track, streams, 5, NULL), RTC_ERR_RANGE);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[0].pc), 0);
    assert_int_equal(rtc_peer_connection_add_track(s.p.peer[0].pc, pump->track, streams, 2, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.first, "camera");
    for (int i = 0; i < 5; i++)
        rtc_media_stream_unref(streams[i]);
    end(&s);
}

/* A track that comes into one more stream is told again; one that leaves a stream is not. */
static void streams_that_come_later(void **state)
{
    struct scene s;
    struct streams seen = {0};
    (void)state;
    begin(&s, 24);
    (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    s.p.peer[1].extra = (rtc_peer_connection_callbacks){.size = sizeof s.p.peer[1].extra, .on_track = note_streams};
    s.p.peer[1].extra_user = &seen;
    for (int i = 0; i < 2; i++) {
        char lines[256];
        char *offer = gathered_offer(&s), *line = strstr(offer, "a=msid:- "), *track = strndup(line + 9, strcspn(line + 9, "\r"));
        (void)snprintf(lines, sizeof lines, i == 0 ? "a=msid:one %s\r\na=msid:two %s" : "a=msid:one %s", track, track);
        char *old = strndup(line, strcspn(line, "\r"));
        exchange_changed(&s, text_replace(offer, old, lines));
        peer_run(&s.p, 10 * MS);
        if (i == 0) {
            assert_int_equal(seen.count, 2);
            assert_string_equal(seen.first, "one");
            seen.count = 99;
        }
        free(old);
        free(track);
        free(offer);
    }
    assert_int_equal(seen.count, 99);
    end(&s);
}

/* RFC 9429 5.10: a transceiver made by addTransceiver waits for its own offer, one made by addTrack may be taken by the peer's. */
static void who_takes_a_remote_section(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 14);
    assert_int_equal(rtc_peer_connection_add_transceiver(s.p.peer[1].pc, RTC_MEDIA_VIDEO, NULL, NULL, NULL), RTC_OK);
    (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[1].pc), 2);
    assert_null(rtc_rtp_transceiver_mid(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0)));
    assert_string_equal(rtc_rtp_transceiver_mid(rtc_peer_connection_transceiver(s.p.peer[1].pc, 1)), "0");
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[1], "needed"), 2); /* before the peer's offer, and because that did not settle it */
    peer_exchange(&s.p, 1);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[0].pc), 2);
    assert_string_equal(rtc_rtp_transceiver_mid(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0)), "1");
    end(&s);
}

/* webrtc-pc 5.1: addTrack takes a transceiver that only receives so far, and makes it send, too. */
static void a_track_for_a_receiving_transceiver(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 27);
    (void)add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_RECVONLY);
    (void)add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_SENDRECV);
    peer_exchange(&s.p, 1);
    expect_frames(&s, 0, 0);
    end(&s);
}

static void bitrate_caps(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    (void)state;
    begin(&s, 15);
    struct peer_pump *pump = add_track(&s, 0, RTC_MEDIA_VIDEO, &sender);
    assert_int_equal(rtc_rtp_sender_set_max_bitrate(sender, 300000), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    pump->frame_bytes = 1000;
    peer_run(&s.p, 5 * SECOND);
    assert_in_range(pump->bitrate_bps, 1, 300000);
    assert_int_equal(rtc_rtp_sender_set_max_bitrate(sender, 200000), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_in_range(pump->bitrate_bps, 1, 200000);
    assert_int_equal(rtc_rtp_sender_set_max_bitrate(sender, 0), RTC_OK);
    peer_run(&s.p, 20 * SECOND);
    assert_in_range(pump->bitrate_bps, 200001, 1500000);
    end(&s);
}

static void keyframes_on_request(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 16);
    struct peer_pump *pump = add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    assert_int_equal(rtc_rtp_receiver_request_keyframe(NULL), RTC_ERR_TYPE);
    peer_exchange(&s.p, 0);
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0));
    peer_connect(&s.p, SECOND);
    expect_frames(&s, 1, 0);
    uint64_t requests = pump->keyframe_requests, keys = pump->key_frames;
    assert_true(keys <= 4); /* what was pushed before the connection was up did not turn into a storm of requests */
    assert_int_equal(rtc_rtp_receiver_request_keyframe(receiver), RTC_OK);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(pump->keyframe_requests, requests + 1);
    assert_int_equal(pump->key_frames, keys + 1);
    end(&s);
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
        cmocka_unit_test(everything_rejected),
        cmocka_unit_test(data_rejected),
        cmocka_unit_test(unbundled_offer),
        cmocka_unit_test(unbundled_answer),
        cmocka_unit_test(replaced_track),
        cmocka_unit_test(replaced_tracks_lose_nothing),
        cmocka_unit_test(streams_of_a_track),
        cmocka_unit_test(streams_that_come_later),
        cmocka_unit_test(who_takes_a_remote_section),
        cmocka_unit_test(a_track_for_a_receiving_transceiver),
        cmocka_unit_test(bitrate_caps),
        cmocka_unit_test(keyframes_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
