/* SPDX-License-Identifier: MIT */
/* Data channels whose peer is an association alone, which the test lets say what it likes, and packets that the association knows nothing
 * of. */
#ifndef CRTC_SCTP_RUDE_H
#define CRTC_SCTP_RUDE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "assoc.h"
#include "context.h"
#include "crc32c.h"
#include "data_channels.h"
#include "dcep.h"
#include "sctp_chunk.h"
#include "usrsctp_time.h"
#include "writer.h"

struct rude {
    rtc_context *context;
    rtc_time_t now;
    struct data_channels *dc;
    struct out out; /* of dc */
    struct assoc *peer;
    struct out peer_out;
    bool peer_up;
    uint32_t handle; /* of the newest channel that the peer opened */
    uint32_t opened, closed, errors, messages, resets;
    struct packet_queue received;
    uint8_t header[12];      /* of the peer's last packet */
    uint32_t tsn;            /* of its last DATA chunk */
    uint32_t our_ppid;       /* of the last message that the peer got */
    bool no_answers;         /* the peer's answers to resets are lost */
    bool mute;               /* the peer hears and says nothing any more */
    int lost;                /* so many of the peer's next packets with DATA are */
    bool hears_few;          /* the peer takes only ten streams, but sends on all */
    uint32_t first_tsn;      /* of the peer's: also the number of its first request to reset streams (RFC 6525 4.1) */
    uint32_t our_tsn;        /* of our last DATA chunk */
    uint32_t our_first;      /* of our first */
    uint64_t packets, bytes; /* that we sent */
};

static inline void on_event(struct rude *r, struct sctp_event *e)
{
    if (e->head.type == CHANNEL_EVENT_NEW) {
        r->handle = e->channel;
        r->opened++;
    }
    r->closed += e->head.type == CHANNEL_EVENT_STATE && e->channel_state == CHANNEL_CLOSED;
    r->errors += e->head.type == CHANNEL_EVENT_ERROR;
    if (e->head.type != CHANNEL_EVENT_MESSAGE)
        return;
    r->messages++;
    packet_queue_push(&r->received, e->message);
    e->message = NULL;
}

static inline uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void note_peer_packet(struct rude *r, struct slice p)
{
    memcpy(r->header, p.data, 12);
    if (p.len >= 32 && (p.data[12] == 1 || p.data[12] == 2))
        r->first_tsn = get_u32(p.data + 28);
    if (p.len >= 20 && p.data[12] == 0)
        r->tsn = get_u32(p.data + 16);
}

static inline void note_our_packet(struct rude *r, struct slice p)
{
    struct reader chunks = sctp_chunks_of(p);
    struct sctp_chunk c;
    r->packets++;
    r->bytes += p.len;
    while (sctp_chunk_next(&chunks, &c)) {
        if (c.type != SCTP_CHUNK_DATA)
            continue;
        uint32_t tsn = reader_u32(&c.body);
        if (r->our_first == 0)
            r->our_first = r->our_tsn = tsn;
        if ((int32_t)(tsn - r->our_tsn) > 0)
            r->our_tsn = tsn;
    }
}

/* Whether a RE-CONFIG chunk of the packet answers a request (RFC 6525 4.4). */
static inline bool has_answer(struct slice p)
{
    for (size_t at = 12; at + 6 <= p.len;) {
        size_t len = (size_t)p.data[at + 2] << 8 | p.data[at + 3];
        if (p.data[at] == 0x82 && p.data[at + 4] == 0 && p.data[at + 5] == 0x10)
            return true;
        at += len < 4 ? 4 : (len + 3) & ~(size_t)3;
    }
    return false;
}

static inline bool is_lost(struct rude *r, struct slice p)
{
    struct reader chunks = sctp_chunks_of(p);
    struct sctp_chunk c;
    bool has_data = false;
    while (r->lost > 0 && sctp_chunk_next(&chunks, &c))
        has_data = has_data || c.type == SCTP_CHUNK_DATA;
    r->lost -= has_data;
    return has_data;
}

/* INIT and INIT ACK: the maximum of inbound streams (RFC 9260 3.3.2). */
static inline void limit_inbound(struct packet *p)
{
    uint8_t *bytes = packet_data(p);
    if (p->len < 32 || (bytes[12] != 1 && bytes[12] != 2))
        return;
    put_u16(bytes + 26, 10);
    crc32c_packet_seal(bytes, p->len);
}

static inline void peer_events(struct rude *r)
{
    struct assoc_event e;
    while (assoc_next(r->peer, r->now, &e, &r->peer_out)) {
        r->peer_up = r->peer_up || e.type == ASSOC_UP;
        r->resets += e.type == ASSOC_RESET_INCOMING;
        if (e.type != ASSOC_MESSAGE)
            continue;
        r->our_ppid = e.message.ppid;
        packet_free(e.message.packet);
    }
}

