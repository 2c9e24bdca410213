/* SPDX-License-Identifier: MIT */
/* A description that is refused changes nothing: memory runs out at every point of setting one, after every other one that may come before
 * it. Afterwards all that can be asked of the connection is as it was; the same call with memory goes on, and what comes of it is what
 * would have come without the failure. Only where nothing can be refused any more may the connection end, and then it says so. */
#include "peer_pump.h"

#include "../unit/counting_allocator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct counting_allocator counter;
    struct sim_peers p;
    struct peer_pumps pumps;
    rtc_peer_connection *a, *b; /* whose descriptions are tested; the far one */
    char *far;                  /* its description, with the candidates */
};

/* ---- What a connection says of itself ---- */

static void print_transceivers(rtc_peer_connection *pc, FILE *out)
{
    for (size_t i = 0; i < rtc_peer_connection_transceiver_count(pc); i++) {
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(pc, i);
        rtc_rtp_direction current = RTC_DIRECTION_STOPPED;
        bool has = rtc_rtp_transceiver_current_direction(t, &current);
        rtc_media_stream_track *track = rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t));
        const char *mid = rtc_rtp_transceiver_mid(t);
        (void)fprintf(out, "%d mid=%s %d %d/%d muted=%d ready=%d\n", (int)rtc_rtp_transceiver_kind(t), mid ? mid : "-",
                      (int)rtc_rtp_transceiver_direction(t), has, (int)current, rtc_media_stream_track_muted(track),
                      (int)rtc_media_stream_track_ready_state(track));
    }
}

/* The kinds, ports, mids and directions of a description: what does not depend on random numbers. */
static void print_shape(const char *sdp, FILE *out)
{
    static const char *const kept[] = {"m=", "a=mid:", "a=send", "a=recv", "a=inactive", "a=group", "a=setup"};
    for (const char *line = sdp; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
            if (strncmp(line, kept[i], strlen(kept[i])) == 0)
                (void)fprintf(out, "%.*s\n", (int)strcspn(line, "\r\n"), line);
}

static char *describe(rtc_peer_connection *pc, bool whole)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    rtc_sdp_type types[2];
    const char *sdp[2] = {rtc_peer_connection_local_description(pc, &types[0]), rtc_peer_connection_remote_description(pc, &types[1])};
    (void)fprintf(out, "%d %d %d\n", (int)rtc_peer_connection_signaling_state(pc), (int)rtc_peer_connection_connection_state(pc),
                  (int)rtc_peer_connection_ice_gathering_state(pc));
    print_transceivers(pc, out);
    for (int i = 0; i < 2; i++) {
        (void)fprintf(out, "%d\n", sdp[i] ? (int)types[i] : -1);
        if (sdp[i] && whole)
            (void)fprintf(out, "%s", sdp[i]);
        else
            print_shape(sdp[i], out);
    }
    (void)fclose(out);
    return text;
}

/* ---- The orders ---- */

static void add(rtc_peer_connection *pc, rtc_media_kind kind, rtc_rtp_direction direction)
{
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .has_direction = true, .direction = direction};
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, kind, NULL, &init, NULL), RTC_OK);
}

static void add_channel(rtc_peer_connection *pc)
{
    rtc_data_channel *channel;
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "chat", 4, NULL, &channel), RTC_OK);
    rtc_data_channel_unref(channel);
}

static void set_local(rtc_peer_connection *pc)
{
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
}

static void set_remote(rtc_peer_connection *pc, rtc_sdp_type type, rtc_peer_connection *from)
{
    int error = rtc_peer_connection_set_remote_description(pc, type, rtc_peer_connection_local_description(from, NULL));
    if (error)
        fail_msg("%s", rtc_peer_connection_last_error(pc));
}

static void settle(struct scene *s)
{
    peer_run(&s->p, 30 * MS);
}

static void far_offers(struct scene *s)
{
    set_local(s->b);
    settle(s);
}

/* What comes before the call that fails; the call itself; and the end of the exchange. */
struct order {
    const char *name;
    void (*before)(struct scene *s);
    int (*call)(struct scene *s);
    void (*after)(struct scene *s);
};

