/* SPDX-License-Identifier: MIT */
/* Over TCP: where UDP does not get through, on either side's candidates, in pieces and with loss, through NATs; connections that are
 * refused, never answered, half-open or cut; candidates that are no invitation to scan a network. */
#include "ice_tcp_scene.h"

#include <stdio.h>
#include <stdlib.h>

static struct ice_selected selected(const struct ice_peer *p)
{
    struct ice_selected s;
    assert_true(ice_agent_selected_info(p->agent, &s));
    return s;
}

static void require_tcp(const struct ice_peer *p, enum ice_tcp_type local, enum ice_tcp_type remote)
{
    struct ice_selected s = selected(p);
    assert_int_equal(s.local.protocol, PATH_TCP);
    assert_int_equal(s.remote.protocol, PATH_TCP);
    assert_int_equal(s.local.tcp_type, local);
    assert_int_equal(s.remote.tcp_type, remote);
    assert_int_equal(s.path.protocol, PATH_UDP); /* inside, a stream looks like datagrams */
    assert_int_equal(ice_agent_overhead(p->agent), TCP_FRAMING_HEADER);
}

static void candidates(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct ice_candidate *list;
    begin(&sim, 1, ICE_TCP_ENABLED, ICE_TCP_ACTIVE_ONLY);
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(ice_sim_locals(sim.a.agent, &list), 3);
    assert_int_equal(list[1].protocol, PATH_TCP);
    assert_int_equal(list[1].tcp_type, ICE_TCP_ACTIVE);
    assert_int_equal(list[1].address.port, 9);
    assert_int_equal(list[2].tcp_type, ICE_TCP_PASSIVE);
    assert_int_not_equal(list[2].address.port, 9);
    /* RFC 6544 section 4.2: UDP first; of TCP, what connects before what is connected to. */
    assert_true(list[0].priority > list[1].priority && list[1].priority > list[2].priority);
    assert_int_equal(list[1].priority, 90u << 24 | (6u << 13 | 8191u) << 8 | 255u);
    assert_true(list[2].priority > ice_candidate_priority(ICE_RELAYED, UINT16_MAX, 1));
    assert_string_not_equal(list[0].foundation, list[1].foundation);
    assert_string_not_equal(list[1].foundation, list[2].foundation);
    assert_int_equal(ice_sim_locals(sim.b.agent, &list), 2);
    assert_int_equal(list[1].tcp_type, ICE_TCP_ACTIVE);
    ice_sim_fini(&sim);
    begin(&sim, 1, ICE_TCP_DISABLED, ICE_TCP_ENABLED);
    sim_host_link(sim.b.host)->no_listening = true;
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(sim.a.tcp_candidates, 0);
    assert_int_equal(sim.b.tcp_candidates, 1); /* who can not listen can still connect */
    assert_int_equal(ice_agent_gathering_state(sim.b.agent), ICE_GATHERING_COMPLETE);
    ice_sim_fini(&sim);
}

/* A call over UDP makes no connection. */
static void udp_needs_none(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 2, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 50 * MS);
    ice_sim_run(&sim, sim.now + 60 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_COMPLETED);
    assert_int_equal(selected(&sim.a).local.protocol, PATH_UDP);
    assert_int_equal(sim.a.agent->tcp.connection_count, 1); /* an attempt, which nobody wants */
    assert_int_equal(sim.a.agent->tcp.connections[0]->state, ICE_CONNECTION_WAITING);
    assert_int_equal(sim.a.agent->tcp.connections[0]->tries_left, 2);
    assert_int_equal(sim.b.agent->tcp.accepted + sim.a.agent->tcp.accepted, 0);
    assert_int_equal(ice_agent_overhead(sim.a.agent), 0);
    ice_sim_fini(&sim);
}

