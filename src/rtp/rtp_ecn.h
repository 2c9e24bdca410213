/* SPDX-License-Identifier: MIT */
/* Whether packets leave marked as capable of ECN: with ECT(1), which asks networks that know L4S for a short queue, and obliges whoever
 * sends to answer each mark of congestion (RFC 9331 section 4). Marks are tried first, since there are networks that drop what is marked,
 * wipe marks off, or mark everything (RFC 6679 section 7.2): one packet in four has one, until it is known what became of ten of these, or
 * of a hundred where all say that there is congestion, of which there may be some. A path that turns out not to carry them is tried again a
 * minute later, and each time twice as late.
 *
 *           wanted             come as they left
 *     OFF ----------> TRIAL --------------------------> CARRIED
 *      ^               ^  |                            |  |
 *      |    minutes    |  |  nothing is heard, most    |  |
 *      |    later, or  |  |  are lost, or another path |  |
 *      |  another path |  |<---------------------------'  |
 *      |               |  v do not                        |
 *      |             FAILED <------- are wiped off -------'
 *      '--- not wanted, from each of them
 */
#ifndef CRTC_RTP_ECN_H
#define CRTC_RTP_ECN_H

#include "congestion.h"
#include "moves.h"

enum rtp_ecn_state { RTP_ECN_OFF, RTP_ECN_TRIAL, RTP_ECN_CARRIED, RTP_ECN_FAILED, RTP_ECN_STATES };
extern const struct moves rtp_ecn_moves;

/* What became of packets. A part of the struct below. */
struct rtp_ecn_tally {
    uint32_t arrived, lost;
};

/* Embedded in the budget of a transport (rtp_budget.h); written by rtp_ecn.c. */
struct rtp_ecn {
    const rtc_context *context; /* no reference */
    enum rtp_ecn_state state;
    unsigned turn; /* TRIAL: packets since the last one with a mark */
    struct rtp_ecn_tally marked, plain;
    uint32_t wiped, congested; /* of the marked that arrived: without their mark, and with one of congestion */
    rtc_time_t heard;          /* when something marked arrived last, as far as is told */
    rtc_time_t again;          /* FAILED: when it is tried again */
    unsigned failures;         /* of this path */
};

void rtp_ecn_init(struct rtp_ecn *ecn, const rtc_context *context);
/* Whether the controller answers marks, and the peer tells of them. */
void rtp_ecn_want(struct rtp_ecn *ecn, rtc_time_t now, bool wanted);
/* Another path may carry what this one did not, or not. */
void rtp_ecn_path_changed(struct rtp_ecn *ecn, rtc_time_t now);
/* A packet leaves, of which the peer will tell: whether it has a mark. */
bool rtp_ecn_leaving(struct rtp_ecn *ecn, rtc_time_t now);
void rtp_ecn_feedback(struct rtp_ecn *ecn, const struct congestion_feedback *feedback);

#endif
