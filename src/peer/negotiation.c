/* SPDX-License-Identifier: MIT */
/* Carries out what was planned of a description (negotiation_plan.h): what the plan is made from is read, what its effects need is got
 * ready, the next state takes its place, and the effects follow. Only getting ready may fail; what begins with the agreed transport (a
 * handshake, an encoder) allocates as it goes and, without memory, ends the connection as it would at any other time. */
#include "negotiation.h"

#include "codec_mismatch.h"
#include "negotiation_needed.h"
#include "negotiation_plan.h"
#include "peer_transport.h"
#include "restart.h"
#include "sending.h"
#include "transceiver_life.h"
#include "transport.h"

/* ---- What there is ---- */

static struct transceiver_facts facts_of(const rtc_rtp_transceiver *t)
{
    struct transceiver_facts facts = {
        .number = t->number,
        .kind = t->kind,
        .stopped = t->state != TRANSCEIVER_LIVE,
        .created_by_add_track = t->created_by_add_track,
        .made_by_offer = t->made_by_offer,
        .has_track = t->sender.track != NULL,
        .encoding_count = t->sender.encoding_count,
        .dscp = sender_dscp(t),
    };
    for (size_t i = 0; i < t->sender.encoding_count; i++)
        facts.encodings[i] = t->sender.encodings[i].rtp;
    return facts;
}

/* *transceivers is the caller's to free. */
static int read_facts(rtc_peer_connection *pc, struct negotiation_facts *facts, struct transceiver_facts **transceivers)
{
    const struct transport *t = pc->transport;
    size_t count = 0;
    *transceivers = memory_zeroed(pc->context, (pc->transceiver_count + 1) * sizeof **transceivers);
    if (!*transceivers)
        return RTC_ERR_NO_MEMORY;
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next)
        (*transceivers)[count++] = facts_of(link_owner(l, rtc_rtp_transceiver, link));
    *facts = (struct negotiation_facts){
        .signaling = pc->negotiation.signaling,
        .stable = &pc->negotiation.stable,
        .pending = &pc->negotiation.pending,
        .transceivers = *transceivers,
        .transceiver_count = count,
        .next_number = pc->negotiation.transceivers_made + 1,
    };
    if (!t)
        return RTC_OK;
    facts->ice.pending = transport_ice_is_pending(t);
    facts->ice.negotiated = *ice_agent_credentials(transport_ice_negotiated(t));
    facts->ice.latest = *ice_agent_credentials(transport_ice_latest(t));
    return RTC_OK;
}

/* ---- Getting ready ---- */

static int ready_generation(rtc_peer_connection *pc, struct effect *e)
{
    struct transport *t = pc->transport;
    const struct ice_credentials *credentials = e->credentials.ufrag[0] ? &e->credentials : NULL;
    struct ice_agent *made = NULL;
    int error = transport_ice_make(t, credentials, ice_agent_controlling(transport_ice_negotiated(t)), &made);
    e->ready = made;
    return error;
}

static int ready_media(rtc_peer_connection *pc, const struct effect *e)
{
    int error = transport_need_rtp(pc->transport, pc->now);
    return error ? error : rtp_session_reserve_section(transport_media(pc->transport), e->rtp);
}

static int ready_effect(rtc_peer_connection *pc, struct effect *e)
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
    case EFFECT_GENERATION:
        return ready_generation(pc, e);
    case EFFECT_MEDIA:
        return ready_media(pc, e);
    case EFFECT_DATA:
        return transport_need_channels(pc->transport);
    default:
        return RTC_OK;
    }
}

/* What was not taken. */
static void give_back(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    for (size_t i = 0; i < plan->effect_count; i++) {
        struct effect *e = &plan->effects[i];
        if (e->ready && e->type == EFFECT_CREATE)
            transceiver_discard(e->ready);
        else if (e->type == EFFECT_GENERATION)
            ice_agent_free(e->ready);
        else
            memory_free(pc->context, e->ready);
    }
    if (pc->transport && transport_media(pc->transport))
        rtp_session_forget_reserved(transport_media(pc->transport));
    negotiation_plan_free(plan);
}

