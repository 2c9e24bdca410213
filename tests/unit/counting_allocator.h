/* SPDX-License-Identifier: MIT */
/* An allocator that counts what is out, counts calls, and can be told to fail. */
#ifndef CRTC_COUNTING_ALLOCATOR_H
#define CRTC_COUNTING_ALLOCATOR_H

#include <crtc/context.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

struct counting_allocator {
    atomic_llong live;      /* blocks that are out */
    atomic_llong calls;     /* of alloc and realloc */
    atomic_llong fail_at;   /* the call that fails, counted from 1; 0: none */
    atomic_bool fail_after; /* and all that follow */
    atomic_llong failed;
};

static inline bool counting_fails(struct counting_allocator *c)
{
    long long n = atomic_fetch_add(&c->calls, 1) + 1, at = atomic_load(&c->fail_at);
    bool fails = at > 0 && (n == at || (n > at && atomic_load(&c->fail_after)));
    if (fails)
        atomic_fetch_add(&c->failed, 1);
    return fails;
}

static inline void *counting_alloc(void *user, size_t size)
{
    struct counting_allocator *c = user;
    void *memory = counting_fails(c) ? NULL : malloc(size);
    if (memory)
        atomic_fetch_add(&c->live, 1);
    return memory;
}

static inline void *counting_realloc(void *user, void *old, size_t size)
{
    struct counting_allocator *c = user;
    void *memory = counting_fails(c) ? NULL : realloc(old, size);
    if (memory && !old)
        atomic_fetch_add(&c->live, 1);
    return memory;
}

static inline void counting_free(void *user, void *memory)
{
    struct counting_allocator *c = user;
    if (memory)
        atomic_fetch_sub(&c->live, 1);
    free(memory);
}

static inline rtc_allocator counting_allocator_of(struct counting_allocator *c)
{
    return (rtc_allocator){counting_alloc, counting_realloc, counting_free, c};
}

/* The blocks that are still out, once those have come back that a worker gives back as its last act: it may be the last to hold the
 * context. 30 seconds are enough for a worker to be run in. */
static inline long long counting_left(const struct counting_allocator *c)
{
    for (rtc_time_t limit = rtc_now() + 30000000; atomic_load(&c->live) != 0 && rtc_now() < limit;)
        (void)sched_yield();
    return atomic_load(&c->live);
}

#endif
