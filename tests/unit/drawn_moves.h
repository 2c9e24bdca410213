/* SPDX-License-Identifier: MIT */
/* The moves that a header draws, beside the table that its setter asks: every one of them is in it, and no other. */
#ifndef CRTC_DRAWN_MOVES_H
#define CRTC_DRAWN_MOVES_H

#include "moves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Each row: the state that is left, and the letters of those that may follow. */
struct drawn {
    const struct moves *moves;
    const char *rows[MOVES_STATES_MAX];
};

/* `letters`: one for each state, in their order. */
static inline void assert_moves_are_drawn(const struct drawn *drawn, const char *letters)
{
    assert_int_equal(drawn->moves->count, strlen(letters));
    for (unsigned from = 0; from < drawn->moves->count; from++)
        for (unsigned to = 0; to < drawn->moves->count; to++)
            assert_int_equal(moves_allow(drawn->moves, from, to), strchr(drawn->rows[from], letters[to]) != NULL);
    for (unsigned i = 0; i < drawn->moves->count; i++) {
        assert_non_null(drawn->moves->names[i]);
        assert_false(moves_allow(drawn->moves, i, (unsigned)drawn->moves->count));
        assert_false(moves_allow(drawn->moves, (unsigned)drawn->moves->count, i));
    }
}

#endif
