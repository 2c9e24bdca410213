/* SPDX-License-Identifier: MIT */
/* Pictures that a peer makes too large, too many or too often: the decoder does not see them, memory stays bounded, what was dropped is
 * counted, and a picture within the limits is shown again. The decoder here takes the memory that a real one's pictures take. */
#include "peer_pump.h"

#include "context.h"
#include "executor.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    size_t now, most;
};

static void note(struct bytes *b, void *memory, bool taken)
{
    size_t size = malloc_usable_size(memory);
    b->now = taken ? b->now + size : b->now - size;
    b->most = b->now > b->most ? b->now : b->most;
}

static void *take(void *user, size_t size)
{
    void *memory = malloc(size);
    note(user, memory, true);
    return memory;
}

static void *change(void *user, void *old, size_t size)
{
    if (old)
        note(user, old, false);
    void *memory = realloc(old, size);
    note(user, memory, true);
    return memory;
}

static void give(void *user, void *memory)
{
    if (memory)
        note(user, memory, false);
    free(memory);
}

static struct {
    rtc_context *context;
    uint32_t width, height;             /* of the last keyframe */
    uint32_t grown_width, grown_height; /* if not 0: of all others */
    uint64_t frames, keyframes, pixels;
} decoder;

static int no_decoder(rtc_context *context, uint32_t channels, void **out)
{
    (void)context;
    (void)channels;
    *out = &decoder;
    return RTC_OK;
}

static void free_no_decoder(void *unused)
{
    (void)unused;
}

static int decode(void *unused, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    (void)unused;
    if (rtc_encoded_frame_keyframe(frame)) {
        decoder.width = rtc_encoded_frame_width(frame);
        decoder.height = rtc_encoded_frame_height(frame);
    }
    bool grown = !rtc_encoded_frame_keyframe(frame) && decoder.grown_width > 0;
    const rtc_video_frame_options options = {.size = sizeof options,
                                             .format = RTC_VIDEO_I420,
                                             .width = grown ? decoder.grown_width : decoder.width,
                                             .height = grown ? decoder.grown_height : decoder.height};
    decoder.frames++;
    decoder.keyframes += rtc_encoded_frame_keyframe(frame);
    decoder.pixels += (uint64_t)options.width * options.height;
    return rtc_video_frame_new(decoder.context, &options, out);
}

static const rtc_codec_ops codecs[] = {
#define CODEC(codec)                                                                                                                  \
    {                                                                                                                                 \
        .size = sizeof codecs[0], .kind = RTC_MEDIA_VIDEO, .name = codec, .decoder_new = no_decoder, .decoder_free = free_no_decoder, \
        .decode_video = decode                                                                                                        \
    }
    CODEC("VP8"), CODEC("VP9"), CODEC("H264")};

struct scene {
    struct sim_peers p;
    struct bytes bytes;
    rtc_media_source *source[4];
    rtc_media_stream_track *track[4];
    rtc_media_sink *sink[4];
    size_t count;
    uint32_t requests;
    uint64_t shown;
};

static void on_picture(void *user, rtc_video_frame *frame)
{
    struct scene *s = user;
    (void)frame;
    s->shown++;
}

static void on_request(void *user)
{
    struct scene *s = user;
    s->requests++;
}

static void add_source(struct scene *s)
{
    static const rtc_media_source_ops ops = {.size = sizeof ops, .request_keyframe = on_request};
    rtc_media_stream_track *track;
    assert_int_equal(rtc_media_source_new(s->p.context, RTC_MEDIA_VIDEO, "pictures", &ops, s, &s->source[s->count]), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(s->source[s->count], &track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(s->p.peer[0].pc, track, NULL, 0, NULL), RTC_OK);
    rtc_media_stream_track_unref(track);
    s->count++;
}

static void prefer(rtc_context *context, rtc_rtp_transceiver *t, const char *mime_type)
{
    rtc_rtp_capabilities *can;
    assert_int_equal(rtc_rtp_receiver_get_capabilities(context, RTC_MEDIA_VIDEO, &can), RTC_OK);
    for (size_t i = 0; i < can->codec_count; i++)
        if (strcmp(can->codecs[i]->mime_type, mime_type) == 0) {
            const rtc_rtp_codec *wanted = can->codecs[i];
            assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(t, &wanted, 1), RTC_OK);
            break;
        }
    rtc_rtp_capabilities_free(can);
}

