/* SPDX-License-Identifier: MIT */
/* The reference window: see scream_window.h. The names of the draft's constants are in its section 4.2. */
#include "scream_window.h"

#include <math.h>

enum { MS = 1000, SECOND = 1000000, MSS = 1000, WINDOW_LEAST = 3000, VIRTUAL_ROUND_TRIP_US = 25 * MS, NEVER_LONG_US = 1000 * SECOND };
static const double queue_target_low_us = 60000, queue_target_high_us = 400000, deviation_norm_us = 25000;
static const double by_loss = 0.7, by_mark = 0.8, head_room = 1.5, post_congestion_rounds = 100, multiplicative = 0.02;
static const double alpha_up = 1 / 8.0, alpha_down = 1 / 128.0, queue_up = 1 / 4.0, deviation_part = 1 / 64.0, scale_least = 0.1;
static const double overhead_least = 1.5, overhead_most = 3, lossy = 0.002;

void scream_window_init(struct scream_window *window, double bytes, rtc_time_t now)
{
    *window = (struct scream_window){.bytes = fmax(bytes, WINDOW_LEAST),
                                     .inflection_bytes = 1,
                                     .smooth_round_trip_us = 100 * MS,
                                     .queue_target_us = queue_target_low_us,
                                     .alpha_at = now,
                                     .queue_at = now,
                                     .reacted = now,
                                     .inflected = now - NEVER_LONG_US,
                                     .congested = now - NEVER_LONG_US,
                                     .round_at = now};
}

void scream_window_sent(struct scream_window *window, rtc_time_t now, double in_flight)
{
    struct scream_window *w = window;
    if ((double)(now - w->round_at) >= w->smooth_round_trip_us) {
        w->in_flight_before = w->in_flight_now;
        w->in_flight_now = 0;
        w->round_at = now;
    }
    w->in_flight_now = fmax(w->in_flight_now, in_flight);
}

static double part(double value)
{
    return fmin(fmax(value, 0), 1);
}

static double paced_round_trip(const struct scream_window *w)
{
    return fmax(w->smooth_round_trip_us, VIRTUAL_ROUND_TRIP_US);
}

static double deviation_most(const struct scream_window *w)
{
    return fmax(0.05, 0.1 * (1 - fmin(1, MSS / w->bytes) / 0.1));
}

static double steady(const struct scream_window *w)
{
    double most = deviation_most(w);
    return fmax(scale_least, (most - w->deviation) / most);
}

static void note_marks(struct scream_window *w, const struct scream_input *in)
{
    w->arrived += in->arrived;
    w->marked += in->marked;
    if ((double)(in->now - w->alpha_at) < fmin(10 * MS, w->smooth_round_trip_us) || w->arrived < 1)
        return;
    double share = w->marked / w->arrived;
    w->alpha = share >= w->alpha ? alpha_up * share + (1 - alpha_up) * w->alpha : (1 - alpha_down) * w->alpha;
    w->arrived = w->marked = 0;
    w->alpha_at = in->now;
}

static void note_queue(struct scream_window *w, const struct scream_input *in)
{
    double queue = (double)in->queue_us, most = deviation_most(w);
    if ((double)(in->now - w->queue_at) < fmin(VIRTUAL_ROUND_TRIP_US, w->smooth_round_trip_us))
        return;
    w->queue_us = queue < w->queue_us ? queue : queue_up * queue + (1 - queue_up) * w->queue_us;
    double varies = fmin(fmax((queue - deviation_norm_us / 4) / deviation_norm_us, 0), most * 1.5);
    w->deviation += deviation_part * (varies - w->deviation);
    w->queue_at = in->now;
}

/* Beside flows that fill the queue a low target starves the call. */
static void adjust_target(struct scream_window *w, const struct scream_input *in)
{
    double norm = (double)in->queue_us / queue_target_low_us, off = norm - w->norm_mean;
    w->norm_mean += off / 50;
    w->norm_variance += (off * off - w->norm_variance) / 200;
    w->lossy_rounds += ((in->lost > 0) - w->lossy_rounds) / 100;
    double to = (w->norm_mean + sqrt(w->norm_variance)) * queue_target_low_us;
    if (w->lossy_rounds > lossy && w->norm_mean > 0.5)
        w->queue_target_us = 1.5 * to;
    else if (w->norm_variance < 0.2)
        w->queue_target_us = to;
    else if (to < queue_target_low_us)
        w->queue_target_us = fmax(w->queue_target_us * 0.5, to);
    else
        w->queue_target_us *= 0.9;
    w->queue_target_us = fmin(fmax(w->queue_target_us, queue_target_low_us), queue_target_high_us);
}

