/* SPDX-License-Identifier: MIT */
/* Playout times of complete frames, smoothing and freezes: see video_playout.h. */
#include "video_playout.h"

#include "sequence.h"

enum {
    QUANTILE_PER_MILLE = 935, /* one frame of fifteen is shown later than its time, which is seen less than a longer delay */
    LEAD_US = 10000,          /* a frame is released this long before it is shown, to be decoded */
    MAX_DELAY_US = 650000,    /* where the histogram ends (delay_estimator.h) */
    UP_PER_MILLE = 100,       /* how fast the delay changes, microseconds per millisecond: no faster than audio can follow */
    DOWN_PER_MILLE = 200,
    ASKED_PER_MILLE = 500,             /* up, when the application asked for it */
    ROOM_FRAMES = VIDEO_READY_MAX - 8, /* the others are for those that are complete at once */
    DISCONTINUITY_EARLY_US = 1000000,  /* as audio_buffer.c */
    DISCONTINUITY_LATE_US = 5000000,
    FREEZE_EXTRA_US = 150000, /* webrtc-stats, freezeCount */
    PAUSE_US = 5000000        /* webrtc-stats, pauseCount */
};

static int64_t to_us(const struct video_playout *p, int64_t timestamp)
{
    return timestamp * 1000000 / (int64_t)p->clock_rate;
}

rtc_time_t video_playout_own_target(const struct video_playout *p)
{
    rtc_time_t target = delay_estimator_quantile(&p->estimator, QUANTILE_PER_MILLE) + LEAD_US;
    return target < MAX_DELAY_US ? target : MAX_DELAY_US;
}

void video_playout_set_minimum_delay(struct video_playout *p, rtc_time_t delay)
{
    p->minimum_delay = delay;
}

void video_playout_set_asked_delay(struct video_playout *p, rtc_time_t delay)
{
    if (delay != p->asked_delay)
        p->room_delay = 0;
    p->asked_delay = delay;
}

rtc_time_t video_playout_asked_delay(const struct video_playout *p)
{
    return p->room_delay > 0 && p->room_delay < p->asked_delay ? p->room_delay : p->asked_delay;
}

void video_playout_set_longest_delay(struct video_playout *p, rtc_time_t delay)
{
    p->is_limited = delay < RTC_TIME_NEVER;
    p->longest_delay = delay;
}

static rtc_time_t limited(const struct video_playout *p, rtc_time_t delay)
{
    return p->is_limited && delay > p->longest_delay ? p->longest_delay : delay;
}

rtc_time_t video_playout_unsynchronised_target(const struct video_playout *p)
{
    rtc_time_t own = video_playout_own_target(p), asked = video_playout_asked_delay(p);
    return limited(p, own > asked ? own : asked);
}

static rtc_time_t target(const struct video_playout *p)
{
    rtc_time_t own = video_playout_unsynchronised_target(p);
    return limited(p, own > p->minimum_delay ? own : p->minimum_delay);
}

/* More wait than so many, or the room for all streams is full but for one part of so many. */
static bool is_fuller(const struct video_playout *p, size_t frames, uint64_t part)
{
    return p->ready_count > frames || !jitter_room_fits(p->room, p->room ? p->room->most / part : 0);
}

rtc_time_t video_playout_delay(const struct video_playout *p)
{
    return p->has_offset ? p->offset - p->estimator.base : 0;
}

/* Moves the playout times towards where they should be, a little at a time. */
static void smooth(struct video_playout *p, rtc_time_t now)
{
    rtc_time_t delay = target(p), up = delay == video_playout_asked_delay(p) ? ASKED_PER_MILLE : UP_PER_MILLE;
    int64_t wanted = p->estimator.base + delay, elapsed = now - p->offset_time;
    if (!p->has_offset)
        p->offset = wanted;
    else if (wanted > p->offset)
        p->offset = wanted - p->offset > elapsed * up / 1000 ? p->offset + elapsed * up / 1000 : wanted;
    else
        p->offset = p->offset - wanted > elapsed * DOWN_PER_MILLE / 1000 ? p->offset - elapsed * DOWN_PER_MILLE / 1000 : wanted;
    p->offset = p->estimator.base + limited(p, p->offset - p->estimator.base); /* at once: its sender knows why */
    p->has_offset = true;
    p->offset_time = now;
}

/* Another sender's clock: nothing that was learnt applies. */
static bool discontinuous(const struct video_playout *p, rtc_time_t arrived, int64_t timestamp)
{
    rtc_time_t late = arrived - delay_estimator_earliest(&p->estimator, to_us(p, timestamp));
    return p->estimator.ready && (late < -DISCONTINUITY_EARLY_US || late > DISCONTINUITY_LATE_US);
}

/* What waits keeps its play times although the offset changed by `-moved`. */
static void move_waiting(struct video_playout *p, int64_t moved)
{
    for (size_t i = 0; i < p->ready_count; i++)
        p->ready[(p->ready_at + i) % VIDEO_READY_MAX].timestamp += moved * (int64_t)p->clock_rate / 1000000;
}

int64_t video_playout_unwrap(struct video_playout *p, uint32_t timestamp)
{
    int64_t t = p->has_timestamp ? unwrap32(p->last_timestamp, timestamp) : timestamp;
    p->has_timestamp = true;
    p->last_timestamp = t;
    return t;
}

