/* SPDX-License-Identifier: MIT */
/* The connection of a peer. */
#include "session.h"

#include "first_transport.h"
#include "lines.h"
#include "media_out.h"
#include "summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 20 };

double session_ms(const struct session *session)
{
    return (double)((rtc_now() - session->start) / 10) / 100;
}

static void tell_error(struct session *session, const char *what, int error, const char *detail)
{
    cJSON *event = cJSON_CreateObject();
    cJSON_AddStringToObject(event, "event", "error");
    cJSON_AddStringToObject(event, "what", what);
    cJSON_AddStringToObject(event, "name", rtc_error_name(error));
    cJSON_AddStringToObject(event, "message", rtc_error_message(error));
    cJSON_AddStringToObject(event, "detail", detail);
    lines_write(event);
    if (session->errors++ == 0) {
        snprintf(session->first_error, sizeof(session->first_error), "%s: %s %s", what, rtc_error_name(error), detail);
    }
}

/* Tells the result of a call when it is an error: in the library's words, or, where the error `own` is this program's, in others. */
static void fail_or(struct session *session, const char *what, int error, int own, const char *words)
{
    if (error != RTC_OK) {
        tell_error(session, what, error, error == own ? words : rtc_last_error());
    }
}

static void fail(struct session *session, const char *what, int error)
{
    fail_or(session, what, error, RTC_OK, NULL);
}

/* A line of input that asks for nothing that there is. */
static void refuse(struct session *session, const char *why)
{
    tell_error(session, "a line of input", RTC_ERR_SYNTAX, why);
}

/* ---- States ---- */

static void tell_state(struct session *session, const char *name, const char *value)
{
    cJSON *event = cJSON_CreateObject();
    double ms = session_ms(session);
    cJSON_AddStringToObject(event, "event", name);
    cJSON_AddStringToObject(event, "value", value);
    cJSON_AddNumberToObject(event, "ms", ms);
    lines_write(event);
    if (session->state_count < SESSION_STATES_MAX) {
        session->states[session->state_count++] = (struct session_state){name, value, ms};
    }
}

static void on_dtls_state_change(rtc_dtls_transport *transport, void *user, rtc_dtls_transport_state state)
{
    (void)transport;
    tell_state(user, "dtlsState", rtc_dtls_transport_state_name(state));
}

/* A description may have brought another transport. */
static void on_signaling_state_change(rtc_peer_connection *connection, void *user, rtc_signaling_state state)
{
    static const rtc_dtls_transport_callbacks callbacks = {.size = sizeof(callbacks), .on_state_change = on_dtls_state_change};
    rtc_dtls_transport *transport = first_transport(connection);
    tell_state(user, "signalingState", rtc_signaling_state_name(state));
    if (transport != NULL) {
        rtc_dtls_transport_set_callbacks(transport, &callbacks, user);
    }
}

static void on_ice_connection_state_change(rtc_peer_connection *connection, void *user, rtc_ice_connection_state state)
{
    (void)connection;
    tell_state(user, "iceConnectionState", rtc_ice_connection_state_name(state));
}

static void on_connection_state_change(rtc_peer_connection *connection, void *user, rtc_peer_connection_state state)
{
    (void)connection;
    tell_state(user, "connectionState", rtc_peer_connection_state_name(state));
}

static void on_circuit_change(rtc_peer_connection *connection, void *user, rtc_rtp_sender *sender, rtc_circuit circuit)
{
    (void)connection;
    (void)sender;
    tell_state(user, "circuit", rtc_circuit_name(circuit));
}

static void on_tone(rtc_peer_connection *connection, void *user, rtc_rtp_receiver *receiver, char tone, uint32_t duration_ms, bool ended)
{
    (void)connection;
    (void)user;
    (void)receiver;
    if (ended) {
        const char text[] = {tone, '\0'};
        cJSON *event = cJSON_CreateObject();
        cJSON_AddStringToObject(event, "event", "tone");
        cJSON_AddStringToObject(event, "tone", text);
        cJSON_AddNumberToObject(event, "ms", duration_ms);
        lines_write(event);
    }
}

/* ---- Descriptions and candidates ---- */

static void tell_description(struct session *session)
{
    rtc_sdp_type type;
    const char *sdp = rtc_peer_connection_local_description(session->connection, &type);
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "type", rtc_sdp_type_name(type));
    cJSON_AddStringToObject(line, "sdp", sdp == NULL ? "" : sdp);
    lines_write(line);
}

/* Makes and sends the offer or answer that the state asks for. */
static void describe(struct session *session)
{
    int error = rtc_peer_connection_set_local_description(session->connection, RTC_SDP_NONE, NULL);
    fail(session, "setLocalDescription", error);
    if (error != RTC_OK) {
        return;
    }
    session->described = true;
    session->awaits_all =
        session->options->no_trickle && rtc_peer_connection_ice_gathering_state(session->connection) != RTC_ICE_GATHERING_COMPLETE;
    if (!session->awaits_all) {
        tell_description(session);
    }
}

