/* SPDX-License-Identifier: MIT */
/* See dtls_record.h. */
#include "dtls_record.h"

/* DTLS counts versions down from 254 (RFC 6347 section 4.1), so both 1.0 and 1.2 begin like that. Content types from 24 on are of
 * extensions that we do not have. */
enum { VERSION_MAJOR = 0xfe, HEARTBEAT = 24 };

enum dtls_record_result dtls_record_next(struct reader *datagram, struct dtls_record *out)
{
    if (reader_left(datagram) == 0)
        return DTLS_RECORD_END;
    const uint8_t *start = datagram->at;
    uint8_t type = reader_u8(datagram);
    if (type >= HEARTBEAT && type < 64)
        return DTLS_RECORD_FOREIGN;
    uint8_t major = reader_u8(datagram);
    reader_skip(datagram, 1);
    uint16_t epoch = reader_u16(datagram);
    reader_skip(datagram, 6);
    uint16_t len = reader_u16(datagram);
    struct slice body = reader_bytes(datagram, len);
    if (!reader_ok(datagram) || type < DTLS_CHANGE_CIPHER_SPEC || type >= 64 || major != VERSION_MAJOR || len > DTLS_RECORD_BODY_MAX)
        return DTLS_RECORD_MALFORMED;
    *out = (struct dtls_record){type, epoch, slice_of(start, (size_t)DTLS_RECORD_HEADER + len), body};
    return DTLS_RECORD_OK;
}

bool dtls_fragment_next(struct reader *body, struct dtls_fragment *out)
{
    out->type = reader_u8(body);
    out->length = reader_u24(body);
    out->message_seq = reader_u16(body);
    out->offset = reader_u24(body);
    uint32_t len = reader_u24(body);
    out->bytes = reader_bytes(body, len);
    return reader_ok(body) && out->length <= DTLS_HANDSHAKE_MAX && out->offset <= out->length && len <= out->length - out->offset;
}

/* The messages of TLS 1.2 and its extensions (RFC 5246 7.4, RFC 6347 4.3.2, RFC 6066, RFC 5077). */
static bool is_known_message(uint8_t type)
{
    return type <= 4 || (type >= 11 && type <= 16) || (type >= 20 && type <= 22);
}

static bool holds_messages(struct slice record_body)
{
    struct reader body = reader_of(record_body);
    struct dtls_fragment f;
    do {
        if (!dtls_fragment_next(&body, &f) || !is_known_message(f.type))
            return false;
    } while (reader_left(&body) > 0);
    return true;
}

bool dtls_record_is_sound(const struct dtls_record *record)
{
    if (record->type == DTLS_CHANGE_CIPHER_SPEC)
        return record->body.len == 1 && record->body.data[0] == 1;
    return record->type == DTLS_HANDSHAKE && holds_messages(record->body);
}

bool dtls_record_is_client_hello(const struct dtls_record *record)
{
    return record->type == DTLS_HANDSHAKE && record->body.len > 0 && record->body.data[0] == DTLS_CLIENT_HELLO;
}
