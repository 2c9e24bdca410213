/* SPDX-License-Identifier: MIT */
/* Splits a session description into its lines (RFC 8866 sections 5 and 9): "<letter>=<text>", ended by CRLF or by LF alone. No byte string
 * may hold NUL, CR or LF, which is what keeps lines from being smuggled in. Empty lines are forgiven at the end of the text only:
 * signalling paths like to add one. */
#include "sdp_lexer.h"

#include "memory.h"

#include <stdarg.h>
#include <stdio.h>

int sdp_fail(struct sdp_error *error, int code, size_t line, const char *format, ...)
{
    if (!error)
        return code;
    va_list args;
    va_start(args, format);
    error->code = code;
    error->line = line;
    (void)vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return code;
}

struct slice sdp_until(struct slice *rest, char separator)
{
    const uint8_t *found = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    size_t n = found ? (size_t)(found - rest->data) : rest->len;
    struct slice part = slice_of(rest->data, n);
    size_t used = found ? n + 1 : n;
    *rest = slice_of(rest->data ? rest->data + used : NULL, rest->len - used);
    return part;
}

struct slice sdp_word(struct slice *rest)
{
    struct slice word;
    do {
        word = sdp_until(rest, ' ');
    } while (word.len == 0 && rest->len > 0);
    return word;
}

static int lex_line(struct slice text, uint32_t number, struct sdp_line *out, struct sdp_error *error)
{
    if (text.len < 2 || text.data[1] != '=' || text.data[0] < 'a' || text.data[0] > 'z')
        return sdp_fail(error, RTC_ERR_SYNTAX, number, "a line must start with a lower-case letter and \"=\"");
    if (memchr(text.data, 0, text.len) || memchr(text.data, '\r', text.len))
        return sdp_fail(error, RTC_ERR_SYNTAX, number, "a line holds a NUL or a lone CR");
    *out = (struct sdp_line){.type = (char)text.data[0], .number = number, .text = slice_of(text.data + 2, text.len - 2)};
    if (out->type != 'a')
        return 0;
    struct slice rest = out->text;
    out->name = sdp_until(&rest, ':');
    if (out->name.len < out->text.len)
        out->value = rest;
    return 0;
}

static bool only_line_ends(struct slice rest)
{
    for (size_t i = 0; i < rest.len; i++)
        if (rest.data[i] != '\r' && rest.data[i] != '\n')
            return false;
    return true;
}

int sdp_lex(struct sdp *sdp, size_t len, struct sdp_error *error)
{
    struct slice rest = slice_of(sdp->text, len);
    size_t capacity = 0;
    while (!only_line_ends(rest)) {
        void *lines = sdp->lines;
        if (!memory_grow(sdp->context, &lines, &capacity, sdp->line_count + 1, sizeof(*sdp->lines)))
            return sdp_fail(error, RTC_ERR_NO_MEMORY, 0, "out of memory");
        sdp->lines = lines;
        struct slice line = sdp_until(&rest, '\n');
        if (line.len > 0 && line.data[line.len - 1] == '\r')
            line.len--;
        int result = lex_line(line, (uint32_t)sdp->line_count + 1, &sdp->lines[sdp->line_count], error);
        if (result != 0)
            return result;
        sdp->line_count++;
    }
    return 0;
}
