/* SPDX-License-Identifier: MIT */
/* RTCP that is sent: see rtp_reports.h. */
#include "rtp_reports.h"

#include "context.h"

enum {
    INTERVAL_VIDEO_US = 400000, /* what senders know of the network is as old as this: RFC 4585 has no least interval */
    INTERVAL_AUDIO_US = 2500000,
    NACKS_AT_ONCE = 64,
    SPEAKER_BYTES = 28 + 12 + RTP_CNAME_MAX + 4 + RTCP_EXTENDED_BYTES_MAX, /* SR without blocks, SDES, answers */
    REMB_SSRCS = 32,                                                       /* of more streams nothing is said */
    REMB_BYTES = 20,
    BYES_AT_ONCE = 31
};

void rtp_reports_init(struct rtp_reports *rp, rtc_context *context, const struct rtp_members *members, const struct rtp_outlet *outlet,
                      const char *cname)
{
    *rp = (struct rtp_reports){.context = context, .members = members, .outlet = outlet, .next = RTC_TIME_NEVER};
    if (cname)
        (void)strncpy(rp->cname, cname, RTP_CNAME_MAX);
}

static bool begin(const struct rtp_reports *rp, struct rtp_control *c, struct out *out)
{
    if (!rtp_outlet_is_open(rp->outlet) || !(c->packet = out_packet(out)))
        return false;
    size_t room = packet_tailroom(c->packet), limit = rp->outlet->max_packet < room ? rp->outlet->max_packet : room;
    c->writer = writer_of(packet_data(c->packet), limit - SRTCP_OVERHEAD_MAX);
    return true;
}

void rtp_reports_finish(const struct rtp_reports *rp, struct rtp_control *c, struct out *out)
{
    if (!c->packet)
        return;
    c->packet->len = (uint32_t)writer_len(&c->writer);
    if (!writer_ok(&c->writer) || c->packet->len == 0 || srtcp_protect_packet(rp->outlet->srtp, c->packet) != RTC_OK)
        packet_free(c->packet);
    else
        out_send(out, c->packet);
    c->packet = NULL;
}

/* The head of a compound packet (RFC 3550 section 6.1): SR of a stream that sends, RR without one, and who it is. */
static void speak(const struct rtp_reports *rp, struct rtp_control *c, rtc_time_t now, const struct rtp_member *m,
                  const struct rtp_send_stream *st, const struct rtcp_report *reports, size_t count)
{
    struct rtcp_sender_info info;
    uint32_t ssrc = st ? st->encoding.ssrc : rtp_member_ssrc(m);
    if (st && rtp_member_sends(st) && rtp_send_stream_info(st, now, &info))
        rtcp_write_sr(&c->writer, ssrc, &info, reports, count);
    else
        rtcp_write_rr(&c->writer, ssrc, reports, count);
    rtcp_write_sdes(&c->writer, ssrc, slice_str(rp->cname));
}

/* Room for so much more, in another compound packet where this one is full. False: there is none, and perhaps no packet any more. */
static bool make_room(const struct rtp_reports *rp, struct rtp_control *c, uint32_t ssrc, size_t bytes, struct out *out)
{
    if (c->packet && writer_left(&c->writer) >= bytes)
        return true;
    rtp_reports_finish(rp, c, out);
    if (!begin(rp, c, out))
        return false;
    rtcp_write_rr(&c->writer, ssrc, NULL, 0);
    rtcp_write_sdes(&c->writer, ssrc, slice_str(rp->cname));
    return writer_left(&c->writer) >= bytes;
}

/* ---- Regular reports ---- */

static size_t collect(const struct rtp_reports *rp, rtc_time_t now, struct rtcp_report *reports, size_t max)
{
    size_t n = 0;
    for (const struct rtp_receive_stream *rs = NULL; (rs = rtp_members_next_received(rp->members, rs)) != NULL;)
        for (struct rtp_receiver *r = rs->sources; r && n < max; r = r->next)
            n += rtp_receiver_report(r, now, &reports[n]);
    return n;
}

static bool is_speaker(const struct rtp_send_stream *st, rtc_time_t since)
{
    return rtp_member_sends(st) && rtp_send_stream_active_since(st, since);
}

static bool takes_remb(const struct rtp_member *m)
{
    return m->config.receive_codec_count > 0 && m->config.receive_codecs[0].remb;
}

/* ---- Extended reports ---- */

void rtp_reports_reference(struct rtp_reports *rp, rtc_time_t arrived, uint32_t ssrc, uint64_t ntp)
{
    rtp_reference_times_hear(&rp->references, arrived, ssrc, ntp);
}

