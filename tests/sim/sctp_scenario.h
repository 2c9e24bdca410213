/* SPDX-License-Identifier: MIT */
/* What the scenarios of data channels begin and end with, with cmocka's assertions. */
#ifndef CRTC_SCTP_SCENARIO_H
#define CRTC_SCTP_SCENARIO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "context.h"
#include "sctp_sim.h"

#define SECOND 1000000

struct sctp_sim *sctp_begin(uint64_t seed, const struct sim_link *link, const struct data_channels_options *options);
/* Frees the context with the simulation. */
void sctp_finish(struct sctp_sim *sim);
struct sctp_sim *sctp_connected(uint64_t seed, const struct sim_link *link);
/* One channel of end 0; *theirs is what end 1 sees of it. */
uint32_t sctp_open_one(struct sctp_sim *sim, const struct data_channel_options *options, struct sim_channel **theirs);
/* Sends `count` messages, waiting whenever the queue is full. */
void sctp_send_all(struct sctp_sim *sim, int end, uint32_t handle, size_t len, uint32_t count);
void assert_perfect(const struct sctp_sim *sim, const struct sim_channel *c, uint64_t count);

#endif
