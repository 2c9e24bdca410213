/* SPDX-License-Identifier: MIT */
/* Congestion control in virtual time on the links that it is made for: some seeds here, a thousand in congestion_seeds.c. */
#include "congestion_judged.h"

#include <stdlib.h>

enum { SEEDS = 12 };

int main(void)
{
    rtc_context *context;
    if (rtc_context_new(NULL, &context) != RTC_OK)
        abort();
    bool good = judged_run(congestion_scenarios, congestion_scenario_count, context, 1, 1 + SEEDS, 0, 1);
    rtc_context_unref(context);
    return good ? 0 : 1;
}
