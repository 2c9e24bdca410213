/* SPDX-License-Identifier: MIT */
/* Carries out what was planned of a description (negotiation_planning.h): what the plan is made from is read, what its effects need is got
 * ready, the next state takes its place, and the effects follow. Only getting ready may fail. What begins with the agreed transport
 * (checks, a handshake) does so when that runs next, and without memory ends the connection then, as at any other time (transport_due.h).
 */
#include "negotiation.h"

#include "codec_mismatch.h"
#include "data_channel.h"
#include "negotiation_apply.h"
#include "negotiation_needed.h"
#include "negotiation_planning.h"
#include "negotiation_transport.h"
#include "peer_transport.h"
#include "remote_streams.h"
#include "sender_parameters.h"
#include "sending.h"
#include "transceiver_life.h"
#include "transport.h"
#include "transport_objects.h"

/* ---- What there is ---- */

static struct transceiver_facts facts_of(const rtc_rtp_transceiver *t)
{
    struct transceiver_facts facts = {
        .number = t->number,
        .kind = t->kind,
        .stopped = t->state >= TRANSCEIVER_STOPPED,
        .stopping = t->state != TRANSCEIVER_LIVE,
        .owner = t->owner,
        .encoding_count = t->sender.encoding_count,
        .widened = t->sender.widened,
        .dscp = sender_dscp(t),
        .playout = transceiver_playout(t),
        .offered_mid = t->offered_mid[0] ? t->offered_mid : NULL,
    };
    for (size_t i = 0; i < t->sender.encoding_count; i++) {
        facts.encodings[i] = t->sender.encodings[i].rtp;
        facts.encodings[i].max_bitrate_bps = sender_wished_cap(t, &t->sender.encodings[i]);
        facts.own_caps[i] = sender_own_cap(&t->sender.encodings[i]);
        facts.codecs[i] = t->sender.encodings[i].settings.has_codec ? &t->sender.encodings[i].settings.codec : NULL;
    }
    return facts;
}

static struct ice_facts ice_facts_of(const struct transport *t)
{
    return (struct ice_facts){
        .pending = transport_ice_is_pending(t),
        .negotiated = *ice_agent_credentials(transport_ice_negotiated(t)),
        .latest = *ice_agent_credentials(transport_ice_latest(t)),
    };
}

/* Lists of facts. */
struct facts_lists {
    struct transceiver_facts *transceivers;
    struct ice_facts *ice;
};

static void forget_facts(rtc_peer_connection *pc, struct facts_lists *lists)
{
    memory_free(pc->context, lists->transceivers);
    memory_free(pc->context, lists->ice);
}

/* The lists are the caller's to free, whatever is returned. */
static int read_facts(rtc_peer_connection *pc, struct negotiation_facts *facts, struct facts_lists *lists)
{
    size_t count = 0;
    lists->transceivers = memory_zeroed(pc->context, (pc->held.count + 1) * sizeof *lists->transceivers);
    lists->ice = memory_zeroed(pc->context, (pc->transports.count + 1) * sizeof *lists->ice);
    if (!lists->transceivers || !lists->ice)
        return RTC_ERR_NO_MEMORY;
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next)
        lists->transceivers[count++] = facts_of(link_owner(l, rtc_rtp_transceiver, link));
    for (size_t i = 0; i < pc->transports.count; i++)
        lists->ice[i] = ice_facts_of(pc->transports.items[i]);
    *facts = (struct negotiation_facts){
        .signaling = pc->negotiation.signaling,
        .stable = &pc->negotiation.stable,
        .pending = &pc->negotiation.pending,
        .transceivers = lists->transceivers,
        .transceiver_count = count,
        .next_number = pc->negotiation.transceivers_made + 1,
        .ice = lists->ice,
        .transport_count = pc->transports.count,
        .rules = peer_carrier_rules(pc),
    };
    return RTC_OK;
}

/* ---- Getting ready ---- */

static int ready_media(rtc_peer_connection *pc, const struct negotiation_plan *plan, const struct effect *e)
{
    rtc_rtp_transceiver *t = transceiver_by_number(pc, e->transceiver);
    const struct agreed_media *media = negotiation_state_of(&plan->next, e->transceiver);
    struct transport *transport = plan->transports[media->transport].ready;
    int error = transport_need_rtp(transport, pc->now);
    if (!error)
        error = rtp_session_reserve_section(transport_media(transport), e->rtp);
    return error || !t ? error : sending_prepare(t, media->direction);
}

