/* SPDX-License-Identifier: MIT */
/* See usrsctp_time.h. */
#include "usrsctp_time.h"

#include <string.h>
#include <sys/time.h>

static rtc_time_t virtual_now;
static uint64_t state;

/* The linker exports them from the executable because the library asks for them; hidden symbols it could not. */
__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv, void *restrict zone);
__attribute__((visibility("default"))) int read_random(void *bytes, int count);

void sim_time_set(rtc_time_t now)
{
    virtual_now = now;
}

void sim_time_seed(uint64_t seed)
{
    state = seed;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    (void)zone;
    tv->tv_sec = 1700000000 + virtual_now / 1000000;
    tv->tv_usec = virtual_now % 1000000;
    return 0;
}

static uint8_t next_byte(void)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    return (uint8_t)(z >> 56);
}

int read_random(void *bytes, int count)
{
    uint8_t *p = bytes;
    for (int i = 0; i < count; i++)
        p[i] = next_byte();
    return count;
}
