/* SPDX-License-Identifier: MIT */
/* What an agent tells of its candidates, pairs and servers: that it is true, and that the reasons name what is wrong. */
#include "ice_report.h"
#include "ice_sim.h"

#include <stdio.h>
#include <string.h>

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

static void begin(struct ice_sim *sim, const struct ice_server *servers, uint32_t count)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    struct ice_options options = {.controlling = true, .server_count = count};
    context_seed(context, 1);
    assert_int_equal(ice_sim_init(sim, context, 1, &link), RTC_OK);
    sim_host_add_address(sim->a.host, "192.0.2.1");
    sim_host_add_address(sim->b.host, "192.0.2.2");
    if (count > 0)
        memcpy(options.servers, servers, count * sizeof *servers);
    assert_int_equal(ice_sim_agents(sim, &options, NULL), RTC_OK);
    ice_sim_start(sim);
}

static struct ice_pair_report selected(const struct ice_peer *peer)
{
    struct ice_pair_report r;
    for (size_t i = 0; ice_agent_pair_report(peer->agent, peer->sim->now, i, &r); i++)
        if (r.selected)
            return r;
    fail_msg("no pair is selected");
    return r;
}

static void a_pair_that_works(void **state)
{
    struct ice_sim sim;
    struct ice_candidate remote;
    const struct ice_candidate *locals;
    (void)state;
    begin(&sim, NULL, 0);
    assert_true(ice_sim_connect(&sim, SECOND) > 0);
    ice_sim_run(&sim, sim.now + 20 * SECOND);
    struct ice_pair_report r = selected(&sim.a);
    assert_string_equal(r.reason, "");
    assert_int_equal(r.state, ICE_REPORT_SUCCEEDED);
    assert_true(r.nominated);
    assert_int_equal(r.rtt_us, 10 * MS);
    assert_true(r.counts.consent_requests_sent >= 3 && r.counts.requests_sent > r.counts.consent_requests_sent);
    assert_true(r.counts.responses_received == r.counts.requests_sent);
    assert_int_equal(ice_sim_locals(sim.a.agent, &locals), 3); /* the others are for TCP */
    assert_true(r.local.serial != 0 && r.local.serial == locals[0].serial);
    assert_true(ice_agent_remote_report(sim.a.agent, 0, &remote));
    assert_true(r.remote.serial != 0 && r.remote.serial == remote.serial);
    assert_int_equal(remote.type, ICE_HOST);
    assert_true(ice_agent_remote_report(sim.a.agent, 1, &remote));
    assert_true(remote.protocol == PATH_TCP && remote.tcp_type == ICE_TCP_PASSIVE);
    assert_false(ice_agent_remote_report(sim.a.agent, 2, &remote));
    ice_sim_fini(&sim);
}

static void packets_are_counted_on_their_pair(void **state)
{
    struct ice_sim sim;
    (void)state;
    begin(&sim, NULL, 0);
    ice_agent_count_sent(sim.a.agent, sim.now, 100); /* nothing is selected: of no pair */
    assert_true(ice_sim_connect(&sim, SECOND) > 0);
    struct path path = *ice_agent_selected(sim.a.agent);
    assert_true(selected(&sim.a).counts.last_sent == RTC_TIME_NEVER && selected(&sim.a).counts.last_received == RTC_TIME_NEVER);
    ice_agent_count_sent(sim.a.agent, sim.now, 100);
    ice_agent_count_sent(sim.a.agent, sim.now + 1, 20);
    ice_agent_count_discarded(sim.a.agent, 7);
    assert_true(ice_agent_receives(sim.a.agent, sim.now + 2, &path, 30));
    path.remote.port++;
    assert_false(ice_agent_receives(sim.a.agent, sim.now + 3, &path, 30));
    struct ice_pair_counts c = selected(&sim.a).counts;
    assert_true(c.packets_sent == 2 && c.bytes_sent == 120 && c.packets_discarded == 1 && c.bytes_discarded == 7);
    assert_true(c.packets_received == 1 && c.bytes_received == 30);
    assert_true(c.last_sent == sim.now + 1 && c.last_received == sim.now + 2);
    ice_sim_fini(&sim);
}

static void expect_reason(const struct ice_peer *peer, const char *part)
{
    struct ice_pair_report r;
    assert_true(ice_agent_pair_report(peer->agent, peer->sim->now, 0, &r));
    if (!strstr(r.reason, part))
        fail_msg("the reason is '%s', not '...%s...'", r.reason, part);
}

static void nothing_comes_back(void **state)
{
    struct ice_sim sim;
    (void)state;
    begin(&sim, NULL, 0);
    sim_host_link(sim.a.host)->loss = sim_host_link(sim.b.host)->loss = 1;
    ice_sim_run(&sim, sim.now + 30 * MS);
    expect_reason(&sim.a, "checks were sent and nothing came back");
    ice_sim_run(&sim, sim.now + 60 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_FAILED);
    struct ice_pair_report r;
    assert_true(ice_agent_pair_report(sim.a.agent, sim.now, 0, &r));
    assert_int_equal(r.state, ICE_REPORT_FAILED);
    expect_reason(&sim.a, "checks were sent and nothing came back");
    ice_sim_fini(&sim);
}

