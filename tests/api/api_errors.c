/* SPDX-License-Identifier: MIT */
/* What is refused says why: every public function that returns an error, with arguments that are NULL, out of range or of the wrong kind,
 * gives its code and words that are about this very call (rtc_last_error, rtc_peer_connection_last_error). api_errors_complete.sh sees to
 * it that none is missing here. */
#include <crtc/crtc.h>

#include "../unit/counting_allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A failure of another kind before each call, so that words which are left over show. */
static void stain(rtc_peer_connection *pc)
{
    rtc_certificate *none;
    assert_int_equal(rtc_certificate_generate(NULL, (rtc_key_algorithm)77, 0, &none), RTC_ERR_NOT_SUPPORTED);
    assert_non_null(strstr(rtc_last_error(), "key algorithm 77"));
    if (pc)
        assert_int_equal(rtc_peer_connection_add_transceiver(pc, (rtc_media_kind)77, NULL, NULL, NULL),
                         rtc_peer_connection_connection_state(pc) == RTC_PEER_CONNECTION_CLOSED ? RTC_ERR_INVALID_STATE : RTC_ERR_TYPE);
}

static void check(const char *call, int error, int expected, const char *word, const rtc_peer_connection *pc)
{
    const char *said = rtc_last_error();
    if (error != expected)
        fail_msg("%s: %s and not %s", call, rtc_error_name(error), rtc_error_name(expected));
    if (!strstr(said, word))
        fail_msg("%s: '%s' does not say '%s'", call, said, word);
    if (pc && strcmp(rtc_peer_connection_last_error(pc), said) != 0)
        fail_msg("%s: the connection says '%s', the thread '%s'", call, rtc_peer_connection_last_error(pc), said);
}

/* A call that is refused; by a connection, or by something of it. */
#define REFUSED(call, code, word) (stain(NULL), check(#call, (call), code, word, NULL))
#define REFUSED_BY(pc, call, code, word) (stain(pc), check(#call, (call), code, word, pc))

static rtc_peer_connection *connection(void)
{
    rtc_peer_connection *pc = NULL;
    assert_int_equal(rtc_peer_connection_new(NULL, NULL, NULL, NULL, &pc), RTC_OK);
    return pc;
}

static void nothing_happens(void *user)
{
    (void)user;
}

