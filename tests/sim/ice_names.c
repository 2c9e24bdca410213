/* SPDX-License-Identifier: MIT */
/* Candidates with names in place of addresses: both agents on one link, where multicast DNS works, or does not. Times are virtual. */
#include "ice_sim.h"

#include "dns_message.h"
#include "mdns.h"

#include <stdio.h>

#define NOBODY "1f4712db-ea17-4bcf-a596-105139dfd8bf.local"

static const struct ice_server server = {.host = "198.51.100.1", .port = 3478};
static const struct ice_options hidden = {.hide_addresses = true}, hidden_controlling = {.hide_addresses = true, .controlling = true};

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
    sim_host_add_address(sim->a.host, "192.0.2.1");
    sim_host_add_address(sim->b.host, "192.0.2.2");
}

static uint64_t resolved(const struct ice_peer *p)
{
    return ice_agent_counters(p->agent)->names_resolved;
}

static uint64_t failed(const struct ice_peer *p)
{
    return ice_agent_counters(p->agent)->names_failed;
}

static struct ice_candidate named(const char *name, uint16_t port)
{
    struct ice_candidate c = {.foundation = "1", .component = 1, .type = ICE_HOST, .priority = 2130706431, .address = {.port = port}};
    (void)snprintf(c.name, sizeof c.name, "%s", name);
    return c;
}

/* What is shown of the pair has the name that stands for the address. */
static void expect_hidden_remote(const struct ice_peer *p)
{
    struct ice_selected s;
    assert_true(ice_agent_selected_info(p->agent, &s));
    assert_int_equal(s.remote.address.family, ADDRESS_NONE);
    assert_int_not_equal(s.remote.address.port, 0);
    assert_true(mdns_is_candidate_name(s.remote.name));
}

static void one_hides(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS};
    begin(&sim, 1, &link);
    assert_int_equal(ice_sim_agents(&sim, NULL, &hidden), RTC_OK);
    ice_sim_start(&sim);
    /* b knows where a is: as fast as if nothing were hidden. */
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 26 * MS);
    assert_true(ice_sim_data_flows(&sim));
    assert_int_equal(resolved(&sim.a), 2); /* its candidate over UDP, and the passive one */
    assert_int_equal(resolved(&sim.b), 0);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_COMPLETED);
    expect_hidden_remote(&sim.a);
    ice_sim_fini(&sim);
}

/* Neither knows where the other is. */
static void both_hide(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS};
    begin(&sim, 2, &link);
    assert_int_equal(ice_sim_agents(&sim, &hidden_controlling, &hidden), RTC_OK);
    ice_sim_start(&sim);
    /* signalling 10 ms, a round trip of multicast and one of checks, 10 ms each */
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 40 * MS);
    assert_true(ice_sim_data_flows(&sim));
    assert_int_equal(resolved(&sim.a), 2);
    assert_int_equal(resolved(&sim.b), 2);
    expect_hidden_remote(&sim.a);
    expect_hidden_remote(&sim.b);
    struct ice_selected s;
    assert_true(ice_agent_selected_info(sim.a.agent, &s));
    assert_true(mdns_is_candidate_name(s.local.name));
    ice_sim_fini(&sim);
}

static void both_hide_two_families(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS};
    const struct ice_candidate *list;
    begin(&sim, 3, &link);
    sim_host_add_address(sim.a.host, "2001:db8:1::1");
    sim_host_add_address(sim.b.host, "2001:db8:1::2");
    assert_int_equal(ice_sim_agents(&sim, &hidden_controlling, &hidden), RTC_OK);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 60 * MS);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(resolved(&sim.a), 4);
    assert_int_equal(resolved(&sim.b), 4);
    /* Each address has a name of its own, and the foundations tell nothing. */
    assert_int_equal(ice_sim_locals(sim.a.agent, &list), 6);
    assert_string_not_equal(list[0].name, list[1].name);
    char foundation[2][ICE_FOUNDATION_MAX + 1];
    memcpy(foundation[0], list[0].foundation, sizeof foundation[0]);
    ice_sim_fini(&sim);
    begin(&sim, 4, &link);
    assert_int_equal(ice_sim_agents(&sim, &hidden_controlling, &hidden), RTC_OK);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 60 * MS);
    assert_int_equal(ice_sim_locals(sim.a.agent, &list), 3);
    assert_string_not_equal(list[0].foundation, foundation[0]);
    ice_sim_fini(&sim);
}

