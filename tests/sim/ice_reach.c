/* SPDX-License-Identifier: MIT */
/* Where checks go, and how many: addresses that no peer has, signalled or claimed; loopback; candidates that never answer; floods of
 * claimed addresses; roles that change again and again. */
#include "ice_script.h"

#include "ice_internal.h"
#include "ice_report.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned sent_to(struct ice_sim *sim, const struct address *to)
{
    unsigned sent = 0;
    for (size_t i = 0; i < sim->a.agent->checks.count; i++)
        if (address_eq(&sim->a.agent->checks.pairs[i]->remote->address, to))
            sent += (unsigned)sim->a.agent->checks.pairs[i]->counts.requests_sent;
    return sent;
}

/* A request with good credentials from an address that somebody wrote on it. */
static void ask_from(struct ice_sim *sim, const struct address *from, uint32_t has, uint64_t tie_breaker)
{
    static uint32_t n;
    struct stun_message m;
    char username[64];
    uint8_t bytes[512];
    struct path path = {.socket = sim->a.agent->bases.list[0]->socket, .local = sim->a.agent->bases.list[0]->address, .remote = *from};
    for (size_t i = 0; i < sim->a.agent->bases.count; i++)
        if (sim->a.agent->bases.list[i]->address.family == from->family) {
            path.socket = sim->a.agent->bases.list[i]->socket;
            path.local = sim->a.agent->bases.list[i]->address;
        }
    script_request(&sim->b, &m, username);
    m.has = (m.has & ~(uint32_t)(STUN_HAS_CONTROLLING | STUN_HAS_CONTROLLED)) | has;
    m.tie_breaker = tie_breaker;
    n++;
    memcpy(m.transaction, &n, sizeof n);
    size_t len = stun_write(&m, slice_str(ice_agent_credentials(sim->a.agent)->password), bytes, sizeof bytes);
    ice_agent_input(sim->a.agent, sim->now, &path, slice_of(bytes, len), &sim->a.out);
    ice_sim_drain(&sim->a);
}

static void nothing_goes_where_no_peer_is(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "candidate:1 1 udp 1 255.255.255.255 6000 typ host",
        "candidate:1 1 udp 1 0.0.0.1 6000 typ host",
        "candidate:1 1 udp 1 240.0.0.1 6000 typ host",
        "candidate:1 1 udp 1 198.51.100.77 53 typ srflx raddr 0.0.0.0 rport 0",
        "candidate:1 1 udp 1 127.0.0.1 6000 typ host",
        "candidate:1 1 udp 1 ::1 6000 typ host",
        "candidate:1 1 udp 1 169.254.169.254 6000 typ host",
        "candidate:1 1 udp 1 fd00:ec2::254 6000 typ relay",
        "candidate:1 1 udp 1 64:ff9b::a9fe:a9fe 6000 typ host",
        "candidate:1 1 tcp 1 169.254.169.254 80 typ host tcptype passive",
        "candidate:1 1 tcp 1 198.51.100.1 25 typ host tcptype passive",
        "candidate:1 1 udp 1 198.51.100.77 53 typ host", /* once more */
    };
    enum { COUNT = sizeof lines / sizeof lines[0] };
    struct ice_sim sim;
    struct ice_candidate c;
    const char *reason;
    script_begin(&sim, 42, true);
    uint64_t sent = sim_network_counters(sim.net)->sent;
    for (size_t i = 0; i < COUNT; i++)
        script_candidate(&sim, lines[i]);
    ice_sim_run(&sim, sim.now + 3 * SECOND);
    assert_int_equal(sim_network_counters(sim.net)->sent, sent);
    assert_int_equal(sim.a.agent->checks.count, 0);
    assert_int_equal(ice_agent_counters(sim.a.agent)->left_out, COUNT - 1);
    size_t reported = 0;
    while (ice_agent_left_out_report(sim.a.agent, reported, &c, &reason))
        reported++;
    assert_int_equal(reported, ICE_LEFT_OUT_MAX);
    /* Nor does an answer. */
    struct address name_server = address_ipv4(198, 51, 100, 77, 53), relay = address_ipv4(255, 255, 255, 255, 6000);
    ask_from(&sim, &name_server, STUN_HAS_CONTROLLED, 1);
    ask_from(&sim, &relay, STUN_HAS_CONTROLLED, 1);
    ask_from(&sim, &name_server, STUN_HAS_CONTROLLING, UINT64_MAX); /* nor a change of our role */
    assert_true(ice_agent_controlling(sim.a.agent));
    assert_int_equal(sim.a.agent->checks.count, 0);
    assert_int_equal(sim_network_counters(sim.net)->sent, sent);
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

