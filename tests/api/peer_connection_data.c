/* SPDX-License-Identifier: MIT */
/* RTCPeerConnection's half of the data API (webrtc-pc 6.1): createDataChannel step by step, and the datachannel event. What a channel does
 * then is data_channel.c's, and the sctp attribute sctp_transport.c's. */
#include "../sim/peer_scene.h"

#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_log log[2];
    rtc_data_channel *channel[8], *arrived[8]; /* references: of peer 0, and those that peer 1 was told of */
    size_t count, arrived_count;
    bool closes; /* peer 1 closes what it is told of */
};

static rtc_peer_connection *pc_of(const struct scene *s, int index)
{
    return s->p.peer[index].pc;
}

static void on_open(rtc_data_channel *channel, void *user)
{
    struct scene *s = user;
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    peer_log_add(&s->log[1], "open");
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct scene *s = user;
    (void)channel, (void)text, (void)data, (void)len;
    peer_log_add(&s->log[1], "message");
}

static void on_close(rtc_data_channel *channel, void *user)
{
    struct scene *s = user;
    (void)channel;
    peer_log_add(&s->log[1], "close");
}

/* 6.1, "announce the channel": it can be used from within the event on. */
static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    static const rtc_data_channel_callbacks events = {
        .size = sizeof events, .on_open = on_open, .on_message = on_message, .on_close = on_close};
    struct scene *s = user;
    (void)pc;
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    assert_true(rtc_data_channel_id(channel) >= 0);
    assert_int_equal(rtc_data_channel_set_callbacks(channel, &events, s), RTC_OK);
    peer_log_add(&s->log[1], "channel");
    s->arrived[s->arrived_count++] = rtc_data_channel_ref(channel);
    if (s->closes)
        rtc_data_channel_close(channel);
}

static void begin(struct scene *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    for (int i = 0; i < 2; i++)
        peer_log_attach(&s->p.peer[i], &s->log[i]);
    s->p.peer[1].extra = (rtc_peer_connection_callbacks){.size = sizeof s->p.peer[1].extra, .on_data_channel = on_channel};
    s->p.peer[1].extra_user = s;
}

static void end(struct scene *s)
{
    for (size_t i = 0; i < s->count; i++)
        rtc_data_channel_unref(s->channel[i]);
    for (size_t i = 0; i < s->arrived_count; i++)
        rtc_data_channel_unref(s->arrived[i]);
    sim_peers_fini(&s->p);
}

static rtc_data_channel *create(struct scene *s, const char *label, const rtc_data_channel_init *init)
{
    rtc_data_channel **out = &s->channel[s->count++];
    assert_int_equal(rtc_peer_connection_create_data_channel(pc_of(s, 0), label, strlen(label), init, out), RTC_OK);
    return *out;
}

static int refused(struct scene *s, size_t label_len, const rtc_data_channel_init *init)
{
    char *label = calloc(1, label_len + 1);
    rtc_data_channel *channel = NULL;
    int error = rtc_peer_connection_create_data_channel(pc_of(s, 0), label, label_len, init, &channel);
    free(label);
    assert_null(channel);
    return error;
}

static int needed(struct scene *s)
{
    peer_run(&s->p, MS);
    int count = peer_log_count(&s->log[0], "needed");
    s->log[0].text[0] = 0;
    return count;
}

static void connect(struct scene *s)
{
    peer_exchange(&s->p, 0);
    peer_connect(&s->p, 5 * SECOND);
    peer_run(&s->p, 200 * MS);
}

/* ---- createDataChannel ---- */

/* The slots of a channel that was made with nothing, and with everything. */
static void slots(void **state)
{
    const rtc_data_channel_init init = {
        .size = sizeof init, .unordered = true, .max_retransmits = 3, .protocol = "chat", .id = 77, .priority = 512};
    const rtc_data_channel_init timed = {.size = sizeof timed, .has_max_packet_life_time = true, .negotiated = true, .id = 12};
    struct scene s;
    size_t len;
    (void)state;
    begin(&s, 1);
    rtc_data_channel *plain = create(&s, "", NULL), *all = create(&s, "\xc3\xa4", &init), *fixed = create(&s, "n", &timed);
    assert_string_equal(rtc_data_channel_label(plain, &len), "");
    assert_int_equal(len, 0);
    assert_string_equal(rtc_data_channel_protocol(plain, &len), "");
    assert_true(rtc_data_channel_ordered(plain) && !rtc_data_channel_negotiated(plain));
    assert_int_equal(rtc_data_channel_max_retransmits(plain), -1);
    assert_int_equal(rtc_data_channel_max_packet_life_time_ms(plain), -1);
    assert_int_equal(rtc_data_channel_id(plain), -1);
    assert_int_equal(rtc_data_channel_ready_state(plain), RTC_DATA_CHANNEL_CONNECTING);
    assert_int_equal(rtc_data_channel_buffered_amount(plain), 0);
    assert_int_equal(rtc_data_channel_buffered_amount_low_threshold(plain), 0);
    assert_string_equal(rtc_data_channel_label(all, &len), "\xc3\xa4");
    assert_string_equal(rtc_data_channel_protocol(all, &len), "chat");
    assert_false(rtc_data_channel_ordered(all));
    assert_int_equal(rtc_data_channel_max_retransmits(all), 3);
    assert_int_equal(rtc_data_channel_id(all), -1); /* without `negotiated` an id is not looked at */
    assert_int_equal(rtc_data_channel_priority(all), 512);
    assert_int_equal(rtc_data_channel_max_packet_life_time_ms(fixed), 0);
    assert_true(rtc_data_channel_negotiated(fixed));
    assert_int_equal(rtc_data_channel_id(fixed), 12); /* known at once */
    end(&s);
}

