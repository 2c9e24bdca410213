/* SPDX-License-Identifier: MIT */
/* The sending half of a session: see rtp_sending.h. */
#include "rtp_sending.h"

#include "context.h"

/* The peer needs the first report to bring sound and picture together (RFC 3550 6.4.1): it does not wait for the usual interval. How often
 * a keyframe is asked for that does not come, and how often what repairs take is measured anew. */
enum { FIRST_REPORT_US = 200000, ASK_EVERY_US = 500000, REPAIR_EVERY_US = 500000 };

/* Every stream that there may be. */
enum { SHARES_MAX = 128 * RTP_ENCODINGS_MAX };

void rtp_sending_init(struct rtp_sending *sd, struct rtp_reports *reports, uint32_t max_bitrate_bps, uint32_t start_bitrate_bps)
{
    *sd = (struct rtp_sending){.members = reports->members, .outlet = reports->outlet, .reports = reports};
    rtp_rate_init(&sd->rate, max_bitrate_bps, start_bitrate_bps, 0);
    rtp_pacer_init(&sd->pacer, rtp_rate_target(&sd->rate), 0);
}

void rtp_sending_fini(struct rtp_sending *sd)
{
    rtp_pacer_fini(&sd->pacer);
}

void rtp_sending_start(struct rtp_sending *sd, rtc_time_t now)
{
    if (sd->started)
        return;
    uint32_t cap = sd->rate.cap_bps, start = sd->rate.start_bps;
    sd->started = true;
    rtp_rate_init(&sd->rate, cap, start, now);
    rtp_pacer_fini(&sd->pacer);
    rtp_pacer_init(&sd->pacer, rtp_rate_target(&sd->rate), now);
}

void rtp_sending_drain(struct rtp_sending *sd, rtc_time_t now, struct out *out)
{
    if (!rtp_outlet_is_open(sd->outlet))
        return;
    for (struct packet *p; (p = rtp_pacer_pop(&sd->pacer, now)) != NULL;) {
        struct rtp_send_stream *st = rtp_members_stream_of(sd->members, rtp_ssrc(packet_slice(p)));
        if (!st || !rtp_send_stream_leaving(st, now, p) || srtp_protect_packet(sd->outlet->srtp, p) != RTC_OK) {
            packet_free(p);
            continue;
        }
        p->dscp = st->member->config.dscp;
        out_send(out, p);
    }
}

void rtp_sending_drop(struct rtp_sending *sd, struct rtp_send_stream *st)
{
    (void)rtp_pacer_drop(&sd->pacer, st->encoding.rtx_ssrc);
    if (rtp_pacer_drop(&sd->pacer, st->encoding.ssrc) == 0)
        return;
    rtp_send_stream_dropped(st);
    st->owes_keyframe = st->kind == RTC_MEDIA_VIDEO;
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
    (void)rtp_member_event(out, RTP_EVENT_KEYFRAME_REQUEST, st);
}

int rtp_sending_frame(struct rtp_sending *sd, rtc_time_t now, struct rtp_send_stream *st, rtc_encoded_frame *frame, uint8_t audio_level,
                      struct out *out)
{
    if (!rtp_outlet_is_open(sd->outlet) || !rtp_member_sends(st) || st->member->config.send_codec.payload_type == RTP_NO_PAYLOAD_TYPE)
        return refuse(st);
    if (st->owes_keyframe && !rtc_encoded_frame_keyframe(frame)) {
        ask_keyframe(st, now, out);
        return refuse(st);
    }
    bool first = !rtp_send_stream_active_since(st, 0);
    int error = rtp_send_stream_frame(st, now, frame, audio_level, out->pool, &sd->pacer);
    st->owes_keyframe = error && st->kind == RTC_MEDIA_VIDEO;
    rtp_sending_drain(sd, now, out);
    /* The peer can not synchronise streams before it has our clocks. */
    if (first && !error)
        rtp_reports_hasten(sd->reports, now + FIRST_REPORT_US);
    return error;
}

int rtp_sending_tone(struct rtp_sending *sd, rtc_time_t now, struct rtp_send_stream *st, uint8_t event, rtc_time_t duration_us)
{
    if (!rtp_outlet_is_open(sd->outlet) || !rtp_member_sends(st))
        return RTC_ERR_INVALID_STATE;
    return rtp_send_stream_tone(st, now, event, duration_us);
}

