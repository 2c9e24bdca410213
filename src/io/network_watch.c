/* SPDX-License-Identifier: MIT */
/* Who asked for the local addresses, and when they change: one rtnetlink socket per loop, opened with the first request. What it says is
 * not read: changes come in bursts, so a little later the addresses are listed again and compared, and whoever was told another list is
 * told the new one. Without netlink (a sandbox) everybody gets the addresses of the moment, once. */
#include "io_internal.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const rtc_time_t settles = 60000;      /* from the first sign of a change to the reading of the list */
static const rtc_time_t read_again = 1000000; /* after the list could not be read */

struct interfaces_request {
    struct link link;
    struct driven *driven;
    uint32_t id;
    uint64_t told; /* the generation of the list it was answered with */
};

void network_watch_init(struct network_watch *w)
{
    *w = (struct network_watch){.fd = -1, .due = RTC_TIME_NEVER};
    list_init(&w->requests);
}

void network_watch_fini(rtc_context *context, struct network_watch *w)
{
    if (w->fd >= 0)
        (void)close(w->fd);
    memory_free(context, w->list);
    w->fd = -1;
    w->list = NULL;
}

static void open_netlink(struct loop *l)
{
    struct network_watch *w = &l->network;
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = w};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0) {
        w->fd = fd;
        return;
    }
    log_write(l->context, RTC_LOG_INFO, "io", "changes of the network will not be noticed: %s", strerror(errno));
    if (fd >= 0)
        (void)close(fd);
}

/* What the kernel had no room for is a change as well (ENOBUFS). */
void network_watch_readable(struct network_watch *w, rtc_time_t now)
{
    char ignored[8192];
    for (;;) {
        ssize_t got = w->fd >= 0 ? recv(w->fd, ignored, sizeof ignored, MSG_DONTWAIT) : -1;
        if (got < 0 && (w->fd < 0 || errno != ENOBUFS))
            return;
        if (w->due == RTC_TIME_NEVER)
            w->due = now + settles;
    }
}

static bool same_list(const struct network_watch *w, const rtc_interface *list, size_t count)
{
    return w->generation > 0 && w->count == count && (count == 0 || memcmp(w->list, list, count * sizeof *list) == 0);
}

/* Reads the list; those who know another one are told soon. */
static int refresh(struct loop *l, rtc_time_t now)
{
    struct network_watch *w = &l->network;
    rtc_interface *list = NULL;
    size_t count = 0;
    int error = interfaces_read(l->context, &list, &count);
    if (error)
        return error;
    if (same_list(w, list, count)) {
        memory_free(l->context, list);
        return RTC_OK;
    }
    memory_free(l->context, w->list);
    w->list = list;
    w->count = count;
    w->generation++;
    if (!list_empty(&w->requests))
        w->due = now;
    return RTC_OK;
}

static void tell(struct network_watch *w, struct interfaces_request *r, int error)
{
    rtc_result result = {.size = sizeof result, .type = RTC_REQUEST_INTERFACES, .id = r->id, .error = error};
    result.interfaces = error ? NULL : w->list;
    result.interface_count = error ? 0 : w->count;
    result.interface_size = sizeof *w->list;
    r->told = error ? 0 : w->generation;
    driven_result(r->driven, &result);
}

void network_watch_ask(struct driven *d, uint32_t id)
{
    struct loop *l = d->loop;
    struct network_watch *w = &l->network;
    rtc_time_t now = rtc_now();
    struct interfaces_request *r = memory_zeroed(l->context, sizeof *r);
    if (!r) {
        rtc_result refused = {.size = sizeof refused, .type = RTC_REQUEST_INTERFACES, .id = id, .error = RTC_ERR_NO_MEMORY};
        driven_result(d, &refused);
        return;
    }
    if (w->fd < 0)
        open_netlink(l);
    network_watch_readable(w, now);
    bool known = w->fd >= 0 && w->generation > 0 && w->due == RTC_TIME_NEVER;
    int error = known ? RTC_OK : refresh(l, now);
    if (error && w->fd >= 0 && w->due == RTC_TIME_NEVER)
        w->due = now + read_again;
    *r = (struct interfaces_request){.driven = d, .id = id};
    list_append(&w->requests, &r->link);
    tell(w, r, error);
}

static void drop(struct loop *l, struct interfaces_request *r)
{
    list_remove(&r->link);
    memory_free(l->context, r);
}

void network_watch_forget(struct driven *d, uint32_t id)
{
    struct link *requests = &d->loop->network.requests;
    for (struct link *at = requests->next, *next; at != requests; at = next) {
        struct interfaces_request *r = link_owner(at, struct interfaces_request, link);
        next = at->next;
        if (r->driven == d && (id == 0 || r->id == id))
            drop(d->loop, r);
    }
}

void network_watch_run(struct loop *l, rtc_time_t now)
{
    struct network_watch *w = &l->network;
    if (now < w->due)
        return;
    w->due = RTC_TIME_NEVER;
    if (list_empty(&w->requests)) {
        w->generation = 0; /* nobody looks: the list grows old unread */
        return;
    }
    int error = refresh(l, now);
    w->due = error ? now + read_again : RTC_TIME_NEVER;
    for (struct link *at = w->requests.next; !error && at != &w->requests; at = at->next) {
        struct interfaces_request *r = link_owner(at, struct interfaces_request, link);
        if (r->told != w->generation)
            tell(w, r, RTC_OK);
    }
}
