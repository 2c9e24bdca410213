/* SPDX-License-Identifier: MIT */
/* What is seen of VP9 without decoding it (the VP9 bitstream specification): the frames of a chunk, and what the uncompressed header of
 * each says of its size. Pure functions. */
#ifndef CRTC_VP9_STREAM_H
#define CRTC_VP9_STREAM_H

#include "picture_work.h"
#include "slice.h"

enum { VP9_FRAMES_MAX = 8 };

/* A value. */
struct vp9_header {
    bool keyframe;
    uint32_t profile;
    uint32_t width, height; /* 0: it is that of another frame, or the header is cut short before it */
};

/* Section 6.2. False when it is no frame. */
bool vp9_header_read(struct slice frame, struct vp9_header *out);
/* Whether a frame is a keyframe, and its size, as payload formats want it. */
bool vp9_frame_info(struct slice frame, uint16_t *width, uint16_t *height);
/* How coarsely the last frame of a chunk was quantized: base_q_idx, to 255 (sections 6.2 and 6.2.9); below 0: the header is cut short, or
 * it shows one that is there. */
enum { VP9_QUANTIZER_COARSE = 205 };
int vp9_quantizer(struct slice chunk);
/* Of the coefficients but the first of a block (section 8.6.1, of eight bits), nearly. */
uint32_t vp9_quantizer_step(int quantizer);
/* The frames of a chunk that has an index at its end (annex B); 0: it has none, and is one frame. */
size_t vp9_index_read(struct slice chunk, struct slice frames[VP9_FRAMES_MAX]);
/* The frames of a chunk, shown or not. */
struct picture_work vp9_frame_work(struct slice chunk);
/* Writes the index of a chunk of one frame, behind it: of what follows that frame nothing is decoded then. */
enum { VP9_INDEX_LEN = 6 };
void vp9_index_write(uint8_t index[VP9_INDEX_LEN], size_t frame_len);

#endif
