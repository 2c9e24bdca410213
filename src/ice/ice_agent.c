/* SPDX-License-Identifier: MIT */
/* The agent: its life, its lists of candidates and its state. See ice_agent.h. */
#include "ice_agent.h"

#include "ice_gather.h"
#include "ice_input.h"
#include "ice_interfaces.h"
#include "ice_internal.h"
#include "ice_report.h"
#include "ice_trickle.h"
#include "mdns.h"
#include "memory.h"

#include <stdio.h>

/* RFC 8863: not even a check list of only failed pairs fails before this, since the peer may reach us yet. */
static const rtc_time_t patience = 16 * ICE_SECOND;
/* The same when the peer never said that it has no more candidates: a whole transaction of RFC 8489 section 6.2.1. */
static const rtc_time_t patience_most = 39500 * ICE_MS;
/* The selected pair went with its address and no other works: so long new ones may come before the agent fails. */
static const rtc_time_t lost_most = 20 * ICE_SECOND;

/* Nothing is concluded from the first candidates of the peer, which may be those of another family, before the others had the time to come.
 */
static const rtc_time_t others_follow = 500 * ICE_MS;

/* Longer than answers travel; a peer behind a NAT that our checks are to open waits that much longer, while the old path carries its data.
 */
static const rtc_time_t peer_begins_within = 2 * ICE_SECOND;
/* A selected pair is asked when nothing came for 1.5 s (ice_consent.c). */
static const rtc_time_t alive_for = 2 * ICE_SECOND;

enum { UFRAG_MIN = 4, PASSWORD_MIN = 22, SERIALS_SHIFT = 20 /* those of two generations differ */ };

/* Does what is due, and whatever follows from what just came in. */
static void run(struct ice_agent *agent, rtc_time_t now, struct out *out);

/* ICE characters are letters, digits, '+' and '/' (RFC 8839 section 5.4); browsers also take the other four, which some peers use. */
static bool is_ice_text(struct slice s, size_t min, size_t max)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i];
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alphanumeric && (c == 0 || !strchr("+/-_=#", c)))
            return false;
    }
    return s.len >= min && s.len <= max;
}

int ice_agent_set_servers(struct ice_agent *agent, const struct ice_server *servers, uint32_t count, bool relay_only)
{
    if (count > ICE_SERVERS_MAX)
        return RTC_ERR_RANGE;
    if (ice_is_lite(&agent->session) && (count > 0 || relay_only))
        return RTC_ERR_INVALID_ACCESS;
    /* Queries of the current gathering stand on the list they were begun with. */
    if (agent->gathering.state != ICE_GATHERING_NEW)
        return RTC_OK;
    if (!ice_servers_set(&agent->servers, servers, count))
        return RTC_ERR_NO_MEMORY;
    agent->common.relay_only = relay_only;
    return RTC_OK;
}

void ice_credentials_make(rtc_context *context, struct ice_credentials *out)
{
    memset(out, 0, sizeof *out);
    context_random_text(context, out->ufrag, ICE_LOCAL_UFRAG_LEN);
    context_random_text(context, out->password, ICE_LOCAL_PASSWORD_LEN);
}

bool ice_credentials_equal(const struct ice_credentials *a, const struct ice_credentials *b)
{
    return strcmp(a->ufrag, b->ufrag) == 0 && strcmp(a->password, b->password) == 0;
}

static void take_options(struct ice_agent *agent, const struct ice_options *options)
{
    struct ice_common *common = &agent->common;
    common->next_request_id = options->next_request_id;
    common->include_loopback = options->include_loopback;
    common->hide_addresses = options->hide_addresses;
    common->gather_once = options->gather_once;
    common->rules = options->rules;
    common->port_min = options->port_min;
    common->port_max = options->port_max;
    common->generation = options->generation;
    if (options->generation > 1)
        common->serial = (options->generation - 1) << SERIALS_SHIFT;
    common->credentials = options->credentials;
    agent->session.role = options->lite ? ICE_LITE : options->controlling ? ICE_CONTROLLING : ICE_CONTROLLED;
    agent->session.tie_breaker = context_random_u64(common->context);
    if (!common->credentials.ufrag[0])
        ice_credentials_make(common->context, &common->credentials);
}

