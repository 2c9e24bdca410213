/* SPDX-License-Identifier: MIT */
/* Descriptions, candidates and states of whole connections: what each call accepts in which state, what a refused one leaves, and the order
 * of events, which is that of browsers (webrtc-pc 4.3, 4.4). */
#include "peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rtc_data_channel *make_channel(struct sim_peers *p, int index)
{
    rtc_data_channel *channel;
    assert_int_equal(rtc_peer_connection_create_data_channel(p->peer[index].pc, "chat", 4, NULL, &channel), RTC_OK);
    return channel;
}

static void add_transceiver(struct sim_peers *p, int index, rtc_media_kind kind)
{
    assert_int_equal(rtc_peer_connection_add_transceiver(p->peer[index].pc, kind, NULL, NULL, NULL), RTC_OK);
}

static void order_of_events(void **state)
{
    struct sim_peers p;
    struct peer_log log[2], *channel_text = &log[0];
    struct channel_log chat = {channel_text, "chat"};
    (void)state;
    peer_scene(&p, 1, false);
    peer_log_attach(&p.peer[0], &log[0]);
    peer_log_attach(&p.peer[1], &log[1]);
    rtc_data_channel *channel = make_channel(&p, 0);
    channel_log_attach(channel, &chat);
    add_transceiver(&p, 0, RTC_MEDIA_VIDEO);
    peer_run(&p, MS);
    assert_string_equal(log[0].text, "needed");
    assert_int_equal(sim_peers_negotiate(&p, 0), RTC_OK);
    assert_string_equal(log[0].text, "needed"); /* events never come within a call */
    assert_int_equal(rtc_peer_connection_signaling_state(p.peer[0].pc), RTC_SIGNALING_HAVE_LOCAL_OFFER);
    peer_run(&p, 2 * SECOND);
    assert_string_equal(log[0].text,
                        "needed signaling:have-local-offer gathering:gathering candidate candidate candidate candidate candidate end "
                        "candidate end gathering:complete null signaling:stable ice:checking connection:connecting ice:connected "
                        "ice:completed dtls:connecting dtls:connected connection:connected chat:open");
    assert_string_equal(log[1].text,
                        "signaling:have-remote-offer track signaling:stable gathering:gathering candidate candidate ice:checking "
                        "connection:connecting candidate end gathering:complete null ice:connected dtls:connecting dtls:connected "
                        "connection:connected channel");
    rtc_peer_connection_close(p.peer[0].pc);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    log[0].text[0] = 0;
    peer_run(&p, 30 * SECOND);
    assert_string_equal(log[0].text, ""); /* close() is silent */
    rtc_data_channel_unref(channel);
    sim_peers_fini(&p);
}

static void calls_in_wrong_states(void **state)
{
    struct sim_peers p;
    const char *sdp = NULL;
    (void)state;
    peer_scene(&p, 2, true);
    rtc_peer_connection *a = p.peer[0].pc, *b = p.peer[1].pc;
    rtc_data_channel_unref(make_channel(&p, 0));
    /* stable */
    assert_int_equal(rtc_peer_connection_create_answer(a, &sdp), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_ANSWER, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, "v=0\r\n"), RTC_ERR_INVALID_STATE);
    assert_non_null(strstr(rtc_peer_connection_last_error(a), "stable"));
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_PRANSWER, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_ROLLBACK, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ROLLBACK, ""), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_NONE, "v=0\r\n"), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_set_local_description(a, (rtc_sdp_type)99, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_OFFER, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_set_local_description(NULL, RTC_SDP_NONE, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_create_offer(a, NULL), RTC_ERR_TYPE);
    assert_null(rtc_peer_connection_local_description(a, NULL));
    /* have-local-offer */
    assert_int_equal(rtc_peer_connection_create_offer(a, &sdp), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, "v=0\r\n"), RTC_ERR_INVALID_MODIFICATION);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, sdp), RTC_OK);
    assert_string_equal(rtc_peer_connection_last_error(a), "");
    assert_int_equal(rtc_peer_connection_create_answer(a, &sdp), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_create_offer(a, &sdp), RTC_OK); /* again is legal */
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, sdp), RTC_OK);
    char *offer = strdup(sdp);
    /* have-remote-offer */
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_signaling_state(b), RTC_SIGNALING_HAVE_REMOTE_OFFER);
    assert_int_equal(rtc_peer_connection_create_offer(b, &sdp), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_OFFER, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_ANSWER, offer), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, offer), RTC_OK); /* a newer offer replaces it */
    assert_int_equal(rtc_peer_connection_create_answer(b, &sdp), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_ANSWER, sdp), RTC_OK);
    assert_int_equal(rtc_peer_connection_signaling_state(b), RTC_SIGNALING_STABLE);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&p, 1)), RTC_OK);
    assert_int_equal(rtc_peer_connection_signaling_state(a), RTC_SIGNALING_STABLE);
    rtc_sdp_type type;
    (void)rtc_peer_connection_local_description(a, &type);
    assert_int_equal(type, RTC_SDP_OFFER);
    (void)rtc_peer_connection_remote_description(a, &type);
    assert_int_equal(type, RTC_SDP_ANSWER);
    free(offer);
    sim_peers_fini(&p);
}