static double by_l4s(struct scream_window *w, const struct scream_input *in, double near)
{
    double off = w->alpha / 2 / fmax(1, w->smooth_round_trip_us / VIRTUAL_ROUND_TRIP_US);
    if ((double)in->queue_us < w->queue_target_us / 4)
        off *= fmax(0.25, near) * steady(w);
    if ((double)(in->now - w->reacted) > 100 * paced_round_trip(w) && w->in_flight_before > 0)
        w->bytes = fmin(w->bytes, w->in_flight_before);
    return 1 - off;
}

static void lower(struct scream_window *w, const struct scream_input *in, double near)
{
    double virtual_marks = part((w->queue_us - w->queue_target_us / 2) / (w->queue_target_us / 2));
    bool queued = !w->lost_since && !w->marked_since && virtual_marks > 0;
    if (!w->lost_since && !w->marked_since && !queued)
        return;
    if ((double)(in->now - w->inflected) > 10 * w->smooth_round_trip_us) {
        w->inflected = in->now;
        w->inflection_bytes = w->bytes;
    }
    if (w->lost_since)
        w->bytes *= by_loss;
    else if (w->marked_since)
        w->bytes *= in->l4s ? by_l4s(w, in, near) : by_mark;
    else
        w->bytes *= 1 - virtual_marks / 2 / fmax(1, w->smooth_round_trip_us / VIRTUAL_ROUND_TRIP_US);
    w->bytes = fmax(w->bytes, WINDOW_LEAST);
    w->reacted = in->now;
    w->lost_since = w->marked_since = false;
}

static void raise(struct scream_window *w, const struct scream_input *in, double near)
{
    double after = part((double)(in->now - w->congested) / (post_congestion_rounds * paced_round_trip(w)));
    double more = (in->acked_bytes - in->marked_bytes) * fmin(1, MSS / w->bytes);
    more *= fmin(1, w->smooth_round_trip_us / VIRTUAL_ROUND_TRIP_US) * fmax(0.25, near) * steady(w);
    more *= 1 + multiplicative * w->bytes / MSS * after * near;
    double most = MSS + fmax(w->in_flight_now, w->in_flight_before) * head_room;
    if (w->bytes + more <= most && !in->at_most)
        w->bytes += fmax(more, 0);
}

void scream_window_update(struct scream_window *window, const struct scream_input *input)
{
    struct scream_window *w = window;
    const struct scream_input *in = input;
    if (in->round_trip_us > 0)
        w->smooth_round_trip_us += ((double)in->round_trip_us - w->smooth_round_trip_us) / 8;
    note_marks(w, in);
    note_queue(w, in);
    adjust_target(w, in);
    double near = (w->bytes - w->inflection_bytes) / w->inflection_bytes * 8;
    near = fmax(0.1, fmin(1, near * near));
    w->lost_since = w->lost_since || in->lost > 0;
    w->marked_since = w->marked_since || in->marked > 0;
    if (in->lost > 0 || in->marked > 0)
        w->congested = in->now;
    if ((double)(in->now - w->reacted) >= fmax(VIRTUAL_ROUND_TRIP_US, w->smooth_round_trip_us))
        lower(w, in, near);
    raise(w, in, near);
}

double scream_window_overhead(const struct scream_window *window)
{
    double most = deviation_most(window);
    return overhead_least + (overhead_most - overhead_least) * fmax(0, (most - window->deviation) / most);
}

/* A little less than what the window and the round trip allow, so that the pacer stays empty. */
double scream_window_bps(const struct scream_window *window)
{
    double small = 1 - fmin(0.2, fmax(0, fmin(1, MSS / window->bytes) - 0.1));
    return small * 8e6 * window->bytes / window->smooth_round_trip_us / 1.1;
}
