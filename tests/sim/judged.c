/* SPDX-License-Identifier: MIT */
/* See judged.h. */
#include "judged.h"

#include <stdio.h>

static bool is_bad(const struct judged_figure *figure, double value, double limit)
{
    return figure->low ? value > limit : value < limit;
}

static bool judge(rtc_context *context, const struct judged_scenario *scenario, uint64_t from, uint64_t to, int part, int parts)
{
    double sums[JUDGED_FIGURES] = {0}, worst[JUDGED_FIGURES] = {0};
    uint64_t worst_seed[JUDGED_FIGURES] = {0}, count = 0;
    bool good = true;
    for (uint64_t seed = from; seed < to; seed++) {
        double v[JUDGED_FIGURES] = {0};
        if (seed % (uint64_t)parts != (uint64_t)part)
            continue;
        scenario->run(context, seed, v);
        for (int i = 0; i < JUDGED_FIGURES && scenario->figures[i].name; i++) {
            sums[i] += v[i];
            if (count == 0 || is_bad(&scenario->figures[i], v[i], worst[i])) {
                worst[i] = v[i];
                worst_seed[i] = seed;
            }
        }
        count++;
    }
    for (int i = 0; i < JUDGED_FIGURES && scenario->figures[i].name; i++) {
        const struct judged_figure *f = &scenario->figures[i];
        bool bad = is_bad(f, sums[i] / (double)count, f->mean) || is_bad(f, worst[i], f->each);
        printf("%s%s, %s: %.3f on average (wanted %.3f), worst %.3f with seed %llu (%.3f)\n", bad ? "NOT GOOD: " : "", scenario->name,
               f->name, sums[i] / (double)count, f->mean, worst[i], (unsigned long long)worst_seed[i], f->each);
        good = good && !bad;
    }
    return good;
}

bool judged_run(const struct judged_scenario *scenarios, size_t count, rtc_context *context, uint64_t from, uint64_t to, int part,
                int parts)
{
    bool good = true;
    for (size_t i = 0; i < count; i++)
        good = judge(context, &scenarios[i], from, to, part, parts) && good;
    return good;
}
