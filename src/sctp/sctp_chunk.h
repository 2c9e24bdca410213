/* SPDX-License-Identifier: MIT */
/* The chunks of an SCTP packet (RFC 9260 3), for looking at what an engine sends and receives. */
#ifndef CRTC_SCTP_CHUNK_H
#define CRTC_SCTP_CHUNK_H

#include "reader.h"

enum { SCTP_COMMON_HEADER_LEN = 12 };

enum sctp_chunk_type {
    SCTP_CHUNK_DATA = 0,
    SCTP_CHUNK_INIT = 1,
    SCTP_CHUNK_INIT_ACK = 2,
    SCTP_CHUNK_SACK = 3,
    SCTP_CHUNK_SHUTDOWN = 7,
    SCTP_CHUNK_COOKIE_ECHO = 10,
    SCTP_CHUNK_RE_CONFIG = 130 /* RFC 6525 3.1 */
};

struct sctp_chunk {
    uint8_t type;
    struct reader body;
};

/* Past the common header. */
struct reader sctp_chunks_of(struct slice packet);
/* False at the end of the packet, and where it makes no sense. */
bool sctp_chunk_next(struct reader *chunks, struct sctp_chunk *out);

#endif
