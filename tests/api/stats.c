/* SPDX-License-Identifier: MIT */
/* RTCStatsReport and getStats (webrtc-pc 8): a report is a map of dictionaries by id that does not change any more, in whatever state the
 * connection is; selectors; which objects there are, from when on and until when. Members are the matter of tests/sim/peer_stats*.c. */
#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

static rtc_peer_connection *pc_of(struct scene *s, int index)
{
    return s->p.peer[index].pc;
}

static rtc_stats_report *stats_of(rtc_peer_connection *pc)
{
    rtc_stats_report *report = NULL;
    assert_int_equal(rtc_peer_connection_get_stats(pc, &report), RTC_OK);
    assert_non_null(report);
    return report;
}

static size_t count_type(const rtc_stats_report *report, const char *type)
{
    size_t n = 0;
    for (size_t i = 0; i < rtc_stats_report_count(report); i++)
        n += strcmp(rtc_stats_type(rtc_stats_report_at(report, i)), type) == 0;
    return n;
}

/* ---- The map ---- */

static void expect_map(const rtc_stats_report *report)
{
    size_t count = rtc_stats_report_count(report);
    double time = rtc_stats_timestamp_ms(rtc_stats_report_at(report, 0));
    for (size_t i = 0; i < count; i++) {
        const rtc_stats *one = rtc_stats_report_at(report, i);
        assert_ptr_equal(rtc_stats_report_find(report, rtc_stats_id(one)), one); /* ids are unique */
        assert_true(strlen(rtc_stats_type(one)) > 0);
        bool heard = strncmp(rtc_stats_type(one), "remote-", 7) == 0 && strstr(rtc_stats_type(one), "bound"); /* when the report came */
        assert_true(heard ? rtc_stats_timestamp_ms(one) <= time : rtc_stats_timestamp_ms(one) == time);
        for (size_t k = 0; k < rtc_stats_member_count(one); k++) {
            const char *name = rtc_stats_member_name(one, k);
            double number;
            bool flag;
            rtc_stats_value_type type = rtc_stats_member_type(one, k);
            assert_int_equal(rtc_stats_number(one, name, &number), type == RTC_STATS_NUMBER);
            assert_int_equal(rtc_stats_boolean(one, name, &flag), type == RTC_STATS_BOOLEAN);
            assert_int_equal(rtc_stats_string(one, name) != NULL, type == RTC_STATS_STRING);
            assert_true(type == RTC_STATS_RECORD || rtc_stats_record_count(one, name) == 0);
        }
        assert_null(rtc_stats_member_name(one, rtc_stats_member_count(one)));
        assert_null(rtc_stats_string(one, "no such member"));
    }
    assert_null(rtc_stats_report_at(report, count));
    assert_null(rtc_stats_report_find(report, "no such id"));
    assert_null(rtc_stats_report_find_type(report, "no such type"));
}

/* A report is of its moment: what happens later, the end of the connection included, does not change it. */
static void it_is_of_its_moment(void **state)
{
    struct scene s;
    char *before, *after;
    (void)state;
    scene_begin(&s, 1);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    rtc_data_channel_unref(scene_channel(&s, 0));
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 3 * SECOND);
    rtc_stats_report *report = stats_of(pc_of(&s, 0));
    expect_map(report);
    assert_int_equal(rtc_stats_report_json(report, &before), RTC_OK);
    assert_ptr_equal(rtc_stats_report_ref(report), report);
    rtc_stats_report_unref(report);
    peer_run(&s.p, SECOND);
    rtc_peer_connection_close(pc_of(&s, 0));
    scene_end(&s);
    assert_int_equal(rtc_stats_report_json(report, &after), RTC_OK);
    assert_string_equal(after, before);
    rtc_stats_report_free_json(report, before);
    rtc_stats_report_free_json(report, after);
    expect_map(report);
    rtc_stats_report_unref(report);
    rtc_stats_report_unref(NULL);
}

/* ---- From when on, and until when ---- */

static void expect_count(struct scene *s, const char *type, size_t wanted, const char *when)
{
    rtc_stats_report *report = stats_of(pc_of(s, 0));
    expect_map(report);
    size_t found = count_type(report, type);
    if (found != wanted)
        fail_msg("%s: %zu %s, not %zu", when, found, type, wanted);
    rtc_stats_report_unref(report);
}

/* webrtc-stats: what repairs a stream is named on both sides once it is negotiated, with nothing to repair, too. */
static void repairs_are_named(void **state)
{
    struct scene s;
    double ssrc[2] = {1, 2};
    (void)state;
    scene_begin(&s, 4);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 2 * SECOND);
    for (int i = 0; i < 2; i++) {
        double repaired = 0;
        rtc_stats_report *report = stats_of(pc_of(&s, i));
        const rtc_stats *stream = rtc_stats_report_find_type(report, i == 0 ? "outbound-rtp" : "inbound-rtp");
        assert_true(rtc_stats_number(stream, "rtxSsrc", &ssrc[i]));
        assert_true(i == 0 || (rtc_stats_number(stream, "retransmittedPacketsReceived", &repaired) && repaired == 0));
        rtc_stats_report_unref(report);
    }
    assert_true(ssrc[0] > 0 && ssrc[0] == ssrc[1]);
    scene_end(&s);
}

