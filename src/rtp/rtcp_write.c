/* SPDX-License-Identifier: MIT */
/* Writing RTCP, and its times: see rtcp.h. */
#include "rtcp.h"

enum { TYPE_SR = 200, TYPE_RR = 201, TYPE_SDES = 202, TYPE_BYE = 203, TYPE_TRANSPORT_FEEDBACK = 205, TYPE_PAYLOAD_FEEDBACK = 206 };
enum { FORMAT_NACK = 1, FORMAT_PLI = 1, FORMAT_FIR = 4, FORMAT_APPLICATION = 15, SDES_CNAME = 1, MASK_BITS = 16 };

/* `words` as the length field counts them: 32-bit words after the first. */
static void head(struct writer *w, size_t count, uint8_t type, size_t words)
{
    if (count > RTCP_REPORTS_MAX || words > UINT16_MAX) {
        w->failed = true;
        return;
    }
    writer_u8(w, (uint8_t)(0x80 | count));
    writer_u8(w, type);
    writer_u16(w, (uint16_t)words);
}

static void write_reports(struct writer *w, const struct rtcp_report *reports, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        writer_u32(w, reports[i].ssrc);
        writer_u8(w, reports[i].fraction_lost);
        writer_u24(w, (uint32_t)reports[i].lost & 0xffffff);
        writer_u32(w, reports[i].highest_sequence);
        writer_u32(w, reports[i].jitter);
        writer_u32(w, reports[i].last_sr);
        writer_u32(w, reports[i].delay_since_last_sr);
    }
}

void rtcp_write_sr(struct writer *w, uint32_t ssrc, const struct rtcp_sender_info *sender, const struct rtcp_report *reports, size_t count)
{
    head(w, count, TYPE_SR, 6 + count * RTCP_REPORT_LEN / 4);
    writer_u32(w, ssrc);
    writer_u64(w, sender->ntp);
    writer_u32(w, sender->timestamp);
    writer_u32(w, sender->packets);
    writer_u32(w, sender->octets);
    write_reports(w, reports, w->failed ? 0 : count);
}

void rtcp_write_rr(struct writer *w, uint32_t ssrc, const struct rtcp_report *reports, size_t count)
{
    head(w, count, TYPE_RR, 1 + count * RTCP_REPORT_LEN / 4);
    writer_u32(w, ssrc);
    write_reports(w, reports, w->failed ? 0 : count);
}

void rtcp_write_sdes(struct writer *w, uint32_t ssrc, struct slice cname)
{
    size_t len = cname.len < 255 ? cname.len : 255;
    size_t zeros = 4 - (2 + len) % 4; /* at least the one that ends the chunk */
    head(w, 1, TYPE_SDES, 1 + (2 + len + zeros) / 4);
    writer_u32(w, ssrc);
    writer_u8(w, SDES_CNAME);
    writer_u8(w, (uint8_t)len);
    writer_bytes(w, slice_of(cname.data, len));
    writer_zeros(w, zeros);
}

void rtcp_write_bye(struct writer *w, const uint32_t *ssrcs, size_t count)
{
    head(w, count, TYPE_BYE, count);
    for (size_t i = 0; i < count; i++)
        writer_u32(w, ssrcs[i]);
}

static void feedback(struct writer *w, uint8_t type, size_t format, size_t words, uint32_t ssrc, uint32_t media_ssrc)
{
    head(w, format, type, 2 + words);
    writer_u32(w, ssrc);
    writer_u32(w, media_ssrc);
}

/* How many of the sequences from `i` on one entry covers, and the mask for them. */
static size_t nack_entry(const uint16_t *sequences, size_t count, size_t i, uint16_t *mask)
{
    size_t n = i + 1;
    *mask = 0;
    for (; n < count; n++) {
        uint16_t distance = (uint16_t)(sequences[n] - sequences[i]);
        if (distance > MASK_BITS)
            break;
        if (distance > 0)
            *mask = (uint16_t)(*mask | 1u << (distance - 1));
    }
    return n - i;
}

