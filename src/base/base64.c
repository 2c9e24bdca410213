/* SPDX-License-Identifier: MIT */
/* See base64.h. */
#include "base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct slice bytes, char *text)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t bits = (uint32_t)bytes.data[i] << 16;
        if (left > 1)
            bits |= (uint32_t)bytes.data[i + 1] << 8;
        if (left > 2)
            bits |= bytes.data[i + 2];
        *text++ = alphabet[bits >> 18];
        *text++ = alphabet[bits >> 12 & 63];
        *text++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
        *text++ = left > 2 ? alphabet[bits & 63] : '=';
    }
    *text = 0;
}

static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Without the padding; SIZE_MAX: it is too much, or not what the length asks for. */
static size_t characters_of(struct slice text)
{
    size_t len = text.len;
    while (len > 0 && text.data[len - 1] == '=')
        len--;
    bool padded = len != text.len;
    return len % 4 == 1 || text.len - len > 2 || (padded && text.len % 4 != 0) ? SIZE_MAX : len;
}

bool base64_decode(struct slice text, uint8_t *bytes, size_t capacity, size_t *len)
{
    size_t count = characters_of(text), done = 0;
    uint32_t bits = 0, have = 0;
    if (count == SIZE_MAX || count * 3 / 4 > capacity)
        return false;
    for (size_t i = 0; i < count; i++) {
        int value = value_of(text.data[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xffffff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            bytes[done++] = (uint8_t)(bits >> have);
        }
    }
    *len = done;
    return (bits & ((1u << have) - 1)) == 0;
}