/* Somebody sends to us who answers. */
static bool wants_reference(const struct rtp_reports *rp)
{
    for (const struct rtp_receive_stream *rs = NULL; (rs = rtp_members_next_received(rp->members, rs)) != NULL;)
        if (rs->member->config.reference_times && rs->member->config.receive && rs->sources)
            return true;
    return false;
}

/* Our time, told by the one that speaks first. */
static void tell_reference(struct rtp_reports *rp, struct rtp_control *c, rtc_time_t now, uint32_t ssrc, struct out *out)
{
    if (!wants_reference(rp) || !make_room(rp, c, ssrc, RTCP_EXTENDED_BYTES_MAX, out))
        return;
    rtcp_write_extended(&c->writer, ssrc, rtcp_ntp(context_wall_us(rp->context, now)), NULL, 0);
    rtp_reference_times_tell(&rp->references, ssrc);
}

/* Answers go out for each stream that is sent: its receiver asks how far it is. False: this one could not be given. */
static bool answer_references(const struct rtp_reports *rp, struct rtp_control *c, rtc_time_t now, const struct rtp_send_stream *st,
                              struct out *out)
{
    struct rtcp_delay delays[RTCP_EXTENDED_DELAYS_MAX];
    size_t count = rtp_reference_times_answers(&rp->references, now, delays);
    if (count == 0)
        return true;
    if (!make_room(rp, c, st->encoding.ssrc, RTCP_EXTENDED_BYTES_MAX, out))
        return false;
    rtcp_write_extended(&c->writer, st->encoding.ssrc, 0, delays, count);
    return true;
}

/* What is asked of the peer for all its video together: no more than all its streams may have, and than the path takes. */
static void limit_sender(const struct rtp_reports *rp, struct rtp_control *c, struct out *out)
{
    uint32_t ssrcs[REMB_SSRCS];
    uint64_t sum = 0;
    size_t n = 0;
    bool limited = true;
    for (const struct rtp_receive_stream *rs = NULL; (rs = rtp_members_next_received(rp->members, rs)) != NULL;) {
        if (rs->member->config.kind != RTC_MEDIA_VIDEO || !rs->playing)
            continue;
        if (!takes_remb(rs->member) || n == REMB_SSRCS)
            return;
        limited = limited && rs->receive_limit_bps > 0;
        sum += rs->receive_limit_bps;
        ssrcs[n++] = rs->playing->ssrc;
    }
    if (!limited || (rp->path_bps > 0 && rp->path_bps < sum))
        sum = rp->path_bps;
    uint32_t own = rtp_member_ssrc(rp->members->all[0]);
    if (n > 0 && sum > 0 && make_room(rp, c, own, REMB_BYTES + 4 * n, out))
        rtcp_write_remb(&c->writer, own, sum, ssrcs, n);
}

static rtc_time_t interval_of(const struct rtp_reports *rp)
{
    bool video = false;
    for (const struct rtp_receive_stream *rs = NULL; (rs = rtp_members_next_received(rp->members, rs)) != NULL;)
        video = video || (rs->member->config.kind == RTC_MEDIA_VIDEO && (rs->member->streams || rs->playing));
    rtc_time_t mean = video ? INTERVAL_VIDEO_US : INTERVAL_AUDIO_US;
    return mean / 2 + (rtc_time_t)(context_random_u32(rp->context) % (uint32_t)mean);
}

/* The next one that sent since then. */
static const struct rtp_send_stream *next_speaker(const struct rtp_reports *rp, const struct rtp_send_stream *after, rtc_time_t since)
{
    const struct rtp_send_stream *st = after;
    while ((st = rtp_members_next_stream(rp->members, st)) != NULL && !is_speaker(st, since))
        ;
    return st;
}

/* Those that the first packet had no room for (RFC 3550 section 6.1). */
static void report_rest(const struct rtp_reports *rp, rtc_time_t now, struct out *out)
{
    struct rtcp_report reports[RTCP_REPORTS_MAX];
    struct rtp_control c;
    for (size_t count; (count = collect(rp, now, reports, RTCP_REPORTS_MAX)) > 0 && begin(rp, &c, out);) {
        rtcp_write_rr(&c.writer, rtp_member_ssrc(rp->members->all[0]), reports, count);
        rtcp_write_sdes(&c.writer, rtp_member_ssrc(rp->members->all[0]), slice_str(rp->cname));
        rtp_reports_finish(rp, &c, out);
    }
}

