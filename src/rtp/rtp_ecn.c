/* SPDX-License-Identifier: MIT */
/* See rtp_ecn.h. */
#include "rtp_ecn.h"

enum {
    EACH = 4,        /* TRIAL: one in so many has a mark */
    ENOUGH = 10,     /* with a mark, that a trial judges by, */
    MANY = 100,      /* and later on */
    WIPED_PART = 10, /* more than one in so many must not be without */
    SILENCE_US = 1000000,
    AGAIN_US = 60000000,
    DOUBLINGS_MAX = 4
};

const struct moves rtp_ecn_moves = {
    .module = "rtp",
    .what = "marks of ECN",
    .count = RTP_ECN_STATES,
    .names = {"off", "on trial", "carried", "failed"},
    .allowed = {[RTP_ECN_OFF] = MOVE_TO(RTP_ECN_TRIAL),
                [RTP_ECN_TRIAL] = MOVE_TO(RTP_ECN_OFF) | MOVE_TO(RTP_ECN_CARRIED) | MOVE_TO(RTP_ECN_FAILED),
                [RTP_ECN_CARRIED] = MOVE_TO(RTP_ECN_OFF) | MOVE_TO(RTP_ECN_TRIAL) | MOVE_TO(RTP_ECN_FAILED),
                [RTP_ECN_FAILED] = MOVE_TO(RTP_ECN_OFF) | MOVE_TO(RTP_ECN_TRIAL)},
};

static void count_anew(struct rtp_ecn *e)
{
    e->marked = e->plain = (struct rtp_ecn_tally){0};
    e->wiped = e->congested = 0;
}

static void set_state(struct rtp_ecn *e, rtc_time_t now, enum rtp_ecn_state state)
{
    if (e->state == state || !moves_take(&rtp_ecn_moves, e->context, e->state, state))
        return;
    e->state = state;
    e->turn = 0;
    e->heard = now;
    e->again = RTC_TIME_NEVER;
    count_anew(e);
    if (state != RTP_ECN_FAILED)
        return;
    e->again = now + ((rtc_time_t)AGAIN_US << e->failures);
    e->failures += e->failures < DOUBLINGS_MAX;
}

void rtp_ecn_init(struct rtp_ecn *ecn, const rtc_context *context)
{
    *ecn = (struct rtp_ecn){.context = context, .again = RTC_TIME_NEVER};
}

void rtp_ecn_want(struct rtp_ecn *ecn, rtc_time_t now, bool wanted)
{
    if (wanted == (ecn->state == RTP_ECN_OFF))
        set_state(ecn, now, wanted ? RTP_ECN_TRIAL : RTP_ECN_OFF);
}

void rtp_ecn_path_changed(struct rtp_ecn *ecn, rtc_time_t now)
{
    if (ecn->state == RTP_ECN_OFF)
        return;
    set_state(ecn, now, RTP_ECN_TRIAL);
    ecn->failures = 0;
    count_anew(ecn);
}

bool rtp_ecn_leaving(struct rtp_ecn *ecn, rtc_time_t now)
{
    struct rtp_ecn *e = ecn;
    bool deaf = e->state == RTP_ECN_CARRIED && now - e->heard > SILENCE_US;
    if (deaf || (e->state == RTP_ECN_FAILED && now >= e->again))
        set_state(e, now, RTP_ECN_TRIAL);
    if (e->state == RTP_ECN_TRIAL)
        return e->turn++ % EACH == 0;
    return e->state == RTP_ECN_CARRIED;
}

static void take(struct rtp_ecn *e, rtc_time_t now, const struct congestion_result *r)
{
    struct rtp_ecn_tally *tally = r->ect1 ? &e->marked : &e->plain;
    if (r->arrived == RTC_TIME_NEVER) {
        tally->lost++;
        return;
    }
    tally->arrived++;
    tally->lost -= r->was_missing && tally->lost > 0;
    if (!r->ect1)
        return;
    e->heard = now;
    e->wiped += r->ecn == CONGESTION_ECN_NOT || r->ecn == CONGESTION_ECN_ECT0;
    e->congested += r->ecn == CONGESTION_ECN_CE;
}

static bool most_are_lost(const struct rtp_ecn_tally *t)
{
    return t->lost > t->arrived;
}

/* Where as many are lost without marks nobody can tell: the trial goes on, as it does while there may be congestion. */
static void judge_trial(struct rtp_ecn *e, rtc_time_t now)
{
    bool vanish = most_are_lost(&e->marked), others_too = e->plain.arrived == 0 || most_are_lost(&e->plain);
    bool everything = e->congested == e->marked.arrived;
    if (everything && e->congested > 0 && e->congested < MANY)
        return;
    if (vanish && others_too)
        count_anew(e);
    else if (vanish || everything || e->wiped > e->marked.arrived / WIPED_PART)
        set_state(e, now, RTP_ECN_FAILED);
    else
        set_state(e, now, RTP_ECN_CARRIED);
}

static void judge(struct rtp_ecn *e, rtc_time_t now)
{
    if (e->wiped > e->marked.arrived / WIPED_PART)
        set_state(e, now, RTP_ECN_FAILED);
    else if (most_are_lost(&e->marked))
        set_state(e, now, RTP_ECN_TRIAL);
    else
        count_anew(e);
}

void rtp_ecn_feedback(struct rtp_ecn *ecn, const struct congestion_feedback *feedback)
{
    struct rtp_ecn *e = ecn;
    if (e->state != RTP_ECN_TRIAL && e->state != RTP_ECN_CARRIED)
        return;
    for (size_t i = 0; i < feedback->count; i++)
        take(e, feedback->now, &feedback->results[i]);
    uint32_t known = e->marked.arrived + e->marked.lost;
    if (e->state == RTP_ECN_TRIAL && known >= ENOUGH)
        judge_trial(e, feedback->now);
    else if (e->state == RTP_ECN_CARRIED && known >= MANY)
        judge(e, feedback->now);
}
