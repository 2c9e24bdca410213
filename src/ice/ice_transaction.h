/* SPDX-License-Identifier: MIT */
/* A STUN request on its way over UDP, with its retransmissions (RFC 8489 section 6.2.1). It stands in what it is about, a pair or a query,
 * whose owner is the only one to write to it. */
#ifndef CRTC_ICE_TRANSACTION_H
#define CRTC_ICE_TRANSACTION_H

#include "ice_common.h"
#include "stun_message.h"

struct ice_transaction {
    uint8_t id[STUN_TRANSACTION_LEN];
    bool active;
    bool controlling; /* of a check: the role that it claims */
    uint8_t sends;
    rtc_time_t interval; /* until the next retransmission, doubled by each */
    rtc_time_t first_sent;
    rtc_time_t last_sent;
    rtc_time_t next_send;
};

void ice_transaction_start(struct ice_transaction *t, rtc_context *context, rtc_time_t interval, rtc_time_t now);
/* After each sending: doubles the interval up to `most`. */
void ice_transaction_sent(struct ice_transaction *t, rtc_time_t most, rtc_time_t now);
bool ice_transaction_is(const struct ice_transaction *t, const struct stun_message *response);
/* A new id for what goes on as if it were the same request. */
void ice_transaction_renew(struct ice_transaction *t, rtc_context *context);

#endif
