/* SPDX-License-Identifier: MIT */
/* Probes and their answers: see probe_controller.h. */
#include "probe_controller.h"

enum { PROBE_MS = 15, PROBE_PACKETS = 6 };
static const double packets_enough = 0.8, as_fast = 0.9, jitters = 1.5;

void probe_controller_init(struct probe_controller *probes)
{
    *probes = (struct probe_controller){.count = 0};
}

void probe_controller_forget(struct probe_controller *probes)
{
    probes->count = 0;
}

bool probe_controller_ask(struct probe_controller *probes, double bps)
{
    struct probe_controller *p = probes;
    if (p->count == PROBES_WAITING || !(bps >= CONGESTION_MIN_BPS))
        return false;
    p->last_id = (uint8_t)(p->last_id == UINT8_MAX ? 1 : p->last_id + 1);
    uint32_t rate = bps > UINT32_MAX ? UINT32_MAX : (uint32_t)bps;
    p->asked_bps[p->last_id] = rate;
    p->asked_packets[p->last_id] = PROBE_PACKETS;
    p->waiting[p->count++] =
        (struct congestion_probe){.id = p->last_id, .bps = rate, .bytes = rate / 8 / 1000 * PROBE_MS, .packets = PROBE_PACKETS};
    return true;
}

bool probe_controller_next(struct probe_controller *probes, struct congestion_probe *out)
{
    if (probes->count == 0)
        return false;
    *out = probes->waiting[0];
    probes->count--;
    for (unsigned i = 0; i < probes->count; i++)
        probes->waiting[i] = probes->waiting[i + 1];
    return true;
}

static void begin(struct probe_controller *p, const struct congestion_result *r)
{
    p->id = r->probe;
    p->packets = 0;
    p->bytes = 0;
    p->first_sent = p->last_sent = r->sent;
    p->first_arrived = p->last_arrived = r->arrived;
    p->first_bytes = p->last_bytes = r->bytes;
}

static void take(struct probe_controller *p, const struct congestion_result *r)
{
    p->packets++;
    p->bytes += r->bytes;
    p->first_sent = r->sent < p->first_sent ? r->sent : p->first_sent;
    if (r->sent >= p->last_sent) {
        p->last_sent = r->sent;
        p->last_bytes = r->bytes;
    }
    if (r->arrived < p->first_arrived) {
        p->first_arrived = r->arrived;
        p->first_bytes = r->bytes;
    }
    p->last_arrived = r->arrived > p->last_arrived ? r->arrived : p->last_arrived;
}

bool probe_controller_arrived(struct probe_controller *probes, const struct congestion_result *result, double jitter_us,
                              struct probe_answer *out)
{
    struct probe_controller *p = probes;
    double asked = p->asked_bps[result->probe];
    if (result->probe == 0 || asked <= 0)
        return false;
    if (p->id != result->probe)
        begin(p, result);
    take(p, result);
    if (p->packets < p->asked_packets[p->id] * packets_enough || p->bytes < asked / 8000 * PROBE_MS * packets_enough)
        return false;
    double left = (double)(p->last_sent - p->first_sent), came = (double)(p->last_arrived - p->first_arrived);
    if (left <= 0 || came <= 0)
        return false;
    double left_bps = (p->bytes - p->last_bytes) * 8e6 / left, came_bps = (p->bytes - p->first_bytes) * 8e6 / came;
    if (came_bps > 2 * left_bps)
        return false;
    *out = (struct probe_answer){.asked_bps = asked, .bps = came_bps < left_bps ? came_bps : left_bps};
    bool slower = came_bps < as_fast * left_bps;
    out->verdict = !slower ? PROBE_THROUGH : came - left > jitters * jitter_us ? PROBE_HELD_BACK : PROBE_UNCLEAR;
    p->asked_bps[p->id] = 0; /* answered */
    return true;
}
