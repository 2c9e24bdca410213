/* SPDX-License-Identifier: MIT */
/* See first_transport.h. */
#include "first_transport.h"

rtc_dtls_transport *first_transport(const rtc_peer_connection *connection)
{
    rtc_sctp_transport *sctp = rtc_peer_connection_sctp(connection);
    for (size_t i = 0; i < rtc_peer_connection_transceiver_count(connection); i++) {
        rtc_rtp_transceiver *transceiver = rtc_peer_connection_transceiver(connection, i);
        rtc_dtls_transport *transport = rtc_rtp_sender_transport(rtc_rtp_transceiver_sender(transceiver));
        if (transport != NULL) {
            return transport;
        }
    }
    return sctp == NULL ? NULL : rtc_sctp_transport_transport(sctp);
}
