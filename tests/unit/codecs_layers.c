/* SPDX-License-Identifier: MIT */
/* Temporal layers of VP8 and VP9: each picture says which it is of, the base layer and what stands on it can be decoded without what is
 * above, to the last bit as with it, from each picture on that says so, and the rate is shared among them as it is meant to be. */
#include "codec_registry.h"
#include "temporal_pattern.h"
#include "test_picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 30, FRAME_US = 1000000 / RATE, LAYERS = TEMPORAL_LAYERS_MAX };

static const char *const codecs[] = {"VP8", "VP9"};

struct scene {
    const rtc_codec_ops *ops;
    void *encoder;
    void *decoders[LAYERS]; /* each gets this layer and those below it */
    rtc_encoder_settings settings;
    uint32_t number;
    rtc_time_t time;
    uint32_t made, frames[LAYERS], shown[LAYERS];
    uint64_t bytes[LAYERS];
};

static void begin(struct scene *s, const char *codec, uint32_t layers, uint32_t bitrate_bps)
{
    memset(s, 0, sizeof *s);
    s->ops = codec_find_encoder(NULL, RTC_MEDIA_VIDEO, codec);
    assert_non_null(s->ops);
    assert_int_equal(s->ops->temporal_layers, LAYERS);
    s->settings = (rtc_encoder_settings){.size = sizeof s->settings,
                                         .width = 320,
                                         .height = 180,
                                         .frames_per_second = RATE,
                                         .bitrate_bps = bitrate_bps,
                                         .temporal_layers = layers};
    s->time = 5000000000;
    assert_int_equal(s->ops->encoder_new(NULL, &s->settings, &s->encoder), RTC_OK);
    for (int i = 0; i < LAYERS; i++)
        assert_int_equal(s->ops->decoder_new(NULL, 0, &s->decoders[i]), RTC_OK);
}

static void end(struct scene *s)
{
    s->ops->encoder_free(s->encoder);
    for (int i = 0; i < LAYERS; i++)
        s->ops->decoder_free(s->decoders[i]);
}

/* NULL when the encoder left it out. */
static rtc_encoded_frame *next(struct scene *s, bool keyframe)
{
    const rtc_video_frame_options o = {
        .size = sizeof o, .format = RTC_VIDEO_I420, .width = s->settings.width, .height = s->settings.height, .capture_time_us = s->time};
    rtc_video_frame *picture;
    rtc_encoded_frame *frame;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &picture), RTC_OK);
    test_picture_draw(picture, &(struct test_picture){.number = s->number++, .time_us = s->time});
    s->time += FRAME_US;
    assert_int_equal(s->ops->encode_video(s->encoder, picture, keyframe, &frame), RTC_OK);
    rtc_video_frame_unref(picture);
    return frame;
}

static rtc_video_frame *decode(struct scene *s, int decoder, rtc_encoded_frame *frame)
{
    rtc_video_frame *picture;
    assert_int_equal(s->ops->decode_video(s->decoders[decoder], frame, &picture), RTC_OK);
    assert_non_null(picture);
    s->shown[decoder]++;
    return picture;
}

static void assert_same(const rtc_video_frame *a, const rtc_video_frame *b)
{
    for (size_t plane = 0; plane < 3; plane++)
        for (uint32_t y = 0; y < rtc_video_frame_height(a) / (plane ? 2 : 1); y++)
            assert_memory_equal(rtc_video_frame_plane(a, plane) + y * rtc_video_frame_stride(a, plane),
                                rtc_video_frame_plane(b, plane) + y * rtc_video_frame_stride(b, plane),
                                rtc_video_frame_width(a) / (plane ? 2 : 1));
}

/* By all who get it: they show the same. */
static void decode_for_all(struct scene *s, rtc_encoded_frame *frame)
{
    rtc_video_frame *whole = decode(s, LAYERS - 1, frame);
    for (int i = (int)rtc_encoded_frame_temporal_id(frame); i < LAYERS - 1; i++) {
        rtc_video_frame *part = decode(s, i, frame);
        assert_same(whole, part);
        rtc_video_frame_unref(part);
    }
    rtc_video_frame_unref(whole);
}

