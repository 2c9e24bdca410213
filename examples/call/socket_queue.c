/* SPDX-License-Identifier: MIT */
/* The texts of one WebSocket. */
#include "socket_queue.h"

#include "utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What the allocator needs of its own, about. */
#define ALLOCATION_BYTES 32

void socket_queue_init(struct socket_queue *queue, size_t incoming_max, struct socket_budget *budget)
{
    memset(queue, 0, sizeof(*queue));
    queue->end = &queue->first;
    queue->incoming_max = incoming_max;
    queue->budget = budget;
}

/* ---- Bytes ---- */

static size_t shared_part(size_t bytes)
{
    return bytes > SOCKET_QUEUE_BYTES_OWN ? bytes - SOCKET_QUEUE_BYTES_OWN : 0;
}

static void set_bytes(struct socket_queue *queue, size_t bytes)
{
    if (queue->budget != NULL) {
        queue->budget->bytes = queue->budget->bytes - shared_part(queue->bytes) + shared_part(bytes);
    }
    queue->bytes = bytes;
}

static bool has_room(const struct socket_queue *queue, size_t more, size_t max)
{
    size_t bytes = queue->bytes + more, shared = shared_part(bytes) - shared_part(queue->bytes);
    return bytes <= max && (shared == 0 || queue->budget == NULL || queue->budget->bytes + shared <= queue->budget->max);
}

static size_t cost_of(size_t len)
{
    return sizeof(struct socket_text) + SOCKET_QUEUE_HEADROOM + len + ALLOCATION_BYTES;
}

/* ---- Out ---- */

void socket_queue_pop(struct socket_queue *queue)
{
    struct socket_text *text = queue->first;
    queue->first = text->next;
    queue->end = queue->first == NULL ? &queue->first : queue->end;
    set_bytes(queue, queue->bytes - cost_of(text->len));
    free(text);
}

void socket_queue_fini(struct socket_queue *queue)
{
    while (queue->first != NULL) {
        socket_queue_pop(queue);
    }
    socket_queue_forget(queue);
}

bool socket_queue_push(struct socket_queue *queue, const char *text, bool must)
{
    size_t len = strlen(text), max = must ? SOCKET_QUEUE_BYTES_MAX : SOCKET_QUEUE_BYTES_MAX / 2;
    struct socket_text *entry = has_room(queue, cost_of(len), max) ? malloc(sizeof(*entry) + SOCKET_QUEUE_HEADROOM + len) : NULL;
    if (entry == NULL) {
        queue->broken = queue->broken || must;
        return false;
    }
    entry->next = NULL;
    entry->len = len;
    memcpy(entry->bytes + SOCKET_QUEUE_HEADROOM, text, len);
    *queue->end = entry;
    queue->end = &entry->next;
    set_bytes(queue, queue->bytes + cost_of(len));
    return true;
}

/* ---- In ---- */

void socket_queue_forget(struct socket_queue *queue)
{
    set_bytes(queue, queue->bytes - queue->incoming_len);
    free(queue->incoming);
    queue->incoming = NULL;
    queue->incoming_len = 0;
}

enum socket_taken socket_queue_take(struct socket_queue *queue, const void *piece, size_t len, bool first, bool final)
{
    if (first) {
        socket_queue_forget(queue);
    }
    if (len > queue->incoming_max || queue->incoming_len > queue->incoming_max - len) {
        return SOCKET_TAKEN_TOO_LONG;
    }
    char *grown = has_room(queue, len, SIZE_MAX) ? realloc(queue->incoming, queue->incoming_len + len + 1) : NULL;
    if (grown == NULL) {
        return SOCKET_TAKEN_NO_ROOM;
    }
    queue->incoming = grown;
    if (len > 0) {
        memcpy(queue->incoming + queue->incoming_len, piece, len);
    }
    queue->incoming_len += len;
    set_bytes(queue, queue->bytes + len);
    if (!final) {
        return SOCKET_TAKEN_PART;
    }
    return utf8_is_valid(queue->incoming, queue->incoming_len) ? SOCKET_TAKEN_TEXT : SOCKET_TAKEN_NOT_UTF8;
}
