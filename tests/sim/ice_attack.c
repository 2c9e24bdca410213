/* SPDX-License-Identifier: MIT */
/* What strangers and faulty servers may not achieve, and peers that move: messages without credentials, spoofed server answers, addresses
 * that are none, equal tie-breakers, and a NAT that gives the peer a new port again and again. */
#include "ice_script.h"

#include "ice_internal.h"

#include <stdio.h>
#include <stdlib.h>

/* Everything of an agent that a message could change, but for its counters. */
struct picture {
    struct ice_agent agent;
    struct ice_pair *pairs;
    struct ice_remote *remotes;
};

static struct picture take_picture(const struct ice_agent *agent)
{
    struct picture p = {*agent, calloc(agent->checks.count + 1, sizeof *p.pairs), calloc(agent->remotes.count + 1, sizeof *p.remotes)};
    assert_true(p.pairs && p.remotes);
    memset(&p.agent.common.counters, 0, sizeof p.agent.common.counters);
    for (size_t i = 0; i < agent->checks.count; i++)
        p.pairs[i] = *agent->checks.pairs[i];
    for (size_t i = 0; i < agent->remotes.count; i++)
        p.remotes[i] = *agent->remotes.list[i];
    return p;
}

static void free_picture(struct picture *p)
{
    free(p->pairs);
    free(p->remotes);
}

/* Whether nothing has changed since. */
static bool is_as_before(struct picture *before, const struct ice_agent *agent)
{
    struct picture now = take_picture(agent);
    bool same = memcmp(&before->agent, &now.agent, sizeof now.agent) == 0 &&
                memcmp(before->pairs, now.pairs, agent->checks.count * sizeof *now.pairs) == 0 &&
                memcmp(before->remotes, now.remotes, agent->remotes.count * sizeof *now.remotes) == 0;
    free_picture(&now);
    return same;
}

/* Each kind of message that somebody could send who knows the user names and sees every transaction id, but not the passwords. */
static void send_all_kinds(struct ice_sim *sim, const struct path *from, const uint8_t transaction[STUN_TRANSACTION_LEN], const char *key)
{
    static const uint32_t extras[] = {0, STUN_HAS_USE_CANDIDATE, STUN_HAS_XOR_MAPPED, STUN_HAS_ERROR, STUN_HAS_SOFTWARE};
    static const uint16_t codes[] = {300, 400, 401, 403, 420, 438, 487, 500};
    for (unsigned kind = 0; kind < 4 * 5 * 2 * 8; kind++) {
        struct stun_message m;
        char username[64];
        uint8_t bytes[512];
        script_request(&sim->b, &m, username);
        memcpy(m.transaction, transaction, sizeof m.transaction);
        m.class = (enum stun_class)(kind % 4);
        m.has |= extras[kind / 4 % 5];
        m.has ^= kind / 20 % 2 ? STUN_HAS_CONTROLLED | STUN_HAS_CONTROLLING : 0;
        m.tie_breaker = kind % 3 ? UINT64_MAX : 0;
        m.error_code = codes[kind / 40];
        m.mapped = from->remote;
        size_t len = stun_write(&m, slice_str(key), bytes, sizeof bytes);
        assert_true(len > 0);
        ice_agent_input(sim->a.agent, sim->now, from, slice_of(bytes, len), &sim->a.out);
    }
}

/* At each moment of a connection: while it is checking, connected, and silent. */
static void without_credentials_nothing_changes(void **state)
{
    (void)state;
    for (unsigned moment = 0; moment < 4; moment++) {
        struct ice_sim sim;
        script_begin(&sim, 31, moment % 2);
        script.answers = moment > 1;
        script_candidate(&sim, script_four);
        ice_sim_run(&sim, sim.now + (moment == 3 ? 40 * SECOND : 25 * MS));
        ice_agent_tick(sim.a.agent, sim.now, &sim.a.out);
        ice_sim_drain(&sim.a);
        struct picture before = take_picture(sim.a.agent);
        struct path peer = {.socket = sim.a.agent->bases.list[0]->socket, .remote = address_ipv4(192, 0, 2, 2, 6000)};
        peer.socket =
            ice_remotes_find(&sim.a.agent->remotes, &peer.remote, PATH_UDP) ? sim.a.agent->checks.pairs[0]->base->socket : peer.socket;
        struct path stranger = peer;
        stranger.remote.port = 666;
        unsigned events = sim.a.states + sim.a.validated + sim.a.selections;
        const char *keys[] = {"", "0123456789abcdefghijkm", script_password}; /* the last one authenticates only responses */
        for (unsigned k = 0; k < 3; k++) {
            if (k < 2)
                send_all_kinds(&sim, &peer, script.last.transaction, keys[k]);
            send_all_kinds(&sim, &stranger, script.last.transaction, keys[k]);
        }
        assert_true(is_as_before(&before, sim.a.agent));
        assert_int_equal(sim.a.out.tx.count, 0);
        ice_sim_drain(&sim.a);
        assert_int_equal(sim.a.states + sim.a.validated + sim.a.selections, events);
        free_picture(&before);
        ice_sim_fini(&sim);
    }
}