static int call_local(struct scene *s)
{
    return rtc_peer_connection_set_local_description(s->a, RTC_SDP_NONE, NULL);
}

static int call_remote_offer(struct scene *s)
{
    return rtc_peer_connection_set_remote_description(s->a, RTC_SDP_OFFER, s->far);
}

static int call_remote_answer(struct scene *s)
{
    return rtc_peer_connection_set_remote_description(s->a, RTC_SDP_ANSWER, s->far);
}

/* The near side has answered. */
static void finish_far(struct scene *s)
{
    settle(s);
    set_remote(s->b, RTC_SDP_ANSWER, s->a);
}

/* The near side has offered. */
static void finish_near(struct scene *s)
{
    settle(s);
    set_remote(s->b, RTC_SDP_OFFER, s->a);
    set_local(s->b);
    settle(s);
    set_remote(s->a, RTC_SDP_ANSWER, s->b);
}

static void answer_and_finish(struct scene *s)
{
    set_local(s->a);
    finish_far(s);
}

static void add_two(rtc_peer_connection *pc)
{
    add(pc, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    add(pc, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
}

static void far_has_two(struct scene *s)
{
    add_two(s->b);
    far_offers(s);
}

static void far_has_two_and_offered(struct scene *s)
{
    far_has_two(s);
    set_remote(s->a, RTC_SDP_OFFER, s->b);
}

/* A second offer with one section more, and a transceiver of ours that it takes. */
static void far_offers_again(struct scene *s)
{
    far_has_two_and_offered(s);
    add(s->b, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDONLY);
    add_channel(s->b);
    far_offers(s);
}

/* Its offer stood under other names before, and took a track. */
static void far_replaces(struct scene *s)
{
    struct peer_pump *pump = peer_pump_new(&s->pumps, &s->p, RTC_MEDIA_VIDEO);
    assert_non_null(pump);
    assert_int_equal(rtc_peer_connection_add_track(s->a, pump->track, NULL, 0, NULL), RTC_OK);
    far_has_two(s);
    char *group = text_replace(rtc_peer_connection_local_description(s->b, NULL), "a=group:BUNDLE 0 1", "a=group:BUNDLE x y");
    char *audio = text_replace(group, "a=mid:0", "a=mid:x"), *other = text_replace(audio, "a=mid:1", "a=mid:y");
    assert_int_equal(rtc_peer_connection_set_remote_description(s->a, RTC_SDP_OFFER, other), RTC_OK);
    free(group);
    free(audio);
    free(other);
}

/* The near side's own track waits for a section: the offer takes it. */
static void near_sends(struct scene *s)
{
    struct peer_pump *pump = peer_pump_new(&s->pumps, &s->p, RTC_MEDIA_VIDEO);
    assert_non_null(pump);
    assert_int_equal(rtc_peer_connection_add_track(s->a, pump->track, NULL, 0, NULL), RTC_OK);
    add(s->b, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    far_has_two(s);
}

static void near_has_two(struct scene *s)
{
    add_two(s->a);
    add_channel(s->a);
}

static void near_offers_again(struct scene *s)
{
    near_has_two(s);
    set_local(s->a);
    settle(s);
    add(s->a, RTC_MEDIA_VIDEO, RTC_DIRECTION_RECVONLY);
}

static void far_answered(struct scene *s)
{
    near_has_two(s);
    set_local(s->a);
    settle(s);
    set_remote(s->b, RTC_SDP_OFFER, s->a);
    set_local(s->b);
    settle(s);
}

/* An exchange that is over before the one that is tested. */
static void connect_first(struct scene *s)
{
    far_has_two_and_offered(s);
    answer_and_finish(s);
    peer_connect(&s->p, 5 * SECOND);
    settle(s);
}

static rtc_rtp_transceiver *transceiver(rtc_peer_connection *pc, size_t i)
{
    return rtc_peer_connection_transceiver(pc, i);
}

/* A re-offer changes directions and adds a section of each kind. */
static void change(rtc_peer_connection *pc)
{
    assert_int_equal(rtc_rtp_transceiver_set_direction(transceiver(pc, 0), RTC_DIRECTION_INACTIVE), RTC_OK);
    add(pc, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    add_channel(pc);
}

static void far_reoffers(struct scene *s)
{
    connect_first(s);
    change(s->b);
    far_offers(s);
}

static void far_reoffered(struct scene *s)
{
    far_reoffers(s);
    set_remote(s->a, RTC_SDP_OFFER, s->b);
}

static void far_reoffers_twice(struct scene *s)
{
    far_reoffered(s);
    add(s->b, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    far_offers(s);
}

static void near_reoffers(struct scene *s)
{
    connect_first(s);
    change(s->a);
}

static void near_reoffers_twice(struct scene *s)
{
    near_reoffers(s);
    set_local(s->a);
    settle(s);
    add(s->a, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
}

static void far_answered_again(struct scene *s)
{
    near_reoffers(s);
    set_local(s->a);
    settle(s);
    set_remote(s->b, RTC_SDP_OFFER, s->a);
    set_local(s->b);
    settle(s);
}

static void far_restarts(struct scene *s)
{
    connect_first(s);
    assert_int_equal(rtc_peer_connection_restart_ice(s->b), RTC_OK);
    change(s->b);
    far_offers(s);
}

static void far_restarted(struct scene *s)
{
    far_restarts(s);
    set_remote(s->a, RTC_SDP_OFFER, s->b);
}

static void near_restarts(struct scene *s)
{
    connect_first(s);
    assert_int_equal(rtc_peer_connection_restart_ice(s->a), RTC_OK);
    change(s->a);
}

static void nothing(struct scene *s)
{
    (void)s;
}

static const struct order orders[] = {
    {"a remote offer", far_has_two, call_remote_offer, answer_and_finish},
    {"a remote offer that takes a track", near_sends, call_remote_offer, answer_and_finish},
    {"a remote offer after another", far_offers_again, call_remote_offer, answer_and_finish},
    {"a remote offer in place of another", far_replaces, call_remote_offer, answer_and_finish},
    {"a local answer", far_has_two_and_offered, call_local, finish_far},
    {"a local offer", near_has_two, call_local, finish_near},
    {"a local offer after another", near_offers_again, call_local, finish_near},
    {"a remote answer", far_answered, call_remote_answer, nothing},
    {"a remote offer, again", far_reoffers, call_remote_offer, answer_and_finish},
    {"a remote offer after another, again", far_reoffers_twice, call_remote_offer, answer_and_finish},
    {"a local answer, again", far_reoffered, call_local, finish_far},
    {"a local offer, again", near_reoffers, call_local, finish_near},
    {"a local offer after another, again", near_reoffers_twice, call_local, finish_near},
    {"a remote answer, again", far_answered_again, call_remote_answer, nothing},
    {"a remote offer that restarts", far_restarts, call_remote_offer, answer_and_finish},
    {"a local answer to a restart", far_restarted, call_local, finish_far},
    {"a local offer that restarts", near_restarts, call_local, finish_near},
};

static void begin(struct scene *s)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    memset(s, 0, sizeof *s);
    const rtc_allocator allocator = counting_allocator_of(&s->counter);
    assert_true(sim_peers_init(&s->p, 1, &link, &allocator, NULL));
    s->p.manual = true;
    peer_pumps_attach(&s->pumps, &s->p);
    s->a = s->p.peer[0].pc;
    s->b = s->p.peer[1].pc;
}

static void end(struct scene *s)
{
    sim_peers_fini(&s->p);
    peer_pumps_fini(&s->pumps);
    assert_int_equal(s->counter.live, 0);
}

/* What an unharmed life says of both at the end. */
static void expect_outcome(struct scene *s, const struct order *order, long long n, char *expected[2])
{
    order->after(s);
    peer_connect(&s->p, s->p.now + 10 * SECOND);
    settle(s);
    rtc_peer_connection *both[2] = {s->a, s->b};
    for (int i = 0; i < 2; i++) {
        char *shape = describe(both[i], false);
        if (n == 0)
            expected[i] = strdup(shape);
        else if (strcmp(shape, expected[i]) != 0)
            fail_msg("%s, failure %lld: peer %d says\n%s\ninstead of\n%s", order->name, n, i, shape, expected[i]);
        free(shape);
    }
}

/* One life with the n-th allocation of the call failing; 0: none. False when the call has no such allocation. */
static bool one_life(const struct order *order, long long n, char *expected[2], long long *ended)
{
    struct scene s;
    begin(&s);
    order->before(&s);
    const char *far = rtc_peer_connection_local_description(s.b, NULL);
    s.far = far ? strdup(far) : NULL;
    char *before = describe(s.a, true);
    long long failed_before = s.counter.failed;
    s.counter.fail_at = n ? s.counter.calls + n : 0;
    int error = order->call(&s);
    s.counter.fail_at = 0;
    bool failed = s.counter.failed > failed_before;
    bool gave_up = rtc_peer_connection_connection_state(s.a) == RTC_PEER_CONNECTION_FAILED;
    if (error && (error != RTC_ERR_NO_MEMORY || !failed))
        fail_msg("%s, failure %lld: %s", order->name, n, rtc_error_name(error));
    if (gave_up) {
        assert_true(failed && error == RTC_ERR_NO_MEMORY);
        ++*ended;
    } else {
        char *now = describe(s.a, true);
        if (error && strcmp(now, before) != 0)
            fail_msg("%s, failure %lld: before\n%s\nafterwards\n%s", order->name, n, before, now);
        free(now);
        if (error && order->call(&s))
            fail_msg("%s, failure %lld: the second time: %s", order->name, n, rtc_peer_connection_last_error(s.a));
        expect_outcome(&s, order, n, expected);
    }
    free(before);
    free(s.far);
    end(&s);
    return failed;
}

/* Builds with sanitizers are slow: they look at some of the points, unless CRTC_TEST_THOROUGH asks for all. */
static long long stride(void)
{
#ifdef __SANITIZE_ADDRESS__
    return getenv("CRTC_TEST_THOROUGH") ? 1 : 4;
#else
    return 1;
#endif
}

static void every_order(void **state)
{
    const long long step = stride();
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        char *expected[2] = {NULL, NULL};
        long long n = 1, ended = 0;
        (void)one_life(&orders[i], 0, expected, &ended);
        while (one_life(&orders[i], n, expected, &ended))
            n += step;
        print_message("%s: %lld points, %lld ended the connection\n", orders[i].name, n - 1, ended);
        assert_true(n > 5);
        assert_true(ended * step * 4 < n + 4 * step); /* events, and what starts with the agreed transport */
        free(expected[0]);
        free(expected[1]);
    }
}

static void expect_role(rtc_peer_connection *pc, const char *role)
{
    rtc_stats_report *report;
    assert_int_equal(rtc_peer_connection_get_stats(pc, &report), RTC_OK);
    assert_string_equal(rtc_stats_string(rtc_stats_report_find_type(report, "transport"), "iceRole"), role);
    rtc_stats_report_unref(report);
}

/* RFC 8445 6.1.1: the offerer controls, also one that was to answer first, when that offer was refused. */
static void who_offers_controls(void **state)
{
    long long n = 1, refused = 0;
    bool failed = true;
    (void)state;
    while (failed) {
        struct scene s;
        begin(&s);
        far_has_two(&s);
        s.far = strdup(rtc_peer_connection_local_description(s.b, NULL));
        s.counter.fail_at = s.counter.calls + n++;
        int error = call_remote_offer(&s);
        s.counter.fail_at = 0;
        failed = s.counter.failed > 0;
        if (error && rtc_peer_connection_connection_state(s.a) != RTC_PEER_CONNECTION_FAILED) {
            near_has_two(&s);
            set_local(s.a);
            expect_role(s.a, "controlling");
            refused++;
        } else if (!error) {
            expect_role(s.a, "controlled");
        }
        free(s.far);
        end(&s);
    }
    assert_true(refused > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order),
        cmocka_unit_test(who_offers_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
