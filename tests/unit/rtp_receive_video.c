/* SPDX-License-Identifier: MIT */
/* The video jitter buffer: which frames come out, in which order, when, and when a keyframe is wanted. */
#include "drawn_moves.h"
#include "rtp_receiver.h"
#include "video_buffer.h"

enum { MS = 1000, SECOND = 1000000, WAIT = 200 * MS };

static struct packet_pool *pool;
static rtc_context *context;
static struct video_buffer buffer;
static rtc_time_t now;
static int64_t sequence;
static uint32_t shown[2000];
static size_t shown_count;
static rtc_time_t shown_at[2000];

static void what_is_drawn(void **state)
{
    /* e empty, w waiting, f flowing, s stuck */
    static const struct drawn buffers = {&video_buffer_moves, {"w", "fe", "wse", "fwe"}};
    (void)state;
    assert_moves_are_drawn(&buffers, "ewfs");
}

static int begin(void **state)
{
    (void)state;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    assert_int_equal(packet_pool_new(context, &pool), RTC_OK);
    video_buffer_init(&buffer, context, codec_row_carried(RTC_MEDIA_VIDEO, "VP8"), 512);
    video_buffer_set_max_wait(&buffer, WAIT);
    now = SECOND;
    sequence = 65530;
    shown_count = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    video_buffer_fini(&buffer);
    packet_pool_unref(pool);
    rtc_context_unref(context);
    return 0;
}

static void play(void)
{
    struct video_release r;
    while (video_buffer_next(&buffer, now, &r)) {
        shown_at[shown_count] = r.play_time;
        shown[shown_count++] = rtc_encoded_frame_rtp_timestamp(r.frame);
        const uint8_t *data = rtc_encoded_frame_data(r.frame);
        for (size_t i = 0; i < rtc_encoded_frame_len(r.frame); i++)
            assert_int_equal(data[i], (uint8_t)(i / 10)); /* whole, and its packets in order */
        assert_true(r.play_time >= now);
        rtc_encoded_frame_unref(r.frame);
    }
}

static void run_until(rtc_time_t until)
{
    while (video_buffer_deadline(&buffer) <= until) {
        if (video_buffer_deadline(&buffer) > now)
            now = video_buffer_deadline(&buffer);
        play();
    }
    now = until;
}

/* Packet `part` of `parts` of a frame that begins at `first`; 10 bytes each. */
static bool insert(int64_t first, uint32_t timestamp, uint8_t part, uint8_t parts, bool key)
{
    uint8_t bytes[10];
    memset(bytes, part, sizeof bytes);
    struct packet *packet = packet_copy(pool, slice_of(bytes, sizeof bytes));
    const struct video_packet p = {.sequence = first + part,
                                   .timestamp = timestamp,
                                   .first = part == 0,
                                   .last = part == parts - 1,
                                   .keyframe = key && part == 0,
                                   .width = key ? 640 : 0,
                                   .arrival = now,
                                   .payload = packet_slice(packet),
                                   .packet = packet};
    bool used = video_buffer_insert(&buffer, now, &p);
    play();
    return used;
}

static int64_t frame(uint32_t timestamp, uint8_t parts, bool key)
{
    int64_t first = sequence;
    for (uint8_t i = 0; i < parts; i++)
        (void)insert(first, timestamp, i, parts, key);
    sequence += parts;
    return first;
}

static void padding(int64_t at)
{
    const struct video_packet p = {.sequence = at, .arrival = now};
    (void)video_buffer_insert(&buffer, now, &p);
    play();
}

static void settle(void)
{
    run_until(now + SECOND);
}

/* Frame n of 30 per second, complete at its time. */
static void follow(uint32_t n, uint8_t parts)
{
    run_until(2 * SECOND + (rtc_time_t)n * 33333);
    (void)frame(n * 3000, parts, n == 0);
}

