/* SPDX-License-Identifier: MIT */
/* The sending half of a session: see rtp_sending.h. */
#include "rtp_sending.h"

#include "context.h"
#include "rtp_allocation.h"
#include "rtp_send_redundancy.h"
#include "rtp_sound_rate.h"

#include <stdlib.h>

/* The peer needs the first report to bring sound and picture together (RFC 3550 6.4.1): it does not wait for the usual interval. How often
 * a keyframe is asked for that does not come, and how often what repairs take is measured anew. */
enum { FIRST_REPORT_US = 200000, ASK_EVERY_US = 500000, REPAIR_EVERY_US = 500000, TELL_EVERY_US = 500000 };

/* For so long after the last packet of media data have to share with them. */
enum { MEDIA_RECENT_US = 2000000, BEGINNING_US = 1000000, BACKLOG_US = 100000, TOO_LATE_US = 300000, KEYFRAME_KEPT_US = 1000000 };
/* What is around the payloads of a stream of small pictures: headers of IP, UDP, RTP and SRTP, about seventy bytes, sixty times a second.
 */
enum { SMALL_HEADERS_BPS = 34000 };
/* What data take that never wait differs all the time, and a limit is not told anew for that. */
enum { DATA_STEP_BPS = 64000 };
/* Sound: what is around a packet before any left, and a tag of AES-GCM; what good speech takes, and what any does at least. */
enum { SOUND_HEADER_BYTES = 24, SRTP_TAG_BYTES = 16, SOUND_GOOD_BPS = 24000, SOUND_LEAST_BPS = 6000, SHORTER_AFTER_US = 3000000 };
/* The least that a controller is told: of sound alone, and with pictures. */
enum { LEAST_SOUND_BPS = 12000, LEAST_BPS = 24000 };
enum { VIDEO_LEAST_BPS = 30000 /* less than this no picture can be made with */ };

/* Every stream that there may be. */
enum { SHARES_MAX = 128 * RTP_ENCODINGS_MAX };

/* Sound that shares a path. */
struct sound {
    uint32_t streams;
    bool pictures; /* are sent beside it */
};

/* Who wants a part of the rate for video, what each wants and gets. */
struct wishes {
    size_t count;
    struct rtp_send_stream *streams[SHARES_MAX];
    struct rtp_demand demands[SHARES_MAX];
    uint32_t given[SHARES_MAX];
};

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
    if (st->kind == RTC_MEDIA_VIDEO && rtc_encoded_frame_keyframe(frame) && rtp_pacer_backlog(&sd->pacer) > BACKLOG_US)
        rtp_sending_drop(sd, st);
}

/* Pictures that were made for a rate that is gone: what waits would take longer to leave than a keyframe of the rate that there is. It is
 * given up; but not what there is of a keyframe, or there would be nothing else any more, nor of several layers, which would all begin
 * anew.
 */
static void give_up_late(struct rtp_sending *sd, rtc_time_t now, struct rtp_send_stream *st, struct out *out)
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
    give_up_late(sd, now, st, out);
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

/* ---- Rate ---- */

/* Its encoder protects sound against another one. */
static bool has_other_loss(const struct rtp_send_stream *st)
{
    return st->kind == RTC_MEDIA_AUDIO && st->heard.told_loss != st->heard.loss_percent;
}

static void tell_target(struct rtp_send_stream *st, uint32_t target_bps, struct out *out)
{
    if (st->target_bps == target_bps && !has_other_loss(st))
        return;
    struct rtp_event *e = rtp_member_event(out, RTP_EVENT_TARGET_BITRATE, st);
    if (!e)
        return;
    st->target_bps = target_bps;
    st->heard.told_loss = st->heard.loss_percent;
    e->target_bps = target_bps;
    e->loss_percent = st->heard.loss_percent;
    e->packet_ms = st->format.packets.ms;
}

/* A controller that reads feedback has another word with every message: an encoder is told when it makes a difference, and
 * else twice a second. */
