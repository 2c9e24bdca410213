/* SPDX-License-Identifier: MIT */
/* See dns_message.h. A compression pointer must point before the name that it is in, and each one before the one that led to it: no name
 * loops, and none is longer than the standard allows. */
#include "dns_message.h"

#include "reader.h"
#include "text.h"
#include "writer.h"

#include <crtc/base.h>

enum { HEADER_LEN = 12, LABEL_MAX = 63, POINTER = 0xc0, TOP_BIT = 0x8000 };
enum { FLAG_RESPONSE = 0x8000, FLAG_AUTHORITATIVE = 0x0400, FLAG_TRUNCATED = 0x0200 };

/* A name while it is put together. */
struct name {
    char text[DNS_NAME_MAX + 1];
    size_t len;  /* of the text */
    size_t wire; /* octets without compression, RFC 1035 section 3.1: at most 255 */
    bool unspeakable;
};

static void add_label(struct name *name, struct slice label)
{
    name->wire += label.len + 1;
    if (name->wire >= DNS_NAME_MAX)
        return;
    if (name->len > 0)
        name->text[name->len++] = '.';
    for (size_t i = 0; i < label.len; i++) {
        uint8_t c = label.data[i];
        name->unspeakable |= c <= ' ' || c >= 0x7f || c == '.' || c == '\\';
        name->text[name->len++] = (char)c;
    }
}

/* The labels of the name at `r`, which moves behind it; what is left of the name when it goes on elsewhere is read from there. */
static bool read_labels(struct slice message, struct reader *r, struct name *name)
{
    struct reader at = *r;
    size_t before = (size_t)(r->at - message.data);
    for (bool jumped = false;;) {
        uint8_t len = reader_u8(&at);
        if (len > LABEL_MAX) {
            size_t to = (size_t)(len & ~POINTER) << 8 | reader_u8(&at);
            if (!reader_ok(&at) || (len & POINTER) != POINTER || to < HEADER_LEN || to >= before)
                return false;
            if (!jumped)
                *r = at;
            jumped = true;
            before = to;
            at = reader_of(slice_of(message.data + to, message.len - to));
            continue;
        }
        struct slice label = reader_bytes(&at, len);
        if (!reader_ok(&at))
            return false;
        if (len == 0) {
            if (!jumped)
                *r = at;
            return true;
        }
        add_label(name, label);
        if (name->wire >= DNS_NAME_MAX)
            return false;
    }
}

static void read_name(struct slice message, struct reader *r, char *out)
{
    struct name name = {.len = 0};
    if (!reader_ok(r) || reader_left(r) == 0 || !read_labels(message, r, &name))
        r->failed = true;
    if (name.unspeakable || r->failed)
        name.len = 0;
    memcpy(out, name.text, name.len);
    out[name.len] = 0;
}

static void read_question(struct slice message, struct reader *r, struct dns_question *out)
{
    read_name(message, r, out->name);
    out->type = reader_u16(r);
    uint16_t class = reader_u16(r);
    out->unicast = class & TOP_BIT;
    out->class = (uint16_t)(class & ~TOP_BIT);
}

/* In the form that multicast DNS uses: the name itself, and one block of bits. `data` is at its place in the message. */
static void read_nsec(struct slice message, struct reader data, struct dns_record *out)
{
    char next[DNS_NAME_MAX + 1];
    read_name(message, &data, next);
    uint8_t window = reader_u8(&data), len = reader_u8(&data);
    struct slice bits = reader_bytes(&data, len);
    if (!reader_ok(&data) || reader_left(&data) > 0 || window != 0 || len == 0 || len > 32 || !dns_name_eq(next, out->name))
        return;
    out->has |= bits.data[0] & 0x80 >> DNS_A ? DNS_HAS_A : 0;
    out->has |= len > DNS_AAAA / 8 && (bits.data[DNS_AAAA / 8] & 0x80 >> DNS_AAAA % 8) ? DNS_HAS_AAAA : 0;
}

/* Addresses of the wrong length make the message malformed. */
static void read_data(struct slice message, struct reader *r, struct dns_record *out)
{
    size_t len = reader_u16(r);
    struct reader nsec = *r;
    struct slice data = reader_bytes(r, len);
    bool four = out->type == DNS_A, six = out->type == DNS_AAAA;
    out->address = (struct address){0};
    out->has = 0;
    if (out->class == DNS_CLASS_IN && out->type == DNS_NSEC && reader_ok(r))
        read_nsec(message, reader_child(&nsec, len), out);
    if (out->class != DNS_CLASS_IN || (!four && !six))
        return;
    if (data.len != (four ? 4 : 16)) {
        r->failed = true;
        return;
    }
    out->address.family = four ? ADDRESS_IPV4 : ADDRESS_IPV6;
    memcpy(out->address.ip, data.data, data.len);
}

static void read_record(struct slice message, struct reader *r, uint8_t section, struct dns_record *out)
{
    read_name(message, r, out->name);
    out->section = section;
    out->type = reader_u16(r);
    uint16_t class = reader_u16(r);
    out->flush = class & TOP_BIT;
    out->class = (uint16_t)(class & ~TOP_BIT);
    out->ttl = reader_u32(r);
    read_data(message, r, out);
}