static void in_order(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 300; n++)
        follow(n, (uint8_t)(1 + n % 5));
    settle();
    assert_int_equal(shown_count, 300);
    for (uint32_t n = 0; n < 300; n++)
        assert_int_equal(shown[n], n * 3000);
    assert_int_equal(buffer.playout.stats.freeze_count, 0);
    assert_int_equal(buffer.stats.frames_received, 300);
    assert_int_equal(buffer.stats.key_frames_received, 1);
    assert_int_equal(buffer.stats.frames_of_many_packets, 240);
    assert_int_equal(buffer.stats.assembly_time, 0);
    const struct video_playout_stats *s = &buffer.playout.stats;
    assert_int_equal(s->frames_released, 300);
    assert_int_equal(s->interval_sum, shown_at[299] - shown_at[0]);
    assert_true(s->interval_square_sum > 299 * 0.0011 && s->interval_square_sum < 299 * 0.0012);
    assert_int_equal(s->pause_count, 0);
    assert_true(s->target_sum > 0 && s->target_sum == s->own_target_sum);
    /* A calm network: little delay, and even steps. */
    assert_true(video_playout_delay(&buffer.playout) <= 20 * MS);
    for (size_t n = 100; n < 300; n++)
        assert_in_range(shown_at[n] - shown_at[n - 1], 32 * MS, 35 * MS);
}

/* From the first packet to the last; and a frame that comes after more than five seconds ends a pause. */
static void slow_frames_and_pauses(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 30; n++) {
        run_until(2 * SECOND + (rtc_time_t)n * 33333);
        (void)insert(sequence, n * 3000, 0, 2, n == 0);
        run_until(now + 5 * MS);
        (void)insert(sequence, n * 3000, 1, 2, false);
        sequence += 2;
    }
    assert_int_equal(buffer.stats.frames_of_many_packets, 30);
    assert_int_equal(buffer.stats.assembly_time, 30 * 5 * MS);
    run_until(now + 10 * SECOND);
    assert_int_equal(buffer.playout.stats.pause_count, 0);
    (void)frame(29 * 3000 + 10 * 90000, 1, false);
    settle();
    assert_int_equal(buffer.playout.stats.pause_count, 1);
    assert_int_equal(buffer.playout.stats.freeze_count, 1);
    assert_in_range(buffer.playout.stats.pause_duration, 9900 * MS, 10100 * MS);
    assert_true(buffer.playout.stats.delay_sum >= 30 * 5 * MS);
}

/* Sixty frames at this interval, and one after so long; how many freezes that is, and how long. */
static uint64_t freezes_after(rtc_time_t interval, rtc_time_t gap, rtc_time_t *duration)
{
    static uint32_t timestamp;
    uint64_t before = buffer.playout.stats.freeze_count;
    rtc_time_t frozen = buffer.playout.stats.freeze_duration;
    for (int i = 0; i <= 60; i++) {
        rtc_time_t wait = i == 60 ? gap : interval;
        run_until(now + wait);
        timestamp += (uint32_t)(wait / MS * 90);
        (void)frame(timestamp, 1, sequence == 65530);
    }
    run_until(now + 50 * MS);
    timestamp += 50 * 90;
    *duration = buffer.playout.stats.freeze_duration - frozen;
    return buffer.playout.stats.freeze_count - before;
}

/* webrtc-stats, freezeCount: three times the average, or 150 ms more than it, whichever is longer; all of it counts as frozen. */
static void freezes_by_the_average(void **state)
{
    static const struct {
        int interval_ms, freeze_ms;
    } rates[] = {{20, 170}, {33, 183}, {74, 224}, {76, 228}, {100, 300}, {200, 600}};
    rtc_time_t frozen;
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        (void)freezes_after(rates[i].interval_ms * MS, rates[i].interval_ms * MS, &frozen); /* that of before is forgotten */
        assert_int_equal(freezes_after(rates[i].interval_ms * MS, (rates[i].freeze_ms - 2) * MS, &frozen), 0);
        assert_int_equal(frozen, 0);
        assert_int_equal(freezes_after(rates[i].interval_ms * MS, (rates[i].freeze_ms + 2) * MS, &frozen), 1);
        assert_in_range(frozen, (rates[i].freeze_ms + 1) * MS, (rates[i].freeze_ms + 3) * MS);
    }
}

