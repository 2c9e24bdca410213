/* SPDX-License-Identifier: MIT */
/* Which candidates an agent gathers, and how they rank: kinds of networks, rules, 1:1 NATs. */
#include "ice_sim.h"

#include <crtc/transport.h>
#include <stdio.h>

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

static const struct ice_server server = {.host = "198.51.100.1", .port = 3478};
static const struct ice_options udp_only = {.controlling = true, .tcp_policy = ICE_TCP_DISABLED};
static const struct sim_link link_10ms = {.delay_us = 10 * MS};

static void add_rule(struct ice_filters *filters, const char *text)
{
    assert_int_equal(ice_filters_add(filters, slice_str(text)), RTC_OK);
}

static bool is_at(const struct ice_candidate *c, const char *ip)
{
    struct address a;
    return address_parse(slice_str(ip), c->address.port, &a) && address_eq(&a, &c->address);
}

static void kinds_of_networks(void **state)
{
    (void)state;
    static const char *const order[] = {"2001:db8::1", "10.0.0.1",    "10.0.0.11", "2001:db8::2", "10.0.0.2",
                                        "10.0.0.3",    "2001:db8::4", "10.0.0.4",  "10.0.0.5"};
    struct ice_sim sim;
    const struct ice_candidate *list;
    assert_int_equal(ice_sim_init(&sim, context, 1, NULL), RTC_OK);
    sim_host_add_interface(sim.a.host, "10.0.0.5", "docker0", RTC_NETWORK_VIRTUAL);
    sim_host_add_interface(sim.a.host, "2001:db8::4", "wg0", RTC_NETWORK_VPN);
    sim_host_add_interface(sim.a.host, "10.0.0.4", "wg0", RTC_NETWORK_VPN);
    sim_host_add_interface(sim.a.host, "10.0.0.3", "wwan0", RTC_NETWORK_CELLULAR);
    sim_host_add_interface(sim.a.host, "10.0.0.2", "wlan0", RTC_NETWORK_WIFI);
    sim_host_add_interface(sim.a.host, "2001:db8::2", "wlan0", RTC_NETWORK_WIFI);
    sim_host_add_interface(sim.a.host, "10.0.0.1", "eth0", RTC_NETWORK_ETHERNET);
    sim_host_add_interface(sim.a.host, "10.0.0.11", "strange0", RTC_NETWORK_UNKNOWN);
    sim_host_add_interface(sim.a.host, "2001:db8::1", "eth0", RTC_NETWORK_ETHERNET);
    assert_int_equal(ice_sim_agents(&sim, &udp_only, NULL), RTC_OK);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 10 * MS);
    size_t n = ice_sim_locals(sim.a.agent, &list), expected = sizeof order / sizeof order[0];
    assert_int_equal(n, expected);
    for (size_t k = 0; k < expected; k++) { /* by priority, not by the order in which they were told */
        size_t above = 0, at = expected;
        for (size_t i = 0; i < n; i++)
            at = is_at(&list[i], order[k]) ? i : at;
        assert_true(at < expected);
        for (size_t i = 0; i < n; i++)
            above += list[i].priority > list[at].priority;
        if (above != k)
            fail_msg("%s is at %zu, not %zu", order[k], above, k);
    }
    ice_sim_fini(&sim);
}

/* What is denied is used for nothing: no host candidate, no question to a server. */
static void filters(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_rules rules = {.deny.count = 0};
    const struct ice_options options = {
        .controlling = true, .tcp_policy = ICE_TCP_DISABLED, .servers = {server}, .server_count = 1, .rules = &rules};
    const struct ice_candidate *list;
    add_rule(&rules.allow, "eth*");
    add_rule(&rules.allow, "192.0.2.0/24");
    add_rule(&rules.deny, "10.0.0.0/8");
    assert_int_equal(ice_sim_init(&sim, context, 2, &link_10ms), RTC_OK);
    sim_host_add_interface(sim.a.host, "10.0.0.1", "eth0", 0);
    sim_host_add_interface(sim.a.host, "172.16.0.1", "eth1", 0);
    sim_host_add_interface(sim.a.host, "172.16.0.2", "wlan0", 0);
    sim_host_add_interface(sim.a.host, "192.0.2.1", "wlan0", 0);
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(ice_sim_locals(sim.a.agent, &list), 2);
    assert_true(is_at(&list[0], "172.16.0.1"));
    assert_true(is_at(&list[1], "192.0.2.1"));
    assert_int_equal(sim_network_counters(sim.net)->sent, 2 + 2); /* a question from each, and its answer */
    ice_sim_fini(&sim);
}

