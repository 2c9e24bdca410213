/* SPDX-License-Identifier: MIT */
/* What RTCPeerConnection takes and shows (webrtc-pc 4.4; its states are those of peer_connection.c): what a connection is when it is made,
 * which call each signaling state takes (4.4.1.5, 4.4.1.6, RFC 9429 3.2) and what each of them shows, and the steps of closing it
 * (4.4.1.7). Current and pending descriptions, rollback, candidates and the configuration have files of their own in tests/sim. */
#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

static rtc_peer_connection *pc_of(struct scene *s, int index)
{
    return s->p.peer[index].pc;
}

/* ---- The constructor (4.4.1.1) ---- */

static void as_it_is_made(void **state)
{
    struct scene s;
    rtc_sdp_type type = RTC_SDP_OFFER;
    (void)state;
    scene_begin(&s, 1);
    rtc_peer_connection *pc = pc_of(&s, 0);
    assert_int_equal(rtc_peer_connection_signaling_state(pc), RTC_SIGNALING_STABLE);
    assert_int_equal(rtc_peer_connection_ice_gathering_state(pc), RTC_ICE_GATHERING_NEW);
    assert_int_equal(rtc_peer_connection_ice_connection_state(pc), RTC_ICE_CONNECTION_NEW);
    assert_int_equal(rtc_peer_connection_connection_state(pc), RTC_PEER_CONNECTION_NEW);
    const char *(*const descriptions[])(rtc_peer_connection *, rtc_sdp_type *) = {
        rtc_peer_connection_local_description,         rtc_peer_connection_remote_description,
        rtc_peer_connection_current_local_description, rtc_peer_connection_current_remote_description,
        rtc_peer_connection_pending_local_description, rtc_peer_connection_pending_remote_description,
    };
    for (size_t i = 0; i < sizeof descriptions / sizeof descriptions[0]; i++) {
        type = RTC_SDP_OFFER;
        assert_null(descriptions[i](pc, &type));
        assert_int_equal(type, RTC_SDP_NONE);
    }
    assert_int_equal(rtc_peer_connection_transceiver_count(pc), 0);
    assert_null(rtc_peer_connection_transceiver(pc, 0));
    assert_null(rtc_peer_connection_sctp(pc));
    assert_int_equal(rtc_peer_connection_can_trickle_ice_candidates(pc), RTC_TRICKLE_UNKNOWN);
    assert_false(rtc_peer_connection_negotiation_needed(pc));
    assert_int_equal(rtc_peer_connection_get_configuration(pc)->bundle_policy, RTC_BUNDLE_BALANCED);
    assert_int_equal(rtc_peer_connection_get_configuration(pc)->ice_transport_policy, RTC_ICE_TRANSPORT_ALL);
    assert_int_equal(rtc_peer_connection_get_configuration(pc)->rtcp_mux_policy, RTC_RTCP_MUX_REQUIRE);
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, ""); /* nothing happens by itself */
    scene_end(&s);
}

/* ---- Calls in each state ---- */

enum call {
    CREATE_OFFER,
    CREATE_ANSWER,
    LOCAL_NONE,
    LOCAL_OFFER,
    LOCAL_ANSWER,
    LOCAL_PRANSWER,
    LOCAL_ROLLBACK,
    REMOTE_OFFER,
    REMOTE_ANSWER,
    REMOTE_PRANSWER,
    REMOTE_ROLLBACK,
    CALLS
};

static const char *const names[CALLS] = {"createOffer",      "createAnswer",       "setLocal",          "setLocal offer",
                                         "setLocal answer",  "setLocal pranswer",  "setLocal rollback", "setRemote offer",
                                         "setRemote answer", "setRemote pranswer", "setRemote rollback"};

/* Where each call leads from each state; "-": it is refused. s stable, l and r have-local-offer and have-remote-offer, L and R the
 * pranswers of either side. The parameterless call makes an offer unless an offer of the peer waits for an answer. */
static const char *const leads[] = {
    [RTC_SIGNALING_STABLE] = "s-ll---r---",
    [RTC_SIGNALING_HAVE_LOCAL_OFFER] = "l-ll--srsR-",
    [RTC_SIGNALING_HAVE_REMOTE_OFFER] = "-rs-sL-r--s",
    [RTC_SIGNALING_HAVE_LOCAL_PRANSWER] = "-Ls-sL-----",
    [RTC_SIGNALING_HAVE_REMOTE_PRANSWER] = "--------sR-",
    [RTC_SIGNALING_CLOSED] = "-----------",
};
static const char letters[] = "slrLRc";

