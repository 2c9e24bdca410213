/* SPDX-License-Identifier: MIT */
/* One DTLS 1.2 association (RFC 6347, RFC 8827, RFC 5764) over mbedTLS as a pure state machine. Shows no mbedTLS type, so that another back
 * end can stand behind it.
 *
 *   NEW --start, and there is a path--> CONNECTING --handshake and fingerprint--> CONNECTED --close_notify either way--> CLOSED
 *                      +---------- alert, bad fingerprint ------+---> FAILED
 *   NEW --it can not be set up--> FAILED
 *   NEW, CONNECTING --closed by us--> CLOSED
 */
#ifndef CRTC_DTLS_H
#define CRTC_DTLS_H

#include "dtls_types.h"

struct dtls;

int dtls_new(rtc_context *context, const struct dtls_options *options, struct dtls **out);
void dtls_free(struct dtls *dtls);
/* Makes ready what a handshake in this role needs, so that starting it can not run out of memory; harmless when repeated, with another
 * role, or for nothing. RTC_ERR_NO_MEMORY; other errors are those of dtls_start too, which tells them. */
int dtls_prepare(struct dtls *dtls, enum dtls_role role);
/* The role is known. The handshake begins once a path is writable too; datagrams that come before are held (bounded) until then. */
int dtls_start(struct dtls *dtls, rtc_time_t now, enum dtls_role role, struct out *out);
/* The path can carry packets (a valid pair): a client sends its ClientHello now, a server answers the one that it holds. */
void dtls_set_writable(struct dtls *dtls, rtc_time_t now, struct out *out);
/* The peer's fingerprints arrived: a finished handshake is judged now, and what was held is processed. */
void dtls_set_remote_fingerprints(struct dtls *dtls, rtc_time_t now, const struct dtls_fingerprint *fingerprints, size_t count,
                                  struct out *out);
/* The measured round trip: the first retransmission follows from it. 0: unknown. */
void dtls_set_rtt(struct dtls *dtls, rtc_time_t rtt_us);
/* A datagram whose first byte is 20-63, from a path that ICE lets us receive from. Packets for the peer go to out->tx without a path. */
void dtls_input(struct dtls *dtls, rtc_time_t now, struct slice datagram, struct out *out);
void dtls_tick(struct dtls *dtls, rtc_time_t now, struct out *out);
rtc_time_t dtls_deadline(const struct dtls *dtls, enum timer_reason *why);
/* One record of application data. RTC_ERR_INVALID_STATE unless CONNECTED. */
int dtls_send(struct dtls *dtls, struct slice data, struct out *out);
/* Sends close_notify when connected; the state becomes CLOSED, no event. */
void dtls_close(struct dtls *dtls, struct out *out);

enum dtls_state dtls_state(const struct dtls *dtls);
enum dtls_role dtls_role(const struct dtls *dtls);
/* Why it failed, or "". Borrowed. */
const char *dtls_failure(const struct dtls *dtls);
const struct dtls_cause *dtls_failure_cause(const struct dtls *dtls);
/* RTC_ERR_INVALID_STATE before CONNECTED, RTC_ERR_NOT_FOUND when no SRTP profile was negotiated. */
int dtls_export_srtp_keys(const struct dtls *dtls, struct dtls_srtp_keys *out);
/* The peer's certificate, DER; empty before CONNECTED. Borrowed. */
struct slice dtls_remote_certificate(const struct dtls *dtls);
/* The same with the rest of its chain, as far as it is shown; returns how many. */
size_t dtls_remote_certificates(const struct dtls *dtls, struct slice out[DTLS_CHAIN_MAX]);
/* IANA names: "TLS_ECDHE_...", or "". */
const char *dtls_cipher(const struct dtls *dtls);
/* The same for SRTP: "SRTP_AES128_CM_HMAC_SHA1_80", or "" while none is negotiated. */
const char *dtls_srtp_profile_name(const struct dtls *dtls);
/* Bytes that a record adds to its data. */
size_t dtls_overhead(const struct dtls *dtls);
const struct dtls_counters *dtls_counters(const struct dtls *dtls);

#endif
