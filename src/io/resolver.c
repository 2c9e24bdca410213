/* SPDX-License-Identifier: MIT */
/* Name resolution off the loop's thread: getaddrinfo on a worker, its answer back through the loop's mailbox. The workers are its own: a
 * name server that does not answer holds one up for ten seconds and more, which those that encode and decode do not have. */
#include "resolver.h"

#include "context.h"
#include "memory.h"

#include <netdb.h>
#include <string.h>
#include <netinet/in.h>

enum { ADDRESSES_MAX = 16, THREADS = 2 };

/* Its own owner: a worker's until its job is done, then done() answers and frees it. Written here alone. */
struct resolution {
    struct job job;
    struct resolver_client client;
    rtc_context *context;
    uint32_t id;
    char name[256];
    int error;
    rtc_address addresses[ADDRESSES_MAX];
    size_t count;
};

static void add(struct resolution *r, const struct addrinfo *a)
{
    const void *from = a->ai_addr;
    rtc_address *to = &r->addresses[r->count];
    *to = (rtc_address){0};
    if (a->ai_family == AF_INET) {
        to->family = RTC_ADDRESS_IPV4;
        memcpy(to->ip, &((const struct sockaddr_in *)from)->sin_addr, 4);
    } else if (a->ai_family == AF_INET6) {
        to->family = RTC_ADDRESS_IPV6;
        memcpy(to->ip, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
    } else {
        return;
    }
    r->count++;
}

static void run(struct job *job)
{
    struct resolution *r = link_owner(job, struct resolution, job);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM}, *all = NULL;
    if (getaddrinfo(r->name, NULL, &hints, &all) != 0)
        r->error = RTC_ERR_NOT_FOUND;
    for (struct addrinfo *a = all; a && r->count < ADDRESSES_MAX; a = a->ai_next)
        add(r, a);
    if (all)
        freeaddrinfo(all);
}

static void finish(struct resolution *r)
{
    rtc_context *context = r->context;
    r->client.release(r->client.user);
    memory_free(context, r);
    rtc_context_unref(context);
}

static void done(struct job *job, rtc_time_t now)
{
    struct resolution *r = link_owner(job, struct resolution, job);
    rtc_result result = {.size = sizeof result,
                         .type = RTC_REQUEST_RESOLVE,
                         .id = r->id,
                         .error = r->error,
                         .addresses = r->addresses,
                         .address_count = r->count};
    if (now != RTC_TIME_NEVER)
        r->client.answer(r->client.user, &result);
    finish(r);
}

static void release_executor(rtc_context *context, void *executor)
{
    (void)context;
    executor_free(executor);
}

/* Made when the context has its first name to resolve; NULL when threads can not be had. */
static struct executor *executor_of(rtc_context *context)
{
    struct executor *executor = context_slot_get(context, CONTEXT_SLOT_RESOLVER);
    if (executor || executor_new(context, THREADS, &executor))
        return executor;
    struct executor *kept = context_slot_set(context, CONTEXT_SLOT_RESOLVER, executor, release_executor);
    if (kept != executor)
        executor_free(executor); /* another loop was faster */
    return kept;
}

int resolver_start(struct loop *l, const rtc_request *request, const struct resolver_client *client)
{
    struct executor *executor = executor_of(l->context);
    struct resolution *r = executor ? memory_zeroed(l->context, sizeof *r) : NULL;
    if (!r)
        return RTC_ERR_NO_MEMORY;
    r->job.run = run;
    r->job.done = done;
    r->context = rtc_context_ref(l->context);
    r->client = *client;
    r->id = request->id;
    memcpy(r->name, request->name, sizeof r->name);
    r->name[sizeof r->name - 1] = 0;
    executor_submit(executor, l->mailbox, &r->job, rtc_now());
    return RTC_OK;
}
