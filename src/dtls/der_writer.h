/* SPDX-License-Identifier: MIT */
/* A writer of DER (X.690 section 10) into a fixed block, from its end to its beginning, so that every length is known when it is written.
 * Writing past the beginning sets a sticky failure flag and writes nothing more. */
#ifndef CRTC_DER_WRITER_H
#define CRTC_DER_WRITER_H

#include "slice.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OBJECT_IDENTIFIER = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT = 0x80,            /* [n], primitive */
    DER_CONTEXT_CONSTRUCTED = 0xa0 /* [n] around other values */
};

/* On the stack of who writes. */
struct der_writer {
    uint8_t *start;
    uint8_t *at; /* what is written lies from here on */
    uint8_t *end;
    bool failed;
};

static inline struct der_writer der_writer_of(uint8_t *data, size_t capacity)
{
    return (struct der_writer){data, data + capacity, data + capacity, false};
}

static inline size_t der_len(const struct der_writer *w)
{
    return (size_t)(w->end - w->at);
}

static inline struct slice der_written(const struct der_writer *w)
{
    return slice_of(w->at, der_len(w));
}

static inline void der_bytes(struct der_writer *w, struct slice s)
{
    if (w->failed || (size_t)(w->at - w->start) < s.len) {
        w->failed = true;
        return;
    }
    w->at -= s.len;
    if (s.len > 0)
        memcpy(w->at, s.data, s.len);
}

static inline void der_byte(struct der_writer *w, uint8_t byte)
{
    der_bytes(w, slice_of(&byte, 1));
}

/* Puts tag and length before what was written since der_len() was `mark`. */
static inline void der_wrap(struct der_writer *w, unsigned tag, size_t mark)
{
    size_t len = der_len(w) - mark;
    uint8_t digits = 0;
    if (len < 0x80) {
        der_byte(w, (uint8_t)len);
    } else {
        for (size_t left = len; left > 0; left >>= 8, digits++)
            der_byte(w, (uint8_t)left);
        der_byte(w, (uint8_t)(0x80 | digits));
    }
    der_byte(w, (uint8_t)tag);
}

/* A whole primitive value. */
static inline void der_value(struct der_writer *w, unsigned tag, struct slice content)
{
    size_t mark = der_len(w);
    der_bytes(w, content);
    der_wrap(w, tag, mark);
}

#endif
