/* SPDX-License-Identifier: MIT */
/* RTCPeerConnection's states that follow from those of its transports (webrtc-pc 4.3.2 to 4.3.4), and whether negotiation is needed
 * (4.7.3): what is told, in which order, and what is not. */
#include "../sim/peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_log log[2];
};

static rtc_peer_connection *pc_of(const struct scene *s, int side)
{
    return s->p.peer[side].pc;
}

static void forget(struct scene *s)
{
    s->log[0].text[0] = s->log[1].text[0] = 0;
}

static void begin(struct scene *s, uint64_t seed, rtc_bundle_policy policy)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    const rtc_configuration c = {.size = sizeof c, .bundle_policy = policy};
    memset(s, 0, sizeof *s);
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&s->p, seed, &link, NULL, &c));
    s->p.manual = true;
    for (int i = 0; i < 2; i++)
        peer_log_attach(&s->p.peer[i], &s->log[i]);
}

static void add_transceiver(struct scene *s, int side)
{
    assert_int_equal(rtc_peer_connection_add_transceiver(pc_of(s, side), RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
}

static void set(struct scene *s, int side, rtc_sdp_type type, const char *sdp)
{
    if (rtc_peer_connection_set_remote_description(pc_of(s, side), type, sdp))
        fail_msg("%s", rtc_peer_connection_last_error(pc_of(s, side)));
}

static void set_local(struct scene *s, int side)
{
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(s, side), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, 100 * MS);
}

/* Offered by 0, with all candidates; `grouped`: the answer may bundle. */
static void exchange(struct scene *s, bool grouped)
{
    set_local(s, 0);
    char *offer = grouped ? strdup(peer_description(&s->p, 0)) : text_without_lines(peer_description(&s->p, 0), "a=group:");
    set(s, 1, RTC_SDP_OFFER, offer);
    set_local(s, 1);
    set(s, 0, RTC_SDP_ANSWER, peer_description(&s->p, 1));
    peer_connect(&s->p, 5 * SECOND);
    peer_run(&s->p, SECOND);
    free(offer);
}

/* The words of one kind, in order. */
static void expect_words(const struct peer_log *log, const char *kind, const char *expected)
{
    char found[512] = "", *copy = strdup(log->text), *rest = copy;
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;)
        if (strncmp(word, kind, strlen(kind)) == 0)
            (void)snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", found[0] ? " " : "", word + strlen(kind));
    free(copy);
    assert_string_equal(found, expected);
}

static void a_new_connection(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1, RTC_BUNDLE_BALANCED);
    rtc_peer_connection *pc = pc_of(&s, 0);
    assert_int_equal(rtc_peer_connection_signaling_state(pc), RTC_SIGNALING_STABLE);
    assert_int_equal(rtc_peer_connection_ice_gathering_state(pc), RTC_ICE_GATHERING_NEW);
    assert_int_equal(rtc_peer_connection_ice_connection_state(pc), RTC_ICE_CONNECTION_NEW);
    assert_int_equal(rtc_peer_connection_connection_state(pc), RTC_PEER_CONNECTION_NEW);
    assert_false(rtc_peer_connection_negotiation_needed(pc));
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, "");
    sim_peers_fini(&s.p);
}

/* Every state is passed through; the side that controls ICE completes, the other one may have to answer more checks. */
static void each_state_is_told(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 2, RTC_BUNDLE_BALANCED);
    add_transceiver(&s, 0);
    exchange(&s, true);
    expect_words(&s.log[0], "ice:", "checking connected completed");
    expect_words(&s.log[1], "ice:", "checking connected");
    for (int i = 0; i < 2; i++) {
        expect_words(&s.log[i], "connection:", "connecting connected");
        expect_words(&s.log[i], "gathering:", "gathering complete");
    }
    sim_peers_fini(&s.p);
}

/* A restart goes on beside the path there is: nobody is told that it is checked. */
static void a_restart_is_not_checking(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 3, RTC_BUNDLE_BALANCED);
    add_transceiver(&s, 0);
    exchange(&s, true);
    forget(&s);
    assert_int_equal(rtc_peer_connection_restart_ice(pc_of(&s, 0)), RTC_OK);
    exchange(&s, true);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(peer_log_count(&s.log[i], "ice:checking"), 0);
        expect_words(&s.log[i], "connection:", "");
        expect_words(&s.log[i], "gathering:", "gathering complete");
    }
    sim_peers_fini(&s.p);
}