/* A third of everything is lost: the questions are asked again after 1, 3 and 7 seconds, and one of both agents has to learn the address.
 */
static void loss(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 5 * MS, .loss = 0.3};
    rtc_time_t worst = 0;
    unsigned at_once = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct ice_sim sim;
        begin(&sim, seed, &link);
        assert_int_equal(ice_sim_agents(&sim, &hidden_controlling, &hidden), RTC_OK);
        ice_sim_start(&sim);
        rtc_time_t took = ice_sim_connect(&sim, 12 * SECOND);
        if (took < 0)
            fail_msg("seed %u: not connected", (unsigned)seed);
        worst = took > worst ? took : worst;
        at_once += took < SECOND;
        ice_sim_fini(&sim);
    }
    (void)printf("both hidden, 30 %% loss: worst of 40 %lld ms, %u within a second\n", (long long)(worst / MS), at_once);
    assert_true(at_once >= 24); /* 3 in 4, were there no retransmitted checks to lose */
}

static void nobody_has_the_name(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS};
    struct ice_candidate c = named(NOBODY, 5000);
    begin(&sim, 5, &link);
    sim.b.mute_candidates = true;
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_candidate(&sim.a, &c);
    sim.a.mute_candidates = true;
    ice_sim_start(&sim);
    ice_sim_run(&sim, 9 * SECOND);
    uint64_t sent = sim_network_counters(sim.net)->sent;
    assert_int_equal(sent, 4);
    assert_int_equal(failed(&sim.a), 0);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_CHECKING);
    ice_sim_run(&sim, 12 * SECOND);
    assert_int_equal(failed(&sim.a), 1);
    assert_non_null(strstr(ice_agent_name_failure(sim.a.agent), "nobody"));
    assert_null(ice_agent_name_failure(sim.b.agent));
    ice_sim_run(&sim, 30 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_FAILED);
    assert_int_equal(sim_network_counters(sim.net)->sent, sent);
    ice_sim_fini(&sim);
}

/* A name is never in the way of other candidates, nor is a check list that waits for one completed. */
static void nothing_waits_for_a_name(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS};
    struct ice_candidate c = named(NOBODY, 5000);
    begin(&sim, 6, &link);
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_candidate(&sim.a, &c);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 25 * MS);
    ice_sim_run(&sim, 5 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_CONNECTED);
    assert_int_equal(ice_agent_state(sim.b.agent), ICE_CONNECTED);
    ice_sim_run(&sim, 15 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_COMPLETED);
    ice_sim_fini(&sim);
}

/* The remote description comes long before we gather: there is nobody to ask until then. */
static void names_wait_for_interfaces(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS};
    begin(&sim, 7, &link);
    assert_int_equal(ice_sim_agents(&sim, &hidden_controlling, &hidden), RTC_OK);
    ice_sim_credentials(&sim.a);
    ice_sim_credentials(&sim.b);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, 20 * SECOND);
    assert_int_equal(failed(&sim.b), 0);
    ice_sim_gather(&sim.b);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 60 * MS);
    assert_int_equal(resolved(&sim.b), 2);
    ice_sim_fini(&sim);
}

/* Where port 5353 can not be had the system is asked: it may know. */
static void the_system_is_asked(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS};
    struct ice_candidate c = named(NOBODY, 40000);
    begin(&sim, 8, &link);
    sim_host_set_multicast(sim.a.host, SIM_REFUSES);
    sim_network_name(sim.net, NOBODY, "192.0.2.2");
    sim.b.mute_candidates = sim.a.mute_candidates = true;
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_candidate(&sim.a, &c);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 40 * MS);
    assert_int_equal(resolved(&sim.a), 1);
    expect_hidden_remote(&sim.a);
    ice_sim_fini(&sim);
}

