/* SPDX-License-Identifier: MIT */
/* getStats of a whole call (webrtc-stats): which dictionaries and members are there, how they refer to each other, and whether their
 * numbers are plausible. */
#include "peer_pump.h"

#include "../scripted_media.h"

#include "ice_report.h"
#include "peer.h"
#include "transport.h"
#include "transport_internal.h"

#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_pumps pumps;
    rtc_data_channel *channel;
};

static void begin(struct scene *s)
{
    peer_scene(&s->p, 1, true);
    peer_pumps_attach(&s->pumps, &s->p);
    for (int i = 0; i < 2; i++) {
        struct peer_pump *audio = peer_pump_new(&s->pumps, &s->p, RTC_MEDIA_AUDIO),
                         *video = peer_pump_new(&s->pumps, &s->p, RTC_MEDIA_VIDEO);
        assert_int_equal(rtc_peer_connection_add_track(s->p.peer[i].pc, audio->track, NULL, 0, NULL), RTC_OK);
        assert_int_equal(rtc_peer_connection_add_track(s->p.peer[i].pc, video->track, NULL, 0, NULL), RTC_OK);
    }
    assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "chat", 4, NULL, &s->channel), RTC_OK);
    peer_exchange(&s->p, 0);
    peer_connect(&s->p, SECOND);
    peer_run(&s->p, 500 * MS);
    assert_int_equal(rtc_data_channel_send_text(s->channel, "hello", 5), RTC_OK);
    peer_run(&s->p, 5 * SECOND);
}

static void end(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->p);
    peer_pumps_fini(&s->pumps);
}

static rtc_stats_report *report_of(struct scene *s, int index)
{
    rtc_stats_report *report;
    assert_int_equal(rtc_peer_connection_get_stats(s->p.peer[index].pc, &report), RTC_OK);
    return report;
}

static const struct {
    const char *type;
    const char *numbers[32];
    const char *texts[12];
} expected[] = {
    {"peer-connection", {"dataChannelsOpened", "dataChannelsClosed"}, {NULL}},
    {"transport",
     {"packetsSent", "packetsReceived", "bytesSent", "bytesReceived", "selectedCandidatePairChanges", "candidatesLeftOut"},
     {"iceRole", "iceLocalUsernameFragment", "iceState", "dtlsState", "localCertificateId", "selectedCandidatePairId", "dtlsCipher",
      "dtlsRole", "remoteCertificateId", "srtpCipher", "tlsVersion"}},
    {"certificate", {NULL}, {"fingerprint", "fingerprintAlgorithm", "base64Certificate"}},
    {"local-candidate", {"port", "priority"}, {"transportId", "address", "protocol", "candidateType", "foundation"}},
    {"remote-candidate", {"port", "priority"}, {"transportId", "address", "protocol", "candidateType", "usernameFragment"}},
    {"candidate-pair",
     {"packetsSent", "packetsReceived", "bytesSent", "bytesReceived", "totalRoundTripTime", "currentRoundTripTime", "requestsSent",
      "requestsReceived", "responsesSent", "responsesReceived", "lastPacketSentTimestamp", "lastPacketReceivedTimestamp",
      "consentRequestsSent", "packetsDiscardedOnSend", "bytesDiscardedOnSend"},
     {"transportId", "localCandidateId", "remoteCandidateId", "state"}},
    {"data-channel",
     {"dataChannelIdentifier", "messagesSent", "bytesSent", "messagesReceived", "bytesReceived"},
     {"label", "protocol", "state"}},
    {"outbound-rtp",
     {"ssrc", "packetsSent", "bytesSent", "headerBytesSent", "retransmittedPacketsSent", "retransmittedBytesSent", "framesSent",
      "nackCount", "pliCount", "firCount", "targetBitrate", "totalPacketSendDelay", "framesEncoded"},
     {"kind", "mid", "transportId", "codecId", "mediaSourceId", "remoteId"}},
    {"remote-inbound-rtp",
     {"ssrc", "packetsReceived", "packetsLost", "jitter", "fractionLost", "roundTripTime", "totalRoundTripTime",
      "roundTripTimeMeasurements"},
     {"kind", "transportId", "codecId", "localId"}},
    {"remote-outbound-rtp",
     {"ssrc", "packetsSent", "bytesSent", "reportsSent", "remoteTimestamp", "roundTripTime", "totalRoundTripTime",
      "roundTripTimeMeasurements"},
     {"kind", "transportId", "codecId", "localId"}},
    {"codec", {"payloadType", "clockRate"}, {"mimeType", "transportId"}},
    {"media-source", {NULL}, {"trackIdentifier", "kind"}},
    {"media-playout", {"synthesizedSamplesDuration", "synthesizedSamplesEvents", "totalSamplesDuration", "totalSamplesCount"}, {"kind"}},
    {"inbound-rtp",
     {"ssrc", "packetsReceived", "bytesReceived", "headerBytesReceived", "packetsLost", "packetsDiscarded", "retransmittedPacketsReceived",
      "retransmittedBytesReceived", "packetsReceivedWithEct1", "packetsReceivedWithCe", "lastPacketReceivedTimestamp", "jitter",
      "jitterBufferDelay", "jitterBufferTargetDelay", "jitterBufferMinimumDelay", "jitterBufferEmittedCount", "nackCount",
      "estimatedPlayoutTimestamp"},
     {"kind", "mid", "transportId", "trackIdentifier", "codecId", "remoteId"}},
};

