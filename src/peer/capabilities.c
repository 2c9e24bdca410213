/* SPDX-License-Identifier: MIT */
/* From tables to descriptions and back; see capabilities.h. */
#include "capabilities.h"

#include "codec_registry.h"
#include "codec_table.h"
#include "fmtp.h"
#include "rtp_extensions.h"

_Static_assert((int)CODEC_NO_PAYLOAD_TYPE == (int)JSEP_NO_PAYLOAD_TYPE && (int)RTP_NO_PAYLOAD_TYPE == (int)JSEP_NO_PAYLOAD_TYPE,
               "one value in all three");

static void describe_codec(const struct codec_row *row, struct jsep_codec *out)
{
    *out = (struct jsep_codec){
        .payload_type = row->payload_type,
        .rtx_payload_type = row->rtx_payload_type,
        .clock_rate = row->clock_rate,
        .channels = row->channels,
        .nack = row->nack,
        .nack_pli = row->nack_pli,
        .ccm_fir = row->ccm_fir,
        .goog_remb = row->goog_remb,
        .transport_cc = row->format != NULL || row->parity == CODEC_FLEXFEC,
        .ccfb = row->format != NULL,
        .receive_only = row->receive_only,
        .on_request = row->on_request,
    };
    text_copy(out->name, sizeof out->name, row->name);
    text_copy(out->fmtp, sizeof out->fmtp, row->fmtp ? row->fmtp : "");
}

static void describe_extension(const struct rtp_extension_row *row, struct jsep_extension *out)
{
    *out = (struct jsep_extension){.id = row->id, .direction = row->on_request ? RTC_DIRECTION_STOPPED : RTC_DIRECTION_SENDRECV};
    text_copy(out->uri, sizeof out->uri, row->uri);
}

static bool is_coded(rtc_context *context, const struct codec_row *row)
{
    return row->tones || row->redundancy || row->parity || !builtin_codecs[0] || codec_find_encoder(context, row->kind, row->name) ||
           codec_find_decoder(context, row->kind, row->name);
}

void capabilities_of(rtc_context *context, rtc_media_kind kind, struct capabilities *out)
{
    out->codec_count = out->extension_count = 0;
    for (size_t i = 0; i < codec_row_count && out->codec_count < CAPABILITIES_CODECS_MAX; i++)
        if (codec_row_is_offered(&codec_rows[i]) && codec_rows[i].kind == kind && is_coded(context, &codec_rows[i]))
            describe_codec(&codec_rows[i], &out->codecs[out->codec_count++]);
    for (size_t i = 0; i < RTP_EXTENSIONS; i++)
        if (kind == RTC_MEDIA_AUDIO ? rtp_extension_rows[i].audio : rtp_extension_rows[i].video)
            describe_extension(&rtp_extension_rows[i], &out->extensions[out->extension_count++]);
}

void capabilities_prefer_ccfb(struct capabilities *can)
{
    for (size_t i = 0; i < can->codec_count; i++)
        can->codecs[i].ccfb_first = can->codecs[i].ccfb;
}

void capabilities_ask_dtx(struct jsep_codec *codec)
{
    const struct codec_row *row = codec_row_carried(RTC_MEDIA_AUDIO, codec->name);
    if (row && row->dtx)
        fmtp_add(codec->fmtp, sizeof codec->fmtp, row->dtx, "");
}

uint32_t capabilities_temporal_layers(rtc_context *context, rtc_media_kind kind, const char *codec)
{
    const rtc_codec_ops *ops = kind == RTC_MEDIA_VIDEO ? codec_find_encoder(context, kind, codec) : NULL;
    return kind != RTC_MEDIA_VIDEO ? 0 : ops && ops->temporal_layers > 0 ? ops->temporal_layers : 1;
}

uint32_t capabilities_most_temporal_layers(rtc_context *context, rtc_media_kind kind)
{
    struct capabilities can;
    uint32_t most = 0;
    capabilities_of(context, kind, &can);
    for (size_t i = 0; i < can.codec_count; i++) {
        uint32_t layers = can.codecs[i].receive_only ? 0 : capabilities_temporal_layers(context, kind, can.codecs[i].name);
        most = layers > most ? layers : most;
    }
    return most;
}

void capabilities_read_codec(const struct jsep_codec *from, struct rtp_codec *to)
{
    *to = (struct rtp_codec){
        .payload_type = from->payload_type,
        .rtx_payload_type = from->rtx_payload_type,
        .clock_rate = from->clock_rate,
        .channels = from->channels,
        .nack = from->nack,
        .pli = from->nack_pli,
        .fir = from->ccm_fir,
        .remb = from->goog_remb,
        .transport_cc = from->transport_cc,
        .ccfb = from->ccfb,
        .tones = jsep_codec_has_tones(from),
        .redundancy = jsep_codec_is_redundancy(from),
    };
    text_copy(to->name, sizeof to->name, from->name);
    text_copy(to->fmtp, sizeof to->fmtp, from->fmtp);
}

bool capabilities_read_parity(const struct jsep_codec *from, struct rtp_fec_formats *to)
{
    const struct codec_row *row = codec_row_named(from->name);
    enum codec_parity parity = row ? row->parity : CODEC_NO_PARITY;
    if (parity == CODEC_RED) {
        to->red = from->payload_type;
        to->red_rtx = from->rtx_payload_type == JSEP_NO_PAYLOAD_TYPE ? 0 : from->rtx_payload_type;
    }
    if (parity == CODEC_ULPFEC)
        to->ulpfec = from->payload_type;
    if (parity == CODEC_FLEXFEC)
        to->flexfec = from->payload_type;
    return parity != CODEC_NO_PARITY;
}

bool capabilities_inband_fec(const struct jsep_codec *codec)
{
    const struct codec_row *row = codec_row_named(codec->name);
    return row && row->inband_fec_parameter && slice_is(fmtp_value(codec->fmtp, row->inband_fec_parameter), "1");
}

void capabilities_read_extensions(const struct jsep_extension *from, size_t count, struct rtp_section *out)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < RTP_EXTENSIONS; k++)
            if (strcmp(from[i].uri, rtp_extension_rows[k].uri) == 0) {
                out->extension_ids[rtp_extension_rows[k].extension] = (uint8_t)from[i].id;
                out->extension_comes_only[rtp_extension_rows[k].extension] = !direction_sends(from[i].direction);
            }
}
