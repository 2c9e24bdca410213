/* SPDX-License-Identifier: MIT */
/* RTCSctpTransport (webrtc-pc 6.1.1) as an object: what was told of an association. It knows no connection. */
#ifndef CRTC_PEER_SCTP_TRANSPORT_H
#define CRTC_PEER_SCTP_TRANSPORT_H

#include <crtc/sctp_transport.h>
#include <stdatomic.h>

/* Owner: its connection, and whoever has references. Written by transport_objects.c, and by sctp_transport.c for what the application
 * sets. */
struct rtc_sctp_transport {
    atomic_uint references;
    rtc_context *context; /* a reference */
    rtc_sctp_transport_callbacks callbacks;
    void *user;
    rtc_sctp_transport_state state; /* as told, as the next */
    uint16_t max_channels;
    bool shown;                    /* it was the connection's */
    bool begun, over;              /* an association was agreed on; it is no more */
    rtc_dtls_transport *transport; /* a reference; NULL before a description has a section of data; as it was set, as the next */
    uint64_t max_message_size;
};

/* A reference of the caller's; NULL when out of memory. */
rtc_sctp_transport *sctp_transport_new(rtc_context *context);

#endif
