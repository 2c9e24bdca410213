/* SPDX-License-Identifier: MIT */
/* See ice_report.h. Reasons are written for who asks why there is no connection: what was tried, and what came back. */
#include "ice_report.h"

#include "ice_internal.h"

#include <stdarg.h>
#include <stdio.h>

static void say(char reason[ICE_REASON_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(char reason[ICE_REASON_MAX], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, ICE_REASON_MAX, format, args);
    va_end(args);
}

/* The local side as the peer sees it: the base itself, a server-reflexive candidate, or else peer-reflexive (RFC 8445 section 7.2.5.3.1).
 */
void ice_describe_local(const struct ice_agent *agent, const struct ice_pair *pair, struct ice_candidate *out)
{
    bool translated = pair->mapped.family != ADDRESS_NONE && !address_eq(&pair->mapped, &pair->base->address);
    const struct address *seen = translated ? &pair->mapped : &pair->base->shown;
    uint8_t protocol = pair->base->tcp ? PATH_TCP : PATH_UDP;
    for (size_t i = 0; i < agent->locals.count; i++) {
        const struct ice_local *l = &agent->locals.list[i];
        if (l->protocol == protocol && address_eq(&l->address, seen)) {
            *out = ice_locals_get(&agent->locals, i);
            return;
        }
    }
    *out = (struct ice_candidate){.component = ICE_COMPONENT, .protocol = protocol, .type = ICE_PEER_REFLEXIVE};
    out->address = *seen;
    if (pair->base->tcp) {
        ice_tcp_describe(&agent->tcp, pair->base, out);
        return;
    }
    out->related = ice_related_address(&agent->common, &pair->base->address);
    out->priority = ice_candidate_priority(ICE_PEER_REFLEXIVE, pair->base->preference, ICE_COMPONENT);
}

/* What the peer gave a name for is shown by that name, and not at all while a name has not been resolved: it may be that of a
 * peer-reflexive candidate (the draft of ice_names.c, section 3.3.1). */
static bool is_hidden(const struct ice_agent *agent, const struct ice_remote *remote)
{
    const struct ice_counters *c = &agent->common.counters;
    return remote->name || (!remote->signalled && (agent->lookups.pending_count || c->names_resolved || c->names_failed));
}

void ice_describe_remote(const struct ice_agent *agent, const struct ice_remote *remote, struct ice_candidate *out)
{
    *out = (struct ice_candidate){.component = ICE_COMPONENT, .type = remote->type, .priority = remote->priority};
    out->protocol = remote->tcp_type == ICE_TCP_NONE ? PATH_UDP : PATH_TCP;
    out->tcp_type = remote->tcp_type;
    out->serial = remote->serial;
    if (is_hidden(agent, remote))
        out->address.port = remote->address.port;
    else
        out->address = remote->address;
    if (remote->name)
        text_copy(out->name, sizeof out->name, remote->name);
    memcpy(out->foundation, remote->foundation, sizeof out->foundation);
}

static enum ice_report_state state_of(const struct ice_pair *pair)
{
    static const enum ice_report_state states[] = {
        [ICE_PAIR_FROZEN] = ICE_REPORT_FROZEN,           [ICE_PAIR_WAITING] = ICE_REPORT_WAITING,
        [ICE_PAIR_IN_PROGRESS] = ICE_REPORT_IN_PROGRESS, [ICE_PAIR_SUCCEEDED] = ICE_REPORT_SUCCEEDED,
        [ICE_PAIR_FAILED] = ICE_REPORT_FAILED,
    };
    return states[pair->state];
}

static void explain_unanswered(const struct ice_pair *pair, char reason[ICE_REASON_MAX])
{
    unsigned long long sent = (unsigned long long)pair->counts.requests_sent;
    if (pair->check.error_code)
        say(reason, "the peer refused %llu checks, the last one with error %u", sent, pair->check.error_code);
    else if (pair->counts.requests_received > 0)
        say(reason, "%llu checks were sent and not answered, although the peer's own checks arrive here", sent);
    else
        say(reason, "%llu checks were sent and nothing came back", sent);
}

static void explain_pair(const struct ice_agent *agent, const struct ice_pair *pair, rtc_time_t now, char reason[ICE_REASON_MAX])
{
    reason[0] = 0;
    if (pair->base->absent)
        say(reason, "its local address is gone from this host");
    else if (pair->base->state != ICE_BASE_OPEN)
        say(reason, "its socket was closed");
    else if (!agent->session.remote_known)
        say(reason, "the peer's description has not come yet");
    else if (pair->state == ICE_PAIR_FROZEN || pair->state == ICE_PAIR_WAITING)
        say(reason, "not checked yet");
    else if (pair->state != ICE_PAIR_SUCCEEDED)
        explain_unanswered(pair, reason);
    else if (!ice_consent_valid(pair, now) || (pair == agent->checks.selected && now >= ice_disconnected_at(&agent->consent, pair)))
        say(reason, "it worked, but nothing was heard of the peer for %.1f s", (double)ice_quiet(pair, now) / 1e6);
}

bool ice_agent_pair_report(const struct ice_agent *agent, rtc_time_t now, size_t index, struct ice_pair_report *out)
{
    if (index >= agent->checks.count)
        return false;
    const struct ice_pair *pair = agent->checks.pairs[index];
    *out = (struct ice_pair_report){
        .serial = pair->serial,
        .state = state_of(pair),
        .nominated = pair->nominated,
        .selected = pair == agent->checks.selected,
        .priority = pair->priority,
        .rtt_us = pair->rtt.smoothed,
        .total_rtt_us = pair->rtt.total,
        .counts = pair->counts,
    };
    ice_describe_local(agent, pair, &out->local);
    ice_describe_remote(agent, pair->remote, &out->remote);
    explain_pair(agent, pair, now, out->reason);
    return true;
}

const char *ice_agent_remote_ufrag(const struct ice_agent *agent)
{
    return agent->session.remote_ufrag;
}

bool ice_agent_remote_report(const struct ice_agent *agent, size_t index, struct ice_candidate *out)
{
    if (index >= agent->remotes.count)
        return false;
    ice_describe_remote(agent, agent->remotes.list[index], out);
    return true;
}

bool ice_agent_left_out_report(const struct ice_agent *agent, size_t index, struct ice_candidate *out, const char **reason)
{
    if (index >= agent->remotes.left_out_count)
        return false;
    const struct ice_left_out *l = &agent->remotes.left_out[index];
    *out = (struct ice_candidate){.component = ICE_COMPONENT, .type = l->type, .protocol = l->protocol, .address = l->address};
    if (l->named)
        out->address = (struct address){.port = l->address.port};
    *reason = l->reason;
    return true;
}

static bool is_asked(const struct ice_agent *agent, uint32_t server)
{
    for (size_t i = 0; i < agent->queries.count; i++)
        if (agent->queries.list[i].server == server &&
            (agent->queries.list[i].state == ICE_QUERY_WAITING || agent->queries.list[i].state == ICE_QUERY_ACTIVE))
            return true;
    for (size_t i = 0; i < agent->relays.count; i++)
        if (agent->relays.list[i]->server == server &&
            (agent->relays.list[i]->state == ICE_RELAY_OPENING || agent->relays.list[i]->state == ICE_RELAY_ALLOCATING))
            return true;
    return false;
}

/* An answer that brought no candidate of its own is one, too: the address was known already. */
static bool is_answered(const struct ice_agent *agent, uint32_t server)
{
    for (size_t i = 0; i < agent->queries.count; i++)
        if (agent->queries.list[i].server == server && agent->queries.list[i].state == ICE_QUERY_MAPPED)
            return true;
    for (size_t i = 0; i < agent->relays.count; i++)
        if (agent->relays.list[i]->server == server && agent->relays.list[i]->state == ICE_RELAY_OPEN)
            return true;
    return false;
}

static enum ice_server_progress progress_of(const struct ice_agent *agent, uint32_t server)
{
    const struct ice_server_state *s = &agent->servers.list[server];
    if (s->resolve_id)
        return ICE_SERVER_RESOLVING;
    if (is_answered(agent, server))
        return ICE_SERVER_ANSWERED;
    if (is_asked(agent, server))
        return ICE_SERVER_ASKED;
    return s->error_code ? ICE_SERVER_FAILED : ICE_SERVER_UNUSED;
}

static void explain_server(const struct ice_agent *agent, const struct ice_server_state *s, struct ice_server_report *r)
{
    switch (r->progress) {
    case ICE_SERVER_UNUSED:
        if (agent->gathering.state == ICE_GATHERING_NEW)
            say(r->reason, "gathering has not begun");
        else if (agent->gathering.state == ICE_GATHERING_ACTIVE)
            say(r->reason, "it has not been asked yet");
        else
            say(r->reason, "no local address can reach it: none is of its family");
        break;
    case ICE_SERVER_RESOLVING:
        say(r->reason, "its name is being looked up");
        break;
    case ICE_SERVER_ASKED:
        say(r->reason, "it has not answered yet");
        break;
    case ICE_SERVER_FAILED:
        say(r->reason, "%s", s->error_text);
        break;
    case ICE_SERVER_ANSWERED:
        break;
    }
}

bool ice_agent_server_report(const struct ice_agent *agent, size_t index, struct ice_server_report *out)
{
    if (index >= agent->servers.count)
        return false;
    const struct ice_server_state *s = &agent->servers.list[index];
    *out = (struct ice_server_report){.progress = progress_of(agent, (uint32_t)index), .error_code = s->error_code};
    ice_server_url(&s->config, out->url);
    for (size_t i = 0; i < agent->locals.count; i++)
        out->candidates += agent->locals.list[i].server == index + 1;
    explain_server(agent, s, out);
    return true;
}

const char *ice_relay_protocol_name(const char *url)
{
    return strncmp(url, "turns:", 6) == 0 ? "tls" : strstr(url, "transport=tcp") ? "tcp" : "udp";
}

void ice_agent_count_sent(struct ice_agent *agent, rtc_time_t now, size_t bytes)
{
    if (!agent->checks.selected)
        return;
    agent->checks.selected->counts.packets_sent++;
    agent->checks.selected->counts.bytes_sent += bytes;
    agent->checks.selected->counts.last_sent = now;
}

void ice_agent_count_discarded(struct ice_agent *agent, size_t bytes)
{
    if (!agent->checks.selected)
        return;
    agent->checks.selected->counts.packets_discarded++;
    agent->checks.selected->counts.bytes_discarded += bytes;
}

bool ice_agent_receives(struct ice_agent *agent, rtc_time_t now, const struct path *from, size_t bytes)
{
    const struct ice_base *base = ice_bases_find(&agent->bases, from->socket);
    struct ice_pair *pair = base ? ice_find_pair(&agent->checks, base, &from->remote) : NULL;
    if (!pair || !pair->consent.receivable)
        return false;
    pair->counts.packets_received++;
    pair->counts.bytes_received += bytes;
    pair->counts.last_received = now;
    return true;
}
