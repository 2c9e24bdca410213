/* SPDX-License-Identifier: MIT */
/* H.264 without a decoder: when two descriptions mean one format and what is answered, units of a frame, the size in a parameter set, and
 * frames through payloads and back. */
#include "h264_payload.h"
#include "h264_profile.h"
#include "h264_stream.h"
#include "picture_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* ---- Parameters ---- */

#define MODE_1 ";packetization-mode=1"

static void profiles_are_told_apart(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        {"profile-level-id=42e01f", "profile-level-id=42e01f", true},
        {"profile-level-id=42e01f", "profile-level-id=42E034", true},  /* another level */
        {"profile-level-id=42e01f", "profile-level-id=42c00a", true},  /* Constrained Baseline in other words, */
        {"profile-level-id=42e01f", "profile-level-id=4d801f", true},  /* by Main's number, */
        {"profile-level-id=42e01f", "profile-level-id=58c01f", true},  /* and by Extended's */
        {"profile-level-id=42e01f", "profile-level-id=42001f", false}, /* Baseline */
        {"profile-level-id=42001f", "profile-level-id=58800a", true},  /* the same */
        {"profile-level-id=42e01f", "profile-level-id=4d001f", false}, /* Main */
        {"profile-level-id=64001f", "profile-level-id=640028", true},  /* High */
        {"profile-level-id=64001f", "profile-level-id=640c1f", false}, /* Constrained High */
        {"profile-level-id=f4001f", "profile-level-id=64001f", false}, /* High 4:4:4 */
        {"profile-level-id=6e001f", "profile-level-id=6e0028", true},  /* of another one the bytes count */
        {"profile-level-id=6e001f", "profile-level-id=6e101f", false},
        {"profile-level-id=42000a", "", true}, /* what is meant without */
        {"profile-level-id=42e01f" MODE_1, "profile-level-id=42e01f", false},
        {"profile-level-id=42e01f;packetization-mode=0", "profile-level-id=42e01f", true},
        {"packetization-mode=1; Profile-Level-Id=42e01f", "profile-level-id=42e01f" MODE_1, true},
        {"profile-level-id=42e01", "profile-level-id=42e01", false}, /* broken: nothing is like it */
        {"profile-level-id=42e0zz", "profile-level-id=42e0zz", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_int_equal(h264_same_parameters(pairs[i].a, pairs[i].b), pairs[i].same);
        assert_int_equal(h264_same_parameters(pairs[i].b, pairs[i].a), pairs[i].same);
    }
}

#define ASYMMETRIC "level-asymmetry-allowed=1;"

/* RFC 6184 section 8.2.2. */
static void answers_say_what_both_can(void **state)
{
    static const struct {
        const char *theirs, *ours, *answer;
    } pairs[] = {
        /* Each receives what it says. */
        {ASYMMETRIC "packetization-mode=1;profile-level-id=42e034", ASYMMETRIC "packetization-mode=1;profile-level-id=42e01f",
         ASYMMETRIC "packetization-mode=1;profile-level-id=42e01f"},
        {ASYMMETRIC "packetization-mode=1;profile-level-id=42e00a", ASYMMETRIC "packetization-mode=1;profile-level-id=42e01f",
         ASYMMETRIC "packetization-mode=1;profile-level-id=42e01f"},
        /* Both are the lower one. */
        {"packetization-mode=1;profile-level-id=42e034", ASYMMETRIC "packetization-mode=1;profile-level-id=42e01f",
         "packetization-mode=1;profile-level-id=42e01f"},
        {"packetization-mode=1;profile-level-id=42c00d", ASYMMETRIC "packetization-mode=1;profile-level-id=42e01f",
         "packetization-mode=1;profile-level-id=42c00d"},
        {"profile-level-id=42001f", ASYMMETRIC "packetization-mode=0;profile-level-id=42001f",
         "packetization-mode=0;profile-level-id=42001f"},
        {"", ASYMMETRIC "packetization-mode=0;profile-level-id=42001f", "packetization-mode=0;profile-level-id=42000a"},
        /* Level 1b is between 1 and 1.1. */
        {"profile-level-id=42f00b", "profile-level-id=42e00b", "packetization-mode=0;profile-level-id=42f00b"},
        {"profile-level-id=42e00b", "profile-level-id=42f00b", "packetization-mode=0;profile-level-id=42f00b"},
        {"profile-level-id=42f00b", "profile-level-id=42e00a", "packetization-mode=0;profile-level-id=42e00a"},
    };
    char answer[256];
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        h264_answer_parameters(pairs[i].theirs, pairs[i].ours, answer, sizeof answer);
        assert_string_equal(answer, pairs[i].answer);
    }
}

