/* SPDX-License-Identifier: MIT */
/* a=sctp-init in offers and answers (SNAP, draft-hancke-tsvwg-snap): who says it when, that it stays what it was, and what follows when one
 * side has none, or one that can not be read. */
#include "renegotiate_scene.h"

#include "../unit/counting_allocator.h"
#include "data_channel.h"
#include "peer.h"
#include "transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const rtc_configuration offers = {.size = sizeof offers, .offer_sctp_init = true};

struct value {
    char text[800]; /* "": none */
};

static struct value value_in(const char *sdp)
{
    struct value value = {""};
    const char *at = strstr(sdp, "a=sctp-init:");
    if (at)
        (void)snprintf(value.text, sizeof value.text, "%.*s", (int)strcspn(at + 12, "\r\n"), at + 12);
    assert_int_equal(text_count(sdp, "a=sctp-init:"), at ? 1 : 0);
    return value;
}

static struct value value_of(struct scene *s, int index)
{
    return value_in(peer_description(&s->p, index));
}

static rtc_peer_connection *pc_of(struct scene *s, int index)
{
    return s->p.peer[index].pc;
}

static void begin(struct scene *s, uint64_t seed, bool first, bool second)
{
    const bool wants[] = {first, second};
    scene_begin(s, seed);
    for (int i = 0; i < 2; i++)
        if (wants[i]) {
            sim_peers_replace(&s->p, i, &offers);
            peer_log_attach(&s->p.peer[i], &s->log[i]);
        }
}

static void expect_message(struct scene *s, rtc_data_channel *channel)
{
    rtc_data_channel *remote = s->p.peer[1].remote_channel;
    assert_non_null(remote);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    uint32_t before = remote->waiting.count;
    assert_int_equal(rtc_data_channel_send_text(channel, "hello", 5), RTC_OK);
    peer_run(&s->p, SECOND);
    assert_int_equal(remote->waiting.count, before + 1);
}

/* Microseconds from here until the channel of peer 0 is open. */
static rtc_time_t opens_after(struct scene *s, rtc_data_channel *channel)
{
    rtc_time_t begun = s->p.now;
    while (rtc_data_channel_ready_state(channel) != RTC_DATA_CHANNEL_OPEN && s->p.now - begun < 10 * SECOND)
        peer_run(&s->p, MS);
    return s->p.now - begun;
}

/* The link takes 5 ms each way. An answerer's channel, too, which opens when the DTLS server is ready, or with the client's last flight. */
static void a_round_trip_less(void **state)
{
    rtc_time_t took[2];
    (void)state;
    for (int snap = 0; snap < 2; snap++) {
        struct scene s;
        begin(&s, 1, snap, false);
        rtc_data_channel *channel = scene_channel(&s, 0);
        peer_exchange(&s.p, 0);
        took[snap] = opens_after(&s, channel);
        assert_int_equal(value_of(&s, 0).text[0] != 0, snap);
        assert_int_equal(value_of(&s, 1).text[0] != 0, snap);
        assert_string_equal(rtc_sctp_transport_state_name(rtc_sctp_transport_get_state(rtc_peer_connection_sctp(pc_of(&s, 0)))),
                            "connected");
        peer_run(&s.p, 100 * MS);
        expect_message(&s, channel);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
    assert_true(took[1] + 10 * MS <= took[0]);
}

static void connect(struct scene *s, rtc_data_channel **channel)
{
    *channel = scene_channel(s, 0);
    peer_exchange(&s->p, 0);
    peer_connect(&s->p, 5 * SECOND);
    peer_run(&s->p, 500 * MS);
    expect_message(s, *channel);
}

static void expect_values(struct scene *s, const struct value values[2])
{
    for (int i = 0; i < 2; i++)
        assert_string_equal(value_of(s, i).text, values[i].text);
}

/* Whoever offers, and whatever else changes. */
static void later_descriptions(void **state)
{
    struct scene s;
    rtc_data_channel *channel;
    const char *text;
    (void)state;
    begin(&s, 2, true, false);
    channel = scene_channel(&s, 0);
    assert_int_equal(rtc_peer_connection_create_offer(pc_of(&s, 0), &text), RTC_OK);
    struct value created = value_in(text);
    assert_int_equal(rtc_peer_connection_create_offer(pc_of(&s, 0), &text), RTC_OK);
    assert_string_equal(value_in(text).text, created.text);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 500 * MS);
    struct value values[2] = {value_of(&s, 0), value_of(&s, 1)};
    assert_string_equal(values[0].text, created.text);
    assert_string_not_equal(values[0].text, values[1].text);
    for (int offerer = 0; offerer < 2; offerer++) {
        scene_add_track(&s, offerer, RTC_MEDIA_AUDIO, NULL);
        peer_exchange(&s.p, offerer);
        expect_values(&s, values);
        assert_int_equal(rtc_peer_connection_restart_ice(pc_of(&s, offerer)), RTC_OK);
        peer_exchange(&s.p, offerer);
        peer_run(&s.p, SECOND);
        expect_values(&s, values);
        expect_message(&s, channel);
    }
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* Undone, and offered again an hour later. */
static void undone(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 3, true, false);
    rtc_data_channel *channel = scene_channel(&s, 0);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    struct value before = value_of(&s, 0);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_ROLLBACK, NULL), RTC_OK);
    peer_run(&s.p, 3600 * SECOND);
    peer_exchange(&s.p, 0);
    assert_string_equal(value_of(&s, 0).text, before.text);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    expect_message(&s, channel);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* Peer 1's answer is changed: by `with` in place of its value; NULL: the line is gone. */
