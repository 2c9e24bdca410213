/* SPDX-License-Identifier: MIT */
/* The check list (RFC 8445 sections 6.1.2 and 6.1.4): pairs, their priorities, freezing by foundation, pruning to the limit, the
 * triggered-check queue, pacing and the checks themselves. Set-up time is decided here: a check that is lost early is repeated after 50 ms,
 * and checks between host candidates are not held back for each other. */
#include "ice_check_list.h"

#include "hash.h"
#include "ice_send.h"
#include "memory.h"
#include "turn_client.h"

/* Before anything came back, ICE_CHECKS_MAX; a request of the peer, which shows that it has begun, adds a few. A peer that refuses may not
 * be ready yet, and is asked for longer. */
enum { BURST = 5, SENDS_MAX = 12, SENDS_ONCE_SELECTED = 8, SENDS_OVER_TCP = 4, CHECKS_PER_REQUEST = 3 };

/* RFC 8445 section 14.3 has 500 ms before anything is measured; the first loss would cost half a second of set-up then. */
static const rtc_time_t retransmit_first = 50 * ICE_MS;
static const rtc_time_t retransmit_most = 3200 * ICE_MS;
/* TCP loses nothing, but a peer that is not ready yet drops what it can not judge. */
static const rtc_time_t repeat_first = 1 * ICE_SECOND;
static const rtc_time_t repeat_most = 4 * ICE_SECOND;
static const rtc_time_t pace_ordinary = 20 * ICE_MS; /* Ta, RFC 8445 section 14.2 */
static const rtc_time_t pace_host = 5 * ICE_MS;      /* the least that the same section allows */
static const rtc_time_t burst_again = 100 * ICE_MS;  /* nothing was started for so long: BURST urgent checks may leave at once again */
static const rtc_time_t rest_of_the_answer = 100 * ICE_MS; /* a peer that has begun may still wait for the last of our candidates */
static const rtc_time_t retrigger = 20 * ICE_MS;           /* a check that left just now is not repeated for a request that crossed it */
static const rtc_time_t long_ago = -3600 * ICE_SECOND;     /* before any time that the caller has */

void ice_check_list_init(struct ice_check_list *list, struct ice_common *common, const struct ice_session *session)
{
    list->common = common;
    list->session = session;
    list->first_valid = list->due = RTC_TIME_NEVER;
    list->sent = list->lost = list->held_until = long_ago;
    list_init(&list->triggered);
}

void ice_check_list_fini(struct ice_check_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        memory_free(list->common->context, list->pairs[i]);
    memory_free(list->common->context, list->pairs);
    memory_free(list->common->context, list->thaws);
}

/* RFC 8445 section 6.1.2.3; G is the controlling agent's candidate priority, D the controlled one's. */
static uint64_t pair_priority(const struct ice_check_list *list, const struct ice_base *base, const struct ice_remote *remote)
{
    uint64_t g = ice_controls(list->session) ? base->priority : remote->priority;
    uint64_t d = ice_controls(list->session) ? remote->priority : base->priority;
    return ((g < d ? g : d) << 32) + 2 * (g > d ? g : d) + (g > d ? 1 : 0);
}

void ice_prioritize(struct ice_check_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        list->pairs[i]->priority = pair_priority(list, list->pairs[i]->base, list->pairs[i]->remote);
}

struct ice_pair *ice_find_pair(const struct ice_check_list *list, const struct ice_base *base, const struct address *remote)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->pairs[i]->base == base && address_eq(&list->pairs[i]->remote->address, remote))
            return list->pairs[i];
    return NULL;
}

static void remove_pair(struct ice_check_list *list, size_t index)
{
    struct ice_pair *pair = list->pairs[index];
    list_remove(&pair->triggered);
    list->backup = list->backup == pair ? NULL : list->backup;
    list->pairs[index] = list->pairs[--list->count];
    memory_free(list->common->context, pair);
}

/* The pair that the check list can best do without: the lowest priority on which nothing ever arrived. A check on its way protects it, but
 * not against a pair whose path is known to work. */
static bool find_victim(const struct ice_check_list *list, bool forced, size_t *index)
{
    const struct ice_pair *worst = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct ice_pair *p = list->pairs[i];
        if (p->consent.receivable || p->state == ICE_PAIR_SUCCEEDED || (p->state == ICE_PAIR_IN_PROGRESS && !forced))
            continue;
        if (worst && worst->priority <= p->priority)
            continue;
        worst = p;
        *index = i;
    }
    return worst != NULL;
}

