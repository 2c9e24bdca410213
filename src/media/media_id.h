/* SPDX-License-Identifier: MIT */
/* Ids of tracks and streams, as they go into a=msid (RFC 8830 section 2: 1 to 64 token characters). */
#ifndef CRTC_MEDIA_ID_H
#define CRTC_MEDIA_ID_H

#include <crtc/context.h>

enum { MEDIA_ID_CAPACITY = 37, MEDIA_ID_MAX = 64 };

/* A random UUID (RFC 9562 5.4). */
void media_id_random(rtc_context *context, char id[MEDIA_ID_CAPACITY]);
bool media_id_valid(const char *id);

#endif
