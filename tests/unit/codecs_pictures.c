/* SPDX-License-Identifier: MIT */
/* What every codec of pictures must do, whichever it is: pictures survive, keyframes come when asked for and only then, the rate is kept,
 * sizes change, and broken data is an error and no more. Codecs that a build has not are passed over. */
#include "codec_registry.h"
#include "codec_table.h"
#include "context.h"
#include "frame.h"
#include "h264_stream.h"
#include "test_picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { RATE = 30, FRAME_US = 1000000 / RATE };

#define H264(mode) "level-asymmetry-allowed=1;packetization-mode=" #mode ";profile-level-id=42e01f"

static const struct {
    const char *name, *fmtp;
} codecs[] = {{"VP8", ""}, {"VP9", "profile-id=0"}, {"H264", H264(1)}, {"H264", H264(0)}};
enum { CODECS = sizeof codecs / sizeof codecs[0] };

struct pair {
    const rtc_codec_ops *ops;
    void *encoder, *decoder;
    rtc_encoder_settings settings;
    uint32_t number;
    rtc_time_t time;
};

static void *new_decoder(const rtc_codec_ops *ops, const char *fmtp)
{
    const rtc_codec_parameters parameters = {sizeof parameters, ops->name, 90000, 1, fmtp};
    void *decoder;
    assert_int_equal(ops->decoder_new_with ? ops->decoder_new_with(NULL, &parameters, &decoder) : ops->decoder_new(NULL, 1, &decoder),
                     RTC_OK);
    return decoder;
}

/* False when nobody encodes it here. */
static bool pair_init(struct pair *p, size_t which, uint32_t width, uint32_t height, uint32_t bitrate_bps)
{
    const rtc_codec_parameters parameters = {sizeof parameters, codecs[which].name, 90000, 1, codecs[which].fmtp};
    memset(p, 0, sizeof *p);
    p->ops = codec_find_encoder(NULL, RTC_MEDIA_VIDEO, codecs[which].name);
    if (!p->ops)
        return false;
    p->settings = (rtc_encoder_settings){.size = sizeof p->settings,
                                         .width = width,
                                         .height = height,
                                         .frames_per_second = RATE,
                                         .bitrate_bps = bitrate_bps,
                                         .parameters = &parameters};
    p->time = 5000000000;
    assert_int_equal(p->ops->encoder_new(NULL, &p->settings, &p->encoder), RTC_OK);
    p->settings.parameters = NULL;
    p->decoder = new_decoder(p->ops, codecs[which].fmtp);
    return true;
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

/* What costs bits, as the noise of a camera. */
static void add_noise(rtc_video_frame *f, uint32_t seed)
{
    uint8_t *row = rtc_video_frame_writable_plane(f, 0);
    for (uint32_t y = 0; y < rtc_video_frame_height(f); y++, row += rtc_video_frame_stride(f, 0))
        for (uint32_t x = 0; x < rtc_video_frame_width(f); x++) {
            seed = seed * 1664525 + 1013904223;
            row[x] = (uint8_t)(row[x] / 2 + 60 + (seed >> 24) % 24);
        }
}

/* NULL when the encoder dropped it. */
static rtc_encoded_frame *encode_with(struct pair *p, bool keyframe, bool noise)
{
    rtc_video_frame *f = draw(p);
    if (noise)
        add_noise(f, p->number);
    rtc_encoded_frame *e;
    assert_int_equal(p->ops->encode_video(p->encoder, f, keyframe, &e), RTC_OK);
    rtc_video_frame_unref(f);
    return e;
}

static rtc_encoded_frame *encode(struct pair *p, bool keyframe)
{
    return encode_with(p, keyframe, false);
}

static rtc_encoded_frame *remake(const rtc_encoded_frame *e, const uint8_t *data, size_t len)
{
    rtc_encoded_frame *made;
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = RTC_MEDIA_VIDEO,
                                         .codec = rtc_encoded_frame_codec(e),
                                         .data = data,
                                         .data_len = len,
                                         .keyframe = rtc_encoded_frame_keyframe(e),
                                         .rtp_timestamp = rtc_encoded_frame_rtp_timestamp(e),
                                         .capture_time_us = rtc_encoded_frame_capture_time_us(e)};
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &made), RTC_OK);
    return made;
}

/* The picture is what it was, by the number that it shows. */
static void expect_picture(const rtc_codec_ops *ops, void *decoder, rtc_encoded_frame *e, uint32_t wanted)
{
    rtc_video_frame *back;
    uint16_t number;
    assert_int_equal(ops->decode_video(decoder, e, &back), RTC_OK);
    assert_non_null(back);
    assert_int_equal(rtc_video_frame_rtp_timestamp(back), rtc_encoded_frame_rtp_timestamp(e));
    assert_true(test_picture_read(back, &number));
    assert_int_equal(number, wanted);
    rtc_video_frame_unref(back);
}

