/* SPDX-License-Identifier: MIT */
/* Scalability modes (webrtc-svc 4.2, RTCRtpEncodingParameters.scalabilityMode): which there are, where they are refused and with what, what
 * getParameters reads before and after a negotiation, and what encoders of the test's own are told. */
#include "renegotiate_scene.h"

#include "../scripted_media.h"

#include <string.h>
#include <strings.h>

enum { PICTURE_US = 33333, ENCODERS_MAX = 16 };

/* All encoders that there were: what each was told last, in the order in which they were made. */
static struct {
    rtc_context *context;
    uint32_t told[ENCODERS_MAX], made;
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_time_t next;
    uint32_t serial;
} all;

static int configure(void *encoder, const rtc_encoder_settings *settings)
{
    *(uint32_t *)encoder = settings->temporal_layers;
    return RTC_OK;
}

static int encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    (void)context;
    assert_true(all.made < ENCODERS_MAX);
    *out = &all.told[all.made++];
    return configure(*out, settings);
}

static void encoder_free(void *encoder)
{
    (void)encoder;
}

static int encode(void *encoder, rtc_video_frame *picture, bool key, rtc_encoded_frame **out)
{
    (void)encoder;
    *out = scripted_video(all.context, all.serial++, rtc_video_frame_capture_time_us(picture), key, 300);
    return *out ? RTC_OK : RTC_ERR_NO_MEMORY;
}

static const rtc_codec_ops layered = {.size = sizeof layered,
                                      .kind = RTC_MEDIA_VIDEO,
                                      .name = "VP8",
                                      .encoder_new = encoder_new,
                                      .encoder_free = encoder_free,
                                      .encoder_configure = configure,
                                      .encode_video = encode,
                                      .temporal_layers = 3};

static void push(struct sim_peers *p)
{
    if (p->now < all.next)
        return;
    all.next += PICTURE_US;
    const rtc_video_frame_options options = {
        .size = sizeof options, .format = RTC_VIDEO_I420, .width = 320, .height = 160, .capture_time_us = p->now};
    rtc_video_frame *frame;
    assert_int_equal(rtc_video_frame_new(p->own, &options, &frame), RTC_OK);
    assert_int_equal(rtc_media_source_push_video(all.source, frame), RTC_OK);
    rtc_video_frame_unref(frame);
}

struct test {
    struct scene s;
    rtc_rtp_transceiver *transceiver;
    rtc_rtp_sender *sender;
};

static int add(struct test *t, const rtc_rtp_encoding_parameters *encodings, size_t count, rtc_media_kind kind)
{
    rtc_rtp_encoding_parameters *list[4];
    for (size_t i = 0; i < count; i++)
        list[i] = (rtc_rtp_encoding_parameters *)&encodings[i];
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = list, .send_encoding_count = count};
    rtc_media_stream_track *track = kind == RTC_MEDIA_VIDEO ? all.track : NULL;
    int error = rtc_peer_connection_add_transceiver(t->s.p.peer[0].pc, kind, track, &init, &t->transceiver);
    t->sender = error ? NULL : rtc_rtp_transceiver_sender(t->transceiver);
    return error;
}

static int add_mode(struct test *t, const char *mode, rtc_media_kind kind)
{
    const rtc_rtp_encoding_parameters e = {.size = sizeof e, .scalability_mode = mode};
    return add(t, &e, 1, kind);
}

static void begin(struct test *t)
{
    memset(&all, 0, sizeof all);
    scene_begin(&t->s, 1);
    all.context = t->s.p.context;
    assert_int_equal(rtc_context_add_codec(t->s.p.context, &layered), RTC_OK);
    assert_int_equal(rtc_media_source_new(t->s.p.context, RTC_MEDIA_VIDEO, "pictures", NULL, NULL, &all.source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(all.source, &all.track), RTC_OK);
}

static void begin_mode(struct test *t, const char *mode)
{
    begin(t);
    assert_int_equal(add_mode(t, mode, RTC_MEDIA_VIDEO), RTC_OK);
}

/* Only this codec is to be sent. */
static void prefer(struct test *t, const char *mime_type)
{
    rtc_rtp_capabilities *can;
    const rtc_rtp_codec *wanted[32];
    size_t count = 0;
    assert_int_equal(rtc_rtp_receiver_get_capabilities(t->s.p.context, RTC_MEDIA_VIDEO, &can), RTC_OK);
    for (size_t i = 0; i < can->codec_count && count < 32; i++)
        if (strcasecmp(can->codecs[i]->mime_type, mime_type) == 0)
            wanted[count++] = can->codecs[i];
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(t->transceiver, wanted, count), RTC_OK);
    rtc_rtp_capabilities_free(can);
}

