/* SPDX-License-Identifier: MIT */
/* The thread behind the synthetic sources: while somebody consumes the source, it makes a frame at every interval of real time. */
#ifndef CRTC_TEST_SOURCE_H
#define CRTC_TEST_SOURCE_H

#include <crtc/media.h>

struct test_source;

/* What makes the frames. `push` makes frame `number` (0, 1, ... since the source began) for `at` and pushes it; `release` frees `maker`.
 * Called by one thread at a time. A constant table of each maker. */
struct test_source_ops {
    void (*push)(void *maker, rtc_media_source *source, uint64_t number, rtc_time_t at);
    void (*release)(rtc_context *context, void *maker);
};

/* `per_second` frames. Takes `maker` over on success. */
int test_source_new(rtc_context *context, rtc_media_kind kind, const char *label, uint32_t per_second, const struct test_source_ops *ops,
                    void *maker, rtc_media_source **out);

#endif
