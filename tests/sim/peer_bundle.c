/* SPDX-License-Identifier: MIT */
/* BUNDLE (RFC 8843; RFC 9429 sections 4.1.1, 5.2.1 and 5.3.1) and associations that begin anew (RFC 8842), of whole connections: what
 * offers of each policy say, what each answer makes of them, and who goes on when a section, or the peer, is another one. */
#include "renegotiate_scene.h"

#include "data_channel.h"
#include "peer_transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rtc_peer_connection *pc_of(struct scene *s, int i)
{
    return s->p.peer[i].pc;
}

static size_t transports_of(struct scene *s, int i)
{
    return pc_of(s, i)->transports.count;
}

/* With nothing left to say, what is not needed any more is gone. */
static void expect_transports(struct scene *s, size_t count)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(transports_of(s, i), count);
        assert_int_equal(pc_of(s, i)->transports.leaving, 0);
    }
}

static void begin(struct scene *s, uint64_t seed, rtc_bundle_policy policy)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    const rtc_configuration c = {.size = sizeof c, .bundle_policy = policy};
    memset(s, 0, sizeof *s);
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&s->p, seed, &link, NULL, &c));
    s->p.manual = true;
    peer_pumps_attach(&s->pumps, &s->p);
    for (int i = 0; i < 2; i++)
        peer_log_attach(&s->p.peer[i], &s->log[i]);
}

/* A sound, a picture and a channel. */
static rtc_data_channel *add_all(struct scene *s, int i)
{
    (void)scene_add_track(s, i, RTC_MEDIA_AUDIO, NULL);
    (void)scene_add_track(s, i, RTC_MEDIA_VIDEO, NULL);
    return scene_channel(s, i);
}

static char *ungrouped(char *text)
{
    char *without = text_without_lines(text, "a=group:");
    free(text);
    return without;
}

static void answer(struct scene *s, const char *offer, bool groups)
{
    if (rtc_peer_connection_set_remote_description(pc_of(s, 1), RTC_SDP_OFFER, offer))
        fail_msg("%s", rtc_peer_connection_last_error(pc_of(s, 1)));
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, 100 * MS);
    char *text = groups ? strdup(peer_description(&s->p, 1)) : ungrouped(strdup(peer_description(&s->p, 1)));
    if (rtc_peer_connection_set_remote_description(pc_of(s, 0), RTC_SDP_ANSWER, text))
        fail_msg("%s", rtc_peer_connection_last_error(pc_of(s, 0)));
    free(text);
}

static void expect_messages(struct scene *s, rtc_data_channel *channel)
{
    rtc_data_channel *remote = s->p.peer[1].remote_channel;
    assert_non_null(remote);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    uint32_t before = remote->waiting.count;
    assert_int_equal(rtc_data_channel_send(channel, "hello", 5), RTC_OK);
    peer_run(&s->p, 3 * SECOND);
    assert_int_equal(remote->waiting.count, before + 1);
}

/* Everything flows from the one that offers. */
static void expect_all(struct scene *s, rtc_data_channel *channel)
{
    if (!sim_peers_run(&s->p, s->p.now + 5 * SECOND, sim_peers_connected, NULL))
        fail_msg("%s\n%s", s->log[0].text, rtc_peer_connection_explain(pc_of(s, 0)));
    peer_run(&s->p, SECOND);
    scene_expect_frames(s, 1, 0);
    scene_expect_frames(s, 1, 1);
    expect_messages(s, channel);
}

/* ---- Offers ---- */

static void expect_section(const char *sdp, int n, bool has_address)
{
    char *section = text_section(sdp, n);
    assert_int_equal(text_count(section, "a=candidate:") > 0, has_address);
    assert_int_equal(text_count(section, "a=bundle-only"), has_address ? 0 : 1);
    assert_int_equal(strstr(section, " 0 UDP/") != NULL, !has_address);
    free(section);
}

