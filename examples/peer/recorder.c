/* SPDX-License-Identifier: MIT */
/* Writes received media to IVF and Ogg Opus files. */
#include "recorder.h"

#include <string.h>

#define OPUS_FRAME 960 /* samples of a packet whose duration is not told: 20 ms */

static void put_little_endian(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

/* Follows the RTP timestamp, which wraps, in `position`. */
static void advance(struct recorder *recorder, const rtc_encoded_frame *frame)
{
    uint32_t timestamp = rtc_encoded_frame_rtp_timestamp(frame);
    if (recorder->frames > 0) {
        recorder->position += (uint32_t)(timestamp - recorder->last_timestamp);
    }
    recorder->last_timestamp = timestamp;
    recorder->frames++;
}

/* ---- IVF ---- */

static void write_ivf_header(struct recorder *recorder, uint32_t width, uint32_t height)
{
    uint8_t header[32] = "DKIF";
    put_little_endian(header + 6, sizeof(header), 2);
    memcpy(header + 8, "VP80", 4);
    put_little_endian(header + 12, width, 2);
    put_little_endian(header + 14, height, 2);
    put_little_endian(header + 16, 90000, 4); /* time base: 1/90000 s */
    put_little_endian(header + 20, 1, 4);
    put_little_endian(header + 24, recorder->frames, 4);
    fwrite(header, 1, sizeof(header), recorder->file);
}

static void write_ivf_frame(struct recorder *recorder, rtc_encoded_frame *frame)
{
    uint8_t header[12];
    if (recorder->frames == 0) {
        if (!rtc_encoded_frame_keyframe(frame)) {
            return; /* nothing can be decoded before a keyframe */
        }
        write_ivf_header(recorder, rtc_encoded_frame_width(frame), rtc_encoded_frame_height(frame));
    }
    advance(recorder, frame);
    put_little_endian(header, rtc_encoded_frame_len(frame), 4);
    put_little_endian(header + 4, recorder->position, 8);
    fwrite(header, 1, sizeof(header), recorder->file);
    fwrite(rtc_encoded_frame_data(frame), 1, rtc_encoded_frame_len(frame), recorder->file);
}

static void complete_ivf(struct recorder *recorder)
{
    uint8_t count[4];
    put_little_endian(count, recorder->frames, 4);
    if (recorder->frames > 0 && fseek(recorder->file, 24, SEEK_SET) == 0) {
        fwrite(count, 1, sizeof(count), recorder->file);
    }
}

/* ---- Ogg Opus ---- */

static void write_pages(struct recorder *recorder, bool all)
{
    ogg_page page;
    while ((all ? ogg_stream_flush(&recorder->ogg, &page) : ogg_stream_pageout(&recorder->ogg, &page)) != 0) {
        fwrite(page.header, 1, (size_t)page.header_len, recorder->file);
        fwrite(page.body, 1, (size_t)page.body_len, recorder->file);
    }
}

static void write_packet(struct recorder *recorder, const void *data, size_t len, ogg_int64_t granule, bool last)
{
    union {
        const void *in;
        unsigned char *out;
    } bytes = {data}; /* libogg copies, but does not say const */
    ogg_packet packet = {.packet = bytes.out,
                         .bytes = (long)len,
                         .b_o_s = recorder->ogg.packetno == 0,
                         .e_o_s = last,
                         .granulepos = granule,
                         .packetno = recorder->ogg.packetno};
    ogg_stream_packetin(&recorder->ogg, &packet);
}

static void write_opus_headers(struct recorder *recorder)
{
    uint8_t head[19] = "OpusHead", tags[8 + 4 + 7 + 4] = "OpusTags";
    head[8] = 1; /* version */
    head[9] = 2; /* channels: what RTP announces, RFC 7587 section 7 */
    put_little_endian(head + 12, 48000, 4);
    put_little_endian(tags + 8, 7, 4);
    memcpy(tags + 12, "libcrtc", 7);
    write_packet(recorder, head, sizeof(head), 0, false);
    write_pages(recorder, true);
    write_packet(recorder, tags, sizeof(tags), 0, false);
    write_pages(recorder, true);
}

/* The granule position counts to the end of a packet. */
static void write_held(struct recorder *recorder, bool last)
{
    rtc_encoded_frame *frame = recorder->held;
    if (frame != NULL) {
        uint32_t duration = rtc_encoded_frame_duration(frame);
        ogg_int64_t granule = (ogg_int64_t)(recorder->position + (duration == 0 ? OPUS_FRAME : duration));
        write_packet(recorder, rtc_encoded_frame_data(frame), rtc_encoded_frame_len(frame), granule, last);
        write_pages(recorder, last);
        rtc_encoded_frame_unref(frame);
        recorder->held = NULL;
    }
}

static void write_opus_frame(struct recorder *recorder, rtc_encoded_frame *frame)
{
    if (recorder->frames == 0) {
        write_opus_headers(recorder);
    }
    write_held(recorder, false);
    advance(recorder, frame);
    recorder->held = rtc_encoded_frame_ref(frame);
}

/* ---- Either ---- */

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    struct recorder *recorder = user;
    (recorder->kind == RTC_MEDIA_VIDEO ? write_ivf_frame : write_opus_frame)(recorder, frame);
}

int recorder_start(struct recorder *recorder, rtc_media_stream_track *track, const char *path)
{
    static const rtc_media_sink_ops ops = {.size = sizeof(ops), .on_encoded = on_encoded};
    memset(recorder, 0, sizeof(*recorder));
    recorder->kind = rtc_media_stream_track_kind(track);
    recorder->file = fopen(path, "wb");
    if (recorder->file == NULL || ogg_stream_init(&recorder->ogg, 1) != 0) {
        return RTC_ERR_NOT_FOUND;
    }
    int error = rtc_media_stream_track_add_sink(track, &ops, recorder, &recorder->sink);
    if (error == RTC_OK) {
        recorder->track = rtc_media_stream_track_ref(track);
    } else {
        recorder_stop(recorder);
    }
    return error;
}

void recorder_stop(struct recorder *recorder)
{
    if (recorder->file == NULL) {
        return;
    }
    if (recorder->track != NULL) {
        rtc_media_stream_track_remove_sink(recorder->track, recorder->sink);
        rtc_media_stream_track_unref(recorder->track);
    }
    if (recorder->kind == RTC_MEDIA_VIDEO) {
        complete_ivf(recorder);
    } else {
        write_held(recorder, true);
    }
    ogg_stream_clear(&recorder->ogg);
    fclose(recorder->file);
    memset(recorder, 0, sizeof(*recorder));
}
