/* SPDX-License-Identifier: MIT */
/* Loops on threads: a thread of the library's with calls from others under its lock, connections between two loops, frames from many
 * threads into connections that are being closed, loops that go while connections live. For the thread sanitizer as much as for itself. */
#include "api_pair.h"

#include "../scripted_media.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Waits for a counter without sleeping: the hook rings. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
};
static struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER};

static void ring(struct api_peer *p, enum api_event event)
{
    (void)p;
    (void)event;
    pthread_mutex_lock(&gate.lock);
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

static void wait_for(struct api_peer *p, enum api_event event, int count)
{
    struct timespec limit;
    (void)clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 60;
    pthread_mutex_lock(&gate.lock);
    while (atomic_load(&p->seen[event]) < count)
        if (pthread_cond_timedwait(&gate.changed, &gate.lock, &limit) != 0)
            fail_msg("peer %d has %d of %d x %s", p->index, p->seen[event], count, api_event_name(event));
    pthread_mutex_unlock(&gate.lock);
}

static rtc_loop *start_loop(void)
{
    rtc_loop *loop;
    assert_int_equal(rtc_loop_new(NULL, &loop), RTC_OK);
    assert_int_equal(rtc_loop_start(loop), RTC_OK);
    return loop;
}

static void *send_under_lock(void *user)
{
    struct api_peer *p = user;
    static const char text[2000] = "hello";
    for (int i = 0; i < 100; i++) {
        rtc_loop_lock(p->loop);
        assert_int_equal(rtc_data_channel_send_text(p->channel, text, sizeof text), RTC_OK);
        (void)rtc_data_channel_buffered_amount(p->channel);
        rtc_loop_unlock(p->loop);
    }
    return NULL;
}

static void *read_under_lock(void *user)
{
    struct api_peer *p = user;
    for (int i = 0; i < 100; i++) {
        rtc_stats_report *report;
        rtc_loop_lock(p->loop);
        assert_int_equal(rtc_peer_connection_get_stats(p->pc, &report), RTC_OK);
        assert_non_null(rtc_peer_connection_local_description(p->pc, NULL));
        rtc_loop_unlock(p->loop);
        assert_non_null(rtc_stats_report_find_type(report, "transport"));
        rtc_stats_report_unref(report);
    }
    return NULL;
}

static void calls_from_other_threads(void **state)
{
    struct api_pair pair;
    pthread_t threads[4];
    (void)state;
    rtc_loop *loop = start_loop();
    api_pair_init(&pair, NULL, loop, loop);
    pair.hook = ring;
    api_pair_call(&pair);
    wait_for(&pair.peer[0], API_OPEN, 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < 3 ? send_under_lock : read_under_lock, &pair.peer[0]), 0);
    wait_for(&pair.peer[1], API_MESSAGE, 300);
    for (int i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    api_pair_fini(&pair);
    rtc_loop_free(loop);
}

static void send_some(struct api_peer *p, int count)
{
    static const char text[2000] = "hello";
    for (int i = 0; i < count; i++)
        assert_int_equal(rtc_data_channel_send_text(p->channel, text, sizeof text), RTC_OK);
}

/* Over real sockets: messages and frames cross each of five restarts, whose sockets replace those before. */
static void restarts(void **state)
{
    struct api_pair pair;
    (void)state;
    rtc_loop *a = start_loop(), *b = start_loop();
    api_pair_init(&pair, NULL, a, b);
    pair.hook = ring;
    pair.media = true;
    api_pair_call(&pair);
    wait_for(&pair.peer[0], API_OPEN, 1);
    for (int n = 1; n <= 5; n++) {
        int frames = atomic_load(&pair.peer[1].seen[API_ENCODED_FRAME]);
        rtc_loop_lock(a);
        send_some(&pair.peer[0], 10);
        assert_int_equal(rtc_peer_connection_restart_ice(pair.peer[0].pc), RTC_OK);
        send_some(&pair.peer[0], 10);
        rtc_loop_unlock(a);
        for (int i = 0; i < 2; i++)
            wait_for(&pair.peer[i], API_GATHERED, n + 1);
        wait_for(&pair.peer[1], API_MESSAGE, 20 * n);
        wait_for(&pair.peer[1], API_ENCODED_FRAME, frames + 10);
    }
    rtc_loop_lock(a);
    assert_int_equal(rtc_peer_connection_connection_state(pair.peer[0].pc), RTC_PEER_CONNECTION_CONNECTED);
    rtc_loop_unlock(a);
    assert_int_equal(pair.peer[0].seen[API_CONNECTED], 1); /* it never was anything else */
    api_pair_fini(&pair);
    rtc_loop_free(a);
    rtc_loop_free(b);
    rtc_media_source_unref(pair.peer[0].source);
}

/* usrsctp has one set of timers for the process: what one loop's tick makes for the other's associations must reach them. */
static void two_loops(void **state)
{
    enum { PAIRS = 6 };
    static struct api_pair pairs[PAIRS];
    (void)state;
    rtc_loop *a = start_loop(), *b = start_loop();
    for (int i = 0; i < PAIRS; i++) {
        api_pair_init(&pairs[i], NULL, a, b);
        pairs[i].hook = ring;
        pairs[i].burst = 50;
        pairs[i].media = i % 2 == 0;
        api_pair_call(&pairs[i]);
    }
    for (int i = 0; i < PAIRS; i++) {
        wait_for(&pairs[i].peer[0], API_MESSAGE, 50);
        wait_for(&pairs[i].peer[1], API_MESSAGE, 50);
        if (pairs[i].media)
            wait_for(&pairs[i].peer[1], API_ENCODED_FRAME, 3);
    }
    for (int i = 0; i < PAIRS; i++) {
        struct api_peer *closer = &pairs[i].peer[i % 2];
        rtc_loop_lock(closer->loop);
        rtc_data_channel_close(i % 2 ? closer->remote : closer->channel);
        rtc_loop_unlock(closer->loop);
    }
    for (int i = 0; i < PAIRS; i++)
        wait_for(&pairs[i].peer[1], API_CLOSE, 1);
    for (int i = 0; i < PAIRS; i++)
        api_pair_fini(&pairs[i]);
    rtc_loop_free(a);
    rtc_loop_free(b);
    for (int i = 0; i < PAIRS; i++)
        rtc_media_source_unref(pairs[i].peer[0].source);
}

struct pusher {
    rtc_media_source *source;
    atomic_bool *stop;
    bool raw;
    uint32_t pushed;
};

static void *push(void *user)
{
    struct pusher *p = user;
    rtc_video_frame *picture = NULL;
    const rtc_video_frame_options options = {.size = sizeof options, .format = RTC_VIDEO_I420, .width = 64, .height = 48};
    assert_int_equal(rtc_video_frame_new(NULL, &options, &picture), RTC_OK);
    while (!atomic_load(p->stop)) {
        rtc_encoded_frame *frame = p->raw ? NULL : scripted_video(NULL, p->pushed, rtc_now(), true, 500);
        if (p->raw)
            (void)rtc_media_source_push_video(p->source, picture);
        else
            (void)rtc_media_source_push_encoded(p->source, frame);
        rtc_encoded_frame_unref(frame);
        p->pushed++;
    }
    rtc_video_frame_unref(picture);
    return NULL;
}

static void push_while_it_closes(bool raw)
{
    for (int round = 0; round < 8; round++) {
        struct api_pair pair;
        pthread_t threads[3];
        struct pusher pushers[3];
        atomic_bool stop = false;
        rtc_loop *loop = start_loop();
        api_pair_init(&pair, NULL, loop, loop);
        pair.hook = ring;
        pair.media = true;
        api_pair_call(&pair);
        for (int i = 0; i < 3; i++) {
            pushers[i] = (struct pusher){pair.peer[0].source, &stop, raw, 0};
            assert_int_equal(pthread_create(&threads[i], NULL, push, &pushers[i]), 0);
        }
        if (round % 2 == 0)
            wait_for(&pair.peer[1], API_ENCODED_FRAME, 3);
        else
            wait_for(&pair.peer[0], API_CONNECTION_STATE, 1);
        if (round % 4 < 2)
            api_pair_fini(&pair);
        rtc_loop_free(loop);
        atomic_store(&stop, true);
        for (int i = 0; i < 3; i++)
            (void)pthread_join(threads[i], NULL);
        if (round % 4 >= 2) { /* the loop went first */
            for (int i = 0; i < 2; i++) {
                struct api_peer *p = &pair.peer[i];
                assert_int_equal(rtc_peer_connection_connection_state(p->pc), RTC_PEER_CONNECTION_CLOSED);
                api_peer_free(p);
                rtc_data_channel_unref(p->channel);
                rtc_data_channel_unref(p->doomed);
                rtc_data_channel_unref(p->remote);
                rtc_media_stream_track_remove_sink(p->remote_track, p->sink);
                rtc_media_stream_track_unref(p->remote_track);
            }
        }
        rtc_media_source_unref(pair.peer[0].source);
    }
}

static void encoded_frames_while_it_closes(void **state)
{
    (void)state;
    push_while_it_closes(false);
}

static void pictures_while_it_closes(void **state)
{
    (void)state;
    push_while_it_closes(true);
}

static void nothing(void *user)
{
    (void)user;
}

static void *post_and_cancel(void *user)
{
    rtc_loop *loop = user;
    uint64_t ids[16];
    for (int i = 0; i < 400; i++) {
        for (int k = 0; k < 16; k++)
            assert_int_equal(rtc_loop_post_delayed(loop, k * 100, nothing, NULL, &ids[k]), RTC_OK);
        for (int k = 0; k < 16; k += 2)
            (void)rtc_loop_cancel(loop, ids[k]);
    }
    return NULL;
}

static void posting_and_cancelling(void **state)
{
    pthread_t threads[3];
    (void)state;
    rtc_loop *loop = start_loop();
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_and_cancel, loop), 0);
    for (int i = 0; i < 3; i++)
        (void)pthread_join(threads[i], NULL);
    rtc_loop_free(loop);
}

