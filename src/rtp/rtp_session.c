/* SPDX-License-Identifier: MIT */
/* The RTP session: its life, its sections, its timers and its numbers. */
#include "rtp_session.h"

#include "context.h"
#include "memory.h"
#include "rtp_send_feedback.h"
#include "rtp_session_parts.h"

int rtp_session_new(rtc_context *context, const struct rtp_session_options *options, struct rtp_session **out)
{
    struct rtp_session *s = memory_zeroed(context, sizeof *s);
    if (!s)
        return RTC_ERR_NO_MEMORY;
    int error = rtp_members_init(&s->members, context);
    if (error) {
        memory_free(context, s);
        return error;
    }
    s->context = rtc_context_ref(context);
    s->outlet.members = &s->members;
    s->outlet.max_packet = options->max_packet_bytes ? options->max_packet_bytes : PACKET_MTU;
    rtp_reports_init(&s->reports, context, &s->members, &s->outlet, options->cname);
    rtp_arrival_feedback_init(&s->arrivals, context, &s->reports);
    s->receiving = (struct rtp_receiving){
        .context = context,
        .members = &s->members,
        .outlet = &s->outlet,
        .reports = &s->reports,
        .arrivals = &s->arrivals,
        .counters = &s->counters,
        .jitter.most = context_limits(context)->jitter_buffer_bytes,
        .disable_nack = options->disable_nack,
        .next_sync = RTC_TIME_NEVER,
    };
    const struct congestion_limits limits = {.start_bps = options->start_bitrate_bps, .max_bps = options->max_bitrate_bps};
    error = rtp_sending_init(&s->sending, &s->reports, &limits, options->controller);
    if (error) {
        rtp_session_free(s);
        return error;
    }
    s->circuits = (struct rtp_circuits){.context = context, .members = &s->members, .sending = &s->sending};
    *out = s;
    return RTC_OK;
}

void rtp_session_free(struct rtp_session *s)
{
    if (!s)
        return;
    rtp_arrival_feedback_fini(&s->arrivals);
    rtp_members_fini(&s->members);
    rtp_sending_fini(&s->sending);
    srtp_transport_free(s->outlet.srtp);
    context_free(s->context, s);
}

static void apply_max_rtp(struct rtp_session *s)
{
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(&s->members, st)) != NULL;)
        rtp_send_stream_set_max_rtp(st, rtp_outlet_max_rtp(&s->outlet));
}

int rtp_session_set_keys(struct rtp_session *s, uint16_t profile, struct slice local, struct slice remote)
{
    struct srtp_transport *srtp = NULL;
    int error = srtp_transport_new(s->context, profile, local, remote, &srtp);
    if (error)
        return error;
    srtp_transport_free(s->outlet.srtp);
    s->outlet.srtp = srtp;
    apply_max_rtp(s);
    return RTC_OK;
}

void rtp_session_forget_keys(struct rtp_session *s)
{
    srtp_transport_free(s->outlet.srtp);
    s->outlet.srtp = NULL;
    s->outlet.closed = false;
    rtp_budget_forget(&s->sending.budget);
    rtp_arrival_feedback_forget(&s->arrivals);
}

void rtp_session_set_max_packet(struct rtp_session *s, uint32_t max_packet_bytes)
{
    s->outlet.max_packet = max_packet_bytes;
    apply_max_rtp(s);
}

void rtp_session_set_max_bitrate(struct rtp_session *s, uint32_t max_bitrate_bps)
{
    rtp_rate_set_cap(s->sending.budget.rule, max_bitrate_bps);
}

void rtp_session_set_packet_overhead(struct rtp_session *s, uint32_t bytes)
{
    s->sending.budget.packet_overhead = bytes;
}

void rtp_session_set_rtt(struct rtp_session *s, rtc_time_t round_trip)
{
    s->outlet.round_trip = round_trip;
}

/* ---- Sections ---- */

int rtp_session_reserve_section(struct rtp_session *s, const struct rtp_section *section)
{
    int error = rtp_sending_prepare(&s->sending, 0, section);
    return error ? error : rtp_members_reserve(&s->members, section, rtp_outlet_max_rtp(&s->outlet));
}

int rtp_session_reserve_sources(struct rtp_session *s, size_t ssrcs)
{
    return rtp_demux_reserve_sources(s->members.demux, ssrcs);
}

void rtp_session_forget_reserved(struct rtp_session *s)
{
    rtp_members_forget_reserved(&s->members);
}

