/* SPDX-License-Identifier: MIT */
/* The signalling messages: {"type": ..., "body": {"channelName": ..., "userId": ..., ["sdp" | "candidate" | ...]}}.
 *
 * To the server                                        From the server
 *   join                 userId: who joins               joined                  userId: who joined; members: all in the channel, the
 * oldest first quit                 userId: who leaves              quit                    userId: who left, or vanished send_offer
 * userId: for whom; sdp: text     offer_sdp_received      userId: from whom; sdp send_answer          userId: for whom; sdp: text
 * answer_sdp_received     userId: from whom; sdp send_ice_candidate   userId: for whom; candidate     ice_candidate_received  userId: from
 * whom; candidate error                   message: what was wrong
 *
 * In a channel of two the sender may name itself in place of the other. `candidate` is an RTCIceCandidateInit object; one with an empty
 * candidate text says that there are no more. Who comes new into a channel makes the offer, so two offers never meet.
 */
#ifndef CALL_MESSAGE_H
#define CALL_MESSAGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* Longest channel name and user id, in bytes. */
#define MESSAGE_NAME_MAX 64
/* Longest message taken from a network, in bytes. */
#define MESSAGE_MAX (256 * 1024)

enum message_type {
    MESSAGE_JOIN,
    MESSAGE_QUIT,
    MESSAGE_SEND_OFFER,
    MESSAGE_SEND_ANSWER,
    MESSAGE_SEND_ICE_CANDIDATE,
    MESSAGE_JOINED,
    MESSAGE_OFFER_SDP_RECEIVED,
    MESSAGE_ANSWER_SDP_RECEIVED,
    MESSAGE_ICE_CANDIDATE_RECEIVED,
    MESSAGE_ERROR,
    MESSAGE_CHECK_REPORT, /* only with --check: what the page found */
    MESSAGE_TYPES
};

/* A message as read. Everything points into `document`. */
struct message {
    enum message_type type;
    cJSON *document;
    cJSON *body;
    const char *channel, *user;
    const char *sdp;        /* of the types that carry one */
    const cJSON *candidate; /* of the types that carry one: an object */
};

/* True for a channel name or user id: 1 to MESSAGE_NAME_MAX bytes, no control characters. */
bool message_is_name(const char *text);

/* Reads a message. Returns NULL, or a sentence that says what is wrong with it: then there is nothing to free. */
const char *message_read(struct message *message, const char *text, size_t len);
void message_fini(struct message *message);

/* Writes a message; `name` and `value` (consumed; both may be NULL) become one more member of the body. The text is freed with cJSON_free;
 * NULL when out of memory. */
char *message_write(enum message_type type, const char *channel, const char *user, const char *name, cJSON *value);

#endif
