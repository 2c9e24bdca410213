/* SPDX-License-Identifier: MIT */
/* RTCConfiguration, read and checked. */
#ifndef CRTC_CONFIGURATION_H
#define CRTC_CONFIGURATION_H

#include "peer.h"

/* What a new connection is made with. An endpoint that is named there admits it, and calls lost(pc) when it is closed. */
int configuration_begin(rtc_peer_connection *pc, const rtc_configuration *configuration, void (*lost)(void *pc));
/* What a connection may change. *servers_changed: the ICE servers or the policy are others than before. On failure everything stays. */
int configuration_change(rtc_peer_connection *pc, const rtc_configuration *configuration, bool *servers_changed);
void configuration_forget_servers(rtc_peer_connection *pc);

#endif