static void without_trickle(void **state)
{
    struct sim_peers p;
    (void)state;
    peer_scene(&p, 3, false);
    p.trickle = false;
    rtc_data_channel_unref(make_channel(&p, 0));
    assert_int_equal(sim_peers_negotiate(&p, 0), RTC_OK);
    assert_int_equal(text_count(peer_description(&p, 0), "a=candidate:"), 0);
    peer_connect(&p, SECOND);
    for (int i = 0; i < 2; i++) {
        const char *sdp = peer_description(&p, i);
        assert_int_equal(text_count(sdp, "a=candidate:"), 3);
        assert_int_equal(text_count(sdp, " 9 typ host tcptype active"), 1);
        assert_int_equal(text_count(sdp, " typ host tcptype passive"), 1);
        assert_int_equal(text_count(sdp, "a=end-of-candidates\r\n"), 1);
        assert_non_null(strstr(sdp, i == 0 ? "c=IN IP4 10.0.0.1\r\n" : "c=IN IP4 10.0.0.2\r\n"));
        assert_null(strstr(sdp, "m=application 9 "));
    }
    sim_peers_fini(&p);
}

/* ---- Refused descriptions ---- */

struct snapshot {
    rtc_signaling_state signaling;
    rtc_ice_connection_state ice;
    rtc_peer_connection_state connection;
    size_t transceivers;
    char *local, *remote;
};

static char *copy_or_null(const char *text)
{
    return text ? strdup(text) : NULL;
}

