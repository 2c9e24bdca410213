/* SPDX-License-Identifier: MIT */
/* Descriptions as they are read (webrtc-pc 4.4.2): current and pending ones, and the candidates of either side in them; and what
 * addIceCandidate takes, in the order of its steps. */
#include "renegotiate_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rtc_peer_connection *pc_of(struct scene *s, int index)
{
    return s->p.peer[index].pc;
}

static void expect_ok(rtc_peer_connection *pc, int error)
{
    if (error)
        fail_msg("%s", rtc_peer_connection_last_error(pc));
}

static void set_local(rtc_peer_connection *pc, rtc_sdp_type type)
{
    expect_ok(pc, rtc_peer_connection_set_local_description(pc, type, NULL));
}

static void set_remote(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp)
{
    char *copy = strdup(sdp);
    expect_ok(pc, rtc_peer_connection_set_remote_description(pc, type, copy));
    free(copy);
}

/* ---- Current and pending ---- */

/* One letter for each type of current local, pending local, current remote, pending remote. */
static const char *types(rtc_peer_connection *pc)
{
    static char text[5];
    rtc_sdp_type type[4];
    const char *sdp[] = {
        rtc_peer_connection_current_local_description(pc, &type[0]),
        rtc_peer_connection_pending_local_description(pc, &type[1]),
        rtc_peer_connection_current_remote_description(pc, &type[2]),
        rtc_peer_connection_pending_remote_description(pc, &type[3]),
    };
    for (int i = 0; i < 4; i++) {
        assert_int_equal(sdp[i] != NULL, type[i] != RTC_SDP_NONE);
        text[i] = "-opa"[type[i]];
    }
    const char *local = rtc_peer_connection_local_description(pc, NULL), *remote = rtc_peer_connection_remote_description(pc, NULL);
    assert_ptr_equal(local, sdp[1] ? sdp[1] : sdp[0]);
    assert_ptr_equal(remote, sdp[3] ? sdp[3] : sdp[2]);
    return text;
}

static void current_and_pending(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 1);
    rtc_peer_connection *a = pc_of(&s, 0), *b = pc_of(&s, 1);
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    assert_string_equal(types(a), "----");
    set_local(a, RTC_SDP_OFFER);
    assert_string_equal(types(a), "-o--");
    set_local(a, RTC_SDP_ROLLBACK);
    assert_string_equal(types(a), "----");
    set_local(a, RTC_SDP_OFFER);
    set_remote(b, RTC_SDP_OFFER, rtc_peer_connection_local_description(a, NULL));
    assert_string_equal(types(b), "---o");
    set_local(b, RTC_SDP_PRANSWER);
    assert_string_equal(types(b), "-p-o");
    set_remote(a, RTC_SDP_PRANSWER, rtc_peer_connection_local_description(b, NULL));
    assert_string_equal(types(a), "-o-p");
    set_local(b, RTC_SDP_ANSWER);
    assert_string_equal(types(b), "a-o-");
    set_remote(a, RTC_SDP_ANSWER, rtc_peer_connection_local_description(b, NULL));
    assert_string_equal(types(a), "o-a-");
    set_local(b, RTC_SDP_OFFER); /* the other way round */
    assert_string_equal(types(b), "aoo-");
    set_local(b, RTC_SDP_ROLLBACK);
    assert_string_equal(types(b), "a-o-");
    set_local(b, RTC_SDP_OFFER);
    set_remote(a, RTC_SDP_OFFER, rtc_peer_connection_local_description(b, NULL));
    assert_string_equal(types(a), "o-ao");
    set_local(a, RTC_SDP_ANSWER);
    assert_string_equal(types(a), "a-o-");
    rtc_peer_connection_close(a);
    assert_string_equal(types(a), "a-o-");
    scene_end(&s);
}

/* ---- Ours ---- */

struct watch {
    rtc_peer_connection *pc;
    int events, wrong;
};

/* With each event one more stands there. */
static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    struct watch *w = user;
    const char *sdp = rtc_peer_connection_local_description(pc, NULL);
    bool ended = text_count(sdp, "a=end-of-candidates\r\n") > 0;
    if (!candidate)
        return;
    if (candidate->candidate[0])
        w->events++;
    w->wrong += text_count(sdp, "a=candidate:") != w->events || ended != !candidate->candidate[0] ||
                (candidate->candidate[0] && !strstr(sdp, candidate->candidate));
}

