/* SPDX-License-Identifier: MIT */
/* The transports of a connection: any number of them, which its descriptions name by their numbers (carriers.h). One that carries nothing
 * any more leaves: it has no number, goes on until it has said goodbye, and is then freed. What is done with one at a time is done by
 * whoever is its parent; what is done with all stands here. A value that knows no connection. */
#ifndef CRTC_PEER_TRANSPORTS_H
#define CRTC_PEER_TRANSPORTS_H

#include "connection_states.h"
#include "dtls_transport.h"
#include "transport.h"

/* Owner: the connection. Written by peer_transports.c alone. */
struct peer_transports {
    struct transport **items;        /* the first one is number 0; owned, as what follows */
    struct transport_states *states; /* how each stands: gathering as it was told last, the rest as of the last look */
    size_t count;
    size_t leaving;          /* so many more are in `items`, after those that have numbers */
    struct transport **next; /* an arrangement that is made ready */
    struct transport_states *next_states;
    size_t next_count;
    bool rearranged; /* others than before: what follows from their states is to be told */
};

/* Another one, with the number `count` of before. */
int peer_transports_add(rtc_context *context, struct peer_transports *transports, const struct transport_settings *settings,
                        bool controlling);
/* Room for another arrangement, of at most so many. RTC_ERR_NO_MEMORY. */
int peer_transports_reserve(rtc_context *context, struct peer_transports *transports, size_t count);
/* The next one of that arrangement, one that there is or another; and its end: those that it does not name leave. `idle`: it carries
 * nothing, and waits for an answer that may give it something. */
void peer_transports_put(struct peer_transports *transports, struct transport *t, bool idle);
void peer_transports_arrange(rtc_context *context, struct peer_transports *transports);
/* They are others than when this was asked last. */
bool peer_transports_were_rearranged(struct peer_transports *transports);
/* The first of those that have left: it is the caller's. NULL: none has. */
struct transport *peer_transports_left(struct peer_transports *transports);
/* One has. */
bool peer_transports_any_left(const struct peer_transports *transports);
void peer_transports_fini(rtc_context *context, struct peer_transports *transports);

static inline struct transport *peer_transports_first(const struct peer_transports *transports)
{
    return transports->count > 0 ? transports->items[0] : NULL;
}
static inline struct transport *peer_transports_at(const struct peer_transports *transports, size_t number)
{
    return number < transports->count ? transports->items[number] : NULL;
}
/* Its number; `count` when it is none of them. */
size_t peer_transports_number(const struct peer_transports *transports, const struct transport *t);
/* Whose socket it is (rtc_path.socket); the first one's when it is nobody's, which counts what comes then. NULL without any. */
struct transport *peer_transports_by_socket(const struct peer_transports *transports, uint32_t socket);

/* Brings the states up to date, and with them what follows for the connection. */
void peer_transports_look(struct peer_transports *transports);
/* One told how its gathering stands. */
void peer_transports_gathering(struct peer_transports *transports, size_t number, enum ice_gathering_state told);

/* So much may be told by all of them (transport_set_room): each gets its share. */
void peer_transports_set_room(const struct peer_transports *transports, uint64_t bytes, uint32_t events);
void peer_transports_tick(const struct peer_transports *transports, rtc_time_t now);
rtc_time_t peer_transports_deadline(const struct peer_transports *transports, enum timer_reason *why);
struct packet *peer_transports_next_packet(const struct peer_transports *transports);
/* `*asker` has to free it (transport_free_request). NULL: nothing more is asked. */
struct request *peer_transports_next_request(const struct peer_transports *transports, rtc_time_t now, struct transport **asker);
/* To the one that asked; false: none did. */
bool peer_transports_result(const struct peer_transports *transports, rtc_time_t now, const struct io_result *result);
/* One of them is. */
bool peer_transports_starved(const struct peer_transports *transports);
/* All of them are; without any, too. */
bool peer_transports_closed(const struct peer_transports *transports);
/* Of all of them; without any, 0. */
rtc_time_t peer_transports_last_traffic(const struct peer_transports *transports);
void peer_transports_close_channels(const struct peer_transports *transports, rtc_time_t now);
void peer_transports_close(const struct peer_transports *transports, rtc_time_t now);

#endif