/* Descriptions that the other side may send: an offer of its own, and an answer to ours when there is an offer. */
struct texts {
    char *offer, *answer;
};

static int call(rtc_peer_connection *pc, enum call which, const struct texts *t)
{
    const char *sdp = NULL;
    switch (which) {
    case CREATE_OFFER:
        return rtc_peer_connection_create_offer(pc, &sdp);
    case CREATE_ANSWER:
        return rtc_peer_connection_create_answer(pc, &sdp);
    case LOCAL_NONE:
        return rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL);
    case LOCAL_OFFER:
        return rtc_peer_connection_set_local_description(pc, RTC_SDP_OFFER, NULL);
    case LOCAL_ANSWER:
        return rtc_peer_connection_set_local_description(pc, RTC_SDP_ANSWER, NULL);
    case LOCAL_PRANSWER:
        return rtc_peer_connection_set_local_description(pc, RTC_SDP_PRANSWER, NULL);
    case LOCAL_ROLLBACK:
        return rtc_peer_connection_set_local_description(pc, RTC_SDP_ROLLBACK, NULL);
    case REMOTE_OFFER:
        return rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, t->offer);
    case REMOTE_ANSWER:
        return rtc_peer_connection_set_remote_description(pc, RTC_SDP_ANSWER, t->answer);
    case REMOTE_PRANSWER:
        return rtc_peer_connection_set_remote_description(pc, RTC_SDP_PRANSWER, t->answer);
    default:
        return rtc_peer_connection_set_remote_description(pc, RTC_SDP_ROLLBACK, NULL);
    }
}

static void ok(rtc_peer_connection *pc, int error)
{
    if (error)
        fail_msg("%s", rtc_peer_connection_last_error(pc));
}

/* Brings peer 0 into the state; the texts are the caller's. */
static struct texts enter(struct scene *s, rtc_signaling_state state)
{
    rtc_peer_connection *a = pc_of(s, 0), *b = pc_of(s, 1);
    struct texts t = {0};
    const char *sdp;
    bool ours = state != RTC_SIGNALING_HAVE_REMOTE_OFFER && state != RTC_SIGNALING_HAVE_LOCAL_PRANSWER;
    (void)scene_add_track(s, 0, RTC_MEDIA_AUDIO, NULL);
    (void)scene_add_track(s, 1, RTC_MEDIA_VIDEO, NULL);
    ok(b, rtc_peer_connection_create_offer(b, &sdp));
    t.offer = strdup(sdp);
    if (!ours) {
        ok(b, rtc_peer_connection_set_local_description(b, RTC_SDP_OFFER, NULL));
        free(t.offer);
        t.offer = strdup(rtc_peer_connection_local_description(b, NULL));
        ok(a, rtc_peer_connection_set_remote_description(a, RTC_SDP_OFFER, t.offer));
        ok(a, rtc_peer_connection_create_answer(a, &sdp));
        t.answer = strdup(sdp);
    } else {
        ok(a, rtc_peer_connection_create_offer(a, &sdp));
        ok(b, rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, sdp));
        ok(b, rtc_peer_connection_create_answer(b, &sdp));
        t.answer = strdup(sdp);
    }
    if (state == RTC_SIGNALING_HAVE_LOCAL_OFFER || state == RTC_SIGNALING_HAVE_REMOTE_PRANSWER)
        ok(a, rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, NULL));
    if (state == RTC_SIGNALING_HAVE_LOCAL_PRANSWER)
        ok(a, rtc_peer_connection_set_local_description(a, RTC_SDP_PRANSWER, NULL));
    if (state == RTC_SIGNALING_HAVE_REMOTE_PRANSWER)
        ok(a, rtc_peer_connection_set_remote_description(a, RTC_SDP_PRANSWER, t.answer));
    if (state == RTC_SIGNALING_CLOSED)
        rtc_peer_connection_close(a);
    assert_int_equal(rtc_peer_connection_signaling_state(a), state);
    peer_run(&s->p, 10 * MS);
    scene_forget_logs(s);
    return t;
}