static void levels_bound_pictures(void **state)
{
    static const struct {
        const char *fmtp;
        uint32_t rate, width, height, most_width;
    } pictures[] = {
        {"profile-level-id=42e01f", 30, 1280, 720, 1280}, {"profile-level-id=42e01f", 31, 1280, 720, 1280},
        {"profile-level-id=42e01f", 60, 1280, 720, 1024}, {"profile-level-id=42e01f", 30, 3840, 2160, 1280},
        {"profile-level-id=42e01e", 30, 640, 480, 640},   {"profile-level-id=42e01e", 30, 1280, 720, 800},
        {"profile-level-id=42f00b", 15, 640, 480, 176},   {"profile-level-id=4200ff", 30, 3840, 2160, 3840},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
        struct picture_limit limit;
        uint32_t width = pictures[i].width, height = pictures[i].height;
        h264_picture_limits(pictures[i].fmtp, &limit.blocks, &limit.blocks_per_second);
        picture_limit_apply(&limit, pictures[i].rate, &width, &height);
        assert_in_range(width, pictures[i].most_width * 3 / 4, pictures[i].most_width);
        assert_in_range(width * pictures[i].height / pictures[i].width, height - 8, height + 8);
        if (limit.blocks > 0)
            assert_true((width + 15) / 16 * ((height + 15) / 16) <= limit.blocks);
    }
}

static void sets_in_descriptions(void **state)
{
    uint8_t set[8];
    (void)state;
    assert_int_equal(h264_set_read(slice_str("Z0IACw=="), set, sizeof set), 4);
    assert_memory_equal(set, ((uint8_t[]){0x67, 0x42, 0x00, 0x0b}), 4);
    assert_int_equal(h264_set_read(slice_str("aM48gA=="), set, sizeof set), 4);
    assert_int_equal(h264_set_read(slice_str("Z0IACw=="), set, 3), 0);
    assert_int_equal(h264_set_read(slice_str("Z0-ACw=="), set, sizeof set), 0);
    assert_int_equal(h264_set_read(slice_str(""), set, sizeof set), 0);
}

/* ---- Streams ---- */

static const uint8_t sps_240[] = {0x67, 0x42, 0xc0, 0x0d, 0xd9, 0x01, 0x41, 0xfb, 0x01, 0x10, 0x00, 0x00,
                                  0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x42, 0xa4, 0x80};
static const uint8_t sps_360[] = {0x67, 0x4d, 0x40, 0x1e, 0xec, 0xa0, 0x50, 0x17, 0xfc, 0xb8, 0x08, 0x80,
                                  0x00, 0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x1e, 0x07, 0x8b, 0x16, 0xcb};
static const uint8_t sps_1080[] = {0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00,
                                   0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58};
static const uint8_t sps_422[] = {0x67, 0x7a, 0x00, 0x0b, 0xbc, 0xd9, 0x42, 0xc4, 0xec, 0x04, 0x40, 0x00,
                                  0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x0f, 0x03, 0xc5, 0x0a, 0x65, 0x80};
