/* SPDX-License-Identifier: MIT */
/* A small room: each browser that opens the page sends its picture in three layers and sees everybody else, whose packets are sent on as
 * they are. One thread, and one connection for each participant.
 *
 *     sfu [PORT [ADDRESS]]
 *
 * Browsers give their cameras to pages from localhost or over HTTPS alone: others go through a proxy that speaks HTTPS. */
#include "bridge.h"
#include "page_files.h"
#include "socket_io.h"

#include <cjson/cJSON.h>
#include <crtc/crtc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEOPLE_MAX = 16, KINDS = 2, MESSAGE_MAX = 256 * 1024 };

/* What one participant is sent of another one: of each kind of media a transceiver that forwards. */
struct shown {
    unsigned from; /* its number; 0: nobody */
    rtc_rtp_transceiver *transceiver[KINDS];
    rtc_forward *forward[KINDS];
};

/* libwebsockets makes one for each WebSocket, zeroed. */
struct person {
    struct lws *wsi;
    struct socket_queue queue;
    unsigned number; /* from 1 */
    bool joined;     /* its offer was answered: from now on the offers are ours */
    rtc_peer_connection *connection;
    rtc_media_stream *stream; /* under which the others know it */
    rtc_forwarder *forwarders[KINDS];
    struct shown shown[PEOPLE_MAX];
};

/* What is asked for by plain HTTP, and how much of it has been sent. */
struct session {
    struct person person;
    const struct page_file *file;
    size_t sent;
};

static struct {
    struct lws_context *lws;
    rtc_context *context;
    rtc_loop *loop;
    struct bridge bridge;
    struct person *people[PEOPLE_MAX];
    unsigned last_number;
} room;

static volatile sig_atomic_t stopping;

/* ---- Messages ---- */

static void send_json(struct person *p, const char *name, cJSON *value)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddItemToObject(message, name, value);
    char *text = cJSON_PrintUnformatted(message);
    cJSON_Delete(message);
    if (text != NULL && socket_queue_push(&p->queue, text, true)) {
        lws_callback_on_writable(p->wsi);
    }
    cJSON_free(text);
}

static void complain(struct person *p, const char *what)
{
    const char *why = p->connection != NULL ? rtc_peer_connection_last_error(p->connection) : rtc_last_error();
    fprintf(stderr, "%u: %s: %s\n", p->number, what, why);
    send_json(p, "error", cJSON_CreateString(why));
}

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* ---- Who sees whom ---- */

/* Another layer is sent to `user`. */
static void on_layer(void *user, rtc_forward *forward, const char *rid)
{
    struct person *p = user;
    for (size_t i = 0; i < PEOPLE_MAX; i++) {
        if (p->shown[i].from != 0 && p->shown[i].forward[1] == forward) {
            cJSON *layer = cJSON_CreateObject();
            cJSON_AddStringToObject(layer, "mid", rtc_rtp_transceiver_mid(p->shown[i].transceiver[1]));
            cJSON_AddStringToObject(layer, "rid", rid);
            send_json(p, "layer", layer);
        }
    }
}

static struct shown *shown_of(struct person *p, unsigned number)
{
    for (size_t i = 0; i < PEOPLE_MAX; i++) {
        if (p->shown[i].from == number) {
            return &p->shown[i];
        }
    }
    return NULL;
}

