/* SPDX-License-Identifier: MIT */
/* Against a scripted peer: aggressive nomination, an ICE-lite peer, one-way consent, role conflict storms, floods of candidates and of
 * sources, unknown attributes, forged and broken messages. */
#include "ice_script.h"

#include "hash.h"
#include "ice_internal.h"

#include <stdio.h>

/* A peer in the manner of Chromium: USE-CANDIDATE on IPv4 at first, then on IPv6 180 ms later. */
static void aggressive(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 1, false);
    script.nominates_all = true;
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 180 * MS);
    assert_true(ice_sim_connected(&sim.a));
    assert_int_equal(ice_agent_selected(sim.a.agent)->remote.family, ADDRESS_IPV4);
    script_candidate(&sim, script_six);
    ice_sim_run(&sim, sim.now + 180 * MS);
    assert_int_equal(ice_agent_selected(sim.a.agent)->remote.family, ADDRESS_IPV6);
    /* A later nomination of the lower priority does not take it back. */
    struct path path = script_path(&sim, ADDRESS_IPV4);
    script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(ice_agent_selected(sim.a.agent)->remote.family, ADDRESS_IPV6);
    assert_false(ice_agent_controlling(sim.a.agent));
    ice_sim_fini(&sim);
}

/* USE-CANDIDATE may come before our own check has succeeded. */
static void early_nomination(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 2, false);
    struct path path = script_path(&sim, ADDRESS_IPV4);
    script_ask(&sim.b, &path, STUN_HAS_USE_CANDIDATE);
    ice_sim_run(&sim, sim.now + 100 * MS);
    assert_int_equal(script.successes, 1);
    assert_true(script.requests >= 1);
    assert_true(ice_sim_connected(&sim.a));
    /* A better pair that is not nominated stays unused. */
    script_candidate(&sim, script_six);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(ice_agent_selected(sim.a.agent)->remote.family, ADDRESS_IPV4);
    ice_sim_fini(&sim);
}

/* A lite peer only answers. */
static void lite(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 3, false);
    ice_agent_set_remote_lite(sim.a.agent);
    assert_true(ice_agent_controlling(sim.a.agent));
    script_candidate(&sim, script_four);
    ice_agent_end_of_remote_candidates(sim.a.agent, sim.now, &sim.a.out);
    ice_sim_run(&sim, sim.now + 300 * MS);
    assert_int_equal(script.nominations, 1);
    assert_int_equal(ice_agent_state(sim.a.agent), ICE_COMPLETED);
    ice_sim_run(&sim, sim.now + 60 * SECOND);
    assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
    ice_sim_fini(&sim);
}

/* The peer asks but never answers any more: its requests show that it lives, but consent runs out after 30 s. */
static void consent_expires(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 4, true);
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 2 * SECOND);
    assert_true(ice_sim_connected(&sim.a));
    script.answers = false;
    rtc_time_t start = sim.now;
    struct path path = script_path(&sim, ADDRESS_IPV4);
    for (int i = 0; i < 40; i++) {
        script_ask(&sim.b, &path, 0);
        ice_sim_run(&sim, sim.now + SECOND);
    }
    assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
    assert_in_range(sim.a.state_at[ICE_FAILED] - start, 25 * SECOND, 30 * SECOND);
    assert_null(ice_agent_selected(sim.a.agent));
    /* Binding requests are answered in every state. */
    assert_int_equal(script.successes, 40);
    ice_sim_fini(&sim);
}

/* A peer that is not ready refuses at first. */
static void refused_at_first(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 5, true);
    script.error = 400;
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 300 * MS);
    assert_false(ice_sim_connected(&sim.a));
    assert_int_equal(script.repeated, 0); /* after an error it is a new request */
    script.error = 0;
    ice_sim_run(&sim, sim.now + 500 * MS);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

/* Every request contests the role, and every answer does: bounded, and never both at once. */
static void role_storm(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 6, true);
    script.error = 487;
    script_candidate(&sim, script_four);
    struct path path = script_path(&sim, ADDRESS_IPV4);
    uint64_t sent = sim_network_counters(sim.net)->sent;
    for (unsigned i = 0; i < 100; i++) {
        script.controlling = ice_agent_controlling(sim.a.agent);
        script_ask(&sim.b, &path, 0);
        ice_sim_run(&sim, sim.now + 10 * MS);
    }
    sent = sim_network_counters(sim.net)->sent - sent;
    assert_in_range(sent, 200, 1000);
    script.error = 0;
    ice_sim_run(&sim, sim.now + 3 * SECOND);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

