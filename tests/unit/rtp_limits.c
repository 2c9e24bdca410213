/* SPDX-License-Identifier: MIT */
/* rtc_limits.jitter_buffer_packets: what a stream keeps is bounded in packets, each of which takes the same memory whether it is the
 * smallest or the largest. */
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
        struct video_packet v = {
            .sequence = sequence, .timestamp = (uint32_t)sequence, .first = true, .last = sequence % 7 == 0, .packet = p};
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
        video_buffer_init(&buffer, context, "VP8", 90000, LIMIT);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(video),
        cmocka_unit_test(audio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
