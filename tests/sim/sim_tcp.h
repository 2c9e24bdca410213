/* SPDX-License-Identifier: MIT */
/* TCP in the simulated network: listening, connecting, being refused or left without answer, streams of bytes that arrive in pieces and in
 * order, and their end. sim_network.c hands over what is TCP's and is told when to look again. */
#ifndef CRTC_SIM_TCP_H
#define CRTC_SIM_TCP_H

#include "sim_network.h"

struct sim_tcp;

struct sim_tcp *sim_tcp_new(struct sim_network *net);
void sim_tcp_free(struct sim_tcp *tcp);
/* REQUEST_LISTEN_TCP, REQUEST_OPEN_TCP; false: some other request. */
bool sim_tcp_request(struct sim_tcp *tcp, struct sim_host *host, rtc_time_t now, const struct request *request);
/* True when the id was one of TCP's. */
bool sim_tcp_close(struct sim_tcp *tcp, struct sim_host *host, rtc_time_t now, uint32_t id);
/* Takes the packet. */
void sim_tcp_send(struct sim_tcp *tcp, struct sim_host *host, rtc_time_t now, struct packet *packet);
/* What is sent on the connections that are open now arrives nowhere any more. */
void sim_tcp_forget(struct sim_tcp *tcp);
rtc_time_t sim_tcp_next(const struct sim_tcp *tcp);
/* Something has arrived; to be called until it is false. */
bool sim_tcp_pop(struct sim_tcp *tcp, rtc_time_t now, struct sim_delivery *out);

/* What sim_network.c knows of hosts. */
bool sim_host_is_down(const struct sim_host *host, const struct address *a);
bool sim_host_has(const struct sim_host *host, const struct address *a);
bool sim_host_is_natted(const struct sim_host *host, const struct address *a);
struct address sim_host_public(const struct sim_host *host);
uint16_t sim_host_port(struct sim_host *host);
struct sim_host *sim_network_hosts(const struct sim_network *net);
struct sim_host *sim_host_next(const struct sim_host *host);

#endif
