/* SPDX-License-Identifier: MIT */
/* The check list (RFC 8445 section 6.1.2) and which of its pairs is selected. The agent owns it, and it owns its pairs: they are made and
 * freed here only, so that `selected` and `backup` never dangle. ice_nominate.c chooses `selected`, ice_consent.c `backup`; `sent` and
 * `first_valid` are a lite agent's, too (ice_lite.c). */
#ifndef CRTC_ICE_CHECK_LIST_H
#define CRTC_ICE_CHECK_LIST_H

#include "ice_pair.h"
#include "ice_session.h"

/* What unfreezing knows of one foundation of pairs. Part of the list; written by ice_check_list.c alone. */
struct ice_thaw {
    uint64_t foundation;
    struct ice_pair *next; /* the frozen one of highest priority */
    bool used, held;
};

struct ice_check_list {
    struct ice_common *common;
    const struct ice_session *session;
    struct ice_pair **pairs;
    size_t count, capacity;
    struct ice_thaw *thaws; /* the table of unfreezing, which means nothing between its runs */
    size_t thaw_capacity;
    struct link triggered; /* the triggered-check queue (section 6.1.4.1) */

    rtc_time_t sent;        /* pacing: when the last new check left */
    uint32_t burst;         /* checks to host candidates that may still leave at once */
    rtc_time_t due;         /* when the next new check may leave; RTC_TIME_NEVER when none waits */
    rtc_time_t held_until;  /* before it only what the peer's requests trigger is checked */
    rtc_time_t first_valid; /* RTC_TIME_NEVER until a pair succeeded */

    struct ice_pair *selected; /* NULL: none */
    struct path selected_path;
    rtc_time_t lost;               /* when the selected pair's socket went away */
    const struct ice_pair *backup; /* as of the last run of consent; NULL: none */
};

void ice_check_list_init(struct ice_check_list *list, struct ice_common *common, const struct ice_session *session);
void ice_check_list_fini(struct ice_check_list *list);

struct ice_pair *ice_find_pair(const struct ice_check_list *list, const struct ice_base *base, const struct address *remote);
/* The pair, made if need be; NULL beyond the limit, or when out of memory. `forced`: an authenticated message came on its path, so it has
 * its place whatever its priority. */
struct ice_pair *ice_add_pair(struct ice_check_list *list, struct ice_base *base, struct ice_remote *remote, bool forced);
/* Their pairs go; the selected one may be among the base's, never among the remote's. */
void ice_drop_base(struct ice_check_list *list, const struct ice_base *base, rtc_time_t now);
void ice_drop_remote(struct ice_check_list *list, const struct ice_remote *remote);
/* The base's address vanished: none of its pairs is valid or selected, and none is checked, until they are resumed. */
void ice_suspend_pairs(struct ice_check_list *list, const struct ice_base *base, rtc_time_t now);
void ice_resume_pairs(struct ice_check_list *list, const struct ice_base *base);
/* Nothing is selected: every pair that is not valid is checked now, those that once failed too. */
void ice_recheck_all(struct ice_check_list *list, rtc_time_t now);

/* After the foundation of the remote candidate changed. */
void ice_refound(struct ice_check_list *list, const struct ice_remote *remote);
/* After the role or a candidate's priority changed. */
void ice_prioritize(struct ice_check_list *list);
/* After the role changed while checks were on their way. */
void ice_restart_checks(struct ice_check_list *list);

/* The peer is to begin, or to let so much time go by. */
void ice_hold_checks(struct ice_check_list *list, rtc_time_t until);
/* It has begun. */
void ice_peer_began(struct ice_check_list *list, rtc_time_t now);

/* A request came on the pair: a triggered check (section 7.3.1.4). */
void ice_trigger(struct ice_check_list *list, struct ice_pair *pair, rtc_time_t now);
/* Puts a pair's check back to its start, with a new transaction. */
void ice_recheck(struct ice_check_list *list, struct ice_pair *pair);
void ice_start_check(struct ice_check_list *list, struct ice_pair *pair, bool nominate, rtc_time_t now, struct out *out);
/* Section 7.2.5.3, but for nomination. */
void ice_check_succeeded(struct ice_check_list *list, struct ice_pair *pair, const struct address *mapped, rtc_time_t now);
void ice_check_list_run(struct ice_check_list *list, rtc_time_t now, struct out *out);
void ice_check_list_deadline(const struct ice_check_list *list, rtc_time_t *best, enum timer_reason *why);
/* No check is waiting or on its way. */
bool ice_checks_done(const struct ice_check_list *list);

#endif
