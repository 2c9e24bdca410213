/* SPDX-License-Identifier: MIT */
/* One RTP stream that is sent: see rtp_send_stream.h. */
#include "rtp_send_stream.h"

#include "codec_table.h"
#include "context.h"
#include "media_clock.h"
#include "memory.h"
#include "rtcp.h"
#include "rtp_extensions.h"
#include "rtp_send_parity.h"
#include "rtp_send_redundancy.h"
#include "rtx_cache.h"
#include "sequence.h"
#include "text.h"

/* The least between two repairs of one packet (unknown: before a round trip is measured): who asks again sooner can not have seen what was
 * sent. */
enum { US_PER_S = 1000000, RESEND_GAP_US = 10000, RESEND_GAP_UNKNOWN_US = 50000, REPAIR_AGE_US = US_PER_S, RTX_HEADER_LEN = 2 };
enum { CAPTURE_AGE_MAX_US = 5 * US_PER_S };
enum { PADDING_BIT = 0x20, PADDING_BYTES = 224 /* as browsers do; there may be 255 */ };

static bool repairs(const struct rtp_send_stream *s, const struct rtp_section *section)
{
    return s->encoding.rtx_ssrc != 0 && section->send_codec.rtx_payload_type != RTP_NO_PAYLOAD_TYPE && section->send_codec.nack;
}

void rtp_send_stream_set_codec(struct rtp_send_stream *s, const struct rtp_codec *codec)
{
    const struct codec_row *row = codec_row_carried(s->kind, codec->name);
    const struct payload_format *format = row ? row->format : NULL;
    if (format != s->format.payload)
        s->format.memory.len = 0;
    if (s->format.redundancy && (format != s->format.payload || codec->clock_rate != s->format.codec.clock_rate))
        rtp_send_redundancy_forget(s->format.redundancy);
    if (s->cache && !slice_eq_nocase(slice_str(codec->name), slice_str(s->format.codec.name)))
        rtx_cache_clear(s->cache); /* a repair says by its type what it repairs */
    s->format.codec = *codec;
    s->format.payload = format;
    s->format.options = format && format->options ? format->options(codec->fmtp) : 0;
    s->tone.rate = codec->clock_rate;
}

int rtp_send_stream_prepare(struct rtp_send_stream *s, const struct rtp_section *section, const struct rtp_encoding *encoding)
{
    if (!s->parity && rtp_send_parity_is_agreed(section, encoding)) {
        s->parity = memory_zeroed(s->context, sizeof *s->parity);
        if (!s->parity)
            return RTC_ERR_NO_MEMORY;
    }
    if (!s->format.redundancy && section->fec.redundancy) {
        s->format.redundancy = memory_zeroed(s->context, sizeof *s->format.redundancy);
        return s->format.redundancy ? RTC_OK : RTC_ERR_NO_MEMORY;
    }
    return RTC_OK;
}

static void configure_parity(struct rtp_send_stream *s, const struct rtp_section *section)
{
    if (s->parity && rtp_send_parity_is_agreed(section, &s->encoding)) {
        rtp_send_parity_configure(s->parity, section, &s->encoding);
        return;
    }
    memory_free(s->context, s->parity);
    s->parity = NULL;
}

static void configure_redundancy(struct rtp_send_stream *s, const struct rtp_section *section)
{
    if (s->format.redundancy && section->fec.redundancy) {
        rtp_send_redundancy_configure(s->format.redundancy, section->fec.redundancy);
        return;
    }
    memory_free(s->context, s->format.redundancy);
    s->format.redundancy = NULL;
}

void rtp_send_stream_configure(struct rtp_send_stream *s, const struct rtp_section *section, const struct rtp_encoding *encoding)
{
    uint32_t ssrc = s->encoding.ssrc ? s->encoding.ssrc : encoding->ssrc, rtx = s->encoding.rtx_ssrc;
    s->encoding = *encoding;
    s->encoding.ssrc = ssrc;
    s->encoding.rtx_ssrc = rtx ? rtx : encoding->rtx_ssrc;
    rtp_send_stream_set_codec(s, &section->send_codec);
    s->format.tone_payload_type = section->tone_payload_type;
    s->tone.events = section->tone_clock_rate;
    s->tone.active = s->tone.active && s->tone.events > 0; /* the peer takes none any more: what plays is over */
    memcpy(s->format.mid, section->mid, sizeof s->format.mid);
    for (size_t i = 0; i < RTP_EXTENSIONS; i++)
        s->format.ids[i] = section->extension_comes_only[i] ? 0 : section->extension_ids[i];
    if (!section->send_codec.transport_cc) /* nobody would say anything of the numbers */
        s->format.ids[RTP_EXTENSION_TRANSPORT_SEQUENCE] = 0;
    rtp_send_stream_set_playout(s, &section->playout);
    configure_parity(s, section);
    configure_redundancy(s, section);
    if (!repairs(s, section)) {
        rtx_cache_free(s->cache);
        s->cache = NULL;
    } else if (!s->cache) {
        (void)rtx_cache_new(s->context, &s->cache); /* without memory the stream works on, unrepaired */
    }
}