int dns_parse(struct slice bytes, struct dns_message *out)
{
    struct reader r = reader_of(bytes);
    struct dns_question question;
    struct dns_record record;
    out->question_count = out->record_count = 0;
    out->id = reader_u16(&r);
    uint16_t flags = reader_u16(&r);
    out->response = flags & FLAG_RESPONSE;
    out->authoritative = flags & FLAG_AUTHORITATIVE;
    out->truncated = flags & FLAG_TRUNCATED;
    out->opcode = flags >> 11 & 15;
    out->rcode = flags & 15;
    uint16_t questions = reader_u16(&r);
    uint16_t records[DNS_ADDITIONAL + 1];
    for (uint8_t section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++)
        records[section] = reader_u16(&r);
    for (unsigned i = 0; i < questions && reader_ok(&r); i++) {
        read_question(bytes, &r, &question);
        if (reader_ok(&r) && out->question_count < DNS_QUESTIONS_MAX)
            out->questions[out->question_count++] = question;
    }
    for (uint8_t section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++)
        for (unsigned i = 0; i < records[section] && reader_ok(&r); i++) {
            read_record(bytes, &r, section, &record);
            if (reader_ok(&r) && (record.address.family != ADDRESS_NONE || record.has) && out->record_count < DNS_RECORDS_MAX)
                out->records[out->record_count++] = record;
        }
    return reader_ok(&r) && reader_left(&r) == 0 ? RTC_OK : RTC_ERR_SYNTAX;
}

static void write_name(struct writer *w, const char *name)
{
    size_t len = strlen(name);
    w->failed |= len > DNS_NAME_MAX - 2;
    for (const char *label = name; *label && writer_ok(w);) {
        size_t n = strcspn(label, ".");
        bool ends = label[n] == 0;
        w->failed |= n == 0 || n > LABEL_MAX || (!ends && label[n + 1] == 0);
        writer_u8(w, (uint8_t)n);
        writer_bytes(w, slice_of(label, n));
        label += ends ? n : n + 1;
    }
    writer_u8(w, 0);
}

static void write_nsec(struct writer *w, const struct dns_record *record)
{
    uint8_t bits[DNS_AAAA / 8 + 1] = {record->has & DNS_HAS_A ? 0x80 >> DNS_A : 0};
    uint8_t len = record->has & DNS_HAS_AAAA ? sizeof bits : 1;
    uint8_t *size = writer_room(w, 2), *start = w->at;
    if (record->has & DNS_HAS_AAAA)
        bits[DNS_AAAA / 8] = 0x80 >> DNS_AAAA % 8;
    write_name(w, record->name);
    writer_u8(w, 0);
    writer_u8(w, len);
    writer_bytes(w, slice_of(bits, len));
    if (size)
        put_u16(size, (uint16_t)(w->at - start));
}

static void write_record(struct writer *w, const struct dns_record *record)
{
    const struct address *a = &record->address;
    bool is_address = (record->type == DNS_A && a->family == ADDRESS_IPV4) || (record->type == DNS_AAAA && a->family == ADDRESS_IPV6);
    bool is_nsec = record->type == DNS_NSEC && record->has != 0;
    w->failed |= (!is_address && !is_nsec) || record->class != DNS_CLASS_IN;
    write_name(w, record->name);
    writer_u16(w, record->type);
    writer_u16(w, (uint16_t)(record->class | (record->flush ? TOP_BIT : 0)));
    writer_u32(w, record->ttl);
    if (is_nsec) {
        write_nsec(w, record);
        return;
    }
    writer_u16(w, (uint16_t)address_ip_len(a));
    writer_bytes(w, slice_of(a->ip, address_ip_len(a)));
}

static void write_header(struct writer *w, const struct dns_message *m)
{
    unsigned flags = (m->response ? FLAG_RESPONSE : 0) | (m->authoritative ? FLAG_AUTHORITATIVE : 0);
    uint16_t counts[] = {0, 0, 0};
    for (size_t i = 0; i < m->record_count; i++)
        counts[m->records[i].section]++;
    writer_u16(w, m->id);
    writer_u16(w, (uint16_t)(flags | (m->truncated ? FLAG_TRUNCATED : 0) | (m->opcode & 15u) << 11 | (m->rcode & 15u)));
    writer_u16(w, (uint16_t)m->question_count);
    for (uint8_t section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++)
        writer_u16(w, counts[section]);
}

size_t dns_write(const struct dns_message *m, uint8_t *bytes, size_t capacity)
{
    struct writer w = writer_of(bytes, capacity);
    write_header(&w, m);
    for (size_t i = 0; i < m->question_count; i++) {
        write_name(&w, m->questions[i].name);
        writer_u16(&w, m->questions[i].type);
        writer_u16(&w, (uint16_t)(m->questions[i].class | (m->questions[i].unicast ? TOP_BIT : 0)));
    }
    for (uint8_t section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++)
        for (size_t i = 0; i < m->record_count; i++)
            if (m->records[i].section == section)
                write_record(&w, &m->records[i]);
    return writer_ok(&w) ? writer_len(&w) : 0;
}

bool dns_name_eq(const char *a, const char *b)
{
    return slice_eq_nocase(slice_str(a), slice_str(b));
}
