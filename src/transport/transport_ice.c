/* SPDX-License-Identifier: MIT */
/* The transport's ICE generations (RFC 8445 section 9). An agent is one generation: it has its credentials, sockets and candidates for
 * life, and a restart makes another agent while the old one goes on.
 *
 *   pending --both descriptions agree--> next --its path is nominated--> current --the next one's is--> retiring --peer quiet--> gone
 *
 * What the upper layers send takes the path that `current` selected; they never learn that there are others, only that the path changed.
 * All of them receive and answer, since the peer changes over at a time of its own. */
#include "transport_ice.h"

#include "endpoint.h"
#include "ice_report.h"
#include "memory.h"
#include "transport_internal.h"
#include "transport_log.h"

_Static_assert((int)ENDPOINT_USERS_MAX >= (int)TRANSPORT_AGENTS_MAX, "an endpoint knows every generation");

static const rtc_time_t retires_quiet = 5000000; /* since media or data came on it last */
static const rtc_time_t retires_at_most = 30000000;

int transport_ice_make(struct transport *t, const struct ice_credentials *credentials, bool controlling, struct ice_agent **out)
{
    const struct transport_settings *settings = t->settings;
    struct ice_options *o = memory_zeroed(t->context, sizeof *o);
    if (!o)
        return RTC_ERR_NO_MEMORY;
    if (credentials)
        o->credentials = *credentials;
    o->generation = ++t->ice.newest;
    o->controlling = controlling;
    o->lite = settings->ice_lite;
    o->include_loopback = settings->include_loopback;
    o->hide_addresses = settings->hide_addresses;
    o->before = transport_ice_latest(t);
    o->gather_once = settings->gather_once;
    o->relay_only = settings->relay_only;
    o->tcp_policy = settings->tcp_policy;
    if (settings->member && o->tcp_policy == ICE_TCP_ENABLED) /* many connections on one port: a listener for each would be many again */
        o->tcp_policy = ICE_TCP_ACTIVE_ONLY;
    o->rules = settings->rules;
    o->port_min = settings->port_min;
    o->port_max = settings->port_max;
    if (settings->server_count > 0)
        memcpy(o->servers, settings->servers, settings->server_count * sizeof *settings->servers);
    o->server_count = settings->server_count;
    o->next_request_id = settings->next_request_id;
    int error = ice_agent_new(t->context, o, out);
    memory_wipe(o, sizeof *o);
    memory_free(t->context, o);
    return error;
}

static bool is_closed(const struct ice_agent *agent)
{
    return ice_agent_state(agent) == ICE_CLOSED && ice_agent_deadline(agent, NULL) == RTC_TIME_NEVER;
}

/* The agent is nobody's afterwards. What it says as it goes, and asks for, follows with transport_ice_part. */
static void drop(struct transport *t, struct ice_agent **agent)
{
    size_t last = TRANSPORT_CLOSING_MAX - 1;
    if (!*agent)
        return;
    ice_agent_free(t->ice.closing[last]); /* there is none: transport_ice_part leaves room */
    memmove(&t->ice.closing[1], &t->ice.closing[0], last * sizeof t->ice.closing[0]);
    t->ice.closing[0] = *agent;
    *agent = NULL;
}

/* The oldest of those that still give relays back make room; their servers forget them by themselves. */
bool transport_ice_part(struct transport *t, rtc_time_t now)
{
    bool parted = false;
    size_t kept = 0;
    for (size_t i = 0; i < TRANSPORT_CLOSING_MAX; i++) {
        struct ice_agent *agent = t->ice.closing[i];
        bool dropped = agent && ice_agent_state(agent) != ICE_CLOSED;
        t->ice.closing[i] = NULL;
        if (dropped || (agent && kept == TRANSPORT_RELEASING_MAX))
            ice_agent_close(agent, now, &t->out);
        parted = parted || dropped;
        if (agent && !is_closed(agent) && kept < TRANSPORT_RELEASING_MAX)
            t->ice.closing[kept++] = agent;
        else
            ice_agent_free(agent);
    }
    return parted;
}

static void retire(struct transport *t, rtc_time_t now, struct ice_agent **agent)
{
    size_t last = TRANSPORT_RETIRING_MAX - 1;
    drop(t, &t->ice.retiring[last].agent);
    memmove(&t->ice.retiring[1], &t->ice.retiring[0], last * sizeof t->ice.retiring[0]);
    t->ice.retiring[0] = (struct retiring_agent){.agent = *agent, .heard = now, .since = now};
    *agent = NULL;
}

static rtc_time_t retired_at(const struct retiring_agent *r)
{
    rtc_time_t quiet = r->heard + retires_quiet, most = r->since + retires_at_most;
    return quiet < most ? quiet : most;
}

