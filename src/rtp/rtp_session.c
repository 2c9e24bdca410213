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
    for (struct rtp_receive_stream *rs; (rs = m->received) != NULL;) {
        m->received = rs->next;
        rtp_receive_stream_free(rs);
    }
    for (struct rtp_send_stream *st; (st = m->streams) != NULL;) {
        m->streams = st->next;
        rtp_send_stream_free(st);
    }
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

struct rtp_send_stream *rtp_session_next_stream(const struct rtp_session *s, const struct rtp_send_stream *after)
{
    if (after && after->next)
        return after->next;
    for (size_t i = after ? after->section->position + 1 : 0; i < s->member_count; i++)
        if (s->members[i]->streams)
            return s->members[i]->streams;
    return NULL;
}

struct rtp_receive_stream *rtp_session_next_received(const struct rtp_session *s, const struct rtp_receive_stream *after)
{
    if (after && after->next)
        return after->next;
    size_t i = after ? after->section->position + 1 : 0;
    return i < s->member_count ? s->members[i]->received : NULL;
}

struct rtp_send_stream *rtp_session_stream(const struct rtp_session *s, uint32_t handle)
{
    struct rtp_send_stream *st = NULL;
    while ((st = rtp_session_next_stream(s, st)) != NULL && (st->handle == 0 || st->handle != handle)) /* 0: reserved, not set yet */
        ;
    return st;
}

struct rtp_send_stream *rtp_session_stream_of(const struct rtp_session *s, uint32_t ssrc)
{
    struct rtp_send_stream *st = NULL;
    while ((st = rtp_session_next_stream(s, st)) != NULL && !rtp_send_stream_owns(st, ssrc))
        ;
    return st;
}

struct rtp_event *rtp_session_event(struct out *out, enum rtp_event_type type, const struct rtp_send_stream *st)
{
    struct rtp_event *e = rtp_event(out, type, st->section->handle);
    if (e)
        e->stream = st->handle;
    return e;
}

uint32_t rtp_session_ssrc(const struct rtp_member *m)
{
    return m->config.encodings[0].ssrc;
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
    for (struct rtp_send_stream *st = NULL; (st = rtp_session_next_stream(s, st)) != NULL;) {
        rtc_time_t round_trip = rtp_send_stream_round_trip_us(st);
        if (round_trip > 0 && (best == 0 || round_trip < best))
            best = round_trip;
    }
    if (best == 0)
        best = s->round_trip;
    return best > 0 ? best : DEFAULT_ROUND_TRIP_US;
}

