/* SPDX-License-Identifier: MIT */
/* The states of a connection that follow from those of its transports (webrtc-pc 4.3.2 to 4.3.4). Pure. */
#ifndef CRTC_CONNECTION_STATES_H
#define CRTC_CONNECTION_STATES_H

#include "dtls.h"
#include "ice_agent.h"

#include <crtc/peer_connection.h>

/* How one transport stands. */
struct transport_states {
    enum ice_state ice, ice_told; /* as it is; as far as its events told of it */
    enum dtls_state dtls;
    enum ice_gathering_state gathering;
    bool idle; /* it carries nothing at the moment, and counts as one that is closed */
};

/* RTCPeerConnectionState. Of one that is closed neither this nor the next is asked. */
rtc_peer_connection_state connection_state_of(const struct transport_states *transports, size_t count);
/* RTCIceConnectionState, of ice_told: events carry it, so that it passes through every state that an agent had. */
rtc_ice_connection_state ice_connection_state_of(const struct transport_states *transports, size_t count);
rtc_ice_gathering_state gathering_state_of(const struct transport_states *transports, size_t count);

#endif
