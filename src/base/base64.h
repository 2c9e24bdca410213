/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648 section 4), as SDP and PEM write bytes. */
#ifndef CRTC_BASE64_H
#define CRTC_BASE64_H

#include "slice.h"

/* Characters of so many bytes, with padding. */
#define BASE64_LEN(bytes) (((bytes) + 2) / 3 * 4)

/* Writes BASE64_LEN(bytes.len) characters and a zero. */
void base64_encode(struct slice bytes, char *text);
/* The bytes; the padding may be missing. False, and *len says nothing, when the text is no base64, has bits over, or does not fit into
 * `capacity`. */
bool base64_decode(struct slice text, uint8_t *bytes, size_t capacity, size_t *len);

#endif
