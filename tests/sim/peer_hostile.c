/* SPDX-License-Identifier: MIT */
/* Datagrams that should not be: every short length of every shape, before and after keys exist, from the peer's path and from strangers;
 * forged, replayed and flooding ones. Nothing is taken from whom ICE has not validated, what is dropped is counted, and the connection goes
 * on. */
#include "data_channel.h"
#include "executor.h"
#include "peer.h"
#include "peer_pump.h"
#include "transport.h"
#include "transport_internal.h"

#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_pumps pumps;
    rtc_data_channel *channel;
    uint32_t messages;
};

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct scene *s = user;
    (void)channel;
    (void)text;
    (void)data;
    (void)len;
    s->messages++;
}

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    static const rtc_data_channel_callbacks callbacks = {.size = sizeof callbacks, .on_message = on_message};
    (void)pc;
    rtc_data_channel_set_callbacks(channel, &callbacks, user);
}

static void begin(struct scene *s, uint64_t seed)
{
    s->messages = 0;
    peer_scene(&s->p, seed, true);
    peer_pumps_attach(&s->pumps, &s->p);
    s->p.peer[1].extra = (rtc_peer_connection_callbacks){.size = sizeof s->p.peer[1].extra, .on_data_channel = on_channel};
    s->p.peer[1].extra_user = s;
    struct peer_pump *pump = peer_pump_new(&s->pumps, &s->p, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_peer_connection_add_track(s->p.peer[0].pc, pump->track, NULL, 0, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "x", 1, NULL, &s->channel), RTC_OK);
}

static void end(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->p);
    peer_pumps_fini(&s->pumps);
}

static struct transport *transport_of(struct scene *s, int index)
{
    return peer_first_transport(s->p.peer[index].pc);
}

static rtc_address public_of(const struct address *a)
{
    rtc_address out = {.family = a->family, .port = a->port};
    memcpy(out.ip, a->ip, sizeof out.ip);
    return out;
}

/* The way peer 0's datagrams come to peer 1, or one that nobody validated. */
static rtc_path way(struct scene *s, bool stranger)
{
    rtc_path path = {
        .socket = 2, .local = {.family = 4, .ip = {10, 0, 0, 2}, .port = 5000}, .remote = {.family = 4, .ip = {10, 0, 0, 1}, .port = 5000}};
    const struct path *selected = transport_of(s, 1) ? ice_agent_selected(transport_of(s, 1)->ice.current.agent) : NULL;
    if (selected)
        path = (rtc_path){.socket = selected->socket, .local = public_of(&selected->local), .remote = public_of(&selected->remote)};
    if (stranger)
        path.remote = (rtc_address){.family = 4, .ip = {10, 66, 6, 6}, .port = 666};
    return path;
}

static void inject(struct scene *s, bool stranger, const void *data, size_t len)
{
    rtc_path path = way(s, stranger);
    rtc_peer_connection_receive_copy(s->p.peer[1].pc, s->p.now, &path, data, len);
}

static void every_length(struct scene *s)
{
    static const uint8_t shapes[][4] = {{0x00, 0x01, 0, 0x40}, {0x01, 0x01, 0, 0},      {0x03, 0xff, 0xff, 0xff}, {20, 0xfe, 0xfd, 0},
                                        {22, 0xfe, 0xfd, 0},   {23, 0xfe, 0xfd, 0},     {21, 0xfe, 0xfd, 0},      {25, 1, 2, 3},
                                        {63, 0, 0, 0},         {64, 0, 0, 4},           {0x40, 0, 0xff, 0xff},    {0x80, 96, 0, 1},
                                        {0x8f, 111, 0, 2},     {0x90, 97, 0, 3},        {0xbf, 127, 0xff, 0xff},  {0x80, 200, 0, 6},
                                        {0x81, 201, 0, 7},     {0x9f, 203, 0xff, 0xff}, {0x8f, 205, 0, 1},        {0x81, 206, 0, 2},
                                        {4, 5, 6, 7},          {200, 1, 2, 3},          {255, 255, 255, 255}};
    uint8_t data[64];
    for (size_t shape = 0; shape < sizeof shapes / sizeof shapes[0]; shape++)
        for (size_t len = 0; len <= sizeof data; len++)
            for (int fill = 0; fill < 3; fill++) {
                memset(data, fill == 0 ? 0 : fill == 1 ? 0xff : 0x21, sizeof data);
                memcpy(data, shapes[shape], 4);
                inject(s, false, data, len);
                inject(s, true, data, len);
            }
}

