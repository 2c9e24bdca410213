/* SPDX-License-Identifier: MIT */
/* See monkey_objects.h. */
#include "monkey_objects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- Transports ---- */

static void on_ice_state(rtc_ice_transport *t, void *user, rtc_ice_transport_state state)
{
    assert_non_null(rtc_ice_transport_state_name(state));
    assert_int_equal(rtc_ice_transport_get_state(t), state);
    monkey_called(user);
}

static void on_gathering(rtc_ice_transport *t, void *user, rtc_ice_gathering_state state)
{
    assert_int_equal(rtc_ice_transport_gathering_state(t), state);
    monkey_called(user);
}

static void on_pair(rtc_ice_transport *t, void *user)
{
    const rtc_ice_candidate *local, *remote;
    assert_true(rtc_ice_transport_selected_candidate_pair(t, &local, &remote));
    monkey_called(user);
}

static void on_dtls_state(rtc_dtls_transport *t, void *user, rtc_dtls_transport_state state)
{
    assert_int_equal(rtc_dtls_transport_get_state(t), state);
    monkey_called(user);
}

static void on_dtls_error(rtc_dtls_transport *t, void *user, const rtc_error_info *error)
{
    (void)t;
    assert_non_null(error->message);
    monkey_called(user);
}

static void on_sctp_state(rtc_sctp_transport *t, void *user, rtc_sctp_transport_state state)
{
    assert_int_equal(rtc_sctp_transport_get_state(t), state);
    monkey_called(user);
}

static const rtc_ice_transport_callbacks ice_callbacks = {.size = sizeof ice_callbacks,
                                                          .on_state_change = on_ice_state,
                                                          .on_gathering_state_change = on_gathering,
                                                          .on_selected_candidate_pair_change = on_pair};
static const rtc_dtls_transport_callbacks dtls_callbacks = {
    .size = sizeof dtls_callbacks, .on_state_change = on_dtls_state, .on_error = on_dtls_error};
static const rtc_sctp_transport_callbacks sctp_callbacks = {.size = sizeof sctp_callbacks, .on_state_change = on_sctp_state};

static void find_transport(struct monkey_side *s)
{
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    rtc_sctp_transport *sctp = s->pc ? rtc_peer_connection_sctp(s->pc) : NULL;
    rtc_dtls_transport *found = NULL, **place = &s->transports[monkey_dice(s, MONKEY_HANDLES)];
    if (monkey_dice(s, 2) == 0 && t)
        found = monkey_dice(s, 2) ? rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(t))
                                  : rtc_rtp_receiver_transport(rtc_rtp_transceiver_receiver(t));
    else if (sctp)
        found = rtc_sctp_transport_transport(sctp);
    if (!found)
        return;
    rtc_dtls_transport *old = *place;
    *place = rtc_dtls_transport_ref(found);
    rtc_dtls_transport_unref(old);
}

static void find_sctp(struct monkey_side *s)
{
    rtc_sctp_transport *old = s->sctp;
    s->sctp = s->pc ? rtc_sctp_transport_ref(rtc_peer_connection_sctp(s->pc)) : NULL;
    rtc_sctp_transport_unref(old);
}

static void look_at_candidates(const rtc_ice_candidate *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_non_null(list[i]->candidate);
}

static void look_at_transport(struct monkey_side *s)
{
    rtc_dtls_transport *d = s->transports[monkey_dice(s, MONKEY_HANDLES)];
    size_t count, len;
    if (!d)
        return;
    rtc_ice_transport *ice = rtc_dtls_transport_ice_transport(d);
    monkey_expect(rtc_dtls_transport_set_callbacks(d, monkey_dice(s, 3) ? &dtls_callbacks : NULL, s));
    monkey_expect(rtc_ice_transport_set_callbacks(ice, monkey_dice(s, 3) ? &ice_callbacks : NULL, s));
    for (size_t i = 0; i < rtc_dtls_transport_remote_certificate_count(d); i++)
        assert_non_null(rtc_dtls_transport_remote_certificate(d, i, &len));
    const rtc_ice_candidate *const *list = rtc_ice_transport_local_candidates(ice, &count);
    look_at_candidates(list, count);
    list = rtc_ice_transport_remote_candidates(ice, &count);
    look_at_candidates(list, count);
    assert_non_null(rtc_ice_role_name(rtc_ice_transport_role(ice)));
    (void)rtc_ice_transport_local_parameters(ice);
    (void)rtc_ice_transport_remote_parameters(ice);
}

