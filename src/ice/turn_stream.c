/* SPDX-License-Identifier: MIT */
/* Messages in a stream: see turn_stream.h. */
#include "turn_stream.h"

enum { HEADER = 4, STUN_HEADER = 20 };

static const uint8_t magic[4] = {0x21, 0x12, 0xa4, 0x42};

/* Bytes from the input until `want` are in hand; true when they are. */
static bool fill(struct turn_stream *s, struct slice *input, size_t want)
{
    size_t need = s->len < want ? want - s->len : 0;
    size_t n = need < input->len ? need : input->len;
    if (n > 0)
        memcpy(s->bytes + s->len, input->data, n);
    s->len += n;
    *input = slice_of(input->data + n, input->len - n);
    return n == need;
}

static bool skip(struct turn_stream *s, struct slice *input)
{
    size_t n = s->skip < input->len ? s->skip : input->len;
    s->skip -= n;
    *input = slice_of(input->data + n, input->len - n);
    return s->skip == 0;
}

/* First bytes: RFC 7983 section 7. */
static bool is_stun(const struct turn_stream *s)
{
    return s->bytes[0] <= 3;
}

/* The length on the wire of the message whose first four bytes are in hand; 0 for what is none. */
static size_t wire_len(const struct turn_stream *s)
{
    size_t len = (size_t)(s->bytes[2] << 8 | s->bytes[3]);
    if (is_stun(s))
        return len % 4 == 0 ? STUN_HEADER + len : 0;
    if (s->bytes[0] >= 0x40 && s->bytes[0] <= 0x4f)
        return HEADER + ((len + 3) & ~(size_t)3);
    return 0;
}

enum turn_stream_result turn_stream_read(struct turn_stream *s, struct slice *input, struct slice *message)
{
    for (;;) {
        if (input->len == 0 || !skip(s, input) || !fill(s, input, HEADER))
            return TURN_STREAM_MORE;
        size_t want = wire_len(s);
        if (want == 0)
            return TURN_STREAM_BROKEN;
        if (want > sizeof s->bytes) {
            s->skip = want - s->len;
            s->len = 0;
            continue;
        }
        if (!fill(s, input, want))
            return TURN_STREAM_MORE;
        if (is_stun(s) && memcmp(s->bytes + HEADER, magic, sizeof magic) != 0)
            return TURN_STREAM_BROKEN;
        *message = slice_of(s->bytes, want);
        s->len = 0;
        return TURN_STREAM_MESSAGE;
    }
}
