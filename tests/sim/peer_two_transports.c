/* SPDX-License-Identifier: MIT */
/* Connections with two transports on each side, as between peers that do not bundle: the first carries the media, the second the data. */
#include "peer_pump.h"

#include "../unit/counting_allocator.h"
#include "data_channel.h"
#include "peer_transport.h"

#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_log log[2];
    struct peer_pumps pumps;
    struct peer_sink sink;
    rtc_data_channel *channel;
    uint32_t messages[2];
};

static struct transport *first(const struct scene *s, int i)
{
    return s->p.peer[i].pc->transports.items[0];
}

static struct transport *second(const struct scene *s, int i)
{
    return s->p.peer[i].pc->transports.items[1];
}

/* ---- Descriptions ---- */

static int set(struct scene *s, int i, rtc_sdp_type type, int from)
{
    char *text = text_without_lines(peer_description(&s->p, from), "a=group:");
    int error = text ? rtc_peer_connection_set_remote_description(s->p.peer[i].pc, type, text) : RTC_ERR_NO_MEMORY;
    free(text);
    return error;
}

/* As a peer that never heard of BUNDLE has them. */
static int negotiate(struct scene *s)
{
    int error = rtc_peer_connection_set_local_description(s->p.peer[0].pc, RTC_SDP_NONE, NULL);
    (void)sim_peers_run(&s->p, s->p.now + 50 * MS, NULL, NULL);
    if (!error)
        error = set(s, 1, RTC_SDP_OFFER, 0);
    if (!error)
        error = rtc_peer_connection_set_local_description(s->p.peer[1].pc, RTC_SDP_NONE, NULL);
    (void)sim_peers_run(&s->p, s->p.now + 50 * MS, NULL, NULL);
    return error ? error : set(s, 0, RTC_SDP_ANSWER, 1);
}

/* ---- What goes through them ---- */

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    uint32_t *messages = user;
    (void)channel;
    (void)text;
    (void)data;
    (void)len;
    ++*messages;
}

static const rtc_data_channel_callbacks counts = {.size = sizeof counts, .on_message = on_message};

static void talk(struct scene *s)
{
    rtc_data_channel *remote = s->p.peer[1].remote_channel;
    uint32_t before[2] = {s->messages[0], s->messages[1]};
    assert_int_equal(rtc_data_channel_send(s->channel, "hello", 5), RTC_OK);
    assert_int_equal(rtc_data_channel_send(remote, "good day", 8), RTC_OK);
    peer_run(&s->p, SECOND);
    for (int i = 0; i < 2; i++)
        assert_int_equal(s->messages[i], before[i] + 1);
}

/* Pictures come all the time. */
static void watch(struct scene *s)
{
    uint64_t before = s->sink.decodable;
    peer_run(&s->p, SECOND);
    assert_true(s->sink.decodable > before + 10);
}

static int open_channel(struct scene *s)
{
    int error = rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "chat", 4, NULL, &s->channel);
    if (!error)
        rtc_data_channel_set_callbacks(s->channel, &counts, &s->messages[0]);
    return error;
}

static int start_media(struct scene *s)
{
    peer_pumps_attach(&s->pumps, &s->p);
    struct peer_pump *pump = peer_pump_new(&s->pumps, &s->p, RTC_MEDIA_VIDEO);
    return pump ? rtc_peer_connection_add_track(s->p.peer[0].pc, pump->track, NULL, 0, NULL) : RTC_ERR_NO_MEMORY;
}

static void begin(struct scene *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    for (int i = 0; i < 2; i++)
        peer_log_attach(&s->p.peer[i], &s->log[i]);
    assert_int_equal(start_media(s), RTC_OK);
    assert_int_equal(open_channel(s), RTC_OK);
}

static void connect(struct scene *s, uint64_t seed)
{
    begin(s, seed);
    assert_int_equal(negotiate(s), RTC_OK);
    peer_connect(&s->p, 10 * SECOND);
    assert_int_equal(peer_sink_attach(&s->sink, &s->p, peer_remote_track(&s->p, 1, 0)), RTC_OK);
    peer_run(&s->p, SECOND);
    assert_non_null(s->p.peer[1].remote_channel);
    rtc_data_channel_set_callbacks(s->p.peer[1].remote_channel, &counts, &s->messages[1]);
}

static void end(struct scene *s)
{
    if (s->sink.track)
        peer_sink_fini(&s->sink);
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->p);
    peer_pumps_fini(&s->pumps);
}

static bool of_second(struct sim_peers *p, int index, const struct packet *packet)
{
    const struct transport *t = peer_transports_at(&p->peer[index].pc->transports, 1);
    return t && transport_ice_has_socket(t, packet->path.socket);
}

static void cut_second(struct sim_peers *p, bool cut)
{
    p->loses = cut ? of_second : NULL;
}

