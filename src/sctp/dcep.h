/* SPDX-License-Identifier: MIT */
/* The Data Channel Establishment Protocol's two messages (RFC 8832 5) and the payload protocol identifiers of data channels (RFC 8831 8).
 */
#ifndef CRTC_DCEP_H
#define CRTC_DCEP_H

#include "slice.h"

enum dcep_ppid {
    PPID_DCEP = 50,
    PPID_STRING = 51,
    PPID_BINARY_PARTIAL = 52, /* deprecated: more of the same message follows */
    PPID_BINARY = 53,
    PPID_STRING_PARTIAL = 54, /* deprecated, likewise */
    PPID_STRING_EMPTY = 56,
    PPID_BINARY_EMPTY = 57
};

enum dcep_type { DCEP_ACK = 0x02, DCEP_OPEN = 0x03 };

enum { DCEP_OPEN_HEADER_LEN = 12, DCEP_ACK_LEN = 1 };

struct dcep_open {
    bool unordered;
    int32_t max_retransmits;    /* -1: not limited by them */
    int32_t max_packet_life_ms; /* -1: not limited by it */
    uint16_t priority;
    struct slice label; /* views of the message */
    struct slice protocol;
};

/* The type of a message; 0 when it is empty. */
uint8_t dcep_type(struct slice message);
/* False for a message that is cut short, has bytes to spare or is of an unknown channel type. */
bool dcep_parse_open(struct slice message, struct dcep_open *out);
size_t dcep_open_len(const struct dcep_open *open);
/* Writes dcep_open_len() bytes; false when they do not fit or a text is too long. */
bool dcep_write_open(const struct dcep_open *open, uint8_t *bytes, size_t capacity);

#endif
