/* SPDX-License-Identifier: MIT */
/* ICE restarts in offers and answers: who may ask for one and when, what the descriptions and candidates say, what is refused. */
#include "restart.h"
#include "restart_scene.h"

#include "ice_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What the descriptions say ---- */

static void read_ufrag(const char *sdp, char out[64])
{
    const char *at = strstr(sdp, "a=ice-ufrag:");
    assert_non_null(at);
    (void)snprintf(out, 64, "%.*s", (int)strcspn(at + 12, "\r"), at + 12);
}

static void scene_of_hand(struct restart_scene *s, uint64_t seed)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    restart_prepare(s, seed, &link, false);
    s->p.manual = true;
    peer_exchange(&s->p, 0);
    restart_start_talking(s, SECOND);
}

/* webrtc-pc 4.4.2 restartIce: the wish stays until a negotiation fulfils it, whoever offers. */
static void wishes(void **state)
{
    struct restart_scene s;
    char first[64], second[64], third[64];
    const char *sdp;
    (void)state;
    scene_of_hand(&s, 200);
    rtc_peer_connection *a = restart_pc(&s, 0), *b = restart_pc(&s, 1);
    read_ufrag(peer_description(&s.p, 0), first);
    assert_int_equal(rtc_peer_connection_create_offer(a, &sdp), RTC_OK);
    read_ufrag(sdp, second);
    assert_string_equal(first, second);
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, "needed"); /* once */
    assert_int_equal(rtc_peer_connection_create_offer(a, &sdp), RTC_OK);
    read_ufrag(sdp, second);
    assert_string_not_equal(first, second);
    assert_int_equal(rtc_peer_connection_create_offer(a, &sdp), RTC_OK);
    read_ufrag(sdp, third);
    assert_string_equal(second, third); /* nothing came of the first one */
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, sdp), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_offer(a, &sdp), RTC_OK);
    read_ufrag(sdp, third);
    assert_string_equal(second, third);
    /* Asked for again while that one is pending: it is to be replaced, too. */
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 10 * MS);
    s.log[0].text[0] = 0;
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    /* An offer of the other side that restarts fulfils the wish. */
    assert_int_equal(rtc_peer_connection_restart_ice(b), RTC_OK);
    peer_exchange(&s.p, 1);
    restart_expect_settled(&s, SECOND);
    read_ufrag(peer_description(&s.p, 0), third);
    assert_string_not_equal(second, third);
    assert_false(restart_is_wished(a) || restart_is_wished(b));
    s.log[0].text[0] = 0;
    peer_run(&s.p, SECOND);
    assert_null(strstr(s.log[0].text, "needed"));
    restart_end(&s);
}

/* One that does not restart does not fulfil it. */
static void unfulfilled_wish(void **state)
{
    struct restart_scene s;
    (void)state;
    scene_of_hand(&s, 201);
    rtc_peer_connection *a = restart_pc(&s, 0), *b = restart_pc(&s, 1);
    char before[64], after[64];
    read_ufrag(peer_description(&s.p, 0), before);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_OFFER, peer_description(&s.p, 1)), RTC_OK);
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK); /* in have-remote-offer */
    peer_run(&s.p, MS);
    assert_null(strstr(s.log[0].text, "needed"));
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    read_ufrag(peer_description(&s.p, 0), after);
    assert_string_equal(before, after);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_ANSWER, peer_description(&s.p, 0)), RTC_OK);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    peer_exchange(&s.p, 0);
    restart_expect_settled(&s, SECOND);
    read_ufrag(peer_description(&s.p, 0), after);
    assert_string_not_equal(before, after);
    restart_end(&s);
}

