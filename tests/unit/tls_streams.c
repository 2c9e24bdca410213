/* SPDX-License-Identifier: MIT */
/* Streams of TLS to turns: servers, through the sans-I/O face: the test is the world that carries the TCP stream, and at its other end the
 * server. Handshakes in any pieces, certificates that are not good, and the end at any moment from either side. */
#include "counting_allocator.h"
#include "stun_message.h"
#include "tls_server.h"

#include <crtc/crtc.h>

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct scene {
    rtc_context *context;
    rtc_peer_connection *pc;
    struct tls_server server;
    size_t piece;  /* how many bytes the connection is given at once */
    rtc_path path; /* of its stream; socket 0 while there is none */
    bool closed;   /* the stream */
    bool gathered;
    unsigned errors, streams;
    uint16_t code;
    char text[200], url[300];
};

static void on_error(rtc_peer_connection *pc, void *user, const rtc_ice_candidate_error *error)
{
    struct scene *s = user;
    (void)pc;
    s->errors++;
    s->code = error->error_code;
    (void)snprintf(s->text, sizeof s->text, "%s", error->error_text);
    (void)snprintf(s->url, sizeof s->url, "%s", error->url);
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    (void)pc;
    ((struct scene *)user)->gathered |= candidate == NULL;
}

static const rtc_address own = {.family = RTC_ADDRESS_IPV4, .ip = {192, 0, 2, 10}};
static const rtc_address server_address = {.family = RTC_ADDRESS_IPV4, .ip = {192, 0, 2, 1}};

static void open_stream(struct scene *s, const rtc_request *request, rtc_result *result)
{
    assert_int_equal(request->remote.port, 5349);
    assert_int_equal(request->flags, 0); /* bytes of TLS can not be dropped */
    s->streams++;
    result->local = own;
    result->local.port = 40000;
    s->path = (rtc_path){.socket = request->id, .protocol = 1, .local = result->local, .remote = request->remote};
    s->closed = false;
}

static void answer(struct scene *s, const rtc_request *request)
{
    rtc_result result = {.size = sizeof result, .type = request->type, .id = request->id};
    const rtc_interface interface = {.address = own, .name = "eth0", .index = 1};
    if (request->type == RTC_REQUEST_INTERFACES) {
        result.interfaces = &interface;
        result.interface_count = 1;
        result.interface_size = sizeof interface;
    } else if (request->type == RTC_REQUEST_OPEN_UDP) {
        result.local = own;
        result.local.port = 4000;
    } else if (request->type == RTC_REQUEST_RESOLVE) {
        result.addresses = &server_address;
        result.address_count = 1;
    } else if (request->type == RTC_REQUEST_OPEN_TCP) {
        open_stream(s, request, &result);
    } else {
        assert_int_equal(request->type, RTC_REQUEST_CLOSE);
        s->closed |= request->id == s->path.socket;
        return;
    }
    int error = rtc_peer_connection_result(s->pc, rtc_now(), &result);
    assert_true(error == RTC_OK || error == RTC_ERR_NO_MEMORY); /* the latter where memory is short */
}

static void take_packets(struct scene *s)
{
    for (rtc_packet *p; (p = rtc_peer_connection_next_packet(s->pc)) != NULL; rtc_packet_free(p)) {
        rtc_path path;
        rtc_packet_path(p, &path);
        if (path.protocol != 1)
            continue;
        assert_int_equal(path.socket, s->path.socket);
        assert_false(s->closed);
        tls_server_give(&s->server, slice_of(rtc_packet_data(p), rtc_packet_len(p)));
    }
}

static void settle(struct scene *s)
{
    rtc_request request = {.size = sizeof request};
    do {
        take_packets(s);
        while (rtc_peer_connection_next_request(s->pc, &request)) {
            answer(s, &request);
            request.size = sizeof request;
        }
    } while (rtc_peer_connection_dispatch(s->pc) > 0);
    take_packets(s);
}

/* One more piece of what the server has to say; false when there is none. */
static bool carry_piece(struct scene *s)
{
    struct slice piece = tls_server_take(&s->server, s->piece);
    if (piece.len == 0 || s->closed)
        return false;
    rtc_peer_connection_receive_copy(s->pc, rtc_now(), &s->path, piece.data, piece.len);
    settle(s);
    return true;
}

static int shake(struct scene *s)
{
    int result = 0;
    for (int i = 0; i < 10; i++) {
        result = mbedtls_ssl_handshake(&s->server.ssl);
        if (result != 0 && result != MBEDTLS_ERR_SSL_WANT_READ)
            break;
        while (carry_piece(s))
            ;
    }
    return result;
}

