/* SPDX-License-Identifier: MIT */
/* Relays that are lost in the middle of a call: servers that restart, die, refuse to go on or forget, and how the agents find together
 * again; and relays that are given back. */
#include "ice_relay_scene.h"

static const struct ice_candidate *relayed_of(const struct ice_peer *p)
{
    const struct ice_candidate *list, *found = NULL;
    size_t count = ice_sim_locals(p->agent, &list);
    for (size_t i = 0; i < count; i++) {
        if (list[i].type != ICE_RELAYED)
            continue;
        assert_null(found); /* the lost one is no candidate any more */
        found = &list[i];
    }
    return found;
}

/* Two agents that only the relays bring together, their call settled. `only`: each sends by its own. */
static void begin_with(struct relay_scene *s, uint64_t seed, bool only)
{
    relay_scene_begin(s, seed, SIM_NAT_SYMMETRIC, NULL);
    relay_scene_agents(s, only, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s->sim, 5 * SECOND), 1, 500 * MS);
    ice_sim_run(&s->sim, s->sim.now + 40 * SECOND);
    relay_scene_require_relay(&s->sim.a);
    assert_true(ice_sim_data_flows(&s->sim));
}

static void begin(struct relay_scene *s, uint64_t seed)
{
    begin_with(s, seed, false);
}

static void run_for(struct relay_scene *s, rtc_time_t time)
{
    ice_sim_run(&s->sim, s->sim.now + time);
}

/* It works as if nothing had been, with new relays. */
static void require_recovered(struct relay_scene *s, const struct address *old)
{
    struct ice_peer *peers[] = {&s->sim.a, &s->sim.b};
    for (int i = 0; i < 2; i++) {
        assert_true(ice_sim_connected(peers[i]));
        assert_true(peers[i]->relayed >= 2);
        assert_non_null(relayed_of(peers[i]));
        assert_int_equal(ice_agent_gathering_state(peers[i]->agent), ICE_GATHERING_COMPLETE);
        assert_int_equal(peers[i]->errors, 0);
    }
    assert_false(address_eq(&relayed_of(&s->sim.a)->address, old));
    for (int i = 0; i < 3; i++)
        assert_true(ice_sim_data_flows(&s->sim));
    assert_int_equal(sim_turn_allocated(&s->turn, s->sim.now), 2);
}

static void restarted_at_once(void **state)
{
    (void)state;
    struct relay_scene s;
    begin(&s, 1);
    struct address old = relayed_of(&s.sim.a)->address;
    sim_turn_restart(&s.turn);
    run_for(&s, 6 * SECOND);
    require_recovered(&s, &old);
    relay_scene_end(&s);
}

/* Killed, and there again three seconds later. */
static void killed_and_back(void **state)
{
    (void)state;
    for (uint64_t seed = 10; seed < 20; seed++) {
        struct relay_scene s;
        begin(&s, seed);
        struct address old = relayed_of(&s.sim.a)->address;
        s.turn.dead = true;
        run_for(&s, 3 * SECOND);
        sim_turn_restart(&s.turn);
        s.turn.dead = false;
        run_for(&s, 5 * SECOND);
        require_recovered(&s, &old);
        relay_scene_end(&s);
    }
}

/* The agents are disconnected while nothing works, and not failed. */
static void away_for_long(void **state)
{
    (void)state;
    struct relay_scene s;
    begin_with(&s, 20, true);
    struct address old = relayed_of(&s.sim.a)->address;
    s.turn.dead = true;
    run_for(&s, 22 * SECOND);
    assert_int_equal(ice_agent_state(s.sim.a.agent), ICE_DISCONNECTED);
    assert_int_equal(ice_agent_state(s.sim.b.agent), ICE_DISCONNECTED);
    assert_null(relayed_of(&s.sim.a));
    sim_turn_restart(&s.turn);
    s.turn.dead = false;
    run_for(&s, 10 * SECOND);
    require_recovered(&s, &old);
    relay_scene_end(&s);
}

