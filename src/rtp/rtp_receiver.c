/* SPDX-License-Identifier: MIT */
/* One incoming media stream: packets into its buffer, feedback and playout out of it. */
#include "rtp_receiver.h"

#include "codec_table.h"
#include "context.h"
#include "memory.h"
#include "rtp_extensions.h"
#include "sequence.h"
#include "text.h"

#include <strings.h>

enum {
    REPAIR_WAIT_MIN_US = 200000, /* five round trips are waited for a repair, which is asked for four times then; within these */
    REPAIR_WAIT_MAX_US = 1000000,
    REORDER_WAIT_US = 60000, /* without NACK a gap is worth waiting for reordering only */
    PLI_EVERY_US = 200000,   /* a keyframe takes a while to be made: asking at each packet makes a sender make many */
    REPAIR_AHEAD = 256       /* how far an RTX packet may be in front of the stream */
};

static void init_buffer(struct rtp_receiver *r)
{
    size_t capacity = context_limits(r->context)->jitter_buffer_packets;
    if (r->kind == RTC_MEDIA_AUDIO)
        audio_buffer_init(&r->buffer.audio, r->codec->clock_rate, capacity);
    else
        video_buffer_init(&r->buffer.video, r->context, r->codec, capacity);
}

int rtp_receiver_new(rtc_context *context, rtc_media_kind kind, uint32_t ssrc, const struct rtp_codec *codec, bool disable_nack,
                     struct rtp_receiver **out)
{
    const struct codec_row *row = codec_row_carried(kind, codec->name);
    if (!row || row->clock_rate != codec->clock_rate)
        return RTC_ERR_NOT_SUPPORTED;
    struct rtp_receiver *r = memory_zeroed(context, sizeof *r);
    if (!r)
        return RTC_ERR_NO_MEMORY;
    *r =
        (struct rtp_receiver){.context = context, .ssrc = ssrc, .kind = kind, .codec = row, .playing = true, .last_packet = RTC_TIME_NEVER};
    r->pli = codec->pli && kind == RTC_MEDIA_VIDEO;
    r->payload_type = codec->payload_type;
    r->clock.clock_rate = codec->clock_rate;
    receive_stats_init(&r->arrival, codec->clock_rate);
    if (codec->nack && !disable_nack) {
        r->nacks = memory_zeroed(context, sizeof *r->nacks);
        if (!r->nacks) {
            memory_free(context, r);
            return RTC_ERR_NO_MEMORY;
        }
    }
    init_buffer(r);
    rtp_receiver_forget_playout_delay(r);
    rtp_receiver_set_round_trip(r, REPAIR_WAIT_MIN_US / 2);
    *out = r;
    return RTC_OK;
}

void rtp_receiver_set_room(struct rtp_receiver *r, struct jitter_room *room)
{
    if (r->kind == RTC_MEDIA_AUDIO)
        r->buffer.audio.room = room;
    else
        video_buffer_set_room(&r->buffer.video, room);
}

static void restart(struct rtp_receiver *r)
{
    if (r->nacks)
        nack_list_reset(r->nacks);
    if (r->kind == RTC_MEDIA_AUDIO)
        audio_buffer_reset(&r->buffer.audio);
    else
        video_buffer_restart(&r->buffer.video);
}

/* Numbers begin anew after a jump: for who sends them on they do not, and one is missing. `before`: the highest until then. */
static void begin_anew(struct rtp_receiver *r, int64_t before, int64_t sequence)
{
    restart(r);
    r->sent_on.ahead += before + 2 - sequence;
}

void rtp_receiver_free(struct rtp_receiver *r)
{
    if (!r)
        return;
    if (r->kind == RTC_MEDIA_AUDIO)
        audio_buffer_reset(&r->buffer.audio);
    else
        video_buffer_fini(&r->buffer.video);
    memory_free(r->context, r->nacks);
    memory_free(r->context, r);
}

