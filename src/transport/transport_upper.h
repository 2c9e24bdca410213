/* SPDX-License-Identifier: MIT */
/* What stands on a transport's ICE: DTLS, and on that the association with its channels, and the keys of media. First what a parent does
 * with what it negotiated, then what only the transport does. */
#ifndef CRTC_TRANSPORT_UPPER_H
#define CRTC_TRANSPORT_UPPER_H

#include "transport_types.h"

struct transport;

int transport_need_channels(struct transport *t);
int transport_need_rtp(struct transport *t, rtc_time_t now);
/* The negotiated role and the peer's fingerprints; once. */
int transport_start_dtls(struct transport *t, rtc_time_t now, enum dtls_role role, const struct dtls_fingerprint *fingerprints,
                         size_t count);
/* An association was agreed on. */
void transport_start_sctp(struct transport *t, rtc_time_t now, uint16_t remote_port, uint64_t remote_max_message);
/* It ends, which its channels are told; when they have been, and are forgotten, it can be dropped. transport_need_channels begins anew. */
void transport_close_channels(struct transport *t, rtc_time_t now);
void transport_drop_channels(struct transport *t);
/* DTLS is closed or failed: nothing above it comes back. */
bool transport_is_over(const struct transport *t);

/* ---- For this folder ---- */

/* The association may begin, if it was agreed on and DTLS is up. */
void transport_run_sctp(struct transport *t, rtc_time_t now);
/* DTLS is up: the RTP session, if there is one, gets its keys. */
void transport_take_keys(struct transport *t);

#endif
