/* SPDX-License-Identifier: MIT */
/* Networks that change in the middle of a call: interfaces that come and go, addresses that change, NATs that forget. Data flows every 5 ms
 * meanwhile, and the longest gap is what counts. Nothing is signalled after the connection unless a test says so. */
#include "ice_internal.h"
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

static const struct sim_link link_20ms = {.delay_us = 20 * MS}; /* a round trip of 40 ms */
static const struct ice_server server = {.host = "198.51.100.1", .port = 3478};

/* a has a WLAN, b a cable, and they are connected for a while. */
static void begin(struct ice_sim *sim, uint64_t seed, const struct ice_options *a, const struct ice_options *b)
{
    context_seed(context, seed);
    assert_int_equal(ice_sim_init(sim, context, seed, &link_20ms), RTC_OK);
    sim_host_add_interface(sim->a.host, "10.0.0.1", "wlan0", RTC_NETWORK_WIFI);
    sim_host_add_interface(sim->b.host, "10.0.1.1", "eth0", RTC_NETWORK_ETHERNET);
    assert_int_equal(ice_sim_agents(sim, a, b), RTC_OK);
}

static void connect(struct ice_sim *sim)
{
    ice_sim_start(sim);
    assert_in_range(ice_sim_connect(sim, 5 * SECOND), 1, 5 * SECOND);
    ice_sim_run(sim, sim->now + 5 * SECOND);
    struct ice_peer *peers[] = {&sim->a, &sim->b};
    for (int i = 0; i < 2; i++) {
        peers[i]->mute_candidates = peers[i]->mute_end = true;
        peers[i]->selections = peers[i]->candidates = peers[i]->states = 0;
    }
}

static void add(struct ice_peer *p, const char *ip, const char *name, uint32_t type)
{
    sim_host_add_interface(p->host, ip, name, type);
    sim_host_tell_interfaces(p->host, p->sim->now);
}

static void take_away(struct ice_peer *p, const char *ip)
{
    sim_host_remove_address(p->host, ip);
    sim_host_tell_interfaces(p->host, p->sim->now);
}

static bool sends_from(const struct ice_peer *p, const char *ip)
{
    struct address a;
    const struct path *path = ice_agent_selected(p->agent);
    return path && address_parse(slice_str(ip), path->local.port, &a) && address_eq(&a, &path->local);
}

static void assert_gap(const struct ice_peer *p, rtc_time_t most)
{
    if (p->data_gap > most)
        fail_msg("a gap of %lld us, not %lld at most", (long long)p->data_gap, (long long)most);
}

/* Its candidates for UDP: each interface has others for TCP. */
static size_t udp_candidates(const struct ice_peer *p)
{
    const struct ice_candidate *list;
    size_t count = ice_sim_locals(p->agent, &list), n = 0;
    for (size_t i = 0; i < count; i++)
        n += list[i].protocol == PATH_UDP;
    return n;
}

/* Which side gets it, and who controls. */
static void better_interface(bool controlling)
{
    struct ice_sim sim;
    struct ice_options a = {.controlling = controlling}, b = {.controlling = !controlling};
    begin(&sim, 1, &a, &b);
    connect(&sim);
    add(&sim.a, "10.0.0.2", "eth0", RTC_NETWORK_ETHERNET);
    assert_int_equal(ice_agent_gathering_state(sim.a.agent), ICE_GATHERING_COMPLETE);
    ice_sim_stream(&sim, sim.now + 5 * SECOND);
    assert_int_equal(sim.a.candidates, 1);
    assert_int_equal(ice_agent_gathering_state(sim.a.agent), ICE_GATHERING_COMPLETE);
    assert_true(sends_from(&sim.a, controlling ? "10.0.0.2" : "10.0.0.1")); /* who controls decides by its own networks */
    assert_int_equal(sim.a.selections, controlling ? 1 : 0);
    assert_int_equal(sim.b.selections, controlling ? 1 : 0);
    assert_gap(&sim.a, 10 * MS);
    assert_gap(&sim.b, 10 * MS);
    ice_sim_fini(&sim);
}

