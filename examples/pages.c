/* SPDX-License-Identifier: MIT */
/* The examples of docs/reference, a function for each page: scripts/docs takes them from here, and the tests run them, so that they work.
 * Errors that can not come here are not looked at, to be short; a program looks at each. */
#include <crtc/crtc.h>
#include <stdio.h>
#include <string.h>

/* A refused call says why, in words. */
static void page_errors(void)
{
    rtc_media_stream *stream;
    int error = rtc_media_stream_new(NULL, "not an id", &stream);
    if (error != RTC_OK)
        printf("%s (%d): %s\n", rtc_error_name(error), error, rtc_last_error());
}

static void print_line(void *user, rtc_log_level level, const char *module, const char *text)
{
    (void)level;
    fprintf(user, "%s: %s\n", module, text);
}

/* A log of one's own, and bounds that fit a small machine. */
static rtc_context *page_context(void)
{
    const rtc_limits limits = {.size = sizeof(limits), .waiting_bytes = 4 << 20, .picture_pixels = 1280 * 720};
    const rtc_context_options options = {
        .size = sizeof(options), .log = print_line, .log_user = stdout, .log_level = RTC_LOG_WARNING, .limits = &limits};
    rtc_context *context;
    return rtc_context_new(&options, &context) == RTC_OK ? context : NULL;
}

static void stop(void *user)
{
    rtc_loop_stop(user);
}

/* Runs for ten milliseconds. Connections are made with `.loop = loop` before it runs, or from its callbacks. */
static void page_loop(rtc_context *context)
{
    rtc_loop *loop;
    rtc_loop_new(context, &loop);
    rtc_loop_post_delayed(loop, 10000, stop, loop, NULL);
    rtc_loop_run(loop);
    rtc_loop_free(loop);
}

static void on_connection_state_change(rtc_peer_connection *connection, void *user, rtc_peer_connection_state state)
{
    (void)user;
    printf("%s\n", rtc_peer_connection_state_name(state));
    if (state == RTC_PEER_CONNECTION_FAILED)
        printf("%s\n", rtc_peer_connection_explain(connection));
}

/* A connection that tells how it fares. */
static rtc_peer_connection *page_peer_connection(rtc_context *context, rtc_loop *loop)
{
    static const rtc_peer_connection_callbacks callbacks = {.size = sizeof(callbacks),
                                                            .on_connection_state_change = on_connection_state_change};
    const rtc_configuration configuration = {.size = sizeof(configuration), .loop = loop};
    rtc_peer_connection *connection;
    return rtc_peer_connection_new(context, &configuration, &callbacks, NULL, &connection) == RTC_OK ? connection : NULL;
}

/* Servers, a range of ports, and no addresses of this host for strangers. */
static int page_configuration(rtc_context *context, rtc_peer_connection **out)
{
    const char *const stun_urls[] = {"stun:stun.example.org"}, *const turn_urls[] = {"turn:turn.example.org", "turns:turn.example.org"};
    const rtc_ice_server stun = {.size = sizeof(stun), .urls = stun_urls, .url_count = 1};
    const rtc_ice_server turn = {.size = sizeof(turn), .urls = turn_urls, .url_count = 2, .username = "me", .credential = "secret"};
    const rtc_ice_server *const servers[] = {&stun, &turn};
    const rtc_configuration configuration = {.size = sizeof(configuration),
                                             .ice_servers = servers,
                                             .ice_server_count = 2,
                                             .port_min = 40000,
                                             .port_max = 40100,
                                             .hide_local_addresses = true};
    return rtc_peer_connection_new(context, &configuration, NULL, NULL, out);
}

/* Offer and answer, as between two machines: each text goes to the other by whatever signalling there is. */
static int page_session_description(rtc_peer_connection *caller, rtc_peer_connection *callee)
{
    int error = rtc_peer_connection_set_local_description(caller, RTC_SDP_NONE, NULL);
    if (!error)
        error = rtc_peer_connection_set_remote_description(callee, RTC_SDP_OFFER, rtc_peer_connection_local_description(caller, NULL));
    if (!error)
        error = rtc_peer_connection_set_local_description(callee, RTC_SDP_NONE, NULL);
    if (!error)
        error = rtc_peer_connection_set_remote_description(caller, RTC_SDP_ANSWER, rtc_peer_connection_local_description(callee, NULL));
    return error;
}

