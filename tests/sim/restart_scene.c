/* SPDX-License-Identifier: MIT */
/* See restart_scene.h. */
#include "restart_scene.h"

#include <stdio.h>
#include <string.h>

enum { MESSAGE_EVERY_US = 10000 };

static struct restart_scene *of(struct sim_peers *p)
{
    return (struct restart_scene *)p; /* its first member */
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct sim_peer *peer = user;
    struct restart_scene *s = of(peer->peers);
    uint32_t number;
    (void)channel;
    (void)text;
    assert_int_equal(len, sizeof number);
    memcpy(&number, data, sizeof number);
    assert_int_equal(number, s->received[peer->index]++); /* each, in order, once */
    rtc_time_t silence = s->p.now - s->heard_at[peer->index];
    if (s->heard_at[peer->index] && silence > s->longest_silence[peer->index])
        s->longest_silence[peer->index] = silence;
    s->heard_at[peer->index] = s->p.now;
}

static void talk(struct sim_peers *p)
{
    struct restart_scene *s = of(p);
    if (!s->talking || p->now < s->send_at)
        return;
    s->send_at = p->now + MESSAGE_EVERY_US;
    for (int i = 0; i < 2; i++) {
        rtc_data_channel *channel = i == 0 ? s->channel : p->peer[1].remote_channel;
        if (rtc_data_channel_send(channel, &s->sent[i], sizeof s->sent[i]) == RTC_OK)
            s->sent[i]++;
    }
}

static rtc_time_t (*next_of_pumps)(struct sim_peers *p, void *user);

static rtc_time_t next_step(struct sim_peers *p, void *user)
{
    rtc_time_t at = next_of_pumps(p, user);
    return of(p)->talking && of(p)->send_at < at ? of(p)->send_at : at;
}

static const rtc_data_channel_callbacks channel_callbacks = {.size = sizeof channel_callbacks, .on_message = on_message};

static bool open_both(struct sim_peers *p, void *user)
{
    (void)user;
    return sim_peers_connected(p, NULL) && p->peer[1].remote_channel &&
           rtc_data_channel_ready_state(of(p)->channel) == RTC_DATA_CHANNEL_OPEN;
}

void restart_prepare(struct restart_scene *s, uint64_t seed, const struct sim_link *link, bool media)
{
    memset(s, 0, sizeof *s);
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&s->p, seed, link, NULL, NULL));
    s->media = media;
    peer_pumps_attach(&s->pumps, &s->p);
    next_of_pumps = s->p.next_step;
    s->p.next_step = next_step;
    s->pumps.on_step = talk;
    for (int i = 0; i < 2; i++)
        peer_log_attach(&s->p.peer[i], &s->log[i]);
    for (int i = 0; i < 2 && media; i++) {
        struct peer_pump *pump = peer_pump_new(&s->pumps, &s->p, RTC_MEDIA_VIDEO);
        assert_int_equal(rtc_peer_connection_add_track(s->p.peer[i].pc, pump->track, NULL, 0, NULL), RTC_OK);
    }
    assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "chat", 4, NULL, &s->channel), RTC_OK);
    rtc_data_channel_set_callbacks(s->channel, &channel_callbacks, &s->p.peer[0]);
}

void restart_start_talking(struct restart_scene *s, rtc_time_t limit)
{
    assert_true(sim_peers_run(&s->p, s->p.now + limit, open_both, NULL));
    rtc_data_channel_set_callbacks(s->p.peer[1].remote_channel, &channel_callbacks, &s->p.peer[1]);
    s->talking = true;
    s->send_at = s->p.now;
    peer_run(&s->p, 2 * SECOND);
    for (int i = 0; i < 2 && s->media; i++)
        assert_int_equal(peer_sink_attach(&s->sink[i], &s->p, peer_remote_track(&s->p, i, 0)), RTC_OK);
    peer_run(&s->p, SECOND);
    for (int i = 0; i < 2; i++) {
        s->log[i].text[0] = 0;
        s->longest_silence[i] = 0;
        s->sink[i].longest_gap = 0;
        s->pumps.pump[i].keyframe_requests = 0;
    }
}

void restart_begin_over(struct restart_scene *s, uint64_t seed, const struct sim_link *link, bool media)
{
    restart_prepare(s, seed, link, media);
    assert_int_equal(sim_peers_negotiate(&s->p, 0), RTC_OK);
    restart_start_talking(s, 120 * SECOND);
}

void restart_begin(struct restart_scene *s, uint64_t seed)
{
    const struct sim_link link = {.delay_us = 20 * MS};
    restart_begin_over(s, seed, &link, true);
}

void restart_end(struct restart_scene *s)
{
    s->talking = false;
    peer_run(&s->p, 10 * SECOND);
    assert_int_equal(s->received[0], s->sent[1]);
    assert_int_equal(s->received[1], s->sent[0]);
    assert_int_equal(s->p.error, RTC_OK);
    for (int i = 0; i < 2 && s->media; i++)
        if (s->sink[i].track)
            peer_sink_fini(&s->sink[i]);
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->p);
    peer_pumps_fini(&s->pumps);
}

struct transport *restart_transport(struct restart_scene *s, int index)
{
    return peer_first_transport(s->p.peer[index].pc);
}

rtc_peer_connection *restart_pc(struct restart_scene *s, int index)
{
    return s->p.peer[index].pc;
}

size_t restart_agents(struct restart_scene *s, int index)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    return transport_ice_agents(restart_transport(s, index), agents);
}

const char *restart_ufrag(struct restart_scene *s, int index)
{
    return ice_agent_local_ufrag(restart_transport(s, index)->ice.current.agent);
}

void restart_now(struct restart_scene *s, int index)
{
    assert_int_equal(rtc_peer_connection_restart_ice(restart_pc(s, index)), RTC_OK);
    assert_int_equal(sim_peers_negotiate(&s->p, index), RTC_OK);
}

static bool settled(struct sim_peers *p, void *user)
{
    (void)user;
    for (int i = 0; i < 2; i++)
        if (peer_first_transport(p->peer[i].pc)->ice.next.agent || peer_first_transport(p->peer[i].pc)->ice.pending ||
            p->peer[i].pc->negotiation.signaling != RTC_SIGNALING_STABLE || p->peer[i].pc->states.ice < RTC_ICE_CONNECTION_CONNECTED ||
            p->peer[i].pc->states.ice > RTC_ICE_CONNECTION_COMPLETED)
            return false;
    return true;
}

void restart_expect_settled(struct restart_scene *s, rtc_time_t limit)
{
    if (!sim_peers_run(&s->p, s->p.now + limit, settled, NULL))
        fail_msg("not settled: %s / %s", s->log[0].text, s->log[1].text);
}
