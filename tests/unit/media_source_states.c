/* SPDX-License-Identifier: MIT */
/* A source that ends, and one that is muted (mediacapture-streams 4.3.1): what becomes of its tracks, of what is pushed, and who is told.
 */
#include "media_track.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct scene;

/* A track and all that is noted of it. */
struct listened {
    struct scene *scene;
    char name;
    rtc_media_stream_track *track;
    rtc_track_listener *listener;
    struct media_consumer *consumer;
    rtc_video_frame *last; /* a reference */
    int pictures, encoded;
    void (*then)(struct listened *l); /* what it does in a callback */
};

struct scene {
    rtc_media_source *source;
    char text[128];
    int starts, stops, destroyed;
    struct listened a, b;
};

static void note(struct listened *l, rtc_media_stream_track *track, char what)
{
    size_t len = strlen(l->scene->text);
    assert_ptr_equal(track, l->track);
    (void)snprintf(l->scene->text + len, sizeof l->scene->text - len, "%c%c ", l->name, what);
    if (l->then)
        l->then(l);
}

static void on_mute(void *user, rtc_media_stream_track *track)
{
    assert_true(rtc_media_stream_track_muted(track));
    note(user, track, 'm');
}

static void on_unmute(void *user, rtc_media_stream_track *track)
{
    assert_false(rtc_media_stream_track_muted(track));
    note(user, track, 'u');
}

static void on_ended(void *user, rtc_media_stream_track *track)
{
    assert_int_equal(rtc_media_stream_track_ready_state(track), RTC_TRACK_ENDED);
    note(user, track, 'e');
}

static const rtc_track_callbacks callbacks = {sizeof callbacks, on_mute, on_unmute, on_ended};

static void on_video(void *user, rtc_video_frame *frame)
{
    struct listened *l = user;
    rtc_video_frame_unref(l->last);
    l->last = rtc_video_frame_ref(frame);
    l->pictures++;
}

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    (void)frame;
    ((struct listened *)user)->encoded++;
}

static const struct media_consumer_ops consumes = {.on_video = on_video, .on_encoded = on_encoded};

static void start(void *user)
{
    ((struct scene *)user)->starts++;
}

static void stop(void *user)
{
    ((struct scene *)user)->stops++;
}

static void destroy(void *user)
{
    ((struct scene *)user)->destroyed++;
}

static const rtc_media_source_ops source_ops = {.size = sizeof source_ops, .start = start, .stop = stop, .destroy = destroy};

static void make_track(struct scene *s, struct listened *l, char name)
{
    *l = (struct listened){.scene = s, .name = name};
    assert_int_equal(rtc_media_stream_track_new(s->source, &l->track), RTC_OK);
    assert_int_equal(rtc_media_stream_track_add_listener(l->track, &callbacks, l, &l->listener), RTC_OK);
    assert_int_equal(media_track_add_consumer(l->track, &consumes, l, &l->consumer), RTC_OK);
}

static void begin(struct scene *s)
{
    memset(s, 0, sizeof *s);
    assert_int_equal(rtc_media_source_new(NULL, RTC_MEDIA_VIDEO, NULL, &source_ops, s, &s->source), RTC_OK);
    make_track(s, &s->a, 'a');
    make_track(s, &s->b, 'b');
}

static void drop_track(struct listened *l)
{
    rtc_media_stream_track_unref(l->track);
    rtc_video_frame_unref(l->last);
}

static void end(struct scene *s)
{
    drop_track(&s->a);
    drop_track(&s->b);
    rtc_media_source_unref(s->source);
    assert_int_equal(s->destroyed, 1);
    assert_int_equal(s->starts, s->stops);
}

/* White, so that black is another one. */
static int push_picture(rtc_media_source *source)
{
    const rtc_video_frame_options o = {.size = sizeof o, .format = RTC_VIDEO_I420, .width = 16, .height = 16};
    rtc_video_frame *frame;
    assert_int_equal(rtc_video_frame_new(NULL, &o, &frame), RTC_OK);
    memset(rtc_video_frame_writable_plane(frame, 0), 235, rtc_video_frame_stride(frame, 0) * 16);
    int error = rtc_media_source_push_video(source, frame);
    rtc_video_frame_unref(frame);
    return error;
}