/* What on_ice_candidate of one side was told, given to the other; NULL is not sent. */
static int page_ice_candidate(rtc_peer_connection *other, const rtc_ice_candidate *told)
{
    const rtc_ice_candidate_init init = {.size = sizeof(init), .candidate = told->candidate, .sdp_mid = told->sdp_mid};
    return rtc_peer_connection_add_ice_candidate(other, &init);
}

static void on_pair(rtc_ice_transport *transport, void *user)
{
    const rtc_ice_candidate *local, *remote;
    (void)user;
    if (rtc_ice_transport_selected_candidate_pair(transport, &local, &remote))
        printf("%s -> %s\n", local->type, remote->type);
}

/* Says over which kind of candidates a transport goes, whenever that changes. */
static void page_ice_transport(rtc_dtls_transport *transport)
{
    static const rtc_ice_transport_callbacks callbacks = {.size = sizeof(callbacks), .on_selected_candidate_pair_change = on_pair};
    rtc_ice_transport_set_callbacks(rtc_dtls_transport_ice_transport(transport), &callbacks, NULL);
}

static void on_dtls_state_change(rtc_dtls_transport *transport, void *user, rtc_dtls_transport_state state)
{
    (void)transport;
    (void)user;
    if (state == RTC_DTLS_TRANSPORT_CLOSED)
        printf("the peer hung up\n");
}

/* What carries a sender's section, once a description with it is set. */
static rtc_dtls_transport *page_dtls_transport(rtc_rtp_sender *sender)
{
    static const rtc_dtls_transport_callbacks callbacks = {.size = sizeof(callbacks), .on_state_change = on_dtls_state_change};
    rtc_dtls_transport *transport = rtc_rtp_sender_transport(sender);
    if (transport)
        rtc_dtls_transport_set_callbacks(transport, &callbacks, NULL);
    return transport;
}

/* How large a message may be, once a description with a section of data is set; 0 before. */
static uint64_t page_sctp_transport(rtc_peer_connection *connection)
{
    rtc_sctp_transport *transport = rtc_peer_connection_sctp(connection);
    return transport ? rtc_sctp_transport_max_message_size(transport) : 0;
}

/* One that is kept: the peer sees the same fingerprint each time. */
static void page_certificate(rtc_context *context)
{
    rtc_certificate *certificate, *again;
    char *pem;
    rtc_certificate_generate(context, RTC_KEY_ECDSA_P256, 0, &certificate);
    rtc_certificate_export_pem(certificate, &pem);
    rtc_certificate_import_pem(context, pem, strlen(pem), &again);
    printf("%s\n", strcmp(rtc_certificate_fingerprint(certificate), rtc_certificate_fingerprint(again)) == 0 ? "the same" : "another");
    rtc_certificate_free_pem(certificate, pem);
    rtc_certificate_unref(again);
    rtc_certificate_unref(certificate);
}

static void on_open(rtc_data_channel *channel, void *user)
{
    (void)user;
    rtc_data_channel_send_text(channel, "hello", 5);
}

/* A channel for what is soon stale: lost messages are not sent again, and none waits for another. */
static rtc_data_channel *page_data_channel(rtc_peer_connection *connection)
{
    static const rtc_data_channel_callbacks callbacks = {.size = sizeof(callbacks), .on_open = on_open};
    const rtc_data_channel_init init = {.size = sizeof(init), .unordered = true, .has_max_retransmits = true};
    rtc_data_channel *channel;
    if (rtc_peer_connection_create_data_channel(connection, "positions", 9, &init, &channel) != RTC_OK)
        return NULL;
    rtc_data_channel_set_callbacks(channel, &callbacks, NULL);
    return channel;
}

/* Asks for the peer's picture, and sends none. */
static void page_rtp_transceiver(rtc_peer_connection *connection)
{
    const rtc_rtp_transceiver_init init = {.size = sizeof(init), .direction = RTC_DIRECTION_RECVONLY};
    rtc_rtp_transceiver *transceiver;
    if (rtc_peer_connection_add_transceiver(connection, RTC_MEDIA_VIDEO, NULL, &init, &transceiver) == RTC_OK)
        printf("mid %s\n", rtc_rtp_transceiver_mid(transceiver) ? rtc_rtp_transceiver_mid(transceiver) : "not negotiated yet");
}

