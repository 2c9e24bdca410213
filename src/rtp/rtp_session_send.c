/* SPDX-License-Identifier: MIT */
/* The session's sending half: frames into the pacer, packets out of it, and the rate. */
#include "context.h"
#include "memory.h"
#include "rtp_session_parts.h"

enum { SHARES_MAX = 64, FIRST_REPORT_US = 200000, ASK_EVERY_US = 500000, REPAIR_EVERY_US = 500000 };

static struct rtp_member *owner_of(const struct rtp_session *s, uint32_t ssrc)
{
    for (size_t i = 0; i < s->member_count; i++)
        if (s->members[i]->sender && rtp_send_stream_owns(s->members[i]->sender, ssrc))
            return s->members[i];
    return NULL;
}

void rtp_session_drain_pacer(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    if (!rtp_session_can_send(s))
        return;
    for (struct packet *p; (p = rtp_pacer_pop(&s->pacer, now)) != NULL;) {
        struct rtp_member *m = owner_of(s, rtp_ssrc(packet_slice(p)));
        if (m) {
            p->dscp = m->config.dscp;
            rtp_send_stream_leaving(m->sender, now, p);
        }
        if (!m || srtp_protect_packet(s->srtp, p) != RTC_OK)
            packet_free(p);
        else
            out_send(out, p);
    }
}

void rtp_session_drop_waiting(struct rtp_session *s, struct rtp_member *m)
{
    if (!m->sender)
        return;
    (void)rtp_pacer_drop(&s->pacer, m->config.rtx_ssrc);
    if (rtp_pacer_drop(&s->pacer, m->config.ssrc) == 0)
        return;
    rtp_send_stream_dropped(m->sender);
    m->owes_keyframe = m->config.kind == RTC_MEDIA_VIDEO;
}

static bool sends(const struct rtp_session *s, const struct rtp_member *m)
{
    return rtp_session_can_send(s) && m->sender && m->config.send && !rtp_session_is_stopped(m) &&
           m->config.send_codec.payload_type != RTP_NO_PAYLOAD_TYPE;
}

/* A frame that could not be sent is missing at the peer, who does not know: what refers to it must not be sent either. */
static int refuse(struct rtp_member *m)
{
    m->owes_keyframe = m->config.kind == RTC_MEDIA_VIDEO;
    return RTC_ERR_INVALID_STATE;
}

static void ask_keyframe(struct rtp_member *m, rtc_time_t now, struct out *out)
{
    if (now < m->next_ask)
        return;
    m->next_ask = now + ASK_EVERY_US;
    (void)out_event(out, RTP_EVENT_KEYFRAME_REQUEST, m->handle);
}

int rtp_session_send_frame(struct rtp_session *s, rtc_time_t now, uint32_t handle, rtc_encoded_frame *frame, uint8_t audio_level,
                           struct out *out)
{
    struct rtp_member *m = rtp_session_member(s, handle);
    if (!m)
        return RTC_ERR_NOT_FOUND;
    if (!sends(s, m))
        return refuse(m);
    if (m->owes_keyframe && !rtc_encoded_frame_keyframe(frame)) {
        ask_keyframe(m, now, out);
        return refuse(m);
    }
    bool first = !rtp_send_stream_active_since(m->sender, 0);
    int error = rtp_send_stream_frame(m->sender, now, frame, audio_level, out->pool, &s->pacer);
    m->owes_keyframe = error && m->config.kind == RTC_MEDIA_VIDEO;
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

static void tell_target(struct rtp_member *m, uint32_t target_bps, struct out *out)
{
    if (m->target_bps == target_bps)
        return;
    struct event *e = out_event(out, RTP_EVENT_TARGET_BITRATE, m->handle);
    if (!e)
        return;
    m->target_bps = target_bps;
    e->value = target_bps;
    if (m->sender)
        rtp_send_stream_set_target(m->sender, target_bps);
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

static uint32_t cap_of(const struct rtp_section *config)
{
    uint32_t ours = config->max_bitrate_bps, peers = config->peer_max_bitrate_bps;
    return ours == 0 || (peers != 0 && peers < ours) ? peers : ours;
}

/* Sound is not shared out: it gets what it needs, unless it is limited itself. What it takes in all. */
static uint64_t update_sound(struct rtp_session *s, struct out *out)
{
    uint64_t all = 0;
    for (size_t i = 0; i < s->member_count; i++) {
        struct rtp_member *m = s->members[i];
        uint32_t cap = cap_of(&m->config), target = cap != 0 && cap < RTP_SOUND_BPS ? cap : RTP_SOUND_BPS;
        if (m->config.kind != RTC_MEDIA_AUDIO || !m->sender || !m->config.send)
            continue;
        all += target;
        if (target != RTP_SOUND_BPS || m->target_bps != 0)
            tell_target(m, target, out);
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
    struct rtp_member *video[SHARES_MAX];
    uint32_t caps[SHARES_MAX], shares[SHARES_MAX];
    size_t n = 0;
    rtp_rate_tick(&s->rate, now);
    uint32_t target = within_peers_limit(s, rtp_rate_target(&s->rate), update_sound(s, out));
    for (size_t i = 0; i < s->member_count && n < SHARES_MAX; i++) {
        struct rtp_member *m = s->members[i];
        if (m->config.kind == RTC_MEDIA_VIDEO && m->sender && rtp_session_is_stopped(m))
            tell_target(m, 0, out);
        if (m->config.kind != RTC_MEDIA_VIDEO || !m->sender || !m->config.send || rtp_session_is_stopped(m))
            continue;
        caps[n] = cap_of(&m->config);
        video[n++] = m;
    }
    if (n == 0)
        return;
    rtp_rate_share(without_repairs(s, now, target), caps, n, shares);
    rtp_pacer_set_target(&s->pacer, target);
    for (size_t i = 0; i < n; i++)
        tell_target(video[i], shares[i], out);
}

void rtp_session_set_section_bitrate(struct rtp_session *s, rtc_time_t now, uint32_t handle, uint32_t max_bitrate_bps, struct out *out)
{
    struct rtp_member *m = rtp_session_member(s, handle);
    if (!m)
        return;
    m->config.max_bitrate_bps = max_bitrate_bps;
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
    for (size_t i = 0; i < s->member_count && rtp_session_can_send(s); i++) {
        struct rtp_member *m = s->members[i];
        if (!m->sender)
            continue;
        struct rtp_send_stream_due due = rtp_send_stream_tick(m->sender, now);
        if (due.keyframe)
            (void)out_event(out, RTP_EVENT_KEYFRAME_REQUEST, m->handle);
        if (due.breaker != RTP_BREAKER_CLOSED && !rtp_session_is_stopped(m))
            rtp_session_open_circuit(s, now, m, due.breaker, out);
        rtp_session_tick_circuit(s, now, m, out);
    }
}
