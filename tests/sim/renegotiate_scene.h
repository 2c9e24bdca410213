/* SPDX-License-Identifier: MIT */
/* What the tests of renegotiation share: two connections that are signalled by hand, scripted tracks and channels that come when the test
 * says, and whether frames cross. */
#ifndef CRTC_RENEGOTIATE_SCENE_H
#define CRTC_RENEGOTIATE_SCENE_H

#include "peer_pump.h"

struct scene {
    struct sim_peers p;
    struct peer_pumps pumps;
    struct peer_log log[2];
};

void scene_begin(struct scene *s, uint64_t seed);
void scene_end(struct scene *s);
rtc_data_channel *scene_channel(struct scene *s, int index);
/* Adds a scripted track; its transceiver is the newest. */
struct peer_pump *scene_add_track(struct scene *s, int index, rtc_media_kind kind, rtc_rtp_sender **sender);
void scene_forget_logs(struct scene *s);
/* Of the n-th transceiver, which is negotiated. */
rtc_rtp_direction scene_current_direction(struct scene *s, int index, size_t n);
/* Frames of the n-th transceiver cross within a second. */
void scene_expect_frames(struct scene *s, int index, size_t n);
void scene_expect_no_frames(struct scene *s, int index, size_t n);
/* An offer of peer 0 with its candidates; the caller's. */
char *scene_gathered_offer(struct scene *s);
/* Hands a changed offer of peer 0 to peer 1, and its answer back. Takes the text. */
void scene_exchange_changed(struct scene *s, char *offer);

#endif
