/* SPDX-License-Identifier: MIT */
/* A command line of long options, read into the variables that a table names. */
#ifndef EXAMPLES_ARGUMENTS_H
#define EXAMPLES_ARGUMENTS_H

#include <stddef.h>

enum argument_kind {
    ARGUMENT_FLAG,   /* value: bool *, set to true */
    ARGUMENT_TEXT,   /* value: const char ** */
    ARGUMENT_TEXTS,  /* value: struct text_list *, one more each time it is given */
    ARGUMENT_NUMBER, /* value: uint32_t *, decimal, below 2^31 */
    ARGUMENT_HEX,    /* value: uint32_t *, hexadecimal */
    ARGUMENT_SIZE,   /* value: uint32_t[2], from a text like 640x360 */
    ARGUMENT_RANGE   /* value: uint32_t[2], from a text like 5000-5999 */
};

struct argument {
    const char *name; /* without the dashes */
    enum argument_kind kind;
    void *value;
};

#define ARGUMENTS_MAX 40
#define TEXT_LIST_MAX 8

struct text_list {
    const char *texts[TEXT_LIST_MAX];
    size_t count;
};

/* Reads the command line. On a mistake says so and ends the program with 2; --help prints `help` and ends it with 0. */
void arguments_read(const struct argument *arguments, size_t count, const char *help, int argc, char **argv);
/* Says what is wrong with the command line and ends the program with 2. */
void arguments_refuse(const char *program, const char *what) __attribute__((noreturn));

#endif