static void nothing_to_restart(void **state)
{
    struct sim_peers p;
    (void)state;
    peer_scene(&p, 202, true);
    struct peer_log log;
    peer_log_attach(&p.peer[0], &log);
    assert_int_equal(rtc_peer_connection_restart_ice(NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_restart_ice(p.peer[0].pc), RTC_OK);
    peer_run(&p, MS);
    assert_string_equal(log.text, "");
    rtc_peer_connection_close(p.peer[0].pc);
    assert_int_equal(rtc_peer_connection_restart_ice(p.peer[0].pc), RTC_OK); /* it does nothing */
    sim_peers_fini(&p);
}

static int set_changed(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp, const char *what, const char *with)
{
    char *changed = text_replace(sdp, what, with);
    int error = rtc_peer_connection_set_remote_description(pc, type, changed);
    free(changed);
    return error;
}

/* A peer that can not restart answers with what it had (GStreamer does): then there is none, and nothing is disturbed. What we offer next
 * can not go back to credentials that the peer was told are over. */
static void declined(void **state)
{
    struct restart_scene s;
    char ufrags[4][64];
    (void)state;
    scene_of_hand(&s, 220);
    rtc_peer_connection *a = restart_pc(&s, 0), *b = restart_pc(&s, 1);
    char *old = strdup(peer_description(&s.p, 1)), *in_use = strdup(restart_ufrag(&s, 0));
    for (int i = 0; i < 3; i++) {
        s.log[0].text[0] = 0;
        if (i != 1)
            assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
        assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
        read_ufrag(peer_description(&s.p, 0), ufrags[i]);
        assert_string_not_equal(ufrags[i], in_use);
        assert_true(i == 0 || strcmp(ufrags[i], ufrags[i - 1]) != 0);
        peer_run(&s.p, 20 * MS);
        assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, old), RTC_OK);
        assert_int_equal(a->negotiation.signaling, RTC_SIGNALING_STABLE);
        assert_non_null(strstr(rtc_peer_connection_explain(a), "answered an ICE restart with its old credentials"));
        peer_run(&s.p, SECOND);
        assert_int_equal(restart_agents(&s, 0), 1);
        assert_string_equal(restart_ufrag(&s, 0), in_use);
        assert_int_equal(a->states.ice, RTC_ICE_CONNECTION_COMPLETED);
        assert_false(restart_is_wished(a));
        assert_null(strstr(s.log[0].text, "needed")); /* nor asks for itself again */
    }
    peer_run(&s.p, 20 * SECOND);
    peer_exchange(&s.p, 0); /* one that can, in the end */
    read_ufrag(peer_description(&s.p, 0), ufrags[3]);
    assert_string_not_equal(ufrags[3], in_use);
    restart_expect_settled(&s, SECOND);
    assert_string_equal(restart_ufrag(&s, 0), ufrags[3]);
    assert_null(strstr(rtc_peer_connection_explain(a), "old credentials"));
    assert_int_equal(b->negotiation.signaling, RTC_SIGNALING_STABLE);
    peer_exchange(&s.p, 0); /* and this one restarts nothing */
    assert_string_equal(restart_ufrag(&s, 0), ufrags[3]);
    assert_in_range(s.longest_silence[0], 1, 25 * MS);
    free(in_use);
    free(old);
    restart_end(&s);
}

/* RFC 8445 section 6.1.1: whoever offers restarts, and however often, roles stay; a peer that trusts in that is never asked to repair them.
 */
static void roles_stay(void **state)
{
    struct restart_scene s;
    (void)state;
    scene_of_hand(&s, 221);
    for (int i = 0; i < 6; i++) {
        int offers = i < 4 ? 1 : 0; /* the controlled side first, several times in a row */
        rtc_peer_connection *from = restart_pc(&s, offers), *to = restart_pc(&s, 1 - offers);
        assert_int_equal(rtc_peer_connection_restart_ice(from), RTC_OK);
        assert_int_equal(rtc_peer_connection_set_local_description(from, RTC_SDP_NONE, NULL), RTC_OK);
        assert_int_equal(ice_agent_controlling(peer_first_transport(from)->ice.pending), offers == 0);
        peer_run(&s.p, 10 * MS);
        assert_int_equal(rtc_peer_connection_set_remote_description(to, RTC_SDP_OFFER, peer_description(&s.p, offers)), RTC_OK);
        assert_int_equal(ice_agent_controlling(peer_first_transport(to)->ice.pending), offers == 1);
        assert_int_equal(rtc_peer_connection_set_local_description(to, RTC_SDP_NONE, NULL), RTC_OK);
        peer_run(&s.p, 10 * MS);
        assert_int_equal(rtc_peer_connection_set_remote_description(from, RTC_SDP_ANSWER, peer_description(&s.p, 1 - offers)), RTC_OK);
        if (i != 1) { /* the third begins before the second has a path */
            restart_expect_settled(&s, SECOND);
            peer_run(&s.p, SECOND);
        }
        for (int k = 0; k < 2; k++)
            assert_int_equal(ice_agent_controlling(transport_ice_latest(restart_transport(&s, k))), k == 0);
    }
    assert_in_range(s.longest_silence[0], 1, 25 * MS);
    restart_end(&s);
}

