/* SPDX-License-Identifier: MIT */
/* See transport_events.h. */
#include "transport_events.h"

#include "transport_ice.h"
#include "transport_internal.h"
#include "transport_log.h"
#include "transport_pool.h"
#include "transport_receive.h"
#include "transport_upper.h"

#include <stdio.h>

enum { SHOWN_MAX = sizeof(struct ice_candidate) };

/* A name stands for an address that is not to be shown; of a peer-reflexive candidate there may be neither. */
static const char *shown(const struct ice_candidate *c, char text[SHOWN_MAX])
{
    if (c->name[0] || c->address.family == ADDRESS_NONE)
        (void)snprintf(text, SHOWN_MAX, "%s:%u", c->name[0] ? c->name : "hidden", c->address.port);
    else
        (void)address_text(&c->address, text);
    return text;
}

/* Only told: the pair is looked up whenever something is sent. */
static void log_selected_pair(const struct transport *t)
{
    char local[SHOWN_MAX], remote[SHOWN_MAX];
    struct ice_selected s;
    if (ice_agent_selected_info(t->ice.current.agent, &s))
        transport_log(t, RTC_LOG_INFO, "ICE: selected %s %s -> %s %s", ice_candidate_type_name((enum ice_candidate_type)s.local.type),
                      shown(&s.local, local), ice_candidate_type_name((enum ice_candidate_type)s.remote.type), shown(&s.remote, remote));
}

/* ---- ICE ---- */

static const char *ufrag_of(const struct transport *t, uint32_t generation)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    size_t count = transport_ice_agents(t, agents);
    for (size_t i = 0; i < count; i++)
        if (ice_agent_generation(agents[i]) == generation)
            return ice_agent_local_ufrag(agents[i]);
    return "";
}

/* Of a generation that a newer one has begun to gather after, the peer can not use candidates any more. */
static bool gathering_event(struct transport *t, struct ice_event *event, struct transport_event *told)
{
    if (event->generation != t->ice.gatherer)
        return false;
    if (t->pool.state == POOL_WITHHELD) {
        if (event->head.type == ICE_EVENT_CANDIDATE_ERROR)
            transport_keep_error(t, event);
        return false;
    }
    if (event->head.type == ICE_EVENT_CANDIDATE) {
        told->type = TRANSPORT_CANDIDATE;
        told->candidate = event->candidate;
    } else if (event->head.type == ICE_EVENT_CANDIDATE_ERROR) {
        told->type = TRANSPORT_CANDIDATE_ERROR;
        told->error = event->error;
    } else if (event->gathering == ICE_GATHERING_COMPLETE) {
        told->type = TRANSPORT_CANDIDATES_END;
        told->ufrag = ufrag_of(t, event->generation);
    } else {
        told->type = TRANSPORT_GATHERING;
        told->gathering = event->gathering;
    }
    return true;
}

static bool ice_event(struct transport *t, rtc_time_t now, struct ice_event *event, struct transport_event *told)
{
    bool current = event->generation == ice_agent_generation(t->ice.current.agent);
    switch (event->head.type) {
    case ICE_EVENT_VALIDATED:
        transport_release_held(t, now);
        return false;
    case ICE_EVENT_SELECTED_PAIR:
        t->counters.selected_pair_changes += current;
        if (current)
            log_selected_pair(t);
        told->type = TRANSPORT_SELECTED_PAIR;
        return current;
    case ICE_EVENT_STATE:
        told->type = TRANSPORT_ICE_STATE;
        return transport_ice_tell(t, event->generation, event->state);
    case ICE_EVENT_CANDIDATES_LOST:
        told->type = TRANSPORT_CANDIDATES_LOST;
        return true;
    default:
        return gathering_event(t, event, told);
    }
}

/* ---- DTLS and what stands on it ---- */

static void dtls_changed(struct transport *t, rtc_time_t now, enum dtls_state state)
{
    if (state == DTLS_CONNECTED) {
        transport_log(t, RTC_LOG_INFO, "DTLS: connected as %s, %s", dtls_role(t->dtls) == DTLS_CLIENT ? "client" : "server",
                      dtls_cipher(t->dtls));
        transport_take_keys(t);
        transport_go_on_sctp(t, now);
        (void)transport_run_sctp(t, now); /* data that overtook the peer's last flight comes next */
    }
    if (state == DTLS_CLOSED)
        transport_log(t, RTC_LOG_INFO, "DTLS: the peer closed it");
    if (state == DTLS_FAILED)
        transport_log(t, RTC_LOG_ERROR, "DTLS failed: %s", dtls_failure(t->dtls));
    if (state == DTLS_CLOSED || state == DTLS_FAILED)
        transport_end_upper(t, now);
}

static bool dtls_event(struct transport *t, rtc_time_t now, const struct dtls_event *event, struct transport_event *told)
{
    if (event->head.type == DTLS_EVENT_DATA) {
        transport_receive_sctp(t, now, packet_slice(event->data));
        return false;
    }
    dtls_changed(t, now, event->state);
    told->type = TRANSPORT_DTLS_STATE;
    told->dtls = event->state;
    return true;
}

/* ---- One after the other ---- */

static bool tell(struct transport_event *told, struct out *out, struct event *event)
{
    told->out = out;
    told->core = event;
    return true;
}

bool transport_events_below(struct transport *t, rtc_time_t now, struct transport_event *told, bool *progress)
{
    for (struct event *e; (e = out_pop_event(&t->out)) != NULL; out_free_event(&t->out, e)) {
        *progress = true;
        if (e->type >= EVENT_DTLS ? dtls_event(t, now, (struct dtls_event *)e, told) : ice_event(t, now, (struct ice_event *)e, told))
            return tell(told, &t->out, e);
    }
    return false;
}

bool transport_events_channels(struct transport *t, struct transport_event *told, bool *progress)
{
    static const char *const names[] = {"new", "connecting", "connected", "closed"};
    for (struct sctp_event *e; (e = out_pop_event(&t->sctp_out)) != NULL; out_free_event(&t->sctp_out, e)) {
        *progress = true;
        if (e->head.type == SCTP_EVENT_STATE) {
            transport_log(t, RTC_LOG_INFO, "SCTP: %s", names[e->state]);
            told->type = TRANSPORT_SCTP_STATE;
            told->association = e->state;
            return tell(told, &t->sctp_out, &e->head);
        }
        t->marks.stale = t->marks.stale || e->head.type == CHANNEL_EVENT_NEW || e->head.type == CHANNEL_EVENT_STATE;
        told->type = TRANSPORT_CHANNEL;
        told->sctp = e;
        return tell(told, &t->sctp_out, &e->head);
    }
    return false;
}

bool transport_events_media(struct transport *t, struct transport_event *told)
{
    struct rtp_event *e = out_pop_event(&t->rtp_out);
    if (!e)
        return false;
    told->type = TRANSPORT_MEDIA;
    told->rtp = e;
    return tell(told, &t->rtp_out, &e->head);
}
