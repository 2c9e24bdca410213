/* SPDX-License-Identifier: MIT */
/* Self-signed X.509 certificates as DER (RFC 5280). mbedTLS 2.28 has a writer, too: it leaves an empty list of extensions behind
 * (against 4.1.2.9) and gives ecdsa-with-SHA256 parameters (against RFC 5758 3.2), which strict readers such as Chromium's refuse. */
#ifndef CRTC_CERTIFICATE_WRITE_H
#define CRTC_CERTIFICATE_WRITE_H

#include "slice.h"

#include <crtc/context.h>
#include <mbedtls/pk.h>

enum {
    CERTIFICATE_NAMES_MAX = 64,     /* subjectAltName entries of a certificate that we make */
    CERTIFICATE_NAME_LEN_MAX = 253, /* of a host name (RFC 1035 2.3.4) */
};

struct certificate_content {
    mbedtls_pk_context *key;    /* the subject's public key */
    mbedtls_pk_context *signer; /* the same one, which signs */
    struct slice serial;        /* 1 to 20 bytes, positive, without leading zeros */
    int64_t from_us, to_us;     /* validity, in microseconds since 1970 */
    const char *const *names;   /* subjectAltName: host names and numeric addresses, each certificate_name_is_valid() */
    size_t name_count;          /* 0: a certificate without extensions */
};

/* A host name of letters, digits, '-' and '_' that may begin with "*.", or a numeric IPv4 or IPv6 address. */
bool certificate_name_is_valid(const char *name);
/* What certificate_write needs at most. */
size_t certificate_write_bound(size_t name_count);
/* 0, and *out lies at the end of the buffer; or an error of mbedTLS. */
int certificate_write(rtc_context *context, const struct certificate_content *content, uint8_t *buffer, size_t capacity, struct slice *out);

#endif
