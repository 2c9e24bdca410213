/* SPDX-License-Identifier: MIT */
/* The receiving half of a session: see rtp_receiving.h. */
#include "rtp_receiving.h"

#include "context.h"
#include "rtp_parity.h"

static void tell(struct out *out, enum rtp_event_type type, const struct rtp_receive_stream *rs)
{
    struct rtp_event *e = rtp_event(out, type, rs->member->handle);
    if (e)
        e->stream = rs->handle;
}

static void heard(struct rtp_receive_stream *rs, rtc_time_t now, struct out *out)
{
    rs->last_media = now;
    if (!rs->muted)
        return;
    rs->muted = false;
    tell(out, RTP_EVENT_UNMUTE, rs);
}

static void mute(struct rtp_receive_stream *rs, struct out *out)
{
    if (rs->muted)
        return;
    rs->muted = true;
    tell(out, RTP_EVENT_MUTE, rs);
}

/* One of its sources ended. */
static void lose(struct rtp_receive_stream *rs, struct rtp_receiver *r, struct out *out)
{
    if (rs->playing == r)
        mute(rs, out);
    rtp_receive_stream_forget(rs, r);
}

/* What the stream's sound is encoded with, whatever came first. */
static const struct rtp_codec *codec_of(const struct rtp_receive_stream *rs, const struct rtp_codec *came)
{
    const struct rtp_section *config = &rs->member->config;
    for (size_t i = 0; came->tones && i < config->receive_codec_count; i++)
        if (!config->receive_codecs[i].tones && !config->receive_codecs[i].redundancy)
            return &config->receive_codecs[i];
    return came;
}

static struct rtp_receiver *make_receiver(struct rtp_receiving *rc, struct rtp_receive_stream *rs, const struct rtp_route *route,
                                          struct out *out)
{
    struct rtp_receiver *r = NULL, *surplus = rtp_receive_stream_surplus(rs);
    if (surplus) {
        rtp_demux_forget(rc->members->demux, surplus->ssrc);
        rtp_receive_stream_forget(rs, surplus);
    }
    /* What came before it said its name is another stream's no more. */
    struct rtp_receive_stream *before = rtp_member_receiver_of(rs->member, route->ssrc);
    if (before)
        lose(before, rtp_receive_stream_source(before, route->ssrc), out);
    if (rtp_receiver_new(rc->context, rs->member->config.kind, route->ssrc, codec_of(rs, route->codec), rc->disable_nack, &r) != RTC_OK)
        return NULL;
    rtp_receiver_set_room(r, &rc->jitter);
    rtp_receive_stream_add(rs, r);
    return r;
}

/* ---- Packets ---- */

static void tell_tone(struct out *out, const struct rtp_receive_stream *rs, uint8_t event, bool ended, uint32_t duration_ms)
{
    struct rtp_event *e = rtp_event(out, RTP_EVENT_TONE, rs->member->handle);
    if (!e)
        return;
    e->stream = rs->handle;
    e->tone.event = event;
    e->tone.ended = ended;
    e->tone.duration_ms = duration_ms;
}

static void tell_tones(struct out *out, const struct rtp_receive_stream *rs, const struct tone_news *news)
{
    if (news->ended)
        tell_tone(out, rs, news->ended_event, true, news->ended_ms);
    if (news->began)
        tell_tone(out, rs, news->began_event, false, news->began_ms);
}

/* RFC 4733: it has the numbers of the stream, and is not played. */
static void take_event(struct rtp_receive_stream *rs, rtc_time_t now, const struct rtp_route *route, const struct rtp_header *h,
                       struct rtp_receiver *r, struct packet *packet, struct out *out)
{
    struct telephone_event event;
    struct tone_news news;
    uint32_t rate = codec_of(rs, route->codec)->clock_rate, events = route->codec->clock_rate;
    bool readable = events > 0 && telephone_event_read(h->payload, &event);
    uint32_t passed = readable ? (uint32_t)((uint64_t)event.duration * rate / events) : 0;
    rtp_receiver_event(r, now, h, passed, packet);
    if (readable)
        rs->tone_heard = now;
    if (readable && tone_receiver_packet(&rs->tone, h->timestamp, rate, events, &event, &news))
        tell_tones(out, rs, &news);
}

