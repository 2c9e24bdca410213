/* SPDX-License-Identifier: MIT */
/* mbedTLS as a state machine without I/O, clock or random source: it reads the one record in the inbox, writes packets, and asks for the
 * time of the call (RFC 6347 4.2.4 for the retransmissions, RFC 5764 4 for use_srtp and the exported keys). */
#include "dtls_internal.h"

#include "certificate_internal.h"
#include "memory.h"

#include <mbedtls/ssl_ciphersuites.h>

enum {
    TIMEOUT_FLOOR_MS = 50,
    TIMEOUT_UNKNOWN_MS = 100, /* without a measured round trip */
    TIMEOUT_FIRST_MAX_MS = 10000,
    TIMEOUT_MAX_MS = 60000,
    SRTP_MATERIAL = 2 * (16 + 14)
};

static const char exporter_label[] = "EXTRACTOR-dtls_srtp";

/* Forward secrecy and AEAD only. ChaCha20 comes first because it is what mbedTLS does fastest and what adds the fewest bytes. */
static const int ciphersuites[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    0,
};

static const mbedtls_ssl_srtp_profile srtp_profiles[] = {MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80, MBEDTLS_TLS_SRTP_UNSET};

static int receive(void *user, unsigned char *bytes, size_t capacity)
{
    struct dtls *d = user;
    struct slice record = d->inbox;
    d->inbox = slice_of(NULL, 0);
    if (record.len == 0 || record.len > capacity)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(bytes, record.data, record.len);
    return (int)record.len;
}

/* A packet that can not be had is a lost one: the retransmission makes up for it. */
static int transmit(void *user, const unsigned char *bytes, size_t len)
{
    struct dtls *d = user;
    struct packet *p = packet_copy(d->out->pool, slice_of(bytes, len));
    if (p) {
        p->time = d->now;
        packet_queue_push(&d->flight, p);
    }
    return (int)len;
}

/* mbedTLS doubles from the first timeout on. We double from the second on: it comes from a measured round trip, so a loss is far more
 * likely than a round trip that grew, and a second loss should not cost twice what the first did. */
static rtc_time_t doubled_later(const struct dtls *d, rtc_time_t timeout)
{
    rtc_time_t half = timeout / 2, first = d->timer.first;
    return timeout <= first ? timeout : half < first ? first : half;
}

static void set_timer(void *user, uint32_t intermediate_ms, uint32_t final_ms)
{
    struct dtls *d = user;
    d->timer.intermediate = d->now + (rtc_time_t)intermediate_ms * 1000;
    d->timer.final = final_ms == 0 ? RTC_TIME_NEVER : d->now + doubled_later(d, (rtc_time_t)final_ms * 1000);
}

static int get_timer(void *user)
{
    struct dtls *d = user;
    if (d->timer.final == RTC_TIME_NEVER)
        return -1;
    if (d->now >= d->timer.final)
        return 2;
    return d->now >= d->timer.intermediate ? 1 : 0;
}

/* Trust comes from the fingerprint, so nothing that a certificate authority would have to say counts. */
static int accept_any(void *user, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    (void)user;
    (void)certificate;
    (void)depth;
    *flags = 0;
    return 0;
}

