/* The STUN codec (RFC 8489; attributes of ICE from RFC 8445 section 16): a datagram becomes a plain struct of views, a struct becomes a
 * datagram. Decoding has no effects; whoever takes the struct decides what to do. */
#ifndef CRTC_STUN_MESSAGE_H
#define CRTC_STUN_MESSAGE_H

#include "address.h"

enum { STUN_HEADER_LEN = 20, STUN_TRANSACTION_LEN = 12, STUN_MESSAGE_MAX = 2048, STUN_UNKNOWN_MAX = 8, STUN_INTEGRITY_LEN = 20 };
enum { STUN_BINDING = 1 };
enum stun_class { STUN_REQUEST = 0, STUN_INDICATION = 1, STUN_SUCCESS = 2, STUN_ERROR = 3 };

enum stun_attribute {
    STUN_MAPPED_ADDRESS = 0x0001,
    STUN_USERNAME = 0x0006,
    STUN_MESSAGE_INTEGRITY = 0x0008,
    STUN_ERROR_CODE = 0x0009,
    STUN_UNKNOWN_ATTRIBUTES = 0x000a,
    STUN_REALM = 0x0014,
    STUN_NONCE = 0x0015,
    STUN_MESSAGE_INTEGRITY_SHA256 = 0x001c,
    STUN_XOR_MAPPED_ADDRESS = 0x0020,
    STUN_PRIORITY = 0x0024,
    STUN_USE_CANDIDATE = 0x0025,
    STUN_SOFTWARE = 0x8022,
    STUN_FINGERPRINT = 0x8028,
    STUN_ICE_CONTROLLED = 0x8029,
    STUN_ICE_CONTROLLING = 0x802a
};

/* Which fields of a message are set. */
enum stun_has {
    STUN_HAS_USERNAME = 1 << 0,
    STUN_HAS_REALM = 1 << 1,
    STUN_HAS_NONCE = 1 << 2,
    STUN_HAS_SOFTWARE = 1 << 3,
    STUN_HAS_PRIORITY = 1 << 4,
    STUN_HAS_USE_CANDIDATE = 1 << 5,
    STUN_HAS_CONTROLLED = 1 << 6,
    STUN_HAS_CONTROLLING = 1 << 7,
    STUN_HAS_MAPPED = 1 << 8, /* MAPPED-ADDRESS; XOR-MAPPED-ADDRESS is preferred when both came */
    STUN_HAS_XOR_MAPPED = 1 << 9,
    STUN_HAS_ERROR = 1 << 10,
    STUN_HAS_UNKNOWN_ATTRIBUTES = 1 << 11,
    STUN_HAS_INTEGRITY = 1 << 12, /* parsed only: writing is asked for by a key */
    STUN_HAS_FINGERPRINT = 1 << 13
};

struct stun_message {
    enum stun_class class;
    uint16_t method;
    uint8_t transaction[STUN_TRANSACTION_LEN];
    uint32_t has; /* enum stun_has */
    struct slice username;
    struct slice realm;
    struct slice nonce;
    struct slice software;
    uint32_t priority;
    uint64_t tie_breaker;
    struct address mapped;
    uint16_t error_code;
    struct slice error_text;
    struct slice unknown_attributes; /* of a 420 response: 16-bit types, network order */
    /* Filled by the parser only. Views live as long as the datagram. */
    struct slice bytes;
    size_t integrity_at;                /* offset of MESSAGE-INTEGRITY */
    uint16_t unknown[STUN_UNKNOWN_MAX]; /* comprehension-required attributes that this codec does not know */
    uint8_t unknown_count;
};

/* RTC_ERR_SYNTAX for anything that is not one whole well-formed message, or whose FINGERPRINT is wrong. */
int stun_parse(struct slice datagram, struct stun_message *out);
/* Whether a parsed message carries a MESSAGE-INTEGRITY made with this key. */
bool stun_authentic(const struct stun_message *message, struct slice key);
/* Writes the message, with MESSAGE-INTEGRITY when the key is not empty and FINGERPRINT when STUN_HAS_FINGERPRINT is set. Returns its
 * length, or 0 when it does not fit. */
size_t stun_write(const struct stun_message *message, struct slice key, uint8_t *bytes, size_t capacity);

#endif
