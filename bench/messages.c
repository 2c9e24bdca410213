/* SPDX-License-Identifier: MIT */
/* crtc-bench messages: how many small messages one channel carries, and what one costs both ends together. */
#include "stream.h"

int messages_main(int argc, char **argv)
{
    struct stream_settings settings = {.size = 256, .seconds = 5, .processes = 2};
    const struct option_spec options[] = {
        {"size", &settings.size, NULL, "bytes per message"},
        {"seconds", &settings.seconds, NULL, "how long to send"},
        {"processes", &settings.processes, NULL, "1: both ends on one thread; 2: a process each"},
        {0},
    };
    struct report report = {.name = "messages"};
    struct stream_result r;
    bool json = false;
    int status;
    if (!options_parse(argc, argv, options, &json, &status))
        return status;
    stream_run(&settings, &r);
    report_add(&report, "size", settings.size);
    report_add(&report, "processes", settings.processes);
    report_add(&report, "seconds", r.seconds);
    report_add(&report, "messages_per_s", r.messages / r.seconds);
    report_add(&report, "cpu_us_per_message", (r.cpu_sender + r.cpu_receiver) * 1e6 / r.messages);
    report_print(&report, json);
    return 0;
}
