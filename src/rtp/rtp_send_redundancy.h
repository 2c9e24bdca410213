/* SPDX-License-Identifier: MIT */
/* What was sent of sound, again with what is (RFC 2198): as many of the last packets as the loss that the peer reports asks for. */
#ifndef CRTC_RTP_SEND_REDUNDANCY_H
#define CRTC_RTP_SEND_REDUNDANCY_H

#include "redundancy.h"

#include <crtc/base.h>

enum { REDUNDANCY_DEPTH_MAX = 2 };

/* A part of the stream's redundancy. */
struct redundant_frame {
    uint32_t timestamp;
    uint16_t len; /* 0: none */
    uint8_t bytes[RED_BLOCK_MAX];
};

/* Owned by its stream; written by rtp_send_redundancy.c alone. */
struct rtp_send_redundancy {
    uint8_t payload_type;
    uint32_t depth;    /* that losses ask for, */
    uint32_t most;     /* and that the rate allows */
    uint64_t expected, /* packets of the last reports, the older the less, */
        lost;
    struct redundant_frame sent[REDUNDANCY_DEPTH_MAX]; /* the latest first */
};

/* The number was agreed on, or another one. */
void rtp_send_redundancy_configure(struct rtp_send_redundancy *redundancy, uint8_t payload_type);
/* A report of the peer's. */
void rtp_send_redundancy_report(struct rtp_send_redundancy *redundancy, uint32_t expected, uint32_t lost);
/* How many earlier packets a packet has at most. */
void rtp_send_redundancy_allow(struct rtp_send_redundancy *redundancy, uint32_t most);
/* Writes a frame with those before it, as far as `w` has room. False: it goes alone, as it is. */
bool rtp_send_redundancy_write(const struct rtp_send_redundancy *redundancy, uint8_t payload_type, uint32_t timestamp, struct slice frame,
                               struct writer *w);
/* The frame was sent. */
void rtp_send_redundancy_sent(struct rtp_send_redundancy *redundancy, uint32_t timestamp, struct slice frame);
/* Another codec is sent from now on. */
void rtp_send_redundancy_forget(struct rtp_send_redundancy *redundancy);

#endif
