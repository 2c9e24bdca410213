/* SPDX-License-Identifier: MIT */
/* The sending half of a session: see rtp_sending.h. */
#include "rtp_sending_parts.h"

#include "context.h"

#include <stdlib.h>

/* The peer needs the first report to bring sound and picture together (RFC 3550 6.4.1): it does not wait for the usual interval. How often
 * a keyframe is asked for that does not come. */
enum { FIRST_REPORT_US = 200000, ASK_EVERY_US = 500000 };

/* For so long after the last packet of media data have to share with them. */
enum { MEDIA_RECENT_US = 2000000 };
/* What waits for so long was made for another rate; and for so long a keyframe is kept. */
enum { TOO_LATE_US = 300000, KEYFRAME_KEPT_US = 1000000 };

int rtp_sending_init(struct rtp_sending *sd, struct rtp_reports *reports, const struct congestion_limits *limits,
                     const struct congestion_controller *controller)
{
    *sd = (struct rtp_sending){.members = reports->members, .outlet = reports->outlet, .reports = reports};
    int error = rtp_budget_init(&sd->budget, reports->context, limits, controller);
    if (!error)
        rtp_pacer_init(&sd->pacer, rtp_sending_target(sd), 0);
    rtp_data_share_init(&sd->data);
    return error;
}

void rtp_sending_fini(struct rtp_sending *sd)
{
    rtp_pacer_fini(&sd->pacer);
    rtp_budget_fini(&sd->budget);
    sent_sequences_free(sd->sequences);
}

void rtp_sending_start(struct rtp_sending *sd, rtc_time_t now)
{
    if (sd->started)
        return;
    sd->started = true;
    rtp_budget_start(&sd->budget, now);
    rtp_pacer_fini(&sd->pacer);
    rtp_pacer_init(&sd->pacer, rtp_sending_target(sd), now);
}

uint32_t rtp_sending_target(const struct rtp_sending *sd)
{
    return congestion_target(rtp_budget_congestion(&sd->budget)).target_bps;
}

/* ---- Packets ---- */

static bool is_numbered(const struct rtp_send_stream *st)
{
    return st->format.ids[RTP_EXTENSION_TRANSPORT_SEQUENCE] != 0 || st->member->config.send_codec.ccfb;
}

/* What is measured of it. */
static void measure(struct rtp_sending *sd, rtc_time_t now, const struct rtp_send_stream *st, uint32_t bytes, uint64_t payload)
{
    if (st->kind == RTC_MEDIA_AUDIO)
        rtp_meter_add(&sd->budget.sound, now, bytes);
    else
        rtp_meter_add(&sd->budget.pictures, now, bytes);
    if (st->kind == RTC_MEDIA_VIDEO && payload > 0)
        rtp_meter_add(&sd->budget.around, now, bytes - (uint32_t)payload);
}

/* Behind what left goes what repairs it; of what is within the part of repairs. */
static void protect(struct rtp_sending *sd, rtc_time_t now, struct rtp_send_stream *st, struct out *out)
{
    for (struct packet *p; (p = rtp_send_stream_parity(st, out->pool)) != NULL;)
        (void)rtp_pacer_push(&sd->pacer, now, RTP_PRIORITY_REPAIR, p);
}

/* A packet that was popped, of which the pacer knows that `counted` bytes leave. False: it does not. */
static bool leave(struct rtp_sending *sd, rtc_time_t now, struct packet *p, uint32_t counted, struct out *out)
{
    struct rtp_send_stream *st = rtp_members_stream_of(sd->members, rtp_ssrc(packet_slice(p)));
    uint64_t payload = st ? st->stats.bytes_sent : 0;
    if (!st || !rtp_send_stream_leaving(st, now, rtp_budget_next_number(&sd->budget), p) ||
        srtp_protect_packet(sd->outlet->srtp, p) != RTC_OK) {
        packet_free(p);
        return false;
    }
    if (sd->sequences && sd->budget.history && st->member->config.send_codec.ccfb)
        sent_sequences_add(sd->sequences, rtp_ssrc(packet_slice(p)), rtp_sequence(packet_slice(p)), sent_history_next(sd->budget.history));
    struct rtp_leaving leaving = {.bytes = p->len + sd->budget.packet_overhead,
                                  .numbered = is_numbered(st),
                                  .source = rtp_ssrc(packet_slice(p)),
                                  .ect1 = st->member->config.send_codec.ccfb && rtp_budget_marks(&sd->budget, now),
                                  .limited = rtp_pacer_is_idle(&sd->pacer) && !sd->data.waits};
    /* The rule on reports knows of payloads alone, and its rate is for these. */
    leaving.probe = rtp_pacer_left(&sd->pacer, sd->budget.has_feedback ? (int64_t)leaving.bytes - counted : 0);
    rtp_budget_left(&sd->budget, now, &leaving);
    rtp_pacer_set_window(&sd->pacer, sd->pacer.window.bytes, rtp_budget_in_flight(&sd->budget));
    measure(sd, now, st, leaving.bytes, st->stats.bytes_sent - payload);
    p->dscp = st->member->config.dscp;
    p->ecn = leaving.ect1 ? ECN_ECT1 : 0;
    st->stats.packets_sent_with_ect1 += leaving.ect1;
    out_send(out, p);
    protect(sd, now, st, out);
    return true;
}