static void pictures_survive(void **state)
{
    (void)state;
    for (size_t c = 0; c < CODECS; c++) {
        struct pair p;
        int decoded = 0;
        if (!pair_init(&p, c, 640, 360, 1000000))
            continue;
        for (uint32_t i = 0; i < 60; i++) {
            rtc_encoded_frame *e = encode(&p, i == 30);
            if (!e)
                continue;
            uint16_t width, height;
            const struct codec_row *row = codec_row_carried(RTC_MEDIA_VIDEO, codecs[c].name);
            bool key = row->format->frame_info(slice_of(rtc_encoded_frame_data(e), rtc_encoded_frame_len(e)), &width, &height);
            assert_string_equal(rtc_encoded_frame_codec(e), codecs[c].name);
            assert_int_equal(rtc_encoded_frame_keyframe(e), key);
            assert_int_equal(key, i == 0 || i == 30);
            if (key)
                assert_true(width == 640 && height == 360);
            expect_picture(p.ops, p.decoder, e, i);
            rtc_encoded_frame_unref(e);
            decoded++;
        }
        assert_true(decoded >= 55);
        pair_fini(&p);
    }
}

/* Over ten seconds within a tenth of what was asked, and again when that changes. */
static void rates_are_kept(void **state)
{
    static const uint32_t rates[] = {600000, 300000, 1200000};
    (void)state;
    for (size_t c = 0; c < CODECS; c++) {
        struct pair p;
        if (!pair_init(&p, c, 640, 360, rates[0]))
            continue;
        for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
            size_t bytes = 0;
            p.settings.bitrate_bps = rates[r];
            assert_int_equal(p.ops->encoder_configure(p.encoder, &p.settings), RTC_OK);
            for (int i = 0; i < 11 * RATE; i++) {
                rtc_encoded_frame *e = encode_with(&p, false, true);
                bytes += e && i >= RATE ? rtc_encoded_frame_len(e) : 0; /* after a second of getting used to it */
                rtc_encoded_frame_unref(e);
            }
            double off = (double)bytes * 8 / 10 / rates[r];
            print_message("%s %s: %.3f of %u bit/s\n", codecs[c].name, codecs[c].fmtp, off, rates[r]);
            assert_true(off > 0.9 && off < 1.1);
        }
        pair_fini(&p);
    }
}

/* What headers say goes with how much the encoder may spend, and far too little is coarse. */
static void quantizers_follow_the_rate(void **state)
{
    static const uint32_t rates[2][3] = {{60000, 400000, 4000000}, {60000, 1500000, 6000000}};
    (void)state;
    for (size_t c = 0; c < 2; c++) { /* VP8 and VP9 */
        int mean[3] = {0}, coarse[3] = {0};
        for (size_t r = 0; r < 3; r++) {
            struct pair p;
            if (!pair_init(&p, c, 640, 360, rates[c][r]))
                return;
            int count = 0;
            for (int i = 0; i < 120; i++) {
                rtc_video_frame *f = draw(&p);
                rtc_encoded_frame *e = encode(&p, f);
                if (e && i >= 60) { /* the keyframe is paid for */
                    assert_in_range(codec_quantizer(e), 0, 255);
                    mean[r] += codec_quantizer(e);
                    coarse[r] += codec_is_coarse(e);
                    count++;
                }
                rtc_encoded_frame_unref(e);
                rtc_video_frame_unref(f);
            }
            assert_true(count > 0);
            mean[r] /= count;
            coarse[r] = coarse[r] * 100 / count;
            pair_fini(&p);
        }
        print_message("%s: %d %d %d, %d %d %d %% coarse\n", codecs[c].name, mean[0], mean[1], mean[2], coarse[0], coarse[1], coarse[2]);
        assert_true(mean[0] > mean[1] && mean[1] > mean[2]);
        assert_true(coarse[0] > 50 && coarse[2] == 0);
    }
}

static void sizes_change(void **state)
{
    static const uint32_t sizes[][2] = {{320, 240}, {640, 360}, {200, 160}, {322, 182}};
    (void)state;
    for (size_t c = 0; c < CODECS; c++) {
        struct pair p;
        if (!pair_init(&p, c, 320, 240, 800000))
            continue;
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            p.settings.width = sizes[s][0];
            p.settings.height = sizes[s][1];
            assert_int_equal(p.ops->encoder_configure(p.encoder, &p.settings), RTC_OK);
            for (int i = 0; i < 5; i++) {
                uint32_t number = p.number;
                rtc_encoded_frame *e = encode(&p, false);
                if (!e)
                    continue;
                if (i == 0)
                    assert_true(rtc_encoded_frame_keyframe(e));
                assert_int_equal(rtc_encoded_frame_width(e), sizes[s][0]);
                expect_picture(p.ops, p.decoder, e, number);
                rtc_encoded_frame_unref(e);
            }
        }
        pair_fini(&p);
    }
}

