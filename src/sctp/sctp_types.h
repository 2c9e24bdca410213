/* SPDX-License-Identifier: MIT */
/* What is said of an association and of a data channel: states, events, options. Plain values. */
#ifndef CRTC_SCTP_TYPES_H
#define CRTC_SCTP_TYPES_H

#include "moves.h"
#include "out.h"

/* Neither goes back, and what comes after its end changes nothing: the application may close at any time.
 *
 *   CONNECTING --both may use it--> OPEN --closed by either side--> CLOSING --both streams are reset--> CLOSED
 *    '---'---closed---------------------'----------------------------^                                   ^
 *        '----------------------the association is gone, or the peer uses the id anew--------------------'
 *
 *   NEW --data_channels_start--> CONNECTING --up--> CONNECTED --lost, closed--> CLOSED
 *    '-----------closed---------------'-----------lost, closed-------------------^
 */
enum data_channel_state { CHANNEL_CONNECTING, CHANNEL_OPEN, CHANNEL_CLOSING, CHANNEL_CLOSED };
enum sctp_state { SCTP_NEW, SCTP_CONNECTING, SCTP_CONNECTED, SCTP_CLOSED };
extern const struct moves data_channel_moves, sctp_moves;

enum sctp_event_type {
    SCTP_EVENT_STATE = EVENT_SCTP, /* state, already stored; no channel */
    CHANNEL_EVENT_NEW,             /* the peer opened a channel; it is OPEN */
    CHANNEL_EVENT_STATE,           /* channel_state, already stored; CLOSED comes once and last */
    CHANNEL_EVENT_MESSAGE,         /* message: a whole one; PACKET_TEXT tells text from binary */
    CHANNEL_EVENT_BUFFERED_LOW,    /* bufferedAmount fell to or below the threshold */
    CHANNEL_EVENT_ERROR            /* error, cause; a closing follows */
};

struct sctp_event {
    struct event head;
    uint32_t channel; /* its handle (not its stream id) */
    union {
        enum sctp_state state;
        enum data_channel_state channel_state;
        struct packet *message;
        struct {
            int error; /* RTC_ERR_*; RTC_ERR_NETWORK: the association is lost */
            int cause; /* then: of the peer's ABORT (RFC 9260 3.3.10); -1: none */
        };
    };
};
_Static_assert(sizeof(struct sctp_event) <= EVENT_BYTES, "an event of this module fits");

enum {
    SCTP_UNSAID_MAX_MESSAGE = 65536 /* RFC 8841 6 */,
    SCTP_DEFAULT_PORT = 5000,
    SCTP_MAX_MESSAGE_BYTES = 256 * 1024,
    CHANNEL_ID_NONE = 0xffff,
    CHANNEL_PRIORITY_LOW = 256 /* RFC 8831 6.4; the default */
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

/* What a message and a new channel cost while nobody has taken them, beside the packet. */
enum { CHANNEL_MESSAGE_COST = 160, CHANNEL_NEW_COST = 1024 };

/* Of the whole association. */
struct data_channels_options {
    uint16_t local_port, remote_port; /* 0: 5000 */
    uint16_t max_channels;            /* streams each way; 0: 256 */
    uint32_t max_message_bytes;       /* largest message we take (our a=max-message-size); 0: 256 KiB */
    uint16_t mtu;                     /* largest SCTP packet, after DTLS and all wrapping */
};

/* What came and was of no use, and what left again; counted by the file that throws it away. */
struct sctp_counters {
    uint64_t malformed; /* packets or DCEP messages that make no sense */
    uint64_t dropped;   /* messages too large or for no channel */
    uint64_t retransmits;
};

#endif
