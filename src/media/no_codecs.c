/* SPDX-License-Identifier: MIT */
/* Stands in for src/codecs where that is left out (the build option CRTC_MEDIA, and tests of single modules): no codecs, no tools, no
 * synthetic sources. This is a file to be chosen and not a set of weak symbols: a weak definition that an archive's member brings along
 * keeps the linker from fetching the real one out of the same archive, so that a program with the static library would silently have no
 * codecs. Chosen wrongly, this one is a link error. */
#include "codec_registry.h"
#include "error.h"
#include "media_tools.h"

const rtc_codec_ops *const builtin_codecs[] = {NULL};
const struct media_tools *const builtin_media_tools = NULL;

int rtc_test_video_source_new(rtc_context *context, const rtc_test_video_options *options, rtc_media_source **out)
{
    (void)context;
    (void)options;
    (void)out;
    return error_say(RTC_ERR_NOT_SUPPORTED, "this library was built without test sources (CRTC_MEDIA=OFF)");
}

int rtc_test_audio_source_new(rtc_context *context, const rtc_test_audio_options *options, rtc_media_source **out)
{
    (void)context;
    (void)options;
    (void)out;
    return error_say(RTC_ERR_NOT_SUPPORTED, "this library was built without test sources (CRTC_MEDIA=OFF)");
}
