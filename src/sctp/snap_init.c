/* SPDX-License-Identifier: MIT */
/* See snap_init.h. */
#include "snap_init.h"

#include "sctp_chunk.h"
#include "writer.h"

/* RFC 9260 3.3.2.1 and 3.3.3.1, RFC 3758 3.1, RFC 5061 4.2.7. */
enum parameter { STATE_COOKIE = 7, SUPPORTED_EXTENSIONS = 0x8008, FORWARD_TSN_SUPPORTED = 0xc000 };
enum {
    INIT_LEN = 20,
    WINDOW_LEAST = 1500,
    FORWARD_TSN = 192,
    PARAMETERS_MAX = 64,
    SKIPPED = 0x8000 /* of an unknown one: go on behind it */
};

static void read_extensions(struct reader types, struct snap_init *out)
{
    while (reader_left(&types) > 0) {
        uint8_t type = reader_u8(&types);
        out->re_config = out->re_config || type == SCTP_CHUNK_RE_CONFIG;
        out->forward_tsn = out->forward_tsn || type == FORWARD_TSN;
    }
}

/* The last one may have no padding. */
static bool next_parameter(struct reader *r, uint16_t *type, struct reader *value)
{
    *type = reader_u16(r);
    uint16_t len = reader_u16(r);
    if (!reader_ok(r) || len < 4)
        return false;
    *value = reader_child(r, len - 4u);
    size_t padding = (4u - (len & 3u)) & 3u;
    reader_skip(r, padding < reader_left(r) ? padding : reader_left(r));
    return reader_ok(value);
}

static bool read_parameters(struct reader *r, struct snap_init *out)
{
    for (int count = 0; reader_left(r) > 0; count++) {
        uint16_t type;
        struct reader value;
        if (count == PARAMETERS_MAX || !next_parameter(r, &type, &value))
            return false;
        if (type == FORWARD_TSN_SUPPORTED)
            out->forward_tsn = true;
        else if (type == SUPPORTED_EXTENSIONS)
            read_extensions(value, out);
        else if (!(type & SKIPPED) && type > 12)
            break; /* RFC 9260 3.2.1: what follows an unknown one of this kind is not looked at */
    }
    return true;
}

bool snap_init_read(struct slice chunk, struct snap_init *out)
{
    struct reader r = reader_of(chunk);
    uint8_t type = reader_u8(&r);
    reader_skip(&r, 1);
    uint16_t len = reader_u16(&r);
    if (!reader_ok(&r) || type != SCTP_CHUNK_INIT || len < INIT_LEN || len > chunk.len || chunk.len - len > 3 || chunk.len > SNAP_INIT_MAX)
        return false;
    struct reader body = reader_child(&r, len - 4u);
    struct snap_init init = {.tag = reader_u32(&body), .window = reader_u32(&body)};
    init.streams_out = reader_u16(&body);
    init.streams_in = reader_u16(&body);
    init.tsn = reader_u32(&body);
    if (init.tag == 0 || init.window < WINDOW_LEAST || init.streams_out == 0 || init.streams_in == 0 || !read_parameters(&body, &init))
        return false;
    *out = init;
    return true;
}

void snap_packet_keep(struct snap_packet *packet, struct slice bytes)
{
    packet->len = bytes.len <= sizeof packet->bytes ? bytes.len : 0;
    if (packet->len > 0)
        memcpy(packet->bytes, bytes.data, packet->len);
}

struct slice snap_init_of(const struct snap_packet *packet)
{
    struct slice all = slice_of(packet->bytes, packet->len);
    struct snap_init init;
    if (all.len < SCTP_COMMON_HEADER_LEN + 4)
        return slice_of(NULL, 0);
    const uint8_t *chunk = all.data + SCTP_COMMON_HEADER_LEN;
    size_t len = (size_t)chunk[2] << 8 | chunk[3];
    if (len + SCTP_COMMON_HEADER_LEN > all.len || all.len - len - SCTP_COMMON_HEADER_LEN > 3 ||
        !snap_init_read(slice_of(chunk, len), &init))
        return slice_of(NULL, 0);
    return slice_of(chunk, len);
}

static struct writer begin(struct snap_packet *out, uint16_t from, uint16_t to, uint32_t tag)
{
    struct writer w = writer_of(out->bytes, sizeof out->bytes);
    writer_u16(&w, from);
    writer_u16(&w, to);
    writer_u32(&w, tag);
    writer_u32(&w, 0); /* the checksum, which was seen to */
    return w;
}

void snap_init_show(const struct snap_init *init, uint16_t from, uint16_t to, struct snap_packet *out)
{
    struct writer w = begin(out, from, to, 0);
    unsigned extensions = (init->re_config ? 1u : 0u) + (init->forward_tsn ? 1u : 0u);
    unsigned parameters = (init->forward_tsn ? 4u : 0u) + (extensions > 0 ? 4u + extensions : 0u);
    writer_u8(&w, SCTP_CHUNK_INIT);
    writer_u8(&w, 0);
    writer_u16(&w, (uint16_t)(INIT_LEN + parameters));
    writer_u32(&w, init->tag);
    writer_u32(&w, init->window);
    writer_u16(&w, init->streams_out);
    writer_u16(&w, init->streams_in);
    writer_u32(&w, init->tsn);
    if (init->forward_tsn)
        writer_u32(&w, (uint32_t)FORWARD_TSN_SUPPORTED << 16 | 4);
    if (extensions > 0)
        writer_u32(&w, (uint32_t)SUPPORTED_EXTENSIONS << 16 | (4 + extensions));
    if (init->re_config)
        writer_u8(&w, SCTP_CHUNK_RE_CONFIG);
    if (init->forward_tsn)
        writer_u8(&w, FORWARD_TSN);
    writer_zeros(&w, (4u - (parameters & 3u)) & 3u);
    out->len = writer_len(&w);
}

static struct slice cookie_of(struct reader body)
{
    reader_skip(&body, INIT_LEN - 4);
    for (uint16_t type; reader_left(&body) > 0;) {
        struct reader value;
        if (!next_parameter(&body, &type, &value))
            break;
        if (type == STATE_COOKIE)
            return reader_rest(&value);
    }
    return slice_of(NULL, 0);
}

bool snap_echo_show(const struct snap_packet *init_ack, struct snap_packet *out)
{
    struct slice packet = slice_of(init_ack->bytes, init_ack->len);
    struct reader header = reader_of(packet), chunks = sctp_chunks_of(packet);
    struct sctp_chunk chunk;
    uint16_t from = reader_u16(&header), to = reader_u16(&header);
    if (!sctp_chunk_next(&chunks, &chunk) || chunk.type != SCTP_CHUNK_INIT_ACK)
        return false;
    struct slice cookie = cookie_of(chunk.body);
    struct writer w = begin(out, to, from, reader_u32(&chunk.body)); /* by the tag that it gives itself */
    writer_u8(&w, SCTP_CHUNK_COOKIE_ECHO);
    writer_u8(&w, 0);
    writer_u16(&w, (uint16_t)(4 + cookie.len));
    writer_bytes(&w, cookie);
    writer_zeros(&w, (4u - (cookie.len & 3u)) & 3u);
    out->len = writer_len(&w);
    return cookie.len > 0 && writer_ok(&w);
}
