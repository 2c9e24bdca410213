/* SPDX-License-Identifier: MIT */
/* RTCConfiguration as a constructor takes it: server URLs, credentials, policies, and what each mistake is called. */
#include "configuration.h"
#include "kept_configuration.h"

#include <crtc/crtc.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int make(const char *url, const char *username, const char *credential, rtc_ice_transport_policy policy)
{
    const rtc_ice_server server = {.size = sizeof server, .urls = &url, .url_count = 1, .username = username, .credential = credential};
    const rtc_ice_server *const servers[] = {&server};
    const rtc_configuration configuration = {
        .size = sizeof configuration, .ice_servers = servers, .ice_server_count = 1, .ice_transport_policy = policy};
    rtc_peer_connection *pc = NULL;
    int error = rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc);
    if (error == RTC_OK)
        rtc_peer_connection_free(pc);
    return error;
}

/* webrtc-pc 4.2.1: servers beyond those that there is room for are ignored; there is for 32 at least. */
static void many_servers(void **state)
{
    enum { MANY = 40, ROOM = 32 };
    static const char *const good = "stun:192.0.2.1", *const bad = "http://192.0.2.1";
    const rtc_ice_server known = {.size = sizeof known, .urls = &good, .url_count = 1};
    const rtc_ice_server unknown = {.size = sizeof unknown, .urls = &bad, .url_count = 1};
    const rtc_ice_server *servers[MANY];
    const rtc_configuration configuration = {.size = sizeof configuration, .ice_servers = servers, .ice_server_count = MANY};
    rtc_peer_connection *pc = NULL;
    (void)state;
    for (int i = 0; i < MANY; i++)
        servers[i] = i < ROOM ? &known : &unknown;
    assert_int_equal(rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &configuration), RTC_OK);
    servers[ROOM - 1] = &unknown;
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &configuration), RTC_ERR_SYNTAX);
    rtc_peer_connection_free(pc);
}

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        int error;
    } cases[] = {
        {"stun:example.org", RTC_OK},
        {"STUN:[2001:db8::1]:3478", RTC_OK},
        {"turn:example.org", RTC_OK},
        {"turn:192.0.2.1:3478", RTC_OK},
        {"turn:[2001:db8::1]:3478?transport=udp", RTC_OK},
        {"turn:example.org?transport=udp", RTC_OK},
        {"turn:example.org:80?transport=tcp", RTC_OK},
        {"TURN:example.org?transport=TCP", RTC_OK},
        {"turns:example.org", RTC_OK},
        {"turns:example.org:443?transport=tcp", RTC_OK},
        {"turns:example.org?transport=udp", RTC_ERR_NOT_SUPPORTED},
        {"stuns:example.org", RTC_ERR_NOT_SUPPORTED},
        {"turn:", RTC_ERR_SYNTAX},
        {"turn:?transport=udp", RTC_ERR_SYNTAX},
        {"turn:example.org?transport=sctp", RTC_ERR_SYNTAX},
        {"turn:example.org?", RTC_ERR_SYNTAX},
        {"turn:example.org?transport", RTC_ERR_SYNTAX},
        {"turn:example.org:0", RTC_ERR_SYNTAX},
        {"turn:example.org:70000", RTC_ERR_SYNTAX},
        {"turn://example.org", RTC_ERR_SYNTAX},
        {"turn:user@example.org", RTC_ERR_SYNTAX},
        {"stun:example.org?transport=udp", RTC_ERR_SYNTAX},
        {"http://example.org", RTC_ERR_SYNTAX},
        {"example.org", RTC_ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (make(cases[i].url, "u", "p", RTC_ICE_TRANSPORT_ALL) != cases[i].error)
            fail_msg("%s", cases[i].url);
}

static void credentials(void **state)
{
    (void)state;
    char *longest = calloc(1, 1024);
    assert_non_null(longest);
    assert_int_equal(make("turn:example.org", NULL, "p", RTC_ICE_TRANSPORT_ALL), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(make("turn:example.org", "u", NULL, RTC_ICE_TRANSPORT_ALL), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(make("turns:example.org", NULL, NULL, RTC_ICE_TRANSPORT_ALL), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(make("stun:example.org", NULL, NULL, RTC_ICE_TRANSPORT_ALL), RTC_OK);
    memset(longest, 'x', 508);
    assert_int_equal(make("turn:example.org", longest, longest, RTC_ICE_TRANSPORT_ALL), RTC_OK);
    longest[508] = 'x';
    assert_int_equal(make("turn:example.org", longest, "p", RTC_ICE_TRANSPORT_ALL), RTC_ERR_SYNTAX);
    free(longest);
}

static int make_ports(uint16_t port_min, uint16_t port_max)
{
    const rtc_configuration configuration = {.size = sizeof configuration, .port_min = port_min, .port_max = port_max};
    rtc_peer_connection *pc = NULL;
    int error = rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc);
    if (error == RTC_OK)
        rtc_peer_connection_free(pc);
    return error;
}

static void ports(void **state)
{
    (void)state;
    assert_int_equal(make_ports(0, 0), RTC_OK);
    assert_int_equal(make_ports(5000, 5000), RTC_OK);
    assert_int_equal(make_ports(1, 65535), RTC_OK);
    assert_int_equal(make_ports(5001, 5000), RTC_ERR_RANGE);
    assert_int_equal(make_ports(0, 5000), RTC_ERR_RANGE);
    assert_int_equal(make_ports(5000, 0), RTC_ERR_RANGE);
}

static int make_rules(const char *allow, const char *deny, const char *external)
{
    const rtc_configuration configuration = {
        .size = sizeof configuration,
        .ice_allow = &allow,
        .ice_allow_count = allow ? 1 : 0,
        .ice_deny = &deny,
        .ice_deny_count = deny ? 1 : 0,
        .external_addresses = &external,
        .external_address_count = external ? 1 : 0,
    };
    rtc_peer_connection *pc = NULL;
    int error = rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc);
    if (error == RTC_OK)
        rtc_peer_connection_free(pc);
    return error;
}

static void rules(void **state)
{
    (void)state;
    assert_int_equal(make_rules("eth*", "10.0.0.0/8", "192.168.1.2=203.0.113.1"), RTC_OK);
    assert_int_equal(make_rules("10.0.0.0/33", NULL, NULL), RTC_ERR_SYNTAX);
    assert_int_equal(make_rules(NULL, "a b", NULL), RTC_ERR_SYNTAX);
    assert_int_equal(make_rules(NULL, NULL, "host.example"), RTC_ERR_SYNTAX);
    static const char *const remotes[] = {"10.0.0.0/8", "fc00::/7", "127.0.0.1", "eth*", "10.0.0.0/33", "a b"};
    for (size_t i = 0; i < sizeof remotes / sizeof remotes[0]; i++)
        for (int deny = 0; deny < 2; deny++) { /* of the peer no interface is known */
            rtc_configuration c = {.size = sizeof c};
            rtc_peer_connection *made = NULL;
            *(deny ? &c.remote_deny : &c.remote_allow) = &remotes[i];
            *(deny ? &c.remote_deny_count : &c.remote_allow_count) = 1;
            assert_int_equal(rtc_peer_connection_new(NULL, &c, NULL, NULL, &made), i < 3 ? RTC_OK : RTC_ERR_SYNTAX);
            rtc_peer_connection_free(made);
        }
    const rtc_configuration missing = {.size = sizeof missing, .ice_deny_count = 1};
    rtc_peer_connection *pc = NULL;
    assert_int_equal(rtc_peer_connection_new(NULL, &missing, NULL, NULL, &pc), RTC_ERR_TYPE);
}

static void policies(void **state)
{
    (void)state;
    assert_int_equal(make("turn:example.org", "u", "p", RTC_ICE_TRANSPORT_RELAY), RTC_OK);
    assert_int_equal(make("turn:example.org", "u", "p", (rtc_ice_transport_policy)7), RTC_ERR_TYPE);
    for (unsigned tcp = RTC_ICE_TCP_ENABLED; tcp <= RTC_ICE_TCP_DISABLED + 1; tcp++) {
        const rtc_configuration configuration = {.size = sizeof configuration, .ice_tcp_policy = (rtc_ice_tcp_policy)tcp};
        rtc_peer_connection *pc = NULL;
        int error = rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc);
        assert_int_equal(error, tcp > RTC_ICE_TCP_DISABLED ? RTC_ERR_TYPE : RTC_OK);
        rtc_peer_connection_free(pc);
    }
    for (unsigned control = RTC_CONGESTION_CONTROL_GOOGLE; control <= RTC_CONGESTION_CONTROL_REPORTS + 1; control++) {
        const rtc_configuration configuration = {.size = sizeof configuration, .congestion_control = (rtc_congestion_control)control};
        rtc_peer_connection *made = NULL;
        int error = rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &made);
        assert_int_equal(error, control > RTC_CONGESTION_CONTROL_REPORTS ? RTC_ERR_TYPE : RTC_OK);
        if (made)
            assert_int_equal(rtc_peer_connection_get_configuration(made)->congestion_control, control);
        rtc_peer_connection_free(made);
    }
    const rtc_configuration unknown = {.size = sizeof unknown, .ice_gathering_policy = (rtc_ice_gathering_policy)7};
    rtc_peer_connection *pc = NULL;
    assert_int_equal(rtc_peer_connection_new(NULL, &unknown, NULL, NULL, &pc), RTC_ERR_TYPE);
}

