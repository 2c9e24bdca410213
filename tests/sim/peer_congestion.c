/* SPDX-License-Identifier: MIT */
/* Who decides how much is sent, over whole connections: a controller of the program's own from the configuration to the encoder, and those
 * that answer marks of ECN, with the feedback that tells of these, the marks and what is counted of them. */
#include "peer_pump.h"

#include <math.h>
#include <string.h>

enum { MOST_BPS = 2000000, START_BPS = 400000 };

/* ---- A call ---- */

static struct {
    struct sim_peers p;
    struct peer_pumps pumps;
    struct peer_pump *pump;
    struct peer_sink sink;
} call;

/* The first peer sends pictures; what the second one is configured with is its own business. */
static void begin(const rtc_configuration *sends, const rtc_configuration *receives, const struct sim_link *link)
{
    memset(&call, 0, sizeof call);
    assert_true(sim_peers_init(&call.p, 1, link, NULL, sends));
    sim_peers_replace(&call.p, 1, receives);
    call.p.manual = true;
    peer_pumps_attach(&call.pumps, &call.p);
    call.pump = peer_pump_new(&call.pumps, &call.p, RTC_MEDIA_VIDEO);
    call.pump->follows = true;
    assert_int_equal(rtc_peer_connection_add_track(call.p.peer[0].pc, call.pump->track, NULL, 0, NULL), RTC_OK);
    peer_exchange(&call.p, 0);
    peer_connect(&call.p, 5 * SECOND);
    assert_int_equal(peer_sink_attach(&call.sink, &call.p, peer_remote_track(&call.p, 1, 0)), RTC_OK);
}

static void end(void)
{
    peer_sink_fini(&call.sink);
    sim_peers_fini(&call.p);
    peer_pumps_fini(&call.pumps);
}

static bool has_number(int peer, const char *type, const char *name, double *value)
{
    rtc_stats_report *report;
    assert_int_equal(rtc_peer_connection_get_stats(call.p.peer[peer].pc, &report), RTC_OK);
    const rtc_stats *s = rtc_stats_report_find_type(report, type);
    bool has = s && rtc_stats_number(s, name, value);
    rtc_stats_report_unref(report);
    return has;
}

static double number(int peer, const char *type, const char *name)
{
    double value = 0;
    if (!has_number(peer, type, name, &value))
        fail_msg("%s has no %s", type, name);
    return value;
}

/* ---- A controller of the program's own ---- */

/* Says what the test wants, and notes what it is told. */
struct own {
    double target_bps, pacing_bps, window;
    rtc_congestion_probe probe;
    int made, freed, paths, ticks;
    size_t sent, results, lost, messages, of_probe, marked, congested;
    uint64_t sent_bytes;
    uint32_t most_in_flight;
    rtc_congestion_limits limits;
    rtc_time_t last_sent, round_trip;
    bool backwards; /* results or packets came in another order than that in which they left */
};

static void *make(void *user, const rtc_congestion_limits *limits, rtc_time_t now)
{
    struct own *o = user;
    (void)now;
    o->made++;
    o->limits = *limits;
    return o;
}

static void release(void *controller)
{
    ((struct own *)controller)->freed++;
}

static void set_limits(void *controller, rtc_time_t now, const rtc_congestion_limits *limits)
{
    (void)now;
    ((struct own *)controller)->limits = *limits;
}

static void path_changed(void *controller, rtc_time_t now, const rtc_congestion_limits *limits)
{
    set_limits(controller, now, limits);
    ((struct own *)controller)->paths++;
}

static void sent(void *controller, const rtc_congestion_packet *packet)
{
    struct own *o = controller;
    o->backwards = o->backwards || packet->sent < o->last_sent;
    o->last_sent = packet->sent;
    o->sent++;
    o->sent_bytes += packet->bytes;
    o->most_in_flight = packet->in_flight > o->most_in_flight ? packet->in_flight : o->most_in_flight;
}

static void result(void *controller, const rtc_congestion_result *r)
{
    struct own *o = controller;
    o->results++;
    o->lost += !r->received;
    o->of_probe += r->probe == 9;
    o->marked += r->ecn == RTC_ECN_ECT_1;
    o->congested += r->ecn == RTC_ECN_CE;
}

