/* SPDX-License-Identifier: MIT */
/* The sans-I/O face: a peer connection without a loop. Bytes and the time go in; packets, requests to the world and callbacks come out. A
 * user's own event loop, a simulator and the library's own loop (<crtc/loop.h>) use exactly these functions.
 *
 * After every call into the connection (any API call, not only these) drain it: rtc_peer_connection_next_packet until NULL,
 * rtc_peer_connection_next_request until false, rtc_peer_connection_dispatch for the callbacks, and then sleep until
 * rtc_peer_connection_deadline or the next datagram. A deadline holds until the next call into the connection, callbacks included, and
 * until the function of rtc_peer_connection_set_wake is called: ask for it again after each of these. A call into another connection does
 * not move it.
 */
#ifndef CRTC_TRANSPORT_H
#define CRTC_TRANSPORT_H

#include <crtc/peer_connection.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NONE: not set; IPV4, IPV6. */
typedef enum rtc_address_family { RTC_ADDRESS_NONE = 0, RTC_ADDRESS_IPV4 = 4, RTC_ADDRESS_IPV6 = 6 } rtc_address_family;

/* A transport address. Never grows. */
typedef struct rtc_address {
    uint8_t family; /* rtc_address_family */
    uint8_t ip[16]; /* network order; IPv4 in the first 4 bytes, the rest zero */
    uint16_t port;  /* host order */
    uint32_t scope; /* IPv6 zone index, or 0 */
} rtc_address;

/* Where a datagram came from or goes to. Never grows: what more there is to say of a packet is said by functions on it. */
typedef struct rtc_path {
    uint32_t socket;   /* the id of the request that opened the socket; 0: the port of the connection's endpoint (<crtc/endpoint.h>) */
    uint32_t protocol; /* 0: UDP, a packet is a datagram; 1: TCP, a packet is the next bytes of the stream */
    rtc_address local;  /* ours */
    rtc_address remote; /* the peer's, or a server's */
} rtc_path;

/* A datagram in a recycled buffer.
 *
 * Owner: one at a time. Who makes or fetches one frees it with rtc_packet_free, or hands it on: rtc_peer_connection_receive takes it.
 * Thread: the connection's.
 * Valid: until it is freed or handed on, with its bytes. It may outlive its connection.
 * Errors: as rtc_packet_set_len says; rtc_packet_new gives NULL when memory ran out.
 * Section: none. */
typedef struct rtc_packet rtc_packet;

/* An empty packet of the connection's pool with room for 1500 bytes. NULL when out of memory. */
RTC_EXPORT rtc_packet *rtc_packet_new(rtc_peer_connection *connection);
/* Gives it back. NULL is legal. */
RTC_EXPORT void rtc_packet_free(rtc_packet *packet);
/* The bytes: for reading `len` of them, or for filling up to `capacity`. */
RTC_EXPORT uint8_t *rtc_packet_data(rtc_packet *packet);
RTC_EXPORT size_t rtc_packet_len(const rtc_packet *packet);
RTC_EXPORT size_t rtc_packet_capacity(const rtc_packet *packet);
/* How many bytes were filled in.
 * Errors: RTC_ERR_RANGE (beyond the capacity). */
RTC_EXPORT int rtc_packet_set_len(rtc_packet *packet, size_t len);
/* The differentiated services codepoint to send it with (RFC 8837), 0 to 63: the upper six bits of IP_TOS or IPV6_TCLASS. 0 unless a sender
 * or a data channel has another priority than low. */
RTC_EXPORT unsigned rtc_packet_dscp(const rtc_packet *packet);
/* Of a packet to send: what to send it with, beside the codepoint. Nothing but not-ECT is set by this version. */
RTC_EXPORT rtc_ecn rtc_packet_ecn(const rtc_packet *packet);
/* Of a packet that arrived, before it is received: the bits that it came with. Not-ECT unless told.
 * Errors: RTC_ERR_RANGE (beyond 3). */
RTC_EXPORT int rtc_packet_set_ecn(rtc_packet *packet, rtc_ecn ecn);
/* Of a packet that arrived, before it is received: when, on the clock of rtc_now(), as the kernel stamped it (SO_TIMESTAMPNS). The jitter
 * and the round trips that RTP measures (RFC 3550 section 6.4.1) do not grow then by what the loop was late. Not told, after the `now` of
 * the receiving call, or over ten seconds before it: that `now`. */
