/* SPDX-License-Identifier: MIT */
/* What codecs are told and what they may give: parameters as negotiated, an encoder that is made anew when they change without a frame lost
 * or doubled, several layers from one picture. In virtual time, with a codec of the test's own. */
#include "peer_pump.h"

#include "../scripted_media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the codec saw, and what it is to make. */
static struct {
    rtc_context *context;
    bool layers; /* two temporal ones, and one of an encoding that there is not */
    bool broken; /* of the eleventh picture an error comes behind a frame, and of the 21st a frame that is none */
    uint32_t encoders, decoders, alive;
    char encoder_fmtp[256], decoder_fmtp[256], decoder_name[16];
    uint32_t clock_rate, channels, encodings, pictures, serial, keyframes_wanted;
} seen;

static void keep(char to[256], const char *from)
{
    (void)snprintf(to, 256, "%s", from);
}

static int encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    (void)context;
    seen.encoders++;
    seen.alive++;
    seen.encodings = settings->encodings;
    assert_string_equal(settings->parameters->name, "VP8");
    assert_int_equal(settings->parameters->clock_rate, 90000);
    keep(seen.encoder_fmtp, settings->parameters->fmtp);
    *out = &seen;
    return RTC_OK;
}

static int decoder_new_with(rtc_context *context, const rtc_codec_parameters *parameters, void **out)
{
    (void)context;
    seen.decoders++;
    seen.alive++;
    (void)snprintf(seen.decoder_name, sizeof seen.decoder_name, "%s", parameters->name);
    keep(seen.decoder_fmtp, parameters->fmtp);
    seen.clock_rate = parameters->clock_rate;
    seen.channels = parameters->channels;
    *out = &seen;
    return RTC_OK;
}

static void codec_free(void *codec)
{
    (void)codec;
    seen.alive--;
}

static rtc_encoded_frame *make(rtc_video_frame *picture, bool key, uint32_t temporal_id, uint32_t simulcast_index)
{
    static const uint8_t head[SCRIPTED_HEAD] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01};
    uint8_t data[400] = {0};
    rtc_encoded_frame *frame;
    memcpy(data, head, sizeof head);
    data[0] = key ? 0x10 : 0x11;
    scripted_put(data + SCRIPTED_HEAD, simulcast_index == 0 ? seen.serial++ : 0, rtc_video_frame_capture_time_us(picture));
    const rtc_encoded_frame_options options = {
        .size = sizeof options,
        .kind = RTC_MEDIA_VIDEO,
        .codec = "VP8",
        .data = data,
        .data_len = sizeof data,
        .keyframe = key,
        .rtp_timestamp = seen.pictures * 3000 + temporal_id * 1500,
        .capture_time_us = rtc_video_frame_capture_time_us(picture),
        .temporal_id = temporal_id,
        .simulcast_index = simulcast_index,
        .layer_flags = seen.layers ? RTC_LAYER_TEMPORAL | (temporal_id > 0 ? RTC_LAYER_SYNC : 0) : 0,
    };
    assert_int_equal(rtc_encoded_frame_new(seen.context, &options, &frame), RTC_OK);
    return frame;
}

static int encode_layers(void *encoder, rtc_video_frame *picture, uint32_t keyframes, rtc_encoded_frame **out, size_t capacity,
                         size_t *count)
{
    (void)encoder;
    assert_int_equal(capacity, RTC_ENCODER_LAYERS_MAX);
    assert_int_equal(*count, 0);
    assert_true(keyframes <= 1); /* there is one encoding */
    seen.keyframes_wanted += keyframes;
    if (seen.broken && (seen.pictures == 10 || seen.pictures == 20)) {
        out[(*count)++] = make(picture, false, 0, 1);
        *count += seen.pictures == 20; /* and there is nothing */
        return seen.pictures++ == 10 ? RTC_ERR_OPERATION : RTC_OK;
    }
    out[(*count)++] = make(picture, keyframes & 1, 0, 0);
    if (seen.layers) {
        out[(*count)++] = make(picture, false, 1, 0);
        out[(*count)++] = make(picture, false, 0, 1);
    }
    seen.pictures++;
    return RTC_OK;
}

