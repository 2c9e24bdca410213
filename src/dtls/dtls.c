/* SPDX-License-Identifier: MIT */
/* The association: what happens to each datagram, who may become CONNECTED, and application data. See dtls.h; RFC 6347, RFC 8827 6.5. */
#include "dtls.h"

#include "certificate_internal.h"
#include "context.h"
#include "dtls_internal.h"
#include "dtls_record.h"
#include "log.h"
#include "memory.h"

#include <mbedtls/error.h>

#include <stdarg.h>
#include <stdio.h>

enum {
    OVERHEAD_MAX = 37,     /* AES-GCM: header 13, explicit nonce 8, tag 16 */
    EARLY_BYTES_MAX = 4096 /* of one that waits: no datagram of a handshake is larger, anything else is not worth keeping */
};

/* How long a handshake goes on after an alert that nobody vouched for, when nothing else comes. */
static const rtc_time_t alert_patience = 10 * INT64_C(1000000);

const struct moves dtls_moves = {
    .module = "dtls",
    .what = "association",
    .count = DTLS_FAILED + 1,
    .names = {"new", "connecting", "connected", "closed", "failed"},
    .allowed =
        {
            [DTLS_NEW] = MOVE_TO(DTLS_CONNECTING) | MOVE_TO(DTLS_CLOSED) | MOVE_TO(DTLS_FAILED),
            [DTLS_CONNECTING] = MOVE_TO(DTLS_CONNECTED) | MOVE_TO(DTLS_CLOSED) | MOVE_TO(DTLS_FAILED),
            [DTLS_CONNECTED] = MOVE_TO(DTLS_CLOSED) | MOVE_TO(DTLS_FAILED),
            [DTLS_CLOSED] = 0,
            [DTLS_FAILED] = 0,
        },
};

/* What comes after the end changes nothing: that is no error, as the application may close at any time. */
static bool move_to(struct dtls *d, enum dtls_state state)
{
    if (!moves_allow(&dtls_moves, d->state, state))
        return false;
    log_write(d->context, RTC_LOG_DEBUG, "dtls", "%s -> %s", dtls_moves.names[d->state], dtls_moves.names[state]);
    d->state = state;
    return true;
}

static void set_state(struct dtls *d, enum dtls_state state)
{
    struct dtls_event *e = move_to(d, state) ? out_event(d->out, DTLS_EVENT_STATE) : NULL;
    if (e)
        e->state = state;
}

/* What only a handshake needs, and what waits for its end. */
static void forget(struct dtls *d)
{
    packet_queue_clear(&d->waiting.early);
    packet_queue_clear(&d->waiting.future);
    packet_queue_clear(&d->waiting.data);
    client_hello_fini(&d->hello);
    memory_wipe(&d->session.secrets, sizeof d->session.secrets);
}

static void __attribute__((format(printf, 2, 3))) fail(struct dtls *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(d->failure, sizeof d->failure, format, args);
    va_end(args);
    log_write(d->context, RTC_LOG_WARNING, "dtls", "%s", d->failure);
    dtls_session_flush(&d->session, d->out); /* an alert, perhaps */
    forget(d);
    dtls_timer_stop(&d->session.timer);
    set_state(d, DTLS_FAILED);
}

static void fail_by_alert(struct dtls *d, int alert)
{
    d->cause.received_alert = alert;
    fail(d, "the peer sent alert %d", alert);
}

static void fail_with_code(struct dtls *d, int error)
{
    char text[96] = "";
    if (error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        fail_by_alert(d, mbedtls_compat_alert(&d->session.ssl));
    } else if (error == MBEDTLS_ERR_SSL_TIMEOUT) {
        fail(d, "the handshake timed out");
    } else {
        mbedtls_strerror(error, text, sizeof text);
        fail(d, "%s (-0x%04x)", text, (unsigned)-error);
    }
}

static void release_data(struct event *event)
{
    packet_free(((struct dtls_event *)event)->data);
}

static void emit_data(struct dtls *d, struct packet *packet)
{
    struct dtls_event *e = out_event(d->out, DTLS_EVENT_DATA);
    if (!e) {
        packet_free(packet);
        return;
    }
    e->data = packet;
    e->head.release = release_data;
}

/* Application data of a peer that is not judged yet waits; what does not fit is lost, as datagrams may be. */
static void take_data(struct dtls *d, struct packet *packet)
{
    if (d->state == DTLS_CONNECTED) {
        emit_data(d, packet);
    } else if (d->waiting.data.count < DTLS_HELD_RECORDS_MAX) {
        packet_queue_push(&d->waiting.data, packet);
    } else {
        d->counters.dropped++;
        packet_free(packet);
    }
}

