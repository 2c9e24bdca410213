/* SPDX-License-Identifier: MIT */
/* crtc-bench data-channel: how fast one channel carries large messages, and what a gigabyte costs both ends together. */
#include "stream.h"

int data_channel_main(int argc, char **argv)
{
    struct stream_settings settings = {.size = 65536, .seconds = 5, .processes = 2};
    const struct option_spec options[] = {
        {"size", &settings.size, NULL, "bytes per message"},
        {"seconds", &settings.seconds, NULL, "how long to send"},
        {"processes", &settings.processes, NULL, "1: both ends on one thread; 2: a process each"},
        {0},
    };
    struct report report = {.name = "data-channel"};
    struct stream_result r;
    bool json = false;
    int status;
    if (!options_parse(argc, argv, options, &json, &status))
        return status;
    stream_run(&settings, &r);
    report_add(&report, "size", settings.size);
    report_add(&report, "processes", settings.processes);
    report_add(&report, "seconds", r.seconds);
    report_add(&report, "mb_per_s", r.bytes / 1e6 / r.seconds);
    report_add(&report, "messages_per_s", r.messages / r.seconds);
    report_add(&report, "cpu_s_per_gb", (r.cpu_sender + r.cpu_receiver) / (r.bytes / 1e9));
    if (settings.processes >= 2) {
        report_add(&report, "cpu_s_per_gb_sender", r.cpu_sender / (r.bytes / 1e9));
        report_add(&report, "cpu_s_per_gb_receiver", r.cpu_receiver / (r.bytes / 1e9));
    }
    report_print(&report, json);
    return 0;
}
