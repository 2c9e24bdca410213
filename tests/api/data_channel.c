/* SPDX-License-Identifier: MIT */
/* RTCDataChannel (webrtc-pc 6.2): ids, states as events tell them, the closing procedure and its errors, buffered amounts, what is refused.
 */
#include "../sim/peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_log log[2];
    struct channel_log words[2];
    rtc_data_channel *channel[2]; /* references */
    rtc_error_info error;         /* the last one of channel 1 */
    rtc_data_channel_state at_error;
};

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    struct scene *s = user;
    (void)pc;
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    peer_log_add(&s->log[1], "channel");
    channel_log_attach(channel, &s->words[1]);
    rtc_data_channel_unref(s->channel[1]);
    s->channel[1] = rtc_data_channel_ref(channel);
}

static void begin(struct scene *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    s->words[0] = (struct channel_log){&s->log[0], "a"};
    s->words[1] = (struct channel_log){&s->log[1], "b"};
    s->p.peer[1].extra = (rtc_peer_connection_callbacks){.size = sizeof s->p.peer[1].extra, .on_data_channel = on_channel};
    s->p.peer[1].extra_user = s;
    assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "a", 1, NULL, &s->channel[0]), RTC_OK);
    channel_log_attach(s->channel[0], &s->words[0]);
}

static void open(struct scene *s, uint64_t seed)
{
    begin(s, seed);
    peer_exchange(&s->p, 0);
    peer_connect(&s->p, 5 * SECOND);
    peer_run(&s->p, 200 * MS);
    assert_non_null(s->channel[1]);
}

static void end(struct scene *s)
{
    for (int i = 0; i < 2; i++)
        rtc_data_channel_unref(s->channel[i]);
    sim_peers_fini(&s->p);
}

/* webrtc-priority: as it was made, here and at the peer. */
static void a_priority_is_told(void **state)
{
    const rtc_data_channel_init high = {.size = sizeof high, .priority = 1024};
    struct scene s;
    (void)state;
    begin(&s, 9);
    assert_int_equal(rtc_data_channel_priority(s.channel[0]), 256);
    rtc_data_channel_unref(s.channel[0]);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "h", 1, &high, &s.channel[0]), RTC_OK);
    assert_int_equal(rtc_data_channel_priority(s.channel[0]), 1024);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    assert_string_equal(rtc_data_channel_label(s.channel[1], NULL), "h");
    assert_int_equal(rtc_data_channel_priority(s.channel[1]), 1024);
    end(&s);
}

/* The answer says who is the DTLS client: from then on ids are known, of channels of before and of new ones. */
static void ids_come_with_the_answer(void **state)
{
    const rtc_data_channel_init negotiated = {.size = sizeof negotiated, .negotiated = true, .id = 3};
    struct scene s;
    rtc_data_channel *c[4];
    (void)state;
    begin(&s, 1);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "n", 1, &negotiated, &c[0]), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "b", 1, NULL, &c[1]), RTC_OK);
    assert_int_equal(rtc_data_channel_id(c[1]), -1);
    peer_exchange(&s.p, 0); /* the answerer is active: the client */
    assert_int_equal(rtc_data_channel_id(s.channel[0]), 1);
    assert_int_equal(rtc_data_channel_id(c[0]), 3);
    assert_int_equal(rtc_data_channel_id(c[1]), 5);
    assert_int_equal(rtc_data_channel_ready_state(c[1]), RTC_DATA_CHANNEL_CONNECTING);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "c", 1, NULL, &c[2]), RTC_OK);
    assert_int_equal(rtc_data_channel_id(c[2]), 7);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[1].pc, "d", 1, NULL, &c[3]), RTC_OK);
    assert_int_equal(rtc_data_channel_id(c[3]), 0);
    for (int i = 0; i < 4; i++)
        rtc_data_channel_unref(c[i]);
    end(&s);
}

/* Its error says what was wrong with it. */
static void on_beyond(rtc_data_channel *channel, void *user, const rtc_error_info *error)
{
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(error->error, RTC_ERR_OPERATION);
    assert_int_equal(error->detail, RTC_ERROR_DATA_CHANNEL_FAILURE);
    assert_non_null(strstr(error->message, "beyond the channels"));
    ++*(int *)user;
}