void rtp_send_stream_set_playout(struct rtp_send_stream *s, const struct rtp_playout *playout)
{
    s->format.says_playout_delay = playout->asks && s->kind == RTC_MEDIA_VIDEO;
    if (playout->asks)
        rtp_playout_delay_write(s->format.playout_delay, &playout->asked);
}

/* Numbers start at random (RFC 3550 section 5.1), low enough that the first wrap is far away from the first packets: a receiver that
 * misses those would guess the rollover counter wrong. */
static void randomize(struct rtp_send_stream *s)
{
    uint64_t random = context_random_u64(s->context);
    s->numbers.sequence = (uint16_t)(random & 0x7fff);
    s->numbers.rtx_sequence = (uint16_t)(random >> 16 & 0x7fff);
    s->numbers.picture_id = (uint16_t)(random >> 32 & 0x7fff); /* 15 bits (RFC 7741 section 4.2) */
    s->numbers.base_index = (uint8_t)(random >> 48);
    s->numbers.timestamp_offset = context_random_u32(s->context);
}

int rtp_send_stream_new(rtc_context *context, const struct rtp_section *section, const struct rtp_encoding *encoding, size_t max_rtp_bytes,
                        struct rtp_send_stream **out)
{
    struct rtp_send_stream *s = memory_zeroed(context, sizeof *s);
    if (!s)
        return RTC_ERR_NO_MEMORY;
    s->context = rtc_context_ref(context);
    s->kind = section->kind;
    s->circuit.next = RTC_TIME_NEVER;
    s->keyframes = (struct rtp_stream_keyframes){.asked = RTC_TIME_NEVER, .sent = RTC_TIME_NEVER, .due = RTC_TIME_NEVER};
    rtp_layer_switch_init(&s->layer);
    rtp_breaker_init(&s->breaker);
    randomize(s);
    s->heard.first = s->numbers.sequence;
    s->heard.highest = s->heard.first - 1u;
    s->heard.loss_percent = s->heard.told_loss = RTP_SOUND_LOSS_PERCENT;
    int error = rtp_send_stream_prepare(s, section, encoding);
    rtp_send_stream_configure(s, section, encoding);
    s->stats.ssrc = s->encoding.ssrc;
    rtp_send_stream_set_max_rtp(s, max_rtp_bytes);
    if (error || (repairs(s, section) && !s->cache)) {
        rtp_send_stream_free(s);
        return RTC_ERR_NO_MEMORY;
    }
    *out = s;
    return RTC_OK;
}

void rtp_send_stream_free(struct rtp_send_stream *s)
{
    if (!s)
        return;
    rtx_cache_free(s->cache);
    memory_free(s->context, s->parity);
    memory_free(s->context, s->format.redundancy);
    context_free(s->context, s);
}

/* Never more than a packet buffer holds together with what protection adds. */
void rtp_send_stream_set_max_rtp(struct rtp_send_stream *s, size_t max_rtp_bytes)
{
    size_t most = PACKET_CAPACITY - PACKET_HEADROOM - 32;
    s->format.max_rtp_bytes = max_rtp_bytes < most ? max_rtp_bytes : most;
}

bool rtp_send_stream_owns(const struct rtp_send_stream *s, uint32_t ssrc)
{
    bool repairs = ssrc != 0 && (ssrc == s->encoding.rtx_ssrc || ssrc == s->encoding.fec_ssrc);
    return ssrc == s->encoding.ssrc || repairs;
}

/* ---- Packetizing ---- */

static const uint8_t zeros[RTP_ABS_SEND_TIME_LEN]; /* and of a transport-wide number: what is true is known when the packet leaves */

/* The ids of a packet that waits, whatever was negotiated: that may change until it leaves (RFC 8285 section 6), and then its extensions
 * are written anew. */