/* How long a freeze has to be follows from the last thirty intervals: a long one among them makes it long, until thirty others came. */
static void freezes_by_the_last_thirty(void **state)
{
    (void)state;
    uint32_t timestamp = 0;
    for (uint32_t n = 0; n < 100; n++) {
        bool long_one = n == 30, short_one = n == 45 || n == 62;
        rtc_time_t wait = long_one ? 3 * SECOND : short_one ? 200 * MS : 33 * MS;
        run_until(now + wait);
        timestamp += (uint32_t)(wait * 9 / 100);
        (void)frame(timestamp, 1, n == 0);
        if (n == 61)
            assert_int_equal(buffer.playout.stats.freeze_count, 1); /* 200 ms are less than three times the average then */
    }
    settle();
    assert_int_equal(buffer.playout.stats.freeze_count, 2);
    assert_in_range(buffer.playout.stats.freeze_duration, 3190 * MS, 3220 * MS);
}

static void temporal_layer_is_told(void **state)
{
    (void)state;
    struct packet *packet = packet_copy(pool, slice_of("x", 1));
    const struct video_packet p = {.sequence = 1,
                                   .timestamp = 3000,
                                   .first = true,
                                   .last = true,
                                   .keyframe = true,
                                   .width = 640,
                                   .temporal_id = 2,
                                   .arrival = now,
                                   .payload = packet_slice(packet),
                                   .packet = packet};
    struct video_release release;
    assert_true(video_buffer_insert(&buffer, now, &p));
    now += SECOND;
    assert_true(video_buffer_next(&buffer, now, &release));
    assert_int_equal(rtc_encoded_frame_temporal_id(release.frame), 2);
    assert_int_equal(rtc_encoded_frame_spatial_id(release.frame), 0);
    rtc_encoded_frame_unref(release.frame);
}

static void any_packet_order(void **state)
{
    (void)state;
    for (uint8_t part = 4; part-- > 0;)
        (void)insert(100, 0, part, 4, true);
    for (uint8_t part = 4; part-- > 0;)
        (void)insert(108, 6000, part, 4, false);
    settle();
    assert_int_equal(shown_count, 1);
    for (uint8_t part = 4; part-- > 0;)
        (void)insert(104, 3000, part, 4, false);
    settle();
    assert_int_equal(shown_count, 3);
    assert_int_equal(shown[2], 6000);
}

/* A header that a peer cuts into small packets is read all the same: what is decoded is judged by it. */
static void header_in_parts(void **state)
{
    static const uint8_t key[] = {0x10, 2, 0, 0x9d, 0x01, 0x2a, 0x40, 0x46, 0xf0, 0x80, 1, 2}; /* 1600x240; bits of scale */
    (void)state;
    for (size_t step = 1; step <= sizeof key; step++) {
        struct video_release r;
        for (size_t at = 0; at < sizeof key; at += step) {
            size_t len = step < sizeof key - at ? step : sizeof key - at;
            struct packet *packet = packet_copy(pool, slice_of(key + at, len));
            const struct video_packet p = {.sequence = sequence++,
                                           .timestamp = (uint32_t)step * 3000,
                                           .first = at == 0,
                                           .last = at + len == sizeof key,
                                           .keyframe = at == 0,
                                           .arrival = now,
                                           .payload = packet_slice(packet),
                                           .packet = packet};
            (void)video_buffer_insert(&buffer, now, &p);
        }
        now += SECOND;
        assert_true(video_buffer_next(&buffer, now, &r));
        assert_int_equal(rtc_encoded_frame_width(r.frame), 1600);
        assert_int_equal(rtc_encoded_frame_height(r.frame), 240);
        rtc_encoded_frame_unref(r.frame);
    }
}