void rtp_receiver_set_playing(struct rtp_receiver *r, bool playing)
{
    if (r->playing && !playing) {
        restart(r);
        if (r->kind == RTC_MEDIA_VIDEO)
            video_buffer_fini(&r->buffer.video);
    }
    r->playing = playing;
}

void rtp_receiver_set_feedback(struct rtp_receiver *r, bool nack, bool pli)
{
    r->pli = pli && r->kind == RTC_MEDIA_VIDEO;
    if (nack == (r->nacks != NULL))
        return;
    if (!nack)
        memory_free(r->context, r->nacks);
    r->nacks = nack ? memory_zeroed(r->context, sizeof *r->nacks) : NULL;
}

void rtp_receiver_set_round_trip(struct rtp_receiver *r, rtc_time_t round_trip)
{
    if (r->kind != RTC_MEDIA_VIDEO)
        return;
    rtc_time_t wait = round_trip * 5;
    wait = wait < REPAIR_WAIT_MIN_US ? REPAIR_WAIT_MIN_US : wait > REPAIR_WAIT_MAX_US ? REPAIR_WAIT_MAX_US : wait;
    video_buffer_set_max_wait(&r->buffer.video, r->nacks ? wait : REORDER_WAIT_US);
}

/* ---- Packets ---- */

/* NULL: nobody can read it, or it is of a kind that the stream is not. */
static const struct codec_row *row_of(const struct rtp_receiver *r, const struct rtp_codec *codec)
{
    if (strcasecmp(r->codec->name, codec->name) == 0)
        return r->codec;
    const struct codec_row *row = codec_row_carried(r->kind, codec->name);
    return row && row->clock_rate == codec->clock_rate ? row : NULL;
}

/* -dBov (RFC 6464) as an amplitude. */
static double amplitude(uint8_t level)
{
    double value = 1;
    for (uint8_t i = 0; i < level; i++)
        value *= 0.8912509381337456; /* 1 dB: 10 to the power of -1/20 */
    return level >= 127 ? 0 : value;
}

static void count_mark(struct rtp_receiver *r, const struct packet *packet)
{
    r->stats.ecn.ect1 += packet->ecn == ECN_ECT1;
    r->stats.ecn.ce += packet->ecn == ECN_CE;
}

static void count(struct rtp_receiver *r, rtc_time_t now, const struct rtp_header *h, const struct packet *packet)
{
    r->last_packet = now;
    r->heard = true;
    r->payload_type = h->payload_type;
    r->stats.packets_received++;
    r->stats.bytes_received += h->payload.len;
    r->stats.header_bytes_received += packet->len - h->payload.len;
    count_mark(r, packet);
    if (rtp_abs_capture_time_read(h->extensions[RTP_EXTENSION_ABS_CAPTURE_TIME], &r->captured))
        r->captured_timestamp = h->timestamp;
    uint8_t level;
    bool voice;
    if (rtp_audio_level_read(h->extensions[RTP_EXTENSION_AUDIO_LEVEL], &level, &voice))
        r->stats.audio.audio_level = amplitude(level);
}

/* It need not be said of each frame: the others follow by the stream's clock. */
static void date(const struct rtp_receiver *r, uint32_t timestamp, struct frame_origin *origin)
{
    enum { OLD_S = 10 };
    double since_s = (double)seq32_diff(timestamp, r->captured_timestamp) / r->clock.clock_rate;
    origin->has_capture = r->captured.ntp != 0 && since_s < OLD_S && since_s > -OLD_S;
    origin->has_capture_offset = origin->has_capture && r->captured.has_offset;
    origin->capture_ms = origin->has_capture ? (double)r->captured.ntp / 4294967.296 + since_s * 1000 : 0;
    origin->capture_offset_ms = origin->has_capture_offset ? (double)r->captured.offset / 4294967.296 : 0;
}