/* The steps that throw, the closed connection first; what is refused asks for no negotiation. */
static void steps_that_refuse(void **state)
{
    const rtc_data_channel_init both = {.size = sizeof both,
                                        .has_max_retransmits = true,
                                        .has_max_packet_life_time = true}, /* even when both are 0 */
        reserved = {.size = sizeof reserved, .negotiated = true, .id = 65535}, sizeless = {.negotiated = true},
                                longest = {.size = sizeof longest, .protocol = "p", .protocol_len = 65536},
                                nowhere = {.size = sizeof nowhere, .protocol_len = 5};
    struct scene s;
    (void)state;
    begin(&s, 2);
    assert_int_equal(refused(&s, 65536, NULL), RTC_ERR_TYPE);
    assert_int_equal(refused(&s, 1, &longest), RTC_ERR_TYPE);
    assert_int_equal(refused(&s, 1, &nowhere), RTC_ERR_TYPE);
    assert_int_equal(refused(&s, 1, &both), RTC_ERR_TYPE);
    assert_int_equal(refused(&s, 1, &reserved), RTC_ERR_TYPE);
    assert_int_equal(refused(&s, 1, &sizeless), RTC_ERR_TYPE);
    assert_int_equal(needed(&s), 0);
    assert_null(rtc_peer_connection_sctp(pc_of(&s, 0)));
    rtc_peer_connection_close(pc_of(&s, 0));
    assert_int_equal(refused(&s, 65536, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(refused(&s, 1, &both), RTC_ERR_INVALID_STATE);
    end(&s);
}

/* A label and a protocol of 65535 bytes each are taken, and arrive. */
static void the_longest_names(void **state)
{
    struct scene s;
    size_t len;
    char *name = malloc(65536);
    (void)state;
    memset(name, 'x', 65535);
    name[65535] = 0;
    const rtc_data_channel_init init = {.size = sizeof init, .protocol = name};
    begin(&s, 3);
    (void)create(&s, name, &init);
    connect(&s);
    assert_int_equal(s.arrived_count, 1);
    assert_memory_equal(rtc_data_channel_label(s.arrived[0], &len), name, 65535);
    assert_int_equal(len, 65535);
    assert_memory_equal(rtc_data_channel_protocol(s.arrived[0], &len), name, 65535);
    assert_int_equal(len, 65535);
    free(name);
    end(&s);
}

/* Ids that are given: each once, whoever has it; free again when its channel is closed. Before the roles are known none is given out. */
static void ids(void **state)
{
    const rtc_data_channel_init five = {.size = sizeof five, .negotiated = true, .id = 5};
    struct scene s;
    (void)state;
    begin(&s, 4);
    rtc_data_channel *fixed = create(&s, "n", &five), *first = create(&s, "a", NULL);
    rtc_data_channel *far;
    assert_int_equal(rtc_peer_connection_create_data_channel(pc_of(&s, 1), "n", 1, &five, &far), RTC_OK);
    assert_int_equal(refused(&s, 1, &five), RTC_ERR_OPERATION);
    assert_int_equal(rtc_data_channel_id(first), -1);
    connect(&s);
    assert_int_equal(rtc_data_channel_id(first) % 2, 1); /* the offerer is the DTLS server */
    assert_int_not_equal(rtc_data_channel_id(first), 5);
    assert_int_equal(refused(&s, 1, &five), RTC_ERR_OPERATION);
    rtc_data_channel *second = create(&s, "b", NULL);
    assert_true(rtc_data_channel_id(second) % 2 == 1 && rtc_data_channel_id(second) != 5);
    assert_int_not_equal(rtc_data_channel_id(second), rtc_data_channel_id(first));
    rtc_data_channel_close(fixed);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_data_channel_ready_state(fixed), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_id(fixed), 5);
    assert_int_equal(rtc_data_channel_id(create(&s, "again", &five)), 5);
    rtc_data_channel_unref(far);
    end(&s);
}

/* "If channel was the first data channel created, update the negotiation-needed flag": once, and never while there is a section for it. */
static void negotiation_is_needed_once(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 5);
    rtc_data_channel *first = create(&s, "a", NULL);
    assert_int_equal(needed(&s), 1);
    (void)create(&s, "b", NULL);
    assert_int_equal(needed(&s), 0);
    rtc_data_channel_close(first);
    assert_int_equal(needed(&s), 0);
    connect(&s);
    (void)create(&s, "c", NULL);
    assert_int_equal(needed(&s), 0);
    assert_false(rtc_peer_connection_negotiation_needed(pc_of(&s, 0)));
    assert_non_null(rtc_peer_connection_sctp(pc_of(&s, 0)));
    end(&s);
}

