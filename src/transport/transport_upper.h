/* SPDX-License-Identifier: MIT */
/* What stands on a transport's ICE: DTLS, and on that the association with its channels, and the keys of media. First what a parent does
 * with what it negotiated, then what only the transport does. */
#ifndef CRTC_TRANSPORT_UPPER_H
#define CRTC_TRANSPORT_UPPER_H

#include "transport_types.h"

struct transport;

int transport_need_channels(struct transport *t);
int transport_need_rtp(struct transport *t, rtc_time_t now);
/* The association ends now, which its channels are told. */
void transport_close_channels(struct transport *t, rtc_time_t now);
/* The same, because what carries it has ended. */
void transport_lose_channels(struct transport *t, rtc_time_t now);
/* Several sections have the transport: when the peer ends DTLS, its section may have gone and another one take it over, so that channels do
 * not end at once. */
void transport_set_shared(struct transport *t, bool shared);
/* An offer waits with which another section gets the transport: when the peer aborts the association, its channels do not end at once,
 * either. */
void transport_set_handed_over(struct transport *t, bool handed_over);
/* To be asked how it stands. */
const struct dtls *transport_dtls(const struct transport *t);
/* The role is negotiated: DTLS was started. */
bool transport_has_role(const struct transport *t);
/* Channels and media, which a parent calls by itself, each with the `out` beside it. NULL until something needs them. */
struct data_channels *transport_channels(const struct transport *t);
struct out *transport_channels_out(struct transport *t);
struct rtp_session *transport_media(const struct transport *t);
struct out *transport_media_out(struct transport *t);
/* DTLS is closed or failed: nothing above it comes back. */
bool transport_is_over(const struct transport *t);

/* ---- For this folder ---- */

/* DTLS is over: what stands on it ends. */
void transport_end_upper(struct transport *t, rtc_time_t now);
/* What came for the association. */
void transport_receive_sctp(struct transport *t, rtc_time_t now, struct slice packet);
/* What is due of the channels. Those whose ground was not taken over by now end. */
void transport_tick_upper(struct transport *t, rtc_time_t now);
rtc_time_t transport_upper_deadline(const struct transport *t);
/* DTLS is up: the association that there was goes on over it. */
void transport_go_on_sctp(struct transport *t, rtc_time_t now);
/* The association begins, if it was agreed on and DTLS is up; false: it does not. */
bool transport_run_sctp(struct transport *t, rtc_time_t now);
int transport_make_dtls(const struct transport *t, struct dtls **out);
int transport_make_channels(const struct transport *t, struct data_channels **out);
/* Takes `channels`, which may be NULL. */
void transport_replace_channels(struct transport *t, struct data_channels *channels);
/* DTLS is up: the RTP session, if there is one, gets its keys. */
void transport_take_keys(struct transport *t);

#endif