static void only_tcp(enum ice_tcp_policy a, enum ice_tcp_policy b)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct ice_sim sim;
        begin(&sim, seed, a, b);
        block_udp(&sim, true);
        ice_sim_start(&sim);
        /* Signalling 10 ms, UDP's advance of 250 ms, a round trip to connect and one to check. */
        assert_in_range(ice_sim_connect(&sim, 5 * SECOND), 270 * MS, 320 * MS);
        assert_true(ice_sim_data_flows(&sim));
        ice_sim_run(&sim, sim.now + 5 * SECOND);
        if (a != b && a == ICE_TCP_ACTIVE_ONLY) {
            require_tcp(&sim.a, ICE_TCP_ACTIVE, ICE_TCP_PASSIVE);
            require_tcp(&sim.b, ICE_TCP_PASSIVE, ICE_TCP_ACTIVE);
        } else if (a != b) {
            require_tcp(&sim.a, ICE_TCP_PASSIVE, ICE_TCP_ACTIVE);
            require_tcp(&sim.b, ICE_TCP_ACTIVE, ICE_TCP_PASSIVE);
        }
        assert_true(selected(&sim.a).local.protocol == PATH_TCP && selected(&sim.b).local.protocol == PATH_TCP);
        ice_sim_run(&sim, sim.now + 300 * SECOND);
        assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
        assert_int_equal(sim.b.state_at[ICE_DISCONNECTED], -1);
        assert_int_equal(ice_agent_state(sim.a.agent), ICE_COMPLETED);
        for (int i = 0; i < 5; i++)
            assert_true(ice_sim_data_flows(&sim));
        ice_sim_fini(&sim);
    }
}

static void a_connects(void **state)
{
    (void)state;
    only_tcp(ICE_TCP_ACTIVE_ONLY, ICE_TCP_ENABLED);
}

static void b_connects(void **state)
{
    (void)state;
    only_tcp(ICE_TCP_ENABLED, ICE_TCP_ACTIVE_ONLY);
}

static void both_connect(void **state)
{
    (void)state;
    only_tcp(ICE_TCP_ENABLED, ICE_TCP_ENABLED);
}

/* Active to active there is no way. */
static void nobody_listens(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 3, ICE_TCP_ACTIVE_ONLY, ICE_TCP_ACTIVE_ONLY);
    block_udp(&sim, true);
    ice_sim_start(&sim);
    assert_int_equal(ice_sim_connect(&sim, 60 * SECOND), -1);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_FAILED);
    assert_int_equal(ice_agent_counters(sim.a.agent)->ignored, 1);
    assert_int_equal(sim.a.agent->tcp.connection_count, 0);
    ice_sim_fini(&sim);
}

/* Where UDP is not even signalled nothing waits for it. */
static void without_udp_candidates(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct ice_candidate *list;
    begin(&sim, 4, ICE_TCP_ACTIVE_ONLY, ICE_TCP_ENABLED);
    sim.a.mute_candidates = sim.b.mute_candidates = true;
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + 20 * MS);
    size_t n = ice_sim_locals(sim.b.agent, &list);
    assert_int_equal(n, 3);
    struct ice_candidate passive = list[2];
    ice_sim_candidate(&sim.a, &passive);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 50 * MS);
    require_tcp(&sim.a, ICE_TCP_ACTIVE, ICE_TCP_PASSIVE);
    assert_int_equal(selected(&sim.a).local.type, ICE_HOST);
    assert_int_equal(selected(&sim.b).remote.type, ICE_PEER_REFLEXIVE);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

/* Bytes cut anywhere, losses that delay what follows, a peer that connects from behind a NAT. */
static void bad_network(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct ice_sim sim;
        begin(&sim, seed, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
        block_udp(&sim, true);
        sim_host_set_nat(sim.a.host, SIM_NAT_SYMMETRIC, "203.0.113.1");
        struct sim_link *links[] = {sim_host_link(sim.a.host), sim_host_link(sim.b.host)};
        for (int i = 0; i < 2; i++) {
            links[i]->jitter_us = 20 * MS;
            links[i]->loss = 0.2;
            links[i]->pieces = 1 + (uint32_t)(seed % 40);
        }
        ice_sim_start(&sim);
        if (ice_sim_connect(&sim, 10 * SECOND) < 0)
            fail_msg("seed %llu does not connect", (unsigned long long)seed);
        require_tcp(&sim.a, ICE_TCP_ACTIVE, ICE_TCP_PASSIVE);
        assert_int_equal(selected(&sim.a).local.type, ICE_PEER_REFLEXIVE);
        for (int i = 0; i < 10; i++)
            assert_true(ice_sim_data_flows(&sim));
        assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
        ice_sim_fini(&sim);
    }
}

