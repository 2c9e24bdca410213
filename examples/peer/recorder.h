/* SPDX-License-Identifier: MIT */
/* Writes received media to files as it came, without decoding: VP8 to IVF, Opus to Ogg (RFC 3533, RFC 7845). */
#ifndef PEER_RECORDER_H
#define PEER_RECORDER_H

#include <crtc/media.h>
#include <ogg/ogg.h>
#include <stdio.h>

struct recorder {
    FILE *file; /* NULL: records nothing */
    rtc_media_kind kind;
    rtc_media_stream_track *track;
    rtc_media_sink *sink;
    uint64_t frames;
    uint32_t last_timestamp; /* RTP */
    uint64_t position;       /* in the codec's clock since the first frame */
    ogg_stream_state ogg;
    rtc_encoded_frame *held; /* Opus: the last packet, written when the next is known */
};

/* Begins to write a track to a file, which is made. Returns an error of the library's; RTC_ERR_NOT_FOUND when the file can not be made. */
int recorder_start(struct recorder *recorder, rtc_media_stream_track *track, const char *path);
/* Completes the file. Harmless when nothing was started. */
void recorder_stop(struct recorder *recorder);

#endif
