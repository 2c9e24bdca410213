/* SPDX-License-Identifier: MIT */
/* One data channel, as the files of this folder share it, and the setter of its state. */
#ifndef CRTC_CHANNEL_H
#define CRTC_CHANNEL_H

#include "list.h"
#include "sctp_types.h"

/* A message that waits to be given to the association: its channel's queue's, or a spare one. Written by channel_queue.c, and `done` by
 * data_channel_send.c. */
struct queued {
    struct queued *next;
    uint32_t capacity;
    uint32_t len;  /* bytes on the wire: an empty message has one */
    uint32_t done; /* of them given already */
    uint32_t ppid;
    rtc_time_t expires; /* RTC_TIME_NEVER: reliable or counted by retransmissions */
    uint8_t bytes[];
};

/* Part of a channel. Written by channel_queue.c; what is given of the first message, and whose turn it is, by data_channel_send.c. */
struct send_queue {
    struct queued *head; /* owned */
    struct queued **tail;
    struct queued *early; /* owned: given, and kept until the peer is heard of (data_channel_anew.c) */
    struct queued **early_tail;
    uint64_t user_bytes; /* of user messages, as bufferedAmount counts */
    struct link active;  /* in channel_queues.active while there is a message */
    int64_t deficit;     /* bytes it may send in its turn */
};

/* Our side of the stream (RFC 8831 section 6.7).
 *
 *   NONE --it is to close--> WANTED --all of it left--> ASKED --answered--> DONE
 *    |                         ^ '--------------.        | |                 ^
 *    |                         '--begun anew----+--------' |                 |
 *    '----------closed without a word-----------'----------'-----------------'
 */
enum channel_reset { RESET_NONE, RESET_WANTED, RESET_ASKED, RESET_DONE };
extern const struct moves channel_reset_moves;

/* Part of a channel: as it was opened (RFC 8832 section 5.1), unchanged since. Written by channel.c. */
struct channel_terms {
    struct dcep_text {
        char *text; /* owned */
        size_t len;
    } label, protocol;
    bool unordered, negotiated;
    int32_t max_retransmits, max_packet_life_ms; /* -1: none */
    uint16_t priority;
};

/* Owned by its set (channel_set.h), which names it; who writes to the rest stands at each. */
struct channel {
    uint32_t handle; /* 0: made only to refuse a stream; nobody is told of it */
    uint16_t id;
    struct channel_terms terms;
    enum data_channel_state state; /* channel_set_state() */
    void *user;                    /* the parent's name for it */
    /* data_channel_open.c; that messages came, data_channel_receive.c. */
    struct {
        bool by_peer;      /* the peer opened it */
        bool announced;    /* OPEN was queued */
        bool acknowledged; /* the peer knows it: unordered messages may overtake OPEN no more (RFC 8832 section 6) */
    } opening;
    struct send_queue queue;
    /* data_channel_send.c */
    struct {
        uint64_t threshold;
        struct link above; /* in data_channels.sending.above while more is buffered than the threshold */
    } low;
    struct packet *partial; /* owned: parts of a message marked by the deprecated PPIDs (channel_partial.c) */
    /* data_channel_close.c */
    enum channel_reset reset;
    bool peer_reset;
    uint64_t unsent; /* that will never be sent, since it fails or is closed: bufferedAmount does not go back then (webrtc-pc 6.2);
                        data_channel_anew.c, too */
    /* data_channel_send.c and data_channel_receive.c */
    struct {
        uint64_t messages_sent, bytes_sent, messages_received, bytes_received;
    } counts;
};

/* With copies of label and protocol; in no set yet. NULL without memory. */
struct channel *channel_new(rtc_context *context, const struct data_channel_options *options);
/* It is in no list and holds no messages. */
void channel_free(rtc_context *context, struct channel *channel);
/* One that was made only to refuse a stream, and has: as if it were new. It is in no list and holds no messages. */
void channel_renew(struct channel *channel);
/* out_event() with the channel's handle. */
struct sctp_event *channel_event(const struct channel *channel, enum sctp_event_type type, struct out *out);
/* The one setter: stores, then tells. */
void channel_set_state(struct channel *channel, enum data_channel_state state, struct out *out);
void channel_fail(const struct channel *channel, int error, struct out *out);
/* The same, with what the peer said when it ended the association; -1: nothing. */
void channel_fail_by(const struct channel *channel, int error, int cause, struct out *out);

#endif
