/* SPDX-License-Identifier: MIT */
/* RTCIceTransport (webrtc-pc 5.6) and RTCDtlsTransport (5.5): when senders, receivers and associations have which, their states and the
 * order in which these are told, roles, candidates, parameters, pairs and certificates. */
#include "../sim/peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_log log[2];
    rtc_rtp_transceiver *transceiver[2];
    const rtc_ice_candidate *candidates[2][16];
    size_t candidate_count[2];
};

static void word(struct peer_log *log, const char *kind, const char *value)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%s:%s", kind, value);
    peer_log_add(log, text);
}

static void on_ice(rtc_ice_transport *ice, void *user, rtc_ice_transport_state state)
{
    assert_int_equal(rtc_ice_transport_get_state(ice), state);
    word(user, "ice-transport", rtc_ice_transport_state_name(state));
}

static void on_gathering(rtc_ice_transport *ice, void *user, rtc_ice_gathering_state state)
{
    assert_int_equal(rtc_ice_transport_gathering_state(ice), state);
    word(user, "gatherer", rtc_ice_gathering_state_name(state));
}

static void on_pair(rtc_ice_transport *ice, void *user)
{
    const rtc_ice_candidate *local, *remote;
    rtc_ice_transport_state state = rtc_ice_transport_get_state(ice); /* changes with it, and is told next */
    assert_true(state == RTC_ICE_TRANSPORT_CONNECTED || state == RTC_ICE_TRANSPORT_COMPLETED);
    assert_true(rtc_ice_transport_selected_candidate_pair(ice, &local, &remote));
    peer_log_add(user, "pair");
}

static void on_dtls(rtc_dtls_transport *dtls, void *user, rtc_dtls_transport_state state)
{
    assert_int_equal(rtc_dtls_transport_get_state(dtls), state);
    word(user, "dtls-transport", rtc_dtls_transport_state_name(state));
}

static void on_error(rtc_dtls_transport *dtls, void *user, const rtc_error_info *error)
{
    assert_int_equal(rtc_dtls_transport_get_state(dtls), RTC_DTLS_TRANSPORT_FAILED);
    assert_int_equal(error->error, RTC_ERR_OPERATION);
    assert_true(error->message[0]);
    assert_int_equal(error->sctp_cause_code, -1);
    word(user, "error", rtc_error_detail_name(error->detail));
}

static const rtc_ice_transport_callbacks ice_events = {.size = sizeof ice_events,
                                                       .on_state_change = on_ice,
                                                       .on_gathering_state_change = on_gathering,
                                                       .on_selected_candidate_pair_change = on_pair};
static const rtc_dtls_transport_callbacks dtls_events = {.size = sizeof dtls_events, .on_state_change = on_dtls, .on_error = on_error};

static rtc_dtls_transport *dtls_of(const struct scene *s, int side)
{
    return rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(s->transceiver[side]));
}

static rtc_ice_transport *ice_of(const struct scene *s, int side)
{
    return rtc_dtls_transport_ice_transport(dtls_of(s, side));
}

static void listen_to(struct scene *s, int side)
{
    assert_int_equal(rtc_dtls_transport_set_callbacks(dtls_of(s, side), &dtls_events, &s->log[side]), RTC_OK);
    assert_int_equal(rtc_ice_transport_set_callbacks(ice_of(s, side), &ice_events, &s->log[side]), RTC_OK);
    assert_ptr_equal(rtc_dtls_transport_user(dtls_of(s, side)), &s->log[side]);
    assert_ptr_equal(rtc_ice_transport_user(ice_of(s, side)), &s->log[side]);
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    struct scene *s = user;
    int side = pc == s->p.peer[1].pc;
    peer_log_add(&s->log[side], !candidate ? "null" : candidate->candidate[0] ? "candidate" : "end");
    if (candidate && candidate->candidate[0])
        s->candidates[side][s->candidate_count[side]++] = rtc_ice_candidate_ref(candidate);
}

static void on_connection(rtc_peer_connection *pc, void *user, rtc_peer_connection_state state)
{
    struct scene *s = user;
    word(&s->log[pc == s->p.peer[1].pc], "connection", rtc_peer_connection_state_name(state));
}

static void on_ice_connection(rtc_peer_connection *pc, void *user, rtc_ice_connection_state state)
{
    struct scene *s = user;
    word(&s->log[pc == s->p.peer[1].pc], "ice", rtc_ice_connection_state_name(state));
}

