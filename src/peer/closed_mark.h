/* SPDX-License-Identifier: MIT */
/* Whether a connection is closed, for transceivers that have left it and do not keep it: what they refuse depends on that (webrtc-pc 5.2,
 * 5.4.1). Counted; the connection alone writes it. */
#ifndef CRTC_CLOSED_MARK_H
#define CRTC_CLOSED_MARK_H

#include "memory.h"
#include "references.h"

struct closed_mark {
    atomic_uint references;
    atomic_bool closed;
};

/* NULL without memory. */
static inline struct closed_mark *closed_mark_new(rtc_context *context)
{
    struct closed_mark *mark = memory_zeroed(context, sizeof *mark);
    if (mark)
        atomic_init(&mark->references, 1);
    return mark;
}

static inline struct closed_mark *closed_mark_ref(struct closed_mark *mark)
{
    references_take(&mark->references);
    return mark;
}

/* NULL is legal. */
static inline void closed_mark_unref(rtc_context *context, struct closed_mark *mark)
{
    if (mark && references_drop(&mark->references))
        memory_free(context, mark);
}

#endif
