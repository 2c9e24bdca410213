/* SPDX-License-Identifier: MIT */
/* A section of data that was rejected, and channels that are made later (RFC 9429 sections 5.2.2 and 5.3.1, webrtc-pc 4.7.3): the section
 * is offered again when a channel wants it, in the same place and under another mid, and not before. */
#include "renegotiate_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN "UDP/DTLS/SCTP something-else"
#define KNOWN "UDP/DTLS/SCTP webrtc-datachannel"

static rtc_peer_connection *pc_of(const struct scene *s, int index)
{
    return s->p.peer[index].pc;
}

/* An offer of peer 0 whose section of data peer 1 does not know, and rejects. */
static void exchange_unknown(struct scene *s)
{
    char *offer = scene_gathered_offer(s);
    assert_int_equal(text_count(offer, KNOWN), 1);
    scene_exchange_changed(s, text_replace(offer, KNOWN, UNKNOWN));
    free(offer);
}

static void expect_state(const rtc_data_channel *channel, rtc_data_channel_state state)
{
    assert_int_equal(rtc_data_channel_ready_state(channel), state);
}

static void expect_needed(struct scene *s, int index, int count)
{
    peer_run(&s->p, 100 * MS);
    assert_int_equal(peer_log_count(&s->log[index], "needed"), count);
    assert_int_equal(rtc_peer_connection_negotiation_needed(pc_of(s, index)), count > 0);
    scene_forget_logs(s);
}

/* Peer 0 asks for a channel, which peer 1 rejects; nobody asks again by itself. Sound comes first when there is any, in section 0. */
static void begin_rejected(struct scene *s, uint64_t seed, bool sound)
{
    scene_begin(s, seed);
    if (sound)
        (void)scene_add_track(s, 0, RTC_MEDIA_AUDIO, NULL);
    rtc_data_channel *channel = scene_channel(s, 0);
    exchange_unknown(s);
    peer_run(&s->p, SECOND);
    expect_state(channel, RTC_DATA_CHANNEL_CLOSED);
    assert_null(rtc_peer_connection_sctp(pc_of(s, 0)));
    assert_null(rtc_peer_connection_sctp(pc_of(s, 1)));
    scene_forget_logs(s);
    expect_needed(s, 0, 0);
    rtc_data_channel_unref(channel);
}

static void expect_open(struct scene *s, rtc_data_channel *channel)
{
    peer_connect(&s->p, 5 * SECOND);
    peer_run(&s->p, SECOND);
    expect_state(channel, RTC_DATA_CHANNEL_OPEN);
    assert_int_equal(peer_log_count(&s->log[0], "channel") + peer_log_count(&s->log[1], "channel"), 1);
    assert_int_equal(rtc_data_channel_send(channel, "x", 1), RTC_OK);
    peer_run(&s->p, 100 * MS);
}

/* ---- Who offered ---- */

static void it_is_offered_again(bool sound)
{
    struct scene s;
    begin_rejected(&s, 1, sound);
    const char *mid = sound ? "a=mid:1" : "a=mid:0", *next = sound ? "a=mid:2" : "a=mid:1";
    peer_exchange(&s.p, 0); /* nobody wants it */
    assert_int_equal(text_count(peer_description(&s.p, 0), "m=application 0 "), 1);
    assert_int_equal(text_count(peer_description(&s.p, 0), mid), 1);
    rtc_data_channel *later = scene_channel(&s, 0);
    expect_state(later, RTC_DATA_CHANNEL_CONNECTING);
    expect_needed(&s, 0, 1);
    peer_exchange(&s.p, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(text_count(peer_description(&s.p, i), "m="), sound ? 2 : 1);
        assert_int_equal(text_count(peer_description(&s.p, i), "m=application 0 "), 0);
        assert_int_equal(text_count(peer_description(&s.p, i), next), 1);
        assert_non_null(rtc_peer_connection_sctp(pc_of(&s, i)));
    }
    expect_open(&s, later);
    if (sound)
        scene_expect_frames(&s, 1, 0);
    rtc_data_channel_unref(later);
    scene_end(&s);
}

static void it_is_offered_again_alone(void **state)
{
    (void)state;
    it_is_offered_again(false);
}

