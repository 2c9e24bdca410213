/* SPDX-License-Identifier: MIT */
/* See vp9_stream.h. */
#include "vp9_stream.h"

enum { SYNC_CODE = 0x498342, PROFILES_DEEP = 2 /* from here on with more than 8 bits */, COLOUR_RGB = 7, REFERENCES = 3, MODES = 2 };
enum { INDEX_MARKER = 0xc0, INDEX_MASK = 0xe0 };

/* Highest first; 0 behind the end. */
struct bits {
    struct slice bytes;
    size_t at;
};

static uint32_t bits_of(struct bits *b, unsigned count)
{
    uint32_t value = 0;
    for (; count > 0; count--, b->at++)
        value = value << 1 | (b->at / 8 < b->bytes.len ? (uint32_t)b->bytes.data[b->at / 8] >> (7 - b->at % 8) & 1u : 0u);
    return value;
}

/* color_config(). */
static void skip_colours(struct bits *b, uint32_t profile)
{
    if (profile >= PROFILES_DEEP)
        (void)bits_of(b, 1);
    bool rgb = bits_of(b, 3) == COLOUR_RGB;
    if (!rgb)
        (void)bits_of(b, 1);
    if (profile & 1)
        (void)bits_of(b, rgb ? 1 : 3);
}

static void read_size(struct bits *b, struct vp9_header *out)
{
    uint32_t width = bits_of(b, 16) + 1, height = bits_of(b, 16) + 1;
    bool whole = b->at <= b->bytes.len * 8;
    out->width = whole ? width : 0;
    out->height = whole ? height : 0;
}

/* Of a frame that refers to others: theirs, unless it says another one. */
static void read_size_with_references(struct bits *b, struct vp9_header *out)
{
    bool found = false;
    (void)bits_of(b, 8);
    (void)bits_of(b, REFERENCES * 4);
    for (int i = 0; i < REFERENCES && !found; i++)
        found = bits_of(b, 1);
    if (!found)
        read_size(b, out);
}

/* render_size() */
static void skip_shown_size(struct bits *b)
{
    if (bits_of(b, 1))
        (void)bits_of(b, 32);
}

static void skip_filter(struct bits *b)
{
    (void)bits_of(b, 1); /* allow_high_precision_mv */
    if (!bits_of(b, 1))
        (void)bits_of(b, 2);
}

static bool read_inter(struct bits *b, bool shown, bool resilient, struct vp9_header *out)
{
    bool intra = !shown && bits_of(b, 1);
    if (!resilient)
        (void)bits_of(b, 2);
    if (!intra) {
        read_size_with_references(b, out);
        skip_shown_size(b);
        skip_filter(b);
        return true;
    }
    if (bits_of(b, 24) != SYNC_CODE)
        return false;
    if (out->profile > 0)
        skip_colours(b, out->profile);
    (void)bits_of(b, 8);
    read_size(b, out);
    skip_shown_size(b);
    return true;
}

/* What there is behind the marker; false when it is broken, or cut short before its sync code. */
static bool read_frame(struct bits *b, bool resilient, bool shown, struct vp9_header *out)
{
    if (!out->keyframe)
        return read_inter(b, shown, resilient, out);
    if (bits_of(b, 24) != SYNC_CODE)
        return b->bytes.len < 4; /* cut short: as far as can be seen */
    skip_colours(b, out->profile);
    read_size(b, out);
    skip_shown_size(b);
    return true;
}

/* From refresh_frame_context to base_q_idx. */
static int read_quantizer(struct bits *b, bool resilient)
{
    if (!resilient)
        (void)bits_of(b, 2);
    (void)bits_of(b, 2 + 6 + 3); /* frame_context_idx, the loop filter's level and sharpness */
    if (bits_of(b, 1) && bits_of(b, 1))
        for (int i = 0; i < REFERENCES + 1 + MODES; i++)
            if (bits_of(b, 1))
                (void)bits_of(b, 6 + 1);
    int index = (int)bits_of(b, 8);
    return b->at <= b->bytes.len * 8 ? index : -1;
}