static struct frame_origin origin_of(const struct rtp_header *h)
{
    struct frame_origin origin = {.ssrc = h->ssrc, .payload_type = h->payload_type, .level = FRAME_NO_LEVEL};
    struct reader csrcs = reader_of(h->csrcs);
    bool voice;
    struct slice levels = h->extensions[RTP_EXTENSION_CSRC_LEVELS];
    origin.has_csrc_levels = levels.len > 0;
    for (; reader_left(&csrcs) >= 4 && origin.csrc_count < FRAME_CSRCS_MAX; origin.csrc_count++) {
        origin.csrcs[origin.csrc_count] = reader_u32(&csrcs);
        origin.csrc_levels[origin.csrc_count] = origin.csrc_count < levels.len ? levels.data[origin.csrc_count] & 0x7f : FRAME_NO_LEVEL;
    }
    (void)rtp_audio_level_read(h->extensions[RTP_EXTENSION_AUDIO_LEVEL], &origin.level, &voice);
    return origin;
}

/* A copy for whoever sends it on, of media that came, or what repaired it. */
static void forward(struct rtp_receiver *r, rtc_time_t now, const struct codec_row *codec, const struct rtp_header *h, int64_t sequence,
                    struct slice payload, const struct packet *packet)
{
    struct forward_packet *p = r->sent_on.tap ? forward_packet_new(r->context, payload) : NULL;
    if (!p)
        return;
    struct slice level = h->extensions[RTP_EXTENSION_AUDIO_LEVEL], capture = h->extensions[RTP_EXTENSION_ABS_CAPTURE_TIME];
    p->codec = codec;
    p->marker = h->marker;
    p->ssrc = r->ssrc;
    p->timestamp = h->timestamp;
    p->sequence = sequence + r->sent_on.ahead;
    p->has_sender_time = r->clock.known;
    p->sender_time = r->clock.known ? sender_clock_time(&r->clock, h->timestamp) : 0;
    p->arrived = packet_arrival(packet, now);
    p->said.level = level.len > 0 ? level.data[0] : FORWARD_NOT_SAID;
    p->said.orientation = rtp_video_orientation_read(h->extensions[RTP_EXTENSION_VIDEO_ORIENTATION]);
    if (capture.len > 0 && capture.len <= FORWARD_CAPTURE_LEN) {
        p->said.capture_len = (uint8_t)capture.len;
        memcpy(p->said.capture, capture.data, capture.len);
    }
    forward_tap_push(r->sent_on.tap, p);
}

/* False: it is broken, or there is no memory for it. */
static bool read_audio(struct rtp_receiver *r, rtc_time_t now, const struct codec_row *codec, const struct rtp_header *h,
                       uint8_t payload_type, struct slice payload, struct audio_packet *out)
{
    struct payload_info info;
    bool voice;
    if (!codec->format->parse(payload, &info)) {
        r->stats.packets_discarded += !out->redundant;
        return false;
    }
    rtc_encoded_frame_options o = {
        .size = sizeof o,
        .kind = RTC_MEDIA_AUDIO,
        .codec = codec->name,
        .data = payload.data,
        .data_len = payload.len,
        .keyframe = true,
        .rtp_timestamp = h->timestamp,
        .capture_time_us = now > 0 ? now : 1,
        .duration = info.samples,
    };
    if (rtc_encoded_frame_new(r->context, &o, &out->frame) != RTC_OK)
        return false;
    struct frame_origin origin = origin_of(h);
    origin.payload_type = payload_type;
    date(r, h->timestamp, &origin);
    encoded_frame_set_origin(out->frame, &origin);
    out->duration = info.samples;
    out->quiet = info.quiet;
    out->fec = info.fec;
    (void)rtp_audio_level_read(h->extensions[RTP_EXTENSION_AUDIO_LEVEL], &out->level, &voice);
    return true;
}

