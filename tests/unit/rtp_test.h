/* SPDX-License-Identifier: MIT */
/* What the RTP tests share: bytes from hexadecimal text, a context with a pool, packets of given bytes, memory that fails on demand. */
#ifndef CRTC_RTP_TEST_H
#define CRTC_RTP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "packet.h"

struct bytes {
    uint8_t data[2048];
    size_t len;
};

static inline uint8_t hex_digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Blanks are skipped. */
static inline struct bytes hex(const char *text)
{
    struct bytes b = {{0}, 0};
    for (const char *p = text; *p; p++) {
        if (*p == ' ')
            continue;
        assert_true(b.len < sizeof b.data && p[1]);
        b.data[b.len++] = (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
        p++;
    }
    return b;
}

static inline struct slice view(const struct bytes *b)
{
    return slice_of(b->data, b->len);
}

static inline void assert_bytes(struct slice got, struct slice wanted)
{
    assert_int_equal(got.len, wanted.len);
    if (wanted.len > 0)
        assert_memory_equal(got.data, wanted.data, wanted.len);
}

/* A copy in an allocation of exactly its size, so that a sanitizer sees a read past the end; freed by the caller. */
static inline uint8_t *exact_copy(struct slice s)
{
    uint8_t *copy = malloc(s.len ? s.len : 1);
    assert_non_null(copy);
    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    return copy;
}

struct world {
    rtc_context *context;
    struct packet_pool *pool;
    long allocations_left; /* negative: no limit */
};

static inline bool world_may(struct world *w)
{
    if (w->allocations_left == 0)
        return false;
    if (w->allocations_left > 0)
        w->allocations_left--;
    return true;
}

static inline void *world_alloc(void *user, size_t size)
{
    return world_may(user) ? malloc(size) : NULL;
}

static inline void *world_realloc(void *user, void *memory, size_t size)
{
    return world_may(user) ? realloc(memory, size) : NULL;
}

static inline void world_release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

/* `limits` may be NULL. */
static inline void world_init(struct world *w, const rtc_limits *limits)
{
    w->allocations_left = -1;
    w->pool = NULL;
    rtc_allocator allocator = {world_alloc, world_realloc, world_release, w};
    rtc_context_options options = {.size = sizeof options, .allocator = &allocator, .limits = limits};
    assert_int_equal(rtc_context_new(&options, &w->context), RTC_OK);
    context_seed(w->context, 1);
    assert_int_equal(packet_pool_new(w->context, &w->pool), RTC_OK);
}

static inline void world_fini(struct world *w)
{
    packet_pool_unref(w->pool);
    rtc_context_unref(w->context);
}

static inline struct packet *world_packet(struct world *w, struct slice bytes)
{
    struct packet *packet = packet_copy(w->pool, bytes);
    assert_non_null(packet);
    return packet;
}

#endif
