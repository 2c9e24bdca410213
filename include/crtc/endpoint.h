/* SPDX-License-Identifier: MIT */
/* One UDP port for many connections, as media servers need it: one rule in the firewall, one descriptor, one place where packets arrive. Which connection a packet
 * belongs to is told by the user name fragment of ICE checks (RFC 8445 section 7.2.2) and afterwards by the addresses that these checks have proven.
 *
 *   rtc_endpoint_options options = {.size = sizeof options, .loop = loop, .port = 5000};
 *   rtc_endpoint_new(context, &options, &endpoint);
 *   rtc_configuration configuration = {.size = sizeof configuration, .loop = loop, .endpoint = endpoint, .ice_lite = true};
 *   rtc_peer_connection_new(context, &configuration, ...);   // as often as you like
 *
 * Host candidates of these connections have the endpoint's port on each interface address that it is bound to; STUN servers are asked through it. Relays, and what
 * ICE does over TCP, have sockets of their own.
 *
 * Two connections can not share both their addresses and ports with one peer's port: the peer needs a port for each. (All browsers have that. Two endpoints that face
 * each other carry one connection.) The first one keeps it, unless it is not there: who is, answers ICE checks of its own connection from that address, which nobody can who only
 * writes another's address on what he sends.
 *
 * An endpoint and its connections belong to one thread: that of its loop, as <crtc/loop.h> says.
 */
#ifndef CRTC_ENDPOINT_H
#define CRTC_ENDPOINT_H

#include <crtc/loop.h>
#include <crtc/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Everything is copied. */
typedef struct rtc_endpoint_options {
    size_t size;                  /* sizeof(rtc_endpoint_options) */
    rtc_loop *loop;               /* which receives and sends; must outlive the endpoint. NULL: the sockets are yours, see below. */
    const char *const *addresses; /* numeric, at most 64: "0.0.0.0", "::" (IPv6 only), or single interface addresses; none: both of these. Copied. */
    size_t address_count;
    uint16_t port;    /* the same for all; 0: any that is free (with a loop only) */
    bool answer_stun; /* answer Binding requests without a user name as a STUN server does (RFC 8489), up to 1000 a second */
} rtc_endpoint_options;

/* Binds the port. When no addresses were given it is enough that one family can be had. On success *out holds one reference of the caller's.
 * Errors: RTC_ERR_TYPE (out or options is NULL, an address is missing, no port without a loop, a size that is not set), RTC_ERR_NOT_SUPPORTED (an option that this
 * version does not know), RTC_ERR_SYNTAX (an address that is not numeric), RTC_ERR_RANGE (more than 64 addresses), RTC_ERR_NOT_ALLOWED (the system forbids the port),
 * RTC_ERR_QUOTA_EXCEEDED (no descriptors are left), RTC_ERR_NETWORK (the port is in use, or there is no such address here), RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_endpoint_new(rtc_context *context, const rtc_endpoint_options *options, rtc_endpoint **out);
/* Takes or drops a reference; the last one closes the endpoint: any thread, as with rtc_peer_connection_unref. NULL is legal. */
RTC_EXPORT rtc_endpoint *rtc_endpoint_ref(rtc_endpoint *endpoint);
RTC_EXPORT void rtc_endpoint_unref(rtc_endpoint *endpoint);
/* Closes the port at once. Connections that still use it lose these candidates, and fail unless they have others. NULL is legal. */
RTC_EXPORT void rtc_endpoint_close(rtc_endpoint *endpoint);
/* The port that it is bound to. */
RTC_EXPORT uint16_t rtc_endpoint_port(const rtc_endpoint *endpoint);

/* What the endpoint saw. Packets that belong to no connection are dropped, and nobody is told. */
typedef struct rtc_endpoint_stats {
    size_t size;          /* sizeof(rtc_endpoint_stats), set by the caller */
    uint32_t connections; /* now */
    uint32_t paths;       /* pairs of addresses known to belong to a connection, now */
    uint64_t packets_received; /* since it was made, as all that follow */
    uint64_t unknown_user; /* ICE checks for user name fragments that no connection has */
    uint64_t unknown_path; /* packets from addresses that no check has proven */
    uint64_t malformed;    /* no STUN, though they look like it */
    uint64_t contested;    /* checks on a path that belongs to another connection */
    uint64_t stun_answers; /* to plain STUN clients */
} rtc_endpoint_stats;
/* Fills *out, up to its size. */
RTC_EXPORT void rtc_endpoint_get_stats(const rtc_endpoint *endpoint, rtc_endpoint_stats *out);

/* ---- Without a loop: the sockets are yours. The endpoint was told their addresses and port.
 *
 * A datagram that arrived there goes to rtc_endpoint_route(), and then to the connection which that names. Packets of a connection whose path has the socket 0 go out
 * through the endpoint's port, from path.local: on a socket that is bound to any address, with IP_PKTINFO. After each datagram fetch what the endpoint itself has to
 * send. ---- */

/* The connection that a datagram belongs to, borrowed until the next call; NULL when there is none. path->local must be the address that it was sent to, with the
 * endpoint's port; path->socket is filled in: hand the path and the datagram to rtc_peer_connection_receive(). */
RTC_EXPORT rtc_peer_connection *rtc_endpoint_route(rtc_endpoint *endpoint, rtc_time_t now, rtc_path *path, const void *data, size_t len);
/* The next packet that the endpoint itself sends, the caller's; NULL when there is none. */
RTC_EXPORT rtc_packet *rtc_endpoint_next_packet(rtc_endpoint *endpoint);

#ifdef __cplusplus
}
#endif
#endif
