/* SPDX-License-Identifier: MIT */
/* Programs that were built against an older or a newer version of the library: every struct that carries its size is taken when it is
 * shorter, and when it is longer with nothing but zeros beyond what the library knows; anything else there is refused
 * (docs/decisions/0026). */
#include <crtc/crtc.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TAIL = 64 };

static rtc_peer_connection *pc;
static rtc_data_channel *channel;
static rtc_media_stream_track *track;

static int take_context(const void *options)
{
    rtc_context *context = NULL;
    int error = rtc_context_new(options, &context);
    rtc_context_unref(context);
    return error;
}

static int take_limits(const void *limits)
{
    const rtc_context_options options = {.size = sizeof options, .limits = limits};
    return take_context(&options);
}

static int take_configuration(const void *configuration)
{
    rtc_peer_connection *made = NULL;
    int error = rtc_peer_connection_new(NULL, configuration, NULL, NULL, &made);
    rtc_peer_connection_free(made);
    return error;
}

static int take_server(const void *server)
{
    const rtc_ice_server *const servers[] = {server};
    const rtc_configuration configuration = {.size = sizeof configuration, .ice_servers = servers, .ice_server_count = 1};
    return take_configuration(&configuration);
}

static int take_changed_configuration(const void *configuration)
{
    return rtc_peer_connection_set_configuration(pc, configuration);
}

static int take_callbacks(const void *callbacks)
{
    rtc_peer_connection *made = NULL;
    int error = rtc_peer_connection_new(NULL, NULL, callbacks, NULL, &made);
    rtc_peer_connection_free(made);
    return error;
}

static int take_other_callbacks(const void *callbacks)
{
    return rtc_peer_connection_set_callbacks(pc, callbacks, NULL);
}

static int take_channel_callbacks(const void *callbacks)
{
    return rtc_data_channel_set_callbacks(channel, callbacks, NULL);
}

static int take_channel(const void *init)
{
    rtc_data_channel *made = NULL;
    int error = rtc_peer_connection_create_data_channel(pc, "x", 1, init, &made);
    rtc_data_channel_unref(made);
    return error;
}

static int take_transceiver(const void *init)
{
    return rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, init, NULL);
}

static int take_candidate(const void *init)
{
    int error = rtc_peer_connection_add_ice_candidate(pc, init);
    return error == RTC_ERR_INVALID_STATE ? RTC_OK : error; /* it was read: there is no remote description */
}

static int take_certificate(const void *options)
{
    rtc_certificate *made = NULL;
    int error = rtc_certificate_new(NULL, options, &made);
    rtc_certificate_unref(made);
    return error;
}

static int take_picture(const void *options)
{
    rtc_video_frame *made = NULL;
    int error = rtc_video_frame_new(NULL, options, &made);
    rtc_video_frame_unref(made);
    return error;
}

static int take_sound(const void *options)
{
    rtc_audio_frame *made = NULL;
    int error = rtc_audio_frame_new(NULL, options, &made);
    rtc_audio_frame_unref(made);
    return error;
}

static int take_encoded(const void *options)
{
    rtc_encoded_frame *made = NULL;
    int error = rtc_encoded_frame_new(NULL, options, &made);
    rtc_encoded_frame_unref(made);
    return error;
}

static int take_source(const void *ops)
{
    rtc_media_source *made = NULL;
    int error = rtc_media_source_new(NULL, RTC_MEDIA_AUDIO, NULL, ops, NULL, &made);
    rtc_media_source_unref(made);
    return error;
}

static int take_sink(const void *ops)
{
    rtc_media_sink *made = NULL;
    int error = rtc_media_stream_track_add_sink(track, ops, NULL, &made);
    rtc_media_stream_track_remove_sink(track, made);
    return error;
}

#ifndef WITHOUT_CODECS
static int take_test_picture(const void *options)
{
    rtc_media_source *made = NULL;
    int error = rtc_test_video_source_new(NULL, options, &made);
    rtc_media_source_unref(made);
    return error;
}

static int take_test_tone(const void *options)
{
    rtc_media_source *made = NULL;
    int error = rtc_test_audio_source_new(NULL, options, &made);
    rtc_media_source_unref(made);
    return error;
}
#endif

