/* SPDX-License-Identifier: MIT */
/* Which association does an id of the engine's belong to? An id carries a generation, so that one that outlives its association finds
 * nothing. Packets made on another thread than the owner's wait in the association's outbox. Thread-safe. */
#ifndef CRTC_ASSOC_TABLE_H
#define CRTC_ASSOC_TABLE_H

#include "context.h"
#include "slice.h"

#include <stdatomic.h>

/* The outbox's, then theirs who took it (outbox_take()), who free it. */
struct outbox_packet {
    struct outbox_packet *next;
    size_t len;
    uint8_t bytes[];
};

/* Embedded in an engine's association, which sets `context`; the rest is written by assoc_table.c alone, from whatever thread. */
struct outbox {
    rtc_context *context;
    atomic_bool waiting; /* packets are there */
    /* guarded by the table's lock */
    struct outbox_packet *head;
    struct outbox_packet **tail;
    uint32_t count;
    void (*wake)(void *user);
    void *user;
};

/* The id, never 0; 0 when the table is full. The outbox must stay until it is removed. */
uintptr_t assoc_table_add(struct outbox *outbox);
void assoc_table_remove(uintptr_t id);
size_t assoc_table_count(void);

void outbox_set_wake(struct outbox *outbox, void (*wake)(void *user), void *user);
/* Appends a copy and wakes the owner; a packet for an id that is gone, or too many, is dropped. */
void outbox_post(uintptr_t id, struct slice packet);
/* Takes all packets, to be freed with memory_free and the outbox's context. */
struct outbox_packet *outbox_take(struct outbox *outbox);

#endif
