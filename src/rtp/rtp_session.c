/* SPDX-License-Identifier: MIT */
/* The RTP session: its life, its sections, its timers and its numbers. */
#include "rtp_session.h"

#include "context.h"
#include "memory.h"
#include "rtp_session_parts.h"
#include "text.h"

int rtp_session_new(rtc_context *context, const struct rtp_session_options *options, struct rtp_session **out)
{
    struct rtp_session *s = memory_zeroed(context, sizeof *s);
    if (!s)
        return RTC_ERR_NO_MEMORY;
    s->context = rtc_context_ref(context);
    s->disable_nack = options->disable_nack;
    s->max_packet = options->max_packet_bytes ? options->max_packet_bytes : PACKET_MTU;
    if (options->cname)
        (void)strncpy(s->cname, options->cname, CNAME_MAX);
    s->jitter.most = context_limits(context)->jitter_buffer_bytes;
    s->next_report = s->next_sync = RTC_TIME_NEVER;
    rtp_rate_init(&s->rate, options->max_bitrate_bps, options->start_bitrate_bps, 0);
    rtp_pacer_init(&s->pacer, rtp_rate_target(&s->rate), 0);
    int error = rtp_demux_new(context, &s->demux);
    if (error) {
        rtp_session_free(s);
        return error;
    }
    *out = s;
    return RTC_OK;
}

static void free_member(struct rtp_session *s, struct rtp_member *m)
{
    rtp_session_forget_receivers(s, m);
    stream_history_fini(&m->history, s->context);
    rtp_send_stream_free(m->sender);
    memory_free(s->context, m);
}

void rtp_session_free(struct rtp_session *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->member_count; i++)
        free_member(s, s->members[i]);
    rtp_session_forget_reserved(s);
    memory_free(s->context, s->members);
    rtp_pacer_fini(&s->pacer);
    rtp_demux_free(s->demux);
    srtp_transport_free(s->srtp);
    rtc_context *context = s->context;
    memory_free(context, s);
    rtc_context_unref(context);
}

struct rtp_member *rtp_session_member(const struct rtp_session *s, uint32_t handle)
{
    for (size_t i = 0; i < s->member_count; i++)
        if (s->members[i]->handle == handle)
            return s->members[i];
    return NULL;
}

bool rtp_session_can_send(const struct rtp_session *s)
{
    return s->srtp && s->writable && !s->closed;
}

size_t rtp_session_max_rtp(const struct rtp_session *s)
{
    return s->max_packet - (s->srtp ? srtp_transport_overhead(s->srtp) : SRTP_OVERHEAD_MAX);
}

rtc_time_t rtp_session_round_trip(const struct rtp_session *s)
{
    rtc_time_t best = 0;
    for (size_t i = 0; i < s->member_count; i++) {
        const struct rtp_member *m = s->members[i];
        rtc_time_t round_trip = m->sender ? rtp_send_stream_round_trip_us(m->sender) : 0;
        if (round_trip > 0 && (best == 0 || round_trip < best))
            best = round_trip;
    }
    if (best == 0)
        best = s->round_trip;
    return best > 0 ? best : DEFAULT_ROUND_TRIP_US;
}

static void apply_max_rtp(struct rtp_session *s)
{
    for (size_t i = 0; i < s->member_count; i++)
        if (s->members[i]->sender)
            rtp_send_stream_set_max_rtp(s->members[i]->sender, rtp_session_max_rtp(s));
}

int rtp_session_set_keys(struct rtp_session *s, uint16_t profile, struct slice local, struct slice remote)
{
    struct srtp_transport *srtp = NULL;
    int error = srtp_transport_new(s->context, profile, local, remote, &srtp);
    if (error)
        return error;
    srtp_transport_free(s->srtp);
    s->srtp = srtp;
    apply_max_rtp(s);
    return RTC_OK;
}

void rtp_session_set_max_packet(struct rtp_session *s, uint32_t max_packet_bytes)
{
    s->max_packet = max_packet_bytes;
    apply_max_rtp(s);
}

void rtp_session_set_max_bitrate(struct rtp_session *s, uint32_t max_bitrate_bps)
{
    rtp_rate_set_cap(&s->rate, max_bitrate_bps);
}

void rtp_session_set_rtt(struct rtp_session *s, rtc_time_t round_trip)
{
    s->round_trip = round_trip;
}

/* ---- Sections ---- */

static struct rtp_member *find_mid(const struct rtp_session *s, const char *mid)
{
    for (size_t i = 0; i < s->member_count; i++)
        if (strcmp(s->members[i]->config.mid, mid) == 0)
            return s->members[i];
    return NULL;
}

static int prepare_sender(struct rtp_session *s, struct rtp_member *m, const struct rtp_section *config)
{
    if (m->sender || !config->send || config->send_codec.payload_type == RTP_NO_PAYLOAD_TYPE)
        return RTC_OK;
    return rtp_send_stream_new(s->context, config, rtp_session_max_rtp(s), &m->sender);
}