static int push_encoded(rtc_media_source *source)
{
    const rtc_encoded_frame_options o = {
        .size = sizeof o, .kind = RTC_MEDIA_VIDEO, .codec = "VP8", .data = "x", .data_len = 1, .keyframe = true};
    rtc_encoded_frame *frame;
    assert_int_equal(rtc_encoded_frame_new(NULL, &o, &frame), RTC_OK);
    int error = rtc_media_source_push_encoded(source, frame);
    rtc_encoded_frame_unref(frame);
    return error;
}

static uint8_t brightness(const struct listened *l)
{
    return rtc_video_frame_plane(l->last, 0)[0];
}

static void tracks_end_with_their_source(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    assert_int_equal(push_picture(s.source), RTC_OK);
    rtc_media_source_end(s.source);
    assert_string_equal(s.text, "ae be ");
    assert_int_equal(rtc_media_stream_track_ready_state(s.b.track), RTC_TRACK_ENDED);
    assert_int_equal(s.stops, 1);
    assert_int_equal(push_picture(s.source), RTC_ERR_INVALID_STATE);
    assert_non_null(strstr(rtc_last_error(), "has ended"));
    assert_int_equal(push_encoded(s.source), RTC_ERR_INVALID_STATE);
    assert_int_equal(s.a.pictures, 1);
    assert_int_equal(rtc_media_source_room(s.source), 0);
    rtc_media_source_end(s.source); /* for good, and once */
    rtc_media_source_set_muted(s.source, true);
    assert_false(rtc_media_stream_track_muted(s.a.track));
    assert_string_equal(s.text, "ae be ");
    end(&s);
}

/* Nobody needs the source any more, and nothing is told: nothing changed. */
static void tracks_of_an_ended_source_have_ended(void **state)
{
    struct scene s;
    struct listened late;
    (void)state;
    begin(&s);
    rtc_media_source_end(s.source);
    s.text[0] = 0;
    make_track(&s, &late, 'c');
    assert_int_equal(rtc_media_stream_track_ready_state(late.track), RTC_TRACK_ENDED);
    assert_int_equal(s.starts, 1);
    rtc_media_source_end(s.source);
    assert_string_equal(s.text, "");
    drop_track(&late);
    end(&s);
}

static void who_stopped_is_told_nothing(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    rtc_media_stream_track_stop(s.a.track);
    rtc_media_source_set_muted(s.source, true);
    assert_false(rtc_media_stream_track_muted(s.a.track));
    rtc_media_source_end(s.source);
    assert_string_equal(s.text, "bm be ");
    end(&s);
}

static void muted_tracks_carry_black(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    rtc_media_source_set_muted(s.source, true);
    rtc_media_source_set_muted(s.source, true); /* is no event */
    assert_string_equal(s.text, "am bm ");
    assert_int_equal(push_picture(s.source), RTC_OK);
    assert_int_equal(push_encoded(s.source), RTC_OK);
    assert_int_equal(s.a.pictures, 1);
    assert_int_equal(brightness(&s.a), 16);
    assert_int_equal(s.a.encoded, 0);
    rtc_media_source_set_muted(s.source, false);
    assert_string_equal(s.text, "am bm au bu ");
    rtc_media_stream_track_set_enabled(s.b.track, false); /* which is another thing */
    assert_int_equal(push_picture(s.source), RTC_OK);
    assert_int_equal(push_encoded(s.source), RTC_OK);
    assert_int_equal(brightness(&s.a), 235);
    assert_int_equal(brightness(&s.b), 16);
    assert_int_equal(s.a.encoded, 1);
    assert_int_equal(s.b.encoded, 0);
    end(&s);
}

static void tracks_of_a_muted_source_are_muted(void **state)
{
    struct scene s;
    struct listened late;
    (void)state;
    begin(&s);
    rtc_media_source_set_muted(s.source, true);
    s.text[0] = 0;
    make_track(&s, &late, 'c');
    assert_true(rtc_media_stream_track_muted(late.track));
    assert_string_equal(s.text, "");
    rtc_media_source_set_muted(s.source, false);
    assert_string_equal(s.text, "au bu cu ");
    drop_track(&late);
    end(&s);
}

static void unmute_from_within(struct listened *l)
{
    l->then = NULL;
    rtc_media_source_set_muted(l->scene->source, false);
}

static void end_from_within(struct listened *l)
{
    l->then = NULL;
    rtc_media_source_end(l->scene->source);
}

