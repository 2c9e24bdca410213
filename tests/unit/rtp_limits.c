/* SPDX-License-Identifier: MIT */
/* rtc_limits.jitter_buffer_packets: what a stream keeps is bounded in packets, each of which takes the same memory whether it is the
 * smallest or the largest. rtc_limits.jitter_buffer_bytes: what all streams keep is bounded in memory. */
#include "audio_buffer.h"
#include "video_buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { LIMIT = 512, SECOND = 1000000 };

static const size_t sizes[] = {1, 1200};

/* The head is missing, so that nothing leaves. */
static void fill(struct video_buffer *buffer, struct packet_pool *pool, size_t len)
{
    for (int64_t sequence = 2; sequence < 20000; sequence++) {
        struct packet *p = packet_new(pool);
        assert_non_null(p);
        memset(packet_data(p), 0, len);
        p->len = (uint32_t)len;
        struct video_packet v = {.sequence = sequence,
                                 .timestamp = (uint32_t)sequence,
                                 .first = true,
                                 .last = sequence % 7 == 0,
                                 .arrival = SECOND,
                                 .packet = p};
        v.payload = packet_slice(p);
        (void)video_buffer_insert(buffer, SECOND, &v);
    }
}

static void video(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        rtc_context *context;
        struct packet_pool *pool;
        struct video_buffer buffer;
        size_t kept = 0;
        assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
        assert_int_equal(packet_pool_new(context, &pool), RTC_OK);
        video_buffer_init(&buffer, context, codec_row_carried(RTC_MEDIA_VIDEO, "VP8"), LIMIT);
        fill(&buffer, pool, sizes[i]);
        for (size_t k = 0; k < buffer.capacity; k++)
            kept += buffer.slots[k].packet != NULL;
        assert_in_range(buffer.capacity, 1, LIMIT);
        assert_in_range(kept, 1, LIMIT);
        video_buffer_fini(&buffer);
        packet_pool_unref(pool);
        rtc_context_unref(context);
    }
}

static void audio(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        static uint8_t bytes[1200];
        static struct audio_buffer buffer;
        audio_buffer_init(&buffer, 48000, LIMIT);
        for (uint32_t n = 0; n < 20000; n++) {
            rtc_encoded_frame_options options = {
                .size = sizeof options, .kind = RTC_MEDIA_AUDIO, .codec = "opus", .data = bytes, .data_len = sizes[i]};
            struct audio_packet packet = {.duration = 960, .arrival = SECOND};
            assert_int_equal(rtc_encoded_frame_new(NULL, &options, &packet.frame), RTC_OK);
            (void)audio_buffer_insert(&buffer, SECOND, n * 960, packet);
            assert_in_range(buffer.count, 0, AUDIO_BUFFER_MAX);
        }
        audio_buffer_reset(&buffer);
    }
}

/* ---- Streams that share a room ---- */

enum { STREAMS = 5, BIG = 200 * 1024 };

static size_t held_bytes(const struct video_buffer *b)
{
    size_t bytes = 0;
    for (size_t k = 0; k < b->capacity; k++)
        bytes += b->slots[k].packet ? packet_cost(b->slots[k].packet) : 0;
    for (size_t k = 0; k < b->playout.ready_count; k++)
        bytes += JITTER_FRAME_COST + rtc_encoded_frame_len(b->playout.ready[(b->playout.ready_at + k) % VIDEO_READY_MAX].frame);
    return bytes;
}

static void give(struct video_buffer *b, struct packet_pool *pool, int64_t sequence, size_t len, bool keyframe)
{
    struct packet *p = packet_new(pool);
    assert_non_null(p);
    memset(packet_data(p), 0, len);
    p->len = (uint32_t)len;
    struct video_packet v = {.sequence = sequence,
                             .timestamp = (uint32_t)sequence * 3000,
                             .first = true,
                             .last = true,
                             .keyframe = keyframe,
                             .arrival = SECOND,
                             .packet = p};
    v.payload = packet_slice(p);
    (void)video_buffer_insert(b, SECOND, &v);
}

/* The smallest room holds nothing; in none is more than there is place for, and what is given back can be used again. */
static void video_room(void **state)
{
    static const uint64_t rooms[] = {1, BIG};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct jitter_room room = {.most = rooms[i / 2]};
        struct video_buffer buffers[STREAMS];
        rtc_context *context;
        struct packet_pool *pool;
        bool whole = false, gaps = false;
        assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
        assert_int_equal(packet_pool_new(context, &pool), RTC_OK);
        for (size_t k = 0; k < STREAMS; k++) {
            video_buffer_init(&buffers[k], context, codec_row_carried(RTC_MEDIA_VIDEO, "VP8"), LIMIT);
            video_buffer_set_room(&buffers[k], &room);
        }
        for (int64_t n = 0; n < 3000; n++) {
            size_t sum = 0;
            give(&buffers[n % STREAMS], pool, n / STREAMS, sizes[i % 2], n % 100 < STREAMS && n % 3 == 0);
            for (size_t k = 0; k < STREAMS; k++)
                sum += held_bytes(&buffers[k]);
            assert_int_equal(room.bytes, sum);
            assert_in_range(sum, 0, room.most);
            whole = whole || sum > room.most * 9 / 10;
            gaps = gaps || buffers[1].playout.ready_count > 0;
        }
        assert_true(room.most == 1 || (whole && gaps));
        for (size_t k = 0; k < STREAMS; k++)
            video_buffer_fini(&buffers[k]);
        assert_int_equal(room.bytes, 0);
        video_buffer_init(&buffers[0], context, codec_row_carried(RTC_MEDIA_VIDEO, "VP8"), LIMIT);
        buffers[0].room = &room;
        give(&buffers[0], pool, 1, sizes[i % 2], true);
        assert_int_equal(buffers[0].playout.ready_count, room.most == 1 ? 0 : 1);
        video_buffer_fini(&buffers[0]);
        packet_pool_unref(pool);
        rtc_context_unref(context);
    }
}

static void audio_room(void **state)
{
    static const uint64_t rooms[] = {1, 20000};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        static uint8_t bytes[1200];
        static struct audio_buffer buffer;
        struct jitter_room room = {.most = rooms[i / 2]};
        size_t one = JITTER_FRAME_COST + sizes[i % 2];
        audio_buffer_init(&buffer, 48000, LIMIT);
        buffer.room = &room;
        for (uint32_t n = 0; n < 200; n++) {
            rtc_encoded_frame_options options = {
                .size = sizeof options, .kind = RTC_MEDIA_AUDIO, .codec = "opus", .data = bytes, .data_len = sizes[i % 2]};
            struct audio_packet packet = {.duration = 960, .arrival = SECOND};
            assert_int_equal(rtc_encoded_frame_new(NULL, &options, &packet.frame), RTC_OK);
            (void)audio_buffer_insert(&buffer, SECOND, n * 100, packet);
            assert_int_equal(room.bytes, buffer.count * one);
        }
        assert_int_equal(buffer.count, room.most / one);
        audio_buffer_reset(&buffer);
        assert_int_equal(room.bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(video),
        cmocka_unit_test(audio),
        cmocka_unit_test(video_room),
        cmocka_unit_test(audio_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
