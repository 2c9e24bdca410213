/* SPDX-License-Identifier: MIT */
/* What is below the channels of whole connections: the ports of the association (RFC 8841 5.1, 9.3) and the room that a relay leaves for
 * its packets. */
#include "data_channels.h"
#include "data_channels_internal.h"
#include "peer_transport.h"
#include "peer_pump.h"
#include "peer_scene.h"
#include "sim_turn_server.h"
#include "transport.h"
#include "transport_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OTHER_PORT = 6001 };

struct scene {
    struct sim_peers p;
    rtc_data_channel *channel;
    struct peer_log log;
    struct channel_log ours, theirs;
    const char *rewritten[2]; /* what each peer's descriptions say in place of a=sctp-port:5000; NULL: that */
    uint64_t arrived;         /* messages through the relay */
    struct sim_turn turn;
    struct packet_pool *pool;
};

static void on_remote_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    (void)pc;
    channel_log_attach(channel, user);
}

static void listen(struct scene *s)
{
    s->ours = (struct channel_log){&s->log, "ours"};
    s->theirs = (struct channel_log){&s->log, "theirs"};
    for (int i = 0; i < 2; i++) {
        s->p.peer[i].extra = (rtc_peer_connection_callbacks){.size = sizeof s->p.peer[i].extra, .on_data_channel = on_remote_channel};
        s->p.peer[i].extra_user = &s->theirs;
    }
}

static void begin(struct scene *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    listen(s);
}

static void open_channel(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "data", 4, NULL, &s->channel), RTC_OK);
    channel_log_attach(s->channel, &s->ours);
}

static void end(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->p);
    packet_pool_unref(s->pool);
}

/* The association of this peer, which has one when it is made, is to use another port than 5000. */
static void bind_to(struct scene *s, int index, uint16_t port)
{
    assert_int_equal(transport_need_channels(peer_first_transport(s->p.peer[index].pc)), RTC_OK);
    peer_first_transport(s->p.peer[index].pc)->channels->options.local_port = port;
}

static int give(struct scene *s, int from, rtc_sdp_type type)
{
    const char *with = s->rewritten[from] ? s->rewritten[from] : "a=sctp-port:5000";
    char *sdp = text_replace(peer_description(&s->p, from), "a=sctp-port:5000", with);
    int error = rtc_peer_connection_set_remote_description(s->p.peer[1 - from].pc, type, sdp);
    free(sdp);
    return error;
}

static void exchange(struct scene *s, int offerer)
{
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[offerer].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, 100 * MS);
    assert_int_equal(give(s, offerer, RTC_SDP_OFFER), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[1 - offerer].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, 100 * MS);
    assert_int_equal(give(s, 1 - offerer, RTC_SDP_ANSWER), RTC_OK);
}

static void expect_message(struct scene *s)
{
    int before = peer_log_count(&s->log, "theirs:message");
    assert_int_equal(rtc_data_channel_send_text(s->channel, "hello", 5), RTC_OK);
    peer_run(&s->p, 200 * MS);
    assert_int_equal(peer_log_count(&s->log, "theirs:message"), before + 1);
}

/* ---- Ports ---- */

static void another_port(void **state)
{
    (void)state;
    for (int other = 0; other < 2; other++) {
        struct scene s;
        begin(&s, 1 + (uint64_t)other);
        open_channel(&s);
        assert_int_equal(peer_need_transport(s.p.peer[1].pc, false), RTC_OK);
        bind_to(&s, other, OTHER_PORT);
        s.rewritten[other] = "a=sctp-port:6001";
        exchange(&s, 0);
        peer_connect(&s.p, SECOND);
        peer_run(&s.p, 200 * MS);
        assert_int_equal(peer_log_count(&s.log, "ours:open"), 1);
        expect_message(&s);
        end(&s);
    }
}

/* As aiortc says it: DTLS/SCTP with the port in place of the format. */
static char *legacy(const char *sdp, const char *port)
{
    char line[64], map[64];
    (void)snprintf(line, sizeof line, "DTLS/SCTP %s\r\n", port);
    (void)snprintf(map, sizeof map, "a=sctpmap:%s webrtc-datachannel 65535", port);
    char *renamed = text_replace(sdp, "UDP/DTLS/SCTP webrtc-datachannel\r\n", line);
    char *mapped = text_replace(renamed, "a=sctp-port:5000", map);
    free(renamed);
    return mapped;
}

