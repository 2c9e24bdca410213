/* SPDX-License-Identifier: MIT */
/* An ICE-lite agent: against a full one on good and bad networks, against another lite one, and against a scripted peer that nominates as
 * browsers do, changes its address, falls silent, or takes the wrong role. */
#include "ice_script.h"

#include "ice_internal.h"

#include <stdio.h>

/* Requests that the lite host sent. */
struct tapped {
    const struct sim_host *host;
    unsigned requests, others;
};

static void tap(void *user, const struct sim_host *from, struct slice datagram)
{
    struct tapped *t = user;
    struct stun_message m;
    if (from != t->host || stun_parse(datagram, &m) != RTC_OK)
        return;
    if (m.class == STUN_REQUEST)
        t->requests++;
    else
        t->others++;
}

static const struct ice_options lite_offerer = {.lite = true, .controlling = true};

static void begin(struct ice_sim *sim, uint64_t seed, const struct sim_link *link)
{
    context_seed(script_context, seed);
    assert_int_equal(ice_sim_init(sim, script_context, seed, link), RTC_OK);
    sim_host_add_address(sim->a.host, "192.0.2.1");
    sim_host_add_address(sim->b.host, "192.0.2.2");
}

/* Whoever offered: the lite one is controlled and never asks. */
static void against_full(void **state)
{
    (void)state;
    struct ice_options full = {.controlling = false}, lite = {.lite = true};
    for (int offerer = 0; offerer < 2; offerer++) {
        struct ice_sim sim;
        struct tapped tapped = {0};
        const struct sim_link link = {.delay_us = 5 * MS};
        full.controlling = offerer == 0;
        lite.controlling = offerer == 1;
        begin(&sim, 1, &link);
        tapped.host = sim.b.host;
        sim_network_tap(sim.net, tap, &tapped);
        assert_int_equal(ice_sim_agents(&sim, &full, &lite), RTC_OK);
        assert_false(ice_agent_controlling(sim.b.agent));
        ice_agent_set_remote_lite(sim.a.agent);
        assert_true(ice_agent_controlling(sim.a.agent));
        ice_sim_start(&sim);
        assert_in_range(ice_sim_connect(&sim, SECOND), 1, 30 * MS);
        assert_true(ice_sim_data_flows(&sim));
        assert_int_equal(ice_agent_state(sim.a.agent), ICE_COMPLETED);
        assert_int_equal(ice_agent_state(sim.b.agent), ICE_CONNECTED);
        ice_sim_run(&sim, sim.now + 120 * SECOND);
        assert_true(ice_sim_data_flows(&sim));
        assert_int_equal(sim.b.state_at[ICE_DISCONNECTED], -1);
        assert_int_equal(sim.b.selections, 1);
        assert_int_equal(tapped.requests, 0);
        assert_true(tapped.others > 20);
        assert_int_equal(ice_agent_rtt_us(sim.b.agent), 0);
        ice_sim_fini(&sim);
    }
}

static void loss(void **state)
{
    (void)state;
    const struct sim_link link = {.delay_us = 20 * MS, .loss = 0.3};
    const struct ice_options lite = {.lite = true};
    for (unsigned seed = 1; seed <= 100; seed++) {
        struct ice_sim sim;
        begin(&sim, seed, &link);
        assert_int_equal(ice_sim_agents(&sim, NULL, &lite), RTC_OK);
        ice_agent_set_remote_lite(sim.a.agent);
        ice_sim_start(&sim);
        if (ice_sim_connect(&sim, 10 * SECOND) < 0)
            fail_msg("seed %u: not connected", seed);
        ice_sim_run(&sim, sim.now + 60 * SECOND);
        if (sim.b.state_at[ICE_DISCONNECTED] >= 0 || !ice_sim_connected(&sim.a))
            fail_msg("seed %u: lost", seed);
        ice_sim_fini(&sim);
    }
}

/* Neither may send without consent: both check, and one of them gives way when both nominate. */
static void both_lite(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct ice_sim sim;
        const struct sim_link link = {.delay_us = 5 * MS, .jitter_us = 5 * MS};
        const struct ice_options answerer = {.lite = true};
        begin(&sim, seed, &link);
        assert_int_equal(ice_sim_agents(&sim, &lite_offerer, &answerer), RTC_OK);
        ice_sim_gather(&sim.a);
        ice_sim_gather(&sim.b);
        ice_sim_run(&sim, sim.now + 20 * MS); /* candidates are known before the rest */
        ice_agent_set_remote_lite(sim.a.agent);
        ice_agent_set_remote_lite(sim.b.agent);
        ice_sim_credentials(&sim.a);
        ice_sim_credentials(&sim.b);
        if (ice_sim_connect(&sim, SECOND) < 0)
            fail_msg("seed %u: not connected", seed);
        if (!ice_sim_data_flows(&sim))
            fail_msg("seed %u: no data flows", seed);
        assert_true(ice_agent_controlling(sim.a.agent) != ice_agent_controlling(sim.b.agent));
        ice_sim_run(&sim, sim.now + 60 * SECOND);
        assert_true(ice_sim_data_flows(&sim));
        ice_sim_fini(&sim);
    }
}