static void an_id_that_was_too_high(void **state)
{
    const rtc_data_channel_init far = {.size = sizeof far, .negotiated = true, .id = 65534};
    const rtc_data_channel_callbacks callbacks = {.size = sizeof callbacks, .on_error = on_beyond};
    struct scene s;
    rtc_data_channel *c;
    int errors = 0;
    (void)state;
    begin(&s, 12);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "f", 1, &far, &c), RTC_OK);
    assert_int_equal(rtc_data_channel_set_callbacks(c, &callbacks, &errors), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(errors, 1);
    rtc_data_channel_unref(c);
    end(&s);
}

static void any_negotiated_id_may_be_tried(void **state)
{
    const rtc_data_channel_init far = {.size = sizeof far, .negotiated = true, .id = 65534};
    const rtc_data_channel_init none = {.size = sizeof none, .negotiated = true, .id = 65535};
    struct scene s;
    rtc_data_channel *c, *d;
    struct channel_log words;
    (void)state;
    begin(&s, 2);
    words = (struct channel_log){&s.log[0], "far"};
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "f", 1, &none, &c), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "f", 1, &far, &c), RTC_OK);
    assert_int_equal(rtc_data_channel_id(c), 65534);
    channel_log_attach(c, &words);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "f", 1, &far, &d), RTC_ERR_OPERATION);
    assert_non_null(strstr(rtc_peer_connection_last_error(s.p.peer[0].pc), "65534"));
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(peer_log_count(&s.log[0], "far:error"), 1);
    assert_int_equal(peer_log_count(&s.log[0], "far:close"), 1);
    assert_int_equal(peer_log_count(&s.log[0], "far:closing"), 0);
    assert_int_equal(peer_log_count(&s.log[0], "far:open"), 0);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "f", 1, &far, &d), RTC_ERR_OPERATION);
    assert_non_null(strstr(rtc_peer_connection_last_error(s.p.peer[0].pc), "65534 is beyond"));
    rtc_data_channel_unref(c);
    end(&s);
}

/* What was seen of channels that find no id. */
struct numberless {
    struct scene *scene;
    rtc_data_channel *one; /* of those */
    rtc_data_channel_state at_stable;
    rtc_error_info error;
};

static void on_stable(rtc_peer_connection *pc, void *user, rtc_signaling_state state)
{
    struct numberless *n = user;
    (void)pc;
    if (state != RTC_SIGNALING_STABLE)
        return;
    n->at_stable = rtc_data_channel_ready_state(n->one);
    peer_log_add(&n->scene->log[0], "stable");
}

static void on_numberless(rtc_data_channel *channel, void *user, const rtc_error_info *error)
{
    struct numberless *n = user;
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_id(channel), -1);
    n->error = *error;
    peer_log_add(&n->scene->log[0], "error");
}

static void on_numberless_close(rtc_data_channel *channel, void *user)
{
    const struct numberless *n = user;
    (void)channel;
    peer_log_add(&n->scene->log[0], "close");
}

static void on_numberless_closing(rtc_data_channel *channel, void *user)
{
    (void)channel;
    (void)user;
    fail_msg("it is closed by then");
}

/* webrtc-pc 4.4.1.5: who finds no id is closed when the answer is set, which is told once the state was; long before there is an
 * association. */
