/* SPDX-License-Identifier: MIT */
/* Text messages of one WebSocket: those that wait to be written, and the pieces of the one being read. */
#ifndef CALL_SOCKET_QUEUE_H
#define CALL_SOCKET_QUEUE_H

#include <libwebsockets.h>
#include <stdbool.h>

/* More than this waiting to be written ends the connection: the other end does not read. */
#define SOCKET_QUEUE_BYTES_MAX (4u * 1024 * 1024)

struct socket_text {
    struct socket_text *next;
    size_t len;
    unsigned char bytes[]; /* LWS_PRE bytes of room for the frame's header, then the text */
};

struct socket_queue {
    struct socket_text *first, **end; /* waiting to be written */
    size_t bytes;
    char *incoming;
    size_t incoming_len;
    size_t incoming_max; /* longest message taken */
    bool broken;         /* out of memory, or too much waits: close the connection */
};

void socket_queue_init(struct socket_queue *queue, size_t incoming_max);
void socket_queue_fini(struct socket_queue *queue);

/* Queues a copy of a text. Ask libwebsockets for the writable callback then. */
void socket_queue_push(struct socket_queue *queue, const char *text);
/* From the writable callback: writes one message. False when the connection must end. */
bool socket_queue_write(struct socket_queue *queue, struct lws *wsi);
/* From the receive callback: takes a piece. *text is the whole message when it is complete, until the next call; else NULL. False when the
 * connection must end. */
bool socket_queue_read(struct socket_queue *queue, struct lws *wsi, const void *piece, size_t len, const char **text, size_t *text_len);

#endif
