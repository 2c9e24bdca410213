/* SPDX-License-Identifier: MIT */
/* Memory that runs out at every point of a connection's life, and memory that a steady connection does not ask for. After a failure the
 * call says RTC_ERR_NO_MEMORY, or a connection says that it failed, or nothing is missing; never a crash, a leak, or a connection that
 * waits for ever. */
#include "peer_pump.h"

#include "../part.h"
#include "../scripted_media.h"
#include "../unit/counting_allocator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct part part; /* of the points: parts run beside each other */

struct scene {
    struct counting_allocator counter;
    struct sim_peers p;
    struct peer_pumps pumps;
    struct peer_sink sink;
    rtc_data_channel *channel;
    bool media;
    int call_error; /* the last that a call of the test gave */
    uint32_t echoed, closed, errors;
};

static void on_echo(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    (void)text;
    (void)user;
    (void)rtc_data_channel_send(channel, data, len);
}

static void on_answer(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct scene *s = user;
    (void)channel;
    (void)text;
    (void)data;
    (void)len;
    s->echoed++;
}

static void on_open(rtc_data_channel *channel, void *user)
{
    struct scene *s = user;
    static const uint8_t big[3000];
    for (int i = 0; i < 3; i++) {
        int error = rtc_data_channel_send(channel, big, sizeof big);
        if (error && error != RTC_ERR_INVALID_STATE) /* the peer had no memory for it, and closes it: live_a_life() wants to see that */
            s->call_error = error;
    }
}

static void on_close(rtc_data_channel *channel, void *user)
{
    struct scene *s = user;
    (void)channel;
    s->closed++;
}

static void on_error(rtc_data_channel *channel, void *user, const rtc_error_info *error)
{
    struct scene *s = user;
    (void)channel;
    (void)error;
    s->errors++;
}

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    static const rtc_data_channel_callbacks echo = {.size = sizeof echo, .on_message = on_echo, .on_close = on_close, .on_error = on_error};
    (void)pc;
    rtc_data_channel_set_callbacks(channel, &echo, user);
}

static void on_track(rtc_peer_connection *pc, void *user, const rtc_track_event *event)
{
    struct scene *s = user;
    (void)pc;
    if (!s->sink.track && rtc_media_stream_track_kind(event->track) == RTC_MEDIA_VIDEO)
        s->call_error = peer_sink_attach(&s->sink, &s->p, event->track);
}

static int start_media(struct scene *s)
{
    static const rtc_media_kind kinds[] = {RTC_MEDIA_AUDIO, RTC_MEDIA_VIDEO};
    peer_pumps_attach(&s->pumps, &s->p);
    for (int i = 0; i < 2; i++) {
        struct peer_pump *pump = peer_pump_new(&s->pumps, &s->p, kinds[i]);
        if (!pump)
            return RTC_ERR_NO_MEMORY;
        int error = rtc_peer_connection_add_track(s->p.peer[0].pc, pump->track, NULL, 0, NULL);
        if (error)
            return error;
    }
    return RTC_OK;
}

static int start(struct scene *s, const rtc_allocator *allocator)
{
    static const rtc_data_channel_callbacks chat = {
        .size = sizeof chat, .on_open = on_open, .on_message = on_answer, .on_close = on_close, .on_error = on_error};
    const struct sim_link link = {.delay_us = 5 * MS};
    if (!sim_peers_init(&s->p, 1, &link, allocator, NULL))
        return RTC_ERR_NO_MEMORY;
    s->p.peer[1].extra =
        (rtc_peer_connection_callbacks){.size = sizeof s->p.peer[1].extra, .on_data_channel = on_channel, .on_track = on_track};
    s->p.peer[1].extra_user = s;
    int error = s->media ? start_media(s) : RTC_OK;
    if (!error)
        error = rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "chat", 4, NULL, &s->channel);
    if (!error)
        rtc_data_channel_set_callbacks(s->channel, &chat, s);
    return error ? error : sim_peers_negotiate(&s->p, 0);
}

static bool finished(struct sim_peers *p, void *user)
{
    const struct scene *s = user;
    return p->error || s->call_error || s->p.peer[0].failed_at != RTC_TIME_NEVER || s->p.peer[1].failed_at != RTC_TIME_NEVER ||
           (s->echoed == 3 && (!s->media || s->sink.frames > 20));
}

