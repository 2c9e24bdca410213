/* SPDX-License-Identifier: MIT */
/* Circuit breakers of senders with several encodings, or with such as an offer wants: what the session lets nothing through of is not
 * encoded either, whatever happens to tracks and descriptions meanwhile; and counters go on. */
#include "peer_pump.h"

#include "../scripted_media.h"
#include "rtp_session_parts.h"
#include "transceiver.h"
#include "transport.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 320, HEIGHT = 160, PICTURE_US = 33333 };

/* How many pictures of each width were encoded. */
static struct {
    rtc_context *context;
    unsigned pictures[WIDTH + 1];
} encoder;

static int encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    (void)context;
    (void)settings;
    *out = &encoder;
    return RTC_OK;
}

static void encoder_free(void *unused)
{
    (void)unused;
}

static int encode(void *unused, rtc_video_frame *picture, bool key, rtc_encoded_frame **out)
{
    (void)unused;
    assert_true(rtc_video_frame_width(picture) <= WIDTH);
    encoder.pictures[rtc_video_frame_width(picture)]++;
    *out = scripted_video(encoder.context, 0, rtc_video_frame_capture_time_us(picture), key, 400);
    return RTC_OK;
}

static const rtc_codec_ops codec = {.size = sizeof codec,
                                    .kind = RTC_MEDIA_VIDEO,
                                    .name = "VP8",
                                    .encoder_new = encoder_new,
                                    .encoder_free = encoder_free,
                                    .encode_video = encode};

static struct call {
    struct sim_peers p;
    struct peer_pumps pumps;
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_rtp_transceiver *sends;
    rtc_time_t next;
} call;

static void take_picture(struct sim_peers *p)
{
    rtc_video_frame *frame;
    if (p->now < call.next)
        return;
    const rtc_video_frame_options options = {
        .size = sizeof options, .format = RTC_VIDEO_I420, .width = WIDTH, .height = HEIGHT, .capture_time_us = p->now};
    assert_int_equal(rtc_video_frame_new(p->context, &options, &frame), RTC_OK);
    assert_int_equal(rtc_media_source_push_video(call.source, frame), RTC_OK);
    rtc_video_frame_unref(frame);
    call.next = p->now + PICTURE_US;
}

static void begin_at(size_t encodings, uint32_t most_bps)
{
    static const char *const names[] = {"a", "b"};
    rtc_rtp_encoding_parameters e[2], *all[2] = {&e[0], &e[1]};
    memset(&call, 0, sizeof call);
    memset(&encoder, 0, sizeof encoder);
    const struct sim_link link = {.delay_us = 5 * MS};
    const rtc_configuration configuration = {.size = sizeof configuration, .start_bitrate_bps = most_bps, .max_bitrate_bps = most_bps};
    assert_true(sim_peers_init(&call.p, 1, &link, NULL, &configuration));
    call.p.manual = true;
    encoder.context = call.p.context;
    assert_int_equal(rtc_context_add_codec(call.p.context, &codec), RTC_OK);
    assert_int_equal(rtc_media_source_new(call.p.context, RTC_MEDIA_VIDEO, "pictures", NULL, NULL, &call.source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(call.source, &call.track), RTC_OK);
    for (size_t i = 0; i < encodings; i++)
        e[i] = (rtc_rtp_encoding_parameters){.size = sizeof e[i], .rid = names[i]};
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = all, .send_encoding_count = encodings};
    assert_int_equal(rtc_peer_connection_add_transceiver(call.p.peer[0].pc, RTC_MEDIA_VIDEO, call.track, &init, &call.sends), RTC_OK);
    peer_pumps_attach(&call.pumps, &call.p);
    peer_pump_new(&call.pumps, &call.p, RTC_MEDIA_AUDIO)->next = 1; /* that time passes in small steps */
    peer_exchange(&call.p, 0);
    peer_connect(&call.p, 5 * SECOND);
    call.pumps.on_step = take_picture;
    peer_run(&call.p, SECOND);
}

static void begin(size_t encodings)
{
    begin_at(encodings, 3000000);
}

static void end(void)
{
    rtc_media_stream_track_unref(call.track);
    rtc_media_source_unref(call.source);
    peer_pumps_fini(&call.pumps);
    sim_peers_fini(&call.p);
}

static rtc_rtp_sender *sender(void)
{
    return rtc_rtp_transceiver_sender(call.sends);
}

/* As when its receiver says nothing of it: it is tried again after five seconds. */
static void open_circuit(size_t encoding)
{
    struct transport *t = call.sends->transport;
    struct rtp_session *session = transport_media(t);
    struct rtp_send_stream *st = NULL;
    while ((st = rtp_members_next_stream(&session->members, st)) != NULL && st->handle != call.sends->sender.encodings[encoding].stream)
        ;
    assert_non_null(st);
    rtp_circuits_open(&session->circuits, call.p.now, st, RTP_BREAKER_RTCP_TIMEOUT, transport_media_out(t));
    peer_run(&call.p, 200 * MS);
    assert_int_equal(call.sends->sender.encodings[encoding].circuit, RTC_CIRCUIT_STOPPED);
}

