/* SPDX-License-Identifier: MIT */
/* The synthetic sources: real threads in real time, begun and ended by their consumers, from everywhere. */
#include "context.h"
#include "counting_allocator.h"
#include "media_track.h"
#include "test_picture.h"
#include "test_voice.h"
#include "tone.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TAKEN_MAX = 24 };

/* Keeps the first frames it gets, and can leave from within. */
struct taker {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int taken, leave_after;
    bool drop_all;
    rtc_video_frame *video[TAKEN_MAX];
    rtc_audio_frame *audio[TAKEN_MAX];
    rtc_media_stream_track *track;
    struct media_consumer *consumer;
};

static void taker_init(struct taker *t)
{
    memset(t, 0, sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->changed, NULL);
}

static void taker_fini(struct taker *t)
{
    for (int i = 0; i < TAKEN_MAX; i++) {
        rtc_video_frame_unref(t->video[i]);
        rtc_audio_frame_unref(t->audio[i]);
    }
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
}

static void count(struct taker *t)
{
    bool leave = t->leave_after > 0 && t->taken + 1 == t->leave_after;
    if (leave && t->drop_all)
        rtc_media_stream_track_unref(t->track);
    else if (leave)
        media_track_remove_consumer(t->track, t->consumer);
    pthread_mutex_lock(&t->lock);
    t->taken++;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

static void on_video(void *user, rtc_video_frame *frame)
{
    struct taker *t = user;
    if (t->taken < TAKEN_MAX)
        t->video[t->taken] = rtc_video_frame_ref(frame);
    count(t);
}

static void on_audio(void *user, rtc_audio_frame *frame)
{
    struct taker *t = user;
    if (t->taken < TAKEN_MAX)
        t->audio[t->taken] = rtc_audio_frame_ref(frame);
    count(t);
}

static const struct media_consumer_ops ops = {.on_video = on_video, .on_audio = on_audio};

static void wait_taken(struct taker *t, int n)
{
    pthread_mutex_lock(&t->lock);
    while (t->taken < n)
        pthread_cond_wait(&t->changed, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

/* Takes the reference to the source. */
static void subscribe(struct taker *t, rtc_media_source *source)
{
    assert_int_equal(rtc_media_stream_track_new(source, &t->track), RTC_OK);
    rtc_media_source_unref(source);
    assert_int_equal(media_track_add_consumer(t->track, &ops, t, &t->consumer), RTC_OK);
}

static void test_video(void **state)
{
    (void)state;
    struct taker t;
    rtc_media_source *source;
    const rtc_test_video_options o = {.size = sizeof o, .width = 320, .height = 180, .frames_per_second = 100, .colour = 0x803010};
    taker_init(&t);
    assert_int_equal(rtc_test_video_source_new(NULL, &o, &source), RTC_OK);
    assert_int_equal(rtc_media_source_kind(source), RTC_MEDIA_VIDEO);
    rtc_time_t begin = rtc_now();
    subscribe(&t, source);
    wait_taken(&t, 12);
    rtc_time_t passed = rtc_now() - begin;
    rtc_media_stream_track_unref(t.track); /* ends the thread: nothing is taken any more */
    int taken = t.taken;
    assert_true(passed >= 110000); /* never ahead of time */
    for (int i = 0; i < taken && i < TAKEN_MAX; i++) {
        uint16_t number;
        assert_true(test_picture_read(t.video[i], &number));
        assert_int_equal(number, i);
        assert_int_equal(rtc_video_frame_width(t.video[i]), 320);
        if (i > 0)
            assert_true(rtc_video_frame_capture_time_us(t.video[i]) - rtc_video_frame_capture_time_us(t.video[i - 1]) >= 9999);
    }
    taker_fini(&t);
}

static void test_audio(void **state)
{
    (void)state;
    struct taker t;
    rtc_media_source *source;
    int16_t sound[2 * 480 * 10];
    const rtc_test_audio_options o = {.size = sizeof o, .frequency_hz = 700, .channels = 2, .level_percent = 50};
    taker_init(&t);
    assert_int_equal(rtc_test_audio_source_new(NULL, &o, &source), RTC_OK);
    subscribe(&t, source);
    wait_taken(&t, 10);
    rtc_media_stream_track_unref(t.track);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(rtc_audio_frame_sample_rate(t.audio[i]), 48000);
        assert_int_equal(rtc_audio_frame_samples(t.audio[i]), 480);
        memcpy(sound + i * 960, rtc_audio_frame_data(t.audio[i]), 960 * sizeof *sound);
    }
    double amplitude = tone_amplitude(sound, 4800, 2, 1, 48000, 700);
    assert_true(amplitude > 16383 * 0.98 && amplitude < 16383 * 1.02);
    assert_true(tone_largest_step(sound, 4800, 2) <= 16383 * 2 * TONE_PI * 700 / 48000 + 2);
    taker_fini(&t);
}

static void test_voice(void **state)
{
    (void)state;
    struct taker t;
    rtc_media_source *source;
    const rtc_test_audio_options o = {.size = sizeof o, .voice = 7};
    taker_init(&t);
    assert_int_equal(rtc_test_audio_source_new(NULL, &o, &source), RTC_OK);
    subscribe(&t, source);
    wait_taken(&t, 10);
    rtc_media_stream_track_unref(t.track);
    struct test_voice voice;
    test_voice_init(&voice, 7, 120);
    for (int i = 0; i < 10; i++) {
        const int16_t *samples = rtc_audio_frame_data(t.audio[i]);
        assert_int_equal(rtc_audio_frame_channels(t.audio[i]), 1);
        for (int n = 0; n < 480; n++)
            assert_int_equal(samples[n], lrint(32767.0 * 30 / 100 * test_voice_next(&voice)));
    }
    taker_fini(&t);
}

/* The number goes on (a frame may be made and find nobody any more); each run is a thread of its own. */
static void test_begins_again(void **state)
{
    (void)state;
    struct taker t;
    rtc_media_source *source;
    const rtc_test_video_options o = {.size = sizeof o, .width = 160, .height = 120, .frames_per_second = 120};
    int last = -1;
    taker_init(&t);
    assert_int_equal(rtc_test_video_source_new(NULL, &o, &source), RTC_OK);
    subscribe(&t, source);
    wait_taken(&t, 2);
    media_track_remove_consumer(t.track, t.consumer);
    int before = t.taken;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(media_track_add_consumer(t.track, &ops, &t, &t.consumer), RTC_OK);
        media_track_remove_consumer(t.track, t.consumer);
    }
    assert_int_equal(media_track_add_consumer(t.track, &ops, &t, &t.consumer), RTC_OK);
    wait_taken(&t, before + 2);
    rtc_media_stream_track_unref(t.track);
    for (int i = 0; i < t.taken && i < TAKEN_MAX; i++) {
        uint16_t number;
        assert_true(test_picture_read(t.video[i], &number));
        assert_true(number > last);
        last = number;
    }
    taker_fini(&t);
}

/* The last consumer leaves on the source's own thread, or takes the whole source along. */
static void test_ends_from_within(void **state)
{
    (void)state;
    struct counting_allocator c = {0};
    rtc_allocator allocator = counting_allocator_of(&c);
    const rtc_context_options context_options = {.size = sizeof context_options, .allocator = &allocator};
    for (int drop_all = 0; drop_all < 2; drop_all++) {
        struct taker t;
        rtc_context *context;
        rtc_media_source *source;
        const rtc_test_audio_options o = {.size = sizeof o};
        taker_init(&t);
        assert_int_equal(rtc_context_new(&context_options, &context), RTC_OK);
        assert_int_equal(rtc_test_audio_source_new(context, &o, &source), RTC_OK);
        t.leave_after = 3;
        t.drop_all = drop_all;
        /* The track is dropped within the callback: it must be known before the first one comes. */
        pthread_mutex_lock(&t.lock);
        subscribe(&t, source);
        pthread_mutex_unlock(&t.lock);
        wait_taken(&t, 3);
        if (!drop_all) {
            t.leave_after = 0; /* and comes back at once, while that thread may still be ending */
            assert_int_equal(media_track_add_consumer(t.track, &ops, &t, &t.consumer), RTC_OK);
            wait_taken(&t, 5);
            rtc_media_stream_track_unref(t.track);
        }
        taker_fini(&t);
        rtc_context_unref(context);
        while (atomic_load(&c.live) > 0)
            sched_yield();
    }
}

static int make_video(uint32_t width, uint32_t height, uint32_t rate, uint32_t colour)
{
    rtc_media_source *source = NULL;
    const rtc_test_video_options o = {.size = sizeof o, .width = width, .height = height, .frames_per_second = rate, .colour = colour};
    int error = rtc_test_video_source_new(NULL, &o, &source);
    rtc_media_source_unref(source);
    return error;
}

static int make_audio(uint32_t frequency, uint32_t channels, uint32_t level)
{
    rtc_media_source *source = NULL;
    const rtc_test_audio_options o = {.size = sizeof o, .frequency_hz = frequency, .channels = channels, .level_percent = level};
    int error = rtc_test_audio_source_new(NULL, &o, &source);
    rtc_media_source_unref(source);
    return error;
}

static void test_ranges(void **state)
{
    (void)state;
    rtc_media_source *source;
    assert_int_equal(rtc_test_video_source_new(NULL, NULL, &source), RTC_OK);
    rtc_media_source_unref(source);
    assert_int_equal(rtc_test_audio_source_new(NULL, NULL, &source), RTC_OK);
    rtc_media_source_unref(source);
    assert_int_equal(make_video(16, 4096, 120, 0xffffff), RTC_OK);
    assert_int_equal(make_video(15, 16, 30, 0), RTC_ERR_RANGE);
    assert_int_equal(make_video(17, 16, 30, 0), RTC_ERR_RANGE);
    assert_int_equal(make_video(16, 4098, 30, 0), RTC_ERR_RANGE);
    assert_int_equal(make_video(16, 0, 30, 0), RTC_ERR_RANGE);
    assert_int_equal(make_video(16, 16, 121, 0), RTC_ERR_RANGE);
    assert_int_equal(make_video(16, 16, 30, 0x1000000), RTC_ERR_RANGE);
    assert_non_null(strstr(rtc_last_error(), "colour at most ffffff"));
    const rtc_test_video_options grain = {.size = sizeof grain, .grain = 65};
    assert_int_equal(rtc_test_video_source_new(NULL, &grain, &source), RTC_ERR_RANGE);
    assert_non_null(strstr(rtc_last_error(), "a grain of 65"));
    assert_int_equal(make_audio(20, 2, 100), RTC_OK);
    assert_int_equal(make_audio(19, 1, 30), RTC_ERR_RANGE);
    assert_int_equal(make_audio(20001, 1, 30), RTC_ERR_RANGE);
    assert_int_equal(make_audio(440, 3, 30), RTC_ERR_RANGE);
    assert_int_equal(make_audio(440, 1, 101), RTC_ERR_RANGE);
    assert_int_equal(rtc_test_audio_source_new(NULL, &(rtc_test_audio_options){0}, &source), RTC_ERR_TYPE);
    assert_int_equal(rtc_test_video_source_new(NULL, NULL, NULL), RTC_ERR_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_video),
        cmocka_unit_test(test_audio),
        cmocka_unit_test(test_voice),
        cmocka_unit_test(test_begins_again),
        cmocka_unit_test(test_ends_from_within),
        cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