static void feedback(void *controller, const rtc_congestion_feedback *f)
{
    struct own *o = controller;
    o->messages++;
    o->round_trip = f->round_trip;
}

static rtc_time_t tick(void *controller, rtc_time_t now)
{
    ((struct own *)controller)->ticks++;
    return now + 100 * MS;
}

static void target(void *controller, rtc_congestion_target *t)
{
    const struct own *o = controller;
    t->target_bps = o->target_bps;
    t->pacing_bps = o->pacing_bps;
    t->window = o->window;
}

static bool next_probe(void *controller, rtc_time_t now, rtc_congestion_probe *probe)
{
    struct own *o = controller;
    (void)now;
    if (o->probe.id == 0)
        return false;
    *probe = o->probe;
    o->probe.id = 0;
    return true;
}

static rtc_congestion_controller table(void)
{
    return (rtc_congestion_controller){.size = sizeof(rtc_congestion_controller),
                                       .make = make,
                                       .free = release,
                                       .set_limits = set_limits,
                                       .path_changed = path_changed,
                                       .sent = sent,
                                       .result = result,
                                       .feedback = feedback,
                                       .tick = tick,
                                       .target = target,
                                       .next_probe = next_probe};
}

static rtc_configuration with(const rtc_congestion_controller *controller, struct own *own)
{
    return (rtc_configuration){.size = sizeof(rtc_configuration),
                               .max_bitrate_bps = MOST_BPS,
                               .start_bitrate_bps = START_BPS,
                               .congestion_controller = controller,
                               .congestion_user = own};
}

static const rtc_configuration plain = {.size = sizeof plain};
static const struct sim_link wide = {.delay_us = 20 * MS, .rate_bps = 50000000, .queue_us = 300 * MS};

/* Bits per second that arrive of pictures, and what the encoder is told. */
static double carried(rtc_time_t lasts)
{
    double before = number(1, "inbound-rtp", "bytesReceived");
    peer_run(&call.p, lasts);
    return (number(1, "inbound-rtp", "bytesReceived") - before) * 8e6 / (double)lasts;
}

static void the_encoder_does_what_it_says(void **state)
{
    (void)state;
    struct own own = {.target_bps = 300000};
    const rtc_congestion_controller controller = table();
    const rtc_configuration configuration = with(&controller, &own);
    begin(&configuration, &plain, &wide);
    peer_run(&call.p, 3 * SECOND);
    assert_int_equal(own.made, 1);
    assert_int_equal(own.limits.start_bps, START_BPS);
    assert_in_range(own.limits.max_bps, MOST_BPS, MOST_BPS * 5 / 4); /* with headers */
    assert_in_range((uint32_t)call.pump->bitrate_bps, 240000, 300000);
    assert_in_range((uint64_t)carried(5 * SECOND), 180000, 300000);
    own.target_bps = 1200000;
    peer_run(&call.p, 3 * SECOND);
    assert_in_range((uint32_t)call.pump->bitrate_bps, 1000000, 1200000);
    assert_in_range((uint64_t)carried(5 * SECOND), 600000, 1200000); /* its pictures are of any size up to that */
    own.target_bps = 100000;
    peer_run(&call.p, 2 * SECOND);
    assert_in_range((uint64_t)carried(5 * SECOND), 30000, 110000);
    assert_true(call.sink.decodable > 300 && call.sink.out_of_order == 0);
    end();
    assert_int_equal(own.freed, 1);
}

static void it_is_told_of_every_packet(void **state)
{
    (void)state;
    struct own own = {.target_bps = 800000};
    const rtc_congestion_controller controller = table();
    const rtc_configuration configuration = with(&controller, &own);
    struct sim_link lossy = wide;
    lossy.loss = 0.02;
    begin(&configuration, &plain, &lossy);
    peer_run(&call.p, 20 * SECOND);
    assert_true(own.messages > 100 && own.ticks > 100);
    assert_in_range(own.results, own.sent * 95 / 100, own.sent);
    assert_in_range(own.lost * 1000 / own.results, 10, 35);
    assert_in_range((uint64_t)own.round_trip, 40 * MS, 120 * MS);
    assert_false(own.backwards);
    assert_int_equal(own.sent, (size_t)number(0, "outbound-rtp", "packetsSent"));
    assert_true(own.sent_bytes > (uint64_t)number(0, "outbound-rtp", "bytesSent"));
    end();
}