/* What a sender may use at most: read, changed and given back before events are dispatched. */
static int page_rtp_parameters(rtc_rtp_sender *sender)
{
    rtc_rtp_parameters *parameters;
    int error = rtc_rtp_sender_get_parameters(sender, &parameters);
    if (error)
        return error;
    parameters->encodings[0]->max_bitrate_bps = 500000;
    parameters->encodings[0]->max_framerate = 15;
    error = rtc_rtp_sender_set_parameters(sender, parameters);
    rtc_rtp_parameters_free(parameters);
    return error;
}

/* Sends a track in a stream, half a megabit of it at most. */
static rtc_rtp_sender *page_rtp_sender(rtc_peer_connection *connection, rtc_media_stream_track *track, rtc_media_stream *stream)
{
    rtc_rtp_sender *sender = NULL;
    if (rtc_peer_connection_add_track(connection, track, &stream, 1, &sender) == RTC_OK)
        rtc_rtp_sender_replace_track(sender, track);
    return sender;
}

/* The keys of a telephone, as soon as they can be sent. */
static void page_dtmf_sender(rtc_rtp_sender *sender)
{
    rtc_dtmf_sender *dtmf = rtc_rtp_sender_dtmf(sender);
    if (rtc_dtmf_sender_can_insert(dtmf))
        rtc_dtmf_sender_insert(dtmf, "0123#", RTC_DTMF_DURATION_MS, RTC_DTMF_GAP_MS);
}

/* A recorder that begins in the middle of a call wants a picture that needs no other. */
static void page_rtp_receiver(rtc_rtp_transceiver *transceiver)
{
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(transceiver);
    if (rtc_rtp_receiver_request_keyframe(receiver) != RTC_OK)
        printf("no picture: %s\n", rtc_last_error());
}

/* The microphone is off: the track goes on, in silence. */
static void page_media_stream_track(rtc_media_source *source)
{
    rtc_media_stream_track *track;
    rtc_media_stream_track_new(source, &track);
    rtc_media_stream_track_set_enabled(track, false);
    rtc_media_stream_track_unref(track);
}

/* Sound and picture of one camera, played in step. */
static rtc_media_stream *page_media_stream(rtc_context *context)
{
    rtc_media_stream *stream;
    return rtc_media_stream_new(context, "camera", &stream) == RTC_OK ? stream : NULL;
}

/* Twenty milliseconds of sound, each time that they have passed. */
static int page_media_source(rtc_media_source *source, const int16_t samples[960])
{
    const rtc_audio_frame_options options = {
        .size = sizeof(options), .format = RTC_AUDIO_S16, .sample_rate = 48000, .channels = 1, .samples = 960, .data = samples};
    rtc_audio_frame *frame;
    int error = rtc_audio_frame_new(NULL, &options, &frame);
    if (!error)
        error = rtc_media_source_push_audio(source, frame);
    rtc_audio_frame_unref(error ? NULL : frame);
    return error;
}

static void on_audio(void *user, rtc_audio_frame *frame)
{
    *(uint64_t *)user += rtc_audio_frame_samples(frame); /* on a worker thread */
}

/* Counts what a track carries. `samples` may be looked at once the sink is removed. */
static rtc_media_sink *page_media_sink(rtc_media_stream_track *track, uint64_t *samples)
{
    const rtc_media_sink_ops ops = {.size = sizeof(ops), .on_audio = on_audio};
    rtc_media_sink *sink;
    return rtc_media_stream_track_add_sink(track, &ops, samples, &sink) == RTC_OK ? sink : NULL;
}

/* A grey picture. */
static rtc_video_frame *page_video_frame(rtc_context *context)
{
    const rtc_video_frame_options options = {.size = sizeof(options), .format = RTC_VIDEO_I420, .width = 320, .height = 240};
    rtc_video_frame *frame;
    if (rtc_video_frame_new(context, &options, &frame) != RTC_OK)
        return NULL;
    for (size_t plane = 0; plane < 3; plane++)
        memset(rtc_video_frame_writable_plane(frame, plane), 128, rtc_video_frame_stride(frame, plane) * (plane == 0 ? 240 : 120));
    return frame;
}

