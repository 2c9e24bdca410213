/* SPDX-License-Identifier: MIT */
/* Messages in parts: see channel_partial.h. */
#include "channel_partial.h"

#include "assembly.h"

struct packet *channel_partial_take(struct channel_partials *ps, struct channel *c)
{
    struct packet *whole = c->partial;
    ps->bytes -= whole ? packet_cost(whole) : 0;
    c->partial = NULL;
    return whole;
}

void channel_partial_forget(struct channel_partials *ps, struct channel *c)
{
    packet_free(channel_partial_take(ps, c));
}

bool channel_partial_append(struct channel_partials *ps, struct channel *c, struct slice bytes, struct packet_pool *pool)
{
    uint64_t most = context_limits(ps->context)->waiting_bytes / 4;
    ps->bytes -= c->partial ? packet_cost(c->partial) : 0;
    bool grown = assembly_append(&c->partial, bytes, ps->max_message, pool);
    uint64_t cost = c->partial ? packet_cost(c->partial) : 0;
    bool alone = ps->bytes == 0;
    ps->bytes += cost;
    return grown && (alone || ps->bytes <= most);
}