/* Each part learns what it stands on. */
static void wire(struct ice_agent *agent)
{
    struct ice_common *common = &agent->common;
    struct ice_session *session = &agent->session;
    struct ice_check_list *checks = &agent->checks;
    session->common = common;
    agent->bases.context = common->context;
    ice_locals_init(&agent->locals, common);
    agent->remotes.common = common;
    ice_check_list_init(checks, common, session);
    agent->pairing = (struct ice_pairing){&agent->bases, &agent->remotes, checks};
    ice_consent_init(&agent->consent, session, checks);
    agent->doubt = (struct ice_doubt){session, checks, &agent->consent, .since = RTC_TIME_NEVER};
    agent->nominate = (struct ice_nominate){session, checks, &agent->consent, &agent->doubt};
    agent->gathering.common = common;
    agent->servers.common = common;
    agent->queries = (struct ice_queries){common, &agent->servers, &agent->gathering, &agent->locals, .list = NULL};
    agent->relays = (struct ice_relays){common,        session,        &agent->servers, &agent->gathering,
                                        &agent->bases, &agent->locals, &agent->pairing, .list = NULL};
    agent->names = (struct ice_names){common, &agent->bases, &agent->locals, .mdns = NULL};
    agent->lookups = (struct ice_lookups){common, session, &agent->gathering, &agent->remotes, &agent->names, .pending = NULL};
    agent->tcp = (struct ice_tcp){common,        session,         &agent->gathering, &agent->bases,
                                  &agent->names, &agent->pairing, &agent->consent,   .listeners = NULL};
}

int ice_agent_new(rtc_context *context, const struct ice_options *options, struct ice_agent **out)
{
    context = context_resolve(context);
    struct ice_agent *agent = context ? memory_zeroed(context, sizeof *agent) : NULL;
    if (!agent)
        return RTC_ERR_NO_MEMORY;
    agent->common.context = rtc_context_ref(context);
    take_options(agent, options);
    wire(agent);
    agent->tcp.active = options->tcp_policy != ICE_TCP_DISABLED && !options->lite;
    agent->tcp.passive = options->tcp_policy == ICE_TCP_ENABLED;
    int error = ice_agent_set_servers(agent, options->servers, options->server_count, options->relay_only);
    if (!error && options->before && options->hide_addresses)
        error = ice_names_inherit(&agent->names, &options->before->names);
    if (error != RTC_OK) {
        ice_agent_free(agent);
        return error;
    }
    *out = agent;
    return RTC_OK;
}

void ice_agent_free(struct ice_agent *agent)
{
    if (!agent)
        return;
    rtc_context *context = agent->common.context;
    ice_check_list_fini(&agent->checks);
    ice_remotes_fini(&agent->remotes);
    ice_bases_fini(&agent->bases);
    ice_locals_fini(&agent->locals);
    ice_queries_fini(&agent->queries);
    ice_relays_fini(&agent->relays);
    ice_lookups_forget(&agent->lookups);
    ice_names_fini(&agent->names);
    ice_tcp_fini(&agent->tcp);
    ice_servers_fini(&agent->servers);
    memory_wipe(agent, sizeof *agent);
    memory_free(context, agent);
    rtc_context_unref(context);
}

int ice_agent_add_remote_candidate(struct ice_agent *agent, rtc_time_t now, const struct ice_candidate *candidate, struct out *out)
{
    if (agent->session.state == ICE_CLOSED)
        return RTC_ERR_INVALID_STATE;
    int error = ice_trickle(agent, candidate);
    run(agent, now, out);
    return error;
}

void ice_agent_end_of_remote_candidates(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    agent->session.end_of_candidates = true;
    if (agent->session.state == ICE_NEW)
        agent->session.started = now;
    run(agent, now, out);
}