static bool is_told(const struct effect *e)
{
    return e->type == EFFECT_SIGNALING || e->type == EFFECT_TRACK_ADDED || e->type == EFFECT_TRACK_REMOVED;
}

static int get_ready(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    uint32_t events = 1; /* negotiationneeded */
    int error = peer_need_transport(pc, plan->side == SIGNALING_LOCAL);
    for (size_t i = 0; i < plan->effect_count && !error; i++) {
        error = ready_effect(pc, &plan->effects[i]);
        events += is_told(&plan->effects[i]);
    }
    return error ? error : event_queue_reserve(&pc->events, events);
}

/* ---- Effects on transceivers ---- */

static void tell_track(rtc_peer_connection *pc, const struct agreed_media *media, rtc_rtp_transceiver *t, struct effect *e)
{
    struct track_streams *streams = e->ready;
    struct user_event *event = transceiver_tell(t, TRANSCEIVER_TRACK, 0);
    if (!event)
        return; /* memory ran out: the connection has given up */
    streams->count = media->stream_count;
    memcpy(streams->ids, media->stream_ids, sizeof streams->ids);
    event_queue_carry_more(&pc->events, event, streams);
    e->ready = NULL;
}

static void apply_media(rtc_peer_connection *pc, const struct agreed_media *media, rtc_rtp_transceiver *t, const struct rtp_section *rtp)
{
    struct transport *transport = pc->transport;
    if (rtp_session_set_section(transport_media(transport), pc->now, rtp, &t->rtp_section, transport_media_out(transport)))
        peer_give_up(pc); /* never: it was reserved */
    for (size_t i = 0; i < t->sender.encoding_count; i++) {
        struct sender_encoding *e = &t->sender.encodings[i];
        e->stream = rtp_session_send_stream(transport_media(transport), t->rtp_section, e->rtp.rid);
    }
    t->current_direction = media->direction;
    t->has_current_direction = true;
    t->has_sent = t->has_sent || direction_sends(t->current_direction);
    t->sender.codec = media->encodings[0].codec;
    transceiver_update_sending(t);
}

static void apply_to_transceiver(rtc_peer_connection *pc, const struct negotiation_state *state, struct effect *e)
{
    rtc_rtp_transceiver *t = transceiver_by_number(pc, e->transceiver);
    const struct agreed_media *media = negotiation_state_of(state, e->transceiver);
    if (!t)
        return;
    switch (e->type) {
    case EFFECT_LET_GO:
        memset(t->mid, 0, sizeof t->mid);
        break;
    case EFFECT_ASSOCIATE:
        text_copy(t->mid, sizeof t->mid, media->mid);
        break;
    case EFFECT_TRACK_ADDED:
        tell_track(pc, media, t, e);
        break;
    case EFFECT_TRACK_REMOVED:
        media_track_set_muted(t->receiver.track, true);
        break;
    case EFFECT_REMOVE:
        transceiver_detach(t);
        break;
    case EFFECT_STOP:
        transceiver_stop(t);
        break;
    case EFFECT_MEDIA:
        apply_media(pc, media, t, e->rtp);
        break;
    default:
        break;
    }
}

static void create(struct effect *e)
{
    rtc_rtp_transceiver *t = e->ready;
    e->ready = NULL;
    t->made_by_offer = true;
    transceiver_join(t);
}

/* ---- Effects on the transport ---- */

/* The peer was told other credentials than those that go on: an offer can not go back to them. */
static void restart_next_time(rtc_peer_connection *pc)
{
    pc->negotiation.stale_generation = ice_agent_generation(transport_ice_negotiated(pc->transport));
}

static void set_generation(rtc_peer_connection *pc, const struct negotiation_plan *plan, struct effect *e)
{
    struct negotiation *n = &pc->negotiation;
    if (plan->side == SIGNALING_REMOTE) /* the last answer has the credentials of the offer that is replaced */
        n->last_answer.counts = false;
    if (e->ready && plan->side == SIGNALING_LOCAL)
        memory_wipe(&n->fresh, sizeof n->fresh);
    if (e->ready)
        peer_log(pc, RTC_LOG_INFO, plan->side == SIGNALING_LOCAL ? "ICE: this offer restarts" : "ICE: the peer's offer restarts");
    transport_ice_set_pending(pc->transport, pc->now, e->ready);
    e->ready = NULL;
    if (e->type == EFFECT_NO_GENERATION && e->flag)
        restart_next_time(pc);
}

