/* SPDX-License-Identifier: MIT */
/* Two associations in virtual time: both roles, every loss, late and wrong fingerprints, keys, data, the end. */
#include "counting_allocator.h"
#include "drawn_moves.h"
#include "dtls_pair.h"

#include "hash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/md.h>

enum { FLIGHTS_US = 20000 * 4 };

static void what_is_drawn(void **state)
{
    /* n new, k connecting, C connected, c closed, x failed */
    static const struct drawn associations = {&dtls_moves, {"kcx", "Ccx", "cx", "", ""}};
    (void)state;
    assert_moves_are_drawn(&associations, "nkCcx");
}

static void assert_same_keys(const struct pair *p)
{
    struct dtls_srtp_keys a, b;
    assert_int_equal(dtls_export_srtp_keys(p->end[0].dtls, &a), 0);
    assert_int_equal(dtls_export_srtp_keys(p->end[1].dtls, &b), 0);
    assert_int_equal(a.profile, 1);
    assert_int_equal(b.profile, 1);
    assert_int_equal(a.key_len, 16);
    assert_int_equal(a.salt_len, 14);
    assert_memory_equal(a.local_key, b.remote_key, 16);
    assert_memory_equal(a.remote_key, b.local_key, 16);
    assert_memory_equal(a.local_salt, b.remote_salt, 14);
    assert_memory_equal(a.remote_salt, b.local_salt, 14);
    assert_memory_not_equal(a.local_key, a.remote_key, 16);
}

static void assert_works(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(p->end[i].states[0], DTLS_CONNECTING);
        assert_int_equal(p->end[i].states[1], DTLS_CONNECTED);
        assert_int_equal(p->end[i].state_count, 2);
        assert_true(slice_eq(dtls_remote_certificate(p->end[i].dtls), certificate_der(p->end[1 - i].certificate)));
    }
    assert_string_equal(dtls_cipher(p->end[0].dtls), dtls_cipher(p->end[1].dtls));
    assert_same_keys(p);
    size_t had[2] = {p->end[0].text_count, p->end[1].text_count};
    pair_send(p, CLIENT, "from the client");
    pair_send(p, SERVER, "from the server");
    pair_run(p, p->now + 100000);
    assert_int_equal(p->end[SERVER].text_count, had[SERVER] + 1);
    assert_string_equal(p->end[SERVER].texts[had[SERVER]], "from the client");
    assert_int_equal(p->end[CLIENT].text_count, had[CLIENT] + 1);
    assert_string_equal(p->end[CLIENT].texts[had[CLIENT]], "from the server");
}