bool ice_credentials_are_valid(struct slice ufrag, struct slice password)
{
    return is_ice_text(ufrag, UFRAG_MIN, ICE_UFRAG_MAX) && is_ice_text(password, PASSWORD_MIN, ICE_PASSWORD_MAX);
}

int ice_agent_set_remote_credentials(struct ice_agent *agent, rtc_time_t now, struct slice ufrag, struct slice password, struct out *out)
{
    if (!ice_credentials_are_valid(ufrag, password))
        return RTC_ERR_SYNTAX;
    if (agent->session.remote_known)
        return ice_agent_remote_credentials_are(agent, ufrag, password) ? RTC_OK : RTC_ERR_INVALID_STATE;
    memcpy(agent->session.remote_ufrag, ufrag.data, ufrag.len);
    memcpy(agent->session.remote_password, password.data, password.len);
    agent->session.remote_known = true;
    run(agent, now, out);
    return RTC_OK;
}

bool ice_agent_has_remote_credentials(const struct ice_agent *agent)
{
    return agent->session.remote_known;
}

bool ice_agent_remote_credentials(const struct ice_agent *agent, const char **ufrag, const char **password)
{
    *ufrag = agent->session.remote_ufrag;
    *password = agent->session.remote_password;
    return agent->session.remote_known;
}

bool ice_agent_remote_credentials_are(const struct ice_agent *agent, struct slice ufrag, struct slice password)
{
    return agent->session.remote_known && slice_is(ufrag, agent->session.remote_ufrag) &&
           slice_is(password, agent->session.remote_password);
}

void ice_agent_set_controlling(struct ice_agent *agent, bool controlling)
{
    if (agent->session.state != ICE_NEW || agent->session.remote_lite || ice_is_lite(&agent->session) ||
        ice_controls(&agent->session) == controlling)
        return;
    agent->session.role = controlling ? ICE_CONTROLLING : ICE_CONTROLLED;
    ice_prioritize(&agent->checks);
}

static void leave_lite(struct ice_agent *agent)
{
    agent->session.role = ICE_CONTROLLED;
    ice_lite_leave(&agent->checks);
    for (size_t i = 0; i < agent->bases.count; i++) {
        ice_pair_base(&agent->pairing, agent->bases.list[i]);
        ice_tcp_pair_base(&agent->tcp, agent->bases.list[i]);
    }
}

void ice_agent_set_remote_lite(struct ice_agent *agent)
{
    if (ice_is_lite(&agent->session))
        leave_lite(agent);
    ice_agent_set_controlling(agent, true);
    agent->session.remote_lite = true;
}

void ice_agent_gather(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    if (agent->gathering.state != ICE_GATHERING_NEW || agent->session.state == ICE_CLOSED)
        return;
    ice_gathering_begin(&agent->gathering, now, out);
    ice_queries_begin(&agent->queries, now);
    ice_interfaces_watch(agent, out);
    ice_servers_resolve(&agent->servers, out);
    run(agent, now, out);
}

bool ice_agent_has_socket(const struct ice_agent *agent, uint32_t socket)
{
    return socket != 0 &&
           (ice_bases_find(&agent->bases, socket) || ice_tcp_has_socket(&agent->tcp, socket) ||
            ice_relays_have_socket(&agent->relays, socket) || (agent->names.mdns && mdns_has_socket(agent->names.mdns, socket)));
}

bool ice_agent_input(struct ice_agent *agent, rtc_time_t now, const struct path *from, struct slice packet, struct out *out)
{
    if (agent->session.state == ICE_CLOSED || !ice_input(agent, now, from, packet, out))
        return false;
    run(agent, now, out);
    return true;
}

/* True when the packet was one of multicast DNS; it is consumed then. */
static bool take_multicast(struct ice_agent *agent, rtc_time_t now, struct packet *packet, struct out *out)
{
    if (!agent->names.mdns || !mdns_input(agent->names.mdns, now, &packet->path, packet_slice(packet), out))
        return false;
    packet_free(packet);
    return true;
}