static const uint8_t waiting_ids[RTP_EXTENSIONS] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
_Static_assert(RTP_EXTENSIONS == 10, "each has an id while it waits");

/* What the extensions of a packet say of its frame. */
struct said {
    uint8_t level, orientation; /* RTP_NO_AUDIO_LEVEL, RTP_NO_ORIENTATION */
    bool captured;
    uint8_t capture[RTP_ABS_CAPTURE_TIME_LEN];
    bool held;
    uint8_t playout_delay[RTP_PLAYOUT_DELAY_LEN];
};
static const struct said nothing_said = {.level = RTP_NO_AUDIO_LEVEL, .orientation = RTP_NO_ORIENTATION};

/* Of a packet that waits, or left. */
static struct said said_in(const struct rtp_header *header)
{
    struct slice level = header->extensions[RTP_EXTENSION_AUDIO_LEVEL], capture = header->extensions[RTP_EXTENSION_ABS_CAPTURE_TIME];
    struct said said = {.level = level.len > 0 ? level.data[0] : RTP_NO_AUDIO_LEVEL,
                        .orientation = rtp_video_orientation_read(header->extensions[RTP_EXTENSION_VIDEO_ORIENTATION]),
                        .captured = capture.len == RTP_ABS_CAPTURE_TIME_LEN};
    struct slice held = header->extensions[RTP_EXTENSION_PLAYOUT_DELAY];
    said.held = held.len == RTP_PLAYOUT_DELAY_LEN;
    if (said.captured)
        memcpy(said.capture, capture.data, sizeof said.capture);
    if (said.held)
        memcpy(said.playout_delay, held.data, sizeof said.playout_delay);
    return said;
}

/* When a frame was captured: what can not be is now. */
static rtc_time_t capture_of(const rtc_encoded_frame *frame, rtc_time_t now)
{
    rtc_time_t capture = rtc_encoded_frame_capture_time_us(frame);
    return capture <= now && now - capture < CAPTURE_AGE_MAX_US ? capture : now;
}

static struct said said_of(const struct rtp_send_stream *s, rtc_time_t now, const rtc_encoded_frame *frame, uint8_t audio_level)
{
    struct said said = nothing_said;
    uint32_t rotation = rtc_encoded_frame_rotation(frame);
    if (s->kind == RTC_MEDIA_AUDIO)
        said.level = audio_level;
    else if (rotation || s->numbers.turned || rtc_encoded_frame_keyframe(frame))
        said.orientation = (uint8_t)(rotation / 90);
    said.captured = s->format.ids[RTP_EXTENSION_ABS_CAPTURE_TIME] != 0;
    if (said.captured) /* our clock is that of who captures */
        rtp_abs_capture_time_write(said.capture, rtcp_ntp(context_wall_us(s->context, capture_of(frame, now))), 0);
    said.held = s->format.says_playout_delay && s->format.ids[RTP_EXTENSION_PLAYOUT_DELAY] != 0;
    memcpy(said.playout_delay, s->format.playout_delay, sizeof said.playout_delay);
    return said;
}

/* The header of the stream's packets; `said` must live as long. */
static struct rtp_header header_of(const struct rtp_send_stream *s, uint32_t timestamp, const struct said *said)
{
    struct rtp_header header = {.payload_type = s->format.codec.payload_type, .timestamp = timestamp, .ssrc = s->encoding.ssrc};
    header.extensions[RTP_EXTENSION_MID] = s->format.mid[0] ? slice_str(s->format.mid) : slice_of(NULL, 0);
    header.extensions[RTP_EXTENSION_RID] = s->encoding.rid[0] ? slice_str(s->encoding.rid) : slice_of(NULL, 0);
    header.extensions[RTP_EXTENSION_ABS_SEND_TIME] = slice_of(zeros, sizeof zeros);
    header.extensions[RTP_EXTENSION_TRANSPORT_SEQUENCE] = slice_of(zeros, RTP_TRANSPORT_SEQUENCE_LEN);
    if (said->level != RTP_NO_AUDIO_LEVEL)
        header.extensions[RTP_EXTENSION_AUDIO_LEVEL] = slice_of(&said->level, 1);
    if (said->orientation != RTP_NO_ORIENTATION)
        header.extensions[RTP_EXTENSION_VIDEO_ORIENTATION] = slice_of(&said->orientation, RTP_VIDEO_ORIENTATION_LEN);
    if (said->captured)
        header.extensions[RTP_EXTENSION_ABS_CAPTURE_TIME] = slice_of(said->capture, sizeof said->capture);
    if (said->held)
        header.extensions[RTP_EXTENSION_PLAYOUT_DELAY] = slice_of(said->playout_delay, sizeof said->playout_delay);
    return header;
}

