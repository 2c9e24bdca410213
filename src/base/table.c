/* See table.h. */
#include "table.h"

#include "memory.h"

#include <string.h>

enum { FIRST_SIZE = 16 };

void table_init(rtc_context *context, struct table *t)
{
    *t = (struct table){.seed = context_random_u64(context)};
}

void table_fini(rtc_context *context, struct table *t)
{
    memory_free(context, t->buckets);
    t->buckets = NULL;
    t->size = t->count = 0;
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

uint64_t table_hash(const struct table *t, const void *key, size_t len)
{
    const uint8_t *bytes = key;
    uint64_t h = mix(t->seed, len), word;
    for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        h = mix(h, word);
    }
    word = 0;
    memcpy(&word, bytes, len);
    h = mix(h, word);
    return mix(h, t->seed);
}

static struct table_entry *with_hash(struct table_entry *e, uint64_t hash)
{
    while (e && e->hash != hash)
        e = e->next;
    return e;
}

struct table_entry *table_first(const struct table *t, uint64_t hash)
{
    return t->size ? with_hash(t->buckets[hash & (t->size - 1)], hash) : NULL;
}

struct table_entry *table_next(const struct table_entry *entry)
{
    return with_hash(entry->next, entry->hash);
}

static void put(struct table *t, struct table_entry *e)
{
    struct table_entry **bucket = &t->buckets[e->hash & (t->size - 1)];
    e->next = *bucket;
    *bucket = e;
}

static void grow(rtc_context *context, struct table *t)
{
    size_t size = t->size ? t->size * 2 : FIRST_SIZE;
    struct table old = *t;
    struct table_entry **buckets = memory_zeroed(context, size * sizeof *buckets);
    if (!buckets)
        return;
    t->buckets = buckets;
    t->size = size;
    for (size_t i = 0; i < old.size; i++)
        for (struct table_entry *e = old.buckets[i], *next; e; e = next) {
            next = e->next;
            put(t, e);
        }
    memory_free(context, old.buckets);
}

bool table_insert(rtc_context *context, struct table *t, struct table_entry *entry, uint64_t hash)
{
    if (t->count >= t->size)
        grow(context, t);
    if (t->size == 0)
        return false;
    entry->hash = hash;
    put(t, entry);
    t->count++;
    return true;
}

void table_remove(struct table *t, struct table_entry *entry)
{
    struct table_entry **place = &t->buckets[entry->hash & (t->size - 1)];
    while (*place != entry)
        place = &(*place)->next;
    *place = entry->next;
    entry->next = NULL;
    t->count--;
}
