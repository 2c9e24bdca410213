/* SPDX-License-Identifier: MIT */
/* Which section does a packet belong to? The algorithm of RFC 8843 section 9.2: the mid extension latches an SSRC to its section, then
 * the table of SSRCs (from the description or latched), then a payload type that only one section has. The table is bounded by the
 * context's `ssrcs` limit: one SSRC more takes the place of the latched one that was silent for longest. */
#ifndef CRTC_RTP_DEMUX_H
#define CRTC_RTP_DEMUX_H

#include "rtp_packet.h"
#include "rtp_section.h"

struct rtp_demux;

/* What a packet is that is parity. */
enum rtp_parity { RTP_NO_PARITY, RTP_ULPFEC, RTP_FLEXFEC };

struct rtp_route {
    uint32_t member; /* the handle given to rtp_demux_set_section() */
    uint32_t ssrc;   /* the packet's */
    bool rtx;        /* a repair stream (RFC 4588) */
    enum rtp_parity parity;
    uint32_t media_ssrc;           /* rtx, FlexFEC: the stream that it repairs, 0 while unknown; else ssrc */
    const struct rtp_codec *codec; /* the packet's, or for rtx the repaired stream's, of parity NULL; borrowed until the section changes */
    const char *rid;               /* "" when unknown; borrowed until the next call */
};

int rtp_demux_new(rtc_context *context, struct rtp_demux **out);
void rtp_demux_free(struct rtp_demux *demux);
/* Room for so many sections more: adding them does not fail. */
int rtp_demux_reserve(struct rtp_demux *demux, size_t more);
/* Room for so many SSRCs more that descriptions name, up to the limit. */
int rtp_demux_reserve_sources(struct rtp_demux *demux, size_t more);
/* Adds or replaces; replacing keeps SSRCs that were latched. Sections that do not receive still get their RTCP routed.
 * RTC_ERR_NO_MEMORY. */
int rtp_demux_set_section(struct rtp_demux *demux, uint32_t handle, const struct rtp_section *section);
/* Forgets its SSRCs too. */
void rtp_demux_remove_member(struct rtp_demux *demux, uint32_t handle);
/* The ids of mid, rid, repaired-rid, when and as which it left its transport, to parse a packet with before its section is known (they
 * agree within a bundle); afterwards use rtp_find_extensions() with the section's own ids. */
const uint8_t *rtp_demux_ids(const struct rtp_demux *demux);
/* False: drop the packet (unknown mid, unknown SSRC and no unique payload type, a payload type that the section does not receive, no
 * memory). */
bool rtp_demux_route(struct rtp_demux *demux, const struct rtp_header *header, struct rtp_route *out);
/* Whether the packet is RED (RFC 2198) around another one. *at is where in its payload the byte of RED is, *payload_type what the packet is
 * without it; RTP_NO_PAYLOAD_TYPE: nothing that the section receives. */
bool rtp_demux_is_red(const struct rtp_demux *demux, const struct rtp_header *header, size_t *at, uint8_t *payload_type);
/* The codec of a payload type of media; NULL: the member receives no such one. Borrowed until its section changes. */
const struct rtp_codec *rtp_demux_codec(const struct rtp_demux *demux, uint32_t member, uint8_t payload_type);
/* The member that a remote SSRC belongs to (SR, BYE, SDES), 0 when unknown. */
uint32_t rtp_demux_member_of(const struct rtp_demux *demux, uint32_t remote_ssrc);
/* BYE: the SSRC may be used by somebody else from now on. */
void rtp_demux_forget(struct rtp_demux *demux, uint32_t remote_ssrc);

#endif
