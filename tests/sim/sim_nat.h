/* SPDX-License-Identifier: MIT */
/* The NAT of a host in the simulated network: which public port stands for which address inside, and what it lets in (RFC 4787). */
#ifndef CRTC_SIM_NAT_H
#define CRTC_SIM_NAT_H

#include "sim_network.h"

enum { SIM_NAT_MAPPINGS_MAX = 256 };

/* What one address inside, or one of its targets where the NAT is symmetric, has outside. */
struct sim_nat_mapping {
    struct address inside;
    struct address target; /* family NONE unless symmetric */
    uint16_t port;
    struct address allowed[32]; /* where it sent last */
    size_t allowed_count;
};

/* A part of its host, which sets type and public address; the rest is written by sim_nat.c alone. */
struct sim_nat_box {
    enum sim_nat type;
    struct address public_address;
    uint16_t next_port;
    struct sim_nat_mapping mappings[SIM_NAT_MAPPINGS_MAX];
    size_t mapping_count;
};

void sim_nat_box_init(struct sim_nat_box *nat);
/* It was restarted, and gives out public ports from this one on. */
void sim_nat_box_forget(struct sim_nat_box *nat, uint16_t first_port);
/* Whether addresses of this one's family are behind it. */
bool sim_nat_box_covers(const struct sim_nat_box *nat, const struct address *a);
/* The source that the outside sees of what `from` sends to `to`; from now on `to` may answer. */
struct address sim_nat_box_out(struct sim_nat_box *nat, const struct address *from, const struct address *to);
/* Turns the public address into the one inside; false when it is not let through. One to one is the host's matter. */
bool sim_nat_box_in(const struct sim_nat_box *nat, const struct address *from, struct address *to);

#endif
