/* SPDX-License-Identifier: MIT */
/* The transport that everything shares once the peer has bundled it. */
#ifndef COMMON_FIRST_TRANSPORT_H
#define COMMON_FIRST_TRANSPORT_H

#include <crtc/crtc.h>

/* Of the first transceiver that has one, or of the data channels. NULL before descriptions are exchanged. Borrowed from the connection. */
rtc_dtls_transport *first_transport(const rtc_peer_connection *connection);

#endif
