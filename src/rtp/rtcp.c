/* SPDX-License-Identifier: MIT */
/* Reading RTCP: see rtcp.h. */
#include "rtcp.h"

#include "rtcp_extended.h"

enum {
    TYPE_SR = 200,
    TYPE_RR = 201,
    TYPE_SDES = 202,
    TYPE_BYE = 203,
    TYPE_TRANSPORT_FEEDBACK = 205,
    TYPE_PAYLOAD_FEEDBACK = 206,
    TYPE_EXTENDED = 207
};
enum {
    FORMAT_NACK = 1,
    FORMAT_CONGESTION = 11,
    FORMAT_TRANSPORT_WIDE = 15,
    FORMAT_PLI = 1,
    FORMAT_FIR = 4,
    FORMAT_APPLICATION = 15,
    SDES_CNAME = 1,
    NACK_LEN = 4,
    FIR_LEN = 8,
    SSRC_LEN = 4
};

struct rtcp_iterator rtcp_packets(struct slice datagram)
{
    return (struct rtcp_iterator){reader_of(datagram), false};
}

static bool read_reports(struct reader *r, size_t count, struct rtcp_packet *out)
{
    out->count = count;
    out->body = reader_bytes(r, count * RTCP_REPORT_LEN);
    return reader_ok(r); /* a profile's own extension may follow */
}

static bool read_sr(struct reader *r, size_t count, struct rtcp_packet *out)
{
    out->kind = RTCP_SR;
    out->ssrc = reader_u32(r);
    out->sender.ntp = reader_u64(r);
    out->sender.timestamp = reader_u32(r);
    out->sender.packets = reader_u32(r);
    out->sender.octets = reader_u32(r);
    return read_reports(r, count, out);
}

static bool read_rr(struct reader *r, size_t count, struct rtcp_packet *out)
{
    out->kind = RTCP_RR;
    out->ssrc = reader_u32(r);
    return read_reports(r, count, out);
}

/* Items up to and including a zero, then padding to 32 bits of the chunk, which begins at a multiple of them. */
static void read_chunk(struct reader *r, const uint8_t *start, struct slice *cname)
{
    uint8_t type;
    while ((type = reader_u8(r)) != 0) {
        struct slice value = reader_bytes(r, reader_u8(r));
        if (type == SDES_CNAME && cname)
            *cname = value;
    }
    if (reader_ok(r))
        reader_skip(r, (4 - (size_t)(r->at - start) % 4) % 4);
}

static bool read_sdes(struct reader *r, size_t count, struct rtcp_packet *out)
{
    const uint8_t *start = r->at;
    out->kind = RTCP_SDES;
    out->count = count;
    for (size_t i = 0; i < count && reader_ok(r); i++) {
        uint32_t ssrc = reader_u32(r);
        if (i == 0)
            out->ssrc = ssrc;
        read_chunk(r, start, i == 0 ? &out->cname : NULL);
    }
    return reader_ok(r);
}

static bool read_bye(struct reader *r, size_t count, struct rtcp_packet *out)
{
    out->kind = RTCP_BYE;
    out->count = count;
    out->body = reader_bytes(r, count * SSRC_LEN);
    if (reader_left(r) > 0)
        reader_skip(r, reader_u8(r)); /* the reason */
    if (count > 0 && reader_ok(r))
        out->ssrc = rtcp_ssrc_at(out, 0);
    return reader_ok(r);
}

/* Generic NACK (RFC 4585 section 6.2.1): at least one entry. */
static bool read_nack(struct reader *r, struct rtcp_packet *out)
{
    out->kind = RTCP_NACK;
    out->count = reader_left(r) / NACK_LEN;
    out->body = reader_bytes(r, out->count * NACK_LEN);
    return out->count > 0;
}

static bool read_fir(struct reader *r, struct rtcp_packet *out)
{
    out->kind = RTCP_FIR;
    out->count = reader_left(r) / FIR_LEN;
    out->body = reader_bytes(r, out->count * FIR_LEN);
    return out->count > 0;
}

/* An application message that begins with "REMB" (draft-alvestrand-rmcat-remb-03 section 2.2); others are unknown. */
static bool read_remb(struct reader *r, struct rtcp_packet *out)
{
    if (reader_left(r) < 4 || !slice_is(reader_bytes(r, 4), "REMB"))
        return true;
    out->count = reader_u8(r);
    uint32_t packed = reader_u24(r);
    unsigned exponent = packed >> 18;
    uint64_t mantissa = packed & 0x3ffff;
    out->bitrate_bps = exponent > 46 && mantissa > 0 ? UINT64_MAX : exponent > 46 ? 0 : mantissa << exponent;
    out->body = reader_bytes(r, out->count * SSRC_LEN);
    out->kind = RTCP_REMB;
    return reader_ok(r);
}

/* About all packets; whoever wants to know reads the rest. */
static bool read_arrivals(struct reader *r, enum rtcp_kind kind, struct rtcp_packet *out)
{
    out->kind = kind;
    out->body = reader_rest(r);
    return true;
}

