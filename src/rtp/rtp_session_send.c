/* SPDX-License-Identifier: MIT */
/* The session's sending half: frames into the pacer, packets out of it, and the rate. */
#include "context.h"
#include "memory.h"
#include "rtp_session_parts.h"

enum { FIRST_REPORT_US = 200000, ASK_EVERY_US = 500000, REPAIR_EVERY_US = 500000 };

/* Every stream that there may be. */
enum { SHARES_MAX = 128 * RTP_ENCODINGS_MAX };

void rtp_session_drain_pacer(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    if (!rtp_session_can_send(s))
        return;
    for (struct packet *p; (p = rtp_pacer_pop(&s->pacer, now)) != NULL;) {
        struct rtp_send_stream *st = rtp_session_stream_of(s, rtp_ssrc(packet_slice(p)));
        if (st) {
            p->dscp = st->section->config.dscp;
            rtp_send_stream_leaving(st, now, p);
        }
        if (!st || srtp_protect_packet(s->srtp, p) != RTC_OK)
            packet_free(p);
        else
            out_send(out, p);
    }
}

void rtp_session_drop_waiting(struct rtp_session *s, struct rtp_send_stream *st)
{
    (void)rtp_pacer_drop(&s->pacer, st->encoding.rtx_ssrc);
    if (rtp_pacer_drop(&s->pacer, st->encoding.ssrc) == 0)
        return;
    rtp_send_stream_dropped(st);
    st->owes_keyframe = st->kind == RTC_MEDIA_VIDEO;
}

bool rtp_session_sends(const struct rtp_send_stream *st)
{
    return st->named && st->section->config.send && !rtp_session_is_stopped(st);
}

/* A frame that could not be sent is missing at the peer, who does not know: what refers to it must not be sent either. */
static int refuse(struct rtp_send_stream *st)
{
    st->owes_keyframe = st->kind == RTC_MEDIA_VIDEO;
    return RTC_ERR_INVALID_STATE;
}

static void ask_keyframe(struct rtp_send_stream *st, rtc_time_t now, struct out *out)
{
    if (now < st->next_ask)
        return;
    st->next_ask = now + ASK_EVERY_US;
    (void)rtp_session_event(out, RTP_EVENT_KEYFRAME_REQUEST, st);
}

int rtp_session_send_frame(struct rtp_session *s, rtc_time_t now, uint32_t stream, rtc_encoded_frame *frame, uint8_t audio_level,
                           struct out *out)
{
    struct rtp_send_stream *st = rtp_session_stream(s, stream);
    if (!st)
        return RTC_ERR_NOT_FOUND;
    if (!rtp_session_can_send(s) || !rtp_session_sends(st) || st->section->config.send_codec.payload_type == RTP_NO_PAYLOAD_TYPE)
        return refuse(st);
    if (st->owes_keyframe && !rtc_encoded_frame_keyframe(frame)) {
        ask_keyframe(st, now, out);
        return refuse(st);
    }
    bool first = !rtp_send_stream_active_since(st, 0);
    int error = rtp_send_stream_frame(st, now, frame, audio_level, out->pool, &s->pacer);
    st->owes_keyframe = error && st->kind == RTC_MEDIA_VIDEO;
    rtp_session_drain_pacer(s, now, out);
    /* The peer can not synchronise streams before it has our clocks. */
    if (first && !error)
        rtp_session_hasten_report(s, now + FIRST_REPORT_US);
    return error;
}

rtc_time_t rtp_session_backlog(const struct rtp_session *s)
{
    return rtp_pacer_backlog(&s->pacer);
}

/* ---- Rate ---- */

static void tell_target(struct rtp_send_stream *st, uint32_t target_bps, struct out *out)
{
    if (st->target_bps == target_bps)
        return;
    struct rtp_event *e = rtp_session_event(out, RTP_EVENT_TARGET_BITRATE, st);
    if (!e)
        return;
    st->target_bps = target_bps;
    e->target_bps = target_bps;
}

/* What repairs take is taken off the encoders' targets, in sixteenths of the rate and twice a second, so that encoders are not bothered
 * with every packet; never more than half of it. */
static uint32_t without_repairs(struct rtp_session *s, rtc_time_t now, uint32_t target)
{
    if (now >= s->next_repair) {
        uint32_t step = target / 16 + 1, rate = rtp_pacer_repair_rate(&s->pacer, now);
        s->repair_bps = (rate + step / 2) / step * step;
        s->next_repair = now + REPAIR_EVERY_US;
    }
    return target - (s->repair_bps < target / 2 ? s->repair_bps : target / 2);
}