/* How loud it is: the largest sample. */
static int page_audio_frame(const rtc_audio_frame *frame)
{
    const int16_t *samples = rtc_audio_frame_data(frame);
    int loudest = 0;
    for (uint32_t i = 0; i < rtc_audio_frame_samples(frame) * rtc_audio_frame_channels(frame); i++)
        loudest = samples[i] > loudest ? samples[i] : loudest;
    return loudest;
}

/* What an encoder of one's own made, for rtc_media_source_push_encoded(). */
static rtc_encoded_frame *page_encoded_frame(rtc_context *context, const void *bytes, size_t len, bool keyframe)
{
    const rtc_encoded_frame_options options = {.size = sizeof(options),
                                               .kind = RTC_MEDIA_VIDEO,
                                               .codec = "VP8",
                                               .data = bytes,
                                               .data_len = len,
                                               .keyframe = keyframe,
                                               .rtp_timestamp = (uint32_t)(rtc_now() * 9 / 100)}; /* 90 kHz */
    rtc_encoded_frame *frame;
    return rtc_encoded_frame_new(context, &options, &frame) == RTC_OK ? frame : NULL;
}

static int decoder_new(rtc_context *context, uint32_t channels, void **out)
{
    (void)context;
    (void)channels;
    *out = NULL; /* one that keeps nothing */
    return RTC_OK;
}

static void decoder_free(void *decoder)
{
    (void)decoder;
}

static int decode_video(void *decoder, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    (void)decoder;
    *out = NULL; /* nothing to show */
    return rtc_encoded_frame_len(frame) > 0 ? RTC_OK : RTC_ERR_ENCODING;
}

/* A VP8 decoder that stands in front of the library's. */
static int page_codec(rtc_context *context)
{
    static const rtc_codec_ops blind = {.size = sizeof(blind),
                                        .kind = RTC_MEDIA_VIDEO,
                                        .name = "VP8",
                                        .decoder_new = decoder_new,
                                        .decoder_free = decoder_free,
                                        .decode_video = decode_video};
    return rtc_context_add_codec(context, &blind);
}

/* Everything that there is to know, as text. */
static void page_stats_report(rtc_peer_connection *connection)
{
    rtc_stats_report *report;
    double number;
    if (rtc_peer_connection_get_stats(connection, &report) != RTC_OK)
        return;
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *stats = rtc_stats_report_at(report, i);
        printf("%s %s\n", rtc_stats_type(stats), rtc_stats_id(stats));
        for (size_t m = 0; m < rtc_stats_member_count(stats); m++)
            if (rtc_stats_number(stats, rtc_stats_member_name(stats, m), &number))
                printf("    %s: %g\n", rtc_stats_member_name(stats, m), number);
    }
    rtc_stats_report_unref(report);
}

/* What a call does and how it fares, in a file for a reader of chrome://webrtc-internals dumps. */
static int page_session_dump(rtc_peer_connection *connection)
{
    const rtc_session_dump_options options = {.size = sizeof(options), .interval_ms = 1000, .name = "a page"};
    rtc_session_dump *dump;
    char *json;
    int error = rtc_session_dump_new(connection, &options, &dump); /* best at once after rtc_peer_connection_new */
    if (error)
        return error;
    rtc_peer_connection_restart_ice(connection); /* the call */
    error = rtc_session_dump_json(dump, &json);
    if (!error)
        printf("%s\n", json); /* into a file */
    if (!error)
        rtc_session_dump_free_json(dump, json);
    rtc_session_dump_free(dump);
    return error;
}

/* A server: all its connections on one port, and no checks of its own. */
static int page_endpoint(rtc_context *context, rtc_loop *loop, rtc_peer_connection **out)
{
    const rtc_endpoint_options options = {.size = sizeof(options), .loop = loop};
    rtc_endpoint *endpoint;
    int error = rtc_endpoint_new(context, &options, &endpoint);
    if (error)
        return error;
    const rtc_configuration configuration = {.size = sizeof(configuration), .loop = loop, .endpoint = endpoint, .ice_lite = true};
    error = rtc_peer_connection_new(context, &configuration, NULL, NULL, out);
    rtc_endpoint_unref(endpoint); /* its connections keep it */
    return error;
}

