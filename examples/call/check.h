/* SPDX-License-Identifier: MIT */
/* call --check: proves a call with a browser without a person. The page calls this program, checks what it sees, hears and reads, and
 * reports that; this side checks what it received from the page. */
#ifndef CALL_CHECK_H
#define CALL_CHECK_H

#include "party.h"

/* Longest message taken while checking: the report carries a picture. */
#define CHECK_MESSAGE_MAX (4u * 1024 * 1024)

struct check {
    struct party *party;
    bool known_colours;       /* the browser's camera shows BROWSER_LEFT_RGB and BROWSER_RIGHT_RGB */
    const char *picture_file; /* may be NULL: where the page's picture of both sides goes, as PNG */
    bool done, passed;
};

/* Takes the page's report, prints the verdict as JSON and sets `done`. False for any other message. */
bool check_take(void *check, const char *text, size_t len);

#endif
