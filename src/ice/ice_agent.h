/* SPDX-License-Identifier: MIT */
/* An ICE agent (RFC 8445, trickle RFC 8838, dual stack RFC 8421, consent RFC 7675, patience RFC 8863) for one component and one data
 * stream: a pure state machine. Time and datagrams go in; datagrams, requests for sockets and names, and events come out.
 *
 *   NEW --candidate/credentials--> CHECKING --selected--> CONNECTED --we control, all checks done--> COMPLETED
 *                                    | ^ |                  |  ^  consent lost/regained                |
 *          all failed, more may come | | | there is more    v  |                                       |
 *                                    | +-+--------------- DISCONNECTED <-------------------------------+
 *                                    +--> FAILED <----------'
 *   any --close--> CLOSED                      (RTCIceTransportState, webrtc-pc 5.6.5)
 */
#ifndef CRTC_ICE_AGENT_H
#define CRTC_ICE_AGENT_H

#include "ice_types.h"

int ice_agent_new(rtc_context *context, const struct ice_options *options, struct ice_agent **out);
void ice_agent_free(struct ice_agent *agent);

/* 48 and 142 random bits. */
void ice_credentials_make(rtc_context *context, struct ice_credentials *out);
bool ice_credentials_equal(const struct ice_credentials *a, const struct ice_credentials *b);
/* Local credentials, for the whole life of the agent. Borrowed. */
const struct ice_credentials *ice_agent_credentials(const struct ice_agent *agent);
const char *ice_agent_local_ufrag(const struct ice_agent *agent);
uint32_t ice_agent_generation(const struct ice_agent *agent);
/* 4-256 and 22-256 ICE characters (RFC 8839 5.4), or '-', '_', '=', '#', which browsers accept too. */
bool ice_credentials_are_valid(struct slice ufrag, struct slice password);
/* RTC_ERR_SYNTAX unless valid. Setting the same again is harmless; different ones belong to another generation, which is another agent:
 * RTC_ERR_INVALID_STATE. */
int ice_agent_set_remote_credentials(struct ice_agent *agent, rtc_time_t now, struct slice ufrag, struct slice password, struct out *out);
bool ice_agent_has_remote_credentials(const struct ice_agent *agent);
/* False before they are set. Borrowed. */
bool ice_agent_remote_credentials(const struct ice_agent *agent, const char **ufrag, const char **password);
bool ice_agent_remote_credentials_are(const struct ice_agent *agent, struct slice ufrag, struct slice password);
/* Changes the role before the peer is known (both roles are taken at set-up); later the tie-breaker decides. */
void ice_agent_set_controlling(struct ice_agent *agent, bool controlling);
bool ice_agent_controlling(const struct ice_agent *agent);
/* The peer is ICE-lite (a=ice-lite): we control. Two lite agents would leave everything unchecked: ours then is a full one. */
void ice_agent_set_remote_lite(struct ice_agent *agent);

/* Replaces the servers and the policy; without effect once gathering has begun. RTC_ERR_RANGE for too many. */
int ice_agent_set_servers(struct ice_agent *agent, const struct ice_server *servers, uint32_t count, bool relay_only);
/* Starts gathering: requests interfaces, then sockets, then server-reflexive addresses. Harmless when already begun. Unless it is to
 * gather once, the agent goes back from COMPLETE to ACTIVE when the network changes. */
void ice_agent_gather(struct ice_agent *agent, rtc_time_t now, struct out *out);
/* The peer's candidate. One with a name is resolved first, in the background (ice_names.c); of TCP all but passive ones are ignored.
 * RTC_ERR_QUOTA_EXCEEDED beyond the limit. Before the credentials are known it is kept. */
int ice_agent_add_remote_candidate(struct ice_agent *agent, rtc_time_t now, const struct ice_candidate *candidate, struct out *out);
void ice_agent_end_of_remote_candidates(struct ice_agent *agent, rtc_time_t now, struct out *out);

/* This generation follows another one that works, and the peer has yet to get the answer with our candidates: unless it begins before, its
 * candidates are checked in a while only. A check that comes before the answer shows libwebrtc a peer-reflexive candidate, whose pairs it
 * gives up for good in favour of the host candidate's that it has. Until it begins our first checks gain nothing: it can not answer them.
 */
