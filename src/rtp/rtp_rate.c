/* SPDX-License-Identifier: MIT */
/* The sending rate without congestion control: see rtp_rate.h. */
#include "rtp_rate.h"

enum { LOSS_HIGH = 26 /* 10 % of 256 */, LOSS_LOW = 5 /* 2 % */, INCREASE_EVERY_US = 1000000, DECREASE_EVERY_US = 300000,
       REMB_VALID_US = 10000000 };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void rtp_rate_init(struct rtp_rate *rate, uint32_t cap_bps, rtc_time_t now)
{
    uint32_t cap = cap_bps ? cap_bps : RTP_RATE_DEFAULT_CAP_BPS;
    *rate = (struct rtp_rate){.cap_bps = cap, .loss_bps = cap, .increased = now, .decreased = now - DECREASE_EVERY_US};
}

/* A rate that no loss has lowered follows the cap up; otherwise it climbs there by the rule. */
void rtp_rate_set_cap(struct rtp_rate *rate, uint32_t cap_bps)
{
    uint32_t cap = cap_bps ? cap_bps : RTP_RATE_DEFAULT_CAP_BPS;
    if (rate->loss_bps == rate->cap_bps || rate->loss_bps > cap)
        rate->loss_bps = cap;
    rate->cap_bps = cap;
}

void rtp_rate_remb(struct rtp_rate *rate, rtc_time_t now, uint64_t bitrate_bps)
{
    rate->remb_bps = bitrate_bps > UINT32_MAX ? UINT32_MAX : bitrate_bps == 0 ? 1 : (uint32_t)bitrate_bps;
    rate->remb_time = now;
}

void rtp_rate_tick(struct rtp_rate *rate, rtc_time_t now)
{
    if (rate->remb_bps == 0 || now - rate->remb_time < REMB_VALID_US)
        return;
    rate->loss_bps = least(rate->loss_bps, rtp_rate_target(rate));
    rate->remb_bps = 0;
}

uint32_t rtp_rate_target(const struct rtp_rate *rate)
{
    uint32_t target = least(rate->cap_bps, rate->loss_bps);
    if (rate->remb_bps)
        target = least(target, rate->remb_bps);
    if (target < RTP_RATE_MIN_BPS)
        target = RTP_RATE_MIN_BPS;
    return least(target, rate->cap_bps);
}

static void decrease(struct rtp_rate *rate, rtc_time_t now, uint8_t fraction_lost)
{
    uint64_t target = rtp_rate_target(rate);
    rate->loss_bps = (uint32_t)(target * (512u - fraction_lost) / 512);
    if (rate->loss_bps < RTP_RATE_MIN_BPS)
        rate->loss_bps = RTP_RATE_MIN_BPS;
    rate->decreased = now;
}

static void increase(struct rtp_rate *rate)
{
    uint64_t raised = (uint64_t)rate->loss_bps * 108 / 100 + 1000;
    rate->loss_bps = raised > rate->cap_bps ? rate->cap_bps : (uint32_t)raised;
}

void rtp_rate_report(struct rtp_rate *rate, rtc_time_t now, uint8_t fraction_lost, rtc_time_t round_trip_us)
{
    if (fraction_lost > LOSS_HIGH && now - rate->decreased >= DECREASE_EVERY_US + round_trip_us)
        decrease(rate, now, fraction_lost);
    if (fraction_lost > LOSS_LOW) {
        rate->increased = now;
    } else if (now - rate->increased >= INCREASE_EVERY_US) {
        increase(rate);
        rate->increased = now;
    }
}

static bool satisfied(const uint32_t *caps, const uint32_t *shares, size_t i)
{
    return caps[i] != 0 && shares[i] == caps[i];
}

/* Every round gives all that want more an equal part of what is left; a round in which nobody reaches its cap is the last. */
void rtp_rate_share(uint32_t target_bps, const uint32_t *caps_bps, size_t count, uint32_t *shares_bps)
{
    for (size_t i = 0; i < count; i++)
        shares_bps[i] = 0;
    uint64_t left = target_bps;
    for (bool again = true; again;) {
        size_t wanting = 0;
        again = false;
        for (size_t i = 0; i < count; i++)
            wanting += !satisfied(caps_bps, shares_bps, i);
        uint64_t part = wanting ? left / wanting : 0;
        for (size_t i = 0; i < count && part > 0; i++) {
            if (satisfied(caps_bps, shares_bps, i))
                continue;
            uint64_t room = caps_bps[i] ? caps_bps[i] - shares_bps[i] : part;
            uint64_t given = room < part ? room : part;
            shares_bps[i] += (uint32_t)given;
            left -= given;
            again = again || satisfied(caps_bps, shares_bps, i);
        }
    }
}
