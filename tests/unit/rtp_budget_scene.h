/* SPDX-License-Identifier: MIT */
/* A session with feedback about each packet, whose controller says what a test tells it to say; and what leaves of it. */
#ifndef CRTC_RTP_BUDGET_SCENE_H
#define CRTC_RTP_BUDGET_SCENE_H

#include "rtp_scripted_peer.h"

#include "congestion.h"

/* What the controller says, and what it was told. */
struct script {
    struct congestion face;
    struct congestion_target target;
    struct congestion_probe probe; /* id 0: none */
    struct congestion_limits limits;
    struct congestion_packet packets[256];
    struct congestion_result results[256];
    size_t sent, told, paths, ticks;
    uint64_t remb;
    bool alive;
};
extern struct script script;

enum { NUMBER_ID = 3, WIRE = 28 };

/* A section whose packets are numbered for feedback. */
struct rtp_section numbered(struct rtp_section section);
/* Fixtures. */
int begin_numbered(void **state);
int end_numbered(void **state);
void send_picture(size_t len); /* a keyframe */
int send_delta(size_t len);    /* one that refers to it */
void send_sound(void);

/* What left as RTP. */
struct on_wire {
    size_t count, bytes, padding;
    uint32_t numbers[256], ssrcs[256]; /* numbers: 0x10000 without */
};

/* Time passes until then; what leaves meanwhile. */
struct on_wire run(rtc_time_t until);

#endif