static struct scene *begin(const char *url, const char *authorities, const char *server, size_t piece)
{
    static const rtc_peer_connection_callbacks callbacks = {
        .size = sizeof callbacks, .on_ice_candidate = on_candidate, .on_ice_candidate_error = on_error};
    struct scene *s = calloc(1, sizeof *s);
    char *pem = authorities ? tls_server_file(authorities) : NULL;
    const rtc_ice_server turns = {.size = sizeof turns, .urls = &url, .url_count = 1, .username = "user", .credential = "secret"};
    const rtc_ice_server *servers[] = {&turns};
    const rtc_configuration configuration = {.size = sizeof configuration,
                                             .ice_servers = servers,
                                             .ice_server_count = 1,
                                             .ice_transport_policy = RTC_ICE_TRANSPORT_RELAY,
                                             .authorities_pem = pem};
    assert_non_null(s);
    s->piece = piece;
    assert_int_equal(rtc_context_new(NULL, &s->context), RTC_OK);
    tls_server_begin(&s->server, s->context, server);
    assert_int_equal(rtc_peer_connection_new(s->context, &configuration, &callbacks, s, &s->pc), RTC_OK);
    rtc_data_channel *channel;
    assert_int_equal(rtc_peer_connection_create_data_channel(s->pc, "x", 1, NULL, &channel), RTC_OK);
    rtc_data_channel_unref(channel);
    assert_int_equal(rtc_peer_connection_set_local_description(s->pc, RTC_SDP_NONE, NULL), RTC_OK);
    settle(s);
    free(pem);
    return s;
}

static void end(struct scene *s)
{
    rtc_peer_connection_free(s->pc);
    tls_server_end(&s->server);
    rtc_context_unref(s->context);
    free(s);
}

/* The next STUN message that the server reads. */
static void read_message(struct scene *s, uint8_t bytes[1500], struct stun_message *m)
{
    int got = mbedtls_ssl_read(&s->server.ssl, bytes, 1500);
    assert_in_range(got, 20, 1500);
    assert_int_equal(stun_parse(slice_of(bytes, (size_t)got), m), RTC_OK);
}

static void handshake_in_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 2, 7, 100, 1400};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct scene *s = begin("turns:turn.test", "tls_authority.pem", "tls_server.pem", pieces[i]);
        uint8_t bytes[1500];
        struct stun_message m,
            challenge = {.class = STUN_ERROR, .has = STUN_HAS_ERROR | STUN_HAS_REALM | STUN_HAS_NONCE, .error_code = 401};
        assert_int_equal(shake(s), 0);
        read_message(s, bytes, &m);
        assert_int_equal(m.method, 3); /* Allocate */
        assert_false(m.has & STUN_HAS_USERNAME);
        challenge.method = m.method;
        memcpy(challenge.transaction, m.transaction, sizeof m.transaction);
        challenge.realm = slice_str("realm");
        challenge.nonce = slice_str("nonce");
        size_t len = stun_write(&challenge, slice_of(NULL, 0), bytes, sizeof bytes);
        assert_int_equal(mbedtls_ssl_write(&s->server.ssl, bytes, len), (int)len);
        while (carry_piece(s))
            ;
        read_message(s, bytes, &m);
        assert_true(slice_is(m.username, "user") && slice_is(m.nonce, "nonce"));
        assert_int_equal(s->errors, 0);
        assert_int_equal(s->streams, 1);
        end(s);
    }
}

