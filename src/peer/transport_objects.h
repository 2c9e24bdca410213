/* SPDX-License-Identifier: MIT */
/* What happens to transports, told by their objects (webrtc-pc 5.5, 5.6, 6.1.1): events are queued, and the objects' slots change when
 * these are told. */
#ifndef CRTC_TRANSPORT_OBJECTS_H
#define CRTC_TRANSPORT_OBJECTS_H

#include "dtls_transport.h"
#include "peer.h"
#include "sctp_transport.h"

/* What is told here comes before what the connection tells of the same. ICE: the states that are new. */
void transport_objects_tell_ice(rtc_peer_connection *pc);
void transport_objects_tell_gathering(rtc_peer_connection *pc, size_t number, rtc_ice_gathering_state state);
/* The pair in use may be another one. */
void transport_objects_tell_pair(rtc_peer_connection *pc, size_t number);
void transport_objects_tell_dtls(rtc_peer_connection *pc, size_t number, enum dtls_state state);
void transport_objects_tell_sctp(rtc_peer_connection *pc, size_t number, enum sctp_state state);

/* The application is being told of this candidate. */
void transport_objects_add_local(rtc_peer_connection *pc, rtc_ice_transport *ice, const rtc_ice_candidate *candidate);
/* One that the application brings: made ready (RTC_ERR_NO_MEMORY; NULL: it is known), and added, for which there is room then. */
int transport_objects_make_remote(rtc_context *context, const struct transport *t, const rtc_ice_candidate_init *init,
                                  const rtc_ice_candidate **out);
void transport_objects_add_remote(const struct transport *t, const rtc_ice_candidate *candidate);
/* Those of a section that is being set take the place of those that there are, or join them when it is of the same generation: made ready
 * (RTC_ERR_NO_MEMORY), and then done. */
int transport_objects_ready_remotes(rtc_context *context, const struct transport *t, const struct jsep_section *section);
void transport_objects_take_remotes(const struct transport *t);
/* A description says which role this side has; one of ours was set. */
void transport_objects_set_role(const struct transport *t);
void transport_objects_set_local(const struct transport *t);

/* An association will be agreed on, perhaps in the place of another: there is an object for it. RTC_ERR_NO_MEMORY. */
int transport_objects_ready_sctp(rtc_peer_connection *pc);
/* Descriptions may show one again after they showed none: another then. RTC_ERR_NO_MEMORY. */
int transport_objects_ready_shown_sctp(rtc_peer_connection *pc);
/* It is agreed on, `another`: while there is one; it ends. */
void transport_objects_begin_sctp(rtc_peer_connection *pc, bool another);
void transport_objects_end_sctp(rtc_peer_connection *pc);
/* Descriptions changed: whether there is a section of data, where, and what the peer takes. */
void transport_objects_follow_sctp(rtc_peer_connection *pc);

/* The one that carries the transceiver's section, as webrtc-pc 5.2 has it for its sender; NULL without. */
rtc_dtls_transport *transport_objects_of(const rtc_peer_connection *pc, uint32_t transceiver);
/* A transport that is not needed any more leaves: its objects are told closed, and ask nothing of it afterwards. To be called before it is
 * freed; the list's reference is still its own. */
void transport_objects_leave(rtc_peer_connection *pc, const struct transport *t);
/* The connection is closed: so are they, without an event. */
void transport_objects_close(rtc_peer_connection *pc);

#endif
