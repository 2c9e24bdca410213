/* SPDX-License-Identifier: MIT */
/* The moves of a state, as one table that its one setter asks: what is not in the table can not happen unseen. An illegal move is a broken
 * invariant of our own: it ends a debug build, and in others is logged and does not take place, so that the state stays one that its owner
 * knows. */
#ifndef CRTC_MOVES_H
#define CRTC_MOVES_H

#include <crtc/context.h>
#include <stdbool.h>
#include <stddef.h>

enum { MOVES_STATES_MAX = 8 };

/* A state as a member of a set of those that may follow another. */
#define MOVE_TO(state) (1u << (state))

/* A constant of whoever has the setter, beside the enum whose diagram it is: nobody writes to it. */
struct moves {
    const char *module; /* for the log */
    const char *what;   /* "pair", "relay" */
    size_t count;       /* of states */
    const char *names[MOVES_STATES_MAX];
    unsigned allowed[MOVES_STATES_MAX]; /* by the state that is left */
};

bool moves_allow(const struct moves *moves, unsigned from, unsigned to);
/* For the setter: true when the move may be made. */
bool moves_take(const struct moves *moves, const rtc_context *context, unsigned from, unsigned to);

#endif
