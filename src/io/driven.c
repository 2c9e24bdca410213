/* SPDX-License-Identifier: MIT */
/* One connection that the loop drives: its sockets and its requests. Everything here goes through the sans-I/O face. */
#include "io_internal.h"

enum { SEND_TOGETHER = 64, ROUNDS_MAX = 8 };

int driven_attach(rtc_loop *loop, rtc_peer_connection *pc, void *port, void **attachment)
{
    struct loop *l = loop_of(loop);
    struct driven *d = memory_zeroed(l->context, sizeof *d);
    if (!d)
        return RTC_ERR_NO_MEMORY;
    d->loop = l;
    d->context = rtc_context_ref(l->context);
    d->pc = pc;
    atomic_init(&d->references, 1);
    d->port = port;
    list_init(&d->sockets);
    list_init(&d->backlog.link);
    list_init(&d->dirty_link);
    list_append(&l->driven, &d->link);
    *attachment = d;
    return RTC_OK;
}

void driven_unref(struct driven *d)
{
    if (atomic_fetch_sub_explicit(&d->references, 1, memory_order_acq_rel) > 1)
        return;
    rtc_context *context = d->context;
    memory_free(context, d);
    rtc_context_unref(context);
}

static struct io_socket *socket_by_id(struct driven *d, uint32_t id)
{
    for (struct link *l = d->sockets.next; l != &d->sockets; l = l->next) {
        struct io_socket *s = link_owner(l, struct io_socket, link);
        if (s->id == id)
            return s;
    }
    return NULL;
}

/* Packets for one socket that are handed over together: the kernel can take many at once. */
struct batch {
    rtc_packet *packets[SEND_TOGETHER];
    size_t count;
    uint32_t socket; /* 0: the port that it shares */
    struct io_socket *to;
};

static void send_batch(struct driven *d, struct batch *batch)
{
    if (batch->count > 0 && batch->to)
        batch->to->ops->send(batch->to, batch->packets, batch->count);
    else if (batch->count > 0 && batch->socket == 0 && d->port)
        shared_port_send(d, batch->packets, batch->count);
    else
        for (size_t i = 0; i < batch->count; i++)
            rtc_packet_free(batch->packets[i]);
    batch->count = 0;
}

static void send_packets(struct driven *d)
{
    struct batch batch = {.count = 0};
    for (rtc_packet *p; (p = rtc_peer_connection_next_packet(d->pc)) != NULL;) {
        rtc_path path;
        rtc_packet_path(p, &path);
        if (batch.count == SEND_TOGETHER || batch.socket != path.socket)
            send_batch(d, &batch);
        if (batch.count == 0) /* of the same socket, too: it may have come to its end by what was sent */
            batch.to = path.socket ? socket_by_id(d, path.socket) : NULL;
        batch.socket = path.socket;
        batch.packets[batch.count++] = p;
    }
    send_batch(d, &batch);
}

void driven_detach(void *attachment)
{
    struct driven *d = attachment;
    struct loop *loop = d->loop;
    send_packets(d);
    shared_port_forget(d);
    while (!list_empty(&d->sockets)) {
        struct io_socket *s = link_owner(d->sockets.next, struct io_socket, link);
        s->ops->close(s);
    }
    network_watch_forget(d, 0);
    (void)timer_heap_set(loop->context, &loop->timers, &d->timer, RTC_TIME_NEVER);
    pthread_mutex_lock(&loop->dirty_lock);
    list_remove(&d->dirty_link);
    pthread_mutex_unlock(&loop->dirty_lock);
    list_remove(&d->link);
    d->pc = NULL;
    d->next_gone = loop->gone;
    loop->gone = d;
    loop_wake(loop);
}

void driven_changed(void *attachment)
{
    struct driven *d = attachment;
    struct loop *loop = d->loop;
    pthread_mutex_lock(&loop->dirty_lock);
    if (list_empty(&d->dirty_link))
        list_append(&loop->dirty, &d->dirty_link);
    pthread_mutex_unlock(&loop->dirty_lock);
    loop_wake(loop);
}