static void on_ice_gathering_state_change(rtc_peer_connection *connection, void *user, rtc_ice_gathering_state state)
{
    struct session *session = user;
    (void)connection;
    tell_state(session, "iceGatheringState", rtc_ice_gathering_state_name(state));
    if (state == RTC_ICE_GATHERING_COMPLETE && session->awaits_all) {
        session->awaits_all = false;
        tell_description(session);
    }
}

static void count_generation(struct session *session, const char *ufrag)
{
    if (strcmp(session->ufrag, ufrag) != 0) {
        session->restarts += session->ufrag[0] != 0;
        snprintf(session->ufrag, sizeof(session->ufrag), "%s", ufrag);
    }
}

static void on_ice_candidate(rtc_peer_connection *connection, void *user, const rtc_ice_candidate *candidate)
{
    struct session *session = user;
    (void)connection;
    if (candidate == NULL) {
        return;
    }
    count_generation(session, candidate->username_fragment);
    if (session->options->no_trickle) {
        return;
    }
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "candidate", candidate->candidate);
    cJSON_AddStringToObject(line, "sdpMid", candidate->sdp_mid);
    cJSON_AddNumberToObject(line, "sdpMLineIndex", candidate->sdp_m_line_index);
    cJSON_AddStringToObject(line, "usernameFragment", candidate->username_fragment);
    lines_write(line);
}

static void on_negotiation_needed(rtc_peer_connection *connection, void *user)
{
    struct session *session = user;
    (void)connection;
    /* The first offer is made at once, and who answers waits for one. */
    if (session->described) {
        describe(session);
    }
}

static const char *string_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* It is there, and of another kind. */
static bool is_no_text(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return item != NULL && !cJSON_IsNull(item) && !cJSON_IsString(item);
}

static void take_description(struct session *session, const char *type, const char *sdp)
{
    if (rtc_sdp_type_from_name(type) == RTC_SDP_NONE) {
        refuse(session, "with sdp the type is offer, answer, pranswer or rollback");
        return;
    }
    int error = rtc_peer_connection_set_remote_description(session->connection, rtc_sdp_type_from_name(type), sdp);
    fail(session, "setRemoteDescription", error);
    if (error == RTC_OK && rtc_peer_connection_signaling_state(session->connection) == RTC_SIGNALING_HAVE_REMOTE_OFFER) {
        describe(session);
    }
}

static void take_candidate(struct session *session, const cJSON *line)
{
    const cJSON *index = cJSON_GetObjectItemCaseSensitive(line, "sdpMLineIndex");
    if (index != NULL && !cJSON_IsNull(index) &&
        (!cJSON_IsNumber(index) || index->valuedouble != index->valueint || index->valueint < 0 || index->valueint > UINT16_MAX)) {
        refuse(session, "sdpMLineIndex is no number from 0 to 65535");
        return;
    }
    if (is_no_text(line, "sdpMid") || is_no_text(line, "usernameFragment")) {
        refuse(session, "sdpMid or usernameFragment is no text");
        return;
    }
    rtc_ice_candidate_init init = {
        .size = sizeof(init),
        .candidate = string_of(line, "candidate"),
        .sdp_mid = string_of(line, "sdpMid"),
        .has_sdp_m_line_index = cJSON_IsNumber(index),
        .username_fragment = string_of(line, "usernameFragment"),
    };
    init.sdp_m_line_index = init.has_sdp_m_line_index ? (uint16_t)index->valueint : 0;
    fail(session, "addIceCandidate", rtc_peer_connection_add_ice_candidate(session->connection, &init));
}

/* ---- Media and data ---- */

static void on_track(rtc_peer_connection *connection, void *user, const rtc_track_event *event)
{
    struct session *session = user;
    (void)connection;
    bool video = rtc_media_stream_track_kind(event->track) == RTC_MEDIA_VIDEO;
    tell_state(session, "track", video ? "video" : "audio");
    fail_or(session, "receiving", watch_track(&session->watch, event->track), RTC_ERR_QUOTA_EXCEEDED, "more tracks came than are watched");
    const char *path = video ? session->options->record_video : session->options->record_audio;
    struct recorder *recorder = video ? &session->video_recorder : &session->audio_recorder;
    if (path != NULL && recorder->file == NULL) {
        fail_or(session, path, recorder_start(recorder, event->track, path), RTC_ERR_NOT_FOUND, "the file can not be written");
    }
}

static void on_data_channel(rtc_peer_connection *connection, void *user, rtc_data_channel *channel)
{
    (void)connection;
    channels_add(&((struct session *)user)->channels, rtc_data_channel_ref(channel));
}