size_t transport_ice_agents(const struct transport *t, struct ice_agent *out[TRANSPORT_AGENTS_MAX])
{
    struct ice_agent *all[TRANSPORT_AGENTS_MAX] = {t->ice.current.agent, t->ice.next.agent, t->ice.pending};
    size_t count = 0, n = 3;
    for (size_t i = 0; i < TRANSPORT_RETIRING_MAX; i++)
        all[n++] = t->ice.retiring[i].agent;
    for (size_t i = 0; i < TRANSPORT_CLOSING_MAX; i++)
        all[n++] = t->ice.closing[i];
    for (size_t i = 0; i < TRANSPORT_AGENTS_MAX; i++)
        if (all[i])
            out[count++] = all[i];
    return count;
}

struct ice_agent *transport_ice_negotiated(const struct transport *t)
{
    return t->ice.next.agent ? t->ice.next.agent : t->ice.current.agent;
}

struct ice_agent *transport_ice_latest(const struct transport *t)
{
    return t->ice.pending ? t->ice.pending : transport_ice_negotiated(t);
}

/* A generation that comes to nothing leaves the word to the one that goes on, whose own gathering is what counts again. */
void transport_ice_set_pending(struct transport *t, struct ice_agent *agent)
{
    const struct ice_agent *dropped = t->ice.pending;
    if (dropped && ice_agent_generation(dropped) == t->ice.gatherer) {
        t->ice.regains = ice_agent_gathering_state(dropped) == ICE_GATHERING_ACTIVE;
        t->ice.gatherer = ice_agent_generation(transport_ice_negotiated(t));
    }
    drop(t, &t->ice.pending);
    t->ice.pending = agent;
}

bool transport_ice_regain(struct transport *t, struct transport_event *told)
{
    const struct ice_agent *agent = transport_ice_negotiated(t);
    if (!t->ice.regains)
        return false;
    t->ice.regains = false;
    bool complete = ice_agent_gathering_state(agent) == ICE_GATHERING_COMPLETE;
    told->type = complete ? TRANSPORT_CANDIDATES_END : TRANSPORT_GATHERING;
    if (complete)
        told->ufrag = ice_agent_local_ufrag(agent);
    else
        told->gathering = ice_agent_gathering_state(agent);
    return true;
}

/* What a negotiation replaced before it had a path may have one on the peer's side. The very first one, of which the peer knows nothing,
 * has not. */
static void drop_all_but_pending(struct transport *t)
{
    drop(t, &t->ice.current.agent);
    drop(t, &t->ice.next.agent);
    for (size_t i = 0; i < TRANSPORT_RETIRING_MAX; i++)
        drop(t, &t->ice.retiring[i].agent);
    t->ice.next.told = ICE_NEW;
    t->ice.current.agent = t->ice.pending;
}

static void begin_next(struct transport *t, rtc_time_t now, bool answered)
{
    if (t->ice.next.agent)
        retire(t, now, &t->ice.next.agent);
    t->ice.next.agent = t->ice.pending;
    t->ice.next.told = ICE_NEW;
    if (answered && ice_agent_is_alive(t->ice.current.agent, now))
        ice_agent_let_peer_begin(t->ice.next.agent, now);
}

struct ice_agent *transport_ice_agree(struct transport *t, rtc_time_t now, bool anew, bool answered)
{
    if (!t->ice.pending)
        return transport_ice_negotiated(t);
    /* Roles outlive generations (RFC 8445 section 6.1.1), also one that changed since the new one was made. */
    ice_agent_set_controlling(t->ice.pending, ice_agent_controlling(transport_ice_negotiated(t)));
    if (anew) {
        drop_all_but_pending(t);
    } else if (!ice_agent_has_remote_credentials(t->ice.current.agent)) {
        drop(t, &t->ice.current.agent);
        t->ice.current.agent = t->ice.pending;
    } else {
        begin_next(t, now, answered);
    }
    t->ice.pending = NULL;
    t->ice.misdirected_before = t->counters.misdirected;
    return transport_ice_negotiated(t);
}

void transport_ice_outdate(struct transport *t, uint32_t generation)
{
    if (generation > t->ice.outdated)
        t->ice.outdated = generation;
}

bool transport_ice_is_outdated(const struct transport *t)
{
    return ice_agent_generation(transport_ice_latest(t)) <= t->ice.outdated;
}

void transport_ice_note_answer(struct transport *t, bool declined)
{
    t->ice.restart_declined = declined;
}

bool transport_ice_restart_declined(const struct transport *t)
{
    return t->ice.restart_declined;
}

bool transport_ice_is_pending(const struct transport *t)
{
    return t->ice.pending != NULL;
}

