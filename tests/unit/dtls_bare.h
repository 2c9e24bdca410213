/* SPDX-License-Identifier: MIT */
/* Another implementation's choices at one end of a pair: mbedTLS without anything of ours around it. Nothing is lost on its way. */
#ifndef CRTC_TEST_DTLS_BARE_H
#define CRTC_TEST_DTLS_BARE_H

#include "dtls_pair.h"

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>

struct bare {
    struct pair *pair;
    int other; /* the end that is ours */
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    mbedtls_x509_crt chain;
    mbedtls_pk_context key;
    rtc_time_t timer;
    bool skips_certificate_verify;
};

/* `endpoint`: MBEDTLS_SSL_IS_CLIENT or MBEDTLS_SSL_IS_SERVER. `srtp`: it offers use_srtp. */
void bare_init(struct bare *b, struct pair *p, int endpoint, bool srtp);
void bare_identify(struct bare *b, struct certificate *certificate);
/* The handshake as far as it goes; 0 when over. */
int bare_run(struct bare *b);
void bare_fini(struct bare *b);

#endif
