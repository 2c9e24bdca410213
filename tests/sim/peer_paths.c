/* SPDX-License-Identifier: MIT */
/* Whole connections over links of every kind in virtual time. Arguments: the first and the last seed (1 and 3), the name of a
 * scenario, and -v for what went on in each fifth of a second; a thousand seeds are in peer_paths_seeds.c. */
#include "peer_paths_judged.h"
#include "peer_paths_scene.h"

#include <stdlib.h>
#include <string.h>

enum { SEEDS = 3 };

int main(int argc, char **argv)
{
    uint64_t from = argc > 2 ? strtoull(argv[1], NULL, 10) : 1, to = argc > 2 ? strtoull(argv[2], NULL, 10) : SEEDS;
    bool good = true;
    paths_verbose = argc > 4;
    for (size_t i = 0; i < paths_scenario_count; i++)
        if (argc < 4 || strcmp(argv[3], paths_scenarios[i].name) == 0)
            good = judged_run(&paths_scenarios[i], 1, NULL, from, to + 1, 0, 1) && good;
    return good ? 0 : 1;
}
