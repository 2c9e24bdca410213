/* SPDX-License-Identifier: MIT */
/* Sending on, its parts alone: numbers, payloads, streams, rates and choices. */
#include "forward_choice.h"
#include "forward_layers.h"
#include "forward_numbers.h"
#include "forward_payload.h"
#include "forward_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define MS ((rtc_time_t)1000)

static rtc_context *context;

static int open_context(void **state)
{
    (void)state;
    return rtc_context_new(NULL, &context);
}

static int close_context(void **state)
{
    (void)state;
    rtc_context_unref(context);
    return 0;
}

/* ---- Numbers ---- */

static void what_is_left_out_leaves_no_gap(void **state)
{
    struct forward_numbers n;
    (void)state;
    forward_numbers_begin(&n, 1000, 65534);
    assert_int_equal(forward_numbers_send(&n, 1000), 65534);
    forward_numbers_leave_out(&n, 1001);
    forward_numbers_leave_out(&n, 1002);
    assert_int_equal(forward_numbers_highest(&n), 65534);
    assert_int_equal(forward_numbers_send(&n, 1003), 65535);
    /* What is missing keeps its number, and what comes behind it too. */
    assert_int_equal(forward_numbers_send(&n, 1006), 65538);
    assert_int_equal(forward_numbers_look(&n, 1004), FORWARD_NUMBER_KEPT);
    forward_numbers_leave_out(&n, 1007);
    assert_int_equal(forward_numbers_send(&n, 1005), 65537);
    assert_int_equal(forward_numbers_look(&n, 1005), FORWARD_NUMBER_SENT);
    assert_int_equal(forward_numbers_look(&n, 1002), FORWARD_NUMBER_LEFT_OUT);
    assert_int_equal(forward_numbers_look(&n, 1008), FORWARD_NUMBER_NEW);
    assert_int_equal(forward_numbers_look(&n, 999), FORWARD_NUMBER_OLD);
    assert_int_equal(forward_numbers_send(&n, 1008), 65539);
}

static void a_long_gap_is_one(void **state)
{
    struct forward_numbers n;
    (void)state;
    forward_numbers_begin(&n, 0, 0);
    assert_int_equal(forward_numbers_send(&n, 0), 0);
    forward_numbers_leave_out(&n, 1);
    assert_int_equal(forward_numbers_send(&n, (int64_t)1 << 40), ((int64_t)1 << 40) - 1);
    assert_int_equal(forward_numbers_look(&n, 0), FORWARD_NUMBER_OLD);
    assert_int_equal(forward_numbers_look(&n, ((int64_t)1 << 40) - FORWARD_NUMBERS_KEPT), FORWARD_NUMBER_OLD);
    for (int i = 1; i < FORWARD_NUMBERS_KEPT; i++)
        assert_int_equal(forward_numbers_look(&n, ((int64_t)1 << 40) - i), FORWARD_NUMBER_KEPT);
}

/* ---- Payloads ---- */

static const struct codec_row *row(const char *name)
{
    return codec_row_carried(RTC_MEDIA_VIDEO, name);
}

