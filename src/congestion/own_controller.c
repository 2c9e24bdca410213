/* SPDX-License-Identifier: MIT */
/* See own_controller.h. */
#include "own_controller.h"

#include <math.h>

#include "congestion_bounds.h"
#include "error.h"
#include "memory.h"
#include "options.h"

enum { SECOND = 1000000, PROBE_EVERY_US = 100000, TICK_LEAST_US = 5000, PROBE_PACKETS_MAX = 64, PROBE_ID_MAX = 255 };
static const double pacing_usual = 1.5, pacing_most = 10, probe_most = 10, probe_most_seconds = 0.5;

/* Owner: who made it. */
struct own_table {
    struct congestion_controller table; /* first */
    rtc_congestion_controller given;
    void *user;
};

struct own {
    struct congestion congestion; /* first */
    const rtc_congestion_controller *given;
    rtc_context *context;
    void *controller; /* theirs */
    struct congestion_bounds bounds;
    double most;          /* since it began anew; not more than that, whatever it says */
    rtc_time_t rose;      /* when that was raised last */
    rtc_time_t next_tick; /* as it wants */
    rtc_time_t may_probe; /* not before that */
};

static struct own *own_of(struct congestion *c)
{
    return (struct own *)c;
}

static rtc_congestion_limits limits_of(const struct own *o)
{
    const struct congestion_limits *l = &o->bounds.limits;
    return (rtc_congestion_limits){
        .size = sizeof(rtc_congestion_limits), .min_bps = l->min_bps, .start_bps = l->start_bps, .max_bps = l->max_bps};
}

static void begin(struct own *o, rtc_time_t now)
{
    o->most = o->bounds.limits.start_bps;
    o->rose = o->next_tick = o->may_probe = now;
}

static void free_own(struct congestion *c)
{
    struct own *o = own_of(c);
    if (o->given->free && o->controller)
        o->given->free(o->controller);
    memory_free(o->context, o);
}

static int make(const struct congestion_controller *self, rtc_context *context, const struct congestion_limits *limits, rtc_time_t now,
                struct congestion **out)
{
    const struct own_table *table = (const struct own_table *)self;
    struct own *o = memory_zeroed(context, sizeof *o);
    if (!o)
        return RTC_ERR_NO_MEMORY;
    *o = (struct own){.congestion.controller = self, .given = &table->given, .context = context};
    congestion_bounds_set(&o->bounds, limits);
    begin(o, now);
    const rtc_congestion_limits theirs = limits_of(o);
    o->controller = o->given->make(table->user, &theirs, now);
    if (!o->controller) {
        free_own(&o->congestion);
        return RTC_ERR_NO_MEMORY;
    }
    *out = &o->congestion;
    return RTC_OK;
}

static void set_limits(struct congestion *c, rtc_time_t now, const struct congestion_limits *limits)
{
    struct own *o = own_of(c);
    congestion_bounds_set(&o->bounds, limits);
    const rtc_congestion_limits theirs = limits_of(o);
    if (o->given->set_limits)
        o->given->set_limits(o->controller, now, &theirs);
}

static void path_changed(struct congestion *c, rtc_time_t now)
{
    struct own *o = own_of(c);
    const rtc_congestion_limits theirs = limits_of(o);
    begin(o, now);
    if (o->given->path_changed)
        o->given->path_changed(o->controller, now, &theirs);
}

static void sent(struct congestion *c, const struct congestion_packet *p)
{
    struct own *o = own_of(c);
    const rtc_congestion_packet theirs = {
        .size = sizeof theirs, .sent = p->sent, .bytes = p->bytes, .in_flight = p->in_flight, .probe = p->probe, .limited = p->limited};
    if (o->given->sent)
        o->given->sent(o->controller, &theirs);
}

static void tell_result(const struct own *o, const struct congestion_result *r)
{
    const bool received = r->arrived != RTC_TIME_NEVER;
    const rtc_congestion_result theirs = {.size = sizeof theirs,
                                          .sent = r->sent,
                                          .received = received,
                                          .arrived = received ? r->arrived : 0,
                                          .bytes = r->bytes,
                                          .bytes_between = r->bytes_between,
                                          .probe = r->probe,
                                          .ecn = (rtc_ecn)r->ecn};
    o->given->result(o->controller, &theirs);
}

static void feedback(struct congestion *c, const struct congestion_feedback *f)
{
    struct own *o = own_of(c);
    const rtc_congestion_feedback theirs = {
        .size = sizeof theirs, .now = f->now, .round_trip = f->round_trip, .results = f->count, .in_flight = f->in_flight};
    for (size_t i = 0; o->given->result && i < f->count; i++)
        tell_result(o, &f->results[i]);
    if (o->given->feedback)
        o->given->feedback(o->controller, &theirs);
}

