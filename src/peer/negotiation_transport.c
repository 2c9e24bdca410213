/* SPDX-License-Identifier: MIT */
/* See negotiation_transport.h. */
#include "negotiation_transport.h"

#include "data_channel.h"
#include "negotiation_answer.h"
#include "peer_transport.h"
#include "prepared_association.h"
#include "transceiver.h"
#include "transport.h"
#include "transport_objects.h"

static const struct jsep_section *remote_section(const struct negotiation_state *state, const struct effect *e)
{
    return &state->remote->parsed->sections[e->section];
}

/* While a plan is applied. */
static struct transport *transport_of(const rtc_peer_connection *pc, const struct effect *e)
{
    return pc->transports.items[e->transport];
}

/* Whose channels are to be those of the connection: they may have waited elsewhere. */
static struct transport *holder_of_data(const rtc_peer_connection *pc, struct transport *next)
{
    struct transport *holder = peer_transports_at(&pc->transports, negotiation_now(&pc->negotiation)->data_transport);
    return holder && transport_channels(holder) ? holder : next;
}

/* ---- Getting ready ---- */

static int ready_generation(struct transport *t, struct effect *e)
{
    const struct ice_credentials *credentials = e->credentials.ufrag[0] ? &e->credentials : NULL;
    struct ice_agent *made = NULL;
    int error = transport_ice_make(t, credentials, ice_agent_controlling(transport_ice_negotiated(t)), &made);
    e->ready = made;
    return error;
}

/* Another agent with the credentials of the one that the undone offer used: that offer may be set again. */
static int ready_anew(struct transport *t, struct effect *e)
{
    const struct ice_agent *used = transport_ice_current(t);
    struct ice_agent *made = NULL;
    int error = transport_ice_make(t, ice_agent_credentials(used), ice_agent_controlling(used), &made);
    e->ready = made;
    return error;
}

static void keep(char *to, size_t size, struct slice from)
{
    size_t len = from.len < size ? from.len : size - 1; /* always: it was checked */
    memcpy(to, from.data, len);
    to[len] = 0;
}

/* What is no candidate is left out; negotiation_apply_transport says so. */
static int ready_credentials(rtc_peer_connection *pc, const struct transport *t, const struct jsep_section *section, struct effect *e)
{
    struct transport_remote *remote = transport_remote_new(pc->context, section->transport.candidate_count);
    if (!remote)
        return RTC_ERR_NO_MEMORY;
    if (transport_objects_ready_remotes(pc->context, t, section)) {
        transport_remote_free(remote);
        return RTC_ERR_NO_MEMORY;
    }
    keep(remote->ufrag, sizeof remote->ufrag, section->transport.ice_ufrag);
    keep(remote->password, sizeof remote->password, section->transport.ice_pwd);
    remote->lite = section->transport.ice_lite;
    remote->end_of_candidates = section->transport.end_of_candidates || !section->transport.ice_trickle;
    for (size_t i = 0; i < section->transport.candidate_count; i++)
        if (ice_candidate_parse(section->transport.candidates[i], &remote->candidates[remote->candidate_count]) == RTC_OK)
            remote->candidate_count++;
    e->ready = remote;
    return RTC_OK;
}

static int ready_dtls(struct transport *t, const struct agreed_transport *agreed, struct effect *e)
{
    struct transport_identity *identity = NULL;
    int error = transport_prepare_dtls(t, agreed->role == SETUP_PASSIVE ? DTLS_SERVER : DTLS_CLIENT, e->anew, &identity);
    if (error)
        return error;
    for (size_t i = 0; i < agreed->fingerprint_count && i < DTLS_FINGERPRINTS_MAX; i++) {
        struct dtls_fingerprint *f = &identity->fingerprints[identity->fingerprint_count++];
        memcpy(f->hash, agreed->fingerprints[i].hash, sizeof f->hash);
        memcpy(f->value, agreed->fingerprints[i].value, sizeof f->value);
        f->len = agreed->fingerprints[i].len;
    }
    e->ready = identity;
    return RTC_OK;
}

static int ready_data(rtc_peer_connection *pc, struct transport *t, const struct agreed_transport *agreed, struct effect *e)
{
    struct data_channels *next = NULL;
    int error = transport_objects_ready_sctp(pc);
    if (!error)
        error = transport_prepare_sctp(t, agreed->sctp_port, e->anew, &next);
    e->ready = next;
    return error;
}

