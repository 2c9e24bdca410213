/* SPDX-License-Identifier: MIT */
/* What encodings do to pictures (webrtc-pc 5.2, RTCRtpEncodingParameters; webrtc-extensions 4): several of one picture, each of its size,
 * rate and pace, in a stream of its own, measured at encoders of the test's own and at a receiver that chooses between them. */
#include "renegotiate_scene.h"

#include "../scripted_media.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 320, HEIGHT = 160, PICTURE_US = 33333, ENCODERS_MAX = 16 };

struct encoder {
    uint32_t width, bitrate_bps, encodings;
};

/* All encoders that there were, and what each kind of picture, by its width, was made how often. */
static struct {
    rtc_context *context;
    struct encoder encoders[ENCODERS_MAX];
    uint32_t made, alive;
    uint32_t pictures[WIDTH + 1], keys[WIDTH + 1], rate[WIDTH + 1];
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_time_t next;
    uint32_t pushed;
    bool stands; /* pictures are upright ones */
} all;

static int configure(void *encoder, const rtc_encoder_settings *settings)
{
    struct encoder *e = encoder;
    e->bitrate_bps = settings->bitrate_bps;
    e->encodings = settings->encodings;
    return RTC_OK;
}

static int encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    (void)context;
    assert_true(all.made < ENCODERS_MAX);
    struct encoder *e = &all.encoders[all.made++];
    all.alive++;
    *out = e;
    return configure(e, settings);
}

static void encoder_free(void *encoder)
{
    (void)encoder;
    all.alive--;
}

static int encode(void *encoder, rtc_video_frame *picture, bool key, rtc_encoded_frame **out)
{
    struct encoder *e = encoder;
    uint32_t width = rtc_video_frame_width(picture), height = rtc_video_frame_height(picture);
    uint8_t data[300] = {key ? 0x10 : 0x11,     0, 0, 0x9d, 0x01, 0x2a, (uint8_t)width, (uint8_t)(width >> 8), (uint8_t)height,
                         (uint8_t)(height >> 8)};
    const rtc_encoded_frame_options options = {
        .size = sizeof options,
        .kind = RTC_MEDIA_VIDEO,
        .codec = "VP8",
        .data = data,
        .data_len = sizeof data,
        .keyframe = key,
        .rtp_timestamp = (uint32_t)(rtc_video_frame_capture_time_us(picture) * 9 / 100),
        .capture_time_us = rtc_video_frame_capture_time_us(picture),
    };
    memcpy(data + SCRIPTED_HEAD, &width, sizeof width);
    memcpy(data + SCRIPTED_HEAD + sizeof width, &height, sizeof height);
    assert_true(width <= WIDTH);
    all.pictures[width]++;
    all.keys[width] += key;
    all.rate[width] = e->bitrate_bps;
    e->width = width;
    return rtc_encoded_frame_new(all.context, &options, out);
}

static const rtc_codec_ops codec = {.size = sizeof codec,
                                    .kind = RTC_MEDIA_VIDEO,
                                    .name = "VP8",
                                    .encoder_new = encoder_new,
                                    .encoder_free = encoder_free,
                                    .encoder_configure = configure,
                                    .encode_video = encode};

static void push(struct sim_peers *p)
{
    if (p->now < all.next)
        return;
    all.next += PICTURE_US;
    const rtc_video_frame_options options = {.size = sizeof options,
                                             .format = RTC_VIDEO_I420,
                                             .width = all.stands ? HEIGHT : WIDTH,
                                             .height = all.stands ? WIDTH : HEIGHT,
                                             .capture_time_us = p->now};
    rtc_video_frame *frame;
    assert_int_equal(rtc_video_frame_new(p->own, &options, &frame), RTC_OK);
    assert_int_equal(rtc_media_source_push_video(all.source, frame), RTC_OK);
    rtc_video_frame_unref(frame);
    all.pushed++;
}

/* What arrives. */
static struct {
    uint32_t frames, keys, width, height;
    int first_was_key;
} seen;