/* ---- The datachannel event ---- */

/* In the order in which they were opened; the event, then open, then what was sent; none for what was negotiated by the application. */
static void channels_are_announced(void **state)
{
    const rtc_data_channel_init fixed = {.size = sizeof fixed, .negotiated = true, .id = 9}, odd = {.size = sizeof odd,
                                                                                                    .unordered = true,
                                                                                                    .max_packet_life_time_ms = 250,
                                                                                                    .protocol = "p",
                                                                                                    .priority = 128};
    struct scene s;
    size_t len;
    (void)state;
    begin(&s, 6);
    (void)create(&s, "n", &fixed);
    (void)create(&s, "a", NULL);
    (void)create(&s, "b", &odd);
    connect(&s);
    assert_int_equal(s.arrived_count, 2);
    for (size_t i = 0; i < 2; i++) {
        rtc_data_channel *here = s.channel[i + 1], *there = s.arrived[i];
        assert_string_equal(rtc_data_channel_label(there, &len), i == 0 ? "a" : "b");
        assert_string_equal(rtc_data_channel_protocol(there, &len), i == 0 ? "" : "p");
        assert_int_equal(rtc_data_channel_id(there), rtc_data_channel_id(here));
        assert_int_equal(rtc_data_channel_ordered(there), i == 0);
        assert_int_equal(rtc_data_channel_max_packet_life_time_ms(there), i == 0 ? -1 : 250);
        assert_int_equal(rtc_data_channel_max_retransmits(there), -1);
        assert_int_equal(rtc_data_channel_priority(there), i == 0 ? 256 : 128);
        assert_false(rtc_data_channel_negotiated(there));
        assert_int_equal(rtc_data_channel_buffered_amount_low_threshold(there), 0);
    }
    s.log[1].text[0] = 0;
    rtc_data_channel *late = create(&s, "c", NULL);
    peer_run(&s.p, 100 * MS);
    assert_int_equal(rtc_data_channel_send_text(late, "x", 1), RTC_OK);
    peer_run(&s.p, 100 * MS);
    assert_string_equal(s.log[1].text, "channel open message");
    end(&s);
}

/* Closed within the event: no open follows, and both sides see it closed. */
static void closed_as_it_is_announced(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 7);
    s.closes = true;
    rtc_data_channel *channel = create(&s, "a", NULL);
    connect(&s);
    peer_run(&s.p, SECOND);
    assert_int_equal(s.arrived_count, 1);
    assert_int_equal(peer_log_count(&s.log[1], "open"), 0);
    assert_int_equal(peer_log_count(&s.log[1], "close"), 1);
    assert_int_equal(rtc_data_channel_ready_state(s.arrived[0]), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    end(&s);
}

/* 4.4.2, close(): each channel is closed at once, and tells nothing; the attribute keeps its object, which is closed. */
static void closing(void **state)
{
    struct scene s;
    struct channel_log words;
    (void)state;
    begin(&s, 8);
    rtc_data_channel *open = create(&s, "a", NULL);
    connect(&s);
    rtc_data_channel *young = create(&s, "b", NULL);
    words = (struct channel_log){&s.log[0], "c"};
    channel_log_attach(open, &words);
    channel_log_attach(young, &words);
    s.log[0].text[0] = 0;
    rtc_peer_connection_close(pc_of(&s, 0));
    assert_int_equal(rtc_data_channel_ready_state(open), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_ready_state(young), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_sctp_transport_get_state(rtc_peer_connection_sctp(pc_of(&s, 0))), RTC_SCTP_TRANSPORT_CLOSED);
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, "");
    assert_int_equal(rtc_data_channel_send_text(open, "x", 1), RTC_ERR_INVALID_STATE);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots),
        cmocka_unit_test(steps_that_refuse),
        cmocka_unit_test(the_longest_names),
        cmocka_unit_test(ids),
        cmocka_unit_test(negotiation_is_needed_once),
        cmocka_unit_test(channels_are_announced),
        cmocka_unit_test(closed_as_it_is_announced),
        cmocka_unit_test(closing),
    };
    return cmocka_run_group_tests_name("RTCPeerConnection, 6.1", tests, NULL, NULL);
}