static void expect_members(const rtc_stats *s, size_t row)
{
    double number;
    for (size_t i = 0; i < 32 && expected[row].numbers[i]; i++)
        if (!rtc_stats_number(s, expected[row].numbers[i], &number) || number < 0)
            fail_msg("%s: no plausible number %s", rtc_stats_type(s), expected[row].numbers[i]);
    for (size_t i = 0; i < 12 && expected[row].texts[i]; i++)
        if (!rtc_stats_string(s, expected[row].texts[i]))
            fail_msg("%s: no text %s", rtc_stats_type(s), expected[row].texts[i]);
}

static void members_are_there(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    for (int i = 0; i < 2; i++) {
        rtc_stats_report *report = report_of(&s, i);
        for (size_t row = 0; row < sizeof expected / sizeof expected[0]; row++) {
            size_t found = 0;
            for (size_t k = 0; k < rtc_stats_report_count(report); k++) {
                const rtc_stats *stats = rtc_stats_report_at(report, k);
                if (strcmp(rtc_stats_type(stats), expected[row].type) != 0)
                    continue;
                expect_members(stats, row);
                double index = -1; /* sound has one encoding */
                bool pictures = strcmp(rtc_stats_type(stats), "outbound-rtp") == 0 && strcmp(rtc_stats_string(stats, "kind"), "video") == 0;
                assert_int_equal(rtc_stats_number(stats, "encodingIndex", &index), pictures);
                found++;
            }
            bool media = strstr(expected[row].type, "-rtp") != NULL;
            if (strcmp(expected[row].type, "codec") == 0)
                assert_int_equal(found, 4); /* two each way */
            if (media ? found != 2 : found == 0)
                fail_msg("%zu x %s", found, expected[row].type);
        }
        rtc_stats_report_unref(report);
    }
    end(&s);
}

static void expect_references(rtc_stats_report *report)
{
    static const char *const names[] = {"transportId",
                                        "localCertificateId",
                                        "remoteCertificateId",
                                        "selectedCandidatePairId",
                                        "localCandidateId",
                                        "remoteCandidateId",
                                        "codecId",
                                        "mediaSourceId",
                                        "localId",
                                        "remoteId"};
    double stamp = rtc_stats_timestamp_ms(rtc_stats_report_at(report, 0));
    for (size_t k = 0; k < rtc_stats_report_count(report); k++) {
        const rtc_stats *stats = rtc_stats_report_at(report, k);
        assert_ptr_equal(rtc_stats_report_find(report, rtc_stats_id(stats)), stats); /* ids are unique */
        if (strncmp(rtc_stats_type(stats), "remote-", 7) == 0 && strstr(rtc_stats_type(stats), "-rtp"))
            assert_true(rtc_stats_timestamp_ms(stats) <= stamp && rtc_stats_timestamp_ms(stats) > stamp - 10000); /* of the report */
        else
            assert_true(rtc_stats_timestamp_ms(stats) == stamp);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (rtc_stats_string(stats, names[i]) && !rtc_stats_report_find(report, rtc_stats_string(stats, names[i])))
                fail_msg("%s of %s leads nowhere", names[i], rtc_stats_type(stats));
        assert_true(rtc_stats_member_count(stats) > 0);
        for (size_t i = 0; i < rtc_stats_member_count(stats); i++) {
            double number;
            bool is_number = rtc_stats_member_type(stats, i) == RTC_STATS_NUMBER;
            assert_true(rtc_stats_number(stats, rtc_stats_member_name(stats, i), &number) == is_number);
            assert_true(rtc_stats_member_type(stats, i) != RTC_STATS_STRING || rtc_stats_string(stats, rtc_stats_member_name(stats, i)));
        }
    }
}