RTC_EXPORT void rtc_packet_set_arrival(rtc_packet *packet, rtc_time_t arrived);
/* Where it goes, or came from. */
RTC_EXPORT void rtc_packet_path(const rtc_packet *packet, rtc_path *out);

/* What the connection asks of the world; the answer comes back through rtc_peer_connection_result with the same id. Values are fixed, and
 * may become more: answer what you do not know with RTC_ERR_NOT_SUPPORTED. */
typedef enum rtc_request_type {
    RTC_REQUEST_OPEN_UDP = 1, /* bind a UDP socket to `local`, port 0 meaning any; answer with the bound address */
    /* connect over TCP to `remote`, from `local` if it says more than its family; answer when connected, with the bound address, or when
     * that failed. What arrives is received as packets of any length, in order; what is to be sent is sent whole and in order. When the
     * connection ends, answer once more, with an error. */
    RTC_REQUEST_OPEN_TCP = 2,
    /* listen on `local`, port 0 meaning any; answer with the bound address. Each connection that is accepted is one more answer, with an id
     * of its own in `socket` that has RTC_ACCEPTED_SOCKET set, and its `remote`; when it ends, answer with that id as `id` and an error. */
    RTC_REQUEST_LISTEN_TCP = 3,
    /* close the socket `id`, be it opened or accepted, or end the request for interfaces `id`; no answer */
    RTC_REQUEST_CLOSE = 4,
    RTC_REQUEST_RESOLVE = 5, /* resolve `name`; answer with its addresses */
    /* the UDP socket `socket` joins the group `remote` on the interface that has the address `local`; answer whether it did */
    RTC_REQUEST_JOIN_MULTICAST = 6,
    /* answer with the usable local addresses; and again, with all of them, whenever they changed, until the request is closed */
    RTC_REQUEST_INTERFACES = 7
} rtc_request_type;

/* RTC_ACCEPTED_SOCKET: the bit that the ids of accepted connections have. */
enum { RTC_ACCEPTED_SOCKET = 0x40000000 };

/* Flags of a request. */
typedef enum rtc_request_flags {
    RTC_REQUEST_SHARED = 1, /* OPEN_UDP: other programs may be bound to the same port (multicast DNS) */
    /* OPEN_TCP, LISTEN_TCP: each packet is a message that may be dropped whole, and should be when the peer takes too little */
    RTC_REQUEST_MESSAGES = 2
} rtc_request_flags;

/* A peer connection without a loop: what it asks of the world, one request at a time. Whoever drives it calls, in any order, rtc_peer_connection_receive for what arrived,
 * rtc_peer_connection_result for what was carried out and rtc_peer_connection_tick when a deadline has passed, and drains it after each call into it.
 *
 * Owner: the caller's: it is copied out. Packets that are fetched are the caller's, too (rtc_packet).
 * Thread: the connection's, which is whichever thread drives it, one at a time; only the function of rtc_peer_connection_set_wake is called on others.
 * Valid: an id until its request is answered, or its socket closed. The lists of a result are borrowed for the call.
 * Errors: what could not be had is an answer with its error, and ICE goes on without it.
 * Section: none: what browsers do below the API. */
typedef struct rtc_request {
    size_t size;        /* sizeof(rtc_request), set by the caller of rtc_peer_connection_next_request */
    uint32_t type;      /* rtc_request_type, which says what of the rest counts */
    uint32_t id;        /* the answer carries it; of a socket, its name from then on */
    rtc_address local;  /* OPEN_UDP, OPEN_TCP, LISTEN_TCP, JOIN_MULTICAST */
    rtc_address remote; /* OPEN_TCP, JOIN_MULTICAST */
    char name[256];     /* RESOLVE */
    uint32_t socket;   /* JOIN_MULTICAST */
    uint32_t flags;    /* rtc_request_flags */
    uint16_t port_min; /* OPEN_UDP, LISTEN_TCP with port 0: the first free port from this one on, */
    uint16_t port_max; /* to this one; both 0: any */
} rtc_request;