/* What changed in the generation in use, a role that was in conflict, is kept by the one that was made before. */
static void roles_of_before_the_answer(void **state)
{
    struct restart_scene s;
    (void)state;
    scene_of_hand(&s, 222);
    rtc_peer_connection *a = restart_pc(&s, 0), *b = restart_pc(&s, 1);
    assert_int_equal(rtc_peer_connection_restart_ice(b), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 10 * MS);
    peer_first_transport(a)->ice.current.agent->session.role = ICE_CONTROLLED;
    peer_first_transport(b)->ice.current.agent->session.role = ICE_CONTROLLING;
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_OFFER, peer_description(&s.p, 1)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_ANSWER, peer_description(&s.p, 0)), RTC_OK);
    assert_true(ice_agent_controlling(transport_ice_latest(peer_first_transport(b))));
    assert_false(ice_agent_controlling(transport_ice_latest(peer_first_transport(a))));
    restart_expect_settled(&s, SECOND);
    restart_end(&s);
}

/* An answer with other credentials, although the offer does not restart, is that of another endpoint with the same certificate: what it
 * says leads nowhere here, and the path there is goes on. */
static void answers_that_restart(void **state)
{
    struct restart_scene s;
    (void)state;
    scene_of_hand(&s, 203);
    rtc_peer_connection *a = restart_pc(&s, 0), *b = restart_pc(&s, 1);
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    restart_expect_settled(&s, SECOND);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK); /* no restart */
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(set_changed(a, RTC_SDP_ANSWER, peer_description(&s.p, 1), "a=ice-ufrag:", "a=ice-ufrag:new"), RTC_OK);
    peer_run(&s.p, 10 * SECOND);
    assert_in_range(rtc_peer_connection_ice_connection_state(a), RTC_ICE_CONNECTION_CONNECTED, RTC_ICE_CONNECTION_COMPLETED);
    restart_end(&s);
}

/* An offer with another fragment or another password only restarts as well; offers replace each other; a restart that leads nowhere leaves
 * the path there is alone. */
static void hostile_offers(void **state)
{
    struct restart_scene s;
    (void)state;
    scene_of_hand(&s, 204);
    rtc_peer_connection *a = restart_pc(&s, 0), *b = restart_pc(&s, 1);
    char first[64], second[64];
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    char *offer = strdup(peer_description(&s.p, 0));
    read_ufrag(peer_description(&s.p, 1), first);
    const char *answer;
    for (int i = 0; i < 50; i++) { /* one pending generation, not fifty */
        char with[64];
        (void)snprintf(with, sizeof with, "%s%d", i & 1 ? "a=ice-ufrag:" : "a=ice-pwd:", i);
        assert_int_equal(set_changed(b, RTC_SDP_OFFER, offer, i & 1 ? "a=ice-ufrag:" : "a=ice-pwd:", with), RTC_OK);
        assert_int_equal(restart_agents(&s, 1), 2);
        assert_int_equal(rtc_peer_connection_create_answer(b, &answer), RTC_OK);
        read_ufrag(answer, second);
        assert_string_not_equal(first, second);
    }
    assert_int_equal(set_changed(b, RTC_SDP_OFFER, offer, "a=ice-ufrag:", "a=ice-ufrag:49"), RTC_OK); /* the same again */
    assert_int_equal(rtc_peer_connection_create_answer(b, &answer), RTC_OK);
    char third[64];
    read_ufrag(answer, third);
    assert_string_equal(second, third);
    assert_int_equal(set_changed(b, RTC_SDP_OFFER, offer, "a=ice-ufrag:", "a=ice-ufrag:\t"), RTC_ERR_SYNTAX);
    assert_int_equal(restart_agents(&s, 1), 2);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, offer), RTC_OK); /* none after all */
    assert_int_equal(restart_agents(&s, 1), 1);
    assert_int_equal(set_changed(b, RTC_SDP_OFFER, offer, "a=ice-ufrag:", "a=ice-ufrag:evil"), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 60 * SECOND); /* checks that nobody answers; the old path goes on */
    assert_int_equal(b->states.connection, RTC_PEER_CONNECTION_CONNECTED);
    assert_null(strstr(s.log[1].text, "failed"));
    free(offer);
    restart_end(&s);
}

