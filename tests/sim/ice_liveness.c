/* SPDX-License-Identifier: MIT */
/* After the connection: consent, a peer that vanishes, comes back or loses one of its addresses, and the patience before giving up. */
#include "ice_internal.h"
#include "ice_sim.h"

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

static void begin_with(struct ice_sim *sim, uint64_t seed, const struct sim_link *link, bool dual, enum ice_tcp_policy tcp)
{
    const struct ice_options a = {.controlling = true, .tcp_policy = tcp}, b = {.tcp_policy = tcp};
    context_seed(context, seed);
    assert_int_equal(ice_sim_init(sim, context, seed, link), RTC_OK);
    sim_host_add_address(sim->a.host, "192.0.2.1");
    sim_host_add_address(sim->b.host, "192.0.2.2");
    if (dual) {
        sim_host_add_address(sim->a.host, "2001:db8:1::1");
        sim_host_add_address(sim->b.host, "2001:db8:2::1");
    }
    assert_int_equal(ice_sim_agents(sim, &a, &b), RTC_OK);
    ice_sim_start(sim);
    assert_in_range(ice_sim_connect(sim, 5 * SECOND), 1, 5 * SECOND);
}

static void begin(struct ice_sim *sim, uint64_t seed, const struct sim_link *link, bool dual)
{
    begin_with(sim, seed, link, dual, ICE_TCP_ENABLED);
}

static void within(uint64_t seed, rtc_time_t value, rtc_time_t from, rtc_time_t to)
{
    if (value < from || value > to)
        fail_msg("seed %u: %lld us is not within %lld to %lld", (unsigned)seed, (long long)value, (long long)from, (long long)to);
}

static void vanished(const struct sim_link *link, rtc_time_t slack)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct ice_sim sim;
        begin(&sim, seed, link, false);
        ice_sim_run(&sim, sim.now + 20 * SECOND + (rtc_time_t)(sim_network_random(sim.net) % 5000000));
        rtc_time_t gone = sim.now;
        sim_host_link(sim.b.host)->down = true;
        ice_sim_run(&sim, gone + 40 * SECOND);
        struct ice_peer *peers[] = {&sim.a, &sim.b};
        for (int i = 0; i < 2; i++) {
            within(seed, peers[i]->state_at[ICE_DISCONNECTED] - gone, 5 * SECOND - slack, 7 * SECOND);
            within(seed, peers[i]->state_at[ICE_FAILED] - gone, 15 * SECOND, 25 * SECOND);
            assert_null(ice_agent_selected(peers[i]->agent));
        }
        ice_sim_fini(&sim);
    }
}

static void vanished_peer(void **state)
{
    (void)state;
    const struct sim_link near = {.delay_us = 10 * MS}, far = {.delay_us = 150 * MS};
    vanished(&near, 0);
    vanished(&far, 150 * MS);
}

static void short_outage(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 2, NULL, false);
    ice_sim_run(&sim, sim.now + 17 * SECOND);
    sim_host_link(sim.b.host)->down = true;
    ice_sim_run(&sim, sim.now + 3 * SECOND);
    sim_host_link(sim.b.host)->down = false;
    assert_true(ice_sim_data_flows(&sim));
    assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
    assert_int_equal(sim.b.state_at[ICE_DISCONNECTED], -1);
    ice_sim_fini(&sim);
}

static void recovery(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 3, NULL, false);
    sim_host_link(sim.b.host)->down = true;
    ice_sim_run(&sim, sim.now + 12 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_DISCONNECTED);
    assert_int_equal(ice_agent_state(sim.b.agent), ICE_DISCONNECTED);
    sim_host_link(sim.b.host)->down = false;
    ice_sim_run(&sim, sim.now + SECOND);
    assert_true(ice_sim_connected(&sim.a));
    assert_true(ice_sim_connected(&sim.b));
    assert_true(ice_sim_data_flows(&sim));
    assert_int_equal(sim.a.state_at[ICE_FAILED], -1);
    ice_sim_fini(&sim);
}

