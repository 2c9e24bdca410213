/* SPDX-License-Identifier: MIT */
/* The pool of candidates (webrtc-pc 4.2.1, iceCandidatePoolSize; RFC 9429 section 3.5.4): gathered before there is a description, told with
 * it, and thrown away when the configuration changes. */
#include "peer_scene.h"

#include "ice_internal.h"
#include "peer_transport.h"
#include "transport_internal.h"

#include "../unit/counting_allocator.h"

#include <string.h>

/* Candidates are there before the description is, and are told when it is set. */
static void pool(void **state)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    rtc_configuration c = {.size = sizeof c, .ice_candidate_pool_size = 1};
    (void)state;
    for (int how = 0; how < 2; how++) {
        struct sim_peers p;
        struct peer_log log[2];
        assert_true(sim_peers_init(&p, 250, &link, NULL, how == 0 ? &c : NULL));
        p.manual = true;
        for (int i = 0; i < 2; i++)
            peer_log_attach(&p.peer[i], &log[i]);
        if (how == 1)
            for (int i = 0; i < 2; i++)
                assert_int_equal(rtc_peer_connection_set_configuration(p.peer[i].pc, &c), RTC_OK);
        peer_run(&p, SECOND);
        rtc_data_channel *channel;
        assert_int_equal(rtc_peer_connection_create_data_channel(p.peer[0].pc, "chat", 4, NULL, &channel), RTC_OK);
        peer_run(&p, MS);
        assert_string_equal(log[0].text, "needed");
        assert_int_equal(rtc_peer_connection_ice_gathering_state(p.peer[0].pc), RTC_ICE_GATHERING_NEW);
        log[0].text[0] = 0;
        assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
        (void)rtc_peer_connection_dispatch(p.peer[0].pc); /* no time passes */
        assert_string_equal(log[0].text,
                            "signaling:have-local-offer gathering:gathering candidate candidate candidate end gathering:complete null");
        assert_int_equal(text_count(peer_description(&p, 0), "a=candidate:"), 3); /* UDP, and two for TCP */
        assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[1].pc, RTC_SDP_OFFER, peer_description(&p, 0)), RTC_OK);
        assert_int_equal(rtc_peer_connection_set_local_description(p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
        (void)rtc_peer_connection_dispatch(p.peer[1].pc);
        assert_int_equal(text_count(peer_description(&p, 1), "a=candidate:"), 3);
        assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[0].pc, RTC_SDP_ANSWER, peer_description(&p, 1)), RTC_OK);
        peer_connect(&p, SECOND);
        c.ice_candidate_pool_size = 2;
        assert_int_equal(rtc_peer_connection_set_configuration(p.peer[0].pc, &c), RTC_ERR_INVALID_MODIFICATION);
        c.ice_candidate_pool_size = 1;
        assert_int_equal(rtc_peer_connection_set_configuration(p.peer[0].pc, &c), RTC_OK);
        rtc_data_channel_unref(channel);
        sim_peers_fini(&p);
    }
}

/* Other servers, or no pool any more: what was gathered is thrown away, with its sockets. */
static void pool_changes(void **state)
{
    static const char *const urls[] = {"stun:stun.example"};
    static const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1};
    static const rtc_ice_server *const servers[] = {&server};
    const struct sim_link link = {.delay_us = 5 * MS};
    rtc_configuration c = {.size = sizeof c, .ice_candidate_pool_size = 3};
    struct sim_peers p;
    struct peer_log log;
    (void)state;
    assert_true(sim_peers_init(&p, 251, &link, NULL, &c));
    peer_log_attach(&p.peer[0], &log);
    p.manual = true;
    peer_run(&p, SECOND);
    struct transport *t = peer_first_transport(p.peer[0].pc);
    uint32_t generation = ice_agent_generation(t->ice.current.agent);
    assert_int_equal(ice_agent_gathering_state(t->ice.current.agent), ICE_GATHERING_COMPLETE);
    c.ice_servers = servers;
    c.ice_server_count = 1;
    assert_int_equal(rtc_peer_connection_set_configuration(p.peer[0].pc, &c), RTC_OK);
    assert_int_not_equal(ice_agent_generation(t->ice.current.agent), generation);
    peer_run(&p, 20 * SECOND); /* the name is not known */
    assert_int_equal(ice_agent_gathering_state(t->ice.current.agent), ICE_GATHERING_COMPLETE);
    assert_true(t->pool.error_count > 0);
    c = (rtc_configuration){.size = sizeof c};
    assert_int_equal(rtc_peer_connection_set_configuration(p.peer[0].pc, &c), RTC_OK);
    assert_int_equal(ice_agent_gathering_state(t->ice.current.agent), ICE_GATHERING_NEW);
    assert_int_equal(t->pool.error_count, 0);
    peer_run(&p, SECOND);
    assert_string_equal(log.text, "");
    sim_peers_fini(&p);
}

/* True when memory ran out. */
static bool pool_without_memory_at(long long n, bool relay_only)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    struct counting_allocator counter = {0};
    const rtc_allocator allocator = counting_allocator_of(&counter);
    rtc_configuration c = {.size = sizeof c, .ice_candidate_pool_size = 3};
    rtc_data_channel *channel;
    struct sim_peers p;
    struct peer_log log;
    assert_true(sim_peers_init(&p, 254, &link, &allocator, &c));
    rtc_peer_connection *pc = p.peer[0].pc;
    peer_log_attach(&p.peer[0], &log);
    p.manual = true;
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "chat", 4, NULL, &channel), RTC_OK);
    rtc_data_channel_unref(channel);
    peer_run(&p, SECOND);
    c.ice_candidate_pool_size = 1;
    c.ice_transport_policy = relay_only ? RTC_ICE_TRANSPORT_RELAY : RTC_ICE_TRANSPORT_ALL;
    counter.fail_at = counter.calls + n;
    int error = rtc_peer_connection_set_configuration(pc, &c);
    bool failed = counter.failed > 0;
    counter.fail_at = 0;
    assert_true(!error || (failed && error == RTC_ERR_NO_MEMORY));
    peer_run(&p, SECOND);
    assert_null(strstr(log.text, "candidate"));
    if (!peer_gave_up(pc)) {
        assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
        peer_run(&p, SECOND);
        bool relays = rtc_peer_connection_get_configuration(pc)->ice_transport_policy == RTC_ICE_TRANSPORT_RELAY; /* refused, it is not */
        assert_int_equal(peer_log_count(&log, "candidate") > 0, !relays);
        assert_int_equal(peer_log_count(&log, "end"), 1);
    }
    sim_peers_fini(&p);
    assert_int_equal(counter.live, 0);
    return failed;
}

/* A pool that can not be replaced for want of memory is told when it is to be, and not before; not at all when the policy forbids it. */
static void pool_without_memory(void **state)
{
    (void)state;
    for (int relay_only = 0; relay_only < 2; relay_only++)
        for (long long n = 1; pool_without_memory_at(n, relay_only); n++)
            ;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool),
        cmocka_unit_test(pool_changes),
        cmocka_unit_test(pool_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