/* UDP that comes late is better all the same, until the nomination; packets flow meanwhile. */
static void udp_comes_late(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 5, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
    block_udp(&sim, true);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 400 * MS);
    assert_int_equal(selected(&sim.a).local.protocol, PATH_TCP);
    ice_sim_run(&sim, sim.now + 200 * MS);
    block_udp(&sim, false);
    ice_sim_run(&sim, sim.now + 3 * SECOND);
    assert_int_equal(selected(&sim.a).local.protocol, PATH_UDP);
    assert_int_equal(selected(&sim.b).local.protocol, PATH_UDP);
    assert_int_equal(ice_agent_overhead(sim.a.agent), 0);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

/* A call over UDP whose network begins to block UDP goes on over TCP. */
static void udp_goes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct ice_sim sim;
        begin(&sim, seed, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
        ice_sim_start(&sim);
        assert_in_range(ice_sim_connect(&sim, SECOND), 1, 50 * MS);
        ice_sim_run(&sim, sim.now + 30 * SECOND);
        block_udp(&sim, true);
        ice_sim_run(&sim, sim.now + 6500 * MS);
        assert_int_equal(selected(&sim.a).local.protocol, PATH_TCP);
        assert_int_equal(selected(&sim.b).local.protocol, PATH_TCP);
        assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
        assert_int_equal(sim.b.state_at[ICE_DISCONNECTED], -1);
        assert_true(ice_sim_data_flows(&sim));
        ice_sim_fini(&sim);
    }
}

static uint32_t cut_selected(struct ice_peer *p)
{
    uint32_t socket = ice_agent_selected(p->agent)->socket;
    struct request *r = out_request(&p->out, REQUEST_CLOSE, socket);
    assert_non_null(r);
    const struct io_result gone = {.type = REQUEST_OPEN_TCP, .id = socket, .error = RTC_ERR_NETWORK};
    sim_host_drain(p->host, p->sim->now, &p->out);
    assert_true(ice_agent_result(p->agent, p->sim->now, &gone, &p->out));
    ice_sim_drain(p);
    return socket;
}

/* The connection is cut in mid-call, whoever made it: another one takes its place. */
static void cut(void **state)
{
    (void)state;
    for (unsigned who = 0; who < 2; who++) {
        struct ice_sim sim;
        begin(&sim, 6 + who, ICE_TCP_ACTIVE_ONLY, ICE_TCP_ENABLED);
        block_udp(&sim, true);
        ice_sim_start(&sim);
        assert_in_range(ice_sim_connect(&sim, SECOND), 1, 400 * MS);
        for (int i = 0; i < 12; i++) {
            ice_sim_run(&sim, sim.now + 20 * SECOND);
            uint32_t before = cut_selected(who ? &sim.a : &sim.b);
            ice_sim_run(&sim, sim.now + SECOND);
            assert_int_not_equal(ice_agent_selected(who ? sim.a.agent : sim.b.agent)->socket, before);
            assert_true(ice_sim_data_flows(&sim));
            assert_int_equal(sim.b.agent->tcp.accepted, 1);
            assert_int_equal(sim.b.agent->remotes.reflexive_count, 1); /* what was learned of the old connection went with it */
        }
        assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
        ice_sim_fini(&sim);
    }
}

