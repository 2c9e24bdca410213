/* SPDX-License-Identifier: MIT */
/* Handles, arguments and configurations: what is refused and how, what a closed connection's handles still do, who may outlive whom.
 * Without a loop, so that every event is where the test put it. */
#include <crtc/crtc.h>

#include "../unit/counting_allocator.h"

#include <malloc.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static rtc_peer_connection *connection(const rtc_configuration *configuration)
{
    rtc_peer_connection *pc = NULL;
    assert_int_equal(rtc_peer_connection_new(NULL, configuration, NULL, NULL, &pc), RTC_OK);
    return pc;
}

static int with_server(const char *url)
{
    const char *const urls[] = {url};
    const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1}, *const servers[] = {&server};
    const rtc_configuration configuration = {.size = sizeof configuration, .ice_servers = servers, .ice_server_count = 1};
    rtc_peer_connection *pc = NULL;
    int error = rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc);
    assert_true((error == RTC_OK) == (pc != NULL));
    rtc_peer_connection_free(pc);
    return error;
}

static void server_urls(void **state)
{
    static const char *const good[] = {"stun:stun.example.org", "stun:192.0.2.1:3478",      "STUN:host:1",
                                       "stun:[2001:db8::1]",    "stun:[2001:db8::1]:65535", "stun:a"};
    static const char *const bad[] = {
        "",           "stun",       "stun:",    "stun::3478",  "stun:host:",  "stun:host:0",   "stun:host:65536", "stun:host:x",
        "stun:[::1",  "stun:[]:5",  "stun:a b", "stun://host", "http://host", "stun:host?x=1", "stun:user@host",  "stun:ho/st",
        "stun:h:1:2", "stun:[::1]x"};
    static const char *const unsupported[] = {"stuns:host", "turns:host?transport=udp"};
    static const char *const anonymous[] = {"turn:host", "turns:host:5349?transport=tcp", "TURN:host"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (with_server(good[i]))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (with_server(bad[i]) != RTC_ERR_SYNTAX)
            fail_msg("%s: %s", bad[i], rtc_error_name(with_server(bad[i])));
    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++)
        assert_int_equal(with_server(unsupported[i]), RTC_ERR_NOT_SUPPORTED);
    for (size_t i = 0; i < sizeof anonymous / sizeof anonymous[0]; i++)
        assert_int_equal(with_server(anonymous[i]), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(with_server(NULL), RTC_ERR_TYPE);
    char long_host[400] = "stun:";
    memset(long_host + 5, 'a', 300);
    assert_int_equal(with_server(long_host), RTC_ERR_SYNTAX);
}

static int with(rtc_configuration configuration)
{
    rtc_peer_connection *pc = NULL;
    int error = rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc);
    rtc_peer_connection_free(pc);
    return error;
}