static int decode(void *decoder, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    (void)decoder;
    (void)frame;
    *out = NULL;
    return RTC_OK;
}

static const rtc_codec_ops codec = {.size = sizeof codec,
                                    .kind = RTC_MEDIA_VIDEO,
                                    .name = "VP8",
                                    .encoder_new = encoder_new,
                                    .encoder_free = codec_free,
                                    .encode_layers = encode_layers,
                                    .decoder_new_with = decoder_new_with,
                                    .decoder_free = codec_free,
                                    .decode_video = decode};

struct scene {
    struct sim_peers p;
    struct peer_camera camera;
    rtc_media_sink *sink;
    uint32_t came, upper, lower_after_lower; /* frames that came, of temporal layer 1, and such of layer 0 that came without one between */
    uint32_t next_serial;
    uint32_t last_id;
};

static void on_picture(void *user, rtc_video_frame *frame)
{
    (void)user;
    (void)frame;
}

/* Each frame exactly once, in order. */
static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    struct scene *s = user;
    assert_int_equal(scripted_serial(frame), s->next_serial++);
    uint32_t id = rtc_encoded_frame_temporal_id(frame);
    assert_int_equal(rtc_encoded_frame_layer_flags(frame), !seen.layers ? 0
                                                           : id > 0     ? RTC_LAYER_TEMPORAL | RTC_LAYER_SYNC
                                                                        : RTC_LAYER_TEMPORAL);
    s->lower_after_lower += s->came > 0 && id == 0 && s->last_id == 0;
    s->last_id = id;
    s->upper += id == 1;
    s->came++;
}

/* Until the candidates are in the description; later ones have them at once. */
static void gather(struct scene *s)
{
    if (!s->p.on_step)
        peer_run(&s->p, SECOND);
}

/* Offer and answer, with parameters of VP8 in the answer; NULL: none. */
static void exchange(struct scene *s, const char *fmtp)
{
    rtc_sdp_type type;
    char with[128];
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    gather(s);
    const char *offer = rtc_peer_connection_local_description(s->p.peer[0].pc, &type);
    assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[1].pc, type, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    gather(s);
    const char *answer = rtc_peer_connection_local_description(s->p.peer[1].pc, &type);
    (void)snprintf(with, sizeof with, "a=rtpmap:96 VP8/90000\r\na=fmtp:96 %s\r\n", fmtp ? fmtp : "");
    assert_int_equal(text_count(answer, "a=rtpmap:96 VP8/90000\r\n"), 1);
    char *changed = text_replace(answer, "a=rtpmap:96 VP8/90000\r\n", fmtp ? with : "a=rtpmap:96 VP8/90000\r\n");
    assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[0].pc, type, changed), RTC_OK);
    free(changed);
}

static void begin(struct scene *s, bool layers, const char *fmtp)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_video = on_picture, .on_encoded = on_encoded};
    memset(s, 0, sizeof *s);
    memset(&seen, 0, sizeof seen);
    peer_scene(&s->p, 1, true);
    seen.context = s->p.context;
    seen.layers = layers;
    assert_int_equal(rtc_context_add_codec(s->p.context, &codec), RTC_OK);
    peer_camera_new(&s->camera, &s->p);
    exchange(s, fmtp);
    assert_int_equal(rtc_media_stream_track_add_sink(peer_remote_track(&s->p, 1, 0), &ops, s, &s->sink), RTC_OK);
    peer_connect(&s->p, 5 * SECOND);
    peer_camera_start(&s->camera, &s->p);
}