/* ---- Tests ---- */

/* The connection is as far as the one that is behind: until the second one is connected, it is not. */
static void states_are_of_both(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1);
    cut_second(&s.p, true);
    assert_int_equal(negotiate(&s), RTC_OK);
    peer_run(&s.p, 2 * SECOND);
    for (int i = 0; i < 2; i++) {
        const rtc_peer_connection *pc = s.p.peer[i].pc;
        assert_int_equal(dtls_state(transport_dtls(first(&s, i))), DTLS_CONNECTED);
        assert_int_equal(rtc_peer_connection_connection_state(pc), RTC_PEER_CONNECTION_CONNECTING);
        assert_int_equal(rtc_peer_connection_ice_connection_state(pc), RTC_ICE_CONNECTION_CHECKING);
        assert_int_equal(rtc_peer_connection_ice_gathering_state(pc), RTC_ICE_GATHERING_COMPLETE);
        assert_int_equal(peer_log_count(&s.log[i], "null"), 1);
    }
    cut_second(&s.p, false);
    peer_run(&s.p, 4 * SECOND);
    for (int i = 0; i < 2; i++) {
        const rtc_peer_connection *pc = s.p.peer[i].pc;
        assert_int_equal(rtc_peer_connection_connection_state(pc), RTC_PEER_CONNECTION_CONNECTED);
        assert_in_range(rtc_peer_connection_ice_connection_state(pc), RTC_ICE_CONNECTION_CONNECTED, RTC_ICE_CONNECTION_COMPLETED);
        assert_int_equal(peer_log_count(&s.log[i], "connection:connected"), 1);
        assert_int_equal(peer_log_count(&s.log[i], "dtls:connected"), 1);
    }
    end(&s);
}

static void media_over_one_and_data_over_the_other(void **state)
{
    struct scene s;
    (void)state;
    connect(&s, 2);
    watch(&s);
    talk(&s);
    for (int i = 0; i < 2; i++) {
        assert_null(transport_channels(first(&s, i)));
        assert_null(transport_media(second(&s, i)));
        assert_true(transport_counters(second(&s, i))->packets_received > 5);
        assert_int_equal(transport_counters(first(&s, i))->unknown + transport_counters(second(&s, i))->unknown, 0);
        assert_int_equal(transport_counters(first(&s, i))->unvalidated + transport_counters(second(&s, i))->unvalidated, 0);
    }
    assert_true(transport_counters(first(&s, 1))->packets_received > 20);
    assert_ptr_equal(s.p.peer[1].remote_channel->transport, second(&s, 1));
    assert_int_equal(rtc_sctp_transport_max_message_size(rtc_peer_connection_sctp(s.p.peer[0].pc)), 256 * 1024);
    end(&s);
}

/* The path of the data is cut: the connection says so, and pictures go on. */
static void one_is_cut(void **state)
{
    struct scene s;
    (void)state;
    connect(&s, 3);
    cut_second(&s.p, true);
    peer_run(&s.p, 8 * SECOND);
    for (int i = 0; i < 2; i++) {
        const rtc_peer_connection *pc = s.p.peer[i].pc;
        assert_int_equal(rtc_peer_connection_ice_connection_state(pc), RTC_ICE_CONNECTION_DISCONNECTED);
        assert_int_equal(rtc_peer_connection_connection_state(pc), RTC_PEER_CONNECTION_DISCONNECTED);
        assert_in_range(transport_ice_state(first(&s, i)), ICE_CONNECTED, ICE_COMPLETED);
    }
    watch(&s);
    cut_second(&s.p, false);
    peer_run(&s.p, 8 * SECOND);
    assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[0].pc), RTC_PEER_CONNECTION_CONNECTED);
    talk(&s);
    cut_second(&s.p, true);
    peer_run(&s.p, 60 * SECOND);
    assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[0].pc), RTC_PEER_CONNECTION_FAILED);
    assert_int_equal(rtc_peer_connection_ice_connection_state(s.p.peer[0].pc), RTC_ICE_CONNECTION_FAILED);
    const char *why = rtc_peer_connection_explain(s.p.peer[0].pc);
    assert_non_null(strstr(why, "nothing is heard of the peer any more"));
    assert_non_null(strstr(why, "\ntransport 2:\n"));
    watch(&s);
    end(&s);
}

/* The peer ends one of them: its channels end with it, the other goes on. */
static void one_is_closed_by_the_peer(void **state)
{
    struct scene s;
    (void)state;
    connect(&s, 4);
    transport_close(second(&s, 1), s.p.now);
    peer_settle(s.p.peer[1].pc);
    peer_run(&s.p, 100 * MS);
    assert_int_equal(dtls_state(transport_dtls(second(&s, 0))), DTLS_CLOSED);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_CLOSED);
    assert_int_equal(rtc_dtls_transport_get_state(sim_dtls(s.p.peer[0].pc)), RTC_DTLS_TRANSPORT_CONNECTED);
    assert_false(rtc_media_stream_track_muted(s.sink.track));
    watch(&s);
    end(&s);
}