static void configurations(void **state)
{
    const rtc_ice_server empty = {.size = sizeof empty}, *const empties[] = {&empty}, *const missing[] = {NULL};
    const char *urls[33];
    const rtc_ice_server many = {.size = sizeof many, .urls = urls, .url_count = 33}, *const manies[] = {&many};
    rtc_certificate *const none[] = {NULL};
    rtc_peer_connection *pc;
    (void)state;
    for (size_t i = 0; i < 33; i++)
        urls[i] = "stun:a";
    assert_int_equal(rtc_peer_connection_new(NULL, NULL, NULL, NULL, NULL), RTC_ERR_TYPE);
    assert_int_equal(with((rtc_configuration){.size = 0}), RTC_ERR_TYPE);
    assert_int_equal(with((rtc_configuration){.size = (size_t)1 << 40}), RTC_ERR_TYPE);
    assert_int_equal(with((rtc_configuration){.size = sizeof(rtc_configuration), .ice_transport_policy = RTC_ICE_TRANSPORT_RELAY}), RTC_OK);
    assert_int_equal(with((rtc_configuration){.size = sizeof(rtc_configuration), .bundle_policy = (rtc_bundle_policy)7}), RTC_ERR_TYPE);
    assert_int_equal(with((rtc_configuration){.size = sizeof(rtc_configuration), .max_channels = 65535}), RTC_ERR_RANGE);
    assert_int_equal(with((rtc_configuration){.size = sizeof(rtc_configuration), .max_channels = 65534}), RTC_OK);
    assert_int_equal(with((rtc_configuration){.size = sizeof(rtc_configuration), .max_message_size = 262145}), RTC_ERR_RANGE);
    assert_int_equal(with((rtc_configuration){.size = sizeof(rtc_configuration), .ice_servers = empties, .ice_server_count = 1}),
                     RTC_ERR_SYNTAX);
    assert_int_equal(with((rtc_configuration){.size = sizeof(rtc_configuration), .ice_servers = missing, .ice_server_count = 1}),
                     RTC_ERR_TYPE);
    assert_int_equal(with((rtc_configuration){.size = sizeof(rtc_configuration), .ice_servers = manies, .ice_server_count = 1}),
                     RTC_OK); /* webrtc-pc 4.2.1: what is too many is ignored */
    assert_int_equal(with((rtc_configuration){.size = sizeof(rtc_configuration), .certificates = none, .certificate_count = 1}),
                     RTC_ERR_TYPE);
    /* an older program's shorter structure is legal */
    assert_int_equal(with((rtc_configuration){.size = offsetof(rtc_configuration, certificates)}), RTC_OK);
    pc = connection(NULL);
    const rtc_configuration odd = {.size = sizeof odd, .bundle_policy = (rtc_bundle_policy)7}, plain = {.size = sizeof plain};
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &odd), RTC_ERR_TYPE);
    assert_string_not_equal(rtc_peer_connection_last_error(pc), "");
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &plain), RTC_OK);
    assert_string_equal(rtc_peer_connection_last_error(pc), "");
    rtc_certificate *other;
    assert_int_equal(rtc_certificate_generate(NULL, RTC_KEY_ECDSA_P256, 0, &other), RTC_OK);
    const rtc_configuration changed = {.size = sizeof changed, .certificates = &other, .certificate_count = 1};
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &changed), RTC_ERR_INVALID_MODIFICATION);
    rtc_loop *loop;
    assert_int_equal(rtc_loop_new(NULL, &loop), RTC_OK);
    const rtc_configuration looped = {.size = sizeof looped, .loop = loop};
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &looped), RTC_ERR_INVALID_MODIFICATION);
    rtc_loop_free(loop);
    rtc_certificate_unref(other);
    rtc_peer_connection_free(pc);
    assert_int_equal(rtc_peer_connection_set_configuration(NULL, &plain), RTC_ERR_TYPE);
}

static const char *fingerprint_line(rtc_peer_connection *pc)
{
    rtc_data_channel *channel;
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "x", 1, NULL, &channel), RTC_OK);
    rtc_data_channel_unref(channel);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
    return strstr(rtc_peer_connection_local_description(pc, NULL), "a=fingerprint:sha-256 ") + strlen("a=fingerprint:sha-256 ");
}

static void certificates(void **state)
{
    rtc_certificate *shared, *expired;
    (void)state;
    assert_int_equal(rtc_certificate_generate(NULL, RTC_KEY_ECDSA_P256, 0, &shared), RTC_OK);
    const rtc_configuration configuration = {.size = sizeof configuration, .certificates = &shared, .certificate_count = 1};
    rtc_peer_connection *a = connection(&configuration), *b = connection(&configuration), *c = connection(NULL), *d = connection(NULL);
    const char *fingerprint = rtc_certificate_fingerprint(shared);
    size_t len = strlen(fingerprint);
    assert_int_equal(len, 95);
    assert_int_equal(strncmp(fingerprint_line(a), fingerprint, len), 0);
    assert_int_equal(strncmp(fingerprint_line(b), fingerprint, len), 0);
    char own[100] = "";
    memcpy(own, fingerprint_line(c), len);
    assert_true(strncmp(own, fingerprint, len) != 0);
    assert_true(strncmp(fingerprint_line(d), own, len) != 0); /* one for each connection (webrtc-pc 4.4.1.1) */
    rtc_certificate_unref(shared);                            /* the connections have references */
    rtc_peer_connection_free(a);
    rtc_peer_connection_free(b);
    rtc_peer_connection_free(c);
    rtc_peer_connection_free(d);
    assert_int_equal(rtc_certificate_generate(NULL, RTC_KEY_ECDSA_P256, 1, &expired), RTC_OK); /* a millisecond, in whole seconds */
    const rtc_configuration late = {.size = sizeof late, .certificates = &expired, .certificate_count = 1};
    rtc_peer_connection *pc = NULL;
    int error = rtc_peer_connection_new(NULL, &late, NULL, NULL, &pc);
    assert_true(error == RTC_ERR_INVALID_ACCESS || rtc_certificate_expires_ms(expired) > 0);
    rtc_peer_connection_free(pc);
    rtc_certificate_unref(expired);
    assert_int_equal(rtc_certificate_generate(NULL, (rtc_key_algorithm)9, 0, &expired), RTC_ERR_NOT_SUPPORTED);
    assert_int_equal(rtc_certificate_generate(NULL, RTC_KEY_ECDSA_P256, 0, NULL), RTC_ERR_TYPE);
    rtc_certificate_unref(NULL);
}

