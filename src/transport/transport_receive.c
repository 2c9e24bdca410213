/* SPDX-License-Identifier: MIT */
/* See transport_receive.h. */
#include "transport_receive.h"

#include "tls_streams.h"
#include "transport_ice.h"
#include "transport_internal.h"

enum { ARRIVAL_AGE_MAX_US = 10000000 };

void transport_count_over_limit(struct transport *t)
{
    t->counters.over_limit++;
}

/* A datagram above ICE, from a path that may be received from. */
static void receive_upper(struct transport *t, rtc_time_t now, struct packet *packet)
{
    uint8_t first = packet_data(packet)[0];
    t->counters.packets_received++;
    t->counters.bytes_received += packet->len;
    t->counters.congested += packet->ecn == ECN_CE;
    if (first >= 128 && first <= 191 && t->full) {
        t->counters.over_limit++;
        packet_free(packet);
        return;
    }
    if (first >= 128 && first <= 191 && t->rtp) {
        rtp_session_input(t->rtp, now, packet, &t->rtp_out);
        return;
    }
    if (first >= 20 && first <= 63)
        dtls_input(t->dtls, now, packet_slice(packet), &t->out);
    else
        t->counters.unknown++;
    packet_free(packet);
}

/* The oldest makes room: what a stranger sent must not keep the peer's first flight out. */
static void hold(struct transport *t, struct packet *packet)
{
    if (t->held.count == TRANSPORT_HELD_MAX) {
        t->counters.unvalidated++;
        packet_free(packet_queue_pop(&t->held));
    }
    packet_queue_push(&t->held, packet_keep(packet));
}

void transport_release_held(struct transport *t, rtc_time_t now)
{
    struct packet_queue held = t->held;
    t->held = (struct packet_queue){0};
    for (struct packet *p; (p = packet_queue_pop(&held)) != NULL;) {
        if (transport_ice_receives(t, now, &p->path, p->len))
            receive_upper(t, now, p);
        else
            hold(t, p);
    }
}

/* When it arrived is worth knowing to who measures the path, for the loop may have been busy since. What can not be is no measurement; what
 * a socket holds while a program is stopped can be. */
static void check_arrival(struct transport *t, rtc_time_t now, struct packet *packet)
{
    bool said = packet->arrived != RTC_TIME_NEVER, possible = packet->arrived <= now && packet->arrived >= now - ARRIVAL_AGE_MAX_US;
    t->counters.misdated += said && !possible;
    if (!possible)
        packet->arrived = now;
}

/* A datagram of a peer, whether it came directly or through a relay. */
static void receive_datagram(struct transport *t, rtc_time_t now, struct packet *packet)
{
    check_arrival(t, now, packet);
    if (packet->len == 0 || packet->path.protocol != PATH_UDP) {
        t->counters.unknown++;
        packet_free(packet);
    } else if (packet_data(packet)[0] <= 3) {
        transport_ice_input(t, now, packet);
        packet_free(packet);
    } else if (transport_ice_receives(t, now, &packet->path, packet->len)) {
        receive_upper(t, now, packet);
    } else {
        hold(t, packet);
    }
}

/* A datagram, or bytes of a stream to a server. */
static void receive_packet(struct transport *t, rtc_time_t now, struct packet *packet)
{
    struct packet_queue inner = {0};
    bool unwrapped = transport_ice_unwrap(t, now, packet, &inner);
    if (t->ended) {
        packet_free(unwrapped ? NULL : packet);
        packet_queue_clear(&inner);
        return;
    }
    if (!unwrapped) {
        receive_datagram(t, now, packet);
        return;
    }
    for (struct packet *p; (p = packet_queue_pop(&inner)) != NULL;)
        receive_datagram(t, now, p);
}

void transport_receive(struct transport *t, rtc_time_t now, struct packet *packet)
{
    struct packet_queue plain = {0};
    t->counters.arrived++;
    t->last_traffic = now;
    if (!tls_streams_receive(t, now, packet, &plain))
        packet_queue_push(&plain, packet);
    for (struct packet *p; (p = packet_queue_pop(&plain)) != NULL;)
        receive_packet(t, now, p);
}
