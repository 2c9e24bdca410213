/* SPDX-License-Identifier: MIT */
/* The TLS client against a server of mbedTLS: names, addresses, authorities, bytes in any pieces, records that were tampered with. */
#include "tls_client.h"

#include "drawn_moves.h"
#include "tls_server.h"

#include "context.h"

#include <crtc/base.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

struct rig {
    rtc_context *context;
    struct packet_pool *pool;
    struct tls_client *client;
    struct packet_queue tx, plain;
    struct tls_server server;
    size_t piece; /* how many bytes the client is given at once */
};

static struct rig *begin_with(const char *name, const char *authorities, const char *server, size_t piece)
{
    struct rig *r = calloc(1, sizeof *r);
    char *pem = authorities ? tls_server_file(authorities) : NULL;
    struct tls_client_options options = {.server_name = name, .authorities_pem = pem};
    assert_non_null(r);
    r->piece = piece;
    assert_int_equal(rtc_context_new(NULL, &r->context), RTC_OK);
    assert_int_equal(packet_pool_new(r->context, &r->pool), RTC_OK);
    assert_int_equal(tls_client_new(r->context, &options, &r->client), RTC_OK);
    tls_server_begin(&r->server, r->context, server);
    tls_client_start(r->client, r->pool, &r->tx);
    free(pem);
    return r;
}

static struct rig *begin(const char *name, const char *authorities, size_t piece)
{
    return begin_with(name, authorities, "tls_server.pem", piece);
}

static void end(struct rig *r)
{
    tls_client_free(r->client);
    packet_queue_clear(&r->tx);
    packet_queue_clear(&r->plain);
    tls_server_end(&r->server);
    packet_pool_unref(r->pool);
    rtc_context_unref(r->context);
    free(r);
}

static void carry_to_server(struct rig *r)
{
    for (struct packet *p; (p = packet_queue_pop(&r->tx)) != NULL; packet_free(p))
        tls_server_give(&r->server, packet_slice(p));
}

static void carry_to_client(struct rig *r)
{
    for (struct slice piece; (piece = tls_server_take(&r->server, r->piece)).len > 0;)
        tls_client_input(r->client, piece, r->pool, &r->tx, &r->plain);
}

