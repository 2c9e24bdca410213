/* SPDX-License-Identifier: MIT */
/* See ice_relay_scene.h. */
#include "ice_relay_scene.h"

#include <stdio.h>

static rtc_context *context;

int relay_scene_setup(void **state)
{
    (void)state;
    return rtc_context_new(NULL, &context);
}

int relay_scene_teardown(void **state)
{
    (void)state;
    rtc_context_unref(context);
    return 0;
}

struct ice_server relay_scene_server(const char *host)
{
    struct ice_server s = {.port = 3478, .kind = ICE_SERVER_TURN_UDP, .username = "user", .credential = "secret"};
    (void)snprintf(s.host, sizeof s.host, "%s", host);
    return s;
}

void relay_scene_begin(struct relay_scene *s, uint64_t seed, enum sim_nat nat, const char *ip6)
{
    const struct sim_link link = {.delay_us = 10 * MS};
    context_seed(context, seed);
    assert_int_equal(ice_sim_init(&s->sim, context, seed, &link), RTC_OK);
    sim_turn_init(&s->turn, s->sim.net, s->sim.a.out.pool, RELAY_SERVER_IP, ip6);
    sim_turn_init(&s->other, s->sim.net, s->sim.a.out.pool, RELAY_OTHER_IP, NULL);
    s->sim.turn[0] = &s->turn;
    s->sim.turn[1] = &s->other;
    sim_host_add_address(s->sim.a.host, "10.0.1.2");
    sim_host_add_address(s->sim.b.host, "10.0.2.2");
    if (nat != SIM_NAT_NONE) {
        sim_host_set_nat(s->sim.a.host, nat, "203.0.113.1");
        sim_host_set_nat(s->sim.b.host, nat, "203.0.113.2");
    }
}

void relay_scene_agents(struct relay_scene *s, bool relay_only, const char *host)
{
    struct ice_options a = {.controlling = true, .relay_only = relay_only, .servers = {relay_scene_server(host)}, .server_count = 1}, b = a;
    b.controlling = false;
    assert_int_equal(ice_sim_agents(&s->sim, &a, &b), RTC_OK);
    ice_sim_start(&s->sim);
}

void relay_scene_require_relay(const struct ice_peer *p)
{
    struct ice_selected selected;
    assert_true(ice_agent_selected_info(p->agent, &selected));
    assert_true(selected.local.type == ICE_RELAYED || selected.remote.type == ICE_RELAYED);
    assert_true(ice_agent_overhead(p->agent) > 0 || selected.local.type != ICE_RELAYED);
}

void relay_scene_end(struct relay_scene *s)
{
    struct ice_peer *peers[] = {&s->sim.a, &s->sim.b};
    for (int i = 0; i < 2; i++) {
        ice_agent_close(peers[i]->agent, s->sim.now, &peers[i]->out);
        ice_sim_drain(peers[i]);
    }
    ice_sim_run(&s->sim, s->sim.now + 2 * SECOND);
    for (int i = 0; i < 2; i++)
        assert_true(ice_agent_deadline(peers[i]->agent, NULL) == RTC_TIME_NEVER);
    if (!s->turn.dead)
        assert_int_equal(sim_turn_allocated(&s->turn, s->sim.now) + sim_turn_allocated(&s->other, s->sim.now), 0);
    assert_in_range(s->turn.counters.largest, 0, PACKET_MTU);
    ice_sim_fini(&s->sim);
}