static void insert_audio(struct rtp_receiver *r, rtc_time_t now, const struct codec_row *codec, const struct rtp_header *h,
                         uint8_t payload_type, struct slice payload, rtc_time_t arrived)
{
    struct audio_packet p = {.arrival = arrived, .level = RTP_NO_AUDIO_LEVEL};
    if (payload.len > 0 && read_audio(r, now, codec, h, payload_type, payload, &p))
        (void)audio_buffer_insert(&r->buffer.audio, now, h->timestamp, p);
}

/* What stood in an earlier packet; what this one says of its own sound is not about it. */
static void insert_redundant(struct rtp_receiver *r, rtc_time_t now, const struct rtp_header *h, const struct red_block *block,
                             rtc_time_t arrived)
{
    struct audio_packet p = {.arrival = arrived, .level = RTP_NO_AUDIO_LEVEL, .redundant = true};
    struct rtp_header then = *h;
    then.timestamp -= block->earlier;
    then.extensions[RTP_EXTENSION_AUDIO_LEVEL] = then.extensions[RTP_EXTENSION_CSRC_LEVELS] = slice_of(NULL, 0);
    if (block->data.len > 0 && read_audio(r, now, r->codec, &then, block->payload_type, block->data, &p))
        (void)audio_buffer_insert_redundant(&r->buffer.audio, now, then.timestamp, p);
}

/* Consumes the packet. */
static void insert_video(struct rtp_receiver *r, rtc_time_t now, const struct codec_row *codec, const struct rtp_header *h,
                         uint8_t payload_type, int64_t sequence, struct slice payload, struct packet *packet)
{
    struct payload_info info;
    struct video_packet p = {.sequence = sequence,
                             .timestamp = h->timestamp,
                             .arrival = packet_arrival(packet, now),
                             .codec = codec,
                             .payload_type = payload_type,
                             .orientation = rtp_video_orientation_read(h->extensions[RTP_EXTENSION_VIDEO_ORIENTATION])};
    if (payload.len > 0) {
        if (!codec->format->parse(payload, &info)) {
            r->stats.packets_discarded++;
            packet_free(packet);
            return;
        }
        p.first = info.first;
        p.may_be_first = info.may_be_first;
        p.last = h->marker;
        p.keyframe = info.keyframe;
        p.width = info.width;
        p.height = info.height;
        p.temporal_id = info.temporal_id;
        p.layer_flags = info.layer_flags;
        p.picture_id = info.picture_id;
        p.payload = info.data;
        p.packet = packet;
    } else {
        packet_free(packet);
    }
    (void)video_buffer_insert(&r->buffer.video, now, &p);
    if (r->nacks)
        nack_list_drop_before(r->nacks, r->buffer.video.next_sequence);
}

/* `payload_type`: of the media; the header's is that of a repair, if it is one. */
static void insert(struct rtp_receiver *r, rtc_time_t now, const struct codec_row *codec, const struct rtp_header *h, uint8_t payload_type,
                   int64_t sequence, struct slice payload, struct packet *packet)
{
    forward(r, now, codec, h, sequence, payload, packet);
    if (r->kind == RTC_MEDIA_VIDEO) {
        insert_video(r, now, codec, h, payload_type, sequence, payload, packet);
        return;
    }
    insert_audio(r, now, codec, h, payload_type, payload, packet_arrival(packet, now));
    packet_free(packet);
}

/* Counts it. False: it is not to be played. */
static bool counted(struct rtp_receiver *r, rtc_time_t now, const struct rtp_header *h, const struct packet *packet, int64_t *sequence)
{
    int64_t before = r->arrival.highest;
    enum receive_verdict verdict = receive_stats_packet(&r->arrival, packet_arrival(packet, now), h->sequence, h->timestamp, sequence);
    count(r, now, h, packet);
    if (verdict == RECEIVE_RESTART)
        begin_anew(r, before, *sequence);
    if (verdict == RECEIVE_STRAY)
        return false;
    if (*sequence == r->arrival.highest) /* what comes late says what was wanted before; what is no value leaves them */
        (void)rtp_playout_delay_read(h->extensions[RTP_EXTENSION_PLAYOUT_DELAY], &r->bounds);
    if (!r->playing)
        return false;
    if (r->nacks && !nack_list_received(r->nacks, now, *sequence, false))
        rtp_receiver_want_keyframe(r);
    return true;
}