/* RFC 8852 section 3.2: a repair packet says which stream it repairs. */
static void turn_into_repair(struct rtp_header *header)
{
    header->extensions[RTP_EXTENSION_REPAIRED_RID] = header->extensions[RTP_EXTENSION_RID];
    header->extensions[RTP_EXTENSION_RID] = slice_of(NULL, 0);
}

/* A packet that will wait; its sequence number and what was negotiated of its extensions come when it leaves. */
static struct packet *new_packet(const struct rtp_send_stream *s, const struct rtp_header *header, struct packet_pool *pool)
{
    struct packet *packet = packet_new(pool);
    struct rtp_header waiting = *header;
    for (size_t i = 0; i < RTP_EXTENSIONS; i++)
        if (s->format.ids[i] == 0)
            waiting.extensions[i] = slice_of(NULL, 0);
    if (packet && !rtp_write_header(packet, &waiting, waiting_ids)) {
        packet_free(packet);
        packet = NULL;
    }
    return packet;
}

struct packet *rtp_send_stream_new_packet(const struct rtp_send_stream *s, const struct rtp_header *header, struct packet_pool *pool)
{
    struct rtp_header own = header_of(s, header->timestamp, &nothing_said);
    own.payload_type = header->payload_type;
    own.marker = header->marker;
    own.sequence = header->sequence;
    for (size_t i = 0; i < RTP_EXTENSIONS; i++)
        if (header->extensions[i].len > 0)
            own.extensions[i] = header->extensions[i];
    return new_packet(s, &own, pool);
}

static struct writer payload_writer(struct packet *packet)
{
    return writer_of(packet_data(packet) + packet->len, packet_tailroom(packet));
}

/* Room for the payload in one packet: RTX adds the original sequence number. 0 when there is none. */
static size_t max_payload(const struct rtp_send_stream *s, const struct rtp_header *header)
{
    size_t size = rtp_header_size(header, s->format.ids), used = size + (s->cache ? RTX_HEADER_LEN : 0);
    used = rtp_send_parity_protects(s->parity) ? size + rtp_send_parity_room(size) : used; /* of which a retransmission needs less */
    return s->format.max_rtp_bytes > used ? s->format.max_rtp_bytes - used : 0;
}

/* The first packet of a picture says when it was captured and for how long it is to be held back, the last one how it is turned (3GPP TS
 * 26.114 section 7.4.5). */
static void say_once(struct rtp_header *header, bool first, bool last)
{
    if (!first)
        header->extensions[RTP_EXTENSION_ABS_CAPTURE_TIME] = header->extensions[RTP_EXTENSION_PLAYOUT_DELAY] = slice_of(NULL, 0);
    if (!last)
        header->extensions[RTP_EXTENSION_VIDEO_ORIENTATION] = slice_of(NULL, 0);
}

/* The packets of a frame; false without memory for all of them: the peer must not take a part for the whole. */
static bool packetize(const struct rtp_send_stream *s, struct packetizer *p, struct rtp_header *header, struct packet_pool *pool,
                      struct packet_queue *packets)
{
    while (p->payloads_left > 0) {
        header->marker = p->payloads_left == 1;
        struct rtp_header own = *header;
        say_once(&own, packets->count == 0, header->marker);
        struct packet *packet = new_packet(s, &own, pool);
        if (!packet) {
            packet_queue_clear(packets);
            return false;
        }
        struct writer w = payload_writer(packet);
        (void)s->format.payload->packetizer_next(p, &w, &header->marker); /* fits: max_payload() is below the buffer */
        packet->len += (uint32_t)writer_len(&w);
        packet_queue_push(packets, packet);
    }
    return true;
}

static struct payload_picture next_picture(struct rtp_send_stream *s, const rtc_encoded_frame *frame)
{
    uint32_t flags = rtc_encoded_frame_layer_flags(frame), temporal_id = rtc_encoded_frame_temporal_id(frame);
    s->numbers.picture_id = (uint16_t)((s->numbers.picture_id + 1) & 0x7fff);
    if ((flags & RTC_LAYER_TEMPORAL) && temporal_id == 0)
        s->numbers.base_index++; /* RFC 7741 section 4.2: TL0PICIDX */
    return (struct payload_picture){.id = s->numbers.picture_id,
                                    .layer_flags = (uint8_t)flags,
                                    .temporal_id = (uint8_t)temporal_id,
                                    .keyframe = rtc_encoded_frame_keyframe(frame),
                                    .options = s->format.options,
                                    .memory = &s->format.memory,
                                    .base_index = s->numbers.base_index};
}