int rtp_session_set_section(struct rtp_session *s, rtc_time_t now, const struct rtp_section *section, uint32_t *handle, struct out *out)
{
    struct rtp_member *m = rtp_members_by_mid(&s->members, section->mid);
    bool starts = m && section->send && !m->config.send;
    int error = rtp_session_reserve_section(s, section);
    if (error)
        return error;
    rtp_sending_start(&s->sending, now);
    error = rtp_members_set(&s->members, section, &m);
    if (error)
        return error;
    for (struct rtp_send_stream *st = m->streams; st; st = st->next)
        if (rtp_send_stream_is_stopped(st) && starts)
            rtp_circuits_close(&s->circuits, now, st, out);
    *handle = m->handle;
    rtp_sending_follow_sections(&s->sending, now);
    rtp_arrival_feedback_configure(&s->arrivals);
    rtp_reports_hasten(&s->reports, now + 1000000); /* who begins to send is soon synchronised with, and named (SDES) */
    rtp_sending_update_rate(&s->sending, now, out);
    return RTC_OK;
}

uint32_t rtp_session_send_stream(const struct rtp_session *s, uint32_t member, const char *rid)
{
    const struct rtp_member *m = rtp_members_find(&s->members, member);
    const struct rtp_send_stream *st = m ? rtp_member_stream(m, rid) : NULL;
    return st ? st->handle : 0;
}

uint32_t rtp_session_receive_stream(const struct rtp_session *s, uint32_t member, const char *rid)
{
    const struct rtp_member *m = rtp_members_find(&s->members, member);
    const struct rtp_receive_stream *rs = m ? m->received : NULL;
    while (rs && strcmp(rs->rid, rid) != 0)
        rs = rs->next;
    return rs ? rs->handle : 0;
}

/* RFC 3550 section 6.3.7: nothing more of its SSRCs follows the BYE. */
static void say_goodbye(struct rtp_session *s, rtc_time_t now, const struct rtp_member *m, struct out *out)
{
    rtp_reports_bye(&s->reports, now, m, out);
    for (struct rtp_send_stream *st = m->streams; st; st = st->next)
        rtp_sending_drop(&s->sending, st);
}

void rtp_session_quiet_member(struct rtp_session *s, rtc_time_t now, uint32_t handle, struct out *out)
{
    struct rtp_member *m = rtp_members_find(&s->members, handle);
    if (!m)
        return;
    say_goodbye(s, now, m, out);
    rtp_members_quiet(&s->members, m);
    rtp_sending_follow_sections(&s->sending, now);
    rtp_arrival_feedback_configure(&s->arrivals);
    rtp_sending_update_rate(&s->sending, now, out);
}

void rtp_session_remove_member(struct rtp_session *s, rtc_time_t now, uint32_t handle, struct out *out)
{
    struct rtp_member *m = rtp_members_find(&s->members, handle);
    if (!m)
        return;
    say_goodbye(s, now, m, out);
    rtp_members_remove(&s->members, m);
    rtp_sending_follow_sections(&s->sending, now);
    rtp_arrival_feedback_configure(&s->arrivals);
    rtp_sending_update_rate(&s->sending, now, out);
}

void rtp_session_set_member_dscp(struct rtp_session *s, uint32_t handle, uint8_t dscp)
{
    struct rtp_member *m = rtp_members_find(&s->members, handle);
    if (m)
        m->config.dscp = dscp;
}

void rtp_session_set_member_playout(struct rtp_session *s, uint32_t handle, const struct rtp_playout *playout)
{
    struct rtp_member *m = rtp_members_find(&s->members, handle);
    if (!m)
        return;
    m->config.playout = *playout;
    for (struct rtp_send_stream *stream = m->streams; stream; stream = stream->next)
        rtp_send_stream_set_playout(stream, playout);
}

void rtp_session_set_member_forwards(struct rtp_session *s, uint32_t handle, bool forwards)
{
    struct rtp_member *m = rtp_members_find(&s->members, handle);
    if (m)
        m->forwards = forwards;
}

/* ---- Sending ---- */

int rtp_session_send_frame(struct rtp_session *s, rtc_time_t now, uint32_t stream, rtc_encoded_frame *frame, uint8_t audio_level,
                           struct out *out)
{
    struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    return st ? rtp_sending_frame(&s->sending, now, st, frame, audio_level, out) : RTC_ERR_NOT_FOUND;
}

bool rtp_session_sends(const struct rtp_session *s, uint32_t stream)
{
    const struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    return st && rtp_outlet_is_open(&s->outlet) && rtp_member_sends(st);
}