static struct snapshot look(rtc_peer_connection *pc)
{
    return (struct snapshot){
        rtc_peer_connection_signaling_state(pc),
        rtc_peer_connection_ice_connection_state(pc),
        rtc_peer_connection_connection_state(pc),
        rtc_peer_connection_transceiver_count(pc),
        copy_or_null(rtc_peer_connection_local_description(pc, NULL)),
        copy_or_null(rtc_peer_connection_remote_description(pc, NULL)),
    };
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void expect_unchanged(rtc_peer_connection *pc, struct snapshot *before, const char *what)
{
    struct snapshot after = look(pc);
    bool same = after.signaling == before->signaling && after.ice == before->ice && after.connection == before->connection &&
                after.transceivers == before->transceivers && same_text(after.local, before->local) &&
                same_text(after.remote, before->remote);
    if (!same)
        fail_msg("%s: the refused description changed something", what);
    free(after.local);
    free(after.remote);
    free(before->local);
    free(before->remote);
}

static void refuse(rtc_peer_connection *pc, rtc_sdp_type type, char *sdp, int error, const char *what)
{
    struct snapshot before = look(pc);
    int got = rtc_peer_connection_set_remote_description(pc, type, sdp);
    if (got != error)
        fail_msg("%s: %s, expected %s (%s)", what, rtc_error_name(got), rtc_error_name(error), rtc_peer_connection_last_error(pc));
    assert_string_not_equal(rtc_peer_connection_last_error(pc), "");
    expect_unchanged(pc, &before, what);
    free(sdp);
}

/* `what` in the text becomes `with`. */
static const struct {
    const char *name, *what, *with;
    int error;
} spoilt[] = {
    {"no version", "v=0\r\n", "", RTC_ERR_SYNTAX},
    {"another version", "v=0\r\n", "v=1\r\n", RTC_ERR_SYNTAX},
    {"no t=", "t=0 0\r\n", "", RTC_ERR_SYNTAX},
    {"garbage line", "t=0 0\r\n", "t=0 0\r\nthis is not sdp\r\n", RTC_ERR_SYNTAX},
    {"no ufrag", "a=ice-ufrag:", "a=x-ufrag:", RTC_ERR_INVALID_ACCESS},
    {"no password", "a=ice-pwd:", "a=x-pwd:", RTC_ERR_INVALID_ACCESS},
    {"no fingerprint", "a=fingerprint:", "a=x-fingerprint:", RTC_ERR_INVALID_ACCESS},
    {"setup holdconn", "a=setup:actpass", "a=setup:holdconn", RTC_ERR_INVALID_ACCESS},
    {"unknown mid in BUNDLE", "a=group:BUNDLE ", "a=group:BUNDLE zzz ", RTC_ERR_INVALID_ACCESS},
    {"duplicate mid", "a=mid:1\r\n", "a=mid:0\r\n", RTC_ERR_INVALID_ACCESS},
};

static void bad_offers_change_nothing(void **state)
{
    struct sim_peers p;
    (void)state;
    peer_scene(&p, 4, true);
    rtc_data_channel_unref(make_channel(&p, 0));
    add_transceiver(&p, 0, RTC_MEDIA_VIDEO);
    add_transceiver(&p, 1, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++)
        refuse(p.peer[1].pc, RTC_SDP_OFFER, text_replace(peer_description(&p, 0), spoilt[i].what, spoilt[i].with), spoilt[i].error,
               spoilt[i].name);
    refuse(p.peer[1].pc, RTC_SDP_OFFER, strdup(""), RTC_ERR_SYNTAX, "empty");
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[1].pc, RTC_SDP_OFFER, peer_description(&p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    /* and answers */
    char *answer = strdup(peer_description(&p, 1));
    refuse(p.peer[0].pc, RTC_SDP_ANSWER, text_replace(answer, "a=setup:active", "a=setup:actpass"), RTC_ERR_INVALID_ACCESS,
           "actpass in an answer");
    refuse(p.peer[0].pc, RTC_SDP_ANSWER, text_replace(answer, "m=video", "m=audio"), RTC_ERR_INVALID_ACCESS, "another kind");
    refuse(p.peer[0].pc, RTC_SDP_ANSWER, text_replace(answer, "a=mid:0", "a=mid:7"), RTC_ERR_INVALID_ACCESS, "another mid");
    refuse(p.peer[0].pc, RTC_SDP_ANSWER, text_replace(answer, "a=fingerprint:", "a=x-fingerprint:"), RTC_ERR_INVALID_ACCESS,
           "no fingerprint");
    char *cut = strdup(answer);
    *strstr(cut + (strstr(cut, "m=") - cut) + 2, "m=") = 0;
    refuse(p.peer[0].pc, RTC_SDP_ANSWER, cut, RTC_ERR_INVALID_ACCESS, "a section is missing");
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[0].pc, RTC_SDP_ANSWER, answer), RTC_OK);
    free(answer);
    sim_peers_fini(&p);
}

/* Without an ICE restart: with one the association is another (peer_bundle.c). */
static void new_certificates_are_refused(void **state)
{
    struct sim_peers p;
    (void)state;
    peer_scene(&p, 5, true);
    rtc_data_channel_unref(make_channel(&p, 0));
    peer_exchange(&p, 0);
    peer_connect(&p, SECOND);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    const char *offer = peer_description(&p, 0);
    char *other = strdup(offer), *digits = strstr(other, "sha-256 ") + 8;
    digits[0] = digits[0] == 'A' ? 'B' : 'A';
    refuse(p.peer[1].pc, RTC_SDP_OFFER, other, RTC_ERR_INVALID_ACCESS, "new certificate");
    assert_non_null(strstr(rtc_peer_connection_last_error(p.peer[1].pc), "certificate"));
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[1].pc, RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&p, 10 * SECOND);
    assert_int_equal(rtc_peer_connection_connection_state(p.peer[0].pc), RTC_PEER_CONNECTION_CONNECTED);
    sim_peers_fini(&p);
}