/* `payload`: what is media of it. */
static void take(struct rtp_receiver *r, rtc_time_t now, const struct rtp_header *h, struct slice payload, struct packet *packet)
{
    int64_t sequence;
    if (!counted(r, now, h, packet, &sequence)) {
        packet_free(packet);
        return;
    }
    if (r->kind == RTC_MEDIA_VIDEO)
        r->origin = origin_of(h);
    insert(r, now, r->codec, h, h->payload_type, sequence, payload, packet);
}

void rtp_receiver_packet(struct rtp_receiver *r, rtc_time_t now, const struct rtp_header *h, struct packet *packet)
{
    take(r, now, h, h->payload, packet);
}

void rtp_receiver_parity(struct rtp_receiver *r, rtc_time_t now, const struct rtp_header *h, bool in_sequence, struct packet *packet)
{
    struct rtp_header own = *h;
    r->stats.video.fec_packets_received++;
    r->stats.video.fec_bytes_received += h->payload.len;
    if (in_sequence) {
        own.payload_type = r->payload_type; /* it says nothing of the codec */
        video_buffer_expect_gaps(&r->buffer.video);
        take(r, now, &own, slice_of(NULL, 0), packet);
        return;
    }
    r->stats.video.fec_ssrc = h->ssrc;
    r->stats.packets_received++;
    r->stats.bytes_received += h->payload.len;
    r->stats.header_bytes_received += packet->len - h->payload.len;
    count_mark(r, packet);
    packet_free(packet);
}

void rtp_receiver_recovered(struct rtp_receiver *r, rtc_time_t now, const struct rtp_codec *codec, const struct rtp_header *h,
                            struct packet *packet)
{
    const struct codec_row *row = row_of(r, codec);
    int64_t sequence = receive_stats_extend(&r->arrival, h->sequence);
    if (!row || r->kind != RTC_MEDIA_VIDEO || !r->arrival.started || !r->playing || sequence > r->arrival.highest + REPAIR_AHEAD) {
        packet_free(packet);
        return;
    }
    if (r->nacks && !nack_list_received(r->nacks, now, sequence, true))
        rtp_receiver_want_keyframe(r);
    insert(r, now, row, h, codec->payload_type, sequence, h->payload, packet);
}

void rtp_receiver_set_patience(struct rtp_receiver *r, rtc_time_t patience)
{
    if (r->nacks)
        r->nacks->patience = patience;
}

void rtp_receiver_blocks(struct rtp_receiver *r, rtc_time_t now, const struct rtp_header *h, const struct red_payload *blocks,
                         struct packet *packet)
{
    int64_t sequence;
    const struct red_block *own = &blocks->blocks[blocks->count - 1];
    rtc_time_t arrived = packet_arrival(packet, now);
    if (r->kind == RTC_MEDIA_AUDIO && counted(r, now, h, packet, &sequence)) {
        r->payload_type = own->payload_type;
        forward(r, now, r->codec, h, sequence, own->data, packet);
        insert_audio(r, now, r->codec, h, own->payload_type, own->data, arrived);
        for (size_t i = 0; i + 1 < blocks->count; i++)
            if (blocks->blocks[i].payload_type == own->payload_type)
                insert_redundant(r, now, h, &blocks->blocks[i], arrived);
    }
    packet_free(packet);
}

void rtp_receiver_event(struct rtp_receiver *r, rtc_time_t now, const struct rtp_header *h, uint32_t passed, struct packet *packet)
{
    int64_t sequence, before = r->arrival.highest;
    if (receive_stats_packet(&r->arrival, packet_arrival(packet, now), h->sequence, h->timestamp + passed, &sequence) == RECEIVE_RESTART)
        begin_anew(r, before, sequence);
    count(r, now, h, packet);
    if (r->nacks)
        (void)nack_list_received(r->nacks, now, sequence, false);
    packet_free(packet);
}

