/* SPDX-License-Identifier: MIT */
/* Who listens to a track: in which order they are told, what may be done from within a callback, and that nobody is called once removed. */
#include "context.h"
#include "counting_allocator.h"
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

struct ear {
    struct scene *scene;
    char name;
    rtc_track_listener *listener;
    void (*then)(struct ear *ear); /* what it does in the callback */
};

struct scene {
    rtc_media_stream_track *track;
    char text[256];
    struct ear a, b;
};

static void note(struct ear *ear, rtc_media_stream_track *track, char what)
{
    struct scene *s = ear->scene;
    size_t len = strlen(s->text);
    assert_ptr_equal(track, s->track);
    (void)snprintf(s->text + len, sizeof s->text - len, "%c%c ", ear->name, what);
    if (ear->then)
        ear->then(ear);
}

static void on_mute(void *user, rtc_media_stream_track *track)
{
    note(user, track, 'm');
}

static void on_unmute(void *user, rtc_media_stream_track *track)
{
    note(user, track, 'u');
}

static void on_ended(void *user, rtc_media_stream_track *track)
{
    note(user, track, 'e');
}

static const rtc_track_callbacks all = {sizeof all, on_mute, on_unmute, on_ended};

static rtc_media_stream_track *fresh_track(rtc_context *context)
{
    rtc_media_stream_track *track;
    assert_int_equal(media_track_new_remote(context, RTC_MEDIA_VIDEO, "id", NULL, NULL, NULL, &track), RTC_OK);
    return track;
}

static void listen(struct scene *s, struct ear *ear, char name)
{
    *ear = (struct ear){.scene = s, .name = name};
    assert_int_equal(rtc_media_stream_track_add_listener(s->track, &all, ear, &ear->listener), RTC_OK);
}

static void begin(struct scene *s)
{
    memset(s, 0, sizeof *s);
    s->track = fresh_track(NULL);
    listen(s, &s->a, 'a');
    listen(s, &s->b, 'b');
}

static void in_order_of_adding(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    media_track_tell(s.track, TRACK_EVENT_UNMUTE);
    media_track_tell(s.track, TRACK_EVENT_MUTE);
    rtc_media_stream_track_remove_listener(s.track, s.a.listener);
    media_track_tell(s.track, TRACK_EVENT_ENDED);
    assert_string_equal(s.text, "au bu am bm be ");
    rtc_media_stream_track_remove_listener(s.track, NULL);
    rtc_media_stream_track_remove_listener(NULL, s.b.listener);
    rtc_media_stream_track_unref(s.track); /* with b, who was not removed */
}

static void remove_itself(struct ear *ear)
{
    rtc_media_stream_track_remove_listener(ear->scene->track, ear->listener);
}

static void remove_b(struct ear *ear)
{
    rtc_media_stream_track_remove_listener(ear->scene->track, ear->scene->b.listener);
    ear->then = NULL;
}

static void add_b(struct ear *ear)
{
    listen(ear->scene, &ear->scene->b, 'b');
    ear->then = NULL;
}

static void tell_again(struct ear *ear)
{
    ear->then = NULL;
    media_track_tell(ear->scene->track, TRACK_EVENT_UNMUTE);
}

static void from_within_callbacks(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    s.a.then = remove_b;
    media_track_tell(s.track, TRACK_EVENT_MUTE);
    s.a.then = add_b; /* who is added meanwhile hears of the next one */
    media_track_tell(s.track, TRACK_EVENT_UNMUTE);
    media_track_tell(s.track, TRACK_EVENT_MUTE);
    s.a.then = tell_again;
    media_track_tell(s.track, TRACK_EVENT_MUTE);
    s.a.then = remove_itself;
    media_track_tell(s.track, TRACK_EVENT_ENDED);
    media_track_tell(s.track, TRACK_EVENT_ENDED);
    assert_string_equal(s.text, "am au am bm am au bu bm ae be be ");
    rtc_media_stream_track_unref(s.track);
}

static void drop_track(struct ear *ear)
{
    rtc_media_stream_track_unref(ear->scene->track);
}

static void the_last_reference_goes(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    s.a.then = drop_track;
    media_track_tell(s.track, TRACK_EVENT_MUTE);
    assert_string_equal(s.text, "am bm ");
}

