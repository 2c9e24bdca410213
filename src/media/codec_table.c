/* SPDX-License-Identifier: MIT */
/* The table of codecs; see codec_table.h. */
#include "codec_table.h"

#include "g711_payload.h"
#include "h264_payload.h"
#include "h264_profile.h"
#include "opus_payload.h"
#include "vp8_payload.h"
#include "vp9_payload.h"

#include <strings.h>

/* What all video has. */
#define VIDEO .kind = RTC_MEDIA_VIDEO, .channels = 1, .nack = true, .nack_pli = true, .ccm_fir = true, .goog_remb = true
/* RFC 6184 section 8.2.2. */
#define H264                                                                                                                       \
    .name = "H264", VIDEO, .format = &h264_payload_format, .clock_rate = H264_CLOCK_RATE, .same_parameters = h264_same_parameters, \
    .answer_parameters = h264_answer_parameters, .picture_limits = h264_picture_limits
#define H264_MODE(mode, profile) "level-asymmetry-allowed=1;packetization-mode=" #mode ";profile-level-id=" profile

#define VP9 .name = "VP9", VIDEO, .format = &vp9_payload_format, .clock_rate = VP9_CLOCK_RATE, .distinct = {{"profile-id", "0", 0}}

#define PARITY .kind = RTC_MEDIA_VIDEO, .auxiliary = true, .clock_rate = 90000, .channels = 1

const struct codec_row codec_rows[] = {
    {.name = "opus", /* RFC 7587 */
     .kind = RTC_MEDIA_AUDIO,
     .format = &opus_payload_format,
     .clock_rate = OPUS_CLOCK_RATE,
     .channels = 2,
     .payload_type = 111,
     .rtx_payload_type = CODEC_NO_PAYLOAD_TYPE,
     .fmtp = "minptime=10;useinbandfec=1",
     .inband_fec_parameter = "useinbandfec",
     .dtx = "usedtx=1"},
    {.name = "PCMU", /* RFC 3551 section 4.5.14 */
     .kind = RTC_MEDIA_AUDIO,
     .format = &g711_payload_format,
     .clock_rate = G711_CLOCK_RATE,
     .channels = 1,
     .payload_type = PCMU_PAYLOAD_TYPE,
     .rtx_payload_type = CODEC_NO_PAYLOAD_TYPE},
    {.name = "PCMA",
     .kind = RTC_MEDIA_AUDIO,
     .format = &g711_payload_format,
     .clock_rate = G711_CLOCK_RATE,
     .channels = 1,
     .payload_type = PCMA_PAYLOAD_TYPE,
     .rtx_payload_type = CODEC_NO_PAYLOAD_TYPE},
    {.name = "VP8",
     VIDEO,
     .format = &vp8_payload_format,
     .clock_rate = VP8_CLOCK_RATE,
     .payload_type = 96,
     .rtx_payload_type = 97}, /* RFC 7741 */

    /* Constrained Baseline, which is mandatory (RFC 7742 section 6.2), Baseline and Main, of which it is a part. High is received only. */
    {H264, .payload_type = 102, .rtx_payload_type = 103, .fmtp = H264_MODE(1, "42e01f")},
    {H264, .payload_type = 104, .rtx_payload_type = 105, .fmtp = H264_MODE(0, "42e01f")},
    {H264, .payload_type = 106, .rtx_payload_type = 107, .fmtp = H264_MODE(1, "42001f")},
    {H264, .payload_type = 108, .rtx_payload_type = 109, .fmtp = H264_MODE(0, "42001f")},
    {H264, .payload_type = 112, .rtx_payload_type = 113, .fmtp = H264_MODE(1, "4d001f")},
    {H264, .payload_type = 114, .rtx_payload_type = 115, .fmtp = H264_MODE(1, "640028"), .receive_only = true},

    /* RFC 9628: profile 0, and where nothing is sent profile 2, of 10 and 12 bits. */
    {VP9, .payload_type = 98, .rtx_payload_type = 99, .fmtp = "profile-id=0"},
    {VP9, .payload_type = 100, .rtx_payload_type = 101, .fmtp = "profile-id=2", .receive_only = true},

    /* Known, not carried. The AV1 payload format section 7.2. */
    {.name = "AV1", .kind = RTC_MEDIA_VIDEO, .distinct = {{"profile", "0", 0}}},

    /* Beside codecs. */
    {.name = "red", PARITY, .parity = CODEC_RED, .payload_type = 116, .rtx_payload_type = 117},                         /* RFC 2198 */
    {.name = "ulpfec", PARITY, .parity = CODEC_ULPFEC, .payload_type = 118, .rtx_payload_type = CODEC_NO_PAYLOAD_TYPE}, /* RFC 5109 */
    {.name = "flexfec-03", /* draft-ietf-payload-flexible-fec-scheme-03 */
     PARITY,
     .parity = CODEC_FLEXFEC,
     .on_request = true,
     .goog_remb = true,
     .payload_type = 119,
     .rtx_payload_type = CODEC_NO_PAYLOAD_TYPE,
     .fmtp = "repair-window=10000000"},
    {.name = "flexfec", .auxiliary = true},
    {.name = "rtx", .auxiliary = true},
    {.name = "CN", .auxiliary = true},
    {.name = "red", /* RFC 2198, of Opus; descriptions name its number there */
     .auxiliary = true,
     .redundancy = true,
     .kind = RTC_MEDIA_AUDIO,
     .clock_rate = OPUS_CLOCK_RATE,
     .channels = 2,
     .payload_type = 63,
     .rtx_payload_type = CODEC_NO_PAYLOAD_TYPE,
     .fmtp = "111/111"},
    {.name = "telephone-event", /* RFC 4733, by the clock of Opus */
     .auxiliary = true,
     .tones = true,
     .kind = RTC_MEDIA_AUDIO,
     .clock_rate = OPUS_CLOCK_RATE,
     .channels = 1,
     .payload_type = 110,
     .rtx_payload_type = CODEC_NO_PAYLOAD_TYPE,
     .fmtp = "0-15"},
    {.name = "telephone-event", /* as everybody has it (RFC 7874 section 3) */
     .auxiliary = true,
     .tones = true,
     .kind = RTC_MEDIA_AUDIO,
     .clock_rate = 8000,
     .channels = 1,
     .payload_type = 126,
     .rtx_payload_type = CODEC_NO_PAYLOAD_TYPE,
     .fmtp = "0-15"},
};
const size_t codec_row_count = sizeof codec_rows / sizeof codec_rows[0];