static void references_lead_somewhere(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    rtc_stats_report *report = report_of(&s, 0);
    expect_references(report);
    assert_null(rtc_stats_report_find(report, "nobody"));
    assert_null(rtc_stats_report_find_type(report, "nothing"));
    assert_null(rtc_stats_report_at(report, 100000));
    rtc_stats_report_unref(report);
    end(&s);
}

/* ---- What is counted never falls ---- */

/* Every number of the RTP objects that is no counter. */
static bool is_gauge(const char *name)
{
    static const char *const names[] = {"ssrc",       "jitter",       "targetBitrate",         "frameWidth",    "frameHeight",
                                        "audioLevel", "fractionLost", "estimatedPlayoutDelay", "roundTripTime", "framesPerSecond"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool counts(const rtc_stats *stats)
{
    return strstr(rtc_stats_type(stats), "-rtp") || strcmp(rtc_stats_type(stats), "peer-connection") == 0;
}

static void expect_no_fall(const rtc_stats *before, const rtc_stats *after)
{
    for (size_t i = 0; i < rtc_stats_member_count(before); i++) {
        const char *name = rtc_stats_member_name(before, i);
        double was, is = -1;
        if (is_gauge(name) || !rtc_stats_number(before, name, &was))
            continue;
        (void)rtc_stats_number(after, name, &is);
        if (is < was)
            fail_msg("%s of %s fell from %g to %g", name, rtc_stats_id(before), was, is);
    }
}

/* What both reports know has not fallen; what the sender sends is known for as long as it is there. */
static void expect_monotone(struct scene *s, rtc_stats_report *last[2])
{
    for (int i = 0; i < 2; i++) {
        rtc_stats_report *now = report_of(s, i);
        for (size_t k = 0; last[i] && k < rtc_stats_report_count(last[i]); k++) {
            const rtc_stats *before = rtc_stats_report_at(last[i], k);
            const rtc_stats *after = counts(before) ? rtc_stats_report_find(now, rtc_stats_id(before)) : NULL;
            if (after)
                expect_no_fall(before, after);
            else if (strcmp(rtc_stats_type(before), "outbound-rtp") == 0)
                fail_msg("%s is gone", rtc_stats_id(before));
        }
        rtc_stats_report_unref(last[i]);
        last[i] = now;
    }
}

static void turn(struct scene *s, rtc_rtp_direction direction, rtc_stats_report *last[2])
{
    for (size_t n = 0; n < 2; n++)
        assert_int_equal(rtc_rtp_transceiver_set_direction(rtc_peer_connection_transceiver(s->p.peer[0].pc, n), direction), RTC_OK);
    peer_exchange(&s->p, 0);
    peer_run(&s->p, 100 * MS);
    expect_monotone(s, last);
    peer_run(&s->p, 15 * SECOND); /* silent streams are forgotten meanwhile */
    expect_monotone(s, last);
}

static void counters_never_fall(void **state)
{
    struct scene s;
    rtc_stats_report *last[2] = {NULL, NULL};
    (void)state;
    begin(&s);
    expect_monotone(&s, last);
    rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(s.p.peer[0].pc, 1));
    rtc_media_stream_track *track = rtc_media_stream_track_ref(rtc_rtp_sender_track(sender));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rtc_rtp_sender_replace_track(sender, i == 0 ? NULL : track), RTC_OK);
        expect_monotone(&s, last);
        peer_run(&s.p, 3 * SECOND);
        expect_monotone(&s, last);
    }
    rtc_media_stream_track_unref(track);
    static const rtc_rtp_direction turns[] = {RTC_DIRECTION_RECVONLY, RTC_DIRECTION_SENDRECV, RTC_DIRECTION_SENDONLY,
                                              RTC_DIRECTION_INACTIVE, RTC_DIRECTION_SENDRECV};
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++)
        turn(&s, turns[i], last);
    rtc_data_channel_close(s.channel);
    peer_run(&s.p, SECOND);
    expect_monotone(&s, last);
    double closed;
    assert_true(rtc_stats_number(rtc_stats_report_find_type(last[0], "peer-connection"), "dataChannelsClosed", &closed) && closed == 1);
    rtc_stats_report_unref(last[0]);
    rtc_stats_report_unref(last[1]);
    end(&s);
}

