/* SPDX-License-Identifier: MIT */
/* RTCSctpTransport (webrtc-pc 6.1.1): what carries the data channels of a connection. */
#ifndef CRTC_SCTP_TRANSPORT_H
#define CRTC_SCTP_TRANSPORT_H

#include <crtc/dtls_transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RTCSctpTransport: one association. A connection has one as soon as a description is set that has a section of data (rtc_peer_connection_sctp), and another one when the
 * association is replaced.
 *
 * State and max channels are what its events have told: they change in the loop, right before the callback that says so. Closing the connection makes it "closed" at once,
 * without an event.
 *
 * Owner: reference-counted; the connection holds a reference. rtc_peer_connection_sctp gives it borrowed.
 * Thread: its connection's; references are taken and dropped on any.
 * Valid: while a reference is held, also when the connection is gone.
 * Errors: of rtc_sctp_transport_set_callbacks alone; what the association fails of is told by on_error of its channels.
 * Section: webrtc-pc 6.1.1. */
typedef struct rtc_sctp_transport rtc_sctp_transport;

/* RTCSctpTransportState (webrtc-pc 6.1.2). The values are the standard's. */
typedef enum rtc_sctp_transport_state {
    RTC_SCTP_TRANSPORT_CONNECTING = 0,
    RTC_SCTP_TRANSPORT_CONNECTED = 1,
    RTC_SCTP_TRANSPORT_CLOSED = 2
} rtc_sctp_transport_state;

/* Events of an SCTP transport; every member but size may be NULL. */
typedef struct rtc_sctp_transport_callbacks {
    size_t size;
    /* statechange. CONNECTED comes before the channels open, CLOSED before they close. */
    void (*on_state_change)(rtc_sctp_transport *transport, void *user, rtc_sctp_transport_state state);
} rtc_sctp_transport_callbacks;

/* Takes or drops a reference. Any thread; NULL is legal. */
RTC_EXPORT rtc_sctp_transport *rtc_sctp_transport_ref(rtc_sctp_transport *transport);
RTC_EXPORT void rtc_sctp_transport_unref(rtc_sctp_transport *transport);
/* Sets the events' receiver; `callbacks` is copied, NULL clears: after that none runs any more.
 * Errors: RTC_ERR_TYPE (transport is NULL, a size that is not set), RTC_ERR_NOT_SUPPORTED (a callback that this version of the library does not know). The receiver
 * stays then. */
RTC_EXPORT int rtc_sctp_transport_set_callbacks(rtc_sctp_transport *transport, const rtc_sctp_transport_callbacks *callbacks, void *user);
/* What rtc_sctp_transport_set_callbacks was given last. */
RTC_EXPORT void *rtc_sctp_transport_user(const rtc_sctp_transport *transport);

/* transport: what it runs on; another one when a negotiation moves its section. Borrowed from the transport until then. */
RTC_EXPORT rtc_dtls_transport *rtc_sctp_transport_transport(const rtc_sctp_transport *transport);
/* state. */
RTC_EXPORT rtc_sctp_transport_state rtc_sctp_transport_get_state(const rtc_sctp_transport *transport);
/* maxMessageSize, in bytes: the largest message that may be sent, which is what the peer takes (65536 while it has not said) or what this side can keep, whichever is less. */
RTC_EXPORT uint64_t rtc_sctp_transport_max_message_size(const rtc_sctp_transport *transport);
/* maxChannels: how many channels there may be, each way; 0 stands for null: it is not known before CONNECTED. */
RTC_EXPORT uint16_t rtc_sctp_transport_max_channels(const rtc_sctp_transport *transport);

/* "connecting", "connected", "closed". Static storage; "?" for a value that is none. Any thread. */
RTC_EXPORT const char *rtc_sctp_transport_state_name(rtc_sctp_transport_state state);

#ifdef __cplusplus
}
#endif
#endif
