/* SPDX-License-Identifier: MIT */
/* UTF-8. */
#include "utf8.h"

#include <string.h>

/* How many bytes the character has that begins with `first`; 0: none begins so. */
static size_t length_of(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

size_t utf8_read(const char *text, size_t len, uint32_t *character)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = len == 0 ? 0 : length_of((unsigned char)text[0]);
    if (bytes == 0 || bytes > len) {
        return 0;
    }
    uint32_t value = bytes == 1 ? (unsigned char)text[0] : (unsigned char)text[0] & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | ((unsigned char)text[i] & 0x3f);
    }
    if (value < smallest[bytes] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    *character = value;
    return bytes;
}

bool utf8_is_valid(const char *text, size_t len)
{
    uint32_t character;
    while (len > 0) {
        size_t bytes = utf8_read(text, len, &character);
        if (bytes == 0) {
            return false;
        }
        text += bytes;
        len -= bytes;
    }
    return true;
}

bool utf8_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

void utf8_printable(char *out, size_t size, const char *text, size_t len)
{
    size_t written = 0;
    while (len > 0) {
        uint32_t character = 0;
        size_t bytes = utf8_read(text, len, &character);
        bool good = bytes > 0 && !utf8_is_control(character);
        size_t wanted = good ? bytes : 1;
        if (written + wanted >= size) {
            break;
        }
        memcpy(out + written, good ? text : ".", wanted);
        written += wanted;
        text += bytes == 0 ? 1 : bytes;
        len -= bytes == 0 ? 1 : bytes;
    }
    out[written] = '\0';
}