static void waits_for_repair(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 30; n++)
        follow(n, 3);
    run_until(now + 30 * MS);
    int64_t first = sequence;
    (void)insert(first, 90000, 0, 3, false);
    (void)insert(first, 90000, 2, 3, false);
    sequence += 3;
    (void)frame(93000, 3, false);
    run_until(now + 100 * MS);
    assert_int_equal(shown_count, 30);
    assert_false(video_buffer_wants_keyframe(&buffer, now));
    assert_true(insert(first, 90000, 1, 3, false));
    settle();
    assert_int_equal(shown_count, 32);
    assert_int_equal(buffer.stats.frames_dropped, 0);
}

/* jitterBufferDelay ends where a frame leaves the buffer, which is before it is shown: decoding takes its time. */
static void until_it_leaves(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 300; n++)
        follow(n, 1);
    video_playout_set_asked_delay(&buffer.playout, 200 * MS);
    for (uint32_t n = 300; n < 600; n++)
        follow(n, 1);
    rtc_time_t before = buffer.playout.stats.delay_sum;
    uint64_t count = buffer.playout.stats.frames_released;
    for (uint32_t n = 600; n < 700; n++)
        follow(n, 1);
    rtc_time_t delay = (buffer.playout.stats.delay_sum - before) / (rtc_time_t)(buffer.playout.stats.frames_released - count);
    assert_in_range(delay, 189 * MS, 191 * MS);
}

static void keyframe_in_place_of_repair(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 30; n++)
        follow(n, 3);
    settle();
    sequence++; /* lost for good */
    rtc_time_t missed = now;
    for (uint32_t n = 60; n < 65; n++) {
        (void)frame(n * 3000, 2, false);
        run_until(now + 33 * MS);
    }
    assert_false(video_buffer_wants_keyframe(&buffer, now));
    assert_int_equal(video_buffer_keyframe_deadline(&buffer), missed + WAIT);
    run_until(missed + WAIT);
    assert_true(video_buffer_wants_keyframe(&buffer, now));
    assert_int_equal(shown_count, 30);
    int64_t first = sequence;
    (void)insert(first, 70 * 3000, 0, 2, true);
    assert_false(video_buffer_wants_keyframe(&buffer, now)); /* it is coming */
    (void)insert(first, 70 * 3000, 1, 2, true);
    sequence += 2;
    (void)frame(71 * 3000, 2, false);
    settle();
    assert_int_equal(shown_count, 32);
    assert_int_equal(shown[30], 70 * 3000);
    assert_int_equal(buffer.stats.frames_dropped, 5);
    assert_false(video_buffer_wants_keyframe(&buffer, now));
    assert_int_equal(buffer.playout.stats.freeze_count, 1);
    assert_true(buffer.playout.stats.freeze_duration > SECOND);
}

/* A keyframe that came while repair was still hoped for is used as soon as it is not. */
static void keyframe_already_there(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 30; n++)
        follow(n, 3);
    settle();
    sequence++;
    (void)frame(60 * 3000, 2, false);
    (void)frame(61 * 3000, 2, true);
    run_until(now + WAIT / 2);
    assert_int_equal(shown_count, 30);
    run_until(now + WAIT);
    assert_int_equal(shown_count, 31);
    assert_int_equal(shown[30], 61 * 3000);
    assert_false(video_buffer_wants_keyframe(&buffer, now));
}

static void begins_with_a_keyframe(void **state)
{
    (void)state;
    (void)frame(0, 2, false);
    (void)frame(3000, 2, false);
    run_until(now + 60 * MS);
    assert_true(video_buffer_wants_keyframe(&buffer, now));
    (void)frame(6000, 2, true);
    settle();
    assert_int_equal(shown_count, 1);
    assert_int_equal(shown[0], 6000);
}

