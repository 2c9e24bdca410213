/* SPDX-License-Identifier: MIT */
/* See even_payloads.h. */
#include "even_payloads.h"

bool even_payloads_start(struct packetizer *p, struct slice frame, const struct payload_picture *picture, size_t max_payload,
                         size_t descriptor)
{
    if (frame.len == 0 || max_payload <= descriptor)
        return false;
    size_t room = max_payload - descriptor;
    *p = (struct packetizer){.left = frame, .payloads_left = (frame.len + room - 1) / room, .picture = *picture, .first = true};
    return true;
}

bool even_payloads_next(struct packetizer *p, struct writer *w, bool *last, void (*describe)(const struct packetizer *, struct writer *))
{
    if (p->payloads_left == 0)
        return false;
    size_t len = p->left.len / p->payloads_left;
    describe(p, w);
    writer_bytes(w, slice_of(p->left.data, len));
    if (!writer_ok(w))
        return false;
    p->left = slice_of(p->left.data + len, p->left.len - len);
    p->first = false;
    *last = --p->payloads_left == 0;
    return true;
}
