/* ICE restarts of whole connections: who may ask for one and when, what the descriptions say, and that messages and frames do not notice.
 */
#include "peer_pump.h"

#include "peer.h"
#include "transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_EVERY_US = 10000 };

/* Numbered messages each way on one reliable, ordered channel, and video each way. */
struct scene {
    struct sim_peers p;
    struct peer_pumps pumps;
    struct peer_sink sink[2];
    struct peer_log log[2];
    rtc_data_channel *channel;
    uint32_t sent[2], received[2]; /* by the peer of that index */
    rtc_time_t send_at;
    rtc_time_t heard_at[2], longest_silence[2];
    bool talking, media;
};

static struct scene *of(struct sim_peers *p)
{
    return (struct scene *)p; /* its first member */
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct sim_peer *peer = user;
    struct scene *s = of(peer->peers);
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
    struct scene *s = of(p);
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

static void prepare(struct scene *s, uint64_t seed, const struct sim_link *link, bool media)
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

static void start_talking(struct scene *s, rtc_time_t limit)
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

static void begin_over(struct scene *s, uint64_t seed, const struct sim_link *link, bool media)
{
    prepare(s, seed, link, media);
    assert_int_equal(sim_peers_negotiate(&s->p, 0), RTC_OK);
    start_talking(s, 120 * SECOND);
}

static void begin(struct scene *s, uint64_t seed)
{
    const struct sim_link link = {.delay_us = 20 * MS};
    begin_over(s, seed, &link, true);
}

/* Nothing that was sent is missing. */
static void end(struct scene *s)
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

static struct transport *transport_of(struct scene *s, int index)
{
    return s->p.peer[index].pc->transport;
}

static rtc_peer_connection *pc_of(struct scene *s, int index)
{
    return s->p.peer[index].pc;
}

static size_t agents_of(struct scene *s, int index)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    return transport_ice_agents(transport_of(s, index), agents);
}

static const char *ufrag_of(struct scene *s, int index)
{
    return ice_agent_local_ufrag(transport_of(s, index)->ice);
}

static void restart(struct scene *s, int index)
{
    assert_int_equal(rtc_peer_connection_restart_ice(pc_of(s, index)), RTC_OK);
    assert_int_equal(sim_peers_negotiate(&s->p, index), RTC_OK);
}

static bool settled(struct sim_peers *p, void *user)
{
    (void)user;
    for (int i = 0; i < 2; i++)
        if (p->peer[i].pc->transport->next || p->peer[i].pc->transport->pending || p->peer[i].pc->signaling_state != RTC_SIGNALING_STABLE ||
            p->peer[i].pc->ice_connection_state < RTC_ICE_CONNECTION_CONNECTED ||
            p->peer[i].pc->ice_connection_state > RTC_ICE_CONNECTION_COMPLETED)
            return false;
    return true;
}

/* Both sides are on the new generation within `limit`. */
static void expect_settled(struct scene *s, rtc_time_t limit)
{
    if (!sim_peers_run(&s->p, s->p.now + limit, settled, NULL))
        fail_msg("not settled: %s / %s", s->log[0].text, s->log[1].text);
}