static void padding_fills_the_sequence(void **state)
{
    (void)state;
    padding(sequence++);
    padding(sequence++);
    (void)frame(0, 3, true);
    padding(sequence++);
    (void)frame(3000, 3, false);
    settle();
    assert_int_equal(shown_count, 2);
}

/* No marker: the next frame's timestamp ends it. */
static void lost_marker_bit(void **state)
{
    (void)state;
    (void)insert(100, 0, 0, 9, true);
    (void)insert(100, 0, 1, 9, true);
    (void)insert(102, 3000, 0, 1, false);
    settle();
    assert_int_equal(shown_count, 2);
}

static void duplicates_and_late_ones(void **state)
{
    (void)state;
    int64_t first = frame(0, 3, true);
    assert_false(insert(first, 0, 1, 3, true));
    (void)insert(sequence, 3000, 0, 2, false);
    assert_false(insert(sequence, 3000, 0, 2, false));
    assert_int_equal(buffer.stats.late_packets, 1);
    assert_int_equal(buffer.stats.duplicate_packets, 1);
    settle();
    assert_int_equal(shown_count, 1);
}

/* A frame beyond every bound is given up, and the next keyframe shown. */
static void bounded(void **state)
{
    (void)state;
    (void)frame(0, 3, true);
    settle();
    sequence++;
    for (unsigned i = 0; i < 2000; i++)
        (void)insert(sequence++, 3000, 0, 2, false);
    assert_true(buffer.capacity <= 512);
    settle();
    assert_true(video_buffer_wants_keyframe(&buffer, now));
    (void)frame(6000, 100, true);
    settle();
    assert_int_equal(shown_count, 2);
    (void)insert(sequence + (INT64_C(1) << 40), 9000, 0, 1, true);
    settle();
    assert_int_equal(shown_count, 3);
}

/* What waited is given up, and given back, when the sequence goes far beyond the ring. */
static void far_ahead(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 20; n++) {
        (void)frame(n * 9000, 3, true);
        sequence++; /* lost */
        for (unsigned i = 0; i < 100; i++)
            (void)insert(sequence++, n * 9000 + 3000, 0, 2, false);
        sequence += 600 + n * 100;
    }
    settle();
    assert_true(buffer.stats.frames_dropped >= 19);
    video_buffer_restart(&buffer);
    packet_pool_trim(pool, 0);
    for (size_t i = 0; i < buffer.capacity; i++)
        assert_false(buffer.slots[i].used);
}

static void restart(void **state)
{
    (void)state;
    (void)frame(0, 3, true);
    (void)insert(sequence, 3000, 0, 2, false);
    video_buffer_restart(&buffer);
    sequence = 17;
    (void)frame(0x80000000u, 2, true);
    (void)frame(0x80000000u + 3000, 2, false);
    settle();
    assert_int_equal(shown_count, 3);
}

static void delay_follows_lateness(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 300; n++)
        follow(n, 1);
    for (uint32_t n = 300; n < 900; n++) {
        run_until(2 * SECOND + (rtc_time_t)n * 33333 + (n % 5 == 0 ? 25 * MS : 0) + 60 * MS * (n / 3 % 2));
        (void)frame(n * 3000, 1, false);
    }
    assert_in_range(video_playout_delay(&buffer.playout), 60 * MS, 110 * MS);
    for (uint32_t n = 903; n < 1200; n++)
        follow(n, 1);
    assert_true(video_playout_delay(&buffer.playout) <= 20 * MS);
}

