/* SPDX-License-Identifier: MIT */
/* A set-up with the n-th allocation failing, for every n: it connects all the same or says that it can not, and nothing leaks. */
#include "ice_sim.h"

#include <stdlib.h>

static struct counter {
    unsigned allocations, fail_at;
    int live;
} counter;

static void *count_realloc(void *user, void *memory, size_t size)
{
    struct counter *c = user;
    if (++c->allocations == c->fail_at)
        return NULL;
    c->live += memory == NULL;
    return realloc(memory, size);
}

static void *count_alloc(void *user, size_t size)
{
    return count_realloc(user, NULL, size);
}

static void count_free(void *user, void *memory)
{
    struct counter *c = user;
    c->live -= memory != NULL;
    free(memory);
}

/* RTC_OK when connected; an error when something said that it failed. */
static int call(rtc_context *context)
{
    const struct sim_link link = {.delay_us = 10 * MS};
    const struct ice_options options = {.controlling = true,
                                        .servers = {{.host = "198.51.100.1", .port = 3478}, {.host = "unknown.example", .port = 1}},
                                        .server_count = 2};
    struct ice_sim sim;
    context_seed(context, 1);
    int error = ice_sim_init(&sim, context, 1, &link);
    sim_host_add_address(sim.a.host, "10.0.0.1");
    sim_host_set_nat(sim.a.host, SIM_NAT_PORT, "203.0.113.1");
    sim_host_add_address(sim.a.host, "2001:db8:1::1");
    sim_host_add_address(sim.b.host, "192.0.2.2");
    sim_host_add_address(sim.b.host, "2001:db8:2::1");
    if (error == RTC_OK)
        error = ice_sim_agents(&sim, &options, NULL);
    if (error == RTC_OK) {
        ice_sim_start(&sim);
        rtc_time_t took = ice_sim_connect(&sim, 10 * SECOND);
        if (took >= 0)
            ice_sim_run(&sim, sim.now + 12 * SECOND);
        error = sim.failed ? RTC_ERR_NO_MEMORY : took < 0 ? RTC_ERR_TIMEOUT : RTC_OK;
    }
    ice_sim_fini(&sim);
    return error;
}

/* The server starts again: as ice_sim_connect, until the agents are together again; then they end. */
static rtc_time_t lose_relays(struct ice_sim *sim, struct sim_turn *turn)
{
    struct ice_peer *peers[] = {&sim->a, &sim->b};
    ice_sim_run(sim, sim->now + SECOND);
    sim_turn_restart(turn);
    ice_sim_run(sim, sim->now + 11 * SECOND);
    rtc_time_t took = ice_sim_connect(sim, 20 * SECOND);
    for (int i = 0; i < 2; i++) {
        ice_agent_close(peers[i]->agent, sim->now, &peers[i]->out);
        ice_sim_drain(peers[i]);
    }
    ice_sim_run(sim, sim->now + 2 * SECOND);
    return took;
}

/* The address of one side changes, and what vanished is forgotten. */
static int moving_call(rtc_context *context)
{
    const struct sim_link link = {.delay_us = 10 * MS};
    struct ice_options options = {.controlling = true, .server_count = 2};
    struct ice_sim sim;
    struct sim_turn turn;
    options.servers[0] = (struct ice_server){.host = "198.51.100.1", .port = 3478};
    options.servers[1] =
        (struct ice_server){.host = "198.51.100.9", .port = 3478, .kind = ICE_SERVER_TURN_UDP, .username = "user", .credential = "secret"};
    context_seed(context, 3);
    int error = ice_sim_init(&sim, context, 3, &link);
    sim_host_add_address(sim.a.host, "10.0.0.1");
    sim_host_set_nat(sim.a.host, SIM_NAT_PORT, "203.0.113.1");
    sim_host_add_address(sim.b.host, "192.0.2.2");
    if (error == RTC_OK) {
        sim_turn_init(&turn, sim.net, sim.a.out.pool, "198.51.100.9", NULL);
        sim.turn[0] = &turn;
        error = ice_sim_agents(&sim, &options, NULL);
    }
    if (error == RTC_OK) {
        ice_sim_start(&sim);
        rtc_time_t took = ice_sim_connect(&sim, 10 * SECOND);
        sim_host_remove_address(sim.a.host, "10.0.0.1");
        sim_host_add_address(sim.a.host, "10.0.0.2");
        sim_host_tell_interfaces(sim.a.host, sim.now);
        if (took >= 0)
            ice_sim_run(&sim, sim.now + 40 * SECOND);
        bool connected = took >= 0 && ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b);
        error = sim.failed ? RTC_ERR_NO_MEMORY : connected ? RTC_OK : RTC_ERR_TIMEOUT;
    }
    ice_sim_fini(&sim);
    return error;
}