/* A restart from either side with a path that works: nobody above ICE notices. */
static void unnoticed(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct scene s;
        char before[2][16];
        begin(&s, 10 + (uint64_t)who);
        for (int i = 0; i < 2; i++)
            (void)snprintf(before[i], sizeof before[i], "%s", ufrag_of(&s, i));
        restart(&s, who);
        expect_settled(&s, 2 * SECOND);
        for (int i = 0; i < 2; i++) {
            assert_string_not_equal(ufrag_of(&s, i), before[i]);
            assert_int_equal(peer_log_count(&s.log[i], "connection:connected"), 0); /* it never was anything else */
            assert_null(strstr(s.log[i].text, "ice:checking"));
            assert_null(strstr(s.log[i].text, "disconnected"));
            assert_int_equal(peer_log_count(&s.log[i], "gathering:gathering"), 1);
            assert_int_equal(peer_log_count(&s.log[i], "gathering:complete"), 1);
            assert_int_equal(peer_log_count(&s.log[i], "end"), 1);
            assert_int_equal(ice_agent_counters(transport_of(&s, i)->ice)->unauthenticated, 0);
        }
        assert_int_equal(ice_agent_controlling(transport_of(&s, who)->ice), true); /* the offerer of the restart */
        assert_int_equal(ice_agent_controlling(transport_of(&s, 1 - who)->ice), false);
        assert_int_equal(agents_of(&s, 0), 2); /* the old one answers for a while */
        peer_run(&s.p, 6 * SECOND);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(agents_of(&s, i), 1);
            assert_in_range(s.longest_silence[i], 1, 25 * MS);  /* messages come every 10 ms */
            assert_in_range(s.sink[i].longest_gap, 1, 80 * MS); /* frames every 33 ms */
            assert_int_equal(s.sink[i].frames, s.sink[i].decodable);
            assert_int_equal(s.pumps.pump[i].keyframe_requests, 0);
            assert_int_equal(transport_of(&s, i)->counters.no_path, 0);
        }
        end(&s);
    }
}

/* The old network goes, without a word; the restart finds the other one. */
static void another_network(void **state)
{
    static const rtc_time_t waits[] = {2 * SECOND, 10 * SECOND, 40 * SECOND}; /* connected, disconnected, failed */
    (void)state;
    for (size_t n = 0; n < sizeof waits / sizeof waits[0]; n++) {
        struct scene s;
        begin(&s, 20 + n);
        sim_host_set_address_down(s.p.peer[0].host, "10.0.0.1", true);
        sim_host_add_address(s.p.peer[0].host, "10.0.0.3");
        peer_run(&s.p, waits[n]);
        rtc_time_t began = s.p.now;
        s.log[0].text[0] = s.log[1].text[0] = 0;
        restart(&s, n == 1);
        expect_settled(&s, 5 * SECOND);
        assert_in_range(s.p.now - began, 1, SECOND);
        if (n > 0)
            assert_non_null(strstr(s.log[0].text, "ice:checking"));
        uint32_t heard[2] = {s.received[0], s.received[1]};
        peer_run(&s.p, 8 * SECOND);
        for (int i = 0; i < 2; i++) {
            assert_true(s.received[i] > heard[i] + 600);
            assert_true(s.p.now - s.sink[i].last_at < 100 * MS); /* frames flow again */
            assert_int_equal(pc_of(&s, i)->connection_state, RTC_PEER_CONNECTION_CONNECTED);
        }
        end(&s);
    }
}

/* Loss and long round trips: nothing is lost, and the old path carries on until the new one is there. */
static void bad_networks(void **state)
{
    static const struct sim_link links[] = {
        {.delay_us = 20 * MS, .loss = 0.3}, {.delay_us = 250 * MS}, {.delay_us = 100 * MS, .loss = 0.1}};
    (void)state;
    for (size_t n = 0; n < 3; n++)
        for (int who = 0; who < 2; who++) {
            struct scene s;
            begin_over(&s, 30 + 2 * n + (uint64_t)who, &links[n], false);
            restart(&s, who);
            expect_settled(&s, 20 * SECOND);
            peer_run(&s.p, 10 * SECOND);
            for (int i = 0; i < 2; i++) {
                assert_null(strstr(s.log[i].text, "connection:"));
                assert_in_range(s.longest_silence[i], 1, (links[n].loss > 0.2 ? 8 : links[n].loss > 0 ? 4 : 1) * SECOND);
            }
            end(&s);
        }
}

