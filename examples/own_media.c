/* SPDX-License-Identifier: MIT */
/* Pictures, sound and encoded frames of one's own: one peer draws a picture in RGB and makes a tone, 30 and 100 times a second, and sends
 * the frames of an encoder of its own besides (here: one of the library's frames, recorded and sent again); the other counts what arrives
 * and looks at a pixel. */
#include <crtc/crtc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 320, HEIGHT = 240, PICTURE_EVERY_US = 33333, SOUND_EVERY_US = 10000, SOUND_SAMPLES = 480, ENOUGH = 15 };

static rtc_loop *loop;
static rtc_peer_connection *caller, *callee;
static rtc_media_source *pictures, *sound, *encoded;
static rtc_encoded_frame *recorded; /* what our "encoder" makes: a keyframe */
static int seen, heard, passed;     /* on the loop's thread */

/* ---- Sending: each by its own clock ---- */

static void push_picture(void *user)
{
    const rtc_video_frame_options options = {.size = sizeof(options), .format = RTC_VIDEO_RGB24, .width = WIDTH, .height = HEIGHT};
    rtc_video_frame *frame;
    (void)user;
    if (rtc_video_frame_new(NULL, &options, &frame) == RTC_OK) {
        uint8_t *row = rtc_video_frame_writable_plane(frame, 0);
        for (int y = 0; y < HEIGHT; y++, row += rtc_video_frame_stride(frame, 0))
            for (int x = 0; x < WIDTH; x++) {
                row[x * 3] = 200; /* red, a little green, and blue from left to right */
                row[x * 3 + 1] = 40;
                row[x * 3 + 2] = (uint8_t)(x * 100 / WIDTH);
            }
        rtc_media_source_push_video(pictures, frame);
        rtc_video_frame_unref(frame);
    }
    if (recorded != NULL && rtc_media_source_room(encoded) > 0) {
        const rtc_encoded_frame_options again = {
            .size = sizeof(again),
            .kind = RTC_MEDIA_VIDEO,
            .codec = rtc_encoded_frame_codec(recorded),
            .data = rtc_encoded_frame_data(recorded),
            .data_len = rtc_encoded_frame_len(recorded),
            .keyframe = true,
            .rtp_timestamp = (uint32_t)(rtc_now() * 9 / 100), /* 90 kHz */
        };
        rtc_encoded_frame *copy;
        if (rtc_encoded_frame_new(NULL, &again, &copy) == RTC_OK) {
            rtc_media_source_push_encoded(encoded, copy);
            rtc_encoded_frame_unref(copy);
        }
    }
    rtc_loop_post_delayed(loop, PICTURE_EVERY_US, push_picture, NULL, NULL);
}

static void push_sound(void *user)
{
    static double phase;
    int16_t samples[SOUND_SAMPLES];
    const rtc_audio_frame_options options = {
        .size = sizeof(options), .format = RTC_AUDIO_S16, .sample_rate = 48000, .channels = 1, .samples = SOUND_SAMPLES, .data = samples};
    rtc_audio_frame *frame;
    (void)user;
    for (int i = 0; i < SOUND_SAMPLES; i++, phase += 2 * 3.14159265 * 440 / 48000)
        samples[i] = (int16_t)(8000 * sin(phase));
    if (rtc_audio_frame_new(NULL, &options, &frame) == RTC_OK) {
        rtc_media_source_push_audio(sound, frame);
        rtc_audio_frame_unref(frame);
    }
    rtc_loop_post_delayed(loop, SOUND_EVERY_US, push_sound, NULL, NULL);
}

/* ---- Receiving. Sinks run on worker threads: what they find is posted to the loop ---- */

static void count(void *user)
{
    ++*(int *)user;
    if (seen >= ENOUGH && heard >= ENOUGH && passed >= ENOUGH)
        rtc_loop_stop(loop);
}

static void on_video(void *user, rtc_video_frame *frame)
{
    rtc_video_frame *rgb;
    (void)user;
    if (rtc_video_frame_convert(NULL, frame, RTC_VIDEO_RGBA, 0, 0, &rgb) != RTC_OK)
        return;
    const uint8_t *middle = rtc_video_frame_plane(rgb, 0) + HEIGHT / 2 * rtc_video_frame_stride(rgb, 0) + WIDTH / 2 * 4;
    if (abs(middle[0] - 200) < 20 && abs(middle[1] - 40) < 20 && abs(middle[2] - 50) < 20)
        rtc_loop_post(loop, count, &seen);
    rtc_video_frame_unref(rgb);
}

