/* SPDX-License-Identifier: MIT */
/* See dtls_pair.h. */
#include "dtls_pair.h"

#include <stdlib.h>
#include <string.h>

int certificates_setup(void **state)
{
    static struct certificates c;
    assert_int_equal(rtc_context_new(NULL, &c.context), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(certificate_generate(c.context, CERTIFICATE_ECDSA_P256, 0, &c.ecdsa[i]), 0);
    assert_int_equal(certificate_generate(c.context, CERTIFICATE_RSA_2048, 0, &c.rsa), 0);
    *state = &c;
    return 0;
}

int certificates_teardown(void **state)
{
    struct certificates *c = *state;
    for (int i = 0; i < 2; i++)
        certificate_unref(c->ecdsa[i]);
    certificate_unref(c->rsa);
    rtc_context_unref(c->context);
    return 0;
}

void pair_init(struct pair *p, rtc_context *context, struct certificate *client, struct certificate *server)
{
    *p = (struct pair){.context = context, .now = 1000000, .delay_us = 10000};
    p->end[CLIENT].certificate = client;
    p->end[SERVER].certificate = server;
    for (int i = 0; i < 2; i++) {
        struct dtls_options options = {.certificate = p->end[i].certificate};
        assert_int_equal(out_init(&p->end[i].out, context), 0);
        assert_int_equal(dtls_new(context, &options, &p->end[i].dtls), 0);
    }
}

void pair_fini(struct pair *p)
{
    packet_queue_clear(&p->wire);
    for (int i = 0; i < 2; i++) {
        dtls_free(p->end[i].dtls);
        out_fini(&p->end[i].out);
    }
}

struct dtls_fingerprint fingerprint_of(const struct certificate *certificate)
{
    struct dtls_fingerprint f = {.hash = "sha-256", .len = 32};
    const char *text = certificate_fingerprint(certificate);
    for (size_t i = 0; i < f.len; i++)
        f.value[i] = (uint8_t)strtoul(text + 3 * i, NULL, 16);
    return f;
}

void pair_trust(struct pair *p, int end, const struct certificate *peer)
{
    struct dtls_fingerprint f = fingerprint_of(peer);
    dtls_set_remote_fingerprints(p->end[end].dtls, p->now, &f, 1, &p->end[end].out);
}

void pair_start(struct pair *p)
{
    for (int i = 1; i >= 0; i--) {
        struct end *e = &p->end[i];
        pair_trust(p, i, p->end[1 - i].certificate);
        assert_int_equal(dtls_start(e->dtls, p->now, i == CLIENT ? DTLS_CLIENT : DTLS_SERVER, &e->out), 0);
        dtls_set_writable(e->dtls, p->now, &e->out);
    }
    pair_collect(p);
}

static void put_on_wire(struct pair *p, int from, struct packet *packet)
{
    struct end *e = &p->end[from];
    struct fate fate = {1, 0};
    if (packet->len > e->largest)
        e->largest = packet->len;
    if (p->filter)
        fate = p->filter(p, from, e->sent, packet_slice(packet));
    e->sent++;
    for (unsigned i = 0; i < fate.copies; i++) {
        struct packet *copy = packet_copy(e->out.pool, packet_slice(packet));
        assert_non_null(copy);
        copy->time = p->now + p->delay_us + fate.extra_us;
        copy->flags = (uint32_t)(1 - from);
        packet_queue_push(&p->wire, copy);
    }
    packet_free(packet);
}

static void record(struct pair *p, struct end *e, struct dtls_event *event)
{
    if (event->head.type == DTLS_EVENT_STATE) {
        assert_true(e->state_count < STATES_MAX);
        e->states[e->state_count++] = event->state;
        if (event->state == DTLS_CONNECTED)
            e->connected_at = p->now;
    } else {
        assert_int_equal(event->head.type, DTLS_EVENT_DATA);
        assert_true(e->text_count < TEXTS_MAX && event->data->len < 64);
        memcpy(e->texts[e->text_count++], packet_data(event->data), event->data->len);
    }
    out_free_event(&e->out, event);
}

void pair_collect(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        struct end *e = &p->end[i];
        for (struct packet *packet; (packet = packet_queue_pop(&e->out.tx)) != NULL;)
            put_on_wire(p, i, packet);
        for (struct dtls_event *event; (event = out_pop_event(&e->out)) != NULL;)
            record(p, e, event);
    }
}

/* Takes the packet that arrives first off the wire, if that is not after `until`. */
static struct packet *arrival(struct pair *p, rtc_time_t until)
{
    struct packet *best = NULL;
    for (struct packet *q = p->wire.count ? p->wire.head : NULL; q; q = q->next)
        if (q->time <= until && (!best || q->time < best->time))
            best = q;
    struct packet_queue rest = {0};
    while (p->wire.count > 0) {
        struct packet *q = packet_queue_pop(&p->wire);
        if (q != best)
            packet_queue_push(&rest, q);
    }
    p->wire = rest;
    return best;
}

static rtc_time_t deadline(const struct pair *p)
{
    rtc_time_t at[2];
    enum timer_reason why;
    for (int i = 0; i < 2; i++)
        at[i] = dtls_deadline(p->end[i].dtls, &why);
    return at[0] < at[1] ? at[0] : at[1];
}

static bool run_one(struct pair *p, rtc_time_t until)
{
    rtc_time_t timer = deadline(p);
    rtc_time_t limit = timer < until ? timer : until;
    struct packet *packet = arrival(p, limit);
    if (packet) {
        struct end *e = &p->end[packet->flags];
        if (packet->time > p->now)
            p->now = packet->time;
        dtls_input(e->dtls, p->now, packet_slice(packet), &e->out);
        packet_free(packet);
    } else if (timer <= until) {
        p->now = timer > p->now ? timer : p->now;
        for (int i = 0; i < 2; i++)
            dtls_tick(p->end[i].dtls, p->now, &p->end[i].out);
    } else {
        p->now = until;
        return false;
    }
    pair_collect(p);
    return true;
}

void pair_run(struct pair *p, rtc_time_t until)
{
    unsigned steps = 0;
    pair_collect(p);
    while (run_one(p, until))
        assert_true(++steps < 100000);
}

bool pair_connect(struct pair *p, rtc_time_t within_us)
{
    rtc_time_t until = p->now + within_us;
    pair_collect(p);
    while (dtls_state(p->end[0].dtls) != DTLS_CONNECTED || dtls_state(p->end[1].dtls) != DTLS_CONNECTED)
        if (!run_one(p, until))
            return false;
    return true;
}

void pair_send(struct pair *p, int from, const char *text)
{
    assert_int_equal(dtls_send(p->end[from].dtls, slice_str(text), &p->end[from].out), 0);
    pair_collect(p);
}

void pair_inject(struct pair *p, int to, struct slice datagram)
{
    struct end *e = &p->end[to];
    /* An exact allocation, so that a sanitizer sees a read past the end. */
    uint8_t *exact = malloc(datagram.len ? datagram.len : 1);
    assert_non_null(exact);
    if (datagram.len > 0)
        memcpy(exact, datagram.data, datagram.len);
    dtls_input(e->dtls, p->now, slice_of(exact, datagram.len), &e->out);
    free(exact);
}

enum dtls_state last_state(const struct end *e)
{
    return e->state_count ? e->states[e->state_count - 1] : DTLS_NEW;
}