/* Cut short, or with bytes turned over: an error or a picture, and after an error nothing before a keyframe. */
static void broken_frames(void **state)
{
    (void)state;
    for (size_t c = 0; c < CODECS; c++) {
        struct pair p;
        if (!pair_init(&p, c, 320, 240, 500000))
            continue;
        srand(1);
        for (int i = 0; i < 200; i++) {
            rtc_encoded_frame *e = encode(&p, i % 10 == 0), *spoilt;
            rtc_video_frame *back;
            uint8_t data[65536];
            if (!e)
                continue;
            size_t len = rtc_encoded_frame_len(e);
            memcpy(data, rtc_encoded_frame_data(e), len);
            for (int k = 0; k < 4; k++)
                data[(size_t)rand() % len] ^= (uint8_t)(1 << rand() % 8);
            spoilt = remake(e, data, i % 3 == 0 ? 1 + (size_t)rand() % len : len);
            int error = p.ops->decode_video(p.decoder, spoilt, &back);
            assert_true(error == RTC_OK || error == RTC_ERR_ENCODING);
            rtc_video_frame_unref(back);
            if (error && !rtc_encoded_frame_keyframe(e))
                assert_int_equal(p.ops->decode_video(p.decoder, e, &back), RTC_ERR_ENCODING);
            rtc_encoded_frame_unref(spoilt);
            rtc_encoded_frame_unref(e);
        }
        rtc_encoded_frame *last = encode(&p, true);
        if (last)
            expect_picture(p.ops, p.decoder, last, p.number - 1);
        rtc_encoded_frame_unref(last);
        pair_fini(&p);
    }
}

/* Each bit of a keyframe's beginning turned over. */
static void broken_headers(void **state)
{
    (void)state;
    for (size_t c = 0; c < CODECS; c++) {
        struct pair p;
        if (!pair_init(&p, c, 64, 64, 500000))
            continue;
        rtc_encoded_frame *e = encode(&p, true);
        for (size_t bit = 0; bit < 8 * 48 && bit < 8 * rtc_encoded_frame_len(e); bit++) {
            rtc_encoded_frame *spoilt = remake(e, rtc_encoded_frame_data(e), rtc_encoded_frame_len(e));
            rtc_video_frame *back;
            rtc_encoded_frame_writable_data(spoilt)[bit / 8] ^= (uint8_t)(1 << bit % 8);
            int error = p.ops->decode_video(p.decoder, spoilt, &back);
            assert_true(error == RTC_OK || error == RTC_ERR_ENCODING);
            rtc_video_frame_unref(back);
            rtc_encoded_frame_unref(spoilt);
        }
        rtc_encoded_frame_unref(e);
        pair_fini(&p);
    }
}

/* ---- H.264 alone ---- */

/* In packetization mode 0 each unit fits a packet. */
static void units_are_small(void **state)
{
    struct pair p;
    (void)state;
    for (size_t c = 0; c < CODECS; c++) {
        if (!strstr(codecs[c].fmtp, "packetization-mode=0") || !pair_init(&p, c, 640, 360, 3000000))
            continue;
        for (int i = 0; i < 20; i++) {
            rtc_encoded_frame *e = encode(&p, i % 5 == 0);
            struct slice unit;
            if (!e)
                continue;
            struct h264_units units = h264_units_of(slice_of(rtc_encoded_frame_data(e), rtc_encoded_frame_len(e)));
            while (h264_units_next(&units, &unit))
                assert_true(unit.len <= 1100);
            rtc_encoded_frame_unref(e);
        }
        pair_fini(&p);
    }
}

static void put_base64(char *to, struct slice from)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = strlen(to);
    for (size_t i = 0; i < from.len; i += 3) {
        uint32_t bits = (uint32_t)from.data[i] << 16 | (i + 1 < from.len ? (uint32_t)from.data[i + 1] << 8 : 0) |
                        (i + 2 < from.len ? from.data[i + 2] : 0u);
        for (size_t k = 0; k < 4; k++)
            to[n++] = i + k > from.len ? '=' : digits[bits >> (18 - 6 * k) & 63];
    }
    to[n] = 0;
}

