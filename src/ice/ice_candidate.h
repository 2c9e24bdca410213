/* SPDX-License-Identifier: MIT */
/* An ICE candidate (RFC 8445 section 5.1) and its candidate-attribute text (RFC 8839 section 5.1). */
#ifndef CRTC_ICE_CANDIDATE_H
#define CRTC_ICE_CANDIDATE_H

#include "address.h"
#include "text.h"

enum ice_candidate_type { ICE_HOST, ICE_SERVER_REFLEXIVE, ICE_PEER_REFLEXIVE, ICE_RELAYED };
enum ice_tcp_type { ICE_TCP_NONE, ICE_TCP_ACTIVE, ICE_TCP_PASSIVE, ICE_TCP_SO };
enum { ICE_FOUNDATION_MAX = 32 };

struct ice_candidate {
    char foundation[ICE_FOUNDATION_MAX + 1];
    uint16_t component;
    uint8_t protocol; /* enum path_protocol */
    uint8_t type;     /* enum ice_candidate_type */
    uint8_t tcp_type; /* enum ice_tcp_type */
    uint8_t server;   /* 1 + index of the server that a local candidate came from; 0: none */
    uint32_t serial;  /* tells candidates of one side of an agent apart for good; 0: none. Not part of the text */
    uint32_t priority;
    uint32_t socket;        /* of a local one: its base's; else 0 */
    struct address address; /* of one that was parsed: family NONE when `name` is set */
    struct address related; /* family NONE when absent */
    char name[256];         /* a host name such as "x.local", which is shown in place of an address; else empty */
    char ufrag[257];        /* the ufrag extension; else empty */
};

/* The words of the text, as it has them; a word that is not there is empty. */
struct ice_candidate_words {
    struct slice foundation, component, transport, priority, address, port, keyword, type;
    struct slice related_address, related_port, tcp_type, ufrag;
};
/* False when it does not begin with "candidate:", with or without "a=" before that, or has control characters. */
bool ice_candidate_split(struct slice text, struct ice_candidate_words *out);
/* Parses "candidate:..." with or without "a=" and the "candidate:" prefix being required; unknown extensions are skipped. RTC_ERR_SYNTAX
 * when it does not follow the grammar. */
int ice_candidate_parse(struct slice text, struct ice_candidate *out);
/* "candidate:..." without "a=". */
void ice_candidate_print(const struct ice_candidate *candidate, struct text *out);
uint32_t ice_candidate_priority(enum ice_candidate_type type, uint16_t local_preference, uint16_t component);
const char *ice_candidate_type_name(enum ice_candidate_type type); /* "host", "srflx", "prflx", "relay" */
const char *ice_tcp_type_name(enum ice_tcp_type type);             /* "", "active", "passive", "so" */

#endif
