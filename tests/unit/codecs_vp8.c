/* SPDX-License-Identifier: MIT */
/* VP8: pictures survive, keyframes come when asked for and only then, the rate is kept and follows, sizes change, broken data is an error
 * and no more. */
#include "codec_table.h"
#include "codec_registry.h"
#include "context.h"
#include "failing_memory.h"
#include "test_picture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 30, FRAME_US = 1000000 / RATE };

struct pair {
    const rtc_codec_ops *ops;
    void *encoder, *decoder;
    rtc_encoder_settings settings;
    uint32_t number;
    rtc_time_t time;
};

static void pair_init(struct pair *p, uint32_t width, uint32_t height, uint32_t bitrate_bps)
{
    memset(p, 0, sizeof *p);
    p->ops = codec_find_encoder(NULL, RTC_MEDIA_VIDEO, "VP8");
    assert_non_null(p->ops);
    p->settings = (rtc_encoder_settings){
        .size = sizeof p->settings, .width = width, .height = height, .frames_per_second = RATE, .bitrate_bps = bitrate_bps};
    p->time = 5000000000;
    assert_int_equal(p->ops->encoder_new(NULL, &p->settings, &p->encoder), RTC_OK);
    assert_int_equal(p->ops->decoder_new(NULL, 0, &p->decoder), RTC_OK);
}

static void pair_fini(struct pair *p)
{
    p->ops->encoder_free(p->encoder);
    p->ops->decoder_free(p->decoder);
}

static rtc_video_frame *draw(struct pair *p)
{
    const rtc_video_frame_options o = {
        .size = sizeof o, .format = RTC_VIDEO_I420, .width = p->settings.width, .height = p->settings.height, .capture_time_us = p->time};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    test_picture_draw(f, &(struct test_picture){.number = p->number++, .time_us = p->time});
    p->time += FRAME_US;
    return f;
}

/* NULL when the encoder dropped it. */
static rtc_encoded_frame *encode(struct pair *p, rtc_video_frame *f, bool keyframe)
{
    rtc_encoded_frame *e;
    assert_int_equal(p->ops->encode_video(p->encoder, f, keyframe, &e), RTC_OK);
    return e;
}

static double psnr(const rtc_video_frame *a, const rtc_video_frame *b)
{
    double sum = 0;
    uint32_t width = rtc_video_frame_width(a), height = rtc_video_frame_height(a);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            int d = rtc_video_frame_plane(a, 0)[y * rtc_video_frame_stride(a, 0) + x] -
                    rtc_video_frame_plane(b, 0)[y * rtc_video_frame_stride(b, 0) + x];
            sum += d * d;
        }
    return sum == 0 ? 99 : 10 * log10(255.0 * 255.0 * width * height / sum);
}

static void test_pictures_survive(void **state)
{
    (void)state;
    struct pair p;
    int decoded = 0;
    pair_init(&p, 640, 360, 1000000);
    for (int i = 0; i < 60; i++) {
        rtc_video_frame *f = draw(&p), *back;
        rtc_encoded_frame *e = encode(&p, f, false);
        if (e) {
            uint16_t number;
            assert_string_equal(rtc_encoded_frame_codec(e), "VP8");
            assert_int_equal(rtc_encoded_frame_keyframe(e), i == 0);
            assert_int_equal(rtc_encoded_frame_rtp_timestamp(e), (uint32_t)(rtc_video_frame_capture_time_us(f) * 9 / 100));
            assert_int_equal(p.ops->decode_video(p.decoder, e, &back), RTC_OK);
            assert_non_null(back);
            assert_int_equal(rtc_video_frame_width(back), 640);
            assert_int_equal(rtc_video_frame_height(back), 360);
            assert_int_equal(rtc_video_frame_rtp_timestamp(back), rtc_encoded_frame_rtp_timestamp(e));
            assert_true(test_picture_read(back, &number));
            assert_int_equal(number, i);
            assert_true(psnr(f, back) > 27);
            assert_in_range(codec_quantizer(e), 0, 127);
            rtc_video_frame_unref(back);
            decoded++;
        }
        rtc_encoded_frame_unref(e);
        rtc_video_frame_unref(f);
    }
    assert_true(decoded >= 57);
    pair_fini(&p);
}

