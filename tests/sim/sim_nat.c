/* SPDX-License-Identifier: MIT */
/* See sim_nat.h. */
#include "sim_nat.h"

#include <stdlib.h>

enum { FIRST_PUBLIC_PORT = 50000 };

void sim_nat_box_init(struct sim_nat_box *nat)
{
    nat->next_port = FIRST_PUBLIC_PORT;
}

void sim_nat_box_forget(struct sim_nat_box *nat, uint16_t first_port)
{
    nat->mapping_count = 0;
    nat->next_port = first_port;
}

bool sim_nat_box_covers(const struct sim_nat_box *nat, const struct address *a)
{
    return nat->type != SIM_NAT_NONE && a->family == nat->public_address.family;
}

static struct sim_nat_mapping *find_mapping(struct sim_nat_box *nat, const struct address *inside, const struct address *target)
{
    for (size_t i = 0; i < nat->mapping_count; i++) {
        struct sim_nat_mapping *m = &nat->mappings[i];
        if (address_eq(&m->inside, inside) && (m->target.family == ADDRESS_NONE || address_eq(&m->target, target)))
            return m;
    }
    return NULL;
}

static void allow(struct sim_nat_mapping *m, const struct address *target)
{
    for (size_t i = 0; i < m->allowed_count; i++)
        if (address_eq(&m->allowed[i], target))
            return;
    size_t n = sizeof m->allowed / sizeof m->allowed[0];
    m->allowed[m->allowed_count++ % n] = *target;
    if (m->allowed_count > n)
        m->allowed_count = n;
}

struct address sim_nat_box_out(struct sim_nat_box *nat, const struct address *from, const struct address *to)
{
    if (!sim_nat_box_covers(nat, from))
        return *from;
    struct address outside = nat->public_address;
    outside.port = from->port;
    if (nat->type == SIM_NAT_ONE_TO_ONE)
        return outside;
    struct sim_nat_mapping *m = find_mapping(nat, from, to);
    if (!m) {
        if (nat->mapping_count == SIM_NAT_MAPPINGS_MAX)
            abort();
        m = &nat->mappings[nat->mapping_count++];
        *m = (struct sim_nat_mapping){.inside = *from, .port = nat->next_port++};
        if (nat->type == SIM_NAT_SYMMETRIC)
            m->target = *to;
    }
    allow(m, to);
    outside.port = m->port;
    return outside;
}

static bool passes(const struct sim_nat_box *nat, const struct sim_nat_mapping *m, const struct address *from)
{
    for (size_t i = 0; i < m->allowed_count; i++) {
        if (nat->type == SIM_NAT_ADDRESS ? address_ip_eq(&m->allowed[i], from) : address_eq(&m->allowed[i], from))
            return true;
    }
    return nat->type == SIM_NAT_FULL_CONE;
}

bool sim_nat_box_in(const struct sim_nat_box *nat, const struct address *from, struct address *to)
{
    for (size_t i = 0; i < nat->mapping_count; i++) {
        const struct sim_nat_mapping *m = &nat->mappings[i];
        if (m->port != to->port || !passes(nat, m, from))
            continue;
        *to = m->inside;
        return true;
    }
    return false;
}
