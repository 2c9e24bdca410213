/* SPDX-License-Identifier: MIT */
/* See ice_gathering.h. */
#include "ice_gathering.h"

static const rtc_time_t gather_most = 9500 * ICE_MS;

const struct moves ice_gathering_moves = {
    .module = "ice",
    .what = "gathering",
    .count = ICE_GATHERING_COMPLETE + 1,
    .names = {"new", "active", "complete"},
    .allowed =
        {
            [ICE_GATHERING_NEW] = MOVE_TO(ICE_GATHERING_ACTIVE),
            [ICE_GATHERING_ACTIVE] = MOVE_TO(ICE_GATHERING_COMPLETE),
            [ICE_GATHERING_COMPLETE] = MOVE_TO(ICE_GATHERING_ACTIVE),
        },
};

static void set_state(struct ice_gathering *gathering, enum ice_gathering_state state, struct out *out)
{
    if (!moves_take(&ice_gathering_moves, gathering->common->context, gathering->state, state))
        return;
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
