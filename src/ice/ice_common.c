/* SPDX-License-Identifier: MIT */
/* See ice_common.h. */
#include "ice_common.h"

struct event *ice_event(const struct ice_common *common, int type, struct out *out)
{
    return out_event(out, type, common->generation);
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
