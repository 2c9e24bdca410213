/* SPDX-License-Identifier: MIT */
/* Watches what is received: counts pictures, keeps the newest one, notices freezes, measures the tone. Its sinks run on the library's
 * workers; reading it is safe from any thread. */
#ifndef EXAMPLES_WATCH_H
#define EXAMPLES_WATCH_H

#include "picture.h"
#include "tone.h"

#include <pthread.h>

/* A picture later than this after the one before it ends a freeze. */
#define WATCH_FREEZE_US 500000

/* What was counted of everything watched. */
struct watch_counts {
    uint64_t frames;
    uint32_t freezes;
    rtc_time_t longest_gap_us;
    rtc_time_t first_frame_us, last_frame_us;
    uint64_t audio_frames;
    struct tone tone;
};

struct watch {
    pthread_mutex_t lock; /* guards counts and newest */
    struct watch_counts counts;
    rtc_video_frame *newest;
    /* The tracks watched; used only by the thread that attaches and detaches. */
    struct {
        rtc_media_stream_track *track;
        rtc_media_sink *sink;
    } tracks[4];
    size_t track_count;
};

void watch_init(struct watch *watch);
/* Begins to watch a track, of either kind. Returns an error of the library's, or RTC_ERR_QUOTA_EXCEEDED. */
int watch_track(struct watch *watch, rtc_media_stream_track *track);
void watch_fini(struct watch *watch);

/* The newest picture, a reference of the caller's; NULL when there was none. */
rtc_video_frame *watch_picture(struct watch *watch);
struct watch_counts watch_read(struct watch *watch);

#endif