/* A peer that is gone for good: its listener refuses, and the agent gives up. */
static void gone_for_good(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 8, ICE_TCP_ACTIVE_ONLY, ICE_TCP_ENABLED);
    block_udp(&sim, true);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 400 * MS);
    ice_sim_run(&sim, sim.now + 20 * SECOND);
    rtc_time_t gone = sim.now;
    ice_agent_close(sim.b.agent, sim.now, &sim.b.out);
    ice_sim_drain(&sim.b);
    ice_sim_run(&sim, sim.now + 60 * SECOND);
    assert_in_range(sim.a.state_at[ICE_DISCONNECTED] - gone, 1, 50 * MS);
    assert_in_range(sim.a.state_at[ICE_FAILED] - gone, 15 * SECOND, 25 * SECOND);
    assert_int_equal(sim.a.agent->tcp.connections[0]->state, ICE_CONNECTION_CLOSED);
    assert_int_equal(ice_agent_deadline(sim.a.agent, NULL), RTC_TIME_NEVER);
    ice_sim_fini(&sim);
}

/* Neither end is told: a NAT forgot the connection. It is noticed, and another one is made. */
static void half_open(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct ice_sim sim;
        begin(&sim, seed, ICE_TCP_ACTIVE_ONLY, ICE_TCP_ENABLED);
        block_udp(&sim, true);
        ice_sim_start(&sim);
        assert_in_range(ice_sim_connect(&sim, SECOND), 1, 400 * MS);
        ice_sim_run(&sim, sim.now + 10 * SECOND);
        rtc_time_t gone = sim.now;
        sim_network_forget_connections(sim.net);
        ice_sim_run(&sim, sim.now + 9 * SECOND);
        assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
        assert_in_range(sim.a.state_at[ICE_DISCONNECTED] - gone, 1 * SECOND, 7 * SECOND);
        assert_true(ice_sim_data_flows(&sim));
        ice_sim_fini(&sim);
    }
}

/* An outage of the whole network. */
static void outage(rtc_time_t length, bool survives)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct ice_sim sim;
        begin(&sim, seed, ICE_TCP_ACTIVE_ONLY, ICE_TCP_ENABLED);
        block_udp(&sim, true);
        ice_sim_start(&sim);
        assert_in_range(ice_sim_connect(&sim, SECOND), 1, 400 * MS);
        ice_sim_run(&sim, sim.now + 10 * SECOND);
        sim_host_link(sim.b.host)->down = true;
        ice_sim_run(&sim, sim.now + length);
        sim_host_link(sim.b.host)->down = false;
        ice_sim_run(&sim, sim.now + 8 * SECOND);
        assert_int_equal(ice_sim_connected(&sim.a), survives);
        assert_int_equal(ice_sim_connected(&sim.b), survives);
        assert_true(!survives || ice_sim_data_flows(&sim));
        ice_sim_fini(&sim);
    }
}

static void outages(void **state)
{
    (void)state;
    outage(3 * SECOND, true);
    outage(10 * SECOND, true);
    outage(60 * SECOND, false);
}

/* A peer-reflexive or signalled candidate for every port there is: a bounded number of attempts, to allowed ports only. */
static unsigned attempts_seen;
static unsigned lowest_port;

static void scan(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 9, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
    attempts_seen = 0;
    lowest_port = UINT16_MAX;
    sim.b.mute_candidates = true;
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + 30 * MS);
    for (unsigned port = 1; port < 3000; port++) {
        struct ice_candidate c = {
            .component = 1, .protocol = PATH_TCP, .tcp_type = ICE_TCP_PASSIVE, .type = ICE_HOST, .priority = 1000 + port};
        c.address = address_ipv4(192, 0, 2, 99, (uint16_t)port);
        (void)snprintf(c.foundation, sizeof c.foundation, "%u", port);
        (void)ice_agent_add_remote_candidate(sim.a.agent, sim.now, &c, &sim.a.out);
        assert_in_range(sim.a.agent->tcp.connecting, 0, ICE_TCP_CONNECTING_MAX);
        ice_sim_drain(&sim.a);
    }
    for (int i = 0; i < 600; i++) {
        ice_sim_run(&sim, sim.now + 100 * MS);
        assert_in_range(sim.a.agent->tcp.connecting, 0, ICE_TCP_CONNECTING_MAX);
    }
    for (size_t i = 0; i < sim.a.agent->tcp.connection_count; i++) {
        unsigned port = sim.a.agent->tcp.connections[i]->address.port;
        attempts_seen++;
        assert_true(port >= 1024 || port == 80 || port == 443);
        lowest_port = port < lowest_port ? port : lowest_port;
    }
    assert_int_equal(attempts_seen, ICE_TCP_ATTEMPTS_MAX);
    assert_int_equal(lowest_port, 80);
    assert_int_equal(sim.a.agent->tcp.connecting, 0);
    ice_sim_fini(&sim);
}