/* A hundred in a row: as much memory, as many sockets and agents as after the first. */
static void again_and_again(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 40);
    for (int n = 0; n < 100; n++) {
        restart(&s, n % 3 == 0);
        expect_settled(&s, 3 * SECOND);
        if (n % 2)
            peer_run(&s.p, 50 * MS); /* and some at once */
        assert_true(agents_of(&s, 0) <= 1 + TRANSPORT_RETIRING_MAX && agents_of(&s, 1) <= 1 + TRANSPORT_RETIRING_MAX);
    }
    for (int i = 0; i < 2; i++) {
        assert_in_range(s.longest_silence[i], 1, 25 * MS);
        assert_int_equal(s.sink[i].frames, s.sink[i].decodable);
        assert_int_equal(transport_of(&s, i)->counters.no_path, 0);
    }
    peer_run(&s.p, 6 * SECOND);
    assert_int_equal(agents_of(&s, 0), 1);
    end(&s);
}

/* The second begins before the first has a path, and the peer may be on it already. */
static void twice_quickly(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 20; n++) {
        struct scene s;
        begin(&s, 50 + n);
        restart(&s, 0);
        peer_run(&s.p, (rtc_time_t)(20 + 5 * n) * MS);
        if (pc_of(&s, 0)->signaling_state == RTC_SIGNALING_STABLE && pc_of(&s, 1)->signaling_state == RTC_SIGNALING_STABLE)
            restart(&s, (int)(n & 1));
        else
            assert_int_equal(rtc_peer_connection_restart_ice(pc_of(&s, 0)), RTC_OK);
        expect_settled(&s, 5 * SECOND);
        peer_run(&s.p, SECOND);
        for (int i = 0; i < 2; i++) {
            assert_in_range(s.longest_silence[i], 1, 60 * MS);
            assert_int_equal(s.sink[i].frames, s.sink[i].decodable);
        }
        end(&s);
    }
}

/* Before there is any connection. */
static void while_checking(void **state)
{
    const struct sim_link link = {.delay_us = 50 * MS};
    (void)state;
    for (uint64_t n = 0; n < 30; n++) {
        struct scene s;
        prepare(&s, 80 + n, &link, true);
        s.p.trickle = true;
        assert_int_equal(sim_peers_negotiate(&s.p, 0), RTC_OK);
        peer_run(&s.p, (rtc_time_t)(n * 7) * MS);
        int who = (int)(n & 1);
        if (pc_of(&s, who)->signaling_state == RTC_SIGNALING_STABLE && pc_of(&s, who)->current_local.type)
            restart(&s, who);
        else
            assert_int_equal(rtc_peer_connection_restart_ice(pc_of(&s, who)), RTC_OK);
        s.p.error = RTC_OK; /* candidates of a description that was replaced are refused */
        start_talking(&s, 20 * SECOND);
        s.p.error = RTC_OK;
        end(&s);
    }
}

/* ---- What the descriptions say ---- */

static void read_ufrag(const char *sdp, char out[64])
{
    const char *at = strstr(sdp, "a=ice-ufrag:");
    assert_non_null(at);
    (void)snprintf(out, 64, "%.*s", (int)strcspn(at + 12, "\r"), at + 12);
}

static void scene_of_hand(struct scene *s, uint64_t seed)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    prepare(s, seed, &link, false);
    s->p.manual = true;
    peer_exchange(&s->p, 0);
    start_talking(s, SECOND);
}

