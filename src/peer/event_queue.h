/* SPDX-License-Identifier: MIT */
/* The events that wait for dispatch: what happened is stored at once, who is told runs later, from the loop. Events hold references to what
 * they speak of, so a callback may free anything. The queue knows none of these objects: each kind of them has a teller. */
#ifndef CRTC_EVENT_QUEUE_H
#define CRTC_EVENT_QUEUE_H

#include "packet.h"

#include <crtc/peer_connection.h>

struct user_event;

/* What events of one kind of object have in common. */
struct event_teller {
    void (*tell)(rtc_peer_connection *pc, struct user_event *event); /* calls the application */
    /* The event's reference to the object: taken when it is queued, given back when it was told or never will be. NULL: it needs none. */
    void (*hold)(void *object);
    void (*release)(rtc_peer_connection *pc, struct user_event *event);
};

/* Owner: its queue, from event_queue_add() on. Written by event_queue.c; what a teller's events say by who queues them, before they are
 * told. */
struct user_event {
    struct user_event *next;
    const struct event_teller *teller;
    int type, value;          /* the teller's */
    void *object;             /* what it speaks of */
    void *also;               /* a second one, which the teller gives back */
    struct packet *packet;    /* owned */
    rtc_encoded_frame *frame; /* a reference */
    void *more;               /* what else it says; owned, from memory_alloc */
    uint32_t cost;            /* bytes of memory, with all that it owns */
};

/* Owner: a connection. Written by event_queue.c; `kept_bytes` by data_channel.c. */
struct user_event_queue {
    rtc_context *context;
    struct user_event *head;
    struct user_event **tail;
    uint32_t count;      /* that wait */
    uint64_t bytes;      /* what they cost */
    uint64_t kept_bytes; /* what messages cost that wait for their channels' callbacks */
    uint64_t turn;       /* counts tasks, in the sense of webrtc-pc: events that are told, and what comes from outside; from 1 */
    struct user_event *free_list;
    uint32_t free_count;
    struct user_event reserve; /* kept ready: that memory ran out must be told without memory */
};

void event_queue_init(struct user_event_queue *q, rtc_context *context);
/* Appends. NULL when out of memory. */
struct user_event *event_queue_add(struct user_event_queue *q, const struct event_teller *teller, int type, int value, void *object);
/* Appends one of an object that need not be held, for which there is always room. Once in a queue's life. */
void event_queue_add_last(struct user_event_queue *q, const struct event_teller *teller, int type, int value);
/* Makes sure that the next `count` events find memory. RTC_ERR_NO_MEMORY. */
int event_queue_reserve(struct user_event_queue *q, uint32_t count);
/* The event takes over the data of a message or a frame. */
void event_queue_carry(struct user_event_queue *q, struct user_event *e, struct packet *packet, rtc_encoded_frame *frame);
/* The event takes over what else it says, from memory_alloc. */
void event_queue_carry_more(struct user_event_queue *q, struct user_event *e, void *more);
/* What else goes with it: the memory of an object that it alone keeps. */
void event_queue_charge(struct user_event_queue *q, struct user_event *e, size_t bytes);
/* What may still come from the peer before it must be held up (rtc_limits: waiting_bytes, event_queue). */
struct event_room {
    uint64_t bytes;
    uint32_t events;
};
struct event_room event_queue_room(const struct user_event_queue *q);
/* So much waits that all input is to be dropped. */
bool event_queue_overflows(const struct user_event_queue *q);
/* Tells the first one; false when there is none. `pc`: whose queue it is, here and below. */
bool event_queue_run(struct user_event_queue *q, rtc_peer_connection *pc);
/* Another task begins. */
static inline void event_queue_turn(struct user_event_queue *q)
{
    q->turn++;
}
/* None of those that wait will be told. */
void event_queue_clear(struct user_event_queue *q, rtc_peer_connection *pc);
void event_queue_fini(struct user_event_queue *q, rtc_peer_connection *pc);

#endif
