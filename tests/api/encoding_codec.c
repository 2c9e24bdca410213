/* SPDX-License-Identifier: MIT */
/* The codec of an encoding (webrtc-pc 5.2, RTCRtpEncodingParameters.codec): chosen of what was negotiated, or in addTransceiver, without a
 * negotiation, measured at what arrives. */
#include "renegotiate_scene.h"

#include "text.h"

#include <string.h>

static struct {
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_time_t next;
    uint32_t frames;
    char codec[16]; /* of what came last */
} sound;

static void speak(struct sim_peers *p)
{
    for (; sound.next <= p->now; sound.next += 10000) {
        const rtc_audio_frame_options options = {.size = sizeof options,
                                                 .format = RTC_AUDIO_S16,
                                                 .sample_rate = 48000,
                                                 .channels = 1,
                                                 .samples = 480,
                                                 .capture_time_us = sound.next};
        rtc_audio_frame *frame;
        assert_int_equal(rtc_audio_frame_new(p->own, &options, &frame), RTC_OK);
        assert_int_equal(rtc_media_source_push_audio(sound.source, frame), RTC_OK);
        rtc_audio_frame_unref(frame);
    }
}

static void hear(void *user, rtc_encoded_frame *frame)
{
    (void)user;
    text_copy(sound.codec, sizeof sound.codec, rtc_encoded_frame_codec(frame));
    sound.frames++;
}

struct test {
    struct scene s;
    rtc_rtp_sender *sender;
    rtc_rtp_receiver *receiver;
    rtc_media_sink *sink;
};

static rtc_rtp_codec *codec_named(rtc_rtp_codec *const *codecs, size_t count, const char *mime_type)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(codecs[i]->mime_type, mime_type) == 0)
            return codecs[i];
    fail_msg("no codec %s", mime_type);
    return NULL;
}

static void begin(struct test *t)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_encoded = hear};
    rtc_rtp_transceiver *transceiver;
    scene_begin(&t->s, 2);
    memset(&sound, 0, sizeof sound);
    assert_int_equal(rtc_media_source_new(t->s.p.context, RTC_MEDIA_AUDIO, "sound", NULL, NULL, &sound.source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(sound.source, &sound.track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_transceiver(t->s.p.peer[0].pc, RTC_MEDIA_AUDIO, sound.track, NULL, &transceiver), RTC_OK);
    t->sender = rtc_rtp_transceiver_sender(transceiver);
    struct peer_pump *clock = peer_pump_new(&t->s.pumps, &t->s.p, RTC_MEDIA_VIDEO);
    clock->next = 1;
    peer_exchange(&t->s.p, 0);
    t->receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(t->s.p.peer[1].pc, 0));
    assert_int_equal(rtc_media_stream_track_add_sink(rtc_rtp_receiver_track(t->receiver), &ops, NULL, &t->sink), RTC_OK);
    peer_connect(&t->s.p, 5 * SECOND);
    sound.next = t->s.p.now;
    t->s.pumps.on_step = speak;
}

