/* SPDX-License-Identifier: MIT */
/* DATA_CHANNEL_OPEN from any bytes: what is parsed is inside of them, and is written again as the same bytes. */
#include "dcep.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct slice part, const uint8_t *data, size_t size)
{
    return part.len == 0 || (part.data >= data && part.data + part.len <= data + size);
}

static void write_again(const struct dcep_open *open, const uint8_t *data, size_t size)
{
    struct dcep_open second;
    uint8_t *bytes = malloc(size);
    if (!bytes)
        return;
    if (dcep_open_len(open) != size || !dcep_write_open(open, bytes, size) || !dcep_parse_open(slice_of(bytes, size), &second))
        abort();
    /* The parameter of a reliable channel is ignored, one over INT32_MAX is clamped: the rest is the same. */
    if (memcmp(bytes, data, 4) != 0 || memcmp(bytes + 8, data + 8, size - 8) != 0)
        abort();
    if (second.max_retransmits != open->max_retransmits || second.max_packet_life_ms != open->max_packet_life_ms)
        abort();
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dcep_open open;
    (void)dcep_type(slice_of(data, size));
    if (!dcep_parse_open(slice_of(data, size), &open))
        return 0;
    if (!is_inside(open.label, data, size) || !is_inside(open.protocol, data, size))
        abort();
    write_again(&open, data, size);
    return 0;
}