int negotiation_ready_transport(rtc_peer_connection *pc, const struct negotiation_plan *plan, struct effect *e)
{
    struct transport *t = plan->transports[e->transport].ready;
    const struct agreed_transport *agreed = negotiation_state_transport(&plan->next, e->transport);
    switch (e->type) {
    case EFFECT_GENERATION:
        return ready_generation(t, e);
    case EFFECT_ANEW:
        return ready_anew(t, e);
    case EFFECT_CREDENTIALS:
        return ready_credentials(pc, t, remote_section(&plan->next, e), e);
    case EFFECT_DTLS:
        return ready_dtls(t, agreed, e);
    case EFFECT_DATA:
        return ready_data(pc, holder_of_data(pc, t), agreed, e);
    case EFFECT_CHANNEL_IDS: /* each of them is closing and closed */
        return out_reserve(transport_channels_out(holder_of_data(pc, t)), 2 * data_channel_count_unnumbered(pc));
    default:
        return RTC_OK;
    }
}

void negotiation_give_back_transport(struct effect *e)
{
    switch (e->type) {
    case EFFECT_GENERATION:
    case EFFECT_ANEW:
        ice_agent_free(e->ready);
        break;
    case EFFECT_CREDENTIALS:
        transport_remote_free(e->ready);
        break;
    case EFFECT_DTLS:
        transport_identity_free(e->ready);
        break;
    case EFFECT_DATA:
        data_channels_free(e->ready);
        break;
    default:
        return;
    }
    e->ready = NULL;
}

/* ---- Applying ---- */

/* A channel keeps its handle. */
static void move_channels(rtc_peer_connection *pc, struct transport *from, struct transport *to)
{
    transport_move_sctp(from, to);
    for (struct link *l = pc->channels.list.next; l != &pc->channels.list; l = l->next) {
        rtc_data_channel *c = link_owner(l, rtc_data_channel, link);
        c->transport = c->transport == from ? to : c->transport;
    }
}

static size_t count_carried(const struct negotiation_state *state, size_t number)
{
    size_t count = 0;
    for (size_t i = 0; i < state->carrier_count; i++)
        count += state->carriers[i] == number;
    return count;
}

void negotiation_arrange_transports(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    struct transport *to = plan->transports[plan->next.data_transport].ready, *from = holder_of_data(pc, to);
    if (from != to)
        move_channels(pc, from, to);
    for (size_t i = 0; i < plan->transport_count; i++) {
        peer_transports_put(&pc->transports, plan->transports[i].ready, plan->transports[i].idle);
        plan->transports[i].ready = NULL;
    }
    peer_transports_arrange(pc->context, &pc->transports);
    for (size_t i = 0; i < pc->transports.count; i++) {
        transport_set_shared(pc->transports.items[i], count_carried(&plan->next, i) > 1);
        transport_set_handed_over(pc->transports.items[i], plan->next.transports[i].taken_over);
    }
}

/* The peer was told other credentials than those that go on: an offer can not go back to them. */
static void restart_next_time(struct transport *t)
{
    transport_ice_outdate(t, ice_agent_generation(transport_ice_negotiated(t)));
}

static void set_generation(rtc_peer_connection *pc, const struct negotiation_plan *plan, struct effect *e)
{
    struct negotiation *n = &pc->negotiation;
    if (plan->side == SIGNALING_REMOTE) /* the last answer has the credentials of the offer that is replaced */
        n->last_answer.counts = false;
    if (e->ready)
        peer_log(pc, RTC_LOG_INFO, plan->side == SIGNALING_LOCAL ? "ICE: this offer restarts" : "ICE: the peer's offer restarts");
    transport_ice_set_pending(transport_of(pc, e), e->ready);
    e->ready = NULL;
    if (e->type == EFFECT_NO_GENERATION && e->flag)
        restart_next_time(transport_of(pc, e));
}

static void log_candidates(const rtc_peer_connection *pc, const struct jsep_section *section)
{
    struct ice_candidate candidate;
    for (size_t i = 0; i < section->transport.candidate_count; i++) {
        const struct slice *text = &section->transport.candidates[i];
        peer_log(pc, RTC_LOG_INFO, "remote %.*s", (int)text->len, (const char *)text->data);
        if (ice_candidate_parse(*text, &candidate))
            log_write(pc->context, RTC_LOG_WARNING, "peer", "not a candidate: '%.*s'", (int)text->len, (const char *)text->data);
    }
}

static void apply_credentials(rtc_peer_connection *pc, const struct negotiation_plan *plan, const struct jsep_section *section,
                              struct effect *e)
{
    struct transport *t = transport_of(pc, e);
    transport_ice_note_answer(t, e->flag);
    if (e->flag) {
        log_write(pc->context, RTC_LOG_WARNING, "peer", "ICE: the answer has the old credentials: the peer does not restart");
        transport_ice_set_pending(t, NULL);
        restart_next_time(transport_of(pc, e));
    }
    transport_ice_agree(t, pc->now, e->anew, plan->side == SIGNALING_LOCAL);
    log_candidates(pc, section);
    transport_objects_take_remotes(t);
    transport_set_remote(t, e->ready);
    e->ready = NULL;
}

