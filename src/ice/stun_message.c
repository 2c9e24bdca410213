/* SPDX-License-Identifier: MIT */
/* The STUN codec: see stun_message.h. RFC 8489 sections 5 (header), 14 (attributes), 14.5 (MESSAGE-INTEGRITY), 14.7 (FINGERPRINT). */
#include "stun_attributes.h"

#include "hash.h"
#include "reader.h"
#include "writer.h"

#include <crtc/base.h>

static const uint8_t magic[4] = {0x21, 0x12, 0xa4, 0x42};
static const uint32_t fingerprint_mask = 0x5354554e;

enum { ATTRIBUTE_HEADER_LEN = 4, COMPREHENSION_OPTIONAL = 0x8000, SHA256_SHORTEST = 16 };

/* Attributes that hold text or bytes and where their view goes. */
struct view {
    uint16_t type;
    uint32_t has;
    size_t field;
};

static const struct view views[] = {
    {STUN_USERNAME, STUN_HAS_USERNAME, offsetof(struct stun_message, username)},
    {STUN_REALM, STUN_HAS_REALM, offsetof(struct stun_message, realm)},
    {STUN_NONCE, STUN_HAS_NONCE, offsetof(struct stun_message, nonce)},
    {STUN_SOFTWARE, STUN_HAS_SOFTWARE, offsetof(struct stun_message, software)},
    {STUN_PASSWORD_ALGORITHMS, STUN_HAS_PASSWORD_ALGORITHMS, offsetof(struct stun_message, password_algorithms)},
    {STUN_PASSWORD_ALGORITHM, STUN_HAS_PASSWORD_ALGORITHM, offsetof(struct stun_message, password_algorithm)},
    {STUN_ALTERNATE_DOMAIN, STUN_HAS_ALTERNATE_DOMAIN, offsetof(struct stun_message, alternate_domain)},
    {STUN_UNKNOWN_ATTRIBUTES, STUN_HAS_UNKNOWN_ATTRIBUTES, offsetof(struct stun_message, unknown_attributes)},
    {STUN_DATA, STUN_HAS_DATA, offsetof(struct stun_message, turn.data)},
};

enum { VIEW_COUNT = sizeof views / sizeof views[0] };

static struct slice *view_field(struct stun_message *m, const struct view *v)
{
    return (struct slice *)(void *)((char *)m + v->field);
}

bool stun_parse_address(struct slice value, const uint8_t mask[16], struct address *out)
{
    struct reader r = reader_of(value);
    reader_skip(&r, 1);
    uint8_t family = reader_u8(&r);
    uint16_t port = reader_u16(&r);
    struct slice ip = reader_rest(&r);
    struct address a = {.family = family == STUN_FAMILY_IPV4 ? ADDRESS_IPV4 : ADDRESS_IPV6};
    if (!reader_ok(&r) || (family != STUN_FAMILY_IPV4 && family != STUN_FAMILY_IPV6) || ip.len != address_ip_len(&a))
        return false;
    a.port = (uint16_t)(port ^ (mask[0] << 8 | mask[1]));
    for (size_t i = 0; i < ip.len; i++)
        a.ip[i] = ip.data[i] ^ mask[i];
    *out = a;
    return true;
}

void stun_address_mask(const struct stun_message *m, uint8_t mask[16])
{
    memcpy(mask, magic, sizeof magic);
    memcpy(mask + sizeof magic, m->transaction, STUN_TRANSACTION_LEN);
}

static bool parse_xor_mapped(struct stun_message *m, struct slice value)
{
    uint8_t mask[16];
    if (m->has & STUN_HAS_XOR_MAPPED)
        return true;
    stun_address_mask(m, mask);
    m->has |= STUN_HAS_XOR_MAPPED;
    return stun_parse_address(value, mask, &m->mapped);
}

static bool parse_mapped(struct stun_message *m, struct slice value)
{
    static const uint8_t plain[16];
    struct address a;
    if (!stun_parse_address(value, plain, &a))
        return false;
    if (!(m->has & (STUN_HAS_MAPPED | STUN_HAS_XOR_MAPPED)))
        m->mapped = a;
    m->has |= STUN_HAS_MAPPED;
    return true;
}

static bool parse_error(struct stun_message *m, struct slice value)
{
    struct reader r = reader_of(value);
    reader_skip(&r, 2);
    uint8_t hundreds = reader_u8(&r) & 7;
    uint8_t number = reader_u8(&r);
    if (!reader_ok(&r) || number > 99)
        return false;
    if (m->has & STUN_HAS_ERROR)
        return true;
    m->has |= STUN_HAS_ERROR;
    m->error_code = (uint16_t)(hundreds * 100 + number);
    m->error_text = reader_rest(&r);
    return true;
}