/* webrtc-pc 4.4.2 restartIce: the wish stays until a negotiation fulfils it, whoever offers. */
static void wishes(void **state)
{
    struct scene s;
    char first[64], second[64], third[64];
    const char *sdp;
    (void)state;
    scene_of_hand(&s, 200);
    rtc_peer_connection *a = pc_of(&s, 0), *b = pc_of(&s, 1);
    read_ufrag(peer_description(&s.p, 0), first);
    assert_int_equal(rtc_peer_connection_create_offer(a, &sdp), RTC_OK);
    read_ufrag(sdp, second);
    assert_string_equal(first, second);
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, "needed"); /* once */
    assert_int_equal(rtc_peer_connection_create_offer(a, &sdp), RTC_OK);
    read_ufrag(sdp, second);
    assert_string_not_equal(first, second);
    assert_int_equal(rtc_peer_connection_create_offer(a, &sdp), RTC_OK);
    read_ufrag(sdp, third);
    assert_string_equal(second, third); /* nothing came of the first one */
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, sdp), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_offer(a, &sdp), RTC_OK);
    read_ufrag(sdp, third);
    assert_string_equal(second, third);
    /* Asked for again while that one is pending: it is to be replaced, too. */
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 10 * MS);
    s.log[0].text[0] = 0;
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    /* An offer of the other side that restarts fulfils the wish. */
    assert_int_equal(rtc_peer_connection_restart_ice(b), RTC_OK);
    peer_exchange(&s.p, 1);
    expect_settled(&s, SECOND);
    read_ufrag(peer_description(&s.p, 0), third);
    assert_string_not_equal(second, third);
    assert_int_equal(a->to_replace_count + b->to_replace_count, 0);
    s.log[0].text[0] = 0;
    peer_run(&s.p, SECOND);
    assert_null(strstr(s.log[0].text, "needed"));
    end(&s);
}

/* One that does not restart does not fulfil it. */
static void unfulfilled_wish(void **state)
{
    struct scene s;
    (void)state;
    scene_of_hand(&s, 201);
    rtc_peer_connection *a = pc_of(&s, 0), *b = pc_of(&s, 1);
    char before[64], after[64];
    read_ufrag(peer_description(&s.p, 0), before);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_OFFER, peer_description(&s.p, 1)), RTC_OK);
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK); /* in have-remote-offer */
    peer_run(&s.p, MS);
    assert_null(strstr(s.log[0].text, "needed"));
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    read_ufrag(peer_description(&s.p, 0), after);
    assert_string_equal(before, after);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_ANSWER, peer_description(&s.p, 0)), RTC_OK);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    peer_exchange(&s.p, 0);
    expect_settled(&s, SECOND);
    read_ufrag(peer_description(&s.p, 0), after);
    assert_string_not_equal(before, after);
    end(&s);
}