/* Connections are made and freed from many threads under one loop's lock. */
static void *make_and_free(void *user)
{
    rtc_loop *loop = user;
    for (int i = 0; i < 20; i++) {
        const rtc_configuration configuration = {.size = sizeof configuration, .loop = loop, .include_loopback = true};
        rtc_peer_connection *pc;
        rtc_data_channel *channel;
        rtc_loop_lock(loop);
        assert_int_equal(rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc), RTC_OK);
        assert_int_equal(rtc_peer_connection_create_data_channel(pc, "x", 1, NULL, &channel), RTC_OK);
        assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
        rtc_loop_unlock(loop);
        rtc_loop_lock(loop);
        rtc_peer_connection_free(pc);
        rtc_data_channel_unref(channel);
        rtc_loop_unlock(loop);
    }
    return NULL;
}

static void connections_from_many_threads(void **state)
{
    pthread_t threads[3];
    (void)state;
    rtc_loop *loop = start_loop();
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_and_free, loop), 0);
    for (int i = 0; i < 3; i++)
        (void)pthread_join(threads[i], NULL);
    rtc_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_from_other_threads),
        cmocka_unit_test(restarts),
        cmocka_unit_test(two_loops),
        cmocka_unit_test(encoded_frames_while_it_closes),
        cmocka_unit_test(pictures_while_it_closes),
        cmocka_unit_test(posting_and_cancelling),
        cmocka_unit_test(connections_from_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