/* What is connected to, and what is not. */
static void which_candidates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool connects;
    } cases[] = {
        {"candidate:1 1 tcp 1 198.51.100.7 4000 typ host tcptype passive", true},
        {"candidate:1 1 tcp 1 198.51.100.7 4000 typ srflx raddr 10.0.0.1 rport 4000 tcptype passive", true},
        {"candidate:1 1 tcp 1 198.51.100.7 443 typ host tcptype passive", true},
        {"candidate:1 1 tcp 1 198.51.100.7 25 typ host tcptype passive", false},
        {"candidate:1 1 tcp 1 10.0.0.7 443 typ host tcptype passive", false},
        {"candidate:1 1 tcp 1 10.0.0.7 4000 typ host tcptype passive", true},
        {"candidate:1 1 tcp 1 198.51.100.7 4000 typ host tcptype so", false},
        {"candidate:1 1 tcp 1 198.51.100.7 4000 typ host", false},
        {"candidate:1 1 tcp 1 198.51.100.7 9 typ host tcptype active", false},
        {"candidate:1 1 tcp 1 198.51.100.7 0 typ host tcptype passive", false},
        {"candidate:1 1 tcp 1 198.51.100.7 4000 typ relay raddr 10.0.0.1 rport 4000 tcptype passive", false},
        {"candidate:1 1 tcp 1 127.0.0.1 4000 typ host tcptype passive", false},
        {"candidate:1 1 tcp 1 224.0.0.1 4000 typ host tcptype passive", false},
        {"candidate:1 1 tcp 1 2001:db8::7 4000 typ host tcptype passive", false}, /* we have no such address */
        {"candidate:1 2 tcp 1 198.51.100.7 4000 typ host tcptype passive", false},
        {"candidate:1 1 udp 1 198.51.100.7 4000 typ host tcptype passive", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ice_sim sim;
        struct ice_candidate c;
        begin(&sim, 10, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
        ice_sim_gather(&sim.a);
        ice_sim_run(&sim, sim.now + 20 * MS);
        assert_int_equal(ice_candidate_parse(slice_str(cases[i].text), &c), RTC_OK);
        ice_sim_candidate(&sim.a, &c);
        if (sim.a.agent->tcp.connection_count != cases[i].connects)
            fail_msg("%s", cases[i].text);
        ice_sim_fini(&sim);
    }
}

/* Who accepted a connection is there, so that the few checks which an address gets that never answers (ice_check_list.c) do not end it. The
 * peer drops what it can not judge: it has another password. */
static void checks_over_tcp_are_not_few(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 19, ICE_TCP_ACTIVE_ONLY, ICE_TCP_ENABLED);
    block_udp(&sim, true);
    ice_sim_gather(&sim.a);
    ice_sim_gather(&sim.b);
    assert_int_equal(ice_agent_set_remote_credentials(sim.a.agent, sim.now, slice_str(ice_agent_local_ufrag(sim.b.agent)),
                                                      slice_str("notthepasswordthatithas"), &sim.a.out),
                     RTC_OK);
    ice_sim_drain(&sim.a);
    ice_sim_run(&sim, sim.now + 500 * MS);
    struct ice_pair *pair = NULL;
    for (size_t i = 0; i < sim.a.agent->checks.count; i++)
        if (sim.a.agent->checks.pairs[i]->base->tcp)
            pair = sim.a.agent->checks.pairs[i];
    assert_non_null(pair);
    assert_int_equal(pair->counts.requests_sent, 1);
    pair->check.left = 0; /* as after earlier rounds */
    ice_sim_run(&sim, sim.now + 4 * SECOND);
    assert_int_equal(pair->state, ICE_PAIR_IN_PROGRESS);
    assert_int_equal(pair->counts.requests_sent, 3); /* after one second, and two */
    ice_sim_fini(&sim);
}