/* Nobody is called disconnected by ordinary loss, and consent costs little. */
static void long_call(double loss, bool may_disconnect)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct ice_sim sim;
        const struct sim_link link = {.delay_us = 30 * MS, .jitter_us = 10 * MS, .loss = loss};
        begin(&sim, seed, &link, false);
        ice_sim_run(&sim, sim.now + 10 * SECOND);
        uint64_t sent = sim_network_counters(sim.net)->sent;
        ice_sim_run(&sim, sim.now + 600 * SECOND);
        sent = sim_network_counters(sim.net)->sent - sent;
        if (!may_disconnect && (sim.a.state_at[ICE_DISCONNECTED] >= 0 || sim.b.state_at[ICE_DISCONNECTED] >= 0))
            fail_msg("seed %u: disconnected", (unsigned)seed);
        assert_int_equal(sim.a.state_at[ICE_FAILED], -1);
        if (loss == 0) /* each side asks no more than every 1.5 s, and is answered */
            assert_in_range(sent, 2 * 2 * 600 / 6, 2 * 2 * 600 / 1.5);
        ice_sim_fini(&sim);
    }
}

static void long_calls(void **state)
{
    (void)state;
    long_call(0, false);
    long_call(0.05, false);
    long_call(0.1, false);
    long_call(0.3, true);
}

/* RFC 7675 5.1: the time to the next consent request is random, 0.8 to 1.2 times the five seconds, each time anew, so that many pairs do
 * not ask in step. The peer asks all the while, and silence is no reason to ask sooner. */
static void consent_is_not_in_step(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 12, NULL, false);
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    rtc_time_t shortest = 10 * SECOND, longest = 0;
    struct ice_pair *pair = sim.a.agent->checks.selected;
    rtc_time_t last = 0;
    for (unsigned asked = 0; asked < 80;) {
        rtc_time_t sent = pair->consent.asked;
        pair->consent.heard = sim.now;
        ice_sim_run(&sim, sim.now + 5 * MS);
        if (pair->consent.asked == sent)
            continue;
        rtc_time_t interval = pair->consent.asked - last;
        last = pair->consent.asked;
        if (asked++ == 0)
            continue;
        shortest = interval < shortest ? interval : shortest;
        longest = interval > longest ? interval : longest;
    }
    within(12, shortest, 4 * SECOND, 4300 * MS);
    within(12, longest, 5700 * MS, 6 * SECOND + 10 * MS);
    ice_sim_fini(&sim);
}

/* One of two ways dies: both sides move to the other, and back is not forced. */
static void switches_pair(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct ice_sim sim;
        const struct sim_link link = {.delay_us = 20 * MS};
        begin(&sim, seed, &link, true);
        ice_sim_run(&sim, sim.now + 30 * SECOND);
        assert_int_equal(ice_agent_selected(sim.a.agent)->remote.family, ADDRESS_IPV6);
        sim_host_set_address_down(sim.b.host, "2001:db8:2::1", true);
        ice_sim_run(&sim, sim.now + 6500 * MS);
        assert_int_equal(ice_agent_selected(sim.a.agent)->remote.family, ADDRESS_IPV4);
        assert_int_equal(ice_agent_selected(sim.b.agent)->remote.family, ADDRESS_IPV4);
        assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
        assert_int_equal(sim.b.state_at[ICE_DISCONNECTED], -1);
        assert_true(ice_sim_data_flows(&sim));
        unsigned selections = sim.a.selections;
        ice_sim_run(&sim, sim.now + 60 * SECOND);
        assert_int_equal(sim.a.selections, selections);
        assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
        ice_sim_fini(&sim);
    }
}

/* The socket under the selected pair goes away. */
static void lost_socket(void **state)
{
    (void)state;
    for (unsigned both = 0; both < 2; both++) {
        struct ice_sim sim;
        begin_with(&sim, 6, NULL, true, ICE_TCP_DISABLED); /* TCP would come to the rescue */
        ice_sim_run(&sim, sim.now + 5 * SECOND);
        for (unsigned i = 0; i <= both; i++) {
            const struct io_result gone = {
                .type = REQUEST_OPEN_UDP, .id = ice_agent_selected(sim.a.agent)->socket, .error = RTC_ERR_NETWORK};
            assert_true(ice_agent_result(sim.a.agent, sim.now, &gone, &sim.a.out));
            ice_sim_drain(&sim.a);
            ice_sim_run(&sim, sim.now + 200 * MS);
            assert_true((ice_agent_selected(sim.a.agent) == NULL) == (i == 1));
        }
        ice_sim_run(&sim, sim.now + 8 * SECOND);
        assert_int_equal(ice_agent_state(sim.a.agent), both ? ICE_DISCONNECTED : ICE_COMPLETED);
        assert_true(both || ice_sim_data_flows(&sim));
        ice_sim_run(&sim, sim.now + 20 * SECOND);
        assert_int_equal(ice_agent_state(sim.a.agent), both ? ICE_FAILED : ICE_COMPLETED);
        ice_sim_fini(&sim);
    }
}