static int add(rtc_peer_connection *pc, const char *candidate, const char *ufrag)
{
    return rtc_peer_connection_add_ice_candidate(
        pc, &(rtc_ice_candidate_init){
                .size = sizeof(rtc_ice_candidate_init), .candidate = candidate, .sdp_mid = "0", .username_fragment = ufrag});
}

/* Candidates belong to the generation whose fragment they name: the pending one, the current one, or none. */
static void candidates_of_generations(void **state)
{
    struct restart_scene s;
    char old[64], new[64], text[128];
    (void)state;
    scene_of_hand(&s, 205);
    rtc_peer_connection *a = restart_pc(&s, 0), *b = restart_pc(&s, 1);
    read_ufrag(peer_description(&s.p, 0), old);
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    char *bare = text_without_lines(peer_description(&s.p, 0), "a=candidate");
    peer_run(&s.p, 50 * MS);
    read_ufrag(bare, new);
    (void)snprintf(text, sizeof text, "candidate:1 1 udp 2130706431 10.0.0.9 5000 typ host ufrag %s", new);
    assert_int_equal(add(b, text, NULL), RTC_ERR_OPERATION); /* not heard of yet */
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, bare), RTC_OK);
    assert_int_equal(add(b, text, NULL), RTC_OK); /* of the pending offer */
    assert_int_equal(add(b, "", new), RTC_OK);
    (void)snprintf(text, sizeof text, "candidate:1 1 udp 2130706431 10.0.0.8 5000 typ host ufrag %s", old);
    assert_int_equal(add(b, text, NULL), RTC_OK); /* of the current one */
    assert_int_equal(add(b, text, new), RTC_ERR_OPERATION);
    assert_int_equal(add(b, "candidate:1 1 udp 2130706431 10.0.0.7 5000 typ host", "nobody"), RTC_ERR_OPERATION);
    struct ice_candidate ours, third;
    struct transport *t = restart_transport(&s, 0);
    assert_true(ice_agent_local_candidate(transport_ice_latest(t), 0, &ours)); /* over UDP */
    assert_true(ice_agent_local_candidate(transport_ice_latest(t), 2, &third));
    assert_false(ice_agent_local_candidate(transport_ice_latest(t), 3, &third));
    struct text printed = text_new(a->context);
    ice_candidate_print(&ours, &printed);
    char *line = text_take(&printed);
    assert_int_equal(add(b, line, NULL), RTC_OK);
    memory_free(a->context, line);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 50 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    restart_expect_settled(&s, SECOND);
    assert_int_equal(add(b, text, NULL), RTC_ERR_OPERATION); /* of a generation that is over */
    free(bare);
    restart_end(&s);
}

/* A peer that keeps its role, or takes the other one: checks repair it (RFC 8445 7.3.1.1), and nobody notices. */
static void conflicting_roles(void **state)
{
    (void)state;
    for (int both_control = 0; both_control < 2; both_control++) {
        struct restart_scene s;
        scene_of_hand(&s, 207 + (uint64_t)both_control);
        rtc_peer_connection *a = restart_pc(&s, 0), *b = restart_pc(&s, 1);
        assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
        assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
        peer_run(&s.p, 10 * MS);
        assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
        restart_transport(&s, both_control ? 1 : 0)->ice.current.agent->session.role =
            both_control ? ICE_CONTROLLING : ICE_CONTROLLED; /* what the new generation will have */
        assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
        peer_run(&s.p, 10 * MS);
        assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
        restart_expect_settled(&s, SECOND);
        peer_run(&s.p, SECOND);
        assert_int_not_equal(ice_agent_controlling(restart_transport(&s, 0)->ice.current.agent),
                             ice_agent_controlling(restart_transport(&s, 1)->ice.current.agent));
        assert_in_range(s.longest_silence[0], 1, 25 * MS);
        restart_end(&s);
    }
}