/* RFC 8445 section 7.3.1.1: with equal tie-breakers the one that is asked keeps its role as the controlling one. */
static void equal_tie_breakers(void **state)
{
    (void)state;
    for (unsigned controlling = 0; controlling < 2; controlling++) {
        struct ice_sim sim;
        struct stun_message m;
        char username[64];
        script_begin(&sim, 32, controlling);
        script.controlling = controlling;
        struct path path = script_path(&sim, ADDRESS_IPV4);
        script_request(&sim.b, &m, username);
        m.tie_breaker = sim.a.agent->session.tie_breaker;
        script_send(&sim.b, &path, &m, ice_agent_credentials(sim.a.agent)->password);
        ice_sim_run(&sim, sim.now + 30 * MS);
        assert_int_equal(script.errors, controlling);
        assert_int_equal(script.successes, !controlling);
        assert_true(ice_agent_controlling(sim.a.agent));
        ice_sim_fini(&sim);
    }
}

/* The process was stopped for a while, or the network was: the peer's checks of pairs that had failed come all at once. */
static void a_burst_of_requests_changes_no_state(void **state)
{
    (void)state;
    struct ice_sim sim;
    char text[80];
    script_begin(&sim, 49, true);
    struct path path = script_path(&sim, ADDRESS_IPV4);
    script_candidate(&sim, script_four);
    script.only_socket = 1;
    for (uint32_t i = 0; i < 6; i++) {
        sim_host_open(sim.b.host, 100 + i, "192.0.2.2", (uint16_t)(7000 + i));
        (void)snprintf(text, sizeof text, "candidate:%u 1 udp %u 192.0.2.2 %u typ host", 10 + i, 1000 - i, 7000 + i);
        script_candidate(&sim, text);
    }
    ice_agent_end_of_remote_candidates(sim.a.agent, sim.now, &sim.a.out);
    ice_sim_drain(&sim.a);
    ice_sim_run(&sim, sim.now + 40 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_COMPLETED);
    unsigned states = sim.a.states;
    script.only_socket = 0;
    for (uint32_t i = 0; i < 6; i++) {
        path.socket = 100 + i;
        path.local.port = (uint16_t)(7000 + i);
        script_ask(&sim.b, &path, 0);
        ice_sim_run(&sim, sim.now + 4 * MS);
    }
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(sim.a.states, states);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_COMPLETED);
    sim_host_add_address(sim.a.host, "192.0.2.77"); /* a new network of ours does: there is more to gather and to check */
    sim_host_tell_interfaces(sim.a.host, sim.now);
    ice_sim_run(&sim, sim.now + 40 * SECOND);
    assert_int_equal(sim.a.states, states + 2);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_COMPLETED);
    ice_sim_fini(&sim);
}

/* A change of role while checks are on their way: they go out again soon, as new requests with the new role. */
static void a_new_role_asks_again(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct stun_message m;
    char username[64];
    script_begin(&sim, 33, true);
    script.answers = false;
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 2 * SECOND); /* by now it repeats slowly */
    unsigned requests = script.requests;
    struct stun_message old = script.last;
    assert_true(old.has & STUN_HAS_CONTROLLING);
    script.controlling = true;
    script_request(&sim.b, &m, username);
    m.tie_breaker = UINT64_MAX;
    struct path path = script_path(&sim, ADDRESS_IPV6); /* another path than that of the check */
    script_send(&sim.b, &path, &m, ice_agent_credentials(sim.a.agent)->password);
    ice_sim_run(&sim, sim.now + 25 * MS);
    assert_false(ice_agent_controlling(sim.a.agent));
    assert_int_equal(script.requests, requests + 2); /* and the triggered check */
    assert_true(script.last.has & STUN_HAS_CONTROLLED);
    ice_sim_fini(&sim);
}

