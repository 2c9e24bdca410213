/* SPDX-License-Identifier: MIT */
/* Two agents find each other: clean and bad networks, NATs, roles, trickling, many interfaces, servers that are dead. Times are virtual. */
#include "ice_report.h"
#include "ice_sim.h"

#include <stdio.h>

static const struct ice_server server = {.host = "198.51.100.1", .port = 3478};

static rtc_context *context;

static int setup(void **state)
{
    (void)state;
    return rtc_context_new(NULL, &context);
}

static int teardown(void **state)
{
    (void)state;
    rtc_context_unref(context);
    return 0;
}

static void begin(struct ice_sim *sim, uint64_t seed, const struct sim_link *link)
{
    context_seed(context, seed);
    assert_int_equal(ice_sim_init(sim, context, seed, link), RTC_OK);
}

static void flat(struct ice_sim *sim)
{
    sim_host_add_address(sim->a.host, "192.0.2.1");
    sim_host_add_address(sim->b.host, "192.0.2.2");
}

static void clean(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS};
    begin(&sim, 1, &link);
    flat(&sim);
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_start(&sim);
    rtc_time_t took = ice_sim_connect(&sim, SECOND);
    /* signalling 10 ms and one round trip of 10 ms */
    assert_in_range(took, 1, 25 * MS);
    assert_true(ice_sim_data_flows(&sim));
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_COMPLETED);
    assert_int_equal(ice_agent_state(sim.b.agent), ICE_CONNECTED); /* it is controlled, and may have to answer more checks */
    assert_int_equal(ice_agent_rtt_us(sim.a.agent), 10 * MS);
    assert_int_equal(sim.a.selections, 1);
    struct ice_selected s;
    assert_true(ice_agent_selected_info(sim.a.agent, &s));
    assert_int_equal(s.local.type, ICE_HOST);
    assert_int_equal(s.remote.type, ICE_HOST);
    struct ice_pair_report report = {0};
    for (size_t i = 0; ice_agent_pair_report(sim.a.agent, sim.now, i, &report) && !report.selected; i++)
        ;
    assert_true(report.selected && report.reason[0] == 0);
    assert_true(report.counts.requests_sent >= 2 && report.counts.responses_received >= 2 && report.counts.requests_received >= 1 &&
                    report.counts.responses_sent >= 1);
    ice_sim_fini(&sim);
}

/* Worst and failing of many seeds, with the seed told. */
static rtc_time_t worst_of(const struct sim_link *link, unsigned seeds, rtc_time_t limit, double percentile)
{
    rtc_time_t times[200];
    for (unsigned seed = 1; seed <= seeds; seed++) {
        struct ice_sim sim;
        begin(&sim, seed, link);
        flat(&sim);
        assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
        ice_sim_start(&sim);
        rtc_time_t took = ice_sim_connect(&sim, limit);
        if (took < 0)
            fail_msg("seed %u: not connected", seed);
        unsigned i = seed - 1;
        for (; i > 0 && times[i - 1] > took; i--)
            times[i] = times[i - 1];
        times[i] = took;
        ice_sim_fini(&sim);
    }
    return times[(unsigned)((double)(seeds - 1) * percentile)];
}

static void loss_5(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 10 * MS, .loss = 0.05};
    assert_in_range(worst_of(&link, 200, 5 * SECOND, 0.9), 1, 150 * MS);
    assert_in_range(worst_of(&link, 200, 5 * SECOND, 1), 1, 500 * MS);
}

static void loss_30(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 10 * MS, .loss = 0.3};
    assert_in_range(worst_of(&link, 200, 15 * SECOND, 0.5), 1, 200 * MS);
    assert_in_range(worst_of(&link, 200, 15 * SECOND, 1), 1, 4 * SECOND);
}

static void reorder_and_duplication(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 10 * MS, .jitter_us = 20 * MS, .duplicate = 0.5, .reorder = 0.4, .reorder_us = 40 * MS};
    assert_in_range(worst_of(&link, 100, 5 * SECOND, 1), 1, 300 * MS);
}

