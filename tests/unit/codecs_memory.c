/* SPDX-License-Identifier: MIT */
/* Codecs and tools without memory: each allocation fails in turn while an encoder and a decoder are made and used. Whatever failed says so
 * and leaves nothing; the next picture begins anew, and everything goes on. */
#include "audio_resampler.h"
#include "codec_registry.h"
#include "context.h"
#include "convert.h"
#include "h264_stream.h"
#include "test_picture.h"
#include "writer.h"

#include "failing_memory.h"

#include <string.h>

enum { FRAMES = 8, ALLOCATIONS_MAX = 200 };

struct tried {
    const char *name;
    const char *fmtp;
    bool lengths; /* H.264: what is decoded has lengths in place of start codes */
};

/* What an act has seen so far. */
struct progress {
    bool failed;    /* something had no memory */
    bool needs_key; /* a picture was lost: the next one stands alone */
};

static int note(struct progress *p, int error)
{
    p->failed = p->failed || error == RTC_ERR_NO_MEMORY;
    return error;
}

/* ---- Pictures ---- */

/* Of other memory, so that the codec alone lacks it. Every third lies on its side, and the last ones are larger. */
static rtc_video_frame *picture(uint32_t number)
{
    const rtc_video_frame_options o = {.size = sizeof o,
                                       .format = RTC_VIDEO_I420,
                                       .width = number < FRAMES - 2 ? 64 : 96,
                                       .height = number < FRAMES - 2 ? 64 : 96,
                                       .rotation = number % 3 == 2 ? 180 : 0,
                                       .capture_time_us = 1000000 + number * 33333};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    test_picture_draw(f, &(struct test_picture){.number = number});
    return f;
}

static rtc_encoded_frame *with_lengths(rtc_encoded_frame *e)
{
    uint8_t bytes[65536];
    struct writer w = writer_of(bytes, sizeof bytes);
    struct h264_units units = h264_units_of(slice_of(rtc_encoded_frame_data(e), rtc_encoded_frame_len(e)));
    for (struct slice unit; h264_units_next(&units, &unit);) {
        writer_u32(&w, (uint32_t)unit.len);
        writer_bytes(&w, unit);
    }
    rtc_encoded_frame *made;
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = RTC_MEDIA_VIDEO,
                                         .codec = "H264",
                                         .data = bytes,
                                         .data_len = writer_len(&w),
                                         .keyframe = rtc_encoded_frame_keyframe(e),
                                         .capture_time_us = rtc_encoded_frame_capture_time_us(e)};
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &made), RTC_OK);
    rtc_encoded_frame_unref(e);
    return made;
}

static void decode_picture(const rtc_codec_ops *ops, void *decoder, rtc_encoded_frame *e, struct progress *p)
{
    rtc_video_frame *back = NULL;
    int error = note(p, ops->decode_video(decoder, e, &back));
    bool may_break = p->needs_key && !rtc_encoded_frame_keyframe(e);
    assert_true(error == RTC_OK || error == RTC_ERR_NO_MEMORY || (may_break && error == RTC_ERR_ENCODING));
    assert_true(error ? !back : back != NULL || may_break);
    p->needs_key = error != RTC_OK;
    rtc_video_frame_unref(back);
}

static void use_picture(const rtc_codec_ops *ops, void *encoder, void *decoder, const struct tried *t, uint32_t number, struct progress *p)
{
    rtc_encoded_frame *e = NULL;
    rtc_video_frame *f = picture(number);
    int error = note(p, ops->encode_video(encoder, f, p->needs_key, &e));
    rtc_video_frame_unref(f);
    assert_true(error == RTC_OK || error == RTC_ERR_NO_MEMORY);
    assert_true(!error || !e);
    if (e && p->needs_key)
        assert_true(rtc_encoded_frame_keyframe(e));
    p->needs_key = p->needs_key || error;
    if (!e)
        return;
    if (t->lengths)
        e = with_lengths(e);
    decode_picture(ops, decoder, e, p);
    rtc_encoded_frame_unref(e);
}

/* ---- Sound ---- */

