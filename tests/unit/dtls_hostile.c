/* SPDX-License-Identifier: MIT */
/* Peers and strangers that do not behave: fragmented hellos, garbage, forged records. */
#include "dtls_pair.h"
#include "dtls_record.h"
#include "writer.h"

#include <stdlib.h>
#include <string.h>

static void assert_still_works(struct pair *p)
{
    size_t had[2] = {p->end[0].text_count, p->end[1].text_count};
    assert_int_equal(dtls_state(p->end[0].dtls), DTLS_CONNECTED);
    assert_int_equal(dtls_state(p->end[1].dtls), DTLS_CONNECTED);
    pair_send(p, CLIENT, "ping");
    pair_send(p, SERVER, "pong");
    pair_run(p, p->now + 100000);
    assert_int_equal(p->end[SERVER].text_count, had[SERVER] + 1);
    assert_int_equal(p->end[CLIENT].text_count, had[CLIENT] + 1);
}

/* ---- fragmented ClientHello ---- */

enum shape { IN_ORDER, BACKWARDS, ONE_DATAGRAM, FIRST_LOST, DOUBLED, SHAPES };

struct splitter {
    unsigned parts;
    enum shape shape;
    unsigned hellos;
};

static void put_fragment(struct writer *w, struct slice hello, unsigned seq, uint32_t from, uint32_t to)
{
    const uint8_t *head = hello.data;
    const uint8_t *message = head + DTLS_RECORD_HEADER;
    writer_bytes(w, slice_of(head, 9));
    writer_u16(w, (uint16_t)seq);
    writer_u16(w, (uint16_t)(DTLS_HANDSHAKE_HEADER + to - from));
    writer_bytes(w, slice_of(message, 6));
    writer_u24(w, from);
    writer_u24(w, to - from);
    writer_bytes(w, slice_of(message + DTLS_HANDSHAKE_HEADER + from, to - from));
}

static bool is_client_hello(struct slice datagram)
{
    return datagram.len > DTLS_RECORD_HEADER && datagram.data[0] == DTLS_HANDSHAKE &&
           datagram.data[DTLS_RECORD_HEADER] == DTLS_CLIENT_HELLO;
}

static void deliver_split(struct pair *p, struct splitter *s, struct slice hello)
{
    uint8_t bytes[8][512];
    struct writer w[8];
    uint32_t length = (uint32_t)(hello.len - DTLS_RECORD_HEADER - DTLS_HANDSHAKE_HEADER);
    for (unsigned i = 0; i < s->parts; i++) {
        if (i == 0 || s->shape != ONE_DATAGRAM)
            w[i] = writer_of(bytes[i], sizeof bytes[i]);
        put_fragment(&w[s->shape == ONE_DATAGRAM ? 0 : i], hello, s->hellos * 16 + i, length * i / s->parts, length * (i + 1) / s->parts);
    }
    for (unsigned i = 0; i < (s->shape == ONE_DATAGRAM ? 1 : s->parts); i++) {
        unsigned k = s->shape == BACKWARDS ? s->parts - 1 - i : i;
        assert_true(writer_ok(&w[k]));
        if (s->shape == FIRST_LOST && s->hellos == 0 && i == 0)
            continue;
        pair_inject(p, SERVER, slice_of(bytes[k], writer_len(&w[k])));
        if (s->shape == DOUBLED)
            pair_inject(p, SERVER, slice_of(bytes[k], writer_len(&w[k])));
    }
    s->hellos++;
}

static struct fate split_hello(struct pair *p, int from, unsigned index, struct slice datagram)
{
    (void)index;
    if (from != CLIENT || !is_client_hello(datagram))
        return (struct fate){1, 0};
    deliver_split(p, p->user, datagram);
    return (struct fate){0, 0};
}

