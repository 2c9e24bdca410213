/* SPDX-License-Identifier: MIT */
/* Offers that follow every grammar and that nobody makes: what a peer may do with them is refused, or harmless. */
#include "peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    rtc_data_channel *channel;
};

static rtc_peer_connection *pc(struct scene *s, int i)
{
    return s->p.peer[i].pc;
}

static void begin(struct scene *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc(s, 0), "chat", 4, NULL, &s->channel), RTC_OK);
}

static void end(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->p);
}

/* ---- Two sections of data ---- */

/* The first peer's offer with its section of data twice, in one group or outside of any. The caller's. */
static char *twice(struct scene *s, bool grouped)
{
    char *text = grouped ? text_replace(peer_description(&s->p, 0), "a=group:BUNDLE 0", "a=group:BUNDLE 0 9")
                         : text_without_lines(peer_description(&s->p, 0), "a=group:");
    char *section = text_section(text, 0), *other = text_replace(section, "a=mid:0", "a=mid:9");
    char *both = malloc(strlen(text) + strlen(other) + 1);
    assert_non_null(both);
    (void)stpcpy(stpcpy(both, text), other);
    free(other);
    free(section);
    free(text);
    return both;
}

/* The second peer's answer to that, as it answers the offer that was made. The caller's. */
static char *once(struct scene *s)
{
    const char *answer = peer_description(&s->p, 1);
    char *second = text_section(answer, 1);
    assert_non_null(second);
    assert_int_equal(strncmp(second, "m=application 0 ", 16), 0);
    char *text = strndup(answer, strlen(answer) - strlen(second));
    free(second);
    return text;
}

static void answer_one(bool grouped, bool later)
{
    struct scene s;
    rtc_data_channel *own;
    begin(&s, 1);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc(&s, 1), "own", 3, NULL, &own), RTC_OK);
    if (later) {
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, 10 * SECOND);
    }
    assert_int_equal(rtc_peer_connection_set_local_description(pc(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    char *offer = twice(&s, grouped);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc(&s, 1), RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc(&s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    char *answer = once(&s);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc(&s, 0), RTC_SDP_ANSWER, answer), RTC_OK);
    peer_connect(&s.p, 10 * SECOND);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_OPEN);
    assert_int_equal(rtc_data_channel_ready_state(own), RTC_DATA_CHANNEL_OPEN);
    rtc_data_channel_unref(own);
    free(answer);
    free(offer);
    end(&s);
}

static void one_of_two_sections_of_data_is_answered(void **state)
{
    (void)state;
    answer_one(false, false);
    answer_one(true, false);
}

static void another_section_of_data_is_rejected(void **state)
{
    (void)state;
    answer_one(false, true);
    answer_one(true, true);
}

/* ---- Ever more candidates ---- */

/* The first peer's offer with a hundred candidates that no offer had. The caller's. */
static char *with_more(struct scene *s, unsigned round)
{
    char lines[100 * 80 + 32], *to = lines;
    for (unsigned i = 0; i < 100; i++)
        to += sprintf(to, "a=candidate:%u 1 udp %u 10.9.%u.%u 4000 typ host\r\n", round * 100 + i, 1000 + i, round, i + 1);
    (void)stpcpy(to, "a=mid:0");
    return text_replace(peer_description(&s->p, 0), "a=mid:0", lines);
}

