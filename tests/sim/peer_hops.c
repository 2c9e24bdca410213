/* SPDX-License-Identifier: MIT */
/* A received track is sent on, by a connection to the next peer, encoded as it came: three peers in a row, and four. What the last one
 * needs - a keyframe, a lower rate - reaches the first, and silence of the first is told to the last. Each hop is a pair on a network of
 * its own; they are run in turns, a millisecond each. */
#include "peer_pump.h"

#include "../scripted_media.h"

#include <stdlib.h>
#include <string.h>

enum { HOPS_MAX = 3 };

/* What arrives at an end, as a decoder would see it. */
struct watch {
    rtc_media_stream_track *track;
    rtc_media_sink *sink;
    bool any, whole; /* whole: every frame since a keyframe came */
    uint32_t serial;
    uint64_t decodable;
};

struct row {
    struct sim_peers hop[HOPS_MAX];
    size_t hops;
    struct peer_pumps pumps;
    struct peer_pump *pump;
    struct watch last;
    rtc_rtp_sender *sender[HOPS_MAX];
    rtc_time_t now;
};

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    struct watch *w = user;
    uint32_t serial = scripted_serial(frame);
    w->whole = rtc_encoded_frame_keyframe(frame) || (w->whole && w->any && serial == w->serial + 1);
    w->any = true;
    w->serial = serial;
    w->decodable += w->whole;
}

static void run(struct row *r, rtc_time_t duration)
{
    for (rtc_time_t end = r->now + duration; r->now < end;) {
        r->now += MS;
        for (size_t i = 0; i < r->hops; i++)
            (void)sim_peers_run(&r->hop[i], r->now, NULL, NULL);
    }
}

static void join(struct row *r, size_t i, rtc_media_stream_track *track)
{
    assert_int_equal(rtc_peer_connection_add_track(r->hop[i].peer[0].pc, track, NULL, 0, &r->sender[i]), RTC_OK);
    peer_exchange(&r->hop[i], 0);
    for (int ms = 0; ms < 3000 && !sim_peers_connected(&r->hop[i], NULL); ms++)
        run(r, MS);
    assert_true(sim_peers_connected(&r->hop[i], NULL));
}

/* The hops come one after another, each while media flows already. */
static void begin(struct row *r, uint64_t seed, size_t hops, double loss)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_encoded = on_encoded};
    const rtc_configuration begins_high = {.size = sizeof begins_high, .start_bitrate_bps = 1500000}; /* the pump's frames follow no rate */
    memset(r, 0, sizeof *r);
    print_message("seed %llu, %zu hops\n", (unsigned long long)seed, hops);
    r->hops = hops;
    for (size_t i = 0; i < hops; i++) {
        const struct sim_link link = {.delay_us = 10 * MS, .loss = loss};
        assert_true(sim_peers_init(&r->hop[i], seed * 10 + i, &link, NULL, &begins_high));
        r->hop[i].manual = true;
    }
    peer_pumps_attach(&r->pumps, &r->hop[0]);
    r->pump = peer_pump_new(&r->pumps, &r->hop[0], RTC_MEDIA_VIDEO);
    r->pump->follows = true;
    for (size_t i = 0; i < hops; i++) {
        join(r, i, i == 0 ? r->pump->track : peer_remote_track(&r->hop[i - 1], 1, 0));
        run(r, 700 * MS);
    }
    r->last.track = rtc_media_stream_track_ref(peer_remote_track(&r->hop[hops - 1], 1, 0));
    assert_int_equal(rtc_media_stream_track_add_sink(r->last.track, &ops, &r->last, &r->last.sink), RTC_OK);
}

static void end(struct row *r)
{
    rtc_media_stream_track_remove_sink(r->last.track, r->last.sink);
    rtc_media_stream_track_unref(r->last.track);
    for (size_t i = r->hops; i-- > 0;)
        sim_peers_fini(&r->hop[i]);
    peer_pumps_fini(&r->pumps);
}