static bool parse_priority(struct stun_message *m, struct slice value)
{
    struct reader r = reader_of(value);
    if (value.len != 4)
        return false;
    if (!(m->has & STUN_HAS_PRIORITY))
        m->priority = reader_u32(&r);
    m->has |= STUN_HAS_PRIORITY;
    return true;
}

static bool parse_role(struct stun_message *m, struct slice value, uint32_t has)
{
    struct reader r = reader_of(value);
    if (value.len != 8)
        return false;
    if (!(m->has & (STUN_HAS_CONTROLLED | STUN_HAS_CONTROLLING)))
        m->tie_breaker = reader_u64(&r);
    m->has |= has;
    return (m->has & STUN_HAS_CONTROLLED) == 0 || (m->has & STUN_HAS_CONTROLLING) == 0;
}

static bool parse_use_candidate(struct stun_message *m, struct slice value)
{
    m->has |= STUN_HAS_USE_CANDIDATE;
    return value.len == 0;
}

static bool parse_integrity(struct stun_message *m, struct slice value)
{
    m->has |= STUN_HAS_INTEGRITY;
    m->integrity_at = (size_t)(value.data - m->bytes.data) - ATTRIBUTE_HEADER_LEN;
    return value.len == STUN_INTEGRITY_LEN;
}

static bool parse_integrity_sha256(struct stun_message *m, struct slice value)
{
    m->has |= STUN_HAS_INTEGRITY_SHA256;
    m->integrity_sha256_at = (size_t)(value.data - m->bytes.data) - ATTRIBUTE_HEADER_LEN;
    m->integrity_sha256_len = value.len;
    return value.len >= SHA256_SHORTEST && value.len <= HASH_SHA256_LEN && value.len % 4 == 0;
}

/* FINGERPRINT covers all before it, with the header's length already counting it: it must be the last attribute. */
static bool parse_fingerprint(struct stun_message *m, struct slice value)
{
    struct reader r = reader_of(value);
    if (value.len != 4 || value.data + value.len != m->bytes.data + m->bytes.len)
        return false;
    struct slice covered = slice_of(m->bytes.data, m->bytes.len - ATTRIBUTE_HEADER_LEN - value.len);
    m->has |= STUN_HAS_FINGERPRINT;
    return reader_u32(&r) == (hash_crc32(covered) ^ fingerprint_mask);
}

static bool parse_view(struct stun_message *m, uint16_t type, struct slice value, bool *known)
{
    for (size_t i = 0; i < VIEW_COUNT; i++) {
        if (views[i].type != type)
            continue;
        *known = true;
        /* Only the first of several is considered (RFC 8489 section 14). */
        if (!(m->has & views[i].has))
            *view_field(m, &views[i]) = value;
        m->has |= views[i].has;
    }
    return type != STUN_UNKNOWN_ATTRIBUTES || value.len % 2 == 0;
}

static bool parse_other(struct stun_message *m, uint16_t type, struct slice value)
{
    bool known = false;
    if (!parse_view(m, type, value, &known) || !stun_parse_turn(m, type, value, &known))
        return false;
    if (!known && type < COMPREHENSION_OPTIONAL && m->unknown_count < STUN_UNKNOWN_MAX)
        m->unknown[m->unknown_count++] = type;
    return true;
}

static bool parse_attribute(struct stun_message *m, uint16_t type, struct slice value)
{
    if (type == STUN_FINGERPRINT)
        return parse_fingerprint(m, value);
    /* What follows MESSAGE-INTEGRITY is not covered by it and is ignored (RFC 8489 section 14.5), but for its other form. */
    if (type == STUN_MESSAGE_INTEGRITY_SHA256 && !(m->has & STUN_HAS_INTEGRITY_SHA256))
        return parse_integrity_sha256(m, value);
    if (m->has & (STUN_HAS_INTEGRITY | STUN_HAS_INTEGRITY_SHA256))
        return true;
    switch (type) {
    case STUN_XOR_MAPPED_ADDRESS:
        return parse_xor_mapped(m, value);
    case STUN_MAPPED_ADDRESS:
        return parse_mapped(m, value);
    case STUN_ERROR_CODE:
        return parse_error(m, value);
    case STUN_PRIORITY:
        return parse_priority(m, value);
    case STUN_ICE_CONTROLLED:
        return parse_role(m, value, STUN_HAS_CONTROLLED);
    case STUN_ICE_CONTROLLING:
        return parse_role(m, value, STUN_HAS_CONTROLLING);
    case STUN_USE_CANDIDATE:
        return parse_use_candidate(m, value);
    case STUN_MESSAGE_INTEGRITY:
        return parse_integrity(m, value);
    default:
        return parse_other(m, type, value);
    }
}

