/* SPDX-License-Identifier: MIT */
/* Sources and tracks: who gets which frame, from which thread, and what removal promises. */
#include "context.h"
#include "counting_allocator.h"
#include "media_track.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A consumer that notes what it got, and may do something within its callback. */
struct consumer {
    rtc_media_stream_track *track;
    struct media_consumer *handle;
    int video, audio, encoded, released;
    rtc_video_frame *last_video;
    rtc_audio_frame *last_audio;
    void (*then)(struct consumer *);
    void *extra;
};

static void on_video(void *user, rtc_video_frame *frame)
{
    struct consumer *c = user;
    c->video++;
    rtc_video_frame_unref(c->last_video);
    c->last_video = rtc_video_frame_ref(frame);
    if (c->then)
        c->then(c);
}

static void on_audio(void *user, rtc_audio_frame *frame)
{
    struct consumer *c = user;
    c->audio++;
    rtc_audio_frame_unref(c->last_audio);
    c->last_audio = rtc_audio_frame_ref(frame);
}

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    struct consumer *c = user;
    (void)frame;
    c->encoded++;
}

static void on_released(void *user)
{
    ((struct consumer *)user)->released++;
}

static const struct media_consumer_ops all = {
    .on_video = on_video, .on_audio = on_audio, .on_encoded = on_encoded, .released = on_released};

static void subscribe(struct consumer *c, rtc_media_stream_track *track)
{
    c->track = track;
    assert_int_equal(media_track_add_consumer(track, &all, c, &c->handle), RTC_OK);
}

static void unsubscribe(struct consumer *c)
{
    media_track_remove_consumer(c->track, c->handle);
    c->handle = NULL;
}

static void drop_frames(struct consumer *c)
{
    rtc_video_frame_unref(c->last_video);
    rtc_audio_frame_unref(c->last_audio);
    c->last_video = NULL;
    c->last_audio = NULL;
}

/* A source that counts what it is told. */
struct told {
    int started, stopped, keyframes, destroyed;
    uint32_t bitrate;
};
static void told_start(void *user)
{
    ((struct told *)user)->started++;
}
static void told_stop(void *user)
{
    ((struct told *)user)->stopped++;
}
static void told_keyframe(void *user)
{
    ((struct told *)user)->keyframes++;
}
static void told_bitrate(void *user, uint32_t bitrate_bps)
{
    ((struct told *)user)->bitrate = bitrate_bps;
}
static void told_destroy(void *user)
{
    ((struct told *)user)->destroyed++;
}
static const rtc_media_source_ops told_ops = {sizeof told_ops, told_start, told_stop, told_keyframe, told_bitrate, told_destroy};

static rtc_media_source *new_source(rtc_context *context, rtc_media_kind kind, struct told *told)
{
    rtc_media_source *source;
    memset(told, 0, sizeof *told);
    assert_int_equal(rtc_media_source_new(context, kind, "a label", &told_ops, told, &source), RTC_OK);
    return source;
}

static rtc_media_stream_track *new_track(rtc_media_source *source)
{
    rtc_media_stream_track *track;
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    return track;
}

static rtc_video_frame *new_picture(uint32_t width, uint32_t height)
{
    const rtc_video_frame_options o = {
        .size = sizeof o, .format = RTC_VIDEO_I420, .width = width, .height = height, .capture_time_us = 1234, .rotation = 90};
    rtc_video_frame *f;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &f), RTC_OK);
    memset(rtc_video_frame_writable_plane(f, 0), 200, rtc_video_frame_stride(f, 0) * height);
    return f;
}

static void push_picture(rtc_media_source *source)
{
    rtc_video_frame *f = new_picture(32, 16);
    assert_int_equal(rtc_media_source_push_video(source, f), RTC_OK);
    rtc_video_frame_unref(f);
}

