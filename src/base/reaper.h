/* SPDX-License-Identifier: MIT */
/* Objects that belong to a loop's thread and whose last reference goes on whatever thread: a garbage collector's, say. They are put here,
 * and the loop ends them in its next turn; at once where the caller has the loop for itself. What is put here when the loop is gone is ended
 * where it is, one at a time. Outlives the loop. Any thread. */
#ifndef CRTC_REAPER_H
#define CRTC_REAPER_H

#include <crtc/context.h>

struct reaper;

/* The first member, or a member, of an object, which fills in `end`; `next` is written by reaper.c alone. */
struct reaper_entry {
    struct reaper_entry *next;
    void (*end)(struct reaper_entry *entry);
};

/* How the loop is reached; none of these waits. A constant of the loop's. */
struct reaper_ops {
    bool (*enter)(void *user); /* true: this thread has the loop for itself, until leave() */
    void (*leave)(void *user);
    void (*wake)(void *user); /* there is something for reaper_run */
};

int reaper_new(rtc_context *context, const struct reaper_ops *ops, void *user, struct reaper **out);
struct reaper *reaper_ref(struct reaper *reaper);
void reaper_unref(struct reaper *reaper);
/* Ends it now or soon: it may be gone when this returns. Takes no memory. */
void reaper_put(struct reaper *reaper, struct reaper_entry *entry);
/* By the loop: ends what waits. */
void reaper_run(struct reaper *reaper);
bool reaper_waits(struct reaper *reaper);
/* The loop goes: ends what waits, and calls `ops` no more. */
void reaper_close(struct reaper *reaper);

#endif
