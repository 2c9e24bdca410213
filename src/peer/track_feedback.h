/* SPDX-License-Identifier: MIT */
/* A received track that is sent on: what its consumers ask of it - a keyframe, a rate - on any thread, brought to the connection that
 * receives it, whose peer is asked in turn. So a request passes through every hop. */
#ifndef CRTC_TRACK_FEEDBACK_H
#define CRTC_TRACK_FEEDBACK_H

#include <crtc/media.h>
#include <crtc/peer_connection.h>

struct track_feedback;

/* One reference for the transceiver, which detaches it, and one for the source that is made with `ops` and it as user. */
int track_feedback_new(rtc_peer_connection *pc, rtc_rtp_transceiver *t, struct track_feedback **out);
extern const rtc_media_source_ops track_feedback_ops;
/* Nobody listens any more. The transceiver's reference goes; NULL is legal. */
void track_feedback_detach(struct track_feedback *f);

#endif
