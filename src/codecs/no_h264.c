/* SPDX-License-Identifier: MIT */
/* Stands in for h264_codec.c where OpenH264 is left out of a build (CRTC_H264): there is nobody who encodes or decodes. */
#include "codecs.h"

const rtc_codec_ops h264_codec = {.size = sizeof h264_codec, .kind = RTC_MEDIA_VIDEO, .name = "H264"};
