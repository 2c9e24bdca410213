/* SPDX-License-Identifier: MIT */
/* ICE restarts of whole connections: messages and frames do not notice, over good, bad and dead paths, once and often. */
#include "restart_scene.h"

#include "stun_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A restart from either side with a path that works: nobody above ICE notices. */
static void unnoticed(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct restart_scene s;
        char before[2][16];
        restart_begin(&s, 10 + (uint64_t)who);
        for (int i = 0; i < 2; i++)
            (void)snprintf(before[i], sizeof before[i], "%s", restart_ufrag(&s, i));
        restart_now(&s, who);
        restart_expect_settled(&s, 2 * SECOND);
        for (int i = 0; i < 2; i++) {
            assert_string_not_equal(restart_ufrag(&s, i), before[i]);
            assert_int_equal(peer_log_count(&s.log[i], "connection:connected"), 0); /* it never was anything else */
            assert_null(strstr(s.log[i].text, "ice:checking"));
            assert_null(strstr(s.log[i].text, "disconnected"));
            assert_int_equal(peer_log_count(&s.log[i], "gathering:gathering"), 1);
            assert_int_equal(peer_log_count(&s.log[i], "gathering:complete"), 1);
            assert_int_equal(peer_log_count(&s.log[i], "end"), 1);
            assert_int_equal(ice_agent_counters(restart_transport(&s, i)->ice.current.agent)->unauthenticated, 0);
        }
        assert_true(ice_agent_controlling(restart_transport(&s, 0)->ice.current.agent)); /* as before, whoever offered the restart */
        assert_false(ice_agent_controlling(restart_transport(&s, 1)->ice.current.agent));
        assert_int_equal(restart_agents(&s, 0), 2); /* the old one answers for a while */
        peer_run(&s.p, 6 * SECOND);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(restart_agents(&s, i), 1);
            assert_in_range(s.longest_silence[i], 1, 25 * MS);  /* messages come every 10 ms */
            assert_in_range(s.sink[i].longest_gap, 1, 80 * MS); /* frames every 33 ms */
            assert_int_equal(s.sink[i].frames, s.sink[i].decodable);
            assert_int_equal(s.pumps.pump[i].keyframe_requests, 0);
            assert_int_equal(restart_transport(&s, i)->counters.no_path, 0);
        }
        restart_end(&s);
    }
}

/* When each side asks for the first time whether the new generation's candidates can be reached. */
static struct {
    char ufrag[2][16]; /* the new ones */
    rtc_time_t asked[2];
} first;

static bool note_requests(struct sim_peers *p, int index, const struct packet *packet)
{
    struct stun_message m;
    const char *theirs = first.ufrag[1 - index];
    if (first.asked[index] || !*theirs || packet->len < 20 || packet_slice(packet).data[0] > 3 ||
        stun_parse(packet_slice(packet), &m) != RTC_OK || m.method != STUN_BINDING || m.class != STUN_REQUEST ||
        !(m.has & STUN_HAS_USERNAME))
        return false;
    if (m.username.len > strlen(theirs) && memcmp(m.username.data, theirs, strlen(theirs)) == 0)
        first.asked[index] = p->now;
    return false;
}

static bool latest_ufrags(struct restart_scene *s)
{
    for (int i = 0; i < 2; i++)
        (void)snprintf(first.ufrag[i], sizeof first.ufrag[i], "%s", ice_agent_local_ufrag(transport_ice_latest(restart_transport(s, i))));
    return strcmp(first.ufrag[0], restart_ufrag(s, 0)) != 0 && strcmp(first.ufrag[1], restart_ufrag(s, 1)) != 0;
}

