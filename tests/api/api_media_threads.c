/* SPDX-License-Identifier: MIT */
/* What workers touch while the connection's thread changes it: tracks are replaced and connections freed in the middle of encoding and
 * decoding. For the thread and address sanitizers as much as for itself. */
#include <crtc/crtc.h>

#include "../scripted_media.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { REPLACEMENTS = 300, EXCHANGES = 60, LIVES = 20 };

/* ---- A codec that is quick and obstinate: it drops every other picture, keyframe or not, and its pictures are grey ---- */

static atomic_uint encoded, decoded, encoders, told; /* `told`: the number that the last encoder was given */

static int codec_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    const char *number = strstr(settings->parameters->fmtp, "max-fr=");
    atomic_store(&told, number ? (uint32_t)strtoul(number + strlen("max-fr="), NULL, 10) : 0);
    atomic_fetch_add(&encoders, 1);
    *out = context;
    return RTC_OK;
}

static int decoder_new(rtc_context *context, uint32_t channels, void **out)
{
    (void)channels;
    *out = context;
    return RTC_OK;
}

static void codec_free(void *codec)
{
    (void)codec;
}

/* A picture that was taken at this time fails, and only when it is told to. */
enum { TRAP_TIME = 1 };
static atomic_uint trapped, sprung, gone;

static void let_go(void *user)
{
    (void)user;
    atomic_fetch_add(&gone, 1);
}

static int encode(void *codec, rtc_video_frame *frame, bool keyframe, rtc_encoded_frame **out)
{
    if (rtc_video_frame_capture_time_us(frame) == TRAP_TIME) {
        atomic_fetch_add(&trapped, 1);
        while (atomic_load(&sprung) == 0)
            (void)sched_yield();
        return RTC_ERR_ENCODING;
    }
    uint32_t n = atomic_fetch_add(&encoded, 1);
    if (n % 2 == 0)
        return RTC_OK;
    *out = scripted_video(codec, n, rtc_video_frame_capture_time_us(frame), keyframe, 500);
    return *out ? RTC_OK : RTC_ERR_NO_MEMORY;
}

static int decode(void *codec, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    const rtc_video_frame_options options = {.size = sizeof options, .format = RTC_VIDEO_I420, .width = 64, .height = 48};
    (void)frame;
    atomic_fetch_add(&decoded, 1);
    return rtc_video_frame_new(codec, &options, out);
}

static const rtc_codec_ops codec = {
    .size = sizeof codec,
    .kind = RTC_MEDIA_VIDEO,
    .name = "VP8",
    .encoder_new = codec_new,
    .encoder_free = codec_free,
    .encode_video = encode,
    .decoder_new = decoder_new,
    .decoder_free = codec_free,
    .decode_video = decode,
};

/* ---- Two connections on a loop with a thread of its own ---- */

struct scene {
    rtc_context *context;
    rtc_loop *loop;
    rtc_peer_connection *pc[2];
    rtc_media_source *source;
    rtc_rtp_sender *sender;
    rtc_media_stream_track *remote;
    rtc_media_sink *sink;
    pthread_t pusher;
    atomic_bool stop;
    atomic_uint shown;
};

struct signal {
    rtc_peer_connection *to; /* a reference */
    char candidate[512], mid[32];
};

static void add_candidate(void *user)
{
    struct signal *s = user;
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = s->candidate, .sdp_mid = s->mid};
    (void)rtc_peer_connection_add_ice_candidate(s->to, &init);
    rtc_peer_connection_unref(s->to);
    free(s);
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    struct scene *s = user;
    struct signal *signal = candidate ? calloc(1, sizeof *signal) : NULL;
    if (!signal)
        return;
    signal->to = rtc_peer_connection_ref(s->pc[pc == s->pc[0]]);
    (void)snprintf(signal->candidate, sizeof signal->candidate, "%s", candidate->candidate);
    (void)snprintf(signal->mid, sizeof signal->mid, "%s", candidate->sdp_mid);
    assert_int_equal(rtc_loop_post(s->loop, add_candidate, signal), RTC_OK);
}

static const rtc_peer_connection_callbacks callbacks = {.size = sizeof callbacks, .on_ice_candidate = on_candidate};

static void *push(void *user)
{
    struct scene *s = user;
    const rtc_video_frame_options options = {.size = sizeof options, .format = RTC_VIDEO_I420, .width = 64, .height = 48};
    while (!atomic_load(&s->stop)) {
        rtc_video_frame *picture;
        assert_int_equal(rtc_video_frame_new(s->context, &options, &picture), RTC_OK);
        assert_int_equal(rtc_media_source_push_video(s->source, picture), RTC_OK);
        rtc_video_frame_unref(picture);
    }
    return NULL;
}

