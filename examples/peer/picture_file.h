/* SPDX-License-Identifier: MIT */
/* A source that plays a YUV4MPEG2 file (4:2:0, 8 bits) over and over, at its own rate. */
#ifndef PEER_PICTURE_FILE_H
#define PEER_PICTURE_FILE_H

#include <crtc/crtc.h>
#include <stdint.h>

struct picture_file {
    rtc_context *context;
    rtc_loop *loop;
    rtc_media_source *source;
    uint8_t *bytes;        /* the file; mapped until the program ends, for frames wrap it */
    size_t len, first, at; /* first: of the first FRAME */
    uint32_t width, height;
    uint64_t rate, per; /* frames in so many seconds */
    uint64_t pushed;
    rtc_time_t start;
    uint64_t timer; /* 0: none */
};

/* Begins to play on the loop. *out is a reference of the caller's. RTC_ERR_NOT_FOUND: the file can not be read; RTC_ERR_SYNTAX: it is none
 * of this kind. */
int picture_file_play(struct picture_file *file, const char *path, rtc_context *context, rtc_loop *loop, rtc_media_source **out);
void picture_file_stop(struct picture_file *file);

#endif