static void only_one_way_is_open(void **state)
{
    struct ice_sim sim;
    (void)state;
    begin(&sim, NULL, 0);
    sim_host_link(sim.a.host)->loss = 1;
    ice_sim_run(&sim, sim.now + 2 * SECOND);
    expect_reason(&sim.a, "although the peer's own checks arrive here");
    expect_reason(&sim.b, "nothing came back");
    ice_sim_fini(&sim);
}

static void a_pair_that_went_quiet(void **state)
{
    struct ice_sim sim;
    (void)state;
    begin(&sim, NULL, 0);
    assert_true(ice_sim_connect(&sim, SECOND) > 0);
    sim_host_link(sim.a.host)->down = sim_host_link(sim.b.host)->down = true;
    ice_sim_run(&sim, sim.now + 12 * SECOND);
    expect_reason(&sim.a, "it worked, but nothing was heard of the peer for ");
    ice_sim_fini(&sim);
}

static void before_the_description(void **state)
{
    const struct ice_candidate candidate = {
        .component = 1, .type = ICE_HOST, .priority = 1, .foundation = "1", .address = address_ipv4(192, 0, 2, 9, 9000)};
    struct ice_sim sim;
    (void)state;
    begin(&sim, NULL, 0);
    sim.signalling = 5 * SECOND;
    ice_sim_credentials(&sim.a); /* late */
    assert_int_equal(ice_agent_add_remote_candidate(sim.b.agent, sim.now, &candidate, &sim.b.out), RTC_OK);
    ice_sim_drain(&sim.b);
    ice_sim_run(&sim, sim.now + MS);
    expect_reason(&sim.b, "the peer's description has not come yet");
    ice_sim_fini(&sim);
}

static struct ice_server server(uint8_t kind, const char *host)
{
    struct ice_server s = {.port = 3478, .kind = kind, .username = "user", .credential = "secret"};
    (void)snprintf(s.host, sizeof s.host, "%s", host);
    return s;
}

static void expect_server(const struct ice_sim *sim, size_t index, enum ice_server_progress progress, uint16_t code, const char *reason)
{
    struct ice_server_report r;
    assert_true(ice_agent_server_report(sim->a.agent, index, &r));
    if (r.progress != progress || r.error_code != code || !strstr(r.reason, reason) || (reason[0] == 0) != (r.reason[0] == 0))
        fail_msg("%s: %d, code %u, '%s'", r.url, r.progress, r.error_code, r.reason);
}

static void servers_and_what_is_wrong_with_them(void **state)
{
    const struct ice_server servers[] = {
        server(ICE_SERVER_STUN, "198.51.100.1"),      server(ICE_SERVER_STUN, "198.51.100.77"),
        server(ICE_SERVER_STUN, "stun.nowhere.test"), server(ICE_SERVER_STUN, "2001:db8:ffff::1"),
        server(ICE_SERVER_TURN_UDP, "198.51.100.9"),
    };
    struct ice_sim sim;
    struct sim_turn turn;
    struct ice_server_report r;
    (void)state;
    begin(&sim, servers, sizeof servers / sizeof servers[0]);
    sim_turn_init(&turn, sim.net, sim.a.out.pool, "198.51.100.9", NULL);
    sim.turn[0] = &turn;
    turn.refuse_allocate = 486;
    ice_sim_run(&sim, sim.now + 5 * MS);
    expect_server(&sim, 1, ICE_SERVER_ASKED, 0, "it has not answered yet");
    ice_sim_run(&sim, sim.now + 12 * SECOND);
    expect_server(&sim, 0, ICE_SERVER_ANSWERED, 0, "");
    expect_server(&sim, 1, ICE_SERVER_FAILED, 701, "did not answer");
    expect_server(&sim, 2, ICE_SERVER_FAILED, 701, "could not be resolved");
    expect_server(&sim, 3, ICE_SERVER_UNUSED, 0, "none is of its family");
    assert_true(ice_agent_server_report(sim.a.agent, 4, &r));
    assert_int_equal(r.error_code, 486);
    assert_string_equal(r.url, "turn:198.51.100.9:3478?transport=udp");
    assert_false(ice_agent_server_report(sim.a.agent, 5, &r));
    ice_sim_fini(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pair_that_works, setup, teardown),
        cmocka_unit_test_setup_teardown(packets_are_counted_on_their_pair, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(only_one_way_is_open, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pair_that_went_quiet, setup, teardown),
        cmocka_unit_test_setup_teardown(before_the_description, setup, teardown),
        cmocka_unit_test_setup_teardown(servers_and_what_is_wrong_with_them, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
