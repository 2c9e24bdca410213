/* SPDX-License-Identifier: MIT */
/* Calls with each of the library's codecs in virtual time, over clean and bad links, judged on pictures and sound: what is negotiated by
 * preference is what is sent, what is lost is concealed or repaired, and a codec changes in a running call without a gap. */
#include "peer_studio.h"

#include "codec_registry.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct scene {
    struct sim_peers p;
    struct studio_watched seen;
    rtc_rtp_transceiver *sends; /* the first peer's */
    rtc_media_stream_track *track;
    rtc_media_sink *sink;
};

/* Of what can be received that codec first, with what follows alone. `fmtp`: part of its parameters, or NULL. */
static void prefer(rtc_rtp_transceiver *t, rtc_media_kind kind, const char *mime_type, const char *fmtp)
{
    rtc_rtp_capabilities *can;
    const rtc_rtp_codec *wanted[32];
    size_t count = 0;
    assert_int_equal(rtc_rtp_receiver_get_capabilities(NULL, kind, &can), RTC_OK);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < can->codec_count; i++) {
            const rtc_rtp_codec *c = can->codecs[i];
            bool first = strcasecmp(c->mime_type, mime_type) == 0 && (!fmtp || (c->sdp_fmtp_line && strstr(c->sdp_fmtp_line, fmtp)));
            if (first == (round == 0))
                wanted[count++] = c;
        }
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(t, wanted, count), RTC_OK);
    rtc_rtp_capabilities_free(can);
}

static void begin(struct scene *s, uint64_t seed, const struct sim_link *link, rtc_media_kind kind, const char *mime_type, const char *fmtp)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_video = studio_watch_picture, .on_audio = studio_watch_sound};
    rtc_rtp_sender *sender;
    memset(s, 0, sizeof *s);
    print_message("seed %llu, %s\n", (unsigned long long)seed, mime_type);
    assert_true(sim_peers_init(&s->p, seed, link, NULL, NULL));
    s->p.manual = true;
    studio_open(&s->p);
    rtc_media_stream_track *track = kind == RTC_MEDIA_AUDIO ? studio.audio_track : studio.video_track;
    assert_int_equal(rtc_peer_connection_add_track(s->p.peer[0].pc, track, NULL, 0, &sender), RTC_OK);
    s->sends = rtc_peer_connection_transceiver(s->p.peer[0].pc, 0);
    prefer(s->sends, kind, mime_type, fmtp);
    peer_exchange(&s->p, 0);
    s->track = rtc_media_stream_track_ref(
        rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s->p.peer[1].pc, 0))));
    assert_int_equal(rtc_media_stream_track_add_sink(s->track, &ops, &s->seen, &s->sink), RTC_OK);
    peer_connect(&s->p, 5 * SECOND);
}

static void end(struct scene *s)
{
    rtc_media_stream_track_remove_sink(s->track, s->sink);
    rtc_media_stream_track_unref(s->track);
    sim_peers_fini(&s->p);
    studio_close();
}

/* What the statistics of a peer's stream say that it is encoded with. */
static void expect_codec(struct scene *s, int index, const char *type, const char *mime_type)
{
    rtc_stats_report *report;
    assert_int_equal(rtc_peer_connection_get_stats(s->p.peer[index].pc, &report), RTC_OK);
    const rtc_stats *stream = rtc_stats_report_find_type(report, type);
    assert_non_null(stream);
    const char *id = rtc_stats_string(stream, "codecId");
    assert_non_null(id);
    const rtc_stats *codec = rtc_stats_report_find(report, id);
    assert_non_null(codec);
    assert_int_equal(strcasecmp(rtc_stats_string(codec, "mimeType"), mime_type), 0);
    rtc_stats_report_unref(report);
}

static double inbound(struct scene *s, const char *name)
{
    rtc_stats_report *report;
    double value = 0;
    assert_int_equal(rtc_peer_connection_get_stats(s->p.peer[1].pc, &report), RTC_OK);
    (void)rtc_stats_number(rtc_stats_report_find_type(report, "inbound-rtp"), name, &value);
    rtc_stats_report_unref(report);
    return value;
}

static const struct sim_link clean = {.delay_us = 20 * MS};
static const struct sim_link lossy = {.delay_us = 25 * MS, .jitter_us = 10 * MS, .loss = 0.05};

/* ---- Sound ---- */

static void sound_call(uint64_t seed, const struct sim_link *link, const char *mime_type, double least_tone)
{
    struct scene s;
    begin(&s, seed, link, RTC_MEDIA_AUDIO, mime_type, NULL);
    peer_run(&s.p, 8 * SECOND);
    double tone = s.seen.energy_at_tone / s.seen.energy, loud = s.seen.loud / s.seen.seconds;
    print_message("%.3f of the energy at the tone, %.3f of it loud, %.2f s\n", tone, loud, s.seen.seconds);
    assert_true(tone > least_tone && loud > 0.9);
    assert_true(s.seen.seconds > 7);
    expect_codec(&s, 0, "outbound-rtp", mime_type);
    expect_codec(&s, 1, "inbound-rtp", mime_type);
    if (link->loss > 0)
        assert_true(inbound(&s, "concealedSamples") > 0);
    end(&s);
}

