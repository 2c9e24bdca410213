/* SPDX-License-Identifier: MIT */
/* The check list (RFC 8445 sections 6.1.2 and 6.1.4): pairs, their priorities, freezing by foundation, pruning to the limit, the
 * triggered-check queue, pacing and the checks themselves. Set-up time is decided here: a check that is lost early is repeated after 50 ms,
 * and checks between host candidates are not held back for each other. */
#include "ice_internal.h"

#include "hash.h"
#include "memory.h"

/* Before anything came back, ICE_CHECKS_MAX; a request of the peer, which shows that it has begun, adds a few. A peer that refuses may not
 * be ready yet, and is asked for longer. */
enum { BURST = 5, SENDS_MAX = 12, SENDS_ONCE_SELECTED = 8, SENDS_OVER_TCP = 4, CHECKS_PER_REQUEST = 3 };

static const rtc_time_t retransmit_first = 50 * ICE_MS;
static const rtc_time_t retransmit_most = 3200 * ICE_MS;
/* TCP loses nothing, but a peer that is not ready yet drops what it can not judge. */
static const rtc_time_t repeat_first = 1 * ICE_SECOND;
static const rtc_time_t repeat_most = 4 * ICE_SECOND;
static const rtc_time_t pace_ordinary = 20 * ICE_MS; /* Ta, RFC 8445 section 14.2 */
static const rtc_time_t pace_host = 5 * ICE_MS;
static const rtc_time_t burst_again = 100 * ICE_MS;
static const rtc_time_t retrigger = 20 * ICE_MS;

bool ice_pair_unresolved(const struct ice_pair *p)
{
    return p->state == ICE_PAIR_FROZEN || p->state == ICE_PAIR_WAITING || p->state == ICE_PAIR_IN_PROGRESS;
}

/* RFC 8445 section 6.1.2.3; G is the controlling agent's candidate priority, D the controlled one's. */
static uint64_t pair_priority(const struct ice_agent *agent, const struct ice_base *base, const struct ice_remote *remote)
{
    uint64_t g = agent->controlling ? base->priority : remote->priority;
    uint64_t d = agent->controlling ? remote->priority : base->priority;
    return ((g < d ? g : d) << 32) + 2 * (g > d ? g : d) + (g > d ? 1 : 0);
}

void ice_prioritize(struct ice_agent *agent)
{
    for (size_t i = 0; i < agent->pair_count; i++)
        agent->pairs[i]->priority = pair_priority(agent, agent->pairs[i]->base, agent->pairs[i]->remote);
}

struct ice_pair *ice_find_pair(const struct ice_agent *agent, const struct ice_base *base, const struct address *remote)
{
    for (size_t i = 0; i < agent->pair_count; i++)
        if (agent->pairs[i]->base == base && address_eq(&agent->pairs[i]->remote->address, remote))
            return agent->pairs[i];
    return NULL;
}

static void remove_pair(struct ice_agent *agent, size_t index)
{
    struct ice_pair *pair = agent->pairs[index];
    list_remove(&pair->triggered);
    agent->backup = agent->backup == pair ? NULL : agent->backup;
    agent->pairs[index] = agent->pairs[--agent->pair_count];
    memory_free(agent->common.context, pair);
}

/* The pair that the check list can best do without: the lowest priority on which nothing ever arrived. A check on its way protects it, but
 * not against a pair whose path is known to work. */
static bool find_victim(const struct ice_agent *agent, bool forced, size_t *index)
{
    const struct ice_pair *worst = NULL;
    for (size_t i = 0; i < agent->pair_count; i++) {
        const struct ice_pair *p = agent->pairs[i];
        if (p->receivable || p->state == ICE_PAIR_SUCCEEDED || (p->state == ICE_PAIR_IN_PROGRESS && !forced))
            continue;
        if (worst && worst->priority <= p->priority)
            continue;
        worst = p;
        *index = i;
    }
    return worst != NULL;
}

/* Room for one more pair: beyond the limit the lowest priority goes (RFC 8445 section 6.1.2.5), unless that is the new one itself. */
static bool make_room(struct ice_agent *agent, uint64_t priority, bool forced)
{
    size_t victim;
    if (agent->pair_count < context_limits(agent->common.context)->candidate_pairs)
        return true;
    agent->common.counters.over_limit++;
    if (!find_victim(agent, forced, &victim) || (!forced && agent->pairs[victim]->priority >= priority))
        return false;
    remove_pair(agent, victim);
    return true;
}

