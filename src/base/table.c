/* SPDX-License-Identifier: MIT */
/* See table.h. */
#include "table.h"

#include "memory.h"

#include <string.h>

enum { FIRST_SIZE = 16 };

void table_init(rtc_context *context, struct table *t)
{
    *t = (struct table){.key = {context_random_u64(context), context_random_u64(context)}};
}

void table_fini(rtc_context *context, struct table *t)
{
    memory_free(context, t->buckets);
    t->buckets = NULL;
    t->size = t->count = 0;
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
{
    for (int i = 0; i < count; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

/* Up to eight bytes, the least significant first. */
static uint64_t word_of(const uint8_t *bytes, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len && i < sizeof word; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

/* SipHash; the four words are its constants. */
uint64_t table_hash(const struct table *t, const void *key, size_t len)
{
    uint64_t v[4] = {0x736f6d6570736575u ^ t->key[0], 0x646f72616e646f6du ^ t->key[1], 0x6c7967656e657261u ^ t->key[0],
                     0x7465646279746573u ^ t->key[1]};
    const uint8_t *bytes = key;
    uint64_t last = (uint64_t)len << 56;
    for (; len >= sizeof(uint64_t); bytes += sizeof(uint64_t), len -= sizeof(uint64_t))
        absorb(v, word_of(bytes, len));
    absorb(v, last | word_of(bytes, len));
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
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
