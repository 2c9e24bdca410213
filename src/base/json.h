/* SPDX-License-Identifier: MIT */
/* Writing JSON (RFC 8259) into a growing text: the two values that need care. What stands around them is plain text. */
#ifndef CRTC_JSON_H
#define CRTC_JSON_H

#include "text.h"

/* In quotes, escaped; bytes that are no UTF-8 become U+FFFD. */
void json_string(struct text *text, struct slice value);
/* The shortest decimal that is read back as the same number; null for what is none. */
void json_number(struct text *text, double value);

#endif
