/* SPDX-License-Identifier: MIT */
/* What of the path's rate each stream and data are given: sound first, then pictures and data by their weights. See rtp_sending.h. */
#include "rtp_sending_parts.h"

#include "rtp_allocation.h"
#include "rtp_send_redundancy.h"
#include "rtp_sound_rate.h"

/* How often what repairs take is measured anew, and encoders are told of what makes no difference; how long a call begins. */
enum { REPAIR_EVERY_US = 500000, TELL_EVERY_US = 500000, BEGINNING_US = 1000000 };
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
    return rtp_pacer_backlog(&sd->pacer) > RTP_SENDING_BACKLOG_US ? (waits < UINT32_MAX ? (uint32_t)waits : UINT32_MAX) : 0;
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

/* What all streams may send at most, with their headers. Not before any does: sections are configured one after another, and the rate to
 * begin with is not that of the first of them alone. */
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
        rtp_sending_give_up_late(sd, now, w->streams[i], out);
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
