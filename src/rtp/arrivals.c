/* SPDX-License-Identifier: MIT */
/* What arrived: see arrivals.h. */
#include "arrivals.h"

#include "memory.h"
#include "sent_history.h"

/* How many in a row that are older than the window make it begin anew with them. */
enum { STRANGERS_MAX = 8 };

/* What is known of one number of the window. */
enum state { MISSING, UNTOLD, TOLD };

/* Numbers are counted on beyond 16 bits. Of those in [told_end, end) nothing was told. */
struct arrivals {
    rtc_context *context;
    int64_t end;      /* one beyond the newest */
    int64_t told_end; /* one beyond the newest that was told of; never below the window */
    int64_t late;     /* none below it arrived without being told; at most told_end */
    int64_t begin;    /* of those below it nothing was told as missing */
    uint64_t missing, recovered; /* arrivals_missing() */
    uint32_t untold;  /* that arrived */
    uint32_t strangers;
    bool any;
    rtc_time_t at[ARRIVALS_WINDOW]; /* by the rest of the number, as the two below */
    uint8_t state[ARRIVALS_WINDOW];
    uint8_t ecn[ARRIVALS_WINDOW];
};

int arrivals_new(rtc_context *context, struct arrivals **out)
{
    struct arrivals *a = memory_zeroed(context, sizeof *a);
    if (!a)
        return RTC_ERR_NO_MEMORY;
    a->context = context;
    *out = a;
    return RTC_OK;
}

void arrivals_free(struct arrivals *a)
{
    if (a)
        memory_free(a->context, a);
}

static size_t slot_of(int64_t number)
{
    return (size_t)((uint64_t)number % ARRIVALS_WINDOW);
}

static bool is_untold(const struct arrivals *a, int64_t number)
{
    return a->state[slot_of(number)] == UNTOLD;
}

/* The slots from the newest on up to `end` become those of numbers that have not arrived. */
static void advance(struct arrivals *a, int64_t end)
{
    int64_t first = end - a->end > ARRIVALS_WINDOW ? end - ARRIVALS_WINDOW : a->end;
    for (int64_t n = first; n < end; n++) {
        a->untold -= is_untold(a, n);
        a->state[slot_of(n)] = MISSING;
    }
    a->end = end;
    if (a->told_end < end - ARRIVALS_WINDOW)
        a->told_end = end - ARRIVALS_WINDOW;
    if (a->late < end - ARRIVALS_WINDOW)
        a->late = end - ARRIVALS_WINDOW;
}

static void begin_at(struct arrivals *a, uint16_t number)
{
    memset(a->state, MISSING, sizeof a->state);
    a->untold = a->strangers = 0;
    a->any = true;
    a->end = a->told_end = a->late = a->begin = (int64_t)65536 + number; /* the window may reach below */
}

/* The number that these 16 bits mean: the nearest to the newest. */
static int64_t number_of(const struct arrivals *a, uint16_t number)
{
    int64_t newest = a->end - 1;
    return newest + (int16_t)(uint16_t)(number - (uint16_t)newest);
}

bool arrivals_add(struct arrivals *a, uint16_t number, rtc_time_t at, uint8_t ecn)
{
    if (!a->any)
        begin_at(a, number);
    int64_t n = number_of(a, number);
    if (n < a->end - ARRIVALS_WINDOW) {
        if (++a->strangers < STRANGERS_MAX)
            return false;
        begin_at(a, number);
        n = a->end;
    }
    a->strangers = 0;
    if (n >= a->end)
        advance(a, n + 1);
    size_t slot = slot_of(n);
    if (a->state[slot] != MISSING) {
        if (ecn == CONGESTION_ECN_CE)
            a->ecn[slot] = CONGESTION_ECN_CE;
        return false;
    }
    a->state[slot] = UNTOLD;
    a->at[slot] = at;
    a->ecn[slot] = ecn & 3;
    a->untold++;
    if (n < a->late)
        a->late = n;
    return true;
}

uint32_t arrivals_untold(const struct arrivals *a)
{
    return a->untold;
}

uint32_t arrivals_pending(const struct arrivals *a)
{
    return (uint32_t)(a->end - a->told_end);
}

/* The first that came late, or told_end. */
static int64_t first_late(const struct arrivals *a)
{
    int64_t n = a->late;
    while (n < a->told_end && !is_untold(a, n))
        n++;
    return n;
}

/* Where what is to be told begins, and one beyond its end. */
static int64_t next_range(const struct arrivals *a, int64_t *end)
{
    int64_t start = first_late(a);
    *end = a->end;
    if (start == a->told_end)
        return start;
    *end = start;
    while (*end < a->told_end && is_untold(a, *end))
        (*end)++;
    return start;
}

size_t arrivals_next(const struct arrivals *a, struct sent_history_told *out, size_t max)
{
    int64_t end, start = next_range(a, &end);
    size_t count = 0;
    for (int64_t n = start; a->untold > 0 && n < end && count < max; n++) {
        size_t slot = slot_of(n);
        bool received = a->state[slot] != MISSING;
        out[count++] = (struct sent_history_told){
            .number = (uint16_t)n,
            .received = received,
            .ecn = received ? (enum congestion_ecn)a->ecn[slot] : CONGESTION_ECN_NOT,
            .arrived = received ? a->at[slot] : RTC_TIME_NEVER,
        };
    }
    return count;
}

void arrivals_were_told(struct arrivals *a, size_t count)
{
    int64_t end, start = next_range(a, &end);
    if ((int64_t)count < end - start)
        end = start + (int64_t)count;
    for (int64_t n = start; n < end; n++) {
        size_t slot = slot_of(n);
        a->missing += a->state[slot] == MISSING;
        a->recovered += a->state[slot] == UNTOLD && n < a->told_end && n >= a->begin;
        a->untold -= a->state[slot] == UNTOLD;
        a->state[slot] = a->state[slot] == MISSING ? MISSING : TOLD;
    }
    a->late = end;
    if (end > a->told_end)
        a->told_end = end;
}

void arrivals_missing(const struct arrivals *arrivals, uint64_t *missing, uint64_t *recovered)
{
    *missing = arrivals->missing;
    *recovered = arrivals->recovered;
}
