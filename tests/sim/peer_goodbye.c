/* SPDX-License-Identifier: MIT */
/* A peer that ends the connection: by close(), by close_notify alone while its ICE goes on (as browsers do when the section that carries
 * the transport is stopped), by a fatal alert. Whoever is left behind learns of it at once and sends nothing more. */
#include "peer_transport.h"
#include "peer_pump.h"

#include "transceiver.h"
#include "transport.h"
#include "transport_internal.h"

#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_pumps pumps;
    struct peer_log log[2];
    struct channel_log chat;
    rtc_data_channel *channel;
    struct peer_pump *pump[2];
};

static void open_chat(struct scene *s)
{
    assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "chat", 4, NULL, &s->channel), RTC_OK);
    s->chat = (struct channel_log){&s->log[0], "chat"};
    channel_log_attach(s->channel, &s->chat);
}

static void begin_pair(struct scene *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    peer_pumps_attach(&s->pumps, &s->p);
    for (int i = 0; i < 2; i++) {
        s->pump[i] = peer_pump_new(&s->pumps, &s->p, RTC_MEDIA_VIDEO);
        assert_int_equal(rtc_peer_connection_add_track(s->p.peer[i].pc, s->pump[i]->track, NULL, 0, NULL), RTC_OK);
    }
}

static void connect(struct scene *s)
{
    peer_exchange(&s->p, 0);
    peer_connect(&s->p, SECOND);
    peer_run(&s->p, 3 * SECOND);
    for (int i = 0; i < 2; i++)
        peer_log_attach(&s->p.peer[i], &s->log[i]);
}

static void begin_media(struct scene *s, uint64_t seed)
{
    begin_pair(s, seed);
    connect(s);
}

/* Media both ways and a channel of peer 0's. */
static void begin(struct scene *s, uint64_t seed)
{
    begin_pair(s, seed);
    open_chat(s);
    connect(s);
    peer_run(&s->p, 100 * MS);
    s->log[0].text[0] = s->log[1].text[0] = 0;
}

static void end(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->p);
    peer_pumps_fini(&s->pumps);
}

static uint64_t sent(struct scene *s, int index, enum sim_packet_kind kind)
{
    uint64_t all = 0;
    for (int i = 0; i < 64; i++)
        all += s->p.peer[index].marked[kind][i];
    return all;
}

static uint64_t sent_above_ice(struct scene *s, int index)
{
    return sent(s, index, SIM_DTLS) + sent(s, index, SIM_DATA) + sent(s, index, SIM_RTP) + sent(s, index, SIM_RTCP);
}

static struct transport *transport_of(struct scene *s, int index)
{
    return peer_first_transport(s->p.peer[index].pc);
}

/* Nothing but close_notify: no ABORT of the association, no BYE. */
static void close_dtls(struct scene *s, int index)
{
    struct transport *t = transport_of(s, index);
    dtls_close(t->dtls, &t->out);
    peer_run_transport(s->p.peer[index].pc, s->p.now);
}

/* Nothing is encoded for nobody. */
static void expect_idle_senders(struct scene *s)
{
    rtc_peer_connection *pc = s->p.peer[0].pc;
    for (size_t i = 0; i < rtc_peer_connection_transceiver_count(pc); i++)
        assert_null(rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(pc, i))->pipeline);
}

/* Peer 0 was left. */
static void expect_left(struct scene *s)
{
    rtc_peer_connection *pc = s->p.peer[0].pc;
    expect_idle_senders(s);
    assert_string_equal(s->log[0].text, "dtls:closed muted connection:disconnected chat:error chat:close");
    assert_int_equal(rtc_dtls_transport_get_state(sim_dtls(pc)), RTC_DTLS_TRANSPORT_CLOSED);
    assert_int_equal(rtc_peer_connection_connection_state(pc), RTC_PEER_CONNECTION_DISCONNECTED);
    assert_int_equal(rtc_data_channel_ready_state(s->channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_send(s->channel, "x", 1), RTC_ERR_INVALID_STATE);
    assert_true(rtc_media_stream_track_muted(peer_remote_track(&s->p, 0, 0)));
    assert_non_null(strstr(rtc_peer_connection_explain(pc), "the peer ended the connection\n"));
}

static void hangs_up(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1);
    rtc_peer_connection_close(s.p.peer[1].pc);
    assert_int_equal(rtc_dtls_transport_get_state(sim_dtls(s.p.peer[1].pc)), RTC_DTLS_TRANSPORT_CLOSED);
    peer_run(&s.p, 10 * MS); /* half a round trip, and the moment of a packet */
    assert_int_equal(peer_log_count(&s.log[0], "dtls:closed"), 1);
    assert_int_equal(peer_log_count(&s.log[0], "connection:disconnected"), 1);
    assert_int_equal(peer_log_count(&s.log[0], "chat:close"), 1);
    assert_int_equal(rtc_dtls_transport_get_state(sim_dtls(s.p.peer[0].pc)), RTC_DTLS_TRANSPORT_CLOSED);
    uint64_t before = sent_above_ice(&s, 0), frames = s.pump[0]->serial;
    peer_run(&s.p, 30 * SECOND);
    assert_int_equal(sent_above_ice(&s, 0), before);
    assert_true(s.pump[0]->serial > frames + 500); /* the source goes on, nobody listens */
    assert_int_equal(peer_log_count(&s.log[0], "connection:failed"), 1);
    assert_non_null(strstr(rtc_peer_connection_explain(s.p.peer[0].pc), "the peer ended the connection\n"));
    end(&s);
}