/* The foundation of a pair, from those of both candidates (RFC 8445 section 6.1.2.6). That two of the peer's have the same checksum costs
 * the peer a moment. */
static uint64_t foundation_of(const struct ice_base *base, const struct ice_remote *remote)
{
    return (uint64_t)base->foundation << 32 | hash_crc32(slice_str(remote->foundation));
}

void ice_refound(struct ice_agent *agent, const struct ice_remote *remote)
{
    for (size_t i = 0; i < agent->pair_count; i++)
        if (agent->pairs[i]->remote == remote)
            agent->pairs[i]->foundation = foundation_of(agent->pairs[i]->base, remote);
}

/* A pair joins a running check list Frozen, unless its foundation is known to work (RFC 8838 section 12); unfreeze() thaws the rest. */
static enum ice_pair_state first_state(const struct ice_agent *agent, const struct ice_pair *pair)
{
    for (size_t i = 0; i < agent->pair_count; i++)
        if (agent->pairs[i]->state == ICE_PAIR_SUCCEEDED && agent->pairs[i]->foundation == pair->foundation)
            return ICE_PAIR_WAITING;
    return ICE_PAIR_FROZEN;
}

/* The table of foundations is never more than half full. */
static bool grow_thaws(struct ice_agent *agent)
{
    size_t needed = agent->thaw_capacity ? agent->thaw_capacity : 64;
    while (needed < 2 * (agent->pair_count + 1))
        needed *= 2;
    if (needed == agent->thaw_capacity)
        return true;
    struct ice_thaw *thaws = memory_alloc(agent->common.context, needed * sizeof *thaws);
    if (!thaws)
        return false;
    memory_free(agent->common.context, agent->thaws);
    agent->thaws = thaws;
    agent->thaw_capacity = needed;
    return true;
}

static struct ice_pair *add_pair(struct ice_agent *agent, struct ice_base *base, struct ice_remote *remote, bool forced)
{
    struct ice_pair *pair = ice_find_pair(agent, base, &remote->address);
    uint64_t priority = pair_priority(agent, base, remote);
    if (pair)
        return pair;
    void *pairs = agent->pairs;
    if (!make_room(agent, priority, forced))
        return NULL;
    if (memory_grow(agent->common.context, &pairs, &agent->pair_capacity, agent->pair_count + 1, sizeof *agent->pairs)) {
        agent->pairs = pairs;
        pair = grow_thaws(agent) ? memory_zeroed(agent->common.context, sizeof *pair) : NULL;
    }
    if (!pair) {
        agent->common.starved |= !forced; /* a request comes again, and with it the chance to make its pair */
        return NULL;
    }
    list_init(&pair->triggered);
    pair->serial = ice_next_serial(&agent->common);
    pair->counts.last_sent = pair->counts.last_received = RTC_TIME_NEVER;
    pair->answered = -1;
    pair->checks_left = ICE_CHECKS_MAX;
    pair->base = base;
    pair->remote = remote;
    pair->priority = priority;
    pair->foundation = foundation_of(base, remote);
    pair->state = first_state(agent, pair);
    agent->pairs[agent->pair_count++] = pair;
    return pair;
}

/* A relay is not asked for what is the server's own: its loopback and its links; nor told of an address that the peer hides behind a name.
 */
static bool may_relay(const struct ice_base *base, const struct ice_remote *remote)
{
    bool inside = address_is_loopback(&remote->address) && !address_is_loopback(&base->address);
    return !remote->name && !inside && !address_is_link_local(&remote->address);
}

/* Loopback reaches nothing else; the other way, a peer on this host may well be reached by its loopback address. */
static bool may_pair(const struct ice_base *base, const struct ice_remote *remote)
{
    return base->state == ICE_BASE_OPEN && !base->absent && base->address.family == remote->address.family && !base->tcp &&
           remote->tcp_type == ICE_TCP_NONE && (!address_is_loopback(&base->address) || address_is_loopback(&remote->address)) &&
           (!base->relay || may_relay(base, remote));
}

static void pair_up(struct ice_agent *agent, struct ice_base *base, struct ice_remote *remote)
{
    const char *reason = ice_refuses_remote(agent, &remote->address, PATH_UDP);
    if (!may_pair(base, remote))
        return;
    if (reason)
        ice_leave_out(agent, &(struct ice_left_out){remote->address, remote->type, PATH_UDP, remote->name != NULL, reason});
    else
        (void)add_pair(agent, base, remote, false);
}

