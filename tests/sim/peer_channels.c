/* SPDX-License-Identifier: MIT */
/* Data channels of whole connections as the application sees them (webrtc-pc 6, RFC 8831, RFC 8832): ids, limits, sizes, buffered amounts,
 * closing, errors. */
#include "peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_log log[2];
    rtc_data_channel *channel;
    /* The last message that came to each side. */
    struct got {
        uint64_t messages, bytes;
        size_t len;
        bool text;
        uint32_t sum;
        rtc_data_channel *arrived[64]; /* references, in order */
        size_t arrived_count;
    } got[2];
};

static uint32_t sum_of(const void *data, size_t len)
{
    const uint8_t *p = data;
    uint32_t sum = 1;
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + p[i];
    return sum;
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct got *got = user;
    (void)channel;
    got->messages++;
    got->bytes += len;
    got->len = len;
    got->text = text;
    got->sum = sum_of(data, len);
}

static const rtc_data_channel_callbacks listening = {.size = sizeof listening, .on_message = on_message};

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    struct got *got = user;
    (void)pc;
    rtc_data_channel_set_callbacks(channel, &listening, got);
    if (got->arrived_count < 64)
        got->arrived[got->arrived_count++] = rtc_data_channel_ref(channel);
}

static void begin_with(struct scene *s, uint64_t seed, const rtc_configuration *configuration)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    memset(s, 0, sizeof *s);
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&s->p, seed, &link, NULL, configuration));
    s->p.manual = true;
    for (int i = 0; i < 2; i++) {
        s->p.peer[i].extra = (rtc_peer_connection_callbacks){.size = sizeof s->p.peer[i].extra, .on_data_channel = on_channel};
        s->p.peer[i].extra_user = &s->got[i];
    }
}

static void begin(struct scene *s, uint64_t seed)
{
    begin_with(s, seed, NULL);
}

static void end(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < s->got[i].arrived_count; k++)
            rtc_data_channel_unref(s->got[i].arrived[k]);
    sim_peers_fini(&s->p);
}

static int create(struct scene *s, int index, const char *label, const rtc_data_channel_init *init, rtc_data_channel **out)
{
    return rtc_peer_connection_create_data_channel(s->p.peer[index].pc, label, strlen(label), init, out);
}

/* A channel "chat" of peer 0, open on both sides. */
static void open_chat(struct scene *s)
{
    assert_int_equal(create(s, 0, "chat", NULL, &s->channel), RTC_OK);
    rtc_data_channel_set_callbacks(s->channel, &listening, &s->got[0]);
    peer_exchange(&s->p, 0);
    peer_connect(&s->p, SECOND);
    peer_run(&s->p, 200 * MS);
    assert_int_equal(s->got[1].arrived_count, 1);
}

static rtc_data_channel *theirs(struct scene *s)
{
    return s->got[1].arrived[0];
}

static void attributes_cross(void **state)
{
    static const char label[] = "la\0bel\xc3\xa9";
    const rtc_data_channel_init init = {
        .size = sizeof init, .unordered = true, .has_max_retransmits = true, .max_retransmits = 3, .protocol = "proto", .priority = 512};
    const rtc_data_channel_init timed = {.size = sizeof timed, .has_max_packet_life_time = true, .max_packet_life_time_ms = 0};
    struct scene s;
    rtc_data_channel *other;
    size_t len;
    (void)state;
    begin(&s, 1);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, label, sizeof label - 1, &init, &s.channel), RTC_OK);
    assert_int_equal(create(&s, 0, "", &timed, &other), RTC_OK);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CONNECTING);
    assert_int_equal(rtc_data_channel_send(s.channel, "x", 1), RTC_ERR_INVALID_STATE);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(s.got[1].arrived_count, 2);
    rtc_data_channel *c = theirs(&s);
    assert_memory_equal(rtc_data_channel_label(c, &len), label, sizeof label);
    assert_int_equal(len, sizeof label - 1);
    assert_string_equal(rtc_data_channel_protocol(c, &len), "proto");
    assert_false(rtc_data_channel_ordered(c));
    assert_false(rtc_data_channel_negotiated(c));
    assert_int_equal(rtc_data_channel_max_retransmits(c), 3);
    assert_int_equal(rtc_data_channel_max_packet_life_time_ms(c), -1);
    assert_int_equal(rtc_data_channel_id(c), rtc_data_channel_id(s.channel));
    assert_int_equal(rtc_data_channel_max_packet_life_time_ms(s.got[1].arrived[1]), 0);
    assert_int_equal(rtc_data_channel_max_retransmits(s.got[1].arrived[1]), -1);
    assert_true(rtc_data_channel_ordered(s.got[1].arrived[1]));
    rtc_data_channel_unref(other);
    end(&s);
}