static void negotiate(struct test *t)
{
    struct peer_pump *clock = peer_pump_new(&t->s.pumps, &t->s.p, RTC_MEDIA_AUDIO); /* that time passes in small steps */
    clock->next = 1;
    peer_exchange(&t->s.p, 0);
    peer_connect(&t->s.p, 5 * SECOND);
    all.next = t->s.p.now;
    t->s.pumps.on_step = push;
    peer_run(&t->s.p, SECOND);
}

static void end(struct test *t)
{
    rtc_media_stream_track_unref(all.track);
    rtc_media_source_unref(all.source);
    scene_end(&t->s);
}

static void expect_mode(struct test *t, size_t encoding, const char *mode)
{
    rtc_rtp_parameters *p;
    assert_int_equal(rtc_rtp_sender_get_parameters(t->sender, &p), RTC_OK);
    const char *has = p->encodings[encoding]->scalability_mode;
    assert_true(has && mode ? strcmp(has, mode) == 0 : has == mode);
    rtc_rtp_parameters_free(p);
}

/* Of one encoding; `mime_type` NULL: whatever codec it has. */
static int set_mode(struct test *t, size_t encoding, const char *mode, const char *mime_type)
{
    rtc_rtp_capabilities *can;
    rtc_rtp_parameters *p;
    assert_int_equal(rtc_rtp_sender_get_capabilities(t->s.p.context, RTC_MEDIA_VIDEO, &can), RTC_OK);
    assert_int_equal(rtc_rtp_sender_get_parameters(t->sender, &p), RTC_OK);
    for (size_t i = 0; mime_type && i < can->codec_count && !p->encodings[encoding]->codec; i++)
        if (strcasecmp(can->codecs[i]->mime_type, mime_type) == 0)
            p->encodings[encoding]->codec = can->codecs[i];
    p->encodings[encoding]->scalability_mode = mode;
    int error = rtc_rtp_sender_set_parameters(t->sender, p);
    rtc_rtp_parameters_free(p);
    rtc_rtp_capabilities_free(can);
    return error;
}

static void expect_words(struct test *t, const char *words)
{
    const char *said = rtc_peer_connection_last_error(t->s.p.peer[0].pc);
    if (!strstr(said, words))
        fail_msg("'%s' is not in '%s'", words, said);
}

/* That "outbound-rtp" has; of the first that is found. */
static void expect_statistic(struct test *t, const char *mode)
{
    rtc_stats_report *report;
    assert_int_equal(rtc_rtp_sender_get_stats(t->sender, &report), RTC_OK);
    const rtc_stats *s = rtc_stats_report_find_type(report, "outbound-rtp");
    assert_non_null(s);
    assert_string_equal(rtc_stats_string(s, "scalabilityMode"), mode);
    rtc_stats_report_unref(report);
}

/* ---- */

static size_t modes_of(const rtc_rtp_capabilities *can, const char *mime_type)
{
    static const char *const names[] = {"L1T1", "L1T2", "L1T3"};
    for (size_t i = 0; i < can->codec_count; i++) {
        const rtc_rtp_codec *c = can->codecs[i];
        assert_true((c->scalability_modes != NULL) == (c->scalability_mode_count > 0));
        for (size_t k = 0; k < c->scalability_mode_count; k++)
            assert_string_equal(c->scalability_modes[k], names[k]);
        if (strcasecmp(c->mime_type, mime_type) == 0)
            return c->scalability_mode_count;
    }
    fail_msg("no codec %s", mime_type);
    return 0;
}

static void capabilities_say_them(void **state)
{
    struct test t;
    rtc_rtp_capabilities *can;
    (void)state;
    begin(&t);
    assert_int_equal(rtc_rtp_sender_get_capabilities(t.s.p.context, RTC_MEDIA_VIDEO, &can), RTC_OK);
    assert_int_equal(modes_of(can, "video/VP8"), 3);
    assert_int_equal(modes_of(can, "video/H264"), 1);
    assert_int_equal(modes_of(can, "video/rtx"), 0);
    rtc_rtp_capabilities_free(can);
    assert_int_equal(rtc_rtp_sender_get_capabilities(t.s.p.context, RTC_MEDIA_AUDIO, &can), RTC_OK);
    assert_int_equal(modes_of(can, "audio/opus"), 0);
    rtc_rtp_capabilities_free(can);
    assert_int_equal(rtc_rtp_receiver_get_capabilities(t.s.p.context, RTC_MEDIA_VIDEO, &can), RTC_OK);
    assert_int_equal(modes_of(can, "video/VP8"), 0);
    rtc_rtp_capabilities_free(can);
    end(&t);
}