bool rtp_session_begin_forward(struct rtp_session *s, rtc_time_t now, uint32_t stream, struct forward_start *start)
{
    struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    if (!st)
        return false;
    *start = rtp_sending_begin_forward(&s->sending, now, st);
    return true;
}

int rtp_session_forward(struct rtp_session *s, rtc_time_t now, uint32_t stream, const struct forward_packet *packet,
                        const struct forward_leaving *leaving, struct out *out)
{
    struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    return st ? rtp_sending_forward(&s->sending, now, st, packet, leaving, out) : RTC_ERR_NOT_FOUND;
}

int rtp_session_send_tone(struct rtp_session *s, rtc_time_t now, uint32_t stream, uint8_t event, rtc_time_t duration_us)
{
    struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    return st ? rtp_sending_tone(&s->sending, now, st, event, duration_us) : RTC_ERR_NOT_FOUND;
}

rtc_time_t rtp_session_backlog(const struct rtp_session *s)
{
    return rtp_pacer_backlog(&s->sending.pacer);
}

bool rtp_session_takes_data(struct rtp_session *s, rtc_time_t now, uint32_t bytes)
{
    return rtp_sending_takes_data(&s->sending, now, bytes);
}

uint32_t rtp_session_data_room(const struct rtp_session *s, rtc_time_t now)
{
    return rtp_sending_data_room(&s->sending, now);
}

void rtp_session_no_data_waits(struct rtp_session *s)
{
    s->sending.data.waits = false;
}

void rtp_session_set_data_weight(struct rtp_session *s, uint32_t weight)
{
    s->sending.data.weight = weight;
}

void rtp_session_set_stream_bitrate(struct rtp_session *s, rtc_time_t now, uint32_t stream, uint32_t max_bitrate_bps, struct out *out)
{
    struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    if (!st)
        return;
    st->encoding.max_bitrate_bps = max_bitrate_bps;
    rtp_sending_update_rate(&s->sending, now, out);
}

void rtp_session_set_stream_weight(struct rtp_session *s, uint32_t stream, uint32_t weight)
{
    struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    if (st)
        st->encoding.weight = weight;
}

void rtp_session_set_stream_scale(struct rtp_session *s, uint32_t stream, double scale)
{
    struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    if (st)
        rtp_sending_set_scale(st, scale);
}

void rtp_session_set_stream_adaptive_ptime(struct rtp_session *s, uint32_t stream, bool adaptive)
{
    struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    if (st)
        st->encoding.adaptive_ptime = adaptive;
}

void rtp_session_set_stream_codec(struct rtp_session *s, uint32_t stream, const struct rtp_codec *codec)
{
    struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    if (st)
        rtp_send_stream_set_codec(st, codec);
}

void rtp_session_set_peer_bitrate(struct rtp_session *s, rtc_time_t now, uint32_t max_bitrate_bps, struct out *out)
{
    s->sending.peer_max_bps = max_bitrate_bps;
    rtp_sending_update_rate(&s->sending, now, out);
}

/* ---- Time ---- */

static void pause_streams(struct rtp_session *s)
{
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(&s->members, st)) != NULL;)
        rtp_send_stream_pause(st);
}

void rtp_session_set_writable(struct rtp_session *s, rtc_time_t now, bool writable, struct out *out)
{
    if (writable == s->outlet.writable)
        return;
    s->outlet.writable = writable;
    pause_streams(s);
    if (!writable) {
        for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(&s->members, st)) != NULL;)
            rtp_sending_drop(&s->sending, st);
        rtp_budget_forget(&s->sending.budget);
        return;
    }
    rtp_reports_hasten(&s->reports, now + 100000);
    rtp_sending_update_rate(&s->sending, now, out);
}

void rtp_session_path_changed(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    pause_streams(s);
    rtp_pacer_end_probe(&s->sending.pacer); /* what it asks is of the other path */
    rtp_budget_path_changed(&s->sending.budget, now);
    rtp_data_share_path_changed(&s->sending.data);
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(&s->members, st)) != NULL;)
        if (rtp_send_stream_is_stopped(st))
            rtp_circuits_close(&s->circuits, now, st, out);
    rtp_sending_update_rate(&s->sending, now, out);
    if (rtp_outlet_is_open(&s->outlet))
        rtp_reports_hasten(&s->reports, now + 100000);
}

