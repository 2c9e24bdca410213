/* SPDX-License-Identifier: MIT */
/* The jitter buffer of one video stream: the packet ring and frame assembly. */
#include "video_buffer.h"

#include "frame.h"
#include "memory.h"
#include "rtp_extensions.h"

enum {
    FIRST_CAPACITY = 128,
    REORDER_AT_START = 64,         /* what came first need not be what was sent first */
    UNDECODABLE_AGE_US = 1000000,  /* packets that no keyframe makes useful are given up after this */
    FIRST_KEYFRAME_WAIT_US = 50000 /* the first packets are of one in most calls: it is not asked for while it is coming */
};

const struct moves video_buffer_moves = {
    .module = "rtp",
    .what = "jitter buffer of video",
    .count = VIDEO_BUFFER_STUCK + 1,
    .names = {"empty", "waiting", "flowing", "stuck"},
    .allowed =
        {
            [VIDEO_BUFFER_EMPTY] = MOVE_TO(VIDEO_BUFFER_WAITING),
            [VIDEO_BUFFER_WAITING] = MOVE_TO(VIDEO_BUFFER_FLOWING) | MOVE_TO(VIDEO_BUFFER_EMPTY),
            [VIDEO_BUFFER_FLOWING] = MOVE_TO(VIDEO_BUFFER_WAITING) | MOVE_TO(VIDEO_BUFFER_STUCK) | MOVE_TO(VIDEO_BUFFER_EMPTY),
            [VIDEO_BUFFER_STUCK] = MOVE_TO(VIDEO_BUFFER_FLOWING) | MOVE_TO(VIDEO_BUFFER_WAITING) | MOVE_TO(VIDEO_BUFFER_EMPTY),
        },
};

static void set_state(struct video_buffer *b, enum video_buffer_state state)
{
    if (state != b->state && moves_take(&video_buffer_moves, b->context, b->state, state))
        b->state = state;
}

void video_buffer_init(struct video_buffer *b, rtc_context *context, const struct codec_row *codec, size_t capacity)
{
    memset(b, 0, sizeof *b);
    b->context = context;
    b->codec = codec;
    b->playout.clock_rate = codec->clock_rate;
    b->capacity_max = FIRST_CAPACITY;
    while (b->capacity_max * 2 <= capacity)
        b->capacity_max *= 2;
    b->max_wait = 300000; /* until video_buffer_set_max_wait */
    b->stalled_since = RTC_TIME_NEVER;
    b->keyframe_time = -RTC_TIME_NEVER;
}

static struct video_slot *slot_of(const struct video_buffer *b, int64_t sequence)
{
    return &b->slots[(size_t)sequence & (b->capacity - 1)];
}

/* The slot that really holds this number. */
static struct video_slot *held(const struct video_buffer *b, int64_t sequence)
{
    if (!b->slots)
        return NULL;
    struct video_slot *s = slot_of(b, sequence);
    return s->used && s->sequence == sequence ? s : NULL;
}

static void clear(struct video_buffer *b, struct video_slot *s)
{
    if (s->packet)
        jitter_room_give_back(b->room, packet_cost(s->packet));
    packet_free(s->packet);
    *s = (struct video_slot){0};
}

static void clear_all(struct video_buffer *b)
{
    for (size_t i = 0; b->slots && i < b->capacity; i++)
        clear(b, &b->slots[i]);
}

void video_buffer_fini(struct video_buffer *b)
{
    clear_all(b);
    memory_free(b->context, b->slots);
    b->slots = NULL;
    b->capacity = 0;
    video_playout_clear(&b->playout);
}

void video_buffer_set_room(struct video_buffer *b, struct jitter_room *room)
{
    b->room = b->playout.room = room;
}

void video_buffer_restart(struct video_buffer *b)
{
    clear_all(b);
    set_state(b, VIDEO_BUFFER_EMPTY);
    b->stalled_since = RTC_TIME_NEVER;
}

static void wait_for_keyframe(struct video_buffer *b, rtc_time_t now)
{
    set_state(b, VIDEO_BUFFER_WAITING);
    b->waiting_since = now;
    b->stalled_since = RTC_TIME_NEVER;
}

