/* SPDX-License-Identifier: MIT */
/* See forward_inbox.h. */
#include "forward_inbox.h"

#include "context.h"
#include "memory.h"
#include "references.h"

#include <pthread.h>

/* Written by this file, with the lock held but for what is at the end. */
struct forward_inbox {
    struct job job; /* in the mailbox while `posted` */
    struct link link;
    atomic_uint references;
    rtc_context *context;
    pthread_mutex_t lock;
    struct mailbox *mailbox; /* a reference; NULL once closed */
    bool posted;
    struct forward_packet *waiting[FORWARD_INBOX_MAX]; /* references; a ring */
    uint32_t first, count;

    /* The taking thread's alone. */
    void (*take)(void *user, rtc_time_t now); /* NULL once closed */
    void *user;
};

struct forward_inbox *forward_inbox_ref(struct forward_inbox *b)
{
    references_take(&b->references);
    return b;
}

void forward_inbox_unref(struct forward_inbox *b)
{
    if (!b || !references_drop(&b->references))
        return;
    for (struct forward_packet *p; (p = forward_inbox_pop(b)) != NULL;)
        forward_packet_unref(p);
    mailbox_unref(b->mailbox);
    pthread_mutex_destroy(&b->lock);
    context_free(b->context, b);
}

static void done(struct job *job, rtc_time_t now)
{
    struct forward_inbox *b = link_owner(job, struct forward_inbox, job);
    pthread_mutex_lock(&b->lock);
    b->posted = false;
    pthread_mutex_unlock(&b->lock);
    if (b->take)
        b->take(b->user, now);
    forward_inbox_unref(b);
}

int forward_inbox_new(rtc_context *context, struct mailbox *mailbox, void (*take)(void *user, rtc_time_t now), void *user,
                      struct forward_inbox **out)
{
    struct forward_inbox *b = memory_zeroed(context, sizeof *b);
    if (!b)
        return RTC_ERR_NO_MEMORY;
    atomic_init(&b->references, 1);
    b->job.done = done;
    b->context = rtc_context_ref(context);
    b->mailbox = mailbox_ref(mailbox);
    pthread_mutex_init(&b->lock, NULL);
    b->take = take;
    b->user = user;
    *out = b;
    return RTC_OK;
}

void forward_inbox_push(struct forward_inbox *b, struct forward_packet *packet)
{
    struct forward_packet *lost = NULL;
    pthread_mutex_lock(&b->lock);
    if (!b->mailbox) {
        pthread_mutex_unlock(&b->lock);
        return;
    }
    if (b->count == FORWARD_INBOX_MAX) {
        lost = b->waiting[b->first];
        b->first = (b->first + 1) % FORWARD_INBOX_MAX;
        b->count--;
    }
    b->waiting[(b->first + b->count++) % FORWARD_INBOX_MAX] = forward_packet_ref(packet);
    struct mailbox *mailbox = b->posted ? NULL : mailbox_ref(b->mailbox);
    if (mailbox)
        references_take(&b->references);
    b->posted = true;
    pthread_mutex_unlock(&b->lock);
    forward_packet_unref(lost);
    if (mailbox)
        mailbox_post(mailbox, &b->job);
    mailbox_unref(mailbox);
}

struct forward_packet *forward_inbox_pop(struct forward_inbox *b)
{
    pthread_mutex_lock(&b->lock);
    struct forward_packet *packet = b->count > 0 ? b->waiting[b->first] : NULL;
    if (packet) {
        b->first = (b->first + 1) % FORWARD_INBOX_MAX;
        b->count--;
    }
    pthread_mutex_unlock(&b->lock);
    return packet;
}

void forward_inbox_close(struct forward_inbox *b)
{
    pthread_mutex_lock(&b->lock);
    struct mailbox *mailbox = b->mailbox;
    b->mailbox = NULL;
    pthread_mutex_unlock(&b->lock);
    b->take = NULL;
    mailbox_unref(mailbox);
    for (struct forward_packet *p; (p = forward_inbox_pop(b)) != NULL;)
        forward_packet_unref(p);
}

struct link *forward_inbox_link(struct forward_inbox *b)
{
    return &b->link;
}

struct forward_inbox *forward_inbox_of(struct link *link)
{
    return link_owner(link, struct forward_inbox, link);
}