static size_t count_of(const rtc_stats_report *report, const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < rtc_stats_report_count(report); i++)
        count += strcmp(rtc_stats_type(rtc_stats_report_at(report, i)), type) == 0;
    return count;
}

static void check_references(const rtc_stats_report *report, const rtc_stats *entry)
{
    static const char *const names[] = {"transportId",       "selectedCandidatePairId", "localCandidateId",
                                        "remoteCandidateId", "localCertificateId",      "remoteCertificateId"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *id = rtc_stats_string(entry, names[i]);
        assert_true(!id || rtc_stats_report_find(report, id));
    }
}

static void statistics_tell_of_both(void **state)
{
    struct scene s;
    rtc_stats_report *report;
    (void)state;
    connect(&s, 5);
    talk(&s);
    assert_int_equal(rtc_peer_connection_get_stats(s.p.peer[0].pc, &report), RTC_OK);
    assert_int_equal(count_of(report, "transport"), 2);
    assert_int_equal(count_of(report, "data-channel"), 1);
    assert_int_equal(count_of(report, "outbound-rtp"), 1);
    assert_int_equal(count_of(report, "certificate"), 3); /* ours serves both; the peer's was seen twice */
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *entry = rtc_stats_report_at(report, i);
        assert_ptr_equal(rtc_stats_report_find(report, rtc_stats_id(entry)), entry); /* no id twice */
        check_references(report, entry);
    }
    const rtc_stats *one = rtc_stats_report_find(report, "T"), *two = rtc_stats_report_find(report, "2-T");
    assert_true(one && two);
    assert_string_not_equal(rtc_stats_string(one, "selectedCandidatePairId"), rtc_stats_string(two, "selectedCandidatePairId"));
    assert_string_equal(rtc_stats_string(rtc_stats_report_find_type(report, "outbound-rtp"), "transportId"), "T");
    rtc_stats_report_unref(report);
    end(&s);
}

static void closing_ends_both(void **state)
{
    struct scene s;
    (void)state;
    connect(&s, 6);
    rtc_peer_connection_close(s.p.peer[0].pc);
    peer_run(&s.p, SECOND);
    for (int i = 0; i < 2; i++) {
        assert_true(transport_is_closed(s.p.peer[0].pc->transports.items[i]));
        assert_int_equal(dtls_state(transport_dtls(s.p.peer[1].pc->transports.items[i])), DTLS_CLOSED);
    }
    assert_int_equal(rtc_peer_connection_deadline(s.p.peer[0].pc, NULL), RTC_TIME_NEVER);
    assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[1].pc), RTC_PEER_CONNECTION_DISCONNECTED);
    assert_int_equal(rtc_data_channel_ready_state(s.p.peer[1].remote_channel), RTC_DATA_CHANNEL_CLOSED);
    end(&s);
}

/* ---- Memory ---- */

/* Both are made, negotiated and connected, as far as there is memory. */
static bool set_up(struct scene *s, const rtc_allocator *allocator)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    memset(s, 0, sizeof *s);
    if (!sim_peers_init(&s->p, 7, &link, allocator, NULL))
        return false;
    s->p.manual = true;
    if (start_media(s) || open_channel(s) || negotiate(s))
        return false;
    return sim_peers_run(&s->p, s->p.now + 20 * SECOND, sim_peers_connected, NULL);
}

/* Returns how many allocations failed. */
static long long one_life(long long point, bool *whole)
{
    struct counting_allocator counter = {.fail_at = point};
    rtc_allocator allocator = counting_allocator_of(&counter);
    struct scene s;
    *whole = set_up(&s, &allocator);
    assert_true(s.p.error == RTC_OK || s.p.error == RTC_ERR_NO_MEMORY);
    counter.fail_at = 0;
    end(&s);
    assert_int_equal(counting_left(&counter), 0);
    return counter.failed;
}

static void every_allocation_fails(void **state)
{
    long long point = 1;
    bool whole;
    (void)state;
    while (one_life(point, &whole) > 0)
        point += 1 + point / 40; /* each of the first, then fewer */
    assert_true(whole);
    print_message("the last of %lld allocations or so\n", point);
    assert_true(point > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_of_both),
        cmocka_unit_test(media_over_one_and_data_over_the_other),
        cmocka_unit_test(one_is_cut),
        cmocka_unit_test(one_is_closed_by_the_peer),
        cmocka_unit_test(statistics_tell_of_both),
        cmocka_unit_test(closing_ends_both),
        cmocka_unit_test(every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
