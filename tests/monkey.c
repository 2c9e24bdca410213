/* SPDX-License-Identifier: MIT */
/* See monkey.h. */
#include "monkey.h"

#include "monkey_codecs.h"
#include "monkey_objects.h"
#include "scripted_media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

uint32_t monkey_random(uint64_t *state, uint32_t below)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) >> 33) % below;
}

uint32_t monkey_dice(struct monkey_side *s, uint32_t below)
{
    return s->monkey->choose ? s->monkey->choose(s, below) : monkey_random(&s->random, below);
}

/* A result is one of the library's. */
void monkey_expect(int result)
{
    assert_true(result <= 0 && rtc_error_name(result) != NULL);
}

/* ---- Frames ---- */

static void push_raw_video(struct monkey *m, uint64_t *random, rtc_time_t now)
{
    const rtc_video_frame_options options = {.size = sizeof options,
                                             .format = RTC_VIDEO_I420,
                                             .width = 16 + 2 * monkey_random(random, 40),
                                             .height = 16 + 2 * monkey_random(random, 20),
                                             .capture_time_us = now};
    rtc_video_frame *frame;
    assert_int_equal(rtc_video_frame_new(m->context, &options, &frame), RTC_OK);
    for (size_t i = 0; i < 3; i++)
        memset(rtc_video_frame_writable_plane(frame, i), (int)options.width,
               rtc_video_frame_stride(frame, i) * (i ? options.height / 2 : options.height));
    monkey_expect(rtc_media_source_push_video(m->sources[0], frame));
    rtc_video_frame_unref(frame);
}

static void push_raw_audio(struct monkey *m, uint64_t *random, rtc_time_t now)
{
    const rtc_audio_frame_options options = {.size = sizeof options,
                                             .format = RTC_AUDIO_S16,
                                             .sample_rate = 48000,
                                             .channels = 1 + monkey_random(random, 2),
                                             .samples = 480,
                                             .capture_time_us = now};
    rtc_audio_frame *frame;
    assert_int_equal(rtc_audio_frame_new(m->context, &options, &frame), RTC_OK);
    monkey_expect(rtc_media_source_push_audio(m->sources[1], frame));
    rtc_audio_frame_unref(frame);
}

void monkey_push(struct monkey *m, uint64_t *random, rtc_time_t now)
{
    uint32_t n = atomic_fetch_add(&m->pushed, 1), what = monkey_random(random, 4);
    if (what == 0) {
        push_raw_video(m, random, now);
    } else if (what == 1) {
        push_raw_audio(m, random, now);
    } else {
        rtc_encoded_frame *frame =
            what == 2 ? scripted_video(m->context, n, now, monkey_random(random, 5) == 0, 100 + monkey_random(random, 4000))
                      : scripted_audio(m->context, n, now);
        monkey_expect(rtc_media_source_push_encoded(m->sources[what], frame));
        rtc_encoded_frame_unref(frame);
    }
}

/* ---- Handles ---- */

rtc_rtp_transceiver *monkey_transceiver(struct monkey_side *s)
{
    return s->transceivers[monkey_dice(s, MONKEY_HANDLES)];
}

rtc_data_channel *monkey_channel(struct monkey_side *s)
{
    return s->channels[monkey_dice(s, MONKEY_HANDLES)];
}

static void keep_transceiver(struct monkey_side *s, rtc_rtp_transceiver *t)
{
    rtc_rtp_transceiver **place = &s->transceivers[monkey_dice(s, MONKEY_HANDLES)], *old = *place;
    *place = rtc_rtp_transceiver_ref(t);
    rtc_rtp_transceiver_unref(old);
}

/* Takes the reference. */
static void keep_channel(struct monkey_side *s, rtc_data_channel *c)
{
    rtc_data_channel **place = &s->channels[monkey_dice(s, MONKEY_HANDLES)], *old = *place;
    *place = c;
    rtc_data_channel_unref(old);
}

static void keep_track(struct monkey_side *s, rtc_media_stream_track *track)
{
    struct monkey *m = s->monkey;
    uint32_t at = monkey_dice(s, MONKEY_HANDLES);
    pthread_mutex_lock(&m->lock);
    rtc_media_stream_track *old = m->pool[at];
    m->pool[at] = rtc_media_stream_track_ref(track);
    pthread_mutex_unlock(&m->lock);
    rtc_media_stream_track_unref(old);
}