static void follow_target(const struct rtp_sending *sd, rtc_time_t now, struct rtp_send_stream *st, uint32_t target_bps, struct out *out)
{
    uint32_t before = st->target_bps, change = target_bps > before ? target_bps - before : before - target_bps;
    if (sd->budget.has_feedback && change <= before / 32 && target_bps != 0 && now < st->next_target)
        return;
    st->next_target = now + TELL_EVERY_US;
    tell_target(st, target_bps, out);
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

/* What is around the sound of a packet, as it was so far. */
static uint32_t around_sound(const struct rtp_sending *sd, const struct rtp_send_stream *st)
{
    uint64_t packets = st->stats.packets_sent, header = packets > 0 ? st->stats.header_bytes_sent / packets : SOUND_HEADER_BYTES;
    return (uint32_t)header + SRTP_TAG_BYTES + sd->budget.packet_overhead;
}

/* What sound may take of what the path takes: pictures get their least where that is not what good speech needs. */
static uint32_t sound_share(const struct rtp_sending *sd, const struct rtp_send_stream *st, const struct sound *all)
{
    if (!sd->budget.has_feedback)
        return UINT32_MAX;
    uint32_t target = rtp_sending_target(sd), needs = rtp_sound_on_wire(SOUND_GOOD_BPS, st->format.packets.ms, around_sound(sd, st));
    uint32_t left = all->pictures ? (target > VIDEO_LEAST_BPS ? target - VIDEO_LEAST_BPS : 0) : target;
    uint32_t share = left / all->streams, most = target / all->streams;
    return share >= needs ? share : most < needs ? most : needs;
}

/* Down at once, back up to about what it was at once, and from there on slowly: while nothing but sound is sent, a controller knows that
 * there is more only when it has become too much. What it takes at least is no climb. */
static uint32_t rising(rtc_time_t now, struct rtp_send_stream *st, uint32_t target_bps)
{
    uint32_t told = st->target_bps, before = st->format.packets.before_bps, known = before - before / 8;
    if (told == 0 || target_bps <= told) {
        st->format.packets.before_bps = target_bps < told - told / 8 ? told : before;
        return target_bps;
    }
    uint32_t from = told > SOUND_LEAST_BPS ? told : SOUND_LEAST_BPS;
    uint32_t step = now >= st->next_target ? from + from / 24 : told, most = step > known ? step : known;
    return target_bps < most ? target_bps : most;
}

/* A packet may be longer at once, and shorter when that has lasted for a while. */
static void tell_sound(struct rtp_sending *sd, rtc_time_t now, struct rtp_send_stream *st, const struct rtp_sound_rate *rate,
                       struct out *out)
{
    struct rtp_stream_packets *p = &st->format.packets;
    bool other = rate->packet_ms > p->ms || (rate->packet_ms < p->ms && now - p->since >= SHORTER_AFTER_US);
    if (st->format.redundancy)
        rtp_send_redundancy_allow(st->format.redundancy, rate->copies - 1);
    if (rate->packet_ms == p->ms || other)
        p->since = now;
    if (other)
        p->ms = (uint8_t)rate->packet_ms;
    uint32_t target = sd->budget.has_feedback ? rising(now, st, rate->target_bps) : rate->target_bps;
    if (target != RTP_SOUND_BPS || st->target_bps != 0 || has_other_loss(st) || other) {
        st->next_target = other || has_other_loss(st) ? 0 : st->next_target;
        st->target_bps = other ? 0 : st->target_bps;
        follow_target(sd, now, st, target, out);
    }
}

static bool is_sound(const struct rtp_send_stream *st)
{
    return st->kind == RTC_MEDIA_AUDIO && st->named && st->member->config.send;
}

/* Who is to share. */
static struct sound count_sound(const struct rtp_sending *sd)
{
    struct sound all = {0};
    for (const struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(sd->members, st)) != NULL;) {
        all.streams += is_sound(st);
        all.pictures = all.pictures || (st->kind == RTC_MEDIA_VIDEO && rtp_member_sends(st));
    }
    return all;
}

