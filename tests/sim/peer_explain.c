/* SPDX-License-Identifier: MIT */
/* rtc_peer_connection_explain: whatever keeps two connections apart is named, and the evidence is there. */
#include "peer_scene.h"

#include "peer.h"
#include "transport.h"
#include "transport_internal.h"

#include <stdlib.h>
#include <string.h>

static void expect(struct sim_peers *p, int index, const char *conclusion)
{
    const char *text = rtc_peer_connection_explain(p->peer[index].pc);
    assert_non_null(text);
    size_t line = strcspn(text, "\n");
    const char *found = strstr(text, conclusion);
    if (!found || found >= text + line)
        fail_msg("not '...%s...' but: %s", conclusion, text);
}

static void expect_no(struct sim_peers *p, int index, const char *part)
{
    const char *text = rtc_peer_connection_explain(p->peer[index].pc);
    if (strstr(text, part))
        fail_msg("'%s' in:\n%s", part, text);
}

static void expect_line(struct sim_peers *p, int index, const char *part)
{
    const char *text = rtc_peer_connection_explain(p->peer[index].pc);
    if (!strstr(text, part))
        fail_msg("no '%s' in:\n%s", part, text);
}

static void begin(struct sim_peers *p)
{
    rtc_data_channel *channel;
    peer_scene(p, 1, true);
    assert_int_equal(rtc_peer_connection_create_data_channel(p->peer[0].pc, "chat", 4, NULL, &channel), RTC_OK);
    rtc_data_channel_unref(channel);
}

/* The offer as `change` makes it, answered, the answer as `change` makes that; candidates are in both. */
static void exchange(struct sim_peers *p, char *(*change)(const char *sdp))
{
    for (int i = 0; i < 2; i++) {
        rtc_sdp_type type = i == 0 ? RTC_SDP_OFFER : RTC_SDP_ANSWER;
        assert_int_equal(rtc_peer_connection_set_local_description(p->peer[i].pc, type, NULL), RTC_OK);
        peer_run(p, 50 * MS);
        char *sdp = change(rtc_peer_connection_local_description(p->peer[i].pc, NULL));
        assert_int_equal(rtc_peer_connection_set_remote_description(p->peer[1 - i].pc, type, sdp), RTC_OK);
        free(sdp);
    }
}

static char *unchanged(const char *sdp)
{
    return text_replace(sdp, "\r\n", "\r\n");
}

static char *without_candidates(const char *sdp)
{
    char *some = text_without_lines(sdp, "a=candidate:"), *none = text_without_lines(some, "a=end-of-candidates");
    free(some);
    return none;
}

static char *other_password(const char *sdp)
{
    return text_replace(sdp, "a=ice-pwd:", "a=ice-pwd:X");
}

/* The first pair of digits becomes another one. */
static char *other_fingerprint(const char *sdp)
{
    char *copy = unchanged(sdp), *value = strstr(copy, "a=fingerprint:sha-256 ");
    value += strlen("a=fingerprint:sha-256 ");
    value[0] = value[0] == 'A' ? 'B' : 'A';
    return copy;
}

static void before_anything_was_negotiated(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p);
    expect(&p, 0, "nothing has been negotiated");
    assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_OFFER, NULL), RTC_OK);
    expect(&p, 0, "the peer's answer has not been set");
    peer_run(&p, 50 * MS);
    const char *offer = rtc_peer_connection_local_description(p.peer[0].pc, NULL);
    assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[1].pc, RTC_SDP_OFFER, offer), RTC_OK);
    expect(&p, 1, "the peer's offer has not been answered");
    rtc_peer_connection_close(p.peer[0].pc);
    expect(&p, 0, "closed on this side");
    sim_peers_fini(&p);
}

