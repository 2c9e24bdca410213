/* SPDX-License-Identifier: MIT */
/* See ice_transaction.h. */
#include "ice_transaction.h"

void ice_transaction_start(struct ice_transaction *t, rtc_context *context, rtc_time_t interval, rtc_time_t now)
{
    *t = (struct ice_transaction){.active = true, .interval = interval, .first_sent = now, .next_send = now};
    context_random(context, t->id, sizeof t->id);
}

void ice_transaction_sent(struct ice_transaction *t, rtc_time_t most, rtc_time_t now)
{
    if (t->sends == 0)
        t->first_sent = now;
    t->sends++;
    t->last_sent = now;
    t->next_send = now + t->interval;
    t->interval = t->interval * 2 < most ? t->interval * 2 : most;
}

bool ice_transaction_is(const struct ice_transaction *t, const struct stun_message *response)
{
    return t->active && memcmp(t->id, response->transaction, sizeof t->id) == 0;
}

void ice_transaction_renew(struct ice_transaction *t, rtc_context *context)
{
    context_random(context, t->id, sizeof t->id);
}
