/* SPDX-License-Identifier: MIT */
/* A server with one port, on which any number of connections live, and a client for each, every one on a host of its own: the endpoint of
 * the library without a loop, in virtual time. Signalling takes no time. Every client has one data channel; what it sends comes back, and
 * every message says whose it is. */
#ifndef CRTC_SIM_HALL_H
#define CRTC_SIM_HALL_H

#include "sim_network.h"

#include <crtc/crtc.h>

enum { HALL_MAX = 256, HALL_PORT = 5000 };
#define HALL_ADDRESS "198.51.100.1"
#define HALL_ADDRESS_SIX "2001:db8:5::1"

struct hall;

struct hall_guest {
    uint32_t interfaces[64]; /* open requests for the list of them; 0: none */
    struct hall *hall;
    struct hall_guest *other;
    int number;
    bool is_client, mute;    /* mute: its candidates are not signalled */
    rtc_peer_connection *pc; /* NULL: none */
    struct sim_host *host;
    rtc_data_channel *channel;
    rtc_peer_connection_state state;
    uint32_t got, wrong; /* messages */
    bool dirty;          /* it was called: it is to be drained */
    rtc_time_t deadline; /* as it was when it was last drained */
};

struct hall {
    rtc_context *context;
    struct sim_network *net;
    rtc_time_t now;
    bool lite;
    int apart; /* clients offer so many sections of sound, without groups */
    rtc_endpoint *endpoint;
    struct sim_host *server, *stranger;
    struct hall_guest client[HALL_MAX], seat[HALL_MAX];
    int count; /* clients there ever were */
    struct out scratch;
    rtc_context *own;                   /* the harness's, whose memory does not run out */
    void (*on_step)(struct hall *hall); /* called whenever time moved */
    rtc_time_t step_every;
    rtc_time_t next_step;
    int error; /* the first error of a call that the harness made */
};

/* `allocator` may be NULL. False when memory ran out. */
bool hall_open(struct hall *hall, uint64_t seed, const rtc_allocator *allocator, bool lite);
void hall_close(struct hall *hall);
/* A client on a new host behind a NAT with that public address ("" for none), not yet connected. Returns its number. */
int hall_add_client(struct hall *hall, const struct sim_link *link, const char *ip, const char *public_ip, uint16_t first_public_port);
/* Both sides' connections are made, and offer and answer exchanged. STUN servers for the seat when `servers`. 0 or an error. */
int hall_call(struct hall *hall, int number, bool server_offers, bool servers);
/* Offer and answer once more; with an ICE restart. */
int hall_restart(struct hall *hall, int number, bool server_offers);
void hall_hang_up(struct hall *hall, int number);
void hall_say(struct hall *hall, int number);
/* Until `done` says so (then true), or for that long. */
bool hall_run(struct hall *hall, rtc_time_t duration, bool (*done)(struct hall *hall));
/* A datagram of somebody with that address to the server's port. */
void hall_stray(struct hall *hall, const char *ip, uint16_t port, const void *bytes, size_t len);

#endif
