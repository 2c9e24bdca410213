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
    struct picture p = {*agent, calloc(agent->pair_count + 1, sizeof *p.pairs), calloc(agent->remote_count + 1, sizeof *p.remotes)};
    assert_true(p.pairs && p.remotes);
    memset(&p.agent.counters, 0, sizeof p.agent.counters);
    for (size_t i = 0; i < agent->pair_count; i++)
        p.pairs[i] = *agent->pairs[i];
    for (size_t i = 0; i < agent->remote_count; i++)
        p.remotes[i] = *agent->remotes[i];
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
                memcmp(before->pairs, now.pairs, agent->pair_count * sizeof *now.pairs) == 0 &&
                memcmp(before->remotes, now.remotes, agent->remote_count * sizeof *now.remotes) == 0;
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
        struct path peer = {.socket = sim.a.agent->bases[0]->socket, .remote = address_ipv4(192, 0, 2, 2, 6000)};
        peer.socket = ice_find_remote(sim.a.agent, &peer.remote, PATH_UDP) ? sim.a.agent->pairs[0]->base->socket : peer.socket;
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
        m.tie_breaker = sim.a.agent->tie_breaker;
        script_send(&sim.b, &path, &m, ice_agent_local_password(sim.a.agent));
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
    ice_sim_fini(&sim);
}

/* ---- Where checks go, and how many ---- */

static unsigned sent_to(struct ice_sim *sim, const struct address *to)
{
    unsigned sent = 0;
    for (size_t i = 0; i < sim->a.agent->pair_count; i++)
        if (address_eq(&sim->a.agent->pairs[i]->remote->address, to))
            sent += (unsigned)sim->a.agent->pairs[i]->counts.requests_sent;
    return sent;
}

/* A request with good credentials from an address that somebody wrote on it. */
static void ask_from(struct ice_sim *sim, const struct address *from, uint32_t has, uint64_t tie_breaker)
{
    static uint32_t n;
    struct stun_message m;
    char username[64];
    uint8_t bytes[512];
    struct path path = {.socket = sim->a.agent->bases[0]->socket, .local = sim->a.agent->bases[0]->address, .remote = *from};
    for (size_t i = 0; i < sim->a.agent->base_count; i++)
        if (sim->a.agent->bases[i]->address.family == from->family) {
            path.socket = sim->a.agent->bases[i]->socket;
            path.local = sim->a.agent->bases[i]->address;
        }
    script_request(&sim->b, &m, username);
    m.has = (m.has & ~(uint32_t)(STUN_HAS_CONTROLLING | STUN_HAS_CONTROLLED)) | has;
    m.tie_breaker = tie_breaker;
    n++;
    memcpy(m.transaction, &n, sizeof n);
    size_t len = stun_write(&m, slice_str(ice_agent_local_password(sim->a.agent)), bytes, sizeof bytes);
    ice_agent_input(sim->a.agent, sim->now, &path, slice_of(bytes, len), &sim->a.out);
    ice_sim_drain(&sim->a);
}

