/* SPDX-License-Identifier: MIT */
/* RTCP that arrives: reports, feedback, goodbyes. */
#include "context.h"
#include "memory.h"
#include "rtp_send_feedback.h"
#include "rtp_session_parts.h"

/* More than one datagram of usual size tells of by RFC 8888, so that they can be put into the order in which they left. */
enum { TOLD_AT_ONCE = 1024 };

/* Of so many numbers one datagram may tell: twice as many as are remembered. In a few bytes it could tell of millions. */
enum { TOLD_MAX = 2 * SENT_HISTORY_MAX };

/* What measures the path counts from when the report arrived (RFC 3550 6.4.1: "A"); what waits, from now. */
static void take_reports(struct rtp_session *s, rtc_time_t now, rtc_time_t arrived, const struct rtcp_packet *p)
{
    rtp_circuits_excuse_sound(&s->circuits, now);
    rtp_rate_path(s->sending.budget.rule, now, s->outlet.round_trip);
    for (size_t i = 0; i < p->count; i++) {
        struct rtcp_report report = rtcp_report_at(p, i);
        struct rtp_send_stream *st = rtp_members_stream_of(&s->members, report.ssrc);
        if (st && rtp_send_stream_report(st, now, arrived, &report) && st->kind == RTC_MEDIA_VIDEO)
            rtp_rate_report(s->sending.budget.rule, now, rtp_send_stream_sample(st));
    }
}

static void take_sender_report(struct rtp_session *s, rtc_time_t now, rtc_time_t arrived, const struct rtcp_packet *p)
{
    struct rtp_member *m = rtp_members_find(&s->members, rtp_demux_member_of(s->members.demux, p->ssrc));
    for (struct rtp_receive_stream *rs = m ? m->received : NULL; rs; rs = rs->next) {
        struct rtp_receiver *r = rtp_receive_stream_source(rs, p->ssrc);
        if (r)
            rtp_receiver_sender_report(r, arrived, &p->sender);
    }
    rtp_rate_way_back(s->sending.budget.rule, now, arrived, rtcp_ntp_wall_us(p->sender.ntp));
    take_reports(s, now, arrived, p);
}

static void take_nack(struct rtp_session *s, rtc_time_t now, const struct rtcp_packet *p, struct out *out)
{
    struct rtp_send_stream *st = rtp_members_stream_of(&s->members, p->media_ssrc);
    if (st && st->encoding.ssrc == p->media_ssrc && rtp_outlet_is_open(&s->outlet))
        rtp_send_stream_nack(st, now, p, out->pool, &s->sending.pacer);
}

static void ask_keyframe(const struct rtp_send_stream *st, bool now_wanted, struct out *out)
{
    if (now_wanted)
        (void)rtp_member_event(out, RTP_EVENT_KEYFRAME_REQUEST, st);
}

static void take_pli(struct rtp_session *s, rtc_time_t now, const struct rtcp_packet *p, struct out *out)
{
    struct rtp_send_stream *st = rtp_members_stream_of(&s->members, p->media_ssrc);
    if (st)
        ask_keyframe(st, rtp_send_stream_pli(st, now), out);
}

static void take_fir(struct rtp_session *s, rtc_time_t now, const struct rtcp_packet *p, struct out *out)
{
    for (size_t i = 0; i < p->count; i++) {
        uint32_t ssrc;
        uint8_t sequence;
        rtcp_fir_at(p, i, &ssrc, &sequence);
        struct rtp_send_stream *st = rtp_members_stream_of(&s->members, ssrc);
        if (st)
            ask_keyframe(st, rtp_send_stream_fir(st, now, p->ssrc, sequence), out);
    }
}

static void take_bye(struct rtp_session *s, const struct rtcp_packet *p, struct out *out)
{
    for (size_t i = 0; i < p->count; i++)
        rtp_receiving_end(&s->receiving, rtcp_ssrc_at(p, i), out);
}

/* Who answers to our time is the sender of a stream. */
static void take_delay(struct rtp_session *s, rtc_time_t arrived, uint32_t from, const struct rtcp_delay *delay)
{
    struct rtp_member *m = rtp_members_find(&s->members, rtp_demux_member_of(s->members.demux, from));
    uint32_t now = rtcp_ntp_middle(rtcp_ntp(context_wall_us(s->context, arrived)));
    rtc_time_t round_trip = rtcp_round_trip_us(now, delay->last_rr, delay->since);
    if (round_trip == 0 || !rtp_reference_times_is_ours(&s->reports.references, delay))
        return;
    for (struct rtp_receive_stream *rs = m ? m->received : NULL; rs; rs = rs->next) {
        struct rtp_receiver *r = rtp_receive_stream_source(rs, from);
        if (r)
            rtp_receiver_round_trip(r, round_trip);
    }
}