/* A check that had become slow is quick again after the peer's own request came through. */
static void a_triggered_check_is_quick_again(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 34, true);
    script.answers = false;
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 3 * SECOND);
    struct path path = script_path(&sim, ADDRESS_IPV4);
    unsigned requests = script.requests;
    script_ask(&sim.b, &path, 0);
    ice_sim_run(&sim, sim.now + 25 * MS);
    assert_int_equal(script.requests, requests + 1);
    ice_sim_run(&sim, sim.now + 150 * MS); /* 50 and 100 ms later, had that one been lost */
    assert_int_equal(script.requests, requests + 3);
    ice_sim_fini(&sim);
}

/* Answers of a STUN server: from elsewhere they count for nothing, and addresses that are none become no candidates. */
static void answers_to_queries(void **state)
{
    (void)state;
    static const struct {
        struct address mapped;
        bool elsewhere;
        unsigned candidates;
    } cases[] = {
        {{.family = ADDRESS_IPV4, .ip = {203, 0, 113, 9}, .port = 4000}, false, 1},
        {{.family = ADDRESS_IPV4, .ip = {203, 0, 113, 9}, .port = 4000}, true, 0},
        {{.family = ADDRESS_IPV4, .ip = {203, 0, 113, 9}, .port = 0}, false, 0},
        {{.family = ADDRESS_IPV4, .port = 4000}, false, 0},
        {{.family = ADDRESS_IPV4, .ip = {224, 0, 0, 1}, .port = 4000}, false, 0},
        {{.family = ADDRESS_IPV6, .ip = {0x20, 1, 0xd, 0xb8, [15] = 1}, .port = 4000}, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ice_sim sim;
        const struct ice_options options = {.servers = {{.host = "198.51.100.77", .port = 3478}}, .server_count = 1};
        context_seed(script_context, 35);
        assert_int_equal(ice_sim_init(&sim, script_context, 35, NULL), RTC_OK);
        sim_host_add_address(sim.a.host, "10.0.0.1");
        assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
        ice_sim_gather(&sim.a);
        ice_sim_run(&sim, sim.now + 100 * MS);
        assert_int_equal(sim.a.agent->queries.count, 1);
        struct stun_message m = {.class = STUN_SUCCESS, .method = STUN_BINDING, .has = STUN_HAS_XOR_MAPPED, .mapped = cases[i].mapped};
        struct path from = {.socket = sim.a.agent->bases.list[0]->socket, .remote = address_ipv4(198, 51, 100, 77, 3478)};
        uint8_t bytes[128];
        memcpy(m.transaction, sim.a.agent->queries.list[0].transaction.id, sizeof m.transaction);
        from.remote.port = cases[i].elsewhere ? 3479 : 3478;
        size_t len = stun_write(&m, slice_str(""), bytes, sizeof bytes);
        ice_agent_input(sim.a.agent, sim.now, &from, slice_of(bytes, len), &sim.a.out);
        ice_sim_drain(&sim.a);
        assert_int_equal(sim.a.reflexive, cases[i].candidates);
        assert_int_equal(sim.a.errors, !cases[i].elsewhere && !cases[i].candidates);
        ice_sim_fini(&sim);
    }
}

/* Addresses that no packet should be sent to, and characters that a ufrag may have. */
static void addresses_and_credentials(void **state)
{
    (void)state;
    static const char *const none[] = {
        "candidate:1 1 udp 1 ::ffff:192.0.2.2 6000 typ host", "candidate:1 1 udp 1 ::ffff:0.0.0.0 6000 typ host",
        "candidate:1 1 udp 1 ff02::1 6000 typ host",          "candidate:1 1 udp 1 :: 6000 typ host",
        "candidate:1 1 udp 1 fe80::1 6000 typ host",          "candidate:1 1 udp 1 239.1.2.3 6000 typ host",
    };
    static const char *const good[] = {"a/+Z", "ab-_", "#a=b", "////////////////////////////////"};
    static const char *const bad[] = {"a b c", "ab:cd", "ab\ncd", "abc\xc3\xa9", "abc"};
    struct ice_sim sim;
    script_begin(&sim, 36, true);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        script_candidate(&sim, none[i]);
    assert_int_equal(sim.a.agent->remotes.count, 0);
    script_candidate(&sim, "candidate:1 1 udp 1 fd00::2 6000 typ host"); /* unique local: usable */
    assert_int_equal(sim.a.agent->checks.count, 1);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(ice_credentials_are_valid(slice_str(good[i]), slice_str(script_password)));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ice_credentials_are_valid(slice_str(bad[i]), slice_str(script_password)));
    assert_false(ice_credentials_are_valid(slice_of("ab\0cd", 5), slice_str(script_password)));
    ice_sim_fini(&sim);
}