/* Both ask at once: the one who does not give way drops the other's offer, and the wish of the one who gives way is fulfilled by the
 * other's. */
static void glare(void **state)
{
    struct restart_scene s;
    (void)state;
    scene_of_hand(&s, 209);
    rtc_peer_connection *a = restart_pc(&s, 0), *b = restart_pc(&s, 1);
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    assert_int_equal(rtc_peer_connection_restart_ice(b), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    restart_expect_settled(&s, SECOND);
    assert_false(restart_is_wished(a) || restart_is_wished(b));
    restart_end(&s);
}

static char *read_file(const char *browser, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/sdp/%s_%s_offer.sdp", CRTC_TEST_DATA, browser, name);
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 65536);
    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, f) > 0);
    (void)fclose(f);
    return text;
}

/* One session of a browser, offer by offer: only the one that restarts gets other credentials. */
static void offers_of_browsers(void **state)
{
    static const char *const browsers[] = {"chromium_156", "firefox_153"};
    static const char *const names[] = {"avdata-bidir", "reneg-addtrack", "reneg-removetrack", "icerestart", "reneg-stoptransceiver"};
    (void)state;
    for (size_t b = 0; b < 2; b++) {
        struct sim_peers p;
        char ufrags[5][64];
        peer_scene(&p, 230, true);
        rtc_peer_connection *pc = p.peer[0].pc;
        for (size_t n = 0; n < 5; n++) {
            char *offer = read_file(browsers[b], names[n]);
            int error = rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, offer);
            if (error)
                fail_msg("%s %s: %s", browsers[b], names[n], rtc_peer_connection_last_error(pc));
            assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
            peer_run(&p, 50 * MS);
            read_ufrag(peer_description(&p, 0), ufrags[n]);
            assert_int_equal(pc->states.gathering, RTC_ICE_GATHERING_COMPLETE);
            free(offer);
        }
        assert_string_equal(ufrags[0], ufrags[1]);
        assert_string_equal(ufrags[1], ufrags[2]);
        assert_string_not_equal(ufrags[2], ufrags[3]);
        assert_string_equal(ufrags[3], ufrags[4]);
        sim_peers_fini(&p);
    }
}

/* ---- Configuration ---- */

static rtc_configuration with_server(const rtc_ice_server *const *server)
{
    return (rtc_configuration){.size = sizeof(rtc_configuration), .ice_servers = server, .ice_server_count = 1};
}

/* RFC 9429 3.5.1: new servers make the next offer restart, which asks them. */
static void new_servers(void **state)
{
    static const char *const urls[] = {"stun:stun.example"};
    static const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1};
    static const rtc_ice_server *const servers[] = {&server};
    struct restart_scene s;
    char before[64], after[64];
    (void)state;
    scene_of_hand(&s, 240);
    read_ufrag(peer_description(&s.p, 0), before);
    rtc_configuration c = with_server(servers);
    assert_int_equal(rtc_peer_connection_set_configuration(restart_pc(&s, 0), &c), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, ""); /* by itself it does nothing */
    peer_exchange(&s.p, 0);
    restart_expect_settled(&s, 11 * SECOND);
    read_ufrag(peer_description(&s.p, 0), after);
    assert_string_not_equal(before, after);
    peer_exchange(&s.p, 0);
    read_ufrag(peer_description(&s.p, 0), before);
    assert_string_equal(before, after); /* once */
    restart_end(&s);
}

static bool next_offer_restarts(rtc_peer_connection *pc)
{
    char now[64], next[64];
    const char *sdp;
    read_ufrag(rtc_peer_connection_local_description(pc, NULL), now);
    assert_int_equal(rtc_peer_connection_create_offer(pc, &sdp), RTC_OK);
    read_ufrag(sdp, next);
    return strcmp(now, next) != 0;
}

