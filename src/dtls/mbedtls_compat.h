/* SPDX-License-Identifier: MIT */
/* Everything of mbedTLS that changed its name, its signature or its visibility between 2.28 and 3.6, so that no other file has to know
 * which of them it is built with. */
#ifndef CRTC_MBEDTLS_COMPAT_H
#define CRTC_MBEDTLS_COMPAT_H

#include "slice.h"

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include <crtc/context.h>

/* Part of a session: what a handshake negotiated. Written by the export callback (mbedtls_compat.c); the session wipes it as soon as the
 * SRTP keys are derived, the association when it ends. */
struct mbedtls_compat_secrets {
    bool set;
    mbedtls_tls_prf_types prf;
    uint8_t master[48];
    uint8_t random[64]; /* the client's, then the server's */
};

/* f_rng: `context` is an rtc_context. Draws straight from the context, so that no generator state is shared between threads. */
int mbedtls_compat_random(void *context, unsigned char *bytes, size_t len);

/* DTLS 1.2 only; the curves and signature hashes we offer and accept. */
void mbedtls_compat_set_algorithms(mbedtls_ssl_config *config);
/* The callback that fills `secrets`; both must outlive the handshake. */
void mbedtls_compat_capture_secrets(mbedtls_ssl_config *config, mbedtls_ssl_context *ssl, struct mbedtls_compat_secrets *secrets);

/* A server that has not accepted a ClientHello yet. */
bool mbedtls_compat_awaits_client_hello(const mbedtls_ssl_context *ssl);
/* The epoch that incoming records must have. */
unsigned mbedtls_compat_epoch_in(const mbedtls_ssl_context *ssl);
/* The description of the alert that made a call return FATAL_ALERT_MESSAGE. */
int mbedtls_compat_alert(const mbedtls_ssl_context *ssl);

/* A zero-terminated PEM private key. */
int mbedtls_compat_parse_key(rtc_context *context, mbedtls_pk_context *key, const char *pem, size_t len);
int mbedtls_compat_check_pair(rtc_context *context, const mbedtls_pk_context *public_key, const mbedtls_pk_context *private_key);
/* A signature over a SHA-256 digest. */
int mbedtls_compat_sign(rtc_context *context, mbedtls_pk_context *key, const uint8_t *digest, size_t digest_len, uint8_t *signature, size_t capacity, size_t *len);
/* Whether a key is one that we would sign with: RSA of at least 1024 bits, ECDSA on P-256 or P-384. */
bool mbedtls_compat_key_usable(const mbedtls_pk_context *key);
/* The same key as one that signs in place, borrowed and not to be freed. mbedTLS copies an EC key for every signature, and with the copy
 * goes the table of multiples of the base point; an ECDSA key, which is the same structure, it uses as it is. */
mbedtls_pk_context mbedtls_compat_signer(const mbedtls_pk_context *key);

#endif