void driven_result(struct driven *d, const rtc_result *result)
{
    if (!d->pc)
        return;
    (void)rtc_peer_connection_result(d->pc, rtc_now(), result);
    driven_changed(d);
}

static void open_socket(struct driven *d, const rtc_request *request)
{
    struct io_socket *s = NULL;
    rtc_result result = {.size = sizeof result, .type = request->type, .id = request->id};
    result.error = request->type == RTC_REQUEST_LISTEN_TCP ? tcp_listener_open(d, request, &s) : udp_socket_open(d, request, &s);
    if (s)
        result.local = s->local;
    driven_result(d, &result);
}

static void join_group(struct driven *d, const rtc_request *request)
{
    rtc_result result = {.size = sizeof result, .type = request->type, .id = request->id};
    struct io_socket *s = socket_by_id(d, request->socket);
    result.error = s ? multicast_join(s->fd, &request->remote, &request->local) : RTC_ERR_NOT_FOUND;
    driven_result(d, &result);
}

static void answer(struct driven *d, const rtc_request *request)
{
    rtc_result refused = {.size = sizeof refused, .type = request->type, .id = request->id, .error = RTC_ERR_NOT_SUPPORTED};
    struct io_socket *s;
    switch (request->type) {
    case RTC_REQUEST_OPEN_UDP:
    case RTC_REQUEST_LISTEN_TCP:
        open_socket(d, request);
        break;
    case RTC_REQUEST_OPEN_TCP:
        refused.error = tcp_socket_open(d, request);
        if (refused.error)
            driven_result(d, &refused);
        break;
    case RTC_REQUEST_CLOSE:
        s = socket_by_id(d, request->id);
        if (s)
            s->ops->close(s);
        else
            network_watch_forget(d, request->id);
        break;
    case RTC_REQUEST_JOIN_MULTICAST:
        join_group(d, request);
        break;
    case RTC_REQUEST_RESOLVE:
        resolver_start(d, request);
        break;
    case RTC_REQUEST_INTERFACES:
        network_watch_ask(d, request->id);
        break;
    default:
        driven_result(d, &refused);
        break;
    }
}

/* One round; true when there was something to do. A callback may free the connection: d->pc is NULL then. Packets leave before requests are
 * looked at: the last words on a socket come before it is closed. */
static bool drain(struct driven *d)
{
    rtc_request request = {.size = sizeof request};
    bool busy = false;
    if (d->pc)
        send_packets(d);
    while (d->pc && rtc_peer_connection_next_request(d->pc, &request)) {
        answer(d, &request);
        request.size = sizeof request;
        busy = true;
    }
    if (d->pc)
        send_packets(d);
    if (d->pc && rtc_peer_connection_dispatch(d->pc) > 0)
        busy = true;
    return busy;
}

/* Whether it was dirty; it is not any more. */
static bool take_dirty(struct driven *d)
{
    struct loop *loop = d->loop;
    pthread_mutex_lock(&loop->dirty_lock);
    bool dirty = !list_empty(&d->dirty_link);
    list_remove(&d->dirty_link);
    pthread_mutex_unlock(&loop->dirty_lock);
    return dirty;
}

void driven_run(struct driven *d, rtc_time_t now)
{
    struct loop *loop = d->loop;
    rtc_time_t next = RTC_TIME_NEVER;
    bool busy = true;
    /* What a callback does is finished in another round: waking the loop for it would cost three system calls and a turn of everything. */
    for (int round = 0; busy && round < ROUNDS_MAX; round++, now = rtc_now()) {
        rtc_peer_connection_tick(d->pc, now);
        busy = drain(d);
        if (!d->pc)
            return;
        next = rtc_peer_connection_deadline(d->pc, NULL);
        busy = take_dirty(d) || busy || next <= now;
    }
    send_packets(d);
    if (!timer_heap_set(loop->context, &loop->timers, &d->timer, next) || busy)
        driven_changed(d); /* no memory for the timer, or others come first: it is looked at again at once */
}
