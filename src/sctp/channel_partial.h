/* SPDX-License-Identifier: MIT */
/* Messages that come in parts marked by the deprecated PPIDs 52 and 54 (RFC 8831 section 6.6). They wait for their rest, and nobody but the
 * peer can end that: all channels' together get a quarter of what may wait, or one message. */
#ifndef CRTC_CHANNEL_PARTIAL_H
#define CRTC_CHANNEL_PARTIAL_H

#include "channel.h"

/* Embedded in struct data_channels; written by channel_partial.c. */
struct channel_partials {
    rtc_context *context; /* the connection's: no reference */
    uint64_t bytes;       /* of all channels' `partial` */
    uint64_t max_message;
};

/* False: no memory, or no room; what was there stays. */
bool channel_partial_append(struct channel_partials *partials, struct channel *channel, struct slice bytes, struct packet_pool *pool);
/* What there is, the caller's; NULL: nothing. */
struct packet *channel_partial_take(struct channel_partials *partials, struct channel *channel);
void channel_partial_forget(struct channel_partials *partials, struct channel *channel);

#endif
