/* SPDX-License-Identifier: MIT */
/* Every payload format of the table of codecs, and the parsers behind H.264: the first byte of the input picks the row, the second one what
 * is done with the rest: read as a payload, as telephone events, or, as a frame, cut into payloads that come back the same. */
#include "codec_table.h"
#include "fmtp.h"
#include "h264_profile.h"
#include "h264_stream.h"
#include "reader.h"
#include "telephone_event.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1500, FRAME_MAX = 65536 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void unpack(const struct payload_format *format, struct slice data)
{
    static uint8_t room[FRAME_MAX];
    struct writer w = writer_of(room, sizeof room);
    size_t len = format->unpacked_len(data);
    format->unpack(data, &w);
    require(len > sizeof room || (writer_ok(&w) && writer_len(&w) == len));
}

static void parse(const struct codec_row *row, struct slice payload)
{
    struct payload_info info;
    if (!row->format->parse(payload, &info))
        return;
    require(info.data.len > 0 && info.data.data >= payload.data && info.data.data + info.data.len <= payload.data + payload.len);
    require(row->kind == RTC_MEDIA_VIDEO || info.samples > 0);
    if (row->format->unpack)
        unpack(row->format, info.data);
}

/* What a decoder will make of it is bounded by what is there. */
static void weigh(const struct payload_format *format, struct slice frame)
{
    if (!format->frame_work)
        return;
    struct picture_work work = format->frame_work(frame);
    require(work.pictures <= frame.len);
    require((work.width == 0) == (work.height == 0));
}

/* What a packetizer makes can be read, as long as it said, and ends where it said. */
static void cut(const struct codec_row *row, struct slice frame, size_t max_payload, uint32_t options)
{
    static struct payload_memory memory;
    struct packetizer p;
    const struct payload_picture picture = {.id = 7, .layer_flags = (uint8_t)(options >> 1), .options = options & 1, .memory = &memory};
    uint16_t width, height;
    (void)row->format->frame_info(frame, &width, &height);
    if (row->format->frame_quantizer && (row->format->frame_quantizer(frame) < -1 || row->format->frame_quantizer(frame) > 255))
        abort();
    weigh(row->format, frame);
    if (!row->format->packetizer_start(&p, frame, &picture, max_payload))
        return;
    size_t payloads = p.payloads_left;
    for (bool last = false; !last; payloads--) {
        uint8_t room[ROOM];
        struct writer w = writer_of(room, max_payload < ROOM ? max_payload : ROOM);
        struct payload_info info;
        require(payloads > 0 && row->format->packetizer_next(&p, &w, &last));
        require(row->format->parse(slice_of(room, writer_len(&w)), &info));
    }
    require(payloads == 0);
}

static void read_parameters(struct slice text)
{
    char a[256] = {0}, b[256] = {0}, answer[256];
    uint8_t set[192];
    uint32_t blocks, per_second;
    size_t half = text.len / 2 < 255 ? text.len / 2 : 255;
    memcpy(a, text.data, half);
    memcpy(b, text.data + half, half);
    require(h264_same_parameters(a, b) == h264_same_parameters(b, a));
    h264_answer_parameters(a, b, answer, sizeof answer);
    struct h264_level_id id;
    if (h264_level_id_read(a, &id) && h264_level_id_read(b, &id))
        require(h264_level_id_read(answer, &id));
    fmtp_add(a, sizeof a, b, "sprop-");
    h264_picture_limits(a, &blocks, &per_second);
    require(h264_set_read(fmtp_value(a, "sprop-parameter-sets"), set, sizeof set) <= sizeof set);
}

/* Packets of tones and of other sound: each tone ends once, after it began, and lasts no less than it did when it began. */
static void hear_tones(struct slice bytes)
{
    struct tone_receiver tone = {0};
    struct reader r = reader_of(bytes);
    uint32_t timestamp = 0;
    bool open = false;
    while (reader_left(&r) >= 3 + TELEPHONE_EVENT_LEN) {
        struct telephone_event event;
        struct tone_news news = {0};
        uint8_t what = reader_u8(&r);
        timestamp += reader_u16(&r);
        require(telephone_event_read(reader_bytes(&r, TELEPHONE_EVENT_LEN), &event));
        bool told = what & 1   ? tone_receiver_packet(&tone, timestamp, what & 2 ? 48000 : 8000, what & 4 ? 48000 : 8000, &event, &news)
                    : what & 2 ? tone_receiver_sound(&tone, timestamp, &news)
                               : tone_receiver_lost(&tone, &news);
        if (!told)
            continue;
        require(!news.ended || open);
        open = open && !news.ended;
        require(!news.began || !open);
        open = open || news.began;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint16_t width, height;
    if (size < 4)
        return 0;
    const struct codec_row *row = &codec_rows[data[0] % codec_row_count];
    struct slice rest = slice_of(data + 4, size - 4);
    if (data[1] == 0)
        read_parameters(rest);
    else if (data[1] == 255)
        hear_tones(rest);
    else if (data[1] == 1 && h264_sps_size(rest, &width, &height))
        require(width > 0 && height > 0);
    else if (row->format && (data[1] & 1 || row->kind == RTC_MEDIA_AUDIO))
        parse(row, rest);
    else if (row->format)
        cut(row, rest, (size_t)(data[2] | data[3] << 8) % ROOM, data[1] >> 1);
    return 0;
}