static void see(void *user, rtc_encoded_frame *frame)
{
    (void)user;
    memcpy(&seen.width, (const uint8_t *)rtc_encoded_frame_data(frame) + SCRIPTED_HEAD, sizeof seen.width);
    memcpy(&seen.height, (const uint8_t *)rtc_encoded_frame_data(frame) + SCRIPTED_HEAD + sizeof seen.width, sizeof seen.height);
    if (seen.frames == 0)
        seen.first_was_key = rtc_encoded_frame_keyframe(frame);
    seen.keys += rtc_encoded_frame_keyframe(frame);
    seen.frames++;
}

static void forget(void)
{
    memset(&seen, 0, sizeof seen);
    memset(all.pictures, 0, sizeof all.pictures);
    memset(all.keys, 0, sizeof all.keys);
    all.pushed = 0;
}

struct test {
    struct scene s;
    rtc_rtp_sender *sender;
    rtc_rtp_receiver *receiver;
    rtc_media_sink *sink;
};

/* Several encodings when `rids` are given. */
static void begin(struct test *t, const char *const *rids, size_t count)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_encoded = see};
    rtc_rtp_encoding_parameters e[4], *given[4];
    rtc_rtp_transceiver *transceiver;
    scene_begin(&t->s, 1);
    memset(&all, 0, sizeof all);
    all.context = t->s.p.context;
    assert_int_equal(rtc_context_add_codec(t->s.p.context, &codec), RTC_OK);
    for (size_t i = 0; i < count; i++) {
        e[i] = (rtc_rtp_encoding_parameters){.size = sizeof e[i], .rid = rids[i]};
        given[i] = &e[i];
    }
    assert_int_equal(rtc_media_source_new(t->s.p.context, RTC_MEDIA_VIDEO, "pictures", NULL, NULL, &all.source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(all.source, &all.track), RTC_OK);
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = given, .send_encoding_count = count};
    assert_int_equal(rtc_peer_connection_add_transceiver(t->s.p.peer[0].pc, RTC_MEDIA_VIDEO, all.track, &init, &transceiver), RTC_OK);
    t->sender = rtc_rtp_transceiver_sender(transceiver);
    struct peer_pump *clock = peer_pump_new(&t->s.pumps, &t->s.p, RTC_MEDIA_AUDIO); /* that time passes in small steps */
    clock->next = 1;
    peer_exchange(&t->s.p, 0);
    t->receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(t->s.p.peer[1].pc, 0));
    assert_int_equal(rtc_media_stream_track_add_sink(rtc_rtp_receiver_track(t->receiver), &ops, NULL, &t->sink), RTC_OK);
    peer_connect(&t->s.p, 5 * SECOND);
    all.next = t->s.p.now;
    t->s.pumps.on_step = push;
    peer_run(&t->s.p, SECOND);
}

static void end(struct test *t)
{
    rtc_media_stream_track_remove_sink(rtc_rtp_receiver_track(t->receiver), t->sink);
    rtc_media_stream_track_unref(all.track);
    rtc_media_source_unref(all.source);
    scene_end(&t->s);
    assert_int_equal(all.alive, 0);
}

static rtc_rtp_parameters *parameters_of(struct test *t)
{
    rtc_rtp_parameters *p;
    assert_int_equal(rtc_rtp_sender_get_parameters(t->sender, &p), RTC_OK);
    return p;
}

/* Takes the parameters. */
static void set(struct test *t, rtc_rtp_parameters *p)
{
    assert_int_equal(rtc_rtp_sender_set_parameters(t->sender, p), RTC_OK);
    rtc_rtp_parameters_free(p);
}

static double statistic(struct test *t, const char *rid, const char *name)
{
    rtc_stats_report *report;
    double value = -1;
    assert_int_equal(rtc_rtp_sender_get_stats(t->sender, &report), RTC_OK);
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *s = rtc_stats_report_at(report, i);
        const char *said = rtc_stats_string(s, "rid");
        if (strcmp(rtc_stats_type(s), "outbound-rtp") == 0 && (rid ? said && strcmp(said, rid) == 0 : !said))
            assert_true(rtc_stats_number(s, name, &value));
    }
    rtc_stats_report_unref(report);
    return value;
}

static const char *const three[] = {"q", "h", "f"};

