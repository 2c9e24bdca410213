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
};

/* Reads what is there and calls `take` for each whole line (its object is freed after the call; NULL when it was no JSON object). False at
 * the end of the input. */
bool lines_read(struct lines *lines, int descriptor, void (*take)(void *user, const cJSON *object), void *user);
void lines_fini(struct lines *lines);

/* Writes an object as one line and deletes it. */
void lines_write(cJSON *object);

#endif
