/* SPDX-License-Identifier: MIT */
/* The parameters of H.264 in descriptions (RFC 6184 sections 8.1 and 8.2.2): profiles and levels in profile-level-id, packetization modes,
 * how large a picture may be, and parameter sets. Pure functions. */
#ifndef CRTC_H264_PROFILE_H
#define CRTC_H264_PROFILE_H

#include "slice.h"

/* As far as streams of one can not be read by who reads another. */
enum h264_profile {
    H264_CONSTRAINED_BASELINE,
    H264_BASELINE,
    H264_MAIN,
    H264_EXTENDED,
    H264_HIGH,
    H264_CONSTRAINED_HIGH,
    H264_HIGH_444,
    H264_OTHER /* told apart by its bytes */
};

enum h264_packetization { H264_SINGLE_NAL = 0, H264_NON_INTERLEAVED = 1 };

/* A value: profile-level-id. */
struct h264_level_id {
    uint8_t profile_idc, constraints, level_idc;
    enum h264_profile profile;
};

/* Of an fmtp; without it Baseline at level 1 (section 8.1). False when it is not six hexadecimal digits. */
bool h264_level_id_read(const char *fmtp, struct h264_level_id *out);
/* 0 without; above 1, or not a number, is what we do not do. */
unsigned h264_packetization_mode(const char *fmtp);

/* Whether both describe one format (section 8.2.2): the same profile and mode; levels may differ. */
bool h264_same_parameters(const char *a, const char *b);
/* The parameters of an answer: the offer's profile as it is written there and the lower level, or our own where both may receive another
 * one than they send (level-asymmetry-allowed). */
void h264_answer_parameters(const char *theirs, const char *ours, char *out, size_t size);
/* What the receiver can take (table A-1 of H.264): macroblocks in a picture, and in a second; 0: not known. */
void h264_picture_limits(const char *fmtp, uint32_t *blocks, uint32_t *blocks_per_second);

/* One of the parameter sets in sprop-parameter-sets: its bytes out of base64 (RFC 4648 section 4). How many; 0 when it is none, or has no
 * room. */
size_t h264_set_read(struct slice text, uint8_t *out, size_t max);

#endif