/* One picture becomes three, each half as large as the next, each in its stream with counters of its own; whichever is chosen is shown. */
static void each_encoding_is_a_stream(void **state)
{
    struct test t;
    (void)state;
    begin(&t, three, 3);
    forget();
    peer_run(&t.s.p, SECOND);
    assert_true(all.pushed >= 29);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t width = WIDTH >> (2 - i);
        assert_int_equal(all.pictures[width], all.pushed);
        assert_int_equal((int)statistic(&t, three[i], "frameWidth"), width);
        assert_int_equal((int)statistic(&t, three[i], "frameHeight"), (uint32_t)HEIGHT >> (2 - i));
        assert_true(statistic(&t, three[i], "framesEncoded") > 50 && statistic(&t, three[i], "framesSent") > 50);
        assert_int_equal((int)statistic(&t, three[i], "encodingIndex"), (int)i);
        forget();
        assert_int_equal(rtc_rtp_receiver_select_rid(t.receiver, three[i]), RTC_OK);
        peer_run(&t.s.p, SECOND);
        assert_true(seen.frames > 20 && seen.width == width && seen.height == (uint32_t)HEIGHT >> (2 - i));
    }
    assert_int_equal(all.made, 3);
    assert_int_equal(all.encoders[0].encodings, 1);
    end(&t);
}

/* A keyframe that the receiver asks for is that of its encoding alone; so is one of setParameters. */
static void keyframes_are_of_one(void **state)
{
    struct test t;
    (void)state;
    begin(&t, three, 3);
    assert_int_equal(rtc_rtp_receiver_select_rid(t.receiver, "h"), RTC_OK);
    peer_run(&t.s.p, SECOND);
    forget();
    assert_int_equal(rtc_rtp_receiver_request_keyframe(t.receiver), RTC_OK);
    peer_run(&t.s.p, SECOND);
    assert_true(all.keys[WIDTH / 2] == 1 && all.keys[WIDTH] == 0 && all.keys[WIDTH / 4] == 0);
    forget();
    const rtc_encoding_options no = {.size = sizeof no}, yes = {.size = sizeof yes, .key_frame = true}, *list[] = {&no, &no, &yes};
    const rtc_set_parameter_options options = {.size = sizeof options, .encoding_options = list, .encoding_option_count = 3};
    rtc_rtp_parameters *p = parameters_of(&t);
    assert_int_equal(rtc_rtp_sender_set_parameters_with(t.sender, p, &options), RTC_OK);
    rtc_rtp_parameters_free(p);
    peer_run(&t.s.p, SECOND);
    assert_true(all.keys[WIDTH] == 1 && all.keys[WIDTH / 2] == 0 && all.keys[WIDTH / 4] == 0);
    end(&t);
}

/* active, maxFramerate, maxBitrate and scaleResolutionDownBy of one do nothing to the others. */
static void settings_are_of_one(void **state)
{
    struct test t;
    (void)state;
    begin(&t, three, 3);
    rtc_rtp_parameters *p = parameters_of(&t);
    p->encodings[0]->inactive = true;
    p->encodings[1]->max_framerate = 10;
    p->encodings[2]->max_bitrate_bps = 50000;
    set(&t, p);
    peer_run(&t.s.p, SECOND);
    forget();
    peer_run(&t.s.p, 2 * SECOND);
    assert_int_equal(all.pictures[WIDTH / 4], 0);
    assert_true(all.pictures[WIDTH / 2] >= 19 && all.pictures[WIDTH / 2] <= 21);
    assert_int_equal(all.pictures[WIDTH], all.pushed);
    assert_true(all.rate[WIDTH] <= 50000 && all.rate[WIDTH] > 0);
    p = parameters_of(&t);
    p->encodings[0]->inactive = false;
    p->encodings[2]->scale_resolution_down_by = 10;
    set(&t, p);
    forget();
    peer_run(&t.s.p, SECOND);
    assert_true(all.keys[WIDTH / 4] == 1 && all.pictures[WIDTH / 4] + 1 >= all.pushed);
    assert_true(all.pictures[WIDTH] <= 1 && all.pictures[WIDTH / 10] + 1 >= all.pushed);
    end(&t);
}