/* `only`: nothing else is spoken; NULL: VP8 is. */
static void begin_with(struct scene *s, uint64_t seed, size_t streams, const rtc_limits *limits, const char *only)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_video = on_picture};
    const struct sim_link link = {.delay_us = 5 * MS};
    const rtc_configuration configuration = {.size = sizeof configuration, .max_bitrate_bps = 100000000};
    memset(s, 0, sizeof *s);
    memset(&decoder, 0, sizeof decoder);
    const rtc_allocator allocator = {take, change, give, &s->bytes};
    assert_true(sim_peers_init_limited(&s->p, seed, &link, &allocator, &configuration, limits));
    decoder.context = s->p.context;
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        assert_int_equal(rtc_context_add_codec(s->p.context, &codecs[i]), RTC_OK);
    s->p.manual = true;
    for (size_t i = 0; i < streams; i++)
        add_source(s);
    if (only)
        prefer(s->p.context, rtc_peer_connection_transceiver(s->p.peer[0].pc, 0), only);
    peer_exchange(&s->p, 0);
    for (size_t i = 0; i < streams; i++) {
        s->track[i] = rtc_media_stream_track_ref(peer_remote_track(&s->p, 1, i));
        assert_int_equal(rtc_media_stream_track_add_sink(s->track[i], &ops, s, &s->sink[i]), RTC_OK);
    }
    peer_connect(&s->p, 5 * SECOND);
    peer_run(&s->p, SECOND);
    s->bytes.most = s->bytes.now;
}

static void begin(struct scene *s, uint64_t seed, size_t streams, const rtc_limits *limits)
{
    begin_with(s, seed, streams, limits, NULL);
}

static void end(struct scene *s)
{
    for (size_t i = 0; i < s->count; i++) {
        rtc_media_stream_track_remove_sink(s->track[i], s->sink[i]);
        rtc_media_stream_track_unref(s->track[i]);
    }
    sim_peers_fini(&s->p);
    for (size_t i = 0; i < s->count; i++)
        rtc_media_source_unref(s->source[i]);
    assert_int_equal(s->bytes.now, 0);
}

static void push_bytes(struct scene *s, size_t stream, const char *name, bool key, const uint8_t *data, size_t len)
{
    const rtc_encoded_frame_options options = {.size = sizeof options,
                                               .kind = RTC_MEDIA_VIDEO,
                                               .codec = name,
                                               .data = data,
                                               .data_len = len,
                                               .keyframe = key,
                                               .rtp_timestamp = (uint32_t)(s->p.now * 9 / 100),
                                               .capture_time_us = s->p.now};
    rtc_encoded_frame *frame;
    assert_int_equal(rtc_encoded_frame_new(s->p.context, &options, &frame), RTC_OK);
    assert_int_equal(rtc_media_source_push_encoded(s->source[stream], frame), RTC_OK);
    rtc_encoded_frame_unref(frame);
}

/* A VP8 header (RFC 6386 9.1) and nothing behind it. */
static void push(struct scene *s, size_t stream, bool key, uint32_t width, uint32_t height)
{
    uint8_t data[500] = {key ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a};
    data[6] = (uint8_t)width;
    data[7] = (uint8_t)(width >> 8);
    data[8] = (uint8_t)height;
    data[9] = (uint8_t)(height >> 8);
    push_bytes(s, stream, "VP8", key, data, sizeof data);
}

static double refused(struct scene *s)
{
    rtc_stats_report *report;
    double sum = 0, value, dropped = 0;
    assert_int_equal(rtc_peer_connection_get_stats(s->p.peer[1].pc, &report), RTC_OK);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++)
        if (rtc_stats_number(rtc_stats_report_at(report, i), "framesRefused", &value)) {
            sum += value;
            assert_true(rtc_stats_number(rtc_stats_report_at(report, i), "framesDropped", &dropped) && dropped >= value);
        }
    rtc_stats_report_unref(report);
    return sum;
}