/* All that an application can see of what was negotiated; the caller's. */
static char *what_is_seen(rtc_peer_connection *pc)
{
    char *text = calloc(1, 65536);
    const char *all[] = {rtc_peer_connection_current_local_description(pc, NULL), rtc_peer_connection_pending_local_description(pc, NULL),
                         rtc_peer_connection_current_remote_description(pc, NULL),
                         rtc_peer_connection_pending_remote_description(pc, NULL)};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        strcat(text, all[i] ? all[i] : "none");
        strcat(text, "|");
    }
    for (size_t i = 0; i < rtc_peer_connection_transceiver_count(pc); i++) {
        const rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(pc, i);
        const char *mid = rtc_rtp_transceiver_mid(t);
        strcat(text, mid ? mid : "-");
        text[strlen(text)] = (char)('0' + rtc_rtp_transceiver_direction(t));
    }
    return text;
}

static void one_call(rtc_signaling_state state, enum call which)
{
    struct scene s;
    scene_begin(&s, 1);
    struct texts t = enter(&s, state);
    rtc_peer_connection *a = pc_of(&s, 0);
    char to = leads[state][which], *before = what_is_seen(a);
    int error = call(a, which, &t);
    if (to == '-' ? error != RTC_ERR_INVALID_STATE : error != RTC_OK)
        fail_msg("%s in %s: %s %s", names[which], rtc_signaling_state_name(state), rtc_error_name(error),
                 rtc_peer_connection_last_error(a));
    rtc_signaling_state now = rtc_peer_connection_signaling_state(a);
    if (letters[now] != (to == '-' ? letters[state] : to))
        fail_msg("%s in %s leads to %s", names[which], rtc_signaling_state_name(state), rtc_signaling_state_name(now));
    if (to == '-') {
        char *after = what_is_seen(a);
        assert_string_equal(after, before);
        assert_true(strlen(rtc_peer_connection_last_error(a)) > 10);
        free(after);
    }
    peer_run(&s.p, 10 * MS);
    /* An event for each change, and none without one; an offer in place of ours passes through stable (4.4.1.6, step of the implicit
     * rollback). */
    bool twice = state == RTC_SIGNALING_HAVE_LOCAL_OFFER && which == REMOTE_OFFER;
    int told = peer_log_count(&s.log[0], "signaling:stable") + peer_log_count(&s.log[0], "signaling:have-local-offer") +
               peer_log_count(&s.log[0], "signaling:have-remote-offer") + peer_log_count(&s.log[0], "signaling:have-local-pranswer") +
               peer_log_count(&s.log[0], "signaling:have-remote-pranswer");
    if (told != (twice ? 2 : now != state))
        fail_msg("%s in %s: %s", names[which], rtc_signaling_state_name(state), s.log[0].text);
    free(before);
    free(t.offer);
    free(t.answer);
    scene_end(&s);
}

static void calls_in_each_state(void **state)
{
    (void)state;
    for (int from = RTC_SIGNALING_STABLE; from <= RTC_SIGNALING_CLOSED; from++)
        for (int which = 0; which < CALLS; which++)
            one_call((rtc_signaling_state)from, (enum call)which);
}

/* ---- Closing (4.4.1.7) ---- */

static void expect_closed(rtc_peer_connection *pc)
{
    assert_int_equal(rtc_peer_connection_signaling_state(pc), RTC_SIGNALING_CLOSED);
    assert_int_equal(rtc_peer_connection_ice_connection_state(pc), RTC_ICE_CONNECTION_CLOSED);
    assert_int_equal(rtc_peer_connection_connection_state(pc), RTC_PEER_CONNECTION_CLOSED);
    assert_false(rtc_peer_connection_negotiation_needed(pc));
}