void ice_pair_base(struct ice_agent *agent, struct ice_base *base)
{
    for (size_t i = 0; !agent->lite && i < agent->remote_count; i++)
        pair_up(agent, base, agent->remotes[i]);
    ice_tcp_pair_base(agent, base);
}

void ice_pair_remote(struct ice_agent *agent, struct ice_remote *remote)
{
    for (size_t i = 0; !agent->lite && i < agent->bases.count; i++)
        pair_up(agent, agent->bases.list[i], remote);
    ice_tcp_pair_remote(agent, remote);
}

struct ice_pair *ice_pair_force(struct ice_agent *agent, struct ice_base *base, struct ice_remote *remote)
{
    return add_pair(agent, base, remote, true);
}

void ice_drop_remote(struct ice_agent *agent, const struct ice_remote *remote)
{
    for (size_t i = agent->pair_count; i > 0; i--)
        if (agent->pairs[i - 1]->remote == remote)
            remove_pair(agent, i - 1);
}

void ice_drop_base(struct ice_agent *agent, struct ice_base *base, rtc_time_t now)
{
    ice_base_set_state(base, ICE_BASE_CLOSED);
    for (size_t i = agent->pair_count; i > 0; i--) {
        if (agent->pairs[i - 1]->base != base)
            continue;
        if (agent->pairs[i - 1] == agent->selected) {
            agent->selected = NULL;
            agent->lost = now;
        }
        remove_pair(agent, i - 1);
    }
}

void ice_suspend_pairs(struct ice_agent *agent, const struct ice_base *base)
{
    for (size_t i = 0; i < agent->pair_count; i++) {
        struct ice_pair *pair = agent->pairs[i];
        if (pair->base != base)
            continue;
        list_remove(&pair->triggered);
        pair->check = (struct ice_transaction){0};
        memset(pair->probes, 0, sizeof pair->probes);
        pair->nominated = pair->peer_nominates = pair->check_nominates = false;
        pair->state = ICE_PAIR_FAILED;
    }
}

void ice_resume_pairs(struct ice_agent *agent, const struct ice_base *base)
{
    for (size_t i = 0; i < agent->pair_count; i++)
        if (agent->pairs[i]->base == base) {
            agent->pairs[i]->state = ICE_PAIR_WAITING;
            agent->pairs[i]->checks_left = ICE_CHECKS_MAX;
        }
}

void ice_recheck_all(struct ice_agent *agent, rtc_time_t now)
{
    for (size_t i = 0; i < agent->pair_count; i++) {
        struct ice_pair *pair = agent->pairs[i];
        if (pair->base->absent || pair->state == ICE_PAIR_SUCCEEDED)
            continue;
        pair->checks_left = ICE_CHECKS_MAX; /* the network is another one */
        if (pair->state != ICE_PAIR_IN_PROGRESS)
            pair->state = ICE_PAIR_WAITING;
        else
            ice_trigger(agent, pair, now);
    }
}

static void enqueue(struct ice_agent *agent, struct ice_pair *pair)
{
    list_remove(&pair->triggered);
    list_append(&agent->triggered, &pair->triggered);
}

void ice_recheck(struct ice_agent *agent, struct ice_pair *pair)
{
    pair->check.active = false;
    if (pair->state == ICE_PAIR_SUCCEEDED)
        return;
    pair->state = ICE_PAIR_WAITING;
    enqueue(agent, pair);
}

/* RFC 8445 section 7.3.1.4. A check on its way is repeated at once and starts over with short intervals: that a request came through shows
 * that the peer, or the NAT before us, was only not ready for the earlier ones. */
void ice_trigger(struct ice_agent *agent, struct ice_pair *pair, rtc_time_t now)
{
    if (pair->state == ICE_PAIR_SUCCEEDED)
        return;
    if (pair->checks_left < CHECKS_PER_REQUEST)
        pair->checks_left = CHECKS_PER_REQUEST;
    if (pair->state != ICE_PAIR_IN_PROGRESS || !pair->check.active) {
        if (pair->triggered.next == &pair->triggered)
            ice_recheck(agent, pair);
        return;
    }
    if (now < pair->check.last_sent + retrigger)
        return;
    pair->check.next_send = now;
    pair->check.interval = pair->base->tcp ? repeat_first : retransmit_first;
    pair->check.sends = pair->check.sends > 1 ? 1 : pair->check.sends;
}

