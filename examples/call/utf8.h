/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629): what a WebSocket's texts must be (RFC 6455 8.1), and what may be written to a terminal. */
#ifndef CALL_UTF8_H
#define CALL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the character at `text`, of which there are `len` bytes. Returns how many bytes it has; 0 when there is none that is right. */
size_t utf8_read(const char *text, size_t len, uint32_t *character);
bool utf8_is_valid(const char *text, size_t len);
/* True for C0, DEL and C1: a terminal would obey them. */
bool utf8_is_control(uint32_t character);
/* Writes a text of somebody else as one line: a full stop in place of each control character and of each byte that is no UTF-8. At most
 * `size` bytes with the final zero, cut between characters. */
void utf8_printable(char *out, size_t size, const char *text, size_t len);

#endif
