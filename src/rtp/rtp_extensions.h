/* SPDX-License-Identifier: MIT */
/* RTP header extensions (RFC 8285): the one-byte and two-byte element forms and the values this library uses - mid and rid (RFC 8843,
 * 8852), audio levels (RFC 6464, RFC 6465), abs-send-time, abs-capture-time, playout-delay, video orientation (3GPP TS 26.114),
 * transport-wide numbers. */
#ifndef CRTC_RTP_EXTENSIONS_H
#define CRTC_RTP_EXTENSIONS_H

#include "slice.h"
#include "writer.h"

#include <crtc/base.h>

enum { RTP_PROFILE_ONE_BYTE = 0xbede, RTP_PROFILE_TWO_BYTE = 0x1000, RTP_EXTENSION_VALUE_MAX = 255 };

/* Header extensions; what each is stands in its row. */
enum rtp_extension {
    RTP_EXTENSION_MID,
    RTP_EXTENSION_RID,
    RTP_EXTENSION_REPAIRED_RID,
    RTP_EXTENSION_AUDIO_LEVEL,
    RTP_EXTENSION_ABS_SEND_TIME,
    RTP_EXTENSION_VIDEO_ORIENTATION,
    RTP_EXTENSION_ABS_CAPTURE_TIME,
    RTP_EXTENSION_CSRC_LEVELS,
    RTP_EXTENSION_PLAYOUT_DELAY,
    RTP_EXTENSION_TRANSPORT_SEQUENCE,
    RTP_EXTENSIONS
};

/* What this library does with header extensions by name: one row for each, in the order in which they are offered. */
struct rtp_extension_row {
    enum rtp_extension extension;
    const char *uri;
    uint8_t id;        /* the one we like */
    bool audio, video; /* of which we know it */
    bool mandatory;    /* never given up */
    bool on_request;   /* not offered unless the application wants it; answered */
};
extern const struct rtp_extension_row rtp_extension_rows[RTP_EXTENSIONS];

/* Walks the elements of a block. */
struct rtp_extension_iterator {
    struct slice left;
    bool two_byte;
    bool unknown; /* neither form: nothing to see */
};
struct rtp_extension_iterator rtp_extensions_of(uint16_t profile, struct slice block);
/* False at the end or at the first malformed element. */
bool rtp_extension_next(struct rtp_extension_iterator *it, uint8_t *id, struct slice *value);

/* The block with its 4-byte head for these values; `ids` 0 or a NULL .data leaves one out. One-byte form unless an id is over 14, of
 * one that is present or not, since the two forms are not to be mixed unasked; or a value is empty or over 16 bytes. 0 bytes are written
 * when there is none. False when the room ends or a value is over RTP_EXTENSION_VALUE_MAX. */
bool rtp_extensions_write(struct writer *w, const uint8_t ids[RTP_EXTENSIONS], const struct slice values[RTP_EXTENSIONS]);
/* Its length, head and padding included; 0 when there is none. */
size_t rtp_extensions_size(const uint8_t ids[RTP_EXTENSIONS], const struct slice values[RTP_EXTENSIONS]);

enum { RTP_ABS_SEND_TIME_LEN = 3, RTP_AUDIO_LEVEL_LEN = 1, RTP_TRANSPORT_SEQUENCE_LEN = 2 };
enum { RTP_ABS_CAPTURE_TIME_LEN = 16, RTP_VIDEO_ORIENTATION_LEN = 1 };
enum { RTP_NO_ORIENTATION = 0xff }; /* nobody said any */
enum { RTP_NO_AUDIO_LEVEL = 0xff }; /* nobody knows how loud it is */
/* 24 bits of seconds in 6.18 fixed point. */
void rtp_abs_send_time_write(uint8_t value[RTP_ABS_SEND_TIME_LEN], rtc_time_t now);
/* False when the value is absent or of another length. */
bool rtp_abs_send_time_read(struct slice value, uint32_t *time);
/* abs-capture-time: when it was captured, as NTP time of who captured, and how far that clock is ahead of the sender's, 32.32 seconds. The
 * offset may be missing. False when the value is absent or of no such length. */
struct rtp_capture_time {
    uint64_t ntp;
    bool has_offset;
    int64_t offset;
};
void rtp_abs_capture_time_write(uint8_t value[RTP_ABS_CAPTURE_TIME_LEN], uint64_t ntp, int64_t offset);
bool rtp_abs_capture_time_read(struct slice value, struct rtp_capture_time *out);
/* playout-delay: how long pictures are to be held back at least and at most before they are shown, 12 bits each, in steps of 10 ms. */
enum { RTP_PLAYOUT_DELAY_LEN = 3, RTP_PLAYOUT_DELAY_STEP_US = 10000, RTP_PLAYOUT_DELAY_MAX_US = 0xfff * RTP_PLAYOUT_DELAY_STEP_US };
struct rtp_playout_delay {
    rtc_time_t min, max; /* both 0: they are shown at once */
};
/* Both are rounded to a step; they are 0 to RTP_PLAYOUT_DELAY_MAX_US. */
void rtp_playout_delay_write(uint8_t value[RTP_PLAYOUT_DELAY_LEN], const struct rtp_playout_delay *delay);
/* False when the value is absent, of another length, or asks for more at least than at most. */
bool rtp_playout_delay_read(struct slice value, struct rtp_playout_delay *out);
/* The number of a packet among all that leave on its transport (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2). False when
 * the value is absent or of another length. */
bool rtp_transport_sequence_read(struct slice value, uint16_t *number);
void rtp_transport_sequence_write(uint8_t value[RTP_TRANSPORT_SEQUENCE_LEN], uint16_t number);
/* 3GPP TS 26.114 section 7.4.5: degrees clockwise that turn the picture upright, in quarters; that it is mirrored is not looked at.
 * RTP_NO_ORIENTATION when the value is absent or empty. */
uint8_t rtp_video_orientation_read(struct slice value);
/* RFC 6464: level is -dBov 0 (loudest) to 127 (silent). False when the value is absent or empty. */
bool rtp_audio_level_read(struct slice value, uint8_t *level, bool *voice);

#endif
