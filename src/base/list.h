/* SPDX-License-Identifier: MIT */
/* An intrusive doubly linked list. A link that is in no list points at itself. */
#ifndef CRTC_LIST_H
#define CRTC_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link { /* embedded in what stands in a list, or its head; written by these functions alone */
    struct link *next, *prev;
};

/* The struct that holds a link. */
#define link_owner(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void list_init(struct link *head)
{
    head->next = head->prev = head;
}

static inline bool list_empty(const struct link *head)
{
    return head->next == head;
}

static inline void list_append(struct link *head, struct link *l)
{
    l->prev = head->prev;
    l->next = head;
    head->prev->next = l;
    head->prev = l;
}

/* Harmless for a link that is in no list. */
static inline void list_remove(struct link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    list_init(l);
}

#endif