static void long_round_trip(rtc_time_t one_way)
{
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = one_way};
    begin(&sim, 7, &link);
    flat(&sim);
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, 5 * SECOND), 2 * one_way, 2 * one_way + 20 * MS);
    assert_true(ice_sim_data_flows(&sim));
    /* retransmissions did not blur the measurement */
    assert_int_equal(ice_agent_rtt_us(sim.a.agent), 2 * one_way);
    assert_int_equal(ice_agent_rtt_us(sim.b.agent), 2 * one_way);
    ice_sim_run(&sim, sim.now + 60 * SECOND);
    assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
    assert_int_equal(sim.b.state_at[ICE_DISCONNECTED], -1);
    ice_sim_fini(&sim);
}

static void round_trip_300(void **state)
{
    (void)state;
    long_round_trip(150 * MS);
}

static void round_trip_500(void **state)
{
    (void)state;
    long_round_trip(250 * MS);
}

static void role_conflict(bool controlling)
{
    for (unsigned seed = 1; seed <= 50; seed++) {
        struct ice_sim sim;
        const struct sim_link link = {.delay_us = 5 * MS, .jitter_us = 10 * MS};
        const struct ice_options options = {.controlling = controlling};
        begin(&sim, seed, &link);
        flat(&sim);
        assert_int_equal(ice_sim_agents(&sim, &options, &options), RTC_OK);
        ice_sim_start(&sim);
        if (ice_sim_connect(&sim, SECOND) < 0)
            fail_msg("seed %u: not connected", seed);
        ice_sim_run(&sim, sim.now + SECOND);
        if (ice_agent_controlling(sim.a.agent) == ice_agent_controlling(sim.b.agent))
            fail_msg("seed %u: same role", seed);
        assert_true(ice_sim_data_flows(&sim));
        assert_int_equal(ice_agent_state(sim.a.agent), ice_agent_controlling(sim.a.agent) ? ICE_COMPLETED : ICE_CONNECTED);
        assert_int_equal(ice_agent_state(sim.b.agent), ice_agent_controlling(sim.b.agent) ? ICE_COMPLETED : ICE_CONNECTED);
        ice_sim_fini(&sim);
    }
}

static void both_controlling(void **state)
{
    (void)state;
    role_conflict(true);
}

static void both_controlled(void **state)
{
    (void)state;
    role_conflict(false);
}

/* b answers late: a's checks come before b knows a's credentials, and the reverse. Early checks are answered and remembered. */
static void late_credentials(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 20 * MS};
    begin(&sim, 3, &link);
    flat(&sim);
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    sim.b.mute_candidates = sim.a.mute_candidates = true;
    ice_sim_gather(&sim.a);
    ice_sim_gather(&sim.b);
    ice_sim_run(&sim, sim.now + 10 * MS);
    const struct ice_candidate *list;
    assert_int_equal(ice_sim_locals(sim.a.agent, &list), 3);
    assert_int_equal(list[0].protocol, PATH_UDP);
    assert_true(list[1].tcp_type == ICE_TCP_ACTIVE && list[2].tcp_type == ICE_TCP_PASSIVE);
    struct ice_candidate of_a = list[0];
    /* b knows everything of a; a knows nothing of b. */
    ice_sim_credentials(&sim.a);
    ice_sim_run(&sim, sim.now + 20 * MS);
    ice_sim_candidate(&sim.b, &of_a);
    ice_sim_run(&sim, sim.now + 500 * MS);
    assert_true(ice_sim_connected(&sim.b));
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_NEW);
    assert_int_equal(sim.a.validated, 1);
    /* Now a learns the credentials, and no candidate at all. */
    ice_sim_credentials(&sim.b);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 60 * MS);
    struct ice_selected s;
    assert_true(ice_agent_selected_info(sim.a.agent, &s));
    assert_int_equal(s.remote.type, ICE_PEER_REFLEXIVE);
    assert_true(ice_sim_data_flows(&sim));
    /* What was learned turns out to be a candidate that is signalled. */
    assert_int_equal(ice_sim_locals(sim.b.agent, &list), 3);
    struct ice_candidate of_b = list[0];
    ice_sim_candidate(&sim.a, &of_b);
    assert_true(ice_agent_selected_info(sim.a.agent, &s));
    assert_int_equal(s.remote.type, ICE_HOST);
    assert_string_equal(s.remote.foundation, of_b.foundation);
    ice_sim_fini(&sim);
}