/* Whoever asks for the memory of a frame all the time, and never gets it, knows that there is none. ICE and the channel may live on what
 * packets there are: then all that was sent on it has come. */
static bool told_all_the_time(const struct scene *s)
{
    return s->counter.fail_after && s->echoed == 3 && s->pumps.count == 2 && s->pumps.pump[0].unmade > 1000 &&
           s->pumps.pump[1].unmade > 1000;
}

/* True when everything was as if nothing had happened. */
static bool live_a_life(struct scene *s, const rtc_allocator *allocator)
{
    s->call_error = start(s, allocator);
    if (s->call_error)
        return false;
    bool ended = sim_peers_run(&s->p, 120 * SECOND, finished, s); /* without memory for a packet it is ICE that fails, after its patience */
    if (!ended && s->errors == 0 && s->closed == 0 && !told_all_the_time(s)) /* a channel that there was no memory for is refused */
        fail_msg("failure %lld: nothing failed, and nothing came of it: %s/%s", (long long)s->counter.fail_at,
                 rtc_peer_connection_state_name(rtc_peer_connection_connection_state(s->p.peer[0].pc)),
                 rtc_peer_connection_state_name(rtc_peer_connection_connection_state(s->p.peer[1].pc)));
    bool good = ended && !s->p.error && !s->call_error && s->echoed == 3;
    rtc_stats_report *report = NULL;
    int error = rtc_peer_connection_get_stats(s->p.peer[0].pc, &report);
    assert_true(error == RTC_OK || error == RTC_ERR_NO_MEMORY);
    rtc_stats_report_unref(report);
    rtc_data_channel_close(s->channel);
    (void)sim_peers_run(&s->p, s->p.now + SECOND, NULL, NULL);
    return good;
}

static void end_life(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    if (s->sink.track)
        peer_sink_fini(&s->sink);
    sim_peers_fini(&s->p);
    peer_pumps_fini(&s->pumps);
}

static bool plausible(int error)
{
    return error == RTC_OK || error == RTC_ERR_NO_MEMORY;
}

/* One life with the n-th allocation failing (and those after it). Returns how many failed. */
static long long one_life(bool media, long long n, bool and_after, bool *good)
{
    struct scene s;
    memset(&s, 0, sizeof s);
    s.media = media;
    s.counter.fail_at = n;
    s.counter.fail_after = and_after;
    const rtc_allocator allocator = counting_allocator_of(&s.counter);
    *good = live_a_life(&s, &allocator);
    if (!plausible(s.p.error) || !plausible(s.call_error))
        fail_msg("failure %lld%s: errors %s and %s", n, and_after ? "..." : "", rtc_error_name(s.p.error), rtc_error_name(s.call_error));
    s.counter.fail_at = 0;
    end_life(&s);
    if (s.counter.live != 0)
        fail_msg("failure %lld%s: %lld blocks leaked", n, and_after ? "..." : "", (long long)s.counter.live);
    return s.counter.failed;
}

static void every_point(bool media, bool and_after, long long step)
{
    bool good;
    assert_int_equal(one_life(media, 0, false, &good), 0);
    assert_true(good);
    long long n = 1 + part.index * step, unharmed = 0;
    for (; one_life(media, n, and_after, &good) > 0; n += part.count * step)
        unharmed += good;
    print_message("%s: %lld points%s, every %lld: %lld lives went on unharmed\n", media ? "media" : "data", n - 1,
                  and_after ? " from which all fails" : "", part.count * step, unharmed);
    assert_true(n > 100);
}

/* Builds with sanitizers are slow: they look at some of the points, unless CRTC_TEST_THOROUGH asks for all. */
static long long sampled(long long step, long long sanitized_step)
{
#ifdef __SANITIZE_ADDRESS__
    step = sanitized_step;
#endif
    (void)sanitized_step;
    return getenv("CRTC_TEST_THOROUGH") ? 1 : step;
}

static void data_every_allocation(void **state)
{
    (void)state;
    every_point(false, false, sampled(1, 1));
}

static void data_no_more_memory(void **state)
{
    (void)state;
    every_point(false, true, sampled(1, 5));
}

static void media_every_allocation(void **state)
{
    (void)state;
    every_point(true, false, sampled(1, 11));
}

static void media_no_more_memory(void **state)
{
    (void)state;
    every_point(true, true, sampled(7, 37));
}