/* A 487 changes the role, and the tie-breaker with it (RFC 8445 section 7.2.5.1). */
static void role_refused(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 17, true);
    script.error = 487;
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 15 * MS);
    assert_int_equal(script.requests, 1);
    assert_true(script.last.has & STUN_HAS_CONTROLLING);
    uint64_t tie_breaker = script.last.tie_breaker;
    script.error = 0;
    ice_sim_run(&sim, sim.now + 20 * MS);
    assert_int_equal(script.requests, 2);
    assert_true(script.last.has & STUN_HAS_CONTROLLED);
    assert_true(script.last.tie_breaker != tie_breaker);
    assert_false(ice_agent_controlling(sim.a.agent));
    ice_sim_run(&sim, sim.now + 20 * MS);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

static void smaller_tie_breaker_yields(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 7, true);
    script.controlling = true; /* with tie-breaker 1: certainly the smaller */
    struct path path = script_path(&sim, ADDRESS_IPV4);
    script_ask(&sim.b, &path, 0);
    ice_sim_run(&sim, sim.now + 30 * MS);
    assert_int_equal(script.errors, 1);
    assert_int_equal(script.last_error, 487);
    assert_true(ice_agent_controlling(sim.a.agent));
    ice_sim_fini(&sim);
}

static void unknown_attribute(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct stun_message m;
    char username[64];
    uint8_t bytes[256];
    script_begin(&sim, 8, true);
    /* A comprehension-required attribute that nobody knows, covered by the integrity: REALM's place taken by type 0x7ffe. */
    script_request(&sim.b, &m, username);
    m.has |= STUN_HAS_REALM;
    m.realm = slice_str("realm");
    size_t len = stun_write(&m, slice_of(NULL, 0), bytes, sizeof bytes);
    for (size_t i = 20; i + 1 < len; i++)
        if (bytes[i] == 0 && bytes[i + 1] == STUN_REALM && bytes[i + 3] == 5) {
            bytes[i] = 0x7f;
            bytes[i + 1] = 0xfe;
        }
    len -= 8; /* without the fingerprint, then with integrity */
    uint8_t digest[20];
    bytes[2] = (uint8_t)((len + 4) >> 8);
    bytes[3] = (uint8_t)(len + 4);
    assert_true(hash_hmac_sha1(slice_str(ice_agent_credentials(sim.a.agent)->password), slice_of(bytes, len), digest));
    const uint8_t header[4] = {0, STUN_MESSAGE_INTEGRITY, 0, 20};
    memcpy(bytes + len, header, sizeof header);
    memcpy(bytes + len + 4, digest, sizeof digest);
    struct packet *p = packet_copy(sim.b.out.pool, slice_of(bytes, len + 24));
    assert_non_null(p);
    p->path = script_path(&sim, ADDRESS_IPV4);
    sim_host_send(sim.b.host, sim.now, p);
    ice_sim_run(&sim, sim.now + 50 * MS);
    assert_int_equal(script.errors, 1);
    assert_int_equal(script.last_error, 420);
    assert_true(script.last.has & STUN_HAS_UNKNOWN_ATTRIBUTES);
    assert_int_equal(script.requests, 0); /* and it triggered nothing */
    ice_sim_fini(&sim);
}

static void forged(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct stun_message m;
    char username[64];
    script_begin(&sim, 9, true);
    struct path path = script_path(&sim, ADDRESS_IPV4);
    script_request(&sim.b, &m, username);
    script_send(&sim.b, &path, &m, "wrong password 0123456789");
    script_send(&sim.b, &path, &m, "");
    m.username = slice_str("somebody:else");
    script_send(&sim.b, &path, &m, ice_agent_credentials(sim.a.agent)->password);
    (void)snprintf(username, sizeof username, "%s:other", ice_agent_local_ufrag(sim.a.agent));
    m.username = slice_str(username);
    script_send(&sim.b, &path, &m, ice_agent_credentials(sim.a.agent)->password);
    ice_sim_run(&sim, sim.now + 100 * MS);
    assert_int_equal(ice_agent_counters(sim.a.agent)->unauthenticated, 3); /* "somebody" may be another agent's on the same socket */
    assert_int_equal(script.successes + script.errors + script.requests, 0);
    assert_int_equal(sim.a.validated, 0);
    ice_sim_fini(&sim);
}