static void old_and_broken_structs(void **state)
{
    struct scene s;
    rtc_track_listener *listener = NULL;
    rtc_track_callbacks callbacks = all;
    (void)state;
    begin(&s);
    assert_int_equal(rtc_media_stream_track_add_listener(NULL, &all, NULL, &listener), RTC_ERR_TYPE);
    assert_int_equal(rtc_media_stream_track_add_listener(s.track, NULL, NULL, &listener), RTC_ERR_TYPE);
    assert_int_equal(rtc_media_stream_track_add_listener(s.track, &all, NULL, NULL), RTC_ERR_TYPE);
    callbacks.size = 0;
    assert_int_equal(rtc_media_stream_track_add_listener(s.track, &callbacks, NULL, &listener), RTC_ERR_TYPE);
    callbacks = (rtc_track_callbacks){.size = offsetof(rtc_track_callbacks, on_ended)};
    assert_int_equal(rtc_media_stream_track_add_listener(s.track, &callbacks, NULL, &listener), RTC_OK);
    media_track_tell(s.track, TRACK_EVENT_MUTE);
    media_track_tell(s.track, TRACK_EVENT_ENDED);
    rtc_media_stream_track_unref(s.track);
}

static void memory_runs_out(void **state)
{
    struct counting_allocator c = {0};
    rtc_allocator allocator = counting_allocator_of(&c);
    const rtc_context_options o = {.size = sizeof o, .allocator = &allocator};
    rtc_context *context;
    rtc_track_listener *listener = NULL;
    (void)state;
    assert_int_equal(rtc_context_new(&o, &context), RTC_OK);
    rtc_media_stream_track *track = fresh_track(context);
    atomic_store(&c.fail_at, atomic_load(&c.calls) + 1);
    assert_int_equal(rtc_media_stream_track_add_listener(track, &all, NULL, &listener), RTC_ERR_NO_MEMORY);
    assert_null(listener);
    rtc_media_stream_track_unref(track);
    rtc_context_unref(context);
    assert_int_equal(c.live, 0);
}

/* ---- Threads ---- */

static atomic_uint inside, calls, left;

static void count(void *user, rtc_media_stream_track *track)
{
    (void)track;
    assert_int_equal(atomic_fetch_add(&inside, 1), 0); /* one at a time */
    atomic_fetch_add(&calls, 1);
    for (int i = 0; i < 20; i++)
        (void)sched_yield();
    assert_false(atomic_load((atomic_bool *)user)); /* it was not removed yet */
    atomic_fetch_sub(&inside, 1);
}

static void *tell(void *track)
{
    for (int i = 0; i < 200; i++)
        media_track_tell(track, i % 2 ? TRACK_EVENT_MUTE : TRACK_EVENT_UNMUTE);
    atomic_fetch_add(&left, 1);
    return NULL;
}

/* Told on two threads, and removed by a third in the middle of it. */
static void nobody_is_called_once_removed(void **state)
{
    static const rtc_track_callbacks counting = {sizeof counting, count, count, count};
    (void)state;
    for (int round = 0; round < 20; round++) {
        pthread_t threads[2];
        atomic_bool removed = false;
        rtc_track_listener *listener;
        rtc_media_stream_track *track = fresh_track(NULL);
        assert_int_equal(rtc_media_stream_track_add_listener(track, &counting, &removed, &listener), RTC_OK);
        atomic_store(&calls, 0);
        atomic_store(&left, 0);
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, tell, track), 0);
        while (atomic_load(&calls) < 10 && atomic_load(&left) < 2)
            (void)sched_yield();
        rtc_media_stream_track_remove_listener(track, listener);
        atomic_store(&removed, true);
        for (int i = 0; i < 2; i++)
            (void)pthread_join(threads[i], NULL);
        rtc_media_stream_track_unref(track);
    }
}

static void on_worker(void *user, rtc_media_stream_track *track)
{
    assert_int_equal(rtc_media_stream_track_ready_state(track), RTC_TRACK_ENDED);
    atomic_fetch_add((atomic_uint *)user, 1);
}

/* Where no connection tells it any more a worker does, once. */
static void the_end_is_told_elsewhere(void **state)
{
    static const rtc_track_callbacks waiting = {.size = sizeof waiting, .on_ended = on_worker};
    const rtc_context_options o = {.size = sizeof o, .worker_threads = 2};
    rtc_context *context;
    rtc_track_listener *listener;
    atomic_uint told = 0;
    (void)state;
    assert_int_equal(rtc_context_new(&o, &context), RTC_OK);
    rtc_media_stream_track *track = fresh_track(context);
    assert_int_equal(rtc_media_stream_track_add_listener(track, &waiting, &told, &listener), RTC_OK);
    assert_true(media_track_end_all(track));
    assert_false(media_track_end_all(track));
    media_track_tell_end_elsewhere(track);
    media_track_tell_end_elsewhere(track);
    while (atomic_load(&told) == 0)
        (void)sched_yield();
    rtc_media_stream_track_remove_listener(track, listener);
    assert_int_equal(atomic_load(&told), 1);
    rtc_media_stream_track_unref(track);
    rtc_context_unref(context);
}