/* Two sounds, a picture and a channel: which of them have candidates. */
static void what_each_policy_offers(void **state)
{
    static const struct {
        rtc_bundle_policy policy;
        bool has_address[4];
        size_t transports;
    } cases[] = {
        {RTC_BUNDLE_BALANCED, {true, false, true, true}, 3},
        {RTC_BUNDLE_MAX_COMPAT, {true, true, true, true}, 4},
        {RTC_BUNDLE_MAX_BUNDLE, {true, false, false, false}, 1},
    };
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct scene s;
        begin(&s, 1 + k, cases[k].policy);
        (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
        (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
        (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
        rtc_data_channel *channel = scene_channel(&s, 0);
        assert_int_equal(transports_of(&s, 0), 1); /* that of the channel: others are made when an offer is set */
        char *offer = scene_gathered_offer(&s);
        for (int i = 0; i < 4; i++)
            expect_section(offer, i, cases[k].has_address[i]);
        assert_int_equal(text_count(offer, "a=group:BUNDLE 0 1 2 3\r\n"), 1);
        assert_int_equal(transports_of(&s, 0), cases[k].transports);
        assert_int_equal(peer_log_count(&s.log[0], "null"), 1);
        answer(&s, offer, true);
        assert_int_equal(transports_of(&s, 0), 1); /* the others leave */
        expect_all(&s, channel);
        expect_transports(&s, 1);
        char *again = scene_gathered_offer(&s);
        assert_int_equal(text_count(again, "a=bundle-only"), 0); /* RFC 9429 section 5.2.2: it is bundled */
        answer(&s, again, true);
        expect_all(&s, channel);
        expect_transports(&s, 1);
        free(again);
        free(offer);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

/* What the peer does not bundle has the transport that it was offered with; what had none is rejected. */
static void what_is_not_bundled(void **state)
{
    static const rtc_bundle_policy policies[] = {RTC_BUNDLE_BALANCED, RTC_BUNDLE_MAX_COMPAT};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct scene s;
        begin(&s, 10 + k, policies[k]);
        rtc_data_channel *channel = add_all(&s, 0);
        (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
        char *offer = ungrouped(scene_gathered_offer(&s));
        answer(&s, offer, true);
        expect_transports(&s, policies[k] == RTC_BUNDLE_BALANCED ? 3 : 4);
        expect_all(&s, channel);
        assert_int_equal(rtc_peer_connection_transceiver_count(pc_of(&s, 0)), policies[k] == RTC_BUNDLE_BALANCED ? 2 : 3);
        char *again = ungrouped(scene_gathered_offer(&s));
        answer(&s, again, true);
        expect_all(&s, channel);
        free(again);
        again = scene_gathered_offer(&s); /* the peer has learned of groups meanwhile: all move to the first */
        answer(&s, again, true);
        peer_run(&s.p, SECOND);
        expect_transports(&s, 1);
        expect_all(&s, channel);
        free(again);
        free(offer);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

/* Only the answer has no group. */
static void an_answer_without_groups(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 20, RTC_BUNDLE_MAX_BUNDLE);
    rtc_data_channel *channel = add_all(&s, 0);
    char *offer = scene_gathered_offer(&s);
    answer(&s, offer, false);
    peer_run(&s.p, SECOND);
    assert_int_equal(transports_of(&s, 0), 1);
    assert_int_equal(rtc_rtp_transceiver_direction(rtc_peer_connection_transceiver(pc_of(&s, 0), 1)), RTC_DIRECTION_STOPPED);
    scene_expect_frames(&s, 1, 0);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    free(offer);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* Sound and picture in one group, data in another. */
static void two_groups(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 21, RTC_BUNDLE_BALANCED);
    rtc_data_channel *channel = add_all(&s, 0);
    char *one = scene_gathered_offer(&s),
         *offer = text_replace(one, "a=group:BUNDLE 0 1 2\r\n", "a=group:BUNDLE 0 1\r\na=group:BUNDLE 2\r\n");
    answer(&s, offer, true);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=group:BUNDLE 0 1\r\na=group:BUNDLE 2\r\n"), 1);
    peer_run(&s.p, SECOND);
    expect_transports(&s, 2);
    expect_all(&s, channel);
    free(offer);
    offer = scene_gathered_offer(&s); /* groups stay what they are */
    assert_int_equal(text_count(offer, "a=group:BUNDLE 0 1\r\na=group:BUNDLE 2\r\n"), 1);
    answer(&s, offer, true);
    expect_all(&s, channel);
    expect_transports(&s, 2);
    free(one);
    free(offer);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* An offer that is undone leaves the one transport that there was. */
static void undone(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 22, RTC_BUNDLE_MAX_COMPAT);
    rtc_data_channel *channel = add_all(&s, 0);
    free(scene_gathered_offer(&s));
    assert_int_equal(transports_of(&s, 0), 3);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_ROLLBACK, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    assert_int_equal(transports_of(&s, 0), 1);
    char *offer = scene_gathered_offer(&s);
    answer(&s, offer, true);
    expect_all(&s, channel);
    expect_transports(&s, 1);
    free(offer);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* ---- The section that has the transport goes ---- */

static void connect_all(struct scene *s, uint64_t seed, rtc_data_channel **channel)
{
    begin(s, seed, RTC_BUNDLE_BALANCED);
    *channel = add_all(s, 0);
    char *offer = scene_gathered_offer(s);
    answer(s, offer, true);
    free(offer);
    expect_all(s, *channel);
}

static void expect_the_others(struct scene *s, rtc_data_channel *channel)
{
    peer_connect(&s->p, 5 * SECOND);
    peer_run(&s->p, 3 * SECOND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rtc_peer_connection_connection_state(pc_of(s, i)), RTC_PEER_CONNECTION_CONNECTED);
        assert_int_equal(peer_log_count(&s->log[i], "dtls:connected"), 1);
    }
    scene_expect_frames(s, 1, 0); /* the sound's transceiver left */
    expect_messages(s, channel);
    expect_transports(s, 1);
}

/* By either side: a handshake begins anew, under the same credentials, and the channel goes on over it. */
static void a_section_is_taken_over(void **state)
{
    (void)state;
    for (int stops = 0; stops < 2; stops++) {
        struct scene s;
        rtc_data_channel *channel;
        char before[64], *credentials;
        connect_all(&s, 30 + (uint64_t)stops, &channel);
        credentials = strstr(peer_description(&s.p, 0), "a=ice-ufrag:");
        (void)snprintf(before, sizeof before, "%.40s", credentials);
        *strchr(before, '\r') = 0;
        scene_forget_logs(&s);
        assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(pc_of(&s, stops), 0)), RTC_OK);
        if (stops == 0) {
            char *offer = scene_gathered_offer(&s);
            assert_int_equal(text_count(offer, before), 3);
            assert_int_equal(text_count(offer, "a=group:BUNDLE 1 2\r\n"), 1);
            char *video = text_section(offer, 1);
            assert_true(text_count(video, "a=candidate:") > 0);
            answer(&s, offer, true);
            free(video);
            free(offer);
        } else {
            peer_exchange(&s.p, 1);
        }
        expect_the_others(&s, channel);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

/* ---- Too many ---- */

static void begin_limited(struct scene *s, uint64_t seed)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    const rtc_configuration c = {.size = sizeof c, .bundle_policy = RTC_BUNDLE_MAX_COMPAT};
    const rtc_limits limits = {.size = sizeof limits, .transports = 2};
    memset(s, 0, sizeof *s);
    assert_true(sim_peers_init_limited(&s->p, seed, &link, NULL, &c, &limits));
    s->p.manual = true;
    peer_pumps_attach(&s->pumps, &s->p);
    for (int i = 0; i < 2; i++)
        peer_log_attach(&s->p.peer[i], &s->log[i]);
}

/* rtc_limits.transports: what would be one too many has no address of its own in an offer, and is rejected in one of the peer's. */
static void as_many_as_there_may_be(void **state)
{
    struct scene s;
    (void)state;
    begin_limited(&s, 70);
    rtc_data_channel *channel = add_all(&s, 0);
    char *offer = scene_gathered_offer(&s);
    assert_int_equal(transports_of(&s, 0), 2);
    assert_int_equal(text_count(offer, "a=bundle-only"), 1);
    char *apart = ungrouped(text_replace(offer, "a=bundle-only\r\n", "")), *section = text_section(apart, 2);
    char *other = text_replace(apart, "m=application 0 ", "m=application 9 ");
    assert_non_null(section);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 1), RTC_SDP_OFFER, other), RTC_OK);
    assert_int_equal(transports_of(&s, 1), 2);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    assert_int_equal(text_count(peer_description(&s.p, 1), "m=application 0 "), 1);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 0), RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    expect_transports(&s, 2);
    for (size_t n = 0; n < 2; n++)
        scene_expect_frames(&s, 1, n);
    free(section);
    free(apart);
    free(other);
    free(offer);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* All transports that there may be are those of later sections when the first one is used again: it has one more, for there is none before
 * it to share, and the peer may bundle everything onto it. */
static void a_first_section_beyond_the_limit(void **state)
{
    (void)state;
    for (int bundles = 0; bundles < 2; bundles++) {
        struct scene s;
        begin_limited(&s, 72);
        rtc_data_channel *channel = add_all(&s, 0);
        char *offer = scene_gathered_offer(&s), *apart = ungrouped(text_replace(offer, "a=bundle-only\r\n", ""));
        char *rest = text_replace(apart, "m=application 0 ", "m=application 9 "), *audio = strstr(rest, "m=audio ") + strlen("m=audio ");
        size_t digits = strspn(audio, "0123456789");
        *audio = '0';
        memmove(audio + 1, audio + digits, strlen(audio + digits) + 1);
        answer(&s, rest, false);
        assert_int_equal(text_count(peer_description(&s.p, 1), "m=audio 0 "), 1);
        assert_int_equal(text_count(peer_description(&s.p, 1), "m=application 0 "), 0);
        (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
        char *again = scene_gathered_offer(&s), *sent = bundles ? strdup(again) : ungrouped(strdup(again));
        assert_int_equal(transports_of(&s, 0), 3);
        answer(&s, sent, bundles);
        assert_int_equal(transports_of(&s, 0), bundles ? 1 : 2);
        peer_run(&s.p, 3 * SECOND);
        assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
        free(sent);
        free(again);
        free(rest);
        free(apart);
        free(offer);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

/* With other roles than those of before, as Chromium answers: the new handshake has them, and the channels go on. */
static void roles_change_when_taken_over(void **state)
{
    struct scene s;
    rtc_data_channel *channel;
    (void)state;
    connect_all(&s, 32, &channel);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=setup:active"), 3);
    scene_forget_logs(&s);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(pc_of(&s, 0), 0)), RTC_OK);
    char *offer = scene_gathered_offer(&s), *active = text_replace(offer, "a=setup:actpass", "a=setup:active");
    answer(&s, active, true);
    assert_true(text_count(peer_description(&s.p, 1), "a=setup:passive") >= 2);
    expect_the_others(&s, channel);
    for (int i = 0; i < 2; i++) {
        rtc_data_channel *more = scene_channel(&s, i);
        peer_run(&s.p, 200 * MS);
        assert_int_equal(rtc_data_channel_id(more) % 2, i); /* even ids are the client's */
        rtc_data_channel_unref(more);
    }
    free(active);
    free(offer);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* A hundred sections apart from each other take no time to speak of: what is planned grows with their number, or its square. */
static void a_hundred_sections_apart(void **state)
{
    struct scene s;
    (void)state;
    const struct sim_link link = {.delay_us = 5 * MS};
    const rtc_configuration c = {.size = sizeof c, .bundle_policy = RTC_BUNDLE_MAX_COMPAT};
    const rtc_limits limits = {.size = sizeof limits, .transports = 128};
    memset(&s, 0, sizeof s);
    assert_true(sim_peers_init_limited(&s.p, 71, &link, NULL, &c, &limits));
    s.p.manual = true;
    peer_pumps_attach(&s.pumps, &s.p);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rtc_peer_connection_add_transceiver(pc_of(&s, 0), RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(transports_of(&s, 0), 100);
    char *apart = text_without_lines(peer_description(&s.p, 0), "a=group:");
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 1), RTC_SDP_OFFER, apart), RTC_OK);
    assert_int_equal(transports_of(&s, 1), 100);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(text_count(peer_description(&s.p, 1), " 0 UDP/TLS/RTP/SAVPF "), 0);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 0), RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    assert_int_equal(transports_of(&s, 0), 100);
    free(apart);
    scene_end(&s);
}

