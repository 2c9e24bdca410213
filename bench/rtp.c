/* SPDX-License-Identifier: MIT */
/* crtc-bench rtp: encoded video frames of full packets from one end to the other at a given rate: what a packet costs both ends together
 * (packetizing, pacing, SRTP, the network, jitter buffer, assembly). Both ends run on one loop; frames are pushed by a thread of their own.
 */
#include "endpoint.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct rtp {
    double packets_per_s, packets_per_frame, payload, seconds, feedback, unlimited;
    rtc_loop *loop;
    rtc_media_source *source;
    rtc_media_stream_track *track;
    struct endpoint caller, callee;
    rtc_media_sink *sink;
    atomic_bool connected, stopping;
    atomic_bool keyframe_wanted;
    atomic_ulong frames_received, bytes_received;
    size_t frames_pushed;
    uint64_t results; /* packets of which the peer's feedback told; the loop's thread */
    double cpu, wall, packets_sent, packets_received, retransmitted;
    double dropped_by_sender, dropped_by_receiver, frames_sent, frames_assembled;
};

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    struct rtp *r = user;
    atomic_fetch_add(&r->frames_received, 1);
    atomic_fetch_add(&r->bytes_received, rtc_encoded_frame_len(frame));
}

static void request_keyframe(void *user)
{
    struct rtp *r = user;
    atomic_store(&r->keyframe_wanted, true);
}

static void push_frame(struct rtp *r)
{
    bool keyframe = atomic_exchange(&r->keyframe_wanted, false);
    rtc_encoded_frame_options options = {
        .size = sizeof options,
        .kind = RTC_MEDIA_VIDEO,
        .codec = "VP8",
        .data_len = (size_t)(r->payload * r->packets_per_frame),
        .keyframe = keyframe,
        .rtp_timestamp = (uint32_t)(rtc_now() * 9 / 100),
    };
    rtc_encoded_frame *frame = NULL;
    must(rtc_encoded_frame_new(NULL, &options, &frame), "encoded_frame_new");
    memset(rtc_encoded_frame_writable_data(frame), 0x5a, options.data_len);
    rtc_encoded_frame_writable_data(frame)[0] = keyframe ? 0x10 : 0x11; /* RFC 6386 9.1: bit 0 is clear in a keyframe */
    must(rtc_media_source_push_encoded(r->source, frame), "push_encoded");
    rtc_encoded_frame_unref(frame);
    r->frames_pushed++;
}

static void sleep_until(rtc_time_t at)
{
    struct timespec t = {.tv_sec = (time_t)(at / 1000000), .tv_nsec = (long)(at % 1000000) * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
        ;
}

static double stat_of(rtc_peer_connection *connection, const char *type, const char *name)
{
    rtc_stats_report *report = NULL;
    double value = 0;
    must(rtc_peer_connection_get_stats(connection, &report), "get_stats");
    const rtc_stats *stats = rtc_stats_report_find_type(report, type);
    if (stats)
        (void)rtc_stats_number(stats, name, &value);
    rtc_stats_report_unref(report);
    return value;
}

static void look(struct rtp *r, double sign)
{
    rtc_loop_lock(r->loop);
    r->packets_sent += sign * stat_of(r->caller.connection, "outbound-rtp", "packetsSent");
    r->retransmitted += sign * stat_of(r->caller.connection, "outbound-rtp", "retransmittedPacketsSent");
    r->packets_received += sign * stat_of(r->callee.connection, "inbound-rtp", "packetsReceived");
    r->dropped_by_sender += sign * stat_of(r->caller.connection, "outbound-rtp", "framesDropped");
    r->dropped_by_receiver += sign * stat_of(r->callee.connection, "inbound-rtp", "framesDropped");
    r->frames_sent += sign * stat_of(r->caller.connection, "outbound-rtp", "framesSent");
    r->frames_assembled += sign * stat_of(r->callee.connection, "inbound-rtp", "framesReceived");
    r->cpu += sign * cpu_seconds();
    r->wall += sign * (double)rtc_now() / 1e6;
    rtc_loop_unlock(r->loop);
}

static void await_connection(struct rtp *r)
{
    rtc_time_t limit = rtc_now() + 10000000;
    for (bool connected = false; !connected;) {
        sleep_until(rtc_now() + 10000);
        rtc_loop_lock(r->loop);
        connected = rtc_peer_connection_connection_state(r->caller.connection) == RTC_PEER_CONNECTION_CONNECTED &&
                    rtc_peer_connection_connection_state(r->callee.connection) == RTC_PEER_CONNECTION_CONNECTED;
        rtc_loop_unlock(r->loop);
        if (!connected && rtc_now() > limit)
            fail("the ends do not connect");
    }
}

static void push_for(struct rtp *r, double seconds)
{
    rtc_time_t began = rtc_now(), step = (rtc_time_t)(1e6 * r->packets_per_frame / r->packets_per_s);
    for (rtc_time_t at = began; at < began + (rtc_time_t)(seconds * 1e6); at += step) {
        sleep_until(at);
        push_frame(r);
    }
}

/* Transport-wide numbers are not offered: no feedback about them follows. */
static void leave_numbers_out(rtc_rtp_transceiver *t)
{
    enum { MAX = 32 };
    const rtc_rtp_header_extension *list[MAX];
    rtc_rtp_header_extension changed[MAX];
    rtc_rtp_capabilities *extensions = NULL;
    must(rtc_rtp_transceiver_get_header_extensions_to_negotiate(t, &extensions), "get_header_extensions_to_negotiate");
    size_t count = extensions->header_extension_count < MAX ? extensions->header_extension_count : MAX;
    for (size_t i = 0; i < count; i++) {
        changed[i] = *extensions->header_extensions[i];
        if (strstr(changed[i].uri, "transport-wide-cc"))
            changed[i].direction = RTC_DIRECTION_STOPPED;
        list[i] = &changed[i];
    }
    must(rtc_rtp_transceiver_set_header_extensions_to_negotiate(t, list, count), "set_header_extensions_to_negotiate");
    rtc_rtp_capabilities_free(extensions);
}

/* A controller that wants as much as there is, whatever becomes of it: what is measured is what feedback costs, and not what it leads to. */
static void *make_unlimited(void *user, const rtc_congestion_limits *limits, rtc_time_t now)
{
    (void)limits;
    (void)now;
    return user;
}

static void want_all(void *controller, rtc_congestion_target *target)
{
    (void)controller;
    target->target_bps = target->pacing_bps = 2e9;
}

static void note_result(void *controller, const rtc_congestion_result *result)
{
    struct rtp *r = controller;
    (void)result;
    r->results++;
}

static void open_ends(struct rtp *r)
{
    static const struct endpoint_events none;
    static const rtc_media_source_ops ops = {.size = sizeof ops, .request_keyframe = request_keyframe};
    static const rtc_congestion_controller unlimited = {
        .size = sizeof unlimited, .make = make_unlimited, .result = note_result, .target = want_all};
    rtc_configuration configuration = {.loop = r->loop, .max_bitrate_bps = 2000000000, .start_bitrate_bps = 2000000000};
    if (r->unlimited != 0) {
        configuration.congestion_controller = &unlimited;
        configuration.congestion_user = r;
    }
    rtc_rtp_transceiver_init sending = {.size = sizeof sending, .has_direction = true, .direction = RTC_DIRECTION_SENDONLY};
    must(rtc_media_source_new(NULL, RTC_MEDIA_VIDEO, "bench", &ops, r, &r->source), "media_source_new");
    must(rtc_media_stream_track_new(r->source, &r->track), "track_new");
    endpoint_init_configured(&r->caller, configuration, &none, r);
    endpoint_init_configured(&r->callee, configuration, &none, r);
    must(rtc_peer_connection_add_transceiver(r->caller.connection, RTC_MEDIA_VIDEO, r->track, &sending, NULL), "add_transceiver");
    if (r->feedback == 0)
        leave_numbers_out(rtc_peer_connection_transceiver(r->caller.connection, 0));
    endpoint_negotiate(&r->caller, &r->callee);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(r->callee.connection, 0);
    if (!t)
        fail("nothing was negotiated");
    static const rtc_media_sink_ops sink = {.size = sizeof sink, .on_encoded = on_encoded};
    must(rtc_media_stream_track_add_sink(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver(t)), &sink, r, &r->sink), "add_sink");
}

