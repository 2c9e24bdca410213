/* SPDX-License-Identifier: MIT */
/* RTCDataChannel (webrtc-pc 6.2). Belongs to its connection's thread. */
#ifndef CRTC_DATA_CHANNEL_H
#define CRTC_DATA_CHANNEL_H

#include <crtc/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RTCDataChannel: messages each way, whole, reliable and in order unless it was made otherwise.
 *
 * Owner: reference-counted; the connection holds a reference until the channel is closed. rtc_peer_connection_create_data_channel gives one of the caller's, on_data_channel
 * a borrowed one.
 * Thread: its connection's; references are taken and dropped on any.
 * Valid: while a reference is held. Once closed, or once its connection is, the handle stays valid and inert: accessors answer, nothing is sent.
 * Errors: of a call as it says, with words in rtc_peer_connection_last_error; of the channel by on_error, which on_close follows.
 * Section: webrtc-pc 6.2, RFC 8831, RFC 8832. */
typedef struct rtc_data_channel rtc_data_channel;

/* RTCDataChannelState. */
typedef enum rtc_data_channel_state {
    RTC_DATA_CHANNEL_CONNECTING = 0, /* the transport is not up yet */
    RTC_DATA_CHANNEL_OPEN = 1,       /* messages may be sent */
    RTC_DATA_CHANNEL_CLOSING = 2,    /* either side closes it; what was sent before still arrives */
    RTC_DATA_CHANNEL_CLOSED = 3      /* for good */
} rtc_data_channel_state;

/* RTCDataChannelInit. Zero gives the defaults of the standard: ordered, reliable, negotiated in-band. */
typedef struct rtc_data_channel_init {
    size_t size;                  /* sizeof(rtc_data_channel_init) */
    bool unordered;               /* the opposite of `ordered` */
    bool has_max_retransmits;     /* for max_retransmits 0: other numbers count without; not together with max_packet_life_time_ms */
    uint16_t max_retransmits;     /* how often a lost message is sent again before it is given up */
    bool has_max_packet_life_time; /* for max_packet_life_time_ms 0, likewise */
    uint16_t max_packet_life_time_ms; /* how long */
    const char *protocol;         /* UTF-8; NULL: "" */
    size_t protocol_len;          /* 0 with a protocol: its strlen */
    bool negotiated;              /* both sides make the channel with the same id; nothing is sent in-band */
    uint16_t id;                  /* with negotiated: 0 to 65534; ignored without */
    uint16_t priority;            /* RFC 8831 6.4: 128 (very low), 256 (low, the default, for 0), 512 (medium), 1024 (high): whose turn it is among the
                                   * channels; the highest one of open channels marks the packets of all (RFC 8837) */
} rtc_data_channel_init;

/* Events of a channel; every member but size may be NULL. `data` is borrowed for the call. The order is: on_open; messages and buffered amounts; on_closing when the peer
 * closes it; on_error before on_close when something failed; on_close, after which nothing comes. */
typedef struct rtc_data_channel_callbacks {
    size_t size;
    /* Messages may be sent. Of a channel that the peer opened: set in on_data_channel, it comes, too. */
    void (*on_open)(rtc_data_channel *channel, void *user);
    /* One message: `text` for a string (UTF-8 as the peer sent it, not zero-terminated), else binary. len may be 0. */
    void (*on_message)(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len);
    /* The buffered amount fell to or below the threshold, which is 0 at first. */
    void (*on_buffered_amount_low)(rtc_data_channel *channel, void *user);
    /* The peer closes the channel. */
    void (*on_closing)(rtc_data_channel *channel, void *user);
    /* Closed, and the last event: by either side, or because the transport ended. Not when the connection was closed here. */
    void (*on_close)(rtc_data_channel *channel, void *user);
    /* RTCError; on_close follows. RTC_ERROR_SCTP_FAILURE: the association ended, because the peer closed the connection (then often with sctp_cause_code 12) or the
     * transport failed; the channel is closed by then. RTC_ERROR_DATA_CHANNEL_FAILURE: this channel can not go on. */
    void (*on_error)(rtc_data_channel *channel, void *user, const rtc_error_info *error);
} rtc_data_channel_callbacks;