static void contexts_loops_endpoints(void **state)
{
    rtc_context *context;
    rtc_loop *loop;
    rtc_endpoint *endpoint;
    const rtc_allocator half = {0};
    const rtc_context_options halved = {.size = sizeof halved, .allocator = &half};
    const char *const names[] = {"localhost"}, *const missing[] = {NULL};
    rtc_endpoint_options options = {.size = sizeof options, .port = 1};
    (void)state;
    REFUSED(rtc_context_new(NULL, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_context_new(&halved, &context), RTC_ERR_TYPE, "rtc_allocator");
    REFUSED(rtc_loop_new(NULL, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_loop_run(NULL), RTC_ERR_TYPE, "the loop is NULL");
    REFUSED(rtc_loop_start(NULL), RTC_ERR_TYPE, "the loop is NULL");
    REFUSED(rtc_loop_iterate(NULL), RTC_ERR_TYPE, "the loop is NULL");
    REFUSED(rtc_loop_post(NULL, nothing_happens, NULL), RTC_ERR_TYPE, "the loop is NULL");
    assert_int_equal(rtc_loop_new(NULL, &loop), RTC_OK);
    REFUSED(rtc_loop_post(loop, NULL, NULL), RTC_ERR_TYPE, "the function is NULL");
    REFUSED(rtc_loop_post_delayed(loop, 1, NULL, NULL, NULL), RTC_ERR_TYPE, "the function is NULL");
    assert_int_equal(rtc_loop_start(loop), RTC_OK);
    REFUSED(rtc_loop_start(loop), RTC_ERR_INVALID_STATE, "running already");
    REFUSED(rtc_loop_run(loop), RTC_ERR_INVALID_STATE, "running already");
    REFUSED(rtc_loop_iterate(loop), RTC_ERR_INVALID_STATE, "running already");
    rtc_loop_free(loop);
    REFUSED(rtc_endpoint_new(NULL, &options, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_endpoint_new(NULL, NULL, &endpoint), RTC_ERR_TYPE, "options is NULL");
    options = (rtc_endpoint_options){.size = sizeof options};
    REFUSED(rtc_endpoint_new(NULL, &options, &endpoint), RTC_ERR_TYPE, "its port");
    options = (rtc_endpoint_options){.size = sizeof options, .port = 1, .addresses = names, .address_count = 1};
    REFUSED(rtc_endpoint_new(NULL, &options, &endpoint), RTC_ERR_SYNTAX, "'localhost'");
    options.addresses = missing;
    REFUSED(rtc_endpoint_new(NULL, &options, &endpoint), RTC_ERR_TYPE, "entry 0");
    options.address_count = 65;
    REFUSED(rtc_endpoint_new(NULL, &options, &endpoint), RTC_ERR_RANGE, "65 addresses");
}

static void certificates(void **state)
{
    rtc_certificate *certificate;
    char *pem;
    const char *const bad[] = {"a b"}, *const missing[] = {NULL};
    rtc_certificate_options options = {.size = sizeof options, .names = bad, .name_count = 1};
    (void)state;
    REFUSED(rtc_certificate_new(NULL, NULL, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_certificate_new(NULL, &options, &certificate), RTC_ERR_SYNTAX, "'a b'");
    options.names = missing;
    REFUSED(rtc_certificate_new(NULL, &options, &certificate), RTC_ERR_TYPE, "entry 0");
    options.name_count = 65; /* before any of them is looked at */
    REFUSED(rtc_certificate_new(NULL, &options, &certificate), RTC_ERR_RANGE, "65 names");
    options = (rtc_certificate_options){.size = sizeof options, .algorithm = (rtc_key_algorithm)9};
    REFUSED(rtc_certificate_new(NULL, &options, &certificate), RTC_ERR_NOT_SUPPORTED, "algorithm 9");
    options = (rtc_certificate_options){.size = sizeof options, .algorithm = RTC_KEY_RSA_2048, .modulus_bits = 1016};
    REFUSED(rtc_certificate_new(NULL, &options, &certificate), RTC_ERR_NOT_SUPPORTED, "1016 bits");
    options = (rtc_certificate_options){.size = sizeof options, .algorithm = RTC_KEY_RSA_2048, .public_exponent = 3};
    REFUSED(rtc_certificate_new(NULL, &options, &certificate), RTC_ERR_NOT_SUPPORTED, "exponent of 3");
    REFUSED(rtc_certificate_generate(NULL, RTC_KEY_ECDSA_P256, 0, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_certificate_import_pem(NULL, NULL, 0, &certificate), RTC_ERR_TYPE, "pem is NULL");
    REFUSED(rtc_certificate_import_pem(NULL, "x", 1, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_certificate_import_pem(NULL, "", 0, &certificate), RTC_ERR_SYNTAX, "0 bytes");
    REFUSED(rtc_certificate_import_pem(NULL, "x", 1, &certificate), RTC_ERR_SYNTAX, "not a certificate");
    REFUSED(rtc_certificate_export_pem(NULL, &pem), RTC_ERR_TYPE, "certificate is NULL");
    assert_int_equal(rtc_certificate_generate(NULL, RTC_KEY_ECDSA_P256, 0, &certificate), RTC_OK);
    REFUSED(rtc_certificate_export_pem(certificate, NULL), RTC_ERR_TYPE, "out is NULL");
    rtc_certificate_unref(certificate);
}

static void candidates(void **state)
{
    const rtc_ice_candidate *candidate;
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = "candidate:1 1 udp 1 192.0.2.1 5 typ host"};
    (void)state;
    REFUSED(rtc_ice_candidate_new(NULL, &init, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_ice_candidate_new(NULL, &init, &candidate), RTC_ERR_TYPE, "neither sdp_mid nor sdp_m_line_index");
}

static void transports(void **state)
{
    const rtc_ice_transport_callbacks ice = {.size = 0};
    const rtc_dtls_transport_callbacks dtls = {.size = 0};
    const rtc_sctp_transport_callbacks sctp = {.size = 0};
    rtc_peer_connection *pc = connection();
    rtc_data_channel *channel;
    (void)state;
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "a", 1, NULL, &channel), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
    rtc_dtls_transport *transport = rtc_sctp_transport_transport(rtc_peer_connection_sctp(pc));
    REFUSED(rtc_ice_transport_set_callbacks(NULL, NULL, NULL), RTC_ERR_TYPE, "transport is NULL");
    REFUSED(rtc_dtls_transport_set_callbacks(NULL, NULL, NULL), RTC_ERR_TYPE, "transport is NULL");
    REFUSED(rtc_sctp_transport_set_callbacks(NULL, NULL, NULL), RTC_ERR_TYPE, "transport is NULL");
    REFUSED(rtc_ice_transport_set_callbacks(rtc_dtls_transport_ice_transport(transport), &ice, NULL), RTC_ERR_TYPE, "size is 0");
    REFUSED(rtc_dtls_transport_set_callbacks(transport, &dtls, NULL), RTC_ERR_TYPE, "size is 0");
    REFUSED(rtc_sctp_transport_set_callbacks(rtc_peer_connection_sctp(pc), &sctp, NULL), RTC_ERR_TYPE, "size is 0");
    rtc_data_channel_unref(channel);
    rtc_peer_connection_free(pc);
}

static int new_with(rtc_configuration configuration)
{
    rtc_peer_connection *pc = NULL;
    configuration.size = sizeof configuration;
    int error = rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc);
    rtc_peer_connection_free(pc);
    return error;
}

static int new_with_server(rtc_ice_server server)
{
    const rtc_ice_server *const servers[] = {&server};
    return new_with((rtc_configuration){.ice_servers = servers, .ice_server_count = 1});
}

/* There is no connection yet that could say why. */
static void constructor_of_connections(void **state)
{
    const char *const urls[] = {"http://example.org"}, *const turn[] = {"turn:example.org"}, *const none[] = {NULL};
    const char *const rules[] = {"10.0.0.0/33"};
    rtc_certificate *const no_certificate[] = {NULL};
    const rtc_ice_server *const no_server[] = {NULL};
    rtc_peer_connection *pc;
    const rtc_peer_connection_callbacks unsized = {0};
    (void)state;
    REFUSED(rtc_peer_connection_new(NULL, NULL, NULL, NULL, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_peer_connection_new(NULL, NULL, &unsized, NULL, &pc), RTC_ERR_TYPE, "rtc_peer_connection_callbacks.size is 0");
    REFUSED(new_with_server((rtc_ice_server){.urls = urls, .url_count = 1}), RTC_ERR_TYPE, "rtc_ice_server.size is 0");
    REFUSED(new_with_server((rtc_ice_server){.size = sizeof(rtc_ice_server), .urls = urls, .url_count = 1}), RTC_ERR_SYNTAX,
            "'http://example.org'");
    REFUSED(new_with_server((rtc_ice_server){.size = sizeof(rtc_ice_server), .urls = turn, .url_count = 1}), RTC_ERR_INVALID_ACCESS,
            "username");
    REFUSED(new_with_server((rtc_ice_server){.size = sizeof(rtc_ice_server), .urls = none, .url_count = 1}), RTC_ERR_TYPE,
            "URL is missing");
    REFUSED(new_with_server((rtc_ice_server){.size = sizeof(rtc_ice_server)}), RTC_ERR_SYNTAX, "ICE server 0 has no URLs");
    REFUSED(new_with((rtc_configuration){.ice_servers = no_server, .ice_server_count = 1}), RTC_ERR_TYPE, "ice_servers: entry 0");
    REFUSED(new_with((rtc_configuration){.ice_server_count = 1}), RTC_ERR_TYPE, "ice_servers: entry 0");
    REFUSED(new_with((rtc_configuration){.certificates = no_certificate, .certificate_count = 1}), RTC_ERR_TYPE, "certificates: entry 0");
    REFUSED(new_with((rtc_configuration){.bundle_policy = (rtc_bundle_policy)7}), RTC_ERR_TYPE, "bundle_policy 7");
    REFUSED(new_with((rtc_configuration){.ice_transport_policy = (rtc_ice_transport_policy)7}), RTC_ERR_TYPE, "ice_transport_policy 7");
    REFUSED(new_with((rtc_configuration){.ice_tcp_policy = (rtc_ice_tcp_policy)7}), RTC_ERR_TYPE, "ice_tcp_policy 7");
    REFUSED(new_with((rtc_configuration){.ice_gathering_policy = (rtc_ice_gathering_policy)7}), RTC_ERR_TYPE, "ice_gathering_policy 7");
    REFUSED(new_with((rtc_configuration){.congestion_control = (rtc_congestion_control)7}), RTC_ERR_TYPE, "congestion_control 7");
    REFUSED(new_with((rtc_configuration){.max_channels = 65535}), RTC_ERR_RANGE, "max_channels");
    REFUSED(new_with((rtc_configuration){.max_message_size = 262145}), RTC_ERR_RANGE, "max_message_size");
    REFUSED(new_with((rtc_configuration){.port_min = 5, .port_max = 4}), RTC_ERR_RANGE, "5 to 4");
    REFUSED(new_with((rtc_configuration){.ice_allow = rules, .ice_allow_count = 1}), RTC_ERR_SYNTAX, "'10.0.0.0/33'");
    REFUSED(new_with((rtc_configuration){.ice_lite = true, .ice_transport_policy = RTC_ICE_TRANSPORT_RELAY}), RTC_ERR_INVALID_ACCESS,
            "ICE-lite");
}

static void connections(void **state)
{
    rtc_peer_connection *pc = connection();
    const rtc_configuration unknown = {.size = sizeof unknown, .bundle_policy = (rtc_bundle_policy)7}, fine = {.size = sizeof fine};
    const rtc_peer_connection_callbacks unsized = {0};
    const rtc_ice_candidate_init candidate = {.size = sizeof candidate, .candidate = "candidate:x"}, unsized_candidate = {0};
    const char *sdp;
    rtc_stats_report *report;
    rtc_session_dump *dump;
    const rtc_session_dump_options hasty = {.size = sizeof hasty, .interval_ms = 7};
    (void)state;
    REFUSED(rtc_peer_connection_set_callbacks(NULL, NULL, NULL), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_set_callbacks(pc, &unsized, NULL), RTC_ERR_TYPE, "size is 0");
    REFUSED(rtc_peer_connection_set_configuration(NULL, NULL), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_set_configuration(pc, &unknown), RTC_ERR_TYPE, "bundle_policy 7");
    REFUSED(rtc_peer_connection_create_offer(NULL, &sdp), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_create_offer(pc, NULL), RTC_ERR_TYPE, "sdp is NULL");
    REFUSED(rtc_peer_connection_create_offer_with(NULL, NULL, &sdp), RTC_ERR_TYPE, "connection is NULL");
    REFUSED(rtc_peer_connection_create_answer(NULL, &sdp), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_create_answer(pc, NULL), RTC_ERR_TYPE, "sdp is NULL");
    REFUSED_BY(pc, rtc_peer_connection_create_answer(pc, &sdp), RTC_ERR_INVALID_STATE, "state stable");
    REFUSED(rtc_peer_connection_set_local_description(NULL, RTC_SDP_NONE, NULL), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_set_local_description(pc, (rtc_sdp_type)9, NULL), RTC_ERR_TYPE, "type 9");
    REFUSED_BY(pc, rtc_peer_connection_set_local_description(pc, RTC_SDP_OFFER, "v=0\r\n"), RTC_ERR_INVALID_MODIFICATION, "created last");
    REFUSED_BY(pc, rtc_peer_connection_set_local_description(pc, RTC_SDP_ANSWER, NULL), RTC_ERR_INVALID_STATE, "local answer");
    REFUSED(rtc_peer_connection_set_remote_description(NULL, RTC_SDP_OFFER, ""), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, NULL), RTC_ERR_TYPE, "sdp is NULL");
    REFUSED_BY(pc, rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, "v=0\r\nhello, world\r\n"), RTC_ERR_SYNTAX,
               "line 2, 'hello, world'");
    REFUSED_BY(pc, rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, "v=0\no=- x 1 IN IP4 0\n"), RTC_ERR_SYNTAX,
               "'o=- x 1 IN IP4 0'");
    REFUSED_BY(pc, rtc_peer_connection_set_remote_description(pc, RTC_SDP_ANSWER, "v=0\r\n"), RTC_ERR_INVALID_STATE, "remote answer");
    REFUSED_BY(pc, rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, "v=0\r\n\x1b[31mred\xff\r\n"), RTC_ERR_SYNTAX,
               "'?[31mred?'"); /* no terminal obeys it */
    REFUSED(rtc_peer_connection_add_ice_candidate(NULL, NULL), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_add_ice_candidate(pc, &unsized_candidate), RTC_ERR_TYPE, "rtc_ice_candidate_init.size is 0");
    REFUSED_BY(pc, rtc_peer_connection_add_ice_candidate(pc, &candidate), RTC_ERR_TYPE, "sdp_mid");
    REFUSED_BY(pc, rtc_peer_connection_add_ice_candidate(pc, NULL), RTC_ERR_INVALID_STATE, "remote description");
    REFUSED(rtc_peer_connection_restart_ice(NULL), RTC_ERR_TYPE, "connection is NULL");
    REFUSED(rtc_peer_connection_get_stats(NULL, &report), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_get_stats(pc, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_peer_connection_get_track_stats(NULL, NULL, &report), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_get_track_stats(pc, NULL, &report), RTC_ERR_TYPE, "track is NULL");
    REFUSED(rtc_rtp_sender_get_stats(NULL, &report), RTC_ERR_TYPE, "sender is NULL");
    REFUSED(rtc_rtp_receiver_get_stats(NULL, &report), RTC_ERR_TYPE, "receiver is NULL");
    REFUSED(rtc_stats_report_json(NULL, NULL), RTC_ERR_TYPE, "report is NULL");
    REFUSED(rtc_session_dump_new(NULL, NULL, &dump), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_session_dump_new(pc, &hasty, &dump), RTC_ERR_RANGE, "interval_ms 7");
    REFUSED(rtc_session_dump_json(NULL, NULL), RTC_ERR_TYPE, "dump is NULL");
    /* what succeeds leaves no old words at the connection */
    stain(pc);
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &fine), RTC_OK);
    assert_string_equal(rtc_peer_connection_last_error(pc), "");
    stain(pc);
    assert_int_equal(rtc_peer_connection_get_stats(pc, &report), RTC_OK);
    assert_string_equal(rtc_peer_connection_last_error(pc), "");
    REFUSED(rtc_stats_report_json(report, NULL), RTC_ERR_TYPE, "out is NULL");
    rtc_stats_report_unref(report);
    assert_ptr_equal(rtc_peer_connection_last_error(NULL), rtc_last_error());
    rtc_peer_connection_close(pc);
    assert_int_equal(rtc_peer_connection_restart_ice(pc), RTC_OK); /* it has nothing to do */
    rtc_peer_connection_free(pc);
}

