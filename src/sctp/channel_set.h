/* SPDX-License-Identifier: MIT */
/* The channels of an association: by handle, which is never used twice, and by stream id. */
#ifndef CRTC_CHANNEL_SET_H
#define CRTC_CHANNEL_SET_H

#include "channel.h"

/* Embedded in struct data_channels; written by channel_set.c. */
struct channel_set {
    rtc_context *context;      /* the connection's: no reference */
    struct channel **channels; /* owned, with what they point at; by rising handle */
    size_t count, capacity;
    struct channel **by_id; /* owned; as long as the highest id in use takes. A channel that only refuses a stream stands here alone */
    size_t ids;
    uint32_t next_handle;
};

/* Nothing is allocated before there is a channel. */
void channel_set_init(struct channel_set *set, rtc_context *context);
/* It is empty. */
void channel_set_fini(struct channel_set *set);
/* Gives it a handle; false without memory. */
bool channel_set_add(struct channel_set *set, struct channel *channel);
struct channel *channel_set_find(const struct channel_set *set, uint32_t handle);
struct channel *channel_set_by_id(const struct channel_set *set, uint16_t id);
/* Room for the ids below `count`; false when out of memory. */
bool channel_set_reserve_ids(struct channel_set *set, size_t count);
/* False without memory. */
bool channel_set_take_id(struct channel_set *set, struct channel *channel, uint16_t id);
/* Another channel may have it. */
void channel_set_leave_id(struct channel_set *set, const struct channel *channel);
/* The channel is the caller's. Harmless for one that was not added. */
void channel_set_remove(struct channel_set *set, const struct channel *channel);

#endif