/* `to` is sent what comes of `from`. The offer that says so follows by on_negotiation_needed. */
static void show(struct person *to, struct person *from, size_t kind)
{
    static const rtc_forward_callbacks callbacks = {.size = sizeof(callbacks), .on_layer = on_layer};
    const rtc_rtp_transceiver_init init = {
        .size = sizeof(init), .direction = RTC_DIRECTION_SENDONLY, .streams = &from->stream, .stream_count = 1};
    struct shown *shown = shown_of(to, from->number);
    shown = shown != NULL ? shown : shown_of(to, 0);
    if (shown == NULL || to == from || !to->joined || from->forwarders[kind] == NULL || shown->transceiver[kind] != NULL) {
        return;
    }
    if (rtc_peer_connection_add_transceiver(to->connection, rtc_forwarder_kind(from->forwarders[kind]), NULL, &init,
                                            &shown->transceiver[kind]) != RTC_OK) {
        complain(to, "showing another one");
        return;
    }
    shown->from = from->number;
    (void)rtc_rtp_transceiver_ref(shown->transceiver[kind]);
    if (rtc_forward_new(rtc_rtp_transceiver_sender(shown->transceiver[kind]), from->forwarders[kind], NULL, &callbacks, to,
                        &shown->forward[kind]) != RTC_OK) {
        complain(to, "forwarding");
    }
}

static void hide(struct shown *shown)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        rtc_forward_stop(shown->forward[kind]);
        rtc_forward_unref(shown->forward[kind]);
        if (shown->transceiver[kind] != NULL) {
            (void)rtc_rtp_transceiver_stop(shown->transceiver[kind]);
        }
        rtc_rtp_transceiver_unref(shown->transceiver[kind]);
    }
    memset(shown, 0, sizeof(*shown));
}

/* ---- Connections ---- */

static void on_ice_candidate(rtc_peer_connection *connection, void *user, const rtc_ice_candidate *candidate)
{
    cJSON *object = candidate != NULL ? cJSON_CreateObject() : cJSON_CreateNull();
    (void)connection;
    if (candidate != NULL) {
        cJSON_AddStringToObject(object, "candidate", candidate->candidate);
        cJSON_AddStringToObject(object, "sdpMid", candidate->sdp_mid);
        cJSON_AddNumberToObject(object, "sdpMLineIndex", candidate->sdp_m_line_index);
        cJSON_AddStringToObject(object, "usernameFragment", candidate->username_fragment);
    }
    send_json(user, "candidate", object);
}

static void describe(struct person *p, const char *name)
{
    if (rtc_peer_connection_set_local_description(p->connection, RTC_SDP_NONE, NULL) != RTC_OK) {
        complain(p, name);
        return;
    }
    send_json(p, name, cJSON_CreateString(rtc_peer_connection_local_description(p->connection, NULL)));
}

static void on_negotiation_needed(rtc_peer_connection *connection, void *user)
{
    struct person *p = user;
    (void)connection;
    if (p->joined) {
        describe(p, "offer");
    }
}

/* What it sends is passed on from now on. */
static void on_track(rtc_peer_connection *connection, void *user, const rtc_track_event *event)
{
    struct person *p = user;
    size_t kind = rtc_rtp_transceiver_kind(event->transceiver) == RTC_MEDIA_VIDEO;
    (void)connection;
    if (p->forwarders[kind] != NULL || rtc_forwarder_new(event->receiver, &p->forwarders[kind]) != RTC_OK) {
        return;
    }
    for (size_t i = 0; i < PEOPLE_MAX; i++) {
        if (room.people[i] != NULL) {
            show(room.people[i], p, kind);
        }
    }
}

static void on_connection_state_change(rtc_peer_connection *connection, void *user, rtc_peer_connection_state state)
{
    (void)connection;
    printf("%u: %s\n", ((struct person *)user)->number, rtc_peer_connection_state_name(state));
}

static void come(struct person *p, struct lws *wsi)
{
    static const rtc_peer_connection_callbacks callbacks = {.size = sizeof(callbacks),
                                                            .on_negotiation_needed = on_negotiation_needed,
                                                            .on_ice_candidate = on_ice_candidate,
                                                            .on_connection_state_change = on_connection_state_change,
                                                            .on_track = on_track};
    const rtc_configuration configuration = {.size = sizeof(configuration), .loop = room.loop, .max_bitrate_bps = 20000000};
    size_t place = 0;
    while (place < PEOPLE_MAX && room.people[place] != NULL) {
        place++;
    }
    memset(p, 0, sizeof(*p));
    p->wsi = wsi;
    p->number = ++room.last_number;
    socket_queue_init(&p->queue, MESSAGE_MAX, NULL);
    if (place == PEOPLE_MAX) {
        send_json(p, "error", cJSON_CreateString("The room is full."));
        return;
    }
    if (rtc_media_stream_new(room.context, NULL, &p->stream) != RTC_OK ||
        rtc_peer_connection_new(room.context, &configuration, &callbacks, p, &p->connection) != RTC_OK) {
        complain(p, "coming");
        return;
    }
    room.people[place] = p;
}