/* The association below the channels would not notice for a minute, ICE never. */
static void only_close_notify(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 2);
    close_dtls(&s, 1);
    peer_run(&s.p, 10 * MS);
    assert_string_equal(s.log[0].text, "dtls:closed muted connection:disconnected"); /* an offer may have its section taken over */
    peer_run(&s.p, 3 * SECOND);
    expect_left(&s);
    uint64_t before = sent_above_ice(&s, 0), checks = sent(&s, 0, SIM_STUN);
    peer_run(&s.p, 60 * SECOND);
    assert_int_equal(sent_above_ice(&s, 0), before);
    assert_true(sent(&s, 0, SIM_STUN) > checks + 10); /* ICE is as alive as before: nothing but DTLS has ended */
    assert_int_equal(rtc_peer_connection_ice_connection_state(s.p.peer[0].pc), RTC_ICE_CONNECTION_COMPLETED);
    assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[0].pc), RTC_PEER_CONNECTION_DISCONNECTED);
    assert_int_equal(peer_log_count(&s.log[0], "connection:connected"), 0);
    end(&s);
}

/* What is negotiated afterwards does not bring back what has ended, and does not pretend to. */
static void negotiated_afterwards(void **state)
{
    (void)state;
    for (int restart = 0; restart < 2; restart++) {
        struct scene s;
        begin(&s, 3);
        close_dtls(&s, 1);
        peer_run(&s.p, 10 * MS);
        struct peer_pump *more = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_AUDIO);
        assert_int_equal(rtc_peer_connection_add_track(s.p.peer[0].pc, more->track, NULL, 0, NULL), RTC_OK);
        if (restart)
            assert_int_equal(rtc_peer_connection_restart_ice(s.p.peer[0].pc), RTC_OK);
        uint64_t before = sent_above_ice(&s, 0);
        peer_exchange(&s.p, 0);
        peer_run(&s.p, 10 * SECOND);
        assert_int_equal(rtc_peer_connection_signaling_state(s.p.peer[0].pc), RTC_SIGNALING_STABLE);
        assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[0].pc), RTC_PEER_CONNECTION_DISCONNECTED);
        assert_int_equal(peer_log_count(&s.log[0], "connection:connected"), 0);
        assert_int_equal(sent_above_ice(&s, 0), before);
        expect_idle_senders(&s);
        rtc_data_channel *late;
        assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "late", 4, NULL, &late), RTC_OK);
        rtc_data_channel_unref(late);
        end(&s);
    }
}

/* A connection of media whose peer closed DTLS: a channel that is made then waits for as long as one that was there would have, since an
 * offer may give it another association, and ends. One that comes later ends at once. */
static void a_channel_afterwards(void **state)
{
    (void)state;
    for (int negotiated = 0; negotiated < 2; negotiated++) {
        struct scene s;
        begin_media(&s, 5);
        close_dtls(&s, 1);
        peer_run(&s.p, 100 * MS);
        s.log[0].text[0] = 0;
        open_chat(&s);
        if (negotiated)
            peer_exchange(&s.p, 0);
        assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CONNECTING);
        peer_run(&s.p, 4 * SECOND);
        assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
        assert_int_equal(peer_log_count(&s.log[0], "chat:error"), 1);
        assert_int_equal(peer_log_count(&s.log[0], "chat:close"), 1);
        rtc_data_channel_unref(s.channel);
        open_chat(&s);
        peer_run(&s.p, 100 * MS);
        assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
        end(&s);
    }
}

