/* SPDX-License-Identifier: MIT */
/* What a transport may send: the controllers of its path, of which one is in charge, the history of what left, and what is measured of it.
 * Where the peer gives feedback of each packet that is a controller that reads it; else the rule on receiver reports
 * (rtp_rate_control.h). Sizes are those on the wire: of the packet, protection included, and of the headers of IP, UDP and relays. */
#ifndef CRTC_RTP_BUDGET_H
#define CRTC_RTP_BUDGET_H

#include "congestion.h"
#include "rtp_ecn.h"
#include "rtp_rate.h"
#include "sent_history.h"

enum { RTP_IP_UDP_BYTES = 28 /* of IPv4 */ };

/* What the last second took, that of long ago counting less. A part of the budget. */
struct rtp_meter {
    uint64_t bytes;
    rtc_time_t time; /* when it was last brought up to date */
};

void rtp_meter_add(struct rtp_meter *meter, rtc_time_t now, uint32_t bytes);
uint32_t rtp_meter_bps(struct rtp_meter *meter, rtc_time_t now);

/* Embedded in the sending half of a session (rtp_sending.h); written by rtp_budget.c, but for the rule, to which reports speak
 * (rtp_session_rtcp.c), and the overhead, which rtp_session.c is told. */
struct rtp_budget {
    rtc_context *context;                           /* the session's: no reference */
    const struct congestion_controller *controller; /* of feedback; NULL: none is used */
    struct congestion *by_reports;                  /* owned */
    struct rtp_rate *rule;                          /* in it */
    struct congestion *by_feedback;                 /* owned, with the history; NULL: nobody has agreed upon feedback yet */
    struct sent_history *history;
    bool has_feedback;               /* by_feedback is in charge */
    struct congestion_limits limits; /* of by_feedback, as last said */
    uint32_t packet_overhead;        /* of each packet */
    struct rtp_meter sound;          /* whole packets */
    struct rtp_meter around;         /* what is around the payload of pictures */
    struct rtp_meter pictures;       /* whole packets, repairs and padding included */
    rtc_time_t first;    /* when the first one with a number left since feedback was agreed on, or on this path; RTC_TIME_NEVER */
    struct rtp_ecn ecn;  /* which packets leave marked as capable of ECN */
    rtc_time_t calm_until; /* no burst leaves before; 0: any may */
    rtc_time_t numbered; /* when a packet with a number left last; RTC_TIME_NEVER: none did */
};

/* One packet that leaves. */
struct rtp_leaving {
    uint32_t bytes; /* on the wire */
    bool numbered;  /* it has a transport-wide number: that of rtp_budget_next_number() */
    bool limited;   /* nothing else waits to leave */
    bool ect1;      /* rtp_budget_marks() said so */
    uint8_t probe;
    uint32_t source; /* its SSRC */
};

/* rtp_sending_init(). */
int rtp_budget_init(struct rtp_budget *budget, rtc_context *context, const struct congestion_limits *limits,
                    const struct congestion_controller *controller);
void rtp_budget_fini(struct rtp_budget *budget);
/* The time begins. */
void rtp_budget_start(struct rtp_budget *budget, rtc_time_t now);
/* Has the memory that feedback needs. RTC_ERR_NO_MEMORY. */
int rtp_budget_prepare_feedback(struct rtp_budget *budget, rtc_time_t now);
/* Whether the peer gives feedback from now on, for which memory was prepared, and tells of marks of ECN with it. */
void rtp_budget_set_feedback(struct rtp_budget *budget, rtc_time_t now, bool feedback, bool of_marks);
/* Who is in charge. */
struct congestion *rtp_budget_congestion(const struct rtp_budget *budget);
/* The least that makes sense to send, and the most that will be, of everything; 0: any. For who reads feedback: the rule has its own. */
void rtp_budget_set_limits(struct rtp_budget *budget, rtc_time_t now, uint32_t min_bps, uint32_t max_bps);
/* Far too much: a tenth of it (RFC 8083 section 4.5), and no bursts until there was time to hear what became of that. False when it could
 * not be less before. */
bool rtp_budget_cut(struct rtp_budget *budget, rtc_time_t now);
/* Begins again at the least. */
void rtp_budget_begin_low(struct rtp_budget *budget, rtc_time_t now);
void rtp_budget_path_changed(struct rtp_budget *budget, rtc_time_t now);
/* What left before has no relation to what is sent now: other keys, or no path. */
void rtp_budget_forget(struct rtp_budget *budget);
/* congestion_next_probe() of who is in charge. */
bool rtp_budget_next_probe(struct rtp_budget *budget, rtc_time_t now, struct congestion_probe *out);
/* Whether the next packet, of which the peer will tell, leaves marked as capable of ECN. */
bool rtp_budget_marks(struct rtp_budget *budget, rtc_time_t now);
/* The transport-wide number of the next packet. */
uint16_t rtp_budget_next_number(const struct rtp_budget *budget);
void rtp_budget_left(struct rtp_budget *budget, rtc_time_t now, const struct rtp_leaving *leaving);
/* What feedback says, in the order of numbers; borrowed. How many of it were taken, and what was in them, as sent_history_take() has it. */
size_t rtp_budget_feedback(struct rtp_budget *budget, rtc_time_t now, const struct sent_history_told *told, size_t count,
                           struct congestion_feedback *out);
uint32_t rtp_budget_in_flight(const struct rtp_budget *budget);

#endif
