/* SPDX-License-Identifier: MIT */
/* Who connects to us over TCP: strangers are bounded and say what they like, and the peer gets through all the same, however often. */
#include "ice_tcp_scene.h"

#include <crtc/transport.h>

#include <stdlib.h>

static uint32_t stranger_id;

static struct address passive_address(struct ice_peer *p)
{
    const struct ice_candidate *list;
    size_t n = ice_sim_locals(p->agent, &list);
    for (size_t i = 0; i < n; i++)
        if (list[i].tcp_type == ICE_TCP_PASSIVE)
            return list[i].address;
    fail_msg("nothing is listened on");
    return (struct address){0};
}

/* An accepted connection, told as the loop would. */
static uint32_t knock_from(struct ice_peer *p, uint8_t host)
{
    struct address at = passive_address(p);
    struct io_result r = {.type = REQUEST_LISTEN_TCP, .socket = RTC_ACCEPTED_SOCKET | ++stranger_id, .local = at};
    r.id = p->agent->tcp.listeners[0].socket;
    r.remote = address_ipv4(203, 0, 113, host, (uint16_t)(1024 + stranger_id));
    assert_true(ice_agent_result(p->agent, p->sim->now, &r, &p->out));
    return r.socket;
}

/* Of everybody, one after the other. */
static uint32_t knock(struct ice_peer *p)
{
    return knock_from(p, (uint8_t)(stranger_id % 200));
}

/* Whether the agent asked for that socket to be closed; its other requests and packets go their way. */
static bool was_closed(struct ice_peer *p, uint32_t socket)
{
    bool closed = false;
    for (const struct request *r = p->out.requests.head; r; r = r->next)
        closed |= r->type == REQUEST_CLOSE && r->id == socket;
    ice_sim_drain(p);
    return closed;
}

static size_t say(struct ice_peer *p, uint32_t socket, const void *bytes, size_t len)
{
    struct packet_queue inner = {0};
    struct packet *packet = packet_copy(p->out.pool, slice_of(bytes, len));
    packet->path = (struct path){.socket = socket, .protocol = PATH_TCP};
    if (!ice_agent_unwrap(p->agent, p->sim->now, packet, &inner, &p->out))
        packet_free(packet);
    size_t count = inner.count;
    for (struct packet *q; (q = packet_queue_pop(&inner)) != NULL; packet_free(q))
        ice_agent_input(p->agent, p->sim->now, &q->path, packet_slice(q), &p->out);
    return count;
}

static void strangers_are_bounded(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 12, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 20 * MS);
    uint32_t first = 0;
    for (unsigned i = 0; i < ICE_TCP_STRANGERS_MAX; i++) {
        uint32_t socket = knock(&sim.a);
        first = first ? first : socket;
        assert_false(was_closed(&sim.a, socket));
    }
    for (unsigned i = 0; i < 1000; i++)
        assert_true(was_closed(&sim.a, knock(&sim.a)));
    assert_int_equal(sim.a.agent->tcp.strangers, ICE_TCP_STRANGERS_MAX);
    assert_int_equal(ice_agent_counters(sim.a.agent)->over_limit, 1000);
    /* Who had two seconds and said nothing makes room. */
    ice_sim_run(&sim, sim.now + 2 * SECOND);
    uint32_t late = knock(&sim.a);
    assert_true(was_closed(&sim.a, first));
    ice_sim_run(&sim, sim.now + 7900 * MS);
    assert_int_equal(sim.a.agent->tcp.strangers, ICE_TCP_STRANGERS_MAX);
    ice_sim_run(&sim, sim.now + 200 * MS);
    assert_int_equal(sim.a.agent->tcp.strangers, 1);
    ice_sim_run(&sim, sim.now + 3 * SECOND);
    assert_int_equal(sim.a.agent->tcp.accepted, 0);
    assert_int_equal(sim.a.agent->bases.count, 1);
    assert_null(ice_bases_find(&sim.a.agent->bases, late));
    ice_sim_fini(&sim);
}

