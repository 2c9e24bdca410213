/* SPDX-License-Identifier: MIT */
/* A fair recursive lock. The loop gives it up while it waits; whoever asked first gets it next. */
#ifndef CRTC_LOOP_LOCK_H
#define CRTC_LOOP_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Owned by the loop; written by loop_lock.c alone. */
struct loop_lock {
    pthread_mutex_t mutex;
    pthread_cond_t turn;
    uint64_t next_ticket, serving;
    pthread_t owner;
    uint32_t depth;
};

void loop_lock_init(struct loop_lock *lock);
void loop_lock_fini(struct loop_lock *lock);
void loop_lock_take(struct loop_lock *lock);
void loop_lock_give(struct loop_lock *lock);
/* Takes it where it is free, or this thread's already; does not wait. *owned: it was. */
bool loop_lock_try(struct loop_lock *lock, bool *owned);

#endif