void rtp_reports_send(struct rtp_reports *rp, rtc_time_t now, struct out *out)
{
    struct rtcp_report reports[RTCP_REPORTS_MAX];
    rtc_time_t interval = interval_of(rp), since = now - 2 * interval;
    struct rtp_control c = {0};
    rp->next = now + interval;
    if (rp->members->count == 0 || !begin(rp, &c, out))
        return;
    size_t count = collect(rp, now, reports, RTCP_REPORTS_MAX);
    const struct rtp_send_stream *at = next_speaker(rp, NULL, since);
    const struct rtp_send_stream *first = at ? at : rp->members->all[0]->streams;
    speak(rp, &c, now, rp->members->all[0], first, reports, count);
    tell_reference(rp, &c, now, first ? first->encoding.ssrc : rtp_member_ssrc(rp->members->all[0]), out);
    bool answered = at && answer_references(rp, &c, now, at, out);
    while (at && (at = next_speaker(rp, at, since)) != NULL) {
        if (!c.packet || writer_left(&c.writer) < SPEAKER_BYTES) {
            rtp_reports_finish(rp, &c, out);
            if (!begin(rp, &c, out))
                return;
        }
        speak(rp, &c, now, at->member, at, NULL, 0);
        answered = answer_references(rp, &c, now, at, out) && answered;
    }
    if (answered)
        rtp_reference_times_answered(&rp->references);
    limit_sender(rp, &c, out);
    rtp_reports_finish(rp, &c, out);
    if (count == RTCP_REPORTS_MAX)
        report_rest(rp, now, out);
}

void rtp_reports_set_path(struct rtp_reports *rp, uint32_t path_bps)
{
    rp->path_bps = path_bps;
}

void rtp_reports_hasten(struct rtp_reports *rp, rtc_time_t at)
{
    if (at < rp->next)
        rp->next = at;
}

/* ---- Feedback ---- */

bool rtp_reports_begin_feedback(const struct rtp_reports *rp, struct rtp_control *c, rtc_time_t now, const struct rtp_member *m,
                                struct out *out)
{
    if (!begin(rp, c, out))
        return false;
    if (!m->config.reduced_size)
        speak(rp, c, now, m, m->streams, NULL, 0);
    return true;
}

void rtp_reports_feedback(const struct rtp_reports *rp, rtc_time_t now, const struct rtp_receive_stream *rs, struct out *out)
{
    const struct rtp_member *m = rs->member;
    struct rtp_receiver *r = rs->playing;
    rtc_time_t round_trip = rtp_outlet_round_trip(rp->outlet);
    uint16_t missing[NACKS_AT_ONCE];
    struct rtp_control c;
    if (!r || !rtp_outlet_is_open(rp->outlet))
        return;
    for (size_t n; (n = rtp_receiver_take_nacks(r, now, round_trip, missing, NACKS_AT_ONCE)) > 0;) {
        if (!rtp_reports_begin_feedback(rp, &c, now, m, out))
            return;
        rtcp_write_nack(&c.writer, rtp_member_ssrc(m), r->ssrc, missing, n);
        rtp_reports_finish(rp, &c, out);
    }
    if (!rtp_receiver_take_pli(r, now, round_trip) || !rtp_reports_begin_feedback(rp, &c, now, m, out))
        return;
    rtcp_write_pli(&c.writer, rtp_member_ssrc(m), r->ssrc);
    rtp_reports_finish(rp, &c, out);
}

/* ---- Goodbye ---- */

static size_t list_sources(const struct rtp_send_stream *st, uint32_t *ssrcs)
{
    if (!rtp_send_stream_active_since(st, 0))
        return 0;
    ssrcs[0] = st->encoding.ssrc;
    ssrcs[1] = st->encoding.rtx_ssrc;
    return st->encoding.rtx_ssrc ? 2 : 1;
}

static void say_bye(const struct rtp_reports *rp, rtc_time_t now, const struct rtp_member *m, const uint32_t *ssrcs, size_t n,
                    struct out *out)
{
    struct rtp_control c;
    if (n == 0 || !begin(rp, &c, out))
        return;
    speak(rp, &c, now, m, m->streams, NULL, 0);
    rtcp_write_bye(&c.writer, ssrcs, n);
    rtp_reports_finish(rp, &c, out);
}

void rtp_reports_bye(const struct rtp_reports *rp, rtc_time_t now, const struct rtp_member *member, struct out *out)
{
    uint32_t ssrcs[BYES_AT_ONCE];
    size_t n = 0;
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(rp->members, st)) != NULL;) {
        if (member && st->member != member)
            continue;
        if (n + 2 > BYES_AT_ONCE) {
            say_bye(rp, now, rp->members->all[0], ssrcs, n, out);
            n = 0;
        }
        n += list_sources(st, ssrcs + n);
    }
    if (n > 0) /* else there may be no member at all */
        say_bye(rp, now, member ? member : rp->members->all[0], ssrcs, n, out);
}
