/* SPDX-License-Identifier: MIT */
/* The RTP packet: see rtp_packet.h. */
#include "rtp_packet.h"

#include "reader.h"
#include "rtp_extensions.h"

enum { VERSION_2 = 0x80, PADDING_BIT = 0x20, EXTENSION_BIT = 0x10, MARKER_BIT = 0x80, SSRC_OFFSET = 8 };

void rtp_find_extensions(struct rtp_header *header, const uint8_t ids[RTP_EXTENSIONS])
{
    memset(header->extensions, 0, sizeof header->extensions);
    struct rtp_extension_iterator it = rtp_extensions_of(header->extension_profile, header->extension_block);
    uint8_t id;
    struct slice value;
    while (ids && rtp_extension_next(&it, &id, &value)) {
        for (size_t i = 0; i < RTP_EXTENSIONS; i++) {
            if (ids[i] == id)
                header->extensions[i] = value;
        }
    }
}

/* The last byte of a padded packet counts the padding, itself included. */
static bool remove_padding(struct rtp_header *out)
{
    size_t len = out->payload.len;
    uint8_t padding = len > 0 ? out->payload.data[len - 1] : 0;
    if (padding == 0 || padding > len)
        return false;
    out->padding = padding;
    out->payload.len = len - padding;
    return true;
}

bool rtp_parse(struct slice packet, const uint8_t ids[RTP_EXTENSIONS], struct rtp_header *out)
{
    struct reader r = reader_of(packet);
    *out = (struct rtp_header){0};
    uint8_t first = reader_u8(&r);
    uint8_t second = reader_u8(&r);
    if ((first & 0xc0) != VERSION_2)
        return false;
    out->marker = (second & MARKER_BIT) != 0;
    out->payload_type = second & 0x7f;
    out->sequence = reader_u16(&r);
    out->timestamp = reader_u32(&r);
    out->ssrc = reader_u32(&r);
    out->csrcs = reader_bytes(&r, (size_t)(first & 0x0f) * 4);
    if (first & EXTENSION_BIT) {
        out->has_extensions = true;
        out->extension_profile = reader_u16(&r);
        size_t words = reader_u16(&r);
        out->extension_block = reader_bytes(&r, words * 4);
    }
    out->payload = reader_rest(&r);
    if (!reader_ok(&r) || ((first & PADDING_BIT) && !remove_padding(out)))
        return false;
    if (out->has_extensions)
        rtp_find_extensions(out, ids);
    return true;
}

size_t rtp_header_size(const struct rtp_header *header, const uint8_t ids[RTP_EXTENSIONS])
{
    return RTP_HEADER_LEN + rtp_extensions_size(ids, header->extensions);
}

bool rtp_write_header(struct packet *packet, const struct rtp_header *header, const uint8_t ids[RTP_EXTENSIONS])
{
    struct writer w = writer_of(packet->bytes + packet->start, packet->capacity - packet->start);
    bool extended = rtp_extensions_size(ids, header->extensions) > 0;
    writer_u8(&w, (uint8_t)(VERSION_2 | (extended ? EXTENSION_BIT : 0)));
    writer_u8(&w, (uint8_t)((header->marker ? MARKER_BIT : 0) | (header->payload_type & 0x7f)));
    writer_u16(&w, header->sequence);
    writer_u32(&w, header->timestamp);
    writer_u32(&w, header->ssrc);
    if (!rtp_extensions_write(&w, ids, header->extensions) || !writer_ok(&w))
        return false;
    packet->len = (uint32_t)writer_len(&w);
    return true;
}

uint16_t rtp_sequence(struct slice packet)
{
    struct reader r = reader_of(packet);
    reader_skip(&r, 2);
    return reader_u16(&r);
}

uint32_t rtp_ssrc(struct slice packet)
{
    struct reader r = reader_of(packet);
    reader_skip(&r, SSRC_OFFSET);
    return reader_u32(&r);
}

bool rtp_is_rtcp(struct slice datagram)
{
    /* The second byte as a packet type; of RTP it would be a marker with the payload types 64 to 95, which are not given out. */
    return datagram.len >= 2 && datagram.data[1] >= 192 && datagram.data[1] <= 223;
}
