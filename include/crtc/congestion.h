/* SPDX-License-Identifier: MIT */
/* Congestion control: by which rules a connection sends no more than the network takes. A browser gives no choice. */
#ifndef CRTC_CONGESTION_CONTROL_H
#define CRTC_CONGESTION_CONTROL_H

#include <crtc/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Who decides how much is sent to a peer that gives feedback of each packet, as browsers do; with others it is receiver reports and REMB,
 * whatever stands here. GOOGLE: by the delay, by losses and by probes (draft-ietf-rmcat-gcc-02, with departures); keeps the queue short,
 * climbs and recovers within seconds, keeps its part beside downloads and on radio that loses. SCREAM: a window of bytes in flight
 * (draft-johansson-ccwg-rfc8298bis-screamv2-06), for networks that mark congestion (L4S): feedback by RFC 8888 is negotiated first, which tells of marks, and
 * packets leave marked with ECT(1) where the path carries it; yields to losses. REPORTS: receiver reports
 * and REMB, from every peer. */
typedef enum rtc_congestion_control {
    RTC_CONGESTION_CONTROL_GOOGLE = 0,
    RTC_CONGESTION_CONTROL_SCREAM = 1,
    RTC_CONGESTION_CONTROL_REPORTS = 2
} rtc_congestion_control;

/* ---- A controller of the program's own ---------------------------------------------------------------------------------------- */

/* The two bits beside it, explicit congestion notification (RFC 3168 section 5). */
typedef enum rtc_ecn {
    RTC_ECN_NOT_ECT = 0, /* the transport does not know ECN */
    RTC_ECN_ECT_1 = 1,   /* it does; RFC 9331 gives this one to L4S */
    RTC_ECN_ECT_0 = 2,   /* it does */
    RTC_ECN_CE = 3       /* congestion experienced: a router would have dropped it otherwise */
} rtc_ecn;

/* Between what a controller is to stay. The library keeps to it whatever the controller says. */
typedef struct rtc_congestion_limits {
    size_t size;        /* sizeof(rtc_congestion_limits) of the library */
    uint32_t min_bps;   /* of everything that is sent, headers of IP and UDP included; never 0 */
    uint32_t start_bps; /* what to begin with; never 0 */
    uint32_t max_bps;   /* 0: no limit */
} rtc_congestion_limits;

/* A packet that leaves. */
typedef struct rtc_congestion_packet {
    size_t size;        /* sizeof(rtc_congestion_packet) of the library */
    rtc_time_t sent;    /* now */
    uint32_t bytes;     /* on the wire, headers of IP and UDP included */
    uint32_t in_flight; /* bytes sent and not known to have arrived or to be lost, this packet included */
    uint32_t probe;     /* the id of the probe that it belongs to; 0: none */
    bool limited;       /* nothing else waits to leave: the program makes less than it may */
} rtc_congestion_packet;

/* What became of one packet. */
typedef struct rtc_congestion_result {
    size_t size;            /* sizeof(rtc_congestion_result) of the library */
    rtc_time_t sent;        /* when it left */
    bool received;          /* whether it arrived, as far as this feedback says; what was lost may be told of as arrived later */
    rtc_time_t arrived;     /* when, by a clock of the peer's, whose zero and drift nobody knows, and which the peer may set as it likes */
    uint32_t bytes;         /* on the wire */
    uint32_t bytes_between; /* of what left between the one before it and this one, and of which no feedback tells */
    uint32_t probe;         /* the id of the probe that it belonged to; 0: none */
    rtc_ecn ecn;            /* the bits of IP with which it arrived; RTC_ECN_NOT_ECT also when nobody knows */
} rtc_congestion_result;

/* A message of feedback, after all its results. */
typedef struct rtc_congestion_feedback {
    size_t size;           /* sizeof(rtc_congestion_feedback) of the library */
    rtc_time_t now;        /* when it came */
    rtc_time_t round_trip; /* of the newest packet of it that arrived, the peer's waiting included, in microseconds; 0: unknown */
    size_t results;        /* how many there were; at least 1 */
    uint32_t in_flight;    /* bytes in flight after it */
} rtc_congestion_feedback;

