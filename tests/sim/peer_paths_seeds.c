/* SPDX-License-Identifier: MIT */
/* Whole connections over links of every kind in virtual time: a thousand seeds of each scenario. */
#include "part.h"
#include "peer_paths_judged.h"

enum { SEEDS = 1000 };

int main(int argc, char **argv)
{
    struct part part = part_of(argc, argv);
    return judged_run(paths_scenarios, paths_scenario_count, NULL, 1, 1 + SEEDS, (int)part.index, (int)part.count) ? 0 : 1;
}
