/* SPDX-License-Identifier: MIT */
/* Growing text and number parsing. */
#include "text.h"

#include "memory.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

struct text text_new(rtc_context *context)
{
    return (struct text){.context = context};
}

static char *room(struct text *t, size_t n)
{
    void *data = t->data;
    if (t->failed || !memory_grow(t->context, &data, &t->capacity, t->len + n + 1, 1)) {
        t->failed = true;
        return NULL;
    }
    t->data = data;
    return t->data + t->len;
}

void text_add(struct text *t, struct slice bytes)
{
    char *p = room(t, bytes.len);
    if (!p)
        return;
    if (bytes.len > 0)
        memcpy(p, bytes.data, bytes.len);
    t->len += bytes.len;
    t->data[t->len] = 0;
}

void text_print(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *p = need < 0 ? NULL : room(t, (size_t)need);
    if (!p) {
        t->failed = true;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(p, (size_t)need + 1, format, args);
    va_end(args);
    t->len += (size_t)need;
}

char *text_take(struct text *t)
{
    if (!t->failed && !t->data)
        text_add(t, slice_str(""));
    char *data = t->failed ? NULL : t->data;
    if (data)
        t->data = NULL;
    text_fini(t);
    return data;
}

void text_fini(struct text *t)
{
    memory_free(t->context, t->data);
    *t = (struct text){.context = t->context};
}

/* The bytes of the character at the start of `s`; 0 when it is malformed, or not printable (RFC 3629). */
static size_t character_len(struct slice s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = s.data[0];
    size_t len = first < 0x80 ? 1 : (first & 0xe0) == 0xc0 ? 2 : (first & 0xf0) == 0xe0 ? 3 : (first & 0xf8) == 0xf0 ? 4 : 0;
    uint32_t code = len == 1 ? first : len == 0 ? 0 : first & (0x7fu >> len);
    if (len == 0 || len > s.len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((s.data[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s.data[i] & 0x3f);
    }
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    return control || code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : len;
}

void text_copy_foreign(char *to, size_t capacity, struct slice from)
{
    size_t used = 0;
    for (size_t at = 0, len; at < from.len; at += len ? len : 1) {
        len = character_len(slice_of(from.data + at, from.len - at));
        if (used + (len ? len : 1) >= capacity)
            break;
        if (len == 0)
            to[used++] = '?';
        for (size_t i = 0; i < len; i++)
            to[used++] = (char)from.data[at + i];
    }
    to[used] = 0;
}

void text_copy(char *to, size_t capacity, const char *from)
{
    size_t len = strnlen(from, capacity - 1);
    memcpy(to, from, len);
    to[len] = 0;
}

bool slice_to_u64(struct slice s, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.data[i] - '0');
        if (n > max / 10 || n * 10 > max - digit)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (tolower(a.data[i]) != tolower(b.data[i]))
            return false;
    return true;
}

bool slice_is_nocase(struct slice a, const char *text)
{
    return slice_eq_nocase(a, slice_str(text));
}