static void ids_are_written_where_they_were_read(void **state)
{
    /* VP8: X; I L T; wide id 5; TL0PICIDX 7; TID 1, Y. Then the same with a narrow id. */
    uint8_t wide[] = {0x90, 0xe0, 0x80, 5, 7, 0x60, 0x10, 0, 0, 0x9d, 1, 0x2a, 64, 0, 48, 0};
    uint8_t narrow[] = {0x90, 0xc0, 5, 7, 0x11, 0};
    uint8_t bare[] = {0x10, 0x11, 0};
    /* VP9: I P L B Z; wide id; T 2, U; TL0PICIDX. */
    uint8_t vp9[] = {0xe9, 0x81, 2, 0x50, 9, 0x86, 0};
    struct forward_payload p;
    (void)state;
    assert_true(forward_payload_read(row("VP8"), slice_of(wide, sizeof wide), &p));
    assert_true(p.first && p.keyframe && p.has_layers && p.sync && !p.sync_of_next && p.compact && p.temporal_id == 1);
    assert_true(p.id == 5 && p.id_bits == 15 && p.base_index == 7 && p.width == 64 && p.height == 48);
    forward_payload_write(&p, 0x7ffe, 200, wide);
    assert_true(forward_payload_read(row("VP8"), slice_of(wide, sizeof wide), &p));
    assert_true(p.id == 0x7ffe && p.base_index == 200 && p.temporal_id == 1 && p.width == 64);
    assert_true(forward_payload_read(row("VP8"), slice_of(narrow, sizeof narrow), &p));
    assert_true(p.id == 5 && p.id_bits == 7 && p.base_index == 7 && !p.has_layers && !p.keyframe && p.first);
    forward_payload_write(&p, 0x7ffe, 201, narrow);
    assert_true(narrow[2] == 0x7e && narrow[3] == 201 && narrow[4] == 0x11);
    assert_true(forward_payload_read(row("VP8"), slice_of(bare, sizeof bare), &p));
    assert_true(p.id_bits == 0 && !p.has_base_index);
    forward_payload_write(&p, 1, 1, bare);
    assert_true(bare[0] == 0x10 && bare[1] == 0x11);
    assert_true(forward_payload_read(row("VP9"), slice_of(vp9, sizeof vp9), &p));
    assert_true(p.first && !p.keyframe && p.has_layers && p.sync && p.sync_of_next && !p.compact && p.temporal_id == 2);
    assert_true(p.id == 0x102 && p.id_bits == 15 && p.has_base_index && p.base_index == 9);
    forward_payload_write(&p, 3, 4, vp9);
    assert_true(vp9[1] == 0x80 && vp9[2] == 3 && vp9[3] == 0x50 && vp9[4] == 4 && vp9[5] == 0x86);
    assert_false(forward_payload_read(row("VP8"), slice_of(wide, 0), &p));
    assert_false(forward_payload_read(row("VP8"), slice_of(wide, 4), &p));
}

/* ---- Streams ---- */

/* A sender of several layers in VP8, whose packets a test may keep back, and a receiver that judges what it is sent. */
static struct scene {
    struct forward_stream stream;
    int64_t sequence[3];
    uint16_t id[3];
    uint8_t base[3];
} scene;

enum { FIRST_SEQUENCE = 65530, FIRST_TIMESTAMP = 1000 };

static void begin(void)
{
    const struct forward_start start = {.sequence = FIRST_SEQUENCE, .id = 0x7ffd, .base_index = 254, .timestamp = FIRST_TIMESTAMP};
    memset(&scene, 0, sizeof scene);
    forward_stream_init(&scene.stream, &start);
    for (int i = 0; i < 3; i++) {
        scene.sequence[i] = 100 + 40000 * i;
        scene.id[i] = (uint16_t)(7 + 10000 * i);
    }
}

/* The next packet of a layer's picture `number`. Both clocks begin anew with each layer, as RTP's do; the sender's ties them together. */
static struct forward_packet *packet(uint8_t layer, uint32_t number, bool first, bool last, bool key, uint8_t temporal, bool sync)
{
    if (first) {
        scene.id[layer] = (uint16_t)((scene.id[layer] + 1) & 0x7fff);
        scene.base[layer] = (uint8_t)(scene.base[layer] + (temporal == 0));
    }
    const uint8_t bytes[] = {(uint8_t)(first ? 0x90 : 0x80),
                             0xe0,
                             (uint8_t)(0x80 | scene.id[layer] >> 8),
                             (uint8_t)scene.id[layer],
                             scene.base[layer],
                             (uint8_t)(temporal << 6 | (sync ? 0x20 : 0)),
                             key ? 0x10 : 0x11,
                             0,
                             0,
                             0x9d,
                             1,
                             0x2a,
                             64,
                             0,
                             48,
                             0};
    struct forward_packet *p = forward_packet_new(context, slice_of(bytes, sizeof bytes));
    assert_non_null(p);
    p->codec = row("VP8");
    p->layer = layer;
    p->ssrc = 1000u + layer;
    p->sequence = scene.sequence[layer]++;
    p->timestamp = 12345678u * layer + 3000u * number;
    p->marker = last;
    p->arrived = 33 * MS * number + MS * layer;
    p->has_sender_time = true;
    p->sender_time = 7777777 + 33333 * (int64_t)number;
    return p;
}