static void nothing_to_restart(void **state)
{
    struct sim_peers p;
    (void)state;
    peer_scene(&p, 202, true);
    struct peer_log log;
    peer_log_attach(&p.peer[0], &log);
    assert_int_equal(rtc_peer_connection_restart_ice(NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_restart_ice(p.peer[0].pc), RTC_OK);
    peer_run(&p, MS);
    assert_string_equal(log.text, "");
    rtc_peer_connection_close(p.peer[0].pc);
    assert_int_equal(rtc_peer_connection_restart_ice(p.peer[0].pc), RTC_ERR_INVALID_STATE);
    sim_peers_fini(&p);
}

static int set_changed(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp, const char *what, const char *with)
{
    char *changed = text_replace(sdp, what, with);
    int error = rtc_peer_connection_set_remote_description(pc, type, changed);
    free(changed);
    return error;
}

/* The answer must restart when the offer does, and must not when it does not. */
static void wrong_answers(void **state)
{
    struct scene s;
    (void)state;
    scene_of_hand(&s, 203);
    rtc_peer_connection *a = pc_of(&s, 0), *b = pc_of(&s, 1);
    char *old = strdup(peer_description(&s.p, 1));
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, old), RTC_ERR_INVALID_ACCESS);
    assert_non_null(strstr(rtc_peer_connection_last_error(a), "old ICE credentials"));
    assert_int_equal(a->signaling_state, RTC_SIGNALING_HAVE_LOCAL_OFFER);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    expect_settled(&s, SECOND);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK); /* no restart */
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(set_changed(a, RTC_SDP_ANSWER, peer_description(&s.p, 1), "a=ice-ufrag:", "a=ice-ufrag:new"), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(set_changed(a, RTC_SDP_ANSWER, peer_description(&s.p, 1), "a=ice-pwd:", "a=ice-pwd:new"), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    peer_run(&s.p, 10 * SECOND);
    free(old);
    end(&s);
}

/* An offer with another fragment or another password only restarts as well; offers replace each other; a restart that leads nowhere leaves
 * the path there is alone. */
static void hostile_offers(void **state)
{
    struct scene s;
    (void)state;
    scene_of_hand(&s, 204);
    rtc_peer_connection *a = pc_of(&s, 0), *b = pc_of(&s, 1);
    char first[64], second[64];
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    char *offer = strdup(peer_description(&s.p, 0));
    read_ufrag(peer_description(&s.p, 1), first);
    const char *answer;
    for (int i = 0; i < 50; i++) { /* one pending generation, not fifty */
        char with[64];
        (void)snprintf(with, sizeof with, "%s%d", i & 1 ? "a=ice-ufrag:" : "a=ice-pwd:", i);
        assert_int_equal(set_changed(b, RTC_SDP_OFFER, offer, i & 1 ? "a=ice-ufrag:" : "a=ice-pwd:", with), RTC_OK);
        assert_int_equal(agents_of(&s, 1), 2);
        assert_int_equal(rtc_peer_connection_create_answer(b, &answer), RTC_OK);
        read_ufrag(answer, second);
        assert_string_not_equal(first, second);
    }
    assert_int_equal(set_changed(b, RTC_SDP_OFFER, offer, "a=ice-ufrag:", "a=ice-ufrag:49"), RTC_OK); /* the same again */
    assert_int_equal(rtc_peer_connection_create_answer(b, &answer), RTC_OK);
    char third[64];
    read_ufrag(answer, third);
    assert_string_equal(second, third);
    assert_int_equal(set_changed(b, RTC_SDP_OFFER, offer, "a=ice-ufrag:", "a=ice-ufrag:\t"), RTC_ERR_SYNTAX);
    assert_int_equal(agents_of(&s, 1), 2);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, offer), RTC_OK); /* none after all */
    assert_int_equal(agents_of(&s, 1), 1);
    assert_int_equal(set_changed(b, RTC_SDP_OFFER, offer, "a=ice-ufrag:", "a=ice-ufrag:evil"), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 60 * SECOND); /* checks that nobody answers; the old path goes on */
    assert_int_equal(b->connection_state, RTC_PEER_CONNECTION_CONNECTED);
    assert_null(strstr(s.log[1].text, "failed"));
    free(offer);
    end(&s);
}

static int add(rtc_peer_connection *pc, const char *candidate, const char *ufrag)
{
    return rtc_peer_connection_add_ice_candidate(
        pc, &(rtc_ice_candidate_init){
                .size = sizeof(rtc_ice_candidate_init), .candidate = candidate, .sdp_mid = "0", .username_fragment = ufrag});
}

