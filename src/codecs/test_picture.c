/* SPDX-License-Identifier: MIT */
/* Drawing and reading the test picture; see test_picture.h.
 *
 * The blocks fill the lowest eighth of the picture, 20 of them side by side: white, black, the 16 bits of the number (white is 1, the
 * highest first), their parity, and its opposite. */
#include "test_picture.h"

#include <stdio.h>
#include <string.h>

enum { BLOCKS = 20, FIRST_BIT = 2, BITS = 16, PARITY = FIRST_BIT + BITS, STRIP = 8, GLYPH_WIDTH = 5, GLYPH_HEIGHT = 7, TEXT_MAX = 32 };
enum { BLACK = 16, WHITE = 235, NEUTRAL = 128 };

/* A value. */
struct yuv {
    uint8_t y, u, v;
};

/* A view of a frame's planes, which owns nothing. */
struct canvas {
    uint8_t *plane[3];
    size_t stride[3];
    uint32_t width, height;
};

/* Rows of five pixels, the highest bit to the left. */
static const uint8_t glyphs[12][GLYPH_HEIGHT] = {
    {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}, {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}, {0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f},
    {0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e}, {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}, {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e},
    {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}, {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}, {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e},
    {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}, {0x00, 0x04, 0x04, 0x00, 0x04, 0x04, 0x00}, {0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c},
};

