/* SPDX-License-Identifier: MIT */
/* Printing of our own descriptions: what offers and answers have in common. */
#ifndef CRTC_JSEP_WRITE_H
#define CRTC_JSEP_WRITE_H

#include "jsep_internal.h"

/* One m= section, decided in every detail. Owner: the offer or the answer in the making, whose files alone write it. Text is borrowed. */
struct jsep_plan {
    const struct jsep_local_section *local; /* NULL only for a rejected section */
    enum media_type type;
    struct slice media, protocol;
    struct slice formats; /* of a rejected section or an application; of others the codecs count */
    const char *mid;
    bool rejected, bundled, bundle_only;
    bool legacy_sctp; /* sctpmap instead of sctp-port (peers before RFC 8841) */
    bool reduced_size, reference_times, allow_mixed;
    rtc_rtp_direction direction;
    enum setup_role setup;
    bool no_tls_id; /* the peer knows of none */
    struct jsep_codec codecs[JSEP_CODECS_MAX];
    size_t codec_count;
    struct jsep_extension extensions[JSEP_EXTENSIONS_MAX];
    size_t extension_count;
    struct jsep_rids send_rids, recv_rids;
};

/* RTC_ERR_TYPE when anything that we would print could break out of its line: ids, names, parameters, URIs. */
int jsep_check_snapshot(const struct jsep_snapshot *snapshot);

/* The session part. `groups` are the lines of the groups, whole. */
void jsep_write_session(struct text *out, const struct jsep_snapshot *snapshot, const struct text *groups, bool allow_mixed);
/* One such line; `mids` has a space in front of each, and without any nothing is written. */
void jsep_write_group(struct text *groups, const struct text *mids);
void jsep_write_section(struct text *out, const struct jsep_snapshot *snapshot, const struct jsep_plan *plan);
/* 0 when everything was written; else empties *out and returns RTC_ERR_NO_MEMORY. */
int jsep_written(struct text *out);

#endif
