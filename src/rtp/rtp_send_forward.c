/* SPDX-License-Identifier: MIT */
/* See rtp_send_forward.h. */
#include "rtp_send_forward.h"

#include "sequence.h"
#include "text.h"

enum { PROTECTION_BYTES = 32 }; /* room that a packet leaves for what protects it */

struct forward_start rtp_send_stream_forward_start(const struct rtp_send_stream *s, rtc_time_t now)
{
    return (struct forward_start){.sequence = s->numbers.sequence,
                                  .id = (uint16_t)((s->numbers.picture_id + 1) & 0x7fff),
                                  .base_index = (uint8_t)(s->numbers.base_index + 1),
                                  .timestamp = rtp_send_stream_timestamp(s, now)};
}

bool rtp_send_stream_forwards(const struct rtp_send_stream *s, const struct forward_packet *p)
{
    return s->format.codec.payload_type != RTP_NO_PAYLOAD_TYPE && s->kind == p->codec->kind &&
           s->format.codec.clock_rate == p->codec->clock_rate &&
           slice_eq_nocase(slice_str(s->format.codec.name), slice_str(p->codec->name));
}

/* What is counted of pictures, or of packets of sound. */
static void note_pictures(struct rtp_send_stream *s, rtc_time_t now, const struct forward_packet *p, const struct forward_leaving *l)
{
    bool ends = l->marker || s->kind == RTC_MEDIA_AUDIO;
    s->stats.frames_sent += ends;
    if (ends)
        event_rate_add(&s->frames, now);
    if (l->payload.has_layers && l->payload.temporal_id >= s->stats.temporal_layers)
        s->stats.temporal_layers = l->payload.temporal_id + 1u;
    if (s->kind != RTC_MEDIA_VIDEO)
        return;
    struct rtp_stream_keyframes *k = &s->keyframes;
    if (l->begins_keyframe) {
        s->stats.key_frames_sent++;
        k->sent = now;
        k->timestamp = l->timestamp;
        k->due = RTC_TIME_NEVER;
        k->bytes = p->len;
    } else if (k->bytes > 0 && l->timestamp == k->timestamp) {
        k->bytes += p->len;
    }
}

static void note(struct rtp_send_stream *s, rtc_time_t now, const struct forward_packet *p, const struct forward_leaving *l)
{
    if (s->stats.frames_sent == 0 || seq32_diff(l->timestamp, s->numbers.last_timestamp) >= 0) {
        s->numbers.last_timestamp = l->timestamp;
        s->numbers.last_capture = p->captured;
    }
    if (l->verdict == FORWARD_FILL)
        return;
    note_pictures(s, now, p, l);
    if (l->payload.id_bits > 0)
        s->numbers.picture_id = l->id;
    if (l->payload.has_base_index)
        s->numbers.base_index = l->base_index;
}

static struct rtp_header header_of(const struct rtp_send_stream *s, const struct forward_packet *p, const struct forward_leaving *l)
{
    struct rtp_header header = {
        .payload_type = s->format.codec.payload_type, .timestamp = l->timestamp, .sequence = l->sequence, .marker = l->marker};
    if (p->said.level != FORWARD_NOT_SAID)
        header.extensions[RTP_EXTENSION_AUDIO_LEVEL] = slice_of(&p->said.level, RTP_AUDIO_LEVEL_LEN);
    if (p->said.orientation != FORWARD_NOT_SAID)
        header.extensions[RTP_EXTENSION_VIDEO_ORIENTATION] = slice_of(&p->said.orientation, RTP_VIDEO_ORIENTATION_LEN);
    if (p->said.capture_len > 0)
        header.extensions[RTP_EXTENSION_ABS_CAPTURE_TIME] = slice_of(p->said.capture, p->said.capture_len);
    return header;
}

int rtp_send_stream_forward(struct rtp_send_stream *s, rtc_time_t now, const struct forward_packet *p, const struct forward_leaving *l,
                            struct packet_pool *pool, struct rtp_pacer *pacer)
{
    if (s->breaker.reason != RTP_BREAKER_CLOSED)
        return RTC_ERR_INVALID_STATE;
    if (!rtp_send_stream_forwards(s, p))
        return RTC_ERR_NOT_SUPPORTED;
    const struct rtp_header header = header_of(s, p, l);
    struct packet *packet = rtp_send_stream_new_packet(s, &header, pool);
    if (!packet)
        return RTC_ERR_NO_MEMORY;
    size_t len = l->verdict == FORWARD_FILL ? 0 : p->len;
    if (len + PROTECTION_BYTES > packet_tailroom(packet)) {
        packet_free(packet);
        return RTC_ERR_RANGE;
    }
    packet->flags |= PACKET_NUMBERED;
    uint8_t *payload = packet_data(packet) + packet->len;
    if (len > 0)
        memcpy(payload, p->bytes, len);
    if (len > 0)
        forward_payload_write(&l->payload, l->id, l->base_index, payload);
    packet->len += (uint32_t)len;
    if (!rtp_pacer_push(pacer, now, s->kind == RTC_MEDIA_VIDEO ? RTP_PRIORITY_VIDEO : RTP_PRIORITY_AUDIO, packet))
        return RTC_ERR_QUOTA_EXCEEDED;
    note(s, now, p, l);
    return RTC_OK;
}
