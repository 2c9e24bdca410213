/* SPDX-License-Identifier: MIT */
/* RTCIceCandidate (webrtc-pc 4.8.1): what its constructor takes, keeps and reads; and the candidates of events. */
#include "../sim/peer_scene.h"

#include "../unit/counting_allocator.h"

#include <string.h>

static const rtc_ice_candidate *made(const rtc_ice_candidate_init *init)
{
    const rtc_ice_candidate *c = NULL;
    assert_int_equal(rtc_ice_candidate_new(NULL, init, &c), RTC_OK);
    assert_int_equal(c->size, sizeof *c);
    return c;
}

static void unread(const rtc_ice_candidate *c)
{
    assert_null(c->foundation);
    assert_null(c->component);
    assert_null(c->address);
    assert_null(c->protocol);
    assert_null(c->type);
    assert_null(c->tcp_type);
    assert_null(c->related_address);
    assert_int_equal(c->related_port, -1);
    assert_int_equal(c->priority, 0);
    assert_int_equal(c->port, 0);
}

static void a_section_must_be_named(void **state)
{
    const rtc_ice_candidate *c = NULL;
    rtc_ice_candidate_init init = {.size = sizeof init};
    (void)state;
    assert_int_equal(rtc_ice_candidate_new(NULL, NULL, &c), RTC_ERR_TYPE);
    assert_int_equal(rtc_ice_candidate_new(NULL, &init, &c), RTC_ERR_TYPE);
    assert_non_null(strstr(rtc_last_error(), "sdp_mid"));
    init.candidate = "candidate:1 1 udp 1 192.0.2.1 5 typ host";
    assert_int_equal(rtc_ice_candidate_new(NULL, &init, &c), RTC_ERR_TYPE);
    init.sdp_mid = "0";
    assert_int_equal(rtc_ice_candidate_new(NULL, &init, NULL), RTC_ERR_TYPE);
    init.size = 0;
    assert_int_equal(rtc_ice_candidate_new(NULL, &init, &c), RTC_ERR_TYPE);
    assert_null(c);
}

static void what_is_left_out_is_null(void **state)
{
    const rtc_ice_candidate_init by_mid = {.size = sizeof by_mid, .sdp_mid = "audio"};
    const rtc_ice_candidate_init by_index = {.size = sizeof by_index, .has_sdp_m_line_index = true};
    const rtc_ice_candidate_init by_far_index = {.size = sizeof by_far_index, .sdp_m_line_index = 65535};
    (void)state;
    const rtc_ice_candidate *c = made(&by_mid);
    assert_string_equal(c->candidate, "");
    assert_string_equal(c->sdp_mid, "audio");
    assert_int_equal(c->sdp_m_line_index, -1);
    assert_null(c->username_fragment);
    assert_null(c->url);
    assert_null(c->relay_protocol);
    unread(c);
    rtc_ice_candidate_unref(c);
    c = made(&by_index);
    assert_null(c->sdp_mid);
    assert_int_equal(c->sdp_m_line_index, 0);
    rtc_ice_candidate_unref(c);
    c = made(&by_far_index);
    assert_int_equal(c->sdp_m_line_index, 65535);
    rtc_ice_candidate_unref(c);
}