static void late_trickle(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 20 * MS};
    begin(&sim, 4, &link);
    flat(&sim);
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    sim.a.mute_candidates = sim.b.mute_candidates = sim.a.mute_end = sim.b.mute_end = true;
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + 25 * SECOND);
    assert_int_equal(sim.a.state_at[ICE_FAILED], -1);
    const struct ice_candidate *list;
    assert_int_equal(ice_sim_locals(sim.b.agent, &list), 3);
    struct ice_candidate of_b = list[0];
    assert_int_equal(of_b.protocol, PATH_UDP);
    ice_sim_candidate(&sim.a, &of_b);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 100 * MS);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

static void nat(enum sim_nat a_nat, enum sim_nat b_nat, bool expect, rtc_time_t limit)
{
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 20 * MS};
    const struct ice_options a = {.controlling = true, .servers = {server}, .server_count = 1};
    const struct ice_options b = {.servers = {server}, .server_count = 1};
    begin(&sim, 5, &link);
    sim_host_add_address(sim.a.host, "10.0.0.1");
    sim_host_add_address(sim.b.host, "10.0.1.1");
    if (a_nat)
        sim_host_set_nat(sim.a.host, a_nat, "203.0.113.1");
    if (b_nat)
        sim_host_set_nat(sim.b.host, b_nat, "203.0.113.2");
    assert_int_equal(ice_sim_agents(&sim, &a, &b), RTC_OK);
    ice_sim_start(&sim);
    rtc_time_t took = ice_sim_connect(&sim, limit);
    if (expect)
        assert_in_range(took, 1, limit);
    else
        assert_int_equal(took, -1);
    if (expect)
        assert_true(ice_sim_data_flows(&sim));
    assert_int_equal(sim.a.reflexive, a_nat ? 1 : 0);
    ice_sim_fini(&sim);
}

static void nats(void **state)
{
    (void)state;
    nat(SIM_NAT_NONE, SIM_NAT_PORT, true, 500 * MS);
    nat(SIM_NAT_PORT, SIM_NAT_NONE, true, 500 * MS);
    nat(SIM_NAT_FULL_CONE, SIM_NAT_FULL_CONE, true, 500 * MS);
    nat(SIM_NAT_PORT, SIM_NAT_PORT, true, 500 * MS);
    nat(SIM_NAT_ADDRESS, SIM_NAT_SYMMETRIC, true, 500 * MS);
    nat(SIM_NAT_SYMMETRIC, SIM_NAT_NONE, true, 500 * MS);
    nat(SIM_NAT_SYMMETRIC, SIM_NAT_SYMMETRIC, false, 5 * SECOND);
}

/* a is behind a NAT and signals only what nobody can use (as a browser's .local name): b learns it from its checks. */
static void reflexive_only(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 20 * MS};
    struct ice_candidate hidden;
    begin(&sim, 6, &link);
    sim_host_add_address(sim.a.host, "10.0.0.1");
    sim_host_set_nat(sim.a.host, SIM_NAT_PORT, "203.0.113.1");
    sim_host_add_address(sim.b.host, "192.0.2.2");
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    sim.a.mute_candidates = true;
    ice_sim_start(&sim);
    assert_int_equal(ice_candidate_parse(slice_str("candidate:1 1 udp 2122260223 1d7b.local 5000 typ host"), &hidden), RTC_OK);
    ice_sim_candidate(&sim.b, &hidden);
    assert_int_equal(ice_agent_counters(sim.b.agent)->ignored, 1);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 150 * MS);
    struct ice_selected s;
    assert_true(ice_agent_selected_info(sim.b.agent, &s));
    assert_int_equal(s.remote.type, ICE_PEER_REFLEXIVE);
    assert_true(ice_agent_selected_info(sim.a.agent, &s));
    assert_int_equal(s.local.type, ICE_PEER_REFLEXIVE);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

