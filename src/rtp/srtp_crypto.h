/* SPDX-License-Identifier: MIT */
/* AES-128 in counter mode and HMAC-SHA1 (RFC 3711 sections 4.1.1 and 4.2.1) for libsrtp2, by mbedTLS. What libsrtp2 is built with makes a
 * context anew for every packet; these keep theirs for as long as a key lives (docs/decisions/0040-srtp-by-mbedtls.md). */
#ifndef CRTC_SRTP_CRYPTO_H
#define CRTC_SRTP_CRYPTO_H

#include <stdbool.h>

/* Once in a process, after srtp_init(). libsrtp2 tests what it is given by known answers, ours and its own, and keeps what it had when that
 * fails: false. */
bool srtp_crypto_install(void);

#endif