static void it_is_offered_again_beside_sound(void **state)
{
    (void)state;
    it_is_offered_again(true);
}

/* Each wish is asked once. */
static void it_may_be_rejected_again(void **state)
{
    struct scene s;
    (void)state;
    begin_rejected(&s, 2, true);
    for (int i = 0; i < 3; i++) {
        rtc_data_channel *channel = scene_channel(&s, 0);
        expect_needed(&s, 0, 1);
        exchange_unknown(&s);
        expect_needed(&s, 0, 0);
        expect_state(channel, RTC_DATA_CHANNEL_CLOSED);
        assert_int_equal(text_count(peer_description(&s.p, 0), "m="), 2);
        rtc_data_channel_unref(channel);
    }
    scene_end(&s);
}

/* What others exchange meanwhile repeats the rejected section, and is no answer to the wish. */
static void a_channel_waits_for_an_offer_of_its_own(void **state)
{
    struct scene s;
    (void)state;
    begin_rejected(&s, 3, true);
    rtc_data_channel *later = scene_channel(&s, 0);
    expect_needed(&s, 0, 1);
    (void)scene_add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    expect_needed(&s, 1, 1);
    peer_exchange(&s.p, 1);
    expect_state(later, RTC_DATA_CHANNEL_CONNECTING);
    expect_needed(&s, 0, 1);
    peer_exchange(&s.p, 0);
    expect_open(&s, later);
    rtc_data_channel_unref(later);
    scene_end(&s);
}

/* RFC 9429 section 5.2.2: a transceiver comes first; the section of data is then a new one. */
static void a_transceiver_takes_the_place(void **state)
{
    struct scene s;
    (void)state;
    begin_rejected(&s, 4, true);
    rtc_data_channel *later = scene_channel(&s, 0);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    assert_int_equal(text_count(peer_description(&s.p, 0), "m="), 3);
    char *second = text_section(peer_description(&s.p, 0), 1), *third = text_section(peer_description(&s.p, 0), 2);
    assert_int_equal(text_count(second, "m=video "), 1);
    assert_int_equal(text_count(third, "m=application "), 1);
    expect_open(&s, later);
    scene_expect_frames(&s, 1, 1);
    free(second);
    free(third);
    rtc_data_channel_unref(later);
    scene_end(&s);
}

/* ---- Offers that are made anew, and taken back ---- */

/* One that waits has the place, which nothing else takes; taken back, the place is free again. */
static void an_offer_that_waits_keeps_it(void **state)
{
    struct scene s;
    const char *sdp;
    (void)state;
    begin_rejected(&s, 5, true);
    rtc_data_channel *later = scene_channel(&s, 0);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
        assert_non_null(rtc_peer_connection_sctp(pc_of(&s, 0)));
        if (round == 0)
            (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
        assert_int_equal(rtc_peer_connection_create_offer(pc_of(&s, 0), &sdp), RTC_OK);
        assert_int_equal(text_count(sdp, "m=application 0 "), 0);
        assert_int_equal(text_count(sdp, "m=application "), 1);
        assert_int_equal(text_count(sdp, "m=video "), 1);
        if (round > 0)
            break;
        assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_ROLLBACK, NULL), RTC_OK);
        assert_null(rtc_peer_connection_sctp(pc_of(&s, 0)));
        expect_state(later, RTC_DATA_CHANNEL_CONNECTING);
    }
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_ROLLBACK, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    expect_open(&s, later);
    rtc_data_channel_unref(later);
    scene_end(&s);
}

/* ---- The other side ---- */

/* Who rejected asks by itself: the place is used again by its offer. */
static void who_rejected_asks(void **state)
{
    struct scene s;
    (void)state;
    begin_rejected(&s, 6, true);
    rtc_data_channel *own = scene_channel(&s, 1);
    expect_needed(&s, 1, 1);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(text_count(peer_description(&s.p, 1), "m="), 2);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 0), RTC_SDP_OFFER, peer_description(&s.p, 1)), RTC_OK);
    assert_non_null(rtc_peer_connection_sctp(pc_of(&s, 0)));
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 1), RTC_SDP_ANSWER, peer_description(&s.p, 0)), RTC_OK);
    expect_open(&s, own);
    rtc_data_channel_unref(own);
    scene_end(&s);
}

