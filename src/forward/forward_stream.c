/* SPDX-License-Identifier: MIT */
/* See forward_stream.h. */
#include "forward_stream.h"

#include "media_clock.h"
#include "sequence.h"

void forward_stream_init(struct forward_stream *s, const struct forward_start *start)
{
    *s = (struct forward_stream){.wish.temporal_id = FORWARD_TEMPORAL_MAX, .next = *start, .floor = INT64_MIN};
}

static void drop_held(struct forward_stream *s)
{
    for (size_t i = 0; i < FORWARD_HELD_MAX; i++) {
        forward_packet_unref(s->held[i]);
        s->held[i] = NULL;
    }
    s->pending.waits = false;
}

void forward_stream_fini(struct forward_stream *s)
{
    drop_held(s);
}

/* What came and was not held is gone: its beginning, which may come once more (senders probe with what they have sent), is not followed by
 * the rest. */
static int64_t floor_of(const struct forward_heard *heard)
{
    return heard->any ? heard->highest : INT64_MIN;
}

void forward_stream_wish(struct forward_stream *s, struct forward_wish wish)
{
    if (wish.layer != s->wish.layer) {
        drop_held(s);
        s->floor = floor_of(&s->heard[wish.layer % FORWARD_STREAMS_MAX]);
    }
    s->wish = wish;
}

bool forward_stream_waits_for(const struct forward_stream *s, uint8_t *layer)
{
    *layer = s->wish.layer;
    return !s->active || s->ended || s->layer != s->wish.layer;
}

/* ---- Another stream ---- */

/* How long after the newest that was sent this one was taken, by the stream's clock; at least a tick. */
static uint32_t ticks_since(const struct forward_stream *s, const struct forward_packet *p)
{
    bool by_sender = s->sent.has_sender_time && p->has_sender_time;
    int64_t passed = by_sender ? p->sender_time - s->sent.sender_time : p->arrived - s->sent.arrived;
    int64_t ticks = media_clock(passed, p->codec->clock_rate);
    return ticks > 0 && ticks < INT32_MAX ? (uint32_t)ticks : 1;
}

/* Where what was sent before was cut off within a picture a number is left out: a part must not be taken for the whole. */
static void begin(struct forward_stream *s, const struct forward_packet *p, const struct forward_payload *payload)
{
    bool cut = s->active && p->codec->kind == RTC_MEDIA_VIDEO && !s->sent.ends_picture;
    uint32_t timestamp = s->active ? s->next.timestamp + ticks_since(s, p) : s->next.timestamp;
    s->switches += s->active;
    s->active = true;
    s->ended = false;
    s->pending.waits = false;
    s->layer = p->layer;
    s->ssrc = p->ssrc;
    s->temporal_id = s->wish.temporal_id;
    s->timestamp_behind = p->timestamp - timestamp;
    forward_numbers_begin(&s->sequences, p->sequence, (int64_t)s->next.sequence + cut);
    s->pictures.started = false;
    if (payload->id_bits > 0)
        forward_numbers_begin(&s->pictures, payload->id, s->next.id);
    s->base_behind = (uint8_t)(payload->base_index - s->next.base_index);
    memset(s->decided, 0, sizeof s->decided);
    s->has_newest = false;
    s->sent.sequence = p->sequence - 1;
}

static bool is_current(const struct forward_stream *s, const struct forward_packet *p)
{
    return s->active && p->layer == s->layer && p->ssrc == s->ssrc;
}

static bool begins_keyframe(const struct forward_stream *s, const struct forward_packet *p, const struct forward_payload *payload)
{
    const struct forward_heard *heard = &s->heard[p->layer % FORWARD_STREAMS_MAX];
    bool after_another = heard->any && heard->ssrc == p->ssrc && heard->timestamp != p->timestamp;
    bool complete = !heard->any || heard->ssrc != p->ssrc || p->sequence > s->floor;
    return payload->keyframe && payload->first && (payload->certain || after_another) && complete;
}

/* Another SSRC counts anew. */
static void hear(struct forward_stream *s, const struct forward_packet *p)
{
    struct forward_heard *heard = &s->heard[p->layer % FORWARD_STREAMS_MAX];
    bool same = heard->any && heard->ssrc == p->ssrc;
    if (!same && p->layer == s->wish.layer)
        s->floor = INT64_MIN;
    int64_t highest = same && heard->highest > p->sequence ? heard->highest : p->sequence;
    *heard = (struct forward_heard){true, p->ssrc, p->timestamp, highest};
}

