/* SPDX-License-Identifier: MIT */
/* Congestion control of one transport: our interface to a controller, a pure state machine. What left, when, and what became of it go in;
 * out come a target for what encoders make, a rate at which packets may leave, a window, and probes. A controller owns no packet, no clock
 * and no timer, and knows nothing of RTP: a packet is its size, when it left and when it arrived. Which controller, is chosen by its table.
 *
 *   congestion_new -> congestion_sent, congestion_feedback, congestion_report, congestion_tick ... -> congestion_free
 *                     after each of them: congestion_target, congestion_next_probe
 */
#ifndef CRTC_CONGESTION_H
#define CRTC_CONGESTION_H

#include <crtc/context.h>

enum { CONGESTION_MIN_BPS = 50000, CONGESTION_START_BPS = 300000 };

/* The two bits of IP (RFC 3168, RFC 9331); CONGESTION_ECN_NOT also when nobody knows. */
enum congestion_ecn { CONGESTION_ECN_NOT, CONGESTION_ECN_ECT1, CONGESTION_ECN_ECT0, CONGESTION_ECN_CE };

struct congestion_limits {
    uint32_t min_bps, start_bps, max_bps; /* of everything that is sent; 0: the defaults; max_bps 0: none */
};

/* A packet that leaves. */
struct congestion_packet {
    rtc_time_t sent;
    uint32_t bytes;     /* on the wire, headers of IP and UDP included */
    uint32_t in_flight; /* of the path, this one included: sent and not known to have arrived or to be lost */
    uint8_t probe;      /* whose it is; 0: none */
    bool limited;       /* nothing else waits to leave: the application makes less than it may */
};

/* What became of one packet. */
struct congestion_result {
    rtc_time_t sent;
    rtc_time_t
        arrived; /* by a clock of the peer, whose zero and drift nobody knows; RTC_TIME_NEVER: it did not, as far as this feedback says */
    uint32_t bytes;         /* on the wire */
    uint32_t bytes_between; /* of what left between the one before it and this one, and of which no feedback tells */
    uint8_t probe;
    bool was_missing; /* it was told of as missing before, and arrived after all */
    bool ect1;        /* it left marked as capable of ECN (RFC 9331) */
    uint32_t source;  /* whose it is, as whoever sent it said; 0: nobody did */
    enum congestion_ecn ecn;
};

/* One message of feedback. */
struct congestion_feedback {
    rtc_time_t now;                          /* when it arrived here */
    rtc_time_t round_trip;                   /* of the newest packet of it that arrived, the peer's waiting included; 0: unknown */
    const struct congestion_result *results; /* borrowed for the call; in the order in which they left, none told of as arrived twice */
    size_t count;
    uint32_t in_flight; /* after it */
};

/* What a receiver report says of all that is sent, where there is no feedback of each packet (RFC 3550 section 6.4.1), summed up over
 * streams. */
struct congestion_report {
    rtc_time_t now;
    uint32_t expected, lost;  /* packets since the one before */
    uint32_t received_bytes;  /* of those that were not lost, about */
    rtc_time_t round_trip_us; /* 0: it can not be measured */
    rtc_time_t jitter_us;
};

struct congestion_target {
    uint32_t target_bps; /* of all that is made for the path: media, repair, data, headers included */
    uint32_t pacing_bps; /* how fast packets may leave */
    uint32_t window;     /* most bytes in flight; 0: no limit */
};

/* A short burst that tells whether the path takes more: packets at this rate, of media as far as there are any, else of padding. */
struct congestion_probe {
    uint8_t id; /* not 0; comes back in results */
    uint32_t bps;
    uint32_t bytes;   /* at least so many of it, */
    uint32_t packets; /* in at least so many packets */
};

struct congestion;

/* A controller: the functions behind those below, which say what each does. Its own struct begins with struct congestion. */
struct congestion_controller {
    const char *name;
    int (*make)(const struct congestion_controller *self, rtc_context *context, const struct congestion_limits *limits, rtc_time_t now,
                struct congestion **out);
    void (*free)(struct congestion *congestion);
    void (*set_limits)(struct congestion *congestion, rtc_time_t now, const struct congestion_limits *limits);
    void (*path_changed)(struct congestion *congestion, rtc_time_t now);
    void (*sent)(struct congestion *congestion, const struct congestion_packet *packet);
    void (*feedback)(struct congestion *congestion, const struct congestion_feedback *feedback);
    void (*report)(struct congestion *congestion, const struct congestion_report *report);
    void (*remb)(struct congestion *congestion, rtc_time_t now, uint64_t bps);
    void (*tick)(struct congestion *congestion, rtc_time_t now);
    rtc_time_t (*deadline)(const struct congestion *congestion);
    struct congestion_target (*target)(const struct congestion *congestion);
    bool (*next_probe)(struct congestion *congestion, rtc_time_t now, struct congestion_probe *out);
    bool l4s; /* it answers marks of congestion as RFC 9331 section 4 asks of who marks packets with ECT(1) */
};

/* The first of each controller's own struct; written by its `make`. */
struct congestion {
    const struct congestion_controller *controller;
};

/* RTC_ERR_NO_MEMORY. */
int congestion_new(rtc_context *context, const struct congestion_controller *controller, const struct congestion_limits *limits,
                   rtc_time_t now, struct congestion **out);
void congestion_free(struct congestion *congestion); /* NULL is fine */
void congestion_set_limits(struct congestion *congestion, rtc_time_t now, const struct congestion_limits *limits);
/* Packets take another path: what was learnt of the old one is void. */
void congestion_path_changed(struct congestion *congestion, rtc_time_t now);
void congestion_sent(struct congestion *congestion, const struct congestion_packet *packet);
void congestion_feedback(struct congestion *congestion, const struct congestion_feedback *feedback);
void congestion_report(struct congestion *congestion, const struct congestion_report *report);
/* The peer takes no more than this (REMB); it says so again and again while that is so. */
void congestion_remb(struct congestion *congestion, rtc_time_t now, uint64_t bps);
void congestion_tick(struct congestion *congestion, rtc_time_t now);
/* RTC_TIME_NEVER: nothing to do until something happens. */
rtc_time_t congestion_deadline(const struct congestion *congestion);
struct congestion_target congestion_target(const struct congestion *congestion);
/* The next probe that is due, which is taken; false: none. */
bool congestion_next_probe(struct congestion *congestion, rtc_time_t now, struct congestion_probe *out);

#endif