/* What kind of network an interface leads to, best first. */
typedef enum rtc_network_type {
    RTC_NETWORK_UNKNOWN = 0,  /* ranks like Ethernet */
    RTC_NETWORK_ETHERNET = 1, /* a cable */
    RTC_NETWORK_WIFI = 2,     /* IEEE 802.11 */
    RTC_NETWORK_CELLULAR = 3, /* a mobile network */
    RTC_NETWORK_VPN = 4,      /* a tunnel */
    RTC_NETWORK_VIRTUAL = 5,  /* inside this host: bridges of containers and virtual machines */
    RTC_NETWORK_LOOPBACK = 6  /* this host itself */
} rtc_network_type;

/* An interface address, its port 0. */
typedef struct rtc_interface {
    rtc_address address;    /* one of its addresses; an interface with several is told several times */
    char name[32];          /* such as "eth0" */
    uint32_t index;         /* the system's number for it */
    uint32_t type;          /* rtc_network_type: ranks candidates; unknown ones rank like Ethernet */
    uint32_t prefix_length; /* bits of the network's part of the address; 0: not known. Tells broadcast addresses, to which nothing is sent.
                             * rtc_result.interface_size says that it is there. */
} rtc_interface;

/* The answer to a request. Arrays are borrowed for the call. */
typedef struct rtc_result {
    size_t size;                  /* sizeof(rtc_result) */
    uint32_t type;                /* of the request */
    uint32_t id;                  /* of the request */
    int error;                    /* RTC_OK, or why it could not be had */
    rtc_address local;            /* OPEN_UDP, OPEN_TCP, LISTEN_TCP */
    const rtc_address *addresses; /* RESOLVE */
    size_t address_count;
    const rtc_interface *interfaces; /* INTERFACES */
    size_t interface_count;
    uint32_t socket;    /* LISTEN_TCP: the id of an accepted connection; 0: it listens */
    rtc_address remote; /* LISTEN_TCP: who connected */
    /* sizeof(rtc_interface), which may grow; 0: that of the program's first version, which ended before prefix_length */
    size_t interface_size;
} rtc_result;

/* A datagram arrived. The packet's ownership passes. */
RTC_EXPORT void rtc_peer_connection_receive(rtc_peer_connection *connection, rtc_time_t now, const rtc_path *path, rtc_packet *packet);
/* The same for bytes that stay the caller's. Longer ones than a packet holds are dropped. */
RTC_EXPORT void rtc_peer_connection_receive_copy(rtc_peer_connection *connection, rtc_time_t now, const rtc_path *path, const void *data,
                                                 size_t len);
/* A request was carried out, or failed. For a closed connection it is nothing.
 * Errors: RTC_ERR_TYPE (connection or result is NULL, a list is NULL or has more than 1024 entries, a size that is none), RTC_ERR_NOT_SUPPORTED (a member that this version does
 * not know), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_peer_connection_result(rtc_peer_connection *connection, rtc_time_t now, const rtc_result *result);
/* Does what is due. Early and late calls are harmless. */
RTC_EXPORT void rtc_peer_connection_tick(rtc_peer_connection *connection, rtc_time_t now);
/* When tick wants to be called next, which may have passed already; RTC_TIME_NEVER when nothing waits. Ask again after every call into the
 * connection. *why (may be NULL) becomes a static text such as "ice check". */
RTC_EXPORT rtc_time_t rtc_peer_connection_deadline(rtc_peer_connection *connection, const char **why);
/* The next packet to send, the caller's; NULL when there is none. */
RTC_EXPORT rtc_packet *rtc_peer_connection_next_packet(rtc_peer_connection *connection);
/* The next request; false when there is none. */
RTC_EXPORT bool rtc_peer_connection_next_request(rtc_peer_connection *connection, rtc_request *out);
/* Runs the callbacks that wait; returns how many ran. The connection may be freed by one of them: hold a reference around the call to look
 * at it afterwards. */
RTC_EXPORT size_t rtc_peer_connection_dispatch(rtc_peer_connection *connection);
/* Called on any thread when a worker has something for the connection (an encoded frame) or an API call changed it: tick and drain soon. It
 * must only wake the loop. */
RTC_EXPORT void rtc_peer_connection_set_wake(rtc_peer_connection *connection, void (*wake)(void *user), void *user);

#ifdef __cplusplus
}
#endif
#endif