/* What the header says goes with how much the encoder may spend. */
static void test_quantizers_follow_the_rate(void **state)
{
    static const uint32_t rates[] = {100000, 500000, 3000000};
    int sums[3] = {0};
    (void)state;
    for (size_t r = 0; r < 3; r++) {
        struct pair p;
        pair_init(&p, 640, 360, rates[r]);
        for (int i = 0; i < 30; i++) {
            rtc_video_frame *f = draw(&p);
            rtc_encoded_frame *e = encode(&p, f, false);
            sums[r] += e ? codec_quantizer(e) : 127;
            rtc_encoded_frame_unref(e);
            rtc_video_frame_unref(f);
        }
        pair_fini(&p);
    }
    assert_true(sums[0] > sums[1] && sums[1] > sums[2]);
}

static void test_keyframes_on_demand_only(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, 320, 180, 300000);
    for (int i = 0; i < 400; i++) {
        bool wanted = i == 100 || i == 101 || i == 333;
        if (i == 200)
            p.number += 3000; /* a cut in the picture is no reason */
        rtc_video_frame *f = draw(&p);
        rtc_encoded_frame *e = encode(&p, f, wanted);
        if (wanted || i == 0)
            assert_true(e && rtc_encoded_frame_keyframe(e));
        else
            assert_false(e && rtc_encoded_frame_keyframe(e));
        rtc_encoded_frame_unref(e);
        rtc_video_frame_unref(f);
    }
    pair_fini(&p);
}

/* Bits per second over `frames` pictures. */
static double measure(struct pair *p, int frames)
{
    double bits = 0;
    for (int i = 0; i < frames; i++) {
        rtc_video_frame *f = draw(p);
        rtc_encoded_frame *e = encode(p, f, false);
        bits += e ? (double)rtc_encoded_frame_len(e) * 8 : 0;
        rtc_encoded_frame_unref(e);
        rtc_video_frame_unref(f);
    }
    return bits * RATE / frames;
}

static void set_bitrate(struct pair *p, uint32_t bitrate_bps)
{
    p->settings.bitrate_bps = bitrate_bps;
    assert_int_equal(p->ops->encoder_configure(p->encoder, &p->settings), RTC_OK);
}

static void test_rate_follows(void **state)
{
    (void)state;
    static const uint32_t rates[] = {400000, 150000, 600000};
    struct pair p;
    pair_init(&p, 640, 360, rates[0]);
    for (size_t i = 0; i < 3; i++) {
        set_bitrate(&p, rates[i]);
        (void)measure(&p, 30);
        double bps = measure(&p, 90);
        if (bps < rates[i] * 0.7 || bps > rates[i] * 1.3)
            fail_msg("%.0f bit/s in place of %u", bps, rates[i]);
    }
    pair_fini(&p);
}

/* The number and size of each picture arrive, whatever came before; settings say nothing about it. */
static void test_size_changes_on_the_fly(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{320, 180}, {640, 360}, {160, 120}, {321, 241}, {1280, 720}, {176, 144}};
    struct pair p;
    pair_init(&p, 320, 180, 500000);
    for (size_t i = 0; i < 6; i++) {
        p.settings.width = sizes[i][0];
        p.settings.height = sizes[i][1];
        for (int n = 0; n < 3; n++) {
            rtc_video_frame *f = draw(&p), *back;
            rtc_encoded_frame *e = encode(&p, f, false);
            if (n == 0)
                assert_true(e && rtc_encoded_frame_keyframe(e) && rtc_encoded_frame_width(e) == sizes[i][0]);
            if (e) {
                uint16_t number;
                assert_int_equal(p.ops->decode_video(p.decoder, e, &back), RTC_OK);
                assert_int_equal(rtc_video_frame_width(back), sizes[i][0]);
                assert_int_equal(rtc_video_frame_height(back), sizes[i][1]);
                assert_true(test_picture_read(back, &number));
                assert_int_equal(number, i * 3 + (size_t)n);
                rtc_video_frame_unref(back);
            }
            rtc_encoded_frame_unref(e);
            rtc_video_frame_unref(f);
        }
    }
    pair_fini(&p);
}

