/* SPDX-License-Identifier: MIT */
/* crtc-bench setup: from two new connections to a channel that is open at both ends, again and again; one pair after another, or many at a
 * time. Both ends run on one loop and one thread. */
#include "endpoint.h"

#include <stdlib.h>

enum { WARM_UP = 2 };

struct run;

struct pair {
    struct run *run;
    struct endpoint caller, callee;
    rtc_time_t began;
    unsigned open;
};

struct run {
    double pairs, concurrent;
    bool shared;
    rtc_loop *loop;
    rtc_certificate *certificate;
    struct pair *slots;
    double *times_ms;
    size_t begun, done, wanted, recorded;
    double cpu_began;
    rtc_time_t wall_began;
};

static void pair_start(void *user);

static void pair_finish(void *user)
{
    struct pair *p = user;
    struct run *r = p->run;
    endpoint_fini(&p->caller);
    endpoint_fini(&p->callee);
    if (++r->done == r->wanted)
        rtc_loop_stop(r->loop);
    else if (r->begun < r->wanted)
        pair_start(p);
}

static void on_open(struct endpoint *e)
{
    struct pair *p = e->user;
    struct run *r = p->run;
    if (++p->open < 2)
        return;
    if (r->recorded < (size_t)r->pairs)
        r->times_ms[r->recorded++] = (double)(rtc_now() - p->began) / 1000;
    must(rtc_loop_post(r->loop, pair_finish, p), "post");
}

static const struct endpoint_events events = {.open = on_open};

static void pair_start(void *user)
{
    struct pair *p = user;
    struct run *r = p->run;
    r->begun++;
    p->open = 0;
    p->began = rtc_now();
    endpoint_init(&p->caller, r->loop, r->certificate, &events, p);
    endpoint_init(&p->callee, r->loop, r->certificate, &events, p);
    endpoint_join(&p->caller, &p->callee);
}

static void run_pairs(struct run *r, size_t count, size_t concurrent)
{
    r->begun = r->done = r->recorded = 0;
    r->wanted = count;
    r->wall_began = rtc_now();
    r->cpu_began = cpu_seconds();
    for (size_t i = 0; i < concurrent && i < count; i++) {
        r->slots[i].run = r;
        must(rtc_loop_post(r->loop, pair_start, &r->slots[i]), "post");
    }
    must(rtc_loop_run(r->loop), "loop_run");
}

static void report_run(struct run *r, bool json)
{
    struct report report = {.name = "setup"};
    double cpu = cpu_seconds() - r->cpu_began, wall = (double)(rtc_now() - r->wall_began) / 1e6;
    sort_values(r->times_ms, r->recorded);
    report_add(&report, "pairs", r->pairs);
    report_add(&report, "concurrent", r->concurrent);
    report_add(&report, "shared_certificate", r->shared);
    report_add(&report, "median_ms", quantile(r->times_ms, r->recorded, 0.5));
    report_add(&report, "p90_ms", quantile(r->times_ms, r->recorded, 0.9));
    report_add(&report, "p99_ms", quantile(r->times_ms, r->recorded, 0.99));
    report_add(&report, "max_ms", quantile(r->times_ms, r->recorded, 1));
    report_add(&report, "cpu_ms_per_pair", cpu * 1000 / r->pairs);
    report_add(&report, "pairs_per_s", r->pairs / wall);
    report_print(&report, json);
}

int setup_main(int argc, char **argv)
{
    struct run r = {.pairs = 200, .concurrent = 1};
    const struct option_spec options[] = {
        {"pairs", &r.pairs, NULL, "connections to make, both ends"},
        {"concurrent", &r.concurrent, NULL, "how many at a time"},
        {"shared-certificate", NULL, &r.shared, "one certificate for all, not one each"},
        {0},
    };
    bool json = false;
    int status;
    if (!options_parse(argc, argv, options, &json, &status))
        return status;
    raise_descriptor_limit();
    r.concurrent = r.concurrent < 1 ? 1 : r.concurrent > r.pairs ? r.pairs : r.concurrent;
    r.slots = must_alloc((size_t)r.concurrent, sizeof *r.slots);
    r.times_ms = must_alloc((size_t)r.pairs, sizeof *r.times_ms);
    must(rtc_loop_new(NULL, &r.loop), "loop_new");
    if (r.shared)
        must(rtc_certificate_generate(NULL, RTC_KEY_ECDSA_P256, 0, &r.certificate), "certificate_generate");
    run_pairs(&r, WARM_UP, 1);
    run_pairs(&r, (size_t)r.pairs, (size_t)r.concurrent);
    report_run(&r, json);
    rtc_certificate_unref(r.certificate);
    rtc_loop_free(r.loop);
    free(r.slots);
    free(r.times_ms);
    return 0;
}
