/* SPDX-License-Identifier: MIT */
/* Perfect negotiation (webrtc-pc 10.7): two sides that negotiate whenever they are told to, one of them polite, over signalling that is
 * slow and brings candidates in any order. Whatever they think of at the same time, no call fails, both become stable, and they agree on
 * every section. The seeds that are run may be given: how many, and the first. */
#include "negotiation.h"
#include "transceiver.h"

#include "peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long long seeds = 200, first_seed = 1;

/* ---- Signalling ---- */

struct message {
    struct message *next;
    rtc_time_t at;
    int to;
    rtc_sdp_type type; /* NONE: a candidate */
    char *text, *mid, *ufrag;
};

struct side {
    struct glare *glare;
    int index;
    bool polite;
    rtc_time_t last_description; /* when the last one that was sent arrives: they keep their order */
    rtc_data_channel *channel;
};

struct glare {
    struct sim_peers p;
    uint64_t random;
    struct message *messages; /* by time */
    struct side side[2];
    rtc_time_t next_whim;
    int whims;
    unsigned long long ignored, rolled_back, stray;
};

static unsigned draw(struct glare *g, unsigned below)
{
    g->random = g->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(g->random >> 33) % below;
}

static void insert(struct glare *g, struct message *m)
{
    struct message **at = &g->messages;
    while (*at && (*at)->at <= m->at)
        at = &(*at)->next;
    m->next = *at;
    *at = m;
}

static void send(struct side *s, rtc_sdp_type type, const char *text, const char *mid, const char *ufrag)
{
    struct glare *g = s->glare;
    struct message *m = calloc(1, sizeof *m);
    rtc_time_t at = g->p.now + (5 + draw(g, 60)) * MS;
    assert_non_null(m);
    if (type != RTC_SDP_NONE)
        at = s->last_description = at > s->last_description ? at : s->last_description;
    else if (at <= s->last_description)
        at = s->last_description + draw(g, 40) * MS;
    *m = (struct message){.at = at, .to = 1 - s->index, .type = type, .text = strdup(text), .mid = strdup(mid), .ufrag = strdup(ufrag)};
    insert(g, m);
}

static rtc_peer_connection *pc_of(const struct side *s)
{
    return s->glare->p.peer[s->index].pc;
}

static void expect_ok(const struct side *s, const char *what, int error)
{
    if (error)
        fail_msg("seed %llu, peer %d, %s: %s: %s", (unsigned long long)s->glare->p.seed, s->index, what, rtc_error_name(error),
                 rtc_peer_connection_last_error(pc_of(s)));
}

/* ---- The pattern ---- */

static void describe(struct side *s, const char *what)
{
    rtc_sdp_type type;
    expect_ok(s, what, rtc_peer_connection_set_local_description(pc_of(s), RTC_SDP_NONE, NULL));
    const char *sdp = rtc_peer_connection_local_description(pc_of(s), &type);
    send(s, type, sdp, "", "");
}

static void on_needed(rtc_peer_connection *pc, void *user)
{
    (void)pc;
    describe(user, "an offer");
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    (void)pc;
    if (candidate)
        send(user, RTC_SDP_NONE, candidate->candidate, candidate->sdp_mid, candidate->username_fragment);
}

static void take_description(struct side *s, const struct message *m)
{
    rtc_peer_connection *pc = pc_of(s);
    bool collides = m->type == RTC_SDP_OFFER && rtc_peer_connection_signaling_state(pc) != RTC_SIGNALING_STABLE;
    if (collides && !s->polite) {
        s->glare->ignored++;
        return;
    }
    s->glare->rolled_back += collides;
    expect_ok(s, rtc_sdp_type_name(m->type), rtc_peer_connection_set_remote_description(pc, m->type, m->text));
    if (m->type == RTC_SDP_OFFER)
        describe(s, "an answer");
}

/* One of an offer that was ignored, or that is over, belongs nowhere. */
static void take_candidate(struct side *s, const struct message *m)
{
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = m->text, .sdp_mid = m->mid, .username_fragment = m->ufrag};
    int error = rtc_peer_connection_add_ice_candidate(pc_of(s), &init);
    s->glare->stray += error != RTC_OK;
    if (error != RTC_ERR_OPERATION && error != RTC_ERR_INVALID_STATE)
        expect_ok(s, "a candidate", error);
}

static void deliver(struct glare *g)
{
    while (g->messages && g->messages->at <= g->p.now) {
        struct message *m = g->messages;
        g->messages = m->next;
        if (m->type == RTC_SDP_NONE)
            take_candidate(&g->side[m->to], m);
        else
            take_description(&g->side[m->to], m);
        free(m->text);
        free(m->mid);
        free(m->ufrag);
        free(m);
    }
}

/* ---- What they think of ---- */