/* Many checks at once get longer intervals, so that their sum stays bounded (in the spirit of RFC 8445 section 14.3). */
static rtc_time_t first_interval(const struct ice_agent *agent, const struct ice_pair *pair)
{
    rtc_time_t interval = 0;
    if (pair->base->tcp)
        return repeat_first;
    for (size_t i = 0; i < agent->pair_count; i++)
        if (agent->pairs[i]->state == ICE_PAIR_IN_PROGRESS)
            interval += 5 * ICE_MS;
    if (pair->rtt > 0)
        interval = pair->rtt * 3 / 2;
    return interval < retransmit_first ? retransmit_first : interval > 500 * ICE_MS ? 500 * ICE_MS : interval;
}

/* Nothing came back ever, and enough was sent. Over TCP somebody accepted the connection. */
static bool is_exhausted(const struct ice_pair *pair)
{
    return pair->checks_left == 0 && !pair->responds && !pair->base->tcp;
}

static void transmit(struct ice_agent *agent, struct ice_pair *pair, rtc_time_t now, struct out *out)
{
    if (pair->checks_left > 0)
        pair->checks_left--;
    ice_send_check(agent, pair, pair->check.id, pair->check_nominates, now, out);
    ice_transaction_sent(&pair->check, pair->base->tcp ? repeat_most : retransmit_most, now);
}

void ice_start_check(struct ice_agent *agent, struct ice_pair *pair, bool nominate, rtc_time_t now, struct out *out)
{
    ice_transaction_start(agent, &pair->check, first_interval(agent, pair), now);
    pair->check_nominates = nominate;
    if (pair->state != ICE_PAIR_SUCCEEDED)
        pair->state = ICE_PAIR_IN_PROGRESS;
    transmit(agent, pair, now, out);
}

void ice_check_succeeded(struct ice_agent *agent, struct ice_pair *pair, const struct address *mapped, rtc_time_t now, struct out *out)
{
    if (agent->controlling)
        pair->nominated |= pair->check_nominates;
    else if (pair->peer_nominates && !pair->nominated)
        ice_nominated_by_peer(agent, pair, now);
    pair->check = (struct ice_transaction){0};
    pair->check_nominates = false;
    pair->mapped = *mapped;
    if (pair->base->relay)
        ice_relay_bind(pair->base, now, &pair->remote->address);
    pair->consent = pair->answered = now;
    list_remove(&pair->triggered);
    if (pair->state != ICE_PAIR_SUCCEEDED) {
        pair->state = ICE_PAIR_SUCCEEDED;
        for (size_t i = 0; i < agent->pair_count; i++)
            if (agent->pairs[i]->state == ICE_PAIR_FROZEN && agent->pairs[i]->foundation == pair->foundation)
                agent->pairs[i]->state = ICE_PAIR_WAITING;
    }
    if (agent->first_valid == RTC_TIME_NEVER)
        agent->first_valid = now;
    ice_heard(agent, pair, now, out);
}

static void retransmit(struct ice_agent *agent, struct ice_pair *pair, rtc_time_t now, struct out *out)
{
    int most = agent->selected && pair->state != ICE_PAIR_SUCCEEDED ? SENDS_ONCE_SELECTED : SENDS_MAX;
    if (pair->check.sends < (pair->base->tcp ? SENDS_OVER_TCP : most) && !is_exhausted(pair)) {
        transmit(agent, pair, now, out);
        return;
    }
    pair->check.active = false;
    if (pair->state == ICE_PAIR_IN_PROGRESS)
        pair->state = ICE_PAIR_FAILED;
}

static bool is_urgent(const struct ice_pair *pair)
{
    return (pair->remote->type == ICE_HOST && !pair->base->relay) || pair->triggered.next != &pair->triggered;
}

static struct ice_thaw *find_thaw(struct ice_agent *agent, uint64_t foundation)
{
    size_t mask = agent->thaw_capacity - 1, at = (size_t)((foundation ^ foundation >> 32) * 0x9e3779b1u) & mask;
    while (agent->thaws[at].used && agent->thaws[at].foundation != foundation)
        at = (at + 1) & mask;
    agent->thaws[at].used = true;
    agent->thaws[at].foundation = foundation;
    return &agent->thaws[at];
}