static int send_video(struct rtp_send_stream *s, rtc_time_t now, const rtc_encoded_frame *encoded, struct slice frame,
                      struct rtp_header *header, struct packet_pool *pool, struct rtp_pacer *pacer)
{
    struct packetizer p;
    struct packet_queue packets = {0};
    const struct payload_picture picture = next_picture(s, encoded);
    if (!s->format.payload->packetizer_start(&p, frame, &picture, max_payload(s, header)))
        return RTC_ERR_RANGE;
    if (!rtp_pacer_has_room(pacer, p.payloads_left))
        return RTC_ERR_QUOTA_EXCEEDED;
    if (!packetize(s, &p, header, pool, &packets))
        return RTC_ERR_NO_MEMORY;
    for (struct packet *packet; (packet = packet_queue_pop(&packets)) != NULL;)
        (void)rtp_pacer_push(pacer, now, RTP_PRIORITY_VIDEO, packet);
    return RTC_OK;
}

/* The frame with those before it, written into `blocks`, or the frame as it is. Says in the header which it is. */
static struct slice with_redundancy(const struct rtp_send_stream *s, struct rtp_header *header, struct slice frame, uint8_t *blocks,
                                    size_t size)
{
    size_t room = max_payload(s, header);
    struct writer w = writer_of(blocks, room < size ? room : size);
    if (!s->format.redundancy || !rtp_send_redundancy_write(s->format.redundancy, header->payload_type, header->timestamp, frame, &w))
        return frame;
    header->payload_type = s->format.redundancy->payload_type;
    return slice_of(blocks, writer_len(&w));
}

/* RFC 3551 section 4.1: the marker is set on the first packet after silence. */
static int send_audio(struct rtp_send_stream *s, rtc_time_t now, struct slice frame, struct rtp_header *header, struct packet_pool *pool,
                      struct rtp_pacer *pacer)
{
    struct payload_info info;
    if (!s->format.payload->parse(frame, &info))
        return RTC_ERR_ENCODING;
    if (frame.len > max_payload(s, header))
        return RTC_ERR_RANGE;
    header->marker = s->stats.frames_sent == 0 || header->timestamp != s->numbers.next_timestamp;
    s->numbers.next_timestamp = header->timestamp + info.samples;
    uint8_t blocks[PACKET_CAPACITY];
    struct slice payload = with_redundancy(s, header, frame, blocks, sizeof blocks);
    struct packet *packet = new_packet(s, header, pool);
    if (!packet)
        return RTC_ERR_NO_MEMORY;
    struct writer w = payload_writer(packet);
    writer_bytes(&w, payload);
    packet->len += (uint32_t)writer_len(&w);
    if (!rtp_pacer_push(pacer, now, RTP_PRIORITY_AUDIO, packet))
        return RTC_ERR_QUOTA_EXCEEDED;
    if (s->format.redundancy)
        rtp_send_redundancy_sent(s->format.redundancy, header->timestamp, frame);
    return RTC_OK;
}

static void note_frame(struct rtp_send_stream *s, rtc_time_t now, const rtc_encoded_frame *frame, uint32_t timestamp)
{
    s->numbers.last_capture = capture_of(frame, now);
    s->numbers.turned = rtc_encoded_frame_rotation(frame) != 0;
    s->numbers.last_timestamp = timestamp;
    s->stats.frames_sent++;
    event_rate_add(&s->frames, now);
    uint32_t layers = rtc_encoded_frame_layer_flags(frame) & RTC_LAYER_TEMPORAL ? rtc_encoded_frame_temporal_id(frame) + 1 : 1;
    s->stats.temporal_layers = layers > s->stats.temporal_layers ? layers : s->stats.temporal_layers;
    if (s->kind == RTC_MEDIA_VIDEO && rtc_encoded_frame_keyframe(frame)) {
        s->stats.key_frames_sent++;
        s->keyframes.sent = now;
        s->keyframes.timestamp = timestamp;
        s->keyframes.due = RTC_TIME_NEVER; /* whoever asked before gets this one */
        s->keyframes.bytes = rtc_encoded_frame_len(frame);
    }
}