/* Pictures of this width that are encoded in a second. */
static unsigned encoded(uint32_t width)
{
    unsigned before = encoder.pictures[width];
    peer_run(&call.p, SECOND);
    return encoder.pictures[width] - before;
}

static void replace_track(void)
{
    assert_int_equal(rtc_rtp_sender_replace_track(sender(), NULL), RTC_OK);
    assert_int_equal(rtc_rtp_sender_replace_track(sender(), call.track), RTC_OK);
}

static void a_layer_stays_silent_with_another_track(void **state)
{
    (void)state;
    begin(2);
    assert_true(encoded(WIDTH) > 20 && encoded(WIDTH / 2) > 20);
    open_circuit(1);
    assert_int_equal(encoded(WIDTH), 0);
    replace_track();
    assert_int_equal(encoded(WIDTH), 0);
    assert_true(encoded(WIDTH / 2) > 20);
    peer_run(&call.p, 6 * SECOND); /* it is tried again */
    assert_true(encoded(WIDTH) > 20);
    end();
}

/* A layer that the rate does not reach to is not encoded, with another track neither. */
static void a_layer_without_a_rate(void **state)
{
    (void)state;
    begin_at(2, 60000);
    assert_int_equal(encoded(WIDTH), 0);
    assert_true(encoded(WIDTH / 2) > 20);
    replace_track();
    assert_int_equal(encoded(WIDTH), 0);
    assert_true(encoded(WIDTH / 2) > 20);
    end();
}

/* An answer leaves only the one that is stopped. */
static void what_remains_is_stopped(void **state)
{
    rtc_sdp_type type;
    (void)state;
    begin(2);
    open_circuit(0);
    assert_int_equal(rtc_peer_connection_set_local_description(call.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    const char *offer = rtc_peer_connection_local_description(call.p.peer[0].pc, &type);
    assert_int_equal(rtc_peer_connection_set_remote_description(call.p.peer[1].pc, type, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(call.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    char *one = text_replace(rtc_peer_connection_local_description(call.p.peer[1].pc, &type), "a=rid:b recv\r\n", ""),
         *answer = text_replace(one, "recv a;b", "recv a");
    assert_int_equal(rtc_peer_connection_set_remote_description(call.p.peer[0].pc, type, answer), RTC_OK);
    free(one);
    free(answer);
    assert_int_equal(call.sends->sender.encoding_count, 1);
    peer_run(&call.p, 100 * MS);
    assert_int_equal(encoded(WIDTH / 2), 0);
    peer_run(&call.p, 6 * SECOND);
    assert_true(encoded(WIDTH / 2) > 20);
    end();
}

static double frames_encoded(void)
{
    rtc_stats_report *report;
    double value = -1;
    assert_int_equal(rtc_peer_connection_get_stats(call.p.peer[0].pc, &report), RTC_OK);
    assert_true(rtc_stats_number(rtc_stats_report_find_type(report, "outbound-rtp"), "framesEncoded", &value));
    rtc_stats_report_unref(report);
    return value;
}

/* The peer offers to receive two layers. */
static void widen(void)
{
    rtc_sdp_type type;
    assert_int_equal(rtc_peer_connection_set_local_description(call.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    char *offer = text_replace(rtc_peer_connection_local_description(call.p.peer[1].pc, &type), "a=rtcp-mux\r\n",
                               "a=rid:a recv\r\na=rid:b recv\r\na=simulcast:recv a;b\r\na=rtcp-mux\r\n");
    assert_int_equal(rtc_peer_connection_set_remote_description(call.p.peer[0].pc, type, offer), RTC_OK);
    free(offer);
    assert_int_equal(call.sends->sender.encoding_count, 2);
}

/* What is sent alone is all that counts while an offer that wants more is not answered, whatever comes first. */
static void stopped_while_an_offer_waits(void **state)
{
    (void)state;
    for (int offer_first = 0; offer_first < 2; offer_first++) {
        begin(0);
        if (offer_first)
            widen();
        open_circuit(0);
        if (!offer_first)
            widen();
        assert_int_equal(encoded(WIDTH), 0);
        replace_track();
        assert_int_equal(encoded(WIDTH), 0);
        peer_run(&call.p, 6 * SECOND);
        assert_true(encoded(WIDTH) > 20);
        end();
    }
}

static void counters_go_on_while_an_offer_waits(void **state)
{
    (void)state;
    for (int undone = 0; undone < 2; undone++) {
        begin(0);
        replace_track();
        double before = frames_encoded();
        assert_true(before > 20);
        widen();
        assert_true(frames_encoded() >= before);
        peer_run(&call.p, SECOND);
        replace_track();
        assert_true(frames_encoded() >= before + 20);
        before = frames_encoded();
        if (undone)
            assert_int_equal(rtc_peer_connection_set_remote_description(call.p.peer[0].pc, RTC_SDP_ROLLBACK, ""), RTC_OK);
        else
            assert_int_equal(rtc_peer_connection_set_local_description(call.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
        assert_true(frames_encoded() >= before);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_layer_stays_silent_with_another_track),
        cmocka_unit_test(a_layer_without_a_rate),
        cmocka_unit_test(what_remains_is_stopped),
        cmocka_unit_test(stopped_while_an_offer_waits),
        cmocka_unit_test(counters_go_on_while_an_offer_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
