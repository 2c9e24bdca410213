/* SPDX-License-Identifier: MIT */
/* A fair recursive lock; see loop_lock.h. */
#include "loop_lock.h"

void loop_lock_init(struct loop_lock *l)
{
    *l = (struct loop_lock){0};
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->turn, NULL);
}

void loop_lock_fini(struct loop_lock *l)
{
    pthread_cond_destroy(&l->turn);
    pthread_mutex_destroy(&l->mutex);
}

void loop_lock_take(struct loop_lock *l)
{
    pthread_mutex_lock(&l->mutex);
    if (l->depth == 0 || !pthread_equal(l->owner, pthread_self())) {
        uint64_t ticket = l->next_ticket++;
        while (ticket != l->serving)
            pthread_cond_wait(&l->turn, &l->mutex);
        l->owner = pthread_self();
    }
    l->depth++;
    pthread_mutex_unlock(&l->mutex);
}

bool loop_lock_try(struct loop_lock *l, bool *owned)
{
    pthread_mutex_lock(&l->mutex);
    *owned = l->depth > 0 && pthread_equal(l->owner, pthread_self());
    bool taken = *owned || (l->depth == 0 && l->next_ticket == l->serving);
    if (taken && !*owned) {
        l->next_ticket++;
        l->owner = pthread_self();
    }
    l->depth += taken ? 1 : 0;
    pthread_mutex_unlock(&l->mutex);
    return taken;
}

void loop_lock_give(struct loop_lock *l)
{
    pthread_mutex_lock(&l->mutex);
    if (--l->depth == 0) {
        l->serving++;
        pthread_cond_broadcast(&l->turn);
    }
    pthread_mutex_unlock(&l->mutex);
}
