/* SPDX-License-Identifier: MIT */
/* One SCTP association (RFC 9260 with RFC 3758 partial reliability and RFC 6525 stream reset) as data channels need it: our interface to an
 * SCTP engine. Packets and the time go in; packets (out->tx), events and the next deadline come out. An engine may keep timers that all its
 * associations share; then a tick of one can make packets for another, whose `wake` is called.
 *
 *   assoc_new -> assoc_connect | assoc_prepare -> assoc_begin -> ASSOC_UP -> assoc_send, assoc_reset_streams ... -> ASSOC_LOST |
 * assoc_abort -> assoc_free
 */
#ifndef CRTC_ASSOC_H
#define CRTC_ASSOC_H

#include "moves.h"
#include "out.h"
#include "snap_init.h"

struct assoc;

enum { ASSOC_RESET_MAX = 512 };

struct assoc_options {
    uint16_t local_port, remote_port;
    uint16_t streams;           /* offered each way */
    uint16_t mtu;               /* largest packet */
    rtc_time_t rtt_us;          /* measured before; 0: unknown */
    uint32_t max_message_bytes; /* the largest that is taken */
};

enum assoc_event_type {
    ASSOC_UP = 1,         /* up */
    ASSOC_RESTARTED,      /* begun anew by the peer, as expected: assoc_lost_on() says what is gone; streams are as at first */
    ASSOC_LOST,           /* lost: the last one */
    ASSOC_MESSAGE,        /* message: a whole one */
    ASSOC_REFUSED,        /* refused: a message that is larger than we take, or that there was no memory for; its rest is dropped */
    ASSOC_RESET_INCOMING, /* reset: the peer's side of these streams */
    ASSOC_RESET_OUTGOING  /* reset: our side of these streams (or the peer refused to hear of it) */
};

struct assoc_event {
    enum assoc_event_type type;
    union {
        struct {
            uint16_t streams_out, streams_in;
        } up;
        struct {
            bool clean; /* by a shutdown: neither a failure nor an ABORT */
            int cause;  /* of the peer's ABORT (RFC 9260 3.3.10); -1: none */
        } lost;
        struct {
            struct packet *packet; /* the taker's */
            uint32_t ppid;
            uint16_t stream;
        } message;
        struct {
            int error;
            uint32_t ppid;
            uint16_t stream;
        } refused;
        struct {
            const uint16_t *streams; /* borrowed until the next call; none listed: all of them */
            size_t count;
        } reset;
    };
};

/* The life of an association, as an engine keeps it. What the peer says out of turn changes nothing.
 *
 *   NEW --assoc_connect--> CONNECTING --ASSOC_UP--> UP --ASSOC_LOST, assoc_abort--> LOST
 *    '------it fails-----------'--------------ASSOC_LOST, assoc_abort---------------^
 */
enum assoc_phase { ASSOC_PHASE_NEW, ASSOC_PHASE_CONNECTING, ASSOC_PHASE_UP, ASSOC_PHASE_LOST };
extern const struct moves assoc_moves;

struct assoc_message {
    uint16_t stream;
    uint32_t ppid;
    bool unordered;
    int32_t max_retransmits; /* -1: none */
    int32_t life_ms;         /* -1: none */
    struct slice data;       /* at least one byte */
    bool more;               /* another message follows at once: do not send a packet that is not full */
};

/* An engine: the functions behind those below, which say what each does. `assoc` is never NULL; an engine's own struct begins with it, and
 * `create` leaves `engine` alone. A second engine is one more of these tables. */
struct assoc_engine {
    const char *name;
    int (*create)(rtc_context *context, const struct assoc_options *options, struct assoc **out);
    void (*destroy)(struct assoc *assoc);
    void (*set_wake)(struct assoc *assoc, void (*wake)(void *user), void *user);
    int (*connect)(struct assoc *assoc, rtc_time_t now, struct out *out);
    bool (*input)(struct assoc *assoc, rtc_time_t now, struct slice packet, struct out *out);
    void (*tick)(struct assoc *assoc, rtc_time_t now, struct out *out);
    rtc_time_t (*deadline)(const struct assoc *assoc);
    bool (*next)(struct assoc *assoc, rtc_time_t now, struct assoc_event *event, struct out *out);
    int64_t (*send)(struct assoc *assoc, rtc_time_t now, const struct assoc_message *message, struct out *out);
    bool (*reset_streams)(struct assoc *assoc, rtc_time_t now, const uint16_t *streams, size_t count, struct out *out);
    void (*abort)(struct assoc *assoc, rtc_time_t now, struct out *out);
    void (*set_mtu)(struct assoc *assoc, uint16_t mtu);
    uint32_t (*unsent)(const struct assoc *assoc, uint16_t stream);
    uint64_t (*unsent_total)(const struct assoc *assoc);
    uint64_t (*retransmits)(const struct assoc *assoc);
    void (*expect_restart)(struct assoc *assoc, bool expected); /* NULL: it takes none */
    bool (*lost_on)(const struct assoc *assoc, uint16_t stream, uint32_t *unsent);
    void (*forsake)(struct assoc *assoc);                                          /* of one that has `begin` */
    int (*prepare)(struct assoc *assoc, rtc_time_t now, struct snap_packet *init); /* NULL: it can not, nor begin */
    int (*begin)(struct assoc *assoc, rtc_time_t now, const struct snap_init *peer, rtc_time_t rtt_us, struct out *out);
};

/* The first member of an engine's own struct, which is owned by whoever called assoc_new(): the channels (data_channels.c). Written once,
 * there. */
struct assoc {
    const struct assoc_engine *engine;
};

