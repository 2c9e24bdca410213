/* SPDX-License-Identifier: MIT */
/* The record layer as far as it can be read without keys (RFC 6347 4.1): records of a datagram, and the shape of plain handshake messages.
 * mbedTLS gives a handshake up when these make no sense; we drop them before it sees them. */
#ifndef CRTC_DTLS_RECORD_H
#define CRTC_DTLS_RECORD_H

#include "reader.h"

/* A body is at most 2^14 bytes and what protection adds, 2048 (RFC 5246 section 6.2.3). */
enum { DTLS_RECORD_HEADER = 13, DTLS_RECORD_BODY_MAX = 16384 + 2048, DTLS_HANDSHAKE_HEADER = 12, DTLS_HANDSHAKE_MAX = 16384 };

enum dtls_content { DTLS_CHANGE_CIPHER_SPEC = 20, DTLS_ALERT = 21, DTLS_HANDSHAKE = 22, DTLS_APPLICATION_DATA = 23 };
enum { DTLS_CLIENT_HELLO = 1 };

/* A view of a datagram; lives no longer than that. */
struct dtls_record {
    uint8_t type; /* enum dtls_content */
    uint16_t epoch;
    struct slice whole; /* header and body */
    struct slice body;
};

enum dtls_record_result {
    DTLS_RECORD_OK,
    DTLS_RECORD_END,      /* nothing is left */
    DTLS_RECORD_FOREIGN,  /* another version's record (RFC 9146, RFC 9147): the rest of the datagram can not be read */
    DTLS_RECORD_MALFORMED /* the rest of the datagram can not be read */
};

enum dtls_record_result dtls_record_next(struct reader *datagram, struct dtls_record *out);

/* The header of a handshake fragment (RFC 6347 4.2.2) and its bytes. */
struct dtls_fragment {
    uint8_t type;
    uint16_t message_seq;
    uint32_t length; /* of the whole message */
    uint32_t offset;
    struct slice bytes;
};

/* False when the rest of the record's body is no fragment. */
bool dtls_fragment_next(struct reader *body, struct dtls_fragment *out);
/* Whether the plain record is one that a handshake can hold: complete fragments of known messages, or the one change_cipher_spec there is.
 */
bool dtls_record_is_sound(const struct dtls_record *record);
/* A plain record that holds (a part of) a ClientHello. */
bool dtls_record_is_client_hello(const struct dtls_record *record);

#endif