static int configure(struct dtls *d)
{
    mbedtls_ssl_config *c = &d->config;
    int endpoint = d->role == DTLS_SERVER ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT;
    int error = mbedtls_ssl_config_defaults(c, endpoint, MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (error)
        return error;
    mbedtls_compat_set_algorithms(c);
    mbedtls_compat_capture_secrets(c, &d->ssl, &d->secrets);
    mbedtls_ssl_conf_ciphersuites(c, ciphersuites);
    mbedtls_ssl_conf_rng(c, mbedtls_compat_random, d->context);
    /* REQUIRED without a certificate authority fails; we require a certificate ourselves. */
    mbedtls_ssl_conf_authmode(c, MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_verify(c, accept_any, NULL);
    mbedtls_ssl_conf_cert_req_ca_list(c, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
    mbedtls_ssl_conf_renegotiation(c, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_extended_master_secret(c, MBEDTLS_SSL_EXTENDED_MS_ENABLED);
    mbedtls_ssl_conf_session_tickets(c, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    if (d->role == DTLS_SERVER)
        mbedtls_ssl_conf_dtls_cookies(c, NULL, NULL, NULL); /* ICE has proven the path already */
    dtls_session_set_timeout(d);
    error = mbedtls_ssl_conf_dtls_srtp_protection_profiles(c, srtp_profiles);
    return error ? error : mbedtls_ssl_conf_own_cert(c, certificate_chain(d->certificate), certificate_private_key(d->certificate));
}

int dtls_session_open(struct dtls *d)
{
    mbedtls_ssl_init(&d->ssl);
    mbedtls_ssl_config_init(&d->config);
    d->set_up = true;
    int error = configure(d);
    if (!error)
        error = mbedtls_ssl_setup(&d->ssl, &d->config);
    if (error)
        return error;
    mbedtls_ssl_set_bio(&d->ssl, d, transmit, receive, NULL);
    mbedtls_ssl_set_timer_cb(&d->ssl, d, set_timer, get_timer);
    mbedtls_ssl_set_mtu(&d->ssl, d->handshake_mtu);
    return 0;
}

void dtls_session_close(struct dtls *d)
{
    memory_wipe(&d->secrets, sizeof d->secrets);
    d->timer.final = RTC_TIME_NEVER;
    if (!d->set_up)
        return;
    d->set_up = false;
    mbedtls_ssl_free(&d->ssl);
    mbedtls_ssl_config_free(&d->config);
}

void dtls_session_set_timeout(struct dtls *d)
{
    rtc_time_t first_ms = d->rtt_us > 0 ? d->rtt_us * 3 / 2000 : TIMEOUT_UNKNOWN_MS;
    if (first_ms < TIMEOUT_FLOOR_MS)
        first_ms = TIMEOUT_FLOOR_MS;
    if (first_ms > TIMEOUT_FIRST_MAX_MS)
        first_ms = TIMEOUT_FIRST_MAX_MS;
    d->timer.first = first_ms * 1000;
    mbedtls_ssl_conf_handshake_timeout(&d->config, (uint32_t)first_ms, TIMEOUT_MAX_MS);
}

static int handshake(struct dtls *d)
{
    certificate_lock(d->certificate);
    int result = mbedtls_ssl_handshake(&d->ssl);
    certificate_unlock(d->certificate);
    return result;
}

int dtls_session_step(struct dtls *d)
{
    bool more;
    int result;
    /* Once more after every record and every expired timer: a retransmission leaves the record unread, a record may complete messages
     * that wait inside mbedTLS. Both happen at most once. */
    do {
        more = d->inbox.len > 0 || get_timer(d) == 2;
        if (get_timer(d) == 2)
            d->counters.retransmits++;
        result = handshake(d);
    } while (more && (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE));
    if (result == 0)
        d->phase = PHASE_OVER;
    return result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE ? 0 : result;
}

bool dtls_session_vouches(struct dtls *d, struct slice record)
{
    struct packet *copy = packet_copy(d->out->pool, record); /* it is decrypted in place */
    if (!copy)
        return false;
    int result = mbedtls_ssl_check_record(&d->ssl, packet_data(copy), copy->len);
    packet_free(copy);
    return result == 0;
}

int dtls_session_restart(struct dtls *d)
{
    packet_queue_clear(&d->flight);
    d->inbox = slice_of(NULL, 0);
    return mbedtls_ssl_session_reset(&d->ssl);
}

/* RFC 5764 4.2: both write keys, then both salts, the client's first. */
static void split_material(struct dtls *d, const uint8_t *material)
{
    struct dtls_srtp_keys *k = &d->keys;
    bool client = d->role == DTLS_CLIENT;
    k->key_len = 16;
    k->salt_len = 14;
    memcpy(client ? k->local_key : k->remote_key, material, 16);
    memcpy(client ? k->remote_key : k->local_key, material + 16, 16);
    memcpy(client ? k->local_salt : k->remote_salt, material + 32, 14);
    memcpy(client ? k->remote_salt : k->local_salt, material + 46, 14);
    d->has_keys = true;
}

int dtls_session_derive_keys(struct dtls *d)
{
    uint8_t material[SRTP_MATERIAL];
    mbedtls_dtls_srtp_info negotiated;
    int error = d->secrets.set ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    mbedtls_ssl_get_dtls_srtp_negotiation_result(&d->ssl, &negotiated);
    d->keys.profile = negotiated.chosen_dtls_srtp_profile;
    if (!error && d->keys.profile != MBEDTLS_TLS_SRTP_UNSET) {
        error = mbedtls_ssl_tls_prf(d->secrets.prf, d->secrets.master, sizeof d->secrets.master, exporter_label, d->secrets.random,
                                    sizeof d->secrets.random, material, sizeof material);
        if (!error)
            split_material(d, material);
    }
    memory_wipe(material, sizeof material);
    memory_wipe(&d->secrets, sizeof d->secrets);
    return error;
}

void dtls_session_flush(struct dtls *d)
{
    for (struct packet *p; (p = packet_queue_pop(&d->flight)) != NULL;)
        out_send(d->out, p);
}
