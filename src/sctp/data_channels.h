/* SPDX-License-Identifier: MIT */
/* Data channels (RFC 8831) and their establishment (DCEP, RFC 8832) on one SCTP association (assoc.h): ids, parity, opening and closing
 * handshakes, message reassembly, buffered amounts. A pure state machine. Packets for DTLS leave through out->tx without a path.
 *
 *   CONNECTING --association up, id known; OPEN sent--> OPEN --close or peer's reset--> CLOSING --both streams reset--> CLOSED
 *
 * OPEN may be sent before, with the packet that makes the peer's association up; a channel that is closed then goes by CLOSING, too.
 */
#ifndef CRTC_DATA_CHANNELS_H
#define CRTC_DATA_CHANNELS_H

#include "out.h"

struct data_channels;

enum data_channel_state { CHANNEL_CONNECTING, CHANNEL_OPEN, CHANNEL_CLOSING, CHANNEL_CLOSED };
enum sctp_state { SCTP_NEW, SCTP_CONNECTING, SCTP_CONNECTED, SCTP_CLOSED };

enum sctp_event_type {
    SCTP_EVENT_STATE = EVENT_SCTP, /* state, already stored; no channel */
    CHANNEL_EVENT_NEW,             /* the peer opened a channel; it is OPEN */
    CHANNEL_EVENT_STATE,           /* channel_state, already stored; CLOSED comes once and last */
    CHANNEL_EVENT_MESSAGE,         /* message: a whole one; PACKET_TEXT tells text from binary */
    CHANNEL_EVENT_BUFFERED_LOW,    /* bufferedAmount fell to or below the threshold */
    CHANNEL_EVENT_ERROR            /* error; a closing follows */
};

struct sctp_event {
    struct event head;
    uint32_t channel; /* its handle (not its stream id) */
    union {
        enum sctp_state state;
        enum data_channel_state channel_state;
        struct packet *message;
        int error; /* RTC_ERR_* */
    };
};
_Static_assert(sizeof(struct sctp_event) <= EVENT_BYTES, "an event of this module fits");

enum { SCTP_DEFAULT_PORT = 5000, SCTP_MAX_MESSAGE_BYTES = 256 * 1024, CHANNEL_ID_NONE = 0xffff };

struct data_channels_options {
    uint16_t local_port, remote_port; /* 0: 5000 */
    uint16_t max_channels;            /* streams each way; 0: 256 */
    uint32_t max_message_bytes;       /* largest message we take (our a=max-message-size); 0: 256 KiB */
    uint16_t mtu;                     /* largest SCTP packet, after DTLS and all wrapping */
};

struct data_channel_options {
    struct slice label; /* any bytes, at most 65535 */
    struct slice protocol;
    bool unordered;
    int32_t max_retransmits;    /* -1: none given */
    int32_t max_packet_life_ms; /* -1: none given; not together with max_retransmits */
    bool negotiated;
    uint16_t id;       /* with negotiated; else CHANNEL_ID_NONE */
    uint16_t priority; /* 0: 256 ("low" is 128, "medium" 512, "high" 1024; RFC 8831 6.4) */
};

struct data_channel_info {
    enum data_channel_state state;
    struct slice label, protocol; /* borrowed while the channel exists */
    bool unordered, negotiated;
    int32_t max_retransmits, max_packet_life_ms;
    uint16_t id; /* CHANNEL_ID_NONE before it is known */
    uint16_t priority;
    uint64_t buffered; /* bytes of messages accepted and not yet given to the association's wire */
    uint64_t messages_sent, bytes_sent, messages_received, bytes_received;
};

struct sctp_counters {
    uint64_t malformed; /* packets or DCEP messages that make no sense */
    uint64_t dropped;   /* messages too large or for no channel */
    uint64_t retransmits;
};

int data_channels_new(rtc_context *context, const struct data_channels_options *options, struct data_channels **out);
void data_channels_free(struct data_channels *channels);
/* `wake` is called, on another loop's thread, when a tick of that loop's made packets for this association (the engine's timers are the
 * process's): data_channels_tick is then due. It must not call back in. NULL: none. */
