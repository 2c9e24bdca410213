/* SPDX-License-Identifier: MIT */
/* An intrusive hash table: entries lie in the structs that are found by them, chained in buckets that grow with their number. Whoever looks
 * compares the keys of the entries with the right hash. Hashes are keyed at random, so that nobody outside knows which keys collide.
 */
#ifndef CRTC_TABLE_H
#define CRTC_TABLE_H

#include "context.h"

struct table_entry { /* embedded in what is found by it, which owns it; written by table.c alone */
    struct table_entry *next;
    uint64_t hash;
};

struct table { /* embedded in its owner; written by table.c alone */
    struct table_entry **buckets;
    size_t size; /* a power of two, or 0 while there are none */
    size_t count;
    uint64_t key[2]; /* of the hash */
};

void table_init(rtc_context *context, struct table *table);
/* Only the buckets: the entries are their owners'. */
void table_fini(rtc_context *context, struct table *table);
/* SipHash-2-4. */
uint64_t table_hash(const struct table *table, const void *key, size_t len);
/* The first entry with this hash, and the next one after `entry`; NULL at the end. */
struct table_entry *table_first(const struct table *table, uint64_t hash);
struct table_entry *table_next(const struct table_entry *entry);
/* False, with nothing done, when there is no memory for the first buckets; that the table could not grow only makes it slower. */
bool table_insert(rtc_context *context, struct table *table, struct table_entry *entry, uint64_t hash);
/* The entry must be in the table. */
void table_remove(struct table *table, struct table_entry *entry);

#endif