static void fragmented_client_hello(void **state)
{
    struct certificates *c = *state;
    for (unsigned parts = 1; parts <= 8; parts++)
        for (int shape = 0; shape < SHAPES; shape++) {
            struct pair p;
            struct splitter s = {parts, (enum shape)shape, 0};
            pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
            p.filter = split_hello;
            p.user = &s;
            pair_start(&p);
            assert_true(pair_connect(&p, 1000000));
            assert_int_equal(s.hellos, s.shape == FIRST_LOST ? 2 : 1);
            assert_still_works(&p);
            pair_fini(&p);
        }
}

/* ---- garbage ---- */

static const uint8_t first_bytes[] = {20, 21, 22, 23, 24, 25, 26, 32, 44, 47, 63};

struct garbage {
    unsigned seed;
    unsigned at; /* which datagram it comes before */
    unsigned seen;
};

static size_t make_garbage(struct garbage *g, uint8_t bytes[64], size_t len, uint8_t first, int shape)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)rand_r(&g->seed);
    if (len > 0)
        bytes[0] = first;
    if (shape > 0 && len >= DTLS_RECORD_HEADER) { /* a fitting header around nonsense, in epoch 0, 1 or 2 */
        put_u16(bytes + 1, 0xfefd);
        put_u16(bytes + 3, (uint16_t)(shape - 1));
        put_u16(bytes + 11, (uint16_t)(len - DTLS_RECORD_HEADER));
    }
    return len;
}

static void throw_garbage(struct pair *p, struct garbage *g, int to)
{
    uint8_t bytes[64];
    for (size_t len = 0; len <= 64; len++)
        for (size_t f = 0; f < sizeof first_bytes; f++)
            for (int shape = 0; shape < 4; shape++)
                pair_inject(p, to, slice_of(bytes, make_garbage(g, bytes, len, first_bytes[f], shape)));
}

static struct fate garbage_before(struct pair *p, int from, unsigned index, struct slice datagram)
{
    struct garbage *g = p->user;
    (void)index;
    (void)datagram;
    if (g->seen++ == g->at) {
        throw_garbage(p, g, CLIENT);
        throw_garbage(p, g, SERVER);
    }
    (void)from;
    return (struct fate){1, 0};
}

static void garbage_at_every_moment(void **state)
{
    struct certificates *c = *state;
    for (unsigned at = 0; at < 10; at++) {
        struct pair p;
        struct garbage g = {at + 1, at, 0};
        pair_init(&p, c->context, c->ecdsa[0], at % 2 ? c->rsa : c->ecdsa[1]);
        p.filter = garbage_before;
        p.user = &g;
        pair_start(&p);
        bool connected = pair_connect(&p, 2000000);
        if (!connected)
            print_message("before datagram %u: %s / %s\n", at, dtls_failure(p.end[0].dtls), dtls_failure(p.end[1].dtls));
        assert_true(connected);
        p.filter = NULL;
        throw_garbage(&p, &g, CLIENT);
        throw_garbage(&p, &g, SERVER);
        assert_still_works(&p);
        assert_true(dtls_counters(p.end[SERVER].dtls)->malformed > 0 && dtls_counters(p.end[SERVER].dtls)->dropped > 0);
        pair_fini(&p);
    }
}

static void garbage_before_the_start(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    struct garbage g = {99, 0, 0};
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    throw_garbage(&p, &g, CLIENT);
    throw_garbage(&p, &g, SERVER);
    pair_start(&p);
    assert_true(pair_connect(&p, 1000000));
    assert_still_works(&p);
    pair_fini(&p);
}

/* ---- forged records ---- */

static void put_record(struct writer *w, uint8_t type, uint16_t epoch, uint32_t seq, struct slice body)
{
    writer_u8(w, type);
    writer_u16(w, 0xfefd);
    writer_u16(w, epoch);
    writer_u16(w, 0);
    writer_u32(w, seq);
    writer_u16(w, (uint16_t)body.len);
    writer_bytes(w, body);
}

static void forge(struct pair *p, int to, uint8_t type, uint16_t epoch, uint32_t seq, struct slice body)
{
    uint8_t bytes[256];
    struct writer w = writer_of(bytes, sizeof bytes);
    put_record(&w, type, epoch, seq, body);
    assert_true(writer_ok(&w));
    pair_inject(p, to, slice_of(bytes, writer_len(&w)));
}