static void nothing_goes_where_no_peer_is(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "candidate:1 1 udp 1 255.255.255.255 6000 typ host",
        "candidate:1 1 udp 1 0.0.0.1 6000 typ host",
        "candidate:1 1 udp 1 240.0.0.1 6000 typ host",
        "candidate:1 1 udp 1 198.51.100.77 53 typ srflx raddr 0.0.0.0 rport 0",
        "candidate:1 1 udp 1 127.0.0.1 6000 typ host",
        "candidate:1 1 udp 1 ::1 6000 typ host",
        "candidate:1 1 udp 1 169.254.169.254 6000 typ host",
        "candidate:1 1 udp 1 fd00:ec2::254 6000 typ relay",
        "candidate:1 1 udp 1 64:ff9b::a9fe:a9fe 6000 typ host",
        "candidate:1 1 tcp 1 169.254.169.254 80 typ host tcptype passive",
        "candidate:1 1 tcp 1 198.51.100.1 25 typ host tcptype passive",
        "candidate:1 1 udp 1 198.51.100.77 53 typ host", /* once more */
    };
    enum { COUNT = sizeof lines / sizeof lines[0] };
    struct ice_sim sim;
    struct ice_candidate c;
    const char *reason;
    script_begin(&sim, 42, true);
    uint64_t sent = sim_network_counters(sim.net)->sent;
    for (size_t i = 0; i < COUNT; i++)
        script_candidate(&sim, lines[i]);
    ice_sim_run(&sim, sim.now + 3 * SECOND);
    assert_int_equal(sim_network_counters(sim.net)->sent, sent);
    assert_int_equal(sim.a.agent->pair_count, 0);
    assert_int_equal(ice_agent_counters(sim.a.agent)->left_out, COUNT - 1);
    size_t reported = 0;
    while (ice_agent_left_out_report(sim.a.agent, reported, &c, &reason))
        reported++;
    assert_int_equal(reported, ICE_LEFT_OUT_MAX);
    /* Nor does an answer. */
    struct address name_server = address_ipv4(198, 51, 100, 77, 53), relay = address_ipv4(255, 255, 255, 255, 6000);
    ask_from(&sim, &name_server, STUN_HAS_CONTROLLED, 1);
    ask_from(&sim, &relay, STUN_HAS_CONTROLLED, 1);
    ask_from(&sim, &name_server, STUN_HAS_CONTROLLING, UINT64_MAX); /* nor a change of our role */
    assert_true(ice_agent_controlling(sim.a.agent));
    assert_int_equal(sim.a.agent->pair_count, 0);
    assert_int_equal(sim_network_counters(sim.net)->sent, sent);
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

/* What this host's own networks call everybody. The simulated interfaces have no prefix: told by hand. */
static void nor_to_all_hosts_of_a_network(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 43, true);
    for (size_t i = 0; i < sim.a.agent->base_count; i++)
        sim.a.agent->bases[i]->prefix_length = 24;
    script_candidate(&sim, "candidate:1 1 udp 1 192.0.2.255 6000 typ host");
    script_candidate(&sim, "candidate:1 1 udp 1 192.0.2.0 6000 typ host");
    assert_int_equal(sim.a.agent->pair_count, 0);
    assert_int_equal(ice_agent_counters(sim.a.agent)->left_out, 2);
    script_candidate(&sim, "candidate:1 1 udp 1 192.0.3.255 6000 typ host"); /* somebody, for all that we know */
    assert_int_equal(sim.a.agent->pair_count, 1);
    ice_sim_fini(&sim);
}

static void the_application_may_say_otherwise(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_rules *rules = calloc(1, sizeof *rules);
    assert_non_null(rules);
    assert_int_equal(ice_filters_add(&rules->remote_allow, slice_str("127.0.0.0/8")), RTC_OK);
    assert_int_equal(ice_filters_add(&rules->remote_allow, slice_str("198.51.100.77")), RTC_OK);
    assert_int_equal(ice_filters_add(&rules->remote_deny, slice_str("192.0.2.0/24")), RTC_OK);
    script_begin_with(&sim, 44, (struct ice_options){.controlling = true, .rules = rules});
    script_candidate(&sim, "candidate:1 1 udp 1 127.0.0.1 6000 typ host");
    script_candidate(&sim, "candidate:1 1 udp 1 198.51.100.77 53 typ host");
    assert_int_equal(sim.a.agent->pair_count, 2);
    script_candidate(&sim, script_four);
    assert_int_equal(sim.a.agent->pair_count, 2);
    assert_int_equal(ice_agent_counters(sim.a.agent)->left_out, 1);
    ice_sim_fini(&sim);
    free(rules);
}