static rtc_audio_frame *new_sound(void)
{
    static const int16_t samples[160] = {100, 200, 300};
    const rtc_audio_frame_options o = {.size = sizeof o,
                                       .format = RTC_AUDIO_S16,
                                       .sample_rate = 8000,
                                       .channels = 2,
                                       .samples = 80,
                                       .capture_time_us = 55,
                                       .data = samples};
    rtc_audio_frame *f;
    assert_int_equal(rtc_audio_frame_new(NULL, &o, &f), RTC_OK);
    return f;
}

static rtc_encoded_frame *new_encoded(rtc_media_kind kind)
{
    const rtc_encoded_frame_options o = {.size = sizeof o, .kind = kind, .codec = "VP8", .data = "x", .data_len = 1};
    rtc_encoded_frame *f;
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &f), RTC_OK);
    return f;
}

static void test_every_track_gets_every_frame(void **state)
{
    (void)state;
    struct told told;
    struct consumer a = {0}, b = {0}, c = {0};
    rtc_media_source *source = new_source(NULL, RTC_MEDIA_VIDEO, &told);
    rtc_media_stream_track *one = new_track(source), *two = new_track(source);
    assert_string_not_equal(rtc_media_stream_track_id(one), rtc_media_stream_track_id(two));
    assert_string_equal(rtc_media_stream_track_label(one), "a label");
    assert_int_equal(rtc_media_stream_track_kind(one), RTC_MEDIA_VIDEO);
    subscribe(&a, one);
    subscribe(&b, one);
    subscribe(&c, two);
    rtc_video_frame *f = new_picture(32, 16);
    assert_int_equal(rtc_media_source_push_video(source, f), RTC_OK);
    assert_ptr_equal(a.last_video, f);
    assert_ptr_equal(b.last_video, f);
    assert_ptr_equal(c.last_video, f);
    rtc_video_frame_unref(f);
    unsubscribe(&b);
    push_picture(source);
    assert_int_equal(a.video, 2);
    assert_int_equal(b.video, 1);
    assert_int_equal(c.video, 2);
    struct media_source_stats stats;
    media_source_stats(source, &stats);
    assert_int_equal(stats.frames, 2);
    assert_int_equal(stats.width, 32);
    rtc_media_stream_track_unref(one); /* takes its consumers along */
    assert_int_equal(a.released, 1);
    assert_int_equal(b.released, 1);
    assert_int_equal(c.released, 0);
    push_picture(source);
    assert_int_equal(a.video, 2);
    assert_int_equal(c.video, 3);
    rtc_media_source_unref(source);
    assert_int_equal(told.destroyed, 0);
    rtc_media_stream_track_unref(two);
    assert_int_equal(told.destroyed, 1);
    drop_frames(&a);
    drop_frames(&b);
    drop_frames(&c);
}

