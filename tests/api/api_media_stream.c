/* SPDX-License-Identifier: MIT */
/* MediaStream by itself (mediacapture-streams 4.2) and the clones of tracks: what needs no connection. */
#include <crtc/crtc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct scene {
    rtc_media_source *sources[2]; /* audio, video */
    rtc_media_stream_track *audio, *video;
    rtc_media_stream *stream;
};

static void begin(struct scene *s)
{
    assert_int_equal(rtc_media_source_new(NULL, RTC_MEDIA_AUDIO, "a microphone", NULL, NULL, &s->sources[0]), RTC_OK);
    assert_int_equal(rtc_media_source_new(NULL, RTC_MEDIA_VIDEO, NULL, NULL, NULL, &s->sources[1]), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(s->sources[0], &s->audio), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(s->sources[1], &s->video), RTC_OK);
    rtc_media_stream_track *const both[] = {s->audio, s->video};
    assert_int_equal(rtc_media_stream_new_from_tracks(NULL, both, 2, &s->stream), RTC_OK);
}

static void end(struct scene *s)
{
    rtc_media_stream_unref(s->stream);
    rtc_media_stream_track_unref(s->audio);
    rtc_media_stream_track_unref(s->video);
    rtc_media_source_unref(s->sources[0]);
    rtc_media_source_unref(s->sources[1]);
}

static bool has(rtc_media_stream *stream, rtc_media_stream_track *track)
{
    rtc_media_stream_track *found = rtc_media_stream_get_track_by_id(stream, rtc_media_stream_track_id(track));
    rtc_media_stream_track_unref(found);
    return found == track;
}

static size_t count(rtc_media_stream *stream, rtc_media_kind kind)
{
    return rtc_media_stream_get_tracks(stream, kind, NULL, 0);
}

static void made_of_tracks_and_of_a_stream(void **state)
{
    struct scene s;
    rtc_media_stream *other, *empty;
    rtc_media_stream_track *got[2] = {NULL, NULL};
    (void)state;
    begin(&s);
    rtc_media_stream_track *const twice[] = {s.audio, s.audio};
    assert_int_equal(strlen(rtc_media_stream_id(s.stream)), 36);
    assert_int_equal(rtc_media_stream_get_tracks(s.stream, (rtc_media_kind)0, got, 2), 2);
    assert_true(got[0] == s.audio && got[1] == s.video);
    rtc_media_stream_track_unref(got[0]);
    rtc_media_stream_track_unref(got[1]);
    assert_int_equal(rtc_media_stream_get_tracks(s.stream, RTC_MEDIA_VIDEO, got, 1), 1);
    assert_true(got[0] == s.video);
    rtc_media_stream_track_unref(got[0]);
    assert_int_equal(rtc_media_stream_new_from_stream(s.stream, &other), RTC_OK);
    assert_string_not_equal(rtc_media_stream_id(other), rtc_media_stream_id(s.stream));
    assert_true(has(other, s.audio) && has(other, s.video));
    rtc_media_stream_unref(other);
    assert_int_equal(rtc_media_stream_new_from_tracks(NULL, twice, 2, &other), RTC_OK);
    assert_int_equal(count(other, RTC_MEDIA_AUDIO), 1);
    rtc_media_stream_unref(other);
    assert_int_equal(rtc_media_stream_new_from_tracks(NULL, NULL, 0, &empty), RTC_OK);
    assert_false(rtc_media_stream_active(empty));
    rtc_media_stream_unref(empty);
    end(&s);
}