static void *own_make(void *user, const rtc_congestion_limits *l, rtc_time_t now)
{
    (void)l;
    (void)now;
    return user;
}

static void own_target(void *controller, rtc_congestion_target *out)
{
    (void)controller;
    out->target_bps = 500000;
}

/* The table is copied; it can not be exchanged, and one without its functions is refused. */
static void own_congestion_control(void **state)
{
    (void)state;
    rtc_peer_connection *pc = NULL;
    int user;
    rtc_congestion_controller table = {.size = sizeof table, .make = own_make};
    rtc_configuration c = {.size = sizeof c, .congestion_controller = &table, .congestion_user = &user};
    assert_int_equal(rtc_peer_connection_new(NULL, &c, NULL, NULL, &pc), RTC_ERR_TYPE);
    assert_non_null(strstr(rtc_last_error(), "without target"));
    table.target = own_target;
    assert_int_equal(rtc_peer_connection_new(NULL, &c, NULL, NULL, &pc), RTC_OK);
    table = (rtc_congestion_controller){.size = sizeof table, .make = own_make, .target = own_target};
    const rtc_configuration *shown = rtc_peer_connection_get_configuration(pc);
    assert_ptr_not_equal(shown->congestion_controller, &table);
    assert_ptr_equal(shown->congestion_controller->target, own_target);
    assert_ptr_equal(shown->congestion_user, &user);
    c = *shown;
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &c), RTC_OK);
    c.congestion_controller = NULL; /* nothing is asked for */
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &c), RTC_OK);
    assert_non_null(rtc_peer_connection_get_configuration(pc)->congestion_controller);
    c.congestion_controller = &table;
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &c), RTC_ERR_INVALID_MODIFICATION);
    rtc_peer_connection_free(pc);
}

