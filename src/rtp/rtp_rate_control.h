/* SPDX-License-Identifier: MIT */
/* The rule on receiver reports (rtp_rate.h) as a controller, for peers that give no feedback of each packet. It knows more of a report than
 * a controller is told (struct rtp_rate_sample), so that who has the reports speaks to the rule itself. */
#ifndef CRTC_RTP_RATE_CONTROL_H
#define CRTC_RTP_RATE_CONTROL_H

#include "congestion.h"
#include "rtp_rate.h"

extern const struct congestion_controller rtp_rate_controller;

/* The rule inside of one that was made with this table. */
struct rtp_rate *rtp_rate_control_rule(struct congestion *congestion);

#endif