/* A network that is gone for a while costs no relay. */
static void outage(void **state)
{
    (void)state;
    struct relay_scene s;
    begin(&s, 21);
    struct address old = relayed_of(&s.sim.a)->address;
    sim_host_link(s.sim.a.host)->down = true;
    run_for(&s, 12 * SECOND);
    sim_host_link(s.sim.a.host)->down = false;
    run_for(&s, 2 * SECOND);
    assert_true(ice_sim_connected(&s.sim.a) && ice_sim_connected(&s.sim.b));
    assert_true(address_eq(&relayed_of(&s.sim.a)->address, &old));
    assert_true(ice_sim_data_flows(&s.sim));
    assert_int_equal(s.turn.counters.allocations, 2);
    relay_scene_end(&s);
}

/* A server that never comes back: the connection fails, and then nobody asks it any more. */
static void dead_for_good(void **state)
{
    (void)state;
    struct relay_scene s;
    begin(&s, 22);
    s.turn.dead = true;
    run_for(&s, 60 * SECOND);
    assert_int_equal(ice_agent_state(s.sim.a.agent), ICE_FAILED);
    assert_int_equal(ice_agent_state(s.sim.b.agent), ICE_FAILED);
    assert_true(ice_agent_selected(s.sim.a.agent) == NULL);
    run_for(&s, 60 * SECOND); /* attempts under way have ended */
    assert_true(ice_agent_deadline(s.sim.a.agent, NULL) == RTC_TIME_NEVER);
    relay_scene_end(&s);
}

/* The peer's new candidate is never signalled: it is seen in its checks. */
static void without_signalling(void **state)
{
    (void)state;
    for (int who = 0; who < 3; who++) {
        struct relay_scene s;
        begin(&s, 30 + (uint64_t)who);
        struct address old = relayed_of(&s.sim.a)->address;
        s.sim.a.mute_candidates = who != 1;
        s.sim.b.mute_candidates = who == 1;
        sim_turn_restart(&s.turn);
        run_for(&s, 8 * SECOND);
        require_recovered(&s, &old);
        relay_scene_end(&s);
    }
}

/* Only one end's relay: the other's path to it changes. */
static void one_end(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct relay_scene s;
        relay_scene_begin(&s, 40 + (uint64_t)who, SIM_NAT_SYMMETRIC, NULL);
        struct ice_options a = {
            .controlling = who == 0, .relay_only = true, .servers = {relay_scene_server(RELAY_SERVER_IP)}, .server_count = 1};
        struct ice_options b = {
            .controlling = who == 1, .relay_only = true, .servers = {relay_scene_server(RELAY_OTHER_IP)}, .server_count = 1};
        assert_int_equal(ice_sim_agents(&s.sim, &a, &b), RTC_OK);
        ice_sim_start(&s.sim);
        assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
        run_for(&s, 40 * SECOND);
        sim_turn_restart(&s.turn);
        run_for(&s, 6 * SECOND);
        assert_true(ice_sim_connected(&s.sim.a) && ice_sim_connected(&s.sim.b));
        assert_true(ice_sim_data_flows(&s.sim));
        assert_int_equal(s.sim.a.relayed, 2);
        assert_int_equal(s.sim.b.relayed, 1);
        relay_scene_end(&s);
    }
}

/* While a direct pair works nobody notices, and the relay is there again for later. */
static void direct_pair_goes_on(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 50, SIM_NAT_PORT, NULL);
    s.turn.lifetime = 60;
    relay_scene_agents(&s, false, RELAY_SERVER_IP);
    assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
    run_for(&s, 40 * SECOND);
    unsigned selections = s.sim.a.selections;
    sim_turn_restart(&s.turn);
    run_for(&s, 60 * SECOND);
    assert_int_equal(s.sim.a.state_at[ICE_DISCONNECTED], -1);
    assert_int_equal(s.sim.a.selections, selections);
    assert_int_equal(s.sim.a.relayed, 2);
    assert_non_null(relayed_of(&s.sim.a));
    assert_int_equal(sim_turn_allocated(&s.turn, s.sim.now), 2);
    relay_scene_end(&s);
}