static bool read_header(struct slice frame, struct vp9_header *out, int *quantizer)
{
    struct bits b = {.bytes = frame};
    *out = (struct vp9_header){0};
    *quantizer = -1;
    if (frame.len == 0 || bits_of(&b, 2) != 2) /* the frame marker */
        return false;
    out->profile = bits_of(&b, 1);
    out->profile |= bits_of(&b, 1) << 1;
    if (out->profile == 3)
        (void)bits_of(&b, 1);
    if (bits_of(&b, 1)) /* one that is there is shown */
        return true;
    out->keyframe = bits_of(&b, 1) == 0;
    bool shown = bits_of(&b, 1), resilient = bits_of(&b, 1);
    if (!read_frame(&b, resilient, shown, out))
        return false;
    *quantizer = read_quantizer(&b, resilient);
    return true;
}

bool vp9_header_read(struct slice frame, struct vp9_header *out)
{
    int quantizer;
    return read_header(frame, out, &quantizer);
}

/* Points of the table, and lines between them. */
uint32_t vp9_quantizer_step(int quantizer)
{
    static const uint32_t points[][2] = {{0, 7},     {95, 102},  {120, 152},  {150, 255}, {170, 366},
                                         {190, 530}, {205, 702}, {224, 1007}, {255, 1828}};
    uint32_t at = (uint32_t)quantizer;
    size_t i = 1;
    while (at > points[i][0] && i + 1 < sizeof points / sizeof points[0])
        i++;
    return points[i - 1][1] + (points[i][1] - points[i - 1][1]) * (at - points[i - 1][0]) / (points[i][0] - points[i - 1][0]);
}

int vp9_quantizer(struct slice chunk)
{
    struct slice frames[VP9_FRAMES_MAX] = {chunk};
    struct vp9_header header;
    size_t count = vp9_index_read(chunk, frames);
    int quantizer;
    return read_header(frames[count ? count - 1 : 0], &header, &quantizer) ? quantizer : -1;
}

bool vp9_frame_info(struct slice frame, uint16_t *width, uint16_t *height)
{
    struct vp9_header header;
    bool fits = vp9_header_read(frame, &header) && header.keyframe && header.width <= UINT16_MAX && header.height <= UINT16_MAX;
    *width = fits ? (uint16_t)header.width : 0;
    *height = fits ? (uint16_t)header.height : 0;
    return fits;
}

size_t vp9_index_read(struct slice chunk, struct slice frames[VP9_FRAMES_MAX])
{
    uint8_t marker = chunk.len > 0 ? chunk.data[chunk.len - 1] : 0;
    size_t count = (marker & 7) + 1u, bytes = (marker >> 3 & 3) + 1u, len = 2 + count * bytes;
    if ((marker & INDEX_MASK) != INDEX_MARKER || chunk.len < len || chunk.data[chunk.len - len] != marker)
        return 0;
    const uint8_t *at = chunk.data + (chunk.len - len) + 1;
    size_t begin = 0, end = chunk.len - len;
    for (size_t i = 0; i < count; i++) {
        size_t size = 0;
        for (size_t k = 0; k < bytes; k++)
            size |= (size_t)*at++ << 8 * k;
        if (size > end - begin)
            size = end - begin;
        frames[i] = slice_of(chunk.data + begin, size);
        begin += size;
    }
    return count;
}

struct picture_work vp9_frame_work(struct slice chunk)
{
    struct slice frames[VP9_FRAMES_MAX] = {chunk};
    struct picture_work work = {0};
    size_t count = vp9_index_read(chunk, frames);
    for (size_t i = 0; i < (count ? count : 1); i++) {
        struct vp9_header header;
        bool sized = vp9_header_read(frames[i], &header) && header.width > 0;
        work.pictures += !sized && frames[i].len > 0;
        work.pixels += sized ? (uint64_t)header.width * header.height : 0;
        if (sized)
            picture_work_note(&work, header.width, header.height);
    }
    return work;
}

void vp9_index_write(uint8_t index[VP9_INDEX_LEN], size_t frame_len)
{
    index[0] = index[VP9_INDEX_LEN - 1] = INDEX_MARKER | 3 << 3;
    for (size_t k = 0; k < 4; k++)
        index[1 + k] = (uint8_t)(frame_len >> 8 * k);
}