/* A reference: a fresh one of a source, one that somebody has, or NULL. */
rtc_media_stream_track *monkey_track(struct monkey_side *s)
{
    struct monkey *m = s->monkey;
    rtc_media_stream_track *track = NULL;
    uint32_t at = monkey_dice(s, MONKEY_HANDLES), what = monkey_dice(s, 8);
    if (what < 5) {
        assert_int_equal(rtc_media_stream_track_new(m->sources[monkey_dice(s, MONKEY_SOURCES)], &track), RTC_OK);
    } else if (what < 7) {
        pthread_mutex_lock(&m->lock);
        track = rtc_media_stream_track_ref(m->pool[at]);
        pthread_mutex_unlock(&m->lock);
    }
    return track;
}

/* ---- Callbacks: sometimes something is done from within ---- */

void monkey_called(struct monkey_side *s)
{
    s->callbacks++;
    if (atomic_load(&s->monkey->calm) || s->depth > 0 || monkey_dice(s, 8) != 0)
        return;
    s->depth++;
    for (uint32_t i = monkey_dice(s, MONKEY_ACTIONS_PER_CALLBACK) + 1; i > 0; i--)
        monkey_act(s);
    s->depth--;
}

static void on_channel_event(rtc_data_channel *channel, void *user)
{
    (void)rtc_data_channel_ready_state(channel);
    monkey_called(user);
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct monkey_side *s = user;
    if (monkey_dice(s, 4) == 0)
        monkey_expect(text ? rtc_data_channel_send_text(channel, data, len) : rtc_data_channel_send(channel, data, len));
    monkey_called(s);
}

static void on_error(rtc_data_channel *channel, void *user, const rtc_error_info *error)
{
    (void)channel;
    assert_true(error->error < 0 && error->message != NULL);
    monkey_called(user);
}

static const rtc_data_channel_callbacks channel_callbacks = {
    .size = sizeof channel_callbacks,
    .on_open = on_channel_event,
    .on_message = on_message,
    .on_buffered_amount_low = on_channel_event,
    .on_closing = on_channel_event,
    .on_close = on_channel_event,
    .on_error = on_error,
};

static void on_needed(rtc_peer_connection *pc, void *user)
{
    struct monkey_side *s = user;
    (void)pc;
    if (!atomic_load(&s->monkey->calm) && monkey_dice(s, 2) == 0)
        s->monkey->negotiate(s);
    monkey_called(s);
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    (void)pc;
    (void)candidate;
    monkey_called(user);
}

static void on_signaling(rtc_peer_connection *pc, void *user, rtc_signaling_state state)
{
    (void)pc;
    (void)state;
    monkey_called(user);
}

static void on_state(rtc_peer_connection *pc, void *user, rtc_peer_connection_state state)
{
    (void)pc;
    (void)state;
    monkey_called(user);
}

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    (void)pc;
    rtc_data_channel_set_callbacks(channel, &channel_callbacks, user);
    keep_channel(user, rtc_data_channel_ref(channel));
    monkey_called(user);
}

static void on_track(rtc_peer_connection *pc, void *user, const rtc_track_event *event)
{
    (void)pc;
    keep_transceiver(user, event->transceiver);
    keep_track(user, event->track);
    monkey_called(user);
}

static void on_mute(rtc_peer_connection *pc, void *user, rtc_media_stream_track *track, bool muted)
{
    (void)pc;
    (void)track;
    (void)muted;
    monkey_called(user);
}

const rtc_peer_connection_callbacks monkey_callbacks = {
    .size = sizeof monkey_callbacks,
    .on_negotiation_needed = on_needed,
    .on_ice_candidate = on_candidate,
    .on_signaling_state_change = on_signaling,
    .on_connection_state_change = on_state,
    .on_data_channel = on_channel,
    .on_track = on_track,
    .on_track_mute = on_mute,
};

static void on_video(void *user, rtc_video_frame *frame)
{
    struct monkey *m = user;
    (void)rtc_video_frame_width(frame);
    atomic_fetch_add(&m->shown, 1);
}

static void on_audio(void *user, rtc_audio_frame *frame)
{
    struct monkey *m = user;
    (void)rtc_audio_frame_samples(frame);
    atomic_fetch_add(&m->shown, 1);
}

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    struct monkey *m = user;
    (void)rtc_encoded_frame_len(frame);
    atomic_fetch_add(&m->shown, 1);
}

/* ---- What it does: each takes whatever handles it gets, of connections that may be closed ---- */

