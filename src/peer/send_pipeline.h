/* SPDX-License-Identifier: MIT */
/* From a track to the RTP session: frames that a source pushes on any thread are encoded on a worker and sent on the connection's thread.
 * One frame is being encoded and one waits; a newer picture replaces the waiting one, counted. Pictures are sent smaller while the rate is
 * low, and left out while the pacer is behind (docs/decisions/0018-rate-from-reports.md). */
#ifndef CRTC_SEND_PIPELINE_H
#define CRTC_SEND_PIPELINE_H

#include "transceiver.h"

/* In two steps, for who must not fail halfway. Everything that it takes is made ready: RTC_ERR_NO_MEMORY, RTC_ERR_OPERATION (no worker can
 * be had). */
int send_pipeline_prepare(rtc_peer_connection *pc, rtc_media_kind kind, struct send_pipeline **out);
/* Begins to consume the sender's track with the sender's codec. Encoded frames pass even if nobody can encode it. */
void send_pipeline_start(struct send_pipeline *p, rtc_rtp_transceiver *t);
/* Of one that was not started. NULL is legal. */
void send_pipeline_discard(struct send_pipeline *p);
/* What it has encoded is sent now, so that the stream lacks nothing when it ends, or when what is agreed on changes. NULL is legal. */
void send_pipeline_flush(struct send_pipeline *p, rtc_time_t now);
/* Ends it, without memory: nothing more is consumed or sent. What a worker made since it was flushed counts as dropped; all it counted is
 * added to `sum`, as send_pipeline_sum() does. NULL is legal. */
void send_pipeline_end(struct send_pipeline *p, struct send_pipeline_stats *sum);
/* The codec or its parameters may be others now: what is taken from now on gets an encoder of its own then, and begins with a keyframe. No
 * frame is lost. */
void send_pipeline_set_codec(struct send_pipeline *p, const struct jsep_codec *codec);
/* The sender's encodings or its degradation preference changed (setParameters). */
void send_pipeline_follow_settings(struct send_pipeline *p);
void send_pipeline_request_keyframe(struct send_pipeline *p);
/* Nothing may be sent for now: raw frames are dropped before they are encoded. */
void send_pipeline_set_stopped(struct send_pipeline *p, bool stopped);
void send_pipeline_set_bitrate(struct send_pipeline *p, uint32_t bitrate_bps);
void send_pipeline_stats(struct send_pipeline *p, struct send_pipeline_stats *out);
/* Adds the counters of `p`, which may be NULL, to what the sender's pipelines before it counted; sizes and names are those of the latest.
 */
void send_pipeline_sum(struct send_pipeline *p, struct send_pipeline_stats *sum);

#endif