static int ready_effect(rtc_peer_connection *pc, const struct negotiation_plan *plan, struct effect *e)
{
    rtc_rtp_transceiver *made = NULL;
    int error = RTC_OK;
    switch (e->type) {
    case EFFECT_CREATE:
        error = transceiver_make(pc, e->kind, RTC_DIRECTION_RECVONLY, &made);
        e->ready = made;
        return error;
    case EFFECT_TRACK_ADDED:
        e->ready = memory_zeroed(pc->context, sizeof(struct track_streams));
        return e->ready ? RTC_OK : RTC_ERR_NO_MEMORY;
    case EFFECT_STREAMS:
        return remote_streams_prepare(pc, &plan->next, plan->transceiver_count);
    case EFFECT_MEDIA:
        return ready_media(pc, plan, e);
    default:
        return negotiation_ready_transport(pc, plan, e);
    }
}

static void forget_reserved(struct transport *t)
{
    if (transport_media(t))
        rtp_session_forget_reserved(transport_media(t));
    out_forget_reserved(transport_media_out(t));
    out_forget_reserved(transport_channels_out(t));
}

/* What was not taken. */
static void give_back(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    for (size_t i = 0; i < plan->effect_count; i++) {
        struct effect *e = &plan->effects[i];
        rtc_rtp_transceiver *t = e->type == EFFECT_MEDIA ? transceiver_by_number(pc, e->transceiver) : NULL;
        if (t)
            sending_forget_prepared(t);
        negotiation_give_back_transport(e);
        if (e->ready && e->type == EFFECT_CREATE)
            transceiver_discard(e->ready);
        else
            memory_free(pc->context, e->ready);
    }
    for (size_t i = 0; i < pc->transports.count; i++)
        forget_reserved(pc->transports.items[i]);
    for (size_t i = 0; i < plan->transport_count; i++)
        if (plan->transports[i].before == TRANSPORT_NONE)
            dtls_transport_drop(plan->transports[i].ready);
    negotiation_plan_free(plan);
}

static bool is_told(const struct effect *e)
{
    return e->type == EFFECT_SIGNALING || e->type == EFFECT_TRACK_ADDED || e->type == EFFECT_TRACK_REMOVED || e->type == EFFECT_STOP ||
           e->type == EFFECT_REMOVE || e->type == EFFECT_MEDIA; /* another layer is shown, which may be muted */
}

/* Whatever changes who sends may change the rate of each of them. */
static size_t changes_rates(const struct effect *e)
{
    return e->type == EFFECT_MEDIA || e->type == EFFECT_STOP || e->type == EFFECT_REMOVE || e->type == EFFECT_BANDWIDTH;
}

/* What the senders that are changed have encoded leaves as things stand: packets want memory. */
static void flush_senders(rtc_peer_connection *pc, const struct negotiation_plan *plan)
{
    for (size_t i = 0; i < plan->effect_count; i++) {
        const struct effect *e = &plan->effects[i];
        bool ends = e->type == EFFECT_MEDIA || e->type == EFFECT_STOP || e->type == EFFECT_REMOVE;
        rtc_rtp_transceiver *t = ends ? transceiver_by_number(pc, e->transceiver) : NULL;
        if (t)
            sending_flush(t);
    }
}

/* The session says goodbye for the streams of a section that ends, or gets another transport. */
static bool says_goodbye(const struct effect *e)
{
    return e->type == EFFECT_STOP || e->type == EFFECT_REMOVE || e->type == EFFECT_MEDIA;
}

/* The pool has so many packets afterwards. */
static int reserve_packets(struct packet_pool *pool, size_t count)
{
    struct packet_queue reserved = {0};
    struct packet *p = NULL;
    while (reserved.count < count && (p = packet_new(pool)) != NULL)
        packet_queue_push(&reserved, p);
    int error = reserved.count < count ? RTC_ERR_NO_MEMORY : RTC_OK;
    packet_queue_clear(&reserved);
    return error;
}

static int reserve_on(struct transport *t, size_t events, size_t ssrcs)
{
    int error = out_reserve(transport_media_out(t), events);
    return error || !transport_media(t) ? error : rtp_session_reserve_sources(transport_media(t), ssrcs);
}

