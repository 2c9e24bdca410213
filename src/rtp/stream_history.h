/* SPDX-License-Identifier: MIT */
/* What was counted of incoming streams that a section no longer receives: a stream that comes back goes on counting (webrtc-stats 4.1:
 * counters only ever rise). A few are remembered, the latest first. */
#ifndef CRTC_STREAM_HISTORY_H
#define CRTC_STREAM_HISTORY_H

#include "rtp_stats.h"

#include "context.h"

struct past_stream;
/* Embedded in struct rtp_receive_stream; written by stream_history.c. */
struct stream_history {
    struct past_stream *first;
    struct past_stream *spare; /* one for each stream that is there */
};

/* For a stream that begins: there will be room for it. Without memory it is forgotten when it ends. */
void stream_history_reserve(struct stream_history *h, rtc_context *context);
/* It ended. */
void stream_history_keep(struct stream_history *h, rtc_context *context, const struct rtp_inbound_stats *stats);
/* What is known of the stream, which leaves the history; all zero for a new one. */
struct rtp_inbound_stats stream_history_take(struct stream_history *h, rtc_context *context, uint32_t ssrc);
void stream_history_fini(struct stream_history *h, rtc_context *context);
/* Adds the counters of `before`. */
void stream_history_add(struct rtp_inbound_stats *stats, const struct rtp_inbound_stats *before);

#endif
