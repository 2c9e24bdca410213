/* SPDX-License-Identifier: MIT */
/* See rtp_send_parity.h. */
#include "rtp_send_parity.h"

/* Within this a retransmission is in time for a picture that is held back for as long as pictures are. */
enum { IN_TIME_US = 150000 };
/* A group of three of a hundred packets more than are lost: of 5 % loss a quarter, which with interleaving leaves one group in forty that
 * has to be asked for. The pacer gives repairs less than a third of the rate. Below a half of a percent nobody sees anything. */
enum { PERCENT = 1000, LOSS_LEAST = PERCENT / 2, BASE_PERCENT = 5, FACTOR = 4, MOST_PERCENT = 25, KEYFRAME_MOST_PERCENT = 40 };
/* Packets that one group has at most, so that what leaves meanwhile on the same numbers still fits. */
enum { GROUP_PACKETS = 36, SMOOTHING = 4 };

bool rtp_send_parity_is_agreed(const struct rtp_section *section, const struct rtp_encoding *encoding)
{
    const struct rtp_fec_formats *f = &section->fec.send;
    bool alone = section->kind == RTC_MEDIA_VIDEO && section->encoding_count == 1;
    return alone && ((f->flexfec && encoding->fec_ssrc) || (f->red && f->ulpfec));
}

void rtp_send_parity_configure(struct rtp_send_parity *p, const struct rtp_section *section, const struct rtp_encoding *encoding)
{
    p->formats = section->fec.send;
    p->ssrc = p->formats.flexfec ? encoding->fec_ssrc : 0;
    fec_writer_clear(&p->writer);
    p->parities = p->credit = 0;
}

uint32_t rtp_send_parity_percent(uint32_t loss, bool repairs, rtc_time_t round_trip)
{
    if (loss < LOSS_LEAST || (repairs && round_trip < IN_TIME_US))
        return 0;
    uint32_t percent = BASE_PERCENT + FACTOR * loss / PERCENT;
    return percent < MOST_PERCENT ? percent : MOST_PERCENT;
}

void rtp_send_parity_report(struct rtp_send_parity *p, uint32_t expected, uint32_t lost, bool repairs, rtc_time_t round_trip)
{
    if (expected == 0 || lost > expected)
        return;
    int64_t now = (int64_t)((uint64_t)lost * 100 * PERCENT / expected);
    p->loss = (uint32_t)((int64_t)p->loss + (now - (int64_t)p->loss) / SMOOTHING);
    p->percent = rtp_send_parity_percent(p->loss, repairs, round_trip);
    if (p->percent > 0 || p->writer.count == 0)
        return;
    fec_writer_clear(&p->writer);
    p->parities = p->credit = 0;
}

size_t rtp_send_parity_room(size_t header_bytes)
{
    return header_bytes - RTP_HEADER_LEN + 1 + FLEXFEC_HEADER_MAX;
}

bool rtp_send_parity_protects(const struct rtp_send_parity *p)
{
    return p && p->percent > 0 && (p->formats.ulpfec || p->formats.flexfec);
}

bool rtp_send_parity_takes(const struct rtp_send_parity *p, size_t bytes, size_t header_bytes, size_t max_bytes)
{
    return rtp_send_parity_protects(p) && bytes + rtp_send_parity_room(header_bytes) <= max_bytes;
}

/* A picture ends, or there are as many as one group may have. */
static void close_group(struct rtp_send_parity *p, bool full)
{
    size_t wanted = p->credit / 100;
    if (wanted == 0 && full)
        wanted = 1;
    p->parities = fec_writer_parities(&p->writer, wanted);
    p->next = 0;
    if (p->parities > 0)
        p->credit = p->credit > 100 * p->parities ? p->credit - 100 * (uint32_t)p->parities : 0;
    if (p->credit > 100)
        p->credit = 100;
}

void rtp_send_parity_left(struct rtp_send_parity *p, struct slice packet, const struct rtp_header *h, bool keyframe)
{
    uint8_t copy[RTP_HEADER_LEN + FEC_BODY_MAX];
    if (packet.len > sizeof copy)
        return;
    if (!fec_writer_fits(&p->writer, h->sequence)) {
        fec_writer_clear(&p->writer);
        p->parities = 0;
    }
    memcpy(copy, packet.data, packet.len);
    fec_blank(copy, packet, h);
    fec_writer_add(&p->writer, h->ssrc, h->sequence, slice_of(copy, packet.len));
    uint32_t more = p->percent * 3 / 2;
    p->credit += !keyframe ? p->percent : more < KEYFRAME_MOST_PERCENT ? more : KEYFRAME_MOST_PERCENT;
    bool full = p->writer.count >= GROUP_PACKETS;
    if (h->marker || full)
        close_group(p, full);
}

void rtp_send_parity_wrap(const struct rtp_send_parity *p, struct packet *packet, size_t header_bytes)
{
    uint8_t *bytes = packet_data(packet);
    if (p->ssrc != 0 || packet->start == 0)
        return;
    memmove(bytes - 1, bytes, header_bytes);
    bytes[header_bytes - 1] = bytes[0] & 0x7f; /* one block, of the type that it had */
    bytes[0] = (uint8_t)((bytes[0] & 0x80) | p->formats.red);
    packet->start--;
    packet->len++;
}

uint8_t rtp_send_parity_type(const struct rtp_send_parity *p)
{
    return p->ssrc ? p->formats.flexfec : p->formats.ulpfec;
}

bool rtp_send_parity_next(struct rtp_send_parity *p, struct writer *w)
{
    struct fec_header header;
    if (p->next >= p->parities)
        return false;
    fec_writer_parity(&p->writer, p->next++, p->parities, &header);
    if (p->ssrc)
        flexfec_write(w, &header);
    else
        ulpfec_write(w, &header);
    if (p->next == p->parities) {
        fec_writer_clear(&p->writer);
        p->parities = p->next = 0;
    }
    return true;
}
