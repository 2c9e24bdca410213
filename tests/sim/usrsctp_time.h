/* SPDX-License-Identifier: MIT */
/* Virtual time and repeatable randomness for usrsctp in a simulation: a test executable that contains usrsctp_time.c defines the two
 * functions through which Debian's library learns them, gettimeofday() and read_random(), and so takes their place. Never part of libcrtc.
 */
#ifndef CRTC_SIM_USRSCTP_TIME_H
#define CRTC_SIM_USRSCTP_TIME_H

#include <crtc/base.h>

/* To be called whenever the simulation's clock moves. */
void sim_time_set(rtc_time_t now);
/* To be called when a simulation starts. */
void sim_time_seed(uint64_t seed);

#endif
