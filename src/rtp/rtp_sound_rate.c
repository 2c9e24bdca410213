/* SPDX-License-Identifier: MIT */
/* See rtp_sound_rate.h. */
#include "rtp_sound_rate.h"

#include <stddef.h>

enum {
    EACH_LEAST_BPS = 16000,  /* speech by Opus: less is not said again with every packet */
    ENCODER_LEAST_BPS = 6000 /* RFC 6716 section 2.1.1 */
};

/* The shortest packets first, and from what rate on they are worth what is around them. */
static const struct {
    uint32_t ms, from_bps;
} lengths[] = {{10, 40000}, {20, 20000}, {40, 14000}, {60, 0}};

/* The longest that is no longer; the shortest that there is where all are. */
static uint32_t length_up_to(uint32_t ms)
{
    uint32_t found = lengths[0].ms;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        found = lengths[i].ms <= ms ? lengths[i].ms : found;
    return found;
}

void rtp_sound_lengths(uint32_t peer_ms, uint32_t peer_most_ms, bool adaptive, struct rtp_sound_wish *w)
{
    uint32_t usual = peer_ms ? peer_ms : RTP_SOUND_PACKET_MS, most = length_up_to(peer_most_ms ? peer_most_ms : UINT32_MAX);
    w->packet_least_ms = length_up_to(usual < most ? usual : most);
    w->packet_most_ms = adaptive ? most : w->packet_least_ms;
}

static uint32_t around_bps(uint32_t packet_ms, uint32_t around_bytes)
{
    return (uint32_t)((uint64_t)around_bytes * 8 * 1000 / packet_ms);
}

static uint32_t payload_of(const struct rtp_sound_wish *w, uint32_t packet_ms)
{
    uint32_t around = around_bps(packet_ms, w->around_bytes);
    return w->share_bps > around ? w->share_bps - around : 0;
}

/* To shorter ones it goes back with a third more. */
static uint32_t choose_length(const struct rtp_sound_wish *w)
{
    uint32_t longest = w->packet_least_ms;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint32_t ms = lengths[i].ms, from = lengths[i].from_bps;
        if (ms < w->packet_least_ms || ms > w->packet_most_ms)
            continue;
        longest = ms;
        if (payload_of(w, ms) >= (ms < w->packet_ms ? from + from / 3 : from))
            return ms;
    }
    return longest;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

struct rtp_sound_rate rtp_sound_choose(const struct rtp_sound_wish *w)
{
    struct rtp_sound_rate r = {.packet_ms = choose_length(w), .copies = w->copies};
    uint32_t there_is = payload_of(w, r.packet_ms), all = smaller(there_is, w->most_bps);
    while (r.copies > 1 && there_is / r.copies < EACH_LEAST_BPS)
        r.copies--;
    r.target_bps = all / r.copies;
    if (r.copies > 1 && r.target_bps < EACH_LEAST_BPS)
        r.target_bps = smaller(EACH_LEAST_BPS, w->most_bps);
    if (r.target_bps < ENCODER_LEAST_BPS)
        r.target_bps = smaller(ENCODER_LEAST_BPS, w->most_bps);
    return r;
}

uint32_t rtp_sound_on_wire(uint32_t payload_bps, uint32_t packet_ms, uint32_t around_bytes)
{
    return payload_bps + around_bps(packet_ms, around_bytes);
}
