/* SPDX-License-Identifier: MIT */
/* The inside of a peer connection, shared by the files of this folder. */
#ifndef CRTC_PEER_H
#define CRTC_PEER_H

#include "certificate.h"
#include "context.h"
#include "decode_budget.h"
#include "driver.h"
#include "error.h"
#include "event_queue.h"
#include "executor.h"
#include "ice_agent.h"
#include "jsep.h"
#include "list.h"
#include "log.h"
#include "memory.h"
#include "negotiation_state.h"
#include "reaper.h"
#include "signaling.h"
#include "transport.h"

#include <crtc/transport.h>
#include <pthread.h>
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

struct rtc_peer_connection {
    rtc_context *context;
    atomic_uint references;
    struct reaper *reaper; /* its loop's, which ends it; a reference; NULL without a loop */
    struct reaper_entry grave;
    atomic_bool released; /* the last reference was given to the reaper: no callback runs any more */
    rtc_loop *loop;       /* NULL: sans I/O */
    rtc_time_t now;       /* the latest time seen; without a loop, the time of API calls */
    rtc_peer_connection_callbacks callbacks;
    void *user;
    pthread_mutex_t wake_lock; /* guards wake, which workers call */
    void (*wake)(void *user);
    void *wake_user; /* with a loop: its attachment */
    bool attached;
    struct mailbox *mailbox;
    char last_error[ERROR_TEXT_MAX];

    /* Configuration. */
    struct transport_settings settings; /* with all that it points to */
    uint8_t candidate_pool_size;
    bool max_bundle;

    /* States: written before anybody is told. */
    rtc_ice_gathering_state gathering_state;
    rtc_ice_connection_state ice_connection_state;
    rtc_peer_connection_state connection_state;
    enum peer_life life; /* written by its setter in peer_connection.c only */

    struct negotiation negotiation;
    char *explanation; /* what explain gave last */

    struct link transceivers; /* struct rtc_rtp_transceiver.link, in order of creation */
    size_t transceiver_count;
    struct decode_budget decoding;
    struct link channels;                      /* struct rtc_data_channel.link */
    uint64_t channels_opened, channels_closed; /* that were open once, and are closed again */

    struct transport *transport; /* the one of the BUNDLE group; NULL before it is needed */
    bool media_mark_stale;       /* what is sent changed, or its priority: the transport is to be told the most urgent mark */
    uint32_t next_request_id;
    struct event_queue_user events;
};

static inline bool peer_is_closed(const rtc_peer_connection *pc)
{
    return pc->life >= PEER_CLOSED;
}
static inline bool peer_gave_up(const rtc_peer_connection *pc)
{
    return pc->life == PEER_GIVEN_UP;
}

/* The time for a call that brings none. */
rtc_time_t peer_now(rtc_peer_connection *pc);
/* After anything that may have produced output: settles what the cores appended and tells the loop. */
void peer_settle(rtc_peer_connection *pc);
/* Records why a call fails, for the connection (which may be NULL: gone, or never there) and the thread, and logs it; returns `error`. */
int peer_fail(rtc_peer_connection *pc, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same without the log, for what is no mistake. */
int peer_say(rtc_peer_connection *pc, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
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
/* When relays of a closed connection are given back: it leaves its loop, and may be gone afterwards. */
void peer_end_linger(rtc_peer_connection *pc);

/* webrtc-pc 4.7.3: queues negotiationneeded when it became true. */
void peer_update_negotiation_needed(rtc_peer_connection *pc);

/* Drops the cached localDescription text: a candidate or a description came. */
void peer_forget_shown(rtc_peer_connection *pc);

/* peer_transport.c: the connection as the parent of its transport. */
/* The transport, made at first need. */
int peer_need_transport(rtc_peer_connection *pc, bool controlling);
/* Takes what the transport has to tell until it is still, and what it has to send is ready. Harmless without a transport. */
void peer_run_transport(rtc_peer_connection *pc, rtc_time_t now);
/* To be called before packets, ticks, and questions for the deadline. */
void peer_give_room(rtc_peer_connection *pc);
/* The negotiated role and the peer's fingerprints. */
int peer_start_dtls(rtc_peer_connection *pc, enum dtls_role role, const struct jsep_section *remote);
/* The association and its channels end, and may begin anew. */
void peer_end_channels(rtc_peer_connection *pc);
/* What a pool gathered is told now. */
void peer_surface_pool(rtc_peer_connection *pc);
/* Ends everything below while the connection stays: its channels are told. Harmless when repeated. */
void peer_end_transport(rtc_peer_connection *pc);

/* configuration.c */
void configuration_forget_servers(rtc_peer_connection *pc);
/* *servers_changed (may be NULL): the ICE servers or the policy are others than before. */
int configuration_apply(rtc_peer_connection *pc, const rtc_configuration *configuration, bool first, bool *servers_changed);

/* restart.c: ICE restarts in offers and answers, and the candidate pool. */
/* The credentials that a new offer, and an answer, carry. */
const struct ice_credentials *restart_offer_credentials(rtc_peer_connection *pc);
const struct ice_credentials *restart_answer_credentials(const rtc_peer_connection *pc);
/* A negotiation is complete: a wish for a restart may be fulfilled. */
void restart_settled(rtc_peer_connection *pc);
/* Starts what the candidate pool asks for, unless a local description did. */
int pool_start(rtc_peer_connection *pc);
/* The configuration changed. */
int pool_configured(rtc_peer_connection *pc, bool servers_changed, uint8_t size_before);

/* sans_io.c: its endpoint was closed, and the aliases with it. */
void peer_lost_endpoint(void *pc);

/* snapshot.c: what this connection would write into an offer, or an answer to `offer`. */
int snapshot_offer(rtc_peer_connection *pc, struct text *out);
int snapshot_answer(rtc_peer_connection *pc, const struct session_description *offer, struct text *out);

/* negotiation.c */
/* Sets a description that the state allows (signaling.h); takes a reference to it. On failure everything is as before. */
int negotiation_set(rtc_peer_connection *pc, enum signaling_side side, struct description *d);
/* Drops what is pending: everything is as it was when the state was stable last. On failure it stays. */
int negotiation_undo(rtc_peer_connection *pc);
bool negotiation_is_needed(rtc_peer_connection *pc);

/* candidates.c */
void candidates_gathered(rtc_peer_connection *pc, const struct ice_candidate *candidate);
/* `ufrag`: the generation that has no more. */
void candidates_end(rtc_peer_connection *pc, const char *ufrag);
/* The null candidate, after the gathering state says so. */
void candidates_complete(rtc_peer_connection *pc);
void candidates_error(rtc_peer_connection *pc, const struct ice_candidate_error *error);

#endif
