/* SPDX-License-Identifier: MIT */
/* A call in virtual time: see congestion_flow.h. */
#include "congestion_flow.h"

#include <stdlib.h>
#include <string.h>

enum { MS = 1000, SECOND = 1000000, FRAME_US = 33333, SOUND_US = 20000, SOUND_BYTES = 150, PACKET_BYTES = 1200, PADDING_BYTES = 1000 };
enum { CLOCK_OF_PEER = 777777777, LEFT_OUT_US = 100 * MS, REPORT_US = 400 * MS, UNEVEN_FRAMES = 150, PAUSE_FRAMES = 8 };

struct flow *flow_new(rtc_context *context, const struct flow_options *options, struct congestion_link *forward,
                      struct congestion_link *back)
{
    struct flow *f = calloc(1, sizeof *f);
    if (!f || sent_history_new(context, &f->history) != RTC_OK ||
        congestion_new(context, options->controller, &options->limits, options->begins, &f->controller) != RTC_OK)
        abort();
    f->options = *options;
    f->forward = forward;
    f->back = back;
    f->next_frame = f->next_sound = f->next_leaves = options->begins;
    f->next_feedback = f->next_report = options->begins;
    f->encoder_bps = congestion_target(f->controller).target_bps;
    return f;
}

void flow_free(struct flow *flow)
{
    congestion_free(flow->controller);
    sent_history_free(flow->history);
    free(flow);
}

static struct flow_bin *bin(struct flow *f, rtc_time_t now)
{
    rtc_time_t at = now / FLOW_BIN_US;
    return &f->bins[at < FLOW_BINS ? at : FLOW_BINS - 1];
}

/* ---- On the wire ---- */

static void into_wire(struct flow *f, const struct flow_packet *p)
{
    size_t at = f->wire_count++;
    if (f->wire_count == FLOW_WIRE_MAX)
        abort();
    for (; at > 0 && f->wire[at - 1].due > p->due; at--)
        f->wire[at] = f->wire[at - 1];
    f->wire[at] = *p;
}

static void leave(struct flow *f, rtc_time_t now, struct flow_packet p, uint8_t probe)
{
    p.number = sent_history_next(f->history);
    sent_history_add(f->history, now, p.bytes, probe);
    const struct congestion_packet packet = {
        .sent = now, .bytes = p.bytes, .in_flight = sent_history_in_flight(f->history), .probe = probe, .limited = f->queue_count == 0};
    congestion_sent(f->controller, &packet);
    struct congestion_passage passage = congestion_link_take(f->forward, now, p.bytes, f->options.ect);
    struct flow_bin *b = bin(f, now);
    b->sent += p.bytes;
    b->queue = passage.waits > b->queue ? passage.waits : b->queue;
    if (now >= f->options.waits_from)
        f->waits[passage.waits / MS < FLOW_WAITS ? passage.waits / MS : FLOW_WAITS - 1]++;
    f->sent_packets++;
    f->lost_packets += !passage.arrives;
    b->lost += passage.arrives ? 0 : p.bytes;
    p.due = passage.due;
    p.marked = passage.marked;
    if (passage.arrives)
        into_wire(f, &p);
}

/* ---- The pacer ---- */

static void enqueue(struct flow *f, struct flow_packet p)
{
    if (f->queue_count == FLOW_QUEUE_MAX)
        return;
    f->queue[(f->queue_from + f->queue_count++) % FLOW_QUEUE_MAX] = p;
    f->queue_bytes += p.bytes;
}

static struct flow_packet dequeue(struct flow *f)
{
    struct flow_packet p = f->queue[f->queue_from];
    f->queue_from = (f->queue_from + 1) % FLOW_QUEUE_MAX;
    f->queue_count--;
    f->queue_bytes -= p.bytes;
    return p;
}

static rtc_time_t backlog(const struct flow *f)
{
    return (rtc_time_t)(f->queue_bytes * 8000000 / congestion_target(f->controller).pacing_bps);
}

