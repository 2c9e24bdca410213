/* SPDX-License-Identifier: MIT */
/* Missing sequence numbers and their schedule. */
#include "nack_list.h"

#include <string.h>

/* What only overtook is waited for no longer than the allowance: beyond it, asking in vain costs less than waiting does. A round trip that
 * was measured as nearly nothing must not have each tick ask again. After the age no picture is held back for it any more. */
enum { ALLOWANCE_MAX_US = 10000, MIN_RETRY_US = 20000, MAX_AGE_US = 3000000 };

/* Before the first answer, which is later than a round trip for what leaves before it. */
enum { MARGIN_PART = 4 };
/* What takes longer is repaired by parity where there is any, and asked for without haste. */
enum { REPEAT_PART = 4, REPEAT_MOST_US = 150000 };

void nack_list_reset(struct nack_list *l)
{
    l->started = false;
    l->count = 0;
    l->allowance = l->answer = l->answer_deviation = 0;
}

static size_t find(const struct nack_list *l, int64_t sequence)
{
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (l->entries[middle].sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void erase(struct nack_list *l, size_t at, size_t n)
{
    memmove(&l->entries[at], &l->entries[at + n], (l->count - at - n) * sizeof l->entries[0]);
    l->count -= n;
}

/* The packet itself came late: such reordering is worth waiting for, so that it is not asked for in vain. */
static void learn(struct nack_list *l, rtc_time_t late)
{
    if (late > ALLOWANCE_MAX_US)
        late = ALLOWANCE_MAX_US;
    if (late > l->allowance)
        l->allowance = late;
}

/* How long an answer took (RFC 6298 section 2). Of what was asked for several times it is not known which it is an answer to (section 3),
 * but that what comes sooner than a round trip after the second time is one to the first. */
static void learn_answer(struct nack_list *l, rtc_time_t now, const struct nack_entry *e)
{
    bool to_first = e->tries == 2 && now - e->asked < l->round_trip * 3 / 4;
    rtc_time_t took = to_first ? now - e->before : now - e->asked, off = took > l->answer ? took - l->answer : l->answer - took;
    if (e->tries != 1 && !to_first)
        return;
    if (l->answer == 0) {
        l->answer = took;
        l->answer_deviation = took / 8;
        return;
    }
    l->answer += (took - l->answer) / 8;
    l->answer_deviation += (off - l->answer_deviation) / 4;
}

static void found(struct nack_list *l, rtc_time_t now, int64_t sequence, bool retransmitted)
{
    size_t at = find(l, sequence);
    if (at == l->count || l->entries[at].sequence != sequence)
        return;
    if (!retransmitted)
        learn(l, now - l->entries[at].missed);
    else
        learn_answer(l, now, &l->entries[at]);
    erase(l, at, 1);
}

static bool miss(struct nack_list *l, rtc_time_t now, int64_t from, int64_t to)
{
    if (to - from > (int64_t)(NACK_LIST_MAX - l->count)) {
        l->count = 0;
        return false;
    }
    rtc_time_t due = now + (l->allowance > l->patience ? l->allowance : l->patience);
    for (int64_t s = from; s < to; s++)
        l->entries[l->count++] = (struct nack_entry){.sequence = s, .missed = now, .due = due};
    return true;
}

bool nack_list_received(struct nack_list *l, rtc_time_t now, int64_t sequence, bool retransmitted)
{
    bool kept = true;
    if (!l->started) {
        l->started = true;
        l->highest = sequence;
    } else if (sequence > l->highest) {
        kept = miss(l, now, l->highest + 1, sequence);
        l->highest = sequence;
        l->allowance -= l->allowance / 512; /* a network that reorders no more is forgotten over some hundreds of packets */
    } else {
        found(l, now, sequence, retransmitted);
    }
    return kept;
}

void nack_list_drop_before(struct nack_list *l, int64_t sequence)
{
    size_t n = find(l, sequence);
    if (n > 0)
        erase(l, 0, n);
}

static rtc_time_t shortest_round_trip(const struct nack_list *l)
{
    return l->round_trip > MIN_RETRY_US ? l->round_trip : MIN_RETRY_US;
}

/* After which an answer does not come any more. */
static rtc_time_t retry_after(const struct nack_list *l)
{
    rtc_time_t shortest = shortest_round_trip(l), after = shortest + shortest / MARGIN_PART;
    if (l->answer > 0)
        after = l->answer + l->answer_deviation; /* one of eight is asked for in vain, but what was lost again is not late for long */
    return after < shortest ? shortest : after > 2 * shortest ? 2 * shortest : after;
}

/* It is to be said once more, and an answer may still come. */
static bool repeats(const struct nack_list *l, const struct nack_entry *e, rtc_time_t now)
{
    return e->repeat && now < e->asked + retry_after(l);
}

static void drop_hopeless(struct nack_list *l, rtc_time_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        const struct nack_entry *e = &l->entries[i];
        if (e->due <= now && !repeats(l, e, now) && (e->tries >= NACK_TRIES || now - e->missed > MAX_AGE_US))
            continue;
        l->entries[kept++] = *e;
    }
    l->count = kept;
}

static void ask(const struct nack_list *l, struct nack_entry *e, rtc_time_t now)
{
    if (repeats(l, e, now)) {
        e->repeat = false;
        e->due = e->asked + retry_after(l);
        return;
    }
    e->before = e->asked;
    e->asked = now;
    e->tries++;
    e->repeat = l->round_trip <= REPEAT_MOST_US;
    e->due = now + (e->repeat ? shortest_round_trip(l) / REPEAT_PART : retry_after(l));
}

size_t nack_list_collect(struct nack_list *l, rtc_time_t now, rtc_time_t round_trip, uint16_t *sequences, size_t max)
{
    size_t n = 0;
    l->round_trip = round_trip;
    drop_hopeless(l, now);
    for (size_t i = 0; i < l->count && n < max; i++) {
        struct nack_entry *e = &l->entries[i];
        if (e->due > now)
            continue;
        sequences[n++] = (uint16_t)e->sequence;
        ask(l, e, now);
    }
    return n;
}

rtc_time_t nack_list_deadline(const struct nack_list *l)
{
    rtc_time_t at = RTC_TIME_NEVER;
    for (size_t i = 0; i < l->count; i++)
        if (l->entries[i].due < at)
            at = l->entries[i].due;
    return at;
}