static void added_and_removed(void **state)
{
    struct scene s;
    rtc_media_stream *stream;
    (void)state;
    begin(&s);
    assert_int_equal(rtc_media_stream_new(NULL, NULL, &stream), RTC_OK);
    assert_int_equal(count(stream, (rtc_media_kind)0), 0);
    assert_null(rtc_media_stream_get_track_by_id(stream, rtc_media_stream_track_id(s.audio)));
    assert_int_equal(rtc_media_stream_add_track(stream, s.audio), RTC_OK);
    assert_int_equal(rtc_media_stream_add_track(stream, s.audio), RTC_OK);
    assert_int_equal(count(stream, (rtc_media_kind)0), 1);
    rtc_media_stream_remove_track(stream, s.video);
    rtc_media_stream_remove_track(stream, NULL);
    assert_true(has(stream, s.audio));
    rtc_media_stream_remove_track(stream, s.audio);
    assert_int_equal(count(stream, (rtc_media_kind)0), 0);
    assert_int_equal(rtc_media_stream_add_track(stream, NULL), RTC_ERR_TYPE);
    assert_non_null(strstr(rtc_last_error(), "track is NULL"));
    rtc_media_stream_unref(stream);
    end(&s);
}

/* active while one of them lives; adding one that ended does not make it so (4.2.1). */
static void active_while_one_lives(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    assert_true(rtc_media_stream_active(s.stream));
    rtc_media_stream_track_stop(s.audio);
    assert_true(rtc_media_stream_active(s.stream));
    rtc_media_source_end(s.sources[1]);
    assert_false(rtc_media_stream_active(s.stream));
    end(&s);
}

static void clone_of_a_stream(void **state)
{
    struct scene s;
    rtc_media_stream *clone;
    rtc_media_stream_track *tracks[2];
    (void)state;
    begin(&s);
    assert_int_equal(rtc_media_stream_clone(s.stream, &clone), RTC_OK);
    assert_string_not_equal(rtc_media_stream_id(clone), rtc_media_stream_id(s.stream));
    assert_int_equal(rtc_media_stream_get_tracks(clone, (rtc_media_kind)0, tracks, 2), 2);
    assert_false(has(clone, s.audio));
    assert_int_equal(rtc_media_stream_track_kind(tracks[0]), RTC_MEDIA_AUDIO);
    rtc_media_stream_track_stop(tracks[0]);
    assert_int_equal(rtc_media_stream_track_ready_state(s.audio), RTC_TRACK_LIVE);
    rtc_media_stream_track_unref(tracks[0]);
    rtc_media_stream_track_unref(tracks[1]);
    rtc_media_stream_unref(clone);
    end(&s);
}

/* A clone begins as the track is, and goes its own way (4.3.1). */
static void clone_of_a_track(void **state)
{
    struct scene s;
    rtc_media_stream_track *clone, *ended;
    (void)state;
    begin(&s);
    rtc_media_stream_track_set_enabled(s.audio, false);
    assert_int_equal(rtc_media_stream_track_set_content_hint(s.audio, RTC_CONTENT_HINT_MUSIC), RTC_OK);
    assert_int_equal(rtc_media_stream_track_clone(s.audio, &clone), RTC_OK);
    assert_string_equal(rtc_media_stream_track_label(clone), "a microphone");
    assert_string_not_equal(rtc_media_stream_track_id(clone), rtc_media_stream_track_id(s.audio));
    assert_false(rtc_media_stream_track_enabled(clone));
    assert_int_equal(rtc_media_stream_track_content_hint(clone), RTC_CONTENT_HINT_MUSIC);
    rtc_media_stream_track_set_enabled(clone, true);
    assert_false(rtc_media_stream_track_enabled(s.audio));
    rtc_media_stream_track_stop(s.audio);
    assert_int_equal(rtc_media_stream_track_ready_state(clone), RTC_TRACK_LIVE);
    assert_int_equal(rtc_media_stream_track_clone(s.audio, &ended), RTC_OK);
    assert_int_equal(rtc_media_stream_track_ready_state(ended), RTC_TRACK_ENDED);
    assert_int_equal(rtc_media_stream_track_clone(NULL, &ended), RTC_ERR_TYPE);
    rtc_media_stream_track_unref(ended);
    rtc_media_stream_track_unref(clone);
    end(&s);
}

