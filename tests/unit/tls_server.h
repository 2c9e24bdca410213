/* SPDX-License-Identifier: MIT */
/* A TLS server of mbedTLS in memory, for tests of the client: what it sends and what it gets are arrays of bytes. */
#ifndef CRTC_TLS_SERVER_H
#define CRTC_TLS_SERVER_H

#include "packet.h"

#include <mbedtls/ssl.h>

struct tls_bytes {
    uint8_t data[1 << 17];
    size_t len, read;
};

struct tls_server {
    rtc_context *context; /* for random numbers; borrowed */
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    mbedtls_x509_crt chain;
    mbedtls_pk_context key;
    struct tls_bytes in, out;
};

/* The text of a file of tests/data/certificates; the caller's (free). */
char *tls_server_file(const char *name);
/* `file`: its certificates and key. */
void tls_server_begin(struct tls_server *s, rtc_context *context, const char *file);
void tls_server_end(struct tls_server *s);
/* What the client sends. */
void tls_server_give(struct tls_server *s, struct slice bytes);
/* What it has to send, from `read` on: up to `most` bytes, which are then taken. */
struct slice tls_server_take(struct tls_server *s, size_t most);

#endif