static void look_at_sctp(struct monkey_side *s)
{
    if (!s->sctp)
        return;
    monkey_expect(rtc_sctp_transport_set_callbacks(s->sctp, monkey_dice(s, 3) ? &sctp_callbacks : NULL, s));
    assert_non_null(rtc_sctp_transport_state_name(rtc_sctp_transport_get_state(s->sctp)));
    (void)rtc_sctp_transport_max_message_size(s->sctp);
    (void)rtc_sctp_transport_max_channels(s->sctp);
    (void)rtc_sctp_transport_transport(s->sctp);
}

/* ---- Streams ---- */

static rtc_media_stream *some_stream(struct monkey_side *s)
{
    return s->streams[monkey_dice(s, MONKEY_HANDLES)];
}

/* Takes the reference. */
static void keep_stream(struct monkey_side *s, rtc_media_stream *stream)
{
    rtc_media_stream **place = &s->streams[monkey_dice(s, MONKEY_HANDLES)], *old = *place;
    *place = stream;
    rtc_media_stream_unref(old);
}

static void make_stream(struct monkey_side *s)
{
    rtc_media_stream *stream, *of = some_stream(s);
    uint32_t how = monkey_dice(s, 3);
    int error = how == 0 || !of ? rtc_media_stream_new(s->monkey->context, NULL, &stream)
                : how == 1      ? rtc_media_stream_new_from_stream(of, &stream)
                                : rtc_media_stream_clone(of, &stream);
    monkey_expect(error);
    if (!error)
        keep_stream(s, stream);
}

static void change_stream(struct monkey_side *s)
{
    rtc_media_stream *stream = some_stream(s);
    rtc_media_stream_track *track = monkey_track(s), *all[4];
    if (stream && track && monkey_dice(s, 3))
        monkey_expect(rtc_media_stream_add_track(stream, track));
    else if (stream && track)
        rtc_media_stream_remove_track(stream, track);
    if (stream) {
        size_t count = rtc_media_stream_get_tracks(stream, RTC_MEDIA_AUDIO, all, COUNT(all));
        for (size_t i = 0; i < count && i < COUNT(all); i++)
            rtc_media_stream_track_unref(all[i]);
        (void)rtc_media_stream_active(stream);
    }
    rtc_media_stream_track_unref(track);
}

static void set_streams(struct monkey_side *s)
{
    rtc_media_stream *streams[3];
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    size_t count = 0;
    for (uint32_t n = monkey_dice(s, 4); n > 0; n--) {
        streams[count] = some_stream(s);
        count += streams[count] != NULL;
    }
    if (t)
        monkey_expect(rtc_rtp_sender_set_streams(rtc_rtp_transceiver_sender(t), streams, count));
}

static void clone_track(struct monkey_side *s)
{
    rtc_media_stream_track *track = monkey_track(s), *copy;
    if (track && rtc_media_stream_track_clone(track, &copy) == RTC_OK) {
        assert_non_null(rtc_media_stream_track_id(copy));
        (void)rtc_media_stream_track_ready_state(copy);
        rtc_media_stream_track_unref(copy);
    }
    rtc_media_stream_track_unref(track);
}

/* ---- Senders and receivers ---- */

static void stop(struct monkey_side *s)
{
    rtc_rtp_transceiver *t = monkey_dice(s, 4) == 0 ? monkey_transceiver(s) : NULL;
    if (t)
        monkey_expect(rtc_rtp_transceiver_stop(t));
}

