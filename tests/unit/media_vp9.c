/* SPDX-License-Identifier: MIT */
/* VP9 without a decoder: the payload descriptor in both its modes (RFC 9628), frames through payloads and back, and what headers and the
 * index of a chunk say. */
#include "vp9_payload.h"
#include "vp9_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* A keyframe of profile 0 and 320x240, as far as its header: marker, profile, shown, sync code, colours, sizes. */
static const uint8_t keyframe[] = {0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0, 0x0e, 0xf0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
static const uint8_t deep[] = {0x92, 0x49, 0x83, 0x42, 0x00, 0x09, 0xf8, 0x07, 0x78}; /* profile 2 */
static const uint8_t inter[] = {0x86, 0x00, 0x40, 0x92, 0x88};

static void headers_say_sizes(void **state)
{
    struct vp9_header header;
    uint16_t width, height;
    (void)state;
    assert_true(vp9_frame_info(slice_of(keyframe, sizeof keyframe), &width, &height));
    assert_int_equal(width, 320);
    assert_int_equal(height, 240);
    assert_true(vp9_header_read(slice_of(deep, sizeof deep), &header));
    assert_int_equal(header.profile, 2);
    assert_true(header.keyframe && header.width == 320 && header.height == 240);
    assert_true(vp9_header_read(slice_of(inter, sizeof inter), &header));
    assert_false(header.keyframe);
    for (size_t len = 0; len < 9; len++) /* cut short: no size, and never another one */
        assert_true((vp9_frame_info(slice_of(keyframe, len), &width, &height), width == 0 && height == 0));
    assert_false(vp9_header_read(slice_of("\x02", 1), &header));
    assert_false(vp9_header_read(slice_of("\x82\x49\x83\x43", 4), &header));
}

/* What is no keyframe may say another size as well: none of three references has its own. */
static void sizes_without_a_keyframe(void **state)
{
    /* marker 10, profile 00, shown again 0, frame type 1, shown 1, resilient 1; refresh 8 bits; three references of 4; none of their sizes;
     * 16384 by 16384, each less one */
    static const uint8_t grown[] = {0x87, 0x01, 0x00, 0x00, 0x7f, 0xfe, 0x7f, 0xfe};
    struct vp9_header header;
    (void)state;
    assert_true(vp9_header_read(slice_of(grown, sizeof grown), &header));
    assert_false(header.keyframe);
    assert_int_equal(header.width, 16384);
    assert_int_equal(header.height, 16384);
}

/* By hand. A keyframe: shown in another size no, context refreshed and parallel, context 0, filter 8 and 0, deltas as they were, quantizer
 * 0x5a. */
static const uint8_t quantized_key[] = {0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0, 0x0e, 0xf6, 0x10, 0x25, 0xa0};
/* A resilient one that refers: as large as its second reference, shown in 320x240; filters vary; two of six deltas change; quantizer 0xd2.
 */
static const uint8_t quantized_inter[] = {0x87, 0x01, 0x00, 0x06, 0x02, 0x7e, 0x01, 0xde, 0x61, 0x03, 0x86, 0x10, 0xad, 0x20};

static void headers_say_quantizers(void **state)
{
    (void)state;
    assert_int_equal(vp9_quantizer(slice_of(quantized_key, sizeof quantized_key)), 0x5a);
    assert_int_equal(vp9_quantizer(slice_of(quantized_inter, sizeof quantized_inter)), 0xd2);
    for (size_t len = 0; len < sizeof quantized_key; len++)
        assert_int_equal(vp9_quantizer(slice_of(quantized_key, len)), -1);
    for (size_t len = 0; len < sizeof quantized_inter; len++)
        assert_int_equal(vp9_quantizer(slice_of(quantized_inter, len)), -1);
    assert_int_equal(vp9_quantizer(slice_of("\x88", 1)), -1); /* one that is there is shown */
}

static void chunks_have_an_index(void **state)
{
    uint8_t chunk[32] = {1, 2, 3, 4, 5, 6, 7};
    struct slice frames[VP9_FRAMES_MAX];
    (void)state;
    assert_int_equal(vp9_index_read(slice_of(chunk, 7), frames), 0);
    vp9_index_write(chunk + 7, 7);
    assert_int_equal(vp9_index_read(slice_of(chunk, 7 + VP9_INDEX_LEN), frames), 1);
    assert_ptr_equal(frames[0].data, chunk);
    assert_int_equal(frames[0].len, 7);
    const uint8_t two[] = {1, 2, 3, 4, 5, 0xc1, 3, 2, 0xc1}, beyond[] = {1, 2, 3, 0xc1, 2, 200, 0xc1};
    assert_int_equal(vp9_index_read(slice_of(two, sizeof two), frames), 2);
    assert_int_equal(frames[0].len, 3);
    assert_int_equal(frames[1].len, 2);
    assert_int_equal(frames[1].data[0], 4);
    assert_int_equal(vp9_index_read(slice_of(beyond, sizeof beyond), frames), 2);
    assert_int_equal(frames[1].len, 1);
    assert_int_equal(vp9_index_read(slice_of(two + 6, 3), frames), 0);
}

/* Every frame of a chunk is work, whether it is shown or not. */
static void frames_are_work(void **state)
{
    uint8_t chunk[64];
    struct writer w = writer_of(chunk, sizeof chunk);
    (void)state;
    struct picture_work work = vp9_frame_work(slice_of(keyframe, sizeof keyframe));
    assert_true(work.pictures == 0 && work.pixels == 320 * 240 && work.width == 320 && work.height == 240);
    work = vp9_frame_work(slice_of(inter, sizeof inter));
    assert_true(work.pictures == 1 && work.pixels == 0 && work.width == 0);
    writer_bytes(&w, slice_of(keyframe, 9));
    for (int i = 0; i < 3; i++)
        writer_bytes(&w, slice_of(inter, sizeof inter));
    writer_bytes(&w, slice_of("\xc3\x09\x05\x05\x05\xc3", 6));
    work = vp9_frame_work(slice_of(chunk, writer_len(&w)));
    assert_true(work.pictures == 3 && work.pixels == 320 * 240 && work.width == 320 && work.height == 240);
    work = vp9_frame_work(slice_of(NULL, 0));
    assert_true(work.pictures == 0 && work.pixels == 0);
}

static void descriptors(void **state)
{
    static const struct {
        uint8_t bytes[16];
        size_t len;
        bool valid;
        int32_t picture_id;
        uint8_t temporal_id, spatial_id, base_index, references, layers;
    } known[] = {
        {{0x08, 1}, 2, true, VP9_NO_PICTURE_ID, 0, 0, 0, 0, 0},                               /* nothing but B */
        {{0x88, 0x05, 1}, 3, true, 5, 0, 0, 0, 0, 0},                                         /* a short picture id */
        {{0x88, 0x85, 0x06, 1}, 4, true, 0x506, 0, 0, 0, 0, 0},                               /* a long one */
        {{0xa8, 0x05, 0x52, 9, 1}, 5, true, 5, 2, 1, 9, 0, 0},                                /* layers, not flexible: TL0PICIDX */
        {{0xb8, 0x05, 0x52, 1}, 4, true, 5, 2, 1, 0, 0, 0},                                   /* layers, flexible: none */
        {{0xd8, 0x05, 0x03, 0x05, 0x06, 1}, 6, true, 5, 0, 0, 0, 3, 0},                       /* flexible, with three references */
        {{0xd8, 0x05, 0x03, 0x05, 0x07, 0x02, 1}, 7, false, 5, 0, 0, 0, 0, 0},                /* and with four */
        {{0x58, 0x02, 1}, 3, false, 0, 0, 0, 0, 0, 0},                                        /* flexible, without a picture id */
        {{0x0a, 0x10, 1, 64, 0, 240, 1}, 7, true, VP9_NO_PICTURE_ID, 0, 0, 0, 0, 1},          /* a structure of one layer */
        {{0x0a, 0x28, 2, 0x04, 3, 0x18, 1, 2, 9}, 9, true, VP9_NO_PICTURE_ID, 0, 0, 0, 0, 2}, /* two layers, and a group of two pictures */
        {{0x0a, 0x08, 9, 0x0c, 1}, 5, false, 0, 0, 0, 0, 0, 0},                               /* a group cut short */
        {{0x88, 0x85}, 2, false, 0, 0, 0, 0, 0, 0},
        {{0x08}, 1, false, 0, 0, 0, 0, 0, 0},
        {{0}, 0, false, 0, 0, 0, 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct vp9_payload p;
        assert_int_equal(vp9_payload_parse(slice_of(known[i].bytes, known[i].len), &p), known[i].valid);
        if (!known[i].valid)
            continue;
        assert_int_equal(p.picture_id, known[i].picture_id);
        assert_int_equal(p.temporal_id, known[i].temporal_id);
        assert_int_equal(p.spatial_id, known[i].spatial_id);
        assert_int_equal(p.base_index, known[i].base_index);
        assert_int_equal(p.reference_count, known[i].references);
        assert_int_equal(p.spatial_layers, known[i].layers);
        assert_int_equal(p.data.len, 1);
        for (size_t len = 0; len < known[i].len; len++)
            (void)vp9_payload_parse(slice_of(known[i].bytes, len), &p);
    }
}

static void frames_come_back(void **state)
{
    (void)state;
    for (size_t len = 10; len < 3000; len += 97)
        for (uint8_t layers = 0; layers < 2; layers++)
            for (int key = 0; key < 2; key++) {
                uint8_t frame[3000], back[3000], bytes[500];
                size_t got = 0;
                struct packetizer p;
                memset(frame, 7, sizeof frame);
                memcpy(frame, key ? keyframe : inter, key ? 9 : sizeof inter);
                const struct payload_picture picture = {
                    .id = 300, .layer_flags = layers ? RTC_LAYER_TEMPORAL : 0, .temporal_id = layers, .base_index = 9};
                assert_true(vp9_payload_format.packetizer_start(&p, slice_of(frame, len), &picture, sizeof bytes));
                for (bool last = false, first = true; !last; first = false) {
                    struct writer w = writer_of(bytes, sizeof bytes);
                    struct payload_info info;
                    struct vp9_payload vp9;
                    assert_true(vp9_payload_format.packetizer_next(&p, &w, &last));
                    assert_true(vp9_payload_format.parse(slice_of(bytes, writer_len(&w)), &info));
                    assert_true(vp9_payload_parse(slice_of(bytes, writer_len(&w)), &vp9));
                    assert_int_equal(info.first, first);
                    assert_int_equal(info.keyframe, first && key);
                    assert_int_equal(vp9.last, last);
                    assert_int_equal(vp9.inter, !key);
                    assert_int_equal(vp9.picture_id, 300);
                    assert_int_equal(info.temporal_id, layers);
                    assert_int_equal(vp9.widths[0], first && key ? 320 : 0);
                    memcpy(back + got, info.data.data, info.data.len);
                    got += info.data.len;
                }
                assert_int_equal(got, len);
                assert_memory_equal(back, frame, len);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_say_sizes),    cmocka_unit_test(sizes_without_a_keyframe), cmocka_unit_test(headers_say_quantizers),
        cmocka_unit_test(chunks_have_an_index), cmocka_unit_test(frames_are_work),          cmocka_unit_test(descriptors),
        cmocka_unit_test(frames_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
