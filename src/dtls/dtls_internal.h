/* SPDX-License-Identifier: MIT */
/* The association's parts, shared by dtls.c (states, judging, application data) and dtls_handshake.c (mbedTLS and its callbacks). */
#ifndef CRTC_DTLS_INTERNAL_H
#define CRTC_DTLS_INTERNAL_H

#include "client_hello.h"
#include "dtls.h"
#include "dtls_record.h"
#include "mbedtls_compat.h"

/* How far mbedTLS is. CONNECTED needs PHASE_OVER and a fingerprint that matches. */
enum dtls_phase {
    PHASE_NONE,    /* nothing set up: no role yet */
    PHASE_WAITING, /* the role is known, there is no path yet */
    PHASE_HANDSHAKE,
    PHASE_OVER /* both Finished messages are verified */
};

/* mbedTLS's retransmission timer in the caller's time. */
struct dtls_timer {
    rtc_time_t intermediate;
    rtc_time_t final; /* RTC_TIME_NEVER: cancelled */
    rtc_time_t first; /* how long it runs for a flight that was sent once */
};

struct dtls {
    rtc_context *context;
    struct certificate *certificate;
    uint16_t mtu, handshake_mtu;
    enum dtls_state state;
    enum dtls_role role;
    enum dtls_phase phase;
    bool writable;
    bool has_keys;
    int ignored_alert;    /* the description of the last fatal one that nobody vouched for */
    rtc_time_t alert_due; /* when it is believed; RTC_TIME_NEVER without one */
    rtc_time_t rtt_us;
    struct dtls_timer timer;
    rtc_time_t hastened_at;
    unsigned hastened; /* how often the timer was cut short */

    struct dtls_fingerprint fingerprints[DTLS_FINGERPRINTS_MAX];
    size_t fingerprint_count;

    struct packet_queue early;  /* datagrams that came before the role or a path was known */
    struct packet_queue future; /* encrypted records that overtook the handshake */
    struct packet_queue held;   /* application data that nobody vouched for yet */
    struct client_hello hello;

    /* For the duration of a call. */
    rtc_time_t now;
    struct out *out;
    struct slice inbox;         /* the one record that mbedTLS reads next */
    struct packet_queue flight; /* what mbedTLS wrote */

    bool set_up; /* ssl and config are in use */
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    struct mbedtls_compat_secrets secrets;
    struct dtls_srtp_keys keys;
    struct dtls_counters counters;
    char failure[192];
    char cipher[64];
};

/* Prepares mbedTLS for the role. */
int dtls_session_open(struct dtls *d);
void dtls_session_close(struct dtls *d);
/* The first retransmission timeout follows from the round trip. */
void dtls_session_set_timeout(struct dtls *d);
/* Runs the handshake as far as the inbox and the time allow; returns 0, or the mbedTLS error that ended it. */
int dtls_session_step(struct dtls *d);
/* Whether a record of the current epoch is authentic and new. Only while the handshake runs, when mbedTLS would not forgive a bad one. */
bool dtls_session_vouches(struct dtls *d, struct slice record);
/* Forgets a ClientHello that mbedTLS did not understand. */
int dtls_session_restart(struct dtls *d);
/* Derives the SRTP keys, if a profile was negotiated, and wipes the secrets. */
int dtls_session_derive_keys(struct dtls *d);
/* Sends what mbedTLS wrote, or drops it. */
void dtls_session_flush(struct dtls *d);

#endif
