/* SPDX-License-Identifier: MIT */
/* A name server that does not answer holds up nothing but the names: not the loop, and not the workers that encode and decode. */
#include "context.h"
#include "executor.h"

#include <crtc/crtc.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int asked;
static bool answers, worked;

/* In place of the system's: asks nobody, and does not return until it is allowed to. */
int getaddrinfo(const char *restrict name, const char *restrict service, const struct addrinfo *restrict hints, struct addrinfo **restrict all)
{
    (void)name, (void)service, (void)hints, (void)all;
    pthread_mutex_lock(&lock);
    asked++;
    pthread_cond_broadcast(&changed);
    while (!answers)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return EAI_NONAME;
}

static void work(struct job *job)
{
    (void)job;
    pthread_mutex_lock(&lock);
    worked = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* With the lock held; false after ten seconds. */
static bool wait_for_change(void)
{
    struct timespec limit;
    (void)clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 10;
    return pthread_cond_timedwait(&changed, &lock, &limit) == 0;
}

static void a_silent_name_server(void **state)
{
    const rtc_context_options options = {.size = sizeof options, .worker_threads = 1};
    const char *const urls[] = {"stun:silent.example"};
    const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1};
    const rtc_ice_server *const servers[] = {&server};
    struct job job = {.run = work};
    rtc_configuration configuration = {.size = sizeof configuration, .ice_servers = servers, .ice_server_count = 1, .include_loopback = true};
    rtc_context *context;
    rtc_peer_connection *pc;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    assert_int_equal(rtc_loop_new(context, &configuration.loop), RTC_OK);
    assert_int_equal(rtc_peer_connection_new(context, &configuration, NULL, NULL, &pc), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_loop_start(configuration.loop), RTC_OK);
    pthread_mutex_lock(&lock);
    while (asked == 0)
        assert_true(wait_for_change());
    pthread_mutex_unlock(&lock);
    executor_submit(context_executor(context), NULL, &job, rtc_now());
    pthread_mutex_lock(&lock);
    while (!worked)
        assert_true(wait_for_change());
    pthread_mutex_unlock(&lock);
    rtc_loop_lock(configuration.loop);
    rtc_peer_connection_free(pc); /* its name is still being asked for */
    rtc_loop_unlock(configuration.loop);
    pthread_mutex_lock(&lock);
    answers = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    rtc_loop_free(configuration.loop);
    rtc_context_unref(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_silent_name_server)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