void rtp_receiver_retransmission(struct rtp_receiver *r, rtc_time_t now, const struct rtp_codec *codec, const struct rtp_header *h,
                                 struct packet *packet)
{
    const struct codec_row *row = row_of(r, codec);
    struct reader reader = reader_of(h->payload);
    uint16_t original = reader_u16(&reader);
    int64_t sequence = receive_stats_extend(&r->arrival, original);
    /* Shorter ones are padding that probes the path: browsers send it even before any media. */
    if (!row || !reader_ok(&reader) || !r->arrival.started || !r->playing || sequence > r->arrival.highest + REPAIR_AHEAD) {
        packet_free(packet);
        return;
    }
    count_mark(r, packet);
    r->stats.rtx_ssrc = h->ssrc;
    r->stats.retransmitted_packets_received++;
    r->stats.retransmitted_bytes_received += reader_left(&reader);
    r->stats.packets_received++;
    r->stats.bytes_received += reader_left(&reader);
    r->stats.header_bytes_received += packet->len - reader_left(&reader);
    if (r->nacks && !nack_list_received(r->nacks, now, sequence, true))
        rtp_receiver_want_keyframe(r);
    insert(r, now, row, h, codec->payload_type, sequence, reader_rest(&reader), packet);
}

/* ---- RTCP ---- */

static void count_report(struct rtp_told_stats *told, rtc_time_t arrived, const struct rtcp_sender_info *info)
{
    told->bytes += (uint32_t)(info->octets - (uint32_t)told->bytes);
    told->packets = info->packets;
    told->remote_wall_us = info->ntp ? rtcp_ntp_wall_us(info->ntp) : 0;
    told->time = arrived;
    told->reports++;
}

void rtp_receiver_sender_report(struct rtp_receiver *r, rtc_time_t arrived, const struct rtcp_sender_info *info)
{
    r->report = (struct rtp_last_report){rtcp_ntp_middle(info->ntp), arrived};
    count_report(&r->stats.told, arrived, info);
    sender_clock_report(&r->clock, info->ntp, info->timestamp);
}

void rtp_receiver_round_trip(struct rtp_receiver *r, rtc_time_t round_trip)
{
    struct rtp_told_stats *told = &r->stats.told;
    told->round_trip_time_s = (double)round_trip / 1e6;
    told->total_round_trip_time_s += told->round_trip_time_s;
    told->round_trip_time_measurements++;
}

bool rtp_receiver_report(struct rtp_receiver *r, rtc_time_t now, struct rtcp_report *out)
{
    struct receive_report report;
    if (!r->heard || !receive_stats_report(&r->arrival, &report))
        return false;
    r->heard = false;
    *out = (struct rtcp_report){
        .ssrc = r->ssrc,
        .fraction_lost = report.fraction_lost,
        .lost = report.cumulative_lost,
        .highest_sequence = report.highest_sequence,
        .jitter = report.jitter,
        .last_sr = r->report.ntp_middle,
        .delay_since_last_sr = r->report.ntp_middle ? rtcp_us_middle(now - r->report.arrived) : 0,
    };
    return true;
}

size_t rtp_receiver_take_nacks(struct rtp_receiver *r, rtc_time_t now, rtc_time_t round_trip, uint16_t *sequences, size_t max)
{
    size_t n = r->nacks && r->playing ? nack_list_collect(r->nacks, now, round_trip, sequences, max) : 0;
    r->stats.nack_count += n > 0;
    return n;
}

void rtp_receiver_want_keyframe(struct rtp_receiver *r)
{
    if (r->kind == RTC_MEDIA_VIDEO)
        r->keyframe_asked = r->buffer.video.stats.key_frames_received + 1;
}

static bool asked(const struct rtp_receiver *r)
{
    return r->keyframe_asked == r->buffer.video.stats.key_frames_received + 1;
}

