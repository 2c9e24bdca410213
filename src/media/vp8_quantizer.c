/* SPDX-License-Identifier: MIT */
/* The quantizer of a VP8 frame: see vp8_quantizer.h. */
#include "vp8_quantizer.h"

enum { TAG_LEN = 3, KEYFRAME_LEN = 10, SEGMENTS = 4, TREE_PROBABILITIES = 3, REFERENCES = 4, MODES = 4 };

/* The boolean decoder (RFC 6386 section 7.3), of which headers need equal odds only. On the stack of who reads one. */
struct bools {
    const uint8_t *at, *end;
    uint32_t value, range;
    int bits; /* shifted out of the low byte of `value` */
    bool failed;
};

static uint32_t next_byte(struct bools *b)
{
    b->failed = b->failed || b->at >= b->end;
    return b->failed ? 0 : *b->at++;
}

static struct bools bools_of(const uint8_t *at, size_t len)
{
    struct bools b = {.at = at, .end = at + len, .range = 255};
    b.value = next_byte(&b) << 8;
    b.value |= next_byte(&b);
    return b;
}

static uint32_t flag(struct bools *b)
{
    uint32_t split = 1 + ((b->range - 1) * 128 >> 8), big = split << 8, bit = b->value >= big;
    b->range = bit ? b->range - split : split;
    b->value -= bit ? big : 0;
    while (b->range < 128) {
        b->value <<= 1;
        b->range <<= 1;
        if (++b->bits == 8) {
            b->bits = 0;
            b->value |= next_byte(b);
        }
    }
    return bit;
}

static uint32_t literal(struct bools *b, int bits)
{
    uint32_t value = 0;
    while (bits-- > 0)
        value = value << 1 | flag(b);
    return value;
}

/* `count` values, each after a flag that says whether it is there. */
static void skip_optional(struct bools *b, int count, int bits)
{
    while (count-- > 0)
        if (flag(b))
            (void)literal(b, bits);
}

/* update_segmentation() */
static void skip_segmentation(struct bools *b)
{
    uint32_t map = flag(b);
    if (flag(b)) {
        (void)flag(b);                     /* segment_feature_mode */
        skip_optional(b, SEGMENTS, 7 + 1); /* quantizers, with their signs */
        skip_optional(b, SEGMENTS, 6 + 1); /* loop filter levels */
    }
    if (map)
        skip_optional(b, TREE_PROBABILITIES, 8);
}

/* filter_type to mb_lf_adjustments() */
static void skip_loop_filter(struct bools *b)
{
    (void)literal(b, 1 + 6 + 3);
    if (flag(b) && flag(b)) {
        skip_optional(b, REFERENCES, 6 + 1);
        skip_optional(b, MODES, 6 + 1);
    }
}

int vp8_quantizer(struct slice frame)
{
    bool keyframe = frame.len > 0 && (frame.data[0] & 1) == 0;
    size_t header = keyframe ? KEYFRAME_LEN : TAG_LEN;
    if (frame.len < header || (keyframe && (frame.data[3] != 0x9d || frame.data[4] != 0x01 || frame.data[5] != 0x2a)))
        return -1;
    struct bools b = bools_of(frame.data + header, frame.len - header);
    if (keyframe)
        (void)literal(&b, 2); /* color_space, clamping_type */
    if (flag(&b))
        skip_segmentation(&b);
    skip_loop_filter(&b);
    (void)literal(&b, 2); /* log2_nbr_of_dct_partitions */
    int index = (int)literal(&b, 7);
    return b.failed ? -1 : index;
}

/* The table of the RFC rises by one, then by two, three, four and five. */
uint32_t vp8_quantizer_step(int quantizer)
{
    static const struct {
        int from;
        uint32_t step, by;
    } parts[] = {{117, 234, 5}, {103, 177, 4}, {84, 119, 3}, {55, 60, 2}, {0, 4, 1}};
    size_t i = 0;
    while (quantizer < parts[i].from && parts[i].from > 0)
        i++;
    return parts[i].step + (uint32_t)(quantizer - parts[i].from) * parts[i].by;
}
