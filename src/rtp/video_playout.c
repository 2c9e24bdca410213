/* SPDX-License-Identifier: MIT */
/* Playout times of complete frames, smoothing and freezes. */
#include "video_playout.h"

enum {
    QUANTILE_PER_MILLE = 950,
    LEAD_US = 10000, /* a frame is released this long before it is shown, to be decoded */
    MAX_DELAY_US = 650000,
    UP_PER_MILLE = 100, /* how fast the delay changes, microseconds per millisecond: no faster than audio can follow */
    DOWN_PER_MILLE = 200,
    DISCONTINUITY_EARLY_US = 1000000,
    DISCONTINUITY_LATE_US = 5000000,
    FREEZE_EXTRA_US = 150000 /* webrtc-stats, freezeCount */
};

static int64_t to_us(const struct video_buffer *b, int64_t timestamp)
{
    return timestamp * 1000000 / (int64_t)b->clock_rate;
}

rtc_time_t video_buffer_own_target(const struct video_buffer *b)
{
    rtc_time_t target = delay_estimator_quantile(&b->estimator, QUANTILE_PER_MILLE) + LEAD_US;
    return target < MAX_DELAY_US ? target : MAX_DELAY_US;
}

void video_buffer_set_minimum_delay(struct video_buffer *b, rtc_time_t delay)
{
    b->minimum_delay = delay;
}

rtc_time_t video_buffer_delay(const struct video_buffer *b)
{
    return b->has_offset ? b->offset - b->estimator.base : 0;
}

/* Moves the playout times towards where they should be, a little at a time. */
static void smooth(struct video_buffer *b, rtc_time_t now)
{
    rtc_time_t own = video_buffer_own_target(b), delay = own > b->minimum_delay ? own : b->minimum_delay;
    int64_t wanted = b->estimator.base + delay, elapsed = now - b->offset_time;
    if (!b->has_offset)
        b->offset = wanted;
    else if (wanted > b->offset)
        b->offset = wanted - b->offset > elapsed * UP_PER_MILLE / 1000 ? b->offset + elapsed * UP_PER_MILLE / 1000 : wanted;
    else
        b->offset = b->offset - wanted > elapsed * DOWN_PER_MILLE / 1000 ? b->offset - elapsed * DOWN_PER_MILLE / 1000 : wanted;
    b->has_offset = true;
    b->offset_time = now;
}

/* Another sender's clock: nothing that was learnt applies. */
static bool discontinuous(const struct video_buffer *b, rtc_time_t arrived, int64_t timestamp)
{
    rtc_time_t late = arrived - delay_estimator_earliest(&b->estimator, to_us(b, timestamp));
    return b->estimator.ready && (late < -DISCONTINUITY_EARLY_US || late > DISCONTINUITY_LATE_US);
}

/* What waits keeps its play times although the offset changed by `-moved`. */
static void move_waiting(struct video_buffer *b, int64_t moved)
{
    for (size_t i = 0; i < b->ready_count; i++)
        b->ready[(b->ready_at + i) % VIDEO_READY_MAX].timestamp += moved * (int64_t)b->clock_rate / 1000000;
}

void video_playout_push(struct video_buffer *b, rtc_time_t now, rtc_time_t arrived, rtc_encoded_frame *frame, int64_t timestamp)
{
    bool anew = discontinuous(b, arrived, timestamp);
    int64_t offset = b->offset;
    if (anew) {
        delay_estimator_reset(&b->estimator);
        b->has_offset = false;
        b->last_timestamp = timestamp = (uint32_t)timestamp; /* jumps must not add up */
    }
    /* A keyframe among others takes longer because it is larger: that is no reason to wait for every frame. */
    bool key = rtc_encoded_frame_keyframe(frame), usual = !key || b->last_was_keyframe;
    b->last_was_keyframe = key;
    delay_estimator_add(&b->estimator, arrived, to_us(b, timestamp), usual);
    smooth(b, now);
    if (anew)
        move_waiting(b, offset - b->offset);
    if (b->ready_count == VIDEO_READY_MAX) {
        /* More than the longest delay holds at any usual rate. The newest goes: without an older one those that wait could not be
         * decoded. */
        rtc_encoded_frame_unref(frame);
        b->stats.frames_dropped++;
        b->state = VIDEO_BUFFER_WAITING;
        b->waiting_since = now;
        return;
    }
    jitter_room_add(b->room, jitter_room_cost(frame));
    b->ready[(b->ready_at + b->ready_count++) % VIDEO_READY_MAX] = (struct video_ready){frame, timestamp, arrived};
}

struct video_ready video_playout_pop(struct video_buffer *b)
{
    struct video_ready r = b->ready[b->ready_at];
    b->ready_at = (b->ready_at + 1) % VIDEO_READY_MAX;
    b->ready_count--;
    jitter_room_give_back(b->room, jitter_room_cost(r.frame));
    return r;
}

static rtc_time_t head_play_time(const struct video_buffer *b)
{
    return to_us(b, b->ready[b->ready_at].timestamp) + b->offset;
}

/* webrtc-stats: a freeze is an interval of at least max(3 x average, average + 150 ms) between two frames. */
static void count_freeze(struct video_buffer *b, rtc_time_t play_time)
{
    rtc_time_t interval = play_time - b->last_play, average = b->average_interval;
    bool first = b->last_play == 0;
    b->last_play = play_time;
    if (first)
        return;
    rtc_time_t limit = average * 3 > average + FREEZE_EXTRA_US ? average * 3 : average + FREEZE_EXTRA_US;
    if (average > 0 && interval >= limit) {
        b->stats.freeze_count++;
        b->stats.freeze_duration += interval;
    }
    b->average_interval = average == 0 ? interval : average + (interval - average) / 30;
}

bool video_buffer_next(struct video_buffer *b, rtc_time_t now, struct video_release *out)
{
    video_buffer_check(b, now);
    if (b->ready_count == 0)
        return false;
    smooth(b, now);
    rtc_time_t play_time = head_play_time(b);
    if (play_time - LEAD_US > now)
        return false;
    struct video_ready r = video_playout_pop(b);
    *out = (struct video_release){r.frame, play_time > now ? play_time : now, r.timestamp};
    b->stats.frames_released++;
    b->stats.delay_sum += out->play_time - r.complete;
    count_freeze(b, out->play_time);
    return true;
}

rtc_time_t video_buffer_deadline(const struct video_buffer *b)
{
    rtc_time_t at = RTC_TIME_NEVER;
    if (b->ready_count > 0)
        at = head_play_time(b) - LEAD_US;
    if (b->state == VIDEO_BUFFER_FLOWING && b->stalled_since != RTC_TIME_NEVER && b->stalled_since + b->max_wait < at)
        at = b->stalled_since + b->max_wait;
    return at;
}
