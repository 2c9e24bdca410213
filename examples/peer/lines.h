/* SPDX-License-Identifier: MIT */
/* Lines of JSON: read from a descriptor that need not be whole lines at a time, written to the output. */
#ifndef PEER_LINES_H
#define PEER_LINES_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* Longest line taken. */
#define LINE_MAX_BYTES (1024 * 1024)

struct lines {
    char *text;
    size_t len, room;
    bool skipping; /* the rest of a line that is too long */
};

enum line_kind {
    LINE_OBJECT,
    LINE_OTHER,   /* no JSON object */
    LINE_TOO_LONG /* dropped */
};

/* Reads what is there and calls `take` for each whole line that is not empty, and for what is left at the end of the input (the object is
 * freed after the call; NULL for other kinds). False at the end of the input. */
bool lines_read(struct lines *lines, int descriptor, void (*take)(void *user, enum line_kind kind, const cJSON *object), void *user);
void lines_fini(struct lines *lines);

/* Writes an object as one line and deletes it. */
void lines_write(cJSON *object);

#endif