static void a_better_interface_comes(void **state)
{
    (void)state;
    better_interface(true);
    better_interface(false);
}

static void a_worse_interface_comes(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 2, NULL, NULL);
    connect(&sim);
    add(&sim.a, "10.0.0.3", "wwan0", RTC_NETWORK_CELLULAR);
    ice_sim_stream(&sim, sim.now + 5 * SECOND);
    assert_true(sends_from(&sim.a, "10.0.0.1"));
    assert_int_equal(sim.a.selections + sim.b.selections, 0);
    assert_gap(&sim.a, 10 * MS);
    ice_sim_fini(&sim);
}

/* There is another valid pair: who lost the address goes on at once, the peer as soon as it has found out. */
static void vanished_with_backup(bool controlling, unsigned seconds)
{
    struct ice_sim sim;
    struct ice_options a = {.controlling = controlling}, b = {.controlling = !controlling};
    begin(&sim, 3, &a, &b);
    sim_host_add_interface(sim.a.host, "10.0.0.2", "eth0", RTC_NETWORK_ETHERNET);
    connect(&sim);
    ice_sim_run(&sim, sim.now + seconds * SECOND); /* long enough for consent that nobody keeps to expire */
    assert_true(sends_from(&sim.a, "10.0.0.2"));
    ice_sim_stream(&sim, sim.now + SECOND);
    take_away(&sim.a, "10.0.0.2");
    ice_sim_stream(&sim, sim.now + 10 * SECOND);
    assert_true(sends_from(&sim.a, "10.0.0.1"));
    assert_gap(&sim.b, 15 * MS);
    assert_gap(&sim.a, 500 * MS);
    assert_int_equal(sim.a.selections, 1);
    assert_int_equal(sim.b.selections, 1);
    assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
    assert_int_equal(sim.b.state_at[ICE_DISCONNECTED], -1);
    ice_sim_fini(&sim);
}

static void the_address_vanishes_with_another_pair(void **state)
{
    (void)state;
    vanished_with_backup(true, 0);
    vanished_with_backup(false, 0);
    vanished_with_backup(true, 120);
    vanished_with_backup(false, 120);
}

/* The old address goes and a new one comes in one step (another WLAN): the checks from the new one are enough, no signalling. */
static void changed_address(bool controlling, bool signalled)
{
    struct ice_sim sim;
    struct ice_options a = {.controlling = controlling}, b = {.controlling = !controlling};
    begin(&sim, 4, &a, &b);
    connect(&sim);
    sim.a.mute_candidates = !signalled;
    sim_host_remove_address(sim.a.host, "10.0.0.1");
    add(&sim.a, "10.0.0.9", "wlan0", RTC_NETWORK_WIFI);
    ice_sim_stream(&sim, sim.now + 10 * SECOND);
    assert_true(sends_from(&sim.a, "10.0.0.9"));
    assert_gap(&sim.b, 150 * MS);
    assert_gap(&sim.a, 500 * MS);
    assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
    assert_int_equal(sim.b.state_at[ICE_DISCONNECTED], -1);
    ice_sim_run(&sim, sim.now + 40 * SECOND); /* by now the old one is forgotten */
    assert_int_equal(udp_candidates(&sim.a), 1);
    assert_int_equal(sim.a.lost_candidates, 1);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

static void the_address_changes(void **state)
{
    (void)state;
    changed_address(true, false);
    changed_address(false, false);
    changed_address(true, true);
    changed_address(false, true);
}

/* The same the other way round of time: the new one comes a second later. */
static void the_address_changes_slowly(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 5, NULL, NULL);
    connect(&sim);
    take_away(&sim.a, "10.0.0.1");
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_DISCONNECTED);
    assert_null(ice_agent_selected(sim.a.agent));
    add(&sim.a, "10.0.0.9", "wlan0", RTC_NETWORK_WIFI);
    ice_sim_run(&sim, sim.now + 500 * MS);
    assert_true(sends_from(&sim.a, "10.0.0.9"));
    assert_true(ice_sim_connected(&sim.a));
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

