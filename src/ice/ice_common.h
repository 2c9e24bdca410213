/* SPDX-License-Identifier: MIT */
/* What all parts of an agent stand on: what it was told when it was made, and the few numbers that every part counts up. The agent owns it,
 * sets it up and frees it (ice_agent.c); each part keeps a pointer to it. Parts write only to what is marked as shared. */
#ifndef CRTC_ICE_COMMON_H
#define CRTC_ICE_COMMON_H

#include "ice_types.h"

#define ICE_MS ((rtc_time_t)1000)
#define ICE_SECOND ((rtc_time_t)1000000)

enum { ICE_COMPONENT = 1 };

struct ice_common {
    rtc_context *context;          /* a reference */
    uint32_t generation;           /* what the agent's events are marked with */
    const struct ice_rules *rules; /* borrowed; NULL: none */
    uint16_t port_min, port_max;
    bool include_loopback;
    bool relay_only;
    bool hide_addresses;
    bool gather_once;
    struct ice_credentials credentials; /* our own */

    /* Shared: written by every part. */
    uint32_t *next_request_id; /* borrowed: the connection's */
    uint32_t serial;           /* of the candidate or pair made last */
    bool starved;              /* a pair or an attempt that nothing would make again was lost for want of memory */
    struct ice_counters counters;
};

/* out_event() with the agent's generation. */
struct ice_event *ice_event(const struct ice_common *common, enum ice_event_type type, struct out *out);
/* Never 0. */
uint32_t ice_request_id(struct ice_common *common);
uint32_t ice_next_serial(struct ice_common *common);

#endif
