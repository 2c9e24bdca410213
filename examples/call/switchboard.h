/* SPDX-License-Identifier: MIT */
/* The signalling server without its sockets: named channels, their members, and the relaying of messages between them. Everything that a
 * network can make grow is bounded. Belongs to one thread. */
#ifndef CALL_SWITCHBOARD_H
#define CALL_SWITCHBOARD_H

#include "message.h"

#include <stdbool.h>

#define SWITCHBOARD_MEMBERS_MAX 256
#define SWITCHBOARD_CHANNEL_MEMBERS_MAX 8

/* One connection to the server. Embedded in what owns it. */
struct member {
    struct member *next;
    char channel[MESSAGE_NAME_MAX + 1]; /* "" while in none */
    char user[MESSAGE_NAME_MAX + 1];
    /* Takes a message for this member: copied. What is relayed may be refused, by false: its sender is told then. `must`: news of the
     * channel; a member who has no room for it is to be removed, but later: this must not call back into the switchboard for a quit or
     * removal of anybody. */
    bool (*deliver)(struct member *member, const char *text, bool must);
};

struct switchboard {
    struct member *members; /* those in a channel, the oldest first */
};

/* A message came from this member. One that can not be carried out is answered with an error. */
void switchboard_receive(struct switchboard *board, struct member *member, const char *text, size_t len);
/* The member's connection is gone; its channel is told that it vanished. Harmless when it is in none. */
void switchboard_remove(struct switchboard *board, struct member *member);

#endif
