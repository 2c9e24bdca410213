/* SPDX-License-Identifier: MIT */
/* What a protocol core appends its effects to: packets, requests to the world and events for its parent. The caller drains it. */
#ifndef CRTC_OUT_H
#define CRTC_OUT_H

#include "packet.h"

/* Something a core asks of the world. Its result comes back with the same id (struct io_result). */
enum request_type {
    REQUEST_OPEN_UDP = 1, /* bind `local` (port 0: any); result: the bound address, or an error */
    REQUEST_OPEN_TCP,     /* connect to `remote` from `local`; result when connected; then stream bytes */
    REQUEST_LISTEN_TCP, /* listen on `local`; each accepted connection is a further result with its own id in `socket`, and one with that as
                           `id` when it ends */
    REQUEST_CLOSE,      /* close the socket `id`, or end the request for interfaces `id`; no result */
    REQUEST_RESOLVE,    /* the addresses of `name`; result: a list */
    REQUEST_JOIN_MULTICAST, /* the group `remote` on the socket `socket` */
    REQUEST_INTERFACES      /* the usable local addresses; result: a list, again whenever it changed, until it is closed */
};

/* enum rtc_request_flags */
enum request_flags { REQUEST_SHARED = 1, REQUEST_MESSAGES = 2 };

struct request { /* the queue's, then theirs who popped it; filled in by the core that asks */
    struct request *next;
    enum request_type type;
    uint32_t id; /* unique per connection, never 0 */
    uint32_t socket;
    struct address local;
    struct address remote;
    char name[256]; /* OPEN_UDP for host candidates, and only there: the agent's user name fragment, by which a port that many share knows
                       it */
    uint32_t flags; /* enum request_flags */
    uint16_t port_min, port_max; /* where port 0 is asked for; both 0: any */
    bool tls; /* OPEN_TCP: the bytes are those inside TLS with the server `name`; whoever carries requests on puts it in between */
};

/* A local address as REQUEST_INTERFACES answers it. A value of whoever answers. */
struct io_interface {
    struct address address; /* port 0 */
    char name[32];
    uint32_t index;
    uint32_t type;          /* enum rtc_network_type */
    uint32_t prefix_length; /* 0: not known */
};

/* The answer to a request: its writer's. `addresses` and `interfaces` are borrowed for the call that takes the result. */
struct io_result {
    enum request_type type;
    uint32_t id;
    int error;             /* RTC_OK or RTC_ERR_*; after success: the socket is gone */
    const char *reason;    /* in words, borrowed like the lists; may be NULL */
    uint32_t socket;       /* the id of an accepted connection */
    struct address local;  /* what the socket is bound to */
    struct address remote; /* of an accepted connection */
    const struct address *addresses;
    size_t address_count;
    const struct io_interface *interfaces;
    size_t interface_count;
};

/* Something a core tells its parent. Each module has a struct of its own for them, which begins with this one (`head`): a union, and the
 * type says which member of it counts. Every module numbers its types from its base. What they are told of is owned by the event; whoever
 * takes it puts NULL in its place. */
enum { EVENT_ICE = 0x100, EVENT_DTLS = 0x200, EVENT_SCTP = 0x300, EVENT_RTP = 0x400 };

enum { EVENT_BYTES = 64 }; /* what an event takes at most, of whatever module */

struct event { /* the queue's, then theirs who popped it; filled in by its module */
    struct event *next;
    void (*release)(struct event *event); /* frees what the event owns; NULL: nothing */
    int type;
};

struct request_queue { /* a part of struct out; written by out.c alone */
    struct request *head;
    struct request **tail;
};

struct event_queue { /* likewise */
    struct event *head;
    struct event **tail;
};

struct out { /* embedded in whose effects it takes; written by out.c, and `failed` by whoever loses what may not be lost */
    rtc_context *context;
    struct packet_pool *pool;
    struct packet_queue tx;
    struct request_queue requests;
    struct event_queue events;
    struct event *free_events;
    uint32_t free_count;
    bool failed; /* an event or request was lost for want of memory: the parent must give the connection up */
};

int out_init(struct out *out, rtc_context *context);
/* The same with a pool that others use too. */
void out_init_shared(struct out *out, rtc_context *context, struct packet_pool *pool);
void out_fini(struct out *out);

/* A packet from the pool (not yet queued), or NULL: packets may be lost, so this does not set `failed`. */
struct packet *out_packet(struct out *out);
void out_send(struct out *out, struct packet *packet);

/* Appends an event and returns it as the module's struct, all zero but for its head; NULL (and out->failed) when out of memory. */
void *out_event(struct out *out, int type);
/* So many events are there for the next calls, which can not fail then. RTC_ERR_NO_MEMORY: some of them are. */
int out_reserve(struct out *out, size_t events);
/* What was reserved and not needed is given back, but for as many as are kept anyway. */
void out_forget_reserved(struct out *out);
/* The first one, as the struct of the module that it is of; NULL when there is none. */
void *out_pop_event(struct out *out);
/* Frees an event and what it owns. NULL is legal. */
void out_free_event(struct out *out, void *event);

struct request *out_request(struct out *out, enum request_type type, uint32_t id);
struct request *out_pop_request(struct out *out);
void out_free_request(struct out *out, struct request *request);

/* Why a core wants to be ticked; a loop that spins says why. */
enum timer_reason {
    TIMER_NONE = 0,
    TIMER_ICE_CHECK,
    TIMER_ICE_RETRANSMIT,
    TIMER_ICE_CONSENT,
    TIMER_ICE_GATHER,
    TIMER_ICE_STATE,
    TIMER_ICE_NOMINATE,
    TIMER_ICE_RELAY,
    TIMER_ICE_NAMES,
    TIMER_ICE_TCP,
    TIMER_DTLS_RETRANSMIT,
    TIMER_SCTP,
    TIMER_RTP_PLAYOUT,
    TIMER_RTP_NACK,
    TIMER_RTP_REPORT,
    TIMER_RTP_FEEDBACK,
    TIMER_RTP_PACE,
    TIMER_RTP_KEYFRAME,
    TIMER_RTP_RATE,
    TIMER_CODEC,
    TIMER_EVENT
};
const char *timer_reason_name(enum timer_reason reason);

/* Keeps the earlier of two deadlines and its reason. */
static inline void deadline_min(rtc_time_t *best, enum timer_reason *why, rtc_time_t at, enum timer_reason reason)
{
    if (at >= *best)
        return;
    *best = at;
    if (why)
        *why = reason;
}

#endif
