/* SPDX-License-Identifier: MIT */
/* What the dictionaries of RTP streams have in common (webrtc-stats RTCRtpStreamStats), and the codecs that they refer to (RTCCodecStats).
 */
#include "stats_builder.h"

#include <stdio.h>

/* A payload type means the same in all sections of a transport (RFC 8843 section 9.1), but what is asked of us may be other parameters than
 * what we ask for. */
void stats_add_codec(struct stats_builder *b, bool sent, rtc_media_kind kind, const struct rtp_codec *codec, char id[STATS_ID_MAX])
{
    char mime[32];
    id[0] = '\0';
    if (!codec)
        return;
    (void)snprintf(id, STATS_ID_MAX, "%sC%c%u", b->of, sent ? 'O' : 'I', codec->payload_type);
    if (rtc_stats_report_find(b->report, id))
        return;
    (void)snprintf(mime, sizeof mime, "%s/%s", kind == RTC_MEDIA_AUDIO ? "audio" : "video", codec->name);
    stats_begin(b, "codec", id);
    stats_number(b, "payloadType", codec->payload_type);
    stats_text(b, "transportId", b->transport_id);
    stats_text(b, "mimeType", mime);
    stats_number(b, "clockRate", codec->clock_rate);
    if (kind == RTC_MEDIA_AUDIO)
        stats_number(b, "channels", codec->channels);
    if (codec->fmtp[0])
        stats_text(b, "sdpFmtpLine", codec->fmtp);
}

void stats_begin_stream(struct stats_builder *b, const rtc_rtp_transceiver *t, const char *type, uint32_t ssrc, const char *codec_id)
{
    stats_begin(b, type, b->id);
    stats_number(b, "ssrc", ssrc);
    stats_text(b, "kind", t->kind == RTC_MEDIA_AUDIO ? "audio" : "video");
    stats_text(b, "transportId", b->transport_id);
    if (codec_id[0])
        stats_text(b, "codecId", codec_id);
}

void stats_implementation(struct stats_builder *b, bool sent, const char *implementation, rtc_codec_power power)
{
    if (implementation)
        stats_text(b, sent ? "encoderImplementation" : "decoderImplementation", implementation);
    if (power != RTC_CODEC_POWER_UNKNOWN)
        stats_boolean(b, sent ? "powerEfficientEncoder" : "powerEfficientDecoder", power == RTC_CODEC_POWER_EFFICIENT);
}