static void answer_changed(struct scene *s, const char *with)
{
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, 50 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(s, 1), RTC_SDP_OFFER, peer_description(&s->p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, 50 * MS);
    const char *answer = peer_description(&s->p, 1);
    struct value said = value_in(answer);
    char *changed = with ? text_replace(answer, said.text, with) : text_without_lines(answer, "a=sctp-init:");
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(s, 0), RTC_SDP_ANSWER, changed), RTC_OK);
    free(changed);
}

/* The answerer believes in it, and is brought back by the offerer's handshake. */
static void what_an_answer_says_wrong(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct scene s;
        begin(&s, 4, true, false);
        rtc_data_channel *channel = scene_channel(&s, 0);
        const char *offer;
        assert_int_equal(rtc_peer_connection_create_offer(pc_of(&s, 0), &offer), RTC_OK);
        const struct value own = value_in(offer);
        const char *const wrong[] = {NULL, "no base64!", "AQAA", "AQAAFAAAAAAAAQAAAAEAAQAAAAE=" /* without a tag */, own.text};
        answer_changed(&s, wrong[i]);
        peer_connect(&s.p, 5 * SECOND);
        peer_run(&s.p, SECOND);
        expect_message(&s, channel);
        /* An association that shook hands has none, while it lasts. */
        assert_int_equal(rtc_peer_connection_create_offer(pc_of(&s, 0), &offer), RTC_OK);
        if (i == 0)
            assert_string_equal(value_in(offer).text, "");
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

/* What an offer says is answered only where it can be read. */
static void what_an_offer_says_wrong(void **state)
{
    static const char *const wrong[] = {"", "====", "AQAAFAAAAAAAAQAAAAEAAQAAAAE=", "AQAAFAAAAAEAAQAAAAAAAQAAAAE="};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct scene s;
        begin(&s, 5, true, false);
        rtc_data_channel *channel = scene_channel(&s, 0);
        char *offer = scene_gathered_offer(&s);
        struct value said = value_in(offer);
        scene_exchange_changed(&s, text_replace(offer, said.text, wrong[i]));
        assert_string_equal(value_of(&s, 1).text, "");
        peer_connect(&s.p, 5 * SECOND);
        peer_run(&s.p, SECOND);
        expect_message(&s, channel);
        free(offer);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

static void only_who_is_told_to_offers_it(void **state)
{
    struct scene s;
    rtc_data_channel *channel;
    (void)state;
    begin(&s, 6, false, true);
    connect(&s, &channel);
    for (int i = 0; i < 2; i++)
        assert_string_equal(value_of(&s, i).text, "");
    peer_exchange(&s.p, 1); /* nor when the other one offers, for the association that there is */
    for (int i = 0; i < 2; i++)
        assert_string_equal(value_of(&s, i).text, "");
    expect_message(&s, channel);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* Another section takes the transport over: the association goes on over other DTLS, or begins anew by a handshake, as before. */
static void another_section(void **state)
{
    (void)state;
    for (int stops = 0; stops < 2; stops++) {
        struct scene s;
        rtc_data_channel *channel;
        begin(&s, 7, true, true);
        scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
        connect(&s, &channel);
        assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(pc_of(&s, stops), 0)), RTC_OK);
        peer_exchange(&s.p, stops);
        for (int i = 0; i < 2; i++)
            assert_string_equal(value_of(&s, i).text, "");
        peer_run(&s.p, 2 * SECOND);
        expect_message(&s, channel);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

/* What was prepared is for the port that everybody has (5000): an offer of another one is not answered with it. */
static void another_port(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 13, true, false);
    rtc_data_channel *channel = scene_channel(&s, 0);
    char *offer = scene_gathered_offer(&s);
    scene_exchange_changed(&s, text_replace(offer, "a=sctp-port:5000", "a=sctp-port:5001"));
    assert_string_equal(value_of(&s, 1).text, "");
    free(offer);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* Another endpoint takes the call over by its offer: another association, with another chunk. */
static void another_endpoint(void **state)
{
    struct scene s;
    rtc_data_channel *channel, *other;
    (void)state;
    begin(&s, 8, true, false);
    connect(&s, &channel);
    struct value before = value_of(&s, 0);
    rtc_data_channel_unref(s.p.peer[1].remote_channel);
    s.p.peer[1].remote_channel = NULL;
    sim_peers_replace(&s.p, 1, &offers);
    peer_log_attach(&s.p.peer[1], &s.log[1]);
    other = scene_channel(&s, 1);
    peer_exchange(&s.p, 1);
    peer_run(&s.p, 5 * SECOND);
    assert_true(value_of(&s, 0).text[0] != 0);
    assert_string_not_equal(value_of(&s, 0).text, before.text);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_ready_state(other), RTC_DATA_CHANNEL_OPEN);
    rtc_data_channel_unref(other);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* A provisional answer begins it, and the final one changes nothing. */
static void provisional(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 9, true, false);
    rtc_data_channel *channel = scene_channel(&s, 0);
    char *offer = scene_gathered_offer(&s);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 1), RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 1), RTC_SDP_PRANSWER, NULL), RTC_OK);
    peer_run(&s.p, 50 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 0), RTC_SDP_PRANSWER, peer_description(&s.p, 1)), RTC_OK);
    peer_run(&s.p, 500 * MS);
    struct value early = value_of(&s, 1);
    expect_message(&s, channel);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 1), RTC_SDP_ANSWER, NULL), RTC_OK);
    assert_string_equal(value_of(&s, 1).text, early.text);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 0), RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    expect_message(&s, channel);
    free(offer);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* Both offer at once, and one gives way. */
