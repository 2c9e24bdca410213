/* SPDX-License-Identifier: MIT */
/* A studio for calls with real codecs: a source of numbered pictures and one of a tone, pushed as virtual time passes, and what is seen and
 * heard of them at the other end. */
#ifndef CRTC_PEER_STUDIO_H
#define CRTC_PEER_STUDIO_H

#include "peer_scene.h"

#define STUDIO_TONE_HZ 1000.0

/* There is one at a time. */
extern struct studio {
    rtc_media_source *video, *audio;
    rtc_media_stream_track *video_track, *audio_track;
    rtc_time_t next_video, next_audio;
    uint32_t number; /* of the next picture */
    double phase;
} studio;

void studio_open(struct sim_peers *peers);
void studio_close(void);

struct studio_watched {
    uint64_t pictures, readable, wrong;
    uint16_t number;
    bool any;
    double seconds, loud; /* of sound, and of it that is not silence */
    double energy_at_tone, energy;
};
/* For sinks whose user is a struct studio_watched. */
void studio_watch_picture(void *watched, rtc_video_frame *frame);
void studio_watch_sound(void *watched, rtc_audio_frame *frame);

#endif