/* Signalling is slow, and the path is not: whoever answers lets the offerer begin, while the old path works. */
static void offerer_begins(void **state)
{
    static const bool lost[] = {false, true};
    (void)state;
    for (int n = 0; n < 4; n++) {
        struct restart_scene s;
        int offerer = n & 1;
        memset(&first, 0, sizeof first);
        restart_begin(&s, 60 + (uint64_t)n);
        s.p.signalling_us = 300 * MS;
        s.p.trickle = true;
        s.p.loses = note_requests;
        if (lost[n / 2]) { /* there is nothing to be kept: it begins when it can */
            sim_host_set_address_down(s.p.peer[1 - offerer].host, offerer ? "10.0.0.1" : "10.0.0.2", true);
            sim_host_add_address(s.p.peer[1 - offerer].host, "10.0.0.3");
            peer_run(&s.p, 3 * SECOND);
        }
        restart_now(&s, offerer);
        while (!latest_ufrags(&s))
            peer_run(&s.p, MS);
        restart_expect_settled(&s, 3 * SECOND);
        assert_true(first.asked[0] > 0 && first.asked[1] > 0);
        if (lost[n / 2])
            assert_true(first.asked[1 - offerer] < first.asked[offerer]);
        else
            assert_true(first.asked[1 - offerer] > first.asked[offerer]);
        restart_end(&s);
    }
}

/* The peer's checks do not come, say for a NAT that ours are to open: then the one that answers begins nevertheless. */
static bool drop_requests_of_offerer(struct sim_peers *p, int index, const struct packet *packet)
{
    (void)note_requests(p, index, packet);
    return index == 0 && first.asked[0] && !first.asked[1] && packet->len >= 20 && packet_slice(packet).data[0] == 0;
}

static void answerer_begins_late(void **state)
{
    struct restart_scene s;
    (void)state;
    memset(&first, 0, sizeof first);
    restart_begin(&s, 64);
    s.p.signalling_us = 100 * MS;
    s.p.loses = drop_requests_of_offerer;
    restart_now(&s, 0);
    while (!latest_ufrags(&s))
        peer_run(&s.p, MS);
    rtc_time_t answered = s.p.now;
    restart_expect_settled(&s, 5 * SECOND);
    assert_in_range(first.asked[1] - answered, SECOND, 3 * SECOND);
    assert_in_range(s.longest_silence[0], 1, 25 * MS);
    restart_end(&s);
}

/* Either side changes over when a pair is nominated, not when one works. */
static void moves_to_what_is_nominated(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct restart_scene s;
        bool waited[2] = {false, false};
        restart_begin(&s, 66 + (uint64_t)who);
        uint32_t old[2] = {ice_agent_generation(transport_ice_current(restart_transport(&s, 0))),
                           ice_agent_generation(transport_ice_current(restart_transport(&s, 1)))};
        restart_now(&s, who);
        for (int n = 0; n < 2000; n++) {
            peer_run(&s.p, MS);
            for (int i = 0; i < 2; i++) {
                const struct transport *t = restart_transport(&s, i);
                const struct ice_agent *current = transport_ice_current(t), *next = transport_ice_next(t);
                waited[i] = waited[i] || (next && ice_agent_selected(next) && !ice_agent_has_nominated(next));
                assert_true(ice_agent_generation(current) == old[i] || ice_agent_has_nominated(current));
            }
        }
        assert_true(waited[0] || waited[1]);
        restart_expect_settled(&s, MS);
        restart_end(&s);
    }
}