static void peer_closed(struct dtls *d)
{
    (void)mbedtls_ssl_close_notify(&d->session.ssl);
    dtls_session_flush(&d->session, d->out);
    forget(d);
    set_state(d, DTLS_CLOSED);
}

static bool is_idle(int result)
{
    return result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE || result == 0;
}

/* One call of mbedTLS; false when there is no more to read. */
static bool read_one(struct dtls *d, struct packet *into)
{
    int result = mbedtls_ssl_read(&d->session.ssl, packet_data(into), packet_tailroom(into));
    if (result > 0) {
        into->len = (uint32_t)result;
        into->time = d->session.now;
        take_data(d, into);
        return true;
    }
    packet_free(into);
    if (result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        peer_closed(d);
    else if (!is_idle(result))
        fail_with_code(d, result);
    return false;
}

static bool may_read(const struct dtls *d)
{
    return d->state == DTLS_CONNECTING || d->state == DTLS_CONNECTED;
}

/* Reads the inbox after the handshake. A retransmitted Finished makes mbedTLS send its last flight again. */
static void read_records(struct dtls *d)
{
    bool more = true;
    size_t room = d->session.inbox.len;
    while (more && may_read(d)) {
        struct packet *p = packet_new_sized(d->out->pool, room);
        if (!p) {
            d->session.inbox = slice_of(NULL, 0);
            d->counters.dropped++;
            return;
        }
        more = read_one(d, p);
    }
    dtls_session_flush(&d->session, d->out);
}

static void describe_cipher(struct dtls *d)
{
    const char *name = mbedtls_ssl_get_ciphersuite(&d->session.ssl);
    (void)snprintf(d->cipher, sizeof d->cipher, "%s", name ? name : "");
    for (char *c = d->cipher; *c; c++)
        if (*c == '-')
            *c = '_';
}

static void refuse_certificate(struct dtls *d, const char *why)
{
    (void)mbedtls_ssl_send_alert_message(&d->session.ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, MBEDTLS_SSL_ALERT_MSG_BAD_CERT);
    d->cause.fingerprint = true;
    d->cause.sent_alert = MBEDTLS_SSL_ALERT_MSG_BAD_CERT;
    fail(d, "%s", why);
}

static void become_connected(struct dtls *d)
{
    int error = dtls_session_derive_keys(&d->session, &d->keys);
    if (error) {
        fail_with_code(d, error);
        return;
    }
    describe_cipher(d);
    client_hello_fini(&d->hello);
    mbedtls_ssl_set_mtu(&d->session.ssl, d->mtu);
    set_state(d, DTLS_CONNECTED);
    for (struct packet *p; (p = packet_queue_pop(&d->waiting.data)) != NULL;)
        emit_data(d, p);
}

/* The only way to CONNECTED: a certificate whose key signed the handshake, and a fingerprint that names it. */
static void judge(struct dtls *d)
{
    if (d->state != DTLS_CONNECTING || d->session.phase != PHASE_OVER)
        return;
    const mbedtls_x509_crt *peer = mbedtls_ssl_get_peer_cert(&d->session.ssl);
    if (!peer) {
        refuse_certificate(d, "the peer sent no certificate");
        return;
    }
    if (d->fingerprint_count == 0)
        return;
    switch (dtls_fingerprint_check(d->fingerprints, d->fingerprint_count, slice_of(peer->raw.p, peer->raw.len))) {
    case FINGERPRINT_MATCHES:
        become_connected(d);
        break;
    case FINGERPRINT_DIFFERS:
        refuse_certificate(d, "the peer's certificate does not match its fingerprint");
        break;
    default:
        refuse_certificate(d, "no fingerprint of the peer uses a known hash function");
        break;
    }
}

/* A ClientHello that mbedTLS can not read may be anybody's: it must not end the association. The peer's own limits do. */
static bool is_bad_hello(struct dtls *d, int error)
{
    return d->session.role == DTLS_SERVER && mbedtls_compat_awaits_client_hello(&d->session.ssl) &&
           error != MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN && error != MBEDTLS_ERR_SSL_NO_USABLE_CIPHERSUITE &&
           error != MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION && error != MBEDTLS_ERR_SSL_ALLOC_FAILED;
}

static void step(struct dtls *d)
{
    int error = dtls_session_step(&d->session);
    d->counters.retransmits = d->session.retransmits;
    if (error && is_bad_hello(d, error)) {
        d->counters.malformed++;
        error = dtls_session_restart(&d->session);
    }
    if (error) {
        fail_with_code(d, error);
        return;
    }
    dtls_session_flush(&d->session, d->out);
    if (d->session.phase == PHASE_OVER)
        judge(d);
}

static void feed(struct dtls *d, struct slice record)
{
    d->session.inbox = record;
    d->alert.due = RTC_TIME_NEVER;
    if (d->session.phase == PHASE_HANDSHAKE)
        step(d);
    else
        read_records(d);
    d->session.inbox = slice_of(NULL, 0);
}

static void take_plain_handshake(struct dtls *d, const struct dtls_record *record)
{
    struct slice whole = record->whole;
    if (!dtls_record_is_client_hello(record)) {
        if (mbedtls_compat_awaits_client_hello(&d->session.ssl) && d->session.role == DTLS_SERVER)
            d->counters.dropped++; /* overtook the ClientHello: it comes again */
        else
            feed(d, whole);
        return;
    }
    if (d->session.role != DTLS_SERVER || client_hello_input(&d->hello, record, &whole) != RTC_OK) {
        d->counters.malformed++;
        return;
    }
    if (whole.len > 0)
        feed(d, whole);
}

/* Nobody vouches for it, so it ends nothing by itself; but when nothing else comes any more it was the peer's. */
static void take_plain_alert(struct dtls *d, struct slice body)
{
    enum { FATAL = 2 };
    bool begun = d->session.role == DTLS_CLIENT || !mbedtls_compat_awaits_client_hello(&d->session.ssl);
    if (!begun || body.len != 2 || body.data[0] != FATAL)
        return;
    d->alert.description = body.data[1];
    if (d->alert.due == RTC_TIME_NEVER)
        d->alert.due = d->session.now + alert_patience;
}

/* Epoch 0: anybody could have written it. An alert here would end the handshake, application data has no place. */
static void take_plain(struct dtls *d, const struct dtls_record *record)
{
    if (mbedtls_compat_epoch_in(&d->session.ssl) != 0 || record->type == DTLS_APPLICATION_DATA) {
        d->counters.dropped++;
    } else if (record->type == DTLS_ALERT) {
        d->counters.dropped++;
        take_plain_alert(d, record->body);
    } else if (!dtls_record_is_sound(record)) {
        d->counters.malformed++;
    } else if (record->type == DTLS_HANDSHAKE) {
        take_plain_handshake(d, record);
    } else if (mbedtls_compat_awaits_client_hello(&d->session.ssl)) {
        d->counters.dropped++;
    } else {
        feed(d, record->whole);
    }
}

static void hold(struct dtls *d, struct packet_queue *queue, struct slice bytes)
{
    struct packet *p = queue->count < DTLS_HELD_RECORDS_MAX && bytes.len <= EARLY_BYTES_MAX ? packet_copy(d->out->pool, bytes) : NULL;
    if (p)
        packet_queue_push(queue, p);
    else
        d->counters.dropped++;
}

/* Epoch 1. During the handshake mbedTLS takes a bad record for a failed handshake, so only proven ones reach it; data that overtook the
 * peer's Finished it would drop. */
static void take_protected(struct dtls *d, const struct dtls_record *record)
{
    bool early = mbedtls_compat_epoch_in(&d->session.ssl) == 0 || record->type == DTLS_APPLICATION_DATA;
    if (d->session.phase == PHASE_HANDSHAKE && early) {
        hold(d, &d->waiting.future, record->whole);
        dtls_timer_hasten(&d->session.timer, d->session.now);
    } else if (d->session.phase == PHASE_HANDSHAKE && !dtls_session_vouches(&d->session, record->whole))
        d->counters.dropped++;
    else
        feed(d, record->whole);
}

static void take_record(struct dtls *d, const struct dtls_record *record)
{
    if (record->epoch > 1)
        d->counters.dropped++;
    else if (record->epoch == 0)
        take_plain(d, record);
    else
        take_protected(d, record);
}

static void take_future(struct dtls *d)
{
    struct packet_queue waiting = d->waiting.future;
    struct dtls_record record;
    d->waiting.future = (struct packet_queue){0};
    if (waiting.head)
        for (struct packet *p; (p = packet_queue_pop(&waiting)) != NULL; packet_free(p)) {
            struct reader r = reader_of(packet_slice(p));
            if (may_read(d) && dtls_record_next(&r, &record) == DTLS_RECORD_OK)
                take_record(d, &record);
        }
}

static void take_datagram(struct dtls *d, struct slice datagram)
{
    struct reader r = reader_of(datagram);
    struct dtls_record record;
    enum dtls_record_result result = DTLS_RECORD_END;
    while (may_read(d) && (result = dtls_record_next(&r, &record)) == DTLS_RECORD_OK) {
        take_record(d, &record);
        if (d->waiting.future.head && may_read(d) && mbedtls_compat_epoch_in(&d->session.ssl) > 0)
            take_future(d);
    }
    if (result == DTLS_RECORD_MALFORMED)
        d->counters.malformed++;
    else if (result == DTLS_RECORD_FOREIGN)
        d->counters.dropped++;
}

/* Datagrams are kept for a handshake that has not begun. */
static bool may_wait(const struct dtls *d)
{
    return d->state == DTLS_NEW;
}

static void enter(struct dtls *d, rtc_time_t now, struct out *out)
{
    d->out = out;
    d->session.now = now;
    d->session.pool = out->pool;
}

int dtls_new(rtc_context *context, const struct dtls_options *options, struct dtls **out)
{
    context = context_resolve(context);
    struct dtls *d = context ? memory_zeroed(context, sizeof *d) : NULL;
    if (!d)
        return RTC_ERR_NO_MEMORY;
    d->context = rtc_context_ref(context);
    d->certificate = certificate_ref(options->certificate);
    d->mtu = options->mtu ? options->mtu : PACKET_MTU;
    d->session.context = d->context;
    d->session.certificate = d->certificate;
    d->session.handshake_mtu = options->handshake_mtu ? options->handshake_mtu : d->mtu;
    dtls_timer_stop(&d->session.timer);
    d->alert.due = RTC_TIME_NEVER;
    d->cause = (struct dtls_cause){.received_alert = -1, .sent_alert = -1};
    client_hello_init(&d->hello, context);
    *out = d;
    return RTC_OK;
}

void dtls_free(struct dtls *d)
{
    if (!d)
        return;
    dtls_session_close(&d->session);
    packet_queue_clear(&d->waiting.early);
    packet_queue_clear(&d->waiting.future);
    packet_queue_clear(&d->waiting.data);
    packet_queue_clear(&d->session.flight);
    client_hello_fini(&d->hello);
    certificate_unref(d->certificate);
    memory_wipe(&d->keys, sizeof d->keys);
    context_free(d->context, d);
}

/* A server waits for the path too: an answer without one would be lost, and be sent again only after a timeout. */
static void begin(struct dtls *d)
{
    if (!d->started || d->session.phase != PHASE_WAITING || !d->writable)
        return;
    set_state(d, DTLS_CONNECTING);
    dtls_session_begin(&d->session);
    if (d->session.role == DTLS_CLIENT)
        step(d);
    for (struct packet *p; (p = packet_queue_pop(&d->waiting.early)) != NULL; packet_free(p))
        take_datagram(d, packet_slice(p));
}

static int open_session(struct dtls *d, enum dtls_role role)
{
    if (d->session.set_up && d->session.role == role)
        return 0;
    dtls_session_close(&d->session);
    d->session.role = role;
    int error = dtls_session_open(&d->session);
    if (error)
        dtls_session_close(&d->session);
    return error;
}

int dtls_prepare(struct dtls *d, enum dtls_role role)
{
    int error = d->state == DTLS_NEW ? open_session(d, role) : 0;
    return error == 0 ? RTC_OK : error == MBEDTLS_ERR_SSL_ALLOC_FAILED ? RTC_ERR_NO_MEMORY : RTC_ERR_OPERATION;
}

int dtls_start(struct dtls *d, rtc_time_t now, enum dtls_role role, struct out *out)
{
    enter(d, now, out);
    if (d->state != DTLS_NEW || d->started)
        return RTC_ERR_INVALID_STATE;
    int error = open_session(d, role);
    if (error) {
        fail_with_code(d, error);
        return error == MBEDTLS_ERR_SSL_ALLOC_FAILED ? RTC_ERR_NO_MEMORY : RTC_ERR_OPERATION;
    }
    d->started = true;
    begin(d);
    return RTC_OK;
}

void dtls_set_writable(struct dtls *d, rtc_time_t now, struct out *out)
{
    enter(d, now, out);
    d->writable = true;
    begin(d);
}

void dtls_set_remote_fingerprints(struct dtls *d, rtc_time_t now, const struct dtls_fingerprint *fingerprints, size_t count,
                                  struct out *out)
{
    enter(d, now, out);
    if (d->state != DTLS_NEW && d->state != DTLS_CONNECTING)
        return;
    d->fingerprint_count = count < DTLS_FINGERPRINTS_MAX ? count : DTLS_FINGERPRINTS_MAX;
    for (size_t i = 0; i < d->fingerprint_count; i++)
        d->fingerprints[i] = fingerprints[i];
    judge(d);
}

void dtls_set_rtt(struct dtls *d, rtc_time_t rtt_us)
{
    d->session.rtt_us = rtt_us;
    if (d->session.set_up)
        dtls_session_set_timeout(&d->session);
}

void dtls_input(struct dtls *d, rtc_time_t now, struct slice datagram, struct out *out)
{
    enter(d, now, out);
    if (may_wait(d))
        hold(d, &d->waiting.early, datagram);
    else
        take_datagram(d, datagram);
}

void dtls_tick(struct dtls *d, rtc_time_t now, struct out *out)
{
    enter(d, now, out);
    if (d->state != DTLS_CONNECTING || d->session.phase != PHASE_HANDSHAKE)
        return;
    if (now >= d->alert.due)
        fail_by_alert(d, d->alert.description);
    else if (now >= d->session.timer.final)
        step(d);
}

rtc_time_t dtls_deadline(const struct dtls *d, enum timer_reason *why)
{
    rtc_time_t best = RTC_TIME_NEVER;
    if (why)
        *why = TIMER_NONE;
    if (d->state == DTLS_CONNECTING && d->session.phase == PHASE_HANDSHAKE)
        deadline_min(&best, why, d->session.timer.final < d->alert.due ? d->session.timer.final : d->alert.due, TIMER_DTLS_RETRANSMIT);
    return best;
}

int dtls_send(struct dtls *d, struct slice data, struct out *out)
{
    enter(d, d->session.now, out);
    if (d->state != DTLS_CONNECTED)
        return RTC_ERR_INVALID_STATE;
    if (data.len == 0 || data.len + dtls_overhead(d) > d->mtu)
        return RTC_ERR_RANGE;
    int result = mbedtls_ssl_write(&d->session.ssl, data.data, data.len);
    bool sent = d->session.flight.head != NULL;
    dtls_session_flush(&d->session, d->out);
    if (result < 0)
        return RTC_ERR_OPERATION;
    return sent ? RTC_OK : RTC_ERR_NO_MEMORY;
}

void dtls_close(struct dtls *d, struct out *out)
{
    enter(d, d->session.now, out);
    if (d->state == DTLS_CONNECTED) {
        (void)mbedtls_ssl_close_notify(&d->session.ssl);
        dtls_session_flush(&d->session, d->out);
    }
    forget(d);
    (void)move_to(d, DTLS_CLOSED);
}

enum dtls_state dtls_state(const struct dtls *d)
{
    return d->state;
}

enum dtls_role dtls_role(const struct dtls *d)
{
    return d->session.role;
}

const char *dtls_failure(const struct dtls *d)
{
    return d->failure;
}

const struct dtls_cause *dtls_failure_cause(const struct dtls *d)
{
    return &d->cause;
}

int dtls_export_srtp_keys(const struct dtls *d, struct dtls_srtp_keys *out)
{
    if (d->state != DTLS_CONNECTED)
        return RTC_ERR_INVALID_STATE;
    if (!d->keys.profile)
        return RTC_ERR_NOT_FOUND;
    *out = d->keys;
    return RTC_OK;
}

struct slice dtls_remote_certificate(const struct dtls *d)
{
    const mbedtls_x509_crt *peer = d->state == DTLS_CONNECTED ? mbedtls_ssl_get_peer_cert(&d->session.ssl) : NULL;
    return peer ? slice_of(peer->raw.p, peer->raw.len) : slice_of(NULL, 0);
}

size_t dtls_remote_certificates(const struct dtls *d, struct slice out[DTLS_CHAIN_MAX])
{
    size_t count = 0;
    const mbedtls_x509_crt *one = d->state == DTLS_CONNECTED ? mbedtls_ssl_get_peer_cert(&d->session.ssl) : NULL;
    for (; one && count < DTLS_CHAIN_MAX; one = one->next)
        out[count++] = slice_of(one->raw.p, one->raw.len);
    return count;
}

const char *dtls_cipher(const struct dtls *d)
{
    return d->cipher;
}

const char *dtls_srtp_profile_name(const struct dtls *d)
{
    if (!d->keys.profile)
        return "";
    return d->keys.profile == 7 ? "SRTP_AEAD_AES_128_GCM" : d->keys.profile == 8 ? "SRTP_AEAD_AES_256_GCM" : "SRTP_AES128_CM_HMAC_SHA1_80";
}

size_t dtls_overhead(const struct dtls *d)
{
    int expansion = d->state == DTLS_CONNECTED ? mbedtls_ssl_get_record_expansion(&d->session.ssl) : 0;
    return expansion > 0 ? (size_t)expansion : OVERHEAD_MAX;
}

const struct dtls_counters *dtls_counters(const struct dtls *d)
{
    return &d->counters;
}
