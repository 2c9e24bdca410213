/* SPDX-License-Identifier: MIT */
/* The timer heap against a model that looks at everything. */
#include "context.h"
#include "timer_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ENTRIES = 60, STEPS = 20000 };

static void check(const struct timer_heap *heap, const struct timer_entry *entries)
{
    size_t in = 0;
    rtc_time_t least = RTC_TIME_NEVER;
    for (size_t i = 0; i < ENTRIES; i++) {
        if (!entries[i].place)
            continue;
        in++;
        assert_ptr_equal(heap->entries[entries[i].place - 1], &entries[i]);
        least = entries[i].at < least ? entries[i].at : least;
    }
    assert_int_equal(heap->count, in);
    const struct timer_entry *first = timer_heap_first(heap);
    assert_true(in == 0 ? first == NULL : first->at == least);
}

static void follows_the_model(void **state)
{
    rtc_context *context;
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct timer_entry entries[ENTRIES] = {0};
        rtc_time_t model[ENTRIES];
        struct timer_heap heap = {0};
        print_message("seed %llu\n", (unsigned long long)seed);
        assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
        context_seed(context, seed);
        for (size_t i = 0; i < ENTRIES; i++)
            model[i] = RTC_TIME_NEVER;
        for (int step = 0; step < STEPS; step++) {
            size_t i = context_random_u32(context) % ENTRIES;
            uint32_t what = context_random_u32(context) % 10;
            if (what == 0 && heap.count > 0)
                i = (size_t)(timer_heap_first(&heap) - entries);
            model[i] = what < 3 ? RTC_TIME_NEVER : (rtc_time_t)(context_random_u32(context) % 50) - 10;
            assert_true(timer_heap_set(context, &heap, &entries[i], model[i]));
            for (size_t k = 0; step % 97 == 0 && k < ENTRIES; k++)
                assert_true(entries[k].place ? entries[k].at == model[k] : model[k] == RTC_TIME_NEVER);
            check(&heap, entries);
        }
        rtc_time_t last = -1000;
        while (timer_heap_first(&heap)) { /* they come out in order */
            struct timer_entry *e = timer_heap_first(&heap);
            assert_true(e->at >= last);
            last = e->at;
            assert_true(timer_heap_set(context, &heap, e, RTC_TIME_NEVER));
        }
        timer_heap_fini(context, &heap);
        rtc_context_unref(context);
    }
}

static void *none(void *user, size_t size)
{
    bool *dry = user;
    return *dry ? NULL : malloc(size);
}

static void *no_more(void *user, void *memory, size_t size)
{
    bool *dry = user;
    return *dry ? NULL : realloc(memory, size);
}

static void give_back(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static void no_memory_leaves_it_out(void **state)
{
    bool dry = false;
    const rtc_allocator allocator = {none, no_more, give_back, &dry};
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    struct timer_heap heap = {0};
    struct timer_entry entry = {0};
    rtc_context *context;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    dry = true;
    assert_false(timer_heap_set(context, &heap, &entry, 5));
    assert_int_equal(entry.place, 0);
    assert_null(timer_heap_first(&heap));
    assert_true(timer_heap_set(context, &heap, &entry, RTC_TIME_NEVER));
    dry = false;
    assert_true(timer_heap_set(context, &heap, &entry, 5));
    timer_heap_fini(context, &heap);
    rtc_context_unref(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_model),
        cmocka_unit_test(no_memory_leaves_it_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
