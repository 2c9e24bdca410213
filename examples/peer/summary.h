/* SPDX-License-Identifier: MIT */
/* What a session came to, as one line of JSON: states and their times, the selected pair, what was received and whether it is right, and
 * all statistics. */
#ifndef PEER_SUMMARY_H
#define PEER_SUMMARY_H

#include "session.h"

/* `type`: "summary" for the last one, else "stats". */
void summary_write(struct session *session, const char *type);

#endif
