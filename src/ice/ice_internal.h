/* SPDX-License-Identifier: MIT */
/* What the files of the ICE agent share. Bases, remotes and pairs are allocated one by one, so that pointers to them stay; every list has a
 * limit. A base is a local transport address that checks are sent from: a UDP socket, a relayed address, or a TCP connection. */
#ifndef CRTC_ICE_INTERNAL_H
#define CRTC_ICE_INTERNAL_H

#include "ice_agent.h"
#include "ice_base.h"
#include "ice_common.h"
#include "ice_local.h"
#include "ice_reach.h"
#include "ice_lite.h"
#include "ice_lookup.h"
#include "ice_nominate.h"
#include "ice_pairing.h"
#include "ice_query.h"
#include "ice_relay.h"
#include "ice_report.h"
#include "ice_send.h"
#include "ice_session.h"
#include "ice_tcp.h"

struct ice_agent {
    struct ice_common common;
    struct ice_session session;
    bool contested; /* the path of the message that is being handled is somebody else's, for all that is known */

    struct ice_servers servers;
    struct ice_gathering gathering;
    struct ice_queries queries;
    uint32_t interfaces_id;  /* the request for the list of interfaces; 0 unless it is open */
    bool interfaces_awaited; /* it was not answered yet */
    bool interfaces_known;   /* a list came */

    struct ice_names names;
    struct ice_lookups lookups;

    struct ice_relays relays;

    struct ice_tcp tcp;

    struct ice_locals locals;
    struct ice_bases bases;
    struct ice_remotes remotes;
    struct ice_check_list checks;
    struct ice_pairing pairing;
    struct ice_consent consent;
    struct ice_doubt doubt;
    struct ice_nominate nominate;
};

/* ice_agent.c */
void ice_run(struct ice_agent *agent, rtc_time_t now, struct out *out);

/* ice_trickle.c */
/* A candidate that the peer signals, by address or name. RTC_ERR_QUOTA_EXCEEDED beyond the limit. What can not be checked is counted. */
int ice_trickle(struct ice_agent *agent, const struct ice_candidate *candidate);
/* Those whose names were resolved just now. */
void ice_trickle_found(struct ice_agent *agent, struct out *out);

/* ice_gather.c */
void ice_gather_start(struct ice_agent *agent, rtc_time_t now, struct out *out);
bool ice_gather_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out);
void ice_gather_run(struct ice_agent *agent, rtc_time_t now, struct out *out);
void ice_gather_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why);

/* ice_interfaces.c */
/* Follows the system's list: a socket on each new address that the rules allow, none on those that are gone. */
void ice_interfaces_listed(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out);
void ice_interfaces_run(struct ice_agent *agent, rtc_time_t now, struct out *out);
void ice_interfaces_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why);
/* The base, its pairs, its queries and its candidates go. */
void ice_remove_base(struct ice_agent *agent, struct ice_base *base, rtc_time_t now, struct out *out);

/* ice_report.c */
void ice_describe_local(const struct ice_agent *agent, const struct ice_pair *pair, struct ice_candidate *out);
void ice_describe_remote(const struct ice_agent *agent, const struct ice_remote *remote, struct ice_candidate *out);

/* ice_input.c */
/* False: it is for another agent. */
bool ice_input(struct ice_agent *agent, rtc_time_t now, const struct path *from, struct slice packet, struct out *out);

#endif