static void a_connection_that_works(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p);
    exchange(&p, unchanged);
    peer_connect(&p, SECOND);
    expect(&p, 0, "connected");
    expect_line(&p, 0, "works and is in use, round trip 10.0 ms");
    expect_line(&p, 1, "ICE is connected as the controlled side");
    sim_host_link(p.peer[0].host)->down = true;
    peer_run(&p, 12 * SECOND);
    expect(&p, 0, "the path worked, but nothing is heard of the peer any more");
    peer_run(&p, 40 * SECOND);
    expect(&p, 1, "the path worked, but nothing is heard of the peer any more");
    sim_peers_fini(&p);
}

/* From the peer's address, for a user that no ICE generation is. */
static void receive_misdirected_request(rtc_peer_connection *pc)
{
    static const uint8_t request[] = {0, 1, 0, 16, 0x21, 0x12, 0xa4, 0x42, 0,   0,   0,   0,   0,   0,   0,   0, 0, 0,
                                      0, 0, 0, 6,  0,    9,    'x',  'x',  'x', 'x', ':', 'y', 'y', 'y', 'y', 0, 0, 0};
    const struct path *selected = ice_agent_selected(peer_first_transport(pc)->ice.current.agent);
    rtc_path from = {.socket = selected->socket, .protocol = selected->protocol};
    from.local = (rtc_address){.family = RTC_ADDRESS_IPV4, .port = selected->local.port};
    from.remote = (rtc_address){.family = RTC_ADDRESS_IPV4, .port = selected->remote.port};
    memcpy(from.local.ip, selected->local.ip, 4);
    memcpy(from.remote.ip, selected->remote.ip, 4);
    uint64_t before = peer_first_transport(pc)->counters.misdirected;
    rtc_peer_connection_receive_copy(pc, pc->now, &from, request, sizeof request);
    assert_int_equal(peer_first_transport(pc)->counters.misdirected, before + 1);
}

/* The path that goes on being used is shown beside what becomes of the restart. */
static void a_restart_that_goes_on(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p);
    exchange(&p, unchanged);
    peer_run(&p, SECOND);
    expect(&p, 0, "connected");
    receive_misdirected_request(p.peer[0].pc); /* says nothing of the generations that follow */
    assert_int_equal(rtc_peer_connection_restart_ice(p.peer[0].pc), RTC_OK);
    exchange(&p, unchanged);
    sim_host_link(p.peer[0].host)->loss = sim_host_link(p.peer[1].host)->loss = 1;
    expect(&p, 0, "connected");
    expect_line(&p, 0, "works and is in use");
    expect_line(&p, 0, "of the ICE restart:");
    expect_line(&p, 0, "checks were sent and nothing came back");
    peer_run(&p, 10 * SECOND);
    expect(&p, 0, "checks on 1 of 1 pairs have not been answered yet");
    expect_line(&p, 0, "it worked, but nothing was heard of the peer for");
    sim_peers_fini(&p);
}

static void candidates_that_nobody_passed_on(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p);
    exchange(&p, without_candidates);
    peer_run(&p, 3 * SECOND);
    expect(&p, 0, "no candidate of the peer has come, nor any packet");
    sim_peers_fini(&p);
}

static char *at_nowhere(const char *sdp)
{
    return text_replace(sdp, " 10.0.0.", " 240.0.0.");
}

static void candidates_that_no_peer_has(void **state)
{
    struct sim_peers p;
    rtc_stats_report *report;
    (void)state;
    begin(&p);
    sim_host_link(p.peer[0].host)->loss = 1;
    exchange(&p, at_nowhere);
    peer_run(&p, 3 * SECOND);
    expect(&p, 0, "none of the peer's candidates may be used: a reserved address");
    expect_line(&p, 0, "left out host 240.0.0.2:");
    assert_int_equal(rtc_peer_connection_get_stats(p.peer[0].pc, &report), RTC_OK);
    double count = 0;
    assert_true(rtc_stats_number(rtc_stats_report_find_type(report, "transport"), "candidatesLeftOut", &count));
    assert_true(count >= 1);
    rtc_stats_report_unref(report);
    sim_peers_fini(&p);
}

