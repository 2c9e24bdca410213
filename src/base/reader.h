/* SPDX-License-Identifier: MIT */
/* A cursor over bytes from the network. Reading past the end sets a sticky failure flag and yields zeros, so a parser reads straight on
 * and asks reader_ok() once. A child reader can not leave its block. All integers are big-endian. */
#ifndef CRTC_READER_H
#define CRTC_READER_H

#include "slice.h"

struct reader { /* on the stack of who parses; written by these functions alone */
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct reader reader_of(struct slice s)
{
    return (struct reader){s.data, s.data ? s.data + s.len : NULL, false};
}

static inline bool reader_ok(const struct reader *r)
{
    return !r->failed;
}

static inline size_t reader_left(const struct reader *r)
{
    return r->failed || !r->at ? 0 : (size_t)(r->end - r->at);
}

/* The next n bytes, or an empty slice and failure. */
static inline struct slice reader_bytes(struct reader *r, size_t n)
{
    if (reader_left(r) < n) {
        r->failed = true;
        return (struct slice){NULL, 0};
    }
    struct slice s = {r->at, n};
    if (n > 0)
        r->at += n;
    return s;
}

static inline struct slice reader_rest(struct reader *r)
{
    return reader_bytes(r, reader_left(r));
}

static inline struct reader reader_child(struct reader *r, size_t n)
{
    struct slice s = reader_bytes(r, n);
    return (struct reader){s.data, s.data ? s.data + s.len : NULL, r->failed};
}

static inline void reader_skip(struct reader *r, size_t n)
{
    (void)reader_bytes(r, n);
}

static inline uint8_t reader_u8(struct reader *r)
{
    struct slice s = reader_bytes(r, 1);
    return s.data ? s.data[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
    struct slice s = reader_bytes(r, 2);
    return s.data ? (uint16_t)((unsigned)s.data[0] << 8 | s.data[1]) : 0;
}

static inline uint32_t reader_u24(struct reader *r)
{
    struct slice s = reader_bytes(r, 3);
    return s.data ? (uint32_t)s.data[0] << 16 | (uint32_t)s.data[1] << 8 | s.data[2] : 0;
}

static inline uint32_t reader_u32(struct reader *r)
{
    uint32_t high = reader_u16(r);
    return high << 16 | reader_u16(r);
}

static inline uint64_t reader_u64(struct reader *r)
{
    uint64_t high = reader_u32(r);
    return high << 32 | reader_u32(r);
}

#endif