/* 256x256, of which 176x144 are shown, and 4096x2304, of which 16x16 are. */
static const uint8_t sps_aligned[] = {0x67, 0x42, 0x00, 0x33, 0xda, 0x04, 0x02, 0x1e, 0x0a, 0x60, 0xe5};
static const uint8_t sps_hidden[] = {0x67, 0x42, 0x00, 0x33, 0xda, 0x00, 0x40, 0x00, 0x48, 0x78, 0x01, 0xfe, 0x60, 0x04, 0x79, 0x40};
static const uint8_t pps[] = {0x68, 0xcb, 0x83, 0xcb, 0x20};

static void parameter_sets_say_sizes(void **state)
{
    static const struct {
        const uint8_t *bytes;
        size_t len;
        uint16_t width, height;
    } sets[] = {{sps_240, sizeof sps_240, 320, 240},
                {sps_360, sizeof sps_360, 640, 360},
                {sps_1080, sizeof sps_1080, 1920, 1080},
                {sps_422, sizeof sps_422, 176, 144},
                {sps_aligned, sizeof sps_aligned, 176, 144}};
    uint16_t width, height;
    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        assert_true(h264_sps_size(slice_of(sets[i].bytes, sets[i].len), &width, &height));
        assert_int_equal(width, sets[i].width);
        assert_int_equal(height, sets[i].height);
        for (size_t len = 0; len < sets[i].len; len++) /* cut short: a size or none, never another one */
            if (h264_sps_size(slice_of(sets[i].bytes, len), &width, &height))
                assert_true(width == sets[i].width && height == sets[i].height);
    }
    assert_false(h264_sps_size(slice_of(pps, sizeof pps), &width, &height));
    assert_false(h264_sps_size(slice_of(sps_hidden, sizeof sps_hidden), &width, &height));
}

static size_t count_units(struct slice frame)
{
    struct h264_units units = h264_units_of(frame);
    struct slice unit;
    size_t count = 0;
    while (h264_units_next(&units, &unit))
        count++;
    return count;
}

static void units_with_codes_and_lengths(void **state)
{
    static const uint8_t codes[] = {0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 4, 5, 6, 0, 0},
                         lengths[] = {0, 0, 0, 3, 0x67, 1, 2, 0, 0, 0, 2, 0x68, 3, 0, 0, 0, 4, 0x65, 4, 5, 6},
                         beyond[] = {0, 0, 0, 3, 0x67, 1, 2, 0, 0, 0, 9, 0x68, 3};
    uint8_t long_unit[4 + 300] = {0, 0, 1, 0x2c, 0x65}; /* of 300 bytes, which is like a start code of three */
    uint16_t width, height;
    (void)state;
    assert_int_equal(h264_units_of(slice_of(codes, sizeof codes)).length_bytes, 0);
    assert_int_equal(h264_units_of(slice_of(lengths, sizeof lengths)).length_bytes, 4);
    assert_int_equal(h264_units_of(slice_of(long_unit, sizeof long_unit)).length_bytes, 4);
    assert_int_equal(h264_units_of(slice_of(beyond, sizeof beyond)).length_bytes, 0);
    assert_int_equal(count_units(slice_of(codes, sizeof codes)), 3);
    assert_int_equal(count_units(slice_of(lengths, sizeof lengths)), 3);
    assert_int_equal(count_units(slice_of(long_unit, sizeof long_unit)), 1);
    assert_int_equal(count_units(slice_of(beyond, sizeof beyond)), 0);
    assert_int_equal(count_units(slice_of(NULL, 0)), 0);
    assert_true(h264_frame_info(slice_of(codes, sizeof codes), &width, &height));
    assert_false(h264_frame_info(slice_of(codes, 13), &width, &height)); /* sets alone are no picture */
}

