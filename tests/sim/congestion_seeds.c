/* SPDX-License-Identifier: MIT */
/* Congestion control in virtual time: a thousand seeds of each scenario. */
#include "congestion_judged.h"
#include "part.h"

enum { SEEDS = 1000 };

int main(int argc, char **argv)
{
    rtc_context *context;
    struct part part = part_of(argc, argv);
    if (rtc_context_new(NULL, &context) != RTC_OK)
        abort();
    bool good = judged_run(congestion_scenarios, congestion_scenario_count, context, 1, 1 + SEEDS, (int)part.index, (int)part.count);
    rtc_context_unref(context);
    return good ? 0 : 1;
}
