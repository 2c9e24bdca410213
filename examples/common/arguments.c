/* SPDX-License-Identifier: MIT */
/* A command line of long options. */
#include "arguments.h"

#include <assert.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELP 1 /* getopt_long's value for --help; the others are 2 and their place in the table */

void arguments_refuse(const char *program, const char *what)
{
    fprintf(stderr, "%s: %s. Try --help.\n", program, what);
    exit(2);
}

static bool read_number(uint32_t *out, const char *text, int base)
{
    char *end;
    unsigned long value = strtoul(text, &end, base);
    *out = (uint32_t)value;
    return *text != '\0' && *text != '-' && *end == '\0' && value <= INT32_MAX;
}

static bool read_pair(uint32_t out[2], const char *text, char between)
{
    char separator, rest;
    return sscanf(text, "%u%c%u%c", &out[0], &separator, &out[1], &rest) == 3 && separator == between;
}

static bool append(struct text_list *list, const char *text)
{
    if (list->count == TEXT_LIST_MAX) {
        return false;
    }
    list->texts[list->count++] = text;
    return true;
}

static bool take(const struct argument *argument, const char *text)
{
    switch (argument->kind) {
    case ARGUMENT_FLAG:
        *(bool *)argument->value = true;
        return true;
    case ARGUMENT_TEXT:
        *(const char **)argument->value = text;
        return true;
    case ARGUMENT_TEXTS:
        return append(argument->value, text);
    case ARGUMENT_NUMBER:
        return read_number(argument->value, text, 10);
    case ARGUMENT_HEX:
        return read_number(argument->value, text, 16);
    case ARGUMENT_SIZE:
        return read_pair(argument->value, text, 'x');
    default:
        return read_pair(argument->value, text, '-');
    }
}

void arguments_read(const struct argument *arguments, size_t count, const char *help, int argc, char **argv)
{
    struct option names[ARGUMENTS_MAX + 2];
    memset(names, 0, sizeof(names));
    assert(count <= ARGUMENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        names[i].name = arguments[i].name;
        names[i].has_arg = arguments[i].kind == ARGUMENT_FLAG ? no_argument : required_argument;
        names[i].val = (int)i + 2;
    }
    names[count] = (struct option){"help", no_argument, NULL, HELP};
    for (int option = getopt_long(argc, argv, "", names, NULL); option != -1; option = getopt_long(argc, argv, "", names, NULL)) {
        if (option == HELP) {
            fputs(help, stdout);
            exit(0);
        }
        if (option == '?' || !take(&arguments[option - 2], optarg)) {
            arguments_refuse(argv[0], option == '?' ? "no such option" : optarg);
        }
    }
    if (optind < argc) {
        arguments_refuse(argv[0], argv[optind]);
    }
}
