/* SPDX-License-Identifier: MIT */
/* See common.h. */
#include "common.h"

#include <dirent.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { OPTIONS_MAX = 16 };

static void print_help(const char *name, const struct option_spec *options)
{
    (void)printf("crtc-bench %s [options]\n  --%-22s%s\n", name, "json", "print one JSON object");
    for (const struct option_spec *o = options; o->name; o++) {
        (void)printf("  --%-22s%s", o->name, o->help);
        if (o->number)
            (void)printf(" (%g)", *o->number);
        (void)printf("\n");
    }
}

static bool take(const struct option_spec *o, const char *text)
{
    char *end = NULL;
    if (o->flag) {
        *o->flag = true;
        return true;
    }
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0)) {
        (void)fprintf(stderr, "--%s wants a number, not \"%s\"\n", o->name, text);
        return false;
    }
    *o->number = value;
    return true;
}

bool options_parse(int argc, char **argv, const struct option_spec *options, bool *json, int *status)
{
    struct option known[OPTIONS_MAX + 3] = {{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}};
    for (int i = 0; options[i].name && i < OPTIONS_MAX; i++)
        known[i + 2] = (struct option){options[i].name, options[i].number ? required_argument : no_argument, NULL, 1000 + i};
    *status = 2;
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'h') {
            print_help(argv[0], options);
            *status = 0;
            return false;
        }
        if (c == 'j')
            *json = true;
        else if (c < 1000 || !take(&options[c - 1000], optarg))
            return false;
    }
    if (optind < argc) {
        (void)fprintf(stderr, "unexpected argument \"%s\"\n", argv[optind]);
        return false;
    }
    return true;
}

void report_add(struct report *r, const char *name, double value)
{
    if (r->count == REPORT_VALUES_MAX)
        fail("the report is full");
    r->values[r->count].name = name;
    r->values[r->count++].value = value;
}

void report_print(const struct report *r, bool json)
{
    (void)printf(json ? "{\"measurement\":\"%s\"" : "%s\n", r->name);
    for (size_t i = 0; i < r->count; i++) {
        double value = r->values[i].value;
        if (!json)
            (void)printf("  %-24s%.6g\n", r->values[i].name, value);
        else if (isfinite(value))
            (void)printf(",\"%s\":%.9g", r->values[i].name, value);
        else
            (void)printf(",\"%s\":null", r->values[i].name);
    }
    (void)printf(json ? "}\n" : "");
}

double cpu_seconds(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* The number behind `key` in /proc/self/status. */
static double process_status(const char *key)
{
    char line[256];
    double value = NAN;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtod(line + strlen(key), NULL);
    if (f)
        (void)fclose(f);
    return value;
}

double resident_kb(void)
{
    return process_status("VmRSS:");
}

double thread_count(void)
{
    return process_status("Threads:");
}

double descriptor_count(void)
{
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return NAN;
    double count = -3; /* the two folders, and this one's own */
    while (readdir(folder))
        count++;
    (void)closedir(folder);
    return count;
}

void raise_descriptor_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_values(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
}

double quantile(const double *sorted, size_t count, double q)
{
    if (count == 0)
        return NAN;
    size_t rank = (size_t)ceil(q * (double)count);
    return sorted[rank > 0 ? rank - 1 : 0];
}

void must(int error, const char *what)
{
    if (error >= 0)
        return;
    (void)fprintf(stderr, "%s: %s\n", what, rtc_error_message(error));
    exit(1);
}

void fail(const char *what)
{
    (void)fprintf(stderr, "%s\n", what);
    exit(1);
}

void *must_alloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        fail("out of memory");
    return memory;
}
