/* SPDX-License-Identifier: MIT */
/* A certificate and its private key (RTCCertificate, webrtc-pc 4.9), and a supply of them made ahead of need, one per context. */
#ifndef CRTC_CERTIFICATE_H
#define CRTC_CERTIFICATE_H

#include "slice.h"

#include <crtc/context.h>
#include <crtc/peer_connection.h>

/* Reference-counted; any thread. */
struct certificate;

enum certificate_key { CERTIFICATE_ECDSA_P256, CERTIFICATE_RSA_2048 };

struct certificate_wish {
    enum certificate_key key;
    int64_t lifetime_us;      /* 0: 30 days */
    const char *const *names; /* for subjectAltName: host names and numeric addresses */
    size_t name_count;
    bool expires_at_once;  /* lifetime_us does not count */
    uint32_t modulus_bits; /* of an RSA key; 0: 2048 */
};

/* Self-signed. RTC_ERR_RANGE for too many names, RTC_ERR_SYNTAX for one that is none, RTC_ERR_TYPE for a missing one. */
int certificate_make(rtc_context *context, const struct certificate_wish *wish, struct certificate **out);
/* Without names; valid from a day ago for `lifetime_us` (0: 30 days) from now. */
int certificate_generate(rtc_context *context, enum certificate_key key, int64_t lifetime_us, struct certificate **out);
/* A PEM certificate followed or preceded by its PEM private key. RTC_ERR_SYNTAX, RTC_ERR_INVALID_ACCESS when they do not belong together.
 */
int certificate_import_pem(rtc_context *context, struct slice pem, struct certificate **out);
/* Both as PEM, zero-terminated; freed with memory_free. */
int certificate_export_pem(const struct certificate *certificate, char **out);
struct certificate *certificate_ref(struct certificate *certificate);
void certificate_unref(struct certificate *certificate);
/* "AB:CD:..." of SHA-256 over the DER form. Borrowed. */
const char *certificate_fingerprint(const struct certificate *certificate);
/* RTCDtlsFingerprint, as an array of one. */
const rtc_dtls_fingerprint *const *certificate_listed(const struct certificate *certificate);
/* DER form. Borrowed. */
struct slice certificate_der(const struct certificate *certificate);
/* Microseconds since 1970. */
int64_t certificate_expires_us(const struct certificate *certificate);
/* Whose memory it lives in. Borrowed. */
rtc_context *certificate_context(const struct certificate *certificate);
/* One from the context's supply (made in the background by its executor), or made now when the supply is empty; the caller's reference. */
int certificate_take(rtc_context *context, struct certificate **out);

#endif
