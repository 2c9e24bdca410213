/* SPDX-License-Identifier: MIT */
/* Two peer connections over real sockets and real loops, on one loop or on two, with signalling by posts between the loops. Every callback
 * goes through one hook, so that a test can do anything from any of them. */
#ifndef CRTC_API_PAIR_H
#define CRTC_API_PAIR_H

#include <crtc/crtc.h>
#include <stdatomic.h>

enum api_event {
    API_NEGOTIATION_NEEDED,
    API_CANDIDATE,
    API_END_OF_CANDIDATES,
    API_GATHERED,
    API_SIGNALING,
    API_GATHERING,
    API_ICE_STATE,
    API_CONNECTION_STATE,
    API_CONNECTED, /* connection state "connected" */
    API_DATA_CHANNEL,
    API_TRACK,
    API_UNMUTE,
    API_OPEN,
    API_MESSAGE,
    API_LOW,
    API_CLOSING,
    API_CLOSE,
    API_ERROR,
    API_ENCODED_FRAME,
    API_EVENTS
};
const char *api_event_name(enum api_event event);

struct api_pair;
struct api_peer {
    struct api_pair *pair;
    int index;
    rtc_loop *loop;
    rtc_peer_connection *pc;                     /* NULL once the test freed it */
    rtc_data_channel *channel, *doomed, *remote; /* references; doomed: an id that the peer does not have */
    rtc_media_source *source;
    rtc_media_sink *sink;
    rtc_media_stream_track *remote_track;
    uint32_t serial;
    atomic_int seen[API_EVENTS];
};

struct api_pair {
    rtc_context *context;
    struct api_peer peer[2];
    bool media;           /* peer 0 sends scripted video */
    int burst;            /* messages that each side sends when its channel opens */
    atomic_bool stopping; /* no further frames or signals */
    void (*hook)(struct api_peer *peer, enum api_event event);
    void *user;
};

/* Both peers on `loops[0]`, or one on each. Offer, answer and candidates follow by themselves once the loops run. With their locks held
 * when they run. */
void api_pair_init(struct api_pair *pair, rtc_context *context, rtc_loop *a, rtc_loop *b);
/* Makes channels and tracks and the first offer. */
void api_pair_call(struct api_pair *pair);
void api_pair_fini(struct api_pair *pair);
/* Frees the peer's connection and forgets it. */
void api_peer_free(struct api_peer *peer);

/* Runs a loop with poll() on its descriptor, as a foreign loop does, until `done` says so; false after `limit_ms`. */
bool api_poll(rtc_loop *loop, int limit_ms, bool (*done)(void *user), void *user);

#endif