/* Servers may be exchanged later, and what is wrong leaves those that were. */
static void changes(void **state)
{
    (void)state;
    const char *good = "turn:example.org", *bad = "turn:";
    rtc_ice_server server = {.size = sizeof server, .urls = &good, .url_count = 1, .username = "u", .credential = "p"};
    const rtc_ice_server *const servers[] = {&server};
    const rtc_configuration configuration = {.size = sizeof configuration, .ice_servers = servers, .ice_server_count = 1};
    rtc_peer_connection *pc;
    assert_int_equal(rtc_peer_connection_new(NULL, NULL, NULL, NULL, &pc), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &configuration), RTC_OK);
    server.urls = &bad;
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &configuration), RTC_ERR_SYNTAX);
    assert_true(strlen(rtc_peer_connection_last_error(pc)) > 0);
    assert_int_equal(rtc_peer_connection_set_configuration(pc, NULL), RTC_OK);
    rtc_peer_connection_free(pc);
}

/* What set_configuration does not say stays. */
static void bitrate_stays(void **state)
{
    (void)state;
    rtc_configuration configuration = {.size = sizeof configuration, .max_bitrate_bps = 900000};
    rtc_peer_connection *pc;
    assert_int_equal(rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc), RTC_OK);
    configuration.max_bitrate_bps = 0;
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &configuration), RTC_OK);
    assert_int_equal(pc->settings.max_bitrate_bps, 900000);
    assert_int_equal(rtc_peer_connection_set_configuration(pc, NULL), RTC_OK);
    assert_int_equal(pc->settings.max_bitrate_bps, 900000);
    configuration.max_bitrate_bps = 700000;
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &configuration), RTC_OK);
    assert_int_equal(pc->settings.max_bitrate_bps, 700000);
    rtc_peer_connection_free(pc);
}