/* RFC 8832 6: the DTLS client has the even ids; the answerer is the client. */
static void parity_of_ids(void **state)
{
    struct scene s;
    rtc_data_channel *a[3], *b[3];
    (void)state;
    begin(&s, 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(create(&s, 0, "a", NULL, &a[i]), RTC_OK);
        assert_int_equal(create(&s, 1, "b", NULL, &b[i]), RTC_OK);
        assert_int_equal(rtc_data_channel_id(a[i]), -1);
    }
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 200 * MS);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rtc_data_channel_id(a[i]), 2 * i + 1);
        assert_int_equal(rtc_data_channel_id(b[i]), 2 * i);
        rtc_data_channel_unref(a[i]);
        rtc_data_channel_unref(b[i]);
    }
    assert_int_equal(s.got[0].arrived_count, 3);
    assert_int_equal(s.got[1].arrived_count, 3);
    end(&s);
}

static void bad_arguments(void **state)
{
    struct scene s;
    rtc_data_channel *c = NULL, *taken;
    char *huge = calloc(1, 65537);
    (void)state;
    begin(&s, 3);
    memset(huge, 'x', 65536);
    rtc_peer_connection *pc = s.p.peer[0].pc;
    rtc_data_channel_init init = {.size = sizeof init, .has_max_retransmits = true, .has_max_packet_life_time = true};
    assert_int_equal(create(&s, 0, "x", &init, &c), RTC_ERR_TYPE);
    init = (rtc_data_channel_init){.size = 0};
    assert_int_equal(create(&s, 0, "x", &init, &c), RTC_ERR_TYPE);
    init = (rtc_data_channel_init){.size = sizeof init, .negotiated = true, .id = 65535};
    assert_int_equal(create(&s, 0, "x", &init, &c), RTC_ERR_TYPE);
    init.id = 65534; /* beyond what the association will have: known when it is up */
    assert_int_equal(create(&s, 0, "x", &init, &c), RTC_OK);
    rtc_data_channel_unref(c);
    init.id = 255;
    assert_int_equal(create(&s, 0, "x", &init, &taken), RTC_OK);
    assert_int_equal(create(&s, 0, "x", &init, &c), RTC_ERR_OPERATION);
    init = (rtc_data_channel_init){.size = sizeof init, .protocol = huge};
    assert_int_equal(create(&s, 0, "x", &init, &c), RTC_ERR_TYPE);
    assert_int_equal(create(&s, 0, huge, NULL, &c), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, NULL, 1, NULL, &c), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "x", 1, NULL, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_create_data_channel(NULL, "x", 1, NULL, &c), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, NULL, 0, NULL, &c), RTC_OK);
    assert_string_equal(rtc_data_channel_label(c, NULL), "");
    assert_int_equal(rtc_data_channel_send(NULL, "x", 1), RTC_ERR_TYPE);
    assert_int_equal(rtc_data_channel_send(c, NULL, 1), RTC_ERR_TYPE);
    rtc_data_channel_close(NULL);
    rtc_data_channel_unref(NULL);
    rtc_data_channel_unref(c);
    rtc_data_channel_unref(taken);
    free(huge);
    end(&s);
}