static void no_servers(void **state)
{
    (void)state;
    uint32_t id = 0;
    struct ice_agent *agent = NULL;
    struct ice_options options = {.lite = true, .next_request_id = &id, .server_count = 1};
    assert_int_equal(ice_agent_new(script_context, &options, &agent), RTC_ERR_INVALID_ACCESS);
    options.server_count = 0;
    assert_int_equal(ice_agent_new(script_context, &options, &agent), RTC_OK);
    assert_int_equal(ice_agent_set_servers(agent, options.servers, 1, false), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(ice_agent_set_servers(agent, NULL, 0, true), RTC_ERR_INVALID_ACCESS);
    ice_agent_free(agent);
}

static void ask(struct ice_sim *sim, uint8_t family, uint32_t has)
{
    struct path path = script_path(sim, family);
    script_ask(&sim->b, &path, has);
    ice_sim_run(sim, sim->now + 50 * MS);
}

static uint8_t used(struct ice_sim *sim)
{
    const struct path *path = ice_agent_selected(sim->a.agent);
    return path ? path->remote.family : ADDRESS_NONE;
}

/* Chromium's first check nominates nothing. Packets may go there already; the nomination then counts, and later on the newest does,
 * though its priority be lower. */
static void nominations(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin_with(&sim, 1, lite_offerer);
    script.controlling = true;
    script_candidate(&sim, script_four);
    script_candidate(&sim, script_six);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(script.requests, 0);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_CHECKING);
    assert_int_equal(used(&sim), ADDRESS_NONE);
    ask(&sim, ADDRESS_IPV6, 0);
    assert_int_equal(used(&sim), ADDRESS_IPV6);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_CONNECTED);
    ask(&sim, ADDRESS_IPV4, STUN_HAS_USE_CANDIDATE);
    assert_int_equal(used(&sim), ADDRESS_IPV4);
    ask(&sim, ADDRESS_IPV6, 0);
    assert_int_equal(used(&sim), ADDRESS_IPV4);
    ice_sim_run(&sim, sim.now + 3 * SECOND);
    ask(&sim, ADDRESS_IPV6, STUN_HAS_USE_CANDIDATE);
    assert_int_equal(used(&sim), ADDRESS_IPV6);
    ask(&sim, ADDRESS_IPV4, STUN_HAS_USE_CANDIDATE);
    assert_int_equal(used(&sim), ADDRESS_IPV4);
    assert_int_equal(script.requests, 0);
    assert_int_equal(script.successes, 5);
    struct ice_selected s;
    assert_true(ice_agent_selected_info(sim.a.agent, &s));
    assert_int_equal(s.remote.type, ICE_HOST); /* a signalled one, found again */
    ice_sim_fini(&sim);
}

/* Firefox nominates everything that works: in the beginning the priority decides, whatever the order. */
static void aggressive(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin_with(&sim, 2, lite_offerer);
    script.controlling = true;
    ask(&sim, ADDRESS_IPV4, STUN_HAS_USE_CANDIDATE);
    assert_int_equal(used(&sim), ADDRESS_IPV4);
    ask(&sim, ADDRESS_IPV6, STUN_HAS_USE_CANDIDATE);
    assert_int_equal(used(&sim), ADDRESS_IPV6);
    ask(&sim, ADDRESS_IPV4, STUN_HAS_USE_CANDIDATE);
    assert_int_equal(used(&sim), ADDRESS_IPV6);
    for (int i = 0; i < 10; i++) { /* and the losers are not come back to */
        ice_sim_run(&sim, sim.now + 5 * SECOND);
        ask(&sim, ADDRESS_IPV6, STUN_HAS_USE_CANDIDATE);
        assert_int_equal(used(&sim), ADDRESS_IPV6);
    }
    assert_int_equal(sim.a.selections, 2);
    ice_sim_fini(&sim);
}

