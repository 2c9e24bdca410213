/* SPDX-License-Identifier: MIT */
/* A call in virtual time, as congestion control sees it: an encoder that follows the target, sound, a pacer, the history of what left, a
 * receiver that sends feedback as a transport does, and repair of what was lost. The test owns the clock and the links.
 *
 *   congestion_flow_deadline -> congestion_flow_run at that time, and so on */
#ifndef CRTC_CONGESTION_FLOW_H
#define CRTC_CONGESTION_FLOW_H

#include "congestion.h"
#include "congestion_link.h"
#include "sent_history.h"

enum { FLOW_QUEUE_MAX = 4096, FLOW_WIRE_MAX = 16384, FLOW_BINS = 1200, FLOW_BIN_US = 100000, FLOW_WAITS = 2000 };

struct flow_options {
    const struct congestion_controller *controller;
    struct congestion_limits limits;
    uint32_t encoder_max_bps; /* 0: there is no video */
    rtc_time_t feedback_us;   /* 0: none, but reports */
    rtc_time_t begins;
    rtc_time_t waits_from; /* from when on waits are counted */
    bool uneven; /* the encoder makes nothing for a quarter of a second each few seconds, and then a picture of ten times the size */
    bool ect;    /* packets are capable of ECN, as L4S has it */
    uint64_t seed;
};

/* What leaves or is under way. */
struct flow_packet {
    uint64_t number;
    rtc_time_t due;
    uint32_t bytes;
    bool media, marked; /* media: neither padding nor repair */
};

struct flow_message {
    rtc_time_t due;
    size_t count;
    struct sent_history_told told[SENT_HISTORY_MAX];
};

struct flow_bin {
    uint32_t arrived, media, sent, lost; /* bytes */
    uint32_t target_bps;
    rtc_time_t queue; /* longest wait */
};

struct flow {
    struct flow_options options;
    struct congestion_link *forward, *back;
    struct congestion *controller;
    struct sent_history *history;
    /* The encoder. */
    double encoder_bps;
    rtc_time_t next_frame, next_sound;
    uint64_t frames, frames_left_out;
    /* The pacer. */
    struct flow_packet queue[FLOW_QUEUE_MAX];
    size_t queue_from, queue_count;
    uint64_t queue_bytes;
    rtc_time_t next_leaves;
    struct congestion_probe probe;
    uint32_t probe_bytes, probe_packets;
    double repair_bps;
    bool blocked; /* by the window */
    /* The way. */
    struct flow_packet wire[FLOW_WIRE_MAX]; /* by `due` */
    size_t wire_count;
    /* The receiver. */
    rtc_time_t arrived[65536];
    uint8_t ecn[65536];
    uint64_t highest, reported; /* one after */
    bool news;
    rtc_time_t next_feedback, next_report;
    uint32_t report_arrived, report_bytes;
    uint64_t report_highest;
    struct flow_message messages[8];
    size_t message_count;
    /* What was seen. */
    struct flow_bin bins[FLOW_BINS];
    uint64_t lost_packets, sent_packets;
    uint32_t waits[FLOW_WAITS]; /* packets by the milliseconds that they waited before the bottleneck */
};

struct flow *flow_new(rtc_context *context, const struct flow_options *options, struct congestion_link *forward,
                      struct congestion_link *back);
void flow_free(struct flow *flow);
rtc_time_t flow_deadline(const struct flow *flow);
void flow_run(struct flow *flow, rtc_time_t now);

#endif
