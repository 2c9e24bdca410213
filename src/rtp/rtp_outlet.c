/* SPDX-License-Identifier: MIT */
/* The way of a session's packets: see rtp_outlet.h. */
#include "rtp_outlet.h"

enum { DEFAULT_ROUND_TRIP_US = 100000 }; /* before ICE or a report has measured one */

bool rtp_outlet_is_open(const struct rtp_outlet *o)
{
    return o->srtp && o->writable && !o->closed;
}

size_t rtp_outlet_max_rtp(const struct rtp_outlet *o)
{
    return o->max_packet - (o->srtp ? srtp_transport_overhead(o->srtp) : SRTP_OVERHEAD_MAX);
}

rtc_time_t rtp_outlet_round_trip(const struct rtp_outlet *o)
{
    rtc_time_t best = 0;
    for (struct rtp_send_stream *st = NULL; (st = rtp_members_next_stream(o->members, st)) != NULL;) {
        rtc_time_t round_trip = rtp_send_stream_round_trip_us(st);
        if (round_trip > 0 && (best == 0 || round_trip < best))
            best = round_trip;
    }
    if (best == 0)
        best = o->round_trip;
    return best > 0 ? best : DEFAULT_ROUND_TRIP_US;
}
