/* SPDX-License-Identifier: MIT */
/* What the querier (mdns.c) and the responder (mdns_responder.c) share. */
#ifndef CRTC_MDNS_INTERNAL_H
#define CRTC_MDNS_INTERNAL_H

#include "dns_message.h"
#include "mdns.h"
#include "moves.h"

#define MDNS_MS ((rtc_time_t)1000)
#define MDNS_SECOND ((rtc_time_t)1000000)
#define MDNS_LONG_AGO ((rtc_time_t)-3600 * MDNS_SECOND)
#define MDNS_TTL_SECONDS 120 /* of records with host names, RFC 6762 section 10 */

/* Drawn in mdns.h. */
enum mdns_link_state { MDNS_LINK_CLOSED, MDNS_LINK_OPENING, MDNS_LINK_JOINING, MDNS_LINK_OPEN, MDNS_LINK_REFUSED };
extern const struct moves mdns_link_moves;

/* Of mdns_query.answer; drawn in mdns.h. */
extern const struct moves mdns_query_moves;

/* One family on one interface. Part of struct mdns; written by mdns.c, and how many answers left by unicast by mdns_responder.c. */
struct mdns_link {
    enum mdns_link_state state; /* set_link() in mdns.c */
    struct address interface;   /* port 0 */
    uint32_t index;
    struct address group;
    struct address bound;
    uint32_t socket; /* the ids of the last requests */
    uint32_t join;
    rtc_time_t unicast_since; /* a second in which so many answers left by unicast */
    uint32_t unicast_count;
};

/* A name that is looked for. Part of struct mdns; written by mdns.c. */
struct mdns_query {
    char name[MDNS_NAME_LEN + 1];
    enum mdns_answer answer; /* set_answer() in mdns.c; MDNS_UNKNOWN for no longer than it takes to begin */
    struct address address;
    rtc_time_t asked; /* when it was asked for, or found */
    rtc_time_t next;  /* when it is sent again */
    rtc_time_t interval;
    uint64_t heard; /* the message that answered */
};

/* A name of ours. Part of struct mdns; written by mdns_responder.c, and by mdns.c where a link changes its number. */
struct mdns_own {
    char name[MDNS_NAME_LEN + 1];
    struct address address;
    uint32_t index;                       /* of its interface */
    bool spare;                           /* no candidate of this agent bears it: it makes room when places are short */
    rtc_time_t multicast[MDNS_LINKS_MAX]; /* when it was last sent to everybody on each link */
    uint32_t owed;                        /* a bit for each link on which an answer waits for its time */
};

/* Owned by the agent's names (ice_names.c). Links and queries are written by mdns.c, `own` by mdns_responder.c; counters by both. */
struct mdns {
    rtc_context *context;
    uint32_t *next_request_id;
    uint32_t names_max;
    struct mdns_link links[MDNS_LINKS_MAX];
    size_t link_count;
    struct mdns_query *queries;
    size_t query_count, query_capacity;
    rtc_time_t paced; /* when the next query may leave */
    struct mdns_own *own;
    size_t own_count;
    uint64_t messages;
    bool closed;
    bool passed_on; /* others answer for our names, too */
    struct mdns_counters counters;
};

/* mdns.c */
void mdns_send(const struct mdns_link *link, const struct address *to, const struct dns_message *message, struct out *out);

/* mdns_responder.c */
struct mdns_own *mdns_find_own(const struct mdns *mdns, const char *name);
void mdns_respond(struct mdns *mdns, rtc_time_t now, size_t link, const struct address *from, const struct dns_message *query,
                  struct out *out);
void mdns_responder_run(struct mdns *mdns, rtc_time_t now, struct out *out);
rtc_time_t mdns_responder_deadline(const struct mdns *mdns);
/* Goodbyes. */
void mdns_responder_close(struct mdns *mdns, struct out *out);

#endif