void rtcp_write_nack(struct writer *w, uint32_t ssrc, uint32_t media_ssrc, const uint16_t *sequences, size_t count)
{
    uint16_t mask;
    size_t entries = 0;
    for (size_t i = 0; i < count; i += nack_entry(sequences, count, i, &mask))
        entries++;
    if (entries == 0)
        return;
    feedback(w, TYPE_TRANSPORT_FEEDBACK, FORMAT_NACK, entries, ssrc, media_ssrc);
    for (size_t i = 0; i < count;) {
        size_t used = nack_entry(sequences, count, i, &mask);
        writer_u16(w, sequences[i]);
        writer_u16(w, mask);
        i += used;
    }
}

void rtcp_write_pli(struct writer *w, uint32_t ssrc, uint32_t media_ssrc)
{
    feedback(w, TYPE_PAYLOAD_FEEDBACK, FORMAT_PLI, 0, ssrc, media_ssrc);
}

void rtcp_write_fir(struct writer *w, uint32_t ssrc, uint32_t media_ssrc, uint8_t sequence)
{
    feedback(w, TYPE_PAYLOAD_FEEDBACK, FORMAT_FIR, 2, ssrc, 0);
    writer_u32(w, media_ssrc);
    writer_u8(w, sequence);
    writer_zeros(w, 3);
}

void rtcp_write_remb(struct writer *w, uint32_t ssrc, uint64_t bitrate_bps, const uint32_t *ssrcs, size_t count)
{
    uint32_t exponent = 0;
    while (bitrate_bps > 0x3ffff) { /* a mantissa of 18 bits (draft-alvestrand-rmcat-remb-03 section 2.2) */
        bitrate_bps >>= 1;
        exponent++;
    }
    if (count > UINT8_MAX) {
        w->failed = true;
        return;
    }
    feedback(w, TYPE_PAYLOAD_FEEDBACK, FORMAT_APPLICATION, 2 + count, ssrc, 0);
    writer_bytes(w, slice_str("REMB"));
    writer_u8(w, (uint8_t)count);
    writer_u24(w, exponent << 18 | (uint32_t)bitrate_bps);
    for (size_t i = 0; i < count; i++)
        writer_u32(w, ssrcs[i]);
}

/* Seconds from 1900 to 1970. */
#define NTP_EPOCH_S 2208988800u

uint64_t rtcp_ntp(int64_t wall_us)
{
    uint64_t seconds = (uint64_t)wall_us / 1000000;
    uint64_t rest = (uint64_t)wall_us % 1000000;
    return (seconds + NTP_EPOCH_S) << 32 | ((rest << 32) / 1000000);
}

int64_t rtcp_ntp_wall_us(uint64_t ntp)
{
    int64_t seconds = (int64_t)(ntp >> 32) - (int64_t)NTP_EPOCH_S;
    uint64_t rest = ((ntp & 0xffffffff) * 1000000 + 0x80000000u) >> 32;
    return seconds * 1000000 + (int64_t)rest;
}

uint32_t rtcp_ntp_middle(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

int64_t rtcp_middle_us(uint32_t middle)
{
    return (int64_t)((uint64_t)middle * 1000000 >> 16);
}

uint32_t rtcp_us_middle(int64_t us)
{
    const int64_t most = (int64_t)65536 * 1000000;
    return us <= 0 ? 0 : us >= most ? UINT32_MAX : (uint32_t)(((uint64_t)us << 16) / 1000000);
}

int64_t rtcp_round_trip_us(uint32_t now, uint32_t left, uint32_t held)
{
    const int64_t most = (int64_t)60 * 1000000;
    int32_t middle = (int32_t)(now - left - held);
    int64_t us = middle > 0 ? rtcp_middle_us((uint32_t)middle) : 1;
    return us <= most ? us : 0;
}