/* Alerts, application data, encrypted-looking records, wrong change_cipher_specs: at both ends before every datagram. */
static struct fate forged_before(struct pair *p, int from, unsigned index, struct slice datagram)
{
    static const uint8_t fatal[] = {2, 40}, closing[] = {1, 0}, long_spec[] = {1, 1}, sealed[40] = {1};
    static const uint8_t giant[] = {11, 0xff, 0xff, 0xff, 0, 2, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4};
    static const uint8_t unknown[] = {99, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7};
    static const uint8_t empty_hello[] = {1, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0};
    (void)from;
    (void)datagram;
    for (int to = 0; to < 2; to++) {
        uint32_t seq = 1000 + 20 * index;
        forge(p, to, DTLS_ALERT, 0, seq++, slice_of(fatal, 2));
        forge(p, to, DTLS_ALERT, 0, seq++, slice_of(closing, 2));
        forge(p, to, DTLS_APPLICATION_DATA, 0, seq++, slice_str("clear text"));
        forge(p, to, DTLS_CHANGE_CIPHER_SPEC, 0, seq++, slice_of(long_spec, 2));
        forge(p, to, DTLS_CHANGE_CIPHER_SPEC, 0, seq++, slice_of(NULL, 0));
        forge(p, to, DTLS_HANDSHAKE, 0, seq++, slice_of(NULL, 0));
        forge(p, to, DTLS_HANDSHAKE, 0, seq++, slice_of(giant, sizeof giant));
        forge(p, to, DTLS_HANDSHAKE, 0, seq++, slice_of(unknown, sizeof unknown));
        forge(p, to, DTLS_HANDSHAKE, 0, seq++, slice_of(empty_hello, sizeof empty_hello));
        for (uint8_t type = DTLS_CHANGE_CIPHER_SPEC; type <= DTLS_APPLICATION_DATA; type++)
            forge(p, to, type, 1, seq, slice_of(sealed, sizeof sealed));
        forge(p, to, DTLS_APPLICATION_DATA, 2, seq, slice_of(sealed, sizeof sealed));
    }
    return (struct fate){1, 0};
}

static void forged_records_change_nothing(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    p.filter = forged_before;
    pair_start(&p);
    assert_true(pair_connect(&p, 1000000));
    assert_still_works(&p);
    assert_int_equal(p.end[0].text_count + p.end[1].text_count, 2); /* no clear text came up */
    pair_fini(&p);
}

static void a_hello_for_a_client(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    for (int i = 0; i < 2; i++) { /* both believe to be the client */
        pair_trust(&p, i, p.end[1 - i].certificate);
        assert_int_equal(dtls_start(p.end[i].dtls, p.now, DTLS_CLIENT, &p.end[i].out), 0);
        dtls_set_writable(p.end[i].dtls, p.now, &p.end[i].out);
    }
    assert_false(pair_connect(&p, 500000));
    assert_int_equal(dtls_state(p.end[0].dtls), DTLS_CONNECTING);
    assert_true(dtls_counters(p.end[0].dtls)->malformed > 0);
    pair_fini(&p);
}

struct hello_mangler {
    size_t at;
    uint8_t bits;
    unsigned hellos;
    size_t length;
};

/* A stranger's ClientHello, one byte different from a good one, comes first. */
static struct fate mangled_first(struct pair *p, int from, unsigned index, struct slice datagram)
{
    struct hello_mangler *m = p->user;
    uint8_t copy[1024];
    (void)index;
    if (from != CLIENT || !is_client_hello(datagram) || m->hellos++ > 0 || datagram.len > sizeof copy)
        return (struct fate){1, 0};
    m->length = datagram.len;
    memcpy(copy, datagram.data, datagram.len);
    if (m->at < datagram.len)
        copy[m->at] ^= m->bits;
    copy[10] = 77; /* a record of its own */
    pair_inject(p, SERVER, slice_of(copy, datagram.len));
    return (struct fate){1, 0};
}

