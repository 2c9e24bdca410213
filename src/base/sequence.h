/* SPDX-License-Identifier: MIT */
/* Arithmetic on numbers that wrap: RTP sequence numbers (16 bits) and timestamps (32 bits), RFC 1982 and RFC 3550 appendix A. */
#ifndef CRTC_SEQUENCE_H
#define CRTC_SEQUENCE_H

#include <stdint.h>

static inline int16_t seq16_diff(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b);
}

static inline int32_t seq32_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/* The 64-bit number nearest to `reference` whose low bits are `wrapped`. */
static inline int64_t unwrap16(int64_t reference, uint16_t wrapped)
{
    return reference + seq16_diff(wrapped, (uint16_t)reference);
}

static inline int64_t unwrap32(int64_t reference, uint32_t wrapped)
{
    return reference + seq32_diff(wrapped, (uint32_t)reference);
}

#endif