/* The same, and then another endpoint takes the call over with a section of data: its channels have an association. */
static void taken_over_afterwards(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        const rtc_configuration c = {.size = sizeof c};
        rtc_data_channel *other;
        struct scene s;
        begin_media(&s, 6);
        close_dtls(&s, 1);
        peer_run(&s.p, 100 * MS);
        open_chat(&s);
        peer_run(&s.p, waits ? SECOND : 5 * SECOND);
        sim_peers_replace(&s.p, 1, &c);
        assert_int_equal(rtc_peer_connection_add_track(s.p.peer[1].pc, s.pump[1]->track, NULL, 0, NULL), RTC_OK);
        assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[1].pc, "other", 5, NULL, &other), RTC_OK);
        peer_exchange(&s.p, 1);
        peer_connect(&s.p, 10 * SECOND);
        peer_run(&s.p, 5 * SECOND);
        assert_int_equal(rtc_data_channel_ready_state(other), RTC_DATA_CHANNEL_OPEN);
        assert_int_equal(rtc_data_channel_ready_state(s.channel), waits ? RTC_DATA_CHANNEL_OPEN : RTC_DATA_CHANNEL_CLOSED);
        assert_int_equal(rtc_sctp_transport_get_state(rtc_peer_connection_sctp(s.p.peer[0].pc)), RTC_SCTP_TRANSPORT_CONNECTED);
        rtc_data_channel_unref(other);
        end(&s);
    }
}

/* A close_notify that comes while data is still on its way to the application loses none of it. */
static void last_words(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 4);
    assert_non_null(s.p.peer[1].remote_channel);
    assert_int_equal(rtc_data_channel_send(s.p.peer[1].remote_channel, "bye", 3), RTC_OK);
    rtc_peer_connection_close(s.p.peer[1].pc);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(peer_log_count(&s.log[0], "chat:message"), 1);
    assert_int_equal(peer_log_count(&s.log[0], "chat:close"), 1);
    assert_true(strstr(s.log[0].text, "chat:message") < strstr(s.log[0].text, "chat:close"));
    end(&s);
}

/* A certificate that is not the one that was signalled, to the offerer or to the answerer: neither side ever shows as connected, and
 * nothing that needs the keys is sent. */
static void refused_fingerprint(void **state)
{
    (void)state;
    for (int refuses = 0; refuses < 2; refuses++) {
        struct scene s;
        memset(&s, 0, sizeof s);
        peer_scene(&s.p, 5, true);
        for (int i = 0; i < 2; i++)
            peer_log_attach(&s.p.peer[i], &s.log[i]);
        assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "chat", 4, NULL, &s.channel), RTC_OK);
        for (int i = 0; i < 2; i++) { /* the offer, the answer */
            rtc_peer_connection *from = s.p.peer[i].pc, *to = s.p.peer[1 - i].pc;
            assert_int_equal(rtc_peer_connection_set_local_description(from, RTC_SDP_NONE, NULL), RTC_OK);
            peer_run(&s.p, 50 * MS);
            char *sdp = strdup(peer_description(&s.p, i)), *digit = strstr(sdp, "sha-256 ") + 8;
            if (refuses != i)
                *digit = *digit == 'A' ? 'B' : 'A';
            assert_int_equal(rtc_peer_connection_set_remote_description(to, i == 0 ? RTC_SDP_OFFER : RTC_SDP_ANSWER, sdp), RTC_OK);
            free(sdp);
        }
        peer_run(&s.p, 20 * SECOND);
        assert_int_equal(peer_log_count(&s.log[refuses], "connection:connected"), 0);
        assert_int_equal(peer_log_count(&s.log[refuses], "dtls:connected"), 0);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(peer_log_count(&s.log[i], "dtls:failed"), 1);
            assert_int_equal(peer_log_count(&s.log[i], "connection:failed"), 1);
            assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[i].pc), RTC_PEER_CONNECTION_FAILED);
            assert_int_equal(rtc_dtls_transport_get_state(sim_dtls(s.p.peer[i].pc)), RTC_DTLS_TRANSPORT_FAILED);
            assert_int_equal(peer_log_count(&s.log[i], "channel"), 0);
        }
        assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED); /* it will never open */
        assert_int_equal(sent(&s, refuses, SIM_DATA) + sent(&s, refuses, SIM_RTP) + sent(&s, refuses, SIM_RTCP), 0);
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hangs_up),
        cmocka_unit_test(only_close_notify),
        cmocka_unit_test(negotiated_afterwards),
        cmocka_unit_test(last_words),
        cmocka_unit_test(refused_fingerprint),
        cmocka_unit_test(a_channel_afterwards),
        cmocka_unit_test(taken_over_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