bool ice_agent_unwrap(struct ice_agent *agent, rtc_time_t now, struct packet *packet, struct packet_queue *inner, struct out *out)
{
    bool live = agent->session.state != ICE_CLOSED, stream = packet->path.protocol == PATH_TCP;
    bool ours = live && (stream ? ice_tcp_unwrap(&agent->tcp, now, packet, inner, out) : take_multicast(agent, now, packet, out));
    if (!ours && (agent->relays.count == 0 || !ice_relays_unwrap(&agent->relays, now, packet, inner, out)))
        return false;
    ice_agent_tick(agent, now, out);
    return true;
}

bool ice_agent_wrap(struct ice_agent *agent, rtc_time_t now, struct packet *packet)
{
    bool wraps = agent->relays.count > 0 || agent->tcp.connection_count > 0;
    const struct ice_base *base = wraps ? ice_bases_find(&agent->bases, packet->path.socket) : NULL;
    return !base || ice_wrap(base, now, packet);
}

uint32_t ice_agent_overhead(const struct ice_agent *agent)
{
    const struct ice_pair *pair = agent->checks.selected;
    return pair ? ice_overhead(pair->base, &pair->remote->address) : 0;
}

bool ice_agent_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out)
{
    if (agent->session.state == ICE_CLOSED)
        return ice_bases_find(&agent->bases, result->id) != NULL || ice_lookups_result(&agent->lookups, now, result, out);
    if (result->id != 0 && result->id == agent->interfaces.id)
        ice_interfaces_listed(agent, now, result, out);
    else if (!ice_gather_result(agent, now, result, out) && !ice_lookups_result(&agent->lookups, now, result, out))
        return false;
    ice_trickle_found(agent, out);
    run(agent, now, out);
    return true;
}

void ice_agent_tick(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    if (agent->session.state == ICE_CLOSED)
        ice_relays_linger(&agent->relays, now, out);
    run(agent, now, out);
}

const struct moves ice_agent_moves = {
    .module = "ice",
    .what = "agent",
    .count = ICE_CLOSED + 1,
    .names = {"new", "checking", "connected", "completed", "disconnected", "failed", "closed"},
    .allowed =
        {
            [ICE_NEW] = MOVE_TO(ICE_CHECKING) | MOVE_TO(ICE_CLOSED),
            [ICE_CHECKING] = MOVE_TO(ICE_CONNECTED) | MOVE_TO(ICE_DISCONNECTED) | MOVE_TO(ICE_FAILED) | MOVE_TO(ICE_CLOSED),
            [ICE_CONNECTED] = MOVE_TO(ICE_COMPLETED) | MOVE_TO(ICE_DISCONNECTED) | MOVE_TO(ICE_FAILED) | MOVE_TO(ICE_CLOSED),
            [ICE_COMPLETED] = MOVE_TO(ICE_CONNECTED) | MOVE_TO(ICE_DISCONNECTED) | MOVE_TO(ICE_FAILED) | MOVE_TO(ICE_CLOSED),
            [ICE_DISCONNECTED] = MOVE_TO(ICE_CHECKING) | MOVE_TO(ICE_CONNECTED) | MOVE_TO(ICE_FAILED) | MOVE_TO(ICE_CLOSED),
            [ICE_FAILED] = MOVE_TO(ICE_CLOSED),
            [ICE_CLOSED] = 0,
        },
};

static bool set_state(struct ice_agent *agent, enum ice_state state, struct out *out)
{
    if (!moves_take(&ice_agent_moves, agent->common.context, agent->session.state, state))
        return false;
    agent->session.state = state;
    struct ice_event *e = state == ICE_CLOSED ? NULL : ice_event(&agent->common, ICE_EVENT_STATE, out);
    if (e)
        e->state = state;
    return true;
}

static bool is_complete(const struct ice_agent *agent)
{
    return agent->session.end_of_candidates && agent->gathering.state == ICE_GATHERING_COMPLETE && agent->lookups.pending_count == 0 &&
           ice_checks_done(&agent->checks) && !ice_tcp_undecided(&agent->tcp);
}

/* Which check was the last one is the controlling side's to know: its peer may have to answer more of them at any time. */
static bool may_complete(const struct ice_agent *agent)
{
    return ice_controls(&agent->session) && is_complete(agent);
}

