/* SPDX-License-Identifier: MIT */
/* What the log says at INFO: whoever wonders how a connection came up, or why it did not, finds it there. */
#include "api_pair.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char lines[65536];

static void keep_line(void *user, rtc_log_level level, const char *module, const char *text)
{
    (void)user;
    pthread_mutex_lock(&lock);
    size_t len = strlen(lines);
    (void)snprintf(lines + len, sizeof lines - len, "%d %s %s\n", (int)level, module, text);
    pthread_mutex_unlock(&lock);
}

static void stop_when_both_spoke(struct api_peer *peer, enum api_event event)
{
    struct api_pair *pair = peer->pair;
    if (event == API_MESSAGE && atomic_load(&pair->peer[0].seen[API_MESSAGE]) > 0 && atomic_load(&pair->peer[1].seen[API_MESSAGE]) > 0)
        rtc_loop_stop(peer->loop);
}

static void a_connection_tells_its_story(void **state)
{
    static const char *const story[] = {"signaling: have-local-offer", "ICE gathering: gathering", "local candidate:", "remote candidate:", "ICE: checking",
                                        "ICE: selected", "DTLS: connected as client", "DTLS: connected as server", "SCTP: connected", "connection: connected"};
    rtc_context_options options = {.size = sizeof options, .log = keep_line, .log_level = RTC_LOG_INFO};
    rtc_context *context;
    rtc_loop *loop;
    struct api_pair pair;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    assert_int_equal(rtc_loop_new(context, &loop), RTC_OK);
    rtc_loop_lock(loop);
    api_pair_init(&pair, context, loop, loop);
    pair.hook = stop_when_both_spoke;
    pair.burst = 1;
    api_pair_call(&pair);
    rtc_loop_unlock(loop);
    assert_int_equal(rtc_loop_run(loop), RTC_OK);
    for (size_t i = 0; i < sizeof story / sizeof story[0]; i++)
        if (!strstr(lines, story[i]))
            fail_msg("the log does not say '%s':\n%s", story[i], lines);
    api_pair_fini(&pair);
    assert_non_null(strstr(lines, "] closed"));
    rtc_loop_free(loop);
    rtc_context_unref(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_connection_tells_its_story)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
