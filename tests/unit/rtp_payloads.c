/* SPDX-License-Identifier: MIT */
/* The payload formats of VP8 (RFC 7741) and Opus (RFC 7587, RFC 6716 section 3). */
#include "rtp_test.h"

#include "opus_payload.h"
#include "vp8_payload.h"
#include "vp8_quantizer.h"
#include "vp9_stream.h"

/* ---- VP8 ---- */

static void reads_vp8_descriptors(void **state)
{
    (void)state;
    struct vp8_payload p;
    struct bytes b = hex("10 00 0000 9d012a 8002 e001"); /* no extension; a keyframe of 640x480 */
    assert_true(vp8_payload_parse(view(&b), &p));
    assert_true(p.start_of_frame && p.keyframe && !p.non_reference);
    assert_int_equal(p.width, 640);
    assert_int_equal(p.height, 480);
    assert_int_equal(p.picture_id, VP8_NO_PICTURE_ID);
    assert_int_equal(p.tl0_picture_index, VP8_NO_TL0);
    assert_int_equal(p.data.len, 10);
    b = hex("b0 f0 ffff 07 e5 01 aa"); /* everything: N, S, 15-bit id, TL0, TID 3, Y, KEYIDX 5 */
    assert_true(vp8_payload_parse(view(&b), &p));
    assert_true(p.non_reference && p.start_of_frame && !p.keyframe);
    assert_true(p.picture_id_15_bits);
    assert_int_equal(p.picture_id, 0x7fff);
    assert_int_equal(p.tl0_picture_index, 7);
    assert_true(p.has_temporal_id && p.layer_sync);
    assert_int_equal(p.temporal_id, 3);
    assert_int_equal(p.data.len, 2);
    b = hex("81 80 55 00"); /* a 7-bit id, inside partition 1 */
    assert_true(vp8_payload_parse(view(&b), &p));
    assert_false(p.start_of_frame || p.keyframe || p.picture_id_15_bits);
    assert_int_equal(p.picture_id, 0x55);
    assert_int_equal(p.partition, 1);
}

static void refuses_cut_vp8_payloads(void **state)
{
    (void)state;
    struct bytes b = hex("b0 f0 ffff 07 e5 01");
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *copy = exact_copy(slice_of(b.data, len));
        struct vp8_payload p;
        assert_false(vp8_payload_parse(slice_of(copy, len), &p));
        free(copy);
    }
}

static void reads_cut_keyframe_headers(void **state)
{
    (void)state;
    struct bytes b = hex("00 0000 9d012a ff7f ffff");
    uint16_t width;
    uint16_t height;
    assert_true(vp8_frame_info(view(&b), &width, &height));
    assert_int_equal(width, 16383); /* without the scale bits */
    assert_int_equal(height, 16383);
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *copy = exact_copy(slice_of(b.data, len));
        assert_int_equal(vp8_frame_info(slice_of(copy, len), &width, &height), len > 0);
        assert_int_equal(width, 0);
        free(copy);
    }
    b.data[3] = 0; /* no start code */
    assert_true(vp8_frame_info(view(&b), &width, &height));
    assert_int_equal(width, 0);
}

static void check_split(size_t frame_len, size_t max_payload)
{
    static uint8_t frame[5000];
    static uint8_t joined[5000];
    for (size_t i = 0; i < frame_len; i++)
        frame[i] = (uint8_t)(i * 7 + 1);
    struct packetizer packetizer;
    assert_true(vp8_packetizer_start(&packetizer, slice_of(frame, frame_len), &(struct payload_picture){.id = 0xffff}, max_payload));
    size_t expected = packetizer.payloads_left;
    size_t len = 0;
    size_t count = 0;
    for (bool last = false; !last; count++) {
        uint8_t room[1200];
        struct writer w = writer_of(room, max_payload);
        assert_true(vp8_packetizer_next(&packetizer, &w, &last));
        struct vp8_payload p;
        assert_true(vp8_payload_parse(slice_of(room, writer_len(&w)), &p));
        assert_int_equal(p.start_of_frame, count == 0);
        assert_int_equal(p.picture_id, 0x7fff);
        assert_true(p.picture_id_15_bits);
        memcpy(joined + len, p.data.data, p.data.len);
        len += p.data.len;
    }
    assert_int_equal(count, expected);
    assert_int_equal(len, frame_len);
    assert_memory_equal(joined, frame, len);
    struct writer w = writer_of(joined, sizeof joined);
    bool last;
    assert_false(vp8_packetizer_next(&packetizer, &w, &last));
}