void ice_agent_let_peer_begin(struct ice_agent *agent, rtc_time_t now);

/* One of its sockets, or of its connections, is that one (rtc_path.socket); 0 is nobody's. */
bool ice_agent_has_socket(const struct ice_agent *agent, uint32_t socket);
/* A datagram whose first byte is 0-3 (RFC 7983). False: it is for another agent that may share the socket (a socket that is not this one's,
 * a request for another username fragment, a response to a request that this one did not send), and nothing was counted. */
bool ice_agent_input(struct ice_agent *agent, rtc_time_t now, const struct path *from, struct slice packet, struct out *out);
/* Whether the next datagrams come on a path that belongs to another connection (an endpoint's contest). A full agent's own check shows who
 * is there; a lite one then asks before it answers. */
void ice_agent_contest(struct ice_agent *agent, bool contested);
/* True when the result's id was this agent's. */
bool ice_agent_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out);
void ice_agent_tick(struct ice_agent *agent, rtc_time_t now, struct out *out);
rtc_time_t ice_agent_deadline(const struct ice_agent *agent, enum timer_reason *why);
/* Gives allocations back and asks for the sockets to be closed; no event follows. Allocations over UDP take a moment, in which the server
 * may ask for another nonce: until then there is a deadline, packets are to be unwrapped, and the last sockets are closed later. A
 * second call does not wait for that. */
void ice_agent_close(struct ice_agent *agent, rtc_time_t now, struct out *out);

/* What arrives on the transport of a TURN server, or on a TCP connection, is no datagram of a peer: before anything else, packets are
 * offered to ice_agent_unwrap. It takes those (true) and appends what peers sent through them to `inner`, each with the path of the relayed
 * address or of the connection, to be treated like any other. All these paths are of datagrams (PATH_UDP), and those of relayed addresses
 * have socket ids of their own, which no request opened; ice_agent_wrap gives a packet for such a path (and no other) its real path and
 * form in place. False: it can not be sent, and stays the caller's. */
bool ice_agent_unwrap(struct ice_agent *agent, rtc_time_t now, struct packet *packet, struct packet_queue *inner, struct out *out);
bool ice_agent_wrap(struct ice_agent *agent, rtc_time_t now, struct packet *packet);
/* How many bytes wrapping adds on the selected pair; 0 when it is directly over UDP. */
uint32_t ice_agent_overhead(const struct ice_agent *agent);

enum ice_state ice_agent_state(const struct ice_agent *agent);
/* There was a path once, whatever became of it. */
bool ice_agent_had_path(const struct ice_agent *agent);
enum ice_gathering_state ice_agent_gathering_state(const struct ice_agent *agent);
/* The pair to send on, which has consent; NULL when nothing may be sent. Borrowed until the next call. */
const struct path *ice_agent_selected(const struct ice_agent *agent);
/* That pair is nominated, by whoever controls; a lite agent's always is. */
bool ice_agent_has_nominated(const struct ice_agent *agent);
/* There is such a pair, and the peer was heard on it lately. */
bool ice_agent_is_alive(const struct ice_agent *agent, rtc_time_t now);
bool ice_agent_selected_info(const struct ice_agent *agent, struct ice_selected *out);
/* When a Binding request from, or success response for, this 5-tuple was authenticated last: DTLS and media from it may be taken; -1:
 * never. */
rtc_time_t ice_agent_heard(const struct ice_agent *agent, const struct path *from);
/* When a request of ours was answered from there last, which nobody can do who only writes the address on what it sends; -1: never. */
rtc_time_t ice_agent_answered(const struct ice_agent *agent, const struct path *from);
/* Smoothed round trip; 0 when unmeasured. */
rtc_time_t ice_agent_rtt_us(const struct ice_agent *agent);
/* Local candidates by index, in the order they were gathered; false beyond the last. One that is hidden has its name beside its address. */
bool ice_agent_local_candidate(const struct ice_agent *agent, size_t index, struct ice_candidate *out);
/* Why the last remote name that was not resolved was not: static text; NULL when none failed. */
const char *ice_agent_name_failure(const struct ice_agent *agent);
const struct ice_counters *ice_agent_counters(const struct ice_agent *agent);

#endif