static size_t count_of(const rtc_stats_report *report, const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < rtc_stats_report_count(report); i++)
        count += strcmp(rtc_stats_type(rtc_stats_report_at(report, i)), type) == 0;
    return count;
}

/* Two ICE generations side by side: no id names two things, and none of the first changes its meaning. */
static void ids_of_two_generations(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    rtc_stats_report *before = report_of(&s, 0);
    sim_host_link(s.p.peer[0].host)->loss = 1; /* the new one finds no path */
    assert_int_equal(rtc_peer_connection_restart_ice(s.p.peer[0].pc), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, SECOND);
    rtc_stats_report *during = report_of(&s, 0);
    expect_references(during);
    static const char *const types[] = {"local-candidate", "remote-candidate", "candidate-pair"};
    for (size_t i = 0; i < 3; i++)
        assert_true(count_of(during, types[i]) > count_of(before, types[i]));
    for (size_t i = 0; i < rtc_stats_report_count(before); i++) {
        const rtc_stats *old = rtc_stats_report_at(before, i), *same = rtc_stats_report_find(during, rtc_stats_id(old));
        assert_non_null(same);
        assert_string_equal(rtc_stats_type(same), rtc_stats_type(old));
        if (strstr(rtc_stats_type(old), "-candidate")) {
            double port[2];
            assert_true(rtc_stats_number(old, "port", &port[0]) && rtc_stats_number(same, "port", &port[1]));
            assert_true(port[0] == port[1]);
        }
    }
    rtc_stats_report_unref(before);
    rtc_stats_report_unref(during);
    end(&s);
}

static double number_of(rtc_stats_report *report, const char *type, const char *name)
{
    double value = -1;
    assert_true(rtc_stats_number(rtc_stats_report_find_type(report, type), name, &value));
    return value;
}

static void numbers_agree(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    rtc_stats_report *a = report_of(&s, 0), *b = report_of(&s, 1);
    assert_true(number_of(a, "data-channel", "messagesSent") == 1);
    assert_true(number_of(a, "data-channel", "bytesSent") == 5);
    assert_true(number_of(b, "data-channel", "messagesReceived") == 1);
    assert_true(number_of(b, "data-channel", "bytesReceived") == 5);
    assert_true(number_of(a, "peer-connection", "dataChannelsOpened") == 1);
    double sent = number_of(a, "transport", "packetsSent"), received = number_of(b, "transport", "packetsReceived");
    assert_true(received <= sent && received > sent - 20);
    sent = number_of(a, "outbound-rtp", "packetsSent");
    received = number_of(b, "inbound-rtp", "packetsReceived");
    assert_true(received <= sent && received > sent - 20);
    assert_true(number_of(a, "outbound-rtp", "ssrc") == number_of(b, "inbound-rtp", "ssrc"));
    double rtt = number_of(a, "candidate-pair", "currentRoundTripTime");
    assert_true(rtt >= 0.0099 && rtt < 0.012);
    assert_string_equal(rtc_stats_string(rtc_stats_report_find_type(a, "transport"), "dtlsRole"), "server");
    assert_string_equal(rtc_stats_string(rtc_stats_report_find_type(b, "transport"), "dtlsRole"), "client");
    assert_string_equal(rtc_stats_string(rtc_stats_report_find_type(a, "transport"), "tlsVersion"), "FEFD");
    assert_string_equal(rtc_stats_string(rtc_stats_report_find_type(a, "transport"), "dtlsState"), "connected");
    assert_string_equal(rtc_stats_string(rtc_stats_report_find_type(a, "transport"), "srtpCipher"), "SRTP_AES128_CM_HMAC_SHA1_80");
    const rtc_stats *ours = rtc_stats_report_find(a, "CL"), *theirs = rtc_stats_report_find(b, "CR");
    assert_string_equal(rtc_stats_string(ours, "fingerprint"), rtc_stats_string(theirs, "fingerprint"));
    assert_string_equal(rtc_stats_string(ours, "base64Certificate"), rtc_stats_string(theirs, "base64Certificate"));
    assert_true(number_of(a, "candidate-pair", "packetsSent") == number_of(a, "transport", "packetsSent"));
    rtc_stats_report *kept = rtc_stats_report_ref(a);
    rtc_stats_report_unref(a);
    rtc_stats_report_unref(b);
    end(&s);
    assert_non_null(rtc_stats_report_find_type(kept, "transport")); /* a report outlives its connection */
    rtc_stats_report_unref(kept);
    rtc_stats_report_unref(NULL);
}

