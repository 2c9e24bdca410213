/* SPDX-License-Identifier: MIT */
/* Who asked for the local addresses, and when they change: one rtnetlink socket per loop, opened with the first request. What it says is
 * not read: changes come in bursts, so a little later the addresses are listed again and compared, and whoever was told another list is
 * told the new one. Without netlink (a sandbox) everybody gets the addresses of the moment, once. */
#include "network_watch.h"

#include "interfaces.h"
#include "log.h"
#include "memory.h"

#include <errno.h>
#include <string.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const rtc_time_t settles = 60000;      /* from the first sign of a change to the reading of the list */
static const rtc_time_t read_again = 1000000; /* after the list could not be read */

/* Owned by the watch; written here alone. */
struct interfaces_request {
    struct link link;
    struct io_owner *owner;
    uint32_t id;
    uint64_t told; /* the generation of the list it was answered with */
};

/* The loop's; written here alone. */
struct network_watch {
    struct loop_watch watch; /* of fd */
    struct loop_task task;   /* to read the list again */
    struct loop *loop;
    int fd;              /* rtnetlink; -1 where there is none */
    rtc_time_t due;      /* when the list is read again after a change; RTC_TIME_NEVER */
    rtc_interface *list; /* as it was read last */
    size_t count;
    uint64_t generation;  /* of the list; 0: there is none */
    struct link requests; /* struct interfaces_request: open ones */
};

void network_watch_free(struct loop *l)
{
    struct network_watch *w = l->network;
    if (!w)
        return;
    loop_task_forget(l, &w->task);
    if (w->fd >= 0)
        (void)close(w->fd);
    memory_free(l->context, w->list);
    memory_free(l->context, w);
    l->network = NULL;
}

static void set_due(struct network_watch *w, rtc_time_t at)
{
    w->due = at;
    if (!loop_task_set(w->loop, &w->task, at))
        loop_task_changed(w->loop, &w->task); /* no memory for the timer: it is looked at again at once */
}

static void open_netlink(struct network_watch *w)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && loop_watch_add(w->loop, fd, EPOLLIN, &w->watch)) {
        w->fd = fd;
        return;
    }
    log_write(w->loop->context, RTC_LOG_INFO, "io", "changes of the network will not be noticed: %s", strerror(errno));
    if (fd >= 0)
        (void)close(fd);
}

/* What the kernel had no room for is a change as well (ENOBUFS). */
static void take_signs(struct network_watch *w, rtc_time_t now)
{
    char ignored[8192];
    for (;;) {
        ssize_t got = w->fd >= 0 ? recv(w->fd, ignored, sizeof ignored, MSG_DONTWAIT) : -1;
        if (got < 0 && (w->fd < 0 || errno != ENOBUFS))
            return;
        if (w->due == RTC_TIME_NEVER)
            set_due(w, now + settles);
    }
}

static void ready(struct loop_watch *watch, uint32_t events, rtc_time_t now)
{
    (void)events;
    take_signs(link_owner(watch, struct network_watch, watch), now);
}

static bool same_list(const struct network_watch *w, const rtc_interface *list, size_t count)
{
    return w->generation > 0 && w->count == count && (count == 0 || memcmp(w->list, list, count * sizeof *list) == 0);
}

/* Reads the list; those who know another one are told soon. */
static int refresh(struct network_watch *w, rtc_time_t now)
{
    rtc_context *context = w->loop->context;
    rtc_interface *list = NULL;
    size_t count = 0;
    int error = interfaces_read(context, &list, &count);
    if (error)
        return error;
    if (same_list(w, list, count)) {
        memory_free(context, list);
        return RTC_OK;
    }
    memory_free(context, w->list);
    w->list = list;
    w->count = count;
    w->generation++;
    if (!list_empty(&w->requests))
        set_due(w, now);
    return RTC_OK;
}

static void tell(struct network_watch *w, struct interfaces_request *r, int error)
{
    rtc_result result = {.size = sizeof result, .type = RTC_REQUEST_INTERFACES, .id = r->id, .error = error};
    result.interfaces = error ? NULL : w->list;
    result.interface_count = error ? 0 : w->count;
    result.interface_size = sizeof *w->list;
    r->told = error ? 0 : w->generation;
    r->owner->tell(r->owner, &result);
}

static void run(struct loop_task *task, rtc_time_t now)
{
    struct network_watch *w = link_owner(task, struct network_watch, task);
    if (now < w->due) {
        set_due(w, w->due);
        return;
    }
    set_due(w, RTC_TIME_NEVER);
    if (list_empty(&w->requests)) {
        w->generation = 0; /* nobody looks: the list grows old unread */
        return;
    }
    int error = refresh(w, now);
    set_due(w, error ? now + read_again : RTC_TIME_NEVER);
    for (struct link *at = w->requests.next; !error && at != &w->requests; at = at->next) {
        struct interfaces_request *r = link_owner(at, struct interfaces_request, link);
        if (r->told != w->generation)
            tell(w, r, RTC_OK);
    }
}

/* NULL when out of memory. */
static struct network_watch *watch_of(struct loop *l)
{
    struct network_watch *w = l->network ? l->network : memory_zeroed(l->context, sizeof *w);
    if (!w || w == l->network)
        return w;
    *w = (struct network_watch){.watch = {ready}, .loop = l, .fd = -1, .due = RTC_TIME_NEVER};
    loop_task_init(&w->task, run);
    list_init(&w->requests);
    l->network = w;
    return w;
}

void network_watch_ask(struct io_owner *owner, uint32_t id)
{
    struct network_watch *w = watch_of(owner->loop);
    rtc_time_t now = rtc_now();
    struct interfaces_request *r = w ? memory_zeroed(owner->loop->context, sizeof *r) : NULL;
    if (!r) {
        rtc_result refused = {.size = sizeof refused, .type = RTC_REQUEST_INTERFACES, .id = id, .error = RTC_ERR_NO_MEMORY};
        owner->tell(owner, &refused);
        return;
    }
    if (w->fd < 0)
        open_netlink(w);
    take_signs(w, now);
    bool known = w->fd >= 0 && w->generation > 0 && w->due == RTC_TIME_NEVER;
    int error = known ? RTC_OK : refresh(w, now);
    if (error && w->fd >= 0 && w->due == RTC_TIME_NEVER)
        set_due(w, now + read_again);
    *r = (struct interfaces_request){.owner = owner, .id = id};
    list_append(&w->requests, &r->link);
    tell(w, r, error);
}

void network_watch_forget(struct io_owner *owner, uint32_t id)
{
    struct network_watch *w = owner->loop->network;
    if (!w)
        return;
    for (struct link *at = w->requests.next, *next; at != &w->requests; at = next) {
        struct interfaces_request *r = link_owner(at, struct interfaces_request, link);
        next = at->next;
        if (r->owner != owner || (id != 0 && r->id != id))
            continue;
        list_remove(&r->link);
        memory_free(owner->loop->context, r);
    }
}