/* What is chosen when the connection is made, and what set_configuration says to another choice. */
static void chosen_at_first(void **state)
{
    (void)state;
    rtc_peer_connection *pc;
    const rtc_configuration lite = {.size = sizeof lite, .ice_lite = true}, plain = {.size = sizeof plain},
                            relays = {.size = sizeof relays, .ice_transport_policy = RTC_ICE_TRANSPORT_RELAY};
    assert_int_equal(rtc_peer_connection_new(NULL, &plain, NULL, NULL, &pc), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &lite), RTC_ERR_INVALID_MODIFICATION);
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &relays), RTC_OK);
    assert_true(pc->settings.relay_only);
    rtc_peer_connection_free(pc);
    assert_int_equal(rtc_peer_connection_new(NULL, &lite, NULL, NULL, &pc), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &lite), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &plain), RTC_OK); /* 0: as it is */
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &relays), RTC_ERR_INVALID_ACCESS);
    assert_true(pc->settings.ice_lite);
    rtc_peer_connection_free(pc);
}

/* The members that the rest of the library looks at are those that were given. */
static void members_are_taken(void **state)
{
    (void)state;
    const rtc_configuration configuration = {.size = sizeof configuration,
                                             .port_min = 5000,
                                             .port_max = 5010,
                                             .ice_gathering_policy = RTC_ICE_GATHER_ONCE,
                                             .include_loopback = true,
                                             .hide_local_addresses = true,
                                             .ice_tcp_policy = RTC_ICE_TCP_ACTIVE,
                                             .max_channels = 7,
                                             .max_message_size = 1234,
                                             .ice_candidate_pool_size = 3,
                                             .max_bitrate_bps = 50005};
    rtc_peer_connection *pc, *plain;
    assert_int_equal(rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc), RTC_OK);
    assert_int_equal(pc->settings.port_min, 5000);
    assert_int_equal(pc->settings.port_max, 5010);
    assert_true(pc->settings.gather_once && pc->settings.include_loopback && pc->settings.hide_addresses && !pc->settings.relay_only &&
                !pc->settings.ice_lite);
    assert_int_equal(pc->settings.tcp_policy, RTC_ICE_TCP_ACTIVE);
    assert_int_equal(pc->settings.max_channels, 7);
    assert_int_equal(pc->settings.max_message_size, 1234);
    assert_int_equal(kept_pool_size(pc), 3);
    assert_int_equal(pc->settings.max_bitrate_bps, 50005);
    rtc_peer_connection_free(pc);
    assert_int_equal(rtc_peer_connection_new(NULL, NULL, NULL, NULL, &plain), RTC_OK);
    assert_int_equal(plain->settings.max_channels, 256);
    assert_int_equal(plain->settings.max_message_size, 262144);
    assert_true(!plain->settings.gather_once && !plain->settings.include_loopback && !plain->settings.hide_addresses);
    rtc_peer_connection_free(plain);
}

