/* SPDX-License-Identifier: MIT */
/* How many hold something that goes with the last of them. Any thread: whoever drops the last reference sees all that the others did to it
 * before they dropped theirs. */
#ifndef CRTC_REFERENCES_H
#define CRTC_REFERENCES_H

#include <stdatomic.h>
#include <stdbool.h>

/* Whoever calls has one already. */
static inline void references_take(atomic_uint *count)
{
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

/* True: it was the last. */
static inline bool references_drop(atomic_uint *count)
{
    return atomic_fetch_sub_explicit(count, 1, memory_order_acq_rel) == 1;
}

#endif