/* The message type interleaves the class's two bits with the method's twelve (RFC 8489 figure 3). */
static bool parse_header(struct reader *r, struct stun_message *m)
{
    uint16_t type = reader_u16(r);
    uint16_t len = reader_u16(r);
    struct slice cookie = reader_bytes(r, sizeof magic);
    struct slice transaction = reader_bytes(r, STUN_TRANSACTION_LEN);
    if (!reader_ok(r) || type > 0x3fff || len % 4 != 0 || len != reader_left(r) || !slice_eq(cookie, slice_of(magic, sizeof magic)))
        return false;
    m->class = (enum stun_class)((type >> 4 & 1) | (type >> 7 & 2));
    m->method = (uint16_t)((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));
    memcpy(m->transaction, transaction.data, STUN_TRANSACTION_LEN);
    return true;
}

int stun_parse(struct slice datagram, struct stun_message *out)
{
    struct reader r = reader_of(datagram);
    *out = (struct stun_message){.bytes = datagram};
    if (datagram.len > STUN_MESSAGE_MAX || !parse_header(&r, out))
        return RTC_ERR_SYNTAX;
    while (reader_left(&r) > 0) {
        uint16_t type = reader_u16(&r);
        uint16_t len = reader_u16(&r);
        struct slice value = reader_bytes(&r, len);
        reader_skip(&r, (size_t)(-len & 3));
        if (!reader_ok(&r) || !parse_attribute(out, type, value))
            return RTC_ERR_SYNTAX;
    }
    return RTC_OK;
}

/* What an integrity of `len` bytes at `at` covers: the message before it, whose header's length counts it in. */
static void copy_covered(const struct stun_message *m, size_t at, size_t len, uint8_t *covered)
{
    memcpy(covered, m->bytes.data, at);
    put_u16(covered + 2, (uint16_t)(at + ATTRIBUTE_HEADER_LEN + len - STUN_HEADER_LEN));
}

bool stun_authentic_sha256(const struct stun_message *m, struct slice key)
{
    uint8_t covered[STUN_MESSAGE_MAX];
    uint8_t digest[HASH_SHA256_LEN];
    size_t at = m->integrity_sha256_at;
    if (!(m->has & STUN_HAS_INTEGRITY_SHA256) || at > sizeof covered || key.len == 0)
        return false;
    copy_covered(m, at, m->integrity_sha256_len, covered);
    return hash_hmac_sha256(key, slice_of(covered, at), digest) &&
           hash_equal(digest, m->bytes.data + at + ATTRIBUTE_HEADER_LEN, m->integrity_sha256_len);
}

bool stun_authentic(const struct stun_message *m, struct slice key)
{
    uint8_t covered[STUN_MESSAGE_MAX];
    uint8_t digest[HASH_SHA1_LEN];
    if (!(m->has & STUN_HAS_INTEGRITY) || m->integrity_at > sizeof covered || key.len == 0)
        return false;
    copy_covered(m, m->integrity_at, STUN_INTEGRITY_LEN, covered);
    return hash_hmac_sha1(key, slice_of(covered, m->integrity_at), digest) &&
           hash_equal(digest, m->bytes.data + m->integrity_at + ATTRIBUTE_HEADER_LEN, sizeof digest);
}

void stun_write_attribute(struct writer *w, uint16_t type, struct slice value)
{
    writer_u16(w, type);
    writer_u16(w, (uint16_t)value.len);
    writer_bytes(w, value);
    writer_zeros(w, (size_t)(-value.len & 3));
}

static void write_views(struct writer *w, const struct stun_message *m)
{
    for (size_t i = 0; i < VIEW_COUNT; i++)
        if (m->has & views[i].has)
            stun_write_attribute(w, views[i].type, *(const struct slice *)(const void *)((const char *)m + views[i].field));
}

void stun_write_address(struct writer *w, uint16_t type, const uint8_t mask[16], const struct address *a)
{
    uint8_t value[20] = {0, a->family == ADDRESS_IPV6 ? STUN_FAMILY_IPV6 : STUN_FAMILY_IPV4};
    put_u16(value + 2, (uint16_t)(a->port ^ (mask[0] << 8 | mask[1])));
    for (size_t i = 0; i < address_ip_len(a); i++)
        value[4 + i] = a->ip[i] ^ mask[i];
    stun_write_attribute(w, type, slice_of(value, 4 + address_ip_len(a)));
}

static void write_addresses(struct writer *w, const struct stun_message *m)
{
    static const uint8_t plain[16];
    uint8_t mask[16];
    stun_address_mask(m, mask);
    if (m->has & STUN_HAS_XOR_MAPPED)
        stun_write_address(w, STUN_XOR_MAPPED_ADDRESS, mask, &m->mapped);
    else if (m->has & STUN_HAS_MAPPED)
        stun_write_address(w, STUN_MAPPED_ADDRESS, plain, &m->mapped);
}

