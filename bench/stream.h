/* SPDX-License-Identifier: MIT */
/* Sends messages of one size through a data channel as fast as it takes them, and says what arrived and what it cost. */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include "common.h"

struct stream_settings {
    double size;      /* bytes per message */
    double seconds;   /* of sending */
    double processes; /* 1: both ends on one loop; 2: a process each */
};

struct stream_result {
    double bytes, messages, seconds;
    double cpu_sender, cpu_receiver; /* seconds; with one process all of it is the sender's */
};

void stream_run(const struct stream_settings *settings, struct stream_result *result);

#endif
