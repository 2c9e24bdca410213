/* SPDX-License-Identifier: MIT */
/* The TLS client: see tls_client.h. */
#include "tls_client.h"

#include "address.h"
#include "mbedtls_compat.h"
#include "memory.h"
#include "text.h"

#include <mbedtls/error.h>
#include <stdio.h>

/* The tag of iPAddress in a GeneralName (RFC 5280 section 4.2.1.6): context-specific, 7. */
enum { PIECE = 1400, SUBJECT_ALT_IP = 0x87 };

/* Where distributions keep the authorities that the system trusts: Debian and Arch, Fedora, SUSE, Alpine and BSD. */
static const char *const system_authorities[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                                 "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

/* Forward secrecy and authenticated encryption only, as for DTLS; with RSA and ECDSA certificates. */
static const int ciphersuites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                   MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                                   MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                                   MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                                   MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                   MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                                   0};

const struct moves tls_client_moves = {
    .module = "dtls",
    .what = "TLS client",
    .count = TLS_FAILED + 1,
    .names = {"connecting", "connected", "closed", "failed"},
    .allowed =
        {
            [TLS_CONNECTING] = MOVE_TO(TLS_CONNECTED) | MOVE_TO(TLS_CLOSED) | MOVE_TO(TLS_FAILED),
            [TLS_CONNECTED] = MOVE_TO(TLS_CLOSED) | MOVE_TO(TLS_FAILED),
            [TLS_CLOSED] = 0,
            [TLS_FAILED] = 0,
        },
};

/* Owned by the stream that it secures (src/transport/tls_streams.c); written by this file. */
struct tls_client {
    rtc_context *context;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    mbedtls_x509_crt authorities;
    enum tls_client_state state; /* set_state() */
    struct address address;      /* the server's name when it is an address; family NONE else */
    struct slice input;          /* during a call */
    struct packet_pool *pool;
    struct packet_queue *tx;
    bool starved; /* a packet could not be had: the stream has a hole */
    char failure[160];
};

static void set_state(struct tls_client *c, enum tls_client_state state)
{
    if (moves_take(&tls_client_moves, c->context, c->state, state))
        c->state = state;
}

static int transmit(void *user, const unsigned char *bytes, size_t len)
{
    struct tls_client *c = user;
    for (size_t at = 0; at < len;) {
        size_t n = len - at < PIECE ? len - at : PIECE;
        struct packet *p = packet_copy(c->pool, slice_of(bytes + at, n));
        if (!p) {
            c->starved = true;
            return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
        }
        packet_queue_push(c->tx, p);
        at += n;
    }
    return (int)len;
}

static int receive(void *user, unsigned char *bytes, size_t len)
{
    struct tls_client *c = user;
    size_t n = len < c->input.len ? len : c->input.len;
    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(bytes, c->input.data, n);
    c->input = slice_of(c->input.data + n, c->input.len - n);
    return (int)n;
}

/* A certificate for an address names it as such (RFC 5280 section 4.2.1.6). */
static bool names_address(const mbedtls_x509_crt *certificate, const struct address *address)
{
    for (const mbedtls_x509_sequence *s = &certificate->subject_alt_names; s; s = s->next)
        if (s->buf.tag == SUBJECT_ALT_IP && s->buf.len == address_ip_len(address) && memcmp(s->buf.p, address->ip, s->buf.len) == 0)
            return true;
    return false;
}