static struct forward_leaving give(struct forward_packet *p)
{
    struct forward_leaving l = forward_stream_packet(&scene.stream, p);
    forward_packet_unref(p);
    return l;
}

static struct forward_leaving whole(uint8_t layer, uint32_t number, bool key)
{
    return give(packet(layer, number, true, true, key, 0, false));
}

static void wish(uint8_t layer, uint8_t temporal)
{
    forward_stream_wish(&scene.stream, (struct forward_wish){layer, temporal});
}

static void assert_sent(struct forward_leaving l, uint16_t sequence, uint16_t id, uint8_t base)
{
    assert_int_equal(l.verdict, FORWARD_SEND);
    assert_int_equal(l.sequence, sequence);
    assert_int_equal(l.id, id);
    assert_int_equal(l.base_index, base);
}

static void layers_follow_each_other(void **state)
{
    uint8_t waits;
    (void)state;
    begin();
    wish(0, 7);
    assert_true(forward_stream_waits_for(&scene.stream, &waits) && waits == 0);
    assert_int_equal(whole(0, 0, false).verdict, FORWARD_LEAVE_OUT); /* begins with a keyframe */
    struct forward_leaving l = whole(0, 1, true);
    assert_sent(l, 65530, 0x7ffd, 254);
    assert_int_equal(l.timestamp, FIRST_TIMESTAMP);
    assert_false(forward_stream_waits_for(&scene.stream, &waits));
    assert_sent(whole(0, 2, false), 65531, 0x7ffe, 255);
    wish(1, 7);
    assert_true(forward_stream_waits_for(&scene.stream, &waits) && waits == 1);
    assert_int_equal(whole(1, 2, false).verdict, FORWARD_LEAVE_OUT);
    assert_sent(whole(0, 3, false), 65532, 0x7fff, 0);
    l = whole(1, 5, true); /* two pictures later by the sender's clock */
    assert_sent(l, 65533, 0, 1);
    assert_in_range(l.timestamp, FIRST_TIMESTAMP + 3 * 3000 + 2999 - 3, FIRST_TIMESTAMP + 4 * 3000 + 3);
    assert_int_equal(whole(0, 5, false).verdict, FORWARD_LEAVE_OUT);
    struct forward_leaving next = whole(1, 6, false);
    assert_sent(next, 65534, 1, 2);
    assert_int_equal(next.timestamp, l.timestamp + 3000);
    assert_int_equal(scene.stream.switches, 1);
    forward_stream_fini(&scene.stream);
}

/* The keyframe is of the picture that was sent already: time goes on all the same. */
static void the_same_picture_again_is_later(void **state)
{
    (void)state;
    begin();
    wish(0, 7);
    struct forward_leaving before = whole(0, 1, true);
    wish(2, 7);
    struct forward_leaving l = whole(2, 1, true);
    assert_sent(l, 65531, 0x7ffe, 255);
    assert_int_equal(l.timestamp, before.timestamp + 1);
    forward_stream_fini(&scene.stream);
}

/* The packets of a sender's layers are mixed: what is being sent is sent to its end. */
static void a_picture_is_finished_first(void **state)
{
    struct forward_leaving l;
    (void)state;
    begin();
    wish(0, 7);
    assert_sent(give(packet(0, 1, true, false, true, 0, false)), 65530, 0x7ffd, 254);
    wish(1, 7);
    assert_int_equal(give(packet(1, 1, true, false, true, 0, false)).verdict, FORWARD_LEAVE_OUT);
    assert_null(forward_stream_next_held(&scene.stream, &l));
    assert_int_equal(give(packet(1, 1, false, true, false, 0, false)).verdict, FORWARD_LEAVE_OUT);
    assert_sent(give(packet(0, 1, false, true, false, 0, false)), 65531, 0x7ffd, 254);
    for (uint16_t i = 0; i < 2; i++) {
        struct forward_packet *held = forward_stream_next_held(&scene.stream, &l);
        assert_non_null(held);
        assert_sent(l, (uint16_t)(65532 + i), 0x7ffe, 255);
        assert_int_equal(l.begins_keyframe, i == 0);
        forward_packet_unref(held);
    }
    assert_null(forward_stream_next_held(&scene.stream, &l));
    assert_sent(whole(1, 2, false), 65534, 0x7fff, 0);
    forward_stream_fini(&scene.stream);
}