/* Ten milliseconds. */
static inline void step(struct rude *r)
{
    r->now += 10000;
    sim_time_set(r->now);
    data_channels_tick(r->dc, r->now, &r->out);
    assoc_tick(r->peer, r->now, &r->peer_out);
    bool again = true;
    while (again) {
        again = false;
        for (struct packet *p; (p = packet_queue_pop(&r->out.tx)) != NULL; again = true) {
            note_our_packet(r, packet_slice(p));
            if (!r->mute)
                (void)assoc_input(r->peer, r->now, packet_slice(p), &r->peer_out);
            packet_free(p);
        }
        peer_events(r);
        for (struct packet *p; (p = packet_queue_pop(&r->peer_out.tx)) != NULL; again = true) {
            note_peer_packet(r, packet_slice(p));
            if (r->hears_few)
                limit_inbound(p);
            if (!r->mute && !is_lost(r, packet_slice(p)) && !(r->no_answers && has_answer(packet_slice(p))))
                data_channels_input(r->dc, r->now, packet_slice(p), &r->out);
            packet_free(p);
        }
    }
    for (struct sctp_event *e; (e = out_pop_event(&r->out)) != NULL; out_free_event(&r->out, e))
        on_event(r, e);
}

static inline void run(struct rude *r, int steps)
{
    while (steps-- > 0)
        step(r);
}

static inline struct rude *begin_in(const rtc_context_options *context, uint32_t max_message, bool hears_few)
{
    struct rude *r = calloc(1, sizeof *r);
    assert_non_null(r);
    assert_int_equal(rtc_context_new(context, &r->context), RTC_OK);
    r->hears_few = hears_few;
    context_seed(r->context, 1);
    sim_time_seed(300);
    r->now = 1000000;
    assert_int_equal(out_init(&r->out, r->context), RTC_OK);
    assert_int_equal(out_init(&r->peer_out, r->context), RTC_OK);
    struct data_channels_options options = {.max_message_bytes = max_message};
    struct assoc_options raw = {
        .local_port = 5000, .remote_port = 5000, .streams = 300, .mtu = 1150, .max_message_bytes = SCTP_MAX_MESSAGE_BYTES};
    assert_int_equal(assoc_new(r->context, &raw, &r->peer), RTC_OK);
    /* Alone in the process yet: the engine's clock begins anew with it, and does not stand still until it is as late as in the last test.
     */
    assert_int_equal(assoc_connect(r->peer, r->now, &r->peer_out), RTC_OK);
    assert_int_equal(data_channels_new(r->context, &options, &r->dc), RTC_OK);
    assert_int_equal(data_channels_start(r->dc, r->now, true, 0, 1000, &r->out), RTC_OK);
    for (int i = 0; i < 100 && !(r->peer_up && data_channels_state(r->dc) == SCTP_CONNECTED); i++)
        step(r);
    assert_true(r->peer_up);
    return r;
}

static inline struct rude *begin_with(uint32_t max_message, bool hears_few)
{
    return begin_in(NULL, max_message, hears_few);
}

static inline struct rude *begin(uint32_t max_message)
{
    return begin_with(max_message, false);
}

static inline void finish(struct rude *r)
{
    data_channels_free(r->dc);
    assoc_free(r->peer);
    packet_queue_clear(&r->received);
    out_fini(&r->out);
    out_fini(&r->peer_out);
    rtc_context_unref(r->context);
    free(r);
}

static inline void say(struct rude *r, uint16_t stream, uint32_t ppid, const void *bytes, size_t len)
{
    struct assoc_message m = {.stream = stream, .ppid = ppid, .max_retransmits = -1, .life_ms = -1, .data = slice_of(bytes, len)};
    assert_int_equal(assoc_send(r->peer, r->now, &m, &r->peer_out), (int64_t)len);
}

static inline void say_open(struct rude *r, uint16_t stream, const char *label)
{
    struct dcep_open open = {.max_retransmits = -1, .max_packet_life_ms = -1, .label = slice_str(label)};
    uint8_t bytes[64];
    assert_true(dcep_write_open(&open, bytes, sizeof bytes));
    say(r, stream, PPID_DCEP, bytes, dcep_open_len(&open));
}

/* Opens stream 1, where nothing is taken, and says large messages until three were refused, each after so many steps. Returns how many were
 * not. */
static inline int say_until_full(struct rude *r, int steps)
{
    static const uint8_t bytes[50000];
    const struct assoc_message m = {
        .stream = 1, .ppid = PPID_BINARY, .max_retransmits = -1, .life_ms = -1, .data = slice_of(bytes, sizeof bytes)};
    int sent = 0;
    say_open(r, 1, "x");
    run(r, 20);
    data_channels_set_room(r->dc, 0, UINT32_MAX);
    for (int refused = 0; refused < 3; run(r, steps))
        if (assoc_send(r->peer, r->now, &m, &r->peer_out) == (int64_t)sizeof bytes)
            assert_true(++sent < 100);
        else
            refused++;
    return sent;
}

static inline const struct sctp_counters *counters(const struct rude *r)
{
    return data_channels_counters(r->dc);
}

/* A packet of the peer's that its association knows nothing of. */
static inline void inject(struct rude *r, const void *chunks, size_t len)
{
    uint8_t packet[1200];
    memcpy(packet, r->header, 12);
    memcpy(packet + 12, chunks, len);
    crc32c_packet_seal(packet, 12 + len);
    data_channels_input(r->dc, r->now, slice_of(packet, 12 + len), &r->out);
}

static inline void inject_data(struct rude *r, uint8_t flags, uint16_t stream, uint16_t ssn, uint8_t byte)
{
    uint8_t chunk[20] = {0, flags, 0, 17};
    put_u32(chunk + 4, ++r->tsn);
    put_u16(chunk + 8, stream);
    put_u16(chunk + 10, ssn);
    put_u32(chunk + 12, PPID_BINARY);
    chunk[16] = byte;
    inject(r, chunk, sizeof chunk);
}

#endif