static int take_codec(const void *ops)
{
    rtc_context *context = NULL;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    int error = rtc_context_add_codec(context, ops);
    rtc_context_unref(context);
    return error;
}

static int take_endpoint(const void *options)
{
    rtc_endpoint *made = NULL;
    int error = rtc_endpoint_new(NULL, options, &made);
    rtc_endpoint_unref(made);
    return error;
}

static int take_result(const void *result)
{
    return rtc_peer_connection_result(pc, 0, result);
}

static int no_decoder(rtc_context *context, uint32_t channels, void **out)
{
    (void)context, (void)channels, (void)out;
    return RTC_ERR_NOT_SUPPORTED;
}

static void free_nothing(void *decoder)
{
    (void)decoder;
}

static int decode_nothing(void *decoder, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    (void)decoder, (void)frame, (void)out;
    return RTC_ERR_ENCODING;
}

static const char *const urls[] = {"stun:192.0.2.1"};
static const rtc_ice_server server = {.urls = urls, .url_count = 1};
static const rtc_video_frame_options picture = {.format = RTC_VIDEO_I420, .width = 2, .height = 2};
static const rtc_audio_frame_options sound = {.format = RTC_AUDIO_S16, .sample_rate = 8000, .channels = 1, .samples = 1};
static const rtc_encoded_frame_options encoded = {.kind = RTC_MEDIA_VIDEO, .codec = "VP8", .data_len = 1};
static const rtc_codec_ops codec = {
    .kind = RTC_MEDIA_VIDEO, .name = "VP8", .decoder_new = no_decoder, .decoder_free = free_nothing, .decode_video = decode_nothing};
static const rtc_endpoint_options endpoint = {.port = 5000};

/* `filled`: what it needs to be taken, NULL for zeros; `older`: a size that it may have had once. */
#define STRUCT(type, take, filled, older)        \
    {                                            \
#type, sizeof(type), take, filled, older \
    }
static const struct {
    const char *name;
    size_t size;
    int (*take)(const void *given);
    const void *filled;
    size_t older;
} structs[] = {
    STRUCT(rtc_context_options, take_context, NULL, offsetof(rtc_context_options, limits)),
    STRUCT(rtc_limits, take_limits, NULL, offsetof(rtc_limits, ssrcs)),
    STRUCT(rtc_configuration, take_configuration, NULL, offsetof(rtc_configuration, max_bitrate_bps)),
    STRUCT(rtc_configuration, take_changed_configuration, NULL, offsetof(rtc_configuration, max_bitrate_bps)),
    STRUCT(rtc_ice_server, take_server, &server, offsetof(rtc_ice_server, username)),
    STRUCT(rtc_peer_connection_callbacks, take_callbacks, NULL, offsetof(rtc_peer_connection_callbacks, on_track)),
    STRUCT(rtc_peer_connection_callbacks, take_other_callbacks, NULL, offsetof(rtc_peer_connection_callbacks, on_track)),
    STRUCT(rtc_data_channel_callbacks, take_channel_callbacks, NULL, offsetof(rtc_data_channel_callbacks, on_close)),
    STRUCT(rtc_data_channel_init, take_channel, NULL, offsetof(rtc_data_channel_init, protocol)),
    STRUCT(rtc_rtp_transceiver_init, take_transceiver, NULL, offsetof(rtc_rtp_transceiver_init, streams)),
    STRUCT(rtc_ice_candidate_init, take_candidate, NULL, offsetof(rtc_ice_candidate_init, sdp_mid)),
    STRUCT(rtc_certificate_options, take_certificate, NULL, offsetof(rtc_certificate_options, names)),
    STRUCT(rtc_video_frame_options, take_picture, &picture, offsetof(rtc_video_frame_options, planes)),
    STRUCT(rtc_audio_frame_options, take_sound, &sound, offsetof(rtc_audio_frame_options, data)),
    STRUCT(rtc_encoded_frame_options, take_encoded, &encoded, offsetof(rtc_encoded_frame_options, duration)),
    STRUCT(rtc_media_source_ops, take_source, NULL, offsetof(rtc_media_source_ops, destroy)),
    STRUCT(rtc_media_sink_ops, take_sink, NULL, offsetof(rtc_media_sink_ops, on_encoded)),
#ifndef WITHOUT_CODECS /* then there are none of these sources */
    STRUCT(rtc_test_video_options, take_test_picture, NULL, offsetof(rtc_test_video_options, colour)),
    STRUCT(rtc_test_audio_options, take_test_tone, NULL, offsetof(rtc_test_audio_options, level_percent)),
#endif
    STRUCT(rtc_codec_ops, take_codec, &codec, offsetof(rtc_codec_ops, decode_audio)),
    STRUCT(rtc_endpoint_options, take_endpoint, &endpoint, offsetof(rtc_endpoint_options, answer_stun)),
    STRUCT(rtc_result, take_result, NULL, offsetof(rtc_result, socket)),
};

