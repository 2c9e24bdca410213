/* SPDX-License-Identifier: MIT */
/* What of that which an SCTP engine was given is still unsent, and what is unacknowledged, read off the packets that pass (RFC 9260 3.3.1
 * and 3.3.4). An engine that counts bytes only until they are acknowledged can not answer bufferedAmount; its packets can. */
#ifndef CRTC_FLIGHT_H
#define CRTC_FLIGHT_H

#include "context.h"
#include "slice.h"

/* What went into one stream. */
struct flight_stream {
    uint32_t unsent; /* bytes of user messages */
    uint32_t others; /* bytes of what else is unsent: empty messages, and those that open it */
    uint32_t last;   /* TSN of the last DATA on it */
    bool sent;       /* there is one */
    bool limited;    /* user messages on it may be given up */
    bool lost;       /* when the association was over, or began anew, not everything on it was known to have come */
    uint32_t gone;   /* bytes of user messages that were unsent then */
};

/* Embedded in an engine's association; written by flight.c. */
struct flight {
    rtc_context *context;
    struct flight_stream *streams; /* as many as the highest stream that was sent on takes */
    size_t known;                  /* of them */
    uint64_t total;                /* bytes of everything unsent */
    uint64_t retransmits;
    uint32_t highest; /* TSN sent */
    uint32_t acked;   /* cumulative TSN the peer acknowledged */
    bool started;     /* both are known */
};

void flight_init(struct flight *flight, rtc_context *context);
void flight_fini(struct flight *flight);
/* Bytes of that stream will be counted. RTC_ERR_NO_MEMORY. */
int flight_reserve(struct flight *flight, uint16_t stream);
/* The engine took bytes to send, or gave unsent ones up. */
void flight_given(struct flight *flight, uint16_t stream, uint32_t ppid, size_t bytes);
void flight_abandoned(struct flight *flight, uint16_t stream, uint32_t ppid, size_t bytes);
/* Whether user messages that are given from now on may be given up (RFC 3758). */
void flight_limit(struct flight *flight, uint16_t stream, bool limited);
/* The same, of an association that is up: reliable messages fail only with it, before it is told that they do, and stay unsent. */
void flight_failed(struct flight *flight, uint16_t stream, uint32_t ppid, size_t bytes);
/* The engine says that it has nothing left to send. */
void flight_dry(struct flight *flight);
/* The association is over: what was on its way is lost, and what was unsent stays so. */
void flight_end(struct flight *flight);
/* It begins anew with other TSNs, and with nothing of that. */
void flight_begin_anew(struct flight *flight);
/* A packet left. */
void flight_sent(struct flight *flight, struct slice packet);
/* A packet came. */
void flight_received(struct flight *flight, struct slice packet);
/* The peer has everything up to this TSN. */
bool flight_acknowledged(const struct flight *flight, uint32_t tsn);
bool flight_unacknowledged(const struct flight *flight);
/* At most so many chunks of DATA. */
uint32_t flight_on_its_way(const struct flight *flight);

#endif