static void negotiated_channels(void **state)
{
    const rtc_data_channel_init init = {.size = sizeof init, .negotiated = true, .id = 100};
    struct scene s;
    rtc_data_channel *b;
    (void)state;
    begin(&s, 4);
    assert_int_equal(create(&s, 0, "both", &init, &s.channel), RTC_OK);
    assert_int_equal(create(&s, 1, "both", &init, &b), RTC_OK);
    rtc_data_channel_set_callbacks(b, &listening, &s.got[1]);
    assert_int_equal(rtc_data_channel_id(b), 100);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_OPEN);
    assert_int_equal(rtc_data_channel_send_text(s.channel, "one", 3), RTC_OK);
    peer_run(&s.p, 100 * MS);
    assert_int_equal(s.got[1].messages, 1);
    assert_int_equal(s.got[1].arrived_count, 0); /* nobody was told of a new channel */
    rtc_data_channel_unref(b);
    end(&s);
}

static void more_than_max_channels(void **state)
{
    const rtc_configuration configuration = {.size = sizeof configuration, .max_channels = 8};
    struct scene s;
    rtc_data_channel *c[9];
    (void)state;
    begin_with(&s, 5, &configuration);
    open_chat(&s);
    assert_int_equal(rtc_sctp_transport_max_channels(rtc_peer_connection_sctp(s.p.peer[0].pc)), 8);
    for (int i = 0; i < 3; i++) /* ids 3, 5 and 7 */
        assert_int_equal(create(&s, 0, "more", NULL, &c[i]), RTC_OK);
    assert_int_equal(create(&s, 0, "too many", NULL, &c[3]), RTC_ERR_OPERATION);
    assert_non_null(strstr(rtc_peer_connection_last_error(s.p.peer[0].pc), "none of the"));
    rtc_data_channel_close(c[1]);
    peer_run(&s.p, 500 * MS);
    assert_int_equal(rtc_data_channel_ready_state(c[1]), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(create(&s, 0, "its id is free again", NULL, &c[3]), RTC_OK);
    assert_int_equal(rtc_data_channel_id(c[3]), 5);
    peer_run(&s.p, 500 * MS);
    assert_int_equal(rtc_data_channel_send_text(c[3], "x", 1), RTC_OK);
    peer_run(&s.p, 500 * MS);
    assert_int_equal(s.got[1].messages, 1);
    for (int i = 0; i < 4; i++)
        rtc_data_channel_unref(c[i]);
    end(&s);
}

/* More channels than there are ids were made before the connection was up: those without get an error. */
static void too_many_before_the_start(void **state)
{
    const rtc_configuration configuration = {.size = sizeof configuration, .max_channels = 4};
    struct scene s;
    rtc_data_channel *c[4];
    struct channel_log logs[4];
    (void)state;
    begin_with(&s, 6, &configuration);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(create(&s, 0, "x", NULL, &c[i]), RTC_OK);
        logs[i] = (struct channel_log){&s.log[0], i < 2 ? "good" : "bad"};
        channel_log_attach(c[i], &logs[i]);
    }
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 500 * MS);
    assert_int_equal(peer_log_count(&s.log[0], "good:open"), 2);
    assert_int_equal(peer_log_count(&s.log[0], "bad:open"), 0);
    assert_int_equal(peer_log_count(&s.log[0], "bad:error"), 2);
    assert_int_equal(peer_log_count(&s.log[0], "bad:close"), 2);
    for (int i = 0; i < 4; i++)
        rtc_data_channel_unref(c[i]);
    end(&s);
}

static void send_sized(struct scene *s, rtc_data_channel *c, int to, size_t len, bool text)
{
    uint8_t *data = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)('a' + i % 23);
    uint64_t before = s->got[to].messages;
    assert_int_equal(text ? rtc_data_channel_send_text(c, (const char *)data, len) : rtc_data_channel_send(c, data, len), RTC_OK);
    peer_run(&s->p, 5 * SECOND);
    assert_int_equal(s->got[to].messages, before + 1);
    assert_int_equal(s->got[to].len, len);
    assert_int_equal(s->got[to].text, text);
    assert_int_equal(s->got[to].sum, sum_of(data, len));
    assert_int_equal(rtc_data_channel_buffered_amount(c), 0);
    free(data);
}