static void prefer_codecs(struct monkey_side *s)
{
    rtc_rtp_capabilities *all;
    const rtc_rtp_codec *wanted[16];
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    if (!t || rtc_rtp_receiver_get_capabilities(s->monkey->context, (rtc_media_kind)monkey_dice(s, 2), &all))
        return;
    size_t count = monkey_dice(s, 16);
    for (size_t i = 0; i < count; i++)
        wanted[i] = all->codecs[monkey_dice(s, (uint32_t)all->codec_count)];
    monkey_expect(rtc_rtp_transceiver_set_codec_preferences(t, wanted, count));
    rtc_rtp_capabilities_free(all);
}

static void set_parameters_with(struct monkey_side *s)
{
    rtc_rtp_parameters *p;
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    if (!t || rtc_rtp_sender_get_parameters(rtc_rtp_transceiver_sender(t), &p))
        return;
    for (size_t i = 0; i < p->encoding_count; i++) {
        p->encodings[i]->inactive = monkey_dice(s, 3) == 0;
        p->encodings[i]->has_max_bitrate = monkey_dice(s, 2) == 0;
        p->encodings[i]->max_bitrate_bps = monkey_dice(s, 1000000);
    }
    monkey_expect(rtc_rtp_sender_set_parameters_with(rtc_rtp_transceiver_sender(t), p, NULL));
    if (monkey_dice(s, 2))
        monkey_expect(rtc_rtp_sender_set_parameters(rtc_rtp_transceiver_sender(t), p)); /* the transaction is over */
    rtc_rtp_parameters_free(p);
}

static void tune_receiver(struct monkey_side *s)
{
    rtc_rtp_source source;
    rtc_rtp_parameters *p;
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    const double target = (double)monkey_dice(s, 6000) - 500;
    if (!t)
        return;
    rtc_rtp_receiver *r = rtc_rtp_transceiver_receiver(t);
    monkey_expect(rtc_rtp_receiver_set_jitter_buffer_target_ms(r, monkey_dice(s, 4) ? &target : NULL));
    monkey_expect(rtc_rtp_receiver_select_rid(r, rtc_rtp_receiver_rid(r, monkey_dice(s, 4))));
    for (size_t i = 0; rtc_rtp_receiver_synchronization_source(r, i, &source) || rtc_rtp_receiver_contributing_source(r, i, &source); i++)
        assert_true(i < 64);
    int error = rtc_rtp_receiver_get_parameters(r, &p);
    monkey_expect(error);
    if (!error)
        rtc_rtp_parameters_free(p);
}

static void play_tones(struct monkey_side *s)
{
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    rtc_dtmf_sender *dtmf = t ? rtc_rtp_sender_dtmf(rtc_rtp_transceiver_sender(t)) : NULL;
    static const char *const tones[] = {"", "1", "12,3", "x", "ABCD#*0"};
    if (!dtmf)
        return;
    monkey_expect(rtc_dtmf_sender_insert(dtmf, tones[monkey_dice(s, COUNT(tones))], monkey_dice(s, 200), monkey_dice(s, 100)));
    assert_non_null(rtc_dtmf_sender_tone_buffer(dtmf));
}

static void ask_one_for_numbers(struct monkey_side *s)
{
    rtc_stats_report *report = NULL;
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    char *json;
    if (!t)
        return;
    int error = monkey_dice(s, 2) ? rtc_rtp_sender_get_stats(rtc_rtp_transceiver_sender(t), &report)
                                  : rtc_rtp_receiver_get_stats(rtc_rtp_transceiver_receiver(t), &report);
    monkey_expect(error);
    if (error)
        return;
    assert_int_equal(rtc_stats_report_json(report, &json), RTC_OK);
    rtc_stats_report_free_json(report, json);
    rtc_stats_report_unref(report);
}

/* ---- The connection ---- */

