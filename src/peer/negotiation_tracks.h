/* SPDX-License-Identifier: MIT */
/* Planning of remote tracks (webrtc-pc 4.4.1.5, "process the addition/removal of a remote track", "set the associated remote streams"): the
 * next state says of each section whether its track is told, and in which streams; what differs from the state before becomes effects, in
 * the order of the standard. */
#ifndef CRTC_NEGOTIATION_TRACKS_H
#define CRTC_NEGOTIATION_TRACKS_H

#include "negotiation_plan.h"

/* What came with sections that are no more goes from the next state; `before`: the state before. */
void negotiation_plan_forget(struct negotiation_plan *plan, const struct negotiation_state *before);
/* Remote tracks appear and vanish in the next state as this remote description says. */
void negotiation_plan_follow_tracks(struct negotiation_plan *plan, const struct session_description *remote);
/* Those that our answer does not want vanish. */
void negotiation_plan_follow_answer(struct negotiation_plan *plan, const struct session_description *answer);
/* Effects for what differs from `before`: tracks that are muted, then streams that lose and get tracks, then tracks that are told, then
 * transceivers that an undone offer made, which go. */
void negotiation_plan_tell_tracks(struct negotiation_plan *plan, const struct negotiation_state *before);

#endif