static void on_picture(void *user, rtc_video_frame *frame)
{
    struct scene *s = user;
    (void)frame;
    atomic_fetch_add(&s->shown, 1);
}

/* Offer and answer. `number`, if it is not 0, is a parameter of VP8 in the answer. */
static void exchange(struct scene *s, uint32_t number)
{
    static const char vp8[] = "a=rtpmap:96 VP8/90000\r\n";
    static char changed[65536];
    rtc_sdp_type type;
    assert_int_equal(rtc_peer_connection_set_local_description(s->pc[0], RTC_SDP_NONE, NULL), RTC_OK);
    const char *offer = rtc_peer_connection_local_description(s->pc[0], &type);
    assert_int_equal(rtc_peer_connection_set_remote_description(s->pc[1], type, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s->pc[1], RTC_SDP_NONE, NULL), RTC_OK);
    const char *answer = rtc_peer_connection_local_description(s->pc[1], &type), *rest = strstr(answer, vp8);
    assert_non_null(rest);
    rest += strlen(vp8);
    if (number > 0)
        (void)snprintf(changed, sizeof changed, "%.*sa=fmtp:96 max-fr=%u\r\n%s", (int)(rest - answer), answer, number, rest);
    assert_int_equal(rtc_peer_connection_set_remote_description(s->pc[0], type, number > 0 ? changed : answer), RTC_OK);
}

static rtc_media_stream_track *fresh_track(struct scene *s)
{
    rtc_media_stream_track *track;
    assert_int_equal(rtc_media_stream_track_new(s->source, &track), RTC_OK);
    return track;
}

static void begin(struct scene *s)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_video = on_picture};
    memset(s, 0, sizeof *s);
    const rtc_context_options options = {.size = sizeof options, .worker_threads = 2};
    assert_int_equal(rtc_context_new(&options, &s->context), RTC_OK);
    assert_int_equal(rtc_context_add_codec(s->context, &codec), RTC_OK);
    assert_int_equal(rtc_loop_new(s->context, &s->loop), RTC_OK);
    assert_int_equal(rtc_loop_start(s->loop), RTC_OK);
    assert_int_equal(rtc_media_source_new(s->context, RTC_MEDIA_VIDEO, "pictures", NULL, NULL, &s->source), RTC_OK);
    rtc_media_stream_track *track = fresh_track(s);
    rtc_loop_lock(s->loop);
    for (int i = 0; i < 2; i++) {
        const rtc_configuration configuration = {.size = sizeof configuration, .loop = s->loop, .include_loopback = true};
        assert_int_equal(rtc_peer_connection_new(s->context, &configuration, &callbacks, s, &s->pc[i]), RTC_OK);
    }
    assert_int_equal(rtc_peer_connection_add_track(s->pc[0], track, NULL, 0, &s->sender), RTC_OK);
    rtc_media_stream_track_unref(track);
    exchange(s, 0);
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s->pc[1], 0));
    s->remote = rtc_media_stream_track_ref(rtc_rtp_receiver_track(receiver));
    assert_int_equal(rtc_media_stream_track_add_sink(s->remote, &ops, s, &s->sink), RTC_OK);
    rtc_loop_unlock(s->loop);
    assert_int_equal(pthread_create(&s->pusher, NULL, push, s), 0);
}

static void end(struct scene *s)
{
    rtc_loop_lock(s->loop);
    for (int i = 0; i < 2; i++)
        rtc_peer_connection_free(s->pc[i]);
    rtc_loop_unlock(s->loop);
    atomic_store(&s->stop, true);
    (void)pthread_join(s->pusher, NULL);
    rtc_media_stream_track_remove_sink(s->remote, s->sink);
    rtc_media_stream_track_unref(s->remote);
    rtc_loop_free(s->loop);
    rtc_media_source_unref(s->source);
    rtc_context_unref(s->context);
}

/* Without waiting: the thread gives the processor away until the counter moved. */
static void wait_for(atomic_uint *counter, uint32_t value)
{
    rtc_time_t limit = rtc_now() + 60000000;
    while (atomic_load(counter) < value) {
        assert_true(rtc_now() < limit);
        (void)sched_yield();
    }
}

