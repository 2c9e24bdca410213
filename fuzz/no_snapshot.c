/* SPDX-License-Identifier: MIT */
/* snapshot.h where there are none: what is the same in all stages is made once, the rest before each input. */
#include "snapshot.h"

void snapshot_begin(const struct snapshot_plan *plan, unsigned stage)
{
    static int made;
    if (!made)
        plan->once();
    made = 1;
    plan->prepare(stage);
}

void snapshot_end(const struct snapshot_plan *plan, unsigned stage)
{
    (void)stage;
    plan->finish();
}