static void use_sound(const rtc_codec_ops *ops, void *encoder, void *decoder, uint32_t rate, uint32_t number, struct progress *p)
{
    static const rtc_audio_decode how[] = {RTC_AUDIO_DECODE_FRAME, RTC_AUDIO_DECODE_FEC, RTC_AUDIO_DECODE_CONCEAL};
    const rtc_audio_frame_options o = {.size = sizeof o,
                                       .format = RTC_AUDIO_S16,
                                       .sample_rate = rate,
                                       .channels = 1,
                                       .samples = rate / 50,
                                       .capture_time_us = 1 + number * 20000};
    rtc_audio_frame *sound, *back = NULL;
    rtc_encoded_frame *e = NULL;
    assert_int_equal(rtc_audio_frame_new(NULL, &o, &sound), RTC_OK);
    memset(rtc_audio_frame_writable_data(sound), 0, rate / 50 * 2);
    int error = note(p, ops->encode_audio(encoder, sound, &e));
    rtc_audio_frame_unref(sound);
    assert_true(error == RTC_OK || error == RTC_ERR_NO_MEMORY);
    assert_true(!error == (e != NULL));
    if (!e)
        return;
    error = note(p, ops->decode_audio(decoder, how[number % 3], e, rate / 50, &back));
    assert_true(error == RTC_OK || error == RTC_ERR_NO_MEMORY);
    assert_true(!error == (back != NULL));
    rtc_audio_frame_unref(back);
    rtc_encoded_frame_unref(e);
}

/* ---- Each codec ---- */

static int make_decoder(rtc_context *context, const rtc_codec_ops *ops, const rtc_codec_parameters *parameters, void **out)
{
    return ops->decoder_new_with ? ops->decoder_new_with(context, parameters, out) : ops->decoder_new(context, 1, out);
}

static int use_codec(rtc_context *context, void *user)
{
    const struct tried *t = user;
    bool video = t->fmtp != NULL;
    const rtc_codec_ops *ops = codec_find_encoder(NULL, video ? RTC_MEDIA_VIDEO : RTC_MEDIA_AUDIO, t->name);
    uint32_t rate = video ? 90000 : strcmp(t->name, "opus") == 0 ? 48000 : 8000;
    const rtc_codec_parameters parameters = {sizeof parameters, t->name, rate, 1, video ? t->fmtp : ""};
    const rtc_encoder_settings settings = {.size = sizeof settings,
                                           .width = 64,
                                           .height = 64,
                                           .frames_per_second = 30,
                                           .bitrate_bps = 300000,
                                           .sample_rate = rate,
                                           .channels = 1,
                                           .parameters = &parameters};
    struct progress p = {0};
    void *encoder = NULL, *decoder = NULL;
    int error = note(&p, ops->encoder_new(context, &settings, &encoder));
    if (!error)
        error = note(&p, make_decoder(context, ops, &parameters, &decoder));
    assert_true(error == RTC_OK || error == RTC_ERR_NO_MEMORY);
    for (uint32_t i = 0; !error && i < FRAMES; i++) {
        if (video)
            use_picture(ops, encoder, decoder, t, i, &p);
        else
            use_sound(ops, encoder, decoder, rate, i, &p);
    }
    ops->decoder_free(decoder);
    ops->encoder_free(encoder);
    return p.failed ? RTC_ERR_NO_MEMORY : RTC_OK;
}

static void codecs(void **state)
{
    static struct tried all[] = {{"VP8", "", false},   {"VP9", "profile-id=0", false}, {"H264", "packetization-mode=1", false},
                                 {"H264", "", true},   {"opus", NULL, false},          {"PCMU", NULL, false},
                                 {"PCMA", NULL, false}};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (codec_find_encoder(NULL, all[i].fmtp ? RTC_MEDIA_VIDEO : RTC_MEDIA_AUDIO, all[i].name))
            fail_each_allocation(use_codec, &all[i], ALLOCATIONS_MAX);
}

/* ---- Tools ---- */

/* Each step of a conversion: format, turn, size; and back. */
static int convert(rtc_context *context, void *user)
{
    static const rtc_video_format formats[] = {RTC_VIDEO_NV12, RTC_VIDEO_BGRA, RTC_VIDEO_I420};
    (void)user;
    for (uint32_t i = 0; i < 3; i++) {
        const rtc_video_frame_options o = {
            .size = sizeof o, .format = formats[i], .width = 65, .height = 33, .rotation = i * 90, .capture_time_us = 1};
        rtc_video_frame *from, *to = NULL, *back = NULL;
        assert_int_equal(rtc_video_frame_new(NULL, &o, &from), RTC_OK);
        int error = convert_to_i420(context, from, i > 0 ? 30 : 0, i > 0 ? 40 : 0, &to);
        rtc_video_frame_unref(from);
        if (!error)
            error = convert_from_i420(context, to, RTC_VIDEO_RGBA, &back);
        rtc_video_frame_unref(to);
        rtc_video_frame_unref(back);
        if (error)
            return error;
    }
    return RTC_OK;
}

static int resample(rtc_context *context, void *user)
{
    struct audio_resampler *r = NULL;
    (void)user;
    int error = audio_resampler_new(context, 1, 44100, 48000, &r);
    audio_resampler_free(r);
    return error;
}

static void tools(void **state)
{
    (void)state;
    fail_each_allocation(convert, NULL, ALLOCATIONS_MAX);
    fail_each_allocation(resample, NULL, ALLOCATIONS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(codecs), cmocka_unit_test(tools)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