void data_channels_set_wake(struct data_channels *channels, void (*wake)(void *user), void *user);
/* The peer's port, from its SDP, before the start. */
void data_channels_set_remote_port(struct data_channels *channels, uint16_t port);
/* DTLS is up: starts the association. Our stream ids are even when we are the DTLS client (RFC 8832 6). `remote_max_message_bytes` from the
 * peer's SDP: 0 means any size. The round trip ICE measured (0: unknown) sets the first RTO. */
int data_channels_start(struct data_channels *channels, rtc_time_t now, bool dtls_client, uint64_t remote_max_message_bytes,
                        rtc_time_t rtt_us, struct out *out);
/* So much more may be told by CHANNEL_EVENT_MESSAGE and CHANNEL_EVENT_NEW, with what they cost: memory and events. Without room nothing
 * more is taken from the association, whose receive window closes; the deadline asks for a tick as soon as there is room again. At first
 * there is no limit. */
void data_channels_set_room(struct data_channels *channels, uint64_t bytes, uint32_t events);
/* What a message and a new channel cost while nobody has taken them, beside the packet. */
enum { CHANNEL_MESSAGE_COST = 160, CHANNEL_NEW_COST = 1024 };
/* A decrypted SCTP packet. */
void data_channels_input(struct data_channels *channels, rtc_time_t now, struct slice packet, struct out *out);
void data_channels_tick(struct data_channels *channels, rtc_time_t now, struct out *out);
rtc_time_t data_channels_deadline(const struct data_channels *channels, enum timer_reason *why);
/* What is left for an SCTP packet changed (a pair that is relayed has less). */
void data_channels_set_mtu(struct data_channels *channels, uint16_t mtu);
/* Closes every channel (their CLOSED events follow) and the association, with an ABORT or SHUTDOWN to the peer. */
void data_channels_close(struct data_channels *channels, rtc_time_t now, struct out *out);

/* Sending is done at once, but a burst of small messages waits until it fills a packet or until the next tick, for which the deadline asks
 * at once: ask for the deadline after every call. */

/* Makes a channel, before or after the association is up. *handle is its handle, never reused, never 0. RTC_ERR_RANGE: id beyond
 * max_channels; RTC_ERR_OPERATION: the id is taken or none is left; RTC_ERR_TYPE: contradictory options. */
int data_channels_open(struct data_channels *channels, rtc_time_t now, const struct data_channel_options *options, uint32_t *handle,
                       struct out *out);
/* RTC_ERR_INVALID_STATE unless OPEN; RTC_ERR_TYPE when larger than the peer takes; RTC_ERR_QUOTA_EXCEEDED when the send queue is full
 * (nothing is queued). An accepted message is never lost while the association lives, unless its channel is unreliable. */
int data_channels_send(struct data_channels *channels, rtc_time_t now, uint32_t handle, bool text, struct slice message, struct out *out);
/* Starts the closing handshake after what is queued; harmless when closing. */
void data_channels_close_one(struct data_channels *channels, rtc_time_t now, uint32_t handle, struct out *out);
void data_channels_set_buffered_low(struct data_channels *channels, uint32_t handle, uint64_t bytes);
/* False when there is no such channel (a CLOSED one is forgotten when data_channels_forget is called). */
bool data_channels_info(const struct data_channels *channels, uint32_t handle, struct data_channel_info *out);
/* What the parent keeps with a channel; NULL at first, and when there is no such channel. */
void data_channels_set_user(struct data_channels *channels, uint32_t handle, void *user);
void *data_channels_user(const struct data_channels *channels, uint32_t handle);
void data_channels_forget(struct data_channels *channels, uint32_t handle);

/* The highest priority of an open channel; 0 when none is open. */
uint16_t data_channels_priority(const struct data_channels *channels);
enum sctp_state data_channels_state(const struct data_channels *channels);
uint16_t data_channels_max(const struct data_channels *channels);         /* min of both sides' streams once CONNECTED, else our option */
uint64_t data_channels_max_message(const struct data_channels *channels); /* largest message that may be sent; 0 before start */
const struct sctp_counters *data_channels_counters(const struct data_channels *channels);

#endif
