/* SPDX-License-Identifier: MIT */
/* The transport's ICE generations (RFC 8445 section 9): first what a parent does with them, who negotiates them, then what only the
 * transport does. */
#ifndef CRTC_TRANSPORT_ICE_H
#define CRTC_TRANSPORT_ICE_H

#include "transport_types.h"

struct transport;

/* A new generation with `credentials`, or ones of its own when NULL; it belongs to nobody yet (ice_agent_free). */
int transport_ice_make(struct transport *t, const struct ice_credentials *credentials, bool controlling, struct ice_agent **out);
/* The generation of the offer that was set, which restarts; takes the agent. NULL: that offer does not. */
void transport_ice_set_pending(struct transport *t, struct ice_agent *agent);
/* Offer and answer are both known: the pending generation, if any, becomes the one that is negotiated, which is returned. `anew`: what was
 * before it goes at once, with its paths: whoever is at their other end is not the peer any more. `answered`: by us, and the peer has yet
 * to learn of it. */
struct ice_agent *transport_ice_agree(struct transport *t, rtc_time_t now, bool anew, bool answered);
/* In place of the current one, which the peer knows nothing of, another with the same credentials that can gather anew. */
int transport_ice_renew(struct transport *t);
/* The same with an agent that was made before, which it takes: nothing was agreed on, and whatever was gathered and told is over. */
void transport_ice_replace(struct transport *t, struct ice_agent *agent);
/* The answer had the peer's old credentials although our offer was to restart, or not. */
void transport_ice_note_answer(struct transport *t, bool declined);
bool transport_ice_restart_declined(const struct transport *t);
/* Generations up to this one gathered with other settings, or the peer knows of others: the next offer is to restart. Never undone. */
void transport_ice_outdate(struct transport *t, uint32_t generation);
/* The latest one is among them. */
bool transport_ice_is_outdated(const struct transport *t);
/* There is a generation of an offer that restarts and is not answered yet. */
bool transport_ice_is_pending(const struct transport *t);
/* Which role we have; a generation that is made later is given one of its own. */
void transport_ice_set_controlling(struct transport *t, bool controlling);
/* What the peer told of a generation: a candidate, that there is no more. Errors as the agent gives them. */
int transport_ice_add_candidate(struct transport *t, rtc_time_t now, struct ice_agent *agent, const struct ice_candidate *candidate);
void transport_ice_end_candidates(struct transport *t, rtc_time_t now, struct ice_agent *agent);
/* The generation whose path is used, and the one that is negotiated and has none yet (NULL without a restart). */
struct ice_agent *transport_ice_current(const struct transport *t);
struct ice_agent *transport_ice_next(const struct transport *t);
/* The generation that both sides agreed on last. */
struct ice_agent *transport_ice_negotiated(const struct transport *t);
/* The one that the local description which counts speaks of, or the answer to the pending offer will. */
struct ice_agent *transport_ice_latest(const struct transport *t);
/* All that there are; returns how many. */
size_t transport_ice_agents(const struct transport *t, struct ice_agent *out[TRANSPORT_AGENTS_MAX]);
/* It gathers, if it does not: that begins when events are asked for next. */
void transport_ice_gather(struct transport *t, const struct ice_agent *agent);
/* A packet that comes on this socket or connection is for one of them (ice_agent_has_socket). */
bool transport_ice_has_socket(const struct transport *t, uint32_t socket);
/* The newest generation that has begun to gather, by its number; 0: none has. Ones that were left behind do not count. */
uint32_t transport_ice_gathered(const struct transport *t);
/* Binding requests that were for none of our generations, since the one that was negotiated last. */
uint64_t transport_ice_misdirected(const struct transport *t);
/* iceTransportState of the generations together, as it is, and as far as it was told. */
enum ice_state transport_ice_state(const struct transport *t);
enum ice_state transport_ice_told(const struct transport *t);

/* ---- For this folder ---- */

/* Those that were dropped say goodbye, and whoever has nothing left to say goes. True: some were. */
bool transport_ice_part(struct transport *t, rtc_time_t now);
/* An agent's event; true: transport_ice_told() may be another one. */
bool transport_ice_tell(struct transport *t, uint32_t generation, enum ice_state state);
/* How gathering stands, when a generation was dropped in the middle of it. */
bool transport_ice_regain(struct transport *t, struct transport_event *told);
/* Changes over to the next generation once it has a path that is nominated, or one at all when the current one has none; says so. */
bool transport_ice_follow(struct transport *t, rtc_time_t now, struct transport_event *told);
void transport_ice_input(struct transport *t, rtc_time_t now, struct packet *packet);
bool transport_ice_result(struct transport *t, rtc_time_t now, const struct io_result *result);
/* A datagram of this path and size may be taken, and is counted with its pair. */
bool transport_ice_receives(struct transport *t, rtc_time_t now, const struct path *path, size_t bytes);
bool transport_ice_unwrap(struct transport *t, rtc_time_t now, struct packet *packet, struct packet_queue *inner);
bool transport_ice_wrap(struct transport *t, rtc_time_t now, struct packet *packet);
void transport_ice_tick(struct transport *t, rtc_time_t now);
rtc_time_t transport_ice_deadline(const struct transport *t, enum timer_reason *why);
void transport_ice_close(struct transport *t, rtc_time_t now);
void transport_ice_free(struct transport *t);

#endif