static void expect(size_t i, const unsigned char *given, size_t size, int expected, const char *what)
{
    _Alignas(16) unsigned char copy[4096] = {0};
    memcpy(copy, given, structs[i].size + TAIL);
    memcpy(copy, &size, sizeof size);
    int error = structs[i].take(copy);
    if (error != expected)
        fail_msg("%s, %s: %s (%s) and not %s", structs[i].name, what, rtc_error_name(error), rtc_last_error(), rtc_error_name(expected));
    if (error && !strstr(rtc_last_error(), structs[i].name))
        fail_msg("%s, %s: '%s' does not name it", structs[i].name, what, rtc_last_error());
}

/* A sizeof is a multiple of that of its size_t. */
static size_t rounded(size_t offset)
{
    return (offset + sizeof offset - 1) / sizeof offset * sizeof offset;
}

static void structs_of_other_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof structs / sizeof structs[0]; i++) {
        unsigned char given[2048] = {0};
        size_t size = structs[i].size;
        assert_true(size + TAIL <= sizeof given);
        if (structs[i].filled)
            memcpy(given, structs[i].filled, size);
        expect(i, given, size, RTC_OK, "of this version");
        expect(i, given, rounded(structs[i].older), RTC_OK, "older");
        expect(i, given, size + TAIL, RTC_OK, "newer, with nothing new used");
        expect(i, given, 0, RTC_ERR_TYPE, "without a size");
        expect(i, given, 4, RTC_ERR_TYPE, "smaller than its size");
        expect(i, given, size - 4, RTC_ERR_TYPE, "with a size that cuts members in two");
        expect(i, given, size + 1, RTC_ERR_TYPE, "with a size that no struct has");
        expect(i, given, (size_t)-1, RTC_ERR_TYPE, "with a size that is none");
        given[size] = 1;
        expect(i, given, size + TAIL, RTC_ERR_NOT_SUPPORTED, "newer, with the first new byte used");
        expect(i, given, size, RTC_OK, "of this version, with something behind it");
        given[size] = 0;
        given[size + TAIL - 1] = 1;
        expect(i, given, size + TAIL, RTC_ERR_NOT_SUPPORTED, "newer, with the last new byte used");
    }
}

/* A receiver that is refused leaves the one that was. */
static void refused_callbacks_change_nothing(void **state)
{
    static int user;
    struct {
        rtc_peer_connection_callbacks known;
        void (*on_something_new)(void);
    } newer = {.known = {.size = sizeof newer}, .on_something_new = (void (*)(void))1};
    const rtc_peer_connection_callbacks fine = {.size = sizeof fine};
    (void)state;
    assert_int_equal(rtc_peer_connection_set_callbacks(pc, &fine, &user), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_callbacks(pc, &newer.known, NULL), RTC_ERR_NOT_SUPPORTED);
    assert_ptr_equal(rtc_peer_connection_user(pc), &user);
}

