/* SPDX-License-Identifier: MIT */
/* The context: what the library asks of the process it lives in - memory, log, random numbers, limits - shared by any number of peer
 * connections and loops. A NULL context is legal everywhere and means the process's default context. */
#ifndef CRTC_CONTEXT_H
#define CRTC_CONTEXT_H

#include <crtc/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the library asks of the process: memory, log, random numbers, limits, worker threads. One serves any number of connections and loops.
 *
 * Owner: reference-counted; every object made with a context holds a reference.
 * Thread: any.
 * Valid: while a reference is held. NULL stands for the process's default context, which is made when it is first needed and never goes.
 * Errors: only its constructor fails.
 * Section: none: in a browser it is the browser. */
typedef struct rtc_context rtc_context;

/* Where memory comes from. All three are needed, and called from any thread. */
typedef struct rtc_allocator {
    void *(*alloc)(void *user, size_t size);                 /* NULL: none is left */
    void *(*realloc)(void *user, void *memory, size_t size); /* of NULL: allocates */
    void (*free)(void *user, void *memory);                  /* of NULL: nothing */
    void *user;                                              /* what the three are given */
} rtc_allocator;

/* NONE: nothing. ERROR: what goes on without something that was asked for. WARNING: calls that are refused, with their reasons, and connections that fail. INFO: how each connection fares - its states, candidates,
 * selected pair, DTLS and SCTP - enough to see why one does not come up. DEBUG: single packets that were dropped or refused. */
typedef enum rtc_log_level {
    RTC_LOG_NONE = 0,
    RTC_LOG_ERROR = 1,
    RTC_LOG_WARNING = 2,
    RTC_LOG_INFO = 3,
    RTC_LOG_DEBUG = 4
} rtc_log_level;

/* Receives one log line, without a line end. `module` is a static name such as "ice". Called on any thread; must not call back into
 * the library. */
typedef void (*rtc_log_callback)(void *user, rtc_log_level level, const char *module, const char *text);

/* Upper bounds for everything that the network can make grow. Zero means the documented default.
 *
 * Memory that waits has four budgets for each connection, so that what fills one takes no place from the others: what waits for the
 * application (waiting_bytes), what waits to be sent (send_queue_bytes), media that wait for their time (jitter_buffer_bytes) and decoding
 * (decoder_bytes). A connection holds at most their sum, 320 MiB by default and 64 MiB of it without pictures to decode. Beside that come:
 * parts of messages that a peer of the old kind has not finished, a quarter of waiting_bytes; one message at twice its size while it is put
 * together; what the SCTP association itself has received and sent, 1 MiB each of data and up to some 10 MiB when that is in tiny chunks;
 * and of each stream that is sent 2 MiB to repair from. */
typedef struct rtc_limits {
    size_t size;                    /* sizeof(rtc_limits) */
    uint32_t remote_candidates;     /* remote candidates kept per connection; default 64 */
    uint32_t candidate_pairs;       /* pairs in a check list; default 128 */
    uint32_t ssrcs;                 /* RTP sources tracked per connection, beyond which the most silent are forgotten; default 256 */
    uint32_t sdp_bytes;             /* length of a session description; default 256 KiB */
    uint32_t sdp_media_sections;    /* m= sections of a session description; default 128 */
    uint32_t event_queue;           /* events waiting for dispatch per connection, beyond which all input is dropped; messages and frames, which can be held
                                     * up instead (see waiting_bytes), are held up when half of them wait. Default 65536 */
    uint32_t send_queue_bytes;      /* memory per connection for data channel messages that wait to be sent, whatever their size, each with what it costs
                                     * beside its data: beyond it sending is refused with RTC_ERR_QUOTA_EXCEEDED; default 16 MiB */
    uint32_t jitter_buffer_packets; /* packets held per incoming stream; default 2048 */
    /* Incoming pictures, judged by their headers before a decoder sees them; for all receivers of a connection together. What is over a limit is
     * dropped, counted ("framesRefused" of inbound-rtp) and told in the log; a keyframe is asked for where one could be within it. */
    uint32_t picture_pixels;            /* width x height of one picture; default 4096x2304 */
    uint32_t decoded_pixels_per_second; /* a picture of another size than the one before counts four times; default 3840x2160x60 */
    uint32_t decoder_bytes;             /* decoders, frames that wait for them and pictures that wait to be shown; default 256 MiB */
    uint32_t waiting_bytes;         /* memory per connection for what came from the peer and waits for the application: events with their messages and frames, and
                                     * messages for data channels that have no callbacks yet, each with what it costs beside its data. When it is used up,
                                     * nothing more is taken from the association: its receive window closes, the peer stops sending on data channels, and
                                     * no message is lost; of media, packets are dropped. The one message that goes beyond the limit is still taken.
                                     * Channels without callbacks may use half of it together: when a message finds no room then, the one of them that
                                     * keeps most is closed.
                                     * Default 16 MiB */
    uint32_t jitter_buffer_bytes;   /* memory per connection for packets and frames of media that wait for missing ones or for their time, all streams
                                     * together: a video stream that finds no room gives up what it holds and asks for a keyframe, a packet of sound
                                     * is dropped; default 32 MiB */
    uint32_t transports;            /* of a connection, each with an ICE agent and DTLS: an offer of the peer's with more groups and sections outside of
                                     * groups has the rest rejected, and in one of ours the rest has no address of its own, but for its first section;
                                     * default 32, and at most 8 for connections of an endpoint */
} rtc_limits;

/* Everything is copied; zero is a default everywhere. */
typedef struct rtc_context_options {
    size_t size;                    /* sizeof(rtc_context_options) */
    const rtc_allocator *allocator; /* copied; NULL: malloc. It must outlive the context. */
    rtc_log_callback log;           /* NULL: standard error */
    void *log_user;                 /* what `log` is given */
    rtc_log_level log_level;        /* RTC_LOG_NONE (zero) logs nothing */
    const rtc_limits *limits;       /* copied; NULL: the defaults */
    /* Threads for encoding, decoding, certificates and the callbacks of sinks; default: one more than there are cores, at most 9. Of several the
     * first does only what is short and urgent (certificates, decoding, sound); the others run with less priority than the process (nice + 5). */
    uint32_t worker_threads;
} rtc_context_options;

/* Makes a context. `options` may be NULL. On success *out holds one reference of the caller's. Any thread.
 * Errors: RTC_ERR_TYPE (out is NULL, an allocator without one of its functions, a size that is not set), RTC_ERR_NOT_SUPPORTED (an option that this version does
 * not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_context_new(const rtc_context_options *options, rtc_context **out);
/* Takes another reference; returns `context`. NULL is legal, here and in every other _ref and _unref. Any thread. */
RTC_EXPORT rtc_context *rtc_context_ref(rtc_context *context);
/* Drops a reference; the last one ends the worker threads, waiting for running jobs. NULL is legal. Any thread. */
RTC_EXPORT void rtc_context_unref(rtc_context *context);
/* Now, on the time base of every rtc_time_t that this context's objects take and give. Any thread. */
RTC_EXPORT rtc_time_t rtc_now(void);

#ifdef __cplusplus
}
#endif
#endif
