/* SPDX-License-Identifier: MIT */
/* A payload of ulpfec: what is read is written anew and says the same; and a packet that it gives back parses. */
#include "fec_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fec_header h;
    if (!ulpfec_read(slice_of(data, size), &h))
        return 0;
    fec_comes_back(&h, ulpfec_read, ulpfec_write);
    fec_give_back(&h);
    return 0;
}
