/* SPDX-License-Identifier: MIT */
/* The W3C names of states and SDP types. */
#include <crtc/peer_connection.h>
#include <string.h>

#define NAME_OF(table, value) ((size_t)(value) < sizeof(table) / sizeof(table)[0] ? (table)[value] : "?")

const char *rtc_signaling_state_name(rtc_signaling_state state)
{
    static const char *const names[] = {"stable", "have-local-offer", "have-remote-offer", "have-local-pranswer", "have-remote-pranswer",
                                        "closed"};
    return NAME_OF(names, state);
}

const char *rtc_ice_gathering_state_name(rtc_ice_gathering_state state)
{
    static const char *const names[] = {"new", "gathering", "complete"};
    return NAME_OF(names, state);
}

const char *rtc_ice_transport_state_name(rtc_ice_transport_state state)
{
    static const char *const names[] = {"new", "checking", "connected", "completed", "disconnected", "failed", "closed"};
    return NAME_OF(names, state);
}

const char *rtc_ice_role_name(rtc_ice_role role)
{
    static const char *const names[] = {"unknown", "controlling", "controlled"};
    return NAME_OF(names, role);
}

const char *rtc_ice_component_name(rtc_ice_component component)
{
    static const char *const names[] = {"?", "rtp", "rtcp"};
    return NAME_OF(names, component);
}

const char *rtc_sctp_transport_state_name(rtc_sctp_transport_state state)
{
    static const char *const names[] = {"connecting", "connected", "closed"};
    return NAME_OF(names, state);
}

const char *rtc_ice_connection_state_name(rtc_ice_connection_state state)
{
    static const char *const names[] = {"new", "checking", "connected", "completed", "disconnected", "failed", "closed"};
    return NAME_OF(names, state);
}

const char *rtc_peer_connection_state_name(rtc_peer_connection_state state)
{
    static const char *const names[] = {"new", "connecting", "connected", "disconnected", "failed", "closed"};
    return NAME_OF(names, state);
}

const char *rtc_data_channel_state_name(rtc_data_channel_state state)
{
    static const char *const names[] = {"connecting", "open", "closing", "closed"};
    return NAME_OF(names, state);
}

const char *rtc_dtls_transport_state_name(rtc_dtls_transport_state state)
{
    static const char *const names[] = {"new", "connecting", "connected", "closed", "failed"};
    return NAME_OF(names, state);
}

static const char *const sdp_types[] = {"", "offer", "pranswer", "answer", "rollback"};

const char *rtc_sdp_type_name(rtc_sdp_type type)
{
    return NAME_OF(sdp_types, type);
}

rtc_sdp_type rtc_sdp_type_from_name(const char *name)
{
    for (size_t i = 1; name && i < sizeof sdp_types / sizeof sdp_types[0]; i++)
        if (strcmp(name, sdp_types[i]) == 0)
            return (rtc_sdp_type)i;
    return RTC_SDP_NONE;
}

const char *rtc_circuit_name(rtc_circuit circuit)
{
    static const char *const names[] = {"closed", "reduced", "stopped"};
    return NAME_OF(names, circuit);
}
