/* SPDX-License-Identifier: MIT */
/* The configuration as it was given, for who asks (webrtc-pc 4.4.1.6, getConfiguration). */
#ifndef CRTC_KEPT_CONFIGURATION_H
#define CRTC_KEPT_CONFIGURATION_H

#include "peer.h"

struct kept_configuration;

/* A copy of `c`, whose structs may be those of an older program, with all that it points to: one block of memory, and references to its
 * certificates. */
int kept_configuration_new(rtc_peer_connection *pc, const rtc_configuration *c, struct kept_configuration **out);
/* Wipes it: it has passwords. NULL is legal. */
void kept_configuration_free(rtc_context *context, struct kept_configuration *kept);
const rtc_configuration *kept_configuration_show(const struct kept_configuration *kept);
static inline uint8_t kept_pool_size(const rtc_peer_connection *pc)
{
    return kept_configuration_show(pc->configuration)->ice_candidate_pool_size;
}

#endif
