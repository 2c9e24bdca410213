/* SPDX-License-Identifier: MIT */
/* Which moment of the sender's clock a media sample belongs to, and lip sync (RFC 3550 6.4.1): sender reports tie RTP timestamps to the
 * sender's NTP clock, which its streams share. Streams that belong together play with the same latency against that clock; the one that
 * is ahead is held back, in small steps. */
#ifndef CRTC_PLAYOUT_SYNC_H
#define CRTC_PLAYOUT_SYNC_H

#include <crtc/base.h>

/* One stream's RTP clock against the sender's NTP clock. Part of a receiver; written by playout_sync.c. */
struct sender_clock {
    bool known;
    uint32_t clock_rate;
    int64_t wall_us;    /* the sender's clock at its last report */
    uint32_t timestamp; /* the RTP timestamp of that moment */
};

void sender_clock_report(struct sender_clock *clock, uint64_t ntp, uint32_t timestamp);
/* The sender's time for a timestamp within half the timestamp space of the last report. */
int64_t sender_clock_time(const struct sender_clock *clock, uint32_t timestamp);

/* One stream's part in a pair. `base` is when a sample can be played at the earliest minus its time by the sender's clock: it means
 * something only against the partner's. The buffers bound how fast they follow `added`. A value of a receiver's, filled for one step. */
struct playout_party {
    bool known;
    int64_t base;
    rtc_time_t own_delay; /* what the stream would wait by itself */
    rtc_time_t delay;     /* what it waits now */
    rtc_time_t added;     /* the minimum delay that sync asks for; 0: none */
};

/* One step, taken about every SYNC_EVERY_US. Returns how far audio plays behind (+) video, in microseconds. */
enum { SYNC_EVERY_US = 100000 };
int64_t playout_sync_step(struct playout_party *audio, struct playout_party *video);

#endif
