/* SPDX-License-Identifier: MIT */
/* Relays: two agents that only a TURN server can bring together, and servers that challenge, refuse, redirect, or are not there. */
#include "ice_internal.h"
#include "ice_relay_scene.h"
#include "turn_client.h"

#include <stdio.h>

/* Behind two symmetric NATs no direct path exists. */
static void symmetric(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 1, SIM_NAT_SYMMETRIC, NULL);
    relay_scene_agents(&s, false, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    relay_scene_require_relay(&s.sim.a);
    relay_scene_require_relay(&s.sim.b);
    for (int i = 0; i < 5; i++)
        assert_true(ice_sim_data_flows(&s.sim));
    assert_int_equal(s.sim.a.relayed, 1);
    assert_int_equal(s.turn.counters.allocations, 2);
    assert_true(s.turn.counters.channel_in > 0 && s.turn.counters.channel_out > 0);
    assert_true(s.turn.counters.sends > 0 && s.turn.counters.datas > 0); /* before the channels */
    relay_scene_end(&s);
    assert_int_equal(s.turn.counters.deallocations, 2);
}

/* With a relay at hand the direct path still wins. */
static void direct_wins(void **state)
{
    (void)state;
    struct relay_scene s;
    struct ice_selected selected;
    relay_scene_begin(&s, 2, SIM_NAT_PORT, NULL);
    relay_scene_agents(&s, false, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    ice_sim_run(&s.sim, s.sim.now + 3 * SECOND);
    assert_true(ice_agent_selected_info(s.sim.a.agent, &selected));
    assert_true(selected.local.type != ICE_RELAYED && selected.remote.type != ICE_RELAYED);
    assert_int_equal(ice_agent_overhead(s.sim.a.agent), 0);
    assert_true(ice_sim_data_flows(&s.sim));
    relay_scene_end(&s);
}

static void relay_only(void **state)
{
    (void)state;
    struct relay_scene s;
    const struct ice_candidate *list;
    relay_scene_begin(&s, 3, SIM_NAT_NONE, NULL);
    relay_scene_agents(&s, true, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    assert_int_equal(ice_sim_locals(s.sim.a.agent, &list), 1);
    assert_int_equal(list[0].type, ICE_RELAYED);
    assert_int_equal(list[0].server, 1);
    assert_int_equal(list[0].related.port, 0); /* our own addresses stay hidden */
    assert_true(address_is_any(&list[0].related));
    assert_true(ice_sim_data_flows(&s.sim));
    relay_scene_end(&s);
}

/* Neither what the server sees of us nor the address that leads to it is told beside a relayed address. */
static void relay_of_a_hidden_host(void **state)
{
    (void)state;
    struct relay_scene s;
    const struct ice_candidate *list;
    unsigned relayed = 0;
    struct ice_options a = {
        .controlling = true, .hide_addresses = true, .servers = {relay_scene_server(RELAY_SERVER_IP)}, .server_count = 1};
    struct ice_options b = a;
    b.controlling = false;
    relay_scene_begin(&s, 5, SIM_NAT_SYMMETRIC, NULL);
    assert_int_equal(ice_sim_agents(&s.sim, &a, &b), RTC_OK);
    ice_sim_start(&s.sim);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    ice_sim_run(&s.sim, s.sim.now + SECOND);
    relay_scene_require_relay(&s.sim.a);
    for (size_t count = ice_sim_locals(s.sim.a.agent, &list), i = 0; i < count; i++) {
        assert_true(list[i].type != ICE_HOST || list[i].name[0]);
        if (list[i].type == ICE_HOST)
            continue;
        relayed += list[i].type == ICE_RELAYED;
        assert_int_equal(list[i].related.port, 9);
        assert_true(address_is_any(&list[i].related));
    }
    assert_int_equal(relayed, 1);
    relay_scene_end(&s);
}

/* Nothing is told to the peer, or used, when the only server is dead. */
static void relay_only_without_relay(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 4, SIM_NAT_NONE, NULL);
    relay_scene_agents(&s, true, "198.51.100.77");
    assert_int_equal(ice_sim_connect(&s.sim, 60 * SECOND), -1);
    assert_int_equal(s.sim.a.candidates, 0);
    assert_int_equal(s.sim.a.last_error.code, 701);
    assert_string_equal(s.sim.a.last_error.url, "turn:198.51.100.77:3478?transport=udp");
    assert_int_equal(ice_agent_state(s.sim.a.agent), ICE_FAILED);
    relay_scene_end(&s);
}

static void dead_server_costs_nothing(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 5, SIM_NAT_NONE, NULL);
    relay_scene_agents(&s, false, "198.51.100.77");
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 100 * MS);
    assert_int_equal(ice_agent_gathering_state(s.sim.a.agent), ICE_GATHERING_ACTIVE);
    relay_scene_end(&s);
}

