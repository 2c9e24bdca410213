/* SPDX-License-Identifier: MIT */
/* Inside of data_channels.h: a channel, its send queue, and the set of channels of one association, as the files of this folder share them.
 */
#ifndef CRTC_CHANNEL_H
#define CRTC_CHANNEL_H

#include "assoc.h"
#include "data_channels.h"
#include "list.h"

/* A message that waits to be given to the association. */
struct queued {
    struct queued *next;
    uint32_t capacity;
    uint32_t len;  /* bytes on the wire: an empty message has one */
    uint32_t done; /* of them given already */
    uint32_t ppid;
    rtc_time_t expires; /* RTC_TIME_NEVER: reliable or counted by retransmissions */
    uint8_t bytes[];
};

struct send_queue {
    struct queued *head;
    struct queued **tail;
    uint64_t user_bytes; /* of user messages, as bufferedAmount counts */
};

/* Our side of the stream. */
enum reset_state { RESET_NONE, RESET_WANTED, RESET_ASKED, RESET_DONE };

struct channel {
    uint32_t handle; /* 0: made only to refuse a stream; nobody is told of it */
    void *user;      /* the parent's name for it */
    uint16_t id;
    enum data_channel_state state;
    struct dcep_text {
        char *text;
        size_t len;
    } label, protocol;
    bool unordered, negotiated;
    bool by_peer;      /* the peer opened it */
    bool announced;    /* OPEN was queued */
    bool acknowledged; /* the peer knows it: unordered messages may overtake OPEN no more */
    int32_t max_retransmits, max_packet_life_ms;
    uint16_t priority;
    struct send_queue queue;
    struct link active; /* in data_channels.active while the queue holds something */
    int64_t deficit;    /* bytes it may send in its turn */
    struct link above;  /* in data_channels.above while more is buffered than the threshold */
    uint64_t low_threshold;
    uint64_t unsent;        /* when it closed: bufferedAmount does not go back then (webrtc-pc 6.2) */
    struct packet *partial; /* parts of a message marked by the deprecated PPIDs */
    enum reset_state reset;
    bool peer_reset;
    uint64_t messages_sent, bytes_sent, messages_received, bytes_received;
};

struct data_channels {
    rtc_context *context;
    struct data_channels_options options;
    enum sctp_state state;
    struct assoc *assoc;
    bool dtls_client;
    uint64_t remote_max_message_bytes;
    uint16_t streams;          /* usable ids are below */
    struct channel **channels; /* by rising handle */
    size_t count, capacity;
    struct channel **by_id; /* options.max_channels of them */
    uint32_t next_handle;
    struct link active; /* channels that have something to send, in order of their turns */
    struct link above;
    struct channel *straddling; /* its message is partly given: it must be finished first */
    uint64_t queued_bytes;      /* with what the queue itself costs, for the limit */
    uint32_t resets_wanted;
    struct queued *spare; /* small ones kept for reuse */
    uint32_t spares;
    rtc_time_t small_sent; /* when a message last left at once */
    bool holding;          /* small messages wait for company until the next tick */
    struct {
        uint64_t bytes;
        uint32_t events;
    } room;                 /* data_channels_set_room */
    rtc_time_t unread_at;   /* since when something may wait in the association for want of room; RTC_TIME_NEVER: nothing does */
    uint64_t partial_bytes; /* of all channels' `partial` */
    struct sctp_counters counters;
    void (*wake)(void *user);
    void *wake_user;
};

/* channel.c: the set */
struct channel *channel_new(struct data_channels *dc, const struct data_channel_options *options, bool visible);
struct channel *channel_find(const struct data_channels *dc, uint32_t handle);
struct channel *channel_by_id(const struct data_channels *dc, uint16_t id);
void channel_take_id(struct data_channels *dc, struct channel *c, uint16_t id);
/* Takes it out of the set and frees it. */
void channel_free(struct data_channels *dc, struct channel *c);
/* out_event() with the channel's handle. */
struct sctp_event *channel_event(const struct channel *c, enum sctp_event_type type, struct out *out);
/* The one setter: stores, then tells. */
void channel_set_state(struct channel *c, enum data_channel_state state, struct out *out);
void channel_fail(struct channel *c, int error, struct out *out);
uint64_t channel_buffered(const struct data_channels *dc, const struct channel *c);

/* channel_queue.c */
int channel_queue_push(struct data_channels *dc, struct channel *c, uint32_t ppid, struct slice bytes, uint32_t done, rtc_time_t expires);
void channel_queue_pop(struct data_channels *dc, struct channel *c);
void channel_queue_clear(struct data_channels *dc, struct channel *c);
void channel_queue_trim(struct data_channels *dc);
enum { QUEUED_COST = 64 };

/* data_channel_open.c */
/* The association is on its way: what can be said before it is up. */
void channel_announce_all(struct data_channels *dc, rtc_time_t now, struct out *out);
void channel_start_all(struct data_channels *dc, rtc_time_t now, struct out *out);
void channel_receive_dcep(struct data_channels *dc, uint16_t stream, struct slice message, struct out *out);

/* data_channel_receive.c */
/* Takes the message, a whole one of SCTP's. */
void channel_receive(struct data_channels *dc, uint16_t stream, uint32_t ppid, struct packet *message, struct out *out);
/* A message on this stream is lost, and with it its channel. */
void channel_refuse(struct data_channels *dc, uint16_t stream, int error, struct out *out);
void channel_forget_partial(struct data_channels *dc, struct channel *c);
/* An event that is told takes room. */
void channel_take_room(struct data_channels *dc, uint64_t bytes);

/* data_channel_send.c */
void channel_pump(struct data_channels *dc, rtc_time_t now, bool keep_last, struct out *out);
void channel_tell_low(struct data_channels *dc, struct out *out);

/* data_channel_close.c */
void channel_close(struct data_channels *dc, struct channel *c, struct out *out);
void channel_close_all(struct data_channels *dc, int error, struct out *out);
void channel_on_reset(struct data_channels *dc, const struct assoc_event *event, struct out *out);
void channel_request_resets(struct data_channels *dc, rtc_time_t now, struct out *out);
/* The old channel of an id that the peer uses anew. */
void channel_finish(struct data_channels *dc, struct channel *c, struct out *out);

#endif