/* A NAT gives the peer another port: the next nomination comes from there. */
static void new_port(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin_with(&sim, 3, lite_offerer);
    script.controlling = true;
    ask(&sim, ADDRESS_IPV4, STUN_HAS_USE_CANDIDATE);
    ice_sim_run(&sim, sim.now + 5 * SECOND);
    for (uint16_t port = 7000; port < 7100; port++) { /* more often than there is room for addresses */
        sim_host_open(sim.b.host, port, "192.0.2.2", port);
        struct path path = script_path(&sim, ADDRESS_IPV4);
        path.socket = port;
        path.local.port = port;
        script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
        ice_sim_run(&sim, sim.now + SECOND);
        assert_int_equal(ice_agent_selected(sim.a.agent)->remote.port, port);
    }
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

/* Its requests are the consent: nothing is sent 30 seconds after the last one. */
static void silence(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin_with(&sim, 4, lite_offerer);
    script.controlling = true;
    ask(&sim, ADDRESS_IPV4, STUN_HAS_USE_CANDIDATE);
    rtc_time_t last = sim.now;
    ice_sim_run(&sim, last + 18 * SECOND);
    assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
    ice_sim_run(&sim, last + 19 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_DISCONNECTED);
    ask(&sim, ADDRESS_IPV4, STUN_HAS_USE_CANDIDATE);
    assert_true(ice_sim_connected(&sim.a));
    last = sim.now;
    ice_sim_run(&sim, last + 29900 * MS);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_DISCONNECTED);
    assert_non_null(ice_agent_selected(sim.a.agent));
    ice_sim_run(&sim, last + 30 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_FAILED);
    assert_null(ice_agent_selected(sim.a.agent));
    ice_sim_fini(&sim);
}

/* A peer that never comes: as with a full agent. */
static void nobody(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin_with(&sim, 5, lite_offerer);
    ice_agent_end_of_remote_candidates(sim.a.agent, sim.now, &sim.a.out);
    ice_sim_drain(&sim.a);
    ice_sim_run(&sim, sim.now + 60 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_FAILED);
    assert_int_equal(sim.a.selections, 0);
    ice_sim_fini(&sim);
}

/* Nothing is sent to the peer's candidates, so nobody is asked where a name is. */
static void names(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin_with(&sim, 7, lite_offerer);
    script.controlling = true;
    script_candidate(&sim, "candidate:1 1 udp 2122260223 01234567-89ab-4def-8123-456789abcdef.local 6000 typ host");
    ice_sim_run(&sim, sim.now + 15 * SECOND);
    assert_int_equal(sim_network_counters(sim.net)->sent, 0);
    assert_int_equal(ice_agent_counters(sim.a.agent)->names_failed, 0);
    ask(&sim, ADDRESS_IPV4, STUN_HAS_USE_CANDIDATE);
    assert_int_equal(used(&sim), ADDRESS_IPV4);
    ice_sim_fini(&sim);
}

/* A peer that thinks itself controlled is told otherwise, whatever its tie-breaker; one with the wrong password is not listened to. */
static void wrong_role(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct stun_message m;
    char username[64];
    script_begin_with(&sim, 6, lite_offerer);
    script.controlling = false;
    struct path path = script_path(&sim, ADDRESS_IPV4);
    for (int i = 0; i < 2; i++) {
        script_request(&sim.b, &m, username);
        m.tie_breaker = i == 0 ? 0 : UINT64_MAX;
        script_send(&sim.b, &path, &m, ice_agent_credentials(sim.a.agent)->password);
        ice_sim_run(&sim, sim.now + 50 * MS);
        assert_int_equal(script.errors, i + 1);
        assert_int_equal(script.last_error, 487);
        assert_int_equal(used(&sim), ADDRESS_NONE);
    }
    script.controlling = true;
    script_request(&sim.b, &m, username);
    script_send(&sim.b, &path, &m, "the wrong password 1234");
    ice_sim_run(&sim, sim.now + 50 * MS);
    assert_int_equal(used(&sim), ADDRESS_NONE);
    assert_int_equal(ice_agent_counters(sim.a.agent)->unauthenticated, 1);
    ask(&sim, ADDRESS_IPV4, 0);
    assert_int_equal(used(&sim), ADDRESS_IPV4);
    assert_false(ice_agent_controlling(sim.a.agent));
    ice_sim_fini(&sim);
}

