/* SPDX-License-Identifier: MIT */
/* SCReAM version 2, driven by events: see congestion_events.h. */
#include "congestion_events.h"
#include "scream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    congestion_events(&scream_controller, data, size);
    return 0;
}
