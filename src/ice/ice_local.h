/* SPDX-License-Identifier: MIT */
/* Our own candidates, in the order they were gathered, and their foundations (RFC 8445 section 5.1.1.3). The agent owns them; whoever makes
 * a base tells its candidates to ice_locals_add(), which announces them to the peer (RFC 8838 section 8), and ice_locals_forget() takes
 * them back. Only ice_local.c writes to them. */
#ifndef CRTC_ICE_LOCAL_H
#define CRTC_ICE_LOCAL_H

#include "ice_base.h"

enum { ICE_LOCALS_MAX = 128 };

/* What is kept of a candidate of ours: it stays as long as the connection, so without what all of them share, and without room for the
 * name that few have. */
struct ice_local {
    struct address address, related;
    char foundation[12]; /* a number in decimal */
    uint32_t serial, priority, socket;
    uint8_t protocol, type, tcp_type, server;
    char *name; /* owned; NULL: the address is shown */
};

struct ice_locals {
    struct ice_common *common;
    struct ice_local *list;
    size_t count;
    uint64_t foundation_salt; /* when addresses are hidden: a foundation tells nothing of them */
};

void ice_locals_init(struct ice_locals *locals, struct ice_common *common);
void ice_locals_fini(struct ice_locals *locals);

/* A candidate of that base, over UDP, with the base's local preference; its address is still to be filled in. `server`: the name of the one
 * that it came from, for the foundation. */
void ice_local_init(const struct ice_locals *locals, struct ice_candidate *c, enum ice_candidate_type type, const struct ice_base *base,
                    struct slice server);
uint32_t ice_foundation(const struct ice_locals *locals, uint8_t type, const struct address *base, struct slice server);
void ice_locals_add(struct ice_locals *locals, const struct ice_candidate *candidate, struct out *out);
/* The candidate with this index, which must be there, as it was told. */
struct ice_candidate ice_locals_get(const struct ice_locals *locals, size_t index);
/* The candidates of that base are no more; the peer finds out by itself. */
void ice_locals_forget(struct ice_locals *locals, uint32_t socket, struct out *out);
/* Whether the peer is told this address already, over UDP and not hidden behind a name: that one may be told when a server sees it. */
bool ice_locals_show(const struct ice_locals *locals, const struct address *address);
/* The related address that a candidate of this base is told with: itself, or 0.0.0.0 or ::, port 9, when addresses are
 * hidden (RFC 8839 section 5.1). */
struct address ice_related_address(const struct ice_common *common, const struct address *address);

#endif