/* Who takes the packet, told that it comes; NULL without memory. */
static struct rtp_receiver *ready(struct rtp_receiving *rc, rtc_time_t now, struct rtp_receive_stream *rs, const struct rtp_route *route,
                                  const struct rtp_header *h, struct out *out)
{
    struct rtp_receiver *r = rtp_receive_stream_source(rs, route->ssrc);
    if (!r)
        r = make_receiver(rc, rs, route, out);
    if (!r)
        return NULL;
    struct tone_news news;
    const struct rtp_codec *codec = codec_of(rs, route->codec);
    r->sent_on.tap = rs->member->forwards ? &rs->tap : NULL;
    rtp_receiver_set_feedback(r, codec->nack && !rc->disable_nack, codec->pli);
    rtp_receive_stream_choose(rs, r, now);
    if (h->payload.len > 0)
        heard(rs, now, out);
    if (!route->codec->tones && h->payload.len > 0 && tone_receiver_sound(&rs->tone, h->timestamp, &news))
        tell_tones(out, rs, &news);
    return r;
}

static void take_media(struct rtp_receiving *rc, rtc_time_t now, struct rtp_receive_stream *rs, const struct rtp_route *route,
                       const struct rtp_header *h, struct packet *packet, struct out *out)
{
    struct rtp_receiver *r = ready(rc, now, rs, route, h, out);
    if (r && rs->playing == r)
        rtp_parity_packet(rs, h, packet);
    if (r && route->codec->tones)
        take_event(rs, now, route, h, r, packet, out);
    else if (r && (h->payload_type == r->payload_type || rtp_receiver_set_codec(r, route->codec, h, rs->member->handle, rs->handle, out)))
        rtp_receiver_packet(r, now, h, packet);
    else
        packet_free(packet);
}

/* Which codec the packet's own block is of; NULL: of none that sound is sent with. */
static const struct rtp_codec *codec_in(const struct rtp_receive_stream *rs, const struct red_payload *blocks)
{
    const struct rtp_section *config = &rs->member->config;
    for (size_t i = 0; i < config->receive_codec_count; i++) {
        const struct rtp_codec *codec = &config->receive_codecs[i];
        if (codec->payload_type == blocks->blocks[blocks->count - 1].payload_type && !codec->tones && !codec->redundancy)
            return codec;
    }
    return NULL;
}

/* RFC 2198: sound with what came before it, or without. */
static void take_blocks(struct rtp_receiving *rc, rtc_time_t now, struct rtp_receive_stream *rs, const struct rtp_route *route,
                        const struct rtp_header *h, struct packet *packet, struct out *out)
{
    struct red_payload blocks;
    struct rtp_route inner = *route;
    inner.codec = h->payload.len > 0 && redundancy_read(h->payload, &blocks) ? codec_in(rs, &blocks) : NULL;
    if (!inner.codec) {
        rc->counters->malformed++;
        packet_free(packet);
        return;
    }
    struct rtp_receiver *r = ready(rc, now, rs, &inner, h, out);
    bool reads = r && (inner.codec->payload_type == r->payload_type ||
                       rtp_receiver_set_codec(r, inner.codec, h, rs->member->handle, rs->handle, out));
    if (reads)
        rtp_receiver_blocks(r, now, h, &blocks, packet);
    else
        packet_free(packet);
}

/* `rs` is the stream that it repairs. */
static void take_retransmission(struct rtp_receive_stream *rs, rtc_time_t now, const struct rtp_route *route, const struct rtp_header *h,
                                struct packet *packet)
{
    struct rtp_receiver *r = route->media_ssrc ? rtp_receive_stream_source(rs, route->media_ssrc) : rs->playing;
    if (r)
        rtp_parity_retransmission(rs, r->ssrc, h);
    if (r)
        rtp_receiver_retransmission(r, now, route->codec, h, packet);
    else
        packet_free(packet);
}

