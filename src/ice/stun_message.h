/* SPDX-License-Identifier: MIT */
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
    STUN_CHANNEL_NUMBER = 0x000c,
    STUN_LIFETIME = 0x000d,
    STUN_XOR_PEER_ADDRESS = 0x0012,
    STUN_DATA = 0x0013,
    STUN_REALM = 0x0014,
    STUN_NONCE = 0x0015,
    STUN_XOR_RELAYED_ADDRESS = 0x0016,
    STUN_REQUESTED_ADDRESS_FAMILY = 0x0017,
    STUN_REQUESTED_TRANSPORT = 0x0019,
    STUN_MESSAGE_INTEGRITY_SHA256 = 0x001c,
    STUN_PASSWORD_ALGORITHM = 0x001d,
    STUN_XOR_MAPPED_ADDRESS = 0x0020,
    STUN_PRIORITY = 0x0024,
    STUN_USE_CANDIDATE = 0x0025,
    STUN_ADDITIONAL_ADDRESS_FAMILY = 0x8000,
    STUN_PASSWORD_ALGORITHMS = 0x8002,
    STUN_ALTERNATE_DOMAIN = 0x8003,
    STUN_SOFTWARE = 0x8022,
    STUN_ALTERNATE_SERVER = 0x8023,
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
    STUN_HAS_FINGERPRINT = 1 << 13,
    STUN_HAS_INTEGRITY_SHA256 = 1 << 14, /* written in place of MESSAGE-INTEGRITY */
    STUN_HAS_PASSWORD_ALGORITHM = 1 << 15,
    STUN_HAS_PASSWORD_ALGORITHMS = 1 << 16,
    STUN_HAS_DATA = 1 << 17,
    STUN_HAS_LIFETIME = 1 << 18,
    STUN_HAS_CHANNEL = 1 << 19,
    STUN_HAS_PEER = 1 << 20,
    STUN_HAS_ALTERNATE = 1 << 21,
    STUN_HAS_TRANSPORT = 1 << 22, /* REQUESTED-TRANSPORT: UDP, the only one there is */
    STUN_HAS_ALTERNATE_DOMAIN = 1 << 23
};

enum { STUN_RELAYED_MAX = 2 };

/* What TURN adds (RFC 8656 section 18). Families are enum address_family, NONE when absent. */
struct stun_turn {
    uint32_t lifetime; /* seconds */
    uint16_t channel;
    uint8_t requested_family;
    uint8_t additional_family;
    uint8_t relayed_count;
    struct address relayed[STUN_RELAYED_MAX];
    struct address peer;
    struct slice data;
};

/* A message, as views of the bytes that it was read from. On the stack of whoever reads or writes one, who alone writes to it; nobody keeps one. stun_parse() fills
 * what `has` names; a writer sets that and what it names. */
struct stun_message {
    enum stun_class class;
    uint16_t method;
    uint8_t transaction[STUN_TRANSACTION_LEN];
    uint32_t has; /* enum stun_has */
    struct slice username;
    struct slice realm;
    struct slice nonce;
    struct slice software; /* never sent, nor asked for: the codec has it because the vectors of RFC 5769 do */
    uint32_t priority;
    uint64_t tie_breaker;
    struct address mapped;
    uint16_t error_code;
    struct slice error_text;
    struct slice unknown_attributes; /* of a 420 response: 16-bit types, network order */
    struct slice password_algorithm, password_algorithms;
    struct address alternate; /* ALTERNATE-SERVER */
    struct slice alternate_domain;
    struct stun_turn turn;
    /* Filled by the parser only. Views live as long as the datagram. */
    struct slice bytes;
    size_t integrity_at;        /* offset of MESSAGE-INTEGRITY */
    size_t integrity_sha256_at; /* and of MESSAGE-INTEGRITY-SHA256, whose value may be truncated */
    size_t integrity_sha256_len;
    uint16_t unknown[STUN_UNKNOWN_MAX]; /* comprehension-required attributes that this codec does not know */
    uint8_t unknown_count;
};

/* RTC_ERR_SYNTAX for anything that is not one whole well-formed message, or whose FINGERPRINT is wrong. */
int stun_parse(struct slice datagram, struct stun_message *out);
/* Whether a parsed message carries a MESSAGE-INTEGRITY made with this key. */
bool stun_authentic(const struct stun_message *message, struct slice key);
/* The same for MESSAGE-INTEGRITY-SHA256 (RFC 8489 section 14.6). */
bool stun_authentic_sha256(const struct stun_message *message, struct slice key);
/* Writes the message, with MESSAGE-INTEGRITY (or MESSAGE-INTEGRITY-SHA256, when STUN_HAS_INTEGRITY_SHA256 is set) when the key is not empty
 * and FINGERPRINT when STUN_HAS_FINGERPRINT is set. Returns its length, or 0 when it does not fit. */
size_t stun_write(const struct stun_message *message, struct slice key, uint8_t *bytes, size_t capacity);

#endif
