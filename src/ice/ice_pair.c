/* SPDX-License-Identifier: MIT */
/* See ice_pair.h. */
#include "ice_pair.h"

#include <assert.h>

void ice_pair_set_state(struct ice_pair *pair, enum ice_pair_state state)
{
#define TO(s) (1u << (s))
    static const unsigned allowed[] = {
        [ICE_PAIR_FROZEN] = TO(ICE_PAIR_WAITING) | TO(ICE_PAIR_SUCCEEDED) | TO(ICE_PAIR_FAILED),
        [ICE_PAIR_WAITING] = TO(ICE_PAIR_IN_PROGRESS) | TO(ICE_PAIR_SUCCEEDED) | TO(ICE_PAIR_FAILED),
        [ICE_PAIR_IN_PROGRESS] = TO(ICE_PAIR_WAITING) | TO(ICE_PAIR_SUCCEEDED) | TO(ICE_PAIR_FAILED),
        [ICE_PAIR_SUCCEEDED] = TO(ICE_PAIR_WAITING) | TO(ICE_PAIR_FAILED),
        [ICE_PAIR_FAILED] = TO(ICE_PAIR_WAITING) | TO(ICE_PAIR_SUCCEEDED),
    };
#undef TO
    bool is_allowed = state == pair->state || allowed[pair->state] & 1u << state;
    assert(is_allowed);
    (void)is_allowed;
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
