/* SPDX-License-Identifier: MIT */
/* Who passes on what a receiver gets; see <crtc/forward.h>. Packets come on its connection's thread, and go into inboxes. */
#ifndef CRTC_FORWARDER_H
#define CRTC_FORWARDER_H

#include "forward_inbox.h"
#include "forward_layers.h"
#include "transceiver.h"

#include <crtc/forward.h>

/* RTP_EVENT_FORWARD of the receiver (borrowed). NULL is legal. */
void forwarder_packet(rtc_forwarder *forwarder, rtc_time_t now, struct forward_packet *packet);
/* The receiver's transceiver goes: nothing comes any more. Drops the receiver's reference; NULL is legal. */
void forwarder_detach(rtc_forwarder *forwarder);

/* Any thread. The inbox is in the list until it is removed. */
void forwarder_add(rtc_forwarder *forwarder, struct forward_inbox *inbox);
void forwarder_remove(rtc_forwarder *forwarder, struct forward_inbox *inbox);
/* Asks the peer for a keyframe of this layer. */
void forwarder_request_keyframe(rtc_forwarder *forwarder, uint8_t layer);
/* The layers as they are: how many. */
size_t forwarder_layers(rtc_forwarder *forwarder, rtc_time_t now, struct forward_layer out[FORWARD_LAYERS_MAX]);

#endif
