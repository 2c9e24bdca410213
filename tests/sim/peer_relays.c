/* SPDX-License-Identifier: MIT */
/* Relays of whole connections: each generation of ICE has its own, and gives them back when it is dropped, left behind or closed, also when
 * the server's nonce is another one by then; what a relay adds to packets reaches those who fill them. */
#include "peer_scene.h"

#include "sim_turn_server.h"

#include "peer.h"
#include "sizes.h"
#include "transport.h"
#include "transport_internal.h"

#include <stdlib.h>
#include <string.h>

static struct sim_turn turn;
static rtc_data_channel *channel;

static void serve(struct sim_peers *p, const struct packet *packet)
{
    sim_turn_serve(&turn, p->now, packet);
}

static void begin_at(struct sim_peers *p, uint64_t seed, bool relay_only, const char *const *urls, size_t url_count)
{
    const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = url_count, .username = "user", .credential = "secret"};
    static const char *const allow[] = {"10.0.0.0/8"}; /* a stream comes from there, then, and from no unnamed address */
    const rtc_ice_server *const servers[] = {&server};
    rtc_configuration configuration = {.size = sizeof configuration, .ice_servers = servers, .ice_server_count = 1};
    const struct sim_link link = {.delay_us = 5 * MS};
    configuration.ice_allow = allow;
    configuration.ice_allow_count = 1;
    configuration.ice_transport_policy = relay_only ? RTC_ICE_TRANSPORT_RELAY : RTC_ICE_TRANSPORT_ALL;
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(p, seed, &link, NULL, &configuration));
    p->manual = true;
    sim_turn_init(&turn, p->net, p->scratch.pool, "198.51.100.7", NULL);
    p->serve = serve;
    assert_int_equal(rtc_peer_connection_create_data_channel(p->peer[0].pc, "chat", 4, NULL, &channel), RTC_OK);
}

static void begin(struct sim_peers *p, uint64_t seed, bool relay_only)
{
    static const char *const urls[] = {"turn:198.51.100.7:3478"};
    begin_at(p, seed, relay_only, urls, 1);
}

static void end(struct sim_peers *p)
{
    rtc_data_channel_unref(channel);
    sim_peers_fini(p);
}

/* Offer and answer, each with its candidates. */
static void exchange(struct sim_peers *p, int offerer)
{
    for (int i = 0; i < 2; i++) {
        int from = i == 0 ? offerer : 1 - offerer;
        rtc_sdp_type type = i == 0 ? RTC_SDP_OFFER : RTC_SDP_ANSWER;
        assert_int_equal(rtc_peer_connection_set_local_description(p->peer[from].pc, type, NULL), RTC_OK);
        peer_run(p, 200 * MS);
        assert_int_equal(rtc_peer_connection_set_remote_description(p->peer[1 - from].pc, type, peer_description(p, from)), RTC_OK);
    }
}

static void offer_restart(struct sim_peers *p)
{
    assert_int_equal(rtc_peer_connection_restart_ice(p->peer[0].pc), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(p->peer[0].pc, RTC_SDP_OFFER, NULL), RTC_OK);
    peer_run(p, 300 * MS);
}

/* At each end of a generation the server knows another nonce than the client, so that its first goodbye is refused. */
static void every_generation_gives_its_relay_back(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p, 1, false);
    exchange(&p, 0);
    peer_connect(&p, SECOND);
    char *answer = strdup(peer_description(&p, 1));
    assert_int_equal(sim_turn_allocated(&turn, p.now), 2);
    offer_restart(&p);
    assert_int_equal(sim_turn_allocated(&turn, p.now), 3);
    turn.nonce++;
    offer_restart(&p); /* replaces the one before */
    assert_int_equal(sim_turn_allocated(&turn, p.now), 3);
    assert_int_equal(turn.counters.deallocations, 1);
    turn.nonce++;
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[0].pc, RTC_SDP_ANSWER, answer), RTC_OK); /* declines it */
    peer_run(&p, 300 * MS);
    assert_int_equal(sim_turn_allocated(&turn, p.now), 2);
    assert_int_equal(turn.counters.deallocations, 2);
    assert_int_equal(rtc_peer_connection_restart_ice(p.peer[0].pc), RTC_OK);
    exchange(&p, 0);
    peer_run(&p, 300 * MS);
    assert_int_equal(sim_turn_allocated(&turn, p.now), 4); /* the old ones for a while */
    turn.nonce++;
    peer_run(&p, 40 * SECOND);
    assert_int_equal(sim_turn_allocated(&turn, p.now), 2);
    turn.nonce++;
    for (int i = 0; i < 2; i++)
        rtc_peer_connection_close(p.peer[i].pc);
    peer_run(&p, 2 * SECOND);
    assert_int_equal(sim_turn_allocated(&turn, p.now), 0);
    assert_int_equal(turn.counters.deallocations, turn.counters.allocations);
    free(answer);
    end(&p);
}

