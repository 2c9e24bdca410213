/* SPDX-License-Identifier: MIT */
/* Text messages of one WebSocket. */
#include "socket_queue.h"

#include <stdlib.h>
#include <string.h>

void socket_queue_init(struct socket_queue *queue, size_t incoming_max)
{
    memset(queue, 0, sizeof(*queue));
    queue->end = &queue->first;
    queue->incoming_max = incoming_max;
}

static void pop(struct socket_queue *queue)
{
    struct socket_text *text = queue->first;
    queue->first = text->next;
    queue->end = queue->first == NULL ? &queue->first : queue->end;
    queue->bytes -= text->len;
    free(text);
}

void socket_queue_fini(struct socket_queue *queue)
{
    while (queue->first != NULL) {
        pop(queue);
    }
    free(queue->incoming);
    queue->incoming = NULL;
}

void socket_queue_push(struct socket_queue *queue, const char *text)
{
    size_t len = strlen(text);
    struct socket_text *entry = queue->bytes + len > SOCKET_QUEUE_BYTES_MAX ? NULL : malloc(sizeof(*entry) + LWS_PRE + len);
    if (entry == NULL) {
        queue->broken = true;
        return;
    }
    entry->next = NULL;
    entry->len = len;
    memcpy(entry->bytes + LWS_PRE, text, len);
    *queue->end = entry;
    queue->end = &entry->next;
    queue->bytes += len;
}

bool socket_queue_write(struct socket_queue *queue, struct lws *wsi)
{
    if (queue->broken) {
        return false;
    }
    if (queue->first != NULL) {
        struct socket_text *text = queue->first;
        if (lws_write(wsi, text->bytes + LWS_PRE, text->len, LWS_WRITE_TEXT) < (int)text->len) {
            return false;
        }
        pop(queue);
    }
    if (queue->first != NULL) {
        lws_callback_on_writable(wsi);
    }
    return true;
}

bool socket_queue_read(struct socket_queue *queue, struct lws *wsi, const void *piece, size_t len, const char **text, size_t *text_len)
{
    *text = NULL;
    if (lws_is_first_fragment(wsi)) {
        queue->incoming_len = 0;
    }
    if (queue->incoming_len + len > queue->incoming_max) {
        lws_close_reason(wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, NULL, 0);
        return false;
    }
    char *grown = realloc(queue->incoming, queue->incoming_len + len + 1);
    if (grown == NULL) {
        return false;
    }
    queue->incoming = grown;
    memcpy(queue->incoming + queue->incoming_len, piece, len);
    queue->incoming_len += len;
    if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
        *text = queue->incoming;
        *text_len = queue->incoming_len;
    }
    return true;
}
