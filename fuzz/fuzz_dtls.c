/* SPDX-License-Identifier: MIT */
/* A whole association fed with datagrams from the input, in both roles and at every stage of a real handshake with a second one.
 *
 * Input: one byte of role and how many genuine steps come first, then chunks of (kind, length, bytes): a raw datagram, one wrapped in a plain or a
 * protected record, a jump in time, or the peer's next genuine datagram. It must never become CONNECTED without the genuine peer. */
#include "context.h"
#include "dtls.h"
#include "reader.h"
#include "writer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rtc_context *context;
static struct certificate *certificate[2];

struct world {
    struct dtls *dtls[2]; /* the first is under attack */
    struct out out[2];
    rtc_time_t now;
};

static void prepare(void)
{
    if (context)
        return;
    if (rtc_context_new(NULL, &context) != RTC_OK)
        abort();
    context_seed(context, 1);
    for (int i = 0; i < 2; i++)
        if (certificate_generate(context, CERTIFICATE_ECDSA_P256, 0, &certificate[i]) != RTC_OK)
            abort();
}

static void trust(struct world *w, int i)
{
    struct dtls_fingerprint f = {.hash = "sha-256", .len = 32};
    const char *text = certificate_fingerprint(certificate[1 - i]);
    for (size_t k = 0; k < f.len; k++)
        f.value[k] = (uint8_t)strtoul(text + 3 * k, NULL, 16);
    dtls_set_remote_fingerprints(w->dtls[i], w->now, &f, 1, &w->out[i]);
}

static void drop_events(struct out *out)
{
    for (struct event *e; (e = out_pop_event(out)) != NULL;)
        out_free_event(out, e);
}

/* One genuine datagram from one to the other. */
static void carry(struct world *w, int from)
{
    struct packet *p = packet_queue_pop(&w->out[from].tx);
    if (!p)
        return;
    dtls_input(w->dtls[1 - from], w->now, packet_slice(p), &w->out[1 - from]);
    packet_free(p);
}

static void feed_record(struct world *w, uint8_t type, uint16_t epoch, struct slice body)
{
    uint8_t bytes[2048];
    struct writer record = writer_of(bytes, sizeof bytes);
    static uint16_t seq;
    writer_u8(&record, type);
    writer_u16(&record, 0xfefd);
    writer_u16(&record, epoch);
    writer_u32(&record, 1);
    writer_u16(&record, seq++);
    writer_u16(&record, (uint16_t)body.len);
    writer_bytes(&record, body);
    if (writer_ok(&record))
        dtls_input(w->dtls[0], w->now, slice_of(bytes, writer_len(&record)), &w->out[0]);
}

static void play(struct world *w, uint8_t kind, struct slice bytes)
{
    switch (kind % 6) {
    case 0:
        dtls_input(w->dtls[0], w->now, bytes, &w->out[0]);
        break;
    case 1:
        feed_record(w, (uint8_t)(20 + (kind >> 3) % 4), 0, bytes);
        break;
    case 2:
        feed_record(w, (uint8_t)(20 + (kind >> 3) % 4), 1, bytes);
        break;
    case 3:
        w->now += (rtc_time_t)bytes.len * 20000;
        dtls_tick(w->dtls[0], w->now, &w->out[0]);
        dtls_tick(w->dtls[1], w->now, &w->out[1]);
        break;
    case 4:
        carry(w, 0);
        carry(w, 1);
        break;
    default:
        (void)dtls_send(w->dtls[0], bytes, &w->out[0]);
        break;
    }
}

static bool begin(struct world *w, uint8_t mode)
{
    w->now = 1000000;
    for (int i = 0; i < 2; i++) {
        struct dtls_options options = {.certificate = certificate[i]};
        if (out_init(&w->out[i], context) != RTC_OK || dtls_new(context, &options, &w->dtls[i]) != RTC_OK)
            abort();
    }
    if ((mode >> 1) % 8 == 7)
        return false; /* everything comes before the start */
    for (int i = 0; i < 2; i++) {
        trust(w, i);
        (void)dtls_start(w->dtls[i], w->now, (mode & 1) == i ? DTLS_CLIENT : DTLS_SERVER, &w->out[i]);
        dtls_set_writable(w->dtls[i], w->now, &w->out[i]);
    }
    for (int i = 0; i < (mode >> 1) % 8; i++)
        carry(w, (mode + i + 1) % 2);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w = {0};
    struct reader r = reader_of(slice_of(data, size));
    prepare();
    uint8_t mode = reader_u8(&r);
    bool genuine = begin(&w, mode);
    while (reader_left(&r) > 0) {
        uint8_t kind = reader_u8(&r);
        uint16_t len = reader_u16(&r);
        struct slice bytes = reader_bytes(&r, len < reader_left(&r) ? len : reader_left(&r));
        play(&w, kind, bytes);
        drop_events(&w.out[0]);
        drop_events(&w.out[1]);
        if (!genuine && dtls_state(w.dtls[0]) == DTLS_CONNECTED)
            abort();
    }
    if (!genuine) {
        (void)dtls_start(w.dtls[0], w.now, DTLS_SERVER, &w.out[0]);
        dtls_set_writable(w.dtls[0], w.now, &w.out[0]);
    }
    if (dtls_state(w.dtls[0]) == DTLS_CONNECTED && dtls_remote_certificate(w.dtls[0]).len != certificate_der(certificate[1]).len)
        abort();
    for (int i = 0; i < 2; i++) {
        dtls_free(w.dtls[i]);
        out_fini(&w.out[i]);
    }
    return 0;
}