static void on_connection_gathering(rtc_peer_connection *pc, void *user, rtc_ice_gathering_state state)
{
    struct scene *s = user;
    word(&s->log[pc == s->p.peer[1].pc], "gathering", rtc_ice_gathering_state_name(state));
}

static void begin(struct scene *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    for (int i = 0; i < 2; i++) {
        s->p.peer[i].extra = (rtc_peer_connection_callbacks){
            .size = sizeof s->p.peer[i].extra,
            .on_ice_candidate = on_candidate,
            .on_connection_state_change = on_connection,
            .on_ice_connection_state_change = on_ice_connection,
            .on_ice_gathering_state_change = on_connection_gathering,
        };
        s->p.peer[i].extra_user = s;
    }
    assert_int_equal(rtc_peer_connection_add_transceiver(s->p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, NULL, &s->transceiver[0]), RTC_OK);
}

static void end(struct scene *s)
{
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < s->candidate_count[i]; k++)
            rtc_ice_candidate_unref(s->candidates[i][k]);
    sim_peers_fini(&s->p);
}

static void set_local(struct scene *s, int side)
{
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[side].pc, RTC_SDP_NONE, NULL), RTC_OK);
}

static void set_remote(struct scene *s, int side, rtc_sdp_type type)
{
    assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[side].pc, type, peer_description(&s->p, 1 - side)), RTC_OK);
}

/* An exchange with all candidates in the descriptions, listened to from the start. */
static void connect(struct scene *s)
{
    set_local(s, 0);
    listen_to(s, 0);
    peer_run(&s->p, 200 * MS);
    set_remote(s, 1, RTC_SDP_OFFER);
    set_local(s, 1);
    s->transceiver[1] = rtc_peer_connection_transceiver(s->p.peer[1].pc, 0);
    listen_to(s, 1);
    peer_run(&s->p, 200 * MS);
    set_remote(s, 0, RTC_SDP_ANSWER);
    peer_connect(&s->p, 5 * SECOND);
    peer_run(&s->p, 100 * MS);
}

/* webrtc-pc 4.4.1.5: local descriptions give a transport, remote offers do not. */
static void who_has_a_transport_and_when(void **state)
{
    struct scene s;
    size_t count;
    (void)state;
    begin(&s, 1);
    assert_null(dtls_of(&s, 0));
    set_local(&s, 0);
    rtc_dtls_transport *dtls = dtls_of(&s, 0);
    assert_non_null(dtls);
    assert_ptr_equal(rtc_rtp_receiver_transport(rtc_rtp_transceiver_receiver(s.transceiver[0])), dtls);
    rtc_ice_transport *ice = rtc_dtls_transport_ice_transport(dtls);
    assert_int_equal(rtc_ice_transport_get_state(ice), RTC_ICE_TRANSPORT_NEW);
    assert_int_equal(rtc_ice_transport_gathering_state(ice), RTC_ICE_GATHERING_NEW); /* until it is told */
    assert_int_equal(rtc_ice_transport_role(ice), RTC_ICE_ROLE_CONTROLLING);
    assert_int_equal(rtc_ice_transport_component(ice), RTC_ICE_COMPONENT_RTP);
    assert_int_equal(rtc_dtls_transport_get_state(dtls), RTC_DTLS_TRANSPORT_NEW);
    (void)rtc_ice_transport_local_candidates(ice, &count);
    assert_int_equal(count, 0);
    assert_non_null(rtc_ice_transport_local_parameters(ice));
    assert_null(rtc_ice_transport_remote_parameters(ice));
    set_remote(&s, 1, RTC_SDP_OFFER);
    s.transceiver[1] = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
    assert_null(dtls_of(&s, 1));
    set_local(&s, 1);
    assert_non_null(dtls_of(&s, 1));
    assert_int_equal(rtc_ice_transport_role(ice_of(&s, 1)), RTC_ICE_ROLE_CONTROLLED);
    set_remote(&s, 0, RTC_SDP_ANSWER);
    assert_ptr_equal(dtls_of(&s, 0), dtls);
    assert_non_null(rtc_ice_transport_remote_parameters(ice));
    end(&s);
}

static size_t place(const struct peer_log *log, const char *what)
{
    const char *at = strstr(log->text, what);
    if (!at)
        fail_msg("'%s' is not in: %s", what, log->text);
    return (size_t)(at - log->text);
}