/* A stream of video by which padding can leave; NULL: none. */
static struct rtp_send_stream *padder(const struct rtp_sending *sd)
{
    struct rtp_send_stream *st = NULL;
    while ((st = rtp_members_next_stream(sd->members, st)) != NULL && (!rtp_member_sends(st) || !rtp_send_stream_pads(st)))
        ;
    return st;
}

/* Bursts are made of pictures, and of padding beside them: nobody knows what the peer would make of padding before. Of sound alone none can
 * be made, so that it is asked for one when there is more. */
static void begin_probe(struct rtp_sending *sd, rtc_time_t now)
{
    struct congestion_probe probe;
    if (!rtp_pacer_probes(&sd->pacer) && (rtp_pacer_has_paced(&sd->pacer) || padder(sd)) && rtp_budget_next_probe(&sd->budget, now, &probe))
        rtp_pacer_begin_probe(&sd->pacer, now, &probe);
}

/* False when none is to leave. A burst for which there should be some and is none ends, or it would ask for it again at once. */
static bool pad(struct rtp_sending *sd, rtc_time_t now, struct out *out)
{
    const struct rtp_send_stream *st = rtp_pacer_probes(&sd->pacer) ? padder(sd) : NULL;
    if (!rtp_pacer_wants_padding(&sd->pacer, now, st != NULL))
        return false;
    struct packet *p = rtp_send_stream_padding(st, out->pool);
    if (p)
        p->time = now; /* it waited for nothing */
    if (p && leave(sd, now, p, 0, out))
        return true;
    rtp_pacer_end_probe(&sd->pacer);
    return false;
}

void rtp_sending_drain(struct rtp_sending *sd, rtc_time_t now, struct out *out)
{
    if (!rtp_outlet_is_open(sd->outlet))
        return;
    for (;;) {
        begin_probe(sd, now);
        struct packet *p = rtp_pacer_pop(&sd->pacer, now);
        if (p)
            (void)leave(sd, now, p, p->len, out);
        else if (!pad(sd, now, out))
            return;
    }
}

