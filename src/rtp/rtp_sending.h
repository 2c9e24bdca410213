/* SPDX-License-Identifier: MIT */
/* The sending half of a session: frames into the pacer, packets out of it, and the rate that video is given. */
#ifndef CRTC_RTP_SENDING_H
#define CRTC_RTP_SENDING_H

#include "ccfb.h"
#include "rtp_budget.h"
#include "rtp_data_share.h"
#include "rtp_reports.h"
#include "rtp_send_forward.h"
#include "sent_sequences.h"
#include "transport_feedback.h"

/* Owned by the session; written by rtp_sending.c and rtp_sending_rate.c, but for what reports do to the rule of `budget`
 * (rtp_session_rtcp.c, rtp_session.c) and what is sent again (rtp_session_rtcp.c puts it into the pacer). */
struct rtp_sending {
    const struct rtp_members *members;
    const struct rtp_outlet *outlet;
    struct rtp_reports *reports;
    struct rtp_pacer pacer;
    struct rtp_budget budget;
    struct rtp_data_share data;
    struct transport_feedback_clock peers_clock; /* of whoever gives feedback; rtp_session_rtcp.c reads it */
    struct ccfb_clock reports_clock;             /* the same, of RFC 8888 */
    uint64_t reports_heard;                      /* by RFC 8888; likewise */
    struct sent_sequences *sequences;            /* owned; NULL: nobody has agreed upon RFC 8888 yet */
    bool started;                                /* pacer and budget know the time */
    uint32_t peer_max_bps;                       /* for everything; 0: no limit */
    uint32_t repair_bps;                         /* what is taken off the encoders' targets, */
    rtc_time_t next_repair;                      /* and when to look again */
};

/* Limits of 0: the defaults of the rate. `controller`: of peers that give feedback of each packet; NULL: reports alone count.
 * RTC_ERR_NO_MEMORY. */
int rtp_sending_init(struct rtp_sending *sending, struct rtp_reports *reports, const struct congestion_limits *limits,
                     const struct congestion_controller *controller);
void rtp_sending_fini(struct rtp_sending *sending);
/* There is something to send, or to receive: the time begins. Harmless when it has. */
void rtp_sending_start(struct rtp_sending *sending, rtc_time_t now);
/* rtp_session_send_frame(). */
int rtp_sending_frame(struct rtp_sending *sending, rtc_time_t now, struct rtp_send_stream *stream, rtc_encoded_frame *frame,
                      uint8_t audio_level, struct out *out);
/* rtp_session_begin_forward(), rtp_session_forward(). */
struct forward_start rtp_sending_begin_forward(struct rtp_sending *sending, rtc_time_t now, struct rtp_send_stream *stream);
int rtp_sending_forward(struct rtp_sending *sending, rtc_time_t now, struct rtp_send_stream *stream, const struct forward_packet *packet,
                        const struct forward_leaving *leaving, struct out *out);
/* rtp_session_send_tone(). */
int rtp_sending_tone(struct rtp_sending *sending, rtc_time_t now, struct rtp_send_stream *stream, uint8_t event, rtc_time_t duration_us);
/* What is due of tones goes into the pacer; those of a stream that does not send any more end. */
void rtp_sending_tick_tone(struct rtp_sending *sending, rtc_time_t now, struct rtp_send_stream *stream, struct out *out);
/* What may leave the pacer leaves. */
void rtp_sending_drain(struct rtp_sending *sending, rtc_time_t now, struct out *out);
/* What waits of the stream in the pacer does not leave any more. */
void rtp_sending_drop(struct rtp_sending *sending, struct rtp_send_stream *stream);
/* rtp_session_set_stream_scale(). */
void rtp_sending_set_scale(struct rtp_send_stream *stream, double scale);
/* Shares the rate out anew and tells whose target changed. */
void rtp_sending_update_rate(struct rtp_sending *sending, rtc_time_t now, struct out *out);
/* Has the memory that feedback takes, when a section has agreed upon it. RTC_ERR_NO_MEMORY. */
int rtp_sending_prepare(struct rtp_sending *sending, rtc_time_t now, const struct rtp_section *section);
/* Sections changed: whether there is feedback. */
void rtp_sending_follow_sections(struct rtp_sending *sending, rtc_time_t now);
/* What a message of feedback says of packets that left, in the order of their numbers, of which it need not be the next one's. What follows
 * for the rate is shared out with rtp_sending_update_rate(). */
void rtp_sending_feedback(struct rtp_sending *sending, rtc_time_t now, const struct sent_history_told *told, size_t count);
/* The same in terms of RFC 8888: takes those that left out of what is told of one SSRC after the other, and puts them into the order in
 * which they left. How many are left in `told`. */
size_t rtp_sending_number(const struct rtp_sending *sending, const uint32_t *ssrcs, struct sent_history_told *told, size_t count);
/* When there is something to do for what is sent, and why. */
rtc_time_t rtp_sending_deadline(const struct rtp_sending *sending, enum timer_reason *why);
/* Whether a packet of data of so many bytes may leave now, which it then does; and how many bytes may wait. */
bool rtp_sending_takes_data(struct rtp_sending *sending, rtc_time_t now, uint32_t bytes);
uint32_t rtp_sending_data_room(const struct rtp_sending *sending, rtc_time_t now);
/* What the path is thought to take. */
uint32_t rtp_sending_target(const struct rtp_sending *sending);

#endif
