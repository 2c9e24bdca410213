/* SPDX-License-Identifier: MIT */
/* One call of the native program with another member of its channel: connection, chat, and what it receives. */
#ifndef CALL_CALL_H
#define CALL_CALL_H

#include "message.h"
#include "numbers.h"
#include "servers.h"
#include "watch.h"

#include <crtc/crtc.h>

/* What every call of a program sends, and how it reaches the other member. */
struct call_environment {
    rtc_context *context;
    rtc_loop *loop;
    rtc_media_stream_track *camera, *tone;
    rtc_media_stream *stream;
    const struct servers *servers;
    /* Sends a message to `user`; name and value as in message_write. */
    void (*send)(void *sender, enum message_type type, const char *user, const char *name, cJSON *value);
    void *sender;
};

struct call {
    const struct call_environment *environment;
    char user[MESSAGE_NAME_MAX + 1]; /* the other member; "" while this place is free */
    rtc_peer_connection *connection;
    rtc_data_channel *chat;
    struct watch watch;
    struct numbers numbers;
    uint32_t chat_messages;
    bool offers;            /* this side made the offer, and makes those that restart ICE */
    uint32_t looks_in_vain; /* how often in a row call_look found no connection */
};

/* Begins a call with a user. `offer`: this side came new and makes the offer. False when it can not. */
bool call_begin(struct call *call, const struct call_environment *environment, const char *user, bool offer);
/* False when the offer could not be answered: the reason is in `why`. */
bool call_take_offer(struct call *call, const char *sdp, char *why, size_t why_size);
void call_take_answer(struct call *call, const char *sdp);
void call_take_candidate(struct call *call, const cJSON *candidate);
bool call_is_connected(const struct call *call);
/* The other side said goodbye on the connection itself. */
bool call_was_hung_up(const struct call *call);
/* True when an offer goes on with this call, and does not begin another one. */
bool call_is_session(const struct call *call, const char *sdp);
/* To be called every two seconds. A connection that does not come up is explained, here and to the other side; after one that failed this
 * side looks for another way when the offers are its own. */
void call_look(struct call *call);
/* Frees everything and the place. Harmless on a free place. */
void call_end(struct call *call);

#endif