static void take_extended(struct rtp_session *s, rtc_time_t arrived, const struct rtcp_packet *p)
{
    struct reader blocks = reader_of(p->body);
    struct rtcp_extended_block block;
    while (rtcp_extended_next(&blocks, &block)) {
        if (block.type == RTCP_EXTENDED_REFERENCE_TIME)
            rtp_reports_reference(&s->reports, arrived, p->ssrc, block.ntp);
        for (size_t i = 0; i < block.count; i++) {
            struct rtcp_delay delay = rtcp_delay_at(&block, i);
            take_delay(s, arrived, p->ssrc, &delay);
        }
    }
}

/* Of the numbers of a message some may be missing at its end because nobody knows of them yet: they are told of again. */
static void take_transport_feedback(struct rtp_session *s, rtc_time_t now, const struct rtcp_packet *p, uint32_t *room)
{
    struct sent_history_told told[TOLD_AT_ONCE];
    struct transport_feedback feedback;
    size_t count;
    if (!transport_feedback_read(p->body, &feedback) || feedback.count > *room) {
        s->counters.malformed++;
        return;
    }
    *room -= feedback.count;
    struct transport_feedback_iterator it =
        transport_feedback_numbers(&feedback, transport_feedback_reference(&s->sending.peers_clock, &feedback));
    do {
        for (count = 0; count < TOLD_AT_ONCE && transport_feedback_next(&it, &told[count]);)
            count++;
        rtp_sending_feedback(&s->sending, now, told, count);
    } while (count == TOLD_AT_ONCE);
}

/* The same of RFC 8888. */
static void take_congestion_feedback(struct rtp_session *s, rtc_time_t now, const struct rtcp_packet *p)
{
    struct sent_history_told told[TOLD_AT_ONCE];
    uint32_t ssrcs[TOLD_AT_ONCE];
    struct ccfb feedback;
    size_t count;
    if (!ccfb_read(p->body, &feedback)) {
        s->counters.malformed++;
        return;
    }
    s->sending.reports_heard++;
    struct ccfb_iterator it = ccfb_packets(&feedback, ccfb_time(&s->sending.reports_clock, &feedback));
    do {
        for (count = 0; count < TOLD_AT_ONCE && ccfb_next(&it, &ssrcs[count], &told[count]);)
            count++;
        rtp_sending_feedback(&s->sending, now, told, rtp_sending_number(&s->sending, ssrcs, told, count));
    } while (count == TOLD_AT_ONCE);
}

/* `room`: of how many more numbers the datagram may tell. */
static void take(struct rtp_session *s, rtc_time_t now, rtc_time_t arrived, const struct rtcp_packet *p, uint32_t *room, struct out *out)
{
    switch (p->kind) {
    case RTCP_SR:
        take_sender_report(s, now, arrived, p);
        break;
    case RTCP_RR:
        take_reports(s, now, arrived, p);
        break;
    case RTCP_NACK:
        take_nack(s, now, p, out);
        break;
    case RTCP_PLI:
        take_pli(s, now, p, out);
        break;
    case RTCP_FIR:
        take_fir(s, now, p, out);
        break;
    case RTCP_REMB:
        congestion_remb(s->sending.budget.by_reports, now, p->bitrate_bps); /* of media, without headers: whoever is in charge heeds it */
        break;
    case RTCP_BYE:
        take_bye(s, p, out);
        break;
    case RTCP_EXTENDED:
        take_extended(s, arrived, p);
        break;
    case RTCP_TRANSPORT_FEEDBACK:
        take_transport_feedback(s, now, p, room);
        break;
    case RTCP_CONGESTION_FEEDBACK:
        take_congestion_feedback(s, now, p);
        break;
    case RTCP_SDES:
    case RTCP_UNKNOWN:
    case RTCP_KINDS:
        break;
    }
}

void rtp_session_control(struct rtp_session *s, rtc_time_t now, const struct packet *datagram, struct out *out)
{
    struct rtcp_iterator it = rtcp_packets(packet_slice(datagram));
    struct rtcp_packet p;
    uint32_t room = TOLD_MAX;
    rtp_circuits_heard(&s->circuits, now, out);
    while (rtcp_next(&it, &p))
        take(s, now, packet_arrival(datagram, now), &p, &room, out);
    s->counters.malformed += it.malformed;
    rtp_sending_update_rate(&s->sending, now, out);
    rtp_sending_drain(&s->sending, now, out);
}