static void splits_and_joins_vp8_frames(void **state)
{
    (void)state;
    for (size_t len = 1; len < 40; len++)
        check_split(len, 4 + 7);
    check_split(1196, 1200);
    check_split(1197, 1200);
    check_split(5000, 1100);
    check_split(100, 5);
}

/* RFC 7741 section 4.2: in every payload of a picture whose stream has temporal layers, and in no other. */
static void writes_temporal_layers(void **state)
{
    (void)state;
    for (uint8_t tid = 0; tid < 5; tid++) {
        const struct payload_picture picture = {
            .id = 3, .layer_flags = RTC_LAYER_TEMPORAL | (tid == 1 ? RTC_LAYER_SYNC : 0), .temporal_id = tid, .base_index = 250};
        struct packetizer packetizer;
        size_t count = 0;
        assert_true(vp8_packetizer_start(&packetizer, slice_of("abcdefghi", 9), &picture, VP8_DESCRIPTOR_LEN + VP8_LAYERS_LEN + 4));
        for (bool last = false; !last; count++) {
            uint8_t room[VP8_DESCRIPTOR_LEN + VP8_LAYERS_LEN + 4];
            struct writer w = writer_of(room, sizeof room);
            struct vp8_payload p;
            struct payload_info info;
            assert_true(vp8_packetizer_next(&packetizer, &w, &last));
            assert_true(vp8_payload_parse(slice_of(room, writer_len(&w)), &p));
            assert_int_equal(p.picture_id, 3);
            assert_int_equal(p.tl0_picture_index, 250);
            assert_true(p.has_temporal_id);
            assert_int_equal(p.temporal_id, tid < 3 ? tid : 3); /* there are two bits */
            assert_int_equal(p.layer_sync, tid == 1);
            assert_int_equal(p.data.len, 3);
            assert_true(vp8_payload_format.parse(slice_of(room, writer_len(&w)), &info));
            assert_int_equal(info.layer_flags, picture.layer_flags);
        }
        assert_int_equal(count, 3);
        assert_false(vp8_packetizer_start(&packetizer, slice_of("a", 1), &picture, VP8_DESCRIPTOR_LEN + VP8_LAYERS_LEN));
    }
}

static void refuses_to_split_nothing(void **state)
{
    (void)state;
    struct packetizer p;
    const struct payload_picture picture = {.id = 1};
    assert_false(vp8_packetizer_start(&p, slice_of("", 0), &picture, 1000));
    assert_false(vp8_packetizer_start(&p, slice_of("a", 1), &picture, VP8_DESCRIPTOR_LEN));
    assert_true(vp8_packetizer_start(&p, slice_of("abc", 3), &picture, 7));
    uint8_t room[6];
    struct writer w = writer_of(room, sizeof room);
    bool last;
    assert_false(vp8_packetizer_next(&p, &w, &last));
}

/* ---- Opus ---- */

static void opus_durations(void **state)
{
    (void)state;
    static const struct {
        uint8_t config;
        uint32_t samples;
    } rows[] = {{0, 480},  {1, 960},  {2, 1920}, {3, 2880}, {7, 2880}, {11, 2880}, {12, 480}, {13, 960},
                {14, 480}, {15, 960}, {16, 120}, {17, 240}, {18, 480}, {19, 960},  {28, 120}, {31, 960}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[] = {(uint8_t)(rows[i].config << 3), 0, 1, 2};
        struct opus_payload p;
        assert_true(opus_payload_parse(slice_of(bytes, sizeof bytes), &p));
        assert_int_equal(p.samples, rows[i].samples);
        assert_int_equal(p.frames, 1);
        assert_false(p.stereo || p.dtx);
    }
}

