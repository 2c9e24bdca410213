/* SPDX-License-Identifier: MIT */
/* The RTP payload format of PCMU and PCMA: see g711_payload.h. */
#include "g711_payload.h"

static bool parse(struct slice payload, struct payload_info *out)
{
    if (payload.len == 0 || payload.len > G711_SAMPLES_MAX)
        return false;
    *out = (struct payload_info){.data = payload, .first = true, .keyframe = true, .samples = (uint32_t)payload.len};
    return true;
}

const struct payload_format g711_payload_format = {.parse = parse};
