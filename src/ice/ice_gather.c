/* SPDX-License-Identifier: MIT */
/* Gathering (RFC 8445 section 5.1.1): a socket on each address of this host, and from each socket a Binding request to every server of its
 * family. Host candidates are announced as soon as their socket is bound; nothing waits for a server, and a server that does not answer
 * costs only its own candidate. Where sockets, servers, queries, relays, names and TCP meet: what a result means for each of them, and when
 * all of it is over. */
#include "ice_gather.h"

#include "ice_internal.h"

static void query_server(struct ice_agent *agent, struct ice_base *base, uint32_t index, rtc_time_t now, struct out *out)
{
    const struct ice_server_state *server = &agent->servers.list[index];
    for (uint32_t i = 0; i < server->address_count; i++) {
        const struct address *a = &server->addresses[i];
        bool pointless = address_is_loopback(&base->address) && !address_is_loopback(a);
        if (!(ice_base_is_socket(base) && (base->state == ICE_BASE_OPEN || base->state == ICE_BASE_PROBED)) ||
            a->family != base->address.family || pointless)
            continue;
        /* A TURN server over UDP is a STUN server, too. */
        if (base->state == ICE_BASE_OPEN && server->config.kind <= ICE_SERVER_TURN_UDP)
            ice_queries_add(&agent->queries, base, index, a, now, out);
        if (server->config.kind != ICE_SERVER_STUN)
            ice_relays_start(&agent->relays, base, index, a, out);
    }
}

static void add_host(struct ice_agent *agent, struct ice_base *base, struct out *out)
{
    struct ice_candidate c;
    ice_local_init(&agent->locals, &c, ICE_HOST, base, slice_str(""));
    c.address = base->shown;
    base->priority = c.priority;
    base->foundation = ice_foundation(&agent->locals, ICE_HOST, &base->address, slice_str(""));
    ice_names_announce(&agent->names, base, &c, out);
}

void ice_remove_socket(struct ice_agent *agent, struct ice_base *base, rtc_time_t now, struct out *out)
{
    if (base->state <= ICE_BASE_OPEN)
        (void)out_request(out, REQUEST_CLOSE, base->socket);
    ice_tcp_drop_interface(&agent->tcp, &base->address, now, out);
    ice_names_withdraw(&agent->names, base, out);
    ice_base_set_state(base, agent->common.context, ICE_BASE_CLOSED);
    ice_drop_base(&agent->checks, base, now);
    ice_queries_forget(&agent->queries, base);
    ice_locals_forget(&agent->locals, base->socket, out);
    ice_bases_remove(&agent->bases, base);
}

static void on_opened(struct ice_agent *agent, struct ice_base *base, rtc_time_t now, const struct io_result *result, struct out *out)
{
    if (result->error != RTC_OK || result->local.family == ADDRESS_NONE) {
        ice_base_set_state(base, agent->common.context, ICE_BASE_CLOSED); /* there is nothing to close */
        ice_remove_socket(agent, base, now, out);
        return;
    }
    if (base->state != ICE_BASE_OPENING)
        return;
    /* The end of candidates was announced: this one came too late. */
    if (agent->gathering.state == ICE_GATHERING_COMPLETE) {
        ice_remove_socket(agent, base, now, out);
        return;
    }
    base->address = result->local;
    base->shown = agent->common.rules ? ice_externals_apply(&agent->common.rules->externals, &base->address) : base->address;
    /* The interface works: that is all that is wanted of it. */
    if (agent->common.relay_only) {
        ice_base_set_state(base, agent->common.context, ICE_BASE_PROBED);
        (void)out_request(out, REQUEST_CLOSE, base->socket);
    } else {
        ice_base_set_state(base, agent->common.context, ICE_BASE_OPEN);
        add_host(agent, base, out);
        ice_pair_base(&agent->pairing, base);
        ice_tcp_pair_base(&agent->tcp, base);
    }
    for (uint32_t i = 0; i < agent->servers.count; i++)
        query_server(agent, base, i, now, out);
}

static void on_resolved(struct ice_agent *agent, uint32_t index, rtc_time_t now, const struct io_result *result, struct out *out)
{
    struct ice_server_state *server = &agent->servers.list[index];
    server->resolve_id = 0;
    if (agent->gathering.state != ICE_GATHERING_ACTIVE)
        return;
    ice_server_resolved(server, result);
    if (server->address_count == 0)
        ice_server_report(&agent->servers, server, NULL, ICE_UNREACHABLE, slice_str("the server's name could not be resolved"), out);
    for (size_t i = 0; i < agent->bases.count; i++)
        query_server(agent, agent->bases.list[i], index, now, out);
}

bool ice_gather_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out)
{
    if (result->id == 0)
        return false;
    struct ice_base *base = ice_bases_find(&agent->bases, result->id);
    if (base && ice_base_is_socket(base)) {
        on_opened(agent, base, now, result, out);
        return true;
    }
    if (ice_relays_result(&agent->relays, now, result, out) || ice_tcp_result(&agent->tcp, now, result, out))
        return true;
    uint32_t server = ice_servers_find_resolution(&agent->servers, result->id);
    if (server == agent->servers.count)
        return false;
    on_resolved(agent, server, now, result, out);
    return true;
}

/* A NAT forgets a mapping that is not used: until a pair carries traffic it is refreshed (RFC 8445 section 5.1.1.4). */
static bool keeps_mappings(const struct ice_agent *agent)
{
    return !agent->checks.selected && (agent->session.state == ICE_NEW || agent->session.state == ICE_CHECKING);
}

static bool gathering_goes_on(const struct ice_agent *agent)
{
    if (agent->interfaces.state == ICE_INTERFACES_AWAITED || ice_relays_pending(&agent->relays) || ice_tcp_gathers(&agent->tcp))
        return true;
    for (size_t i = 0; i < agent->bases.count; i++)
        if (agent->bases.list[i]->state == ICE_BASE_OPENING && !agent->bases.list[i]->absent)
            return true;
    for (uint32_t i = 0; i < agent->servers.count; i++)
        if (agent->servers.list[i].resolve_id)
            return true;
    return ice_queries_pending(&agent->queries);
}

/* Request ids stay, so that a late result is still known as ours. */
static void give_up(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    for (uint32_t i = 0; i < agent->servers.count; i++)
        if (agent->servers.list[i].resolve_id)
            ice_server_report(&agent->servers, &agent->servers.list[i], NULL, ICE_UNREACHABLE,
                              slice_str("the server's name was not resolved in time"), out);
    ice_queries_give_up(&agent->queries, out);
    ice_relays_give_up(&agent->relays, now, out);
}

void ice_gather_run(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    bool expired = agent->gathering.state == ICE_GATHERING_ACTIVE && now >= agent->gathering.deadline;
    if (agent->gathering.state == ICE_GATHERING_NEW)
        return;
    if (expired)
        give_up(agent, now, out);
    ice_tcp_offer(&agent->tcp, out);
    ice_queries_run(&agent->queries, keeps_mappings(agent), now, out);
    if (agent->gathering.state == ICE_GATHERING_ACTIVE && (expired || !gathering_goes_on(agent)))
        ice_gathering_complete(&agent->gathering, out);
}

void ice_gather_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why)
{
    if (agent->gathering.state == ICE_GATHERING_NEW)
        return;
    if (agent->gathering.state == ICE_GATHERING_ACTIVE)
        deadline_min(best, why, agent->gathering.deadline, TIMER_ICE_GATHER);
    ice_queries_deadline(&agent->queries, keeps_mappings(agent), best, why);
}