/* The old network goes, without a word; the restart finds the other one. */
static void another_network(void **state)
{
    static const rtc_time_t waits[] = {2 * SECOND, 10 * SECOND, 40 * SECOND}; /* connected, disconnected, failed */
    (void)state;
    for (size_t n = 0; n < sizeof waits / sizeof waits[0]; n++) {
        struct restart_scene s;
        restart_begin(&s, 20 + n);
        sim_host_set_address_down(s.p.peer[0].host, "10.0.0.1", true);
        sim_host_add_address(s.p.peer[0].host, "10.0.0.3");
        peer_run(&s.p, waits[n]);
        rtc_time_t began = s.p.now;
        s.log[0].text[0] = s.log[1].text[0] = 0;
        restart_now(&s, n == 1);
        restart_expect_settled(&s, 5 * SECOND);
        assert_in_range(s.p.now - began, 1, SECOND);
        if (n > 0)
            assert_non_null(strstr(s.log[0].text, "ice:checking"));
        uint32_t heard[2] = {s.received[0], s.received[1]};
        peer_run(&s.p, 8 * SECOND);
        for (int i = 0; i < 2; i++) {
            assert_true(s.received[i] > heard[i] + 600);
            assert_true(s.p.now - s.sink[i].last_at < 100 * MS); /* frames flow again */
            assert_int_equal(restart_pc(&s, i)->states.connection, RTC_PEER_CONNECTION_CONNECTED);
        }
        restart_end(&s);
    }
}

/* Loss and long round trips: nothing is lost, and the old path carries on until the new one is there. */
static void bad_networks(void **state)
{
    static const struct sim_link links[] = {
        {.delay_us = 20 * MS, .loss = 0.3}, {.delay_us = 250 * MS}, {.delay_us = 100 * MS, .loss = 0.1}};
    (void)state;
    for (size_t n = 0; n < 3; n++)
        for (int who = 0; who < 2; who++) {
            struct restart_scene s;
            restart_begin_over(&s, 30 + 2 * n + (uint64_t)who, &links[n], false);
            restart_now(&s, who);
            restart_expect_settled(&s, 20 * SECOND);
            peer_run(&s.p, 10 * SECOND);
            for (int i = 0; i < 2; i++) {
                assert_null(strstr(s.log[i].text, "connection:"));
                assert_in_range(s.longest_silence[i], 1, (links[n].loss > 0.2 ? 8 : links[n].loss > 0 ? 4 : 1) * SECOND);
            }
            restart_end(&s);
        }
}

/* A hundred in a row: as much memory, as many sockets and agents as after the first. */
static void again_and_again(void **state)
{
    struct restart_scene s;
    (void)state;
    restart_begin(&s, 40);
    for (int n = 0; n < 100; n++) {
        restart_now(&s, n % 3 == 0);
        restart_expect_settled(&s, 3 * SECOND);
        if (n % 2)
            peer_run(&s.p, 50 * MS); /* and some at once */
        assert_true(restart_agents(&s, 0) <= 1 + TRANSPORT_RETIRING_MAX && restart_agents(&s, 1) <= 1 + TRANSPORT_RETIRING_MAX);
    }
    for (int i = 0; i < 2; i++) {
        assert_in_range(s.longest_silence[i], 1, 25 * MS);
        assert_int_equal(s.sink[i].frames, s.sink[i].decodable);
        assert_int_equal(restart_transport(&s, i)->counters.no_path, 0);
    }
    peer_run(&s.p, 6 * SECOND);
    assert_int_equal(restart_agents(&s, 0), 1);
    restart_end(&s);
}

/* The second begins before the first has a path, and the peer may be on it already. */
static void twice_quickly(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 20; n++) {
        struct restart_scene s;
        restart_begin(&s, 50 + n);
        restart_now(&s, 0);
        peer_run(&s.p, (rtc_time_t)(20 + 5 * n) * MS);
        if (restart_pc(&s, 0)->negotiation.signaling == RTC_SIGNALING_STABLE &&
            restart_pc(&s, 1)->negotiation.signaling == RTC_SIGNALING_STABLE)
            restart_now(&s, (int)(n & 1));
        else
            assert_int_equal(rtc_peer_connection_restart_ice(restart_pc(&s, 0)), RTC_OK);
        restart_expect_settled(&s, 5 * SECOND);
        peer_run(&s.p, SECOND);
        for (int i = 0; i < 2; i++) {
            assert_in_range(s.longest_silence[i], 1, 60 * MS);
            assert_int_equal(s.sink[i].frames, s.sink[i].decodable);
        }
        restart_end(&s);
    }
}

