/* SPDX-License-Identifier: MIT */
/* What an association, its parts and its owner all speak of: states, events, options, keys, counters. Values only: nothing here is owned by
 * anybody but where it says so. */
#ifndef CRTC_DTLS_TYPES_H
#define CRTC_DTLS_TYPES_H

#include "certificate.h"
#include "dtls_fingerprint.h"
#include "moves.h"
#include "out.h"

/* Drawn in dtls.h. */
enum dtls_state { DTLS_NEW, DTLS_CONNECTING, DTLS_CONNECTED, DTLS_CLOSED, DTLS_FAILED };
extern const struct moves dtls_moves;
enum dtls_role { DTLS_SERVER, DTLS_CLIENT };

/* Application data of a peer that nobody vouched for, datagrams before the handshake, records that overtook it: so many of each wait. */
enum { DTLS_HELD_RECORDS_MAX = 32 };

enum dtls_event_type {
    DTLS_EVENT_STATE = EVENT_DTLS, /* state, already stored */
    DTLS_EVENT_DATA                /* data: one decrypted record of application data (an SCTP packet) */
};

struct dtls_event {
    struct event head;
    union {
        enum dtls_state state;
        struct packet *data;
    };
};
_Static_assert(sizeof(struct dtls_event) <= EVENT_BYTES, "an event of this module fits");

enum { DTLS_CHAIN_MAX = 8 }; /* certificates of the peer's chain that are shown */

/* Why it failed, as far as alerts and fingerprints say it. */
struct dtls_cause {
    bool fingerprint;               /* the peer's certificate is not the one that was promised */
    int received_alert, sent_alert; /* fatal ones (RFC 8446 6); -1: none */
};

struct dtls_options {
    struct certificate *certificate; /* a reference is taken */
    uint16_t mtu;                    /* largest datagram; 0: PACKET_MTU */
    uint16_t handshake_mtu;          /* the same for the flights of the handshake; 0: mtu */
};

/* Keying material for one direction each; wiped by the receiver (RFC 5764 4.2). */
struct dtls_srtp_keys {
    uint16_t profile; /* 1: SRTP_AES128_CM_HMAC_SHA1_80; 7, 8: the AEAD ones */
    uint8_t key_len, salt_len;
    uint8_t local_key[32], local_salt[14]; /* what we send is protected with */
    uint8_t remote_key[32], remote_salt[14];
};

struct dtls_counters {
    uint64_t malformed;   /* records or fragments that make no sense */
    uint64_t dropped;     /* bad MAC, replay, beyond the hold */
    uint64_t retransmits; /* flights sent again */
};

#endif