/* The remote candidates of the transport's section reach the agent. */
static void apply_candidates(rtc_peer_connection *pc, struct ice_agent *agent, const struct jsep_section *section)
{
    struct transport *t = pc->transport;
    for (size_t i = 0; i < section->transport.candidate_count; i++) {
        struct ice_candidate candidate;
        peer_log(pc, RTC_LOG_INFO, "remote %.*s", (int)section->transport.candidates[i].len, (const char *)section->transport.candidates[i].data);
        if (ice_candidate_parse(section->transport.candidates[i], &candidate) == RTC_OK)
            (void)transport_ice_add_candidate(t, pc->now, agent, &candidate); /* beyond the limit: dropped and counted */
        else
            log_write(pc->context, RTC_LOG_WARNING, "peer", "not a candidate: '%.*s'", (int)section->transport.candidates[i].len,
                      (const char *)section->transport.candidates[i].data);
    }
    if (section->transport.end_of_candidates || !section->transport.ice_trickle)
        transport_ice_end_candidates(t, pc->now, agent);
}

static void decline_restart(rtc_peer_connection *pc)
{
    struct transport *t = pc->transport;
    log_write(pc->context, RTC_LOG_WARNING, "peer", "ICE: the answer has the old credentials: the peer does not restart");
    transport_ice_set_pending(t, pc->now, NULL);
    restart_next_time(pc);
}

static void apply_credentials(rtc_peer_connection *pc, const struct jsep_section *remote, bool declined)
{
    struct transport *t = pc->transport;
    transport_ice_note_answer(t, declined);
    if (declined)
        decline_restart(pc);
    struct ice_agent *agent = transport_ice_agree(t, pc->now);
    if (remote->transport.ice_lite)
        ice_agent_set_remote_lite(agent);
    transport_ice_set_remote(t, pc->now, agent, remote->transport.ice_ufrag, remote->transport.ice_pwd);
    apply_candidates(pc, agent, remote);
}

static void apply_dtls(rtc_peer_connection *pc, const struct jsep_section *remote, enum setup_role role)
{
    enum dtls_role ours = role == SETUP_PASSIVE ? DTLS_SERVER : DTLS_CLIENT;
    if (peer_start_dtls(pc, ours, remote) == RTC_ERR_NO_MEMORY)
        peer_give_up(pc); /* other errors make DTLS fail, which is told */
}

/* RFC 8841 9.3: a port that changes asks for a new association. */
static void apply_data(rtc_peer_connection *pc, const struct jsep_section *remote)
{
    struct transport *t = pc->transport;
    if (transport_sctp_moves(t, remote->sctp.port))
        peer_end_channels(pc);
    if (transport_need_channels(t)) /* never fails but after that */
        peer_give_up(pc);
    else
        transport_start_sctp(t, pc->now, remote->sctp.port, remote->sctp.max_message_size);
}

static void end_data(rtc_peer_connection *pc)
{
    if (!transport_channels(pc->transport))
        return;
    peer_log(pc, RTC_LOG_INFO, "SCTP: no association is agreed on: its section is rejected, or has no a=sctp-port other than 0");
    peer_end_channels(pc);
}

static void gather(rtc_peer_connection *pc)
{
    struct transport *t = pc->transport;
    peer_surface_pool(pc);
    transport_ice_gather(t, pc->now, transport_ice_latest(t));
}

static void limit_bandwidth(rtc_peer_connection *pc, const struct session_description *remote)
{
    struct transport *t = pc->transport;
    if (transport_media(t))
        rtp_session_set_peer_bitrate(transport_media(t), pc->now, negotiation_bitrate_limit(remote->bandwidth_bps), transport_media_out(t));
}

/* ---- Carrying out ---- */

