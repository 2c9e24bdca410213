/* SPDX-License-Identifier: MIT */
/* The moves of the signalling state (webrtc-pc 4.3.1, RFC 9429 section 3.2), as one table.
 *
 *                  set local offer                         set local offer (again)
 *   STABLE --------------------------> HAVE_LOCAL_OFFER -----------------.
 *     |  ^                              |        ^                       |
 *     |  '---- set remote answer -------'        '-----------------------'
 *     |
 *     |            set remote offer                        set remote offer (in place of the last)
 *     '------------------------------> HAVE_REMOTE_OFFER ----------------.
 *        ^                              |        ^                       |
 *        '----- set local answer -------'        '-----------------------'
 *
 * A provisional answer, of the side that answers, leads to HAVE_REMOTE_PRANSWER or HAVE_LOCAL_PRANSWER; more of them stay there, and the
 * answer leads on to STABLE. A rollback goes back to STABLE: a local one from HAVE_LOCAL_OFFER, a remote one from HAVE_REMOTE_OFFER. A
 * remote offer in HAVE_LOCAL_OFFER is no move: description_api.c makes it two, of which the first is a local rollback. */

#ifndef CRTC_SIGNALING_H
#define CRTC_SIGNALING_H

#include <crtc/peer_connection.h>

enum signaling_side { SIGNALING_LOCAL, SIGNALING_REMOTE };

/* Whether a description of this side and type may be set in state `from`; then *to (may be NULL) is the state after it. */
bool signaling_move(rtc_signaling_state from, enum signaling_side side, rtc_sdp_type type, rtc_signaling_state *to);

#endif
