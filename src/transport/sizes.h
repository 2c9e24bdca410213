/* SPDX-License-Identifier: MIT */
/* How large a thing may be, layer by layer: the one place where overheads are added up. No UDP payload is over PACKET_MTU. */
#ifndef CRTC_SIZES_H
#define CRTC_SIZES_H

#include "packet.h"

enum {
    SIZE_DATAGRAM = PACKET_MTU,
    SIZE_IPV4_UDP = 20 + 8,
    SIZE_IPV6_UDP = 40 + 8,
    SIZE_DTLS_OVERHEAD = 13 + 8 + 16, /* record header, explicit nonce, AEAD tag */
    /* Handshake flights of DTLS, which leave before a relay's channel is bound: a Send indication for an IPv6 peer (20 + 24 + 4, padded) is
       put around. */
    SIZE_RELAY_INDICATION = 52
};

/* Of an SCTP packet that goes through a relay which adds `overhead` bytes; SCTP pads to four bytes. */
static inline uint16_t size_sctp_packet(uint32_t overhead)
{
    return (uint16_t)((SIZE_DATAGRAM - SIZE_DTLS_OVERHEAD - overhead) & ~3u);
}

#endif
