/* SPDX-License-Identifier: MIT */
/* Codecs that cost nothing, for the tests of random calls: they hold back a frame at times, and fail at others. */
#ifndef CRTC_MONKEY_CODECS_H
#define CRTC_MONKEY_CODECS_H

#include <crtc/media.h>

/* Takes the places of VP8 and Opus. */
void monkey_add_codecs(rtc_context *context);

#endif