static void hold(struct forward_stream *s, struct forward_packet *p)
{
    struct forward_packet **slot = &s->held[s->held_next++ % FORWARD_HELD_MAX];
    if (*slot && (*slot)->ssrc == p->ssrc && (*slot)->sequence > s->floor)
        s->floor = (*slot)->sequence;
    forward_packet_unref(*slot);
    *slot = forward_packet_ref(p);
}

/* ---- Pictures ---- */

static struct forward_decided *find(struct forward_stream *s, uint32_t timestamp)
{
    for (size_t i = 0; i < FORWARD_PICTURES_KEPT; i++)
        if (s->decided[i].known && s->decided[i].timestamp == timestamp)
            return &s->decided[i];
    return NULL;
}

/* Of a picture that is newer than all before. */
static void change_temporal(struct forward_stream *s, const struct forward_payload *payload)
{
    if (s->wish.temporal_id < s->temporal_id || payload->keyframe) /* nothing that follows refers to what was left out before it */
        s->temporal_id = s->wish.temporal_id;
    bool next_one = payload->temporal_id == s->temporal_id + 1;
    if (payload->sync && !payload->sync_of_next && next_one && payload->temporal_id <= s->wish.temporal_id)
        s->temporal_id = payload->temporal_id;
}

/* Whether the picture that the packet is of is sent. */
static bool is_wanted(struct forward_stream *s, const struct forward_packet *p, const struct forward_payload *payload)
{
    if (!payload->has_layers)
        return true;
    struct forward_decided *known = find(s, p->timestamp);
    if (known)
        return known->sent;
    bool newer = !s->has_newest || seq32_diff(p->timestamp, s->newest) > 0;
    if (newer)
        change_temporal(s, payload);
    bool sent = payload->temporal_id <= s->temporal_id;
    s->decided[s->decided_next++ % FORWARD_PICTURES_KEPT] = (struct forward_decided){p->timestamp, true, sent};
    if (!newer)
        return sent;
    s->newest = p->timestamp;
    s->has_newest = true;
    if (sent && payload->sync && payload->sync_of_next)
        s->temporal_id = s->wish.temporal_id;
    return sent;
}

static int64_t extend_id(const struct forward_stream *s, const struct forward_payload *payload)
{
    int64_t half = (int64_t)1 << (payload->id_bits - 1), all = half * 2;
    int64_t ahead = (payload->id - s->pictures.highest) & (all - 1);
    return s->pictures.highest + (ahead < half ? ahead : ahead - all);
}

static void number_picture(struct forward_stream *s, const struct forward_payload *payload, struct forward_leaving *out)
{
    if (payload->id_bits == 0)
        return;
    if (!s->pictures.started)
        forward_numbers_begin(&s->pictures, payload->id, s->next.id);
    int64_t id = extend_id(s, payload);
    bool old = forward_numbers_look(&s->pictures, id) == FORWARD_NUMBER_OLD;
    out->id = (uint16_t)((old ? id - s->pictures.behind : forward_numbers_send(&s->pictures, id)) & 0x7fff);
    s->next.id = (uint16_t)((forward_numbers_highest(&s->pictures) + 1) & 0x7fff);
}

static void leave_picture_out(struct forward_stream *s, const struct forward_payload *payload)
{
    if (payload->id_bits == 0 || !payload->compact || !s->pictures.started)
        return;
    int64_t id = extend_id(s, payload);
    if (forward_numbers_look(&s->pictures, id) == FORWARD_NUMBER_NEW)
        forward_numbers_leave_out(&s->pictures, id);
}

/* ---- Packets ---- */

static void note_newest(struct forward_stream *s, const struct forward_packet *p, const struct forward_leaving *out)
{
    if (p->sequence <= s->sent.sequence)
        return;
    s->sent.sequence = p->sequence;
    s->sent.ends_picture = p->marker;
    s->sent.has_sender_time = p->has_sender_time;
    s->sent.sender_time = p->sender_time;
    s->sent.arrived = p->arrived;
    s->next.timestamp = out->timestamp;
    if (out->payload.has_base_index)
        s->next.base_index = (uint8_t)(out->base_index + 1);
}

