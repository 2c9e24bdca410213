/* SPDX-License-Identifier: MIT */
/* Whole connections whose network changes: media and messages go on, and the application sees the new candidates as it saw the first. */
#include "peer_pump.h"

#include <stdlib.h>
#include <string.h>

struct call {
    struct sim_peers peers;
    struct peer_pumps pumps;
    struct peer_sink sink;
    struct peer_log log;
};

static const rtc_configuration udp_only = {.size = sizeof udp_only, .ice_tcp_policy = RTC_ICE_TCP_DISABLED};

/* Peer 0 sends video; its network is a WLAN. */
static void begin(struct call *c, const rtc_configuration *configuration)
{
    const struct sim_link link = {.delay_us = 20 * MS};
    memset(c, 0, sizeof *c);
    assert_true(sim_peers_init(&c->peers, 1, &link, NULL, configuration));
    c->peers.manual = true;
    peer_log_attach(&c->peers.peer[0], &c->log);
    peer_pumps_attach(&c->pumps, &c->peers);
    struct peer_pump *video = peer_pump_new(&c->pumps, &c->peers, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_peer_connection_add_track(c->peers.peer[0].pc, video->track, NULL, 0, NULL), RTC_OK);
    peer_exchange(&c->peers, 0);
    peer_connect(&c->peers, 5 * SECOND);
    assert_int_equal(peer_sink_attach(&c->sink, &c->peers, peer_remote_track(&c->peers, 1, 0)), RTC_OK);
    peer_run(&c->peers, 5 * SECOND);
    c->sink.longest_gap = 0;
    c->log.text[0] = 0;
}

static void end(struct call *c)
{
    peer_sink_fini(&c->sink);
    sim_peers_fini(&c->peers);
    peer_pumps_fini(&c->pumps);
}

static bool is_described(struct call *c, const char *ip)
{
    return strstr(peer_description(&c->peers, 0), ip) != NULL;
}

static void another_network(void **state)
{
    (void)state;
    struct call c;
    begin(&c, &udp_only);
    sim_host_add_interface(c.peers.peer[0].host, "192.0.2.77", "eth0", RTC_NETWORK_ETHERNET);
    sim_host_tell_interfaces(c.peers.peer[0].host, c.peers.now);
    peer_run(&c.peers, 5 * SECOND);
    assert_string_equal(c.log.text, "gathering:gathering ice:connected candidate end gathering:complete null ice:completed");
    assert_true(is_described(&c, " 192.0.2.77 "));
    assert_true(c.sink.longest_gap < 100 * MS);
    end(&c);
}

static void instead_of_the_first(void **state)
{
    (void)state;
    struct call c;
    begin(&c, &udp_only);
    const char *ip = "10.0.0.1";
    assert_true(is_described(&c, ip));
    sim_host_add_interface(c.peers.peer[0].host, "192.0.2.77", "eth0", RTC_NETWORK_ETHERNET);
    sim_host_remove_address(c.peers.peer[0].host, ip);
    sim_host_tell_interfaces(c.peers.peer[0].host, c.peers.now);
    peer_run(&c.peers, 60 * SECOND);
    assert_true(is_described(&c, " 192.0.2.77 "));
    assert_false(is_described(&c, " 10.0.0.1 "));
    assert_true(c.sink.longest_gap < 500 * MS);
    assert_int_equal(rtc_peer_connection_connection_state(c.peers.peer[0].pc), RTC_PEER_CONNECTION_CONNECTED);
    assert_int_equal(rtc_peer_connection_connection_state(c.peers.peer[1].pc), RTC_PEER_CONNECTION_CONNECTED);
    end(&c);
}

static void gather_once(void **state)
{
    (void)state;
    struct call c;
    const rtc_configuration once = {.size = sizeof once, .ice_gathering_policy = RTC_ICE_GATHER_ONCE};
    begin(&c, &once);
    assert_int_equal(sim_host_watchers(c.peers.peer[0].host), 0);
    sim_host_add_interface(c.peers.peer[0].host, "192.0.2.77", "eth0", RTC_NETWORK_ETHERNET);
    sim_host_tell_interfaces(c.peers.peer[0].host, c.peers.now);
    peer_run(&c.peers, 5 * SECOND);
    assert_string_equal(c.log.text, "");
    end(&c);
}

static void rules_and_ports(void **state)
{
    (void)state;
    struct sim_peers peers;
    const char *const deny[] = {"lo*"}, *const external[] = {"203.0.113.9"};
    const rtc_configuration configuration = {
        .size = sizeof configuration,
        .ice_deny = deny,
        .ice_deny_count = 1,
        .external_addresses = external,
        .external_address_count = 1,
        .port_min = 6000,
        .port_max = 6003,
    };
    assert_true(sim_peers_init(&peers, 1, NULL, NULL, &configuration));
    peers.manual = true;
    rtc_data_channel *channel;
    assert_int_equal(rtc_peer_connection_create_data_channel(peers.peer[0].pc, "x", 1, NULL, &channel), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(peers.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&peers, SECOND);
    assert_non_null(strstr(peer_description(&peers, 0), " 203.0.113.9 6000 typ host"));
    rtc_data_channel_unref(channel);
    sim_peers_fini(&peers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_network),
        cmocka_unit_test(instead_of_the_first),
        cmocka_unit_test(gather_once),
        cmocka_unit_test(rules_and_ports),
    };
    return cmocka_run_group_tests_name("peer network", tests, NULL, NULL);
}