static void connects_in_two_round_trips(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    pair_start(&p);
    rtc_time_t began = p.now;
    assert_true(pair_connect(&p, 1000000));
    assert_int_equal(p.now - began, 4 * p.delay_us);
    assert_int_equal(p.end[SERVER].connected_at - began, 3 * p.delay_us);
    assert_works(&p);
    assert_true(p.end[0].largest <= PACKET_MTU && p.end[1].largest <= PACKET_MTU);
    assert_string_equal(dtls_cipher(p.end[0].dtls), "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
    assert_int_equal(dtls_overhead(p.end[0].dtls), 29);
    assert_true(dtls_deadline(p.end[0].dtls, NULL) == RTC_TIME_NEVER && dtls_deadline(p.end[1].dtls, NULL) == RTC_TIME_NEVER);
    assert_int_equal(dtls_counters(p.end[0].dtls)->retransmits + dtls_counters(p.end[1].dtls)->retransmits, 0);
    assert_int_equal(dtls_counters(p.end[0].dtls)->malformed + dtls_counters(p.end[1].dtls)->malformed, 0);
    pair_fini(&p);
}

static void connects_with(struct certificates *c, struct certificate *client, struct certificate *server, const char *cipher)
{
    struct pair p;
    pair_init(&p, c->context, client, server);
    pair_start(&p);
    assert_true(pair_connect(&p, 1000000));
    assert_works(&p);
    assert_string_equal(dtls_cipher(p.end[0].dtls), cipher);
    assert_true(p.end[0].largest <= PACKET_MTU && p.end[1].largest <= PACKET_MTU);
    pair_fini(&p);
}

static void rsa_and_p384_peers(void **state)
{
    struct certificates *c = *state;
    static char pem[8192];
    FILE *file = fopen(CRTC_TEST_DATA "/certificates/p384.pem", "rb");
    assert_non_null(file);
    size_t len = fread(pem, 1, sizeof pem, file);
    (void)fclose(file);
    struct certificate *p384;
    assert_int_equal(certificate_import_pem(c->context, slice_of(pem, len), &p384), 0);
    connects_with(c, c->rsa, c->ecdsa[0], "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
    connects_with(c, c->ecdsa[0], c->rsa, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
    connects_with(c, c->rsa, c->rsa, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
    connects_with(c, p384, c->ecdsa[0], "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
    connects_with(c, c->ecdsa[0], p384, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
    certificate_unref(p384);
}

static void one_certificate_for_both(void **state)
{
    struct certificates *c = *state;
    connects_with(c, c->ecdsa[0], c->ecdsa[0], "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
}

static void *handshakes(void *certificates)
{
    const struct certificates *c = certificates;
    for (int i = 0; i < 8; i++) {
        struct pair p;
        pair_init(&p, c->context, c->ecdsa[0], c->rsa);
        pair_start(&p);
        bool connected = pair_connect(&p, 1000000);
        pair_fini(&p);
        if (!connected)
            return certificates;
    }
    return NULL;
}

/* For the thread sanitizer: keys are shared, and signing changes them. */
static void one_certificate_in_many_threads(void **state)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, handshakes, *state), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

struct loss {
    int from;
    unsigned index;
};

static struct fate lose_one(struct pair *p, int from, unsigned index, struct slice datagram)
{
    const struct loss *l = p->user;
    (void)datagram;
    return (struct fate){from == l->from && index == l->index ? 0 : 1, 0};
}

/* Whichever datagram is lost, the first retransmission (100 ms without a measured round trip) makes up for it. */
static void every_single_loss(void **state)
{
    struct certificates *c = *state;
    for (int rsa = 0; rsa < 2; rsa++)
        for (int from = 0; from < 2; from++)
            for (unsigned index = 0; index < 8; index++) {
                struct pair p;
                struct loss loss = {from, index};
                pair_init(&p, c->context, c->ecdsa[0], rsa ? c->rsa : c->ecdsa[1]);
                p.filter = lose_one;
                p.user = &loss;
                pair_start(&p);
                rtc_time_t began = p.now;
                assert_true(pair_connect(&p, 10000000));
                assert_true(p.now - began <= FLIGHTS_US + 150000);
                p.filter = NULL;
                assert_works(&p);
                pair_fini(&p);
            }
}

static struct fate lose_first_ones(struct pair *p, int from, unsigned index, struct slice datagram)
{
    (void)from;
    (void)datagram;
    return (struct fate){index < *(unsigned *)p->user ? 0 : 1, 0};
}

static void a_long_outage(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    unsigned lost = 8;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    p.filter = lose_first_ones;
    p.user = &lost;
    pair_start(&p);
    assert_true(pair_connect(&p, 60000000));
    assert_true(dtls_counters(p.end[CLIENT].dtls)->retransmits >= 8);
    p.filter = NULL;
    assert_works(&p);
    pair_fini(&p);
}

static struct fate black_hole(struct pair *p, int from, unsigned index, struct slice datagram)
{
    (void)p;
    (void)from;
    (void)index;
    (void)datagram;
    return (struct fate){0, 0};
}

static void silence_ends_it(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    p.filter = black_hole;
    pair_start(&p);
    rtc_time_t began = p.now;
    pair_run(&p, p.now + 30000000);
    assert_int_equal(dtls_state(p.end[CLIENT].dtls), DTLS_CONNECTING); /* doubling lasts over 30 s */
    pair_run(&p, p.now + 400000000);
    assert_int_equal(last_state(&p.end[CLIENT]), DTLS_FAILED);
    assert_non_null(strstr(dtls_failure(p.end[CLIENT].dtls), "timed out"));
    assert_true(dtls_deadline(p.end[CLIENT].dtls, NULL) == RTC_TIME_NEVER);
    assert_true(p.now - began > 30000000);
    pair_fini(&p);
}

static struct fate twice(struct pair *p, int from, unsigned index, struct slice datagram)
{
    (void)p;
    (void)from;
    (void)index;
    (void)datagram;
    return (struct fate){2, 0};
}

static void everything_arrives_twice(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    p.filter = twice;
    pair_start(&p);
    assert_true(pair_connect(&p, 1000000));
    assert_works(&p); /* one text each: the copy is a replay */
    assert_true(dtls_counters(p.end[SERVER].dtls)->dropped > 0);
    pair_fini(&p);
}

static struct fate at_random(struct pair *p, int from, unsigned index, struct slice datagram)
{
    unsigned *seed = p->user;
    (void)from;
    (void)index;
    (void)datagram;
    return (struct fate){rand_r(seed) % 4 == 0 ? 0u : rand_r(seed) % 5 == 0 ? 2u : 1u, rand_r(seed) % 60000};
}

static void a_bad_network(void **state)
{
    struct certificates *c = *state;
    for (unsigned seed = 1; seed <= 60; seed++) {
        struct pair p;
        unsigned draw = seed;
        pair_init(&p, c->context, c->ecdsa[0], seed % 3 ? c->ecdsa[1] : c->rsa);
        p.filter = at_random;
        p.user = &draw;
        pair_start(&p);
        bool connected = pair_connect(&p, 60000000);
        if (!connected)
            print_message("seed %u: %s %s\n", seed, dtls_failure(p.end[0].dtls), dtls_failure(p.end[1].dtls));
        assert_true(connected);
        p.filter = NULL;
        pair_run(&p, p.now + 100000);
        assert_works(&p);
        pair_fini(&p);
    }
}

/* Every flight of several datagrams arrives back to front. */
static void reversed_order(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->rsa, c->rsa); /* flights of several datagrams */
    for (int i = 1; i >= 0; i--) {
        pair_trust(&p, i, p.end[1 - i].certificate);
        assert_int_equal(dtls_start(p.end[i].dtls, p.now, i == CLIENT ? DTLS_CLIENT : DTLS_SERVER, &p.end[i].out), 0);
        dtls_set_writable(p.end[i].dtls, p.now, &p.end[i].out);
    }
    for (int turn = 0; turn < 20; turn++) {
        struct end *from = &p.end[turn % 2], *to = &p.end[1 - turn % 2];
        struct packet *flight[64];
        int count = 0;
        for (struct packet *q; (q = packet_queue_pop(&from->out.tx)) != NULL;)
            flight[count++] = q;
        while (count > 0) {
            dtls_input(to->dtls, p.now, packet_slice(flight[--count]), &to->out);
            packet_free(flight[count]);
        }
        for (struct dtls_event *e; (e = out_pop_event(&to->out)) != NULL;) {
            to->states[to->state_count++] = e->state;
            out_free_event(&to->out, e);
        }
        p.now += 100000; /* mbedTLS keeps no more than four messages ahead: the last one comes again */
        dtls_tick(to->dtls, p.now, &to->out);
    }
    assert_int_equal(last_state(&p.end[CLIENT]), DTLS_CONNECTED);
    assert_int_equal(last_state(&p.end[SERVER]), DTLS_CONNECTED);
    assert_works(&p);
    pair_fini(&p);
}

static void first_retransmission_follows_the_round_trip(void **state)
{
    struct certificates *c = *state;
    static const rtc_time_t cases[][2] = {{0, 100000}, {1000, 50000}, {40000, 60000}, {200000, 300000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pair p;
        enum timer_reason why;
        pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
        if (i % 2 == 0)
            dtls_set_rtt(p.end[CLIENT].dtls, cases[i][0]);
        assert_int_equal(dtls_start(p.end[CLIENT].dtls, p.now, DTLS_CLIENT, &p.end[CLIENT].out), 0);
        dtls_set_rtt(p.end[CLIENT].dtls, cases[i][0]);
        assert_true(dtls_deadline(p.end[CLIENT].dtls, &why) == RTC_TIME_NEVER);
        dtls_set_writable(p.end[CLIENT].dtls, p.now, &p.end[CLIENT].out);
        assert_int_equal(dtls_deadline(p.end[CLIENT].dtls, &why) - p.now, cases[i][1]);
        assert_int_equal(why, TIMER_DTLS_RETRANSMIT);
        dtls_tick(p.end[CLIENT].dtls, p.now + cases[i][1] - 1, &p.end[CLIENT].out); /* early: harmless */
        assert_int_equal(p.end[CLIENT].out.tx.count, 1);
        dtls_tick(p.end[CLIENT].dtls, p.now + cases[i][1], &p.end[CLIENT].out);
        assert_int_equal(p.end[CLIENT].out.tx.count, 2);
        pair_fini(&p);
    }
}

static void client_waits_for_a_path(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    pair_trust(&p, CLIENT, c->ecdsa[1]);
    assert_int_equal(dtls_start(p.end[CLIENT].dtls, p.now, DTLS_CLIENT, &p.end[CLIENT].out), 0);
    dtls_tick(p.end[CLIENT].dtls, p.now + 10000000, &p.end[CLIENT].out);
    assert_int_equal(p.end[CLIENT].out.tx.count, 0);
    dtls_set_writable(p.end[CLIENT].dtls, p.now, &p.end[CLIENT].out);
    dtls_set_writable(p.end[CLIENT].dtls, p.now, &p.end[CLIENT].out);
    assert_int_equal(p.end[CLIENT].out.tx.count, 1);
    assert_int_equal(dtls_start(p.end[CLIENT].dtls, p.now, DTLS_SERVER, &p.end[CLIENT].out), RTC_ERR_INVALID_STATE);
    pair_fini(&p);
}

/* The ClientHello comes before the server's description does. */
static void early_datagrams_are_kept(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    pair_trust(&p, CLIENT, c->ecdsa[1]);
    assert_int_equal(dtls_start(p.end[CLIENT].dtls, p.now, DTLS_CLIENT, &p.end[CLIENT].out), 0);
    dtls_set_writable(p.end[CLIENT].dtls, p.now, &p.end[CLIENT].out);
    pair_run(&p, p.now + 20000);
    assert_int_equal(p.end[SERVER].sent, 0);
    assert_int_equal(dtls_start(p.end[SERVER].dtls, p.now, DTLS_SERVER, &p.end[SERVER].out), 0);
    pair_trust(&p, SERVER, c->ecdsa[0]);
    pair_run(&p, p.now + 20000);
    assert_int_equal(p.end[SERVER].sent, 0); /* there is no path yet: what it said would be lost */
    dtls_set_writable(p.end[SERVER].dtls, p.now, &p.end[SERVER].out);
    rtc_time_t began = p.now;
    assert_true(pair_connect(&p, 1000000));
    assert_int_equal(p.now - began, 3 * p.delay_us); /* no retransmission was needed */
    assert_works(&p);
    pair_fini(&p);
}

static void early_datagrams_are_bounded(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    uint8_t byte = 22;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    for (int i = 0; i < 100; i++)
        dtls_input(p.end[SERVER].dtls, p.now, slice_of(&byte, 1), &p.end[SERVER].out);
    assert_int_equal(dtls_counters(p.end[SERVER].dtls)->dropped, 100 - DTLS_HELD_RECORDS_MAX);
    pair_fini(&p);
}

/* Nothing but handshake flights goes out, and no data comes up, until the peer is known. */
static void late_fingerprint(void **state)
{
    struct certificates *c = *state;
    for (int late = 0; late < 2; late++) {
        struct pair p;
        pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
        for (int i = 1; i >= 0; i--) {
            if (i != late)
                pair_trust(&p, i, p.end[1 - i].certificate);
            assert_int_equal(dtls_start(p.end[i].dtls, p.now, i == CLIENT ? DTLS_CLIENT : DTLS_SERVER, &p.end[i].out), 0);
            dtls_set_writable(p.end[i].dtls, p.now, &p.end[i].out);
        }
        assert_false(pair_connect(&p, 1000000));
        struct end *e = &p.end[late];
        struct dtls_srtp_keys keys;
        assert_int_equal(last_state(e), DTLS_CONNECTING);
        assert_int_equal(last_state(&p.end[1 - late]), DTLS_CONNECTED);
        assert_int_equal(dtls_send(e->dtls, slice_str("x"), &e->out), RTC_ERR_INVALID_STATE);
        assert_int_equal(dtls_export_srtp_keys(e->dtls, &keys), RTC_ERR_INVALID_STATE);
        assert_int_equal(dtls_remote_certificate(e->dtls).len, 0);
        char text[32];
        for (int i = 0; i < DTLS_HELD_RECORDS_MAX + 5; i++) {
            (void)snprintf(text, sizeof text, "early %d", i);
            pair_send(&p, 1 - late, text);
        }
        pair_run(&p, p.now + 100000);
        assert_int_equal(e->text_count, 0);
        assert_int_equal(dtls_counters(e->dtls)->dropped, 5);
        pair_trust(&p, late, p.end[1 - late].certificate);
        pair_collect(&p);
        assert_int_equal(last_state(e), DTLS_CONNECTED);
        assert_int_equal(e->text_count, DTLS_HELD_RECORDS_MAX);
        for (int i = 0; i < DTLS_HELD_RECORDS_MAX; i++) {
            (void)snprintf(text, sizeof text, "early %d", i);
            assert_string_equal(e->texts[i], text);
        }
        assert_works(&p);
        pair_fini(&p);
    }
}

/* Runs a handshake in which `judge` knows these fingerprints of its peer. */
static void expect_verdict(struct certificates *c, int judge, const struct dtls_fingerprint *list, size_t count, bool accepted)
{
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    pair_start(&p);
    dtls_set_remote_fingerprints(p.end[judge].dtls, p.now, list, count, &p.end[judge].out);
    assert_int_equal(pair_connect(&p, 200000), accepted);
    if (accepted) {
        assert_works(&p);
    } else {
        struct end *e = &p.end[judge], *other = &p.end[1 - judge];
        if (dtls_state(other->dtls) == DTLS_CONNECTED)
            pair_send(&p, 1 - judge, "not for you");
        pair_run(&p, p.now + 200000);
        assert_int_equal(last_state(e), DTLS_FAILED);
        assert_non_null(strstr(dtls_failure(e->dtls), "fingerprint"));
        assert_int_equal(e->text_count, 0);
        assert_int_equal(e->state_count, 2);
        assert_int_equal(dtls_send(e->dtls, slice_str("x"), &e->out), RTC_ERR_INVALID_STATE);
        assert_int_equal(last_state(other), DTLS_FAILED); /* the alert told it */
        assert_string_equal(dtls_failure(other->dtls), "the peer sent alert 42");
    }
    pair_fini(&p);
}

static struct dtls_fingerprint digest_of(const struct certificate *certificate, const char *name, mbedtls_md_type_t type)
{
    struct dtls_fingerprint f = {.len = 0};
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(type);
    struct slice der = certificate_der(certificate);
    (void)snprintf(f.hash, sizeof f.hash, "%s", name);
    f.len = mbedtls_md_get_size(info);
    assert_int_equal(mbedtls_md(info, der.data, der.len, f.value), 0);
    return f;
}

static void verdicts(void **state)
{
    struct certificates *c = *state;
    for (int judge = 0; judge < 2; judge++) {
        const struct certificate *peer = c->ecdsa[1 - judge];
        struct dtls_fingerprint right = fingerprint_of(peer), wrong = fingerprint_of(c->rsa), list[DTLS_FINGERPRINTS_MAX + 1];
        expect_verdict(c, judge, &wrong, 1, false);
        expect_verdict(c, judge, (struct dtls_fingerprint[]){wrong, right}, 2, true);

        struct dtls_fingerprint odd = right;
        memcpy(odd.hash, "SHA-256", 8);
        expect_verdict(c, judge, &odd, 1, true);
        odd.len = 31;
        expect_verdict(c, judge, &odd, 1, false);
        odd.len = 0;
        expect_verdict(c, judge, &odd, 1, false);

        struct dtls_fingerprint sha1 = digest_of(peer, "sha-1", MBEDTLS_MD_SHA1);
        struct dtls_fingerprint sha384 = digest_of(peer, "sha-384", MBEDTLS_MD_SHA384);
        struct dtls_fingerprint sha512 = digest_of(peer, "sha-512", MBEDTLS_MD_SHA512);
        expect_verdict(c, judge, &sha1, 1, false);
        expect_verdict(c, judge, &sha384, 1, true);
        expect_verdict(c, judge, &sha512, 1, true);
        expect_verdict(c, judge, (struct dtls_fingerprint[]){sha1, wrong, right}, 3, true);
        sha512.value[5] ^= 1; /* the strongest decides, though a weaker one would match */
        expect_verdict(c, judge, (struct dtls_fingerprint[]){right, sha512}, 2, false);

        for (int i = 0; i <= DTLS_FINGERPRINTS_MAX; i++)
            list[i] = i < DTLS_FINGERPRINTS_MAX ? wrong : right; /* one too many: not looked at */
        expect_verdict(c, judge, list, DTLS_FINGERPRINTS_MAX + 1, false);
    }
}

static void close_notify(void **state)
{
    struct certificates *c = *state;
    for (int who = 0; who < 2; who++) {
        struct pair p;
        pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
        pair_start(&p);
        assert_true(pair_connect(&p, 1000000));
        dtls_close(p.end[who].dtls, &p.end[who].out);
        assert_int_equal(dtls_state(p.end[who].dtls), DTLS_CLOSED);
        assert_int_equal(dtls_send(p.end[who].dtls, slice_str("x"), &p.end[who].out), RTC_ERR_INVALID_STATE);
        unsigned before = p.end[1 - who].sent;
        pair_run(&p, p.now + 100000);
        assert_int_equal(last_state(&p.end[1 - who]), DTLS_CLOSED);
        assert_int_equal(p.end[1 - who].sent, before + 1); /* it says goodbye too */
        assert_int_equal(p.end[who].state_count, 2);       /* no event for what the caller did */
        dtls_close(p.end[1 - who].dtls, &p.end[1 - who].out);
        pair_run(&p, p.now + 100000);
        assert_int_equal(p.end[1 - who].sent, before + 1);
        pair_fini(&p);
    }
}

static void close_before_anything(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    dtls_close(p.end[SERVER].dtls, &p.end[SERVER].out);
    assert_int_equal(dtls_start(p.end[SERVER].dtls, p.now, DTLS_SERVER, &p.end[SERVER].out), RTC_ERR_INVALID_STATE);
    assert_int_equal(dtls_start(p.end[CLIENT].dtls, p.now, DTLS_CLIENT, &p.end[CLIENT].out), 0);
    dtls_set_writable(p.end[CLIENT].dtls, p.now, &p.end[CLIENT].out);
    dtls_close(p.end[CLIENT].dtls, &p.end[CLIENT].out);
    pair_run(&p, p.now + 10000000);
    assert_int_equal(p.end[CLIENT].sent, 1);
    assert_int_equal(dtls_state(p.end[CLIENT].dtls), DTLS_CLOSED);
    pair_fini(&p);
}

static void sizes(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    static uint8_t bytes[2000];
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    pair_start(&p);
    assert_true(pair_connect(&p, 1000000));
    struct end *e = &p.end[CLIENT], *peer = &p.end[SERVER];
    size_t room = PACKET_MTU - dtls_overhead(e->dtls);
    assert_int_equal(dtls_send(e->dtls, slice_of(bytes, 0), &e->out), RTC_ERR_RANGE);
    assert_int_equal(dtls_send(e->dtls, slice_of(bytes, room + 1), &e->out), RTC_ERR_RANGE);
    assert_int_equal(e->out.tx.count, 0);
    for (size_t len = 1; len <= room; len += len < 20 || len > room - 20 ? 1 : 37) {
        assert_int_equal(dtls_send(e->dtls, slice_of(bytes, len), &e->out), 0);
        assert_int_equal(e->out.tx.count, 1);
        struct packet *packet = packet_queue_pop(&e->out.tx);
        assert_int_equal(packet->len, len + dtls_overhead(e->dtls));
        dtls_input(peer->dtls, p.now, packet_slice(packet), &peer->out);
        packet_free(packet);
        struct dtls_event *event = out_pop_event(&peer->out);
        assert_non_null(event);
        assert_int_equal(event->head.type, DTLS_EVENT_DATA);
        assert_int_equal(event->data->len, len);
        out_free_event(&peer->out, event);
    }
    pair_fini(&p);
}

static void several_records_in_a_datagram(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    uint8_t datagram[1024];
    size_t len = 0;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    pair_start(&p);
    assert_true(pair_connect(&p, 1000000));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(dtls_send(p.end[CLIENT].dtls, slice_of(&"abcde"[i], 1), &p.end[CLIENT].out), 0);
        struct packet *packet = packet_queue_pop(&p.end[CLIENT].out.tx);
        memcpy(datagram + len, packet_data(packet), packet->len);
        len += packet->len;
        packet_free(packet);
    }
    dtls_input(p.end[SERVER].dtls, p.now, slice_of(datagram, len), &p.end[SERVER].out);
    pair_collect(&p);
    assert_int_equal(p.end[SERVER].text_count, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(p.end[SERVER].texts[i][0], "abcde"[i]);
    pair_fini(&p);
}

static void a_small_mtu_is_kept(void **state)
{
    struct certificates *c = *state;
    struct pair p;
    pair_init(&p, c->context, c->rsa, c->rsa);
    for (int i = 0; i < 2; i++) {
        struct dtls_options options = {.certificate = c->rsa, .mtu = 300};
        dtls_free(p.end[i].dtls);
        assert_int_equal(dtls_new(c->context, &options, &p.end[i].dtls), 0);
    }
    pair_start(&p);
    assert_true(pair_connect(&p, 1000000));
    assert_true(p.end[0].largest <= 300 && p.end[1].largest <= 300);
    assert_works(&p);
    pair_fini(&p);
}

/* One side of a pair made with a poor context: every allocation of ours fails once; packets may be lost, events not silently. */
static bool survives(struct certificates *c, struct counting_allocator *m, long n)
{
    rtc_allocator allocator = counting_allocator_of(m);
    rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    rtc_context *context;
    struct pair p;
    *m = (struct counting_allocator){0};
    assert_int_equal(rtc_context_new(&options, &context), 0);
    pair_init(&p, context, c->ecdsa[0], c->ecdsa[1]);
    m->fail_at = n ? m->calls + n : 0;
    struct dtls *extra = NULL;
    struct dtls_options dtls_options = {.certificate = c->ecdsa[0]};
    int error = dtls_new(context, &dtls_options, &extra);
    assert_true(error == 0 || error == RTC_ERR_NO_MEMORY);
    dtls_free(extra);
    for (int i = 1; i >= 0; i--) {
        pair_trust(&p, i, p.end[1 - i].certificate);
        (void)dtls_start(p.end[i].dtls, p.now, i == CLIENT ? DTLS_CLIENT : DTLS_SERVER, &p.end[i].out);
        dtls_set_writable(p.end[i].dtls, p.now, &p.end[i].out);
    }
    for (int turn = 0; turn < 40; turn++) {
        struct end *from = &p.end[turn % 2], *to = &p.end[1 - turn % 2];
        for (struct packet *q; (q = packet_queue_pop(&from->out.tx)) != NULL; packet_free(q))
            dtls_input(to->dtls, p.now, packet_slice(q), &to->out);
        p.now += 100000;
        dtls_tick(from->dtls, p.now, &from->out);
        if (turn == 30)
            (void)dtls_send(p.end[CLIENT].dtls, slice_str("data"), &p.end[CLIENT].out);
    }
    bool ok = dtls_state(p.end[0].dtls) == DTLS_CONNECTED && dtls_state(p.end[1].dtls) == DTLS_CONNECTED;
    if (!ok && !p.end[0].out.failed && !p.end[1].out.failed)
        print_message("allocation %ld\n", n);
    assert_true(ok || p.end[0].out.failed || p.end[1].out.failed);
    bool reached = n == 0 || m->failed > 0;
    pair_fini(&p);
    rtc_context_unref(context);
    assert_int_equal(m->live, 0);
    return reached;
}

static void allocation_failures(void **state)
{
    struct counting_allocator m = {0};
    long n = 0;
    while (survives(*state, &m, n))
        assert_true(++n < 1000);
    assert_true(n > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_drawn),
        cmocka_unit_test(connects_in_two_round_trips),
        cmocka_unit_test(rsa_and_p384_peers),
        cmocka_unit_test(one_certificate_for_both),
        cmocka_unit_test(one_certificate_in_many_threads),
        cmocka_unit_test(every_single_loss),
        cmocka_unit_test(a_long_outage),
        cmocka_unit_test(silence_ends_it),
        cmocka_unit_test(everything_arrives_twice),
        cmocka_unit_test(a_bad_network),
        cmocka_unit_test(reversed_order),
        cmocka_unit_test(first_retransmission_follows_the_round_trip),
        cmocka_unit_test(client_waits_for_a_path),
        cmocka_unit_test(early_datagrams_are_kept),
        cmocka_unit_test(early_datagrams_are_bounded),
        cmocka_unit_test(late_fingerprint),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(close_notify),
        cmocka_unit_test(close_before_anything),
        cmocka_unit_test(sizes),
        cmocka_unit_test(several_records_in_a_datagram),
        cmocka_unit_test(a_small_mtu_is_kept),
        cmocka_unit_test(allocation_failures),
    };
    return cmocka_run_group_tests(tests, certificates_setup, certificates_teardown);
}