static void the_older_form(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 3);
    open_channel(&s);
    bind_to(&s, 0, OTHER_PORT);
    rtc_peer_connection *a = s.p.peer[0].pc, *b = s.p.peer[1].pc;
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    char *offer = legacy(peer_description(&s.p, 0), "6001");
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, offer), RTC_OK);
    free(offer);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    assert_non_null(strstr(peer_description(&s.p, 1), "a=sctpmap:5000 webrtc-datachannel"));
    assert_int_equal(give(&s, 1, RTC_SDP_ANSWER), RTC_OK);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 200 * MS);
    expect_message(&s);
    end(&s);
}

static void add_audio(struct scene *s)
{
    assert_int_equal(rtc_peer_connection_add_transceiver(s->p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
}

/* No port, or 0: there is no association to make, and the media go on without it. */
static void no_port_in_an_offer(void **state)
{
    static const char *const said[] = {"a=x-nothing", "a=sctp-port:0"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene s;
        begin(&s, 4 + (uint64_t)i);
        add_audio(&s);
        open_channel(&s);
        s.rewritten[0] = said[i];
        exchange(&s, 0);
        assert_non_null(strstr(peer_description(&s.p, 1), "m=application 0 "));
        peer_connect(&s.p, SECOND);
        assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
        assert_int_equal(peer_log_count(&s.log, "ours:close"), 1);
        end(&s);
    }
}

static void no_port_in_an_answer(void **state)
{
    static const char *const said[] = {"a=x-nothing", "a=sctp-port:0"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene s;
        begin(&s, 6 + (uint64_t)i);
        add_audio(&s);
        open_channel(&s);
        s.rewritten[1] = said[i];
        exchange(&s, 0);
        peer_connect(&s.p, SECOND);
        assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
        assert_int_equal(peer_log_count(&s.log, "ours:close"), 1);
        end(&s);
    }
}

static void connected(struct scene *s, uint64_t seed)
{
    begin(s, seed);
    open_channel(s);
    exchange(s, 0);
    peer_connect(&s->p, SECOND);
    peer_run(&s->p, 200 * MS);
    expect_message(s);
}

static void end_association(struct scene *s)
{
    transport_end_sctp(peer_first_transport(s->p.peer[0].pc));
    peer_run_transport(s->p.peer[0].pc, s->p.now);
    (void)rtc_peer_connection_dispatch(s->p.peer[0].pc); /* channels are closed when they are told so */
}

/* A port that changes in a later offer: the old channels end, new ones go through a new association. */
static void a_port_that_changes(void **state)
{
    struct scene s;
    (void)state;
    connected(&s, 8);
    end_association(&s);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
    open_channel(&s);
    bind_to(&s, 0, OTHER_PORT);
    s.rewritten[0] = "a=sctp-port:6001";
    exchange(&s, 0);
    peer_run(&s.p, 500 * MS);
    assert_int_equal(peer_log_count(&s.log, "theirs:close"), 1);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_OPEN);
    expect_message(&s);
    s.rewritten[0] = NULL; /* in a later answer, too */
    end_association(&s);
    open_channel(&s);
    exchange(&s, 1);
    peer_run(&s.p, 500 * MS);
    assert_int_equal(peer_log_count(&s.log, "theirs:close"), 2);
    expect_message(&s);
    end(&s);
}

/* The same port: nothing happens to the association. */
static void a_port_that_stays(void **state)
{
    struct scene s;
    (void)state;
    connected(&s, 9);
    add_audio(&s);
    exchange(&s, 0);
    exchange(&s, 1);
    expect_message(&s);
    assert_int_equal(peer_log_count(&s.log, "theirs:close"), 0);
    end(&s);
}

static void a_later_offer_ends_it(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 10);
    add_audio(&s);
    open_channel(&s);
    exchange(&s, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 200 * MS);
    s.rewritten[0] = "a=sctp-port:0";
    exchange(&s, 0);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(peer_log_count(&s.log, "theirs:close"), 1);
    assert_int_equal(peer_log_count(&s.log, "ours:close"), 1); /* our answer's rejection */
    assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[1].pc), RTC_PEER_CONNECTION_CONNECTED);
    end(&s);
}

/* ---- Relays ---- */

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct scene *s = user;
    (void)channel, (void)text, (void)data, (void)len;
    s->arrived++;
}

static void on_counted_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    static const rtc_data_channel_callbacks counting = {.size = sizeof counting, .on_message = on_message};
    (void)pc;
    rtc_data_channel_set_callbacks(channel, &counting, user);
}

static const char *const urls[] = {"turn:198.51.100.9:3478"};
static const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1, .username = "user", .credential = "secret"};
static const rtc_ice_server *const servers[] = {&server};

static void serve(struct sim_peers *peers, const struct packet *packet)
{
    struct scene *s = (struct scene *)peers; /* its first member */
    sim_turn_serve(&s->turn, peers->now, packet);
}

