/* SPDX-License-Identifier: MIT */
/* What the files that make a stats report share: stats.c, which puts it together, and one for each group of dictionaries. */
#ifndef CRTC_STATS_BUILDER_H
#define CRTC_STATS_BUILDER_H

#include "peer.h"
#include "stats_report.h"
#include "transceiver.h"
#include "transport.h"

enum { STATS_ID_MAX = 160 };

/* On the stack of whoever gathers; what it points to is borrowed. */
struct stats_builder {
    rtc_peer_connection *pc;
    const rtc_rtp_sender *sender; /* the selector: one of them, or none */
    const rtc_rtp_receiver *receiver;
    struct transport *t; /* the one that is told of, with what hangs on it */
    char of[12];         /* what the ids of these begin with: its number, from the second one on */
    rtc_stats_report *report;
    double now_ms;
    char transport_id[16];
    char id[STATS_ID_MAX];
};

static inline void stats_begin(struct stats_builder *b, const char *type, const char *id)
{
    stats_report_begin(b->report, type, id, b->now_ms);
}

/* DOMHighResTimeStamp of a time of the connection's clock. */
static inline double stats_time(const struct stats_builder *b, rtc_time_t at)
{
    return b->now_ms - (double)(b->pc->now - at) / 1000.0;
}

static inline void stats_number(struct stats_builder *b, const char *name, double value)
{
    stats_report_number(b->report, name, value);
}

static inline void stats_count(struct stats_builder *b, const char *name, uint64_t value)
{
    stats_report_number(b->report, name, (double)value);
}

static inline void stats_text(struct stats_builder *b, const char *name, const char *value)
{
    stats_report_text(b->report, name, value);
}

static inline void stats_boolean(struct stats_builder *b, const char *name, bool value)
{
    stats_report_boolean(b->report, name, value);
}

/* stats_transport.c: the transport with its certificates, candidates, pairs and servers. */
void stats_add_transport(struct stats_builder *b);

/* stats_stream.c: what all RTP streams have. The codec as it is sent or received; its id into `id`, "" for NULL. */
void stats_add_codec(struct stats_builder *b, bool sent, rtc_media_kind kind, const struct rtp_codec *codec, char id[STATS_ID_MAX]);
/* Begins a dictionary that is called b->id. `codec_id` "": it has none. */
void stats_begin_stream(struct stats_builder *b, const rtc_rtp_transceiver *t, const char *type, uint32_t ssrc, const char *codec_id);
/* What made or read the frames (encoderImplementation and so on), as far as its codec tells. */
void stats_implementation(struct stats_builder *b, bool sent, const char *implementation, rtc_codec_power power);

/* stats_outbound.c: the track that is sent, with what its source gave; what of it is sent, and what the peer says of that. */
void stats_add_source(struct stats_builder *b, const rtc_rtp_transceiver *t);
void stats_add_outbound(struct stats_builder *b, const rtc_rtp_transceiver *t);

/* stats_inbound.c: what is received, and what the peer says of that. */
void stats_add_inbound(struct stats_builder *b, const rtc_rtp_transceiver *t);

#endif