/* Longer than any limit. */
static void refuse_oversized(rtc_peer_connection *pc)
{
    char *long_line = malloc(1100000);
    memset(long_line, 'a', 1099999);
    long_line[1099999] = 0;
    memcpy(long_line, "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=", 32);
    refuse(pc, RTC_SDP_OFFER, long_line, RTC_ERR_SYNTAX, "a line of a megabyte");
    char *many = malloc(70000);
    int len = sprintf(many, "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n");
    for (int i = 0; i < 1000; i++)
        len += sprintf(many + len, "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n");
    refuse(pc, RTC_SDP_OFFER, many, RTC_ERR_RANGE, "a thousand sections");
}

/* Texts that broke other stacks: each is refused or taken, nothing else happens. */
static void hostile_texts(void **state)
{
    struct sim_peers p;
    (void)state;
    peer_scene(&p, 6, true);
    rtc_data_channel_unref(make_channel(&p, 0));
    add_transceiver(&p, 0, RTC_MEDIA_AUDIO);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    char *offer = strdup(peer_description(&p, 0));
    static const char *const changes[][2] = {
        {"m=audio 9 ", "m=audio -1 "},
        {"m=audio 9 ", "m=audio 99999999999 "},
        {"a=mid:0", "a=mid:"},
        {"a=extmap:4 ", "a=extmap:0 "},
        {"a=extmap:4 ", "a=extmap:15 "},
        {"a=extmap:4 ", "a=extmap:256 "},
        {"a=fmtp:111 ", "a=fmtp:111 minptime=99999999999999999999;ptime=-5;maxptime=0;"},
        {"a=mid:0",
         "a=rid:"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaa "
         "send\r\na=mid:0"},
        {"c=IN IP4 0.0.0.0\r\n", ""},
        {"a=ice-ufrag:", "a=ice-ufrag:\t"},
        {"a=max-message-size:262144", "a=max-message-size:99999999999999999999999"},
        {"a=sctp-port:5000", "a=sctp-port:0"},
        {"a=sctp-port:5000", "a=sctp-port:70000"},
        {"\r\n", "\r\r\n"},
        {"a=mid:0",
         "a=candidate:1 1 udp 1 10.0.0.9 70000 typ host\r\na=candidate:1 1 udp 1 10.0.0.9 0 typ host\r\na=candidate:\r\na=mid:0"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        rtc_peer_connection *pc;
        char *text = text_replace(offer, changes[i][0], changes[i][1]);
        assert_string_not_equal(text, offer);
        assert_int_equal(rtc_peer_connection_new(p.context, NULL, NULL, NULL, &pc), RTC_OK);
        struct snapshot before = look(pc);
        if (rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, text) != RTC_OK) {
            expect_unchanged(pc, &before, changes[i][1]);
        } else {
            free(before.local);
            free(before.remote);
            assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
        }
        rtc_peer_connection_free(pc);
        free(text);
    }
    refuse_oversized(p.peer[1].pc);
    free(offer);
    sim_peers_fini(&p);
}

/* ---- Candidates ---- */

static int add(rtc_peer_connection *pc, const char *candidate, const char *mid, int index, const char *ufrag)
{
    const rtc_ice_candidate_init init = {.size = sizeof init,
                                         .candidate = candidate,
                                         .sdp_mid = mid,
                                         .has_sdp_m_line_index = index >= 0,
                                         .sdp_m_line_index = (uint16_t)(index >= 0 ? index : 0),
                                         .username_fragment = ufrag};
    return rtc_peer_connection_add_ice_candidate(pc, &init);
}