static void objects_come_and_go(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 2);
    expect_count(&s, "peer-connection", 1, "at first");
    expect_count(&s, "transport", 0, "at first");
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    (void)scene_add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    expect_count(&s, "media-source", 1, "with a track");
    expect_count(&s, "outbound-rtp", 0, "before negotiation");
    rtc_data_channel *channel = scene_channel(&s, 0);
    peer_exchange(&s.p, 0);
    expect_count(&s, "transport", 1, "after negotiation");
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 2 * SECOND);
    expect_count(&s, "certificate", 2, "connected");
    expect_count(&s, "outbound-rtp", 1, "connected");
    expect_count(&s, "inbound-rtp", 1, "connected");
    expect_count(&s, "data-channel", 1, "connected");
    assert_int_equal(rtc_rtp_sender_replace_track(rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(pc_of(&s, 0), 0)), NULL),
                     RTC_OK);
    expect_count(&s, "media-source", 0, "without a track");
    expect_count(&s, "outbound-rtp", 1, "without a track");
    rtc_data_channel_close(channel);
    peer_run(&s.p, SECOND);
    rtc_stats_report *report = stats_of(pc_of(&s, 0));
    double opened = 0, closed = 0;
    const rtc_stats *pc = rtc_stats_report_find_type(report, "peer-connection");
    assert_true(rtc_stats_number(pc, "dataChannelsOpened", &opened) && rtc_stats_number(pc, "dataChannelsClosed", &closed));
    assert_true(opened == 1 && closed == 1);
    rtc_stats_report_unref(report);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(pc_of(&s, 0), 0)), RTC_OK);
    peer_exchange(&s.p, 0);
    expect_count(&s, "outbound-rtp", 0, "stopped");
    expect_count(&s, "inbound-rtp", 0, "stopped");
    rtc_data_channel_unref(channel);
    rtc_peer_connection_close(pc_of(&s, 0));
    expect_count(&s, "peer-connection", 1, "closed");
    scene_end(&s);
}

/* ---- The selector (8.2, the stats selection algorithm) ---- */

/* What a report about `one` may hold: it, and whatever leads from it. */
static void expect_selection(rtc_stats_report *report, const char *rtp, const char *not_rtp)
{
    expect_map(report);
    assert_true(count_type(report, rtp) > 0);
    assert_int_equal(count_type(report, not_rtp), 0);
    assert_int_equal(count_type(report, "data-channel"), 0);
    assert_int_equal(count_type(report, "peer-connection"), 0);
    assert_int_equal(count_type(report, "transport"), 1);
    assert_int_equal(count_type(report, "codec"), 1);
    rtc_stats_report_unref(report);
}

static void selectors(void **state)
{
    struct scene s;
    rtc_stats_report *report = NULL;
    (void)state;
    scene_begin(&s, 3);
    struct peer_pump *pump = scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL), *stranger = scene_add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    rtc_data_channel_unref(scene_channel(&s, 0));
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, 2 * SECOND);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(pc_of(&s, 0), 0);
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(t);
    assert_int_equal(rtc_rtp_sender_get_stats(rtc_rtp_transceiver_sender(t), &report), RTC_OK);
    expect_selection(report, "outbound-rtp", "inbound-rtp");
    assert_int_equal(rtc_rtp_receiver_get_stats(receiver, &report), RTC_OK);
    expect_selection(report, "inbound-rtp", "outbound-rtp");
    assert_int_equal(rtc_peer_connection_get_track_stats(pc_of(&s, 0), pump->track, &report), RTC_OK);
    expect_selection(report, "outbound-rtp", "inbound-rtp");
    assert_int_equal(rtc_peer_connection_get_track_stats(pc_of(&s, 0), rtc_rtp_receiver_track(receiver), &report), RTC_OK);
    expect_selection(report, "inbound-rtp", "outbound-rtp");
    report = NULL;
    assert_int_equal(rtc_peer_connection_get_track_stats(pc_of(&s, 0), stranger->track, &report), RTC_ERR_INVALID_ACCESS);
    assert_true(strlen(rtc_peer_connection_last_error(pc_of(&s, 0))) > 10);
    assert_int_equal(rtc_peer_connection_get_stats(NULL, &report), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_get_stats(pc_of(&s, 0), NULL), RTC_ERR_TYPE);
    assert_null(report);
    rtc_media_stream_track *theirs = rtc_rtp_receiver_track(receiver); /* the transceivers stay with the closed connection */
    rtc_peer_connection_close(pc_of(&s, 0));
    assert_int_equal(rtc_peer_connection_get_track_stats(pc_of(&s, 0), theirs, &report), RTC_OK);
    rtc_stats_report_unref(report);
    assert_int_equal(rtc_peer_connection_get_track_stats(pc_of(&s, 0), stranger->track, &report), RTC_ERR_INVALID_ACCESS);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_of_its_moment),
        cmocka_unit_test(objects_come_and_go),
        cmocka_unit_test(selectors),
        cmocka_unit_test(repairs_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
