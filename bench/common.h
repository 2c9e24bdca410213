/* SPDX-License-Identifier: MIT */
/* What every measurement shares: options, clocks, percentiles and the report that it prints. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <crtc/crtc.h>

/* One option of a subcommand: a number when `number` is set, else a flag. */
struct option_spec {
    const char *name;
    double *number;
    bool *flag;
    const char *help;
};

enum { REPORT_VALUES_MAX = 24 };

/* The values that a measurement gives, in order. */
struct report {
    const char *name;
    size_t count;
    struct {
        const char *name;
        double value;
    } values[REPORT_VALUES_MAX];
};

/* Reads the subcommand's options, --json and --help. False: the process should end with *status. */
bool options_parse(int argc, char **argv, const struct option_spec *options, bool *json, int *status);

void report_add(struct report *report, const char *name, double value);
void report_print(const struct report *report, bool json);

/* Seconds of CPU that this process has used, all threads. */
double cpu_seconds(void);
/* The process's resident memory in kB, and its threads. */
double resident_kb(void);
double thread_count(void);
/* Its open descriptors. */
double descriptor_count(void);
/* As many descriptors as the system allows: a connection has several sockets. */
void raise_descriptor_limit(void);

/* Sorts the values; the quantile by nearest rank. NaN without values. */
void sort_values(double *values, size_t count);
double quantile(const double *sorted, size_t count, double q);

/* Ends the process with a message when `error` is one. */
void must(int error, const char *what);
_Noreturn void fail(const char *what);
void *must_alloc(size_t count, size_t size);

/* The subcommands: main's arguments from the subcommand's name on. */
int data_channel_main(int argc, char **argv);
int messages_main(int argc, char **argv);
int ping_main(int argc, char **argv);
int setup_main(int argc, char **argv);
int idle_main(int argc, char **argv);
int rtp_main(int argc, char **argv);

#endif