/* The system does not know a name, knows two addresses, knows one of nobody but itself, or does not answer. */
static void the_system_does_not_help(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS};
    char name[] = NOBODY;
    begin(&sim, 9, &link);
    sim_host_set_multicast(sim.a.host, SIM_REFUSES);
    sim.b.mute_candidates = sim.a.mute_candidates = true;
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    for (int i = 0; i < 8; i++) {
        name[0] = (char)('a' + i % 6);
        name[1] = (char)('0' + i);
        if (i == 1)
            sim_network_name(sim.net, name, "192.0.2.2");
        if (i == 1)
            sim_network_name(sim.net, name, "192.0.2.3");
        if (i == 2)
            sim_network_name(sim.net, name, "127.0.0.1");
        if (i > 2)
            sim_network_name(sim.net, name, "");
        struct ice_candidate c = named(name, 40000);
        ice_sim_candidate(&sim.a, &c);
    }
    ice_sim_start(&sim);
    ice_sim_run(&sim, 5 * SECOND);
    assert_int_equal(failed(&sim.a), 3);
    ice_sim_run(&sim, 12 * SECOND);
    assert_int_equal(failed(&sim.a), 8);
    assert_int_equal(resolved(&sim.a), 0);
    ice_sim_fini(&sim);
}

static void flood(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS};
    begin(&sim, 10, &link);
    assert_int_equal(ice_sim_agents(&sim, NULL, &hidden), RTC_OK);
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + 20 * MS);
    uint64_t before = sim_network_counters(sim.net)->sent;
    unsigned taken = 0;
    for (unsigned i = 0; i < 5000; i++) {
        char name[MDNS_NAME_LEN + 1];
        (void)snprintf(name, sizeof name, "%08x-ea17-4bcf-a596-105139dfd8bf.local", i);
        struct ice_candidate c = named(name, 5000);
        int error = ice_agent_add_remote_candidate(sim.a.agent, sim.now, &c, &sim.a.out);
        assert_true(error == RTC_OK || error == RTC_ERR_QUOTA_EXCEEDED);
        taken += error == RTC_OK;
    }
    ice_sim_drain(&sim.a);
    assert_in_range(taken, 32, 64);
    assert_in_range(ice_sim_connect(&sim, SECOND), 0, 100 * MS);
    ice_sim_run(&sim, sim.now + 12 * SECOND);
    assert_int_equal(failed(&sim.a), taken);
    /* Four names to a message, four times; and a few checks. */
    assert_in_range(sim_network_counters(sim.net)->sent - before, 4 * taken / 4, 4 * (taken / 4 + 1) + 60);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

/* Somebody on the link answers every question with an address of his own: he gets checks, which he can not answer, and no more than that.
 */
struct attacker {
    struct ice_sim *sim;
    struct sim_host *host;
    struct packet_pool *pool;
    unsigned answered;
};

static void lie(void *user, const struct sim_host *from, struct slice datagram)
{
    struct attacker *attacker = user;
    struct dns_message m;
    uint8_t bytes[1200];
    if (from == attacker->host || dns_parse(datagram, &m) != RTC_OK || m.response || m.question_count == 0)
        return;
    m.response = true;
    m.record_count = 1;
    m.records[0] = (struct dns_record){.type = DNS_A, .class = DNS_CLASS_IN, .ttl = 120, .address = address_ipv4(192, 0, 2, 66, 0)};
    memcpy(m.records[0].name, m.questions[0].name, sizeof m.records[0].name);
    m.question_count = 0;
    struct packet *p = packet_copy(attacker->pool, slice_of(bytes, dns_write(&m, bytes, sizeof bytes)));
    assert_non_null(p);
    p->path = (struct path){.local = address_ipv4(192, 0, 2, 66, MDNS_PORT), .remote = address_ipv4(224, 0, 0, 251, MDNS_PORT)};
    attacker->answered++;
    sim_host_send(attacker->host, attacker->sim->now, p);
}

static void somebody_lies(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS}, quick = {.delay_us = MS};
    begin(&sim, 11, &link);
    struct attacker attacker = {.sim = &sim, .host = sim_host_new(sim.net, &quick, NULL), .pool = sim.b.out.pool};
    sim_network_tap(sim.net, lie, &attacker);
    assert_int_equal(ice_sim_agents(&sim, NULL, &hidden), RTC_OK);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 26 * MS);
    assert_true(ice_sim_data_flows(&sim));
    assert_true(attacker.answered > 0);
    assert_int_equal(resolved(&sim.a), 2); /* to the wrong address */
    struct ice_selected s;
    assert_true(ice_agent_selected_info(sim.a.agent, &s));
    assert_true(address_is_any(&s.remote.address)); /* peer-reflexive: the peer hides its address */
    assert_int_equal(s.path.remote.ip[3], 2);
    ice_sim_fini(&sim);
}