/* A cable is pulled and plugged in again, on one side or (the switch lost power) on both: the sockets are as they were. */
static void unplugged(bool both, rtc_time_t down)
{
    struct ice_sim sim;
    begin(&sim, 6, NULL, NULL);
    connect(&sim);
    take_away(&sim.a, "10.0.0.1");
    if (both)
        take_away(&sim.b, "10.0.1.1");
    ice_sim_run(&sim, sim.now + down);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_DISCONNECTED);
    add(&sim.a, "10.0.0.1", "wlan0", RTC_NETWORK_WIFI);
    if (both)
        add(&sim.b, "10.0.1.1", "eth0", RTC_NETWORK_ETHERNET);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(sim.a.candidates + sim.b.candidates, 0);
    assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

static void the_cable_is_plugged_in_again(void **state)
{
    (void)state;
    unplugged(false, 3 * SECOND);
    unplugged(true, 3 * SECOND);
    unplugged(false, 15 * SECOND);
    unplugged(true, 15 * SECOND);
}

/* Longer than the agent waits: it failed, and a network that comes later changes nothing. */
static void what_failed_stays_failed(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 7, NULL, NULL);
    connect(&sim);
    take_away(&sim.a, "10.0.0.1");
    ice_sim_run(&sim, sim.now + 35 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_FAILED);
    add(&sim.a, "10.0.0.2", "eth0", RTC_NETWORK_ETHERNET);
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_FAILED);
    assert_int_equal(sim.a.candidates, 0);
    ice_sim_fini(&sim);
}

/* A cable with a loose contact, every second up or down, beside a WLAN that works. */
static void a_loose_contact(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 8, NULL, NULL);
    connect(&sim);
    for (int i = 0; i < 30; i++) {
        add(&sim.a, "10.0.0.2", "eth0", RTC_NETWORK_ETHERNET);
        ice_sim_run(&sim, sim.now + SECOND);
        take_away(&sim.a, "10.0.0.2");
        ice_sim_run(&sim, sim.now + SECOND);
    }
    assert_true(ice_sim_connected(&sim.a));
    assert_in_range(sim.a.selections, 1, 61);
    assert_int_equal(sim.a.candidates, 1); /* one socket for all of it */
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

/* The cable is there but loses everything for seconds at a time: it is not gone back to at once each time. */
static void a_bad_cable(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 9, NULL, NULL);
    sim_host_add_interface(sim.a.host, "10.0.0.2", "eth0", RTC_NETWORK_ETHERNET);
    connect(&sim);
    for (int i = 0; i < 10; i++) {
        sim_host_set_address_down(sim.a.host, "10.0.0.2", true);
        ice_sim_run(&sim, sim.now + 6 * SECOND);
        sim_host_set_address_down(sim.a.host, "10.0.0.2", false);
        ice_sim_run(&sim, sim.now + 3 * SECOND);
    }
    assert_true(ice_sim_connected(&sim.a));
    assert_in_range(sim.a.selections, 1, 14); /* in 90 seconds */
    ice_sim_fini(&sim);
}

/* A lossy network is no reason to move: what is doubted has data to speak for it. */
static void loss_moves_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct ice_sim sim;
        begin(&sim, seed, NULL, NULL);
        sim_host_add_interface(sim.a.host, "10.0.0.2", "eth0", RTC_NETWORK_ETHERNET);
        connect(&sim);
        sim_host_link(sim.a.host)->loss = sim_host_link(sim.b.host)->loss = 0.3;
        ice_sim_stream(&sim, sim.now + 200 * SECOND);
        assert_int_equal(sim.a.selections + sim.b.selections, 0);
        assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
        ice_sim_fini(&sim);
    }
}