static void apply_max_rtp(struct rtp_session *s)
{
    for (struct rtp_send_stream *st = NULL; (st = rtp_session_next_stream(s, st)) != NULL;)
        rtp_send_stream_set_max_rtp(st, rtp_session_max_rtp(s));
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

static struct rtp_send_stream *find_rid(const struct rtp_member *m, const char *rid)
{
    struct rtp_send_stream *st = m->streams;
    while (st && strcmp(st->encoding.rid, rid) != 0)
        st = st->next;
    return st;
}

static int add_stream(struct rtp_session *s, struct rtp_member *m, const struct rtp_section *config, const struct rtp_encoding *encoding)
{
    struct rtp_send_stream **at = &m->streams;
    while (*at)
        at = &(*at)->next;
    int error = rtp_send_stream_new(s->context, config, encoding, rtp_session_max_rtp(s), at);
    if (!error)
        (*at)->section = m;
    return error;
}

static int prepare_streams(struct rtp_session *s, struct rtp_member *m, const struct rtp_section *config)
{
    int error = RTC_OK;
    if (!config->send || config->send_codec.payload_type == RTP_NO_PAYLOAD_TYPE)
        return RTC_OK;
    for (size_t i = 0; i < config->encoding_count && !error; i++)
        if (!find_rid(m, config->encodings[i].rid))
            error = add_stream(s, m, config, &config->encodings[i]);
    return error;
}

/* An SSRC is a stream's for good: nobody else may be taken for it (RFC 3550 section 8). */
static void keep_ssrcs(const struct rtp_member *m, struct rtp_section *config)
{
    for (size_t i = 0; i < config->encoding_count; i++)
        for (size_t k = 0; k < m->config.encoding_count; k++) {
            struct rtp_encoding *e = &config->encodings[i];
            const struct rtp_encoding *before = &m->config.encodings[k];
            if (strcmp(e->rid, before->rid) != 0)
                continue;
            e->ssrc = before->ssrc;
            e->rtx_ssrc = before->rtx_ssrc ? before->rtx_ssrc : e->rtx_ssrc;
        }
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
    if (rtp_receive_stream_new(s->context, m, "", &m->received)) {
        memory_free(s->context, m);
        return RTC_ERR_NO_MEMORY;
    }
    text_copy(m->config.mid, sizeof m->config.mid, mid);
    m->next = s->reserved;
    s->reserved = *out = m;
    return RTC_OK;
}

int rtp_session_reserve_section(struct rtp_session *s, const struct rtp_section *section)
{
    struct rtp_section config = *section;
    struct rtp_member *m = find_mid(s, section->mid);
    if (m)
        keep_ssrcs(m, &config);
    else
        m = *find_reserved(s, section->mid);
    int error = m ? RTC_OK : reserve_member(s, section->mid, &m);
    return error ? error : prepare_streams(s, m, &config);
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

static void configure_streams(struct rtp_session *s, struct rtp_member *m)
{
    for (struct rtp_send_stream *st = m->streams; st; st = st->next) {
        st->named = false;
        for (size_t i = 0; i < m->config.encoding_count; i++)
            if (strcmp(m->config.encodings[i].rid, st->encoding.rid) == 0) {
                rtp_send_stream_configure(st, &m->config, &m->config.encodings[i]);
                st->named = true;
            }
        if (st->handle == 0)
            st->handle = ++s->last_handle;
    }
}

static int configure(struct rtp_session *s, rtc_time_t now, struct rtp_member *m, struct rtp_section *config, struct out *out)
{
    int error = rtp_demux_set_section(s->demux, m->handle, config);
    if (error)
        return error;
    bool starts = config->send && !m->config.send;
    m->config = *config;
    configure_streams(s, m);
    for (struct rtp_send_stream *st = m->streams; st; st = st->next)
        if (rtp_session_is_stopped(st) && starts)
            rtp_session_close_circuit(s, now, st, out);
    if (!config->receive) {
        for (struct rtp_receive_stream *rs = m->received; rs; rs = rs->next) {
            rtp_receive_stream_forget_all(rs);
            rs->muted = true; /* the peer layer says so itself; what comes later unmutes */
        }
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
        m->handle = ++s->last_handle;
    } else {
        keep_ssrcs(m, &config);
    }
    error = configure(s, now, m, &config, out);
    if (error) {
        if (added)
            free_member(s, added);
        return error;
    }
    if (added) {
        added->position = s->member_count;
        s->members[s->member_count++] = added;
    }
    *handle = m->handle;
    rtp_session_hasten_report(s, now + 1000000);
    rtp_session_update_rate(s, now, out);
    return RTC_OK;
}

uint32_t rtp_session_send_stream(const struct rtp_session *s, uint32_t section, const char *rid)
{
    const struct rtp_member *m = rtp_session_member(s, section);
    const struct rtp_send_stream *st = m ? find_rid(m, rid) : NULL;
    return st ? st->handle : 0;
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
    for (struct rtp_send_stream *st = m->streams; st; st = st->next)
        rtp_session_drop_waiting(s, st);
    rtp_demux_remove_section(s->demux, handle);
    memmove(&s->members[i], &s->members[i + 1], (s->member_count - i - 1) * sizeof *s->members);
    s->member_count--;
    for (; i < s->member_count; i++)
        s->members[i]->position = i;
    free_member(s, m);
    rtp_session_update_rate(s, now, out);
}

/* ---- Time ---- */

static void pause_streams(struct rtp_session *s)
{
    for (struct rtp_send_stream *st = NULL; (st = rtp_session_next_stream(s, st)) != NULL;)
        rtp_send_stream_pause(st);
}

void rtp_session_set_writable(struct rtp_session *s, rtc_time_t now, bool writable, struct out *out)
{
    if (writable == s->writable)
        return;
    s->writable = writable;
    pause_streams(s);
    if (!writable) {
        for (struct rtp_send_stream *st = NULL; (st = rtp_session_next_stream(s, st)) != NULL;)
            rtp_session_drop_waiting(s, st);
        return;
    }
    rtp_session_hasten_report(s, now + 100000);
    rtp_session_update_rate(s, now, out);
}

void rtp_session_path_changed(struct rtp_session *s, rtc_time_t now, struct out *out)
{
    pause_streams(s);
    rtp_rate_path_changed(&s->rate, now);
    for (struct rtp_send_stream *st = NULL; (st = rtp_session_next_stream(s, st)) != NULL;)
        if (rtp_session_is_stopped(st))
            rtp_session_close_circuit(s, now, st, out);
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
    if (rtp_session_can_send(s)) {
        for (const struct rtp_send_stream *st = NULL; (st = rtp_session_next_stream(s, st)) != NULL;) {
            rtc_time_t due = rtp_send_stream_deadline(st, &reason);
            deadline_min(&at, why, due, reason);
            deadline_min(&at, why, st->circuit.next, TIMER_RTP_RATE);
        }
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
    const struct rtp_member *m = rtp_session_member(s, handle);
    for (struct rtp_receive_stream *rs = m ? m->received : NULL; rs; rs = rs->next) {
        if (!rs->playing)
            continue;
        rtp_receiver_want_keyframe(rs->playing);
        rtp_session_feedback(s, now, rs, out);
    }
}

void rtp_session_set_receive_limit(struct rtp_session *s, rtc_time_t now, uint32_t handle, uint32_t bitrate_bps)
{
    enum { SOON_US = 50000 };
    const struct rtp_member *m = rtp_session_member(s, handle);
    if (!m || m->received->receive_limit_bps == bitrate_bps)
        return;
    for (struct rtp_receive_stream *rs = m->received; rs; rs = rs->next)
        rs->receive_limit_bps = bitrate_bps;
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

bool rtp_session_outbound_stats(const struct rtp_session *s, uint32_t stream, struct rtp_outbound_stats *out)
{
    const struct rtp_send_stream *st = rtp_session_stream(s, stream);
    if (!st)
        return false;
    rtp_send_stream_stats(st, out);
    out->target_bitrate_bps = st->target_bps;
    out->circuit = st->circuit.state;
    out->circuit_reason = st->circuit.reason;
    out->circuit_openings = st->circuit.openings;
    return true;
}

bool rtp_session_inbound_stats(const struct rtp_session *s, uint32_t handle, rtc_time_t now, struct rtp_inbound_stats *out)
{
    (void)now;
    const struct rtp_member *m = rtp_session_member(s, handle);
    const struct rtp_receiver *r = m ? (m->received->playing ? m->received->playing : m->received->sources) : NULL;
    if (!r)
        return false;
    rtp_receiver_stats(r, out);
    return true;
}

const struct rtp_counters *rtp_session_counters(const struct rtp_session *s)
{
    return &s->counters;
}
