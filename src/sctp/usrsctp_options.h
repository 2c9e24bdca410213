/* SPDX-License-Identifier: MIT */
/* The options of an association's socket of usrsctp. What is refused is logged, and false returned. */
#ifndef CRTC_SCTP_USRSCTP_OPTIONS_H
#define CRTC_SCTP_USRSCTP_OPTIONS_H

#include "assoc.h"

struct socket;
struct sockaddr_conn;

/* Whose options: borrowed, for the call. */
struct usrsctp_target {
    rtc_context *context;
    struct socket *socket;
    const struct assoc_options *options;
    uintptr_t id; /* of the association, its address */
};

struct sockaddr_conn usrsctp_address(uintptr_t id, uint16_t port);
bool usrsctp_option_set(const struct usrsctp_target *target, int level, int name, const void *value, size_t len);
/* All that a new socket needs. */
bool usrsctp_options_configure(const struct usrsctp_target *target);
/* Retransmission timers, before the association is up and then. */
bool usrsctp_options_rto(const struct usrsctp_target *target, bool up);
/* Before it begins: its INIT, which nobody is sent, is not repeated for days. A timer that ran out would stand for the first round trips
 * afterwards. */
bool usrsctp_options_patience(const struct usrsctp_target *target);
/* The size of packets: of any path, or of the one that was begun. */
bool usrsctp_options_path(const struct usrsctp_target *target, bool begun);

#endif