/* What the library fills in: no more than the caller has room for, and the size says how much that was. */
static void filled_by_the_library(void **state)
{
    struct {
        rtc_request known;
        unsigned char tail[TAIL];
    } request;
    rtc_endpoint *e;
    struct {
        rtc_endpoint_stats known;
        unsigned char tail[TAIL];
    } stats;
    rtc_peer_connection *gathers;
    (void)state;
    assert_int_equal(rtc_endpoint_new(NULL, &(rtc_endpoint_options){.size = sizeof(rtc_endpoint_options), .port = 5000}, &e), RTC_OK);
    memset(&stats, 0xab, sizeof stats);
    stats.known.size = sizeof stats;
    rtc_endpoint_get_stats(e, &stats.known);
    assert_int_equal(stats.known.size, sizeof stats.known);
    assert_int_equal(stats.tail[0], 0xab);
    memset(&stats, 0xab, sizeof stats);
    stats.known.size = offsetof(rtc_endpoint_stats, unknown_user);
    rtc_endpoint_get_stats(e, &stats.known);
    assert_int_equal(stats.known.packets_received, 0);
    assert_int_equal(((unsigned char *)&stats.known.unknown_user)[0], 0xab);
    rtc_endpoint_unref(e);
    assert_int_equal(rtc_peer_connection_new(NULL, NULL, NULL, NULL, &gathers), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_transceiver(gathers, RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(gathers, RTC_SDP_NONE, NULL), RTC_OK);
    memset(&request, 0xab, sizeof request);
    request.known.size = sizeof request;
    assert_true(rtc_peer_connection_next_request(gathers, &request.known));
    assert_int_equal(request.known.size, sizeof request.known);
    assert_int_equal(request.known.type, RTC_REQUEST_INTERFACES);
    assert_int_equal(request.tail[0], 0xab);
    rtc_peer_connection_free(gathers);
}

static int setup(void **state)
{
    rtc_media_source *source;
    (void)state;
    if (rtc_peer_connection_new(NULL, NULL, NULL, NULL, &pc) || rtc_peer_connection_create_data_channel(pc, "x", 1, NULL, &channel) ||
        rtc_media_source_new(NULL, RTC_MEDIA_AUDIO, NULL, NULL, NULL, &source) || rtc_media_stream_track_new(source, &track))
        return -1;
    rtc_media_source_unref(source);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rtc_data_channel_unref(channel);
    rtc_peer_connection_free(pc);
    rtc_media_stream_track_unref(track);
    return 0;
}

/* Interfaces of a program that knows less of them, as much, or more: each is found. */
static void interfaces_of_other_versions(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, sizeof(rtc_interface), sizeof(rtc_interface) + 8};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t list[3 * (sizeof(rtc_interface) + 8)] = {0};
        size_t stride = sizes[i] ? sizes[i] : offsetof(rtc_interface, prefix_length);
        rtc_request request = {.size = sizeof request};
        rtc_peer_connection *other;
        rtc_data_channel *made;
        unsigned opened = 0;
        for (size_t k = 0; k < 3; k++) {
            const rtc_interface at = {.address = {.family = RTC_ADDRESS_IPV4, .ip = {192, 0, 2, (uint8_t)k}}, .name = "eth", .index = 1};
            memcpy(list + k * stride, &at, offsetof(rtc_interface, prefix_length));
        }
        assert_int_equal(rtc_peer_connection_new(NULL, NULL, NULL, NULL, &other), RTC_OK);
        assert_int_equal(rtc_peer_connection_create_data_channel(other, "x", 1, NULL, &made), RTC_OK);
        rtc_data_channel_unref(made);
        assert_int_equal(rtc_peer_connection_set_local_description(other, RTC_SDP_NONE, NULL), RTC_OK);
        for (; rtc_peer_connection_next_request(other, &request); request.size = sizeof request) {
            rtc_result result = {.size = sizeof result, .type = request.type, .id = request.id, .interfaces = (const void *)list};
            result.interface_count = 3;
            result.interface_size = sizes[i];
            if (request.type == RTC_REQUEST_INTERFACES && sizes[i] == 0)
                result.size = offsetof(rtc_result, interface_size);
            if (request.type == RTC_REQUEST_INTERFACES)
                assert_int_equal(rtc_peer_connection_result(other, 0, &result), RTC_OK);
            else if (request.type == RTC_REQUEST_OPEN_UDP)
                opened |= 1u << request.local.ip[3];
        }
        assert_int_equal(opened, 7);
        const rtc_result bad = {.size = sizeof bad, .type = RTC_REQUEST_INTERFACES, .id = 1, .interface_size = 8};
        assert_int_equal(rtc_peer_connection_result(other, 0, &bad), RTC_ERR_TYPE);
        rtc_peer_connection_free(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interfaces_of_other_versions),
        cmocka_unit_test(structs_of_other_versions),
        cmocka_unit_test(refused_callbacks_change_nothing),
        cmocka_unit_test(filled_by_the_library),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
