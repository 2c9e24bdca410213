/* SPDX-License-Identifier: MIT */
/* rtc_limits.jitter_buffer_packets: what a stream keeps is bounded in packets, each of which takes the same memory whether it is the
 * smallest or the largest. rtc_limits.jitter_buffer_bytes: what all streams keep is bounded in memory. */
#include "rtp_receiver.h"

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

/* ---- More delay than there is room for ---- */

enum { MS = 1000 };

static rtc_encoded_frame *frame_of(rtc_media_kind kind, const char *codec, size_t len, uint32_t timestamp)
{
    rtc_encoded_frame *frame;
    const rtc_encoded_frame_options options = {.size = sizeof options,
                                               .kind = kind,
                                               .codec = codec,
                                               .data_len = len,
                                               .keyframe = timestamp == 0,
                                               .rtp_timestamp = timestamp,
                                               .capture_time_us = 1};
    assert_int_equal(rtc_encoded_frame_new(NULL, &options, &frame), RTC_OK);
    return frame;
}

/* What is told of sound, to statistics and to pictures that wait for it, is what is held. */
static void sound_within_its_room(void **state)
{
    static struct rtp_receiver r = {.kind = RTC_MEDIA_AUDIO, .playing = true, .clock = {.known = true, .clock_rate = 48000}};
    struct audio_buffer *b = &r.buffer.audio;
    struct audio_decision d;
    (void)state;
    audio_buffer_init(b, 48000, 64);
    rtp_receiver_set_target(&r, 4 * SECOND);
    for (uint32_t i = 0; i < 1000; i++) {
        const rtc_time_t now = SECOND + (rtc_time_t)i * 20 * MS;
        struct audio_packet p = {.duration = 960, .arrival = now, .frame = frame_of(RTC_MEDIA_AUDIO, "opus", 80, i * 960)};
        assert_int_equal(audio_buffer_insert(b, now, i * 960, p), AUDIO_INSERTED);
        while (audio_buffer_next(b, now, &d))
            rtc_encoded_frame_unref(d.frame);
        rtp_receiver_observe(&r, now);
        assert_true(r.party.known && r.party.own_delay <= 48 * 20 * MS);
    }
    assert_in_range(r.party.delay, 47 * 20 * MS, 49 * 20 * MS);
    assert_in_range(r.party.own_delay, 47 * 20 * MS, 48 * 20 * MS);
    audio_buffer_reset(b);
}

/* Sound does not grow into the last of the room that all share, where packets would be refused. */
static void sound_within_the_room_of_all(void **state)
{
    static struct audio_buffer b;
    struct jitter_room room = {.most = 64 * (JITTER_FRAME_COST + 80)};
    struct audio_decision d;
    (void)state;
    audio_buffer_init(&b, 48000, 256);
    b.room = &room;
    audio_buffer_set_asked_delay(&b, 4 * SECOND);
    for (uint32_t i = 0; i < 1000; i++) {
        const rtc_time_t now = SECOND + (rtc_time_t)i * 20 * MS;
        struct audio_packet p = {.duration = 960, .arrival = now, .frame = frame_of(RTC_MEDIA_AUDIO, "opus", 80, i * 960)};
        assert_int_equal(audio_buffer_insert(&b, now, i * 960, p), AUDIO_INSERTED);
        while (audio_buffer_next(&b, now, &d))
            rtc_encoded_frame_unref(d.frame);
    }
    assert_in_range(audio_buffer_delay(&b), 48 * 20 * MS, 62 * 20 * MS);
    assert_in_range(audio_buffer_asked_delay(&b), 48 * 20 * MS, 62 * 20 * MS);
    assert_in_range(b.stats.inserted_samples, 0, 10 * 960); /* it does not go to and fro */
    assert_in_range(b.stats.accelerated_samples, 0, 10 * 960);
    audio_buffer_reset(&b);
    assert_int_equal(room.bytes, 0);
}

struct shown {
    rtc_time_t last, longest, shortest;
};

/* A hundred pictures a second. */
static void show(struct video_playout *p, rtc_time_t *now, uint32_t *number, unsigned seconds, struct shown *shown)
{
    *shown = (struct shown){.shortest = SECOND};
    for (unsigned i = 0; i < seconds * 100; i++, *now += 10 * MS) {
        uint32_t timestamp = (*number)++ * 900;
        struct video_release release;
        int64_t unwrapped = video_playout_unwrap(p, timestamp);
        assert_true(
            video_playout_push(p, *now, (struct video_arrival){*now, *now}, frame_of(RTC_MEDIA_VIDEO, "VP8", 1000, timestamp), unwrapped));
        while (video_playout_next(p, *now, &release)) {
            rtc_time_t gap = release.play_time - shown->last;
            if (shown->last > 0) {
                shown->longest = gap > shown->longest ? gap : shown->longest;
                shown->shortest = gap < shown->shortest ? gap : shown->shortest;
            }
            shown->last = release.play_time;
            rtc_encoded_frame_unref(release.frame);
        }
    }
}

/* Pictures: by their number, or by the room that all share; once the delay is what there is room for they are shown evenly, and statistics
 * say what is held. With less to hold it grows to what was asked for. */
static void pictures_within_their_room(void **state)
{
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        static struct video_playout p;
        struct jitter_room room = {.most = 80 * (JITTER_FRAME_COST + 1000)};
        struct shown shown;
        rtc_time_t now = SECOND, least = shared ? 60 * 10 * MS : 115 * 10 * MS, most = shared ? 75 * 10 * MS : 125 * 10 * MS;
        uint32_t number = 0;
        p = (struct video_playout){.clock_rate = 90000, .room = shared ? &room : NULL};
        video_playout_set_asked_delay(&p, 4 * SECOND);
        show(&p, &now, &number, 10, &shown);
        const struct video_playout_stats before = p.stats;
        show(&p, &now, &number, 5, &shown);
        int64_t frames = (int64_t)(p.stats.frames_released - before.frames_released);
        assert_in_range(frames, 499, 501);
        assert_in_range((p.stats.delay_sum - before.delay_sum) / frames, least, most);
        assert_in_range((p.stats.target_sum - before.target_sum) / frames, least, most);
        assert_in_range(video_playout_delay(&p), least, most);
        assert_in_range(video_playout_asked_delay(&p), least, most);
        assert_in_range(shown.longest, 10 * MS, 21 * MS);
        assert_in_range(shown.shortest, 0, 10 * MS);
        video_playout_set_asked_delay(&p, 300 * MS);
        show(&p, &now, &number, 10, &shown);
        assert_in_range(video_playout_delay(&p), 290 * MS, 310 * MS);
        assert_int_equal(video_playout_asked_delay(&p), 300 * MS);
        video_playout_clear(&p);
        assert_int_equal(room.bytes, 0);
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
        cmocka_unit_test(sound_within_its_room),
        cmocka_unit_test(sound_within_the_room_of_all),
        cmocka_unit_test(pictures_within_their_room),
        cmocka_unit_test(audio),
        cmocka_unit_test(video_room),
        cmocka_unit_test(audio_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