/* Pictures that follow one another in one frame are told by where their slices begin. */
static void pictures_are_counted(void **state)
{
    static const struct {
        uint8_t bytes[32];
        size_t len;
        uint32_t pictures;
    } frames[] = {
        {{0, 0, 0, 1, 0x65, 0x88}, 6, 1},
        {{0, 0, 0, 1, 0x65, 0x88, 0, 0, 1, 0x65, 0x48, 0, 0, 1, 0x65, 0x68}, 16, 1},          /* slices at 0, 1 and 2 */
        {{0, 0, 0, 1, 0x65, 0x88, 0, 0, 1, 0x41, 0x88, 0, 0, 1, 0x41, 0x88}, 16, 3},          /* all at 0 */
        {{0, 0, 0, 1, 0x65, 0x48, 0, 0, 1, 0x41, 0x68, 0, 0, 1, 0x41, 0x48}, 16, 2},          /* 1, 2, 1 */
        {{0, 0, 0, 1, 0x67, 0, 0, 1, 0x68, 0, 0, 1, 0x06}, 13, 0},                            /* none */
        {{0, 0, 0, 3, 0x65, 0x88, 1, 0, 0, 0, 2, 0x41, 0x88}, 13, 2},                         /* with lengths */
        {{0, 0, 0, 1, 0x65, 0x88, 0, 0, 1, 0x74, 0x80, 0x80, 7, 0x88, 0, 0, 1, 0x41}, 18, 3}, /* of a layer above, and one cut short */
    };
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        assert_int_equal(h264_frame_work(slice_of(frames[i].bytes, frames[i].len)).pictures, frames[i].pictures);
    uint8_t sets[128];
    struct writer w = writer_of(sets, sizeof sets);
    writer_u32(&w, 1);
    writer_bytes(&w, slice_of(sps_360, sizeof sps_360));
    writer_u32(&w, 1);
    writer_bytes(&w, slice_of(sps_240, sizeof sps_240));
    struct picture_work work = h264_frame_work(slice_of(sets, writer_len(&w)));
    assert_true(work.width == 640 && work.height == 360 && work.pictures == 0 && work.pixels == 0);
}

/* ---- Payloads ---- */

enum { FRAME_MAX = 20000, PAYLOADS_MAX = 64, ROOM = 1000 };

/* Units of a frame, with codes or with lengths. */
struct frame {
    uint8_t bytes[FRAME_MAX];
    size_t len;
    bool lengths;
};

static void add_unit(struct frame *f, const uint8_t *unit, size_t len)
{
    const uint8_t head[4] = {0, 0, f->lengths ? (uint8_t)(len >> 8) : 0, f->lengths ? (uint8_t)len : 1};
    memcpy(f->bytes + f->len, head, 4);
    memcpy(f->bytes + f->len + 4, unit, len);
    f->len += 4 + len;
}

/* Bytes that are no start code. */
static void add_picture(struct frame *f, uint8_t type, size_t len)
{
    uint8_t unit[FRAME_MAX];
    for (size_t i = 0; i < len; i++)
        unit[i] = (uint8_t)(1 + i % 255);
    unit[0] = type;
    add_unit(f, unit, len);
}

/* What went out. */
struct sent {
    uint8_t payloads[PAYLOADS_MAX][ROOM];
    size_t lens[PAYLOADS_MAX], count;
};

static bool packetize(struct sent *s, const struct frame *f, unsigned mode, struct payload_memory *memory)
{
    struct packetizer p;
    bool last = false;
    const struct payload_picture picture = {.options = mode, .memory = memory};
    s->count = 0;
    if (!h264_payload_format.packetizer_start(&p, slice_of(f->bytes, f->len), &picture, ROOM))
        return false;
    while (!last) {
        size_t left = p.payloads_left;
        struct writer w = writer_of(s->payloads[s->count], ROOM);
        assert_true(h264_payload_format.packetizer_next(&p, &w, &last));
        assert_int_equal(last, left == 1);
        s->lens[s->count++] = writer_len(&w);
    }
    struct writer w = writer_of(s->payloads[0], 0);
    assert_false(h264_payload_format.packetizer_next(&p, &w, &last));
    return true;
}

static struct slice payload(const struct sent *s, size_t i)
{
    return slice_of(s->payloads[i], s->lens[i]);
}

