/* SPDX-License-Identifier: MIT */
/* RTP header extensions: see rtp_extensions.h. */
#include "rtp_extensions.h"

#include "media_clock.h"
#include "reader.h"

enum { ONE_BYTE_ID_MAX = 14, ONE_BYTE_LEN_MAX = 16, BLOCK_HEAD = 4, ID_STOP = 15 };

const struct rtp_extension_row rtp_extension_rows[RTP_EXTENSIONS] = {
    /* How loud a packet of sound is (RFC 6464). */
    {RTP_EXTENSION_AUDIO_LEVEL, "urn:ietf:params:rtp-hdrext:ssrc-audio-level", 1, true, false, false, false},
    /* When a packet left: what REMB estimates from. */
    {RTP_EXTENSION_ABS_SEND_TIME, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", 2, true, true, false, false},
    /* Whose a packet is: its section (RFC 8843 section 15), its encoding, and the encoding that it repairs (RFC 8852). */
    {RTP_EXTENSION_MID, "urn:ietf:params:rtp-hdrext:sdes:mid", 4, true, true, true, false},
    {RTP_EXTENSION_RID, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", 10, false, true, false, false},
    {RTP_EXTENSION_REPAIRED_RID, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", 11, false, true, false, false},
    /* How far a picture is to be turned (RFC 7742 section 5). */
    {RTP_EXTENSION_VIDEO_ORIENTATION, "urn:3gpp:video-orientation", 13, false, true, false, false},
    /* When what is in a packet was captured, by whose clock. */
    {RTP_EXTENSION_ABS_CAPTURE_TIME, "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time", 5, true, true, false, true},
    /* How long who sends pictures wants them to be held back before they are shown. */
    {RTP_EXTENSION_PLAYOUT_DELAY, "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", 12, false, true, false, true},
    /* How loud those are who are mixed into a packet (RFC 6465). We mix nothing, and only read it. */
    {RTP_EXTENSION_CSRC_LEVELS, "urn:ietf:params:rtp-hdrext:csrc-audio-level", 6, true, false, false, true},
    /* The number of a packet on its transport, for transport-wide feedback. */
    {RTP_EXTENSION_TRANSPORT_SEQUENCE, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", 3, true, true, false,
     false},
};

struct rtp_extension_iterator rtp_extensions_of(uint16_t profile, struct slice block)
{
    bool two_byte = (profile & 0xfff0) == RTP_PROFILE_TWO_BYTE;
    return (struct rtp_extension_iterator){block, two_byte, !two_byte && profile != RTP_PROFILE_ONE_BYTE};
}

static uint8_t peel(struct slice *s)
{
    uint8_t byte = s->data[0];
    s->data++;
    s->len--;
    return byte;
}

bool rtp_extension_next(struct rtp_extension_iterator *it, uint8_t *id, struct slice *value)
{
    while (it->left.len > 0 && it->left.data[0] == 0)
        (void)peel(&it->left); /* padding */
    if (it->unknown || it->left.len < (it->two_byte ? 2u : 1u))
        return false;
    uint8_t head = peel(&it->left);
    size_t len = it->two_byte ? peel(&it->left) : (size_t)(head & 0x0f) + 1;
    *id = it->two_byte ? head : head >> 4;
    /* Id 15 ends a one-byte list; an id of 0 with a length there is malformed (RFC 8285 section 4.2). */
    bool stop = !it->two_byte && (*id == ID_STOP || *id == 0);
    if (stop || len > it->left.len) {
        it->left.len = 0;
        return false;
    }
    *value = slice_of(it->left.data, len);
    it->left = slice_of(it->left.data + len, it->left.len - len);
    return true;
}

static bool present(const uint8_t ids[RTP_EXTENSIONS], const struct slice values[RTP_EXTENSIONS], size_t i)
{
    return ids && ids[i] != 0 && values[i].data;
}

static bool needs_two_bytes(const uint8_t ids[RTP_EXTENSIONS], const struct slice values[RTP_EXTENSIONS])
{
    for (size_t i = 0; i < RTP_EXTENSIONS; i++) {
        if (ids && (ids[i] > ONE_BYTE_ID_MAX || (present(ids, values, i) && (values[i].len == 0 || values[i].len > ONE_BYTE_LEN_MAX))))
            return true;
    }
    return false;
}

size_t rtp_extensions_size(const uint8_t ids[RTP_EXTENSIONS], const struct slice values[RTP_EXTENSIONS])
{
    size_t head = needs_two_bytes(ids, values) ? 2 : 1;
    size_t size = 0;
    for (size_t i = 0; i < RTP_EXTENSIONS; i++) {
        if (present(ids, values, i))
            size += head + values[i].len;
    }
    return size ? BLOCK_HEAD + ((size + 3) & ~(size_t)3) : 0;
}

static void write_element(struct writer *w, bool two_bytes, uint8_t id, struct slice value)
{
    if (two_bytes) {
        writer_u8(w, id);
        writer_u8(w, (uint8_t)value.len);
    } else {
        writer_u8(w, (uint8_t)((size_t)id << 4 | (value.len - 1)));
    }
    writer_bytes(w, value);
}

bool rtp_extensions_write(struct writer *w, const uint8_t ids[RTP_EXTENSIONS], const struct slice values[RTP_EXTENSIONS])
{
    size_t size = rtp_extensions_size(ids, values);
    if (size == 0)
        return true;
    bool two_bytes = needs_two_bytes(ids, values);
    size_t before = writer_len(w);
    writer_u16(w, two_bytes ? RTP_PROFILE_TWO_BYTE : RTP_PROFILE_ONE_BYTE);
    writer_u16(w, (uint16_t)((size - BLOCK_HEAD) / 4));
    for (size_t i = 0; i < RTP_EXTENSIONS; i++) {
        if (!present(ids, values, i))
            continue;
        if (values[i].len > RTP_EXTENSION_VALUE_MAX)
            return false;
        write_element(w, two_bytes, ids[i], values[i]);
    }
    writer_zeros(w, size - (writer_len(w) - before));
    return writer_ok(w);
}

void rtp_abs_send_time_write(uint8_t value[RTP_ABS_SEND_TIME_LEN], rtc_time_t now)
{
    int64_t fixed = media_clock(now, 1u << 18);
    value[0] = (uint8_t)(fixed >> 16);
    value[1] = (uint8_t)(fixed >> 8);
    value[2] = (uint8_t)fixed;
}

bool rtp_abs_send_time_read(struct slice value, uint32_t *time)
{
    struct reader r = reader_of(value);
    *time = reader_u24(&r);
    return value.len == RTP_ABS_SEND_TIME_LEN;
}

bool rtp_audio_level_read(struct slice value, uint8_t *level, bool *voice)
{
    if (value.len < 1)
        return false;
    *level = value.data[0] & 0x7f;
    *voice = (value.data[0] & 0x80) != 0;
    return true;
}

void rtp_abs_capture_time_write(uint8_t value[RTP_ABS_CAPTURE_TIME_LEN], uint64_t ntp, int64_t offset)
{
    for (unsigned i = 0; i < 8; i++) {
        value[i] = (uint8_t)(ntp >> (56 - 8 * i));
        value[8 + i] = (uint8_t)((uint64_t)offset >> (56 - 8 * i));
    }
}

bool rtp_abs_capture_time_read(struct slice value, struct rtp_capture_time *out)
{
    struct reader r = reader_of(value);
    if (value.len != RTP_ABS_CAPTURE_TIME_LEN && value.len != RTP_ABS_CAPTURE_TIME_LEN / 2)
        return false;
    out->ntp = reader_u64(&r);
    out->has_offset = value.len == RTP_ABS_CAPTURE_TIME_LEN;
    out->offset = out->has_offset ? (int64_t)reader_u64(&r) : 0;
    return true;
}

static uint32_t steps_of(rtc_time_t delay)
{
    return (uint32_t)((delay + RTP_PLAYOUT_DELAY_STEP_US / 2) / RTP_PLAYOUT_DELAY_STEP_US);
}

void rtp_playout_delay_write(uint8_t value[RTP_PLAYOUT_DELAY_LEN], const struct rtp_playout_delay *delay)
{
    uint32_t both = steps_of(delay->min) << 12 | steps_of(delay->max);
    value[0] = (uint8_t)(both >> 16);
    value[1] = (uint8_t)(both >> 8);
    value[2] = (uint8_t)both;
}

bool rtp_playout_delay_read(struct slice value, struct rtp_playout_delay *out)
{
    struct reader r = reader_of(value);
    uint32_t both = reader_u24(&r), min = both >> 12, max = both & 0xfff;
    if (value.len != RTP_PLAYOUT_DELAY_LEN || min > max)
        return false;
    *out = (struct rtp_playout_delay){(rtc_time_t)min * RTP_PLAYOUT_DELAY_STEP_US, (rtc_time_t)max * RTP_PLAYOUT_DELAY_STEP_US};
    return true;
}

bool rtp_transport_sequence_read(struct slice value, uint16_t *number)
{
    struct reader r = reader_of(value);
    *number = reader_u16(&r);
    return value.len == RTP_TRANSPORT_SEQUENCE_LEN;
}

void rtp_transport_sequence_write(uint8_t value[RTP_TRANSPORT_SEQUENCE_LEN], uint16_t number)
{
    put_u16(value, number);
}

uint8_t rtp_video_orientation_read(struct slice value)
{
    return value.len < RTP_VIDEO_ORIENTATION_LEN ? RTP_NO_ORIENTATION : value.data[0] & 0x03;
}