/* Later: what is there must hold when a second negotiation has no memory, and go on when it has some again. */
static void renegotiation(void **state)
{
    long long given_up = 0;
    (void)state;
    for (long long n = 1 + part.index;; n += part.count) {
        struct scene s;
        bool good;
        memset(&s, 0, sizeof s);
        const rtc_allocator allocator = counting_allocator_of(&s.counter);
        good = live_a_life(&s, &allocator);
        assert_true(good);
        s.p.manual = true;
        long long base = s.counter.calls;
        s.counter.fail_at = base + n;
        rtc_peer_connection *a = s.p.peer[0].pc, *b = s.p.peer[1].pc;
        int error = rtc_peer_connection_add_transceiver(a, RTC_MEDIA_VIDEO, NULL, NULL, NULL);
        if (!error)
            error = rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL);
        if (!error)
            error = rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0));
        if (!error)
            error = rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL);
        if (!error)
            error = rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1));
        assert_true(plausible(error));
        bool failed = s.counter.failed > 0, gave_up = rtc_peer_connection_connection_state(a) == RTC_PEER_CONNECTION_FAILED ||
                                                      rtc_peer_connection_connection_state(b) == RTC_PEER_CONNECTION_FAILED;
        s.counter.fail_at = 0;
        if (gave_up) {
            assert_true(failed);
            end_life(&s);
            assert_int_equal(s.counter.live, 0);
            given_up++;
            continue;
        }
        if (error) { /* the same again succeeds, from where it stopped */
            if (rtc_peer_connection_transceiver_count(a) == 0)
                assert_int_equal(rtc_peer_connection_add_transceiver(a, RTC_MEDIA_VIDEO, NULL, NULL, NULL), RTC_OK);
            if (rtc_peer_connection_signaling_state(a) == RTC_SIGNALING_STABLE)
                assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
            if (rtc_peer_connection_signaling_state(b) == RTC_SIGNALING_STABLE && rtc_peer_connection_transceiver_count(b) == 0)
                assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
            if (rtc_peer_connection_signaling_state(b) == RTC_SIGNALING_HAVE_REMOTE_OFFER)
                assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
            assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
        }
        assert_int_equal(rtc_peer_connection_signaling_state(a), RTC_SIGNALING_STABLE);
        assert_int_equal(rtc_peer_connection_signaling_state(b), RTC_SIGNALING_STABLE);
        assert_int_equal(rtc_peer_connection_transceiver_count(b), 1);
        peer_run(&s.p, SECOND);
        end_life(&s);
        assert_int_equal(s.counter.live, 0);
        if (!failed) {
            print_message("%lld points, %lld ended the connection\n", n - 1, given_up);
            break;
        }
    }
}

/* One exchange with a restart, from where an earlier try stopped; candidates are in the descriptions. */
static int exchange_restart(struct scene *s)
{
    rtc_peer_connection *a = s->p.peer[0].pc, *b = s->p.peer[1].pc;
    int error = RTC_OK;
    if (rtc_peer_connection_signaling_state(a) == RTC_SIGNALING_STABLE) {
        error = rtc_peer_connection_restart_ice(a);
        if (!error)
            error = rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL);
        peer_run(&s->p, 50 * MS);
    }
    if (!error && rtc_peer_connection_signaling_state(b) == RTC_SIGNALING_STABLE)
        error = rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s->p, 0));
    if (!error)
        error = rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL);
    peer_run(&s->p, 50 * MS);
    return error ? error : rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s->p, 1));
}

static bool gave_up(struct scene *s)
{
    for (int i = 0; i < 2; i++)
        if (rtc_peer_connection_connection_state(s->p.peer[i].pc) == RTC_PEER_CONNECTION_FAILED)
            return true;
    return false;
}

