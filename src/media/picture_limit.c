/* SPDX-License-Identifier: MIT */
/* See picture_limit.h. */
#include "picture_limit.h"

#include <math.h>

enum { BLOCK = 16, RATE_STEP = 5 /* measured rates waver, and sizes must not */ };

static uint32_t blocks_of(uint32_t width, uint32_t height)
{
    return (width + BLOCK - 1) / BLOCK * ((height + BLOCK - 1) / BLOCK);
}

static uint32_t most_blocks(const struct picture_limit *limit, uint32_t rate)
{
    uint32_t most = limit->blocks ? limit->blocks : UINT32_MAX;
    uint32_t steady = (rate + RATE_STEP / 2) / RATE_STEP * RATE_STEP;
    if (limit->blocks_per_second > 0 && steady > 0 && limit->blocks_per_second / steady < most)
        most = limit->blocks_per_second / steady;
    return most > 0 ? most : 1;
}

void picture_limit_apply(const struct picture_limit *limit, uint32_t pictures_per_second, uint32_t *width, uint32_t *height)
{
    uint32_t most = most_blocks(limit, pictures_per_second), full_width = *width, full_height = *height;
    if (full_width == 0 || full_height == 0 || blocks_of(full_width, full_height) <= most)
        return;
    double scale = sqrt((double)most / blocks_of(full_width, full_height));
    for (; blocks_of(*width, *height) > most && (*width > 2 || *height > 2); scale *= 0.99) {
        *width = (uint32_t)(full_width * scale) & ~1u;
        *height = (uint32_t)(full_height * scale) & ~1u;
        *width = *width < 2 ? 2 : *width;
        *height = *height < 2 ? 2 : *height;
    }
}
