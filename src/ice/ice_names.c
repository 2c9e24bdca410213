/* SPDX-License-Identifier: MIT */
/* Candidates with names in place of addresses (draft-ietf-mmusic-mdns-ice-candidates). Remote ones are resolved in the background, by
 * multicast DNS, or by the system where multicast can not be had; when that is done they become candidates like any other, and nothing
 * waits for them but the verdict that everything failed. Local ones stand for the addresses of this host, if those are to be hidden. Names
 * that are not "<UUID>.local" are left alone: those of devices are none of a peer's business, and others are not for candidates (RFC 8839
 * section 5.1). */
#include "ice_internal.h"

#include "mdns.h"
#include "memory.h"

/* From when gathering began; multicast DNS counts for itself. */
static const rtc_time_t resolve_most = 10 * ICE_SECOND;

enum { LOOKUPS_MAX = 4 };

/*   WAITING --interfaces known--> MULTICAST --no link to be had--> SYSTEM
 *      +------- none of them -----------------------------------------^        each ends as a candidate, or is dropped */
enum name_state { NAME_WAITING, NAME_MULTICAST, NAME_SYSTEM };

struct named {
    struct named *next;
    enum name_state state;
    rtc_time_t until;    /* NEVER while WAITING */
    uint32_t resolve_id; /* SYSTEM: 0 while other names are looked up */
    struct ice_candidate candidate;
};

struct ice_names {
    struct mdns *mdns;
    struct named *pending; /* in the order they came */
    uint32_t pending_count;
    uint32_t lookups[LOOKUPS_MAX]; /* ids of requests to the system that were not answered yet; 0: free */
};

static struct ice_names *need_names(struct ice_agent *agent)
{
    struct ice_names *names = agent->names;
    if (names)
        return names;
    names = memory_zeroed(agent->common.context, sizeof *names);
    if (!names || mdns_new(agent->common.context, agent->common.next_request_id, context_limits(agent->common.context)->remote_candidates,
                           &names->mdns)) {
        memory_free(agent->common.context, names);
        return NULL;
    }
    agent->names = names;
    return names;
}

void ice_names_free(struct ice_agent *agent)
{
    if (!agent->names)
        return;
    ice_names_forget(agent);
    mdns_free(agent->names->mdns);
    memory_free(agent->common.context, agent->names);
    agent->names = NULL;
}

uint32_t ice_names_pending(const struct ice_agent *agent)
{
    return agent->names ? agent->names->pending_count : 0;
}

/* ---- Names of our own ---- */

const char *ice_names_publish(struct ice_agent *agent, const struct ice_base *base)
{
    struct ice_names *names = need_names(agent);
    return names ? mdns_publish(names->mdns, &base->address, base->interface) : NULL;
}

/* A link stays while the interface has another address of the family. */
void ice_names_withdraw(struct ice_agent *agent, const struct ice_base *base, struct out *out)
{
    bool stays = false;
    if (!agent->names)
        return;
    mdns_withdraw(agent->names->mdns, &base->address);
    for (size_t i = 0; i < agent->bases.count; i++) {
        const struct ice_base *other = agent->bases.list[i];
        stays |= other != base && !other->relay && !other->tcp && other->interface == base->interface &&
                 other->address.family == base->address.family;
    }
    if (!stays)
        mdns_drop_link(agent->names->mdns, &base->address, base->interface, out);
}

int ice_names_inherit(struct ice_agent *agent, struct ice_agent *before)
{
    if (!before->names)
        return RTC_OK;
    struct ice_names *names = need_names(agent);
    return names ? mdns_inherit(names->mdns, before->names->mdns) : RTC_ERR_NO_MEMORY;
}

/* ---- Names of the peer ---- */

static bool is_same(const struct ice_candidate *a, const struct ice_candidate *b)
{
    return a->protocol == b->protocol && a->address.port == b->address.port && strcmp(a->name, b->name) == 0;
}

