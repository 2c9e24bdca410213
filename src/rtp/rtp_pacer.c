/* SPDX-License-Identifier: MIT */
/* The pacer: see rtp_pacer.h. */
#include "rtp_pacer.h"

#include "rtp_packet.h"

enum { BURST_US = 5000 /* what leaves at once: timers are no finer */, US_PER_S = 1000000, RATE_LEAST_BPS = 8000 };

/* A full window lets one packet through after this long; a burst that does not get what it needs is over after so much more than it takes.
 */
enum { WINDOW_PEEP_US = 100000, PROBE_GRACE_US = 100000 };

/* Sound leaves whatever the rate is. What it takes beyond that is not owed for longer than this: the rate may be another one by then. */
enum { SOUND_DEBT_US = 100000 };

/* Repair of 5 % random loss takes 6 % of the rate, of 20 % a quarter. At once, as much as a third of a second of the rate, or a small
 * picture. */
enum { REPAIR_PERCENT = 30, REPAIR_AT_ONCE_US = 300000, REPAIR_AT_ONCE_BYTES = 6 * 1200, REPAIR_STEP_US = 10000 };

/* The budget counts millionths of a bit, so that time turns into it without a remainder. */
static int64_t cost(const struct packet *packet)
{
    return (int64_t)packet->len * 8 * US_PER_S;
}

void rtp_pacer_set_target(struct rtp_pacer *p, uint32_t target_bps)
{
    /* A keyframe is many times as large as what follows: it leaves at two and a half times the rate, and in between there is silence. */
    uint64_t rate = (uint64_t)target_bps * 5 / 2;
    rtp_pacer_set_rates(p, target_bps, rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate, RTP_PACER_QUEUE_TIME_US);
}

void rtp_pacer_set_rates(struct rtp_pacer *p, uint32_t target_bps, uint32_t pacing_bps, rtc_time_t queue_time)
{
    p->target_bps = target_bps;
    p->rate_bps = pacing_bps < RATE_LEAST_BPS ? RATE_LEAST_BPS : pacing_bps;
    p->queue_time = queue_time;
}

void rtp_pacer_set_window(struct rtp_pacer *p, uint32_t bytes, uint32_t in_flight)
{
    p->window.bytes = bytes;
    p->window.in_flight = in_flight;
}

static int64_t most_repair(const struct rtp_pacer *p)
{
    int64_t most = (int64_t)((uint64_t)p->target_bps / 8 * REPAIR_AT_ONCE_US / US_PER_S);
    return most > REPAIR_AT_ONCE_BYTES ? most : REPAIR_AT_ONCE_BYTES;
}

static void refill_repair(struct rtp_pacer *p, rtc_time_t now)
{
    rtc_time_t passed = now - p->repair_time;
    if (passed < REPAIR_STEP_US)
        return;
    if (passed > US_PER_S)
        passed = US_PER_S;
    int64_t left = p->repair_left + (int64_t)((uint64_t)p->target_bps * REPAIR_PERCENT / 100 * (uint64_t)passed / 8 / US_PER_S);
    p->repair_left = left < most_repair(p) ? left : most_repair(p);
    p->repaired -= p->repaired * (uint64_t)passed / US_PER_S;
    p->repair_time = now;
}

/* Whether the packet is within the part of repairs, and takes it from there. */
static bool take_repair(struct rtp_pacer *p, rtc_time_t now, const struct packet *packet)
{
    refill_repair(p, now);
    if (p->repair_left < packet->len)
        return false;
    p->repair_left -= packet->len;
    p->repaired += packet->len;
    return true;
}

uint32_t rtp_pacer_repair_rate(struct rtp_pacer *p, rtc_time_t now)
{
    refill_repair(p, now);
    return (uint32_t)(p->repaired * 8);
}

void rtp_pacer_init(struct rtp_pacer *p, uint32_t target_bps, rtc_time_t now)
{
    *p = (struct rtp_pacer){.budget_time = now, .budget = 1, .repair_time = now, .window.next = now};
    rtp_pacer_set_target(p, target_bps);
    p->repair_left = most_repair(p);
}