static void create_channel(struct monkey_side *s)
{
    rtc_data_channel *channel;
    const rtc_data_channel_init init = {.size = sizeof init,
                                        .unordered = monkey_dice(s, 2) == 0,
                                        .has_max_retransmits = monkey_dice(s, 3) == 0,
                                        .max_retransmits = (uint16_t)monkey_dice(s, 3),
                                        .has_max_packet_life_time = monkey_dice(s, 5) == 0,
                                        .max_packet_life_time_ms = 100,
                                        .negotiated = monkey_dice(s, 4) == 0,
                                        .id = (uint16_t)monkey_dice(s, 70)};
    if (!s->pc)
        return;
    int error = rtc_peer_connection_create_data_channel(s->pc, "monkey", monkey_dice(s, 7), monkey_dice(s, 3) ? &init : NULL, &channel);
    monkey_expect(error);
    if (error)
        return;
    rtc_data_channel_set_callbacks(channel, &channel_callbacks, s);
    keep_channel(s, channel);
}

static void send_something(struct monkey_side *s)
{
    static const char bytes[20000];
    rtc_data_channel *c = monkey_channel(s);
    uint32_t len = monkey_dice(s, 4) ? monkey_dice(s, 100) : monkey_dice(s, sizeof bytes);
    if (c)
        monkey_expect(monkey_dice(s, 2) ? rtc_data_channel_send(c, bytes, len) : rtc_data_channel_send_text(c, bytes, len));
}

static void look_at_channel(struct monkey_side *s)
{
    rtc_data_channel *c = monkey_channel(s);
    size_t len;
    if (!c)
        return;
    assert_non_null(rtc_data_channel_label(c, &len));
    assert_non_null(rtc_data_channel_protocol(c, &len));
    (void)rtc_data_channel_id(c);
    (void)rtc_data_channel_buffered_amount(c);
    rtc_data_channel_set_buffered_amount_low_threshold(c, monkey_dice(s, 5000));
    rtc_data_channel_set_callbacks(c, monkey_dice(s, 4) ? &channel_callbacks : NULL, s);
}

static void close_channel(struct monkey_side *s)
{
    rtc_data_channel *c = monkey_channel(s);
    if (c)
        rtc_data_channel_close(c);
}

static void drop_channel(struct monkey_side *s)
{
    keep_channel(s, NULL);
}

static void add_track(struct monkey_side *s)
{
    rtc_media_stream_track *track = monkey_track(s);
    if (s->pc && track)
        monkey_expect(rtc_peer_connection_add_track(s->pc, track, NULL, 0, NULL));
    rtc_media_stream_track_unref(track);
}

static void add_transceiver(struct monkey_side *s)
{
    rtc_rtp_transceiver *t = NULL;
    rtc_media_stream_track *track = monkey_track(s);
    static const char *const rids[] = {NULL, "q", "h"};
    rtc_rtp_encoding_parameters encodings[3], *all[3];
    for (unsigned i = 0; i < 3; i++) {
        encodings[i] = (rtc_rtp_encoding_parameters){
            .size = sizeof encodings[i], .rid = rids[monkey_dice(s, 3)], .network_priority = (rtc_priority)monkey_dice(s, 4)};
        all[i] = &encodings[i];
    }
    const rtc_rtp_transceiver_init init = {.size = sizeof init,
                                           .has_direction = true,
                                           .direction = (rtc_rtp_direction)monkey_dice(s, 5),
                                           .send_encodings = all,
                                           .send_encoding_count = monkey_dice(s, 4)};
    if (s->pc && rtc_peer_connection_transceiver_count(s->pc) < 12) {
        rtc_media_kind kind = monkey_dice(s, 2) ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO;
        int error = rtc_peer_connection_add_transceiver(s->pc, kind, track, &init, &t);
        monkey_expect(error);
        if (!error)
            keep_transceiver(s, t);
    }
    rtc_media_stream_track_unref(track);
}

static void find_transceiver(struct monkey_side *s)
{
    rtc_rtp_transceiver *t = s->pc ? rtc_peer_connection_transceiver(s->pc, monkey_dice(s, 12)) : NULL;
    if (!t)
        return;
    keep_transceiver(s, t);
    keep_track(s, rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t)));
}

static void remove_track(struct monkey_side *s)
{
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    if (t && s->pc)
        monkey_expect(rtc_peer_connection_remove_track(s->pc, rtc_rtp_transceiver_sender(t)));
}

static void replace_track(struct monkey_side *s)
{
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    rtc_media_stream_track *track = monkey_track(s);
    if (t)
        monkey_expect(rtc_rtp_sender_replace_track(rtc_rtp_transceiver_sender(t), track));
    rtc_media_stream_track_unref(track);
}

static void set_direction(struct monkey_side *s)
{
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    if (t)
        monkey_expect(rtc_rtp_transceiver_set_direction(t, (rtc_rtp_direction)monkey_dice(s, 6)));
}