/* The peer aborts the association before its answer comes, as Chromium does: channels wait for the other one. Without an answer that hands
 * the transport over they end, for that reason. */
static void an_abort_before_the_answer(void **state)
{
    struct scene s;
    rtc_data_channel *channel;
    struct channel_log words = {NULL, "c"};
    (void)state;
    connect_all(&s, 33, &channel);
    words.log = &s.log[0];
    channel_log_attach(channel, &words);
    peer_run(&s.p, 500 * MS); /* everything is acknowledged */
    scene_forget_logs(&s);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(pc_of(&s, 0), 0)), RTC_OK);
    char *offer = scene_gathered_offer(&s);
    struct transport *theirs = peer_first_transport(pc_of(&s, 1));
    transport_close_channels(theirs, s.p.now);
    peer_run_transport(pc_of(&s, 1), s.p.now);
    peer_run(&s.p, 100 * MS);
    assert_true(data_channels_are_adrift(transport_channels(peer_first_transport(pc_of(&s, 0)))));
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    assert_int_equal(rtc_data_channel_send_text(channel, "waits", 5), RTC_OK);
    assert_int_equal(rtc_data_channel_buffered_amount(channel), 5);
    peer_run(&s.p, 3 * SECOND);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(peer_log_count(&s.log[0], "c:error"), 1);
    assert_int_equal(peer_log_count(&s.log[0], "c:close"), 1);
    free(offer);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* ---- Another association ---- */

