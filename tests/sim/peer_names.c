/* SPDX-License-Identifier: MIT */
/* Whole connections that tell names in place of their addresses: they connect, and nothing that a program is told has an address. */
#include "peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct sim_peers *p, uint64_t seed, bool hide)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    const rtc_configuration configuration = {.size = sizeof configuration, .hide_local_addresses = hide};
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(p, seed, &link, NULL, &configuration));
    p->trickle = true;
    p->signalling_us = 10 * MS;
}

static void tells_no_address(const char *text)
{
    if (strstr(text, "10.0.0."))
        fail_msg("an address of a host is told: %s", text);
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    unsigned *count = user;
    (void)pc;
    if (!candidate || !candidate->candidate[0])
        return;
    assert_non_null(strstr(candidate->candidate, ".local "));
    tells_no_address(candidate->candidate);
    ++*count;
}

static void read_report(rtc_peer_connection *pc)
{
    rtc_stats_report *report;
    unsigned names = 0;
    assert_int_equal(rtc_peer_connection_get_stats(pc, &report), RTC_OK);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *stats = rtc_stats_report_at(report, i);
        for (size_t k = 0; k < rtc_stats_member_count(stats); k++) {
            const char *text = rtc_stats_string(stats, rtc_stats_member_name(stats, k));
            tells_no_address(text ? text : "");
            names += text && strstr(text, ".local");
        }
    }
    assert_true(names >= 2); /* ours and the peer's */
    rtc_stats_report_unref(report);
}

static void nothing_tells_an_address(void **state)
{
    (void)state;
    struct sim_peers p;
    rtc_data_channel *channel;
    unsigned candidates[2] = {0};
    begin(&p, 1, true);
    for (int i = 0; i < 2; i++) {
        p.peer[i].extra = (rtc_peer_connection_callbacks){.size = sizeof p.peer[i].extra, .on_ice_candidate = on_candidate};
        p.peer[i].extra_user = &candidates[i];
    }
    assert_int_equal(rtc_peer_connection_create_data_channel(p.peer[0].pc, "chat", 4, NULL, &channel), RTC_OK);
    assert_int_equal(sim_peers_negotiate(&p, 0), RTC_OK);
    peer_connect(&p, SECOND);
    peer_run(&p, SECOND);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(candidates[i], 3);
        tells_no_address(peer_description(&p, i));
        assert_int_equal(text_count(peer_description(&p, i), ".local"), 3);
        assert_int_equal(text_count(peer_description(&p, i), "c=IN IP4 0.0.0.0"), 1);
        tells_no_address(rtc_peer_connection_remote_description(p.peer[i].pc, NULL));
        tells_no_address(rtc_peer_connection_explain(p.peer[i].pc));
        read_report(p.peer[i].pc);
    }
    rtc_data_channel_unref(channel);
    sim_peers_fini(&p);
}

/* The same seed without hiding: the test above looks for what is there. */
static void addresses_are_told_otherwise(void **state)
{
    (void)state;
    struct sim_peers p;
    rtc_data_channel *channel;
    begin(&p, 1, false);
    assert_int_equal(rtc_peer_connection_create_data_channel(p.peer[0].pc, "chat", 4, NULL, &channel), RTC_OK);
    assert_int_equal(sim_peers_negotiate(&p, 0), RTC_OK);
    peer_connect(&p, SECOND);
    assert_non_null(strstr(peer_description(&p, 0), "10.0.0.1"));
    rtc_data_channel_unref(channel);
    sim_peers_fini(&p);
}

/* Who closes says so: the socket of multicast DNS is among those that are given back. */
static void closed_at_any_time(void **state)
{
    (void)state;
    for (rtc_time_t at = 0; at < 60 * MS; at += 7 * MS) {
        struct sim_peers p;
        rtc_data_channel *channel;
        begin(&p, 2, true);
        assert_int_equal(rtc_peer_connection_create_data_channel(p.peer[0].pc, "chat", 4, NULL, &channel), RTC_OK);
        assert_int_equal(sim_peers_negotiate(&p, 0), RTC_OK);
        peer_run(&p, at);
        p.error = 0;
        rtc_peer_connection_close(p.peer[0].pc);
        rtc_data_channel_unref(channel);
        sim_peers_fini(&p);
    }
}

/* 36 characters before ".local". */
static void name_of(struct sim_peers *p, int index, char name[37])
{
    const char *found = strstr(peer_description(p, index), ".local");
    assert_non_null(found);
    memcpy(name, found - 36, 36);
    name[36] = 0;
}

static bool has_restarted(struct sim_peers *p, void *user)
{
    return text_count(rtc_peer_connection_local_description(p->peer[0].pc, NULL), user) == 0 &&
           rtc_peer_connection_signaling_state(p->peer[0].pc) == RTC_SIGNALING_STABLE;
}

/* A restart makes other credentials and other sockets; the names stay. */
static void names_outlive_a_restart(void **state)
{
    (void)state;
    struct sim_peers p;
    rtc_data_channel *channel;
    char before[37], after[37], ufrag[32];
    begin(&p, 3, true);
    assert_int_equal(rtc_peer_connection_create_data_channel(p.peer[0].pc, "chat", 4, NULL, &channel), RTC_OK);
    assert_int_equal(sim_peers_negotiate(&p, 0), RTC_OK);
    peer_connect(&p, SECOND);
    peer_run(&p, SECOND);
    name_of(&p, 0, before);
    memcpy(ufrag, strstr(peer_description(&p, 0), "a=ice-ufrag:"), 20);
    ufrag[20] = 0;
    assert_int_equal(rtc_peer_connection_restart_ice(p.peer[0].pc), RTC_OK);
    assert_int_equal(sim_peers_negotiate(&p, 0), RTC_OK);
    assert_true(sim_peers_run(&p, p.now + 5 * SECOND, has_restarted, ufrag));
    peer_run(&p, 40 * SECOND); /* the first generation is gone */
    name_of(&p, 0, after);
    assert_string_equal(after, before);
    assert_int_equal(rtc_peer_connection_ice_connection_state(p.peer[0].pc), RTC_ICE_CONNECTION_COMPLETED);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    for (int i = 0; i < 2; i++) {
        tells_no_address(peer_description(&p, i));
        read_report(p.peer[i].pc);
    }
    rtc_data_channel_unref(channel);
    sim_peers_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_tells_an_address),
        cmocka_unit_test(addresses_are_told_otherwise),
        cmocka_unit_test(closed_at_any_time),
        cmocka_unit_test(names_outlive_a_restart),
    };
    return cmocka_run_group_tests_name("peer names", tests, NULL, NULL);
}
