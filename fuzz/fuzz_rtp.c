/* SPDX-License-Identifier: MIT */
/* RTP packets and header extensions as the network gives them: parsed, demultiplexed, and written again where that is possible. */
#include "context.h"
#include "packet.h"
#include "rtp_demux.h"
#include "rtp_extensions.h"
#include "rtp_packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rtp_demux *new_demux(rtc_context *context)
{
    struct rtp_demux *demux = NULL;
    if (rtp_demux_new(context, &demux) != RTC_OK)
        abort();
    struct rtp_section video = {.mid = "0", .kind = RTC_MEDIA_VIDEO, .receive = true, .receive_codec_count = 1};
    video.receive_codecs[0] = (struct rtp_codec){.payload_type = 96, .rtx_payload_type = 97, .name = "VP8"};
    for (uint8_t i = 0; i < RTP_EXTENSIONS; i++)
        video.extension_ids[i] = (uint8_t)(i + 1);
    struct rtp_section audio = {.mid = "1", .kind = RTC_MEDIA_AUDIO, .receive = true, .receive_codec_count = 1};
    audio.receive_codecs[0] = (struct rtp_codec){.payload_type = 111, .rtx_payload_type = RTP_NO_PAYLOAD_TYPE, .name = "opus"};
    if (rtp_demux_set_section(demux, 1, &video) != RTC_OK || rtp_demux_set_section(demux, 2, &audio) != RTC_OK)
        abort();
    return demux;
}

/* What was parsed can be written, and is parsed as the same again. */
static void check_round_trip(struct packet_pool *pool, const struct rtp_header *h, const uint8_t ids[RTP_EXTENSIONS])
{
    struct packet *packet = packet_new(pool);
    struct rtp_header again;
    if (!packet)
        abort();
    if (rtp_write_header(packet, h, ids)) {
        if (packet->len != rtp_header_size(h, ids) || !rtp_parse(packet_slice(packet), ids, &again))
            abort();
        for (size_t i = 0; i < RTP_EXTENSIONS; i++) {
            if (!slice_eq(again.extensions[i], h->extensions[i]))
                abort();
        }
        if (again.ssrc != h->ssrc || again.sequence != h->sequence || again.timestamp != h->timestamp || again.marker != h->marker)
            abort();
    }
    packet_free(packet);
}

/* What congestion control reads, where the extension is there. */
static void read_numbers(const struct rtp_header *h)
{
    uint32_t send_time = 0;
    uint16_t number = 0;
    if (rtp_abs_send_time_read(h->extensions[RTP_EXTENSION_ABS_SEND_TIME], &send_time) && send_time > 0xffffff)
        abort();
    if (rtp_transport_sequence_read(h->extensions[RTP_EXTENSION_TRANSPORT_SEQUENCE], &number) !=
        (h->extensions[RTP_EXTENSION_TRANSPORT_SEQUENCE].len == 2))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static rtc_context *context;
    static struct packet_pool *pool;
    if (!context && (rtc_context_new(NULL, &context) != RTC_OK || packet_pool_new(context, &pool) != RTC_OK))
        abort();
    struct rtp_demux *demux = new_demux(context);
    struct slice whole = slice_of(data, size);
    /* The input is a row of datagrams, each with two bytes of length in front: latching needs more than one. */
    while (whole.len > 2) {
        size_t len = (size_t)(whole.data[0] << 8 | whole.data[1]) % 1500;
        len = len < whole.len - 2 ? len : whole.len - 2;
        struct rtp_header h;
        struct rtp_route route;
        if (rtp_parse(slice_of(whole.data + 2, len), rtp_demux_ids(demux), &h)) {
            struct rtp_capture_time captured;
            (void)rtp_demux_route(demux, &h, &route);
            (void)rtp_abs_capture_time_read(h.extension_block, &captured);
            (void)rtp_video_orientation_read(h.extension_block);
            read_numbers(&h);
            struct rtp_playout_delay held;
            (void)rtp_playout_delay_read(h.extension_block, &held);
            check_round_trip(pool, &h, rtp_demux_ids(demux));
        }
        (void)rtp_is_rtcp(slice_of(whole.data + 2, len));
        whole = slice_of(whole.data + 2 + len, whole.len - 2 - len);
    }
    rtp_demux_free(demux);
    return 0;
}