static void opus_packings(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint8_t frames; /* 0: malformed */
    } rows[] = {
        {"98", 1},            /* code 0, an empty frame */
        {"99 0102", 2},       /* code 1 */
        {"99 010203", 0},     /* of unequal halves */
        {"9a 01 aa bbbb", 2}, /* code 2 */
        {"9a", 0},            /* without its length */
        {"9a fc", 0},         /* with half its length */
        {"9a 05 aa", 0},      /* length past the end */
        {"9b", 0},            /* code 3 without its count */
        {"9b 00", 0},         /* M = 0 */
        {"9b 31", 0},         /* M = 49 */
        {"83 30 aabb", 0},    /* 48 x 2.5 ms, but 2 bytes do not divide by 48 */
        {"83 30", 48},        /* 48 empty ones */
        {"9b 03 aabbcc", 3},
        {"9b 07", 0}, /* 7 x 20 ms is over 120 ms */
        {"9b 83 01 02 aa bbbb cc", 3},
        {"9b 83 01 09 aa bbbb cc", 0},
        {"9b 43 03 aabbcc 000000", 3}, /* padding */
        {"9b 43 ff", 0},               /* padding cut short */
        {"9b 43 09 aabbcc", 0},        /* padding past the start */
        {"9b c2 01 01 aa bb 00", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes b = hex(rows[i].hex);
        uint8_t *copy = exact_copy(view(&b));
        struct opus_payload p;
        assert_int_equal(opus_payload_parse(slice_of(copy, b.len), &p), rows[i].frames != 0);
        if (rows[i].frames)
            assert_int_equal(p.frames, rows[i].frames);
        free(copy);
    }
    struct opus_payload p;
    assert_false(opus_payload_parse(slice_of(NULL, 0), &p));
}

static void opus_frames_have_a_longest(void **state)
{
    (void)state;
    static uint8_t bytes[1 + 1276] = {0x98};
    struct opus_payload p;
    assert_true(opus_payload_parse(slice_of(bytes, 1 + 1275), &p));
    assert_false(opus_payload_parse(slice_of(bytes, 1 + 1276), &p));
}

static void opus_redundancy(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool fec;
    } rows[] = {
        {"48 80 00", false},                      /* SILK wideband 20 ms mono: voice activity only */
        {"48 40 00", true},  {"4c 08 00", false}, /* stereo: the second bit of the side, which has two */
        {"4c 10 00", true},  {"50 20 00", true},  /* 40 ms: two voice activity bits first */
        {"50 c0 00", false}, {"48 40", false},    /* DTX: one byte */
        {"98 40 00", false},                      /* CELT has none */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes b = hex(rows[i].hex);
        struct opus_payload p;
        assert_true(opus_payload_parse(view(&b), &p));
        assert_int_equal(p.has_fec, rows[i].fec);
    }
}

static void opus_prefixes(void **state)
{
    (void)state;
    struct bytes b = hex("9b c3 02 01 02 aa bbbb cc 0000");
    for (size_t len = 0; len <= b.len; len++) {
        uint8_t *copy = exact_copy(slice_of(b.data, len));
        struct opus_payload p;
        (void)opus_payload_parse(slice_of(copy, len), &p);
        assert_true(p.samples <= OPUS_SAMPLES_MAX);
        free(copy);
    }
}

/* ---- The quantizer of VP8 ---- */

/* The boolean encoder of RFC 6386 section 7.3, with equal odds. */
struct bool_writer {
    uint8_t bytes[64];
    size_t len;
    uint32_t range, bottom;
    int left; /* shifts until a byte is complete */
};

static void carry(struct bool_writer *w)
{
    size_t at = w->len;
    while (at > 0 && w->bytes[at - 1] == 255)
        w->bytes[--at] = 0;
    w->bytes[at - 1]++;
}

static void put(struct bool_writer *w, int bits, uint32_t value)
{
    while (bits-- > 0) {
        uint32_t split = 1 + ((w->range - 1) * 128 >> 8), bit = value >> bits & 1;
        w->bottom += bit ? split : 0;
        if (bit && w->bottom < split)
            carry(w);
        w->range = bit ? w->range - split : split;
        while (w->range < 128) {
            w->range <<= 1;
            if (w->bottom & 0x80000000u)
                carry(w);
            w->bottom <<= 1;
            if (--w->left == 0) {
                w->bytes[w->len++] = (uint8_t)(w->bottom >> 24);
                w->bottom &= 0xffffff;
                w->left = 8;
            }
        }
    }
}

