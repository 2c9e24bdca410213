/* SPDX-License-Identifier: MIT */
/* Pictures no larger than who receives them takes (the level of H.264 in RFC 6184 section 8.1). A pure function. */
#ifndef CRTC_PICTURE_LIMIT_H
#define CRTC_PICTURE_LIMIT_H

#include <stdint.h>

/* In blocks of 16 pixels a side; 0: no limit. */
struct picture_limit {
    uint32_t blocks, blocks_per_second;
};

/* Makes both sides smaller, in proportion and even, until so many pictures a second are within the limit. */
void picture_limit_apply(const struct picture_limit *limit, uint32_t pictures_per_second, uint32_t *width, uint32_t *height);

#endif