/* Sound comes first: it gets what it needs as far as the path takes it, unless it is limited itself. What its payloads take in all. */
static uint64_t update_sound(struct rtp_sending *sd, rtc_time_t now, struct out *out)
{
    uint64_t sum = 0;
    const struct sound all = count_sound(sd);
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(sd->members, st)) != NULL;) {
        uint32_t cap = cap_of(st), most = cap != 0 && cap < RTP_SOUND_BPS ? cap : RTP_SOUND_BPS;
        if (!is_sound(st))
            continue;
        sum += most;
        if (st->format.packets.ms == 0)
            st->format.packets.ms = RTP_SOUND_PACKET_MS;
        struct rtp_sound_wish wish = {.share_bps = sound_share(sd, st, &all),
                                      .around_bytes = around_sound(sd, st),
                                      .most_bps = most,
                                      .copies = st->format.redundancy ? st->format.redundancy->depth + 1 : 1,
                                      .packet_ms = st->format.packets.ms};
        rtp_sound_lengths(st->encoding.ptime, st->encoding.maxptime, st->encoding.adaptive_ptime, &wish);
        const struct rtp_sound_rate rate = rtp_sound_choose(&wish);
        tell_sound(sd, now, st, &rate, out);
    }
    return sum;
}

/* What the peer takes in all, less the sound. */
static uint32_t within_peers_limit(const struct rtp_sending *sd, uint32_t target, uint64_t sound)
{
    uint64_t left = sd->peer_max_bps > sound ? sd->peer_max_bps - sound : 1;
    return sd->peer_max_bps == 0 || target < left ? target : (uint32_t)left;
}

/* What waits for longer than is good leaves within a second, in place of what would be made meanwhile. */
static uint32_t late_bps(const struct rtp_sending *sd)
{
    uint64_t waits = sd->pacer.queued_bytes * 8;
    return rtp_pacer_backlog(&sd->pacer) > BACKLOG_US ? (waits < UINT32_MAX ? (uint32_t)waits : UINT32_MAX) : 0;
}

/* What is around the payloads of video: as much as lately, and no larger a part of what there is for it than it was of that, which may have
 * been far more; about a sixteenth before any was. */
static uint32_t headers_of(struct rtp_sending *sd, rtc_time_t now, uint32_t bps)
{
    uint64_t around = rtp_meter_bps(&sd->budget.around, now), pictures = rtp_meter_bps(&sd->budget.pictures, now);
    if (pictures > bps)
        around = around * bps / pictures;
    around = around > bps / 16 ? around : bps / 16;
    return around < bps / 2 ? (uint32_t)around : bps / 2;
}

/* Of what the path takes in all, the part that payloads of video may take: sound comes first, and packets have headers, of which about a
 * sixteenth is a guess before any left. */
static uint32_t for_video(struct rtp_sending *sd, rtc_time_t now, uint32_t target)
{
    uint32_t sound = rtp_meter_bps(&sd->budget.sound, now), cap = sd->budget.rule->cap_bps, remb = sd->budget.rule->remb_bps;
    uint32_t left = target > sound ? target - sound : 0;
    left -= headers_of(sd, now, left);
    uint32_t late = late_bps(sd);
    left -= late < left / 2 ? late : left / 2;
    left = left > VIDEO_LEAST_BPS ? left : VIDEO_LEAST_BPS;
    remb = remb > 0 && remb < VIDEO_LEAST_BPS ? VIDEO_LEAST_BPS : remb; /* no word of the peer's makes pictures impossible */
    cap = remb > 0 && remb < cap ? remb : cap;
    return left < cap ? left : cap;
}

/* What all streams may send at most, with their headers. Not before any does: sections are configured one after another, and the rate to begin
 * with is not that of the first of them alone. */
