/* SPDX-License-Identifier: MIT */
/* Payloads that carry others (RFC 2198): blocks of earlier sound in front of the packet's own, or one block that says what it is. A
 * packet is read into views and written from blocks; which payload types mean what is the caller's. */
#ifndef CRTC_REDUNDANCY_H
#define CRTC_REDUNDANCY_H

#include "slice.h"
#include "writer.h"

enum {
    RED_BLOCKS_MAX = 16,
    RED_HEADER_LEN = 4, /* of each block but the last */
    RED_LAST_HEADER_LEN = 1,
    RED_OFFSET_MAX = (1 << 14) - 1,
    RED_BLOCK_MAX = (1 << 10) - 1 /* bytes of each block but the last */
};

/* Views into the payload. */
struct red_block {
    uint8_t payload_type;
    uint16_t earlier; /* units of the clock before the packet's timestamp; of the last block 0 */
    struct slice data;
};

struct red_payload {
    struct red_block blocks[RED_BLOCKS_MAX]; /* as in the packet: the last is its own */
    size_t count;                            /* at least 1 */
};

/* False when lengths do not fit or there are too many blocks. Blocks may be empty. */
bool redundancy_read(struct slice payload, struct red_payload *out);
/* What headers and data take. */
size_t redundancy_size(const struct red_payload *payload);
/* False when a block does not fit its header, or `w` has no room. */
bool redundancy_write(const struct red_payload *payload, struct writer *w);

#endif
