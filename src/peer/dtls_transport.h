/* SPDX-License-Identifier: MIT */
/* RTCDtlsTransport (webrtc-pc 5.5) as an object, with its RTCIceTransport: what was told of a transport. It knows no connection. */
#ifndef CRTC_PEER_DTLS_TRANSPORT_H
#define CRTC_PEER_DTLS_TRANSPORT_H

#include "ice_transport.h"

#include <crtc/dtls_transport.h>
#include <stdatomic.h>

/* The peer's certificates, DER, one after the other in one block. Owner: the event that tells of them, then their transport.
 * Not written once it is made. */
struct certificate_chain {
    size_t count;
    struct certificate_place {
        size_t at, len; /* in `bytes` */
    } places[DTLS_CHAIN_MAX];
    uint8_t bytes[];
};

/* Owner: its transport, and whoever has references. Written by transport_objects.c, and by dtls_transport.c
 * for what the application sets. */
struct rtc_dtls_transport {
    atomic_uint references;
    rtc_context *context; /* a reference */
    rtc_dtls_transport_callbacks callbacks;
    void *user;
    rtc_dtls_transport_state state, queued_state; /* as told; as events that wait will */
    struct certificate_chain *chain;              /* owned; NULL before it is connected */
    struct rtc_ice_transport ice;
};

/* A transport with its object, and the end of both: of the object as far as nobody else holds it. NULL is legal. */
int dtls_transport_make(rtc_context *context, const struct transport_settings *settings, const struct ice_credentials *credentials,
                        bool controlling, struct transport **out);
void dtls_transport_drop(struct transport *transport);
static inline rtc_dtls_transport *dtls_transport_of(const struct transport *transport)
{
    return transport_user(transport);
}
/* Nothing is asked of the transport any more. */
void dtls_transport_detach(rtc_dtls_transport *transport);

#endif
