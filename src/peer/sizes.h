/* How large a thing may be, layer by layer: the one place where overheads are added up. No UDP payload is over PACKET_MTU. */
#ifndef CRTC_SIZES_H
#define CRTC_SIZES_H

#include "packet.h"

enum {
    SIZE_DATAGRAM = PACKET_MTU,
    SIZE_DTLS_OVERHEAD = 13 + 8 + 16,                             /* record header, explicit nonce, AEAD tag */
    SIZE_SCTP_PACKET = (SIZE_DATAGRAM - SIZE_DTLS_OVERHEAD) & ~3, /* SCTP pads to four bytes */
    SIZE_RTP_DATAGRAM = SIZE_DATAGRAM
};

#endif