/* Refused for good, or the allocation has ended early at the server. */
static void refresh_refused(void **state)
{
    (void)state;
    static const uint16_t codes[] = {437, 441, 403, 500};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct relay_scene s;
        relay_scene_begin(&s, 60 + i, SIM_NAT_SYMMETRIC, NULL);
        s.turn.lifetime = 100;
        relay_scene_agents(&s, false, RELAY_SERVER_IP);
        assert_in_range(ice_sim_connect(&s.sim, 5 * SECOND), 1, 500 * MS);
        struct address old = relayed_of(&s.sim.a)->address;
        run_for(&s, 30 * SECOND);
        s.turn.refuse_refresh = codes[i];
        run_for(&s, 75 * SECOND);
        s.turn.refuse_refresh = 0;
        run_for(&s, 40 * SECOND);
        assert_true(ice_sim_connected(&s.sim.a) && ice_sim_connected(&s.sim.b));
        assert_true(ice_sim_data_flows(&s.sim));
        assert_false(address_eq(&relayed_of(&s.sim.a)->address, &old));
        assert_in_range(s.turn.counters.allocations, 4, 20);
        if (codes[i] == 437)
            sim_turn_restart(&s.turn); /* it said that they are no more */
        relay_scene_end(&s);
    }
}

/* Servers that do not sign their refusals can be told from attackers only by their silence. */
static void unsigned_mismatch(void **state)
{
    (void)state;
    struct relay_scene s;
    begin_with(&s, 70, true);
    struct address old = relayed_of(&s.sim.a)->address;
    s.turn.unsigned_mismatch = true;
    sim_turn_restart(&s.turn);
    run_for(&s, 25 * SECOND);
    require_recovered(&s, &old);
    relay_scene_end(&s);
}

/* A server that loses every allocation at once is not asked without end. */
static void flapping(void **state)
{
    (void)state;
    struct relay_scene s;
    begin(&s, 71);
    s.turn.forgets = true;
    unsigned before = s.turn.counters.allocations;
    run_for(&s, 300 * SECOND);
    assert_in_range(s.turn.counters.allocations - before, 4, 2 * 16);
    s.turn.forgets = false;
    sim_turn_restart(&s.turn);
    relay_scene_end(&s);
}

/* However often: what is kept of a relay does not grow. */
static void again_and_again(void **state)
{
    (void)state;
    struct relay_scene s;
    begin(&s, 72);
    for (int i = 0; i < 20; i++) {
        struct address old = relayed_of(&s.sim.a)->address;
        const struct ice_candidate *list;
        sim_turn_restart(&s.turn);
        run_for(&s, 40 * SECOND);
        require_recovered(&s, &old);
        assert_int_equal(ice_sim_locals(s.sim.a.agent, &list), 5); /* host, two for TCP, reflexive, relayed */
    }
    relay_scene_end(&s);
}

/* The nonce is stale at the moment of closing, or the last words are lost: the allocation is given back all the same. */
static void given_back(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 6; lost++) {
        struct relay_scene s;
        begin(&s, 80 + lost);
        s.turn.nonce += lost % 2 == 0;
        s.turn.lose_first = lost / 2 * 2;
        relay_scene_end(&s);
        assert_int_equal(s.turn.counters.deallocations, 2);
    }
}

/* Who gives up on a slow server gives back what it may have got. */
static void given_up(void **state)
{
    (void)state;
    struct relay_scene s;
    relay_scene_begin(&s, 90, SIM_NAT_NONE, NULL);
    sim_host_link(s.turn.host)->delay_us = 5 * SECOND;
    relay_scene_agents(&s, false, RELAY_SERVER_IP);
    run_for(&s, 30 * SECOND);
    assert_int_equal(ice_agent_gathering_state(s.sim.a.agent), ICE_GATHERING_COMPLETE);
    assert_int_equal(s.sim.a.relayed, 0);
    assert_int_equal(s.turn.counters.allocations, 2);
    assert_int_equal(sim_turn_allocated(&s.turn, s.sim.now), 0);
    relay_scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restarted_at_once), cmocka_unit_test(killed_and_back),
        cmocka_unit_test(away_for_long),     cmocka_unit_test(outage),
        cmocka_unit_test(dead_for_good),     cmocka_unit_test(without_signalling),
        cmocka_unit_test(one_end),           cmocka_unit_test(direct_pair_goes_on),
        cmocka_unit_test(refresh_refused),   cmocka_unit_test(unsigned_mismatch),
        cmocka_unit_test(flapping),          cmocka_unit_test(again_and_again),
        cmocka_unit_test(given_back),        cmocka_unit_test(given_up),
    };
    return cmocka_run_group_tests_name("ice relay lost", tests, relay_scene_setup, relay_scene_teardown);
}
