/* SPDX-License-Identifier: MIT */
/* Sending on (forward_stream.h): packets of several streams in any order, wishes in between. What leaves has each number once, and says in
 * its payload what was said of it. */
#include "context.h"
#include "forward_choice.h"
#include "forward_layers.h"
#include "forward_stream.h"
#include "reader.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LAYERS = 3, PAYLOAD_MAX = 64, NUMBERS = 65536 };

static struct {
    struct forward_stream stream;
    struct forward_layers layers;
    struct forward_choice choice;
    int64_t sequence[LAYERS];
    uint32_t timestamp[LAYERS];
    rtc_time_t now;
    uint8_t sent[NUMBERS]; /* the generation in which the number left */
    uint8_t generation;
    uint16_t newest;
} run;

static rtc_context *context; /* of all inputs */

/* Numbers come again once they have gone round. */
static void judge_number(uint16_t sequence)
{
    uint16_t ahead = (uint16_t)(sequence - run.newest);
    for (uint16_t i = 1; ahead < NUMBERS / 2 && i <= ahead; i++)
        run.sent[(uint16_t)(run.newest + i)] = 0;
    if (run.sent[sequence])
        abort();
    run.sent[sequence] = 1;
    run.newest = ahead < NUMBERS / 2 ? sequence : run.newest;
}

static void judge(const struct forward_packet *p, const struct forward_leaving *l)
{
    uint8_t bytes[PAYLOAD_MAX];
    struct forward_payload again;
    if (l->verdict == FORWARD_LEAVE_OUT)
        return;
    judge_number(l->sequence);
    if (l->verdict == FORWARD_FILL)
        return;
    memcpy(bytes, p->bytes, p->len);
    forward_payload_write(&l->payload, l->id, l->base_index, bytes);
    if (!forward_payload_read(p->codec, slice_of(bytes, p->len), &again))
        abort();
    uint16_t mask = (uint16_t)((1u << again.id_bits) - 1);
    if (again.id_bits != l->payload.id_bits || again.id != (l->id & mask) || again.keyframe != l->payload.keyframe ||
        again.temporal_id != l->payload.temporal_id || (again.has_base_index && again.base_index != l->base_index))
        abort();
}

static void take_packet(struct reader *r, uint8_t what)
{
    static const char *const names[] = {"VP8", "VP9", "H264", "opus"};
    uint8_t layer = what % LAYERS, kind = what >> 2 & 3, flags = reader_u8(r);
    run.sequence[layer] += (int8_t)reader_u8(r);
    run.timestamp[layer] += (uint32_t)((int8_t)reader_u8(r) * 1500);
    run.now += reader_u8(r) * 1000;
    struct slice payload = reader_bytes(r, reader_u8(r) % PAYLOAD_MAX);
    struct forward_packet *p = reader_ok(r) ? forward_packet_new(context, payload) : NULL;
    struct forward_leaving l;
    if (!p)
        return;
    p->codec = codec_row_carried(kind == 3 ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO, names[kind]);
    p->layer = layer;
    p->marker = flags & 1;
    p->ssrc = flags & 2 ? 7 : layer;
    p->sequence = run.sequence[layer];
    p->timestamp = run.timestamp[layer];
    p->has_sender_time = flags & 4;
    p->sender_time = (int64_t)flags << 20;
    p->arrived = run.now;
    forward_layers_note(&run.layers, run.now, layer, p);
    l = forward_stream_packet(&run.stream, p);
    judge(p, &l);
    forward_packet_unref(p);
    while ((p = forward_stream_next_held(&run.stream, &l)) != NULL) {
        judge(p, &l);
        forward_packet_unref(p);
    }
}

static void take_target(struct reader *r)
{
    struct forward_layer layers[LAYERS];
    struct forward_wish wish;
    uint8_t flags = reader_u8(r);
    const struct forward_bounds bounds = {
        .temporal_id = flags & 7, .has_rid = flags & 8, .fixed = (flags & 24) == 24, .rid = {(char)('a' + (flags >> 5) % LAYERS)}};
    for (size_t i = 0; i < LAYERS; i++)
        layers[i] = forward_layers_read(&run.layers, run.now, i);
    if (!forward_choice_update(&run.choice, run.now, layers, LAYERS, &bounds, reader_u16(r) * 1000u, &wish))
        return;
    if (wish.layer >= LAYERS || wish.temporal_id > bounds.temporal_id)
        abort();
    forward_stream_wish(&run.stream, wish);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(slice_of(data, size));
    if (!context && rtc_context_new(NULL, &context) != RTC_OK)
        abort();
    const struct forward_start start = {.sequence = reader_u16(&r), .id = 0x7ff0, .base_index = 250, .timestamp = 0xffffff00};
    memset(&run, 0, sizeof run);
    run.newest = (uint16_t)(start.sequence - 1);
    forward_stream_init(&run.stream, &start);
    forward_choice_init(&run.choice);
    for (size_t i = 0; i < LAYERS; i++)
        (void)forward_layers_named(&run.layers, (const char[]){(char)('a' + i), '\0'});
    while (reader_left(&r) > 0) {
        uint8_t what = reader_u8(&r);
        if (what < 0xe0)
            take_packet(&r, what);
        else if (what < 0xf0)
            take_target(&r);
        else
            forward_stream_wish(&run.stream, (struct forward_wish){what % LAYERS, what >> 2 & 3});
    }
    forward_stream_fini(&run.stream);
    return 0;
}
