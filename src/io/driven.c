/* SPDX-License-Identifier: MIT */
/* One connection that the loop drives: its sockets and its requests. Everything here goes through the sans-I/O face. */
#include "driven.h"

#include "context.h"
#include "memory.h"
#include "multicast.h"
#include "network_watch.h"
#include "references.h"
#include "resolver.h"
#include "tcp_listener.h"
#include "tcp_socket.h"
#include "udp_socket.h"

enum { SEND_TOGETHER = 64, ROUNDS_MAX = 8 };

/* Its last reference may go after the loop. */
static void driven_unref(struct driven *d)
{
    if (!references_drop(&d->references))
        return;
    context_free(d->context, d);
}

static void end(struct loop_remains *remains)
{
    driven_unref(link_owner(remains, struct driven, remains));
}

void driven_changed(void *attachment)
{
    struct driven *d = attachment;
    loop_task_changed(d->owner.loop, &d->owner.task);
}

static void give_result(struct driven *d, const rtc_result *result)
{
    if (!d->owner.pc)
        return;
    (void)rtc_peer_connection_result(d->owner.pc, rtc_now(), result);
    driven_changed(d);
}

static void tell(struct io_owner *owner, const rtc_result *result)
{
    give_result(link_owner(owner, struct driven, owner), result);
}

static struct io_socket *socket_by_id(struct driven *d, uint32_t id)
{
    for (struct link *l = d->owner.sockets.next; l != &d->owner.sockets; l = l->next) {
        struct io_socket *s = link_owner(l, struct io_socket, link);
        if (s->id == id)
            return s;
    }
    return NULL;
}

/* Packets for one socket that are handed over together: the kernel can take many at once. On the stack of the call that drains. */
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
    else if (batch->count > 0 && batch->socket == 0 && d->port.port)
        shared_port_send(&d->port, batch->packets, batch->count);
    else
        for (size_t i = 0; i < batch->count; i++)
            rtc_packet_free(batch->packets[i]);
    batch->count = 0;
}

static void send_packets(struct driven *d)
{
    struct batch batch = {.count = 0};
    for (rtc_packet *p; (p = rtc_peer_connection_next_packet(d->owner.pc)) != NULL;) {
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
    struct loop *loop = d->owner.loop;
    send_packets(d);
    shared_port_part(&d->port);
    while (!list_empty(&d->owner.sockets)) {
        struct io_socket *s = link_owner(d->owner.sockets.next, struct io_socket, link);
        s->ops->close(s);
    }
    network_watch_forget(&d->owner, 0);
    loop_task_forget(loop, &d->owner.task);
    list_remove(&d->link);
    d->owner.pc = NULL;
    loop_leave(loop, &d->remains, end);
}

static void open_socket(struct driven *d, const rtc_request *request)
{
    struct io_socket *s = NULL;
    rtc_result result = {.size = sizeof result, .type = request->type, .id = request->id};
    result.error =
        request->type == RTC_REQUEST_LISTEN_TCP ? tcp_listener_open(&d->owner, request, &s) : udp_socket_open(&d->owner, request, &s);
    if (s)
        result.local = s->local;
    give_result(d, &result);
}

static void join_group(struct driven *d, const rtc_request *request)
{
    rtc_result result = {.size = sizeof result, .type = request->type, .id = request->id};
    struct io_socket *s = socket_by_id(d, request->socket);
    result.error = s ? multicast_join(s->fd, &request->remote, &request->local) : RTC_ERR_NOT_FOUND;
    give_result(d, &result);
}

static void resolved(void *user, const rtc_result *result)
{
    give_result(user, result);
}

static void release(void *user)
{
    driven_unref(user);
}

static int resolve(struct driven *d, const rtc_request *request)
{
    const struct resolver_client client = {resolved, release, d};
    int error = resolver_start(d->owner.loop, request, &client);
    if (!error)
        references_take(&d->references);
    return error;
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
        refused.error = tcp_socket_open(&d->owner, request);
        if (refused.error)
            give_result(d, &refused);
        break;
    case RTC_REQUEST_CLOSE:
        s = socket_by_id(d, request->id);
        if (s)
            s->ops->close(s);
        else
            network_watch_forget(&d->owner, request->id);
        break;
    case RTC_REQUEST_JOIN_MULTICAST:
        join_group(d, request);
        break;
    case RTC_REQUEST_RESOLVE:
        refused.error = resolve(d, request);
        if (refused.error)
            give_result(d, &refused);
        break;
    case RTC_REQUEST_INTERFACES:
        network_watch_ask(&d->owner, request->id);
        break;
    default:
        give_result(d, &refused);
        break;
    }
}

/* One round; true when there was something to do. A callback may free the connection: d->owner.pc is NULL then. Packets leave before
 * requests are looked at: the last words on a socket come before it is closed. */
static bool drain(struct driven *d)
{
    rtc_request request = {.size = sizeof request};
    bool busy = false;
    if (d->owner.pc)
        send_packets(d);
    while (d->owner.pc && rtc_peer_connection_next_request(d->owner.pc, &request)) {
        answer(d, &request);
        request.size = sizeof request;
        busy = true;
    }
    if (d->owner.pc)
        send_packets(d);
    if (d->owner.pc && rtc_peer_connection_dispatch(d->owner.pc) > 0)
        busy = true;
    return busy;
}

/* Does what is due, sends, answers and dispatches until nothing is left; sets its timer. */
static void run(struct loop_task *task, rtc_time_t now)
{
    struct driven *d = link_owner(task, struct driven, owner.task);
    struct loop *loop = d->owner.loop;
    rtc_time_t next = RTC_TIME_NEVER;
    bool busy = true;
    /* What a callback does is finished in another round: waking the loop for it would cost three system calls and a turn of everything. */
    for (int round = 0; busy && round < ROUNDS_MAX; round++, now = rtc_now()) {
        rtc_peer_connection_tick(d->owner.pc, now);
        busy = drain(d);
        if (!d->owner.pc)
            return;
        next = rtc_peer_connection_deadline(d->owner.pc, NULL);
        busy = loop_task_take(loop, task) || busy || next <= now;
    }
    send_packets(d);
    if (!loop_task_set(loop, task, next) || busy)
        loop_task_changed(loop, task); /* no memory for the timer, or others come first: it is looked at again at once */
}

int driven_attach(rtc_loop *loop, rtc_peer_connection *pc, void *port, void **attachment)
{
    struct loop *l = loop_of(loop);
    struct driven *d = memory_zeroed(l->context, sizeof *d);
    if (!d)
        return RTC_ERR_NO_MEMORY;
    d->owner.loop = l;
    d->owner.pc = pc;
    d->owner.tell = tell;
    d->context = rtc_context_ref(l->context);
    loop_task_init(&d->owner.task, run);
    list_init(&d->owner.sockets);
    shared_port_join(&d->port, port);
    atomic_init(&d->references, 1);
    list_append(&l->lists.driven, &d->link);
    *attachment = d;
    return RTC_OK;
}
