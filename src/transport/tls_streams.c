/* SPDX-License-Identifier: MIT */
/* See tls_streams.h. */
#include "tls_streams.h"

#include "memory.h"
#include "tls_client.h"
#include "transport_ice.h"
#include "transport_internal.h"

/* Owned by its transport, in `tls`; written here alone. */
struct tls_stream {
    struct link link;
    uint32_t id;
    struct path path; /* once connected */
    struct tls_client *client;
    int error;      /* it could not be made: told when the stream is there */
    bool announced; /* the agent knows that the stream is there, or not */
};

static struct tls_stream *find(struct transport *t, uint32_t id)
{
    for (struct link *l = t->tls.next; l != &t->tls; l = l->next) {
        struct tls_stream *s = link_owner(l, struct tls_stream, link);
        if (s->id == id)
            return s;
    }
    return NULL;
}

static void drop(struct transport *t, struct tls_stream *s)
{
    list_remove(&s->link);
    tls_client_free(s->client);
    memory_free(t->context, s);
}

static bool add(struct transport *t, const struct request *request)
{
    struct tls_client_options options = {.server_name = request->name, .authorities_pem = t->settings->authorities_pem};
    struct tls_stream *s = memory_zeroed(t->context, sizeof *s);
    if (!s)
        return false;
    s->id = request->id;
    s->path = (struct path){.socket = request->id, .protocol = PATH_TCP, .remote = request->remote};
    s->error = tls_client_new(t->context, &options, &s->client);
    list_append(&t->tls, &s->link);
    return true;
}

bool tls_streams_request(struct transport *t, const struct request *request)
{
    if (request->type == REQUEST_OPEN_TCP && request->tls)
        return add(t, request);
    struct tls_stream *s = request->type == REQUEST_CLOSE ? find(t, request->id) : NULL;
    if (s)
        drop(t, s);
    return true;
}

static void stamp(const struct tls_stream *s, struct packet_queue *from, struct packet_queue *to)
{
    for (struct packet *p; (p = packet_queue_pop(from)) != NULL;) {
        p->path = s->path;
        packet_queue_push(to, p);
    }
}

static void announce(struct transport *t, rtc_time_t now, struct tls_stream *s, int error, const char *reason)
{
    struct io_result result = {.type = REQUEST_OPEN_TCP, .id = s->id, .error = error, .local = s->path.local, .reason = reason};
    s->announced = true;
    (void)transport_ice_result(t, now, &result);
}

/* Tells the agent what became of the handshake, or of the connection. */
static void follow(struct transport *t, rtc_time_t now, struct tls_stream *s)
{
    enum tls_client_state state = tls_client_state(s->client);
    if (state == TLS_CONNECTED && !s->announced)
        announce(t, now, s, RTC_OK, NULL);
    else if (state == TLS_FAILED)
        announce(t, now, s, RTC_ERR_NETWORK, tls_client_failure(s->client));
    else if (state == TLS_CLOSED)
        announce(t, now, s, RTC_ERR_NETWORK, "the server closed the connection");
}

bool tls_streams_result(struct transport *t, rtc_time_t now, const struct io_result *result)
{
    struct packet_queue tx = {0};
    struct tls_stream *s = result->type == REQUEST_OPEN_TCP ? find(t, result->id) : NULL;
    if (!s || result->error)
        return false;
    s->path.local = result->local;
    if (s->error) {
        announce(t, now, s, s->error, "TLS: there are no certificates of authorities to trust");
        return true;
    }
    tls_client_start(s->client, t->settings->pool, &tx);
    stamp(s, &tx, &t->ready);
    follow(t, now, s);
    return true;
}

bool tls_streams_receive(struct transport *t, rtc_time_t now, struct packet *packet, struct packet_queue *plain)
{
    struct packet_queue tx = {0}, inner = {0};
    struct tls_stream *s = packet->path.protocol == PATH_TCP ? find(t, packet->path.socket) : NULL;
    if (!s)
        return false;
    if (s->client)
        tls_client_input(s->client, packet_slice(packet), t->settings->pool, &tx, &inner);
    packet_free(packet);
    stamp(s, &tx, &t->ready);
    stamp(s, &inner, plain);
    if (s->client)
        follow(t, now, s);
    return true;
}

bool tls_streams_send(struct transport *t, struct packet *packet, struct packet_queue *tx)
{
    struct packet_queue records = {0};
    struct tls_stream *s = packet->path.protocol == PATH_TCP ? find(t, packet->path.socket) : NULL;
    if (!s)
        return false;
    if (s->client)
        (void)tls_client_send(s->client, packet_slice(packet), t->settings->pool, &records);
    packet_free(packet);
    stamp(s, &records, tx);
    return true;
}

void tls_streams_close(struct transport *t)
{
    for (struct link *l = t->tls.next; l != &t->tls; l = l->next) {
        struct tls_stream *s = link_owner(l, struct tls_stream, link);
        struct packet_queue tx = {0};
        if (s->client)
            tls_client_close(s->client, t->settings->pool, &tx);
        stamp(s, &tx, &t->ready);
    }
}

void tls_streams_free(struct transport *t)
{
    while (!list_empty(&t->tls))
        drop(t, link_owner(t->tls.next, struct tls_stream, link));
}