static void sound_by_g711(void **state)
{
    (void)state;
    sound_call(1, &clean, "audio/PCMU", 0.99);
    sound_call(2, &clean, "audio/PCMA", 0.99);
    sound_call(3, &lossy, "audio/PCMU", 0.9);
    sound_call(4, &lossy, "audio/PCMA", 0.9);
}

/* Each change is another clock rate, and the sound goes on. */
static void sound_changes_its_codec(void **state)
{
    static const char *const codecs[] = {"audio/PCMU", "audio/opus", "audio/PCMA", "audio/PCMU", "audio/opus"};
    struct scene s;
    (void)state;
    begin(&s, 5, &clean, RTC_MEDIA_AUDIO, "audio/opus", NULL);
    peer_run(&s.p, 2 * SECOND);
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        prefer(s.sends, RTC_MEDIA_AUDIO, codecs[i], NULL);
        double before = s.seen.seconds;
        peer_exchange(&s.p, 0);
        peer_run(&s.p, 2 * SECOND);
        expect_codec(&s, 0, "outbound-rtp", codecs[i]);
        expect_codec(&s, 1, "inbound-rtp", codecs[i]);
        print_message("%s: %.3f s in 2\n", codecs[i], s.seen.seconds - before);
        assert_true(s.seen.seconds - before > 1.9);
    }
    assert_true(s.seen.energy_at_tone / s.seen.energy > 0.97);
    assert_true(s.seen.loud / s.seen.seconds > 0.97);
    end(&s);
}

/* What is heard last before a track is muted: nothing is left standing, and then nothing comes (decision 56). */
static void sound_fades_before_it_is_muted(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 6, &clean, RTC_MEDIA_AUDIO, "audio/opus", NULL);
    peer_run(&s.p, 2 * SECOND);
    studio.next_audio = RTC_TIME_NEVER;
    peer_run(&s.p, 500 * MS); /* what was under way, and what is invented */
    double loud = s.seen.loud, seconds = s.seen.seconds;
    peer_run(&s.p, 3 * SECOND);
    assert_true(rtc_media_stream_track_muted(s.track));
    assert_true(s.seen.loud == loud && s.seen.seconds > seconds);
    seconds = s.seen.seconds;
    peer_run(&s.p, 3 * SECOND);
    assert_true(s.seen.seconds == seconds);
    studio.next_audio = s.p.now + MS;
    peer_run(&s.p, SECOND);
    assert_false(rtc_media_stream_track_muted(s.track));
    assert_true(s.seen.loud > loud + 0.8);
    end(&s);
}

/* ---- Pictures ---- */

static void picture_call(uint64_t seed, const struct sim_link *link, const char *mime_type, const char *fmtp, double least_shown)
{
    struct scene s;
    begin(&s, seed, link, RTC_MEDIA_VIDEO, mime_type, fmtp);
    uint32_t first = studio.number;
    peer_run(&s.p, 8 * SECOND);
    double shown = (double)s.seen.readable / (studio.number - first);
    print_message("%s: shown %.3f of the pictures, %llu unreadable, %.0f keyframes\n", fmtp ? fmtp : "", shown,
                  (unsigned long long)(s.seen.pictures - s.seen.readable), inbound(&s, "keyFramesDecoded"));
    assert_true(shown >= least_shown);
    assert_true(s.seen.pictures - s.seen.readable <= 2);
    assert_int_equal(s.seen.wrong, 0);
    if (link->loss == 0)
        assert_true(inbound(&s, "framesDropped") == 0);
    expect_codec(&s, 0, "outbound-rtp", mime_type);
    expect_codec(&s, 1, "inbound-rtp", mime_type);
    end(&s);
}

/* One packet in ten is lost, and they come in disorder: only whole frames reach the decoder, and what is lost for good is a keyframe
 * later. */
static const struct sim_link bad = {.delay_us = 25 * MS, .jitter_us = 15 * MS, .loss = 0.1};

static void pictures_by_h264(void **state)
{
    (void)state;
    picture_call(11, &clean, "video/H264", "packetization-mode=1;profile-level-id=42e01f", 0.97);
    picture_call(12, &clean, "video/H264", "packetization-mode=0;profile-level-id=42e01f", 0.97);
    picture_call(13, &clean, "video/H264", "packetization-mode=1;profile-level-id=4d001f", 0.97);
    picture_call(14, &bad, "video/H264", "packetization-mode=1;profile-level-id=42e01f", 0.85);
    picture_call(15, &bad, "video/H264", "packetization-mode=0;profile-level-id=42001f", 0.85);
}

static void pictures_by_vp9(void **state)
{
    (void)state;
    picture_call(21, &clean, "video/VP9", "profile-id=0", 0.97);
    picture_call(22, &bad, "video/VP9", "profile-id=0", 0.85);
}

/* ---- Temporal layers: what arrives says which it is of, and each part of it is whole ---- */