int ice_names_add(struct ice_agent *agent, const struct ice_candidate *candidate)
{
    struct ice_names *names;
    struct named **at, *n;
    if (agent->common.relay_only || ice_is_lite(&agent->session) || !mdns_is_candidate_name(candidate->name)) {
        agent->common.counters.ignored++;
        return RTC_OK;
    }
    if ((names = need_names(agent)) == NULL)
        return RTC_ERR_NO_MEMORY;
    for (at = &names->pending; *at; at = &(*at)->next)
        if (is_same(&(*at)->candidate, candidate))
            return RTC_OK;
    if (ice_remotes_left(&agent->remotes) <= names->pending_count) {
        agent->common.counters.over_limit++;
        return RTC_ERR_QUOTA_EXCEEDED;
    }
    if ((n = memory_zeroed(agent->common.context, sizeof *n)) == NULL)
        return RTC_ERR_NO_MEMORY;
    n->candidate = *candidate;
    n->until = RTC_TIME_NEVER;
    *at = n;
    names->pending_count++;
    return RTC_OK;
}

static void drop(struct ice_agent *agent, struct named **at)
{
    struct named *n = *at;
    *at = n->next;
    agent->names->pending_count--;
    memory_free(agent->common.context, n);
}

void ice_names_forget(struct ice_agent *agent)
{
    while (agent->names && agent->names->pending)
        drop(agent, &agent->names->pending);
}

static void give_up(struct ice_agent *agent, struct named **at, const char *reason)
{
    agent->common.counters.names_failed++;
    agent->name_failure = reason;
    drop(agent, at);
}

static void settle(struct ice_agent *agent, struct named **at, const struct address *address, struct out *out)
{
    struct ice_candidate candidate = (*at)->candidate;
    uint16_t port = candidate.address.port;
    candidate.address = *address;
    candidate.address.port = port;
    agent->common.counters.names_resolved++;
    drop(agent, at);
    if (ice_take_remote(agent, &candidate) == RTC_ERR_NO_MEMORY)
        out->failed = true;
}

/* Asks the system, as soon as it is not busy with other names. */
static void look_up(struct ice_agent *agent, struct named *n, struct out *out)
{
    n->state = NAME_SYSTEM;
    for (size_t i = 0; i < LOOKUPS_MAX && n->resolve_id == 0; i++) {
        uint32_t *slot = &agent->names->lookups[i];
        struct request *r = *slot == 0 ? out_request(out, REQUEST_RESOLVE, ice_request_id(&agent->common)) : NULL;
        if (!r)
            continue;
        memcpy(r->name, n->candidate.name, sizeof n->candidate.name);
        *slot = n->resolve_id = r->id;
    }
}

/* Whether the interfaces that there are have become bases, or not. */
static bool bases_are_settled(const struct ice_agent *agent)
{
    if (agent->gathering.state == ICE_GATHERING_COMPLETE)
        return true;
    if (agent->bases.count == 0)
        return false;
    for (size_t i = 0; i < agent->bases.count; i++)
        if (agent->bases.list[i]->state == ICE_BASE_OPENING)
            return false;
    return true;
}

static void ask(struct ice_agent *agent, struct named *n, rtc_time_t now, struct out *out)
{
    if (mdns_has_links(agent->names->mdns)) {
        int error = mdns_ask(agent->names->mdns, now, n->candidate.name);
        out->failed |= error == RTC_ERR_NO_MEMORY;
        n->state = NAME_MULTICAST;
    } else if (bases_are_settled(agent)) {
        look_up(agent, n, out);
    }
}

static void await_multicast(struct ice_agent *agent, struct named **at, struct out *out)
{
    struct address address;
    switch (mdns_lookup(agent->names->mdns, (*at)->candidate.name, &address)) {
    case MDNS_FOUND:
        settle(agent, at, &address, out);
        break;
    case MDNS_AMBIGUOUS:
        give_up(agent, at, "a name has several addresses");
        break;
    case MDNS_ASKING:
        if (!mdns_has_links(agent->names->mdns))
            look_up(agent, *at, out);
        break;
    default:
        give_up(agent, at, "nobody on the local networks answered for a name");
    }
}

