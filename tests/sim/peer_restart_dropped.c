/* SPDX-License-Identifier: MIT */
/* ICE restarts that are offered and come to nothing: the generation that goes on is the one whose candidates are told again. */
#include "restart_scene.h"

#include <stdlib.h>
#include <string.h>

/* Peer 0 asks a server that is not there, so that a new generation gathers for many seconds. */
static void begin(struct restart_scene *s, uint64_t seed)
{
    static const char *const urls[] = {"stun:192.0.2.99"};
    static const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1};
    static const rtc_ice_server *const servers[] = {&server};
    const struct sim_link link = {.delay_us = 5 * MS};
    restart_prepare(s, seed, &link, false);
    s->p.manual = true;
    peer_exchange(&s->p, 0);
    restart_start_talking(s, SECOND);
    const rtc_configuration c = {.size = sizeof c, .ice_servers = servers, .ice_server_count = 1};
    assert_int_equal(rtc_peer_connection_set_configuration(restart_pc(s, 0), &c), RTC_OK);
}

static void offer_one(struct restart_scene *s)
{
    s->log[0].text[0] = 0;
    assert_int_equal(rtc_peer_connection_set_local_description(restart_pc(s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, 20 * MS);
    assert_int_equal(restart_agents(s, 0), 2);
    assert_int_equal(rtc_peer_connection_ice_gathering_state(restart_pc(s, 0)), RTC_ICE_GATHERING_GATHERING);
}

static void declined_while_it_gathers(void **state)
{
    struct restart_scene s;
    (void)state;
    begin(&s, 260);
    rtc_peer_connection *a = restart_pc(&s, 0);
    char *old = strdup(peer_description(&s.p, 1));
    offer_one(&s);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, old), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_int_equal(restart_agents(&s, 0), 1);
    assert_int_equal(rtc_peer_connection_ice_gathering_state(a), RTC_ICE_GATHERING_COMPLETE);
    assert_int_equal(peer_log_count(&s.log[0], "gathering:complete"), 1);
    peer_run(&s.p, 20 * SECOND); /* and nothing more comes of it */
    assert_int_equal(peer_log_count(&s.log[0], "gathering:complete"), 1);
    free(old);
    restart_end(&s);
}

static void declined_and_then_another_network(void **state)
{
    struct restart_scene s;
    (void)state;
    begin(&s, 261);
    rtc_peer_connection *a = restart_pc(&s, 0);
    char *old = strdup(peer_description(&s.p, 1));
    offer_one(&s);
    peer_run(&s.p, 20 * SECOND); /* it has gathered */
    assert_int_equal(rtc_peer_connection_ice_gathering_state(a), RTC_ICE_GATHERING_COMPLETE);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, old), RTC_OK);
    peer_run(&s.p, SECOND);
    s.log[0].text[0] = 0;
    sim_host_add_interface(s.p.peer[0].host, "192.0.2.77", "eth0", RTC_NETWORK_ETHERNET);
    sim_host_tell_interfaces(s.p.peer[0].host, s.p.now);
    peer_run(&s.p, 20 * SECOND);
    assert_in_range(peer_log_count(&s.log[0], "candidate"), 1, 10);
    assert_int_equal(rtc_peer_connection_ice_gathering_state(a), RTC_ICE_GATHERING_COMPLETE);
    free(old);
    restart_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declined_while_it_gathers),
        cmocka_unit_test(declined_and_then_another_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
