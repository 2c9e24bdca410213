/* SPDX-License-Identifier: MIT */
/* How data channels of whole connections end (webrtc-pc 6.2, RFC 8831 section 6.7): closed by either side, with the connection, with what
 * it stood on, and what stays of them. */
#include "channels_scene.h"

#include <stdio.h>
#include <stdlib.h>

static void closing_delivers_what_was_sent(void **state)
{
    struct channels s;
    struct channel_log chat = {&s.log[0], "chat"};
    static uint8_t data[50000];
    (void)state;
    begin(&s, 11);
    open_chat(&s);
    channel_log_attach(s.channel, &chat);
    for (int i = 0; i < 10; i++)
        assert_int_equal(rtc_data_channel_send(s.channel, data, sizeof data), RTC_OK);
    rtc_data_channel_close(s.channel);
    rtc_data_channel_close(s.channel);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSING);
    assert_int_equal(rtc_data_channel_send(s.channel, "x", 1), RTC_ERR_INVALID_STATE);
    assert_true(rtc_data_channel_buffered_amount(s.channel) > 0);
    peer_run(&s.p, 5 * SECOND);
    assert_int_equal(s.got[1].messages, 10);
    assert_string_equal(s.log[0].text, "chat:close"); /* one's own closing has no "closing" event */
    assert_int_equal(rtc_data_channel_ready_state(theirs(&s)), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_send(theirs(&s), "x", 1), RTC_ERR_INVALID_STATE);
    assert_true(rtc_data_channel_id(theirs(&s)) >= 0); /* the handle keeps what it knew */
    assert_string_equal(rtc_data_channel_label(theirs(&s), NULL), "chat");
    end(&s);
}

/* Messages that come before there are callbacks wait for them, and come in order, also when the channel is closed meanwhile. */
static void late_callbacks(void **state)
{
    struct channels s;
    struct peer_log log = {""};
    struct channel_log late = {&log, "late"};
    (void)state;
    begin(&s, 12);
    s.p.peer[1].extra.on_data_channel = NULL;
    assert_int_equal(create(&s, 0, "chat", NULL, &s.channel), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 100 * MS);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rtc_data_channel_send_text(s.channel, "x", 1), RTC_OK);
    peer_run(&s.p, 100 * MS);
    channel_log_attach(s.p.peer[1].remote_channel, &late);
    assert_string_equal(log.text, ""); /* not inside the call */
    peer_run(&s.p, MS);
    assert_string_equal(log.text, "late:message late:message late:message");
    assert_int_equal(rtc_data_channel_send_text(s.channel, "x", 1), RTC_OK);
    peer_run(&s.p, 100 * MS);
    rtc_data_channel_set_callbacks(s.p.peer[1].remote_channel, NULL, NULL);
    assert_int_equal(rtc_data_channel_send_text(s.channel, "x", 1), RTC_OK);
    rtc_data_channel_close(s.channel);
    peer_run(&s.p, SECOND);
    assert_int_equal(peer_log_count(&log, "late:message"), 4);
    end(&s);
}

static int freed_after;
static struct channels *freeing;

static void free_in_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    (void)channel;
    (void)user;
    (void)text;
    (void)data;
    (void)len;
    freed_after++;
    rtc_peer_connection *pc = freeing->p.peer[1].pc;
    freeing->p.peer[1].pc = NULL;
    rtc_peer_connection_free(pc);
}

/* Many messages are queued, the first frees the connection: the rest is not told. */
static void freed_with_many_queued(void **state)
{
    static const rtc_data_channel_callbacks freeing_callbacks = {.size = sizeof freeing_callbacks, .on_message = free_in_message};
    (void)state;
    for (int late = 0; late < 2; late++) { /* queued as events, or in the channel for want of callbacks */
        struct channels s;
        begin(&s, 13);
        freeing = &s;
        freed_after = 0;
        if (late)
            s.p.peer[1].extra.on_data_channel = NULL;
        assert_int_equal(create(&s, 0, "chat", NULL, &s.channel), RTC_OK);
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, SECOND);
        peer_run(&s.p, 100 * MS);
        rtc_peer_connection *pc = rtc_peer_connection_ref(s.p.peer[1].pc);
        if (!late)
            rtc_data_channel_set_callbacks(s.p.peer[1].remote_channel, &freeing_callbacks, NULL);
        for (int i = 0; i < 50; i++)
            assert_int_equal(rtc_data_channel_send_text(s.channel, "x", 1), RTC_OK);
        if (late)
            peer_run(&s.p, 100 * MS);
        if (late)
            rtc_data_channel_set_callbacks(s.p.peer[1].remote_channel, &freeing_callbacks, NULL);
        peer_run(&s.p, SECOND);
        assert_int_equal(freed_after, 1);
        assert_int_equal(rtc_data_channel_ready_state(s.p.peer[1].remote_channel), RTC_DATA_CHANNEL_CLOSED);
        assert_int_equal(rtc_peer_connection_dispatch(pc), 0);
        rtc_peer_connection_unref(pc);
        end(&s);
    }
}

static void vanished_association(void **state)
{
    struct channels s;
    struct channel_log chat = {&s.log[0], "chat"}, other = {&s.log[1], "chat"};
    (void)state;
    begin(&s, 14);
    open_chat(&s);
    channel_log_attach(s.channel, &chat);
    channel_log_attach(theirs(&s), &other);
    rtc_peer_connection_close(s.p.peer[1].pc);
    assert_int_equal(rtc_data_channel_ready_state(theirs(&s)), RTC_DATA_CHANNEL_CLOSED);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(peer_log_count(&s.log[0], "chat:close"), 1);
    assert_string_equal(s.log[1].text, "");
    rtc_data_channel *c;
    assert_int_equal(create(&s, 1, "x", NULL, &c), RTC_ERR_INVALID_STATE);
    assert_int_equal(create(&s, 0, "x", NULL, &c), RTC_OK); /* its association is gone for good: it is told an error, and closes */
    channel_log_attach(c, &chat);
    s.log[0].text[0] = 0;
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, "chat:error chat:close");
    assert_int_equal(rtc_data_channel_ready_state(c), RTC_DATA_CHANNEL_CLOSED);
    rtc_data_channel_unref(c);
    end(&s);
}

