/* SPDX-License-Identifier: MIT */
/* The RTP payload format of H.264 (RFC 6184): single NAL units, and in packetization mode 1 units that are sent together (STAP-A) or cut up
 * (FU-A). Frames are sent with start codes or lengths, and received with start codes. */
#ifndef CRTC_H264_PAYLOAD_H
#define CRTC_H264_PAYLOAD_H

#include "payload_format.h"

enum { H264_CLOCK_RATE = 90000 };

extern const struct payload_format h264_payload_format;

#endif