static void gather_once(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct ice_options once = {.controlling = true, .gather_once = true};
    begin(&sim, 10, &once, NULL);
    connect(&sim);
    assert_int_equal(sim_host_watchers(sim.a.host), 0);
    assert_int_equal(sim_host_watchers(sim.b.host), 1);
    add(&sim.a, "10.0.0.2", "eth0", RTC_NETWORK_ETHERNET);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(sim.a.candidates, 0);
    ice_agent_close(sim.b.agent, sim.now, &sim.b.out);
    ice_sim_drain(&sim.b);
    assert_int_equal(sim_host_watchers(sim.b.host), 0);
    ice_sim_fini(&sim);
}

/* The first list was empty: what comes later is gathered from like the first. */
static void the_network_comes_late(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct ice_options a = {.controlling = true, .servers = {server}, .server_count = 1};
    context_seed(context, 11);
    assert_int_equal(ice_sim_init(&sim, context, 11, &link_20ms), RTC_OK);
    sim_host_add_address(sim.b.host, "192.0.2.2");
    assert_int_equal(ice_sim_agents(&sim, &a, NULL), RTC_OK);
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + 2 * SECOND);
    assert_int_equal(ice_agent_gathering_state(sim.a.agent), ICE_GATHERING_COMPLETE);
    sim_host_set_nat(sim.a.host, SIM_NAT_PORT, "203.0.113.1");
    add(&sim.a, "10.0.0.1", "eth0", RTC_NETWORK_ETHERNET);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 200 * MS);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(sim.a.reflexive, 1);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

static void nat_rebinds(bool controlling)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct ice_sim sim;
        struct ice_options a = {.controlling = controlling}, b = {.controlling = !controlling};
        begin(&sim, seed, &a, &b);
        sim_host_set_nat(sim.a.host, SIM_NAT_PORT, "203.0.113.1");
        connect(&sim);
        ice_sim_run(&sim, sim.now + (rtc_time_t)(sim_network_random(sim.net) % 5000000));
        sim_host_rebind_nat(sim.a.host, 55000);
        ice_sim_stream(&sim, sim.now + 10 * SECOND);
        assert_gap(&sim.a, 2500 * MS);
        assert_gap(&sim.b, 2500 * MS);
        assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
        assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
        ice_sim_fini(&sim);
    }
}

static void a_nat_rebinds(void **state)
{
    (void)state;
    nat_rebinds(true);
    nat_rebinds(false);
}

