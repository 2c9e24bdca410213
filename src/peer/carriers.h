/* SPDX-License-Identifier: MIT */
/* Which transport carries which m= section (RFC 8843; RFC 9429 sections 4.1.1, 5.2.1 and 5.3.1), as numbers of the connection's transports.
 * Pure functions: what there was, and what a description says, give what will be. */
#ifndef CRTC_PEER_CARRIERS_H
#define CRTC_PEER_CARRIERS_H

#include "negotiation_state.h"

/* A section of an offer of ours. Borrowed. */
struct offered_section {
    enum media_type type;
    const char *mid;
    bool rejected;
};

/* What carries it: the number of the transport, or TRANSPORT_NONE of what is rejected. */
struct offered_carrier {
    uint16_t transport;
    bool shares; /* it has no address of its own before the peer bundles it */
};

/* What the connection was made with. */
struct carrier_rules {
    rtc_bundle_policy policy;
    bool one_port; /* there is one for all, so that an address for each section is the same one */
    size_t most;   /* transports that there may be */
};

/* For each section of an offer of ours, by the policy: sections that were agreed on stay where they are, and others join the first of them
 * that was bundled. What would be one transport too many shares the first, and has its own only when it comes before all others. */
void carriers_of_local_offer(const struct negotiation_state *stable, const struct carrier_rules *rules,
                             const struct offered_section *sections, size_t count, struct offered_carrier *out);
/* For each section of an offer of the peer's: one for each group, and one for each section outside of any, `most` of them; sections for
 * which there is none any more have TRANSPORT_NONE. */
void carriers_of_remote_offer(const struct negotiation_state *stable, size_t most, const struct session_description *offer, uint16_t *out);
/* For each section that offer and answer accept, when these are the carriers of the offer: its group's. What the answer would have carried
 * where it can not be has TRANSPORT_NONE. */
void carriers_of_answer(const uint16_t *offered, const struct session_description *offer, const struct session_description *answer,
                        uint16_t *out);
/* One more than the largest of these numbers. */
size_t carriers_count(const uint16_t *carriers, size_t count);
/* The section that stands for a transport, of those that it carries; -1 when it carries none. */
int carriers_tagged(const uint16_t *carriers, const struct session_description *d, size_t transport);
/* The section that a transport had is gone, or goes with `d`, and others are carried by it: one of them takes it over. */
bool carriers_taken_over(const struct negotiation_state *stable, const uint16_t *carriers, const struct session_description *d,
                         size_t transport);

#endif
