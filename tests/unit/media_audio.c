/* SPDX-License-Identifier: MIT */
/* Cutting pushed sound into packets, resampling it, and joining two stretches without a click. */
#include "audio_framer.h"
#include "audio_stretch.h"
#include "context.h"
#include "failing_memory.h"
#include "tone.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PACKET = 48 * AUDIO_FRAMER_PACKET_MS };

static rtc_audio_frame *new_frame(uint32_t rate, uint32_t channels, uint32_t samples, rtc_time_t time, const int16_t *data)
{
    const rtc_audio_frame_options o = {.size = sizeof o,
                                       .format = RTC_AUDIO_S16,
                                       .sample_rate = rate,
                                       .channels = channels,
                                       .samples = samples,
                                       .capture_time_us = time,
                                       .data = data};
    rtc_audio_frame *f;
    assert_int_equal(rtc_audio_frame_new(NULL, &o, &f), RTC_OK);
    return f;
}

static void push(struct audio_framer *framer, rtc_audio_frame *f)
{
    assert_int_equal(audio_framer_push(framer, f), RTC_OK);
    rtc_audio_frame_unref(f);
}

static rtc_audio_frame *pop(struct audio_framer *framer)
{
    rtc_audio_frame *f;
    assert_int_equal(audio_framer_pop(framer, &f), RTC_OK);
    return f;
}

static struct audio_framer *new_framer(uint32_t channels)
{
    struct audio_framer *framer;
    assert_int_equal(audio_framer_new(NULL, 48000, channels, PACKET, &framer), RTC_OK);
    return framer;
}

/* Lengths that fit no packet: every sample comes out once, in order, and times go with them. */
static void test_any_length(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {480, 441, 1, 960, 3000, 7, 2048};
    struct audio_framer *framer = new_framer(1);
    int16_t next_in = 0, next_out = 0;
    uint32_t samples_in = 0, packets = 0, first_rtp = 0;
    for (int round = 0; round < 70; round++) {
        uint32_t n = lengths[round % 7];
        int16_t data[3000];
        for (uint32_t i = 0; i < n; i++)
            data[i] = next_in++;
        push(framer, new_frame(48000, 1, n, 1000000 + (rtc_time_t)samples_in * 1000000 / 48000, data));
        samples_in += n;
        for (rtc_audio_frame *f; (f = pop(framer)) != NULL; packets++) {
            const int16_t *out = rtc_audio_frame_data(f);
            assert_int_equal(rtc_audio_frame_samples(f), PACKET);
            for (uint32_t i = 0; i < PACKET; i++)
                assert_int_equal(out[i], next_out++);
            if (packets == 0)
                first_rtp = rtc_audio_frame_rtp_timestamp(f);
            assert_int_equal(rtc_audio_frame_rtp_timestamp(f), first_rtp + packets * PACKET);
            assert_int_equal(rtc_audio_frame_capture_time_us(f), 1000000 + (rtc_time_t)packets * 20000);
            rtc_audio_frame_unref(f);
        }
    }
    assert_int_equal(packets, samples_in / PACKET);
    audio_framer_free(framer);
}

static void test_pauses(void **state)
{
    (void)state;
    struct audio_framer *framer = new_framer(1);
    rtc_audio_frame *f;
    push(framer, new_frame(48000, 1, PACKET + 100, 1000000, NULL));
    f = pop(framer);
    uint32_t rtp = rtc_audio_frame_rtp_timestamp(f);
    rtc_audio_frame_unref(f);
    /* Late by less than a tenth of a second: RTP time does not notice. */
    push(framer, new_frame(48000, 1, PACKET, 1080000, NULL));
    f = pop(framer);
    assert_int_equal(rtc_audio_frame_rtp_timestamp(f), rtp + PACKET);
    rtc_audio_frame_unref(f);
    /* A pause of five seconds: the rest of what was before is dropped, RTP time goes on as the clock did. */
    push(framer, new_frame(48000, 1, PACKET, 6000000, NULL));
    f = pop(framer);
    assert_int_equal(rtc_audio_frame_capture_time_us(f), 6000000);
    assert_in_range(rtc_audio_frame_rtp_timestamp(f) - rtp, 5 * 48000 - 100, 5 * 48000);
    rtp = rtc_audio_frame_rtp_timestamp(f);
    rtc_audio_frame_unref(f);
    assert_null(pop(framer));
    /* A clock that jumps back does not take RTP time along. */
    push(framer, new_frame(48000, 1, PACKET, 500000, NULL));
    f = pop(framer);
    assert_int_equal(rtc_audio_frame_capture_time_us(f), 500000);
    assert_int_equal(rtc_audio_frame_rtp_timestamp(f), rtp + PACKET);
    rtc_audio_frame_unref(f);
    audio_framer_free(framer);
}

