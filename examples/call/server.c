/* SPDX-License-Identifier: MIT */
/* The page's files over HTTP and the signalling over WebSockets, on one port. */
#include "server.h"

#include "socket_io.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* libwebsockets makes one per connection, zeroed: a WebSocket is a member, a plain request a file on its way. */
struct session {
    struct member member;
    struct socket_queue queue;
    struct lws *wsi;
    const struct page_file *file;
    size_t sent;
};

static const char *content_type(const char *path)
{
    const char *end = strrchr(path, '.');
    if (end != NULL && strcmp(end, ".js") == 0) {
        return "text/javascript; charset=utf-8";
    }
    if (end != NULL && strcmp(end, ".json") == 0) {
        return "application/json";
    }
    return end != NULL && strcmp(end, ".css") == 0 ? "text/css; charset=utf-8" : "text/html; charset=utf-8";
}

static const struct page_file *find_file(const struct server *server, const char *path)
{
    path = strcmp(path, "/") == 0 ? "/index.html" : path;
    if (strcmp(path, server->configuration.path) == 0) {
        return &server->configuration;
    }
    for (size_t i = 0; i < page_file_count; i++) {
        if (strcmp(page_files[i].path, path) == 0) {
            return &page_files[i];
        }
    }
    return NULL;
}

static int add_header(struct lws *wsi, const char *name, const char *value, unsigned char **at, unsigned char *end)
{
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name, (const unsigned char *)value, (int)strlen(value), at, end);
}

static int begin_file(const struct server *server, struct lws *wsi, struct session *session, const char *path)
{
    session->file = find_file(server, path);
    session->sent = 0;
    if (session->file == NULL) {
        return lws_return_http_status(wsi, HTTP_STATUS_NOT_FOUND, NULL) != 0 ? -1 : lws_http_transaction_completed(wsi);
    }
    unsigned char buffer[LWS_PRE + 1024], *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof(buffer) - 1;
    const char *policy = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; frame-ancestors 'none'";
    if (lws_add_http_common_headers(wsi, HTTP_STATUS_OK, content_type(session->file->path), session->file->len, &at, end) != 0 ||
        add_header(wsi, "content-security-policy:", policy, &at, end) != 0 ||
        add_header(wsi, "x-content-type-options:", "nosniff", &at, end) != 0 ||
        add_header(wsi, "cache-control:", "no-cache", &at, end) != 0 || lws_finalize_write_http_header(wsi, start, &at, end) != 0) {
        return -1;
    }
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0) {
        session->file = NULL; /* nothing follows the head (RFC 9110 9.3.2) */
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    }
    lws_callback_on_writable(wsi);
    return 0;
}

static int continue_file(struct lws *wsi, struct session *session)
{
    unsigned char buffer[LWS_PRE + 4096];
    if (session->file == NULL) {
        return 0;
    }
    size_t left = session->file->len - session->sent, len = left < 4096 ? left : 4096;
    memcpy(buffer + LWS_PRE, session->file->data + session->sent, len);
    if (lws_write(wsi, buffer + LWS_PRE, len, len == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)len) {
        return -1;
    }
    session->sent += len;
    if (len == left) {
        session->file = NULL;
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    }
    lws_callback_on_writable(wsi);
    return 0;
}

/* ---- Who may ask ---- */

/* A request must name this server, and a page that makes it must be this server's own: pages of other sites may not use a visitor's browser
 * to reach it. */
static bool is_welcome(const struct server *server, struct lws *wsi)
{
    char host[300], origin[300];
    struct sockaddr_storage local = {0};
    socklen_t len = sizeof(local);
    if (lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HOST) <= 0 ||
        getsockname(lws_get_socket_fd(wsi), (struct sockaddr *)&local, &len) != 0 ||
        !hosts_are_named(&server->hosts, host, (const struct sockaddr *)&local)) {
        return false;
    }
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0) {
        return true;
    }
    return lws_hdr_copy(wsi, origin, sizeof(origin), WSI_TOKEN_ORIGIN) > 0 && hosts_is_origin(origin, host);
}

static int refuse(struct lws *wsi)
{
    return lws_return_http_status(
        wsi, HTTP_STATUS_FORBIDDEN,
        "<p>This server does not answer to the name in the address, or not to pages of other sites. Open the address that "
        "it printed; if it has more names, start it with --host NAME for each.");
}

static int request(const struct server *server, struct lws *wsi, struct session *session, const char *path)
{
    if (is_welcome(server, wsi)) {
        return begin_file(server, wsi, session, path);
    }
    return refuse(wsi) != 0 ? -1 : lws_http_transaction_completed(wsi);
}

