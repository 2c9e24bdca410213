/* SPDX-License-Identifier: MIT */
/* Google congestion control, driven by events: see congestion_events.h. */
#include "congestion_events.h"
#include "gcc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    congestion_events(&gcc_controller, data, size);
    return 0;
}