static void leave(struct person *p)
{
    for (size_t i = 0; i < PEOPLE_MAX; i++) {
        struct person *other = room.people[i];
        struct shown *shown = other != NULL ? shown_of(other, p->number) : NULL;
        if (shown != NULL) {
            hide(shown);
        }
        if (p->shown[i].from != 0) {
            hide(&p->shown[i]);
        }
        room.people[i] = other == p ? NULL : other;
    }
    for (size_t kind = 0; kind < KINDS; kind++) {
        rtc_forwarder_unref(p->forwarders[kind]);
    }
    rtc_peer_connection_free(p->connection);
    rtc_media_stream_unref(p->stream);
    socket_queue_fini(&p->queue);
}

/* ---- What pages say ---- */

/* The page's first offer; then everybody who is there is shown to it. */
static void take_offer(struct person *p, const char *sdp)
{
    if (rtc_peer_connection_set_remote_description(p->connection, RTC_SDP_OFFER, sdp) != RTC_OK) {
        complain(p, "its offer");
        return;
    }
    describe(p, "answer");
    p->joined = true;
    for (size_t i = 0; i < PEOPLE_MAX; i++) {
        for (size_t kind = 0; kind < KINDS && room.people[i] != NULL; kind++) {
            show(p, room.people[i], kind);
        }
    }
}

static void take_candidate(struct person *p, const cJSON *object)
{
    const rtc_ice_candidate_init candidate = {.size = sizeof(candidate),
                                              .candidate = text_of(object, "candidate"),
                                              .sdp_mid = text_of(object, "sdpMid"),
                                              .username_fragment = text_of(object, "usernameFragment")};
    if (candidate.candidate != NULL && rtc_peer_connection_add_ice_candidate(p->connection, &candidate) != RTC_OK) {
        complain(p, "its candidate");
    }
}

/* Of the picture in this section no layer better than this; null: any. */
static void take_choice(struct person *p, const cJSON *object)
{
    const rtc_forward_choice choice = {.size = sizeof(choice), .rid = text_of(object, "rid")};
    const char *mid = text_of(object, "mid");
    for (size_t i = 0; i < PEOPLE_MAX && mid != NULL; i++) {
        const struct shown *s = &p->shown[i];
        const char *its = s->transceiver[1] != NULL ? rtc_rtp_transceiver_mid(s->transceiver[1]) : NULL;
        if (its != NULL && strcmp(its, mid) == 0 && rtc_forward_choose(s->forward[1], &choice) != RTC_OK) {
            complain(p, "its choice");
        }
    }
}

static void take_message(struct person *p, const char *text, size_t len)
{
    cJSON *message = cJSON_ParseWithLength(text, len);
    const char *offer = text_of(message, "offer"), *answer = text_of(message, "answer");
    if (p->connection == NULL) {
        /* the room is full */
    } else if (offer != NULL && !p->joined) {
        take_offer(p, offer);
    } else if (answer != NULL) {
        if (rtc_peer_connection_set_remote_description(p->connection, RTC_SDP_ANSWER, answer) != RTC_OK) {
            complain(p, "its answer");
        }
    } else if (cJSON_HasObjectItem(message, "candidate")) {
        take_candidate(p, cJSON_GetObjectItemCaseSensitive(message, "candidate"));
    } else if (cJSON_HasObjectItem(message, "choose")) {
        take_choice(p, cJSON_GetObjectItemCaseSensitive(message, "choose"));
    }
    cJSON_Delete(message);
}

