/* SPDX-License-Identifier: MIT */
/* Packets on their way from the thread of the connection that received them to that of one that sends them on. */
#ifndef CRTC_FORWARD_INBOX_H
#define CRTC_FORWARD_INBOX_H

#include "executor.h"
#include "forward_packet.h"
#include "list.h"

enum { FORWARD_INBOX_MAX = 512 }; /* packets that wait; of more, the oldest are lost */

/* Counted: who takes out, who puts in, and the mailbox while it is posted. */
struct forward_inbox;

/* `take` runs on the thread that runs the mailbox, some time after something arrived. RTC_ERR_NO_MEMORY. */
int forward_inbox_new(rtc_context *context, struct mailbox *mailbox, void (*take)(void *user, rtc_time_t now), void *user,
                      struct forward_inbox **out);
struct forward_inbox *forward_inbox_ref(struct forward_inbox *inbox);
/* NULL is legal. */
void forward_inbox_unref(struct forward_inbox *inbox);
/* A packet (borrowed). Any thread. */
void forward_inbox_push(struct forward_inbox *inbox, struct forward_packet *packet);
/* The oldest that waits, a reference; NULL: nothing does. */
struct forward_packet *forward_inbox_pop(struct forward_inbox *inbox);
/* On the thread of `take`, which does not run any more. */
void forward_inbox_close(struct forward_inbox *inbox);
/* For the list of who puts in. */
struct link *forward_inbox_link(struct forward_inbox *inbox);
struct forward_inbox *forward_inbox_of(struct link *link);

#endif
