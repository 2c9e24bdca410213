/* SPDX-License-Identifier: MIT */
/* Functions handed over from other threads, to run on the loop's now or after a delay. */
#ifndef CRTC_LOOP_POSTS_H
#define CRTC_LOOP_POSTS_H

#include <crtc/context.h>
#include <pthread.h>

/* Owned by the queue, then by the turn of the loop that calls it; written by loop_posts.c alone. */
struct post {
    struct post *next;
    rtc_time_t at; /* 0: as soon as possible */
    uint64_t id;
    void (*fn)(void *user);
    void *user;
};

/* Owned by the loop; written by loop_posts.c alone, under its mutex. */
struct loop_posts {
    pthread_mutex_t mutex;
    struct post *head; /* by time; equal times in the order of posting */
    uint64_t next_id;
    bool closed;
};

void loop_posts_init(struct loop_posts *posts);
/* RTC_ERR_NO_MEMORY; RTC_ERR_INVALID_STATE once closed. */
int loop_posts_add(rtc_context *context, struct loop_posts *posts, rtc_time_t at, void (*fn)(void *user), void *user, uint64_t *id);
bool loop_posts_cancel(rtc_context *context, struct loop_posts *posts, uint64_t id);
/* Runs what is due at `now`: RTC_TIME_NEVER, everything. */
void loop_posts_run(rtc_context *context, struct loop_posts *posts, rtc_time_t now);
rtc_time_t loop_posts_deadline(struct loop_posts *posts);
/* Takes no more: a function that posts itself again and again would keep the loop from being freed. */
void loop_posts_close(struct loop_posts *posts);
void loop_posts_fini(struct loop_posts *posts);

#endif