/* Certificates that are not good: the application learns why, the server gets an alert, and the stream is closed. */
static void bad_certificates(void **state)
{
    (void)state;
    static const struct {
        const char *url, *authorities, *server;
    } cases[] = {
        {"turns:turn.test", NULL, "tls_server.pem"},                  /* the system does not know this authority */
        {"turns:turn.test", "p256.pem", "tls_server.pem"},            /* nor does this one */
        {"turns:other.test", "tls_authority.pem", "tls_server.pem"},  /* a good certificate of somebody else */
        {"turns:192.0.2.1", "tls_authority_2.pem", "tls_server.pem"}, /* another private authority */
        {"turns:turn.test", "tls_authority_2.pem", "tls_expired.pem"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene *s = begin(cases[i].url, cases[i].authorities, cases[i].server, 1000);
        assert_int_equal(shake(s), MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
        assert_int_equal(s->errors, 1);
        assert_int_equal(s->code, 701);
        assert_true(strncmp(s->text, "TLS: ", 5) == 0 && strlen(s->text) > 10);
        assert_non_null(strstr(s->url, "?transport=tcp"));
        assert_true(s->closed && s->gathered);
        end(s);
    }
}

static void private_authorities(void **state)
{
    (void)state;
    static const struct {
        const char *url, *authorities, *server;
    } cases[] = {{"turns:192.0.2.1", "tls_authority.pem", "tls_server.pem"},
                 {"turns:a.turn.test", "tls_authority_2.pem", "tls_wildcard.pem"},
                 {"turns:turn.test", "tls_authorities.pem", "tls_server.pem"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene *s = begin(cases[i].url, cases[i].authorities, cases[i].server, SIZE_MAX);
        assert_int_equal(shake(s), 0);
        assert_int_equal(s->errors, 0);
        end(s);
    }
}

static void the_connection_is_cut(void **state)
{
    (void)state;
    struct scene *s = begin("turns:turn.test", "tls_authority.pem", "tls_server.pem", SIZE_MAX);
    rtc_result lost = {.size = sizeof lost, .type = RTC_REQUEST_OPEN_TCP, .id = s->path.socket, .error = RTC_ERR_NETWORK};
    /* The stream ends before the server has said a word. */
    assert_int_equal(rtc_peer_connection_result(s->pc, rtc_now(), &lost), RTC_OK);
    settle(s);
    assert_int_equal(s->errors, 1);
    assert_int_equal(s->code, 701);
    assert_true(s->gathered);
    end(s);
}

/* The server says goodbye, or something else that ends TLS, before it gave an allocation. */
static void the_server_ends_it(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        struct scene *s = begin("turns:turn.test", "tls_authority.pem", "tls_server.pem", 3);
        assert_int_equal(shake(s), 0);
        if (how == 0)
            assert_int_equal(mbedtls_ssl_close_notify(&s->server.ssl), 0);
        else
            assert_int_equal(
                mbedtls_ssl_send_alert_message(&s->server.ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR), 0);
        while (carry_piece(s))
            ;
        assert_int_equal(s->errors, 1);
        assert_int_equal(s->code, 701);
        assert_true(s->closed);
        end(s);
    }
}

/* We go at every moment of the handshake, and after it: nothing is left behind, and the server is told when there is something to tell. */
static void we_end_it(void **state)
{
    (void)state;
    bool told = false;
    for (size_t steps = 0; steps < 40; steps++) {
        struct scene *s = begin("turns:turn.test", "tls_authority.pem", "tls_server.pem", 100);
        bool more = true;
        for (size_t i = 0; i < steps && more; i++) {
            (void)mbedtls_ssl_handshake(&s->server.ssl);
            more = carry_piece(s);
        }
        rtc_peer_connection_close(s->pc);
        settle(s);
        assert_true(s->closed);
        assert_true(rtc_peer_connection_deadline(s->pc, NULL) == RTC_TIME_NEVER);
        uint8_t bytes[1500];
        int got = 1;
        while (mbedtls_ssl_handshake(&s->server.ssl) == 0 && got > 0)
            got = mbedtls_ssl_read(&s->server.ssl, bytes, sizeof bytes);
        told |= got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY;
        end(s);
    }
    assert_true(told);
}

/* Memory is short at each moment in turn: the connection says so or goes on, and nothing is left behind. Allocations of mbedTLS are its
 * own. */
static int life(const rtc_allocator *allocator)
{
    const char *url = "turns:turn.test";
    char *pem = tls_server_file("tls_authority.pem");
    const rtc_ice_server turns = {.size = sizeof turns, .urls = &url, .url_count = 1, .username = "user", .credential = "secret"};
    const rtc_ice_server *servers[] = {&turns};
    const rtc_configuration configuration = {.size = sizeof configuration,
                                             .ice_servers = servers,
                                             .ice_server_count = 1,
                                             .ice_transport_policy = RTC_ICE_TRANSPORT_RELAY,
                                             .authorities_pem = pem};
    const rtc_context_options options = {.size = sizeof options, .allocator = allocator};
    struct scene *s = calloc(1, sizeof *s);
    rtc_data_channel *channel = NULL;
    s->piece = 500;
    int error = rtc_context_new(&options, &s->context);
    error = error ? error : rtc_peer_connection_new(s->context, &configuration, NULL, NULL, &s->pc);
    if (!error) {
        tls_server_begin(&s->server, s->context, "tls_server.pem");
        error = rtc_peer_connection_create_data_channel(s->pc, "x", 1, NULL, &channel);
        error = error ? error : rtc_peer_connection_set_local_description(s->pc, RTC_SDP_NONE, NULL);
        settle(s);
        if (shake(s) == 0 && !error)
            error = rtc_peer_connection_connection_state(s->pc) == RTC_PEER_CONNECTION_FAILED ? RTC_ERR_NO_MEMORY : RTC_OK;
        rtc_data_channel_unref(channel);
        rtc_peer_connection_free(s->pc);
        tls_server_end(&s->server);
    }
    rtc_context_unref(s->context);
    free(pem);
    free(s);
    return error;
}

static void no_memory(void **state)
{
    (void)state;
    struct counting_allocator counter = {0};
    rtc_allocator allocator = counting_allocator_of(&counter);
    assert_int_equal(life(&allocator), RTC_OK);
    assert_int_equal(counting_left(&counter), 0); /* before it counts anew */
    unsigned count = (unsigned)counter.calls;
    assert_in_range(count, 50, 5000);
    for (unsigned n = 1; n <= count; n += 1 + count / 150) {
        counter = (struct counting_allocator){.fail_at = n};
        (void)life(&allocator);
        if (counting_left(&counter) != 0)
            fail_msg("allocation %u of %u: %d blocks leak", n, count, (int)counter.live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake_in_pieces), cmocka_unit_test(bad_certificates),
        cmocka_unit_test(private_authorities), cmocka_unit_test(the_connection_is_cut),
        cmocka_unit_test(the_server_ends_it),  cmocka_unit_test(we_end_it),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests_name("tls streams", tests, NULL, NULL);
}