/* Whether it is about to tell how others of its foundation will fare. A check that was sent twice without answer tells nothing soon: peers
 * exist that give every candidate the same foundation. */
static bool tells(const struct ice_pair *p)
{
    return p->state == ICE_PAIR_WAITING || (p->state == ICE_PAIR_IN_PROGRESS && p->check.sends < 2);
}

static bool any_frozen(const struct ice_agent *agent)
{
    for (size_t i = 0; i < agent->pair_count; i++)
        if (agent->pairs[i]->state == ICE_PAIR_FROZEN)
            return true;
    return false;
}

/* Of each foundation that no pair is about to tell of, the frozen pair of highest priority thaws. One pass over the list, whatever
 * foundations a peer thinks of. */
static void unfreeze(struct ice_agent *agent)
{
    if (!any_frozen(agent))
        return;
    memset(agent->thaws, 0, agent->thaw_capacity * sizeof *agent->thaws);
    for (size_t i = 0; i < agent->pair_count; i++) {
        struct ice_pair *p = agent->pairs[i];
        struct ice_thaw *t = p->state == ICE_PAIR_FROZEN || tells(p) ? find_thaw(agent, p->foundation) : NULL;
        if (t && p->state != ICE_PAIR_FROZEN)
            t->held = true;
        else if (t && (!t->next || p->priority > t->next->priority))
            t->next = p;
    }
    for (size_t i = 0; i < agent->thaw_capacity; i++)
        if (agent->thaws[i].next && !agent->thaws[i].held)
            agent->thaws[i].next->state = ICE_PAIR_WAITING;
}

static struct ice_pair *best_waiting(const struct ice_agent *agent)
{
    struct ice_pair *best = NULL;
    for (size_t i = 0; i < agent->pair_count; i++) {
        struct ice_pair *p = agent->pairs[i];
        if (p->state == ICE_PAIR_WAITING && (!best || p->priority > best->priority))
            best = p;
    }
    return best;
}

/* RFC 8445 section 6.1.4.2: triggered checks first, then the Waiting pair of highest priority, thawing when there is none. */
static struct ice_pair *next_check(struct ice_agent *agent)
{
    if (!list_empty(&agent->triggered))
        return link_owner(agent->triggered.next, struct ice_pair, triggered);
    unfreeze(agent);
    return best_waiting(agent);
}

static rtc_time_t paced(struct ice_agent *agent, const struct ice_pair *pair, rtc_time_t now)
{
    if (now >= agent->check_sent + burst_again)
        agent->burst = BURST;
    if (!is_urgent(pair))
        return agent->check_sent + pace_ordinary;
    return agent->burst > 0 ? now : agent->check_sent + pace_host;
}

static void start_checks(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    struct ice_pair *pair;
    while ((pair = next_check(agent)) != NULL) {
        if (is_exhausted(pair)) {
            list_remove(&pair->triggered);
            pair->state = ICE_PAIR_FAILED;
            continue;
        }
        agent->check_due = paced(agent, pair, now);
        if (agent->check_due > now)
            return;
        if (is_urgent(pair) && agent->burst > 0)
            agent->burst--;
        agent->check_sent = now;
        list_remove(&pair->triggered);
        ice_start_check(agent, pair, false, now, out);
    }
    agent->check_due = RTC_TIME_NEVER;
}

void ice_check_list_run(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    agent->check_due = RTC_TIME_NEVER;
    if (!agent->have_remote_credentials || agent->lite)
        return;
    for (size_t i = 0; i < agent->pair_count; i++)
        if (agent->pairs[i]->check.active && now >= agent->pairs[i]->check.next_send)
            retransmit(agent, agent->pairs[i], now, out);
    start_checks(agent, now, out);
}

void ice_check_list_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why)
{
    if (!agent->have_remote_credentials)
        return;
    deadline_min(best, why, agent->check_due, TIMER_ICE_CHECK);
    for (size_t i = 0; i < agent->pair_count; i++)
        if (agent->pairs[i]->check.active)
            deadline_min(best, why, agent->pairs[i]->check.next_send, TIMER_ICE_RETRANSMIT);
}

bool ice_checks_done(const struct ice_agent *agent)
{
    for (size_t i = 0; i < agent->pair_count; i++)
        if (ice_pair_unresolved(agent->pairs[i]))
            return false;
    return true;
}
