/* SPDX-License-Identifier: MIT */
/* See peer_pump.h. */
#include "peer_pump.h"

#include "../scripted_media.h"

#include <stdio.h>

enum { VIDEO_EVERY_US = 33333, AUDIO_EVERY_US = 20000, KEYFRAME_BYTES = 15000, LEAST_BYTES = 64 };

static void on_keyframe_request(void *user)
{
    struct peer_pump *p = user;
    p->wants_keyframe = true;
    p->keyframe_requests++;
}

static void on_bitrate(void *user, uint32_t bitrate_bps)
{
    struct peer_pump *p = user;
    p->bitrate_bps = bitrate_bps;
}

/* Around the average that it likes, or, when it follows, that the connection allows. */
static size_t random_size(struct peer_pump *p)
{
    size_t allowed = (size_t)((uint64_t)p->bitrate_bps * VIDEO_EVERY_US / 8000000);
    size_t average = p->follows && p->bitrate_bps > 0 && allowed < p->frame_bytes ? allowed + LEAST_BYTES : p->frame_bytes;
    p->random = p->random * 6364136223846793005u + 1442695040888963407u;
    return average / 2 + (size_t)(p->random >> 33) % (average + 1);
}

static void push(struct peer_pump *p, rtc_time_t now)
{
    rtc_encoded_frame *frame = p->kind == RTC_MEDIA_AUDIO ? scripted_audio(p->context, p->serial, now)
                                                          : scripted_video(p->context, p->serial, now, p->wants_keyframe,
                                                                           p->wants_keyframe ? KEYFRAME_BYTES : random_size(p));
    p->serial++;
    if (!frame) { /* out of memory, which the application was told */
        p->unmade++;
        return;
    }
    p->key_frames += p->kind == RTC_MEDIA_VIDEO && p->wants_keyframe;
    p->wants_keyframe = false;
    assert_int_equal(rtc_media_source_push_encoded(p->source, frame), RTC_OK);
    rtc_encoded_frame_unref(frame);
}

static void on_step(struct sim_peers *peers, void *user)
{
    struct peer_pumps *pumps = user;
    for (size_t i = 0; i < pumps->count; i++) {
        struct peer_pump *p = &pumps->pump[i];
        if (!p->running || p->next > peers->now)
            continue;
        push(p, peers->now);
        p->next += p->kind == RTC_MEDIA_AUDIO ? AUDIO_EVERY_US : VIDEO_EVERY_US;
        if (p->next <= peers->now)
            p->next = peers->now + 1;
    }
    if (pumps->on_step)
        pumps->on_step(peers);
}

static rtc_time_t next_step(struct sim_peers *peers, void *user)
{
    const struct peer_pumps *pumps = user;
    rtc_time_t at = RTC_TIME_NEVER;
    (void)peers;
    for (size_t i = 0; i < pumps->count; i++)
        if (pumps->pump[i].running && pumps->pump[i].next < at)
            at = pumps->pump[i].next;
    return at;
}

void peer_pumps_attach(struct peer_pumps *pumps, struct sim_peers *peers)
{
    memset(pumps, 0, sizeof *pumps);
    peers->on_step = on_step;
    peers->next_step = next_step;
    peers->step_user = pumps;
}

struct peer_pump *peer_pump_new(struct peer_pumps *pumps, struct sim_peers *peers, rtc_media_kind kind)
{
    static const rtc_media_source_ops ops = {.size = sizeof ops, .request_keyframe = on_keyframe_request, .set_bitrate = on_bitrate};
    struct peer_pump *p = &pumps->pump[pumps->count];
    *p = (struct peer_pump){
        .context = peers->context, .kind = kind, .wants_keyframe = true, .frame_bytes = 3000, .random = pumps->count + 1, .next = 1};
    if (rtc_media_source_new(peers->context, kind, "scripted", &ops, p, &p->source))
        return NULL;
    pumps->count++;
    if (rtc_media_stream_track_new(p->source, &p->track))
        return NULL;
    p->running = true;
    return p;
}

void peer_pumps_fini(struct peer_pumps *pumps)
{
    for (size_t i = 0; i < pumps->count; i++) {
        rtc_media_stream_track_unref(pumps->pump[i].track);
        rtc_media_source_unref(pumps->pump[i].source);
    }
    pumps->count = 0;
}

static void judge_video(struct peer_sink *s, const rtc_encoded_frame *frame, uint32_t serial)
{
    bool follows = !s->any || (!s->broken && serial == s->serial + 1); /* a sink may come in the middle */
    s->broken = !rtc_encoded_frame_keyframe(frame) && !follows;
    s->decodable += !s->broken;
}

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    struct peer_sink *s = user;
    uint32_t serial = scripted_serial(frame);
    s->frames++;
    s->out_of_order += s->any && serial <= s->serial;
    if (rtc_encoded_frame_kind(frame) == RTC_MEDIA_VIDEO)
        judge_video(s, frame, serial);
    else
        s->decodable++;
    rtc_time_t now = s->peers->now;
    if (s->any && !s->broken && now - s->last_at > s->longest_gap)
        s->longest_gap = now - s->last_at;
    if (!s->broken)
        s->last_at = now;
    s->any = true;
    s->serial = serial;
    s->latency = now - scripted_time(frame);
}

void peer_camera_new(struct peer_camera *c, struct sim_peers *p)
{
    rtc_media_stream_track *track;
    *c = (struct peer_camera){.next = RTC_TIME_NEVER};
    assert_int_equal(rtc_media_source_new(p->context, RTC_MEDIA_VIDEO, "raw", NULL, NULL, &c->source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(c->source, &track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(p->peer[0].pc, track, NULL, 0, NULL), RTC_OK);
    rtc_media_stream_track_unref(track);
}

static void show_pictures(struct sim_peers *p, void *user)
{
    struct peer_camera *c = user;
    for (; c->next <= p->now; c->next += PEER_CAMERA_US, c->pushed++) {
        const rtc_video_frame_options options = {
            .size = sizeof options, .format = RTC_VIDEO_I420, .width = 64, .height = 48, .capture_time_us = c->next};
        rtc_video_frame *frame;
        assert_int_equal(rtc_video_frame_new(p->context, &options, &frame), RTC_OK);
        assert_int_equal(rtc_media_source_push_video(c->source, frame), RTC_OK);
        rtc_video_frame_unref(frame);
    }
}

static rtc_time_t next_picture(struct sim_peers *p, void *user)
{
    (void)p;
    return ((const struct peer_camera *)user)->next;
}

void peer_camera_start(struct peer_camera *c, struct sim_peers *p)
{
    c->next = p->now + PEER_CAMERA_US;
    p->on_step = show_pictures;
    p->next_step = next_picture;
    p->step_user = c;
}

void peer_camera_push(struct peer_camera *c, struct sim_peers *p)
{
    c->next = p->now;
    show_pictures(p, c);
    c->next = RTC_TIME_NEVER;
}

int peer_sink_attach(struct peer_sink *s, struct sim_peers *peers, rtc_media_stream_track *track)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_encoded = on_encoded};
    *s = (struct peer_sink){.peers = peers, .track = rtc_media_stream_track_ref(track)};
    return rtc_media_stream_track_add_sink(track, &ops, s, &s->sink);
}

void peer_sink_fini(struct peer_sink *s)
{
    rtc_media_stream_track_remove_sink(s->track, s->sink);
    rtc_media_stream_track_unref(s->track);
    s->track = NULL;
}

rtc_media_stream_track *peer_remote_track(struct sim_peers *peers, int index, size_t n)
{
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(peers->peer[index].pc, n);
    assert_non_null(t);
    return rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t));
}