/* How pictures stand when nobody is to say it: not as they did when somebody was. */
static const uint8_t upright = 0;

static void stand_upright(const struct rtp_member *m, struct rtp_header *h)
{
    if (m->config.extension_ids[RTP_EXTENSION_VIDEO_ORIENTATION] == 0)
        h->extensions[RTP_EXTENSION_VIDEO_ORIENTATION] = slice_of(&upright, sizeof upright);
}

static void take_recovered(struct rtp_receiving *rc, rtc_time_t now, struct rtp_receive_stream *rs, struct packet *packet)
{
    struct rtp_header h;
    const struct rtp_codec *codec = NULL;
    if (rtp_parse(packet_slice(packet), rs->member->config.extension_ids, &h))
        codec = rtp_demux_codec(rc->members->demux, rs->member->handle, h.payload_type);
    stand_upright(rs->member, &h);
    struct rtp_receiver *r = codec ? rtp_receive_stream_source(rs, h.ssrc) : NULL;
    if (r)
        rtp_receiver_recovered(r, now, codec, &h, packet);
    else
        packet_free(packet);
}

static void serve(struct rtp_receiving *rc, rtc_time_t now, struct rtp_receive_stream *rs, struct out *out)
{
    if (!rs->playing)
        return;
    rtp_receiver_set_round_trip(rs->playing, rtp_outlet_round_trip(rc->outlet));
    rtp_receiver_set_patience(rs->playing, rtp_parity_patience(rs, now, rtp_outlet_round_trip(rc->outlet)));
    if (rs->member->config.extension_ids[RTP_EXTENSION_PLAYOUT_DELAY] == 0) /* nobody is to say it any more */
        rtp_receiver_forget_playout_delay(rs->playing);
    rtp_receiver_set_target(rs->playing, rs->member->config.playout.target);
    rtp_receiver_play(rs->playing, now, rs->member->handle, rs->handle, out);
    rtp_reports_feedback(rc->reports, now, rs, out);
}

/* A repair that names no stream belongs to whoever has the SSRC that it repairs (RFC 4588 section 8.3), else it says so itself. */
static struct rtp_receive_stream *stream_of(const struct rtp_member *m, const struct rtp_route *route)
{
    struct rtp_receive_stream *rs =
        (route->rtx || route->parity) && route->media_ssrc ? rtp_member_receiver_of(m, route->media_ssrc) : NULL;
    return rs ? rs : rtp_member_received(m, route->rid);
}

_Static_assert((int)RTP_RID_MAX == (int)FORWARD_RID_MAX, "names fit");

static void release_forward(struct event *event)
{
    forward_packet_unref(((struct rtp_event *)event)->forward);
}

/* Sound and pictures are dated by one relation of the clocks, so that who gets both can bring them together. */
static rtc_time_t captured(struct rtp_receiving *rc, const struct forward_packet *p)
{
    if (!p->has_sender_time)
        return p->arrived;
    int64_t way = p->arrived - p->sender_time;
    if (!rc->knows_way || way < rc->least_way)
        rc->least_way = way;
    rc->knows_way = true;
    return p->sender_time + rc->least_way;
}

static void tell_forwards(struct rtp_receiving *rc, struct rtp_receive_stream *rs, struct out *out)
{
    for (struct forward_packet *p; (p = forward_tap_pop(&rs->tap)) != NULL;) {
        struct rtp_event *e = rtp_event(out, RTP_EVENT_FORWARD, rs->member->handle);
        if (!e) {
            forward_packet_unref(p);
            continue;
        }
        memcpy(p->rid, rs->rid, sizeof rs->rid);
        p->captured = captured(rc, p);
        e->stream = rs->handle;
        e->forward = p;
        e->head.release = release_forward;
    }
}