static void candidate_errors(void **state)
{
    static const char good[] = "candidate:1 1 udp 2130706431 10.0.0.9 5000 typ host";
    struct sim_peers p;
    (void)state;
    peer_scene(&p, 7, true);
    rtc_peer_connection *pc = p.peer[1].pc;
    rtc_data_channel_unref(make_channel(&p, 0));
    assert_int_equal(add(pc, good, "0", -1, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(add(pc, "", "0", -1, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_add_ice_candidate(pc, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, peer_description(&p, 0)), RTC_OK);
    assert_int_equal(add(pc, good, NULL, -1, NULL), RTC_ERR_TYPE);
    assert_int_equal(add(pc, good, "7", -1, NULL), RTC_ERR_OPERATION);
    assert_int_equal(add(pc, good, NULL, 1, NULL), RTC_ERR_OPERATION);
    assert_int_equal(add(pc, good, "0", -1, "wrong"), RTC_ERR_OPERATION);
    assert_int_equal(add(pc, "candidate:1 1 udp 2130706431 10.0.0.9 5000 typ host ufrag wrong", "0", -1, NULL), RTC_ERR_OPERATION);
    static const char *const bad[] = {"nonsense",
                                      "candidate:",
                                      "candidate:1 1 udp 2130706431 10.0.0.9 70000 typ host",
                                      "candidate:1 1 udp 99999999999 10.0.0.9 5000 typ host",
                                      "candidate:1 1 udp 1 10.0.0.9 5000 typ",
                                      "candidate:1 1 udp 1 10.0.0.9 5000 typ host\r\na=injected:1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (add(pc, bad[i], "0", -1, NULL) != RTC_ERR_OPERATION)
            fail_msg("taken: %s", bad[i]);
    assert_non_null(strstr(rtc_peer_connection_last_error(pc), "candidate"));
    assert_int_equal(add(pc, good, "0", -1, NULL), RTC_OK);
    assert_int_equal(add(pc, good, "7", 0, NULL), RTC_ERR_OPERATION); /* the mid counts before the index */
    assert_int_equal(add(pc, good, NULL, 0, NULL), RTC_OK);
    assert_int_equal(add(pc, "candidate:2 1 udp 1 5f3c1a2b-aaaa.local 5000 typ host", "0", -1, NULL), RTC_OK);
    assert_int_equal(add(pc, "candidate:2 1 tcp 1 10.0.0.9 9 typ host tcptype active", "0", -1, NULL), RTC_OK);
    assert_int_equal(add(pc, "candidate:2 2 udp 1 10.0.0.9 5001 typ host", "0", -1, NULL), RTC_OK); /* RTCP's: not needed, not an error */
    assert_int_equal(rtc_peer_connection_add_ice_candidate(pc, NULL), RTC_OK);
    const rtc_ice_candidate_init too_new = {.size = 5000};
    assert_int_equal(rtc_peer_connection_add_ice_candidate(pc, &too_new), RTC_ERR_TYPE);
    sim_peers_fini(&p);
}

static void thousands_of_candidates(void **state)
{
    struct sim_peers p;
    char text[128];
    (void)state;
    peer_scene(&p, 8, true);
    rtc_data_channel_unref(make_channel(&p, 0));
    peer_exchange(&p, 0);
    int refused = 0;
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(text, sizeof text, "candidate:%d 1 udp %d 10.9.%d.%d 5000 typ host", i, 1000 + i, i / 250, i % 250 + 1);
        int error = add(p.peer[0].pc, text, "0", -1, NULL);
        assert_true(error == RTC_OK || error == RTC_ERR_QUOTA_EXCEEDED);
        refused += error != RTC_OK;
    }
    assert_true(refused >= 5000 - 64);
    peer_connect(&p, 3 * SECOND);
    sim_peers_fini(&p);
}

static bool both_open(struct sim_peers *p, void *user)
{
    (void)user;
    return p->peer[1].remote_channel != NULL;
}

/* A candidate that is named after another section of the bundle, as some peers do, is the transport's all the same. */
static void candidates_of_a_bundled_section(void **state)
{
    struct sim_peers p;
    (void)state;
    peer_scene(&p, 9, true);
    add_transceiver(&p, 0, RTC_MEDIA_AUDIO);
    rtc_data_channel_unref(make_channel(&p, 0));
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[1].pc, RTC_SDP_OFFER, peer_description(&p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[0].pc, RTC_SDP_ANSWER, peer_description(&p, 1)), RTC_OK);
    peer_run(&p, 100 * MS);
    for (int i = 0; i < 2; i++) {
        char *line = strdup(strstr(peer_description(&p, i), "a=candidate:") + 2);
        *strstr(line, "\r\n") = 0;
        assert_int_equal(add(p.peer[1 - i].pc, line, "1", -1, NULL), RTC_OK);
        free(line);
    }
    assert_true(sim_peers_run(&p, p.now + SECOND, both_open, NULL));
    sim_peers_fini(&p);
}

/* ---- Negotiation needed ---- */

static void negotiation_is_asked_for_once(void **state)
{
    struct sim_peers p;
    struct peer_log log;
    (void)state;
    peer_scene(&p, 10, true);
    peer_log_attach(&p.peer[0], &log);
    add_transceiver(&p, 0, RTC_MEDIA_AUDIO);
    add_transceiver(&p, 0, RTC_MEDIA_VIDEO);
    rtc_data_channel_unref(make_channel(&p, 0));
    peer_run(&p, 10 * MS);
    assert_int_equal(peer_log_count(&log, "needed"), 1);
    rtc_data_channel_unref(make_channel(&p, 0));
    add_transceiver(&p, 0, RTC_MEDIA_VIDEO);
    peer_run(&p, 10 * MS);
    assert_int_equal(peer_log_count(&log, "needed"), 1); /* it is still needed, nobody asks twice */
    peer_exchange(&p, 0);
    peer_connect(&p, SECOND);
    assert_int_equal(peer_log_count(&log, "needed"), 1);
    rtc_data_channel_unref(make_channel(&p, 0)); /* another channel needs nothing */
    peer_run(&p, 10 * MS);
    assert_int_equal(peer_log_count(&log, "needed"), 1);
    add_transceiver(&p, 0, RTC_MEDIA_VIDEO);
    peer_run(&p, 10 * MS);
    assert_int_equal(peer_log_count(&log, "needed"), 2);
    /* what is added while an exchange is under way is asked for when it is over */
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    add_transceiver(&p, 0, RTC_MEDIA_AUDIO);
    peer_run(&p, 10 * MS);
    assert_int_equal(peer_log_count(&log, "needed"), 2);
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[1].pc, RTC_SDP_OFFER, peer_description(&p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[0].pc, RTC_SDP_ANSWER, peer_description(&p, 1)), RTC_OK);
    peer_run(&p, 10 * MS);
    assert_int_equal(peer_log_count(&log, "needed"), 3);
    sim_peers_fini(&p);
}

static void need_that_passes_is_not_told(void **state)
{
    struct sim_peers p;
    struct peer_log log;
    (void)state;
    peer_scene(&p, 11, true);
    peer_log_attach(&p.peer[0], &log);
    rtc_data_channel_unref(make_channel(&p, 0));
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK); /* before the event runs */
    peer_run(&p, 10 * MS);
    assert_int_equal(peer_log_count(&log, "needed"), 0);
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[1].pc, RTC_SDP_OFFER, peer_description(&p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    add_transceiver(&p, 0, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[0].pc, RTC_SDP_ANSWER, peer_description(&p, 1)), RTC_OK);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(p.peer[0].pc, 0);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK); /* still a section to be negotiated */
    peer_run(&p, 10 * MS);
    assert_int_equal(peer_log_count(&log, "needed"), 1);
    sim_peers_fini(&p);
}

