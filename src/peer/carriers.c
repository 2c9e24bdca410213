/* SPDX-License-Identifier: MIT */
/* See carriers.h. */
#include "carriers.h"

/* The transport that carries section `index` by what was agreed on, if that is the section with this mid. */
static uint16_t agreed_carrier(const struct negotiation_state *stable, size_t index, const char *mid)
{
    const struct session_description *local = description_says(stable->local);
    if (index >= stable->carrier_count || !local || index >= local->section_count || strcmp(local->sections[index].mid, mid) != 0)
        return TRANSPORT_NONE;
    return stable->carriers[index];
}

static bool is_agreed(const struct negotiation_state *stable, uint16_t transport)
{
    for (size_t i = 0; i < stable->carrier_count; i++)
        if (stable->carriers[i] == transport)
            return true;
    return false;
}

/* Gives out the numbers that carry nothing, the lowest first. On the stack. */
struct free_numbers {
    const struct negotiation_state *stable;
    uint16_t next;
    size_t left; /* transports that there may still be */
};

static struct free_numbers free_numbers_of(const struct negotiation_state *stable, size_t most)
{
    size_t used = carriers_count(stable->carriers, stable->carrier_count), agreed = 0;
    for (size_t n = 0; n < used; n++)
        agreed += is_agreed(stable, (uint16_t)n);
    return (struct free_numbers){.stable = stable, .left = most > agreed ? most - agreed : 0};
}

/* TRANSPORT_NONE: there are as many as there may be. */
static uint16_t take_number(struct free_numbers *numbers)
{
    if (numbers->left == 0)
        return TRANSPORT_NONE;
    while (is_agreed(numbers->stable, numbers->next))
        numbers->next++;
    numbers->left--;
    return numbers->next++;
}

/* ---- An offer of ours ---- */

/* The first section that is offered needs one in any case: what is bundled may be bundled onto it. */
static uint16_t one_beyond(struct free_numbers *numbers)
{
    numbers->left = 1;
    return take_number(numbers);
}

static bool was_bundled(const struct negotiation_state *stable, size_t index)
{
    const struct session_description *local = description_says(stable->local), *remote = description_says(stable->remote);
    return local && remote && index < local->section_count && index < remote->section_count && local->sections[index].bundle.grouped &&
           remote->sections[index].bundle.grouped;
}

/* Of the first section that goes on where it was bundled. */
static uint16_t bundled_carrier(const struct negotiation_state *stable, const struct offered_section *sections, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t agreed = sections[i].rejected ? TRANSPORT_NONE : agreed_carrier(stable, i, sections[i].mid);
        if (agreed != TRANSPORT_NONE && was_bundled(stable, i))
            return agreed;
    }
    return TRANSPORT_NONE;
}

/* The first section of this type that has an address; with max-bundle of any type. */
static bool has_address(const struct offered_section *sections, const struct offered_carrier *carriers, size_t count, enum media_type type,
                        bool any)
{
    for (size_t i = 0; i < count; i++)
        if (carriers[i].transport != TRANSPORT_NONE && !carriers[i].shares && (any || sections[i].type == type))
            return true;
    return false;
}

static uint16_t first_carrier(const struct offered_carrier *carriers, size_t count)
{
    size_t i = 0;
    while (i < count && carriers[i].transport == TRANSPORT_NONE)
        i++;
    return i < count ? carriers[i].transport : TRANSPORT_NONE;
}

void carriers_of_local_offer(const struct negotiation_state *stable, const struct carrier_rules *rules,
                             const struct offered_section *sections, size_t count, struct offered_carrier *out)
{
    struct free_numbers numbers = free_numbers_of(stable, rules->most);
    uint16_t bundled = bundled_carrier(stable, sections, count);
    for (size_t i = 0; i < count; i++) {
        bool one = rules->policy == RTC_BUNDLE_MAX_BUNDLE;
        uint16_t agreed = sections[i].rejected ? TRANSPORT_NONE : agreed_carrier(stable, i, sections[i].mid);
        out[i] = (struct offered_carrier){.transport = agreed};
        if (sections[i].rejected || agreed != TRANSPORT_NONE)
            continue;
        uint16_t joined = bundled == TRANSPORT_NONE && rules->one_port ? first_carrier(out, i) : bundled;
        if (joined != TRANSPORT_NONE)
            out[i] = (struct offered_carrier){.transport = joined, .shares = one};
        else if (rules->policy == RTC_BUNDLE_MAX_COMPAT || !has_address(sections, out, i, sections[i].type, one))
            out[i].transport = take_number(&numbers);
        if (out[i].transport == TRANSPORT_NONE)
            out[i] = (struct offered_carrier){.transport = first_carrier(out, i), .shares = true};
        if (out[i].transport == TRANSPORT_NONE)
            out[i] = (struct offered_carrier){.transport = one_beyond(&numbers)};
    }
}

