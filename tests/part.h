/* SPDX-License-Identifier: MIT */
/* A test that walks many points (each allocation, each seed) can be run as several tests, so that they share the processors: part k of n
 * takes every n-th point, from the k-th on (crtc_test(... PARTS n) in cmake/crtc.cmake). Without arguments, as a person runs it, it is all
 * one part. */
#ifndef TESTS_PART_H
#define TESTS_PART_H

#include <stdbool.h>
#include <stdlib.h>

struct part {
    long long index; /* from 0 */
    long long count;
};

static inline struct part part_of(int argc, char **argv)
{
    struct part part = {0, 1};
    if (argc == 3)
        part = (struct part){strtoll(argv[1], NULL, 10) - 1, strtoll(argv[2], NULL, 10)};
    if (argc != 1 && (argc != 3 || part.index < 0 || part.index >= part.count))
        exit(2);
    return part;
}

/* True when the point with this number, counted from 0, belongs to the part. */
static inline bool part_has(struct part part, long long point)
{
    return point % part.count == part.index;
}

#endif
