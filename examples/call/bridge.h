/* SPDX-License-Identifier: MIT */
/* Runs the library's loop inside libwebsockets' loop, so that one thread serves both: its descriptor is watched like a socket, its timeout
 * becomes a timer. */
#ifndef CALL_BRIDGE_H
#define CALL_BRIDGE_H

#include <crtc/loop.h>
#include <libwebsockets.h>

struct bridge {
    lws_sorted_usec_list_t timer; /* the first member: the timer's callback gets its address */
    struct lws_context *context;
    rtc_loop *loop;
};

bool bridge_start(struct bridge *bridge, struct lws_context *context, rtc_loop *loop);
/* Call before every lws_service: calls into the library may have changed when it wants to run next. */
void bridge_arm(struct bridge *bridge);

#endif
