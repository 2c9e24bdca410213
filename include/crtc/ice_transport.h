/* SPDX-License-Identifier: MIT */
/* RTCIceTransport (webrtc-pc 5.6): how the packets of one transport of a connection travel. */
#ifndef CRTC_ICE_TRANSPORT_H
#define CRTC_ICE_TRANSPORT_H

#include <crtc/ice_candidate.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RTCIceTransport: the candidates of both sides, and the pair of them that is used. Each rtc_dtls_transport has one (rtc_dtls_transport_ice_transport); an ICE restart does not
 * make another.
 *
 * What it says of itself is what its events have told: states, pairs and local candidates change in the loop, right before the callback that says so, and not while a
 * description is being set. Closing the connection makes it "closed" at once, without an event.
 *
 * Owner: reference-counted; its reference is that of its DTLS transport. What gives it gives it borrowed.
 * Thread: its connection's; references are taken and dropped on any.
 * Valid: while a reference is held. Once the connection is gone it answers what it knew, without parameters.
 * Errors: of rtc_ice_transport_set_callbacks alone.
 * Section: webrtc-pc 5.6. */
typedef struct rtc_ice_transport rtc_ice_transport;

/* RTCIceTransportState (webrtc-pc 5.6.5). The values are the standard's. */
typedef enum rtc_ice_transport_state {
    RTC_ICE_TRANSPORT_NEW = 0,
    RTC_ICE_TRANSPORT_CHECKING = 1,
    RTC_ICE_TRANSPORT_CONNECTED = 2,
    RTC_ICE_TRANSPORT_COMPLETED = 3,
    RTC_ICE_TRANSPORT_DISCONNECTED = 4,
    RTC_ICE_TRANSPORT_FAILED = 5,
    RTC_ICE_TRANSPORT_CLOSED = 6
} rtc_ice_transport_state;

/* RTCIceGatheringState of a connection (webrtc-pc 4.3.2), and RTCIceGathererState of a transport (5.6.3), which has the same values. The values are the standard's. */
typedef enum rtc_ice_gathering_state { RTC_ICE_GATHERING_NEW = 0, RTC_ICE_GATHERING_GATHERING = 1, RTC_ICE_GATHERING_COMPLETE = 2 } rtc_ice_gathering_state;

/* RTCIceRole. UNKNOWN: no description was set yet that says it. CONTROLLING: this side chooses the pair. CONTROLLED: the peer does. */
typedef enum rtc_ice_role { RTC_ICE_ROLE_UNKNOWN = 0, RTC_ICE_ROLE_CONTROLLING = 1, RTC_ICE_ROLE_CONTROLLED = 2 } rtc_ice_role;

/* RTCIceComponent. RTP carries everything in this stack: RTCP is always multiplexed. RTCP is named for completeness. */
typedef enum rtc_ice_component { RTC_ICE_COMPONENT_RTP = 1, RTC_ICE_COMPONENT_RTCP = 2 } rtc_ice_component;

/* RTCIceParameters. */
typedef struct rtc_ice_parameters {
    size_t size;                   /* sizeof(rtc_ice_parameters) of the library */
    const char *username_fragment; /* a=ice-ufrag */
    const char *password;          /* a=ice-pwd */
} rtc_ice_parameters;

/* Events of an ICE transport; every member but size may be NULL. What changed is stored by then. They come before those of the connection that follow from them. */
typedef struct rtc_ice_transport_callbacks {
    size_t size;
    /* statechange. */
    void (*on_state_change)(rtc_ice_transport *transport, void *user, rtc_ice_transport_state state);
    /* gatheringstatechange. */
    void (*on_gathering_state_change)(rtc_ice_transport *transport, void *user, rtc_ice_gathering_state state);
    /* selectedcandidatepairchange: see rtc_ice_transport_selected_candidate_pair. */
    void (*on_selected_candidate_pair_change)(rtc_ice_transport *transport, void *user);
} rtc_ice_transport_callbacks;

/* Takes or drops a reference. Any thread; NULL is legal. */
RTC_EXPORT rtc_ice_transport *rtc_ice_transport_ref(rtc_ice_transport *transport);
RTC_EXPORT void rtc_ice_transport_unref(rtc_ice_transport *transport);
/* Sets the events' receiver; `callbacks` is copied, NULL clears: after that none runs any more.
 * Errors: RTC_ERR_TYPE (transport is NULL, a size that is not set), RTC_ERR_NOT_SUPPORTED (a callback that this version of the library does not know). The receiver
 * stays then. */
RTC_EXPORT int rtc_ice_transport_set_callbacks(rtc_ice_transport *transport, const rtc_ice_transport_callbacks *callbacks, void *user);
/* What rtc_ice_transport_set_callbacks was given last. */
RTC_EXPORT void *rtc_ice_transport_user(const rtc_ice_transport *transport);

/* role. */
RTC_EXPORT rtc_ice_role rtc_ice_transport_role(const rtc_ice_transport *transport);
/* component. */
RTC_EXPORT rtc_ice_component rtc_ice_transport_component(const rtc_ice_transport *transport);
/* state. */
RTC_EXPORT rtc_ice_transport_state rtc_ice_transport_get_state(const rtc_ice_transport *transport);
/* gatheringState. */
RTC_EXPORT rtc_ice_gathering_state rtc_ice_transport_gathering_state(const rtc_ice_transport *transport);
/* getLocalCandidates: those that on_ice_candidate was told of this generation, in that order. getRemoteCandidates: those of the peer's descriptions and of
 * rtc_peer_connection_add_ice_candidate; never ones that only its checks revealed. The list is borrowed until the next call into the connection, also by its loop; *count says
 * how many. */
RTC_EXPORT const rtc_ice_candidate *const *rtc_ice_transport_local_candidates(const rtc_ice_transport *transport, size_t *count);
RTC_EXPORT const rtc_ice_candidate *const *rtc_ice_transport_remote_candidates(const rtc_ice_transport *transport, size_t *count);
/* getSelectedCandidatePair: false when there is none, and nothing is written. Each is borrowed like a list. */
RTC_EXPORT bool rtc_ice_transport_selected_candidate_pair(const rtc_ice_transport *transport, const rtc_ice_candidate **local, const rtc_ice_candidate **remote);
/* getLocalParameters, getRemoteParameters: NULL before a description of that side was set. Borrowed until the next call into the connection, also by its loop. */
RTC_EXPORT const rtc_ice_parameters *rtc_ice_transport_local_parameters(rtc_ice_transport *transport);
RTC_EXPORT const rtc_ice_parameters *rtc_ice_transport_remote_parameters(rtc_ice_transport *transport);

/* The W3C names: "checking", "gathering", "controlling", "rtp", ... Static storage; "?" for a value that is none. Any thread. */
RTC_EXPORT const char *rtc_ice_transport_state_name(rtc_ice_transport_state state);
RTC_EXPORT const char *rtc_ice_gathering_state_name(rtc_ice_gathering_state state);
RTC_EXPORT const char *rtc_ice_role_name(rtc_ice_role role);
RTC_EXPORT const char *rtc_ice_component_name(rtc_ice_component component);

#ifdef __cplusplus
}
#endif
#endif
