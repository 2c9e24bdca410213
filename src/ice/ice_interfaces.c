/* SPDX-License-Identifier: MIT */
/* The local addresses that get a socket (RFC 8445 section 5.1.1.1): which of the system's list are used, and how they rank. The kind of the
 * network comes first, then families alternate (RFC 8421 section 4). Whenever the list changes, what is new gets a socket, and what
 * vanished is not used any more; its socket is kept for a while, for a cable that is plugged in again. */
#include "ice_interfaces.h"

#include "ice_gather.h"
#include "ice_internal.h"
#include "memory.h"

#include <crtc/transport.h>

/* A local preference (RFC 8445 section 5.1.2.1): the kind of the network in the upper bits, then the place among those of the kind. */
enum { PLACES = 1 << 13, KINDS = 8 };

/* As long as consent lasts: a pair that comes back later has to be made anew anyway. */
static const rtc_time_t keeps_absent = 30 * ICE_SECOND;

/* Best first. What is not known to be worse is taken for a cable. */
static unsigned kind_of(const struct io_interface *i)
{
    if (address_is_loopback(&i->address))
        return RTC_NETWORK_LOOPBACK;
    return i->type == RTC_NETWORK_UNKNOWN || i->type >= KINDS ? RTC_NETWORK_ETHERNET : i->type;
}

static unsigned rank(const struct io_interface *i)
{
    bool unique_local = i->address.family == ADDRESS_IPV6 && address_is_private(&i->address);
    return kind_of(i) * 2 + (unique_local ? 1 : 0);
}

/* The interfaces of one family that get a socket, best first. */
struct choice {
    const struct io_interface *list[ICE_BASES_MAX];
    size_t count;
};

static bool is_chosen(const struct choice *choice, const struct io_interface *i)
{
    for (size_t k = 0; k < choice->count; k++)
        if (address_ip_eq(&choice->list[k]->address, &i->address))
            return true;
    return false;
}

static void choose(struct ice_agent *agent, struct choice *choice, const struct io_interface *i)
{
    size_t at = choice->count;
    if (is_chosen(choice, i))
        return;
    while (at > 0 && rank(choice->list[at - 1]) > rank(i))
        at--;
    if (choice->count == ICE_BASES_MAX) {
        agent->common.counters.over_limit++;
        if (at == choice->count)
            return;
        choice->count--;
    }
    memmove(&choice->list[at + 1], &choice->list[at], (choice->count - at) * sizeof choice->list[0]);
    choice->list[at] = i;
    choice->count++;
}

static bool is_allowed(const struct ice_agent *agent, const struct io_interface *i)
{
    const struct ice_rules *rules = agent->common.rules;
    if (!rules)
        return true;
    return (rules->allow.count == 0 || ice_filters_match(&rules->allow, i->name, &i->address)) &&
           !ice_filters_match(&rules->deny, i->name, &i->address);
}

static bool is_usable(const struct ice_agent *agent, const struct io_interface *i, bool loopback)
{
    const struct address *a = &i->address;
    return ice_address_is_usable(a) && !address_is_link_local(a) && (loopback || !address_is_loopback(a)) && is_allowed(agent, i);
}

static bool any_usable(const struct ice_agent *agent, const struct io_result *result)
{
    for (size_t i = 0; i < result->interface_count; i++)
        if (is_usable(agent, &result->interfaces[i], false))
            return true;
    return false;
}

static bool is_taken(const struct ice_agent *agent, uint16_t preference)
{
    for (size_t i = 0; i < agent->bases.count; i++)
        if (ice_base_is_socket(agent->bases.list[i]) && agent->bases.list[i]->preference == preference)
            return true;
    return false;
}

static uint16_t preference(const struct ice_agent *agent, const struct io_interface *i)
{
    unsigned first = (KINDS + 1 - kind_of(i)) * PLACES - 1 - (i->address.family == ADDRESS_IPV4 ? 1 : 0);
    while (is_taken(agent, (uint16_t)first))
        first -= 2;
    return (uint16_t)first;
}

/* ---- The end of an address ---- */

