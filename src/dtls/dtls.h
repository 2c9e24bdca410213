/* SPDX-License-Identifier: MIT */
/* One DTLS 1.2 association (RFC 6347, RFC 8827, RFC 5764) over mbedTLS as a pure state machine. Shows no mbedTLS type, so that another back
 * end can stand behind it.
 *
 *   NEW --start--> CONNECTING --handshake and fingerprint--> CONNECTED --close_notify either way--> CLOSED
 *                      +---------- alert, bad fingerprint ------+---> FAILED
 */
#ifndef CRTC_DTLS_H
#define CRTC_DTLS_H

#include "certificate.h"
#include "out.h"

struct dtls;

enum dtls_state { DTLS_NEW, DTLS_CONNECTING, DTLS_CONNECTED, DTLS_CLOSED, DTLS_FAILED };
enum dtls_role { DTLS_SERVER, DTLS_CLIENT };

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

enum { DTLS_FINGERPRINTS_MAX = 8, DTLS_HELD_RECORDS_MAX = 32 };

/* From a=fingerprint. Unknown hash functions are ignored; at least one known one must match. */
struct dtls_fingerprint {
    char hash[16]; /* lower case: "sha-256" */
    uint8_t value[64];
    size_t len;
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

int dtls_new(rtc_context *context, const struct dtls_options *options, struct dtls **out);
void dtls_free(struct dtls *dtls);
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
/* RTC_ERR_INVALID_STATE before CONNECTED, RTC_ERR_NOT_FOUND when no SRTP profile was negotiated. */
int dtls_srtp_keys(const struct dtls *dtls, struct dtls_srtp_keys *out);
/* The peer's certificate, DER; empty before CONNECTED. Borrowed. */
struct slice dtls_remote_certificate(const struct dtls *dtls);
/* IANA names: "TLS_ECDHE_...", or "". */
const char *dtls_cipher(const struct dtls *dtls);
/* The same for SRTP: "SRTP_AES128_CM_HMAC_SHA1_80", or "" while none is negotiated. */
const char *dtls_srtp_profile_name(const struct dtls *dtls);
/* Bytes that a record adds to its data. */
size_t dtls_overhead(const struct dtls *dtls);
const struct dtls_counters *dtls_counters(const struct dtls *dtls);

#endif
