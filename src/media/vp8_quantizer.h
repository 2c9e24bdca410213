/* SPDX-License-Identifier: MIT */
/* How coarsely a VP8 frame was quantized: y_ac_qi of its header (RFC 6386 sections 9.2 to 9.6 and 19.2). */
#ifndef CRTC_VP8_QUANTIZER_H
#define CRTC_VP8_QUANTIZER_H

#include "slice.h"

enum { VP8_QUANTIZER_COARSE = 95 };
/* 0, the finest, to 127; -1 when the frame is cut short, or no VP8. */
int vp8_quantizer(struct slice frame);
/* Of the coefficients but the first of a block (RFC 6386 section 14.1), nearly. */
uint32_t vp8_quantizer_step(int quantizer);

#endif
