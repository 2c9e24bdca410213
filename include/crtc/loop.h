/* SPDX-License-Identifier: MIT */
/* The library's event loop: sockets, timers, names and callbacks of any number of peer connections on one thread.
 *
 * Three ways to run a connection:
 *   (a) give it a loop and call rtc_loop_run() on a thread of yours, or rtc_loop_start() for a thread of the library's;
 *   (b) put rtc_loop_fd() and rtc_loop_timeout_ms() into a loop of your own and call rtc_loop_iterate();
 *   (c) give it no loop and carry its packets yourself: see <crtc/transport.h>.
 *
 * A connection and everything that hangs on it belong to the loop's thread. From another thread, hold rtc_loop_lock() around any calls, or hand a function
 * over with rtc_loop_post(). The loop holds the lock except while it waits; callbacks run with it held. While nobody runs it, its thread is the one that made, ran or
 * started it last.
 */
#ifndef CRTC_LOOP_H
#define CRTC_LOOP_H

#include <crtc/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The event loop of any number of connections.
 *
 * Owner: the caller of rtc_loop_new; not counted. It must outlive the connections and endpoints that use it.
 * Thread: any. rtc_loop_run and rtc_loop_iterate make the calling thread the loop's, one at a time, and all that belongs to the loop is called on that one, or with its lock
 * held. Not from a callback: rtc_loop_free, rtc_loop_run and rtc_loop_iterate.
 * Valid: until rtc_loop_free.
 * Errors: as each function says.
 * Section: none: HTML's event loop, as far as connections need one. */
typedef struct rtc_loop rtc_loop;

/* Makes a loop.
 * Errors: RTC_ERR_TYPE (out is NULL), RTC_ERR_OPERATION (no descriptors are left), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_loop_new(rtc_context *context, rtc_loop **out);
/* Ends a thread started with rtc_loop_start, then frees the loop. Connections that still use it are closed first; when allocations on TURN servers are to be given
 * back yet, that takes a round trip, or half a second where a server is silent. Not from a callback. NULL is legal. */
RTC_EXPORT void rtc_loop_free(rtc_loop *loop);

/* Runs on the calling thread until rtc_loop_stop.
 * Errors: RTC_ERR_TYPE (loop is NULL), RTC_ERR_INVALID_STATE (it runs already), RTC_ERR_OPERATION (the system can not wait for its descriptors). */
RTC_EXPORT int rtc_loop_run(rtc_loop *loop);
/* Runs on a new thread until rtc_loop_stop or rtc_loop_free.
 * Errors: RTC_ERR_TYPE (loop is NULL), RTC_ERR_INVALID_STATE (it runs already), RTC_ERR_OPERATION (no thread can be had). */
RTC_EXPORT int rtc_loop_start(rtc_loop *loop);
/* Makes rtc_loop_run return, or the library's thread end (and waits for that, unless called on it). When neither runs, the next rtc_loop_run returns at
 * once: a stop is not lost because it came before the thread that was to run. Any thread. */
RTC_EXPORT void rtc_loop_stop(rtc_loop *loop);

/* For a loop of your own: readable (POLLIN) when rtc_loop_iterate has something to do - packets, deadlines that have passed, posts and calls from other threads - and
 * quiet after it. Waiting for it alone is enough. Owned by the loop. */
RTC_EXPORT int rtc_loop_fd(rtc_loop *loop);
/* The next deadline, for loops that would rather be told than woken by the descriptor: milliseconds from now, 0 when it has passed, -1 when there is none. Rounded up. It
 * holds until rtc_loop_iterate is called, or anything that belongs to the loop: ask again after each of these, and when the descriptor became readable. A program that calls
 * only from callbacks and asks before each wait has done so. */
RTC_EXPORT int rtc_loop_timeout_ms(rtc_loop *loop);
/* Does what is due without waiting.
 * Errors: RTC_ERR_TYPE (loop is NULL), RTC_ERR_INVALID_STATE (rtc_loop_run or a thread runs it), RTC_ERR_OPERATION (the system can not look at its descriptors). */
RTC_EXPORT int rtc_loop_iterate(rtc_loop *loop);

/* Excludes the loop, so that this thread may call anything that belongs to it. Recursive; legal in callbacks. Do not wait for the loop while holding it. */
RTC_EXPORT void rtc_loop_lock(rtc_loop *loop);
RTC_EXPORT void rtc_loop_unlock(rtc_loop *loop);
/* Runs fn(user) once on the loop's thread, in the order of posting, never inside this call. Any thread. What is still waiting when the loop is freed runs then,
 * delayed or not; what those functions post is refused.
 * Errors: RTC_ERR_TYPE (loop or fn is NULL), RTC_ERR_INVALID_STATE (the loop is being freed), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_loop_post(rtc_loop *loop, void (*fn)(void *user), void *user);
/* Runs fn(user) once after `delay_us`, on the loop's thread. *id (may be NULL) is for rtc_loop_cancel. Any thread.
 * Errors: RTC_ERR_TYPE (loop or fn is NULL), RTC_ERR_INVALID_STATE (the loop is being freed), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_loop_post_delayed(rtc_loop *loop, rtc_time_t delay_us, void (*fn)(void *user), void *user, uint64_t *id);
/* Takes back what rtc_loop_post_delayed posted. True when it had not begun and never will. Any thread. */
RTC_EXPORT bool rtc_loop_cancel(rtc_loop *loop, uint64_t id);

#ifdef __cplusplus
}
#endif
#endif
