/* SPDX-License-Identifier: MIT */
/* INIT chunks that travel in descriptions (SNAP, draft-hancke-tsvwg-snap; RFC 9260 3.3.2), and the packets by which an engine that knows of
 * no such thing is led through the handshake of RFC 9260 5.1 within this side. What a description says comes from anywhere: it is read into
 * the few values that matter here, and never shown to an engine as it is. */
#ifndef CRTC_SNAP_INIT_H
#define CRTC_SNAP_INIT_H

#include "slice.h"

enum {
    SNAP_INIT_MAX = 512,   /* bytes of a chunk; Chromium's has 30 */
    SNAP_PACKET_MAX = 2048 /* an engine's INIT ACK with its cookie */
};

/* What a peer's INIT says that counts here. */
struct snap_init {
    uint32_t tag, window, tsn;
    uint16_t streams_out, streams_in;
    bool forward_tsn; /* RFC 3758 */
    bool re_config;   /* RFC 6525 */
};

struct snap_packet {
    size_t len;
    uint8_t bytes[SNAP_PACKET_MAX];
};

/* Keeps a copy; nothing, of one that is too long. */
void snap_packet_keep(struct snap_packet *packet, struct slice bytes);
/* The chunk: RFC 9260 3.3.2 allows no zero tag, no window under 1500 bytes, and no direction without streams. Padding may follow it. False,
 * and *out says nothing, for anything else. */
bool snap_init_read(struct slice chunk, struct snap_init *out);
/* The INIT chunk of a packet that has nothing else; empty when that is not so, or it is longer than SNAP_INIT_MAX. Borrowed. */
struct slice snap_init_of(const struct snap_packet *packet);
/* A packet as the peer would have sent its INIT in. */
void snap_init_show(const struct snap_init *init, uint16_t from, uint16_t to, struct snap_packet *out);
/* And the one with which it would have answered this INIT ACK; false: it is none. */
bool snap_echo_show(const struct snap_packet *init_ack, struct snap_packet *out);

#endif
