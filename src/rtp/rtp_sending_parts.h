/* SPDX-License-Identifier: MIT */
/* What the files of the sending half share: rtp_sending.c, packets; rtp_sending_rate.c, who may send how much. */
#ifndef CRTC_RTP_SENDING_PARTS_H
#define CRTC_RTP_SENDING_PARTS_H

#include "rtp_sending.h"

/* More than this in the pacer is late. */
enum { RTP_SENDING_BACKLOG_US = 100000 };

/* Pictures that were made for a rate that is gone: what waits would take longer to leave than a keyframe of the rate that there is. It is
 * given up; but not what there is of a keyframe, or there would be nothing else any more, nor of several layers, which would all begin
 * anew.
 */
void rtp_sending_give_up_late(struct rtp_sending *sending, rtc_time_t now, struct rtp_send_stream *stream, struct out *out);

#endif