static void what_strangers_say(void **state)
{
    (void)state;
    static const char http[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
    static const uint8_t tls[] = {0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3}, data[] = {0, 3, 0x80, 1, 2}, tiny[] = {0, 1, 0}, nothing[100] = {0};
    struct ice_sim sim;
    begin(&sim, 13, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 20 * MS);
    const struct {
        const void *bytes;
        size_t len;
        bool closes;
    } cases[] = {{http, sizeof http - 1, true}, {tls, sizeof tls, true},          {data, sizeof data, true},
                 {tiny, sizeof tiny, true},     {nothing, sizeof nothing, false}, {http, 1, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t socket = knock(&sim.a);
        assert_int_equal(say(&sim.a, socket, cases[i].bytes, cases[i].len), 0);
        assert_int_equal(was_closed(&sim.a, socket), cases[i].closes);
    }
    /* A STUN message that nobody signed: answered by nothing, and no reason to stay. */
    uint32_t socket = knock(&sim.a);
    struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING, .has = STUN_HAS_PRIORITY};
    uint8_t bytes[202];
    size_t len = stun_write(&m, slice_of(NULL, 0), bytes + 2, sizeof bytes - 2);
    bytes[0] = 0;
    bytes[1] = (uint8_t)len;
    ice_sim_drain(&sim.a);
    assert_int_equal(say(&sim.a, socket, bytes, len + 2), 1);
    assert_int_equal(sim.a.out.tx.count, 0);
    assert_int_equal(ice_agent_counters(sim.a.agent)->unauthenticated, 1);
    ice_sim_run(&sim, sim.now + 11 * SECOND);
    assert_int_equal(sim.a.agent->tcp.accepted, 0);
    assert_int_equal(sim.a.agent->checks.count, 0);
    ice_sim_fini(&sim);
}

/* One who knocks all the time leaves places to others. */
static void one_address(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 14, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 20 * MS);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(was_closed(&sim.a, knock_from(&sim.a, 66)), i >= 4);
    assert_false(was_closed(&sim.a, knock_from(&sim.a, 67)));
    assert_int_equal(sim.a.agent->tcp.strangers, 5);
    ice_sim_fini(&sim);
}

/* Who connects from where the application sends nobody to is not welcome either, in whatever form the address comes. */
static void denied_addresses(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_rules *rules = calloc(1, sizeof *rules);
    assert_non_null(rules);
    assert_int_equal(ice_filters_add(&rules->remote_deny, slice_str("203.0.113.64/28")), RTC_OK);
    const struct ice_options of_a = {.controlling = true, .tcp_policy = ICE_TCP_ENABLED, .rules = rules}, of_b = {.controlling = false};
    begin_with(&sim, 15, &of_a, &of_b);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 20 * MS);
    assert_true(was_closed(&sim.a, knock_from(&sim.a, 64)));
    assert_true(was_closed(&sim.a, knock_from(&sim.a, 79)));
    assert_false(was_closed(&sim.a, knock_from(&sim.a, 80)));
    ice_sim_fini(&sim);
    free(rules);
}

/* A flood of strangers from everywhere does not keep the peer out: its address is known from its candidates. */
static void flood(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 14, ICE_TCP_ACTIVE_ONLY, ICE_TCP_ENABLED);
    block_udp(&sim, true);
    ice_sim_start(&sim);
    ice_sim_run(&sim, sim.now + 20 * MS);
    for (int i = 0; i < 400; i++) {
        for (int k = 0; k < 50; k++)
            (void)was_closed(&sim.b, knock(&sim.b));
        ice_sim_run(&sim, sim.now + 1 * MS);
    }
    assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
    assert_in_range(sim.a.state_at[ICE_CONNECTED], SECOND, SECOND + 320 * MS);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

/* Others may be behind the address of the peer, too, whom nobody makes room for at once: they keep their places for two seconds, not ten.
 */
static void flood_from_beside(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_candidate c;
    begin(&sim, 20, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 20 * MS);
    assert_int_equal(ice_candidate_parse(slice_str("candidate:1 1 udp 1 203.0.113.66 4000 typ srflx raddr 10.0.0.1 rport 4000"), &c),
                     RTC_OK);
    ice_sim_candidate(&sim.a, &c);
    for (unsigned i = 0; i < 2 * ICE_TCP_STRANGERS_MAX; i++)
        assert_int_equal(was_closed(&sim.a, knock_from(&sim.a, 66)), i >= ICE_TCP_STRANGERS_MAX);
    ice_sim_run(&sim, sim.now + 2 * SECOND);
    assert_false(was_closed(&sim.a, knock_from(&sim.a, 66)));
    assert_int_equal(sim.a.agent->tcp.strangers, ICE_TCP_STRANGERS_MAX);
    ice_sim_fini(&sim);
}