/* A sound card whose second is not quite one: RTP counts its samples without a gap, and the times follow the clock. */
static void drift(int64_t ppm)
{
    struct audio_framer *framer = new_framer(1);
    uint32_t rtp = 0;
    for (int64_t i = 0; i < 100 * 60 * 30; i++) { /* half an hour of 10 ms */
        rtc_time_t time = 1000000 + i * 10000 - i * ppm / 100 + i % 3 * 2000;
        push(framer, new_frame(48000, 1, 480, time, NULL));
        rtc_audio_frame *f = pop(framer);
        if (!f)
            continue;
        assert_true(rtp == 0 || rtc_audio_frame_rtp_timestamp(f) == rtp + PACKET);
        rtp = rtc_audio_frame_rtp_timestamp(f);
        assert_in_range(rtc_audio_frame_capture_time_us(f), time - 20000, time);
        rtc_audio_frame_unref(f);
    }
    audio_framer_free(framer);
}

static void test_drift(void **state)
{
    (void)state;
    drift(300);
    drift(-300);
}

static void test_channels_and_formats(void **state)
{
    (void)state;
    struct audio_framer *mono = new_framer(1), *stereo = new_framer(2);
    static int16_t two[2 * PACKET], one[PACKET];
    static float floats[4 * PACKET];
    for (int i = 0; i < PACKET; i++) {
        two[2 * i] = 1000;
        two[2 * i + 1] = 3000;
        one[i] = -77;
        floats[4 * i] = 0.5f;
        floats[4 * i + 1] = -2.0f;                /* too loud: cut */
        floats[4 * i + 2] = i == 7 ? NAN : 0.25f; /* not a number is not a sound */
        floats[4 * i + 3] = -2.0f;
    }
    push(mono, new_frame(48000, 2, PACKET, 1000, two));
    rtc_audio_frame *f = pop(mono);
    assert_int_equal(((const int16_t *)rtc_audio_frame_data(f))[5], 2000);
    rtc_audio_frame_unref(f);
    push(stereo, new_frame(48000, 1, PACKET, 1000, one));
    f = pop(stereo);
    assert_int_equal(rtc_audio_frame_channels(f), 2);
    assert_int_equal(((const int16_t *)rtc_audio_frame_data(f))[2 * PACKET - 1], -77);
    rtc_audio_frame_unref(f);
    const rtc_audio_frame_options o = {.size = sizeof o,
                                       .format = RTC_AUDIO_F32,
                                       .sample_rate = 48000,
                                       .channels = 4,
                                       .samples = PACKET,
                                       .capture_time_us = 21000,
                                       .data = floats};
    assert_int_equal(rtc_audio_frame_new(NULL, &o, &f), RTC_OK);
    push(stereo, f);
    f = pop(stereo);
    assert_int_equal(((const int16_t *)rtc_audio_frame_data(f))[0], 12288);
    assert_int_equal(((const int16_t *)rtc_audio_frame_data(f))[1], -32768);
    assert_int_equal(((const int16_t *)rtc_audio_frame_data(f))[2 * 7], 0);
    assert_int_equal(((const int16_t *)rtc_audio_frame_data(f))[2 * 8], 12288);
    rtc_audio_frame_unref(f);
    audio_framer_free(mono);
    audio_framer_free(stereo);
    assert_int_equal(audio_framer_new(NULL, 48000, 3, PACKET, &mono), RTC_ERR_RANGE);
    assert_int_equal(audio_framer_new(NULL, 48000, 1, 0, &mono), RTC_ERR_RANGE);
}