/* Back into a frame with start codes. */
static void join(const struct sent *s, struct frame *out, bool *keyframe)
{
    struct writer w = writer_of(out->bytes, FRAME_MAX);
    *keyframe = false;
    for (size_t i = 0; i < s->count; i++) {
        struct payload_info info;
        size_t before = writer_len(&w);
        assert_true(h264_payload_format.parse(payload(s, i), &info));
        *keyframe = *keyframe || info.keyframe;
        h264_payload_format.unpack(info.data, &w);
        assert_int_equal(writer_len(&w) - before, h264_payload_format.unpacked_len(info.data));
    }
    out->len = writer_len(&w);
}

/* Parameter sets and a keyframe: the sets go together, the picture in equal parts. */
static void frames_come_back(void **state)
{
    (void)state;
    for (int lengths = 0; lengths < 2; lengths++)
        for (size_t size = 2; size < 6000; size += 111) {
            struct frame f = {.lengths = lengths}, wanted = {0}, back;
            struct sent s;
            bool keyframe;
            struct frame *both[] = {&f, &wanted};
            for (size_t i = 0; i < 2; i++) {
                add_unit(both[i], sps_240, sizeof sps_240);
                add_unit(both[i], pps, sizeof pps);
                add_picture(both[i], 0x65, size);
            }
            struct payload_memory memory = {0};
            assert_true(packetize(&s, &f, H264_NON_INTERLEAVED, &memory));
            assert_int_equal(s.payloads[0][0] & 0x1f, 24);
            struct payload_info info;
            assert_true(h264_payload_format.parse(payload(&s, 0), &info));
            assert_true(info.first && info.may_be_first);
            assert_int_equal(info.width, 320);
            assert_int_equal(info.height, 240);
            join(&s, &back, &keyframe);
            assert_true(keyframe);
            assert_int_equal(back.len, wanted.len);
            assert_memory_equal(back.bytes, wanted.bytes, wanted.len);
        }
}

/* A picture that is no keyframe, in slices: small ones together, large ones cut up; only what begins one may begin a frame. */
static void slices_of_a_picture(void **state)
{
    struct frame f = {0}, back;
    struct sent s;
    bool keyframe;
    struct payload_info info;
    (void)state;
    add_picture(&f, 0x41, 300);
    add_picture(&f, 0x41, 300);
    add_picture(&f, 0x61, 300);
    add_picture(&f, 0x41, 2500);
    assert_true(packetize(&s, &f, H264_NON_INTERLEAVED, NULL));
    assert_int_equal(s.count, 1 + 3);
    assert_int_equal(s.payloads[0][0], 0x78); /* STAP-A with the highest NRI of the three */
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal(s.payloads[i][0], 0x5c); /* FU-A, its unit's NRI */
        assert_int_equal(s.payloads[i][1], i == 1 ? 0x81 : i == 3 ? 0x41 : 0x01);
        assert_true(h264_payload_format.parse(payload(&s, i), &info));
        assert_int_equal(info.may_be_first, i == 1);
        assert_false(info.first || info.keyframe);
    }
    join(&s, &back, &keyframe);
    assert_false(keyframe);
    assert_memory_equal(back.bytes, f.bytes, f.len);
}

/* Packetization mode 0: a unit is a payload, or can not be sent. */
static void single_units(void **state)
{
    struct frame f = {0}, back, large = {0};
    struct sent s;
    bool keyframe;
    (void)state;
    add_unit(&f, sps_240, sizeof sps_240);
    add_unit(&f, pps, sizeof pps);
    add_picture(&f, 0x65, ROOM);
    assert_true(packetize(&s, &f, H264_SINGLE_NAL, NULL));
    assert_int_equal(s.count, 3);
    join(&s, &back, &keyframe);
    assert_true(keyframe);
    assert_memory_equal(back.bytes, f.bytes, f.len);
    add_picture(&large, 0x65, ROOM + 1);
    assert_false(packetize(&s, &large, H264_SINGLE_NAL, NULL));
    assert_true(packetize(&s, &large, H264_NON_INTERLEAVED, NULL));
}