void rtp_pacer_fini(struct rtp_pacer *p)
{
    rtp_pacer_clear(p);
}

static bool full(const struct rtp_pacer *p, enum rtp_priority priority)
{
    uint32_t count = p->queues[priority].count;
    return count >= (priority == RTP_PRIORITY_REPAIR ? RTP_PACER_REPAIRS_MAX : RTP_PACER_PACKETS_MAX);
}

bool rtp_pacer_has_room(const struct rtp_pacer *p, size_t packets)
{
    return p->queues[RTP_PRIORITY_VIDEO].count + packets <= RTP_PACER_PACKETS_MAX;
}

rtc_time_t rtp_pacer_backlog(const struct rtp_pacer *p)
{
    return (rtc_time_t)(p->queued_bytes * 8 * US_PER_S / p->rate_bps);
}

static const struct packet *head(const struct rtp_pacer *p)
{
    const struct packet *repair = p->queues[RTP_PRIORITY_REPAIR].head;
    return repair ? repair : p->queues[RTP_PRIORITY_VIDEO].head;
}

/* What is queued has to be gone when the oldest packet of video reaches the limit; late in that time the remaining quarter of it counts,
 * so that an encoder that makes too much does not turn into bursts. */
static uint64_t effective_rate(const struct rtp_pacer *p, rtc_time_t now)
{
    if (p->probe.id)
        return p->probe.rate_bps;
    const struct packet *oldest = p->queues[RTP_PRIORITY_VIDEO].head;
    if (!oldest)
        return p->rate_bps;
    rtc_time_t left = p->queue_time - (now - oldest->time);
    if (left < p->queue_time / 4)
        left = p->queue_time / 4;
    uint64_t needed = p->queued_bytes * 8 * US_PER_S / (uint64_t)left;
    return needed > p->rate_bps ? needed : p->rate_bps;
}

/* Time becomes budget; what an idle pacer saves up is a burst of a few milliseconds. */
static void refill(struct rtp_pacer *p, rtc_time_t now)
{
    if (now <= p->budget_time)
        return;
    uint64_t rate = effective_rate(p, now);
    rtc_time_t passed = now - p->budget_time;
    if (passed > US_PER_S)
        passed = US_PER_S;
    int64_t most = (int64_t)(rate * BURST_US);
    p->budget += (int64_t)(rate * (uint64_t)passed);
    if (p->budget > most)
        p->budget = most;
    p->budget_time = now;
}

static void charge(struct rtp_pacer *p, int64_t bits)
{
    int64_t floor = -(int64_t)p->rate_bps * SOUND_DEBT_US, left = p->budget - bits;
    if (p->sound_left && left < floor)
        left = p->budget < floor ? p->budget : floor;
    p->budget = left;
}

bool rtp_pacer_push(struct rtp_pacer *p, rtc_time_t now, enum rtp_priority priority, struct packet *packet)
{
    if (full(p, priority) || (priority == RTP_PRIORITY_REPAIR && !take_repair(p, now, packet))) {
        p->dropped++;
        packet_free(packet);
        return false;
    }
    if (!head(p))
        refill(p, now); /* the time it was idle counts at the plain rate */
    packet->time = now;
    packet_queue_push(&p->queues[priority], packet);
    if (priority != RTP_PRIORITY_AUDIO)
        p->queued_bytes += packet->len;
    return true;
}

/* ---- Probes and the window ---- */

void rtp_pacer_begin_probe(struct rtp_pacer *p, rtc_time_t now, const struct congestion_probe *probe)
{
    uint32_t rate = probe->bps < RATE_LEAST_BPS ? RATE_LEAST_BPS : probe->bps;
    refill(p, now);
    p->probe = (struct rtp_pacer_probe){
        .id = probe->id,
        .rate_bps = rate,
        .bytes_left = probe->bytes,
        .packets_left = probe->packets,
        .until = now + PROBE_GRACE_US + (rtc_time_t)((uint64_t)probe->bytes * 8 * US_PER_S * 2 / rate),
    };
    p->budget = p->budget > 0 ? p->budget : 1; /* what is owed at the other rate does not delay it */
}