/* What completes can not be undone by the peer's requests: checks that they trigger come and go in milliseconds. */
static bool stays_complete(const struct ice_agent *agent)
{
    return agent->session.end_of_candidates && agent->gathering.state == ICE_GATHERING_COMPLETE && agent->lookups.pending_count == 0;
}

static bool nothing_left(const struct ice_agent *agent, rtc_time_t now)
{
    return now >= agent->session.started + patience_most || (now >= agent->session.started + patience && is_complete(agent));
}

/* NEW is over when there is somebody to check; where the peer named nobody and will not, when it was given the time to ask us (RFC 8863
 * section 4). */
static bool has_begun(const struct ice_agent *agent, rtc_time_t now)
{
    return agent->session.remote_known && (agent->session.peer_seen || (agent->session.end_of_candidates && nothing_left(agent, now)));
}

bool ice_agent_had_path(const struct ice_agent *agent)
{
    return agent->checks.first_valid != RTC_TIME_NEVER;
}

/* Whatever there was to check failed, and more may come (webrtc-pc 5.6.5: checks fail while candidates are still to come). */
static bool is_at_a_loss(const struct ice_agent *agent)
{
    return !ice_is_lite(&agent->session) && agent->gathering.state == ICE_GATHERING_COMPLETE && agent->lookups.pending_count == 0 &&
           ice_checks_done(&agent->checks) && !ice_tcp_untried(&agent->tcp) && agent->remotes.count > 0;
}

static enum ice_state pathless_state(const struct ice_agent *agent, rtc_time_t now)
{
    if (nothing_left(agent, now))
        return ICE_FAILED;
    return is_at_a_loss(agent) && now >= agent->session.started + others_follow ? ICE_DISCONNECTED : ICE_CHECKING;
}

static enum ice_state unselected_state(const struct ice_agent *agent, rtc_time_t now)
{
    switch (agent->session.state) {
    case ICE_NEW:
        return has_begun(agent, now) ? ICE_CHECKING : ICE_NEW;
    case ICE_CHECKING:
        return pathless_state(agent, now);
    case ICE_DISCONNECTED:
        if (!ice_agent_had_path(agent))
            return pathless_state(agent, now);
        return now >= ice_judged_at(&agent->consent, agent->checks.lost + lost_most) ? ICE_FAILED : ICE_DISCONNECTED;
    default:
        return ICE_DISCONNECTED;
    }
}

static enum ice_state next_state(const struct ice_agent *agent, rtc_time_t now)
{
    const struct ice_pair *pair = agent->checks.selected;
    if (agent->session.state == ICE_FAILED || agent->session.state == ICE_CLOSED)
        return agent->session.state;
    if (agent->session.state == ICE_NEW || !pair)
        return unselected_state(agent, now);
    if (agent->session.state == ICE_CHECKING)
        return ICE_CONNECTED;
    if (now >= ice_disconnected_at(&agent->consent, pair) && ice_is_back(&agent->consent, now) && ice_consent_valid(pair, now))
        return agent->session.state;
    if (now >= ice_failed_at(&agent->consent, pair))
        return ICE_FAILED;
    if (now >= ice_disconnected_at(&agent->consent, pair))
        return ICE_DISCONNECTED;
    if (agent->session.state == ICE_COMPLETED && stays_complete(agent))
        return ICE_COMPLETED;
    return agent->session.state != ICE_DISCONNECTED && may_complete(agent) ? ICE_COMPLETED : ICE_CONNECTED;
}

static void update_state(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    enum ice_state next;
    while ((next = next_state(agent, now)) != agent->session.state) {
        if (agent->session.state == ICE_NEW && agent->session.peer_seen)
            agent->session.started = now;
        if (!set_state(agent, next, out))
            return;
    }
}