/* Candidates belong to the generation whose fragment they name: the pending one, the current one, or none. */
static void candidates_of_generations(void **state)
{
    struct scene s;
    char old[64], new[64], text[128];
    (void)state;
    scene_of_hand(&s, 205);
    rtc_peer_connection *a = pc_of(&s, 0), *b = pc_of(&s, 1);
    read_ufrag(peer_description(&s.p, 0), old);
    assert_int_equal(rtc_peer_connection_restart_ice(a), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL), RTC_OK);
    char *bare = text_without_lines(peer_description(&s.p, 0), "a=candidate");
    peer_run(&s.p, 50 * MS);
    read_ufrag(bare, new);
    (void)snprintf(text, sizeof text, "candidate:1 1 udp 2130706431 10.0.0.9 5000 typ host ufrag %s", new);
    assert_int_equal(add(b, text, NULL), RTC_ERR_OPERATION); /* not heard of yet */
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, bare), RTC_OK);
    assert_int_equal(add(b, text, NULL), RTC_OK); /* of the pending offer */
    assert_int_equal(add(b, "", new), RTC_OK);
    (void)snprintf(text, sizeof text, "candidate:1 1 udp 2130706431 10.0.0.8 5000 typ host ufrag %s", old);
    assert_int_equal(add(b, text, NULL), RTC_OK); /* of the current one */
    assert_int_equal(add(b, text, new), RTC_ERR_OPERATION);
    assert_int_equal(add(b, "candidate:1 1 udp 2130706431 10.0.0.7 5000 typ host", "nobody"), RTC_ERR_OPERATION);
    const struct ice_candidate *ours;
    struct transport *t = transport_of(&s, 0);
    size_t count = ice_agent_local_candidates(transport_ice_latest(t), &ours);
    assert_int_equal(count, 1);
    struct text printed = text_new(a->context);
    ice_candidate_print(&ours[0], &printed);
    char *line = text_take(&printed);
    assert_int_equal(add(b, line, NULL), RTC_OK);
    memory_free(a->context, line);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 50 * MS);
    assert_int_equal(rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(&s.p, 1)), RTC_OK);
    expect_settled(&s, SECOND);
    assert_int_equal(add(b, text, NULL), RTC_ERR_OPERATION); /* of a generation that is over */
    free(bare);
    end(&s);
}

/* What the old generation's sockets still bring is received until it is gone, and unknown afterwards. */
static void late_packets(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 206);
    struct path old = *ice_agent_selected(transport_of(&s, 0)->ice);
    rtc_path from = {.socket = old.socket, .protocol = old.protocol};
    from.local = (rtc_address){.family = RTC_ADDRESS_IPV4, .port = old.local.port};
    from.remote = (rtc_address){.family = RTC_ADDRESS_IPV4, .port = old.remote.port};
    memcpy(from.local.ip, old.local.ip, 4);
    memcpy(from.remote.ip, old.remote.ip, 4);
    restart(&s, 0);
    expect_settled(&s, 2 * SECOND);
    assert_int_not_equal(ice_agent_selected(transport_of(&s, 0)->ice)->socket, old.socket);
    assert_true(transport_ice_receives(transport_of(&s, 0), s.p.now, &old, 0));
    peer_run(&s.p, 7 * SECOND);
    assert_false(transport_ice_receives(transport_of(&s, 0), s.p.now, &old, 0));
    static const uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    uint64_t misdirected = transport_of(&s, 0)->counters.misdirected;
    rtc_peer_connection_receive_copy(pc_of(&s, 0), s.p.now, &from, request, sizeof request);
    assert_int_equal(transport_of(&s, 0)->counters.misdirected, misdirected + 1);
    end(&s);
}

static void closed_during_one(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 15; n++) {
        struct scene s;
        begin(&s, 220 + n);
        restart(&s, 0);
        peer_run(&s.p, (rtc_time_t)(n * 9) * MS);
        rtc_peer_connection_close(pc_of(&s, 0));
        s.p.error = RTC_OK;
        s.talking = false;
        peer_run(&s.p, SECOND);
        assert_int_equal(rtc_data_channel_ready_state(s.p.peer[1].remote_channel), RTC_DATA_CHANNEL_CLOSED);
        for (int i = 0; i < 2; i++)
            peer_sink_fini(&s.sink[i]);
        rtc_data_channel_unref(s.channel);
        sim_peers_fini(&s.p);
        peer_pumps_fini(&s.pumps);
    }
}

static char *read_file(const char *browser, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/sdp/%s_%s_offer.sdp", CRTC_TEST_DATA, browser, name);
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 65536);
    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, f) > 0);
    (void)fclose(f);
    return text;
}