/* What the timers of the streams found. */
static void tick_streams(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    for (struct rtp_send_stream *st = NULL; rtp_outlet_is_open(&s->outlet) && (st = rtp_members_next_stream(&s->members, st)) != NULL;) {
        struct rtp_send_stream_due due = rtp_send_stream_tick(st, now);
        if (due.keyframe)
            (void)rtp_member_event(out, RTP_EVENT_KEYFRAME_REQUEST, st);
        if (due.breaker != RTP_BREAKER_CLOSED && !rtp_send_stream_is_stopped(st))
            rtp_circuits_open(&s->circuits, now, st, due.breaker, out);
        rtp_circuits_tick(&s->circuits, now, st, out);
        rtp_sending_tick_tone(&s->sending, now, st, out);
    }
}

void rtp_session_tick(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    if (s->outlet.closed)
        return;
    rtp_receiving_tick(&s->receiving, now, out);
    rtp_sending_update_rate(&s->sending, now, out);
    tick_streams(s, now, out);
    rtp_sending_drain(&s->sending, now, out);
    rtp_arrival_feedback_tick(&s->arrivals, now, out);
    if (s->reports.next <= now)
        rtp_reports_send(&s->reports, now, out);
}

rtc_time_t rtp_session_deadline(const struct rtp_session *s, enum timer_reason *why)
{
    rtc_time_t at = RTC_TIME_NEVER;
    enum timer_reason reason = TIMER_NONE;
    if (s->outlet.closed)
        return at;
    at = rtp_receiving_deadline(&s->receiving, why);
    if (rtp_outlet_is_open(&s->outlet)) {
        for (const struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(&s->members, st)) != NULL;) {
            rtc_time_t due = rtp_send_stream_deadline(st, &reason);
            deadline_min(&at, why, due, reason);
            deadline_min(&at, why, st->circuit.next, TIMER_RTP_RATE);
        }
        rtc_time_t sending = rtp_sending_deadline(&s->sending, &reason);
        deadline_min(&at, why, sending, reason);
        deadline_min(&at, why, s->reports.next, TIMER_RTP_REPORT);
        deadline_min(&at, why, rtp_arrival_feedback_deadline(&s->arrivals), TIMER_RTP_FEEDBACK);
    }
    return at;
}

/* ---- Input ---- */

static void count_refusal(struct rtp_session *s, int error)
{
    if (error == RTC_ERR_NOT_ALLOWED)
        s->counters.unauthenticated++;
    else if (error == RTC_ERR_INVALID_STATE)
        s->counters.replayed++;
    else if (error != RTC_ERR_NO_MEMORY)
        s->counters.malformed++;
}

static bool plausible(struct slice datagram)
{
    return datagram.len >= 8 && datagram.data[0] >> 6 == 2 && (rtp_is_rtcp(datagram) || datagram.len >= RTP_HEADER_LEN);
}

void rtp_session_input(struct rtp_session *s, rtc_time_t now, struct packet *packet, struct out *out)
{
    bool control = false;
    int error = RTC_OK;
    if (s->outlet.closed || !s->outlet.srtp) {
        s->counters.before_keys += !s->outlet.closed;
    } else if (!plausible(packet_slice(packet))) {
        s->counters.malformed++;
    } else {
        control = rtp_is_rtcp(packet_slice(packet));
        error = control ? srtcp_unprotect_packet(s->outlet.srtp, packet) : srtp_unprotect_packet(s->outlet.srtp, packet);
        if (!error && !control) {
            rtp_receiving_packet(&s->receiving, now, packet, out);
            return;
        }
        if (error)
            count_refusal(s, error);
        else
            rtp_session_control(s, now, packet, out);
    }
    packet_free(packet);
}

void rtp_session_request_keyframe(struct rtp_session *s, rtc_time_t now, uint32_t stream, struct out *out)
{
    struct rtp_receive_stream *rs = rtp_members_received(&s->members, stream);
    if (!rs || !rs->playing)
        return;
    rtp_receiver_want_keyframe(rs->playing);
    rtp_reports_feedback(&s->reports, now, rs, out);
}

void rtp_session_set_receive_limit(struct rtp_session *s, rtc_time_t now, uint32_t stream, uint32_t bitrate_bps)
{
    enum { SOON_US = 50000 }; /* limits often come several at a time: one report says the last */
    struct rtp_receive_stream *rs = rtp_members_received(&s->members, stream);
    if (!rs || rs->receive_limit_bps == bitrate_bps)
        return;
    rs->receive_limit_bps = bitrate_bps;
    if (bitrate_bps && s->sending.started)
        rtp_reports_hasten(&s->reports, now + SOON_US);
}