static void channels(void **state)
{
    rtc_peer_connection *pc = connection();
    rtc_data_channel *channel, *none;
    rtc_data_channel_init init = {.size = sizeof init, .max_retransmits = 1, .max_packet_life_time_ms = 1};
    const rtc_data_channel_callbacks unsized = {0};
    (void)state;
    REFUSED(rtc_peer_connection_create_data_channel(NULL, "x", 1, NULL, &none), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_create_data_channel(pc, NULL, 1, NULL, &none), RTC_ERR_TYPE, "label is NULL");
    REFUSED_BY(pc, rtc_peer_connection_create_data_channel(pc, "x", 1, NULL, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED_BY(pc, rtc_peer_connection_create_data_channel(pc, "x", 1, &init, &none), RTC_ERR_TYPE, "exclude each other");
    init = (rtc_data_channel_init){.size = 0};
    REFUSED_BY(pc, rtc_peer_connection_create_data_channel(pc, "x", 1, &init, &none), RTC_ERR_TYPE, "rtc_data_channel_init.size is 0");
    init = (rtc_data_channel_init){.size = sizeof init, .protocol_len = 3};
    REFUSED_BY(pc, rtc_peer_connection_create_data_channel(pc, "x", 1, &init, &none), RTC_ERR_TYPE, "protocol is NULL");
    init = (rtc_data_channel_init){.size = sizeof init, .negotiated = true, .id = 65535};
    REFUSED_BY(pc, rtc_peer_connection_create_data_channel(pc, "x", 1, &init, &none), RTC_ERR_TYPE, "id 65535");
    init.id = 3;
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "x", 1, &init, &channel), RTC_OK);
    REFUSED_BY(pc, rtc_peer_connection_create_data_channel(pc, "x", 1, &init, &none), RTC_ERR_OPERATION, "id 3 is taken");
    REFUSED(rtc_data_channel_set_callbacks(NULL, NULL, NULL), RTC_ERR_TYPE, "channel is NULL");
    REFUSED_BY(pc, rtc_data_channel_set_callbacks(channel, &unsized, NULL), RTC_ERR_TYPE, "rtc_data_channel_callbacks.size is 0");
    REFUSED(rtc_data_channel_send(NULL, "x", 1), RTC_ERR_TYPE, "channel is NULL");
    REFUSED(rtc_data_channel_send_text(NULL, "x", 1), RTC_ERR_TYPE, "channel is NULL");
    REFUSED_BY(pc, rtc_data_channel_send(channel, NULL, 1), RTC_ERR_TYPE, "address is NULL");
    REFUSED_BY(pc, rtc_data_channel_send_text(channel, "x", 1), RTC_ERR_INVALID_STATE, "connecting");
    rtc_peer_connection_free(pc);
    REFUSED(rtc_data_channel_send(channel, "x", 1), RTC_ERR_INVALID_STATE, "closed");
    REFUSED(rtc_data_channel_set_callbacks(channel, &unsized, NULL), RTC_ERR_TYPE, "size is 0");
    rtc_data_channel_unref(channel);
}