/* Gives up everything before `sequence`. */
static void drop_to(struct video_buffer *b, int64_t sequence)
{
    uint32_t timestamp = 0;
    bool any = false;
    int64_t held_until = b->next_sequence + (int64_t)b->capacity;
    for (; b->next_sequence < sequence && b->next_sequence < held_until; b->next_sequence++) {
        struct video_slot *s = held(b, b->next_sequence);
        if (!s)
            continue;
        b->stats.frames_dropped += s->len > 0 && (!any || s->timestamp != timestamp);
        any = any || s->len > 0;
        timestamp = s->timestamp;
        clear(b, s);
    }
    b->next_sequence = sequence;
}

/* ---- Room ---- */

static bool grow(struct video_buffer *b, size_t capacity)
{
    struct video_slot *old = b->slots, *slots = memory_zeroed(b->context, capacity * sizeof *slots);
    size_t old_capacity = b->capacity;
    if (!slots)
        return false;
    b->slots = slots;
    b->capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].used)
            *slot_of(b, old[i].sequence) = old[i];
    memory_free(b->context, old);
    return true;
}

/* Room for `sequence` beside the head; what waits is given up when there can be none. */
static bool make_room(struct video_buffer *b, rtc_time_t now, int64_t sequence)
{
    size_t need = b->capacity ? b->capacity : FIRST_CAPACITY;
    while (need <= b->capacity_max && sequence - b->next_sequence >= (int64_t)need)
        need *= 2;
    if (need <= b->capacity_max && (need == b->capacity || grow(b, need)))
        return true;
    if (!b->slots)
        return false;
    drop_to(b, sequence);
    wait_for_keyframe(b, now);
    return true;
}

/* What all streams hold is at its limit: this one gives up what it has, and the packet. */
static bool afford(struct video_buffer *b, rtc_time_t now, const struct packet *packet)
{
    if (!packet || jitter_room_fits(b->room, packet_cost(packet)))
        return true;
    drop_to(b, b->highest + 1);
    if (b->state != VIDEO_BUFFER_WAITING)
        wait_for_keyframe(b, now);
    return false;
}

/* ---- Frames ---- */

/* Whether a frame begins here: its payload says so; or it may be, and what is before it ends another one. Where frames flow, the next one
 * begins behind the last. */
static bool begins(const struct video_buffer *b, const struct video_slot *s)
{
    if (!s || s->first || !s->may_be_first)
        return s && s->first;
    if (s->sequence == b->next_sequence)
        return b->state == VIDEO_BUFFER_FLOWING || b->state == VIDEO_BUFFER_STUCK;
    const struct video_slot *before = held(b, s->sequence - 1);
    return before && (before->last || before->timestamp != s->timestamp);
}

/* The last sequence number of the complete frame that begins at `start`, or -1 below start. */
static int64_t frame_end(const struct video_buffer *b, int64_t start)
{
    const struct video_slot *s = held(b, start);
    if (!begins(b, s))
        return start - 1;
    uint32_t timestamp = s->timestamp;
    for (int64_t at = start;; at++) {
        s = held(b, at);
        if (!s)
            return start - 1;
        if (s->len == 0 && at > start)
            continue;
        if (s->timestamp != timestamp)
            return at - 1;
        if (s->last)
            return at;
    }
}

static struct slice payload_of(const struct video_slot *s)
{
    return s->len > 0 ? slice_of(s->packet->bytes + s->offset, s->len) : slice_of(NULL, 0);
}

static size_t frame_bytes(const struct video_buffer *b, int64_t start, int64_t end)
{
    size_t bytes = 0;
    for (int64_t at = start; at <= end; at++) {
        const struct video_slot *s = held(b, at);
        bool packed = s->len > 0 && s->codec->format->unpacked_len;
        bytes += packed ? s->codec->format->unpacked_len(payload_of(s)) : s->len;
    }
    return bytes;
}

static bool is_keyframe(const struct video_buffer *b, int64_t start, int64_t end)
{
    for (int64_t at = start; at <= end; at++)
        if (held(b, at)->keyframe)
            return true;
    return false;
}

/* A keyframe says its size in its header, which need not lie in the first packet as a whole. */
static void read_size(struct video_buffer *b, int64_t start, int64_t end, rtc_encoded_frame_options *o)
{
    uint8_t header[PAYLOAD_KEYFRAME_HEADER_MAX];
    const struct payload_format *format = held(b, start)->codec->format;
    size_t wanted = format->keyframe_header_len, len = 0;
    uint16_t width, height;
    for (int64_t at = start; at <= end && o->width == 0; at++) {
        o->width = held(b, at)->width;
        o->height = held(b, at)->height;
    }
    if (o->width > 0 || wanted == 0)
        return;
    for (int64_t at = start; at <= end && len < wanted; at++) {
        const struct video_slot *s = held(b, at);
        size_t more = s->len < wanted - len ? s->len : wanted - len;
        if (more > 0)
            memcpy(header + len, s->packet->bytes + s->offset, more);
        len += more;
    }
    (void)format->frame_info(slice_of(header, len), &width, &height);
    o->width = width;
    o->height = height;
}