static void run(struct scene *s, int pictures, int keyframe_every)
{
    for (int i = 0; i < pictures; i++) {
        rtc_encoded_frame *frame = next(s, i > 0 && i % keyframe_every == 0);
        if (!frame)
            continue;
        uint32_t layer = rtc_encoded_frame_temporal_id(frame);
        assert_in_range(layer, 0, s->settings.temporal_layers - 1);
        assert_true(layer == 0 || !rtc_encoded_frame_keyframe(frame));
        s->made++;
        s->frames[layer]++;
        s->bytes[layer] += rtc_encoded_frame_len(frame);
        decode_for_all(s, frame);
        rtc_encoded_frame_unref(frame);
    }
}

static void test_lower_layers_are_whole(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++)
        for (uint32_t layers = 2; layers <= LAYERS; layers++) {
            struct scene s;
            begin(&s, codecs[c], layers, 400000);
            run(&s, 241, 1000);
            assert_true(s.made >= 230);
            /* The base layer is a half, or a quarter, of the pictures, the middle one as many again, the topmost half of all. */
            assert_in_range(s.frames[0], s.made / (layers == 2 ? 2 : 4), s.made / (layers == 2 ? 2 : 4) + 2);
            assert_in_range(s.frames[layers - 1], s.made / 2 - 1, s.made / 2 + 1);
            assert_int_equal(s.shown[0], s.frames[0]);
            assert_int_equal(s.shown[LAYERS - 1], s.made);
            end(&s);
        }
}

/* After a keyframe the pattern begins anew, wherever it was. */
static void test_keyframes_begin_the_pattern(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++)
        for (int every = 5; every <= 8; every++) {
            struct scene s;
            begin(&s, codecs[c], 3, 600000);
            run(&s, 60, every);
            assert_int_equal(s.shown[LAYERS - 1], s.made);
            end(&s);
        }
}

/* What the encoder leaves out leaves no gap in what the others refer to. */
static void test_pictures_left_out(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++)
        for (uint32_t layers = 2; layers <= LAYERS; layers++) {
            struct scene s;
            begin(&s, codecs[c], layers, 30000);
            s.settings.width = 640;
            s.settings.height = 360;
            run(&s, 200, 70);
            assert_in_range(s.made, 5, 199);
            assert_int_equal(s.shown[LAYERS - 1], s.made);
            end(&s);
        }
}

/* Whoever has decoded the base layer alone takes the upper ones from a picture of theirs on that says so, and from no other. */
static void test_switching_up(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++)
        for (int from = 20; from < 28; from++) {
            struct scene s;
            bool up[LAYERS] = {true, false, false};
            begin(&s, codecs[c], 3, 400000);
            for (int i = 0; i < 60; i++) {
                rtc_encoded_frame *frame = next(&s, false);
                if (!frame)
                    continue;
                uint32_t layer = rtc_encoded_frame_temporal_id(frame), flags = rtc_encoded_frame_layer_flags(frame);
                assert_true(flags & RTC_LAYER_TEMPORAL);
                rtc_video_frame *whole = decode(&s, LAYERS - 1, frame);
                up[layer] = up[layer] || (i >= from && (flags & RTC_LAYER_SYNC));
                if (layer == 2 && !up[1]) /* what is in between may be referred to from here on */
                    up[2] = up[2] && (flags & RTC_LAYER_SYNC);
                if (up[layer]) {
                    rtc_video_frame *part = decode(&s, 0, frame);
                    assert_same(whole, part);
                    rtc_video_frame_unref(part);
                }
                rtc_video_frame_unref(whole);
                rtc_encoded_frame_unref(frame);
            }
            assert_true(up[1] && up[2]);
            assert_in_range(s.shown[0], 35, 56);
            end(&s);
        }
}