/* One turn without a loop. A whole one, with sockets, is examples/own_loop.c. */
static rtc_time_t page_sans_io(rtc_peer_connection *connection)
{
    rtc_request request = {.size = sizeof(request)};
    rtc_packet *packet;
    rtc_peer_connection_tick(connection, rtc_now());
    while (rtc_peer_connection_next_request(connection, &request)) {
        const rtc_result refused = {.size = sizeof(refused), .type = request.type, .id = request.id, .error = RTC_ERR_NOT_SUPPORTED};
        rtc_peer_connection_result(connection, rtc_now(), &refused);
    }
    while ((packet = rtc_peer_connection_next_packet(connection)) != NULL)
        rtc_packet_free(packet); /* sent to where rtc_packet_path() says */
    rtc_peer_connection_dispatch(connection);
    return rtc_peer_connection_deadline(connection, NULL);
}

struct halving {
    double bps;
    bool lost;
};

static void *make_halving(void *user, const rtc_congestion_limits *limits, rtc_time_t now)
{
    struct halving *h = user;
    (void)now;
    *h = (struct halving){.bps = limits->start_bps};
    return h;
}

static void note_result(void *controller, const rtc_congestion_result *result)
{
    struct halving *h = controller;
    h->lost = h->lost || !result->received;
}

static void decide(void *controller, const rtc_congestion_feedback *feedback)
{
    struct halving *h = controller;
    (void)feedback;
    h->bps = h->lost ? h->bps / 2 : h->bps + 10000;
    h->lost = false;
}

static void tell_target(void *controller, rtc_congestion_target *target)
{
    target->target_bps = ((struct halving *)controller)->bps;
}

/* Ten kilobits a second more with each message of feedback, half when something was lost. One transport, one controller: it is the
 * caller's. */
static int page_congestion_controller(rtc_context *context, struct halving *user, rtc_peer_connection **out)
{
    static const rtc_congestion_controller controller = {
        .size = sizeof(controller), .make = make_halving, .result = note_result, .feedback = decide, .target = tell_target};
    const rtc_configuration configuration = {.size = sizeof(configuration),
                                             .bundle_policy = RTC_BUNDLE_MAX_BUNDLE,
                                             .congestion_controller = &controller,
                                             .congestion_user = user};
    return rtc_peer_connection_new(context, &configuration, NULL, NULL, out);
}

/* What a socket of one's own received, without another copy. */
static void page_packet(rtc_peer_connection *connection, const rtc_path *path, const void *bytes, size_t len)
{
    rtc_packet *packet = rtc_packet_new(connection);
    if (packet == NULL || len > rtc_packet_capacity(packet)) {
        rtc_packet_free(packet);
        return;
    }
    memcpy(rtc_packet_data(packet), bytes, len); /* where recvmsg() would write */
    rtc_packet_set_len(packet, len);
    rtc_peer_connection_receive(connection, rtc_now(), path, packet);
}

/* What comes of each layer: called from time to time, it may draw a table. */
static int page_forwarder(rtc_rtp_receiver *receiver, rtc_forwarder **out)
{
    rtc_forward_layer layer = {.size = sizeof(layer)};
    int error = rtc_forwarder_new(receiver, out);
    for (size_t i = 0; !error && rtc_forwarder_layer(*out, i, &layer); i++)
        printf("'%s': %ux%u, %u bit/s\n", layer.rid, layer.width, layer.height, layer.bitrate_bps);
    return error;
}

static void on_layer(void *user, rtc_forward *forward, const char *rid)
{
    (void)forward;
    printf("%s is shown '%s' now\n", (const char *)user, rid);
}

/* What comes at the forwarder goes to another participant of the room, the smaller pictures only, as for a tile. It offers next. */
static rtc_forward *page_forward(rtc_peer_connection *participant, rtc_forwarder *forwarder, char *name)
{
    static const rtc_forward_callbacks callbacks = {.size = sizeof(callbacks), .on_layer = on_layer};
    const rtc_rtp_transceiver_init init = {.size = sizeof(init), .direction = RTC_DIRECTION_SENDONLY};
    const rtc_forward_choice tile = {.size = sizeof(tile), .rid = "h"};
    rtc_rtp_transceiver *transceiver;
    rtc_forward *forward;
    if (rtc_peer_connection_add_transceiver(participant, rtc_forwarder_kind(forwarder), NULL, &init, &transceiver) != RTC_OK)
        return NULL;
    return rtc_forward_new(rtc_rtp_transceiver_sender(transceiver), forwarder, &tile, &callbacks, name, &forward) == RTC_OK ? forward
                                                                                                                            : NULL;
}

