/* SPDX-License-Identifier: MIT */
/* RTCError (webrtc-pc 11), as events give it: each detail with the numbers that belong to it and no others, whoever tells. */
#include "../sim/peer_scene.h"

#include <stdlib.h>
#include <string.h>

struct told {
    int count;
    rtc_error_info error;
    char message[160];
};

struct scene {
    struct sim_peers p;
    struct told channel[2], dtls[2]; /* of each peer */
    rtc_data_channel *own;
    rtc_dtls_transport *transport[2]; /* references */
};

static void take(struct told *t, const rtc_error_info *error)
{
    assert_int_equal(error->size, sizeof *error);
    assert_int_equal(error->error, RTC_ERR_OPERATION); /* an RTCError is a DOMException of that name */
    assert_string_equal(rtc_error_name(error->error), "OperationError");
    assert_true(strlen(error->message) > 0);
    t->count++;
    t->error = *error;
    t->error.message = NULL; /* it was borrowed */
    strncat(strcpy(t->message, ""), error->message, sizeof t->message - 1);
}

static void on_channel_error(rtc_data_channel *channel, void *user, const rtc_error_info *error)
{
    (void)channel;
    take(user, error);
}

static void on_dtls_error(rtc_dtls_transport *transport, void *user, const rtc_error_info *error)
{
    assert_int_equal(rtc_dtls_transport_get_state(transport), RTC_DTLS_TRANSPORT_FAILED);
    take(user, error);
}

static const rtc_data_channel_callbacks channel_events = {.size = sizeof channel_events, .on_error = on_channel_error};
static const rtc_dtls_transport_callbacks dtls_events = {.size = sizeof dtls_events, .on_error = on_dtls_error};

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    (void)pc;
    assert_int_equal(rtc_data_channel_set_callbacks(channel, &channel_events, user), RTC_OK);
}

/* A channel of peer 0; `refuses`: who is told another fingerprint of the other, -1: none. */
static void begin(struct scene *s, uint64_t seed, const rtc_data_channel_init *init, int refuses)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    s->p.peer[1].extra = (rtc_peer_connection_callbacks){.size = sizeof s->p.peer[1].extra, .on_data_channel = on_channel};
    s->p.peer[1].extra_user = &s->channel[1];
    assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "a", 1, init, &s->own), RTC_OK);
    assert_int_equal(rtc_data_channel_set_callbacks(s->own, &channel_events, &s->channel[0]), RTC_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[i].pc, RTC_SDP_NONE, NULL), RTC_OK);
        peer_run(&s->p, 50 * MS);
        char *sdp = strdup(peer_description(&s->p, i)), *digit = strstr(sdp, "sha-256 ") + 8;
        if (refuses == 1 - i)
            *digit = *digit == 'A' ? 'B' : 'A';
        assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[1 - i].pc, i == 0 ? RTC_SDP_OFFER : RTC_SDP_ANSWER, sdp),
                         RTC_OK);
        free(sdp);
    }
    for (int i = 0; i < 2; i++) {
        s->transport[i] = rtc_dtls_transport_ref(sim_dtls(s->p.peer[i].pc));
        assert_int_equal(rtc_dtls_transport_set_callbacks(s->transport[i], &dtls_events, &s->dtls[i]), RTC_OK);
    }
}

static void connect(struct scene *s)
{
    peer_connect(&s->p, 5 * SECOND);
    peer_run(&s->p, 200 * MS);
}

static void end(struct scene *s)
{
    for (int i = 0; i < 2; i++)
        rtc_dtls_transport_unref(s->transport[i]);
    rtc_data_channel_unref(s->own);
    sim_peers_fini(&s->p);
}

/* Which of its numbers are not null, as letters: line, cause, received, sent, http. */
static const char *numbers(const struct told *t)
{
    static char text[2][8];
    static int turn;
    char *out = text[turn = !turn];
    const rtc_error_info *e = &t->error;
    *out = 0;
    strcat(out, e->sdp_line_number >= 0 ? "l" : "");
    strcat(out, e->sctp_cause_code >= 0 ? "c" : "");
    strcat(out, e->received_alert >= 0 ? "r" : "");
    strcat(out, e->sent_alert >= 0 ? "s" : "");
    strcat(out, e->http_request_status_code >= 0 ? "h" : "");
    return out;
}