/* Seven checks to a candidate that never answers, spread over seconds; three more for each request that comes from there. */
static void checks_without_answer_are_few(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 45, true);
    const struct address signalled = address_ipv4(198, 51, 100, 9, 6000), claimed = address_ipv4(198, 51, 100, 10, 6000);
    script_candidate(&sim, "candidate:1 1 udp 1 198.51.100.9 6000 typ host");
    ice_sim_run(&sim, sim.now + 3 * SECOND);
    assert_in_range(sent_to(&sim, &signalled), 6, 7); /* who begins late is still asked */
    ice_sim_run(&sim, sim.now + 30 * SECOND);
    assert_int_equal(sent_to(&sim, &signalled), ICE_CHECKS_MAX);
    ask_from(&sim, &claimed, STUN_HAS_CONTROLLED, 1);
    ice_sim_run(&sim, sim.now + 10 * SECOND);
    ice_sim_fini(&sim);
    script_begin(&sim, 46, true);
    ask_from(&sim, &claimed, STUN_HAS_CONTROLLED, 1);
    ice_sim_run(&sim, sim.now + 12 * SECOND);
    assert_int_equal(sent_to(&sim, &claimed), ICE_CHECKS_MAX);
    for (unsigned i = 1; i <= 5; i++) {
        ask_from(&sim, &claimed, STUN_HAS_CONTROLLED, 1);
        ice_sim_run(&sim, sim.now + SECOND);
        assert_int_equal(sent_to(&sim, &claimed), ICE_CHECKS_MAX + 3 * i);
    }
    ice_sim_fini(&sim);
}

/* Requests from a thousand addresses that nobody is at: what leaves is bounded, and the peer's own candidate is checked in time. */
static void a_flood_of_claimed_addresses(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 47, true);
    script.answers = false;
    uint64_t sent = sim_network_counters(sim.net)->sent;
    for (unsigned i = 0; i < 1000; i++) {
        const struct address from = address_ipv4(198, 51, 100, (uint8_t)(1 + i % 250), (uint16_t)(20000 + i));
        ask_from(&sim, &from, STUN_HAS_CONTROLLED, 1);
        ice_sim_run(&sim, sim.now + MS);
    }
    ice_sim_run(&sim, sim.now + 8 * SECOND);
    uint64_t limit = context_limits(script_context)->remote_candidates / 2 + 1;
    assert_in_range(sim_network_counters(sim.net)->sent - sent, 1000, 1000 + limit * ICE_CHECKS_MAX);
    script.answers = true;
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 500 * MS);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