void rtp_pacer_end_probe(struct rtp_pacer *p)
{
    p->probe = (struct rtp_pacer_probe){.id = 0};
}

bool rtp_pacer_probes(const struct rtp_pacer *p)
{
    return p->probe.id != 0;
}

bool rtp_pacer_is_idle(const struct rtp_pacer *p)
{
    return !p->queues[RTP_PRIORITY_AUDIO].head && !head(p);
}

bool rtp_pacer_has_paced(const struct rtp_pacer *p)
{
    return head(p) != NULL;
}

static bool is_open(const struct rtp_pacer *p, rtc_time_t now)
{
    return p->window.bytes == 0 || p->window.in_flight < p->window.bytes || now >= p->window.next || p->probe.id != 0;
}

bool rtp_pacer_wants_padding(struct rtp_pacer *p, rtc_time_t now, bool pads)
{
    if (p->probe.id && now >= p->probe.until)
        rtp_pacer_end_probe(p);
    p->probe.pads = pads;
    if (!p->probe.id || !pads || !rtp_pacer_is_idle(p))
        return false;
    refill(p, now);
    return p->budget > 0;
}

uint8_t rtp_pacer_left(struct rtp_pacer *p, int64_t bytes)
{
    uint8_t id = p->probe.id;
    charge(p, bytes * 8 * US_PER_S);
    p->probe.bytes_left -= bytes;
    p->probe.packets_left--;
    if (id && p->probe.bytes_left <= 0 && p->probe.packets_left <= 0)
        rtp_pacer_end_probe(p);
    return id;
}

struct packet *rtp_pacer_pop(struct rtp_pacer *p, rtc_time_t now)
{
    if (p->probe.id && now >= p->probe.until)
        rtp_pacer_end_probe(p);
    refill(p, now);
    struct packet *packet = packet_queue_pop(&p->queues[RTP_PRIORITY_AUDIO]);
    p->sound_left = packet != NULL;
    if (!packet && p->budget > 0 && is_open(p, now)) {
        packet = packet_queue_pop(&p->queues[RTP_PRIORITY_REPAIR]);
        if (!packet)
            packet = packet_queue_pop(&p->queues[RTP_PRIORITY_VIDEO]);
        if (packet) {
            p->queued_bytes -= packet->len;
            p->window.next = now + WINDOW_PEEP_US;
        }
    }
    if (packet) {
        charge(p, cost(packet));
        p->probe.bytes_left -= packet->len;
    }
    return packet;
}

rtc_time_t rtp_pacer_deadline(const struct rtp_pacer *p)
{
    if (p->queues[RTP_PRIORITY_AUDIO].head)
        return p->budget_time;
    if (!head(p) && !(p->probe.id && p->probe.pads))
        return p->probe.id ? p->probe.until : RTC_TIME_NEVER;
    rtc_time_t at = p->budget_time;
    if (p->budget <= 0) {
        int64_t rate = (int64_t)effective_rate(p, p->budget_time);
        at += (-p->budget + rate) / rate;
    }
    return is_open(p, at) ? at : p->window.next;
}

size_t rtp_pacer_drop(struct rtp_pacer *p, uint32_t ssrc)
{
    size_t dropped = 0;
    for (int i = 0; i < RTP_PRIORITIES; i++) {
        struct packet_queue all = p->queues[i];
        if (!all.head)
            continue;
        p->queues[i] = (struct packet_queue){0};
        for (struct packet *packet; (packet = packet_queue_pop(&all)) != NULL;) {
            bool drop = rtp_ssrc(packet_slice(packet)) == ssrc;
            dropped += drop;
            if (drop && i != RTP_PRIORITY_AUDIO)
                p->queued_bytes -= packet->len;
            if (drop)
                packet_free(packet);
            else
                packet_queue_push(&p->queues[i], packet);
        }
    }
    return dropped;
}

void rtp_pacer_clear(struct rtp_pacer *p)
{
    for (int i = 0; i < RTP_PRIORITIES; i++)
        packet_queue_clear(&p->queues[i]);
    p->queued_bytes = 0;
}
