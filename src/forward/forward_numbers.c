/* SPDX-License-Identifier: MIT */
/* See forward_numbers.h. */
#include "forward_numbers.h"

static uint32_t slot(int64_t number)
{
    return (uint32_t)((uint64_t)number % FORWARD_NUMBERS_KEPT);
}

void forward_numbers_begin(struct forward_numbers *n, int64_t next, int64_t as)
{
    n->started = true;
    n->first = next;
    n->highest = next - 1;
    n->behind = next - as;
}

static int64_t oldest(const struct forward_numbers *n)
{
    int64_t kept = n->highest - FORWARD_NUMBERS_KEPT + 1;
    return kept > n->first ? kept : n->first;
}

enum forward_number forward_numbers_look(const struct forward_numbers *n, int64_t number)
{
    if (number > n->highest)
        return FORWARD_NUMBER_NEW;
    if (number < oldest(n))
        return FORWARD_NUMBER_OLD;
    return (enum forward_number)n->at[slot(number)].state;
}

static void put(struct forward_numbers *n, int64_t number, enum forward_number state)
{
    n->at[slot(number)].behind = n->behind;
    n->at[slot(number)].state = (uint8_t)state;
}

/* What is between the highest one and this keeps its numbers. */
static void advance(struct forward_numbers *n, int64_t number)
{
    int64_t from = n->highest + 1;
    if (number - from >= FORWARD_NUMBERS_KEPT)
        from = number - FORWARD_NUMBERS_KEPT + 1;
    for (int64_t missing = from; missing < number; missing++)
        put(n, missing, FORWARD_NUMBER_KEPT);
    n->highest = number;
}

int64_t forward_numbers_send(struct forward_numbers *n, int64_t number)
{
    if (number > n->highest) {
        advance(n, number);
        put(n, number, FORWARD_NUMBER_SENT);
        return number - n->behind;
    }
    n->at[slot(number)].state = FORWARD_NUMBER_SENT;
    return number - n->at[slot(number)].behind;
}

void forward_numbers_leave_out(struct forward_numbers *n, int64_t number)
{
    advance(n, number);
    put(n, number, FORWARD_NUMBER_LEFT_OUT);
    n->behind++;
}

void forward_numbers_take_back(struct forward_numbers *n, int64_t number)
{
    if (!n->started || number != n->highest || n->at[slot(number)].state != FORWARD_NUMBER_SENT)
        return;
    n->at[slot(number)].state = FORWARD_NUMBER_LEFT_OUT;
    n->behind++;
}

int64_t forward_numbers_highest(const struct forward_numbers *n)
{
    return n->highest - n->behind;
}