/* What a controller wants. It is given zeroed, but for `size`. A number that is none (NaN) or less than 0 counts as 0. */
typedef struct rtc_congestion_target {
    size_t size; /* sizeof(rtc_congestion_target) of the library */
    double
        target_bps; /* of everything that is made for the path. The library keeps it between the limits, below what the peer takes (REMB) */
    double pacing_bps; /* how fast packets may leave; 0: one and a half times the target. Never less than the target, nor more than ten
                          times it */
    double window;     /* most bytes in flight, beyond which a packet leaves now and then only; 0: no limit */
} rtc_congestion_target;

/* A short burst that tells whether the path takes more: packets of media as far as there are any, else of padding. Given zeroed, but for
 * `size`. */
typedef struct rtc_congestion_probe {
    size_t size;      /* sizeof(rtc_congestion_probe) of the library */
    uint32_t id;      /* 1 to 255: comes back in packets and results. Another value: no probe */
    double bps;       /* at this rate; at most ten times the target and the limit */
    uint32_t bytes;   /* at least so many, and at most what takes half a second */
    uint32_t packets; /* in at least so many packets; at most 64 */
} rtc_congestion_probe;

/* A controller of the program's own: its functions, which are given what `make` returned. The library calls them while it works on the
 * connection, one at a time; they must not call the library. Of peers that give no feedback of each packet it is not asked: there receiver
 * reports and REMB decide. A connection makes one for each of its transports when feedback is first agreed on, and frees it when that
 * transport goes, at the latest with the connection. All but `make` and `target` may be NULL.
 *
 * Whatever it returns, the library stays within the limits, and where a path or a call begins anew, or a circuit breaker opened (RFC 8083),
 * it sends no more than `start_bps` at first and no more than twice as much after each second.
 *
 * Owner: the table is copied when a connection is made with it; what `make` returns is the controller's until `free` is called with it.
 * Thread: the connection's.
 * Valid: what a function is given, for the call. rtc_configuration.congestion_user stays until the connection is freed.
 * Errors: what `make` returns tells; the others can not fail.
 * Section: none; RFC 8836 says what is expected of one, RFC 8888 and draft-holmer-rmcat-transport-wide-cc-extensions-01 what it is told. */
typedef struct rtc_congestion_controller {
    size_t size; /* sizeof(rtc_congestion_controller) */
    /* Makes one. `user` is rtc_configuration.congestion_user. NULL: memory is out, and the call that needed it is refused with
     * RTC_ERR_NO_MEMORY. */
    void *(*make)(void *user, const rtc_congestion_limits *limits, rtc_time_t now);
    void (*free)(void *controller);
    /* Other limits from now on; what was learnt is still true. */
    void (*set_limits)(void *controller, rtc_time_t now, const rtc_congestion_limits *limits);
    /* Packets take another path, or too much was sent: what was learnt is void, and it begins at `start_bps` again. */
    void (*path_changed)(void *controller, rtc_time_t now, const rtc_congestion_limits *limits);
    void (*sent)(void *controller, const rtc_congestion_packet *packet);
    /* For each packet of a message of feedback, in the order in which they left, then once for the message. */
    void (*result)(void *controller, const rtc_congestion_result *result);
    void (*feedback)(void *controller, const rtc_congestion_feedback *feedback);
    /* Time passes. Returns when it is to be called at the latest; RTC_TIME_NEVER: with the next thing that happens. Times that are past
     * count as in 5 ms. */
    rtc_time_t (*tick)(void *controller, rtc_time_t now);
    /* What it wants now; called often, and for the same answer until something happens. */
    void (*target)(void *controller, rtc_congestion_target *target);
    /* The next probe that is due, which is taken; false: none. Asked when no probe is under way, at most ten times in a second. */
    bool (*next_probe)(void *controller, rtc_time_t now, rtc_congestion_probe *probe);
    /* It answers each mark of congestion (RTC_ECN_CE) as RFC 9331 section 4 asks: feedback is negotiated by RFC 8888 first, which tells of marks, and where the
     * path carries them packets leave marked with ECT(1). Without, none are marked. */
    bool l4s;
} rtc_congestion_controller;

#ifdef __cplusplus
}
#endif
#endif