/* What can not be kept to is refused, by its name, and changes nothing. */
static void rates_out_of_range(void **state)
{
    (void)state;
    static const struct {
        uint32_t start, most;
        const char *why; /* NULL: it is taken */
    } rows[] = {{0, 49999, "max_bitrate_bps 49999: the least is 50000"},
                {0, 1, "max_bitrate_bps 1: the least is 50000"},
                {1, 0, "start_bitrate_bps 1: the least is 50000"},
                {49999, 60000, "start_bitrate_bps 49999: the least is 50000"},
                {1500001, 0, "start_bitrate_bps 1500001 is over max_bitrate_bps 1500000"},
                {60001, 60000, "start_bitrate_bps 60001 is over max_bitrate_bps 60000"},
                {50000, 50000, NULL},
                {0, UINT32_MAX, NULL},
                {UINT32_MAX, UINT32_MAX, NULL},
                {1500000, 0, NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const rtc_configuration c = {.size = sizeof c, .start_bitrate_bps = rows[i].start, .max_bitrate_bps = rows[i].most};
        rtc_peer_connection *pc = NULL;
        assert_int_equal(rtc_peer_connection_new(NULL, &c, NULL, NULL, &pc), rows[i].why ? RTC_ERR_RANGE : RTC_OK);
        if (rows[i].why)
            assert_non_null(strstr(rtc_last_error(), rows[i].why));
        rtc_peer_connection_free(pc);
    }
    rtc_peer_connection *pc;
    rtc_configuration c = {.size = sizeof c, .start_bitrate_bps = 900000};
    assert_int_equal(rtc_peer_connection_new(NULL, &c, NULL, NULL, &pc), RTC_OK);
    c.max_bitrate_bps = 49999;
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &c), RTC_ERR_RANGE);
    assert_non_null(strstr(rtc_peer_connection_last_error(pc), "max_bitrate_bps 49999"));
    assert_int_equal(pc->settings.max_bitrate_bps, 1500000);
    c.max_bitrate_bps = 500000; /* less than it began with */
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &c), RTC_OK);
    assert_int_equal(pc->settings.max_bitrate_bps, 500000);
    rtc_peer_connection_free(pc);
}

/* Whether the servers are others is what decides about a restart. */
static void changed_servers(void **state)
{
    (void)state;
    const char *one = "stun:192.0.2.1", *two = "stun:192.0.2.2";
    rtc_ice_server server = {.size = sizeof server, .urls = &one, .url_count = 1};
    const rtc_ice_server *const servers[] = {&server};
    rtc_configuration configuration = {.size = sizeof configuration, .ice_servers = servers, .ice_server_count = 1};
    rtc_peer_connection *pc;
    bool changed = true;
    assert_int_equal(rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc), RTC_OK);
    assert_int_equal(configuration_change(pc, &configuration, &changed), RTC_OK);
    assert_false(changed);
    server.urls = &two;
    assert_int_equal(configuration_change(pc, &configuration, &changed), RTC_OK);
    assert_true(changed);
    configuration.ice_transport_policy = RTC_ICE_TRANSPORT_RELAY;
    assert_int_equal(configuration_change(pc, &configuration, &changed), RTC_OK);
    assert_true(changed);
    assert_int_equal(configuration_change(pc, &configuration, &changed), RTC_OK);
    assert_false(changed);
    configuration.ice_server_count = 0;
    assert_int_equal(configuration_change(pc, &configuration, &changed), RTC_OK);
    assert_true(changed);
    rtc_peer_connection_free(pc);
}

static void closed_endpoint(void **state)
{
    (void)state;
    rtc_endpoint *endpoint;
    rtc_peer_connection *pc = NULL;
    const rtc_endpoint_options options = {.size = sizeof options, .port = 5000};
    assert_int_equal(rtc_endpoint_new(NULL, &options, &endpoint), RTC_OK);
    const rtc_configuration configuration = {.size = sizeof configuration, .endpoint = endpoint};
    rtc_endpoint_close(endpoint);
    assert_int_equal(rtc_peer_connection_new(NULL, &configuration, NULL, NULL, &pc), RTC_ERR_INVALID_STATE);
    assert_non_null(strstr(rtc_last_error(), "endpoint is closed"));
    rtc_endpoint_unref(endpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(many_servers),
        cmocka_unit_test(credentials),
        cmocka_unit_test(ports),
        cmocka_unit_test(rules),
        cmocka_unit_test(policies),
        cmocka_unit_test(own_congestion_control),
        cmocka_unit_test(changes),
        cmocka_unit_test(bitrate_stays),
        cmocka_unit_test(chosen_at_first),
        cmocka_unit_test(members_are_taken),
        cmocka_unit_test(rates_out_of_range),
        cmocka_unit_test(changed_servers),
        cmocka_unit_test(closed_endpoint),
    };
    return cmocka_run_group_tests_name("configuration", tests, NULL, NULL);
}