/* Success responses with the right transaction but a wrong key, or from another address, validate nothing. */
static void forged_response(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 10, true);
    script.answers = false;
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 15 * MS);
    assert_int_equal(script.requests, 1);
    struct stun_message m = {.class = STUN_SUCCESS, .method = STUN_BINDING, .has = STUN_HAS_XOR_MAPPED | STUN_HAS_FINGERPRINT};
    struct path path = script_path(&sim, ADDRESS_IPV4);
    memcpy(m.transaction, script.last.transaction, sizeof m.transaction);
    m.mapped = path.remote;
    script_send(&sim.b, &path, &m, "not the peer's password");
    struct path elsewhere = path;
    elsewhere.local.port = 6001;
    script_send(&sim.b, &elsewhere, &m, script_password);
    ice_sim_run(&sim, sim.now + 15 * MS);
    assert_int_equal(ice_agent_counters(sim.a.agent)->unauthenticated, 1);
    assert_int_equal(ice_agent_counters(sim.a.agent)->ignored, 1);
    assert_int_equal(sim.a.validated, 0);
    script_send(&sim.b, &path, &m, script_password);
    ice_sim_run(&sim, sim.now + 15 * MS);
    assert_int_equal(sim.a.validated, 1);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

/* Every length from 0 to 64 of STUN shape, then noise. */
static void garbage(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 11, true);
    struct path from = {.socket = 102, .remote = address_ipv4(192, 0, 2, 2, 6000)};
    uint8_t bytes[64] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    for (size_t len = 0; len <= sizeof bytes; len++)
        for (unsigned claim = 0; claim < 4; claim++) {
            bytes[2] = claim == 3 ? 0xff : 0;
            bytes[3] = (uint8_t)(claim == 3 ? 0xff : claim == 2 ? len : claim == 1 && len >= 20 ? len - 20 : 0);
            ice_agent_input(sim.a.agent, sim.now, &from, slice_of(bytes, len), &sim.a.out);
        }
    for (unsigned i = 0; i < 2000; i++) {
        context_random(script_context, bytes, sizeof bytes);
        bytes[0] &= 3;
        ice_agent_input(sim.a.agent, sim.now, &from, slice_of(bytes, i % sizeof bytes), &sim.a.out);
    }
    assert_true(ice_agent_counters(sim.a.agent)->malformed >= 2000);
    assert_int_equal(sim.a.out.tx.count, 0);
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 200 * MS);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

/* 5,000 signalled candidates: bounded lists and traffic, and the one true path is found although it was signalled among them. */
static void candidate_flood(void **state)
{
    (void)state;
    struct ice_sim sim;
    unsigned refused = 0;
    script_begin(&sim, 12, true);
    for (unsigned i = 0; i < 5000; i++) {
        struct ice_candidate c = {.component = 1, .type = ICE_HOST, .priority = 2122260223 + i, .foundation = "1"};
        c.address = address_ipv4(10, 9, (uint8_t)(i >> 8), (uint8_t)i, 4000);
        int error = ice_agent_add_remote_candidate(sim.a.agent, sim.now, &c, &sim.a.out);
        assert_true(error == RTC_OK || error == RTC_ERR_QUOTA_EXCEEDED);
        refused += error != RTC_OK;
    }
    assert_int_equal(refused, 5000 - 64);
    assert_true(ice_agent_counters(sim.a.agent)->over_limit >= refused);
    uint64_t sent = sim_network_counters(sim.net)->sent;
    ice_sim_run(&sim, sim.now + 30 * SECOND);
    assert_in_range(sim_network_counters(sim.net)->sent - sent, 64, 64 * 7);
    /* The peer itself still gets through. */
    struct path path = script_path(&sim, ADDRESS_IPV4);
    script_ask(&sim.b, &path, 0);
    ice_sim_run(&sim, sim.now + 100 * MS);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
}

/* Authenticated requests from thousands of sources: answered, but not remembered without bound. */
static void source_flood(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct stun_message m;
    char username[64];
    uint8_t bytes[512];
    script_begin(&sim, 13, true);
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_true(ice_sim_connected(&sim.a));
    script_request(&sim.b, &m, username);
    size_t len = stun_write(&m, slice_str(ice_agent_credentials(sim.a.agent)->password), bytes, sizeof bytes);
    struct path path = {.socket = ice_agent_selected(sim.a.agent)->socket, .remote = address_ipv4(10, 0, 0, 1, 1)};
    unsigned receivable = 0;
    for (unsigned i = 0; i < 5000; i++) {
        path.remote.port = (uint16_t)(20000 + i);
        ice_agent_input(sim.a.agent, sim.now, &path, slice_of(bytes, len), &sim.a.out);
        receivable += ice_agent_heard(sim.a.agent, &path) >= 0;
    }
    assert_in_range(receivable, 1, 64);
    assert_true(ice_agent_counters(sim.a.agent)->over_limit >= 5000 - 64);
    ice_sim_run(&sim, sim.now + 20 * SECOND);
    assert_true(ice_sim_connected(&sim.a));
    assert_int_equal(ice_agent_selected(sim.a.agent)->remote.port, 6000);
    ice_sim_fini(&sim);
}