static bool take_probe(struct flow *f, rtc_time_t now)
{
    if (f->probe.id == 0 && congestion_next_probe(f->controller, now, &f->probe))
        f->probe_bytes = f->probe_packets = 0;
    return f->probe.id != 0;
}

static void pace(struct flow *f, rtc_time_t now)
{
    bool probes = take_probe(f, now);
    if (f->queue_count == 0 && !probes)
        return;
    struct congestion_target target = congestion_target(f->controller);
    struct flow_packet p = f->queue_count > 0 ? f->queue[f->queue_from] : (struct flow_packet){.bytes = PADDING_BYTES};
    f->blocked = !probes && target.window > 0 && sent_history_in_flight(f->history) + p.bytes > target.window;
    if (f->blocked)
        return;
    if (f->queue_count > 0)
        p = dequeue(f);
    uint8_t id = f->probe.id;
    uint32_t bps = probes ? f->probe.bps : target.pacing_bps;
    f->probe_bytes += p.bytes;
    f->probe_packets++;
    if (probes && f->probe_bytes >= f->probe.bytes && f->probe_packets >= f->probe.packets)
        f->probe.id = 0;
    f->next_leaves = now + (rtc_time_t)(p.bytes * 8000000ULL / bps);
    leave(f, now, p, id);
}

/* ---- What is made ---- */

static double noise(struct flow *f, double spread)
{
    return 1 + spread * (2 * congestion_chance(&f->options.seed) - 1);
}

static void make_frame(struct flow *f)
{
    f->next_frame += FRAME_US;
    f->repair_bps *= 0.967;
    double target = congestion_target(f->controller).target_bps - (SOUND_BYTES * 8e6 / SOUND_US) - f->repair_bps;
    target = target < 30000 ? 30000 : target > f->options.encoder_max_bps ? f->options.encoder_max_bps : target;
    f->encoder_bps += (target - f->encoder_bps) * 0.4;
    if (backlog(f) > LEFT_OUT_US) {
        f->frames_left_out++;
        return;
    }
    rtc_time_t turn = f->next_frame / FRAME_US % UNEVEN_FRAMES;
    if (f->options.uneven && turn < PAUSE_FRAMES)
        return;
    unsigned times = f->frames == 0 ? 5 : f->options.uneven && turn == PAUSE_FRAMES ? 10 : 1;
    double bytes = f->encoder_bps * FRAME_US / 8e6 * noise(f, 0.25) * times;
    f->frames++;
    for (; bytes > 0; bytes -= PACKET_BYTES - 60)
        enqueue(f, (struct flow_packet){.bytes = bytes > PACKET_BYTES - 60 ? PACKET_BYTES : (uint32_t)bytes + 60, .media = true});
}

static void make_sound(struct flow *f, rtc_time_t now)
{
    f->next_sound += SOUND_US;
    leave(f, now, (struct flow_packet){.bytes = SOUND_BYTES, .media = true}, 0);
}

/* ---- The receiver ---- */

static void arrive(struct flow *f, rtc_time_t now)
{
    struct flow_packet p = f->wire[0];
    memmove(f->wire, f->wire + 1, --f->wire_count * sizeof *f->wire);
    f->arrived[p.number & 0xffff] = now;
    f->ecn[p.number & 0xffff] = (uint8_t)(p.marked ? CONGESTION_ECN_CE : f->options.ect ? CONGESTION_ECN_ECT1 : CONGESTION_ECN_NOT);
    for (uint64_t n = f->highest; n < p.number; n++)
        f->arrived[n & 0xffff] = 0;
    f->highest = p.number + 1 > f->highest ? p.number + 1 : f->highest;
    f->reported = p.number < f->reported ? p.number : f->reported;
    f->news = true;
    f->report_arrived++;
    f->report_bytes += p.bytes;
    bin(f, now)->arrived += p.bytes;
    bin(f, now)->media += p.media ? p.bytes : 0;
}

