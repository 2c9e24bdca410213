/* SPDX-License-Identifier: MIT */
/* The history of what left: see sent_history.h. A ring of which a packet's place is its number. */
#include "sent_history.h"

#include "memory.h"

enum fate { FLIES, ARRIVED, MISSING, GIVEN_UP };

struct left {
    rtc_time_t sent;
    uint32_t bytes;
    uint32_t unnumbered; /* of what left between the one before it and this one */
    uint32_t source;
    bool ect1;
    uint8_t probe;
    uint8_t fate; /* enum fate */
    bool doubted; /* told of as missing when nothing after it had arrived */
};

struct sent_history {
    rtc_context *context;
    uint64_t first, next; /* the numbers that are kept */
    uint64_t flies_from;  /* none before it is in flight */
    uint64_t told_to;     /* what left before it and has no number, or of which nobody told, a controller has heard of */
    uint64_t arrived_to;  /* the one after the last that arrived */
    uint64_t ignored;
    uint32_t unnumbered; /* that left since the last one with a number */
    uint32_t in_flight;
    struct left ring[SENT_HISTORY_MAX];
    struct congestion_result results[SENT_HISTORY_RESULTS_MAX];
};

int sent_history_new(rtc_context *context, struct sent_history **out)
{
    struct sent_history *h = memory_zeroed(context, sizeof *h);
    if (!h)
        return RTC_ERR_NO_MEMORY;
    h->context = context;
    *out = h;
    return RTC_OK;
}

void sent_history_free(struct sent_history *history)
{
    if (history)
        memory_free(history->context, history);
}

uint64_t sent_history_next(const struct sent_history *history)
{
    return history->next;
}

uint32_t sent_history_in_flight(const struct sent_history *history)
{
    return history->in_flight;
}

uint64_t sent_history_ignored(const struct sent_history *history)
{
    return history->ignored;
}

static struct left *place(struct sent_history *h, uint64_t number)
{
    return &h->ring[number % SENT_HISTORY_MAX];
}