static void note_most(struct rtp_sending *sd, rtc_time_t now, const struct wishes *w)
{
    uint64_t sum = 0, cap = sd->budget.rule->cap_bps, headers = 0;
    if (sd->budget.first == RTC_TIME_NEVER)
        return;
    for (size_t i = w->count > 0 && !w->streams[0]; i < w->count; i++) {
        sum += w->demands[i].most_bps ? w->demands[i].most_bps : cap;
        headers += SMALL_HEADERS_BPS;
    }
    sum = sum < cap ? sum : cap;
    for (const struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(sd->members, st)) != NULL;)
        sum += st->kind == RTC_MEDIA_AUDIO && rtp_member_sends(st) ? 2 * RTP_SOUND_BPS : 0;
    sum += sum / 8 > headers ? sum / 8 : headers;
    uint32_t data = rtp_data_share_wants(&sd->data, now);
    sum = data < UINT32_MAX ? sum + data / DATA_STEP_BPS * DATA_STEP_BPS : 0; /* as much as there is */
    rtp_budget_set_limits(&sd->budget, now, count_sound(sd).pictures ? LEAST_BPS : LEAST_SOUND_BPS,
                          sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX);
}

/* The first keyframe is many times as large as what follows, and somebody waits for it: in the first second it leaves as fast as without
 * feedback. The rate that a call begins with is low. */
static uint32_t pacing(const struct rtp_sending *sd, rtc_time_t now, const struct congestion_target *target)
{
    uint64_t hurry = (uint64_t)target->target_bps * 5 / 2;
    bool begins = sd->budget.first == RTC_TIME_NEVER || now - sd->budget.first < BEGINNING_US;
    return begins && hurry > target->pacing_bps && hurry < UINT32_MAX ? (uint32_t)hurry : target->pacing_bps;
}

static void pace(struct rtp_sending *sd, rtc_time_t now, struct congestion_target target, uint32_t within)
{
    if (!sd->budget.has_feedback) {
        rtp_pacer_set_target(&sd->pacer, within);
        return;
    }
    rtp_pacer_set_rates(&sd->pacer, within, pacing(sd, now, &target), RTP_PACER_QUEUE_TIME_MAX_US);
    rtp_pacer_set_window(&sd->pacer, target.window, rtp_budget_in_flight(&sd->budget));
}

/* Of one that has not sent a picture yet: as large as those of another layer of its section are, beside them. 0: not known. */
static uint32_t pixels_of(const struct rtp_sending *sd, const struct rtp_send_stream *st)
{
    const struct rtp_send_stream *other = NULL;
    if (st->pixels > 0 || st->encoding.scale <= 0)
        return st->pixels;
    while ((other = rtp_members_next_stream(sd->members, other)) != NULL)
        if (other->member == st->member && other->pixels > 0 && other->encoding.scale > 0) {
            double ratio = other->encoding.scale / st->encoding.scale, pixels = other->pixels * ratio * ratio;
            return pixels < 1 ? 1 : pixels < UINT32_MAX ? (uint32_t)pixels : UINT32_MAX;
        }
    return 0;
}

/* The layers of a section stand beside each other, the smaller pictures first. */
static void wish(const struct rtp_sending *sd, struct wishes *w, struct rtp_send_stream *st)
{
    uint32_t pixels = pixels_of(sd, st), enough = rtp_enough_for(pixels);
    size_t at = w->count++;
    for (; at > 0 && w->demands[at - 1].track == st->member->handle && w->demands[at - 1].enough_bps > enough; at--) {
        w->streams[at] = w->streams[at - 1];
        w->demands[at] = w->demands[at - 1];
    }
    w->streams[at] = st;
    w->demands[at] = (struct rtp_demand){.track = st->member->handle,
                                         .weight = st->encoding.weight,
                                         .least_bps = rtp_least_for(pixels),
                                         .enough_bps = enough,
                                         .most_bps = cap_of(st),
                                         .off = st->layer.off};
}

