/* SPDX-License-Identifier: MIT */
/* The peer connection as a struct, and the verbs that every file of this folder needs. Nothing here calls anything that stands above
 * (docs/decisions/0038-floors-of-the-peer.md). */
#ifndef CRTC_PEER_H
#define CRTC_PEER_H

#include "carriers.h"
#include "certificate.h"
#include "context.h"
#include "decode_budget.h"
#include "driver.h"
#include "endpoint.h"
#include "error.h"
#include "event_queue.h"
#include "executor.h"
#include "ice_agent.h"
#include "jsep.h"
#include "list.h"
#include "log.h"
#include "memory.h"
#include "moves.h"
#include "negotiation_state.h"
#include "peer_driver.h"
#include "peer_transports.h"
#include "reaper.h"
#include "signaling.h"
#include "transport.h"

#include <crtc/transport.h>
#include <stdatomic.h>

/* The life of a connection. Whatever is asked of one that gave up or is closed is refused.
 *
 *   OPEN --memory ran out--> GIVEN_UP --closed--> CLOSED --relays are being given back--> LINGERING
 *    '-----------------closed----------------------^ ^-------------- they are ------------'
 */
enum peer_life {
    PEER_OPEN,
    PEER_GIVEN_UP, /* failed, whatever the transport says */
    PEER_CLOSED,
    PEER_LINGERING /* closed too, and held by a reference of its own */
};
extern const struct moves peer_life_moves;

/* References to a connection, and its end. Written by peer_connection.c alone. */
struct peer_references {
    atomic_uint count;
    struct reaper *reaper; /* its loop's, which ends it; a reference; NULL without a loop */
    struct reaper_entry grave;
    atomic_bool released; /* the last reference was given to the reaper: no callback runs any more */
};

/* Written before anybody is told: derived in peer_transport.c; where the connection is closed (peer_connection.c) or gives up (peer.c). */
struct peer_states {
    rtc_ice_gathering_state gathering;
    rtc_ice_connection_state ice;
    rtc_peer_connection_state connection;
};

/* The association's objects, which are references. Written by transport_objects.c, and where the connection is made. */
struct peer_sctp {
    bool exists; /* descriptions have a section for it */
    rtc_sctp_transport *current;
    rtc_sctp_transport *next;   /* kept ready for another association; NULL */
    rtc_sctp_transport *ending; /* of the one before, which is still to be told that it closed; NULL */
};

/* Written by data_channel.c alone. */
struct peer_channels {
    struct link list;        /* struct rtc_data_channel.link */
    uint64_t opened, closed; /* that were open once, and are closed again */
    struct peer_sctp sctp;
    struct snap *prepared; /* owned: of a description that was created; NULL; written by prepared_association.c alone */
};

/* What is to be said of its transceivers as a whole. Written by transceiver_life.c alone. */
struct held_transceivers {
    size_t count;       /* in its list */
    struct link closed; /* that list of a connection that is closed: they can still be looked at */
    struct closed_mark
        *mark; /* a reference: what those that leave keep of it; where the connection is made and closed, peer_connection.c writes */
};

/* Streams that the peer named. Written by remote_streams.c alone. */
struct remote_streams {
    rtc_media_stream **items; /* owned, references */
    size_t count, capacity;
};

/* Owner: whoever has references; the loop's thread, or who has it for itself, is inside. Each part that is a struct says who writes to it.
 */
struct rtc_peer_connection {
    rtc_context *context;
    struct peer_references references;
    struct peer_driver driver;
    rtc_time_t now; /* the latest time seen; without a loop, the time of API calls */
    rtc_peer_connection_callbacks callbacks;
    void *user;
    char last_error[ERROR_TEXT_MAX];
    enum peer_life life; /* written by peer_set_life() only */

    /* Written by configuration.c, and where a connection is made. */
    struct transport_settings settings;       /* with all that it points to */
    struct kept_configuration *configuration; /* as it was given; owned */
    rtc_bundle_policy bundle_policy;
    uint32_t next_request_id; /* of all that is below */