void rtp_sending_drop(struct rtp_sending *sd, struct rtp_send_stream *st)
{
    (void)rtp_pacer_drop(&sd->pacer, st->encoding.rtx_ssrc);
    if (st->encoding.fec_ssrc)
        (void)rtp_pacer_drop(&sd->pacer, st->encoding.fec_ssrc);
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

/* Who gets a keyframe needs nothing of what is before it. What waits for long would only make it late, and everything behind it. */
static void overtake(struct rtp_sending *sd, struct rtp_send_stream *st, const rtc_encoded_frame *frame)
{
    if (st->kind == RTC_MEDIA_VIDEO && rtc_encoded_frame_keyframe(frame) && rtp_pacer_backlog(&sd->pacer) > RTP_SENDING_BACKLOG_US)
        rtp_sending_drop(sd, st);
}

void rtp_sending_give_up_late(struct rtp_sending *sd, rtc_time_t now, struct rtp_send_stream *st, struct out *out)
{
    rtc_time_t keyframe = st->keyframes.sent;
    bool lately = keyframe != RTC_TIME_NEVER && now - keyframe < KEYFRAME_KEPT_US, layer = st->encoding.rid[0] != '\0';
    if (!sd->budget.has_feedback || st->kind != RTC_MEDIA_VIDEO || layer || lately || rtp_pacer_backlog(&sd->pacer) <= TOO_LATE_US)
        return;
    rtp_sending_drop(sd, st);
    if (st->owes_keyframe)
        ask_keyframe(st, now, out);
}

/* What a layer that is not sent would need is what its pictures would need now: as large as those are beside another one. One that is
 * not wanted at all is limited to one bit. */
static void forget_size(struct rtp_send_stream *st)
{
    if (st->encoding.scale > 0 && (st->layer.off || st->target_bps <= 1))
        st->pixels = 0;
}

/* Delta frames may not say it. What is shown is another one where it changes. */
static void note_size(const struct rtp_sending *sd, struct rtp_send_stream *st, const rtc_encoded_frame *frame)
{
    uint64_t pixels = (uint64_t)rtc_encoded_frame_width(frame) * rtc_encoded_frame_height(frame);
    uint32_t before = st->pixels;
    if (pixels > 0)
        st->pixels = pixels < UINT32_MAX ? (uint32_t)pixels : UINT32_MAX;
    if (st->pixels == before || st->encoding.scale <= 0)
        return;
    for (struct rtp_send_stream *other = NULL; (other = rtp_members_next_stream(sd->members, other)) != NULL;)
        if (other != st && other->member == st->member)
            forget_size(other);
}

void rtp_sending_set_scale(struct rtp_send_stream *st, double scale)
{
    bool differs = scale < st->encoding.scale || scale > st->encoding.scale;
    st->encoding.scale = scale;
    if (differs)
        forget_size(st);
}

int rtp_sending_frame(struct rtp_sending *sd, rtc_time_t now, struct rtp_send_stream *st, rtc_encoded_frame *frame, uint8_t audio_level,
                      struct out *out)
{
    if (!rtp_outlet_is_open(sd->outlet) || !rtp_member_sends(st) || st->member->config.send_codec.payload_type == RTP_NO_PAYLOAD_TYPE)
        return refuse(st);
    if (st->layer.off)
        return refuse(st);
    if (st->owes_keyframe && !rtc_encoded_frame_keyframe(frame)) {
        ask_keyframe(st, now, out);
        return refuse(st);
    }
    bool first = !rtp_send_stream_active_since(st, 0);
    overtake(sd, st, frame);
    note_size(sd, st, frame);
    int error = rtp_send_stream_frame(st, now, frame, audio_level, out->pool, &sd->pacer);
    st->owes_keyframe = error && st->kind == RTC_MEDIA_VIDEO;
    rtp_sending_give_up_late(sd, now, st, out);
    rtp_sending_drain(sd, now, out);
    /* The peer can not synchronise streams before it has our clocks. */
    if (first && !error)
        rtp_reports_hasten(sd->reports, now + FIRST_REPORT_US);
    return error;
}

struct forward_start rtp_sending_begin_forward(struct rtp_sending *sd, rtc_time_t now, struct rtp_send_stream *st)
{
    rtp_sending_drop(sd, st);
    st->owes_keyframe = false;
    return rtp_send_stream_forward_start(st, now);
}

int rtp_sending_forward(struct rtp_sending *sd, rtc_time_t now, struct rtp_send_stream *st, const struct forward_packet *p,
                        const struct forward_leaving *l, struct out *out)
{
    if (!rtp_outlet_is_open(sd->outlet) || !rtp_member_sends(st))
        return RTC_ERR_INVALID_STATE;
    bool first = !rtp_send_stream_active_since(st, 0);
    if (l->payload.width > 0)
        st->pixels = (uint32_t)l->payload.width * l->payload.height;
    int error = rtp_send_stream_forward(st, now, p, l, out->pool, &sd->pacer);
    st->owes_keyframe = st->owes_keyframe && (error || !l->begins_keyframe);
    rtp_sending_drain(sd, now, out);
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

/* ---- Data ---- */

/* Without feedback nobody knows what the path takes in all, and without media nobody is disturbed: the association has its own control. */
static bool shares_with_data(const struct rtp_sending *sd, rtc_time_t now)
{
    return sd->budget.has_feedback && sd->budget.numbered != RTC_TIME_NEVER && now - sd->budget.numbered < MEDIA_RECENT_US;
}

bool rtp_sending_takes_data(struct rtp_sending *sd, rtc_time_t now, uint32_t bytes)
{
    uint32_t whole = bytes + sd->budget.packet_overhead;
    if (!shares_with_data(sd, now)) {
        sd->data.waits = false;
        return true;
    }
    if (!rtp_data_share_take(&sd->data, now, whole))
        return false;
    const struct rtp_leaving leaving = {.bytes = whole};
    rtp_budget_left(&sd->budget, now, &leaving);
    return true;
}

uint32_t rtp_sending_data_room(const struct rtp_sending *sd, rtc_time_t now)
{
    return shares_with_data(sd, now) ? rtp_data_share_room(&sd->data) : UINT32_MAX;
}

/* ---- Feedback ---- */

static bool has_feedback(const struct rtp_section *section)
{
    if (section->send && section->send_codec.ccfb)
        return true;
    return section->send && section->send_codec.transport_cc && section->extension_ids[RTP_EXTENSION_TRANSPORT_SEQUENCE] != 0 &&
           !section->extension_comes_only[RTP_EXTENSION_TRANSPORT_SEQUENCE];
}

int rtp_sending_prepare(struct rtp_sending *sd, rtc_time_t now, const struct rtp_section *section)
{
    if (has_feedback(section) && section->send_codec.ccfb && sd->budget.controller && !sd->sequences) {
        int error = sent_sequences_new(sd->budget.context, &sd->sequences);
        if (error)
            return error;
    }
    return has_feedback(section) ? rtp_budget_prepare_feedback(&sd->budget, now) : RTC_OK;
}

void rtp_sending_follow_sections(struct rtp_sending *sd, rtc_time_t now)
{
    bool any = false, of_marks = false;
    for (size_t i = 0; i < sd->members->count; i++) {
        const struct rtp_section *section = &sd->members->all[i]->config;
        any = any || has_feedback(section);
        of_marks = of_marks || (section->send && section->send_codec.ccfb);
    }
    rtp_budget_set_feedback(&sd->budget, now, any, of_marks);
    if (!any)
        rtp_pacer_end_probe(&sd->pacer);
    if (!any)
        rtp_pacer_set_window(&sd->pacer, 0, 0);
}

static void note_told(const struct rtp_sending *sd, const struct congestion_feedback *f)
{
    for (size_t i = 0; sd->sequences && i < f->count; i++) {
        struct rtp_send_stream *st = rtp_members_stream_of(sd->members, f->results[i].source);
        if (st)
            rtp_send_stream_told(st, &f->results[i]);
    }
}

void rtp_sending_feedback(struct rtp_sending *sd, rtc_time_t now, const struct sent_history_told *told, size_t count)
{
    while (count > 0) {
        struct congestion_feedback f;
        size_t taken = rtp_budget_feedback(&sd->budget, now, told, count, &f);
        note_told(sd, &f);
        told += taken;
        count -= taken;
        if (taken == 0 && f.count == 0)
            return;
    }
}

/* Numbers of the history are no further apart than half of what 16 bits count. */
static int in_order(const void *a, const void *b)
{
    return (int16_t)(((const struct sent_history_told *)a)->number - ((const struct sent_history_told *)b)->number);
}

size_t rtp_sending_number(const struct rtp_sending *sd, const uint32_t *ssrcs, struct sent_history_told *told, size_t count)
{
    size_t known = 0;
    uint64_t number, next = sd->budget.history ? sent_history_next(sd->budget.history) : 0;
    for (size_t i = 0; i < count; i++) {
        if (!sd->sequences || !sent_sequences_find(sd->sequences, ssrcs[i], told[i].number, &number) || next - number > SENT_HISTORY_MAX)
            continue;
        told[known] = told[i];
        told[known++].number = (uint16_t)number;
    }
    qsort(told, known, sizeof told[0], in_order);
    return known;
}

rtc_time_t rtp_sending_deadline(const struct rtp_sending *sd, enum timer_reason *why)
{
    rtc_time_t at = RTC_TIME_NEVER;
    deadline_min(&at, why, rtp_pacer_deadline(&sd->pacer), TIMER_RTP_PACE);
    deadline_min(&at, why, rtp_data_share_deadline(&sd->data), TIMER_RTP_PACE);
    deadline_min(&at, why, congestion_deadline(rtp_budget_congestion(&sd->budget)), TIMER_RTP_RATE);
    return at;
}
