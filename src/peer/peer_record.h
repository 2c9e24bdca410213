/* SPDX-License-Identifier: MIT */
/* What is noted of a connection while it is recorded (<crtc/session_dump.h>): calls and events, under the names that webrtc-internals has
 * for them, with what it says of them as JSON. Nothing happens while it is not. */
#ifndef CRTC_PEER_RECORD_H
#define CRTC_PEER_RECORD_H

#include "peer.h"

/* `type` is a static text. `members` are those of an object, "name:s" for a text (NULL: null), "name:x" for one that is a slice, "name:d"
 * for an int, "name:b" for a bool, "name:l" for a list of texts (const char *const *, size_t), with a space between them; the values
 * follow. "": there is nothing to say. */
void peer_record(rtc_peer_connection *pc, const char *type, const char *members, ...);
/* One that says one word. */
void peer_record_word(rtc_peer_connection *pc, const char *type, const char *word);
/* How a call ended: `done` or `failed`, with the words of the failure. */
void peer_record_end(rtc_peer_connection *pc, const char *done, const char *failed, int error);
void peer_record_state(rtc_peer_connection *pc, enum peer_state_event which, int state);

#endif