/* A path that another connection of the port has: who claims it is asked first, and answered once it has answered. */
static void asks_who_is_there(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin_with(&sim, 60, (struct ice_options){.lite = true});
    script.controlling = true;
    struct path path = script_path(&sim, ADDRESS_IPV4);
    struct path from = {.socket = sim.a.agent->bases.list[0]->socket, .remote = path.local};
    for (size_t i = 0; i < sim.a.agent->bases.count; i++)
        from.socket = sim.a.agent->bases.list[i]->address.family == ADDRESS_IPV4 ? sim.a.agent->bases.list[i]->socket : from.socket;
    ice_agent_contest(sim.a.agent, true);
    script.answers = false;
    for (unsigned i = 1; i <= 3; i++) { /* somebody who is not there */
        script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
        ice_sim_run(&sim, sim.now + 200 * MS);
        assert_int_equal(script.requests, i);
        assert_int_equal(script.successes, 0);
        assert_int_equal(ice_agent_heard(sim.a.agent, &from), -1);
        assert_null(ice_agent_selected(sim.a.agent));
    }
    for (unsigned i = 0; i < 100; i++) { /* nor does he have us ask for ever, which would push questions to others out of memory */
        script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
        ice_sim_run(&sim, sim.now + MS);
    }
    ice_sim_run(&sim, sim.now + 200 * MS);
    assert_in_range(script.requests, 4, 3 + 100 / 20 + 1);
    script.requests = 3;
    script.answers = true;
    script.error = 487; /* nor does a lite agent ever control */
    script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
    ice_sim_run(&sim, sim.now + 200 * MS);
    assert_false(ice_agent_controlling(sim.a.agent));
    assert_int_equal(ice_agent_answered(sim.a.agent, &from), -1);
    script.error = 0;
    script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
    ice_sim_run(&sim, sim.now + 200 * MS);
    assert_true(ice_agent_answered(sim.a.agent, &from) > 0);
    assert_int_equal(script.successes, 0);
    ice_agent_contest(sim.a.agent, false); /* it is its own now */
    script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
    ice_sim_run(&sim, sim.now + 200 * MS);
    assert_int_equal(script.successes, 1);
    assert_non_null(ice_agent_selected(sim.a.agent));
    assert_int_equal(script.requests, 5);
    ice_sim_fini(&sim);
}

/* Before the peer's credentials are known anybody could have made the request who knows only ours. */
static void nothing_is_selected_before_the_description(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct ice_options lite = {.lite = true};
    begin(&sim, 61, NULL);
    assert_int_equal(ice_sim_agents(&sim, &lite, NULL), RTC_OK);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 100 * MS);
    sim_host_open(sim.b.host, 77, "192.0.2.2", 6000);
    struct path path = {.socket = 77, .local = address_ipv4(192, 0, 2, 2, 6000), .remote = sim.a.agent->bases.list[0]->address};
    script.controlling = true;
    script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
    ice_sim_run(&sim, sim.now + 100 * MS);
    assert_null(ice_agent_selected(sim.a.agent));
    assert_int_equal(
        ice_agent_set_remote_credentials(sim.a.agent, sim.now, slice_str(script_ufrag), slice_str(script_password), &sim.a.out), RTC_OK);
    ice_sim_drain(&sim.a);
    assert_non_null(ice_agent_selected(sim.a.agent));
    ice_sim_fini(&sim);
}

/* The peer turns out to be a lite one while a pair of its is in use: that pair has to be checked before anything may be nominated. */
static void full_while_in_use(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin_with(&sim, 62, (struct ice_options){.lite = true});
    struct path path = script_path(&sim, ADDRESS_IPV4);
    script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
    ice_sim_run(&sim, sim.now + 100 * MS);
    assert_non_null(ice_agent_selected(sim.a.agent));
    ice_agent_set_remote_lite(sim.a.agent);
    script.answers = script.controlling = false;
    script_ask(&sim.b, &path, 0);
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    assert_true(ice_agent_controlling(sim.a.agent));
    assert_true(script.requests > 0);
    assert_int_equal(script.nominations, 0);
    script.answers = true;
    script_ask(&sim.b, &path, 0);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_true(ice_sim_connected(&sim.a));
    assert_int_equal(script.nominations, 1);
    ice_sim_fini(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_full),
        cmocka_unit_test(loss),
        cmocka_unit_test(both_lite),
        cmocka_unit_test(no_servers),
        cmocka_unit_test(nominations),
        cmocka_unit_test(aggressive),
        cmocka_unit_test(new_port),
        cmocka_unit_test(silence),
        cmocka_unit_test(nobody),
        cmocka_unit_test(wrong_role),
        cmocka_unit_test(names),
        cmocka_unit_test(asks_who_is_there),
        cmocka_unit_test(nothing_is_selected_before_the_description),
        cmocka_unit_test(full_while_in_use),
    };
    return cmocka_run_group_tests_name("ice lite", tests, script_setup, script_teardown);
}
