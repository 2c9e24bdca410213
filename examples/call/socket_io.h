/* SPDX-License-Identifier: MIT */
/* Between a queue of texts and libwebsockets, for either side of a WebSocket. */
#ifndef CALL_SOCKET_IO_H
#define CALL_SOCKET_IO_H

#include "socket_queue.h"

#include <libwebsockets.h>

/* From the writable callback: writes one text. False when the connection must end. */
bool socket_io_write(struct socket_queue *queue, struct lws *wsi);
/* From the receive callback: takes a piece. True with *whole when queue->incoming is a whole text: socket_queue_forget it then. False when
 * the connection must end: the other side is told why (RFC 6455 7.4.1), 1007 for what is no UTF-8, 1003 for binary, 1009 for too much. */
bool socket_io_read(struct socket_queue *queue, struct lws *wsi, const void *piece, size_t len, bool *whole);

#endif
