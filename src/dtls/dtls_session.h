/* SPDX-License-Identifier: MIT */
/* mbedTLS as a state machine without I/O, clock or random source. The association (dtls.c) puts one record into the inbox, lets the session
 * step or reads from it, and sends what it wrote. */
#ifndef CRTC_DTLS_SESSION_H
#define CRTC_DTLS_SESSION_H

#include "dtls_timer.h"
#include "dtls_types.h"
#include "mbedtls_compat.h"

/* How far mbedTLS is.
 *
 *   NONE --open--> WAITING --begin--> HANDSHAKE --both Finished messages are verified--> OVER
 *
 * The association is CONNECTED when it is OVER and a fingerprint matches. */
enum dtls_phase {
    PHASE_NONE,    /* nothing set up: no role yet */
    PHASE_WAITING, /* the role is known, there is no path yet */
    PHASE_HANDSHAKE,
    PHASE_OVER
};

/* Part of an association, which sets what is first; dtls_session.c writes the rest. mbedTLS keeps pointers into it: it never moves. */
struct dtls_session {
    rtc_context *context;
    struct certificate *certificate; /* ours; borrowed from the association */
    uint16_t handshake_mtu;          /* largest datagram of a flight */
    enum dtls_role role;
    rtc_time_t rtt_us; /* 0: unknown */

    /* For the duration of a call. */
    rtc_time_t now;
    struct packet_pool *pool;
    struct slice inbox; /* the one record that mbedTLS reads next: whoever feeds it sets it, receive() takes it out */

    enum dtls_phase phase;
    struct dtls_timer timer;
    struct packet_queue flight; /* what mbedTLS wrote */
    uint64_t retransmits;       /* flights sent again */
    bool set_up;                /* ssl and config are in use */
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    struct mbedtls_compat_secrets secrets;
};

/* Prepares mbedTLS for the role: 0, or its error. */
int dtls_session_open(struct dtls_session *s);
void dtls_session_close(struct dtls_session *s);
/* There is a path: from now on it may step. */
void dtls_session_begin(struct dtls_session *s);
/* The first retransmission timeout follows from the round trip. */
void dtls_session_set_timeout(struct dtls_session *s);
/* Runs the handshake as far as the inbox and the time allow; returns 0, or the mbedTLS error that ended it. */
int dtls_session_step(struct dtls_session *s);
/* Whether a record of the current epoch is authentic and new. Only while the handshake runs, when mbedTLS would not forgive a bad one. */
bool dtls_session_vouches(struct dtls_session *s, struct slice record);
/* Forgets a ClientHello that mbedTLS did not understand. */
int dtls_session_restart(struct dtls_session *s);
/* Derives the SRTP keys, if a profile was negotiated (*out stays as it was when not), and wipes the secrets. */
int dtls_session_derive_keys(struct dtls_session *s, struct dtls_srtp_keys *out);
/* Sends what mbedTLS wrote, or drops it. */
void dtls_session_flush(struct dtls_session *s, struct out *out);

#endif
