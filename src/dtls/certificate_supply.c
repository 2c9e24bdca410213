/* SPDX-License-Identifier: MIT */
/* Certificates made ahead of need. Making one costs about a millisecond of a core, which a new connection should not wait for, so the
 * executor keeps a few ready per context once the first was asked for. They are young: a certificate says when it was made. */
#include "certificate_internal.h"

#include "context.h"
#include "executor.h"
#include "log.h"
#include "memory.h"

#include <pthread.h>

enum {
    SUPPLY_FULL = 4, /* made ahead */
    SUPPLY_LOW = 2   /* fewer than this, ready or being made, are filled up */
};

#define KEEPS_US (INT64_C(86400) * 1000000)

/* A part of the supply. Its certificate is a reference. */
struct entry {
    struct certificate *certificate;
    rtc_time_t made;
};

/* Owned by the context's slot, so it and its certificates hold no reference to the context. Written here alone, under the lock: any
 * thread takes, a worker fills up. */
struct supply {
    pthread_mutex_t lock;
    uint32_t ready;
    uint32_t pending;
    struct entry entries[SUPPLY_FULL];
};

/* Its own owner, once submitted; written here: by the worker in make(), and freed in keep(). Its mailbox holds the context, and with it the
 * supply, until done() has run. Nobody empties that mailbox: the job's own reference is the last one, so done() runs where it is dropped,
 * on the worker. */
struct supply_job {
    struct job job;
    rtc_context *context;
    struct supply *supply;
    struct certificate *certificate;
    rtc_time_t now;
};

static void release(rtc_context *context, void *value)
{
    struct supply *s = value;
    for (uint32_t i = 0; i < s->ready; i++)
        certificate_unref(s->entries[i].certificate);
    pthread_mutex_destroy(&s->lock);
    memory_free(context, s);
}

static struct supply *supply_of(rtc_context *context)
{
    struct supply *s = context_slot_get(context, CONTEXT_SLOT_CERTIFICATES);
    if (s)
        return s;
    s = memory_zeroed(context, sizeof *s);
    if (!s)
        return NULL;
    pthread_mutex_init(&s->lock, NULL);
    struct supply *kept = context_slot_set(context, CONTEXT_SLOT_CERTIFICATES, s, release);
    if (kept != s)
        release(context, s);
    return kept;
}

static void make(struct job *job)
{
    struct supply_job *j = (struct supply_job *)(void *)job;
    (void)certificate_generate_unbound(j->context, CERTIFICATE_ECDSA_P256, 0, &j->certificate);
}

static void keep(struct job *job, rtc_time_t now)
{
    struct supply_job *j = (struct supply_job *)(void *)job;
    struct supply *s = j->supply;
    struct certificate *surplus = j->certificate;
    (void)now;
    pthread_mutex_lock(&s->lock);
    s->pending--;
    if (surplus && s->ready < SUPPLY_FULL) {
        s->entries[s->ready++] = (struct entry){surplus, j->now};
        surplus = NULL;
    }
    pthread_mutex_unlock(&s->lock);
    certificate_unref(surplus);
    memory_free(j->context, j);
}

static bool order_one(rtc_context *context, struct supply *s, struct executor *executor, rtc_time_t now)
{
    struct mailbox *mailbox = NULL;
    struct supply_job *j = memory_zeroed(context, sizeof *j);
    if (!j || mailbox_new(context, NULL, NULL, &mailbox) != RTC_OK) {
        memory_free(context, j);
        return false;
    }
    *j = (struct supply_job){.job = {.run = make, .done = keep}, .context = context, .supply = s, .now = now};
    executor_submit(executor, mailbox, &j->job, now);
    mailbox_unref(mailbox);
    return true;
}

/* How many to order now; they count as pending from here on. */
static uint32_t reserve(struct supply *s)
{
    pthread_mutex_lock(&s->lock);
    uint32_t have = s->ready + s->pending;
    uint32_t wanted = have < SUPPLY_LOW ? SUPPLY_FULL - have : 0;
    s->pending += wanted;
    pthread_mutex_unlock(&s->lock);
    return wanted;
}

static void refill(rtc_context *context, struct supply *s, rtc_time_t now)
{
    struct executor *executor = context_executor(context);
    uint32_t wanted = reserve(s);
    while (wanted > 0 && executor && order_one(context, s, executor, now))
        wanted--;
    pthread_mutex_lock(&s->lock);
    s->pending -= wanted;
    pthread_mutex_unlock(&s->lock);
}

/* The oldest that is young enough; the others are dropped. */
static struct certificate *pick(struct supply *s, rtc_time_t now)
{
    struct entry taken[SUPPLY_FULL];
    uint32_t count = 0;
    pthread_mutex_lock(&s->lock);
    do {
        if (s->ready == 0)
            break;
        taken[count++] = s->entries[0];
        s->ready--;
        memmove(s->entries, s->entries + 1, s->ready * sizeof s->entries[0]);
    } while (now - taken[count - 1].made > KEEPS_US);
    pthread_mutex_unlock(&s->lock);
    struct certificate *found = NULL;
    if (count > 0 && now - taken[count - 1].made <= KEEPS_US)
        found = taken[--count].certificate;
    for (uint32_t i = 0; i < count; i++)
        certificate_unref(taken[i].certificate);
    return found;
}

int certificate_supply_take(rtc_context *context, rtc_time_t now, struct certificate **out)
{
    context = context_resolve(context);
    struct supply *s = context ? supply_of(context) : NULL;
    if (!s)
        return RTC_ERR_NO_MEMORY;
    struct certificate *c = pick(s, now);
    refill(context, s, now);
    if (!c)
        return certificate_generate(context, CERTIFICATE_ECDSA_P256, 0, out);
    certificate_bind(c);
    *out = c;
    return RTC_OK;
}

int certificate_take(rtc_context *context, struct certificate **out)
{
    return certificate_supply_take(context, rtc_now(), out);
}

void certificate_supply_count(rtc_context *context, uint32_t *ready, uint32_t *pending)
{
    struct supply *s = context_slot_get(context, CONTEXT_SLOT_CERTIFICATES);
    *ready = *pending = 0;
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    *ready = s->ready;
    *pending = s->pending;
    pthread_mutex_unlock(&s->lock);
}