/* The same where only a relay can help. */
static int relayed_call(rtc_context *context)
{
    const struct sim_link link = {.delay_us = 10 * MS};
    struct ice_options a = {.controlling = true, .relay_only = true, .server_count = 1}, b;
    struct ice_server server = {
        .host = "198.51.100.9", .port = 3478, .kind = ICE_SERVER_TURN_UDP, .username = "user", .credential = "secret"};
    struct ice_sim sim;
    struct sim_turn turn;
    a.servers[0] = server;
    b = a;
    b.controlling = false;
    context_seed(context, 2);
    int error = ice_sim_init(&sim, context, 2, &link);
    sim_host_add_address(sim.a.host, "10.0.0.1");
    sim_host_add_address(sim.b.host, "10.0.0.2");
    if (error == RTC_OK) {
        sim_turn_init(&turn, sim.net, sim.a.out.pool, "198.51.100.9", NULL);
        sim.turn[0] = &turn;
        error = ice_sim_agents(&sim, &a, &b);
    }
    if (error == RTC_OK) {
        ice_sim_start(&sim);
        rtc_time_t took = ice_sim_connect(&sim, 15 * SECOND);
        if (took >= 0)
            took = lose_relays(&sim, &turn);
        error = sim.failed ? RTC_ERR_NO_MEMORY : took < 0 ? RTC_ERR_TIMEOUT : RTC_OK;
    }
    ice_sim_fini(&sim);
    return error;
}

/* The agent of a restart, with the names of the one before. */
static int inherit(rtc_context *context, struct ice_agent *before)
{
    uint32_t next_id = 0;
    const struct ice_options options = {.generation = 2, .hide_addresses = true, .before = before, .next_request_id = &next_id};
    struct ice_agent *agent = NULL;
    int error = ice_agent_new(context, &options, &agent);
    ice_agent_free(agent);
    return error;
}

/* The same where each, or one, tells the other a name only, and one of a third whom nobody knows; then one starts over. */
static int call_with_names(rtc_context *context, const struct ice_options *a, enum sim_answer multicast)
{
    const struct sim_link link = {.delay_us = 10 * MS};
    const struct ice_options b = {.hide_addresses = true};
    struct ice_candidate unknown = {.foundation = "1", .component = 1, .priority = 1, .address = {.port = 5000}};
    struct ice_sim sim;
    memcpy(unknown.name, "1f4712db-ea17-4bcf-a596-105139dfd8bf.local", 42);
    context_seed(context, 3);
    int error = ice_sim_init(&sim, context, 3, &link);
    sim_host_add_address(sim.a.host, "10.0.0.1");
    sim_host_add_address(sim.b.host, "10.0.0.2");
    sim_host_set_multicast(sim.b.host, multicast);
    if (error == RTC_OK)
        error = ice_sim_agents(&sim, a, &b);
    if (error == RTC_OK) {
        ice_sim_start(&sim);
        int added = ice_agent_add_remote_candidate(sim.b.agent, sim.now, &unknown, &sim.b.out);
        ice_sim_drain(&sim.b);
        sim.failed |= added != RTC_OK;
        rtc_time_t took = ice_sim_connect(&sim, 15 * SECOND);
        if (took >= 0)
            ice_sim_run(&sim, sim.now + 12 * SECOND);
        error = sim.failed ? RTC_ERR_NO_MEMORY : took < 0 ? RTC_ERR_TIMEOUT : inherit(context, sim.b.agent);
    }
    ice_sim_fini(&sim);
    return error;
}

static int named_call(rtc_context *context)
{
    const struct ice_options a = {.controlling = true, .hide_addresses = true};
    return call_with_names(context, &a, SIM_ANSWERS);
}

static int call_without_multicast(rtc_context *context)
{
    const struct ice_options a = {.controlling = true};
    return call_with_names(context, &a, SIM_REFUSES);
}