/* The interface stays and the way behind it changes (another uplink of the router): the new address that servers see is told. */
static void the_mapping_changes(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct ice_options a = {.controlling = true, .servers = {server}, .server_count = 1};
    begin(&sim, 12, &a, NULL);
    sim_host_set_nat(sim.a.host, SIM_NAT_PORT, "203.0.113.1");
    connect(&sim);
    sim_host_rebind_nat(sim.a.host, 55000);
    add(&sim.a, "10.0.0.3", "docker0", RTC_NETWORK_VIRTUAL); /* any change of the list */
    ice_sim_run(&sim, sim.now + 5 * SECOND);
    assert_int_equal(sim.a.candidates, 1 + 1 + 1); /* its host and reflexive ones, and the WLAN's new reflexive one */
    assert_int_equal(ice_agent_gathering_state(sim.a.agent), ICE_GATHERING_COMPLETE);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

/* A network that has a new address every second for ten minutes leaves nothing behind. */
static void change_often(bool hide)
{
    struct ice_sim sim;
    char ip[32], old[32] = "10.0.0.1";
    const struct ice_options a = {.controlling = true, .hide_addresses = hide};
    begin(&sim, 13, &a, NULL);
    connect(&sim);
    for (unsigned i = 0; i < 600; i++) {
        (void)snprintf(ip, sizeof ip, "10.9.%u.%u", i / 200, i % 200 + 1);
        sim_host_remove_address(sim.a.host, old);
        add(&sim.a, ip, "wlan0", RTC_NETWORK_WIFI);
        ice_sim_run(&sim, sim.now + SECOND);
        assert_true(udp_candidates(&sim.a) <= 33);
        memcpy(old, ip, sizeof old);
    }
    assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
    assert_int_equal(sim.a.candidates, 600);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_run(&sim, sim.now + 40 * SECOND);
    assert_int_equal(udp_candidates(&sim.a), 1);
    assert_int_equal(sim.a.agent->tcp.connection_count, 1); /* an attempt from the interface that there is */
    assert_int_equal(sim.a.agent->tcp.attempts, 1);
    assert_false(sim.failed);
    ice_sim_fini(&sim);
}

static void many_changes(void **state)
{
    (void)state;
    change_often(false);
    change_often(true);
}

/* Each change lets the selected pair be doubted, whatever became of the doubt before. */
static void doubts_come_again(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 16, NULL, NULL);
    connect(&sim);
    sim_host_set_address_down(sim.a.host, "10.0.0.1", true);
    sim_host_add_interface(sim.a.host, "10.0.0.3", "docker0", RTC_NETWORK_VIRTUAL);
    sim_host_set_address_down(sim.a.host, "10.0.0.3", true);
    sim_host_tell_interfaces(sim.a.host, sim.now);
    ice_sim_run(&sim, sim.now + 1500 * MS); /* nothing answers, and there is nothing better */
    assert_true(sends_from(&sim.a, "10.0.0.1"));
    assert_true(ice_doubt_confirmed(&sim.a.agent->doubt));
    sim_host_set_address_down(sim.a.host, "10.0.0.1", false);
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    assert_true(sends_from(&sim.a, "10.0.0.1"));
    sim_host_set_address_down(sim.a.host, "10.0.0.1", true);
    add(&sim.a, "10.0.0.4", "wwan0", RTC_NETWORK_CELLULAR);
    ice_sim_run(&sim, sim.now + SECOND); /* silence alone takes four */
    assert_true(sends_from(&sim.a, "10.0.0.4"));
    ice_sim_fini(&sim);
}

/* What was left because it did not answer is not gone back to, though it was heard of a moment before and is the better one. */
static void doubted(bool controlling)
{
    struct ice_sim sim;
    struct ice_options a = {.controlling = controlling}, b = {.controlling = !controlling};
    begin(&sim, 18, &a, &b);
    sim_host_add_interface(sim.a.host, "10.0.0.2", "eth0", RTC_NETWORK_ETHERNET);
    connect(&sim);
    assert_true(sends_from(&sim.a, "10.0.0.2"));
    ice_sim_stream(&sim, sim.now + SECOND);
    const struct ice_pair *left = sim.a.agent->checks.selected;
    sim_host_set_address_down(sim.a.host, "10.0.0.2", true);
    add(&sim.a, "10.0.0.4", "wwan0", RTC_NETWORK_CELLULAR);
    for (int i = 0; i < 300; i++) {
        ice_sim_stream(&sim, sim.now + 5 * MS);
        ice_agent_tick(sim.a.agent, sim.now, &sim.a.out); /* also before the new one is nominated */
        ice_sim_drain(&sim.a);
        assert_in_range(sim.a.selections, 0, 1);
    }
    assert_int_equal(sim.a.selections, 1);
    assert_true(left->doubted > 0 && left->consent.heard <= left->doubted);
    assert_true(sends_from(&sim.a, "10.0.0.4"));
    ice_sim_fini(&sim);
}

static void what_did_not_answer_is_left(void **state)
{
    (void)state;
    doubted(true);
    doubted(false);
}