static uint32_t sum(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* What no 32 bits hold is not in flight, rather than in flight for ever. */
static uint32_t weight(const struct left *l)
{
    return sum(l->bytes, l->unnumbered);
}

static void settle(struct sent_history *h, struct left *l, enum fate fate)
{
    if (l->fate == FLIES)
        h->in_flight -= weight(l) < h->in_flight ? weight(l) : h->in_flight;
    l->fate = (uint8_t)fate;
}

static void give_up_first(struct sent_history *h)
{
    if (h->flies_from > h->first)
        return;
    if (place(h, h->first)->fate == FLIES)
        settle(h, place(h, h->first), GIVEN_UP);
    h->flies_from = h->first + 1;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void sent_history_add(struct sent_history *history, rtc_time_t now, uint32_t bytes, uint8_t probe)
{
    struct sent_history *h = history;
    if (h->next - h->first == SENT_HISTORY_MAX) {
        give_up_first(h);
        h->first++;
        h->told_to = later(h->told_to, h->first);
    }
    *place(h, h->next) = (struct left){.sent = now, .bytes = bytes, .unnumbered = h->unnumbered, .probe = probe, .fate = FLIES};
    h->in_flight = sum(h->in_flight, weight(place(h, h->next)));
    h->unnumbered = 0;
    h->next++;
}

void sent_history_describe(struct sent_history *history, uint32_t source, bool ect1)
{
    struct left *l = place(history, history->next - 1);
    l->source = source;
    l->ect1 = ect1;
}

void sent_history_add_unnumbered(struct sent_history *history, uint32_t bytes)
{
    history->unnumbered = sum(history->unnumbered, bytes);
}

void sent_history_clear(struct sent_history *history)
{
    struct sent_history *h = history;
    h->first = h->flies_from = h->told_to = h->next;
    h->unnumbered = h->in_flight = 0;
}

/* What left before this number of which no controller has heard and, as things stand, none will. */
static uint32_t between(struct sent_history *h, uint64_t number)
{
    uint32_t bytes = 0;
    for (; h->told_to <= number; h->told_to++) {
        const struct left *l = place(h, h->told_to);
        bytes = sum(bytes, l->unnumbered);
        if (h->told_to < number && (l->fate == FLIES || l->fate == GIVEN_UP))
            bytes = sum(bytes, l->bytes);
    }
    return bytes;
}

/* The number that was written, of those that are kept; h->next: of none. */
static uint64_t number_of(const struct sent_history *h, uint16_t written)
{
    uint64_t back = (uint16_t)((uint16_t)h->next - 1U - written);
    return back < h->next - h->first ? h->next - 1 - back : h->next;
}

/* Those before the end of what arrived, and nothing when none did: what is missing after it may be under way. */
static uint64_t end_of_arrived(const struct sent_history *h, const struct sent_history_told *told, size_t count)
{
    uint64_t end = h->arrived_to;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = told[i].received ? number_of(h, told[i].number) : h->next;
        if (number < h->next)
            end = later(end, number + 1);
    }
    return end;
}

static bool is_news(const struct left *l, bool received)
{
    return received ? l->fate != ARRIVED : l->fate == FLIES || l->fate == GIVEN_UP;
}

static void take_one(struct sent_history *h, uint64_t number, const struct sent_history_told *told, struct congestion_feedback *out)
{
    struct left *l = place(h, number);
    struct congestion_result *r = &h->results[out->count++];
    bool was_missing = l->fate == MISSING;
    settle(h, l, told->received ? ARRIVED : MISSING);
    *r = (struct congestion_result){.sent = l->sent,
                                    .arrived = told->received ? told->arrived : RTC_TIME_NEVER,
                                    .bytes = l->bytes,
                                    .bytes_between = between(h, number),
                                    .probe = l->probe,
                                    .was_missing = was_missing,
                                    .ect1 = l->ect1,
                                    .source = l->source,
                                    .ecn = told->received ? told->ecn : CONGESTION_ECN_NOT};
    if (told->received && out->now > l->sent)
        out->round_trip = out->now - l->sent;
}

/* Something after them is told of: those that were missing before are lost, and of the others nobody was heard. False: there is no room for
 * more results. */
static bool give_up_before(struct sent_history *h, uint64_t number, struct congestion_feedback *out)
{
    static const struct sent_history_told missing = {.received = false};
    for (; h->flies_from < number; h->flies_from++) {
        struct left *l = place(h, h->flies_from);
        if (l->fate != FLIES)
            continue;
        if (!l->doubted)
            settle(h, l, GIVEN_UP);
        else if (out->count < SENT_HISTORY_RESULTS_MAX)
            take_one(h, h->flies_from, &missing, out);
        else
            return false;
    }
    return out->count < SENT_HISTORY_RESULTS_MAX;
}

size_t sent_history_take(struct sent_history *history, rtc_time_t now, const struct sent_history_told *told, size_t count,
                         struct congestion_feedback *out)
{
    struct sent_history *h = history;
    *out = (struct congestion_feedback){.now = now, .results = h->results};
    h->arrived_to = end_of_arrived(h, told, count);
    size_t i = 0;
    for (uint64_t least = h->first; i < count && out->count < SENT_HISTORY_RESULTS_MAX; i++) {
        uint64_t number = number_of(h, told[i].number);
        if (number == h->next || number < least) {
            h->ignored++;
            continue;
        }
        if (number >= h->arrived_to) {
            place(h, number)->doubted = true;
            continue;
        }
        least = number + 1;
        if (!give_up_before(h, number, out))
            break;
        if (is_news(place(h, number), told[i].received))
            take_one(h, number, &told[i], out);
        else
            h->ignored++;
    }
    out->in_flight = h->in_flight;
    return i;
}
