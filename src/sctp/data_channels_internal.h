/* SPDX-License-Identifier: MIT */
/* The whole of an association's channels: its parts, and the four files that see them all, each of which calls only those before it:
 * data_channel_send.c, data_channel_close.c, data_channel_open.c, data_channel_receive.c. data_channels.c composes them. */
#ifndef CRTC_DATA_CHANNELS_INTERNAL_H
#define CRTC_DATA_CHANNELS_INTERNAL_H

#include "assoc.h"
#include "channel_partial.h"
#include "channel_queue.h"
#include "channel_set.h"
#include "snap.h"

/* What may still be told. Part of struct data_channels; set by data_channels.c (data_channels_set_room()), taken from by
 * data_channel_open.c and data_channel_receive.c. */
struct channel_room {
    uint64_t bytes;
    uint32_t events;
};

static inline bool channel_room_is_left(const struct channel_room *room)
{
    return room->bytes > 0 && room->events > 0;
}
/* An event that is told takes room. */
static inline void channel_room_take(struct channel_room *room, uint64_t bytes)
{
    room->bytes -= bytes < room->bytes ? bytes : room->bytes;
    room->events -= room->events > 0;
}

/* Part of struct data_channels; written by data_channel_send.c. */
struct channel_sending {
    struct link above;     /* channels with more than their threshold buffered */
    rtc_time_t small_sent; /* when a message last left at once */
    bool holding;          /* small messages wait for company until the next tick */
    bool broken;           /* the association holds a part of a message whose rest is lost: it can not go on */
};

/* The association begins anew under its channels. Part of struct data_channels; written by data_channel_anew.c, but for `survives` and
 * `rtt_us` (data_channels.c). */
struct channel_anew {
    rtc_time_t held_until;    /* until then nothing is given to the association; 0: it is, RTC_TIME_NEVER: until what is below is up */
    rtc_time_t restart_until; /* until then the peer may begin it again, and means this one; 0: not any more; RTC_TIME_NEVER: until what is
                                 below is up, or it did */
    rtc_time_t rtt_us;        /* as it was measured before the first one */
    bool at_once;             /* it began without a handshake */
    bool unheard;             /* and the peer, of which nothing was heard since, may begin it with one, before which it takes nothing */
    bool survives;            /* when the peer aborts it, another one follows */
    bool adrift;              /* it did: `assoc` is that other one, and waits for what is below */
    int cause;                /* of that ABORT; -1: none */
};

/* Owned by the transport, of its connection's thread. Written by data_channels.c, but for the parts, which say who writes to them. */
struct data_channels {
    rtc_context *context;
    struct data_channels_options options;
    enum sctp_state state;
    struct assoc *assoc;        /* owned; NULL before the start */
    struct snap *snap;          /* owned: what it is to be; NULL: another, with a handshake */
    bool has_role, dtls_client; /* the role is known; which */
    uint64_t remote_max_message_bytes;
    uint16_t streams; /* usable ids are below */
    struct channel_set set;
    struct channel_queues queues;
    struct channel_sending sending;
    struct channel_partials partials;
    struct channel_anew anew;
    uint32_t resets_wanted; /* channels that are RESET_WANTED: data_channel_close.c */
    struct channel_room room;
    struct channel *refusal; /* owned: says no to a channel of the peer that there is no memory for; NULL: it does, or there is none yet */
    rtc_time_t unread_at;    /* since when something may wait in the association for want of room; RTC_TIME_NEVER: nothing does */
    struct sctp_counters counters; /* each file counts what it throws away */
    void (*wake)(void *user);
    void *wake_user;
};

static inline bool channel_held(const struct data_channels *dc)
{
    return dc->anew.held_until != 0;
}

/* data_channel_send.c */
uint64_t channel_buffered(const struct data_channels *dc, const struct channel *c);
/* data_channels_limit(). */
uint64_t channel_limit(rtc_context *context, uint64_t remote_max_message_bytes);
uint64_t channel_max_message(const struct data_channels *dc);
/* Gives the association what it has room for. `keep_last`: but for the last message. */
void channel_pump(struct data_channels *dc, rtc_time_t now, bool keep_last, struct out *out);
void channel_tell_low(struct data_channels *dc, struct out *out);
/* data_channels_send(); it may leave `sending.broken`. */
int channel_send(struct data_channels *dc, rtc_time_t now, struct channel *c, bool text, struct slice message, struct out *out);

/* data_channel_close.c */
/* Takes it out of everything and frees it. */
void channel_discard(struct data_channels *dc, struct channel *c);
void channel_close(struct data_channels *dc, struct channel *c, struct out *out);
void channel_close_all(struct data_channels *dc, int error, int cause, struct out *out);
void channel_on_reset(struct data_channels *dc, const struct assoc_event *event, struct out *out);
void channel_request_resets(struct data_channels *dc, rtc_time_t now, struct out *out);
/* The peer does not know any more that this stream was to be reset. */
void channel_reset_anew(struct data_channels *dc, struct channel *c);
/* It is closed now: the association is gone, both sides have reset, or the peer uses its id anew. */
void channel_finish(struct data_channels *dc, struct channel *c, struct out *out);

/* data_channel_open.c */
/* Memory to refuse a channel of the peer with when there is none left; false: there is none now. */
bool channel_ready_refusal(struct data_channels *dc);
/* data_channels_open(). */
int channel_open(struct data_channels *dc, rtc_time_t now, const struct data_channel_options *options, uint32_t *handle, struct out *out);
/* OPEN was lost, for want of memory or because it is too large: the peer is told that its channel is none. */
void channel_refuse_open(struct data_channels *dc, uint16_t stream, struct out *out);
/* data_channels_set_role(). */
void channel_number_all(struct data_channels *dc);
/* The association is on its way: what can be said before it is up. */
void channel_announce_all(struct data_channels *dc, rtc_time_t now, struct out *out);
void channel_start_all(struct data_channels *dc, rtc_time_t now, struct out *out);
void channel_receive_dcep(struct data_channels *dc, uint16_t stream, struct slice message, struct out *out);

/* data_channel_receive.c */
/* Takes the message, a whole one of SCTP's. */
void channel_receive(struct data_channels *dc, uint16_t stream, uint32_t ppid, struct packet *message, struct out *out);
/* A message on this stream is lost, and with it its channel. */
void channel_refuse(struct data_channels *dc, uint16_t stream, int error, struct out *out);

/* data_channel_anew.c */
/* An association with the options of these channels. */
int channel_assoc_new(struct data_channels *dc, struct assoc **out);
struct assoc_options channel_assoc_options(const struct data_channels *dc);
/* It began without a handshake: a peer that goes through one nevertheless means the same one. */
void channel_began_at_once(struct data_channels *dc, rtc_time_t now);
/* data_channels_expect_restart() and data_channels_go_on(); the latter's error: it can not. */
void channel_expect_restart(struct data_channels *dc);
int channel_go_on(struct data_channels *dc, rtc_time_t now, struct out *out);
/* The peer had time enough to say how it goes on. */
void channel_wait_no_more(struct data_channels *dc, rtc_time_t now);
/* The peer began it anew, and it is up. */
void channel_restarted(struct data_channels *dc, struct out *out);
/* The association is lost: true when another one takes its place. */
bool channel_outlive(struct data_channels *dc, const struct assoc_event *event, struct out *out);
/* Another association is up. */
void channel_resume(struct data_channels *dc, struct out *out);
/* A packet came: who goes on with the association needs not be waited for. */
void channel_hear(struct data_channels *dc, struct slice packet);

#endif