/* Room for what is appended by then, below and above; on each transport for as much as may come to it. */
static int reserve(rtc_peer_connection *pc, const struct negotiation_plan *plan)
{
    uint32_t told = 1; /* negotiationneeded */
    size_t changes = 0, ssrcs = 0, goodbyes = 0;
    for (size_t i = 0; i < plan->effect_count; i++) {
        told += is_told(&plan->effects[i]);
        told += plan->effects[i].type == EFFECT_STREAMS ? (uint32_t)remote_streams_changes(pc, &plan->next) : 0;
        told += plan->effects[i].type == EFFECT_CHANNEL_IDS ? 3 * (uint32_t)data_channel_count_unnumbered(pc) : 0;
        changes += changes_rates(&plan->effects[i]);
        goodbyes += says_goodbye(&plan->effects[i]);
        ssrcs += plan->effects[i].type == EFFECT_MEDIA ? 3 * plan->effects[i].rtp->remote_ssrc_count : 0; /* with what repairs it */
    }
    size_t events = changes * (plan->transceiver_count + 1) * RTP_ENCODINGS_MAX;
    bool media = false;
    int error = RTC_OK;
    for (size_t i = 0; i < pc->transports.count && !error; i++) {
        error = reserve_on(pc->transports.items[i], events, ssrcs);
        media = media || transport_media(pc->transports.items[i]);
    }
    for (size_t i = 0; i < plan->transport_count && !error; i++)
        error = reserve_on(plan->transports[i].ready, events, ssrcs);
    if (!error && media)
        error = reserve_packets(pc->settings.pool, goodbyes);
    return error ? error : event_queue_reserve(&pc->events, told);
}

static int ready_transport(rtc_peer_connection *pc, const struct negotiation_plan *plan, struct planned_transport *p)
{
    const struct ice_agent *first = transport_ice_latest(peer_first_transport(pc));
    bool apart = pc->settings.member || p->alone; /* on a shared port they tell who is who (restart.h) */
    const struct ice_credentials *own = apart ? NULL : ice_agent_credentials(first);
    bool controlling = p->alone ? ice_agent_controlling(first) : plan->side == SIGNALING_LOCAL;
    if (p->before == TRANSPORT_NONE)
        return dtls_transport_make(pc->context, &pc->settings, p->credentials.ufrag[0] ? &p->credentials : own, controlling, &p->ready);
    p->ready = pc->transports.items[p->before];
    return RTC_OK;
}

static int get_ready(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    int error = peer_need_transport(pc, plan->side == SIGNALING_LOCAL);
    if (!error)
        error = transport_objects_ready_shown_sctp(pc);
    if (!error)
        error = peer_transports_reserve(pc->context, &pc->transports, plan->transport_count);
    for (size_t i = 0; i < plan->transport_count && !error; i++)
        error = ready_transport(pc, plan, &plan->transports[i]);
    for (size_t i = 0; i < plan->effect_count && !error; i++)
        error = ready_effect(pc, plan, &plan->effects[i]);
    if (error)
        return error;
    flush_senders(pc, plan);
    return reserve(pc, plan);
}

/* ---- Setting ---- */

/* Takes the plan. */
static int carry_out(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    int error = get_ready(pc, plan);
    uint32_t last = pc->negotiation.transceivers_made;
    int asked = pc->negotiation.asked;
    if (!error) {
        negotiation_apply(pc, plan);
        transceiver_record_added(pc, last);
        negotiation_record_needed(pc, asked);
    }
    for (size_t i = 0; i < plan->effect_count && !error; i++)
        if (plan->effects[i].type == EFFECT_MISMATCHES)
            codec_mismatch_log(pc);
    give_back(pc, plan);
    return error;
}

int negotiation_set(rtc_peer_connection *pc, enum signaling_side side, struct description *d)
{
    struct negotiation_facts facts;
    struct negotiation_plan *plan;
    struct facts_lists lists;
    struct sdp_error why = {0};
    int error = read_facts(pc, &facts, &lists);
    if (!error)
        error = negotiation_plan_set(pc->context, &facts, side, d, &plan, &why);
    forget_facts(pc, &lists);
    if (error)
        return why.code ? peer_fail_at(pc, error, d->text, &why) : error;
    return carry_out(pc, plan);
}

int negotiation_undo(rtc_peer_connection *pc)
{
    struct negotiation_facts facts;
    struct negotiation_plan *plan;
    struct facts_lists lists;
    int error = read_facts(pc, &facts, &lists);
    if (!error)
        error = negotiation_plan_undo(pc->context, &facts, &plan);
    forget_facts(pc, &lists);
    return error ? error : carry_out(pc, plan);
}