static rtc_data_channel *to_be_closed;
static int opened;

static void close_the_other(rtc_data_channel *channel, void *user)
{
    (void)user;
    opened++;
    if (channel != to_be_closed)
        rtc_data_channel_close(to_be_closed);
}

/* A channel that closes between its opening and the event of it is not announced (webrtc-pc 6.2). */
static void closed_before_it_is_announced(void **state)
{
    static const rtc_data_channel_callbacks callbacks = {.size = sizeof callbacks, .on_open = close_the_other};
    struct channels s;
    (void)state;
    begin(&s, 50);
    opened = 0;
    assert_int_equal(create(&s, 0, "first", NULL, &s.channel), RTC_OK);
    assert_int_equal(create(&s, 0, "second", NULL, &to_be_closed), RTC_OK);
    assert_int_equal(rtc_data_channel_set_callbacks(s.channel, &callbacks, NULL), RTC_OK);
    assert_int_equal(rtc_data_channel_set_callbacks(to_be_closed, &callbacks, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, SECOND);
    assert_int_equal(opened, 1);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_OPEN);
    assert_int_equal(rtc_data_channel_ready_state(to_be_closed), RTC_DATA_CHANNEL_CLOSED);
    rtc_data_channel_unref(to_be_closed);
    end(&s);
}

static int told;

static void close_the_connection(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    (void)channel, (void)text, (void)data, (void)len;
    told++;
    rtc_peer_connection_close(user);
}

static struct listener {
    rtc_data_channel *waits;
    rtc_peer_connection *pc;
} listener;

static void listen_to_the_other(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    static const rtc_data_channel_callbacks closing = {.size = sizeof closing, .on_message = close_the_connection};
    (void)channel, (void)user, (void)text, (void)data, (void)len;
    assert_int_equal(rtc_data_channel_set_callbacks(listener.waits, &closing, listener.pc), RTC_OK);
}

/* A message waited, another one is being told: the callback for the first closes the connection, and the second is not told any more. */
static void nothing_after_closing_in_a_message(void **state)
{
    static const rtc_data_channel_callbacks listening_first = {.size = sizeof listening_first, .on_message = listen_to_the_other};
    struct channels s;
    rtc_data_channel *pair[2][2];
    (void)state;
    begin(&s, 51);
    told = 0;
    const rtc_data_channel_init init[2] = {{.size = sizeof init[0], .negotiated = true, .id = 0},
                                           {.size = sizeof init[0], .negotiated = true, .id = 1}};
    for (int i = 0; i < 4; i++)
        assert_int_equal(create(&s, i / 2, "x", &init[i % 2], &pair[i / 2][i % 2]), RTC_OK);
    listener = (struct listener){pair[1][1], s.p.peer[1].pc};
    assert_int_equal(rtc_data_channel_set_callbacks(pair[1][0], &listening_first, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(rtc_data_channel_send(pair[0][1], "waits", 5), RTC_OK);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(rtc_data_channel_send(pair[0][0], "listen", 6), RTC_OK);
    assert_int_equal(rtc_data_channel_send(pair[0][1], "late", 4), RTC_OK);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(told, 1);
    for (int i = 0; i < 4; i++)
        rtc_data_channel_unref(pair[i / 2][i % 2]);
    end(&s);
}

/* webrtc-pc 6.2: bufferedAmount does not go back to zero when the channel closes: the application sees what was not sent. By the peer's
 * end, and by our own. */
static void buffered_amount_stays(void **state)
{
    static const uint8_t data[200000];
    (void)state;
    for (int own = 0; own < 2; own++) {
        struct channels s;
        begin(&s, 40 + (uint64_t)own);
        open_chat(&s);
        for (int i = 0; i < 20; i++)
            assert_int_equal(rtc_data_channel_send(s.channel, data, sizeof data), RTC_OK);
        uint64_t before = rtc_data_channel_buffered_amount(s.channel);
        assert_true(before > 2000000);
        rtc_peer_connection_close(s.p.peer[own ? 0 : 1].pc);
        if (!own)
            peer_run(&s.p, SECOND);
        assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
        assert_true(rtc_data_channel_buffered_amount(s.channel) > 1000000 && rtc_data_channel_buffered_amount(s.channel) <= before);
        end(&s);
    }
}

/* The same of what the association had taken and not sent, when the peer ends it. */
static void what_was_given_stays_buffered(void **state)
{
    static const uint8_t data[60000];
    struct channels s;
    (void)state;
    begin(&s, 42);
    open_chat(&s);
    assert_int_equal(rtc_data_channel_send(s.channel, data, sizeof data), RTC_OK);
    rtc_peer_connection_close(s.p.peer[1].pc);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
    assert_true(rtc_data_channel_buffered_amount(s.channel) > sizeof data / 2);
    end(&s);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closing_delivers_what_was_sent), cmocka_unit_test(late_callbacks),
        cmocka_unit_test(freed_with_many_queued),         cmocka_unit_test(vanished_association),
        cmocka_unit_test(closed_before_it_is_announced),  cmocka_unit_test(nothing_after_closing_in_a_message),
        cmocka_unit_test(buffered_amount_stays),          cmocka_unit_test(what_was_given_stays_buffered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
