/* SPDX-License-Identifier: MIT */
/* The framing of a TURN stream: however the bytes are cut, the same messages come out, each whole and inside of what came, and nothing of a
 * stream that is broken. The first byte says how the second reading is cut. */
#include "turn_stream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES_MAX = 4096 };

struct reading {
    struct turn_stream stream;
    size_t lens[MESSAGES_MAX];
    uint32_t sums[MESSAGES_MAX];
    size_t count;
    bool broken;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static uint32_t sum_of(struct slice s)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < s.len; i++)
        sum = sum * 31 + s.data[i];
    return sum;
}

static void check(struct slice m)
{
    require(m.len >= 4 && m.len <= TURN_STREAM_MESSAGE_MAX && m.len % 4 == 0);
    size_t said = (size_t)(m.data[2] << 8 | m.data[3]);
    require(m.data[0] < 4 ? m.len == said + 20 : m.data[0] >= 0x40 && m.data[0] < 0x50 && m.len >= said + 4 && m.len < said + 8);
}

static void feed(struct reading *r, struct slice bytes)
{
    struct slice message;
    enum turn_stream_result result = TURN_STREAM_MORE;
    while (!r->broken && (result = turn_stream_read(&r->stream, &bytes, &message)) == TURN_STREAM_MESSAGE) {
        check(message);
        r->lens[r->count % MESSAGES_MAX] = message.len;
        r->sums[r->count++ % MESSAGES_MAX] = sum_of(message);
    }
    require(result != TURN_STREAM_MORE || r->broken || bytes.len == 0);
    r->broken |= result == TURN_STREAM_BROKEN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reading whole, cut;
    whole = cut = (struct reading){.count = 0};
    if (size < 2)
        return 0;
    feed(&whole, slice_of(data + 1, size - 1));
    size_t piece = 1 + data[0] % 64;
    for (size_t at = 1; at < size; at += piece)
        feed(&cut, slice_of(data + at, size - at < piece ? size - at : piece));
    require(whole.count == cut.count && whole.broken == cut.broken);
    for (size_t i = 0; i < whole.count && i < MESSAGES_MAX; i++)
        require(whole.lens[i] == cut.lens[i] && whole.sums[i] == cut.sums[i]);
    return 0;
}