/* The time of a packet is its own, not that of the report. */
static void when_packets_came(void **state)
{
    struct scene s;
    double received;
    (void)state;
    begin(&s);
    sim_host_link(s.p.peer[1].host)->down = true;
    peer_run(&s.p, 2 * SECOND);
    rtc_stats_report *report = report_of(&s, 0);
    received = number_of(report, "candidate-pair", "lastPacketReceivedTimestamp");
    double age = rtc_stats_timestamp_ms(rtc_stats_report_at(report, 0)) - received;
    assert_true(age > 1900 && age < 2100);
    rtc_stats_report_unref(report);
    end(&s);
}

static double video_target(struct scene *s)
{
    double target = -1;
    rtc_stats_report *report = report_of(s, 0);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *one = rtc_stats_report_at(report, i);
        const char *kind = rtc_stats_string(one, "kind");
        if (strcmp(rtc_stats_type(one), "outbound-rtp") == 0 && kind && strcmp(kind, "video") == 0)
            assert_true(rtc_stats_number(one, "targetBitrate", &target));
    }
    rtc_stats_report_unref(report);
    return target;
}

/* A rate that set_configuration gives counts at once, and one that it does not mention stays. */
static void a_new_rate_counts(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    assert_true(video_target(&s) > 150000);
    const rtc_configuration slow = {.size = sizeof slow, .max_bitrate_bps = 100000};
    assert_int_equal(rtc_peer_connection_set_configuration(s.p.peer[0].pc, &slow), RTC_OK);
    peer_run(&s.p, 2 * SECOND);
    assert_true(video_target(&s) > 0 && video_target(&s) <= 100000);
    assert_int_equal(rtc_peer_connection_set_configuration(s.p.peer[0].pc, NULL), RTC_OK);
    peer_run(&s.p, 5 * SECOND);
    assert_true(video_target(&s) <= 100000);
    rtc_stats_report *report = report_of(&s, 0);
    double consent = number_of(report, "candidate-pair", "consentRequestsSent");
    assert_true(consent > 0 && consent < number_of(report, "candidate-pair", "requestsSent"));
    rtc_stats_report_unref(report);
    end(&s);
}

static double sum_of_video(struct scene *s, const char *name)
{
    double sum = 0;
    rtc_stats_report *report = report_of(s, 0);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *one = rtc_stats_report_at(report, i);
        const char *kind = rtc_stats_string(one, "kind");
        double value = 0;
        if (strcmp(rtc_stats_type(one), "outbound-rtp") == 0 && kind && strcmp(kind, "video") == 0)
            sum += rtc_stats_number(one, name, &value) ? value : 0;
    }
    rtc_stats_report_unref(report);
    return sum;
}

