/* SPDX-License-Identifier: MIT */
/* Watches what is received. */
#include "watch.h"

#include <string.h>

static void count_frame(struct watch_counts *counts, rtc_time_t now)
{
    if (counts->frames == 0) {
        counts->first_frame_us = now;
    } else {
        rtc_time_t gap = now - counts->last_frame_us;
        counts->longest_gap_us = gap > counts->longest_gap_us ? gap : counts->longest_gap_us;
        counts->freezes += gap > WATCH_FREEZE_US;
    }
    counts->last_frame_us = now;
    counts->frames++;
}

static void on_video(void *user, rtc_video_frame *frame)
{
    struct watch *watch = user;
    pthread_mutex_lock(&watch->lock);
    count_frame(&watch->counts, rtc_now());
    rtc_video_frame *old = watch->newest;
    watch->newest = rtc_video_frame_ref(frame);
    pthread_mutex_unlock(&watch->lock);
    rtc_video_frame_unref(old);
}

static void on_audio(void *user, rtc_audio_frame *frame)
{
    struct watch *watch = user;
    pthread_mutex_lock(&watch->lock);
    watch->counts.audio_frames++;
    tone_push(&watch->counts.tone, frame);
    pthread_mutex_unlock(&watch->lock);
}

void watch_init(struct watch *watch)
{
    memset(watch, 0, sizeof(*watch));
    pthread_mutex_init(&watch->lock, NULL);
}

int watch_track(struct watch *watch, rtc_media_stream_track *track)
{
    static const rtc_media_sink_ops ops = {.size = sizeof(ops), .on_video = on_video, .on_audio = on_audio};
    if (watch->track_count == sizeof(watch->tracks) / sizeof(watch->tracks[0])) {
        return RTC_ERR_QUOTA_EXCEEDED;
    }
    rtc_media_sink *sink = NULL;
    int error = rtc_media_stream_track_add_sink(track, &ops, watch, &sink);
    if (error == RTC_OK) {
        watch->tracks[watch->track_count].track = rtc_media_stream_track_ref(track);
        watch->tracks[watch->track_count++].sink = sink;
    }
    return error;
}

void watch_fini(struct watch *watch)
{
    for (size_t i = 0; i < watch->track_count; i++) {
        rtc_media_stream_track_remove_sink(watch->tracks[i].track, watch->tracks[i].sink);
        rtc_media_stream_track_unref(watch->tracks[i].track);
    }
    watch->track_count = 0;
    rtc_video_frame_unref(watch->newest);
    watch->newest = NULL;
    pthread_mutex_destroy(&watch->lock);
}

rtc_video_frame *watch_picture(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    rtc_video_frame *frame = watch->newest == NULL ? NULL : rtc_video_frame_ref(watch->newest);
    pthread_mutex_unlock(&watch->lock);
    return frame;
}

struct watch_counts watch_read(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    struct watch_counts counts = watch->counts;
    pthread_mutex_unlock(&watch->lock);
    return counts;
}
