/* SPDX-License-Identifier: MIT */
/* What a connection did and how it fared, over its whole life, as a file that readers of chrome://webrtc-internals dumps open. */
#ifndef CRTC_SESSION_DUMP_PUBLIC_H
#define CRTC_SESSION_DUMP_PUBLIC_H

#include <crtc/peer_connection.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The calls and events of one connection, and its statistics at an interval, from when it was made.
 *
 * Owner: whoever made it; the connection has a share of it until it is freed. It may be read when the connection is closed or gone.
 * Thread: the connection's.
 * Valid: until rtc_session_dump_free.
 * Errors: of rtc_session_dump_new and rtc_session_dump_json. What can not be recorded for want of memory is left out.
 * Section: none; the file is what Chromium saves ("Create a WebRTC-Internals dump"). */
typedef struct rtc_session_dump rtc_session_dump;

/* How it is made. */
typedef struct rtc_session_dump_options {
    size_t size;
    uint32_t interval_ms; /* between two reports; 0: 1000, else 100 at least */
    size_t max_bytes;     /* of memory that it takes, 1 MiB at least; beyond that the oldest half goes; 0: 8 MiB */
    const char *name;     /* what stands where the address of a page would, UTF-8, copied; NULL: "libcrtc" */
} rtc_session_dump_options;

/* Begins to record. `options` NULL: all of them zero. The best time is at once after rtc_peer_connection_new. Descriptions and candidates are recorded as they are, with the addresses that they name.
 * Errors: RTC_ERR_TYPE (connection or out is NULL, a size that is not set), RTC_ERR_RANGE (an interval or a bound that is too small), RTC_ERR_INVALID_STATE (closed, or it is recorded already),
 * RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_session_dump_new(rtc_peer_connection *connection, const rtc_session_dump_options *options, rtc_session_dump **out);
/* All that was recorded until now, as JSON: zero-terminated UTF-8, the caller's, freed with rtc_session_dump_free_json.
 * Errors: RTC_ERR_TYPE (dump or out is NULL), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_session_dump_json(const rtc_session_dump *dump, char **out);
/* Frees what rtc_session_dump_json gave of this dump. NULL is legal. */
RTC_EXPORT void rtc_session_dump_free_json(const rtc_session_dump *dump, char *json);
/* Ends the recording, and frees what was recorded. NULL is legal. */
RTC_EXPORT void rtc_session_dump_free(rtc_session_dump *dump);

#ifdef __cplusplus
}
#endif
#endif