/* The flags beside numbers are for their zeros. */
static void numbers_without_flags(void **state)
{
    rtc_peer_connection *pc = connection();
    rtc_data_channel *channel;
    rtc_rtp_transceiver *t;
    rtc_data_channel_init init = {.size = sizeof init, .max_retransmits = 3};
    rtc_rtp_transceiver_init how = {.size = sizeof how, .direction = RTC_DIRECTION_RECVONLY};
    (void)state;
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "x", 1, &init, &channel), RTC_OK);
    assert_int_equal(rtc_data_channel_max_retransmits(channel), 3);
    rtc_data_channel_unref(channel);
    init = (rtc_data_channel_init){.size = sizeof init, .max_packet_life_time_ms = 40};
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "x", 1, &init, &channel), RTC_OK);
    assert_int_equal(rtc_data_channel_max_packet_life_time_ms(channel), 40);
    assert_int_equal(rtc_data_channel_max_retransmits(channel), -1);
    rtc_data_channel_unref(channel);
    init = (rtc_data_channel_init){.size = sizeof init, .has_max_retransmits = true};
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "x", 1, &init, &channel), RTC_OK);
    assert_int_equal(rtc_data_channel_max_retransmits(channel), 0);
    rtc_data_channel_unref(channel);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &how, &t), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_RECVONLY);
    how = (rtc_rtp_transceiver_init){.size = sizeof how, .has_direction = true};
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &how, &t), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_INACTIVE);
    how.has_direction = false;
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &how, &t), RTC_OK);
    assert_int_equal(rtc_rtp_transceiver_direction(t), RTC_DIRECTION_SENDRECV);
    const rtc_ice_candidate_init candidate = {.size = sizeof candidate, .candidate = "candidate:x", .sdp_m_line_index = 1};
    REFUSED_BY(pc, rtc_peer_connection_add_ice_candidate(pc, &candidate), RTC_ERR_INVALID_STATE,
               "remote description"); /* and not that it names no section */
    rtc_peer_connection_free(pc);
}

/* `sound` has a track, `picture` has none. */
static void forwards(rtc_peer_connection *pc, rtc_rtp_transceiver *sound, rtc_rtp_transceiver *picture)
{
    rtc_rtp_sender *free_sender = rtc_rtp_transceiver_sender(picture);
    rtc_forwarder *of_sound, *of_picture;
    rtc_forward *forward, *another;
    rtc_forward_choice choice = {.size = sizeof choice, .has_max_temporal_id = true, .max_temporal_id = 8};
    rtc_forward_state forward_state = {.size = 0};
    REFUSED(rtc_forwarder_new(NULL, &of_sound), RTC_ERR_TYPE, "receiver is NULL");
    assert_int_equal(rtc_forwarder_new(rtc_rtp_transceiver_receiver(sound), &of_sound), RTC_OK);
    assert_int_equal(rtc_forwarder_new(rtc_rtp_transceiver_receiver(picture), &of_picture), RTC_OK);
    REFUSED(rtc_forward_new(free_sender, NULL, NULL, NULL, NULL, &forward), RTC_ERR_TYPE, "forwarder is NULL");
    REFUSED_BY(pc, rtc_forward_new(free_sender, of_sound, NULL, NULL, NULL, &forward), RTC_ERR_TYPE, "is audio");
    REFUSED_BY(pc, rtc_forward_new(rtc_rtp_transceiver_sender(sound), of_sound, NULL, NULL, NULL, &forward), RTC_ERR_INVALID_STATE,
               "has a track");
    REFUSED_BY(pc, rtc_forward_new(free_sender, of_picture, &choice, NULL, NULL, &forward), RTC_ERR_RANGE, "max_temporal_id 8");
    choice = (rtc_forward_choice){.size = sizeof choice, .rid = "seventeenletters!"};
    REFUSED_BY(pc, rtc_forward_new(free_sender, of_picture, &choice, NULL, NULL, &forward), RTC_ERR_TYPE, "16 characters");
    assert_int_equal(rtc_forward_new(free_sender, of_picture, NULL, NULL, NULL, &forward), RTC_OK);
    REFUSED_BY(pc, rtc_forward_new(free_sender, of_picture, NULL, NULL, NULL, &another), RTC_ERR_INVALID_STATE, "forwards already");
    REFUSED(rtc_forward_choose(forward, NULL), RTC_ERR_TYPE, "choice is NULL");
    REFUSED_BY(pc, rtc_forward_choose(forward, &choice), RTC_ERR_TYPE, "16 characters");
    REFUSED(rtc_forward_get_state(forward, &forward_state), RTC_ERR_TYPE, "size");
    rtc_forward_stop(forward);
    rtc_forward_stop(forward);
    choice.rid = NULL;
    REFUSED(rtc_forward_choose(forward, &choice), RTC_ERR_INVALID_STATE, "stopped");
    rtc_forward_unref(forward);
    rtc_forwarder_unref(of_sound);
    rtc_forwarder_unref(of_picture);
}

