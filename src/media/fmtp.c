/* SPDX-License-Identifier: MIT */
/* See fmtp.h. */
#include "fmtp.h"

#include "text.h"
#include "writer.h"

#include <string.h>

/* What stands before the separator, which goes, too. */
static struct slice until(struct slice *rest, char separator)
{
    const uint8_t *found = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    size_t n = found ? (size_t)(found - rest->data) : rest->len, used = found ? n + 1 : n;
    struct slice part = slice_of(rest->data, n);
    *rest = slice_of(rest->data + used, rest->len - used);
    return part;
}

static struct slice trim(struct slice s)
{
    while (s.len > 0 && s.data[0] == ' ')
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len > 0 && s.data[s.len - 1] == ' ')
        s.len--;
    return s;
}

struct slice fmtp_value(const char *fmtp, const char *name)
{
    struct slice rest = slice_str(fmtp);
    while (rest.len > 0) {
        struct slice value = until(&rest, ';');
        if (slice_is_nocase(trim(until(&value, '=')), name))
            return trim(value);
    }
    return (struct slice){NULL, 0};
}

static bool begins_with(struct slice name, const char *beginning)
{
    size_t len = strlen(beginning);
    return name.len >= len && slice_is_nocase(slice_of(name.data, len), beginning);
}

void fmtp_add(char *to, size_t size, const char *from, const char *beginning)
{
    struct slice rest = slice_str(from);
    size_t before = strlen(to);
    struct writer w = writer_of((uint8_t *)to + before, size - before);
    while (rest.len > 0) {
        struct slice parameter = trim(until(&rest, ';')), value = parameter;
        if (begins_with(trim(until(&value, '=')), beginning)) {
            writer_bytes(&w, slice_str(before + writer_len(&w) > 0 ? ";" : ""));
            writer_bytes(&w, parameter);
        }
    }
    writer_u8(&w, 0);
    if (!writer_ok(&w))
        to[before] = '\0';
}
