/* SPDX-License-Identifier: MIT */
/* A WebSocket to another program's server. */
#include "client.h"

#include "authority.h"
#include "message.h"

#include <stdio.h>
#include <string.h>

static int receive(struct client *client, struct lws *wsi, const void *piece, size_t len)
{
    bool whole;
    if (!socket_io_read(&client->queue, wsi, piece, len, &whole)) {
        return -1;
    }
    if (whole) {
        client->on_text(client->user, client->queue.incoming, client->queue.incoming_len);
        socket_queue_forget(&client->queue);
    }
    return 0;
}

static void closed(struct client *client, const char *why)
{
    client->wsi = NULL;
    client->on_close(client->user, why);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct client *client = lws_get_opaque_user_data(wsi);
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        client->on_open(client->user);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return receive(client, wsi, in, len);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return socket_io_write(&client->queue, wsi) ? 0 : -1;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        closed(client, in == NULL ? "no connection" : in);
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        closed(client, "the server closed the connection");
        return 0;
    default:
        return 0;
    }
}

static bool begin_connect(struct client *client)
{
    char copy[512], path[512], host[300];
    const char *scheme, *address, *rest;
    int port;
    if (strlen(client->url) >= sizeof(copy)) {
        return false;
    }
    strcpy(copy, client->url);
    if (lws_parse_uri(copy, &scheme, &address, &port, &rest) != 0) {
        return false;
    }
    snprintf(path, sizeof(path), "/%s", rest);
    authority_write(host, sizeof(host), address, (uint16_t)port);
    bool secure = strcmp(scheme, "wss") == 0 || strcmp(scheme, "https") == 0;
    struct lws_client_connect_info info;
    memset(&info, 0, sizeof(info));
    info.context = client->context;
    info.vhost = client->vhost;
    info.address = address;
    info.port = port;
    info.path = path;
    info.host = host;
    info.alpn = "http/1.1";
    info.ssl_connection =
        secure ? LCCSCF_USE_SSL | LCCSCF_ALLOW_SELFSIGNED | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK | LCCSCF_ALLOW_INSECURE : 0;
    info.opaque_user_data = client;
    info.local_protocol_name = "signaling-client";
    info.pwsi = &client->wsi;
    return lws_client_connect_via_info(&info) != NULL || client->wsi != NULL;
}

bool client_start(struct client *client, struct lws_context *context, const char *url)
{
    static const struct lws_protocols protocols[] = {{"signaling-client", callback, 0, 16384, 0, NULL, 0}, {NULL, NULL, 0, 0, 0, NULL, 0}};
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof(info));
    info.vhost_name = "client";
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    socket_queue_init(&client->queue, MESSAGE_MAX, NULL);
    client->context = context;
    client->url = url;
    client->vhost = lws_create_vhost(context, &info);
    return client->vhost != NULL && begin_connect(client);
}

static void on_again(lws_sorted_usec_list_t *timer)
{
    struct client *client = (struct client *)(void *)timer;
    if (!begin_connect(client)) {
        client_try_again(client);
    }
}

void client_try_again(struct client *client)
{
    socket_queue_fini(&client->queue);
    socket_queue_init(&client->queue, MESSAGE_MAX, NULL);
    lws_sul_schedule(client->context, 0, &client->again, on_again, CLIENT_AGAIN_US);
}

void client_send(struct client *client, const char *text)
{
    if (client->wsi != NULL) {
        socket_queue_push(&client->queue, text, true);
        lws_callback_on_writable(client->wsi);
    }
}

void client_fini(struct client *client)
{
    socket_queue_fini(&client->queue);
}