static void close_ends(struct rtp *r)
{
    rtc_loop_lock(r->loop);
    endpoint_fini(&r->caller);
    endpoint_fini(&r->callee);
    rtc_loop_unlock(r->loop);
    rtc_media_stream_track_unref(r->track);
    rtc_media_source_unref(r->source);
    rtc_loop_free(r->loop);
}

static void run(struct rtp *r)
{
    must(rtc_loop_new(NULL, &r->loop), "loop_new");
    must(rtc_loop_start(r->loop), "loop_start");
    rtc_loop_lock(r->loop);
    open_ends(r);
    rtc_loop_unlock(r->loop);
    await_connection(r);
    atomic_store(&r->keyframe_wanted, true);
    push_for(r, 0.5);
    atomic_store(&r->frames_received, 0);
    r->frames_pushed = 0;
    look(r, -1);
    push_for(r, r->seconds);
    sleep_until(rtc_now() + 20000); /* the last ones arrive */
    look(r, 1);
    close_ends(r);
}

int rtp_main(int argc, char **argv)
{
    struct rtp r = {.packets_per_s = 20000, .packets_per_frame = 20, .payload = 1100, .seconds = 5, .feedback = 1};
    const struct option_spec options[] = {
        {"packets-per-s", &r.packets_per_s, NULL, "rate of sending"},
        {"packets-per-frame", &r.packets_per_frame, NULL, "length of a frame"},
        {"payload", &r.payload, NULL, "bytes of a frame per packet; datagrams have 1200 at most"},
        {"feedback", &r.feedback, NULL, "0: none about each packet"},
        {"unlimited", &r.unlimited, NULL, "1: by a controller that always wants as much as there is"},
        {"seconds", &r.seconds, NULL, "how long to send"},
        {0},
    };
    struct report report = {.name = "rtp"};
    bool json = false;
    int status;
    if (!options_parse(argc, argv, options, &json, &status))
        return status;
    run(&r);
    if (r.packets_received <= 0)
        fail("nothing arrived");
    report_add(&report, "seconds", r.wall);
    report_add(&report, "packets_sent_per_s", r.packets_sent / r.wall);
    report_add(&report, "packets_received_per_s", r.packets_received / r.wall);
    report_add(&report, "packets_retransmitted", r.retransmitted);
    report_add(&report, "frames_pushed", (double)r.frames_pushed);
    report_add(&report, "frames_received", (double)atomic_load(&r.frames_received));
    report_add(&report, "frames_dropped_by_sender", r.dropped_by_sender);
    report_add(&report, "frames_dropped_by_receiver", r.dropped_by_receiver);
    report_add(&report, "frames_sent", r.frames_sent);
    report_add(&report, "frames_assembled", r.frames_assembled);
    report_add(&report, "packets_told_of_by_feedback", (double)r.results);
    report_add(&report, "cpu_us_per_packet", r.cpu * 1e6 / r.packets_received);
    report_print(&report, json);
    return 0;
}