/* Takes or drops a reference. Any thread; NULL is legal. A channel that nobody holds lives on with its connection. */
RTC_EXPORT rtc_data_channel *rtc_data_channel_ref(rtc_data_channel *channel);
RTC_EXPORT void rtc_data_channel_unref(rtc_data_channel *channel);
/* Sets the events' receiver; `callbacks` is copied, NULL clears: after that none runs any more. Messages that came before wait until it is set (for a channel of
 * on_data_channel: set it in that callback); when they take more than half of rtc_limits.waiting_bytes, all channels together, the channel is closed. Without an
 * on_data_channel the messages of the peer's channels are dropped.
 * Errors: RTC_ERR_TYPE (channel is NULL, a size that is not set), RTC_ERR_NOT_SUPPORTED (a callback that this version of the library does not know). The receiver
 * stays then. */
RTC_EXPORT int rtc_data_channel_set_callbacks(rtc_data_channel *channel, const rtc_data_channel_callbacks *callbacks, void *user);

/* Sends one message of at most the SCTP transport's max message size (rtc_sctp_transport_max_message_size). The bytes are copied. A message that was taken on a
 * reliable channel is delivered or the channel closes with an error.
 * Errors: RTC_ERR_INVALID_STATE (the channel is not open), RTC_ERR_TYPE (channel or data is NULL, or the message is larger than the peer takes),
 * RTC_ERR_OPERATION (the send buffer is full: nothing was taken; wait for on_buffered_amount_low), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_data_channel_send_text(rtc_data_channel *channel, const char *text, size_t len);
RTC_EXPORT int rtc_data_channel_send(rtc_data_channel *channel, const void *data, size_t len);
/* Starts the closing handshake: what was sent before still arrives. Harmless when closing or closed. */
RTC_EXPORT void rtc_data_channel_close(rtc_data_channel *channel);

/* Any bytes, U+0000 included; `len` may be NULL; also zero-terminated. Borrowed while a reference is held. */
RTC_EXPORT const char *rtc_data_channel_label(const rtc_data_channel *channel, size_t *len);
RTC_EXPORT const char *rtc_data_channel_protocol(const rtc_data_channel *channel, size_t *len);
/* readyState: as events have told it, and CLOSING after rtc_data_channel_close. */
RTC_EXPORT rtc_data_channel_state rtc_data_channel_ready_state(const rtc_data_channel *channel);
/* As it was made: by rtc_data_channel_init, or by the peer. */
RTC_EXPORT bool rtc_data_channel_ordered(const rtc_data_channel *channel);
RTC_EXPORT bool rtc_data_channel_negotiated(const rtc_data_channel *channel);
/* The limits of an unreliable channel; -1 when there is none. */
RTC_EXPORT int rtc_data_channel_max_retransmits(const rtc_data_channel *channel);
RTC_EXPORT int rtc_data_channel_max_packet_life_time_ms(const rtc_data_channel *channel);
/* As rtc_data_channel_init has it: 128 (very low), 256 (low), 512 (medium), 1024 (high), and whatever a peer asked for (RFC 8831 6.4). */
RTC_EXPORT uint16_t rtc_data_channel_priority(const rtc_data_channel *channel);
/* The SCTP stream, or -1 before it is known. */
RTC_EXPORT int rtc_data_channel_id(const rtc_data_channel *channel);
/* Bytes of messages taken and not yet given to the network when this turn of the loop began, and those taken since (webrtc-pc 6.2); of a closed channel: those that never were. */
RTC_EXPORT uint64_t rtc_data_channel_buffered_amount(const rtc_data_channel *channel);
/* At or below which on_buffered_amount_low is told, once each time that the amount falls to it. */
RTC_EXPORT uint64_t rtc_data_channel_buffered_amount_low_threshold(const rtc_data_channel *channel);
RTC_EXPORT void rtc_data_channel_set_buffered_amount_low_threshold(rtc_data_channel *channel, uint64_t bytes);
/* What rtc_data_channel_set_callbacks was given last. */
RTC_EXPORT void *rtc_data_channel_user(const rtc_data_channel *channel);

#ifdef __cplusplus
}
#endif
#endif