/* ---- An offer of the peer's ---- */

static bool is_carried(const struct jsep_section *section)
{
    return !section->rejected && section->type != MEDIA_OTHER;
}

static void give_group(const struct session_description *offer, size_t tagged, uint16_t transport, uint16_t *out)
{
    for (size_t i = 0; i < offer->section_count; i++)
        if (is_carried(&offer->sections[i]) && session_description_tagged(offer, i) == tagged)
            out[i] = transport;
}

static bool is_given(const uint16_t *carriers, size_t count, uint16_t transport)
{
    for (size_t i = 0; i < count; i++)
        if (carriers[i] == transport)
            return true;
    return false;
}

/* A transport stays with the section that had it, else with others that it carried. */
static void keep_carriers(const struct negotiation_state *stable, const struct session_description *offer, bool owners, uint16_t *out)
{
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct jsep_section *section = &offer->sections[i];
        uint16_t agreed = is_carried(section) && out[i] == TRANSPORT_NONE ? agreed_carrier(stable, i, section->mid) : TRANSPORT_NONE;
        bool owner = agreed != TRANSPORT_NONE && strcmp(negotiation_state_transport(stable, agreed)->mid, section->mid) == 0;
        if (agreed != TRANSPORT_NONE && (owner || !owners) && !is_given(out, offer->section_count, agreed))
            give_group(offer, session_description_tagged(offer, i), agreed, out);
    }
}

void carriers_of_remote_offer(const struct negotiation_state *stable, size_t most, const struct session_description *offer, uint16_t *out)
{
    struct free_numbers numbers = free_numbers_of(stable, most);
    for (size_t i = 0; i < offer->section_count; i++)
        out[i] = TRANSPORT_NONE;
    keep_carriers(stable, offer, true, out);
    keep_carriers(stable, offer, false, out);
    for (size_t i = 0; i < offer->section_count; i++)
        if (is_carried(&offer->sections[i]) && out[i] == TRANSPORT_NONE)
            give_group(offer, session_description_tagged(offer, i), take_number(&numbers), out);
}

/* ---- An answer ---- */

/* Another group has the transport already. */
static bool is_others(const struct session_description *answer, const uint16_t *out, size_t index, size_t tagged, uint16_t transport)
{
    for (size_t i = 0; i < index; i++)
        if (out[i] == transport && session_description_tagged(answer, i) != tagged)
            return true;
    return false;
}

void carriers_of_answer(const uint16_t *offered, const struct session_description *offer, const struct session_description *answer,
                        uint16_t *out)
{
    for (size_t i = 0; i < answer->section_count; i++) {
        size_t tagged = session_description_tagged(answer, i);
        bool accepted = is_carried(&answer->sections[i]) && !offer->sections[i].rejected;
        out[i] = accepted && !is_others(answer, out, i, tagged, offered[tagged]) ? offered[tagged] : TRANSPORT_NONE;
    }
}

/* ---- Both ---- */

size_t carriers_count(const uint16_t *carriers, size_t count)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        if (carriers[i] != TRANSPORT_NONE && carriers[i] >= most)
            most = (size_t)carriers[i] + 1;
    return most;
}

int carriers_tagged(const uint16_t *carriers, const struct session_description *d, size_t transport)
{
    for (size_t i = 0; i < d->section_count; i++)
        if (carriers[i] == transport)
            return (int)session_description_tagged(d, i);
    return -1;
}

bool carriers_taken_over(const struct negotiation_state *stable, const uint16_t *carriers, const struct session_description *d,
                         size_t transport)
{
    const struct agreed_transport *agreed = negotiation_state_transport(stable, transport);
    if (!agreed->ufrag[0] || !agreed->mid[0] || !is_agreed(stable, (uint16_t)transport) || carriers_tagged(carriers, d, transport) < 0)
        return false;
    int had = session_description_find(d, agreed->mid);
    return had < 0 || carriers[had] != transport;
}