/* A restart that has no memory at some point is asked for again, or the connection fails; what worked goes on working. */
static void restart(void **state)
{
    long long given_up = 0, again = 0, step = sampled(1, 7);
    (void)state;
    for (long long n = 1 + part.index * step;; n += part.count * step) {
        struct scene s;
        memset(&s, 0, sizeof s);
        const rtc_allocator allocator = counting_allocator_of(&s.counter);
        bool good = live_a_life(&s, &allocator);
        assert_true(good);
        s.p.manual = true;
        s.counter.fail_at = s.counter.calls + n;
        int error = exchange_restart(&s);
        assert_true(plausible(error));
        peer_run(&s.p, 7 * SECOND);
        bool failed = s.counter.failed > 0;
        s.counter.fail_at = 0;
        assert_true(failed || !error);
        if (gave_up(&s)) {
            assert_true(failed);
            given_up++;
        } else if (error) {
            again++;
            assert_int_equal(exchange_restart(&s), RTC_OK);
            peer_run(&s.p, SECOND);
        }
        if (!gave_up(&s))
            for (int i = 0; i < 2; i++)
                assert_int_equal(rtc_peer_connection_connection_state(s.p.peer[i].pc), RTC_PEER_CONNECTION_CONNECTED);
        end_life(&s);
        assert_int_equal(s.counter.live, 0);
        if (!failed) {
            print_message("%lld points, %lld ended the connection, %lld were tried again\n", n - 1, given_up, again);
            break;
        }
    }
}

/* Ten seconds of a call that is under way: frames are allocated, packets are not. */
static void steady_media_allocates_per_frame(void **state)
{
    struct scene s;
    struct peer_pump *video;
    (void)state;
    memset(&s, 0, sizeof s);
    s.media = true;
    const rtc_allocator allocator = counting_allocator_of(&s.counter);
    assert_true(live_a_life(&s, &allocator));
    video = &s.pumps.pump[1];
    long long per_frame[2];
    for (int round = 0; round < 2; round++) { /* small frames of 2 or 3 packets, then frames of 12 or so */
        video->frame_bytes = round == 0 ? 2000 : 12000;
        peer_run(&s.p, 5 * SECOND);
        uint64_t packets = sim_network_counters(s.p.net)->sent;
        uint32_t frames = s.pumps.pump[0].serial + video->serial;
        long long calls = s.counter.calls;
        peer_run(&s.p, 10 * SECOND);
        packets = sim_network_counters(s.p.net)->sent - packets;
        frames = s.pumps.pump[0].serial + video->serial - frames;
        calls = s.counter.calls - calls;
        per_frame[round] = calls * 100 / frames;
        print_message("%llu packets, %u frames, %lld allocations: %.2f for each frame\n", (unsigned long long)packets, frames, calls,
                      (double)calls / frames);
        assert_true(round == 0 || packets > 5 * (uint64_t)frames / 2);
    }
    assert_in_range(per_frame[0], 195, 210); /* one when a frame is made, one when it arrives */
    assert_in_range(per_frame[1], 195, 210);
    end_life(&s);
    assert_int_equal(s.counter.live, 0);
}

/* The same for messages. */
static void steady_messages_allocate_per_message(void **state)
{
    struct scene s;
    static uint8_t message[100000];
    (void)state;
    memset(&s, 0, sizeof s);
    const rtc_allocator allocator = counting_allocator_of(&s.counter);
    s.call_error = start(&s, &allocator);
    assert_int_equal(s.call_error, RTC_OK);
    assert_true(sim_peers_run(&s.p, 10 * SECOND, finished, &s));
    peer_run(&s.p, SECOND);
    uint64_t packets = sim_network_counters(s.p.net)->sent;
    for (int i = 0; i < 3; i++) { /* the pools fill */
        assert_int_equal(rtc_data_channel_send(s.channel, message, sizeof message), RTC_OK);
        peer_run(&s.p, 2 * SECOND);
    }
    packets = sim_network_counters(s.p.net)->sent;
    long long calls = s.counter.calls;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(rtc_data_channel_send(s.channel, message, sizeof message), RTC_OK);
        peer_run(&s.p, 500 * MS);
    }
    packets = sim_network_counters(s.p.net)->sent - packets;
    calls = s.counter.calls - calls;
    print_message("%llu packets, 40 messages each way and back, %lld allocations\n", (unsigned long long)packets, calls);
    assert_true(packets > 4000);
    assert_true(calls < 2000);
    end_life(&s);
    assert_int_equal(s.counter.live, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_every_allocation),
        cmocka_unit_test(data_no_more_memory),
        cmocka_unit_test(media_every_allocation),
        cmocka_unit_test(media_no_more_memory),
        cmocka_unit_test(renegotiation),
        cmocka_unit_test(restart),
        cmocka_unit_test(steady_media_allocates_per_frame),
        cmocka_unit_test(steady_messages_allocate_per_message),
    };
    part = part_of(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
