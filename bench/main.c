/* SPDX-License-Identifier: MIT */
/* crtc-bench: what connections, messages and packets cost. Each subcommand is one measurement through the public interface; see
 * docs/benchmarks.md. */
#include "common.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *help;
} measurements[] = {
    {"data-channel", data_channel_main, "throughput of large messages, CPU per gigabyte"},
    {"messages", messages_main, "small messages per second"},
    {"ping", ping_main, "round-trip times of small messages"},
    {"setup", setup_main, "time and CPU until a channel is open"},
    {"idle", idle_main, "memory, threads and CPU of open connections"},
    {"rtp", rtp_main, "CPU per RTP packet"},
};
enum { MEASUREMENTS = sizeof measurements / sizeof measurements[0] };

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < MEASUREMENTS; i++)
        if (strcmp(argv[1], measurements[i].name) == 0)
            return measurements[i].main(argc - 1, argv + 1);
    FILE *to = argc > 1 && strcmp(argv[1], "--help") == 0 ? stdout : stderr;
    (void)fprintf(to, "crtc-bench MEASUREMENT [--json] [--help] [options]\n");
    for (size_t i = 0; i < MEASUREMENTS; i++)
        (void)fprintf(to, "  %-14s%s\n", measurements[i].name, measurements[i].help);
    return to == stdout ? 0 : 2;
}