/* What this host's own networks call everybody. The simulated interfaces have no prefix: told by hand. */
static void nor_to_all_hosts_of_a_network(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 43, true);
    for (size_t i = 0; i < sim.a.agent->bases.count; i++)
        sim.a.agent->bases.list[i]->prefix_length = 24;
    script_candidate(&sim, "candidate:1 1 udp 1 192.0.2.255 6000 typ host");
    script_candidate(&sim, "candidate:1 1 udp 1 192.0.2.0 6000 typ host");
    assert_int_equal(sim.a.agent->checks.count, 0);
    assert_int_equal(ice_agent_counters(sim.a.agent)->left_out, 2);
    script_candidate(&sim, "candidate:1 1 udp 1 192.0.3.255 6000 typ host"); /* somebody, for all that we know */
    assert_int_equal(sim.a.agent->checks.count, 1);
    ice_sim_fini(&sim);
}

static void the_application_may_say_otherwise(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_rules *rules = calloc(1, sizeof *rules);
    assert_non_null(rules);
    assert_int_equal(ice_filters_add(&rules->remote_allow, slice_str("127.0.0.0/8")), RTC_OK);
    assert_int_equal(ice_filters_add(&rules->remote_allow, slice_str("198.51.100.77")), RTC_OK);
    assert_int_equal(ice_filters_add(&rules->remote_deny, slice_str("192.0.2.0/24")), RTC_OK);
    script_begin_with(&sim, 44, (struct ice_options){.controlling = true, .rules = rules});
    script_candidate(&sim, "candidate:1 1 udp 1 127.0.0.1 6000 typ host");
    script_candidate(&sim, "candidate:1 1 udp 1 198.51.100.77 53 typ host");
    assert_int_equal(sim.a.agent->checks.count, 2);
    script_candidate(&sim, script_four);
    assert_int_equal(sim.a.agent->checks.count, 2);
    assert_int_equal(ice_agent_counters(sim.a.agent)->left_out, 1);
    ice_sim_fini(&sim);
    free(rules);
}

/* Loopback is this host: taken as a candidate when this side gathers from there, has nothing else, or was told to; what comes from there
 * was sent here. */
static void loopback_by_who_sends(void **state)
{
    (void)state;
    static const char line[] = "candidate:1 1 udp 1 127.0.0.1 6000 typ host";
    const struct address from = address_ipv4(127, 0, 0, 1, 6000);
    struct ice_sim sim;
    script_begin_with(&sim, 50, (struct ice_options){.controlling = true, .include_loopback = true});
    script_candidate(&sim, line);
    assert_int_equal(sim.a.agent->checks.count, 1);
    ice_sim_fini(&sim);
    script_begin(&sim, 51, true);
    script_candidate(&sim, line);
    assert_int_equal(sim.a.agent->checks.count, 0);
    ask_from(&sim, &from, STUN_HAS_CONTROLLED, 1);
    assert_int_equal(sim.a.agent->checks.count, 1);
    ice_sim_fini(&sim);
    context_seed(script_context, 52); /* a host without network */
    assert_int_equal(ice_sim_init(&sim, script_context, 52, NULL), RTC_OK);
    sim_host_add_address(sim.a.host, "127.0.0.1");
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 10 * MS);
    script_candidate(&sim, line);
    assert_int_equal(sim.a.agent->checks.count, 1);
    ice_sim_fini(&sim);
}

