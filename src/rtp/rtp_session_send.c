/* SPDX-License-Identifier: MIT */
/* The session's sending half: frames into the pacer, packets out of it, and the rate. */
#include "context.h"
#include "memory.h"
#include "rtp_session_parts.h"

enum { SHARES_MAX = 64, FIRST_REPORT_US = 200000, ASK_EVERY_US = 500000 };

static struct rtp_member *owner_of(const struct rtp_session *s, uint32_t ssrc)
{
    for (size_t i = 0; i < s->member_count; i++)
        if (s->members[i]->sender && rtp_sender_owns(s->members[i]->sender, ssrc))
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
            rtp_sender_leaving(m->sender, now, p);
        }
        if (!m || srtp_protect_packet(s->srtp, p) != RTC_OK)
            packet_free(p);
        else
            out_send(out, p);
    }
}

static bool sends(const struct rtp_session *s, const struct rtp_member *m)
{
    return rtp_session_can_send(s) && m->sender && m->config.send && !m->stopped &&
           m->config.send_codec.payload_type != RTP_NO_PAYLOAD_TYPE;
}

/* A frame that could not be sent is missing at the peer, who does not know: what refers to it must not be sent either. */
static int refuse(struct rtp_member *m)
{
    m->frames_refused++;
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
    bool first = !rtp_sender_active_since(m->sender, 0);
    int error = rtp_sender_frame(m->sender, now, frame, audio_level, out->pool, &s->pacer);
    m->owes_keyframe = error && m->config.kind == RTC_MEDIA_VIDEO;
    rtp_session_drain_pacer(s, now, out);
    /* The peer can not synchronise streams before it has our clocks. */
    if (first && !error)
        rtp_session_hasten_report(s, now + FIRST_REPORT_US);
    return error;
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
}

void rtp_session_update_rate(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    struct rtp_member *video[SHARES_MAX];
    uint32_t caps[SHARES_MAX], shares[SHARES_MAX];
    size_t n = 0;
    rtp_rate_tick(&s->rate, now);
    uint32_t target = rtp_rate_target(&s->rate);
    for (size_t i = 0; i < s->member_count && n < SHARES_MAX; i++) {
        struct rtp_member *m = s->members[i];
        if (m->config.kind != RTC_MEDIA_VIDEO || !m->sender || !m->config.send || m->stopped)
            continue;
        caps[n] = m->config.max_bitrate_bps;
        video[n++] = m;
    }
    if (n == 0)
        return;
    rtp_rate_share(target, caps, n, shares);
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

void rtp_session_set_section_dscp(struct rtp_session *s, uint32_t handle, uint8_t dscp)
{
    struct rtp_member *m = rtp_session_member(s, handle);
    if (m)
        m->config.dscp = dscp;
}

/* ---- Timers ---- */

static void stop(struct rtp_session *s, rtc_time_t now, struct rtp_member *m, enum rtp_breaker_reason reason, struct out *out)
{
    m->stopped = true;
    m->in_outage = reason == RTP_BREAKER_RTCP_TIMEOUT && now - s->last_control >= OUTAGE_US;
    rtp_pacer_drop(&s->pacer, m->config.ssrc);
    rtp_pacer_drop(&s->pacer, m->config.rtx_ssrc);
    struct event *e = out_event(out, RTP_EVENT_CIRCUIT_BREAKER, m->handle);
    if (e)
        e->code = (int)reason;
    rtp_session_update_rate(s, now, out);
}

void rtp_session_resume(struct rtp_session *s, rtc_time_t now, struct rtp_member *m, struct out *out)
{
    m->stopped = m->in_outage = false;
    m->owes_keyframe = m->config.kind == RTC_MEDIA_VIDEO;
    rtp_sender_resume(m->sender);
    rtp_session_update_rate(s, now, out);
}

void rtp_session_tick_senders(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    rtp_session_update_rate(s, now, out);
    for (size_t i = 0; i < s->member_count && rtp_session_can_send(s); i++) {
        struct rtp_member *m = s->members[i];
        if (!m->sender)
            continue;
        struct rtp_sender_due due = rtp_sender_tick(m->sender, now);
        if (due.keyframe)
            (void)out_event(out, RTP_EVENT_KEYFRAME_REQUEST, m->handle);
        if (due.breaker != RTP_BREAKER_CLOSED && !m->stopped)
            stop(s, now, m, due.breaker, out);
    }
}
