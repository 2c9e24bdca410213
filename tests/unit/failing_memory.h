/* SPDX-License-Identifier: MIT */
/* One thing done again and again, each time with the next of its allocations failing. */
#ifndef CRTC_FAILING_MEMORY_H
#define CRTC_FAILING_MEMORY_H

#include "counting_allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* `act` gets a context of its own and has at most `most` allocations. When one failed, it returns RTC_ERR_NO_MEMORY and nothing is left;
 * else RTC_OK. */
static inline void fail_each_allocation(int (*act)(rtc_context *context, void *user), void *user, long long most)
{
    struct counting_allocator c = {0};
    const rtc_allocator allocator = counting_allocator_of(&c);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    for (long long n = 2;; n++) { /* the first is the context */
        rtc_context *context;
        c.calls = c.failed = 0;
        c.fail_at = n;
        assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
        int error = act(context, user);
        rtc_context_unref(context);
        assert_int_equal(c.live, 0);
        assert_int_equal(error, c.failed > 0 ? RTC_ERR_NO_MEMORY : RTC_OK);
        if (c.failed == 0)
            return;
        assert_true(n < most);
    }
}

#endif