/* A restart of the peer's gathers with the new servers, too: there is nothing left to do. */
static void new_servers_and_the_peer_restarts(void **state)
{
    static const char *const urls[] = {"stun:stun.example"};
    static const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1};
    static const rtc_ice_server *const servers[] = {&server};
    struct restart_scene s;
    (void)state;
    scene_of_hand(&s, 241);
    rtc_configuration c = with_server(servers);
    assert_int_equal(rtc_peer_connection_set_configuration(restart_pc(&s, 0), &c), RTC_OK);
    assert_true(next_offer_restarts(restart_pc(&s, 0)));
    peer_exchange(&s.p, 1);
    assert_true(next_offer_restarts(restart_pc(&s, 0))); /* that one was no restart */
    assert_int_equal(rtc_peer_connection_restart_ice(restart_pc(&s, 1)), RTC_OK);
    peer_exchange(&s.p, 1);
    restart_expect_settled(&s, 11 * SECOND);
    assert_false(next_offer_restarts(restart_pc(&s, 0)));
    restart_end(&s);
}

/* What was pooled is in use already when the servers change under the peer's offer: the next offer restarts. */
static void new_servers_for_a_pool_in_use(void **state)
{
    static const char *const urls[] = {"stun:stun.example"};
    static const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1};
    static const rtc_ice_server *const servers[] = {&server};
    struct sim_peers p;
    rtc_data_channel *channel;
    (void)state;
    peer_scene(&p, 253, true);
    rtc_configuration c = {.size = sizeof c, .ice_candidate_pool_size = 1};
    assert_int_equal(rtc_peer_connection_set_configuration(p.peer[0].pc, &c), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_data_channel(p.peer[1].pc, "chat", 4, NULL, &channel), RTC_OK);
    rtc_data_channel_unref(channel);
    peer_run(&p, SECOND);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[0].pc, RTC_SDP_OFFER, peer_description(&p, 1)), RTC_OK);
    c = with_server(servers);
    c.ice_candidate_pool_size = 1;
    assert_int_equal(rtc_peer_connection_set_configuration(p.peer[0].pc, &c), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_true(next_offer_restarts(p.peer[0].pc));
    sim_peers_fini(&p);
}

/* Section 0 is one that we reject, with a transport of its own. */
static char *offer_in_two_transports(void)
{
    char *offer = read_file("chromium_156", "avdata-bidir"), *bundled = text_without_lines(offer, "a=group:BUNDLE");
    char *no_opus = text_replace(bundled, "opus/48000/2", "STRANGE/48000/2");
    char *strange = text_replace(no_opus, "PCM", "STRANGE"), *at = strstr(strange, "a=ice-ufrag:");
    assert_non_null(at);
    at[12] = at[12] == 'x' ? 'y' : 'x';
    free(offer);
    free(bundled);
    free(no_opus);
    return strange;
}

/* Credentials of sections that have other transports say nothing of the one that is used. */
static void the_section_that_counts(void **state)
{
    struct sim_peers p;
    char before[64], after[64];
    char *offer = offer_in_two_transports();
    (void)state;
    peer_scene(&p, 231, true);
    rtc_peer_connection *pc = p.peer[0].pc;
    for (int n = 0; n < 3; n++) {
        if (rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, offer))
            fail_msg("%s", rtc_peer_connection_last_error(pc));
        assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
        peer_run(&p, 50 * MS);
        read_ufrag(peer_description(&p, 0), n == 0 ? before : after);
        assert_non_null(strstr(peer_description(&p, 0), "m=audio 0 "));
    }
    assert_string_equal(before, after);
    free(offer);
    sim_peers_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wishes),
        cmocka_unit_test(unfulfilled_wish),
        cmocka_unit_test(nothing_to_restart),
        cmocka_unit_test(declined),
        cmocka_unit_test(roles_stay),
        cmocka_unit_test(roles_of_before_the_answer),
        cmocka_unit_test(answers_that_restart),
        cmocka_unit_test(hostile_offers),
        cmocka_unit_test(candidates_of_generations),
        cmocka_unit_test(conflicting_roles),
        cmocka_unit_test(glare),
        cmocka_unit_test(offers_of_browsers),
        cmocka_unit_test(new_servers),
        cmocka_unit_test(new_servers_and_the_peer_restarts),
        cmocka_unit_test(new_servers_for_a_pool_in_use),
        cmocka_unit_test(the_section_that_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