/* The sender's clock jumps by so much while frames wait for their time: none of them, and none after them, waits for the jump. */
static void jump_by(uint32_t ticks)
{
    uint32_t timestamp = 0x80000000u;
    rtc_time_t at = 2 * SECOND;
    video_playout_set_minimum_delay(&buffer.playout, 300 * MS);
    for (uint32_t n = 0; n < 600; n++, at += 33333, timestamp += 3000) {
        run_until(at);
        if (n == 300)
            timestamp += ticks;
        (void)frame(timestamp, 2, n == 0);
        if (n > 60)
            assert_in_range(n - shown_count, 7, 11);
    }
    settle();
    assert_int_equal(shown_count, 600);
}

static void clock_jumps_back(void **state)
{
    (void)state;
    jump_by(0u - 90000 * 3600);
}

static void clock_jumps_back_a_little(void **state)
{
    (void)state;
    jump_by(0u - 90000 * 6);
}

static void clock_jumps_ahead(void **state)
{
    (void)state;
    jump_by(90000 * 3600);
}

/* However often: the numbers stay small. */
static void clock_jumps_always(void **state)
{
    (void)state;
    uint32_t timestamp = 0;
    for (uint32_t n = 0; n < 20000; n++, timestamp += 0x7fffffff) {
        run_until(now + 10 * MS);
        (void)frame(timestamp, 1, true);
        shown_count = 0;
    }
    assert_in_range(buffer.playout.last_timestamp, 0, INT64_C(1) << 33);
    settle();
    assert_int_equal(buffer.playout.stats.frames_released, 20000);
}

static void held_for(struct rtp_receiver *r, uint16_t number, rtc_time_t delay)
{
    const struct rtp_playout_delay both = {delay, delay};
    uint8_t value[RTP_PLAYOUT_DELAY_LEN];
    struct rtp_header h = {.payload_type = 96, .sequence = number, .timestamp = number * 3000u, .ssrc = 7};
    rtp_playout_delay_write(value, &both);
    h.extensions[RTP_EXTENSION_PLAYOUT_DELAY] = slice_of(value, sizeof value);
    struct packet *packet = packet_copy(pool, slice_of("x", 1));
    assert_non_null(packet);
    h.payload = slice_of(packet_data(packet), 0);
    rtp_receiver_packet(r, SECOND + number, &h, packet);
}

/* What its sender wants is what the newest packet says, whatever comes late or is far from the others. */
static void a_late_word_about_waiting(void **state)
{
    const struct rtp_codec codec = {.name = "VP8", .payload_type = 96, .clock_rate = 90000};
    struct rtp_receiver *r;
    (void)state;
    assert_int_equal(rtp_receiver_new(context, RTC_MEDIA_VIDEO, 7, &codec, false, &r), RTC_OK);
    rtp_receiver_set_playing(r, true);
    held_for(r, 1, 100000);
    held_for(r, 2, 100000);
    assert_int_equal(r->bounds.min, 100000);
    held_for(r, 4, 20000);
    assert_int_equal(r->bounds.min, 20000);
    held_for(r, 3, 100000);
    assert_int_equal(r->bounds.min, 20000);
    held_for(r, 30000, 500000);
    assert_int_equal(r->bounds.min, 20000);
    rtp_receiver_free(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_drawn),
        TEST(a_late_word_about_waiting),
        TEST(in_order),
        TEST(slow_frames_and_pauses),
        TEST(freezes_by_the_average),
        TEST(freezes_by_the_last_thirty),
        TEST(until_it_leaves),
        TEST(temporal_layer_is_told),
        TEST(any_packet_order),
        TEST(header_in_parts),
        TEST(waits_for_repair),
        TEST(keyframe_in_place_of_repair),
        TEST(keyframe_already_there),
        TEST(begins_with_a_keyframe),
        TEST(padding_fills_the_sequence),
        TEST(lost_marker_bit),
        TEST(duplicates_and_late_ones),
        TEST(bounded),
        TEST(far_ahead),
        TEST(restart),
        TEST(delay_follows_lateness),
        TEST(clock_jumps_back),
        TEST(clock_jumps_back_a_little),
        TEST(clock_jumps_ahead),
        TEST(clock_jumps_always),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