static void write_error(struct writer *w, const struct stun_message *m)
{
    writer_u16(w, STUN_ERROR_CODE);
    writer_u16(w, (uint16_t)(4 + m->error_text.len));
    writer_u16(w, 0);
    writer_u8(w, (uint8_t)(m->error_code / 100));
    writer_u8(w, (uint8_t)(m->error_code % 100));
    writer_bytes(w, m->error_text);
    writer_zeros(w, (size_t)(-m->error_text.len & 3));
}

static void write_ice(struct writer *w, const struct stun_message *m)
{
    uint8_t number[8];
    if (m->has & STUN_HAS_PRIORITY) {
        put_u32(number, m->priority);
        stun_write_attribute(w, STUN_PRIORITY, slice_of(number, 4));
    }
    if (m->has & (STUN_HAS_CONTROLLED | STUN_HAS_CONTROLLING)) {
        put_u32(number, (uint32_t)(m->tie_breaker >> 32));
        put_u32(number + 4, (uint32_t)m->tie_breaker);
        stun_write_attribute(w, m->has & STUN_HAS_CONTROLLING ? STUN_ICE_CONTROLLING : STUN_ICE_CONTROLLED, slice_of(number, 8));
    }
    if (m->has & STUN_HAS_USE_CANDIDATE)
        stun_write_attribute(w, STUN_USE_CANDIDATE, slice_of(NULL, 0));
}

/* The header's length field as if the message ended `more` bytes from here. */
static void set_len(struct writer *w, size_t more)
{
    if (writer_ok(w))
        put_u16(w->start + 2, (uint16_t)(writer_len(w) + more - STUN_HEADER_LEN));
}

static void write_integrity_sha256(struct writer *w, struct slice key)
{
    uint8_t digest[HASH_SHA256_LEN];
    set_len(w, ATTRIBUTE_HEADER_LEN + sizeof digest);
    if (!writer_ok(w) || !hash_hmac_sha256(key, slice_of(w->start, writer_len(w)), digest)) {
        w->failed = true;
        return;
    }
    stun_write_attribute(w, STUN_MESSAGE_INTEGRITY_SHA256, slice_of(digest, sizeof digest));
}

static void write_integrity(struct writer *w, struct slice key)
{
    uint8_t digest[HASH_SHA1_LEN];
    set_len(w, ATTRIBUTE_HEADER_LEN + sizeof digest);
    if (!writer_ok(w) || !hash_hmac_sha1(key, slice_of(w->start, writer_len(w)), digest)) {
        w->failed = true;
        return;
    }
    stun_write_attribute(w, STUN_MESSAGE_INTEGRITY, slice_of(digest, sizeof digest));
}

static void write_fingerprint(struct writer *w)
{
    set_len(w, ATTRIBUTE_HEADER_LEN + 4);
    if (!writer_ok(w))
        return;
    uint32_t crc = hash_crc32(slice_of(w->start, writer_len(w)));
    writer_u16(w, STUN_FINGERPRINT);
    writer_u16(w, 4);
    writer_u32(w, crc ^ fingerprint_mask);
}

static void write_header(struct writer *w, const struct stun_message *m)
{
    unsigned method = m->method;
    unsigned type = (method & 0xf) | (method & 0x70) << 1 | (method & 0xf80) << 2;
    type |= ((unsigned)m->class & 1) << 4 | ((unsigned)m->class & 2) << 7;
    writer_u16(w, (uint16_t)type);
    writer_u16(w, 0);
    writer_bytes(w, slice_of(magic, sizeof magic));
    writer_bytes(w, slice_of(m->transaction, STUN_TRANSACTION_LEN));
}

size_t stun_write(const struct stun_message *m, struct slice key, uint8_t *bytes, size_t capacity)
{
    struct writer w = writer_of(bytes, capacity < STUN_MESSAGE_MAX ? capacity : STUN_MESSAGE_MAX);
    write_header(&w, m);
    write_views(&w, m);
    write_addresses(&w, m);
    if (m->has & STUN_HAS_ERROR)
        write_error(&w, m);
    write_ice(&w, m);
    stun_write_turn(&w, m);
    if (key.len > 0 && (m->has & STUN_HAS_INTEGRITY_SHA256))
        write_integrity_sha256(&w, key);
    else if (key.len > 0)
        write_integrity(&w, key);
    if (m->has & STUN_HAS_FINGERPRINT)
        write_fingerprint(&w);
    set_len(&w, 0);
    return writer_ok(&w) ? writer_len(&w) : 0;
}
