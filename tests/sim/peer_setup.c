/* SPDX-License-Identifier: MIT */
/* How many round trips it takes from the offer to a channel that is open at both ends: without loss, with loss, and with each single
 * datagram of the set-up lost in turn. Signalling takes no time here, so what is counted is ICE, DTLS, SCTP and DCEP: one for a check and
 * its answer, two for the DTLS handshake (of which the second half overlaps), one and a half for SCTP with OPEN beside its cookie. */
#include "sim_peers.h"

#include "../part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS ((rtc_time_t)1000)

#ifdef __SANITIZE_ADDRESS__ /* slow */
enum { SEEDS_MAX = 40 };
#else
enum { SEEDS_MAX = 300 };
#endif
enum { EARLY = 20 /* datagrams of a side: more than a set-up has */ };

static struct part part; /* of the conditions: parts run beside each other */

struct conditions {
    rtc_time_t rtt;
    double loss;
    int opener; /* the peer that makes the channel; peer 0 offers */
    int side;
    uint32_t lost; /* which of that peer's datagrams is; 0: none */
};

struct setup {
    struct sim_peers peers;
    rtc_data_channel *channel;
    bool open[2];
};

static void on_open(rtc_data_channel *channel, void *user)
{
    bool *open = user;
    (void)channel;
    *open = true;
}

static const rtc_data_channel_callbacks channel_callbacks = {.size = sizeof channel_callbacks, .on_open = on_open};

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    (void)pc;
    rtc_data_channel_set_callbacks(channel, &channel_callbacks, user);
}

static bool both_open(struct sim_peers *peers, void *user)
{
    const struct setup *s = user;
    (void)peers;
    return s->open[0] && s->open[1];
}

static void make_channel(struct setup *s, int opener)
{
    struct sim_peer *other = &s->peers.peer[1 - opener];
    other->extra.on_data_channel = on_channel;
    other->extra_user = &s->open[1 - opener];
    assert_int_equal(rtc_peer_connection_create_data_channel(s->peers.peer[opener].pc, "chat", 4, NULL, &s->channel), RTC_OK);
    rtc_data_channel_set_callbacks(s->channel, &channel_callbacks, &s->open[opener]);
}

/* An answerer can make a channel of its own only where an application section was offered: the offerer makes one that nobody opens. */
static void offer_section(struct setup *s)
{
    rtc_data_channel_init negotiated = {.size = sizeof negotiated, .negotiated = true, .id = 100};
    rtc_data_channel *section;
    assert_int_equal(rtc_peer_connection_create_data_channel(s->peers.peer[0].pc, "", 0, &negotiated, &section), RTC_OK);
    rtc_data_channel_unref(section);
}

/* Round trips from the offer until the channel is open at both ends. */
static double set_up(uint64_t seed, const struct conditions *c)
{
    const struct sim_link link = {.delay_us = c->rtt / 2, .loss = c->loss};
    struct setup s = {0};
    assert_true(sim_peers_init(&s.peers, seed, &link, NULL, NULL));
    s.peers.signalling_us = 0;
    make_channel(&s, c->opener);
    if (c->opener != 0)
        offer_section(&s);
    (void)sim_peers_run(&s.peers, 50 * MS, NULL, NULL); /* certificates are made ahead */
    sim_host_link(s.peers.peer[c->side].host)->drop = c->lost;
    rtc_time_t began = s.peers.now;
    assert_int_equal(sim_peers_negotiate(&s.peers, 0), RTC_OK);
    if (!sim_peers_run(&s.peers, began + 60000 * MS, both_open, &s))
        fail_msg("seed %llu: not open after a minute", (unsigned long long)seed);
    rtc_time_t took = s.peers.now - began;
    rtc_data_channel_unref(s.channel);
    sim_peers_fini(&s.peers);
    return (double)took / (double)c->rtt;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct distribution {
    double median, p90, worst;
};

static struct distribution many(const struct conditions *c, size_t seeds)
{
    double took[SEEDS_MAX];
    for (size_t i = 0; i < seeds; i++)
        took[i] = set_up(1000 + i, c);
    qsort(took, seeds, sizeof took[0], by_size);
    struct distribution d = {took[seeds / 2 - 1], took[seeds * 9 / 10 - 1], took[seeds - 1]};
    print_message("loss %.0f %%, opened by the %s: median %.2f, p90 %.2f, worst %.2f round trips (seeds 1000 to %zu)\n", c->loss * 100,
                  c->opener == 0 ? "offerer" : "answerer", d.median, d.p90, d.worst, 999 + seeds);
    return d;
}

static void without_loss(void **state)
{
    (void)state;
    for (int opener = 0; opener < 2; opener++) {
        if (!part_has(part, opener))
            continue;
        struct distribution d = many(&(struct conditions){.rtt = 100 * MS, .opener = opener}, 20);
        assert_true(d.median <= 4.6 && d.worst <= 4.7);
    }
}

static void with_loss(void **state)
{
    (void)state;
    for (int opener = 0; opener < 2; opener++) {
        if (!part_has(part, opener))
            continue;
        struct distribution d = many(&(struct conditions){.rtt = 100 * MS, .loss = 0.05, .opener = opener}, SEEDS_MAX);
        assert_true(d.median <= 5.1 && d.p90 <= 6.2 && d.worst <= 12);
    }
}

/* What the loss of one datagram costs at most. */
static double one_lost(const struct conditions *clean)
{
    double usual = set_up(1, clean), most = 0;
    for (int side = 0; side < 2; side++)
        for (uint32_t n = 1; n <= EARLY; n++) {
            struct conditions c = *clean;
            c.side = side;
            c.lost = n;
            double cost = set_up(1, &c) - usual;
            assert_true(n < EARLY || cost == 0);
            if (cost > 0)
                print_message("  peer %d loses its datagram %u: %.2f round trips more\n", side, n, cost);
            most = cost > most ? cost : most;
        }
    return most;
}

/* No single datagram is worth a second: a timeout is one and a half round trips, but where they are short at least 50 ms for DTLS and 100
 * ms for SCTP. */
static void one_is_lost(void **state)
{
    static const rtc_time_t rtts[] = {20 * MS, 100 * MS, 300 * MS};
    (void)state;
    for (size_t i = 0; i < sizeof rtts / sizeof rtts[0]; i++)
        for (int opener = 0; opener < 2; opener++) {
            if (!part_has(part, opener))
                continue;
            double most = one_lost(&(struct conditions){.rtt = rtts[i], .opener = opener});
            print_message("round trip %d ms, one datagram lost: at most %.2f round trips more\n", (int)(rtts[i] / MS), most);
            assert_true(most <= 1.6 || most * (double)rtts[i] <= 125.0 * MS);
        }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_loss),
        cmocka_unit_test(with_loss),
        cmocka_unit_test(one_is_lost),
    };
    part = part_of(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