static void dual_stack(void **state)
{
    (void)state;
    for (unsigned broken = 0; broken < 2; broken++) {
        struct ice_sim sim;
        const struct sim_link link = {.delay_us = 20 * MS};
        begin(&sim, 8, &link);
        flat(&sim);
        sim_host_add_address(sim.a.host, "2001:db8:1::1");
        sim_host_add_address(sim.a.host, "fe80::1");
        sim_host_add_address(sim.a.host, "169.254.1.1");
        sim_host_add_address(sim.a.host, "127.0.0.1");
        sim_host_add_address(sim.b.host, "2001:db8:2::1");
        sim_host_set_address_down(sim.b.host, "2001:db8:2::1", broken);
        assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
        ice_sim_start(&sim);
        assert_in_range(ice_sim_connect(&sim, SECOND), 1, 60 * MS);
        assert_int_equal(sim.a.candidates, 2);
        ice_sim_run(&sim, sim.now + SECOND);
        uint8_t family = broken ? ADDRESS_IPV4 : ADDRESS_IPV6;
        assert_int_equal(ice_agent_selected(sim.a.agent)->remote.family, family);
        assert_int_equal(ice_agent_selected(sim.b.agent)->remote.family, family);
        assert_true(ice_sim_data_flows(&sim));
        ice_sim_fini(&sim);
    }
}

static void loopback_only(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 9, NULL);
    sim_host_add_address(sim.a.host, "127.0.0.1");
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + 100 * MS);
    assert_int_equal(sim.a.candidates, 1); /* there is no other address at all */
    assert_int_equal(sim.b.candidates, 0);
    assert_true(sim.b.gathered_at >= 0);
    ice_sim_fini(&sim);

    const struct ice_options options = {.controlling = true, .include_loopback = true};
    begin(&sim, 9, NULL);
    flat(&sim);
    sim_host_add_address(sim.a.host, "127.0.0.1");
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + 100 * MS);
    assert_int_equal(sim.a.candidates, 2);
    ice_sim_fini(&sim);
}

static void many_interfaces(unsigned b_count, unsigned alive, rtc_time_t most)
{
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 10 * MS};
    begin(&sim, 10, &link);
    for (unsigned i = 0; i < 20; i++) {
        char ip[32];
        (void)snprintf(ip, sizeof ip, "10.1.%u.1", i);
        sim_host_add_address(sim.a.host, ip);
        sim_host_set_address_down(sim.a.host, ip, i != alive);
        (void)snprintf(ip, sizeof ip, "10.2.%u.1", i);
        if (i < b_count)
            sim_host_add_address(sim.b.host, ip);
    }
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, 5 * SECOND), 1, most);
    assert_int_equal(sim.a.candidates, 20);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

static void twenty_interfaces(void **state)
{
    (void)state;
    many_interfaces(2, 0, 100 * MS);
    many_interfaces(2, 13, 400 * MS);
    many_interfaces(20, 5, SECOND);
}

/* Servers that do not answer, do not resolve, or whose resolution never ends: connected at once, told, and over in bounded time. */
static void dead_servers(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 10 * MS};
    struct ice_options options = {.controlling = true, .server_count = 4};
    options.servers[0] = (struct ice_server){.host = "198.51.100.99", .port = 3478};
    options.servers[1] = (struct ice_server){.host = "unknown.example", .port = 3478};
    options.servers[2] = (struct ice_server){.host = "silent.example", .port = 3478};
    options.servers[3] = (struct ice_server){.host = "stun.example", .port = 3478};
    begin(&sim, 11, &link);
    sim_network_name(sim.net, "silent.example", "");
    sim_network_name(sim.net, "stun.example", "2001:db8:ffff::1");
    sim_network_name(sim.net, "stun.example", "198.51.100.1");
    sim_host_add_address(sim.a.host, "10.0.0.1");
    sim_host_set_nat(sim.a.host, SIM_NAT_PORT, "203.0.113.1");
    sim_host_add_address(sim.b.host, "192.0.2.2");
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    rtc_time_t start = sim.now;
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 100 * MS);
    ice_sim_run(&sim, sim.now + 20 * SECOND);
    assert_in_range(sim.a.first_candidate_at - start, 1, 5 * MS);
    assert_in_range(sim.a.reflexive_at - start, 1, 50 * MS);
    assert_int_equal(sim.a.reflexive, 1);
    assert_int_equal(sim.a.errors, 3);
    assert_int_equal(sim.a.last_error.code, 701);
    assert_string_equal(sim.a.last_error.url, "stun:198.51.100.99:3478");
    assert_in_range(sim.a.gathered_at - start, 9 * SECOND, 10 * SECOND);
    assert_int_equal(ice_agent_gathering_state(sim.a.agent), ICE_GATHERING_COMPLETE);
    ice_sim_fini(&sim);
}