/* What arrived, without RED around it. False: it is nothing that anybody takes. */
static bool read(struct rtp_receiving *rc, rtc_time_t now, struct packet *packet, struct rtp_header *h)
{
    const struct rtp_demux *demux = rc->members->demux;
    if (!rtp_parse(packet_slice(packet), rtp_demux_ids(demux), h)) {
        rc->counters->malformed++;
        return false;
    }
    rtp_arrival_feedback_packet(rc->arrivals, now, h, packet);
    if (rtp_parity_unwrap(demux, packet, h))
        return true;
    rc->counters->unknown++;
    return false;
}

static struct rtp_receive_stream *find(struct rtp_receiving *rc, const struct rtp_header *h, struct rtp_route *route)
{
    struct rtp_member *m = rtp_demux_route(rc->members->demux, h, route) ? rtp_members_find(rc->members, route->member) : NULL;
    struct rtp_receive_stream *rs = m && m->config.receive ? stream_of(m, route) : NULL;
    rc->counters->unknown += !rs;
    return rs;
}

void rtp_receiving_packet(struct rtp_receiving *rc, rtc_time_t now, struct packet *packet, struct out *out)
{
    struct rtp_header h;
    struct rtp_route route;
    struct rtp_receive_stream *rs = read(rc, now, packet, &h) ? find(rc, &h, &route) : NULL;
    if (!rs) {
        packet_free(packet);
        return;
    }
    rtp_find_extensions(&h, rs->member->config.extension_ids);
    stand_upright(rs->member, &h);
    if (route.parity)
        rtp_parity_take(rs, now, &route, &h, packet);
    else if (route.rtx)
        take_retransmission(rs, now, &route, &h, packet);
    else if (route.codec->redundancy)
        take_blocks(rc, now, rs, &route, &h, packet, out);
    else
        take_media(rc, now, rs, &route, &h, packet, out);
    for (struct packet *recovered; (recovered = rtp_parity_next(rs, out->pool)) != NULL;)
        take_recovered(rc, now, rs, recovered);
    tell_forwards(rc, rs, out);
    serve(rc, now, rs, out);
}

void rtp_receiving_end(struct rtp_receiving *rc, uint32_t ssrc, struct out *out)
{
    struct rtp_member *m = rtp_members_find(rc->members, rtp_demux_member_of(rc->members->demux, ssrc));
    rtp_demux_forget(rc->members->demux, ssrc);
    for (struct rtp_receive_stream *rs = m ? m->received : NULL; rs; rs = rs->next) {
        struct rtp_receiver *r = rtp_receive_stream_source(rs, ssrc);
        if (r)
            lose(rs, r, out);
    }
}

/* ---- Timers ---- */

/* RFC 4733 section 2.5.2.2: a tone whose end, and all that came after it, was lost. */
static void end_lost_tone(struct rtp_receive_stream *rs, rtc_time_t now, struct out *out)
{
    struct tone_news news;
    if (rs->tone.open && now - rs->tone_heard >= TONE_SILENCE_US && tone_receiver_lost(&rs->tone, &news))
        tell_tones(out, rs, &news);
}

static void forget_silent(struct rtp_receiving *rc, struct rtp_receive_stream *rs, rtc_time_t now)
{
    for (struct rtp_receiver *r = rs->sources, *next; r; r = next) {
        next = r->next;
        if (r == rs->playing || r->last_packet == RTC_TIME_NEVER || now - r->last_packet < RTP_FORGET_US)
            continue;
        rtp_demux_forget(rc->members->demux, r->ssrc);
        rtp_receive_stream_forget(rs, r);
    }
}

static bool moves(const struct rtp_receive_stream *rs)
{
    return rs->playing && !rs->muted && rs->member->config.remote_stream_id[0] != '\0';
}