static void write_feedback(struct flow *f, rtc_time_t now)
{
    f->next_feedback = now + (f->options.feedback_us ? f->options.feedback_us : SECOND);
    struct congestion_passage passage = congestion_link_take(f->back, now, 100, false);
    if (!f->news || f->options.feedback_us == 0 || !passage.arrives || f->message_count == 8) {
        f->reported = f->highest;
        return;
    }
    struct flow_message *m = &f->messages[f->message_count++];
    m->due = passage.due;
    m->count = 0;
    f->reported = f->highest > f->reported + SENT_HISTORY_MAX ? f->highest - SENT_HISTORY_MAX : f->reported;
    for (uint64_t n = f->reported; n < f->highest; n++) {
        rtc_time_t at = f->arrived[n & 0xffff];
        m->told[m->count++] = (struct sent_history_told){
            .number = (uint16_t)n, .received = at > 0, .ecn = f->ecn[n & 0xffff], .arrived = at / 250 * 250 + CLOCK_OF_PEER};
    }
    f->reported = f->highest;
    f->news = false;
}

static void repair(struct flow *f, const struct congestion_feedback *feedback)
{
    for (size_t i = 0; i < feedback->count; i++)
        if (feedback->results[i].arrived == RTC_TIME_NEVER && feedback->results[i].bytes > SOUND_BYTES &&
            f->repair_bps < congestion_target(f->controller).target_bps * 0.3) {
            enqueue(f, (struct flow_packet){.bytes = feedback->results[i].bytes});
            f->repair_bps += feedback->results[i].bytes * 8.0;
        }
}

static void read_feedback(struct flow *f, rtc_time_t now)
{
    const struct flow_message *m = &f->messages[0];
    struct congestion_feedback feedback;
    for (size_t taken = 0; taken < m->count;) {
        taken += sent_history_take(f->history, now, m->told + taken, m->count - taken, &feedback);
        congestion_feedback(f->controller, &feedback);
        repair(f, &feedback);
    }
    memmove(f->messages, f->messages + 1, --f->message_count * sizeof *f->messages);
    f->blocked = false;
}

static void report(struct flow *f, rtc_time_t now)
{
    f->next_report = now + REPORT_US;
    uint32_t expected = (uint32_t)(f->highest - f->report_highest);
    const struct congestion_report r = {.now = now,
                                        .expected = expected,
                                        .lost = expected > f->report_arrived ? expected - f->report_arrived : 0,
                                        .received_bytes = f->report_bytes,
                                        .round_trip_us = f->forward->delay_us + f->back->delay_us + congestion_link_queue(f->forward, now)};
    f->report_highest = f->highest;
    f->report_arrived = f->report_bytes = 0;
    congestion_report(f->controller, &r);
}

/* ---- Time ---- */

static rtc_time_t sooner(rtc_time_t a, rtc_time_t b)
{
    return a < b ? a : b;
}

rtc_time_t flow_deadline(const struct flow *flow)
{
    rtc_time_t at = sooner(flow->next_sound, sooner(flow->next_feedback, flow->next_report));
    if (flow->options.encoder_max_bps > 0)
        at = sooner(at, flow->next_frame);
    if (flow->wire_count > 0)
        at = sooner(at, flow->wire[0].due);
    if (flow->message_count > 0)
        at = sooner(at, flow->messages[0].due);
    if ((flow->queue_count > 0 || flow->probe.id != 0) && !flow->blocked)
        at = sooner(at, flow->next_leaves);
    return sooner(at, congestion_deadline(flow->controller));
}

void flow_run(struct flow *flow, rtc_time_t now)
{
    struct flow *f = flow;
    while (f->wire_count > 0 && f->wire[0].due <= now)
        arrive(f, now);
    if (f->next_feedback <= now)
        write_feedback(f, now);
    while (f->message_count > 0 && f->messages[0].due <= now)
        read_feedback(f, now);
    if (f->next_report <= now)
        report(f, now);
    if (congestion_deadline(f->controller) <= now)
        congestion_tick(f->controller, now);
    if (f->options.encoder_max_bps > 0 && f->next_frame <= now)
        make_frame(f);
    if (f->next_sound <= now)
        make_sound(f, now);
    if (f->next_leaves <= now)
        pace(f, now);
    bin(f, now)->target_bps = congestion_target(f->controller).target_bps;
}
