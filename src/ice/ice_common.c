/* SPDX-License-Identifier: MIT */
/* See ice_common.h. */
#include "ice_common.h"

struct ice_event *ice_event(const struct ice_common *common, enum ice_event_type type, struct out *out)
{
    struct ice_event *e = out_event(out, (int)type);
    if (e)
        e->generation = common->generation;
    return e;
}

uint32_t ice_request_id(struct ice_common *common)
{
    if (++*common->next_request_id == 0)
        ++*common->next_request_id;
    return *common->next_request_id;
}

uint32_t ice_next_serial(struct ice_common *common)
{
    return ++common->serial;
}
