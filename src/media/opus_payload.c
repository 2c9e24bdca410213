/* SPDX-License-Identifier: MIT */
/* Opus packets from the outside (RFC 6716 section 3): see opus_payload.h. */
#include "opus_payload.h"

/* The longest frame (section 3.4, R2); 48 of 2.5 ms are the longest packet, 120 ms (R5). */
enum { FRAME_BYTES_MAX = 1275, FRAMES_MAX = 48, CONFIG_HYBRID = 12, CONFIG_CELT = 16, SILK_FRAME_SAMPLES = 960 };

/* Table 2 of RFC 6716. */
static uint32_t frame_samples(uint8_t config)
{
    static const uint16_t silk[] = {480, 960, 1920, 2880};
    if (config < CONFIG_HYBRID)
        return silk[config & 3];
    if (config < CONFIG_CELT)
        return config & 1 ? 960 : 480;
    return (uint32_t)120 << (config & 3);
}

/* A frame length of one or two bytes (section 3.2.1); false when it is cut short. */
static bool take_length(struct slice *s, size_t *len)
{
    if (s->len < 1)
        return false;
    size_t first = s->data[0];
    size_t used = first < 252 ? 1 : 2;
    if (s->len < used)
        return false;
    *len = used == 1 ? first : first + 4 * (size_t)s->data[1];
    *s = slice_of(s->data + used, s->len - used);
    return true;
}

/* A value; `first` is borrowed from the packet. */
struct frames {
    size_t count;
    struct slice first;
    size_t longest;
};

static void note(struct frames *f, size_t index, struct slice frame)
{
    if (index == 0)
        f->first = frame;
    if (frame.len > f->longest)
        f->longest = frame.len;
}

/* Sections 3.2.3 and 3.2.5: what can not be divided evenly is no packet. */
static bool equal_frames(struct frames *f, struct slice s)
{
    if (s.len % f->count != 0)
        return false;
    note(f, 0, slice_of(s.data, s.len / f->count));
    return true;
}

/* Every frame but the last has its length in front, all lengths before all frames (code 3) or before its frame (code 2, where it is the
 * same). */
static bool sized_frames(struct frames *f, struct slice s)
{
    size_t lengths[FRAMES_MAX] = {0};
    size_t sum = 0;
    for (size_t i = 0; i + 1 < f->count; i++) {
        if (!take_length(&s, &lengths[i]))
            return false;
        sum += lengths[i];
    }
    if (sum > s.len)
        return false;
    lengths[f->count - 1] = s.len - sum;
    for (size_t i = 0; i < f->count; i++) {
        note(f, i, slice_of(s.data, lengths[i]));
        s = slice_of(s.data + lengths[i], s.len - lengths[i]);
    }
    return true;
}

/* Section 3.2.5: a chain of bytes of which 255 means 254 and more to come. */
static bool remove_padding(struct slice *s)
{
    size_t padding = 0;
    uint8_t byte = 255;
    while (byte == 255) {
        if (s->len < 1)
            return false;
        byte = s->data[0];
        *s = slice_of(s->data + 1, s->len - 1);
        padding += byte == 255 ? 254 : byte;
    }
    if (padding > s->len)
        return false;
    s->len -= padding;
    return true;
}

static bool many_frames(struct frames *f, struct slice s)
{
    if (s.len < 1)
        return false;
    uint8_t head = s.data[0]; /* section 3.2.5: variable bit rate, padding, six bits of count, of which none is malformed */
    f->count = head & 0x3f;
    s = slice_of(s.data + 1, s.len - 1);
    if (f->count == 0 || f->count > FRAMES_MAX || ((head & 0x40) && !remove_padding(&s)))
        return false;
    return head & 0x80 ? sized_frames(f, s) : equal_frames(f, s);
}

static bool split(struct frames *f, uint8_t code, struct slice s)
{
    if (code == 3)
        return many_frames(f, s);
    f->count = code == 0 ? 1 : 2;
    return code == 2 ? sized_frames(f, s) : equal_frames(f, s);
}

/* Section 4.2.3: each channel's SILK data begins with one voice activity bit per 20 ms and one bit that tells of redundancy. They are
 * coded with even odds, so they are plainly the first bits. */
static bool has_redundancy(uint32_t samples, bool stereo, struct slice frame)
{
    if (frame.len < 2)
        return false;
    unsigned silk_frames = samples > SILK_FRAME_SAMPLES ? samples / SILK_FRAME_SAMPLES : 1;
    bool mid = frame.data[0] >> (7 - silk_frames) & 1;
    bool side = stereo && frame.data[0] >> (6 - 2 * silk_frames) & 1;
    return mid || side;
}

bool opus_payload_parse(struct slice payload, struct opus_payload *out)
{
    *out = (struct opus_payload){0};
    if (payload.len < 1)
        return false;
    uint8_t toc = payload.data[0];
    uint8_t config = toc >> 3;
    struct frames frames = {0};
    if (!split(&frames, toc & 3, slice_of(payload.data + 1, payload.len - 1)) || frames.longest > FRAME_BYTES_MAX)
        return false;
    uint32_t samples = frame_samples(config);
    if (samples * frames.count > OPUS_SAMPLES_MAX)
        return false;
    out->samples = samples * (uint32_t)frames.count;
    out->frames = (uint8_t)frames.count;
    out->stereo = (toc & 4) != 0;
    out->has_fec = config < CONFIG_CELT && has_redundancy(samples, out->stereo, frames.first);
    out->dtx = frames.longest <= 1;
    return true;
}

static bool parse(struct slice payload, struct payload_info *out)
{
    struct opus_payload opus;
    if (!opus_payload_parse(payload, &opus))
        return false;
    *out = (struct payload_info){
        .data = payload, .first = true, .keyframe = true, .samples = opus.samples, .fec = opus.has_fec, .quiet = opus.dtx};
    return true;
}

const struct payload_format opus_payload_format = {.parse = parse};