/* BT.601, studio range. */
static struct yuv colour_of(uint32_t rgb)
{
    int r = rgb >> 16 & 255, g = rgb >> 8 & 255, b = rgb & 255;
    return (struct yuv){
        (uint8_t)((66 * r + 129 * g + 25 * b + 128) / 256 + 16),
        (uint8_t)((-38 * r - 74 * g + 112 * b + 128 + 128 * 256) / 256),
        (uint8_t)((112 * r - 94 * g - 18 * b + 128 + 128 * 256) / 256),
    };
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* From (x0, y0) up to but without (x1, y1), cut at the edges. */
static void fill(const struct canvas *c, uint32_t x0, uint32_t y0, uint32_t x1, uint32_t y1, struct yuv colour)
{
    const uint8_t values[3] = {colour.y, colour.u, colour.v};
    x1 = smaller(x1, c->width);
    y1 = smaller(y1, c->height);
    if (x0 >= x1 || y0 >= y1)
        return;
    for (int p = 0; p < 3; p++) {
        uint32_t half = p > 0, left = x0 >> half, right = (x1 + half) >> half, bottom = (y1 + half) >> half;
        for (uint32_t y = y0 >> half; y < bottom; y++)
            memset(c->plane[p] + y * c->stride[p] + left, values[p], right - left);
    }
}

static void draw_bars(const struct canvas *c, uint32_t number)
{
    static const uint32_t bars[8] = {0xc0c0c0, 0xc0c000, 0x00c0c0, 0x00c000, 0xc000c0, 0xc00000, 0x0000c0, 0x202020};
    uint32_t width = (c->width + 7) / 8;
    uint32_t shift = number * 2 % (width * 8);
    for (uint32_t bar = 0; bar < 16; bar++) {
        uint32_t right = (bar + 1) * width, left = bar * width;
        if (right > shift)
            fill(c, left > shift ? left - shift : 0, 0, right - shift, c->height, colour_of(bars[bar % 8]));
    }
}

static const uint8_t *glyph_of(char character)
{
    if (character >= '0' && character <= '9')
        return glyphs[character - '0'];
    return character == ':' ? glyphs[10] : glyphs[11];
}

static void draw_glyph(const struct canvas *c, uint32_t x, uint32_t y, uint32_t size, const uint8_t *glyph)
{
    for (uint32_t row = 0; row < GLYPH_HEIGHT; row++)
        for (uint32_t column = 0; column < GLYPH_WIDTH; column++)
            if (glyph[row] >> (GLYPH_WIDTH - 1 - column) & 1)
                fill(c, x + column * size, y + row * size, x + (column + 1) * size, y + (row + 1) * size,
                     (struct yuv){WHITE, NEUTRAL, NEUTRAL});
}

/* White on a black box, in the middle. `size`: pixels per dot of the letters. */
static void draw_text(const struct canvas *c, uint32_t y, uint32_t size, const char *text)
{
    uint32_t advance = (GLYPH_WIDTH + 1) * size, width = (uint32_t)strlen(text) * advance;
    uint32_t x = c->width > width ? (c->width - width) / 2 : 0;
    fill(c, x > size ? x - size : 0, y > size ? y - size : 0, x + width, y + (GLYPH_HEIGHT + 1) * size,
         (struct yuv){BLACK, NEUTRAL, NEUTRAL});
    for (; *text; text++, x += advance)
        draw_glyph(c, x, y, size, glyph_of(*text));
}

/* The longer text is 72 dots wide. The hours have two digits, so that the time begins anew after a hundred. */
static void draw_texts(const struct canvas *c, const struct test_picture *p)
{
    char number[TEXT_MAX], time[TEXT_MAX];
    uint32_t size = smaller(c->width / 90, c->height / 28);
    if (size == 0)
        return;
    unsigned long ms = (unsigned long)(p->time_us < 0 ? 0 : p->time_us / 1000 % 360000000);
    (void)snprintf(number, sizeof number, "%06u", (unsigned)(p->number % 1000000));
    (void)snprintf(time, sizeof time, "%02lu:%02lu:%02lu.%03lu", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
    uint32_t y = c->height / 8;
    draw_text(c, y, size, number);
    draw_text(c, y + (GLYPH_HEIGHT + 3) * size, size, time);
}

static bool parity_of(uint16_t number)
{
    return __builtin_parity(number);
}

static bool block_is_white(uint16_t number, uint32_t block)
{
    if (block < FIRST_BIT)
        return block == 0;
    if (block < PARITY)
        return number >> (BITS - 1 - (block - FIRST_BIT)) & 1;
    return parity_of(number) == (block == PARITY);
}

static void draw_blocks(const struct canvas *c, uint16_t number)
{
    for (uint32_t b = 0; b < BLOCKS; b++)
        fill(c, c->width * b / BLOCKS, c->height - c->height / STRIP, c->width * (b + 1) / BLOCKS, c->height,
             (struct yuv){block_is_white(number, b) ? WHITE : BLACK, NEUTRAL, NEUTRAL});
}

void test_picture_draw(rtc_video_frame *frame, const struct test_picture *picture)
{
    struct canvas c = {.width = rtc_video_frame_width(frame), .height = rtc_video_frame_height(frame)};
    for (size_t p = 0; p < 3; p++) {
        c.plane[p] = rtc_video_frame_writable_plane(frame, p);
        c.stride[p] = rtc_video_frame_stride(frame, p);
    }
    if (picture->colour)
        fill(&c, 0, 0, c.width, c.height, colour_of(picture->colour));
    else
        draw_bars(&c, picture->number);
    draw_texts(&c, picture);
    draw_blocks(&c, (uint16_t)picture->number);
}

/* The mean luma of a block's middle. */
static uint32_t luma_of(const rtc_video_frame *frame, uint32_t block)
{
    uint32_t width = rtc_video_frame_width(frame), height = rtc_video_frame_height(frame), strip = height / STRIP;
    uint32_t x0 = width * (block * 4 + 1) / (BLOCKS * 4), x1 = width * (block * 4 + 3) / (BLOCKS * 4);
    uint32_t y0 = height - strip * 3 / 4, y1 = height - strip / 4, sum = 0, n = 0;
    const uint8_t *plane = rtc_video_frame_plane(frame, 0);
    for (uint32_t y = y0; y < y1; y++)
        for (uint32_t x = x0; x < x1; x++, n++)
            sum += plane[y * rtc_video_frame_stride(frame, 0) + x];
    return n > 0 ? sum / n : NEUTRAL;
}

bool test_picture_read(const rtc_video_frame *frame, uint16_t *number)
{
    bool white[BLOCKS];
    uint16_t value = 0;
    if (rtc_video_frame_format(frame) != RTC_VIDEO_I420)
        return false;
    uint32_t high = luma_of(frame, 0), low = luma_of(frame, 1);
    if (high < low + 100) /* of the 219 between white and black: less is another picture */
        return false;
    for (uint32_t b = 0; b < BLOCKS; b++) {
        uint32_t luma = luma_of(frame, b), quarter = (high - low) / 4;
        white[b] = luma > (high + low) / 2;
        if (luma > low + quarter && luma + quarter < high)
            return false;
    }
    for (uint32_t b = FIRST_BIT; b < PARITY; b++)
        value = (uint16_t)(value << 1 | white[b]);
    for (uint32_t b = 0; b < BLOCKS; b++)
        if (white[b] != block_is_white(value, b))
            return false;
    *number = value;
    return true;
}
