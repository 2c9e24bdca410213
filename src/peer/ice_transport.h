/* SPDX-License-Identifier: MIT */
/* RTCIceTransport (webrtc-pc 5.6) as an object: what was told of a transport's ICE. Its slots are those of the standard, which change in
 * the loop, when an event is told (transport_objects.h). It knows no connection. */
#ifndef CRTC_PEER_ICE_TRANSPORT_H
#define CRTC_PEER_ICE_TRANSPORT_H

#include "transport.h"

#include <crtc/ice_transport.h>

/* References to candidates, in order. A part of its ICE transport; written by ice_transport.c and transport_objects.c. */
struct candidate_list {
    const rtc_ice_candidate **items;
    size_t count, capacity;
};

/* False when out of memory. */
bool candidate_list_reserve(rtc_context *context, struct candidate_list *list, size_t more);
/* There is room for it; takes a reference. */
void candidate_list_add(struct candidate_list *list, const rtc_ice_candidate *candidate);
void candidate_list_clear(struct candidate_list *list);
void candidate_list_fini(rtc_context *context, struct candidate_list *list);

/* Owner: its DTLS transport, a part of which it is. Written by transport_objects.c, and by ice_transport.c for what the application sets.
 */
struct rtc_ice_transport {
    rtc_context *context;        /* the DTLS transport's */
    struct transport *transport; /* the connection's; NULL once that is gone */
    rtc_ice_transport_callbacks callbacks;
    void *user;
    rtc_ice_transport_state state, queued_state; /* as told; as events that wait will */
    rtc_ice_gathering_state gathering;
    bool has_role, has_local;                      /* a description said it; one of ours was set */
    const rtc_ice_candidate *selected[2];          /* local and remote, references; NULL: none */
    struct path queued_path;                       /* of the pair that was queued last */
    uint32_t queued_generation;                    /* of the same; 0: none was */
    struct candidate_list locals, remotes, coming; /* told; the peer's; the same after the description that is being set */
    rtc_ice_parameters shown[2];                   /* local and remote, as they were asked for last */
};

void ice_transport_init(struct rtc_ice_transport *ice, rtc_context *context, struct transport *transport);
void ice_transport_fini(struct rtc_ice_transport *ice);

#endif