static int verify(void *user, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    const struct tls_client *c = user;
    if (depth == 0 && c->address.family != ADDRESS_NONE && !names_address(certificate, &c->address))
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

static int configure(struct tls_client *c)
{
    mbedtls_ssl_config *config = &c->config;
    int error = mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (error)
        return error;
    mbedtls_compat_set_algorithms(config);
    mbedtls_ssl_conf_ciphersuites(config, ciphersuites);
    mbedtls_ssl_conf_rng(config, mbedtls_compat_random, c->context);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(config, &c->authorities, NULL);
    mbedtls_ssl_conf_verify(config, verify, c);
    mbedtls_ssl_conf_renegotiation(config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_session_tickets(config, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    return mbedtls_ssl_setup(&c->ssl, config);
}

/* Without a name nothing is compared by mbedTLS: verify() does it for addresses. The dot of an absolute name is in no certificate. */
static int set_name(struct tls_client *c, const char *name)
{
    char bare[256];
    if (address_parse(slice_str(name), 0, &c->address))
        return RTC_OK;
    text_copy(bare, sizeof bare, name);
    size_t len = strlen(bare);
    if (len > 1 && bare[len - 1] == '.')
        bare[len - 1] = 0;
    return mbedtls_ssl_set_hostname(&c->ssl, bare) == 0 ? RTC_OK : RTC_ERR_NO_MEMORY;
}

/* A positive result counts certificates that could not be read: some of the system's are beyond mbedTLS. */
static int load_system_authorities(struct tls_client *c)
{
    for (size_t i = 0; i < sizeof system_authorities / sizeof system_authorities[0]; i++)
        if (mbedtls_x509_crt_parse_file(&c->authorities, system_authorities[i]) >= 0)
            return RTC_OK;
    return RTC_ERR_NOT_FOUND;
}

static int load_authorities(struct tls_client *c, const char *pem)
{
    if (pem && mbedtls_x509_crt_parse(&c->authorities, (const unsigned char *)pem, strlen(pem) + 1) != 0)
        return RTC_ERR_SYNTAX;
    return pem ? RTC_OK : load_system_authorities(c);
}

int tls_client_new(rtc_context *context, const struct tls_client_options *options, struct tls_client **out)
{
    struct tls_client *c = memory_zeroed(context, sizeof *c);
    if (!c)
        return RTC_ERR_NO_MEMORY;
    c->context = context;
    mbedtls_ssl_init(&c->ssl);
    mbedtls_ssl_config_init(&c->config);
    mbedtls_x509_crt_init(&c->authorities);
    int error = load_authorities(c, options->authorities_pem);
    if (!error && configure(c) != 0)
        error = RTC_ERR_NO_MEMORY;
    if (!error)
        error = set_name(c, options->server_name);
    if (error) {
        tls_client_free(c);
        return error;
    }
    mbedtls_ssl_set_bio(&c->ssl, c, transmit, receive, NULL);
    *out = c;
    return RTC_OK;
}

void tls_client_free(struct tls_client *c)
{
    if (!c)
        return;
    mbedtls_ssl_free(&c->ssl);
    mbedtls_ssl_config_free(&c->config);
    mbedtls_x509_crt_free(&c->authorities);
    memory_free(c->context, c);
}

static void fail(struct tls_client *c, int error)
{
    char text[100] = "";
    uint32_t flags = mbedtls_ssl_get_verify_result(&c->ssl);
    set_state(c, TLS_FAILED);
    if (c->starved) {
        (void)snprintf(c->failure, sizeof c->failure, "out of memory");
    } else if (error == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED && flags != UINT32_MAX) {
        (void)mbedtls_x509_crt_verify_info(text, sizeof text, "", flags);
        text[strcspn(text, "\n")] = 0;
        (void)snprintf(c->failure, sizeof c->failure, "TLS: %s", text);
    } else if (error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        (void)snprintf(c->failure, sizeof c->failure, "TLS: the server sent alert %d", mbedtls_compat_alert(&c->ssl));
    } else {
        mbedtls_strerror(error, text, sizeof text);
        (void)snprintf(c->failure, sizeof c->failure, "TLS: %s", text);
    }
}

static bool is_idle(int result)
{
    return result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE;
}

static void handshake(struct tls_client *c)
{
    int result = c->state == TLS_CONNECTING ? mbedtls_ssl_handshake(&c->ssl) : 0;
    if (c->state != TLS_CONNECTING || is_idle(result))
        return;
    if (result != 0) {
        fail(c, result);
        return;
    }
    set_state(c, TLS_CONNECTED);
    mbedtls_x509_crt_free(&c->authorities); /* many, and of no more use */
    mbedtls_x509_crt_init(&c->authorities);
}

static void read_plain(struct tls_client *c, struct packet_queue *plain)
{
    int result = MBEDTLS_ERR_SSL_WANT_READ;
    while (c->state == TLS_CONNECTED) {
        struct packet *p = packet_new(c->pool);
        c->starved |= !p;
        result = p ? mbedtls_ssl_read(&c->ssl, packet_data(p), packet_tailroom(p)) : MBEDTLS_ERR_SSL_ALLOC_FAILED;
        if (result > 0) {
            p->len = (uint32_t)result;
            packet_queue_push(plain, p);
            continue;
        }
        packet_free(p);
        if (is_idle(result))
            return;
        if (result == 0 || result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
            set_state(c, TLS_CLOSED);
        else
            fail(c, result);
    }
}

static void enter(struct tls_client *c, struct slice input, struct packet_pool *pool, struct packet_queue *tx)
{
    c->input = input;
    c->pool = pool;
    c->tx = tx;
}

void tls_client_start(struct tls_client *c, struct packet_pool *pool, struct packet_queue *tx)
{
    enter(c, slice_of(NULL, 0), pool, tx);
    handshake(c);
}

void tls_client_input(struct tls_client *c, struct slice bytes, struct packet_pool *pool, struct packet_queue *tx,
                      struct packet_queue *plain)
{
    enter(c, bytes, pool, tx);
    handshake(c);
    read_plain(c, plain);
}

bool tls_client_send(struct tls_client *c, struct slice plain, struct packet_pool *pool, struct packet_queue *tx)
{
    enter(c, slice_of(NULL, 0), pool, tx);
    while (c->state == TLS_CONNECTED && plain.len > 0) {
        int result = mbedtls_ssl_write(&c->ssl, plain.data, plain.len);
        if (result < 0)
            fail(c, result);
        else
            plain = slice_of(plain.data + result, plain.len - (size_t)result);
    }
    return c->state == TLS_CONNECTED;
}

void tls_client_close(struct tls_client *c, struct packet_pool *pool, struct packet_queue *tx)
{
    enter(c, slice_of(NULL, 0), pool, tx);
    if (c->state == TLS_CONNECTED)
        (void)mbedtls_ssl_close_notify(&c->ssl);
    if (c->state == TLS_CONNECTING || c->state == TLS_CONNECTED)
        set_state(c, TLS_CLOSED);
}

enum tls_client_state tls_client_state(const struct tls_client *c)
{
    return c->state;
}

const char *tls_client_failure(const struct tls_client *c)
{
    return c->failure;
}