/* Where the one that is reserved for this mid hangs in the list, or its end. */
static struct rtp_member **find_reserved(struct rtp_session *s, const char *mid)
{
    struct rtp_member **at = &s->reserved;
    while (*at && strcmp((*at)->config.mid, mid) != 0)
        at = &(*at)->next;
    return at;
}

static int reserve_member(struct rtp_session *s, const char *mid, struct rtp_member **out)
{
    size_t more = 1;
    for (const struct rtp_member *m = s->reserved; m; m = m->next)
        more++;
    if (!memory_grow(s->context, (void **)&s->members, &s->member_capacity, s->member_count + more, sizeof *s->members) ||
        rtp_demux_reserve(s->demux, more))
        return RTC_ERR_NO_MEMORY;
    struct rtp_member *m = memory_zeroed(s->context, sizeof *m);
    if (!m)
        return RTC_ERR_NO_MEMORY;
    m->muted = true;
    m->circuit.next = RTC_TIME_NEVER;
    text_copy(m->config.mid, sizeof m->config.mid, mid);
    m->next = s->reserved;
    s->reserved = *out = m;
    return RTC_OK;
}

int rtp_session_reserve_section(struct rtp_session *s, const struct rtp_section *section)
{
    struct rtp_member *m = find_mid(s, section->mid);
    if (!m)
        m = *find_reserved(s, section->mid);
    int error = m ? RTC_OK : reserve_member(s, section->mid, &m);
    return error ? error : prepare_sender(s, m, section);
}

void rtp_session_forget_reserved(struct rtp_session *s)
{
    for (struct rtp_member *m; (m = s->reserved) != NULL;) {
        s->reserved = m->next;
        free_member(s, m);
    }
}

static struct rtp_member *take_reserved(struct rtp_session *s, const char *mid)
{
    struct rtp_member **at = find_reserved(s, mid), *m = *at;
    *at = m->next;
    m->next = NULL;
    return m;
}

static int configure(struct rtp_session *s, rtc_time_t now, struct rtp_member *m, struct rtp_section *config, struct out *out)
{
    int error = rtp_demux_set_section(s->demux, m->handle, config);
    if (error)
        return error;
    bool starts = config->send && !m->config.send;
    m->config = *config;
    if (m->sender)
        rtp_send_stream_configure(m->sender, config);
    if (rtp_session_is_stopped(m) && starts)
        rtp_session_close_circuit(s, now, m, out);
    if (!config->receive) {
        rtp_session_forget_receivers(s, m);
        m->muted = true; /* the peer layer says so itself; what comes later unmutes */
    }
    return RTC_OK;
}

static void start_clocks(struct rtp_session *s, rtc_time_t now)
{
    if (s->started)
        return;
    uint32_t cap = s->rate.cap_bps, start = s->rate.start_bps;
    s->started = true;
    rtp_rate_init(&s->rate, cap, start, now);
    rtp_pacer_fini(&s->pacer);
    rtp_pacer_init(&s->pacer, rtp_rate_target(&s->rate), now);
}

int rtp_session_set_section(struct rtp_session *s, rtc_time_t now, const struct rtp_section *section, uint32_t *handle, struct out *out)
{
    struct rtp_member *m = find_mid(s, section->mid), *added = NULL;
    struct rtp_section config = *section;
    int error = rtp_session_reserve_section(s, section);
    if (error)
        return error;
    start_clocks(s, now);
    if (!m) {
        m = added = take_reserved(s, section->mid);
        m->handle = s->last_handle + 1;
    } else {
        config.ssrc = m->config.ssrc;
        config.rtx_ssrc = m->config.rtx_ssrc ? m->config.rtx_ssrc : config.rtx_ssrc;
    }
    error = configure(s, now, m, &config, out);
    if (error) {
        if (added)
            free_member(s, added);
        return error;
    }
    if (added) {
        s->members[s->member_count++] = added;
        s->last_handle++;
    }
    *handle = m->handle;
    rtp_session_hasten_report(s, now + 1000000);
    rtp_session_update_rate(s, now, out);
    return RTC_OK;
}

void rtp_session_remove_section(struct rtp_session *s, rtc_time_t now, uint32_t handle, struct out *out)
{
    size_t i = 0;
    while (i < s->member_count && s->members[i]->handle != handle)
        i++;
    if (i == s->member_count)
        return;
    struct rtp_member *m = s->members[i];
    rtp_session_bye(s, now, m, out);
    rtp_session_drop_waiting(s, m);
    rtp_demux_remove_section(s->demux, handle);
    memmove(&s->members[i], &s->members[i + 1], (s->member_count - i - 1) * sizeof *s->members);
    s->member_count--;
    free_member(s, m);
    rtp_session_update_rate(s, now, out);
}

/* ---- Time ---- */

static void pause_senders(struct rtp_session *s)
{
    for (size_t i = 0; i < s->member_count; i++)
        if (s->members[i]->sender)
            rtp_send_stream_pause(s->members[i]->sender);
}

