/* SPDX-License-Identifier: MIT */
/* A payload of RED around video: one block of a type below 128, or none. */
#include "fec_header.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int type = red_read(slice_of(data, size));
    if (type > 127 || (type >= 0 && size == 0))
        abort();
    return 0;
}
