/* SPDX-License-Identifier: MIT */
/* RTCDtlsTransport (webrtc-pc 5.5) with RTCDtlsFingerprint and RTCError (section 11): one object for each transport, states as events tell
 * them, the peer's certificates, failures with their detail. */
#include "../sim/peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct heard {
    char states[128];
    int errors;
    rtc_error_info error;
    char message[128];
    rtc_dtls_transport_state at_error;
    size_t certificates_at_connected;
};

struct scene {
    struct sim_peers p;
    struct heard heard[2];
    rtc_dtls_transport *dtls[2]; /* references */
    rtc_data_channel *channel;
};

static void on_state(rtc_dtls_transport *transport, void *user, rtc_dtls_transport_state state)
{
    struct heard *h = user;
    size_t len = strlen(h->states);
    assert_int_equal(rtc_dtls_transport_get_state(transport), state); /* the slot is set before the event */
    if (state == RTC_DTLS_TRANSPORT_CONNECTED)
        h->certificates_at_connected = rtc_dtls_transport_remote_certificate_count(transport);
    (void)snprintf(h->states + len, sizeof h->states - len, "%s%s", len ? " " : "", rtc_dtls_transport_state_name(state));
}

static void on_error(rtc_dtls_transport *transport, void *user, const rtc_error_info *error)
{
    struct heard *h = user;
    h->errors++;
    h->error = *error;
    h->at_error = rtc_dtls_transport_get_state(transport);
    (void)snprintf(h->message, sizeof h->message, "%s", error->message);
}

static const rtc_dtls_transport_callbacks events = {.size = sizeof events, .on_state_change = on_state, .on_error = on_error};

static void listen_to(struct scene *s, int i)
{
    s->dtls[i] = rtc_dtls_transport_ref(sim_dtls(s->p.peer[i].pc));
    assert_non_null(s->dtls[i]);
    assert_int_equal(rtc_dtls_transport_set_callbacks(s->dtls[i], &events, &s->heard[i]), RTC_OK);
}

/* Offer and answer by hand. `refuses`: that one is told another fingerprint; -1: none. */
static void exchange(struct scene *s, int refuses)
{
    for (int i = 0; i < 2; i++) {
        rtc_peer_connection *from = s->p.peer[i].pc, *to = s->p.peer[1 - i].pc;
        assert_int_equal(rtc_peer_connection_set_local_description(from, RTC_SDP_NONE, NULL), RTC_OK);
        peer_run(&s->p, 50 * MS);
        char *sdp = strdup(peer_description(&s->p, i)), *digit = strstr(sdp, "sha-256 ") + 8;
        if (refuses == 1 - i)
            *digit = *digit == 'A' ? 'B' : 'A';
        assert_int_equal(rtc_peer_connection_set_remote_description(to, i == 0 ? RTC_SDP_OFFER : RTC_SDP_ANSWER, sdp), RTC_OK);
        free(sdp);
        if (i == 0) {
            assert_null(s->dtls[0]);
            listen_to(s, 0);
            listen_to(s, 1);
            assert_int_equal(rtc_dtls_transport_get_state(s->dtls[0]), RTC_DTLS_TRANSPORT_NEW);
        }
    }
}

static void begin(struct scene *s, uint64_t seed, int refuses)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "a", 1, NULL, &s->channel), RTC_OK);
    exchange(s, refuses);
}

static void end(struct scene *s)
{
    for (int i = 0; i < 2; i++)
        rtc_dtls_transport_unref(s->dtls[i]);
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->p);
}

/* 5.5: new, connecting, connected; the peer's certificates are there with the last, and stay. */
static void the_states_of_a_call(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1, -1);
    assert_int_equal(rtc_dtls_transport_remote_certificate_count(s.dtls[0]), 0);
    assert_null(rtc_dtls_transport_remote_certificate(s.dtls[0], 0, &(size_t){0}));
    /* Both descriptions are set; nothing is negotiated before there is a path. */
    assert_int_equal(rtc_dtls_transport_get_state(s.dtls[0]), RTC_DTLS_TRANSPORT_NEW);
    peer_connect(&s.p, 5 * SECOND);
    for (int i = 0; i < 2; i++) {
        size_t len = 0;
        assert_string_equal(s.heard[i].states, "connecting connected");
        assert_int_equal(s.heard[i].certificates_at_connected, 1);
        assert_non_null(rtc_dtls_transport_remote_certificate(s.dtls[i], 0, &len));
        assert_true(len > 100);
        assert_null(rtc_dtls_transport_remote_certificate(s.dtls[i], 1, &len));
        assert_non_null(rtc_dtls_transport_ice_transport(s.dtls[i]));
        assert_ptr_equal(rtc_sctp_transport_transport(rtc_peer_connection_sctp(s.p.peer[i].pc)), s.dtls[i]);
    }
    end(&s);
}