static void before(const struct peer_log *log, const char *first, const char *second)
{
    if (place(log, first) >= place(log, second))
        fail_msg("'%s' does not come before '%s': %s", first, second, log->text);
}

/* A transport's event comes before the connection's that follows from it, each once. */
static void events_come_in_order(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 2);
    connect(&s);
    for (int i = 0; i < 2; i++) {
        const struct peer_log *log = &s.log[i];
        before(log, "gatherer:gathering", "gathering:gathering");
        before(log, "end", "gatherer:complete");
        before(log, "gatherer:complete", "gathering:complete");
        before(log, "gathering:complete", "null");
        before(log, "ice-transport:checking", "ice:checking");
        before(log, "ice:checking", "connection:connecting");
        before(log, "pair", "ice-transport:connected");
        before(log, "ice-transport:connected", "ice:connected");
        before(log, "dtls-transport:connecting", "dtls-transport:connected");
        before(log, "dtls-transport:connected", "connection:connected");
        assert_int_equal(peer_log_count(log, "ice-transport:connected"), 1);
        assert_int_equal(peer_log_count(log, "dtls-transport:connected"), 1);
        assert_true(peer_log_count(log, "pair") >= 1);
    }
    end(&s);
}

static void same_candidates(const rtc_ice_candidate *const *list, size_t count, const struct scene *s, int told)
{
    assert_int_equal(count, s->candidate_count[told]);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(list[i]->candidate, s->candidates[told][i]->candidate);
}

static void both_sides_know_the_same(void **state)
{
    struct scene s;
    const rtc_ice_candidate *local[2], *remote[2];
    (void)state;
    begin(&s, 3);
    connect(&s);
    for (int i = 0; i < 2; i++) {
        rtc_ice_transport *ice = ice_of(&s, i), *other = ice_of(&s, 1 - i);
        size_t count;
        const rtc_ice_candidate *const *list = rtc_ice_transport_local_candidates(ice, &count);
        same_candidates(list, count, &s, i);
        list = rtc_ice_transport_remote_candidates(ice, &count);
        same_candidates(list, count, &s, 1 - i);
        assert_true(rtc_ice_transport_selected_candidate_pair(ice, &local[i], &remote[i]));
        const rtc_ice_parameters *ours = rtc_ice_transport_local_parameters(ice), *heard = rtc_ice_transport_remote_parameters(other);
        assert_string_equal(ours->username_fragment, heard->username_fragment);
        assert_string_equal(ours->password, heard->password);
        assert_non_null(strstr(peer_description(&s.p, i), ours->password));
    }
    for (int i = 0; i < 2; i++) {
        assert_string_equal(local[i]->candidate, remote[1 - i]->candidate);
        assert_ptr_equal(local[i], s.candidates[i][0]);
    }
    end(&s);
}

static void certificates_of_the_peer(void **state)
{
    struct scene s;
    rtc_stats_report *report;
    size_t len;
    (void)state;
    begin(&s, 4);
    set_local(&s, 0);
    assert_int_equal(rtc_dtls_transport_remote_certificate_count(dtls_of(&s, 0)), 0);
    assert_null(rtc_dtls_transport_remote_certificate(dtls_of(&s, 0), 0, &len));
    peer_run(&s.p, 200 * MS);
    connect(&s);
    assert_int_equal(rtc_dtls_transport_remote_certificate_count(dtls_of(&s, 0)), 1);
    const uint8_t *der = rtc_dtls_transport_remote_certificate(dtls_of(&s, 0), 0, &len);
    assert_true(len > 200 && der[0] == 0x30); /* a SEQUENCE */
    assert_null(rtc_dtls_transport_remote_certificate(dtls_of(&s, 0), 1, &len));
    assert_int_equal(rtc_peer_connection_get_stats(s.p.peer[0].pc, &report), RTC_OK);
    rtc_stats_report_unref(report);
    end(&s);
}

