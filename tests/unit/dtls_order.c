/* SPDX-License-Identifier: MIT */
/* The order and the moment of things: records that overtake others, paths and roles that come late, and what is left when it is over. */
#include "dtls_internal.h"
#include "dtls_pair.h"

static void start_both(struct pair *p, struct certificates *c)
{
    pair_init(p, c->context, c->ecdsa[0], c->ecdsa[1]);
    for (int i = 1; i >= 0; i--) {
        pair_trust(p, i, p->end[1 - i].certificate);
        assert_int_equal(dtls_start(p->end[i].dtls, p->now, i == CLIENT ? DTLS_CLIENT : DTLS_SERVER, &p->end[i].out), 0);
        dtls_set_writable(p->end[i].dtls, p->now, &p->end[i].out);
    }
}

/* All that `from` has sent arrives. */
static void carry(struct pair *p, int from)
{
    for (struct packet *q; (q = packet_queue_pop(&p->end[from].out.tx)) != NULL; packet_free(q))
        pair_inject(p, 1 - from, packet_slice(q));
}

/* The records of what `from` has sent, in the order given by `first`: that one comes before the others. */
static void carry_first(struct pair *p, int from, size_t first_from_the_end)
{
    struct packet *q = packet_queue_pop(&p->end[from].out.tx);
    struct slice records[8];
    size_t count = 0;
    struct reader r = reader_of(packet_slice(q));
    for (struct dtls_record record; dtls_record_next(&r, &record) == DTLS_RECORD_OK;)
        records[count++] = record.whole;
    assert_null(packet_queue_pop(&p->end[from].out.tx)); /* one datagram */
    assert_true(count > first_from_the_end);
    pair_inject(p, 1 - from, records[count - 1 - first_from_the_end]);
    for (size_t i = 0; i < count; i++)
        if (i != count - 1 - first_from_the_end)
            pair_inject(p, 1 - from, records[i]);
    packet_free(q);
}

/* The client's Finished, encrypted, comes before the messages that make the keys. */
static void finished_overtakes_its_flight(void **state)
{
    struct pair p;
    start_both(&p, *state);
    carry(&p, CLIENT);
    carry(&p, SERVER);
    carry_first(&p, CLIENT, 0);
    pair_collect(&p);
    assert_int_equal(last_state(&p.end[SERVER]), DTLS_CONNECTED); /* at once: nothing was lost */
    pair_run(&p, p.now + 20000);
    assert_int_equal(last_state(&p.end[CLIENT]), DTLS_CONNECTED);
    pair_fini(&p);
}

/* The server's first data comes between its change_cipher_spec and its Finished. */
static void data_overtakes_finished(void **state)
{
    struct pair p;
    start_both(&p, *state);
    carry(&p, CLIENT);
    carry(&p, SERVER);
    carry(&p, CLIENT);
    struct end *client = &p.end[CLIENT], *server = &p.end[SERVER];
    assert_int_equal(dtls_state(server->dtls), DTLS_CONNECTED);
    struct packet *last = packet_queue_pop(&server->out.tx);
    assert_int_equal(dtls_send(server->dtls, slice_str("early"), &server->out), 0);
    struct reader r = reader_of(packet_slice(last));
    struct dtls_record change, finished;
    assert_int_equal(dtls_record_next(&r, &change), DTLS_RECORD_OK);
    assert_int_equal(dtls_record_next(&r, &finished), DTLS_RECORD_OK);
    assert_int_equal(dtls_record_next(&r, &finished), DTLS_RECORD_END);
    pair_inject(&p, CLIENT, change.whole);
    carry(&p, SERVER);
    assert_int_equal(dtls_state(client->dtls), DTLS_CONNECTING);
    pair_inject(&p, CLIENT, finished.whole);
    packet_free(last);
    pair_collect(&p);
    assert_int_equal(last_state(client), DTLS_CONNECTED);
    assert_int_equal(client->text_count, 1);
    assert_string_equal(client->texts[0], "early");
    assert_int_equal(dtls_counters(client->dtls)->dropped, 0);
    pair_fini(&p);
}

static const uint8_t handshake_failure[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 7, 0, 2, 2, 40};

/* A plain alert may be anybody's: it ends the handshake only when the peer says nothing else for a while. */
static void a_plain_alert_is_believed_after_a_while(void **state)
{
    struct certificates *c = *state;
    for (int answered = 0; answered < 2; answered++) {
        struct pair p;
        start_both(&p, c);
        struct end *client = &p.end[CLIENT];
        rtc_time_t alerted = p.now;
        pair_inject(&p, CLIENT, slice_of(handshake_failure, sizeof handshake_failure));
        packet_queue_clear(&client->out.tx);
        for (p.now += 100000; dtls_state(client->dtls) == DTLS_CONNECTING && p.now < alerted + 15000000; p.now += 100000) {
            dtls_tick(client->dtls, p.now, &client->out);
            assert_true(dtls_state(client->dtls) != DTLS_CONNECTING || dtls_deadline(client->dtls, NULL) > p.now);
            if (answered && p.now < alerted + 7000000)
                carry(&p, CLIENT);
            packet_queue_clear(&client->out.tx);
            if (p.now == alerted + 7000000) /* its flight: the handshake goes on, and stops again */
                carry(&p, SERVER);
        }
        rtc_time_t took = p.now - alerted;
        if (answered) {
            assert_int_equal(dtls_state(client->dtls), DTLS_CONNECTING);
        } else {
            assert_in_range(took, 10000000, 10200000);
            assert_string_equal(dtls_failure(client->dtls), "the peer sent alert 40");
        }
        pair_fini(&p);
    }
}