/* What the stream's clock says now. Before there was any sound it has no relation to what will come. */
uint32_t rtp_send_stream_timestamp(const struct rtp_send_stream *s, rtc_time_t now)
{
    bool known = s->stats.frames_sent > 0;
    int64_t since = media_clock(now - (known ? s->numbers.last_capture : 0), s->format.codec.clock_rate);
    return (known ? s->numbers.last_timestamp : s->numbers.timestamp_offset) + (uint32_t)since;
}

int rtp_send_stream_frame(struct rtp_send_stream *s, rtc_time_t now, rtc_encoded_frame *frame, uint8_t audio_level,
                          struct packet_pool *pool, struct rtp_pacer *pacer)
{
    if (s->breaker.reason != RTP_BREAKER_CLOSED)
        return RTC_ERR_INVALID_STATE;
    if (s->format.codec.payload_type == RTP_NO_PAYLOAD_TYPE || !s->format.payload ||
        !slice_is_nocase(slice_str(s->format.codec.name), rtc_encoded_frame_codec(frame)))
        return RTC_ERR_NOT_SUPPORTED;
    struct slice data = slice_of(rtc_encoded_frame_data(frame), rtc_encoded_frame_len(frame));
    uint32_t timestamp = rtc_encoded_frame_rtp_timestamp(frame) + s->numbers.timestamp_offset;
    if (tone_sender_sounds(&s->tone, now)) /* RFC 4733 section 2.5.1.2: it stands in its place */
        return RTC_OK;
    const struct said said = said_of(s, now, frame, audio_level);
    struct rtp_header header = header_of(s, timestamp, &said);
    int error =
        s->kind == RTC_MEDIA_VIDEO ? send_video(s, now, frame, data, &header, pool, pacer) : send_audio(s, now, data, &header, pool, pacer);
    if (!error)
        note_frame(s, now, frame, timestamp);
    return error;
}

/* ---- Leaving ---- */

/* Writes the header in front of the payload as it leaves: `waited`, of which the packet is made, with the extensions that are negotiated
 * now. False when it does not fit. */
static bool write_leaving(const struct rtp_send_stream *s, rtc_time_t now, const struct rtp_header *waited, uint16_t transport_sequence,
                          struct packet *packet)
{
    const struct said said = said_in(waited); /* copied: the new header is written over the old one */
    uint8_t sent[RTP_ABS_SEND_TIME_LEN], number[RTP_TRANSPORT_SEQUENCE_LEN];
    struct rtp_header header = header_of(s, waited->timestamp, &said);
    rtp_abs_send_time_write(sent, now);
    rtp_transport_sequence_write(number, transport_sequence);
    header.extensions[RTP_EXTENSION_ABS_SEND_TIME] = slice_of(sent, sizeof sent);
    header.extensions[RTP_EXTENSION_TRANSPORT_SEQUENCE] = slice_of(number, sizeof number);
    header.marker = waited->marker;
    header.payload_type = waited->payload_type;
    header.ssrc = waited->ssrc;
    header.sequence = waited->sequence;
    if (header.ssrc != s->encoding.ssrc)
        turn_into_repair(&header);
    size_t size = rtp_header_size(&header, s->format.ids), payload = (size_t)(waited->payload.data - packet->bytes);
    if (size > payload)
        return false;
    packet->start = (uint32_t)(payload - size);
    if (!rtp_write_header(packet, &header, s->format.ids))
        return false;
    packet->len += (uint32_t)waited->payload.len + waited->padding;
    if (waited->padding > 0)
        packet_data(packet)[0] |= PADDING_BIT;
    return true;
}

/* What a packet that waited is of. */
enum part { PART_MEDIA, PART_RTX, PART_PARITY };

static enum part part_of(const struct rtp_send_stream *s, const struct rtp_header *header)
{
    if (s->parity && header->payload_type == rtp_send_parity_type(s->parity))
        return PART_PARITY;
    return header->ssrc == s->encoding.ssrc ? PART_MEDIA : PART_RTX;
}

/* RFC 3550 section 5.1: one more for each packet that is sent. */
static uint16_t *number_of(struct rtp_send_stream *s, const struct rtp_header *header, enum part part)
{
    if (header->ssrc == s->encoding.ssrc)
        return &s->numbers.sequence;
    return part == PART_PARITY ? &s->parity->sequence : &s->numbers.rtx_sequence;
}

/* What is counted of the stream itself, whatever it was. */
static void note_left(struct rtp_send_stream *s, rtc_time_t now, const struct rtp_header *header)
{
    s->numbers.started = true;
    s->numbers.last_left = now;
    s->numbers.sr_packets++;
    s->numbers.sr_octets += (uint32_t)header->payload.len;
}