void rtp_sending_tick_tone(struct rtp_sending *sd, rtc_time_t now, struct rtp_send_stream *st, struct out *out)
{
    if (rtp_member_sends(st))
        rtp_send_stream_tick_tone(st, now, out->pool, &sd->pacer);
    else
        st->tone.active = false;
}

/* ---- Rate ---- */

static void tell_target(struct rtp_send_stream *st, uint32_t target_bps, struct out *out)
{
    if (st->target_bps == target_bps)
        return;
    struct rtp_event *e = rtp_member_event(out, RTP_EVENT_TARGET_BITRATE, st);
    if (!e)
        return;
    st->target_bps = target_bps;
    e->target_bps = target_bps;
}

/* What repairs take is taken off the encoders' targets, in sixteenths of the rate and twice a second, so that encoders are not bothered
 * with every packet; never more than half of it. */
static uint32_t without_repairs(struct rtp_sending *sd, rtc_time_t now, uint32_t target)
{
    if (now >= sd->next_repair) {
        uint32_t step = target / 16 + 1, rate = rtp_pacer_repair_rate(&sd->pacer, now);
        sd->repair_bps = (rate + step / 2) / step * step;
        sd->next_repair = now + REPAIR_EVERY_US;
    }
    return target - (sd->repair_bps < target / 2 ? sd->repair_bps : target / 2);
}

static uint32_t cap_of(const struct rtp_send_stream *st)
{
    uint32_t ours = st->encoding.max_bitrate_bps, peers = st->member->config.peer_max_bitrate_bps;
    uint32_t cap = ours == 0 || (peers != 0 && peers < ours) ? peers : ours;
    return rtp_send_stream_is_on_trial(st) && (cap == 0 || cap > RTP_RATE_MIN_BPS) ? RTP_RATE_MIN_BPS : cap;
}

/* Sound is not shared out: it gets what it needs, unless it is limited itself. What it takes in all. */
static uint64_t update_sound(struct rtp_sending *sd, struct out *out)
{
    uint64_t all = 0;
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(sd->members, st)) != NULL;) {
        uint32_t cap = cap_of(st), target = cap != 0 && cap < RTP_SOUND_BPS ? cap : RTP_SOUND_BPS;
        if (st->kind != RTC_MEDIA_AUDIO || !st->named || !st->member->config.send)
            continue;
        all += target;
        if (target != RTP_SOUND_BPS || st->target_bps != 0)
            tell_target(st, target, out);
    }
    return all;
}

/* What the peer takes in all, less the sound. */
static uint32_t within_peers_limit(const struct rtp_sending *sd, uint32_t target, uint64_t sound)
{
    uint64_t left = sd->peer_max_bps > sound ? sd->peer_max_bps - sound : 1;
    return sd->peer_max_bps == 0 || target < left ? target : (uint32_t)left;
}

void rtp_sending_update_rate(struct rtp_sending *sd, rtc_time_t now, struct out *out)
{
    struct rtp_send_stream *video[SHARES_MAX];
    uint32_t caps[SHARES_MAX], shares[SHARES_MAX];
    size_t n = 0;
    rtp_rate_tick(&sd->rate, now);
    uint32_t target = within_peers_limit(sd, rtp_rate_target(&sd->rate), update_sound(sd, out));
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(sd->members, st)) != NULL && n < SHARES_MAX;) {
        if (st->kind == RTC_MEDIA_VIDEO && rtp_send_stream_is_stopped(st))
            tell_target(st, 0, out);
        if (st->kind != RTC_MEDIA_VIDEO || !rtp_member_sends(st))
            continue;
        caps[n] = cap_of(st);
        video[n++] = st;
    }
    if (n == 0)
        return;
    rtp_rate_share(without_repairs(sd, now, target), caps, n, shares);
    rtp_pacer_set_target(&sd->pacer, target);
    for (size_t i = 0; i < n; i++)
        tell_target(video[i], shares[i] > 0 ? shares[i] : 1, out); /* 0 would say that it is stopped */
}
