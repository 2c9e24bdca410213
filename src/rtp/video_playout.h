/* SPDX-License-Identifier: MIT */
/* Complete frames of one video stream that wait for their playout time. The delay is a high quantile of how late whole frames were complete
 * during the last seconds, approached smoothly. Knows nothing of packets. */
#ifndef CRTC_VIDEO_PLAYOUT_H
#define CRTC_VIDEO_PLAYOUT_H

#include "delay_estimator.h"
#include "jitter_room.h"

enum { VIDEO_READY_MAX = 128, VIDEO_INTERVALS = 30 };

/* A part of its playout: a frame, which is a reference, that waits for its time. */
struct video_ready {
    rtc_encoded_frame *frame;
    int64_t timestamp; /* unwrapped */
    rtc_time_t began;  /* when its first packet arrived */
};

/* A frame that is due to be decoded. */
struct video_release {
    rtc_encoded_frame *frame; /* a reference for the caller */
    rtc_time_t play_time;     /* never before now */
    rtc_time_t began;         /* when its first packet arrived */
    int64_t timestamp;
};

/* A part of its playout, written where that is. */
struct video_playout_stats {
    uint64_t frames_released;
    uint64_t freeze_count, pause_count; /* webrtc-stats, freezeCount, pauseCount */
    rtc_time_t freeze_duration, pause_duration, delay_sum;
    rtc_time_t target_sum, own_target_sum; /* what the delay should have been, and would have been without lip sync */
    rtc_time_t interval_sum;               /* between frames as they are played */
    double interval_square_sum;            /* in square seconds */
};

/* A part of its playout: the newest intervals between frames, of which webrtc-stats takes the average (freezeCount). */
struct video_intervals {
    rtc_time_t last[VIDEO_INTERVALS]; /* a ring */
    rtc_time_t sum;
    uint64_t count; /* of all there were */
};

/* Embedded in struct video_buffer; written by video_playout.c. */
struct video_playout {
    uint32_t clock_rate;
    struct jitter_room *room; /* shared with other streams; NULL: none */
    struct delay_estimator estimator;
    bool has_timestamp;
    int64_t last_timestamp;                    /* unwrapped */
    struct video_ready ready[VIDEO_READY_MAX]; /* a ring; each owns its frame */
    size_t ready_at, ready_count;
    bool last_was_keyframe;
    bool has_offset;
    int64_t offset; /* play time minus media time */
    rtc_time_t offset_time;
    rtc_time_t minimum_delay; /* asked for by lip sync */
    rtc_time_t asked_delay;   /* by the application; 0: nothing */
    bool is_limited;          /* to the longest delay of all */
    rtc_time_t longest_delay;
    rtc_time_t room_delay; /* what there was room for of that; 0: for all of it */
    rtc_time_t last_play;  /* of the frame released last; 0: none */
    uint32_t last_played;  /* its timestamp */
    struct video_intervals intervals;
    struct video_playout_stats stats;
};

/* Gives up what waits. */
void video_playout_clear(struct video_playout *playout);
/* The media time of the next frame, of what its packets say. */
int64_t video_playout_unwrap(struct video_playout *playout, uint32_t timestamp);
/* When the packets of a frame arrived, the first and the last one. */
struct video_arrival {
    rtc_time_t began, arrived;
};
/* Takes the frame over. False: too many wait, it is given up. */
bool video_playout_push(struct video_playout *playout, rtc_time_t now, struct video_arrival arrival, rtc_encoded_frame *frame,
                        int64_t timestamp);
/* The next frame that is due; call until false. */
bool video_playout_next(struct video_playout *playout, rtc_time_t now, struct video_release *out);
/* RTC_TIME_NEVER: none waits. */
rtc_time_t video_playout_deadline(const struct video_playout *playout);

/* The delay after the earliest possible arrival: now, what the stream itself needs, and what lip sync asks for. */
rtc_time_t video_playout_delay(const struct video_playout *playout);
rtc_time_t video_playout_own_target(const struct video_playout *playout);
void video_playout_set_minimum_delay(struct video_playout *playout, rtc_time_t delay);
/* No less than this, as far as there is room for the frames; it is reached faster than what the network or lip sync wants. 0: whatever is
 * best. */
void video_playout_set_asked_delay(struct video_playout *playout, rtc_time_t delay);
/* What is held back of that. */
rtc_time_t video_playout_asked_delay(const struct video_playout *playout);
/* No more than this, whatever else is wanted: 0 plays everything when it is there. RTC_TIME_NEVER: as long as is best. */
void video_playout_set_longest_delay(struct video_playout *playout, rtc_time_t delay);
/* What the delay should be without lip sync. */
rtc_time_t video_playout_unsynchronised_target(const struct video_playout *playout);

#endif