/* A peer may call what it signals peer-reflexive, and signal it again in its next description. It stays, whoever asks from where: only what
 * requests reveal makes room for others, and connections are made to it. */
static void signalled_as_reflexive(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct stun_message m;
    char username[64];
    uint8_t bytes[512];
    script_begin(&sim, 23, true);
    for (int i = 0; i < 2; i++) {
        script_candidate(&sim, "candidate:5 1 udp 1862270975 192.0.2.2 7000 typ prflx");
        script_candidate(&sim, "candidate:6 1 tcp 1847590655 192.0.2.2 7001 typ prflx tcptype passive");
        script_candidate(&sim, "candidate:7 1 tcp 1847590654 192.0.2.2 7002 typ prflx tcptype passive");
    }
    const struct ice_remotes *remotes = &sim.a.agent->remotes;
    assert_int_equal(remotes->count, 3);
    assert_int_equal(remotes->reflexive_count, 0);
    script_request(&sim.b, &m, username);
    size_t len = stun_write(&m, slice_str(ice_agent_credentials(sim.a.agent)->password), bytes, sizeof bytes);
    struct path path = script_path(&sim, ADDRESS_IPV4);
    path = (struct path){.socket = sim.a.agent->bases.list[0]->socket, .local = path.remote, .remote = address_ipv4(10, 0, 0, 1, 1)};
    for (unsigned i = 0; i < 100; i++) {
        path.remote.port = (uint16_t)(20000 + i);
        ice_agent_input(sim.a.agent, sim.now, &path, slice_of(bytes, len), &sim.a.out);
    }
    ice_sim_drain(&sim.a);
    assert_int_equal(remotes->reflexive_count, 33);
    const struct address over_udp = address_ipv4(192, 0, 2, 2, 7000), over_tcp = address_ipv4(192, 0, 2, 2, 7001);
    assert_non_null(ice_remotes_find(remotes, &over_udp, PATH_UDP));
    assert_non_null(ice_remotes_find(remotes, &over_tcp, PATH_TCP));
    ice_sim_run(&sim, sim.now + 20 * SECOND);
    ice_sim_fini(&sim);
}

/* Pairs of one foundation wait for the first of them (RFC 8445 section 6.1.2.6), but not for long when it stays without answer. */
static void foundations(void **state)
{
    (void)state;
    for (unsigned answers = 0; answers < 2; answers++) {
        struct ice_sim sim;
        script_begin(&sim, 16, true);
        script.answers = answers;
        sim_host_open(sim.b.host, 3, "192.0.2.2", 6001);
        sim_host_open(sim.b.host, 4, "192.0.2.2", 6002);
        script_candidate(&sim, "candidate:1 1 udp 2122260223 192.0.2.2 6000 typ host");
        script_candidate(&sim, "candidate:1 1 udp 2122260222 192.0.2.2 6001 typ host");
        script_candidate(&sim, "candidate:1 1 udp 2122260221 192.0.2.2 6002 typ host");
        ice_sim_run(&sim, sim.now + 15 * MS);
        assert_int_equal(script.requests, 1);
        ice_sim_run(&sim, sim.now + 20 * MS);
        /* answered after 20 ms: the two others leave at once, and the nomination with them */
        assert_int_equal(script.requests, answers ? 4 : 1);
        ice_sim_run(&sim, sim.now + 100 * MS);
        assert_true(script.requests >= 4);
        ice_sim_fini(&sim);
    }
}

