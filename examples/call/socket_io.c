/* SPDX-License-Identifier: MIT */
/* Between a queue of texts and libwebsockets. */
#include "socket_io.h"

#include <string.h>

_Static_assert(LWS_PRE <= SOCKET_QUEUE_HEADROOM, "a frame's header fits before a text");

bool socket_io_write(struct socket_queue *queue, struct lws *wsi)
{
    if (queue->broken) {
        return false;
    }
    if (queue->first != NULL) {
        struct socket_text *text = queue->first;
        if (lws_write(wsi, text->bytes + SOCKET_QUEUE_HEADROOM, text->len, LWS_WRITE_TEXT) < (int)text->len) {
            return false;
        }
        socket_queue_pop(queue);
    }
    if (queue->first != NULL) {
        lws_callback_on_writable(wsi);
    }
    return true;
}

static bool refuse(struct lws *wsi, enum lws_close_status status, const char *why)
{
    unsigned char reason[124];
    size_t len = strlen(why);
    memcpy(reason, why, len);
    lws_close_reason(wsi, status, reason, len);
    return false;
}

bool socket_io_read(struct socket_queue *queue, struct lws *wsi, const void *piece, size_t len, bool *whole)
{
    *whole = false;
    if (lws_frame_is_binary(wsi)) {
        return refuse(wsi, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "only texts are taken");
    }
    bool final = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
    switch (socket_queue_take(queue, piece, len, lws_is_first_fragment(wsi), final)) {
    case SOCKET_TAKEN_TEXT:
        *whole = true;
        return true;
    case SOCKET_TAKEN_PART:
        return true;
    case SOCKET_TAKEN_NOT_UTF8:
        return refuse(wsi, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "a text that is no UTF-8");
    case SOCKET_TAKEN_TOO_LONG:
        return refuse(wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "a text that is too long");
    default:
        return refuse(wsi, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "no room");
    }
}
