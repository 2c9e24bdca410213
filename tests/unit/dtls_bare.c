/* SPDX-License-Identifier: MIT */
/* See dtls_bare.h. */
#include "dtls_bare.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/ssl_internal.h>

static int bare_random(void *user, unsigned char *bytes, size_t len)
{
    context_random(user, bytes, len);
    return 0;
}

static int bare_send(void *user, const unsigned char *bytes, size_t len)
{
    struct bare *b = user;
    pair_inject(b->pair, b->other, slice_of(bytes, len));
    return (int)len;
}

static int bare_receive(void *user, unsigned char *bytes, size_t capacity)
{
    struct bare *b = user;
    struct packet *p = packet_queue_pop(&b->pair->end[b->other].out.tx);
    if (!p)
        return MBEDTLS_ERR_SSL_WANT_READ;
    assert_true(p->len <= capacity);
    memcpy(bytes, packet_data(p), p->len);
    int len = (int)p->len;
    packet_free(p);
    return len;
}

static void bare_set_timer(void *user, uint32_t intermediate, uint32_t final)
{
    (void)intermediate;
    ((struct bare *)user)->timer = final;
}

static int bare_get_timer(void *user)
{
    return ((struct bare *)user)->timer ? 0 : -1; /* never expires: nothing is lost here */
}

void bare_init(struct bare *b, struct pair *p, int endpoint, bool srtp)
{
    static const mbedtls_ssl_srtp_profile profiles[] = {MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80, MBEDTLS_TLS_SRTP_UNSET};
    *b = (struct bare){.pair = p, .other = endpoint == MBEDTLS_SSL_IS_CLIENT ? SERVER : CLIENT};
    mbedtls_ssl_init(&b->ssl);
    mbedtls_ssl_config_init(&b->config);
    mbedtls_x509_crt_init(&b->chain);
    mbedtls_pk_init(&b->key);
    assert_int_equal(mbedtls_ssl_config_defaults(&b->config, endpoint, MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT), 0);
    mbedtls_ssl_conf_rng(&b->config, bare_random, p->context);
    mbedtls_ssl_conf_authmode(&b->config, MBEDTLS_SSL_VERIFY_NONE);
    if (endpoint == MBEDTLS_SSL_IS_SERVER)
        mbedtls_ssl_conf_dtls_cookies(&b->config, NULL, NULL, NULL);
    if (srtp)
        assert_int_equal(mbedtls_ssl_conf_dtls_srtp_protection_profiles(&b->config, profiles), 0);
}

void bare_identify(struct bare *b, struct certificate *certificate)
{
    char *pem;
    assert_int_equal(certificate_export_pem(certificate, &pem), 0);
    assert_int_equal(mbedtls_x509_crt_parse(&b->chain, (uint8_t *)pem, strlen(pem) + 1), 0);
    assert_int_equal(mbedtls_pk_parse_key(&b->key, (uint8_t *)pem, strlen(pem) + 1, NULL, 0), 0);
    assert_int_equal(mbedtls_ssl_conf_own_cert(&b->config, &b->chain, &b->key), 0);
    free(pem);
}

static int handshake(struct bare *b)
{
    int result = 0;
    while (result == 0 && b->ssl.state != MBEDTLS_SSL_HANDSHAKE_OVER) {
        if (b->skips_certificate_verify && b->ssl.state == MBEDTLS_SSL_CERTIFICATE_VERIFY) {
            assert_int_equal(mbedtls_ssl_derive_keys(&b->ssl), 0);
            b->ssl.state = MBEDTLS_SSL_CLIENT_CHANGE_CIPHER_SPEC;
        }
        result = mbedtls_ssl_handshake_step(&b->ssl);
        if (result == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
            assert_int_equal(mbedtls_ssl_session_reset(&b->ssl), 0);
            result = mbedtls_ssl_set_client_transport_id(&b->ssl, (const uint8_t *)"x", 1);
        }
    }
    return result;
}

int bare_run(struct bare *b)
{
    assert_int_equal(mbedtls_ssl_setup(&b->ssl, &b->config), 0);
    mbedtls_ssl_set_bio(&b->ssl, b, bare_send, bare_receive, NULL);
    mbedtls_ssl_set_timer_cb(&b->ssl, b, bare_set_timer, bare_get_timer);
    if (b->config.endpoint == MBEDTLS_SSL_IS_SERVER)
        assert_int_equal(mbedtls_ssl_set_client_transport_id(&b->ssl, (const uint8_t *)"x", 1), 0);
    int result = MBEDTLS_ERR_SSL_WANT_READ;
    for (int i = 0; i < 50 && (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE); i++)
        result = handshake(b);
    return result;
}

void bare_fini(struct bare *b)
{
    mbedtls_ssl_free(&b->ssl);
    mbedtls_ssl_config_free(&b->config);
    mbedtls_x509_crt_free(&b->chain);
    mbedtls_pk_free(&b->key);
}
