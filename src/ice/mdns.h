/* SPDX-License-Identifier: MIT */
/* Multicast DNS (RFC 6762) for ICE (draft-ietf-mmusic-mdns-ice-candidates): a querier for the names of remote candidates and a responder
 * for names of our own addresses. A pure state machine, part of the agent, that reports nothing by itself: after each call its owner looks
 * at the names it waits for. There are no sockets unless something is asked or published.
 *
 * A link is one family on one interface. Its socket is bound to the group and port 5353, shared with whoever else speaks multicast DNS on
 * this host; what comes to it was sent on that link.
 *
 *   a link:  CLOSED --wanted--> OPENING --bound--> JOINING --joined--> OPEN --nothing to do--> CLOSED
 *                                  |                  |
 *                                  +----> REFUSED <---+        (also once it is OPEN, when its socket goes, and out of memory)
 *
 *   a query: UNKNOWN --asked--> ASKING --answered--> FOUND --another address in the same message--> AMBIGUOUS
 *                                  +--ten seconds--> NO_ANSWER
 *   A name that is asked for again, and one that takes another's place, begins anew. */
#ifndef CRTC_MDNS_H
#define CRTC_MDNS_H

#include "out.h"

struct mdns;

enum { MDNS_PORT = 5353, MDNS_LINKS_MAX = 8, MDNS_OWN_MAX = 32, MDNS_NAME_LEN = 42 /* 36 of the UUID, ".local" */ };

enum mdns_answer {
    MDNS_UNKNOWN, /* not asked for */
    MDNS_ASKING,
    MDNS_FOUND,
    MDNS_AMBIGUOUS, /* several addresses: the draft, section 3.2.2, says to ignore it */
    MDNS_NO_ANSWER  /* nobody answered in time */
};

/* Since it was made; written by its files only. */
struct mdns_counters {
    uint64_t malformed;  /* datagrams that are no DNS messages */
    uint64_t ignored;    /* responses from other ports, opcodes that nobody uses, ... */
    uint64_t conflicts;  /* somebody else claims a name of ours */
    uint64_t over_limit; /* names, links, or answers beyond a limit */
};

/* `next_request_id` is the connection's counter, borrowed; at most `names_max` names are looked for at a time. */
int mdns_new(rtc_context *context, uint32_t *next_request_id, uint32_t names_max, struct mdns **out);
void mdns_free(struct mdns *mdns);

/* An interface to ask and answer on, by one of its addresses and its index. Harmless when it is known; counted beyond the limit. */
void mdns_add_link(struct mdns *mdns, const struct address *address, uint32_t index);
/* The interface lost its last address of that family. One that is just coming up stays. */
void mdns_drop_link(struct mdns *mdns, const struct address *address, uint32_t index, struct out *out);
/* True while a name may still be resolved by multicast: a link is open or may yet open. */
bool mdns_has_links(const struct mdns *mdns);

/* Looks for a name, up to ten seconds. RTC_ERR_QUOTA_EXCEEDED beyond the limit. Asking again is harmless; what was found is remembered for
 * as long as such records live. */
int mdns_ask(struct mdns *mdns, rtc_time_t now, const char *name);
/* What became of it. *address (port 0) is set when it was found. */
enum mdns_answer mdns_lookup(const struct mdns *mdns, const char *name, struct address *address);
/* The name that stands for this address (its port does not matter) of the interface with that index, made at the first call and always the
 * same afterwards. It is answered for on this interface only. NULL beyond the limit, or when out of memory. Borrowed while mdns lives. */
const char *mdns_publish(struct mdns *mdns, const struct address *address, uint32_t index);

/* The address is no candidate any more: its name is still answered for, and makes room for others at the limit. */
void mdns_withdraw(struct mdns *mdns, const struct address *address);

/* All names that `from` published are published here, too; it says no goodbye to them any more. Those that are not asked for here by
 * mdns_publish() make room for others at the limit. For a new `mdns`; RTC_ERR_NO_MEMORY. */
int mdns_inherit(struct mdns *mdns, struct mdns *from);

/* One of the sockets that it asked for. */
bool mdns_has_socket(const struct mdns *mdns, uint32_t socket);
/* A datagram; false when its socket is none of ours. */
bool mdns_input(struct mdns *mdns, rtc_time_t now, const struct path *from, struct slice bytes, struct out *out);
/* False when the result's id is none of ours. */
bool mdns_result(struct mdns *mdns, rtc_time_t now, const struct io_result *result, struct out *out);
void mdns_tick(struct mdns *mdns, rtc_time_t now, struct out *out);
rtc_time_t mdns_deadline(const struct mdns *mdns);
/* Our names are told to be gone, and the sockets closed. */
void mdns_close(struct mdns *mdns, struct out *out);

const struct mdns_counters *mdns_counters(const struct mdns *mdns);
/* "<UUID>.local", the only form of name that is resolved (the draft, section 3.2.2): others are those of devices. */
bool mdns_is_candidate_name(const char *name);

#endif
