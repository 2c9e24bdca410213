/* SPDX-License-Identifier: MIT */
/* The messages of all channels that the association has no room for yet. What the queue itself costs counts towards the limit, so that a
 * flood of empty messages is bounded too. A few small entries are kept for reuse. */
#ifndef CRTC_CHANNEL_QUEUE_H
#define CRTC_CHANNEL_QUEUE_H

#include "channel.h"

/* What a message costs beside its bytes: the entry and what the allocator adds. */
enum { QUEUED_COST = 64 };

/* Embedded in struct data_channels; written by channel_queue.c, but for the order of turns and `straddling` (data_channel_send.c). */
struct channel_queues {
    rtc_context *context;       /* the connection's: no reference */
    struct link active;         /* channels that have something to send, in order of their turns */
    struct channel *straddling; /* its message is partly given: it must be finished first */
    uint64_t bytes;             /* with QUEUED_COST each, for the limit */
    struct queued *spare;       /* owned: small ones kept for reuse */
    uint32_t spares;
};

void channel_queues_init(struct channel_queues *queues, rtc_context *context);
/* Gives back what is kept for reuse. */
void channel_queues_trim(struct channel_queues *queues);
/* Copies `bytes`, of which `done` are given already. RTC_ERR_NO_MEMORY. */
int channel_queue_push(struct channel_queues *queues, struct channel *channel, uint32_t ppid, struct slice bytes, uint32_t done,
                       rtc_time_t expires);
/* The first message is given, but may have to be given again: it is kept, and counts. */
void channel_queue_set_aside(struct channel_queues *queues, struct channel *channel);
/* What was set aside, and what was given of the first message, is to be given again. */
void channel_queue_restore(struct channel_queues *queues, struct channel *channel);
/* What was set aside is known to have come. */
void channel_queue_forget_early(struct channel_queues *queues, struct channel *channel);
/* All of it, with what was set aside. */
void channel_queue_clear(struct channel_queues *queues, struct channel *channel);
void channel_queue_pop(struct channel_queues *queues, struct channel *channel);

#endif