/* Nothing that it says brings anything out of its bounds. */
static void what_it_says_is_bounded(void **state)
{
    (void)state;
    static const double targets[] = {INFINITY, 1e300, -1, 0, 5e9};
    struct own own = {.target_bps = 500000};
    const rtc_congestion_controller controller = table();
    const rtc_configuration configuration = with(&controller, &own);
    begin(&configuration, &plain, &wide);
    peer_run(&call.p, 10 * SECOND);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        own.target_bps = i == 2 ? NAN : targets[i];
        own.pacing_bps = targets[(i + 1) % 5];
        own.window = targets[(i + 3) % 5];
        own.probe = (rtc_congestion_probe){.id = 9, .bps = targets[i], .bytes = UINT32_MAX, .packets = UINT32_MAX};
        peer_run(&call.p, 2 * SECOND);
        uint32_t least = targets[i] > 0 ? MOST_BPS * 8 / 10 : 20000, most = targets[i] > 0 ? MOST_BPS : 60000;
        assert_in_range((uint32_t)number(0, "outbound-rtp", "targetBitrate"), least, most);
        assert_true(carried(2 * SECOND) < MOST_BPS * 1.3);
    }
    end();
}

/* It begins no higher than it was told, and no faster than twice in a second (RFC 8083). */
static void it_begins_where_it_is_told(void **state)
{
    (void)state;
    struct own own = {.target_bps = MOST_BPS};
    const rtc_congestion_controller controller = table();
    const rtc_configuration configuration = with(&controller, &own);
    begin(&configuration, &plain, &wide);
    assert_true(number(0, "outbound-rtp", "targetBitrate") <= 2 * START_BPS);
    peer_run(&call.p, 4 * SECOND);
    assert_true(number(0, "outbound-rtp", "targetBitrate") > MOST_BPS * 0.8);
    end();
}

static void a_probe_and_a_window(void **state)
{
    (void)state;
    struct own own = {.target_bps = 600000};
    const rtc_congestion_controller controller = table();
    const rtc_configuration configuration = with(&controller, &own);
    begin(&configuration, &plain, &wide);
    peer_run(&call.p, 3 * SECOND);
    own.probe = (rtc_congestion_probe){.id = 9, .bps = 1500000, .bytes = 6000, .packets = 5};
    peer_run(&call.p, SECOND);
    assert_true(own.of_probe >= 5);
    assert_int_equal(own.probe.id, 0);
    own.window = 4000;
    peer_run(&call.p, SECOND);
    own.most_in_flight = 0;
    peer_run(&call.p, 3 * SECOND);
    assert_in_range(own.most_in_flight, 1000, 4000 + 1300);
    end();
}

/* ---- Marks of ECN ---- */

static bool says(int peer, const char *what)
{
    return strstr(peer_description(&call.p, peer), what) != NULL;
}

static const rtc_configuration scream = {
    .size = sizeof scream, .max_bitrate_bps = MOST_BPS, .congestion_control = RTC_CONGESTION_CONTROL_SCREAM};

static void two_that_answer_marks(void **state)
{
    (void)state;
    struct sim_link marks = {.delay_us = 20 * MS, .rate_bps = 1500000, .queue_us = 300 * MS, .mark_us = 3 * MS};
    begin(&scream, &scream, &marks);
    assert_true(says(0, "a=rtcp-fb:* ack ccfb\r\n") && says(0, " transport-cc\r\n"));
    assert_true(says(1, "a=rtcp-fb:* ack ccfb\r\n") && !says(1, " transport-cc\r\n"));
    peer_run(&call.p, 20 * SECOND);
    double sent = number(0, "outbound-rtp", "packetsSent"), ect1 = number(0, "outbound-rtp", "packetsSentWithEct1");
    assert_true(ect1 > sent * 0.9 && ect1 <= sent);
    double came = number(1, "inbound-rtp", "packetsReceivedWithEct1"), congested = number(1, "inbound-rtp", "packetsReceivedWithCe");
    assert_true(congested > 10 && came > congested);
    double told = number(0, "remote-inbound-rtp", "packetsReceivedWithEct1"),
           told_congested = number(0, "remote-inbound-rtp", "packetsReceivedWithCe");
    assert_true(told > came * 0.95 && told <= ect1 && told_congested > congested * 0.9);
    assert_true(number(0, "remote-inbound-rtp", "packetsWithBleachedEct1Marking") == 0);
    assert_true(number(0, "transport", "ccfbMessagesReceived") > 50 && number(1, "transport", "ccfbMessagesSent") > 50);
    assert_true(number(0, "transport", "packetsMalformed") == 0);
    end();
}