/* Another connection in place of peer 1, which is never heard of again. */
static void replace_peer(struct scene *s, bool says_goodbye)
{
    struct sim_peer *peer = &s->p.peer[1];
    const rtc_configuration c = {.size = sizeof c};
    rtc_data_channel_unref(peer->remote_channel);
    peer->remote_channel = NULL;
    if (says_goodbye) {
        rtc_peer_connection_close(peer->pc);
        peer_run(&s->p, SECOND);
    }
    sim_peers_replace(&s->p, 1, &c);
    peer_log_attach(peer, &s->log[1]);
}

/* Another endpoint takes over the call by an offer of its own. Its certificate is another one, so is the association. */
static void another_endpoint_takes_over(void **state)
{
    (void)state;
    for (int closed = 0; closed < 2; closed++) {
        struct scene s;
        rtc_data_channel *channel, *other;
        connect_all(&s, 40 + (uint64_t)closed, &channel);
        replace_peer(&s, closed);
        scene_forget_logs(&s);
        other = add_all(&s, 1);
        peer_exchange(&s.p, 1);
        peer_connect(&s.p, 10 * SECOND);
        peer_run(&s.p, SECOND);
        assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
        assert_int_equal(rtc_data_channel_ready_state(other), RTC_DATA_CHANNEL_OPEN);
        assert_int_equal(peer_log_count(&s.log[0], "dtls:connected"), 1);
        for (size_t n = 0; n < 2; n++) {
            scene_expect_frames(&s, 0, n);
            scene_expect_frames(&s, 1, n);
        }
        expect_transports(&s, 1);
        rtc_data_channel_unref(other);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

static void expect_taken_over(struct scene *s, rtc_data_channel *channel, rtc_data_channel *other)
{
    peer_connect(&s->p, 10 * SECOND);
    peer_run(&s->p, SECOND);
    if (channel)
        assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_data_channel_ready_state(other), RTC_DATA_CHANNEL_OPEN);
    assert_int_equal(peer_log_count(&s->log[0], "dtls:connected"), 1);
    for (size_t n = 0; n < 2; n++)
        scene_expect_frames(s, 1, n);
    expect_transports(s, 1);
}

/* The same by its answer to an offer that asks for no restart: the call is handed over by whoever carries descriptions. */
static void another_endpoint_answers(void **state)
{
    (void)state;
    for (int closed = 0; closed < 2; closed++) {
        struct scene s;
        rtc_data_channel *channel;
        connect_all(&s, 60 + (uint64_t)closed, &channel);
        replace_peer(&s, closed);
        scene_forget_logs(&s);
        rtc_data_channel *other = scene_channel(&s, 1);
        peer_exchange(&s.p, 0);
        expect_taken_over(&s, channel, other);
        rtc_data_channel_unref(other);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

/* Serial forking (RFC 9429 section 3.6): one endpoint answers provisionally, perhaps so far that media flow, and another one answers. */
static void another_endpoint_answers_a_forked_offer(void **state)
{
    (void)state;
    for (int connects = 0; connects < 2; connects++) {
        struct scene s;
        begin(&s, 62 + (uint64_t)connects, RTC_BUNDLE_BALANCED);
        rtc_data_channel *channel = add_all(&s, 0);
        char *offer = scene_gathered_offer(&s);
        assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 1), RTC_SDP_OFFER, offer), RTC_OK);
        assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 1), RTC_SDP_PRANSWER, NULL), RTC_OK);
        peer_run(&s.p, 100 * MS);
        assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 0), RTC_SDP_PRANSWER, peer_description(&s.p, 1)), RTC_OK);
        peer_run(&s.p, connects ? SECOND : 0);
        assert_int_equal(peer_log_count(&s.log[0], "dtls:connected"), connects);
        replace_peer(&s, false);
        scene_forget_logs(&s);
        rtc_data_channel *other = scene_channel(&s, 1);
        answer(&s, offer, true);
        expect_taken_over(&s, NULL, other);
        free(offer);
        rtc_data_channel_unref(other);
        rtc_data_channel_unref(channel);
        scene_end(&s);
    }
}

