/* SPDX-License-Identifier: MIT */
/* See dtls_session.h: mbedTLS reads the one record in the inbox, writes packets, and asks for the time of the call (RFC 6347 section 4.2.4
 * for the retransmissions, RFC 5764 section 4 for use_srtp and the exported keys). */
#include "dtls_session.h"

#include "certificate_internal.h"
#include "memory.h"

#include <mbedtls/ssl_ciphersuites.h>

enum {
    TIMEOUT_MAX_MS = 60000, /* RFC 6347 section 4.2.4.1 */
    KEY_LEN = 16,           /* of AES-128-CM (RFC 5764 section 4.1.2) */
    SALT_LEN = 14,
    SRTP_MATERIAL = 2 * (KEY_LEN + SALT_LEN)
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
    struct dtls_session *s = user;
    struct slice record = s->inbox;
    s->inbox = slice_of(NULL, 0);
    if (record.len == 0 || record.len > capacity)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(bytes, record.data, record.len);
    return (int)record.len;
}

/* A packet that can not be had is a lost one: the retransmission makes up for it. */
static int transmit(void *user, const unsigned char *bytes, size_t len)
{
    struct dtls_session *s = user;
    struct packet *p = packet_copy(s->pool, slice_of(bytes, len));
    if (p) {
        p->time = s->now;
        packet_queue_push(&s->flight, p);
    }
    return (int)len;
}

static void set_timer(void *user, uint32_t intermediate_ms, uint32_t final_ms)
{
    struct dtls_session *s = user;
    dtls_timer_set(&s->timer, s->now, intermediate_ms, final_ms);
}

