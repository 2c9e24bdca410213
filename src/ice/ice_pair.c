/* SPDX-License-Identifier: MIT */
/* See ice_pair.h. */
#include "ice_pair.h"

const struct moves ice_pair_moves = {
    .module = "ice",
    .what = "pair",
    .count = ICE_PAIR_FAILED + 1,
    .names = {"frozen", "waiting", "in progress", "succeeded", "failed"},
    .allowed =
        {
            [ICE_PAIR_FROZEN] = MOVE_TO(ICE_PAIR_WAITING) | MOVE_TO(ICE_PAIR_SUCCEEDED) | MOVE_TO(ICE_PAIR_FAILED),
            [ICE_PAIR_WAITING] = MOVE_TO(ICE_PAIR_IN_PROGRESS) | MOVE_TO(ICE_PAIR_SUCCEEDED) | MOVE_TO(ICE_PAIR_FAILED),
            [ICE_PAIR_IN_PROGRESS] = MOVE_TO(ICE_PAIR_WAITING) | MOVE_TO(ICE_PAIR_SUCCEEDED) | MOVE_TO(ICE_PAIR_FAILED),
            [ICE_PAIR_SUCCEEDED] = MOVE_TO(ICE_PAIR_WAITING) | MOVE_TO(ICE_PAIR_FAILED),
            [ICE_PAIR_FAILED] = MOVE_TO(ICE_PAIR_WAITING) | MOVE_TO(ICE_PAIR_SUCCEEDED),
        },
};

void ice_pair_set_state(struct ice_pair *pair, rtc_context *context, enum ice_pair_state state)
{
    if (state != pair->state && moves_take(&ice_pair_moves, context, pair->state, state))
        pair->state = state;
}

bool ice_pair_unresolved(const struct ice_pair *pair)
{
    return pair->state == ICE_PAIR_FROZEN || pair->state == ICE_PAIR_WAITING || pair->state == ICE_PAIR_IN_PROGRESS;
}

struct ice_probe *ice_pair_find_probe(struct ice_pair *pair, const struct stun_message *response)
{
    for (size_t i = 0; i < ICE_PROBES; i++) {
        struct ice_probe *probe = &pair->consent.probes[i];
        if (probe->active && memcmp(probe->id, response->transaction, STUN_TRANSACTION_LEN) == 0)
            return probe;
    }
    return NULL;
}

/* A retransmitted exchange gives only an upper bound, which stands until an exact sample replaces it. */
void ice_rtt_sample(struct ice_rtt *rtt, rtc_time_t sample, bool exact)
{
    if (sample < 1)
        sample = 1;
    rtt->total += sample;
    if (!exact && rtt->exact)
        return;
    if (rtt->smoothed == 0 || (exact && !rtt->exact))
        rtt->smoothed = sample;
    else
        rtt->smoothed += (sample - rtt->smoothed) / 8;
    rtt->exact |= exact;
}