/* Those of the other kind are refused, and change nothing (mst-content-hint 3). */
static void hints(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    assert_int_equal(rtc_media_stream_track_content_hint(s.video), RTC_CONTENT_HINT_NONE);
    assert_int_equal(rtc_media_stream_track_set_content_hint(s.video, RTC_CONTENT_HINT_DETAIL), RTC_OK);
    assert_int_equal(rtc_media_stream_track_set_content_hint(s.video, RTC_CONTENT_HINT_SPEECH), RTC_ERR_TYPE);
    assert_non_null(strstr(rtc_last_error(), "the hint 1 is none of video"));
    assert_int_equal(rtc_media_stream_track_set_content_hint(s.audio, (rtc_content_hint)7), RTC_ERR_TYPE);
    assert_int_equal(rtc_media_stream_track_content_hint(s.video), RTC_CONTENT_HINT_DETAIL);
    assert_int_equal(rtc_media_stream_track_set_content_hint(s.video, RTC_CONTENT_HINT_NONE), RTC_OK);
    end(&s);
}

/* What comes, as it comes (4.3.3.3). */
static void settings(void **state)
{
    struct scene s;
    rtc_track_settings got = {.size = sizeof got};
    rtc_audio_frame *sound;
    rtc_video_frame *picture;
    (void)state;
    begin(&s);
    assert_int_equal(rtc_media_stream_track_get_settings(s.video, &got), RTC_OK);
    assert_true(got.width == 0 && got.height == 0 && got.frame_rate == 0 && got.sample_rate == 0);
    assert_int_equal(
        rtc_audio_frame_new(
            NULL,
            &(rtc_audio_frame_options){
                .size = sizeof(rtc_audio_frame_options), .format = RTC_AUDIO_S16, .sample_rate = 16000, .channels = 2, .samples = 160},
            &sound),
        RTC_OK);
    assert_int_equal(
        rtc_video_frame_new(
            NULL,
            &(rtc_video_frame_options){.size = sizeof(rtc_video_frame_options), .format = RTC_VIDEO_I420, .width = 320, .height = 180},
            &picture),
        RTC_OK);
    assert_int_equal(rtc_media_source_push_audio(s.sources[0], sound), RTC_OK);
    assert_int_equal(rtc_media_source_push_video(s.sources[1], picture), RTC_OK);
    assert_int_equal(rtc_media_stream_track_get_settings(s.video, &got), RTC_OK);
    assert_true(got.width == 320 && got.height == 180 && got.channels == 0);
    assert_int_equal(rtc_media_stream_track_get_settings(s.audio, &got), RTC_OK);
    assert_true(got.sample_rate == 16000 && got.channels == 2 && got.width == 0);
    got = (rtc_track_settings){.size = offsetof(rtc_track_settings, frame_rate), .sample_rate = 7};
    assert_int_equal(rtc_media_stream_track_get_settings(s.audio, &got), RTC_OK);
    assert_int_equal(got.sample_rate, 7); /* a program that knows less */
    rtc_audio_frame_unref(sound);
    rtc_video_frame_unref(picture);
    end(&s);
}

static void never(void *user, rtc_media_stream *stream, rtc_media_stream_track *track)
{
    (void)user;
    (void)stream;
    (void)track;
    fail_msg("what the program does is not told");
}

static void own_changes_are_not_told(void **state)
{
    static const rtc_media_stream_callbacks callbacks = {sizeof callbacks, never, never};
    struct scene s;
    rtc_media_stream_listener *listener;
    (void)state;
    begin(&s);
    assert_int_equal(rtc_media_stream_add_listener(s.stream, &callbacks, NULL, &listener), RTC_OK);
    rtc_media_stream_remove_track(s.stream, s.audio);
    assert_int_equal(rtc_media_stream_add_track(s.stream, s.audio), RTC_OK);
    rtc_media_stream_remove_listener(s.stream, listener);
    assert_int_equal(rtc_media_stream_add_listener(s.stream, NULL, NULL, &listener), RTC_ERR_TYPE);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_of_tracks_and_of_a_stream),
        cmocka_unit_test(added_and_removed),
        cmocka_unit_test(active_while_one_lives),
        cmocka_unit_test(clone_of_a_stream),
        cmocka_unit_test(clone_of_a_track),
        cmocka_unit_test(hints),
        cmocka_unit_test(settings),
        cmocka_unit_test(own_changes_are_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
