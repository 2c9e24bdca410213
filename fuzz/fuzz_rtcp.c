/* SPDX-License-Identifier: MIT */
/* RTCP datagrams: everything a packet of views offers is read, and feedback goes to a sender with sent packets to repair. */
#include "context.h"
#include "rtcp_extended.h"
#include "rtp_send_feedback.h"
#include "rtp_send_stream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rtc_context *context;
static struct packet_pool *pool;
static rtc_encoded_frame *frame;

static void set_up(void)
{
    static const uint8_t bytes[3000];
    const rtc_encoded_frame_options options = {.size = sizeof options,
                                               .kind = RTC_MEDIA_VIDEO,
                                               .codec = "VP8",
                                               .data = bytes,
                                               .data_len = sizeof bytes,
                                               .keyframe = true,
                                               .capture_time_us = 1};
    if (rtc_context_new(NULL, &context) != RTC_OK || packet_pool_new(context, &pool) != RTC_OK ||
        rtc_encoded_frame_new(context, &options, &frame) != RTC_OK)
        abort();
}

static struct rtp_send_stream *new_sender(struct rtp_pacer *pacer)
{
    struct rtp_section section = {
        .mid = "0", .kind = RTC_MEDIA_VIDEO, .encodings = {{.ssrc = 1, .rtx_ssrc = 2}}, .extension_ids = {1, 0, 0, 0, 2}};
    section.send_codec = (struct rtp_codec){.payload_type = 96, .rtx_payload_type = 97, .name = "VP8", .clock_rate = 90000, .nack = true};
    struct rtp_send_stream *sender = NULL;
    context_seed(context, 1);
    if (rtp_send_stream_new(context, &section, &section.encodings[0], 1190, &sender) != RTC_OK)
        abort();
    rtp_pacer_init(pacer, 1000000, 0);
    (void)rtp_send_stream_frame(sender, 1000, frame, 0, pool, pacer);
    return sender;
}

static void drain(struct rtp_send_stream *sender, struct rtp_pacer *pacer, rtc_time_t now)
{
    for (struct packet *packet; (packet = rtp_pacer_pop(pacer, now)) != NULL;) {
        rtp_send_stream_leaving(sender, now, 0, packet);
        packet_free(packet);
    }
}

static void read_all(const struct rtcp_packet *p)
{
    uint32_t ssrc;
    uint16_t sequence;
    uint16_t mask;
    uint8_t fir;
    for (size_t i = 0; i < p->count; i++) {
        if (p->kind == RTCP_BYE || p->kind == RTCP_REMB)
            (void)rtcp_ssrc_at(p, i);
        if (p->kind == RTCP_FIR)
            rtcp_fir_at(p, i, &ssrc, &fir);
        if (p->kind == RTCP_NACK)
            rtcp_nack_at(p, i, &sequence, &mask);
    }
    struct reader blocks = reader_of(p->body);
    for (struct rtcp_extended_block block; p->kind == RTCP_EXTENDED && rtcp_extended_next(&blocks, &block);)
        for (size_t i = 0; i < block.count; i++)
            (void)rtcp_delay_at(&block, i);
    if (!reader_ok(&blocks))
        abort(); /* it was found sound */
    if (p->cname.len > 255)
        abort();
}

static void act(struct rtp_send_stream *sender, struct rtp_pacer *pacer, rtc_time_t now, const struct rtcp_packet *p)
{
    if (p->kind == RTCP_NACK)
        rtp_send_stream_nack(sender, now, p, pool, pacer);
    if (p->kind == RTCP_PLI)
        (void)rtp_send_stream_pli(sender, now);
    if (p->kind == RTCP_FIR)
        (void)rtp_send_stream_fir(sender, now, p->ssrc, (uint8_t)p->count);
    for (size_t i = 0; (p->kind == RTCP_SR || p->kind == RTCP_RR) && i < p->count; i++) {
        struct rtcp_report report = rtcp_report_at(p, i);
        (void)rtp_send_stream_report(sender, now, now, &report);
    }
    (void)rtp_send_stream_tick(sender, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!context)
        set_up();
    struct rtp_pacer pacer;
    struct rtp_send_stream *sender = new_sender(&pacer);
    rtc_time_t now = 1000000;
    struct rtcp_iterator it = rtcp_packets(slice_of(data, size));
    drain(sender, &pacer, now);
    drain(sender, &pacer, now += 100000);
    for (struct rtcp_packet p; rtcp_next(&it, &p); now += 20000) {
        read_all(&p);
        act(sender, &pacer, now, &p);
        drain(sender, &pacer, now);
    }
    rtp_send_stream_free(sender);
    rtp_pacer_fini(&pacer);
    return 0;
}