static void refusing_server(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_options options = {.controlling = true, .servers = {server}, .server_count = 1};
    begin(&sim, 12, NULL);
    flat(&sim);
    sim.server_error = 500;
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(sim.a.errors, 1);
    assert_int_equal(sim.a.last_error.code, 500);
    assert_string_equal(sim.a.last_error.text, "refused");
    assert_true(sim.a.gathered_at >= 0);
    ice_sim_fini(&sim);
}

/* The host never lists its interfaces, or can not open a socket: gathering ends all the same. */
static void unhelpful_host(void **state)
{
    (void)state;
    static const enum sim_answer answers[][2] = {
        {SIM_SILENT, SIM_ANSWERS}, {SIM_REFUSES, SIM_ANSWERS}, {SIM_ANSWERS, SIM_SILENT}, {SIM_ANSWERS, SIM_REFUSES}};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct ice_sim sim;
        begin(&sim, 13, NULL);
        flat(&sim);
        sim_host_set_answers(sim.a.host, answers[i][0], answers[i][1]);
        assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
        ice_sim_start(&sim);
        ice_sim_run(&sim, sim.now + 10 * SECOND);
        assert_int_equal(ice_agent_gathering_state(sim.a.agent), ICE_GATHERING_COMPLETE);
        assert_int_equal(sim.a.candidates, 0);
        assert_false(ice_sim_connected(&sim.a));
        ice_sim_fini(&sim);
    }
}

/* A mapping is kept open while the peer is not known yet. */
static void mapping_refresh(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_options options = {.controlling = true, .servers = {server}, .server_count = 1};
    begin(&sim, 14, NULL);
    sim_host_add_address(sim.a.host, "10.0.0.1");
    sim_host_set_nat(sim.a.host, SIM_NAT_PORT, "203.0.113.1");
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + SECOND);
    uint64_t sent = sim_network_counters(sim.net)->sent;
    ice_sim_run(&sim, sim.now + 60 * SECOND);
    assert_int_equal(sim_network_counters(sim.net)->sent - sent, 8);
    assert_int_equal(sim.a.reflexive, 1);
    assert_int_equal(ice_agent_counters(sim.a.agent)->ignored, 0);
    ice_sim_fini(&sim);
}

/* The peer's candidates are here before our own sockets are. */
static void candidates_first(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 10 * MS};
    struct ice_selected s;
    begin(&sim, 15, &link);
    flat(&sim);
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_gather(&sim.b);
    ice_sim_credentials(&sim.b);
    ice_sim_run(&sim, sim.now + 50 * MS);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_CHECKING);
    assert_false(ice_agent_selected_info(sim.a.agent, &s));
    assert_null(ice_agent_selected(sim.a.agent));
    assert_int_equal(ice_agent_rtt_us(sim.a.agent), 0);
    ice_sim_credentials(&sim.a);
    ice_sim_gather(&sim.a);
    ice_sim_gather(&sim.a); /* harmless */
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 35 * MS);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

