/* SPDX-License-Identifier: MIT */
/* The links on which congestion control is judged, and what is wanted of it there: on average over seeds, and with each of them. */
#ifndef CRTC_CONGESTION_JUDGED_H
#define CRTC_CONGESTION_JUDGED_H

#include "congestion_scene.h"

enum { JUDGED_FIGURES = 4 };

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

extern const struct judged_scenario judged_scenarios[];
extern const size_t judged_count;

/* Every seed in [from, to) that the part has, of all scenarios, printed; false when a figure is not what is wanted. */
bool judged_run(rtc_context *context, uint64_t from, uint64_t to, int part, int parts);

#endif