/* Data come first in the list, so that they are there whatever else is. */
static void collect_wishes(struct rtp_sending *sd, rtc_time_t now, struct wishes *w, struct out *out)
{
    uint32_t data = sd->budget.has_feedback ? rtp_data_share_wants(&sd->data, now) : 0;
    w->count = 0;
    if (data > 0) {
        w->streams[0] = NULL;
        w->demands[w->count++] = (struct rtp_demand){.weight = sd->data.weight, .most_bps = data};
    }
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(sd->members, st)) != NULL && w->count < SHARES_MAX;) {
        if (st->kind == RTC_MEDIA_VIDEO && rtp_send_stream_is_stopped(st))
            tell_target(st, 0, out);
        if (st->kind == RTC_MEDIA_VIDEO && rtp_member_sends(st))
            wish(sd, w, st);
    }
}

/* What media leave of the path, as the last second was. */
static void give_data(struct rtp_sending *sd, rtc_time_t now, uint32_t target_bps, const struct wishes *w)
{
    uint64_t media = (uint64_t)rtp_meter_bps(&sd->budget.sound, now) + rtp_meter_bps(&sd->budget.pictures, now);
    uint32_t given = w->count > 0 && !w->streams[0] ? w->given[0] : 0;
    rtp_data_share_set(&sd->data, now, given, media < target_bps ? target_bps - (uint32_t)media : 0, target_bps);
}

/* Of one that stands alone 0 would say that it is stopped. */
static void give(struct rtp_sending *sd, rtc_time_t now, const struct wishes *w, struct out *out)
{
    for (size_t i = w->count > 0 && !w->streams[0]; i < w->count; i++) {
        bool first = i == 0 || w->demands[i - 1].track != w->demands[i].track;
        uint32_t given = w->given[i] > 0 || !first ? w->given[i] : 1;
        follow_target(sd, now, w->streams[i], given, out);
        give_up_late(sd, now, w->streams[i], out);
    }
}

/* What an allocation that asks for what is to be sent leaves for one. */
static enum rtp_layer_rate rate_of(const struct rtp_demand *d, uint32_t given)
{
    uint32_t needed = d->most_bps > 0 && d->most_bps < d->least_bps ? d->most_bps : d->least_bps;
    return given == 0 ? RTP_LAYER_NOTHING : d->off || given >= needed ? RTP_LAYER_ENOUGH : RTP_LAYER_SHORT;
}

/* Which layers are sent: whoever is to stay off although there would be something for him says so, and the rest is shared out anew. */
static void switch_layers(struct wishes *w, rtc_time_t now, uint32_t target_bps)
{
    bool again = false, below = true, first = true;
    for (size_t i = w->count > 0 && !w->streams[0]; i < w->count; i++) {
        bool other = i == 0 || w->demands[i - 1].track != w->demands[i].track;
        first = other || (first && !rtp_demand_is_wanted(&w->demands[i - 1]));
        enum rtp_layer_rate rate = first ? RTP_LAYER_ENOUGH : rate_of(&w->demands[i], w->given[i]);
        if (first)
            rtp_layer_switch_init(&w->streams[i]->layer);
        below = rtp_layer_switch_follow(&w->streams[i]->layer, now, rate, first || below);
        w->demands[i].stays_off = !below;
        again = again || (!below && w->given[i] > 0);
    }
    if (again)
        rtp_allocate(target_bps, w->demands, w->count, w->given);
}

void rtp_sending_update_rate(struct rtp_sending *sd, rtc_time_t now, struct out *out)
{
    struct wishes w;
    congestion_tick(sd->budget.by_reports, now);
    if (sd->budget.has_feedback)
        congestion_tick(sd->budget.by_feedback, now);
    struct congestion_target all = congestion_target(rtp_budget_congestion(&sd->budget));
    uint64_t sound = update_sound(sd, now, out);
    uint32_t target = within_peers_limit(sd, sd->budget.has_feedback ? for_video(sd, now, all.target_bps) : all.target_bps, sound);
    collect_wishes(sd, now, &w, out);
    note_most(sd, now, &w);
    if (w.count == 0 && !sd->budget.has_feedback)
        return;
    uint32_t media = without_repairs(sd, now, target);
    rtp_allocate(media, w.demands, w.count, w.given);
    switch_layers(&w, now, media);
    pace(sd, now, all, target);
    give_data(sd, now, all.target_bps, &w);
    give(sd, now, &w, out);
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