static void glare(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 10, true, true);
    rtc_data_channel *channels[] = {scene_channel(&s, 0), scene_channel(&s, 1)};
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    struct value given_up = value_of(&s, 1);
    peer_exchange(&s.p, 0);
    assert_string_equal(value_of(&s, 1).text, given_up.text);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rtc_data_channel_ready_state(channels[i]), RTC_DATA_CHANNEL_OPEN);
        rtc_data_channel_unref(channels[i]);
    }
    scene_end(&s);
}

/* Every allocation fails in turn: the call says so and nothing has changed, or there is a handshake; nothing leaks. */
static bool survives(long long point)
{
    struct counting_allocator counter = {.fail_at = 0};
    rtc_allocator allocator = counting_allocator_of(&counter);
    struct sim_peers p;
    const struct sim_link link = {.delay_us = 5 * MS};
    rtc_data_channel *channel;
    assert_true(sim_peers_init(&p, 11, &link, &allocator, &offers));
    p.manual = true;
    assert_int_equal(rtc_peer_connection_create_data_channel(p.peer[0].pc, "a", 1, NULL, &channel), RTC_OK);
    atomic_store(&counter.fail_at, atomic_load(&counter.calls) + point);
    const char *text;
    int error = rtc_peer_connection_create_offer(p.peer[0].pc, &text);
    if (error)
        assert_int_equal(error, RTC_ERR_NO_MEMORY);
    bool failed = atomic_load(&counter.failed) > 0;
    atomic_store(&counter.fail_at, 0);
    peer_exchange(&p, 0);
    peer_connect(&p, 5 * SECOND);
    peer_run(&p, SECOND);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    rtc_data_channel_unref(channel);
    sim_peers_fini(&p);
    assert_int_equal(counting_left(&counter), 0);
    return failed;
}

static void without_memory(void **state)
{
    (void)state;
    for (long long point = 1; survives(point); point++)
        continue;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_trip_less),
        cmocka_unit_test(later_descriptions),
        cmocka_unit_test(undone),
        cmocka_unit_test(what_an_answer_says_wrong),
        cmocka_unit_test(what_an_offer_says_wrong),
        cmocka_unit_test(only_who_is_told_to_offers_it),
        cmocka_unit_test(another_section),
        cmocka_unit_test(another_port),
        cmocka_unit_test(another_endpoint),
        cmocka_unit_test(provisional),
        cmocka_unit_test(glare),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("a=sctp-init", tests, NULL, NULL);
}
