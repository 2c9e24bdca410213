/* SPDX-License-Identifier: MIT */
/* Missing sequence numbers and their schedule. */
#include "nack_list.h"

#include <string.h>

/* What only overtook is waited for no longer than the allowance: beyond it, asking in vain costs less than waiting does. A round trip that
 * was measured as nearly nothing must not have each tick ask again. After the age no picture is held back for it any more. */
enum { ALLOWANCE_MAX_US = 10000, MIN_RETRY_US = 20000, MAX_AGE_US = 3000000 };

void nack_list_reset(struct nack_list *l)
{
    l->started = false;
    l->count = 0;
    l->allowance = 0;
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

static void found(struct nack_list *l, rtc_time_t now, int64_t sequence, bool retransmitted)
{
    size_t at = find(l, sequence);
    if (at == l->count || l->entries[at].sequence != sequence)
        return;
    if (!retransmitted)
        learn(l, now - l->entries[at].missed);
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

static void drop_hopeless(struct nack_list *l, rtc_time_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        const struct nack_entry *e = &l->entries[i];
        if (e->due <= now && (e->tries >= NACK_TRIES || now - e->missed > MAX_AGE_US))
            continue;
        l->entries[kept++] = *e;
    }
    l->count = kept;
}

size_t nack_list_collect(struct nack_list *l, rtc_time_t now, rtc_time_t round_trip, uint16_t *sequences, size_t max)
{
    size_t n = 0;
    drop_hopeless(l, now);
    for (size_t i = 0; i < l->count && n < max; i++) {
        struct nack_entry *e = &l->entries[i];
        if (e->due > now)
            continue;
        sequences[n++] = (uint16_t)e->sequence;
        e->tries++;
        e->due = now + (round_trip > MIN_RETRY_US ? round_trip : MIN_RETRY_US);
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
