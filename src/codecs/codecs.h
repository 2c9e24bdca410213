/* SPDX-License-Identifier: MIT */
/* The codecs of this folder. */
#ifndef CRTC_CODECS_H
#define CRTC_CODECS_H

#include <crtc/media.h>

extern const rtc_codec_ops vp8_codec;
extern const rtc_codec_ops vp9_codec;
extern const rtc_codec_ops opus_codec;
extern const rtc_codec_ops h264_codec; /* without OpenH264 it can do nothing */
extern const rtc_codec_ops pcmu_codec;
extern const rtc_codec_ops pcma_codec;

#endif
