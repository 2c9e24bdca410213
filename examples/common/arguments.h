/* SPDX-License-Identifier: MIT */
/* A command line of long options, read into the variables that a table names. */
#ifndef EXAMPLES_ARGUMENTS_H
#define EXAMPLES_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

enum argument_kind {
    ARGUMENT_FLAG,     /* value: bool *, set to true */
    ARGUMENT_TEXT,     /* value: const char **; not empty */
    ARGUMENT_TEXTS,    /* value: struct text_list *, one more each time it is given; not empty */
    ARGUMENT_FILE_IN,  /* value: const char **, a file that can be read */
    ARGUMENT_FILE_OUT, /* value: const char **, a file that can be written, there already or not */
    ARGUMENT_NUMBER,   /* value: uint32_t *, decimal */
    ARGUMENT_HEX,      /* value: uint32_t *, hexadecimal */
    ARGUMENT_SIZE,     /* value: uint32_t[2], from a text like 640x360 */
    ARGUMENT_RANGE     /* value: uint32_t[2], from a text like 5000-5999 */
};

struct argument {
    const char *name; /* without the dashes */
    enum argument_kind kind;
    void *value;
    uint32_t min, max; /* of each number; both 0: up to INT32_MAX */
};

#define TEXT_LIST_MAX 8

struct text_list {
    const char *texts[TEXT_LIST_MAX];
    size_t count;
};

/* Reads the command line. On a mistake says what it is and ends the program with 2; --help prints `help` and ends it with 0. */
void arguments_read(const struct argument *arguments, size_t count, const char *help, int argc, char **argv);
/* Says what is wrong with the command line (as printf does) and ends the program with 2. */
void arguments_refuse(const char *program, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

#endif
