/* SPDX-License-Identifier: MIT */
/* One RTP stream that is sent: what is told of it, to the peer and in statistics. */
#include "context.h"
#include "media_clock.h"
#include "rtcp.h"
#include "rtp_send_parity.h"
#include "rtp_send_stream.h"

bool rtp_send_stream_info(const struct rtp_send_stream *s, rtc_time_t now, struct rtcp_sender_info *out)
{
    if (!s->numbers.started)
        return false;
    int64_t since = media_clock(now - s->numbers.last_capture, s->format.codec.clock_rate);
    out->ntp = rtcp_ntp(context_wall_us(s->context, now));
    out->timestamp = s->numbers.last_timestamp + (uint32_t)since;
    out->packets = s->numbers.sr_packets;
    out->octets = s->numbers.sr_octets;
    return true;
}

bool rtp_send_stream_active_since(const struct rtp_send_stream *s, rtc_time_t since)
{
    return s->numbers.started && s->numbers.last_left >= since;
}

void rtp_send_stream_stats(const struct rtp_send_stream *s, rtc_time_t now, struct rtp_outbound_stats *out)
{
    *out = s->stats;
    out->rtx_ssrc = s->cache ? s->encoding.rtx_ssrc : 0;
    out->parity_percent = rtp_send_parity_protects(s->parity) ? s->parity->percent : 0;
    out->heard.ecn.reported = s->format.codec.ccfb;
    out->frames_per_second = event_rate_per_second(&s->frames, now);
}