/* Checks to host candidates are not held back for each other: five at once, then one every 5 ms. */
static void burst(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 18, true);
    script.answers = false;
    for (unsigned i = 0; i < 10; i++) {
        struct ice_candidate c = {.component = 1, .type = ICE_HOST, .priority = 2122260223 - i};
        (void)snprintf(c.foundation, sizeof c.foundation, "%u", i);
        c.address = address_ipv4(192, 0, 2, 2, (uint16_t)(7000 + i));
        sim_host_open(sim.b.host, 10 + i, "192.0.2.2", c.address.port);
        ice_sim_candidate(&sim.a, &c);
    }
    ice_sim_run(&sim, sim.now + 10 * MS);
    assert_int_equal(script.requests, 5);
    ice_sim_run(&sim, sim.now + 10 * MS);
    assert_int_equal(script.requests, 7);
    ice_sim_run(&sim, sim.now + 16 * MS);
    assert_int_equal(script.requests, 10);
    ice_sim_fini(&sim);
}

/* A full check list, all of it under way: the path that the peer itself uses takes a place. */
static void full_check_list(void **state)
{
    (void)state;
    const rtc_limits limits = {.size = sizeof limits, .candidate_pairs = 8};
    const rtc_context_options options = {.size = sizeof options, .limits = &limits};
    rtc_context *usual = script_context;
    struct ice_sim sim;
    assert_int_equal(rtc_context_new(&options, &script_context), RTC_OK);
    script_begin(&sim, 19, true);
    for (unsigned i = 0; i < 20; i++) {
        struct ice_candidate c = {.component = 1, .type = ICE_HOST, .priority = 2122260223 + i};
        (void)snprintf(c.foundation, sizeof c.foundation, "%u", i);
        c.address = address_ipv4(192, 0, 2, 99, (uint16_t)(7000 + i));
        ice_sim_candidate(&sim.a, &c);
    }
    ice_sim_run(&sim, sim.now + 500 * MS);
    struct path path = script_path(&sim, ADDRESS_IPV4);
    script_ask(&sim.b, &path, 0);
    ice_sim_run(&sim, sim.now + 50 * MS);
    assert_true(ice_sim_connected(&sim.a));
    ice_sim_fini(&sim);
    rtc_context_unref(script_context);
    script_context = usual;
}

/* A NAT before the peer opens only when the peer sends: our check, by then slow in repeating, goes out again at once. The retransmitted
 * exchange does not spoil the round trip that is told. */
static void opened_by_the_peer(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 20, true);
    script.answers = false;
    script_candidate(&sim, script_four);
    ice_sim_run(&sim, sim.now + 2 * SECOND);
    assert_true(script.repeated > 3);
    script.answers = true;
    struct path path = script_path(&sim, ADDRESS_IPV4);
    script_ask(&sim.b, &path, 0);
    ice_sim_run(&sim, sim.now + 31 * MS);
    assert_true(ice_sim_connected(&sim.a));
    assert_true(ice_agent_rtt_us(sim.a.agent) > SECOND);
    ice_sim_run(&sim, sim.now + 500 * MS); /* nomination */
    assert_int_equal(ice_agent_rtt_us(sim.a.agent), 20 * MS);
    ice_sim_fini(&sim);
}

/* A pair that is not the best imaginable is used at once but nominated only after a moment; the better one that comes meanwhile gets it. */
static void settles(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 21, true);
    script_candidate(&sim, "candidate:3 1 udp 1677729535 192.0.2.2 6000 typ srflx raddr 10.0.0.1 rport 6000");
    ice_sim_run(&sim, sim.now + 50 * MS);
    assert_true(ice_sim_connected(&sim.a));
    assert_int_equal(script.nominations, 0);
    script_candidate(&sim, script_six);
    ice_sim_run(&sim, sim.now + 500 * MS);
    assert_int_equal(script.nominations, 1);
    assert_int_equal(script.nominated_socket, 2);
    assert_int_equal(ice_agent_selected(sim.a.agent)->remote.family, ADDRESS_IPV6);
    ice_sim_fini(&sim);
}

/* After a change away from a dead pair we stay, although the dead one comes back to life. */
static void stays_after_switch(void **state)
{
    (void)state;
    struct ice_sim sim;
    script_begin(&sim, 22, true);
    script_candidate(&sim, script_four);
    script_candidate(&sim, script_six);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(script.nominated_socket, 2);
    script.silent_socket = 2;
    ice_sim_run(&sim, sim.now + 6 * SECOND);
    assert_int_equal(script.nominated_socket, 1);
    assert_int_equal(ice_agent_selected(sim.a.agent)->remote.family, ADDRESS_IPV4);
    script.silent_socket = 0;
    struct path path = script_path(&sim, ADDRESS_IPV6);
    for (unsigned i = 0; i < 10; i++) {
        script_ask(&sim.b, &path, 0);
        ice_sim_run(&sim, sim.now + SECOND);
    }
    assert_int_equal(ice_agent_selected(sim.a.agent)->remote.family, ADDRESS_IPV4);
    assert_int_equal(sim.a.state_at[ICE_DISCONNECTED], -1);
    ice_sim_fini(&sim);
}

