/* SPDX-License-Identifier: MIT */
/* What sound makes of its part of what a path takes: how long a packet lasts, what the encoder may make, and how often each packet is sent
 * (RFC 2198). A pure function. What is around a packet (headers of IP, UDP and RTP, the tag) is as much on the wire as speech is, fifty
 * times a second: on slow links fewer and longer packets leave more for the sound. */
#ifndef CRTC_RTP_SOUND_RATE_H
#define CRTC_RTP_SOUND_RATE_H

#include <crtc/base.h>

enum { RTP_SOUND_PACKET_MS = 20 };

struct rtp_sound_wish {
    uint32_t share_bps;                       /* on the wire; UINT32_MAX: any */
    uint32_t around_bytes;                    /* of each packet, that are no sound */
    uint32_t most_bps;                        /* of payloads, whatever there is */
    uint32_t copies;                          /* that the losses ask for; at least 1 */
    uint32_t packet_ms;                       /* as it is now */
    uint32_t packet_least_ms, packet_most_ms; /* within which it may change */
};

struct rtp_sound_rate {
    uint32_t target_bps; /* of the encoder, for one copy */
    uint32_t packet_ms;
    uint32_t copies;
};

/* How long packets may be: as the peer asks (a=ptime, a=maxptime, 0: it does not), and 20 ms else; longer ones only where that is allowed. */
void rtp_sound_lengths(uint32_t peer_ms, uint32_t peer_most_ms, bool adaptive, struct rtp_sound_wish *wish);
struct rtp_sound_rate rtp_sound_choose(const struct rtp_sound_wish *wish);
/* What payloads of so many bits a second take on the wire in packets of that length. */
uint32_t rtp_sound_on_wire(uint32_t payload_bps, uint32_t packet_ms, uint32_t around_bytes);

#endif