static void note_media(struct rtp_send_stream *s, rtc_time_t now, const struct rtp_header *header, bool protect, struct packet *packet)
{
    bool keyframe = s->keyframes.bytes > 0 && header->timestamp == s->keyframes.timestamp;
    if (keyframe)
        s->keyframes.sent = now;
    s->numbers.in_frame = s->kind == RTC_MEDIA_VIDEO && !header->marker;
    if (s->cache)
        rtx_cache_put(s->cache, now, header->sequence, packet);
    struct rtp_header left;
    if (protect && rtp_parse(packet_slice(packet), s->format.ids, &left))
        rtp_send_parity_left(s->parity, packet_slice(packet), &left, keyframe);
}

bool rtp_send_stream_leaving(struct rtp_send_stream *s, rtc_time_t now, uint16_t transport_sequence, struct packet *packet)
{
    struct rtp_header header;
    if (!rtp_parse(packet_slice(packet), waiting_ids, &header))
        return false;
    enum part part = part_of(s, &header);
    uint16_t *next = number_of(s, &header, part);
    header.sequence = packet->flags & PACKET_NUMBERED ? header.sequence : *next;
    if (!write_leaving(s, now, &header, transport_sequence, packet))
        return false;
    if (seq16_diff(header.sequence, *next) >= 0) /* what is sent on may leave late */
        *next = (uint16_t)(header.sequence + 1);
    rtp_breaker_sent(&s->breaker, now, packet->len);
    s->stats.packets_sent++;
    s->stats.total_send_delay_us += now > packet->time ? now - packet->time : 0;
    s->stats.bytes_sent += header.payload.len;
    s->stats.header_bytes_sent += packet->len - header.payload.len;
    if (part == PART_RTX) {
        s->stats.retransmitted_packets_sent += header.payload.len > 0;
        s->stats.retransmitted_bytes_sent += header.payload.len;
        return true;
    }
    size_t before = packet->len - header.payload.len - header.padding;
    bool protect = part == PART_PARITY;
    if (part == PART_PARITY) {
        s->stats.parity_packets_sent++;
        s->stats.parity_bytes_sent += header.payload.len;
    } else {
        protect = rtp_send_parity_takes(s->parity, packet->len, before, s->format.max_rtp_bytes);
        note_media(s, now, &header, protect, packet);
    }
    if (header.ssrc != s->encoding.ssrc)
        return true;
    note_left(s, now, &header);
    if (protect)
        rtp_send_parity_wrap(s->parity, packet, before);
    return true;
}

void rtp_send_stream_dropped(struct rtp_send_stream *s)
{
    s->numbers.sequence = (uint16_t)(s->numbers.sequence + s->numbers.in_frame);
    s->numbers.in_frame = false;
    if (s->cache)
        rtx_cache_clear(s->cache); /* a keyframe comes, which needs nothing of what left before */
}

/* ---- Repairs ---- */

/* The packet again as its RTX twin: the payload behind the original sequence number (RFC 4588 section 4). Its extensions are written anew:
 * what was agreed on may have changed since it left. */
static struct packet *rtx_packet(const struct rtp_send_stream *s, const struct packet *original, struct packet_pool *pool)
{
    struct rtp_header before;
    struct packet *packet;
    if (!rtp_parse(packet_slice(original), s->format.ids, &before))
        return NULL;
    const struct said said = said_in(&before);
    struct rtp_header header = header_of(s, before.timestamp, &said);
    header.marker = before.marker;
    header.payload_type = s->format.codec.rtx_payload_type;
    header.ssrc = s->encoding.rtx_ssrc;
    turn_into_repair(&header);
    packet = new_packet(s, &header, pool);
    if (!packet)
        return NULL;
    struct writer w = payload_writer(packet);
    writer_u16(&w, before.sequence);
    writer_bytes(&w, before.payload);
    if (!writer_ok(&w)) {
        packet_free(packet);
        return NULL;
    }
    packet->len += (uint32_t)writer_len(&w);
    return packet;
}