/* What is not a restart can not be another association; and a role that is said must be the one that is had. */
static void what_takes_a_restart(void **state)
{
    struct scene s;
    rtc_data_channel *channel;
    (void)state;
    connect_all(&s, 50, &channel);
    char *offer = scene_gathered_offer(&s), *active = text_replace(offer, "a=setup:actpass", "a=setup:active"),
         *passive = text_replace(offer, "a=setup:actpass", "a=setup:passive");
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 1), RTC_SDP_OFFER, active), RTC_ERR_INVALID_ACCESS);
    assert_non_null(strstr(rtc_peer_connection_last_error(pc_of(&s, 1)), "a=setup"));
    assert_int_equal(rtc_peer_connection_signaling_state(pc_of(&s, 1)), RTC_SIGNALING_STABLE);
    answer(&s, passive, true); /* as it is: the one that answered first is active */
    expect_all(&s, channel);
    free(offer);
    free(active);
    free(passive);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* An offer that restarts may have the roles changed: the handshake begins anew. */
static void roles_change_with_a_restart(void **state)
{
    struct scene s;
    rtc_data_channel *channel;
    (void)state;
    connect_all(&s, 51, &channel);
    assert_int_equal(rtc_peer_connection_restart_ice(pc_of(&s, 0)), RTC_OK);
    char *offer = scene_gathered_offer(&s), *active = text_replace(offer, "a=setup:actpass", "a=setup:active");
    scene_forget_logs(&s);
    answer(&s, active, true);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=setup:passive"), 3);
    peer_run(&s.p, SECOND);
    peer_connect(&s.p, 5 * SECOND);
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(peer_log_count(&s.log[0], "dtls:connected"), 1);
    scene_expect_frames(&s, 1, 0);
    scene_expect_frames(&s, 1, 1);
    free(offer);
    free(active);
    rtc_data_channel_unref(channel);
    scene_end(&s);
}