/* What the library comes with, and uses unless a context was told otherwise. */
extern const struct assoc_engine assoc_usrsctp;
/* The engine of the associations that are made in this context; chosen once, before the first. */
void assoc_choose(rtc_context *context, const struct assoc_engine *engine);
const struct assoc_engine *assoc_chosen(rtc_context *context);

static inline int assoc_new(rtc_context *context, const struct assoc_options *options, struct assoc **out)
{
    const struct assoc_engine *engine = assoc_chosen(context);
    int error = engine->create(context, options, out);
    if (!error)
        (*out)->engine = engine;
    return error;
}

/* Without a word to the peer; see assoc_abort. NULL is legal. */
static inline void assoc_free(struct assoc *assoc)
{
    if (assoc)
        assoc->engine->destroy(assoc);
}

/* Called on whichever thread made a packet for this association; must not call back in. NULL: none. */
static inline void assoc_set_wake(struct assoc *assoc, void (*wake)(void *user), void *user)
{
    assoc->engine->set_wake(assoc, wake, user);
}

/* What is below begins anew while the association goes on: the peer may begin it again (RFC 9260 5.2), and means the same one. Or it is
 * known not to do so any more: who begins it later has forgotten it. */
static inline void assoc_expect_restart(struct assoc *assoc, bool expected)
{
    if (assoc->engine->expect_restart)
        assoc->engine->expect_restart(assoc, expected);
}

/* Before another one takes its place without a word to the peer: from now on assoc_lost_on() says what is gone with it. */
static inline void assoc_forsake(struct assoc *assoc)
{
    assoc->engine->forsake(assoc);
}

/* After ASSOC_RESTARTED, ASSOC_LOST or assoc_forsake: something that was taken on this stream may never have come; and how many bytes of
 * user messages had not left. */
static inline bool assoc_lost_on(const struct assoc *assoc, uint16_t stream, uint32_t *unsent)
{
    return assoc->engine->lost_on(assoc, stream, unsent);
}

static inline int assoc_connect(struct assoc *assoc, rtc_time_t now, struct out *out)
{
    return assoc->engine->connect(assoc, now, out);
}

/* In place of assoc_connect: gives the packet that it would begin with, and then waits without sending anything, nor asking for ticks,
 * until assoc_begin or assoc_free. RTC_ERR_NOT_SUPPORTED: this engine can not. */
static inline int assoc_prepare(struct assoc *assoc, rtc_time_t now, struct snap_packet *init)
{
    return assoc->engine->prepare ? assoc->engine->prepare(assoc, now, init) : RTC_ERR_NOT_SUPPORTED;
}

/* The peer has that packet, and this is its own: they have shaken hands, and ASSOC_UP comes next. On failure it can only be freed. */
static inline int assoc_begin(struct assoc *assoc, rtc_time_t now, const struct snap_init *peer, rtc_time_t rtt_us, struct out *out)
{
    return assoc->engine->begin(assoc, now, peer, rtt_us, out);
}

/* False when the packet is not one of SCTP or its checksum is wrong. */
static inline bool assoc_input(struct assoc *assoc, rtc_time_t now, struct slice packet, struct out *out)
{
    return assoc->engine->input(assoc, now, packet, out);
}

static inline void assoc_tick(struct assoc *assoc, rtc_time_t now, struct out *out)
{
    assoc->engine->tick(assoc, now, out);
}

static inline rtc_time_t assoc_deadline(const struct assoc *assoc)
{
    return assoc->engine->deadline(assoc);
}

/* The next event, after any of the calls above; false when there is none. */
static inline bool assoc_next(struct assoc *assoc, rtc_time_t now, struct assoc_event *event, struct out *out)
{
    return assoc->engine->next(assoc, now, event, out);
}

/* Before ASSOC_UP what is taken leaves with COOKIE ECHO (RFC 9260 5.1, C), which saves a round trip; the peer may turn out to grant fewer
 * streams, and then what was sent on the others is gone. Bytes taken, which may be fewer than given (0: no room now); the rest is given
 * again with a next call, before any other message. RTC_ERR_NETWORK: the association is gone. */
static inline int64_t assoc_send(struct assoc *assoc, rtc_time_t now, const struct assoc_message *message, struct out *out)
{
    return assoc->engine->send(assoc, now, message, out);
}

/* Resets our side of at most ASSOC_RESET_MAX streams after what was sent on them: true when asked for, false when it must be tried again
 * later. */
static inline bool assoc_reset_streams(struct assoc *assoc, rtc_time_t now, const uint16_t *streams, size_t count, struct out *out)
{
    return assoc->engine->reset_streams(assoc, now, streams, count, out);
}

/* Ends the association with an ABORT. */
static inline void assoc_abort(struct assoc *assoc, rtc_time_t now, struct out *out)
{
    assoc->engine->abort(assoc, now, out);
}

static inline void assoc_set_mtu(struct assoc *assoc, uint16_t mtu)
{
    assoc->engine->set_mtu(assoc, mtu);
}

/* Bytes of user messages (not of DCEP) taken by assoc_send on this stream that no packet has carried yet. */
static inline uint32_t assoc_unsent(const struct assoc *assoc, uint16_t stream)
{
    return assoc->engine->unsent(assoc, stream);
}

/* Bytes of everything taken that no packet has carried yet. */
static inline uint64_t assoc_unsent_total(const struct assoc *assoc)
{
    return assoc->engine->unsent_total(assoc);
}

static inline uint64_t assoc_retransmits(const struct assoc *assoc)
{
    return assoc->engine->retransmits(assoc);
}

#endif