static void apply(rtc_peer_connection *pc, struct negotiation_plan *plan, const struct negotiation_state *state, struct effect *e)
{
    const struct session_description *remote = description_says(state->remote);
    switch (e->type) {
    case EFFECT_CREATE:
        create(e);
        break;
    case EFFECT_GENERATION:
    case EFFECT_NO_GENERATION:
        set_generation(pc, plan, e);
        break;
    case EFFECT_CONTROLLING:
        transport_ice_set_controlling(pc->transport, e->flag);
        break;
    case EFFECT_SIGNALING:
        if (e->flag)
            peer_tell_state(pc, PEER_SIGNALING, (int)plan->signaling);
        break;
    case EFFECT_GATHER:
        gather(pc);
        break;
    case EFFECT_MISMATCHES:
        codec_mismatch_log(pc);
        break;
    case EFFECT_CREDENTIALS:
        apply_credentials(pc, &remote->sections[e->section], e->flag);
        break;
    case EFFECT_DTLS:
        apply_dtls(pc, &remote->sections[e->section], e->role);
        break;
    case EFFECT_UNBUNDLED:
        peer_log(pc, RTC_LOG_WARNING, "section '%s' is rejected: the peer does not bundle it, and there is one transport for everything",
                 state->local->parsed->sections[e->section].mid);
        break;
    case EFFECT_DATA:
        apply_data(pc, &remote->sections[e->section]);
        break;
    case EFFECT_NO_DATA:
        end_data(pc);
        break;
    case EFFECT_BANDWIDTH:
        limit_bandwidth(pc, remote);
        break;
    default:
        apply_to_transceiver(pc, state, e);
        break;
    }
}

/* The next state takes its place before anybody is told. Returns where it is. */
static const struct negotiation_state *commit(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    struct negotiation *n = &pc->negotiation;
    bool agreed = plan->signaling == RTC_SIGNALING_STABLE;
    n->signaling = plan->signaling;
    negotiation_state_fini(pc->context, &n->pending);
    if (agreed)
        negotiation_state_fini(pc->context, &n->stable);
    struct negotiation_state *place = agreed ? &n->stable : &n->pending;
    *place = plan->next;
    plan->next = (struct negotiation_state){0};
    negotiation_forget_shown(pc->context, &pc->negotiation);
    if (agreed)
        n->last_offer.counts = n->last_answer.counts = false;
    return place;
}

/* Takes the plan. */
static int carry_out(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    struct negotiation *n = &pc->negotiation;
    rtc_signaling_state before = n->signaling;
    int error = get_ready(pc, plan);
    if (error) {
        give_back(pc, plan);
        return error;
    }
    const struct negotiation_state *state = commit(pc, plan);
    if (before != n->signaling)
        peer_log(pc, RTC_LOG_INFO, "signaling: %s", rtc_signaling_state_name(n->signaling));
    for (size_t i = 0; i < plan->effect_count; i++) {
        plan->effects[i].flag = plan->effects[i].type == EFFECT_SIGNALING ? before != n->signaling : plan->effects[i].flag;
        apply(pc, plan, state, &plan->effects[i]);
    }
    give_back(pc, plan);
    if (n->signaling != RTC_SIGNALING_STABLE)
        return RTC_OK;
    restart_settled(pc);
    n->needed = false;
    negotiation_update_needed(pc);
    return RTC_OK;
}

int negotiation_set(rtc_peer_connection *pc, enum signaling_side side, struct description *d)
{
    struct negotiation_facts facts;
    struct negotiation_plan *plan;
    struct transceiver_facts *transceivers;
    struct jsep_error why = {0};
    int error = read_facts(pc, &facts, &transceivers);
    if (!error)
        error = negotiation_plan_set(pc->context, &facts, side, d, &plan, &why);
    memory_free(pc->context, transceivers);
    if (error)
        return why.code ? peer_fail(pc, error, "%s", why.text) : error;
    return carry_out(pc, plan);
}

int negotiation_undo(rtc_peer_connection *pc)
{
    struct negotiation_facts facts;
    struct negotiation_plan *plan;
    struct transceiver_facts *transceivers;
    int error = read_facts(pc, &facts, &transceivers);
    if (!error)
        error = negotiation_plan_undo(pc->context, &facts, &plan);
    memory_free(pc->context, transceivers);
    return error ? error : carry_out(pc, plan);
}
