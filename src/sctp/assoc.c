/* SPDX-License-Identifier: MIT */
/* Which engine a context's associations are made by. */
#include "assoc.h"

#include "context.h"

void assoc_choose(rtc_context *context, const struct assoc_engine *engine)
{
    (void)context_slot_set(context, CONTEXT_SLOT_SCTP_ENGINE, (void *)(uintptr_t)engine, NULL);
}

const struct assoc_engine *assoc_chosen(rtc_context *context)
{
    const struct assoc_engine *engine = context_slot_get(context, CONTEXT_SLOT_SCTP_ENGINE);
    return engine ? engine : &assoc_usrsctp;
}

const struct moves assoc_moves = {
    .module = "sctp",
    .what = "engine's association",
    .count = ASSOC_PHASE_LOST + 1,
    .names = {"new", "connecting", "up", "lost"},
    .allowed =
        {
            [ASSOC_PHASE_NEW] = MOVE_TO(ASSOC_PHASE_CONNECTING) | MOVE_TO(ASSOC_PHASE_LOST),
            [ASSOC_PHASE_CONNECTING] = MOVE_TO(ASSOC_PHASE_UP) | MOVE_TO(ASSOC_PHASE_LOST),
            [ASSOC_PHASE_UP] = MOVE_TO(ASSOC_PHASE_LOST),
            [ASSOC_PHASE_LOST] = 0,
        },
};
