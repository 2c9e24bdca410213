/* The TLS client against a server of mbedTLS: names, addresses, authorities, bytes in any pieces, records that were tampered with. */
#include "tls_client.h"

#include "context.h"

#include <crtc/base.h>
#include <mbedtls/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct bytes {
    uint8_t data[1 << 17];
    size_t len, read;
};

struct rig {
    rtc_context *context;
    struct packet_pool *pool;
    struct tls_client *client;
    struct packet_queue tx, plain;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    mbedtls_x509_crt chain;
    mbedtls_pk_context key;
    struct bytes to_server, to_client;
    size_t piece; /* how many bytes the client is given at once */
};

static char *read_file(const char *name)
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

static int server_random(void *user, unsigned char *bytes, size_t len)
{
    context_random(user, bytes, len);
    return 0;
}

static int server_send(void *user, const unsigned char *bytes, size_t len)
{
    struct bytes *b = &((struct rig *)user)->to_client;
    assert_true(b->len + len <= sizeof b->data);
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
    return (int)len;
}

static int server_receive(void *user, unsigned char *bytes, size_t len)
{
    struct bytes *b = &((struct rig *)user)->to_server;
    size_t n = b->len - b->read < len ? b->len - b->read : len;
    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(bytes, b->data + b->read, n);
    b->read += n;
    return (int)n;
}

static void start_server(struct rig *r)
{
    char *pem = read_file("tls_server.pem");
    mbedtls_ssl_init(&r->ssl);
    mbedtls_ssl_config_init(&r->config);
    mbedtls_x509_crt_init(&r->chain);
    mbedtls_pk_init(&r->key);
    assert_int_equal(mbedtls_ssl_config_defaults(&r->config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT), 0);
    mbedtls_ssl_conf_rng(&r->config, server_random, r->context);
    assert_int_equal(mbedtls_x509_crt_parse(&r->chain, (uint8_t *)pem, strlen(pem) + 1), 0);
    assert_int_equal(mbedtls_pk_parse_key(&r->key, (uint8_t *)pem, strlen(pem) + 1, NULL, 0), 0);
    assert_int_equal(mbedtls_ssl_conf_own_cert(&r->config, &r->chain, &r->key), 0);
    assert_int_equal(mbedtls_ssl_setup(&r->ssl, &r->config), 0);
    mbedtls_ssl_set_bio(&r->ssl, r, server_send, server_receive, NULL);
    free(pem);
}

static struct rig *begin(const char *name, const char *authorities, size_t piece)
{
    struct rig *r = calloc(1, sizeof *r);
    char *pem = authorities ? read_file(authorities) : NULL;
    struct tls_client_options options = {.server_name = name, .authorities_pem = pem};
    assert_non_null(r);
    r->piece = piece;
    assert_int_equal(rtc_context_new(NULL, &r->context), RTC_OK);
    assert_int_equal(packet_pool_new(r->context, &r->pool), RTC_OK);
    assert_int_equal(tls_client_new(r->context, &options, &r->client), RTC_OK);
    start_server(r);
    tls_client_start(r->client, r->pool, &r->tx);
    free(pem);
    return r;
}

static void end(struct rig *r)
{
    tls_client_free(r->client);
    packet_queue_clear(&r->tx);
    packet_queue_clear(&r->plain);
    mbedtls_ssl_free(&r->ssl);
    mbedtls_ssl_config_free(&r->config);
    mbedtls_x509_crt_free(&r->chain);
    mbedtls_pk_free(&r->key);
    packet_pool_unref(r->pool);
    rtc_context_unref(r->context);
    free(r);
}

static void carry_to_server(struct rig *r)
{
    for (struct packet *p; (p = packet_queue_pop(&r->tx)) != NULL; packet_free(p)) {
        assert_true(r->to_server.len + p->len <= sizeof r->to_server.data);
        memcpy(r->to_server.data + r->to_server.len, packet_data(p), p->len);
        r->to_server.len += p->len;
    }
}

static void carry_to_client(struct rig *r)
{
    struct bytes *b = &r->to_client;
    while (b->read < b->len) {
        size_t n = b->len - b->read < r->piece ? b->len - b->read : r->piece;
        tls_client_input(r->client, slice_of(b->data + b->read, n), r->pool, &r->tx, &r->plain);
        b->read += n;
    }
}

static enum tls_client_state shake(struct rig *r)
{
    for (int i = 0; i < 10; i++) {
        carry_to_server(r);
        (void)mbedtls_ssl_handshake(&r->ssl);
        carry_to_client(r);
    }
    return tls_client_state(r->client);
}