/* Who has no listeners starts no worker for them, and is gone with the last reference. */
static void an_end_that_nobody_hears(void **state)
{
    struct counting_allocator c = {0};
    rtc_allocator allocator = counting_allocator_of(&c);
    const rtc_context_options o = {.size = sizeof o, .allocator = &allocator};
    rtc_context *context;
    (void)state;
    assert_int_equal(rtc_context_new(&o, &context), RTC_OK);
    rtc_media_stream_track *track = fresh_track(context);
    assert_true(media_track_end_all(track));
    media_track_tell_end_elsewhere(track);
    assert_null(context_slot_get(context, CONTEXT_SLOT_EXECUTOR));
    rtc_media_stream_track_unref(track);
    rtc_context_unref(context);
    assert_int_equal(c.live, 0);
}

struct muted_calls {
    const rtc_media_stream_track *track;
    int muted, unmuted;
};

static void count_muted(void *user, bool muted)
{
    struct muted_calls *c = user;
    assert_int_equal(rtc_media_stream_track_muted(c->track), muted); /* stored before it is told */
    *(muted ? &c->muted : &c->unmuted) += 1;
}

static void the_connection_hears_of_mutes(void **state)
{
    (void)state;
    static const struct media_track_events events = {.muted = count_muted};
    rtc_media_stream_track *track;
    assert_int_equal(media_track_new_remote(NULL, RTC_MEDIA_AUDIO, "id", NULL, NULL, NULL, &track), RTC_OK);
    struct muted_calls heard = {.track = track};
    media_track_listen(track, &events, &heard);
    media_track_set_muted(track, true); /* it began so */
    assert_int_equal(heard.muted, 0);
    media_track_set_muted(track, false);
    media_track_set_muted(track, false);
    media_track_set_muted(track, true);
    assert_int_equal(heard.unmuted, 1);
    assert_int_equal(heard.muted, 1);
    media_track_listen(track, NULL, NULL);
    media_track_set_muted(track, false);
    assert_false(rtc_media_stream_track_muted(track));
    assert_int_equal(heard.unmuted, 1);
    rtc_media_stream_track_unref(track);
}

static void count_unmute(void *user, rtc_media_stream_track *track)
{
    (void)track;
    ++*(int *)user;
}

/* A clone of a clone, too, hears only of what happens after it was made. */
static void clones_hear_what_comes_later(void **state)
{
    (void)state;
    const rtc_track_callbacks callbacks = {.size = sizeof callbacks, .on_unmute = count_unmute};
    rtc_media_stream_track *tracks[3];
    rtc_track_listener *listeners[3];
    int unmuted[3] = {0};
    assert_int_equal(media_track_new_remote(NULL, RTC_MEDIA_AUDIO, "id", NULL, NULL, NULL, &tracks[0]), RTC_OK);
    assert_int_equal(rtc_media_stream_track_clone(tracks[0], &tracks[1]), RTC_OK);
    media_track_set_muted(tracks[0], false); /* told in a moment */
    assert_int_equal(rtc_media_stream_track_clone(tracks[1], &tracks[2]), RTC_OK);
    assert_false(rtc_media_stream_track_muted(tracks[2]));
    for (int i = 0; i < 3; i++)
        assert_int_equal(rtc_media_stream_track_add_listener(tracks[i], &callbacks, &unmuted[i], &listeners[i]), RTC_OK);
    media_track_tell_all(tracks[0], TRACK_EVENT_UNMUTE);
    assert_true(unmuted[0] == 1 && unmuted[1] == 1 && unmuted[2] == 0);
    media_track_set_muted(tracks[0], true);
    media_track_tell_all(tracks[0], TRACK_EVENT_MUTE);
    media_track_set_muted(tracks[0], false);
    media_track_tell_all(tracks[0], TRACK_EVENT_UNMUTE);
    assert_true(unmuted[0] == 2 && unmuted[1] == 2 && unmuted[2] == 1);
    for (int i = 0; i < 3; i++)
        rtc_media_stream_track_unref(tracks[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_of_adding),
        cmocka_unit_test(from_within_callbacks),
        cmocka_unit_test(the_last_reference_goes),
        cmocka_unit_test(old_and_broken_structs),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(nobody_is_called_once_removed),
        cmocka_unit_test(the_end_is_told_elsewhere),
        cmocka_unit_test(an_end_that_nobody_hears),
        cmocka_unit_test(the_connection_hears_of_mutes),
        cmocka_unit_test(clones_hear_what_comes_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