/* webrtc-pc 4.7.3 step 5.4: an answer is compared with what the offer allowed. */
static void need_of_the_answerer(void **state)
{
    static const struct {
        rtc_rtp_direction offered, answered, wanted;
        bool needed;
    } cases[] = {
        {RTC_DIRECTION_SENDONLY, RTC_DIRECTION_RECVONLY, RTC_DIRECTION_SENDRECV, false}, /* nobody asked for what we would send */
        {RTC_DIRECTION_SENDONLY, RTC_DIRECTION_RECVONLY, RTC_DIRECTION_INACTIVE, true},
        {RTC_DIRECTION_SENDONLY, RTC_DIRECTION_RECVONLY, RTC_DIRECTION_SENDONLY, true},
        {RTC_DIRECTION_SENDRECV, RTC_DIRECTION_RECVONLY, RTC_DIRECTION_SENDRECV, true},
        {RTC_DIRECTION_SENDRECV, RTC_DIRECTION_RECVONLY, RTC_DIRECTION_SENDONLY, true},
        {RTC_DIRECTION_RECVONLY, RTC_DIRECTION_INACTIVE, RTC_DIRECTION_RECVONLY, false},
        {RTC_DIRECTION_RECVONLY, RTC_DIRECTION_INACTIVE, RTC_DIRECTION_SENDRECV, true},
        {RTC_DIRECTION_INACTIVE, RTC_DIRECTION_INACTIVE, RTC_DIRECTION_SENDRECV, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sim_peers p;
        struct peer_log log;
        const rtc_rtp_transceiver_init init = {.size = sizeof init, .has_direction = true, .direction = cases[i].offered};
        peer_scene(&p, 14, true);
        assert_int_equal(rtc_peer_connection_add_transceiver(p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, &init, NULL), RTC_OK);
        peer_exchange(&p, 0);
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(p.peer[1].pc, 0);
        rtc_rtp_direction current = RTC_DIRECTION_STOPPED;
        (void)rtc_rtp_transceiver_current_direction(t, &current);
        assert_int_equal(current, cases[i].answered);
        peer_run(&p, 10 * MS);
        peer_log_attach(&p.peer[1], &log);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, cases[i].wanted), RTC_OK);
        peer_run(&p, MS);
        if (peer_log_count(&log, "needed") != cases[i].needed)
            fail_msg("case %zu: %s", i, cases[i].needed ? "not asked for" : "asked for");
        sim_peers_fini(&p);
    }
}