static void require_echo(struct rig *r)
{
    uint8_t bytes[3000], back[3000];
    size_t got = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    assert_true(tls_client_send(r->client, slice_of(bytes, sizeof bytes), r->pool, &r->tx));
    carry_to_server(r);
    for (int n; (n = mbedtls_ssl_read(&r->ssl, back, sizeof back)) > 0; got += (size_t)n)
        assert_int_equal(mbedtls_ssl_write(&r->ssl, back, (size_t)n), n);
    assert_int_equal(got, sizeof bytes);
    carry_to_client(r);
    got = 0;
    for (struct packet *p; (p = packet_queue_pop(&r->plain)) != NULL; packet_free(p)) {
        assert_memory_equal(packet_data(p), bytes + got, p->len);
        got += p->len;
    }
    assert_int_equal(got, sizeof bytes);
}

static void names_and_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool good;
    } cases[] = {{"turn.test", true},  {"TURN.test", true},    {"192.0.2.1", true},      {"2001:db8::1", true},
                 {"evil.test", false}, {"192.0.2.2", false},   {"2001:db8::2", false},   {"a.turn.test", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig *r = begin(cases[i].name, "tls_authority.pem", SIZE_MAX);
        assert_int_equal(shake(r), cases[i].good ? TLS_CONNECTED : TLS_FAILED);
        if (cases[i].good)
            require_echo(r);
        else
            assert_non_null(strstr(tls_client_failure(r->client), "TLS: "));
        assert_int_equal(tls_client_send(r->client, slice_str("x"), r->pool, &r->tx), cases[i].good);
        end(r);
    }
}

static void unknown_authority(void **state)
{
    (void)state;
    static const char *const authorities[] = {NULL, "p256.pem"}; /* the system's, and somebody else */
    for (size_t i = 0; i < 2; i++) {
        struct rig *r = begin("turn.test", authorities[i], SIZE_MAX);
        assert_int_equal(shake(r), TLS_FAILED);
        end(r);
    }
}

static void any_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 2, 3, 5, 7, 100, 1400};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct rig *r = begin("turn.test", "tls_authority.pem", pieces[i]);
        assert_int_equal(shake(r), TLS_CONNECTED);
        require_echo(r);
        end(r);
    }
}

static void tampered(void **state)
{
    (void)state;
    struct rig *r = begin("turn.test", "tls_authority.pem", SIZE_MAX);
    assert_int_equal(shake(r), TLS_CONNECTED);
    assert_int_equal(mbedtls_ssl_write(&r->ssl, (const uint8_t *)"hello", 5), 5);
    r->to_client.data[r->to_client.len - 1] ^= 1;
    carry_to_client(r);
    assert_int_equal(tls_client_state(r->client), TLS_FAILED);
    assert_int_equal(r->plain.count, 0);
    end(r);
}

static void closed_by_either(void **state)
{
    (void)state;
    struct rig *r = begin("turn.test", "tls_authority.pem", SIZE_MAX);
    assert_int_equal(shake(r), TLS_CONNECTED);
    assert_int_equal(mbedtls_ssl_close_notify(&r->ssl), 0);
    carry_to_client(r);
    assert_int_equal(tls_client_state(r->client), TLS_CLOSED);
    end(r);
    r = begin("turn.test", "tls_authority.pem", SIZE_MAX);
    assert_int_equal(shake(r), TLS_CONNECTED);
    tls_client_close(r->client, r->pool, &r->tx);
    carry_to_server(r);
    uint8_t byte;
    assert_int_equal(mbedtls_ssl_read(&r->ssl, &byte, 1), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    end(r);
}

static void not_tls_at_all(void **state)
{
    (void)state;
    struct rig *r = begin("turn.test", "tls_authority.pem", SIZE_MAX);
    tls_client_input(r->client, slice_str("HTTP/1.1 400 Bad Request\r\n\r\n"), r->pool, &r->tx, &r->plain);
    assert_int_equal(tls_client_state(r->client), TLS_FAILED);
    end(r);
}

static void bad_authorities(void **state)
{
    (void)state;
    struct tls_client *client;
    rtc_context *context;
    struct tls_client_options options = {.server_name = "turn.test", .authorities_pem = "not a certificate"};
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    assert_int_equal(tls_client_new(context, &options, &client), RTC_ERR_SYNTAX);
    rtc_context_unref(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_addresses), cmocka_unit_test(unknown_authority), cmocka_unit_test(any_pieces), cmocka_unit_test(tampered),
        cmocka_unit_test(closed_by_either), cmocka_unit_test(not_tls_at_all), cmocka_unit_test(bad_authorities),
    };
    return cmocka_run_group_tests_name("tls client", tests, NULL, NULL);
}
