/* SPDX-License-Identifier: MIT */
/* The agent: it owns the parts, each of which is a struct with a header of its own that says who writes to it. They stand on each other as
 * their headers tell, the later ones below on the earlier, and call nothing that stands on them. Only the files that include this one see
 * more than a part and what it stands on: there the parts meet. Among those ice_agent.c stands on the others, ice_interfaces.c on
 * ice_gather.c. */
#ifndef CRTC_ICE_INTERNAL_H
#define CRTC_ICE_INTERNAL_H

#include "ice_lite.h"
#include "ice_lookup.h"
#include "ice_nominate.h"
#include "ice_query.h"
#include "ice_reach.h"
#include "ice_relay.h"
#include "ice_send.h"
#include "ice_tcp.h"

/* The request for the system's list of interfaces, which is answered again whenever the list changes: written by ice_interfaces.c only.
 *
 *   UNASKED --gathering begins--> AWAITED --failed, too late--> UNKNOWN --a later list--> KNOWN
 *                                    +--a list-------------------------------------------^ */
enum ice_interfaces_state { ICE_INTERFACES_UNASKED, ICE_INTERFACES_AWAITED, ICE_INTERFACES_UNKNOWN, ICE_INTERFACES_KNOWN };
extern const struct moves ice_interfaces_moves;

/* The request that tells of the local addresses. Part of the agent; written by ice_interfaces.c alone. */
struct ice_interfaces {
    uint32_t id; /* 0 unless it is open */
    enum ice_interfaces_state state;
};

/* Those of the agent's own state, which ice_agent.c alone sets. */
extern const struct moves ice_agent_moves;

/* Owned by the transport (src/transport/transport_ice.c), made by ice_agent_new(), never moved. `contested` is written by ice_agent.c. */
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

#endif
