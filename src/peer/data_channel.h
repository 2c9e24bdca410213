/* SPDX-License-Identifier: MIT */
/* RTCDataChannel as the connection sees it: a handle over a channel of src/sctp. */
#ifndef CRTC_PEER_DATA_CHANNEL_H
#define CRTC_PEER_DATA_CHANNEL_H

#include "event_queue.h"
#include "list.h"

#include <crtc/data_channel.h>
#include <stdatomic.h>

/* What it was opened with. A part of its channel, which owns the copies; not written after that. */
struct channel_parameters {
    char *label, *protocol; /* zero-terminated copies */
    size_t label_len, protocol_len;
    bool unordered, negotiated;
    int max_retransmits, max_packet_life_ms; /* -1: no limit */
    uint16_t priority;
};

/* Owner: its connection, and whoever has references. Written by data_channel.c, and by data_channel_api.c for what the application sets. */
struct rtc_data_channel {
    atomic_uint references;
    rtc_context *context;
    rtc_peer_connection *connection; /* NULL once it is closed; not a reference */
    struct link link;                /* while the connection holds its reference */
    struct transport *transport;     /* whose channel it is; the connection's */
    uint32_t handle;                 /* of src/sctp, there */
    rtc_data_channel_state state;    /* readyState: as told */
    rtc_data_channel_state below;    /* as the association has it; ahead of it by the events that wait */
    struct channel_parameters parameters;
    int id; /* of the stream; -1 before it has one */
    uint64_t low_threshold;
    bool low_queued;        /* an event that waits says that the amount is low */
    uint64_t sent_turn;     /* when messages were sent last: struct user_event_queue, turn */
    uint64_t sent_amount;   /* bufferedAmount in that turn: nothing that was sent in it has left */
    uint64_t last_buffered; /* what bufferedAmount says once the channel is gone */
    rtc_data_channel_callbacks callbacks;
    void *user;
    bool has_callbacks;
    bool ignored;                /* the peer opened it, and the application has no on_data_channel: nobody can ever listen */
    bool was_open;               /* for the statistics */
    bool closed_here;            /* by this side, before it knew of the peer's closing */
    bool silent;                 /* the connection was closed: nothing is told any more */
    struct packet_queue waiting; /* messages that came before there were callbacks */
    uint64_t waiting_bytes;      /* what they cost; all channels' together: struct user_event_queue, kept_bytes */
};

enum data_channel_event {
    DATA_CHANNEL_NEW, /* the peer opened it */
    DATA_CHANNEL_OPEN,
    DATA_CHANNEL_MESSAGE, /* packet */
    DATA_CHANNEL_LOW,
    DATA_CHANNEL_CLOSING,
    DATA_CHANNEL_CLOSE,
    DATA_CHANNEL_ERROR /* value: the code; more: the cause, an int */
};

/* As peer_tell(). */
struct user_event *data_channel_tell(rtc_data_channel *channel, enum data_channel_event type, int value);
/* Handles are a transport's. */
rtc_data_channel *data_channel_by_handle(const struct transport *transport, uint32_t handle);
/* Opens one on a transport of the connection's; `init` was checked. peer_settle() is to follow, here and below. */
int data_channel_open(rtc_peer_connection *pc, struct transport *t, struct slice label, const rtc_data_channel_init *init,
                      rtc_data_channel **out);
/* Harmless when repeated. */
void data_channel_close(rtc_data_channel *channel);
/* The peer opened this one. NULL when out of memory. */
rtc_data_channel *data_channel_new_remote(rtc_peer_connection *pc, struct transport *transport, uint32_t handle);
/* The amount that is buffered fell to the threshold. */
void data_channel_tell_low(rtc_data_channel *channel);
/* It failed; `cause`: of the peer's ABORT, or -1. */
void data_channel_fail(rtc_data_channel *channel, int error, int cause);
uint64_t data_channel_buffered(const rtc_data_channel *channel);
/* So many bytes were taken while `before` were buffered. */
void data_channel_sent(rtc_data_channel *channel, uint64_t before, size_t bytes);
/* The state machine below says so. */
void data_channel_set_state(rtc_data_channel *channel, rtc_data_channel_state state);
/* Those that wait for an id; and they fail, since the role of DTLS is known now and left them none (webrtc-pc 4.4.1.5). That allocates
 * nothing if there is room for three events for each in the connection's queue, and for two in its transport's. */
size_t data_channel_count_unnumbered(const rtc_peer_connection *pc);
void data_channel_fail_unnumbered(rtc_peer_connection *pc, struct transport *t);
/* The connection goes: the channel is closed and says nothing any more. */
void data_channel_silence(rtc_data_channel *channel);

#endif