static void a_candidate_stands_there_from_its_event_on(void **state)
{
    struct scene s;
    struct watch w = {0};
    (void)state;
    scene_begin(&s, 2);
    rtc_peer_connection *a = pc_of(&s, 0);
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    s.p.peer[0].extra = (rtc_peer_connection_callbacks){.size = sizeof s.p.peer[0].extra, .on_ice_candidate = on_candidate};
    s.p.peer[0].extra_user = &w;
    set_local(a, RTC_SDP_OFFER);
    s.p.peer[0].busy = true; /* gathered, and nothing is told */
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_peer_connection_ice_gathering_state(a), RTC_ICE_GATHERING_COMPLETE);
    assert_int_equal(text_count(rtc_peer_connection_local_description(a, NULL), "candidate"), 0);
    s.p.peer[0].busy = false;
    peer_run(&s.p, MS);
    assert_int_equal(w.events, 3);
    assert_int_equal(w.wrong, 0);
    scene_end(&s);
}

/* ---- The peer's ---- */

#define CANDIDATE_1 "candidate:1 1 udp 2113929471 203.0.113.100 10100 typ host"
#define CANDIDATE_2 "candidate:1 2 udp 2113929470 203.0.113.100 10101 typ host"
#define SECTION(kind, mid, ufrag, format)                                                                                    \
    "m=" kind "\r\nc=IN IP4 0.0.0.0\r\na=mid:" mid "\r\na=ice-ufrag:" ufrag                                                  \
    "\r\na=ice-pwd:pppppppppppppppppppppp\r\na=ice-options:trickle\r\na=fingerprint:sha-256 "                                \
    "12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0\r\na=setup:actpass\r\n" \
    "a=rtcp-mux\r\na=sendonly\r\na=rtpmap:" format "\r\n"
static const char two_sections[] =
    "v=0\r\no=- 0 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" SECTION("audio 9 UDP/TLS/RTP/SAVPF 111", "a1", "aaaa", "111 opus/48000/2")
        SECTION("video 9 UDP/TLS/RTP/SAVPF 100", "v1", "vvvv", "100 VP8/90000");

struct candidate {
    const char *text, *mid, *ufrag;
    int line; /* -1: none */
};

static int add(rtc_peer_connection *pc, struct candidate c)
{
    const rtc_ice_candidate_init init = {.size = sizeof init,
                                         .candidate = c.text,
                                         .sdp_mid = c.mid,
                                         .has_sdp_m_line_index = c.line >= 0,
                                         .sdp_m_line_index = (uint16_t)(c.line >= 0 ? c.line : 0),
                                         .username_fragment = c.ufrag};
    return rtc_peer_connection_add_ice_candidate(pc, &init);
}

/* How often the line stands in either section. */
static void expect_lines(rtc_peer_connection *pc, const char *line, int audio, int video)
{
    char *a = text_section(rtc_peer_connection_remote_description(pc, NULL), 0),
         *v = text_section(rtc_peer_connection_remote_description(pc, NULL), 1);
    assert_int_equal(text_count(a, line), audio);
    assert_int_equal(text_count(v, line), video);
    free(a);
    free(v);
}

static void the_steps_of_adding(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 3);
    rtc_peer_connection *b = pc_of(&s, 1);
    assert_int_equal(add(b, (struct candidate){CANDIDATE_1, NULL, NULL, -1}), RTC_ERR_TYPE);
    assert_int_equal(add(b, (struct candidate){"nonsense", NULL, NULL, -1}), RTC_ERR_TYPE);
    assert_int_equal(add(b, (struct candidate){CANDIDATE_1, "a1", NULL, -1}), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_add_ice_candidate(b, NULL), RTC_ERR_INVALID_STATE);
    set_remote(b, RTC_SDP_OFFER, two_sections);
    assert_int_equal(add(b, (struct candidate){CANDIDATE_1, NULL, NULL, -1}), RTC_ERR_TYPE);
    assert_int_equal(add(b, (struct candidate){CANDIDATE_1, "x1", NULL, 0}), RTC_ERR_OPERATION);
    assert_int_equal(add(b, (struct candidate){CANDIDATE_1, NULL, NULL, 2}), RTC_ERR_OPERATION);
    assert_int_equal(add(b, (struct candidate){CANDIDATE_1, "a1", "none", 0}), RTC_ERR_OPERATION);
    assert_int_equal(add(b, (struct candidate){CANDIDATE_1, "v1", "aaaa", 1}), RTC_ERR_OPERATION);
    assert_int_equal(add(b, (struct candidate){"nonsense", "a1", "aaaa", 0}), RTC_ERR_OPERATION);
    assert_int_equal(add(b, (struct candidate){"", NULL, "none", -1}), RTC_ERR_OPERATION);
    expect_lines(b, "candidate", 0, 0);
    expect_ok(b, add(b, (struct candidate){CANDIDATE_1, "a1", "aaaa", 7})); /* the mid counts */
    expect_lines(b, "a=" CANDIDATE_1 "\r\n", 1, 0);
    expect_ok(b, add(b, (struct candidate){CANDIDATE_1, "a1", NULL, 0}));
    expect_lines(b, "a=" CANDIDATE_1 "\r\n", 1, 0); /* once */
    expect_ok(b, add(b, (struct candidate){CANDIDATE_2, NULL, "vvvv", 1}));
    expect_lines(b, "a=" CANDIDATE_2 "\r\n", 0, 1);
    rtc_peer_connection_close(b);
    assert_int_equal(add(b, (struct candidate){CANDIDATE_1, "a1", NULL, -1}), RTC_ERR_INVALID_STATE);
    scene_end(&s);
}