static void expect_alive(struct scene *s)
{
    struct peer_sink sink;
    uint32_t before = s->messages;
    assert_int_equal(rtc_data_channel_send_text(s->channel, "still here", 10), RTC_OK);
    assert_int_equal(peer_sink_attach(&sink, &s->p, peer_remote_track(&s->p, 1, 0)), RTC_OK);
    peer_run(&s->p, SECOND);
    assert_int_equal(s->messages, before + 1);
    assert_true(sink.decodable >= 25);
    peer_sink_fini(&sink);
    for (int i = 0; i < 2; i++)
        assert_int_equal(rtc_peer_connection_connection_state(s->p.peer[i].pc), RTC_PEER_CONNECTION_CONNECTED);
}

static void every_shape_at_every_time(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1);
    rtc_peer_connection *a = s.p.peer[0].pc, *b = s.p.peer[1].pc;
    every_length(&s); /* a connection that nobody called yet */
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 50 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    every_length(&s); /* with an offer */
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 2 * MS);
    every_length(&s); /* before anything is connected */
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    for (int i = 0; i < 30; i++) { /* all through the handshake */
        peer_run(&s.p, 4 * MS);
        if (i % 5 == 0)
            every_length(&s);
    }
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    expect_alive(&s);
    every_length(&s);
    expect_alive(&s);
    const struct transport_counters *counters = &transport_of(&s, 1)->counters;
    assert_true(counters->unknown > 1000);     /* of no protocol */
    assert_true(counters->unvalidated > 1000); /* from strangers, beyond what is held */
    assert_true(ice_agent_counters(transport_of(&s, 1)->ice.current.agent)->malformed > 100);
    assert_true(
        rtp_session_counters(transport_of(&s, 1)->rtp)->malformed + rtp_session_counters(transport_of(&s, 1)->rtp)->unauthenticated > 100);
    end(&s);
}

static void connect(struct scene *s)
{
    peer_exchange(&s->p, 0);
    peer_connect(&s->p, SECOND);
    peer_run(&s->p, 500 * MS);
}

/* A fatal alert and a ClientHello in the clear, from a stranger and even from the right address, do not end what is authenticated. */
static void forged_records(void **state)
{
    static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};
    static const uint8_t close_notify[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0};
    static const uint8_t hello[] = {22, 0xfe, 0xff, 0, 0, 0, 0, 0,  0,    0,    0,        0, 58, 1, 0, 0,       46,
                                    0,  0,    0,    0, 0, 0, 0, 46, 0xfe, 0xfd, [60] = 2, 0, 47, 1, 0, [70] = 0};
    static const uint8_t data[] = {23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 4, 'd', 'a', 't', 'a'};
    struct scene s;
    (void)state;
    begin(&s, 2);
    connect(&s);
    for (int i = 0; i < 100; i++) {
        bool stranger = i % 2 == 0;
        inject(&s, stranger, alert, sizeof alert);
        inject(&s, stranger, close_notify, sizeof close_notify);
        inject(&s, stranger, hello, sizeof hello);
        inject(&s, stranger, data, sizeof data);
    }
    expect_alive(&s);
    end(&s);
}

/* The peer's own packets again, from its path and from another: SRTP and DTLS reject the replay, a stranger's copy is not even looked at.
 */
static struct {
    const struct sim_host *host;
    uint8_t bytes[300][1300];
    size_t len[300];
    size_t count;
} heard;

static void listen_in(void *user, const struct sim_host *from, struct slice datagram)
{
    (void)user;
    if (from != heard.host || heard.count == 300)
        return;
    memcpy(heard.bytes[heard.count], datagram.data, datagram.len);
    heard.len[heard.count++] = datagram.len;
}

static void replayed_datagrams(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 3);
    connect(&s);
    heard.count = 0;
    heard.host = s.p.peer[0].host;
    sim_network_tap(s.p.net, listen_in, NULL);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(rtc_data_channel_send(s.channel, "x", 1), RTC_OK);
        peer_run(&s.p, 10 * MS);
    }
    sim_network_tap(s.p.net, NULL, NULL);
    assert_true(heard.count > 100);
    peer_run(&s.p, SECOND);
    uint32_t messages = s.messages;
    uint64_t replayed = rtp_session_counters(transport_of(&s, 1)->rtp)->replayed;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < heard.count; i++)
            inject(&s, round == 1, heard.bytes[i], heard.len[i]);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(s.messages, messages);
    assert_true(rtp_session_counters(transport_of(&s, 1)->rtp)->replayed > replayed + 20);
    expect_alive(&s);
    end(&s);
}