static int forwarding(rtc_peer_connection *from, rtc_peer_connection *to)
{
    rtc_forwarder *forwarder;
    rtc_rtp_transceiver *picture;
    rtc_peer_connection_add_transceiver(from, RTC_MEDIA_VIDEO, NULL, NULL, &picture);
    int good = page_forwarder(rtc_rtp_transceiver_receiver(picture), &forwarder) == RTC_OK;
    rtc_forward *forward = good ? page_forward(to, forwarder, "Ada") : NULL;
    rtc_forward_stop(forward);
    rtc_forward_unref(forward);
    rtc_forwarder_unref(good ? forwarder : NULL);
    return forward != NULL;
}

static int media(rtc_context *context, rtc_peer_connection *connection)
{
    static const int16_t silence[960];
    const rtc_audio_frame_options options = {
        .size = sizeof(options), .format = RTC_AUDIO_S16, .sample_rate = 48000, .channels = 1, .samples = 960};
    uint64_t samples = 0;
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_audio_frame *sound;
    rtc_media_source_new(context, RTC_MEDIA_AUDIO, "microphone", NULL, NULL, &source);
    rtc_media_stream_track_new(source, &track);
    rtc_audio_frame_new(context, &options, &sound);
    rtc_media_stream *stream = page_media_stream(context);
    rtc_media_sink *sink = page_media_sink(track, &samples);
    rtc_encoded_frame *encoded = page_encoded_frame(context, "x", 1, true);
    rtc_video_frame *picture = page_video_frame(context);
    rtc_rtp_sender *sender = page_rtp_sender(connection, track, stream);
    int good = sender != NULL && page_rtp_parameters(sender) == RTC_OK && page_media_source(source, silence) == RTC_OK &&
               page_audio_frame(sound) == 0 && encoded != NULL && picture != NULL;
    page_media_stream_track(source);
    page_rtp_transceiver(connection);
    page_rtp_receiver(rtc_peer_connection_transceiver(connection, 1));
    page_dtmf_sender(rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(connection, 0)));
    rtc_media_stream_track_remove_sink(track, sink);
    rtc_video_frame_unref(picture);
    rtc_encoded_frame_unref(encoded);
    rtc_audio_frame_unref(sound);
    rtc_media_stream_unref(stream);
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(source);
    return good;
}

int main(void)
{
    static const rtc_ice_candidate told = {
        .size = sizeof(told), .candidate = "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host", .sdp_mid = "0"};
    const rtc_path path = {.socket = 1};
    rtc_context *context = page_context();
    rtc_loop *loop;
    rtc_peer_connection *callee, *alone, *lite, *halved;
    struct halving halving;
    page_errors();
    rtc_loop_new(context, &loop);
    page_loop(context);
    page_certificate(context);
    int good = page_codec(context) == RTC_OK;
    rtc_peer_connection *caller = page_peer_connection(context, loop);
    rtc_peer_connection_new(context, NULL, NULL, NULL, &callee);
    good &= page_configuration(context, &alone) == RTC_OK && page_endpoint(context, loop, &lite) == RTC_OK;
    good &= page_congestion_controller(context, &halving, &halved) == RTC_OK;
    rtc_data_channel *channel = page_data_channel(caller);
    good &= channel != NULL && media(context, caller);
    good &= page_session_description(caller, callee) == RTC_OK && page_ice_candidate(callee, &told) == RTC_OK;
    rtc_dtls_transport *transport = page_dtls_transport(rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(caller, 0)));
    good &= transport != NULL && page_sctp_transport(caller) > 0;
    page_ice_transport(transport);
    page_stats_report(caller);
    good &= page_session_dump(caller) == RTC_OK;
    page_packet(callee, &path, "x", 1);
    good &= page_sans_io(callee) > 0;
    good &= forwarding(alone, halved);
    rtc_data_channel_unref(channel);
    rtc_peer_connection_free(halved);
    rtc_peer_connection_free(lite);
    rtc_peer_connection_free(alone);
    rtc_peer_connection_free(callee);
    rtc_peer_connection_free(caller);
    rtc_loop_free(loop);
    rtc_context_unref(context);
    return good ? 0 : 1;
}
