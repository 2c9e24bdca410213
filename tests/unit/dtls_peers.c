/* SPDX-License-Identifier: MIT */
/* Peers of other make, played by a bare mbedTLS: what they offer, leave out, forge and ask for. */
#include "dtls_bare.h"
#include "dtls_record.h"

#include <stdlib.h>
#include <string.h>

static void bare_server(struct pair *p, struct certificates *c, const struct certificate *trusted)
{
    pair_init(p, c->context, c->ecdsa[0], c->ecdsa[1]);
    assert_int_equal(dtls_start(p->end[SERVER].dtls, p->now, DTLS_SERVER, &p->end[SERVER].out), 0);
    dtls_set_writable(p->end[SERVER].dtls, p->now, &p->end[SERVER].out);
    pair_trust(p, SERVER, trusted);
}

static void no_client_certificate(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    struct bare b;
    bare_server(&p, c, c->ecdsa[0]);
    bare_init(&b, &p, MBEDTLS_SSL_IS_CLIENT, true);
    assert_int_equal(bare_run(&b), 0); /* as far as it knows */
    assert_true(mbedtls_ssl_write(&b.ssl, (const uint8_t *)"data", 4) > 0);
    assert_int_equal(dtls_state(p.end[SERVER].dtls), DTLS_FAILED);
    assert_string_equal(dtls_failure(p.end[SERVER].dtls), "the peer sent no certificate");
    assert_int_equal(p.end[SERVER].text_count, 0);
    uint8_t byte;
    assert_int_equal(mbedtls_ssl_read(&b.ssl, &byte, 1), MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
    bare_fini(&b);
    pair_fini(&p);
}

static void no_use_srtp(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    struct bare b;
    struct dtls_srtp_keys keys;
    bare_server(&p, c, c->ecdsa[0]);
    bare_init(&b, &p, MBEDTLS_SSL_IS_CLIENT, false);
    bare_identify(&b, c->ecdsa[0]);
    assert_int_equal(bare_run(&b), 0);
    assert_int_equal(dtls_state(p.end[SERVER].dtls), DTLS_CONNECTED);
    assert_int_equal(dtls_export_srtp_keys(p.end[SERVER].dtls, &keys), RTC_ERR_NOT_FOUND);
    bare_fini(&b);
    pair_fini(&p);
}

static void only_a_profile_that_we_do_not_take(void **state)
{
    static const mbedtls_ssl_srtp_profile profiles[] = {MBEDTLS_TLS_SRTP_NULL_HMAC_SHA1_80, MBEDTLS_TLS_SRTP_UNSET};
    struct certificates *c = *state;
    struct pair p;
    struct bare b;
    struct dtls_srtp_keys keys;
    bare_server(&p, c, c->ecdsa[0]);
    bare_init(&b, &p, MBEDTLS_SSL_IS_CLIENT, true);
    bare_identify(&b, c->ecdsa[0]);
    assert_int_equal(mbedtls_ssl_conf_dtls_srtp_protection_profiles(&b.config, profiles), 0);
    assert_int_equal(bare_run(&b), 0);
    assert_int_equal(dtls_export_srtp_keys(p.end[SERVER].dtls, &keys), RTC_ERR_NOT_FOUND);
    bare_fini(&b);
    pair_fini(&p);
}

static void weak_clients_are_refused(void **state)
{
    static const int weak[][2] = {{MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256, 0}, {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, 0}};
    struct certificates *c = *state;
    for (int i = 0; i < 3; i++) {
        struct pair p;
        struct bare b;
        bare_server(&p, c, c->ecdsa[0]);
        bare_init(&b, &p, MBEDTLS_SSL_IS_CLIENT, true);
        bare_identify(&b, c->ecdsa[0]);
        if (i < 2)
            mbedtls_ssl_conf_ciphersuites(&b.config, weak[i]);
        else
            mbedtls_ssl_conf_max_version(&b.config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_2); /* DTLS 1.0 */
        assert_int_not_equal(bare_run(&b), 0);
        assert_int_equal(dtls_state(p.end[SERVER].dtls), DTLS_FAILED);
        assert_true(strlen(dtls_failure(p.end[SERVER].dtls)) > 0);
        bare_fini(&b);
        pair_fini(&p);
    }
}

static void every_cipher_suite(void **state)
{
    static const int suites[][2] = {
        {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 37},
        {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, 37},
        {MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 29},
    };
    static const char *const names[] = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                                        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"};
    struct certificates *c = *state;
    for (int i = 0; i < 3; i++) {
        struct pair p;
        struct bare b;
        int only[2] = {suites[i][0], 0};
        uint8_t text[16];
        bare_server(&p, c, c->ecdsa[0]);
        bare_init(&b, &p, MBEDTLS_SSL_IS_CLIENT, true);
        bare_identify(&b, c->ecdsa[0]);
        mbedtls_ssl_conf_ciphersuites(&b.config, only);
        assert_int_equal(bare_run(&b), 0);
        struct end *e = &p.end[SERVER];
        assert_int_equal(dtls_state(e->dtls), DTLS_CONNECTED);
        assert_string_equal(dtls_cipher(e->dtls), names[i]);
        assert_int_equal(dtls_overhead(e->dtls), suites[i][1]);
        assert_int_equal(dtls_send(e->dtls, slice_str("hello"), &e->out), 0);
        assert_int_equal(e->out.tx.head->len, 5 + suites[i][1]);
        assert_int_equal(mbedtls_ssl_read(&b.ssl, text, sizeof text), 5);
        bare_fini(&b);
        pair_fini(&p);
    }
}

static void a_key_that_is_not_the_certificates(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    struct bare b;
    char *pem;
    bare_server(&p, c, c->ecdsa[0]); /* its fingerprint would match */
    bare_init(&b, &p, MBEDTLS_SSL_IS_CLIENT, true);
    struct slice der = certificate_der(c->ecdsa[0]);
    assert_int_equal(mbedtls_x509_crt_parse_der(&b.chain, der.data, der.len), 0);
    assert_int_equal(certificate_export_pem(c->ecdsa[1], &pem), 0);
    assert_int_equal(mbedtls_pk_parse_key(&b.key, (uint8_t *)pem, strlen(pem) + 1, NULL, 0), 0);
    free(pem);
    assert_int_equal(mbedtls_ssl_conf_own_cert(&b.config, &b.chain, &b.key), 0);
    assert_int_not_equal(bare_run(&b), 0);
    assert_int_equal(dtls_state(p.end[SERVER].dtls), DTLS_FAILED);
    bare_fini(&b);
    pair_fini(&p);
}

/* A certificate is only a claim until the handshake is signed with its key. */
static void a_skipped_certificate_verify(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    struct bare b;
    bare_server(&p, c, c->ecdsa[0]); /* its fingerprint would match */
    bare_init(&b, &p, MBEDTLS_SSL_IS_CLIENT, true);
    bare_identify(&b, c->ecdsa[0]);
    b.skips_certificate_verify = true;
    assert_int_not_equal(bare_run(&b), 0);
    assert_int_not_equal(dtls_state(p.end[SERVER].dtls), DTLS_CONNECTED);
    pair_collect(&p);
    assert_int_equal(p.end[SERVER].text_count, 0);
    bare_fini(&b);
    pair_fini(&p);
}

struct exported {
    uint8_t master[48], random[64];
    mbedtls_tls_prf_types prf;
};

static int export(void *user, const unsigned char *master, const unsigned char *keys, size_t mac, size_t key, size_t iv,
                  const unsigned char client[32], const unsigned char server[32], mbedtls_tls_prf_types prf)
{
    struct exported *e = user;
    (void)keys;
    (void)mac;
    (void)key;
    (void)iv;
    memcpy(e->master, master, 48);
    memcpy(e->random, client, 32);
    memcpy(e->random + 32, server, 32);
    e->prf = prf;
    return 0;
}

/* RFC 5764 section 4.2: both keys, then both salts, the client's first, whatever our role. */
static void the_keys_are_in_their_places(void **state)
{
    struct certificates *c = *state;
    for (int ours = 0; ours < 2; ours++) {
        struct pair p;
        struct bare b;
        struct exported e;
        struct dtls_srtp_keys k;
        uint8_t m[60];
        bool server = ours == SERVER;
        pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
        pair_trust(&p, ours, c->ecdsa[1 - ours]);
        bare_init(&b, &p, server ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER, true);
        bare_identify(&b, c->ecdsa[1 - ours]);
        mbedtls_ssl_conf_export_keys_ext_cb(&b.config, export, &e);
        if (!server)
            mbedtls_ssl_conf_authmode(&b.config, MBEDTLS_SSL_VERIFY_NONE);
        assert_int_equal(dtls_start(p.end[ours].dtls, p.now, server ? DTLS_SERVER : DTLS_CLIENT, &p.end[ours].out), 0);
        dtls_set_writable(p.end[ours].dtls, p.now, &p.end[ours].out);
        assert_int_equal(bare_run(&b), 0);
        assert_int_equal(dtls_state(p.end[ours].dtls), DTLS_CONNECTED);
        assert_int_equal(mbedtls_ssl_tls_prf(e.prf, e.master, 48, "EXTRACTOR-dtls_srtp", e.random, 64, m, sizeof m), 0);
        assert_int_equal(dtls_export_srtp_keys(p.end[ours].dtls, &k), 0);
        assert_memory_equal(server ? k.remote_key : k.local_key, m, 16);
        assert_memory_equal(server ? k.local_key : k.remote_key, m + 16, 16);
        assert_memory_equal(server ? k.remote_salt : k.local_salt, m + 32, 14);
        assert_memory_equal(server ? k.local_salt : k.remote_salt, m + 46, 14);
        bare_fini(&b);
        pair_fini(&p);
    }
}

/* Asked to negotiate anew, either role goes on as before. */
static void renegotiation_is_refused(void **state)
{
    struct certificates *c = *state;
    for (int ours = 0; ours < 2; ours++) {
        struct pair p;
        struct bare b;
        bool server = ours == SERVER;
        pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
        pair_trust(&p, ours, c->ecdsa[1 - ours]);
        bare_init(&b, &p, server ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER, true);
        bare_identify(&b, c->ecdsa[1 - ours]);
        mbedtls_ssl_conf_renegotiation(&b.config, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
        struct end *e = &p.end[ours];
        assert_int_equal(dtls_start(e->dtls, p.now, server ? DTLS_SERVER : DTLS_CLIENT, &e->out), 0);
        dtls_set_writable(e->dtls, p.now, &e->out);
        assert_int_equal(bare_run(&b), 0);
        assert_int_equal(e->out.tx.count, 0);
        int result = mbedtls_ssl_renegotiate(&b.ssl);
        assert_int_equal(dtls_state(e->dtls), DTLS_CONNECTED);
        assert_int_equal(dtls_send(e->dtls, slice_str("still here"), &e->out), 0);
        if (server) {
            assert_int_not_equal(result, 0); /* we take no part in a handshake, so it can not be over */
        } else {
            assert_int_equal(e->out.tx.count, 2); /* the warning no_renegotiation, and no ClientHello */
            assert_true(e->out.tx.head->len < 60);
            assert_int_equal(mbedtls_ssl_write(&b.ssl, (const uint8_t *)"here too", 8), 8);
            struct event *event;
            do {
                event = out_pop_event(&e->out);
                assert_non_null(event);
                bool data = event->type == DTLS_EVENT_DATA;
                out_free_event(&e->out, event);
                if (data)
                    break;
            } while (true);
        }
        bare_fini(&b);
        pair_fini(&p);
    }
}

/* A chain that takes many fragments; only the first certificate of it counts. */
static void a_long_chain(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    struct bare b;
    bare_server(&p, c, c->ecdsa[0]);
    bare_init(&b, &p, MBEDTLS_SSL_IS_CLIENT, true);
    bare_identify(&b, c->ecdsa[0]);
    struct slice other = certificate_der(c->rsa);
    for (size_t len = 0; len + other.len < 14000; len += other.len)
        assert_int_equal(mbedtls_x509_crt_parse_der(&b.chain, other.data, other.len), 0);
    assert_int_equal(bare_run(&b), 0);
    assert_int_equal(dtls_state(p.end[SERVER].dtls), DTLS_CONNECTED);
    assert_true(slice_eq(dtls_remote_certificate(p.end[SERVER].dtls), certificate_der(c->ecdsa[0])));
    bare_fini(&b);
    pair_fini(&p);
}

/* Only groups or only signatures that we do not take: an end with a reason, and an alert for the peer. */
static void groups_and_signatures_that_we_do_not_take(void **state)
{
    static const mbedtls_ecp_group_id groups[] = {MBEDTLS_ECP_DP_SECP521R1, MBEDTLS_ECP_DP_NONE};
    static const int hashes[] = {MBEDTLS_MD_SHA1, MBEDTLS_MD_NONE};
    struct certificates *c = *state;
    for (int i = 0; i < 2; i++) {
        struct pair p;
        struct bare b;
        bare_server(&p, c, c->ecdsa[0]);
        bare_init(&b, &p, MBEDTLS_SSL_IS_CLIENT, true);
        bare_identify(&b, c->ecdsa[0]);
        if (i == 0)
            mbedtls_ssl_conf_curves(&b.config, groups);
        else
            mbedtls_ssl_conf_sig_hashes(&b.config, hashes);
        assert_int_not_equal(bare_run(&b), 0);
        assert_int_equal(dtls_state(p.end[SERVER].dtls), DTLS_FAILED);
        assert_true(strlen(dtls_failure(p.end[SERVER].dtls)) > 0);
        bare_fini(&b);
        pair_fini(&p);
    }
}

/* A peer from before the extended master secret. */
static void without_extended_master_secret(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    struct bare b;
    bare_server(&p, c, c->ecdsa[0]);
    bare_init(&b, &p, MBEDTLS_SSL_IS_CLIENT, true);
    bare_identify(&b, c->ecdsa[0]);
    mbedtls_ssl_conf_extended_master_secret(&b.config, MBEDTLS_SSL_EXTENDED_MS_DISABLED);
    assert_int_equal(bare_run(&b), 0);
    assert_int_equal(dtls_state(p.end[SERVER].dtls), DTLS_CONNECTED);
    bare_fini(&b);
    pair_fini(&p);
}

/* The body of an extension in a ClientHello that is whole in its datagram; empty when absent. */
static struct slice extension_of(struct slice datagram, uint16_t wanted)
{
    struct reader r = reader_of(datagram);
    reader_skip(&r, DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER + 2 + 32);
    reader_skip(&r, reader_u8(&r));  /* session */
    reader_skip(&r, reader_u8(&r));  /* cookie */
    reader_skip(&r, reader_u16(&r)); /* cipher suites */
    reader_skip(&r, reader_u8(&r));  /* compression */
    reader_skip(&r, 2);
    while (reader_left(&r) > 0) {
        uint16_t type = reader_u16(&r);
        struct slice body = reader_bytes(&r, reader_u16(&r));
        if (type == wanted)
            return body.data ? body : slice_str("");
    }
    assert_true(reader_ok(&r));
    return slice_of(NULL, 0);
}

static void what_the_client_offers(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    assert_int_equal(dtls_start(p.end[CLIENT].dtls, p.now, DTLS_CLIENT, &p.end[CLIENT].out), 0);
    dtls_set_writable(p.end[CLIENT].dtls, p.now, &p.end[CLIENT].out);
    struct slice hello = packet_slice(p.end[CLIENT].out.tx.head);
    static const uint8_t groups[] = {0, 6, 0, 29, 0, 23, 0, 24}; /* x25519, P-256, P-384 */
    static const uint8_t srtp[] = {0, 2, 0, 1, 0};
    assert_true(slice_eq(extension_of(hello, 10), slice_of(groups, sizeof groups)));
    assert_true(slice_eq(extension_of(hello, 14), slice_of(srtp, sizeof srtp)));
    assert_non_null(extension_of(hello, 23).data); /* extended master secret (RFC 7627) */
    assert_null(extension_of(hello, 35).data);     /* no session tickets */
    pair_fini(&p);
}

/* A server that asks us for its cookie first (RFC 6347 section 4.2.1). */
static int write_cookie(void *user, unsigned char **at, unsigned char *end, const unsigned char *who, size_t len)
{
    (void)user;
    (void)who;
    (void)len;
    assert_true(end - *at >= 4);
    memcpy(*at, "1234", 4);
    *at += 4;
    return 0;
}

static int check_cookie(void *user, const unsigned char *cookie, size_t len, const unsigned char *who, size_t who_len)
{
    (void)user;
    (void)who;
    (void)who_len;
    return len == 4 && memcmp(cookie, "1234", 4) == 0 ? 0 : -1;
}

static void a_server_with_cookies(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    struct bare b;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    pair_trust(&p, CLIENT, c->ecdsa[1]);
    bare_init(&b, &p, MBEDTLS_SSL_IS_SERVER, true);
    bare_identify(&b, c->ecdsa[1]);
    mbedtls_ssl_conf_dtls_cookies(&b.config, write_cookie, check_cookie, NULL);
    assert_int_equal(dtls_start(p.end[CLIENT].dtls, p.now, DTLS_CLIENT, &p.end[CLIENT].out), 0);
    dtls_set_writable(p.end[CLIENT].dtls, p.now, &p.end[CLIENT].out);
    assert_int_equal(bare_run(&b), 0);
    assert_int_equal(dtls_state(p.end[CLIENT].dtls), DTLS_CONNECTED);
    bare_fini(&b);
    pair_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_client_certificate),
        cmocka_unit_test(no_use_srtp),
        cmocka_unit_test(only_a_profile_that_we_do_not_take),
        cmocka_unit_test(weak_clients_are_refused),
        cmocka_unit_test(every_cipher_suite),
        cmocka_unit_test(a_key_that_is_not_the_certificates),
        cmocka_unit_test(a_skipped_certificate_verify),
        cmocka_unit_test(the_keys_are_in_their_places),
        cmocka_unit_test(renegotiation_is_refused),
        cmocka_unit_test(a_long_chain),
        cmocka_unit_test(groups_and_signatures_that_we_do_not_take),
        cmocka_unit_test(without_extended_master_secret),
        cmocka_unit_test(a_server_with_cookies),
        cmocka_unit_test(what_the_client_offers),
    };
    return cmocka_run_group_tests(tests, certificates_setup, certificates_teardown);
}