static void exchange_more(struct scene *s, unsigned round)
{
    assert_int_equal(rtc_peer_connection_set_local_description(pc(s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    char *offer = with_more(s, round);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc(s, 1), RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc(s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc(s, 0), RTC_SDP_ANSWER, peer_description(&s->p, 1)), RTC_OK);
    peer_run(&s->p, 100 * MS);
    free(offer);
}

static void candidates_of_many_offers_are_bounded(void **state)
{
    struct scene s;
    size_t count = 0;
    (void)state;
    begin(&s, 2);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 10 * SECOND);
    for (unsigned round = 0; round < 3; round++)
        exchange_more(&s, round);
    rtc_dtls_transport *dtls = rtc_sctp_transport_transport(rtc_peer_connection_sctp(pc(&s, 1)));
    (void)rtc_ice_transport_remote_candidates(rtc_dtls_transport_ice_transport(dtls), &count);
    assert_int_equal(count, 64); /* the limit */
    end(&s);
}

/* ---- The section with the candidates is rejected ---- */

/* The first peer's offer of sound and data as max-bundle has it: what is bundle-only says nothing of transports. The sound has no codec
 * that anybody knows. The caller's. */
static char *bundle_only(struct scene *s)
{
    static const char data[] = "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=bundle-only\r\n"
                               "a=sctp-port:5000\r\na=max-message-size:262144\r\n";
    char *no_opus = text_replace(peer_description(&s->p, 0), "opus/48000/2", "unknown/48000/2"),
         *no_ulaw = text_replace(no_opus, "PCMU/", "odd/");
    char *text = text_replace(no_ulaw, "PCMA/", "other/"), *section = text_section(text, 1);
    char *offer = text_replace(text, section, data);
    free(section);
    free(text);
    free(no_ulaw);
    free(no_opus);
    return offer;
}

static void candidates_of_a_rejected_section_are_its_groups(void **state)
{
    struct scene s;
    size_t count = 0;
    (void)state;
    memset(&s, 0, sizeof s);
    peer_scene(&s.p, 3, true);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc(&s, 0), RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc(&s, 0), "chat", 4, NULL, &s.channel), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, SECOND);
    char *offer = bundle_only(&s);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc(&s, 1), RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc(&s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(text_count(peer_description(&s.p, 1), "m=audio 0 "), 1);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=group:BUNDLE 1\r\n"), 1);
    rtc_dtls_transport *dtls = rtc_sctp_transport_transport(rtc_peer_connection_sctp(pc(&s, 1)));
    (void)rtc_ice_transport_remote_candidates(rtc_dtls_transport_ice_transport(dtls), &count);
    assert_int_equal(count, text_count(offer, "a=candidate:"));
    const rtc_ice_candidate_init late = {.size = sizeof late,
                                         .candidate = "candidate:1 1 udp 1 10.9.9.9 4000 typ host",
                                         .sdp_mid = "0"}; /* before the peer has the answer */
    assert_int_equal(rtc_peer_connection_add_ice_candidate(pc(&s, 1), &late), RTC_OK);
    (void)rtc_ice_transport_remote_candidates(rtc_dtls_transport_ice_transport(dtls), &count);
    assert_int_equal(count, text_count(offer, "a=candidate:") + 1);
    free(offer);
    end(&s);
}

/* SNAP (draft-hancke-tsvwg-snap), as Chromium 156 offers it: the answer has an INIT, too. An offerer that begins with a handshake all the same
 * finds it answered. */
static void an_init_in_an_offer(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 9);
    assert_int_equal(rtc_peer_connection_set_local_description(pc(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    char *offer = text_replace(peer_description(&s.p, 0), "a=sctp-port:5000\r\n",
                               "a=sctp-port:5000\r\na=sctp-init:AQAAHmmqARAAUAAA/////8azmyPAAAAEgAgABoLA\r\n");
    assert_int_equal(text_count(offer, "a=sctp-init:"), 1);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc(&s, 1), RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc(&s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    assert_int_equal(text_count(peer_description(&s.p, 1), "sctp-init"), 1);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc(&s, 0), RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_OPEN);
    free(offer);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_init_in_an_offer),
        cmocka_unit_test(one_of_two_sections_of_data_is_answered),
        cmocka_unit_test(another_section_of_data_is_rejected),
        cmocka_unit_test(candidates_of_many_offers_are_bounded),
        cmocka_unit_test(candidates_of_a_rejected_section_are_its_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