/* All of it shows at once, nothing is told, and what is held stays readable. */
static void closing(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 2);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    (void)scene_add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    rtc_data_channel *channel = scene_channel(&s, 0);
    struct channel_log words = {&s.log[0], "chat"};
    channel_log_attach(channel, &words);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, SECOND);
    rtc_peer_connection *pc = pc_of(&s, 0);
    rtc_rtp_transceiver *t = rtc_rtp_transceiver_ref(rtc_peer_connection_transceiver(pc, 0));
    rtc_media_stream_track *remote = rtc_media_stream_track_ref(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t)));
    rtc_sctp_transport *sctp = rtc_sctp_transport_ref(rtc_peer_connection_sctp(pc));
    rtc_dtls_transport *dtls = rtc_dtls_transport_ref(rtc_sctp_transport_transport(sctp));
    char *local = strdup(rtc_peer_connection_local_description(pc, NULL));
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    scene_forget_logs(&s);
    rtc_peer_connection_close(pc);
    expect_closed(pc);
    rtc_rtp_direction current;
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_STOPPED);
    assert_true(rtc_rtp_transceiver_current_direction(t, &current));
    assert_int_equal(current, RTC_DIRECTION_STOPPED);
    assert_int_equal(rtc_media_stream_track_ready_state(remote), RTC_TRACK_ENDED);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_sctp_transport_get_state(sctp), RTC_SCTP_TRANSPORT_CLOSED);
    assert_int_equal(rtc_dtls_transport_get_state(dtls), RTC_DTLS_TRANSPORT_CLOSED);
    assert_int_equal(rtc_ice_transport_get_state(rtc_dtls_transport_ice_transport(dtls)), RTC_ICE_TRANSPORT_CLOSED);
    assert_string_equal(rtc_peer_connection_local_description(pc, NULL), local);
    rtc_peer_connection_close(pc); /* again: nothing */
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, "");
    expect_closed(pc);
    free(local);
    rtc_dtls_transport_unref(dtls);
    rtc_sctp_transport_unref(sctp);
    rtc_media_stream_track_unref(remote);
    rtc_rtp_transceiver_unref(t);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* What a closed connection takes: nothing but close, and reading. */
static void after_closing(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    rtc_data_channel *channel = NULL;
    rtc_rtp_transceiver *transceiver = NULL;
    rtc_stats_report *report = NULL;
    (void)state;
    scene_begin(&s, 3);
    struct peer_pump *pump = scene_add_track(&s, 0, RTC_MEDIA_AUDIO, &sender);
    peer_exchange(&s.p, 0);
    rtc_peer_connection *pc = pc_of(&s, 0);
    rtc_rtp_sender_ref(sender);
    rtc_peer_connection_close(pc);
    const rtc_configuration same = {.size = sizeof same};
    const rtc_ice_candidate_init candidate = {
        .size = sizeof candidate, .candidate = "candidate:1 1 udp 1 192.0.2.1 9 typ host", .sdp_mid = "0"};
    const struct {
        const char *name;
        int error;
    } calls[] = {
        {"addTrack", rtc_peer_connection_add_track(pc, pump->track, NULL, 0, NULL)},
        {"removeTrack", rtc_peer_connection_remove_track(pc, sender)},
        {"addTransceiver", rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, NULL, &transceiver)},
        {"createDataChannel", rtc_peer_connection_create_data_channel(pc, "x", 1, NULL, &channel)},
        {"setConfiguration", rtc_peer_connection_set_configuration(pc, &same)},
        {"addIceCandidate", rtc_peer_connection_add_ice_candidate(pc, &candidate)},
        {"replaceTrack", rtc_rtp_sender_replace_track(sender, NULL)},
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (calls[i].error != RTC_ERR_INVALID_STATE)
            fail_msg("%s of a closed connection: %s", calls[i].name, rtc_error_name(calls[i].error));
    assert_null(channel);
    assert_null(transceiver);
    assert_int_equal(rtc_peer_connection_restart_ice(pc), RTC_OK); /* marks what is never negotiated any more */
    assert_int_equal(rtc_peer_connection_get_stats(pc, &report), RTC_OK);
    rtc_stats_report_unref(report);
    peer_run(&s.p, SECOND);
    expect_closed(pc);
    rtc_rtp_sender_unref(sender);
    scene_end(&s);
}

/* In the middle of a negotiation, and before anything was: the other side's next text comes too late. */
static void closing_in_each_state(void **state)
{
    (void)state;
    for (int from = RTC_SIGNALING_STABLE; from < RTC_SIGNALING_CLOSED; from++) {
        struct scene s;
        scene_begin(&s, 4);
        struct texts t = enter(&s, (rtc_signaling_state)from);
        rtc_peer_connection_close(pc_of(&s, 0));
        expect_closed(pc_of(&s, 0));
        assert_int_equal(call(pc_of(&s, 0), REMOTE_ANSWER, &t), RTC_ERR_INVALID_STATE);
        peer_run(&s.p, SECOND);
        assert_string_equal(s.log[0].text, "");
        free(t.offer);
        free(t.answer);
        scene_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_is_made), cmocka_unit_test(calls_in_each_state),   cmocka_unit_test(closing),
        cmocka_unit_test(after_closing), cmocka_unit_test(closing_in_each_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