static int add_channel(struct session *session, const char *label)
{
    rtc_data_channel *channel = NULL;
    int error = rtc_peer_connection_create_data_channel(session->connection, label, strlen(label), NULL, &channel);
    if (error == RTC_OK) {
        channels_add(&session->channels, channel);
    }
    return error;
}

static void add(struct session *session, const cJSON *line)
{
    const char *what = string_of(line, "what"), *label = string_of(line, "label");
    int error = RTC_OK;
    if (what != NULL && strcmp(what, "video") == 0) {
        error = media_out_add_video(session);
    } else if (what != NULL && strcmp(what, "audio") == 0) {
        error = media_out_add_audio(session);
    } else if (what != NULL && strcmp(what, "channel") == 0 && is_no_text(line, "label")) {
        refuse(session, "add: the label is no text");
    } else if (what != NULL && strcmp(what, "channel") == 0) {
        error = add_channel(session, label == NULL ? "" : label);
    } else {
        refuse(session, "add: what is audio, video or channel");
    }
    fail(session, "add", error);
}

/* The keys of a telephone, with the first sound that is sent. */
static void play_tones(struct session *session, const cJSON *line)
{
    const char *tones = string_of(line, "tones");
    const cJSON *duration = cJSON_GetObjectItemCaseSensitive(line, "duration");
    rtc_dtmf_sender *dtmf = NULL;
    size_t count = rtc_peer_connection_transceiver_count(session->connection);
    for (size_t i = 0; i < count && dtmf == NULL; i++) {
        dtmf = rtc_rtp_sender_dtmf(rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(session->connection, i)));
    }
    uint32_t ms = cJSON_IsNumber(duration) && duration->valueint > 0 ? (uint32_t)duration->valueint : RTC_DTMF_DURATION_MS;
    fail(session, "insertDTMF", rtc_dtmf_sender_insert(dtmf, tones, ms, RTC_DTMF_GAP_MS));
}

/* The offer follows, since negotiation is needed. */
static void restart(struct session *session)
{
    fail(session, "restartIce", rtc_peer_connection_restart_ice(session->connection));
}

/* The transceiver with this index. */
static void stop(struct session *session, const cJSON *line)
{
    const cJSON *index = cJSON_GetObjectItemCaseSensitive(line, "index");
    size_t count = rtc_peer_connection_transceiver_count(session->connection);
    if (!cJSON_IsNumber(index) || index->valuedouble < 0 || index->valuedouble >= (double)count) {
        refuse(session, "stop: there is no transceiver with this index");
    } else {
        fail(session, "stop", rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(session->connection, (size_t)index->valuedouble)));
    }
}

void session_restart_in_time(struct session *session)
{
    uint32_t after = session->options->restart_after;
    if (after > 0 && !session->restarted && session_ms(session) >= after * 1000.0) {
        session->restarted = true;
        restart(session);
    }
}

/* Of the first section in which the peer sends several layers (simulcast). */
static const char *show_layer(struct session *session, const cJSON *line)
{
    const char *rid = string_of(line, "rid");
    for (size_t i = 0; rid != NULL && i < rtc_peer_connection_transceiver_count(session->connection); i++) {
        rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(session->connection, i));
        if (rtc_rtp_receiver_rid_count(receiver) > 0) {
            fail(session, "selecting a layer", rtc_rtp_receiver_select_rid(receiver, rid));
            return NULL;
        }
    }
    return rid == NULL ? "a layer without a rid" : "the peer sends no layers";
}

/* ---- Lines in ---- */

static void take_command(struct session *session, const char *type, const cJSON *line)
{
    const char *wrong = NULL;
    if (strcmp(type, "bye") == 0) {
        session->ended = true;
    } else if (strcmp(type, "send") == 0) {
        wrong = channels_send(&session->channels, line);
    } else if (strcmp(type, "add") == 0) {
        add(session, line);
    } else if (strcmp(type, "tones") == 0) {
        play_tones(session, line);
    } else if (strcmp(type, "layer") == 0) {
        wrong = show_layer(session, line);
    } else if (strcmp(type, "stats") == 0) {
        summary_write(session, "stats");
    } else if (strcmp(type, "restart") == 0) {
        restart(session);
    } else if (strcmp(type, "stop") == 0) {
        stop(session, line);
    } else if (strcmp(type, "offer") == 0 || strcmp(type, "answer") == 0) {
        wrong = "an offer or answer without sdp";
    } else {
        wrong = "the type is none of offer, answer, bye, send, add, layer, tones, stats, restart and stop";
    }
    if (wrong != NULL) {
        refuse(session, wrong);
    }
}