/* How the frame is to be turned: as before, unless it says so. */
static uint32_t turn(struct video_buffer *b, int64_t start, int64_t end)
{
    for (int64_t at = start; at <= end; at++)
        if (held(b, at)->orientation != RTP_NO_ORIENTATION)
            b->rotation = held(b, at)->orientation * 90u;
    return b->rotation;
}

static rtc_encoded_frame *assemble(struct video_buffer *b, rtc_time_t now, int64_t start, int64_t end)
{
    const struct video_slot *head = held(b, start);
    rtc_encoded_frame *frame = NULL;
    rtc_encoded_frame_options o = {
        .size = sizeof o,
        .kind = RTC_MEDIA_VIDEO,
        .codec = head->codec->name,
        .data_len = frame_bytes(b, start, end),
        .keyframe = is_keyframe(b, start, end),
        .rtp_timestamp = head->timestamp,
        .capture_time_us = now > 0 ? now : 1,
        .width = head->width,
        .height = head->height,
        .temporal_id = head->temporal_id,
        .layer_flags = head->layer_flags,
    };
    if (o.keyframe && o.width == 0)
        read_size(b, start, end, &o);
    o.rotation = turn(b, start, end);
    if (rtc_encoded_frame_new(b->context, &o, &frame) != RTC_OK)
        return NULL;
    encoded_frame_set_origin(frame, &(struct frame_origin){.payload_type = head->payload_type}); /* the rest is its receiver's */
    struct writer w = writer_of(rtc_encoded_frame_writable_data(frame), o.data_len);
    for (int64_t at = start; at <= end; at++) {
        const struct video_slot *s = held(b, at);
        if (s->len > 0 && s->codec->format->unpack)
            s->codec->format->unpack(payload_of(s), &w);
        else
            writer_bytes(&w, payload_of(s));
    }
    return frame;
}

/* When its packets came; how long it took to get those of a frame that has several is counted (webrtc-stats, totalAssemblyTime). */
static struct video_arrival count_arrival(struct video_buffer *b, int64_t start, int64_t end)
{
    struct video_arrival a = {held(b, start)->arrival, held(b, start)->arrival};
    size_t packets = 0;
    for (int64_t at = start; at <= end; at++) {
        const struct video_slot *s = held(b, at);
        if (s->len == 0)
            continue;
        packets++;
        a.began = s->arrival < a.began ? s->arrival : a.began;
        a.arrived = s->arrival > a.arrived ? s->arrival : a.arrived;
    }
    if (packets > 1) {
        b->stats.frames_of_many_packets++;
        b->stats.assembly_time += a.arrived - a.began;
    }
    return a;
}

/* The frame leaves the ring for the playout queue. False when memory ran out: nothing after it can be decoded. */
static bool complete(struct video_buffer *b, rtc_time_t now, rtc_time_t arrived, int64_t end)
{
    const struct video_slot *head = held(b, b->next_sequence);
    int64_t timestamp = video_playout_unwrap(&b->playout, head->timestamp);
    rtc_encoded_frame *frame = assemble(b, now, b->next_sequence, end);
    struct video_arrival arrival = {count_arrival(b, b->next_sequence, end).began, arrived};
    b->picture_id = head->picture_id;
    b->stats.frames_received++;
    b->stats.key_frames_received += is_keyframe(b, b->next_sequence, end);
    b->stats.frames_dropped += !frame;
    for (; b->next_sequence <= end; b->next_sequence++)
        clear(b, held(b, b->next_sequence));
    b->stalled_since = RTC_TIME_NEVER;
    if (!frame) {
        wait_for_keyframe(b, now);
        return false;
    }
    if (!video_playout_push(&b->playout, now, arrival, frame, timestamp)) {
        b->stats.frames_dropped++;
        set_state(b, VIDEO_BUFFER_WAITING);
        b->waiting_since = now;
    }
    return true;
}