static void test_turned_upright(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, 320, 180, 500000);
    const rtc_video_frame_options o = {
        .size = sizeof o, .format = RTC_VIDEO_I420, .width = 320, .height = 180, .rotation = 90, .capture_time_us = 1};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    test_picture_draw(f, &(struct test_picture){.number = 1, .colour = 0x808080});
    rtc_encoded_frame *e = encode(&p, f, false);
    assert_int_equal(rtc_encoded_frame_width(e), 180);
    assert_int_equal(rtc_encoded_frame_height(e), 320);
    rtc_encoded_frame_unref(e);
    rtc_video_frame_unref(f);
    const rtc_video_frame_options packed = {.size = sizeof packed, .format = RTC_VIDEO_YUYV, .width = 320, .height = 180};
    assert_int_equal(rtc_video_frame_new(NULL, &packed, &f), RTC_OK);
    assert_int_equal(p.ops->encode_video(p.encoder, f, false, &e), RTC_ERR_NOT_SUPPORTED);
    rtc_video_frame_unref(f);
    pair_fini(&p);
}

static int decode_bytes(struct pair *p, const uint8_t *data, size_t len, bool *shown)
{
    const rtc_encoded_frame_options o = {.size = sizeof o, .kind = RTC_MEDIA_VIDEO, .codec = "VP8", .data = data, .data_len = len};
    rtc_encoded_frame *e;
    rtc_video_frame *f = NULL;
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &e), RTC_OK);
    int error = p->ops->decode_video(p->decoder, e, &f);
    if (error)
        assert_null(f);
    *shown = f != NULL;
    rtc_video_frame_unref(f);
    rtc_encoded_frame_unref(e);
    return error;
}

static void test_needs_a_keyframe(void **state)
{
    (void)state;
    struct pair p;
    bool shown;
    pair_init(&p, 320, 180, 500000);
    rtc_video_frame *f[3];
    rtc_encoded_frame *e[3];
    for (int i = 0; i < 3; i++) {
        f[i] = draw(&p);
        e[i] = encode(&p, f[i], i == 2);
        assert_non_null(e[i]);
    }
    assert_int_equal(decode_bytes(&p, rtc_encoded_frame_data(e[1]), rtc_encoded_frame_len(e[1]), &shown), RTC_ERR_ENCODING);
    assert_int_equal(decode_bytes(&p, rtc_encoded_frame_data(e[0]), rtc_encoded_frame_len(e[0]), &shown), RTC_OK);
    assert_true(shown);
    assert_int_equal(decode_bytes(&p, rtc_encoded_frame_data(e[1]), rtc_encoded_frame_len(e[1]), &shown), RTC_OK);
    assert_int_equal(decode_bytes(&p, (const uint8_t *)"\1", 1, &shown), RTC_ERR_ENCODING);
    assert_int_equal(decode_bytes(&p, rtc_encoded_frame_data(e[1]), rtc_encoded_frame_len(e[1]), &shown),
                     RTC_ERR_ENCODING); /* nothing to build on */
    assert_int_equal(decode_bytes(&p, rtc_encoded_frame_data(e[2]), rtc_encoded_frame_len(e[2]), &shown), RTC_OK);
    for (int i = 0; i < 3; i++) {
        rtc_video_frame_unref(f[i]);
        rtc_encoded_frame_unref(e[i]);
    }
    pair_fini(&p);
}

/* What decoding a whole, valid keyframe of this size gives. */
static int decode_size(uint32_t width, uint32_t height)
{
    struct pair p;
    bool shown = false;
    pair_init(&p, width, height, 500000);
    rtc_video_frame *f = draw(&p);
    rtc_encoded_frame *e = encode(&p, f, true);
    assert_non_null(e);
    int error = decode_bytes(&p, rtc_encoded_frame_data(e), rtc_encoded_frame_len(e), &shown);
    assert_int_equal(shown, error == RTC_OK);
    rtc_encoded_frame_unref(e);
    rtc_video_frame_unref(f);
    pair_fini(&p);
    return error;
}

static void test_size_is_bounded(void **state)
{
    (void)state;
    struct pair p;
    bool shown;
    uint8_t key[64] = {0x10, 2, 0, 0x9d, 0x01, 0x2a};
    static const uint16_t sizes[][2] = {{16383, 16383}, {4097, 2304}, {2304, 4097}, {0, 16}, {16, 0}};
    pair_init(&p, 320, 180, 500000);
    for (size_t i = 0; i < 5; i++) {
        key[6] = (uint8_t)sizes[i][0];
        key[7] = (uint8_t)(sizes[i][0] >> 8);
        key[8] = (uint8_t)sizes[i][1];
        key[9] = (uint8_t)(sizes[i][1] >> 8);
        assert_int_equal(decode_bytes(&p, key, sizeof key, &shown), RTC_ERR_ENCODING);
    }
    pair_fini(&p);
    assert_int_equal(decode_size(16, 4112), RTC_OK);
    assert_int_equal(decode_size(5120, 1440), RTC_OK); /* a wide screen; by pixels, like rtc_limits */
}