enum { LAYERS = 3 };

static struct {
    const rtc_codec_ops *ops;
    void *decoders[LAYERS]; /* each gets this layer and those below it */
    struct studio_watched seen[LAYERS];
    uint32_t frames[LAYERS], refused;
} layered;

static void decode_layers(void *user, rtc_encoded_frame *frame)
{
    uint32_t layer = rtc_encoded_frame_temporal_id(frame);
    (void)user;
    assert_true(layer < LAYERS && (rtc_encoded_frame_layer_flags(frame) & RTC_LAYER_TEMPORAL));
    layered.frames[layer]++;
    for (uint32_t i = layer; i < LAYERS; i++) {
        rtc_video_frame *picture = NULL;
        layered.refused += layered.ops->decode_video(layered.decoders[i], frame, &picture) != RTC_OK;
        if (picture)
            studio_watch_picture(&layered.seen[i], picture);
        rtc_video_frame_unref(picture);
    }
}

static void set_mode(struct scene *s, const char *mode)
{
    rtc_rtp_parameters *p;
    rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(s->sends);
    assert_int_equal(rtc_rtp_sender_get_parameters(sender, &p), RTC_OK);
    p->encodings[0]->scalability_mode = mode;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, p), RTC_OK);
    rtc_rtp_parameters_free(p);
}

static void layers_by(uint64_t seed, const struct sim_link *link, const char *mime_type)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_encoded = decode_layers};
    rtc_media_sink *sink;
    struct scene s;
    begin(&s, seed, link, RTC_MEDIA_VIDEO, mime_type, NULL);
    peer_run(&s.p, SECOND);
    set_mode(&s, "L1T3");
    peer_run(&s.p, SECOND);
    memset(&layered, 0, sizeof layered);
    layered.ops = codec_find_encoder(NULL, RTC_MEDIA_VIDEO, mime_type + strlen("video/"));
    for (int i = 0; i < LAYERS; i++)
        assert_int_equal(layered.ops->decoder_new(NULL, 0, &layered.decoders[i]), RTC_OK);
    assert_int_equal(rtc_media_stream_track_add_sink(s.track, &ops, NULL, &sink), RTC_OK);
    assert_int_equal(rtc_rtp_receiver_request_keyframe(rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0))),
                     RTC_OK);
    peer_run(&s.p, 8 * SECOND);
    rtc_media_stream_track_remove_sink(s.track, sink);
    double all = (double)layered.seen[2].pictures;
    for (int i = 0; i < LAYERS; i++) {
        const struct studio_watched *w = &layered.seen[i];
        print_message("%s up to layer %d: %llu pictures, %llu of them readable\n", mime_type, i, (unsigned long long)w->pictures,
                      (unsigned long long)w->readable);
        assert_true(w->wrong == 0 && w->pictures - w->readable <= 2);
        layered.ops->decoder_free(layered.decoders[i]);
    }
    assert_true(all > (link->loss > 0 ? 120 : 155));
    assert_true(layered.seen[0].pictures > all * 0.22 && layered.seen[0].pictures < all * 0.3);
    assert_true(layered.seen[1].pictures > all * 0.46 && layered.seen[1].pictures < all * 0.56);
    assert_true(s.seen.wrong == 0 && s.seen.pictures - s.seen.readable <= 2);
    end(&s);
}

static void temporal_layers(void **state)
{
    (void)state;
    layers_by(31, &clean, "video/VP8");
    layers_by(32, &clean, "video/VP9");
    layers_by(33, &bad, "video/VP8");
    layers_by(34, &bad, "video/VP9");
}

/* Pictures go on, and none of one codec is read as one of the other. */
static void pictures_change_their_codec(void **state)
{
    static const char *const codecs[] = {"video/H264", "video/VP9", "video/H264", "video/VP8"};
    struct scene s;
    (void)state;
    begin(&s, 16, &clean, RTC_MEDIA_VIDEO, "video/VP8", NULL);
    peer_run(&s.p, 2 * SECOND);
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        prefer(s.sends, RTC_MEDIA_VIDEO, codecs[i], NULL);
        uint64_t before = s.seen.readable;
        uint32_t first = studio.number;
        peer_exchange(&s.p, 0);
        peer_run(&s.p, 2 * SECOND);
        expect_codec(&s, 0, "outbound-rtp", codecs[i]);
        expect_codec(&s, 1, "inbound-rtp", codecs[i]);
        print_message("%s: %llu of %u pictures\n", codecs[i], (unsigned long long)(s.seen.readable - before), studio.number - first);
        assert_true(s.seen.readable - before + 3 >= studio.number - first);
    }
    assert_int_equal(s.seen.wrong, 0);
    assert_true(s.seen.pictures - s.seen.readable <= 2);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_by_g711),    cmocka_unit_test(sound_changes_its_codec), cmocka_unit_test(sound_fades_before_it_is_muted),
        cmocka_unit_test(pictures_by_h264), cmocka_unit_test(pictures_by_vp9),         cmocka_unit_test(pictures_change_their_codec),
        cmocka_unit_test(temporal_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