/* A bad hello may be answered, or doom this handshake as any forged hello can; it must not crash, hang or connect wrongly. One that can not
 * be read at all is as if it had not come. */
static void mangled_hellos(void **state)
{
    struct certificates *c = *state;
    size_t length = 60, works = 0, tried = 0;
    for (size_t at = 0; at < length; at += at < 60 ? 1 : 3) {
        struct pair p;
        struct hello_mangler m = {at, 0xff, 0, 0};
        pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
        p.filter = mangled_first;
        p.user = &m;
        pair_start(&p);
        bool connected = pair_connect(&p, 1000000);
        if (connected)
            assert_still_works(&p);
        else
            assert_int_not_equal(dtls_state(p.end[SERVER].dtls), DTLS_CONNECTED);
        works += connected;
        tried++;
        length = m.length;
        pair_fini(&p);
    }
    assert_true(works >= 20 && works < tried);
}

static void an_unreadable_hello_is_forgotten(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    static const uint8_t hello[] = {1, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 8, 0xfe, 0xfd, 1, 2, 3, 4, 5, 6};
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    pair_trust(&p, SERVER, c->ecdsa[0]);
    pair_trust(&p, CLIENT, c->ecdsa[1]);
    assert_int_equal(dtls_start(p.end[SERVER].dtls, p.now, DTLS_SERVER, &p.end[SERVER].out), 0);
    dtls_set_writable(p.end[SERVER].dtls, p.now, &p.end[SERVER].out);
    for (uint32_t i = 0; i < 5; i++)
        forge(&p, SERVER, DTLS_HANDSHAKE, 0, i, slice_of(hello, sizeof hello));
    assert_int_equal(p.end[SERVER].out.tx.count, 0); /* nobody is told */
    assert_int_equal(dtls_counters(p.end[SERVER].dtls)->malformed, 5);
    assert_int_equal(dtls_start(p.end[CLIENT].dtls, p.now, DTLS_CLIENT, &p.end[CLIENT].out), 0);
    dtls_set_writable(p.end[CLIENT].dtls, p.now, &p.end[CLIENT].out);
    assert_true(pair_connect(&p, 1000000));
    assert_still_works(&p);
    pair_fini(&p);
}

/* After the handshake: every bit of a record is covered by its tag. */
static void tampered_records(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    pair_start(&p);
    assert_true(pair_connect(&p, 1000000));
    assert_int_equal(dtls_send(p.end[CLIENT].dtls, slice_str("tamper with me"), &p.end[CLIENT].out), 0);
    struct packet *good = packet_queue_pop(&p.end[CLIENT].out.tx);
    for (size_t bit = 0; bit < (size_t)good->len * 8; bit++) {
        packet_data(good)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        pair_inject(&p, SERVER, packet_slice(good));
        packet_data(good)[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    pair_collect(&p);
    assert_int_equal(p.end[SERVER].text_count, 0);
    for (size_t len = 0; len < good->len; len++)
        pair_inject(&p, SERVER, slice_of(packet_data(good), len));
    pair_collect(&p);
    assert_int_equal(p.end[SERVER].text_count, 0);
    pair_inject(&p, SERVER, packet_slice(good));
    pair_inject(&p, SERVER, packet_slice(good));
    pair_collect(&p);
    assert_int_equal(p.end[SERVER].text_count, 1); /* and a replay is none */
    packet_free(good);
    assert_still_works(&p);
    pair_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragmented_client_hello),
        cmocka_unit_test(garbage_at_every_moment),
        cmocka_unit_test(garbage_before_the_start),
        cmocka_unit_test(forged_records_change_nothing),
        cmocka_unit_test(a_hello_for_a_client),
        cmocka_unit_test(mangled_hellos),
        cmocka_unit_test(an_unreadable_hello_is_forgotten),
        cmocka_unit_test(tampered_records),
    };
    return cmocka_run_group_tests(tests, certificates_setup, certificates_teardown);
}
