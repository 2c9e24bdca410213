/* SPDX-License-Identifier: MIT */
/* Payloads that carry others (RFC 2198): what is read lies within the payload, and written anew it says the same. */
#include "redundancy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buffer[1 << 16];
    struct red_payload p, again;
    if (size > sizeof buffer || !redundancy_read(slice_of(data, size), &p))
        return 0;
    must(p.count > 0 && p.count <= RED_BLOCKS_MAX && redundancy_size(&p) == size);
    struct writer w = writer_of(buffer, sizeof buffer);
    must(redundancy_write(&p, &w) && writer_len(&w) == size && redundancy_read(slice_of(buffer, size), &again) && again.count == p.count);
    for (size_t i = 0; i < p.count; i++) {
        must(p.blocks[i].data.len == 0 || (p.blocks[i].data.data >= data && p.blocks[i].data.data + p.blocks[i].data.len <= data + size));
        must(again.blocks[i].payload_type == p.blocks[i].payload_type && again.blocks[i].earlier == p.blocks[i].earlier &&
             slice_eq(again.blocks[i].data, p.blocks[i].data));
    }
    return 0;
}