static void no_id_is_left(void **state)
{
    const rtc_configuration configuration = {.size = sizeof configuration, .max_channels = 4};
    const struct sim_link link = {.delay_us = 5 * MS};
    struct scene s = {0};
    struct numberless seen[2] = {{.scene = &s}, {.scene = &s}};
    rtc_data_channel *c[4];
    (void)state;
    assert_true(sim_peers_init(&s.p, 13, &link, NULL, &configuration));
    s.p.manual = true;
    for (int i = 0; i < 4; i++)
        assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "c", 1, NULL, &c[i]), RTC_OK);
    for (int i = 0; i < 2; i++) {
        const rtc_data_channel_callbacks callbacks = {
            .size = sizeof callbacks, .on_error = on_numberless, .on_closing = on_numberless_closing, .on_close = on_numberless_close};
        seen[i].one = c[2 + i];
        assert_int_equal(rtc_data_channel_set_callbacks(c[2 + i], &callbacks, &seen[i]), RTC_OK);
    }
    s.p.peer[0].extra = (rtc_peer_connection_callbacks){.size = sizeof s.p.peer[0].extra, .on_signaling_state_change = on_stable};
    s.p.peer[0].extra_user = &seen[1];
    peer_exchange(&s.p, 0);
    assert_int_equal(rtc_data_channel_ready_state(c[1]), RTC_DATA_CHANNEL_CONNECTING);
    assert_int_equal(rtc_data_channel_id(c[1]), 3);
    assert_int_equal(rtc_data_channel_ready_state(c[2]), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_ready_state(c[3]), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_send(c[3], "x", 1), RTC_ERR_INVALID_STATE);
    peer_run(&s.p, 0);
    assert_int_equal(rtc_sctp_transport_get_state(rtc_peer_connection_sctp(s.p.peer[0].pc)), RTC_SCTP_TRANSPORT_CONNECTING);
    assert_string_equal(s.log[0].text, "stable error error close close");
    assert_int_equal(seen[1].at_stable, RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(seen[1].error.error, RTC_ERR_OPERATION);
    assert_int_equal(seen[1].error.detail, RTC_ERROR_DATA_CHANNEL_FAILURE);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    assert_string_equal(s.log[0].text, "stable error error close close");
    assert_int_equal(rtc_data_channel_ready_state(c[1]), RTC_DATA_CHANNEL_OPEN);
    for (int i = 0; i < 4; i++)
        rtc_data_channel_unref(c[i]);
    sim_peers_fini(&s.p);
}

/* The one that closes is closing at once and hears "close" alone; the other one "closing" and "close", each with the state of that moment.
 */
static void the_closing_procedure(void **state)
{
    struct scene s;
    (void)state;
    open(&s, 3);
    assert_string_equal(s.log[0].text, "a:open");
    assert_string_equal(s.log[1].text, "channel b:open");
    rtc_data_channel_close(s.channel[0]);
    assert_int_equal(rtc_data_channel_ready_state(s.channel[0]), RTC_DATA_CHANNEL_CLOSING);
    assert_int_equal(rtc_data_channel_send(s.channel[0], "x", 1), RTC_ERR_INVALID_STATE);
    rtc_data_channel_close(s.channel[0]); /* harmless */
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, "a:open a:close");
    assert_string_equal(s.log[1].text, "channel b:open b:closing b:close");
    assert_int_equal(rtc_data_channel_ready_state(s.channel[0]), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_ready_state(s.channel[1]), RTC_DATA_CHANNEL_CLOSED);
    /* Nothing more comes of it when the connection ends. */
    rtc_peer_connection_close(s.p.peer[0].pc);
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[1].text, "channel b:open b:closing b:close");
    end(&s);
}

static void on_lost(rtc_data_channel *channel, void *user, const rtc_error_info *error)
{
    struct scene *s = user;
    s->error = *error;
    s->at_error = rtc_data_channel_ready_state(channel);
    peer_log_add(&s->log[1], "b:error");
    assert_true(error->message[0]);
}

static void on_lost_close(rtc_data_channel *channel, void *user)
{
    struct scene *s = user;
    (void)channel;
    peer_log_add(&s->log[1], "b:close");
}

static const rtc_data_channel_callbacks loss = {.size = sizeof loss, .on_error = on_lost, .on_close = on_lost_close};

/* Closed here: closed at once, and silent. There: an error of SCTP's, and closed. */
static void the_peer_closes_its_connection(void **state)
{
    struct scene s;
    (void)state;
    open(&s, 4);
    rtc_data_channel_set_callbacks(s.channel[1], &loss, &s);
    rtc_peer_connection_close(s.p.peer[0].pc);
    assert_int_equal(rtc_data_channel_ready_state(s.channel[0]), RTC_DATA_CHANNEL_CLOSED);
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, "a:open");
    assert_string_equal(s.log[1].text, "channel b:open b:error b:close");
    assert_int_equal(s.error.detail, RTC_ERROR_SCTP_FAILURE);
    assert_string_equal(rtc_error_detail_name(s.error.detail), "sctp-failure");
    assert_int_equal(s.error.error, RTC_ERR_OPERATION);
    assert_int_equal(s.error.sctp_cause_code, 12); /* user-initiated ABORT */
    assert_int_equal(s.error.received_alert, -1);
    assert_int_equal(s.at_error, RTC_DATA_CHANNEL_CLOSED);
    end(&s);
}