/* webrtc-pc 4.4.2 close(): closed at once, and no event. The other side hears of it. */
static void closing_is_silent_here_and_told_there(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 5);
    connect(&s);
    rtc_dtls_transport *dtls = rtc_dtls_transport_ref(dtls_of(&s, 0));
    rtc_ice_transport *ice = rtc_ice_transport_ref(rtc_dtls_transport_ice_transport(dtls));
    rtc_rtp_transceiver *transceiver = rtc_rtp_transceiver_ref(s.transceiver[0]);
    char *before_close = strdup(s.log[0].text);
    rtc_peer_connection_close(s.p.peer[0].pc);
    assert_int_equal(rtc_dtls_transport_get_state(dtls), RTC_DTLS_TRANSPORT_CLOSED);
    assert_int_equal(rtc_ice_transport_get_state(ice), RTC_ICE_TRANSPORT_CLOSED);
    assert_int_equal(rtc_ice_transport_gathering_state(ice), RTC_ICE_GATHERING_COMPLETE);
    assert_ptr_equal(rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(transceiver)), dtls);
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, before_close);
    assert_int_equal(rtc_dtls_transport_get_state(dtls_of(&s, 1)), RTC_DTLS_TRANSPORT_CLOSED);
    assert_int_equal(peer_log_count(&s.log[1], "dtls-transport:closed"), 1);
    end(&s);
    /* They outlive everything. */
    size_t count;
    const rtc_ice_candidate *local, *remote;
    (void)rtc_ice_transport_remote_candidates(ice, &count);
    assert_true(count > 0);
    assert_true(rtc_ice_transport_selected_candidate_pair(ice, &local, &remote));
    assert_null(rtc_ice_transport_local_parameters(ice));
    assert_int_equal(rtc_ice_transport_role(ice), RTC_ICE_ROLE_UNKNOWN);
    assert_int_equal(rtc_dtls_transport_remote_certificate_count(dtls), 1);
    assert_ptr_equal(rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(transceiver)), dtls);
    rtc_rtp_transceiver_unref(transceiver);
    rtc_ice_transport_unref(ice);
    rtc_dtls_transport_unref(dtls);
    free(before_close);
}

/* A restart is another generation of the same transport: its candidates take the place of the old ones. */
static void a_restart_keeps_the_transport(void **state)
{
    struct scene s;
    size_t count;
    (void)state;
    begin(&s, 6);
    connect(&s);
    rtc_ice_transport *ice = ice_of(&s, 0);
    char *ufrag = strdup(rtc_ice_transport_local_parameters(ice)->username_fragment);
    int pairs = peer_log_count(&s.log[0], "pair");
    assert_int_equal(rtc_peer_connection_restart_ice(s.p.peer[0].pc), RTC_OK);
    connect(&s);
    peer_run(&s.p, 2 * SECOND);
    assert_ptr_equal(ice_of(&s, 0), ice);
    assert_string_not_equal(rtc_ice_transport_local_parameters(ice)->username_fragment, ufrag);
    const rtc_ice_candidate *const *list = rtc_ice_transport_local_candidates(ice, &count);
    assert_true(count > 0 && count < s.candidate_count[0]);
    for (size_t i = 0; i < count; i++)
        assert_string_not_equal(list[i]->username_fragment, ufrag);
    list = rtc_ice_transport_remote_candidates(ice, &count);
    assert_true(count > 0 && count < s.candidate_count[1]);
    assert_true(peer_log_count(&s.log[0], "pair") > pairs);
    free(ufrag);
    end(&s);
}

/* An offer has as many transports as its bundle policy says, each section its own object, until the answer bundles them (webrtc-pc
 * 4.4.1.5; the connection's policies in 4.2.5). */
static void each_section_of_an_offer_has_its_own(void **state)
{
    static const rtc_bundle_policy policies[] = {RTC_BUNDLE_BALANCED, RTC_BUNDLE_MAX_COMPAT, RTC_BUNDLE_MAX_BUNDLE};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct scene s;
        rtc_rtp_transceiver *video;
        rtc_data_channel *channel;
        begin(&s, 9);
        const rtc_configuration c = {.size = sizeof c, .bundle_policy = policies[i]};
        sim_peers_replace(&s.p, 0, &c);
        rtc_peer_connection *pc = s.p.peer[0].pc;
        assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, NULL, &s.transceiver[0]), RTC_OK);
        assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_VIDEO, NULL, NULL, &video), RTC_OK);
        assert_int_equal(rtc_peer_connection_create_data_channel(pc, "chat", 4, NULL, &channel), RTC_OK);
        set_local(&s, 0);
        rtc_dtls_transport *second = rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(video)),
                           *third = rtc_sctp_transport_transport(rtc_peer_connection_sctp(pc));
        bool one = policies[i] == RTC_BUNDLE_MAX_BUNDLE;
        assert_non_null(dtls_of(&s, 0));
        assert_int_equal(second == dtls_of(&s, 0), one);
        assert_int_equal(third == dtls_of(&s, 0), one);
        assert_int_equal(third == second, one);
        second = rtc_dtls_transport_ref(second);
        peer_run(&s.p, 200 * MS);
        set_remote(&s, 1, RTC_SDP_OFFER);
        set_local(&s, 1);
        peer_run(&s.p, 200 * MS);
        set_remote(&s, 0, RTC_SDP_ANSWER);
        peer_run(&s.p, 200 * MS);
        assert_ptr_equal(rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(video)), dtls_of(&s, 0));
        assert_ptr_equal(rtc_sctp_transport_transport(rtc_peer_connection_sctp(pc)), dtls_of(&s, 0));
        assert_int_equal(rtc_dtls_transport_get_state(second) == RTC_DTLS_TRANSPORT_CLOSED, !one);
        rtc_dtls_transport_unref(second);
        rtc_data_channel_unref(channel);
        end(&s);
    }
}