/* A picture that was cut off, for its end does not come, is not to be taken for a whole one. */
static void a_number_is_left_out_within_a_picture(void **state)
{
    struct forward_leaving l;
    (void)state;
    begin();
    wish(0, 7);
    assert_sent(give(packet(0, 1, true, false, true, 0, false)), 65530, 0x7ffd, 254);
    wish(1, 7);
    assert_int_equal(whole(1, 1, true).verdict, FORWARD_LEAVE_OUT);
    assert_int_equal(whole(1, 3, false).verdict, FORWARD_LEAVE_OUT); /* 66 ms later */
    struct forward_packet *held = forward_stream_next_held(&scene.stream, &l);
    assert_non_null(held);
    assert_sent(l, 65532, 0x7ffe, 255);
    forward_packet_unref(held);
    held = forward_stream_next_held(&scene.stream, &l);
    assert_non_null(held);
    assert_sent(l, 65533, 0x7fff, 0);
    forward_packet_unref(held);
    forward_stream_fini(&scene.stream);
}

static void losses_stay_and_are_filled(void **state)
{
    (void)state;
    begin();
    wish(0, 7);
    (void)whole(0, 1, true);
    struct forward_packet *late = packet(0, 2, true, true, false, 0, false);
    struct forward_packet *twice = forward_packet_ref(late);
    assert_sent(whole(0, 3, false), 65532, 0x7fff, 0);
    assert_sent(give(late), 65531, 0x7ffe, 255);
    assert_int_equal(give(twice).verdict, FORWARD_LEAVE_OUT);
    assert_sent(whole(0, 4, false), 65533, 0, 1);
    forward_stream_fini(&scene.stream);
}

/* Of another codec: however many there are, the next one that is sent follows the last one that was. */
static void what_is_refused_leaves_no_gap(void **state)
{
    (void)state;
    begin();
    wish(0, 7);
    (void)whole(0, 1, true);
    for (uint32_t i = 2; i < 40000; i++) {
        struct forward_packet *p = packet(0, i, true, true, false, 0, false);
        struct forward_leaving l = forward_stream_packet(&scene.stream, p);
        assert_int_equal(l.verdict, FORWARD_SEND);
        assert_int_equal(l.sequence, 65531);
        forward_stream_refused(&scene.stream, p);
        assert_int_equal(forward_stream_packet(&scene.stream, p).verdict, FORWARD_LEAVE_OUT);
        forward_packet_unref(p);
    }
    assert_int_equal(whole(0, 40000, true).sequence, 65531);
    assert_int_equal(whole(0, 40001, false).sequence, 65532);
    /* What filled a gap leaves it where it was. */
    struct forward_packet *late = packet(0, 40002, true, true, false, 0, false);
    assert_int_equal(whole(0, 40003, false).sequence, 65534);
    assert_int_equal(forward_stream_packet(&scene.stream, late).sequence, 65533);
    forward_stream_refused(&scene.stream, late);
    forward_packet_unref(late);
    assert_int_equal(whole(0, 40004, false).sequence, 65535);
    forward_stream_fini(&scene.stream);
}

static void temporal_layers_leave_no_gaps(void **state)
{
    (void)state;
    begin();
    wish(0, 0);
    assert_sent(give(packet(0, 0, true, true, true, 0, false)), 65530, 0x7ffd, 254);
    assert_int_equal(give(packet(0, 1, true, true, false, 1, true)).verdict, FORWARD_LEAVE_OUT);
    assert_sent(give(packet(0, 2, true, true, false, 0, false)), 65531, 0x7ffe, 255);
    wish(0, 1);
    assert_int_equal(give(packet(0, 3, true, true, false, 1, false)).verdict, FORWARD_LEAVE_OUT); /* refers to what was left out */
    assert_sent(give(packet(0, 4, true, true, false, 0, false)), 65532, 0x7fff, 0);
    assert_sent(give(packet(0, 5, true, true, false, 1, true)), 65533, 0, 0);
    assert_sent(give(packet(0, 6, true, true, false, 0, false)), 65534, 1, 1);
    /* Within a picture nothing changes. */
    assert_sent(give(packet(0, 7, true, false, false, 1, false)), 65535, 2, 1);
    wish(0, 0);
    assert_sent(give(packet(0, 7, false, true, false, 1, false)), 0, 2, 1);
    assert_int_equal(give(packet(0, 9, true, true, false, 1, true)).verdict, FORWARD_LEAVE_OUT);
    /* What is not wanted and comes late fills the place that was kept for it. */
    struct forward_packet *late = packet(0, 11, true, true, false, 1, true);
    assert_sent(give(packet(0, 12, true, true, false, 0, false)), 2, 4, 2);
    struct forward_leaving l = give(late);
    assert_true(l.verdict == FORWARD_FILL && l.sequence == 1);
    forward_stream_fini(&scene.stream);
}