static void whim(struct side *s)
{
    struct glare *g = s->glare;
    rtc_peer_connection *pc = pc_of(s);
    size_t count = rtc_peer_connection_transceiver_count(pc);
    rtc_rtp_transceiver *t = count > 0 ? rtc_peer_connection_transceiver(pc, draw(g, (unsigned)count)) : NULL;
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .has_direction = true, .direction = (rtc_rtp_direction)draw(g, 4)};
    switch (draw(g, 6)) {
    case 0:
        expect_ok(s, "restart", rtc_peer_connection_restart_ice(pc));
        break;
    case 1:
    case 2:
        if (t && rtc_rtp_transceiver_direction(t) != RTC_DIRECTION_STOPPED)
            expect_ok(s, "direction", rtc_rtp_transceiver_set_direction(t, init.direction));
        break;
    case 3:
        if (t && draw(g, 2))
            expect_ok(s, "stop", rtc_rtp_transceiver_stop(t));
        break;
    default:
        if (count < 8)
            expect_ok(s, "transceiver",
                      rtc_peer_connection_add_transceiver(pc, draw(g, 2) ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO, NULL, &init, NULL));
        break;
    }
}

static void on_step(struct sim_peers *p, void *user)
{
    struct glare *g = user;
    (void)p;
    deliver(g);
    for (; g->whims > 0 && g->p.now >= g->next_whim; g->whims--) {
        whim(&g->side[draw(g, 2)]);
        if (draw(g, 2)) /* at the same moment */
            whim(&g->side[draw(g, 2)]);
        g->next_whim = g->p.now + draw(g, 250) * MS;
    }
}

static rtc_time_t next_step(struct sim_peers *p, void *user)
{
    const struct glare *g = user;
    (void)p;
    rtc_time_t at = g->messages ? g->messages->at : RTC_TIME_NEVER;
    return g->whims > 0 && g->next_whim < at ? g->next_whim : at;
}

/* ---- What they agree on ---- */

static void expect_agreement(const struct glare *g)
{
    for (struct link *l = pc_of(&g->side[0])->transceivers.next; l != &pc_of(&g->side[0])->transceivers; l = l->next) {
        const rtc_rtp_transceiver *ours = link_owner(l, rtc_rtp_transceiver, link),
                                  *theirs = transceiver_by_mid(pc_of(&g->side[1]), ours->mid);
        if (!ours->mid[0] || !theirs || ours->kind != theirs->kind)
            fail_msg("seed %llu: '%s' is only on one side", (unsigned long long)g->p.seed, ours->mid);
        if (ours->current_direction != direction_reverse(theirs->current_direction))
            fail_msg("seed %llu: '%s' is %d here and %d there", (unsigned long long)g->p.seed, ours->mid, (int)ours->current_direction,
                     (int)theirs->current_direction);
    }
    assert_int_equal(pc_of(&g->side[0])->held.count, pc_of(&g->side[1])->held.count);
}

static bool settled(const struct glare *g)
{
    bool done = !g->messages && g->whims == 0;
    for (int i = 0; i < 2; i++) {
        rtc_peer_connection *pc = pc_of(&g->side[i]);
        done = done && rtc_peer_connection_signaling_state(pc) == RTC_SIGNALING_STABLE && !pc->negotiation.needed &&
               rtc_data_channel_ready_state(g->side[i].channel) == RTC_DATA_CHANNEL_OPEN;
    }
    return done;
}

static bool is_done(struct sim_peers *p, void *user)
{
    (void)p;
    return settled(user);
}

static void begin(struct glare *g, uint64_t seed)
{
    const rtc_data_channel_init init = {.size = sizeof init, .negotiated = true, .id = 0};
    g->random = seed;
    peer_scene(&g->p, seed, true);
    g->p.on_step = on_step;
    g->p.next_step = next_step;
    g->p.step_user = g;
    g->whims = 2 + (int)draw(g, 8);
    for (int i = 0; i < 2; i++) {
        struct side *s = &g->side[i];
        *s = (struct side){.glare = g, .index = i, .polite = i == (int)(seed & 1)};
        g->p.peer[i].extra = (rtc_peer_connection_callbacks){
            .size = sizeof g->p.peer[i].extra, .on_negotiation_needed = on_needed, .on_ice_candidate = on_candidate};
        g->p.peer[i].extra_user = s;
        assert_int_equal(rtc_peer_connection_create_data_channel(pc_of(s), "chat", 4, &init, &s->channel),
                         RTC_OK); /* glare from the start */
    }
}

static void perfect_negotiation(void **state)
{
    unsigned long long ignored = 0, rolled_back = 0, stray = 0;
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++) {
        struct glare g = {0};
        begin(&g, seed);
        if (!sim_peers_run(&g.p, g.p.now + 60 * SECOND, is_done, &g))
            fail_msg("seed %llu: %s and %s, channel %d, needed %d %d", (unsigned long long)seed,
                     rtc_signaling_state_name(rtc_peer_connection_signaling_state(pc_of(&g.side[0]))),
                     rtc_signaling_state_name(rtc_peer_connection_signaling_state(pc_of(&g.side[1]))),
                     (int)rtc_data_channel_ready_state(g.side[0].channel), pc_of(&g.side[0])->negotiation.needed,
                     pc_of(&g.side[1])->negotiation.needed);
        expect_agreement(&g);
        ignored += g.ignored;
        rolled_back += g.rolled_back;
        stray += g.stray;
        for (int i = 0; i < 2; i++)
            rtc_data_channel_unref(g.side[i].channel);
        sim_peers_fini(&g.p);
    }
    print_message("%llu seeds: %llu offers ignored, %llu taken back, %llu stray candidates\n", seeds, ignored, rolled_back, stray);
    assert_true(ignored >= seeds / 2 && rolled_back >= seeds / 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perfect_negotiation),
    };
    if (argc > 1)
        seeds = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        first_seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
