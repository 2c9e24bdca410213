/* SPDX-License-Identifier: MIT */
/* The session's receiving half: packets to their receivers, playout, lip sync. */
#include "context.h"
#include "memory.h"
#include "rtp_session_parts.h"

static void event(struct out *out, int type, const struct rtp_member *m)
{
    (void)out_event(out, type, m->handle);
}

static struct rtp_receiver *find_receiver(const struct rtp_member *m, uint32_t ssrc)
{
    for (struct rtp_receiver *r = m->receivers; r; r = r->next)
        if (r->ssrc == ssrc)
            return r;
    return NULL;
}

static void forget(struct rtp_session *s, struct rtp_member *m, struct rtp_receiver *gone)
{
    struct rtp_inbound_stats stats;
    struct rtp_receiver **at = &m->receivers;
    while (*at && *at != gone)
        at = &(*at)->next;
    if (*at)
        *at = gone->next;
    if (m->playing == gone)
        m->playing = NULL;
    rtp_receiver_stats(gone, &stats);
    stream_history_keep(&m->history, s->context, &stats);
    rtp_receiver_free(gone);
}

void rtp_session_forget_receivers(struct rtp_session *s, struct rtp_member *m)
{
    while (m->receivers)
        forget(s, m, m->receivers);
}

/* ---- Which stream plays ---- */

static void play(struct rtp_member *m, struct rtp_receiver *r)
{
    if (m->playing == r)
        return;
    if (m->playing)
        rtp_receiver_set_playing(m->playing, false);
    rtp_receiver_set_playing(r, true);
    m->playing = r;
}

/* Makes room for one more receiver. */
static void limit_receivers(struct rtp_session *s, struct rtp_member *m)
{
    struct rtp_receiver *oldest = NULL;
    size_t count = 0;
    for (struct rtp_receiver *r = m->receivers; r; r = r->next, count++)
        if (r != m->playing && (!oldest || r->last_packet < oldest->last_packet))
            oldest = r;
    if (count < RECEIVERS_MAX || !oldest)
        return;
    rtp_demux_forget(s->demux, oldest->ssrc);
    forget(s, m, oldest);
}

static struct rtp_receiver *make_receiver(struct rtp_session *s, struct rtp_member *m, const struct rtp_route *route)
{
    struct rtp_receiver *r = NULL;
    limit_receivers(s, m);
    if (rtp_receiver_new(s->context, m->config.kind, route->ssrc, route->codec, s->disable_nack, &r) != RTC_OK)
        return NULL;
    rtp_receiver_set_room(r, &s->jitter);
    r->before = stream_history_take(&m->history, s->context, route->ssrc);
    r->next = m->receivers;
    m->receivers = r;
    play(m, r);
    return r;
}

/* The latest stream plays; an older one again when the latest fell silent. */
static void choose(struct rtp_member *m, struct rtp_receiver *r, rtc_time_t now)
{
    if (m->playing != r && (!m->playing || now - m->playing->last_packet > RTP_SILENCE_US))
        play(m, r);
}

static void heard(struct rtp_member *m, rtc_time_t now, struct out *out)
{
    m->last_media = now;
    if (!m->muted)
        return;
    m->muted = false;
    event(out, RTP_EVENT_UNMUTE, m);
}

static void mute(struct rtp_member *m, struct out *out)
{
    if (m->muted)
        return;
    m->muted = true;
    event(out, RTP_EVENT_MUTE, m);
}

/* ---- Packets ---- */

static void take_media(struct rtp_session *s, rtc_time_t now, struct rtp_member *m, const struct rtp_route *route,
                       const struct rtp_header *h, struct packet *packet, struct out *out)
{
    struct rtp_receiver *r = find_receiver(m, route->ssrc);
    if (!r)
        r = make_receiver(s, m, route);
    if (!r) {
        packet_free(packet);
        return;
    }
    choose(m, r, now);
    if (h->payload.len > 0)
        heard(m, now, out);
    rtp_receiver_packet(r, now, h, packet);
}

static void take_retransmission(struct rtp_member *m, rtc_time_t now, const struct rtp_route *route, const struct rtp_header *h,
                                struct packet *packet)
{
    struct rtp_receiver *r = route->media_ssrc ? find_receiver(m, route->media_ssrc) : m->playing;
    if (r)
        rtp_receiver_retransmission(r, now, h, packet);
    else
        packet_free(packet);
}

static void serve(struct rtp_session *s, rtc_time_t now, struct rtp_member *m, struct out *out)
{
    if (!m->playing)
        return;
    rtp_receiver_set_round_trip(m->playing, rtp_session_round_trip(s));
    rtp_receiver_play(m->playing, now, m->handle, out);
    rtp_session_feedback(s, now, m, out);
}

