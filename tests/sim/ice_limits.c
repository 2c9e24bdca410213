/* SPDX-License-Identifier: MIT */
/* The work of an agent whose lists are full, in time of the processor, and the bound of its checks on the network. */
#include "ice_script.h"

#include "ice_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOWER = 20 };
#elif defined(__OPTIMIZE__)
enum { SLOWER = 1 };
#else
enum { SLOWER = 5 };
#endif

enum { ADDRESSES = 32, CANDIDATES = 64, PAIRS = 128 };

static const char key[] = "0123456789abcdefghijkm";
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

static double cpu_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* What a number of calls cost; the processor does other things as well, so the mean is what is judged. */
struct cost {
    double sum, most, began;
    unsigned count;
};

static void begin_cost(struct cost *c)
{
    c->began = cpu_us();
}

static void end_cost(struct cost *c)
{
    double took = cpu_us() - c->began;
    c->sum += took;
    c->most = took > c->most ? took : c->most;
    c->count++;
}

static void assert_cost(const struct cost *c, const char *what, double mean_us)
{
    print_message("%s: %u times, mean %.1f us, most %.1f us\n", what, c->count, c->sum / c->count, c->most);
    if (c->sum / c->count > mean_us * SLOWER)
        fail_msg("%s: a mean of %.1f us, not %.1f", what, c->sum / c->count, mean_us);
}

static void scatter(void *user, const struct sim_host *from, struct slice datagram)
{
    (void)from, (void)datagram;
    ++*(uint64_t *)user;
}

/* An agent with as many sockets as it opens, and a peer of which nothing is heard. */
static void begin(struct ice_sim *sim, rtc_context *in)
{
    char ip[32];
    context_seed(in, 1);
    assert_int_equal(ice_sim_init(sim, in, 1, NULL), RTC_OK);
    for (unsigned i = 0; i < ADDRESSES; i++) {
        (void)snprintf(ip, sizeof ip, "10.1.%u.1", i);
        sim_host_add_address(sim->a.host, ip);
    }
    assert_int_equal(ice_sim_agents(sim, NULL, NULL), RTC_OK);
    ice_sim_gather(&sim->a);
    ice_sim_run(sim, sim->now + 10 * MS);
    assert_int_equal(ice_agent_set_remote_credentials(sim->a.agent, sim->now, slice_str("peerpeer"), slice_str(key), &sim->a.out), RTC_OK);
}

/* Foundations are the peer's to choose: every candidate its own, all the same, or a few. */
static void add_candidates(struct ice_sim *sim, unsigned count, unsigned foundations, struct cost *cost)
{
    for (unsigned i = 0; i < count; i++) {
        struct ice_candidate c = {.component = 1, .type = ICE_HOST, .priority = 2122260223 - i};
        (void)snprintf(c.foundation, sizeof c.foundation, "foundation%u", i % foundations);
        c.address = address_ipv4(192, 0, 2, (uint8_t)(i >> 8), (uint16_t)(7000 + i));
        begin_cost(cost);
        (void)ice_agent_add_remote_candidate(sim->a.agent, sim->now, &c, &sim->a.out);
        end_cost(cost);
        ice_sim_drain(&sim->a);
    }
}

static void run_all(struct ice_sim *sim, rtc_time_t time, struct cost *cost)
{
    for (rtc_time_t end = sim->now + time; sim->now < end; sim->now += MS) {
        begin_cost(cost);
        ice_agent_tick(sim->a.agent, sim->now, &sim->a.out);
        (void)ice_agent_deadline(sim->a.agent, NULL);
        end_cost(cost);
        ice_sim_drain(&sim->a);
    }
}

/* The whole of the checks, a tick each millisecond. */
static void ticks(void **state)
{
    (void)state;
    static const unsigned foundations[] = {1, 4, CANDIDATES};
    for (size_t i = 0; i < sizeof foundations / sizeof foundations[0]; i++) {
        struct ice_sim sim;
        struct cost adding = {0}, ticking = {0};
        begin(&sim, context);
        add_candidates(&sim, 5000, foundations[i], &adding);
        assert_int_equal(sim.a.agent->checks.count, PAIRS);
        run_all(&sim, 15 * SECOND, &ticking);
        assert_cost(&adding, "a candidate more", 100);
        assert_cost(&ticking, "a tick", 100);
        ice_sim_fini(&sim);
    }
}