struct packet *rtp_send_stream_parity(struct rtp_send_stream *s, struct packet_pool *pool)
{
    struct rtp_send_parity *p = s->parity;
    if (!p || p->parities == 0 || s->breaker.reason != RTP_BREAKER_CLOSED)
        return NULL;
    struct rtp_header header = header_of(s, s->numbers.last_timestamp, &nothing_said);
    header.payload_type = rtp_send_parity_type(p);
    header.ssrc = p->ssrc ? p->ssrc : s->encoding.ssrc;
    struct packet *packet = new_packet(s, &header, pool);
    if (!packet)
        return NULL;
    struct writer w = payload_writer(packet);
    if (!rtp_send_parity_next(p, &w) || !writer_ok(&w)) {
        packet_free(packet);
        return NULL;
    }
    packet->len += (uint32_t)writer_len(&w);
    return packet;
}

/* What RTX sends that repairs nothing: padding alone, which a receiver counts and drops. */
struct packet *rtp_send_stream_padding(const struct rtp_send_stream *s, struct packet_pool *pool)
{
    struct rtp_header header = header_of(s, s->numbers.last_timestamp, &nothing_said);
    if (!rtp_send_stream_pads(s))
        return NULL;
    header.payload_type = s->format.codec.rtx_payload_type;
    header.ssrc = s->encoding.rtx_ssrc;
    turn_into_repair(&header);
    struct packet *packet = new_packet(s, &header, pool);
    if (!packet)
        return NULL;
    memset(packet_data(packet) + packet->len, 0, PADDING_BYTES - 1);
    packet->len += PADDING_BYTES;
    packet_data(packet)[packet->len - 1] = PADDING_BYTES; /* RFC 3550 section 5.1: the last one says how many there are */
    packet_data(packet)[0] |= PADDING_BIT;
    return packet;
}

bool rtp_send_stream_pads(const struct rtp_send_stream *s)
{
    return s->cache && s->format.codec.rtx_payload_type != RTP_NO_PAYLOAD_TYPE && s->numbers.started &&
           s->breaker.reason == RTP_BREAKER_CLOSED;
}

static void resend(struct rtp_send_stream *s, rtc_time_t now, uint16_t sequence, struct packet_pool *pool, struct rtp_pacer *pacer)
{
    /* A little under the round trip: the peer's estimate may be shorter, and its next request must not find ours too early. */
    rtc_time_t gap = s->heard.round_trip_us ? s->heard.round_trip_us * 3 / 4 : RESEND_GAP_UNKNOWN_US;
    rtc_time_t in_time = 3 * s->heard.round_trip_us > REPAIR_AGE_US ? 3 * s->heard.round_trip_us : REPAIR_AGE_US;
    const struct packet *original = rtx_cache_take(s->cache, now, sequence, gap > RESEND_GAP_US ? gap : RESEND_GAP_US, in_time);
    struct packet *packet = original ? rtx_packet(s, original, pool) : NULL;
    if (packet)
        (void)rtp_pacer_push(pacer, now, RTP_PRIORITY_REPAIR, packet);
}

void rtp_send_stream_nack(struct rtp_send_stream *s, rtc_time_t now, const struct rtcp_packet *nack, struct packet_pool *pool,
                          struct rtp_pacer *pacer)
{
    s->stats.nack_count++;
    if (!s->cache || s->format.codec.rtx_payload_type == RTP_NO_PAYLOAD_TYPE || s->breaker.reason != RTP_BREAKER_CLOSED)
        return;
    for (size_t i = 0; i < nack->count; i++) {
        uint16_t sequence;
        uint16_t mask;
        rtcp_nack_at(nack, i, &sequence, &mask);
        resend(s, now, sequence, pool, pacer);
        for (unsigned bit = 0; bit < 16; bit++) {
            if (mask >> bit & 1)
                resend(s, now, (uint16_t)(sequence + bit + 1), pool, pacer);
        }
    }
}

/* ---- Time ---- */

rtc_time_t rtp_send_stream_deadline(const struct rtp_send_stream *s, enum timer_reason *why)
{
    rtc_time_t best = RTC_TIME_NEVER;
    bool untold = s->breaker.reason != RTP_BREAKER_CLOSED && !s->told_breaker;
    deadline_min(&best, why, s->keyframes.due, TIMER_RTP_KEYFRAME);
    deadline_min(&best, why, tone_sender_deadline(&s->tone), TIMER_RTP_PACE);
    deadline_min(&best, why, untold ? s->breaker.last_report : rtp_breaker_deadline(&s->breaker), TIMER_RTP_RATE);
    return best;
}

void rtp_send_stream_pause(struct rtp_send_stream *s)
{
    rtp_breaker_pause(&s->breaker);
}

void rtp_send_stream_resume(struct rtp_send_stream *s)
{
    rtp_breaker_init(&s->breaker);
    s->told_breaker = false;
}
