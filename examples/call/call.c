/* SPDX-License-Identifier: MIT */
/* One call of the native program: the connection's events become signalling messages, and the other way round. */
#include "call.h"

#include "first_transport.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

/* Ten seconds, and again each ten. */
#define LOOKS_UNTIL_EXPLAINED 5

static void complain(const struct call *call, const char *what, int error)
{
    const char *detail = rtc_last_error();
    fprintf(stderr, "%s: %s failed: %s (%s)%s%s\n", call->user, what, rtc_error_name(error), rtc_error_message(error),
            detail[0] == '\0' ? "" : ": ", detail);
}

static void send_to_peer(struct call *call, enum message_type type, const char *name, cJSON *value)
{
    call->environment->send(call->environment->sender, type, call->user, name, value);
}

/* ---- Chat ---- */

static void print_said(const struct call *call, const char *text, size_t len)
{
    char line[2048];
    utf8_printable(line, sizeof(line), text, len);
    printf("%s says: %s\n", call->user, line);
}

static void say(struct call *call, const char *text)
{
    int error = rtc_data_channel_send_text(call->chat, text, strlen(text));
    if (error != RTC_OK) {
        complain(call, "chat", error);
    }
}

static void on_chat_open(rtc_data_channel *channel, void *user)
{
    (void)channel;
    say(user, "Hello! I am the native program. Say something and I answer.");
}

static void on_chat_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct call *call = user;
    char answer[2048];
    (void)channel;
    call->chat_messages++;
    if (text && len <= 1500) {
        print_said(call, data, len);
        snprintf(answer, sizeof(answer), "You said: %.*s", (int)len, (const char *)data);
    } else {
        snprintf(answer, sizeof(answer), "You sent %zu bytes", len);
    }
    say(call, answer);
}

/* The side that offered answers nothing: two programs would talk for ever. */
static const rtc_data_channel_callbacks answering = {.size = sizeof(answering), .on_open = on_chat_open, .on_message = on_chat_message};

static void on_own_chat_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct call *call = user;
    (void)channel;
    call->chat_messages++;
    print_said(call, data, text ? len : 0);
}

static void on_own_chat_open(rtc_data_channel *channel, void *user)
{
    (void)channel;
    say(user, "Hello, this is a native program, too.");
}

static const rtc_data_channel_callbacks asking = {.size = sizeof(asking), .on_open = on_own_chat_open, .on_message = on_own_chat_message};

static void on_data_channel(rtc_peer_connection *connection, void *user, rtc_data_channel *channel)
{
    struct call *call = user;
    (void)connection;
    if (call->chat == NULL && strcmp(rtc_data_channel_label(channel, NULL), "chat") == 0) {
        call->chat = rtc_data_channel_ref(channel);
        rtc_data_channel_set_callbacks(channel, &answering, call);
    }
}

/* ---- The connection ---- */

static void on_ice_candidate(rtc_peer_connection *connection, void *user, const rtc_ice_candidate *candidate)
{
    (void)connection;
    if (candidate == NULL) {
        return;
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "candidate", candidate->candidate);
    cJSON_AddStringToObject(object, "sdpMid", candidate->sdp_mid);
    cJSON_AddNumberToObject(object, "sdpMLineIndex", candidate->sdp_m_line_index);
    cJSON_AddStringToObject(object, "usernameFragment", candidate->username_fragment);
    send_to_peer(user, MESSAGE_SEND_ICE_CANDIDATE, "candidate", object);
}

static void on_connection_state_change(rtc_peer_connection *connection, void *user, rtc_peer_connection_state state)
{
    (void)connection;
    printf("%s: %s\n", ((struct call *)user)->user, rtc_peer_connection_state_name(state));
}

static void on_dtls_state_change(rtc_dtls_transport *transport, void *user, rtc_dtls_transport_state state)
{
    (void)transport;
    if (state == RTC_DTLS_TRANSPORT_CLOSED) {
        printf("%s: the other side hung up\n", ((struct call *)user)->user);
    }
}