static void run_due(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    out->failed |= agent->common.starved;
    ice_relays_run(&agent->relays, now, out);
    ice_gather_run(agent, now, out);
    if (agent->gathering.state != ICE_GATHERING_NEW)
        ice_names_run(&agent->names, now, out);
    ice_lookups_run(&agent->lookups, now, out);
    ice_trickle_found(agent, out);
    if (agent->session.state == ICE_FAILED) {
        ice_tcp_run(&agent->tcp, now, out);
        return;
    }
    ice_interfaces_run(agent, now, out);
    ice_check_list_run(&agent->checks, now, out);
    ice_doubt_run(&agent->doubt, now, out);
    ice_select(&agent->nominate, now, out);
    ice_nominate_run(&agent->nominate, now, out);
    ice_consent_run(&agent->consent, now, out);
    ice_tcp_run(&agent->tcp, now, out);
    update_state(agent, now, out);
    ice_tcp_connect(&agent->tcp, now, out);
}

static void run(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    if (agent->session.state == ICE_CLOSED)
        return;
    rtc_time_t late = ice_notice_pause(&agent->consent, now);
    if (agent->session.state == ICE_NEW || agent->session.state == ICE_CHECKING)
        agent->session.started += late; /* checks did not have the time that they are given */
    run_due(agent, now, out);
    agent->consent.due = ice_agent_deadline(agent, NULL);
}

static void state_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why)
{
    const struct ice_pair *pair = agent->checks.selected;
    bool waits = agent->session.state == ICE_NEW && agent->session.end_of_candidates && agent->session.remote_known;
    bool pathless = agent->session.state == ICE_DISCONNECTED && !pair && !ice_agent_had_path(agent);
    if (waits || pathless || agent->session.state == ICE_CHECKING) {
        deadline_min(best, why, agent->session.started + (is_complete(agent) ? patience : patience_most), TIMER_ICE_STATE);
        if (agent->session.state == ICE_CHECKING && is_at_a_loss(agent))
            deadline_min(best, why, agent->session.started + others_follow, TIMER_ICE_STATE);
    } else if (agent->session.state == ICE_DISCONNECTED) {
        deadline_min(best, why,
                     ice_judged_at(&agent->consent, pair ? ice_failed_at(&agent->consent, pair) : agent->checks.lost + lost_most),
                     TIMER_ICE_STATE);
    } else if (pair) {
        deadline_min(best, why, ice_judged_at(&agent->consent, ice_disconnected_at(&agent->consent, pair)), TIMER_ICE_STATE);
        deadline_min(best, why, ice_judged_at(&agent->consent, ice_failed_at(&agent->consent, pair)), TIMER_ICE_STATE);
    }
}

rtc_time_t ice_agent_deadline(const struct ice_agent *agent, enum timer_reason *why)
{
    rtc_time_t best = RTC_TIME_NEVER;
    if (why)
        *why = TIMER_NONE;
    ice_relays_deadline(&agent->relays, &best, why);
    if (agent->session.state == ICE_CLOSED)
        return best;
    ice_gather_deadline(agent, &best, why);
    ice_lookups_deadline(&agent->lookups, &best, why);
    ice_tcp_deadline(&agent->tcp, &best, why);
    if (agent->session.state == ICE_FAILED)
        return best;
    ice_interfaces_deadline(agent, &best, why);
    ice_doubt_deadline(&agent->doubt, &best, why);
    ice_check_list_deadline(&agent->checks, &best, why);
    ice_nominate_deadline(&agent->nominate, &best, why);
    ice_consent_deadline(&agent->consent, &best, why);
    state_deadline(agent, &best, why);
    return best;
}

void ice_agent_close(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    if (agent->session.state == ICE_CLOSED) {
        ice_relays_abandon(&agent->relays, out);
        return;
    }
    (void)set_state(agent, ICE_CLOSED, out);
    ice_relays_close(&agent->relays, now, out);
    ice_lookups_forget(&agent->lookups);
    ice_names_close(&agent->names, out);
    if (agent->interfaces.id)
        (void)out_request(out, REQUEST_CLOSE, agent->interfaces.id);
    for (size_t i = 0; i < agent->bases.count; i++)
        if (agent->bases.list[i]->state <= ICE_BASE_OPEN && ice_base_is_socket(agent->bases.list[i]))
            (void)out_request(out, REQUEST_CLOSE, agent->bases.list[i]->socket);
    ice_tcp_close(&agent->tcp, out);
}

