/* SPDX-License-Identifier: MIT */
/* The RTP packet (RFC 3550 section 5): bytes to a struct of views, and back. */
#ifndef CRTC_RTP_PACKET_H
#define CRTC_RTP_PACKET_H

#include "packet.h"
#include "rtp_extensions.h"

enum { RTP_HEADER_LEN = 12, RTP_CSRCS_MAX = 15 };

struct rtp_header {
    uint8_t payload_type;
    bool marker;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    struct slice csrcs; /* 4 bytes each */
    bool has_extensions;
    uint16_t extension_profile; /* 0xBEDE: one-byte elements, 0x1000-0x100F: two-byte */
    struct slice extension_block;
    struct slice extensions[RTP_EXTENSIONS]; /* values; .data NULL when absent */
    struct slice payload;                    /* without padding */
    uint8_t padding;                         /* bytes after the payload */
};

/* Parses a whole datagram; all slices borrow from it. `ids` are the extension ids (0: not negotiated) or NULL. A malformed extension
 * element ends the list of extensions, it does not make the packet malformed (RFC 8285 section 4.1.2). */
bool rtp_parse(struct slice packet, const uint8_t ids[RTP_EXTENSIONS], struct rtp_header *out);
/* Finds the extensions again by other ids: sections of one bundle may number theirs differently. */
void rtp_find_extensions(struct rtp_header *header, const uint8_t ids[RTP_EXTENSIONS]);

/* Writes the fixed header and the extensions whose value is set and whose id is not 0, at the packet's start; the payload is appended by
 * the caller. Ignores csrcs, padding and payload. False (packet unchanged) when it does not fit or a value can not be expressed. */
bool rtp_write_header(struct packet *packet, const struct rtp_header *header, const uint8_t ids[RTP_EXTENSIONS]);
/* What rtp_write_header() would write, in bytes. */
size_t rtp_header_size(const struct rtp_header *header, const uint8_t ids[RTP_EXTENSIONS]);

/* The SSRC of a packet that is known to be at least RTP_HEADER_LEN long. */
uint32_t rtp_ssrc(struct slice packet);
uint16_t rtp_sequence(struct slice packet);
/* RFC 5761 section 4: whether a datagram of the RTP range is RTCP. */
bool rtp_is_rtcp(struct slice datagram);

#endif