static rtc_rtp_codec *sent_codec(struct test *t, const char *mime_type, rtc_rtp_capabilities **can)
{
    assert_int_equal(rtc_rtp_sender_get_capabilities(t->s.p.context, RTC_MEDIA_VIDEO, can), RTC_OK);
    for (size_t i = 0; i < (*can)->codec_count; i++)
        if (strcasecmp((*can)->codecs[i]->mime_type, mime_type) == 0)
            return (*can)->codecs[i];
    fail_msg("no codec %s", mime_type);
    return NULL;
}

/* webrtc-svc 4.2.1: OperationError, and nothing was added. */
static void add_transceiver_refuses(void **state)
{
    static const char *const nonsense[] = {"TotalNonsense", "", "l1t2", "L1T2 ", "L1T4", "L2T1", "L3T3_KEY", "S2T1"};
    struct test t;
    rtc_rtp_capabilities *can;
    (void)state;
    begin(&t);
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        assert_int_equal(add_mode(&t, nonsense[i], RTC_MEDIA_VIDEO), RTC_ERR_OPERATION);
        expect_words(&t, nonsense[i]);
        expect_words(&t, "encoding 0");
    }
    assert_int_equal(add_mode(&t, "L1T1", RTC_MEDIA_AUDIO), RTC_ERR_OPERATION);
    rtc_rtp_encoding_parameters e = {.size = sizeof e, .scalability_mode = "L1T2", .codec = sent_codec(&t, "video/H264", &can)};
    assert_int_equal(add(&t, &e, 1, RTC_MEDIA_VIDEO), RTC_ERR_OPERATION);
    expect_words(&t, "H264");
    const rtc_rtp_encoding_parameters second[] = {{.size = sizeof e, .rid = "a", .scalability_mode = "L1T2"},
                                                  {.size = sizeof e, .rid = "b", .scalability_mode = "L2T2"}};
    assert_int_equal(add(&t, second, 2, RTC_MEDIA_VIDEO), RTC_ERR_OPERATION);
    expect_words(&t, "encoding 1");
    assert_null(rtc_peer_connection_transceiver(t.s.p.peer[0].pc, 0));
    e.scalability_mode = "L1T1";
    assert_int_equal(add(&t, &e, 1, RTC_MEDIA_VIDEO), RTC_OK);
    expect_mode(&t, 0, "L1T1");
    rtc_rtp_capabilities_free(can);
    end(&t);
}

/* webrtc-svc 4.2.3: before a negotiation what was set last is read, and nothing where nothing was. */
static void read_before_a_negotiation(void **state)
{
    struct test t;
    (void)state;
    begin_mode(&t, NULL);
    expect_mode(&t, 0, NULL);
    assert_int_equal(set_mode(&t, 0, "L1T2", NULL), RTC_OK);
    expect_mode(&t, 0, "L1T2");
    assert_int_equal(set_mode(&t, 0, NULL, NULL), RTC_OK);
    expect_mode(&t, 0, NULL);
    end(&t);
    begin_mode(&t, "L1T3");
    expect_mode(&t, 0, "L1T3");
    end(&t);
}

/* webrtc-svc 4.2.2: InvalidModificationError for what no codec makes, or not the one that is wished for; nothing is changed. */
static void set_parameters_refuses(void **state)
{
    struct test t;
    (void)state;
    begin_mode(&t, "L1T3");
    assert_int_equal(set_mode(&t, 0, "TotalNonsense", NULL), RTC_ERR_INVALID_MODIFICATION);
    expect_words(&t, "TotalNonsense");
    assert_int_equal(set_mode(&t, 0, "L3T3", NULL), RTC_ERR_INVALID_MODIFICATION);
    assert_int_equal(set_mode(&t, 0, "L1T2", "video/H264"), RTC_ERR_INVALID_MODIFICATION);
    expect_words(&t, "H264");
    expect_mode(&t, 0, "L1T3");
    assert_int_equal(set_mode(&t, 0, "L1T1", "video/H264"), RTC_OK);
    expect_mode(&t, 0, "L1T1");
    end(&t);
}