/* One session of a browser, offer by offer: only the one that restarts gets other credentials. */
static void offers_of_browsers(void **state)
{
    static const char *const browsers[] = {"chromium_156", "firefox_153"};
    static const char *const names[] = {"avdata-bidir", "reneg-addtrack", "reneg-removetrack", "icerestart", "reneg-stoptransceiver"};
    (void)state;
    for (size_t b = 0; b < 2; b++) {
        struct sim_peers p;
        char ufrags[5][64];
        peer_scene(&p, 230, true);
        rtc_peer_connection *pc = p.peer[0].pc;
        for (size_t n = 0; n < 5; n++) {
            char *offer = read_file(browsers[b], names[n]);
            int error = rtc_peer_connection_set_remote_description(pc, RTC_SDP_OFFER, offer);
            if (error)
                fail_msg("%s %s: %s", browsers[b], names[n], rtc_peer_connection_last_error(pc));
            assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
            peer_run(&p, 50 * MS);
            read_ufrag(peer_description(&p, 0), ufrags[n]);
            assert_int_equal(pc->gathering_state, RTC_ICE_GATHERING_COMPLETE);
            free(offer);
        }
        assert_string_equal(ufrags[0], ufrags[1]);
        assert_string_equal(ufrags[1], ufrags[2]);
        assert_string_not_equal(ufrags[2], ufrags[3]);
        assert_string_equal(ufrags[3], ufrags[4]);
        sim_peers_fini(&p);
    }
}

/* ---- Configuration ---- */

static rtc_configuration with_server(const rtc_ice_server *const *server)
{
    return (rtc_configuration){.size = sizeof(rtc_configuration), .ice_servers = server, .ice_server_count = 1};
}

/* RFC 9429 3.5.1: new servers make the next offer restart, which asks them. */
static void new_servers(void **state)
{
    static const char *const urls[] = {"stun:stun.example"};
    static const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1};
    static const rtc_ice_server *const servers[] = {&server};
    struct scene s;
    char before[64], after[64];
    (void)state;
    scene_of_hand(&s, 240);
    read_ufrag(peer_description(&s.p, 0), before);
    rtc_configuration c = with_server(servers);
    assert_int_equal(rtc_peer_connection_set_configuration(pc_of(&s, 0), &c), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_string_equal(s.log[0].text, ""); /* by itself it does nothing */
    peer_exchange(&s.p, 0);
    expect_settled(&s, 11 * SECOND);
    read_ufrag(peer_description(&s.p, 0), after);
    assert_string_not_equal(before, after);
    peer_exchange(&s.p, 0);
    read_ufrag(peer_description(&s.p, 0), before);
    assert_string_equal(before, after); /* once */
    end(&s);
}