/* Before there is any connection. */
static void while_checking(void **state)
{
    const struct sim_link link = {.delay_us = 50 * MS};
    (void)state;
    for (uint64_t n = 0; n < 30; n++) {
        struct restart_scene s;
        restart_prepare(&s, 80 + n, &link, true);
        s.p.trickle = true;
        assert_int_equal(sim_peers_negotiate(&s.p, 0), RTC_OK);
        peer_run(&s.p, (rtc_time_t)(n * 7) * MS);
        int who = (int)(n & 1);
        if (restart_pc(&s, who)->negotiation.signaling == RTC_SIGNALING_STABLE && restart_pc(&s, who)->negotiation.stable.local)
            restart_now(&s, who);
        else
            assert_int_equal(rtc_peer_connection_restart_ice(restart_pc(&s, who)), RTC_OK);
        s.p.error = RTC_OK; /* candidates of a description that was replaced are refused */
        restart_start_talking(&s, 20 * SECOND);
        s.p.error = RTC_OK;
        restart_end(&s);
    }
}

/* What the old generation's sockets still bring is received until it is gone, and unknown afterwards. */
static void late_packets(void **state)
{
    struct restart_scene s;
    (void)state;
    restart_begin(&s, 206);
    struct path old = *ice_agent_selected(restart_transport(&s, 0)->ice.current.agent);
    rtc_path from = {.socket = old.socket, .protocol = old.protocol};
    from.local = (rtc_address){.family = RTC_ADDRESS_IPV4, .port = old.local.port};
    from.remote = (rtc_address){.family = RTC_ADDRESS_IPV4, .port = old.remote.port};
    memcpy(from.local.ip, old.local.ip, 4);
    memcpy(from.remote.ip, old.remote.ip, 4);
    restart_now(&s, 0);
    restart_expect_settled(&s, 2 * SECOND);
    assert_int_not_equal(ice_agent_selected(restart_transport(&s, 0)->ice.current.agent)->socket, old.socket);
    assert_true(transport_ice_receives(restart_transport(&s, 0), s.p.now, &old, 0));
    peer_run(&s.p, 7 * SECOND);
    assert_false(transport_ice_receives(restart_transport(&s, 0), s.p.now, &old, 0));
    static const uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    uint64_t misdirected = restart_transport(&s, 0)->counters.misdirected;
    rtc_peer_connection_receive_copy(restart_pc(&s, 0), s.p.now, &from, request, sizeof request);
    assert_int_equal(restart_transport(&s, 0)->counters.misdirected, misdirected + 1);
    restart_end(&s);
}

static void closed_during_one(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 15; n++) {
        struct restart_scene s;
        restart_begin(&s, 220 + n);
        restart_now(&s, 0);
        peer_run(&s.p, (rtc_time_t)(n * 9) * MS);
        rtc_peer_connection_close(restart_pc(&s, 0));
        s.p.error = RTC_OK;
        s.talking = false;
        peer_run(&s.p, SECOND);
        assert_int_equal(rtc_data_channel_ready_state(s.p.peer[1].remote_channel), RTC_DATA_CHANNEL_CLOSED);
        for (int i = 0; i < 2; i++)
            peer_sink_fini(&s.sink[i]);
        rtc_data_channel_unref(s.channel);
        sim_peers_fini(&s.p);
        peer_pumps_fini(&s.pumps);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unnoticed),
        cmocka_unit_test(offerer_begins),
        cmocka_unit_test(answerer_begins_late),
        cmocka_unit_test(moves_to_what_is_nominated),
        cmocka_unit_test(another_network),
        cmocka_unit_test(bad_networks),
        cmocka_unit_test(again_and_again),
        cmocka_unit_test(twice_quickly),
        cmocka_unit_test(while_checking),
        cmocka_unit_test(late_packets),
        cmocka_unit_test(closed_during_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