/* An event that waits while the need passes, and comes back, is told once; one whose need has passed is not. */
static void stale_need_is_not_told(void **state)
{
    struct sim_peers p;
    struct peer_log log;
    (void)state;
    peer_scene(&p, 15, true);
    add_transceiver(&p, 0, RTC_MEDIA_AUDIO);
    peer_exchange(&p, 0);
    peer_run(&p, 10 * MS);
    peer_log_attach(&p.peer[0], &log);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(p.peer[0].pc, 0);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
    peer_run(&p, MS);
    assert_string_equal(log.text, "");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    }
    peer_run(&p, MS);
    assert_string_equal(log.text, "needed");
    /* while an exchange is under way nothing is told, although the event was queued before it */
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&p, MS);
    assert_int_equal(peer_log_count(&log, "needed"), 1);
    sim_peers_fini(&p);
}

/* Both make an agent before either has heard of the other: the offerer still controls. */
static void offerer_controls(void **state)
{
    struct sim_peers p;
    rtc_stats_report *report;
    (void)state;
    peer_scene(&p, 12, true);
    rtc_data_channel_unref(make_channel(&p, 0));
    rtc_data_channel_unref(make_channel(&p, 1));
    peer_exchange(&p, 0);
    peer_connect(&p, SECOND);
    assert_true(p.now < 200 * MS);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rtc_peer_connection_get_stats(p.peer[i].pc, &report), RTC_OK);
        assert_string_equal(rtc_stats_string(rtc_stats_report_find_type(report, "transport"), "iceRole"),
                            i == 0 ? "controlling" : "controlled");
        rtc_stats_report_unref(report);
    }
    sim_peers_fini(&p);
}

/* RFC 9429 section 5.3.1: whoever offers later, the DTLS roles stay what they are. */
static void dtls_roles_stay(void **state)
{
    struct sim_peers p;
    (void)state;
    peer_scene(&p, 16, true);
    rtc_data_channel_unref(make_channel(&p, 0));
    peer_exchange(&p, 0);
    peer_connect(&p, SECOND);
    assert_int_equal(text_count(peer_description(&p, 1), "a=setup:active"), 1);
    for (int offerer = 1; offerer >= 0; offerer--) {
        peer_exchange(&p, offerer);
        assert_int_equal(text_count(peer_description(&p, 1 - offerer), offerer ? "a=setup:passive" : "a=setup:active"), 1);
    }
    peer_run(&p, 10 * SECOND);
    assert_int_equal(rtc_peer_connection_connection_state(p.peer[0].pc), RTC_PEER_CONNECTION_CONNECTED);
    sim_peers_fini(&p);
}

