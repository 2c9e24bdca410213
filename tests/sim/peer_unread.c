/* SPDX-License-Identifier: MIT */
/* What a peer sends and nobody takes is bounded: messages for channels without callbacks, and events that are not dispatched. */
#include "context.h"
#include "data_channel.h"
#include "packet.h"
#include "peer_transport.h"
#include "peer_scene.h"
#include "transport.h"
#include "transport_internal.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT = 64, MESSAGE = 1024 };

struct scene {
    struct sim_peers p;
    rtc_data_channel *channel;
    struct peer_log log;
    struct channel_log channel_log;
    char bytes[MESSAGE];
};

static void begin(struct scene *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    uint32_t cost = sizeof(struct packet) + PACKET_CAPACITY + 16; /* of a small message */
    ((rtc_limits *)(uintptr_t)context_limits(s->p.context))->waiting_bytes = 2 * (LIMIT / 2 * cost + cost / 2);
    s->channel_log = (struct channel_log){&s->log, "ours"};
    assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "flood", 5, NULL, &s->channel), RTC_OK);
    channel_log_attach(s->channel, &s->channel_log);
}

static void end(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->p);
}

static void flood(struct scene *s, int count)
{
    for (int i = 0; i < count; i++) {
        (void)rtc_data_channel_send(s->channel, s->bytes, sizeof s->bytes);
        peer_run(&s->p, 10 * MS);
    }
    peer_run(&s->p, SECOND);
}

static void nobody_has_callbacks(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 31);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 100 * MS);
    flood(&s, LIMIT / 2);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_OPEN);
    struct peer_log late = {""};
    struct channel_log theirs = {&late, "late"};
    channel_log_attach(s.p.peer[1].remote_channel, &theirs);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&late, "late:message"), LIMIT / 2); /* nothing was lost so far */
    rtc_data_channel_set_callbacks(s.p.peer[1].remote_channel, NULL, NULL);
    flood(&s, LIMIT / 2);
    assert_int_equal(rtc_data_channel_ready_state(s.p.peer[1].remote_channel), RTC_DATA_CHANNEL_OPEN); /* full, and no more than that */
    flood(&s, 1);
    assert_int_equal(peer_log_count(&s.log, "ours:close"), 1);
    assert_int_equal(rtc_data_channel_ready_state(s.p.peer[1].remote_channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[1].pc), RTC_PEER_CONNECTION_CONNECTED);
    end(&s);
}

static void keep_last(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    rtc_data_channel **last = user;
    (void)pc;
    rtc_data_channel_unref(*last);
    *last = rtc_data_channel_ref(channel);
}

/* One that hoards does not close another that keeps little: who keeps most is closed, whoever's message it is that finds no room. */
static void who_keeps_most_is_closed(void **state)
{
    struct scene s;
    rtc_data_channel *little, *theirs = NULL;
    struct peer_log late = {""};
    struct channel_log their_log = {&late, "late"}, little_log = {&s.log, "little"};
    (void)state;
    begin(&s, 35);
    s.p.peer[1].extra = (rtc_peer_connection_callbacks){.size = sizeof s.p.peer[1].extra, .on_data_channel = keep_last};
    s.p.peer[1].extra_user = &theirs;
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 100 * MS);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "little", 6, NULL, &little), RTC_OK);
    channel_log_attach(little, &little_log);
    peer_run(&s.p, 100 * MS);
    assert_string_equal(rtc_data_channel_label(theirs, NULL), "little");
    assert_int_equal(rtc_data_channel_send(little, s.bytes, 10), RTC_OK);
    flood(&s, LIMIT / 2 - 1);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_OPEN); /* full by now */
    assert_int_equal(rtc_data_channel_send(little, s.bytes, 10), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_data_channel_ready_state(little), RTC_DATA_CHANNEL_OPEN);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(peer_log_count(&s.log, "ours:close"), 1);
    assert_null(s.p.peer[1].remote_channel->waiting.head);
    assert_int_equal(s.p.peer[1].pc->events.kept_bytes, theirs->waiting_bytes);
    channel_log_attach(theirs, &their_log);
    peer_run(&s.p, SECOND);
    assert_int_equal(peer_log_count(&late, "late:message"), 2);
    assert_int_equal(s.p.peer[1].pc->events.kept_bytes, 0);
    rtc_data_channel_unref(little);
    rtc_data_channel_unref(theirs);
    end(&s);
}

static void hang_up(rtc_dtls_transport *transport, void *user, rtc_dtls_transport_state state)
{
    (void)transport;
    if (state == RTC_DTLS_TRANSPORT_CLOSED)
        rtc_peer_connection_close(user);
}

/* The peer ends DTLS and its channels close, and the application closes the connection before it is told of the channels: their messages go
 * with it, since they are the loop's, and a handle may be kept and dropped anywhere. */
static void messages_go_with_the_connection(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 34);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 100 * MS);
    flood(&s, 3);
    rtc_data_channel *theirs = s.p.peer[1].remote_channel;
    assert_non_null(theirs->waiting.head);
    const rtc_dtls_transport_callbacks callbacks = {.size = sizeof callbacks, .on_state_change = hang_up};
    assert_int_equal(rtc_peer_connection_set_callbacks(s.p.peer[1].pc, NULL, NULL), RTC_OK);
    assert_int_equal(rtc_dtls_transport_set_callbacks(sim_dtls(s.p.peer[1].pc), &callbacks, s.p.peer[1].pc), RTC_OK);
    struct transport *t = peer_first_transport(s.p.peer[0].pc);
    dtls_close(t->dtls, &t->out);
    peer_run_transport(s.p.peer[0].pc, s.p.now);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[1].pc), RTC_PEER_CONNECTION_CLOSED);
    assert_int_equal(rtc_data_channel_ready_state(theirs), RTC_DATA_CHANNEL_CLOSED);
    assert_null(theirs->waiting.head);
    end(&s);
}

static void nobody_takes_channels(void **state)
{
    static const rtc_peer_connection_callbacks none = {.size = sizeof none};
    struct scene s;
    (void)state;
    begin(&s, 32);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 100 * MS);
    rtc_data_channel_unref(s.channel);
    rtc_peer_connection_set_callbacks(s.p.peer[1].pc, &none, NULL);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "more", 4, NULL, &s.channel), RTC_OK);
    channel_log_attach(s.channel, &s.channel_log);
    peer_run(&s.p, 100 * MS);
    flood(&s, 4 * LIMIT); /* dropped, whatever their number: the channel stays, as in a page that does not listen */
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_OPEN);
    assert_int_equal(rtc_data_channel_buffered_amount(s.channel), 0);
    end(&s);
}

static void a_table_without_its_size(void **state)
{
    static const rtc_peer_connection_callbacks forgotten = {.on_track = NULL};
    struct scene s;
    rtc_peer_connection *pc = NULL;
    (void)state;
    begin(&s, 33);
    assert_int_equal(rtc_peer_connection_new(s.p.context, NULL, &forgotten, NULL, &pc), RTC_ERR_TYPE);
    assert_null(pc);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_has_callbacks),
        cmocka_unit_test(who_keeps_most_is_closed),
        cmocka_unit_test(messages_go_with_the_connection),
        cmocka_unit_test(nobody_takes_channels),
        cmocka_unit_test(a_table_without_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