static void tell_of_server(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct sim_link link = {.delay_us = 5 * MS};
    struct ice_options options = hidden_controlling;
    const struct ice_candidate *list;
    options.servers[0] = server;
    options.servers[1] = (struct ice_server){.host = "2001:db8:ffff::1", .port = 3478};
    options.server_count = 2;
    begin(&sim, 12, &link);
    sim_host_add_address(sim.a.host, "2001:db8:1::1");
    sim_host_set_nat(sim.a.host, SIM_NAT_PORT, "203.0.113.1");
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 200 * MS);
    ice_sim_run(&sim, 3 * SECOND);
    /* Also of the address that is no other outside: nothing else tells where a host without a NAT is. */
    size_t count = ice_sim_locals(sim.a.agent, &list), reflexive = 0;
    assert_int_equal(count, 8); /* four of them for TCP */
    for (size_t i = 0; i < count; i++) {
        struct text text = text_new(context);
        ice_candidate_print(&list[i], &text);
        char *printed = text_take(&text);
        assert_non_null(printed);
        assert_null(strstr(printed, "192.0.2.1"));
        if (list[i].type == ICE_SERVER_REFLEXIVE) {
            assert_non_null(strstr(printed, list[i].address.family == ADDRESS_IPV4 ? "raddr 0.0.0.0 rport 9" : "raddr :: rport 9"));
            reflexive++;
        } else {
            assert_null(strstr(printed, "2001:db8"));
        }
        text_fini(&(struct text){.context = context, .data = printed});
    }
    assert_int_equal(reflexive, 2);
    ice_sim_fini(&sim);
}

static void other_names_are_left_alone(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct ice_options relay_only = {.relay_only = true};
    static const char *const names[] = {"printer.local", "www.example.com", "localhost", "a." NOBODY};
    begin(&sim, 13, NULL);
    assert_int_equal(ice_sim_agents(&sim, NULL, &relay_only), RTC_OK);
    ice_sim_gather(&sim.a);
    ice_sim_gather(&sim.b);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ice_candidate c = named(names[i], 5000);
        ice_sim_candidate(&sim.a, &c);
    }
    assert_int_equal(ice_agent_counters(sim.a.agent)->ignored, 4);
    struct ice_candidate c = named(NOBODY, 5000); /* a relay would be told of the address */
    ice_sim_candidate(&sim.b, &c);
    assert_int_equal(ice_agent_counters(sim.b.agent)->ignored, 1);
    ice_sim_run(&sim, 12 * SECOND);
    assert_int_equal(sim_network_counters(sim.net)->sent, 0);
    ice_sim_fini(&sim);
}

/* Closed in every state of a resolution, once the interfaces are known. */
static void closed_meanwhile(void **state)
{
    (void)state;
    for (rtc_time_t at = 250; at < 2 * MS; at += 50) {
        struct ice_sim sim;
        const struct sim_link link = {.delay_us = 100};
        begin(&sim, 14, &link);
        sim.signalling = 0;
        assert_int_equal(ice_sim_agents(&sim, &hidden_controlling, &hidden), RTC_OK);
        ice_sim_start(&sim);
        ice_sim_run(&sim, sim.now + at);
        ice_agent_close(sim.a.agent, sim.now, &sim.a.out);
        ice_sim_drain(&sim.a);
        ice_sim_run(&sim, sim.now + 11 * SECOND);
        ice_sim_fini(&sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_hides),
        cmocka_unit_test(both_hide),
        cmocka_unit_test(both_hide_two_families),
        cmocka_unit_test(loss),
        cmocka_unit_test(nobody_has_the_name),
        cmocka_unit_test(nothing_waits_for_a_name),
        cmocka_unit_test(names_wait_for_interfaces),
        cmocka_unit_test(the_system_is_asked),
        cmocka_unit_test(the_system_does_not_help),
        cmocka_unit_test(flood),
        cmocka_unit_test(somebody_lies),
        cmocka_unit_test(tell_of_server),
        cmocka_unit_test(other_names_are_left_alone),
        cmocka_unit_test(closed_meanwhile),
    };
    return cmocka_run_group_tests_name("ice names", tests, setup, teardown);
}
