/* SPDX-License-Identifier: MIT */
/* DNS messages as far as multicast DNS needs them (RFC 1035 section 4, RFC 6762 section 18): questions, and records that are addresses
 * or say which there are. * Decoding copies names out, since compressed ones are not in one piece; encoding does not compress. */
#ifndef CRTC_DNS_MESSAGE_H
#define CRTC_DNS_MESSAGE_H

#include "address.h"

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_NSEC = 47, DNS_ANY = 255 };
/* What a name has; NSEC of other types, or of other names, is left out. */
enum dns_has { DNS_HAS_A = 1, DNS_HAS_AAAA = 2 };
enum { DNS_CLASS_IN = 1, DNS_CLASS_ANY = 255 };
enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };
/* What a message holds more than this, and records of other types, is checked like the rest and left out. */
enum { DNS_QUESTIONS_MAX = 8, DNS_RECORDS_MAX = 16, DNS_NAME_MAX = 255 };

struct dns_question {
    char name[DNS_NAME_MAX + 1]; /* see dns_record */
    uint16_t type;
    uint16_t class;
    bool unicast; /* QU: the answer may come by unicast (RFC 6762 section 5.4) */
};

struct dns_record {
    char name[DNS_NAME_MAX + 1]; /* labels with dots between them and none at the end; empty: the root, or a name with bytes in its labels
                                    that such a text can not say */
    uint8_t section;             /* enum dns_section */
    uint16_t type;
    uint16_t class;
    bool flush; /* the set of records is whole: others are forgotten (RFC 6762 section 10.2) */
    uint32_t ttl;
    struct address address; /* of A and AAAA, port 0; else family NONE */
    uint8_t has;            /* of NSEC, enum dns_has: all that the name has (RFC 6762 section 6.1) */
};

/* On the stack of whoever reads (dns_parse) or writes one; nobody keeps one. */
struct dns_message {
    uint16_t id;
    bool response;
    bool authoritative;
    bool truncated;
    uint8_t opcode;
    uint8_t rcode;
    struct dns_question questions[DNS_QUESTIONS_MAX];
    size_t question_count;
    struct dns_record records[DNS_RECORDS_MAX];
    size_t record_count;
};

/* RTC_ERR_SYNTAX for anything that does not follow the grammar, trailing bytes included. */
int dns_parse(struct slice bytes, struct dns_message *out);
/* The length; 0 when it does not fit, or a name is none, or a record is of another type. Records are in the order of their sections. */
size_t dns_write(const struct dns_message *message, uint8_t *bytes, size_t capacity);
/* Names are compared without regard to the case of ASCII letters (RFC 6762 section 16). */
bool dns_name_eq(const char *a, const char *b);

#endif
