/* SPDX-License-Identifier: MIT */
/* What the tests over TCP begin with: two agents, each with an address of its own, on a network that may not carry UDP. */
#ifndef CRTC_ICE_TCP_SCENE_H
#define CRTC_ICE_TCP_SCENE_H

#include "ice_internal.h"
#include "ice_sim.h"

static rtc_context *context;

static inline int setup(void **state)
{
    (void)state;
    return rtc_context_new(NULL, &context);
}

static inline int teardown(void **state)
{
    (void)state;
    rtc_context_unref(context);
    return 0;
}

static inline void begin_with(struct ice_sim *sim, uint64_t seed, const struct ice_options *a, const struct ice_options *b)
{
    const struct sim_link link = {.delay_us = 10 * MS};
    context_seed(context, seed);
    assert_int_equal(ice_sim_init(sim, context, seed, &link), RTC_OK);
    sim_host_add_address(sim->a.host, "192.0.2.1");
    sim_host_add_address(sim->b.host, "192.0.2.2");
    assert_int_equal(ice_sim_agents(sim, a, b), RTC_OK);
}

static inline void begin(struct ice_sim *sim, uint64_t seed, enum ice_tcp_policy a, enum ice_tcp_policy b)
{
    const struct ice_options of_a = {.controlling = true, .tcp_policy = a}, of_b = {.tcp_policy = b};
    begin_with(sim, seed, &of_a, &of_b);
}

static inline void block_udp(struct ice_sim *sim, bool blocked)
{
    sim_host_link(sim->a.host)->no_udp = sim_host_link(sim->b.host)->no_udp = blocked;
}

#endif