/* Not every sender says where one may go up (Y, RFC 7741 section 4.2): behind a keyframe one always may. */
static void temporal_layers_go_up_with_a_keyframe(void **state)
{
    (void)state;
    begin();
    wish(0, 0);
    assert_sent(give(packet(0, 0, true, true, true, 0, false)), 65530, 0x7ffd, 254);
    assert_int_equal(give(packet(0, 1, true, true, false, 2, false)).verdict, FORWARD_LEAVE_OUT);
    wish(0, 2);
    assert_sent(give(packet(0, 2, true, true, false, 0, false)), 65531, 0x7ffe, 255);
    assert_int_equal(give(packet(0, 3, true, true, false, 2, false)).verdict, FORWARD_LEAVE_OUT);
    assert_sent(give(packet(0, 4, true, true, true, 0, false)), 65532, 0x7fff, 0);
    assert_sent(give(packet(0, 5, true, true, false, 2, false)), 65533, 0, 0);
    forward_stream_fini(&scene.stream);
}

/* The second packet of a keyframe comes before the first. */
static void what_overtook_is_held(void **state)
{
    struct forward_leaving l;
    (void)state;
    begin();
    wish(0, 7);
    struct forward_packet *first = packet(0, 1, true, false, true, 0, false), *second = packet(0, 1, false, false, false, 0, false),
                          *third = packet(0, 1, false, true, false, 0, false);
    assert_int_equal(give(third).verdict, FORWARD_LEAVE_OUT);
    assert_int_equal(give(second).verdict, FORWARD_LEAVE_OUT);
    assert_sent(give(first), 65530, 0x7ffd, 254);
    struct forward_packet *held = forward_stream_next_held(&scene.stream, &l);
    assert_non_null(held);
    forward_packet_unref(held);
    assert_sent(l, 65531, 0x7ffd, 254);
    held = forward_stream_next_held(&scene.stream, &l);
    assert_non_null(held);
    forward_packet_unref(held);
    assert_sent(l, 65532, 0x7ffd, 254);
    assert_null(forward_stream_next_held(&scene.stream, &l));
    forward_stream_fini(&scene.stream);
}

/* A sender probes with packets that it has sent before: the first one of a keyframe, of which the rest was not held. */
static void an_old_beginning_begins_nothing(void **state)
{
    uint8_t waits;
    (void)state;
    begin();
    wish(0, 7);
    (void)whole(0, 1, true);
    struct forward_packet *first = packet(1, 1, true, false, true, 0, false), *again = forward_packet_ref(first);
    assert_int_equal(give(first).verdict, FORWARD_LEAVE_OUT);
    assert_int_equal(give(packet(1, 1, false, true, false, 0, false)).verdict, FORWARD_LEAVE_OUT);
    wish(1, 7);
    assert_int_equal(give(again).verdict, FORWARD_LEAVE_OUT);
    assert_true(forward_stream_waits_for(&scene.stream, &waits) && waits == 1);
    assert_sent(whole(0, 2, false), 65531, 0x7ffe, 255);
    assert_sent(whole(1, 3, true), 65532, 0x7fff, 0);
    forward_stream_fini(&scene.stream);
}