static void skip_padding(struct video_buffer *b)
{
    for (struct video_slot *s; (s = held(b, b->next_sequence)) != NULL && s->len == 0; b->next_sequence++)
        clear(b, s);
}

/* They count with 15 bits, or with 7. */
static bool follows(int32_t id, int32_t before)
{
    return id > 0 && before > 0 && (id == before + 1 || (id == 1 && (before == 1 << 15 || before == 1 << 7)));
}

/* What is missing between a picture and the one after it was parity. */
static void skip_gap(struct video_buffer *b)
{
    int64_t at = b->next_sequence;
    const struct video_slot *s = NULL;
    for (; b->gaps && at <= b->highest && (!(s = held(b, at)) || s->len == 0); at++)
        ;
    if (s && s->len > 0 && s->first && follows(s->picture_id, b->picture_id))
        drop_to(b, at);
}

void video_buffer_expect_gaps(struct video_buffer *b)
{
    b->gaps = true;
}

static bool head_missing(const struct video_buffer *b)
{
    for (int64_t at = b->next_sequence; at <= b->highest; at++) {
        const struct video_slot *s = held(b, at);
        if (!s)
            return true;
        if (s->last)
            return false;
    }
    return false;
}

/* `arrived`: what makes frames complete, if any. */
static void advance(struct video_buffer *b, rtc_time_t now, rtc_time_t arrived)
{
    while (b->state == VIDEO_BUFFER_FLOWING || b->state == VIDEO_BUFFER_STUCK) {
        skip_padding(b);
        skip_gap(b);
        const struct video_slot *head = held(b, b->next_sequence);
        if (head && !begins(b, head)) {
            wait_for_keyframe(b, now); /* the sender left the beginning of a frame out */
            return;
        }
        int64_t end = frame_end(b, b->next_sequence);
        if (end < b->next_sequence)
            break;
        set_state(b, VIDEO_BUFFER_FLOWING);
        if (!complete(b, now, arrived, end))
            return;
    }
    if (!head_missing(b))
        b->stalled_since = RTC_TIME_NEVER;
    else if (b->stalled_since == RTC_TIME_NEVER)
        b->stalled_since = now;
}

/* The first packet of the frame that holds `sequence`, as far as it is there. */
static const struct video_slot *frame_start(const struct video_buffer *b, int64_t sequence)
{
    const struct video_slot *s = held(b, sequence);
    while (s && !begins(b, s))
        s = s->sequence > b->next_sequence ? held(b, s->sequence - 1) : NULL;
    return s;
}

/* Goes on from the keyframe that this packet is part of, when it is complete. */
static bool jump(struct video_buffer *b, int64_t sequence)
{
    const struct video_slot *s = frame_start(b, sequence);
    int64_t end = s ? frame_end(b, s->sequence) : 0;
    if (!s || end < s->sequence || !is_keyframe(b, s->sequence, end))
        return false;
    drop_to(b, s->sequence);
    set_state(b, VIDEO_BUFFER_FLOWING);
    b->stalled_since = RTC_TIME_NEVER;
    return true;
}

static void jump_anywhere(struct video_buffer *b)
{
    for (int64_t at = b->next_sequence; at <= b->highest; at++) {
        const struct video_slot *s = held(b, at);
        if (begins(b, s) && jump(b, at))
            return;
    }
}

/* ---- Insertion ---- */

static void start(struct video_buffer *b, rtc_time_t now, int64_t sequence)
{
    b->next_sequence = b->highest = sequence;
    wait_for_keyframe(b, now);
}

static bool acceptable(struct video_buffer *b, int64_t sequence)
{
    if (sequence >= b->next_sequence) {
        bool duplicate = held(b, sequence) != NULL;
        b->stats.duplicate_packets += duplicate;
        return !duplicate;
    }
    bool reordered = b->state == VIDEO_BUFFER_WAITING && b->stats.frames_received == 0 && b->highest - sequence < REORDER_AT_START;
    if (reordered)
        b->next_sequence = sequence;
    b->stats.late_packets += !reordered;
    return reordered;
}