static void report(struct congestion *c, const struct congestion_report *r)
{
    (void)c;
    (void)r; /* feedback says it better */
}

static void remb(struct congestion *c, rtc_time_t now, uint64_t bps)
{
    congestion_bounds_remb(&own_of(c)->bounds, now, bps);
}

/* Twice as much after each second, until it is more than there are numbers for. */
static void tick(struct congestion *c, rtc_time_t now)
{
    struct own *o = own_of(c);
    if (congestion_bounds_remb_is_over(&o->bounds, now))
        o->bounds.remb_bps = 0;
    for (; o->most < UINT32_MAX && now - o->rose >= SECOND; o->rose += SECOND)
        o->most *= 2;
    if (!o->given->tick || now < o->next_tick)
        return;
    rtc_time_t next = o->given->tick(o->controller, now);
    o->next_tick = next < now + TICK_LEAST_US ? now + TICK_LEAST_US : next;
}

static rtc_time_t deadline(const struct congestion *c)
{
    const struct own *o = (const struct own *)c;
    rtc_time_t rises = o->most < UINT32_MAX ? o->rose + SECOND : RTC_TIME_NEVER;
    return o->given->tick && o->next_tick < rises ? o->next_tick : rises;
}

/* From 0 to `most`; what is no number is 0. */
static double number(double value, double most)
{
    return value > 0 ? fmin(value, most) : 0;
}

static double between(double value, double least, double most)
{
    return value < least ? least : number(value, most);
}

static struct congestion_target target(const struct congestion *c)
{
    const struct own *o = (const struct own *)c;
    rtc_congestion_target t = {.size = sizeof t};
    o->given->target(o->controller, &t);
    double bps = congestion_bounds_within(&o->bounds, fmin(number(t.target_bps, UINT32_MAX), o->most));
    double pace = number(t.pacing_bps, UINT32_MAX);
    pace = between(pace > 0 ? pace : bps * pacing_usual, bps, fmin(bps * pacing_most, UINT32_MAX));
    return (struct congestion_target){
        .target_bps = (uint32_t)bps, .pacing_bps = (uint32_t)pace, .window = (uint32_t)number(ceil(t.window), UINT32_MAX)};
}

/* Nothing is tried while the rate is held down after a beginning. */
static bool next_probe(struct congestion *c, rtc_time_t now, struct congestion_probe *out)
{
    struct own *o = own_of(c);
    rtc_congestion_probe p = {.size = sizeof p};
    if (!o->given->next_probe || now < o->may_probe || !o->given->next_probe(o->controller, now, &p))
        return false;
    o->may_probe = now + PROBE_EVERY_US;
    double limit = congestion_bounds_within(&o->bounds, fmin(o->most, target(c).target_bps * probe_most));
    double bps = number(p.bps, limit);
    if (p.id == 0 || p.id > PROBE_ID_MAX || bps < 1)
        return false;
    *out = (struct congestion_probe){.id = (uint8_t)p.id,
                                     .bps = (uint32_t)bps,
                                     .bytes = (uint32_t)fmin(p.bytes, bps / 8 * probe_most_seconds),
                                     .packets = p.packets < PROBE_PACKETS_MAX ? p.packets : PROBE_PACKETS_MAX};
    return true;
}

static const struct congestion_controller own_functions = {
    .name = "own",
    .make = make,
    .free = free_own,
    .set_limits = set_limits,
    .path_changed = path_changed,
    .sent = sent,
    .feedback = feedback,
    .report = report,
    .remb = remb,
    .tick = tick,
    .deadline = deadline,
    .target = target,
    .next_probe = next_probe,
};

int own_controller_new(rtc_context *context, const rtc_congestion_controller *given, void *user, const struct congestion_controller **out)
{
    rtc_congestion_controller all;
    int error = options_take(&all, sizeof all, given, "rtc_congestion_controller");
    if (error)
        return error;
    if (!all.make || !all.target)
        return error_say(RTC_ERR_TYPE, "congestion_controller without %s", all.make ? "target" : "make");
    struct own_table *table = memory_zeroed(context, sizeof *table);
    if (!table)
        return RTC_ERR_NO_MEMORY;
    *table = (struct own_table){.table = own_functions, .given = all, .user = user};
    table->table.l4s = all.l4s;
    *out = &table->table;
    return RTC_OK;
}

const rtc_congestion_controller *own_controller_given(const struct congestion_controller *table)
{
    return table && table->make == make ? &((const struct own_table *)table)->given : NULL;
}

void own_controller_free(rtc_context *context, const struct congestion_controller *table)
{
    if (own_controller_given(table))
        memory_free(context, (void *)table);
}
