/* SPDX-License-Identifier: MIT */
/* Limits on decoding; see decode_budget.h. */
#include "decode_budget.h"

enum {
    RESIZE_COST = 4,        /* in times a picture: new buffers are cleared and touched */
    BORDER = 32,            /* on each side of a picture that others are predicted from */
    DECODER_PIXEL_BYTES = 7 /* four pictures of reference (RFC 6386 section 2), and what is known of each block */
};

void decode_budget_init(struct decode_budget *b, const rtc_limits *limits)
{
    *b = (struct decode_budget){
        .picture_pixels = limits->picture_pixels,
        .pixels_per_second = limits->decoded_pixels_per_second,
        .bytes_max = limits->decoder_bytes,
        .credit = limits->decoded_pixels_per_second,
    };
}

/* Time that is worth no whole pixel yet is kept for the next time. */
static void refill(struct decode_budget *b, rtc_time_t now)
{
    rtc_time_t passed = now - b->last;
    int64_t full = (int64_t)b->pixels_per_second;
    int64_t more = passed >= 1000000 ? full : full * passed / 1000000;
    if (more == 0)
        return;
    b->last = now;
    b->credit += more > 0 ? more : 0;
    if (b->credit > full)
        b->credit = full;
}

/* One picture that costs more than a second's has one to itself; several in one frame have not. */
enum decode_verdict decode_budget_take(struct decode_budget *b, rtc_time_t now, uint64_t pixels, uint64_t all, bool resized, uint64_t more)
{
    if (pixels > b->picture_pixels)
        return DECODE_TOO_LARGE;
    if (b->bytes + more > b->bytes_max)
        return DECODE_NO_ROOM;
    int64_t cost = (int64_t)(resized ? all * RESIZE_COST : all);
    refill(b, now);
    if (b->credit < cost && (b->credit < (int64_t)b->pixels_per_second || all > pixels))
        return DECODE_TOO_OFTEN;
    b->credit -= cost;
    return DECODE_GRANTED;
}

void decode_budget_hold(struct decode_budget *b, uint64_t before, uint64_t now)
{
    b->bytes = b->bytes - before + now;
}

static uint64_t with_border(uint32_t side)
{
    return (side + 15) / 16 * 16 + 2 * BORDER;
}

uint64_t decode_budget_area(uint32_t width, uint32_t height)
{
    return with_border(width) * with_border(height);
}

uint64_t decode_budget_decoder(uint64_t area)
{
    return area * DECODER_PIXEL_BYTES;
}

uint64_t decode_budget_picture(uint64_t area)
{
    return area * 3 / 2;
}

const char *decode_verdict_name(enum decode_verdict verdict)
{
    static const char *const names[] = {"granted", "larger than rtc_limits.picture_pixels",
                                        "more than rtc_limits.decoded_pixels_per_second", "more than rtc_limits.decoder_bytes"};
    return names[verdict];
}