static void set_parameters(struct monkey_side *s)
{
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    rtc_rtp_parameters *p;
    if (!t || rtc_rtp_sender_get_parameters(rtc_rtp_transceiver_sender(t), &p))
        return;
    p->encodings[0]->inactive = monkey_dice(s, 4) == 0;
    p->encodings[0]->max_bitrate_bps = monkey_dice(s, 2000000);
    p->encodings[0]->network_priority = (rtc_priority)monkey_dice(s, 5);
    p->encodings[0]->scale_resolution_down_by = monkey_dice(s, 4);
    p->encodings[0]->max_framerate = monkey_dice(s, 40);
    monkey_expect(rtc_rtp_sender_set_parameters(rtc_rtp_transceiver_sender(t), p));
    rtc_rtp_parameters_free(p);
}

static void request_keyframe(struct monkey_side *s)
{
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    if (t)
        monkey_expect(rtc_rtp_receiver_request_keyframe(rtc_rtp_transceiver_receiver(t)));
}

static void look_at_transceiver(struct monkey_side *s)
{
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    rtc_rtp_direction direction;
    if (!t)
        return;
    (void)rtc_rtp_transceiver_mid(t);
    (void)rtc_rtp_transceiver_direction(t);
    (void)rtc_rtp_transceiver_current_direction(t, &direction);
    (void)rtc_rtp_sender_track(rtc_rtp_transceiver_sender(t));
    (void)rtc_media_stream_track_muted(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t)));
}

static void remove_sink(struct monkey_sink *place)
{
    rtc_media_stream_track_remove_sink(place->track, place->sink);
    rtc_media_stream_track_unref(place->track);
    *place = (struct monkey_sink){0};
}

static void change_sink(struct monkey_side *s)
{
    struct monkey_sink *place = &s->sinks[monkey_dice(s, MONKEY_HANDLES)];
    rtc_rtp_transceiver *t = monkey_transceiver(s);
    const rtc_media_sink_ops ops = {.size = sizeof ops,
                                    .on_video = monkey_dice(s, 2) ? on_video : NULL,
                                    .on_audio = monkey_dice(s, 2) ? on_audio : NULL,
                                    .on_encoded = monkey_dice(s, 2) ? on_encoded : NULL};
    if (place->sink) {
        remove_sink(place);
        return;
    }
    rtc_media_stream_track *track =
        t ? rtc_media_stream_track_ref(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t))) : monkey_track(s);
    if (!track)
        return;
    assert_int_equal(rtc_media_stream_track_add_sink(track, &ops, s->monkey, &place->sink), RTC_OK);
    place->track = track;
}

static void treat_track(struct monkey_side *s)
{
    rtc_media_stream_track *track = monkey_track(s);
    if (!track)
        return;
    rtc_media_stream_track_set_enabled(track, monkey_dice(s, 2) == 0);
    if (monkey_dice(s, 8) == 0)
        rtc_media_stream_track_stop(track);
    keep_track(s, track);
    rtc_media_stream_track_unref(track);
}

static void negotiate(struct monkey_side *s)
{
    s->monkey->negotiate(s);
}

static void restart(struct monkey_side *s)
{
    if (!s->pc)
        return;
    monkey_expect(rtc_peer_connection_restart_ice(s->pc));
    s->monkey->negotiate(s);
}

static void describe(struct monkey_side *s)
{
    const char *sdp;
    rtc_sdp_type type;
    if (!s->pc)
        return;
    monkey_expect(rtc_peer_connection_create_offer(s->pc, &sdp));
    monkey_expect(rtc_peer_connection_create_answer(s->pc, &sdp));
    (void)rtc_peer_connection_local_description(s->pc, &type);
    (void)rtc_peer_connection_remote_description(s->pc, &type);
}

static void signal_nonsense(struct monkey_side *s)
{
    static const char *const texts[] = {"", "v=0\r\n", "candidate:1 1 udp 1 10.0.0.9 9 typ host", "candidate:", "m=audio 9"};
    const char *text = texts[monkey_dice(s, COUNT(texts))];
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = text, .sdp_mid = monkey_dice(s, 2) ? "0" : "nobody"};
    if (!s->pc)
        return;
    if (monkey_dice(s, 2))
        monkey_expect(rtc_peer_connection_add_ice_candidate(s->pc, &init));
    else if (monkey_dice(s, 2))
        monkey_expect(rtc_peer_connection_set_remote_description(s->pc, (rtc_sdp_type)monkey_dice(s, 5), text));
    else
        monkey_expect(rtc_peer_connection_set_local_description(s->pc, (rtc_sdp_type)monkey_dice(s, 5), text));
    assert_non_null(rtc_peer_connection_last_error(s->pc));
}