static enum tls_client_state shake(struct rig *r)
{
    for (int i = 0; i < 10; i++) {
        carry_to_server(r);
        (void)mbedtls_ssl_handshake(&r->server.ssl);
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
    for (int n; (n = mbedtls_ssl_read(&r->server.ssl, back, sizeof back)) > 0; got += (size_t)n)
        assert_int_equal(mbedtls_ssl_write(&r->server.ssl, back, (size_t)n), n);
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
    } cases[] = {{"turn.test", true},  {"TURN.test", true},  {"192.0.2.1", true},    {"2001:db8::1", true},
                 {"evil.test", false}, {"192.0.2.2", false}, {"2001:db8::2", false}, {"a.turn.test", false}};
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
    assert_int_equal(mbedtls_ssl_write(&r->server.ssl, (const uint8_t *)"hello", 5), 5);
    r->server.out.data[r->server.out.len - 1] ^= 1;
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
    assert_int_equal(mbedtls_ssl_close_notify(&r->server.ssl), 0);
    carry_to_client(r);
    assert_int_equal(tls_client_state(r->client), TLS_CLOSED);
    end(r);
    r = begin("turn.test", "tls_authority.pem", SIZE_MAX);
    assert_int_equal(shake(r), TLS_CONNECTED);
    tls_client_close(r->client, r->pool, &r->tx);
    carry_to_server(r);
    uint8_t byte;
    assert_int_equal(mbedtls_ssl_read(&r->server.ssl, &byte, 1), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
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

/* Certificates of another private authority: a wildcard stands for one label and no more; time and name count. */
static void certificates_of_all_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *name, *server;
        bool good;
    } cases[] = {
        {"a.turn.test", "tls_wildcard.pem", true},
        {"A.TURN.test", "tls_wildcard.pem", true},
        {"turn.test", "tls_wildcard.pem", false},
        {"a.b.turn.test", "tls_wildcard.pem", false},
        {"a.turn.test.evil", "tls_wildcard.pem", false},
        {"192.0.2.1", "tls_wildcard.pem", false},
        {"turn.test", "tls_expired.pem", false},
        {"turn.test", "tls_server.pem", true},
        {"turn.test.", "tls_server.pem", true},
        {"a.turn.test.", "tls_wildcard.pem", true},
        {".", "tls_server.pem", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig *r = begin_with(cases[i].name, "tls_authorities.pem", cases[i].server, SIZE_MAX);
        if (shake(r) != (cases[i].good ? TLS_CONNECTED : TLS_FAILED))
            fail_msg("%s at %s", cases[i].name, cases[i].server);
        end(r);
    }
}

/* A server that wants to negotiate again is told no, and what it sends right behind that is not lost. */
static void no_negotiation_again(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 3, 1000, SIZE_MAX};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct rig *r = begin("turn.test", "tls_authority.pem", SIZE_MAX);
        assert_int_equal(shake(r), TLS_CONNECTED);
        r->piece = pieces[i];
        assert_int_equal(mbedtls_ssl_write(&r->server.ssl, (const uint8_t *)"before", 6), 6);
        (void)mbedtls_ssl_renegotiate(&r->server.ssl);
        assert_int_equal(mbedtls_ssl_write(&r->server.ssl, (const uint8_t *)"after", 5), 5);
        carry_to_client(r);
        assert_int_equal(tls_client_state(r->client), TLS_CONNECTED);
        assert_int_equal(r->plain.count, 2);
        struct packet *before = packet_queue_pop(&r->plain), *after = packet_queue_pop(&r->plain);
        assert_true(slice_is(packet_slice(before), "before") && slice_is(packet_slice(after), "after"));
        packet_free(before);
        packet_free(after);
        end(r);
    }
}

static void alerts(void **state)
{
    (void)state;
    struct rig *r = begin("turn.test", "tls_authority.pem", SIZE_MAX);
    assert_int_equal(shake(r), TLS_CONNECTED);
    /* A warning does no harm; what is fatal ends it, and is told. */
    assert_int_equal(mbedtls_ssl_send_alert_message(&r->server.ssl, MBEDTLS_SSL_ALERT_LEVEL_WARNING, MBEDTLS_SSL_ALERT_MSG_USER_CANCELED),
                     0);
    assert_int_equal(mbedtls_ssl_write(&r->server.ssl, (const uint8_t *)"x", 1), 1);
    carry_to_client(r);
    assert_int_equal(tls_client_state(r->client), TLS_CONNECTED);
    assert_int_equal(r->plain.count, 1);
    assert_int_equal(mbedtls_ssl_send_alert_message(&r->server.ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR),
                     0);
    carry_to_client(r);
    assert_int_equal(tls_client_state(r->client), TLS_FAILED);
    assert_string_equal(tls_client_failure(r->client), "TLS: the server sent alert 80");
    end(r);
}

/* c connecting, C connected, d closed, x failed */
static void what_is_drawn(void **state)
{
    static const struct drawn clients = {&tls_client_moves, {"Cdx", "dx", "", ""}};
    (void)state;
    assert_moves_are_drawn(&clients, "cCdx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_addresses),  cmocka_unit_test(unknown_authority),
        cmocka_unit_test(any_pieces),           cmocka_unit_test(tampered),
        cmocka_unit_test(closed_by_either),     cmocka_unit_test(not_tls_at_all),
        cmocka_unit_test(bad_authorities),      cmocka_unit_test(certificates_of_all_kinds),
        cmocka_unit_test(no_negotiation_again), cmocka_unit_test(alerts),
        cmocka_unit_test(what_is_drawn),
    };
    return cmocka_run_group_tests_name("tls client", tests, NULL, NULL);
}