static void on_audio(void *user, rtc_audio_frame *frame)
{
    const int16_t *samples = rtc_audio_frame_data(frame);
    int loudest = 0;
    (void)user;
    for (uint32_t i = 0; i < rtc_audio_frame_samples(frame) * rtc_audio_frame_channels(frame); i++)
        loudest = abs(samples[i]) > loudest ? abs(samples[i]) : loudest;
    if (loudest > 4000)
        rtc_loop_post(loop, count, &heard);
}

static void keep(void *user)
{
    rtc_encoded_frame_unref(recorded);
    recorded = user;
}

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    int *counter = user;
    if (counter != NULL)
        rtc_loop_post(loop, count, counter);
    else if (rtc_encoded_frame_kind(frame) == RTC_MEDIA_VIDEO && rtc_encoded_frame_keyframe(frame))
        rtc_loop_post(loop, keep, rtc_encoded_frame_ref(frame));
}

static void on_track(rtc_peer_connection *connection, void *user, const rtc_track_event *event)
{
    static const rtc_media_sink_ops ops = {.size = sizeof(ops), .on_video = on_video, .on_audio = on_audio, .on_encoded = on_encoded};
    static const rtc_media_sink_ops ops_encoded = {.size = sizeof(ops_encoded), .on_encoded = on_encoded};
    static int tracks_of_pictures;
    rtc_media_sink *sink; /* it goes with its track */
    (void)connection;
    (void)user;
    if (rtc_media_stream_track_kind(event->track) == RTC_MEDIA_VIDEO && tracks_of_pictures++ == 1)
        rtc_media_stream_track_add_sink(event->track, &ops_encoded, &passed, &sink);
    else
        rtc_media_stream_track_add_sink(event->track, &ops, NULL, &sink);
}

static void on_ice_candidate(rtc_peer_connection *connection, void *user, const rtc_ice_candidate *candidate)
{
    (void)user;
    if (candidate != NULL) {
        rtc_ice_candidate_init init = {.size = sizeof(init), .candidate = candidate->candidate, .sdp_mid = candidate->sdp_mid};
        rtc_peer_connection_add_ice_candidate(connection == caller ? callee : caller, &init);
    }
}

static rtc_media_source *send_track(rtc_media_kind kind, const char *label)
{
    rtc_media_source *source = NULL;
    rtc_media_stream_track *track;
    if (rtc_media_source_new(NULL, kind, label, NULL, NULL, &source) == RTC_OK && rtc_media_stream_track_new(source, &track) == RTC_OK) {
        rtc_peer_connection_add_track(caller, track, NULL, 0, NULL);
        rtc_media_stream_track_unref(track);
    }
    return source;
}

int main(void)
{
    static const rtc_peer_connection_callbacks callbacks = {
        .size = sizeof(callbacks), .on_ice_candidate = on_ice_candidate, .on_track = on_track};
    rtc_loop_new(NULL, &loop);
    const rtc_configuration configuration = {.size = sizeof(configuration), .loop = loop, .include_loopback = true};
    rtc_peer_connection_new(NULL, &configuration, &callbacks, NULL, &caller);
    rtc_peer_connection_new(NULL, &configuration, &callbacks, NULL, &callee);
    pictures = send_track(RTC_MEDIA_VIDEO, "drawn");
    sound = send_track(RTC_MEDIA_AUDIO, "a tone");
    encoded = send_track(RTC_MEDIA_VIDEO, "encoded elsewhere");
    rtc_peer_connection_set_local_description(caller, RTC_SDP_NONE, NULL);
    rtc_peer_connection_set_remote_description(callee, RTC_SDP_OFFER, rtc_peer_connection_local_description(caller, NULL));
    rtc_peer_connection_set_local_description(callee, RTC_SDP_NONE, NULL);
    rtc_peer_connection_set_remote_description(caller, RTC_SDP_ANSWER, rtc_peer_connection_local_description(callee, NULL));
    rtc_loop_post(loop, push_picture, NULL);
    rtc_loop_post(loop, push_sound, NULL);
    rtc_loop_run(loop);
    printf("%d pictures of the right colour, %d stretches of sound, %d encoded frames\n", seen, heard, passed);
    rtc_peer_connection_free(caller);
    rtc_peer_connection_free(callee);
    rtc_loop_free(loop);
    rtc_encoded_frame_unref(recorded);
    rtc_media_source_unref(pictures);
    rtc_media_source_unref(sound);
    rtc_media_source_unref(encoded);
    return 0;
}
