/* The local addresses that get a socket (RFC 8445 section 5.1.1.1): which of the system's list are used, and how they rank. The kind of the
 * network comes first, then families alternate (RFC 8421 section 4). */
#include "ice_internal.h"

#include "memory.h"

#include <crtc/transport.h>

/* A local preference (RFC 8445 section 5.1.2.1): the kind of the network in the upper bits, then the place among those of the kind. */
enum { PLACES = 1 << 13, KINDS = 8 };

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
        agent->counters.over_limit++;
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
    const struct ice_rules *rules = agent->rules;
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
    for (size_t i = 0; i < agent->base_count; i++)
        if (!agent->bases[i]->relay && agent->bases[i]->preference == preference)
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

static void open_base(struct ice_agent *agent, const struct io_interface *i, struct out *out)
{
    void *bases = agent->bases;
    if (agent->base_count >= ICE_BASES_MAX) {
        agent->counters.over_limit++;
        return;
    }
    struct ice_base *base = memory_zeroed(agent->context, sizeof *base);
    if (!base || !memory_grow(agent->context, &bases, &agent->base_capacity, agent->base_count + 1, sizeof *agent->bases)) {
        memory_free(agent->context, base);
        out->failed = true;
        return;
    }
    agent->bases = bases;
    base->address = i->address;
    base->address.port = 0;
    base->interface = i->index;
    base->preference = preference(agent, i);
    base->network = (uint8_t)kind_of(i);
    agent->bases[agent->base_count++] = base;
    struct request *r = out_request(out, REQUEST_OPEN_UDP, ice_request_id(agent));
    base->state = r ? ICE_BASE_OPENING : ICE_BASE_CLOSED;
    if (!r)
        return;
    base->socket = r->id;
    r->local = base->address;
    r->port_min = agent->port_min;
    r->port_max = agent->port_max;
    memcpy(r->name, agent->local.ufrag, sizeof agent->local.ufrag); /* for whoever shares one port among connections */
}

/* Families alternate, IPv6 first (RFC 6724): when one family is broken the other's checks are not behind all of its own. */
void ice_interfaces_listed(struct ice_agent *agent, const struct io_result *result, struct out *out)
{
    struct choice six = {.count = 0}, four = {.count = 0};
    bool loopback = agent->include_loopback || !any_usable(agent, result);
    for (size_t i = 0; i < result->interface_count; i++)
        if (is_usable(agent, &result->interfaces[i], loopback))
            choose(agent, result->interfaces[i].address.family == ADDRESS_IPV6 ? &six : &four, &result->interfaces[i]);
    for (size_t i = 0; i < six.count || i < four.count; i++) {
        if (i < six.count)
            open_base(agent, six.list[i], out);
        if (i < four.count)
            open_base(agent, four.list[i], out);
    }
}
