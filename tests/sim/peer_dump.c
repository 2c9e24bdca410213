/* SPDX-License-Identifier: MIT */
/* A session dump: what is recorded, that it is bounded, and who keeps it alive. */
#include "peer_pump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rtc_session_dump *begin_dump(struct sim_peers *p, uint32_t interval_ms, size_t max_bytes)
{
    rtc_session_dump *dump = NULL;
    const rtc_session_dump_options options = {
        .size = sizeof options, .interval_ms = interval_ms, .max_bytes = max_bytes, .name = "a \"test\""};
    assert_int_equal(rtc_session_dump_new(p->peer[0].pc, &options, &dump), RTC_OK);
    return dump;
}

/* How often `what` stands in it. */
static size_t count(const char *json, const char *what)
{
    size_t n = 0;
    for (const char *at = json; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static void expect_whole(const char *json)
{
    int depth = 0;
    bool quoted = false;
    for (const char *c = json; *c; c++) {
        if (quoted && *c == '\\') {
            assert_true(c[1] != '\0');
            c++;
            continue;
        }
        quoted = *c == '"' ? !quoted : quoted;
        depth += quoted ? 0 : (*c == '{' || *c == '[') - (*c == '}' || *c == ']');
        assert_true((unsigned char)*c >= 0x20 || (!quoted && *c == '\n'));
        assert_true(depth > 0 || !c[1]);
    }
    assert_int_equal(depth, 0);
    assert_false(quoted);
}

/* How many values a series has. */
static size_t values_of(const char *json, const char *series)
{
    char head[128];
    (void)snprintf(head, sizeof head, "\"%s\":{\"startTime\":", series);
    const char *at = strstr(json, head);
    if (!at)
        return 0;
    at = strstr(at, "\"values\":\"[");
    size_t n = 1;
    for (; *at != ']'; at++)
        n += *at == ',';
    return n - 0;
}

static void calls_events_and_statistics(void **state)
{
    struct sim_peers p;
    struct peer_pumps pumps;
    const char *offer = NULL;
    char *json = NULL;
    (void)state;
    peer_scene(&p, 1, true);
    rtc_session_dump *dump = begin_dump(&p, 500, 0), *second = NULL;
    assert_int_equal(rtc_session_dump_new(p.peer[0].pc, NULL, &second), RTC_ERR_INVALID_STATE);
    assert_non_null(strstr(rtc_peer_connection_last_error(p.peer[0].pc), "recorded already"));
    peer_pumps_attach(&pumps, &p);
    struct peer_pump *video = peer_pump_new(&pumps, &p, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_peer_connection_add_track(p.peer[0].pc, video->track, NULL, 0, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(p.peer[1].pc, video->track, NULL, 0, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[0].pc, RTC_SDP_ANSWER, "v=0\r\n"), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_create_offer(p.peer[0].pc, &offer), RTC_OK);
    peer_exchange(&p, 0);
    const rtc_ice_candidate_init nowhere = {.size = sizeof nowhere, .candidate = "candidate:1 1 udp 1 10.0.0.9 9 typ host"};
    assert_int_equal(rtc_peer_connection_add_ice_candidate(p.peer[0].pc, &nowhere), RTC_ERR_TYPE);
    peer_connect(&p, 5 * SECOND);
    peer_run(&p, 10 * SECOND);
    assert_int_equal(rtc_session_dump_json(dump, &json), RTC_OK);
    expect_whole(json);
    static const char *const events[] = {"transceiverAdded",       "onnegotiationneeded",      "createOfferOnSuccess",
                                         "setLocalDescription",    "setRemoteDescription",     "setRemoteDescriptionOnFailure",
                                         "onicecandidate",         "addIceCandidateOnFailure", "oniceconnectionstatechange",
                                         "onsignalingstatechange", "onconnectionstatechange",  "ontrack"};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        char type[64];
        (void)snprintf(type, sizeof type, "\"type\":\"%s\"", events[i]);
        if (count(json, type) == 0)
            fail_msg("no %s in the log", events[i]);
    }
    assert_non_null(strstr(json, "\"value\":\"{\\\"type\\\":\\\"offer\\\",\\\"sdp\\\":\\\"v=0\\\\u000d\\\\u000a"));
    assert_non_null(strstr(json, "\"type\":\"onconnectionstatechange\",\"value\":\"\\\"connected\\\"\""));
    assert_non_null(strstr(json, "{\\\"name\\\":\\\"InvalidStateError\\\",\\\"message\\\":"));
    assert_non_null(strstr(json, "\"type\":\"ontrack\",\"value\":\"{\\\"kind\\\":\\\"video\\\",\\\"id\\\":\\\""));
    assert_non_null(strstr(json, ",\\\"streams\\\":[]}"));
    assert_non_null(strstr(json, "\"url\":\"a \\\"test\\\"\""));
    assert_non_null(strstr(json, "\"statsType\":\"outbound-rtp\""));
    assert_int_equal(count(json, "-isRemote\":{"), count(json, "-candidateType\":{"));
    assert_true(count(json, "\"statsType\":\"remote-candidate\",\"values\":\"[true") > 0);
    assert_true(count(json, "\"statsType\":\"local-candidate\",\"values\":\"[false") > 0);
    assert_int_equal(count(json, "\"statsType\":\"local-candidate\",\"values\":\"[true"), 0);
    /* A report every half second, none left out. */
    size_t reports = values_of(json, "P-timestamp");
    assert_in_range(reports, 20, 24);
    assert_int_equal(values_of(json, "P-dataChannelsOpened"), reports);
    assert_in_range(values_of(json, "T-dtlsState"), reports - 3, reports); /* a text, with as many values */
    assert_in_range(values_of(json, "O0-active"), 19, reports);
    rtc_session_dump_free_json(dump, json);
    /* It outlives the connection, which notes its end. */
    rtc_peer_connection_close(p.peer[0].pc);
    sim_peers_fini(&p);
    peer_pumps_fini(&pumps);
    assert_int_equal(rtc_session_dump_json(dump, &json), RTC_OK);
    assert_int_equal(count(json, "\"type\":\"close\""), 1);
    expect_whole(json);
    rtc_session_dump_free_json(dump, json);
    rtc_session_dump_free(dump);
}

/* Whatever it records, what it takes stays within its bound, and what is left is the latest. */
static void it_is_bounded(void **state)
{
    struct sim_peers p;
    struct peer_pumps pumps;
    char *json = NULL;
    (void)state;
    peer_scene(&p, 1, true);
    rtc_session_dump *dump = begin_dump(&p, 100, 1 << 20);
    peer_pumps_attach(&pumps, &p);
    for (int i = 0; i < 2; i++)
        assert_int_equal(rtc_peer_connection_add_track(
                             p.peer[0].pc, peer_pump_new(&pumps, &p, i ? RTC_MEDIA_VIDEO : RTC_MEDIA_AUDIO)->track, NULL, 0, NULL),
                         RTC_OK);
    peer_exchange(&p, 0);
    peer_connect(&p, 5 * SECOND);
    peer_run(&p, 120 * SECOND); /* 1200 reports of some 200 numbers */
    assert_int_equal(rtc_session_dump_json(dump, &json), RTC_OK);
    expect_whole(json);
    size_t reports = values_of(json, "O0-packetsSent");
    assert_in_range(reports, 100, 1100);
    assert_in_range(values_of(json, "O1-packetsSent"), reports - 1, reports + 1);
    assert_in_range(values_of(json, "T-dtlsState"), 1, 1100); /* a text that stays the same, too */
    rtc_session_dump_free_json(dump, json);
    rtc_session_dump_free(dump);
    peer_run(&p, SECOND); /* the connection lets it go */
    rtc_session_dump *again = begin_dump(&p, 0, 0);
    peer_run(&p, 3 * SECOND);
    assert_int_equal(rtc_session_dump_json(again, &json), RTC_OK);
    assert_in_range(values_of(json, "P-timestamp"), 3, 4);
    rtc_session_dump_free_json(again, json);
    sim_peers_fini(&p);
    peer_pumps_fini(&pumps);
    rtc_session_dump_free(again);
    rtc_session_dump_free(NULL);
    rtc_session_dump_free_json(NULL, NULL);
}

static void what_is_refused(void **state)
{
    struct sim_peers p;
    rtc_session_dump *dump = NULL;
    char *json;
    const rtc_session_dump_options unsized = {0}, hasty = {.size = sizeof hasty, .interval_ms = 99},
                                   small = {.size = sizeof small, .max_bytes = (1 << 20) - 1};
    (void)state;
    peer_scene(&p, 1, true);
    rtc_peer_connection *pc = p.peer[0].pc;
    assert_int_equal(rtc_session_dump_new(NULL, NULL, &dump), RTC_ERR_TYPE);
    assert_int_equal(rtc_session_dump_new(pc, NULL, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_session_dump_new(pc, &unsized, &dump), RTC_ERR_TYPE);
    assert_int_equal(rtc_session_dump_new(pc, &hasty, &dump), RTC_ERR_RANGE);
    assert_non_null(strstr(rtc_peer_connection_last_error(pc), "99"));
    assert_int_equal(rtc_session_dump_new(pc, &small, &dump), RTC_ERR_RANGE);
    assert_int_equal(rtc_session_dump_json(NULL, &json), RTC_ERR_TYPE);
    assert_int_equal(rtc_session_dump_new(pc, NULL, &dump), RTC_OK);
    assert_int_equal(rtc_session_dump_json(dump, NULL), RTC_ERR_TYPE);
    rtc_session_dump_free(dump);
    rtc_peer_connection_close(pc);
    assert_int_equal(rtc_session_dump_new(pc, NULL, &dump), RTC_ERR_INVALID_STATE);
    sim_peers_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_events_and_statistics),
        cmocka_unit_test(it_is_bounded),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
