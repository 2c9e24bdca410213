/* SPDX-License-Identifier: MIT */
/* Writing JSON: see json.h. */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* How many bytes the character has that begins here (RFC 3629); 0: it is none. */
static size_t character(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (len == 0 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (lead == 0xe0 && at[1] < 0xa0) || (lead == 0xf0 && at[1] < 0x90);
    bool beyond = (lead == 0xed && at[1] > 0x9f) || (lead == 0xf4 && at[1] > 0x8f);
    return overlong || beyond ? 0 : len;
}

static void add_character(struct text *text, const uint8_t *at, size_t len)
{
    if (len == 0)
        text_print(text, "\\ufffd");
    else if (at[0] == '"' || at[0] == '\\')
        text_print(text, "\\%c", at[0]);
    else if (at[0] < 0x20 || at[0] == 0x7f)
        text_print(text, "\\u%04x", (unsigned)at[0]);
    else
        text_add(text, slice_of(at, len));
}

void json_string(struct text *text, struct slice value)
{
    text_print(text, "\"");
    size_t at = 0;
    while (at < value.len) {
        size_t len = character(value.data + at, value.len - at);
        add_character(text, value.data + at, len);
        at += len > 0 ? len : 1;
    }
    text_print(text, "\"");
}

void json_number(struct text *text, double value)
{
    char digits[32];
    if (!isfinite(value)) {
        text_print(text, "null");
        return;
    }
    (void)snprintf(digits, sizeof digits, "%.15g", value);
    if (strtod(digits, NULL) != value)
        (void)snprintf(digits, sizeof digits, "%.17g", value);
    for (char *c = digits; *c; c++)
        if (*c == ',') /* the program's locale may say so */
            *c = '.';
    text_print(text, "%s", digits);
}