/* ---- WebSockets ---- */

static bool deliver(struct member *member, const char *text, bool must)
{
    struct session *session = lws_container_of(member, struct session, member);
    bool good = socket_queue_push(&session->queue, text, must);
    if (session->queue.broken) {
        lws_set_timeout(session->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC); /* who does not read never becomes writable */
    } else {
        lws_callback_on_writable(session->wsi);
    }
    return good;
}

static void begin_session(struct server *server, struct lws *wsi, struct session *session)
{
    memset(session, 0, sizeof(*session));
    session->member.deliver = deliver;
    session->wsi = wsi;
    socket_queue_init(&session->queue, server->options.message_max, &server->budget);
}

static int receive(struct server *server, struct lws *wsi, struct session *session, const void *piece, size_t len)
{
    const struct socket_queue *queue = &session->queue;
    bool whole;
    if (!socket_io_read(&session->queue, wsi, piece, len, &whole)) {
        return -1;
    }
    if (whole) {
        if (server->options.filter == NULL || !server->options.filter(server->options.user, queue->incoming, queue->incoming_len)) {
            switchboard_receive(&server->board, &session->member, queue->incoming, queue->incoming_len);
        }
        socket_queue_forget(&session->queue);
    }
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct session *session = user;
    struct lws_vhost *vhost = lws_get_vhost(wsi);
    struct server *server = vhost == NULL ? NULL : lws_vhost_user(vhost);
    if (server == NULL) {
        return 0;
    }
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return request(server, wsi, session, in);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return continue_file(wsi, session);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return is_welcome(server, wsi) ? 0 : refuse(wsi) != 0 ? -1 : 1;
    case LWS_CALLBACK_ESTABLISHED:
        begin_session(server, wsi, session);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return receive(server, wsi, session, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return socket_io_write(&session->queue, wsi) ? 0 : -1;
    case LWS_CALLBACK_CLOSED:
        switchboard_remove(&server->board, &session->member);
        socket_queue_fini(&session->queue);
        return 0;
    case LWS_CALLBACK_WSI_CREATE:
        server->connections++;
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        server->connections--;
        return 0;
    default:
        return 0;
    }
}

/* ---- Connections ---- */

static void on_connection(void *user, int socket)
{
    struct server *server = user;
    if (server->connections >= server->connections_max) {
        close(socket);
    } else {
        lws_adopt_socket_vhost(server->vhost, socket); /* closes it when it can not */
    }
}

static size_t connections_max(void)
{
    struct rlimit limit;
    rlim_t half = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur / 2 : SERVER_CONNECTIONS_MAX;
    return half < SERVER_CONNECTIONS_MAX ? half : SERVER_CONNECTIONS_MAX;
}

/* Who does not answer a ping is gone, though no packet says so: its network went away. */
static const lws_retry_bo_t pings = {.secs_since_valid_ping = 10, .secs_since_valid_hangup = 20};

static struct lws_vhost *make_vhost(struct server *server, struct lws_context *context)
{
    static const struct lws_protocols protocols[] = {{"signaling", callback, sizeof(struct session), 16384, 0, NULL, 0},
                                                     {NULL, NULL, 0, 0, 0, NULL, 0}};
    const struct server_options *options = &server->options;
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof(info));
    info.vhost_name = "server";
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.protocols = protocols;
    info.alpn = "http/1.1";
    info.user = server;
    info.retry_and_idle_policy = &pings;
    if (options->certificate != NULL) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = options->certificate;
        info.ssl_private_key_filepath = options->key;
    }
    return lws_create_vhost(context, &info);
}

bool server_start(struct server *server, struct lws_context *context, const struct server_options *options, char *why, size_t why_size)
{
    server->options = *options;
    const char *text = options->configuration != NULL ? options->configuration : "{}";
    server->configuration = (struct page_file){"/configuration.json", (const unsigned char *)text, strlen(text)};
    server->connections_max = connections_max();
    server->budget.max = SERVER_BYTES_MAX;
    server->listeners.on_connection = on_connection;
    server->listeners.user = server;
    hosts_init(&server->hosts, options->address, options->hosts);
    if (!listeners_open(&server->listeners, options->address, options->port, why, why_size)) {
        return false;
    }
    server->vhost = make_vhost(server, context);
    if (server->vhost == NULL || !listeners_start(&server->listeners, context)) {
        listeners_close(&server->listeners);
        snprintf(why, why_size, "%s",
                 server->vhost == NULL && options->certificate != NULL ? "the certificate and its key can not be used" : "out of memory");
        return false;
    }
    return true;
}