static void step(struct ice_agent *agent, struct named **at, rtc_time_t now, struct out *out)
{
    struct named *n = *at;
    if (n->until == RTC_TIME_NEVER)
        n->until = now + resolve_most;
    if (n->state == NAME_WAITING)
        ask(agent, n, now, out);
    if (n->state == NAME_MULTICAST)
        await_multicast(agent, at, out);
    else if (n->state == NAME_SYSTEM && n->resolve_id == 0)
        look_up(agent, n, out);
    if (*at == n && n->state != NAME_MULTICAST && now >= n->until)
        give_up(agent, at, n->state == NAME_SYSTEM ? "the system did not resolve a name" : "there was no interface to resolve a name on");
}

/* Before gathering there are no interfaces to ask on. */
static void run_pending(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    for (struct named **at = &agent->names->pending; *at;) {
        struct named *n = *at;
        step(agent, at, now, out);
        if (*at == n)
            at = &n->next;
    }
}

static void add_links(struct ice_agent *agent)
{
    for (size_t i = 0; i < agent->bases.count; i++) {
        const struct ice_base *base = agent->bases.list[i];
        if (base->state == ICE_BASE_OPEN && !base->absent && !base->relay && !base->tcp)
            mdns_add_link(agent->names->mdns, &base->address, base->interface);
    }
}

void ice_names_run(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    if (!agent->names || agent->gathering.state == ICE_GATHERING_NEW)
        return;
    add_links(agent);
    mdns_tick(agent->names->mdns, now, out);
    run_pending(agent, now, out);
    mdns_tick(agent->names->mdns, now, out);
}

void ice_names_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why)
{
    if (!agent->names || agent->gathering.state == ICE_GATHERING_NEW)
        return;
    deadline_min(best, why, mdns_deadline(agent->names->mdns), TIMER_ICE_NAMES);
    for (const struct named *n = agent->names->pending; n; n = n->next)
        if (n->state != NAME_MULTICAST)
            deadline_min(best, why, n->until, TIMER_ICE_NAMES);
}

bool ice_names_input(struct ice_agent *agent, rtc_time_t now, struct packet *packet, struct out *out)
{
    if (!agent->names || !mdns_input(agent->names->mdns, now, &packet->path, packet_slice(packet), out))
        return false;
    packet_free(packet);
    return true;
}

/* Several addresses make the candidate useless, as with multicast. Nobody but this host has a loopback address of ours. */
static void on_looked_up(struct ice_agent *agent, struct named **at, const struct io_result *result, struct out *out)
{
    const struct address *a = result->addresses;
    bool found = result->error == RTC_OK && result->address_count > 0;
    for (size_t i = 1; found && i < result->address_count; i++)
        if (!address_ip_eq(&a[i], a)) {
            give_up(agent, at, "a name has several addresses");
            return;
        }
    if (found && (agent->common.include_loopback || !address_is_loopback(a)))
        settle(agent, at, a, out);
    else
        give_up(agent, at, "the system did not resolve a name");
}

bool ice_names_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out)
{
    struct ice_names *names = agent->names;
    if (!names || result->id == 0)
        return false;
    if (mdns_result(names->mdns, now, result, out))
        return true;
    for (size_t i = 0; i < LOOKUPS_MAX; i++) {
        if (names->lookups[i] != result->id)
            continue;
        names->lookups[i] = 0;
        struct named **at = &names->pending;
        while (*at && (*at)->resolve_id != result->id)
            at = &(*at)->next;
        if (*at && agent->session.state != ICE_CLOSED)
            on_looked_up(agent, at, result, out);
        return true;
    }
    return false;
}

void ice_names_close(struct ice_agent *agent, struct out *out)
{
    if (!agent->names)
        return;
    ice_names_forget(agent);
    mdns_close(agent->names->mdns, out);
}