static uint32_t cap_of(const struct rtp_send_stream *st)
{
    uint32_t ours = st->encoding.max_bitrate_bps, peers = st->section->config.peer_max_bitrate_bps;
    uint32_t cap = ours == 0 || (peers != 0 && peers < ours) ? peers : ours;
    return rtp_session_is_on_trial(st) && (cap == 0 || cap > RTP_RATE_MIN_BPS) ? RTP_RATE_MIN_BPS : cap;
}

/* Sound is not shared out: it gets what it needs, unless it is limited itself. What it takes in all. */
static uint64_t update_sound(struct rtp_session *s, struct out *out)
{
    uint64_t all = 0;
    for (struct rtp_send_stream *st = NULL; (st = rtp_session_next_stream(s, st)) != NULL;) {
        uint32_t cap = cap_of(st), target = cap != 0 && cap < RTP_SOUND_BPS ? cap : RTP_SOUND_BPS;
        if (st->kind != RTC_MEDIA_AUDIO || !st->named || !st->section->config.send)
            continue;
        all += target;
        if (target != RTP_SOUND_BPS || st->target_bps != 0)
            tell_target(st, target, out);
    }
    return all;
}

/* What the peer takes in all, less the sound. */
static uint32_t within_peers_limit(const struct rtp_session *s, uint32_t target, uint64_t sound)
{
    uint64_t left = s->peer_max_bps > sound ? s->peer_max_bps - sound : 1;
    return s->peer_max_bps == 0 || target < left ? target : (uint32_t)left;
}

void rtp_session_update_rate(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    struct rtp_send_stream *video[SHARES_MAX];
    uint32_t caps[SHARES_MAX], shares[SHARES_MAX];
    size_t n = 0;
    rtp_rate_tick(&s->rate, now);
    uint32_t target = within_peers_limit(s, rtp_rate_target(&s->rate), update_sound(s, out));
    for (struct rtp_send_stream *st = NULL; (st = rtp_session_next_stream(s, st)) != NULL && n < SHARES_MAX;) {
        if (st->kind == RTC_MEDIA_VIDEO && rtp_session_is_stopped(st))
            tell_target(st, 0, out);
        if (st->kind != RTC_MEDIA_VIDEO || !rtp_session_sends(st))
            continue;
        caps[n] = cap_of(st);
        video[n++] = st;
    }
    if (n == 0)
        return;
    rtp_rate_share(without_repairs(s, now, target), caps, n, shares);
    rtp_pacer_set_target(&s->pacer, target);
    for (size_t i = 0; i < n; i++)
        tell_target(video[i], shares[i] > 0 ? shares[i] : 1, out); /* 0 would say that it is stopped */
}

void rtp_session_set_stream_bitrate(struct rtp_session *s, rtc_time_t now, uint32_t stream, uint32_t max_bitrate_bps, struct out *out)
{
    struct rtp_send_stream *st = rtp_session_stream(s, stream);
    if (!st)
        return;
    st->encoding.max_bitrate_bps = max_bitrate_bps;
    rtp_session_update_rate(s, now, out);
}

void rtp_session_set_peer_bitrate(struct rtp_session *s, rtc_time_t now, uint32_t max_bitrate_bps, struct out *out)
{
    s->peer_max_bps = max_bitrate_bps;
    rtp_session_update_rate(s, now, out);
}

void rtp_session_set_section_dscp(struct rtp_session *s, uint32_t handle, uint8_t dscp)
{
    struct rtp_member *m = rtp_session_member(s, handle);
    if (m)
        m->config.dscp = dscp;
}

/* ---- Timers ---- */

void rtp_session_tick_senders(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    rtp_session_update_rate(s, now, out);
    for (struct rtp_send_stream *st = NULL; rtp_session_can_send(s) && (st = rtp_session_next_stream(s, st)) != NULL;) {
        struct rtp_send_stream_due due = rtp_send_stream_tick(st, now);
        if (due.keyframe)
            (void)rtp_session_event(out, RTP_EVENT_KEYFRAME_REQUEST, st);
        if (due.breaker != RTP_BREAKER_CLOSED && !rtp_session_is_stopped(st))
            rtp_session_open_circuit(s, now, st, due.breaker, out);
        rtp_session_tick_circuit(s, now, st, out);
    }
}