static void drop_both(struct listened *l)
{
    l->then = NULL;
    drop_track(&l->scene->a);
    drop_track(&l->scene->b);
    rtc_media_source_unref(l->scene->source);
}

/* A change within a callback is told once that returned; who had not heard of the first one hears of none that is over. */
static void from_within_callbacks(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    s.a.then = unmute_from_within;
    rtc_media_source_set_muted(s.source, true);
    assert_string_equal(s.text, "am au ");
    s.text[0] = 0;
    s.b.then = end_from_within;
    rtc_media_source_set_muted(s.source, true);
    assert_string_equal(s.text, "am bm ae be ");
    end(&s);
}

static void the_last_references_go(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    s.a.then = drop_both;
    rtc_media_source_end(s.source);
    assert_string_equal(s.text, "ae "); /* b went before its turn */
    assert_int_equal(s.destroyed, 1);
    rtc_media_source_end(NULL);
    rtc_media_source_set_muted(NULL, true);
}

/* ---- Threads ---- */

struct heard {
    atomic_int muted, ended, inside;
};

static void hears(struct heard *h, atomic_int *what, int value)
{
    assert_int_equal(atomic_fetch_add(&h->inside, 1), 0); /* one at a time */
    assert_int_equal(atomic_load(&h->ended), 0);          /* the last event */
    atomic_store(what, value);
    (void)sched_yield();
    atomic_fetch_sub(&h->inside, 1);
}

static void hears_mute(void *user, rtc_media_stream_track *track)
{
    struct heard *h = user;
    (void)track;
    hears(h, &h->muted, 1);
}

static void hears_unmute(void *user, rtc_media_stream_track *track)
{
    struct heard *h = user;
    (void)track;
    hears(h, &h->muted, 0);
}

static void hears_end(void *user, rtc_media_stream_track *track)
{
    struct heard *h = user;
    (void)track;
    hears(h, &h->ended, 1);
}

static const rtc_track_callbacks hearing = {sizeof hearing, hears_mute, hears_unmute, hears_end};

static void *toggle(void *source)
{
    for (int i = 0; i < 300; i++)
        rtc_media_source_set_muted(source, i % 2 == 0);
    return NULL;
}

static void *come_and_go(void *source)
{
    for (int i = 0; i < 300; i++) {
        rtc_media_stream_track *track;
        assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
        (void)rtc_media_stream_track_muted(track);
        rtc_media_stream_track_unref(track);
    }
    return NULL;
}

static void *end_it(void *source)
{
    rtc_media_source_end(source);
    return NULL;
}

static void run(rtc_media_source *source, size_t count, void *(*const work[])(void *))
{
    pthread_t threads[4];
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work[i], source), 0);
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(threads[i], NULL);
}

/* Whatever happens at once: what was heard last is what the track is. */
static void the_last_event_is_the_state(void **state)
{
    static void *(*const noise[])(void *) = {toggle, toggle, come_and_go};
    static void *(*const ending[])(void *) = {end_it, toggle, come_and_go, end_it};
    (void)state;
    for (int round = 0; round < 10; round++) {
        struct heard h = {0};
        rtc_media_source *source;
        rtc_media_stream_track *track;
        rtc_track_listener *listener;
        assert_int_equal(rtc_media_source_new(NULL, RTC_MEDIA_VIDEO, NULL, NULL, NULL, &source), RTC_OK);
        assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
        assert_int_equal(rtc_media_stream_track_add_listener(track, &hearing, &h, &listener), RTC_OK);
        run(source, 3, noise);
        assert_int_equal(atomic_load(&h.muted), rtc_media_stream_track_muted(track));
        run(source, 4, ending);
        assert_int_equal(atomic_load(&h.ended), 1);
        rtc_media_stream_track_unref(track);
        rtc_media_source_unref(source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tracks_end_with_their_source),
        cmocka_unit_test(tracks_of_an_ended_source_have_ended),
        cmocka_unit_test(who_stopped_is_told_nothing),
        cmocka_unit_test(muted_tracks_carry_black),
        cmocka_unit_test(tracks_of_a_muted_source_are_muted),
        cmocka_unit_test(from_within_callbacks),
        cmocka_unit_test(the_last_references_go),
        cmocka_unit_test(the_last_event_is_the_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