/* A tone at another rate is the same tone at 48 kHz, as long, and whole. */
static void test_resampling(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 11025, 16000, 22050, 32000, 44100, 96000, 192000};
    for (size_t r = 0; r < 8; r++) {
        static int16_t out[2 * 96000];
        struct audio_framer *framer = new_framer(2);
        uint32_t length = rates[r] / 100;
        size_t samples = 0;
        for (uint32_t i = 0; i < 150; i++) {
            static int16_t in[2 * 1920];
            tone_make(in, length, 2, rates[r], 600, 8000, (uint64_t)i * length);
            push(framer, new_frame(rates[r], 2, length, 1000000 + (rtc_time_t)i * length * 1000000 / rates[r], in));
            for (rtc_audio_frame *f; (f = pop(framer)) != NULL; samples += PACKET) {
                memcpy(out + 2 * samples, rtc_audio_frame_data(f), 2 * PACKET * sizeof *out);
                rtc_audio_frame_unref(f);
            }
        }
        assert_in_range(samples, 48000 * 145 / 100, 48000 * 150 / 100);
        double amplitude = tone_amplitude(out + 2 * 4800, 48000, 2, 1, 48000, 600);
        assert_true(amplitude > 7600 && amplitude < 8400);
        assert_true(tone_largest_step(out + 2 * 480, samples - 480, 2) < 8000 * 2 * TONE_PI * 600 / 48000 * 1.2);
        audio_framer_free(framer);
    }
}

/* A source that changes its mind. */
static void test_rate_changes(void **state)
{
    (void)state;
    struct audio_framer *framer = new_framer(1);
    uint32_t packets = 0;
    for (int i = 0; i < 300; i++) {
        uint32_t rate = i < 100 ? 48000 : i < 200 ? 16000 : 48000;
        push(framer, new_frame(rate, 1, rate / 100, 1000000 + (rtc_time_t)i * 10000, NULL));
        for (rtc_audio_frame *f; (f = pop(framer)) != NULL; packets++)
            rtc_audio_frame_unref(f);
    }
    assert_in_range(packets, 148, 150);
    audio_framer_free(framer);
}

static int frame_some(rtc_context *context, void *user)
{
    (void)user;
    struct audio_framer *framer;
    rtc_audio_frame *in = new_frame(16000, 1, 320, 1000, NULL), *out = NULL;
    int error = audio_framer_new(context, 48000, 2, PACKET, &framer);
    if (!error) {
        for (int i = 0; i < 2 && !error; i++)
            error = audio_framer_push(framer, in);
        if (!error)
            error = audio_framer_pop(framer, &out);
        audio_framer_free(framer);
    }
    rtc_audio_frame_unref(out);
    rtc_audio_frame_unref(in);
    return error;
}

static void test_failing_memory(void **state)
{
    (void)state;
    fail_each_allocation(frame_some, NULL, 100);
}