/* 11.2: the names of the enumeration. */
static void details_by_name(void **state)
{
    static const char *const names[] = {"",
                                        "data-channel-failure",
                                        "dtls-failure",
                                        "fingerprint-failure",
                                        "sctp-failure",
                                        "sdp-syntax-error",
                                        "hardware-encoder-not-available",
                                        "hardware-encoder-error"};
    (void)state;
    for (int i = 0; i < 8; i++)
        assert_string_equal(rtc_error_detail_name((rtc_error_detail)i), names[i]);
    assert_string_equal(rtc_error_detail_name((rtc_error_detail)8), "?");
    assert_string_equal(rtc_error_detail_name((rtc_error_detail)-1), "?");
}

/* A channel that can not be opened on its transport: its id is beyond what both sides have. */
static void data_channel_failure(void **state)
{
    const rtc_data_channel_init far = {.size = sizeof far, .negotiated = true, .id = 60000};
    struct scene s;
    (void)state;
    begin(&s, 1, &far, -1);
    connect(&s);
    assert_int_equal(s.channel[0].count, 1);
    assert_int_equal(s.channel[0].error.detail, RTC_ERROR_DATA_CHANNEL_FAILURE);
    assert_string_equal(numbers(&s.channel[0]), "");
    print_message("%s\n", s.channel[0].message);
    assert_int_equal(s.dtls[0].count + s.dtls[1].count, 0);
    end(&s);
}

/* The peer aborts the association: its cause is told to each channel. */
static void sctp_failure(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 2, NULL, -1);
    connect(&s);
    rtc_peer_connection_close(s.p.peer[0].pc);
    peer_run(&s.p, SECOND);
    assert_int_equal(s.channel[0].count, 0); /* closed here: nothing is told */
    assert_int_equal(s.channel[1].count, 1);
    assert_int_equal(s.channel[1].error.detail, RTC_ERROR_SCTP_FAILURE);
    assert_string_equal(numbers(&s.channel[1]), "c");
    assert_int_equal(s.channel[1].error.sctp_cause_code, 12);
    end(&s);
}

static bool lost(struct sim_peers *peers, int index, const struct packet *packet)
{
    (void)peers, (void)index, (void)packet;
    return true;
}

/* The path is gone, with nobody left to say why. */
static void sctp_failure_without_a_cause(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 3, NULL, -1);
    connect(&s);
    s.p.loses = lost;
    assert_int_equal(rtc_data_channel_send_text(s.own, "x", 1), RTC_OK);
    peer_run(&s.p, 300 * SECOND);
    assert_int_equal(s.channel[0].count, 1);
    assert_int_equal(s.channel[0].error.detail, RTC_ERROR_SCTP_FAILURE);
    assert_string_equal(numbers(&s.channel[0]), "");
    assert_int_equal(rtc_data_channel_ready_state(s.own), RTC_DATA_CHANNEL_CLOSED);
    end(&s);
}

/* 5.5: whoever refuses the certificate says so, with the alert that it sent; the other side has received it. Channels are told as well. */
static void fingerprint_and_dtls_failure(void **state)
{
    (void)state;
    for (int refuses = 0; refuses < 2; refuses++) {
        struct scene s;
        begin(&s, 4, NULL, refuses);
        peer_run(&s.p, 20 * SECOND);
        const struct told *here = &s.dtls[refuses], *there = &s.dtls[!refuses];
        assert_int_equal(here->count, 1);
        assert_int_equal(there->count, 1);
        assert_int_equal(here->error.detail, RTC_ERROR_FINGERPRINT_FAILURE);
        assert_string_equal(numbers(here), "s");
        assert_int_equal(there->error.detail, RTC_ERROR_DTLS_FAILURE);
        assert_string_equal(numbers(there), "r");
        assert_int_equal(here->error.sent_alert, there->error.received_alert);
        assert_int_equal(s.channel[0].count, 1); /* its association will never be */
        assert_int_equal(s.channel[0].error.detail, RTC_ERROR_SCTP_FAILURE);
        assert_string_equal(numbers(&s.channel[0]), "");
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(details_by_name),
        cmocka_unit_test(data_channel_failure),
        cmocka_unit_test(sctp_failure),
        cmocka_unit_test(sctp_failure_without_a_cause),
        cmocka_unit_test(fingerprint_and_dtls_failure),
    };
    return cmocka_run_group_tests_name("RTCError", tests, NULL, NULL);
}