/* Results that come late, twice, or for nothing. */
static void odd_results(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 15, ICE_TCP_ENABLED, ICE_TCP_ENABLED);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 20 * MS);
    uint32_t socket = knock(&sim.a);
    const struct io_result again = {
        .type = REQUEST_LISTEN_TCP, .id = sim.a.agent->tcp.listeners[0].socket, .local = passive_address(&sim.a)};
    assert_true(ice_agent_result(sim.a.agent, sim.now, &again, &sim.a.out));
    assert_int_equal(sim.a.tcp_candidates, 2);
    struct io_result ended = {.type = REQUEST_LISTEN_TCP, .id = socket, .error = RTC_ERR_NETWORK};
    assert_true(ice_agent_result(sim.a.agent, sim.now, &ended, &sim.a.out));
    assert_false(ice_agent_result(sim.a.agent, sim.now, &ended, &sim.a.out));
    assert_false(was_closed(&sim.a, socket)); /* it is closed already */
    assert_int_equal(say(&sim.a, socket, "\0\1\0", 3), 0);
    /* From an address that can be nobody's. */
    struct io_result odd = again;
    odd.socket = RTC_ACCEPTED_SOCKET | 999;
    odd.remote = address_ipv4(0, 0, 0, 0, 5);
    assert_true(ice_agent_result(sim.a.agent, sim.now, &odd, &sim.a.out));
    assert_true(was_closed(&sim.a, odd.socket));
    ice_agent_close(sim.a.agent, sim.now, &sim.a.out);
    ice_sim_fini(&sim);
}

/* One address connects twice, as it can to two of our interfaces: what the second one says is no harm to the first. */
static void one_address_twice(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 18, ICE_TCP_ACTIVE_ONLY, ICE_TCP_ENABLED);
    block_udp(&sim, true);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 400 * MS);
    ice_sim_run(&sim, sim.now + 5 * SECOND);
    const struct path path = *ice_agent_selected(sim.b.agent);
    struct io_result r = {.type = REQUEST_LISTEN_TCP, .socket = RTC_ACCEPTED_SOCKET | ++stranger_id, .remote = path.remote};
    r.local = passive_address(&sim.b);
    r.id = sim.b.agent->tcp.listeners[0].socket;
    assert_true(ice_agent_result(sim.b.agent, sim.now, &r, &sim.b.out));
    assert_int_equal(sim.b.agent->tcp.accepted, 2);
    assert_int_equal(say(&sim.b, r.socket, "\0\5hello", 7), 0);
    assert_true(was_closed(&sim.b, r.socket));
    assert_int_equal(sim.b.agent->checks.count, 2); /* UDP's, and the one that is used */
    ice_sim_run(&sim, sim.now + 20 * SECOND);
    assert_int_equal(ice_agent_selected(sim.b.agent)->socket, path.socket);
    assert_true(ice_sim_data_flows(&sim));
    ice_sim_fini(&sim);
}

/* A NAT that forgets connections again and again, and tells nobody: those that were make room for those that come. */
static void forgotten_often(void **state)
{
    (void)state;
    struct ice_sim sim;
    begin(&sim, 19, ICE_TCP_ACTIVE_ONLY, ICE_TCP_ENABLED);
    block_udp(&sim, true);
    ice_sim_start(&sim);
    assert_in_range(ice_sim_connect(&sim, SECOND), 1, 400 * MS);
    for (int i = 0; i < 2 * ICE_TCP_ACCEPTED_MAX; i++) {
        ice_sim_run(&sim, sim.now + 10 * SECOND);
        sim_network_forget_connections(sim.net);
        ice_sim_run(&sim, sim.now + 9 * SECOND);
        assert_true(ice_sim_connected(&sim.a) && ice_sim_connected(&sim.b));
        assert_true(ice_sim_data_flows(&sim));
        assert_in_range(sim.b.agent->tcp.accepted, 1, 4);
    }
    ice_sim_fini(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_are_bounded),
        cmocka_unit_test(what_strangers_say),
        cmocka_unit_test(one_address),
        cmocka_unit_test(denied_addresses),
        cmocka_unit_test(flood),
        cmocka_unit_test(flood_from_beside),
        cmocka_unit_test(odd_results),
        cmocka_unit_test(one_address_twice),
        cmocka_unit_test(forgotten_often),
    };
    return cmocka_run_group_tests_name("ice tcp accept", tests, setup, teardown);
}