/* Whoever makes us change our role again and again does not make us ask everybody again each time. */
static void a_change_of_role_is_no_burst(void **state)
{
    (void)state;
    struct ice_sim sim;
    char text[80];
    script_begin(&sim, 48, true);
    script.answers = false;
    for (unsigned i = 0; i < 40; i++) {
        (void)snprintf(text, sizeof text, "candidate:%u 1 udp %u 198.51.100.9 %u typ srflx raddr 0.0.0.0 rport 0", i, 1000 - i, 7000 + i);
        script_candidate(&sim, text);
    }
    ice_sim_run(&sim, sim.now + 2 * SECOND);
    struct address peer = address_ipv4(192, 0, 2, 2, 6000);
    for (unsigned flip = 0; flip < 20; flip++) {
        uint64_t sent = sim_network_counters(sim.net)->sent;
        bool controlling = ice_agent_controlling(sim.a.agent);
        ask_from(&sim, &peer, controlling ? STUN_HAS_CONTROLLING : STUN_HAS_CONTROLLED, controlling ? UINT64_MAX : 0);
        assert_int_not_equal(ice_agent_controlling(sim.a.agent), controlling);
        ice_sim_run(&sim, sim.now + 5 * MS);
        assert_in_range(sim_network_counters(sim.net)->sent - sent, 1, 8); /* the answer, the triggered check, a burst */
    }
    ice_sim_run(&sim, sim.now + 20 * SECOND);
    for (unsigned i = 0; i < 40; i++) {
        const struct address to = address_ipv4(198, 51, 100, 9, (uint16_t)(7000 + i));
        assert_in_range(sent_to(&sim, &to), 1, ICE_CHECKS_MAX);
    }
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
    script_send(&sim.b, &path, &m, ice_agent_local_password(sim.a.agent));
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
        assert_int_equal(sim.a.agent->query_count, 1);
        struct stun_message m = {.class = STUN_SUCCESS, .method = STUN_BINDING, .has = STUN_HAS_XOR_MAPPED, .mapped = cases[i].mapped};
        struct path from = {.socket = sim.a.agent->bases[0]->socket, .remote = address_ipv4(198, 51, 100, 77, 3478)};
        uint8_t bytes[128];
        memcpy(m.transaction, sim.a.agent->queries[0].transaction.id, sizeof m.transaction);
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
    assert_int_equal(sim.a.agent->remote_count, 0);
    script_candidate(&sim, "candidate:1 1 udp 1 fd00::2 6000 typ host"); /* unique local: usable */
    assert_int_equal(sim.a.agent->pair_count, 1);
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
    assert_int_equal(sim.a.agent->base_count, 2);
    script_candidate(&sim, script_four);
    assert_int_equal(sim.a.agent->pair_count, 1);
    assert_false(address_is_loopback(&sim.a.agent->pairs[0]->base->address));
    script_candidate(&sim, "candidate:9 1 udp 2122260223 127.0.0.1 6000 typ host");
    assert_int_equal(sim.a.agent->pair_count, 3); /* the interface's address reaches it too */
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
    assert_int_equal(sim.a.agent->pairs[0]->state, ICE_PAIR_FAILED);
    for (unsigned i = 0; i < 20; i++) {
        struct ice_candidate c = {.component = 1, .type = ICE_HOST, .priority = 2122260223 + i, .foundation = "1"};
        c.address = address_ipv4(192, 0, 2, 99, (uint16_t)(7000 + i));
        ice_sim_candidate(&sim.a, &c);
    }
    struct path from = {.socket = sim.a.agent->pairs[0]->base->socket, .remote = path.local};
    assert_true(ice_agent_can_receive(sim.a.agent, &from));
    assert_int_equal(sim.a.agent->pair_count, 4);
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
        assert_true(sim.a.agent->remote_count < 64 && sim.a.agent->pair_count < 64);
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
    assert_in_range(sim.a.agent->remote_count, LIMIT, LIMIT + LIMIT / 2 + 1);
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
    assert_int_equal(sim.a.agent->remote_count, 2);
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
    struct ice_pair pair = {.rtt = 0};
    ice_rtt_sample(&pair, 900 * MS, false);
    assert_int_equal(pair.rtt, 900 * MS);
    ice_rtt_sample(&pair, 40 * MS, true);
    assert_int_equal(pair.rtt, 40 * MS);
    ice_rtt_sample(&pair, 900 * MS, false);
    assert_int_equal(pair.rtt, 40 * MS);
    ice_rtt_sample(&pair, 120 * MS, true);
    assert_int_equal(pair.rtt, 50 * MS);
    ice_rtt_sample(&pair, -5, true);
    assert_in_range(pair.rtt, 43 * MS, 44 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_credentials_nothing_changes),
        cmocka_unit_test(equal_tie_breakers),
        cmocka_unit_test(a_burst_of_requests_changes_no_state),
        cmocka_unit_test(nothing_goes_where_no_peer_is),
        cmocka_unit_test(nor_to_all_hosts_of_a_network),
        cmocka_unit_test(the_application_may_say_otherwise),
        cmocka_unit_test(checks_without_answer_are_few),
        cmocka_unit_test(a_flood_of_claimed_addresses),
        cmocka_unit_test(a_change_of_role_is_no_burst),
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
