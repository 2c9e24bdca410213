/* SPDX-License-Identifier: MIT */
/* Google congestion control (draft-ietf-rmcat-gcc-02, with what is known of how it went on, and with departures of our own:
 * docs/decisions/0076-congestion-control.md): a rate by delay, a limit by loss, and probes. Needs feedback of each packet. */
#ifndef CRTC_GCC_H
#define CRTC_GCC_H

#include "congestion.h"

extern const struct congestion_controller gcc_controller;

#endif
