/* SPDX-License-Identifier: MIT */
/* See renegotiate_scene.h. */
#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

void scene_begin(struct scene *s, uint64_t seed)
{
    peer_scene(&s->p, seed, true);
    peer_pumps_attach(&s->pumps, &s->p);
    for (int i = 0; i < 2; i++)
        peer_log_attach(&s->p.peer[i], &s->log[i]);
}

void scene_end(struct scene *s)
{
    sim_peers_fini(&s->p);
    peer_pumps_fini(&s->pumps);
}

rtc_data_channel *scene_channel(struct scene *s, int index)
{
    rtc_data_channel *channel;
    assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[index].pc, "chat", 4, NULL, &channel), RTC_OK);
    return channel;
}

struct peer_pump *scene_add_track(struct scene *s, int index, rtc_media_kind kind, rtc_rtp_sender **sender)
{
    struct peer_pump *pump = peer_pump_new(&s->pumps, &s->p, kind);
    pump->next = s->p.now + 1;
    assert_int_equal(rtc_peer_connection_add_track(s->p.peer[index].pc, pump->track, NULL, 0, sender), RTC_OK);
    return pump;
}

void scene_forget_logs(struct scene *s)
{
    s->log[0].text[0] = s->log[1].text[0] = 0;
}

rtc_rtp_direction scene_current_direction(struct scene *s, int index, size_t n)
{
    rtc_rtp_direction direction = RTC_DIRECTION_STOPPED;
    assert_true(rtc_rtp_transceiver_current_direction(rtc_peer_connection_transceiver(s->p.peer[index].pc, n), &direction));
    return direction;
}

void scene_expect_frames(struct scene *s, int index, size_t n)
{
    struct peer_sink sink;
    assert_int_equal(peer_sink_attach(&sink, &s->p, peer_remote_track(&s->p, index, n)), RTC_OK);
    peer_run(&s->p, SECOND);
    assert_true(sink.decodable >= 20);
    assert_int_equal(sink.frames, sink.decodable);
    assert_false(rtc_media_stream_track_muted(sink.track));
    peer_sink_fini(&sink);
}

void scene_expect_no_frames(struct scene *s, int index, size_t n)
{
    struct peer_sink sink;
    peer_run(&s->p, 2500 * MS); /* what was on its way, and the two seconds after which a track counts as muted */
    assert_int_equal(peer_sink_attach(&sink, &s->p, peer_remote_track(&s->p, index, n)), RTC_OK);
    peer_run(&s->p, SECOND);
    assert_int_equal(sink.frames, 0);
    assert_true(rtc_media_stream_track_muted(sink.track));
    peer_sink_fini(&sink);
}

void scene_exchange_changed(struct scene *s, char *offer)
{
    assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[1].pc, RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, 100 * MS);
    int error = rtc_peer_connection_set_remote_description(s->p.peer[0].pc, RTC_SDP_ANSWER, peer_description(&s->p, 1));
    if (error)
        fail_msg("%s", rtc_peer_connection_last_error(s->p.peer[0].pc));
    free(offer);
}

char *scene_gathered_offer(struct scene *s)
{
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s->p, 100 * MS);
    return strdup(peer_description(&s->p, 0));
}