static void forget(struct ice_agent *agent, struct ice_base *base, rtc_time_t now, struct out *out)
{
    struct address listed = base->listed;
    if (base->relay) {
        ice_relay_remove(&agent->relays, base->relay, now, out);
        return;
    }
    ice_remove_socket(agent, base, now, out);
    ice_relays_forget(&agent->relays, &listed, now, out);
}

/* ---- New addresses ---- */

/* An address that vanished longest ago makes room for a new one. */
static bool make_room(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    struct ice_base *oldest = NULL;
    size_t count = 0;
    for (size_t i = 0; i < agent->bases.count; i++) {
        struct ice_base *base = agent->bases.list[i];
        count += ice_base_is_socket(base);
        if (base->absent && ice_base_is_socket(base) && (!oldest || base->since < oldest->since))
            oldest = base;
    }
    if (count < ICE_BASES_MAX)
        return true;
    if (oldest)
        forget(agent, oldest, now, out);
    else
        agent->common.counters.over_limit++;
    return oldest != NULL;
}

static bool open_base(struct ice_agent *agent, const struct io_interface *i, rtc_time_t now, struct out *out)
{
    if (!make_room(agent, now, out))
        return false;
    struct ice_base *base = ice_bases_add(&agent->bases);
    if (!base) {
        out->failed = true;
        return false;
    }

    base->listed = i->address;
    base->listed.port = 0;
    base->address = base->listed;
    base->interface = i->index;
    base->prefix_length = i->prefix_length <= 128 ? (uint8_t)i->prefix_length : 0;
    base->preference = preference(agent, i);
    base->network = (uint8_t)kind_of(i);
    struct request *r = out_request(out, REQUEST_OPEN_UDP, ice_request_id(&agent->common));
    if (!r) {
        ice_base_set_state(base, agent->common.context, ICE_BASE_CLOSED);
        return false;
    }
    base->socket = r->id;
    r->local = base->address;
    r->port_min = agent->common.port_min;
    r->port_max = agent->common.port_max;
    memcpy(r->name, agent->common.credentials.ufrag,
           sizeof agent->common.credentials.ufrag); /* for whoever shares one port among connections */
    return true;
}

static bool is_live(const struct ice_base *base)
{
    return ice_base_is_socket(base) && base->state != ICE_BASE_CLOSED;
}

static bool has_base(const struct ice_agent *agent, const struct io_interface *i)
{
    for (size_t k = 0; k < agent->bases.count; k++)
        if (is_live(agent->bases.list[k]) && address_ip_eq(&agent->bases.list[k]->listed, &i->address))
            return true;
    return false;
}

/* Families alternate, IPv6 first (RFC 6724): when one family is broken the other's checks are not behind all of its own. Returns how many
 * addresses are new. */
static unsigned open_new(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, bool first, struct out *out)
{
    struct choice six = {.count = 0}, four = {.count = 0};
    bool loopback = agent->common.include_loopback || (first && !any_usable(agent, result));
    unsigned opened = 0;
    for (size_t i = 0; i < result->interface_count; i++)
        if (is_usable(agent, &result->interfaces[i], loopback))
            choose(agent, result->interfaces[i].address.family == ADDRESS_IPV6 ? &six : &four, &result->interfaces[i]);
    for (size_t i = 0; i < six.count || i < four.count; i++) {
        if (i < six.count && !has_base(agent, six.list[i]))
            opened += open_base(agent, six.list[i], now, out);
        if (i < four.count && !has_base(agent, four.list[i]))
            opened += open_base(agent, four.list[i], now, out);
    }
    return opened;
}

/* ---- What happens to addresses that are there already ---- */

/* The address of this host that the base stands on; NULL when it is not known. */
static const struct address *ground_of(const struct ice_base *base)
{
    const struct address *a = base->relay ? &base->relay->local : base->tcp ? &base->address : &base->listed;
    return a->family == ADDRESS_NONE || address_is_any(a) ? NULL : a;
}

static bool is_listed(const struct io_result *result, const struct address *address)
{
    for (size_t i = 0; i < result->interface_count; i++)
        if (address_ip_eq(&result->interfaces[i].address, address))
            return true;
    return false;
}

static void vanish(struct ice_agent *agent, struct ice_base *base, rtc_time_t now, struct out *out)
{
    if (base->relay && ice_relay_unground(&agent->relays, base->relay, now, out))
        return;
    base->absent = true;
    base->since = now;
    ice_suspend_pairs(&agent->checks, base, now);
}