/* A description may have brought another transport. */
static void on_signaling_state_change(rtc_peer_connection *connection, void *user, rtc_signaling_state state)
{
    static const rtc_dtls_transport_callbacks callbacks = {.size = sizeof(callbacks), .on_state_change = on_dtls_state_change};
    rtc_dtls_transport *transport = first_transport(connection);
    (void)state;
    if (transport != NULL) {
        rtc_dtls_transport_set_callbacks(transport, &callbacks, user);
    }
}

static void on_track(rtc_peer_connection *connection, void *user, const rtc_track_event *event)
{
    struct call *call = user;
    (void)connection;
    int error = watch_track(&call->watch, event->track);
    if (error == RTC_ERR_OPERATION) {
        fprintf(stderr, "%s: more tracks came than are watched\n", call->user);
    } else if (error != RTC_OK) {
        complain(call, "receiving a track", error);
    }
}

static int new_connection(struct call *call)
{
    static const rtc_peer_connection_callbacks callbacks = {
        .size = sizeof(callbacks),
        .on_ice_candidate = on_ice_candidate,
        .on_connection_state_change = on_connection_state_change,
        .on_signaling_state_change = on_signaling_state_change,
        .on_data_channel = on_data_channel,
        .on_track = on_track,
    };
    const struct call_environment *environment = call->environment;
    struct server_lists lists;
    rtc_configuration configuration = {.size = sizeof(configuration), .loop = environment->loop};
    servers_configure(environment->servers, &lists, &configuration);
    return rtc_peer_connection_new(environment->context, &configuration, &callbacks, call, &call->connection);
}

static int add_media(struct call *call)
{
    const struct call_environment *environment = call->environment;
    int error = rtc_peer_connection_add_track(call->connection, environment->tone, &environment->stream, 1, NULL);
    return error != RTC_OK ? error : rtc_peer_connection_add_track(call->connection, environment->camera, &environment->stream, 1, NULL);
}

static int send_description(struct call *call, enum message_type type)
{
    int error = rtc_peer_connection_set_local_description(call->connection, RTC_SDP_NONE, NULL);
    if (error == RTC_OK) {
        send_to_peer(call, type, "sdp", cJSON_CreateString(rtc_peer_connection_local_description(call->connection, NULL)));
    }
    return error;
}

static int make_offer(struct call *call)
{
    int error = rtc_peer_connection_create_data_channel(call->connection, "chat", 4, NULL, &call->chat);
    if (error == RTC_OK) {
        rtc_data_channel_set_callbacks(call->chat, &asking, call);
        error = send_description(call, MESSAGE_SEND_OFFER);
    }
    return error;
}

bool call_begin(struct call *call, const struct call_environment *environment, const char *user, bool offer)
{
    memset(call, 0, sizeof(*call));
    call->environment = environment;
    call->offers = offer;
    snprintf(call->user, sizeof(call->user), "%s", user);
    watch_init(&call->watch);
    int error = new_connection(call);
    error = error != RTC_OK ? error : add_media(call);
    error = error != RTC_OK || !offer ? error : make_offer(call);
    if (error != RTC_OK) {
        complain(call, "beginning a call", error);
        call_end(call);
    }
    return error == RTC_OK;
}

bool call_take_offer(struct call *call, const char *sdp, char *why, size_t why_size)
{
    int error = rtc_peer_connection_set_remote_description(call->connection, RTC_SDP_OFFER, sdp);
    error = error != RTC_OK ? error : send_description(call, MESSAGE_SEND_ANSWER);
    if (error != RTC_OK) {
        const char *detail = rtc_last_error();
        utf8_printable(why, why_size, detail[0] != '\0' ? detail : rtc_error_message(error),
                       strlen(detail[0] != '\0' ? detail : rtc_error_message(error)));
        complain(call, "answering", error);
    }
    return error == RTC_OK;
}

void call_take_answer(struct call *call, const char *sdp)
{
    int error = rtc_peer_connection_set_remote_description(call->connection, RTC_SDP_ANSWER, sdp);
    if (error != RTC_OK) {
        complain(call, "taking the answer", error);
    }
}

