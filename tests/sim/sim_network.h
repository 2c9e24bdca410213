/* SPDX-License-Identifier: MIT */
/* A small network in virtual time: hosts with addresses and sockets for UDP and TCP, links with delay, jitter, loss, duplication and reordering, NATs. It
 * answers the requests that protocol cores make (struct out) and carries their packets. Everything random comes from one seed. It knows no
 * protocol; the test owns the clock and the cores.
 *
 *   sim_host_drain(host, now, &out)    what a core asked for and sent goes into the network
 *   sim_network_next(net)              when something arrives next
 *   sim_network_pop(net, now, &d)      what has arrived: a datagram or the result of a request, and for which host */
#ifndef CRTC_SIM_NETWORK_H
#define CRTC_SIM_NETWORK_H

#include "out.h"

struct sim_network;
struct sim_host;

/* What becomes of the marks of ECN on the way, beside those that the queue makes: WIPED off, with what is marked DROPPED, or on ALL. */
enum sim_ecn { SIM_ECN_PASSES, SIM_ECN_WIPED, SIM_ECN_DROPPED, SIM_ECN_ALL };

/* What happens to everything that a host sends. The round trip of two hosts is the sum of their delays. */
struct sim_link {
    rtc_time_t delay_us;
    rtc_time_t jitter_us; /* added, evenly spread; order is kept */
    double loss;          /* probabilities, 0 to 1 */
    double duplicate;
    double reorder; /* held back by reorder_us while later ones pass */
    rtc_time_t reorder_us;
    uint64_t rate_bps;   /* 0: unlimited */
    rtc_time_t queue_us; /* with a rate: what would wait longer is dropped */
    rtc_time_t mark_us;  /* and what is capable of ECN and waits longer than this is marked; 0: nothing is */
    enum sim_ecn ecn;
    bool down;           /* nothing leaves and nothing arrives */
    uint32_t drop;       /* the n-th datagram from now on is lost, that one only; 0: none is */
    bool no_udp, no_tcp; /* the same for one of them */
    bool no_listening;   /* a host that can not listen */
    uint32_t pieces;     /* bytes of streams arrive here in pieces of at most that many; 0: as they were sent */
    bool polices;        /* with a rate: nothing waits; what would wait longer than the queue is dropped, the rest passes at once */
    rtc_time_t *free_at; /* when the bottleneck will have sent what it has, which it is for others as well; NULL: it is the host's alone */
};

/* ONE_TO_ONE: each port of the public address leads to the same port inside. */
enum sim_nat { SIM_NAT_NONE, SIM_NAT_FULL_CONE, SIM_NAT_ADDRESS, SIM_NAT_PORT, SIM_NAT_SYMMETRIC, SIM_NAT_ONE_TO_ONE };

struct sim_delivery {
    struct sim_host *host;
    struct packet *packet;   /* a datagram, or NULL; the taker's (sim_delivery_free) */
    struct io_result result; /* when packet is NULL; its lists live until sim_delivery_free */
    void *lists;
};

struct sim_counters {
    uint64_t sent, delivered, lost, unreachable, duplicated;
    size_t largest; /* datagram */
};

struct sim_network *sim_network_new(uint64_t seed);
void sim_network_free(struct sim_network *net);
/* A random number of the network's own sequence. */
uint64_t sim_network_random(struct sim_network *net);
const struct sim_counters *sim_network_counters(const struct sim_network *net);
/* Sees every datagram that is sent, lost ones too. */
void sim_network_tap(struct sim_network *net, void (*tap)(void *user, const struct sim_host *from, struct slice datagram), void *user);
/* What REQUEST_RESOLVE answers; a name that is not known fails, one with an empty address is never answered. */
void sim_network_name(struct sim_network *net, const char *name, const char *ip);

/* TCP connections that are open now are dead, and neither end is told: a NAT between them forgot them. */
void sim_network_forget_connections(struct sim_network *net);

/* Hosts live as long as the network. `user` is the test's. */
struct sim_host *sim_host_new(struct sim_network *net, const struct sim_link *link, void *user);
void *sim_host_user(const struct sim_host *host);
struct sim_link *sim_host_link(struct sim_host *host);
/* What would wait that it sent now. */
rtc_time_t sim_host_queue(const struct sim_host *host, rtc_time_t now);
/* On an interface "eth0", "eth1", ... of unknown type. */
void sim_host_add_address(struct sim_host *host, const char *ip);
void sim_host_add_interface(struct sim_host *host, const char *ip, const char *name, uint32_t type);
/* It vanishes: its sockets stay bound, and nothing passes through them until it is added again. */
void sim_host_remove_address(struct sim_host *host, const char *ip);
/* Every open REQUEST_INTERFACES is answered again. */
void sim_host_tell_interfaces(struct sim_host *host, rtc_time_t now);
/* How many are open. */
size_t sim_host_watchers(const struct sim_host *host);
/* A single address that neither sends nor receives any more (an unplugged cable). */
void sim_host_set_address_down(struct sim_host *host, const char *ip, bool down);
/* All of the host's addresses of that family are private, behind a NAT with this public one. */
void sim_host_set_nat(struct sim_host *host, enum sim_nat type, const char *public_ip);
/* Its NAT forgets everything (it was restarted), and gives out public ports from this one on. */
void sim_host_rebind_nat(struct sim_host *host, uint16_t first_port);
/* REQUEST_INTERFACES and REQUEST_OPEN_UDP are never answered, or answered with an error. */
enum sim_answer { SIM_ANSWERS, SIM_SILENT, SIM_REFUSES };
void sim_host_set_answers(struct sim_host *host, enum sim_answer interfaces, enum sim_answer open_udp);
/* REQUEST_OPEN_UDP for a port that is shared, as multicast DNS does. */
void sim_host_set_multicast(struct sim_host *host, enum sim_answer multicast);
/* A socket without a request: for scripted servers. */
void sim_host_open(struct sim_host *host, uint32_t id, const char *ip, uint16_t port);

void sim_host_drain(struct sim_host *host, rtc_time_t now, struct out *out);
/* Takes the packet. */
void sim_host_send(struct sim_host *host, rtc_time_t now, struct packet *packet);
rtc_time_t sim_network_next(const struct sim_network *net);
bool sim_network_pop(struct sim_network *net, rtc_time_t now, struct sim_delivery *out);
void sim_delivery_free(struct sim_delivery *delivery);

#endif
