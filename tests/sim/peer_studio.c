/* SPDX-License-Identifier: MIT */
/* A studio: see peer_studio.h. */
#include "peer_studio.h"

#include "test_picture.h"

#include <math.h>
#include <string.h>

void studio_watch_picture(void *user, rtc_video_frame *frame)
{
    struct studio_watched *w = user;
    uint16_t number;
    w->pictures++;
    if (!test_picture_read(frame, &number))
        return;
    w->readable++;
    w->wrong += w->any && (uint16_t)(number - w->number) > 1000;
    w->number = number;
    w->any = true;
}

/* The share of the sound's energy that is at 1 kHz. */
void studio_watch_sound(void *user, rtc_audio_frame *frame)
{
    struct studio_watched *w = user;
    const int16_t *s = rtc_audio_frame_data(frame);
    uint32_t n = rtc_audio_frame_samples(frame), channels = rtc_audio_frame_channels(frame), rate = rtc_audio_frame_sample_rate(frame);
    double re = 0, im = 0, energy = 0;
    for (uint32_t i = 0; i < n; i++) {
        double v = s[i * channels] / 32768.0, angle = 2 * M_PI * STUDIO_TONE_HZ * i / rate;
        re += v * cos(angle);
        im += v * sin(angle);
        energy += v * v;
    }
    w->seconds += (double)n / rate;
    w->energy += energy;
    w->energy_at_tone += 2 * (re * re + im * im) / n;
    w->loud += energy / n > 0.001 ? (double)n / rate : 0;
}

static void push_picture(rtc_context *context, rtc_media_source *source, uint32_t number, rtc_time_t now)
{
    const rtc_video_frame_options options = {
        .size = sizeof options, .format = RTC_VIDEO_I420, .width = 320, .height = 240, .capture_time_us = now};
    const struct test_picture picture = {.number = number, .time_us = now};
    rtc_video_frame *frame;
    assert_int_equal(rtc_video_frame_new(context, &options, &frame), RTC_OK);
    test_picture_draw(frame, &picture);
    assert_int_equal(rtc_media_source_push_video(source, frame), RTC_OK);
    rtc_video_frame_unref(frame);
}

static void push_tone(rtc_context *context, rtc_media_source *source, double *phase, rtc_time_t now)
{
    int16_t samples[480];
    const rtc_audio_frame_options options = {.size = sizeof options,
                                             .format = RTC_AUDIO_S16,
                                             .sample_rate = 48000,
                                             .channels = 1,
                                             .samples = 480,
                                             .capture_time_us = now,
                                             .data = samples};
    rtc_audio_frame *frame;
    for (int i = 0; i < 480; i++, *phase += 2 * M_PI * STUDIO_TONE_HZ / 48000.0)
        samples[i] = (int16_t)(8000 * sin(*phase));
    assert_int_equal(rtc_audio_frame_new(context, &options, &frame), RTC_OK);
    assert_int_equal(rtc_media_source_push_audio(source, frame), RTC_OK);
    rtc_audio_frame_unref(frame);
}

struct studio studio;

static void studio_step(struct sim_peers *p, void *user)
{
    (void)user;
    for (; studio.next_audio <= p->now; studio.next_audio += 10 * MS)
        push_tone(p->context, studio.audio, &studio.phase, studio.next_audio);
    for (; studio.next_video <= p->now; studio.next_video += 50 * MS)
        push_picture(p->context, studio.video, studio.number++, studio.next_video);
}

static rtc_time_t studio_next(struct sim_peers *p, void *user)
{
    (void)p;
    (void)user;
    return studio.next_audio < studio.next_video ? studio.next_audio : studio.next_video;
}

void studio_open(struct sim_peers *p)
{
    memset(&studio, 0, sizeof studio);
    studio.next_audio = studio.next_video = MS;
    assert_int_equal(rtc_media_source_new(p->context, RTC_MEDIA_VIDEO, "picture", NULL, NULL, &studio.video), RTC_OK);
    assert_int_equal(rtc_media_source_new(p->context, RTC_MEDIA_AUDIO, "tone", NULL, NULL, &studio.audio), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(studio.video, &studio.video_track), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(studio.audio, &studio.audio_track), RTC_OK);
    p->on_step = studio_step;
    p->next_step = studio_next;
}

void studio_close(void)
{
    rtc_media_stream_track_unref(studio.video_track);
    rtc_media_stream_track_unref(studio.audio_track);
    rtc_media_source_unref(studio.video);
    rtc_media_source_unref(studio.audio);
}
