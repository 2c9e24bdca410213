/* SPDX-License-Identifier: MIT */
/* Name resolution off the loop's thread. */
#ifndef CRTC_RESOLVER_H
#define CRTC_RESOLVER_H

#include "loop_core.h"

#include <crtc/transport.h>

/* Who wants to know. Read at once: nothing of it is kept but a copy. */
struct resolver_client {
    void (*answer)(void *user, const rtc_result *result); /* on the loop's thread; not when the loop ends before */
    void (*release)(void *user);                          /* the last call; it may be after the loop */
    void *user;
};

/* RTC_ERR_NO_MEMORY: then there will be no calls. */
int resolver_start(struct loop *loop, const rtc_request *request, const struct resolver_client *client);

#endif