static void end(struct scene *s)
{
    sim_peers_fini(&s->p);
    rtc_media_source_unref(s->camera.source);
    assert_int_equal(seen.alive, 0);
}

static double outbound(struct scene *s, const char *name)
{
    rtc_stats_report *report;
    double value = -1;
    assert_int_equal(rtc_peer_connection_get_stats(s->p.peer[0].pc, &report), RTC_OK);
    assert_true(rtc_stats_number(rtc_stats_report_find_type(report, "outbound-rtp"), name, &value));
    rtc_stats_report_unref(report);
    return value;
}

static void parameters_reach_the_codecs(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, false, "max-fr=30;max-fs=3600");
    peer_run(&s.p, 2 * SECOND);
    assert_int_equal(seen.encoders, 1);
    assert_int_equal(seen.encodings, 1);
    assert_string_equal(seen.encoder_fmtp, "max-fr=30;max-fs=3600"); /* what the peer wants to get */
    assert_int_equal(seen.decoders, 1);
    assert_string_equal(seen.decoder_name, "VP8");
    assert_int_equal(seen.clock_rate, 90000);
    assert_int_equal(seen.channels, 1);
    assert_string_equal(seen.decoder_fmtp, ""); /* what we said, and that is nothing */
    end(&s);
}

/* The encoder is another one, and what came before it came is all there. */
static void a_change_of_parameters_loses_nothing(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, false, "max-fr=30");
    peer_run(&s.p, 2 * SECOND + PEER_CAMERA_US + 1000); /* a picture is at the worker */
    uint32_t keyframes = seen.keyframes_wanted;
    exchange(&s, "max-fr=30");
    peer_run(&s.p, 1 * SECOND);
    assert_int_equal(seen.encoders, 1);
    for (int i = 0; i < 8; i++) {
        char fmtp[32];
        (void)snprintf(fmtp, sizeof fmtp, "max-fr=%d", 10 + i);
        peer_run(&s.p, SECOND / 2 + i * 700);
        exchange(&s, fmtp);
        peer_run(&s.p, SECOND / 2);
        assert_int_equal(seen.encoders, 2 + i);
        assert_string_equal(seen.encoder_fmtp, fmtp);
    }
    assert_int_equal(seen.keyframes_wanted, keyframes + 8);
    peer_run(&s.p, 2 * PEER_CAMERA_US);
    s.camera.next = RTC_TIME_NEVER;
    peer_run(&s.p, 1 * SECOND);
    assert_int_equal(s.came, s.camera.pushed);
    assert_int_equal((int)outbound(&s, "framesDropped"), 0);
    end(&s);
}

/* The direction changes while a picture is encoded: what left the encoder before still leaves. */
static void what_is_encoded_leaves_before_it_ends(void **state)
{
    struct scene s;
    (void)state;
    for (int i = 0; i < 10; i++) {
        begin(&s, false, NULL);
        peer_run(&s.p, 1 * SECOND + i * 3700);
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
        exchange(&s, NULL);
        s.camera.next = RTC_TIME_NEVER;
        peer_run(&s.p, 1 * SECOND);
        assert_int_equal((int)outbound(&s, "framesDropped"), 0);
        assert_int_equal((int)outbound(&s, "framesSent"), s.camera.pushed);
        end(&s);
    }
}

static void one_picture_becomes_several_layers(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, true, NULL);
    peer_run(&s.p, 3 * SECOND);
    s.camera.next = RTC_TIME_NEVER;
    peer_run(&s.p, 1 * SECOND);
    assert_true(s.camera.pushed > 80);
    assert_int_equal(seen.pictures, s.camera.pushed);
    assert_int_equal(s.came, 2 * s.camera.pushed);
    assert_int_equal(s.upper, s.camera.pushed);
    assert_int_equal(s.lower_after_lower, 0);
    assert_int_equal((int)outbound(&s, "framesEncoded"), 3 * s.camera.pushed);
    assert_int_equal((int)outbound(&s, "framesSent"), 2 * s.camera.pushed);
    assert_int_equal((int)outbound(&s, "framesDropped"), s.camera.pushed); /* those of an encoding that there is not */
    end(&s);
}