/* Binding requests from thousands of addresses: none of them becomes a candidate or a place to send to. */
static void flood_of_binding_requests(void **state)
{
    struct scene s;
    uint8_t request[128] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    (void)state;
    begin(&s, 4);
    connect(&s);
    uint64_t sent = sim_network_counters(s.p.net)->sent;
    for (int i = 0; i < 5000; i++) {
        rtc_path path = way(&s, true);
        path.remote.ip[2] = (uint8_t)(i >> 8);
        path.remote.ip[3] = (uint8_t)i;
        request[8] = (uint8_t)i;
        request[9] = (uint8_t)(i >> 8);
        rtc_peer_connection_receive_copy(s.p.peer[1].pc, s.p.now, &path, request, 20);
    }
    peer_run(&s.p, MS);
    assert_true(sim_network_counters(s.p.net)->sent - sent < 5200); /* at most an error for each, never more than came */
    assert_true(ice_agent_counters(transport_of(&s, 1)->ice.current.agent)->unauthenticated >= 5000);
    expect_alive(&s);
    end(&s);
}

/* What strangers send before the peer comes does not keep the peer's first flight out of the hold. */
static void strangers_before_the_peer(void **state)
{
    uint8_t junk[40] = {22, 0xfe, 0xfd};
    struct scene s;
    (void)state;
    begin(&s, 5);
    rtc_peer_connection *a = s.p.peer[0].pc, *b = s.p.peer[1].pc;
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 50 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, MS);
    for (int i = 0; i < 200; i++) {
        junk[13] = (uint8_t)i;
        inject(&s, true, junk, sizeof junk);
    }
    assert_int_equal(transport_of(&s, 1)->held.count, TRANSPORT_HELD_MAX);
    assert_int_equal(packet_data(transport_of(&s, 1)->held.head)[13], 200 - TRANSPORT_HELD_MAX); /* the oldest made room */
    assert_int_equal(transport_of(&s, 1)->counters.unvalidated, 200 - TRANSPORT_HELD_MAX);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 500 * MS);
    expect_alive(&s);
    end(&s);
}

/* The application does not dispatch: beyond the limit input is dropped and counted, and it comes back. */
static void events_beyond_the_limit(void **state)
{
    const rtc_limits limits = {.size = sizeof limits, .event_queue = 100};
    rtc_context_options options = {.size = sizeof options, .limits = &limits};
    rtc_context *context;
    rtc_peer_connection *pc;
    uint8_t datagram[40] = {0, 1, 0, 20, 0x21, 0x12, 0xa4, 0x42};
    rtc_data_channel *channel;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    context_simulate(context, 0);
    assert_int_equal(rtc_peer_connection_new(context, NULL, NULL, NULL, &pc), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "x", 1, NULL, &channel), RTC_OK);
    const rtc_path path = {.socket = 1, .remote = {.family = 4, .ip = {10, 0, 0, 9}, .port = 9}};
    for (int i = 0; i <= 100; i++)
        (void)data_channel_tell(channel, DATA_CHANNEL_LOW, 0);
    for (int i = 0; i < 10; i++)
        rtc_peer_connection_receive_copy(pc, 1000, &path, datagram, sizeof datagram);
    assert_int_equal(peer_first_transport(pc)->counters.over_limit, 10);
    assert_true(rtc_peer_connection_dispatch(pc) > 100);
    rtc_peer_connection_receive_copy(pc, 1000, &path, datagram, sizeof datagram);
    assert_int_equal(peer_first_transport(pc)->counters.over_limit, 10);
    assert_int_equal(peer_first_transport(pc)->counters.arrived, 1);
    rtc_data_channel_unref(channel);
    rtc_peer_connection_free(pc);
    rtc_context_unref(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_at_every_time), cmocka_unit_test(forged_records),
        cmocka_unit_test(replayed_datagrams),        cmocka_unit_test(flood_of_binding_requests),
        cmocka_unit_test(strangers_before_the_peer), cmocka_unit_test(events_beyond_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
