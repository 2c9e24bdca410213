/* SPDX-License-Identifier: MIT */
/* See api_pair.h. */
#include "api_pair.h"

#include "../scripted_media.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const names[API_EVENTS] = {
    "negotiationneeded",
    "icecandidate",
    "end of candidates",
    "icecandidate null",
    "signalingstatechange",
    "icegatheringstatechange",
    "iceconnectionstatechange",
    "connectionstatechange",
    "connected",
    "datachannel",
    "track",
    "unmute",
    "open",
    "message",
    "bufferedamountlow",
    "closing",
    "close",
    "error",
    "encoded frame",
};

const char *api_event_name(enum api_event event)
{
    return names[event];
}

static void happened(struct api_peer *p, enum api_event event)
{
    atomic_fetch_add(&p->seen[event], 1);
    if (p->pair->hook)
        p->pair->hook(p, event);
}

/* ---- Signalling: a message is a post on the other's loop ---- */

struct signal {
    struct api_peer *to;
    rtc_sdp_type type; /* NONE: a candidate */
    char *text, *mid;
};

static void send_description(struct api_peer *p);

static void take_description(struct api_peer *p, const struct signal *s)
{
    int error = rtc_peer_connection_set_remote_description(p->pc, s->type, s->text);
    if (!error && s->type == RTC_SDP_OFFER)
        error = rtc_peer_connection_set_local_description(p->pc, RTC_SDP_NONE, NULL);
    if (!error && s->type == RTC_SDP_OFFER)
        send_description(p);
}

static void deliver(void *user)
{
    struct signal *s = user;
    rtc_ice_candidate_init init = {.size = sizeof init, .candidate = s->text, .sdp_mid = s->mid};
    if (s->to->pc && !s->to->pair->stopping) {
        if (s->type)
            take_description(s->to, s);
        else
            (void)rtc_peer_connection_add_ice_candidate(s->to->pc, &init);
    }
    free(s->text);
    free(s->mid);
    free(s);
}

static void post(struct api_peer *from, rtc_sdp_type type, const char *text, const char *mid)
{
    struct signal *s = calloc(1, sizeof *s);
    assert_non_null(s);
    *s = (struct signal){&from->pair->peer[1 - from->index], type, strdup(text), mid ? strdup(mid) : NULL};
    if (rtc_loop_post(s->to->loop, deliver, s) != RTC_OK) {
        free(s->text);
        free(s->mid);
        free(s);
    }
}

static void send_description(struct api_peer *p)
{
    rtc_sdp_type type;
    const char *sdp = rtc_peer_connection_local_description(p->pc, &type);
    if (sdp)
        post(p, type, sdp, NULL);
}

/* ---- Callbacks ---- */

static void on_negotiation_needed(rtc_peer_connection *pc, void *user)
{
    struct api_peer *p = user;
    (void)pc;
    happened(p, API_NEGOTIATION_NEEDED);
    if (p->pc && p->index == 0 && rtc_peer_connection_set_local_description(p->pc, RTC_SDP_NONE, NULL) == RTC_OK)
        send_description(p);
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    (void)pc;
    if (candidate)
        post(user, RTC_SDP_NONE, candidate->candidate, candidate->sdp_mid);
    happened(user, !candidate ? API_GATHERED : candidate->candidate[0] ? API_CANDIDATE : API_END_OF_CANDIDATES);
}

static void on_signaling(rtc_peer_connection *pc, void *user, rtc_signaling_state state)
{
    (void)pc;
    (void)state;
    happened(user, API_SIGNALING);
}

static void on_gathering(rtc_peer_connection *pc, void *user, rtc_ice_gathering_state state)
{
    (void)pc;
    (void)state;
    happened(user, API_GATHERING);
}

static void on_ice(rtc_peer_connection *pc, void *user, rtc_ice_connection_state state)
{
    (void)pc;
    (void)state;
    happened(user, API_ICE_STATE);
}

static void on_state(rtc_peer_connection *pc, void *user, rtc_peer_connection_state state)
{
    (void)pc;
    happened(user, state == RTC_PEER_CONNECTION_CONNECTED ? API_CONNECTED : API_CONNECTION_STATE);
}

static void on_open(rtc_data_channel *channel, void *user)
{
    struct api_peer *p = user;
    static const char text[2000] = "hello";
    if (channel == p->channel || channel == p->remote)
        rtc_data_channel_set_buffered_amount_low_threshold(channel, 1000);
    for (int i = 0; i < p->pair->burst && (channel == p->channel || channel == p->remote); i++)
        (void)rtc_data_channel_send_text(channel, text, sizeof text);
    happened(p, API_OPEN);
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    (void)channel;
    assert_true(text && len == 2000 && memcmp(data, "hello", 5) == 0);
    happened(user, API_MESSAGE);
}

static void on_low(rtc_data_channel *channel, void *user)
{
    (void)channel;
    happened(user, API_LOW);
}

static void on_closing(rtc_data_channel *channel, void *user)
{
    (void)channel;
    happened(user, API_CLOSING);
}

static void on_close(rtc_data_channel *channel, void *user)
{
    (void)channel;
    happened(user, API_CLOSE);
}

static void on_error(rtc_data_channel *channel, void *user, const rtc_error_info *error)
{
    (void)channel;
    assert_true(error->error < 0 && error->message[0]);
    happened(user, API_ERROR);
}

static const rtc_data_channel_callbacks channel_callbacks = {
    .size = sizeof channel_callbacks,
    .on_open = on_open,
    .on_message = on_message,
    .on_buffered_amount_low = on_low,
    .on_closing = on_closing,
    .on_close = on_close,
    .on_error = on_error,
};

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    struct api_peer *p = user;
    (void)pc;
    if (!p->remote)
        p->remote = rtc_data_channel_ref(channel);
    rtc_data_channel_set_callbacks(channel, &channel_callbacks, p);
    happened(p, API_DATA_CHANNEL);
}

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    (void)frame;
    happened(user, API_ENCODED_FRAME);
}

