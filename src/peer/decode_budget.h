/* SPDX-License-Identifier: MIT */
/* What the pictures of a connection's peer may take: the size of one, pixels in a second, bytes at a time (rtc_limits). All receivers of a
 * connection share it, and every frame is judged by its header before a decoder sees it. A pure state machine. */
#ifndef CRTC_DECODE_BUDGET_H
#define CRTC_DECODE_BUDGET_H

#include <crtc/context.h>

/* Owner: the connection, on whose thread it is. Written by decode_budget.c alone. */
struct decode_budget {
    uint64_t picture_pixels, pixels_per_second, bytes_max;
    int64_t credit; /* pixels that may be decoded now; at most one second's */
    rtc_time_t last;
    uint64_t bytes; /* held by decoders, by what waits for them, and by what they made */
};

enum decode_verdict {
    DECODE_GRANTED,
    DECODE_TOO_LARGE, /* it will be as large the next time */
    DECODE_TOO_OFTEN,
    DECODE_NO_ROOM
};

void decode_budget_init(struct decode_budget *b, const rtc_limits *limits);
/* A frame whose largest picture has so many pixels, and all of them `all`, after which `more` bytes are held in addition. `resized`: it
 * makes a decoder allocate anew, which costs more than decoding does. On success the pixels are taken; the bytes are not. */
enum decode_verdict decode_budget_take(struct decode_budget *b, rtc_time_t now, uint64_t pixels, uint64_t all, bool resized, uint64_t more);
/* A receiver holds this much now, and held that much when it last said so. */
void decode_budget_hold(struct decode_budget *b, uint64_t before, uint64_t now);
/* What a picture takes up, in whole blocks and with the borders, which are most of one that is long and thin. */
uint64_t decode_budget_area(uint32_t width, uint32_t height);
/* Bytes of a decoder for pictures of this area, and of one decoded picture. */
uint64_t decode_budget_decoder(uint64_t area);
uint64_t decode_budget_picture(uint64_t area);
const char *decode_verdict_name(enum decode_verdict verdict);

#endif
