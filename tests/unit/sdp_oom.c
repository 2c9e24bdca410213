/* SPDX-License-Identifier: MIT */
/* Every function of src/sdp with the n-th allocation failing, for every n: it says so, gives everything back, and writes nothing to its
 * results. */
#include "sdp_fixture.h"

#include "context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct counting {
    size_t until_failure; /* 0: never */
    size_t live;
    bool failed;
};

static bool fails(struct counting *c)
{
    if (c->until_failure == 0 || --c->until_failure > 0)
        return false;
    c->failed = true;
    return true;
}

static void *counting_alloc(void *user, size_t size)
{
    struct counting *c = user;
    void *memory = fails(c) ? NULL : malloc(size);
    c->live += memory ? 1 : 0;
    return memory;
}

static void *counting_realloc(void *user, void *memory, size_t size)
{
    struct counting *c = user;
    if (fails(c))
        return NULL;
    c->live += memory ? 0 : 1;
    return realloc(memory, size);
}

static void counting_free(void *user, void *memory)
{
    struct counting *c = user;
    c->live -= memory ? 1 : 0;
    free(memory);
}

/* An exchange of its own: read an offer, answer it, offer again, fold a candidate in. */
static int scenario(rtc_context *context, const char *offer_sdp)
{
    struct local_side side;
    struct session_description *offer = NULL, *answer = NULL;
    struct text reply = text_new(context), again = text_new(context), folded = text_new(context);
    struct slice candidate = slice_str("candidate:2 1 udp 2130706430 192.0.2.2 5001 typ host");
    int result = session_description_parse(context, slice_str(offer_sdp), &offer, NULL);
    local_init(&side, "bbbb");
    if (result == 0) {
        local_match(&side, offer);
        result = jsep_create_answer(context, &side.snapshot, offer, &reply);
    }
    if (result == 0)
        result = session_description_parse(context, slice_str(reply.data), &answer, NULL);
    for (size_t i = 0; result == 0 && i < answer->section_count; i++)
        snprintf(side.sections[i].mid, JSEP_ID_MAX, "%s", answer->sections[i].mid);
    side.snapshot.previous_local = answer;
    side.snapshot.previous_remote = offer;
    if (result == 0)
        result = jsep_create_offer(context, &side.snapshot, &again);
    if (result == 0)
        result = jsep_with_candidates(context, slice_str(again.data), 0, &candidate, 1, true, &folded);
    assert_true(result == 0 || folded.len == 0);
    session_description_free(context, answer);
    session_description_free(context, offer);
    text_fini(&reply);
    text_fini(&again);
    text_fini(&folded);
    return result;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct counting c = {0};
    rtc_allocator allocator = {counting_alloc, counting_realloc, counting_free, &c};
    rtc_context_options options = {.size = sizeof(options), .allocator = &allocator};
    rtc_context *context = NULL;
    assert_int_equal(rtc_context_new(&options, &context), 0);
    char *offer = corpus_read("firefox_153_maxbundle_offer.sdp");
    assert_int_equal(scenario(context, offer), 0);
    size_t before = c.live, n = 0;
    do {
        c.failed = false;
        c.until_failure = ++n;
        int result = scenario(context, offer);
        if ((result == RTC_ERR_NO_MEMORY) != c.failed || (result != 0 && !c.failed) || c.live != before)
            fail_msg("allocation %zu: %s, %zu blocks left", n, rtc_error_name(result), c.live - before);
    } while (c.failed);
    assert_true(n > 20);
    c.until_failure = 0;
    free(offer);
    rtc_context_unref(context);
    assert_int_equal(c.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