void rtp_session_hear_anew(struct rtp_session *s, uint32_t stream)
{
    struct rtp_receive_stream *rs = rtp_members_received(&s->members, stream);
    if (rs)
        rs->muted = true;
}

void rtp_session_close(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    if (s->outlet.closed)
        return;
    rtp_reports_bye(&s->reports, now, NULL, out);
    rtp_pacer_clear(&s->sending.pacer);
    s->outlet.closed = true;
}

/* ---- Numbers ---- */

bool rtp_session_outbound_stats(const struct rtp_session *s, uint32_t stream, rtc_time_t now, struct rtp_outbound_stats *out)
{
    const struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    if (!st)
        return false;
    rtp_send_stream_stats(st, now, out);
    out->active = st->named && st->member->config.send;
    out->target_bitrate_bps = st->target_bps;
    out->circuit = st->circuit.state;
    out->circuit_reason = st->circuit.reason;
    out->circuit_openings = st->circuit.openings;
    return true;
}

/* webrtc-stats, rtxSsrc and fecSsrc: as negotiated, before anything of them has come. */
static void name_repairs(const struct rtp_section *section, struct rtp_inbound_stats *out)
{
    bool rtx = false;
    for (size_t i = 0; i < section->receive_codec_count; i++)
        rtx = rtx || section->receive_codecs[i].rtx_payload_type != RTP_NO_PAYLOAD_TYPE;
    for (size_t i = 0; i < section->remote_ssrc_count; i++) {
        if (section->remote_ssrcs[i] != out->ssrc)
            continue;
        if (rtx && !out->rtx_ssrc)
            out->rtx_ssrc = section->remote_rtx_ssrcs[i];
        if (section->fec.receive.flexfec && !out->video.fec_ssrc)
            out->video.fec_ssrc = section->fec.remote_ssrcs[i];
    }
}

bool rtp_session_inbound_stats(const struct rtp_session *s, uint32_t stream, rtc_time_t now, struct rtp_inbound_stats *out)
{
    const struct rtp_receive_stream *rs = rtp_members_received(&s->members, stream);
    const struct rtp_receiver *r = rs ? (rs->playing ? rs->playing : rs->sources) : NULL;
    if (!r)
        return false;
    rtp_receiver_stats(r, now, out);
    name_repairs(&rs->member->config, out);
    rtp_arrival_feedback_stats(&s->arrivals, out->ssrc, &out->ecn);
    return true;
}

bool rtp_session_hears(const struct rtp_session *s, uint32_t stream)
{
    const struct rtp_receive_stream *rs = rtp_members_received(&s->members, stream);
    return rs && !rs->muted;
}

const struct rtp_codec *rtp_session_sent_codec(const struct rtp_session *s, uint32_t stream)
{
    const struct rtp_send_stream *st = rtp_members_stream(&s->members, stream);
    return st && st->format.codec.payload_type != RTP_NO_PAYLOAD_TYPE ? &st->format.codec : NULL;
}

const struct rtp_codec *rtp_session_received_codec(const struct rtp_session *s, uint32_t stream, uint8_t payload_type)
{
    const struct rtp_receive_stream *rs = rtp_members_received(&s->members, stream);
    for (size_t i = 0; rs && i < rs->member->config.receive_codec_count; i++)
        if (rs->member->config.receive_codecs[i].payload_type == payload_type)
            return &rs->member->config.receive_codecs[i];
    return NULL;
}

uint32_t rtp_session_receiving_rate(const struct rtp_session *s)
{
    return s->reports.path_bps;
}

uint32_t rtp_session_sending_rate(const struct rtp_session *s)
{
    for (const struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(&s->members, st)) != NULL;)
        if (st->kind == RTC_MEDIA_VIDEO && rtp_member_sends(st))
            return rtp_sending_target(&s->sending);
    return 0;
}

bool rtp_session_has_feedback(const struct rtp_session *s)
{
    return s->sending.budget.has_feedback;
}

uint32_t rtp_session_data_rate(const struct rtp_session *s, rtc_time_t now)
{
    return rtp_sending_data_room(&s->sending, now) < UINT32_MAX ? s->sending.data.rate_bps : 0;
}

void rtp_session_ccfb_messages(const struct rtp_session *s, uint64_t *sent, uint64_t *received)
{
    *sent = s->arrivals.reports_sent;
    *received = s->sending.reports_heard;
}

const struct rtp_counters *rtp_session_counters(const struct rtp_session *s)
{
    return &s->counters;
}