static void record(struct monkey_side *s)
{
    char *json;
    if (s->dump && monkey_dice(s, 2)) {
        monkey_expect(rtc_session_dump_json(s->dump, &json));
        rtc_session_dump_free_json(s->dump, json);
    } else if (s->dump) {
        rtc_session_dump_free(s->dump);
        s->dump = NULL;
    } else if (s->pc) {
        const rtc_session_dump_options options = {.size = sizeof options, .interval_ms = 100 + monkey_dice(s, 900)};
        monkey_expect(rtc_session_dump_new(s->pc, &options, &s->dump));
    }
}

static void take_back(struct monkey_side *s)
{
    if (!s->pc)
        return;
    monkey_expect(monkey_dice(s, 2) ? rtc_peer_connection_set_local_description(s->pc, RTC_SDP_ROLLBACK, NULL)
                                    : rtc_peer_connection_set_remote_description(s->pc, RTC_SDP_ROLLBACK, ""));
}

static void answer_for_now(struct monkey_side *s)
{
    if (s->pc)
        monkey_expect(rtc_peer_connection_set_local_description(s->pc, RTC_SDP_PRANSWER, NULL));
}

static void offer_with_options(struct monkey_side *s)
{
    const char *sdp;
    const rtc_offer_options options = {.size = sizeof options,
                                       .ice_restart = monkey_dice(s, 2) == 0,
                                       .has_offer_to_receive_audio = monkey_dice(s, 2) == 0,
                                       .offer_to_receive_video = monkey_dice(s, 4) == 0};
    if (s->pc && rtc_peer_connection_transceiver_count(s->pc) < 12)
        monkey_expect(rtc_peer_connection_create_offer_with(s->pc, &options, &sdp));
}

static void look_at_connection(struct monkey_side *s)
{
    rtc_sdp_type type;
    if (!s->pc)
        return;
    (void)rtc_peer_connection_current_local_description(s->pc, &type);
    (void)rtc_peer_connection_pending_local_description(s->pc, &type);
    (void)rtc_peer_connection_current_remote_description(s->pc, &type);
    (void)rtc_peer_connection_pending_remote_description(s->pc, &type);
    (void)rtc_peer_connection_can_trickle_ice_candidates(s->pc);
    assert_non_null(rtc_peer_connection_get_configuration(s->pc));
    assert_non_null(rtc_peer_connection_state_name(rtc_peer_connection_connection_state(s->pc)));
    assert_non_null(rtc_ice_connection_state_name(rtc_peer_connection_ice_connection_state(s->pc)));
}

static void look_at_channel(struct monkey_side *s)
{
    rtc_data_channel *c = monkey_channel(s);
    if (!c)
        return;
    (void)rtc_data_channel_ordered(c);
    (void)rtc_data_channel_negotiated(c);
    (void)rtc_data_channel_priority(c);
    (void)rtc_data_channel_max_retransmits(c);
    (void)rtc_data_channel_max_packet_life_time_ms(c);
}

void monkey_act_on_objects(struct monkey_side *s)
{
    static void (*const things[])(struct monkey_side *) = {
        find_transport,
        look_at_transport,
        find_sctp,
        look_at_sctp,
        make_stream,
        change_stream,
        set_streams,
        clone_track,
        stop,
        prefer_codecs,
        tune_receiver,
        play_tones,
        ask_one_for_numbers,
        record,
        take_back,
        answer_for_now,
        offer_with_options,
        look_at_connection,
        look_at_channel,
        set_parameters_with,
    };
    things[monkey_dice(s, COUNT(things))](s);
}

void monkey_objects_fini(struct monkey_side *s)
{
    rtc_session_dump_free(s->dump);
    rtc_sctp_transport_unref(s->sctp);
    for (int i = 0; i < MONKEY_HANDLES; i++) {
        rtc_dtls_transport_unref(s->transports[i]);
        rtc_media_stream_unref(s->streams[i]);
    }
}