static void sha256(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 6, SIM_NAT_SYMMETRIC, NULL);
    s.turn.sha256 = true;
    relay_scene_agents(&s, false, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    assert_true(ice_sim_data_flows(&s.sim));
    assert_int_equal(s.turn.counters.unauthorized, 2); /* the first request of each */
    relay_scene_end(&s);
}

/* The call goes on past every lifetime: permissions of 5 minutes, channels and allocations of 10. */
static void long_call(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 7, SIM_NAT_SYMMETRIC, NULL);
    s.turn.stale_every = 3;
    relay_scene_agents(&s, false, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 800 * MS);
    for (int i = 0; i < 60; i++) {
        ice_sim_run(&s.sim, s.sim.now + 60 * SECOND);
        assert_true(ice_sim_data_flows(&s.sim));
    }
    assert_true(s.turn.counters.stale > 10 && s.turn.counters.refreshes >= 12);
    assert_int_equal(s.sim.a.state_at[ICE_DISCONNECTED], -1);
    assert_int_equal(s.turn.counters.allocations, 2);
    relay_scene_end(&s);
}

static void short_lifetime(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 8, SIM_NAT_SYMMETRIC, NULL);
    s.turn.lifetime = 20;
    relay_scene_agents(&s, false, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    ice_sim_run(&s.sim, s.sim.now + 120 * SECOND);
    assert_true(ice_sim_data_flows(&s.sim));
    assert_int_equal(s.turn.counters.allocations, 2);
    relay_scene_end(&s);
}

static void mismatch(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 9, SIM_NAT_SYMMETRIC, NULL);
    s.turn.mismatches = 2;
    relay_scene_agents(&s, false, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, SECOND);
    assert_true(ice_sim_data_flows(&s.sim));
    assert_int_equal(s.sim.a.errors + s.sim.b.errors, 0);
    relay_scene_end(&s);
}

static void alternate(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 10, SIM_NAT_SYMMETRIC, NULL);
    s.turn.alternate = address_ipv4(198, 51, 100, 10, 3478);
    relay_scene_agents(&s, false, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, SECOND);
    assert_true(ice_sim_data_flows(&s.sim));
    assert_int_equal(s.turn.counters.allocations, 0);
    assert_int_equal(s.other.counters.allocations, 2);
    relay_scene_end(&s);
}

/* A server that names no server but what is not asked of anybody: the attempt ends there. */
static void alternate_nowhere(void **state)
{
    (void)state;
    static const uint8_t nowhere[][4] = {{169, 254, 169, 254}, {127, 0, 0, 1}, {255, 255, 255, 255}, {224, 0, 0, 1}, {0, 0, 0, 1}};
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        struct relay_scene s;
        relay_scene_begin(&s, 90 + i, SIM_NAT_SYMMETRIC, NULL);
        s.turn.alternate = address_ipv4(nowhere[i][0], nowhere[i][1], nowhere[i][2], nowhere[i][3], 3478);
        relay_scene_agents(&s, true, RELAY_SERVER_IP);
        ice_sim_run(&s.sim, s.sim.now + SECOND);
        assert_int_equal(s.sim.a.last_error.code, 300);
        assert_in_range(s.turn.counters.refused, 2, 4); /* of both agents */
        assert_int_equal(ice_agent_gathering_state(s.sim.a.agent), ICE_GATHERING_COMPLETE);
        relay_scene_end(&s);
    }
}

