/* SPDX-License-Identifier: MIT */
/* ICE restarts that are offered and come to nothing: the generation that goes on is the one whose candidates are told again. */
#include "negotiation.h"
#include "restart_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ufrag_of(const char *sdp, char out[64])
{
    const char *at = strstr(sdp, "a=ice-ufrag:");
    assert_non_null(at);
    (void)snprintf(out, 64, "%.*s", (int)strcspn(at + 12, "\r"), at + 12);
}

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

/* The description that is shown goes back with everything else. */
static void undone(void **state)
{
    struct restart_scene s;
    (void)state;
    begin(&s, 263);
    rtc_peer_connection *a = restart_pc(&s, 0);
    char *before = strdup(peer_description(&s.p, 0));
    offer_one(&s);
    assert_string_not_equal(peer_description(&s.p, 0), before);
    assert_int_equal(negotiation_undo(a), RTC_OK);
    assert_string_equal(peer_description(&s.p, 0), before);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_peer_connection_ice_gathering_state(a), RTC_ICE_GATHERING_COMPLETE);
    free(before);
    restart_end(&s);
}

/* The answer rejects every section: the transport goes with whatever generation it had, and the states are as new as without any (webrtc-pc
 * 4.3.2 to 4.3.4). The next offer has credentials that nobody was ever told. */
static void nothing_left(void **state)
{
    struct restart_scene s;
    char offered[64], before[64], next[64], port[64];
    const char *sdp;
    (void)state;
    begin(&s, 262);
    rtc_peer_connection *a = restart_pc(&s, 0);
    s.talking = false;
    char *alone = text_without_lines(peer_description(&s.p, 1), "a=group:BUNDLE");
    const char *line = strstr(alone, "m=application ");
    (void)snprintf(port, sizeof port, "m=application %.*s ", (int)strcspn(line + 14, " "), line + 14);
    char *rejected = text_replace(alone, port, "m=application 0 ");
    ufrag_of(peer_description(&s.p, 0), before);
    offer_one(&s);
    ufrag_of(peer_description(&s.p, 0), offered);
    if (rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, rejected))
        fail_msg("%s", rtc_peer_connection_last_error(a));
    assert_int_equal(rtc_peer_connection_signaling_state(a), RTC_SIGNALING_STABLE);
    assert_null(restart_transport(&s, 0)->ice.pending);
    peer_run(&s.p, SECOND);
    assert_int_equal(restart_agents(&s, 0), 1);
    assert_int_equal(rtc_peer_connection_ice_gathering_state(a), RTC_ICE_GATHERING_NEW);
    assert_int_equal(rtc_peer_connection_ice_connection_state(a), RTC_ICE_CONNECTION_NEW);
    assert_int_equal(rtc_peer_connection_connection_state(a), RTC_PEER_CONNECTION_NEW);
    assert_int_equal(a->transports.leaving, 0);
    assert_int_equal(rtc_peer_connection_add_transceiver(a, RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_offer(a, &sdp), RTC_OK);
    ufrag_of(sdp, next);
    assert_string_not_equal(next, offered);
    assert_string_not_equal(next, before);
    free(alone);
    free(rejected);
    rtc_data_channel_unref(s.channel);
    sim_peers_fini(&s.p);
    peer_pumps_fini(&s.pumps);
}

/* The polite side of a glare: while it is told the candidates of its offer, the peer's takes its place. */
struct polite {
    char undone[64];
    const char *offer; /* the peer's */
    unsigned told;     /* of the undone offer */
};

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    struct polite *p = user;
    if (!candidate || strcmp(candidate->username_fragment, p->undone) != 0)
        return;
    if (p->told++ == 0)
        assert_int_equal(rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, p->offer), RTC_OK);
}

static void candidates_of_an_undone_offer(void **state)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    struct restart_scene s;
    struct polite polite = {.told = 0};
    (void)state;
    restart_prepare(&s, 411, &link, false);
    s.p.manual = true;
    peer_exchange(&s.p, 0);
    restart_start_talking(&s, SECOND);
    rtc_peer_connection *a = restart_pc(&s, 0), *b = restart_pc(&s, 1);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_OFFER, NULL), RTC_OK);
    char *offer = strdup(peer_description(&s.p, 1));
    polite.offer = offer;
    s.p.peer[0].extra = (rtc_peer_connection_callbacks){.size = sizeof s.p.peer[0].extra, .on_ice_candidate = on_candidate};
    s.p.peer[0].extra_user = &polite;
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    ufrag_of(peer_description(&s.p, 0), polite.undone);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(polite.told, 1); /* there are three */
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_ANSWER, peer_description(&s.p, 0)), RTC_OK);
    free(offer);
    restart_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declined_while_it_gathers),
        cmocka_unit_test(declined_and_then_another_network),
        cmocka_unit_test(undone),
        cmocka_unit_test(nothing_left),
        cmocka_unit_test(candidates_of_an_undone_offer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