/* The encoder is told, at once and when it changes, and statistics have what it was told. */
static void encoders_are_told(void **state)
{
    struct test t;
    (void)state;
    begin_mode(&t, "L1T2");
    prefer(&t, "video/VP8");
    negotiate(&t);
    assert_true(all.made == 1 && all.told[0] == 2);
    expect_mode(&t, 0, "L1T2");
    expect_statistic(&t, "L1T2");
    assert_int_equal(set_mode(&t, 0, "L1T3", NULL), RTC_OK);
    peer_run(&t.s.p, SECOND);
    assert_true(all.made == 1 && all.told[0] == 3);
    expect_statistic(&t, "L1T3");
    assert_int_equal(set_mode(&t, 0, "L1T1", NULL), RTC_OK);
    peer_run(&t.s.p, SECOND);
    assert_int_equal(all.told[0], 1);
    expect_mode(&t, 0, "L1T1");
    expect_statistic(&t, "L1T1");
    assert_int_equal(set_mode(&t, 0, "L2T1", NULL), RTC_ERR_INVALID_MODIFICATION);
    expect_mode(&t, 0, "L1T1");
    end(&t);
}

/* Not said, and one encoding: one layer. */
static void one_layer_unless_said(void **state)
{
    struct test t;
    (void)state;
    begin_mode(&t, NULL);
    prefer(&t, "video/VP8");
    negotiate(&t);
    assert_true(all.made == 1 && all.told[0] == 1);
    expect_mode(&t, 0, NULL);
    expect_statistic(&t, "L1T1");
    end(&t);
}

/* What was negotiated makes no layers: that is read, and what it does not make is refused. */
static void a_codec_without_layers(void **state)
{
    struct test t;
    (void)state;
    begin_mode(&t, "L1T3");
    prefer(&t, "video/H264");
    expect_mode(&t, 0, "L1T3");
    negotiate(&t);
    expect_mode(&t, 0, "L1T1");
    assert_int_equal(set_mode(&t, 0, "L1T2", NULL), RTC_ERR_INVALID_MODIFICATION);
    expect_words(&t, "H264");
    assert_int_equal(set_mode(&t, 0, "L1T1", NULL), RTC_OK);
    end(&t);
    begin_mode(&t, NULL);
    prefer(&t, "video/H264");
    negotiate(&t);
    expect_mode(&t, 0, NULL);
    end(&t);
}

/* Of several encodings each has its own; not said they have three layers, and that is not read. */
static void of_several_encodings(void **state)
{
    const rtc_rtp_encoding_parameters e[] = {{.size = sizeof e[0], .rid = "q"},
                                             {.size = sizeof e[0], .rid = "h", .scalability_mode = "L1T1"},
                                             {.size = sizeof e[0], .rid = "f", .scalability_mode = "L1T2"}};
    struct test t;
    (void)state;
    begin(&t);
    assert_int_equal(add(&t, e, 3, RTC_MEDIA_VIDEO), RTC_OK);
    prefer(&t, "video/VP8");
    negotiate(&t);
    assert_int_equal(all.made, 3);
    assert_true(all.told[0] == 3 && all.told[1] == 1 && all.told[2] == 2);
    expect_mode(&t, 0, NULL);
    expect_mode(&t, 1, "L1T1");
    expect_mode(&t, 2, "L1T2");
    assert_int_equal(set_mode(&t, 1, "L1T3", NULL), RTC_OK);
    peer_run(&t.s.p, SECOND);
    assert_true(all.made == 3 && all.told[0] == 3 && all.told[1] == 3 && all.told[2] == 2);
    end(&t);
}

/* More layers than there are modes for are refused when a codec is added. */
static void too_many_layers(void **state)
{
    struct test t;
    rtc_codec_ops ops = layered;
    (void)state;
    begin(&t);
    ops.temporal_layers = 4;
    assert_int_equal(rtc_context_add_codec(t.s.p.context, &ops), RTC_ERR_RANGE);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capabilities_say_them),  cmocka_unit_test(add_transceiver_refuses), cmocka_unit_test(read_before_a_negotiation),
        cmocka_unit_test(set_parameters_refuses), cmocka_unit_test(encoders_are_told),       cmocka_unit_test(one_layer_unless_said),
        cmocka_unit_test(a_codec_without_layers), cmocka_unit_test(of_several_encodings),    cmocka_unit_test(too_many_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