void rtp_session_set_writable(struct rtp_session *s, rtc_time_t now, bool writable, struct out *out)
{
    if (writable == s->writable)
        return;
    s->writable = writable;
    pause_senders(s);
    if (!writable) {
        for (size_t i = 0; i < s->member_count; i++)
            rtp_session_drop_waiting(s, s->members[i]);
        return;
    }
    rtp_session_hasten_report(s, now + 100000);
    rtp_session_update_rate(s, now, out);
}

void rtp_session_path_changed(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    pause_senders(s);
    rtp_rate_path_changed(&s->rate, now);
    for (size_t i = 0; i < s->member_count; i++)
        if (rtp_session_is_stopped(s->members[i]))
            rtp_session_close_circuit(s, now, s->members[i], out);
    rtp_session_update_rate(s, now, out);
    if (rtp_session_can_send(s))
        rtp_session_hasten_report(s, now + 100000);
}

void rtp_session_tick(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    if (s->closed)
        return;
    rtp_session_tick_receivers(s, now, out);
    rtp_session_tick_senders(s, now, out);
    rtp_session_drain_pacer(s, now, out);
    if (s->next_report <= now)
        rtp_session_report(s, now, out);
}

rtc_time_t rtp_session_deadline(const struct rtp_session *s, enum timer_reason *why)
{
    rtc_time_t at = RTC_TIME_NEVER;
    enum timer_reason reason = TIMER_NONE;
    if (s->closed)
        return at;
    at = rtp_session_receive_deadline(s, why);
    for (size_t i = 0; i < s->member_count && rtp_session_can_send(s); i++)
        if (s->members[i]->sender) {
            rtc_time_t due = rtp_send_stream_deadline(s->members[i]->sender, &reason);
            deadline_min(&at, why, due, reason);
            deadline_min(&at, why, s->members[i]->circuit.next, TIMER_RTP_RATE);
        }
    if (rtp_session_can_send(s)) {
        deadline_min(&at, why, rtp_pacer_deadline(&s->pacer), TIMER_RTP_PACE);
        deadline_min(&at, why, s->next_report, TIMER_RTP_REPORT);
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
    if (s->closed || !s->srtp) {
        s->counters.before_keys += !s->closed;
    } else if (!plausible(packet_slice(packet))) {
        s->counters.malformed++;
    } else {
        control = rtp_is_rtcp(packet_slice(packet));
        error = control ? srtcp_unprotect_packet(s->srtp, packet) : srtp_unprotect_packet(s->srtp, packet);
        if (!error && !control) {
            rtp_session_media(s, now, packet, out);
            return;
        }
        if (error)
            count_refusal(s, error);
        else
            rtp_session_control(s, now, packet_slice(packet), out);
    }
    packet_free(packet);
}

void rtp_session_request_keyframe(struct rtp_session *s, rtc_time_t now, uint32_t handle, struct out *out)
{
    struct rtp_member *m = rtp_session_member(s, handle);
    if (!m || !m->playing)
        return;
    rtp_receiver_want_keyframe(m->playing);
    rtp_session_feedback(s, now, m, out);
}

void rtp_session_set_receive_limit(struct rtp_session *s, rtc_time_t now, uint32_t handle, uint32_t bitrate_bps)
{
    enum { SOON_US = 50000 };
    struct rtp_member *m = rtp_session_member(s, handle);
    if (!m || m->receive_limit_bps == bitrate_bps)
        return;
    m->receive_limit_bps = bitrate_bps;
    if (bitrate_bps && s->started)
        rtp_session_hasten_report(s, now + SOON_US);
}

void rtp_session_close(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    if (s->closed)
        return;
    rtp_session_bye(s, now, NULL, out);
    rtp_pacer_clear(&s->pacer);
    s->closed = true;
}

/* ---- Numbers ---- */

bool rtp_session_outbound_stats(const struct rtp_session *s, uint32_t handle, struct rtp_outbound_stats *out)
{
    const struct rtp_member *m = rtp_session_member(s, handle);
    if (!m || !m->sender)
        return false;
    *out = (struct rtp_outbound_stats){0};
    rtp_send_stream_stats(m->sender, out);
    out->target_bitrate_bps = m->target_bps;
    out->circuit = m->circuit.state;
    out->circuit_reason = m->circuit.reason;
    out->circuit_openings = m->circuit.openings;
    return true;
}

bool rtp_session_inbound_stats(const struct rtp_session *s, uint32_t handle, rtc_time_t now, struct rtp_inbound_stats *out)
{
    (void)now;
    const struct rtp_member *m = rtp_session_member(s, handle);
    const struct rtp_receiver *r = m ? (m->playing ? m->playing : m->receivers) : NULL;
    if (!r)
        return false;
    rtp_receiver_stats(r, out);
    return true;
}

const struct rtp_counters *rtp_session_counters(const struct rtp_session *s)
{
    return &s->counters;
}
