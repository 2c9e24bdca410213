/* SPDX-License-Identifier: MIT */
/* An association that begins without a handshake, since both INIT chunks stand in the descriptions (SNAP, draft-hancke-tsvwg-snap): made
 * before it is known whether there will be one, and kept for as long as that takes, which may be days. */
#ifndef CRTC_SNAP_H
#define CRTC_SNAP_H

#include "assoc.h"

/* Owner: who prepared it, until channels take it (data_channels_set_snap()). Written by snap.c. */
struct snap {
    rtc_context *context;
    struct assoc *assoc; /* owned; NULL once it began */
    uint8_t init[SNAP_INIT_MAX];
    size_t init_len;
    struct snap_init peer;
    bool has_peer;
};

/* RTC_ERR_NOT_SUPPORTED: the engine can not do that. */
int snap_new(rtc_context *context, const struct assoc_options *options, rtc_time_t now, struct snap **out);
void snap_free(struct snap *snap);
/* Our INIT chunk. Borrowed. */
struct slice snap_init(const struct snap *snap);
/* Whether this is an INIT chunk of a peer that can be taken. Who sends ours back does not know what it is. */
bool snap_can_take(const struct snap *snap, struct slice chunk);
/* Takes it, if it can be. */
void snap_take(struct snap *snap, struct slice chunk);
/* It begins, and is up: the association, the taker's; NULL when it can not. */
struct assoc *snap_begin(struct snap *snap, rtc_time_t now, rtc_time_t rtt_us, struct out *out);

#endif
