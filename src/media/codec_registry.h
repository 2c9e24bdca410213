/* SPDX-License-Identifier: MIT */
/* Which codecs a context has: those that were added to it, then those that the library was built with. */
#ifndef CRTC_CODEC_REGISTRY_H
#define CRTC_CODEC_REGISTRY_H

#include <crtc/media.h>

enum { CODEC_TEMPORAL_LAYERS_MAX = 3 /* of scalability modes with one spatial layer */ };

/* The latest that can do it: an added codec may only encode, or only decode. Borrowed as long as the context; NULL when there is none. The
 * name is compared without regard to case (RFC 4855). Thread-safe. */
const rtc_codec_ops *codec_find_encoder(rtc_context *context, rtc_media_kind kind, const char *name);
const rtc_codec_ops *codec_find_decoder(rtc_context *context, rtc_media_kind kind, const char *name);

/* The codecs of src/codecs, ended by NULL. A build without that folder has an empty table (no_codecs.c). */
extern const rtc_codec_ops *const builtin_codecs[];

#endif
