/* SPDX-License-Identifier: MIT */
/* See tls_server.h. */
#include "tls_server.h"

#include "context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

char *tls_server_file(const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/certificates/%s", CRTC_TEST_DATA, name);
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 16384);
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, 16383, file) > 0);
    fclose(file);
    return text;
}

static int draw(void *user, unsigned char *bytes, size_t len)
{
    context_random(user, bytes, len);
    return 0;
}

static int transmit(void *user, const unsigned char *bytes, size_t len)
{
    struct tls_bytes *b = &((struct tls_server *)user)->out;
    assert_true(b->len + len <= sizeof b->data);
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
    return (int)len;
}

static int receive(void *user, unsigned char *bytes, size_t len)
{
    struct tls_bytes *b = &((struct tls_server *)user)->in;
    size_t n = b->len - b->read < len ? b->len - b->read : len;
    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(bytes, b->data + b->read, n);
    b->read += n;
    return (int)n;
}

void tls_server_begin(struct tls_server *s, rtc_context *context, const char *file)
{
    char *pem = tls_server_file(file);
    s->context = context;
    mbedtls_ssl_init(&s->ssl);
    mbedtls_ssl_config_init(&s->config);
    mbedtls_x509_crt_init(&s->chain);
    mbedtls_pk_init(&s->key);
    assert_int_equal(
        mbedtls_ssl_config_defaults(&s->config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT), 0);
    mbedtls_ssl_conf_rng(&s->config, draw, context);
    mbedtls_ssl_conf_renegotiation(&s->config, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
    assert_int_equal(mbedtls_x509_crt_parse(&s->chain, (uint8_t *)pem, strlen(pem) + 1), 0);
    assert_int_equal(mbedtls_pk_parse_key(&s->key, (uint8_t *)pem, strlen(pem) + 1, NULL, 0), 0);
    assert_int_equal(mbedtls_ssl_conf_own_cert(&s->config, &s->chain, &s->key), 0);
    assert_int_equal(mbedtls_ssl_setup(&s->ssl, &s->config), 0);
    mbedtls_ssl_set_bio(&s->ssl, s, transmit, receive, NULL);
    free(pem);
}

void tls_server_end(struct tls_server *s)
{
    mbedtls_ssl_free(&s->ssl);
    mbedtls_ssl_config_free(&s->config);
    mbedtls_x509_crt_free(&s->chain);
    mbedtls_pk_free(&s->key);
}

void tls_server_give(struct tls_server *s, struct slice bytes)
{
    assert_true(s->in.len + bytes.len <= sizeof s->in.data);
    memcpy(s->in.data + s->in.len, bytes.data, bytes.len);
    s->in.len += bytes.len;
}

struct slice tls_server_take(struct tls_server *s, size_t most)
{
    size_t left = s->out.len - s->out.read, n = left < most ? left : most;
    struct slice taken = slice_of(s->out.data + s->out.read, n);
    s->out.read += n;
    return taken;
}