/* ---- The server ---- */

static int begin_file(struct lws *wsi, struct session *s, const char *path)
{
    unsigned char buffer[LWS_PRE + 1024], *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof(buffer) - 1;
    s->file = NULL;
    for (size_t i = 0; i < page_file_count; i++) {
        if (strcmp(page_files[i].path, strcmp(path, "/") == 0 ? "/index.html" : path) == 0) {
            s->file = &page_files[i];
        }
    }
    if (s->file == NULL) {
        return lws_return_http_status(wsi, HTTP_STATUS_NOT_FOUND, NULL) != 0 ? -1 : lws_http_transaction_completed(wsi);
    }
    s->sent = 0;
    const char *type = strstr(s->file->path, ".js") != NULL ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8";
    if (lws_add_http_common_headers(wsi, HTTP_STATUS_OK, type, s->file->len, &at, end) != 0 ||
        lws_finalize_write_http_header(wsi, start, &at, end) != 0) {
        return -1;
    }
    lws_callback_on_writable(wsi);
    return 0;
}

static int continue_file(struct lws *wsi, struct session *s)
{
    unsigned char buffer[LWS_PRE + 4096];
    if (s->file == NULL) {
        return 0;
    }
    size_t left = s->file->len - s->sent, len = left < 4096 ? left : 4096;
    memcpy(buffer + LWS_PRE, s->file->data + s->sent, len);
    if (lws_write(wsi, buffer + LWS_PRE, len, len == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)len) {
        return -1;
    }
    s->sent += len;
    if (len == left) {
        s->file = NULL;
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    }
    lws_callback_on_writable(wsi);
    return 0;
}

static int receive(struct lws *wsi, struct person *p, const void *piece, size_t len)
{
    bool whole;
    if (!socket_io_read(&p->queue, wsi, piece, len, &whole)) {
        return -1;
    }
    if (whole) {
        take_message(p, p->queue.incoming, p->queue.incoming_len);
        socket_queue_forget(&p->queue);
    }
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct session *s = user;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return begin_file(wsi, s, in);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return continue_file(wsi, s);
    case LWS_CALLBACK_ESTABLISHED:
        come(&s->person, wsi);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return receive(wsi, &s->person, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return socket_io_write(&s->person.queue, wsi) ? 0 : -1;
    case LWS_CALLBACK_CLOSED:
        leave(&s->person);
        return 0;
    default:
        return 0;
    }
}

static bool begin(int port, const char *address)
{
    static const struct lws_protocols protocols[] = {{"room", callback, sizeof(struct session), 16384, 0, NULL, 0},
                                                     {NULL, NULL, 0, 0, 0, NULL, 0}};
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof(info));
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    lws_set_log_level(LLL_ERR, NULL);
    room.lws = lws_create_context(&info);
    info.port = port;
    info.iface = address;
    info.protocols = protocols;
    info.vhost_name = "room";
    return room.lws != NULL && lws_create_vhost(room.lws, &info) != NULL && rtc_context_new(NULL, &room.context) == RTC_OK &&
           rtc_loop_new(room.context, &room.loop) == RTC_OK && bridge_start(&room.bridge, room.lws, room.loop);
}

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
    lws_cancel_service(room.lws);
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? atoi(argv[1]) : 8090;
    setvbuf(stdout, NULL, _IOLBF, 0);
    bool good = begin(port, argc > 2 ? argv[2] : "127.0.0.1");
    if (good) {
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
        printf("open http://localhost:%d/ in several browsers\n", port);
    } else {
        fprintf(stderr, "sfu: can not listen at port %d\n", port);
    }
    while (good && !stopping) {
        bridge_arm(&room.bridge);
        good = lws_service(room.lws, 0) >= 0;
    }
    if (room.lws != NULL) {
        lws_context_destroy(room.lws);
    }
    rtc_loop_free(room.loop);
    rtc_context_unref(room.context);
    return good ? 0 : 1;
}