void transport_ice_set_controlling(struct transport *t, bool controlling)
{
    ice_agent_set_controlling(t->ice.current.agent, controlling);
}

int transport_ice_add_candidate(struct transport *t, rtc_time_t now, struct ice_agent *agent, const struct ice_candidate *candidate)
{
    return ice_agent_add_remote_candidate(agent, now, candidate, &t->out);
}

void transport_ice_end_candidates(struct transport *t, rtc_time_t now, struct ice_agent *agent)
{
    ice_agent_end_of_remote_candidates(agent, now, &t->out);
}

struct ice_agent *transport_ice_current(const struct transport *t)
{
    return t->ice.current.agent;
}

struct ice_agent *transport_ice_next(const struct transport *t)
{
    return t->ice.next.agent;
}

uint32_t transport_ice_gathered(const struct transport *t)
{
    const struct ice_agent *alive[] = {t->ice.current.agent, t->ice.next.agent, t->ice.pending};
    uint32_t newest = 0;
    for (size_t i = 0; i < sizeof alive / sizeof alive[0]; i++)
        if (alive[i] && ice_agent_gathering_state(alive[i]) != ICE_GATHERING_NEW && ice_agent_generation(alive[i]) > newest)
            newest = ice_agent_generation(alive[i]);
    return newest;
}

uint64_t transport_ice_misdirected(const struct transport *t)
{
    return t->counters.misdirected - t->ice.misdirected_before;
}

int transport_ice_renew(struct transport *t)
{
    struct ice_agent *fresh;
    int error = transport_ice_make(t, ice_agent_credentials(t->ice.current.agent), ice_agent_controlling(t->ice.current.agent), &fresh);
    if (error)
        return error;
    drop(t, &t->ice.current.agent);
    t->ice.current.agent = fresh;
    return RTC_OK;
}

void transport_ice_replace(struct transport *t, struct ice_agent *agent)
{
    t->ice.regains = ice_agent_gathering_state(t->ice.current.agent) != ICE_GATHERING_NEW;
    t->ice.gatherer = 0;
    drop(t, &t->ice.current.agent);
    t->ice.current = (struct generation){.agent = agent, .told = ICE_NEW};
}

void transport_ice_gather(struct transport *t, const struct ice_agent *agent)
{
    if (ice_agent_gathering_state(agent) != ICE_GATHERING_NEW)
        return;
    t->ice.gatherer = ice_agent_generation(agent);
    t->ice.regains = false;
    t->due.gather = true;
}

/* iceTransportState of the generations together (webrtc-pc 5.6.5): a working path keeps a connection connected whatever becomes of the
 * restart; without one, the restart is what counts. */
static enum ice_state combine(enum ice_state current, enum ice_state next)
{
    bool works = current == ICE_CONNECTED || current == ICE_COMPLETED;
    if (next == ICE_CONNECTED || next == ICE_COMPLETED)
        return next;
    if (works && next == ICE_CHECKING)
        return ICE_CONNECTED;
    return !works && next == ICE_CHECKING ? ICE_CHECKING : current;
}

enum ice_state transport_ice_state(const struct transport *t)
{
    return combine(ice_agent_state(t->ice.current.agent), t->ice.next.agent ? ice_agent_state(t->ice.next.agent) : ICE_NEW);
}

enum ice_state transport_ice_told(const struct transport *t)
{
    return combine(t->ice.current.told, t->ice.next.told);
}

bool transport_ice_tell(struct transport *t, uint32_t generation, enum ice_state state)
{
    struct generations *g = &t->ice;
    if (generation == ice_agent_generation(g->current.agent))
        g->current.told = state;
    else if (g->next.agent && generation == ice_agent_generation(g->next.agent))
        g->next.told = state;
    else
        return false;
    return true;
}

/* Data stays on the selected pair of before until there is one of the new generation (RFC 8445 section 12.1), which is one that is
 * nominated; where the old one is lost any valid pair is better than none. */
static bool may_follow(const struct generations *g)
{
    if (!g->next.agent || !ice_agent_selected(g->next.agent))
        return false;
    enum ice_state state = ice_agent_state(g->current.agent);
    return ice_agent_has_nominated(g->next.agent) || (state != ICE_CONNECTED && state != ICE_COMPLETED);
}

bool transport_ice_follow(struct transport *t, rtc_time_t now, struct transport_event *told)
{
    struct generations *g = &t->ice;
    if (!may_follow(g))
        return false;
    transport_log(t, RTC_LOG_INFO, "ICE: restarted, generation %u follows %u", ice_agent_generation(g->next.agent),
                  ice_agent_generation(g->current.agent));
    retire(t, now, &g->current.agent);
    g->current = g->next;
    g->next = (struct generation){.told = ICE_NEW};
    t->counters.selected_pair_changes++;
    dtls_set_rtt(t->dtls, ice_agent_rtt_us(g->current.agent));
    if (t->rtp)
        rtp_session_path_changed(t->rtp, now, &t->rtp_out);
    told->type = TRANSPORT_ICE_STATE;
    return true;
}

