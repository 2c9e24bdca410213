/* SPDX-License-Identifier: MIT */
/* Reassembly of a fragmented ClientHello (RFC 6347 4.2.3). Browsers send one with a post-quantum key share in two datagrams, others send
 * several fragments in one; mbedTLS 2.28 as a server takes only a whole one. So fragments are collected here, and mbedTLS is handed one
 * record.
 *
 * One message is collected at a time, known by its message_seq and length: another one takes its place. What arrived first stays where
 * fragments overlap. Memory is taken at the first fragment and bounded. */
#ifndef CRTC_CLIENT_HELLO_H
#define CRTC_CLIENT_HELLO_H

#include "context.h"
#include "dtls_record.h"

enum { CLIENT_HELLO_MAX = 8192 };

/* Part of an association; written by client_hello.c only. */
struct client_hello {
    rtc_context *context;
    uint8_t *record; /* room for headers and message, then a bit per byte of the message; NULL when idle */
    uint32_t length;
    uint32_t missing; /* bytes that have not arrived */
    uint16_t message_seq;
};

void client_hello_init(struct client_hello *hello, rtc_context *context);
void client_hello_fini(struct client_hello *hello);

/* Takes a plain handshake record whose first message is a ClientHello. Returns RTC_OK with the one record of the whole message in *out
 * (borrowed until the next call) or with an empty *out while bytes are missing; RTC_ERR_SYNTAX when it makes no sense, RTC_ERR_NO_MEMORY.
 */
int client_hello_input(struct client_hello *hello, const struct dtls_record *record, struct slice *out);

#endif