/* A keyframe whose parameter sets stand in the description alone, and one with lengths in place of start codes. */
static void other_ways_to_come(void **state)
{
    struct pair p;
    char fmtp[512] = "packetization-mode=1;sprop-parameter-sets=";
    uint8_t bare[65536], lengths[65536];
    struct writer b = writer_of(bare, sizeof bare), l = writer_of(lengths, sizeof lengths);
    struct slice unit;
    (void)state;
    if (!pair_init(&p, 2, 320, 240, 500000))
        skip();
    rtc_encoded_frame *e = encode(&p, true);
    struct h264_units units = h264_units_of(slice_of(rtc_encoded_frame_data(e), rtc_encoded_frame_len(e)));
    for (int sets = 0; h264_units_next(&units, &unit);) {
        bool set = h264_nal_type(unit) == H264_NAL_SPS || h264_nal_type(unit) == H264_NAL_PPS;
        writer_u32(&l, (uint32_t)unit.len);
        writer_bytes(&l, unit);
        if (set) {
            strcat(fmtp, sets++ > 0 ? "," : "");
            put_base64(fmtp, unit);
        } else {
            writer_u32(&b, 1);
            writer_bytes(&b, unit);
        }
    }
    rtc_encoded_frame *without = remake(e, bare, writer_len(&b)), *measured = remake(e, lengths, writer_len(&l));
    rtc_video_frame *back;
    assert_int_equal(p.ops->decode_video(p.decoder, without, &back), RTC_ERR_ENCODING);
    void *told = new_decoder(p.ops, fmtp), *fresh = new_decoder(p.ops, "");
    expect_picture(p.ops, told, without, 0);
    expect_picture(p.ops, fresh, measured, 0);
    p.ops->decoder_free(told);
    p.ops->decoder_free(fresh);
    rtc_encoded_frame_unref(without);
    rtc_encoded_frame_unref(measured);
    rtc_encoded_frame_unref(e);
    pair_fini(&p);
}

/* A decoder whose context takes pictures of so many pixels. */
static void *strict_decoder(const rtc_codec_ops *ops, uint32_t pixels, rtc_context **context)
{
    const rtc_limits limits = {.size = sizeof limits, .picture_pixels = pixels};
    const rtc_context_options options = {.size = sizeof options, .limits = &limits};
    const rtc_codec_parameters parameters = {sizeof parameters, ops->name, 90000, 1, ""};
    void *decoder;
    assert_int_equal(rtc_context_new(&options, context), RTC_OK);
    assert_int_equal(ops->decoder_new_with(*context, &parameters, &decoder), RTC_OK);
    return decoder;
}

static void expect_refusal(const rtc_codec_ops *ops, void *decoder, rtc_encoded_frame *e)
{
    rtc_video_frame *back;
    assert_int_equal(ops->decode_video(decoder, e, &back), RTC_ERR_ENCODING);
    assert_null(back);
    rtc_encoded_frame_unref(e);
}

/* What OpenH264 would allocate for is judged, wherever it stands: in a unit with a length, behind a start code that does not belong there,
 * and in a subset parameter set. */
static void hidden_sets_are_judged(void **state)
{
    static const uint8_t in_front[] = {0x06, 0x05, 0x01, 0x00, 0x80};
    uint8_t data[65536];
    struct pair p;
    rtc_context *context;
    (void)state;
    if (!pair_init(&p, 2, 64, 64, 500000))
        skip();
    rtc_encoded_frame *small = encode(&p, true);
    p.settings.width = 640;
    p.settings.height = 480;
    assert_int_equal(p.ops->encoder_configure(p.encoder, &p.settings), RTC_OK);
    rtc_encoded_frame *large = encode(&p, true);
    struct slice bytes = slice_of(rtc_encoded_frame_data(large), rtc_encoded_frame_len(large));
    void *decoder = strict_decoder(p.ops, 320 * 240, &context);
    struct writer w = writer_of(data, sizeof data);
    expect_picture(p.ops, decoder, small, 0);
    writer_u32(&w, (uint32_t)(sizeof in_front + bytes.len));
    writer_bytes(&w, slice_of(in_front, sizeof in_front));
    writer_bytes(&w, bytes);
    expect_refusal(p.ops, decoder, remake(large, data, writer_len(&w)));
    expect_picture(p.ops, decoder, small, 0);
    memcpy(data, bytes.data, bytes.len);
    assert_int_equal(data[4] & 31, H264_NAL_SPS);
    data[4] = (uint8_t)((data[4] & ~31) | H264_NAL_SUBSET_SPS);
    expect_refusal(p.ops, decoder, remake(large, data, bytes.len));
    p.ops->decoder_free(decoder);
    rtc_context_unref(context);
    rtc_encoded_frame_unref(small);
    rtc_encoded_frame_unref(large);
    pair_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_survive),       cmocka_unit_test(rates_are_kept),
        cmocka_unit_test(sizes_change),           cmocka_unit_test(quantizers_follow_the_rate),
        cmocka_unit_test(broken_frames),          cmocka_unit_test(broken_headers),
        cmocka_unit_test(units_are_small),        cmocka_unit_test(other_ways_to_come),
        cmocka_unit_test(hidden_sets_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