/* To a server that waits for its client an alert means nothing at all. */
static void an_alert_before_the_hello_is_nothing(void **state)
{
    struct pair p;
    start_both(&p, *state);
    pair_inject(&p, SERVER, slice_of(handshake_failure, sizeof handshake_failure));
    p.now += 30000000;
    dtls_tick(p.end[SERVER].dtls, p.now, &p.end[SERVER].out);
    assert_true(pair_connect(&p, 1000000));
    pair_fini(&p);
}

static bool is_zero(const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < len; i++)
        if (b[i])
            return false;
    return true;
}

/* When the handshake is over, or was given up, neither its secrets nor its buffers stay. */
static void nothing_is_left_behind(void **state)
{
    struct certificates *c = *state;
    for (int end = 0; end < 3; end++) {
        struct pair p;
        start_both(&p, c);
        struct dtls *server = p.end[SERVER].dtls;
        struct dtls_fingerprint wrong = fingerprint_of(c->rsa);
        dtls_set_remote_fingerprints(server, p.now, &wrong, end == 1 ? 1 : 0, &p.end[SERVER].out);
        carry(&p, CLIENT);
        /* A part of a hello, as a late copy would leave it. */
        static const uint8_t part[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 9, 9, 0, 14, 1, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 2, 7, 7};
        pair_inject(&p, SERVER, slice_of(part, sizeof part));
        assert_non_null(server->hello.record);
        carry(&p, SERVER);
        carry(&p, CLIENT);
        assert_true(end == 1 || server->session.secrets.set); /* not judged yet */
        if (end == 0)
            pair_trust(&p, SERVER, c->ecdsa[0]);
        if (end == 2)
            dtls_close(server, &p.end[SERVER].out);
        assert_int_equal(dtls_state(server), end == 0 ? DTLS_CONNECTED : end == 1 ? DTLS_FAILED : DTLS_CLOSED);
        assert_true(is_zero(&server->session.secrets, sizeof server->session.secrets));
        assert_null(server->hello.record);
        assert_int_equal(server->waiting.early.count + server->waiting.future.count + server->waiting.data.count, 0);
        pair_fini(&p);
    }
}

enum { DELAY_US = 50000, RTT_US = 2 * DELAY_US };

/* Loses as many of the server's last flights as the user says. */
static struct fate lose_last_flight(struct pair *p, int from, unsigned index, struct slice datagram)
{
    int *lose = p->user;
    (void)index;
    bool last = from == SERVER && datagram.data[0] == DTLS_CHANGE_CIPHER_SPEC;
    return (struct fate){last && (*lose)-- > 0 ? 0 : 1, 0};
}

/* How much later the client is connected than without a loss. The server has something to say at once. */
static rtc_time_t delayed_by(struct certificates *c, int lost, bool says)
{
    struct pair p;
    pair_init(&p, c->context, c->ecdsa[0], c->ecdsa[1]);
    p.delay_us = DELAY_US;
    p.filter = lose_last_flight;
    p.user = &lost;
    for (int i = 0; i < 2; i++)
        dtls_set_rtt(p.end[i].dtls, RTT_US);
    rtc_time_t began = p.now;
    pair_start(&p);
    while (dtls_state(p.end[SERVER].dtls) != DTLS_CONNECTED)
        pair_run(&p, p.now + 1000);
    if (says)
        pair_send(&p, SERVER, "first");
    assert_true(pair_connect(&p, 10000000));
    pair_run(&p, p.now + RTT_US);
    assert_int_equal(p.end[CLIENT].text_count, says);
    rtc_time_t took = p.end[CLIENT].connected_at - began;
    pair_fini(&p);
    return took - 2 * RTT_US;
}

/* Data that can not be read yet tells that the flight before it was lost; without any the timer does, which doubles only later. */
static void a_lost_last_flight_is_asked_for_soon(void **state)
{
    assert_true(delayed_by(*state, 0, true) <= 1000);
    assert_true(delayed_by(*state, 1, true) <= RTT_US + 15000);
    assert_true(delayed_by(*state, 1, false) <= RTT_US * 3 / 2 + 5000);
    assert_true(delayed_by(*state, 2, false) <= RTT_US * 3 + 5000);
    assert_true(delayed_by(*state, 3, false) <= RTT_US * 6 + 5000);
}

/* Who forges such data gets a few flights, not one for each record. */
static void forged_data_is_not_answered_for_ever(void **state)
{
    static const uint8_t forged[13 + 32] = {DTLS_APPLICATION_DATA, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 32};
    struct pair p;
    start_both(&p, *state);
    struct end *client = &p.end[CLIENT];
    dtls_set_rtt(client->dtls, 10 * RTT_US);
    packet_queue_clear(&client->out.tx);
    size_t sent = 0;
    for (int i = 0; i < 90; i++, p.now += 10000) { /* before the timer would send it twice */
        pair_inject(&p, CLIENT, slice_of(forged, sizeof forged));
        dtls_tick(client->dtls, p.now, &client->out);
        sent += client->out.tx.count;
        packet_queue_clear(&client->out.tx);
    }
    assert_true(sent <= 4);
    assert_int_equal(dtls_state(client->dtls), DTLS_CONNECTING);
    pair_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finished_overtakes_its_flight),
        cmocka_unit_test(data_overtakes_finished),
        cmocka_unit_test(a_plain_alert_is_believed_after_a_while),
        cmocka_unit_test(an_alert_before_the_hello_is_nothing),
        cmocka_unit_test(nothing_is_left_behind),
        cmocka_unit_test(a_lost_last_flight_is_asked_for_soon),
        cmocka_unit_test(forged_data_is_not_answered_for_ever),
    };
    return cmocka_run_group_tests(tests, certificates_setup, certificates_teardown);
}
