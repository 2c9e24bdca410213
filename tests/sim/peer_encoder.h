/* SPDX-License-Identifier: MIT */
/* A codec of pictures that costs nothing: the encoder obeys its target as real ones do, about and a little late, with keyframes that are
 * many times as large as other pictures and are paid for afterwards, with pictures that happen to be large, and with pictures that it
 * leaves out when it is in debt; the decoder shows something. */
#ifndef CRTC_PEER_ENCODER_H
#define CRTC_PEER_ENCODER_H

#include <crtc/media.h>

/* What a context's encoders have in common: of a test. */
struct peer_encoder {
    rtc_context *context;
    uint64_t random;
    uint32_t pictures, keyframes, left_out, bitrate_bps;
};

/* The codec takes the place of VP8 in the context, whose encoders write to `encoder`. Of the last PEER_ENCODERS contexts encoders may be
 * made. */
enum { PEER_ENCODERS = 8 };
int peer_encoder_add(rtc_context *context, struct peer_encoder *encoder, uint64_t seed);

#endif
