/* SPDX-License-Identifier: MIT */
/* Splitting a frame into payloads of nearly equal length, each behind a descriptor of its format's (VP8, RFC 7741; VP9, RFC 9628). */
#ifndef CRTC_EVEN_PAYLOADS_H
#define CRTC_EVEN_PAYLOADS_H

#include "payload_format.h"

/* `descriptor`: the most bytes that one takes. False when the frame is empty or there is no room for a byte of it. */
bool even_payloads_start(struct packetizer *p, struct slice frame, const struct payload_picture *picture, size_t max_payload,
                         size_t descriptor);
/* As packetizer_next of struct payload_format; `describe` writes the descriptor of the payload that is next. */
bool even_payloads_next(struct packetizer *p, struct writer *w, bool *last, void (*describe)(const struct packetizer *, struct writer *));

#endif
