/* SPDX-License-Identifier: MIT */
/* The context: random numbers, log, limits, and what modules keep, of a process (or of one part of it). Memory is below it (memory.h), the
 * executor above (executor.h): one of the modules that keep something here. */
#include "context.h"

#include "error.h"
#include "memory.h"
#include "log.h"
#include "options.h"
#include "references.h"
#include "text.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* What one module keeps; a part of the context, which releases it with itself. Written by context_slot_set() alone. */
struct slot {
    void *value;
    void (*release)(rtc_context *, void *);
};

/* Made and written by this file. What is not said to be guarded is set before the context is given away (by the two for tests, before it is
 * used) and only read then. */
struct rtc_context {
    rtc_allocator allocator; /* the first member: memory.c knows no other */
    atomic_uint references;
    rtc_log_callback log;
    void *log_user;
    rtc_log_level log_level;
    rtc_limits limits;
    uint32_t worker_threads;
    int64_t wall_offset_us;
    pthread_mutex_t lock;
    struct slot slots[CONTEXT_SLOTS]; /* guarded by the lock */
    bool seeded;
    uint64_t seed; /* where a seeded one is in its sequence */
    bool simulated;
    rtc_time_t job_cost_us; /* simulated */
};
_Static_assert(offsetof(struct rtc_context, allocator) == 0, "what memory.c takes it for");

static void *system_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void *system_realloc(void *user, void *memory, size_t size)
{
    (void)user;
    return realloc(memory, size);
}

