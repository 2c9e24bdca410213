/* SPDX-License-Identifier: MIT */
/* A command line of long options. */
#include "arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void arguments_refuse(const char *program, const char *format, ...)
{
    const char *slash = strrchr(program, '/');
    va_list values;
    fprintf(stderr, "%s: ", slash == NULL ? program : slash + 1);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputs(". Try --help.\n", stderr);
    exit(2);
}

static uint32_t max_of(const struct argument *argument)
{
    return argument->max == 0 ? INT32_MAX : argument->max;
}

/* Reads digits up to `end`; false when they are none or out of the argument's range. */
static bool read_number(const struct argument *argument, uint32_t *out, const char *text, const char *end, int base)
{
    char *stopped = NULL;
    bool digit = (*text >= '0' && *text <= '9') || (base == 16 && strspn(text, "abcdefABCDEF") > 0);
    errno = 0;
    unsigned long value = digit ? strtoul(text, &stopped, base) : 0;
    if (stopped != end || errno != 0 || value < argument->min || value > max_of(argument)) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static bool read_pair(const struct argument *argument, uint32_t out[2], const char *text, char between)
{
    const char *middle = strchr(text, between), *end = text + strlen(text);
    return middle != NULL && read_number(argument, &out[0], text, middle, 10) && read_number(argument, &out[1], middle + 1, end, 10);
}

/* ---- What is wrong with a value; NULL: nothing ---- */

static const char *readable(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || access(path, R_OK) != 0) {
        return strerror(errno);
    }
    return S_ISDIR(status.st_mode) ? strerror(EISDIR) : NULL;
}

static const char *writable(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0) {
        return S_ISDIR(status.st_mode) ? strerror(EISDIR) : access(path, W_OK) == 0 ? NULL : strerror(errno);
    }
    const char *slash = strrchr(path, '/');
    char folder[4096];
    if (slash != NULL && slash[1] == '\0') {
        return strerror(EISDIR);
    }
    snprintf(folder, sizeof(folder), "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1, slash == NULL ? "." : path);
    return access(folder, W_OK | X_OK) == 0 ? NULL : strerror(errno);
}

static const char *append(struct text_list *list, const char *text)
{
    if (list->count == TEXT_LIST_MAX) {
        return "given too often";
    }
    list->texts[list->count++] = text;
    return NULL;
}

static const char *number_mistake(const struct argument *argument, const char *form)
{
    static char text[128];
    if (argument->max == 0 && argument->min == 0) {
        snprintf(text, sizeof(text), "not %s", form);
    } else if (argument->max == 0) {
        snprintf(text, sizeof(text), "not %s from %u up", form, argument->min);
    } else {
        snprintf(text, sizeof(text), "not %s from %u to %u", form, argument->min, argument->max);
    }
    return text;
}

static const char *take(const struct argument *argument, const char *text)
{
    if (text[0] == '\0') {
        return "empty";
    }
    switch (argument->kind) {
    case ARGUMENT_TEXTS:
        return append(argument->value, text);
    case ARGUMENT_FILE_IN:
        *(const char **)argument->value = text;
        return readable(text);
    case ARGUMENT_FILE_OUT:
        *(const char **)argument->value = text;
        return writable(text);
    case ARGUMENT_NUMBER:
        return read_number(argument, argument->value, text, text + strlen(text), 10) ? NULL : number_mistake(argument, "a whole number");
    case ARGUMENT_HEX:
        return read_number(argument, argument->value, text, text + strlen(text), 16) ? NULL : "not a hexadecimal number of that size";
    case ARGUMENT_SIZE:
        return read_pair(argument, argument->value, text, 'x') ? NULL : number_mistake(argument, "WIDTHxHEIGHT, each");
    case ARGUMENT_RANGE:
        return read_pair(argument, argument->value, text, '-') ? NULL : number_mistake(argument, "FIRST-LAST, each");
    default:
        *(const char **)argument->value = text;
        return NULL;
    }
}

/* ---- The line ---- */

/* The argument of this name; NULL when there is none. `len`: of the name. */
static const struct argument *find(const struct argument *arguments, size_t count, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(arguments[i].name) == len && memcmp(arguments[i].name, name, len) == 0) {
            return &arguments[i];
        }
    }
    return NULL;
}

/* Reads the option at argv[0] and, when it takes one, the value after it. Returns how many of argv that were. */
static int read_one(const struct argument *arguments, size_t count, const char *program, char **argv)
{
    const char *name = argv[0] + 2, *equals = strchr(name, '=');
    size_t len = equals == NULL ? strlen(name) : (size_t)(equals - name);
    const struct argument *argument = find(arguments, count, name, len);
    if (argument == NULL) {
        arguments_refuse(program, "there is no option --%.*s", (int)len, name);
    }
    if (argument->kind == ARGUMENT_FLAG) {
        if (equals != NULL) {
            arguments_refuse(program, "--%s takes no value", argument->name);
        }
        *(bool *)argument->value = true;
        return 1;
    }
    const char *value = equals == NULL ? argv[1] : equals + 1;
    if (value == NULL) {
        arguments_refuse(program, "--%s needs a value", argument->name);
    }
    const char *wrong = take(argument, value);
    if (wrong != NULL) {
        arguments_refuse(program, "--%s %s: %s", argument->name, value, wrong);
    }
    return equals == NULL ? 2 : 1;
}

void arguments_read(const struct argument *arguments, size_t count, const char *help, int argc, char **argv)
{
    for (int at = 1; at < argc;) {
        if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
            fputs(help, stdout);
            exit(0);
        }
        if (strncmp(argv[at], "--", 2) != 0) {
            arguments_refuse(argv[0], "%s is no option", argv[at][0] == '\0' ? "an empty argument" : argv[at]);
        }
        at += read_one(arguments, count, argv[0], argv + at);
    }
}