/* A later offer keeps every section, and each has a version of its own (RFC 9429 sections 5.2.2 and 5.8). */
static void later_offers(void **state)
{
    struct sim_peers p;
    unsigned long long id[2], version[2];
    (void)state;
    peer_scene(&p, 17, true);
    rtc_data_channel_unref(make_channel(&p, 0));
    add_transceiver(&p, 0, RTC_MEDIA_AUDIO);
    peer_exchange(&p, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sscanf(strstr(peer_description(&p, 0), "o=-"), "o=- %llu %llu", &id[i], &version[i]), 2);
        if (i == 0)
            assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    }
    assert_true(id[0] == id[1] && version[1] > version[0]);
    char *fewer = strdup(peer_description(&p, 0));
    *(strstr(strstr(fewer, "\nm=") + 1, "\nm=") + 1) = 0;
    char *offer = text_replace(fewer, "BUNDLE 0 1", "BUNDLE 0");
    free(fewer);
    refuse(p.peer[1].pc, RTC_SDP_OFFER, offer, RTC_ERR_INVALID_ACCESS, "a section less");
    sim_peers_fini(&p);
}

/* An offer of nothing is legal, and so is an answer to it. */
static void empty_descriptions(void **state)
{
    struct sim_peers p;
    (void)state;
    peer_scene(&p, 13, true);
    peer_exchange(&p, 0);
    peer_run(&p, SECOND);
    assert_int_equal(rtc_peer_connection_connection_state(p.peer[0].pc), RTC_PEER_CONNECTION_NEW);
    assert_int_equal(rtc_peer_connection_ice_gathering_state(p.peer[0].pc), RTC_ICE_GATHERING_NEW);
    rtc_data_channel_unref(make_channel(&p, 1));
    peer_exchange(&p, 1);
    assert_true(sim_peers_run(&p, p.now + SECOND, sim_peers_connected, NULL));
    sim_peers_fini(&p);
}

/* What create gave may be read until the next create call, although it is set and settled by then; to set it once more is a mistake. */
static void created_texts_last(void **state)
{
    struct sim_peers p;
    const char *offer, *answer;
    (void)state;
    peer_scene(&p, 61, true);
    rtc_peer_connection *a = p.peer[0].pc, *b = p.peer[1].pc;
    add_transceiver(&p, 0, RTC_MEDIA_AUDIO);
    assert_int_equal(rtc_peer_connection_create_offer(a, &offer), RTC_OK);
    char *offered = strdup(offer);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_answer(b, &answer), RTC_OK);
    char *answered = strdup(answer);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_ANSWER, answer), RTC_OK);
    assert_string_equal(answer, answered);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, answer), RTC_OK);
    assert_string_equal(offer, offered);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, offer), RTC_ERR_INVALID_MODIFICATION);
    free(offered);
    free(answered);
    sim_peers_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_events),
        cmocka_unit_test(calls_in_wrong_states),
        cmocka_unit_test(without_trickle),
        cmocka_unit_test(bad_offers_change_nothing),
        cmocka_unit_test(new_certificates_are_refused),
        cmocka_unit_test(hostile_texts),
        cmocka_unit_test(candidate_errors),
        cmocka_unit_test(thousands_of_candidates),
        cmocka_unit_test(candidates_of_a_bundled_section),
        cmocka_unit_test(negotiation_is_asked_for_once),
        cmocka_unit_test(need_that_passes_is_not_told),
        cmocka_unit_test(need_of_the_answerer),
        cmocka_unit_test(stale_need_is_not_told),
        cmocka_unit_test(offerer_controls),
        cmocka_unit_test(dtls_roles_stay),
        cmocka_unit_test(later_offers),
        cmocka_unit_test(empty_descriptions),
        cmocka_unit_test(created_texts_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