static void another_ssrc_begins_anew(void **state)
{
    uint8_t waits;
    (void)state;
    begin();
    wish(0, 7);
    (void)whole(0, 1, true);
    struct forward_packet *p = packet(0, 2, true, true, false, 0, false);
    p->ssrc = 5;
    assert_int_equal(give(p).verdict, FORWARD_LEAVE_OUT);
    assert_true(forward_stream_waits_for(&scene.stream, &waits) && waits == 0);
    p = packet(0, 3, true, true, true, 0, false);
    p->ssrc = 5;
    assert_sent(give(p), 65531, 0x7ffe, 255);
    assert_false(forward_stream_waits_for(&scene.stream, &waits));
    forward_stream_fini(&scene.stream);
}

/* ---- Choices ---- */

static const struct forward_layer three[] = {
    {.rid = "q", .flows = true, .width = 320, .height = 180, .temporals = 3, .rates_bps = {60000, 90000, 150000, 150000}},
    {.rid = "h", .flows = true, .width = 640, .height = 360, .temporals = 3, .rates_bps = {200000, 300000, 500000, 500000}},
    {.rid = "f", .flows = true, .width = 1280, .height = 720, .temporals = 3, .rates_bps = {600000, 900000, 1500000, 1500000}},
};

static struct forward_wish chosen(struct forward_choice *c, rtc_time_t at, const struct forward_bounds *bounds, uint32_t target)
{
    struct forward_wish wish;
    assert_true(forward_choice_update(c, at, three, 3, bounds, target, &wish));
    return wish;
}

static void the_best_that_fits(void **state)
{
    const struct forward_bounds any = {.temporal_id = 7}, low = {.temporal_id = 7, .has_rid = true, .rid = "h"},
                                fixed = {.temporal_id = 7, .has_rid = true, .rid = "f", .fixed = true};
    struct forward_choice c;
    (void)state;
    forward_choice_init(&c);
    assert_int_equal(chosen(&c, 0, &any, 600000).layer, 1);
    /* More is possible: after a second. */
    assert_int_equal(chosen(&c, 100 * MS, &any, 2000000).layer, 1);
    assert_int_equal(chosen(&c, 900 * MS, &any, 2000000).layer, 1);
    assert_int_equal(chosen(&c, 1200 * MS, &any, 2000000).layer, 2);
    /* Less is: soon, and up again only a while later. */
    assert_int_equal(chosen(&c, 1300 * MS, &any, 300000).layer, 2);
    assert_int_equal(chosen(&c, 1600 * MS, &any, 300000).layer, 0);
    assert_int_equal(chosen(&c, 1700 * MS, &any, 600000).layer, 0);
    assert_int_equal(chosen(&c, 3000 * MS, &any, 600000).layer, 0);
    assert_int_equal(chosen(&c, 5700 * MS, &any, 600000).layer, 1);
    /* Not more than may be, whatever there is; and what is fixed whatever there is not. */
    assert_int_equal(chosen(&c, 9000 * MS, &low, 9000000).layer, 1);
    assert_int_equal(chosen(&c, 12000 * MS, &low, 9000000).layer, 1);
    assert_int_equal(chosen(&c, 12000 * MS, &fixed, 100000).layer, 2);
    assert_int_equal(chosen(&c, 12000 * MS, &fixed, 100000).temporal_id, 7);
    /* Of the least layer as many pictures as fit. */
    forward_choice_init(&c);
    assert_int_equal(chosen(&c, 0, &any, 110000).layer, 0);
    assert_int_equal(c.now.temporal_id, 1);
    forward_choice_init(&c);
    assert_int_equal(chosen(&c, 0, &any, 1).temporal_id, 0);
    /* Nobody knows: the best. */
    forward_choice_init(&c);
    assert_int_equal(chosen(&c, 0, &any, 0).layer, 2);
}

static void what_does_not_flow_is_not_chosen(void **state)
{
    struct forward_layer layers[3];
    const struct forward_bounds any = {.temporal_id = 7};
    struct forward_choice c;
    struct forward_wish wish;
    (void)state;
    memcpy(layers, three, sizeof layers);
    forward_choice_init(&c);
    assert_true(forward_choice_update(&c, 0, layers, 3, &any, 0, &wish) && wish.layer == 2);
    layers[2].flows = false;
    assert_true(forward_choice_update(&c, MS, layers, 3, &any, 0, &wish) && wish.layer == 1);
    layers[0].flows = layers[1].flows = false;
    assert_false(forward_choice_update(&c, 2 * MS, layers, 3, &any, 0, &wish));
}