static char *elsewhere(const char *sdp)
{
    char *six = text_replace(sdp, " 10.0.0.", " 2001:db8::");
    char *both = text_replace(six, "a=ice-ufrag:", "a=candidate:9 1 udp 1 240.0.0.7 6000 typ host\r\na=ice-ufrag:");
    free(six);
    return both;
}

/* One may not be used, and that is not what is wrong: the others may, and fit nothing. */
static void candidates_of_another_family(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p);
    sim_host_link(p.peer[0].host)->loss = sim_host_link(p.peer[1].host)->loss = 1;
    exchange(&p, elsewhere);
    peer_run(&p, 3 * SECOND);
    expect(&p, 0, "fits a local one: the address families or protocols differ");
    expect_line(&p, 0, "left out host 240.0.0.7:6000: a reserved address");
    sim_peers_fini(&p);
}

static void a_network_that_carries_nothing(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p);
    sim_host_link(p.peer[0].host)->loss = sim_host_link(p.peer[1].host)->loss = 1;
    exchange(&p, unchanged);
    peer_run(&p, SECOND);
    expect(&p, 0, "have not been answered yet");
    peer_run(&p, 60 * SECOND);
    expect(&p, 0, "were never answered: a firewall or NAT may be in the way, or the peer is gone; no TURN server is configured");
    expect_line(&p, 0, "checks were sent and nothing came back");
    sim_peers_fini(&p);
}

static void one_direction_is_open(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p);
    sim_host_link(p.peer[0].host)->loss = 1;
    exchange(&p, unchanged);
    peer_run(&p, SECOND);
    expect(&p, 0, "the peer's checks arrive here, but answers to our own do not");
    expect(&p, 1, "have not been answered yet");
    sim_peers_fini(&p);
}

static void descriptions_that_do_not_belong_together(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p);
    exchange(&p, other_password);
    peer_run(&p, 2 * SECOND);
    expect(&p, 0, "one side has an old description of the other");
    expect_no(&p, 0, "no TURN server"); /* which would not help */
    sim_peers_fini(&p);
}

static void another_certificate(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p);
    exchange(&p, other_fingerprint);
    peer_run(&p, 2 * SECOND);
    expect(&p, 0, "there is a path to the peer, but the DTLS handshake failed: ");
    sim_peers_fini(&p);
}

static void configure(struct sim_peers *p, rtc_ice_transport_policy policy, const char *url)
{
    const char *const urls[] = {url, "turn:198.51.100.201"};
    const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 2, .username = "u", .credential = "p"};
    const rtc_ice_server *servers[] = {&server};
    const rtc_configuration c = {.size = sizeof c, .ice_transport_policy = policy, .ice_servers = servers, .ice_server_count = url ? 1 : 0};
    assert_int_equal(rtc_peer_connection_set_configuration(p->peer[0].pc, &c), RTC_OK);
}

static void relays_that_are_not_there(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p);
    configure(&p, RTC_ICE_TRANSPORT_RELAY, NULL);
    exchange(&p, unchanged);
    peer_run(&p, SECOND);
    expect(&p, 0, "only relays may be used, and no TURN server is configured");
    sim_peers_fini(&p);
    begin(&p);
    configure(&p, RTC_ICE_TRANSPORT_RELAY, "turn:198.51.100.200");
    exchange(&p, unchanged);
    expect(&p, 0, "no local candidate has been found yet");
    peer_run(&p, 20 * SECOND);
    expect(&p, 0, "only relays may be used, and turn:198.51.100.200:3478?transport=udp gave none: ");
    sim_peers_fini(&p);
    begin(&p);
    configure(&p, RTC_ICE_TRANSPORT_ALL, "turn:198.51.100.200");
    sim_host_link(p.peer[1].host)->loss = 1;
    exchange(&p, unchanged);
    peer_run(&p, 60 * SECOND);
    expect(&p, 0, "; and turn:198.51.100.200:3478?transport=udp gave no relay: ");
    expect_line(&p, 0, "server turn:198.51.100.200:3478?transport=udp: the server did not answer (701)");
    sim_peers_fini(&p);
}

