/* SPDX-License-Identifier: MIT */
/* A TURN client (RFC 8656): one allocation on one server over one transport, as a pure state machine. Messages of the server and the time
 * go in; messages to the server come out as packets on its path. The transport itself, and framing where it is a stream, are the caller's.
 *
 *   NEW --start--> ALLOCATING --success--> ALLOCATED --expired, refused, 437, silence--> FAILED
 *                      |   ^ 401, 438, 440     |
 *                      |   +---+               +--close--> CLOSING --answered, or not in time--> CLOSED
 *                      +--error, no answer--> FAILED
 * Each of them may be closed: CLOSING where the server may have an allocation, else CLOSED at once. 437 in CLOSING makes it FAILED. */
#ifndef CRTC_TURN_CLIENT_H
#define CRTC_TURN_CLIENT_H

#include "moves.h"
#include "out.h"
#include "stun_message.h"

struct turn_client;

enum turn_state { TURN_NEW, TURN_ALLOCATING, TURN_ALLOCATED, TURN_FAILED, TURN_CLOSING, TURN_CLOSED };
extern const struct moves turn_client_moves;

enum { TURN_PERMISSIONS_MAX = 64, TURN_CHANNELS_MAX = 16 };
/* The most that a Send indication, and that ChannelData, puts around a datagram. */
enum { TURN_INDICATION_OVERHEAD = 52, TURN_CHANNEL_OVERHEAD = 4 };

/* Borrowed for the call; credentials are copied. */
struct turn_options {
    const char *username, *password;
    struct path server; /* its protocol decides: a stream needs no retransmission, and padding */
};

/* Why it FAILED. Part of the client; written by turn_client.c. */
struct turn_failure {
    uint16_t code; /* the server's, or 0: it did not answer or can not be understood */
    char text[128];
    struct address alternate; /* 300: where to try instead, */
    char domain[256];         /* and the name that its certificate has, if it is another than the server's */
};

/* RTC_ERR_RANGE: a credential is too long. */
int turn_client_new(rtc_context *context, const struct turn_options *options, struct turn_client **out);
void turn_client_free(struct turn_client *client);
void turn_client_start(struct turn_client *client, rtc_time_t now, struct out *out);

/* A whole message from the server. True when it brought a datagram from a peer: `data` is a view of it. */
bool turn_client_input(struct turn_client *client, rtc_time_t now, struct slice message, struct address *peer, struct slice *data,
                       struct out *out);
void turn_client_tick(struct turn_client *client, rtc_time_t now, struct out *out);
rtc_time_t turn_client_deadline(const struct turn_client *client);

/* Asks for permission to exchange datagrams with a peer's address, unless it is there; what is wrapped afterwards may leave at once, for
 * the request goes before it. */
void turn_client_permit(struct turn_client *client, rtc_time_t now, const struct address *peer, struct out *out);
/* Wraps a datagram for a permitted peer in place and gives it the server's path: ChannelData where there is a channel, else a Send
 * indication. False: it can not be sent. */
bool turn_client_wrap(struct turn_client *client, rtc_time_t now, const struct address *peer, struct packet *packet);
/* Asks for a channel; harmless when repeated or beyond the limit, which costs bytes but no function. */
void turn_client_bind(struct turn_client *client, rtc_time_t now, const struct address *peer);
/* How many bytes wrapping adds for this peer now. */
uint32_t turn_client_overhead(const struct turn_client *client, const struct address *peer);
/* Gives the allocation back (a Refresh of zero seconds). Whoever keeps the transport for the moment that CLOSING lasts, input and ticks
 * included, has it repeated when it is lost or the nonce was stale. */
void turn_client_close(struct turn_client *client, rtc_time_t now, struct out *out);

enum turn_state turn_client_state(const struct turn_client *client);
/* While ALLOCATED. Up to two, of different families. Borrowed. */
size_t turn_client_relayed(const struct turn_client *client, const struct address **out);
/* Our own address as the server sees it; family NONE when it did not say. */
const struct address *turn_client_mapped(const struct turn_client *client);
const struct turn_failure *turn_client_failure(const struct turn_client *client);

#endif