/* 4.4.3: closing a connection closes its transports at once and without an event; the peer's hears of it. What was had stays to be read. */
static void closed_here_and_there(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 2, -1);
    peer_connect(&s.p, 5 * SECOND);
    for (int i = 0; i < 2; i++)
        s.heard[i].states[0] = 0;
    rtc_peer_connection_close(s.p.peer[0].pc);
    assert_int_equal(rtc_dtls_transport_get_state(s.dtls[0]), RTC_DTLS_TRANSPORT_CLOSED);
    assert_int_equal(rtc_ice_transport_get_state(rtc_dtls_transport_ice_transport(s.dtls[0])), RTC_ICE_TRANSPORT_CLOSED);
    peer_run(&s.p, SECOND);
    assert_string_equal(s.heard[0].states, "");
    assert_string_equal(s.heard[1].states, "closed");
    assert_int_equal(s.heard[1].errors, 0);
    assert_int_equal(rtc_dtls_transport_remote_certificate_count(s.dtls[1]), 1);
    rtc_peer_connection_free(s.p.peer[0].pc);
    s.p.peer[0].pc = NULL;
    assert_int_equal(rtc_dtls_transport_get_state(s.dtls[0]), RTC_DTLS_TRANSPORT_CLOSED);
    assert_int_equal(rtc_dtls_transport_remote_certificate_count(s.dtls[0]), 1);
    end(&s);
}

/* 5.5, "DTLS transport receives a fatal alert", "is unable to validate a fingerprint": error comes when the state is failed, before
 * statechange; whoever refuses says fingerprint-failure and the alert that it sent, the other side the alert that it received. */
static void a_fingerprint_that_differs(void **state)
{
    (void)state;
    for (int refuses = 0; refuses < 2; refuses++) {
        struct scene s;
        begin(&s, 3, refuses);
        peer_run(&s.p, 20 * SECOND);
        for (int i = 0; i < 2; i++) {
            const struct heard *h = &s.heard[i];
            assert_int_equal(h->errors, 1);
            assert_int_equal(h->at_error, RTC_DTLS_TRANSPORT_FAILED);
            assert_string_equal(h->states + strlen(h->states) - 6, "failed");
            assert_int_equal(h->error.error, RTC_ERR_OPERATION);
            assert_int_equal(h->error.size, sizeof h->error);
            assert_true(h->message[0]);
            assert_int_equal(h->error.sdp_line_number, -1);
            assert_int_equal(h->error.sctp_cause_code, -1);
            assert_int_equal(h->error.http_request_status_code, -1);
        }
        const rtc_error_info *here = &s.heard[refuses].error, *there = &s.heard[1 - refuses].error;
        assert_int_equal(here->detail, RTC_ERROR_FINGERPRINT_FAILURE);
        assert_string_equal(rtc_error_detail_name(here->detail), "fingerprint-failure");
        assert_true(here->sent_alert > 0);
        assert_int_equal(here->received_alert, -1);
        assert_int_equal(there->detail, RTC_ERROR_DTLS_FAILURE);
        assert_string_equal(rtc_error_detail_name(there->detail), "dtls-failure");
        assert_int_equal(there->received_alert, here->sent_alert);
        assert_int_equal(there->sent_alert, -1);
        end(&s);
    }
}

/* 5.5: sections that are bundled have one transport, and so have their senders, receivers and the data. */
static void one_for_what_is_bundled(void **state)
{
    struct scene s;
    rtc_rtp_transceiver *t[2];
    (void)state;
    memset(&s, 0, sizeof s);
    peer_scene(&s.p, 4, true);
    rtc_peer_connection *pc = s.p.peer[0].pc;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rtc_peer_connection_add_transceiver(pc, i ? RTC_MEDIA_VIDEO : RTC_MEDIA_AUDIO, NULL, NULL, &t[i]), RTC_OK);
        assert_null(rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(t[i])));
    }
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "a", 1, NULL, &s.channel), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    rtc_dtls_transport *one = rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(t[0]));
    assert_non_null(one);
    for (int i = 0; i < 2; i++) {
        assert_ptr_equal(rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(t[i])), one);
        assert_ptr_equal(rtc_rtp_receiver_transport(rtc_rtp_transceiver_receiver(t[i])), one);
    }
    assert_ptr_equal(rtc_sctp_transport_transport(rtc_peer_connection_sctp(pc)), one);
    assert_int_equal(rtc_dtls_transport_get_state(one), RTC_DTLS_TRANSPORT_CONNECTED);
    end(&s);
}

static void its_callbacks(void **state)
{
    const rtc_dtls_transport_callbacks sizeless = {.on_state_change = on_state};
    struct scene s;
    (void)state;
    begin(&s, 5, -1);
    assert_int_equal(rtc_dtls_transport_set_callbacks(NULL, &events, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_dtls_transport_set_callbacks(s.dtls[0], &sizeless, NULL), RTC_ERR_TYPE);
    assert_ptr_equal(rtc_dtls_transport_user(s.dtls[0]), &s.heard[0]); /* what was refused changed nothing */
    assert_int_equal(rtc_dtls_transport_set_callbacks(s.dtls[0], NULL, NULL), RTC_OK);
    s.heard[0].states[0] = 0;
    peer_connect(&s.p, 5 * SECOND);
    assert_string_equal(s.heard[0].states, "");
    assert_int_equal(rtc_dtls_transport_get_state(s.dtls[0]), RTC_DTLS_TRANSPORT_CONNECTED);
    assert_string_equal(rtc_dtls_transport_state_name((rtc_dtls_transport_state)9), "?");
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_states_of_a_call),    cmocka_unit_test(closed_here_and_there), cmocka_unit_test(a_fingerprint_that_differs),
        cmocka_unit_test(one_for_what_is_bundled), cmocka_unit_test(its_callbacks),
    };
    return cmocka_run_group_tests_name("RTCDtlsTransport", tests, NULL, NULL);
}