static void there_are_no_more(void **state)
{
    static const struct {
        struct candidate candidate;
        int audio, video;
    } ends[] = {
        {{"", NULL, NULL, -1}, 1, 1},  {{NULL, NULL, NULL, -1}, 1, 1}, {{"", "a1", "aaaa", -1}, 1, 0},
        {{"", NULL, "vvvv", 1}, 0, 1}, {{"", NULL, "vvvv", -1}, 0, 1}, {{"", "v1", NULL, 0}, 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (int stable = 0; stable < 2; stable++) {
            struct scene s;
            scene_begin(&s, 4);
            rtc_peer_connection *b = pc_of(&s, 1);
            set_remote(b, RTC_SDP_OFFER, two_sections);
            if (stable)
                set_local(b, RTC_SDP_ANSWER);
            expect_ok(b, add(b, ends[i].candidate));
            expect_ok(b, add(b, ends[i].candidate));
            expect_lines(b, "a=end-of-candidates\r\n", ends[i].audio, ends[i].video);
            scene_end(&s);
        }
}

/* One for a generation that both descriptions speak of stands in both. */
static void in_both_descriptions(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 5);
    rtc_peer_connection *a = pc_of(&s, 0), *b = pc_of(&s, 1);
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    peer_exchange(&s.p, 0);
    set_local(a, RTC_SDP_OFFER);
    set_remote(b, RTC_SDP_OFFER, rtc_peer_connection_local_description(a, NULL));
    expect_ok(b, add(b, (struct candidate){CANDIDATE_1, "0", NULL, -1}));
    assert_int_equal(text_count(rtc_peer_connection_current_remote_description(b, NULL), CANDIDATE_1), 1);
    assert_int_equal(text_count(rtc_peer_connection_pending_remote_description(b, NULL), CANDIDATE_1), 1);
    expect_ok(b, rtc_peer_connection_set_remote_description(b, RTC_SDP_ROLLBACK, NULL));
    expect_ok(a, rtc_peer_connection_set_local_description(a, RTC_SDP_ROLLBACK, NULL));
    /* Another generation: each has its own. */
    char ufrag[64] = "";
    const char *line = strstr(rtc_peer_connection_local_description(a, NULL), "a=ice-ufrag:") + strlen("a=ice-ufrag:");
    memcpy(ufrag, line, strcspn(line, "\r"));
    expect_ok(a, rtc_peer_connection_restart_ice(a));
    set_local(a, RTC_SDP_OFFER);
    set_remote(b, RTC_SDP_OFFER, rtc_peer_connection_local_description(a, NULL));
    expect_ok(b, add(b, (struct candidate){CANDIDATE_2, "0", NULL, -1}));
    expect_ok(b, add(b, (struct candidate){"candidate:9 1 udp 1 203.0.113.9 9999 typ host", "0", ufrag, -1}));
    assert_int_equal(text_count(rtc_peer_connection_current_remote_description(b, NULL), CANDIDATE_2), 0);
    assert_int_equal(text_count(rtc_peer_connection_pending_remote_description(b, NULL), CANDIDATE_2), 1);
    assert_int_equal(text_count(rtc_peer_connection_current_remote_description(b, NULL), "203.0.113.9 "), 1);
    assert_int_equal(text_count(rtc_peer_connection_pending_remote_description(b, NULL), "203.0.113.9 "), 0);
    scene_end(&s);
}

/* What stands in a description has a limit, also for sections whose candidates nobody uses. */
static void there_is_a_limit(void **state)
{
    struct scene s;
    char text[128];
    int error = RTC_OK, taken = 0;
    (void)state;
    scene_begin(&s, 6);
    rtc_peer_connection *b = pc_of(&s, 1);
    set_remote(b, RTC_SDP_OFFER, two_sections);
    for (; !error && taken < 1000; taken += !error) {
        (void)snprintf(text, sizeof text, "candidate:1 1 udp 2113929471 203.0.113.100 %d typ host", 10000 + taken);
        error = add(b, (struct candidate){text, "v1", NULL, -1});
    }
    assert_int_equal(error, RTC_ERR_QUOTA_EXCEEDED);
    assert_in_range(taken, 64, 66);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(current_and_pending),  cmocka_unit_test(a_candidate_stands_there_from_its_event_on),
        cmocka_unit_test(the_steps_of_adding),  cmocka_unit_test(there_are_no_more),
        cmocka_unit_test(in_both_descriptions), cmocka_unit_test(there_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
