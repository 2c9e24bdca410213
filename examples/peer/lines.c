/* SPDX-License-Identifier: MIT */
/* Lines of JSON on input and output. */
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void take_line(const char *text, size_t len, void (*take)(void *user, const cJSON *object), void *user)
{
    cJSON *object = cJSON_ParseWithLength(text, len);
    if (len > 0) {
        take(user, cJSON_IsObject(object) ? object : NULL);
    }
    cJSON_Delete(object);
}

static void take_whole_lines(struct lines *lines, void (*take)(void *user, const cJSON *object), void *user)
{
    char *begin = lines->text, *end = lines->text + lines->len;
    for (char *newline = memchr(begin, '\n', lines->len); newline != NULL; newline = memchr(begin, '\n', (size_t)(end - begin))) {
        take_line(begin, (size_t)(newline - begin), take, user);
        begin = newline + 1;
    }
    lines->len = (size_t)(end - begin);
    memmove(lines->text, begin, lines->len);
}

bool lines_read(struct lines *lines, int descriptor, void (*take)(void *user, const cJSON *object), void *user)
{
    if (lines->room - lines->len < 65536) {
        char *grown = lines->room > LINE_MAX_BYTES ? NULL : realloc(lines->text, lines->room + 131072);
        if (grown == NULL) {
            return false;
        }
        lines->text = grown;
        lines->room += 131072;
    }
    ssize_t got = read(descriptor, lines->text + lines->len, lines->room - lines->len);
    if (got <= 0) {
        return false;
    }
    lines->len += (size_t)got;
    take_whole_lines(lines, take, user);
    return true;
}

void lines_fini(struct lines *lines)
{
    free(lines->text);
    memset(lines, 0, sizeof(*lines));
}

void lines_write(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    if (text != NULL) {
        puts(text);
        fflush(stdout);
    }
    cJSON_free(text);
    cJSON_Delete(object);
}
