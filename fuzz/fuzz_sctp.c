/* SPDX-License-Identifier: MIT */
/* Data channels fed with what a peer might say. The input is a list of actions on two live ends that are connected to each other: a packet
 * of any chunks with the right ports, tag and checksum; a message on any stream with any PPID; the passing of time; calls of the
 * application. */
#include "assoc.h"
#include "context.h"
#include "crc32c.h"
#include "data_channels.h"
#include "reader.h"
#include "usrsctp_time.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rtc_time_t clock_now;

struct pair {
    rtc_context *context;
    rtc_time_t now;
    struct data_channels *dc;
    struct out out;
    struct assoc *peer;
    struct out peer_out;
    uint8_t header[12];
    uint32_t tsn;
    uint32_t handle;
    bool peer_up;
};

static void note(struct pair *p, struct slice s)
{
    memcpy(p->header, s.data, 12);
    if (s.len >= 20 && s.data[12] == 0)
        p->tsn = (uint32_t)s.data[16] << 24 | (uint32_t)s.data[17] << 16 | (uint32_t)s.data[18] << 8 | s.data[19];
}

static bool carry(struct pair *p)
{
    bool any = false;
    struct assoc_event e;
    for (struct packet *packet; (packet = packet_queue_pop(&p->out.tx)) != NULL; any = true) {
        (void)assoc_input(p->peer, p->now, packet_slice(packet), &p->peer_out);
        packet_free(packet);
    }
    while (assoc_next(p->peer, p->now, &e, &p->peer_out)) {
        p->peer_up = p->peer_up || e.type == ASSOC_UP;
        if (e.type == ASSOC_MESSAGE)
            packet_free(e.message.packet);
    }
    for (struct packet *packet; (packet = packet_queue_pop(&p->peer_out.tx)) != NULL; any = true) {
        note(p, packet_slice(packet));
        data_channels_input(p->dc, p->now, packet_slice(packet), &p->out);
        packet_free(packet);
    }
    return any;
}

static void settle(struct pair *p, rtc_time_t pass)
{
    p->now += pass;
    sim_time_set(p->now);
    data_channels_tick(p->dc, p->now, &p->out);
    assoc_tick(p->peer, p->now, &p->peer_out);
    for (int i = 0; i < 50 && carry(p); i++)
        ;
    for (struct sctp_event *e; (e = out_pop_event(&p->out)) != NULL; out_free_event(&p->out, e)) {
        if (e->head.type == CHANNEL_EVENT_NEW)
            p->handle = e->channel;
        struct data_channel_info info;
        if (e->head.type != SCTP_EVENT_STATE && !data_channels_info(p->dc, e->channel, &info))
            abort(); /* nobody may be told of what is not there */
    }
}

static bool begin(struct pair *p)
{
    static const struct data_channels_options options = {.max_message_bytes = 4000, .max_channels = 16};
    static const struct assoc_options raw = {
        .local_port = 5000, .remote_port = 5000, .streams = 16, .mtu = 1150, .max_message_bytes = 100000};
    struct data_channel_options ours = {
        .max_retransmits = -1, .max_packet_life_ms = -1, .id = CHANNEL_ID_NONE, .label = {(const uint8_t *)"f", 1}};
    sim_time_seed(1);
    if (rtc_context_new(NULL, &p->context) || out_init(&p->out, p->context) || out_init(&p->peer_out, p->context))
        abort();
    context_seed(p->context, 1);
    p->now = (clock_now += 100000000); /* the engine's timers of the input before run out */
    sim_time_set(p->now);
    if (data_channels_new(p->context, &options, &p->dc) || assoc_new(p->context, &raw, &p->peer))
        abort();
    if (data_channels_open(p->dc, p->now, &ours, &p->handle, &p->out) || data_channels_start(p->dc, p->now, true, 0, 1000, &p->out))
        abort();
    if (assoc_connect(p->peer, p->now, &p->peer_out))
        abort();
    for (int i = 0; i < 10 && !p->peer_up; i++)
        settle(p, 1000);
    return p->peer_up;
}

/* Any chunks; a DATA chunk first among them gets the TSN that is due when its own is zero. */
static void inject(struct pair *p, struct slice chunks)
{
    uint8_t packet[1200];
    size_t len = chunks.len < 1000 ? chunks.len : 1000;
    memcpy(packet, p->header, 12);
    if (len > 0)
        memcpy(packet + 12, chunks.data, len);
    if (len >= 8 && packet[12] == 0 && packet[16] == 0 && packet[17] == 0) {
        p->tsn++;
        for (int i = 0; i < 4; i++)
            packet[16 + i] = (uint8_t)(p->tsn >> (24 - 8 * i));
    }
    crc32c_packet_seal(packet, 12 + len);
    data_channels_input(p->dc, p->now, slice_of(packet, 12 + len), &p->out);
}

static void say(struct pair *p, struct reader *r)
{
    struct assoc_message m = {.stream = reader_u8(r) & 15, .ppid = reader_u8(r), .max_retransmits = -1, .life_ms = -1};
    m.unordered = reader_u8(r) & 1;
    size_t len = reader_u16(r);
    m.data = reader_bytes(r, len < reader_left(r) ? len : reader_left(r));
    if (m.data.len > 0)
        (void)assoc_send(p->peer, p->now, &m, &p->peer_out);
}

static void call(struct pair *p, struct reader *r)
{
    static const uint8_t bytes[255 * 12];
    uint8_t which = reader_u8(r);
    uint16_t stream = which >> 4;
    if (which % 4 == 0)
        (void)data_channels_send(p->dc, p->now, p->handle, which & 16, slice_of(bytes, (size_t)which * 12), &p->out);
    else if (which % 4 == 1)
        data_channels_close_one(p->dc, p->now, p->handle, &p->out);
    else if (which % 4 == 2)
        (void)assoc_reset_streams(p->peer, p->now, &stream, 1, &p->peer_out);
    else {
        settle(p, 0); /* what was told of it comes first */
        data_channels_forget(p->dc, p->handle);
    }
}

static void act(struct pair *p, struct reader *r)
{
    uint8_t action = reader_u8(r);
    size_t len = 0;
    switch (action & 3) {
    case 0:
        len = reader_u16(r);
        inject(p, reader_bytes(r, len < reader_left(r) ? len : reader_left(r)));
        break;
    case 1:
        say(p, r);
        break;
    case 2:
        call(p, r);
        settle(p, 0);
        break;
    default:
        settle(p, (rtc_time_t)(action >> 2) * 5000);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pair p = {0};
    if (!begin(&p))
        abort();
    struct reader r = reader_of(slice_of(data, size));
    for (int i = 0; i < 200 && reader_left(&r) > 0; i++)
        act(&p, &r);
    settle(&p, 20000);
    data_channels_close(p.dc, p.now, &p.out);
    data_channels_free(p.dc);
    assoc_free(p.peer);
    out_fini(&p.out);
    out_fini(&p.peer_out);
    rtc_context_unref(p.context);
    return 0;
}