/* A picture that an encoder spoils is lost as a whole, counted, and followed by a keyframe. */
static void spoilt_pictures_are_lost_alone(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, false, NULL);
    seen.broken = true;
    peer_run(&s.p, 2 * SECOND);
    s.camera.next = RTC_TIME_NEVER;
    peer_run(&s.p, 1 * SECOND);
    assert_int_equal(seen.pictures, s.camera.pushed);
    assert_int_equal(s.came, s.camera.pushed - 2);
    assert_int_equal(seen.keyframes_wanted, 1 + 2);
    assert_int_equal((int)outbound(&s, "framesEncoded"), s.camera.pushed - 2);
    assert_int_equal((int)outbound(&s, "framesDropped"), 2);
    end(&s);
}

/* ---- Several encodings of one encoder ---- */

enum { LAYERS = 2 };

/* The upper one says its size beside the picture, the lower one in its keyframes alone. */
static int encode_both(void *encoder, rtc_video_frame *picture, uint32_t keyframes, rtc_encoded_frame **out, size_t capacity, size_t *count)
{
    (void)encoder;
    assert_true(capacity >= LAYERS);
    for (uint32_t i = 0; i < LAYERS; i++) {
        uint32_t width = rtc_video_frame_width(picture) / (LAYERS - i), height = rtc_video_frame_height(picture) / (LAYERS - i);
        uint8_t data[300] = {keyframes >> i & 1 ? 0x10 : 0x11,
                             0,
                             0,
                             0x9d,
                             0x01,
                             0x2a,
                             (uint8_t)width,
                             (uint8_t)(width >> 8),
                             (uint8_t)height,
                             (uint8_t)(height >> 8)};
        const rtc_encoded_frame_options options = {.size = sizeof options,
                                                   .kind = RTC_MEDIA_VIDEO,
                                                   .codec = "VP8",
                                                   .data = data,
                                                   .data_len = sizeof data,
                                                   .keyframe = keyframes >> i & 1,
                                                   .rtp_timestamp = seen.pictures * 3000,
                                                   .capture_time_us = rtc_video_frame_capture_time_us(picture),
                                                   .width = i > 0 ? width : 0,
                                                   .height = i > 0 ? height : 0,
                                                   .simulcast_index = i};
        assert_int_equal(rtc_encoded_frame_new(seen.context, &options, &out[(*count)++]), RTC_OK);
    }
    seen.pictures++;
    return RTC_OK;
}

static void switch_off_first(rtc_rtp_sender *sender)
{
    rtc_rtp_parameters *p;
    assert_int_equal(rtc_rtp_sender_get_parameters(sender, &p), RTC_OK);
    p->encodings[0]->inactive = true;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, p), RTC_OK);
    rtc_rtp_parameters_free(p);
}

