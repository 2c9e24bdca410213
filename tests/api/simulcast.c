/* SPDX-License-Identifier: MIT */
/* RTCRtpReceiver (webrtc-pc 5.3): simulcast that a peer sends, and which layer of it is shown (RFC 8853). */
#include "renegotiate_scene.h"

#include "../scripted_media.h"

#include <stdlib.h>
#include <string.h>

enum { LAYERS = 3, LAYER_EVERY_US = 33333 };

/* Encoded pictures of three layers, which come at once. A layer's serials begin at its number times a million. */
static struct {
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_time_t next;
    uint32_t serial;
    unsigned asked; /* for keyframes */
} layers;

static void asked(void *user)
{
    (void)user;
    layers.asked++;
}

static void push_layers(struct sim_peers *p)
{
    if (p->now < layers.next)
        return;
    layers.next = p->now + LAYER_EVERY_US;
    bool key = layers.serial == 0 || layers.asked > 0;
    layers.asked = 0;
    for (uint32_t i = 0; i < LAYERS; i++) {
        uint8_t data[900] = {key ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a, (uint8_t)(16 << i), 0, (uint8_t)(16 << i), 0};
        rtc_encoded_frame *frame;
        const rtc_encoded_frame_options options = {.size = sizeof options,
                                                   .kind = RTC_MEDIA_VIDEO,
                                                   .codec = "VP8",
                                                   .data = data,
                                                   .data_len = sizeof data,
                                                   .keyframe = key,
                                                   .rtp_timestamp = layers.serial * 3000u,
                                                   .capture_time_us = p->now,
                                                   .simulcast_index = i};
        data[20] = (uint8_t)i;
        assert_int_equal(rtc_encoded_frame_new(p->own, &options, &frame), RTC_OK);
        assert_int_equal(rtc_media_source_push_encoded(layers.source, frame), RTC_OK);
        rtc_encoded_frame_unref(frame);
    }
    layers.serial++;
}

static struct seen {
    unsigned frames[LAYERS];
    int first_was_key; /* since it was cleared; -1: none came */
} seen;

static void see(void *user, rtc_encoded_frame *frame)
{
    (void)user;
    const uint8_t *data = rtc_encoded_frame_data(frame);
    assert_true(rtc_encoded_frame_len(frame) == 900 && data[20] < LAYERS);
    seen.frames[data[20]]++;
    if (seen.first_was_key < 0)
        seen.first_was_key = rtc_encoded_frame_keyframe(frame);
}

static void forget(void)
{
    memset(&seen, 0, sizeof seen);
    seen.first_was_key = -1;
}

static void begin(struct scene *s)
{
    static const rtc_media_source_ops ops = {.size = sizeof ops, .request_keyframe = asked};
    static const char *const names[LAYERS] = {"q", "h", "f"};
    rtc_rtp_encoding_parameters e[LAYERS], *all[LAYERS];
    scene_begin(s, 1);
    memset(&layers, 0, sizeof layers);
    for (int i = 0; i < LAYERS; i++) {
        e[i] = (rtc_rtp_encoding_parameters){.size = sizeof e[i], .rid = names[i]};
        all[i] = &e[i];
    }
    assert_int_equal(rtc_media_source_new(s->p.context, RTC_MEDIA_VIDEO, "layers", &ops, NULL, &layers.source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(layers.source, &layers.track), RTC_OK);
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = all, .send_encoding_count = LAYERS};
    assert_int_equal(rtc_peer_connection_add_transceiver(s->p.peer[0].pc, RTC_MEDIA_VIDEO, layers.track, &init, NULL), RTC_OK);
    struct peer_pump *clock = peer_pump_new(&s->pumps, &s->p, RTC_MEDIA_AUDIO); /* that time passes in small steps */
    clock->next = 1;
    s->pumps.on_step = push_layers;
}

static void end(struct scene *s)
{
    rtc_media_stream_track_unref(layers.track);
    rtc_media_source_unref(layers.source);
    scene_end(s);
}

/* All are negotiated and arrive; the first is shown until another one is chosen, which begins with a keyframe. */
static void three_layers_and_a_choice(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    peer_exchange(&s.p, 0);
    assert_int_equal(text_count(peer_description(&s.p, 0), "a=simulcast:send q;h;f\r\n"), 1);
    assert_int_equal(text_count(peer_description(&s.p, 0), "a=ssrc:"), 0);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=simulcast:recv q;h;f\r\n"), 1);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=rid:h recv\r\n"), 1);
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0));
    assert_int_equal(rtc_rtp_receiver_rid_count(receiver), LAYERS);
    assert_string_equal(rtc_rtp_receiver_rid(receiver, 2), "f");
    assert_null(rtc_rtp_receiver_rid(receiver, 3));
    assert_string_equal(rtc_rtp_receiver_selected_rid(receiver), "q");
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_encoded = see};
    rtc_media_sink *sink;
    assert_int_equal(rtc_media_stream_track_add_sink(rtc_rtp_receiver_track(receiver), &ops, NULL, &sink), RTC_OK);
    forget();
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    assert_true(seen.frames[0] > 15 && seen.frames[1] + seen.frames[2] == 0 && seen.first_was_key == 1);
    for (size_t i = LAYERS; i-- > 1;) {
        forget();
        assert_int_equal(rtc_rtp_receiver_select_rid(receiver, rtc_rtp_receiver_rid(receiver, i)), RTC_OK);
        assert_string_equal(rtc_rtp_receiver_selected_rid(receiver), rtc_rtp_receiver_rid(receiver, i));
        peer_run(&s.p, SECOND);
        assert_true(seen.frames[i] > 15 && seen.frames[i] == seen.frames[0] + seen.frames[1] + seen.frames[2]);
        assert_int_equal(seen.first_was_key, 1);
    }
    assert_int_equal(rtc_rtp_receiver_select_rid(receiver, "x"), RTC_ERR_NOT_FOUND);
    /* The receiver's own offer goes on receiving them, and what was chosen stays. */
    peer_exchange(&s.p, 1);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=simulcast:recv q;h;f\r\n"), 1);
    assert_string_equal(rtc_rtp_receiver_selected_rid(receiver), "h");
    forget();
    peer_run(&s.p, SECOND);
    assert_true(seen.frames[1] > 15 && seen.frames[0] + seen.frames[2] == 0);
    rtc_media_stream_track_remove_sink(rtc_rtp_receiver_track(receiver), sink);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(three_layers_and_a_choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