/* A source that says its sets once: they stand in front of every keyframe, and of no other picture; others take their place. */
static void sets_are_repeated(void **state)
{
    struct payload_memory memory = {0};
    struct frame sets = {0}, key = {0}, other = {0}, wide = {.lengths = true}, back;
    struct sent s;
    bool keyframe;
    uint16_t width, height;
    (void)state;
    add_unit(&sets, sps_240, sizeof sps_240);
    add_unit(&sets, pps, sizeof pps);
    add_picture(&key, 0x65, 2000);
    add_picture(&other, 0x41, 100);
    assert_true(packetize(&s, &key, H264_NON_INTERLEAVED, &memory)); /* there are none yet */
    assert_int_equal(s.payloads[0][0] & 0x1f, 28);
    assert_true(packetize(&s, &sets, H264_NON_INTERLEAVED, &memory));
    for (int i = 0; i < 3; i++) {
        assert_true(packetize(&s, &other, H264_NON_INTERLEAVED, &memory));
        assert_int_equal(s.count, 1);
        assert_true(packetize(&s, &key, H264_NON_INTERLEAVED, &memory));
        join(&s, &back, &keyframe);
        assert_int_equal(count_units(slice_of(back.bytes, back.len)), 3);
        assert_true(h264_frame_info(slice_of(back.bytes, back.len), &width, &height));
        assert_int_equal(width, 320);
    }
    add_unit(&wide, sps_360, sizeof sps_360);
    add_unit(&wide, pps, sizeof pps);
    assert_true(packetize(&s, &wide, H264_NON_INTERLEAVED, &memory));
    assert_false(packetize(&s, &key, H264_SINGLE_NAL, &memory));
    assert_true(packetize(&s, &key, H264_NON_INTERLEAVED, &memory));
    join(&s, &back, &keyframe);
    assert_int_equal(count_units(slice_of(back.bytes, back.len)), 3);
    assert_true(h264_frame_info(slice_of(back.bytes, back.len), &width, &height));
    assert_int_equal(width, 640);
}

static void broken_payloads(void **state)
{
    static const struct {
        uint8_t bytes[8];
        size_t len;
    } bad[] = {
        {{0}, 0},                      /* nothing */
        {{0x60, 1}, 2},                /* no type */
        {{0x79, 0, 1, 0x65}, 4},       /* STAP-B, of another mode */
        {{0x7a, 0, 1, 0x65}, 4},       /* MTAP */
        {{0x7d, 0x85, 0, 1, 0x65}, 5}, /* FU-B */
        {{0x7e, 1}, 2},                /* reserved */
        {{0x78}, 1},                   /* together with nothing */
        {{0x78, 0}, 2},                /* half a length */
        {{0x78, 0, 0}, 3},             /* an empty unit */
        {{0x78, 0, 5, 0x65, 1}, 5},    /* cut short */
        {{0x78, 0, 1, 0x65, 0, 1}, 6}, /* and the second one */
        {{0x78, 0, 1, 0x78}, 4},       /* within itself */
        {{0x7c, 0x85}, 2},             /* a part of nothing */
        {{0x7c, 0xc5, 1}, 3},          /* first and last, which is a unit by itself */
        {{0x7c, 0x80, 1}, 3},          /* of no type */
        {{0x7c, 0x9c, 1}, 3},          /* of parts */
    };
    struct payload_info info;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(h264_payload_format.parse(slice_of(bad[i].bytes, bad[i].len), &info));
    struct frame empty = {0};
    struct sent s;
    assert_false(packetize(&s, &empty, H264_NON_INTERLEAVED, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_are_told_apart),
        cmocka_unit_test(answers_say_what_both_can),
        cmocka_unit_test(levels_bound_pictures),
        cmocka_unit_test(sets_in_descriptions),
        cmocka_unit_test(parameter_sets_say_sizes),
        cmocka_unit_test(pictures_are_counted),
        cmocka_unit_test(units_with_codes_and_lengths),
        cmocka_unit_test(frames_come_back),
        cmocka_unit_test(slices_of_a_picture),
        cmocka_unit_test(single_units),
        cmocka_unit_test(sets_are_repeated),
        cmocka_unit_test(broken_payloads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