/* An offer that adds a transport has the connection connect again, whether it is used in the end or not. */
static void another_transport_connects(void **state)
{
    (void)state;
    for (int grouped = 0; grouped < 2; grouped++) {
        struct scene s;
        rtc_data_channel *channel;
        begin(&s, 4 + (uint64_t)grouped, RTC_BUNDLE_MAX_COMPAT);
        add_transceiver(&s, 0);
        exchange(&s, false);
        assert_int_equal(rtc_peer_connection_connection_state(pc_of(&s, 0)), RTC_PEER_CONNECTION_CONNECTED);
        forget(&s);
        assert_int_equal(rtc_peer_connection_create_data_channel(pc_of(&s, 0), "chat", 4, NULL, &channel), RTC_OK);
        set_local(&s, 0);
        assert_int_equal(rtc_peer_connection_connection_state(pc_of(&s, 0)), RTC_PEER_CONNECTION_CONNECTING);
        assert_int_equal(rtc_peer_connection_ice_connection_state(pc_of(&s, 0)), RTC_ICE_CONNECTION_CHECKING);
        assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_ROLLBACK, NULL), RTC_OK);
        peer_run(&s.p, 100 * MS);
        assert_int_equal(rtc_peer_connection_connection_state(pc_of(&s, 0)), RTC_PEER_CONNECTION_CONNECTED);
        exchange(&s, grouped);
        expect_words(&s.log[0], "connection:", "connecting connected connecting connected");
        assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
        rtc_data_channel_unref(channel);
        sim_peers_fini(&s.p);
    }
}

/* With no section left there is no transport, and everything is new. */
static void nothing_is_left(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 6, RTC_BUNDLE_BALANCED);
    add_transceiver(&s, 0);
    exchange(&s, true);
    forget(&s);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(pc_of(&s, 0), 0)), RTC_OK);
    set_local(&s, 0);
    set(&s, 1, RTC_SDP_OFFER, peer_description(&s.p, 0));
    set_local(&s, 1);
    set(&s, 0, RTC_SDP_ANSWER, peer_description(&s.p, 1));
    peer_run(&s.p, SECOND);
    for (int i = 0; i < 2; i++) {
        expect_words(&s.log[i], "ice:", "new");
        expect_words(&s.log[i], "connection:", "new");
        expect_words(&s.log[i], "gathering:", "new");
    }
    forget(&s);
    add_transceiver(&s, 1); /* and it begins again, from either side */
    for (int i = 1; i >= 0; i--) {
        set_local(&s, i);
        set(&s, 1 - i, i == 1 ? RTC_SDP_OFFER : RTC_SDP_ANSWER, peer_description(&s.p, i));
    }
    peer_run(&s.p, 2 * SECOND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rtc_peer_connection_connection_state(pc_of(&s, i)), RTC_PEER_CONNECTION_CONNECTED);
        expect_words(&s.log[i], "connection:", "connecting connected");
    }
    sim_peers_fini(&s.p);
}

/* What was told may be settled when somebody gets to it. */
static void what_is_needed(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 7, RTC_BUNDLE_BALANCED);
    rtc_peer_connection *pc = pc_of(&s, 0);
    assert_int_equal(rtc_peer_connection_restart_ice(pc), RTC_OK);
    assert_false(rtc_peer_connection_negotiation_needed(pc)); /* there is nothing to restart */
    add_transceiver(&s, 0);
    assert_true(rtc_peer_connection_negotiation_needed(pc));
    peer_run(&s.p, MS);
    exchange(&s, true);
    assert_false(rtc_peer_connection_negotiation_needed(pc));
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    assert_int_equal(rtc_peer_connection_restart_ice(pc), RTC_OK);
    assert_true(rtc_peer_connection_negotiation_needed(pc));
    rtc_peer_connection_close(pc);
    assert_false(rtc_peer_connection_negotiation_needed(pc));
    sim_peers_fini(&s.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_connection),           cmocka_unit_test(each_state_is_told), cmocka_unit_test(a_restart_is_not_checking),
        cmocka_unit_test(another_transport_connects), cmocka_unit_test(nothing_is_left),    cmocka_unit_test(what_is_needed),
    };
    return cmocka_run_group_tests_name("RTCPeerConnection", tests, NULL, NULL);
}