static void begin_with_relay(struct scene *s, uint64_t seed, const rtc_configuration *configuration)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    memset(s, 0, sizeof *s);
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&s->p, seed, &link, NULL, configuration));
    s->p.manual = true;
    assert_int_equal(packet_pool_new(s->p.own, &s->pool), RTC_OK);
    sim_turn_init(&s->turn, s->p.net, s->pool, "198.51.100.9", NULL);
    s->p.serve = serve;
    listen(s);
    s->p.peer[1].extra.on_data_channel = on_counted_channel;
    s->p.peer[1].extra_user = s;
}

static bool is_relayed(struct scene *s)
{
    return s->turn.counters.channel_out + s->turn.counters.datas > 100;
}

/* Messages of every small size fill some packets to the last byte; none is over what a datagram may carry, the relay's header included.
 * Eight bytes are kept for suites whose records carry a nonce; the one that is negotiated here, ChaCha20-Poly1305, has none. */
static void send_in_full_packets(struct scene *s)
{
    enum { COUNT = 3000 };
    static const char bytes[256];
    uint64_t before = s->arrived;
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(rtc_data_channel_send(s->channel, bytes, 1 + i * 7 % sizeof bytes), RTC_OK);
    peer_run(&s->p, 5 * SECOND);
    assert_int_equal(s->arrived, before + COUNT);
    assert_in_range(sim_network_counters(s->p.net)->largest, PACKET_MTU - 8 - 4, PACKET_MTU - 8);
}

static void through_a_relay(void **state)
{
    const rtc_configuration c = {
        .size = sizeof c, .ice_servers = servers, .ice_server_count = 1, .ice_transport_policy = RTC_ICE_TRANSPORT_RELAY};
    struct scene s;
    (void)state;
    begin_with_relay(&s, 20, &c);
    open_channel(&s);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    send_in_full_packets(&s);
    assert_true(is_relayed(&s));
    end(&s);
}

/* The association is made when the path is known already. */
static void a_channel_that_comes_later(void **state)
{
    const rtc_configuration c = {
        .size = sizeof c, .ice_servers = servers, .ice_server_count = 1, .ice_transport_policy = RTC_ICE_TRANSPORT_RELAY};
    struct scene s;
    (void)state;
    begin_with_relay(&s, 22, &c);
    add_audio(&s);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    open_channel(&s);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, SECOND);
    send_in_full_packets(&s);
    end(&s);
}

/* Media fill their packets, too. */
static void media_through_a_relay(void **state)
{
    const rtc_configuration c = {
        .size = sizeof c, .ice_servers = servers, .ice_server_count = 1, .ice_transport_policy = RTC_ICE_TRANSPORT_RELAY};
    struct peer_pumps pumps = {0};
    struct scene s;
    (void)state;
    begin_with_relay(&s, 23, &c);
    peer_pumps_attach(&pumps, &s.p);
    struct peer_pump *video = peer_pump_new(&pumps, &s.p, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_peer_connection_add_track(s.p.peer[0].pc, video->track, NULL, 0, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    video->frame_bytes = 5000; /* half as much to half as much again: sooner or later a packet is full */
    peer_run(&s.p, 30 * SECOND);
    assert_true(is_relayed(&s));
    assert_in_range(sim_network_counters(s.p.net)->largest, PACKET_MTU - 3, PACKET_MTU);
    peer_pumps_fini(&pumps);
    end(&s);
}

/* A call that moves to a relay while the association is up. */
static void to_a_relay(void **state)
{
    const rtc_configuration direct = {.size = sizeof direct};
    rtc_configuration relayed = {
        .size = sizeof relayed, .ice_servers = servers, .ice_server_count = 1, .ice_transport_policy = RTC_ICE_TRANSPORT_RELAY};
    struct scene s;
    (void)state;
    begin_with_relay(&s, 21, &direct);
    open_channel(&s);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    assert_false(is_relayed(&s));
    send_in_full_packets(&s);
    for (int i = 0; i < 2; i++)
        assert_int_equal(rtc_peer_connection_set_configuration(s.p.peer[i].pc, &relayed), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, 5 * SECOND);
    send_in_full_packets(&s);
    assert_true(is_relayed(&s));
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_port),          cmocka_unit_test(the_older_form),      cmocka_unit_test(no_port_in_an_offer),
        cmocka_unit_test(no_port_in_an_answer),  cmocka_unit_test(a_port_that_changes), cmocka_unit_test(a_port_that_stays),
        cmocka_unit_test(a_later_offer_ends_it), cmocka_unit_test(through_a_relay),     cmocka_unit_test(a_channel_that_comes_later),
        cmocka_unit_test(media_through_a_relay), cmocka_unit_test(to_a_relay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