/* The relay that was reached from the old address is no more; one from the new address takes over. */
static void relayed(bool only)
{
    struct ice_sim sim;
    struct sim_turn turn;
    struct ice_options a = {.controlling = true, .relay_only = only, .server_count = 1}, b;
    a.servers[0] =
        (struct ice_server){.host = "198.51.100.9", .port = 3478, .kind = ICE_SERVER_TURN_UDP, .username = "user", .credential = "secret"};
    b = a;
    b.controlling = false;
    begin(&sim, 15, &a, &b);
    sim_turn_init(&turn, sim.net, sim.a.out.pool, "198.51.100.9", NULL);
    sim.turn[0] = &turn;
    connect(&sim);
    sim.a.relayed = 0;
    sim_host_remove_address(sim.a.host, "10.0.0.1");
    add(&sim.a, "10.0.0.9", "wlan0", RTC_NETWORK_WIFI);
    ice_sim_stream(&sim, sim.now + 10 * SECOND);
    assert_int_equal(sim.a.relayed, 1);
    assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
    assert_gap(&sim.a, SECOND);
    assert_gap(&sim.b, SECOND);
    ice_sim_run(&sim, sim.now + 60 * SECOND);
    assert_int_equal(udp_candidates(&sim.a), only ? 1 : 2);
    assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

static void relays_follow(void **state)
{
    (void)state;
    relayed(false);
    relayed(true);
}

/* One whose transport may stand on any address does not end with the one that it stood on. */
static void a_relay_finds_other_ground(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct sim_turn turn;
    struct ice_options a = {.controlling = true, .server_count = 1};
    a.servers[0] =
        (struct ice_server){.host = "198.51.100.9", .port = 3478, .kind = ICE_SERVER_TURN_UDP, .username = "user", .credential = "secret"};
    begin(&sim, 17, &a, NULL);
    sim_turn_init(&turn, sim.net, sim.a.out.pool, "198.51.100.9", NULL);
    sim.turn[0] = &turn;
    connect(&sim);
    struct ice_relay *relay = sim.a.agent->relays.list[0];
    assert_int_equal(relay->state, ICE_RELAY_OPEN);
    relay->from = (struct address){.family = ADDRESS_IPV4}; /* as that of a stream is */
    sim_host_remove_address(sim.a.host, "10.0.0.1");
    add(&sim.a, "10.0.0.9", "wlan0", RTC_NETWORK_WIFI);
    ice_sim_run(&sim, sim.now + 50 * MS);
    assert_ptr_equal(sim.a.agent->relays.list[0], relay);
    assert_true(relay->opened != RTC_TIME_NEVER && (relay->state == ICE_RELAY_OPENING || relay->state == ICE_RELAY_ALLOCATING));
    ice_sim_run(&sim, sim.now + 40 * SECOND); /* longer than addresses are waited for */
    assert_ptr_equal(sim.a.agent->relays.list[0], relay);
    assert_int_equal(relay->bases[0]->absent, false);
    ice_sim_fini(&sim);
}

static void before_anything_is_open(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 14, NULL, NULL);
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + 250); /* the list is there, the socket is not */
    take_away(&sim.a, "10.0.0.1");
    ice_sim_run(&sim, sim.now + 5 * SECOND);
    assert_false(ice_sim_connected(&sim.a));
    add(&sim.a, "10.0.0.1", "wlan0", RTC_NETWORK_WIFI);
    assert_in_range(ice_sim_connect(&sim, 5 * SECOND), 1, 5 * SECOND);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_better_interface_comes),
        cmocka_unit_test(a_worse_interface_comes),
        cmocka_unit_test(the_address_vanishes_with_another_pair),
        cmocka_unit_test(the_address_changes),
        cmocka_unit_test(the_address_changes_slowly),
        cmocka_unit_test(the_cable_is_plugged_in_again),
        cmocka_unit_test(what_failed_stays_failed),
        cmocka_unit_test(a_loose_contact),
        cmocka_unit_test(a_bad_cable),
        cmocka_unit_test(loss_moves_nothing),
        cmocka_unit_test(gather_once),
        cmocka_unit_test(the_network_comes_late),
        cmocka_unit_test(a_nat_rebinds),
        cmocka_unit_test(the_mapping_changes),
        cmocka_unit_test(many_changes),
        cmocka_unit_test(doubts_come_again),
        cmocka_unit_test(what_did_not_answer_is_left),
        cmocka_unit_test(relays_follow),
        cmocka_unit_test(a_relay_finds_other_ground),
        cmocka_unit_test(before_anything_is_open),
    };
    return cmocka_run_group_tests_name("ice network", tests, setup, teardown);
}
