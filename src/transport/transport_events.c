/* SPDX-License-Identifier: MIT */
/* What the cores say: what is the transport's own affair is seen to, what is not is told to the parent. And the candidate pool, which keeps
 * back what is to be told. */
#include "transport.h"

#include "memory.h"

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

/* ---- The candidate pool ---- */

/* Beyond the limit they are only in the log. */
static void keep_error(struct transport *t, struct ice_event *event)
{
    struct candidate_pool *p = &t->pool;
    transport_log(t, RTC_LOG_INFO, "pool: the server %s gave no address: %u %s", event->error->url, event->error->code, event->error->text);
    if (p->error_count == TRANSPORT_ERRORS_KEPT_MAX)
        return;
    p->errors[p->error_count++] = event->error;
    event->error = NULL;
}

void transport_forget_errors(struct transport *t)
{
    for (size_t i = 0; i < t->pool.error_count; i++)
        ice_candidate_error_free(t->pool.errors[i]);
    t->pool.error_count = 0;
}

void transport_pool(struct transport *t, rtc_time_t now)
{
    t->pool.state = POOL_WITHHELD;
    transport_ice_gather(t, now, t->ice.current.agent);
}

void transport_surface(struct transport *t)
{
    if (t->pool.state != POOL_WITHHELD)
        return;
    t->pool.told = 0;
    t->pool.state = t->ice.pending ? POOL_NONE : POOL_SURFACING;
    if (t->ice.pending) /* gathered with other servers, and there was no memory to do it anew: the description is not of it */
        transport_forget_errors(t);
}

int transport_discard_pool(struct transport *t, rtc_time_t now)
{
    int error = t->pool.state == POOL_WITHHELD ? transport_ice_renew(t, now) : RTC_OK;
    if (error || t->pool.state != POOL_WITHHELD)
        return error;
    transport_forget_errors(t);
    t->pool.state = POOL_NONE;
    return RTC_OK;
}

/* That gathering began, the candidates that there are, the errors, perhaps the end. */
bool transport_surface_next(struct transport *t, struct transport_event *told)
{
    struct candidate_pool *p = &t->pool;
    const struct ice_agent *agent = t->ice.current.agent;
    const struct ice_candidate *candidates;
    if (p->state != POOL_SURFACING)
        return false;
    size_t count = ice_agent_local_candidates(agent, &candidates), i = p->told++;
    if (i == 0) {
        told->type = TRANSPORT_GATHERING;
        told->gathering = ICE_GATHERING_ACTIVE;
    } else if (i <= count) {
        told->type = TRANSPORT_CANDIDATE;
        told->candidate = &candidates[i - 1];
    } else if (i - count <= p->error_count) {
        told->type = TRANSPORT_CANDIDATE_ERROR;
        told->error = p->errors[i - count - 1];
    } else if (i - count - p->error_count == 1 && ice_agent_gathering_state(agent) == ICE_GATHERING_COMPLETE) {
        told->type = TRANSPORT_CANDIDATES_END;
        told->ufrag = ice_agent_local_ufrag(agent);
    } else {
        p->state = POOL_NONE;
        transport_forget_errors(t);
        return false;
    }
    return true;
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
            keep_error(t, event);
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
        return false;
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

void transport_take_keys(struct transport *t)
{
    struct dtls_srtp_keys keys;
    uint8_t local[sizeof keys.local_key + sizeof keys.local_salt], remote[sizeof local];
    if (!t->rtp)
        return;
    if (dtls_srtp_keys(t->dtls, &keys)) {
        transport_log(t, RTC_LOG_WARNING, "the peer negotiated no SRTP profile: media can not flow");
        return;
    }
    size_t len = (size_t)keys.key_len + keys.salt_len;
    memcpy(local, keys.local_key, keys.key_len);
    memcpy(local + keys.key_len, keys.local_salt, keys.salt_len);
    memcpy(remote, keys.remote_key, keys.key_len);
    memcpy(remote + keys.key_len, keys.remote_salt, keys.salt_len);
    if (rtp_session_set_keys(t->rtp, keys.profile, slice_of(local, len), slice_of(remote, len)))
        t->starved = true;
    memory_wipe(&keys, sizeof keys);
    memory_wipe(local, sizeof local);
    memory_wipe(remote, sizeof remote);
}

/* What stands on DTLS goes with it, at once: the channels (RFC 8831 6.7) and the media whose keys it gave. ICE goes on by itself: it is not
 * the peer's word that ends it. */
static void end_upper(struct transport *t, rtc_time_t now)
{
    transport_close_channels(t, now);
    if (t->rtp)
        rtp_session_close(t->rtp, now, &t->rtp_out);
}

static void dtls_changed(struct transport *t, rtc_time_t now, enum dtls_state state)
{
    if (state == DTLS_CONNECTED) {
        transport_log(t, RTC_LOG_INFO, "DTLS: connected as %s, %s", dtls_role(t->dtls) == DTLS_CLIENT ? "client" : "server",
                      dtls_cipher(t->dtls));
        transport_take_keys(t);
        transport_run_sctp(t, now); /* data that overtook the peer's last flight comes next */
    }
    if (state == DTLS_CLOSED)
        transport_log(t, RTC_LOG_INFO, "DTLS: the peer closed it");
    if (state == DTLS_FAILED)
        transport_log(t, RTC_LOG_ERROR, "DTLS failed: %s", dtls_failure(t->dtls));
    if (state == DTLS_CLOSED || state == DTLS_FAILED)
        end_upper(t, now);
}

static bool dtls_event(struct transport *t, rtc_time_t now, const struct dtls_event *event, struct transport_event *told)
{
    if (event->head.type == DTLS_EVENT_DATA) {
        if (t->channels && t->sctp.state == ASSOCIATION_STARTED)
            data_channels_input(t->channels, now, packet_slice(event->data), &t->sctp_out);
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
            continue;
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