static void store(struct video_buffer *b, rtc_time_t now, const struct video_packet *p)
{
    struct video_slot *s = slot_of(b, p->sequence);
    *s = (struct video_slot){
        .sequence = p->sequence,
        .packet = p->packet,
        .arrival = p->arrival,
        .timestamp = p->timestamp,
        .len = (uint16_t)p->payload.len,
        .width = p->width,
        .height = p->height,
        .used = true,
        .first = p->first && p->payload.len > 0,
        .may_be_first = p->may_be_first && p->payload.len > 0,
        .last = p->last,
        .keyframe = p->keyframe,
        .temporal_id = p->temporal_id,
        .layer_flags = p->layer_flags,
        .picture_id = p->picture_id,
        .orientation = p->orientation,
        .payload_type = p->payload_type,
        .codec = p->codec ? p->codec : b->codec,
    };
    if (p->packet)
        jitter_room_add(b->room, packet_cost(p->packet));
    if (p->payload.len > 0)
        s->offset = (uint16_t)(p->payload.data - p->packet->bytes);
    if (s->keyframe)
        b->keyframe_time = now;
    if (p->sequence > b->highest)
        b->highest = p->sequence;
}

/* While no keyframe was decoded, what came before is worth keeping only until its own keyframe could be repaired. */
static void drop_undecodable(struct video_buffer *b, rtc_time_t now)
{
    int64_t at = b->next_sequence;
    for (; at < b->highest; at++) {
        const struct video_slot *s = held(b, at);
        if (s && now - s->arrival < UNDECODABLE_AGE_US)
            break;
    }
    drop_to(b, at);
}

static bool too_large(const struct video_packet *p)
{
    return p->payload.len > 0 && (size_t)(p->payload.data - p->packet->bytes) + p->payload.len > UINT16_MAX;
}

bool video_buffer_insert(struct video_buffer *b, rtc_time_t now, const struct video_packet *p)
{
    if (b->state == VIDEO_BUFFER_EMPTY)
        start(b, now, p->sequence);
    int64_t highest = p->sequence > b->highest ? p->sequence : b->highest;
    if (too_large(p) || !acceptable(b, p->sequence) || !make_room(b, now, highest) || !afford(b, now, p->packet)) {
        packet_free(p->packet);
        return false;
    }
    store(b, now, p);
    if (b->state == VIDEO_BUFFER_WAITING)
        drop_undecodable(b, now);
    if (b->state != VIDEO_BUFFER_FLOWING && !jump(b, p->sequence))
        (void)jump(b, p->sequence - 1); /* it may be what ends the frame before it */
    advance(b, now, p->arrival);
    return true;
}

/* ---- Keyframes ---- */

void video_buffer_set_max_wait(struct video_buffer *b, rtc_time_t max_wait)
{
    b->max_wait = max_wait;
}

/* The head has been missing for max_wait: looks for a keyframe to go on from. */
static void check(struct video_buffer *b, rtc_time_t now)
{
    if (b->state != VIDEO_BUFFER_FLOWING || b->stalled_since == RTC_TIME_NEVER || now - b->stalled_since < b->max_wait)
        return;
    set_state(b, VIDEO_BUFFER_STUCK);
    jump_anywhere(b);
    advance(b, now, now);
}

rtc_time_t video_buffer_keyframe_deadline(const struct video_buffer *b)
{
    rtc_time_t at;
    if (b->state == VIDEO_BUFFER_WAITING)
        at = b->waiting_since + FIRST_KEYFRAME_WAIT_US;
    else if (b->state != VIDEO_BUFFER_EMPTY && b->stalled_since != RTC_TIME_NEVER)
        at = b->stalled_since + b->max_wait;
    else
        return RTC_TIME_NEVER;
    /* One that has begun to arrive is given its time. */
    rtc_time_t arriving = b->keyframe_time >= 0 ? b->keyframe_time + b->max_wait : at;
    return arriving > at ? arriving : at;
}

bool video_buffer_wants_keyframe(const struct video_buffer *b, rtc_time_t now)
{
    return b->state != VIDEO_BUFFER_FLOWING && video_buffer_keyframe_deadline(b) <= now;
}

/* ---- Playout ---- */

bool video_buffer_next(struct video_buffer *b, rtc_time_t now, struct video_release *out)
{
    check(b, now);
    return video_playout_next(&b->playout, now, out);
}

rtc_time_t video_buffer_deadline(const struct video_buffer *b)
{
    rtc_time_t at = video_playout_deadline(&b->playout);
    if (b->state == VIDEO_BUFFER_FLOWING && b->stalled_since != RTC_TIME_NEVER && b->stalled_since + b->max_wait < at)
        at = b->stalled_since + b->max_wait;
    return at;
}
