/* SPDX-License-Identifier: MIT */
/* The table of codecs: every row is whole, and none contradicts another. */
#include "codec_table.h"
#include "fmtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

static void test_rows_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < codec_row_count; i++) {
        const struct codec_row *row = &codec_rows[i];
        const struct codec_row *first = codec_row_named(row->name); /* of tones, for each clock rate; of others, the formats of one codec */
        assert_true(row->tones || row->redundancy ||
                    (row->format == first->format && row->kind == first->kind && row->clock_rate == first->clock_rate &&
                     row->channels == first->channels && row->same_parameters == first->same_parameters &&
                     row->answer_parameters == first->answer_parameters && row->picture_limits == first->picture_limits));
        assert_ptr_equal(codec_row_carried(row->kind, row->name), row->format ? first : NULL);
        if (!row->format)
            continue;
        assert_false(row->auxiliary);
        assert_true(row->kind == RTC_MEDIA_AUDIO || row->kind == RTC_MEDIA_VIDEO);
        assert_true(row->clock_rate > 0 && row->channels > 0);
        bool is_static = row->payload_type == 0 || row->payload_type == 8; /* PCMU, PCMA; else a dynamic one (RFC 3551 sections 3 and 6) */
        assert_true(is_static || (row->payload_type >= 96 && row->payload_type <= 127));
        assert_non_null(row->format->parse);
        if (row->kind != RTC_MEDIA_VIDEO)
            continue;
        assert_non_null(row->format->packetizer_start);
        assert_non_null(row->format->packetizer_next);
        assert_non_null(row->format->frame_info);
        assert_in_range(row->format->keyframe_header_len, row->format->unpack ? 0 : 1, PAYLOAD_KEYFRAME_HEADER_MAX);
        assert_int_equal(row->format->unpack != NULL, row->format->unpacked_len != NULL);
    }
}

static void test_payload_types_are_distinct(void **state)
{
    (void)state;
    int used[256] = {0};
    for (size_t i = 0; i < codec_row_count; i++) {
        if (!codec_row_is_offered(&codec_rows[i]))
            continue;
        assert_int_equal(used[codec_rows[i].payload_type]++, 0);
        if (codec_rows[i].rtx_payload_type != CODEC_NO_PAYLOAD_TYPE)
            assert_int_equal(used[codec_rows[i].rtx_payload_type]++, 0);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_ptr_equal(codec_row_named("vp8"), codec_row_named("VP8"));
    assert_null(codec_row_named("VP88"));
    assert_null(codec_row_named(""));
    assert_non_null(codec_row_carried(RTC_MEDIA_AUDIO, "OPUS"));
    assert_null(codec_row_carried(RTC_MEDIA_VIDEO, "opus"));
    assert_non_null(codec_row_carried(RTC_MEDIA_VIDEO, "h264"));
    assert_null(codec_row_carried(RTC_MEDIA_VIDEO, "AV1"));
    assert_true(codec_row_named("telephone-event")->auxiliary);
    assert_null(codec_row_carried(RTC_MEDIA_AUDIO, "telephone-event"));
}

/* What a row's functions say of a picture that they have cut up themselves. */
static void test_pictures_go_through(void **state)
{
    (void)state;
    static const uint8_t keyframe[] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00, 1, 2, 3, 4, 5, 6, 7};
    const struct payload_format *format = codec_row_carried(RTC_MEDIA_VIDEO, "VP8")->format;
    struct packetizer p;
    uint8_t bytes[64], back[sizeof keyframe];
    size_t len = 0;
    bool last = false;
    assert_true(format->packetizer_start(&p, slice_of(keyframe, sizeof keyframe), &(struct payload_picture){.id = 5}, 14));
    for (bool first = true; !last; first = false) {
        struct writer w = writer_of(bytes, sizeof bytes);
        struct payload_info info;
        assert_true(format->packetizer_next(&p, &w, &last));
        assert_true(format->parse(slice_of(bytes, writer_len(&w)), &info));
        assert_int_equal(info.first, first);
        assert_int_equal(info.keyframe, first);
        assert_true(len + info.data.len <= sizeof back);
        memcpy(back + len, info.data.data, info.data.len);
        len += info.data.len;
    }
    assert_int_equal(len, sizeof keyframe);
    assert_memory_equal(back, keyframe, len);
    uint16_t width, height;
    assert_true(format->frame_info(slice_of(back, format->keyframe_header_len), &width, &height));
    assert_int_equal(width, 320);
    assert_int_equal(height, 240);
}

static void test_sound_goes_through(void **state)
{
    (void)state;
    static const uint8_t packet[] = {0x78, 1, 2, 3}; /* one CELT frame of 20 ms */
    struct payload_info info;
    const struct payload_format *format = codec_row_carried(RTC_MEDIA_AUDIO, "opus")->format;
    assert_true(format->parse(slice_of(packet, sizeof packet), &info));
    assert_int_equal(info.samples, 960);
    assert_int_equal(info.data.len, sizeof packet);
    assert_true(info.first);
    assert_false(info.fec);
    assert_false(info.quiet);
    assert_false(format->parse(slice_of(packet, 0), &info));
}

/* Of the parameters of another description those that begin like this, all of them or none. */
static void test_parameters_are_added(void **state)
{
    char text[32] = "a=1";
    (void)state;
    fmtp_add(text, sizeof text, "b=2; sprop-x=3;SPROP-y = 4 ;sprop", "sprop-");
    assert_string_equal(text, "a=1;sprop-x=3;SPROP-y = 4");
    fmtp_add(text, sizeof text, "sprop-z=5;sprop-w", "sprop-");
    assert_string_equal(text, "a=1;sprop-x=3;SPROP-y = 4");
    text[0] = '\0';
    fmtp_add(text, sizeof text, "sprop-x=3", "sprop-");
    assert_string_equal(text, "sprop-x=3");
    fmtp_add(text, sizeof text, "", "sprop-");
    assert_string_equal(text, "sprop-x=3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_payload_types_are_distinct),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_pictures_go_through),
        cmocka_unit_test(test_sound_goes_through),
        cmocka_unit_test(test_parameters_are_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
