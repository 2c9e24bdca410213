/* SPDX-License-Identifier: MIT */
/* Which of the streams that a peer sends in one section (simulcast, RFC 8853) a receiver shows. */
#ifndef CRTC_RECEIVER_RIDS_H
#define CRTC_RECEIVER_RIDS_H

#include "transceiver.h"

/* The streams are those of this section now; the one that was shown goes on being it while it is among them, else the first is.
 * True: it is another one than before, which its receiver has to show when it knows its handle. */
bool receiver_follow_rids(rtc_rtp_receiver *receiver, const struct rtp_section *section);
/* Begins to show the stream that was chosen: from a keyframe on, and muted unless media of it come. `removed`: muted in any case.
 * Allocates one event at most. */
void receiver_show_other(rtc_rtp_transceiver *t, bool removed);

#endif