/* Whoever begins to look at the far end has a picture at once; and again after its link was gone. */
static void pictures(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct row r;
        begin(&r, seed, 2 + seed % 2, seed > 4 ? 0.02 : 0);
        rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(r.hop[r.hops - 1].peer[1].pc, 0));
        uint64_t requests = r.pump->keyframe_requests;
        assert_int_equal(rtc_rtp_receiver_request_keyframe(receiver), RTC_OK);
        run(&r, SECOND);
        assert_true(r.pump->keyframe_requests > requests);
        assert_true(r.last.decodable >= 15);
        sim_host_link(r.hop[r.hops - 1].peer[0].host)->down = true;
        run(&r, 1500 * MS);
        sim_host_link(r.hop[r.hops - 1].peer[0].host)->down = false;
        run(&r, 1500 * MS);
        uint64_t before = r.last.decodable;
        run(&r, SECOND);
        assert_true(r.last.decodable - before >= 25);
        assert_true(r.pump->key_frames < 30);
        end(&r);
    }
}

/* The next peer's track replaces the one that was sent before: the new one begins with a keyframe. */
static void replaced(void **state)
{
    struct row r;
    (void)state;
    begin(&r, 11, 2, 0);
    struct peer_pump *other = peer_pump_new(&r.pumps, &r.hop[0], RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_peer_connection_add_track(r.hop[0].peer[0].pc, other->track, NULL, 0, NULL), RTC_OK);
    peer_exchange(&r.hop[0], 0);
    run(&r, SECOND);
    uint64_t requests = other->keyframe_requests;
    assert_int_equal(rtc_rtp_sender_replace_track(r.sender[1], peer_remote_track(&r.hop[0], 1, 1)), RTC_OK);
    r.last = (struct watch){.track = r.last.track, .sink = r.last.sink};
    run(&r, SECOND);
    assert_true(other->keyframe_requests > requests);
    assert_true(r.last.decodable >= 20 && r.last.whole);
    end(&r);
}

/* The narrowest hop is the rate of all, until it is gone. */
static void rates(void **state)
{
    (void)state;
    for (size_t hops = 2; hops <= 3; hops++) {
        struct row r;
        begin(&r, 20 + hops, hops, 0);
        run(&r, 3 * SECOND);
        assert_true(r.pump->bitrate_bps > 1000000);
        assert_int_equal(peer_set_max_bitrate(r.sender[hops - 1], 300000), RTC_OK);
        run(&r, 3 * SECOND);
        assert_in_range(r.pump->bitrate_bps, 250000, 300000);
        run(&r, 20 * SECOND); /* it is said again and again */
        assert_in_range(r.pump->bitrate_bps, 250000, 300000);
        assert_int_equal(rtc_rtp_sender_replace_track(r.sender[hops - 1], NULL), RTC_OK);
        run(&r, 60 * SECOND);
        assert_true(r.pump->bitrate_bps > 900000);
        end(&r);
    }
}

static void mute(void **state)
{
    (void)state;
    for (size_t hops = 2; hops <= 3; hops++) {
        struct row r;
        begin(&r, 30 + hops, hops, 0);
        run(&r, SECOND);
        assert_false(rtc_media_stream_track_muted(r.last.track));
        r.pump->running = false;
        run(&r, 2500 * MS);
        assert_true(rtc_media_stream_track_muted(r.last.track));
        r.pump->running = true;
        run(&r, 200 * MS);
        assert_false(rtc_media_stream_track_muted(r.last.track));
        rtc_media_stream_track_set_enabled(peer_remote_track(&r.hop[0], 1, 0), false); /* in the middle */
        run(&r, 2500 * MS);
        assert_true(rtc_media_stream_track_muted(r.last.track));
        end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures),
        cmocka_unit_test(replaced),
        cmocka_unit_test(rates),
        cmocka_unit_test(mute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
