/* SPDX-License-Identifier: MIT */
/* A TLS 1.2 client over mbedTLS without I/O, for turns: servers (RFC 8656 section 3.1): bytes of the TCP stream go in, bytes for it and
 * plain text come out. The server's certificate must lead to one of the trusted authorities and carry the server's name (RFC 6125) or
 * address.
 *
 *   CONNECTING --handshake, certificate good--> CONNECTED --close_notify, of either side--> CLOSED
 *       |   +--anything else--> FAILED <--broken record--+                                    ^
 *       +--closed by its owner----------------------------------------------------------------+ */
#ifndef CRTC_TLS_CLIENT_H
#define CRTC_TLS_CLIENT_H

#include "moves.h"
#include "packet.h"

struct tls_client;

enum tls_client_state { TLS_CONNECTING, TLS_CONNECTED, TLS_CLOSED, TLS_FAILED };
extern const struct moves tls_client_moves;

/* Borrowed for the call. */
struct tls_client_options {
    const char *server_name;     /* a host name, or an address as text */
    const char *authorities_pem; /* trusted certificates; NULL: the system's */
};

/* RTC_ERR_SYNTAX: the authorities can not be read. RTC_ERR_NOT_FOUND: the system has none. */
int tls_client_new(rtc_context *context, const struct tls_client_options *options, struct tls_client **out);
void tls_client_free(struct tls_client *client);
/* The stream is there: what is to be sent on it is appended to `tx` as packets, here and below. */
void tls_client_start(struct tls_client *client, struct packet_pool *pool, struct packet_queue *tx);
/* Bytes of the stream, in any pieces. Plain text is appended to `plain`. */
void tls_client_input(struct tls_client *client, struct slice bytes, struct packet_pool *pool, struct packet_queue *tx,
                      struct packet_queue *plain);
/* False: it is not connected, or has failed. */
bool tls_client_send(struct tls_client *client, struct slice plain, struct packet_pool *pool, struct packet_queue *tx);
void tls_client_close(struct tls_client *client, struct packet_pool *pool, struct packet_queue *tx);
enum tls_client_state tls_client_state(const struct tls_client *client);
/* Why it FAILED, in words; borrowed. */
const char *tls_client_failure(const struct tls_client *client);

#endif