/* Of the stream that is sent. `read`: the payload could be. */
static struct forward_leaving take(struct forward_stream *s, const struct forward_packet *p, const struct forward_payload *payload,
                                   bool read)
{
    struct forward_leaving out = {.verdict = FORWARD_LEAVE_OUT, .timestamp = p->timestamp - s->timestamp_behind};
    enum forward_number number = forward_numbers_look(&s->sequences, p->sequence);
    if (number != FORWARD_NUMBER_NEW && number != FORWARD_NUMBER_KEPT)
        return out;
    bool wanted = read && is_wanted(s, p, payload);
    s->left_out += !wanted;
    if (!wanted && number == FORWARD_NUMBER_NEW) {
        if (read)
            leave_picture_out(s, payload);
        forward_numbers_leave_out(&s->sequences, p->sequence);
        return out;
    }
    out.verdict = wanted ? FORWARD_SEND : FORWARD_FILL;
    out.sequence = (uint16_t)forward_numbers_send(&s->sequences, p->sequence);
    s->next.sequence = (uint16_t)(forward_numbers_highest(&s->sequences) + 1);
    if (!wanted)
        return out;
    out.marker = p->marker;
    out.payload = *payload;
    out.begins_keyframe = payload->first && payload->keyframe;
    out.base_index = (uint8_t)(payload->base_index - s->base_behind);
    number_picture(s, payload, &out);
    note_newest(s, p, &out);
    return out;
}

/* A keyframe begins in the middle of a picture of the stream that is sent, which is to be finished first: senders mix their layers'
 * packets.
 */
static bool has_to_wait(const struct forward_stream *s, const struct forward_packet *p)
{
    return s->active && !s->ended && p->codec->kind == RTC_MEDIA_VIDEO && !s->sent.ends_picture;
}

static void wait_for_end(struct forward_stream *s, struct forward_packet *p)
{
    hold(s, p);
    if (!s->pending.waits)
        s->pending = (struct forward_pending){true, p->sequence, p->arrived};
}

/* What is held back begins, when it is time: forward_stream_next_held() has it then. */
static void begin_pending(struct forward_stream *s, rtc_time_t now)
{
    struct forward_payload payload;
    if (!s->pending.waits || (!s->ended && !s->sent.ends_picture && now - s->pending.since < FORWARD_FINISH_US))
        return;
    s->pending.waits = false;
    for (size_t i = 0; i < FORWARD_HELD_MAX; i++) {
        const struct forward_packet *p = s->held[i];
        if (p && p->layer == s->wish.layer && p->sequence == s->pending.sequence &&
            forward_payload_read(p->codec, forward_packet_payload(p), &payload)) {
            begin(s, p, &payload);
            return;
        }
    }
}

struct forward_leaving forward_stream_packet(struct forward_stream *s, struct forward_packet *p)
{
    struct forward_payload payload = {0};
    struct forward_leaving out = {.verdict = FORWARD_LEAVE_OUT};
    uint8_t waited;
    bool read = forward_payload_read(p->codec, forward_packet_payload(p), &payload);
    bool current = is_current(s, p);
    s->ended = s->ended || (!current && s->active && p->layer == s->layer);
    bool waits = forward_stream_waits_for(s, &waited) && p->layer == waited;
    bool begins = waits && !current && read && begins_keyframe(s, p, &payload);
    hear(s, p);
    if (begins && has_to_wait(s, p))
        wait_for_end(s, p);
    else if (begins)
        begin(s, p, &payload);
    else if (!current && waits)
        hold(s, p);
    if (is_current(s, p))
        out = take(s, p, &payload, read);
    begin_pending(s, p->arrived);
    return out;
}

void forward_stream_refused(struct forward_stream *s, const struct forward_packet *p)
{
    if (!is_current(s, p))
        return;
    forward_numbers_take_back(&s->sequences, p->sequence);
    s->next.sequence = (uint16_t)(forward_numbers_highest(&s->sequences) + 1);
}

struct forward_packet *forward_stream_next_held(struct forward_stream *s, struct forward_leaving *out)
{
    struct forward_packet **next = NULL;
    for (size_t i = 0; i < FORWARD_HELD_MAX; i++) {
        struct forward_packet *p = s->held[i];
        if (p && is_current(s, p) && (!next || p->sequence < (*next)->sequence))
            next = &s->held[i];
    }
    if (!next)
        return NULL;
    struct forward_packet *p = *next;
    *next = NULL;
    *out = forward_stream_packet(s, p);
    return p;
}