void rtp_session_media(struct rtp_session *s, rtc_time_t now, struct packet *packet, struct out *out)
{
    struct rtp_header h;
    struct rtp_route route;
    struct rtp_member *m = NULL;
    if (!rtp_parse(packet_slice(packet), rtp_demux_ids(s->demux), &h))
        s->counters.malformed++;
    else if (!rtp_demux_route(s->demux, &h, &route) || !(m = rtp_session_member(s, route.section)) || !m->config.receive)
        s->counters.unknown++;
    if (!m || !m->config.receive) {
        packet_free(packet);
        return;
    }
    rtp_find_extensions(&h, m->config.extension_ids);
    if (route.rtx)
        take_retransmission(m, now, &route, &h, packet);
    else
        take_media(s, now, m, &route, &h, packet, out);
    serve(s, now, m, out);
}

void rtp_session_end_stream(struct rtp_session *s, rtc_time_t now, uint32_t ssrc, struct out *out)
{
    (void)now;
    struct rtp_member *m = rtp_session_member(s, rtp_demux_section_of(s->demux, ssrc));
    struct rtp_receiver *r = m ? find_receiver(m, ssrc) : NULL;
    rtp_demux_forget(s->demux, ssrc);
    if (!r)
        return;
    if (m->playing == r)
        mute(m, out);
    forget(s, m, r);
}

/* ---- Timers ---- */

static void forget_silent(struct rtp_session *s, struct rtp_member *m, rtc_time_t now)
{
    for (struct rtp_receiver *r = m->receivers, *next; r; r = next) {
        next = r->next;
        if (r == m->playing || r->last_packet == RTC_TIME_NEVER || now - r->last_packet < FORGET_US)
            continue;
        rtp_demux_forget(s->demux, r->ssrc);
        forget(s, m, r);
    }
}

static bool moves(const struct rtp_member *m)
{
    return m->playing && !m->muted && m->config.remote_stream_id[0] != '\0';
}

/* The stream of the other kind that it is to be heard or seen with. */
static struct rtp_member *partner_of(const struct rtp_session *s, const struct rtp_member *of)
{
    for (size_t i = 0; i < s->member_count; i++) {
        struct rtp_member *m = s->members[i];
        if (m->config.kind != of->config.kind && moves(m) && strcmp(m->config.remote_stream_id, of->config.remote_stream_id) == 0)
            return m;
    }
    return NULL;
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

static void synchronise_all(struct rtp_session *s, rtc_time_t now)
{
    s->next_sync = now + SYNC_EVERY_US;
    for (size_t i = 0; i < s->member_count; i++) {
        struct rtp_member *m = s->members[i], *partner = moves(m) ? partner_of(s, m) : NULL;
        if (m->playing && !partner)
            release_partner(m->playing);
        else if (partner && m->config.kind == RTC_MEDIA_AUDIO)
            synchronise(m->playing, partner->playing, now);
    }
}

void rtp_session_tick_receivers(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    if (s->next_sync <= now || s->next_sync == RTC_TIME_NEVER)
        synchronise_all(s, now);
    for (size_t i = 0; i < s->member_count; i++) {
        struct rtp_member *m = s->members[i];
        serve(s, now, m, out);
        if (!m->muted && now - m->last_media >= RTP_SILENCE_US)
            mute(m, out);
        forget_silent(s, m, now);
    }
}

static bool synchronises(const struct rtp_session *s)
{
    bool audio = false, video = false;
    for (size_t i = 0; i < s->member_count; i++) {
        const struct rtp_member *m = s->members[i];
        audio = audio || (m->config.kind == RTC_MEDIA_AUDIO && moves(m));
        video = video || (m->config.kind == RTC_MEDIA_VIDEO && moves(m));
    }
    return audio && video;
}

rtc_time_t rtp_session_receive_deadline(const struct rtp_session *s, enum timer_reason *why)
{
    rtc_time_t at = RTC_TIME_NEVER;
    for (size_t i = 0; i < s->member_count; i++) {
        const struct rtp_member *m = s->members[i];
        enum timer_reason reason = TIMER_NONE;
        if (!m->playing)
            continue;
        rtc_time_t due = rtp_receiver_deadline(m->playing, rtp_session_can_send(s), &reason);
        deadline_min(&at, why, due, reason);
        if (!m->muted)
            deadline_min(&at, why, m->last_media + RTP_SILENCE_US, TIMER_RTP_PLAYOUT);
    }
    if (synchronises(s))
        deadline_min(&at, why, s->next_sync, TIMER_RTP_PLAYOUT);
    return at;
}
