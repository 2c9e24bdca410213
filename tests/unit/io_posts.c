/* SPDX-License-Identifier: MIT */
/* Functions handed to a loop: order, delay, cancelling, posting from within. */
#include "counting_allocator.h"
#include "loop_posts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stdio.h>

#include <cmocka.h>

struct scene {
    struct counting_allocator counter;
    rtc_context *context;
    struct loop_posts posts;
    char order[64];
};

static void begin(struct scene *s)
{
    memset(s, 0, sizeof *s);
    const rtc_allocator allocator = counting_allocator_of(&s->counter);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    assert_int_equal(rtc_context_new(&options, &s->context), RTC_OK);
    loop_posts_init(&s->posts);
}

static void end(struct scene *s)
{
    loop_posts_fini(&s->posts);
    rtc_context_unref(s->context);
    assert_int_equal(s->counter.live, 0);
}

static struct scene *current;

static void add_letter(void *letter)
{
    (void)strcat(current->order, letter);
}

static uint64_t post(struct scene *s, rtc_time_t at, const char *letter)
{
    uint64_t id = 0;
    current = s;
    assert_int_equal(loop_posts_add(s->context, &s->posts, at, add_letter, (void *)(uintptr_t)letter, &id), RTC_OK);
    assert_true(id > 0);
    return id;
}

static void run_in_order_of_time(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    assert_true(loop_posts_deadline(&s.posts) == RTC_TIME_NEVER);
    post(&s, 300, "d");
    post(&s, 0, "a");
    post(&s, 100, "c");
    post(&s, 0, "b");
    post(&s, 300, "e");
    assert_true(loop_posts_deadline(&s.posts) == 0);
    loop_posts_run(s.context, &s.posts, 99);
    assert_string_equal(s.order, "ab");
    assert_true(loop_posts_deadline(&s.posts) == 100);
    loop_posts_run(s.context, &s.posts, 300);
    assert_string_equal(s.order, "abcde");
    end(&s);
}

static void cancelling(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    uint64_t a = post(&s, 10, "a"), b = post(&s, 10, "b");
    assert_true(loop_posts_cancel(s.context, &s.posts, a));
    assert_false(loop_posts_cancel(s.context, &s.posts, a));
    assert_false(loop_posts_cancel(s.context, &s.posts, 12345));
    loop_posts_run(s.context, &s.posts, 10);
    assert_string_equal(s.order, "b");
    assert_false(loop_posts_cancel(s.context, &s.posts, b));
    end(&s);
}

static void post_again(void *user)
{
    struct scene *s = user;
    (void)strcat(s->order, "x");
    (void)loop_posts_add(s->context, &s->posts, 0, post_again, s, NULL);
}

static void posting_from_within_waits_for_the_next_round(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    assert_int_equal(loop_posts_add(s.context, &s.posts, 0, post_again, &s, NULL), RTC_OK);
    loop_posts_run(s.context, &s.posts, 0);
    assert_string_equal(s.order, "x");
    loop_posts_run(s.context, &s.posts, 0);
    assert_string_equal(s.order, "xx");
    loop_posts_close(&s.posts);
    loop_posts_run(s.context, &s.posts, RTC_TIME_NEVER);
    assert_string_equal(s.order, "xxx");
    assert_true(loop_posts_deadline(&s.posts) == RTC_TIME_NEVER);
    assert_int_equal(loop_posts_add(s.context, &s.posts, 0, post_again, &s, NULL), RTC_ERR_INVALID_STATE);
    end(&s);
}

static struct scene *cancelling_scene;
static uint64_t other, own;
static bool other_cancelled, own_cancelled;

static void cancel_both(void *user)
{
    (void)user;
    other_cancelled = loop_posts_cancel(cancelling_scene->context, &cancelling_scene->posts, other);
    own_cancelled = loop_posts_cancel(cancelling_scene->context, &cancelling_scene->posts, own);
}

static void cancelling_from_within(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    cancelling_scene = &s;
    assert_int_equal(loop_posts_add(s.context, &s.posts, 0, cancel_both, NULL, &own), RTC_OK);
    other = post(&s, 0, "never");
    loop_posts_run(s.context, &s.posts, 0);
    assert_string_equal(s.order, "");
    assert_true(other_cancelled);
    assert_false(own_cancelled); /* it had begun */
    end(&s);
}

static void no_memory(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    s.counter.fail_at = s.counter.calls + 1;
    assert_int_equal(loop_posts_add(s.context, &s.posts, 0, add_letter, NULL, NULL), RTC_ERR_NO_MEMORY);
    assert_true(loop_posts_deadline(&s.posts) == RTC_TIME_NEVER);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_in_order_of_time),
        cmocka_unit_test(cancelling),
        cmocka_unit_test(posting_from_within_waits_for_the_next_round),
        cmocka_unit_test(cancelling_from_within),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