/* Those that come ahead of the answer are of the generation that it begins, of a restart, too; those of the one before go. */
static void candidates_ahead_of_the_answer(void **state)
{
    struct scene s;
    size_t count;
    (void)state;
    begin(&s, 8);
    for (int round = 0; round < 2; round++) {
        size_t before = s.candidate_count[0];
        if (round > 0)
            assert_int_equal(rtc_peer_connection_restart_ice(s.p.peer[0].pc), RTC_OK);
        set_local(&s, 0);
        char *bare = strdup(peer_description(&s.p, 0));
        if (round == 0)
            listen_to(&s, 0);
        peer_run(&s.p, 200 * MS);
        assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, bare), RTC_OK);
        for (size_t i = before; i < s.candidate_count[0]; i++) {
            const rtc_ice_candidate *told = s.candidates[0][i];
            const rtc_ice_candidate_init init = {
                .size = sizeof init, .candidate = told->candidate, .sdp_mid = "0", .username_fragment = told->username_fragment};
            assert_int_equal(rtc_peer_connection_add_ice_candidate(s.p.peer[1].pc, &init), RTC_OK);
        }
        set_local(&s, 1);
        s.transceiver[1] = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
        peer_run(&s.p, 200 * MS);
        set_remote(&s, 0, RTC_SDP_ANSWER);
        peer_connect(&s.p, 5 * SECOND);
        peer_run(&s.p, 2 * SECOND);
        const rtc_ice_candidate *local, *remote, *const *list = rtc_ice_transport_remote_candidates(ice_of(&s, 1), &count);
        assert_int_equal(count, s.candidate_count[0] - before);
        assert_true(rtc_ice_transport_selected_candidate_pair(ice_of(&s, 1), &local, &remote));
        assert_string_equal(remote->candidate, s.candidates[0][before]->candidate);
        assert_ptr_equal(remote, list[0]);
        free(bare);
    }
    end(&s);
}

/* Candidates that only checks revealed are nobody's list, but may be a pair's. */
static void trickled_and_revealed_candidates(void **state)
{
    struct scene s;
    size_t count;
    (void)state;
    begin(&s, 7);
    set_local(&s, 0);
    char *bare = strdup(peer_description(&s.p, 0));
    listen_to(&s, 0);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, bare), RTC_OK);
    set_local(&s, 1);
    s.transceiver[1] = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
    peer_run(&s.p, 200 * MS);
    set_remote(&s, 0, RTC_SDP_ANSWER); /* with candidates: this side checks, and the other one never hears of its candidates */
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 100 * MS);
    (void)rtc_ice_transport_remote_candidates(ice_of(&s, 1), &count);
    assert_int_equal(count, 0);
    const rtc_ice_candidate *local, *remote;
    assert_true(rtc_ice_transport_selected_candidate_pair(ice_of(&s, 1), &local, &remote));
    assert_string_equal(remote->type, "prflx");
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = s.candidates[0][0]->candidate, .sdp_mid = "0"};
    for (int i = 0; i < 2; i++)
        assert_int_equal(rtc_peer_connection_add_ice_candidate(s.p.peer[1].pc, &init), RTC_OK);
    const rtc_ice_candidate *const *list = rtc_ice_transport_remote_candidates(ice_of(&s, 1), &count);
    assert_int_equal(count, 1); /* once */
    assert_string_equal(list[0]->candidate, init.candidate);
    assert_string_equal(list[0]->sdp_mid, "0");
    assert_true(rtc_ice_transport_selected_candidate_pair(ice_of(&s, 1), &local, &remote));
    assert_ptr_equal(remote, list[0]); /* the peer named it */
    free(bare);
    end(&s);
}