/* A transport that is not needed any more is closed, though the connection closes before that could be told. */
static void left_and_closed(void **state)
{
    struct scene s;
    (void)state;
    for (int later = 0; later < 2; later++) {
        begin(&s, 40, RTC_BUNDLE_BALANCED);
        rtc_data_channel *channel = add_all(&s, 0);
        assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
        peer_run(&s.p, 100 * MS);
        assert_int_equal(pc_of(&s, 0)->transports.count, 3);
        rtc_dtls_transport *dtls = rtc_dtls_transport_ref(dtls_transport_of(pc_of(&s, 0)->transports.items[1]));
        const rtc_ice_transport *ice = rtc_dtls_transport_ice_transport(dtls);
        char *offer = strdup(peer_description(&s.p, 0));
        answer(&s, offer, true);
        assert_int_equal(pc_of(&s, 0)->transports.count, 1);
        if (later)
            peer_run(&s.p, SECOND);
        rtc_peer_connection_close(pc_of(&s, 0));
        assert_int_equal(rtc_dtls_transport_get_state(dtls), RTC_DTLS_TRANSPORT_CLOSED);
        assert_int_equal(rtc_ice_transport_get_state(ice), RTC_ICE_TRANSPORT_CLOSED);
        free(offer);
        rtc_data_channel_unref(channel);
        scene_end(&s);
        assert_int_equal(rtc_ice_transport_get_state(ice), RTC_ICE_TRANSPORT_CLOSED);
        rtc_dtls_transport_unref(dtls);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_each_policy_offers),
        cmocka_unit_test(what_is_not_bundled),
        cmocka_unit_test(an_answer_without_groups),
        cmocka_unit_test(two_groups),
        cmocka_unit_test(undone),
        cmocka_unit_test(a_section_is_taken_over),
        cmocka_unit_test(as_many_as_there_may_be),
        cmocka_unit_test(a_first_section_beyond_the_limit),
        cmocka_unit_test(a_hundred_sections_apart),
        cmocka_unit_test(roles_change_when_taken_over),
        cmocka_unit_test(an_abort_before_the_answer),
        cmocka_unit_test(another_endpoint_takes_over),
        cmocka_unit_test(another_endpoint_answers),
        cmocka_unit_test(another_endpoint_answers_a_forked_offer),
        cmocka_unit_test(what_takes_a_restart),
        cmocka_unit_test(roles_change_with_a_restart),
        cmocka_unit_test(left_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
