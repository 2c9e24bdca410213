/* SPDX-License-Identifier: MIT */
/* From a track to the RTP session: frames that a source pushes on any thread are encoded on a worker and sent on the connection's thread,
 * of each picture one for each encoding of the sender (simulcast, RFC 8853), each to its own stream. One frame is being encoded and one
 * waits; a newer picture replaces the waiting one, counted. Pictures are sent smaller while the rate is low, and left out while the pacer
 * is behind (docs/decisions/0018-rate-from-reports.md). */
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
 * added to what the encodings of its sender had. NULL is legal. */
void send_pipeline_end(struct send_pipeline *p);
/* Which encodings the sender has, or their codecs, may be others now: what is taken from now on gets encoders of its own then, and begins
 * with a keyframe. With the same encodings no frame is lost. */
void send_pipeline_follow_encodings(struct send_pipeline *p);
/* What the sender's encodings are to be, or its degradation preference, changed (setParameters). */
void send_pipeline_follow_settings(struct send_pipeline *p);
/* Of the encodings whose bits are set. */
void send_pipeline_request_keyframes(struct send_pipeline *p, uint32_t encodings);
/* Nothing may be sent for now: raw frames are dropped before they are encoded. */
void send_pipeline_set_stopped(struct send_pipeline *p, bool stopped);
/* Of one encoding; 0: nothing of it may be sent. Of sound: what the network loses of it, and how long its packets last. */
void send_pipeline_set_bitrate(struct send_pipeline *p, size_t encoding, uint32_t bitrate_bps, uint8_t loss_percent, uint8_t packet_ms);
/* Adds what `p`, which may be NULL, counted of one encoding to what was counted before it; sizes and names are those of the latest. What
 * was left out before it was encoded stands with the first one. */
void send_pipeline_sum(struct send_pipeline *p, size_t encoding, struct send_pipeline_stats *sum);

#endif