/* Room for one more pair: beyond the limit the lowest priority goes (RFC 8445 section 6.1.2.5), unless that is the new one itself. */
static bool make_room(struct ice_check_list *list, uint64_t priority, bool forced)
{
    size_t victim;
    if (list->count < context_limits(list->common->context)->candidate_pairs)
        return true;
    list->common->counters.over_limit++;
    if (!find_victim(list, forced, &victim) || (!forced && list->pairs[victim]->priority >= priority))
        return false;
    remove_pair(list, victim);
    return true;
}

/* The foundation of a pair, from those of both candidates (RFC 8445 section 6.1.2.6). That two of the peer's have the same checksum costs
 * the peer a moment. */
static uint64_t foundation_of(const struct ice_base *base, const struct ice_remote *remote)
{
    return (uint64_t)base->foundation << 32 | hash_crc32(slice_str(remote->foundation));
}

void ice_refound(struct ice_check_list *list, const struct ice_remote *remote)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->pairs[i]->remote == remote)
            list->pairs[i]->foundation = foundation_of(list->pairs[i]->base, remote);
}

/* A pair joins a running check list Frozen, unless its foundation is known to work (RFC 8838 section 12); unfreeze() thaws the rest. */
static enum ice_pair_state first_state(const struct ice_check_list *list, const struct ice_pair *pair)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->pairs[i]->state == ICE_PAIR_SUCCEEDED && list->pairs[i]->foundation == pair->foundation)
            return ICE_PAIR_WAITING;
    return ICE_PAIR_FROZEN;
}

/* The table of foundations is never more than half full. */
static bool grow_thaws(struct ice_check_list *list)
{
    size_t needed = list->thaw_capacity ? list->thaw_capacity : 16;
    while (needed < 2 * (list->count + 1))
        needed *= 2;
    if (needed == list->thaw_capacity)
        return true;
    struct ice_thaw *thaws = memory_alloc(list->common->context, needed * sizeof *thaws);
    if (!thaws)
        return false;
    memory_free(list->common->context, list->thaws);
    list->thaws = thaws;
    list->thaw_capacity = needed;
    return true;
}

struct ice_pair *ice_add_pair(struct ice_check_list *list, struct ice_base *base, struct ice_remote *remote, bool forced)
{
    struct ice_pair *pair = ice_find_pair(list, base, &remote->address);
    uint64_t priority = pair_priority(list, base, remote);
    if (pair)
        return pair;
    void *pairs = list->pairs;
    if (!make_room(list, priority, forced))
        return NULL;
    if (memory_grow(list->common->context, &pairs, &list->capacity, list->count + 1, sizeof *list->pairs)) {
        list->pairs = pairs;
        pair = grow_thaws(list) ? memory_zeroed(list->common->context, sizeof *pair) : NULL;
    }
    if (!pair) {
        list->common->starved |= !forced; /* a request comes again, and with it the chance to make its pair */
        return NULL;
    }
    list_init(&pair->triggered);
    pair->serial = ice_next_serial(list->common);
    pair->counts.last_sent = pair->counts.last_received = RTC_TIME_NEVER;
    pair->consent.answered = -1;
    pair->left_at = long_ago;
    pair->check.left = ICE_CHECKS_MAX;
    pair->base = base;
    pair->remote = remote;
    pair->priority = priority;
    pair->foundation = foundation_of(base, remote);
    pair->state = first_state(list, pair);
    list->pairs[list->count++] = pair;
    return pair;
}

void ice_drop_remote(struct ice_check_list *list, const struct ice_remote *remote)
{
    for (size_t i = list->count; i > 0; i--)
        if (list->pairs[i - 1]->remote == remote)
            remove_pair(list, i - 1);
}

static void lose_selected(struct ice_check_list *list, rtc_time_t now)
{
    list->selected = NULL;
    list->lost = now;
}

void ice_drop_base(struct ice_check_list *list, const struct ice_base *base, rtc_time_t now)
{
    if (list->selected && list->selected->base == base)
        lose_selected(list, now);
    for (size_t i = list->count; i > 0; i--)
        if (list->pairs[i - 1]->base == base)
            remove_pair(list, i - 1);
}