static atomic_bool leaked;

static void *plain_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void *plain_realloc(void *user, void *memory, size_t size)
{
    (void)user;
    return realloc(memory, size);
}

/* Looks for a private key in what is given back. */
static void watching_free(void *user, void *memory)
{
    (void)user;
    if (memory && memmem(memory, malloc_usable_size(memory), "PRIVATE KEY", 11))
        atomic_store(&leaked, true);
    free(memory);
}

static void private_keys_are_wiped(void **state)
{
    const rtc_allocator allocator = {plain_alloc, plain_realloc, watching_free, NULL};
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    rtc_context *context;
    rtc_certificate *made, *read;
    char *pem;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    assert_int_equal(rtc_certificate_generate(context, RTC_KEY_ECDSA_P256, 0, &made), RTC_OK);
    assert_int_equal(rtc_certificate_export_pem(made, &pem), RTC_OK);
    assert_int_equal(rtc_certificate_import_pem(context, pem, strlen(pem), &read), RTC_OK);
    assert_int_equal(rtc_certificate_import_pem(context, pem, strlen(pem) - 40, &(rtc_certificate *){NULL}), RTC_ERR_SYNTAX);
    rtc_certificate_free_pem(made, pem);
    rtc_certificate_unref(made);
    rtc_certificate_unref(read);
    rtc_context_unref(context);
    assert_false(atomic_load(&leaked));
}

/* Everything that may be called on a closed connection and its handles. */
static void call_everything(rtc_peer_connection *pc, rtc_media_stream_track *track, rtc_rtp_sender *sender)
{
    rtc_data_channel *other;
    rtc_stats_report *report;
    const char *sdp;
    assert_int_equal(rtc_peer_connection_create_offer(pc, &sdp), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_create_answer(pc, &sdp), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, "v=0\r\n"), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_add_ice_candidate(pc, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_add_track(pc, track, NULL, 0, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_remove_track(pc, sender), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "x", 1, NULL, &other), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_set_configuration(pc, NULL), RTC_ERR_INVALID_STATE);
    assert_non_null(strstr(rtc_peer_connection_last_error(pc), "closed"));
    assert_int_equal(rtc_peer_connection_get_stats(pc, &report), RTC_OK);
    rtc_stats_report_unref(report);
    assert_true(rtc_peer_connection_deadline(pc, NULL) == RTC_TIME_NEVER);
    rtc_peer_connection_tick(pc, rtc_now());
    assert_int_equal(rtc_peer_connection_dispatch(pc), 0);
    const rtc_path path = {.socket = 1};
    rtc_peer_connection_receive_copy(pc, rtc_now(), &path, "\0\1", 2);
    assert_int_equal(rtc_peer_connection_transceiver_count(pc), 1); /* webrtc-pc 4.4.2: the list stays, and what is in it is stopped */
    assert_int_equal(rtc_rtp_transceiver_direction(rtc_peer_connection_transceiver(pc, 0)), RTC_DIRECTION_STOPPED);
    assert_null(rtc_peer_connection_transceiver(pc, 1));
    assert_non_null(rtc_peer_connection_local_description(pc, NULL));
}

static void use_every_handle(rtc_data_channel *channel, rtc_rtp_transceiver *t, rtc_rtp_sender *sender)
{
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    assert_string_equal(rtc_data_channel_label(channel, NULL), "x");
    assert_int_equal(rtc_data_channel_send(channel, "x", 1), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_data_channel_buffered_amount(channel), 0);
    rtc_data_channel_set_buffered_amount_low_threshold(channel, 5);
    rtc_data_channel_close(channel);
    rtc_data_channel_set_callbacks(channel, NULL, NULL);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_STOPPED);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, NULL), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_rtp_receiver_request_keyframe(rtc_rtp_transceiver_receiver(t)), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_media_stream_track_ready_state(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t))), RTC_TRACK_ENDED);
}