/* Of a layer that has not come nobody knows how large it is: it keeps no other one from being sent. */
static void what_never_came_bounds_nothing(void **state)
{
    struct forward_layer layers[3];
    struct forward_choice c;
    struct forward_wish wish;
    struct forward_bounds bounds = {.rid = "f", .has_rid = true, .temporal_id = 7};
    (void)state;
    memcpy(layers, three, sizeof layers);
    layers[2] = (struct forward_layer){.rid = "f", .temporals = 1};
    forward_choice_init(&c);
    assert_true(forward_choice_update(&c, 0, layers, 3, &bounds, 5000000, &wish));
    assert_int_equal(wish.layer, 1);
    /* Once it has, it does, also while it does not come. */
    memcpy(bounds.rid, "h", 2);
    layers[2] = three[2];
    layers[1].flows = false;
    memset(layers[1].rates_bps, 0, sizeof layers[1].rates_bps);
    assert_true(forward_choice_update(&c, 0, layers, 3, &bounds, 5000000, &wish));
    assert_int_equal(wish.layer, 0);
    bounds.fixed = true;
    layers[1] = (struct forward_layer){.rid = "h", .temporals = 1};
    assert_true(forward_choice_update(&c, 0, layers, 3, &bounds, 5000000, &wish));
    assert_int_equal(wish.layer, 1);
}

static void rates_are_of_the_last_second(void **state)
{
    static struct forward_layers ls;
    (void)state;
    memset(&ls, 0, sizeof ls);
    memset(&scene, 0, sizeof scene);
    assert_int_equal(forward_layers_named(&ls, "q"), 0);
    assert_int_equal(forward_layers_named(&ls, "h"), 1);
    assert_int_equal(forward_layers_named(&ls, "q"), 0);
    assert_false(forward_layers_read(&ls, 0, 0).flows);
    for (uint32_t i = 0; i < 60; i++) { /* 16 bytes each 33 ms, every other of the second layer */
        struct forward_packet *p = packet(0, i, true, true, i == 0, i & 1, false);
        forward_layers_note(&ls, 33 * MS * i, 0, p);
        forward_packet_unref(p);
    }
    struct forward_layer l = forward_layers_read(&ls, 33 * MS * 60, 0);
    assert_true(l.flows && l.temporals == 2 && l.width == 64 && l.height == 48);
    assert_in_range(l.rates_bps[0], 1700, 2100);
    assert_in_range(l.rates_bps[1], 3500, 4100);
    assert_int_equal(l.rates_bps[1], l.rates_bps[3]);
    assert_false(forward_layers_read(&ls, 33 * MS * 60 + 2000 * MS, 0).flows);
    for (int i = 0; i < FORWARD_LAYERS_MAX - 2; i++)
        assert_int_equal(forward_layers_named(&ls, (const char[]){(char)('0' + i), 0}), i + 2);
    assert_int_equal(forward_layers_named(&ls, "more"), FORWARD_LAYERS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_leaves_no_gap),
        cmocka_unit_test(a_long_gap_is_one),
        cmocka_unit_test(ids_are_written_where_they_were_read),
        cmocka_unit_test(layers_follow_each_other),
        cmocka_unit_test(the_same_picture_again_is_later),
        cmocka_unit_test(a_picture_is_finished_first),
        cmocka_unit_test(a_number_is_left_out_within_a_picture),
        cmocka_unit_test(losses_stay_and_are_filled),
        cmocka_unit_test(what_is_refused_leaves_no_gap),
        cmocka_unit_test(temporal_layers_leave_no_gaps),
        cmocka_unit_test(temporal_layers_go_up_with_a_keyframe),
        cmocka_unit_test(what_overtook_is_held),
        cmocka_unit_test(an_old_beginning_begins_nothing),
        cmocka_unit_test(another_ssrc_begins_anew),
        cmocka_unit_test(the_best_that_fits),
        cmocka_unit_test(what_does_not_flow_is_not_chosen),
        cmocka_unit_test(what_never_came_bounds_nothing),
        cmocka_unit_test(rates_are_of_the_last_second),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
