/* SPDX-License-Identifier: MIT */
/* What is sent, and how it is told, without another section: replaced tracks, streams of a track, caps on the bitrate, keyframes on
 * request. */
#include "renegotiate_scene.h"

#include "peer.h"
#include "send_pipeline.h"
#include "transport.h"
#include "transport_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void replaced_track(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    (void)state;
    scene_begin(&s, 12);
    struct peer_pump *first = scene_add_track(&s, 0, RTC_MEDIA_VIDEO, &sender);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    scene_expect_frames(&s, 1, 0);
    scene_forget_logs(&s);
    struct peer_pump *second = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_VIDEO), *sound = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_AUDIO);
    second->next = sound->next = s.p.now + 1;
    second->serial = 100000;
    assert_int_equal(rtc_rtp_sender_replace_track(sender, sound->track), RTC_ERR_TYPE);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, second->track), RTC_OK);
    assert_ptr_equal(rtc_rtp_sender_track(sender), second->track);
    struct peer_sink sink;
    assert_int_equal(peer_sink_attach(&sink, &s.p, peer_remote_track(&s.p, 1, 0)), RTC_OK);
    peer_run(&s.p, 2 * SECOND);
    assert_true(sink.serial >= 100000 && sink.decodable >= 40);
    peer_sink_fini(&sink);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, NULL), RTC_OK);
    scene_expect_no_frames(&s, 1, 0); /* after two seconds of nothing */
    assert_int_equal(rtc_rtp_sender_replace_track(sender, first->track), RTC_OK);
    scene_expect_frames(&s, 1, 0);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
    assert_int_equal(peer_log_count(&s.log[1], "track"), 0);
    /* the same track twice is refused by addTrack */
    assert_int_equal(rtc_peer_connection_add_track(s.p.peer[0].pc, first->track, NULL, 0, NULL), RTC_ERR_INVALID_ACCESS);
    scene_end(&s);
}

static struct {
    struct peer_pump *pumps[2];
    rtc_rtp_sender *sender;
    uint32_t pushed; /* by the one that is sent, when we looked last */
    unsigned replaced;
} swap;

/* A frame was pushed: it is encoded, and on its way to the stream. At this moment another track takes over. */
static void swap_tracks(struct sim_peers *p)
{
    uint32_t pushed = swap.pumps[swap.replaced % 2]->serial;
    (void)p;
    if (pushed < swap.pushed + 12 || swap.replaced == 40)
        return;
    const struct peer_pump *next = swap.pumps[++swap.replaced % 2];
    assert_int_equal(rtc_rtp_sender_replace_track(swap.sender, next->track), RTC_OK);
    swap.pushed = next->serial;
}

/* The stream goes on whoever produces for it: every frame that a pipeline took is sent or counted, every packet arrives under the next
 * number, and nobody asks for any. */
static void replaced_tracks_lose_nothing(void **state)
{
    struct scene s;
    struct rtp_outbound_stats sent;
    struct rtp_inbound_stats received;
    (void)state;
    scene_begin(&s, 12);
    swap.pumps[0] = scene_add_track(&s, 0, RTC_MEDIA_VIDEO, &swap.sender);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    swap.pumps[0]->follows = true;
    peer_run(&s.p, 5 * SECOND); /* until the path is known: each track begins with a keyframe, and what is more than there is is given up */
    swap.pumps[1] = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_VIDEO);
    swap.pumps[1]->next = s.p.now + 17 * MS;
    swap.pumps[1]->follows = true;
    swap.pushed = swap.replaced = 0;
    s.pumps.on_step = swap_tracks;
    peer_run(&s.p, 20 * SECOND);
    assert_int_equal(swap.replaced, 40);
    swap.pumps[0]->running = swap.pumps[1]->running = false;
    peer_run(&s.p, SECOND);
    const rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0),
                              *other = rtc_peer_connection_transceiver(s.p.peer[1].pc, 0);
    assert_true(rtp_session_outbound_stats(peer_first_transport(s.p.peer[0].pc)->rtp, t->sender.encodings[0].stream, s.p.now, &sent));
    assert_true(rtp_session_inbound_stats(peer_first_transport(s.p.peer[1].pc)->rtp,
                                          rtp_session_receive_stream(peer_first_transport(s.p.peer[1].pc)->rtp, other->rtp_member, ""),
                                          s.p.now, &received));
    struct send_pipeline_stats taken = t->sender.encodings[0].past;
    send_pipeline_sum(t->sender.pipeline, 0, &taken);
    assert_int_equal(sent.frames_sent + taken.frames_dropped, taken.frames_in);
    assert_true(sent.frames_sent > 40);
    assert_int_equal(received.packets_received, sent.packets_sent);
    assert_int_equal(received.packets_lost, 0);
    assert_int_equal(received.nack_count, 0);
    assert_int_equal(received.video.frames_received, sent.frames_sent);
    scene_end(&s);
}