static void test_kinds_are_kept_apart(void **state)
{
    (void)state;
    struct told told;
    rtc_media_source *video = new_source(NULL, RTC_MEDIA_VIDEO, &told), *audio = new_source(NULL, RTC_MEDIA_AUDIO, &told), *bad;
    rtc_video_frame *picture = new_picture(2, 2);
    rtc_audio_frame *sound = new_sound();
    rtc_encoded_frame *encoded = new_encoded(RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_media_source_push_audio(video, sound), RTC_ERR_TYPE);
    assert_int_equal(rtc_media_source_push_video(audio, picture), RTC_ERR_TYPE);
    assert_int_equal(rtc_media_source_push_encoded(audio, encoded), RTC_ERR_TYPE);
    assert_int_equal(rtc_media_source_push_encoded(video, encoded), RTC_OK);
    assert_int_equal(rtc_media_source_push_video(video, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_media_source_new(NULL, (rtc_media_kind)3, NULL, NULL, NULL, &bad), RTC_ERR_TYPE);
    rtc_video_frame_unref(picture);
    rtc_audio_frame_unref(sound);
    rtc_encoded_frame_unref(encoded);
    rtc_media_source_unref(video);
    rtc_media_source_unref(audio);
}

static void test_disabled_video_is_black(void **state)
{
    (void)state;
    struct told told;
    struct consumer a = {0}, b = {0};
    rtc_media_source *source = new_source(NULL, RTC_MEDIA_VIDEO, &told);
    rtc_media_stream_track *on = new_track(source), *off = new_track(source);
    rtc_media_stream_track_set_enabled(off, false);
    assert_false(rtc_media_stream_track_enabled(off));
    subscribe(&a, off);
    subscribe(&b, on);
    rtc_video_frame *f = new_picture(33, 17);
    rtc_video_frame_set_rtp_timestamp(f, 99);
    assert_int_equal(rtc_media_source_push_video(source, f), RTC_OK);
    assert_ptr_equal(b.last_video, f);
    rtc_video_frame_unref(f);
    assert_int_equal(rtc_video_frame_width(a.last_video), 33);
    assert_int_equal(rtc_video_frame_height(a.last_video), 17);
    assert_int_equal(rtc_video_frame_rotation(a.last_video), 90);
    assert_int_equal(rtc_video_frame_capture_time_us(a.last_video), 1234);
    assert_int_equal(rtc_video_frame_rtp_timestamp(a.last_video), 99);
    assert_int_equal(rtc_video_frame_plane(a.last_video, 0)[16 * rtc_video_frame_stride(a.last_video, 0) + 32], 16);
    assert_int_equal(rtc_video_frame_plane(a.last_video, 2)[8 * rtc_video_frame_stride(a.last_video, 2) + 16], 128);
    rtc_encoded_frame *e = new_encoded(RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_media_source_push_encoded(source, e), RTC_OK);
    assert_int_equal(a.encoded, 0);
    assert_int_equal(b.encoded, 1);
    rtc_media_stream_track_set_enabled(off, true);
    assert_int_equal(rtc_media_source_push_encoded(source, e), RTC_OK);
    assert_int_equal(a.encoded, 1);
    rtc_encoded_frame_unref(e);
    rtc_media_stream_track_unref(on);
    rtc_media_stream_track_unref(off);
    rtc_media_source_unref(source);
    drop_frames(&a);
    drop_frames(&b);
}

static void test_disabled_audio_is_silent(void **state)
{
    (void)state;
    struct told told;
    struct consumer a = {0};
    static const int16_t silence[160];
    rtc_media_source *source = new_source(NULL, RTC_MEDIA_AUDIO, &told);
    rtc_media_stream_track *track = new_track(source);
    subscribe(&a, track);
    rtc_audio_frame *f = new_sound();
    assert_int_equal(rtc_media_source_push_audio(source, f), RTC_OK);
    assert_ptr_equal(a.last_audio, f);
    rtc_media_stream_track_set_enabled(track, false);
    assert_int_equal(rtc_media_source_push_audio(source, f), RTC_OK);
    assert_int_equal(rtc_audio_frame_samples(a.last_audio), 80);
    assert_int_equal(rtc_audio_frame_channels(a.last_audio), 2);
    assert_int_equal(rtc_audio_frame_capture_time_us(a.last_audio), 55);
    assert_memory_equal(rtc_audio_frame_data(a.last_audio), silence, sizeof silence);
    rtc_audio_frame_unref(f);
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(source);
    drop_frames(&a);
}

static void test_source_runs_while_needed(void **state)
{
    (void)state;
    struct told told;
    struct consumer a = {0}, b = {0}, late = {0};
    rtc_media_source *source = new_source(NULL, RTC_MEDIA_VIDEO, &told);
    rtc_media_stream_track *one = new_track(source), *two = new_track(source);
    assert_int_equal(told.started, 0);
    subscribe(&a, one);
    subscribe(&b, two);
    assert_int_equal(told.started, 1);
    unsubscribe(&b);
    assert_int_equal(told.stopped, 0);
    assert_int_equal(rtc_media_stream_track_ready_state(one), RTC_TRACK_LIVE);
    rtc_media_stream_track_stop(one); /* an ended track needs nothing, though its consumer stays */
    assert_int_equal(rtc_media_stream_track_ready_state(one), RTC_TRACK_ENDED);
    assert_int_equal(told.stopped, 1);
    rtc_media_stream_track_stop(one);
    subscribe(&late, one);
    push_picture(source);
    assert_int_equal(a.video + b.video + late.video, 0);
    assert_int_equal(told.started, 1);
    subscribe(&b, two);
    assert_int_equal(told.started, 2);
    media_track_request_keyframe(two);
    media_track_set_bitrate(two, b.handle, 77000);
    assert_int_equal(told.keyframes, 1);
    assert_int_equal(told.bitrate, 77000);
    unsubscribe(&a);
    assert_int_equal(told.stopped, 1);
    rtc_media_stream_track_unref(two);
    assert_int_equal(told.stopped, 2);
    rtc_media_stream_track_unref(one);
    assert_int_equal(late.released, 1);
    rtc_media_source_unref(source);
    assert_int_equal(told.destroyed, 1);
    drop_frames(&b);
}

/* The slowest of a source's consumers is the rate of all; the library's own sources hear when nobody limits them any more. */
static void test_rate_of_the_slowest(void **state)
{
    (void)state;
    for (int remote = 0; remote < 2; remote++) {
        struct told told;
        struct consumer a = {0}, b = {0};
        rtc_media_source *source = new_source(NULL, RTC_MEDIA_VIDEO, &told);
        if (remote)
            media_source_understands_unlimited(source);
        rtc_media_stream_track *one = new_track(source), *two = new_track(source);
        subscribe(&a, one);
        subscribe(&b, two);
        media_track_set_bitrate(one, a.handle, 100000);
        assert_int_equal(told.bitrate, 100000);
        media_track_set_bitrate(two, b.handle, 50000);
        assert_int_equal(told.bitrate, 50000);
        media_track_set_bitrate(one, a.handle, 200000);
        assert_int_equal(told.bitrate, 50000);
        unsubscribe(&b);
        assert_int_equal(told.bitrate, 200000);
        subscribe(&b, two);
        media_track_set_bitrate(two, b.handle, 70000);
        rtc_media_stream_track_stop(two);
        assert_int_equal(told.bitrate, 200000);
        unsubscribe(&b);
        unsubscribe(&a);
        assert_int_equal(told.bitrate, remote ? 0 : 200000);
        rtc_media_stream_track_unref(one);
        rtc_media_stream_track_unref(two);
        rtc_media_source_unref(source);
    }
}

static void test_remote_track(void **state)
{
    (void)state;
    struct consumer a = {0};
    rtc_media_stream_track *track;
    assert_int_equal(media_track_new_remote(NULL, RTC_MEDIA_VIDEO, "their-id", NULL, NULL, NULL, &track), RTC_OK);
    assert_string_equal(rtc_media_stream_track_id(track), "their-id");
    assert_string_equal(rtc_media_stream_track_label(track), "");
    assert_true(rtc_media_stream_track_muted(track));
    media_track_set_muted(track, false);
    assert_false(rtc_media_stream_track_muted(track));
    assert_false(media_track_wants_raw(track));
    subscribe(&a, track);
    assert_false(media_track_wants_raw(track)); /* only sinks do */
    media_track_request_keyframe(track);
    media_track_set_bitrate(track, a.handle, 1);
    push_picture(media_track_source(track));
    assert_int_equal(a.video, 1);
    media_track_end(track);
    push_picture(media_track_source(track));
    assert_int_equal(a.video, 1);
    rtc_media_stream_track_unref(track);
    drop_frames(&a);
}

static void remove_self(struct consumer *c)
{
    unsubscribe(c);
    c->then = NULL;
}

static void remove_other(struct consumer *c)
{
    unsubscribe(c->extra);
    c->then = NULL;
}

static void add_other(struct consumer *c)
{
    subscribe(c->extra, c->track);
    c->then = NULL;
}

static void push_again(struct consumer *c)
{
    c->then = NULL;
    push_picture(c->extra);
}

static void drop_track(struct consumer *c)
{
    c->then = NULL;
    rtc_media_stream_track_unref(c->track);
}

static void test_changes_within_a_callback(void **state)
{
    (void)state;
    struct told told;
    struct consumer a = {0}, b = {0}, c = {0}, d = {0};
    rtc_media_source *source = new_source(NULL, RTC_MEDIA_VIDEO, &told);
    rtc_media_stream_track *track = new_track(source);
    subscribe(&a, track);
    subscribe(&b, track);
    subscribe(&c, track);
    a.then = remove_self;
    b.then = remove_other; /* the next in the list */
    b.extra = &c;
    push_picture(source);
    assert_int_equal(a.video, 1);
    assert_int_equal(a.released, 1);
    assert_int_equal(b.video, 1);
    assert_int_equal(c.video, 0);
    assert_int_equal(c.released, 1);
    b.then = add_other;
    b.extra = &d;
    push_picture(source);
    push_picture(source);
    assert_int_equal(d.video, 2);
    b.then = push_again;
    b.extra = source;
    push_picture(source);
    assert_int_equal(b.video, 5);
    assert_int_equal(d.video, 4);
    b.then = remove_other; /* the one before it is gone: d, behind it */
    b.extra = &d;
    push_picture(source);
    assert_int_equal(d.video, 4);
    rtc_media_source_unref(source);
    b.then = drop_track; /* the last reference to the track, and with it to the source */
    push_picture(media_track_source(track));
    assert_int_equal(b.released, 1);
    assert_int_equal(told.stopped, 1);
    assert_int_equal(told.destroyed, 1);
    drop_frames(&a);
    drop_frames(&b);
    drop_frames(&d);
}

static void try_all(rtc_context *context, struct told *told)
{
    struct consumer a = {0};
    rtc_media_source *source;
    rtc_media_stream_track *track = NULL, *remote = NULL;
    rtc_media_stream *stream = NULL;
    memset(told, 0, sizeof *told);
    if (rtc_media_source_new(context, RTC_MEDIA_VIDEO, "x", &told_ops, told, &source) != RTC_OK)
        return;
    if (rtc_media_stream_track_new(source, &track) == RTC_OK)
        (void)media_track_add_consumer(track, &all, &a, &a.handle);
    if (media_track_new_remote(context, RTC_MEDIA_AUDIO, "y", "z", NULL, NULL, &remote) != RTC_OK)
        assert_null(remote);
    if (rtc_media_stream_new(context, "s", &stream) != RTC_OK)
        assert_null(stream);
    rtc_media_stream_track_set_enabled(track ? track : remote, false);
    rtc_media_stream_unref(stream);
    rtc_media_stream_track_unref(track);
    rtc_media_stream_track_unref(remote);
    rtc_media_source_unref(source);
    assert_int_equal(told->destroyed, 1);
}

static void test_failing_memory(void **state)
{
    (void)state;
    struct counting_allocator c = {0};
    rtc_allocator allocator = counting_allocator_of(&c);
    const rtc_context_options o = {.size = sizeof o, .allocator = &allocator};
    struct told told;
    for (long long n = 2;; n++) { /* the first is the context */
        rtc_context *context;
        c.calls = c.failed = 0;
        c.fail_at = n;
        assert_int_equal(rtc_context_new(&o, &context), RTC_OK);
        try_all(context, &told);
        rtc_context_unref(context);
        assert_int_equal(c.live, 0);
        if (c.failed == 0)
            break;
        assert_true(n < 100);
    }
}

/* ---- Threads ---------------------------------------------------------------------------------------------------------------- */

struct pusher {
    rtc_media_source *source;
    atomic_bool done;
    atomic_llong pushed;
};

static void *push_until_done(void *user)
{
    struct pusher *p = user;
    const rtc_video_frame_options o = {.size = sizeof o, .format = RTC_VIDEO_I420, .width = 2, .height = 2};
    while (!atomic_load(&p->done)) {
        rtc_video_frame *f;
        if (rtc_video_frame_new(NULL, &o, &f) != RTC_OK)
            continue;
        (void)rtc_media_source_push_video(p->source, f);
        rtc_video_frame_unref(f);
        atomic_fetch_add(&p->pushed, 1);
    }
    return NULL;
}

/* Notices a call after its removal. */
struct watched {
    atomic_int calls, inside;
    atomic_bool removed, broken;
};

static void watch(void *user, rtc_video_frame *frame)
{
    struct watched *w = user;
    (void)frame;
    atomic_fetch_add(&w->inside, 1);
    if (atomic_load(&w->removed))
        atomic_store(&w->broken, true);
    atomic_fetch_add(&w->calls, 1);
    atomic_fetch_sub(&w->inside, 1);
}

static const struct media_consumer_ops watch_ops = {.on_video = watch};

static void wait_for_push(struct pusher *p)
{
    long long now = atomic_load(&p->pushed);
    while (atomic_load(&p->pushed) < now + 2)
        sched_yield();
}

static void test_removal_is_final(void **state)
{
    (void)state;
    struct told told;
    struct pusher pusher = {.source = new_source(NULL, RTC_MEDIA_VIDEO, &told)};
    rtc_media_stream_track *track = new_track(pusher.source);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, push_until_done, &pusher), 0);
    int called = 0;
    for (int round = 0; round < 300; round++) {
        struct watched w = {0};
        struct media_consumer *handle;
        assert_int_equal(media_track_add_consumer(track, &watch_ops, &w, &handle), RTC_OK);
        if (round % 3 == 0)
            wait_for_push(&pusher);
        media_track_remove_consumer(track, handle);
        atomic_store(&w.removed, true);
        assert_int_equal(atomic_load(&w.inside), 0);
        if (round % 5 == 0)
            wait_for_push(&pusher);
        called += atomic_load(&w.calls) > 0;
        assert_false(atomic_load(&w.broken));
    }
    assert_true(called >= 100);
    atomic_store(&pusher.done, true);
    for (int i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(pusher.source);
}