void ice_suspend_pairs(struct ice_check_list *list, const struct ice_base *base, rtc_time_t now)
{
    if (list->selected && list->selected->base == base)
        lose_selected(list, now);
    for (size_t i = 0; i < list->count; i++) {
        struct ice_pair *pair = list->pairs[i];
        if (pair->base != base)
            continue;
        list_remove(&pair->triggered);
        pair->check.transaction = (struct ice_transaction){0};
        memset(pair->consent.probes, 0, sizeof pair->consent.probes);
        pair->nominated = pair->peer_nominates = pair->check.nominates = false;
        ice_pair_set_state(pair, list->common->context, ICE_PAIR_FAILED);
    }
}

void ice_resume_pairs(struct ice_check_list *list, const struct ice_base *base)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->pairs[i]->base == base) {
            ice_pair_set_state(list->pairs[i], list->common->context, ICE_PAIR_WAITING);
            list->pairs[i]->check.left = ICE_CHECKS_MAX;
        }
}

void ice_recheck_all(struct ice_check_list *list, rtc_time_t now)
{
    for (size_t i = 0; i < list->count; i++) {
        struct ice_pair *pair = list->pairs[i];
        if (pair->base->absent || pair->state == ICE_PAIR_SUCCEEDED)
            continue;
        pair->check.left = ICE_CHECKS_MAX; /* the network is another one */
        if (pair->state != ICE_PAIR_IN_PROGRESS)
            ice_pair_set_state(pair, list->common->context, ICE_PAIR_WAITING);
        else
            ice_trigger(list, pair, now);
    }
}

/* Our requests on their way claim the old role: they go out again as new ones, one after the other as others do. */
void ice_restart_checks(struct ice_check_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct ice_pair *pair = list->pairs[i];
        pair->nominated = false;
        if (!pair->check.transaction.active)
            continue;
        pair->check.transaction = (struct ice_transaction){0};
        pair->check.nominates = false;
        if (pair->state == ICE_PAIR_IN_PROGRESS)
            ice_pair_set_state(pair, list->common->context, ICE_PAIR_WAITING);
    }
}

void ice_hold_checks(struct ice_check_list *list, rtc_time_t until)
{
    list->held_until = until;
}

void ice_peer_began(struct ice_check_list *list, rtc_time_t now)
{
    if (list->held_until > now + rest_of_the_answer)
        list->held_until = now + rest_of_the_answer;
}

/* A lite peer never begins. */
static bool is_held(const struct ice_check_list *list, rtc_time_t now)
{
    return now < list->held_until && !list->session->remote_lite;
}

static void enqueue(struct ice_check_list *list, struct ice_pair *pair)
{
    list_remove(&pair->triggered);
    list_append(&list->triggered, &pair->triggered);
}

void ice_recheck(struct ice_check_list *list, struct ice_pair *pair)
{
    pair->check.transaction.active = false;
    if (pair->state == ICE_PAIR_SUCCEEDED)
        return;
    ice_pair_set_state(pair, list->common->context, ICE_PAIR_WAITING);
    enqueue(list, pair);
}

/* RFC 8445 section 7.3.1.4. A check on its way is repeated at once and starts over with short intervals: that a request came through shows
 * that the peer, or the NAT before us, was only not ready for the earlier ones. */
void ice_trigger(struct ice_check_list *list, struct ice_pair *pair, rtc_time_t now)
{
    if (pair->state == ICE_PAIR_SUCCEEDED)
        return;
    if (pair->check.left < CHECKS_PER_REQUEST)
        pair->check.left = CHECKS_PER_REQUEST;
    if (pair->state != ICE_PAIR_IN_PROGRESS || !pair->check.transaction.active) {
        if (pair->triggered.next == &pair->triggered)
            ice_recheck(list, pair);
        return;
    }
    if (now < pair->check.transaction.last_sent + retrigger)
        return;
    pair->check.transaction.next_send = now;
    pair->check.transaction.interval = pair->base->tcp ? repeat_first : retransmit_first;
    pair->check.transaction.sends = pair->check.transaction.sends > 1 ? 1 : pair->check.transaction.sends;
}