/* Both wish for one, and one offer serves both. */
static void both_ask(void **state)
{
    struct scene s;
    (void)state;
    begin_rejected(&s, 7, false);
    rtc_data_channel *channel[2] = {scene_channel(&s, 0), scene_channel(&s, 1)};
    peer_exchange(&s.p, 1);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    for (int i = 0; i < 2; i++) {
        expect_state(channel[i], RTC_DATA_CHANNEL_OPEN);
        assert_false(rtc_peer_connection_negotiation_needed(pc_of(&s, i)));
        rtc_data_channel_unref(channel[i]);
    }
    scene_end(&s);
}

/* A section of an application that is none of ours is rejected; it says nothing of a channel that waits here. */
static void what_is_no_data_ends_nothing(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 8);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    rtc_data_channel *foreign = scene_channel(&s, 0), *own = scene_channel(&s, 1);
    exchange_unknown(&s);
    peer_run(&s.p, 100 * MS);
    expect_state(foreign, RTC_DATA_CHANNEL_CLOSED);
    expect_state(own, RTC_DATA_CHANNEL_CONNECTING);
    assert_true(rtc_peer_connection_negotiation_needed(pc_of(&s, 1)));
    scene_forget_logs(&s);
    peer_exchange(&s.p, 1);
    expect_open(&s, own);
    rtc_data_channel_unref(own);
    rtc_data_channel_unref(foreign);
    scene_end(&s);
}

/* ---- After there was one ---- */

/* Peer 1's offer as peer 0 gets it: without the section of data, the second one. */
static void exchange_ending(struct scene *s)
{
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    char *section = text_section(peer_description(&s->p, 1), 1), port[32] = {0};
    assert_int_equal(sscanf(section, "m=application %20s", port), 1);
    char *line = calloc(1, 64), *grouped = text_replace(peer_description(&s->p, 1), "a=group:BUNDLE 0 1", "a=group:BUNDLE 0");
    (void)snprintf(line, 64, "m=application %s ", port);
    char *rejected = text_replace(grouped, line, "m=application 0 ");
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(s, 0), RTC_SDP_OFFER, rejected), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(s, 1), RTC_SDP_ANSWER, peer_description(&s->p, 0)), RTC_OK);
    free(rejected);
    free(grouped);
    free(line);
    free(section);
}

/* An association ended with its section: a channel that is made at once, or later, asks for another. */
static void after_an_association(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 9);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    rtc_data_channel *first = scene_channel(&s, 0);
    peer_exchange(&s.p, 0);
    expect_open(&s, first);
    rtc_sctp_transport *before = rtc_sctp_transport_ref(rtc_peer_connection_sctp(pc_of(&s, 0)));
    exchange_ending(&s);
    scene_forget_logs(&s);
    rtc_data_channel *later = scene_channel(&s, 0);
    expect_needed(&s, 0, 1);
    expect_state(first, RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_sctp_transport_get_state(before), RTC_SCTP_TRANSPORT_CLOSED);
    expect_state(later, RTC_DATA_CHANNEL_CONNECTING);
    peer_exchange(&s.p, 0);
    expect_open(&s, later);
    assert_ptr_not_equal(rtc_peer_connection_sctp(pc_of(&s, 0)), before);
    scene_expect_frames(&s, 1, 0);
    rtc_sctp_transport_unref(before);
    rtc_data_channel_unref(later);
    rtc_data_channel_unref(first);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_offered_again_alone),
        cmocka_unit_test(it_is_offered_again_beside_sound),
        cmocka_unit_test(it_may_be_rejected_again),
        cmocka_unit_test(a_channel_waits_for_an_offer_of_its_own),
        cmocka_unit_test(a_transceiver_takes_the_place),
        cmocka_unit_test(an_offer_that_waits_keeps_it),
        cmocka_unit_test(who_rejected_asks),
        cmocka_unit_test(both_ask),
        cmocka_unit_test(what_is_no_data_ends_nothing),
        cmocka_unit_test(after_an_association),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