static void text_is_read_into_members(void **state)
{
    const rtc_ice_candidate_init host = {
        .size = sizeof host,
        .candidate = "candidate:1905690388 1 udp 2113937151 192.168.0.1 58041 typ host generation 0 ufrag thC8 network-cost 50",
        .sdp_mid = "video",
        .has_sdp_m_line_index = true,
        .sdp_m_line_index = 1,
        .username_fragment = "test",
        .relay_protocol = "udp",
        .url = "stun:stun.example.org",
    };
    const rtc_ice_candidate_init tcp = {
        .size = sizeof tcp,
        .candidate = "candidate:435653019 2 tcp 1845501695 192.168.0.196 4444 typ srflx raddr www.example.com rport 22222 tcptype active",
        .sdp_mid = "",
    };
    (void)state;
    const rtc_ice_candidate *c = made(&host);
    assert_string_equal(c->candidate, host.candidate);
    assert_int_equal(c->sdp_m_line_index, 1);
    assert_string_equal(c->username_fragment, "test");
    assert_string_equal(c->foundation, "1905690388");
    assert_string_equal(c->component, "rtp");
    assert_int_equal(c->priority, 2113937151);
    assert_string_equal(c->address, "192.168.0.1");
    assert_string_equal(c->protocol, "udp");
    assert_int_equal(c->port, 58041);
    assert_string_equal(c->type, "host");
    assert_null(c->tcp_type);
    assert_null(c->related_address);
    assert_int_equal(c->related_port, -1);
    assert_string_equal(c->relay_protocol, "udp");
    assert_string_equal(c->url, "stun:stun.example.org");
    rtc_ice_candidate_unref(c);
    c = made(&tcp);
    assert_string_equal(c->sdp_mid, "");
    assert_null(c->username_fragment); /* the extension does not count */
    assert_string_equal(c->component, "rtcp");
    assert_string_equal(c->protocol, "tcp");
    assert_string_equal(c->tcp_type, "active");
    assert_string_equal(c->type, "srflx");
    assert_string_equal(c->related_address, "www.example.com");
    assert_int_equal(c->related_port, 22222);
    rtc_ice_candidate_unref(c);
}

/* Every prefix of a candidate, and texts that are none, are kept as they are. */
static void what_can_not_be_read_is_kept(void **state)
{
    static const char text[] = "candidate:1 1 udp 1 192.0.2.1 5 typ srflx raddr 10.0.0.1 rport 9";
    static const char *const bad[] = {"<arbitrary string[0] content>;", "candidate:", "candidate:1 257 udp 1 192.0.2.1 5 typ host",
                                      "candidate:1 1 udp 1 192.0.2.1 5 typ host\r\na=evil"};
    char prefix[sizeof text];
    rtc_ice_candidate_init init = {.size = sizeof init, .sdp_mid = "0"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        init.candidate = bad[i];
        const rtc_ice_candidate *c = made(&init);
        assert_string_equal(c->candidate, bad[i]);
        unread(c);
        rtc_ice_candidate_unref(c);
    }
    for (size_t len = 0; len < sizeof text; len++) {
        memcpy(prefix, text, len);
        prefix[len] = 0;
        init.candidate = prefix;
        const rtc_ice_candidate *c = made(&init);
        assert_string_equal(c->candidate, prefix);
        if (!c->foundation)
            unread(c);
        rtc_ice_candidate_unref(c);
    }
    const rtc_ice_candidate *c = made(&init);
    assert_string_equal(c->related_address, "10.0.0.1");
    assert_int_equal(c->related_port, 9);
    rtc_ice_candidate_unref(c);
}

/* It needs its context no more than by a reference, and is kept by one. */
static void it_is_kept_by_references(void **state)
{
    struct counting_allocator counter = {0};
    const rtc_ice_candidate *c = NULL;
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = "candidate:1 1 udp 1 ::1 5 typ host", .sdp_mid = "0"};
    (void)state;
    const rtc_allocator allocator = counting_allocator_of(&counter);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    rtc_context *context;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    atomic_store(&counter.fail_at, atomic_load(&counter.calls) + 1);
    assert_int_equal(rtc_ice_candidate_new(context, &init, &c), RTC_ERR_NO_MEMORY);
    assert_null(c);
    assert_int_equal(rtc_ice_candidate_new(context, &init, &c), RTC_OK);
    rtc_context_unref(context);
    assert_ptr_equal(rtc_ice_candidate_ref(c), c);
    rtc_ice_candidate_unref(c);
    assert_string_equal(c->address, "::1");
    rtc_ice_candidate_unref(c);
    rtc_ice_candidate_unref(NULL);
    assert_null(rtc_ice_candidate_ref(NULL));
    assert_int_equal(counting_left(&counter), 0);
}