/* A loopback base is paired with loopback addresses only: nothing else can be reached from it. */
static void loopback_is_for_itself(void **state)
{
    (void)state;
    struct ice_sim sim;
    const struct ice_options options = {.include_loopback = true};
    context_seed(script_context, 37);
    assert_int_equal(ice_sim_init(&sim, script_context, 37, NULL), RTC_OK);
    sim_host_add_address(sim.a.host, "127.0.0.1");
    sim_host_add_address(sim.a.host, "192.0.2.1");
    assert_int_equal(ice_sim_agents(&sim, &options, NULL), RTC_OK);
    ice_sim_gather(&sim.a);
    ice_sim_run(&sim, sim.now + 10 * MS);
    assert_int_equal(sim.a.agent->bases.count, 2);
    script_candidate(&sim, script_four);
    assert_int_equal(sim.a.agent->checks.count, 1);
    assert_false(address_is_loopback(&sim.a.agent->checks.pairs[0]->base->address));
    script_candidate(&sim, "candidate:9 1 udp 2122260223 127.0.0.1 6000 typ host");
    assert_int_equal(sim.a.agent->checks.count, 3); /* the interface's address reaches it too */
    ice_sim_fini(&sim);
}

/* In a full list, a pair that something came on is not given up for a candidate of higher priority. */
static void living_pairs_keep_their_place(void **state)
{
    (void)state;
    const rtc_limits limits = {.size = sizeof limits, .candidate_pairs = 4};
    const rtc_context_options options = {.size = sizeof options, .limits = &limits};
    rtc_context *usual = script_context;
    struct ice_sim sim;
    assert_int_equal(rtc_context_new(&options, &script_context), RTC_OK);
    script_begin(&sim, 38, true);
    script.answers = false;
    struct path path = script_path(&sim, ADDRESS_IPV4);
    script_ask(&sim.b, &path, 0);
    ice_sim_run(&sim, sim.now + 15 * SECOND); /* its own check fails meanwhile */
    assert_int_equal(sim.a.agent->checks.pairs[0]->state, ICE_PAIR_FAILED);
    for (unsigned i = 0; i < 20; i++) {
        struct ice_candidate c = {.component = 1, .type = ICE_HOST, .priority = 2122260223 + i, .foundation = "1"};
        c.address = address_ipv4(192, 0, 2, 99, (uint16_t)(7000 + i));
        ice_sim_candidate(&sim.a, &c);
    }
    struct path from = {.socket = sim.a.agent->checks.pairs[0]->base->socket, .remote = path.local};
    assert_true(ice_agent_heard(sim.a.agent, &from) >= 0);
    assert_int_equal(sim.a.agent->checks.count, 4);
    ice_sim_fini(&sim);
    rtc_context_unref(script_context);
    script_context = usual;
}

/* The peer's NAT gives it a new port every half minute for an hour: each time we follow, and soon. */
static void a_peer_that_keeps_moving(void **state)
{
    (void)state;
    for (unsigned controlling = 0; controlling < 2; controlling++) {
        struct ice_sim sim;
        script_begin(&sim, 39, controlling);
        struct path path = script_path(&sim, ADDRESS_IPV4);
        script_candidate(&sim, script_four);
        if (!controlling)
            script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
        ice_sim_run(&sim, sim.now + SECOND);
        assert_true(ice_sim_connected(&sim.a));
        for (uint32_t i = 0; i < 120; i++) {
            path.socket = script.only_socket = 100 + i;
            path.local.port = (uint16_t)(20000 + i);
            sim_host_open(sim.b.host, path.socket, "192.0.2.2", path.local.port);
            rtc_time_t moved = sim.now;
            while (sim.now < moved + 30 * SECOND) {
                script_ask(&sim.b, &path, controlling ? 0 : STUN_HAS_USE_CANDIDATE);
                ice_sim_run(&sim, sim.now + 500 * MS);
                if (sim.now >= moved + (controlling ? 4500 : 3000) * MS)
                    assert_int_equal(ice_agent_selected(sim.a.agent)->remote.port, path.local.port);
            }
        }
        assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
        assert_true(sim.a.agent->remotes.count < 64 && sim.a.agent->checks.count < 64);
        ice_sim_fini(&sim);
    }
}

