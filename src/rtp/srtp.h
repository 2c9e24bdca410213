/* SPDX-License-Identifier: MIT */
/* SRTP and SRTCP (RFC 3711, RFC 7714) in place, with one master key per direction (RFC 5764 section 4.2). The only face of libsrtp2. */
#ifndef CRTC_SRTP_H
#define CRTC_SRTP_H

#include "packet.h"

struct srtp_transport;

/* DTLS-SRTP protection profiles (RFC 5764, RFC 7714). */
enum { SRTP_PROFILE_AES128_CM_SHA1_80 = 1, SRTP_PROFILE_AEAD_AES_128_GCM = 7, SRTP_PROFILE_AEAD_AES_256_GCM = 8 };
/* The most that protection adds to RTP, and to RTCP. */
enum { SRTP_OVERHEAD_MAX = 16, SRTCP_OVERHEAD_MAX = 20, SRTP_REPLAY_WINDOW = 1024 };

/* `local` (we send) and `remote` are master key followed by master salt: 30, 28, 44 bytes. RTC_ERR_NOT_SUPPORTED for another profile,
 * RTC_ERR_TYPE for a wrong length. The limit `ssrcs` bounds how many remote SSRCs keep state: one more takes the place of the one that was
 * silent for longest, whose rollover counter and replay list begin anew if it ever comes back. */
int srtp_transport_new(rtc_context *context, uint16_t profile, struct slice local, struct slice remote, struct srtp_transport **out);
void srtp_transport_free(struct srtp_transport *transport);
/* What protection adds to an RTP packet: 10 or 16. */
size_t srtp_transport_overhead(const struct srtp_transport *transport);

/* In place. RTC_OK; RTC_ERR_TYPE: malformed (too short for its header or the tag); RTC_ERR_NOT_ALLOWED: not authentic;
 * RTC_ERR_INVALID_STATE: replayed or older than the window; RTC_ERR_NO_MEMORY; RTC_ERR_OPERATION: anything else.
 * On an error the packet's bytes are undefined. */
int srtp_unprotect_packet(struct srtp_transport *transport, struct packet *packet);
int srtcp_unprotect_packet(struct srtp_transport *transport, struct packet *packet);
/* In place; grows into the tailroom. The same sequence number must not be protected twice with other contents: refused with
 * RTC_ERR_INVALID_STATE. */
int srtp_protect_packet(struct srtp_transport *transport, struct packet *packet);
int srtcp_protect_packet(struct srtp_transport *transport, struct packet *packet);

#endif