static void nothing_is_allowed(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_rules rules = {.deny.count = 0};
    const struct ice_options options = {
        .controlling = true, .tcp_policy = ICE_TCP_DISABLED, .servers = {server}, .server_count = 1, .rules = &rules};
    add_rule(&rules.allow, "none");
    assert_int_equal(ice_sim_init(&sim, context, 3, NULL), RTC_OK);
    sim_host_add_address(sim.a.host, "192.0.2.1");
    sim_host_add_address(sim.a.host, "127.0.0.1"); /* not even as a last resort */
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(sim.a.candidates, 0);
    assert_int_equal(ice_agent_gathering_state(sim.a.agent), ICE_GATHERING_COMPLETE);
    assert_int_equal(sim_network_counters(sim.net)->sent, 0);
    ice_sim_fini(&sim);
}

/* A machine of a cloud: it shows its external address, has no server-reflexive duplicate of it, and knows the pair for what it is. */
static void one_to_one(bool ask_server, bool hide)
{
    struct ice_sim sim;
    struct ice_rules rules = {.deny.count = 0};
    const struct ice_options options = {.controlling = true,
                                        .tcp_policy = ICE_TCP_DISABLED,
                                        .servers = {server},
                                        .server_count = ask_server ? 1 : 0,
                                        .rules = &rules,
                                        .hide_addresses = hide};
    const struct ice_candidate *list;
    struct ice_selected s;
    assert_int_equal(ice_externals_add(&rules.externals, slice_str("10.0.0.1=203.0.113.1")), RTC_OK);
    assert_int_equal(ice_sim_init(&sim, context, 4, &link_10ms), RTC_OK);
    sim_host_add_address(sim.a.host, "10.0.0.1");
    sim_host_set_nat(sim.a.host, SIM_NAT_ONE_TO_ONE, "203.0.113.1");
    sim_host_add_address(sim.b.host, "10.0.1.1");
    sim_host_set_nat(sim.b.host, SIM_NAT_SYMMETRIC, "203.0.113.2");
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 100 * MS);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(ice_sim_locals(sim.a.agent, &list), 1);
    assert_int_equal(list[0].type, ICE_HOST);
    assert_true(is_at(&list[0], "203.0.113.1"));
    assert_string_equal(list[0].name, "");
    assert_true(ice_agent_selected_info(sim.a.agent, &s));
    assert_int_equal(s.local.type, ICE_HOST);
    assert_true(is_at(&s.local, "203.0.113.1"));
    assert_int_equal(s.path.local.ip[0], 10); /* packets are sent from the address that is there */
    assert_true(ice_agent_selected_info(sim.b.agent, &s));
    assert_int_equal(s.remote.type, ICE_HOST);
    ice_sim_fini(&sim);
}

static void behind_a_one_to_one_nat(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        one_to_one(i & 1, i & 2);
}

/* A peer beside it, within the cloud, is reached by its inside address all the same: the host candidate is what the pair shows. */
static void beside_a_one_to_one_nat(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_rules rules = {.deny.count = 0};
    const struct ice_options options = {.controlling = true, .tcp_policy = ICE_TCP_DISABLED, .rules = &rules};
    struct ice_selected s;
    assert_int_equal(ice_externals_add(&rules.externals, slice_str("203.0.113.1")), RTC_OK);
    assert_int_equal(ice_sim_init(&sim, context, 5, &link_10ms), RTC_OK);
    sim_host_add_address(sim.a.host, "10.0.0.1");
    sim_host_add_address(sim.b.host, "10.0.0.2");
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 100 * MS);
    assert_true(ice_agent_selected_info(sim.a.agent, &s));
    assert_int_equal(s.local.type, ICE_HOST);
    assert_true(is_at(&s.local, "203.0.113.1"));
    assert_true(ice_agent_selected_info(sim.b.agent, &s));
    assert_int_equal(s.remote.type, ICE_PEER_REFLEXIVE);
    ice_sim_fini(&sim);
}