/* Tracks come, are switched, end and go on one thread while another pushes. */
static void test_tracks_come_and_go(void **state)
{
    (void)state;
    struct told told;
    struct pusher pusher = {.source = new_source(NULL, RTC_MEDIA_VIDEO, &told)};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, push_until_done, &pusher), 0);
    for (int round = 0; round < 200; round++) {
        struct watched w = {0};
        struct media_consumer *handle;
        rtc_media_stream_track *track = new_track(pusher.source);
        assert_int_equal(media_track_add_consumer(track, &watch_ops, &w, &handle), RTC_OK);
        rtc_media_stream_track_set_enabled(track, round % 2);
        if (round % 4 == 0)
            wait_for_push(&pusher);
        if (round % 3 == 0)
            rtc_media_stream_track_stop(track);
        rtc_media_stream_track_unref(track);
        atomic_store(&w.removed, true);
        if (round % 4 == 1)
            wait_for_push(&pusher);
        assert_false(atomic_load(&w.broken));
    }
    atomic_store(&pusher.done, true);
    (void)pthread_join(thread, NULL);
    assert_int_equal(told.started, 200);
    assert_int_equal(told.stopped, 200);
    rtc_media_source_unref(pusher.source);
    assert_int_equal(told.destroyed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_track_gets_every_frame),
        cmocka_unit_test(test_kinds_are_kept_apart),
        cmocka_unit_test(test_disabled_video_is_black),
        cmocka_unit_test(test_disabled_audio_is_silent),
        cmocka_unit_test(test_source_runs_while_needed),
        cmocka_unit_test(test_rate_of_the_slowest),
        cmocka_unit_test(test_remote_track),
        cmocka_unit_test(test_changes_within_a_callback),
        cmocka_unit_test(test_failing_memory),
        cmocka_unit_test(test_removal_is_final),
        cmocka_unit_test(test_tracks_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