/* What is lost is reported, and what comes late is reported again. */
static void what_is_reported_as_lost(void **state)
{
    (void)state;
    struct sim_link lossy = {.delay_us = 20 * MS, .loss = 0.02, .reorder = 0.01, .reorder_us = 150 * MS};
    begin(&scream, &scream, &lossy);
    peer_run(&call.p, 30 * SECOND);
    double lost = number(1, "inbound-rtp", "packetsReportedAsLost"), back = number(1, "inbound-rtp", "packetsReportedAsLostButRecovered");
    assert_true(lost > 20 && back > 5 && back < lost);
    double told = number(0, "remote-inbound-rtp", "packetsReportedAsLost"),
           told_back = number(0, "remote-inbound-rtp", "packetsReportedAsLostButRecovered");
    assert_true(told > lost * 0.6 && told_back > 0 && told_back < told); /* of reports some are lost as well */
    end();
}

/* One that does not answer marks, and a network that wipes them off. */
static void nobody_marks_in_vain(void **state)
{
    (void)state;
    double none;
    begin(&scream, &plain, &wide);
    assert_true(says(0, "a=rtcp-fb:* ack ccfb\r\n"));
    assert_true(!says(1, "ccfb") && says(1, " transport-cc\r\n"));
    peer_run(&call.p, 5 * SECOND);
    assert_true(number(0, "outbound-rtp", "packetsSent") > 100 && number(0, "outbound-rtp", "packetsSentWithEct1") == 0);
    assert_false(has_number(0, "remote-inbound-rtp", "packetsReceivedWithEct1", &none));
    assert_false(has_number(1, "inbound-rtp", "packetsReportedAsLost", &none));
    end();
    struct sim_link wipes = wide;
    wipes.ecn = SIM_ECN_WIPED;
    begin(&scream, &scream, &wipes);
    peer_run(&call.p, 5 * SECOND);
    double tried = number(0, "outbound-rtp", "packetsSentWithEct1");
    assert_true(tried > 0 && tried < 100);
    assert_true(number(0, "remote-inbound-rtp", "packetsWithBleachedEct1Marking") > 5);
    peer_run(&call.p, 5 * SECOND);
    assert_true(number(0, "outbound-rtp", "packetsSentWithEct1") == tried);
    end();
}

/* A program's controller that answers marks is told of them. */
static void ones_own_that_answers_marks(void **state)
{
    (void)state;
    struct own own = {.target_bps = 1400000};
    rtc_congestion_controller controller = table();
    controller.l4s = true;
    const rtc_configuration configuration = with(&controller, &own);
    struct sim_link marks = {.delay_us = 20 * MS, .rate_bps = 1500000, .queue_us = 300 * MS, .mark_us = 3 * MS};
    begin(&configuration, &scream, &marks);
    peer_run(&call.p, 10 * SECOND);
    assert_true(own.marked > 100 && own.congested > 100);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_encoder_does_what_it_says), cmocka_unit_test(it_is_told_of_every_packet),
        cmocka_unit_test(what_it_says_is_bounded),       cmocka_unit_test(it_begins_where_it_is_told),
        cmocka_unit_test(a_probe_and_a_window),          cmocka_unit_test(two_that_answer_marks),
        cmocka_unit_test(what_is_reported_as_lost),      cmocka_unit_test(nobody_marks_in_vain),
        cmocka_unit_test(ones_own_that_answers_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