/* A frame's head: its tag, and what stands before the quantizer, with everything that may stand there or with nothing of it. */
static struct bytes frame_head(bool keyframe, bool full, uint32_t quantizer)
{
    struct bytes b = keyframe ? hex("10 02 00 9d012a 4001 f000") : hex("11 02 00");
    struct bool_writer w = {.range = 255, .left = 24};
    if (keyframe)
        put(&w, 2, 0);
    put(&w, 1, full); /* segmentation */
    if (full) {
        put(&w, 3, 7); /* a map, data, absolute */
        for (int i = 0; i < 4; i++)
            put(&w, 9, 0x100 | 0x55);
        for (int i = 0; i < 4; i++)
            put(&w, i % 2 ? 1 : 8, i % 2 ? 0 : 0x80 | 0x2a);
        for (int i = 0; i < 3; i++)
            put(&w, 9, 0x1ff);
    }
    put(&w, 10, 0x155);
    put(&w, 1, full); /* loop filter adjustments */
    if (full) {
        put(&w, 1, 1);
        for (int i = 0; i < 8; i++)
            put(&w, i % 3 ? 1 : 8, i % 3 ? 0 : 0x80 | 0x13);
    }
    put(&w, 2, 1);
    put(&w, 7, quantizer);
    put(&w, 32, 0);
    memcpy(b.data + b.len, w.bytes, w.len);
    b.len += w.len;
    return b;
}

static void reads_quantizers(void **state)
{
    (void)state;
    for (uint32_t quantizer = 0; quantizer < 128; quantizer++)
        for (int i = 0; i < 4; i++) {
            struct bytes b = frame_head(i & 1, i & 2, quantizer);
            assert_int_equal(vp8_quantizer(view(&b)), quantizer);
        }
    for (int i = 0; i < 4; i++) {
        struct bytes b = frame_head(i & 1, i & 2, 64);
        size_t len = b.len, least = (i & 1) ? 10 : 3;
        for (b.len = 0; b.len < len; b.len++)
            assert_true(vp8_quantizer(view(&b)) == -1 || b.len > least + 3);
    }
    struct bytes other = hex("10 02 00 9d012b 4001 f000 0000 0000 0000");
    assert_int_equal(vp8_quantizer(view(&other)), -1);
}

/* The tables of the specifications, at some of their places; between them each step is larger than the one before. */
static void quantizers_have_steps(void **state)
{
    static const uint32_t vp8[][2] = {{0, 4}, {54, 58}, {55, 60}, {83, 116}, {84, 119}, {103, 177}, {106, 189}, {116, 229}, {127, 284}};
    static const uint32_t vp9[][2] = {{95, 102}, {120, 152}, {150, 255}, {170, 366}, {190, 530}, {205, 702}, {224, 1007}, {255, 1828}};
    (void)state;
    for (size_t i = 0; i < sizeof vp8 / sizeof vp8[0]; i++)
        assert_int_equal(vp8_quantizer_step((int)vp8[i][0]), vp8[i][1]);
    for (size_t i = 0; i < sizeof vp9 / sizeof vp9[0]; i++)
        assert_int_equal(vp9_quantizer_step((int)vp9[i][0]), vp9[i][1]);
    for (int i = 0; i < 127; i++)
        assert_true(vp8_quantizer_step(i) < vp8_quantizer_step(i + 1));
    for (int i = 0; i < 255; i++)
        assert_true(vp9_quantizer_step(i) < vp9_quantizer_step(i + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_vp8_descriptors),
        cmocka_unit_test(refuses_cut_vp8_payloads),
        cmocka_unit_test(reads_cut_keyframe_headers),
        cmocka_unit_test(splits_and_joins_vp8_frames),
        cmocka_unit_test(writes_temporal_layers),
        cmocka_unit_test(refuses_to_split_nothing),
        cmocka_unit_test(reads_quantizers),
        cmocka_unit_test(quantizers_have_steps),
        cmocka_unit_test(opus_durations),
        cmocka_unit_test(opus_packings),
        cmocka_unit_test(opus_frames_have_a_longest),
        cmocka_unit_test(opus_redundancy),
        cmocka_unit_test(opus_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