/* Many checks at once get longer intervals, so that their sum stays bounded (in the spirit of RFC 8445 section 14.3). */
static rtc_time_t first_interval(const struct ice_check_list *list, const struct ice_pair *pair)
{
    rtc_time_t interval = 0;
    if (pair->base->tcp)
        return repeat_first;
    for (size_t i = 0; i < list->count; i++)
        if (list->pairs[i]->state == ICE_PAIR_IN_PROGRESS)
            interval += 5 * ICE_MS;
    if (pair->rtt.smoothed > 0)
        interval = pair->rtt.smoothed * 3 / 2;
    return interval < retransmit_first ? retransmit_first : interval > 500 * ICE_MS ? 500 * ICE_MS : interval;
}

/* Nothing came back ever, and enough was sent. Over TCP somebody accepted the connection. */
static bool is_exhausted(const struct ice_pair *pair)
{
    return pair->check.left == 0 && !pair->check.responds && !pair->base->tcp;
}

static void transmit(struct ice_check_list *list, struct ice_pair *pair, rtc_time_t now, struct out *out)
{
    if (pair->check.left > 0)
        pair->check.left--;
    ice_send_check(list->session, pair, pair->check.transaction.id, pair->check.nominates, now, out);
    ice_transaction_sent(&pair->check.transaction, pair->base->tcp ? repeat_most : retransmit_most, now);
}

void ice_start_check(struct ice_check_list *list, struct ice_pair *pair, bool nominate, rtc_time_t now, struct out *out)
{
    ice_transaction_start(&pair->check.transaction, list->common->context, first_interval(list, pair), now);
    pair->check.transaction.controlling = ice_controls(list->session);
    pair->check.nominates = nominate;
    if (pair->state != ICE_PAIR_SUCCEEDED)
        ice_pair_set_state(pair, list->common->context, ICE_PAIR_IN_PROGRESS);
    transmit(list, pair, now, out);
}

void ice_check_succeeded(struct ice_check_list *list, struct ice_pair *pair, const struct address *mapped, rtc_time_t now)
{
    pair->check.transaction = (struct ice_transaction){0};
    pair->check.nominates = false;
    pair->mapped = *mapped;
    if (pair->base->turn)
        turn_client_bind(pair->base->turn, now, &pair->remote->address);
    pair->consent.granted = pair->consent.answered = now;
    list_remove(&pair->triggered);
    if (pair->state != ICE_PAIR_SUCCEEDED) {
        ice_pair_set_state(pair, list->common->context, ICE_PAIR_SUCCEEDED);
        for (size_t i = 0; i < list->count; i++)
            if (list->pairs[i]->state == ICE_PAIR_FROZEN && list->pairs[i]->foundation == pair->foundation)
                ice_pair_set_state(list->pairs[i], list->common->context, ICE_PAIR_WAITING);
    }
    if (list->first_valid == RTC_TIME_NEVER)
        list->first_valid = now;
}

static void retransmit(struct ice_check_list *list, struct ice_pair *pair, rtc_time_t now, struct out *out)
{
    int most = list->selected && pair->state != ICE_PAIR_SUCCEEDED ? SENDS_ONCE_SELECTED : SENDS_MAX;
    if (pair->check.transaction.sends < (pair->base->tcp ? SENDS_OVER_TCP : most) && !is_exhausted(pair)) {
        transmit(list, pair, now, out);
        return;
    }
    pair->check.transaction.active = false;
    if (pair->state == ICE_PAIR_IN_PROGRESS)
        ice_pair_set_state(pair, list->common->context, ICE_PAIR_FAILED);
}

static bool is_urgent(const struct ice_pair *pair)
{
    return (pair->remote->type == ICE_HOST && !pair->base->relay) || pair->triggered.next != &pair->triggered;
}

/* Open addressing; the table is never full (grow_thaws()). The factor is 2^32 over the golden ratio, which spreads what is close. */
static struct ice_thaw *find_thaw(struct ice_check_list *list, uint64_t foundation)
{
    size_t mask = list->thaw_capacity - 1, at = (size_t)((foundation ^ foundation >> 32) * 0x9e3779b1u) & mask;
    while (list->thaws[at].used && list->thaws[at].foundation != foundation)
        at = (at + 1) & mask;
    list->thaws[at].used = true;
    list->thaws[at].foundation = foundation;
    return &list->thaws[at];
}

/* Whether it is about to tell how others of its foundation will fare. A check that was sent twice without answer tells nothing soon: peers
 * exist that give every candidate the same foundation. */
