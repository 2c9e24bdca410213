/* SPDX-License-Identifier: MIT */
/* A STUN server in the simulated network: answers Binding requests with the address they came from. */
#ifndef CRTC_SIM_STUN_SERVER_H
#define CRTC_SIM_STUN_SERVER_H

#include "sim_network.h"

/* Answers one datagram that was delivered to the server's host; `error` (0: none) refuses it with that code instead. */
void sim_stun_serve(struct sim_host *host, rtc_time_t now, const struct packet *packet, uint16_t error);

#endif
