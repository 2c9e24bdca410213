/* SPDX-License-Identifier: MIT */
/* See ice_lookup.h. */
#include "ice_lookup.h"

#include "mdns.h"
#include "memory.h"

/* From when gathering began; multicast DNS counts for itself. */
static const rtc_time_t resolve_most = 10 * ICE_SECOND;

/*   WAITING --interfaces known--> MULTICAST --no link to be had--> SYSTEM
 *      +------- none of them -----------------------------------------^        each ends FOUND, or is dropped */
enum lookup_state { LOOKUP_WAITING, LOOKUP_MULTICAST, LOOKUP_SYSTEM, LOOKUP_FOUND };

const struct moves ice_lookup_moves = {
    .module = "ice",
    .what = "lookup",
    .count = LOOKUP_FOUND + 1,
    .names = {"waiting", "multicast", "system", "found"},
    .allowed =
        {
            [LOOKUP_WAITING] = MOVE_TO(LOOKUP_MULTICAST) | MOVE_TO(LOOKUP_SYSTEM),
            [LOOKUP_MULTICAST] = MOVE_TO(LOOKUP_SYSTEM) | MOVE_TO(LOOKUP_FOUND),
            [LOOKUP_SYSTEM] = MOVE_TO(LOOKUP_FOUND),
            [LOOKUP_FOUND] = 0,
        },
};

/* One name. Owned by the list; written here alone. */
struct ice_lookup {
    struct ice_lookup *next;
    enum lookup_state state; /* set_state() */
    rtc_time_t until;        /* NEVER while WAITING */
    uint32_t resolve_id;     /* SYSTEM: 0 while other names are looked up */
    struct ice_candidate candidate;
};

static void set_state(const struct ice_lookups *lookups, struct ice_lookup *n, enum lookup_state state)
{
    if (state != n->state && moves_take(&ice_lookup_moves, lookups->common->context, n->state, state))
        n->state = state;
}

static bool is_same(const struct ice_candidate *a, const struct ice_candidate *b)
{
    return a->protocol == b->protocol && a->address.port == b->address.port && strcmp(a->name, b->name) == 0;
}

int ice_lookups_add(struct ice_lookups *lookups, const struct ice_candidate *candidate)
{
    struct ice_lookup **at, *n;
    if (lookups->common->relay_only || ice_is_lite(lookups->session) || !mdns_is_candidate_name(candidate->name)) {
        lookups->common->counters.ignored++;
        return RTC_OK;
    }
    if (!ice_names_need(lookups->names))
        return RTC_ERR_NO_MEMORY;
    for (at = &lookups->pending; *at; at = &(*at)->next)
        if (is_same(&(*at)->candidate, candidate))
            return RTC_OK;
    if (ice_remotes_left(lookups->remotes) <= lookups->pending_count) {
        lookups->common->counters.over_limit++;
        return RTC_ERR_QUOTA_EXCEEDED;
    }
    if ((n = memory_zeroed(lookups->common->context, sizeof *n)) == NULL)
        return RTC_ERR_NO_MEMORY;
    n->candidate = *candidate;
    n->until = RTC_TIME_NEVER;
    *at = n;
    lookups->pending_count++;
    return RTC_OK;
}

static void drop(struct ice_lookups *lookups, struct ice_lookup **at)
{
    struct ice_lookup *n = *at;
    *at = n->next;
    lookups->pending_count--;
    memory_free(lookups->common->context, n);
}

void ice_lookups_forget(struct ice_lookups *lookups)
{
    while (lookups->pending)
        drop(lookups, &lookups->pending);
}

bool ice_lookups_take(struct ice_lookups *lookups, struct ice_candidate *candidate)
{
    struct ice_lookup **at = &lookups->pending;
    while (*at && (*at)->state != LOOKUP_FOUND)
        at = &(*at)->next;
    if (!*at)
        return false;
    *candidate = (*at)->candidate;
    drop(lookups, at);
    return true;
}

static void give_up(struct ice_lookups *lookups, struct ice_lookup **at, const char *reason)
{
    lookups->common->counters.names_failed++;
    lookups->failure = reason;
    drop(lookups, at);
}

static void settle(struct ice_lookups *lookups, struct ice_lookup *n, const struct address *address)
{
    uint16_t port = n->candidate.address.port;
    n->candidate.address = *address;
    n->candidate.address.port = port;
    set_state(lookups, n, LOOKUP_FOUND);
    lookups->common->counters.names_resolved++;
}

/* Asks the system, as soon as it is not busy with other names. */
static void look_up(struct ice_lookups *lookups, struct ice_lookup *n, struct out *out)
{
    set_state(lookups, n, LOOKUP_SYSTEM);
    for (size_t i = 0; i < ICE_LOOKUPS_MAX && n->resolve_id == 0; i++) {
        uint32_t *slot = &lookups->asked[i];
        struct request *r = *slot == 0 ? out_request(out, REQUEST_RESOLVE, ice_request_id(lookups->common)) : NULL;
        if (!r)
            continue;
        memcpy(r->name, n->candidate.name, sizeof n->candidate.name);
        *slot = n->resolve_id = r->id;
    }
}