/* Two servers that send us to each other do not keep us busy. */
static void alternate_circle(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 11, SIM_NAT_SYMMETRIC, NULL);
    s.turn.alternate = address_ipv4(198, 51, 100, 10, 3478);
    s.other.alternate = address_ipv4(198, 51, 100, 9, 3478);
    relay_scene_agents(&s, true, RELAY_SERVER_IP);
    ice_sim_run(&s.sim, s.sim.now + 5 * SECOND);
    assert_int_equal(s.sim.a.last_error.code, 300);
    assert_in_range(s.turn.counters.refused + s.other.counters.refused, 2, 12);
    assert_int_equal(ice_agent_gathering_state(s.sim.a.agent), ICE_GATHERING_COMPLETE);
    relay_scene_end(&s);
}

/* The server's own code and words reach the application, and gathering is over at once. */
static void refused(void **state)
{
    (void)state;
    static const uint16_t codes[] = {486, 508, 403, 400, 500};
    for (size_t i = 0; i < 2 * (sizeof codes / sizeof codes[0]); i++) {
        struct relay_scene s;
        relay_scene_begin(&s, 12 + i, SIM_NAT_SYMMETRIC, NULL);
        s.turn.refuse_allocate = codes[i / 2];
        s.turn.unsigned_errors = i % 2;
        relay_scene_agents(&s, false, RELAY_SERVER_IP);
        ice_sim_run(&s.sim, s.sim.now + SECOND);
        assert_int_equal(s.sim.a.errors, 1);
        assert_int_equal(s.sim.a.last_error.code, codes[i / 2]);
        assert_string_equal(s.sim.a.last_error.text, "refused by the script");
        assert_int_equal(ice_agent_gathering_state(s.sim.a.agent), ICE_GATHERING_COMPLETE);
        relay_scene_end(&s);
    }
}

static void wrong_password(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 30, SIM_NAT_NONE, NULL);
    struct ice_options a = {.controlling = true, .servers = {relay_scene_server(RELAY_SERVER_IP)}, .server_count = 1};
    memcpy(a.servers[0].credential, "guess", 6);
    assert_int_equal(ice_sim_agents(&s.sim, &a, NULL), RTC_OK);
    ice_sim_start(&s.sim);
    assert_true(ice_sim_connect(&s.sim, 5 * SECOND) > 0);
    ice_sim_run(&s.sim, s.sim.now + SECOND);
    assert_int_equal(s.sim.a.last_error.code, 401);
    assert_int_equal(s.turn.counters.unauthorized, 2);
    relay_scene_end(&s);
}

static void both_families(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 31, SIM_NAT_SYMMETRIC, RELAY_SERVER_IP6);
    relay_scene_agents(&s, true, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    ice_sim_run(&s.sim, s.sim.now + 2 * SECOND);
    assert_int_equal(s.sim.a.relayed, 2);
    assert_int_equal(s.turn.counters.allocations, 2);
    assert_true(ice_sim_data_flows(&s.sim));
    relay_scene_end(&s);
}

/* A server that is reached over IPv6 and has relays of that family only. */
static void only_ipv6(void **state)
{
    (void)state;
    struct relay_scene s;
    const struct ice_candidate *list;
    relay_scene_begin(&s, 32, SIM_NAT_NONE, NULL);
    s.turn.ip4 = NULL;
    s.turn.ip6 = RELAY_SERVER_IP6;
    sim_host_open(s.turn.host, 2, RELAY_SERVER_IP6, 3478);
    sim_host_add_address(s.sim.a.host, "2001:db8:1::2");
    sim_host_add_address(s.sim.b.host, "2001:db8:2::2");
    relay_scene_agents(&s, true, RELAY_SERVER_IP6);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, SECOND);
    assert_int_equal(ice_sim_locals(s.sim.a.agent, &list), 1);
    assert_int_equal(list[0].address.family, ADDRESS_IPV6);
    assert_true(ice_sim_data_flows(&s.sim));
    relay_scene_end(&s);
}

/* Without channels everything still works, in indications. */
static void no_channels(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 33, SIM_NAT_SYMMETRIC, NULL);
    s.turn.refuse_bind = 508;
    relay_scene_agents(&s, true, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    for (int i = 0; i < 5; i++)
        assert_true(ice_sim_data_flows(&s.sim));
    assert_int_equal(s.turn.counters.channel_in, 0);
    assert_int_equal(ice_agent_overhead(s.sim.a.agent), TURN_INDICATION_OVERHEAD);
    relay_scene_end(&s);
}