/* The addresses of candidates become names that nobody answers for. */
static char *names_of_nobody(const char *sdp)
{
    char *some = text_replace(sdp, "10.0.0.1 ", "1f4712db-ea17-4bcf-a596-105139dfd8bf.local ");
    char *all = text_replace(some, "10.0.0.2 ", "2f4712db-ea17-4bcf-a596-105139dfd8bf.local ");
    free(some);
    return all;
}

static void names_that_are_not_resolved(void **state)
{
    struct sim_peers p;
    (void)state;
    begin(&p);
    exchange(&p, names_of_nobody);
    peer_run(&p, 20 * SECOND);
    expect(&p, 0, "names in place of its addresses, and they can not be resolved: nobody on the local networks answered for a name");
    expect_line(&p, 0, "names of the peer that were not resolved: 2;");
    assert_int_equal(rtc_peer_connection_connection_state(p.peer[0].pc), RTC_PEER_CONNECTION_FAILED);
    sim_peers_fini(&p);
}

static char *only_h263(const char *sdp)
{
    return text_unknown_video(sdp, "H263");
}

/* Nothing but H.263 is offered: the answer rejects that, and says why wherever one may look; with a channel beside it the rest works. */
static void no_codec_in_common(void **state)
{
    static const char why[] = "no codec in common: the peer offers H263; this side has VP8";
    (void)state;
    for (int data = 0; data < 2; data++) {
        struct sim_peers p;
        rtc_stats_report *report;
        if (data)
            begin(&p);
        else
            peer_scene(&p, 1, true);
        assert_int_equal(rtc_peer_connection_add_transceiver(p.peer[0].pc, RTC_MEDIA_VIDEO, NULL, NULL, NULL), RTC_OK);
        exchange(&p, only_h263);
        expect_line(&p, 1, why);
        if (data) {
            peer_connect(&p, SECOND);
            expect(&p, 1, "connected");
            expect_line(&p, 1, "\nsection '0' (video): no codec in common");
        } else {
            expect(&p, 1, "every section was rejected: ");
            expect(&p, 1, why);
            expect(&p, 0, "every section was rejected");
        }
        assert_int_equal(rtc_peer_connection_get_stats(p.peer[1].pc, &report), RTC_OK);
        const rtc_stats *section = rtc_stats_report_find_type(report, "rejected-section");
        assert_non_null(section);
        assert_string_equal(rtc_stats_string(section, "mid"), "0");
        assert_string_equal(rtc_stats_string(section, "kind"), "video");
        assert_int_equal(strncmp(rtc_stats_string(section, "reason"), why, strlen(why)), 0);
        rtc_stats_report_unref(report);
        assert_int_equal(rtc_peer_connection_get_stats(p.peer[0].pc, &report), RTC_OK);
        assert_null(rtc_stats_report_find_type(report, "rejected-section"));
        rtc_stats_report_unref(report);
        sim_peers_fini(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_anything_was_negotiated),
        cmocka_unit_test(a_connection_that_works),
        cmocka_unit_test(a_restart_that_goes_on),
        cmocka_unit_test(candidates_that_nobody_passed_on),
        cmocka_unit_test(candidates_that_no_peer_has),
        cmocka_unit_test(candidates_of_another_family),
        cmocka_unit_test(a_network_that_carries_nothing),
        cmocka_unit_test(one_direction_is_open),
        cmocka_unit_test(descriptions_that_do_not_belong_together),
        cmocka_unit_test(another_certificate),
        cmocka_unit_test(relays_that_are_not_there),
        cmocka_unit_test(names_that_are_not_resolved),
        cmocka_unit_test(no_codec_in_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
