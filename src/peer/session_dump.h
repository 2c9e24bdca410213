/* SPDX-License-Identifier: MIT */
/* The recording of a connection (<crtc/session_dump.h>): when the next report is due, and taking it. */
#ifndef CRTC_SESSION_DUMP_H
#define CRTC_SESSION_DUMP_H

#include "peer.h"

/* RTC_TIME_NEVER: nothing is recorded. */
rtc_time_t session_dump_deadline(const rtc_peer_connection *pc);
/* Takes a report when one is due. */
void session_dump_tick(rtc_peer_connection *pc);

#endif
