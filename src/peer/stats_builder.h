/* SPDX-License-Identifier: MIT */
/* What the files that make a stats report share. */
#ifndef CRTC_STATS_BUILDER_H
#define CRTC_STATS_BUILDER_H

#include "peer.h"
#include "stats_report.h"
#include "transport.h"

struct stats_builder {
    rtc_peer_connection *pc;
    struct transport *t; /* the one that is told of, with what hangs on it */
    char of[12];         /* what the ids of these begin with: its number, from the second one on */
    rtc_stats_report *report;
    double now_ms;
    char transport_id[16];
    char id[160];
};

static inline void stats_begin(struct stats_builder *b, const char *type, const char *id)
{
    stats_report_begin(b->report, type, id, b->now_ms);
}

static inline void stats_number(struct stats_builder *b, const char *name, double value)
{
    stats_report_number(b->report, name, value);
}

static inline void stats_text(struct stats_builder *b, const char *name, const char *value)
{
    stats_report_text(b->report, name, value);
}

/* stats_transport.c: the transport with its certificates, candidates, pairs and servers. */
void stats_add_transport(struct stats_builder *b);

#endif
