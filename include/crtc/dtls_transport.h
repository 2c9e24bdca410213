/* SPDX-License-Identifier: MIT */
/* RTCDtlsTransport (webrtc-pc 5.5): what makes one transport of a connection secure. */
#ifndef CRTC_DTLS_TRANSPORT_H
#define CRTC_DTLS_TRANSPORT_H

#include <crtc/ice_transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RTCDtlsTransport. Senders and receivers whose sections share a transport have the same one (rtc_rtp_sender_transport, rtc_rtp_receiver_transport), and so have data channels
 * (rtc_sctp_transport_transport).
 *
 * What it says of itself is what its events have told: it changes in the loop, right before the callback that says so. Closing the connection makes it "closed" at once,
 * without an event.
 *
 * Owner: reference-counted; the connection holds a reference. What gives it gives it borrowed.
 * Thread: its connection's; references are taken and dropped on any.
 * Valid: while a reference is held, also when the connection is gone.
 * Errors: of rtc_dtls_transport_set_callbacks as it says; of the transport by on_error.
 * Section: webrtc-pc 5.5. */
typedef struct rtc_dtls_transport rtc_dtls_transport;

/* RTCDtlsTransportState (webrtc-pc 5.5.1). The values are the standard's. CLOSED: the peer said goodbye, or this side did; FAILED: it could not be trusted or understood. Both
 * last until another association is negotiated (RFC 8842), with which the state is new again. */
typedef enum rtc_dtls_transport_state {
    RTC_DTLS_TRANSPORT_NEW = 0,
    RTC_DTLS_TRANSPORT_CONNECTING = 1,
    RTC_DTLS_TRANSPORT_CONNECTED = 2,
    RTC_DTLS_TRANSPORT_CLOSED = 3,
    RTC_DTLS_TRANSPORT_FAILED = 4
} rtc_dtls_transport_state;

/* Events of a DTLS transport; every member but size may be NULL. They come before those of the connection that follow from them. */
typedef struct rtc_dtls_transport_callbacks {
    size_t size;
    /* statechange. CLOSED: the peer hung up, or stopped the section that carries the transport; its channels are closed, its tracks muted and nothing is sent any
     * more. A peer that vanishes without a word shows in the state of ICE alone. */
    void (*on_state_change)(rtc_dtls_transport *transport, void *user, rtc_dtls_transport_state state);
    /* error: it is FAILED by now, which on_state_change says next. The detail is RTC_ERROR_FINGERPRINT_FAILURE or RTC_ERROR_DTLS_FAILURE. */
    void (*on_error)(rtc_dtls_transport *transport, void *user, const rtc_error_info *error);
} rtc_dtls_transport_callbacks;

/* Takes or drops a reference. Any thread; NULL is legal. */
RTC_EXPORT rtc_dtls_transport *rtc_dtls_transport_ref(rtc_dtls_transport *transport);
RTC_EXPORT void rtc_dtls_transport_unref(rtc_dtls_transport *transport);
/* Sets the events' receiver; `callbacks` is copied, NULL clears: after that none runs any more.
 * Errors: RTC_ERR_TYPE (transport is NULL, a size that is not set), RTC_ERR_NOT_SUPPORTED (a callback that this version of the library does not know). The receiver
 * stays then. */
RTC_EXPORT int rtc_dtls_transport_set_callbacks(rtc_dtls_transport *transport, const rtc_dtls_transport_callbacks *callbacks, void *user);
/* What rtc_dtls_transport_set_callbacks was given last. */
RTC_EXPORT void *rtc_dtls_transport_user(const rtc_dtls_transport *transport);

/* iceTransport: never NULL, always the same. Borrowed while a reference is held. */
RTC_EXPORT rtc_ice_transport *rtc_dtls_transport_ice_transport(rtc_dtls_transport *transport);
/* state. */
RTC_EXPORT rtc_dtls_transport_state rtc_dtls_transport_get_state(const rtc_dtls_transport *transport);
/* getRemoteCertificates: the peer's chain, its own certificate first, DER. None before CONNECTED, and they stay afterwards. NULL beyond the last; borrowed while a reference is
 * held. */
RTC_EXPORT size_t rtc_dtls_transport_remote_certificate_count(const rtc_dtls_transport *transport);
RTC_EXPORT const void *rtc_dtls_transport_remote_certificate(const rtc_dtls_transport *transport, size_t index, size_t *len);

/* "new", "connecting", ... Static storage; "?" for a value that is none. Any thread. */
RTC_EXPORT const char *rtc_dtls_transport_state_name(rtc_dtls_transport_state state);

#ifdef __cplusplus
}
#endif
#endif