/* RFC 8863: all checks failing is no reason to give up early. */
static void patience(void **state)
{
    (void)state;
    for (unsigned told = 0; told < 2; told++) {
        struct ice_sim sim;
        context_seed(context, 7);
        assert_int_equal(ice_sim_init(&sim, context, 7, NULL), RTC_OK);
        sim_host_add_address(sim.a.host, "192.0.2.1");
        sim_host_add_address(sim.b.host, "192.0.2.2");
        assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
        sim.b.mute_end = !told;
        sim_host_set_address_down(sim.a.host, "192.0.2.1", true);
        rtc_time_t start = sim.now;
        ice_sim_start(&sim);
        ice_sim_run(&sim, sim.now + 60 * SECOND);
        if (!told) /* webrtc-pc 5.6.5: others may come */
            within(7, sim.a.state_at[ICE_DISCONNECTED] - start, 11 * SECOND, 12 * SECOND);
        within(7, sim.a.state_at[ICE_FAILED] - start, told ? 15 * SECOND : 39 * SECOND, told ? 20 * SECOND : 40 * SECOND);
        assert_int_equal(ice_agent_deadline(sim.a.agent, NULL), RTC_TIME_NEVER);
        ice_sim_fini(&sim);
    }
}

/* What there was to check failed before the peer had named the candidate that works: nobody gives up, and there is more to check then. */
static void more_to_check(void **state)
{
    (void)state;
    struct ice_sim sim;
    context_seed(context, 9);
    assert_int_equal(ice_sim_init(&sim, context, 9, NULL), RTC_OK);
    sim_host_add_address(sim.a.host, "192.0.2.1");
    sim_host_add_address(sim.b.host, "192.0.2.2");
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    sim.a.mute_candidates = sim.b.mute_candidates = sim.b.mute_end = true;
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + 100 * MS);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_NEW);
    const struct ice_candidate other_family = {.component = 1,
                                               .protocol = PATH_UDP,
                                               .priority = 1,
                                               .type = ICE_HOST,
                                               .address = {.family = ADDRESS_IPV6, .port = 6000, .ip = {0x20, 0x01, 0x0d, 0xb8, 1}}};
    assert_int_equal(ice_agent_add_remote_candidate(sim.a.agent, sim.now, &other_family, &sim.a.out), RTC_OK);
    ice_sim_drain(&sim.a);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_CHECKING); /* it may be the first of many */
    ice_sim_run(&sim, sim.now + 490 * MS);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_CHECKING);
    ice_sim_run(&sim, sim.now + 20 * MS);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_DISCONNECTED);
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_DISCONNECTED);
    struct ice_candidate found;
    assert_true(ice_agent_local_candidate(sim.b.agent, 0, &found));
    rtc_time_t told = sim.now;
    ice_sim_candidate(&sim.a, &found);
    assert_in_range(ice_sim_connect(&sim, SECOND), 0, 100 * MS);
    assert_true(sim.a.state_at[ICE_CHECKING] >= told);
    assert_int_equal(sim.a.state_at[ICE_FAILED], -1);
    ice_sim_fini(&sim);
}

/* A peer without any candidate that anybody could use. */
static void nobody(void **state)
{
    (void)state;
    struct ice_sim sim;
    context_seed(context, 8);
    assert_int_equal(ice_sim_init(&sim, context, 8, NULL), RTC_OK);
    sim_host_add_address(sim.a.host, "192.0.2.1");
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    ice_sim_start(&sim);
    const struct ice_candidate reserved = {
        .component = 1, .protocol = PATH_UDP, .priority = 1, .type = ICE_HOST, .address = address_ipv4(240, 0, 0, 1, 6000)};
    assert_int_equal(ice_agent_add_remote_candidate(sim.a.agent, sim.now, &reserved, &sim.a.out), RTC_OK);
    assert_int_equal(ice_agent_counters(sim.a.agent)->left_out, 1);
    rtc_time_t start = sim.now;
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_NEW); /* CHECKING needs somebody to check (webrtc-pc 5.6.1) */
    ice_sim_run(&sim, sim.now + 60 * SECOND);
    within(8, sim.a.state_at[ICE_FAILED] - start, 15 * SECOND, 20 * SECOND);
    ice_sim_fini(&sim);
}

