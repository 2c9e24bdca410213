/* SPDX-License-Identifier: MIT */
/* Generation-tagged ids and the outboxes behind them. One lock for all: only packets that another loop's thread made come through here. */
#include "assoc_table.h"

#include "memory.h"

#include <pthread.h>

/* Packets that wait for a loop that does not run; what is over it is lost, and sent again. */
enum { SLOT_BITS = 16, SLOTS = 1 << SLOT_BITS, OUTBOX_MAX = 256 };

/* Of the process, as all below; written here alone, under the lock. The outbox is its association's, which takes it out before it goes. */
struct slot {
    struct outbox *outbox;
    uintptr_t generation;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot slots[SLOTS]; /* untouched pages cost nothing */
static uint32_t free_slots[SLOTS];
static uint32_t free_count, touched;
static atomic_size_t live;

static uint32_t take_slot(void)
{
    if (free_count > 0)
        return free_slots[--free_count];
    return touched < SLOTS ? touched++ : SLOTS;
}

uintptr_t assoc_table_add(struct outbox *outbox)
{
    uintptr_t id = 0;
    pthread_mutex_lock(&lock);
    uint32_t n = take_slot();
    if (n < SLOTS) {
        slots[n].outbox = outbox;
        slots[n].generation++;
        id = slots[n].generation << SLOT_BITS | n;
        atomic_fetch_add(&live, 1);
    }
    pthread_mutex_unlock(&lock);
    return id;
}

static struct outbox *find(uintptr_t id)
{
    const struct slot *s = &slots[id & (SLOTS - 1)];
    return s->generation << SLOT_BITS == (id & ~(uintptr_t)(SLOTS - 1)) ? s->outbox : NULL;
}

void assoc_table_remove(uintptr_t id)
{
    pthread_mutex_lock(&lock);
    if (find(id)) {
        slots[id & (SLOTS - 1)].outbox = NULL;
        free_slots[free_count++] = (uint32_t)(id & (SLOTS - 1));
        atomic_fetch_sub(&live, 1);
    }
    pthread_mutex_unlock(&lock);
}

size_t assoc_table_count(void)
{
    return atomic_load(&live);
}

void outbox_set_wake(struct outbox *o, void (*wake)(void *user), void *user)
{
    pthread_mutex_lock(&lock);
    o->wake = wake;
    o->user = user;
    pthread_mutex_unlock(&lock);
}

static void append(struct outbox *o, struct slice packet)
{
    struct outbox_packet *p = o->count < OUTBOX_MAX ? memory_alloc(o->context, sizeof *p + packet.len) : NULL;
    if (!p)
        return;
    p->next = NULL;
    p->len = packet.len;
    memcpy(p->bytes, packet.data, packet.len);
    if (!o->head)
        o->tail = &o->head;
    *o->tail = p;
    o->tail = &p->next;
    o->count++;
    atomic_store(&o->waiting, true);
    if (o->wake && o->count == 1)
        o->wake(o->user);
}

void outbox_post(uintptr_t id, struct slice packet)
{
    pthread_mutex_lock(&lock);
    struct outbox *o = find(id);
    if (o)
        append(o, packet);
    pthread_mutex_unlock(&lock);
}

struct outbox_packet *outbox_take(struct outbox *o)
{
    if (!atomic_load_explicit(&o->waiting, memory_order_relaxed))
        return NULL;
    pthread_mutex_lock(&lock);
    struct outbox_packet *all = o->head;
    o->head = NULL;
    o->count = 0;
    atomic_store(&o->waiting, false);
    pthread_mutex_unlock(&lock);
    return all;
}