static const char *string_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

void call_take_candidate(struct call *call, const cJSON *candidate)
{
    const cJSON *index = cJSON_GetObjectItemCaseSensitive(candidate, "sdpMLineIndex");
    rtc_ice_candidate_init init = {
        .size = sizeof(init),
        .candidate = string_of(candidate, "candidate"),
        .sdp_mid = string_of(candidate, "sdpMid"),
        .has_sdp_m_line_index = cJSON_IsNumber(index) && index->valueint >= 0 && index->valueint <= UINT16_MAX,
        .username_fragment = string_of(candidate, "usernameFragment"),
    };
    init.sdp_m_line_index = init.has_sdp_m_line_index ? (uint16_t)index->valueint : 0;
    int error = rtc_peer_connection_add_ice_candidate(call->connection, &init);
    if (error != RTC_OK) {
        complain(call, "taking a candidate", error);
    }
}

/* ---- Looking after it ---- */

bool call_is_connected(const struct call *call)
{
    return rtc_peer_connection_connection_state(call->connection) == RTC_PEER_CONNECTION_CONNECTED;
}

/* The session's number in the line "o=NAME NUMBER ..." (RFC 8866 5.2); "" when there is none. */
static void read_session(char out[32], const char *sdp)
{
    const char *line = sdp == NULL ? NULL : strstr(sdp, "\no=");
    out[0] = '\0';
    if (line != NULL) {
        sscanf(line, "\no=%*s %31s", out);
    }
}

bool call_was_hung_up(const struct call *call)
{
    const rtc_dtls_transport *transport = first_transport(call->connection);
    return transport != NULL && rtc_dtls_transport_get_state(transport) == RTC_DTLS_TRANSPORT_CLOSED;
}

bool call_is_session(const struct call *call, const char *sdp)
{
    char before[32], now[32];
    read_session(before, rtc_peer_connection_remote_description(call->connection, NULL));
    read_session(now, sdp);
    return before[0] == '\0' || strcmp(before, now) == 0;
}

/* The first line of the library's explanation goes to the other side as well: a person there sees only a page that waits. */
static void explain(struct call *call)
{
    const char *text = rtc_peer_connection_explain(call->connection);
    char line[512];
    if (text == NULL) {
        return;
    }
    utf8_printable(line, sizeof(line), text, strcspn(text, "\n"));
    printf("%s: no connection yet: %s\n", call->user, line);
    send_to_peer(call, MESSAGE_SEND_NOTICE, "reason", cJSON_CreateString(line));
}

static void restart(struct call *call)
{
    if (rtc_peer_connection_signaling_state(call->connection) != RTC_SIGNALING_STABLE) {
        return; /* nobody answered yet */
    }
    printf("%s: looking for another way\n", call->user);
    int error = rtc_peer_connection_restart_ice(call->connection);
    error = error != RTC_OK ? error : send_description(call, MESSAGE_SEND_OFFER);
    if (error != RTC_OK) {
        complain(call, "restarting ICE", error);
    }
}

void call_look(struct call *call)
{
    rtc_peer_connection_state state = rtc_peer_connection_connection_state(call->connection);
    if (state == RTC_PEER_CONNECTION_CONNECTED) {
        call->looks_in_vain = 0;
        return;
    }
    if (++call->looks_in_vain % LOOKS_UNTIL_EXPLAINED == 0) {
        explain(call);
    }
    if (state == RTC_PEER_CONNECTION_FAILED && call->offers) {
        restart(call);
    }
}

void call_end(struct call *call)
{
    if (call->user[0] == '\0') {
        return;
    }
    if (call->chat != NULL) {
        rtc_data_channel_set_callbacks(call->chat, NULL, NULL);
        rtc_data_channel_unref(call->chat);
    }
    rtc_peer_connection_free(call->connection);
    watch_fini(&call->watch);
    memset(call, 0, sizeof(*call));
}