/* Streams of a track arrive with their ids. */
struct streams {
    size_t count;
    char first[64];
};

static void note_streams(rtc_peer_connection *pc, void *user, const rtc_track_event *event)
{
    struct streams *streams = user;
    (void)pc;
    streams->count = event->stream_count;
    if (event->stream_count > 0)
        (void)strncpy(streams->first, event->stream_ids[0], sizeof streams->first - 1);
}

static void streams_of_a_track(void **state)
{
    struct scene s;
    struct streams seen = {0};
    rtc_media_stream *streams[5];
    (void)state;
    scene_begin(&s, 13);
    s.p.peer[1].extra = (rtc_peer_connection_callbacks){.size = sizeof s.p.peer[1].extra, .on_track = note_streams};
    s.p.peer[1].extra_user = &seen;
    for (int i = 0; i < 5; i++)
        assert_int_equal(rtc_media_stream_new(s.p.context, i == 0 ? "camera" : NULL, &streams[i]), RTC_OK);
    struct peer_pump *pump = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_VIDEO);
    assert_int_equal(rtc_peer_connection_add_track(s.p.peer[0].pc, pump->track, streams, 5, NULL), RTC_ERR_RANGE);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[0].pc), 0);
    assert_int_equal(rtc_peer_connection_add_track(s.p.peer[0].pc, pump->track, streams, 2, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.first, "camera");
    for (int i = 0; i < 5; i++)
        rtc_media_stream_unref(streams[i]);
    scene_end(&s);
}

/* A track that comes into one more stream is told again; one that leaves a stream is not. */
static void streams_that_come_later(void **state)
{
    struct scene s;
    struct streams seen = {0};
    (void)state;
    scene_begin(&s, 24);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    s.p.peer[1].extra = (rtc_peer_connection_callbacks){.size = sizeof s.p.peer[1].extra, .on_track = note_streams};
    s.p.peer[1].extra_user = &seen;
    for (int i = 0; i < 2; i++) {
        char lines[256];
        char *offer = scene_gathered_offer(&s), *line = strstr(offer, "a=msid:- "), *track = strndup(line + 9, strcspn(line + 9, "\r"));
        (void)snprintf(lines, sizeof lines, i == 0 ? "a=msid:one %s\r\na=msid:two %s" : "a=msid:one %s", track, track);
        char *old = strndup(line, strcspn(line, "\r"));
        scene_exchange_changed(&s, text_replace(offer, old, lines));
        peer_run(&s.p, 10 * MS);
        if (i == 0) {
            assert_int_equal(seen.count, 2);
            assert_string_equal(seen.first, "one");
            seen.count = 99;
        }
        free(old);
        free(track);
        free(offer);
    }
    assert_int_equal(seen.count, 99);
    scene_end(&s);
}

static void bitrate_caps(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    (void)state;
    scene_begin(&s, 15);
    struct peer_pump *pump = scene_add_track(&s, 0, RTC_MEDIA_VIDEO, &sender);
    assert_int_equal(peer_set_max_bitrate(sender, 300000), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, SECOND);
    pump->frame_bytes = 1000;
    peer_run(&s.p, 5 * SECOND);
    assert_in_range(pump->bitrate_bps, 1, 300000);
    assert_int_equal(peer_set_max_bitrate(sender, 200000), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_in_range(pump->bitrate_bps, 1, 200000);
    assert_int_equal(peer_set_max_bitrate(sender, 0), RTC_OK);
    peer_run(&s.p, 20 * SECOND);
    assert_in_range(pump->bitrate_bps, 200001, 1500000);
    scene_end(&s);
}

static void keyframes_on_request(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 16);
    struct peer_pump *pump = scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    assert_int_equal(rtc_rtp_receiver_request_keyframe(NULL), RTC_ERR_TYPE);
    peer_exchange(&s.p, 0);
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0));
    peer_connect(&s.p, SECOND);
    scene_expect_frames(&s, 1, 0);
    uint64_t requests = pump->keyframe_requests, keys = pump->key_frames;
    assert_true(keys <= 4); /* what was pushed before the connection was up did not turn into a storm of requests */
    assert_int_equal(rtc_rtp_receiver_request_keyframe(receiver), RTC_OK);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(pump->keyframe_requests, requests + 1);
    assert_int_equal(pump->key_frames, keys + 1);
    scene_end(&s);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaced_track),     cmocka_unit_test(replaced_tracks_lose_nothing),
        cmocka_unit_test(streams_of_a_track), cmocka_unit_test(streams_that_come_later),
        cmocka_unit_test(bitrate_caps),       cmocka_unit_test(keyframes_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