/* Whether the interfaces that there are have become bases, or not. */
static bool bases_are_settled(const struct ice_lookups *lookups)
{
    const struct ice_bases *bases = lookups->names->bases;
    if (lookups->gathering->state == ICE_GATHERING_COMPLETE)
        return true;
    for (size_t i = 0; i < bases->count; i++)
        if (bases->list[i]->state == ICE_BASE_OPENING)
            return false;
    return bases->count > 0;
}

static void ask(struct ice_lookups *lookups, struct ice_lookup *n, rtc_time_t now, struct out *out)
{
    struct mdns *mdns = lookups->names->mdns;
    if (mdns_has_links(mdns)) {
        int error = mdns_ask(mdns, now, n->candidate.name);
        out->failed |= error == RTC_ERR_NO_MEMORY;
        set_state(lookups, n, LOOKUP_MULTICAST);
    } else if (bases_are_settled(lookups)) {
        look_up(lookups, n, out);
    }
}

static void await_multicast(struct ice_lookups *lookups, struct ice_lookup **at, struct out *out)
{
    struct address address;
    switch (mdns_lookup(lookups->names->mdns, (*at)->candidate.name, &address)) {
    case MDNS_FOUND:
        settle(lookups, *at, &address);
        break;
    case MDNS_AMBIGUOUS:
        give_up(lookups, at, "a name has several addresses");
        break;
    case MDNS_ASKING:
        if (!mdns_has_links(lookups->names->mdns))
            look_up(lookups, *at, out);
        break;
    default:
        give_up(lookups, at, "nobody on the local networks answered for a name");
    }
}

static bool is_late(const struct ice_lookup *n, rtc_time_t now)
{
    return (n->state == LOOKUP_WAITING || n->state == LOOKUP_SYSTEM) && now >= n->until;
}

static void step(struct ice_lookups *lookups, struct ice_lookup **at, rtc_time_t now, struct out *out)
{
    struct ice_lookup *n = *at;
    if (n->until == RTC_TIME_NEVER)
        n->until = now + resolve_most;
    if (n->state == LOOKUP_WAITING)
        ask(lookups, n, now, out);
    if (n->state == LOOKUP_MULTICAST)
        await_multicast(lookups, at, out);
    else if (n->state == LOOKUP_SYSTEM && n->resolve_id == 0)
        look_up(lookups, n, out);
    if (*at == n && is_late(n, now))
        give_up(lookups, at,
                n->state == LOOKUP_SYSTEM ? "the system did not resolve a name" : "there was no interface to resolve a name on");
}

/* Before gathering there are no interfaces to ask on. */
void ice_lookups_run(struct ice_lookups *lookups, rtc_time_t now, struct out *out)
{
    if (!lookups->names->mdns || lookups->gathering->state == ICE_GATHERING_NEW)
        return;
    for (struct ice_lookup **at = &lookups->pending; *at;) {
        struct ice_lookup *n = *at;
        step(lookups, at, now, out);
        if (*at == n)
            at = &n->next;
    }
    mdns_tick(lookups->names->mdns, now, out); /* what was asked leaves at once */
}

void ice_lookups_deadline(const struct ice_lookups *lookups, rtc_time_t *best, enum timer_reason *why)
{
    if (!lookups->names->mdns || lookups->gathering->state == ICE_GATHERING_NEW)
        return;
    deadline_min(best, why, mdns_deadline(lookups->names->mdns), TIMER_ICE_NAMES);
    for (const struct ice_lookup *n = lookups->pending; n; n = n->next)
        if (n->state != LOOKUP_MULTICAST)
            deadline_min(best, why, n->until, TIMER_ICE_NAMES);
}

/* Several addresses make the candidate useless, as with multicast. Nobody but this host has a loopback address of ours. */
static void on_looked_up(struct ice_lookups *lookups, struct ice_lookup **at, const struct io_result *result)
{
    const struct address *a = result->addresses;
    bool found = result->error == RTC_OK && result->address_count > 0;
    for (size_t i = 1; found && i < result->address_count; i++)
        if (!address_ip_eq(&a[i], a)) {
            give_up(lookups, at, "a name has several addresses");
            return;
        }
    if (found && (lookups->common->include_loopback || !address_is_loopback(a)))
        settle(lookups, *at, a);
    else
        give_up(lookups, at, "the system did not resolve a name");
}

bool ice_lookups_result(struct ice_lookups *lookups, rtc_time_t now, const struct io_result *result, struct out *out)
{
    struct mdns *mdns = lookups->names->mdns;
    if (!mdns || result->id == 0)
        return false;
    if (mdns_result(mdns, now, result, out))
        return true;
    for (size_t i = 0; i < ICE_LOOKUPS_MAX; i++) {
        if (lookups->asked[i] != result->id)
            continue;
        lookups->asked[i] = 0;
        struct ice_lookup **at = &lookups->pending;
        while (*at && (*at)->resolve_id != result->id)
            at = &(*at)->next;
        if (*at)
            on_looked_up(lookups, at, result);
        return true;
    }
    return false;
}
