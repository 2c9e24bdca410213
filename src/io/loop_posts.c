/* SPDX-License-Identifier: MIT */
/* Functions that run on the loop's thread because another thread asked for it. */
#include "loop_posts.h"

#include "memory.h"

void loop_posts_init(struct loop_posts *posts)
{
    *posts = (struct loop_posts){.next_id = 1};
    pthread_mutex_init(&posts->mutex, NULL);
}

int loop_posts_add(rtc_context *context, struct loop_posts *posts, rtc_time_t at, void (*fn)(void *user), void *user, uint64_t *id)
{
    struct post *p = memory_alloc(context, sizeof *p);
    if (!p)
        return RTC_ERR_NO_MEMORY;
    pthread_mutex_lock(&posts->mutex);
    if (posts->closed) {
        pthread_mutex_unlock(&posts->mutex);
        memory_free(context, p);
        return RTC_ERR_INVALID_STATE;
    }
    *p = (struct post){.at = at, .id = posts->next_id++, .fn = fn, .user = user};
    struct post **place = &posts->head;
    while (*place && (*place)->at <= at)
        place = &(*place)->next;
    p->next = *place;
    *place = p;
    if (id)
        *id = p->id;
    pthread_mutex_unlock(&posts->mutex);
    return RTC_OK;
}

bool loop_posts_cancel(rtc_context *context, struct loop_posts *posts, uint64_t id)
{
    pthread_mutex_lock(&posts->mutex);
    struct post **place = &posts->head;
    while (*place && (*place)->id != id)
        place = &(*place)->next;
    struct post *found = *place;
    if (found)
        *place = found->next;
    pthread_mutex_unlock(&posts->mutex);
    memory_free(context, found);
    return found != NULL;
}

void loop_posts_run(rtc_context *context, struct loop_posts *posts, rtc_time_t now)
{
    /* What is posted by a function that runs now waits for the next round, or a function that posts itself again would never let go. */
    pthread_mutex_lock(&posts->mutex);
    uint64_t limit = posts->next_id;
    pthread_mutex_unlock(&posts->mutex);
    for (;;) {
        pthread_mutex_lock(&posts->mutex);
        struct post **place = &posts->head;
        while (*place && (*place)->id >= limit)
            place = &(*place)->next;
        struct post *p = *place && (*place)->at <= now ? *place : NULL;
        if (p)
            *place = p->next;
        pthread_mutex_unlock(&posts->mutex);
        if (!p)
            return;
        p->fn(p->user);
        memory_free(context, p);
    }
}

rtc_time_t loop_posts_deadline(struct loop_posts *posts)
{
    pthread_mutex_lock(&posts->mutex);
    rtc_time_t at = posts->head ? posts->head->at : RTC_TIME_NEVER;
    pthread_mutex_unlock(&posts->mutex);
    return at;
}

void loop_posts_close(struct loop_posts *posts)
{
    pthread_mutex_lock(&posts->mutex);
    posts->closed = true;
    pthread_mutex_unlock(&posts->mutex);
}

void loop_posts_fini(struct loop_posts *posts)
{
    pthread_mutex_destroy(&posts->mutex);
}
