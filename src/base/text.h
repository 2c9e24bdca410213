/* SPDX-License-Identifier: MIT */
/* Growing text with a sticky failure flag, for everything that prints. */
#ifndef CRTC_TEXT_H
#define CRTC_TEXT_H

#include "slice.h"

#include <crtc/context.h>

struct text { /* of whoever prints, on its stack or embedded; written by text.c alone */
    rtc_context *context;
    char *data; /* zero-terminated once anything was added */
    size_t len;
    size_t capacity;
    bool failed; /* out of memory: asked once, by text_take() */
};

struct text text_new(rtc_context *context);
void text_add(struct text *text, struct slice bytes);
void text_print(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Gives the text to the caller (memory_free), or NULL when anything failed; the struct is empty afterwards. */
char *text_take(struct text *text);
void text_fini(struct text *text);

/* Copies zero-terminated text into a fixed array, cut where it does not fit, always terminated. */
void text_copy(char *to, size_t capacity, const char *from);
/* The same for text that a stranger wrote: what is no printable UTF-8 becomes question marks, and a character that does not fit whole is left out. `from` may be `to`
 * itself. */
void text_copy_foreign(char *to, size_t capacity, struct slice from);
/* Parses a whole slice as a decimal number of at most `max`; false for anything else. */
bool slice_to_u64(struct slice s, uint64_t max, uint64_t *out);
bool slice_eq_nocase(struct slice a, struct slice b);
bool slice_is_nocase(struct slice a, const char *text);

#endif
