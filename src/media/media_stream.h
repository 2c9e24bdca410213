/* SPDX-License-Identifier: MIT */
/* A media stream from the inside: what a connection does with those of what it receives. */
#ifndef CRTC_MEDIA_STREAM_INTERNAL_H
#define CRTC_MEDIA_STREAM_INTERNAL_H

#include <crtc/media_stream.h>

/* With the id that a peer gave it, of any characters. RTC_ERR_NO_MEMORY. */
int media_stream_new_remote(rtc_context *context, const char *id, rtc_media_stream **out);
/* The next `count` tracks find room, beyond those that it has. RTC_ERR_NO_MEMORY. */
int media_stream_reserve(rtc_media_stream *stream, size_t count);
/* As addTrack and removeTrack. False: it is there, or is not there, already. Where room was reserved the first can not fail. */
bool media_stream_put(rtc_media_stream *stream, rtc_media_stream_track *track);
bool media_stream_take(rtc_media_stream *stream, rtc_media_stream_track *track);
/* Tells its listeners that the track was added or removed, which is done by now, on this thread. */
void media_stream_tell(rtc_media_stream *stream, rtc_media_stream_track *track, bool added);

#endif