static void system_free(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static const rtc_allocator system_allocator = {system_alloc, system_realloc, system_free, NULL};

static const rtc_limits default_limits = {
    .size = sizeof(rtc_limits),
    .remote_candidates = 64,
    .candidate_pairs = 128,
    .ssrcs = 256,
    .sdp_bytes = 256 * 1024,
    .sdp_media_sections = 128,
    .event_queue = 65536,
    .send_queue_bytes = 16u * 1024 * 1024,
    .jitter_buffer_packets = 2048,
    .picture_pixels = 4096 * 2304,
    .decoded_pixels_per_second = 3840 * 2160 * 60,
    .decoder_bytes = 256u * 1024 * 1024,
    .waiting_bytes = 16u * 1024 * 1024,
    .jitter_buffer_bytes = 32u * 1024 * 1024,
    .transports = 32,
};

static void log_to_stderr(void *user, rtc_log_level level, const char *module, const char *text)
{
    (void)user;
    static const char letters[] = "-EWID";
    (void)fprintf(stderr, "%c %s: %s\n", letters[level], module, text);
}

rtc_time_t rtc_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (rtc_time_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t wall_now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

#define TAKE_LIMIT(name) \
    if (given->name > 0) \
        c->limits.name = given->name;

static void take_limits(rtc_context *c, const rtc_limits *given)
{
    TAKE_LIMIT(remote_candidates)
    TAKE_LIMIT(candidate_pairs)
    TAKE_LIMIT(ssrcs)
    TAKE_LIMIT(sdp_bytes)
    TAKE_LIMIT(sdp_media_sections)
    TAKE_LIMIT(event_queue)
    TAKE_LIMIT(send_queue_bytes)
    TAKE_LIMIT(jitter_buffer_packets)
    TAKE_LIMIT(picture_pixels)
    TAKE_LIMIT(decoded_pixels_per_second)
    TAKE_LIMIT(decoder_bytes)
    TAKE_LIMIT(waiting_bytes)
    TAKE_LIMIT(jitter_buffer_bytes)
    TAKE_LIMIT(transports)
}

int rtc_context_new(const rtc_context_options *given, rtc_context **out)
{
    rtc_context_options o;
    rtc_limits limits;
    if (!out)
        return error_say(RTC_ERR_TYPE, "rtc_context_new: out is NULL");
    int error = options_take(&o, sizeof o, given, "rtc_context_options");
    if (!error)
        error = options_take(&limits, sizeof limits, o.limits, "rtc_limits");
    if (!error && o.allocator && (!o.allocator->alloc || !o.allocator->realloc || !o.allocator->free))
        error = error_say(RTC_ERR_TYPE, "rtc_allocator: a function is NULL");
    if (error)
        return error;
    const rtc_allocator *allocator = o.allocator ? o.allocator : &system_allocator;
    rtc_context *c = allocator->alloc(allocator->user, sizeof *c);
    if (!c)
        return error_plain(RTC_ERR_NO_MEMORY);
    memset(c, 0, sizeof *c);
    atomic_init(&c->references, 1);
    c->allocator = *allocator;
    c->log = o.log ? o.log : log_to_stderr;
    c->log_user = o.log_user;
    c->log_level = o.log_level;
    c->limits = default_limits;
    take_limits(c, &limits);
    c->worker_threads = o.worker_threads;
    c->wall_offset_us = wall_now_us() - rtc_now();
    pthread_mutex_init(&c->lock, NULL);
    *out = c;
    return RTC_OK;
}

rtc_context *rtc_context_ref(rtc_context *context)
{
    if (context)
        references_take(&context->references);
    return context;
}

void rtc_context_unref(rtc_context *c)
{
    if (!c || !references_drop(&c->references))
        return;
    for (int i = 0; i < CONTEXT_SLOTS; i++)
        if (c->slots[i].release)
            c->slots[i].release(c, c->slots[i].value);
    pthread_mutex_destroy(&c->lock);
    rtc_allocator allocator = c->allocator;
    allocator.free(allocator.user, c);
}

void context_free(rtc_context *context, void *block)
{
    memory_free(context, block);
    rtc_context_unref(context);
}

static rtc_context *default_context;
static pthread_once_t default_once = PTHREAD_ONCE_INIT;

static void make_default(void)
{
    (void)rtc_context_new(NULL, &default_context);
}

rtc_context *context_resolve(rtc_context *context)
{
    if (context)
        return context;
    (void)pthread_once(&default_once, make_default);
    return default_context;
}

const rtc_limits *context_limits(const rtc_context *context)
{
    return &context->limits;
}

uint32_t context_worker_threads(const rtc_context *context)
{
    return context->worker_threads;
}

void *context_slot_get(rtc_context *c, enum context_slot slot)
{
    pthread_mutex_lock(&c->lock);
    void *value = c->slots[slot].value;
    pthread_mutex_unlock(&c->lock);
    return value;
}

void *context_slot_set(rtc_context *c, enum context_slot slot, void *value, void (*release)(rtc_context *, void *))
{
    pthread_mutex_lock(&c->lock);
    if (!c->slots[slot].value)
        c->slots[slot] = (struct slot){value, release};
    void *kept = c->slots[slot].value;
    pthread_mutex_unlock(&c->lock);
    return kept;
}

int64_t context_wall_us(const rtc_context *context, rtc_time_t now)
{
    return now + context->wall_offset_us;
}

rtc_time_t context_start_time(const rtc_context *context)
{
    return context->simulated ? 0 : rtc_now();
}

rtc_time_t context_now(const rtc_context *context, rtc_time_t simulated)
{
    return context->simulated ? simulated : rtc_now();
}

void context_seed(rtc_context *c, uint64_t seed)
{
    c->seeded = true;
    c->seed = seed;
    c->wall_offset_us = 1700000000000000; /* a fixed day, so that a seeded run repeats */
}

void context_set_simulated(rtc_context *c, rtc_time_t job_cost_us)
{
    c->simulated = true;
    c->job_cost_us = job_cost_us;
}

bool context_is_simulated(const rtc_context *c, rtc_time_t *job_cost_us)
{
    *job_cost_us = c->job_cost_us;
    return c->simulated;
}

/* splitmix64: only a seeded test context draws from it. */
static uint64_t seeded_next(rtc_context *c)
{
    uint64_t z = (c->seed += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void context_random(rtc_context *c, void *bytes, size_t len)
{
    uint8_t *p = bytes;
    if (c->seeded) {
        for (size_t i = 0; i < len; i++)
            p[i] = (uint8_t)(seeded_next(c) >> 32);
        return;
    }
    while (len > 0) {
        ssize_t n = getrandom(p, len, 0);
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
}

uint32_t context_random_u32(rtc_context *c)
{
    uint32_t v;
    context_random(c, &v, sizeof v);
    return v;
}

uint64_t context_random_u64(rtc_context *c)
{
    uint64_t v;
    context_random(c, &v, sizeof v);
    return v;
}

void context_random_text(rtc_context *c, char *text, size_t len)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < len;) {
        uint8_t v;
        context_random(c, &v, 1);
        if (v < 248) /* 4 x 62: no bias */
            text[i++] = alphabet[v % 62];
    }
    text[len] = 0;
}

bool log_wants(const rtc_context *c, rtc_log_level level)
{
    return level <= c->log_level;
}

void log_write(const rtc_context *c, rtc_log_level level, const char *module, const char *format, ...)
{
    char text[1024];
    if (!log_wants(c, level))
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_copy_foreign(text, sizeof text, slice_str(text)); /* descriptions, candidates and servers are quoted: none may forge a line */
    c->log(c->log_user, level, module, text);
}
