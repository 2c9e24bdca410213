/* SPDX-License-Identifier: MIT */
/* A session description to text: the lines in their order. Line ends are always CRLF (RFC 8866 section 5). */
#include "sdp.h"
#include "text.h"

void sdp_print(const struct sdp *sdp, struct text *out)
{
    for (size_t i = 0; i < sdp->line_count; i++) {
        char prefix[2] = {sdp->lines[i].type, '='};
        text_add(out, slice_of(prefix, 2));
        text_add(out, sdp->lines[i].text);
        text_add(out, slice_str("\r\n"));
    }
}