static void sizes(void **state)
{
    static const size_t all[] = {0, 1, 2, 1100, 1134, 1135, 1136, 1137, 1160, 1200, 65535, 65536, 65537, 262143, 262144};
    struct scene s;
    (void)state;
    begin(&s, 7);
    open_chat(&s);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        send_sized(&s, s.channel, 1, all[i], i % 2 == 0);
        send_sized(&s, theirs(&s), 0, all[i], i % 2 == 1);
    }
    uint8_t *big = calloc(1, 262145);
    assert_int_equal(rtc_data_channel_send(s.channel, big, 262145), RTC_ERR_TYPE);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_OPEN);
    free(big);
    end(&s);
}

/* The peer says what it takes; a peer that says less is not sent more. */
static void peer_takes_less(void **state)
{
    const rtc_configuration configuration = {.size = sizeof configuration, .max_message_size = 5000};
    struct scene s;
    uint8_t data[5001] = {0};
    (void)state;
    begin_with(&s, 8, &configuration);
    open_chat(&s);
    assert_int_equal(rtc_sctp_transport_max_message_size(rtc_peer_connection_sctp(s.p.peer[0].pc)), 5000);
    assert_int_equal(rtc_data_channel_send(s.channel, data, 5001), RTC_ERR_TYPE);
    assert_non_null(strstr(rtc_peer_connection_last_error(s.p.peer[0].pc), "5001 bytes is over the 5000"));
    assert_int_equal(rtc_data_channel_send(s.channel, NULL, 1), RTC_ERR_TYPE);
    assert_non_null(strstr(rtc_peer_connection_last_error(s.p.peer[0].pc), "NULL"));
    send_sized(&s, s.channel, 1, 5000, false);
    assert_string_equal(rtc_peer_connection_last_error(s.p.peer[0].pc), ""); /* that was taken */
    end(&s);
}

static void buffered_amount_and_low(void **state)
{
    struct scene s;
    struct channel_log chat = {&s.log[0], "chat"};
    uint8_t data[16000] = {0};
    (void)state;
    begin(&s, 9);
    open_chat(&s);
    channel_log_attach(s.channel, &chat);
    rtc_data_channel_set_buffered_amount_low_threshold(s.channel, 100000);
    assert_int_equal(rtc_data_channel_buffered_amount_low_threshold(s.channel), 100000);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rtc_data_channel_send(s.channel, data, sizeof data), RTC_OK);
    uint64_t buffered = rtc_data_channel_buffered_amount(s.channel);
    assert_in_range(buffered, 1400000, 1600000);
    assert_int_equal(peer_log_count(&s.log[0], "chat:low"), 0);
    uint64_t last = buffered;
    while (rtc_data_channel_buffered_amount(s.channel) > 100000) {
        peer_run(&s.p, 5 * MS);
        assert_true(rtc_data_channel_buffered_amount(s.channel) <= last);
        last = rtc_data_channel_buffered_amount(s.channel);
        assert_true(s.p.now < 60 * SECOND);
    }
    peer_run(&s.p, 5 * SECOND);
    assert_int_equal(peer_log_count(&s.log[0], "chat:low"), 1);
    assert_int_equal(rtc_data_channel_buffered_amount(s.channel), 0);
    assert_int_equal(s.got[1].messages, 100);
    end(&s);
}

/* A full buffer refuses and loses nothing; the event says when there is room. */
static void full_buffer(void **state)
{
    struct scene s;
    struct channel_log chat = {&s.log[0], "chat"};
    static uint8_t data[200000];
    uint64_t taken = 0;
    (void)state;
    begin(&s, 10);
    open_chat(&s);
    channel_log_attach(s.channel, &chat);
    rtc_data_channel_set_buffered_amount_low_threshold(s.channel, 1000000);
    int error;
    while ((error = rtc_data_channel_send(s.channel, data, sizeof data)) == RTC_OK)
        taken++;
    assert_int_equal(error, RTC_ERR_OPERATION);
    assert_non_null(strstr(rtc_peer_connection_last_error(s.p.peer[0].pc), "buffer is full"));
    assert_in_range(taken * sizeof data, 15000000, 17500000);
    assert_int_equal(rtc_data_channel_send(s.channel, data, sizeof data), RTC_ERR_OPERATION);
    while (peer_log_count(&s.log[0], "chat:low") == 0 && s.p.now < 300 * SECOND)
        peer_run(&s.p, 100 * MS);
    assert_int_equal(rtc_data_channel_send(s.channel, data, sizeof data), RTC_OK);
    peer_run(&s.p, 60 * SECOND);
    assert_int_equal(s.got[1].messages, taken + 1);
    assert_int_equal(s.got[1].bytes, (taken + 1) * sizeof data);
    end(&s);
}

