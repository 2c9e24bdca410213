/* SPDX-License-Identifier: MIT */
/* The face of congestion control: each call goes to the controller. */
#include "congestion.h"

int congestion_new(rtc_context *context, const struct congestion_controller *controller, const struct congestion_limits *limits,
                   rtc_time_t now, struct congestion **out)
{
    return controller->make(controller, context, limits, now, out);
}

void congestion_free(struct congestion *c)
{
    if (c)
        c->controller->free(c);
}

void congestion_set_limits(struct congestion *c, rtc_time_t now, const struct congestion_limits *limits)
{
    c->controller->set_limits(c, now, limits);
}

void congestion_path_changed(struct congestion *c, rtc_time_t now)
{
    c->controller->path_changed(c, now);
}

void congestion_sent(struct congestion *c, const struct congestion_packet *packet)
{
    c->controller->sent(c, packet);
}

void congestion_feedback(struct congestion *c, const struct congestion_feedback *feedback)
{
    c->controller->feedback(c, feedback);
}

void congestion_report(struct congestion *c, const struct congestion_report *report)
{
    c->controller->report(c, report);
}

void congestion_remb(struct congestion *c, rtc_time_t now, uint64_t bps)
{
    c->controller->remb(c, now, bps);
}

void congestion_tick(struct congestion *c, rtc_time_t now)
{
    c->controller->tick(c, now);
}

rtc_time_t congestion_deadline(const struct congestion *c)
{
    return c->controller->deadline(c);
}

struct congestion_target congestion_target(const struct congestion *c)
{
    return c->controller->target(c);
}

bool congestion_next_probe(struct congestion *c, rtc_time_t now, struct congestion_probe *out)
{
    return c->controller->next_probe(c, now, out);
}
