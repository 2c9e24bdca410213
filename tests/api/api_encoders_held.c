/* SPDX-License-Identifier: MIT */
/* Encoders that never come to an end take every worker that there is for pictures. What another connection of the same loop has to do in
 * time - certificates, handshakes, checks, channels, messages - waits for none of them: it is all done before the first encoder is let go.
 * Nothing here is a matter of how fast the machine is. */
#include "api_pair.h"

#include "../scripted_media.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CAMERAS = 6, WAIT_MS = 60000, BURST = 20 };

static atomic_uint held, let_go;

static int codec_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    (void)settings;
    *out = context;
    return RTC_OK;
}

static int decoder_new(rtc_context *context, uint32_t channels, void **out)
{
    (void)channels;
    *out = context;
    return RTC_OK;
}

static void codec_free(void *codec)
{
    (void)codec;
}

static int encode(void *context, rtc_video_frame *frame, bool keyframe, rtc_encoded_frame **out)
{
    uint32_t n = atomic_fetch_add(&held, 1);
    while (atomic_load(&let_go) == 0)
        (void)sched_yield();
    *out = scripted_video(context, n, rtc_video_frame_capture_time_us(frame), keyframe, 500);
    return *out ? RTC_OK : RTC_ERR_NO_MEMORY;
}

static int decode(void *context, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    const rtc_video_frame_options options = {.size = sizeof options, .format = RTC_VIDEO_I420, .width = 64, .height = 48};
    (void)frame;
    return rtc_video_frame_new(context, &options, out);
}

static const rtc_codec_ops codec = {
    .size = sizeof codec,
    .kind = RTC_MEDIA_VIDEO,
    .name = "VP8",
    .encoder_new = codec_new,
    .encoder_free = codec_free,
    .encode_video = encode,
    .decoder_new = decoder_new,
    .decoder_free = codec_free,
    .decode_video = decode,
};

static bool is_connected(void *user)
{
    struct api_pair *pair = user;
    return atomic_load(&pair->peer[0].seen[API_CONNECTED]) > 0 && atomic_load(&pair->peer[1].seen[API_CONNECTED]) > 0;
}

static bool has_talked(void *user)
{
    struct api_pair *pair = user;
    return is_connected(user) && atomic_load(&pair->peer[0].seen[API_MESSAGE]) >= BURST &&
           atomic_load(&pair->peer[1].seen[API_MESSAGE]) >= BURST;
}

/* Every worker for pictures has one when the last camera's waits behind it. */
static bool all_busy(void *user)
{
    return atomic_load(&held) >= *(uint32_t *)user;
}

struct scene {
    rtc_context *context;
    rtc_loop *loop;
    struct api_pair call, other;
    rtc_media_source *cameras[CAMERAS];
};

static void add_cameras(struct scene *s)
{
    for (size_t i = 0; i < CAMERAS; i++) {
        rtc_media_stream_track *track;
        assert_int_equal(rtc_media_source_new(s->context, RTC_MEDIA_VIDEO, "camera", NULL, NULL, &s->cameras[i]), RTC_OK);
        assert_int_equal(rtc_media_stream_track_new(s->cameras[i], &track), RTC_OK);
        assert_int_equal(rtc_peer_connection_add_track(s->call.peer[0].pc, track, NULL, 0, NULL), RTC_OK);
        rtc_media_stream_track_unref(track);
    }
}

static void push_pictures(struct scene *s)
{
    for (size_t i = 0; i < CAMERAS; i++) {
        const rtc_video_frame_options options = {
            .size = sizeof options, .format = RTC_VIDEO_I420, .width = 64, .height = 48, .capture_time_us = rtc_now()};
        rtc_video_frame *picture;
        assert_int_equal(rtc_video_frame_new(s->context, &options, &picture), RTC_OK);
        assert_int_equal(rtc_media_source_push_video(s->cameras[i], picture), RTC_OK);
        rtc_video_frame_unref(picture);
    }
}

static void a_call_comes_up_beside_encoders_that_never_end(void **state)
{
    static const uint32_t workers[] = {2, 3, 5}; /* the first is for what is prompt */
    (void)state;
    for (size_t i = 0; i < sizeof workers / sizeof workers[0]; i++) {
        const rtc_context_options options = {.size = sizeof options, .worker_threads = workers[i]};
        struct scene s = {0};
        uint32_t for_pictures = workers[i] - 1;
        atomic_store(&held, 0);
        atomic_store(&let_go, 0);
        assert_int_equal(rtc_context_new(&options, &s.context), RTC_OK);
        assert_int_equal(rtc_context_add_codec(s.context, &codec), RTC_OK);
        assert_int_equal(rtc_loop_new(s.context, &s.loop), RTC_OK);
        api_pair_init(&s.call, s.context, s.loop, s.loop);
        add_cameras(&s);
        api_pair_call(&s.call);
        assert_true(api_poll(s.loop, WAIT_MS, is_connected, &s.call));
        push_pictures(&s);
        assert_true(api_poll(s.loop, WAIT_MS, all_busy, &for_pictures));

        api_pair_init(&s.other, s.context, s.loop, s.loop);
        s.other.burst = BURST;
        api_pair_call(&s.other);
        assert_true(api_poll(s.loop, WAIT_MS, has_talked, &s.other));
        assert_int_equal(atomic_load(&held), for_pictures); /* none came to its end meanwhile */
        atomic_store(&let_go, 1);

        api_pair_fini(&s.call);
        api_pair_fini(&s.other);
        rtc_loop_free(s.loop);
        for (size_t k = 0; k < CAMERAS; k++)
            rtc_media_source_unref(s.cameras[k]);
        rtc_context_unref(s.context);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_comes_up_beside_encoders_that_never_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