/* webrtc-pc 5.5: another certificate than the description promised. */
static void a_wrong_fingerprint_is_an_error(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 8);
    set_local(&s, 0);
    listen_to(&s, 0);
    peer_run(&s.p, 200 * MS);
    set_remote(&s, 1, RTC_SDP_OFFER);
    set_local(&s, 1);
    s.transceiver[1] = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
    listen_to(&s, 1);
    peer_run(&s.p, 200 * MS);
    char *answer = strdup(peer_description(&s.p, 1)), *digit = strstr(answer, "a=fingerprint:sha-256 ") + 22;
    *digit = *digit == 'A' ? 'B' : 'A';
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, RTC_SDP_ANSWER, answer), RTC_OK);
    peer_run(&s.p, 5 * SECOND);
    before(&s.log[0], "error:fingerprint-failure", "dtls-transport:failed");
    before(&s.log[0], "dtls-transport:failed", "connection:failed");
    assert_int_equal(peer_log_count(&s.log[0], "error:fingerprint-failure"), 1);
    free(answer);
    end(&s);
}

static void references_and_callbacks(void **state)
{
    struct scene s;
    const rtc_ice_transport_callbacks sizeless = {.size = 0};
    const rtc_dtls_transport_callbacks sizeless_too = {.size = 0};
    (void)state;
    begin(&s, 9);
    set_local(&s, 0);
    assert_int_equal(rtc_ice_transport_set_callbacks(NULL, NULL, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_dtls_transport_set_callbacks(NULL, NULL, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_ice_transport_set_callbacks(ice_of(&s, 0), &sizeless, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_dtls_transport_set_callbacks(dtls_of(&s, 0), &sizeless_too, NULL), RTC_ERR_TYPE);
    rtc_ice_transport_unref(NULL);
    rtc_dtls_transport_unref(NULL);
    listen_to(&s, 0);
    assert_int_equal(rtc_ice_transport_set_callbacks(ice_of(&s, 0), NULL, NULL), RTC_OK);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(peer_log_count(&s.log[0], "gatherer:gathering"), 0);
    assert_int_equal(peer_log_count(&s.log[0], "gathering:gathering"), 1);
    end(&s);
}

/* A peer that has others in each of its offers can not make the list grow without end. */
static void remote_candidates_are_bounded(void **state)
{
    struct scene s;
    size_t count;
    (void)state;
    begin(&s, 10);
    connect(&s);
    for (int round = 0; round < 8; round++) {
        char more[2048] = "a=mid:0\r\n";
        for (int i = 0; i < 20; i++)
            (void)sprintf(more + strlen(more), "a=candidate:%d 1 udp %d 10.77.%d.%d 9 typ host\r\n", i, i + 1, round, i);
        set_local(&s, 1);
        char *offer = text_replace(peer_description(&s.p, 1), "a=mid:0\r\n", more);
        assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, RTC_SDP_OFFER, offer), RTC_OK);
        set_local(&s, 0);
        set_remote(&s, 1, RTC_SDP_ANSWER);
        peer_run(&s.p, 100 * MS);
        free(offer);
    }
    (void)rtc_ice_transport_remote_candidates(ice_of(&s, 0), &count);
    assert_in_range(count, 20, 64); /* rtc_limits.remote_candidates */
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_a_transport_and_when),
        cmocka_unit_test(events_come_in_order),
        cmocka_unit_test(both_sides_know_the_same),
        cmocka_unit_test(certificates_of_the_peer),
        cmocka_unit_test(closing_is_silent_here_and_told_there),
        cmocka_unit_test(a_restart_keeps_the_transport),
        cmocka_unit_test(each_section_of_an_offer_has_its_own),
        cmocka_unit_test(candidates_ahead_of_the_answer),
        cmocka_unit_test(trickled_and_revealed_candidates),
        cmocka_unit_test(a_wrong_fingerprint_is_an_error),
        cmocka_unit_test(references_and_callbacks),
        cmocka_unit_test(remote_candidates_are_bounded),
    };
    return cmocka_run_group_tests_name("RTCIceTransport, RTCDtlsTransport", tests, NULL, NULL);
}
