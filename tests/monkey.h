/* SPDX-License-Identifier: MIT */
/* A monkey at the interface: random calls on two connections with media and data, on handles of every age, with good and bad arguments,
 * from callbacks too. Nothing is expected of a call but that it comes back with one of the library's results. Whoever drives it says how
 * time passes, and holds the lock of a side's loop around what it does to that side. */
#ifndef CRTC_TEST_MONKEY_H
#define CRTC_TEST_MONKEY_H

#include <crtc/crtc.h>
#include <pthread.h>
#include <stdatomic.h>

enum { MONKEY_HANDLES = 8, MONKEY_SOURCES = 4, MONKEY_ACTIONS_PER_CALLBACK = 2 };

struct monkey;
struct monkey_sink {
    rtc_media_stream_track *track; /* a reference */
    rtc_media_sink *sink;
};

struct monkey_side {
    struct monkey *monkey;
    int index;
    uint64_t random;
    rtc_peer_connection *pc;                           /* a reference; NULL once it was let go of */
    bool ended;                                        /* closed or freed */
    int depth;                                         /* actions within callbacks within actions */
    rtc_rtp_transceiver *transceivers[MONKEY_HANDLES]; /* references, here and below */
    rtc_data_channel *channels[MONKEY_HANDLES];
    struct monkey_sink sinks[MONKEY_HANDLES];
    rtc_dtls_transport *transports[MONKEY_HANDLES];
    rtc_media_stream *streams[MONKEY_HANDLES];
    rtc_sctp_transport *sctp;
    rtc_session_dump *dump; /* owned */
    uint64_t actions, callbacks;
};

struct monkey {
    rtc_context *context;
    struct monkey_side side[2];
    rtc_media_source *sources[MONKEY_SOURCES]; /* pictures and sound, raw and encoded */
    pthread_mutex_t lock;
    rtc_media_stream_track *pool[MONKEY_HANDLES]; /* tracks of both sides, to be sent by either */
    atomic_uint pushed, shown;
    atomic_bool calm;                                             /* callbacks do nothing any more */
    void (*negotiate)(struct monkey_side *side);                  /* an offer of this side goes its way */
    void (*ended)(struct monkey_side *side);                      /* may be NULL */
    uint32_t (*choose)(struct monkey_side *side, uint32_t below); /* NULL: each side by its seed */
    void *user;
};

/* The codecs of this context become ones without arithmetic, which drop what they like. */
void monkey_init(struct monkey *monkey, rtc_context *context, uint64_t seed);
extern const rtc_peer_connection_callbacks monkey_callbacks; /* user: the side */
/* One more or less sensible thing is done to the side. */
void monkey_act(struct monkey_side *side);
/* A frame of a random kind and size goes into the sources. Any thread, with a random state of its own. */
void monkey_push(struct monkey *monkey, uint64_t *random, rtc_time_t now);
uint32_t monkey_random(uint64_t *state, uint32_t below);
/* Lets go of what the side has. */
void monkey_side_fini(struct monkey_side *side);
/* And of the rest. */
void monkey_fini(struct monkey *monkey);

#endif
