/* SPDX-License-Identifier: MIT */
/* The events that wait for dispatch: what happened is stored at once, who is told runs later, from the loop. Events hold references to what
 * they speak of, so a callback may free anything. */
#ifndef CRTC_EVENT_QUEUE_H
#define CRTC_EVENT_QUEUE_H

#include "packet.h"

#include <crtc/peer_connection.h>

enum user_event_type {
    USER_NEGOTIATION_NEEDED = 1,
    USER_ICE_CANDIDATE,       /* object: char text of three zero-terminated strings; value: m-line index; NULL object: complete */
    USER_ICE_CANDIDATE_ERROR, /* object: struct ice_candidate_error */
    USER_SIGNALING_STATE,     /* value */
    USER_GATHERING_STATE,     /* value */
    USER_ICE_STATE,           /* value */
    USER_CONNECTION_STATE,    /* value */
    USER_DTLS_STATE,          /* value */
    USER_DATA_CHANNEL,        /* channel */
    USER_TRACK,               /* transceiver; object: struct track_streams */
    USER_TRACK_MUTE,          /* transceiver; value: muted */
    USER_CIRCUIT,             /* transceiver; value: rtc_circuit */
    USER_ENCODED_FRAME,       /* transceiver; frame: received, for the track's sinks */
    USER_CHANNEL_OPEN,        /* channel, here and below */
    USER_CHANNEL_MESSAGE,     /* packet */
    USER_CHANNEL_LOW,
    USER_CHANNEL_CLOSING,
    USER_CHANNEL_CLOSE,
    USER_CHANNEL_ERROR /* value: the code */
};

/* The stream ids of a track event, as they were when it was queued. */
struct track_streams {
    size_t count;
    char ids[4][128];
};

struct user_event {
    struct user_event *next;
    enum user_event_type type;
    int value;
    rtc_data_channel *channel;        /* a reference */
    rtc_rtp_transceiver *transceiver; /* a reference */
    struct packet *packet;            /* owned */
    rtc_encoded_frame *frame;         /* a reference */
    void *object;                     /* owned, from memory_alloc */
    uint32_t cost;                    /* bytes of memory, with all that it owns */
};

struct event_queue_user {
    struct user_event *head;
    struct user_event **tail;
    uint32_t count;      /* that wait */
    uint64_t bytes;      /* what they cost */
    uint64_t kept_bytes; /* what messages cost that wait for their channels' callbacks */
    struct user_event *free_list;
    uint32_t free_count;
    struct user_event failure; /* kept ready: that memory ran out must be told without memory */
};

/* Appends; NULL when out of memory (the connection is then given up). Takes references to channel and transceiver; either may be NULL. */
struct user_event *event_queue_add(rtc_peer_connection *pc, enum user_event_type type, int value, rtc_data_channel *channel,
                                   rtc_rtp_transceiver *transceiver);
/* Makes sure that the next `count` events find memory. RTC_ERR_NO_MEMORY. */
int event_queue_reserve(rtc_peer_connection *pc, uint32_t count);
/* The event takes over the data of a message or a frame. */
void event_queue_carry(rtc_peer_connection *pc, struct user_event *e, struct packet *packet, rtc_encoded_frame *frame);
/* What else goes with it: the memory of an object that it alone keeps. */
void event_queue_charge(rtc_peer_connection *pc, struct user_event *e, size_t bytes);
/* What may still come from the peer before it must be held up (rtc_limits: waiting_bytes, event_queue). */
struct event_room {
    uint64_t bytes;
    uint32_t events;
};
struct event_room event_queue_room(const rtc_peer_connection *pc);
/* So much waits that all input is to be dropped. */
bool event_queue_overflows(const rtc_peer_connection *pc);
/* Appends USER_CONNECTION_STATE "failed", for which there is always room. Once in a connection's life. */
void event_queue_add_failure(rtc_peer_connection *pc);
/* Runs one; false when there is none. */
bool event_queue_run(rtc_peer_connection *pc);
void event_queue_clear(rtc_peer_connection *pc);
void event_queue_fini(rtc_peer_connection *pc);

#endif