/* Somebody who knows the password asks from ever new addresses. */
static void requests_from_everywhere(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct cost adding = {0}, asking = {0};
    begin(&sim, context);
    add_candidates(&sim, CANDIDATES, CANDIDATES, &adding);
    struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING};
    char username[64];
    uint8_t bytes[512];
    (void)snprintf(username, sizeof username, "%s:peerpeer", ice_agent_local_ufrag(sim.a.agent));
    m.has = STUN_HAS_USERNAME | STUN_HAS_PRIORITY | STUN_HAS_CONTROLLED | STUN_HAS_FINGERPRINT;
    m.username = slice_str(username);
    m.priority = 1862270975;
    size_t len = stun_write(&m, slice_str(ice_agent_credentials(sim.a.agent)->password), bytes, sizeof bytes);
    struct path path = {.socket = sim.a.agent->bases.list[0]->socket};
    for (unsigned i = 0; i < 20000; i++) {
        path.socket = sim.a.agent->bases.list[i % ADDRESSES]->socket;
        path.remote = address_ipv4(10, 9, (uint8_t)(i >> 8), (uint8_t)i, 4000);
        begin_cost(&asking);
        ice_agent_input(sim.a.agent, sim.now, &path, slice_of(bytes, len), &sim.a.out);
        end_cost(&asking);
        ice_sim_drain(&sim.a);
        sim.now += MS / 2;
    }
    assert_true(sim.a.agent->remotes.count <= CANDIDATES + CANDIDATES / 2 + 1);
    assert_true(sim.a.agent->checks.count <= PAIRS);
    assert_cost(&asking, "a request", 150);
    ice_sim_fini(&sim);
}

/* Limits that an application raised. */
static void larger_lists(void **state)
{
    (void)state;
    const rtc_limits limits = {.size = sizeof limits, .candidate_pairs = 1024, .remote_candidates = 512};
    const rtc_context_options options = {.size = sizeof options, .limits = &limits};
    rtc_context *large;
    assert_int_equal(rtc_context_new(&options, &large), RTC_OK);
    static const unsigned foundations[] = {1, 4, 512};
    for (size_t i = 0; i < sizeof foundations / sizeof foundations[0]; i++) {
        struct ice_sim sim;
        struct cost adding = {0}, ticking = {0};
        begin(&sim, large);
        add_candidates(&sim, 600, foundations[i], &adding);
        assert_int_equal(sim.a.agent->checks.count, 1024);
        run_all(&sim, 15 * SECOND, &ticking);
        assert_cost(&adding, "a candidate more of many", 1000);
        assert_cost(&ticking, "a tick with many", 400);
        ice_sim_fini(&sim);
    }
    rtc_context_unref(large);
}

/* RFC 8445 sections 6.1.4.2 and 14: new checks are paced, and all of them together, repeated ones too, keep to a bounded rate. */
static void rate_of_checks(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct cost cost = {0};
    uint64_t sent = 0, before = 0, most = 0;
    begin(&sim, context);
    sim_network_tap(sim.net, scatter, &sent);
    add_candidates(&sim, CANDIDATES, CANDIDATES, &cost);
    for (unsigned i = 0; i < 300; i++, before = sent) {
        ice_sim_run(&sim, sim.now + 100 * MS);
        most = sent - before > most ? sent - before : most;
    }
    print_message("%u checks to %u pairs, at most %u in 100 ms\n", (unsigned)sent, PAIRS, (unsigned)most);
    assert_in_range(sent, PAIRS, PAIRS * 12);
    assert_in_range(most, 5, 50); /* 500 a second of 100 bytes: 400 kbit/s while it lasts */
    ice_sim_fini(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks),
        cmocka_unit_test(requests_from_everywhere),
        cmocka_unit_test(larger_lists),
        cmocka_unit_test(rate_of_checks),
    };
    return cmocka_run_group_tests_name("ice limits", tests, setup, teardown);
}