/* Statistics of each encoding are its own: its size, its share of the rate and of the time. */
static void each_encoding_has_its_size(void **state)
{
    static const char *const rids[LAYERS] = {"q", "f"};
    rtc_codec_ops both = codec;
    rtc_rtp_encoding_parameters e[LAYERS], *all[LAYERS];
    struct scene s = {0};
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_stats_report *report;
    (void)state;
    memset(&seen, 0, sizeof seen);
    peer_scene(&s.p, 1, true);
    seen.context = s.p.context;
    both.encode_layers = encode_both;
    assert_int_equal(rtc_context_add_codec(s.p.context, &both), RTC_OK);
    for (size_t i = 0; i < LAYERS; i++) {
        e[i] = (rtc_rtp_encoding_parameters){.size = sizeof e[i], .rid = rids[i]};
        all[i] = &e[i];
    }
    assert_int_equal(rtc_media_source_new(s.p.context, RTC_MEDIA_VIDEO, "pictures", NULL, NULL, &source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = all, .send_encoding_count = LAYERS};
    rtc_rtp_transceiver *t;
    assert_int_equal(rtc_peer_connection_add_transceiver(s.p.peer[0].pc, RTC_MEDIA_VIDEO, track, &init, &t), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    for (int i = 0; i < 20; i++) {
        if (i == 10)
            switch_off_first(rtc_rtp_transceiver_sender(t));
        const rtc_video_frame_options options = {
            .size = sizeof options, .format = RTC_VIDEO_I420, .width = 320, .height = 160, .capture_time_us = s.p.now};
        rtc_video_frame *picture;
        assert_int_equal(rtc_video_frame_new(s.p.context, &options, &picture), RTC_OK);
        assert_int_equal(rtc_media_source_push_video(source, picture), RTC_OK);
        rtc_video_frame_unref(picture);
        peer_run(&s.p, 100 * MS);
    }
    assert_int_equal(rtc_peer_connection_get_stats(s.p.peer[0].pc, &report), RTC_OK);
    unsigned found = 0;
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *stats = rtc_stats_report_at(report, i);
        double width = 0, height = 0, target = 0, time = 0;
        if (strcmp(rtc_stats_type(stats), "outbound-rtp") != 0)
            continue;
        bool upper = strcmp(rtc_stats_string(stats, "rid"), "f") == 0;
        assert_true(rtc_stats_number(stats, "frameWidth", &width) && rtc_stats_number(stats, "frameHeight", &height));
        assert_true(rtc_stats_number(stats, "totalEncodedBytesTarget", &target) && rtc_stats_number(stats, "totalEncodeTime", &time));
        assert_true(width == (upper ? 320 : 160) && height == (upper ? 160 : 80));
        assert_true(target > 0 && time > 0);
        double sent = 0;
        assert_true(rtc_stats_number(stats, "framesSent", &sent) && sent == (upper ? 20 : 10)); /* and nothing in another's place */
        found++;
    }
    assert_int_equal(found, LAYERS);
    rtc_stats_report_unref(report);
    rtc_media_stream_track_unref(track);
    sim_peers_fini(&s.p);
    rtc_media_source_unref(source);
}

/* ---- Several formats of one codec ---- */

static const rtc_codec_ops h264 = {.size = sizeof h264,
                                   .kind = RTC_MEDIA_VIDEO,
                                   .name = "H264",
                                   .decoder_new_with = decoder_new_with,
                                   .decoder_free = codec_free,
                                   .decode_video = decode};

static rtc_rtp_codec *format_of(rtc_rtp_codec *const *codecs, size_t count, const char *fmtp)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(codecs[i]->mime_type, "video/H264") == 0 && strcmp(codecs[i]->sdp_fmtp_line, fmtp) == 0)
            return codecs[i];
    fail_msg("no %s", fmtp);
    return NULL;
}

#define MODE_1 "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
#define MODE_0 "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f"
#define SETS_1 ";sprop-parameter-sets=Z0LAHtoCgPZA,aMuDyyA="
#define SETS_0 ";sprop-parameter-sets=Z0LADNoCgPZA,aMuDyyA="

/* Twice: where a stream begins, nothing but a parameter set says that a frame does. */
static void push_h264(struct scene *s, rtc_media_source *source)
{
    static const uint8_t data[] = {0, 0, 0, 1, 0x65, 0x88, 1, 2, 3, 4, 5, 6, 7};
    for (int i = 0; i < 2; i++) {
        rtc_encoded_frame *frame;
        const rtc_encoded_frame_options options = {.size = sizeof options,
                                                   .kind = RTC_MEDIA_VIDEO,
                                                   .codec = "H264",
                                                   .data = data,
                                                   .data_len = sizeof data,
                                                   .keyframe = true,
                                                   .rtp_timestamp = (uint32_t)(s->p.now * 9 / 100),
                                                   .capture_time_us = s->p.now};
        assert_int_equal(rtc_encoded_frame_new(s->p.context, &options, &frame), RTC_OK);
        assert_int_equal(rtc_media_source_push_encoded(source, frame), RTC_OK);
        rtc_encoded_frame_unref(frame);
        peer_run(&s->p, SECOND / 10);
    }
}

