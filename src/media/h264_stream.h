/* SPDX-License-Identifier: MIT */
/* What is seen of H.264 (ITU-T H.264) without decoding it: the NAL units of a frame, with start codes (annex B) or with lengths in front
 * (as MP4 files and cameras have them), and what a sequence parameter set says of pictures. Pure functions. */
#ifndef CRTC_H264_STREAM_H
#define CRTC_H264_STREAM_H

#include "picture_work.h"
#include "slice.h"

/* nal_unit_type (table 7-1). */
enum h264_nal {
    H264_NAL_SLICE = 1,
    H264_NAL_IDR = 5,
    H264_NAL_SPS = 7,
    H264_NAL_PPS = 8,
    H264_NAL_DELIMITER = 9,
    H264_NAL_SUBSET_SPS = 15,      /* of layers above the base: decoders allocate for it, too */
    H264_NAL_SLICE_EXTENSION = 20, /* and its slices */
    H264_NAL_LAST = 23             /* from here on payload formats have their own */
};

/* The type of a unit that is not empty. */
static inline unsigned h264_nal_type(struct slice unit)
{
    return unit.data[0] & 0x1f;
}

static inline bool h264_nal_is_sps(struct slice unit)
{
    return h264_nal_type(unit) == H264_NAL_SPS || h264_nal_type(unit) == H264_NAL_SUBSET_SPS;
}

/* The units of a frame, one after the other. A value; borrowed from the frame. */
struct h264_units {
    struct slice left;
    size_t length_bytes; /* 0: start codes */
};

struct h264_units h264_units_of(struct slice frame);
/* Units that are empty are left out. False after the last, or where a length leads out of the frame. */
bool h264_units_next(struct h264_units *units, struct slice *unit);

/* Whether a frame can be decoded without any other, given its parameter sets: it has an IDR picture. Its size is that of the largest of its
 * parameter sets; 0 where it has none. */
bool h264_frame_info(struct slice frame, uint16_t *width, uint16_t *height);

/* The pictures of a frame, which should be one: slices that begin no later than the one before them are of another one. */
struct picture_work h264_frame_work(struct slice frame);

/* A sequence parameter set, or a subset one: its unit, with the header. False when it is broken, says no size that there can be, or a
 * coded picture much larger than the one that is shown, by which it could not be judged. */
bool h264_sps_size(struct slice unit, uint16_t *width, uint16_t *height);

#endif