static bool tells(const struct ice_pair *p)
{
    return p->state == ICE_PAIR_WAITING || (p->state == ICE_PAIR_IN_PROGRESS && p->check.transaction.sends < 2);
}

static bool any_frozen(const struct ice_check_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->pairs[i]->state == ICE_PAIR_FROZEN)
            return true;
    return false;
}

/* Of each foundation that no pair is about to tell of, the frozen pair of highest priority thaws. One pass over the list, whatever
 * foundations a peer thinks of. */
static void unfreeze(struct ice_check_list *list)
{
    if (!any_frozen(list))
        return;
    memset(list->thaws, 0, list->thaw_capacity * sizeof *list->thaws);
    for (size_t i = 0; i < list->count; i++) {
        struct ice_pair *p = list->pairs[i];
        struct ice_thaw *t = p->state == ICE_PAIR_FROZEN || tells(p) ? find_thaw(list, p->foundation) : NULL;
        if (t && p->state != ICE_PAIR_FROZEN)
            t->held = true;
        else if (t && (!t->next || p->priority > t->next->priority))
            t->next = p;
    }
    for (size_t i = 0; i < list->thaw_capacity; i++)
        if (list->thaws[i].next && !list->thaws[i].held)
            ice_pair_set_state(list->thaws[i].next, list->common->context, ICE_PAIR_WAITING);
}

static struct ice_pair *best_waiting(const struct ice_check_list *list)
{
    struct ice_pair *best = NULL;
    for (size_t i = 0; i < list->count; i++) {
        struct ice_pair *p = list->pairs[i];
        if (p->state == ICE_PAIR_WAITING && (!best || p->priority > best->priority))
            best = p;
    }
    return best;
}

/* RFC 8445 section 6.1.4.2: triggered checks first, then the Waiting pair of highest priority, thawing when there is none. */
static struct ice_pair *next_check(struct ice_check_list *list, rtc_time_t now)
{
    if (!list_empty(&list->triggered))
        return link_owner(list->triggered.next, struct ice_pair, triggered);
    if (is_held(list, now))
        return NULL;
    unfreeze(list);
    return best_waiting(list);
}

static rtc_time_t paced(struct ice_check_list *list, const struct ice_pair *pair, rtc_time_t now)
{
    if (now >= list->sent + burst_again)
        list->burst = BURST;
    if (!is_urgent(pair))
        return list->sent + pace_ordinary;
    return list->burst > 0 ? now : list->sent + pace_host;
}

static void start_checks(struct ice_check_list *list, rtc_time_t now, struct out *out)
{
    struct ice_pair *pair;
    while ((pair = next_check(list, now)) != NULL) {
        if (is_exhausted(pair)) {
            list_remove(&pair->triggered);
            ice_pair_set_state(pair, list->common->context, ICE_PAIR_FAILED);
            continue;
        }
        list->due = paced(list, pair, now);
        if (list->due > now)
            return;
        if (is_urgent(pair) && list->burst > 0)
            list->burst--;
        list->sent = now;
        list_remove(&pair->triggered);
        ice_start_check(list, pair, false, now, out);
    }
    list->due = is_held(list, now) ? list->held_until : RTC_TIME_NEVER;
}

void ice_check_list_run(struct ice_check_list *list, rtc_time_t now, struct out *out)
{
    list->due = RTC_TIME_NEVER;
    if (!list->session->remote_known || ice_is_lite(list->session))
        return;
    for (size_t i = 0; i < list->count; i++)
        if (list->pairs[i]->check.transaction.active && now >= list->pairs[i]->check.transaction.next_send)
            retransmit(list, list->pairs[i], now, out);
    start_checks(list, now, out);
}

void ice_check_list_deadline(const struct ice_check_list *list, rtc_time_t *best, enum timer_reason *why)
{
    if (!list->session->remote_known)
        return;
    deadline_min(best, why, list->due, TIMER_ICE_CHECK);
    for (size_t i = 0; i < list->count; i++)
        if (list->pairs[i]->check.transaction.active)
            deadline_min(best, why, list->pairs[i]->check.transaction.next_send, TIMER_ICE_RETRANSMIT);
}

bool ice_checks_done(const struct ice_check_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (ice_pair_unresolved(list->pairs[i]))
            return false;
    return true;
}
