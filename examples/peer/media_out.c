/* SPDX-License-Identifier: MIT */
/* What a peer sends: the test picture, and the tone or the voice. */
#include "media_out.h"

#include <stdio.h>

static int make_pictures(struct session *session)
{
    const char *path = session->options->pictures_file;
    int error = picture_file_play(&session->picture_file, path, session->context, session->loop, &session->video_source);
    if (error != RTC_OK) {
        fprintf(stderr, "peer: %s: %s\n", path,
                error == RTC_ERR_SYNTAX ? "no YUV4MPEG2 file of 4:2:0 with 8 bits" : rtc_error_message(error));
    }
    return error;
}

static int make_test_picture(struct session *session)
{
    const struct options *options = session->options;
    rtc_test_video_options video = {.size = sizeof(video),
                                    .width = options->size[0],
                                    .height = options->size[1],
                                    .frames_per_second = options->frames_per_second,
                                    .colour = options->colour,
                                    .grain = options->grain};
    return rtc_test_video_source_new(session->context, &video, &session->video_source);
}

static int make_video(struct session *session)
{
    int error = session->options->pictures_file != NULL ? make_pictures(session) : make_test_picture(session);
    return error != RTC_OK ? error : rtc_media_stream_track_new(session->video_source, &session->video_track);
}

static int make_audio(struct session *session)
{
    rtc_test_audio_options audio = {.size = sizeof(audio), .frequency_hz = session->options->tone_hz, .voice = session->options->voice};
    int error = rtc_test_audio_source_new(session->context, &audio, &session->audio_source);
    return error != RTC_OK ? error : rtc_media_stream_track_new(session->audio_source, &session->audio_track);
}

static int add(struct session *session, rtc_media_stream_track *track)
{
    int error = session->stream != NULL ? RTC_OK : rtc_media_stream_new(session->context, NULL, &session->stream);
    return error != RTC_OK ? error : rtc_peer_connection_add_track(session->connection, track, &session->stream, 1, NULL);
}

int media_out_add_video(struct session *session)
{
    int error = session->video_track != NULL ? RTC_OK : make_video(session);
    return error != RTC_OK ? error : add(session, session->video_track);
}

int media_out_add_audio(struct session *session)
{
    int error = session->audio_track != NULL ? RTC_OK : make_audio(session);
    return error != RTC_OK ? error : add(session, session->audio_track);
}

void media_out_fini(struct session *session)
{
    picture_file_stop(&session->picture_file);
    rtc_media_stream_unref(session->stream);
    rtc_media_stream_track_unref(session->video_track);
    rtc_media_stream_track_unref(session->audio_track);
    rtc_media_source_unref(session->video_source);
    rtc_media_source_unref(session->audio_source);
}