void session_take(void *user, enum line_kind kind, const cJSON *line)
{
    struct session *session = user;
    const char *type = string_of(line, "type"), *sdp = string_of(line, "sdp");
    if (kind != LINE_OBJECT) {
        refuse(session, kind == LINE_TOO_LONG ? "it is longer than 1 MiB" : "it is no JSON object");
    } else if (string_of(line, "candidate") != NULL) {
        take_candidate(session, line);
    } else if (type == NULL) {
        refuse(session, "it has neither a type nor a candidate that are texts");
    } else if (sdp != NULL) {
        take_description(session, type, sdp);
    } else {
        take_command(session, type, line);
    }
}

/* ---- Beginning and end ---- */

/* A whole file as text; NULL when it can not be read. */
static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = file != NULL ? calloc(1, FILE_BYTES_MAX + 1) : NULL;
    if (text != NULL) {
        (void)fread(text, 1, FILE_BYTES_MAX, file);
    }
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

static void on_ice_candidate_error(rtc_peer_connection *connection, void *user, const rtc_ice_candidate_error *error)
{
    (void)connection, (void)user;
    fprintf(stderr, "peer: %s: %u %s\n", error->url, (unsigned)error->error_code, error->error_text);
}

static int open_port(struct session *session, rtc_loop *loop, rtc_endpoint **out)
{
    const rtc_endpoint_options options = {
        .size = sizeof(options), .loop = loop, .port = (uint16_t)session->options->port, .answer_stun = session->options->lite};
    return rtc_endpoint_new(session->context, &options, out);
}

static int new_connection(struct session *session, rtc_loop *loop)
{
    static const rtc_peer_connection_callbacks callbacks = {
        .size = sizeof(callbacks),
        .on_negotiation_needed = on_negotiation_needed,
        .on_ice_candidate = on_ice_candidate,
        .on_ice_candidate_error = on_ice_candidate_error,
        .on_signaling_state_change = on_signaling_state_change,
        .on_ice_gathering_state_change = on_ice_gathering_state_change,
        .on_ice_connection_state_change = on_ice_connection_state_change,
        .on_connection_state_change = on_connection_state_change,
        .on_circuit_change = on_circuit_change,
        .on_tone = on_tone,
        .on_data_channel = on_data_channel,
        .on_track = on_track,
    };
    const struct options *options = session->options;
    struct server_lists lists;
    char *authorities = options->authorities_file != NULL ? read_text(options->authorities_file) : NULL;
    rtc_configuration configuration = {
        .size = sizeof(configuration),
        .loop = loop,
        .authorities_pem = authorities,
        .include_loopback = options->loopback,
        .offer_sctp_init = options->sctp_init,
        .bundle_policy = options->max_bundle   ? RTC_BUNDLE_MAX_BUNDLE
                         : options->max_compat ? RTC_BUNDLE_MAX_COMPAT
                                               : RTC_BUNDLE_BALANCED,
        .hide_local_addresses = options->hide_addresses,
        .ice_lite = options->lite,
        .ice_allow = options->allow.texts,
        .ice_allow_count = options->allow.count,
        .ice_deny = options->deny.texts,
        .ice_deny_count = options->deny.count,
        .external_addresses = options->external.texts,
        .external_address_count = options->external.count,
        .port_min = (uint16_t)options->port_range[0],
        .port_max = (uint16_t)options->port_range[1],
        .max_bitrate_bps = options->bitrate_bps,
    };
    servers_configure(&options->servers, &lists, &configuration);
    int error = options->port == 0 ? RTC_OK : open_port(session, loop, &configuration.endpoint);
    if (error == RTC_OK) {
        error = rtc_peer_connection_new(session->context, &configuration, &callbacks, session, &session->connection);
    }
    rtc_endpoint_unref(configuration.endpoint); /* the connection holds it */
    free(authorities);
    return error;
}

static int add_all(struct session *session)
{
    const struct options *options = session->options;
    int error = options->audio ? media_out_add_audio(session) : RTC_OK;
    error = error != RTC_OK || !options->video ? error : media_out_add_video(session);
    return error != RTC_OK || options->label == NULL ? error : add_channel(session, options->label);
}

int session_begin(struct session *session, const struct options *options, rtc_context *context, rtc_loop *loop)
{
    memset(session, 0, sizeof(*session));
    session->options = options;
    session->context = context;
    session->loop = loop;
    session->start = rtc_now();
    watch_init(&session->watch);
    if (!channels_init(&session->channels, options)) {
        return RTC_ERR_NOT_FOUND;
    }
    int error = new_connection(session, loop);
    error = error != RTC_OK ? error : add_all(session);
    if (error == RTC_OK && options->offer) {
        describe(session);
    }
    return error;
}

void session_end(struct session *session)
{
    recorder_stop(&session->video_recorder);
    recorder_stop(&session->audio_recorder);
    channels_fini(&session->channels);
    rtc_peer_connection_free(session->connection);
    watch_fini(&session->watch);
    media_out_fini(session);
}