static void lossy(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 120; seed++) {
        struct relay_scene s;
        relay_scene_begin(&s, seed, SIM_NAT_SYMMETRIC, NULL);
        sim_host_link(s.sim.a.host)->loss = 0.3;
        sim_host_link(s.sim.b.host)->loss = 0.3;
        s.turn.lose_first = 2;
        relay_scene_agents(&s, false, RELAY_SERVER_IP);
        rtc_time_t took = ice_sim_connect(&s.sim, 20 * SECOND);
        if (took < 0)
            fail_msg("seed %llu does not connect", (unsigned long long)seed);
        ice_sim_run(&s.sim, s.sim.now + SECOND);
        ice_sim_fini(&s.sim);
    }
}

/* What a stranger sends to the relayed address does not get through, nor what the server would pass on from one. */
static void strangers(void **state)
{
    (void)state;
    struct relay_scene s;
    const struct ice_candidate *list;
    relay_scene_begin(&s, 35, SIM_NAT_SYMMETRIC, NULL);
    relay_scene_agents(&s, false, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    size_t count = ice_sim_locals(s.sim.a.agent, &list);
    struct sim_host *stranger = sim_host_new(s.sim.net, NULL, NULL);
    sim_host_open(stranger, 1, "192.0.2.66", 6666);
    for (size_t i = 0; i < count; i++) {
        if (list[i].type != ICE_RELAYED)
            continue;
        struct packet *p = packet_copy(s.sim.a.out.pool, slice_str("\x80 not yours"));
        p->path = (struct path){.socket = 1, .local = address_ipv4(192, 0, 2, 66, 6666), .remote = list[i].address};
        sim_host_send(stranger, s.sim.now, p);
    }
    ice_sim_run(&s.sim, s.sim.now + SECOND);
    assert_true(s.turn.counters.peerless > 0);
    /* A Data indication that the server made up. */
    struct stun_message m = {.class = STUN_INDICATION, .method = 7, .has = STUN_HAS_PEER | STUN_HAS_DATA};
    m.turn.peer = address_ipv4(192, 0, 2, 66, 6666);
    m.turn.data = slice_str("\x80 not yours");
    struct packet *p = packet_new(s.sim.a.out.pool);
    p->len = (uint32_t)stun_write(&m, slice_of(NULL, 0), packet_data(p), packet_tailroom(p));
    p->path = s.turn.allocations[0].path;
    unsigned before = s.sim.a.data_received + s.sim.a.data_refused + s.sim.b.data_received + s.sim.b.data_refused;
    sim_host_send(s.turn.host, s.sim.now, p);
    ice_sim_run(&s.sim, s.sim.now + SECOND);
    assert_int_equal(s.sim.a.data_received + s.sim.a.data_refused + s.sim.b.data_received + s.sim.b.data_refused, before);
    relay_scene_end(&s);
}

/* Two servers and a dead one in parallel: each costs only its own candidates. */
static void several_servers(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 36, SIM_NAT_SYMMETRIC, NULL);
    struct ice_options a = {
        .controlling = true,
        .servers = {relay_scene_server("198.51.100.77"), relay_scene_server(RELAY_SERVER_IP), relay_scene_server(RELAY_OTHER_IP)},
        .server_count = 3};
    struct ice_options b = a;
    b.controlling = false;
    assert_int_equal(ice_sim_agents(&s.sim, &a, &b), RTC_OK);
    ice_sim_start(&s.sim);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 700 * MS);
    assert_int_equal(s.sim.a.relayed, 2);
    assert_true(ice_sim_data_flows(&s.sim));
    relay_scene_end(&s);
}

/* A relay is not asked for its server's own loopback. */
static void no_loopback_peers(void **state)
{
    (void)state;
    struct relay_scene s;
    struct ice_candidate evil;
    relay_scene_begin(&s, 37, SIM_NAT_SYMMETRIC, NULL);
    relay_scene_agents(&s, true, RELAY_SERVER_IP);
    assert_int_equal(ice_candidate_parse(slice_str("candidate:1 1 udp 2130706431 127.0.0.1 5000 typ host"), &evil), RTC_OK);
    ice_sim_candidate(&s.sim.a, &evil);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    struct address loopback = evil.address;
    for (size_t i = 0; i < 16; i++)
        for (size_t k = 0; k < s.turn.allocations[i].permission_count; k++)
            assert_false(address_ip_eq(&s.turn.allocations[i].permitted[k], &loopback));
    relay_scene_end(&s);
}