/* Time passes and nothing is run, as in a process that was stopped; then first what is due, and only then what has come. */
static void stand_still(struct ice_sim *sim, rtc_time_t pause)
{
    sim->now += pause;
    ice_agent_tick(sim->a.agent, sim->now, &sim->a.out);
    ice_sim_drain(&sim->a);
}

static void a_pause_is_no_silence(void **state)
{
    (void)state;
    static const rtc_time_t pauses[] = {6 * SECOND, 8 * SECOND, 15 * SECOND, 25 * SECOND};
    const struct sim_link link = {.delay_us = 100 * MS};
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        struct ice_sim sim;
        begin(&sim, 20 + i, &link, i & 1);
        ice_sim_run(&sim, sim.now + 21 * SECOND);
        unsigned states = sim.a.states, selections = sim.a.selections;
        for (int again = 0; again < 3; again++) {
            stand_still(&sim, pauses[i]);
            ice_sim_run(&sim, sim.now + 4 * SECOND);
        }
        assert_int_equal(sim.a.states, states);
        assert_int_equal(sim.a.selections, selections);
        assert_true(ice_sim_data_flows(&sim));
        /* Who is gone is missed at once. */
        sim_host_link(sim.b.host)->down = true;
        rtc_time_t back = sim.now + pauses[i];
        stand_still(&sim, pauses[i]);
        assert_int_equal(sim.a.states, states);
        ice_sim_run(&sim, back + 20 * SECOND);
        within(i, sim.a.state_at[ICE_DISCONNECTED] - back, 1 * SECOND, 2 * SECOND);
        assert_int_equal(ice_agent_state(sim.a.agent), ICE_FAILED);
        ice_sim_fini(&sim);
    }
}

/* Consent is the peer's to give, and ends while nobody looks (RFC 7675 section 5.1). */
static void consent_ends_in_a_pause(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 30, NULL, false);
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    stand_still(&sim, 31 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_FAILED);
    ice_sim_fini(&sim);
}

static void a_pause_among_checks(void **state)
{
    (void)state;
    struct ice_sim sim;
    context_seed(context, 31);
    assert_int_equal(ice_sim_init(&sim, context, 31, NULL), RTC_OK);
    sim_host_add_address(sim.a.host, "192.0.2.1");
    sim_host_add_address(sim.b.host, "192.0.2.2");
    assert_int_equal(ice_sim_agents(&sim, NULL, NULL), RTC_OK);
    sim_host_set_address_down(sim.a.host, "192.0.2.1", true);
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_CHECKING);
    sim_host_set_address_down(sim.a.host, "192.0.2.1", false);
    stand_still(&sim, 45 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_CHECKING);
    ice_sim_run(&sim, sim.now + 5 * SECOND);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

static void closed(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 9, NULL, true);
    unsigned states = sim.a.states;
    ice_agent_close(sim.a.agent, sim.now, &sim.a.out);
    unsigned closes = 0;
    for (struct request *r; (r = out_pop_request(&sim.a.out)) != NULL; out_free_request(&sim.a.out, r))
        closes += r->type == REQUEST_CLOSE;
    assert_int_equal(closes, 4 + 1); /* of each family a socket and a listener; the list of interfaces */
    ice_agent_close(sim.a.agent, sim.now, &sim.a.out);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(sim.a.states, states);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_CLOSED);
    assert_null(ice_agent_selected(sim.a.agent));
    assert_int_equal(ice_agent_deadline(sim.a.agent, NULL), RTC_TIME_NEVER);
    ice_sim_fini(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vanished_peer),
        cmocka_unit_test(short_outage),
        cmocka_unit_test(recovery),
        cmocka_unit_test(long_calls),
        cmocka_unit_test(consent_is_not_in_step),
        cmocka_unit_test(switches_pair),
        cmocka_unit_test(lost_socket),
        cmocka_unit_test(patience),
        cmocka_unit_test(more_to_check),
        cmocka_unit_test(nobody),
        cmocka_unit_test(a_pause_is_no_silence),
        cmocka_unit_test(closed),
        cmocka_unit_test(a_pause_among_checks),
        cmocka_unit_test(consent_ends_in_a_pause),
    };
    return cmocka_run_group_tests_name("ice liveness", tests, setup, teardown);
}
