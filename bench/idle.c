/* SPDX-License-Identifier: MIT */
/* crtc-bench idle: what open connections cost that carry nothing: memory per connection object (both ends are in this process, so a pair is
 * two of them), descriptors, threads, and CPU over some seconds. With --one-port those that are called share a UDP port, as a server's do.
 */
#include "endpoint.h"

#include <stdlib.h>

enum { CONCURRENT = 8, WARM_UP_PAIRS = 8 };

struct idle {
    double connections, seconds, settle_seconds;
    bool shared, one_port;
    rtc_loop *loop;
    rtc_certificate *certificate;
    rtc_endpoint *port; /* of those that are called; NULL: each has its own */
    struct endpoint *ends;
    size_t pairs, begun, open_ends;
    double resident_before_kb, resident_after_kb, threads, descriptors;
    double cpu_began, cpu;
};

static void on_open(struct endpoint *e);
static const struct endpoint_events events = {.open = on_open};

static void init_callee(struct idle *idle, struct endpoint *callee)
{
    rtc_certificate *certificate = idle->certificate;
    rtc_configuration configuration = {
        .loop = idle->loop, .certificates = &certificate, .certificate_count = certificate ? 1 : 0, .endpoint = idle->port};
    endpoint_init_configured(callee, configuration, &events, idle);
}

static void start_pair(void *user)
{
    struct idle *idle = user;
    if (idle->begun == idle->pairs)
        return;
    struct endpoint *caller = &idle->ends[idle->begun++ * 2], *callee = caller + 1;
    endpoint_init(caller, idle->loop, idle->certificate, &events, idle);
    init_callee(idle, callee);
    endpoint_join(caller, callee);
}

static void stop(void *user)
{
    struct idle *idle = user;
    idle->cpu = cpu_seconds() - idle->cpu_began;
    idle->resident_after_kb = resident_kb();
    idle->threads = thread_count();
    idle->descriptors = descriptor_count();
    rtc_loop_stop(idle->loop);
}

static void measure(void *user)
{
    struct idle *idle = user;
    idle->cpu_began = cpu_seconds();
    must(rtc_loop_post_delayed(idle->loop, (rtc_time_t)(idle->seconds * 1e6), stop, idle, NULL), "post");
}

static void on_open(struct endpoint *e)
{
    struct idle *idle = e->user;
    if (++idle->open_ends % 2 == 0)
        must(rtc_loop_post(idle->loop, start_pair, idle), "post");
    if (idle->open_ends == idle->pairs * 2)
        must(rtc_loop_post_delayed(idle->loop, (rtc_time_t)(idle->settle_seconds * 1e6), measure, idle, NULL), "post");
}

/* Connects all the pairs, looks at them, and leaves them connected. */
static void run(struct idle *idle, size_t pairs, struct endpoint *ends)
{
    idle->pairs = pairs;
    idle->ends = ends;
    idle->begun = idle->open_ends = 0;
    for (size_t i = 0; i < CONCURRENT; i++)
        must(rtc_loop_post(idle->loop, start_pair, idle), "post");
    must(rtc_loop_run(idle->loop), "loop_run");
}

static void report_idle(const struct idle *idle, bool json)
{
    struct report report = {.name = "idle"};
    double growth = idle->resident_after_kb - idle->resident_before_kb;
    report_add(&report, "connections", (double)idle->pairs * 2);
    report_add(&report, "kb_per_connection", growth / ((double)idle->pairs * 2));
    report_add(&report, "resident_kb", idle->resident_after_kb);
    report_add(&report, "one_port", idle->one_port);
    report_add(&report, "descriptors", idle->descriptors);
    report_add(&report, "threads", idle->threads);
    report_add(&report, "cpu_percent", idle->cpu / idle->seconds * 100);
    report_add(&report, "cpu_us_per_connection_s", idle->cpu * 1e6 / idle->seconds / ((double)idle->pairs * 2));
    report_print(&report, json);
}

int idle_main(int argc, char **argv)
{
    struct idle idle = {.connections = 400, .seconds = 5, .settle_seconds = 2};
    const struct option_spec options[] = {
        {"connections", &idle.connections, NULL, "connection objects, two for each pair"},
        {"seconds", &idle.seconds, NULL, "how long to look at their CPU"},
        {"settle-seconds", &idle.settle_seconds, NULL, "how long to let them settle before"},
        {"shared-certificate", NULL, &idle.shared, "one certificate for all, not one each"},
        {"one-port", NULL, &idle.one_port, "those that are called share one UDP port"},
        {0},
    };
    bool json = false;
    int status;
    if (!options_parse(argc, argv, options, &json, &status))
        return status;
    raise_descriptor_limit();
    size_t pairs = idle.connections < 2 ? 1 : (size_t)idle.connections / 2;
    struct endpoint *ends = must_alloc(pairs * 2, sizeof *ends), *first = must_alloc(WARM_UP_PAIRS * 2, sizeof *first);
    must(rtc_loop_new(NULL, &idle.loop), "loop_new");
    if (idle.shared)
        must(rtc_certificate_generate(NULL, RTC_KEY_ECDSA_P256, 0, &idle.certificate), "certificate_generate");
    if (idle.one_port)
        must(rtc_endpoint_new(NULL, &(rtc_endpoint_options){.size = sizeof(rtc_endpoint_options), .loop = idle.loop}, &idle.port),
             "endpoint_new");
    /* What a process has once only is not counted: the first few connections are there before and stay. */
    double seconds = idle.seconds;
    idle.seconds = 0.1;
    run(&idle, WARM_UP_PAIRS, first);
    idle.seconds = seconds;
    idle.resident_before_kb = idle.resident_after_kb;
    run(&idle, pairs, ends);
    report_idle(&idle, json);
    for (size_t i = 0; i < pairs * 2; i++)
        endpoint_fini(&ends[i]);
    for (size_t i = 0; i < WARM_UP_PAIRS * 2; i++)
        endpoint_fini(&first[i]);
    rtc_endpoint_unref(idle.port);
    rtc_certificate_unref(idle.certificate);
    rtc_loop_free(idle.loop);
    free(ends);
    free(first);
    return 0;
}
