/* SPDX-License-Identifier: MIT */
/* A candidate pair (RFC 8445 section 6.1.2): a base, where one of the peer's candidates is, and all that is known of the way between them.
 * The check list owns its pairs (ice_check_list.h). Who else writes to which part of one is said below. */
#ifndef CRTC_ICE_PAIR_H
#define CRTC_ICE_PAIR_H

#include "ice_base.h"
#include "ice_remote.h"
#include "ice_transaction.h"
#include "list.h"
#include "moves.h"

enum { ICE_PROBES = 4, ICE_CHECKS_MAX = 7 };

/* A consent check: never retransmitted (RFC 7675 section 5.1), so several may be on their way. Part of a
 * pair; written by ice_consent.c, by ice_input.c when an answer comes, and by the check list, which forgets them all with their base. */
struct ice_probe {
    uint8_t id[STUN_TRANSACTION_LEN];
    rtc_time_t sent;
    bool active;
    bool controlling; /* the role that it claims */
};

/* The connectivity check of a pair: written by the check list, by ice_input.c when an answer comes, and by ice_nominate.c, which takes a
 * nomination back that is on its way. */
struct ice_check {
    struct ice_transaction transaction;
    bool nominates;      /* it carries USE-CANDIDATE */
    bool responds;       /* a response came once, whatever it said */
    uint8_t left;        /* that may be sent before anything answers (Rc of RFC 8489 section 6.2.1); the peer's requests add a few */
    uint16_t error_code; /* of the last error response that was no role conflict; 0: none */
};

/* Whether there is somebody at the other end who wants to hear from us: written by ice_consent.c and ice_input.c, by the check list when a
 * check succeeds, by ice_lite.c when a request comes, and by ice_nominate.c, which need not ask one that it selects. */
struct ice_pair_consent {
    bool receivable;     /* something authenticated arrived: DTLS and media may be taken from there */
    uint8_t probe_index; /* of `probes`, taken in turn */
    rtc_time_t heard;    /* last authenticated request or response; once receivable */
    rtc_time_t granted;  /* last success response, a lite agent's last request; once succeeded */
    rtc_time_t answered; /* last success response, which proves that the peer is where it says; -1: none yet */
    rtc_time_t asked;    /* when the last consent check left */
    rtc_time_t interval; /* until the next, randomized (RFC 7675 section 5.1); 0: none left yet */
    struct ice_probe probes[ICE_PROBES];
};

/* Part of a pair; written by ice_rtt_sample() only. */
struct ice_rtt {
    rtc_time_t smoothed; /* 0: not measured */
    rtc_time_t total;
    bool exact; /* `smoothed` comes from an exchange without retransmission */
};

/* RFC 8445 section 6.1.2.6. What is not drawn there: a lite agent's pairs, which succeed by the peer's requests, and wait when it becomes a
 * full one; pairs whose base is suspended, which are FAILED, and WAITING when it is back, whatever they had come to meanwhile.
 *
 *   FROZEN --unfrozen--> WAITING --check sent--> IN_PROGRESS --response--> SUCCEEDED
 *                          ^  ^                    |      |
 *                          |  +---role conflict----+      | no answer
 *                          +---triggered--- FAILED <------+ */
enum ice_pair_state { ICE_PAIR_FROZEN, ICE_PAIR_WAITING, ICE_PAIR_IN_PROGRESS, ICE_PAIR_SUCCEEDED, ICE_PAIR_FAILED };

/* Allocated by itself by the check list, which frees it; pointers to it stay while it is in the list. The check list writes to what is not
 * said to be others'; `mapped` is a lite agent's, too (ice_lite.c), and `counts` are counted up where a packet or request passes. */
struct ice_pair {
    struct link triggered; /* in the triggered-check queue, or nowhere */
    struct ice_base *base;
    struct ice_remote *remote;
    uint64_t foundation;
    uint64_t priority;
    uint32_t serial;
    enum ice_pair_state state; /* ice_pair_set_state() */
    struct ice_check check;
    struct ice_pair_consent consent;
    struct address mapped; /* how the peer sees the base */
    struct ice_rtt rtt;
    struct ice_pair_counts counts;

    /* Selection: ice_nominate.c, ice_lite.c; ice_input.c notes nominations, and the check list forgets them with a role or an address. */
    bool nominated;
    bool peer_nominates;     /* USE-CANDIDATE came, perhaps before our own check succeeded */
    rtc_time_t nominated_at; /* a lite agent's: when the peer last chose it */
    rtc_time_t chosen;       /* when it was selected last: until it is heard of again, silence counts from here */
    rtc_time_t left_at;      /* when it was left for another pair */
    rtc_time_t doubted;      /* it was left because it did not answer; nothing until it is heard of again */
};

extern const struct moves ice_pair_moves;
/* The state that it has already is no move. */
void ice_pair_set_state(struct ice_pair *pair, rtc_context *context, enum ice_pair_state state);
/* A check of it is still to tell: the check list is not done. */
bool ice_pair_unresolved(const struct ice_pair *pair);
/* The consent check that a response belongs to; NULL: none of this pair's. */
struct ice_probe *ice_pair_find_probe(struct ice_pair *pair, const struct stun_message *response);
void ice_rtt_sample(struct ice_rtt *rtt, rtc_time_t sample, bool exact);

#endif
