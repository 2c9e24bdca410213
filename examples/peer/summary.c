/* SPDX-License-Identifier: MIT */
/* What a session came to. */
#include "summary.h"

#include "lines.h"

#include <string.h>

static cJSON *states_of(const struct session *session)
{
    cJSON *states = cJSON_CreateArray();
    for (size_t i = 0; i < session->state_count; i++) {
        cJSON *state = cJSON_CreateObject();
        cJSON_AddStringToObject(state, session->states[i].name, session->states[i].value);
        cJSON_AddNumberToObject(state, "ms", session->states[i].ms);
        cJSON_AddItemToArray(states, state);
    }
    return states;
}

static void add_colour(cJSON *out, const char *name, const rtc_video_frame *frame, uint32_t x_percent)
{
    struct colour colour;
    if (picture_colour(frame, x_percent, 50, &colour)) {
        double yuv[3] = {(int)colour.y, (int)colour.u, (int)colour.v};
        cJSON_AddItemToObject(out, name, cJSON_CreateDoubleArray(yuv, 3));
    }
}

static cJSON *video_of(struct session *session, const struct watch_counts *counts)
{
    cJSON *video = cJSON_CreateObject();
    cJSON_AddNumberToObject(video, "framesDecoded", (double)counts->frames);
    cJSON_AddNumberToObject(video, "freezes", counts->freezes);
    cJSON_AddNumberToObject(video, "longestGapMs", (double)(counts->longest_gap_us / 1000));
    cJSON_AddNumberToObject(video, "seconds", (double)((counts->last_frame_us - counts->first_frame_us) / 1000) / 1000);
    rtc_video_frame *frame = watch_picture(&session->watch);
    if (frame != NULL) {
        cJSON_AddNumberToObject(video, "width", rtc_video_frame_width(frame));
        cJSON_AddNumberToObject(video, "height", rtc_video_frame_height(frame));
        add_colour(video, "leftYuv", frame, 15);
        add_colour(video, "centreYuv", frame, 50);
        add_colour(video, "rightYuv", frame, 85);
    }
    rtc_video_frame_unref(frame);
    return video;
}

static cJSON *audio_of(const struct watch_counts *counts)
{
    cJSON *audio = cJSON_CreateObject();
    cJSON_AddNumberToObject(audio, "seconds",
                            counts->tone.sample_rate == 0 ? 0 : (double)counts->tone.total_samples / counts->tone.sample_rate);
    cJSON_AddNumberToObject(audio, "toneHz", (int)(counts->tone.frequency_hz * 10) / 10.0);
    cJSON_AddNumberToObject(audio, "level", (int)(counts->tone.level * 1000) / 1000.0);
    cJSON_AddNumberToObject(audio, "loudest", (int)(counts->tone.loudest * 1000) / 1000.0);
    return audio;
}

static void add_record(cJSON *dictionary, const rtc_stats *stats, const char *name)
{
    cJSON *record = cJSON_AddObjectToObject(dictionary, name);
    for (size_t i = 0; i < rtc_stats_record_count(stats, name); i++) {
        const char *key = rtc_stats_record_key(stats, name, i);
        double number = 0;
        rtc_stats_record_number(stats, name, key, &number);
        cJSON_AddNumberToObject(record, key, number);
    }
}

static cJSON *dictionary_of(const rtc_stats *stats)
{
    cJSON *dictionary = cJSON_CreateObject();
    cJSON_AddStringToObject(dictionary, "id", rtc_stats_id(stats));
    cJSON_AddStringToObject(dictionary, "type", rtc_stats_type(stats));
    for (size_t i = 0; i < rtc_stats_member_count(stats); i++) {
        const char *name = rtc_stats_member_name(stats, i);
        double number = 0;
        bool truth = false;
        if (rtc_stats_number(stats, name, &number)) {
            cJSON_AddNumberToObject(dictionary, name, number);
        } else if (rtc_stats_boolean(stats, name, &truth)) {
            cJSON_AddBoolToObject(dictionary, name, truth);
        } else if (rtc_stats_member_type(stats, i) == RTC_STATS_RECORD) {
            add_record(dictionary, stats, name);
        } else {
            cJSON_AddStringToObject(dictionary, name, rtc_stats_string(stats, name));
        }
    }
    return dictionary;
}

