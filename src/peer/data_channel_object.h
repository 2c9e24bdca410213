/* SPDX-License-Identifier: MIT */
/* RTCDataChannel as the connection sees it: a handle over a channel of src/sctp. */
#ifndef CRTC_DATA_CHANNEL_OBJECT_H
#define CRTC_DATA_CHANNEL_OBJECT_H

#include "event_queue.h"
#include "list.h"

#include <crtc/data_channel.h>
#include <stdatomic.h>

struct rtc_data_channel {
    atomic_uint references;
    rtc_context *context;
    rtc_peer_connection *connection; /* NULL once it is closed; not a reference */
    struct link link;                /* while the connection holds its reference */
    uint32_t handle;                 /* of src/sctp */
    rtc_data_channel_state state;
    char *label, *protocol; /* zero-terminated copies */
    size_t label_len, protocol_len;
    bool unordered, negotiated;
    int max_retransmits, max_packet_life_ms;
    int id;
    uint64_t low_threshold;
    uint64_t last_buffered; /* what bufferedAmount says once the channel is gone */
    rtc_data_channel_callbacks callbacks;
    void *user;
    bool has_callbacks;
    bool ignored;                /* the peer opened it, and the application has no on_data_channel: nobody can ever listen */
    bool was_open;               /* for the statistics */
    bool silent;                 /* the connection was closed: nothing is told any more */
    struct packet_queue waiting; /* messages that came before there were callbacks */
    uint64_t waiting_bytes;      /* what they cost; all channels' together: struct event_queue, kept_bytes */
};

rtc_data_channel *data_channel_by_handle(const rtc_peer_connection *pc, uint32_t handle);
/* The peer opened this one. NULL when out of memory. */
rtc_data_channel *data_channel_new_remote(rtc_peer_connection *pc, uint32_t handle);
/* There is no on_data_channel: its messages are dropped as they come. */
void data_channel_ignore(rtc_data_channel *channel);
/* Nobody took the messages that wait. Once the channel is closed and this was told, or will not be told, they go: packets are the loop's,
 * and the handle's last reference may go on any thread. */
void data_channel_forget_waiting(rtc_peer_connection *pc, rtc_data_channel *channel);
void data_channel_run_event(rtc_peer_connection *pc, rtc_data_channel *channel, struct user_event *event);
/* The state machine below says so. */
void data_channel_set_state(rtc_data_channel *channel, rtc_data_channel_state state);
/* The connection goes: the channel is closed and says nothing any more. */
void data_channel_silence(rtc_data_channel *channel);

#endif