static void transceivers(void **state)
{
    rtc_peer_connection *pc = connection(), *other = connection();
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_rtp_transceiver *sound, *picture;
    rtc_rtp_transceiver_init init = {.size = sizeof init, .direction = (rtc_rtp_direction)9};
    rtc_rtp_sender *sender;
    (void)state;
    assert_int_equal(rtc_media_source_new(NULL, RTC_MEDIA_AUDIO, NULL, NULL, NULL, &source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    REFUSED(rtc_peer_connection_add_transceiver(NULL, RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_add_transceiver(pc, (rtc_media_kind)9, NULL, NULL, NULL), RTC_ERR_TYPE, "media 9");
    REFUSED_BY(pc, rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &init, NULL), RTC_ERR_TYPE, "direction 9");
    rtc_rtp_encoding_parameters high = {.size = sizeof high, .network_priority = (rtc_priority)9}, *encodings = &high;
    init = (rtc_rtp_transceiver_init){.size = sizeof init, .send_encodings = &encodings, .send_encoding_count = 1};
    REFUSED_BY(pc, rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &init, NULL), RTC_ERR_TYPE, "priority 9");
    init = (rtc_rtp_transceiver_init){.size = sizeof init, .stream_count = 1};
    REFUSED_BY(pc, rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &init, NULL), RTC_ERR_TYPE, "streams");
    init.stream_count = 1000;
    REFUSED_BY(pc, rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &init, NULL), RTC_ERR_RANGE, "1000 streams");
    REFUSED(rtc_peer_connection_add_track(NULL, track, NULL, 0, NULL), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_add_track(pc, NULL, NULL, 0, NULL), RTC_ERR_TYPE, "track is NULL");
    REFUSED_BY(pc, rtc_peer_connection_add_track(pc, track, NULL, 1, NULL), RTC_ERR_TYPE, "streams");
    assert_int_equal(rtc_peer_connection_add_track(pc, track, NULL, 0, &sender), RTC_OK);
    REFUSED_BY(pc, rtc_peer_connection_add_track(pc, track, NULL, 0, NULL), RTC_ERR_INVALID_ACCESS, "sent already");
    REFUSED(rtc_peer_connection_remove_track(NULL, sender), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_remove_track(pc, NULL), RTC_ERR_TYPE, "sender is NULL");
    REFUSED_BY(other, rtc_peer_connection_remove_track(other, sender), RTC_ERR_INVALID_ACCESS, "another connection");
    sound = rtc_rtp_transceiver_ref(rtc_peer_connection_transceiver(pc, 0));
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_VIDEO, NULL, NULL, &picture), RTC_OK);
    (void)rtc_rtp_transceiver_ref(picture);
    REFUSED(rtc_rtp_transceiver_set_direction(NULL, RTC_DIRECTION_INACTIVE), RTC_ERR_TYPE, "NULL");
    REFUSED_BY(pc, rtc_rtp_transceiver_set_direction(sound, RTC_DIRECTION_STOPPED), RTC_ERR_TYPE, "direction 4");
    REFUSED(rtc_rtp_transceiver_stop(NULL), RTC_ERR_TYPE, "NULL");
    REFUSED(rtc_rtp_sender_replace_track(NULL, NULL), RTC_ERR_TYPE, "NULL");
    REFUSED_BY(pc, rtc_rtp_sender_replace_track(rtc_rtp_transceiver_sender(picture), track), RTC_ERR_TYPE, "one of audio");
    REFUSED(rtc_dtmf_sender_set_callbacks(NULL, NULL, NULL), RTC_ERR_TYPE, "dtmf is NULL");
    REFUSED(rtc_dtmf_sender_insert(rtc_rtp_sender_dtmf(sender), NULL, 100, 70), RTC_ERR_TYPE, "tones is NULL");
    REFUSED_BY(pc, rtc_dtmf_sender_insert(rtc_rtp_sender_dtmf(sender), "1", 100, 70), RTC_ERR_INVALID_STATE, "not connected");
    rtc_rtp_parameters parameters = {.size = sizeof parameters}, *read = NULL;
    rtc_rtp_capabilities *capabilities = NULL;
    rtc_rtp_codec odd = {.size = sizeof odd, .mime_type = "audio/odd"};
    const rtc_rtp_codec *codecs[] = {&odd};
    REFUSED(rtc_rtp_sender_set_streams(NULL, NULL, 0), RTC_ERR_TYPE, "NULL");
    REFUSED_BY(pc, rtc_rtp_sender_set_streams(sender, NULL, 1), RTC_ERR_TYPE, "streams");
    REFUSED_BY(pc, rtc_rtp_sender_set_streams(sender, NULL, 1000), RTC_ERR_RANGE, "1000 streams");
    REFUSED(rtc_rtp_sender_get_parameters(NULL, &read), RTC_ERR_TYPE, "NULL");
    REFUSED(rtc_rtp_receiver_get_parameters(NULL, &read), RTC_ERR_TYPE, "NULL");
    REFUSED(rtc_rtp_sender_get_capabilities(NULL, RTC_MEDIA_AUDIO, NULL), RTC_ERR_TYPE, "NULL");
    REFUSED(rtc_rtp_sender_get_capabilities(NULL, (rtc_media_kind)9, &capabilities), RTC_ERR_TYPE, "kind of media 9");
    REFUSED(rtc_rtp_receiver_get_capabilities(NULL, RTC_MEDIA_AUDIO, NULL), RTC_ERR_TYPE, "NULL");
    REFUSED(rtc_rtp_receiver_get_capabilities(NULL, (rtc_media_kind)9, &capabilities), RTC_ERR_TYPE, "kind of media 9");
    REFUSED(rtc_rtp_transceiver_set_codec_preferences(NULL, NULL, 0), RTC_ERR_TYPE, "NULL");
    REFUSED_BY(pc, rtc_rtp_transceiver_set_codec_preferences(sound, NULL, 1), RTC_ERR_TYPE, "codec 0 is NULL");
    REFUSED_BY(pc, rtc_rtp_transceiver_set_codec_preferences(sound, codecs, 1), RTC_ERR_INVALID_MODIFICATION, "audio/odd");
    REFUSED(rtc_rtp_transceiver_get_header_extensions_to_negotiate(NULL, &capabilities), RTC_ERR_TYPE, "NULL");
    REFUSED(rtc_rtp_transceiver_get_negotiated_header_extensions(sound, NULL), RTC_ERR_TYPE, "NULL");
    REFUSED(rtc_rtp_transceiver_set_header_extensions_to_negotiate(NULL, NULL, 0), RTC_ERR_TYPE, "NULL");
    REFUSED_BY(pc, rtc_rtp_transceiver_set_header_extensions_to_negotiate(sound, NULL, 1), RTC_ERR_TYPE, "NULL");
    REFUSED_BY(pc, rtc_rtp_transceiver_set_header_extensions_to_negotiate(sound, NULL, 0), RTC_ERR_INVALID_MODIFICATION,
               "0 header extensions");
    REFUSED(rtc_rtp_sender_set_parameters(NULL, &parameters), RTC_ERR_TYPE, "NULL");
    REFUSED_BY(pc, rtc_rtp_sender_set_parameters(sender, &parameters), RTC_ERR_INVALID_STATE, "not read");
    assert_int_equal(rtc_rtp_sender_get_parameters(sender, &read), RTC_OK);
    REFUSED_BY(pc, rtc_rtp_sender_set_parameters(sender, &parameters), RTC_ERR_TYPE, "encodings is NULL");
    read->encoding_count = 0;
    REFUSED_BY(pc, rtc_rtp_sender_set_parameters(sender, read), RTC_ERR_INVALID_MODIFICATION, "number of encodings");
    read->encoding_count = 1;
    read->encodings[0]->network_priority = (rtc_priority)9;
    REFUSED_BY(pc, rtc_rtp_sender_set_parameters(sender, read), RTC_ERR_TYPE, "priority");
    read->encodings[0]->network_priority = RTC_PRIORITY_LOW;
    const rtc_set_parameter_options options = {.size = sizeof options, .encoding_option_count = 3};
    REFUSED(rtc_rtp_sender_set_parameters_with(NULL, read, &options), RTC_ERR_TYPE, "NULL");
    REFUSED_BY(pc, rtc_rtp_sender_set_parameters_with(sender, read, &options), RTC_ERR_INVALID_MODIFICATION, "options of 3 encodings");
    REFUSED(rtc_rtp_receiver_select_rid(NULL, "f"), RTC_ERR_TYPE, "NULL");
    REFUSED_BY(pc, rtc_rtp_receiver_select_rid(rtc_rtp_transceiver_receiver(picture), "f"), RTC_ERR_NOT_FOUND, "'f'");
    REFUSED(rtc_rtp_receiver_request_keyframe(NULL), RTC_ERR_TYPE, "NULL");
    REFUSED(rtc_rtp_receiver_set_jitter_buffer_target_ms(NULL, NULL), RTC_ERR_TYPE, "NULL");
    REFUSED(rtc_rtp_receiver_set_jitter_buffer_target_ms(rtc_rtp_transceiver_receiver(sound), &(double){4001}), RTC_ERR_RANGE, "4001");
    const rtc_playout_delay wrong_way = {sizeof wrong_way, 20, 10}, unset = {0};
    REFUSED(rtc_rtp_sender_set_playout_delay(NULL, &wrong_way), RTC_ERR_TYPE, "NULL");
    REFUSED(rtc_rtp_sender_set_playout_delay(rtc_rtp_transceiver_sender(sound), &wrong_way), RTC_ERR_INVALID_ACCESS, "sound");
    REFUSED(rtc_rtp_sender_set_playout_delay(rtc_rtp_transceiver_sender(picture), &wrong_way), RTC_ERR_RANGE, "20 to 10 ms");
    REFUSED(rtc_rtp_sender_set_playout_delay(rtc_rtp_transceiver_sender(picture), &unset), RTC_ERR_TYPE, "rtc_playout_delay");
    REFUSED_BY(pc, rtc_rtp_receiver_request_keyframe(rtc_rtp_transceiver_receiver(sound)), RTC_ERR_INVALID_ACCESS, "keyframes");
    REFUSED_BY(pc, rtc_rtp_receiver_request_keyframe(rtc_rtp_transceiver_receiver(picture)), RTC_ERR_INVALID_STATE, "nothing is received");
    forwards(pc, sound, picture);
    rtc_peer_connection_close(pc);
    REFUSED(rtc_rtp_transceiver_set_direction(sound, RTC_DIRECTION_INACTIVE), RTC_ERR_INVALID_STATE, "closed");
    REFUSED(rtc_rtp_transceiver_stop(sound), RTC_ERR_INVALID_STATE, "closed");
    REFUSED(rtc_rtp_sender_replace_track(rtc_rtp_transceiver_sender(sound), NULL), RTC_ERR_INVALID_STATE, "closed");
    REFUSED(rtc_forwarder_new(rtc_rtp_transceiver_receiver(sound), &(rtc_forwarder *){NULL}), RTC_ERR_INVALID_STATE, "closed");
    REFUSED(rtc_rtp_sender_set_parameters(rtc_rtp_transceiver_sender(sound), read), RTC_ERR_INVALID_STATE, "closed");
    REFUSED(rtc_rtp_sender_set_streams(rtc_rtp_transceiver_sender(sound), NULL, 0), RTC_ERR_INVALID_STATE, "closed");
    rtc_rtp_parameters_free(read);
    REFUSED(rtc_rtp_receiver_select_rid(rtc_rtp_transceiver_receiver(picture), "f"), RTC_ERR_INVALID_STATE, "closed");
    REFUSED(rtc_rtp_receiver_request_keyframe(rtc_rtp_transceiver_receiver(picture)), RTC_ERR_INVALID_STATE, "closed");
    rtc_rtp_transceiver_unref(sound);
    rtc_rtp_transceiver_unref(picture);
    rtc_peer_connection_free(pc);
    rtc_peer_connection_free(other);
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(source);
}