/* Nor does a request that seems to come from there, through the relay, make it one: behind a relay loopback is not this host. */
static void loopback_behind_a_relay(void **state)
{
    (void)state;
    struct relay_scene s;
    struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING};
    char username[64];
    uint8_t bytes[512];
    relay_scene_begin(&s, 38, SIM_NAT_SYMMETRIC, NULL);
    relay_scene_agents(&s, true, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    struct ice_agent *agent = s.sim.a.agent;
    const struct ice_base *base = agent->checks.selected->base;
    assert_non_null(base->relay);
    (void)snprintf(username, sizeof username, "%s:%s", ice_agent_local_ufrag(agent), ice_agent_local_ufrag(s.sim.b.agent));
    m.has = STUN_HAS_USERNAME | STUN_HAS_PRIORITY | STUN_HAS_CONTROLLED | STUN_HAS_FINGERPRINT;
    m.username = slice_str(username);
    m.priority = 1845501695;
    size_t len = stun_write(&m, slice_str(ice_agent_credentials(agent)->password), bytes, sizeof bytes);
    const struct path path = {.socket = base->socket, .local = base->address, .remote = address_ipv4(127, 0, 0, 1, 5000)};
    size_t pairs = agent->checks.count;
    uint64_t left_out = ice_agent_counters(agent)->left_out;
    assert_true(ice_agent_input(agent, s.sim.now, &path, slice_of(bytes, len), &s.sim.a.out));
    assert_null(s.sim.a.out.tx.head); /* it is not answered */
    assert_int_equal(agent->checks.count, pairs);
    assert_int_equal(ice_agent_counters(agent)->left_out, left_out + 1);
    relay_scene_end(&s);
}

/* Thousands of candidates cost a bounded number of permissions. */
static void many_candidates(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 38, SIM_NAT_SYMMETRIC, NULL);
    relay_scene_agents(&s, true, RELAY_SERVER_IP);
    for (unsigned i = 0; i < 3000; i++) {
        struct ice_candidate c = {
            .component = 1, .type = ICE_HOST, .priority = 1000 + i, .address = address_ipv4(192, 0, (uint8_t)(i >> 8), (uint8_t)i, 9000)};
        (void)snprintf(c.foundation, sizeof c.foundation, "%u", i);
        ice_sim_candidate(&s.sim.a, &c);
    }
    ice_sim_run(&s.sim, s.sim.now + 10 * SECOND);
    for (size_t i = 0; i < 16; i++)
        assert_in_range(s.turn.allocations[i].permission_count, 0, TURN_PERMISSIONS_MAX);
    relay_scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symmetric),
        cmocka_unit_test(direct_wins),
        cmocka_unit_test(relay_only),
        cmocka_unit_test(relay_of_a_hidden_host),
        cmocka_unit_test(relay_only_without_relay),
        cmocka_unit_test(dead_server_costs_nothing),
        cmocka_unit_test(sha256),
        cmocka_unit_test(long_call),
        cmocka_unit_test(short_lifetime),
        cmocka_unit_test(mismatch),
        cmocka_unit_test(alternate),
        cmocka_unit_test(alternate_nowhere),
        cmocka_unit_test(alternate_circle),
        cmocka_unit_test(refused),
        cmocka_unit_test(wrong_password),
        cmocka_unit_test(both_families),
        cmocka_unit_test(only_ipv6),
        cmocka_unit_test(no_channels),
        cmocka_unit_test(lossy),
        cmocka_unit_test(strangers),
        cmocka_unit_test(several_servers),
        cmocka_unit_test(no_loopback_peers),
        cmocka_unit_test(loopback_behind_a_relay),
        cmocka_unit_test(many_candidates),
    };
    return cmocka_run_group_tests_name("ice relay", tests, relay_scene_setup, relay_scene_teardown);
}