/* A peer that asks from many ports and then signals each of them as a candidate gets no more places than by either alone. */
static void signalled_and_reflexive_together_are_bounded(void **state)
{
    (void)state;
    enum { LIMIT = 4 };
    const rtc_limits limits = {.size = sizeof limits, .remote_candidates = LIMIT};
    const rtc_context_options options = {.size = sizeof options, .limits = &limits};
    rtc_context *usual = script_context;
    struct ice_sim sim;
    assert_int_equal(rtc_context_new(&options, &script_context), RTC_OK);
    script_begin(&sim, 41, false);
    struct path path = script_path(&sim, ADDRESS_IPV4);
    for (uint32_t i = 0; i < 40; i++) {
        char text[80];
        path.socket = 100 + i;
        path.local.port = (uint16_t)(7000 + i);
        sim_host_open(sim.b.host, path.socket, "192.0.2.2", path.local.port);
        script_ask(&sim.b, &path, 0);
        ice_sim_run(&sim, sim.now + 30 * MS);
        (void)snprintf(text, sizeof text, "candidate:%u 1 udp %u 192.0.2.2 %u typ host", i, 2130706431 - i, 7000 + i);
        script_candidate(&sim, text);
    }
    assert_in_range(sim.a.agent->remotes.count, LIMIT, LIMIT + LIMIT / 2 + 1);
    assert_true(ice_agent_counters(sim.a.agent)->over_limit >= 30);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
    rtc_context_unref(script_context);
    script_context = usual;
}

/* The path in use stays, however quiet it is and however many strangers' addresses want its place. */
static void the_selected_pair_keeps_its_place(void **state)
{
    (void)state;
    const rtc_limits limits = {.size = sizeof limits, .remote_candidates = 2};
    const rtc_context_options options = {.size = sizeof options, .limits = &limits};
    rtc_context *usual = script_context;
    struct ice_sim sim;
    assert_int_equal(rtc_context_new(&options, &script_context), RTC_OK);
    script_begin(&sim, 40, false);
    struct path path = script_path(&sim, ADDRESS_IPV4);
    script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_true(ice_sim_connected(&sim.a));
    script.only_socket = 99; /* nobody answers any more */
    ice_sim_run(&sim, sim.now + 15 * SECOND);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_DISCONNECTED);
    for (uint32_t i = 0; i < 10; i++) {
        path.socket = 100 + i;
        path.local.port = (uint16_t)(7000 + i);
        sim_host_open(sim.b.host, path.socket, "192.0.2.2", path.local.port);
        script_ask(&sim.b, &path, 0);
        ice_sim_run(&sim, sim.now + 30 * MS);
    }
    assert_int_equal(ice_agent_selected(sim.a.agent)->remote.port, 6000);
    assert_int_equal(sim.a.agent->remotes.count, 2);
    assert_true(ice_agent_counters(sim.a.agent)->over_limit >= 9);
    script.only_socket = 0;
    ice_sim_run(&sim, sim.now + SECOND);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
    rtc_context_unref(script_context);
    script_context = usual;
}

/* An exact sample replaces a bound, a bound never spoils an exact one, and exact ones are smoothed. */
static void the_round_trip_is_smoothed(void **state)
{
    (void)state;
    struct ice_rtt rtt = {0};
    ice_rtt_sample(&rtt, 900 * MS, false);
    assert_int_equal(rtt.smoothed, 900 * MS);
    ice_rtt_sample(&rtt, 40 * MS, true);
    assert_int_equal(rtt.smoothed, 40 * MS);
    ice_rtt_sample(&rtt, 900 * MS, false);
    assert_int_equal(rtt.smoothed, 40 * MS);
    ice_rtt_sample(&rtt, 120 * MS, true);
    assert_int_equal(rtt.smoothed, 50 * MS);
    ice_rtt_sample(&rtt, -5, true);
    assert_in_range(rtt.smoothed, 43 * MS, 44 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_credentials_nothing_changes),
        cmocka_unit_test(equal_tie_breakers),
        cmocka_unit_test(a_burst_of_requests_changes_no_state),
        cmocka_unit_test(a_new_role_asks_again),
        cmocka_unit_test(a_triggered_check_is_quick_again),
        cmocka_unit_test(answers_to_queries),
        cmocka_unit_test(addresses_and_credentials),
        cmocka_unit_test(loopback_is_for_itself),
        cmocka_unit_test(living_pairs_keep_their_place),
        cmocka_unit_test(a_peer_that_keeps_moving),
        cmocka_unit_test(signalled_and_reflexive_together_are_bounded),
        cmocka_unit_test(the_selected_pair_keeps_its_place),
        cmocka_unit_test(the_round_trip_is_smoothed),
    };
    return cmocka_run_group_tests_name("ice attacks", tests, script_setup, script_teardown);
}
