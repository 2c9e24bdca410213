/* SPDX-License-Identifier: MIT */
/* Candidates of the peer with names in place of addresses (draft-ietf-mmusic-mdns-ice-candidates section 3.2). They are resolved in the
 * background, by multicast DNS, or by the system where multicast can not be had; when that is done they become candidates like any other,
 * and nothing waits for them but the verdict that everything failed. Names that are not "<UUID>.local" are left alone: those of devices are
 * none of a peer's business, and others are not for candidates (RFC 8839 section 5.1). The agent owns it and takes what was found; only
 * ice_lookup.c writes to it. */
#ifndef CRTC_ICE_LOOKUP_H
#define CRTC_ICE_LOOKUP_H

#include "ice_gathering.h"
#include "ice_names.h"
#include "ice_remote.h"
#include "ice_session.h"

enum { ICE_LOOKUPS_MAX = 4 /* at the system, at a time */ };

struct ice_lookup;

/* Drawn in ice_lookup.c. */
extern const struct moves ice_lookup_moves;

struct ice_lookups {
    struct ice_common *common;
    const struct ice_session *session;
    const struct ice_gathering *gathering;
    const struct ice_remotes *remotes;
    struct ice_names *names;
    struct ice_lookup *pending; /* in the order they came */
    uint32_t pending_count;
    uint32_t asked[ICE_LOOKUPS_MAX]; /* ids of requests to the system that were not answered yet; 0: free */
    const char *failure;             /* why the last name was not resolved; NULL: none failed */
};

/* A remote candidate whose address is a name: it is resolved, or ignored. RTC_ERR_QUOTA_EXCEEDED beyond the limit. */
int ice_lookups_add(struct ice_lookups *lookups, const struct ice_candidate *candidate);
/* Those that are being resolved are not wanted any more. */
void ice_lookups_forget(struct ice_lookups *lookups);
/* False when the result's id is none of ours, nor of multicast DNS. */
bool ice_lookups_result(struct ice_lookups *lookups, rtc_time_t now, const struct io_result *result, struct out *out);
void ice_lookups_run(struct ice_lookups *lookups, rtc_time_t now, struct out *out);
void ice_lookups_deadline(const struct ice_lookups *lookups, rtc_time_t *best, enum timer_reason *why);
/* After a result or a run: the next candidate whose address was found. False when there is none. */
bool ice_lookups_take(struct ice_lookups *lookups, struct ice_candidate *candidate);

#endif
