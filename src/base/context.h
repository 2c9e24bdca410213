/* SPDX-License-Identifier: MIT */
/* What the inside of the library sees of a context: see <crtc/context.h>. */
#ifndef CRTC_BASE_CONTEXT_H
#define CRTC_BASE_CONTEXT_H

#include <crtc/context.h>

/* Never NULL: the process's default context stands in, made at first use and never freed. NULL only when out of memory. Does not take a
 * reference. */
rtc_context *context_resolve(rtc_context *context);
/* Frees what has a reference to its context, and drops that. */
void context_free(rtc_context *context, void *block);
const rtc_limits *context_limits(const rtc_context *context);
/* As the options asked for: 0 leaves the choice to the executor, which is what starts them. */
uint32_t context_worker_threads(const rtc_context *context);

/* Cryptographically strong bytes (getrandom). A test that seeded the context gets repeatable ones. */
void context_random(rtc_context *context, void *bytes, size_t len);
uint32_t context_random_u32(rtc_context *context);
uint64_t context_random_u64(rtc_context *context);
/* `len` characters of the ICE and base64url alphabet [A-Za-z0-9], 5.95 bits each, and a terminating zero. */
void context_random_text(rtc_context *context, char *text, size_t len);

/* Wall-clock microseconds since 1970 for a monotonic time (RTCP NTP times, certificate validity). */
int64_t context_wall_us(const rtc_context *context, rtc_time_t now);

/* One slot for what a module keeps per context (workers, ready-made certificates, the threads that resolve names, an engine); `release`
 * runs when the context goes, in the order of the slots: the executor's jobs, which may use the others, end first. Thread-safe: the first
 * value set wins and is returned. */
enum context_slot {
    CONTEXT_SLOT_EXECUTOR,
    CONTEXT_SLOT_CERTIFICATES,
    CONTEXT_SLOT_CODECS,
    CONTEXT_SLOT_RESOLVER,
    CONTEXT_SLOT_SCTP_ENGINE,
    CONTEXT_SLOTS
};
void *context_slot_get(rtc_context *context, enum context_slot slot);
void *context_slot_set(rtc_context *context, enum context_slot slot, void *value, void (*release)(rtc_context *, void *));

/* Where a connection's time begins before it is told one: now, or 0 in simulation. */
rtc_time_t context_start_time(const rtc_context *context);
/* The time, or what it is in simulation. */
rtc_time_t context_now(const rtc_context *context, rtc_time_t simulated);

/* For tests only (hidden symbols): repeatable random bytes, and that time and jobs are simulated, which context_simulate (executor.h) says
 * to all whom it concerns. */
void context_seed(rtc_context *context, uint64_t seed);
void context_set_simulated(rtc_context *context, rtc_time_t job_cost_us);
/* *job_cost_us is what a job costs then. */
bool context_is_simulated(const rtc_context *context, rtc_time_t *job_cost_us);

#endif