/* All of them get enough, and no small one more than it can use. */
static void small_pictures_take_little(void **state)
{
    struct test t;
    (void)state;
    begin(&t, three, 3);
    peer_run(&t.s.p, 20 * SECOND);
    assert_true(all.rate[WIDTH / 4] > 0 && all.rate[WIDTH / 4] <= 1500000 * 3 / 32);
    assert_true(all.rate[WIDTH / 2] <= 1500000 * 3 / 8 && all.rate[WIDTH] > 0);
    end(&t);
}

/* An answer that narrows while pictures come: what is left goes on, with its numbers and counters; then it is the only one. */
static void narrowing_while_it_sends(void **state)
{
    struct test t;
    rtc_sdp_type type;
    (void)state;
    begin(&t, three, 3);
    assert_int_equal(rtc_rtp_receiver_select_rid(t.receiver, "f"), RTC_OK);
    peer_run(&t.s.p, SECOND);
    double before = statistic(&t, "f", "framesEncoded"), ssrc = statistic(&t, "f", "ssrc");
    assert_int_equal(rtc_peer_connection_set_local_description(t.s.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    const char *offer = rtc_peer_connection_local_description(t.s.p.peer[0].pc, &type);
    assert_int_equal(rtc_peer_connection_set_remote_description(t.s.p.peer[1].pc, type, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(t.s.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    char *answer =
        text_replace(rtc_peer_connection_local_description(t.s.p.peer[1].pc, &type), "a=simulcast:recv q;h;f", "a=simulcast:recv f");
    assert_int_equal(rtc_peer_connection_set_remote_description(t.s.p.peer[0].pc, type, answer), RTC_OK);
    free(answer);
    forget();
    peer_run(&t.s.p, SECOND);
    assert_true(all.pictures[WIDTH / 4] == 0 && all.pictures[WIDTH / 2] == 0 && all.pictures[WIDTH] + 1 >= all.pushed);
    assert_true(seen.frames > 20 && seen.width == WIDTH);
    assert_true(statistic(&t, "f", "framesEncoded") > before && statistic(&t, "f", "ssrc") == ssrc);
    end(&t);
}

/* What the peer restricts of a stream (RFC 8851) holds, whatever is asked for; our own limits hold within it. */
static void the_peer_restricts(void **state)
{
    struct test t;
    rtc_sdp_type type;
    (void)state;
    begin(&t, three, 3);
    assert_int_equal(rtc_peer_connection_set_local_description(t.s.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    const char *offer = rtc_peer_connection_local_description(t.s.p.peer[0].pc, &type);
    assert_int_equal(rtc_peer_connection_set_remote_description(t.s.p.peer[1].pc, type, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(t.s.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    const char *answer = rtc_peer_connection_local_description(t.s.p.peer[1].pc, &type);
    char *slow = text_replace(answer, "a=rid:h recv", "a=rid:h recv pt=96,97;max-width=100;max-fps=10"),
         *poor = text_replace(slow, "a=rid:f recv", "a=rid:f recv max-height=80;max-br=40000"),
         *odd = text_replace(poor, "a=rid:q recv", "a=rid:q recv max-width=none");
    assert_int_equal(rtc_peer_connection_set_remote_description(t.s.p.peer[0].pc, type, odd), RTC_OK);
    free(slow);
    free(poor);
    free(odd);
    peer_run(&t.s.p, SECOND / 2);
    forget();
    peer_run(&t.s.p, 2 * SECOND);
    assert_true(all.pictures[100] >= 19 && all.pictures[100] <= 21 && all.pictures[WIDTH] == 0);
    assert_true(all.pictures[WIDTH / 2] == all.pushed && all.rate[WIDTH / 2] <= 40000); /* f, half as large */
    assert_int_equal(all.pictures[WIDTH / 4], all.pushed);                              /* q: what can not be read restricts nothing */
    rtc_rtp_parameters *p = parameters_of(&t);
    assert_true(p->encodings[1]->scale_resolution_down_by == 2 && !p->encodings[1]->has_max_framerate);
    p->encodings[1]->scale_resolution_down_by = 1;
    p->encodings[1]->max_framerate = 5;
    p->encodings[2]->max_bitrate_bps = 90000;
    set(&t, p);
    forget();
    peer_run(&t.s.p, 2 * SECOND);
    assert_true(all.pictures[100] >= 9 && all.pictures[100] <= 11 && all.rate[WIDTH / 2] <= 40000);
    end(&t);
}

/* No rate of pictures is too high or too low to be one: above all of them nothing is left out, below nearly all. */
static void rates_at_the_ends(void **state)
{
    struct test t;
    (void)state;
    begin(&t, three, 3);
    rtc_rtp_parameters *p = parameters_of(&t);
    p->encodings[0]->max_framerate = INFINITY;
    p->encodings[1]->max_framerate = 1e-310;
    p->encodings[2]->scale_resolution_down_by = 4000;
    set(&t, p);
    peer_run(&t.s.p, SECOND);
    forget();
    peer_run(&t.s.p, SECOND);
    assert_int_equal(all.pictures[WIDTH / 4], all.pushed);
    assert_int_equal(all.pictures[WIDTH / 2], 0);
    assert_true(all.pictures[2] == all.pushed && all.rate[2] < 1000);
    end(&t);
}

/* Offers again; of the answer `old` is put `new`. */
static void again(struct test *t, const char *old, const char *new)
{
    rtc_sdp_type type;
    assert_int_equal(rtc_peer_connection_set_local_description(t->s.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    const char *offer = rtc_peer_connection_local_description(t->s.p.peer[0].pc, &type);
    assert_int_equal(rtc_peer_connection_set_remote_description(t->s.p.peer[1].pc, type, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(t->s.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    char *answer = text_replace(rtc_peer_connection_local_description(t->s.p.peer[1].pc, &type), old, new);
    assert_int_equal(rtc_peer_connection_set_remote_description(t->s.p.peer[0].pc, type, answer), RTC_OK);
    free(answer);
}

/* The rate that the peer restricted is what it was when the restriction is gone. */
static void the_peer_lifts_what_it_restricted(void **state)
{
    struct test t;
    (void)state;
    begin(&t, three, 3);
    again(&t, "a=rid:f recv", "a=rid:f recv max-br=40000");
    peer_run(&t.s.p, SECOND);
    assert_true(all.rate[WIDTH] > 0 && all.rate[WIDTH] <= 40000);
    again(&t, "a=rid:f recv", "a=rid:f recv max-br=60000");
    peer_run(&t.s.p, SECOND);
    assert_true(all.rate[WIDTH] > 40000 && all.rate[WIDTH] <= 60000);
    again(&t, "a=rid:f recv", "a=rid:f recv");
    peer_run(&t.s.p, SECOND);
    assert_true(all.rate[WIDTH] > 60000);
    end(&t);
}

/* An offer that wants several changes nothing of what is sent before it is answered, whatever is set meanwhile, nor when it is undone. */
static void what_an_offer_widens_waits(void **state)
{
    struct test t;
    rtc_sdp_type type;
    (void)state;
    begin(&t, NULL, 0);
    peer_run(&t.s.p, SECOND);
    rtc_media_stream_track *track = rtc_media_stream_track_ref(all.track);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rtc_peer_connection_set_local_description(t.s.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
        char *offer = text_replace(rtc_peer_connection_local_description(t.s.p.peer[1].pc, &type), "a=rtcp-mux\r\n",
                                   "a=rid:a recv\r\na=rid:b recv\r\na=simulcast:recv a;b\r\na=rtcp-mux\r\n");
        assert_int_equal(rtc_peer_connection_set_remote_description(t.s.p.peer[0].pc, type, offer), RTC_OK);
        free(offer);
        rtc_rtp_parameters *p = parameters_of(&t);
        assert_int_equal(p->encoding_count, 2);
        if (i == 0)
            set(&t, p);
        else
            rtc_rtp_parameters_free(p);
        if (i == 1) {
            assert_int_equal(rtc_rtp_sender_replace_track(t.sender, NULL), RTC_OK);
            assert_int_equal(rtc_rtp_sender_replace_track(t.sender, track), RTC_OK);
        }
        peer_run(&t.s.p, SECOND / 10);
        forget();
        peer_run(&t.s.p, SECOND);
        assert_true(all.pictures[WIDTH] + 1 >= all.pushed && all.pictures[WIDTH / 2] == 0);
        if (i == 2) {
            assert_int_equal(rtc_peer_connection_set_local_description(t.s.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
            forget();
            peer_run(&t.s.p, SECOND);
            assert_true(all.pictures[WIDTH] + 1 >= all.pushed && all.pictures[WIDTH / 2] + 1 >= all.pushed);
            break;
        }
        assert_int_equal(rtc_peer_connection_set_remote_description(t.s.p.peer[0].pc, RTC_SDP_ROLLBACK, ""), RTC_OK);
        assert_int_equal(rtc_peer_connection_set_local_description(t.s.p.peer[1].pc, RTC_SDP_ROLLBACK, ""), RTC_OK);
        forget();
        peer_run(&t.s.p, SECOND);
        assert_true(all.pictures[WIDTH] + 1 >= all.pushed && all.pictures[WIDTH / 2] == 0 && seen.frames > 20);
    }
    rtc_media_stream_track_unref(track);
    end(&t);
}

/* Of a single encoding: scaleResolutionDownBy, scaleResolutionDownTo whichever way the picture stands, maxFramerate, and back again. */
static void sizes_of_one(void **state)
{
    static const struct {
        double by;
        uint32_t max_width, max_height, width, height;
        bool stands;
    } cases[] = {
        {1, 0, 0, 320, 160, false},     {2, 0, 0, 160, 80, false},        {3, 0, 0, 106, 52, false},      {1.5, 0, 0, 212, 106, false},
        {2, 320, 160, 320, 160, false}, {1, 160, 80, 160, 80, false},     {1, 160, 320, 320, 160, false}, {1, 80, 160, 160, 80, false},
        {1, 160, 160, 160, 80, false},  {1, 4000, 4000, 320, 160, false}, {1, 160, 80, 80, 160, true},    {1, 40, 80, 40, 80, true},
        {1, 1, 1, 2, 2, false},
    };
    struct test t;
    (void)state;
    begin(&t, NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rtc_rtp_parameters *p = parameters_of(&t);
        p->encodings[0]->scale_resolution_down_by = cases[i].by;
        p->encodings[0]->has_scale_resolution_down_to = cases[i].max_width > 0;
        p->encodings[0]->scale_resolution_down_to_max_width = cases[i].max_width;
        p->encodings[0]->scale_resolution_down_to_max_height = cases[i].max_height;
        p->degradation_preference = RTC_DEGRADATION_MAINTAIN_RESOLUTION; /* no size but what is asked for */
        set(&t, p);
        all.stands = cases[i].stands;
        peer_run(&t.s.p, SECOND / 2);
        assert_true(seen.width == cases[i].width && seen.height == cases[i].height);
    }
    end(&t);
}

/* maxBitrate holds, and with too little of it pictures become smaller where they may. */
static void rate_and_preference_of_one(void **state)
{
    static const struct {
        rtc_degradation_preference preference;
        bool smaller;
    } cases[] = {{RTC_DEGRADATION_MAINTAIN_RESOLUTION, false},
                 {RTC_DEGRADATION_MAINTAIN_FRAMERATE, true},
                 {RTC_DEGRADATION_MAINTAIN_FRAMERATE_AND_RESOLUTION, false},
                 {RTC_DEGRADATION_BALANCED, true}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct test t;
        begin(&t, NULL, 0);
        rtc_rtp_parameters *p = parameters_of(&t);
        p->encodings[0]->max_bitrate_bps = 25000;
        p->degradation_preference = cases[i].preference;
        p->has_degradation_preference = true;
        set(&t, p);
        peer_run(&t.s.p, 6 * SECOND);
        forget();
        peer_run(&t.s.p, SECOND);
        assert_true(all.pushed >= 29 && seen.frames >= 20);
        assert_int_equal(seen.width < WIDTH, cases[i].smaller);
        assert_true(all.rate[seen.width] <= 25000);
        end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_encoding_is_a_stream),  cmocka_unit_test(keyframes_are_of_one),
        cmocka_unit_test(settings_are_of_one),        cmocka_unit_test(small_pictures_take_little),
        cmocka_unit_test(narrowing_while_it_sends),   cmocka_unit_test(sizes_of_one),
        cmocka_unit_test(rate_and_preference_of_one), cmocka_unit_test(the_peer_restricts),
        cmocka_unit_test(rates_at_the_ends),          cmocka_unit_test(the_peer_lifts_what_it_restricted),
        cmocka_unit_test(what_an_offer_widens_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