static void come_back(struct ice_agent *agent, struct ice_base *base, rtc_time_t now)
{
    base->absent = false;
    ice_resume_pairs(&agent->checks, base);
    ice_pair_base(&agent->pairing, base); /* candidates that came meanwhile */
    ice_tcp_pair_base(&agent->tcp, base);
    ice_queries_retry(&agent->queries, base, now);
}

/* Returns how many came back, or vanished. */
static unsigned follow(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out)
{
    unsigned changed = 0;
    for (size_t i = 0; i < agent->bases.count; i++) {
        struct ice_base *base = agent->bases.list[i];
        const struct address *ground = ground_of(base);
        bool gone = ground && !is_listed(result, ground);
        if (gone == base->absent || (ice_base_is_socket(base) && !is_live(base)))
            continue;
        changed++;
        if (gone)
            vanish(agent, base, now, out);
        else
            come_back(agent, base, now);
    }
    return changed;
}

const struct moves ice_interfaces_moves = {
    .module = "ice",
    .what = "list of interfaces",
    .count = ICE_INTERFACES_KNOWN + 1,
    .names = {"unasked", "awaited", "unknown", "known"},
    .allowed =
        {
            [ICE_INTERFACES_UNASKED] = MOVE_TO(ICE_INTERFACES_AWAITED),
            [ICE_INTERFACES_AWAITED] = MOVE_TO(ICE_INTERFACES_UNKNOWN) | MOVE_TO(ICE_INTERFACES_KNOWN),
            [ICE_INTERFACES_UNKNOWN] = MOVE_TO(ICE_INTERFACES_KNOWN),
            [ICE_INTERFACES_KNOWN] = 0,
        },
};

static void set_state(struct ice_agent *agent, enum ice_interfaces_state state)
{
    if (state != agent->interfaces.state && moves_take(&ice_interfaces_moves, agent->common.context, agent->interfaces.state, state))
        agent->interfaces.state = state;
}

void ice_interfaces_watch(struct ice_agent *agent, struct out *out)
{
    struct request *r = out_request(out, REQUEST_INTERFACES, ice_request_id(&agent->common));
    if (!r)
        return;
    agent->interfaces.id = r->id;
    set_state(agent, ICE_INTERFACES_AWAITED);
}

void ice_interfaces_listed(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out)
{
    bool first = agent->interfaces.state != ICE_INTERFACES_KNOWN;
    if (agent->common.gather_once) {
        (void)out_request(out, REQUEST_CLOSE, agent->interfaces.id);
        agent->interfaces.id = 0;
    }
    /* What failed stays so until the application restarts it. */
    if (result->error != RTC_OK || agent->session.state == ICE_FAILED ||
        (agent->common.gather_once && agent->gathering.state != ICE_GATHERING_ACTIVE)) {
        if (first)
            set_state(agent, ICE_INTERFACES_UNKNOWN);
        return;
    }
    set_state(agent, ICE_INTERFACES_KNOWN);
    unsigned changed = follow(agent, now, result, out), opened = open_new(agent, now, result, first, out);
    if (opened > 0 || changed > 0)
        ice_gathering_resume(&agent->gathering, now, out);
    if (first || opened + changed == 0)
        return;
    ice_doubt_start(&agent->doubt, now);
    ice_queries_refresh(&agent->queries, now);
    ice_relays_hurry(&agent->relays, now);
    if (!agent->checks.selected && !ice_is_lite(&agent->session))
        ice_recheck_all(&agent->checks, now);
}

void ice_interfaces_run(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < agent->bases.count;) {
        struct ice_base *base = agent->bases.list[i];
        if (!base->absent || base->tcp || now < base->since + keeps_absent) {
            i++;
            continue;
        }
        forget(agent, base, now, out);
        i = 0; /* a relay takes all of its bases with it */
    }
}

void ice_interfaces_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why)
{
    for (size_t i = 0; i < agent->bases.count; i++)
        if (agent->bases.list[i]->absent && !agent->bases.list[i]->tcp)
            deadline_min(best, why, agent->bases.list[i]->since + keeps_absent, TIMER_ICE_GATHER);
}