static void closing_delivers_what_was_sent(void **state)
{
    struct scene s;
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
    struct scene s;
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
static struct scene *freeing;

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
        struct scene s;
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
    struct scene s;
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
    assert_int_equal(create(&s, 0, "x", NULL, &c), RTC_ERR_INVALID_STATE); /* the association is gone for good */
    end(&s);
}

/* Both sides take the same negotiated id for different things: one has it, the other opens it in-band. */
static void same_id_twice(void **state)
{
    const rtc_data_channel_init init = {.size = sizeof init, .negotiated = true, .id = 1};
    struct scene s;
    rtc_data_channel *b;
    struct channel_log other = {&s.log[1], "b"};
    (void)state;
    begin(&s, 15);
    assert_int_equal(create(&s, 0, "in-band", NULL, &s.channel), RTC_OK); /* will be 1 */
    assert_int_equal(create(&s, 1, "negotiated", &init, &b), RTC_OK);
    channel_log_attach(b, &other);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_data_channel_id(s.channel), 1);
    assert_int_equal(peer_log_count(&s.log[1], "b:error"), 1);
    assert_int_equal(rtc_data_channel_ready_state(b), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
    rtc_data_channel_unref(b);
    end(&s);
}

static void many_channels(void **state)
{
    struct scene s;
    static rtc_data_channel *c[128];
    (void)state;
    begin(&s, 16);
    open_chat(&s);
    for (int i = 0; i < 127; i++)
        assert_int_equal(create(&s, 0, "many", NULL, &c[i]), RTC_OK);
    peer_run(&s.p, SECOND);
    for (int i = 0; i < 127; i++) {
        assert_int_equal(rtc_data_channel_ready_state(c[i]), RTC_DATA_CHANNEL_OPEN);
        assert_int_equal(rtc_data_channel_send_text(c[i], "x", 1), RTC_OK);
    }
    peer_run(&s.p, SECOND);
    assert_int_equal(s.got[1].messages, 127);
    for (int i = 0; i < 127; i++)
        rtc_data_channel_close(c[i]);
    peer_run(&s.p, 3 * SECOND);
    for (int i = 0; i < 127; i++) {
        assert_int_equal(rtc_data_channel_ready_state(c[i]), RTC_DATA_CHANNEL_CLOSED);
        rtc_data_channel_unref(c[i]);
    }
    assert_int_equal(rtc_data_channel_send_text(s.channel, "x", 1), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_int_equal(s.got[1].messages, 128);
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
    struct scene s;
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
    struct scene s;
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
        struct scene s;
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
    struct scene s;
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
        cmocka_unit_test(attributes_cross),
        cmocka_unit_test(parity_of_ids),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(negotiated_channels),
        cmocka_unit_test(more_than_max_channels),
        cmocka_unit_test(too_many_before_the_start),
        cmocka_unit_test(sizes),
        cmocka_unit_test(peer_takes_less),
        cmocka_unit_test(buffered_amount_and_low),
        cmocka_unit_test(full_buffer),
        cmocka_unit_test(buffered_amount_stays),
        cmocka_unit_test(what_was_given_stays_buffered),
        cmocka_unit_test(closed_before_it_is_announced),
        cmocka_unit_test(nothing_after_closing_in_a_message),
        cmocka_unit_test(closing_delivers_what_was_sent),
        cmocka_unit_test(late_callbacks),
        cmocka_unit_test(freed_with_many_queued),
        cmocka_unit_test(vanished_association),
        cmocka_unit_test(same_id_twice),
        cmocka_unit_test(many_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