/* As many that wait for their server's answer as there is room for: the oldest makes room, and none is lost from memory. */
static void goodbyes_that_nobody_hears(void **state)
{
    struct sim_peers p;
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    (void)state;
    begin(&p, 2, false);
    exchange(&p, 0);
    peer_connect(&p, SECOND);
    for (int i = 0; i < TRANSPORT_CLOSING_MAX + 3; i++) {
        turn.dead = false;
        offer_restart(&p);
        turn.dead = true;
        assert_int_equal(rtc_peer_connection_restart_ice(p.peer[0].pc), RTC_OK);
        assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_OFFER, NULL), RTC_OK);
        assert_in_range(transport_ice_agents(peer_first_transport(p.peer[0].pc), agents), 2, 2 + TRANSPORT_CLOSING_MAX);
    }
    peer_run(&p, 3 * SECOND);
    assert_int_equal(transport_ice_agents(peer_first_transport(p.peer[0].pc), agents), 2);
    end(&p);
}

static void a_relay_takes_room(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p, 3, true);
    exchange(&p, 0);
    peer_connect(&p, 2 * SECOND);
    peer_run(&p, SECOND);
    for (int i = 0; i < 2; i++) {
        assert_true(peer_first_transport(p.peer[i].pc)->overhead > 0);
        assert_int_equal(peer_first_transport(p.peer[i].pc)->overhead,
                         ice_agent_overhead(peer_first_transport(p.peer[i].pc)->ice.current.agent));
    }
    static const uint8_t message[60000];
    assert_int_equal(rtc_data_channel_send(channel, message, sizeof message), RTC_OK);
    peer_run(&p, 2 * SECOND);
    assert_int_equal(rtc_data_channel_buffered_amount(channel), 0);
    uint32_t overhead = peer_first_transport(p.peer[0].pc)->overhead; /* the record's is 13 + 16 with this cipher */
    assert_int_equal(sim_network_counters(p.net)->largest, size_sctp_packet(overhead) + 29u + overhead);
    end(&p);
}

/* The server is there over TCP, too. */
static void listen_over_tcp(struct sim_peers *p)
{
    struct request *r = out_request(&p->scratch, REQUEST_LISTEN_TCP, 77);
    assert_non_null(r);
    r->local = address_ipv4(198, 51, 100, 7, 3478);
    sim_host_add_address(turn.host, "198.51.100.7");
    sim_host_drain(turn.host, p->now, &p->scratch);
}

/* Statistics say of each relay which server it is at, and how that is reached (webrtc-stats: relayProtocol is of relays alone). */
static void how_a_server_is_reached(void **state)
{
    static const char *const urls[] = {"turn:198.51.100.7:3478?transport=udp", "turn:198.51.100.7:3478?transport=tcp"};
    static const char *const protocols[] = {"udp", "tcp"};
    struct sim_peers p;
    rtc_stats_report *report;
    unsigned seen[2] = {0, 0}, others = 0;
    (void)state;
    begin_at(&p, 4, false, urls, 2);
    listen_over_tcp(&p);
    sim_host_set_nat(p.peer[0].host, SIM_NAT_FULL_CONE, "203.0.113.1"); /* so that a server tells more than its relay */
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_OFFER, NULL), RTC_OK);
    peer_run(&p, SECOND);
    assert_int_equal(rtc_peer_connection_get_stats(p.peer[0].pc, &report), RTC_OK);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *s = rtc_stats_report_at(report, i);
        const char *url = rtc_stats_string(s, "url"), *protocol = rtc_stats_string(s, "relayProtocol");
        if (strcmp(rtc_stats_type(s), "local-candidate") != 0)
            continue;
        others += protocol == NULL;
        for (size_t k = 0; protocol && k < 2; k++)
            if (strstr(url, protocols[k]) && strcmp(protocol, protocols[k]) == 0)
                seen[k]++;
        assert_true(!protocol || strcmp(rtc_stats_string(s, "candidateType"), "relay") == 0);
    }
    assert_int_equal(seen[0], 1);
    assert_int_equal(seen[1], 1);
    assert_true(others > 0);
    rtc_stats_report_unref(report);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_generation_gives_its_relay_back),
        cmocka_unit_test(goodbyes_that_nobody_hears),
        cmocka_unit_test(a_relay_takes_room),
        cmocka_unit_test(how_a_server_is_reached),
    };
    return cmocka_run_group_tests_name("peer relays", tests, NULL, NULL);
}