    struct peer_states states;
    struct negotiation negotiation;
    char *explanation;            /* what explain gave last */
    struct rtc_session_dump *log; /* a reference: what is recorded of it (session_log.h); NULL: nothing is */
    struct user_event_queue events;

    struct link transceivers; /* struct rtc_rtp_transceiver.link, in order of creation; written by transceiver_life.c */
    struct held_transceivers held;
    struct decode_budget decoding; /* the receiving pipelines' */
    struct peer_channels channels;
    struct remote_streams remote_streams;

    struct peer_transports transports; /* none before one is needed; the first is that of the BUNDLE group */
    /* Marks, which objects set and peer_run_transport() looks at. */
    bool media_mark_stale; /* what is sent changed, or its priority: the transport is to be told the most urgent mark */
    bool output_waits;     /* something is to be sent or told while the transport is not run: it is to be, soon */
};

static inline bool peer_is_closed(const rtc_peer_connection *pc)
{
    return pc->life >= PEER_CLOSED;
}
static inline bool peer_gave_up(const rtc_peer_connection *pc)
{
    return pc->life == PEER_GIVEN_UP;
}

/* The transport of the BUNDLE group; NULL before it is needed. */
static inline struct transport *peer_first_transport(const rtc_peer_connection *pc)
{
    return peer_transports_first(&pc->transports);
}

/* How sections are given to transports. */
static inline struct carrier_rules peer_carrier_rules(const rtc_peer_connection *pc)
{
    uint32_t most = context_limits(pc->context)->transports;
    bool one_port = pc->settings.member != NULL;
    if (one_port && most > ENDPOINT_USERS_MAX / 2) /* the port knows each by its names, and a restart makes second ones */
        most = ENDPOINT_USERS_MAX / 2;
    return (struct carrier_rules){.policy = pc->bundle_policy, .one_port = one_port, .most = most};
}

/* The time for a call that brings none. */
rtc_time_t peer_now(rtc_peer_connection *pc);
/* Records why a call fails, for the connection (which may be NULL: gone, or never there) and the thread, and logs it; returns `error`. */
int peer_fail(rtc_peer_connection *pc, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same without the log, for what is no mistake. */
int peer_say(rtc_peer_connection *pc, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same of a description: with the line that is at fault, when there is one. */
int peer_fail_at(rtc_peer_connection *pc, int error, const char *sdp, const struct sdp_error *why);
/* Reads a struct of options (options.h), and records what is wrong with it. */
int peer_options(rtc_peer_connection *pc, void *to, size_t known, const void *given, const char *name);
/* One line of the log that says which connection it is about: the end of the session id in its SDP's o= line. */
void peer_log(const rtc_peer_connection *pc, rtc_log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* What a call that changes the connection begins with: forgets the last error, looks at the clock. RTC_ERR_INVALID_STATE when closed,
 * RTC_ERR_NO_MEMORY when given up. */
int peer_begin(rtc_peer_connection *pc);
/* What every call that may fail ends with: a failure that nobody gave words for gets those of its code. Returns `error`. */
int peer_end(rtc_peer_connection *pc, int error);
/* Memory ran out in a place that can not lose anything: the connection ends as failed, with its transport at the next tick. */
void peer_give_up(rtc_peer_connection *pc);
/* Queues an event (event_queue.h). NULL when the connection is closed, or out of memory, and then it is given up. */
struct user_event *peer_tell(rtc_peer_connection *pc, const struct event_teller *teller, int type, int value, void *object);
enum peer_state_event { PEER_SIGNALING, PEER_GATHERING, PEER_ICE, PEER_CONNECTION };
/* Queues that a state is another one; it must be stored by now. */
void peer_tell_state(rtc_peer_connection *pc, enum peer_state_event which, int state);
/* Along the arrows that are drawn above; what is none of them changes nothing. */
void peer_set_life(rtc_peer_connection *pc, enum peer_life life);

#endif