/* More addresses than sockets are opened for: families alternate, and the rest is counted. */
static void many_addresses(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct ice_candidate *list;
    begin(&sim, 16, NULL);
    sim_host_add_address(sim.a.host, "fd00::1"); /* unique local: after the global ones */
    for (unsigned i = 0; i < 20; i++) {
        char ip[32];
        (void)snprintf(ip, sizeof ip, "10.1.%u.1", i);
        sim_host_add_address(sim.a.host, ip);
        sim_host_add_address(sim.a.host, ip); /* listed twice by the system: one candidate */
        (void)snprintf(ip, sizeof ip, "2001:db8::%x", i + 1);
        sim_host_add_address(sim.a.host, ip);
    }
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 10 * MS);
    size_t n = ice_sim_locals(sim.a.agent, &list);
    assert_int_equal(n, 3 * 32); /* over UDP, then active and passive over TCP */
    n = sim.a.candidates;
    assert_int_equal(n, 32);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(list[i].address.family, i % 2 ? ADDRESS_IPV4 : ADDRESS_IPV6);
        assert_false(address_is_private(&list[i].address) && list[i].address.family == ADDRESS_IPV6);
        assert_true(i == 0 || list[i].priority < list[i - 1].priority);
        assert_string_equal(list[i].ufrag, ice_agent_local_ufrag(sim.a.agent));
    }
    assert_int_equal(ice_agent_counters(sim.a.agent)->over_limit, 21 + 20 - 32);
    ice_sim_fini(&sim);
}

/* A socket that is bound after the end of candidates was announced is closed again; any late result is known as ours. */
static void late_results(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 17, NULL);
    flat(&sim);
    sim_host_set_answers(sim.a.host, SIM_ANSWERS, SIM_SILENT);
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    struct io_result result = {.type = REQUEST_OPEN_UDP, .id = sim.a.next_id, .local = address_ipv4(192, 0, 2, 1, 5000)};
    assert_true(ice_agent_result(sim.a.agent, sim.now, &result, &sim.a.out));
    struct request *r = out_pop_request(&sim.a.out);
    assert_non_null(r);
    assert_int_equal(r->type, REQUEST_CLOSE);
    assert_int_equal(r->id, result.id);
    out_free_request(&sim.a.out, r);
    assert_int_equal(sim.a.candidates, 0);
    result.id = 99999;
    assert_false(ice_agent_result(sim.a.agent, sim.now, &result, &sim.a.out));
    ice_sim_fini(&sim);
}

/* Sockets for candidates and for relays are bound in the range; what finds no port in it is missing, and the rest connects. */
static void port_range(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 10 * MS};
    const struct ice_options options = {.controlling = true, .servers = {server}, .server_count = 1, .port_min = 5000, .port_max = 5001};
    const struct ice_candidate *list;
    begin(&sim, 18, &link);
    flat(&sim);
    sim_host_add_address(sim.a.host, "2001:db8:1::1");
    sim_host_open(sim.a.host, 7, "2001:db8:1::1", 5000);
    sim_host_open(sim.a.host, 8, "2001:db8:1::1", 5001);
    sim_host_open(sim.a.host, 9, "192.0.2.1", 5000);
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 100 * MS);
    assert_int_equal(ice_sim_locals(sim.a.agent, &list), 3);
    assert_int_equal(list[0].address.port, 5001);
    assert_int_equal(list[2].tcp_type, ICE_TCP_PASSIVE);
    assert_in_range(list[2].address.port, 5000, 5001);
    ice_sim_fini(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean),
        cmocka_unit_test(loss_5),
        cmocka_unit_test(loss_30),
        cmocka_unit_test(reorder_and_duplication),
        cmocka_unit_test(round_trip_300),
        cmocka_unit_test(round_trip_500),
        cmocka_unit_test(both_controlling),
        cmocka_unit_test(both_controlled),
        cmocka_unit_test(late_credentials),
        cmocka_unit_test(late_trickle),
        cmocka_unit_test(nats),
        cmocka_unit_test(reflexive_only),
        cmocka_unit_test(dual_stack),
        cmocka_unit_test(loopback_only),
        cmocka_unit_test(twenty_interfaces),
        cmocka_unit_test(dead_servers),
        cmocka_unit_test(refusing_server),
        cmocka_unit_test(unhelpful_host),
        cmocka_unit_test(mapping_refresh),
        cmocka_unit_test(candidates_first),
        cmocka_unit_test(many_addresses),
        cmocka_unit_test(late_results),
        cmocka_unit_test(port_range),
    };
    return cmocka_run_group_tests_name("ice connect", tests, setup, teardown);
}