/* A tone with one packet taken out has no click, whatever its phase: it is as steady as the tone itself. */
static void test_join_without_a_click(void **state)
{
    (void)state;
    for (double frequency = 85; frequency < 2000; frequency *= 1.171) {
        for (uint32_t channels = 1; channels <= 2; channels++) {
            static int16_t all[2 * 6 * PACKET];
            size_t n = 0;
            rtc_audio_frame *frames[5], *joined;
            for (uint32_t i = 0; i < 5; i++) {
                int16_t data[2 * PACKET];
                tone_make(data, PACKET, channels, 48000, frequency, 10000, (uint64_t)i * PACKET);
                frames[i] = new_frame(48000, channels, PACKET, 1000 + i, data);
                rtc_audio_frame_set_rtp_timestamp(frames[i], i * PACKET);
            }
            assert_int_equal(audio_stretch_join(NULL, frames[2], frames[3], &joined), RTC_OK);
            assert_int_equal(rtc_audio_frame_rtp_timestamp(joined), 3 * PACKET);
            assert_int_equal(rtc_audio_frame_capture_time_us(joined), 1003);
            assert_in_range(rtc_audio_frame_samples(joined), PACKET - 288, PACKET + 288);
            rtc_audio_frame *order[] = {frames[0], frames[1], joined, frames[4]};
            for (int i = 0; i < 4; i++) {
                size_t count = rtc_audio_frame_samples(order[i]);
                memcpy(all + n * channels, rtc_audio_frame_data(order[i]), count * channels * sizeof *all);
                n += count;
            }
            double steepest = 10000 * 2 * TONE_PI * frequency / 48000;
            int step = tone_largest_step(all, n, channels);
            if (step > steepest * 1.25 + 2)
                fail_msg("a step of %d at %.0f Hz, where the tone has %.0f", step, frequency, steepest);
            /* Nor a hole: the loudness within the joined packet stays. */
            double loud = tone_rms(all + 2 * PACKET * channels, rtc_audio_frame_samples(joined) * channels);
            if (loud < 10000 / sqrt(2) * 0.8)
                fail_msg("only %.0f loud at %.0f Hz", loud, frequency);
            for (int i = 0; i < 5; i++)
                rtc_audio_frame_unref(frames[i]);
            rtc_audio_frame_unref(joined);
        }
    }
}

/* Several packets in a row vanish: the result of one joining is the first of the next. */
static void test_join_again_and_again(void **state)
{
    (void)state;
    rtc_audio_frame *kept = new_frame(48000, 1, PACKET, 1, NULL);
    for (uint32_t i = 1; i < 40; i++) {
        int16_t data[PACKET];
        tone_make(data, PACKET, 1, 48000, 60 + 9 * i, 10000, i * PACKET);
        rtc_audio_frame *next = new_frame(48000, 1, PACKET, 1, data), *joined;
        assert_int_equal(audio_stretch_join(NULL, kept, next, &joined), RTC_OK);
        rtc_audio_frame_unref(kept);
        rtc_audio_frame_unref(next);
        kept = joined;
    }
    rtc_audio_frame_unref(kept);
}

static void test_join_refuses(void **state)
{
    (void)state;
    rtc_audio_frame *a = new_frame(48000, 1, PACKET, 1, NULL), *out;
    rtc_audio_frame *others[] = {new_frame(44100, 1, PACKET, 1, NULL), new_frame(48000, 2, PACKET, 1, NULL),
                                 new_frame(48000, 1, 480, 1, NULL)};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(audio_stretch_join(NULL, a, others[i], &out), RTC_ERR_TYPE);
        assert_int_equal(audio_stretch_join(NULL, others[i], a, &out), RTC_ERR_TYPE);
        rtc_audio_frame_unref(others[i]);
    }
    /* The shortest and the longest that are legal. */
    rtc_audio_frame *shortest = new_frame(48000, 1, 600, 1, NULL), *longest = new_frame(48000, 1, 5760, 1, NULL);
    assert_int_equal(audio_stretch_join(NULL, shortest, longest, &out), RTC_OK);
    rtc_audio_frame_unref(out);
    assert_int_equal(audio_stretch_join(NULL, longest, shortest, &out), RTC_OK);
    rtc_audio_frame_unref(out);
    rtc_audio_frame_unref(shortest);
    rtc_audio_frame_unref(longest);
    rtc_audio_frame_unref(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_length),
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_drift),
        cmocka_unit_test(test_channels_and_formats),
        cmocka_unit_test(test_resampling),
        cmocka_unit_test(test_rate_changes),
        cmocka_unit_test(test_failing_memory),
        cmocka_unit_test(test_join_without_a_click),
        cmocka_unit_test(test_join_again_and_again),
        cmocka_unit_test(test_join_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
