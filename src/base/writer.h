/* SPDX-License-Identifier: MIT */
/* The mirror of reader.h: a cursor that writes into a fixed block. Writing past the end sets a sticky failure flag and writes nothing
 * more; writer_ok() is asked once. */
#ifndef CRTC_WRITER_H
#define CRTC_WRITER_H

#include "slice.h"

struct writer { /* on the stack of who prints; written by these functions alone. The block is somebody else's. */
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool failed;
};

static inline struct writer writer_of(uint8_t *data, size_t capacity)
{
    return (struct writer){data, data, data + capacity, false};
}

static inline bool writer_ok(const struct writer *w)
{
    return !w->failed;
}

static inline size_t writer_len(const struct writer *w)
{
    return (size_t)(w->at - w->start);
}

static inline size_t writer_left(const struct writer *w)
{
    return (size_t)(w->end - w->at);
}

/* Room for n bytes that the caller fills, or NULL and failure. */
static inline uint8_t *writer_room(struct writer *w, size_t n)
{
    if (w->failed || writer_left(w) < n) {
        w->failed = true;
        return NULL;
    }
    uint8_t *p = w->at;
    w->at += n;
    return p;
}

static inline void writer_bytes(struct writer *w, struct slice s)
{
    uint8_t *p = writer_room(w, s.len);
    if (p && s.len > 0)
        memcpy(p, s.data, s.len);
}

static inline void writer_zeros(struct writer *w, size_t n)
{
    uint8_t *p = writer_room(w, n);
    if (p && n > 0)
        memset(p, 0, n);
}

static inline void put_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void put_u32(uint8_t *p, uint32_t v)
{
    put_u16(p, (uint16_t)(v >> 16));
    put_u16(p + 2, (uint16_t)v);
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
    uint8_t *p = writer_room(w, 1);
    if (p)
        *p = v;
}

static inline void writer_u16(struct writer *w, uint16_t v)
{
    uint8_t *p = writer_room(w, 2);
    if (p)
        put_u16(p, v);
}

static inline void writer_u24(struct writer *w, uint32_t v)
{
    writer_u8(w, (uint8_t)(v >> 16));
    writer_u16(w, (uint16_t)v);
}

static inline void writer_u32(struct writer *w, uint32_t v)
{
    uint8_t *p = writer_room(w, 4);
    if (p)
        put_u32(p, v);
}

static inline void writer_u64(struct writer *w, uint64_t v)
{
    writer_u32(w, (uint32_t)(v >> 32));
    writer_u32(w, (uint32_t)v);
}

#endif
