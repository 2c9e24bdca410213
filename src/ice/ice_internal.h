/* SPDX-License-Identifier: MIT */
/* The agent: it owns the parts, each of which is a struct with a header of its own that says who writes to it. They stand on each other as
 * their headers tell, the later ones below on the earlier, and call nothing that stands on them. Only the files that include this one see
 * more than a part and what it stands on: here the parts meet. */
#ifndef CRTC_ICE_INTERNAL_H
#define CRTC_ICE_INTERNAL_H

#include "ice_agent.h"
#include "ice_lite.h"
#include "ice_lookup.h"
#include "ice_nominate.h"
#include "ice_query.h"
#include "ice_reach.h"
#include "ice_relay.h"
#include "ice_report.h"
#include "ice_send.h"
#include "ice_tcp.h"

/* The request for the system's list of interfaces, which is answered again whenever the list changes: written by ice_interfaces.c only.
 *
 *   UNASKED --gathering begins--> AWAITED --failed, too late--> UNKNOWN --a later list--> KNOWN
 *                                    +--a list-------------------------------------------^ */
enum ice_interfaces_state { ICE_INTERFACES_UNASKED, ICE_INTERFACES_AWAITED, ICE_INTERFACES_UNKNOWN, ICE_INTERFACES_KNOWN };

struct ice_interfaces {
    uint32_t id; /* 0 unless it is open */
    enum ice_interfaces_state state;
};

/* Made by ice_agent_new(), never moved. */
struct ice_agent {
    struct ice_common common;
    struct ice_session session;
    bool contested; /* the path of the message that is being handled is somebody else's, for all that is known */

    /* The two ends of pairs. */
    struct ice_bases bases;
    struct ice_locals locals;
    struct ice_remotes remotes;

    struct ice_check_list checks;
    struct ice_pairing pairing;
    struct ice_consent consent;
    struct ice_doubt doubt;
    struct ice_nominate nominate;

    /* Where they come from. */
    struct ice_gathering gathering;
    struct ice_interfaces interfaces;
    struct ice_servers servers;
    struct ice_queries queries;
    struct ice_relays relays;
    struct ice_names names;
    struct ice_lookups lookups;
    struct ice_tcp tcp;
};

/* ice_trickle.c */
/* A candidate that the peer signals, by address or name. RTC_ERR_QUOTA_EXCEEDED beyond the limit. What can not be checked is counted. */
int ice_trickle(struct ice_agent *agent, const struct ice_candidate *candidate);
/* Those whose names were resolved just now. */
void ice_trickle_found(struct ice_agent *agent, struct out *out);

/* ice_gather.c */
/* Of a socket, a server's name, a relay or TCP; false: none of ours. */
bool ice_gather_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out);
void ice_gather_run(struct ice_agent *agent, rtc_time_t now, struct out *out);
void ice_gather_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why);

/* The base of a socket goes, with its pairs, its queries, its candidates and the TCP connections of its interface. */
void ice_remove_socket(struct ice_agent *agent, struct ice_base *base, rtc_time_t now, struct out *out);

/* ice_interfaces.c */
void ice_interfaces_watch(struct ice_agent *agent, struct out *out);
/* Follows the system's list: a socket on each new address that the rules allow, none on those that are gone. */
void ice_interfaces_listed(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out);
void ice_interfaces_run(struct ice_agent *agent, rtc_time_t now, struct out *out);
void ice_interfaces_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why);

/* ice_report.c */
void ice_describe_local(const struct ice_agent *agent, const struct ice_pair *pair, struct ice_candidate *out);
void ice_describe_remote(const struct ice_agent *agent, const struct ice_remote *remote, struct ice_candidate *out);

/* ice_input.c */
/* False: it is for another agent. */
bool ice_input(struct ice_agent *agent, rtc_time_t now, const struct path *from, struct slice packet, struct out *out);

#endif
