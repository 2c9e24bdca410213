/* SPDX-License-Identifier: MIT */
/* SCReAM version 2 (draft-johansson-ccwg-rfc8298bis-screamv2-06, which is to follow RFC 8298): a window of bytes in flight, lowered by
 * losses, by marks of ECN or L4S and by a queue (docs/decisions/0077-scream.md). Needs feedback of each packet. */
#ifndef CRTC_SCREAM_H
#define CRTC_SCREAM_H

#include "congestion.h"

extern const struct congestion_controller scream_controller;

#endif
