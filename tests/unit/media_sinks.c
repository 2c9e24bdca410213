/* SPDX-License-Identifier: MIT */
/* Sinks: frames arrive on workers, one at a time and in order; slow ones lose the oldest; removal is final from everywhere. */
#include "context.h"
#include "counting_allocator.h"
#include "executor.h"
#include "media_track.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A sink that can be held up: it takes a frame when the gate is open. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool shut;
    int inside, most_inside, entered, left, encoded;
    uint32_t seen[512];
    pthread_t thread;
    rtc_media_stream_track *track;
    rtc_media_sink *sink;
    bool remove_self, drop_track;
};

static void gate_init(struct gate *g)
{
    memset(g, 0, sizeof *g);
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, NULL);
}

static void gate_fini(struct gate *g)
{
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
}

static void pass(struct gate *g, uint32_t stamp)
{
    pthread_mutex_lock(&g->lock);
    g->thread = pthread_self();
    g->inside++;
    if (g->inside > g->most_inside)
        g->most_inside = g->inside;
    g->seen[g->entered++ % 512] = stamp;
    pthread_cond_broadcast(&g->changed);
    while (g->shut)
        pthread_cond_wait(&g->changed, &g->lock);
    bool remove = g->remove_self, drop = g->drop_track;
    pthread_mutex_unlock(&g->lock);
    if (remove)
        rtc_media_stream_track_remove_sink(g->track, g->sink);
    if (drop)
        rtc_media_stream_track_unref(g->track);
    pthread_mutex_lock(&g->lock);
    g->inside--;
    g->left++;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

static void on_video(void *user, rtc_video_frame *frame)
{
    pass(user, rtc_video_frame_rtp_timestamp(frame));
}

static void on_audio(void *user, rtc_audio_frame *frame)
{
    pass(user, rtc_audio_frame_rtp_timestamp(frame));
}

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    struct gate *g = user;
    (void)frame;
    g->encoded++;
    g->thread = pthread_self();
    if (g->remove_self)
        rtc_media_stream_track_remove_sink(g->track, g->sink);
}

static const rtc_media_sink_ops raw_ops = {sizeof raw_ops, on_video, on_audio, NULL};
static const rtc_media_sink_ops encoded_ops = {sizeof encoded_ops, NULL, NULL, on_encoded};