/* More than the pacer holds at once: every encoded frame that was pushed is sent or counted as dropped. */
static void no_frame_vanishes(void **state)
{
    enum { FRAMES = 100 };
    struct scene s;
    (void)state;
    begin(&s);
    struct peer_pump *video = &s.pumps.pump[1];
    video->running = false;
    peer_run(&s.p, SECOND);
    double sent = sum_of_video(&s, "framesSent"), lost = sum_of_video(&s, "framesDropped");
    for (uint32_t i = 0; i < FRAMES; i++) {
        rtc_encoded_frame *frame = scripted_video(s.p.context, 100000 + i, s.p.now, true, SCRIPTED_VIDEO_MOST);
        assert_non_null(frame);
        assert_int_equal(rtc_media_source_push_encoded(video->source, frame), RTC_OK);
        rtc_encoded_frame_unref(frame);
    }
    peer_run(&s.p, SECOND);
    lost = sum_of_video(&s, "framesDropped") - lost;
    sent = sum_of_video(&s, "framesSent") - sent;
    assert_true(sent > 0 && lost > 0);
    assert_true(sent + lost == FRAMES);
    /* What was dropped stays counted when this track goes. */
    lost = sum_of_video(&s, "framesDropped");
    rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(s.p.peer[0].pc, 1));
    assert_int_equal(rtc_rtp_sender_replace_track(sender, NULL), RTC_OK);
    assert_true(sum_of_video(&s, "framesDropped") == lost);
    peer_run(&s.p, SECOND);
    assert_true(sum_of_video(&s, "framesDropped") >= lost);
    end(&s);
}

/* What can not be sent is counted at the selected pair, packets and bytes apart (webrtc-stats: packetsDiscardedOnSend,
 * bytesDiscardedOnSend). */
static void what_is_not_sent_is_counted(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    rtc_stats_report *report = report_of(&s, 0);
    assert_true(number_of(report, "candidate-pair", "packetsDiscardedOnSend") == 0);
    assert_true(number_of(report, "candidate-pair", "bytesDiscardedOnSend") == 0);
    rtc_stats_report_unref(report);
    struct ice_agent *agent = peer_first_transport(s.p.peer[0].pc)->ice.current.agent;
    ice_agent_count_discarded(agent, 100);
    ice_agent_count_discarded(agent, 1100);
    report = report_of(&s, 0);
    assert_true(number_of(report, "candidate-pair", "packetsDiscardedOnSend") == 2);
    assert_true(number_of(report, "candidate-pair", "bytesDiscardedOnSend") == 1200);
    rtc_stats_report_unref(report);
    end(&s);
}

/* The transport of an offer that nobody has answered (webrtc-stats RTCTransportStats). */
static void before_there_is_a_peer(void **state)
{
    struct sim_peers p;
    rtc_data_channel *channel;
    rtc_stats_report *report;
    (void)state;
    peer_scene(&p, 1, true);
    rtc_peer_connection *pc = p.peer[0].pc;
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "chat", 4, NULL, &channel), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_get_stats(pc, &report), RTC_OK);
    const rtc_stats *transport = rtc_stats_report_find_type(report, "transport");
    assert_string_equal(rtc_stats_string(transport, "dtlsState"), "new");
    assert_string_equal(rtc_stats_string(transport, "dtlsRole"), "unknown");
    assert_string_equal(rtc_stats_string(transport, "iceState"), "new");
    assert_string_equal(rtc_stats_string(transport, "iceRole"), "controlling");
    assert_non_null(strstr(rtc_peer_connection_local_description(pc, NULL), rtc_stats_string(transport, "iceLocalUsernameFragment")));
    assert_null(rtc_stats_string(transport, "selectedCandidatePairId"));
    assert_null(rtc_stats_string(transport, "remoteCertificateId"));
    assert_true(number_of(report, "transport", "selectedCandidatePairChanges") == 0);
    assert_true(number_of(report, "transport", "bytesSent") == 0);
    rtc_stats_report_unref(report);
    rtc_data_channel_unref(channel);
    sim_peers_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_there_is_a_peer),      cmocka_unit_test(members_are_there),
        cmocka_unit_test(counters_never_fall),         cmocka_unit_test(references_lead_somewhere),
        cmocka_unit_test(ids_of_two_generations),      cmocka_unit_test(numbers_agree),
        cmocka_unit_test(a_new_rate_counts),           cmocka_unit_test(no_frame_vanishes),
        cmocka_unit_test(what_is_not_sent_is_counted), cmocka_unit_test(when_packets_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
