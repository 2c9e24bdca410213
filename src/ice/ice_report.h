/* SPDX-License-Identifier: MIT */
/* What an agent can tell of its candidates, pairs and servers (webrtc-stats 8.21 to 8.23), and why each of them is of no use, in words. */
#ifndef CRTC_ICE_REPORT_H
#define CRTC_ICE_REPORT_H

#include "ice_types.h"

struct ice_pair;
struct ice_remote;

enum { ICE_REASON_MAX = 160 };

/* RTCStatsIceCandidatePairState. */
enum ice_report_state { ICE_REPORT_FROZEN, ICE_REPORT_WAITING, ICE_REPORT_IN_PROGRESS, ICE_REPORT_SUCCEEDED, ICE_REPORT_FAILED };

/* A copy for who asked; nothing in it is borrowed. */
struct ice_pair_report {
    uint32_t serial;                    /* names the pair as long as it lives */
    struct ice_candidate local, remote; /* with their serials */
    enum ice_report_state state;
    bool nominated;
    bool selected;
    uint64_t priority;
    rtc_time_t rtt_us, total_rtt_us;
    struct ice_pair_counts counts;
    char reason[ICE_REASON_MAX]; /* why nothing is sent on it; "" when it could be */
};

enum ice_server_progress { ICE_SERVER_UNUSED, ICE_SERVER_RESOLVING, ICE_SERVER_ASKED, ICE_SERVER_ANSWERED, ICE_SERVER_FAILED };

struct ice_server_report {
    char url[ICE_URL_MAX];
    enum ice_server_progress progress;
    uint32_t candidates; /* that came from it */
    uint16_t error_code; /* of the last error; 0: none */
    char reason[ICE_REASON_MAX];
};

/* Pairs, remote candidates and servers by index; false beyond the last. Local candidates: ice_agent_local_candidate. */
bool ice_agent_pair_report(const struct ice_agent *agent, rtc_time_t now, size_t index, struct ice_pair_report *out);
bool ice_agent_remote_report(const struct ice_agent *agent, size_t index, struct ice_candidate *out);
/* The name of the peer's credentials (RFC 8445 5.3), which all its candidates share; "": it has not said yet. */
const char *ice_agent_remote_ufrag(const struct ice_agent *agent);
/* A candidate that nothing is sent to, with the reason (static text). The first few. */
bool ice_agent_left_out_report(const struct ice_agent *agent, size_t index, struct ice_candidate *out, const char **reason);
bool ice_agent_server_report(const struct ice_agent *agent, size_t index, struct ice_server_report *out);
/* How a TURN server with this URL is spoken to: "udp", "tcp", "tls" (RTCIceServerTransportProtocol). */
const char *ice_relay_protocol_name(const char *url);

/* The two ends of a pair as they are told of. */
void ice_describe_local(const struct ice_agent *agent, const struct ice_pair *pair, struct ice_candidate *out);
void ice_describe_remote(const struct ice_agent *agent, const struct ice_remote *remote, struct ice_candidate *out);

/* A packet of the upper layers left on the selected pair, or could not; arrived. */
void ice_agent_count_sent(struct ice_agent *agent, rtc_time_t now, size_t bytes);
void ice_agent_count_discarded(struct ice_agent *agent, size_t bytes);
/* ice_agent_heard says that it may be taken: then the packet is counted. */
bool ice_agent_receives(struct ice_agent *agent, rtc_time_t now, const struct path *from, size_t bytes);

#endif
