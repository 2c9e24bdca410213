/* SPDX-License-Identifier: MIT */
/* See ice_gathering.h. */
#include "ice_gathering.h"

#include <assert.h>

static const rtc_time_t gather_most = 9500 * ICE_MS;

static void set_state(struct ice_gathering *gathering, enum ice_gathering_state state, struct out *out)
{
    /* Back to NEW never, and from each to ACTIVE or COMPLETE only when it is the other one's turn. */
    bool is_allowed = state == ICE_GATHERING_ACTIVE ? gathering->state != ICE_GATHERING_ACTIVE
                                                    : state == ICE_GATHERING_COMPLETE && gathering->state == ICE_GATHERING_ACTIVE;
    assert(is_allowed);
    (void)is_allowed;
    gathering->state = state;
    struct ice_event *e = ice_event(gathering->common, ICE_EVENT_GATHERING_STATE, out);
    if (e)
        e->gathering = state;
}

void ice_gathering_begin(struct ice_gathering *gathering, rtc_time_t now, struct out *out)
{
    gathering->deadline = now + gather_most;
    set_state(gathering, ICE_GATHERING_ACTIVE, out);
}

void ice_gathering_resume(struct ice_gathering *gathering, rtc_time_t now, struct out *out)
{
    if (gathering->state == ICE_GATHERING_COMPLETE)
        ice_gathering_begin(gathering, now, out);
}

void ice_gathering_complete(struct ice_gathering *gathering, struct out *out)
{
    set_state(gathering, ICE_GATHERING_COMPLETE, out);
}