static int get_timer(void *user)
{
    const struct dtls_session *s = user;
    return dtls_timer_state(&s->timer, s->now);
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

static int configure(struct dtls_session *s)
{
    mbedtls_ssl_config *c = &s->config;
    int endpoint = s->role == DTLS_SERVER ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT;
    int error = mbedtls_ssl_config_defaults(c, endpoint, MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (error)
        return error;
    mbedtls_compat_set_algorithms(c);
    mbedtls_compat_capture_secrets(c, &s->ssl, &s->secrets);
    mbedtls_ssl_conf_ciphersuites(c, ciphersuites);
    mbedtls_ssl_conf_rng(c, mbedtls_compat_random, s->context);
    /* REQUIRED without a certificate authority fails; we require a certificate ourselves. */
    mbedtls_ssl_conf_authmode(c, MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_verify(c, accept_any, NULL);
    mbedtls_ssl_conf_cert_req_ca_list(c, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
    mbedtls_ssl_conf_renegotiation(c, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    /* RFC 7627: without it a man in the middle could give both sides one master secret, and so one set of SRTP keys. */
    mbedtls_ssl_conf_extended_master_secret(c, MBEDTLS_SSL_EXTENDED_MS_ENABLED);
    mbedtls_ssl_conf_session_tickets(c, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    if (s->role == DTLS_SERVER)
        mbedtls_ssl_conf_dtls_cookies(c, NULL, NULL, NULL); /* ICE has proven the path already */
    dtls_session_set_timeout(s);
    error = mbedtls_ssl_conf_dtls_srtp_protection_profiles(c, srtp_profiles);
    return error ? error : mbedtls_ssl_conf_own_cert(c, certificate_chain(s->certificate), certificate_private_key(s->certificate));
}

int dtls_session_open(struct dtls_session *s)
{
    mbedtls_ssl_init(&s->ssl);
    mbedtls_ssl_config_init(&s->config);
    s->set_up = true;
    int error = configure(s);
    if (!error)
        error = mbedtls_ssl_setup(&s->ssl, &s->config);
    if (error)
        return error;
    mbedtls_ssl_set_bio(&s->ssl, s, transmit, receive, NULL);
    mbedtls_ssl_set_timer_cb(&s->ssl, s, set_timer, get_timer);
    mbedtls_ssl_set_mtu(&s->ssl, s->handshake_mtu);
    s->phase = PHASE_WAITING;
    return 0;
}

void dtls_session_close(struct dtls_session *s)
{
    memory_wipe(&s->secrets, sizeof s->secrets);
    dtls_timer_stop(&s->timer);
    if (!s->set_up)
        return;
    s->set_up = false;
    mbedtls_ssl_free(&s->ssl);
    mbedtls_ssl_config_free(&s->config);
}

void dtls_session_set_timeout(struct dtls_session *s)
{
    mbedtls_ssl_conf_handshake_timeout(&s->config, dtls_timer_measure(&s->timer, s->rtt_us), TIMEOUT_MAX_MS);
}

void dtls_session_begin(struct dtls_session *s)
{
    s->phase = PHASE_HANDSHAKE;
}

static int handshake(struct dtls_session *s)
{
    certificate_lock(s->certificate);
    int result = mbedtls_ssl_handshake(&s->ssl);
    certificate_unlock(s->certificate);
    return result;
}

int dtls_session_step(struct dtls_session *s)
{
    bool more;
    int result;
    /* Once more after every record and every expired timer: a retransmission leaves the record unread, a record may complete messages
     * that wait inside mbedTLS. Both happen at most once. */
    do {
        more = s->inbox.len > 0 || get_timer(s) == DTLS_TIMER_EXPIRED;
        if (get_timer(s) == DTLS_TIMER_EXPIRED)
            s->retransmits++;
        result = handshake(s);
    } while (more && (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE));
    if (result == 0)
        s->phase = PHASE_OVER;
    return result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE ? 0 : result;
}

bool dtls_session_vouches(struct dtls_session *s, struct slice record)
{
    struct packet *copy = packet_copy(s->pool, record); /* it is decrypted in place */
    if (!copy)
        return false;
    int result = mbedtls_ssl_check_record(&s->ssl, packet_data(copy), copy->len);
    packet_free(copy);
    return result == 0;
}

int dtls_session_restart(struct dtls_session *s)
{
    packet_queue_clear(&s->flight);
    s->inbox = slice_of(NULL, 0);
    return mbedtls_ssl_session_reset(&s->ssl);
}

/* RFC 5764 section 4.2: both write keys, then both salts, the client's first. */
static void split_material(const struct dtls_session *s, const uint8_t *material, struct dtls_srtp_keys *k)
{
    bool client = s->role == DTLS_CLIENT;
    const uint8_t *salts = material + 2 * KEY_LEN;
    k->key_len = KEY_LEN;
    k->salt_len = SALT_LEN;
    memcpy(client ? k->local_key : k->remote_key, material, KEY_LEN);
    memcpy(client ? k->remote_key : k->local_key, material + KEY_LEN, KEY_LEN);
    memcpy(client ? k->local_salt : k->remote_salt, salts, SALT_LEN);
    memcpy(client ? k->remote_salt : k->local_salt, salts + SALT_LEN, SALT_LEN);
}

int dtls_session_derive_keys(struct dtls_session *s, struct dtls_srtp_keys *out)
{
    uint8_t material[SRTP_MATERIAL];
    mbedtls_dtls_srtp_info negotiated;
    int error = s->secrets.set ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    mbedtls_ssl_get_dtls_srtp_negotiation_result(&s->ssl, &negotiated);
    if (!error && negotiated.chosen_dtls_srtp_profile != MBEDTLS_TLS_SRTP_UNSET) {
        error = mbedtls_ssl_tls_prf(s->secrets.prf, s->secrets.master, sizeof s->secrets.master, exporter_label, s->secrets.random,
                                    sizeof s->secrets.random, material, sizeof material);
        if (!error) {
            out->profile = negotiated.chosen_dtls_srtp_profile;
            split_material(s, material, out);
        }
    }
    memory_wipe(material, sizeof material);
    memory_wipe(&s->secrets, sizeof s->secrets);
    return error;
}

void dtls_session_flush(struct dtls_session *s, struct out *out)
{
    for (struct packet *p; (p = packet_queue_pop(&s->flight)) != NULL;)
        out_send(out, p);
}
