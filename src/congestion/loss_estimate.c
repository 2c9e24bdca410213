/* SPDX-License-Identifier: MIT */
/* Losses and bandwidth: see loss_estimate.h. The model: of what is sent at a rate r over a path that takes b and loses a part p of
 * everything, p + (1 - p) * max(0, (r - b) / r) is lost. */
#include "loss_estimate.h"

#include <math.h>

enum { STRETCH_US = 250000, STRETCH_PACKETS = 25, LIMITS = 24, FINE = 4, ROUNDS = 6 };
static const double ages = 0.94, inherent_most = 0.35, believed = 4.0, least = 1e-4, below_slowest = 0.8;

void loss_estimate_init(struct loss_estimate *estimate)
{
    *estimate = (struct loss_estimate){.count = 0};
}

void loss_estimate_add(struct loss_estimate *estimate, rtc_time_t sent, uint32_t bytes, bool lost)
{
    struct loss_estimate *e = estimate;
    if (e->packets == 0)
        e->first_sent = e->last_sent = sent;
    e->last_sent = sent > e->last_sent ? sent : e->last_sent;
    e->packets++;
    e->lost += lost;
    e->bytes += bytes;
}

void loss_estimate_take_back(struct loss_estimate *estimate)
{
    struct loss_estimate *e = estimate;
    if (e->lost > 0)
        e->lost--;
    else if (e->count > 0)
        e->stretches[0].lost = fmax(e->stretches[0].lost - 1, 0);
}

static double excess(double bps, double limit_bps)
{
    return bps > limit_bps ? (bps - limit_bps) / bps : 0;
}

/* The inherent part that fits best to a limit: what is lost of what the limit lets through. */
static double inherent_of(const struct loss_estimate *e, double limit_bps)
{
    double lost = 0, through = 0, weight = 1, p = 0;
    for (int round = 0; round < ROUNDS; round++) {
        lost = through = 0;
        weight = 1;
        for (unsigned i = 0; i < e->count; i++, weight *= ages) {
            const struct loss_stretch *s = &e->stretches[i];
            double beyond = excess(s->bps, limit_bps), q = p + (1 - p) * beyond;
            double share = q > least ? p / q : 0; /* of the losses, those that are inherent */
            lost += weight * (round == 0 && beyond > 0 ? fmax(0, s->lost - s->packets * beyond) : s->lost * (round == 0 ? 1 : share));
            through += weight * s->packets;
        }
        p = through > 0 ? fmin(lost / through, inherent_most) : 0;
    }
    return p;
}

static double likelihood(const struct loss_estimate *e, double limit_bps, double inherent)
{
    double sum = 0, weight = 1;
    for (unsigned i = 0; i < e->count; i++, weight *= ages) {
        const struct loss_stretch *s = &e->stretches[i];
        double q = inherent + (1 - inherent) * excess(s->bps, limit_bps);
        q = fmin(fmax(q, least), 1 - least);
        sum += weight * (s->lost * log(q) + (s->packets - s->lost) * log(1 - q));
    }
    return sum;
}

static double fastest(const struct loss_estimate *e)
{
    double bps = 0;
    for (unsigned i = 0; i < e->count; i++)
        bps = fmax(bps, e->stretches[i].bps);
    return bps;
}

static double slowest(const struct loss_estimate *e)
{
    double bps = fastest(e);
    for (unsigned i = 0; i < e->count; i++)
        bps = fmin(bps, e->stretches[i].bps);
    return bps;
}

static void consider(struct loss_estimate *e, double limit_bps, double *best)
{
    double inherent = inherent_of(e, limit_bps), found = likelihood(e, limit_bps, inherent);
    if (found < *best)
        return;
    *best = found;
    e->limit_bps = limit_bps;
    e->inherent = inherent;
}

/* Limits from a little less than the slowest to the fastest, in equal parts, and then around the likeliest. */
static void search(struct loss_estimate *e)
{
    double top = fastest(e), without = inherent_of(e, 2 * top), best = likelihood(e, 2 * top, without) + believed;
    double bottom = fmax(slowest(e) * below_slowest, top / 16), step = pow(top / bottom, 1.0 / LIMITS);
    e->limit_bps = 0;
    e->inherent = without;
    for (double limit = top / step; limit >= bottom; limit /= step)
        consider(e, limit, &best);
    double middle = e->limit_bps, fine = pow(step, 1.0 / FINE);
    if (middle > 0)
        for (int i = -FINE + 1; i < FINE; i++)
            consider(e, middle * pow(fine, i), &best);
    if (e->limit_bps == 0 && without >= inherent_most)
        e->limit_bps = e->stretches[0].bps * 0.8;
}

void loss_estimate_judge(struct loss_estimate *estimate)
{
    struct loss_estimate *e = estimate;
    rtc_time_t passed = e->last_sent - e->first_sent;
    if (passed < STRETCH_US || e->packets < STRETCH_PACKETS)
        return;
    for (unsigned i = LOSS_STRETCHES - 1; i > 0; i--)
        e->stretches[i] = e->stretches[i - 1];
    e->count += e->count < LOSS_STRETCHES;
    e->stretches[0] = (struct loss_stretch){(double)e->packets, (double)e->lost, (double)e->bytes * 8e6 / (double)passed};
    e->packets = e->lost = e->bytes = 0;
    search(e);
}