bool rtp_receiver_take_pli(struct rtp_receiver *r, rtc_time_t now, rtc_time_t round_trip)
{
    if (!r->pli || !r->playing || now < r->next_pli)
        return false;
    if (now - r->last_packet >= RTP_SILENCE_US) {
        r->next_pli = r->last_packet + RTP_SILENCE_US; /* the deadline does not ask for it before a packet comes */
        return false;
    }
    if (!asked(r) && !video_buffer_wants_keyframe(&r->buffer.video, now))
        return false;
    r->next_pli = now + (round_trip * 3 / 2 > PLI_EVERY_US ? round_trip * 3 / 2 : PLI_EVERY_US);
    r->stats.pli_count++;
    return true;
}

/* ---- Playout ---- */

static void release_picture(struct event *event)
{
    rtc_encoded_frame_unref(((struct rtp_event *)event)->video.frame);
}

static void release_sound(struct event *event)
{
    rtc_encoded_frame_unref(((struct rtp_event *)event)->audio.frame);
}

static void emit_video(const struct rtp_receiver *r, struct out *out, uint32_t member, uint32_t stream, const struct video_release *release)
{
    struct rtp_event *e = rtp_event(out, RTP_EVENT_VIDEO_FRAME, member);
    struct frame_origin origin = r->origin;
    origin.payload_type = encoded_frame_origin(release->frame)->payload_type;
    date(r, rtc_encoded_frame_rtp_timestamp(release->frame), &origin);
    encoded_frame_set_origin(release->frame, &origin);
    if (!e) {
        rtc_encoded_frame_unref(release->frame);
        return;
    }
    e->stream = stream;
    e->video = (struct rtp_picture){release->frame, release->play_time, release->began};
    e->head.release = release_picture;
}

static void emit_audio(struct out *out, uint32_t member, uint32_t stream, const struct audio_decision *decision)
{
    struct rtp_event *e = rtp_event(out, RTP_EVENT_AUDIO, member);
    if (!e) {
        rtc_encoded_frame_unref(decision->frame);
        return;
    }
    e->stream = stream;
    e->audio =
        (struct rtp_sound){decision->frame, decision->arrived, decision->action, decision->samples, decision->level, decision->missed};
    e->head.release = release_sound;
}

bool rtp_receiver_set_codec(struct rtp_receiver *r, const struct rtp_codec *codec, const struct rtp_header *header, uint32_t member,
                            uint32_t stream, struct out *out)
{
    const struct codec_row *row = row_of(r, codec);
    struct audio_decision decision;
    if (!row)
        return false;
    bool other_clock = row->clock_rate != r->codec->clock_rate;
    if (other_clock && receive_stats_extend(&r->arrival, header->sequence) < r->arrival.highest)
        return false;
    r->codec = row;
    if (!other_clock)
        return true;
    receive_stats_set_clock(&r->arrival, row->clock_rate);
    r->clock = (struct sender_clock){.clock_rate = row->clock_rate};
    if (r->kind != RTC_MEDIA_AUDIO)
        return true;
    while (audio_buffer_drain(&r->buffer.audio, &decision))
        emit_audio(out, member, stream, &decision);
    audio_buffer_set_clock(&r->buffer.audio, row->clock_rate);
    return true;
}

void rtp_receiver_play(struct rtp_receiver *r, rtc_time_t now, uint32_t member, uint32_t stream, struct out *out)
{
    struct audio_decision decision;
    struct video_release release;
    if (!r->playing)
        return;
    if (r->kind == RTC_MEDIA_AUDIO) {
        while (audio_buffer_next(&r->buffer.audio, now, &decision))
            emit_audio(out, member, stream, &decision);
    } else {
        while (video_buffer_next(&r->buffer.video, now, &release))
            emit_video(r, out, member, stream, &release);
        if (r->nacks)
            nack_list_drop_before(r->nacks, r->buffer.video.next_sequence);
    }
}