/* The same against a lite agent. */
static int lite_call(rtc_context *context)
{
    const struct sim_link link = {.delay_us = 10 * MS};
    const struct ice_options lite = {.lite = true};
    struct ice_sim sim;
    context_seed(context, 3);
    int error = ice_sim_init(&sim, context, 3, &link);
    sim_host_add_address(sim.a.host, "192.0.2.1");
    sim_host_add_address(sim.a.host, "2001:db8:1::1");
    sim_host_add_address(sim.b.host, "192.0.2.2");
    sim_host_add_address(sim.b.host, "2001:db8:2::1");
    if (error == RTC_OK)
        error = ice_sim_agents(&sim, NULL, &lite);
    if (error == RTC_OK) {
        ice_agent_set_remote_lite(sim.a.agent);
        ice_sim_start(&sim);
        rtc_time_t took = ice_sim_connect(&sim, 10 * SECOND);
        if (took >= 0)
            ice_sim_run(&sim, sim.now + 12 * SECOND);
        error = sim.failed ? RTC_ERR_NO_MEMORY : took < 0 ? RTC_ERR_TIMEOUT : RTC_OK;
    }
    ice_sim_fini(&sim);
    return error;
}

/* The same where only TCP gets through, in pieces. */
static int call_over_tcp(rtc_context *context)
{
    const struct sim_link link = {.delay_us = 10 * MS, .no_udp = true, .pieces = 7};
    struct ice_sim sim;
    context_seed(context, 3);
    int error = ice_sim_init(&sim, context, 3, &link);
    sim_host_add_address(sim.a.host, "192.0.2.1");
    sim_host_add_address(sim.b.host, "192.0.2.2");
    if (error == RTC_OK)
        error = ice_sim_agents(&sim, NULL, NULL);
    if (error == RTC_OK) {
        ice_sim_start(&sim);
        rtc_time_t took = ice_sim_connect(&sim, 15 * SECOND);
        if (took >= 0)
            ice_sim_run(&sim, sim.now + 12 * SECOND);
        error = sim.failed ? RTC_ERR_NO_MEMORY : took < 0 ? RTC_ERR_TIMEOUT : RTC_OK;
    }
    ice_sim_fini(&sim);
    return error;
}

static int call_failing_at(unsigned n, int (*scenario)(rtc_context *context))
{
    const rtc_allocator allocator = {count_alloc, count_realloc, count_free, &counter};
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    rtc_context *context;
    counter = (struct counter){.fail_at = n};
    int error = rtc_context_new(&options, &context);
    if (error == RTC_OK) {
        error = scenario(context);
        rtc_context_unref(context);
    }
    if (counter.live != 0)
        fail_msg("allocation %u: %d blocks leak", n, counter.live);
    return error;
}

static void fail_each(int (*scenario)(rtc_context *context))
{
    assert_int_equal(call_failing_at(0, scenario), RTC_OK);
    unsigned count = counter.allocations, refused = 0;
    assert_true(count > 20);
    for (unsigned n = 1; n <= count; n++) {
        int error = call_failing_at(n, scenario);
        if (error != RTC_OK && error != RTC_ERR_NO_MEMORY)
            fail_msg("allocation %u of %u: %s", n, count, rtc_error_message(error));
        refused += error != RTC_OK;
    }
    /* Some loss is repaired, some must be reported: both kinds exist. */
    assert_in_range(refused, 5, count - 5);
}

static void every_allocation(void **state)
{
    (void)state;
    fail_each(call);
}

static void every_allocation_of_a_move(void **state)
{
    (void)state;
    fail_each(moving_call);
}

static void every_allocation_of_a_relay(void **state)
{
    (void)state;
    fail_each(relayed_call);
}

static void every_allocation_of_names(void **state)
{
    (void)state;
    fail_each(named_call);
    fail_each(call_without_multicast);
}

static void every_allocation_of_a_lite_agent(void **state)
{
    (void)state;
    fail_each(lite_call);
}

static void every_allocation_over_tcp(void **state)
{
    (void)state;
    fail_each(call_over_tcp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation), cmocka_unit_test(every_allocation_of_a_move), cmocka_unit_test(every_allocation_of_a_relay),
                                       cmocka_unit_test(every_allocation_of_names), cmocka_unit_test(every_allocation_of_a_lite_agent),
                                       cmocka_unit_test(every_allocation_over_tcp)};
    return cmocka_run_group_tests_name("ice memory", tests, NULL, NULL);
}
