/* SPDX-License-Identifier: MIT */
/* Tones of DTMF in a stream of sound (RFC 4733): see rtp_send_stream.h. */
#include "rtp_send_stream.h"

int rtp_send_stream_tone(struct rtp_send_stream *s, rtc_time_t now, uint8_t event, rtc_time_t duration_us)
{
    if (s->tone.events == 0)
        return RTC_ERR_NOT_SUPPORTED;
    tone_sender_start(&s->tone, now, event, duration_us, rtp_send_stream_timestamp(s, now));
    return RTC_OK;
}

void rtp_send_stream_tick_tone(struct rtp_send_stream *s, rtc_time_t now, struct packet_pool *pool, struct rtp_pacer *pacer)
{
    struct tone_packet tone;
    while (tone_sender_next(&s->tone, now, &tone)) {
        const struct rtp_header header = {.payload_type = s->format.tone_payload_type, .timestamp = tone.timestamp, .marker = tone.marker};
        struct packet *packet = rtp_send_stream_new_packet(s, &header, pool);
        if (!packet)
            continue;
        struct writer w = writer_of(packet_data(packet) + packet->len, packet_tailroom(packet));
        writer_bytes(&w, slice_of(tone.payload, sizeof tone.payload));
        packet->len += (uint32_t)writer_len(&w);
        (void)rtp_pacer_push(pacer, now, RTP_PRIORITY_AUDIO, packet);
    }
}