/* The encoder drops the keyframe that each new track begins with, while the next track takes its place. */
static void tracks_are_replaced(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    for (uint32_t i = 0; i < REPLACEMENTS; i++) {
        rtc_media_stream_track *track = fresh_track(&s);
        wait_for(&encoded, atomic_load(&encoded) + 1);
        rtc_loop_lock(s.loop);
        assert_int_equal(rtc_rtp_sender_replace_track(s.sender, track), RTC_OK);
        rtc_media_stream_track_unref(track);
        rtc_loop_unlock(s.loop);
    }
    end(&s);
}

/* Another encoder takes the place of the one that is at work. */
static void encoders_are_exchanged(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    wait_for(&encoded, atomic_load(&encoded) + 1);
    for (uint32_t i = 1; i <= EXCHANGES; i++) {
        uint32_t before = atomic_load(&encoders);
        rtc_loop_lock(s.loop);
        exchange(&s, i);
        rtc_loop_unlock(s.loop);
        wait_for(&encoders, before + 1);
        assert_int_equal(atomic_load(&told), i);
        wait_for(&encoded, atomic_load(&encoded) + i % 3);
    }
    end(&s);
}

/* The picture that waited is given up by who replaces the track, and lets the one at the worker fail before anything else is counted. */
static void spring(void *user)
{
    (void)user;
    atomic_fetch_add(&sprung, 1);
    wait_for(&gone, 1);
}

static void push_wrapped(rtc_media_source *source, rtc_context *context, rtc_time_t taken, void (*release)(void *user))
{
    static uint8_t grey[64 * 48 * 3 / 2];
    const rtc_video_frame_options options = {.size = sizeof options,
                                             .format = RTC_VIDEO_I420,
                                             .width = 64,
                                             .height = 48,
                                             .capture_time_us = taken,
                                             .planes = {grey, grey + 64 * 48, grey + 64 * 60},
                                             .strides = {64, 32, 32},
                                             .release = release};
    rtc_video_frame *picture;
    assert_int_equal(rtc_video_frame_new(context, &options, &picture), RTC_OK);
    assert_int_equal(rtc_media_source_push_video(source, picture), RTC_OK);
    rtc_video_frame_unref(picture);
}

static double frames_dropped(rtc_peer_connection *pc)
{
    rtc_stats_report *report;
    double value = -1;
    assert_int_equal(rtc_peer_connection_get_stats(pc, &report), RTC_OK);
    assert_true(rtc_stats_number(rtc_stats_report_find_type(report, "outbound-rtp"), "framesDropped", &value));
    rtc_stats_report_unref(report);
    return value;
}

/* A pipeline ends while the encoder fails: what it had is counted by the one or by the other. */
static void what_fails_at_the_end_counts_once(void **state)
{
    struct scene s;
    rtc_media_source *source;
    rtc_media_stream_track *track;
    (void)state;
    begin(&s);
    wait_for(&encoded, atomic_load(&encoded) + 1);
    assert_int_equal(rtc_media_source_new(s.context, RTC_MEDIA_VIDEO, "by hand", NULL, NULL, &source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    rtc_loop_lock(s.loop);
    assert_int_equal(rtc_rtp_sender_replace_track(s.sender, track), RTC_OK);
    double before = frames_dropped(s.pc[0]);
    rtc_loop_unlock(s.loop);
    push_wrapped(source, s.context, TRAP_TIME, let_go);
    wait_for(&trapped, 1);
    push_wrapped(source, s.context, TRAP_TIME + 1, spring);
    rtc_loop_lock(s.loop);
    assert_int_equal(rtc_rtp_sender_replace_track(s.sender, NULL), RTC_OK);
    double after = frames_dropped(s.pc[0]);
    rtc_loop_unlock(s.loop);
    assert_true(after - before == 2);
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(source);
    end(&s);
}

static void on_ended(void *user, rtc_media_stream_track *track)
{
    (void)user;
    (void)track;
    fail_msg("closing tells nobody (webrtc-pc 4.4.2)");
}

/* Connections go while pictures are being decoded, and shown. The track has ended, and who listens to it is not told. */
static void receivers_are_freed(void **state)
{
    static const rtc_track_callbacks listening = {.size = sizeof listening, .on_ended = on_ended};
    (void)state;
    for (uint32_t i = 0; i < LIVES; i++) {
        struct scene s;
        rtc_track_listener *listener;
        begin(&s);
        assert_int_equal(rtc_media_stream_track_add_listener(s.remote, &listening, NULL, &listener), RTC_OK);
        wait_for(&s.shown, 3);
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tracks_are_replaced),
        cmocka_unit_test(encoders_are_exchanged),
        cmocka_unit_test(receivers_are_freed),
        cmocka_unit_test(what_fails_at_the_end_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