struct kept {
    const rtc_ice_candidate *candidates[8];
    size_t count;
};

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    struct kept *kept = user;
    (void)pc;
    if (candidate && kept->count < 8)
        kept->candidates[kept->count++] = rtc_ice_candidate_ref(candidate);
}

static void events_give_candidates_with_members(void **state)
{
    struct sim_peers p;
    struct kept kept = {.count = 0};
    (void)state;
    peer_scene(&p, 1, true);
    p.peer[0].extra = (rtc_peer_connection_callbacks){.size = sizeof p.peer[0].extra, .on_ice_candidate = on_candidate};
    p.peer[0].extra_user = &kept;
    assert_int_equal(rtc_peer_connection_add_transceiver(p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
    peer_exchange(&p, 0);
    peer_run(&p, SECOND);
    sim_peers_fini(&p);
    assert_true(kept.count >= 2);
    const rtc_ice_candidate *first = kept.candidates[0], *last = kept.candidates[kept.count - 1];
    assert_string_equal(first->component, "rtp");
    assert_string_equal(first->type, "host");
    assert_int_equal(first->sdp_m_line_index, 0);
    assert_non_null(strstr(first->candidate, first->address));
    assert_non_null(strstr(first->candidate, first->username_fragment));
    assert_string_equal(last->candidate, "");
    assert_string_equal(last->username_fragment, first->username_fragment);
    assert_string_equal(last->sdp_mid, first->sdp_mid);
    unread(last);
    for (size_t i = 0; i < kept.count; i++)
        rtc_ice_candidate_unref(kept.candidates[i]);
}

static int add_for(rtc_peer_connection *pc, const char *mid, const char *candidate, const char *ufrag)
{
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = candidate, .sdp_mid = mid, .username_fragment = ufrag};
    return rtc_peer_connection_add_ice_candidate(pc, &init);
}

/* addIceCandidate (4.4.2): what comes for a section whose transceiver is stopped is taken, in vain, whatever it is; its peer may not know
 * yet. */
static void for_a_section_that_is_rejected(void **state)
{
    static const char candidate[] = "candidate:1 1 udp 2130706431 203.0.113.9 5000 typ host";
    struct sim_peers p;
    (void)state;
    peer_scene(&p, 2, true);
    for (int i = 0; i < 2; i++)
        assert_int_equal(rtc_peer_connection_add_transceiver(p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
    peer_exchange(&p, 0);
    peer_run(&p, SECOND);
    rtc_peer_connection *pc = p.peer[1].pc;
    assert_int_equal(add_for(pc, "1", candidate, "nobody"), RTC_ERR_OPERATION);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(p.peer[0].pc, 1)), RTC_OK);
    peer_exchange(&p, 0);
    char *before = strdup(rtc_peer_connection_remote_description(pc, NULL));
    assert_int_equal(add_for(pc, "1", candidate, "nobody"), RTC_OK);
    assert_int_equal(add_for(pc, "1", candidate, NULL), RTC_OK);
    assert_int_equal(add_for(pc, "1", "", "nobody"), RTC_OK);
    assert_string_equal(rtc_peer_connection_remote_description(pc, NULL), before);
    assert_int_equal(add_for(pc, "0", candidate, "nobody"), RTC_ERR_OPERATION);
    assert_int_equal(add_for(pc, "0", "", "nobody"), RTC_ERR_OPERATION);
    assert_int_equal(add_for(pc, "2", candidate, "nobody"), RTC_ERR_OPERATION);
    free(before);
    sim_peers_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_must_be_named),        cmocka_unit_test(what_is_left_out_is_null),
        cmocka_unit_test(text_is_read_into_members),      cmocka_unit_test(what_can_not_be_read_is_kept),
        cmocka_unit_test(it_is_kept_by_references),       cmocka_unit_test(events_give_candidates_with_members),
        cmocka_unit_test(for_a_section_that_is_rejected),
    };
    return cmocka_run_group_tests_name("RTCIceCandidate", tests, NULL, NULL);
}
