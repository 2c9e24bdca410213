/* SPDX-License-Identifier: MIT */
/* The messages in a stream between a TURN client and its server (RFC 8656 section 3.7, RFC 8489 section 6.2.2): a STUN message or
 * ChannelData that says its own length, ChannelData padded to four bytes. However the bytes arrive, whole messages come out. */
#ifndef CRTC_TURN_STREAM_H
#define CRTC_TURN_STREAM_H

#include "slice.h"

enum { TURN_STREAM_MESSAGE_MAX = 2048 };

/* Of one relay over TCP or TLS, which owns it: what came of a message that is not whole yet. Written by turn_stream.c. */
struct turn_stream {
    uint8_t bytes[TURN_STREAM_MESSAGE_MAX];
    size_t len;  /* of the message in hand that has arrived */
    size_t skip; /* what is left of a message that is too long to be of use */
};

enum turn_stream_result { TURN_STREAM_MORE, TURN_STREAM_MESSAGE, TURN_STREAM_BROKEN };

/* Takes bytes off `input` up to the end of a message. MESSAGE: `message` is valid until the next call. MORE: all of the input was taken.
 * BROKEN: these are no such messages; the stream is of no more use. */
enum turn_stream_result turn_stream_read(struct turn_stream *stream, struct slice *input, struct slice *message);

#endif