static void set_shut(struct gate *g, bool shut)
{
    pthread_mutex_lock(&g->lock);
    g->shut = shut;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

static void wait_entered(struct gate *g, int n)
{
    pthread_mutex_lock(&g->lock);
    while (g->entered < n)
        pthread_cond_wait(&g->changed, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void wait_left(struct gate *g, int n)
{
    pthread_mutex_lock(&g->lock);
    while (g->left < n)
        pthread_cond_wait(&g->changed, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static rtc_media_stream_track *new_track(rtc_context *context, rtc_media_kind kind)
{
    rtc_media_stream_track *track;
    assert_int_equal(media_track_new_remote(context, kind, "id", NULL, NULL, NULL, &track), RTC_OK);
    return track;
}

static void push_video(rtc_media_stream_track *track, uint32_t stamp)
{
    const rtc_video_frame_options o = {.size = sizeof o, .format = RTC_VIDEO_I420, .width = 2, .height = 2};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    rtc_video_frame_set_rtp_timestamp(f, stamp);
    assert_int_equal(rtc_media_source_push_video(media_track_source(track), f), RTC_OK);
    rtc_video_frame_unref(f);
}

static void push_audio(rtc_media_stream_track *track, uint32_t stamp)
{
    const rtc_audio_frame_options o = {.size = sizeof o, .format = RTC_AUDIO_S16, .sample_rate = 8000, .channels = 1, .samples = 80};
    rtc_audio_frame *f;
    assert_int_equal(rtc_audio_frame_new(NULL, &o, &f), RTC_OK);
    rtc_audio_frame_set_rtp_timestamp(f, stamp);
    assert_int_equal(rtc_media_source_push_audio(media_track_source(track), f), RTC_OK);
    rtc_audio_frame_unref(f);
}

static void push_encoded(rtc_media_stream_track *track)
{
    const rtc_encoded_frame_options o = {
        .size = sizeof o, .kind = rtc_media_stream_track_kind(track), .codec = "VP8", .data = "x", .data_len = 1};
    rtc_encoded_frame *f;
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &f), RTC_OK);
    assert_int_equal(rtc_media_source_push_encoded(media_track_source(track), f), RTC_OK);
    rtc_encoded_frame_unref(f);
}

static void test_on_a_worker_and_in_order(void **state)
{
    (void)state;
    struct gate g;
    gate_init(&g);
    rtc_media_stream_track *track = new_track(NULL, RTC_MEDIA_AUDIO);
    assert_int_equal(rtc_media_stream_track_add_sink(track, &raw_ops, &g, &g.sink), RTC_OK);
    for (uint32_t i = 0; i < 400; i++) {
        push_audio(track, i);
        if (i % 40 == 39)
            wait_left(&g, (int)i + 1);
    }
    assert_false(pthread_equal(g.thread, pthread_self()));
    assert_int_equal(g.most_inside, 1);
    for (uint32_t i = 0; i < 400; i++)
        assert_int_equal(g.seen[i], i);
    assert_int_equal(media_track_frames_dropped(track), 0);
    rtc_media_stream_track_remove_sink(track, g.sink);
    rtc_media_stream_track_unref(track);
    gate_fini(&g);
}

static void test_slow_sinks_lose_the_oldest(void **state)
{
    (void)state;
    struct gate g;
    gate_init(&g);
    g.shut = true;
    rtc_media_stream_track *track = new_track(NULL, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_media_stream_track_add_sink(track, &raw_ops, &g, &g.sink), RTC_OK);
    push_video(track, 1);
    wait_entered(&g, 1);
    for (uint32_t i = 2; i <= 10; i++)
        push_video(track, i);
    assert_int_equal(media_track_frames_dropped(track), 7);
    set_shut(&g, false);
    wait_left(&g, 3);
    assert_int_equal(g.seen[1], 9);
    assert_int_equal(g.seen[2], 10);
    rtc_media_stream_track_remove_sink(track, g.sink);
    assert_int_equal(g.entered, 3);
    rtc_media_stream_track_unref(track);
    gate_fini(&g);
}

static void test_who_wants_raw(void **state)
{
    (void)state;
    struct gate g;
    gate_init(&g);
    rtc_media_stream_track *track = new_track(NULL, RTC_MEDIA_VIDEO);
    rtc_media_sink *encoded, *raw, *wrong;
    const rtc_media_sink_ops audio_only = {sizeof audio_only, NULL, on_audio, NULL};
    assert_int_equal(rtc_media_stream_track_add_sink(track, &encoded_ops, &g, &encoded), RTC_OK);
    assert_int_equal(rtc_media_stream_track_add_sink(track, &audio_only, &g, &wrong), RTC_OK);
    assert_false(media_track_wants_raw(track));
    assert_int_equal(rtc_media_stream_track_add_sink(track, &raw_ops, &g, &raw), RTC_OK);
    assert_true(media_track_wants_raw(track));
    push_encoded(track);
    assert_int_equal(g.encoded, 1);
    assert_true(pthread_equal(g.thread, pthread_self()));
    rtc_media_stream_track_remove_sink(track, raw);
    assert_false(media_track_wants_raw(track));
    rtc_media_stream_track_remove_sink(track, NULL);
    rtc_media_stream_track_remove_sink(track, wrong);
    rtc_media_stream_track_remove_sink(track, encoded);
    push_encoded(track);
    assert_int_equal(g.encoded, 1);
    assert_int_equal(rtc_media_stream_track_add_sink(track, NULL, &g, &raw), RTC_ERR_TYPE);
    assert_int_equal(rtc_media_stream_track_add_sink(track, &(rtc_media_sink_ops){.size = 4097}, &g, &raw), RTC_ERR_TYPE);
    rtc_media_stream_track_unref(track);
    gate_fini(&g);
}

static void test_removal_within_callbacks(void **state)
{
    (void)state;
    struct gate g;
    gate_init(&g);
    rtc_media_stream_track *track = g.track = new_track(NULL, RTC_MEDIA_VIDEO);
    g.remove_self = true;
    assert_int_equal(rtc_media_stream_track_add_sink(track, &encoded_ops, &g, &g.sink), RTC_OK);
    push_encoded(track);
    push_encoded(track);
    assert_int_equal(g.encoded, 1);
    g.shut = true;
    assert_int_equal(rtc_media_stream_track_add_sink(track, &raw_ops, &g, &g.sink), RTC_OK);
    push_video(track, 1);
    wait_entered(&g, 1);
    push_video(track, 2); /* waits, and is not delivered after the removal */
    set_shut(&g, false);
    wait_left(&g, 1);
    push_video(track, 3);
    assert_false(media_track_wants_raw(track));
    rtc_media_stream_track_unref(track);
    assert_int_equal(g.entered, 1);
    gate_fini(&g);
}

/* The sink goes with the track, also when that happens in the sink's own callback. */
static void test_track_goes_first(void **state)
{
    (void)state;
    struct counting_allocator c = {0};
    rtc_allocator allocator = counting_allocator_of(&c);
    const rtc_context_options o = {.size = sizeof o, .allocator = &allocator, .worker_threads = 2};
    struct gate g;
    rtc_context *context;
    assert_int_equal(rtc_context_new(&o, &context), RTC_OK);
    for (int within = 0; within < 2; within++) {
        gate_init(&g);
        g.track = new_track(context, RTC_MEDIA_VIDEO);
        g.drop_track = within;
        assert_int_equal(rtc_media_stream_track_add_sink(g.track, &raw_ops, &g, &g.sink), RTC_OK);
        push_video(g.track, 1);
        wait_left(&g, 1);
        if (!within)
            rtc_media_stream_track_unref(g.track);
        assert_int_equal(g.entered, 1);
    }
    rtc_context_unref(context); /* waits for its workers, or leaves the end to one of them */
    while (atomic_load(&c.live) > 0)
        sched_yield();
    gate_fini(&g);
}

struct pusher {
    rtc_media_stream_track *track;
    atomic_bool done;
    atomic_llong pushed;
};

static void *push_until_done(void *user)
{
    struct pusher *p = user;
    const rtc_video_frame_options v = {.size = sizeof v, .format = RTC_VIDEO_I420, .width = 2, .height = 2};
    const rtc_encoded_frame_options e = {.size = sizeof e, .kind = RTC_MEDIA_VIDEO, .codec = "VP8", .data = "x", .data_len = 1};
    while (!atomic_load(&p->done)) {
        rtc_video_frame *f;
        rtc_encoded_frame *x;
        if (rtc_video_frame_new(NULL, &v, &f) == RTC_OK) {
            (void)rtc_media_source_push_video(media_track_source(p->track), f);
            rtc_video_frame_unref(f);
        }
        if (rtc_encoded_frame_new(NULL, &e, &x) == RTC_OK) {
            (void)rtc_media_source_push_encoded(media_track_source(p->track), x);
            rtc_encoded_frame_unref(x);
        }
        atomic_fetch_add(&p->pushed, 1);
    }
    return NULL;
}

struct watched {
    atomic_int calls;
    atomic_bool removed, broken;
};

static void watch(struct watched *w)
{
    if (atomic_load(&w->removed))
        atomic_store(&w->broken, true);
    atomic_fetch_add(&w->calls, 1);
}

static void watch_video(void *user, rtc_video_frame *frame)
{
    (void)frame;
    watch(user);
}

static void watch_encoded(void *user, rtc_encoded_frame *frame)
{
    (void)frame;
    watch(user);
}

static void test_removal_is_final(void **state)
{
    (void)state;
    const rtc_media_sink_ops ops = {sizeof ops, watch_video, NULL, watch_encoded};
    struct pusher pusher = {.track = new_track(NULL, RTC_MEDIA_VIDEO)};
    pthread_t thread;
    int called = 0;
    assert_int_equal(pthread_create(&thread, NULL, push_until_done, &pusher), 0);
    for (int round = 0; round < 300; round++) {
        struct watched w = {0};
        rtc_media_sink *sink;
        assert_int_equal(rtc_media_stream_track_add_sink(pusher.track, &ops, &w, &sink), RTC_OK);
        for (long long now = atomic_load(&pusher.pushed); round % 3 == 0 && atomic_load(&pusher.pushed) < now + 2;)
            sched_yield();
        rtc_media_stream_track_remove_sink(pusher.track, sink);
        atomic_store(&w.removed, true);
        for (long long now = atomic_load(&pusher.pushed); round % 5 == 0 && atomic_load(&pusher.pushed) < now + 2;)
            sched_yield();
        called += atomic_load(&w.calls) > 0;
        assert_false(atomic_load(&w.broken));
    }
    assert_true(called >= 100);
    atomic_store(&pusher.done, true);
    (void)pthread_join(thread, NULL);
    rtc_media_stream_track_unref(pusher.track);
}

/* In simulation everything happens at once on the pushing thread. */
static void test_simulated(void **state)
{
    (void)state;
    struct counting_allocator c = {0};
    rtc_allocator allocator = counting_allocator_of(&c);
    const rtc_context_options o = {.size = sizeof o, .allocator = &allocator};
    struct gate g;
    rtc_context *context;
    gate_init(&g);
    assert_int_equal(rtc_context_new(&o, &context), RTC_OK);
    context_simulate(context, 1000);
    g.track = new_track(context, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_media_stream_track_add_sink(g.track, &raw_ops, &g, &g.sink), RTC_OK);
    push_video(g.track, 1);
    push_video(g.track, 2);
    assert_int_equal(g.left, 2);
    assert_true(pthread_equal(g.thread, pthread_self()));
    g.remove_self = true;
    push_video(g.track, 3);
    push_video(g.track, 4);
    assert_int_equal(g.left, 3);
    c.fail_at = c.calls + 1;
    assert_int_equal(rtc_media_stream_track_add_sink(g.track, &raw_ops, &g, &g.sink), RTC_ERR_NO_MEMORY);
    c.fail_at = c.calls + 2;
    assert_int_equal(rtc_media_stream_track_add_sink(g.track, &raw_ops, &g, &g.sink), RTC_ERR_NO_MEMORY);
    assert_false(media_track_wants_raw(g.track));
    rtc_media_stream_track_unref(g.track);
    rtc_context_unref(context);
    assert_int_equal(c.live, 0);
    gate_fini(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_a_worker_and_in_order),
        cmocka_unit_test(test_slow_sinks_lose_the_oldest),
        cmocka_unit_test(test_who_wants_raw),
        cmocka_unit_test(test_removal_within_callbacks),
        cmocka_unit_test(test_track_goes_first),
        cmocka_unit_test(test_removal_is_final),
        cmocka_unit_test(test_simulated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
