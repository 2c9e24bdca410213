/* SPDX-License-Identifier: MIT */
/* Many datagrams per system call, where the kernel can (Linux 4.18, 5.0): a run of datagrams of one length to one address is sent as one
 * message that is cut on its way out (UDP_SEGMENT), and what arrives together is received as one message and cut here (UDP_GRO). Otherwise
 * one by one. */
#ifndef CRTC_UDP_BATCH_H
#define CRTC_UDP_BATCH_H

#include "memory.h"

#include <crtc/transport.h>

/* ---- Sending ---- */

enum udp_sent {
    UDP_SENT,
    UDP_BLOCKED,    /* the kernel has no room now: nothing was sent */
    UDP_REFUSED,    /* it will not send this: the datagrams are lost, as a network may lose them */
    UDP_UNSEGMENTED /* it will not cut messages here: nothing was sent, try one by one */
};

/* How many of the packets, from the first on, can go as one message: of one length, but for a shorter last one, from one address to one
 * address, with one mark and the same ECN bits. At least 1. */
size_t udp_run_length(rtc_packet *const *packets, size_t count);
/* Sends them as one message, from where they lie, with their codepoint (rtc_packet_dscp) and ECN bits if the kernel lets it. Frees nothing;
 * errno says why it refused. `from_local`: the socket is bound to any address, and they leave from the one in their path. */
enum udp_sent udp_run_send(int fd, rtc_packet *const *packets, size_t count, bool from_local);

/* ---- Receiving ---- */

struct packet_pool;

/* Room for what one call receives; any number of sockets of one thread share it. Datagrams become packets of the pool. */
struct udp_receiver;
int udp_receiver_new(rtc_context *context, struct packet_pool *pool, struct udp_receiver **out);
void udp_receiver_free(rtc_context *context, struct udp_receiver *receiver);

/* Lets the kernel join datagrams of this socket, and tell when they came and with which ECN bits; harmless where it can not. */
void udp_receiver_prepare(int fd, uint32_t family);
/* Datagrams of this socket, which is bound to any address, are told with the address that they were sent to. */
void udp_receiver_tell_local(int fd, uint32_t family);
/* `local` has no port, and RTC_ADDRESS_NONE where it is not told. The packet, which says when it came and with which ECN bits, becomes the
 * taker's. */
typedef void udp_take(void *user, const rtc_address *local, const rtc_address *from, rtc_packet *packet);
/* One call's worth of datagrams, each given to `take`; none came after `now`. Longer ones than a packet holds are dropped, and those for
 * which there is no memory. True when more may wait. */
bool udp_receive(struct udp_receiver *receiver, int fd, rtc_time_t now, udp_take *take, void *user);

#endif
