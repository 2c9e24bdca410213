/* SPDX-License-Identifier: MIT */
/* Data channels of whole connections as the application sees them (webrtc-pc 6, RFC 8831, RFC 8832): ids, limits, sizes, buffered amounts.
 */
#include "channels_scene.h"

#include <stdio.h>
#include <stdlib.h>

static void attributes_cross(void **state)
{
    static const char label[] = "la\0bel\xc3\xa9";
    const rtc_data_channel_init init = {
        .size = sizeof init, .unordered = true, .has_max_retransmits = true, .max_retransmits = 3, .protocol = "proto", .priority = 512};
    const rtc_data_channel_init timed = {.size = sizeof timed, .has_max_packet_life_time = true, .max_packet_life_time_ms = 0};
    struct channels s;
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
    struct channels s;
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
    struct channels s;
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
    struct channels s;
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
    struct channels s;
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
    struct channels s;
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

static void send_sized(struct channels *s, rtc_data_channel *c, int to, size_t len, bool text)
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
    struct channels s;
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
    struct channels s;
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
    struct channels s;
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
    struct channels s;
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

/* Both sides take the same negotiated id for different things: one has it, the other opens it in-band. */
static void same_id_twice(void **state)
{
    const rtc_data_channel_init init = {.size = sizeof init, .negotiated = true, .id = 1};
    struct channels s;
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
    struct channels s;
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
        cmocka_unit_test(same_id_twice),
        cmocka_unit_test(many_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
