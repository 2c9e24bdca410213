/* SPDX-License-Identifier: MIT */
/* Packets that left together, as a pacer lets them go, are one group; what counts is how much further apart, or closer, two groups arrive
 * than they left (draft-ietf-rmcat-gcc-02 sections 5.2 and 5.3). A group that was held up and arrives on the heels of the one before
 * belongs to that. */
#ifndef CRTC_PACKET_GROUPS_H
#define CRTC_PACKET_GROUPS_H

#include <crtc/base.h>

struct packet_group {
    rtc_time_t first_sent, last_sent, first_arrived, last_arrived;
};

/* Embedded. */
struct packet_groups {
    struct packet_group now, before;
    unsigned known; /* groups: 0, 1, 2 */
};

struct group_delta {
    rtc_time_t sent_us, arrived_us; /* from group to group */
    rtc_time_t arrived;             /* by the peer's clock */
};

void packet_groups_init(struct packet_groups *groups);
/* True when with this packet a new group begins and there are two before it. */
bool packet_groups_add(struct packet_groups *groups, rtc_time_t sent, rtc_time_t arrived, struct group_delta *out);

#endif