static void inert_after_close(void **state)
{
    rtc_peer_connection *pc = connection(NULL);
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_rtp_sender *sender;
    rtc_rtp_transceiver *t;
    rtc_data_channel *channel;
    (void)state;
    assert_int_equal(rtc_media_source_new(NULL, RTC_MEDIA_VIDEO, NULL, NULL, NULL, &source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_track(pc, track, NULL, 0, &sender), RTC_OK);
    t = rtc_rtp_transceiver_ref(rtc_peer_connection_transceiver(pc, 0));
    (void)rtc_rtp_sender_ref(sender);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "x", 1, NULL, &channel), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
    for (int i = 0; i < 2; i++) { /* closing twice is closing once */
        rtc_peer_connection_close(pc);
        assert_int_equal(rtc_peer_connection_signaling_state(pc), RTC_SIGNALING_CLOSED);
        assert_int_equal(rtc_peer_connection_connection_state(pc), RTC_PEER_CONNECTION_CLOSED);
        assert_int_equal(rtc_peer_connection_ice_connection_state(pc), RTC_ICE_CONNECTION_CLOSED);
    }
    call_everything(pc, track, sender);
    rtc_peer_connection_free(pc);
    use_every_handle(channel, t, sender); /* which outlive it */
    rtc_data_channel_unref(channel);
    rtc_rtp_sender_unref(sender);
    rtc_rtp_transceiver_unref(t);
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(source);
}

static void references(void **state)
{
    struct counting_allocator counter = {0};
    const rtc_allocator allocator = counting_allocator_of(&counter);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator, .worker_threads = 1};
    rtc_context *context;
    rtc_peer_connection *pc;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    assert_int_equal(rtc_peer_connection_new(context, NULL, NULL, &counter, &pc), RTC_OK);
    rtc_context_unref(context); /* the connection holds it */
    assert_ptr_equal(rtc_peer_connection_user(pc), &counter);
    assert_ptr_equal(rtc_peer_connection_ref(pc), pc);
    rtc_peer_connection_free(pc);
    assert_int_equal(rtc_peer_connection_connection_state(pc), RTC_PEER_CONNECTION_CLOSED);
    assert_null(rtc_peer_connection_user(pc));
    rtc_peer_connection_unref(pc);
    rtc_peer_connection_unref(NULL);
    rtc_peer_connection_free(NULL);
    rtc_peer_connection_close(NULL);
    assert_null(rtc_peer_connection_ref(NULL));
    assert_int_equal(counting_left(&counter), 0);
}

