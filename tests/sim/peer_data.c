/* SPDX-License-Identifier: MIT */
/* Whole connections with data channels over simulated networks: set-up, messages, states. */
#include "sim_peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct chat {
    uint32_t opened, messages, closed;
    size_t bytes;
    char last[64];
};

static void on_open(rtc_data_channel *channel, void *user)
{
    struct chat *chat = user;
    (void)channel;
    chat->opened++;
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct chat *chat = user;
    (void)channel;
    chat->messages++;
    chat->bytes += len;
    if (text && len < sizeof chat->last) {
        memcpy(chat->last, data, len);
        chat->last[len] = 0;
    }
}

static void on_close(rtc_data_channel *channel, void *user)
{
    struct chat *chat = user;
    (void)channel;
    chat->closed++;
}

static const rtc_data_channel_callbacks chat_callbacks = {
    .size = sizeof chat_callbacks, .on_open = on_open, .on_message = on_message, .on_close = on_close};

static void listen_to_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    (void)pc;
    rtc_data_channel_set_callbacks(channel, &chat_callbacks, user);
}

struct scene {
    struct sim_peers peers;
    struct chat chat[2];
    rtc_data_channel *channel;
};

static void open_scene(struct scene *s, uint64_t seed, const struct sim_link *link, bool trickle)
{
    memset(s, 0, sizeof *s);
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&s->peers, seed, link, NULL, NULL));
    s->peers.trickle = trickle;
    s->peers.peer[1].extra.on_data_channel = listen_to_channel;
    s->peers.peer[1].extra_user = &s->chat[1];
    assert_int_equal(rtc_peer_connection_create_data_channel(s->peers.peer[0].pc, "chat", 4, NULL, &s->channel), RTC_OK);
    rtc_data_channel_set_callbacks(s->channel, &chat_callbacks, &s->chat[0]);
    assert_int_equal(sim_peers_negotiate(&s->peers, 0), RTC_OK);
}

static void close_scene(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->peers);
}

static bool both_open(struct sim_peers *p, void *user)
{
    struct scene *s = user;
    (void)p;
    return s->chat[0].opened && s->chat[1].opened;
}

static bool got_reply(struct sim_peers *p, void *user)
{
    struct scene *s = user;
    (void)p;
    return s->chat[0].messages > 0;
}

/* A channel opens within `limit` and carries a message each way. */
static void expect_chat(uint64_t seed, const struct sim_link *link, bool trickle, rtc_time_t limit)
{
    struct scene s;
    open_scene(&s, seed, link, trickle);
    assert_true(sim_peers_run(&s.peers, limit, both_open, &s));
    assert_int_equal(rtc_peer_connection_connection_state(s.peers.peer[0].pc), RTC_PEER_CONNECTION_CONNECTED);
    assert_int_equal(rtc_data_channel_send_text(s.channel, "ping", 4), RTC_OK);
    assert_int_equal(rtc_data_channel_send_text(s.peers.peer[1].remote_channel, "pong", 4), RTC_OK);
    assert_true(sim_peers_run(&s.peers, s.peers.now + 5000000, got_reply, &s));
    (void)sim_peers_run(&s.peers, s.peers.now + 5000000, NULL, NULL);
    assert_string_equal(s.chat[0].last, "pong");
    assert_string_equal(s.chat[1].last, "ping");
    close_scene(&s);
}

static void clean(void **state)
{
    const struct sim_link link = {.delay_us = 5000};
    (void)state;
    expect_chat(1, &link, true, 1000000);
    expect_chat(2, &link, false, 1000000);
}

static void lossy(void **state)
{
    const struct sim_link link = {.delay_us = 25000, .loss = 0.05, .jitter_us = 10000};
    (void)state;
    for (uint64_t seed = 10; seed < 20; seed++)
        expect_chat(seed, &link, true, 4000000);
}

static void reordered_and_duplicated(void **state)
{
    const struct sim_link link = {.delay_us = 10000, .reorder = 0.2, .reorder_us = 15000, .duplicate = 0.2};
    (void)state;
    for (uint64_t seed = 30; seed < 35; seed++)
        expect_chat(seed, &link, true, 3000000);
}

static void slow(void **state)
{
    const struct sim_link link = {.delay_us = 150000};
    (void)state;
    expect_chat(40, &link, true, 4000000);
}

static void only_over_tcp(void **state)
{
    struct sim_link link = {.delay_us = 5000, .no_udp = true};
    (void)state;
    expect_chat(45, &link, true, 1000000);
    link.pieces = 100; /* handshake flights and messages come in pieces */
    expect_chat(46, &link, false, 1500000);
    struct scene s;
    open_scene(&s, 47, &link, true);
    assert_true(sim_peers_run(&s.peers, 1000000, both_open, &s));
    static const char data[60000];
    for (int i = 0; i < 20; i++)
        assert_int_equal(rtc_data_channel_send(s.channel, data, sizeof data), RTC_OK);
    (void)sim_peers_run(&s.peers, s.peers.now + 60000000, NULL, NULL);
    assert_int_equal(s.chat[1].bytes, 20 * sizeof data);
    assert_int_equal(rtc_peer_connection_connection_state(s.peers.peer[0].pc), RTC_PEER_CONNECTION_CONNECTED);
    close_scene(&s);
}

static void vanished_peer(void **state)
{
    const struct sim_link link = {.delay_us = 5000};
    struct scene s;
    (void)state;
    open_scene(&s, 50, &link, true);
    assert_true(sim_peers_run(&s.peers, 1000000, both_open, &s));
    rtc_time_t gone = s.peers.now;
    sim_host_link(s.peers.peer[1].host)->down = true;
    (void)sim_peers_run(&s.peers, gone + 40000000, NULL, NULL);
    rtc_time_t disconnected = s.peers.peer[0].disconnected_at - gone, failed = s.peers.peer[0].failed_at - gone;
    assert_in_range(disconnected, 4000000, 7500000);
    assert_in_range(failed, 15000000, 25000000);
    close_scene(&s);
}

static void peer_closes(void **state)
{
    const struct sim_link link = {.delay_us = 5000};
    struct scene s;
    (void)state;
    open_scene(&s, 60, &link, true);
    assert_true(sim_peers_run(&s.peers, 1000000, both_open, &s));
    rtc_data_channel_close(s.channel);
    (void)sim_peers_run(&s.peers, s.peers.now + 1000000, NULL, NULL);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(s.chat[0].closed, 1);
    assert_int_equal(s.chat[1].closed, 1);
    rtc_peer_connection_close(s.peers.peer[1].pc);
    (void)sim_peers_run(&s.peers, s.peers.now + 1000000, NULL, NULL);
    assert_int_equal(rtc_data_channel_send_text(s.channel, "x", 1), RTC_ERR_INVALID_STATE);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean), cmocka_unit_test(lossy),         cmocka_unit_test(reordered_and_duplicated),
        cmocka_unit_test(slow), cmocka_unit_test(only_over_tcp),  cmocka_unit_test(vanished_peer), cmocka_unit_test(peer_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
