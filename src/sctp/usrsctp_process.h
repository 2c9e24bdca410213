/* SPDX-License-Identifier: MIT */
/* What of usrsctp is one for the whole process: how it is set up, and its clock, which runs from the ticks of all associations.
 * Thread-safe.
 */
#ifndef CRTC_USRSCTP_PROCESS_H
#define CRTC_USRSCTP_PROCESS_H

#include "context.h"

typedef int usrsctp_output(void *address, void *buffer, size_t length, uint8_t tos, uint8_t set_df);

/* At the first call: `output` takes the packets of every association. Always the same. */
void usrsctp_process_begin(usrsctp_output *output);
/* Time is advanced before anything else is done in the engine: a timer started on a stale clock would run out early. */
void usrsctp_process_advance(rtc_time_t now);
/* A first association may live in a time of its own that begins earlier (one simulation after another). */
void usrsctp_process_start_clock(rtc_time_t now);
/* Up to when timers were handled. */
rtc_time_t usrsctp_process_time(void);

#endif
