/* SPDX-License-Identifier: MIT */
/* Lines of JSON on input and output. */
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void take_function(void *user, enum line_kind kind, const cJSON *object);

static void take_line(const char *text, size_t len, take_function *take, void *user)
{
    if (len > 0 && text[len - 1] == '\r') {
        len--;
    }
    if (len == 0) {
        return;
    }
    cJSON *object = cJSON_ParseWithLength(text, len);
    bool good = cJSON_IsObject(object);
    take(user, good ? LINE_OBJECT : LINE_OTHER, good ? object : NULL);
    cJSON_Delete(object);
}

static void take_whole_lines(struct lines *lines, take_function *take, void *user)
{
    char *begin = lines->text, *end = lines->text + lines->len;
    for (char *newline = memchr(begin, '\n', lines->len); newline != NULL; newline = memchr(begin, '\n', (size_t)(end - begin))) {
        if (!lines->skipping) {
            take_line(begin, (size_t)(newline - begin), take, user);
        }
        lines->skipping = false;
        begin = newline + 1;
    }
    lines->len = (size_t)(end - begin);
    memmove(lines->text, begin, lines->len);
    if (lines->len > LINE_MAX_BYTES || lines->skipping) {
        if (!lines->skipping) {
            take(user, LINE_TOO_LONG, NULL);
        }
        lines->skipping = true;
        lines->len = 0;
    }
}

bool lines_read(struct lines *lines, int descriptor, take_function *take, void *user)
{
    if (lines->room - lines->len < 65536) {
        char *grown = realloc(lines->text, lines->room + 131072);
        if (grown == NULL) {
            return false;
        }
        lines->text = grown;
        lines->room += 131072;
    }
    ssize_t got = read(descriptor, lines->text + lines->len, lines->room - lines->len);
    if (got <= 0) {
        if (!lines->skipping) {
            take_line(lines->text, lines->len, take, user);
        }
        lines->len = 0;
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