static void on_track(rtc_peer_connection *pc, void *user, const rtc_track_event *event)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_encoded = on_encoded};
    struct api_peer *p = user;
    (void)pc;
    if (!p->sink) {
        p->remote_track = rtc_media_stream_track_ref(event->track);
        assert_int_equal(rtc_media_stream_track_add_sink(event->track, &ops, p, &p->sink), RTC_OK);
    }
    happened(p, API_TRACK);
}

static void on_mute(rtc_peer_connection *pc, void *user, rtc_media_stream_track *track, bool muted)
{
    (void)pc;
    (void)track;
    if (!muted)
        happened(user, API_UNMUTE);
}

static const rtc_peer_connection_callbacks callbacks = {
    .size = sizeof callbacks,
    .on_negotiation_needed = on_negotiation_needed,
    .on_ice_candidate = on_candidate,
    .on_signaling_state_change = on_signaling,
    .on_ice_gathering_state_change = on_gathering,
    .on_ice_connection_state_change = on_ice,
    .on_connection_state_change = on_state,
    .on_data_channel = on_channel,
    .on_track = on_track,
    .on_track_mute = on_mute,
};

/* ---- Set-up ---- */

static void push_frame(void *user)
{
    struct api_peer *p = user;
    if (p->pair->stopping)
        return;
    rtc_encoded_frame *frame = scripted_video(p->pair->context, p->serial, rtc_now(), p->serial % 10 == 0, 3000);
    assert_non_null(frame);
    p->serial++;
    assert_int_equal(rtc_media_source_push_encoded(p->source, frame), RTC_OK);
    rtc_encoded_frame_unref(frame);
    (void)rtc_loop_post_delayed(p->loop, 10000, push_frame, p, NULL);
}

void api_pair_init(struct api_pair *pair, rtc_context *context, rtc_loop *a, rtc_loop *b)
{
    rtc_loop *loops[2] = {a, b};
    memset(pair, 0, sizeof *pair);
    pair->context = context;
    for (int i = 0; i < 2; i++) {
        struct api_peer *p = &pair->peer[i];
        const rtc_configuration configuration = {
            .size = sizeof configuration, .loop = loops[i], .include_loopback = true, .max_channels = i == 0 ? 64 : 16};
        p->pair = pair;
        p->index = i;
        p->loop = loops[i];
        rtc_loop_lock(p->loop);
        assert_int_equal(rtc_peer_connection_new(context, &configuration, &callbacks, p, &p->pc), RTC_OK);
        rtc_loop_unlock(p->loop);
    }
}

static void add_video(struct api_peer *p)
{
    rtc_media_stream_track *track;
    assert_int_equal(rtc_media_source_new(p->pair->context, RTC_MEDIA_VIDEO, "scripted", NULL, NULL, &p->source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(p->source, &track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(p->pc, track, NULL, 0, NULL), RTC_OK);
    rtc_media_stream_track_unref(track);
    assert_int_equal(rtc_loop_post(p->loop, push_frame, p), RTC_OK);
}

void api_pair_call(struct api_pair *pair)
{
    struct api_peer *p = &pair->peer[0];
    const rtc_data_channel_init beyond = {.size = sizeof beyond, .negotiated = true, .id = 40};
    rtc_loop_lock(p->loop);
    assert_int_equal(rtc_peer_connection_create_data_channel(p->pc, "chat", 4, NULL, &p->channel), RTC_OK);
    rtc_data_channel_set_callbacks(p->channel, &channel_callbacks, p);
    assert_int_equal(rtc_peer_connection_create_data_channel(p->pc, "beyond", 6, &beyond, &p->doomed), RTC_OK);
    rtc_data_channel_set_callbacks(p->doomed, &channel_callbacks, p);
    if (pair->media)
        add_video(p);
    rtc_loop_unlock(p->loop);
}

void api_peer_free(struct api_peer *p)
{
    rtc_peer_connection *pc = p->pc;
    p->pc = NULL;
    rtc_peer_connection_free(pc);
}

void api_pair_fini(struct api_pair *pair)
{
    pair->stopping = true;
    for (int i = 0; i < 2; i++) {
        struct api_peer *p = &pair->peer[i];
        rtc_loop_lock(p->loop);
        api_peer_free(p);
        rtc_data_channel_unref(p->channel);
        rtc_data_channel_unref(p->doomed);
        rtc_data_channel_unref(p->remote);
        rtc_media_stream_track_remove_sink(p->remote_track, p->sink);
        rtc_media_stream_track_unref(p->remote_track);
        p->channel = p->doomed = p->remote = NULL;
        p->sink = NULL;
        p->remote_track = NULL;
        rtc_loop_unlock(p->loop);
    }
    /* the sources are pushed into until the loops are gone or have seen `stopping` */
}

bool api_poll(rtc_loop *loop, int limit_ms, bool (*done)(void *user), void *user)
{
    rtc_time_t limit = rtc_now() + (rtc_time_t)limit_ms * 1000;
    struct pollfd fd = {.fd = rtc_loop_fd(loop), .events = POLLIN};
    while (!done(user)) {
        int left = (int)((limit - rtc_now()) / 1000), wait = rtc_loop_timeout_ms(loop);
        if (left <= 0)
            return false;
        (void)poll(&fd, 1, wait < 0 || wait > left ? left : wait);
        assert_int_equal(rtc_loop_iterate(loop), RTC_OK);
    }
    return true;
}
