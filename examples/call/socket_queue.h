/* SPDX-License-Identifier: MIT */
/* The texts of one WebSocket, without the socket: those that wait to be written, and the pieces of the one being read. Everything is
 * bounded in bytes, what an entry costs besides its text included. */
#ifndef CALL_SOCKET_QUEUE_H
#define CALL_SOCKET_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

/* Most that one queue may hold. */
#define SOCKET_QUEUE_BYTES_MAX (1024u * 1024)
/* So much each queue may hold whatever the others do; what is over counts for the budget. */
#define SOCKET_QUEUE_BYTES_OWN (64u * 1024)
/* Room before each text, where a WebSocket's frame gets its header. */
#define SOCKET_QUEUE_HEADROOM 16

/* What the queues of a server hold together beyond their own parts. */
struct socket_budget {
    size_t bytes, max;
};

struct socket_text {
    struct socket_text *next;
    size_t len;
    unsigned char bytes[]; /* SOCKET_QUEUE_HEADROOM, then the text */
};

struct socket_queue {
    struct socket_text *first, **end; /* waiting to be written */
    char *incoming;
    size_t incoming_len;
    size_t incoming_max; /* longest text taken */
    size_t bytes;        /* of everything here */
    struct socket_budget *budget;
    bool broken; /* something that had to be queued was not: close the connection */
};

enum socket_taken {
    SOCKET_TAKEN_PART,
    SOCKET_TAKEN_TEXT,     /* queue->incoming is a whole text of queue->incoming_len bytes, until socket_queue_forget */
    SOCKET_TAKEN_TOO_LONG, /* these three: close the connection */
    SOCKET_TAKEN_NOT_UTF8,
    SOCKET_TAKEN_NO_ROOM
};

/* `budget` may be NULL: then this queue has none to share. */
void socket_queue_init(struct socket_queue *queue, size_t incoming_max, struct socket_budget *budget);
void socket_queue_fini(struct socket_queue *queue);

/* Queues a copy of a text. `must`: when there is no room the queue is broken. Otherwise half of the room is kept for those that must. False
 * when it was not queued. */
bool socket_queue_push(struct socket_queue *queue, const char *text, bool must);
/* Drops the first text: it was written. */
void socket_queue_pop(struct socket_queue *queue);

/* Takes a piece of a text; `first` and `final` say which. */
enum socket_taken socket_queue_take(struct socket_queue *queue, const void *piece, size_t len, bool first, bool final);
/* The text that was taken is dealt with. */
void socket_queue_forget(struct socket_queue *queue);

#endif