bool transport_ice_has_socket(const struct transport *t, uint32_t socket)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    size_t count = transport_ice_agents(t, agents);
    for (size_t i = 0; i < count; i++)
        if (ice_agent_has_socket(agents[i], socket))
            return true;
    return false;
}

void transport_ice_input(struct transport *t, rtc_time_t now, struct packet *packet)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    size_t count = transport_ice_agents(t, agents);
    bool contested = t->settings->member && endpoint_contested(t->settings->member, now, &packet->path);
    for (size_t i = 0; i < count; i++) {
        ice_agent_contest(agents[i], contested);
        if (!ice_agent_input(agents[i], now, &packet->path, packet_slice(packet), &t->out))
            continue;
        if (t->settings->member && ice_agent_heard(agents[i], &packet->path) == now)
            endpoint_learn(t->settings->member, now, &packet->path, ice_agent_answered(agents[i], &packet->path) == now);
        return;
    }
    bool request = packet->len >= 2 && packet_data(packet)[0] == 0 && packet_data(packet)[1] == 1;
    *(request ? &t->counters.misdirected : &t->counters.unclaimed) += 1;
}

bool transport_ice_result(struct transport *t, rtc_time_t now, const struct io_result *result)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    size_t count = transport_ice_agents(t, agents);
    for (size_t i = 0; i < count; i++)
        if (ice_agent_result(agents[i], now, result, &t->out))
            return true;
    return false;
}

bool transport_ice_receives(struct transport *t, rtc_time_t now, const struct path *path, size_t bytes)
{
    struct ice_agent *alive[] = {t->ice.current.agent, t->ice.next.agent, t->ice.pending};
    for (size_t i = 0; i < sizeof alive / sizeof alive[0]; i++)
        if (alive[i] && ice_agent_receives(alive[i], now, path, bytes))
            return true;
    for (size_t i = 0; i < TRANSPORT_RETIRING_MAX; i++) {
        struct retiring_agent *r = &t->ice.retiring[i];
        if (!r->agent || !ice_agent_receives(r->agent, now, path, bytes))
            continue;
        r->heard = now;
        return true;
    }
    return false;
}

bool transport_ice_unwrap(struct transport *t, rtc_time_t now, struct packet *packet, struct packet_queue *inner)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    size_t count = transport_ice_agents(t, agents);
    for (size_t i = 0; i < count; i++)
        if (ice_agent_unwrap(agents[i], now, packet, inner, &t->out))
            return true;
    return false;
}

bool transport_ice_wrap(struct transport *t, rtc_time_t now, struct packet *packet)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    size_t count = transport_ice_agents(t, agents);
    for (size_t i = 0; i < count; i++)
        if (!ice_agent_wrap(agents[i], now, packet))
            return false;
    return true;
}

void transport_ice_tick(struct transport *t, rtc_time_t now)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    for (size_t i = 0; i < TRANSPORT_RETIRING_MAX; i++)
        if (t->ice.retiring[i].agent && !t->ended && now >= retired_at(&t->ice.retiring[i]))
            drop(t, &t->ice.retiring[i].agent);
    size_t count = transport_ice_agents(t, agents);
    for (size_t i = 0; i < count; i++)
        ice_agent_tick(agents[i], now, &t->out);
    (void)transport_ice_part(t, now);
}

rtc_time_t transport_ice_deadline(const struct transport *t, enum timer_reason *why)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    size_t count = transport_ice_agents(t, agents);
    rtc_time_t best = RTC_TIME_NEVER;
    for (size_t i = 0; i < count; i++) {
        enum timer_reason reason;
        rtc_time_t at = ice_agent_deadline(agents[i], &reason);
        deadline_min(&best, why, at, reason);
    }
    for (size_t i = 0; i < TRANSPORT_RETIRING_MAX; i++)
        if (t->ice.retiring[i].agent && !t->ended)
            deadline_min(&best, why, retired_at(&t->ice.retiring[i]), TIMER_ICE_STATE);
    return best;
}

void transport_ice_close(struct transport *t, rtc_time_t now)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    size_t count = transport_ice_agents(t, agents);
    for (size_t i = 0; i < count; i++)
        if (ice_agent_state(agents[i]) != ICE_CLOSED)
            ice_agent_close(agents[i], now, &t->out);
}

void transport_ice_free(struct transport *t)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    size_t count = transport_ice_agents(t, agents);
    for (size_t i = 0; i < count; i++)
        ice_agent_free(agents[i]);
}
