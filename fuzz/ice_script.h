/* SPDX-License-Identifier: MIT */
/* What the targets of ICE have in common: inputs are scripts of steps, and a step is done to an agent. */
#ifndef CRTC_FUZZ_ICE_SCRIPT_H
#define CRTC_FUZZ_ICE_SCRIPT_H

#include "ice_agent.h"
#include "reader.h"
#include "stun_message.h"

#define SCRIPT_UFRAG "peer"
#define SCRIPT_PASSWORD "0123456789abcdefghijkl"

enum { SCRIPT_MESSAGE_MAX = 512 };

/* The next step: a kind below `kinds`, a length and that many bytes. False at the end. */
bool script_next(struct reader *script, unsigned kinds, unsigned *kind, struct slice *bytes);
/* Time passes, as much as two bytes say, and the agent is told; its deadline must always move on. `drain(user)` after each tick. */
void script_time(struct ice_agent *agent, rtc_time_t *now, struct slice bytes, struct out *out, void (*drain)(void *user), void *user);
/* A candidate of the peer, if it is one. */
void script_candidate(struct ice_agent *agent, rtc_time_t now, struct slice text, struct out *out);
/* A STUN message that the agent believes: the peer's user name, the attributes of the script and an integrity by `key`. Gives its length.
 */
size_t script_message(uint8_t *bytes, size_t capacity, const struct ice_agent *agent, uint16_t type, const uint8_t *transaction,
                      const char *key, struct slice attributes);

#endif
