/* SPDX-License-Identifier: MIT */
/* The association: its parts, put together in dtls.c. For that file, and for tests that look whether secrets and memory are gone. */
#ifndef CRTC_DTLS_INTERNAL_H
#define CRTC_DTLS_INTERNAL_H

#include "client_hello.h"
#include "dtls_types.h"
#include "dtls_session.h"

/* What came before it could be taken, bounded by DTLS_HELD_RECORDS_MAX each. Part of an association; written by dtls.c. */
struct dtls_waiting {
    struct packet_queue early;  /* datagrams that came before the role or a path was known */
    struct packet_queue future; /* encrypted records that overtook the handshake */
    struct packet_queue data;   /* application data that nobody vouched for yet */
};

/* The last fatal alert that nobody vouched for. Part of an association; written by dtls.c. */
struct dtls_doubtful_alert {
    int description;
    rtc_time_t due; /* when it is believed; RTC_TIME_NEVER without one */
};

/* Owned by the transport; written by dtls.c, but for the parts whose headers name another: the session, its timer, the ClientHello. */
struct dtls {
    rtc_context *context;
    struct certificate *certificate; /* a reference */
    uint16_t mtu;
    enum dtls_state state; /* move_to() */
    bool started;          /* the role is known: the handshake begins when there is a path */
    bool writable;         /* there is a path */
    struct out *out;       /* for the duration of a call */
    struct dtls_session session;
    struct client_hello hello;
    struct dtls_waiting waiting;
    struct dtls_doubtful_alert alert;
    struct dtls_fingerprint fingerprints[DTLS_FINGERPRINTS_MAX];
    size_t fingerprint_count;

    /* What came of it. */
    struct dtls_srtp_keys keys; /* profile 0: none was negotiated */
    char cipher[64];
    char failure[192];
    struct dtls_cause cause;
    struct dtls_counters counters;
};

#endif