/* Candidates are there before the description is, and are told when it is set. */
static void pool(void **state)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    rtc_configuration c = {.size = sizeof c, .ice_candidate_pool_size = 1};
    (void)state;
    for (int how = 0; how < 2; how++) {
        struct sim_peers p;
        struct peer_log log[2];
        assert_true(sim_peers_init(&p, 250, &link, NULL, how == 0 ? &c : NULL));
        p.manual = true;
        for (int i = 0; i < 2; i++)
            peer_log_attach(&p.peer[i], &log[i]);
        if (how == 1)
            for (int i = 0; i < 2; i++)
                assert_int_equal(rtc_peer_connection_set_configuration(p.peer[i].pc, &c), RTC_OK);
        peer_run(&p, SECOND);
        rtc_data_channel *channel;
        assert_int_equal(rtc_peer_connection_create_data_channel(p.peer[0].pc, "chat", 4, NULL, &channel), RTC_OK);
        peer_run(&p, MS);
        assert_string_equal(log[0].text, "needed");
        assert_int_equal(rtc_peer_connection_ice_gathering_state(p.peer[0].pc), RTC_ICE_GATHERING_NEW);
        log[0].text[0] = 0;
        assert_int_equal(rtc_peer_connection_set_local_description(p.peer[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
        (void)rtc_peer_connection_dispatch(p.peer[0].pc); /* no time passes */
        assert_string_equal(log[0].text, "signaling:have-local-offer gathering:gathering candidate end gathering:complete null");
        assert_int_equal(text_count(peer_description(&p, 0), "a=candidate:"), 1);
        assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[1].pc, RTC_SDP_OFFER, peer_description(&p, 0)), RTC_OK);
        assert_int_equal(rtc_peer_connection_set_local_description(p.peer[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
        assert_int_equal(text_count(peer_description(&p, 1), "a=candidate:"), 1);
        assert_int_equal(rtc_peer_connection_set_remote_description(p.peer[0].pc, RTC_SDP_ANSWER, peer_description(&p, 1)), RTC_OK);
        peer_connect(&p, SECOND);
        c.ice_candidate_pool_size = 2;
        assert_int_equal(rtc_peer_connection_set_configuration(p.peer[0].pc, &c), RTC_ERR_INVALID_MODIFICATION);
        c.ice_candidate_pool_size = 1;
        assert_int_equal(rtc_peer_connection_set_configuration(p.peer[0].pc, &c), RTC_OK);
        rtc_data_channel_unref(channel);
        sim_peers_fini(&p);
    }
}

/* Other servers, or no pool any more: what was gathered is thrown away, with its sockets. */
static void pool_changes(void **state)
{
    static const char *const urls[] = {"stun:stun.example"};
    static const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1};
    static const rtc_ice_server *const servers[] = {&server};
    const struct sim_link link = {.delay_us = 5 * MS};
    rtc_configuration c = {.size = sizeof c, .ice_candidate_pool_size = 3};
    struct sim_peers p;
    struct peer_log log;
    (void)state;
    assert_true(sim_peers_init(&p, 251, &link, NULL, &c));
    peer_log_attach(&p.peer[0], &log);
    p.manual = true;
    peer_run(&p, SECOND);
    struct transport *t = p.peer[0].pc->transport;
    uint32_t generation = ice_agent_generation(t->ice);
    assert_int_equal(ice_agent_gathering_state(t->ice), ICE_GATHERING_COMPLETE);
    c = with_server(servers);
    c.ice_candidate_pool_size = 3;
    assert_int_equal(rtc_peer_connection_set_configuration(p.peer[0].pc, &c), RTC_OK);
    assert_int_not_equal(ice_agent_generation(t->ice), generation);
    peer_run(&p, 20 * SECOND); /* the name is not known */
    assert_int_equal(ice_agent_gathering_state(t->ice), ICE_GATHERING_COMPLETE);
    assert_true(t->errors_kept_count > 0);
    c = (rtc_configuration){.size = sizeof c};
    assert_int_equal(rtc_peer_connection_set_configuration(p.peer[0].pc, &c), RTC_OK);
    assert_int_equal(ice_agent_gathering_state(t->ice), ICE_GATHERING_NEW);
    assert_int_equal(t->errors_kept_count, 0);
    peer_run(&p, SECOND);
    assert_string_equal(log.text, "");
    sim_peers_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unnoticed),
        cmocka_unit_test(another_network),
        cmocka_unit_test(bad_networks),
        cmocka_unit_test(again_and_again),
        cmocka_unit_test(twice_quickly),
        cmocka_unit_test(while_checking),
        cmocka_unit_test(wishes),
        cmocka_unit_test(unfulfilled_wish),
        cmocka_unit_test(nothing_to_restart),
        cmocka_unit_test(wrong_answers),
        cmocka_unit_test(hostile_offers),
        cmocka_unit_test(candidates_of_generations),
        cmocka_unit_test(late_packets),
        cmocka_unit_test(closed_during_one),
        cmocka_unit_test(offers_of_browsers),
        cmocka_unit_test(new_servers),
        cmocka_unit_test(pool),
        cmocka_unit_test(pool_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