/* The largest that is taken by default, and one that is not: nobody decodes it, nor asks again and again for what will be as large. */
static void too_large(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1, 1, NULL);
    push(&s, 0, true, 4096, 2304);
    peer_run(&s.p, SECOND);
    assert_int_equal(decoder.frames, 1);
    assert_int_equal(s.shown, 1);
    uint32_t requests = s.requests;
    for (int i = 0; i < 64; i++) {
        push(&s, 0, i % 8 == 0, 4096, 4096);
        peer_run(&s.p, 33 * MS);
    }
    peer_run(&s.p, SECOND);
    assert_int_equal(decoder.frames, 1);
    assert_int_equal(s.requests, requests);
    assert_int_equal(refused(&s), 8); /* what follows each needs one that can be decoded */
    push(&s, 0, true, 640, 360);
    peer_run(&s.p, SECOND);
    assert_int_equal(s.shown, 2);
    end(&s);
}

static void raised(void **state)
{
    const rtc_limits limits = {.size = sizeof limits, .picture_pixels = 4096 * 4096};
    struct scene s;
    (void)state;
    begin(&s, 2, 1, &limits);
    push(&s, 0, true, 4096, 4096);
    peer_run(&s.p, SECOND);
    assert_int_equal(s.shown, 1);
    assert_int_equal(refused(&s), 0);
    end(&s);
}

/* Keyframes of another size each time, as fast as they come. */
static void too_often(void **state)
{
    const rtc_limits limits = {.size = sizeof limits, .decoded_pixels_per_second = 20000000};
    struct scene s;
    (void)state;
    begin(&s, 3, 1, &limits);
    for (int i = 0; i < 1000; i++) {
        push(&s, 0, true, 1000 + (uint32_t)i, 720);
        peer_run(&s.p, 5 * MS);
    }
    print_message("%llu pictures, %llu Mpixels in 5 s; %.0f refused\n", (unsigned long long)decoder.frames,
                  (unsigned long long)decoder.pixels / 1000000, refused(&s));
    assert_in_range(decoder.pixels, 25000000, 31000000); /* six seconds' worth, at a quarter */
    assert_true(refused(&s) > 40);
    peer_run(&s.p, SECOND);
    uint64_t shown = s.shown, before = decoder.frames;
    push(&s, 0, true, 640, 360);
    for (int i = 0; i < 30; i++) { /* an honest stream goes on */
        peer_run(&s.p, 33 * MS);
        push(&s, 0, false, 640, 360);
    }
    peer_run(&s.p, SECOND);
    assert_int_equal(decoder.frames - before, 31);
    assert_int_equal(s.shown - shown, 31);
    end(&s);
}

/* Keyframes that say little, and pictures behind them that are larger: from the first one on they count as what they are. */
static void larger_than_said(void **state)
{
    const rtc_limits limits = {.size = sizeof limits, .decoded_pixels_per_second = 20000000};
    struct scene s;
    (void)state;
    begin(&s, 5, 1, &limits);
    decoder.grown_width = 1280;
    decoder.grown_height = 720;
    for (int i = 0; i < 500; i++) {
        push(&s, 0, i % 2 == 0, 64, 64);
        peer_run(&s.p, 10 * MS);
    }
    print_message("%llu pictures, %llu Mpixels in 5 s; %.0f refused\n", (unsigned long long)decoder.frames,
                  (unsigned long long)decoder.pixels / 1000000, refused(&s));
    assert_true(decoder.pixels < 121000000); /* six seconds' worth */
    assert_true(refused(&s) > 100);
    /* Once they are as small as is said for some hundreds, they count as that. */
    decoder.grown_width = decoder.grown_height = 0;
    for (int i = 0; i < 4000; i++) {
        push(&s, 0, i % 2 == 0, 64, 64);
        peer_run(&s.p, 10 * MS);
    }
    uint64_t before = decoder.frames;
    for (int i = 0; i < 200; i++) {
        push(&s, 0, i % 2 == 0, 64, 64);
        peer_run(&s.p, 10 * MS);
    }
    assert_in_range(decoder.frames - before, 198, 202);
    end(&s);
}