/* When our own network changed everybody may be asked anew; and who refuses has answered. */
static void more_checks_for_a_reason(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct address to = address_ipv4(198, 51, 100, 9, 6000);
    script_begin(&sim, 53, true);
    script_candidate(&sim, "candidate:1 1 udp 1 198.51.100.9 6000 typ host");
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    assert_int_equal(sent_to(&sim, &to), ICE_CHECKS_MAX);
    ice_recheck_all(&sim.a.agent->checks, sim.now);
    ice_agent_tick(sim.a.agent, sim.now, &sim.a.out);
    ice_sim_drain(&sim.a);
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    assert_int_equal(sent_to(&sim, &to), 2 * ICE_CHECKS_MAX);
    ice_suspend_pairs(&sim.a.agent->checks, sim.a.agent->checks.pairs[0]->base, sim.now);
    ice_resume_pairs(&sim.a.agent->checks, sim.a.agent->checks.pairs[0]->base);
    ice_agent_tick(sim.a.agent, sim.now, &sim.a.out);
    ice_sim_drain(&sim.a);
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    assert_int_equal(sent_to(&sim, &to), 3 * ICE_CHECKS_MAX);
    ice_sim_fini(&sim);
    script_begin(&sim, 54, true);
    script.error = 500;
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 20 * SECOND);
    assert_int_equal(script.requests, 12);
    ice_sim_fini(&sim);
}

/* Seven checks to a candidate that never answers, spread over seconds; three more for each request that comes from there. */
static void checks_without_answer_are_few(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 45, true);
    const struct address signalled = address_ipv4(198, 51, 100, 9, 6000), claimed = address_ipv4(198, 51, 100, 10, 6000);
    script_candidate(&sim, "candidate:1 1 udp 1 198.51.100.9 6000 typ host");
    ice_sim_run(&sim, sim.now + 3 * SECOND);
    assert_in_range(sent_to(&sim, &signalled), 6, 7); /* who begins late is still asked */
    ice_sim_run(&sim, sim.now + 30 * SECOND);
    assert_int_equal(sent_to(&sim, &signalled), ICE_CHECKS_MAX);
    ask_from(&sim, &claimed, STUN_HAS_CONTROLLED, 1);
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    ice_sim_fini(&sim);
    script_begin(&sim, 46, true);
    ask_from(&sim, &claimed, STUN_HAS_CONTROLLED, 1);
    ice_sim_run(&sim, sim.now + 12 * SECOND);
    assert_int_equal(sent_to(&sim, &claimed), ICE_CHECKS_MAX);
    for (unsigned i = 1; i <= 5; i++) {
        ask_from(&sim, &claimed, STUN_HAS_CONTROLLED, 1);
        ice_sim_run(&sim, sim.now + SECOND);
        assert_int_equal(sent_to(&sim, &claimed), ICE_CHECKS_MAX + 3 * i);
    }
    ice_sim_fini(&sim);
}

/* What somebody claims costs no more on a host with many interfaces: it came to one of them. What is signalled, as much for each. */
static void many_interfaces(void **state)
{
    (void)state;
    enum { MORE = 5 };
    static const char *const more[MORE] = {"192.0.2.11", "192.0.2.12", "192.0.2.13", "10.0.0.1", "172.17.0.1"};
    struct ice_sim sim;
    script_begin(&sim, 56, true);
    for (size_t i = 0; i < MORE; i++)
        sim_host_add_address(sim.a.host, more[i]);
    sim_host_tell_interfaces(sim.a.host, sim.now);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(sim.a.agent->bases.count, 2 + MORE);
    const struct address claimed = address_ipv4(198, 51, 100, 10, 6000), signalled = address_ipv4(198, 51, 100, 9, 6000);
    uint64_t sent = sim_network_counters(sim.net)->sent;
    ask_from(&sim, &claimed, STUN_HAS_CONTROLLED, 1);
    ice_sim_run(&sim, sim.now + 30 * SECOND);
    assert_int_equal(sim_network_counters(sim.net)->sent - sent, 1 + ICE_CHECKS_MAX);
    script_candidate(&sim, "candidate:1 1 udp 1 198.51.100.9 6000 typ host");
    ice_sim_run(&sim, sim.now + 30 * SECOND);
    assert_int_equal(sent_to(&sim, &signalled), (1 + MORE) * ICE_CHECKS_MAX);
    ice_sim_fini(&sim);
}