/* webrtc-pc 6.1: only a closed connection refuses. What the channel stands on has ended: it says so, and is closed. */
static void made_when_the_association_has_ended(void **state)
{
    struct scene s;
    (void)state;
    open(&s, 8);
    rtc_peer_connection_close(s.p.peer[0].pc);
    peer_run(&s.p, 100 * MS);
    rtc_data_channel_unref(s.channel[1]);
    s.log[1].text[0] = 0;
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[1].pc, "late", 4, NULL, &s.channel[1]), RTC_OK);
    assert_int_equal(rtc_data_channel_set_callbacks(s.channel[1], &loss, &s), RTC_OK);
    assert_int_equal(rtc_data_channel_ready_state(s.channel[1]), RTC_DATA_CHANNEL_CONNECTING);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(s.error.detail, RTC_ERROR_SCTP_FAILURE);
    assert_int_equal(s.at_error, RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_ready_state(s.channel[1]), RTC_DATA_CHANNEL_CLOSED);
    assert_string_equal(s.log[1].text, "b:error b:close");
    end(&s);
}

/* webrtc-pc 6.2: what was sent in this turn counts, however fast it left; not any more once an event was told. */
static void what_is_buffered(void **state)
{
    struct scene s;
    uint8_t bytes[100] = {0};
    (void)state;
    open(&s, 5);
    assert_int_equal(rtc_data_channel_buffered_amount(s.channel[0]), 0);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(rtc_data_channel_send(s.channel[0], bytes, sizeof bytes), RTC_OK);
        assert_int_equal(rtc_data_channel_buffered_amount(s.channel[0]), i * sizeof bytes);
    }
    assert_int_equal(rtc_data_channel_send(s.channel[0], bytes, 0), RTC_OK);
    assert_int_equal(rtc_data_channel_buffered_amount(s.channel[0]), 3 * sizeof bytes);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(rtc_data_channel_buffered_amount(s.channel[0]), 0);
    assert_int_equal(peer_log_count(&s.log[0], "a:low"), 1); /* once for the burst */
    assert_int_equal(peer_log_count(&s.log[1], "b:message"), 4);
    assert_int_equal(rtc_data_channel_send(s.channel[0], bytes, sizeof bytes), RTC_OK);
    rtc_peer_connection_close(s.p.peer[0].pc);
    assert_int_equal(rtc_data_channel_buffered_amount(s.channel[0]), sizeof bytes); /* it does not go back */
    end(&s);
}

/* 6.2, send(): in no state but open, and nothing is buffered then. */
static void sending_in_each_state(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 10);
    assert_int_equal(rtc_data_channel_send_text(s.channel[0], "x", 1), RTC_ERR_INVALID_STATE); /* connecting */
    assert_non_null(strstr(rtc_peer_connection_last_error(s.p.peer[0].pc), "connecting"));
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(rtc_data_channel_send_text(s.channel[0], "x", 1), RTC_OK);
    assert_int_equal(rtc_data_channel_send_text(s.channel[0], NULL, 1), RTC_ERR_TYPE);
    rtc_data_channel_close(s.channel[0]);
    assert_int_equal(rtc_data_channel_ready_state(s.channel[0]), RTC_DATA_CHANNEL_CLOSING);
    assert_int_equal(rtc_data_channel_send_text(s.channel[0], "y", 1), RTC_ERR_INVALID_STATE);
    assert_non_null(strstr(rtc_peer_connection_last_error(s.p.peer[0].pc), "closing"));
    assert_int_equal(rtc_data_channel_buffered_amount(s.channel[0]), 1);
    rtc_data_channel_close(s.channel[0]); /* harmless */
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_data_channel_ready_state(s.channel[0]), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_send(s.channel[0], "z", 1), RTC_ERR_INVALID_STATE);
    assert_int_equal(peer_log_count(&s.log[1], "b:message"), 1);
    end(&s);
}

static void a_full_buffer_says_so(void **state)
{
    static uint8_t bytes[65536];
    struct scene s;
    int error = RTC_OK;
    (void)state;
    open(&s, 6);
    for (int i = 0; i < 4096 && !error; i++)
        error = rtc_data_channel_send(s.channel[0], bytes, sizeof bytes);
    assert_int_equal(error, RTC_ERR_OPERATION);
    assert_non_null(strstr(rtc_peer_connection_last_error(s.p.peer[0].pc), "full"));
    uint64_t before = rtc_data_channel_buffered_amount(s.channel[0]);
    assert_int_equal(rtc_data_channel_send(s.channel[0], bytes, sizeof bytes), RTC_ERR_OPERATION);
    assert_int_equal(rtc_data_channel_buffered_amount(s.channel[0]), before); /* nothing was taken */
    end(&s);
}