const struct ice_credentials *ice_agent_credentials(const struct ice_agent *agent)
{
    return &agent->common.credentials;
}

const char *ice_agent_local_ufrag(const struct ice_agent *agent)
{
    return agent->common.credentials.ufrag;
}

uint32_t ice_agent_generation(const struct ice_agent *agent)
{
    return agent->common.generation;
}

bool ice_agent_controlling(const struct ice_agent *agent)
{
    return ice_controls(&agent->session);
}

enum ice_state ice_agent_state(const struct ice_agent *agent)
{
    return agent->session.state;
}

enum ice_gathering_state ice_agent_gathering_state(const struct ice_agent *agent)
{
    return agent->gathering.state;
}

const struct path *ice_agent_selected(const struct ice_agent *agent)
{
    return agent->checks.selected && agent->session.state != ICE_FAILED && agent->session.state != ICE_CLOSED ? &agent->checks.selected_path
                                                                                                              : NULL;
}

bool ice_agent_has_nominated(const struct ice_agent *agent)
{
    return ice_agent_selected(agent) && (agent->checks.selected->nominated || ice_is_lite(&agent->session));
}

bool ice_agent_is_alive(const struct ice_agent *agent, rtc_time_t now)
{
    const struct ice_pair *pair = agent->checks.selected;
    if (!ice_agent_selected(agent))
        return false;
    bool carries = pair->counts.packets_received > 0 && now < pair->counts.last_received + alive_for;
    return carries || ice_quiet(pair, now) < alive_for;
}

void ice_agent_let_peer_begin(struct ice_agent *agent, rtc_time_t now)
{
    ice_hold_checks(&agent->checks, now + peer_begins_within);
}

bool ice_agent_selected_info(const struct ice_agent *agent, struct ice_selected *out)
{
    const struct ice_pair *pair = agent->checks.selected;
    if (!pair)
        return false;
    *out = (struct ice_selected){.path = agent->checks.selected_path, .rtt_us = pair->rtt.smoothed};
    ice_describe_local(agent, pair, &out->local);
    ice_describe_remote(agent, pair->remote, &out->remote);
    return true;
}

static const struct ice_pair *pair_of(const struct ice_agent *agent, const struct path *from)
{
    const struct ice_base *base = ice_bases_find(&agent->bases, from->socket);
    return base ? ice_find_pair(&agent->checks, base, &from->remote) : NULL;
}

rtc_time_t ice_agent_answered(const struct ice_agent *agent, const struct path *from)
{
    const struct ice_pair *pair = pair_of(agent, from);
    return pair ? pair->consent.answered : -1;
}

void ice_agent_contest(struct ice_agent *agent, bool contested)
{
    agent->contested = contested;
}

rtc_time_t ice_agent_heard(const struct ice_agent *agent, const struct path *from)
{
    const struct ice_pair *pair = pair_of(agent, from);
    return pair && pair->consent.receivable ? pair->consent.heard : -1;
}

rtc_time_t ice_agent_rtt_us(const struct ice_agent *agent)
{
    rtc_time_t best = 0;
    if (agent->checks.selected)
        return agent->checks.selected->rtt.smoothed;
    for (size_t i = 0; i < agent->checks.count; i++)
        if (agent->checks.pairs[i]->rtt.smoothed > 0 && (best == 0 || agent->checks.pairs[i]->rtt.smoothed < best))
            best = agent->checks.pairs[i]->rtt.smoothed;
    return best;
}

bool ice_agent_local_candidate(const struct ice_agent *agent, size_t index, struct ice_candidate *out)
{
    if (index >= agent->locals.count)
        return false;
    *out = ice_locals_get(&agent->locals, index);
    return true;
}

const char *ice_agent_name_failure(const struct ice_agent *agent)
{
    return agent->lookups.failure;
}

const struct ice_counters *ice_agent_counters(const struct ice_agent *agent)
{
    return &agent->common.counters;
}
