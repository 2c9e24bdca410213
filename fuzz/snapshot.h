/* SPDX-License-Identifier: MIT */
/* Brings the whole process back to how it was, so that an input costs no more than what it does itself and meets the same state as
 * in a process of its own, whatever came before. What is brought back: the memory that was allocated (heap.h), the variables of the
 * program and those of the libraries. Only where the heap is ours, in fuzzers with the address sanitizer; elsewhere
 * everything is prepared anew. */
#ifndef CRTC_FUZZ_SNAPSHOT_H
#define CRTC_FUZZ_SNAPSHOT_H

enum { SNAPSHOT_STAGES_MAX = 8 }; /* of one program */

struct snapshot_plan {
    void (*once)(void);              /* makes what is the same in all stages and stays */
    void (*prepare)(unsigned stage); /* goes on from there */
    void (*finish)(void);            /* frees what `prepare` and the input left */
    unsigned spare;                  /* blocks that libraries may keep more after an input than without one */
};

/* The process is as `prepare` leaves it, until snapshot_end, which finishes and demands that nothing stays behind. A program has one plan.
 */
void snapshot_begin(const struct snapshot_plan *plan, unsigned stage);
void snapshot_end(const struct snapshot_plan *plan, unsigned stage);

#endif