/* The base layer takes no more than its part, so that who has less than the whole can have that; and the whole keeps to the rate. */
static void test_shares_of_the_rate(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++)
        for (uint32_t layers = 2; layers <= LAYERS; layers++) {
            struct scene s;
            begin(&s, codecs[c], layers, 300000);
            run(&s, 90, 1000); /* the keyframe is paid off */
            memset(s.bytes, 0, sizeof s.bytes);
            run(&s, 600, 1000);
            uint64_t all = 0, below = 0;
            for (uint32_t i = 0; i < layers; i++)
                all += s.bytes[i];
            assert_in_range(all * 8 / 20, 200000, 330000);
            for (uint32_t i = 0; i < layers; i++) {
                below += s.bytes[i];
                uint32_t percent = (uint32_t)(below * 100 / all), share = temporal_pattern_share(layers, i);
                print_message("%s of %u layers: 0 to %u take %u %% of %u kbit/s\n", codecs[c], layers, i, percent,
                              (uint32_t)(all * 8 / 20000));
                assert_in_range(percent, share - 15, share + 12);
            }
            end(&s);
        }
}

/* Other layers are another stream: it begins with a keyframe. */
static void test_other_layers_on_the_fly(void **state)
{
    static const uint32_t steps[] = {1, 3, 2, 0, 3};
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        struct scene s;
        begin(&s, codecs[c], 1, 400000);
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            bool begins = true;
            s.settings.temporal_layers = steps[k];
            assert_int_equal(s.ops->encoder_configure(s.encoder, &s.settings), RTC_OK);
            for (int i = 0; i < 20; i++) {
                rtc_encoded_frame *frame = next(&s, false);
                if (!frame)
                    continue;
                assert_int_equal(rtc_encoded_frame_keyframe(frame), begins);
                assert_int_equal((rtc_encoded_frame_layer_flags(frame) & RTC_LAYER_TEMPORAL) != 0, steps[k] > 1);
                decode_for_all(&s, frame);
                begins = false;
                rtc_encoded_frame_unref(frame);
            }
        }
        end(&s);
    }
}

static void test_pattern(void **state)
{
    static const uint8_t expected[LAYERS][4] = {{0, 0, 0, 0}, {0, 1, 0, 1}, {0, 2, 1, 2}};
    (void)state;
    for (uint32_t layers = 0; layers <= 5; layers++) {
        struct temporal_pattern p;
        uint32_t counted = layers < 1 ? 1 : layers > LAYERS ? LAYERS : layers;
        temporal_pattern_start(&p, layers);
        assert_int_equal(p.layers, counted);
        assert_int_equal(temporal_pattern_share(layers, counted - 1), 100);
        assert_int_equal(temporal_pattern_share(layers, counted), 100);
        for (uint32_t i = 0; i < 12; i++) {
            assert_int_equal(temporal_pattern_next(&p)->layer, expected[counted - 1][i % 4]);
            assert_int_equal(temporal_pattern_layer(layers, i), expected[counted - 1][i % 4]);
            assert_false(temporal_pattern_next(&p)->layer == 0 && temporal_pattern_next(&p)->sync);
            temporal_pattern_made(&p, false);
        }
        temporal_pattern_made(&p, false);
        temporal_pattern_made(&p, true);
        assert_int_equal(temporal_pattern_next(&p)->layer, expected[counted - 1][1]);
    }
    assert_int_equal(temporal_pattern_next(&(struct temporal_pattern){0})->layer, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pattern),
        cmocka_unit_test(test_lower_layers_are_whole),
        cmocka_unit_test(test_keyframes_begin_the_pattern),
        cmocka_unit_test(test_pictures_left_out),
        cmocka_unit_test(test_switching_up),
        cmocka_unit_test(test_shares_of_the_rate),
        cmocka_unit_test(test_other_layers_on_the_fly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
