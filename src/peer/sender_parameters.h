/* SPDX-License-Identifier: MIT */
/* The encodings of a sender, as its transceiver is made and as setParameters changes them (webrtc-pc 5.1, 5.2). */
#ifndef CRTC_SENDER_PARAMETERS_H
#define CRTC_SENDER_PARAMETERS_H

#include "transceiver.h"

/* sendEncodings of a transceiver that is to be made: checked, and with the defaults of what was left open. */
struct wished_encodings {
    char rids[RTP_ENCODINGS_MAX][RTP_RID_MAX + 1];
    struct encoding_settings settings[RTP_ENCODINGS_MAX];
    size_t count; /* 0: none were given */
};
/* RTC_ERR_TYPE, RTC_ERR_RANGE, RTC_ERR_OPERATION, RTC_ERR_NOT_SUPPORTED, with words in last_error. */
int sender_check_encodings(rtc_peer_connection *pc, rtc_media_kind kind, rtc_rtp_encoding_parameters *const *given, size_t count,
                           struct wished_encodings *out);
/* Of a transceiver that was just made. */
void sender_adopt_encodings(rtc_rtp_transceiver *t, const struct wished_encodings *wished);
/* What the peer wants to receive, in place of one encoding without a name, until its offer is answered or taken back; without memory. */
void sender_widen_encodings(rtc_rtp_transceiver *t, const struct jsep_rids *rids);
/* Its offer is taken back; harmless when nothing was widened. */
void sender_restore_encoding(rtc_rtp_transceiver *t);
/* The cap that the application gave it, as the RTP session takes it: 0 is none, and one of nothing at all becomes a bit a second. */
uint32_t sender_own_cap(const struct sender_encoding *encoding);
/* What it is capped at beside the others of its sender, but for what the peer restricts, which each negotiation says anew. */
uint32_t sender_wished_cap(const rtc_rtp_transceiver *transceiver, const struct sender_encoding *encoding);
/* The exchange is over: those that were not agreed on are no more. */
void sender_narrow_encodings(rtc_rtp_transceiver *t, const struct rtp_encoding *agreed, size_t count);
/* What was agreed on changed: each encoding is sent with what was agreed on for it, and one that wanted another codec wants it no more. */
void sender_follow_codecs(rtc_rtp_transceiver *t, const struct agreed_media *media);
/* What the current descriptions agree on of its section: memory of its context, or NULL: nothing yet, or without memory, which *error says.
 */
struct jsep_negotiated *transceiver_agreement(const rtc_rtp_transceiver *t, const struct jsep_section **ours,
                                              const struct jsep_section **theirs, int *error);

#endif
