/* SPDX-License-Identifier: MIT */
/* RTCP datagrams: everything a packet of views offers is read, and feedback goes to a sender with sent packets to repair. What was read is
 * written anew, and says the same. */
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

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* The one packet that was written. */
static struct rtcp_packet read_again(const struct writer *w, enum rtcp_kind kind)
{
    struct rtcp_iterator it = rtcp_packets(slice_of(w->start, writer_len(w)));
    struct rtcp_packet p;
    must(writer_ok(w) && rtcp_next(&it, &p) && p.kind == kind && !it.malformed);
    return p;
}

static void same_reports(struct writer *w, const struct rtcp_packet *p)
{
    struct rtcp_report reports[RTCP_REPORTS_MAX], again;
    for (size_t i = 0; i < p->count; i++)
        reports[i] = rtcp_report_at(p, i);
    if (p->kind == RTCP_SR)
        rtcp_write_sr(w, p->ssrc, &p->sender, reports, p->count);
    else
        rtcp_write_rr(w, p->ssrc, reports, p->count);
    struct rtcp_packet a = read_again(w, p->kind);
    must(a.ssrc == p->ssrc && a.count == p->count && a.sender.ntp == p->sender.ntp && a.sender.octets == p->sender.octets &&
         a.sender.timestamp == p->sender.timestamp && a.sender.packets == p->sender.packets);
    for (size_t i = 0; i < a.count; i++) {
        again = rtcp_report_at(&a, i);
        must(again.ssrc == reports[i].ssrc && again.fraction_lost == reports[i].fraction_lost && again.lost == reports[i].lost &&
             again.highest_sequence == reports[i].highest_sequence && again.jitter == reports[i].jitter &&
             again.last_sr == reports[i].last_sr && again.delay_since_last_sr == reports[i].delay_since_last_sr);
    }
}

/* The numbers of an entry, with what its mask says. */
static void same_nack(struct writer *w, const struct rtcp_packet *p)
{
    uint16_t sequence, mask, first, bits;
    uint16_t all[17];
    size_t n = 1;
    rtcp_nack_at(p, 0, &sequence, &mask);
    all[0] = sequence;
    for (unsigned i = 0; i < 16; i++)
        if (mask >> i & 1)
            all[n++] = (uint16_t)(sequence + i + 1);
    rtcp_write_nack(w, p->ssrc, p->media_ssrc, all, n);
    struct rtcp_packet a = read_again(w, RTCP_NACK);
    rtcp_nack_at(&a, 0, &first, &bits);
    must(a.count == 1 && first == sequence && bits == mask && a.ssrc == p->ssrc && a.media_ssrc == p->media_ssrc);
}

/* A mantissa of 18 bits holds what was read. */
static void same_limit(struct writer *w, const struct rtcp_packet *p)
{
    uint32_t ssrcs[UINT8_MAX];
    for (size_t i = 0; i < p->count; i++)
        ssrcs[i] = rtcp_ssrc_at(p, i);
    rtcp_write_remb(w, p->ssrc, p->bitrate_bps, ssrcs, p->count);
    struct rtcp_packet a = read_again(w, RTCP_REMB);
    must(a.ssrc == p->ssrc && a.bitrate_bps == p->bitrate_bps && a.count == p->count);
    for (size_t i = 0; i < a.count; i++)
        must(rtcp_ssrc_at(&a, i) == ssrcs[i]);
}

static void same_extended(struct writer *w, uint32_t ssrc, const struct rtcp_extended_block *block)
{
    struct rtcp_delay delays[RTCP_EXTENDED_DELAYS_MAX];
    struct rtcp_extended_block again;
    size_t count = block->count < RTCP_EXTENDED_DELAYS_MAX ? block->count : RTCP_EXTENDED_DELAYS_MAX;
    for (size_t i = 0; i < count; i++)
        delays[i] = rtcp_delay_at(block, i);
    if (count == 0 && (block->type != RTCP_EXTENDED_REFERENCE_TIME || block->ntp == 0))
        return;
    rtcp_write_extended(w, ssrc, block->type == RTCP_EXTENDED_REFERENCE_TIME ? block->ntp : 0, delays, count);
    struct rtcp_packet a = read_again(w, RTCP_EXTENDED);
    struct reader blocks = reader_of(a.body);
    must(a.ssrc == ssrc && rtcp_extended_next(&blocks, &again) && again.type == block->type && again.count == count);
    must(block->type != RTCP_EXTENDED_REFERENCE_TIME || again.ntp == block->ntp);
    for (size_t i = 0; i < count; i++) {
        struct rtcp_delay delay = rtcp_delay_at(&again, i);
        must(delay.ssrc == delays[i].ssrc && delay.last_rr == delays[i].last_rr && delay.since == delays[i].since);
    }
}

static void comes_back(const struct rtcp_packet *p)
{
    uint8_t buffer[2048], sequence;
    struct writer w = writer_of(buffer, sizeof buffer);
    uint32_t ssrc, ssrcs[UINT8_MAX];
    struct rtcp_packet a;
    struct rtcp_extended_block block;
    struct reader blocks = reader_of(p->body);
    switch (p->kind) {
    case RTCP_SR:
    case RTCP_RR:
        same_reports(&w, p);
        break;
    case RTCP_NACK:
        if (p->count > 0)
            same_nack(&w, p);
        break;
    case RTCP_REMB:
        same_limit(&w, p);
        break;
    case RTCP_PLI:
        rtcp_write_pli(&w, p->ssrc, p->media_ssrc);
        a = read_again(&w, RTCP_PLI);
        must(a.ssrc == p->ssrc && a.media_ssrc == p->media_ssrc);
        break;
    case RTCP_FIR:
        if (p->count == 0)
            break;
        rtcp_fir_at(p, 0, &ssrc, &sequence);
        rtcp_write_fir(&w, p->ssrc, ssrc, sequence);
        a = read_again(&w, RTCP_FIR);
        must(a.count == 1 && a.ssrc == p->ssrc);
        rtcp_fir_at(&a, 0, ssrcs, buffer);
        must(ssrcs[0] == ssrc && buffer[0] == sequence);
        break;
    case RTCP_BYE:
        for (size_t i = 0; i < p->count; i++)
            ssrcs[i] = rtcp_ssrc_at(p, i);
        rtcp_write_bye(&w, ssrcs, p->count);
        a = read_again(&w, RTCP_BYE);
        for (size_t i = 0; i < p->count; i++)
            must(a.count == p->count && rtcp_ssrc_at(&a, i) == ssrcs[i]);
        break;
    case RTCP_EXTENDED:
        if (rtcp_extended_next(&blocks, &block))
            same_extended(&w, p->ssrc, &block);
        break;
    default:
        break;
    }
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
        comes_back(&p);
        act(sender, &pacer, now, &p);
        drain(sender, &pacer, now);
    }
    rtp_send_stream_free(sender);
    rtp_pacer_fini(&pacer);
    return 0;
}