/* "host 192.0.2.1:5000 udp"; of a relay of our own also how its server is reached: "relay 192.0.2.1:5000 udp over tls" */
static void add_end(cJSON *pair, const char *name, const rtc_stats_report *report, const char *id)
{
    const rtc_stats *candidate = id == NULL ? NULL : rtc_stats_report_find(report, id);
    char text[128];
    double port = 0;
    if (candidate != NULL) {
        const char *relay = rtc_stats_string(candidate, "relayProtocol");
        rtc_stats_number(candidate, "port", &port);
        const char *address = rtc_stats_string(candidate, "address");
        snprintf(text, sizeof(text), "%s %s:%.0f %s%s%s", rtc_stats_string(candidate, "candidateType"),
                 address == NULL ? "hidden" : address, port, rtc_stats_string(candidate, "protocol"), relay == NULL ? "" : " over ",
                 relay == NULL ? "" : relay);
        cJSON_AddStringToObject(pair, name, text);
    }
}

static void add_pair(cJSON *summary, const rtc_stats_report *report)
{
    const rtc_stats *transport = rtc_stats_report_find_type(report, "transport");
    const char *id = transport == NULL ? NULL : rtc_stats_string(transport, "selectedCandidatePairId");
    const rtc_stats *stats = id == NULL ? NULL : rtc_stats_report_find(report, id);
    if (stats != NULL) {
        cJSON *pair = cJSON_AddObjectToObject(summary, "selectedPair");
        add_end(pair, "local", report, rtc_stats_string(stats, "localCandidateId"));
        add_end(pair, "remote", report, rtc_stats_string(stats, "remoteCandidateId"));
    }
}

static void add_pair_changes(cJSON *summary, const rtc_stats_report *report)
{
    const rtc_stats *transport = rtc_stats_report_find_type(report, "transport");
    double changes = 0;
    if (transport != NULL && rtc_stats_number(transport, "selectedCandidatePairChanges", &changes)) {
        cJSON_AddNumberToObject(summary, "selectedPairChanges", changes);
    }
}

/* What crossed the transport, both ways. */
static void add_traffic(cJSON *summary, const rtc_stats_report *report)
{
    static const char *const names[] = {"packetsSent", "packetsReceived", "bytesSent", "bytesReceived"};
    const rtc_stats *transport = rtc_stats_report_find_type(report, "transport");
    cJSON *traffic = cJSON_AddObjectToObject(summary, "transport");
    for (size_t i = 0; transport != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        double value = 0;
        rtc_stats_number(transport, names[i], &value);
        cJSON_AddNumberToObject(traffic, names[i], value);
    }
}

static void add_statistics(cJSON *summary, rtc_peer_connection *connection)
{
    rtc_stats_report *report = NULL;
    if (connection == NULL || rtc_peer_connection_get_stats(connection, &report) != RTC_OK) {
        return;
    }
    add_pair(summary, report);
    add_pair_changes(summary, report);
    add_traffic(summary, report);
    cJSON *list = cJSON_AddArrayToObject(summary, "statistics");
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        cJSON_AddItemToArray(list, dictionary_of(rtc_stats_report_at(report, i)));
    }
    rtc_stats_report_unref(report);
}

void summary_write(struct session *session, const char *type)
{
    struct watch_counts counts = watch_read(&session->watch);
    cJSON *summary = cJSON_CreateObject();
    cJSON_AddStringToObject(summary, "type", type);
    cJSON_AddStringToObject(summary, "role", session->options->offer ? "offer" : "answer");
    cJSON_AddNumberToObject(summary, "ms", session_ms(session));
    cJSON_AddItemToObject(summary, "states", states_of(session));
    cJSON_AddItemToObject(summary, "video", video_of(session, &counts));
    cJSON_AddItemToObject(summary, "audio", audio_of(&counts));
    cJSON_AddItemToObject(summary, "data", channels_summary(&session->channels));
    cJSON_AddNumberToObject(summary, "errors", session->errors + (double)session->channels.errors);
    cJSON_AddStringToObject(summary, "firstError", session->first_error);
    cJSON_AddNumberToObject(summary, "restarts", session->restarts);
    add_statistics(summary, session->connection);
    lines_write(summary);
}
