/* SPDX-License-Identifier: MIT */
/* See sctp_chunk.h. */
#include "sctp_chunk.h"

struct reader sctp_chunks_of(struct slice packet)
{
    struct reader r = reader_of(packet);
    reader_skip(&r, SCTP_COMMON_HEADER_LEN);
    return r;
}

bool sctp_chunk_next(struct reader *chunks, struct sctp_chunk *out)
{
    if (reader_left(chunks) == 0)
        return false;
    out->type = reader_u8(chunks);
    reader_skip(chunks, 1);
    uint16_t len = reader_u16(chunks);
    if (!reader_ok(chunks) || len < 4)
        return false;
    out->body = reader_child(chunks, len - 4u);
    size_t padding = (4u - (len & 3u)) & 3u;
    reader_skip(chunks, padding < reader_left(chunks) ? padding : reader_left(chunks));
    return reader_ok(&out->body);
}
