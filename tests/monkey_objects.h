/* SPDX-License-Identifier: MIT */
/* What the monkey does to the objects beside the connection: transports, streams, senders and receivers, tones, dumps, descriptions. */
#ifndef CRTC_TEST_MONKEY_OBJECTS_H
#define CRTC_TEST_MONKEY_OBJECTS_H

#include "monkey.h"

/* One of them. */
void monkey_act_on_objects(struct monkey_side *side);
/* Lets go of what the side has of them. */
void monkey_objects_fini(struct monkey_side *side);

/* Of monkey.c: a number, a result that must be the library's, any handle or NULL, a track of the caller's; something is done from within a
 * callback. */
uint32_t monkey_dice(struct monkey_side *side, uint32_t below);
void monkey_expect(int result);
rtc_rtp_transceiver *monkey_transceiver(struct monkey_side *side);
rtc_data_channel *monkey_channel(struct monkey_side *side);
rtc_media_stream_track *monkey_track(struct monkey_side *side);
void monkey_called(struct monkey_side *side);

#endif