static void end(struct test *t)
{
    rtc_media_stream_track_remove_sink(rtc_rtp_receiver_track(t->receiver), t->sink);
    rtc_media_stream_track_unref(sound.track);
    rtc_media_source_unref(sound.source);
    scene_end(&t->s);
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

static void expect(struct test *t, const char *name)
{
    peer_run(&t->s.p, SECOND / 2);
    sound.frames = 0;
    peer_run(&t->s.p, SECOND);
    assert_true(sound.frames >= 45);
    assert_string_equal(sound.codec, name);
}

static void choose(struct test *t, const char *mime_type)
{
    rtc_rtp_parameters *p = parameters_of(t);
    p->encodings[0]->codec = mime_type ? codec_named(p->codecs, p->codec_count, mime_type) : NULL;
    set(t, p);
}

/* It is sent with what is chosen of what was negotiated, at once and without a negotiation; without a choice with the first. */
static void the_codec_is_chosen(void **state)
{
    struct test t;
    (void)state;
    begin(&t);
    expect(&t, "opus");
    choose(&t, "audio/PCMU");
    expect(&t, "PCMU");
    choose(&t, "audio/PCMA");
    expect(&t, "PCMA");
    peer_exchange(&t.s.p, 0); /* it stays */
    expect(&t, "PCMA");
    choose(&t, NULL);
    expect(&t, "opus");
    assert_int_equal(peer_log_count(&t.s.log[0], "needed"), 0);
    rtc_rtp_parameters *p = parameters_of(&t);
    p->encodings[0]->codec = codec_named(p->codecs, p->codec_count, "audio/telephone-event");
    assert_int_equal(rtc_rtp_sender_set_parameters(t.sender, p), RTC_ERR_INVALID_MODIFICATION); /* that is none for sound */
    rtc_rtp_parameters_free(p);
    end(&t);
}

/* A codec that is negotiated away is no encoding's any more; before anything is negotiated the preferred ones count. */
static void a_codec_goes(void **state)
{
    struct test t;
    rtc_rtp_capabilities *can;
    (void)state;
    begin(&t);
    assert_int_equal(rtc_rtp_receiver_get_capabilities(t.s.p.context, RTC_MEDIA_AUDIO, &can), RTC_OK);
    rtc_rtp_codec *opus = codec_named(can->codecs, can->codec_count, "audio/opus"),
                  *pcmu = codec_named(can->codecs, can->codec_count, "audio/PCMU");
    const rtc_rtp_codec *only[] = {opus};
    choose(&t, "audio/PCMU");
    expect(&t, "PCMU");
    rtc_rtp_transceiver *there = rtc_peer_connection_transceiver(t.s.p.peer[1].pc, 0);
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(there, only, 1), RTC_OK);
    peer_exchange(&t.s.p, 0);
    expect(&t, "opus");
    rtc_rtp_parameters *p = parameters_of(&t);
    assert_null(p->encodings[0]->codec);
    p->encodings[0]->codec = pcmu;
    assert_int_equal(rtc_rtp_sender_set_parameters(t.sender, p), RTC_ERR_INVALID_MODIFICATION);
    assert_true(strstr(rtc_peer_connection_last_error(t.s.p.peer[0].pc), "audio/PCMU") != NULL);
    rtc_rtp_parameters_free(p);
    rtc_rtp_transceiver *fresh;
    assert_int_equal(rtc_peer_connection_add_transceiver(t.s.p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, NULL, &fresh), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(fresh, only, 1), RTC_OK);
    assert_int_equal(rtc_rtp_sender_get_parameters(rtc_rtp_transceiver_sender(fresh), &p), RTC_OK);
    p->encodings[0]->codec = pcmu;
    assert_int_equal(rtc_rtp_sender_set_parameters(rtc_rtp_transceiver_sender(fresh), p), RTC_ERR_INVALID_MODIFICATION);
    p->encodings[0]->codec = opus;
    assert_int_equal(rtc_rtp_sender_set_parameters(rtc_rtp_transceiver_sender(fresh), p), RTC_OK);
    rtc_rtp_parameters_free(p);
    rtc_rtp_capabilities_free(can);
    end(&t);
}

/* Chosen in addTransceiver it is what is sent from the first packet on. */
static void a_codec_of_send_encodings(void **state)
{
    struct scene s;
    rtc_rtp_capabilities *can;
    rtc_rtp_transceiver *t;
    (void)state;
    scene_begin(&s, 3);
    assert_int_equal(rtc_rtp_sender_get_capabilities(s.p.context, RTC_MEDIA_AUDIO, &can), RTC_OK);
    rtc_rtp_encoding_parameters e = {.size = sizeof e, .codec = codec_named(can->codecs, can->codec_count, "audio/PCMA")}, *one[] = {&e};
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = one, .send_encoding_count = 1};
    assert_int_equal(rtc_peer_connection_add_transceiver(s.p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, &init, &t), RTC_OK);
    peer_exchange(&s.p, 0);
    rtc_rtp_parameters *p;
    assert_int_equal(rtc_rtp_sender_get_parameters(rtc_rtp_transceiver_sender(t), &p), RTC_OK);
    assert_string_equal(p->encodings[0]->codec->mime_type, "audio/PCMA");
    rtc_rtp_parameters_free(p);
    e.codec = codec_named(can->codecs, can->codec_count, "audio/telephone-event");
    assert_int_equal(rtc_peer_connection_add_transceiver(s.p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, &init, &t), RTC_ERR_OPERATION);
    rtc_rtp_capabilities_free(can);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_codec_is_chosen),
        cmocka_unit_test(a_codec_goes),
        cmocka_unit_test(a_codec_of_send_encodings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
