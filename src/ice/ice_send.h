/* SPDX-License-Identifier: MIT */
/* How a message leaves a base: as a datagram, through the relay that the base stands on, or framed on its TCP connection; and the messages
 * of ICE themselves (RFC 8445 sections 7.1 and 7.3). Keeps nothing of its own. */
#ifndef CRTC_ICE_SEND_H
#define CRTC_ICE_SEND_H

#include "ice_pair.h"
#include "ice_session.h"

/* Gives a packet whose path is that of the base the path and form that it has on the way. False: it can not be sent, and stays the
 * caller's. */
bool ice_wrap(const struct ice_base *base, rtc_time_t now, struct packet *packet);
/* How many bytes that adds for this peer. */
uint32_t ice_overhead(const struct ice_base *base, const struct address *peer);

/* A message that can not be sent, for want of memory or of a relay, is as good as lost on the way. */
void ice_send(const struct ice_base *base, const struct address *to, const struct stun_message *message, struct slice key, rtc_time_t now,
              struct out *out);
void ice_send_check(const struct ice_session *session, struct ice_pair *pair, const uint8_t id[STUN_TRANSACTION_LEN], bool nominate,
                    rtc_time_t now, struct out *out);
void ice_send_response(const struct ice_session *session, const struct ice_base *base, const struct address *to,
                       const struct stun_message *request, rtc_time_t now, struct out *out);
void ice_send_error(const struct ice_session *session, const struct ice_base *base, const struct address *to,
                    const struct stun_message *request, uint16_t code, rtc_time_t now, struct out *out);

#endif
