/* SPDX-License-Identifier: MIT */
/* crtc-bench ping: round trips of small messages, one after another. */
#include "endpoint.h"

#include <stdlib.h>
#include <sys/wait.h>

enum { WARM_UP = 200 };

struct ping {
    double size, count, processes;
    uint8_t *message;
    rtc_time_t sent_at;
    double *round_trips_us;
    size_t done; /* warm-up included */
    rtc_time_t began;
    double open_ms;
};

static void send_ping(struct endpoint *e)
{
    struct ping *p = e->user;
    p->sent_at = rtc_now();
    must(rtc_data_channel_send(e->channel, p->message, (size_t)p->size), "send");
}

static void ping_open(struct endpoint *e)
{
    struct ping *p = e->user;
    p->open_ms = (double)(rtc_now() - p->began) / 1000;
    send_ping(e);
}

static void ping_message(struct endpoint *e, bool text, const void *data, size_t len)
{
    struct ping *p = e->user;
    (void)text, (void)data, (void)len;
    if (p->done >= WARM_UP)
        p->round_trips_us[p->done - WARM_UP] = (double)(rtc_now() - p->sent_at);
    if (++p->done < WARM_UP + (size_t)p->count) {
        send_ping(e);
        return;
    }
    rtc_loop_stop(e->loop);
}

static void echo(struct endpoint *e, bool text, const void *data, size_t len)
{
    (void)text;
    must(rtc_data_channel_send(e->channel, data, len), "send");
}

static const struct endpoint_events ping_events = {.open = ping_open, .message = ping_message};
static const struct endpoint_events echo_events = {.message = echo};

static void run_echo(int fd, void *user)
{
    struct endpoint end;
    rtc_loop *loop = NULL;
    (void)user;
    must(rtc_loop_new(NULL, &loop), "loop_new");
    endpoint_init(&end, loop, NULL, &echo_events, NULL);
    endpoint_answer(&end, fd);
    must(rtc_loop_run(loop), "loop_run");
    endpoint_fini(&end);
    rtc_loop_free(loop);
}

static void run(struct ping *p)
{
    struct endpoint caller, callee;
    rtc_loop *loop = NULL;
    pid_t pid = -1;
    int fd = p->processes >= 2 ? endpoint_fork(run_echo, NULL, &pid) : -1;
    must(rtc_loop_new(NULL, &loop), "loop_new");
    p->began = rtc_now();
    endpoint_init(&caller, loop, NULL, &ping_events, p);
    if (fd >= 0) {
        endpoint_call(&caller, fd);
    } else {
        endpoint_init(&callee, loop, NULL, &echo_events, NULL);
        endpoint_join(&caller, &callee);
    }
    must(rtc_loop_run(loop), "loop_run");
    endpoint_hang_up(&caller);
    endpoint_fini(&caller);
    if (fd >= 0)
        (void)waitpid(pid, NULL, 0);
    else
        endpoint_fini(&callee);
    rtc_loop_free(loop);
}

int ping_main(int argc, char **argv)
{
    struct ping p = {.size = 100, .count = 10000, .processes = 2};
    const struct option_spec options[] = {
        {"size", &p.size, NULL, "bytes per message"},
        {"count", &p.count, NULL, "round trips"},
        {"processes", &p.processes, NULL, "1: both ends on one thread; 2: a process each"},
        {0},
    };
    struct report report = {.name = "ping"};
    bool json = false;
    int status;
    if (!options_parse(argc, argv, options, &json, &status))
        return status;
    p.message = must_alloc(1, (size_t)p.size);
    p.round_trips_us = must_alloc((size_t)p.count, sizeof *p.round_trips_us);
    run(&p);
    if (p.done < WARM_UP + (size_t)p.count)
        fail("the other end went");
    sort_values(p.round_trips_us, (size_t)p.count);
    report_add(&report, "size", p.size);
    report_add(&report, "count", p.count);
    report_add(&report, "processes", p.processes);
    report_add(&report, "open_ms", p.open_ms);
    report_add(&report, "median_us", quantile(p.round_trips_us, (size_t)p.count, 0.5));
    report_add(&report, "p90_us", quantile(p.round_trips_us, (size_t)p.count, 0.9));
    report_add(&report, "p99_us", quantile(p.round_trips_us, (size_t)p.count, 0.99));
    report_add(&report, "max_us", quantile(p.round_trips_us, (size_t)p.count, 1));
    report_print(&report, json);
    free(p.message);
    free(p.round_trips_us);
    return 0;
}