/* RFC 8841 9.3: a port that changes asks for a new association. */
static void apply_data(rtc_peer_connection *pc, const struct negotiation_plan *plan, const struct negotiation_state *state,
                       struct effect *e)
{
    const struct agreed_transport *agreed = negotiation_state_transport(state, e->transport);
    struct snap *snap = prepared_take(pc, &state->local->parsed->sections[e->section], remote_section(state, e));
    transport_objects_begin_sctp(pc, e->ready != NULL);
    transport_start_sctp(transport_of(pc, e), agreed->sctp_port, agreed->max_message_size, e->ready, snap);
    e->ready = NULL;
    if (snap)
        peer_log(pc, RTC_LOG_INFO, "SCTP: both descriptions have a=sctp-init: there is no handshake");
    else if (plan->signaling == RTC_SIGNALING_STABLE)
        prepared_forget(pc); /* the peer has none, and did not get another than this offer's */
}

static void end_data(rtc_peer_connection *pc, const struct effect *e)
{
    pc->negotiation.wants_data = false; /* a channel that is made from now on asks anew */
    if (!transport_channels(transport_of(pc, e)))
        return;
    peer_log(pc, RTC_LOG_INFO, "SCTP: no association is agreed on: its section is rejected, or has no a=sctp-port other than 0");
    transport_objects_end_sctp(pc);
    transport_end_sctp(transport_of(pc, e));
}

static bool sends_video(const rtc_peer_connection *pc, const struct transport *t)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        const rtc_rtp_transceiver *transceiver = link_owner(l, rtc_rtp_transceiver, link);
        if (transceiver->transport == t && transceiver->kind == RTC_MEDIA_VIDEO && transceiver->has_current_direction &&
            direction_sends(transceiver->current_direction))
            return true;
    }
    return false;
}

/* A limit of zero is none: what is shared is at least 1. */
static uint32_t share(uint32_t bps, uint32_t count)
{
    return bps > 0 && bps < count ? 1 : bps / count;
}

void negotiation_share_bitrate(rtc_peer_connection *pc)
{
    const struct session_description *remote = description_says(pc->negotiation.stable.remote);
    uint32_t limit = remote ? negotiation_bitrate_limit(remote->bandwidth_bps) : 0, count = 0;
    for (size_t i = 0; i < pc->transports.count; i++)
        count += sends_video(pc, pc->transports.items[i]);
    for (size_t i = 0; i < pc->transports.count; i++) {
        struct transport *t = pc->transports.items[i];
        uint32_t shared_by = sends_video(pc, t) ? count : 1;
        if (!transport_media(t))
            continue;
        rtp_session_set_max_bitrate(transport_media(t), share(pc->settings.max_bitrate_bps, shared_by));
        rtp_session_set_peer_bitrate(transport_media(t), pc->now, share(limit, shared_by), transport_media_out(t));
    }
}

void negotiation_apply_transport(rtc_peer_connection *pc, const struct negotiation_plan *plan, const struct negotiation_state *state,
                                 struct effect *e)
{
    switch (e->type) {
    case EFFECT_GENERATION:
    case EFFECT_NO_GENERATION:
        set_generation(pc, plan, e);
        break;
    case EFFECT_ANEW:
        transport_start_over(transport_of(pc, e), e->ready);
        e->ready = NULL;
        break;
    case EFFECT_CONTROLLING:
        transport_ice_set_controlling(transport_of(pc, e), e->flag);
        transport_objects_set_role(transport_of(pc, e));
        break;
    case EFFECT_GATHER:
        transport_objects_set_local(transport_of(pc, e));
        transport_surface(transport_of(pc, e));
        transport_ice_gather(transport_of(pc, e), transport_ice_latest(transport_of(pc, e)));
        break;
    case EFFECT_CREDENTIALS:
        apply_credentials(pc, plan, remote_section(state, e), e);
        break;
    case EFFECT_DTLS:
        transport_start_dtls(transport_of(pc, e), e->ready);
        e->ready = NULL;
        break;
    case EFFECT_DATA:
        apply_data(pc, plan, state, e);
        break;
    case EFFECT_NO_DATA:
        end_data(pc, e);
        break;
    case EFFECT_CHANNEL_IDS:
        data_channel_fail_unnumbered(pc, transport_of(pc, e));
        break;
    case EFFECT_BANDWIDTH:
        negotiation_share_bitrate(pc);
        break;
    default:
        break;
    }
}