/* rtc_limits of the decoder's context are its own. */
static void test_size_limit_is_the_contexts(void **state)
{
    static const struct {
        uint32_t pixels;
        int error;
    } limits[] = {{320 * 180 - 1, RTC_ERR_ENCODING}, {320 * 180, RTC_OK}, {UINT32_MAX, RTC_OK}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const rtc_limits l = {.size = sizeof l, .picture_pixels = limits[i].pixels};
        const rtc_context_options o = {.size = sizeof o, .limits = &l};
        rtc_context *context;
        struct pair p;
        bool shown;
        assert_int_equal(rtc_context_new(&o, &context), RTC_OK);
        pair_init(&p, 320, 180, 500000);
        p.ops->decoder_free(p.decoder);
        assert_int_equal(p.ops->decoder_new(context, 0, &p.decoder), RTC_OK);
        rtc_video_frame *f = draw(&p);
        rtc_encoded_frame *e = encode(&p, f, true);
        assert_non_null(e);
        assert_int_equal(decode_bytes(&p, rtc_encoded_frame_data(e), rtc_encoded_frame_len(e), &shown), limits[i].error);
        rtc_encoded_frame_unref(e);
        rtc_video_frame_unref(f);
        pair_fini(&p);
        rtc_context_unref(context);
    }
}

/* A header that promises more than could follow is refused before memory is had for its size. */
static void test_short_for_its_size(void **state)
{
    (void)state;
    struct pair p;
    bool shown;
    uint8_t key[30000] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0, 0x10, 0, 0x10}; /* 4096 x 4096: 65536 blocks */
    pair_init(&p, 320, 180, 500000);
    rtc_time_t began = rtc_now();
    for (int i = 0; i < 1000; i++) {
        size_t claimed = (size_t)i * 16;
        key[0] = (uint8_t)(0x10 | (claimed & 7) << 5);
        key[1] = (uint8_t)(claimed >> 3);
        key[2] = (uint8_t)(claimed >> 11);
        assert_int_equal(decode_bytes(&p, key, sizeof key, &shown), RTC_ERR_ENCODING); /* a first partition of less than two bits a block */
        assert_int_equal(decode_bytes(&p, key, 10 + claimed / 2, &shown), RTC_ERR_ENCODING);
    }
    print_message("2000 in %lld us\n", (long long)(rtc_now() - began));
    pair_fini(&p);
    /* The least that an encoder makes of a large picture is more than that. */
    pair_init(&p, 4096, 2304, 500000);
    const rtc_video_frame_options o = {
        .size = sizeof o, .format = RTC_VIDEO_I420, .width = 4096, .height = 2304, .capture_time_us = p.time};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    for (size_t i = 0; i < 3; i++)
        memset(rtc_video_frame_writable_plane(f, i), 128, rtc_video_frame_stride(f, i) * (i ? 1152u : 2304u));
    rtc_encoded_frame *e = encode(&p, f, true);
    assert_non_null(e);
    print_message("grey: %zu bytes\n", rtc_encoded_frame_len(e));
    assert_int_equal(decode_bytes(&p, rtc_encoded_frame_data(e), rtc_encoded_frame_len(e), &shown), RTC_OK);
    rtc_encoded_frame_unref(e);
    rtc_video_frame_unref(f);
    pair_fini(&p);
}