/* Two formats of H.264, of which the sender's parameter sets stand in the description alone, each with its own: the decoder gets those of
 * the format that comes, and ours for the rest. */
static void parameter_sets_are_those_of_the_format(void **state)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_video = on_picture};
    struct scene s = {0};
    rtc_media_source *source;
    rtc_rtp_sender *sender;
    rtc_rtp_capabilities *can;
    rtc_rtp_parameters *p;
    rtc_sdp_type type;
    (void)state;
    memset(&seen, 0, sizeof seen);
    peer_scene(&s.p, 1, true);
    seen.context = s.p.context;
    assert_int_equal(rtc_context_add_codec(s.p.context, &h264), RTC_OK);
    assert_int_equal(rtc_media_source_new(s.p.context, RTC_MEDIA_VIDEO, "frames", NULL, NULL, &source), RTC_OK);
    rtc_media_stream_track *track;
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(s.p.peer[0].pc, track, NULL, 0, &sender), RTC_OK);
    rtc_media_stream_track_unref(track);
    assert_int_equal(rtc_rtp_receiver_get_capabilities(s.p.context, RTC_MEDIA_VIDEO, &can), RTC_OK);
    const rtc_rtp_codec *both[] = {format_of(can->codecs, can->codec_count, MODE_1), format_of(can->codecs, can->codec_count, MODE_0)};
    assert_int_equal(rtc_rtp_transceiver_set_codec_preferences(rtc_peer_connection_transceiver(s.p.peer[0].pc, 0), both, 2), RTC_OK);
    rtc_rtp_capabilities_free(can);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    gather(&s);
    char *once = text_replace(rtc_peer_connection_local_description(s.p.peer[0].pc, &type), MODE_1, MODE_1 SETS_1);
    char *offer = text_replace(once, MODE_0, MODE_0 SETS_0);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, type, offer), RTC_OK);
    free(once);
    free(offer);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    gather(&s);
    const char *answer = rtc_peer_connection_local_description(s.p.peer[1].pc, &type);
    assert_int_equal(text_count(answer, "sprop"), 0);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, type, answer), RTC_OK);
    assert_int_equal(rtc_media_stream_track_add_sink(peer_remote_track(&s.p, 1, 0), &ops, &s, &s.sink), RTC_OK);
    peer_connect(&s.p, 5 * SECOND);
    push_h264(&s, source);
    assert_string_equal(seen.decoder_fmtp, MODE_1 SETS_1);
    assert_int_equal(rtc_rtp_sender_get_parameters(sender, &p), RTC_OK);
    p->encodings[0]->codec = format_of(p->codecs, p->codec_count, MODE_0);
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, p), RTC_OK);
    rtc_rtp_parameters_free(p);
    push_h264(&s, source);
    assert_string_equal(seen.decoder_fmtp, MODE_0 SETS_0);
    assert_int_equal(seen.decoders, 2);
    sim_peers_fini(&s.p);
    rtc_media_source_unref(source);
    assert_int_equal(seen.alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_reach_the_codecs),
        cmocka_unit_test(a_change_of_parameters_loses_nothing),
        cmocka_unit_test(what_is_encoded_leaves_before_it_ends),
        cmocka_unit_test(one_picture_becomes_several_layers),
        cmocka_unit_test(spoilt_pictures_are_lost_alone),
        cmocka_unit_test(each_encoding_has_its_size),
        cmocka_unit_test(parameter_sets_are_those_of_the_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