static void unusable_candidates(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "candidate:1 1 udp 2122260223 abc.local 5000 typ host", "candidate:1 1 tcp 1518280447 192.0.2.2 9 typ host tcptype active",
        "candidate:1 1 udp 2122260223 192.0.2.2 0 typ host",    "candidate:1 2 udp 2122260222 192.0.2.2 6001 typ host",
        "candidate:1 1 udp 2122260223 0.0.0.0 6000 typ host",   "candidate:1 1 udp 2122260223 224.0.0.1 6000 typ host",
        "candidate:1 1 udp 2122260223 fe80::1 6000 typ host",   "candidate:1 1 udp 2122260223 192.0.2.2 6000 typ host ufrag older",
    };
    struct ice_sim sim;
    script_begin(&sim, 14, true);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        script_candidate(&sim, lines[i]);
    assert_int_equal(ice_agent_counters(sim.a.agent)->ignored, 5);
    assert_int_equal(ice_agent_counters(sim.a.agent)->left_out, 3);
    ice_sim_run(&sim, sim.now + SECOND);
    assert_int_equal(script.requests, 0);
    ice_sim_fini(&sim);
}

static void credentials(void **state)
{
    (void)state;
    struct ice_sim sim;
    struct ice_agent *agent;
    struct out *out = &sim.a.out;
    char longest[257];
    script_begin(&sim, 15, true);
    agent = sim.a.agent;
    assert_int_equal(ice_agent_set_remote_credentials(agent, sim.now, slice_str(script_ufrag), slice_str(script_password), out), RTC_OK);
    assert_int_equal(ice_agent_set_remote_credentials(agent, sim.now, slice_str("other"), slice_str(script_password), out),
                     RTC_ERR_INVALID_STATE);
    assert_int_equal(ice_agent_set_remote_credentials(agent, sim.now, slice_str("abc"), slice_str(script_password), out), RTC_ERR_SYNTAX);
    assert_int_equal(ice_agent_set_remote_credentials(agent, sim.now, slice_str("ab:c"), slice_str(script_password), out), RTC_ERR_SYNTAX);
    assert_int_equal(ice_agent_set_remote_credentials(agent, sim.now, slice_str(script_ufrag), slice_str("short"), out), RTC_ERR_SYNTAX);
    assert_int_equal(strlen(ice_agent_local_ufrag(agent)), 8);
    assert_true(strlen(ice_agent_credentials(agent)->password) >= 24);
    ice_agent_free(agent);
    /* The longest that the grammar has. */
    const struct ice_options options = {.next_request_id = &sim.a.next_id};
    memset(longest, 'x', sizeof longest);
    assert_int_equal(ice_agent_new(script_context, &options, &sim.a.agent), RTC_OK);
    assert_int_equal(ice_agent_set_remote_credentials(sim.a.agent, sim.now, slice_of(longest, 257), slice_of(longest, 256), out),
                     RTC_ERR_SYNTAX);
    assert_int_equal(ice_agent_set_remote_credentials(sim.a.agent, sim.now, slice_of(longest, 256), slice_of(longest, 256), out), RTC_OK);
    ice_sim_fini(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aggressive),
        cmocka_unit_test(early_nomination),
        cmocka_unit_test(lite),
        cmocka_unit_test(consent_expires),
        cmocka_unit_test(refused_at_first),
        cmocka_unit_test(role_storm),
        cmocka_unit_test(smaller_tie_breaker_yields),
        cmocka_unit_test(unknown_attribute),
        cmocka_unit_test(forged),
        cmocka_unit_test(forged_response),
        cmocka_unit_test(garbage),
        cmocka_unit_test(candidate_flood),
        cmocka_unit_test(source_flood),
        cmocka_unit_test(signalled_as_reflexive),
        cmocka_unit_test(foundations),
        cmocka_unit_test(role_refused),
        cmocka_unit_test(burst),
        cmocka_unit_test(full_check_list),
        cmocka_unit_test(opened_by_the_peer),
        cmocka_unit_test(settles),
        cmocka_unit_test(stays_after_switch),
        cmocka_unit_test(unusable_candidates),
        cmocka_unit_test(credentials),
    };
    return cmocka_run_group_tests_name("ice hostile", tests, script_setup, script_teardown);
}