bool video_playout_push(struct video_playout *p, rtc_time_t now, struct video_arrival arrival, rtc_encoded_frame *frame, int64_t timestamp)
{
    rtc_time_t arrived = arrival.arrived;
    bool anew = discontinuous(p, arrived, timestamp);
    int64_t offset = p->offset;
    if (anew) {
        delay_estimator_reset(&p->estimator);
        p->has_offset = false;
        p->last_timestamp = timestamp = (uint32_t)timestamp; /* jumps must not add up */
    }
    /* A keyframe among others takes longer because it is larger: that is no reason to wait for every frame. */
    bool key = rtc_encoded_frame_keyframe(frame), usual = !key || p->last_was_keyframe;
    p->last_was_keyframe = key;
    delay_estimator_add(&p->estimator, arrived, to_us(p, timestamp), usual);
    smooth(p, now);
    if (anew)
        move_waiting(p, offset - p->offset);
    if (p->ready_count == VIDEO_READY_MAX) {
        /* More than the longest delay holds at any usual rate. The newest goes: without an older one those that wait could not be
         * decoded. */
        rtc_encoded_frame_unref(frame);
        return false;
    }
    jitter_room_add(p->room, jitter_room_cost(frame));
    p->ready[(p->ready_at + p->ready_count++) % VIDEO_READY_MAX] = (struct video_ready){frame, timestamp, arrival.began};
    return true;
}

/* The oldest frame; there is one. */
static struct video_ready pop(struct video_playout *p)
{
    struct video_ready r = p->ready[p->ready_at];
    p->ready_at = (p->ready_at + 1) % VIDEO_READY_MAX;
    p->ready_count--;
    jitter_room_give_back(p->room, jitter_room_cost(r.frame));
    return r;
}

void video_playout_clear(struct video_playout *p)
{
    while (p->ready_count > 0)
        rtc_encoded_frame_unref(pop(p).frame);
}

static rtc_time_t head_play_time(const struct video_playout *p)
{
    return to_us(p, p->ready[p->ready_at].timestamp) + p->offset;
}

static rtc_time_t average_of(const struct video_intervals *v)
{
    uint64_t kept = v->count < VIDEO_INTERVALS ? v->count : VIDEO_INTERVALS;
    return kept > 0 ? v->sum / (rtc_time_t)kept : 0;
}

static void add_interval(struct video_intervals *v, rtc_time_t interval)
{
    rtc_time_t *oldest = &v->last[v->count++ % VIDEO_INTERVALS];
    v->sum += interval - *oldest;
    *oldest = interval;
}

/* webrtc-stats: a freeze is an interval of at least max(3 x average, average + 150 ms) between two frames, the average that of the last 30;
 * a pause one of more than 5 s. */
static void count_interval(struct video_playout *p, rtc_time_t play_time)
{
    rtc_time_t interval = play_time - p->last_play, average = average_of(&p->intervals);
    bool first = p->last_play == 0;
    p->last_play = play_time;
    if (first)
        return;
    rtc_time_t limit = average * 3 > average + FREEZE_EXTRA_US ? average * 3 : average + FREEZE_EXTRA_US;
    if (average > 0 && interval >= limit) {
        p->stats.freeze_count++;
        p->stats.freeze_duration += interval;
    }
    if (interval > PAUSE_US) {
        p->stats.pause_count++;
        p->stats.pause_duration += interval;
    }
    p->stats.interval_sum += interval;
    p->stats.interval_square_sum += (double)interval / 1e6 * (double)interval / 1e6;
    add_interval(&p->intervals, interval);
}

/* There is no room to hold back as much as was asked for: what is held is what there is room for, until there is more. */
static void fit(struct video_playout *p, rtc_time_t now)
{
    rtc_time_t early = head_play_time(p) - now;
    if (p->asked_delay > 0 && early > 0 && is_fuller(p, ROOM_FRAMES, 8)) {
        p->offset -= early;
        p->room_delay = video_playout_delay(p) > 0 ? video_playout_delay(p) : 1;
    } else if (p->room_delay > 0 && !is_fuller(p, ROOM_FRAMES / 4 * 3, 4)) {
        p->room_delay = 0;
    }
}

bool video_playout_next(struct video_playout *p, rtc_time_t now, struct video_release *out)
{
    if (p->ready_count == 0)
        return false;
    smooth(p, now);
    fit(p, now);
    rtc_time_t play_time = head_play_time(p);
    if (play_time - LEAD_US > now)
        return false;
    struct video_ready r = pop(p);
    *out = (struct video_release){r.frame, play_time > now ? play_time : now, r.began, r.timestamp};
    p->stats.frames_released++;
    p->stats.delay_sum += now - r.began; /* it leaves the buffer now, to be decoded before it is shown */
    p->stats.own_target_sum += video_playout_own_target(p);
    p->stats.target_sum += target(p);
    p->last_played = rtc_encoded_frame_rtp_timestamp(r.frame);
    count_interval(p, out->play_time);
    return true;
}

rtc_time_t video_playout_deadline(const struct video_playout *p)
{
    return p->ready_count > 0 ? head_play_time(p) - LEAD_US : RTC_TIME_NEVER;
}