rtc_time_t rtp_receiver_deadline(const struct rtp_receiver *r, bool feedback, enum timer_reason *why)
{
    rtc_time_t at = RTC_TIME_NEVER;
    if (!r->playing)
        return at;
    if (r->nacks && feedback)
        deadline_min(&at, why, nack_list_deadline(r->nacks), TIMER_RTP_NACK);
    if (r->kind == RTC_MEDIA_AUDIO) {
        deadline_min(&at, why, audio_buffer_deadline(&r->buffer.audio), TIMER_RTP_PLAYOUT);
        return at;
    }
    deadline_min(&at, why, video_buffer_deadline(&r->buffer.video), TIMER_RTP_PLAYOUT);
    rtc_time_t wanted = asked(r) ? 0 : video_buffer_keyframe_deadline(&r->buffer.video);
    wanted = wanted > r->next_pli ? wanted : r->next_pli;
    if (r->pli && feedback && wanted - r->last_packet < RTP_SILENCE_US)
        deadline_min(&at, why, wanted, TIMER_RTP_KEYFRAME);
    return at;
}

/* ---- Lip sync ---- */

static rtc_time_t base_of(const struct rtp_receiver *r)
{
    const struct delay_estimator *e = r->kind == RTC_MEDIA_AUDIO ? &r->buffer.audio.estimator : &r->buffer.video.playout.estimator;
    int64_t timestamp = r->kind == RTC_MEDIA_AUDIO ? r->buffer.audio.last_timestamp : r->buffer.video.playout.last_timestamp;
    rtc_time_t earliest = delay_estimator_earliest(e, timestamp * 1000000 / (int64_t)r->clock.clock_rate);
    return earliest - sender_clock_time(&r->clock, (uint32_t)timestamp);
}

static bool observable(const struct rtp_receiver *r)
{
    if (!r->clock.known || !r->playing)
        return false;
    if (r->kind == RTC_MEDIA_AUDIO)
        return r->buffer.audio.estimator.ready && r->buffer.audio.state == AUDIO_BUFFER_PLAYING;
    return r->buffer.video.playout.has_offset;
}

static rtc_time_t later(rtc_time_t a, rtc_time_t b)
{
    return a > b ? a : b;
}

void rtp_receiver_observe(struct rtp_receiver *r, rtc_time_t now)
{
    r->party.known = observable(r);
    if (!r->party.known)
        return;
    r->party.base = base_of(r);
    if (r->kind == RTC_MEDIA_AUDIO) {
        r->party.delay = audio_buffer_delay(&r->buffer.audio);
        r->party.own_delay = later(audio_buffer_own_target(&r->buffer.audio, now), audio_buffer_asked_delay(&r->buffer.audio));
    } else {
        r->party.delay = video_playout_delay(&r->buffer.video.playout);
        r->party.own_delay = video_playout_unsynchronised_target(&r->buffer.video.playout);
    }
}

void rtp_receiver_follow(struct rtp_receiver *r)
{
    if (r->kind == RTC_MEDIA_AUDIO)
        audio_buffer_set_minimum_delay(&r->buffer.audio, r->party.added);
    else
        video_playout_set_minimum_delay(&r->buffer.video.playout, r->party.added);
}

/* Who shows the pictures has the last word about waiting longer, who sends them about all else. */
void rtp_receiver_set_target(struct rtp_receiver *r, rtc_time_t target)
{
    if (r->kind == RTC_MEDIA_AUDIO) {
        audio_buffer_set_asked_delay(&r->buffer.audio, target);
        return;
    }
    video_playout_set_asked_delay(&r->buffer.video.playout, later(target, r->bounds.min));
    video_playout_set_longest_delay(&r->buffer.video.playout, later(target, r->bounds.max));
}

void rtp_receiver_forget_playout_delay(struct rtp_receiver *r)
{
    r->bounds = (struct rtp_playout_delay){0, RTC_TIME_NEVER};
}