/* Sixty-four large keyframes at once: no more than the limit is held. The smallest limit lets nothing through. */
static void too_much(void **state)
{
    static const uint32_t limit[] = {1, 32u << 20, 128u << 20};
    (void)state;
    for (size_t n = 0; n < 3; n++) {
        const rtc_limits limits = {.size = sizeof limits, .decoder_bytes = limit[n]};
        struct scene s;
        begin(&s, 4, 4, &limits);
        size_t before = s.bytes.now;
        sim_host_link(s.p.peer[0].host)->delay_us = 300 * MS;
        for (int i = 0; i < 64; i++) {
            push(&s, (size_t)i % 4, true, 1920, 1080);
            peer_run(&s.p, 3 * MS);
        }
        context_simulate(s.p.context, 500 * MS); /* everything arrives before the first picture is shown */
        peer_run(&s.p, 2 * SECOND);
        size_t most = s.bytes.most - before;
        print_message("limit %u kB: %zu kB held, %llu shown, %.0f refused\n", limit[n] / 1024, most / 1024, (unsigned long long)s.shown,
                      refused(&s));
        assert_true(most < limit[n] + (4u << 20)); /* and the packets on their way */
        assert_true(n == 0 ? s.shown == 0 : s.shown > 0);
        assert_true(refused(&s) >= 24);
        end(&s);
    }
}

/* Frames with several pictures each, 30 a second for five seconds: those that come to the decoder have no more of them than there may be in
 * six seconds. */
static void expect_within(const char *mime_type, const uint8_t *first, size_t first_len, const uint8_t *other, size_t other_len,
                          uint32_t pictures)
{
    const rtc_limits limits = {.size = sizeof limits, .decoded_pixels_per_second = 20 * 640 * 480};
    struct scene s;
    begin_with(&s, 6, 1, &limits, mime_type);
    for (int i = 0; i < 150; i++) {
        bool key = s.requests > 0 || i == 0;
        s.requests = 0;
        push_bytes(&s, 0, mime_type + strlen("video/"), key, key ? first : other, key ? first_len : other_len);
        peer_run(&s.p, 33 * MS);
    }
    uint64_t others = decoder.frames - decoder.keyframes;
    print_message("%s: %llu keyframes, %llu others in 5 s; %.0f refused\n", mime_type, (unsigned long long)decoder.keyframes,
                  (unsigned long long)others, refused(&s));
    assert_true(others > 3 && refused(&s) > 10);
    assert_true(decoder.keyframes + others * pictures <= 6 * 20);
    end(&s);
}

/* A chunk of VP9 with seven frames that are not shown, a frame of H.264 with four pictures: each of them counts. */
static void pictures_that_are_not_shown(void **state)
{
    static const uint8_t key_vp9[] = {0x82, 0x49, 0x83, 0x42, 0x00, 0x27, 0xf0, 0x1d, 0xf0, 1, 2, 3};
    static const uint8_t vp9[] = {0x84, 0,    0x40, 0x92, 0x84, 0,    0x40, 0x92, 0x84, 0,    0x40, 0x92, 0x84, 0,
                                  0x40, 0x92, 0x84, 0,    0x40, 0x92, 0x84, 0,    0x40, 0x92, 0x84, 0,    0x40, 0x92,
                                  0x86, 0,    0x40, 0x92, 0xc7, 4,    4,    4,    4,    4,    4,    4,    4,    0xc7};
    static const uint8_t key_h264[] = {0, 0,    0,    1,    0x67, 0x42, 0xc0, 0x1e, 0xda, 0x02, 0x80, 0xf6, 0x40, 0, 0, 0,
                                       1, 0x68, 0xcb, 0x83, 0xcb, 0x20, 0,    0,    0,    1,    0x65, 0x88, 1,    2, 3};
    static const uint8_t h264[] = {0, 0, 0, 1, 0x41, 0x9a, 1, 0, 0, 0, 1, 0x41, 0x9a, 2,
                                   0, 0, 0, 1, 0x41, 0x9a, 3, 0, 0, 0, 1, 0x41, 0x9a, 4};
    (void)state;
    expect_within("video/VP9", key_vp9, sizeof key_vp9, vp9, sizeof vp9, 8);
    expect_within("video/H264", key_h264, sizeof key_h264, h264, sizeof h264, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(larger_than_said), cmocka_unit_test(too_large), cmocka_unit_test(raised),
        cmocka_unit_test(too_often),        cmocka_unit_test(too_much),  cmocka_unit_test(pictures_that_are_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
