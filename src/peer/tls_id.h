/* SPDX-License-Identifier: MIT */
/* What our side calls its DTLS associations (a=tls-id: RFC 8842 sections 4 and 5, RFC 9429 sections 5.2.1 and 5.3.1): each its own, and in
 * every description the same while it stays. */
#ifndef CRTC_PEER_TLS_ID_H
#define CRTC_PEER_TLS_ID_H

#include "negotiation_state.h"

enum { TLS_ID_LEN = 20 /* 120 bits, as many as RFC 8842 section 4 wants */ };

/* Of an association that begins with these credentials of ours, carried by the section `mid`: nobody can guess it before, and the same
 * description that is made again says the same. */
void tls_id_make(const struct ice_credentials *credentials, const char *mid, char out[TLS_ID_LEN + 1]);
/* As the descriptions have it that agreed on this transport: one that goes on without a name keeps having none. Borrowed from them. */
struct slice tls_id_agreed(const struct negotiation_state *stable, size_t transport);

#endif
