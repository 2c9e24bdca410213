/* SPDX-License-Identifier: MIT */
/* Scenarios that are run with many seeds, and what is wanted of each figure of them: on average over the seeds, and with each of them. */
#ifndef CRTC_JUDGED_H
#define CRTC_JUDGED_H

#include <crtc/context.h>

enum { JUDGED_FIGURES = 6 };

struct judged_figure {
    const char *name; /* NULL: there are no more */
    bool low;         /* the less the better */
    double mean, each;
};

struct judged_scenario {
    const char *name;
    struct judged_figure figures[JUDGED_FIGURES];
    void (*run)(rtc_context *context, uint64_t seed, double *figures);
};

/* Every seed in [from, to) that the part has, of all scenarios, printed; false when a figure is not what is wanted. */
bool judged_run(const struct judged_scenario *scenarios, size_t count, rtc_context *context, uint64_t from, uint64_t to, int part,
                int parts);

#endif