static bool read_feedback(struct reader *r, uint8_t type, size_t format, struct rtcp_packet *out)
{
    out->ssrc = reader_u32(r);
    if (type == TYPE_TRANSPORT_FEEDBACK && format == FORMAT_CONGESTION) /* RFC 8888 section 3.1: each block names an SSRC */
        return read_arrivals(r, RTCP_CONGESTION_FEEDBACK, out);
    out->media_ssrc = reader_u32(r);
    if (!reader_ok(r))
        return false;
    if (type == TYPE_TRANSPORT_FEEDBACK)
        return format == FORMAT_NACK             ? read_nack(r, out)
               : format == FORMAT_TRANSPORT_WIDE ? read_arrivals(r, RTCP_TRANSPORT_FEEDBACK, out)
                                                 : true;
    if (format == FORMAT_PLI)
        out->kind = RTCP_PLI;
    else if (format == FORMAT_FIR)
        return read_fir(r, out);
    else if (format == FORMAT_APPLICATION)
        return read_remb(r, out);
    return true;
}

/* Its blocks are read by whoever wants to know. */
static bool read_extended(struct reader *r, struct rtcp_packet *out)
{
    out->kind = RTCP_EXTENDED;
    out->ssrc = reader_u32(r);
    out->body = reader_rest(r);
    return reader_ok(r) && rtcp_extended_is_sound(out->body);
}

static bool read_body(struct reader *r, uint8_t type, size_t count, struct rtcp_packet *out)
{
    *out = (struct rtcp_packet){0};
    switch (type) {
    case TYPE_SR:
        return read_sr(r, count, out);
    case TYPE_RR:
        return read_rr(r, count, out);
    case TYPE_SDES:
        return read_sdes(r, count, out);
    case TYPE_BYE:
        return read_bye(r, count, out);
    case TYPE_TRANSPORT_FEEDBACK:
    case TYPE_PAYLOAD_FEEDBACK:
        return read_feedback(r, type, count, out);
    case TYPE_EXTENDED:
        return read_extended(r, out);
    default:
        return true;
    }
}

/* Cuts the next packet's body out of the datagram; false when the framing is broken. */
static bool frame(struct reader *left, uint8_t *first, uint8_t *type, struct reader *body)
{
    *first = reader_u8(left);
    *type = reader_u8(left);
    size_t words = reader_u16(left);
    *body = reader_child(left, words * 4);
    if (!reader_ok(left) || *first >> 6 != 2)
        return false;
    if (!(*first & 0x20))
        return true;
    size_t len = reader_left(body);
    uint8_t padding = len > 0 ? body->end[-1] : 0;
    if (padding == 0 || padding > len)
        return false;
    body->end -= padding;
    return true;
}

bool rtcp_next(struct rtcp_iterator *it, struct rtcp_packet *out)
{
    while (reader_left(&it->left) > 0) {
        uint8_t first;
        uint8_t type;
        struct reader body;
        if (!frame(&it->left, &first, &type, &body)) {
            it->malformed = true;
            it->left.failed = true;
            return false;
        }
        if (!read_body(&body, type, first & 0x1f, out))
            it->malformed = true;
        else if (out->kind != RTCP_UNKNOWN)
            return true;
    }
    return false;
}

static struct reader entry(const struct rtcp_packet *packet, size_t index, size_t size)
{
    struct reader r = reader_of(packet->body);
    reader_skip(&r, index * size);
    return r;
}

struct rtcp_report rtcp_report_at(const struct rtcp_packet *packet, size_t index)
{
    struct reader r = entry(packet, index, RTCP_REPORT_LEN);
    struct rtcp_report report = {.ssrc = reader_u32(&r), .fraction_lost = reader_u8(&r)};
    uint32_t lost = reader_u24(&r);
    report.lost = lost & 0x800000 ? (int32_t)lost - 0x1000000 : (int32_t)lost;
    report.highest_sequence = reader_u32(&r);
    report.jitter = reader_u32(&r);
    report.last_sr = reader_u32(&r);
    report.delay_since_last_sr = reader_u32(&r);
    return report;
}

uint32_t rtcp_ssrc_at(const struct rtcp_packet *packet, size_t index)
{
    struct reader r = entry(packet, index, SSRC_LEN);
    return reader_u32(&r);
}

void rtcp_fir_at(const struct rtcp_packet *packet, size_t index, uint32_t *ssrc, uint8_t *sequence)
{
    struct reader r = entry(packet, index, FIR_LEN);
    *ssrc = reader_u32(&r);
    *sequence = reader_u8(&r);
}

void rtcp_nack_at(const struct rtcp_packet *packet, size_t index, uint16_t *sequence, uint16_t *mask)
{
    struct reader r = entry(packet, index, NACK_LEN);
    *sequence = reader_u16(&r);
    *mask = reader_u16(&r);
}