static void ask_for_numbers(struct monkey_side *s)
{
    rtc_stats_report *report;
    int error = s->pc ? rtc_peer_connection_get_stats(s->pc, &report) : RTC_ERR_TYPE;
    monkey_expect(error);
    if (error)
        return;
    for (size_t i = 0; i < rtc_stats_report_count(report); i++)
        assert_true(rtc_stats_member_count(rtc_stats_report_at(report, i)) > 0);
    rtc_stats_report_unref(report);
}

static void ask_for_words(struct monkey_side *s)
{
    if (s->pc)
        (void)rtc_peer_connection_explain(s->pc);
}

static void configure(struct monkey_side *s)
{
    rtc_configuration configuration = {.size = sizeof configuration, .max_bitrate_bps = monkey_dice(s, 3000000)};
    if (s->pc)
        monkey_expect(rtc_peer_connection_set_configuration(s->pc, &configuration));
}

/* Rarely: it is the end of that side. Its handles stay, with a reference of its own to the connection or without. */
static void end(struct monkey_side *s)
{
    rtc_peer_connection *pc = s->pc;
    if (!pc || monkey_dice(s, 40) != 0)
        return;
    s->ended = true;
    uint32_t how = monkey_dice(s, 3);
    if (how == 0) {
        rtc_peer_connection_close(pc);
    } else {
        s->pc = how == 1 ? rtc_peer_connection_ref(pc) : NULL;
        rtc_peer_connection_free(pc);
    }
    if (s->monkey->ended)
        s->monkey->ended(s);
}

void monkey_act(struct monkey_side *s)
{
    static void (*const things[])(struct monkey_side *) = {
        create_channel,
        send_something,
        send_something,
        look_at_channel,
        close_channel,
        drop_channel,
        add_track,
        add_track,
        add_transceiver,
        remove_track,
        replace_track,
        replace_track,
        replace_track,
        set_direction,
        set_direction,
        set_parameters,
        change_sink,
        change_sink,
        request_keyframe,
        look_at_transceiver,
        find_transceiver,
        treat_track,
        negotiate,
        negotiate,
        restart,
        describe,
        signal_nonsense,
        ask_for_numbers,
        ask_for_words,
        configure,
        monkey_act_on_objects,
        monkey_act_on_objects,
        monkey_act_on_objects,
        monkey_act_on_objects,
        monkey_act_on_objects,
        monkey_act_on_objects,
        monkey_act_on_objects,
        monkey_act_on_objects,
        monkey_act_on_objects,
        monkey_act_on_objects,
        end,
    };
    s->actions++;
    things[monkey_dice(s, COUNT(things))](s);
}

/* ---- Beginning and end ---- */

void monkey_init(struct monkey *m, rtc_context *context, uint64_t seed)
{
    static const rtc_media_kind kinds[MONKEY_SOURCES] = {RTC_MEDIA_VIDEO, RTC_MEDIA_AUDIO, RTC_MEDIA_VIDEO, RTC_MEDIA_AUDIO};
    memset(m, 0, sizeof *m);
    m->context = context;
    pthread_mutex_init(&m->lock, NULL);
    monkey_add_codecs(context);
    for (int i = 0; i < MONKEY_SOURCES; i++)
        assert_int_equal(rtc_media_source_new(context, kinds[i], "monkey", NULL, NULL, &m->sources[i]), RTC_OK);
    for (int i = 0; i < 2; i++)
        m->side[i] = (struct monkey_side){.monkey = m, .index = i, .random = seed * 2 + (uint64_t)i};
}

void monkey_side_fini(struct monkey_side *s)
{
    monkey_objects_fini(s);
    rtc_peer_connection_free(s->pc);
    s->pc = NULL;
    for (int i = 0; i < MONKEY_HANDLES; i++) {
        rtc_rtp_transceiver_unref(s->transceivers[i]);
        rtc_data_channel_unref(s->channels[i]);
        if (s->sinks[i].sink)
            remove_sink(&s->sinks[i]);
    }
}

void monkey_fini(struct monkey *m)
{
    for (int i = 0; i < MONKEY_HANDLES; i++)
        rtc_media_stream_track_unref(m->pool[i]);
    for (int i = 0; i < MONKEY_SOURCES; i++)
        rtc_media_source_unref(m->sources[i]);
    pthread_mutex_destroy(&m->lock);
}
