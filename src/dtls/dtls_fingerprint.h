/* SPDX-License-Identifier: MIT */
/* Comparing the peer's certificate with the fingerprints of its session description (RFC 8122 5). */
#ifndef CRTC_DTLS_FINGERPRINT_H
#define CRTC_DTLS_FINGERPRINT_H

#include "slice.h"

enum { DTLS_FINGERPRINTS_MAX = 8 };

/* From a=fingerprint. Unknown hash functions are ignored; at least one known one must match. */
struct dtls_fingerprint {
    char hash[16]; /* lower case: "sha-256" */
    uint8_t value[64];
    size_t len;
};

enum dtls_fingerprint_result { FINGERPRINT_MATCHES, FINGERPRINT_DIFFERS, FINGERPRINT_UNUSABLE /* no hash function that we know */ };

/* Only the strongest hash function among those given counts; one of its fingerprints must match. */
enum dtls_fingerprint_result dtls_fingerprint_check(const struct dtls_fingerprint *list, size_t count, struct slice certificate);

#endif