/* The same transport address over UDP and over TCP: two candidates. */
static void same_address(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_candidate udp, tcp;
    begin(&sim, 11, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 20 * MS);
    assert_int_equal(ice_candidate_parse(slice_str("candidate:1 1 udp 9 198.51.100.7 4000 typ host"), &udp), RTC_OK);
    assert_int_equal(ice_candidate_parse(slice_str("candidate:2 1 tcp 8 198.51.100.7 4000 typ host tcptype passive"), &tcp), RTC_OK);
    for (int i = 0; i < 3; i++) {
        ice_sim_candidate(&sim.a, i == 1 ? &udp : &tcp);
        ice_sim_candidate(&sim.a, i == 1 ? &tcp : &udp);
    }
    assert_int_equal(sim.a.agent->remotes.count, 2);
    assert_int_equal(sim.a.agent->checks.count, 1);
    assert_int_equal(sim.a.agent->tcp.connection_count, 1);
    ice_sim_fini(&sim);
}

/* TCP is of no use to who relays everything. */
static void relay_only(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct ice_options options = {.controlling = true, .relay_only = true};
    struct ice_candidate c;
    context_seed(context, 16);
    assert_int_equal(ice_sim_init(&sim, context, 16, NULL), RTC_OK);
    sim_host_add_address(sim.a.host, "192.0.2.1");
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_gather(&sim.a);
    assert_int_equal(ice_candidate_parse(slice_str("candidate:1 1 tcp 1 198.51.100.7 4000 typ host tcptype passive"), &c), RTC_OK);
    ice_sim_candidate(&sim.a, &c);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(sim.a.tcp_candidates, 0);
    assert_int_equal(sim.a.agent->tcp.connection_count + sim.a.agent->tcp.listener_count, 0);
    ice_sim_fini(&sim);
}

/* An ICE-lite server that nothing but its TCP port can be reached of: it never asks, and knows the pair by the peer's requests. */
static void lite_server(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct ice_options full = {.controlling = true, .tcp_policy = ICE_TCP_ENABLED},
                             lite = {.lite = true, .tcp_policy = ICE_TCP_ENABLED};
    begin_with(&sim, 17, &full, &lite);
    ice_agent_set_remote_lite(sim.a.agent);
    block_udp(&sim, true);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 400 * MS);
    assert_true(ice_agent_controlling(sim.a.agent));
    assert_int_equal(sim.b.tcp_candidates, 1); /* it does not connect */
    ice_sim_run(&sim, sim.now + 120 * SECOND);
    require_tcp(&sim.a, ICE_TCP_ACTIVE, ICE_TCP_PASSIVE);
    require_tcp(&sim.b, ICE_TCP_PASSIVE, ICE_TCP_ACTIVE);
    assert_int_equal(sim.b.state_at[ICE_DISCONNECTED], -1);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(candidates),
        cmocka_unit_test(udp_needs_none),
        cmocka_unit_test(a_connects),
        cmocka_unit_test(b_connects),
        cmocka_unit_test(both_connect),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(without_udp_candidates),
        cmocka_unit_test(bad_network),
        cmocka_unit_test(udp_comes_late),
        cmocka_unit_test(udp_goes),
        cmocka_unit_test(cut),
        cmocka_unit_test(gone_for_good),
        cmocka_unit_test(half_open),
        cmocka_unit_test(outages),
        cmocka_unit_test(scan),
        cmocka_unit_test(which_candidates),
        cmocka_unit_test(same_address),
        cmocka_unit_test(checks_over_tcp_are_not_few),
        cmocka_unit_test(relay_only),
        cmocka_unit_test(lite_server),
    };
    return cmocka_run_group_tests_name("ice tcp", tests, setup, teardown);
}
