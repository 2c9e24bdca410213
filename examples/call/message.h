/* SPDX-License-Identifier: MIT */
/* The signalling messages: {"type": ..., "body": {"channelName": ..., "userId": ..., and what the type carries}}, UTF-8.
 *
 * To the server: userId is whom the message is about or for.
 *   join, quit              the sender itself
 *   send_offer              sdp: a text
 *   send_answer             sdp
 *   send_ice_candidate      candidate: an RTCIceCandidateInit; one with an empty candidate text says that there are no more
 *   send_refusal            reason: a text; the offer is not answered
 *   send_notice             reason: a text; why there is no connection, as the sender sees it
 *
 * From the server: userId is whom the message is about or from.
 *   joined                  members: all in the channel, the oldest first
 *   quit                    who left; vanished: true when its connection to the server ended first, so that a call may still run
 *   offer_sdp_received, answer_sdp_received, ice_candidate_received, refusal_received, notice_received: what was sent
 *   error                   message: what was wrong; refused: the type that was not carried out
 *
 * In a channel of two the sender may name itself in place of the other. Who comes new into a channel makes the offer, so two offers never
 * meet; of two who wait in a channel later, the newer one. */
#ifndef CALL_MESSAGE_H
#define CALL_MESSAGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* Longest channel name and user id, in bytes. */
#define MESSAGE_NAME_MAX 64
/* Longest reason, in bytes. */
#define MESSAGE_REASON_MAX 2000
/* Longest message taken from a network, in bytes. */
#define MESSAGE_MAX (256 * 1024)

enum message_type {
    MESSAGE_JOIN,
    MESSAGE_QUIT,
    MESSAGE_SEND_OFFER,
    MESSAGE_SEND_ANSWER,
    MESSAGE_SEND_ICE_CANDIDATE,
    MESSAGE_SEND_REFUSAL,
    MESSAGE_SEND_NOTICE,
    MESSAGE_JOINED,
    MESSAGE_OFFER_SDP_RECEIVED,
    MESSAGE_ANSWER_SDP_RECEIVED,
    MESSAGE_ICE_CANDIDATE_RECEIVED,
    MESSAGE_REFUSAL_RECEIVED,
    MESSAGE_NOTICE_RECEIVED,
    MESSAGE_ERROR,
    MESSAGE_CHECK_REPORT, /* only with --check: what the page found */
    MESSAGE_TYPES
};

/* A message as read. Everything points into `document`. */
struct message {
    enum message_type type; /* also of a message that is wrong; MESSAGE_TYPES: unknown */
    cJSON *document;
    cJSON *body;
    const char *channel, *user;
    const char *sdp, *reason; /* of the types that carry one */
    const cJSON *candidate;   /* of the types that carry one: an object */
};

/* True for a channel name or user id: 1 to MESSAGE_NAME_MAX bytes of UTF-8, no control characters. */
bool message_is_name(const char *text);
/* What a type carries besides the names: "sdp", "reason", "candidate" or NULL. */
const char *message_member(enum message_type type);

/* Reads a message. Returns NULL, or a sentence that says what is wrong with it: then there is nothing to free. */
const char *message_read(struct message *message, const char *text, size_t len);
void message_fini(struct message *message);

/* Writes a message; `name` and `value` (consumed; both may be NULL) become one more member of the body. The text is freed with cJSON_free;
 * NULL when out of memory. */
char *message_write(enum message_type type, const char *channel, const char *user, const char *name, cJSON *value);
/* Writes an error about a message of type `refused`, which may be unknown. */
char *message_write_error(enum message_type refused, const char *channel, const char *user, const char *why);

#endif