/* As many servers as there may be at once, of which one works: it is as quick as if it were alone, and the connection waits for none. */
static void many_servers(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_options options = {.controlling = true, .tcp_policy = ICE_TCP_DISABLED, .server_count = ICE_SERVERS_MAX};
    assert_int_equal(ice_sim_init(&sim, context, 6, &link_10ms), RTC_OK);
    for (unsigned i = 0; i < ICE_SERVERS_MAX; i++) {
        struct ice_server *s = &options.servers[i];
        s->port = 3478;
        if (i % 4 == 0)
            (void)snprintf(s->host, sizeof s->host, "unknown%u.example", i);
        else if (i % 4 == 1)
            (void)snprintf(s->host, sizeof s->host, "silent%u.example", i);
        else if (i % 4 == 2)
            (void)snprintf(s->host, sizeof s->host, "198.51.100.%u", 100 + i);
        else
            (void)snprintf(s->host, sizeof s->host, i == 15 ? "198.51.100.1" : "2001:db8:ffff::%u", i); /* of no family that is here */
        if (i % 4 == 1)
            sim_network_name(sim.net, s->host, "");
    }
    sim_host_add_address(sim.a.host, "10.0.0.1");
    sim_host_set_nat(sim.a.host, SIM_NAT_PORT, "203.0.113.1");
    sim_host_add_address(sim.b.host, "192.0.2.2");
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    rtc_time_t start = sim.now;
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 100 * MS);
    assert_int_equal(sim.a.gathered_at, -1);
    ice_sim_run(&sim, sim.now + 20 * SECOND);
    assert_in_range(sim.a.reflexive_at - start, 1,
                    10 * MS + 5 * 5 * MS); /* the sim's server answers without delay of its own; questions are paced */
    assert_in_range(sim.a.gathered_at - start, 9 * SECOND, 10 * SECOND);
    assert_int_equal(sim.a.errors, 3 * ICE_SERVERS_MAX / 4);
    ice_sim_fini(&sim);
}

/* Twenty interfaces on both sides, one of them leading somewhere: connected with the first check that succeeds, before gathering with a
 * dead server ends. */
static void many_interfaces(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_options options = {.controlling = true, .tcp_policy = ICE_TCP_DISABLED, .server_count = 1};
    char ip[32];
    options.servers[0] = (struct ice_server){.host = "198.51.100.99", .port = 3478};
    assert_int_equal(ice_sim_init(&sim, context, 7, &link_10ms), RTC_OK);
    for (unsigned i = 0; i < 20; i++) {
        for (unsigned side = 0; side < 2; side++) {
            struct sim_host *host = side ? sim.b.host : sim.a.host;
            (void)snprintf(ip, sizeof ip, "10.%u.%u.1", side + 1, i);
            sim_host_add_interface(host, ip, i == 11 ? "eth0" : "veth0", i == 11 ? RTC_NETWORK_ETHERNET : RTC_NETWORK_VIRTUAL);
            sim_host_set_address_down(host, ip, i != 11);
        }
    }
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 10 * MS + 2 * 20 * MS); /* signalling, two round trips */
    assert_int_equal(sim.a.gathered_at, -1);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_networks),       cmocka_unit_test(filters),      cmocka_unit_test(nothing_is_allowed),
        cmocka_unit_test(behind_a_one_to_one_nat), cmocka_unit_test(many_servers), cmocka_unit_test(many_interfaces),
        cmocka_unit_test(beside_a_one_to_one_nat),
    };
    return cmocka_run_group_tests_name("ice gather", tests, setup, teardown);
}