/* The stream of the other kind that it is to be heard or seen with. */
static struct rtp_receive_stream *partner_of(const struct rtp_receiving *rc, const struct rtp_receive_stream *of)
{
    const struct rtp_section *own = &of->member->config;
    struct rtp_receive_stream *rs = NULL;
    while ((rs = rtp_members_next_received(rc->members, rs)) != NULL) {
        const struct rtp_section *its = &rs->member->config;
        if (its->kind != own->kind && moves(rs) && strcmp(its->remote_stream_id, own->remote_stream_id) == 0)
            break;
    }
    return rs;
}

static void synchronise(struct rtp_receiver *audio, struct rtp_receiver *video, rtc_time_t now)
{
    rtp_receiver_observe(audio, now);
    rtp_receiver_observe(video, now);
    double behind = (double)playout_sync_step(&audio->party, &video->party) / 1e6;
    audio->stats.estimated_capture_skew_s = behind;
    video->stats.estimated_capture_skew_s = -behind;
    rtp_receiver_follow(audio);
    rtp_receiver_follow(video);
}

/* Who plays alone waits for nobody. */
static void release_partner(struct rtp_receiver *r)
{
    r->party.added = 0;
    r->stats.estimated_capture_skew_s = 0;
    rtp_receiver_follow(r);
}

static void synchronise_all(struct rtp_receiving *rc, rtc_time_t now)
{
    rc->next_sync = now + SYNC_EVERY_US;
    for (struct rtp_receive_stream *rs = NULL; (rs = rtp_members_next_received(rc->members, rs)) != NULL;) {
        struct rtp_receive_stream *partner = moves(rs) ? partner_of(rc, rs) : NULL;
        if (rs->playing && !partner)
            release_partner(rs->playing);
        else if (partner && rs->member->config.kind == RTC_MEDIA_AUDIO)
            synchronise(rs->playing, partner->playing, now);
    }
}

void rtp_receiving_tick(struct rtp_receiving *rc, rtc_time_t now, struct out *out)
{
    if (rc->next_sync <= now || rc->next_sync == RTC_TIME_NEVER)
        synchronise_all(rc, now);
    for (struct rtp_receive_stream *rs = NULL; (rs = rtp_members_next_received(rc->members, rs)) != NULL;) {
        serve(rc, now, rs, out);
        end_lost_tone(rs, now, out);
        if (!rs->muted && now - rs->last_media >= RTP_SILENCE_US)
            mute(rs, out);
        forget_silent(rc, rs, now);
    }
}

static bool synchronises(const struct rtp_receiving *rc)
{
    bool audio = false, video = false;
    for (const struct rtp_receive_stream *rs = NULL; (rs = rtp_members_next_received(rc->members, rs)) != NULL;) {
        audio = audio || (rs->member->config.kind == RTC_MEDIA_AUDIO && moves(rs));
        video = video || (rs->member->config.kind == RTC_MEDIA_VIDEO && moves(rs));
    }
    return audio && video;
}

rtc_time_t rtp_receiving_deadline(const struct rtp_receiving *rc, enum timer_reason *why)
{
    rtc_time_t at = RTC_TIME_NEVER;
    for (const struct rtp_receive_stream *rs = NULL; (rs = rtp_members_next_received(rc->members, rs)) != NULL;) {
        enum timer_reason reason = TIMER_NONE;
        if (!rs->playing)
            continue;
        rtc_time_t due = rtp_receiver_deadline(rs->playing, rtp_outlet_is_open(rc->outlet), &reason);
        deadline_min(&at, why, due, reason);
        if (!rs->muted)
            deadline_min(&at, why, rs->last_media + RTP_SILENCE_US, TIMER_RTP_PLAYOUT);
        if (rs->tone.open)
            deadline_min(&at, why, rs->tone_heard + TONE_SILENCE_US, TIMER_RTP_PLAYOUT);
    }
    if (synchronises(rc))
        deadline_min(&at, why, rc->next_sync, TIMER_RTP_PLAYOUT);
    return at;
}