static int picture_of(rtc_video_frame_options options)
{
    rtc_video_frame *frame = NULL;
    options.size = sizeof options;
    int error = rtc_video_frame_new(NULL, &options, &frame);
    rtc_video_frame_unref(frame);
    return error;
}

static int sound_of(rtc_audio_frame_options options)
{
    rtc_audio_frame *frame = NULL;
    options.size = sizeof options;
    int error = rtc_audio_frame_new(NULL, &options, &frame);
    rtc_audio_frame_unref(frame);
    return error;
}

static int code_of(rtc_encoded_frame_options options)
{
    rtc_encoded_frame *frame = NULL;
    options.size = sizeof options;
    int error = rtc_encoded_frame_new(NULL, &options, &frame);
    rtc_encoded_frame_unref(frame);
    return error;
}

static void frames(void **state)
{
    rtc_video_frame *picture;
    rtc_audio_frame *sound;
    rtc_encoded_frame *code;
    uint8_t bytes[64];
    (void)state;
    REFUSED(rtc_video_frame_new(NULL, NULL, &picture), RTC_ERR_TYPE, "options is NULL");
    REFUSED(rtc_video_frame_new(NULL, &(rtc_video_frame_options){0}, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(picture_of((rtc_video_frame_options){.format = (rtc_video_format)9, .width = 2, .height = 2}), RTC_ERR_TYPE, "pictures 9");
    REFUSED(picture_of((rtc_video_frame_options){.format = RTC_VIDEO_MJPEG, .width = 2, .height = 2}), RTC_ERR_TYPE, "JPEG");
    REFUSED(picture_of((rtc_video_frame_options){.format = RTC_VIDEO_I420, .width = 0, .height = 2}), RTC_ERR_RANGE, "0x2");
    REFUSED(picture_of((rtc_video_frame_options){.format = RTC_VIDEO_I420, .width = 2, .height = 2, .rotation = 45}), RTC_ERR_RANGE,
            "45 degrees");
    REFUSED(picture_of((rtc_video_frame_options){.format = RTC_VIDEO_NV12, .width = 2, .height = 2, .planes = {bytes}, .strides = {2}}),
            RTC_ERR_TYPE, "planes[1]");
    REFUSED(picture_of((rtc_video_frame_options){.format = RTC_VIDEO_RGB24, .width = 2, .height = 2, .planes = {bytes}, .strides = {5}}),
            RTC_ERR_RANGE, "strides[0] is 5");
    REFUSED(rtc_video_frame_convert(NULL, NULL, RTC_VIDEO_BGRA, 0, 0, &picture), RTC_ERR_TYPE, "frame is NULL");
    const rtc_video_frame_options small = {.size = sizeof small, .format = RTC_VIDEO_I420, .width = 2, .height = 2};
    assert_int_equal(rtc_video_frame_new(NULL, &small, &picture), RTC_OK);
    rtc_video_frame *other;
    REFUSED(rtc_video_frame_convert(NULL, picture, RTC_VIDEO_BGRA, 0, 0, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_video_frame_convert(NULL, picture, RTC_VIDEO_YUYV, 0, 0, &other), RTC_ERR_TYPE, "format 3");
    REFUSED(rtc_video_frame_convert(NULL, picture, RTC_VIDEO_BGRA, 20000, 2, &other), RTC_ERR_RANGE, "20000x2");
    rtc_video_frame_unref(picture);
    REFUSED(rtc_audio_frame_new(NULL, NULL, &sound), RTC_ERR_TYPE, "options is NULL");
    REFUSED(rtc_audio_frame_new(NULL, &(rtc_audio_frame_options){0}, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(sound_of((rtc_audio_frame_options){.format = (rtc_audio_format)9}), RTC_ERR_TYPE, "samples 9");
    REFUSED(sound_of((rtc_audio_frame_options){.format = RTC_AUDIO_S16, .sample_rate = 7999}), RTC_ERR_RANGE, "7999 Hz");
    REFUSED(sound_of((rtc_audio_frame_options){.format = RTC_AUDIO_S16, .sample_rate = 8000, .channels = 9}), RTC_ERR_RANGE, "9 channels");
    REFUSED(sound_of((rtc_audio_frame_options){.format = RTC_AUDIO_S16, .sample_rate = 8000, .channels = 1, .samples = 8001}),
            RTC_ERR_RANGE, "8001 samples");
    REFUSED(rtc_encoded_frame_new(NULL, NULL, &code), RTC_ERR_TYPE, "options is NULL");
    REFUSED(rtc_encoded_frame_new(NULL, &(rtc_encoded_frame_options){0}, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(code_of((rtc_encoded_frame_options){.kind = (rtc_media_kind)9}), RTC_ERR_TYPE, "media 9");
    REFUSED(code_of((rtc_encoded_frame_options){.kind = RTC_MEDIA_VIDEO}), RTC_ERR_TYPE, "codec is NULL");
    REFUSED(code_of((rtc_encoded_frame_options){.kind = RTC_MEDIA_VIDEO, .codec = "a name that is long"}), RTC_ERR_TYPE,
            "'a name that is long'");
    REFUSED(code_of((rtc_encoded_frame_options){.kind = RTC_MEDIA_VIDEO, .codec = "VP8"}), RTC_ERR_RANGE, "0 bytes");
}

static void test_sources(void **state)
{
    rtc_media_source *none;
    (void)state;
#ifdef WITHOUT_CODECS
    REFUSED(rtc_test_video_source_new(NULL, NULL, &none), RTC_ERR_NOT_SUPPORTED, "CRTC_MEDIA=OFF");
    REFUSED(rtc_test_audio_source_new(NULL, NULL, &none), RTC_ERR_NOT_SUPPORTED, "CRTC_MEDIA=OFF");
#else
    REFUSED(rtc_test_video_source_new(NULL, NULL, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_test_video_source_new(NULL, &(rtc_test_video_options){.size = sizeof(rtc_test_video_options), .width = 15, .height = 16},
                                      &none),
            RTC_ERR_RANGE, "15x16");
    REFUSED(rtc_test_audio_source_new(NULL, NULL, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_test_audio_source_new(NULL, &(rtc_test_audio_options){.size = sizeof(rtc_test_audio_options), .channels = 3}, &none),
            RTC_ERR_RANGE, "3 channels");
#endif
}

static void sources_tracks_streams(void **state)
{
    rtc_media_source *source, *none;
    rtc_media_stream_track *track;
    rtc_media_stream *stream;
    rtc_media_stream_listener *stream_listener;
    static const rtc_media_stream_callbacks stream_callbacks = {.size = sizeof stream_callbacks};
    rtc_media_sink *sink;
    const rtc_video_frame_options size = {.size = sizeof size, .format = RTC_VIDEO_I420, .width = 2, .height = 2};
    const rtc_media_sink_ops ops = {.size = sizeof ops};
    rtc_video_frame *picture;
    (void)state;
    assert_int_equal(rtc_video_frame_new(NULL, &size, &picture), RTC_OK);
    REFUSED(rtc_media_source_new(NULL, RTC_MEDIA_AUDIO, NULL, NULL, NULL, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_media_source_new(NULL, (rtc_media_kind)9, NULL, NULL, NULL, &none), RTC_ERR_TYPE, "media 9");
    assert_int_equal(rtc_media_source_new(NULL, RTC_MEDIA_AUDIO, NULL, NULL, NULL, &source), RTC_OK);
    REFUSED(rtc_media_source_push_video(NULL, picture), RTC_ERR_TYPE, "source is NULL");
    REFUSED(rtc_media_source_push_video(source, picture), RTC_ERR_TYPE, "one of audio");
    REFUSED(rtc_media_source_push_audio(source, NULL), RTC_ERR_TYPE, "frame is NULL");
    REFUSED(rtc_media_source_push_encoded(source, NULL), RTC_ERR_TYPE, "frame is NULL");
    assert_int_equal(rtc_media_source_new(NULL, RTC_MEDIA_VIDEO, NULL, NULL, NULL, &none), RTC_OK);
    rtc_media_source_end(none);
    REFUSED(rtc_media_source_push_video(none, picture), RTC_ERR_INVALID_STATE, "source has ended");
    rtc_media_source_unref(none);
    REFUSED(rtc_media_stream_track_new(NULL, &track), RTC_ERR_TYPE, "source is NULL");
    REFUSED(rtc_media_stream_track_new(source, NULL), RTC_ERR_TYPE, "out is NULL");
    assert_int_equal(rtc_media_stream_track_new(source, &track), RTC_OK);
    REFUSED(rtc_media_stream_new(NULL, NULL, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_media_stream_new(NULL, "a b", &stream), RTC_ERR_SYNTAX, "'a b'");
    REFUSED(rtc_media_stream_new_from_tracks(NULL, NULL, 1, &stream), RTC_ERR_TYPE, "tracks is NULL");
    REFUSED(rtc_media_stream_new_from_tracks(NULL, (rtc_media_stream_track *const[]){track, NULL}, 2, &stream), RTC_ERR_TYPE,
            "track 1 is NULL");
    REFUSED(rtc_media_stream_new_from_stream(NULL, &stream), RTC_ERR_TYPE, "stream is NULL");
    REFUSED(rtc_media_stream_clone(NULL, &stream), RTC_ERR_TYPE, "stream is NULL");
    REFUSED(rtc_media_stream_add_track(NULL, track), RTC_ERR_TYPE, "stream is NULL");
    REFUSED(rtc_media_stream_add_listener(NULL, &stream_callbacks, NULL, &stream_listener), RTC_ERR_TYPE, "stream is NULL");
    REFUSED(rtc_media_stream_track_clone(track, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_media_stream_track_get_settings(track, NULL), RTC_ERR_TYPE, "out is NULL");
    REFUSED(rtc_media_stream_track_get_settings(track, &(rtc_track_settings){.size = 0}), RTC_ERR_TYPE, "size");
    REFUSED(rtc_media_stream_track_set_content_hint(track, RTC_CONTENT_HINT_MOTION), RTC_ERR_TYPE, "none of audio");
    REFUSED(rtc_media_stream_track_add_sink(NULL, &ops, NULL, &sink), RTC_ERR_TYPE, "track is NULL");
    REFUSED(rtc_media_stream_track_add_sink(track, NULL, NULL, &sink), RTC_ERR_TYPE, "ops is NULL");
    REFUSED(rtc_media_stream_track_add_sink(track, &ops, NULL, NULL), RTC_ERR_TYPE, "out is NULL");
    const rtc_track_callbacks callbacks = {.size = sizeof callbacks};
    rtc_track_listener *listener;
    REFUSED(rtc_media_stream_track_add_listener(NULL, &callbacks, NULL, &listener), RTC_ERR_TYPE, "track is NULL");
    REFUSED(rtc_media_stream_track_add_listener(track, NULL, NULL, &listener), RTC_ERR_TYPE, "callbacks is NULL");
    REFUSED(rtc_media_stream_track_add_listener(track, &callbacks, NULL, NULL), RTC_ERR_TYPE, "listener is NULL");
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(source);
    rtc_video_frame_unref(picture);
}

static int no_encoder(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    (void)context, (void)settings, (void)out;
    return RTC_ERR_NOT_SUPPORTED;
}

static int no_decoder(rtc_context *context, uint32_t channels, void **out)
{
    (void)context, (void)channels, (void)out;
    return RTC_ERR_NOT_SUPPORTED;
}

static void codecs(void **state)
{
    rtc_codec_ops ops = {.size = sizeof ops, .kind = RTC_MEDIA_VIDEO};
    (void)state;
    REFUSED(rtc_context_add_codec(NULL, NULL), RTC_ERR_TYPE, "ops is NULL");
    REFUSED(rtc_context_add_codec(NULL, &ops), RTC_ERR_TYPE, "name is NULL");
    ops.name = "VP8";
    REFUSED(rtc_context_add_codec(NULL, &ops), RTC_ERR_TYPE, "neither encode nor decode");
    ops.encoder_new = no_encoder;
    REFUSED(rtc_context_add_codec(NULL, &ops), RTC_ERR_TYPE, "encoder_new");
    ops.encoder_new = NULL;
    ops.decoder_new = no_decoder;
    REFUSED(rtc_context_add_codec(NULL, &ops), RTC_ERR_TYPE, "decoder_new");
}

static void the_face(void **state)
{
    rtc_peer_connection *pc = connection();
    rtc_result result = {.size = 0};
    rtc_packet *packet = rtc_packet_new(pc);
    (void)state;
    assert_non_null(packet);
    REFUSED(rtc_packet_set_len(packet, 1 << 20), RTC_ERR_RANGE, "1048576 bytes");
    REFUSED(rtc_packet_set_ecn(packet, (rtc_ecn)4), RTC_ERR_RANGE, "4 is none");
    rtc_packet_free(packet);
    REFUSED(rtc_peer_connection_result(NULL, 0, &result), RTC_ERR_TYPE, "connection is NULL");
    REFUSED_BY(pc, rtc_peer_connection_result(pc, 0, NULL), RTC_ERR_TYPE, "result is NULL");
    REFUSED_BY(pc, rtc_peer_connection_result(pc, 0, &result), RTC_ERR_TYPE, "rtc_result.size is 0");
    result = (rtc_result){.size = sizeof result, .type = RTC_REQUEST_RESOLVE, .id = 1, .address_count = 1};
    REFUSED_BY(pc, rtc_peer_connection_result(pc, 0, &result), RTC_ERR_TYPE, "NULL");
    rtc_peer_connection_free(pc);
}

/* Each allocation of each of these fails once: the words are about memory then, too. */
static int use_everything(rtc_context *context)
{
    rtc_peer_connection *pc = NULL;
    rtc_data_channel *channel = NULL;
    rtc_media_source *source = NULL;
    rtc_media_stream_track *track = NULL;
    rtc_stats_report *report = NULL;
    char *json = NULL;
    rtc_loop *loop = NULL;
    int error = rtc_loop_new(context, &loop);
    if (!error)
        error = rtc_peer_connection_new(context, NULL, NULL, NULL, &pc);
    if (!error)
        error = rtc_peer_connection_create_data_channel(pc, "x", 1, NULL, &channel);
    if (!error)
        error = rtc_media_source_new(context, RTC_MEDIA_VIDEO, "label", NULL, NULL, &source);
    if (!error)
        error = rtc_media_stream_track_new(source, &track);
    if (!error)
        error = rtc_peer_connection_add_track(pc, track, NULL, 0, NULL);
    if (!error)
        error = rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL);
    if (!error)
        error = rtc_peer_connection_get_stats(pc, &report);
    if (!error)
        error = rtc_stats_report_json(report, &json);
    rtc_stats_report_free_json(report, json);
    if (!error)
        error = rtc_peer_connection_explain(pc) ? RTC_OK : RTC_ERR_NO_MEMORY;
    if (error && !strstr(rtc_last_error(), "memory"))
        fail_msg("out of memory is told as '%s'", rtc_last_error());
    rtc_stats_report_unref(report);
    rtc_data_channel_unref(channel);
    rtc_peer_connection_free(pc);
    rtc_media_stream_track_unref(track);
    rtc_media_source_unref(source);
    rtc_loop_free(loop);
    return error;
}

static void without_memory(void **state)
{
    long failures = 0;
    (void)state;
    for (long n = 1, done = 0; !done; n++) {
        struct counting_allocator counter = {0};
        const rtc_allocator allocator = counting_allocator_of(&counter);
        const rtc_context_options options = {.size = sizeof options, .allocator = &allocator, .worker_threads = 1};
        rtc_context *context;
        assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
        stain(NULL);
        counter.fail_at = counter.calls + n;
        failures += use_everything(context) != RTC_OK;
        done = !counter.failed;
        rtc_context_unref(context);
        assert_true(n < 2000);
    }
    assert_true(failures > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contexts_loops_endpoints),
        cmocka_unit_test(certificates),
        cmocka_unit_test(candidates),
        cmocka_unit_test(transports),
        cmocka_unit_test(constructor_of_connections),
        cmocka_unit_test(connections),
        cmocka_unit_test(channels),
        cmocka_unit_test(numbers_without_flags),
        cmocka_unit_test(transceivers),
        cmocka_unit_test(frames),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(sources_tracks_streams),
        cmocka_unit_test(codecs),
        cmocka_unit_test(the_face),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