/* Real frames, cut and with bits turned over: any answer is right that is one. A good keyframe repairs everything. */
static void test_broken_data(void **state)
{
    (void)state;
    struct pair p;
    uint64_t seed = 20240607;
    int errors = 0;
    bool shown;
    pair_init(&p, 320, 180, 500000);
    for (int i = 0; i < 600; i++) {
        rtc_video_frame *f = draw(&p);
        rtc_encoded_frame *e = encode(&p, f, i % 3 == 0);
        if (e) {
            uint8_t *data = rtc_encoded_frame_writable_data(e);
            size_t len = rtc_encoded_frame_len(e);
            for (int n = 0; n < 4; n++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                size_t at = (size_t)(seed >> 33) % (i % 2 ? len : len < 32 ? len : 32);
                data[at] ^= (uint8_t)(seed >> 25 | 1);
            }
            if (i % 5 == 0)
                rtc_encoded_frame_truncate(e, 1 + (size_t)(seed >> 40) % len);
            errors += decode_bytes(&p, rtc_encoded_frame_data(e), rtc_encoded_frame_len(e), &shown) != RTC_OK;
        }
        rtc_encoded_frame_unref(e);
        rtc_video_frame_unref(f);
    }
    assert_true(errors > 100);
    rtc_video_frame *f = draw(&p);
    rtc_encoded_frame *e = encode(&p, f, true);
    assert_int_equal(decode_bytes(&p, rtc_encoded_frame_data(e), rtc_encoded_frame_len(e), &shown), RTC_OK);
    assert_true(shown);
    rtc_encoded_frame_unref(e);
    rtc_video_frame_unref(f);
    pair_fini(&p);
}

static int code_one(rtc_context *context, void *user)
{
    rtc_video_frame *frame = user;
    const rtc_codec_ops *ops = codec_find_encoder(context, RTC_MEDIA_VIDEO, "VP8");
    const rtc_encoder_settings settings = {
        .size = sizeof settings, .width = 320, .height = 180, .frames_per_second = RATE, .bitrate_bps = 500000};
    void *encoder = NULL, *decoder = NULL;
    rtc_encoded_frame *e = NULL;
    rtc_video_frame *back = NULL;
    int error = ops->encoder_new(context, &settings, &encoder);
    if (!error)
        error = ops->decoder_new(context, 0, &decoder);
    if (!error)
        error = ops->encode_video(encoder, frame, false, &e);
    if (!error)
        error = ops->decode_video(decoder, e, &back);
    rtc_video_frame_unref(back);
    rtc_encoded_frame_unref(e);
    ops->encoder_free(encoder);
    ops->decoder_free(decoder);
    return error;
}

/* A frame that was lost for want of memory is missing in the prediction of those after it: the next one is a keyframe. */
static void test_lost_for_memory(void **state)
{
    (void)state;
    struct counting_allocator c = {0};
    rtc_allocator allocator = counting_allocator_of(&c);
    const rtc_context_options o = {.size = sizeof o, .allocator = &allocator};
    rtc_context *context;
    struct pair p;
    pair_init(&p, 320, 180, 500000);
    p.ops->encoder_free(p.encoder);
    assert_int_equal(rtc_context_new(&o, &context), RTC_OK);
    assert_int_equal(p.ops->encoder_new(context, &p.settings, &p.encoder), RTC_OK);
    for (int i = 0; i < 4; i++) {
        rtc_video_frame *f = draw(&p);
        rtc_encoded_frame *e = NULL;
        c.fail_at = i == 2 ? c.calls + 1 : 0;
        assert_int_equal(p.ops->encode_video(p.encoder, f, false, &e), i == 2 ? RTC_ERR_NO_MEMORY : RTC_OK);
        assert_true(i == 2 || rtc_encoded_frame_keyframe(e) == (i != 1));
        rtc_encoded_frame_unref(e);
        rtc_video_frame_unref(f);
    }
    pair_fini(&p);
    rtc_context_unref(context);
    assert_int_equal(c.live, 0);
}

static void test_failing_memory(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, 320, 180, 500000);
    rtc_video_frame *f = draw(&p);
    fail_each_allocation(code_one, f, 100);
    rtc_video_frame_unref(f);
    pair_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_survive),
        cmocka_unit_test(test_quantizers_follow_the_rate),
        cmocka_unit_test(test_keyframes_on_demand_only),
        cmocka_unit_test(test_rate_follows),
        cmocka_unit_test(test_size_changes_on_the_fly),
        cmocka_unit_test(test_turned_upright),
        cmocka_unit_test(test_needs_a_keyframe),
        cmocka_unit_test(test_size_is_bounded),
        cmocka_unit_test(test_size_limit_is_the_contexts),
        cmocka_unit_test(test_short_for_its_size),
        cmocka_unit_test(test_broken_data),
        cmocka_unit_test(test_lost_for_memory),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