static void arguments_of_media(void **state)
{
    rtc_peer_connection *pc = connection(NULL), *other = connection(NULL);
    rtc_rtp_transceiver *t;
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_rtp_sender *sender;
    rtc_rtp_transceiver_init init = {.size = 0};
    (void)state;
    assert_int_equal(rtc_media_source_new(NULL, RTC_MEDIA_AUDIO, NULL, NULL, NULL, &source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, (rtc_media_kind)9, NULL, NULL, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &init, NULL), RTC_ERR_TYPE);
    init = (rtc_rtp_transceiver_init){.size = sizeof init, .has_direction = true, .direction = RTC_DIRECTION_STOPPED};
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &init, NULL), RTC_ERR_TYPE);
    init.direction = RTC_DIRECTION_SENDONLY;
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_VIDEO, track, &init, &t), RTC_OK); /* the track's kind counts */
    assert_int_equal(rtc_rtp_transceiver_kind(t), RTC_MEDIA_AUDIO);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_SENDONLY);
    assert_null(rtc_rtp_transceiver_mid(t));
    rtc_rtp_direction direction;
    assert_false(rtc_rtp_transceiver_current_direction(t, &direction));
    assert_int_equal(rtc_peer_connection_add_track(pc, NULL, NULL, 0, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_add_track(pc, track, NULL, 0, NULL), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(rtc_peer_connection_add_track(other, track, NULL, 0, &sender), RTC_OK);
    assert_int_equal(rtc_peer_connection_remove_track(pc, sender), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(rtc_peer_connection_remove_track(pc, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_rtp_receiver_request_keyframe(rtc_rtp_transceiver_receiver(t)), RTC_ERR_INVALID_ACCESS);
    assert_null(rtc_peer_connection_transceiver(pc, 1));
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(source);
    rtc_peer_connection_free(pc);
    rtc_peer_connection_free(other);
}

static void packets_of_the_face(void **state)
{
    rtc_peer_connection *pc = connection(NULL);
    rtc_path path;
    (void)state;
    rtc_packet *packet = rtc_packet_new(pc);
    assert_true(rtc_packet_capacity(packet) >= 1500);
    assert_int_equal(rtc_packet_len(packet), 0);
    assert_int_equal(rtc_packet_set_len(packet, rtc_packet_capacity(packet) + 1), RTC_ERR_RANGE);
    assert_int_equal(rtc_packet_set_len(packet, 100), RTC_OK);
    size_t capacity = rtc_packet_capacity(packet);
    memset(rtc_packet_data(packet), 0xab, capacity);
    rtc_packet_path(packet, &path);
    assert_int_equal(path.socket, 0);
    assert_int_equal(rtc_packet_ecn(packet), RTC_ECN_NOT_ECT);
    assert_int_equal(rtc_packet_set_ecn(packet, RTC_ECN_CE), RTC_OK);
    assert_int_equal(rtc_packet_ecn(packet), RTC_ECN_CE);
    rtc_packet_set_arrival(packet, rtc_now());
    rtc_peer_connection_receive(pc, rtc_now(), &path, packet); /* nobody negotiated anything: dropped */
    packet = rtc_packet_new(pc);
    rtc_peer_connection_free(pc);
    rtc_packet_free(packet); /* a packet keeps its pool */
    rtc_packet_free(NULL);
    pc = connection(NULL);
    assert_int_equal(rtc_peer_connection_result(pc, rtc_now(), NULL), RTC_ERR_TYPE);
    rtc_result result = {.size = 0};
    assert_int_equal(rtc_peer_connection_result(pc, rtc_now(), &result), RTC_ERR_TYPE);
    result.size = sizeof result;
    assert_int_equal(rtc_peer_connection_result(pc, rtc_now(), &result), RTC_OK); /* nobody asked */
    static uint8_t huge[70000];
    rtc_peer_connection_receive_copy(pc, rtc_now(), &path, huge, sizeof huge);
    rtc_peer_connection_receive_copy(pc, rtc_now(), &path, NULL, 0);
    rtc_request request = {.size = sizeof request};
    assert_false(rtc_peer_connection_next_request(pc, &request));
    assert_null(rtc_peer_connection_next_packet(pc));
    rtc_peer_connection_free(pc);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(rtc_signaling_state_name(RTC_SIGNALING_HAVE_REMOTE_PRANSWER), "have-remote-pranswer");
    assert_string_equal(rtc_signaling_state_name(RTC_SIGNALING_CLOSED), "closed");
    assert_string_equal(rtc_signaling_state_name((rtc_signaling_state)99), "?");
    assert_string_equal(rtc_signaling_state_name((rtc_signaling_state)-1), "?");
    assert_string_equal(rtc_ice_gathering_state_name(RTC_ICE_GATHERING_COMPLETE), "complete");
    assert_string_equal(rtc_ice_connection_state_name(RTC_ICE_CONNECTION_DISCONNECTED), "disconnected");
    assert_string_equal(rtc_peer_connection_state_name(RTC_PEER_CONNECTION_CONNECTING), "connecting");
    assert_string_equal(rtc_data_channel_state_name(RTC_DATA_CHANNEL_CLOSING), "closing");
    for (int type = RTC_SDP_OFFER; type <= RTC_SDP_ROLLBACK; type++)
        assert_int_equal(rtc_sdp_type_from_name(rtc_sdp_type_name((rtc_sdp_type)type)), type);
    assert_string_equal(rtc_sdp_type_name(RTC_SDP_NONE), "");
    assert_int_equal(rtc_sdp_type_from_name("Offer"), RTC_SDP_NONE);
    assert_int_equal(rtc_sdp_type_from_name(""), RTC_SDP_NONE);
    assert_int_equal(rtc_sdp_type_from_name(NULL), RTC_SDP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server_urls),         cmocka_unit_test(configurations), cmocka_unit_test(certificates),
        cmocka_unit_test(inert_after_close),   cmocka_unit_test(references),     cmocka_unit_test(arguments_of_media),
        cmocka_unit_test(packets_of_the_face), cmocka_unit_test(names),          cmocka_unit_test(private_keys_are_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
