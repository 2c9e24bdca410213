/* SPDX-License-Identifier: MIT */
/* See io_socket.h. */
#include "io_socket.h"

#include "memory.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

int io_socket_error(void)
{
    switch (errno) {
    case EACCES:
    case EPERM:
        return RTC_ERR_NOT_ALLOWED;
    case ENOMEM:
    case ENOBUFS:
        return RTC_ERR_NO_MEMORY;
    case EMFILE:
    case ENFILE:
        return RTC_ERR_QUOTA_EXCEEDED;
    default:
        return RTC_ERR_NETWORK;
    }
}

static void ready(struct loop_watch *watch, uint32_t events, rtc_time_t now)
{
    struct io_socket *s = link_owner(watch, struct io_socket, watch);
    if (s->fd >= 0 && (events & EPOLLOUT))
        s->ops->flush(s);
    if (s->fd >= 0 && (events & (EPOLLIN | EPOLLERR | EPOLLHUP))) {
        s->ops->receive(s, now);
        if (s->fd >= 0 && s->owner)
            loop_task_changed(s->loop, &s->owner->task);
    }
}

void io_socket_init(struct io_socket *s, const struct io_socket_ops *ops, struct loop *loop, struct io_owner *owner, uint32_t id)
{
    *s = (struct io_socket){.ops = ops, .watch = {ready}, .loop = loop, .owner = owner, .id = id, .fd = -1};
    list_init(&s->link);
}

int io_socket_watch(struct io_socket *s, uint32_t events)
{
    return loop_watch_add(s->loop, s->fd, events, &s->watch) ? RTC_OK : io_socket_error();
}

int io_socket_watch_for(struct io_socket *s, uint32_t events)
{
    return loop_watch_change(s->loop, s->fd, events, &s->watch) ? RTC_OK : io_socket_error();
}

static void end(struct loop_remains *remains)
{
    struct io_socket *s = link_owner(remains, struct io_socket, remains);
    memory_free(s->loop->context, s);
}

void io_socket_bury(struct io_socket *s)
{
    list_remove(&s->link);
    (void)close(s->fd);
    s->fd = -1;
    loop_leave(s->loop, &s->remains, end);
}