/* A channel that is closed in the event that brings it is never told to be open, and what was sent there arrives. */
static void on_channel_that_closes(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    struct scene *s = user;
    on_channel(pc, user, channel);
    assert_int_equal(rtc_data_channel_send_text(channel, "x", 1), RTC_OK);
    rtc_data_channel_close(s->channel[1]);
}

static void closed_where_it_is_announced(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 7);
    s.p.peer[1].extra.on_data_channel = on_channel_that_closes;
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    assert_int_equal(peer_log_count(&s.log[1], "b:open"), 0);
    assert_int_equal(peer_log_count(&s.log[1], "b:close"), 1);
    assert_string_equal(s.log[0].text, "a:open a:message a:closing a:close");
    end(&s);
}

/* Labels and protocols may be any bytes: statistics and their JSON have all of them. */
static void a_label_with_a_zero(void **state)
{
    const rtc_data_channel_init init = {.size = sizeof init, .protocol = "p\0q", .protocol_len = 3};
    struct scene s;
    rtc_stats_report *report;
    char *json;
    size_t len = 0;
    (void)state;
    begin(&s, 10);
    rtc_data_channel_unref(s.channel[0]);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "a\0b", 3, &init, &s.channel[0]), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    assert_memory_equal(rtc_data_channel_label(s.channel[1], &len), "a\0b", 4);
    assert_int_equal(len, 3);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rtc_peer_connection_get_stats(s.p.peer[i].pc, &report), RTC_OK);
        const rtc_stats *channel = NULL;
        for (size_t k = 0; k < rtc_stats_report_count(report); k++) /* the second one */
            if (strcmp(rtc_stats_type(rtc_stats_report_at(report, k)), "data-channel") == 0)
                channel = rtc_stats_report_at(report, k);
        assert_int_equal(rtc_stats_string_length(channel, "label"), 3);
        assert_memory_equal(rtc_stats_string(channel, "label"), "a\0b", 4);
        assert_int_equal(rtc_stats_string_length(channel, "protocol"), 3);
        assert_int_equal(rtc_stats_string_length(channel, "none"), 0);
        assert_int_equal(rtc_stats_report_json(report, &json), RTC_OK);
        assert_non_null(strstr(json, "\"label\":\"a\\u0000b\""));
        assert_non_null(strstr(json, "\"protocol\":\"p\\u0000q\""));
        rtc_stats_report_free_json(report, json);
        rtc_stats_report_unref(report);
    }
    end(&s);
}

/* 6.2, "a message has been received", step 3: not by a channel that is not open any more, since this side closed it. */
static void what_comes_after_close(void **state)
{
    struct scene s;
    (void)state;
    open(&s, 11);
    assert_int_equal(rtc_data_channel_send_text(s.channel[1], "heard", 5), RTC_OK);
    peer_run(&s.p, 50 * MS);
    assert_int_equal(peer_log_count(&s.log[0], "a:message"), 1);
    assert_int_equal(rtc_data_channel_send_text(s.channel[1], "late", 4), RTC_OK);
    rtc_data_channel_close(s.channel[0]);
    assert_int_equal(rtc_data_channel_ready_state(s.channel[0]), RTC_DATA_CHANNEL_CLOSING);
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, "a:open a:message a:close");
    assert_int_equal(peer_log_count(&s.log[1], "b:close"), 1);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_priority_is_told),
        cmocka_unit_test(ids_come_with_the_answer),
        cmocka_unit_test(an_id_that_was_too_high),
        cmocka_unit_test(any_negotiated_id_may_be_tried),
        cmocka_unit_test(no_id_is_left),
        cmocka_unit_test(the_closing_procedure),
        cmocka_unit_test(the_peer_closes_its_connection),
        cmocka_unit_test(made_when_the_association_has_ended),
        cmocka_unit_test(what_is_buffered),
        cmocka_unit_test(sending_in_each_state),
        cmocka_unit_test(a_full_buffer_says_so),
        cmocka_unit_test(closed_where_it_is_announced),
        cmocka_unit_test(a_label_with_a_zero),
        cmocka_unit_test(what_comes_after_close),
    };
    return cmocka_run_group_tests_name("RTCDataChannel", tests, NULL, NULL);
}