/* Requests from a thousand addresses that nobody is at: what leaves is bounded, and the peer's own candidate is checked in time. */
static void a_flood_of_claimed_addresses(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 47, true);
    script.answers = false;
    uint64_t sent = sim_network_counters(sim.net)->sent;
    for (unsigned i = 0; i < 1000; i++) {
        const struct address from = address_ipv4(198, 51, 100, (uint8_t)(1 + i % 250), (uint16_t)(20000 + i));
        ask_from(&sim, &from, STUN_HAS_CONTROLLED, 1);
        ice_sim_run(&sim, sim.now + MS);
    }
    ice_sim_run(&sim, sim.now + 8 * SECOND);
    uint64_t limit = context_limits(script_context)->remote_candidates / 2 + 1;
    assert_in_range(sim_network_counters(sim.net)->sent - sent, 1000, 1000 + limit * ICE_CHECKS_MAX);
    script.answers = true;
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 500 * MS);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

/* Whoever makes us change our role again and again does not make us ask everybody again each time. */
static void a_change_of_role_is_no_burst(void **state)
{
    (void)state;
    struct ice_sim sim;
    char text[80];
    script_begin(&sim, 48, true);
    script.answers = false;
    for (unsigned i = 0; i < 40; i++) {
        (void)snprintf(text, sizeof text, "candidate:%u 1 udp %u 198.51.100.9 %u typ srflx raddr 0.0.0.0 rport 0", i, 1000 - i, 7000 + i);
        script_candidate(&sim, text);
    }
    ice_sim_run(&sim, sim.now + 2 * SECOND);
    struct address peer = address_ipv4(192, 0, 2, 2, 6000);
    for (unsigned flip = 0; flip < 20; flip++) {
        uint64_t sent = sim_network_counters(sim.net)->sent;
        bool controlling = ice_agent_controlling(sim.a.agent);
        ask_from(&sim, &peer, controlling ? STUN_HAS_CONTROLLING : STUN_HAS_CONTROLLED, controlling ? UINT64_MAX : 0);
        assert_int_not_equal(ice_agent_controlling(sim.a.agent), controlling);
        ice_sim_run(&sim, sim.now + 5 * MS);
        assert_in_range(sim_network_counters(sim.net)->sent - sent, 1, 8); /* the answer, the triggered check, a burst */
    }
    ice_sim_run(&sim, sim.now + 20 * SECOND);
    for (unsigned i = 0; i < 40; i++) {
        const struct address to = address_ipv4(198, 51, 100, 9, (uint16_t)(7000 + i));
        assert_in_range(sent_to(&sim, &to), 1, ICE_CHECKS_MAX);
    }
    ice_sim_fini(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_goes_where_no_peer_is),     cmocka_unit_test(nor_to_all_hosts_of_a_network),
        cmocka_unit_test(the_application_may_say_otherwise), cmocka_unit_test(loopback_by_who_sends),
        cmocka_unit_test(more_checks_for_a_reason),          cmocka_unit_test(checks_without_answer_are_few),
        cmocka_unit_test(a_flood_of_claimed_addresses),      cmocka_unit_test(many_interfaces),
        cmocka_unit_test(a_change_of_role_is_no_burst),
    };
    return cmocka_run_group_tests_name("where checks go", tests, script_setup, script_teardown);
}
