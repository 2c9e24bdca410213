/* SPDX-License-Identifier: MIT */
/* Rules for gathering that an application writes as text: which interfaces and addresses to use, and which address the world knows a local
 * one by. */
#ifndef CRTC_ICE_FILTER_H
#define CRTC_ICE_FILTER_H

#include "address.h"

enum { ICE_FILTERS_MAX = 32, ICE_EXTERNALS_MAX = 16, ICE_PATTERN_MAX = 31 };

/* A pattern of interface names, or a prefix of addresses. */
struct ice_filter {
    char pattern[ICE_PATTERN_MAX + 1]; /* '*' stands for any run of characters; empty: the prefix counts */
    struct address prefix;
    uint8_t bits;
};

/* A 1:1 NAT: what is bound to `local` is reached at `external`, with the same port. */
struct ice_external {
    struct address local; /* family NONE: every local address of the family of `external` */
    struct address external;
};

struct ice_filters {
    struct ice_filter list[ICE_FILTERS_MAX];
    uint32_t count;
};

struct ice_externals {
    struct ice_external list[ICE_EXTERNALS_MAX];
    uint32_t count;
};

/* All of it: an interface address is used when `allow` is empty or matches, and `deny` does not. A peer's address is used when
 * `remote_deny` does not match, and `remote_allow` does or ice_reach.h has nothing against it. */
struct ice_rules {
    struct ice_filters allow, deny;
    struct ice_filters remote_allow, remote_deny; /* prefixes only */
    struct ice_externals externals;
};

/* "eth0", "docker*", "10.0.0.0/8", "fc00::/7", "192.0.2.1". RTC_ERR_SYNTAX, RTC_ERR_RANGE for too many. */
int ice_filters_add(struct ice_filters *filters, struct slice text);
bool ice_filters_match(const struct ice_filters *filters, const char *name, const struct address *address);
/* "EXTERNAL" or "LOCAL=EXTERNAL". RTC_ERR_SYNTAX, also for a second one with the same local side; RTC_ERR_RANGE for too many. */
int ice_externals_add(struct ice_externals *externals, struct slice text);
/* How the world knows this address: itself unless a rule says otherwise. Loopback addresses stay. */
struct address ice_externals_apply(const struct ice_externals *externals, const struct address *address);

#endif
