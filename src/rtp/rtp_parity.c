/* SPDX-License-Identifier: MIT */
/* See rtp_parity.h. */
#include "rtp_parity.h"

#include "fec_window.h"
#include "rtp_members.h"
#include "reader.h"

/* A picture takes about forty milliseconds to come, and its parity comes behind it. Where asking takes no longer, it is not waited. */
enum { RECENT_US = 2000000, PATIENCE_MAX_US = 40000, ROUND_TRIPS = 4 };

bool rtp_parity_unwrap(const struct rtp_demux *demux, struct packet *packet, struct rtp_header *h)
{
    size_t at;
    uint8_t payload_type;
    if (!rtp_demux_is_red(demux, h, &at, &payload_type))
        return true;
    if (payload_type == RTP_NO_PAYLOAD_TYPE)
        return false;
    uint8_t *bytes = packet_data(packet);
    size_t before = (size_t)(h->payload.data - bytes) + at;
    memmove(bytes + 1, bytes, before);
    packet->start++;
    packet->len--;
    bytes[2] = (uint8_t)((bytes[2] & 0x80) | payload_type);
    return rtp_parse(packet_slice(packet), rtp_demux_ids(demux), h);
}

static bool is_protected(const struct rtp_receive_stream *rs)
{
    const struct rtp_fec_formats *f = &rs->member->config.fec.receive;
    return rs->member->config.kind == RTC_MEDIA_VIDEO && (f->ulpfec || f->flexfec);
}

static void discarded(struct rtp_receive_stream *rs, uint64_t before)
{
    if (rs->parity && rs->playing)
        rs->playing->stats.video.fec_packets_discarded += fec_window_discarded(rs->parity) - before;
}

void rtp_parity_packet(struct rtp_receive_stream *rs, const struct rtp_header *h, const struct packet *packet)
{
    uint64_t before = rs->parity ? fec_window_discarded(rs->parity) : 0;
    if (!rs->parity || h->payload.len == 0)
        return;
    fec_window_packet(rs->parity, packet_slice(packet), h);
    discarded(rs, before);
}

void rtp_parity_retransmission(struct rtp_receive_stream *rs, uint32_t ssrc, const struct rtp_header *h)
{
    struct reader r = reader_of(h->payload);
    uint16_t original = reader_u16(&r);
    if (rs->parity && reader_ok(&r))
        fec_window_has(rs->parity, ssrc, original);
}

/* The header of what is protected by it; false: nobody can read it. */
static bool read(const struct rtp_route *route, const struct rtp_header *h, struct fec_header *out, uint32_t *ssrc)
{
    bool in_sequence = route->parity == RTP_ULPFEC;
    bool readable = in_sequence ? ulpfec_read(h->payload, out) : flexfec_read(h->payload, out);
    *ssrc = in_sequence ? h->ssrc : out->ssrc;
    return readable;
}

void rtp_parity_take(struct rtp_receive_stream *rs, rtc_time_t now, const struct rtp_route *route, const struct rtp_header *h,
                     struct packet *packet)
{
    struct fec_header header;
    uint32_t ssrc;
    bool readable = read(route, h, &header, &ssrc);
    struct rtp_receiver *r = rtp_receive_stream_source(rs, ssrc);
    if (!is_protected(rs) || !r) {
        packet_free(packet);
        return;
    }
    if (!rs->parity)
        (void)fec_window_new(rs->context, &rs->parity);
    uint64_t before = rs->parity ? fec_window_discarded(rs->parity) : 0;
    if (readable && rs->parity)
        (void)fec_window_parity(rs->parity, ssrc, &header);
    discarded(rs, before);
    r->stats.video.fec_packets_discarded += !readable || !rs->parity;
    rs->last_parity = now;
    rtp_receiver_parity(r, now, h, route->parity == RTP_ULPFEC, packet);
}

struct packet *rtp_parity_next(struct rtp_receive_stream *rs, struct packet_pool *pool)
{
    uint64_t before = rs->parity ? fec_window_discarded(rs->parity) : 0;
    struct packet *packet = rs->parity ? fec_window_next(rs->parity, pool) : NULL;
    discarded(rs, before);
    return packet;
}

rtc_time_t rtp_parity_patience(const struct rtp_receive_stream *rs, rtc_time_t now, rtc_time_t round_trip)
{
    rtc_time_t patience = round_trip / ROUND_TRIPS;
    if (!rs->parity || now - rs->last_parity > RECENT_US)
        return 0;
    return patience < PATIENCE_MAX_US ? patience : PATIENCE_MAX_US;
}