const struct codec_row *codec_row_named(const char *name)
{
    for (size_t i = 0; i < codec_row_count; i++)
        if (strcasecmp(codec_rows[i].name, name) == 0)
            return &codec_rows[i];
    return NULL;
}

const struct codec_row *codec_row_carried(rtc_media_kind kind, const char *name)
{
    const struct codec_row *row = codec_row_named(name);
    return row && row->kind == kind && row->format ? row : NULL;
}

int codec_quantizer(const rtc_encoded_frame *picture)
{
    const struct codec_row *row = codec_row_carried(RTC_MEDIA_VIDEO, rtc_encoded_frame_codec(picture));
    if (!row || !row->format->frame_quantizer)
        return -1;
    return row->format->frame_quantizer(slice_of(rtc_encoded_frame_data(picture), rtc_encoded_frame_len(picture)));
}

bool codec_is_coarse(const rtc_encoded_frame *picture)
{
    int quantizer = codec_quantizer(picture);
    return quantizer >= 0 && quantizer >= codec_row_named(rtc_encoded_frame_codec(picture))->format->quantizer_coarse;
}

uint32_t codec_coarseness_percent(const rtc_encoded_frame *picture)
{
    int quantizer = codec_quantizer(picture);
    if (quantizer < 0)
        return 0;
    const struct payload_format *format = codec_row_named(rtc_encoded_frame_codec(picture))->format;
    uint32_t percent = format->quantizer_step(quantizer) * 100 / format->quantizer_step(format->quantizer_coarse);
    return percent > 0 ? percent : 1;
}
